//! The rules: what a database engineer would say about a Django project.
//!
//! A rule is plain data and a function over facts (`rules/NAME.rs`), with its page (`rules/NAME.md`) that is documentation and
//! test at once. [`RULES`] is the only list of them.

mod additions;
mod asked;
pub mod baseline;
mod conditions;
mod declared;
mod eager;
mod edits;
mod entry;
mod fingerprint;
mod headline;
mod keys;
mod mentions;
mod notice;
mod place;
mod proposal;
mod queries;
mod rule;
pub mod rules;
mod runner;
mod secret_names;
mod select;
mod sequence;
mod sizes;
mod suppress;
mod tables;
mod text_search;
mod timeline;
mod unique;
mod worth;

pub use asked::{Asked, Question, evidence, usual_server};
pub use baseline::Baseline;
pub use entry::{Entry, add_entry};
pub use fingerprint::{fingerprint, fingerprints};
pub use notice::{NOTICES, Notice};
pub use rule::{Check, Facts, Group, Judged, Rule};
pub use rules::RULES;
pub use runner::run;
pub use select::{PerFile, Selection, Unknown};
pub use sequence::{Sequence, Written, follow, sequence};
pub use sizes::{Size, Sizes, statistics};
pub use suppress::{Comments, Suppressed, suppress};
pub use timeline::{Lock, Moment, Timeline, Until, Work, seconds};
pub use worth::{PREDICTED, pattern, statements_of};
