//! The ORM as executed code meets it: querysets, managers and model instances as values, and the queries they send.
//!
//! `described/django/db/models` says in Python what has methods; what cannot be said there ends in [`Orm::call`]: making the next
//! query ([`queryset`]), sending one ([`run`]), writing ([`write`]), attributes of instances and managers ([`instance`], [`manager`]),
//! what parameters hold ([`argument`]), and rendering templates
//! ([`rendering`], [`lookup`], [`tags`]).

mod argument;
mod heard;
mod instance;
mod known;
mod linked;
mod lookup;
mod manager;
mod meta;
mod origin;
mod plain;
mod queryset;
mod record;
mod rendering;
mod run;
mod seen;
mod tags;
mod view;
mod wide;
mod write;

use std::any::Any;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pgwright_python::eval::{Eval, Evaluator, Kwargs};
use pgwright_python::value::{ClassId, FunctionId, Name, ObjectId, Value};
use pgwright_python::{Domain, Fingerprint, Mark, Told, ast};
use rustc_hash::{FxHashMap, FxHashSet};

pub(crate) use heard::Heard;
pub(crate) use instance::Row;
pub(crate) use known::Known;
pub(crate) use origin::Origin;
pub(crate) use plain::VARIANTS;
pub(crate) use queryset::QueryState;
pub(crate) use record::{Called, Caller, Event, Own};
pub(crate) use run::NO_MODEL;
pub(crate) use seen::{Parameter, Seen, Shared};

use super::context::Context;
use super::serving::Serving;
use super::workload::Situation;
use super::write::{Relations, Statement};
use crate::model::ModelId;

/// Attribute of a queryset's instance that holds its [`QueryState`].
pub(crate) const QUERY: &str = "<query>";
/// Attribute of a model's instance that holds its [`Row`].
pub(crate) const ROW: &str = "<row>";
/// Attribute of a related manager that says what it is related to.
pub(crate) const RELATED: &str = "<related>";

/// Knowledge of Django's ORM for the evaluator.
pub(crate) struct Orm<'a> {
    pub(crate) context: &'a Context<'a>,
    pub(crate) known: &'a Known,
    pub(crate) shared: Shared,
    /// Who listens to changes; none while that is being found out.
    pub(crate) heard: Option<&'a Heard>,
    /// Where the innermost middleware of the project hands requests on.
    handlers: Arc<[Own]>,
    pub(crate) serving: Arc<Serving<'a>>,
    state: Mutex<State>,
}

/// What one trial has seen so far.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) events: Vec<Event>,
    /// Every text of these events, and every reason why there is none, once.
    pub(crate) texts: FxHashSet<Arc<str>>,
    /// What is executed only to learn a value records nothing.
    pub(crate) muted: u32,
    /// Attributes being looked for in methods that set them.
    pub(crate) inferring: Vec<(ClassId, Name)>,
    /// What is executed now.
    pub(crate) run: Run,
    /// How often something was assumed.
    pub(crate) assumed: usize,
    /// What is executed may as well not be (`perhaps()` in descriptions): it is no more than likely.
    pub(crate) doubts: u32,
    /// The queryset whose rows are being loaded and that keeps them.
    pub(crate) keeper: Option<ObjectId>,
    /// Parameters that were read and that nobody gave a value.
    pub(crate) wanted: Vec<Parameter>,
    /// What parameters were given in this round.
    pub(crate) collected: Seen,
    /// What they were given in the rounds before.
    pub(crate) seen: Arc<Seen>,
    /// The class of the view that is executed, where frameworks do what nothing of the project's stands around.
    pub(crate) view: Option<view::View>,
    /// Where requests were handed on.
    pub(crate) handed_on: Vec<Own>,
    /// Templates being rendered, innermost last.
    pub(crate) under: Vec<rendering::Under>,
    /// How often rendering moved on.
    pub(crate) rendered: usize,
    /// How often something was noted that a remembered call cannot note again.
    pub(crate) unrepeatable: usize,
    /// How often one of `inferring` and `seen` was looked at.
    pub(crate) consulted: usize,
    /// How one object of each model of a wide class is found.
    pub(crate) lookups: FxHashMap<ClassId, Arc<[(ModelId, record::Outcome)]>>,
    /// What deleting objects of a wide class sends, by the class or by the queries.
    pub(crate) deletions: FxHashMap<u64, Arc<[Statement]>>,
    /// Names that methods of a class set on `self`, by class.
    pub(crate) set_names: FxHashMap<ClassId, Arc<FxHashMap<Name, Vec<FunctionId>>>>,
}

