//! `QuerySet.update()` (`UpdateQuery`, `SQLUpdateCompiler`).

use super::super::context::{Context, FieldId};
use super::rows::Suffix;
use super::text::{field_named, key_in, table};
use super::{Action, Rows, Statement, Values, When};
use crate::model::ModelId;

/// What `queryset.update(**fields)` sends. `fields` are names in the order given, values those that are not parameters.
///
/// An error says why the SQL is not known. Fields of a parent lie in another table: then the keys are read first, and each table is updated by them.
pub fn update(
    context: &Context<'_>,
    model: ModelId,
    rows: &Rows,
    fields: &[&str],
    values: &Values,
) -> Result<Vec<Statement>, String> {
    let concrete = context.concrete(model);
    let mut own = Vec::new();
    let mut inherited: Vec<(ModelId, Vec<FieldId>)> = Vec::new();
    for id in fields.iter().filter_map(|name| field_named(context, model, name)) {
        if context.field(id).generated.is_some() {
            continue;
        }
        if id.model == concrete {
            own.push(id);
            continue;
        }
        match inherited.iter_mut().find(|(parent, _)| *parent == id.model) {
            Some((_, fields)) => fields.push(id),
            None => inherited.push((id.model, vec![id])),
        }
    }
    if inherited.is_empty() {
        if own.is_empty() {
            return Ok(Vec::new());
        }
        return Ok(match rows.suffix(context, concrete)? {
            Suffix::Text(condition) => vec![one(context, concrete, &own, values, &condition)],
            Suffix::Empty => Vec::new(),
        });
    }
    let links: Vec<String> =
        inherited.iter().filter_map(|(parent, _)| foreign_link(context, concrete, *parent)).collect();
    let mut statements = vec![rows.select_keys(context, concrete, &links)?];
    if !own.is_empty() {
        inherited.insert(0, (concrete, own));
    }
    for (model, fields) in inherited {
        let condition = format!(" WHERE {}", key_in(context, model));
        statements.push(one(context, model, &fields, values, &condition).when(&[When::Rows]));
    }
    Ok(statements)
}

/// The link to a parent that is not reached by primary keys alone: read beside the child's own key.
fn foreign_link(context: &Context<'_>, model: ModelId, parent: ModelId) -> Option<String> {
    let link = context.ancestor_link(model, parent)?;
    (!context.field(link).primary_key).then(|| context.field(link).name.clone())
}

fn one(context: &Context<'_>, model: ModelId, fields: &[FieldId], values: &Values, condition: &str) -> Statement {
    let assignments: Vec<String> = fields.iter().map(|id| values.assignment(context, *id)).collect();
    let sql = format!("UPDATE {} SET {}{condition}", table(context, model), assignments.join(", "));
    Statement::new(Action::Update, model, sql)
}
