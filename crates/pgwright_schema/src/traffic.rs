//! How often the statements of a running database read and write each table.

use std::collections::BTreeMap;

use crate::activity::Activity;
use crate::change::{Catalogue, Effect, LockMode};
use crate::schema::Schema;

/// Calls per minute of statements that need a table.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Calls {
    /// `SELECT` without locks on rows.
    pub reads: f64,
    /// `INSERT`, `UPDATE`, `DELETE`, and what locks rows.
    pub writes: f64,
}

impl Calls {
    /// Those that queue behind a lock.
    pub fn waiting_for(self, effect: &Effect) -> f64 {
        let reads = if effect.blocks_reads { self.reads } else { 0.0 };
        let writes = if effect.blocks_writes { self.writes } else { 0.0 };
        reads + writes
    }
}

/// By table, from the statements of `pg_stat_statements` and the time since the counters of the database began. Empty where either was
/// not measured; statements that cannot be read are left out.
pub fn traffic(schema: &Schema, activity: &Activity) -> BTreeMap<String, Calls> {
    let mut found: BTreeMap<String, Calls> = BTreeMap::new();
    let Some(minutes) = activity.counted_seconds.filter(|seconds| *seconds > 0).map(|seconds| seconds as f64 / 60.0)
    else {
        return found;
    };
    let mut catalogue = Catalogue::new(schema.clone());
    for statement in &activity.statements {
        let Ok(effects) = catalogue.send(&statement.text) else { continue };
        let per_minute = statement.calls as f64 / minutes;
        for effect in effects {
            let calls = found.entry(effect.table).or_default();
            match effect.lock {
                LockMode::AccessShare | LockMode::RowShare => calls.reads += per_minute,
                _ => calls.writes += per_minute,
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activity::StatementActivity;

    #[test]
    fn calls_are_counted_per_minute_and_table() {
        let mut catalogue = Catalogue::default();
        for sql in ["CREATE TABLE \"a\" (\"id\" bigint PRIMARY KEY)", "CREATE TABLE \"b\" (\"id\" bigint PRIMARY KEY)"]
        {
            catalogue.send(sql).expect("read");
        }
        let statement = |text: &str, calls| StatementActivity { text: text.to_owned(), calls, ..Default::default() };
        let activity = Activity {
            counted_seconds: Some(600),
            statements: vec![
                statement(
                    "SELECT \"a\".\"id\" FROM \"a\" INNER JOIN \"b\" ON \"a\".\"id\" = \"b\".\"id\" WHERE \"b\".\"id\" = $1",
                    6_000,
                ),
                statement("UPDATE \"a\" SET \"id\" = $1 WHERE \"a\".\"id\" = $2", 100),
                statement("this is no SQL", 1_000_000),
            ],
            ..Activity::default()
        };
        let found = traffic(&catalogue.schema, &activity);
        assert_eq!(found["a"], Calls { reads: 600.0, writes: 10.0 });
        assert_eq!(found["b"], Calls { reads: 600.0, writes: 0.0 });
        assert_eq!(found["a"].waiting_for(&Effect::new("a", LockMode::Share)), 10.0);
        assert_eq!(found["a"].waiting_for(&Effect::new("a", LockMode::AccessExclusive)), 610.0);
        assert!(traffic(&catalogue.schema, &Activity { counted_seconds: None, ..activity }).is_empty());
    }
}
