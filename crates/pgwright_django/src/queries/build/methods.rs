//! `QuerySet`'s methods by name.

use std::sync::Arc;

use super::combine::{combinator, is_empty, set_empty, set_limits};
use super::filter::add_q;
use super::q::{self, Q};
use super::resolve::{is_expression, resolve};
use super::subquery::{Default, Force, clear_ordering};
use super::values::{self, Aliases, Select, add_annotation, set_group_by, set_values};
use super::{Known, Scope};
use crate::model::{Call, Value};
use crate::queries::context::Context;
use crate::queries::expression::Expression;
use crate::queries::query::{
    Alias, Combinator, Deferred, FilteredRelation, GroupBy, Lock, Mark, Ordering, Prefetch, Query, RawSelect, Rows,
    SelectRelated, Tree,
};

/// What a method gives.
#[derive(Debug, Clone, PartialEq)]
pub enum Applied {
    Query(Box<Query>),
    /// It cannot be said, and why.
    Unknown(String),
}

/// Applies a method of `QuerySet` that gives another queryset.
///
/// Methods that ask the database (`get`, `count`…) are terminals: see `compile`.
pub fn apply(context: &Context, query: &Query, method: &str, args: &[Value], kwargs: &[(String, Value)]) -> Applied {
    match next(context, query, method, args, kwargs) {
        Ok(query) => Applied::Query(Box::new(query)),
        Err(reason) => Applied::Unknown(reason),
    }
}

/// `queryset[low:high]`; a missing end is none, an end that is not known `Value::Unknown`.
pub fn slice(query: &Query, low: Option<&Value>, high: Option<&Value>) -> Applied {
    let mark = |value: Option<&Value>| -> Known<Option<Mark>> {
        Ok(match value {
            None | Some(Value::None) => None,
            Some(Value::Int(number)) => match u64::try_from(*number) {
                Ok(number) => Some(Mark::Known(number)),
                Err(_) => return Err("a negative slice".to_owned()),
            },
            Some(Value::Bool(value)) => Some(Mark::Known(u64::from(*value))),
            Some(_) => Some(Mark::Unknown),
        })
    };
    match (mark(low), mark(high)) {
        (Ok(low), Ok(high)) => {
            let mut query = chain(query);
            set_limits(&mut query, low.unwrap_or(Mark::Known(0)), high);
            Applied::Query(Box::new(query))
        }
        (Err(reason), _) | (_, Err(reason)) => Applied::Unknown(reason),
    }
}

/// `Query.chain`.
fn chain(query: &Query) -> Query {
    let mut query = query.clone();
    if !query.filter_is_sticky {
        query.used_aliases.clear();
    }
    query.filter_is_sticky = false;
    query
}

