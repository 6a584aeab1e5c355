//! `values()`, `values_list()`, `dates()` and `datetimes()`.

use super::Known;
use super::annotate::{annotate, default_alias};
use super::filter::add_q;
use super::methods::{chain, kwarg};
use super::ordering::add_ordering;
use super::q::{self, Q};
use super::resolve::is_expression;
use super::subquery::{Default, Force, clear_ordering};
use super::values::{Select, set_values};
use crate::model::{Call, Value};
use crate::queries::context::Context;
use crate::queries::query::{Alias, Query, Rows};

/// `_values`.
pub(crate) fn values_of(
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

pub(crate) fn values_list(
    context: &Context,
    query: &Query,
    args: &[Value],
    kwargs: &[(String, Value)],
) -> Known<Query> {
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
pub(crate) fn numbered(context: &Context, prefix: &str, counter: &mut i32, given: &[&str], names: &[Alias]) -> String {
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

pub(crate) fn is_aggregate(value: &Value) -> bool {
    matches!(value, Value::Call(call) if call.is_a("django.db.models.aggregates.Aggregate"))
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Dates {
    Dates,
    Datetimes,
}

/// `dates()` and `datetimes()`.
pub(crate) fn truncated(
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

pub(crate) fn add_filter(context: &Context, query: &mut Query, name: &str, value: Value) -> Known<()> {
    add_q(context, query, &Q::all(vec![q::Child::Pair(name.to_owned(), value)]))
}
