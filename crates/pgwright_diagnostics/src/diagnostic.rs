//! What a rule reports.

use serde::Serialize;

use crate::{Fix, Span};

/// How much a finding matters. An error is a hard stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Note,
    Warning,
    Error,
}

/// How sure pgwright is that what it says is so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Read from names or habits.
    Likely,
    /// Follows from the code.
    Certain,
}

/// One finding. The headline stands alone; `why` is what it costs; `help` is what to do, in the imperative.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diagnostic {
    /// The rule's name (`json-in-text`), or one of pgwright's own: `syntax-error`, `unused-ignore`, `internal-error`…
    pub rule: &'static str,
    pub severity: Severity,
    pub confidence: Confidence,
    /// What is wrong, in at most 80 characters, without a full stop.
    pub headline: String,
    pub primary: Label,
    /// Other places that show it, in any file.
    pub related: Vec<Label>,
    pub why: Option<String>,
    pub help: Option<String>,
    /// Facts as data, for machines: `("rows", "1200000")`.
    pub evidence: Vec<Evidence>,
    pub fix: Option<Fix>,
}

/// A place and what to say beside it (may be empty).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Label {
    pub span: Span,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Evidence {
    pub name: &'static str,
    pub value: String,
}
