//! `output_field`: what an expression gives.

use std::sync::Arc;

use super::Known;
use super::functions::Gives;
use crate::model::Value;
use crate::queries::context::Context;
use crate::queries::expression::{Call, Combined, Expression, Function, Node, Temporal};
use crate::queries::kind::{Kind, Output, Typed};
use crate::queries::query::Query;

/// None where Django does not know either (`Value(None)`); an error where it would refuse.
pub fn of(context: &Context, expression: &Expression) -> Known<Option<Output>> {
    Ok(match expression {
        Expression::Column(column) => Some(column.output.clone()),
        Expression::Value { value, output } => output.clone().or_else(|| of_value(value)),
        Expression::Ref { source, .. } | Expression::Position { source, .. } => of(context, source)?,
        Expression::Raw { output, .. } => Some(output.clone()),
        Expression::Star => None,
        Expression::Function(function) => of_function(context, function)?,
        Expression::Combined(combined) => of_combined(context, combined)?,
        Expression::Case { branches, default, output } => match output {
            Some(output) => Some(output.clone()),
            None => {
                let results = branches.iter().map(|branch| match &**branch {
                    Expression::When { result, .. } => result,
                    _ => branch,
                });
                same(context, results.chain([default]))?
            }
        },
        Expression::When { result, .. } => of(context, result)?,
        Expression::Wrapper { output, .. } => Some(output.clone()),
        Expression::Not(_) | Expression::Exists { .. } | Expression::Lookup(_) | Expression::Where(_) => {
            Some(Output::Kind(Kind::Boolean))
        }
        Expression::Nothing | Expression::Extra { .. } => Some(Output::Kind(Kind::Boolean)),
        Expression::Subquery { query, output, .. } => match output {
            Some(output) => Some(output.clone()),
            None => of_query(context, query)?,
        },
        Expression::OrderBy { inner, .. } => of(context, inner)?,
        Expression::Window(window) => match &window.output {
            Some(output) => Some(output.clone()),
            None => of(context, &window.source)?,
        },
        Expression::List(_) | Expression::Outer { .. } => None,
    })
}

/// `Query.output_field`.
pub fn of_query(context: &Context, query: &Query) -> Known<Option<Output>> {
    if let [only] = query.select.as_slice() {
        return match &**only {
            Expression::Column(column) => Ok(Some(Output::Field(column.field))),
            other => of(context, other),
        };
    }
    let mut selected = query.selected_annotations();
    match (selected.next(), selected.next()) {
        (Some((_, node)), None) => of(context, node),
        _ => Ok(None),
    }
}

fn of_value(value: &Value) -> Option<Output> {
    Some(Output::Kind(match value {
        Value::Str(_) => Kind::Char,
        Value::Bool(_) => Kind::Boolean,
        Value::Int(_) => Kind::Integer,
        Value::Float(_) => Kind::Float,
        Value::Bytes(_) => Kind::Binary,
        Value::Call(call) => match call.class.rsplit('.').next().unwrap_or_default() {
            "datetime" => Kind::DateTime,
            "date" => Kind::Date,
            "time" => Kind::Time,
            "timedelta" => Kind::Duration,
            "Decimal" => Kind::Decimal,
            "UUID" => Kind::Uuid,
            _ => return None,
        },
        _ => return None,
    }))
}

/// `_resolve_output_field`: the sources must agree.
fn same<'n>(context: &Context, nodes: impl Iterator<Item = &'n Node>) -> Known<Option<Output>> {
    let mut found: Option<Output> = None;
    for node in nodes {
        let Some(output) = of(context, node)? else { continue };
        match &found {
            None => found = Some(output),
            Some(first) => {
                let (first, other) = (first.kind(context), output.kind(context));
                if !first.is_a(other) && first != Kind::Other && other != Kind::Other {
                    return Err(format!("an expression of mixed types ({first:?}, {other:?})"));
                }
            }
        }
    }
    Ok(found)
}

