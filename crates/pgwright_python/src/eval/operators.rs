//! Operators, truth, equality and text of values.

use ruff_python_ast::{self as ast, CmpOp, Operator, UnaryOp};

use super::{Eval, Evaluator, Frame};
use crate::value::{Dict, Key, Object, Value};

impl<'a> Evaluator<'a> {
    /// Whether a value counts as true; none when that is not known.
    pub fn truth(&self, value: &Value) -> Option<bool> {
        match value {
            Value::None => Some(false),
            Value::Bool(bool) => Some(*bool),
            Value::Int(int) => Some(*int != 0),
            Value::Float(float) => Some(*float != 0.0),
            Value::Str(text) => Some(!text.is_empty()),
            Value::Bytes(bytes) => Some(!bytes.is_empty()),
            Value::Tuple(items) => Some(!items.is_empty()),
            Value::List(id) => Some(!self.heap.list_items(*id).is_empty()),
            Value::Dict(id) => {
                let dict = self.heap.dict_of(*id)?;
                if dict.entries.is_empty() && dict.open { None } else { Some(!dict.entries.is_empty()) }
            }
            Value::Set(id) => match self.heap.object(*id) {
                Object::Set(items) => Some(!items.is_empty()),
                _ => None,
            },
            Value::Instance(_) => match self.plain(value) {
                Value::Instance(_) => Some(true),
                plain => self.truth(&plain),
            },
            Value::Unknown(_) | Value::Opaque(_) | Value::Lazy(..) | Value::Each(_) | Value::Absent => None,
            Value::Union(alternatives) => {
                let (first, rest) = alternatives.split_first()?;
                let truth = self.truth(first)?;
                rest.iter().all(|other| self.truth(other) == Some(truth)).then_some(truth)
            }
            _ => Some(true),
        }
    }

    /// A member of an enumeration that mixes in `str` or `int` as that plain value.
    pub fn plain(&self, value: &Value) -> Value {
        if let Value::Instance(id) = value
            && let Some(class) = self.heap.class_of(*id)
            && !self.heap.class(class).members.is_empty()
        {
            let mro = &self.heap.class(class).mro;
            if mro.contains(&self.builtins.str_class) || mro.contains(&self.builtins.int_class) {
                return self.heap.own(*id, "value").cloned().unwrap_or(Value::None);
            }
        }
        value.clone()
    }

    /// Equality as Python has it; none when it is not known.
    pub fn equal(&self, left: &Value, right: &Value) -> Option<bool> {
        let (left, right) = (self.plain(left), self.plain(right));
        match (&left, &right) {
            (Value::Absent, Value::Absent) => Some(true),
            (Value::Unknown(_) | Value::Union(_) | Value::Each(_) | Value::Absent, _)
            | (_, Value::Unknown(_) | Value::Union(_) | Value::Each(_) | Value::Absent) => None,
            (Value::Opaque(left), Value::Opaque(right)) => (left == right).then_some(true),
            (Value::Opaque(_), _) | (_, Value::Opaque(_)) => None,
            (Value::List(left), Value::List(right)) => {
                let (left, right) = (self.heap.list_items(*left), self.heap.list_items(*right));
                self.all_equal(left, right)
            }
            (Value::Tuple(left), Value::Tuple(right)) => self.all_equal(left, right),
            (Value::Dict(left), Value::Dict(right)) if left == right => Some(true),
            (Value::Dict(left), Value::Dict(right)) => {
                let (left, right) = (self.heap.dict_of(*left)?, self.heap.dict_of(*right)?);
                if left.open || right.open {
                    return None;
                }
                if left.entries.len() != right.entries.len() {
                    return Some(false);
                }
                let mut result = Some(true);
                for (key, (_, value)) in &left.entries {
                    match right.entries.get(key).map_or(Some(false), |(_, other)| self.equal(value, other)) {
                        Some(true) => {}
                        Some(false) => return Some(false),
                        None => result = None,
                    }
                }
                result
            }
            (Value::Float(left), Value::Int(right)) | (Value::Int(right), Value::Float(left)) => {
                Some(*left == *right as f64)
            }
            (Value::Bool(left), Value::Int(right)) | (Value::Int(right), Value::Bool(left)) => {
                Some(i128::from(*left) == *right)
            }
            _ => match (self.key(&left), self.key(&right)) {
                (Some(left), Some(right)) => Some(left == right),
                _ => Some(false),
            },
        }
    }

