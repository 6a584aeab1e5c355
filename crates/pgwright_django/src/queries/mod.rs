//! Queries: what the ORM is asked for, and the SQL that Django sends to PostgreSQL for it.
//!
//! [`query::Query`] is an immutable value. `build` holds the methods of `QuerySet` as functions from a query and plain
//! arguments to the next query; `compile` turns a query into SQL text with `%s` for every parameter. Both follow
//! `django/db/models/sql/`, whose answers `tests/oracle/queries` records for each supported release.

pub mod build;
pub mod compile;
pub mod context;
pub mod expression;
pub mod kind;
pub mod query;
pub mod write;

pub use context::Context;
pub use query::Query;
