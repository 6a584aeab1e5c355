//! What a remembered call gave and changed, apart from the heap it ran on; and doing it again on another.

use std::any::Any;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::super::{Eval, Evaluator, Flow};
use super::relocate::Relocation;
use super::shape::{Place, Reads};
use crate::journal::{Kind, Lengths, Node, Part, Thing, Trace, was_there};
use crate::value::{ClassId, FunctionId, Heap, Name, Names, Object, ObjectId, ScopeId, Value};

/// Indices from here on are not of the heap: of what the call was given…
const GIVEN: u32 = 1 << 30;
/// … and of what it made.
const MADE: u32 = 3 << 29;

#[derive(Debug, Default)]
pub(super) struct Remembered<'a> {
    /// How many nodes were known to change in some trial when it was made; see `Journal::newest`.
    pub(super) generation: u32,
    /// What of the domain's situation it looked at.
    pub(super) situation: Option<u64>,
    /// Functions it called, itself included, sorted.
    pub(super) called: Box<[FunctionId]>,
    /// Those of them that were under way already, and how often: calls that recur too often are not followed.
    pub(super) around: Vec<(FunctionId, u32)>,
    /// Where a call in it was too deep to be followed: the depth for which that holds.
    pub(super) at_depth: Option<u32>,
    /// Calls within calls that it led to.
    pub(super) height: u32,
    pub(super) steps: u32,
    /// Steps it has to be given for nothing in it to be cut off.
    pub(super) least: u32,
    pub(super) template: Template<'a>,
    pub(super) told: Option<Arc<dyn Any + Send + Sync>>,
}

/// Things with indices of their own: see [`GIVEN`] and [`MADE`].
#[derive(Debug)]
pub(super) struct Template<'a> {
    made: Vec<(Kind, Thing<'a>)>,
    /// Places in `made` in the order in which they were made.
    order: Vec<u32>,
    changed: Vec<(Node, Change<'a>)>,
    outcome: Result<Value, Value>,
}

/// What became of a part of a node.
#[derive(Debug)]
enum Change<'a> {
    /// A name is bound to this, or to nothing.
    Name(Name, Option<Value>),
    Whole(Thing<'a>),
}

impl Default for Template<'_> {
    fn default() -> Self {
        Template { made: Vec::new(), order: Vec::new(), changed: Vec::new(), outcome: Ok(Value::None) }
    }
}

impl Remembered<'_> {
    /// Roughly how many things it holds.
    pub(super) fn size(&self) -> usize {
        1 + 2 * (self.template.made.len() + self.template.changed.len()) + self.called.len() / 4
    }
}

/// The namespace of a node.
fn names_at<'h>(heap: &'h Heap<'_>, (kind, id): Node) -> Option<&'h Names> {
    let at = id as usize;
    match kind {
        Kind::Object => match &heap.objects[at] {
            Object::Instance(instance) => Some(&instance.attributes),
            _ => None,
        },
        Kind::Class => Some(&heap.classes[at].attributes),
        Kind::Function => Some(&heap.functions[at].attributes),
        Kind::Scope => Some(&heap.scopes[at].names),
    }
}

/// What lies at a node.
fn thing<'a>(heap: &Heap<'a>, (kind, id): Node) -> Thing<'a> {
    let at = id as usize;
    match kind {
        Kind::Object => Thing::Object(heap.objects[at].clone()),
        Kind::Class if heap.classes[at].opaque => Thing::Opaque(heap.classes[at].qualname.clone()),
        Kind::Class => Thing::Class(Box::new(heap.classes[at].clone())),
        Kind::Function => Thing::Function(Box::new(heap.functions[at].clone())),
        Kind::Scope => Thing::Scope(Box::new(heap.scopes[at].clone())),
    }
}

/// Gives nodes their indices in a template while it is made.
struct Numbers<'n> {
    given: FxHashMap<Node, u32>,
    lengths: &'n Lengths,
    made: FxHashMap<Node, u32>,
    found: Vec<Node>,
}

impl Numbers<'_> {
    fn of(&mut self, heap: &Heap<'_>, node: Node) -> Option<u32> {
        if let Some(number) = self.given.get(&node) {
            return Some(GIVEN | number);
        }
        let is_opaque = matches!(node, (Kind::Class, id) if heap.class(ClassId(id)).opaque);
        if was_there(self.lengths, node) && !is_opaque {
            return None;
        }
        let next = u32::try_from(self.found.len()).ok()?;
        let number = *self.made.entry(node).or_insert(next);
        if number == next {
            self.found.push(node);
        }
        Some(MADE | number)
    }
}

