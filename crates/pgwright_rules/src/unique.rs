//! Whether the database lets two rows have the same values.

use pgwright_diagnostics::{Applicability, Fix};
use pgwright_django::model::{Field, Model};

use crate::Facts;
use crate::additions::{constraint_name, takes_entries};
use crate::edits::{add_meta_entry, string};
use crate::tables::{Tables, accesses};

/// Whether some unique constraint or index refuses a second row with the same values in these columns, in some rows at least: one
/// with a condition, or on an expression of them, is taken for covering.
pub(crate) fn is_unique_over(facts: Facts, model: &Model, columns: &[&str]) -> bool {
    let tables = Tables::new(facts.project);
    let Some(table) = facts.project.own_schema().schema.table(&model.table) else { return true };
    // A constraint that could not be read may be the one.
    if !tables.is_whole(model) {
        return true;
    }
    // What a row gets by default is the same for both.
    let is_default = |column: &str| {
        let field = model.fields.iter().find(|field| field.column.as_deref() == Some(column));
        field.is_some_and(|field| field.default.is_some() && !field.null)
    };
    accesses(model, table).iter().filter(|access| access.unique).any(|access| {
        let keys: Vec<&str> = access.keys.iter().filter_map(|key| key.as_column()).collect();
        let (given, rest): (Vec<&str>, Vec<&str>) = keys.into_iter().partition(|column| columns.contains(column));
        (!given.is_empty() || rest.is_empty()) && rest.into_iter().all(is_default)
    })
}

/// Whether a column says what state a row is in, so that there may be many alike with one of its values.
pub(crate) fn is_state(field: &Field) -> bool {
    field.has_choices || field.internal_type == "BooleanField"
}

/// What to add to the model, in words.
pub(crate) fn wanted(model: &Model, fields: &[&Field]) -> String {
    let listed =
        |fields: &[&Field]| fields.iter().map(|field| format!("`{}`", field.name)).collect::<Vec<_>>().join(", ");
    let (state, keys): (Vec<&Field>, Vec<&Field>) = fields.iter().copied().partition(|field| is_state(field));
    let condition = match state.as_slice() {
        [] => String::new(),
        state => format!(", with the value of {} as its `condition` where rows of another may repeat,", listed(state)),
    };
    let keys = if keys.is_empty() { listed(fields) } else { listed(&keys) };
    let name = &model.name;
    format!("Add a `UniqueConstraint` on {keys}{condition} to `{name}.Meta.constraints`, after the duplicates are gone")
}

/// Adds the constraint to the model. None where a column may be NULL, which is never equal to another, where one is a state, or where the
/// class is not of the plain shape.
pub(crate) fn add_unique(facts: Facts, model: &Model, fields: &[&Field]) -> Option<Fix> {
    let site = model.site.as_ref().filter(|_| takes_entries(facts, model))?;
    let file = facts.files.try_get(site.statement.file)?;
    let is_plain = |field: &&Field| !field.null && field.column.is_some() && !is_state(field);
    let is_own = model.origin.is_own() && fields.iter().all(is_plain);
    let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
    let name = constraint_name(model, &format!("{}_uniq", names.join("_")))?;
    if !is_own || model.constraints.iter().any(|constraint| constraint.name == name) {
        return None;
    }
    let listed: Vec<String> = names.iter().map(|name| string(file, name)).collect();
    let entry = format!("models.UniqueConstraint(fields=[{}], name={})", listed.join(", "), string(file, &name));
    let edits = add_meta_entry(facts.files, site, "constraints", &entry)?;
    Some(Fix { title: "Add the unique constraint".to_owned(), applicability: Applicability::Unsafe, edits })
}
