//! What an index costs the writes of its table.
//!
//! An INSERT makes an entry in each index (`ExecInsertIndexTuples`). So does an UPDATE, in every index of the table, unless it is HOT: unless no
//! column that any index holds has changed (`heap_update`, `RelationGetIndexAttrBitmap`: keys, expressions, `INCLUDE` and predicates; not
//! those of BRIN from PostgreSQL 16 on), and the row's page has room. So a further index costs an entry for each INSERT and for each UPDATE
//! that is not HOT anyway, and takes HOT from those that change one of its columns and none of another index.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::access::PreparedIndex;
use crate::activity::TableActivity;
use crate::estimate::btree_levels;
use crate::predict::Settings;
use crate::schema::{IndexMethod, Table};
use crate::sql::{Assignment, Statement};

/// What statements write to a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    Insert,
    /// Sets these columns.
    Update(BTreeSet<String>),
}

impl Write {
    /// The table that a statement writes to, and how; none for what makes no entries: reading and deleting.
    pub fn of(statement: &Statement) -> Option<(&str, Write)> {
        match statement {
            Statement::Insert { table, .. } => Some((table, Write::Insert)),
            Statement::Update(update) => {
                let columns = update.set.iter().map(|Assignment { column, .. }| column.clone()).collect();
                Some((&update.table, Write::Update(columns)))
            }
            _ => None,
        }
    }
}

/// What an update does to an index that is not there yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It stays HOT, as far as its columns say.
    None,
    /// It makes an entry in each index already.
    Entry,
    /// It is HOT, and would be no more: an entry in each index.
    NoLongerHot,
}

/// The columns of an index that stand in the way of HOT updates.
pub fn blocking_columns(index: &PreparedIndex) -> BTreeSet<Arc<str>> {
    if index.method == IndexMethod::Brin {
        return BTreeSet::new();
    }
    let terms = index.keys.iter().map(|key| &key.term).chain(&index.predicate);
    terms.flat_map(|term| term.columns(0)).chain(index.include.iter().cloned()).collect()
}

/// What a write means for an index, beside those that the table has. `save()` sets all columns, mostly to what they are, and what does not
/// change is no change: of such an update nothing is known, and nothing is said.
pub fn effect(write: &Write, index: &PreparedIndex, table: &Table) -> Effect {
    let Write::Update(set) = write else { return Effect::Entry };
    if set.len() + 1 >= table.columns.len() {
        return Effect::None;
    }
    let sets = |index: &PreparedIndex| blocking_columns(index).iter().any(|column| set.contains(&**column));
    match (PreparedIndex::of_table(table).iter().any(sets), sets(index)) {
        (true, _) => Effect::Entry,
        (false, true) => Effect::NoLongerHot,
        (false, false) => Effect::None,
    }
}

/// Entries that an index would have been given while the database counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entries {
    /// `n_tup_ins`.
    pub inserts: f64,
    /// Updates that were not HOT (`n_tup_upd` without `n_tup_hot_upd`): they write to each index.
    pub updates: f64,
    /// Updates that were HOT and would be no more; at the most, where it is not known how often each statement ran.
    pub no_longer_hot: f64,
    /// How long that was. None where the counters were never reset.
    pub seconds: Option<u64>,
}

impl Entries {
    /// From the counters of a table. `changing` is the share of its HOT updates that change a column of the index.
    pub fn counted(activity: &TableActivity, changing: f64, seconds: Option<u64>) -> Entries {
        Entries {
            inserts: activity.inserts as f64,
            updates: activity.updates.saturating_sub(activity.hot_updates) as f64,
            no_longer_hot: activity.hot_updates as f64 * changing,
            seconds,
        }
    }

    pub fn total(&self) -> f64 {
        self.inserts + self.updates + self.no_longer_hot
    }

    pub fn per_hour(&self) -> Option<f64> {
        self.seconds.filter(|seconds| *seconds > 0).map(|seconds| self.total() * 3600.0 / seconds as f64)
    }
}

/// Planner cost units of one entry: finding its place as a search does (`btcostestimate`), and a page read and written back in no order. The
/// planner has no cost of writes of its own; GIN makes one entry for each of so many elements of a value.
pub fn entry_cost(method: &IndexMethod, rows: f64, pages: u64, key_width: f64, elements: f64) -> f64 {
    let settings = Settings::default();
    let levels = f64::from(btree_levels(pages, key_width));
    let descent =
        rows.max(2.0).log2().ceil() * settings.cpu_operator_cost + (levels + 1.0) * 50.0 * settings.cpu_operator_cost;
    let entries = if *method == IndexMethod::Gin { elements.max(1.0) } else { 1.0 };
    entries * (settings.random_page_cost + descent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::Catalogue;
    use crate::sql::{parse_index, parse_statement};

    fn table() -> Table {
        let mut catalogue = Catalogue::default();
        for sql in [
            "CREATE TABLE \"o\" (\"id\" bigint PRIMARY KEY, \"status\" text, \"note\" text, \"paid\" boolean, \"at\" date)",
            "CREATE INDEX \"i\" ON \"o\" (\"at\")",
        ] {
            catalogue.send(sql).expect("read");
        }
        catalogue.schema.tables.remove(0)
    }

    fn of(update: &str, index: &str) -> Effect {
        let table = table();
        let statement = parse_statement(update).expect("SQL");
        let (name, write) = Write::of(&statement).expect("a write");
        assert_eq!(name, "o");
        let index = PreparedIndex::from_definition(&parse_index(index).expect("SQL"), &table).expect("an index");
        effect(&write, &index, &table)
    }

    #[test]
    fn an_update_is_hot_while_no_index_holds_what_it_changes() {
        let set = |what: &str| format!("UPDATE \"o\" SET {what} WHERE \"o\".\"id\" = 1");
        let status = "CREATE INDEX x ON o (status)";
        assert_eq!(of(&set("\"status\" = 'a'"), status), Effect::NoLongerHot);
        assert_eq!(of(&set("\"note\" = 'a'"), status), Effect::None);
        assert_eq!(of(&set("\"note\" = 'a'"), "CREATE INDEX x ON o (status) INCLUDE (note)"), Effect::NoLongerHot);
        assert_eq!(of(&set("\"note\" = 'a'"), "CREATE INDEX x ON o (upper(note))"), Effect::NoLongerHot);
        assert_eq!(of(&set("\"paid\" = true"), "CREATE INDEX x ON o (status) WHERE paid"), Effect::NoLongerHot);
        assert_eq!(of(&set("\"at\" = NULL, \"status\" = 'a'"), status), Effect::Entry, "never was HOT");
        let all = "\"status\" = 'a', \"note\" = 'a', \"paid\" = true, \"at\" = NULL";
        assert_eq!(of(&set(all), status), Effect::None, "`save()` sets what does not change");
        assert_eq!(of("INSERT INTO \"o\" (\"id\") VALUES (1)", status), Effect::Entry);
    }

    #[test]
    fn entries_are_those_that_the_counters_tell() {
        let activity = TableActivity { inserts: 100, updates: 50, hot_updates: 40, ..TableActivity::default() };
        let entries = Entries::counted(&activity, 0.5, Some(7200));
        assert_eq!((entries.total(), entries.per_hour()), (130.0, Some(65.0)));
        assert_eq!(Entries::counted(&activity, 0.0, None).per_hour(), None);
    }
}
