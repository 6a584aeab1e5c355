//! The rules: what a database engineer would say about a Django project.
//!
//! A rule is plain data and a function over facts (`rules/NAME.rs`), with its page (`rules/NAME.md`) that is documentation and
//! test at once. [`RULES`] is the only list of them.

mod rule;
pub mod rules;

pub use rule::{Check, Facts, Group, Rule};
pub use rules::RULES;
