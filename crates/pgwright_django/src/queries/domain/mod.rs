//! The ORM as executed code meets it: querysets, managers and model instances as values, and the queries they send.
//!
//! `described/django/db/models` says in Python what has methods; what cannot be said there ends in [`Orm::call`]: making the next
//! query ([`queryset`]), sending one ([`run`]), writing ([`write`]), attributes of instances and managers ([`instance`], [`manager`]),
//! and what parameters hold ([`argument`]).

mod argument;
mod instance;
mod known;
mod manager;
mod plain;
mod queryset;
mod record;
mod run;
mod write;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pgwright_python::eval::{Eval, Evaluator, Kwargs};
use pgwright_python::value::{ClassId, FunctionId, Name, Value};
use pgwright_python::{Domain, ast};
use rustc_hash::FxHashMap;

pub(crate) use instance::Row;
pub(crate) use known::Known;
pub(crate) use queryset::QueryState;
pub(crate) use record::Event;

use super::context::Context;
use super::workload::Situation;
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
    state: Mutex<State>,
}

/// What one trial has seen so far.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) events: Vec<Event>,
    /// What is executed only to learn a value records nothing.
    pub(crate) muted: u32,
    /// Attributes being looked for in methods that set them.
    pub(crate) inferring: Vec<(ClassId, Name)>,
    /// From where code was entered.
    pub(crate) situation: Situation,
    /// Names that methods of a class set on `self`, by class.
    pub(crate) set_names: FxHashMap<ClassId, Arc<FxHashMap<Name, Vec<FunctionId>>>>,
}

impl<'a> Orm<'a> {
    pub(crate) fn new(context: &'a Context<'a>, known: &'a Known) -> Orm<'a> {
        Orm { context, known, state: Mutex::default() }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets what an earlier attempt recorded, and says what is executed now.
    pub(crate) fn enter(&self, situation: Situation) {
        let mut state = self.state();
        state.events.clear();
        state.muted = 0;
        state.inferring.clear();
        state.situation = situation;
    }

    pub(crate) fn take_events(&self) -> Vec<Event> {
        std::mem::take(&mut self.state().events)
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
            Value::Instance(id) => evaluator.heap.instance(*id).map(|instance| instance.class),
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
            "current_user" => Ok(self.current_user(evaluator)),
            "model_instance" => Ok(self.named_instance(evaluator, &args)),
            "made_with" => Ok(match args.as_slice() {
                [object, Value::Str(argument)] => evaluator.made_with(object, argument),
                _ => None,
            }
            .unwrap_or_else(|| Value::unknown("what an object was made with"))),
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
                let Some(instance) = evaluator.heap.instance(*id) else { return Ok(None) };
                match self.model_of(instance.class) {
                    Some(model) => self.row_attribute(evaluator, object, *id, model, name),
                    None if Some(instance.class) == self.known.options => Ok(Self::options_attribute(name)),
                    None => Ok(None),
                }
            }
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

    fn argument(
        &self,
        evaluator: &mut Evaluator<'a>,
        function: FunctionId,
        parameter: &'a ast::Parameter,
    ) -> Option<Value> {
        self.parameter(evaluator, function, parameter)
    }
}
