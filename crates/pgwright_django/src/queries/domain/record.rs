//! Recording where a query is sent.

use std::sync::Arc;

use super::{Assumptions, Orm, Run, State, Trust};
use crate::model::ModelId;
use crate::queries::entries::is_test_or_migration;
use crate::queries::workload::{Lazy, Rows, Situation, Terminal};
use pgwright_diagnostics::{File, FileId};
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

/// A place in the project's own Python.
#[derive(Debug, Clone)]
pub(crate) struct At {
    pub(crate) file: FileId,
    pub(crate) place: Place,
    /// Qualified name of the function.
    pub(crate) function: Arc<str>,
    /// Whether a template called this code, instead of being rendered by it.
    pub(crate) called: Called,
}

impl At {
    /// Where a request is handed on.
    fn of((file, place, function): &Own) -> At {
        At { file: *file, place: *place, function: function.clone(), called: Called::ByPython }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Called {
    ByTemplate,
    ByPython,
}

/// A query that executed code sends.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    /// None: nothing of the project's Python is under way, only the template.
    pub(crate) at: Option<At>,
    /// Where in a template, in bytes, this is sent from or called from.
    pub(crate) template: Option<(Arc<File>, u32)>,
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
            && (Self::own_place(evaluator, &state).is_some()
                || self.template_place(&state).is_some()
                || state.run.caller == Caller::Handler && !self.handlers.is_empty())
    }

    /// Remembers that a request is handed on from here (`get_response(request)`).
    pub(crate) fn hand_on(&self, evaluator: &Evaluator<'a>) {
        let mut state = self.state();
        let Some(At { file, place, function, .. }) = Self::own_place(evaluator, &state) else { return };
        let handler = (file, place, function);
        if state.muted == 0 && !state.handed_on.contains(&handler) {
            state.handed_on.push(handler);
        }
    }

    /// The innermost place of the project's own code.
    fn own_place(evaluator: &Evaluator<'a>, state: &State) -> Option<At> {
        evaluator.stack.iter().enumerate().rev().find_map(|(index, activation)| {
            let module = evaluator.module(activation.module);
            let own = module.origin == ModuleOrigin::Project && !is_test_or_migration(&module.name);
            own.then(|| {
                let function = activation.function.map(|function| evaluator.heap.function(function).qualname.clone());
                let is_called = state.under.last().is_some_and(|under| index >= under.calls);
                At {
                    file: activation.file,
                    place: activation.place,
                    function: function.unwrap_or_default(),
                    called: if is_called { Called::ByTemplate } else { Called::ByPython },
                }
            })
        })
    }

    /// Where rendering stands in a template of the project's.
    fn template_place(&self, state: &State) -> Option<(Arc<File>, u32)> {
        let under = state.under.iter().rev().find(|under| self.serving.templates.is_own(&under.template.file))?;
        (!under.template.file.path.as_str().is_empty()).then(|| (under.template.file.clone(), under.at))
    }

    pub(crate) fn record(&self, evaluator: &Evaluator<'a>, sent: Sent) {
        let mut state = self.state();
        if state.muted > 0 {
            return;
        }
        let is_abstract = sent.model.is_some_and(|model| self.context.models.get(model).abstract_);
        let sql = if is_abstract { Err("the model is abstract".into()) } else { sent.sql };
        let template = self.template_place(&state);
        let places: Vec<Option<At>> = match Self::own_place(evaluator, &state) {
            Some(at) => vec![Some(at)],
            None if state.run.caller == Caller::Handler && !self.handlers.is_empty() => {
                self.handlers.iter().map(|handler| Some(At::of(handler))).collect()
            }
            None if template.is_some() => vec![None],
            None => return,
        };
        let in_loop = evaluator.stack.iter().any(|activation| activation.loops > 0);
        let Run { situation, trust, assumptions, .. } = state.run;
        let doubtful = trust == Trust::Doubtful || assumptions == Assumptions::Fail || state.doubts > 0;
        for at in places {
            state.events.push(Event {
                at,
                template: template.clone(),
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