fn next(context: &Context, query: &Query, method: &str, args: &[Value], kwargs: &[(String, Value)]) -> Known<Query> {
    if query.raw.is_some() && !matches!(method, "using" | "prefetch_related" | "all") {
        return Err(format!("`{method}` of raw SQL"));
    }
    if query.combinator.is_some()
        && matches!(
            method,
            "filter" | "exclude" | "annotate" | "alias" | "distinct" | "extra" | "select_related" | "defer" | "only"
                | "select_for_update" | "complex_filter" | "dates" | "datetimes"
        )
        // `filter()` without arguments is allowed, as are a few that change nothing.
        && !(args.is_empty() && kwargs.is_empty() && matches!(method, "filter" | "exclude"))
    {
        return Err(format!("`{method}` after union, intersection or difference"));
    }
    match method {
        "all" | "iterator" | "aiterator" | "fetch_mode" => Ok(chain(query)),
        "_next_is_sticky" => Ok(Query { filter_is_sticky: true, ..query.clone() }),
        "filter" => filter(context, query, args, kwargs, false),
        "exclude" => filter(context, query, args, kwargs, true),
        "complex_filter" => match args {
            [Value::Dict(entries)] => {
                let mut pairs = Vec::new();
                for (key, value) in entries {
                    let name = key.as_str().ok_or("a filter by a name that is not known")?;
                    pairs.push((name.to_owned(), value.clone()));
                }
                filter(context, query, &[], &pairs, false)
            }
            [value] => {
                let mut query = chain(query);
                add_q(context, &mut query, &q::of_value(value)?)?;
                Ok(query)
            }
            _ => Err("complex_filter of other than one value".to_owned()),
        },
        "none" => {
            let mut query = chain(query);
            set_empty(&mut query);
            Ok(query)
        }
        "annotate" => annotate(context, query, args, kwargs, Select::Yes),
        "alias" => annotate(context, query, args, kwargs, Select::No),
        "values" => {
            let names = names(args)?;
            values_of(context, query, names, kwargs, Rows::Dicts)
        }
        "values_list" => values_list(context, query, args, kwargs),
        "dates" => truncated(context, query, args, kwargs, Dates::Dates),
        "datetimes" => truncated(context, query, args, kwargs, Dates::Datetimes),
        "order_by" => {
            if query.is_sliced() {
                return Err("order_by of a slice".to_owned());
            }
            let mut query = chain(query);
            clear_ordering(context, &mut query, Force::Yes, Default::Keep);
            add_ordering(context, &mut query, args)?;
            Ok(query)
        }
        "reverse" => {
            if query.is_sliced() {
                return Err("reverse of a slice".to_owned());
            }
            let mut query = chain(query);
            query.standard_ordering = !query.standard_ordering;
            Ok(query)
        }
        "distinct" => {
            if query.is_sliced() {
                return Err("distinct of a slice".to_owned());
            }
            let mut query = chain(query);
            query.distinct_fields = names(args)?;
            query.distinct = true;
            Ok(query)
        }
        "select_related" => select_related(query, args),
        "prefetch_related" => prefetch_related(query, args),
        "only" => {
            if query.fields.is_some() {
                return Err("only() after values()".to_owned());
            }
            let names = names(args)?;
            let mut query = chain(query);
            values::only(context, &mut query, &names);
            Ok(query)
        }
        "defer" => {
            if query.fields.is_some() {
                return Err("defer() after values()".to_owned());
            }
            let mut query = chain(query);
            if let [Value::None] = args {
                query.deferred = Deferred::default();
            } else {
                values::defer(&mut query, &names(args)?);
            }
            Ok(query)
        }
        "select_for_update" => select_for_update(query, args, kwargs),
        "using" => {
            let mut query = chain(query);
            query.using = match args.first().or_else(|| kwarg(kwargs, "alias")) {
                Some(Value::Str(alias)) if alias != "default" => Some(alias.as_str().into()),
                _ => None,
            };
            Ok(query)
        }
        "extra" => extra(query, args, kwargs),
        "union" | "intersection" | "difference" => united(context, query, method, args, kwargs),
        "__and__" | "__or__" | "__xor__" | "and" | "or" | "xor" => operator(context, query, method, args),
        other => Err(format!("`{other}` of a queryset")),
    }
}

fn kwarg<'v>(kwargs: &'v [(String, Value)], name: &str) -> Option<&'v Value> {
    kwargs.iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

fn names(args: &[Value]) -> Known<Vec<Arc<str>>> {
    args.iter()
        .map(|value| match value {
            Value::Str(name) => Ok(name.as_str().into()),
            Value::Unknown(reason) => Err(format!("a name that is not known: {reason}")),
            _ => Err("a name that is not text".to_owned()),
        })
        .collect()
}

fn filter(context: &Context, query: &Query, args: &[Value], kwargs: &[(String, Value)], negate: bool) -> Known<Query> {
    if query.is_sliced() && !(args.is_empty() && kwargs.is_empty()) {
        return Err("a filter of a slice".to_owned());
    }
    let mut query = chain(query);
    let mut q: Q = q::of_arguments(args, kwargs)?;
    q.negated = negate;
    add_q(context, &mut query, &q)?;
    Ok(query)
}

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

