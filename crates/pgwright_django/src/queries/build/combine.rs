//! Two querysets made one, and a queryset made a question.
//!
//! Source: `Query.exists`, `Query.combine`, `QuerySet._combinator_query`.

use std::sync::Arc;

use super::Known;
use super::joins::{demote, initial_alias, promote};
use super::subquery::{Default, Force, bump_prefix, clear_ordering};
use super::values::{Select, add_annotation, clear_select_clause, group_by_model};
use crate::model::Value;
use crate::queries::context::Context;
use crate::queries::expression::{Connector, Expression};
use crate::queries::query::{Alias, Combinator, GroupBy, JoinKind, Mark, Query, Source};

/// `Query.exists`: `SELECT 1 AS "a" … LIMIT 1`.
pub(crate) fn exists(context: &Context, query: &Query) -> Known<Query> {
    exists_with(context, query, true)
}

fn exists_with(context: &Context, query: &Query, limit: bool) -> Known<Query> {
    let mut query = query.clone();
    if !(query.distinct && query.is_sliced()) {
        if query.group_by == GroupBy::Model {
            group_by_model(context, &mut query)?;
        }
        clear_select_clause(&mut query);
        query.has_select_fields = false;
    }
    if query.combinator.is_some_and(|combinator| matches!(combinator, Combinator::Union | Combinator::UnionAll)) {
        let parts = query.combined.iter().map(|part| Ok(Arc::new(exists_with(context, part, false)?)));
        query.combined = parts.collect::<Known<_>>()?;
    }
    clear_ordering(context, &mut query, Force::Yes, Default::Clear);
    if limit {
        set_limits(&mut query, Mark::Known(0), Some(Mark::Known(1)));
    }
    let one = Expression::value(Value::Int(1));
    add_annotation(context, &mut query, &"a".into(), one, Select::Yes);
    Ok(query)
}

/// `set_limits`: a slice of a slice.
pub(crate) fn set_limits(query: &mut Query, low: Mark, high: Option<Mark>) {
    let add = |base: Mark, more: Mark| match (base, more) {
        (Mark::Known(base), Mark::Known(more)) => Mark::Known(base.saturating_add(more)),
        (base, Mark::Known(0)) => base,
        _ => Mark::Unknown,
    };
    let least = |left: Mark, right: Mark| match (left, right) {
        (Mark::Known(left), Mark::Known(right)) => Mark::Known(left.min(right)),
        _ => Mark::Unknown,
    };
    if let Some(high) = high {
        let wanted = add(query.low, high);
        query.high = Some(match query.high {
            Some(old) => least(old, wanted),
            None => wanted,
        });
    }
    if low != Mark::Known(0) {
        let wanted = add(query.low, low);
        query.low = match query.high {
            Some(high) => least(high, wanted),
            None => wanted,
        };
    }
    if let (Mark::Known(low), Some(Mark::Known(high))) = (query.low, query.high)
        && low == high
    {
        set_empty(query);
    }
}

/// `none()`.
pub(crate) fn set_empty(query: &mut Query) {
    query.condition.add(Arc::new(Expression::Nothing), Connector::And);
    for part in &mut query.combined {
        let mut changed = (**part).clone();
        set_empty(&mut changed);
        *part = Arc::new(changed);
    }
}

pub(crate) fn is_empty(query: &Query) -> bool {
    query.condition.children.iter().any(|child| matches!(**child, Expression::Nothing))
}

