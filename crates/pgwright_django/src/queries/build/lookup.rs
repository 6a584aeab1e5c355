//! Lookups and transforms: which a type has, and what Django makes of the right side before it writes SQL.
//!
//! Source: `django/db/models/lookups.py`, `related_lookups.py`, `fields/json.py`, `django/contrib/postgres/`.

use std::sync::Arc;

use super::functions::{named, registered};
use super::joins::{GenericPart, column, generic_column};
use super::{Known, output, subquery, values};
use crate::model::Value;
use crate::queries::context::{Context, FieldId};
use crate::queries::expression::{Call, Expression, Function, Lookup, Node, Right, Zone};
use crate::queries::kind::{Kind, Output};
use crate::queries::query::{Alias, JoinField, Query};
use crate::schema::COMMON_LOOKUPS;

fn kind_of(context: &Context, node: &Node) -> Known<Kind> {
    Ok(output::of(context, node)?.map_or(Kind::Other, |output| output.kind(context)))
}

fn has_lookup(node: &Node, kind: Kind, name: &str) -> bool {
    if let Expression::Function(Function { call: Call::JsonKey { text: false, .. }, .. }) = &**node
        && matches!(name, "contains" | "contained_by" | "has_key" | "has_keys" | "has_any_keys")
    {
        return true;
    }
    match (kind, name) {
        (kind, "startswith" | "endswith") if kind.is_range() => false,
        (Kind::Json | Kind::HStore, "contained_by" | "has_key" | "has_keys" | "has_any_keys") => true,
        (Kind::Array, "contained_by" | "overlap") => true,
        (kind, "contained_by" | "overlap" | "fully_lt" | "fully_gt" | "not_lt" | "not_gt" | "adjacent_to")
            if kind.is_range() =>
        {
            true
        }
        (Kind::Float | Kind::Decimal | Kind::Date | Kind::DateTime, "contained_by") => true,
        (kind, "contained_by") if kind.is_integer() => true,
        (
            Kind::Char | Kind::Text | Kind::CiText,
            "search" | "trigram_similar" | "trigram_word_similar" | "trigram_strict_word_similar",
        ) => true,
        _ => COMMON_LOOKUPS.contains(&name),
    }
}

fn call(call: Call, arguments: Vec<Node>) -> Node {
    Arc::new(Expression::Function(Function { call, arguments, output: None }))
}

/// `get_transform`; none when the name is no transform of this type.
pub(crate) fn transform(context: &Context, node: &Node, name: &str) -> Known<Option<Node>> {
    let kind = kind_of(context, node)?;
    let is_json_path = matches!(&**node, Expression::Function(Function { call: Call::JsonKey { .. }, .. }));
    let wrapped = |class: &str| named(class).map(|function| call(Call::Named(function), vec![node.clone()]));
    Ok(match (kind, name) {
        (Kind::Json, key) => Some(call(Call::JsonKey { key: key.into(), text: false }, vec![node.clone()])),
        (_, key) if is_json_path && kind == Kind::Other => {
            Some(call(Call::JsonKey { key: key.into(), text: false }, vec![node.clone()]))
        }
        (Kind::HStore, "keys") => wrapped("KeysTransform"),
        (Kind::HStore, "values") => wrapped("ValuesTransform"),
        (Kind::HStore, key) => Some(call(Call::HStoreKey(key.into()), vec![node.clone()])),
        (Kind::Array, "len") => Some(call(Call::ArrayLength, vec![node.clone()])),
        (Kind::Array, name) => array_part(node, name),
        (kind, _) if kind.is_range() => match name {
            "startswith" => wrapped("RangeStartsWith"),
            "endswith" => wrapped("RangeEndsWith"),
            "isempty" => wrapped("IsEmpty"),
            "lower_inc" => wrapped("LowerInclusive"),
            "lower_inf" => wrapped("LowerInfinite"),
            "upper_inc" => wrapped("UpperInclusive"),
            "upper_inf" => wrapped("UpperInfinite"),
            _ => None,
        },
        (Kind::DateTime, "date") => Some(call(Call::TruncateDate(Zone::Current), vec![node.clone()])),
        (Kind::DateTime, "time") => Some(call(Call::TruncateTime(Zone::Current), vec![node.clone()])),
        (
            Kind::Date | Kind::DateTime,
            "year" | "iso_year" | "month" | "day" | "week" | "week_day" | "iso_week_day" | "quarter",
        )
        | (Kind::DateTime | Kind::Time, "hour" | "minute" | "second") => {
            Some(call(Call::Extract { part: name.into(), zone: Zone::Current }, vec![node.clone()]))
        }
        // Registered by the project or not at all: the names are Django's own.
        (_, name) => registered(name).map(|function| call(Call::Named(function), vec![node.clone()])),
    })
}

