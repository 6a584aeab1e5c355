//! `inspect schema`: the tables that Django's migrations create.

use std::fmt::Write;

use pgwright_django::schema::{SchemaOutcome, Scope, schema_of};
use pgwright_schema::Schema;
use serde::Serialize;

use super::{Open, json, unresolved};
use crate::cli::{InspectSchemaArgs, SchemaFormat};
use crate::session::{Reading, Session};

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    #[serde(flatten)]
    schema: &'a Schema,
    /// Columns, indexes and constraints that are left out, and why.
    unresolved: Vec<Open<'a>>,
}

pub(super) fn render(args: &InspectSchemaArgs, session: &Session, reading: &Reading) -> String {
    let scope = if args.all { Scope::All } else { Scope::Own };
    let SchemaOutcome { schema, unresolved: left_out } = schema_of(&reading.project, scope);
    match args.format {
        SchemaFormat::Json => {
            json(&Document { version: 1, schema: &schema, unresolved: unresolved(session, &reading.files, &left_out) })
        }
        SchemaFormat::Sql => pgwright_schema::ddl(&schema)
            .iter()
            .map(|statement| format!("{};\n", statement.trim_end_matches(';')))
            .collect(),
        SchemaFormat::Text => {
            let mut text = to_text(&schema);
            for open in &left_out {
                let _ = writeln!(text, "\nnot understood: {}: {}", open.subject, open.reason);
            }
            text
        }
    }
}

fn to_text(schema: &Schema) -> String {
    schema
        .tables
        .iter()
        .map(|table| {
            let mut lines = vec![table.name.clone()];
            let width = table.columns.iter().map(|column| column.name.chars().count()).max().unwrap_or_default();
            for column in &table.columns {
                let null = if column.null { "" } else { " not null" };
                lines.push(format!("  {:width$}  {}{null}", column.name, column.type_));
            }
            for constraint in &table.constraints {
                lines.push(format!("  constraint {}", constraint.name));
            }
            for index in &table.indexes {
                let keys: Vec<String> = index.keys.iter().map(pgwright_schema::ddl::index_key).collect();
                let unique = if index.unique { "unique " } else { "" };
                lines.push(format!("  {unique}index {} {} ({})", index.name, index.method.as_str(), keys.join(", ")));
            }
            lines.join("\n") + "\n"
        })
        .collect::<Vec<_>>()
        .join("\n")
}
