//! Foreign keys and `unique_together`: constraints Django adds by `ALTER TABLE` once all tables exist.

use pgwright_schema::{Constraint, ConstraintKind, Deferrable, ForeignKey, Placement, Table, names};

use super::context::{Context, Known};
use super::{field_site, meta_site, unresolved};
use crate::model::{Field, Model, Models, Relation};
use crate::project::Unresolved;

pub(super) fn unique_together(context: &Context, table: &mut Table, lost: &mut Vec<Unresolved>) {
    for fields in &context.model.unique_together {
        match context.local_columns(fields) {
            Ok(columns) => {
                let listed: Vec<&str> = columns.iter().map(String::as_str).collect();
                let name = names::index_name(&table.name, &listed, "_uniq");
                let kind =
                    ConstraintKind::Unique { columns, deferrable: None, nulls_distinct: None, include: Vec::new() };
                table.constraints.push(Constraint { name, kind, placement: Placement::Alter });
            }
            Err(reason) => {
                lost.push(unresolved(context, "unique_together", reason, meta_site(context, "unique_together")))
            }
        }
    }
}

pub(super) fn foreign_keys(context: &Context, table: &mut Table, lost: &mut Vec<Unresolved>) {
    for field in context.model.local_columns() {
        let Some(relation) = field.relation.as_ref().filter(|relation| relation.db_constraint) else { continue };
        match foreign_key(context, field, relation) {
            Ok(key) => {
                let column = key.columns.first().map_or("", String::as_str);
                let to_column = key.to_columns.first().map_or("", String::as_str);
                let name = names::foreign_key_name(&table.name, column, &key.to_table, to_column);
                table.constraints.push(Constraint {
                    name,
                    kind: ConstraintKind::ForeignKey(key),
                    placement: Placement::Alter,
                });
            }
            Err(reason) => lost.push(unresolved(context, &field.name, reason, field_site(field))),
        }
    }
}

pub(super) fn foreign_key(context: &Context, field: &Field, relation: &Relation) -> Known<ForeignKey> {
    let target = relation.to.ok_or_else(|| format!("the model {} is not installed", relation.to_label))?;
    let (owner, to) = referenced(context.models, context.models.get(target), relation.to_field.as_deref())
        .ok_or_else(|| format!("the field of {} that it references", relation.to_label))?;
    Ok(ForeignKey {
        columns: vec![field.column.clone().ok_or("no column")?],
        to_table: owner.table.clone(),
        to_columns: vec![to.column.clone().ok_or("the referenced field has no column")?],
        on_delete: database_action(context, relation),
        deferrable: Some(Deferrable::InitiallyDeferred),
    })
}

/// The field a foreign key references and the model whose table holds it (`ForeignObject.target_field.model`).
fn referenced<'a>(models: &'a Models, model: &'a Model, name: Option<&str>) -> Option<(&'a Model, &'a Field)> {
    let field = match name {
        Some(name) if name != "pk" => model.field(name).or_else(|| model.primary_key()),
        _ => model.primary_key(),
    }?;
    // The field may lie in the table of a multi-table parent, or of the model a proxy stands for.
    let mut owner = model;
    let mut seen = 0;
    loop {
        let here = owner.fields.iter().find(|other| other.name == field.name);
        if let Some(here) = here.filter(|here| here.local && !owner.proxy) {
            return Some((owner, here));
        }
        let next = match owner.proxy_for.filter(|_| owner.proxy) {
            Some(concrete) => Some(concrete),
            None => owner
                .parents
                .iter()
                .map(|link| link.parent)
                .find(|parent| models.get(*parent).fields.iter().any(|other| other.name == field.name)),
        };
        owner = models.get(next?);
        seen += 1;
        if seen > 32 {
            return None;
        }
    }
}

/// `DB_CASCADE`, `DB_SET_NULL`, `DB_SET_DEFAULT` of Django 6.1 (`django/db/models/deletion.py`).
fn database_action(context: &Context, relation: &Relation) -> Option<String> {
    if !context.at_least(6, 1) {
        return None;
    }
    match relation.on_delete.as_deref()?.rsplit('.').next()? {
        "DB_CASCADE" => Some("CASCADE".to_owned()),
        "DB_SET_NULL" => Some("SET NULL".to_owned()),
        "DB_SET_DEFAULT" => Some("SET DEFAULT".to_owned()),
        _ => None,
    }
}
