//! `aggregate()` and `count()` (`Query.get_aggregation`).

use std::sync::Arc;

use super::joins::{column, initial_alias};
use super::resolve::resolve;
use super::subquery::{Default, Force, clear_ordering};
use super::values::{Select, add_annotation, append_annotation_mask, set_annotation_mask};
use super::{Known, Scope};
use crate::model::{Call as Constructor, Value};
use crate::queries::context::Context;
use crate::queries::expression::{Expression, Node};
use crate::queries::query::{Alias, GroupBy, Mark, Ordering, Query, SelectRelated};

/// What to send for an aggregation.
pub(crate) enum Aggregation {
    /// The query itself, with the aggregates selected.
    Direct(Box<Query>),
    /// Over the rows of a subquery.
    Over { inner: Box<Query>, aggregates: Vec<(Alias, Node)> },
}

/// `Count("*")`.
pub(crate) fn count_all() -> Value {
    let path = |name: &str| format!("django.db.models.{name}");
    Value::Call(Box::new(Constructor {
        class: path("aggregates.Count"),
        mro: vec![
            path("aggregates.Count"),
            path("aggregates.Aggregate"),
            path("expressions.Func"),
            path("expressions.Expression"),
        ],
        args: vec![Value::Str("*".to_owned())],
        kwargs: Vec::new(),
    }))
}

pub(crate) fn aggregation(context: &Context, query: &Query, wanted: &[(Alias, Value)]) -> Known<Aggregation> {
    let mut query = query.clone();
    let (mut over_subquery, mut over_window) = (false, false);
    let mut replacements: Vec<(Node, Node)> = Vec::new();
    let mask = query.annotation_mask.clone();
    let mut aggregates: Vec<(Alias, Node)> = Vec::new();
    for (name, value) in wanted {
        let scope = Scope { summarize: true, ..Scope::default() };
        let node = resolve(context, &mut query, value, scope, None)?;
        if !node.contains_aggregate() {
            return Err(format!("`{name}` is no aggregate"));
        }
        append_annotation_mask(&mut query, std::slice::from_ref(name));
        let mut references = Vec::new();
        node.references(&mut references);
        for reference in &references {
            if let Some(annotation) = query.annotation(reference) {
                over_subquery |= annotation.contains_subquery();
                over_window |= annotation.contains_over_clause();
            }
        }
        let node = node.replace(&replacements);
        match query.annotations.iter_mut().find(|(alias, _)| alias == name) {
            Some((_, old)) => *old = node.clone(),
            None => query.annotations.push((name.clone(), node.clone())),
        }
        replacements.push((Arc::new(Expression::Ref { name: name.clone(), source: node.clone() }), node.clone()));
        aggregates.push((name.clone(), node));
    }
    query.annotations.retain(|(name, _)| !aggregates.iter().any(|(alias, _)| alias == name));
    set_annotation_mask(&mut query, mask);
    let (_, having, qualify) = crate::queries::compile::conditions::split(&query.condition, false)?;
    let existing = query.annotations.iter().any(|(_, node)| node.contains_aggregate()) || having.is_some();
    let grouped = matches!(query.group_by, GroupBy::By(_));
    if grouped
        || query.is_sliced()
        || existing
        || over_subquery
        || over_window
        || qualify.is_some()
        || query.distinct
        || query.combinator.is_some()
    {
        return over(context, query, aggregates, existing, qualify.is_some());
    }
    query.select.clear();
    query.selected = None;
    query.has_select_fields = false;
    query.default_columns = false;
    query.extra.clear();
    if !query.annotations.is_empty() {
        let replacements: Vec<(Node, Node)> = query
            .annotations
            .iter()
            .map(|(name, node)| (Arc::new(Expression::Ref { name: name.clone(), source: node.clone() }), node.clone()))
            .collect();
        for (_, node) in &mut aggregates {
            *node = node.replace(&replacements);
        }
    }
    let names = aggregates.iter().map(|(name, _)| name.clone()).collect();
    query.annotations = aggregates;
    query.annotation_mask = Some(names);
    clear_ordering(context, &mut query, Force::Yes, Default::Clear);
    query.low = Mark::Known(0);
    query.high = None;
    query.lock = None;
    query.select_related = SelectRelated::None;
    Ok(Aggregation::Direct(Box::new(query)))
}