impl<'a> Evaluator<'a> {
    /// What a call that just ended gave and changed; none where that cannot be named by what it was given.
    pub(super) fn template(
        &self,
        trace: &Trace<'a>,
        inputs: &[Node],
        outcome: &Result<Value, Value>,
    ) -> Option<Template<'a>> {
        let heap = &self.heap;
        let before = heap.journal.trial.as_ref()?.lengths;
        let limits = before.map(|length| u32::try_from(length).unwrap_or(u32::MAX));
        if limits.iter().any(|limit| *limit >= GIVEN) {
            return None;
        }
        let given = inputs.iter().zip(0..).map(|(node, number)| (*node, number)).collect();
        let mut numbers = Numbers { given, lengths: &trace.lengths, made: FxHashMap::default(), found: Vec::new() };
        let mut relocation = Relocation { limits, to: |kind, id| numbers.of(heap, (kind, id)) };
        let mut changed = Vec::new();
        for access in trace.accesses.iter().filter(|access| access.written) {
            let node = access.node;
            let change = match &access.part {
                Part::Name(name) => {
                    let bound = names_at(heap, node).and_then(|names| names.get(name));
                    let bound = match bound {
                        Some(value) => Some(relocation.value(value)?),
                        None => None,
                    };
                    Change::Name(name.clone(), bound)
                }
                Part::Whole => match thing(heap, node) {
                    Thing::Opaque(_) => return None,
                    content => Change::Whole(relocation.thing(&content)?),
                },
            };
            let at = match node {
                fixed if was_there(&before, fixed) => fixed.1,
                (kind, id) => (relocation.to)(kind, id)?,
            };
            changed.push(((node.0, at), change));
        }
        let outcome = match outcome {
            Ok(value) => Ok(relocation.value(value)?),
            Err(value) => Err(relocation.value(value)?),
        };
        let mut made: Vec<(Kind, Thing<'a>)> = Vec::new();
        while let Some(node) = numbers.found.get(made.len()).copied() {
            let mut relocation = Relocation { limits, to: |kind, id| numbers.of(heap, (kind, id)) };
            made.push((node.0, relocation.thing(&thing(heap, node))?));
        }
        let mut order: Vec<u32> = (0..u32::try_from(made.len()).ok()?).collect();
        order.sort_unstable_by_key(|at| numbers.found[*at as usize]);
        Some(Template { made, order, changed, outcome })
    }

    /// Does what a remembered call did. `inputs`: what it is given this time, in the order of its shape.
    pub(super) fn do_again(&mut self, call: &Remembered<'a>, reads: &Reads, inputs: &[Node]) -> Eval {
        self.read_again_for_callers(reads, inputs);
        self.needs_for_call(call.least);
        self.fuel = self.fuel.saturating_sub(call.steps);
        self.memo.called.extend_from_slice(&call.called);
        self.memo.deepest = self.memo.deepest.max(self.depth + call.height);
        self.memo.was_cut |= call.at_depth.is_some();
        if let Some(domain) = self.domain.clone() {
            if let Some(told) = &call.told {
                domain.repeat(self, &**told);
            }
            if call.situation.is_some() {
                domain.look_at_situation();
            }
        }
        let template = &call.template;
        let mut made = vec![0; template.made.len()];
        for (at, (_, thing)) in template.made.iter().enumerate() {
            if let Thing::Opaque(path) = thing {
                made[at] = self.opaque_class(path).0;
            }
        }
        let mut lengths = self.heap.lengths();
        for at in &template.order {
            let (kind, thing) = &template.made[*at as usize];
            if !matches!(thing, Thing::Opaque(_)) {
                made[*at as usize] = u32::try_from(lengths[kind.index()]).unwrap_or(u32::MAX);
                lengths[kind.index()] += 1;
            }
        }
        let real = |_: Kind, id: u32| match id {
            MADE.. => made.get((id - MADE) as usize).copied(),
            GIVEN.. => inputs.get((id - GIVEN) as usize).map(|(_, id)| *id),
            fixed => Some(fixed),
        };
        let mut relocation = Relocation { limits: [GIVEN; 4], to: real };
        for at in &template.order {
            match relocation.thing(&template.made[*at as usize].1) {
                Some(Thing::Object(object)) => {
                    self.heap.add_object(object);
                }
                Some(Thing::Class(class)) => {
                    self.heap.add_class(*class);
                }
                Some(Thing::Function(function)) => {
                    self.heap.add_function(*function);
                }
                Some(Thing::Scope(scope)) => {
                    self.heap.add_scope(*scope);
                }
                Some(Thing::Opaque(_)) | None => {}
            }
        }
        for ((kind, id), change) in &template.changed {
            let id = if *id >= GIVEN { (relocation.to)(*kind, *id) } else { Some(*id) };
            let Some(id) = id else { continue };
            match change {
                Change::Name(name, Some(value)) => {
                    let Some(value) = relocation.value(value) else { continue };
                    match kind {
                        Kind::Object => self.heap.set_own(ObjectId(id), name.clone(), value),
                        Kind::Class => self.heap.set_own_of_class(ClassId(id), name.clone(), value),
                        Kind::Function => self.heap.set_own_of_function(FunctionId(id), name.clone(), value),
                        Kind::Scope => self.heap.bind(ScopeId(id), name.clone(), value),
                    }
                }
                // Names are unbound by changing a node as a whole.
                Change::Name(_, None) => {}
                Change::Whole(thing) => match relocation.thing(thing) {
                    Some(Thing::Object(object)) => *self.heap.object_mut(ObjectId(id)) = object,
                    Some(Thing::Class(class)) => *self.heap.class_mut(ClassId(id)) = *class,
                    Some(Thing::Function(function)) => *self.heap.function_mut(FunctionId(id)) = *function,
                    Some(Thing::Scope(scope)) => *self.heap.scope_mut(ScopeId(id)) = *scope,
                    Some(Thing::Opaque(_)) | None => {}
                },
            }
        }
        match &template.outcome {
            Ok(value) => Ok(relocation.value(value).unwrap_or(Value::None)),
            Err(value) => Err(Flow::Raise(relocation.value(value).unwrap_or(Value::None))),
        }
    }

    /// What a remembered call read was read by the calls around it too.
    fn read_again_for_callers(&self, reads: &Reads, inputs: &[Node]) {
        let heap = &self.heap;
        for (place, part) in reads {
            let node = match place {
                Place::Fixed(node) => *node,
                Place::Met(number) => match inputs.get(*number as usize) {
                    Some(node) => *node,
                    None => continue,
                },
            };
            match part {
                Part::Name(name) => {
                    heap.journal.reads(node, name, names_at(heap, node).and_then(|names| names.get(name)));
                }
                Part::Whole => heap.journal.reads_whole(node, || thing(heap, node)),
            }
        }
    }
}
