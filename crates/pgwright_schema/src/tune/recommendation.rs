//! What a rule recommends.

use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Recommendation {
    /// `autovacuum-threshold`, `unused-index`…
    pub rule: &'static str,
    /// The table, as [`crate::Table::name`] spells it; none where it is about the whole database.
    pub table: Option<String>,
    /// What to do, in half a line.
    pub title: String,
    /// The numbers that led to it.
    pub because: String,
    /// The page of PostgreSQL's documentation with the rule or formula.
    pub source: &'static str,
    /// Statements as they can be executed, in this order.
    pub statements: Vec<String>,
    /// What takes them back; empty where nothing is to be taken back.
    pub reverse: Vec<String>,
    pub when: When,
    pub django: Django,
    pub basis: Basis,
}

/// Whether it may be done while the database is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum When {
    /// Reads and writes go on, but for a moment where the lock is exclusive.
    Now { lock: &'static str },
    /// It keeps others waiting for as long as it works.
    Window { lock: &'static str, why: String },
}

/// How a project carries it out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Django {
    /// Django has no API: a migration with `RunSQL`.
    RunSql,
    /// Models can say it; makemigrations or the named operation does the rest.
    Model { change: String },
    /// Not the project's: the server is set up by who runs it.
    Server,
    /// Done once, not kept in migrations.
    Once,
}

/// What the numbers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    Measured,
    Assumed,
}

/// Locks by their names in PostgreSQL's documentation.
pub const SHARE_UPDATE_EXCLUSIVE: &str = "SHARE UPDATE EXCLUSIVE";
pub const ACCESS_EXCLUSIVE: &str = "ACCESS EXCLUSIVE";
pub const NO_LOCK: &str = "none";

/// Pages of PostgreSQL's documentation.
pub mod docs {
    pub const AUTOVACUUM: &str = "https://www.postgresql.org/docs/current/routine-vacuuming.html#AUTOVACUUM";
    pub const VACUUM_SPACE: &str =
        "https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-SPACE-RECOVERY";
    pub const WRAPAROUND: &str = "https://www.postgresql.org/docs/current/routine-vacuuming.html#VACUUM-FOR-WRAPAROUND";
    pub const REINDEX: &str = "https://www.postgresql.org/docs/current/routine-reindex.html";
    pub const HOT: &str = "https://www.postgresql.org/docs/current/storage-hot.html";
    pub const PLANNER_STATS: &str = "https://www.postgresql.org/docs/current/planner-stats.html";
    pub const TOAST: &str = "https://www.postgresql.org/docs/current/storage-toast.html";
    pub const BRIN: &str = "https://www.postgresql.org/docs/current/brin.html";
    pub const HASH: &str = "https://www.postgresql.org/docs/current/hash-index.html";
    pub const GIN: &str = "https://www.postgresql.org/docs/current/gin.html#GIN-FAST-UPDATE";
    pub const PARTITIONING: &str = "https://www.postgresql.org/docs/current/ddl-partitioning.html";
    pub const SEQUENCE: &str = "https://www.postgresql.org/docs/current/datatype-numeric.html#DATATYPE-SERIAL";
    pub const MONITORING: &str =
        "https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-ALL-INDEXES-VIEW";
    pub const CREATE_INDEX: &str =
        "https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY";
    pub const QUERY_COST: &str =
        "https://www.postgresql.org/docs/current/runtime-config-query.html#RUNTIME-CONFIG-QUERY-CONSTANTS";
    pub const MEMORY: &str = "https://www.postgresql.org/docs/current/runtime-config-resource.html#GUC-SHARED-BUFFERS";
    pub const VACUUM_COST: &str =
        "https://www.postgresql.org/docs/current/runtime-config-vacuum.html#RUNTIME-CONFIG-RESOURCE-VACUUM-COST";
}