/// `left & right` and `left | right` (`QuerySet.__and__`, `Query.combine`).
pub(crate) fn combine(context: &Context, left: &Query, right: &Query, connector: Connector) -> Known<Query> {
    if connector == Connector::And {
        if is_empty(left) {
            return Ok(left.clone());
        }
        if is_empty(right) {
            return Ok(right.clone());
        }
    } else {
        if is_empty(left) {
            return Ok(right.clone());
        }
        if is_empty(right) {
            return Ok(left.clone());
        }
    }
    if left.model != right.model {
        return Err("querysets of two models combined".to_owned());
    }
    if left.is_sliced() || right.is_sliced() || left.combinator.is_some() || right.combinator.is_some() {
        return Err("sliced or united querysets combined".to_owned());
    }
    if left.distinct != right.distinct || left.distinct_fields != right.distinct_fields {
        return Err("a distinct queryset combined with one that is not".to_owned());
    }
    let mut query = left.clone();
    query.used_aliases.clear();
    let initial = initial_alias(context, &mut query);
    let mut other = right.clone();
    bump_prefix(&mut other, &mut query, &[initial]);
    let mut changes: Vec<(Alias, Alias)> = Vec::new();
    let mut reuse: Vec<Alias> = match connector {
        Connector::And => Vec::new(),
        _ => query.sources.iter().map(|source| source.alias.clone()).collect(),
    };
    let is_inner = |source: &Source| source.join.as_ref().is_some_and(|join| join.kind == JoinKind::Inner);
    let left_votes: Vec<Alias> =
        query.sources.iter().filter(|source| is_inner(source)).map(|source| source.alias.clone()).collect();
    let mut right_votes: Vec<Alias> = Vec::new();
    for source in other.sources.iter().skip(1) {
        let Some(mut join) = source.join.clone() else { continue };
        if let Some((_, new)) = changes.iter().find(|(old, _)| *old == join.parent) {
            join.parent = new.clone();
        }
        let mut was_inner = join.kind == JoinKind::Inner;
        let before = query.sources.len();
        let new = super::joins::join_again(context, &mut query, source.table.clone(), join, &reuse)?;
        // A table joined anew has the kind it was given just now.
        if query.sources.len() > before {
            was_inner = query.source(&new).is_some_and(is_inner);
        }
        if was_inner {
            right_votes.push(new.clone());
        }
        reuse.retain(|alias| *alias != new);
        if new != source.alias {
            changes.push((source.alias.clone(), new.clone()));
        }
        if source.references == 0 {
            super::joins::unreference(&mut query, &new);
        }
    }
    let mut up = Vec::new();
    let mut down = Vec::new();
    let mut all = left_votes.clone();
    all.extend(right_votes.iter().filter(|alias| !left_votes.contains(alias)).cloned().collect::<Vec<_>>());
    for alias in all {
        let votes = usize::from(left_votes.contains(&alias)) + usize::from(right_votes.contains(&alias));
        if connector == Connector::Or && votes < 2 {
            up.push(alias.clone());
        }
        if connector == Connector::And || votes == 2 {
            down.push(alias);
        }
    }
    promote(&mut query, up);
    demote(&mut query, down);
    for prefix in &other.subquery_prefixes {
        if !query.subquery_prefixes.contains(prefix) {
            query.subquery_prefixes.push(prefix.clone());
        }
    }
    let condition = Arc::new(Expression::Where(other.condition.clone())).relabel(&changes);
    query.condition.add(condition, connector);
    if other.select.is_empty() {
        query.select.clear();
    } else {
        query.default_columns = false;
        query.select = other.select.iter().map(|node| node.relabel(&changes)).collect();
    }
    for (name, raw) in &other.extra {
        if !query.extra.iter().any(|(alias, _)| alias == name) {
            query.extra.push((name.clone(), raw.clone()));
        }
    }
    query.extra_tables.extend(other.extra_tables.iter().cloned());
    if !other.order_by.is_empty() {
        query.order_by = other.order_by;
    }
    if !other.extra_order_by.is_empty() {
        query.extra_order_by = other.extra_order_by;
    }
    Ok(query)
}

/// `union()`, `intersection()`, `difference()`.
pub(crate) fn combinator(context: &Context, queries: Vec<Query>, kind: Combinator) -> Option<Query> {
    let mut queries = queries;
    let first = queries.first()?;
    let mut query = first.clone();
    // From 6.1 on `Meta.ordering` orders what is united.
    let default = if context.at_least(6, 1) { Default::Keep } else { Default::Clear };
    clear_ordering(context, &mut query, Force::Yes, default);
    query.low = Mark::Known(0);
    query.high = None;
    query.combined = queries.drain(..).map(Arc::new).collect();
    query.combinator = Some(kind);
    Some(query)
}
