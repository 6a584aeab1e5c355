//! `union()`, `intersection()`, `difference()`, `&` and `|`.

use super::Known;
use super::combine::{combinator, combine, is_empty};
use super::methods::{chain, kwarg};
use crate::model::Value;
use crate::queries::context::Context;
use crate::queries::expression::Connector;
use crate::queries::query::{Combinator, Query};

pub(crate) fn united(
    context: &Context,
    query: &Query,
    method: &str,
    args: &[Value],
    kwargs: &[(String, Value)],
) -> Known<Query> {
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
pub(crate) fn operator(context: &Context, query: &Query, method: &str, args: &[Value]) -> Known<Query> {
    let [Value::Query(other)] = args else { return Err("a queryset combined with what is none".to_owned()) };
    let connector = match method {
        "__and__" | "and" => Connector::And,
        "__or__" | "or" => Connector::Or,
        _ => return Err("querysets combined with `^`".to_owned()),
    };
    combine(context, query, other, connector)
}
