//! Attribute access: instances, classes, modules, `super()`, and what binding makes of functions.

use std::sync::Arc;

use super::{Eval, Evaluator, Flow};
use crate::value::{ClassId, Descriptor, Dict, Key, Name, Names, ObjectId, SuperOf, Value};

impl<'a> Evaluator<'a> {
    /// An attribute; unknown where it is missing, unless something is there to catch the `AttributeError`.
    pub(crate) fn attribute_or_unknown(&mut self, object: &Value, name: &Name) -> Eval {
        let found = match self.attribute(object, name) {
            // A property or `__getattr__` that raises is our lack of knowledge unless the code is ready for it.
            Err(Flow::Raise(_)) if self.tries == 0 || self.joins() => None,
            other => other?,
        };
        match found {
            Some(value) => Ok(value),
            None if self.tries > 0 && !self.joins() && self.is_closed(object) => {
                Err(self.raise("AttributeError", name))
            }
            None => Ok(Value::unknown(format!("the attribute `{name}` is not known"))),
        }
    }

    /// Whether all attributes of a value are seen, so that a missing one is really missing.
    pub(crate) fn is_closed(&self, object: &Value) -> bool {
        match object {
            Value::Class(class) => !self.heap.class(*class).open,
            Value::Instance(id) => self.heap.class_of(*id).is_some_and(|class| !self.heap.class(class).open),
            Value::Module(module) => !self.module(*module).open,
            Value::None | Value::Str(_) | Value::Int(_) | Value::Bool(_) | Value::Function(_) => true,
            _ => false,
        }
    }

    pub fn attribute(&mut self, object: &Value, name: &str) -> Eval<Option<Value>> {
        if self.joins()
            && let Some(domain) = self.domain.clone()
        {
            if matches!(object, Value::Instance(_) | Value::Class(_) | Value::Unknown(_))
                && let Some(found) = domain.attribute(self, object, name)?
            {
                return Ok(Some(found));
            }
            let found = self.attribute_itself(object, name)?;
            if found.is_none() && matches!(object, Value::Instance(_) | Value::Class(_)) {
                return domain.missing(self, object, name);
            }
            return Ok(found);
        }
        self.attribute_itself(object, name)
    }

    fn attribute_itself(&mut self, object: &Value, name: &str) -> Eval<Option<Value>> {
        Ok(match object {
            Value::Union(alternatives) => {
                let mut found = false;
                let value =
                    self.over(alternatives, |this, alternative| match this.attribute(alternative, name)? {
                        Some(value) if !matches!(alternative, Value::None | Value::Absent) => {
                            found = true;
                            Ok(value)
                        }
                        _ => Err(Flow::Break),
                    })?;
                found.then_some(value)
            }
            Value::Each(_) => Some(Value::NativeMethod(Arc::new((object.clone(), Name::new(name))))),
            Value::Instance(id) => return self.instance_attribute(*id, object, name),
            Value::Class(class) => return self.class_attribute(*class, name),
            Value::Module(module) => self.module_attribute(*module, name),
            Value::Opaque(path) => Some(Value::Opaque(format!("{path}.{name}").into())),
            Value::Unknown(_) => Some(object.clone()),
            Value::Super(of) => return self.super_attribute(&of.clone(), name),
            Value::Function(id) => {
                let function = self.heap.function(*id);
                match name {
                    "__name__" => Some(Value::str(function.name.as_str())),
                    "__qualname__" => Some(Value::Str(function.qualname.clone())),
                    "__module__" => Some(Value::str(&*self.module(function.module).name)),
                    "__doc__" => Some(Value::None),
                    _ => self.heap.own_of_function(*id, name).cloned(),
                }
            }
            Value::Bound(bound) => match name {
                "__self__" => Some(bound.0.clone()),
                "__func__" => Some(bound.1.clone()),
                _ => {
                    let function = bound.1.clone();
                    return self.attribute(&function, name);
                }
            },
            Value::Descriptor(..) => match name {
                // `@name.setter` gives the property back; see `decorate`.
                "setter" | "getter" | "deleter" => {
                    Some(Value::NativeMethod(Arc::new((object.clone(), Name::new(name)))))
                }
                _ => None,
            },
            Value::Str(_)
            | Value::Bytes(_)
            | Value::List(_)
            | Value::Dict(_)
            | Value::Set(_)
            | Value::Tuple(_)
            | Value::Int(_)
            | Value::Bool(_)
            | Value::Float(_) => {
                if name == "__class__" {
                    return Ok(Some(self.type_of(object)));
                }
                Self::has_method(object, name).then(|| Value::NativeMethod(Arc::new((object.clone(), Name::new(name)))))
            }
            _ => None,
        })
    }

