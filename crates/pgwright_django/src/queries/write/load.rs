//! Loading one object, or more of it: `refresh_from_db()`, deferred fields, relations that were not loaded.

use super::super::build::ordering::unordered_all;
use super::super::compile::Terminal;
use super::super::context::{Context, FieldId};
use super::super::query::Query;
use super::Statement;
use super::select::{any_value, filtered, only, read};
use super::text::{field_named, key_fields, key_is};
use crate::model::ModelId;

/// What is read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresh<'a> {
    All,
    /// `fields=`, or the deferred field that was asked for.
    Only(&'a [&'a str]),
}

/// `object.refresh_from_db()`, and the read of a deferred field.
pub fn refresh(context: &Context<'_>, model: ModelId, fields: Refresh<'_>) -> Result<Statement, String> {
    let query = match fields {
        Refresh::All => Query::new(model),
        Refresh::Only(names) => {
            let fields: Vec<FieldId> = names.iter().filter_map(|name| field_named(context, model, name)).collect();
            only(context, &Query::new(model), &fields)?
        }
    };
    get_by_key(context, &query)
}

/// `object.author` where it was not loaded: a foreign key or one-to-one field followed forwards.
pub fn forward(context: &Context<'_>, field: FieldId) -> Result<Statement, String> {
    let target = context.field(field).relation.as_ref().and_then(|relation| relation.to);
    let (Some(model), Some(target)) = (target, context.target(field)) else {
        return Err("a relation to a model that is not known".to_owned());
    };
    by(context, model, &context.field(target).name)
}

/// `author.profile`: a one-to-one field followed backwards.
pub fn backward(context: &Context<'_>, field: FieldId) -> Result<Statement, String> {
    by(context, field.model, &context.field(field).name)
}

/// `Model.objects.get(pk=…)` of a plain manager.
pub(super) fn object_by_key(context: &Context<'_>, model: ModelId) -> Result<Statement, String> {
    get_by_key(context, &Query::new(model))
}

fn get_by_key(context: &Context<'_>, query: &Query) -> Result<Statement, String> {
    if key_fields(context, query.model).len() == 1 {
        let query = filtered(context, query, &[("pk", any_value())])?;
        return read(context, &query, &Terminal::Get);
    }
    // A composite key is compared as a tuple.
    let mut statement = read(context, &unordered_all(query), &Terminal::Iterate)?;
    statement.sql.push_str(&format!(" WHERE {} LIMIT 21", key_is(context, query.model)));
    Ok(statement)
}

fn by(context: &Context<'_>, model: ModelId, name: &str) -> Result<Statement, String> {
    let query = filtered(context, &Query::new(model), &[(name, any_value())])?;
    read(context, &query, &Terminal::Get)
}
