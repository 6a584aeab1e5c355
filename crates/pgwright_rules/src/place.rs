//! A place in the code that sends queries, as a finding speaks of it.

use std::collections::BTreeMap;

use pgwright_diagnostics::{Confidence, Diagnostic, Span};
use pgwright_django::queries::workload::{Certainty, Issued, Over, Rows, Sender};

use crate::Facts;

/// The longest piece of code that a headline quotes, in characters.
const LONGEST: usize = 40;

/// What of a place is judged together: all that one piece of code sends. From where requests are handed on, what each place in a template
/// sends, and of what a framework sends for a view, each relation of its rows; what it sends for one is at the view as well.
pub(crate) fn together(place: &[Issued]) -> impl Iterator<Item = Vec<&Issued>> {
    let mut groups: BTreeMap<(Option<Span>, Option<&str>), Vec<&Issued>> = BTreeMap::new();
    for issued in place {
        let many = || issued.origins.iter().find(|origin| origin.rows == Rows::Many);
        let group = match (issued.sender, issued.template) {
            (Sender::Code, _) => (None, None),
            (Sender::Handler, None) => continue,
            (Sender::Handler, template) => (template, None),
            (Sender::View, _) => match many() {
                Some(origin) => (None, Some(origin.path.as_str())),
                None => continue,
            },
        };
        groups.entry(group).or_default().push(issued);
    }
    groups.into_values()
}

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

/// Whether nothing but the name of a method says that there is a query, and it is what dictionaries and paths have too: `known.values()`,
/// `folder.exists()`.
pub(crate) fn is_by_common_name(facts: Facts, issued: &Issued) -> bool {
    let text = facts.files.text(issued.span);
    let receiver = |method: &str| text.trim_end_matches(')').strip_suffix('(')?.strip_suffix(method)?.strip_suffix('.');
    let is_path = |receiver: &str| {
        let name = receiver.rsplit('.').next().unwrap_or_default().to_lowercase();
        PATHS.iter().any(|path| name.contains(path))
    };
    // A chain of calls is more than a name.
    let is_name = |receiver: &&str| !receiver.contains(')');
    issued.model.is_none()
        && (receiver("values").filter(is_name).is_some() || receiver("exists").filter(is_name).is_some_and(is_path))
}

/// What variables of paths are called.
const PATHS: &[&str] = &["path", "dir", "file", "folder", "root"];

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
