//! Recording where a query is sent.

use std::sync::Arc;

use super::{Assumptions, Orm, Run, Trust};
use crate::model::ModelId;
use crate::queries::entries::is_test_or_migration;
use crate::queries::workload::{Lazy, Rows, Situation, Terminal};
use pgwright_diagnostics::FileId;
use pgwright_python::eval::{Eval, Evaluator, Place};
use pgwright_python::modules::ModuleOrigin;
use pgwright_python::value::Value;

/// What was sent, or why that is not known.
pub(crate) type Outcome = Result<Arc<str>, Arc<str>>;

/// A place of the project's own code: the file, where in it, and the function's qualified name.
pub(crate) type Own = (FileId, Place, Arc<str>);

/// Who calls what is executed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Somebody who is not known.
    #[default]
    Anybody,
    /// Django, answering a request: what no code of the project stands around is sent from its innermost middleware.
    Handler,
}

/// A query that executed code sends.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) file: FileId,
    pub(crate) place: Place,
    /// Qualified name of the function.
    pub(crate) function: Arc<str>,
    pub(crate) model: Option<ModelId>,
    pub(crate) terminal: Terminal,
    pub(crate) sql: Outcome,
    pub(crate) rows: Rows,
    pub(crate) in_loop: bool,
    pub(crate) lazy: Option<Lazy>,
    /// Something on the way here was guessed.
    pub(crate) guessed: bool,
    pub(crate) situation: Situation,
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
}

impl<'a> Orm<'a> {
    /// Whether anything is to be recorded here: then compiling is worth its time.
    pub(crate) fn records(&self, evaluator: &Evaluator<'a>) -> bool {
        let state = self.state();
        state.muted == 0
            && (Self::own_place(evaluator).is_some()
                || state.run.caller == Caller::Handler && !self.handlers.is_empty())
    }

    /// Remembers that a request is handed on from here (`get_response(request)`).
    pub(crate) fn hand_on(&self, evaluator: &Evaluator<'a>) {
        let Some(handler) = Self::own_place(evaluator) else { return };
        let mut state = self.state();
        if state.muted == 0 && !state.handed_on.contains(&handler) {
            state.handed_on.push(handler);
        }
    }

    /// The innermost place of the project's own code.
    fn own_place(evaluator: &Evaluator<'a>) -> Option<Own> {
        evaluator.stack.iter().rev().find_map(|activation| {
            let module = evaluator.module(activation.module);
            let own = module.origin == ModuleOrigin::Project && !is_test_or_migration(&module.name);
            own.then(|| {
                let function = activation.function.map(|function| evaluator.heap.function(function).qualname.clone());
                (activation.file, activation.place, function.unwrap_or_default())
            })
        })
    }

    pub(crate) fn record(&self, evaluator: &Evaluator<'a>, sent: Sent) {
        let mut state = self.state();
        if state.muted > 0 {
            return;
        }
        let is_abstract = sent.model.is_some_and(|model| self.context.models.get(model).abstract_);
        let sql = if is_abstract { Err("the model is abstract".into()) } else { sent.sql };
        let places = match Self::own_place(evaluator) {
            Some(place) => vec![place],
            None if state.run.caller == Caller::Handler => self.handlers.to_vec(),
            None => return,
        };
        let in_loop = evaluator.stack.iter().any(|activation| activation.loops > 0);
        let Run { situation, trust, assumptions, .. } = state.run;
        let doubtful = trust == Trust::Doubtful || assumptions == Assumptions::Fail || state.doubts > 0;
        for (file, place, function) in places {
            state.events.push(Event {
                file,
                place,
                function,
                model: sent.model,
                terminal: sent.terminal,
                sql: sql.clone(),
                rows: sent.rows,
                in_loop,
                lazy: sent.lazy,
                guessed: sent.guessed || doubtful,
                situation,
            });
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
            self.record(evaluator, Sent { model: None, terminal, sql, rows, lazy: None, guessed: false });
        }
    }
}
