//! Lookups as SQL: `django/db/models/lookups.py`, the PostgreSQL `operators`, and those of JSON, array and range fields.

use pgwright_schema::{Expr, Literal, Operator};

use super::context::{Context, Known, Typed, json_key};
use super::literal::{array_text, items, plain, prepared};
use super::output::Output;
use crate::model::Value;

/// The right side: a Python value, or an expression already compiled.
pub(super) enum Rhs<'a> {
    Value(&'a Value),
    Expr(Typed),
}

/// A condition that may turn out to hold for every row or for none (`FullResultSet`, `EmptyResultSet`).
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Condition {
    Sql(Expr),
    Always,
    Never,
}

/// Lookups that every field has.
pub(crate) const COMMON_LOOKUPS: [&str; 17] = [
    "exact",
    "iexact",
    "gt",
    "gte",
    "lt",
    "lte",
    "in",
    "contains",
    "icontains",
    "startswith",
    "istartswith",
    "endswith",
    "iendswith",
    "range",
    "isnull",
    "regex",
    "iregex",
];

/// Whether the last part of a path names a lookup there, rather than a transform or a JSON key.
pub(super) fn is_lookup(output: &Output, name: &str) -> bool {
    match (output, name) {
        (Output::Range(_), "startswith" | "endswith") => false,
        (
            Output::Range(_),
            "overlap" | "contained_by" | "adjacent_to" | "fully_lt" | "fully_gt" | "not_lt" | "not_gt",
        ) => true,
        (
            Output::Json | Output::JsonKey { .. } | Output::HStore,
            "has_key" | "has_keys" | "has_any_keys" | "contained_by",
        ) => true,
        (Output::Array { .. }, "contained_by" | "overlap") => true,
        (Output::Text, "search" | "trigram_similar" | "trigram_word_similar" | "trigram_strict_word_similar") => true,
        _ => COMMON_LOOKUPS.contains(&name),
    }
}

/// The name a lookup class is registered under (`GreaterThan(F("a"), 0)` used as an expression).
pub(crate) fn class_lookup(class: &str) -> Option<&'static str> {
    Some(match class {
        "Exact" => "exact",
        "IExact" => "iexact",
        "GreaterThan" => "gt",
        "GreaterThanOrEqual" => "gte",
        "LessThan" => "lt",
        "LessThanOrEqual" => "lte",
        "In" => "in",
        "Contains" => "contains",
        "IContains" => "icontains",
        "StartsWith" => "startswith",
        "IStartsWith" => "istartswith",
        "EndsWith" => "endswith",
        "IEndsWith" => "iendswith",
        "Range" => "range",
        "IsNull" => "isnull",
        "Regex" => "regex",
        "IRegex" => "iregex",
        _ => return None,
    })
}

pub(super) fn lookup(context: &Context, lhs: &Typed, name: &str, rhs: &Rhs) -> Known<Condition> {
    if let Some(condition) = year_lookup(context, lhs, name, rhs)? {
        return Ok(Condition::Sql(condition));
    }
    let expr = match name {
        "exact" => exact(context, lhs, rhs)?,
        "gt" => comparison(context, lhs, Operator::Gt, rhs)?,
        "gte" => rounded_up(context, lhs, Operator::GtE, rhs)?,
        "lt" => rounded_up(context, lhs, Operator::Lt, rhs)?,
        "lte" => comparison(context, lhs, Operator::LtE, rhs)?,
        "isnull" => match rhs {
            Rhs::Value(Value::Bool(null)) => is_null(lhs, *null),
            _ => return Err("isnull with other than True or False".to_owned()),
        },
        "in" => return is_in(context, lhs, rhs),
        "range" => {
            let Rhs::Value(value) = rhs else { return Err("a range from an expression".to_owned()) };
            let Some([low, high]) = items(value) else { return Err("a range that is not two values".to_owned()) };
            Expr::Between {
                expr: Box::new(lhs.expr.clone()),
                low: Box::new(item(context, low, &lhs.output)?),
                high: Box::new(item(context, high, &lhs.output)?),
            }
        }
        "contains" | "contained_by" | "overlap" | "has_key" | "has_keys" | "has_any_keys"
            if !matches!(lhs.output, Output::Text) && !is_plain_contains(lhs, name) =>
        {
            container(context, lhs, name, rhs)?
        }
        "iexact" | "contains" | "icontains" | "startswith" | "istartswith" | "endswith" | "iendswith" | "regex"
        | "iregex" => pattern(lhs, name, rhs)?,
        other => return Err(format!("the lookup `{other}`")),
    };
    Ok(Condition::Sql(expr))
}

