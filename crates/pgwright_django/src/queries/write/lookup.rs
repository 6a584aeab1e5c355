//! `get_or_create()` and `update_or_create()`.

use super::super::compile::Terminal;
use super::super::context::{Context, FieldId};
use super::super::query::Query;
use super::save::{Fields, Force, Key, Save, save};
use super::select::{any_value, called, filtered, read};
use super::text::{field_named, is_named, key_fields, local};
use super::{Statement, Values, When, all_when};
use crate::model::{Field, ModelId, Value};

/// One call of `get_or_create()`.
#[derive(Debug, Clone)]
pub struct GetOrCreate {
    /// The queryset with the look-up as its filter.
    pub query: Query,
    /// Whether the key is among what is given.
    pub key: Key,
    /// What a new object is made of.
    pub values: Values,
}

impl GetOrCreate {
    pub fn new(query: Query) -> GetOrCreate {
        GetOrCreate { query, key: Key::Unset, values: Values::default() }
    }

    /// By equality of these fields.
    pub fn by_fields(context: &Context<'_>, query: &Query, names: &[&str]) -> Result<GetOrCreate, String> {
        let model = query.model;
        let fields: Vec<FieldId> = names.iter().filter_map(|name| field_named(context, model, name)).collect();
        let keys = key_fields(context, model);
        let key = if keys.iter().all(|key| fields.contains(key)) { Key::Set } else { Key::Unset };
        let lookups: Vec<(&str, Value)> = names.iter().map(|name| (*name, any_value())).collect();
        Ok(GetOrCreate { key, ..GetOrCreate::new(filtered(context, query, &lookups)?) })
    }

    fn create(&self, context: &Context<'_>) -> Vec<Statement> {
        let new =
            Save { force: Force::Insert, key: self.key, values: self.values.clone(), ..Save::added(self.query.model) };
        all_when(save(context, &new), &When::Missing)
    }
}

/// What `get_or_create()` sends.
pub fn get_or_create(context: &Context<'_>, call: &GetOrCreate) -> Result<Vec<Statement>, String> {
    let mut statements = vec![read(context, &call.query, &Terminal::Get)?];
    statements.extend(call.create(context));
    Ok(statements)
}

/// What `update_or_create()` sends: the row is locked, then saved. `defaults` are the names it sets, `updated` their values.
pub fn update_or_create(
    context: &Context<'_>,
    call: &GetOrCreate,
    defaults: &[&str],
    updated: &Values,
) -> Result<Vec<Statement>, String> {
    let locked = called(context, &call.query, "select_for_update", &[], &[])?;
    let mut statements = vec![read(context, &locked, &Terminal::Get)?];
    statements.extend(call.create(context));
    let found = Save {
        fields: saved(context, call.query.model, defaults),
        values: updated.clone(),
        ..Save::loaded(call.query.model)
    };
    statements.extend(all_when(save(context, &found), &When::Found));
    Ok(statements)
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
