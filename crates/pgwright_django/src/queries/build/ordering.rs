//! `order_by()`, and whether rows come in an order.

use std::sync::Arc;

use super::Known;
use super::combine::is_empty;
use super::joins::{Many, Missing, PathError, names_to_path};
use super::resolve::is_expression;
use super::subquery::{Default, Force, clear_ordering};
use crate::model::Value;
use crate::queries::context::Context;
use crate::queries::expression::Expression;
use crate::queries::query::{GroupBy, Ordering, Query};

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
pub(crate) fn has_aggregate(value: &Value) -> bool {
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

pub(crate) fn check_ordering(context: &Context, query: &Query, name: &str) -> Known<()> {
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
    let path = names_to_path(context, query, &parts, query.model, Many::Allowed, Missing::Rest);
    match path {
        Ok(_) => Ok(()),
        Err(PathError::Reason(reason)) => Err(reason),
        Err(PathError::Many(_)) => Err("an order by many rows".to_owned()),
    }
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