/// One execution from outside.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Run {
    /// Its place among all of them.
    pub(crate) number: usize,
    /// From where code was entered.
    pub(crate) situation: Situation,
    pub(crate) caller: Caller,
    pub(crate) trust: Trust,
    pub(crate) assumptions: Assumptions,
}

/// What descriptions take to be so (`assumed()`), where code may run either way.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Assumptions {
    #[default]
    Hold,
    Fail,
}

/// How far to believe what a run sends.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Trust {
    #[default]
    Sound,
    /// Conditions that are decided were taken to be open, and types were guessed from the names of attributes.
    Doubtful,
}

impl<'a> Orm<'a> {
    pub(crate) fn new(
        context: &'a Context<'a>,
        known: &'a Known,
        heard: Option<&'a Heard>,
        shared: Shared,
        serving: Arc<Serving<'a>>,
    ) -> Orm<'a> {
        Orm { context, known, heard, shared, serving, handlers: Arc::default(), state: Mutex::default() }
    }

    pub(crate) fn with_handlers(self, handlers: Arc<[Own]>) -> Orm<'a> {
        Orm { handlers, ..self }
    }

    /// Who refers to what, and who listens.
    pub(crate) fn relations(&self) -> &'a Relations {
        self.heard.map_or(&self.known.relations, |heard| &heard.relations)
    }

    /// Records nothing from here on.
    pub(crate) fn mute(&self) {
        self.state().muted += 1;
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets what an earlier attempt recorded, and says what is executed now.
    pub(crate) fn enter(&self, run: Run) {
        let mut state = self.state();
        state.events.clear();
        state.wanted.clear();
        state.assumed = 0;
        state.muted = 0;
        state.doubts = 0;
        state.inferring.clear();
        state.under.clear();
        state.run = run;
        state.view = None;
        state.handed_on.clear();
    }

    pub(crate) fn take_handed_on(&self) -> Vec<Own> {
        std::mem::take(&mut self.state().handed_on)
    }

    /// What the last run sent, the parameters it did not know, and whether it assumed something.
    pub(crate) fn take_outcome(&self) -> (Vec<Event>, Vec<Parameter>, bool) {
        let mut state = self.state();
        let (events, wanted) = (std::mem::take(&mut state.events), std::mem::take(&mut state.wanted));
        (record::distinct(&events, 0, 0), record::each_once(&wanted), state.assumed > 0)
    }

    /// Whether what a description assumes holds in this run.
    fn assumes(&self) -> bool {
        let mut state = self.state();
        state.assumed += 1;
        state.run.assumptions == Assumptions::Hold
    }

    /// What parameters were given since this was asked last.
    pub(crate) fn take_seen(&self) -> Seen {
        std::mem::take(&mut self.state().collected)
    }

    /// The model a class is.
    pub(crate) fn model_of(&self, class: ClassId) -> Option<ModelId> {
        self.known.models.get(&class).copied()
    }

    pub(crate) fn class_of(&self, model: ModelId) -> Option<ClassId> {
        self.known.classes.get(model.0 as usize).copied()
    }

    /// The class of an instance.
    pub(crate) fn instance_class(evaluator: &Evaluator<'a>, value: &Value) -> Option<ClassId> {
        match value {
            Value::Instance(id) => evaluator.heap.class_of(*id),
            _ => None,
        }
    }
}

