//! PostgreSQL schemas as plain data: tables, columns, indexes, constraints, their DDL, statistics of what they hold, and plans.
//!
//! A [`Schema`] is the hub of pgwright: models, migration history and a live catalogue each produce one,
//! and drift, locks and index advice are questions to it. Nothing here knows Python or does I/O.

pub mod access;
pub mod activity;
pub mod assume;
pub mod candidates;
pub mod catalog;
pub mod change;
pub mod choice;
pub mod ddl;
pub mod estimate;
pub mod expr;
pub mod names;
pub mod parameters;
pub mod plan;
pub mod predict;
pub mod privacy;
pub mod scale;
pub mod schema;
pub mod sql;
pub mod statement;
pub mod statistics;
pub mod terms;
pub mod traffic;
pub mod tune;
pub mod types;
pub mod upkeep;

pub use ddl::ddl;
pub use expr::{Expr, Literal, Operator};
pub use plan::Plan;
pub use schema::{
    Column, Constraint, ConstraintKind, Deferrable, Exclusion, ForeignKey, Generated, Identity, Index, IndexKey,
    IndexMethod, IndexOrigin, Nulls, Placement, Schema, SortOrder, Table,
};
pub use statistics::{ColumnStatistics, IndexStatistics, Size, Statistics, TableStatistics};
pub use types::PgType;