    fn all_equal(&self, left: &[Value], right: &[Value]) -> Option<bool> {
        if left.len() != right.len() {
            return Some(false);
        }
        let mut result = Some(true);
        for (left, right) in left.iter().zip(right) {
            match self.equal(left, right) {
                Some(true) => {}
                Some(false) => return Some(false),
                None => result = None,
            }
        }
        result
    }

    pub(crate) fn unary(&mut self, operator: UnaryOp, operand: &Value) -> Eval {
        let value = self.plain(operand);
        if let (Value::Union(alternatives), UnaryOp::Invert | UnaryOp::USub) = (&value, operator) {
            return self.over(alternatives, |this, value| this.unary(operator, value));
        }
        if let (UnaryOp::Not, Value::Instance(_) | Value::Union(_)) = (operator, &value) {
            return Ok(self
                .truth_asked(&value)?
                .map_or_else(|| Value::unknown("`not` something not known"), |truth| Value::Bool(!truth)));
        }
        Ok(match (operator, &value) {
            (UnaryOp::Not, value) => self
                .truth(value)
                .map_or_else(|| Value::unknown("`not` something not known"), |truth| Value::Bool(!truth)),
            (UnaryOp::USub, Value::Int(int)) => Value::Int(-int),
            (UnaryOp::USub, Value::Float(float)) => Value::Float(-float),
            (UnaryOp::UAdd, Value::Int(_) | Value::Float(_)) => value,
            (UnaryOp::Invert, Value::Int(int)) => Value::Int(!int),
            (UnaryOp::Invert | UnaryOp::USub, Value::Instance(_)) => {
                let method = if operator == UnaryOp::Invert { "__invert__" } else { "__neg__" };
                match self.attribute(&value, method)? {
                    Some(method) => self.call(&method, Vec::new(), Vec::new(), None)?,
                    None => Value::unknown("an operator on an object"),
                }
            }
            _ => Value::unknown("an operator on something not known"),
        })
    }

