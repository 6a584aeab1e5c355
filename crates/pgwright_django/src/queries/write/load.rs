//! Loading one object, or more of it: `refresh_from_db()`, deferred fields, relations that were not loaded.

use super::super::context::{Context, FieldId};
use super::Statement;
use super::select::{Columns, Order, Select};
use super::text::{column, field_named, key_is};
use crate::model::ModelId;

/// What is read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresh<'a> {
    All,
    /// `fields=`, or the deferred field that was asked for.
    Only(&'a [&'a str]),
}

/// `object.refresh_from_db()`, and the read of a deferred field.
pub fn refresh(context: &Context<'_>, model: ModelId, fields: Refresh<'_>) -> Statement {
    let condition = key_is(context, model);
    let only: Vec<FieldId>;
    let columns = match fields {
        Refresh::All => Columns::All,
        Refresh::Only(names) => {
            only = names.iter().filter_map(|name| field_named(context, model, name)).collect();
            Columns::Only(&only)
        }
    };
    one(context, model, columns, &condition)
}

/// `object.author` where it was not loaded: a foreign key or one-to-one field followed forwards.
pub fn forward(context: &Context<'_>, field: FieldId) -> Option<Statement> {
    let target = context.field(field).relation.as_ref()?.to?;
    let condition = format!("{} = %s", column(context, context.target(field)?));
    Some(one(context, target, Columns::All, &condition))
}

/// `author.profile`: a one-to-one field followed backwards.
pub fn backward(context: &Context<'_>, field: FieldId) -> Statement {
    let condition = format!("{} = %s", column(context, field));
    one(context, field.model, Columns::All, &condition)
}

/// `Model.objects.get(pk=…)` of a plain manager.
pub(super) fn object_by_key(context: &Context<'_>, model: ModelId) -> Statement {
    one(context, model, Columns::All, &key_is(context, model))
}

fn one(context: &Context<'_>, model: ModelId, columns: Columns<'_>, condition: &str) -> Statement {
    Select { model, columns, condition, order: Order::None, tail: " LIMIT 21" }.statement(context)
}
