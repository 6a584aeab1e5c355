//! Lookups written (`django/db/models/lookups.py` and those of PostgreSQL's types).

use std::sync::Arc;

use super::Compiler;
use super::text::{Stop, Text, Written};
use crate::model::Value;
use crate::queries::build::output;
use crate::queries::build::subquery::mark_resolved;
use crate::queries::expression::{Call, Expression, Function, Lookup, Node, Right, Zone};
use crate::queries::kind::{Kind, Output};

/// `DatabaseWrapper.operators`.
fn operator(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "exact" => (" = ", ""),
        "iexact" => (" = UPPER(", ")"),
        "contains" | "startswith" | "endswith" => (" LIKE ", ""),
        "icontains" | "istartswith" | "iendswith" => (" LIKE UPPER(", ")"),
        "regex" => (" ~ ", ""),
        "iregex" => (" ~* ", ""),
        "gt" => (" > ", ""),
        "gte" => (" >= ", ""),
        "lt" => (" < ", ""),
        "lte" => (" <= ", ""),
        "in" => (" IN ", ""),
        _ => return None,
    })
}

/// `DatabaseWrapper.pattern_ops` with `pattern_esc`, for a right side that is an expression.
fn pattern(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "contains" => (" LIKE '%%' || ", " || '%%'"),
        "icontains" => (" LIKE '%%' || UPPER(", ") || '%%'"),
        "startswith" => (" LIKE ", " || '%%'"),
        "istartswith" => (" LIKE UPPER(", ") || '%%'"),
        "endswith" => (" LIKE '%%' || ", ""),
        "iendswith" => (" LIKE '%%' || UPPER(", ")"),
        _ => return None,
    })
}

const TEXT_LOOKUPS: [&str; 9] =
    ["iexact", "contains", "icontains", "startswith", "istartswith", "endswith", "iendswith", "regex", "iregex"];

impl Compiler<'_, '_> {
    pub(crate) fn write_lookup(&self, lookup: &Lookup, out: &mut Text) -> Written<()> {
        let given = output::of(self.context, &lookup.left)?;
        let kind = given.as_ref().map_or(Kind::Other, |output| output.kind(self.context));
        let name = &*lookup.name;
        if name == "isnull" {
            return self.write_is_null(lookup, out);
        }
        // `TupleIn` of one column: prefetches over a foreign key from 5.2 on.
        if name == "tuple_in" {
            out.push("(");
            self.write(&lookup.left, out)?;
            out.push(") IN ((");
            self.write_right(lookup, out)?;
            out.push("))");
            return Ok(());
        }
        if let Some(operator) = postgres_operator(kind, &lookup.left, name) {
            return self.write_operator(lookup, kind, given.as_ref(), operator, out);
        }
        if name == "search" || (kind == Kind::SearchVector && name == "exact") {
            return self.write_search(lookup, kind, out);
        }
        if let (Expression::Function(Function { call: Call::Extract { part, .. }, arguments, .. }), Right::Value(_)) =
            (&*lookup.left, &lookup.right)
            && matches!(&**part, "year" | "iso_year")
            && matches!(name, "exact" | "gt" | "gte" | "lt" | "lte")
        {
            let Some(inner) = arguments.first() else { return Err("an Extract of nothing".into()) };
            return self.write_year(inner, name, &lookup.right, out);
        }
        if let Right::Value(Value::Bool(value)) = &lookup.right
            && name == "exact"
            && lookup.left.is_conditional(self.context)
        {
            if !value {
                out.push("NOT ");
            }
            return self.write_left(&lookup.left, out);
        }
        self.check_bounds(kind, name, &lookup.right)?;
        let left = self.text_key(&lookup.left, name);
        let start = out.mark();
        let casts = TEXT_LOOKUPS.contains(&name);
        let upper = matches!(name, "iexact" | "icontains" | "istartswith" | "iendswith");
        if upper {
            out.push("UPPER(");
        }
        if casts && kind == Kind::Ip {
            out.push("HOST(");
        }
        self.write_left(&left, out)?;
        if casts {
            match kind {
                Kind::Ip => out.push(")"),
                Kind::CiText if !self.context.at_least(5, 1) => out.push("::citext"),
                _ => out.push("::text"),
            }
        }
        if upper {
            out.push(")");
        }
        match name {
            "in" => return self.write_in(lookup, given.as_ref(), start, out),
            "range" => return self.write_range(lookup, given.as_ref(), out),
            _ => {}
        }
        let direct = matches!(lookup.right, Right::Value(_));
        let (before, after) = match pattern(name) {
            Some(found) if !direct => found,
            _ => operator(name).ok_or_else(|| Stop::Unknown(format!("the lookup `{name}`")))?,
        };
        out.push(before);
        if pattern(name).is_some() && !direct {
            out.push("REPLACE(REPLACE(REPLACE(");
            self.write_right(lookup, out)?;
            out.push(", E'\\\\', E'\\\\\\\\'), E'%%', E'\\\\%%'), E'_', E'\\\\_')");
        } else {
            self.write_right(lookup, out)?;
        }
        out.push(after);
        if kind == Kind::Array && name == "exact" {
            out.push("::");
            out.push(&given.map(|output| output.cast_type(self.context)).unwrap_or_default());
        }
        Ok(())
    }