    pub(crate) fn binary(&mut self, left: &Value, operator: Operator, right: &Value) -> Eval {
        let (left, right) = (self.plain(left), self.plain(right));
        if let Value::Union(alternatives) = &left {
            return self.over(alternatives, |this, left| this.binary(left, operator, &right));
        }
        if let Value::Union(alternatives) = &right {
            return self.over(alternatives, |this, right| this.binary(&left, operator, right));
        }
        if let (Value::Each(_), _) | (_, Value::Each(_)) = (&left, &right) {
            return Ok(self.joined_items(&left, &right));
        }
        let result = match (&left, operator, &right) {
            (Value::Int(a), Operator::Add, Value::Int(b)) => a.checked_add(*b).map(Value::Int),
            (Value::Int(a), Operator::Sub, Value::Int(b)) => a.checked_sub(*b).map(Value::Int),
            (Value::Int(a), Operator::Mult, Value::Int(b)) => a.checked_mul(*b).map(Value::Int),
            (Value::Int(a), Operator::FloorDiv, Value::Int(b)) => a.checked_div_euclid(*b).map(Value::Int),
            (Value::Int(a), Operator::Mod, Value::Int(b)) => a.checked_rem_euclid(*b).map(Value::Int),
            (Value::Int(a), Operator::Div, Value::Int(b)) if *b != 0 => Some(Value::Float(*a as f64 / *b as f64)),
            (Value::Int(a), Operator::Pow, Value::Int(b)) => {
                u32::try_from(*b).ok().and_then(|b| a.checked_pow(b)).map(Value::Int)
            }
            (Value::Int(a), Operator::LShift, Value::Int(b)) => {
                u32::try_from(*b).ok().filter(|b| *b < 100).and_then(|b| a.checked_shl(b)).map(Value::Int)
            }
            (Value::Int(a), Operator::BitOr, Value::Int(b)) => Some(Value::Int(a | b)),
            (Value::Int(a), Operator::BitAnd, Value::Int(b)) => Some(Value::Int(a & b)),
            (Value::Float(_) | Value::Int(_), _, Value::Float(_) | Value::Int(_)) => {
                float_operation(&left, operator, &right)
            }
            (Value::Str(a), Operator::Add, Value::Str(b)) => Some(Value::str(format!("{a}{b}"))),
            (Value::Bytes(a), Operator::Add, Value::Bytes(b)) => {
                Some(Value::Bytes(a.iter().chain(b.iter()).copied().collect::<Vec<_>>().into()))
            }
            (Value::Str(text), Operator::Mult, Value::Int(times)) => usize::try_from(*times)
                .ok()
                .filter(|times| times * text.len() < 100_000)
                .map(|times| Value::str(text.repeat(times))),
            (Value::Str(template), Operator::Mod, _) => self.percent(template, &right),
            (Value::List(_), Operator::Add, Value::List(_)) => {
                let mut items = self.iterate(&left).unwrap_or_default();
                items.extend(self.iterate(&right).unwrap_or_default());
                Some(self.heap.list(items))
            }
            // A list plus something not known keeps what is known of it, and the mark that there is more.
            (Value::List(_), Operator::Add, Value::Unknown(_) | Value::Opaque(_)) => {
                let mut items = self.iterate(&left).unwrap_or_default();
                items.push(Value::unknown("extended by something not known"));
                Some(self.heap.list(items))
            }
            (Value::Unknown(_) | Value::Opaque(_), Operator::Add, Value::List(_)) => {
                let mut items = vec![Value::unknown("extended by something not known")];
                items.extend(self.iterate(&right).unwrap_or_default());
                Some(self.heap.list(items))
            }
            (Value::Tuple(items), Operator::Add, Value::Unknown(_) | Value::Opaque(_)) => {
                let more = Value::unknown("extended by something not known");
                Some(Value::tuple(items.iter().cloned().chain([more]).collect()))
            }
            (Value::Unknown(_) | Value::Opaque(_), Operator::Add, Value::Tuple(items)) => {
                let more = Value::unknown("extended by something not known");
                Some(Value::tuple(std::iter::once(more).chain(items.iter().cloned()).collect()))
            }
            (Value::Tuple(a), Operator::Add, Value::Tuple(b)) => {
                Some(Value::tuple(a.iter().chain(b.iter()).cloned().collect()))
            }
            (Value::List(_), Operator::Mult, Value::Int(times)) => {
                let items = self.iterate(&left).unwrap_or_default();
                let times = usize::try_from(*times).unwrap_or(0).min(1000);
                Some(self.heap.list(std::iter::repeat_n(items, times).flatten().collect()))
            }
            (Value::Dict(_), Operator::BitOr, Value::Dict(_)) => {
                let merged = self.heap.dict(Dict::default());
                self.update_dict(&merged, &left);
                self.update_dict(&merged, &right);
                Some(merged)
            }
            (Value::Set(_), Operator::BitOr | Operator::Sub | Operator::BitAnd, Value::Set(_)) => {
                Some(self.set_operation(&left, operator, &right))
            }
            _ => None,
        };
        if let Some(result) = result {
            return Ok(result);
        }
        let (method, reflected) = dunder(operator);
        for (object, method, other) in [(&left, method, &right), (&right, reflected, &left)] {
            if let Value::Instance(_) = object
                && let Some(method) = self.attribute(object, method)?
                && !method.is_unknown()
            {
                return self.call(&method, vec![other.clone()], Vec::new(), None);
            }
        }
        Ok(match (&left, &right) {
            (Value::Unknown(_), _) => left,
            (_, Value::Unknown(_)) => right,
            _ => Value::unknown("an operator on something not known"),
        })
    }

    fn set_operation(&mut self, left: &Value, operator: Operator, right: &Value) -> Value {
        let (Value::Set(left), Value::Set(right)) = (left, right) else { return Value::unknown("not a set") };
        let (Object::Set(left), Object::Set(right)) = (self.heap.object(*left), self.heap.object(*right)) else {
            return Value::unknown("not a set");
        };
        let mut result = left.clone();
        match operator {
            Operator::BitOr => result.extend(right.iter().map(|(key, value)| (key.clone(), value.clone()))),
            Operator::Sub => result.retain(|key, _| !right.contains_key(key)),
            _ => result.retain(|key, _| right.contains_key(key)),
        }
        self.heap.set(result)
    }

    pub(crate) fn boolean(&mut self, operation: &'a ast::ExprBoolOp, frame: &mut Frame) -> Eval {
        if self.joins() {
            return self.boolean_joined(operation, frame);
        }
        let mut last = Value::None;
        let mut uncertain = false;
        for value in &operation.values {
            last = self.expression(value, frame)?;
            let decides = match (operation.op, self.truth(&last)) {
                (_, None) => {
                    uncertain = true;
                    false
                }
                (ast::BoolOp::And, Some(truth)) => !truth,
                (ast::BoolOp::Or, Some(truth)) => truth,
            };
            if decides {
                // `unknown and False` is false whatever the unknown is; `unknown or x` may be either.
                return Ok(match (uncertain, operation.op) {
                    (false, _) => last,
                    (true, ast::BoolOp::And) => Value::Bool(false),
                    (true, ast::BoolOp::Or) if matches!(last, Value::Bool(true)) => last,
                    (true, ast::BoolOp::Or) => Value::unknown("one of several values"),
                });
            }
        }
        Ok(if uncertain && !last.is_unknown() { Value::unknown("depends on something not known") } else { last })
    }

