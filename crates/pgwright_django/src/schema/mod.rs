//! What tables, indexes and constraints Django's migrations make of the models, on PostgreSQL.
//!
//! Follows `BaseDatabaseSchemaEditor.create_model` (`django/db/backends/base/schema.py`) and the PostgreSQL editor.
//! What cannot be known from source is listed as unresolved, and left out of the schema rather than guessed.

mod column;
mod condition;
mod context;
mod date;
mod extension;
mod function;
mod index;
mod literal;
mod lookup;
mod output;
mod relation;
mod text;

use std::collections::BTreeMap;

use pgwright_diagnostics::Span;
use pgwright_schema::{Expr, Placement, Schema, Table, names};

use crate::model::{Field, Model, ModelId, Models, Origin, Value};
use crate::project::{Project, Unresolved};
use context::Context;
pub use extension::of_index as extensions_of_index;
pub(crate) use lookup::{COMMON_LOOKUPS, class_lookup};

#[derive(Debug, Default)]
pub struct SchemaOutcome {
    pub schema: Schema,
    /// Columns, indexes and constraints that are left out, and why.
    pub unresolved: Vec<Unresolved>,
}

/// Whose tables are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Every installed app's.
    All,
    /// Those of the project's own models.
    Own,
}

/// The schema of every installed app's models.
pub fn schema(project: &Project) -> SchemaOutcome {
    schema_of(project, Scope::All)
}

/// The schema of the project's models, in the order of registration, each many-to-many table after its owner.
pub fn schema_of(project: &Project, scope: Scope) -> SchemaOutcome {
    let mut outcome = SchemaOutcome::default();
    default_tablespaces(project, &mut outcome.unresolved);
    let wanted = |model: &&Model| model.has_table() && (scope == Scope::All || model.origin.is_own());
    let mut throughs: BTreeMap<ModelId, Vec<&Model>> = BTreeMap::new();
    for model in project.models.all.iter().filter(wanted) {
        if let Origin::AutomaticThrough { of, .. } = &model.origin {
            throughs.entry(*of).or_default().push(model);
        }
    }
    for model in project.models.all.iter().filter(wanted) {
        if !matches!(model.origin, Origin::AutomaticThrough { .. }) {
            add_table(project, model, &mut outcome);
            for through in throughs.remove(&model.id).unwrap_or_default() {
                add_table(project, through, &mut outcome);
            }
        }
    }
    // The owner may itself be without a table (a proxy or unmanaged model with a many-to-many field).
    for through in throughs.into_values().flatten() {
        add_table(project, through, &mut outcome);
    }
    outcome.schema.extensions = extension::extensions(&outcome.schema);
    outcome
}

fn add_table(project: &Project, model: &Model, outcome: &mut SchemaOutcome) {
    let table = table_of(project, &project.models, model, &mut outcome.unresolved);
    outcome.schema.tables.push(table);
}

/// The table of one of `models`.
pub(crate) fn table_of(project: &Project, models: &Models, model: &Model, unresolved: &mut Vec<Unresolved>) -> Table {
    let context = Context::new(project, models, model);
    let mut table = Table {
        name: model.table.clone(),
        columns: Vec::new(),
        constraints: Vec::new(),
        indexes: Vec::new(),
        comment: model.db_table_comment.clone().filter(|comment| !comment.is_empty()),
        tablespace: None,
    };
    tablespaces(&context, unresolved);
    column::columns(&context, &mut table, unresolved);
    relation::unique_together(&context, &mut table, unresolved);
    relation::foreign_keys(&context, &mut table, unresolved);
    index::constraints(&context, &mut table, unresolved);
    index::field_indexes(&context, &mut table, unresolved);
    index::index_together(&context, &mut table, unresolved);
    index::meta_indexes(&context, &mut table, unresolved);
    drop_dangling(&context, &mut table, unresolved);
    name_unnamed(&mut table);
    table
}

/// A table of one column alone, with the constraints written beside it: what `ADD COLUMN` says of it.
pub(crate) fn column_of(project: &Project, models: &Models, model: &Model, field: &Field) -> Result<Table, String> {
    let context = Context::new(project, models, model);
    column::alone(&context, field)
}

/// A value as a column of this field stores it (`get_db_prep_save`).
pub(crate) fn stored(models: &Models, field: &Field, value: &Value) -> Result<Expr, String> {
    match output::of_field(models, field) {
        output::Output::Array { db_type, .. } if !matches!(value, Value::None) => {
            Ok(literal::array_default(value, &db_type)?.uncast())
        }
        output::Output::HStore => literal::hstore(value),
        output => literal::prepared(value, &output),
    }
}

/// The default a database gives to the field's column (`db_default_sql`).
pub(crate) fn database_default(
    project: &Project,
    models: &Models,
    model: &Model,
    field: &Field,
) -> Option<Result<Expr, String>> {
    let context = Context::new(project, models, model);
    field.db_default.as_ref().map(|value| column::default(&context, field, value))
}

/// The index that an entry of `Meta.indexes` makes.
pub(crate) fn index_of(
    project: &Project,
    models: &Models,
    model: &Model,
    declared: &crate::model::Index,
) -> Result<pgwright_schema::Index, String> {
    let context = Context::new(project, models, model);
    index::meta_index(&context, &bare_table(model), declared)
}

