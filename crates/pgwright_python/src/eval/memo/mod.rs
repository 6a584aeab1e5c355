//! Remembered calls: a function that was called with arguments of the same shape before is not executed again.
//!
//! What was remembered is done once more instead: it changes what the call changed, makes what the call made, tells the domain what
//! the call sent, and takes the steps the call took. So whether a call was remembered cannot be told from what comes out, and which
//! calls are worth it is a question of speed alone. A call is remembered where everything it read can be reached from what it was given
//! and everything it changed can be named from there: see [`Shape`].

mod record;
mod relocate;
mod shape;

use std::hash::Hash;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::allowance::left_to_call;
use super::calls::Kwargs;
use super::{Eval, Evaluator, Flow};
use crate::Fingerprint;
use crate::domain::{Mark, Told};
use crate::journal::{Lengths, Node, Trace};
use crate::value::{Definition, FunctionId, Value};
use record::Remembered;
use shape::{Reads, Shape};

/// Calls of one shape that are remembered: they differ in what was under way around them.
const VARIANTS: usize = 4;
/// Sets of parts that calls with one key are told apart by.
const GROUPS: usize = 24;
/// Things that all remembered calls of one evaluator may hold together.
const ROOM: usize = 120_000;
/// Steps from which on a call is worth remembering.
const WORTH: u64 = 80;

/// What an evaluator remembers of its trials.
#[derive(Debug, Default)]
pub(crate) struct Memo<'a> {
    /// By what can be seen of a call before it reads anything.
    calls: FxHashMap<u128, Vec<Group<'a>>>,
    held: usize,
    /// By the address of the definition.
    worth: FxHashMap<usize, Worth>,
    /// Functions that the calls under way called, those not followed included.
    called: Vec<FunctionId>,
    /// How deep calls went since the innermost call under way began.
    deepest: u32,
    /// A call was not followed because it was too deep: another time it may be followed.
    was_cut: bool,
}

/// Calls that read the same parts of what they were given.
#[derive(Debug)]
struct Group<'a> {
    reads: Arc<Reads>,
    /// By what they found there.
    calls: FxHashMap<u128, Vec<Arc<Remembered<'a>>>>,
}

/// Whether remembering the calls of a function pays.
#[derive(Debug, Default, Clone, Copy)]
struct Worth {
    executed: u64,
    steps: u64,
    tried: u64,
    /// Things looked at to tell shapes apart.
    looked_at: u64,
    saved: u64,
}

impl Memo<'_> {
    pub(super) fn note_depth(&mut self, depth: u32) {
        self.deepest = self.deepest.max(depth);
    }
}

impl Worth {
    fn pays(&self) -> bool {
        let is_long = self.executed < 2 || self.steps >= WORTH * self.executed;
        // One thing takes about a twentieth of the time of a step.
        let hits = self.looked_at <= 4_000 + 16 * self.saved;
        is_long && (hits || self.tried.is_multiple_of(16))
    }
}

/// What is noted while a call runs that may be remembered.
struct Under {
    function: FunctionId,
    args: Vec<Value>,
    kwargs: Kwargs,
    key: u128,
    fuel: u32,
    /// See [`Remembered::least`]; known when it ended.
    least: u32,
    called: usize,
    deepest: u32,
    was_cut: bool,
    mark: Mark,
    looked: usize,
    situation: u64,
}

/// Of a function's definition: the same for all functions it makes.
fn address(definition: Definition<'_>) -> usize {
    match definition {
        Definition::Def(def) => std::ptr::from_ref(def).addr(),
        Definition::Lambda(lambda) => std::ptr::from_ref(lambda).addr(),
    }
}

impl<'a> Evaluator<'a> {
    /// Calls a function, or does again what calling it did.
    pub(super) fn call_remembered(&mut self, id: FunctionId, args: Vec<Value>, kwargs: Kwargs) -> Eval {
        if !self.joins() || !self.heap.in_trial() {
            return self.call_function(id, args, kwargs);
        }
        self.memo.called.push(id);
        let address = address(self.heap.function(id).definition);
        let worth = self.memo.worth.entry(address).or_default();
        worth.tried += 1;
        // A doubted entry shares its steps out among its statements: what it gives depends on how many there are.
        let is_shared = self.stack.is_empty() && !self.doubted.is_empty();
        if !worth.pays() || is_shared || !self.pending.is_empty() || self.needed.is_some() {
            return self.execute(address, id, args, kwargs).0;
        }
        let key = self.call_key(id, &args, &kwargs);
        if let Some((call, reads, inputs)) = self.find(key, address, id, &args, &kwargs) {
            if let Some(worth) = self.memo.worth.get_mut(&address) {
                worth.saved += u64::from(call.steps);
            }
            return self.do_again(&call, &reads, &inputs);
        }
        let under = self.begin(key, id, args.clone(), kwargs.clone());
        let (outcome, least) = self.execute(address, id, args, kwargs);
        self.end(Under { least, ..under }, &outcome);
        outcome
    }

