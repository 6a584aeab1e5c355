//! What was changed on the heap, and how it was before: by a trial, on a way through the code, in a call; and what a call read.

use std::cell::RefCell;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::shelf::Shelf;
use crate::value::{Class, Function, Name, Object, ObjectId, Scope, Value};

/// What lies on the heap, by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Kind {
    Object,
    Class,
    Function,
    Scope,
}

impl Kind {
    pub(crate) fn index(self) -> usize {
        match self {
            Kind::Object => 0,
            Kind::Class => 1,
            Kind::Function => 2,
            Kind::Scope => 3,
        }
    }
}

/// Something on the heap.
pub(crate) type Node = (Kind, u32);

/// How many there are of each kind, by [`Kind::index`]. What is made later has a larger index.
pub(crate) type Lengths = [usize; 4];

/// Whether a node was there when the heap was that long.
pub(crate) fn was_there(lengths: &Lengths, (kind, id): Node) -> bool {
    (id as usize) < lengths[kind.index()]
}

/// What a trial changed of the things that were there before it, as they were.
#[derive(Debug, Default, Clone)]
pub(crate) struct Trial<'a> {
    pub(crate) lengths: Lengths,
    pub(crate) objects: FxHashMap<u32, Object<'a>>,
    pub(crate) classes: FxHashMap<u32, Class<'a>>,
    pub(crate) functions: FxHashMap<u32, Function<'a>>,
    pub(crate) scopes: FxHashMap<u32, Scope>,
    /// See [`Journal::newest`].
    pub(crate) newest: u32,
}

/// Lists and dictionaries as they were where a way began.
#[derive(Debug, Clone)]
pub(crate) struct Way<'a> {
    pub(crate) objects: usize,
    pub(crate) before: FxHashMap<ObjectId, Object<'a>>,
}

/// Which part of a node is read or written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    /// One attribute, or one name of a scope.
    Name(Name),
    Whole,
}

/// What was found when a part was read.
#[derive(Debug, Clone)]
pub(crate) enum Seen<'a> {
    Value(Value),
    Nothing,
    Whole(Arc<Thing<'a>>),
    /// Written before it was read.
    Written,
}

/// One thing off the heap.
#[derive(Debug, Clone)]
pub(crate) enum Thing<'a> {
    Object(Object<'a>),
    Class(Box<Class<'a>>),
    Function(Box<Function<'a>>),
    Scope(Box<Scope>),
    /// A class standing for one whose source is not here; there is one for each path.
    Opaque(Arc<str>),
}

/// A part of a node that a call read, or wrote.
#[derive(Debug, Clone)]
pub(crate) struct Access<'a> {
    pub(crate) node: Node,
    pub(crate) part: Part,
    pub(crate) seen: Seen<'a>,
    pub(crate) written: bool,
}

/// What a call read and changed of the things that were there before it, in order.
#[derive(Debug, Clone)]
pub(crate) struct Trace<'a> {
    pub(crate) lengths: Lengths,
    pub(crate) accesses: Vec<Access<'a>>,
    /// Something was read that was not noted.
    pub(crate) is_spoiled: bool,
}

#[derive(Debug, Default, Clone)]
struct Log<'a> {
    accesses: Vec<Access<'a>>,
    calls: Vec<Noted>,
}

/// A call whose accesses are noted.
#[derive(Debug, Clone)]
struct Noted {
    lengths: Lengths,
    start: usize,
    /// What was read and written as a whole already, and where anything was written.
    whole: FxHashSet<Node>,
    is_spoiled: bool,
}

/// The changes under way.
#[derive(Debug, Default, Clone)]
pub(crate) struct Journal<'a> {
    pub(crate) trial: Option<Box<Trial<'a>>>,
    pub(crate) ways: Vec<Way<'a>>,
    log: RefCell<Log<'a>>,
    /// Length of the heap where the innermost noted call began; nothing without one.
    noted: Lengths,
    /// What some trial changed of what was there before it, and since when: the count of such nodes at that time. Reading anything else
    /// gives the same in every trial and is not noted.
    changing: [Vec<u32>; 4],
    /// How many nodes are in `changing`.
    pub(crate) generation: u32,
}

/// Remembers `things[at]` before its first change in a trial. Whether this is the first.
fn keep<T: Clone>(kept: &mut FxHashMap<u32, T>, things: &Shelf<T>, at: u32) -> bool {
    match kept.entry(at) {
        Entry::Occupied(_) => false,
        Entry::Vacant(slot) => {
            slot.insert(things[at as usize].clone());
            true
        }
    }
}

impl<'a> Journal<'a> {
    pub(crate) fn begin_call(&mut self, lengths: Lengths) {
        self.noted = lengths;
        let log = self.log.get_mut();
        let start = log.accesses.len();
        log.calls.push(Noted { lengths, start, whole: FxHashSet::default(), is_spoiled: false });
    }