impl<'a> Domain<'a> for Orm<'a> {
    fn call(&self, evaluator: &mut Evaluator<'a>, name: &str, args: Vec<Value>, kwargs: Kwargs) -> Eval {
        match name {
            "change" => self.change(evaluator, args, kwargs),
            "run" => self.run(evaluator, &args, &kwargs),
            "write" => self.write(evaluator, &args, &kwargs),
            "constrained" => match args.first() {
                Some(manager) => self.constrained_queryset(evaluator, manager),
                None => Ok(Value::unknown("a related queryset")),
            },
            "related" => Ok(self.related_queryset(evaluator, &args)),
            "perhaps" => self.perhaps(evaluator, &args),
            "execute" => {
                self.execute(evaluator, args.first());
                Ok(Value::None)
            }
            "model_columns" => Ok(self.model_columns(args.first())),
            "model_field" => Ok(self.model_field(&args)),
            "notify" => self.notify(evaluator, &args, &kwargs),
            "current_user" => Ok(self.current_user(evaluator)),
            "model_instance" => Ok(self.named_instance(evaluator, &args)),
            "guessed" => Ok(match args.into_iter().next() {
                Some(queryset) => self.guessed(evaluator, queryset),
                None => Value::unknown("a queryset that is not known"),
            }),
            "assumed" => Ok(Value::Bool(self.assumes())),
            "made_with" => Ok(match args.as_slice() {
                [object, Value::Str(argument)] => evaluator.made_with(object, argument),
                _ => None,
            }
            .unwrap_or_else(|| Value::unknown("what an object was made with"))),
            "annotations" => Ok(self.annotations(evaluator, &args)),
            "typed" => Ok(self.typed(evaluator, &args)),
            "model_class" => Ok(self.model_class(evaluator, &args)),
            "handle" => {
                self.hand_on(evaluator);
                Ok(Value::unknown("the response to a request"))
            }
            "multiplies" => Ok(self.multiplies(evaluator, &args)),
            "render_template" => self.render_template(evaluator, &args),
            "render_source" => self.render_source(evaluator, &args),
            "render_body" => self.render_body(evaluator, &args),
            "resolve_expression" => self.resolve_expression(evaluator, &args),
            "split_contents" => Ok(Self::split_contents(evaluator, &args)),
            "context_processors" => Ok(self.context_processors(evaluator)),
            "summon" => Ok(match args.first() {
                Some(Value::Class(class)) => self.summon(evaluator, *class),
                _ => Value::unknown("an instance of something not known"),
            }),
            _ => Ok(Value::unknown(format!("`{name}` is not known"))),
        }
    }

    fn attribute(&self, evaluator: &mut Evaluator<'a>, object: &Value, name: &str) -> Eval<Option<Value>> {
        match object {
            Value::Class(class) => Ok(self.class_attribute(evaluator, *class, name)),
            Value::Instance(id) => {
                let Some(class) = evaluator.heap.class_of(*id) else { return Ok(None) };
                match self.model_of(class) {
                    Some(model) => self.row_attribute(evaluator, object, *id, model, name),
                    None if Some(class) == self.known.options => Ok(self.options_attribute(evaluator, *id, name)),
                    None => {
                        let field = Self::field_of(evaluator, *id);
                        let field = field.or_else(|| self.known.field_objects.declared(*id, name));
                        Ok(field.and_then(|field| self.field_attribute(evaluator, object, field, name)))
                    }
                }
            }
            Value::Unknown(_) => Ok(self.by_member(evaluator, name)),
            _ => Ok(None),
        }
    }

    fn missing(&self, evaluator: &mut Evaluator<'a>, object: &Value, name: &str) -> Eval<Option<Value>> {
        let Some(class) = Self::instance_class(evaluator, object) else { return Ok(None) };
        if self.known.is_manager(evaluator, class) {
            return self.manager_attribute(evaluator, object, class, name);
        }
        let inferred = self.inferred_attribute(evaluator, object, class, name)?;
        // Middleware puts objects on the request, named after their models.
        if inferred.is_none()
            && let Some(request) = self.known.request
            && evaluator.heap.is_subclass(class, request)
            && let Some(model) = self.known.by_snake.get(name)
        {
            let row = self.row(evaluator, Row::guessed(*model));
            evaluator.put(object, name, row.clone());
            return Ok(Some(row));
        }
        Ok(inferred)
    }

    fn situation(&self, evaluator: &Evaluator<'a>, hasher: &mut Fingerprint) {
        self.hash_state(evaluator, hasher);
    }

    fn inner_situation(&self) -> u64 {
        let mut hasher = Fingerprint::default();
        let state = self.state();
        state.inferring.hash(&mut hasher);
        Arc::as_ptr(&state.seen).hash(&mut hasher);
        hasher.finish()
    }

    fn looks_at_situation(&self) -> usize {
        self.state().consulted
    }

    fn look_at_situation(&self) {
        self.state().consulted += 1;
    }

    fn is_watching(&self) -> bool {
        self.state().muted == 0
    }

    fn mark(&self) -> Mark {
        let state = self.state();
        [state.events.len(), state.wanted.len(), state.assumed, state.rendered, state.unrepeatable]
    }

    fn told(&self, evaluator: &Evaluator<'a>, since: Mark) -> Told {
        self.told_since(evaluator, since)
    }

    fn repeat(&self, evaluator: &Evaluator<'a>, told: &(dyn Any + Send + Sync)) {
        self.tell_again(evaluator, told);
    }

    fn argument(
        &self,
        evaluator: &mut Evaluator<'a>,
        function: FunctionId,
        parameter: &'a ast::Parameter,
    ) -> Option<Value> {
        self.parameter(evaluator, function, parameter)
    }

    fn passed(
        &self,
        evaluator: &mut Evaluator<'a>,
        function: FunctionId,
        parameter: &'a ast::Parameter,
        value: &Value,
    ) {
        self.see(evaluator, function, &parameter.name.id, value);
    }
}