    /// The remembered call that goes as this one would, and what of this one stands for what it was given.
    fn find(
        &mut self,
        key: u128,
        address: usize,
        id: FunctionId,
        args: &[Value],
        kwargs: &Kwargs,
    ) -> Option<(Arc<Remembered<'a>>, Arc<Reads>, Vec<Node>)> {
        let groups = self.memo.calls.get(&key)?;
        let start = self.start(id, args, kwargs)?;
        let mut looked_at = 8;
        let mut found = None;
        for Group { reads, calls } in groups {
            looked_at += reads.len() as u64 + 4;
            let Some((shape, inputs)) = start.clone().after(reads) else { continue };
            if let Some(call) = calls.get(&shape).and_then(|calls| calls.iter().find(|call| self.applies(call))) {
                found = Some((call.clone(), reads.clone(), inputs));
                break;
            }
        }
        self.look_at(address, looked_at);
        found
    }

    fn look_at(&mut self, address: usize, things: u64) {
        if let Some(worth) = self.memo.worth.get_mut(&address) {
            worth.looked_at += things;
        }
    }

    /// The call's outcome, and the steps it needs for nothing in it to be cut off.
    fn execute(&mut self, address: usize, id: FunctionId, args: Vec<Value>, kwargs: Kwargs) -> (Eval, u32) {
        let before = self.fuel;
        let ended = self.call_within_share(|this| this.call_function(id, args, kwargs));
        if let Some(worth) = self.memo.worth.get_mut(&address) {
            worth.executed += 1;
            worth.steps += u64::from(before.saturating_sub(self.fuel));
        }
        ended
    }

    /// A call was not followed: too many of the same function are under way, or it is too deep.
    pub(super) fn not_followed(&mut self, function: Option<FunctionId>) {
        match function {
            Some(function) => self.memo.called.push(function),
            None => self.memo.was_cut = true,
        }
    }

    pub(super) fn forget_calls_under_way(&mut self) {
        self.memo.called.clear();
        self.memo.deepest = 0;
        self.memo.was_cut = false;
    }

    /// What can be seen of a call before it reads anything.
    fn call_key(&self, id: FunctionId, args: &[Value], kwargs: &Kwargs) -> u128 {
        let mut hasher = Fingerprint::default();
        (self.undecided > 0, self.forcing, self.tries).hash(&mut hasher);
        if let Some(domain) = &self.domain {
            domain.situation(self, &mut hasher);
        }
        address(self.heap.function(id).definition).hash(&mut hasher);
        for value in args.iter().chain(kwargs.iter().map(|(_, value)| value)) {
            std::mem::discriminant(value).hash(&mut hasher);
            if let Value::Instance(object) = value {
                self.heap.class_of(*object).hash(&mut hasher);
            }
        }
        hasher.wide()
    }

    /// The shape of a call that has read nothing yet.
    fn start(&self, id: FunctionId, args: &[Value], kwargs: &Kwargs) -> Option<Shape<'_, 'a>> {
        self.start_within(self.heap.lengths(), id, args, kwargs)
    }

    fn start_within(&self, limits: Lengths, id: FunctionId, args: &[Value], kwargs: &Kwargs) -> Option<Shape<'_, 'a>> {
        let mut shape = Shape::new(&self.heap, limits)?;
        shape.value(&Value::Function(id));
        shape.values(args);
        shape.pairs(kwargs);
        Some(shape)
    }

    fn begin(&mut self, key: u128, function: FunctionId, args: Vec<Value>, kwargs: Kwargs) -> Under {
        self.heap.journal.begin_call(self.heap.lengths());
        let domain = self.domain.as_ref();
        Under {
            function,
            args,
            kwargs,
            key,
            fuel: self.fuel,
            least: 0,
            // The function itself is among those called.
            called: self.memo.called.len() - 1,
            mark: domain.map_or([0; 5], |domain| domain.mark()),
            looked: domain.map_or(0, |domain| domain.looks_at_situation()),
            situation: domain.map_or(0, |domain| domain.inner_situation()),
            deepest: std::mem::replace(&mut self.memo.deepest, self.depth),
            was_cut: std::mem::take(&mut self.memo.was_cut),
        }
    }

