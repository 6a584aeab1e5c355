//! What a call depends on, as one fingerprint: the function, its arguments, and what it read of the things reachable from them.
//! Things made in this trial are numbered in the order met, so that calls alike in different trials have the same shape.

use std::hash::{Hash, Hasher};

use rustc_hash::FxHashMap;

use crate::fingerprint::Fingerprint;
use crate::journal::{Access, Kind, Lengths, Node, Part, Seen, Thing, Trace, was_there};
use crate::value::{
    Class, ClassId, Function, FunctionId, Heap, Key, Name, Names, Object, ObjectId, Scope, ScopeId, Value,
};

/// A node as a shape names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// There before any trial.
    Fixed(Node),
    /// By its number.
    Met(u32),
}

/// What calls of one kind read, in order.
pub(super) type Reads = Vec<(Place, Part)>;

#[derive(Clone)]
pub(super) struct Shape<'h, 'a> {
    heap: &'h Heap<'a>,
    /// Before the trial.
    lengths: Lengths,
    /// When the call began: what was made later cannot be part of its shape.
    limits: Lengths,
    is_sound: bool,
    pub(super) hasher: Fingerprint,
    /// In the order of their numbers.
    pub(super) nodes: Vec<Node>,
    numbers: FxHashMap<Node, u32>,
}

impl<'h, 'a> Shape<'h, 'a> {
    /// None outside a trial.
    pub(super) fn new(heap: &'h Heap<'a>, limits: Lengths) -> Option<Shape<'h, 'a>> {
        let lengths = heap.journal.trial.as_ref()?.lengths;
        Some(Shape {
            heap,
            lengths,
            limits,
            is_sound: true,
            hasher: Fingerprint::default(),
            nodes: Vec::new(),
            numbers: FxHashMap::default(),
        })
    }

    /// The fingerprint after these reads, of things as they are now. None where they cannot be made.
    pub(super) fn after(mut self, reads: &Reads) -> Option<(u128, Vec<Node>)> {
        for (place, part) in reads {
            let node = match place {
                Place::Fixed(node) => *node,
                Place::Met(number) => *self.nodes.get(*number as usize)?,
            };
            self.part(node, part);
        }
        self.is_sound.then(|| (self.hasher.wide(), self.nodes))
    }

    /// The fingerprint after what a call read, and the reads that lead to it. None where the call used what it was not given.
    pub(super) fn of_trace(mut self, trace: &Trace<'a>) -> Option<(u128, Vec<Node>, Reads)> {
        let mut reads = Vec::new();
        for access in &trace.accesses {
            if matches!(access.seen, Seen::Written) {
                continue;
            }
            let place = self.place(access.node)?;
            self.seen(access);
            reads.push((place, access.part.clone()));
        }
        self.is_sound.then(|| (self.hasher.wide(), self.nodes, reads))
    }

    pub(super) fn place(&self, node: Node) -> Option<Place> {
        if was_there(&self.lengths, node) {
            return Some(Place::Fixed(node));
        }
        self.numbers.get(&node).map(|number| Place::Met(*number))
    }

    fn seen(&mut self, access: &Access<'a>) {
        match &access.seen {
            Seen::Value(value) => self.found(Some(value)),
            Seen::Nothing => self.found(None),
            Seen::Whole(thing) => match &**thing {
                Thing::Object(object) => self.object(object),
                Thing::Class(class) => self.names(&class.attributes),
                Thing::Function(function) => self.names(&function.attributes),
                Thing::Scope(scope) => self.scope(scope),
                Thing::Opaque(_) => {}
            },
            Seen::Written => {}
        }
    }

