//! Recording where a query is sent.

use std::any::Any;
use std::hash::Hash;
use std::ops::Deref;
use std::sync::Arc;

use super::view::{View, declared};
use super::{Assumptions, Origin, Orm, Parameter, Run, State, Trust};
use crate::model::ModelId;
use crate::queries::starts::is_test_or_migration;
use crate::queries::workload::{Lazy, Over, Rows, Situation, Terminal};
use pgwright_diagnostics::{File, FileId};
use pgwright_python::eval::{Activation, Eval, Evaluator, Place};
use pgwright_python::modules::ModuleOrigin;
use pgwright_python::text::TextRange;
use pgwright_python::value::{ObjectId, Value};
use pgwright_python::{Fingerprint, Mark, Told};
use rustc_hash::FxHashSet;

/// What was sent, or why that is not known.
pub(crate) type Outcome = Result<Arc<str>, Arc<str>>;

/// A place of the project's own code: the file, where in it, and the function's qualified name.
pub(crate) type Own = (FileId, Place, Arc<str>);

/// Who calls what is executed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) enum Caller {
    /// Somebody who is not known.
    #[default]
    Anybody,
    /// Django, answering a request: what no code of the project stands around is sent from its innermost middleware.
    Handler,
}

/// A place in the project's own Python.
#[derive(Debug, Clone)]
pub(crate) struct At {
    pub(crate) file: FileId,
    pub(crate) place: Place,
    /// Qualified name of the function.
    pub(crate) function: Arc<str>,
    /// Whether a template called this code, instead of being rendered by it, or a framework stands for the project's.
    pub(crate) called: Called,
}

impl At {
    fn of((file, place, function): &Own, called: Called) -> At {
        At { file: *file, place: *place, function: function.clone(), called }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Called {
    Template,
    Python,
    /// A framework, from where a request is handed on.
    Handler,
    /// A framework, for a view of the project's.
    View,
}

/// A query that executed code sends.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    said: Arc<Said>,
    pub(crate) situation: Situation,
    /// Calls that were under way around the one that `at` stands in.
    around: Option<usize>,
    /// Templates that were being rendered around the one of `template`.
    above: Option<usize>,
    pub(crate) looping: Option<Looping>,
}

/// The loop around an event that says most about it: one over rows where there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Looping {
    /// Calls around the one it stands in.
    around: usize,
    pub(crate) file: FileId,
    pub(crate) range: TextRange,
    pub(crate) over: Over,
}

/// What is the same from wherever its function was called.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    /// None: nothing of the project's Python is under way, only the template.
    pub(crate) at: Option<At>,
    /// Where in a template, in bytes, this is sent from or called from.
    pub(crate) template: Option<(Arc<File>, u32)>,
    pub(crate) model: Option<ModelId>,
    pub(crate) terminal: Terminal,
    pub(crate) sql: Outcome,
    pub(crate) rows: Rows,
    pub(crate) lazy: Option<Lazy>,
    /// Something on the way here was guessed.
    pub(crate) guessed: bool,
    pub(crate) origin: Option<Arc<Origin>>,
    /// Where the view's queryset is, if the origin is that.
    pub(crate) declared: Option<(FileId, Place)>,
}

impl Deref for Event {
    type Target = Said;

    fn deref(&self) -> &Said {
        &self.said
    }
}

/// What a call that ended told.
struct Call {
    events: Vec<Event>,
    wanted: Vec<Parameter>,
    assumed: bool,
    /// Calls that were under way around it, and templates.
    depth: usize,
    templates: usize,
}

/// A query about to be recorded.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) model: Option<ModelId>,
    pub(crate) terminal: Terminal,
    pub(crate) sql: Outcome,
    pub(crate) rows: Rows,
    pub(crate) lazy: Option<Lazy>,
    pub(crate) guessed: bool,
    /// The queryset whose rows it follows a relation of.
    pub(crate) origin: Option<Arc<Origin>>,
}

impl<'a> Orm<'a> {
    /// Whether anything is to be recorded here: then compiling is worth its time.
    pub(crate) fn records(&self, evaluator: &Evaluator<'a>) -> bool {
        let state = self.state();
        state.muted == 0
            && (Self::own_place(evaluator, &state).is_some()
                || self.template_place(&state).is_some()
                || state.run.caller == Caller::Handler && (!self.handlers.is_empty() || state.view.is_some()))
    }

    /// Remembers that a request is handed on from here (`get_response(request)`).
    pub(crate) fn hand_on(&self, evaluator: &Evaluator<'a>) {
        let mut state = self.state();
        state.unrepeatable += 1;
        let Some((_, At { file, place, function, .. })) = Self::own_place(evaluator, &state) else { return };
        let handler = (file, place, function);
        if state.muted == 0 && !state.handed_on.contains(&handler) {
            state.handed_on.push(handler);
        }
    }

