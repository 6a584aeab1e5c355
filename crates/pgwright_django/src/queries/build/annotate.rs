//! `annotate()`, `alias()` and filtered relations.

use std::sync::Arc;

use super::methods::chain;
use super::resolve::{is_expression, resolve};
use super::values::{Aliases, Select, add_annotation, set_group_by};
use super::{Known, Scope};
use crate::model::{Call, Value};
use crate::queries::context::Context;
use crate::queries::query::{Alias, FilteredRelation, GroupBy, Query};

/// `default_alias` of an aggregate given without a name.
pub(crate) fn default_alias(value: &Value) -> Known<Alias> {
    let Value::Call(call) = value else { return Err("an annotation without a name".to_owned()) };
    let class = call.mro.iter().find(|path| path.starts_with("django.")).map_or("", String::as_str);
    let name = class.rsplit('.').next().unwrap_or_default().to_lowercase();
    let others = call
        .kwargs
        .iter()
        .any(|(key, value)| matches!(key.as_str(), "filter" | "order_by" | "ordering") && *value != Value::None);
    let field = match call.args.as_slice() {
        [Value::Str(field)] if !others => Some(field.clone()),
        [Value::Call(inner)] if !others && inner.class.ends_with(".F") => match inner.args.first() {
            Some(Value::Str(field)) => Some(field.clone()),
            _ => None,
        },
        _ => None,
    };
    match field {
        Some(field) if field != "*" => Ok(format!("{field}__{name}").into()),
        _ => Err("an annotation without a name".to_owned()),
    }
}

pub(crate) fn annotate(
    context: &Context,
    query: &Query,
    args: &[Value],
    kwargs: &[(String, Value)],
    select: Select,
) -> Known<Query> {
    let mut wanted: Vec<(Alias, &Value)> = Vec::new();
    for value in args {
        wanted.push((default_alias(value)?, value));
    }
    for (name, value) in kwargs {
        wanted.push((name.as_str().into(), value));
    }
    let mut query = chain(query);
    for (name, value) in &wanted {
        let taken = context.meta(query.model).named(name);
        let shadowed = query.fields.as_ref().is_some_and(|fields| !fields.contains(name));
        if taken.is_some() && !shadowed {
            return Err(format!("the annotation `{name}` has the name of a field"));
        }
        if let Value::Call(call) = value
            && call.is_a("django.db.models.query_utils.FilteredRelation")
        {
            add_filtered_relation(&mut query, name, call)?;
            continue;
        }
        if !is_expression(value) {
            return Err(match value {
                Value::Unknown(reason) => format!("the annotation `{name}` is not known: {reason}"),
                _ => format!("the annotation `{name}` is no expression"),
            });
        }
        let node = resolve(context, &mut query, value, Scope::default(), None)?;
        add_annotation(context, &mut query, name, node, select);
        query.origins.retain(|(alias, _)| alias != name);
        query.origins.push((name.clone(), Arc::new((*value).clone())));
    }
    let aggregates = query
        .annotations
        .iter()
        .any(|(name, node)| wanted.iter().any(|(alias, _)| alias == name) && node.contains_aggregate());
    if aggregates {
        if query.fields.is_none() {
            query.group_by = GroupBy::Model;
        } else {
            set_group_by(context, &mut query, Aliases::Allowed);
        }
    }
    Ok(query)
}

/// `add_filtered_relation`: names in the condition begin with the alias instead of the relation.
pub(crate) fn add_filtered_relation(query: &mut Query, name: &Alias, call: &Call) -> Known<()> {
    let relation = match call.args.first().or_else(|| call.kwarg("relation_name")) {
        Some(Value::Str(relation)) => relation.clone(),
        _ => return Err("a FilteredRelation of a name that is not known".to_owned()),
    };
    let condition = match call.kwarg("condition") {
        Some(value) if *value != Value::None => value.clone(),
        _ => Value::Call(Box::new(Call {
            class: "django.db.models.query_utils.Q".to_owned(),
            mro: vec!["django.db.models.query_utils.Q".to_owned()],
            args: Vec::new(),
            kwargs: Vec::new(),
        })),
    };
    let condition = renamed(&condition, &relation, name);
    query.filtered_relations.retain(|other| other.alias != *name);
    query.filtered_relations.push(Arc::new(FilteredRelation {
        alias: name.clone(),
        relation: relation.into(),
        condition,
        resolved: None,
    }));
    Ok(())
}

/// `rename_prefix_from_q`.
pub(crate) fn renamed(value: &Value, prefix: &str, by: &str) -> Value {
    let rename = |name: &str| match name.strip_prefix(prefix) {
        Some(rest) if rest.starts_with("__") => format!("{by}{rest}"),
        _ => name.to_owned(),
    };
    match value {
        Value::Call(call) if call.is_a("django.db.models.query_utils.Q") => Value::Call(Box::new(Call {
            args: call.args.iter().map(|value| renamed(value, prefix, by)).collect(),
            kwargs: call.kwargs.iter().map(|(name, value)| (rename(name), renamed(value, prefix, by))).collect(),
            ..(**call).clone()
        })),
        Value::Call(call) if call.class.ends_with("expressions.F") => {
            let args = call.args.iter().map(|value| match value {
                Value::Str(name) => Value::Str(rename(name)),
                other => other.clone(),
            });
            Value::Call(Box::new(Call { args: args.collect(), ..(**call).clone() }))
        }
        Value::Call(call) if is_expression(value) => Value::Call(Box::new(Call {
            args: call.args.iter().map(|value| renamed(value, prefix, by)).collect(),
            ..(**call).clone()
        })),
        Value::Tuple(pair) => match pair.as_slice() {
            [Value::Str(name), value] => Value::Tuple(vec![Value::Str(rename(name)), renamed(value, prefix, by)]),
            _ => value.clone(),
        },
        Value::Combined(combined) => {
            let mut combined = combined.clone();
            combined.left = renamed(&combined.left, prefix, by);
            combined.right = renamed(&combined.right, prefix, by);
            Value::Combined(combined)
        }
        other => other.clone(),
    }
}
