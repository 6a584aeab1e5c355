//! Where rows come from: the queryset that gave them, and the relations followed since.
//!
//! Kept in an attribute of its own, so that only what looks at it (a query about to be recorded) depends on it.

use pgwright_diagnostics::FileId;
use pgwright_python::eval::{Evaluator, Loop, Place};
use pgwright_python::value::{Foreign, Name, ObjectId, Value};
use std::sync::Arc;

use super::run::COLUMN;
use super::{Orm, QueryState};
use crate::model::ModelId;
use crate::queries::build;
use crate::queries::workload::{Over, Rows};

/// Attribute of a queryset's instance and of a model's that holds its [`Origin`].
const ORIGIN: &str = "<origin>";

/// The queryset that something was loaded by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Origin {
    /// The model of the queryset.
    pub(crate) model: ModelId,
    /// The project's expression that gave the queryset its form, or that loaded it; none where it is the one that a view is declared
    /// with, for whichever view that is.
    pub(crate) made: Option<(FileId, Place)>,
    /// How many rows it gave.
    pub(crate) rows: Rows,
    /// Relations followed from its rows, with `__` between them.
    pub(crate) path: Arc<str>,
}

impl Origin {
    /// One relation further.
    fn then(&self, name: &str) -> Origin {
        let path = if self.path.is_empty() { name.into() } else { format!("{}__{name}", self.path).into() };
        Origin { path, ..self.clone() }
    }
}

impl<'a> Orm<'a> {
    fn origin(evaluator: &Evaluator<'a>, id: ObjectId) -> Option<Origin> {
        evaluator.heap.own(id, ORIGIN)?.foreign::<Origin>().cloned()
    }

    fn set_origin(evaluator: &mut Evaluator<'a>, value: &Value, origin: Origin) {
        if let Value::Instance(id) = value {
            evaluator.heap.set_own(*id, Name::new_static(ORIGIN), Value::Foreign(Foreign::new(origin)));
        }
    }

    /// Where the project's code stands, as [`Origin::made`] has it; nothing where none of it is under way, not even for a view.
    fn place_or_view(&self, evaluator: &Evaluator<'a>) -> Option<Option<(FileId, Place)>> {
        let state = self.state();
        match Self::own_place(evaluator, &state) {
            Some((_, at)) => Some(Some((at.file, at.place))),
            None => state.view.is_some().then_some(None),
        }
    }

    /// Notes that the running expression gave a queryset its form.
    pub(super) fn note_made(&self, evaluator: &mut Evaluator<'a>, queryset: &Value, model: ModelId) {
        let made = self.place_or_view(evaluator);
        // What a framework does with a queryset leaves it the project's.
        let is_known = || matches!(queryset, Value::Instance(id) if Self::origin(evaluator, *id).is_some());
        if let Some(made) = made.filter(|made| made.is_some() || !is_known()) {
            Self::set_origin(evaluator, queryset, Origin { model, made, rows: Rows::Many, path: "".into() });
        }
    }

    /// Notes that a queryset holds the objects that a row's relation leads to.
    pub(super) fn note_related(&self, evaluator: &mut Evaluator<'a>, owner: &Value, accessor: &str, queryset: &Value) {
        if let Value::Instance(owner) = owner
            && let Some(origin) = Self::origin(evaluator, *owner)
        {
            Self::set_origin(evaluator, queryset, origin.then(accessor));
        }
    }

    /// Notes that a row is one of a queryset's.
    pub(super) fn note_row(
        &self,
        evaluator: &mut Evaluator<'a>,
        queryset: &Value,
        state: &QueryState,
        rows: Rows,
        row: &Value,
    ) {
        // What was made empty has no rows: whoever goes over it goes over those of another way.
        if state.query.as_ref().is_ok_and(|query| build::combine::is_empty(query)) {
            return;
        }
        let known = match queryset {
            Value::Instance(id) => Self::origin(evaluator, *id),
            _ => None,
        };
        let origin = known.map(|origin| if origin.path.is_empty() { Origin { rows, ..origin } } else { origin });
        let origin = origin.or_else(|| {
            let made = self.place_or_view(evaluator)?;
            Some(Origin { model: state.model, made, rows, path: "".into() })
        });
        // One row that a framework looks up is not one of those that a view lists.
        if let Some(origin) = origin.filter(|origin| origin.made.is_some() || origin.rows == Rows::Many) {
            Self::set_origin(evaluator, row, origin);
        }
    }

    /// Notes that an object is what a row's relation leads to.
    pub(super) fn note_followed(&self, evaluator: &mut Evaluator<'a>, from: ObjectId, name: &str, to: &Value) {
        if let Some(origin) = Self::origin(evaluator, from) {
            Self::set_origin(evaluator, to, origin.then(name));
        }
    }

    /// The origin of what an attribute of a row loads.
    pub(super) fn origin_of_load(evaluator: &Evaluator<'a>, row: ObjectId, name: &str) -> Option<Arc<Origin>> {
        Self::origin(evaluator, row).map(|origin| Arc::new(origin.then(name)))
    }

    /// The origin of a queryset that a relation gave, as long as nothing was added to it.
    pub(super) fn origin_of_related(evaluator: &Evaluator<'a>, queryset: &Value) -> Option<Arc<Origin>> {
        let Value::Instance(id) = queryset else { return None };
        Self::origin(evaluator, *id).filter(|origin| !origin.path.is_empty()).map(Arc::new)
    }

    /// What a loop goes over.
    pub(super) fn over(&self, evaluator: &Evaluator<'a>, each: &Loop) -> Over {
        match &each.item {
            None => Over::Condition,
            Some(item) if self.is_about_a_row(evaluator, item) => Over::Rows,
            Some(_) => Over::Items,
        }
    }

    fn is_about_a_row(&self, evaluator: &Evaluator<'a>, item: &Value) -> bool {
        match item {
            Value::Instance(id) => {
                evaluator.heap.class_of(*id).is_some_and(|class| self.known.models.contains_key(&class))
            }
            Value::Union(items) | Value::Tuple(items) => items.iter().any(|item| self.is_about_a_row(evaluator, item)),
            Value::Each(item) => self.is_about_a_row(evaluator, item),
            Value::Unknown(reason) => &**reason == COLUMN,
            _ => false,
        }
    }
}