pub(super) fn is_null(lhs: &Typed, null: bool) -> Expr {
    Expr::IsNull { expr: Box::new(lhs.expr.clone()), negated: !null }
}

/// `contains` on a number or date is a text search; on documents, arrays and ranges it is containment.
fn is_plain_contains(lhs: &Typed, name: &str) -> bool {
    let container = matches!(
        lhs.output,
        Output::Json
            | Output::JsonKey { .. }
            | Output::Array { .. }
            | Output::HStore
            | Output::Range(_)
            | Output::Other
    );
    name == "contains" && !container
}

fn exact(context: &Context, lhs: &Typed, rhs: &Rhs) -> Known<Expr> {
    match rhs {
        Rhs::Value(Value::None) if matches!(lhs.output, Output::Json) => {
            Err("None compared with a JSON field: its meaning depends on the version".to_owned())
        }
        Rhs::Value(Value::None) if !matches!(lhs.output, Output::JsonKey { .. }) => Ok(is_null(lhs, true)),
        Rhs::Value(value) if matches!(lhs.output, Output::Boolean) => match prepared(value, &Output::Boolean)? {
            Expr::Literal(Literal::Bool(true)) => Ok(lhs.expr.clone()),
            Expr::Literal(Literal::Bool(false)) => Ok(Expr::Not(Box::new(lhs.expr.clone()))),
            other => Ok(Expr::binary(lhs.expr.clone(), Operator::Eq, other)),
        },
        rhs => comparison(context, lhs, Operator::Eq, rhs),
    }
}

fn comparison(context: &Context, lhs: &Typed, operator: Operator, rhs: &Rhs) -> Known<Expr> {
    Ok(Expr::binary(lhs.expr.clone(), operator, right(context, lhs, rhs)?))
}

fn right(context: &Context, lhs: &Typed, rhs: &Rhs) -> Known<Expr> {
    match rhs {
        Rhs::Value(value) => prepared(value, &lhs.output),
        Rhs::Expr(typed) => Ok(parenthesised(context, typed)),
    }
}

/// `Lookup.process_rhs`: an expression on the right stands in parentheses, a `Value` only up to Django 4.2.
fn parenthesised(context: &Context, typed: &Typed) -> Expr {
    let plain = typed.is_value && context.at_least(5, 0);
    if plain || typed.expr.to_string().starts_with('(') { typed.expr.clone() } else { typed.expr.clone().paren() }
}

/// `IntegerFieldFloatRounding`: `number__gte=1.5` is `>= 2`.
fn rounded_up(context: &Context, lhs: &Typed, operator: Operator, rhs: &Rhs) -> Known<Expr> {
    match rhs {
        Rhs::Value(Value::Float(number)) if lhs.output == Output::Integer && number.is_finite() => {
            comparison(context, lhs, operator, &Rhs::Value(&Value::Int(number.ceil() as i128)))
        }
        rhs => comparison(context, lhs, operator, rhs),
    }
}

/// One element of `in` or `range`: a value, or an expression, which needs no parentheses there.
fn item(context: &Context, value: &Value, output: &Output) -> Known<Expr> {
    if super::function::is_expression(value) {
        return Ok(super::function::expression(context, value, false)?.expr);
    }
    prepared(value, output)
}

fn is_in(context: &Context, lhs: &Typed, rhs: &Rhs) -> Known<Condition> {
    let Rhs::Value(value) = rhs else { return Err("`in` a query or expression".to_owned()) };
    let Some(values) = items(value) else { return Err("`in` something that is not a list".to_owned()) };
    let mut list: Vec<Expr> = Vec::new();
    for value in values.iter().filter(|value| !matches!(value, Value::None)) {
        let literal = item(context, value, &lhs.output)?;
        if !list.contains(&literal) {
            list.push(literal);
        }
    }
    if matches!(value, Value::Set(_)) && list.len() > 1 {
        return Err("`in` a set: its order is not known".to_owned());
    }
    if list.is_empty() {
        return Ok(Condition::Never);
    }
    Ok(Condition::Sql(Expr::In { expr: Box::new(lhs.expr.clone()), list }))
}

