//! The tables of the models, as the page lists and draws them.

use std::collections::{HashMap, HashSet};

use pgwright_django::Project;
use pgwright_django::model::{Model, Origin};
use pgwright_schema::plan::count;
use pgwright_schema::{ConstraintKind, Expr, Table};
use serde_json::{Value, json};

use crate::ground::Ground;

/// A table as the page draws it.
pub(super) struct TableView {
    pub(super) name: String,
    pub(super) model: Option<String>,
    /// As statistics have it, or assumed.
    pub(super) rows: f64,
    pub(super) columns: Vec<ColumnView>,
    pub(super) indexes: Vec<String>,
    /// Tables whose foreign keys lead here.
    pub(super) from: Vec<String>,
}

pub(super) struct ColumnView {
    pub(super) name: String,
    pub(super) type_: String,
    pub(super) null: bool,
    /// Of the primary key.
    pub(super) key: bool,
    /// First of an index, or of a constraint that keeps rows unique.
    pub(super) indexed: bool,
    /// The table that a foreign key leads to.
    pub(super) to: Option<String>,
}

impl TableView {
    pub(super) fn rows(&self) -> String {
        count(self.rows)
    }
}

/// The tables of the project's own models, and those that these refer to.
pub(super) fn tables(project: &Project, ground: &Ground) -> Vec<TableView> {
    let mut models: HashMap<&str, &Model> = HashMap::new();
    for model in project.models.all.iter().filter(|model| model.has_table()) {
        models.entry(&model.table).or_insert(model);
    }
    let is_own = |table: &&Table| models.get(table.name.as_str()).is_some_and(|model| model.origin == Origin::Project);
    let own: Vec<&Table> = ground.schema.tables.iter().filter(is_own).collect();
    let mut from: HashMap<&str, Vec<String>> = HashMap::new();
    for table in &own {
        for (_, to) in leads(table) {
            let from = from.entry(to).or_default();
            if from.last() != Some(&table.name) {
                from.push(table.name.clone());
            }
        }
    }
    let view = |table: &&Table| {
        let to: HashMap<&str, &str> = leads(table).collect();
        let keys: HashSet<&str> = table
            .constraints
            .iter()
            .flat_map(|constraint| match &constraint.kind {
                ConstraintKind::PrimaryKey { columns, .. } => columns.as_slice(),
                _ => &[],
            })
            .map(String::as_str)
            .collect();
        let unique = table.constraints.iter().filter_map(|constraint| match &constraint.kind {
            ConstraintKind::Unique { columns, .. } => columns.first().map(String::as_str),
            _ => None,
        });
        let keys_of = table.indexes.iter().filter_map(|index| match &index.keys.first()?.expr {
            Expr::Column(name) => Some(name.as_str()),
            _ => None,
        });
        let indexed: HashSet<&str> = unique.chain(keys_of).collect();
        TableView {
            name: table.name.clone(),
            model: models.get(table.name.as_str()).map(|model| model.label()),
            rows: ground.statistics.tables.get(&table.name).map_or(0.0, |table| table.size.rows_today()),
            columns: table
                .columns
                .iter()
                .map(|column| ColumnView {
                    type_: column.type_.to_string(),
                    null: column.null,
                    key: keys.contains(column.name.as_str()),
                    indexed: indexed.contains(column.name.as_str()),
                    to: to.get(column.name.as_str()).map(|to| (*to).to_owned()),
                    name: column.name.clone(),
                })
                .collect(),
            indexes: table.indexes.iter().map(|index| index.name.clone()).collect(),
            from: from.get(table.name.as_str()).cloned().unwrap_or_default(),
        }
    };
    own.iter().map(view).collect()
}

/// A table's foreign keys: the column, and the table it leads to.
fn leads(table: &Table) -> impl Iterator<Item = (&str, &str)> {
    table.constraints.iter().filter_map(|constraint| match &constraint.kind {
        ConstraintKind::ForeignKey(key) => Some((key.columns.first()?.as_str(), key.to_table.as_str())),
        _ => None,
    })
}

/// What the diagram needs of them: keys, foreign keys and columns with an index, and how many more there are.
pub(super) fn drawn(tables: &[TableView]) -> Value {
    let table = |table: &TableView| {
        let (shown, rest): (Vec<&ColumnView>, Vec<&ColumnView>) =
            table.columns.iter().partition(|column| column.key || column.to.is_some() || column.indexed);
        let columns = shown.into_iter().map(|column| {
            let to = column.to.as_ref();
            json!({ "name": column.name, "type": column.type_, "key": column.key, "to": to, "null": column.null })
        });
        json!({
            "table": table.name,
            "model": table.model,
            "rows": table.rows(),
            "columns": columns.collect::<Vec<Value>>(),
            "more": rest.len(),
        })
    };
    tables.iter().map(table).collect()
}
