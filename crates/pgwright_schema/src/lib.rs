//! PostgreSQL schemas as plain data: tables, columns, indexes, constraints, and their DDL.
//!
//! A [`Schema`] is the hub of pgwright: models, migration history and a live catalogue each produce one,
//! and drift, locks and index advice are questions to it. Nothing here knows Python or does I/O.

pub mod access;
pub mod catalog;
pub mod ddl;
pub mod expr;
pub mod names;
pub mod schema;
pub mod sql;
pub mod terms;
pub mod types;

pub use ddl::ddl;
pub use expr::{Expr, Literal, Operator};
pub use schema::{
    Column, Constraint, ConstraintKind, Deferrable, Exclusion, ForeignKey, Generated, Identity, Index, IndexKey,
    IndexMethod, IndexOrigin, Nulls, Placement, Schema, SortOrder, Table,
};
pub use types::PgType;
