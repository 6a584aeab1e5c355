//! Columns with more frequent values than `ANALYZE` keeps.

use crate::names::quote_name;
use crate::plan::count;
use crate::sql::{Node, parse_index};
use crate::tune::recommendation::{SHARE_UPDATE_EXCLUSIVE, docs};
use crate::tune::{Basis, Django, Facts, Recommendation, TableFacts, When};

/// Smaller tables are read fast with any plan. Rows.
const LARGE: f64 = 1_000_000.0;
/// The least frequent value that is kept occurs so many times as often as one that is not: the list ends too early.
const CUT_OFF: f64 = 2.0;

pub fn statistics_target(facts: &Facts<'_>, table: &TableFacts<'_>) -> Vec<Recommendation> {
    let Some(activity) = table.activity else { return Vec::new() };
    let rows = table.rows();
    if rows < LARGE {
        return Vec::new();
    }
    let default = facts.activity.number("default_statistics_target").unwrap_or(100.0);
    let leading: Vec<String> = activity.indexes.values().filter_map(|index| leading(&index.definition)).collect();
    let name = quote_name(table.name);
    let asked = table.statistics.columns.iter().filter(|(column, _)| {
        let usage = facts.usage.column(table.name, column);
        usage.equal || leading.contains(column)
    });
    asked
        .filter_map(|(column, found)| {
            let own = activity.columns.get(column).and_then(|column| column.statistics_target);
            let target = own.map_or(default, f64::from);
            let common = found.most_common.as_ref()?;
            let kept = common.frequencies.len() as f64;
            let last = f64::from(*common.frequencies.last()?);
            let distinct = found.distinct_of(rows)?;
            let covered: f64 = common.frequencies.iter().copied().map(f64::from).sum();
            let rest = (1.0 - f64::from(found.null_fraction) - covered).max(0.0) / (distinct - kept).max(1.0);
            if kept < target || target >= 1000.0 || distinct <= kept || last < rest * CUT_OFF {
                return None;
            }
            let better = (target * 10.0).min(distinct.max(target * 2.0)).min(1000.0);
            let column_name = quote_name(column);
            Some(Recommendation {
                rule: "statistics-target",
                table: Some(table.name.to_owned()),
                title: format!("keep {better:.0} frequent values of `{column}` instead of {kept:.0}"),
                because: format!(
                    "all {kept:.0} places are taken, and the last holds a value of {} rows where the other {} values have {} each: \
                     estimates of the next ones are too low",
                    count(last * rows),
                    count(distinct - kept),
                    count(rest * rows)
                ),
                source: docs::PLANNER_STATS,
                statements: vec![
                    format!("ALTER TABLE {name} ALTER COLUMN {column_name} SET STATISTICS {better:.0}"),
                    format!("ANALYZE {name} ({column_name})"),
                ],
                reverse: vec![format!(
                    "ALTER TABLE {name} ALTER COLUMN {column_name} SET STATISTICS {}",
                    own.map_or(-1, i64::from)
                )],
                when: When::Now { lock: SHARE_UPDATE_EXCLUSIVE },
                django: Django::RunSql,
                basis: Basis::Measured,
            })
        })
        .collect()
}

/// The first key of an index, when it is a column.
fn leading(definition: &str) -> Option<String> {
    match &parse_index(definition).ok()?.elements.first()?.node {
        Node::Name(path) => path.last().cloned(),
        _ => None,
    }
}
