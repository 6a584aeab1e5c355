//! How PostgreSQL will read each table of a statement, without a server: which index, alone or in a bitmap, in order or
//! sorted, or the whole table.
//!
//! This is the planner's own way of choosing: paths for every table (`optimizer/path/allpaths.c`, `indxpath.c`), costs
//! (`costsize.c`, `utils/adt/selfuncs.c`), joins by dynamic programming (`joinrels.c`), the cheapest in the end. What it
//! leaves out is said in [`joins`]; the shadow planner of `pgwright_postgres` is the real one.

mod aggregate;
mod bitmaps;
mod cost;
mod joins;
mod scans;
mod selectivity;
mod values;

use std::fmt;
use std::sync::Arc;

pub use cost::Settings;

use crate::plan::grouped;

use crate::access::{Direction, PreparedIndex, Server};
use crate::assume::assume;
use crate::estimate::{IndexLayout, btree_levels, index_size, usual_width};
use crate::schema::{IndexMethod, Schema, Table};
use crate::statement::Query;
use crate::statistics::{ColumnStatistics, Source, Statistics, TableStatistics};
use crate::terms::Term;

/// A database to ask, with its indexes resolved once.
#[derive(Debug, Clone)]
pub struct Database<'a> {
    pub schema: &'a Schema,
    pub server: Server,
    pub settings: Settings,
    tables: Vec<TableFacts>,
}

/// What is known of a table.
#[derive(Debug, Clone)]
pub(crate) struct TableFacts {
    statistics: Arc<TableStatistics>,
    indexes: Vec<IndexFacts>,
}

#[derive(Debug, Clone)]
struct IndexFacts {
    index: Arc<PreparedIndex>,
    rows: f64,
    pages: f64,
    levels: f64,
}

impl<'a> Database<'a> {
    /// Takes what was measured; for tables that were not, a million rows are assumed (see [`crate::assume`]).
    pub fn new(schema: &'a Schema, measured: &Statistics, server: Server) -> Database<'a> {
        let assumed = assume(schema, measured, &|_| None);
        let tables = schema.tables.iter().map(|table| {
            let statistics = measured.tables.get(&table.name).or_else(|| assumed.tables.get(&table.name));
            let statistics = Arc::new(statistics.cloned().unwrap_or_default());
            let mut indexes = PreparedIndex::of_table(table);
            // The planner goes through them in the order they were made.
            let age = |name: &str| statistics.indexes.iter().position(|index| index.name == name).unwrap_or(usize::MAX);
            indexes.sort_by_key(|index| age(&index.name));
            let indexes = indexes.into_iter().map(|index| facts(index, table, &statistics)).collect();
            let mut facts_of = TableFacts { indexes, statistics };
            facts_of.count_partial_rows();
            facts_of
        });
        Database { schema, server, settings: Settings::default(), tables: tables.collect() }
    }

    /// Replaces the indexes of a table, for questions of what if.
    pub fn set_indexes(&mut self, table: usize, indexes: Vec<PreparedIndex>) {
        if let (Some(facts_of), Some(of)) = (self.tables.get_mut(table), self.schema.tables.get(table)) {
            facts_of.indexes = indexes.into_iter().map(|index| facts(index, of, &facts_of.statistics)).collect();
            facts_of.count_partial_rows();
        }
    }

    /// The same database with one more index.
    #[must_use]
    pub fn with_index(&self, table: usize, index: PreparedIndex) -> Database<'a> {
        let mut with = self.clone();
        if let (Some(facts_of), Some(of)) = (with.tables.get_mut(table), self.schema.tables.get(table)) {
            facts_of.indexes.push(facts(index, of, &facts_of.statistics));
            facts_of.count_partial_rows();
        }
        with
    }

    /// The indexes of a table, those of its constraints among them.
    pub fn indexes(&self, table: usize) -> impl Iterator<Item = &PreparedIndex> {
        self.tables.get(table).into_iter().flat_map(|facts| &facts.indexes).map(|facts| &*facts.index)
    }

