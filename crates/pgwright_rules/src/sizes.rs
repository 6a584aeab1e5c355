//! How large tables are taken to be, and how fast a server goes through them.

use std::collections::{BTreeMap, BTreeSet};

use pgwright_django::model::{Model, Models};
use pgwright_schema::change::{Rates, Volume};
use pgwright_schema::statistics::TableStatistics;
use pgwright_schema::traffic::Calls;
use pgwright_schema::{ConstraintKind, Schema, Statistics, Table, assume, estimate};

/// Rows from which on a table is small no more: reading all of it takes longer than a person notices.
const LARGE: u64 = 10_000;
/// Rows from which on reading all of it is a hard stop.
const HUGE: u64 = 1_000_000;

/// What a snapshot and the configuration say of tables.
#[derive(Debug, Default)]
pub struct Sizes {
    /// Rows per `app.Model`, as the configuration says.
    pub stated: BTreeMap<String, u64>,
    /// Tables of a snapshot, by name.
    pub measured: BTreeMap<String, TableStatistics>,
    /// How often each index was used since counting began, where a snapshot says.
    pub scans: BTreeMap<String, u64>,
    /// Calls per minute that need a table, where a snapshot has counted them.
    pub calls: BTreeMap<String, Calls>,
    /// `app.Model`s that are always in use: nobody may wait for them.
    pub hot: BTreeSet<String>,
    pub rates: Rates,
}

/// Rows of a table, and who says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    Measured(u64),
    Stated(u64),
    /// Nobody said anything: it may be large.
    Assumed,
}

/// Statistics of all tables: the measured ones where there are some, otherwise rows by `app.Model` as the configuration states them,
/// otherwise what is usual.
pub fn statistics(
    schema: &Schema,
    models: &Models,
    stated: &BTreeMap<String, u64>,
    measured: Statistics,
) -> Statistics {
    let configured = |table: &str| {
        let mut of_table = models.all.iter().filter(|model| model.table == table);
        of_table.find_map(|model| stated.get(&model.label()).copied())
    };
    let mut statistics = assume::assume(schema, &measured, &configured);
    statistics.tables.extend(measured.tables);
    statistics
}

impl Sizes {
    /// Whether a model's table has to be taken as large: nobody said that it has few rows.
    pub fn may_be_large(&self, model: &Model) -> bool {
        self.of(model).is_large()
    }

    /// A snapshot knows best, then the configuration.
    pub fn of(&self, model: &Model) -> Size {
        if let Some(table) = self.measured.get(&model.table) {
            return Size::Measured(table.size.rows_today() as u64);
        }
        let stated = self.stated.get(&model.label()).copied().or_else(|| assume::known_rows(&model.table));
        stated.map_or(Size::Assumed, Size::Stated)
    }

    pub fn is_hot(&self, model: &Model) -> bool {
        self.hot.contains(&model.label())
    }

    /// Rows, bytes and indexes of a table of which `size` is known; where nothing is, those of a usual one.
    pub(crate) fn volume(&self, table: &Table, size: Size) -> Volume {
        let rows = size.rows() as f64;
        let bytes = match self.measured.get(&table.name) {
            Some(measured) => measured.size.pages as f64 * estimate::PAGE,
            None => {
                let widths = table.columns.iter().map(|column| f64::from(estimate::usual_width(&column.type_)));
                estimate::table_pages(rows, widths) as f64 * estimate::PAGE
            }
        };
        let of_constraints = table.constraints.iter().filter(|constraint| {
            !matches!(constraint.kind, ConstraintKind::Check { .. } | ConstraintKind::ForeignKey(_))
        });
        Volume { rows, bytes, indexes: table.indexes.len() + of_constraints.count() }
    }
}

impl Size {
    /// Where nobody said anything, the usual.
    pub fn rows(self) -> u64 {
        match self {
            Size::Measured(rows) | Size::Stated(rows) => rows,
            Size::Assumed => assume::USUAL_ROWS,
        }
    }

    pub(crate) fn is_large(self) -> bool {
        self == Size::Assumed || self.rows() >= LARGE
    }

    pub(crate) fn is_huge(self) -> bool {
        self != Size::Assumed && self.rows() >= HUGE
    }

    /// "all 1200000 rows".
    pub(crate) fn phrase(self) -> String {
        match self {
            Size::Measured(rows) | Size::Stated(rows) => format!("all {rows} rows"),
            Size::Assumed => "all rows (how many is not known; `assume.rows` says it)".to_owned(),
        }
    }
}
