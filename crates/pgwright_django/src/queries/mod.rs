//! Queries: what the ORM is asked for, and the SQL that Django sends to PostgreSQL for it.

pub mod context;
pub mod kind;
pub mod write;

pub use context::Context;