    /// The innermost place of the project's own code, and how many calls are around it.
    pub(super) fn own_place(evaluator: &Evaluator<'a>, state: &State) -> Option<(usize, At)> {
        evaluator.stack.iter().enumerate().rev().find_map(|(index, activation)| {
            let module = evaluator.module(activation.module);
            let own = module.origin == ModuleOrigin::Project && !is_test_or_migration(&module.name);
            own.then(|| {
                let function = activation.function.map(|function| evaluator.heap.function(function).qualname.clone());
                let is_called = state.under.last().is_some_and(|under| index >= under.calls);
                let at = At {
                    file: activation.file,
                    place: activation.place,
                    function: function.unwrap_or_default(),
                    called: if is_called { Called::Template } else { Called::Python },
                };
                (index, at)
            })
        })
    }

    /// Where rendering stands in a template of the project's, and how many templates are around it.
    fn template_place(&self, state: &State) -> Option<(usize, (Arc<File>, u32))> {
        let mut under = state.under.iter().enumerate().rev();
        let (index, under) = under.find(|(_, under)| self.serving.templates.is_own(&under.template.file))?;
        let has_path = !under.template.file.path.as_str().is_empty();
        has_path.then(|| (index, (under.template.file.clone(), under.at)))
    }

    /// Says that what is recorded next loads rows that a queryset keeps, up to [`Orm::keep_on`] with what this gives.
    pub(super) fn keeping(&self, queryset: &Value) -> Option<ObjectId> {
        match queryset {
            Value::Instance(id) => self.state().keeper.replace(*id),
            _ => self.state().keeper.take(),
        }
    }

    pub(super) fn keep_on(&self, around: Option<ObjectId>) {
        self.state().keeper = around;
    }

    /// Seen from the project's code: a loop of a framework's stands where that was called. What a queryset keeps is loaded once in the loops
    /// that it was made before, unless it is one of the things they go over.
    fn looping(&self, evaluator: &Evaluator<'a>, state: &State, keeper: Option<ObjectId>) -> Option<Looping> {
        let mut found: Option<Looping> = None;
        for (around, activation) in evaluator.stack.iter().enumerate().rev() {
            for each in activation.loops.iter().rev() {
                let is_kept = keeper.is_some_and(|keeper| {
                    let goes_over = |item| leads_to(evaluator, item, keeper, ITEM_DEPTH);
                    keeper < each.since && !each.item.as_ref().is_some_and(goes_over)
                });
                if is_kept {
                    continue;
                }
                let over = self.over(evaluator, each);
                if found.is_some_and(|found| found.over <= over) {
                    continue;
                }
                let is_own =
                    |activation: &Activation| evaluator.module(activation.module).origin == ModuleOrigin::Project;
                let outer = evaluator.stack[..around].iter().rev().find(|activation| is_own(activation));
                let (file, range) = match (outer, &state.view) {
                    _ if is_own(activation) => (activation.file, each.range),
                    (Some(outer), _) => (outer.file, outer.place.range),
                    (None, Some(View { class: (file, place, _), .. })) => (*file, place.range),
                    (None, None) => (activation.file, each.range),
                };
                found = Some(Looping { around, file, range, over });
            }
            if found.is_some_and(|found| found.over == Over::Rows) {
                break;
            }
        }
        found
    }

    pub(crate) fn record(&self, evaluator: &Evaluator<'a>, sent: Sent) {
        let mut state = self.state();
        if state.muted > 0 {
            return;
        }
        let is_abstract = sent.model.is_some_and(|model| self.context.models.get(model).abstract_);
        let sql = if is_abstract { Err("the model is abstract".into()) } else { sent.sql };
        let sql = match sql {
            Ok(text) => Ok(once(&mut state.texts, text)),
            Err(reason) => Err(once(&mut state.texts, reason)),
        };
        let (above, template) = self.template_place(&state).unzip();
        let mut places: Vec<(Option<usize>, Option<At>)> = match Self::own_place(evaluator, &state) {
            Some((around, at)) => vec![(Some(around), Some(at))],
            None if state.run.caller == Caller::Handler => {
                let handlers = self.handlers.iter().map(|handler| At::of(handler, Called::Handler));
                let view = state.view.as_ref().filter(|_| template.is_none());
                handlers.chain(view.map(|view| At::of(&view.class, Called::View))).map(|at| (None, Some(at))).collect()
            }
            None => Vec::new(),
        };
        if places.is_empty() && template.is_some() {
            places.push((None, None));
        }
        let looping = self.looping(evaluator, &state, state.keeper);
        let Run { situation, trust, assumptions, .. } = state.run;
        let doubtful = trust == Trust::Doubtful || assumptions == Assumptions::Fail || state.doubts > 0;
        for (around, at) in places {
            let said = Said {
                at,
                template: template.clone(),
                model: sent.model,
                terminal: sent.terminal,
                sql: sql.clone(),
                rows: sent.rows,
                lazy: sent.lazy,
                guessed: sent.guessed || doubtful,
                origin: sent.origin.clone(),
                declared: declared(sent.origin.as_deref(), &state),
            };
            state.events.push(Event { said: Arc::new(said), situation, around, above, looping });
        }
    }

