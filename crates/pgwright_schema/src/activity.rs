//! What a running database does with its tables and how it is set up: counters, ages, options, sequences, settings.
//!
//! Statistics say what plans depend on; this says what keeping the database healthy depends on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Activity {
    /// For how many seconds the counters have counted: since `pg_stat_database.stats_reset`. Not known when they were never reset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted_seconds: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// Settings that advice depends on, also where they are PostgreSQL's defaults.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, Setting>,
    /// By name, as [`crate::Table::name`] spells it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tables: BTreeMap<String, TableActivity>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sequences: Vec<Sequence>,
    /// Of `pg_stat_statements`, those of this database, the dearest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statements: Vec<StatementActivity>,
    /// What the role could not see, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_seen: Vec<String>,
}

impl Activity {
    pub fn is_empty(&self) -> bool {
        *self == Activity::default()
    }

    /// A setting as a number, in the unit `pg_settings` gives it in.
    pub fn number(&self, setting: &str) -> Option<f64> {
        self.settings.get(setting)?.value.parse().ok()
    }
}

/// A row of `pg_settings`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    pub value: String,
    /// What `value` counts: `8kB`, `ms`…
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// What else it could be, of `default_toast_compression` alone: that depends on how the server was built.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<String>,
    /// `default`, `configuration file`, `database`…
    pub source: String,
}

/// Counters are those of `pg_stat_user_tables`, times in UTC as in `2025-01-31T12:00:00Z`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TableActivity {
    #[serde(default, skip_serializing_if = "Kind::is_table")]
    pub kind: Kind,
    /// The table this is a partition of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_of: Option<String>,
    /// As in `RANGE (created)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_key: Option<String>,
    pub live_rows: u64,
    pub dead_rows: u64,
    pub inserts: u64,
    pub updates: u64,
    /// Updates that changed no index.
    pub hot_updates: u64,
    pub deletes: u64,
    /// Rows inserted, updated or deleted since the last `ANALYZE`.
    pub changed_since_analyze: u64,
    pub inserted_since_vacuum: u64,
    pub sequential_scans: u64,
    pub index_scans: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_vacuum: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_autovacuum: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_analyze: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_autoanalyze: Option<String>,
    /// Storage parameters (`fillfactor`, `autovacuum_…`); those of its TOAST table begin with `toast.`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
    /// Transactions since the oldest that rows may still belong to: `age(relfrozenxid)`, the TOAST table's when that is older.
    pub transaction_age: u64,
    /// The same of multixacts: `mxid_age(relminmxid)`.
    pub multixact_age: u64,
    /// Bytes of values kept out of line, with their index.
    pub toast_bytes: u64,
    /// Columns whose values can be long or whose settings are not the usual ones.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub columns: BTreeMap<String, ColumnStorage>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub indexes: BTreeMap<String, IndexActivity>,
    /// `CREATE STATISTICS`: names with their columns.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub extended_statistics: BTreeMap<String, Vec<String>>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    #[default]
    Table,
    /// It has rows only in its partitions.
    Partitioned,
    MaterializedView,
    /// Its rows are on another server.
    Foreign,
}

impl Kind {
    fn is_table(&self) -> bool {
        *self == Kind::Table
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnStorage {
    /// `plain`, `external`, `extended` or `main`.
    pub storage: String,
    /// `pglz` or `lz4`, where the column says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compression: Option<String>,
    /// Where the column says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub statistics_target: Option<u32>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexActivity {
    /// As `pg_get_indexdef` writes it.
    pub definition: String,
    pub method: String,
    pub scans: u64,
    pub entries_read: u64,
    pub rows_fetched: u64,
    pub bytes: u64,
    /// False after a `CREATE INDEX CONCURRENTLY` that failed.
    pub valid: bool,
    pub unique: bool,
    /// It belongs to a constraint, so it cannot be dropped alone.
    pub of_constraint: bool,
    /// Only on a part of a partitioned table: it is dropped with the whole's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub of_partition: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sequence {
    pub name: String,
    /// `int4`, `int8`… of the sequence itself.
    #[serde(rename = "type")]
    pub type_: String,
    /// Not known when it was never used, or when the role may not see it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_value: Option<i64>,
    pub max_value: i64,
    pub increment: i64,
    pub cycles: bool,
    /// Table, column and the column's type, of the column that owns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<SequenceOwner>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SequenceOwner {
    pub table: String,
    pub column: String,
    #[serde(rename = "type")]
    pub type_: String,
    /// `GENERATED … AS IDENTITY`, not `serial`.
    pub identity: bool,
}

/// A row of `pg_stat_statements`. Its text has `$1` for every constant.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StatementActivity {
    pub text: String,
    pub calls: u64,
    /// Milliseconds of execution, of all calls.
    pub total_ms: f64,
    pub mean_ms: f64,
    pub rows: u64,
}