fn annotate(
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
fn add_filtered_relation(query: &mut Query, name: &Alias, call: &Call) -> Known<()> {
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
fn renamed(value: &Value, prefix: &str, by: &str) -> Value {
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

/// `_values`.
fn values_of(
    context: &Context,
    query: &Query,
    names: Vec<Alias>,
    expressions: &[(String, Value)],
    rows: Rows,
) -> Known<Query> {
    let mut names = names;
    let mut query = chain(query);
    if !expressions.is_empty() {
        for (name, _) in expressions {
            if !names.iter().any(|other| **other == **name) {
                names.push(name.as_str().into());
            }
        }
        query = annotate(context, &query, &[], expressions, Select::Yes)?;
    }
    query.fields = Some(names.clone());
    query.rows = rows;
    set_values(context, &mut query, &names)?;
    Ok(query)
}

fn values_list(context: &Context, query: &Query, args: &[Value], kwargs: &[(String, Value)]) -> Known<Query> {
    let flag = |name: &str| match kwarg(kwargs, name) {
        None | Some(Value::Bool(false) | Value::None) => Ok(false),
        Some(Value::Bool(true)) => Ok(true),
        Some(_) => Err(format!("`{name}` that is not known")),
    };
    let rows = match (flag("flat")?, flag("named")?) {
        (true, _) => Rows::Flat,
        (_, true) => Rows::Named,
        _ => Rows::Tuples,
    };
    let given: Vec<&str> = args.iter().filter_map(Value::as_str).collect();
    let mut names: Vec<Alias> = Vec::new();
    let mut expressions: Vec<(String, Value)> = Vec::new();
    let mut counter = 1;
    for value in args {
        match value {
            // From 5.2 on a field asked for twice is selected twice.
            Value::Str(name) if context.at_least(5, 2) && names.iter().any(|other| **other == **name) => {
                let again = numbered(context, name, &mut counter, &given, &names);
                let class = "django.db.models.expressions.F".to_owned();
                let mro = vec![class.clone()];
                let args = vec![Value::Str(name.clone())];
                names.push(again.as_str().into());
                expressions.push((again, Value::Call(Box::new(Call { class, mro, args, kwargs: Vec::new() }))));
            }
            Value::Str(name) => names.push(name.as_str().into()),
            value if is_expression(value) => {
                let class = match value {
                    Value::Call(call) => call.class.rsplit('.').next().unwrap_or_default().to_lowercase(),
                    Value::Combined(_) => "combinedexpression".to_owned(),
                    _ => "queryset".to_owned(),
                };
                let prefix = match default_alias(value) {
                    Ok(alias) if is_aggregate(value) => alias.to_string(),
                    _ => class,
                };
                let name = numbered(context, &prefix, &mut counter, &given, &names);
                names.push(name.as_str().into());
                expressions.push((name, value.clone()));
            }
            Value::Unknown(reason) => return Err(format!("a name that is not known: {reason}")),
            _ => return Err("a name that is not text".to_owned()),
        }
    }
    if rows == Rows::Flat && names.len() > 1 {
        return Err("values_list(flat=True) of several fields".to_owned());
    }
    values_of(context, query, names, &expressions, rows)
}

/// A name with a number that makes it differ from the others.
fn numbered(context: &Context, prefix: &str, counter: &mut i32, given: &[&str], names: &[Alias]) -> String {
    let modern = context.at_least(5, 2);
    loop {
        let name = format!("{prefix}{counter}");
        let taken = given.contains(&name.as_str()) || (modern && names.iter().any(|other| **other == *name));
        if taken || !modern {
            *counter += 1;
        }
        if !taken {
            return name;
        }
    }
}

fn is_aggregate(value: &Value) -> bool {
    matches!(value, Value::Call(call) if call.is_a("django.db.models.aggregates.Aggregate"))
}

#[derive(Clone, Copy, PartialEq)]
enum Dates {
    Dates,
    Datetimes,
}

/// `dates()` and `datetimes()`.
fn truncated(
    context: &Context,
    query: &Query,
    args: &[Value],
    kwargs: &[(String, Value)],
    what: Dates,
) -> Known<Query> {
    let get = |position: usize, name: &str| args.get(position).or_else(|| kwarg(kwargs, name));
    let (Some(Value::Str(field)), Some(Value::Str(kind))) = (get(0, "field_name"), get(1, "kind")) else {
        return Err("dates of a field that is not known".to_owned());
    };
    let descending = match get(2, "order") {
        None => false,
        Some(Value::Str(order)) => order == "DESC",
        Some(_) => return Err("an order that is not known".to_owned()),
    };
    let call = |class: &str, args: Vec<Value>, kwargs: Vec<(String, Value)>| {
        let bases = ["expressions.Func", "expressions.Expression", "expressions.BaseExpression"];
        let mut mro = vec![class.to_owned()];
        mro.extend(bases.iter().map(|base| format!("django.db.models.{base}")));
        Value::Call(Box::new(Call { class: class.to_owned(), mro, args, kwargs }))
    };
    let output = match what {
        Dates::Dates => "DateField",
        Dates::Datetimes => "DateTimeField",
    };
    let output = call(&format!("django.db.models.fields.{output}"), Vec::new(), Vec::new());
    let mut options = vec![("output_field".to_owned(), output)];
    if let Some(zone) = kwarg(kwargs, "tzinfo") {
        options.push(("tzinfo".to_owned(), zone.clone()));
    }
    let trunc = call(
        "django.db.models.functions.datetime.Trunc",
        vec![Value::Str(field.clone()), Value::Str(kind.clone())],
        options,
    );
    let plain = call("django.db.models.expressions.F", vec![Value::Str(field.clone())], Vec::new());
    let name = if what == Dates::Dates { "datefield" } else { "datetimefield" };
    let query =
        annotate(context, query, &[], &[(name.to_owned(), trunc), ("plain_field".to_owned(), plain)], Select::Yes)?;
    let query = values_of(context, &query, vec![name.into()], &[], Rows::Flat)?;
    let mut query = chain(&query);
    query.distinct = true;
    query.distinct_fields.clear();
    add_filter(context, &mut query, "plain_field__isnull", Value::Bool(false))?;
    clear_ordering(context, &mut query, Force::Yes, Default::Keep);
    let order = if descending { format!("-{name}") } else { name.to_owned() };
    add_ordering(context, &mut query, &[Value::Str(order)])?;
    Ok(query)
}

fn add_filter(context: &Context, query: &mut Query, name: &str, value: Value) -> Known<()> {
    add_q(context, query, &Q::all(vec![q::Child::Pair(name.to_owned(), value)]))
}

/// `add_ordering`.
pub(crate) fn add_ordering(context: &Context, query: &mut Query, items: &[Value]) -> Known<()> {
    for item in items {
        match item {
            Value::Str(name) => {
                check_ordering(context, query, name)?;
                query.order_by.push(Ordering::Name(name.as_str().into()));
            }
            Value::Unknown(reason) => return Err(format!("an order that is not known: {reason}")),
            value if has_aggregate(value) => return Err("an order by an aggregate".to_owned()),
            value if is_expression(value) => query.order_by.push(Ordering::Expression(Arc::new(value.clone()))),
            _ => return Err("an order that is neither a name nor an expression".to_owned()),
        }
    }
    if items.is_empty() {
        query.default_ordering = false;
    }
    Ok(())
}

/// Whether an aggregate is part of an expression, that of a subquery or window aside.
fn has_aggregate(value: &Value) -> bool {
    match value {
        Value::Call(call) if call.is_a("django.db.models.aggregates.Aggregate") => true,
        Value::Call(call) if call.is_a("django.db.models.expressions.Window") => false,
        Value::Call(call) => {
            call.args.iter().any(has_aggregate) || call.kwargs.iter().any(|(_, value)| has_aggregate(value))
        }
        Value::Combined(combined) => has_aggregate(&combined.left) || has_aggregate(&combined.right),
        _ => false,
    }
}

fn check_ordering(context: &Context, query: &Query, name: &str) -> Known<()> {
    if name == "?" {
        return Ok(());
    }
    let name = name.strip_prefix('-').unwrap_or(name);
    if query.annotation(name).is_some() || query.extra.iter().any(|(alias, _)| **alias == *name) {
        return Ok(());
    }
    let parts: Vec<&str> = name.split("__").collect();
    if query.annotation(parts[0]).is_some() {
        return Ok(());
    }
    let path = super::joins::names_to_path(
        context,
        query,
        &parts,
        query.model,
        super::joins::Many::Allowed,
        super::joins::Missing::Rest,
    );
    match path {
        Ok(_) => Ok(()),
        Err(super::joins::PathError::Reason(reason)) => Err(reason),
        Err(super::joins::PathError::Many(_)) => Err("an order by many rows".to_owned()),
    }
}

fn select_related(query: &Query, args: &[Value]) -> Known<Query> {
    if query.fields.is_some() {
        return Err("select_related() after values()".to_owned());
    }
    let mut query = chain(query);
    query.select_related = match args {
        [] => SelectRelated::All,
        [Value::None] => SelectRelated::None,
        args => {
            let mut tree = match &query.select_related {
                SelectRelated::Named(tree) => (**tree).clone(),
                _ => Tree::default(),
            };
            for name in names(args)? {
                tree.insert(&name);
            }
            SelectRelated::Named(Arc::new(tree))
        }
    };
    Ok(query)
}

fn prefetch_related(query: &Query, args: &[Value]) -> Known<Query> {
    let mut query = chain(query);
    if let [Value::None] = args {
        query.prefetch = Arc::default();
        return Ok(query);
    }
    let mut all = (*query.prefetch).clone();
    for value in args {
        all.push(match value {
            Value::Str(path) => Prefetch { path: path.as_str().into(), queryset: None, to_attr: None },
            Value::Call(call) if call.is_a("django.db.models.query.Prefetch") => {
                let get = |position: usize, name: &str| call.args.get(position).or_else(|| call.kwarg(name));
                let Some(Value::Str(path)) = get(0, "lookup") else {
                    return Err("a Prefetch of a path that is not known".to_owned());
                };
                let queryset = match get(1, "queryset") {
                    None | Some(Value::None) => None,
                    Some(Value::Query(queryset)) => Some(queryset.clone()),
                    Some(_) => return Err("a Prefetch with a queryset that is not known".to_owned()),
                };
                let to_attr = match get(2, "to_attr") {
                    Some(Value::Str(name)) => Some(name.as_str().into()),
                    _ => None,
                };
                Prefetch { path: path.as_str().into(), queryset, to_attr }
            }
            Value::Unknown(reason) => return Err(format!("a prefetch that is not known: {reason}")),
            _ => return Err("a prefetch that is neither a path nor a Prefetch".to_owned()),
        });
    }
    query.prefetch = Arc::new(all);
    Ok(query)
}

fn select_for_update(query: &Query, args: &[Value], kwargs: &[(String, Value)]) -> Known<Query> {
    let get = |position: usize, name: &str| args.get(position).or_else(|| kwarg(kwargs, name));
    let flag = |position: usize, name: &str| match get(position, name) {
        None | Some(Value::Bool(false) | Value::None) => Ok(false),
        Some(Value::Bool(true)) => Ok(true),
        Some(_) => Err(format!("`{name}` that is not known")),
    };
    let of = match get(2, "of") {
        None => Vec::new(),
        Some(Value::Tuple(items) | Value::List(items)) => names(items)?,
        Some(_) => return Err("`of` that is not known".to_owned()),
    };
    let lock =
        Lock { nowait: flag(0, "nowait")?, skip_locked: flag(1, "skip_locked")?, of, no_key: flag(3, "no_key")? };
    let mut query = chain(query);
    query.lock = Some(Arc::new(lock));
    Ok(query)
}

/// `extra()`.
fn extra(query: &Query, args: &[Value], kwargs: &[(String, Value)]) -> Known<Query> {
    let get = |position: usize, name: &str| {
        args.get(position).or_else(|| kwarg(kwargs, name)).filter(|value| **value != Value::None)
    };
    let list = |value: Option<&Value>| -> Known<Vec<Value>> {
        match value {
            None => Ok(Vec::new()),
            Some(Value::List(items) | Value::Tuple(items)) => Ok(items.clone()),
            Some(_) => Err("an argument of extra() that is not known".to_owned()),
        }
    };
    let texts = |value: Option<&Value>| -> Known<Vec<String>> {
        list(value)?
            .into_iter()
            .map(|item| match item {
                Value::Str(text) => Ok(text),
                _ => Err("an argument of extra() that is not known".to_owned()),
            })
            .collect()
    };
    let mut query = chain(query);
    match get(0, "select") {
        None => {}
        Some(Value::Dict(entries)) => {
            let mut parameters = list(get(5, "select_params"))?.into_iter();
            for (name, sql) in entries {
                let (Some(name), Some(sql)) = (name.as_str(), sql.as_str()) else {
                    return Err("an argument of extra() that is not known".to_owned());
                };
                let count = sql.matches("%s").count() - sql.matches("%%s").count();
                let parameters = (0..count).map(|_| parameters.next().unwrap_or(Value::None)).collect();
                let raw = Arc::new(RawSelect { sql: sql.to_owned(), parameters });
                match query.extra.iter_mut().find(|(alias, _)| **alias == *name) {
                    Some((_, old)) => *old = raw,
                    None => query.extra.push((name.into(), raw)),
                }
            }
        }
        Some(_) => return Err("an argument of extra() that is not known".to_owned()),
    }
    let sqls = texts(get(1, "where"))?;
    let parameters = list(get(2, "params"))?;
    if !sqls.is_empty() || !parameters.is_empty() {
        let node = Arc::new(Expression::Extra { sqls, parameters });
        query.condition.add(node, crate::queries::expression::Connector::And);
    }
    query.extra_tables.extend(texts(get(3, "tables"))?.into_iter().map(Into::into));
    let order = texts(get(4, "order_by"))?;
    if !order.is_empty() {
        query.extra_order_by = order.into_iter().map(Into::into).collect();
    }
    Ok(query)
}

fn united(context: &Context, query: &Query, method: &str, args: &[Value], kwargs: &[(String, Value)]) -> Known<Query> {
    let mut others = Vec::new();
    for value in args {
        match value {
            Value::Query(other) => others.push((**other).clone()),
            Value::Unknown(reason) => return Err(format!("a queryset that is not known: {reason}")),
            _ => return Err(format!("`{method}` with what is no queryset")),
        }
    }
    let all = match kwarg(kwargs, "all") {
        None | Some(Value::Bool(false)) => false,
        Some(Value::Bool(true)) => true,
        Some(_) => return Err("`all` that is not known".to_owned()),
    };
    let given = chain(query);
    let made = match method {
        "union" => {
            let kind = if all { Combinator::UnionAll } else { Combinator::Union };
            if is_empty(query) {
                let mut left: Vec<Query> = others.into_iter().filter(|other| !is_empty(other)).collect();
                if left.is_empty() {
                    return Ok(given);
                }
                let first = left.remove(0);
                if left.is_empty() {
                    return Ok(first);
                }
                left.insert(0, first);
                combinator(context, left, kind)
            } else {
                let mut every = vec![given];
                every.extend(others);
                combinator(context, every, kind)
            }
        }
        "intersection" => {
            if is_empty(query) {
                return Ok(given);
            }
            if let Some(empty) = others.iter().find(|other| is_empty(other)) {
                return Ok(empty.clone());
            }
            let mut every = vec![given];
            every.extend(others);
            combinator(context, every, Combinator::Intersection)
        }
        _ => {
            if is_empty(query) {
                return Ok(given);
            }
            let mut every = vec![given];
            every.extend(others);
            combinator(context, every, Combinator::Difference)
        }
    };
    made.ok_or_else(|| format!("`{method}` of nothing"))
}

/// `left & right`, `left | right`.
fn operator(context: &Context, query: &Query, method: &str, args: &[Value]) -> Known<Query> {
    let [Value::Query(other)] = args else { return Err("a queryset combined with what is none".to_owned()) };
    let connector = match method {
        "__and__" | "and" => crate::queries::expression::Connector::And,
        "__or__" | "or" => crate::queries::expression::Connector::Or,
        _ => return Err("querysets combined with `^`".to_owned()),
    };
    super::combine::combine(context, query, other, connector)
}

/// Whether rows come in an order that is asked for (`QuerySet.ordered`).
pub(crate) fn is_ordered(context: &Context, query: &Query) -> bool {
    if is_empty(query) || !query.extra_order_by.is_empty() || !query.order_by.is_empty() {
        return true;
    }
    query.default_ordering
        && !context.models.get(query.model).ordering.is_empty()
        // A default order is left out where rows are grouped.
        && query.group_by == GroupBy::None
}

/// `first()` of an unordered query that groups has no key to order by.
pub(crate) fn check_ordering_first_last(context: &Context, query: &Query) -> Known<()> {
    let GroupBy::By(groups) = &query.group_by else { return Ok(()) };
    let key = context.meta(query.model).primary_key;
    let by_key = groups.iter().any(|node| matches!(&**node, Expression::Column(column) if Some(column.field) == key));
    if by_key { Ok(()) } else { Err("first() or last() of groups without an order".to_owned()) }
}

/// The order given up where it makes no difference: `get()`.
pub(crate) fn unordered(context: &Context, query: &Query) -> Query {
    let mut query = query.clone();
    if !query.is_sliced() {
        clear_ordering(context, &mut query, Force::Yes, Default::Clear);
    }
    query
}

/// `order_by()` of a query that is no union.
pub(crate) fn unordered_all(query: &Query) -> Query {
    Query { order_by: Vec::new(), extra_order_by: Vec::new(), default_ordering: false, ..query.clone() }
}
