//! Signals of models: who listens, as `ready()` of the installed apps and the modules read so far have connected them.

use pgwright_python::Evaluator;
use pgwright_python::eval::{Branches, Eval, Flow, Kwargs};
use pgwright_python::modules::ModuleOrigin;
use pgwright_python::value::{Definition, FunctionId, Name, Value};

use super::instance::{Row, Saved};
use super::{Known, Orm};
use crate::model::ModelId;
use crate::queries::context::Context;
use crate::queries::starts::is_test_or_migration;
use crate::queries::write::Relations;

/// Steps that one app's `ready()` may take.
const FUEL: u32 = 200_000;
/// Models for which a receiver of every model is executed.
const SENDERS: usize = 8;

/// How the description of signals calls every sender.
const EVERY: &str = "every sender";

const SIGNALS: [&str; 5] = ["pre_save", "post_save", "pre_delete", "post_delete", "m2m_changed"];

/// One connection of a receiver.
#[derive(Debug, Clone)]
pub(crate) struct Receiver {
    pub(crate) signal: &'static str,
    /// None: every model.
    pub(crate) sender: Option<ModelId>,
    pub(crate) function: Value,
    /// The project's own: executed once per sender rather than from each place that saves.
    pub(crate) own: bool,
}

/// One of the project's own receivers and a model it is executed for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReceiverRun {
    /// Its place in [`Heard::receivers`].
    pub(crate) receiver: usize,
    model: ModelId,
}

/// Receivers, and the relations as they are with them.
#[derive(Debug)]
pub(crate) struct Heard {
    pub(crate) receivers: Vec<Receiver>,
    pub(crate) runs: Vec<ReceiverRun>,
    pub(crate) relations: Relations,
}

impl Heard {
    /// Runs what apps do when they are ready, for good, and collects what is connected then.
    pub(crate) fn find<'a>(
        evaluator: &mut Evaluator<'a>,
        context: &'a Context<'a>,
        known: &'a Known,
        orm: std::sync::Arc<Orm<'a>>,
        apps: &[&str],
    ) -> Heard {
        orm.mute();
        evaluator.domain = Some(orm);
        evaluator.branches = Branches::Join;
        make_ready(evaluator);
        evaluator.branches = Branches::FirstKnown;
        evaluator.domain = None;
        let receivers = connected(evaluator, context, known);
        let mut relations = Relations::new(context, apps);
        for receiver in &receivers {
            let heard = match receiver.signal {
                "pre_delete" | "post_delete" => &mut relations.listened,
                "m2m_changed" => &mut relations.listened_many,
                _ => continue,
            };
            match receiver.sender {
                Some(sender) => heard.extend([sender]),
                None => heard.extend(context.models.all.iter().map(|model| model.id)),
            }
        }
        Heard { runs: runs(context, &receivers), receivers, relations }
    }

    fn of(&self, signal: &str, model: ModelId) -> impl Iterator<Item = &Receiver> {
        let is_sender = move |receiver: &&Receiver| receiver.sender.is_none_or(|sender| sender == model);
        self.receivers.iter().filter(move |receiver| receiver.signal == signal).filter(is_sender)
    }
}

/// The project's own receivers, each with the models it is executed for.
fn runs(context: &Context<'_>, receivers: &[Receiver]) -> Vec<ReceiverRun> {
    let mut runs = Vec::new();
    for (at, receiver) in receivers.iter().enumerate().filter(|(_, receiver)| receiver.own) {
        match receiver.sender {
            Some(model) => runs.push(ReceiverRun { receiver: at, model }),
            None => {
                let own = context.models.own_tables().filter(|model| model.site.is_some());
                runs.extend(own.take(SENDERS).map(|model| ReceiverRun { receiver: at, model: model.id }));
            }
        }
    }
    runs
}

