//! Deleting: `Model.delete()`, `QuerySet.delete()` and `QuerySet._raw_delete()`.

mod collector;
mod order;

use collector::{Collector, Keep, Loaded, Objects};

use super::super::context::Context;
use super::rows::Suffix;
use super::text::table;
use super::{Action, Relations, Rows, Statement, When};
use crate::model::ModelId;

/// Whether rows of parents go too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parents {
    Deleted,
    /// `keep_parents=True`.
    Kept,
}

/// What `object.delete()` sends.
pub fn delete(context: &Context<'_>, relations: &Relations, model: ModelId, parents: Parents) -> Vec<Statement> {
    let keep = match parents {
        Parents::Deleted => Keep::Nothing,
        Parents::Kept => Keep::Parents,
    };
    let mut collector = Collector::new(context, relations);
    collector.collect(&Objects { model, loaded: Loaded::All, when: Vec::new() }, keep);
    collector.finish()
}

/// What `queryset.delete()` sends: one DELETE where nothing depends on the rows, otherwise they are read first. An error says
/// why the SQL is not known.
pub fn delete_rows(
    context: &Context<'_>,
    relations: &Relations,
    model: ModelId,
    rows: &Rows,
) -> Result<Vec<Statement>, String> {
    if relations.is_fast(context, model, None) {
        return raw_delete(context, model, rows);
    }
    let mut statements = vec![rows.select_objects(context, model)?];
    let mut collector = Collector::new(context, relations);
    collector.collect(&Objects { model, loaded: Loaded::All, when: vec![When::Rows] }, Keep::Nothing);
    statements.extend(collector.finish());
    Ok(statements)
}

/// What `queryset._raw_delete()` sends.
pub fn raw_delete(context: &Context<'_>, model: ModelId, rows: &Rows) -> Result<Vec<Statement>, String> {
    // Until Django 5.0 (`delete_can_self_reference_subquery`).
    let is_wrapped = !context.at_least(5, 0) && rows.refers_to_itself(model);
    let rows = if is_wrapped { &rows.by_key_in_subquery(context, model)? } else { rows };
    Ok(match rows.suffix(context, model)? {
        Suffix::Text(condition) => {
            let sql = format!("DELETE FROM {}{condition}", table(context, model));
            vec![Statement::new(Action::Delete, model, sql)]
        }
        Suffix::Empty => Vec::new(),
    })
}