    fn end(&mut self, under: Under, outcome: &Eval) {
        let trace = self.heap.journal.end_call();
        let mut called = self.memo.called.split_off(under.called.min(self.memo.called.len()));
        called.sort_unstable();
        called.dedup();
        self.memo.called.extend_from_slice(&called);
        let (deepest, was_cut) = (self.memo.deepest, self.memo.was_cut);
        self.memo.deepest = deepest.max(under.deepest);
        self.memo.was_cut |= under.was_cut;
        let ended = match outcome {
            Ok(value) => Ok(value.clone()),
            Err(Flow::Raise(value)) => Err(value.clone()),
            Err(_) => return,
        };
        if self.needed.is_some() {
            return;
        }
        if let Some(trace) = trace.filter(|trace| !trace.is_spoiled) {
            // What cannot be told apart from its surroundings is executed again next time.
            let _ = self.remember(&under, &trace, &ended, called, was_cut.then_some(self.depth), deepest);
        }
    }

    fn remember(
        &mut self,
        under: &Under,
        trace: &Trace<'a>,
        ended: &Result<Value, Value>,
        called: Vec<FunctionId>,
        at_depth: Option<u32>,
        deepest: u32,
    ) -> Option<()> {
        let start = self.start_within(trace.lengths, under.function, &under.args, &under.kwargs)?;
        let (shape, inputs, reads) = start.of_trace(trace)?;
        let domain = self.domain.as_ref();
        let told = match domain.map_or(Told::Nothing, |domain| domain.told(self, under.mark)) {
            Told::Nothing => None,
            Told::This(told) => Some(told),
            Told::Unrepeatable => return None,
        };
        let template = self.template(trace, &inputs, ended)?;
        let has_looked = domain.is_some_and(|domain| domain.looks_at_situation() != under.looked);
        let call = Remembered {
            generation: self.heap.journal.generation,
            situation: has_looked.then_some(under.situation),
            around: self.under_way(&called),
            called: called.into(),
            at_depth,
            height: deepest.saturating_sub(self.depth),
            steps: under.fuel.saturating_sub(self.fuel),
            least: under.least,
            told,
            template,
        };
        self.memo.held += call.size() + reads.len();
        if self.memo.held > ROOM {
            self.memo.calls.clear();
            self.memo.held = call.size();
        }
        let groups = self.memo.calls.entry(under.key).or_default();
        let group = match groups.iter().position(|group| *group.reads == reads) {
            Some(at) => &mut groups[at],
            None if groups.len() >= GROUPS => return None,
            None => {
                groups.push(Group { reads: Arc::new(reads), calls: FxHashMap::default() });
                groups.last_mut()?
            }
        };
        let calls = group.calls.entry(shape).or_default();
        if calls.len() >= VARIANTS {
            calls.remove(0);
        }
        calls.push(Arc::new(call));
        Some(())
    }

    /// How often each of these functions is under way.
    fn under_way(&self, functions: &[FunctionId]) -> Vec<(FunctionId, u32)> {
        let mut found: Vec<(FunctionId, u32)> = Vec::new();
        for function in self.stack.iter().filter_map(|activation| activation.function) {
            if functions.binary_search(&function).is_err() {
                continue;
            }
            match found.iter_mut().find(|(known, _)| *known == function) {
                Some((_, count)) => *count += 1,
                None => found.push((function, 1)),
            }
        }
        found.sort_unstable();
        found
    }

    /// Whether executing would go the way that is remembered.
    fn applies(&self, call: &Remembered<'a>) -> bool {
        let fits = match call.at_depth {
            Some(depth) => depth == self.depth,
            None => self.depth + call.height <= super::trial::DEPTH,
        };
        let newest = self.heap.journal.newest();
        let situation = call
            .situation
            .is_none_or(|situation| self.domain.as_ref().is_some_and(|domain| domain.inner_situation() == situation));
        fits && newest <= call.generation
            && situation
            && call.least <= left_to_call(self.fuel)
            && self.under_way(&call.called) == call.around
    }
}
