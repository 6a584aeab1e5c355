//! What the rules read.

use crate::activity::{Activity, Kind, TableActivity};
use crate::schema::{Schema, Table};
use crate::statistics::{Source, Statistics, TableStatistics};
use crate::tune::Usage;

/// Everything known of a database and of the code that uses it.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    pub schema: &'a Schema,
    pub statistics: &'a Statistics,
    /// Empty where no database was asked.
    pub activity: &'a Activity,
    /// PostgreSQL's major version.
    pub major: u32,
    pub usage: &'a Usage,
    pub hardware: Hardware,
}

/// The database's machine, as far as somebody said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hardware {
    /// Bytes.
    pub memory: Option<u64>,
    pub disk: Option<Disk>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disk {
    /// Any page costs about the same.
    Solid,
    Spinning,
}

/// One table with its rows in itself.
#[derive(Debug, Clone, Copy)]
pub struct TableFacts<'a> {
    pub name: &'a str,
    pub statistics: &'a TableStatistics,
    pub activity: Option<&'a TableActivity>,
    pub schema: Option<&'a Table>,
}

impl<'a> Facts<'a> {
    /// Tables that have rows of their own, by name.
    pub fn tables(self) -> impl Iterator<Item = TableFacts<'a>> {
        let with_rows = move |name: &str| {
            let kind = self.activity.tables.get(name).map_or(Kind::Table, |table| table.kind);
            matches!(kind, Kind::Table | Kind::MaterializedView)
        };
        self.statistics.tables.iter().filter(move |(name, _)| with_rows(name)).map(move |(name, statistics)| {
            TableFacts { name, statistics, activity: self.activity.tables.get(name), schema: self.schema.table(name) }
        })
    }

    /// A storage parameter of a table as a number; else the setting of the same name; else PostgreSQL's default.
    pub fn parameter(&self, table: &TableFacts<'_>, name: &str, default: f64) -> f64 {
        let own = table.activity.and_then(|activity| activity.options.get(name)?.parse().ok());
        own.or_else(|| self.activity.number(name)).unwrap_or(default)
    }
}

impl TableFacts<'_> {
    pub fn rows(&self) -> f64 {
        self.statistics.size.rows_today()
    }

    /// Bytes of the table without indexes and what is kept out of line.
    pub fn bytes(&self) -> f64 {
        self.statistics.size.pages as f64 * crate::estimate::PAGE
    }

    pub fn is_assumed(&self) -> bool {
        self.statistics.source == Source::Assumed
    }
}
