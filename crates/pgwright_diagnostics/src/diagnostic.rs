//! What a rule reports.

use serde::{Deserialize, Serialize};

use crate::{Applicability, Fix, Span};

/// How much a finding matters. An error is a hard stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Note,
    Warning,
    Error,
}

/// How sure pgwright is that what it says is so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
    /// An index that would mend it.
    pub proposal: Option<Proposal>,
    pub fix: Option<Fix>,
}

/// An index that does not exist, and what it is for: what a planner can be asked about.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Proposal {
    pub table: String,
    pub index: String,
    /// `CREATE INDEX …`
    pub statement: String,
    /// Places that send what it is for.
    pub asked_at: Vec<Span>,
    /// What it is for and no code sends: what the database or Django does by itself.
    pub implied: Vec<String>,
    /// Whether a planner was asked and uses it.
    pub confirmed: bool,
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

impl Severity {
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

impl Confidence {
    pub fn as_str(self) -> &'static str {
        match self {
            Confidence::Likely => "likely",
            Confidence::Certain => "certain",
        }
    }
}

impl std::fmt::Display for Severity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::fmt::Display for Confidence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Label {
    pub fn new(span: Span, text: impl Into<String>) -> Self {
        Label { span, text: text.into() }
    }
}

impl Diagnostic {
    /// A certain finding at `span`; what else is known of it is added with the methods below.
    pub fn new(rule: &'static str, severity: Severity, span: Span, headline: impl Into<String>) -> Self {
        Diagnostic {
            rule,
            severity,
            confidence: Confidence::Certain,
            headline: headline.into(),
            primary: Label::new(span, ""),
            related: Vec::new(),
            why: None,
            help: None,
            evidence: Vec::new(),
            proposal: None,
            fix: None,
        }
    }

    #[must_use]
    pub fn confidence(mut self, confidence: Confidence) -> Self {
        self.confidence = confidence;
        self
    }

    /// What stands beside the primary place.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.primary.text = text.into();
        self
    }

    #[must_use]
    pub fn related(mut self, span: Span, text: impl Into<String>) -> Self {
        self.related.push(Label::new(span, text));
        self
    }

    #[must_use]
    pub fn why(mut self, text: impl Into<String>) -> Self {
        self.why = Some(text.into());
        self
    }

    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    #[must_use]
    pub fn evidence(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.evidence.push(Evidence { name, value: value.into() });
        self
    }

    #[must_use]
    pub fn proposal(mut self, proposal: Proposal) -> Self {
        self.proposal = Some(proposal);
        self
    }

    #[must_use]
    pub fn fix(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }

    /// Whether a planner was asked and uses the index proposed.
    pub fn is_confirmed(&self) -> bool {
        self.proposal.as_ref().is_some_and(|proposal| proposal.confirmed)
    }

    /// Whether a fix comes with it that may be made without a look.
    pub fn has_safe_fix(&self) -> bool {
        self.fix.as_ref().is_some_and(|fix| fix.applicability == Applicability::Safe)
    }
}
