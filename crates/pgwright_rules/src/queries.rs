//! Queries as the evidence of a finding about a table.

use pgwright_diagnostics::{Confidence, Diagnostic, Severity};
use pgwright_django::queries::workload::{Certainty, Issued};

use crate::sizes::Size;

/// Places shown; the others are counted.
const SHOWN: usize = 4;

/// Places once each, the surest first.
pub(crate) fn by_place<'a>(queries: impl IntoIterator<Item = &'a Issued>) -> Vec<&'a Issued> {
    let mut queries: Vec<&Issued> = queries.into_iter().collect();
    queries.sort_by_key(|issued| (issued.confidence, issued.span));
    queries.dedup_by_key(|issued| issued.span);
    queries
}

/// Adds how many places ask, some of them, and a text. The finding is as sure as the surest of them.
pub(crate) fn with_queries(finding: Diagnostic, queries: &[&Issued], label: &str) -> Diagnostic {
    let mut finding = finding.evidence("queries", queries.len().to_string());
    for issued in queries.iter().take(SHOWN) {
        finding = finding.related(issued.span, label);
    }
    if let Some(sql) = queries.first().and_then(|issued| issued.sql.as_ref().ok()) {
        finding = finding.evidence("sql", sql.clone());
    }
    if queries.iter().all(|issued| issued.confidence != Certainty::Certain) {
        finding = finding.confidence(Confidence::Likely);
    }
    finding
}

/// How much it matters that all of a table is read. Where nobody said how large it is, it may as well be one of ten rows.
pub(crate) fn severity(size: Size) -> Severity {
    match size {
        _ if size.is_huge() => Severity::Error,
        Size::Measured(_) | Size::Stated(_) => Severity::Warning,
        Size::Assumed => Severity::Note,
    }
}