fn over(
    context: &Context,
    query: Query,
    aggregates: Vec<(Alias, Node)>,
    existing: bool,
    qualify: bool,
) -> Known<Aggregation> {
    let mut inner = query.clone();
    inner.subquery = true;
    inner.lock = None;
    inner.select_related = SelectRelated::None;
    let selected: Vec<Alias> = query.selected_annotations().map(|(name, _)| name.clone()).collect();
    set_annotation_mask(&mut inner, Some(selected));
    if ordering_is_grouped(context, &inner) {
        clear_ordering(context, &mut inner, Force::No, Default::Clear);
    }
    let key = context.meta(query.model).primary_key.ok_or("a model without primary key")?;
    if !inner.distinct {
        if inner.default_columns && existing {
            let alias = initial_alias(context, &mut inner);
            inner.group_by = GroupBy::By(vec![column(context, &alias, key)]);
        }
        inner.default_columns = false;
        if !qualify && (query.combinator.is_none() || !context.at_least(5, 0)) {
            let mut mask: Vec<Alias> = Vec::new();
            if let GroupBy::By(nodes) = &query.group_by {
                for node in nodes {
                    node.references(&mut mask);
                }
            }
            for (_, node) in &aggregates {
                node.references(&mut mask);
            }
            for (name, node) in query.selected_annotations() {
                if !node.group_by_columns(context).is_empty() && !mask.contains(name) {
                    mask.push(name.clone());
                }
            }
            set_annotation_mask(&mut inner, Some(mask));
        }
    }
    let mut known: Vec<(Node, Node)> = Vec::new();
    let mut outer = Vec::new();
    for (name, node) in aggregates {
        let mut columns = Vec::new();
        node.columns(&mut columns, false);
        let mut replacements: Vec<(Node, Node)> = Vec::new();
        for col in columns {
            let reference = match known.iter().find(|(other, _)| *other == col) {
                Some((_, reference)) => reference.clone(),
                None => {
                    let alias: Alias = format!("__col{}", known.len() + 1).into();
                    let reference: Node = Arc::new(Expression::Ref { name: alias.clone(), source: col.clone() });
                    known.push((col.clone(), reference.clone()));
                    add_annotation(context, &mut inner, &alias, col.clone(), Select::Yes);
                    reference
                }
            };
            replacements.push((col, reference));
        }
        outer.push((name, node.replace(&replacements)));
    }
    let nothing_masked = inner.annotation_mask.as_ref().is_none_or(Vec::is_empty);
    if inner.select.is_empty() && !inner.default_columns && nothing_masked {
        let alias = initial_alias(context, &mut inner);
        inner.select = vec![column(context, &alias, key)];
    }
    Ok(Aggregation::Over { inner: Box::new(inner), aggregates: outer })
}

/// `orderby_issubset_groupby`: the order says nothing that the groups do not.
fn ordering_is_grouped(context: &Context, query: &Query) -> bool {
    if !query.extra_order_by.is_empty() {
        return false;
    }
    let GroupBy::By(groups) = &query.group_by else { return true };
    if query.order_by.is_empty() {
        return true;
    }
    let mut probe = query.clone();
    for ordering in &query.order_by {
        let node = match ordering {
            Ordering::Name(name) if &**name == "?" => return false,
            Ordering::Name(name) => {
                let name = name.strip_prefix('-').unwrap_or(name);
                super::resolve::resolve_ref(context, &mut probe, name, Scope::default(), None)
            }
            Ordering::Expression(value) => resolve(context, &mut probe, value, Scope::default(), None),
        };
        match node {
            Ok(node) if groups.contains(&node) => {}
            _ => return false,
        }
    }
    true
}
