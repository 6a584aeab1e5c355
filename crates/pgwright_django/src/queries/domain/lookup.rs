//! Values in templates: variables as `django.template.base.Variable` resolves them, filters, and conditions.

use pgwright_python::eval::{Eval, Evaluator, Flow};
use pgwright_python::modules::ModuleOrigin;
use pgwright_python::value::{ClassId, Definition, FunctionId, Key, Value};

use super::Orm;
use super::rendering::Scene;
use crate::templates::expression::{Condition, Filtered, Operand, Operator};

/// Django's methods that change data and that templates therefore do not call.
const ALTERING: &[&str] = &[
    "add",
    "aadd",
    "asave",
    "bulk_create",
    "bulk_update",
    "clear",
    "create",
    "delete",
    "adelete",
    "get_or_create",
    "remove",
    "save",
    "save_base",
    "set",
    "set_password",
    "update",
    "update_or_create",
];

/// Filters whose functions are called otherwise than they.
const RENAMED: &[(&str, &str)] = &[("slice", "slice_filter")];

/// What a condition of Python's `and`, `or`, `not` is known to be.
type Truth = Option<bool>;

impl<'a> Orm<'a> {
    /// The value of a filter expression.
    pub(super) fn filtered(&self, evaluator: &mut Evaluator<'a>, scene: &Scene, expression: &Filtered) -> Eval {
        let mut value = self.operand(evaluator, scene, &expression.operand)?;
        for filter in &expression.filters {
            let mut args = vec![value];
            if let Some(argument) = &filter.argument {
                args.push(self.operand(evaluator, scene, argument)?);
            }
            value = self.filter(evaluator, scene, &filter.name, args)?;
        }
        Ok(value)
    }

    fn filter(&self, evaluator: &mut Evaluator<'a>, scene: &Scene, name: &str, args: Vec<Value>) -> Eval {
        let function = match self.registered(evaluator, scene, "filters", name) {
            Some(function) => Some(function),
            None => {
                let name = RENAMED.iter().find(|(filter, _)| *filter == name).map_or(name, |(_, function)| function);
                let module = evaluator.import("django.template.defaultfilters");
                module.and_then(|module| evaluator.module_attribute(module, name))
            }
        };
        match function {
            Some(function) if matches!(function, Value::Function(_) | Value::Bound(_)) => {
                self.quiet(evaluator, |evaluator| evaluator.call(&function, args, Vec::new(), None))
            }
            // What only makes another text of a text.
            _ if matches!(name, "safe" | "unlocalize" | "localize" | "escape") => {
                Ok(args.into_iter().next().unwrap_or(Value::None))
            }
            _ => Ok(Value::unknown(format!("what the filter `{name}` gives"))),
        }
    }