    /// Different values of a column or expression of a table; none where nothing is known of them.
    pub(crate) fn distinct_values(&self, table: usize, term: &Term) -> Option<f64> {
        selectivity::known_distinct(term, self.tables.get(table)?)
    }

    /// Rows of a table, and whether they were measured.
    pub fn rows(&self, table: usize) -> (f64, Source) {
        self.tables
            .get(table)
            .map_or((0.0, Source::Assumed), |facts| (facts.statistics.size.rows_today(), facts.statistics.source))
    }
}

fn facts(index: PreparedIndex, table: &Table, statistics: &TableStatistics) -> IndexFacts {
    let width = |term: &Term| match term.as_column() {
        Some((_, name)) => column_width(table, statistics, name),
        None => 16.0,
    };
    let keys: f64 = index.keys.iter().map(|key| width(&key.term)).sum();
    if let Some(measured) = statistics.index(&index.name) {
        let pages = measured.size.pages;
        let levels = measured.levels.unwrap_or_else(|| btree_levels(pages, keys));
        return IndexFacts {
            rows: measured.size.rows_today(),
            pages: pages as f64,
            levels: f64::from(levels),
            index: Arc::new(index),
        };
    }
    let rows = statistics.size.rows_today();
    // What share of the rows a predicate keeps is asked again where it matters; a tenth gives the size.
    let kept = if index.predicate.is_empty() { rows } else { rows * 0.1 };
    let included = index.include.iter().map(|name| column_width(table, statistics, name));
    let layout = IndexLayout {
        method: index.method.clone(),
        rows: kept,
        table_pages: statistics.size.pages,
        widths: index.keys.iter().map(|key| width(&key.term)).chain(included).collect(),
        distinct: None,
        merges_equal: !index.unique && index.include.is_empty(),
        common: Vec::new(),
        elements: None,
    };
    let size = index_size(&layout);
    let levels = if index.method == IndexMethod::Btree { btree_levels(size.pages, keys) } else { 0 };
    IndexFacts { rows: kept, pages: size.pages as f64, levels: f64::from(levels), index: Arc::new(index) }
}

fn column_width(table: &Table, statistics: &TableStatistics, name: &str) -> f64 {
    match statistics.columns.get(name) {
        Some(column) => f64::from(column.average_width),
        None => table.column(name).map_or(8.0, |column| f64::from(usual_width(&column.type_))),
    }
}

impl TableFacts {
    /// Indexes of which only a part of the rows is held, and nobody counted them.
    fn count_partial_rows(&mut self) {
        let rows = self.statistics.size.rows_today();
        for place in 0..self.indexes.len() {
            let facts = &self.indexes[place];
            if facts.index.predicate.is_empty() || self.statistics.index(&facts.index.name).is_some() {
                continue;
            }
            let held = (rows * selectivity::all_of(&facts.index.predicate, self)).max(1.0);
            let facts = &mut self.indexes[place];
            facts.pages = (facts.pages * held / facts.rows.max(1.0)).ceil().max(1.0);
            facts.rows = held;
        }
    }

    /// What is known of a column or of an indexed expression.
    fn statistics_of(&self, term: &Term) -> Option<&ColumnStatistics> {
        if let Some((_, name)) = term.as_column() {
            return self.statistics.columns.get(name.as_ref());
        }
        self.indexes.iter().find_map(|facts| {
            let position = facts.index.keys.iter().position(|key| key.term.same(term))?;
            let measured = self.statistics.index(&facts.index.name)?;
            measured.expressions.get(&(position as u16 + 1))
        })
    }

    /// Whether the least and greatest value of the term are at an end of an index.
    fn has_ordered_index(&self, term: &Term) -> bool {
        self.indexes.iter().any(|facts| {
            let index = &facts.index;
            index.is_ordered()
                && index.predicate.is_empty()
                && index.keys.first().is_some_and(|key| key.term.same(term))
        })
    }

