//! Long values: how they are compressed.

use crate::names::quote_name;
use crate::plan::count;
use crate::tune::recommendation::{ACCESS_EXCLUSIVE, docs};
use crate::tune::{Basis, Django, Facts, Recommendation, TableFacts, When};

/// Less than this out of line is not worth a thought. Bytes.
const WORTH: u64 = 1 << 30;

/// LZ4 takes a fraction of the time of PostgreSQL's own compression for values a little larger.
pub fn compression(facts: &Facts<'_>, table: &TableFacts<'_>) -> Vec<Recommendation> {
    let Some(activity) = table.activity.filter(|activity| activity.toast_bytes >= WORTH) else { return Vec::new() };
    let default = facts.activity.settings.get("default_toast_compression");
    let Some(default) = default.filter(|default| default.choices.iter().any(|choice| choice == "lz4")) else {
        return Vec::new();
    };
    let name = quote_name(table.name);
    let long = activity.columns.iter().filter(|(column, storage)| {
        let compressed = matches!(storage.storage.as_str(), "extended" | "main");
        let now = storage.compression.as_deref().unwrap_or(&default.value);
        // What is short on average may be long at times; a column of short values is not why the table has so much out of line.
        let unlimited = table
            .schema
            .and_then(|schema| schema.column(column))
            .is_none_or(|column| column.type_.modifiers.is_empty());
        compressed && now != "lz4" && unlimited
    });
    let columns: Vec<(&String, Option<&str>)> =
        long.map(|(column, storage)| (column, storage.compression.as_deref())).collect();
    if columns.is_empty() {
        return Vec::new();
    }
    let alter = |column: &str, method: &str| {
        format!("ALTER TABLE {name} ALTER COLUMN {} SET COMPRESSION {method}", quote_name(column))
    };
    let names: Vec<String> = columns.iter().map(|(column, _)| format!("`{column}`")).collect();
    vec![Recommendation {
        rule: "toast-compression",
        table: Some(table.name.to_owned()),
        title: format!("compress {} with lz4; values written before stay as they are", names.join(", ")),
        because: format!(
            "{} MiB of values are out of line, compressed with {}",
            count(activity.toast_bytes as f64 / 1_048_576.0),
            default.value
        ),
        source: docs::TOAST,
        statements: columns.iter().map(|(column, _)| alter(column, "lz4")).collect(),
        reverse: columns.iter().map(|(column, before)| alter(column, before.unwrap_or("default"))).collect(),
        when: When::Now { lock: ACCESS_EXCLUSIVE },
        django: Django::RunSql,
        basis: Basis::Measured,
    }]
}
