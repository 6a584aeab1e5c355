//! Which index can serve what: conditions, orders, whole statements.
//!
//! The rules are PostgreSQL's own (`optimizer/path/indxpath.c`, `optimizer/util/predtest.c`, `utils/adt/like_support.c`),
//! applied to the operator classes of [`crate::catalog`]. Nothing here asks a server; what depends on a value that is
//! not known is said to.

mod implication;
mod index;
mod order;
mod patterns;
mod serve;

pub use implication::{Implied, implies};
pub use index::{KeyOrder, PreparedIndex, PreparedKey};
pub use order::{Direction, Grouping, Provides, covers, groups, is_fixed, provides};
pub use serve::{KeyMatch, MatchKind, Served, Serves, serve};
pub(crate) use serve::{Searched, search};

use std::sync::Arc;

use crate::terms::Collation;

/// What of the server decides which index serves what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// The major version: 13 to 18.
    pub version: u32,
    pub collation: DatabaseCollation,
}

/// How a database compares text where nothing says otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseCollation {
    /// By bytes: `C`, `POSIX`, and the builtin provider's `C.UTF-8`.
    Bytes,
    /// By a language's rules, and by libc's `C.UTF-8`; the name is for messages.
    Linguistic(Arc<str>),
}

impl DatabaseCollation {
    /// By `datcollate` and `datlocprovider` (`c` libc, `i` ICU, `b` builtin).
    pub fn named(name: &str, provider: char) -> DatabaseCollation {
        match (provider, name) {
            ('b', _) | ('c', "C" | "POSIX") => DatabaseCollation::Bytes,
            _ => DatabaseCollation::Linguistic(name.into()),
        }
    }

    fn name(&self) -> &str {
        match self {
            DatabaseCollation::Bytes => "C",
            DatabaseCollation::Linguistic(name) => name,
        }
    }
}

impl Server {
    /// Whether a collation compares by bytes, so that a prefix is a range (`collate_is_c`).
    pub fn compares_bytes(&self, collation: &Collation) -> bool {
        match collation {
            Collation::Default => self.collation == DatabaseCollation::Bytes,
            Collation::Named(name) | Collation::Explicit(name) => {
                matches!(name.as_ref(), "C" | "POSIX" | "ucs_basic")
                    || (self.version >= 17 && name.as_ref() == "pg_c_utf8")
            }
            Collation::None | Collation::Conflict => false,
        }
    }

    fn collation_name<'a>(&'a self, collation: &'a Collation) -> &'a str {
        match collation {
            Collation::Named(name) | Collation::Explicit(name) => name,
            _ => self.collation.name(),
        }
    }
}