    /// What something gives; not known where it raises.
    fn quiet(&self, evaluator: &mut Evaluator<'a>, work: impl FnOnce(&mut Evaluator<'a>) -> Eval) -> Eval {
        match work(evaluator) {
            Err(Flow::Exhausted) => Err(Flow::Exhausted),
            Err(_) => Ok(Value::unknown("something was raised")),
            value => value,
        }
    }

    fn operand(&self, evaluator: &mut Evaluator<'a>, scene: &Scene, operand: &Operand) -> Eval {
        Ok(match operand {
            Operand::Text(text) => Value::Str(text.clone()),
            Operand::Int(int) => Value::Int(*int),
            Operand::Float(float) => Value::Float(*float),
            Operand::Variable(path) => {
                let Some((first, rest)) = path.split_first() else { return Ok(Value::None) };
                let mut value = match &**first {
                    "None" => Value::None,
                    "True" => Value::Bool(true),
                    "False" => Value::Bool(false),
                    "" => return Ok(Value::unknown("no variable")),
                    name => match evaluator.heap.dict_get(scene.names, name).cloned() {
                        Some(value) => self.called(evaluator, value)?,
                        None => return Ok(Value::unknown(format!("`{name}` in a template"))),
                    },
                };
                for part in rest {
                    evaluator.spend()?;
                    value = self.step(evaluator, value, part)?;
                }
                value
            }
        })
    }

    /// `value.path`
    pub(super) fn follow(&self, evaluator: &mut Evaluator<'a>, value: Value, path: &str) -> Eval {
        path.split('.').try_fold(value, |value, part| self.step(evaluator, value, part))
    }

    /// One part of a variable's path: a key, an attribute or an index, called when it can be.
    fn step(&self, evaluator: &mut Evaluator<'a>, value: Value, part: &str) -> Eval {
        if let Value::Union(alternatives) = &value {
            return evaluator.over(alternatives, |evaluator, one| match one {
                Value::None | Value::Absent => Err(Flow::Break),
                one => self.step(evaluator, one.clone(), part),
            });
        }
        let found = self.quiet(evaluator, |evaluator| self.found(evaluator, &value, part))?;
        self.called(evaluator, found)
    }

    fn found(&self, evaluator: &mut Evaluator<'a>, value: &Value, part: &str) -> Eval {
        let index = part.parse::<i128>().ok().map(Value::Int);
        match (value, index) {
            (Value::Unknown(_) | Value::Opaque(_), _) => return Ok(value.clone()),
            (Value::Dict(id), _) => {
                let key = Key::Str(part.into());
                let known = evaluator.heap.dict_of(*id).is_some_and(|dict| dict.entries.contains_key(&key));
                let is_method = matches!(part, "items" | "keys" | "values");
                if known || !is_method {
                    return evaluator.look_up(value, &Value::str(part));
                }
            }
            (_, Some(index)) => return evaluator.look_up(value, &index),
            (Value::Instance(id), None) => {
                let Some(class) = evaluator.heap.class_of(*id) else { return Ok(Value::None) };
                let is_set = evaluator.heap.own(*id, part).is_some();
                let of_class = |name: &str| evaluator.heap.find_in_class(class, name).map(|(_, value)| value);
                // Django asks for the item first. Methods are rarely also keys, and which keys there are is known less often. Fields of a
                // form are attributes of its class only until that is made.
                let is_attribute = is_set || !matches!(of_class(part), None | Some(Value::Instance(_)));
                let is_indexed = !is_attribute && of_class("__getitem__").is_some() && !self.is_query(evaluator, class);
                if is_indexed {
                    let found = evaluator.look_up(value, &Value::str(part))?;
                    if !found.is_unknown() {
                        return Ok(found);
                    }
                }
            }
            _ => {}
        }
        Ok(evaluator.attribute(value, part)?.unwrap_or_else(|| Value::unknown(format!("`{part}` in a template"))))
    }

    fn is_query(&self, evaluator: &Evaluator<'a>, class: ClassId) -> bool {
        evaluator.heap.is_subclass(class, self.known.queryset) || self.known.is_manager(evaluator, class)
    }

    /// What a value gives in a template: what can be called without arguments is.
    fn called(&self, evaluator: &mut Evaluator<'a>, value: Value) -> Eval {
        let is_called = match &value {
            Value::Function(function) => Self::is_callable(evaluator, *function, 0),
            Value::Bound(bound) => match &bound.1 {
                Value::Function(function) => Self::is_callable(evaluator, *function, 1),
                Value::Native(_) => true,
                _ => false,
            },
            Value::NativeMethod(_) => true,
            Value::Class(class) => {
                let class = evaluator.heap.class(*class);
                class.members.is_empty() && !class.attributes.contains_key("do_not_call_in_templates")
            }
            Value::Instance(id) => evaluator.heap.class_of(*id).is_some_and(|class| {
                let found = |name: &str| evaluator.heap.find_in_class(class, name).is_some();
                found("__call__") && !found("do_not_call_in_templates") && !found("alters_data")
            }),
            Value::Union(alternatives) => {
                let alternatives = alternatives.clone();
                return evaluator.over(&alternatives, |evaluator, one| self.called(evaluator, one.clone()));
            }
            _ => false,
        };
        if !is_called {
            return Ok(match value {
                Value::Function(_) | Value::Bound(_) => Value::unknown("what templates do not call"),
                value => value,
            });
        }
        self.quiet(evaluator, |evaluator| evaluator.call(&value, Vec::new(), Vec::new(), None))
    }

    /// Whether templates call a function that has this many arguments bound.
    fn is_callable(evaluator: &Evaluator<'a>, id: FunctionId, bound: usize) -> bool {
        let function = evaluator.heap.function(id);
        let flag = |name: &str| function.attributes.get(name).is_some_and(|flag| matches!(flag, Value::Bool(true)));
        let is_own = evaluator.module(function.module).origin == ModuleOrigin::Project;
        let alters = flag("alters_data") || !is_own && ALTERING.contains(&function.name.as_str());
        let parameters = match function.definition {
            Definition::Def(def) => &def.parameters,
            Definition::Lambda(lambda) => match &lambda.parameters {
                Some(parameters) => parameters,
                None => return !alters,
            },
        };
        let positional = parameters.posonlyargs.iter().chain(&parameters.args);
        let required = positional.filter(|parameter| parameter.default.is_none()).count();
        let keywords = parameters.kwonlyargs.iter().filter(|parameter| parameter.default.is_none()).count();
        !alters && !flag("do_not_call_in_templates") && required <= bound && keywords == 0
    }

    /// Whether a condition holds; none when that is not known.
    pub(super) fn condition(&self, evaluator: &mut Evaluator<'a>, scene: &Scene, condition: &Condition) -> Eval<Truth> {
        Ok(match condition {
            Condition::Not(one) => self.condition(evaluator, scene, one)?.map(|truth| !truth),
            Condition::And(one, other) => match self.condition(evaluator, scene, one)? {
                Some(false) => Some(false),
                first => match (first, self.condition(evaluator, scene, other)?) {
                    (_, Some(false)) => Some(false),
                    (Some(true), second) => second,
                    _ => None,
                },
            },
            Condition::Or(one, other) => match self.condition(evaluator, scene, one)? {
                Some(true) => Some(true),
                first => match (first, self.condition(evaluator, scene, other)?) {
                    (_, Some(true)) => Some(true),
                    (Some(false), second) => second,
                    _ => None,
                },
            },
            Condition::Value(_) => {
                let value = self.compared(evaluator, scene, condition)?;
                evaluator.ask_truth(&value)?
            }
            Condition::Compare(operator, one, other) => {
                let one = self.compared(evaluator, scene, one)?;
                let other = self.compared(evaluator, scene, other)?;
                self.compare(evaluator, *operator, &one, &other)?
            }
        })
    }

    /// The value of one side of a comparison.
    fn compared(&self, evaluator: &mut Evaluator<'a>, scene: &Scene, condition: &Condition) -> Eval {
        match condition {
            Condition::Value(value) => self.filtered(evaluator, scene, value),
            other => Ok(match self.condition(evaluator, scene, other)? {
                Some(truth) => Value::Bool(truth),
                None => Value::unknown("whether a condition holds"),
            }),
        }
    }

    fn compare(&self, evaluator: &mut Evaluator<'a>, operator: Operator, one: &Value, other: &Value) -> Eval<Truth> {
        Ok(match operator {
            Operator::Equal => evaluator.equal(one, other),
            Operator::NotEqual => evaluator.equal(one, other).map(|equal| !equal),
            Operator::Is | Operator::IsNot => {
                let same = match (one, other) {
                    (Value::None, Value::None) => Some(true),
                    (Value::None, Value::Instance(_) | Value::Str(_))
                    | (Value::Instance(_) | Value::Str(_), Value::None) => Some(false),
                    _ => None,
                };
                same.map(|same| same == (operator == Operator::Is))
            }
            Operator::In | Operator::NotIn => {
                if let Value::Instance(_) = other {
                    evaluator.call_named(other, "__contains__", vec![one.clone()])?;
                }
                None
            }
            Operator::Order => None,
        })
    }
}
