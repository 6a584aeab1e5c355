//! Room in pages for the next version of a row, so that indexes need not know of it.

use crate::names::quote_name;
use crate::plan::count;
use crate::sql::{Node, parse_index};
use crate::tune::recommendation::{SHARE_UPDATE_EXCLUSIVE, docs};
use crate::tune::{Basis, Django, Facts, Recommendation, TableFacts, When};

/// Fewer updates than these, or than this share of the rows, are no burden.
const UPDATES: u64 = 10_000;
const UPDATED: f64 = 0.1;
/// From this share of HOT updates on there is room enough.
const HOT: f64 = 0.8;

pub fn fillfactor(facts: &Facts<'_>, table: &TableFacts<'_>) -> Vec<Recommendation> {
    let Some(activity) = table.activity else { return Vec::new() };
    let fill: f64 = activity.options.get("fillfactor").and_then(|fill| fill.parse().ok()).unwrap_or(100.0);
    let (updates, rows) = (activity.updates, table.rows().max(1.0));
    let hot = activity.hot_updates as f64 / updates.max(1) as f64;
    if updates < UPDATES || (updates as f64) < rows * UPDATED || hot >= HOT || fill <= 90.0 {
        return Vec::new();
    }
    if !can_be_hot(facts, table) {
        return Vec::new();
    }
    // A row in ten of a page, and twice that where each row is updated again and again.
    let better = if updates as f64 > rows { 80 } else { 90 };
    let name = quote_name(table.name);
    let because = format!(
        "{} of {} updates ({:.0} %) found room in their row's page; the others wrote to each of its {} indexes",
        count(activity.hot_updates as f64),
        count(updates as f64),
        hot * 100.0,
        activity.indexes.len()
    );
    let reverse = match activity.options.get("fillfactor") {
        Some(before) => format!("ALTER TABLE {name} SET (fillfactor = {before})"),
        None => format!("ALTER TABLE {name} RESET (fillfactor)"),
    };
    vec![Recommendation {
        rule: "fillfactor",
        table: Some(table.name.to_owned()),
        title: format!("leave {} % of each page free for updates; pages written before stay full", 100 - better),
        because,
        source: docs::HOT,
        statements: vec![format!("ALTER TABLE {name} SET (fillfactor = {better})")],
        reverse: vec![reverse],
        when: When::Now { lock: SHARE_UPDATE_EXCLUSIVE },
        django: Django::RunSql,
        basis: Basis::Measured,
    }]
}

/// Whether some update may leave every indexed column alone. `save()` sets all columns, mostly to what they are, which counts as that.
fn can_be_hot(facts: &Facts<'_>, table: &TableFacts<'_>) -> bool {
    let Some(usage) = facts.usage.table(table.name).filter(|usage| !usage.updates.is_empty()) else { return true };
    let Some(activity) = table.activity else { return true };
    let mut indexed: Vec<String> = Vec::new();
    for index in activity.indexes.values() {
        // BRIN indexes do not stand in the way from PostgreSQL 16 on.
        if index.method == "brin" && facts.major >= 16 {
            continue;
        }
        let Ok(definition) = parse_index(&index.definition) else { continue };
        indexed.extend(definition.elements.iter().filter_map(|element| match &element.node {
            Node::Name(path) => path.last().cloned(),
            _ => None,
        }));
        indexed.extend(definition.include);
    }
    let columns = table.schema.map_or(usize::MAX, |table| table.columns.len());
    usage.updates.iter().any(|set| set.len() + 1 >= columns || !set.iter().any(|column| indexed.contains(column)))
}