    /// `IntegerFieldOverflow`: what the column cannot hold needs no query.
    fn check_bounds(&self, kind: Kind, name: &str, right: &Right) -> Written<()> {
        if !self.context.at_least(5, 0) {
            return self.check_old_bounds(kind, name, right);
        }
        let (Right::Value(Value::Int(number)), Some((low, high))) = (right, kind.integer_bounds()) else {
            return Ok(());
        };
        let stop = |condition: bool, stop: Stop| if condition { Err(stop) } else { Ok(()) };
        match name {
            "exact" => stop(*number < low || *number > high, Stop::Empty),
            "gt" | "gte" => {
                stop(*number < low, Stop::Full)?;
                stop(*number > high, Stop::Empty)
            }
            "lt" | "lte" => {
                stop(*number < low, Stop::Empty)?;
                stop(*number > high, Stop::Full)
            }
            _ => Ok(()),
        }
    }

    fn check_old_bounds(&self, _kind: Kind, _name: &str, _right: &Right) -> Written<()> {
        Ok(())
    }

    /// `process_lhs`: a lookup inside a lookup stands in parentheses, as does a condition.
    fn write_left(&self, left: &Node, out: &mut Text) -> Written<()> {
        match &**left {
            Expression::Column(_) => self.write(left, out),
            Expression::Lookup(_) => {
                out.push("(");
                self.write(left, out)?;
                out.push(")");
                Ok(())
            }
            _ => self.write(&mark_resolved(left), out),
        }
    }

    /// Text lookups on a key of a document read it as text.
    fn text_key(&self, left: &Node, name: &str) -> Node {
        if let Expression::Function(Function { call: Call::JsonKey { key, text: false }, arguments, output }) = &**left
            && matches!(
                name,
                "iexact" | "icontains" | "startswith" | "istartswith" | "endswith" | "iendswith" | "regex" | "iregex"
            )
        {
            return Arc::new(Expression::Function(Function {
                call: Call::JsonKey { key: key.clone(), text: true },
                arguments: arguments.clone(),
                output: output.clone(),
            }));
        }
        left.clone()
    }

    fn write_is_null(&self, lookup: &Lookup, out: &mut Text) -> Written<()> {
        let null = matches!(lookup.right, Right::Value(Value::Bool(true)));
        if let Expression::Value { value, .. } = &*lookup.left {
            let is_null = *value == Value::None;
            return Err(if is_null == null { Stop::Full } else { Stop::Empty });
        }
        self.write_left(&lookup.left, out)?;
        out.push(if null { " IS NULL" } else { " IS NOT NULL" });
        Ok(())
    }

    /// `process_rhs`: an expression in parentheses, unless it is a value or has them.
    fn write_right(&self, lookup: &Lookup, out: &mut Text) -> Written<()> {
        match &lookup.right {
            Right::Value(value) => {
                out.parameter(value.clone());
                Ok(())
            }
            Right::Node(node) => self.write_parenthesised(node, out),
            Right::Nodes(_) => Err("a list where one value is wanted".into()),
        }
    }