    /// What recording depends on: whether it is on, whether there are places to record for, and how far this run is believed.
    pub(crate) fn hash_state(&self, evaluator: &Evaluator<'a>, hasher: &mut Fingerprint) {
        let state = self.state();
        (state.muted > 0, state.doubts > 0, state.run.trust, state.run.assumptions, state.run.caller).hash(hasher);
        Self::own_place(evaluator, &state).is_some().hash(hasher);
        self.template_place(&state).is_some().hash(hasher);
        state.view.is_some().hash(hasher);
        state.under.last().map(|under| Arc::as_ptr(&under.template)).hash(hasher);
    }

    /// What the call that ends told since it began.
    pub(crate) fn told_since(&self, evaluator: &Evaluator<'a>, since: Mark) -> Told {
        let state = self.state();
        let [events, wanted, assumed, rendered, unrepeatable] = since;
        // Code that a template calls and that renders on moves the place in that template.
        let is_moved = rendered != state.rendered && !state.under.is_empty();
        let (Some(events), Some(wanted)) = (state.events.get(events..), state.wanted.get(wanted..)) else {
            return Told::Unrepeatable;
        };
        if is_moved || unrepeatable != state.unrepeatable {
            return Told::Unrepeatable;
        }
        let (depth, templates) = (evaluator.stack.len(), state.under.len());
        let assumed = state.assumed > assumed;
        if events.is_empty() && wanted.is_empty() && !assumed {
            return Told::Nothing;
        }
        let (events, wanted) = (distinct(events, depth, templates), each_once(wanted));
        Told::This(Arc::new(Call { events, wanted, assumed, depth, templates }))
    }

    /// Tells once more what a call told, which is made now from somewhere else.
    pub(crate) fn tell_again(&self, evaluator: &Evaluator<'a>, told: &(dyn Any + Send + Sync)) {
        let Some(call) = told.downcast_ref::<Call>() else { return };
        let depth = evaluator.stack.len();
        let mut state = self.state();
        let looping = self.looping(evaluator, &state, None);
        state.assumed += usize::from(call.assumed);
        state.wanted.extend_from_slice(&call.wanted);
        let (situation, templates) = (state.run.situation, state.under.len());
        let own = Self::own_place(evaluator, &state);
        let rendering = self.template_place(&state);
        for event in &call.events {
            let mut event = Event { situation, ..event.clone() };
            let declared = declared(event.origin.as_deref(), &state);
            if declared != event.declared {
                event.said = Arc::new(Said { declared, ..(*event.said).clone() });
            }
            match (event.around, &own) {
                (None, _) => {
                    let was = event.at.as_ref().filter(|at| at.called == Called::View);
                    if let Some((was, View { class, .. })) =
                        was.map(|was| (was.file, was.place.range)).zip(state.view.as_ref())
                    {
                        // Remembered of another view.
                        let (file, place, _) = class;
                        let is_there = |looping: &Looping| (looping.file, looping.range) == was;
                        event.looping = event.looping.map(|looping| match is_there(&looping) {
                            true => Looping { file: *file, range: place.range, ..looping },
                            false => looping,
                        });
                        let at = Some(At::of(class, Called::View));
                        event.said = Arc::new(Said { at, ..(*event.said).clone() });
                    }
                }
                (Some(around), _) if around >= call.depth => event.around = Some(around - call.depth + depth),
                (Some(_), Some((around, at))) => {
                    event.around = Some(*around);
                    event.said = Arc::new(Said { at: Some(at.clone()), ..(*event.said).clone() });
                }
                (Some(_), None) => continue,
            }
            match (event.above, &rendering) {
                (None, _) => {}
                (Some(above), _) if above >= call.templates => event.above = Some(above - call.templates + templates),
                (Some(_), Some((above, template))) => {
                    event.above = Some(*above);
                    event.said = Arc::new(Said { template: Some(template.clone()), ..(*event.said).clone() });
                }
                (Some(_), None) => continue,
            }
            let inner = event
                .looping
                .filter(|inner| inner.around >= call.depth)
                .map(|inner| Looping { around: inner.around - call.depth + depth, ..inner });
            event.looping = match (inner, looping) {
                (Some(inner), Some(outer)) if outer.over < inner.over => Some(outer),
                (inner, outer) => inner.or(outer),
            };
            state.events.push(event);
        }
    }