    pub(crate) fn comparison(&mut self, comparison: &'a ast::ExprCompare, frame: &mut Frame) -> Eval {
        let mut left = self.expression(&comparison.left, frame)?;
        for (operator, side) in comparison.ops.iter().zip(&comparison.comparators) {
            let right = self.expression(side, frame)?;
            if matches!(operator, CmpOp::In | CmpOp::NotIn) {
                self.at_side(side, comparison);
            }
            match self.compare(&left, *operator, &right)? {
                Some(true) => left = right,
                Some(false) => return Ok(Value::Bool(false)),
                None => return Ok(Value::unknown("a comparison with something not known")),
            }
        }
        Ok(Value::Bool(true))
    }

    fn compare(&mut self, left: &Value, operator: CmpOp, right: &Value) -> Eval<Option<bool>> {
        let (left, right) = (&self.plain(left), &self.plain(right));
        Ok(match operator {
            CmpOp::Eq | CmpOp::NotEq => {
                if let Value::Instance(_) = left
                    && let Some(method @ (Value::Function(_) | Value::Bound(_))) = self.attribute(left, "__eq__")?
                {
                    let result = self.call(&method, vec![right.clone()], Vec::new(), None)?;
                    return Ok(self.truth(&result).map(|equal| equal == (operator == CmpOp::Eq)));
                }
                self.equal(left, right).map(|equal| equal == (operator == CmpOp::Eq))
            }
            CmpOp::Is | CmpOp::IsNot => {
                let same = match (left, right) {
                    (Value::Unknown(_) | Value::Opaque(_), _) | (_, Value::Unknown(_)) => None,
                    (_, Value::Opaque(_)) => None,
                    (Value::List(a), Value::List(b)) => Some(a == b),
                    (Value::Dict(a), Value::Dict(b)) => Some(a == b),
                    _ => self.equal(left, right),
                };
                same.map(|same| same == (operator == CmpOp::Is))
            }
            CmpOp::In | CmpOp::NotIn => self.contains(left, right).map(|inside| inside == (operator == CmpOp::In)),
            CmpOp::Lt | CmpOp::LtE | CmpOp::Gt | CmpOp::GtE => self.order(left, right).map(|ordering| match operator {
                CmpOp::Lt => ordering.is_lt(),
                CmpOp::LtE => ordering.is_le(),
                CmpOp::Gt => ordering.is_gt(),
                _ => ordering.is_ge(),
            }),
        })
    }

