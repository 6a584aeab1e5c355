//! From values of evaluation to the plain values of the model graph.

use pgwright_python::Evaluator;
use pgwright_python::value::{ClassId, Name, Object, Value as Evaluated};

use crate::model::{Call, Combined, Value};

/// Nesting kept; deeper values are of no use to anyone.
const DEPTH: u32 = 64;

pub(crate) fn to_value(evaluator: &mut Evaluator<'_>, value: &Evaluated, depth: u32) -> Value {
    if depth > DEPTH {
        return Value::Unknown("nested too deeply".to_owned());
    }
    match evaluator.plain(value) {
        Evaluated::None => Value::None,
        Evaluated::Bool(bool) => Value::Bool(bool),
        Evaluated::Int(int) => Value::Int(int),
        Evaluated::Float(float) => Value::Float(float),
        Evaluated::Str(text) => Value::Str(text.to_string()),
        Evaluated::Bytes(bytes) => Value::Bytes(bytes.to_vec()),
        Evaluated::Tuple(items) => Value::Tuple(all(evaluator, &items, depth)),
        Evaluated::List(id) => {
            let items = evaluator.heap.list_items(id).to_vec();
            Value::List(all(evaluator, &items, depth))
        }
        set @ Evaluated::Set(_) => {
            let items = evaluator.set_items(&set);
            Value::Set(all(evaluator, &items, depth))
        }
        Evaluated::Dict(id) => {
            let entries = evaluator.heap.dict_of(id).map(|dict| dict.entries.clone()).unwrap_or_default();
            Value::Dict(
                entries
                    .into_values()
                    .map(|(key, value)| (to_value(evaluator, &key, depth + 1), to_value(evaluator, &value, depth + 1)))
                    .collect(),
            )
        }
        Evaluated::Class(class) => Value::Path(evaluator.class_path(class)),
        Evaluated::Function(function) => {
            let path = evaluator.function_path(function);
            if path.ends_with("<lambda>") { Value::Lambda } else { Value::Path(path) }
        }
        Evaluated::Bound(bound) => match (&bound.0, &bound.1) {
            (Evaluated::Class(class), Evaluated::Function(function)) => {
                let name = evaluator.heap.function(*function).name.clone();
                Value::Path(format!("{}.{name}", evaluator.class_path(*class)))
            }
            (_, Evaluated::Function(function)) => Value::Path(evaluator.function_path(*function)),
            _ => Value::Unknown("a bound method".to_owned()),
        },
        Evaluated::Native(name) => Value::Path(name.to_owned()),
        Evaluated::Opaque(path) => Value::Path(path.to_string()),
        Evaluated::Instance(id) => instance(evaluator, id, depth),
        Evaluated::Module(module) => Value::Path(evaluator.module(module).name.to_string()),
        Evaluated::Unknown(reason) => Value::Unknown(reason.to_string()),
        _ => Value::Unknown("not a plain value".to_owned()),
    }
}

fn all(evaluator: &mut Evaluator<'_>, items: &[Evaluated], depth: u32) -> Vec<Value> {
    items.iter().map(|item| to_value(evaluator, item, depth + 1)).collect()
}

fn instance(evaluator: &mut Evaluator<'_>, id: pgwright_python::value::ObjectId, depth: u32) -> Value {
    let Object::Instance(instance) = evaluator.heap.object(id) else {
        return Value::Unknown("not an instance".to_owned());
    };
    let (class, args, kwargs) = (instance.class, instance.args.clone(), instance.kwargs.clone());
    let mro = mro_paths(evaluator, class);
    // A member of an enumeration without a plain value: by its name.
    if !evaluator.heap.class(class).members.is_empty() {
        let name = evaluator.heap.instance(id).and_then(|member| member.attributes.get("name").cloned());
        let name = name.and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default();
        return Value::Path(format!("{}.{name}", mro.first().cloned().unwrap_or_default()));
    }
    if mro.iter().any(|path| path == "django.db.models.expressions.Combination") {
        let mut parts = args.iter().map(|part| to_value(evaluator, part, depth + 1));
        let (operator, left, right) = (parts.next(), parts.next(), parts.next());
        let operator = operator.and_then(|operator| operator.as_str().map(str::to_owned)).unwrap_or_default();
        return Value::Combined(Box::new(Combined {
            operator,
            left: left.unwrap_or(Value::None),
            right: right.unwrap_or(Value::None),
        }));
    }
    let args = all(evaluator, &args, depth);
    let kwargs = kwargs
        .into_iter()
        .map(|(name, value): (Name, Evaluated)| (name.to_string(), to_value(evaluator, &value, depth + 1)))
        .collect();
    Value::Call(Box::new(Call { class: mro.first().cloned().unwrap_or_default(), mro, args, kwargs }))
}

/// Dotted paths of a class's resolution order, `object` left out.
pub(crate) fn mro_paths(evaluator: &Evaluator<'_>, class: ClassId) -> Vec<String> {
    evaluator
        .heap
        .class(class)
        .mro
        .iter()
        .map(|class| evaluator.class_path(*class))
        .filter(|path| path != "object")
        .collect()
}
