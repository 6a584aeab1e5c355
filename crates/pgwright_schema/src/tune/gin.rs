//! GIN's list of entries that wait to be sorted in: each search reads all of it.

use crate::plan::count;
use crate::tune::recommendation::{ACCESS_EXCLUSIVE, docs};
use crate::tune::{Basis, Django, Facts, Recommendation, TableFacts, When};

/// Searches per row written from which on they should not pay for writing.
const READ_MOSTLY: u64 = 10;
const SEARCHES: u64 = 1000;

pub fn pending_list(_: &Facts<'_>, table: &TableFacts<'_>) -> Vec<Recommendation> {
    let Some(activity) = table.activity else { return Vec::new() };
    // Updates that are HOT leave indexes alone.
    let writes = activity.inserts + (activity.updates - activity.hot_updates.min(activity.updates));
    let searched = activity.indexes.iter().filter(|(_, index)| {
        let waits = !index.definition.contains("fastupdate=");
        index.method == "gin" && index.valid && waits && index.scans >= SEARCHES && index.scans >= writes * READ_MOSTLY
    });
    searched
        .filter(|_| writes > 0)
        .map(|(name, index)| {
            let index_name = super::unused::index_name(table.name, name);
            Recommendation {
                rule: "gin-fastupdate",
                table: Some(table.name.to_owned()),
                title: format!("sort entries of `{name}` in at once"),
                because: format!(
                    "{} searches read the list of waiting entries that spares {} written rows some work",
                    count(index.scans as f64),
                    count(writes as f64)
                ),
                source: docs::GIN,
                statements: vec![
                    format!("ALTER INDEX {index_name} SET (fastupdate = off)"),
                    format!("SELECT gin_clean_pending_list('{}')", index_name.replace('\'', "''")),
                ],
                reverse: vec![format!("ALTER INDEX {index_name} RESET (fastupdate)")],
                when: When::Now { lock: ACCESS_EXCLUSIVE },
                django: Django::Model {
                    change: "`GinIndex(…, fastupdate=False)`; Django would build it again, `RunSQL` need not"
                        .to_owned(),
                },
                basis: Basis::Measured,
            }
        })
        .collect()
}
