//! `Q` objects from plain values (`django/db/models/query_utils.py`, `django/utils/tree.py`).

use super::Known;
use crate::model::Value;
use crate::queries::expression::Connector;

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Q {
    pub(crate) connector: Connector,
    pub(crate) negated: bool,
    pub(crate) children: Vec<Child>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Child {
    Q(Q),
    Pair(String, Value),
    /// A conditional expression.
    Expression(Value),
}

impl Q {
    pub(crate) fn all(children: Vec<Child>) -> Q {
        Q { connector: Connector::And, negated: false, children }
    }

    fn add(&mut self, other: Child, connector: Connector) {
        match other {
            Child::Q(q) if !q.negated && (q.connector == connector || q.children.len() == 1) => {
                self.children.extend(q.children);
            }
            other => self.children.push(other),
        }
    }
}

pub(crate) fn is_q(value: &Value) -> bool {
    match value {
        Value::Call(call) => call.is_a("django.db.models.query_utils.Q"),
        Value::Combined(combined) => match combined.operator.as_str() {
            "~" => is_q(&combined.left),
            "&" | "|" | "^" => {
                is_q(&combined.left)
                    || is_q(&combined.right)
                    || (is_condition(&combined.left) && is_condition(&combined.right))
            }
            _ => false,
        },
        _ => false,
    }
}

/// Expressions that `&` and `|` make a `Q` of.
fn is_condition(value: &Value) -> bool {
    match value {
        Value::Call(call) => {
            call.is_a("django.db.models.expressions.Exists") || call.is_a("django.db.models.lookups.Lookup")
        }
        Value::Combined(combined) => combined.operator == "~" && is_condition(&combined.left),
        other => is_q(other),
    }
}

/// Positional conditions and lookups as `filter()` takes them: lookups sorted by name.
pub(crate) fn of_arguments(args: &[Value], kwargs: &[(String, Value)]) -> Known<Q> {
    let mut q = Q::all(Vec::new());
    for value in args {
        q.children.push(child(value)?);
    }
    let mut pairs: Vec<&(String, Value)> = kwargs.iter().collect();
    pairs.sort_by(|left, right| left.0.cmp(&right.0));
    q.children.extend(pairs.into_iter().map(|(name, value)| Child::Pair(name.clone(), value.clone())));
    Ok(q)
}

fn child(value: &Value) -> Known<Child> {
    match value {
        Value::Unknown(reason) => Err(format!("a condition that is not known: {reason}")),
        Value::Tuple(pair) | Value::List(pair) => match pair.as_slice() {
            [Value::Str(name), value] => Ok(Child::Pair(name.clone(), value.clone())),
            _ => Err("a condition that is not a pair of name and value".to_owned()),
        },
        value if is_q(value) => Ok(Child::Q(of_value(value)?)),
        Value::Call(_) | Value::Combined(_) | Value::Query(_) => Ok(Child::Expression(value.clone())),
        _ => Err("a condition that is no Q object".to_owned()),
    }
}

/// A `Q` or what `&`, `|`, `^` and `~` make of several.
pub(crate) fn of_value(value: &Value) -> Known<Q> {
    match value {
        Value::Call(call) if is_q(value) => {
            let mut args = Vec::new();
            let mut kwargs = Vec::new();
            let mut connector = Connector::And;
            let mut negated = false;
            for (name, value) in &call.kwargs {
                match (name.as_str(), value) {
                    ("_connector", Value::Str(text)) if text == "OR" => connector = Connector::Or,
                    ("_connector", Value::Str(text)) if text == "XOR" => connector = Connector::Xor,
                    ("_connector", Value::Str(_) | Value::None) => {}
                    ("_negated", Value::Bool(value)) => negated = *value,
                    ("_connector" | "_negated", _) => return Err("a Q whose connector is not known".to_owned()),
                    _ => kwargs.push((name.clone(), value.clone())),
                }
            }
            args.extend(call.args.iter().cloned());
            let mut q = of_arguments(&args, &kwargs)?;
            q.connector = connector;
            q.negated = negated;
            Ok(q)
        }
        Value::Combined(combined) => {
            let connector = match combined.operator.as_str() {
                "~" => {
                    if let Value::Combined(inner) = &combined.left
                        && !is_q(&combined.left)
                    {
                        let _ = inner;
                        return Ok(Q::all(vec![Child::Expression(value.clone())]));
                    }
                    if !is_q(&combined.left) {
                        return Ok(Q::all(vec![Child::Expression(value.clone())]));
                    }
                    let mut q = of_value(&combined.left)?;
                    q.negated = !q.negated;
                    return Ok(q);
                }
                "&" => Connector::And,
                "|" => Connector::Or,
                "^" => Connector::Xor,
                other => return Err(format!("a condition made with `{other}`")),
            };
            let left = child(&combined.left)?;
            let right = child(&combined.right)?;
            let empty = |child: &Child| matches!(child, Child::Q(q) if q.children.is_empty());
            let whole = |child: Child| match child {
                Child::Q(q) => q,
                other => Q::all(vec![other]),
            };
            if empty(&left) {
                return Ok(whole(right));
            }
            if empty(&right) {
                return Ok(whole(left));
            }
            // `Exists(…) & Q(…)` is `Q(Exists(…)) & Q(…)`.
            let mut q = Q { connector, negated: false, children: Vec::new() };
            q.add(left, connector);
            q.add(right, connector);
            Ok(q)
        }
        Value::Unknown(reason) => Err(format!("a condition that is not known: {reason}")),
        other => Ok(Q::all(vec![child(other)?])),
    }
}