    /// What was read and written since [`Journal::begin_call`]; the call around this one read and wrote it too.
    pub(crate) fn end_call(&mut self) -> Option<Trace<'a>> {
        let log = self.log.get_mut();
        let call = log.calls.pop()?;
        let mut first: FxHashMap<(Node, Part), usize> = FxHashMap::default();
        let mut accesses: Vec<Access<'a>> = Vec::new();
        for access in log.accesses.drain(call.start..) {
            if !was_there(&call.lengths, access.node) {
                continue;
            }
            match first.entry((access.node, access.part.clone())) {
                Entry::Occupied(known) => accesses[*known.get()].written |= access.written,
                Entry::Vacant(slot) => {
                    slot.insert(accesses.len());
                    accesses.push(access);
                }
            }
        }
        self.noted = [0; 4];
        if let Some(outer) = log.calls.last_mut() {
            self.noted = outer.lengths;
            outer.is_spoiled |= call.is_spoiled;
            log.accesses.extend(accesses.iter().filter(|access| was_there(&outer.lengths, access.node)).cloned());
        }
        Some(Trace { lengths: call.lengths, accesses, is_spoiled: call.is_spoiled })
    }

    pub(crate) fn clear(&mut self) {
        self.ways.clear();
        self.noted = [0; 4];
        *self.log.get_mut() = Log::default();
    }

    /// Whether accesses to a node have to be noted.
    fn counts(&self, (kind, id): Node) -> bool {
        let at = kind.index();
        (id as usize) < self.noted[at]
            && (self.trial.as_ref().is_some_and(|trial| id as usize >= trial.lengths[at])
                || self.changing[at].get(id as usize).is_some_and(|since| *since > 0))
    }

    pub(crate) fn reads(&self, node: Node, name: &str, value: Option<&Value>) {
        if self.counts(node) {
            let seen = value.map_or(Seen::Nothing, |value| Seen::Value(value.clone()));
            let access = Access { node, part: Part::Name(Name::new(name)), seen, written: false };
            self.log.borrow_mut().accesses.push(access);
        }
    }

    pub(crate) fn reads_whole(&self, node: Node, thing: impl FnOnce() -> Thing<'a>) {
        if self.counts(node) {
            self.note_whole(node, false, thing);
        }
    }

    fn note_whole(&self, node: Node, written: bool, thing: impl FnOnce() -> Thing<'a>) {
        let mut log = self.log.borrow_mut();
        let is_first = log.calls.last_mut().is_some_and(|call| call.whole.insert(node));
        if is_first || written {
            let seen = if is_first { Seen::Whole(Arc::new(thing())) } else { Seen::Written };
            log.accesses.push(Access { node, part: Part::Whole, seen, written });
        }
    }

    /// Notes that a name is about to be bound, whatever it is bound to.
    fn writes(&self, node: Node, name: &Name) {
        if (node.1 as usize) < self.noted[node.0.index()] {
            let access = Access { node, part: Part::Name(name.clone()), seen: Seen::Written, written: true };
            self.log.borrow_mut().accesses.push(access);
        }
    }

    fn writes_whole(&self, node: Node, thing: impl FnOnce() -> Thing<'a>) {
        if (node.1 as usize) < self.noted[node.0.index()] {
            self.note_whole(node, true, thing);
        }
    }

    /// A node that was there before the trial changes in it.
    fn dirties(&mut self, node: Node) {
        let Some(trial) = &mut self.trial else { return };
        let since = &mut self.changing[node.0.index()];
        let at = node.1 as usize;
        if since.len() <= at {
            since.resize(at + 1, 0);
        }
        if since[at] == 0 {
            self.generation += 1;
            since[at] = self.generation;
            // Reading it was not noted so far.
            self.log.get_mut().calls.iter_mut().for_each(|call| call.is_spoiled = true);
        }
        trial.newest = trial.newest.max(since[at]);
    }

    /// What the calls under way give is not to be remembered.
    pub(crate) fn spoil(&mut self) {
        self.log.get_mut().calls.iter_mut().for_each(|call| call.is_spoiled = true);
    }

    /// The youngest of the nodes in `changing` that this trial changed.
    pub(crate) fn newest(&self) -> u32 {
        self.trial.as_ref().map_or(0, |trial| trial.newest)
    }

    pub(crate) fn object(&mut self, objects: &Shelf<Object<'a>>, id: ObjectId, name: Option<&Name>) {
        let node = (Kind::Object, id.0);
        if let Some(trial) = &mut self.trial
            && (id.0 as usize) < trial.lengths[0]
            && keep(&mut trial.objects, objects, id.0)
        {
            self.dirties(node);
        }
        // What was made on this way is not there on the others.
        if let Some(way) = self.ways.last_mut()
            && (id.0 as usize) < way.objects
            && let object @ (Object::List(_) | Object::Dict(_)) = &objects[id.0 as usize]
        {
            way.before.entry(id).or_insert_with(|| object.clone());
        }
        match name {
            Some(name) => self.writes(node, name),
            None => self.writes_whole(node, || Thing::Object(objects[id.0 as usize].clone())),
        }
    }

    pub(crate) fn class(&mut self, classes: &Shelf<Class<'a>>, id: u32, name: Option<&Name>) {
        let node = (Kind::Class, id);
        if let Some(trial) = &mut self.trial
            && (id as usize) < trial.lengths[1]
            && keep(&mut trial.classes, classes, id)
        {
            self.dirties(node);
        }
        match name {
            Some(name) => self.writes(node, name),
            None => self.writes_whole(node, || Thing::Class(Box::new(classes[id as usize].clone()))),
        }
    }

    pub(crate) fn function(&mut self, functions: &Shelf<Function<'a>>, id: u32, name: Option<&Name>) {
        let node = (Kind::Function, id);
        if let Some(trial) = &mut self.trial
            && (id as usize) < trial.lengths[2]
            && keep(&mut trial.functions, functions, id)
        {
            self.dirties(node);
        }
        match name {
            Some(name) => self.writes(node, name),
            None => self.writes_whole(node, || Thing::Function(Box::new(functions[id as usize].clone()))),
        }
    }

    pub(crate) fn scope(&mut self, scopes: &Shelf<Scope>, id: u32, name: Option<&Name>) {
        let node = (Kind::Scope, id);
        if let Some(trial) = &mut self.trial
            && (id as usize) < trial.lengths[3]
            && keep(&mut trial.scopes, scopes, id)
        {
            self.dirties(node);
        }
        match name {
            Some(name) => self.writes(node, name),
            None => self.writes_whole(node, || Thing::Scope(Box::new(scopes[id as usize].clone()))),
        }
    }
}
