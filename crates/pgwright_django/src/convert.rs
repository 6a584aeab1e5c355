//! From values of evaluation to the plain values of the model graph.

use pgwright_python::Evaluator;
use pgwright_python::value::{ClassId, Name, Object, Value as Evaluated};

use crate::model::{Call, Combined, Value};
use crate::queries::domain::{QUERY, QueryState, ROW, Row};

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
        // Nested alternatives are not told apart: the first that is something stands for all.
        Evaluated::Union(alternatives) => {
            let one = alternatives.iter().find(|one| !matches!(one, Evaluated::None)).unwrap_or(&alternatives[0]);
            to_value(evaluator, one, depth + 1)
        }
        Evaluated::Unknown(reason) => Value::Unknown(reason.to_string()),
        _ => Value::Unknown("not a plain value".to_owned()),
    }
}

fn all(evaluator: &mut Evaluator<'_>, items: &[Evaluated], depth: u32) -> Vec<Value> {
    items.iter().map(|item| to_value(evaluator, item, depth + 1)).collect()
}

fn instance(evaluator: &mut Evaluator<'_>, id: pgwright_python::value::ObjectId, depth: u32) -> Value {
    if let Some(state) = evaluator.heap.own(id, QUERY).and_then(|value| value.foreign::<QueryState>()) {
        return match &state.query {
            Ok(query) => Value::Query(query.clone()),
            Err(reason) => Value::Unknown(reason.to_string()),
        };
    }
    if let Some(Evaluated::Foreign(row)) = evaluator.heap.own(id, ROW)
        && let Some(row) = row.get::<Row>()
    {
        return Value::Instance(row.model);
    }
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
    if mro.iter().any(|path| path == "django.db.models.query_utils.Q")
        && let Some(added) = evaluator.heap.instance(id).and_then(|q| q.attributes.get("_added").cloned())
    {
        return added_to(evaluator, mro, args, kwargs, &added, depth);
    }
    let own = mro.first().is_some_and(|path| !path.starts_with("django."));
    let is_function = ["django.db.models.expressions.Func", "django.db.models.expressions.Subquery"]
        .iter()
        .any(|base| mro.iter().any(|path| path == base));
    if own && is_function {
        return own_function(evaluator, id, class, mro, depth);
    }
    let args = all(evaluator, &args, depth);
    let kwargs = kwargs
        .into_iter()
        .map(|(name, value): (Name, Evaluated)| (name.to_string(), to_value(evaluator, &value, depth + 1)))
        .collect();
    Value::Call(Box::new(Call { class: mro.first().cloned().unwrap_or_default(), mro, args, kwargs }))
}

/// A function of the project: what reaches `Func.__init__`, and what its classes say of name and template.
fn own_function(
    evaluator: &mut Evaluator<'_>,
    id: pgwright_python::value::ObjectId,
    class: ClassId,
    mro: Vec<String>,
    depth: u32,
) -> Value {
    let (given, named) = match evaluator.heap.instance(id) {
        Some(instance) => {
            (instance.attributes.get("_expressions").cloned(), instance.attributes.get("_extra").cloned())
        }
        None => (None, None),
    };
    let args = match given.map(|given| to_value(evaluator, &given, depth + 1)) {
        Some(Value::Tuple(items) | Value::List(items)) => items,
        Some(other) => return Value::Unknown(unknown_reason(other, &mro)),
        None => return Value::Unknown(unknown_reason(Value::None, &mro)),
    };
    let mut kwargs: Vec<(String, Value)> = match named.map(|named| to_value(evaluator, &named, depth + 1)) {
        Some(Value::Dict(entries)) => {
            entries.into_iter().filter_map(|(key, value)| Some((key.as_str()?.to_owned(), value))).collect()
        }
        _ => Vec::new(),
    };
    for name in ["function", "template", "arg_joiner", "output_field"] {
        if kwargs.iter().any(|(key, _)| key == name) {
            continue;
        }
        let of_instance = evaluator.heap.instance(id).and_then(|object| object.attributes.get(name).cloned());
        let found = match of_instance {
            Some(value) => Some(value),
            None => evaluator
                .heap
                .find_in_class(class, name)
                .map(|(owner, value)| (owner, value.clone()))
                .and_then(|(owner, value)| (!evaluator.class_path(owner).starts_with("django.")).then_some(value)),
        };
        let Some(found) = found else { continue };
        match to_value(evaluator, &found, depth + 1) {
            // `output_field` as a property or method: what it gives depends on the arguments.
            Value::Path(_) | Value::Lambda | Value::None => {}
            value => kwargs.push((name.to_owned(), value)),
        }
    }
    Value::Call(Box::new(Call { class: mro.first().cloned().unwrap_or_default(), mro, args, kwargs }))
}

fn unknown_reason(value: Value, mro: &[String]) -> String {
    match value {
        Value::Unknown(reason) => reason,
        _ => format!("the arguments of {}", mro.first().map_or("a function", String::as_str)),
    }
}

/// `Q.add()` changes a `Q`: each addition joins one more.
fn added_to(
    evaluator: &mut Evaluator<'_>,
    mro: Vec<String>,
    args: Vec<Evaluated>,
    kwargs: Vec<(Name, Evaluated)>,
    added: &Evaluated,
    depth: u32,
) -> Value {
    let args = all(evaluator, &args, depth);
    let kwargs = kwargs.into_iter().map(|(name, value)| (name.to_string(), to_value(evaluator, &value, depth + 1)));
    let kwargs = kwargs.collect();
    let mut q = Value::Call(Box::new(Call { class: mro.first().cloned().unwrap_or_default(), mro, args, kwargs }));
    let Value::Tuple(additions) = to_value(evaluator, added, depth + 1) else {
        return Value::Unknown("what was added to a Q".to_owned());
    };
    for addition in additions {
        let Value::Tuple(pair) = addition else { return Value::Unknown("what was added to a Q".to_owned()) };
        let operator = match pair.first().and_then(Value::as_str) {
            Some("AND") => "&",
            Some("OR") => "|",
            Some("XOR") => "^",
            _ => return Value::Unknown("how a condition was added to a Q".to_owned()),
        };
        let right = pair.into_iter().nth(1).unwrap_or(Value::None);
        q = Value::Combined(Box::new(Combined { operator: operator.to_owned(), left: q, right }));
    }
    q
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