/// Calls `ready()` of every installed app.
fn make_ready(evaluator: &mut Evaluator<'_>) {
    let Some(registry) = evaluator.import("django.apps.registry") else { return };
    let Some(apps) = evaluator.module_attribute(registry, "apps") else { return };
    let Ok(Some(Value::Dict(configs))) = evaluator.attribute(&apps, "app_configs") else { return };
    let configs: Vec<Value> = evaluator
        .heap
        .dict_of(configs)
        .map(|dict| dict.entries.values().map(|(_, config)| config.clone()).collect())
        .unwrap_or_default();
    for config in configs {
        evaluator.lasting(FUEL, |evaluator| {
            // What an app raises is its own trouble.
            let _ = evaluator.call_named(&config, "ready", Vec::new());
        });
    }
}

/// The connections of the signals that models send.
fn connected(evaluator: &mut Evaluator<'_>, context: &Context<'_>, known: &Known) -> Vec<Receiver> {
    let Some(module) = evaluator.import("django.db.models.signals") else { return Vec::new() };
    let mut found: Vec<Receiver> = Vec::new();
    for signal in SIGNALS {
        let Some(Value::Instance(id)) = evaluator.module_attribute(module, signal) else { continue };
        let connected = evaluator.heap.own(id, "connected").cloned();
        let Some(Value::List(connected)) = connected else { continue };
        let entries: Vec<Value> = evaluator.heap.list_items(connected).to_vec();
        for entry in entries.iter().flat_map(Value::alternatives) {
            let Value::Tuple(pair) = entry else { continue };
            let [sender, function] = &**pair else { continue };
            let own = is_own(evaluator, function);
            for sender in sender.alternatives() {
                let sender = match sender {
                    Value::Str(every) if &**every == EVERY => None,
                    sender => match sender_of(evaluator, context, known, sender) {
                        Some(sender) => Some(sender),
                        // Not a model, or not known which: `None` is what is not set yet far more often than every model.
                        None => continue,
                    },
                };
                found.push(Receiver { signal, sender, function: function.clone(), own });
            }
        }
    }
    found
}

/// The model that a sender is: a class, or the through model of a field.
fn sender_of(evaluator: &Evaluator<'_>, context: &Context<'_>, known: &Known, sender: &Value) -> Option<ModelId> {
    let field = match sender {
        Value::Class(class) => return known.models.get(class).copied(),
        // `Model.field.through` before models are complete.
        Value::Instance(id) => evaluator.heap.own(*id, "field")?.clone(),
        _ => return None,
    };
    let Value::Instance(field) = field else { return None };
    // The field itself does not know yet whose it is.
    known.models.iter().find_map(|(class, model)| {
        let attributes = &evaluator.heap.class(*class).attributes;
        let (name, _) = attributes.iter().find(|(_, value)| matches!(value, Value::Instance(id) if *id == field))?;
        context.models.get(*model).field(name)?.relation.as_ref()?.through
    })
}

/// Whether a receiver is the project's own, and not a test's.
fn is_own(evaluator: &Evaluator<'_>, function: &Value) -> bool {
    let Some(id) = function_of(function) else { return false };
    let function = evaluator.heap.function(id);
    let module = evaluator.module(function.module);
    module.origin == ModuleOrigin::Project
        && !is_test_or_migration(&module.name)
        && matches!(function.definition, Definition::Def(_))
}

fn function_of(value: &Value) -> Option<FunctionId> {
    match value {
        Value::Function(id) => Some(*id),
        Value::Bound(bound) => match &bound.1 {
            Value::Function(id) => Some(*id),
            _ => None,
        },
        _ => None,
    }
}

impl Receiver {
    pub(crate) fn function(&self) -> Option<FunctionId> {
        function_of(&self.function)
    }
}