    fn write_parenthesised(&self, node: &Node, out: &mut Text) -> Written<()> {
        let start = out.mark();
        self.write(node, out)?;
        let plain = matches!(&**node, Expression::Value { .. }) && self.context.at_least(5, 0);
        if !plain && !out.is_empty_since(start) && !out.sql[start.0..].starts_with('(') {
            out.sql.insert(start.0, '(');
            out.push(")");
        }
        Ok(())
    }

    fn write_in(&self, lookup: &Lookup, given: Option<&Output>, start: (usize, usize), out: &mut Text) -> Written<()> {
        let items = match &lookup.right {
            Right::Node(node) => {
                out.push(" IN ");
                return self.write_parenthesised(node, out);
            }
            Right::Nodes(nodes) => {
                out.push(" IN (");
                let mut first = true;
                let mut seen: Vec<&Node> = Vec::new();
                for node in nodes {
                    let none = matches!(&**node, Expression::Value { value: Value::None, .. });
                    if seen.contains(&node) || (none && !self.context.at_least(6, 1)) {
                        continue;
                    }
                    seen.push(node);
                    if !first {
                        out.push(", ");
                    }
                    first = false;
                    self.write_item(node, given, out)?;
                }
                out.push(")");
                return Ok(());
            }
            Right::Value(Value::List(items) | Value::Tuple(items) | Value::Set(items)) => items.clone(),
            Right::Value(Value::Dict(entries)) => entries.iter().map(|(key, _)| key.clone()).collect(),
            Right::Value(Value::Str(text)) => text.chars().map(|letter| Value::Str(letter.to_string())).collect(),
            Right::Value(unknown @ Value::Unknown(_)) => vec![unknown.clone()],
            Right::Value(_) => return Err("`in` what is no list".into()),
        };
        let mut seen: Vec<&Value> = Vec::new();
        for item in &items {
            let unknown = matches!(item, Value::Unknown(_));
            if *item != Value::None && (unknown || !seen.contains(&item)) {
                seen.push(item);
            }
        }
        if seen.is_empty() {
            out.reset(start);
            return Err(Stop::Empty);
        }
        out.push(" IN (");
        for (index, item) in seen.iter().enumerate() {
            if index > 0 {
                out.push(", ");
            }
            out.parameter((*item).clone());
        }
        out.push(")");
        Ok(())
    }

    fn write_item(&self, node: &Node, given: Option<&Output>, out: &mut Text) -> Written<()> {
        match &**node {
            // From 6.1 on plain values among expressions have the field's type.
            Expression::Value { value, output: None } if self.context.at_least(6, 1) => {
                let typed = Arc::new(Expression::Value { value: value.clone(), output: given.cloned() });
                self.write(&typed, out)
            }
            _ => self.write(node, out),
        }
    }

    fn write_range(&self, lookup: &Lookup, given: Option<&Output>, out: &mut Text) -> Written<()> {
        out.push(" BETWEEN ");
        match &lookup.right {
            Right::Value(Value::List(items) | Value::Tuple(items)) if items.len() == 2 => {
                out.parameter(items[0].clone());
                out.push(" AND ");
                out.parameter(items[1].clone());
            }
            Right::Value(unknown @ Value::Unknown(_)) => {
                out.parameter(unknown.clone());
                out.push(" AND ");
                out.parameter(unknown.clone());
            }
            Right::Nodes(nodes) if nodes.len() == 2 => {
                self.write_item(&nodes[0], given, out)?;
                out.push(" AND ");
                self.write_item(&nodes[1], given, out)?;
            }
            _ => return Err("a range that is not two values".into()),
        }
        Ok(())
    }

    /// `YearLookup`: the bounds of the year instead of a part of each date.
    fn write_year(&self, inner: &Node, name: &str, right: &Right, out: &mut Text) -> Written<()> {
        let Right::Value(value) = right else { return Err("a year".into()) };
        self.write_left(inner, out)?;
        match name {
            "exact" => {
                out.push(" BETWEEN ");
                out.parameter(value.clone());
                out.push(" AND ");
                out.parameter(value.clone());
            }
            other => {
                out.push(operator(other).map_or("", |(before, _)| before));
                out.parameter(value.clone());
            }
        }
        Ok(())
    }

