//! Tables that have become too large to look after as one.

use crate::names::{quote_name, truncate_name};
use crate::plan::count;
use crate::tune::recommendation::{ACCESS_EXCLUSIVE, docs};
use crate::tune::{Basis, Django, Facts, Recommendation, TableFacts, When};

/// 100 GiB of pages: a vacuum takes hours, and no machine keeps it in memory.
const LARGE: u64 = 13_107_200;
const ROWS: f64 = 500e6;
const IN_ORDER: f32 = 0.9;

pub fn partition(facts: &Facts<'_>, table: &TableFacts<'_>) -> Vec<Recommendation> {
    let Some(activity) = table.activity.filter(|activity| activity.partition_of.is_none()) else { return Vec::new() };
    if table.statistics.size.pages < LARGE && table.rows() < ROWS {
        return Vec::new();
    }
    // A time that only grows: old partitions are read seldom and dropped whole.
    let times = table.statistics.columns.iter().filter(|(_, column)| {
        let ordered = column.correlation.is_some_and(|correlation| correlation.abs() >= IN_ORDER);
        ordered
            && column.null_fraction == 0.0
            && matches!(column.type_.as_deref(), Some("date" | "timestamp" | "timestamptz"))
    });
    let filtered = |column: &str| facts.usage.column(table.name, column).range;
    let best = times.max_by_key(|(column, _)| filtered(column));
    let Some((column, found)) = best else { return Vec::new() };
    let name = quote_name(table.name);
    let new = quote_name(&truncate_name(&format!("{}_partitioned", table.name), 63));
    let deletes = match activity.deletes {
        0 => String::new(),
        deletes => {
            format!("; {} rows were deleted one by one, where a partition is dropped at once", count(deletes as f64))
        }
    };
    let asked = if filtered(column) { ", queries ask for ranges of it" } else { "" };
    vec![Recommendation {
        rule: "partitioning",
        table: Some(table.name.to_owned()),
        title: format!("consider partitions by `{column}`"),
        because: format!(
            "it has {} rows in {} GiB, in the order of `{column}` (correlation {:.2}{asked}){deletes}. Every unique key has to contain \
             `{column}` then",
            count(table.rows()),
            count(table.bytes() / (1u64 << 30) as f64),
            found.correlation.unwrap_or_default()
        ),
        source: docs::PARTITIONING,
        statements: vec![format!(
            "CREATE TABLE {new} (LIKE {name} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE) PARTITION BY RANGE ({})",
            quote_name(column)
        )],
        reverse: vec![format!("DROP TABLE {new}")],
        when: When::Window {
            lock: ACCESS_EXCLUSIVE,
            why: "the statement itself is quick, but rows have to be moved and the tables to change their names"
                .to_owned(),
        },
        django: Django::RunSql,
        basis: Basis::Measured,
    }]
}
