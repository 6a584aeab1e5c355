//! Namespaces read and written name by name, so that a call is known to depend on no more than it used.

use crate::journal::{Kind, Thing};
use crate::value::{ClassId, FunctionId, Heap, Name, Names, Object, ObjectId, ScopeId, Value};

impl Heap<'_> {
    /// The class of an instance.
    pub fn class_of(&self, id: ObjectId) -> Option<ClassId> {
        match &self.objects[id.0 as usize] {
            Object::Instance(instance) => Some(instance.class),
            _ => None,
        }
    }

    /// An attribute in an instance's own namespace.
    pub fn own(&self, id: ObjectId, name: &str) -> Option<&Value> {
        let Object::Instance(instance) = &self.objects[id.0 as usize] else { return None };
        let found = instance.attributes.get(name);
        self.journal.reads((Kind::Object, id.0), name, found);
        found
    }

    /// Sets an attribute in an instance's own namespace.
    pub fn set_own(&mut self, id: ObjectId, name: Name, value: Value) {
        self.journal.object(&self.objects, id, Some(&name));
        if let Object::Instance(instance) = &mut self.objects[id.0 as usize] {
            instance.attributes.insert(name, value);
        }
    }

    /// An attribute in a class's own namespace.
    pub fn own_of_class(&self, id: ClassId, name: &str) -> Option<&Value> {
        let found = self.class(id).attributes.get(name);
        self.journal.reads((Kind::Class, id.0), name, found);
        found
    }

    /// All of a class's own namespace.
    pub fn namespace(&self, id: ClassId) -> &Names {
        let class = self.class(id);
        self.journal.reads_whole((Kind::Class, id.0), || Thing::Class(Box::new(class.clone())));
        &class.attributes
    }

    pub(crate) fn set_own_of_class(&mut self, id: ClassId, name: Name, value: Value) {
        self.journal.class(&self.classes, id.0, Some(&name));
        self.classes[id.0 as usize].attributes.insert(name, value);
    }

    pub(crate) fn own_of_function(&self, id: FunctionId, name: &str) -> Option<&Value> {
        let found = self.function(id).attributes.get(name);
        self.journal.reads((Kind::Function, id.0), name, found);
        found
    }

    pub(crate) fn set_own_of_function(&mut self, id: FunctionId, name: Name, value: Value) {
        self.journal.function(&self.functions, id.0, Some(&name));
        self.functions[id.0 as usize].attributes.insert(name, value);
    }

    /// What a name is bound to in a scope itself.
    pub fn bound(&self, id: ScopeId, name: &str) -> Option<&Value> {
        let found = self.scope(id).names.get(name);
        self.journal.reads((Kind::Scope, id.0), name, found);
        found
    }

    pub(crate) fn bind(&mut self, id: ScopeId, name: Name, value: Value) {
        self.journal.scope(&self.scopes, id.0, Some(&name));
        self.scopes[id.0 as usize].names.insert(name, value);
    }
}
