//! What functions are called with, seen from their callers; used where a function runs without a caller that says.

use pgwright_python::Evaluator;
use pgwright_python::modules::ModuleOrigin;
use pgwright_python::value::{ClassId, FunctionId, Name, Value};
use rustc_hash::FxHashMap;

use super::{Orm, QUERY, QueryState, ROW, Row};

/// Different kinds of values kept for one parameter; where there are more, those kept are guesses.
const KINDS: usize = 4;

/// A value without a place on the heap: one like it can be made anew.
#[derive(Debug, Clone)]
enum Kind {
    Row(Row),
    QuerySet(ClassId, QueryState),
    Instance(ClassId),
    Class(ClassId),
    Each(Box<Kind>),
}

impl Kind {
    fn is_guessed(&self) -> bool {
        match self {
            Kind::Row(row) => row.guessed,
            Kind::QuerySet(_, state) => state.guessed,
            Kind::Instance(_) | Kind::Class(_) => false,
            Kind::Each(item) => item.is_guessed(),
        }
    }

    fn guessed(self) -> Kind {
        match self {
            Kind::Row(row) => Kind::Row(Row { guessed: true, ..row }),
            Kind::QuerySet(class, state) => Kind::QuerySet(class, QueryState { guessed: true, ..state }),
            Kind::Each(item) => Kind::Each(Box::new(item.guessed())),
            other => other,
        }
    }

    /// Whether a second one tells nothing more.
    fn is_like(&self, other: &Kind) -> bool {
        match (self, other) {
            (Kind::Row(one), Kind::Row(other)) => {
                one.model == other.model && one.wide == other.wide && one.guessed == other.guessed
            }
            (Kind::QuerySet(one, a), Kind::QuerySet(other, b)) => {
                one == other && a.model == b.model && a.guessed == b.guessed && a.query == b.query
            }
            (Kind::Instance(one), Kind::Instance(other)) | (Kind::Class(one), Kind::Class(other)) => one == other,
            (Kind::Each(one), Kind::Each(other)) => one.is_like(other),
            _ => false,
        }
    }
}

/// How much of the heap all runs share: functions and classes with smaller numbers are the same ones in each.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shared {
    functions: usize,
    classes: usize,
}

impl Shared {
    pub(crate) fn of(evaluator: &Evaluator<'_>) -> Shared {
        Shared { functions: evaluator.heap.functions.len(), classes: evaluator.heap.classes.len() }
    }

    fn has_class(self, class: ClassId) -> bool {
        (class.0 as usize) < self.classes
    }
}

/// A parameter of a function.
pub(crate) type Parameter = (FunctionId, Name);

/// Kinds of values by parameter, each with the run that saw it first.
#[derive(Debug, Default, Clone)]
pub(crate) struct Seen {
    kinds: FxHashMap<Parameter, Vec<(usize, Kind)>>,
}

impl Seen {
    pub(crate) fn knows(&self, parameter: &Parameter) -> bool {
        self.kinds.contains_key(parameter)
    }

    fn add(&mut self, parameter: Parameter, run: usize, kind: Kind) {
        let kinds = self.kinds.entry(parameter).or_default();
        if kinds.len() <= KINDS && !kinds.iter().any(|(_, known)| known.is_like(&kind)) {
            kinds.push((run, kind));
        }
    }

    /// With what a later round saw.
    pub(crate) fn then(mut self, later: Seen) -> Seen {
        for (parameter, kinds) in later.kinds {
            kinds.into_iter().for_each(|(run, kind)| self.add(parameter.clone(), run, kind));
        }
        self
    }