    /// `perhaps(function)`: calls what may as well not happen.
    pub(super) fn perhaps(&self, evaluator: &mut Evaluator<'a>, args: &[Value]) -> Eval {
        let [function, rest @ ..] = args else { return Ok(Value::None) };
        self.state().doubts += 1;
        let outcome = evaluator.call(function, rest.to_vec(), Vec::new(), None);
        let mut state = self.state();
        state.doubts = state.doubts.saturating_sub(1);
        outcome
    }

    /// `execute(sql)`: SQL that the code itself wrote.
    pub(super) fn execute(&self, evaluator: &Evaluator<'a>, sql: Option<&Value>) {
        for alternative in sql.map(Value::alternatives).unwrap_or_default() {
            let sql = match alternative {
                Value::Str(sql) => Ok(sql.clone()),
                _ => Err("the text of the SQL is not known".into()),
            };
            let (terminal, rows) = (Terminal::Raw, Rows::Unknown);
            self.record(evaluator, Sent { model: None, terminal, sql, rows, lazy: None, guessed: false, origin: None });
        }
    }
}

/// The first of equal texts: thousands of events have the same few.
fn once(texts: &mut FxHashSet<Arc<str>>, text: Arc<str>) -> Arc<str> {
    if let Some(known) = texts.get(&*text) {
        return known.clone();
    }
    texts.insert(text.clone());
    text
}

/// Steps in which an item of a loop is looked through.
const ITEM_DEPTH: u32 = 3;

/// Whether an object is a value or a part of it.
fn leads_to(evaluator: &Evaluator<'_>, value: &Value, object: ObjectId, depth: u32) -> bool {
    let part = |part: &Value| depth > 0 && leads_to(evaluator, part, object, depth - 1);
    match value {
        Value::Instance(id) => {
            let attributes = || evaluator.heap.instance(*id).map(|instance| instance.attributes.values());
            *id == object || attributes().into_iter().flatten().any(part)
        }
        Value::Tuple(items) | Value::Union(items) => items.iter().any(part),
        Value::Each(item) => part(item),
        Value::List(id) => evaluator.heap.list_items(*id).iter().any(part),
        Value::Dict(id) => {
            evaluator.heap.dict_of(*id).is_some_and(|dict| dict.entries.values().any(|(_, value)| part(value)))
        }
        _ => false,
    }
}

/// What makes two events of one call alike to whoever calls it; texts, of which there is one each, and files by where they lie.
#[derive(PartialEq, Eq, Hash)]
struct Same {
    place: Option<(FileId, u32, u32, u32)>,
    called: Option<Called>,
    template: Option<(usize, u32)>,
    sql: Result<usize, usize>,
    terminal: Terminal,
    model: Option<ModelId>,
    guessed: bool,
    looping: Option<(bool, FileId, TextRange, Over)>,
    origin: Option<Arc<Origin>>,
    is_within: (Option<bool>, Option<bool>),
}

impl Event {
    /// `depth`, `templates`: calls and templates around the call whose events are looked at.
    fn same_within(&self, depth: usize, templates: usize) -> Same {
        Same {
            place: self.at.as_ref().map(|at| {
                let (range, anchor) = (at.place.range, at.place.anchor);
                (at.file, range.start().to_u32(), range.end().to_u32(), anchor.to_u32())
            }),
            called: self.at.as_ref().map(|at| at.called),
            template: self.template.as_ref().map(|(file, at)| (Arc::as_ptr(file).addr(), *at)),
            sql: match &self.sql {
                Ok(sql) => Ok(sql.as_ptr().addr()),
                Err(reason) => Err(reason.as_ptr().addr()),
            },
            terminal: self.terminal,
            model: self.model,
            guessed: self.guessed,
            looping: self.looping.map(|inner| (inner.around >= depth, inner.file, inner.range, inner.over)),
            origin: self.origin.clone(),
            is_within: (self.around.map(|at| at >= depth), self.above.map(|at| at >= templates)),
        }
    }
}

/// Events without those that repeat one before.
pub(crate) fn distinct(events: &[Event], depth: usize, templates: usize) -> Vec<Event> {
    let mut met = FxHashSet::default();
    events.iter().filter(|event| met.insert(event.same_within(depth, templates))).cloned().collect()
}

/// Parameters without repetitions.
pub(crate) fn each_once(parameters: &[Parameter]) -> Vec<Parameter> {
    let mut met = FxHashSet::default();
    parameters.iter().filter(|parameter| met.insert(*parameter)).cloned().collect()
}
