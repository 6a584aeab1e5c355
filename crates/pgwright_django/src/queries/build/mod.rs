//! The methods of `QuerySet` as functions: a query and plain arguments give the next query.

pub(crate) mod aggregate;
pub(crate) mod annotate;
pub(crate) mod combine;
pub(crate) mod filter;
pub mod functions;
pub(crate) mod joins;
pub(crate) mod listing;
pub(crate) mod lookup;
pub mod methods;
pub(crate) mod ordering;
pub mod output;
pub(crate) mod path;
pub(crate) mod q;
pub(crate) mod resolve;
pub(crate) mod subquery;
pub(crate) mod typed;
pub(crate) mod united;
pub(crate) mod values;

pub use methods::{Applied, apply, item, slice};

/// A value, or why it cannot be said.
pub(crate) type Known<T> = Result<T, String>;

/// How names in a condition or expression may be resolved.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope {
    pub(crate) joins: bool,
    /// Negated conditions over many rows become subqueries.
    pub(crate) split: bool,
    pub(crate) filterable: bool,
    pub(crate) update_joins: bool,
    /// For `aggregate()`: annotations are referred to by name.
    pub(crate) summarize: bool,
    pub(crate) branch_negated: bool,
    pub(crate) current_negated: bool,
}

impl Default for Scope {
    fn default() -> Scope {
        Scope {
            joins: true,
            split: true,
            filterable: true,
            update_joins: true,
            summarize: false,
            branch_negated: false,
            current_negated: false,
        }
    }
}