impl<'a> Orm<'a> {
    /// `notify(signal, instance, …)`: receivers of libraries run here; the project's own have runs of their own.
    pub(crate) fn notify(&self, evaluator: &mut Evaluator<'a>, args: &[Value], kwargs: &Kwargs) -> Eval {
        let [Value::Str(signal), instance] = args else { return Ok(Value::None) };
        let class = Self::instance_class(evaluator, instance);
        if let Some(model) = class.and_then(|class| self.model_of(class)) {
            self.tell(evaluator, signal, model, instance, kwargs)?;
        }
        Ok(Value::None)
    }

    pub(crate) fn tell(
        &self,
        evaluator: &mut Evaluator<'a>,
        signal: &str,
        model: ModelId,
        instance: &Value,
        kwargs: &Kwargs,
    ) -> Eval<()> {
        let Some(heard) = self.heard.filter(|_| self.records(evaluator)) else { return Ok(()) };
        let functions: Vec<Value> =
            heard.of(signal, model).filter(|receiver| !receiver.own).map(|one| one.function.clone()).collect();
        for function in functions {
            let mut given = self.signal_arguments(model, instance);
            given.extend(kwargs.iter().cloned());
            if let Err(Flow::Exhausted) = evaluator.call(&function, Vec::new(), given, None) {
                return Err(Flow::Exhausted);
            }
        }
        Ok(())
    }

    fn signal_arguments(&self, model: ModelId, instance: &Value) -> Kwargs {
        let class = self.class_of(model).map_or_else(|| Value::unknown("a model"), Value::Class);
        vec![
            (Name::new_static("signal"), Value::unknown("a signal")),
            (Name::new_static("sender"), class),
            (Name::new_static("instance"), instance.clone()),
            (Name::new_static("raw"), Value::Bool(false)),
            (Name::new_static("using"), Value::str("default")),
        ]
    }

    /// Calls one of the project's own receivers as saving, deleting or linking an object of its model does.
    pub(crate) fn receive(&self, evaluator: &mut Evaluator<'a>, run: usize) -> Eval {
        let found = self.heard.and_then(|heard| {
            let run = heard.runs.get(run)?;
            Some((heard.receivers.get(run.receiver)?, run.model))
        });
        let Some((receiver, model)) = found else { return Ok(Value::None) };
        let through = self.linked_by(model);
        let saved = if receiver.signal == "pre_save" { Saved::Perhaps } else { Saved::Yes };
        let owner = through.map_or(model, |(owner, _)| owner);
        let instance = self.row(evaluator, Row { saved, ..Row::plain(owner) });
        let mut kwargs = self.signal_arguments(model, &instance);
        match receiver.signal {
            "pre_save" => kwargs.push((Name::new_static("update_fields"), Value::None)),
            "post_save" => {
                kwargs.push((Name::new_static("update_fields"), Value::None));
                kwargs.push((Name::new_static("created"), Value::unknown("whether the object is new")));
            }
            "m2m_changed" => {
                let far = through.and_then(|(_, target)| self.class_of(target));
                let far = far.map_or_else(|| Value::unknown("a model"), Value::Class);
                kwargs.push((Name::new_static("action"), Value::unknown("what is done to the links")));
                kwargs.push((Name::new_static("reverse"), Value::Bool(false)));
                kwargs.push((Name::new_static("model"), far));
                kwargs.push((Name::new_static("pk_set"), Value::each(Value::unknown("a primary key"))));
            }
            _ => kwargs.push((Name::new_static("origin"), Value::unknown("what was deleted"))),
        }
        evaluator.call(&receiver.function, Vec::new(), kwargs, None)
    }

    /// The model that has the many-to-many field with this through model, and the field's target.
    fn linked_by(&self, through: ModelId) -> Option<(ModelId, ModelId)> {
        self.context.models.all.iter().filter(|model| !model.abstract_).find_map(|model| {
            model.fields.iter().filter(|field| field.local).find_map(|field| {
                let relation = field.relation.as_ref().filter(|relation| relation.through == Some(through))?;
                Some((model.id, relation.to?))
            })
        })
    }
}
