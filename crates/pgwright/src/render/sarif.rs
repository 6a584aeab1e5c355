//! SARIF 2.1.0, the part of it that code scanning reads.

use pgwright_diagnostics::{Diagnostic, Severity, Span};
use pgwright_rules::{NOTICES, RULES};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Place, Report};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

#[derive(Serialize)]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    /// Columns count characters.
    column_kind: &'static str,
    invocations: [Invocation; 1],
    results: Vec<Result>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<Descriptor>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    id: &'static str,
    short_description: Message,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<Message>,
    default_configuration: Value,
    properties: Value,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Result {
    rule_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'static str,
    message: Message,
    locations: [Location; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    partial_fingerprints: Value,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<Fix>,
    properties: Map<String, Value>,
}

#[derive(Serialize)]
struct Message {
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    markdown: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Serialize)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    start_column: u32,
    end_line: u32,
    end_column: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Fix {
    description: Message,
    artifact_changes: Vec<ArtifactChange>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactChange {
    artifact_location: ArtifactLocation,
    replacements: Vec<Replacement>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replacement {
    deleted_region: Region,
    inserted_content: Message,
}

pub(super) fn render(report: &Report) -> String {
    let rules = descriptors();
    let results = report.found().map(|(found, print)| result(report, found, print, &rules)).collect();
    let driver = Driver { name: "pgwright", semantic_version: env!("CARGO_PKG_VERSION"), rules };
    let run = Run {
        tool: Tool { driver },
        column_kind: "unicodeCodePoints",
        invocations: [Invocation { execution_successful: true }],
        results,
    };
    let log = Log { schema: SCHEMA, version: "2.1.0", runs: [run] };
    serde_json::to_string_pretty(&log).unwrap_or_default() + "\n"
}

fn descriptors() -> Vec<Descriptor> {
    let rules = RULES.iter().map(|rule| Descriptor {
        id: rule.name,
        short_description: plain(rule.summary),
        help: Some(Message { text: rule.docs.to_owned(), markdown: Some(rule.docs.to_owned()) }),
        default_configuration: json!({ "level": level(rule.severity) }),
        properties: json!({ "tags": [rule.group.as_str()] }),
    });
    let notices = NOTICES.iter().map(|notice| Descriptor {
        id: notice.name,
        short_description: plain(notice.summary),
        help: None,
        default_configuration: json!({ "level": level(notice.severity) }),
        properties: json!({ "tags": ["pgwright"] }),
    });
    rules.chain(notices).collect()
}

fn result(report: &Report, found: &Diagnostic, fingerprint: &str, rules: &[Descriptor]) -> Result {
    let mut text = found.headline.clone();
    for more in found.why.iter().chain(&found.help) {
        text.push_str("\n\n");
        text.push_str(more);
    }
    let mut properties = Map::new();
    properties.insert("confidence".to_owned(), json!(found.confidence));
    for evidence in &found.evidence {
        properties.insert(evidence.name.to_owned(), json!(evidence.value));
    }
    let related = found.related.iter().zip(1..).map(|(label, id)| Location {
        id: Some(id),
        message: (!label.text.is_empty()).then(|| plain(&label.text)),
        ..location(report, label.span)
    });
    Result {
        rule_id: found.rule,
        rule_index: rules.iter().position(|rule| rule.id == found.rule),
        level: level(found.severity),
        message: plain(text),
        locations: [location(report, found.primary.span)],
        related_locations: related.collect(),
        partial_fingerprints: json!({ "pgwright/v1": fingerprint }),
        fixes: found.fix.iter().map(|given| fix(report, given)).collect(),
        properties,
    }
}

fn fix(report: &Report, fix: &pgwright_diagnostics::Fix) -> Fix {
    let mut changes: Vec<(pgwright_diagnostics::FileId, ArtifactChange)> = Vec::new();
    for edit in &fix.edits {
        let Place { path, start, end } = report.place(edit.span);
        let replacement =
            Replacement { deleted_region: region(start, end), inserted_content: plain(edit.text.as_str()) };
        match changes.iter_mut().find(|(file, _)| *file == edit.span.file) {
            Some((_, change)) => change.replacements.push(replacement),
            None => changes.push((
                edit.span.file,
                ArtifactChange {
                    artifact_location: ArtifactLocation { uri: uri(&path) },
                    replacements: vec![replacement],
                },
            )),
        }
    }
    let artifact_changes = changes.into_iter().map(|(_, change)| change).collect();
    Fix { description: plain(fix.title.as_str()), artifact_changes }
}

fn location(report: &Report, span: Span) -> Location {
    let Place { path, start, end } = report.place(span);
    let physical_location =
        PhysicalLocation { artifact_location: ArtifactLocation { uri: uri(&path) }, region: region(start, end) };
    Location { id: None, physical_location, message: None }
}

fn region(start: pgwright_diagnostics::LineColumn, end: pgwright_diagnostics::LineColumn) -> Region {
    Region { start_line: start.line, start_column: start.column, end_line: end.line, end_column: end.column }
}

fn plain(text: impl Into<String>) -> Message {
    Message { text: text.into(), markdown: None }
}

fn level(severity: Severity) -> &'static str {
    severity.as_str()
}

/// A path as a relative URI: what has a meaning in one is escaped.
fn uri(path: &str) -> String {
    let mut uri = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.' | b'~') {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}
