//! `inspect schema`: the tables that Django's migrations create.

use pgwright_schema::Schema;
use serde::Serialize;

use super::json;
use crate::cli::{InspectSchemaArgs, SchemaFormat};
use crate::session::Reading;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    #[serde(flatten)]
    schema: &'a Schema,
}

pub(super) fn render(args: &InspectSchemaArgs, reading: &Reading) -> String {
    let schema = crate::analysis::schema(&reading.project, args.all);
    match args.format {
        SchemaFormat::Json => json(&Document { version: 1, schema: &schema }),
        SchemaFormat::Sql => pgwright_schema::ddl(&schema)
            .iter()
            .map(|statement| format!("{};\n", statement.trim_end_matches(';')))
            .collect(),
        SchemaFormat::Text => to_text(&schema),
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