    pub(crate) fn order(&self, left: &Value, right: &Value) -> Option<std::cmp::Ordering> {
        match (left, right) {
            (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
            (Value::Str(a), Value::Str(b)) => Some(a.cmp(b)),
            (Value::Tuple(a), Value::Tuple(b)) => {
                for (a, b) in a.iter().zip(b.iter()) {
                    match self.order(a, b)? {
                        std::cmp::Ordering::Equal => {}
                        other => return Some(other),
                    }
                }
                Some(a.len().cmp(&b.len()))
            }
            (Value::Float(_) | Value::Int(_), Value::Float(_) | Value::Int(_)) => {
                as_float(left)?.partial_cmp(&as_float(right)?)
            }
            _ => None,
        }
    }

    pub(crate) fn contains(&mut self, item: &Value, container: &Value) -> Option<bool> {
        match container {
            Value::Str(text) => item.as_str().map(|part| text.contains(part)),
            Value::Dict(id) => {
                let key = self.key(item)?;
                let dict = self.heap.dict_of(*id)?;
                if dict.entries.contains_key(&key) {
                    Some(true)
                } else if dict.open {
                    None
                } else {
                    Some(false)
                }
            }
            // `name in globals()`.
            Value::Module(module) => {
                let scope = self.module(*module).scope;
                Some(self.heap.bound(scope, item.as_str()?).is_some())
            }
            _ => {
                let items = self.iterate(container)?;
                let mut result = Some(false);
                for other in &items {
                    match self.equal(item, other) {
                        Some(true) => return Some(true),
                        Some(false) => {}
                        None => result = None,
                    }
                }
                result
            }
        }
    }

    /// `str(value)`, when it is known.
    pub fn text_of(&mut self, value: &Value) -> Option<String> {
        Some(match self.plain(value) {
            Value::None => "None".to_owned(),
            Value::Bool(true) => "True".to_owned(),
            Value::Bool(false) => "False".to_owned(),
            Value::Int(int) => int.to_string(),
            Value::Float(float) => float_text(float),
            Value::Str(text) => text.to_string(),
            value @ Value::Instance(_) => {
                let method = self.attribute(&value, "__str__").ok()??;
                let text = self.call(&method, Vec::new(), Vec::new(), None).ok()?;
                text.as_str()?.to_owned()
            }
            _ => return None,
        })
    }

    /// `template % values`.
    fn percent(&mut self, template: &str, values: &Value) -> Option<Value> {
        let positional: Vec<Value> = match values {
            Value::Tuple(items) => items.to_vec(),
            other => vec![other.clone()],
        };
        let mut positional = positional.into_iter();
        let mut text = String::new();
        let mut rest = template;
        while let Some(at) = rest.find('%') {
            text.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix('%') {
                text.push('%');
                rest = after;
                continue;
            }
            let value = if let Some(named) = rest.strip_prefix('(') {
                let (name, after) = named.split_once(')')?;
                rest = after;
                let Value::Dict(id) = values else { return None };
                let dict = self.heap.dict_of(*id)?;
                dict.entries.get(&Key::Str(name.into())).map(|(_, value)| value.clone())?
            } else {
                positional.next()?
            };
            let mut chars = rest.chars();
            match chars.next()? {
                's' | 'd' | 'i' => text.push_str(&self.text_of(&value)?),
                _ => return None,
            }
            rest = chars.as_str();
        }
        text.push_str(rest);
        Some(Value::str(text))
    }

    /// `template.format(...)`, for plain fields (`{}`, `{0}`, `{name}`, `{name.attribute}`).
    pub(crate) fn format(
        &mut self,
        template: &str,
        args: &[Value],
        kwargs: &[(crate::value::Name, Value)],
    ) -> Option<Value> {
        let mut text = String::new();
        let mut chars = template.chars().peekable();
        let mut automatic = 0;
        while let Some(char) = chars.next() {
            match char {
                '{' if chars.peek() == Some(&'{') => {
                    chars.next();
                    text.push('{');
                }
                '}' if chars.peek() == Some(&'}') => {
                    chars.next();
                    text.push('}');
                }
                '{' => {
                    let field: String = chars.by_ref().take_while(|char| *char != '}').collect();
                    if field.contains([':', '!', '[']) {
                        return None;
                    }
                    let mut parts = field.split('.');
                    let first = parts.next().unwrap_or_default();
                    let mut value = if first.is_empty() {
                        automatic += 1;
                        args.get(automatic - 1)?.clone()
                    } else if let Ok(index) = first.parse::<usize>() {
                        args.get(index)?.clone()
                    } else {
                        kwargs.iter().find(|(name, _)| name == first).map(|(_, value)| value.clone())?
                    };
                    for part in parts {
                        value = self.attribute(&value, part).ok()??;
                    }
                    text.push_str(&self.text_of(&value)?);
                }
                other => text.push(other),
            }
        }
        Some(Value::str(text))
    }
}

fn float_operation(left: &Value, operator: Operator, right: &Value) -> Option<Value> {
    let (a, b) = (as_float(left)?, as_float(right)?);
    Some(Value::Float(match operator {
        Operator::Add => a + b,
        Operator::Sub => a - b,
        Operator::Mult => a * b,
        Operator::Div if b != 0.0 => a / b,
        Operator::Pow => a.powf(b),
        _ => return None,
    }))
}

pub(crate) fn as_float(value: &Value) -> Option<f64> {
    match value {
        Value::Int(int) => Some(*int as f64),
        Value::Float(float) => Some(*float),
        _ => None,
    }
}

fn float_text(float: f64) -> String {
    if float == float.trunc() && float.abs() < 1e16 { format!("{float:.1}") } else { float.to_string() }
}

fn dunder(operator: Operator) -> (&'static str, &'static str) {
    match operator {
        Operator::Add => ("__add__", "__radd__"),
        Operator::Sub => ("__sub__", "__rsub__"),
        Operator::Mult => ("__mul__", "__rmul__"),
        Operator::MatMult => ("__matmul__", "__rmatmul__"),
        Operator::Div => ("__truediv__", "__rtruediv__"),
        Operator::Mod => ("__mod__", "__rmod__"),
        Operator::Pow => ("__pow__", "__rpow__"),
        Operator::LShift => ("__lshift__", "__rlshift__"),
        Operator::RShift => ("__rshift__", "__rrshift__"),
        Operator::BitOr => ("__or__", "__ror__"),
        Operator::BitXor => ("__xor__", "__rxor__"),
        Operator::BitAnd => ("__and__", "__rand__"),
        Operator::FloorDiv => ("__floordiv__", "__rfloordiv__"),
    }
}