    fn part(&mut self, (kind, id): Node, part: &Part) {
        let (heap, at) = (self.heap, id as usize);
        match part {
            Part::Name(name) => {
                let names = match kind {
                    Kind::Object => match heap.objects.get(at) {
                        Some(Object::Instance(instance)) => Some(&instance.attributes),
                        _ => None,
                    },
                    Kind::Class => heap.classes.get(at).map(|class| &class.attributes),
                    Kind::Function => heap.functions.get(at).map(|function| &function.attributes),
                    Kind::Scope => heap.scopes.get(at).map(|scope| &scope.names),
                };
                self.found(names.and_then(|names| names.get(name)));
            }
            Part::Whole => match kind {
                Kind::Object => self.object(&heap.objects[at]),
                Kind::Class => self.names(&heap.classes[at].attributes),
                Kind::Function => self.names(&heap.functions[at].attributes),
                Kind::Scope => self.scope(&heap.scopes[at]),
            },
        }
    }

    fn found(&mut self, value: Option<&Value>) {
        match value {
            Some(value) => self.value(value),
            None => self.tag(0xff),
        }
    }

    fn tag(&mut self, tag: u8) {
        self.hasher.write_u8(tag);
    }

    fn node(&mut self, node: Node) {
        if was_there(&self.lengths, node) {
            self.hasher.write_u64(u64::from(node.1) << 1 | 1);
            return;
        }
        if let (Kind::Class, id) = node
            && let class = self.heap.class(ClassId(id))
            && class.opaque
        {
            class.qualname.hash(&mut self.hasher);
            return;
        }
        let next = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(node).or_insert(next);
        self.hasher.write_u64(u64::from(number) << 1);
        if number == next {
            self.is_sound &= was_there(&self.limits, node);
            self.nodes.push(node);
            self.unchanging(node);
        }
    }

    /// What never changes of a thing, where it is first met.
    fn unchanging(&mut self, (kind, id): Node) {
        let heap = self.heap;
        match kind {
            Kind::Object => {
                if let Some(class) = heap.class_of(ObjectId(id)) {
                    self.class_id(class);
                }
            }
            Kind::Class => self.class(heap.class(ClassId(id))),
            Kind::Function => self.function(heap.function(FunctionId(id))),
            Kind::Scope => {
                let scope = heap.scope(ScopeId(id));
                scope.module.hash(&mut self.hasher);
                self.tag(u8::from(scope.class_body));
                self.scope_id(scope.parent);
            }
        }
    }

    fn class_id(&mut self, class: ClassId) {
        self.node((Kind::Class, class.0));
    }

    fn scope_id(&mut self, scope: Option<ScopeId>) {
        match scope {
            Some(scope) => self.node((Kind::Scope, scope.0)),
            None => self.tag(0),
        }
    }

    pub(super) fn value(&mut self, value: &Value) {
        let hasher = &mut self.hasher;
        std::mem::discriminant(value).hash(hasher);
        match value {
            Value::None | Value::Ellipsis | Value::NotImplemented | Value::Absent | Value::Unpacked => {}
            Value::Bool(value) => value.hash(hasher),
            Value::Int(value) => value.hash(hasher),
            Value::Float(value) => value.to_bits().hash(hasher),
            Value::Str(text) | Value::Asked(text) | Value::Opaque(text) | Value::Unknown(text) => text.hash(hasher),
            Value::Bytes(bytes) => bytes.hash(hasher),
            Value::Native(name) => name.hash(hasher),
            Value::Module(module) => module.hash(hasher),
            Value::Foreign(foreign) => {
                foreign.fingerprint().hash(hasher);
                self.is_sound &= foreign.fingerprint().is_some();
            }
            Value::Lazy(module, name) => {
                module.hash(hasher);
                name.as_str().hash(hasher);
            }
            Value::Tuple(items) | Value::Union(items) => self.values(items),
            Value::Each(inner) => self.value(inner),
            Value::Descriptor(kind, inner) => {
                std::mem::discriminant(kind).hash(hasher);
                self.value(inner);
            }
            Value::Bound(bound) => {
                self.value(&bound.0);
                self.value(&bound.1);
            }
            Value::NativeMethod(method) => {
                method.1.as_str().hash(hasher);
                self.value(&method.0);
            }
            Value::Super(of) => {
                self.class_id(of.after);
                self.class_id(of.of);
                self.value(&of.receiver);
            }
            Value::List(id) | Value::Dict(id) | Value::Set(id) | Value::Instance(id) => self.node((Kind::Object, id.0)),
            Value::Class(id) => self.class_id(*id),
            Value::Function(id) => self.node((Kind::Function, id.0)),
        }
    }