    fn write_search(&self, lookup: &Lookup, kind: Kind, out: &mut Text) -> Written<()> {
        let left = if kind == Kind::SearchVector {
            lookup.left.clone()
        } else {
            let config = match &lookup.right {
                Right::Node(node) => match &**node {
                    Expression::Function(Function { call: Call::SearchQuery { .. }, arguments, .. })
                        if arguments.len() == 2 =>
                    {
                        arguments.first().cloned()
                    }
                    _ => None,
                },
                _ => None,
            };
            let configured = config.is_some();
            let arguments = config.into_iter().chain([lookup.left.clone()]).collect();
            Arc::new(Expression::Function(Function {
                call: Call::SearchVector { weighted: false, configured },
                arguments,
                output: None,
            }))
        };
        self.write_left(&left, out)?;
        out.push(" @@ ");
        self.write_right(lookup, out)
    }

    fn write_operator(
        &self,
        lookup: &Lookup,
        kind: Kind,
        given: Option<&Output>,
        operator: &str,
        out: &mut Text,
    ) -> Written<()> {
        let name = &*lookup.name;
        self.write_left(&lookup.left, out)?;
        let by_range = name == "contained_by"
            && !kind.is_range()
            && !matches!(kind, Kind::Json | Kind::HStore | Kind::Array | Kind::Other);
        if by_range {
            match kind {
                Kind::Float => out.push("::numeric"),
                Kind::SmallInteger | Kind::PositiveSmallInteger | Kind::SmallAuto => out.push("::integer"),
                _ => {}
            }
        }
        out.push(" ");
        out.push(operator);
        out.push(" ");
        self.write_right(lookup, out)?;
        if kind == Kind::Array && matches!(name, "contains" | "contained_by" | "overlap") {
            out.push("::");
            out.push(&given.map(|output| output.cast_type(self.context)).unwrap_or_default());
        }
        if by_range {
            out.push(match kind {
                Kind::BigInteger | Kind::BigAuto | Kind::PositiveBigInteger => "::int8range",
                kind if kind.is_integer() => "::int4range",
                Kind::Date => "::daterange",
                Kind::DateTime => "::tstzrange",
                _ => "::numrange",
            });
        }
        if matches!(kind, Kind::DateRange | Kind::DateTimeRange)
            && name == "contains"
            && let Right::Node(node) = &lookup.right
        {
            let element = match &**node {
                Expression::Value { value: Value::Unknown(_), output: None } => true,
                other => output::of(self.context, other)?.is_some_and(|output| output.kind(self.context) != kind),
            };
            if element {
                out.push("::");
                out.push(kind.range_base().cast_type());
            }
        }
        Ok(())
    }
}

/// Lookups that are an operator of PostgreSQL, without casts.
fn postgres_operator(kind: Kind, left: &Node, name: &str) -> Option<&'static str> {
    let json = kind == Kind::Json
        || matches!(&**left, Expression::Function(Function { call: Call::JsonKey { text: false, .. }, .. }));
    let container = json || matches!(kind, Kind::HStore | Kind::Array) || kind.is_range();
    Some(match name {
        "contains" if container => "@>",
        "contained_by" => "<@",
        "overlap" => "&&",
        "has_key" => "?",
        "has_keys" => "?&",
        "has_any_keys" => "?|",
        "fully_lt" => "<<",
        "fully_gt" => ">>",
        "not_lt" => "&>",
        "not_gt" => "&<",
        "adjacent_to" => "-|-",
        "trigram_similar" => "%%",
        "trigram_word_similar" => "%%>",
        "trigram_strict_word_similar" => "%%>>",
        _ => return None,
    })
}

/// The zone a date is read in is a parameter.
pub(crate) fn zone_parameter(zone: &Zone) -> Value {
    match zone {
        Zone::Current => Value::Unknown("the current time zone".to_owned()),
        Zone::Given(value) => value.clone(),
    }
}