fn of_function(context: &Context, function: &Function) -> Known<Option<Output>> {
    if let Some(output) = &function.output {
        return Ok(Some(output.clone()));
    }
    let arguments = &function.arguments;
    let first = || arguments.first().map_or(Ok(None), |node| of(context, node));
    let kind = |kind: Kind| Ok(Some(Output::Kind(kind)));
    match &function.call {
        Call::Named(named) => match named.class {
            "RangeStartsWith" | "RangeEndsWith" => Ok(first()?.map(|output| output.base(context))),
            "KeysTransform" | "ValuesTransform" => Ok(Some(text_array())),
            _ => gives(context, named.gives, arguments),
        },
        Call::Aggregate(aggregate) => match aggregate.function.class {
            "ArrayAgg" => {
                let base = first()?.unwrap_or(Output::Kind(Kind::Other));
                let db_type = format!("{}[]", base.cast_type(context));
                Ok(Some(Output::Typed(Arc::new(Typed { kind: Kind::Array, db_type, base: Some(base) }))))
            }
            _ => gives(context, aggregate.function.gives, arguments),
        },
        Call::Custom(_) => same(context, arguments.iter()),
        Call::Cast(_) => Ok(None),
        Call::Collate(_) => same(context, arguments.iter()),
        Call::Extract { .. } | Call::ArrayLength => kind(Kind::Integer),
        Call::Truncate { .. } => first(),
        Call::TruncateDate(_) => kind(Kind::Date),
        Call::TruncateTime(_) => kind(Kind::Time),
        Call::Concat => same(context, arguments.iter()),
        Call::JsonKey { text: true, .. } | Call::HStoreKey(_) => kind(Kind::Text),
        Call::JsonKey { .. } | Call::JsonObject | Call::JsonArray => kind(Kind::Json),
        Call::ArrayIndex => Ok(first()?.map(|output| output.base(context))),
        Call::ArraySlice { .. } => first(),
        Call::Array | Call::ArraySubquery => kind(Kind::Array),
        Call::SearchVector { .. } => kind(Kind::SearchVector),
        Call::SearchQuery { .. } => kind(Kind::SearchQuery),
        Call::SearchHeadline { .. } => kind(Kind::Text),
        Call::SearchConfig => Ok(None),
        Call::Round => first(),
    }
}

/// `ArrayField(TextField())`.
fn text_array() -> Output {
    let base = Some(Output::Kind(Kind::Text));
    Output::Typed(Arc::new(Typed { kind: Kind::Array, db_type: "text[]".to_owned(), base }))
}

fn gives(context: &Context, gives: Gives, arguments: &[Node]) -> Known<Option<Output>> {
    match gives {
        Gives::Kind(kind) => Ok(Some(Output::Kind(kind))),
        Gives::First => arguments.first().map_or(Ok(None), |node| of(context, node)),
        Gives::Same => same(context, arguments.iter()),
        Gives::Numeric => {
            let mut kinds = Vec::new();
            for node in arguments {
                if let Some(output) = of(context, node)? {
                    kinds.push(output.kind(context));
                }
            }
            if kinds.contains(&Kind::Decimal) {
                return Ok(Some(Output::Kind(Kind::Decimal)));
            }
            if arguments.is_empty() || kinds.iter().any(|kind| kind.is_integer()) {
                return Ok(Some(Output::Kind(Kind::Float)));
            }
            same(context, arguments.iter())
        }
    }
}

fn of_combined(context: &Context, combined: &Combined) -> Known<Option<Output>> {
    if let Some(output) = &combined.output {
        return Ok(Some(output.clone()));
    }
    if combined.temporal == Temporal::Subtraction {
        return Ok(Some(Output::Kind(Kind::Duration)));
    }
    let (left, right) = (of(context, &combined.left)?, of(context, &combined.right)?);
    let (Some(left), Some(right)) = (left, right) else { return Ok(None) };
    let (left, right) = (left.kind(context), right.kind(context));
    let kind = combine(combined.operator, left, right);
    match kind {
        Some(kind) => Ok(Some(Output::Kind(kind))),
        None if left == Kind::Other || right == Kind::Other => Ok(None),
        None => Err(format!("`{}` of {left:?} and {right:?}", combined.operator)),
    }
}

/// `_connector_combinations`.
pub(crate) fn combine(operator: &str, left: Kind, right: Kind) -> Option<Kind> {
    let arithmetic = matches!(operator, "+" | "-" | "*" | "/" | "%%" | "^");
    if arithmetic {
        if left == Kind::PositiveInteger && right == Kind::PositiveInteger && operator != "-" {
            return Some(Kind::PositiveInteger);
        }
        if left.is_integer() && right.is_integer() {
            return Some(Kind::Integer);
        }
        for kind in [Kind::Float, Kind::Decimal] {
            if left == kind && right == kind {
                return Some(kind);
            }
        }
        if operator != "^" {
            for kind in [Kind::Decimal, Kind::Float] {
                if (left.is_integer() && right == kind) || (left == kind && right.is_integer()) {
                    return Some(kind);
                }
            }
        }
    }
    if matches!(operator, "&" | "|" | "<<" | ">>" | "#") && left.is_integer() && right.is_integer() {
        return Some(Kind::Integer);
    }
    match (operator, left, right) {
        ("+", date, Kind::Duration) | ("+", Kind::Duration, date) if date.is_date() => Some(Kind::DateTime),
        ("-", date, Kind::Duration) if date.is_date() => Some(Kind::DateTime),
        ("+", Kind::Time, Kind::Duration) | ("+", Kind::Duration, Kind::Time) | ("-", Kind::Time, Kind::Duration) => {
            Some(Kind::Time)
        }
        ("+" | "-", Kind::Duration, Kind::Duration) => Some(Kind::Duration),
        ("-", left, right) if left.is_date() && right.is_date() => Some(Kind::Duration),
        ("-", Kind::Time, Kind::Time) => Some(Kind::Duration),
        ("||", Kind::SearchVector, Kind::SearchVector) => Some(Kind::SearchVector),
        ("||" | "&&", Kind::SearchQuery, Kind::SearchQuery) => Some(Kind::SearchQuery),
        _ => None,
    }
}