    pub(super) fn values(&mut self, values: &[Value]) {
        self.hasher.write_usize(values.len());
        values.iter().for_each(|value| self.value(value));
    }

    pub(super) fn pairs(&mut self, pairs: &[(Name, Value)]) {
        self.hasher.write_usize(pairs.len());
        for (name, value) in pairs {
            name.as_str().hash(&mut self.hasher);
            self.value(value);
        }
    }

    fn names(&mut self, names: &Names) {
        self.hasher.write_usize(names.len());
        for (name, value) in names {
            name.as_str().hash(&mut self.hasher);
            self.value(value);
        }
    }

    fn key(&mut self, key: &Key) {
        match key {
            Key::Tuple(keys) => {
                self.hasher.write_usize(keys.len());
                keys.iter().for_each(|key| self.key(key));
            }
            Key::Object(id) => self.node((Kind::Object, id.0)),
            Key::Class(id) => self.class_id(*id),
            Key::Function(id) => self.node((Kind::Function, id.0)),
            plain => plain.hash(&mut self.hasher),
        }
    }

    fn object(&mut self, object: &Object<'a>) {
        match object {
            Object::List(items) => {
                self.tag(0);
                self.values(items);
            }
            Object::Dict(dict) => {
                self.tag(1 + u8::from(dict.open));
                self.hasher.write_usize(dict.entries.len());
                for (key, (written, value)) in &dict.entries {
                    self.key(key);
                    self.value(written);
                    self.value(value);
                }
            }
            Object::Set(items) => {
                self.tag(3);
                self.hasher.write_usize(items.len());
                for (key, value) in items {
                    self.key(key);
                    self.value(value);
                }
            }
            Object::Instance(instance) => {
                self.class_id(instance.class);
                self.names(&instance.attributes);
                self.values(&instance.args);
                self.pairs(&instance.kwargs);
                if let Some((file, call)) = instance.call {
                    file.hash(&mut self.hasher);
                    std::ptr::hash(call, &mut self.hasher);
                }
            }
        }
    }

    fn class(&mut self, class: &Class<'a>) {
        class.name.as_str().hash(&mut self.hasher);
        class.qualname.hash(&mut self.hasher);
        class.module.hash(&mut self.hasher);
        for classes in [&class.bases, &class.mro] {
            self.hasher.write_usize(classes.len());
            classes.iter().for_each(|class| self.class_id(*class));
        }
        self.hasher.write_usize(class.assignments.len());
        if let Some((file, statement)) = class.statement {
            file.hash(&mut self.hasher);
            std::ptr::hash(statement, &mut self.hasher);
        }
        self.tag(u8::from(class.open));
        match class.metaclass {
            Some(metaclass) => self.class_id(metaclass),
            None => self.tag(0),
        }
        for member in &class.members {
            member.as_str().hash(&mut self.hasher);
        }
    }

    fn function(&mut self, function: &Function<'a>) {
        function.qualname.hash(&mut self.hasher);
        function.module.hash(&mut self.hasher);
        super::address(function.definition).hash(&mut self.hasher);
        self.scope_id(Some(function.closure));
        match function.class {
            Some(class) => self.class_id(class),
            None => self.tag(0),
        }
        self.pairs(&function.defaults);
    }

    fn scope(&mut self, scope: &Scope) {
        self.names(&scope.names);
        self.hasher.write_usize(scope.globals.len());
        for name in &scope.globals {
            name.as_str().hash(&mut self.hasher);
        }
    }
}
