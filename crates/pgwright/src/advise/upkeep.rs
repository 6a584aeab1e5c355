//! What an index costs the writes: by the code that writes, and by the counters of the database where it was asked.

use std::collections::BTreeSet;

use pgwright_schema::activity::Activity;
use pgwright_schema::candidates::Candidate;
use pgwright_schema::sql::{number_placeholders, parse_statement};
use pgwright_schema::upkeep::{Effect, Entries, Write, blocking_columns, effect, entry_cost};
use pgwright_schema::{IndexMethod, Schema, Statistics, Table};

use crate::explain::planning::{Explained, Site};

/// Of one index.
#[derive(Debug, Clone, Default)]
pub(super) struct Upkeep {
    /// Places in the code that insert into its table.
    pub(super) inserts: usize,
    /// Updates that are HOT now and would be no more: what they set of the index, and where they are sent from.
    pub(super) no_longer_hot: Vec<(Vec<String>, Vec<Site>)>,
    /// What the database has counted.
    pub(super) entries: Option<Entries>,
    /// Planner cost units of one entry.
    pub(super) entry_cost: f64,
}

impl Upkeep {
    /// Planner cost units of all entries that were counted.
    pub(super) fn cost(&self) -> f64 {
        self.entries.map_or(0.0, |entries| entries.total() * self.entry_cost)
    }
}

/// What is known of writes.
pub(super) struct Writes<'w> {
    schema: &'w Schema,
    statistics: &'w Statistics,
    activity: &'w Activity,
    /// Those of the code: the table's place, what is written, and from where.
    sent: Vec<(usize, Write, &'w [Site])>,
    /// Those that the database has counted, with their calls.
    counted: Vec<(usize, Write, u64)>,
}

impl<'w> Writes<'w> {
    pub(super) fn new(
        schema: &'w Schema,
        statistics: &'w Statistics,
        activity: &'w Activity,
        explained: &'w [Explained],
    ) -> Writes<'w> {
        let read = |text: &str| {
            let statement = parse_statement(&number_placeholders(text)).ok()?;
            let (table, write) = Write::of(&statement)?;
            Some((schema.tables.iter().position(|known| known.name == table)?, write))
        };
        let sent = explained.iter().filter_map(|explained| {
            let (table, write) = read(explained.query.sql.as_deref().ok()?)?;
            Some((table, write, explained.query.sites.as_slice()))
        });
        let counted = activity.statements.iter().filter_map(|statement| {
            let (table, write) = read(&statement.text)?;
            Some((table, write, statement.calls))
        });
        Writes { schema, statistics, activity, sent: sent.collect(), counted: counted.collect() }
    }

    /// What a candidate costs, which takes so many pages.
    pub(super) fn of(&self, candidate: &Candidate, pages: u64) -> Upkeep {
        let table = &self.schema.tables[candidate.table];
        let mut upkeep = Upkeep { entry_cost: self.entry_cost(candidate, table, pages), ..Upkeep::default() };
        for (_, write, sites) in self.sent.iter().filter(|(of, ..)| *of == candidate.table) {
            match (write, effect(write, &candidate.prepared, table)) {
                (Write::Insert, _) => upkeep.inserts += sites.len(),
                (Write::Update(set), Effect::NoLongerHot) => {
                    let blocking: BTreeSet<String> =
                        blocking_columns(&candidate.prepared).iter().map(ToString::to_string).collect();
                    let columns: Vec<String> = set.intersection(&blocking).cloned().collect();
                    match upkeep.no_longer_hot.iter_mut().find(|(known, _)| *known == columns) {
                        Some((_, known)) => known.extend(sites.iter().cloned()),
                        None => upkeep.no_longer_hot.push((columns, sites.to_vec())),
                    }
                }
                _ => {}
            }
        }
        let changing = self.changing(candidate, table, !upkeep.no_longer_hot.is_empty());
        upkeep.entries = self
            .activity
            .tables
            .get(&table.name)
            .map(|counters| Entries::counted(counters, changing, self.activity.counted_seconds));
        upkeep
    }

    /// The share of HOT updates that change a column of the index: by calls where they were counted, otherwise all or none.
    fn changing(&self, candidate: &Candidate, table: &Table, any: bool) -> f64 {
        let (mut hot, mut changing) = (0, 0);
        for (_, write, calls) in self.counted.iter().filter(|(of, ..)| *of == candidate.table) {
            match (write, effect(write, &candidate.prepared, table)) {
                (Write::Update(_), Effect::None) => hot += calls,
                (Write::Update(_), Effect::NoLongerHot) => changing += calls,
                _ => {}
            }
        }
        match (hot + changing, any) {
            (0, true) => 1.0,
            (0, false) => 0.0,
            (all, _) => changing as f64 / all as f64,
        }
    }

    fn entry_cost(&self, candidate: &Candidate, table: &Table, pages: u64) -> f64 {
        let known = self.statistics.tables.get(&table.name);
        let rows = known.map_or(0.0, |known| known.size.rows_today());
        let width = |name: &str| {
            let known = known.and_then(|known| known.columns.get(name));
            known.map_or(8.0, |column| f64::from(column.average_width))
        };
        let columns = candidate.prepared.keys.iter().flat_map(|key| key.term.columns(0));
        let key_width: f64 = columns.map(|name| width(&name)).sum();
        // Trigrams are about as many as letters.
        let is_of_trigrams =
            candidate.index.keys.iter().any(|key| key.opclass.as_deref().is_some_and(|class| class.contains("trgm")));
        let elements = if is_of_trigrams && candidate.index.method == IndexMethod::Gin { key_width } else { 1.0 };
        entry_cost(&candidate.index.method, rows, pages, key_width, elements)
    }
}
