//! What a framework does for a view of the project's, with none of the project's functions under way: the class stands for it.

use pgwright_diagnostics::FileId;
use pgwright_python::ast::Stmt;
use pgwright_python::eval::{Evaluator, Place};
use pgwright_python::modules::ModuleOrigin;
use pgwright_python::text::{Ranged, TextRange};
use pgwright_python::value::{ClassId, FunctionId};

use super::record::Own;
use super::{Origin, Orm, State};

/// A view of the project's that is executed.
#[derive(Debug, Clone)]
pub(crate) struct View {
    /// Its class, with the method that is called.
    pub(crate) class: Own,
    /// What it is declared with as `queryset`, or the class.
    pub(crate) queryset: (FileId, Place),
}

impl<'a> Orm<'a> {
    /// Says that a method of a view is executed for a class of the project's.
    pub(crate) fn enter_view(&self, evaluator: &Evaluator<'a>, class: ClassId, function: FunctionId) {
        let record = evaluator.heap.class(class);
        let Some((file, statement)) = record.statement else { return };
        let place = |range: TextRange| Place { range, anchor: range.start() };
        let name = format!("{}.{}", record.qualname, evaluator.heap.function(function).name);
        let class = (file, place(statement.name.range), name.into());
        // Of a base class where that is the project's too.
        let declared = record.mro.iter().find_map(|id| {
            let base = evaluator.heap.class(*id);
            let is_own = evaluator.module(base.module).origin == ModuleOrigin::Project;
            match base.assignments.get("queryset").filter(|_| is_own)? {
                Stmt::Assign(assign) => Some((base.statement?.0, place(assign.value.range()))),
                _ => None,
            }
        });
        let queryset = declared.unwrap_or((file, class.1));
        self.state().view = Some(View { class, queryset });
    }
}

/// Where the queryset of the view under way is, if rows come from that.
pub(super) fn declared(origin: Option<&Origin>, state: &State) -> Option<(FileId, Place)> {
    let is_declared = origin.is_some_and(|origin| origin.made.is_none());
    state.view.as_ref().filter(|_| is_declared).map(|view| view.queryset)
}