    fn instance_attribute(&mut self, id: ObjectId, object: &Value, name: &str) -> Eval<Option<Value>> {
        let Some(class) = self.heap.class_of(id) else { return Ok(None) };
        let own = self.heap.own(id, name).cloned();
        let found = self.heap.find_in_class(class, name).map(|(owner, value)| (owner, value.clone()));
        let found = found.map(|(owner, value)| self.class_value_again(owner, name, value));
        if let Some(Value::Descriptor(Descriptor::Property, getter)) = &found {
            return self.call(&getter.clone(), vec![object.clone()], Vec::new(), None).map(Some);
        }
        if let Some(own) = own {
            return Ok(Some(self.force(own)));
        }
        if let Some(found) = found {
            let found = self.force(found);
            let is_cached = self.joins() && matches!(found, Value::Descriptor(Descriptor::CachedProperty, _));
            let value = self.bind_to(found, object, class)?;
            if is_cached {
                self.heap.set_own(id, Name::new(name), value.clone());
            }
            return Ok(Some(value));
        }
        if name == "__class__" {
            return Ok(Some(Value::Class(class)));
        }
        if name == "__dict__" {
            let copy = self.heap.instance(id).map(|instance| namespace(&instance.attributes)).unwrap_or_default();
            return Ok(Some(self.heap.dict(copy)));
        }
        if let Some((_, getter)) = self.heap.find_in_class(class, "__getattr__") {
            let getter = getter.clone();
            return self.call(&getter, vec![object.clone(), Value::str(name)], Vec::new(), None).map(Some);
        }
        Ok(None)
    }

    /// What a class attribute becomes when read through an instance.
    fn bind_to(&mut self, found: Value, object: &Value, class: ClassId) -> Eval {
        Ok(match found {
            Value::Function(_) => Value::Bound(Arc::new((object.clone(), found))),
            Value::Descriptor(Descriptor::ClassMethod, function) => {
                Value::Bound(Arc::new((Value::Class(class), (*function).clone())))
            }
            Value::Descriptor(Descriptor::StaticMethod, function) => (*function).clone(),
            Value::Descriptor(Descriptor::Property | Descriptor::CachedProperty, getter) => {
                self.call(&getter, vec![object.clone()], Vec::new(), None)?
            }
            other => other,
        })
    }

    fn class_attribute(&mut self, class: ClassId, name: &str) -> Eval<Option<Value>> {
        if let Some((owner, found)) = self.heap.find_in_class(class, name) {
            let found = found.clone();
            let found = self.class_value_again(owner, name, found);
            let found = self.force(found);
            return Ok(Some(match found {
                Value::Descriptor(Descriptor::ClassMethod, function) => {
                    Value::Bound(Arc::new((Value::Class(class), (*function).clone())))
                }
                Value::Descriptor(Descriptor::StaticMethod, function) => (*function).clone(),
                other => other,
            }));
        }
        if let Some(value) = self.enumeration_attribute(class, name) {
            return Ok(Some(value));
        }
        let record = self.heap.class(class);
        Ok(match name {
            "__name__" => Some(Value::str(record.name.as_str())),
            "__qualname__" => Some(Value::Str(record.qualname.clone())),
            "__module__" => Some(Value::str(&*self.module_name_of(class))),
            "__doc__" => Some(Value::None),
            "__mro__" => Some(Value::tuple(record.mro.iter().map(|class| Value::Class(*class)).collect())),
            "__bases__" => Some(Value::tuple(record.bases.iter().map(|class| Value::Class(*class)).collect())),
            "__dict__" => {
                let copy = namespace(self.heap.namespace(class));
                Some(self.heap.dict(copy))
            }
            "mro" => {
                let classes = record.mro.iter().map(|class| Value::Class(*class)).collect();
                let list = self.heap.list(classes);
                Some(Value::Bound(Arc::new((list, Value::Native("identity")))))
            }
            _ => {
                let metaclass = record.metaclass;
                let found = metaclass.and_then(|meta| self.heap.find_in_class(meta, name).map(|(_, v)| v.clone()));
                match found {
                    Some(found) => Some(self.bind_to(found, &Value::Class(class), class)?),
                    None if self.heap.class(class).opaque => {
                        Some(Value::Opaque(format!("{}.{name}", self.heap.class(class).qualname).into()))
                    }
                    None => None,
                }
            }
        })
    }

    pub(crate) fn module_name_of(&self, class: ClassId) -> Arc<str> {
        let record = self.heap.class(class);
        if record.opaque || self.builtins.owns(class) {
            return "builtins".into();
        }
        (&*self.module(record.module).name).into()
    }

    fn super_attribute(&mut self, of: &SuperOf, name: &str) -> Eval<Option<Value>> {
        let mro = self.heap.class(of.of).mro.clone();
        let after = mro.iter().position(|class| *class == of.after).map_or(0, |index| index + 1);
        for class in &mro[after..] {
            let Some(found) = self.heap.own_of_class(*class, name).cloned() else { continue };
            let found = self.force(found);
            return Ok(Some(match (&of.receiver, found) {
                (Value::Class(class), Value::Descriptor(Descriptor::ClassMethod, function)) => {
                    Value::Bound(Arc::new((Value::Class(*class), (*function).clone())))
                }
                (_, found @ Value::Native("type.__new__")) => found,
                // `__new__` is a static method by nature.
                (_, found @ Value::Function(_)) if name == "__new__" => found,
                (receiver, found) => self.bind_to(found, &receiver.clone(), of.of)?,
            }));
        }
        Ok(None)
    }
}

/// `__dict__`: a copy, made often, because the making of every class looks at those of its bases.
fn namespace(names: &Names) -> Dict {
    let entry = |(name, value): (&Name, &Value)| {
        let name: Arc<str> = name.as_str().into();
        (Key::Str(name.clone()), (Value::Str(name), value.clone()))
    };
    Dict { entries: names.iter().map(entry).collect(), open: false }
}
