//! Indexes that cost writes and space and serve nothing.

use crate::names::{quote_name, split_identifier};
use crate::plan::{count, grouped};
use crate::tune::hash::concurrently;
use crate::tune::recommendation::{SHARE_UPDATE_EXCLUSIVE, docs};
use crate::tune::{Basis, Django, Facts, Recommendation, TableFacts, When};

/// Smaller ones are not worth the question. Bytes.
const WORTH: u64 = 10 << 20;
/// Counters should have seen a month's end. Seconds.
const LONG_ENOUGH: u64 = 30 * 86_400;

/// An index in statements: it is in its table's schema.
pub(super) fn index_name(table: &str, index: &str) -> String {
    match split_identifier(table) {
        ("", _) => quote_name(index),
        (schema, _) => format!("{}.{}", quote_name(schema), quote_name(index)),
    }
}

/// No scan since counting began.
pub fn unused(facts: &Facts<'_>, table: &TableFacts<'_>) -> Vec<Recommendation> {
    let Some(activity) = table.activity else { return Vec::new() };
    // Where nothing was counted at all, nothing is known; so where it was not counted for long.
    let counted = facts.activity.counted_seconds;
    if activity.index_scans + activity.sequential_scans == 0 || counted.is_some_and(|seconds| seconds < LONG_ENOUGH) {
        return Vec::new();
    }
    let idle = activity.indexes.iter().filter(|(_, index)| {
        index.scans == 0
            && index.valid
            && !index.unique
            && !index.of_constraint
            && !index.of_partition
            && index.bytes >= WORTH
    });
    idle.map(|(name, index)| {
        let since = match counted {
            Some(seconds) => format!("in the {} days that counters count", grouped((seconds / 86_400) as f64)),
            None => "since counting began, which was never reset".to_owned(),
        };
        let writes = activity.inserts + activity.updates - activity.hot_updates.min(activity.updates);
        Recommendation {
            rule: "unused-index",
            table: Some(table.name.to_owned()),
            title: format!("drop `{name}`, unless a replica uses it: it counts for itself"),
            because: format!(
                "it was not read once {since}, has {} MiB, and {} rows were written to it",
                count(index.bytes as f64 / 1_048_576.0),
                count(writes as f64)
            ),
            source: docs::MONITORING,
            statements: vec![format!("DROP INDEX CONCURRENTLY {}", index_name(table.name, name))],
            reverse: vec![concurrently(&index.definition)],
            when: When::Now { lock: SHARE_UPDATE_EXCLUSIVE },
            django: Django::Model {
                change: "take it out of `Meta.indexes` (`RemoveIndexConcurrently`), or set `db_index=False`".to_owned(),
            },
            basis: Basis::Measured,
        }
    })
    .collect()
}

/// A build that failed leaves an index that is written to and never read.
pub fn invalid(_: &Facts<'_>, table: &TableFacts<'_>) -> Vec<Recommendation> {
    let Some(activity) = table.activity else { return Vec::new() };
    let invalid = activity.indexes.iter().filter(|(_, index)| !index.valid && !index.of_partition);
    invalid
        .map(|(name, index)| Recommendation {
            rule: "invalid-index",
            table: Some(table.name.to_owned()),
            title: format!("build `{name}` again, or drop it if another has taken its place"),
            because: format!(
                "a concurrent build failed, or is still at work: the planner never uses it, every write keeps its {} MiB",
                count(index.bytes as f64 / 1_048_576.0)
            ),
            source: docs::CREATE_INDEX,
            statements: vec![format!("REINDEX INDEX CONCURRENTLY {}", index_name(table.name, name))],
            reverse: Vec::new(),
            when: When::Now { lock: SHARE_UPDATE_EXCLUSIVE },
            django: Django::Once,
            basis: Basis::Measured,
        })
        .collect()
}