fn array_part(node: &Node, name: &str) -> Option<Node> {
    if let Ok(index) = name.parse::<i128>() {
        return Some(call(Call::ArrayIndex, vec![node.clone(), Expression::value(Value::Int(index + 1))]));
    }
    let (start, end) = name.split_once('_')?;
    let (start, end) = (start.parse::<i128>().ok()?, end.parse::<i128>().ok()?);
    let ends = [Value::Int(start + 1), Value::Int(end)].map(Expression::value);
    let [start, end] = ends;
    Some(call(Call::ArraySlice { open: false }, vec![node.clone(), start, end]))
}

/// A lookup `exact` of a value.
pub(crate) fn exact(left: Node, value: Value) -> Node {
    Arc::new(Expression::Lookup(Lookup { name: "exact".into(), left, right: Right::Value(value) }))
}

/// `build_lookup`: the names after a field as transforms and a lookup.
pub(crate) fn build_lookup(context: &Context, query: &Query, names: &[&str], left: Node, right: Right) -> Known<Node> {
    let _ = query;
    let (last, transforms) = names.split_last().unwrap_or((&"exact", &[]));
    let mut left = left;
    for name in transforms {
        left = transform(context, &left, name)?.ok_or_else(|| format!("the lookup or field `{name}`"))?;
    }
    let mut name = *last;
    if !has_lookup(&left, kind_of(context, &left)?, name) {
        left = transform(context, &left, name)?.ok_or_else(|| format!("the lookup or field `{name}`"))?;
        name = "exact";
    }
    build_lookup_named(context, name, left, right)
}

/// Whether the left side is passed through a transform that the right side passes too.
fn bilateral(node: &Node) -> bool {
    match &**node {
        Expression::Function(Function { call: Call::Named(function), arguments, .. }) => {
            function.class == "Unaccent" || arguments.first().is_some_and(bilateral)
        }
        Expression::Function(Function { call: Call::Extract { .. }, arguments, .. }) => {
            arguments.first().is_some_and(bilateral)
        }
        _ => false,
    }
}

