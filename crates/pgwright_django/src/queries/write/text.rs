//! Parts of statements: columns, keys, placeholders.

use pgwright_schema::names::quote_name;

use super::super::context::{Context, FieldId};
use crate::model::{Field, ModelId, Value};

pub(super) fn table(context: &Context<'_>, model: ModelId) -> String {
    quote_name(&context.meta(model).table)
}

/// The column as it is listed in `INSERT` and `SET`.
pub(super) fn bare(context: &Context<'_>, field: FieldId) -> String {
    quote_name(context.field(field).column.as_deref().unwrap_or_default())
}

/// The column with its table.
pub(super) fn column(context: &Context<'_>, field: FieldId) -> String {
    format!("{}.{}", table(context, field.model), bare(context, field))
}

/// The fields of the primary key: one, unless it is composite. None where the model has no key that is known.
pub(super) fn key_fields(context: &Context<'_>, model: ModelId) -> Vec<FieldId> {
    let Some(key) = context.meta(model).primary_key else { return Vec::new() };
    let field = context.field(key);
    if field.column.is_some() {
        return vec![key];
    }
    let (Some(Value::List(names)) | Some(Value::Tuple(names))) = &field.default else { return Vec::new() };
    let columns = &context.meta(model).columns;
    names
        .iter()
        .filter_map(|name| {
            let name = name.as_str()?;
            columns.iter().copied().find(|id| is_named(context.field(*id), name))
        })
        .collect()
}

/// `pk=…`.
pub(super) fn key_is(context: &Context<'_>, model: ModelId) -> String {
    key_condition(context, model, " = %s", "=", "(%s)")
}

/// `pk__in=[…]`.
pub(super) fn key_in(context: &Context<'_>, model: ModelId) -> String {
    key_condition(context, model, " IN (%s)", "IN", "((%s))")
}

fn key_condition(context: &Context<'_>, model: ModelId, one: &str, operator: &str, many: &str) -> String {
    let keys: Vec<String> = key_fields(context, model).into_iter().map(|field| column(context, field)).collect();
    match keys.as_slice() {
        [key] => format!("{key}{one}"),
        keys => {
            let parameters = vec!["%s"; keys.len()].join(", ");
            format!("({}) {operator} {}", keys.join(", "), many.replace("%s", &parameters))
        }
    }
}

/// Conditions joined as Django writes them: in parentheses when there is more than one.
pub(super) fn all(conditions: &[String]) -> String {
    joined(conditions, " AND ")
}

pub(super) fn any(conditions: &[String]) -> String {
    joined(conditions, " OR ")
}

fn joined(conditions: &[String], by: &str) -> String {
    match conditions {
        [one] => one.clone(),
        many => format!("({})", many.join(by)),
    }
}

/// `%s`, with the type where the field's class says it: arrays and ranges (`Field.get_placeholder`).
pub(super) fn placeholder(field: &Field) -> String {
    wrapped(field, "%s")
}

/// An expression where the placeholder would be.
pub(super) fn wrapped(field: &Field, sql: &str) -> String {
    match field.db_type.as_deref().filter(|_| has_placeholder(field)) {
        Some(db_type) => format!("{sql}::{db_type}"),
        None => sql.to_owned(),
    }
}

pub(super) fn has_placeholder(field: &Field) -> bool {
    let Some(db_type) = field.db_type.as_deref().filter(|_| field.relation.is_none()) else { return false };
    db_type.ends_with("[]") || (db_type.ends_with("range") && field.internal_type.ends_with("RangeField"))
}

pub(super) fn is_named(field: &Field, name: &str) -> bool {
    field.name == name || field.attname == name
}

/// The column of this name or attribute name; `pk` is the key.
pub(super) fn field_named(context: &Context<'_>, model: ModelId, name: &str) -> Option<FieldId> {
    if name == "pk" {
        return key_fields(context, model).first().copied();
    }
    context.meta(model).columns.iter().copied().find(|id| is_named(context.field(*id), name))
}

/// The columns in the model's own table, in its order.
pub(super) fn local(context: &Context<'_>, model: ModelId) -> Vec<FieldId> {
    let concrete = context.concrete(model);
    context.meta(concrete).columns.iter().copied().filter(|id| id.model == concrete).collect()
}

/// Every concrete ancestor, each once.
pub(super) fn ancestors(context: &Context<'_>, model: ModelId) -> Vec<ModelId> {
    let mut found = Vec::new();
    let mut open = vec![context.concrete(model)];
    while let Some(at) = open.pop() {
        for (parent, _) in &context.meta(at).parents {
            if !found.contains(parent) && *parent != model {
                found.push(*parent);
                open.push(*parent);
            }
        }
    }
    found
}

/// `AutoField` and its like: the database numbers rows.
pub(super) fn is_auto(field: &Field) -> bool {
    matches!(field.internal_type.as_str(), "AutoField" | "BigAutoField" | "SmallAutoField")
}
