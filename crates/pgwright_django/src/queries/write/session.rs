//! Sessions in the database, and the user of a request.

use super::super::compile::Terminal;
use super::super::context::Context;
use super::super::query::Query;
use super::delete::{Parents, delete};
use super::load::object_by_key;
use super::save::{Force, Key, Save, save};
use super::select::{any_value, exists, filtered, read};
use super::text::key_is;
use super::{Relations, Statement, When, all_when};
use crate::model::ModelId;

/// What is done with a session of `django.contrib.sessions.backends.db`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// The first look into it.
    Load,
    /// `save()` of a session without a key.
    Create,
    Save,
    Delete,
}

/// `model` is the session model (`sessions.Session` unless the project has one of its own).
pub fn session(context: &Context<'_>, relations: &Relations, model: ModelId, call: Call) -> Vec<Statement> {
    match call {
        Call::Load => {
            let query = Query::new(model);
            let lookups = [("expire_date__gt", any_value()), ("pk", any_value())];
            let query = filtered(context, &query, &lookups).and_then(|query| read(context, &query, &Terminal::Get));
            query.into_iter().collect()
        }
        Call::Create => {
            let mut statements = vec![exists(context, model, &key_is(context, model))];
            statements.extend(save(context, &Save { force: Force::Insert, key: Key::Set, ..Save::added(model) }));
            statements
        }
        Call::Save => save(context, &Save { force: Force::Update, key: Key::Set, ..Save::added(model) }),
        Call::Delete => {
            let mut statements: Vec<Statement> = object_by_key(context, model).into_iter().collect();
            statements.extend(all_when(delete(context, relations, model, Parents::Deleted), &When::Found));
            statements
        }
    }
}

/// `request.user` of `django.contrib.auth`: the session is read first unless it was.
pub fn user(context: &Context<'_>, model: ModelId) -> Result<Statement, String> {
    object_by_key(context, model)
}
