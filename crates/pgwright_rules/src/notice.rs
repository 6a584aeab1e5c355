//! What pgwright reports about a run itself, beside the rules.

use pgwright_diagnostics::Severity;

/// A kind of finding that no rule makes. It can be ignored, overridden and suppressed by name like a rule.
#[derive(Debug, Clone, Copy)]
pub struct Notice {
    pub name: &'static str,
    pub summary: &'static str,
    pub severity: Severity,
}

pub(crate) static UNUSED_IGNORE: Notice = Notice {
    name: "unused-ignore",
    summary: "a `# pgwright: ignore[…]` comment that suppresses nothing",
    severity: Severity::Warning,
};

pub(crate) static INVALID_IGNORE: Notice = Notice {
    name: "invalid-ignore",
    summary: "a `# pgwright:` comment that names no rule, or one that does not exist",
    severity: Severity::Warning,
};

pub(crate) static INTERNAL_ERROR: Notice = Notice {
    name: "internal-error",
    summary: "a rule stopped on a mistake of pgwright's own; the other rules went on",
    severity: Severity::Error,
};

/// Every notice, in the order of the documentation.
pub static NOTICES: &[&Notice] = &[
    &Notice {
        name: "syntax-error",
        summary: "a file that does not parse; the models in it are not known",
        severity: Severity::Error,
    },
    &Notice {
        name: "invalid-encoding",
        summary: "a file whose bytes are not the text they claim to be",
        severity: Severity::Warning,
    },
    &Notice { name: "unreadable-file", summary: "a file that could not be read", severity: Severity::Warning },
    &UNUSED_IGNORE,
    &INVALID_IGNORE,
    &INTERNAL_ERROR,
];
