//! `get_or_create()` and `update_or_create()`.

use super::super::context::{Context, FieldId};
use super::save::{Fields, Force, Key, Save, save};
use super::select::{Columns, Order, Select};
use super::text::{all, column, field_named, is_named, key_fields, local};
use super::{Rows, Statement, Values, When, all_when};
use crate::model::{Field, ModelId};

/// One call of `get_or_create()`.
#[derive(Debug, Clone)]
pub struct GetOrCreate {
    pub model: ModelId,
    /// The SELECT up to its `LIMIT`, when the look-up is not by the table's own columns or the queryset is filtered.
    pub select: Option<String>,
    /// The condition on the table, where `select` is not given.
    pub condition: String,
    /// Whether the key is among what is given.
    pub key: Key,
    /// What a new object is made of.
    pub values: Values,
}

impl GetOrCreate {
    pub fn by_condition(model: ModelId, condition: &str) -> GetOrCreate {
        GetOrCreate { model, select: None, condition: condition.to_owned(), key: Key::Unset, values: Values::default() }
    }

    /// By equality of these fields, in this order.
    pub fn by_fields(context: &Context<'_>, model: ModelId, names: &[&str]) -> GetOrCreate {
        let mut names = names.to_vec();
        names.sort_unstable();
        let fields: Vec<FieldId> = names.iter().filter_map(|name| field_named(context, model, name)).collect();
        let keys = key_fields(context, model);
        let key = if keys.iter().all(|key| fields.contains(key)) { Key::Set } else { Key::Unset };
        let conditions: Vec<String> =
            fields.into_iter().map(|field| format!("{} = %s", column(context, field))).collect();
        GetOrCreate { key, ..GetOrCreate::by_condition(model, &all(&conditions)) }
    }

    fn look(&self, context: &Context<'_>, tail: &'static str) -> Statement {
        match &self.select {
            Some(select) => {
                let rows = Rows { objects: Some(format!("{select}{tail}")), ..Rows::default() };
                rows.select_objects(context, self.model)
            }
            None => {
                let select = Select {
                    model: self.model,
                    columns: Columns::All,
                    condition: &self.condition,
                    order: Order::None,
                    tail,
                };
                select.statement(context)
            }
        }
    }

    fn create(&self, context: &Context<'_>) -> Vec<Statement> {
        let new = Save { force: Force::Insert, key: self.key, values: self.values.clone(), ..Save::added(self.model) };
        all_when(save(context, &new), &When::Missing)
    }
}

/// What `get_or_create()` sends.
pub fn get_or_create(context: &Context<'_>, call: &GetOrCreate) -> Vec<Statement> {
    let mut statements = vec![call.look(context, " LIMIT 21")];
    statements.extend(call.create(context));
    statements
}

/// What `update_or_create()` sends: the row is locked, then saved. `defaults` are the names it sets, `updated` their values.
pub fn update_or_create(
    context: &Context<'_>,
    call: &GetOrCreate,
    defaults: &[&str],
    updated: &Values,
) -> Vec<Statement> {
    let mut statements = vec![call.look(context, " LIMIT 21 FOR UPDATE")];
    statements.extend(call.create(context));
    let found =
        Save { fields: saved(context, call.model, defaults), values: updated.clone(), ..Save::loaded(call.model) };
    statements.extend(all_when(save(context, &found), &When::Found));
    statements
}

/// Since 4.2 only what is set is saved, with fields that set themselves; everything when something set is no column.
fn saved(context: &Context<'_>, model: ModelId, defaults: &[&str]) -> Fields {
    let concrete = defaults.iter().all(|name| {
        let field = field_named(context, model, name);
        field.is_some_and(|id| !key_fields(context, model).contains(&id))
    });
    if !concrete {
        return Fields::All;
    }
    let mut names: Vec<String> = defaults.iter().map(|name| (*name).to_owned()).collect();
    for id in local(context, model) {
        let field = context.field(id);
        if sets_itself(field) && !names.iter().any(|name| is_named(field, name)) {
            names.push(field.name.clone());
        }
    }
    Fields::Only(names)
}

/// Whether the field's class has a `pre_save` of its own.
fn sets_itself(field: &Field) -> bool {
    !field.primary_key
        && (matches!(
            field.internal_type.as_str(),
            "DateField" | "DateTimeField" | "TimeField" | "FileField" | "ImageField"
        ))
}
