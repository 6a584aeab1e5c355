//! What a statement does to a database at work: which tables it locks and how, what it rewrites and reads, and the schema after it.
//!
//! Effects follow from the statement and the schema before it, so SQL of any author is judged alike. Sources: `AlterTableGetLockLevel`
//! and `ATRewriteTables` (`src/backend/commands/tablecmds.c`), `DefineIndex`, the "Explicit Locking" chapter of PostgreSQL's manual.
//! Oracle: `tests/migration_effects.rs`, the locks that PostgreSQL 15 and 18 took for 222 operations on tables with rows.

mod apply;
mod catalogue;
mod duration;
mod effects;
mod lock;
mod observed;
mod retype;

pub use catalogue::Catalogue;
pub use duration::{Pace, Rates, Time, Volume, duration};
pub use lock::{Effect, LockMode};
pub use observed::{Difference, Observed};