/// What the class of a lookup makes of its right side.
pub(crate) fn build_lookup_named(context: &Context, name: &str, left: Node, right: Right) -> Known<Node> {
    let given = output::of(context, &left)?;
    let kind = given.as_ref().map_or(Kind::Other, |output| output.kind(context));
    let made = |left: Node, right: Right| Arc::new(Expression::Lookup(Lookup { name: name.into(), left, right }));
    let right = match right {
        Right::Node(node) => Right::Node(subquery_right(context, name, &left, given.as_ref(), node)?),
        Right::Value(value) if name != "isnull" => Right::Value(prepared(value, kind)),
        other => other,
    };
    if name == "isnull" {
        return match &right {
            Right::Value(Value::Bool(_)) => Ok(made(left, right)),
            Right::Value(Value::Unknown(reason)) => Err(format!("isnull of a value that is not known: {reason}")),
            _ => Err("isnull of other than True or False".to_owned()),
        };
    }
    if let Right::Value(Value::None) = right {
        let json =
            kind == Kind::Json || matches!(&*left, Expression::Function(Function { call: Call::JsonKey { .. }, .. }));
        if name == "exact" && json {
            return Ok(made(left, right));
        }
        if matches!(name, "exact" | "iexact") {
            return Ok(super::filter::is_null(left, true));
        }
        return Err(format!("None as the value of `{name}`"));
    }
    if bilateral(&left) {
        let unaccent = named("Unaccent").ok_or("unaccent")?;
        let wrap = |value: Value| {
            let value = Arc::new(Expression::Value { value, output: given.clone() });
            call(Call::Named(unaccent), vec![value])
        };
        let right = match right {
            Right::Value(Value::List(items) | Value::Tuple(items) | Value::Set(items))
                if matches!(name, "in" | "range") =>
            {
                Right::Nodes(items.into_iter().map(wrap).collect())
            }
            Right::Value(value) => Right::Node(wrap(value)),
            Right::Node(node) => Right::Node(call(Call::Named(unaccent), vec![node])),
            other => other,
        };
        return Ok(made(left, right));
    }
    if matches!(name, "range")
        && let Right::Value(Value::List(items) | Value::Tuple(items)) = &right
        && items.len() != 2
    {
        return Err("a range that is not two values".to_owned());
    }
    let right = match (kind, name) {
        (Kind::Array, "exact" | "contains" | "contained_by" | "overlap") => array_right(right),
        (Kind::SearchVector, "exact") | (_, "search") => return Ok(made(left.clone(), search_right(&left, right))),
        (range, "contains") if range.is_range() => range_right(given.as_ref(), context, right),
        _ => right,
    };
    Ok(made(left, right))
}

/// A subquery on the right: one column, no order it does not need.
fn subquery_right(context: &Context, name: &str, left: &Node, given: Option<&Output>, node: Node) -> Known<Node> {
    let Expression::Subquery { query, template: None, output } = &*node else { return Ok(node) };
    let mut query = (**query).clone();
    match name {
        "in" => {
            if let Some(target) = related_target(context, left, given)
                && !query.has_select_fields
                && !context.field(target).primary_key
            {
                values::set_values(context, &mut query, &[context.field(target).name.as_str().into()])?;
            }
            clear_for_in(context, &mut query);
            if !query.has_select_fields {
                select_key(context, &mut query)?;
            }
        }
        "exact" if !query.has_select_fields => select_key(context, &mut query)?,
        "overlap" => {
            let node =
                Arc::new(Expression::Subquery { query: Arc::new(query), template: None, output: output.clone() });
            return Ok(call(Call::ArraySubquery, vec![node]));
        }
        _ => {}
    }
    Ok(Arc::new(Expression::Subquery { query: Arc::new(query), template: None, output: output.clone() }))
}

fn clear_for_in(context: &Context, query: &mut Query) {
    subquery::clear_ordering(context, query, subquery::Force::No, subquery::Default::Clear);
}

fn select_key(context: &Context, query: &mut Query) -> Known<()> {
    values::clear_select_clause(query);
    values::add_fields(context, query, &["pk".into()], super::joins::Many::Allowed)
}

/// The field that a relation on the left references.
fn related_target(context: &Context, left: &Node, given: Option<&Output>) -> Option<FieldId> {
    let Expression::Column(_) = &**left else { return None };
    match given? {
        Output::Field(key) if context.field(*key).relation.is_some() => context.target(*key),
        _ => None,
    }
}