/// `JSONField`, `HStoreField`, `ArrayField` and range containment (`django/contrib/postgres/lookups.py`).
fn container(context: &Context, lhs: &Typed, name: &str, rhs: &Rhs) -> Known<Expr> {
    let operator = match name {
        "contains" => Operator::Contains,
        "contained_by" => Operator::ContainedBy,
        "overlap" => Operator::Overlaps,
        "has_key" => Operator::HasKey,
        "has_keys" => Operator::HasKeys,
        _ => Operator::HasAnyKeys,
    };
    let right = match (name, rhs) {
        (_, Rhs::Expr(typed)) => parenthesised(context, typed),
        ("has_key", Rhs::Value(Value::Str(key))) => Expr::text(key),
        ("has_key", Rhs::Value(Value::Int(key))) => Expr::text(key.to_string()),
        ("has_keys" | "has_any_keys", Rhs::Value(value)) => {
            let keys = items(value).ok_or("keys that are not a list")?;
            let keys: Option<Vec<String>> = keys.iter().map(|key| key.as_str().map(str::to_owned)).collect();
            Expr::text(array_text(&keys.ok_or("keys that are not text")?))
        }
        (_, Rhs::Value(value)) => match &lhs.output {
            Output::Json | Output::JsonKey { .. } | Output::Array { .. } => prepared(value, &lhs.output)?,
            _ => return Err(format!("the value of `{name}`")),
        },
    };
    Ok(Expr::binary(lhs.expr.clone(), operator, right))
}

/// Text lookups: the column as text, upper-cased on both sides where case is ignored (`DatabaseOperations.lookup_cast`).
fn pattern(lhs: &Typed, name: &str, rhs: &Rhs) -> Known<Expr> {
    let text = match rhs {
        Rhs::Value(Value::Str(text)) => text.clone(),
        Rhs::Value(Value::Int(number)) => number.to_string(),
        Rhs::Value(Value::Unknown(reason)) => return Err(reason.clone()),
        _ => return Err(format!("`{name}` with an expression")),
    };
    let left = match &lhs.output {
        Output::JsonKey { base, path } => json_key(base, path, true).cast("text"),
        Output::Ip => Expr::function("HOST", vec![lhs.expr.clone()]),
        _ => lhs.expr.clone().cast("text"),
    };
    let escaped = || text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    let (operator, right) = match name {
        "iexact" => (Operator::Eq, text),
        "contains" | "icontains" => (Operator::Like, format!("%{}%", escaped())),
        "startswith" | "istartswith" => (Operator::Like, format!("{}%", escaped())),
        "endswith" | "iendswith" => (Operator::Like, format!("%{}", escaped())),
        "regex" => (Operator::Regex, text),
        _ => (Operator::IRegex, text),
    };
    let upper = |expr: Expr| Expr::function("UPPER", vec![expr]);
    Ok(match name {
        "iexact" | "icontains" | "istartswith" | "iendswith" => {
            Expr::binary(upper(left), operator, upper(Expr::text(right)))
        }
        _ => Expr::binary(left, operator, Expr::text(right)),
    })
}

/// `YearLookup`: a comparison of a year with a constant becomes one of the column with that year's bounds.
fn year_lookup(context: &Context, lhs: &Typed, name: &str, rhs: &Rhs) -> Known<Option<Expr>> {
    let Expr::Extract { part, expr } = &lhs.expr else { return Ok(None) };
    let (Rhs::Value(value), "exact" | "gt" | "gte" | "lt" | "lte") = (rhs, name) else { return Ok(None) };
    if part != "YEAR" {
        return if part == "ISOYEAR" { Err("a lookup on iso_year".to_owned()) } else { Ok(None) };
    }
    let Value::Int(year) = value else { return plain(value).map(|_| None) };
    let bound = |text: String, type_name: &str| Expr::Literal(Literal::Typed { text, type_name: type_name.to_owned() });
    let (column, first, last) = match &**expr {
        Expr::AtTimeZone { expr, .. } => {
            if context.time_zone() != Some("UTC") {
                return Err("a year's bounds in a time zone other than UTC".to_owned());
            }
            let first = bound(format!("{year:04}-01-01 00:00:00+00:00"), "timestamptz");
            (expr, first, bound(format!("{year:04}-12-31 23:59:59.999999+00:00"), "timestamptz"))
        }
        _ => {
            let first = bound(format!("{year:04}-01-01"), "date");
            (expr, first, bound(format!("{year:04}-12-31"), "date"))
        }
    };
    let column = (**column).clone();
    Ok(Some(match name {
        "exact" => Expr::Between { expr: Box::new(column), low: Box::new(first), high: Box::new(last) },
        "gt" => Expr::binary(column, Operator::Gt, last),
        "gte" => Expr::binary(column, Operator::GtE, first),
        "lt" => Expr::binary(column, Operator::Lt, first),
        _ => Expr::binary(column, Operator::LtE, last),
    }))
}
