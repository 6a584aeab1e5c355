//! Hashing what a query is made of and cannot derive it: evaluated values hold floats, functions have more to them than tells them apart.

use std::hash::{Hash, Hasher};

use super::build::functions::{Aggregate, Named};
use crate::model::{Call, Combined, Value};

impl Hash for Value {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Value::None | Value::Lambda => {}
            Value::Bool(value) => value.hash(state),
            Value::Int(value) => value.hash(state),
            Value::Float(value) => value.to_bits().hash(state),
            Value::Str(text) | Value::Path(text) | Value::Unknown(text) => text.hash(state),
            Value::Bytes(bytes) => bytes.hash(state),
            Value::List(items) | Value::Tuple(items) | Value::Set(items) => items.hash(state),
            Value::Dict(items) => items.hash(state),
            Value::Call(call) => {
                let Call { class, mro, args, kwargs } = &**call;
                (class, mro, args, kwargs).hash(state);
            }
            Value::Combined(combined) => {
                let Combined { operator, left, right } = &**combined;
                (operator, left, right).hash(state);
            }
            Value::Query(query) => query.hash(state),
            Value::Instance(model) => model.hash(state),
        }
    }
}

/// Django's functions are told apart by the class and what it writes.
impl Hash for Named {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.class, self.function, self.template).hash(state);
    }
}

impl Hash for Aggregate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.class, self.function).hash(state);
    }
}