/// `get_prep_value` where it changes which SQL is written.
fn prepared(value: Value, kind: Kind) -> Value {
    match (kind, value) {
        (Kind::Boolean, Value::Int(0)) => Value::Bool(false),
        (Kind::Boolean, Value::Int(1)) => Value::Bool(true),
        (Kind::Boolean, Value::Str(text)) => match text.as_str() {
            "t" | "True" | "1" | "true" => Value::Bool(true),
            "f" | "False" | "0" | "false" => Value::Bool(false),
            _ => Value::Str(text),
        },
        (kind, Value::Str(text)) if kind.is_integer() => match text.trim().parse::<i128>() {
            Ok(number) => Value::Int(number),
            Err(_) => Value::Str(text),
        },
        (kind, Value::Bool(value)) if kind.is_integer() => Value::Int(i128::from(value)),
        (_, Value::List(items)) => Value::List(items.into_iter().map(|item| prepared(item, kind)).collect()),
        (_, Value::Tuple(items)) => Value::Tuple(items.into_iter().map(|item| prepared(item, kind)).collect()),
        (_, Value::Set(items)) => Value::Set(items.into_iter().map(|item| prepared(item, kind)).collect()),
        (_, other) => other,
    }
}

/// `ArrayRHSMixin`: a list is written out, so that its elements are parameters.
fn array_right(right: Right) -> Right {
    fn some(items: &[Value]) -> bool {
        items.iter().any(|item| match item {
            Value::List(items) | Value::Tuple(items) => some(items),
            other => *other != Value::None,
        })
    }
    match right {
        Right::Value(Value::List(items) | Value::Tuple(items)) if some(&items) => {
            Right::Node(call(Call::Array, items.into_iter().map(Expression::value).collect()))
        }
        Right::Value(unknown @ Value::Unknown(_)) => Right::Node(call(Call::Array, vec![Expression::value(unknown)])),
        Right::Nodes(items) => Right::Node(call(Call::Array, items)),
        other => other,
    }
}

/// `SearchVectorExact`: text becomes a query of the vector's configuration.
fn search_right(left: &Node, right: Right) -> Right {
    match right {
        Right::Value(value) => {
            let config = match &**left {
                Expression::Function(Function {
                    call: Call::SearchVector { configured: true, .. }, arguments, ..
                }) => arguments.first().cloned(),
                _ => None,
            };
            let parts = config.into_iter().chain([Expression::value(value)]).collect();
            Right::Node(call(Call::SearchQuery { function: "plainto_tsquery", invert: false }, parts))
        }
        other => other,
    }
}

/// `RangeContains`: one element is cast, a range is not.
fn range_right(given: Option<&Output>, context: &Context, right: Right) -> Right {
    let Some(given) = given else { return right };
    let kind = given.kind(context);
    match right {
        Right::Value(Value::List(_) | Value::Tuple(_) | Value::None) => right,
        Right::Value(value) => {
            let is_range = matches!(&value, Value::Call(call) if call.class.rsplit('.').next().is_some_and(|name| name.contains("Range")));
            if is_range {
                return Right::Value(value);
            }
            let value = Expression::value(value);
            if matches!(kind, Kind::DateRange | Kind::DateTimeRange) {
                return Right::Node(value);
            }
            let base = given.base(context);
            Right::Node(Arc::new(Expression::Function(Function {
                call: Call::Cast(base.cast_type(context).into()),
                arguments: vec![value],
                output: Some(base),
            })))
        }
        Right::Node(node) if !matches!(kind, Kind::DateRange | Kind::DateTimeRange) => {
            let base = given.base(context);
            Right::Node(Arc::new(Expression::Function(Function {
                call: Call::Cast(base.cast_type(context).into()),
                arguments: vec![node],
                output: Some(base),
            })))
        }
        other => other,
    }
}

/// The content type that rows of a `GenericRelation` have (`get_extra_restriction`).
pub(crate) fn content_type_condition(context: &Context, on: JoinField, alias: &Alias) -> Option<Node> {
    let generic = match on {
        JoinField::Generic(generic) | JoinField::GenericReverse(generic) => generic,
        _ => return None,
    };
    let field = generic_column(context, generic, GenericPart::ContentType)?;
    let label = context.models.get(generic.model).label();
    Some(exact(column(context, alias, field), Value::Unknown(format!("the content type of {label}"))))
}