    /// Whether no two rows share a value of the term.
    fn is_unique(&self, term: &Term) -> bool {
        self.indexes.iter().any(|facts| {
            let index = &facts.index;
            index.unique && index.predicate.is_empty() && index.keys.len() == 1 && index.keys[0].term.same(term)
        })
    }
}

/// How a statement is predicted to run.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// One entry for each reading of a table, in the order of the statement's relations.
    pub accesses: Vec<Access>,
    /// Planner cost units.
    pub cost: f64,
    /// Rows it gives.
    pub rows: f64,
}

/// How one table is read.
#[derive(Debug, Clone, PartialEq)]
pub struct Access {
    /// The relation's number in the statement.
    pub relation: usize,
    pub table: Arc<str>,
    pub alias: Arc<str>,
    pub scan: Scan,
    /// Rows that come out of one reading.
    pub rows: f64,
    /// Rows of the table.
    pub table_rows: f64,
    pub source: Source,
    /// How the order that the statement asks for comes about.
    pub order: OrderBy,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scan {
    Sequential,
    Index {
        index: Arc<str>,
        direction: Direction,
    },
    IndexOnly {
        index: Arc<str>,
        direction: Direction,
    },
    Bitmap(Bitmap),
    /// A condition can never be true.
    Nothing,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bitmap {
    Index(Arc<str>),
    And(Vec<Bitmap>),
    Or(Vec<Bitmap>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderBy {
    NotAsked,
    /// The index gives it.
    Provided,
    /// Rows are sorted within groups that the index gives.
    SortedWithin,
    Sorted,
}

impl Bitmap {
    /// The names of its indexes, in order.
    pub fn indexes(&self) -> Vec<&str> {
        match self {
            Bitmap::Index(name) => vec![name],
            Bitmap::And(parts) | Bitmap::Or(parts) => parts.iter().flat_map(Bitmap::indexes).collect(),
        }
    }
}

impl Scan {
    /// The names of the indexes it reads.
    pub fn indexes(&self) -> Vec<&str> {
        match self {
            Scan::Sequential | Scan::Nothing => Vec::new(),
            Scan::Index { index, .. } | Scan::IndexOnly { index, .. } => vec![index],
            Scan::Bitmap(bitmap) => bitmap.indexes(),
        }
    }
}

impl fmt::Display for Bitmap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, parts) = match self {
            Bitmap::Index(name) => return f.write_str(name),
            Bitmap::And(parts) => (" and ", parts),
            Bitmap::Or(parts) => (" or ", parts),
        };
        for (position, part) in parts.iter().enumerate() {
            if position > 0 {
                f.write_str(word)?;
            }
            write!(f, "{part}")?;
        }
        Ok(())
    }
}

/// `Index Scan using shop_order_pkey on shop_order`, `Seq Scan on shop_product (~1,000,000 rows assumed)`.
impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let backward = |direction: &Direction| if *direction == Direction::Backward { " Backward" } else { "" };
        match &self.scan {
            Scan::Nothing => return write!(f, "nothing of {}", self.table),
            Scan::Sequential => f.write_str("Seq Scan")?,
            Scan::Index { index, direction } => write!(f, "Index Scan{} using {index}", backward(direction))?,
            Scan::IndexOnly { index, direction } => write!(f, "Index Only Scan{} using {index}", backward(direction))?,
            Scan::Bitmap(bitmap) => write!(f, "Bitmap Scan using {bitmap}")?,
        }
        write!(f, " on {}", self.table)?;
        if matches!(self.scan, Scan::Sequential) {
            let assumed = if self.source == Source::Assumed { " assumed" } else { "" };
            write!(f, " (~{} rows{assumed})", grouped(self.table_rows))?;
        }
        Ok(())
    }
}

/// Predicts how a statement runs.
pub fn predict(query: &Query, database: &Database<'_>) -> Prediction {
    joins::predict(query, database)
}
