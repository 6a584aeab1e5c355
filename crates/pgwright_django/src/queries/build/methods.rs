//! `QuerySet`'s methods by name.

use std::sync::Arc;

use super::Known;
use super::annotate::annotate;
use super::combine::{set_empty, set_limits};
use super::filter::add_q;
use super::listing::{Dates, truncated, values_list, values_of};
use super::ordering::add_ordering;
use super::q::{self, Q};
use super::subquery::{Default, Force, clear_ordering};
use super::united::{operator, united};
use super::values::{self, Select};
use crate::model::Value;
use crate::queries::context::Context;
use crate::queries::expression::Expression;
use crate::queries::query::{Deferred, Lock, Mark, Prefetch, Query, RawSelect, Rows, SelectRelated, Tree};

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

/// `queryset[index]` with an index that is not known, and is not 0.
pub fn item(query: &Query) -> Query {
    let mut query = chain(query);
    set_limits(&mut query, Mark::Unknown, Some(Mark::Unknown));
    query.high = Some(Mark::Next);
    query
}

/// `Query.chain`.
pub(crate) fn chain(query: &Query) -> Query {
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

pub(crate) fn kwarg<'v>(kwargs: &'v [(String, Value)], name: &str) -> Option<&'v Value> {
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