/// What an entry of `Meta.constraints` makes: a constraint, or the index that stands for it.
pub(crate) fn constraint_of(
    project: &Project,
    models: &Models,
    model: &Model,
    declared: &crate::model::Constraint,
) -> Result<Table, String> {
    let context = Context::new(project, models, model);
    let mut table = bare_table(model);
    index::constraint(&context, &mut table, declared, Placement::Alter)?;
    Ok(table)
}

/// The foreign key of a field that has one in the database.
pub(crate) fn foreign_key_of(
    project: &Project,
    models: &Models,
    model: &Model,
    field: &Field,
) -> Option<Result<pgwright_schema::ForeignKey, String>> {
    let context = Context::new(project, models, model);
    let relation = field.relation.as_ref().filter(|relation| relation.db_constraint)?;
    Some(relation::foreign_key(&context, field, relation))
}

/// The indexes of a field's own: `db_index`, and the hidden one for `LIKE 'x%'`.
pub(crate) fn field_indexes_of(
    project: &Project,
    models: &Models,
    model: &Model,
    field: &Field,
) -> Vec<pgwright_schema::Index> {
    let alone = Model { fields: vec![field.clone()], ..model.clone() };
    let context = Context::new(project, models, &alone);
    let Ok(mut table) = column::alone(&context, field) else { return Vec::new() };
    index::field_indexes(&context, &mut table, &mut Vec::new());
    table.indexes
}

fn bare_table(model: &Model) -> Table {
    Table {
        name: model.table.clone(),
        columns: Vec::new(),
        constraints: Vec::new(),
        indexes: Vec::new(),
        comment: None,
        tablespace: None,
    }
}

/// What needs a column that is itself unresolved cannot be built either.
fn drop_dangling(context: &Context, table: &mut Table, lost: &mut Vec<Unresolved>) {
    let columns: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
    let missing = |needed: Vec<&str>| {
        needed.into_iter().find(|name| !columns.iter().any(|column| column == name)).map(str::to_owned)
    };
    let mut keep = |name: &str, missing: Option<String>| match missing {
        Some(column) => {
            lost.push(unresolved(context, name, format!("its column {column} is not known"), None));
            false
        }
        None => true,
    };
    table.constraints.retain(|constraint| keep(&constraint.name, missing(constraint.columns())));
    table.indexes.retain(|index| keep(&index.name, missing(index.columns())));
}

/// Tablespaces of tables and of columns' indexes are not part of the model graph: said, where one is given.
fn tablespaces(context: &Context, lost: &mut Vec<Unresolved>) {
    let reason = "the tablespace is not written into the schema";
    if let Some(site) = meta_site(context, "db_tablespace") {
        lost.push(unresolved(context, "db_tablespace", reason, Some(site)));
    }
    for field in context.model.local_columns() {
        let keyword = field.site.as_ref().and_then(|site| site.keyword("db_tablespace"));
        if let Some(keyword) = keyword {
            lost.push(unresolved(context, &field.name, reason, Some(keyword.whole)));
        }
    }
}

/// `DEFAULT_TABLESPACE` and `DEFAULT_INDEX_TABLESPACE` move every table or index that names none.
fn default_tablespaces(project: &Project, lost: &mut Vec<Unresolved>) {
    for (name, value) in &project.settings.values {
        let named = value.as_str().is_some_and(|text| !text.is_empty());
        if named && matches!(name.as_str(), "DEFAULT_TABLESPACE" | "DEFAULT_INDEX_TABLESPACE") {
            let reason = format!("{name} is not written into the schema");
            lost.push(Unresolved { subject: "settings".to_owned(), reason, site: None });
        }
    }
}

/// Two unnamed constraints that PostgreSQL would call the same get `1`, `2`… after their label.
fn name_unnamed(table: &mut Table) {
    let mut taken: Vec<String> = table
        .constraints
        .iter()
        .filter(|constraint| constraint.placement != Placement::Column)
        .map(|constraint| constraint.name.clone())
        .collect();
    for constraint in table.constraints.iter_mut().filter(|constraint| constraint.placement == Placement::Column) {
        let base = constraint.name.clone();
        let mut number = 0;
        while taken.contains(&constraint.name) {
            number += 1;
            let digits = number.to_string();
            constraint.name = format!("{}{digits}", names::clip(&base, names::MAX_NAME_LENGTH - digits.len()));
        }
        taken.push(constraint.name.clone());
    }
}

fn unresolved(context: &Context, what: &str, reason: impl Into<String>, site: Option<Span>) -> Unresolved {
    Unresolved { subject: format!("{}.{what}", context.model.label()), reason: reason.into(), site }
}

/// Where a field is declared.
fn field_site(field: &Field) -> Option<Span> {
    field.site.as_ref().map(|site| site.statement)
}

/// Where an option of `Meta` is set.
fn meta_site(context: &Context, option: &str) -> Option<Span> {
    let site = context.model.site.as_ref()?;
    site.meta_options.iter().find(|found| found.name == option).map(|found| found.statement)
}
