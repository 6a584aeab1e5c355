//! Functions by name, dates and their parts, lookups used as expressions.

use super::{Arguments, Resolver, is_expression};
use crate::model::{Call as Constructor, Value};
use crate::queries::build::Known;
use crate::queries::build::functions::{self, Fallback};
use crate::queries::build::lookup::build_lookup_named;
use crate::queries::build::typed::output_field;
use crate::queries::expression::{Call, Expression, Node, Right, Zone};
use crate::queries::kind::Output;

impl Resolver<'_, '_, '_, '_, '_> {
    /// `Concat._paired`.
    pub(super) fn concat(&self, parts: &[Node], output: Option<Output>) -> Known<Node> {
        match parts {
            [first, second] => Ok(self.function(Call::Concat, vec![first.clone(), second.clone()], output)),
            [first, rest @ ..] if !rest.is_empty() => {
                let rest = self.concat(rest, output.clone())?;
                Ok(self.function(Call::Concat, vec![first.clone(), rest], output))
            }
            _ => Err("a Concat of fewer than two".to_owned()),
        }
    }

    pub(super) fn zone(value: Option<&Value>) -> Zone {
        match value {
            None | Some(Value::None) => Zone::Current,
            Some(value) => Zone::Given(value.clone()),
        }
    }

    pub(super) fn extract(&mut self, call: &Constructor, class: &str) -> Known<Node> {
        let arguments = Arguments { call };
        let inner = self.argument(arguments.get(0, "expression").ok_or("an Extract of nothing")?)?;
        let (part, zone) = match class {
            "Extract" => match arguments.get(1, "lookup_name") {
                Some(Value::Str(part)) => (part.clone(), arguments.get(2, "tzinfo")),
                _ => return Err("an Extract of a part that is not known".to_owned()),
            },
            _ => (snake(class.trim_start_matches("Extract")), arguments.get(2, "tzinfo")),
        };
        let call = Call::Extract { part: part.as_str().into(), zone: Self::zone(zone) };
        Ok(self.function(call, vec![inner], None))
    }

    pub(super) fn truncate(&mut self, call: &Constructor, class: &str) -> Known<Node> {
        let arguments = Arguments { call };
        let inner = self.argument(arguments.get(0, "expression").ok_or("a Trunc of nothing")?)?;
        let shift = usize::from(class == "Trunc");
        let output = arguments.given(1 + shift, "output_field").map(output_field).transpose()?;
        let zone = Self::zone(arguments.get(2 + shift, "tzinfo"));
        let call = match class {
            "TruncDate" => Call::TruncateDate(zone),
            "TruncTime" => Call::TruncateTime(zone),
            "Trunc" => match arguments.get(1, "kind") {
                Some(Value::Str(kind)) => Call::Truncate { part: kind.as_str().into(), zone },
                _ => return Err("a Trunc of a kind that is not known".to_owned()),
            },
            _ => Call::Truncate { part: snake(class.trim_start_matches("Trunc")).into(), zone },
        };
        let output = match &call {
            Call::TruncateDate(_) | Call::TruncateTime(_) => None,
            _ => output,
        };
        Ok(self.function(call, vec![inner], output))
    }

    /// A lookup used as an expression: `GreaterThan(F("a"), 1)`.
    pub(super) fn lookup(&mut self, call: &Constructor, name: &str) -> Known<Node> {
        let (Some(left), Some(right)) = (call.args.first(), call.args.get(1)) else {
            return Err("a lookup without two sides".to_owned());
        };
        // A side whose type is not known yet leaves the other as a value of its own.
        let untyped = match left {
            Value::Call(call) => match call.class.rsplit('.').next().and_then(functions::named) {
                Some(named) => {
                    !matches!(named.gives, functions::Gives::Kind(_)) && call.kwarg("output_field").is_none()
                }
                None => call.class.ends_with(".F"),
            },
            _ => false,
        } && matches!(name, "exact" | "gt" | "gte" | "lt" | "lte");
        let left = self.node(left)?;
        let right = match right {
            value if untyped && !is_expression(value) && *value != Value::None => {
                Right::Node(Expression::value(value.clone()))
            }
            value if is_expression(value) => Right::Node(self.node(value)?),
            Value::List(items) | Value::Tuple(items) if items.iter().any(is_expression) => {
                Right::Nodes(items.iter().map(|item| self.node(item)).collect::<Known<Vec<Node>>>()?)
            }
            other => Right::Value(other.clone()),
        };
        build_lookup_named(self.context, name, left, right)
    }

    pub(super) fn named(&mut self, call: &Constructor, named: &'static functions::Named) -> Known<Node> {
        let output = self.output_of(call)?;
        let mut arguments = Vec::new();
        if named.parameters.is_empty() {
            arguments = self.arguments(&call.args)?;
        } else {
            for (position, (name, fallback)) in named.parameters.iter().enumerate() {
                let value = call.args.get(position).or_else(|| call.kwarg(name));
                let value = match (value, fallback) {
                    (Some(Value::None), Fallback::Absent) | (None, Fallback::Absent) => continue,
                    (Some(value), _) => {
                        arguments.push(self.argument(value)?);
                        continue;
                    }
                    (None, Fallback::Int(number)) => Value::Int(*number),
                    (None, Fallback::Text(text)) => Value::Str((*text).to_owned()),
                    (None, Fallback::Required) => return Err(format!("{} without `{name}`", named.class)),
                };
                arguments.push(Expression::value(value));
            }
        }
        Ok(self.function(Call::Named(named), arguments, output))
    }
}

/// `IsoWeekDay` → `iso_week_day`.
fn snake(name: &str) -> String {
    let mut text = String::new();
    for (index, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && index > 0 {
            text.push('_');
        }
        text.push(letter.to_ascii_lowercase());
    }
    text
}
