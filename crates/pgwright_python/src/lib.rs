//! Reads Python source: modules, names, values, classes. Nothing is ever imported or run.
//!
//! The only crate that names the parser. [`Evaluator`] executes module-level code over [`value::Value`]s; it knows Python, and nothing
//! of Django.

mod domain;
pub mod eval;
mod fingerprint;
mod host;
mod journal;
pub mod modules;
mod namespaces;
mod parse;
mod shelf;
mod sources;
pub mod value;

pub use domain::{Domain, Mark, Told};
pub use eval::Evaluator;
pub use fingerprint::Fingerprint;
pub use host::Host;
pub use parse::{Decoded, Parsed, SyntaxError, comments, decode, has_syntax_errors, parse};
pub use ruff_python_ast as ast;
pub use ruff_text_size as text;
pub use sources::{ProjectFiles, Source};

/// Syntax trees read while evaluating; they live as long as the run.
pub type Trees = elsa::sync::FrozenVec<Box<Parsed>>;
