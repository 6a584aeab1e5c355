//! Files, spans, edits, fixes and diagnostics: the words every other crate reports in.
//!
//! Nothing here knows Python, SQL or any rule.

mod closest;
mod diagnostic;
mod files;
mod fix;

pub use closest::closest;
pub use diagnostic::{Confidence, Diagnostic, Evidence, Label, Proposal, Severity};
pub use files::{DESCRIPTIONS, File, FileId, Files, LineColumn, Span};
pub use fix::{Applicability, Edit, Fix, Fixed, apply};
