//! Sessions in the database, and the user of a request.

use super::super::context::Context;
use super::delete::{Parents, delete};
use super::load::object_by_key;
use super::save::{Force, Key, Save, save};
use super::select::{Columns, Order, Select, exists};
use super::text::{all, column, field_named, key_is};
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
            let dated =
                field_named(context, model, "expire_date").map(|field| format!("{} > %s", column(context, field)));
            let conditions: Vec<String> = dated.into_iter().chain([key_is(context, model)]).collect();
            let condition = all(&conditions);
            let select =
                Select { model, columns: Columns::All, condition: &condition, order: Order::None, tail: " LIMIT 21" };
            vec![select.statement(context)]
        }
        Call::Create => {
            let mut statements = vec![exists(context, model, &key_is(context, model))];
            statements.extend(save(context, &Save { force: Force::Insert, key: Key::Set, ..Save::added(model) }));
            statements
        }
        Call::Save => save(context, &Save { force: Force::Update, key: Key::Set, ..Save::added(model) }),
        Call::Delete => {
            let mut statements = vec![object_by_key(context, model)];
            statements.extend(all_when(delete(context, relations, model, Parents::Deleted), &When::Found));
            statements
        }
    }
}

/// `request.user` of `django.contrib.auth`: the session is read first unless it was.
pub fn user(context: &Context<'_>, model: ModelId) -> Statement {
    object_by_key(context, model)
}
