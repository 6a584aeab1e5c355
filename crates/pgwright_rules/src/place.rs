//! A place in the code that sends queries, as a finding speaks of it.

use pgwright_diagnostics::{Confidence, Diagnostic, Span};
use pgwright_django::queries::workload::{Certainty, Issued, Over};

use crate::Facts;

/// The longest piece of code that a headline quotes, in characters.
const LONGEST: usize = 40;

/// Whether it runs once per row of something, as far as is known.
pub(crate) fn is_per_row(issued: &Issued) -> bool {
    issued.in_loop.is_some_and(|inner| inner.over == Over::Rows)
}

/// Whether it runs once per item of something, rows or not.
pub(crate) fn is_per_item(issued: &Issued) -> bool {
    issued.in_loop.is_some_and(|inner| inner.over != Over::Condition)
}

/// Whether the code at a place asks for a write: what that reads on its way belongs to it.
pub(crate) fn is_a_write(facts: Facts, issued: &Issued) -> bool {
    let text = facts.files.text(issued.span);
    crate::eager::last_call(text).is_some_and(|name| WRITES.contains(&name))
}

/// Whether nothing but the name of a method says that there is a query, and it is one that paths, dictionaries and the like have too.
pub(crate) fn is_by_common_name(facts: Facts, issued: &Issued) -> bool {
    let text = facts.files.text(issued.span);
    let calls = |names: &[&str]| {
        let mut methods = text.split('.').skip(1).map(|rest| rest.split(|char: char| !is_of_name(char)).next());
        methods.any(|method| method.is_some_and(|method| names.contains(&method)))
    };
    issued.model.is_none() && calls(COMMON) && !calls(TELLING)
}

fn is_of_name(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

/// Methods of querysets that other things have too.
const COMMON: &[&str] = &["exists", "values", "first", "last", "latest", "distinct", "only", "iterator"];

/// What only models, managers and querysets have.
const TELLING: &[&str] = &[
    "aggregate",
    "annotate",
    "exclude",
    "filter",
    "in_bulk",
    "objects",
    "order_by",
    "prefetch_related",
    "select_for_update",
    "select_related",
    "values_list",
];

/// Methods that write.
const WRITES: &[&str] = &[
    "save",
    "asave",
    "delete",
    "adelete",
    "create",
    "acreate",
    "get_or_create",
    "update_or_create",
    "bulk_create",
    "bulk_update",
    "update",
    "add",
    "remove",
    "set",
    "clear",
];

/// Where to point: in the template, where the query is sent by one.
pub(crate) fn span(issued: &Issued) -> Span {
    issued.template.unwrap_or(issued.span)
}

/// The code at a place, on one line and not too long.
pub(crate) fn quoted(facts: Facts, span: Span) -> String {
    let text = facts.files.text(span).trim_start_matches("{{").trim_end_matches("}}");
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ").replace(" .", ".").replace("( ", "(");
    if line.chars().count() <= LONGEST {
        return line;
    }
    line.chars().take(LONGEST - 1).chain(['…']).collect()
}

/// A place as `file:line`.
pub(crate) fn at(facts: Facts, span: Span) -> String {
    format!("{}:{}", facts.files.path(span.file), facts.files.start(span).line)
}

/// Adds what every finding about a query in a loop shows: the code that sends it for a template, the loop, the text, and how sure
/// all that is.
pub(crate) fn with_loop(finding: Diagnostic, issued: &Issued) -> Diagnostic {
    let mut finding = finding;
    if issued.template.is_some_and(|template| template != issued.span) {
        finding = finding.related(issued.span, "sent from here");
    }
    if let Some(inner) = issued.in_loop
        && inner.span != issued.span
    {
        finding = finding.related(inner.span, "once per round of this loop");
    }
    if issued.confidence != Certainty::Certain || !is_per_row(issued) {
        finding = finding.confidence(Confidence::Likely);
    }
    if let Ok(sql) = &issued.sql {
        finding = finding.evidence("sql", sql.clone());
    }
    finding
}
