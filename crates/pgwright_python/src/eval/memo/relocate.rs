//! Copies of what lies on the heap with every index of it replaced: how a remembered call is kept apart from the heap it was made on.

use std::sync::Arc;

use crate::journal::{Kind, Thing};
use crate::value::{
    Class, ClassId, Dict, Function, FunctionId, Instance, Key, Name, Names, Object, ObjectId, Scope, ScopeId, SuperOf,
    Value,
};

/// Replaces indices from `limits` on, by [`Kind::index`]; smaller ones stay. None where one has nothing to replace it.
pub(super) struct Relocation<F> {
    pub(super) limits: [u32; 4],
    pub(super) to: F,
}

impl<F: FnMut(Kind, u32) -> Option<u32>> Relocation<F> {
    fn id(&mut self, kind: Kind, id: u32) -> Option<u32> {
        if id < self.limits[kind.index()] { Some(id) } else { (self.to)(kind, id) }
    }

    fn object_id(&mut self, id: ObjectId) -> Option<ObjectId> {
        self.id(Kind::Object, id.0).map(ObjectId)
    }

    fn class_id(&mut self, id: ClassId) -> Option<ClassId> {
        self.id(Kind::Class, id.0).map(ClassId)
    }

    fn function_id(&mut self, id: FunctionId) -> Option<FunctionId> {
        self.id(Kind::Function, id.0).map(FunctionId)
    }

    fn scope_id(&mut self, id: ScopeId) -> Option<ScopeId> {
        self.id(Kind::Scope, id.0).map(ScopeId)
    }

    /// Whether a value holds an index to replace.
    fn moves(&self, value: &Value) -> bool {
        match value {
            Value::List(id) | Value::Dict(id) | Value::Set(id) | Value::Instance(id) => id.0 >= self.limits[0],
            Value::Class(id) => id.0 >= self.limits[1],
            Value::Function(id) => id.0 >= self.limits[2],
            Value::Tuple(items) | Value::Union(items) => items.iter().any(|item| self.moves(item)),
            Value::Each(inner) | Value::Descriptor(_, inner) => self.moves(inner),
            Value::Foreign(foreign) => foreign.fingerprint().is_none(),
            Value::Bound(bound) => self.moves(&bound.0) || self.moves(&bound.1),
            Value::NativeMethod(method) => self.moves(&method.0),
            Value::Super(of) => of.after.0 >= self.limits[1] || of.of.0 >= self.limits[1] || self.moves(&of.receiver),
            _ => false,
        }
    }

    pub(super) fn value(&mut self, value: &Value) -> Option<Value> {
        if !self.moves(value) {
            return Some(value.clone());
        }
        Some(match value {
            // What it refers to cannot be replaced.
            Value::Foreign(_) => return None,
            Value::List(id) => Value::List(self.object_id(*id)?),
            Value::Dict(id) => Value::Dict(self.object_id(*id)?),
            Value::Set(id) => Value::Set(self.object_id(*id)?),
            Value::Instance(id) => Value::Instance(self.object_id(*id)?),
            Value::Class(id) => Value::Class(self.class_id(*id)?),
            Value::Function(id) => Value::Function(self.function_id(*id)?),
            Value::Tuple(items) => Value::Tuple(self.values(items)?.into()),
            Value::Union(items) => Value::Union(self.values(items)?.into()),
            Value::Each(inner) => Value::Each(Arc::new(self.value(inner)?)),
            Value::Descriptor(kind, inner) => Value::Descriptor(*kind, Arc::new(self.value(inner)?)),
            Value::Bound(bound) => Value::Bound(Arc::new((self.value(&bound.0)?, self.value(&bound.1)?))),
            Value::NativeMethod(method) => Value::NativeMethod(Arc::new((self.value(&method.0)?, method.1.clone()))),
            Value::Super(of) => Value::Super(Arc::new(SuperOf {
                after: self.class_id(of.after)?,
                of: self.class_id(of.of)?,
                receiver: self.value(&of.receiver)?,
            })),
            other => other.clone(),
        })
    }

    fn values(&mut self, values: &[Value]) -> Option<Vec<Value>> {
        values.iter().map(|value| self.value(value)).collect()
    }

    fn names(&mut self, names: &Names) -> Option<Names> {
        names.iter().map(|(name, value)| Some((name.clone(), self.value(value)?))).collect()
    }

    fn pairs(&mut self, pairs: &[(Name, Value)]) -> Option<Vec<(Name, Value)>> {
        pairs.iter().map(|(name, value)| Some((name.clone(), self.value(value)?))).collect()
    }

    fn classes(&mut self, classes: &[ClassId]) -> Option<Vec<ClassId>> {
        classes.iter().map(|class| self.class_id(*class)).collect()
    }

    fn key(&mut self, key: &Key) -> Option<Key> {
        Some(match key {
            Key::Tuple(keys) => Key::Tuple(keys.iter().map(|key| self.key(key)).collect::<Option<_>>()?),
            Key::Object(id) => Key::Object(self.object_id(*id)?),
            Key::Class(id) => Key::Class(self.class_id(*id)?),
            Key::Function(id) => Key::Function(self.function_id(*id)?),
            other => other.clone(),
        })
    }

    pub(super) fn object<'a>(&mut self, object: &Object<'a>) -> Option<Object<'a>> {
        Some(match object {
            Object::List(items) => Object::List(self.values(items)?),
            Object::Dict(dict) => {
                let entries = dict
                    .entries
                    .iter()
                    .map(|(key, (written, value))| Some((self.key(key)?, (self.value(written)?, self.value(value)?))))
                    .collect::<Option<_>>()?;
                Object::Dict(Dict { entries, open: dict.open })
            }
            Object::Set(items) => Object::Set(
                items.iter().map(|(key, value)| Some((self.key(key)?, self.value(value)?))).collect::<Option<_>>()?,
            ),
            Object::Instance(instance) => Object::Instance(Instance {
                class: self.class_id(instance.class)?,
                attributes: self.names(&instance.attributes)?,
                args: self.values(&instance.args)?,
                kwargs: self.pairs(&instance.kwargs)?,
                call: instance.call,
            }),
        })
    }

    pub(super) fn thing<'a>(&mut self, thing: &Thing<'a>) -> Option<Thing<'a>> {
        Some(match thing {
            Thing::Object(object) => Thing::Object(self.object(object)?),
            Thing::Class(class) => Thing::Class(Box::new(Class {
                bases: self.classes(&class.bases)?,
                mro: self.classes(&class.mro)?,
                attributes: self.names(&class.attributes)?,
                metaclass: match class.metaclass {
                    Some(metaclass) => Some(self.class_id(metaclass)?),
                    None => None,
                },
                ..(**class).clone()
            })),
            Thing::Function(function) => Thing::Function(Box::new(Function {
                closure: self.scope_id(function.closure)?,
                class: match function.class {
                    Some(class) => Some(self.class_id(class)?),
                    None => None,
                },
                defaults: self.pairs(&function.defaults)?,
                attributes: self.names(&function.attributes)?,
                ..(**function).clone()
            })),
            Thing::Scope(scope) => Thing::Scope(Box::new(Scope {
                names: self.names(&scope.names)?,
                parent: match scope.parent {
                    Some(parent) => Some(self.scope_id(parent)?),
                    None => None,
                },
                module: scope.module,
                globals: scope.globals.clone(),
                class_body: scope.class_body,
            })),
            Thing::Opaque(path) => Thing::Opaque(path.clone()),
        })
    }
}