    /// One of all: the same whichever of them saw what, as long as each went through its runs in order.
    pub(crate) fn joined(all: impl IntoIterator<Item = Seen>) -> Seen {
        let mut found: FxHashMap<Parameter, Vec<(usize, Kind)>> = FxHashMap::default();
        for (parameter, kinds) in all.into_iter().flat_map(|seen| seen.kinds) {
            found.entry(parameter).or_default().extend(kinds);
        }
        let mut joined = Seen::default();
        for (parameter, mut kinds) in found {
            kinds.sort_by_key(|(run, _)| *run);
            kinds.into_iter().for_each(|(run, kind)| joined.add(parameter.clone(), run, kind));
        }
        joined
    }
}

impl<'a> Orm<'a> {
    /// Remembers what a parameter was given.
    pub(crate) fn see(&self, evaluator: &Evaluator<'a>, function: FunctionId, parameter: &Name, value: &Value) {
        if !matches!(value, Value::Instance(_) | Value::Class(_) | Value::Each(_) | Value::Union(_))
            || function.0 as usize >= self.shared.functions
        {
            return;
        }
        let record = evaluator.heap.function(function);
        if evaluator.module(record.module).origin != ModuleOrigin::Project {
            return;
        }
        for alternative in value.alternatives() {
            if let Some(kind) = self.kind(evaluator, alternative) {
                let mut state = self.state();
                let run = state.run.number;
                state.collected.add((function, parameter.clone()), run, kind);
            }
        }
    }

    fn kind(&self, evaluator: &Evaluator<'a>, value: &Value) -> Option<Kind> {
        match value {
            Value::Instance(id) => {
                let class = evaluator.heap.class_of(*id)?;
                if !self.shared.has_class(class) {
                    return None;
                }
                if self.model_of(class).is_some() {
                    let row = evaluator.heap.own(*id, ROW)?.foreign::<Row>()?;
                    return Some(Kind::Row(row.clone()));
                }
                if evaluator.heap.is_subclass(class, self.known.queryset) {
                    let state = evaluator.heap.own(*id, QUERY)?.foreign::<QueryState>()?;
                    // Objects do not outlast their run.
                    return Some(Kind::QuerySet(class, QueryState { related: None, ..state.clone() }));
                }
                let is_manager = self.known.is_manager(evaluator, class);
                (!is_manager).then_some(Kind::Instance(class))
            }
            Value::Class(class) if self.shared.has_class(*class) && !evaluator.is_builtin_class(*class) => {
                Some(Kind::Class(*class))
            }
            Value::Each(item) => self.kind(evaluator, item).map(|kind| Kind::Each(Box::new(kind))),
            _ => None,
        }
    }

    /// What callers were seen to give, made anew: what is sure before what was guessed.
    pub(crate) fn handed(&self, evaluator: &mut Evaluator<'a>, parameter: &Parameter) -> Option<Value> {
        let seen = {
            let mut state = self.state();
            state.consulted += 1;
            state.seen.clone()
        };
        let kinds = seen.kinds.get(parameter)?;
        let sure = kinds.iter().any(|(_, kind)| !kind.is_guessed());
        let more = kinds.len() > KINDS;
        let mut joined: Option<Value> = None;
        for (_, kind) in kinds.iter().filter(|(_, kind)| !(sure && kind.is_guessed())).take(KINDS) {
            let kind = if more { kind.clone().guessed() } else { kind.clone() };
            let value = self.made(evaluator, &kind);
            joined = Some(match joined {
                Some(known) => evaluator.either(known, value),
                None => value,
            });
        }
        joined
    }

    fn made(&self, evaluator: &mut Evaluator<'a>, kind: &Kind) -> Value {
        match kind {
            Kind::Row(row) => self.row(evaluator, row.clone()),
            Kind::QuerySet(class, state) => {
                let bare = evaluator.bare_instance(*class);
                evaluator.put(&bare, QUERY, state.clone().stored());
                match bare {
                    Value::Instance(id) => self.with_state(evaluator, id, state.clone()),
                    other => other,
                }
            }
            Kind::Instance(class) => self.summon(evaluator, *class),
            Kind::Class(class) => Value::Class(*class),
            Kind::Each(item) => Value::each(self.made(evaluator, item)),
        }
    }
}
