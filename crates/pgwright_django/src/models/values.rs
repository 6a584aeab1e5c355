//! Reading single facts off evaluated classes and instances.

use pgwright_python::Evaluator;
use pgwright_python::value::{ClassId, ObjectId, Value};

use crate::convert::{mro_paths, to_value};
use crate::model::Call;

/// A class attribute that must be a string.
pub(crate) fn class_str(evaluator: &mut Evaluator<'_>, class: ClassId, name: &str) -> Option<String> {
    match class_value(evaluator, class, name)? {
        Value::Str(text) => Some(text.to_string()),
        _ => None,
    }
}

pub(crate) fn class_bool(evaluator: &mut Evaluator<'_>, class: ClassId, name: &str) -> Option<bool> {
    match class_value(evaluator, class, name)? {
        Value::Bool(bool) => Some(bool),
        _ => None,
    }
}

pub(crate) fn class_value(evaluator: &mut Evaluator<'_>, class: ClassId, name: &str) -> Option<Value> {
    let (_, value) = evaluator.heap.find_in_class(class, name)?;
    let value = value.clone();
    Some(evaluator.plain(&value))
}

/// An attribute of an instance: its own, or its class's. Properties are not run.
pub(crate) fn attribute(evaluator: &Evaluator<'_>, object: ObjectId, name: &str) -> Option<Value> {
    let instance = evaluator.heap.instance(object)?;
    let found = instance
        .attributes
        .get(name)
        .or_else(|| evaluator.heap.find_in_class(instance.class, name).map(|(_, value)| value))?;
    Some(evaluator.plain(found))
}

pub(crate) fn attribute_bool(evaluator: &Evaluator<'_>, object: ObjectId, name: &str) -> Option<bool> {
    match attribute(evaluator, object, name)? {
        Value::Unknown(_) => None,
        value => evaluator.truth(&value),
    }
}

pub(crate) fn attribute_str(evaluator: &Evaluator<'_>, object: ObjectId, name: &str) -> Option<String> {
    match attribute(evaluator, object, name)? {
        Value::Str(text) => Some(text.to_string()),
        _ => None,
    }
}

pub(crate) fn attribute_u32(evaluator: &Evaluator<'_>, object: ObjectId, name: &str) -> Option<u32> {
    match attribute(evaluator, object, name)? {
        Value::Int(int) => u32::try_from(int).ok(),
        _ => None,
    }
}

/// What the class of an object was called with.
pub(crate) fn declaration(evaluator: &mut Evaluator<'_>, object: ObjectId) -> Option<Box<Call>> {
    let instance = evaluator.heap.instance(object)?;
    let (class, args, kwargs) = (instance.class, instance.args.clone(), instance.kwargs.clone());
    let mro = mro_paths(evaluator, class);
    let args = args.iter().map(|value| to_value(evaluator, value, 1)).collect();
    let kwargs = kwargs.iter().map(|(name, value)| (name.to_string(), to_value(evaluator, value, 1))).collect();
    Some(Box::new(Call { class: mro.first().cloned().unwrap_or_default(), mro, args, kwargs }))
}
