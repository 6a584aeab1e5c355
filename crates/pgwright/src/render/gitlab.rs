//! GitLab's code quality report.

use pgwright_diagnostics::{LineColumn, Severity};
use serde::Serialize;

use super::Report;

#[derive(Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'a str,
    fingerprint: &'a str,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    positions: Positions,
    lines: Lines,
}

#[derive(Serialize)]
struct Positions {
    begin: LineColumn,
    end: LineColumn,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}

pub(super) fn render(report: &Report) -> String {
    let issues: Vec<Issue> = report
        .found()
        .map(|(found, fingerprint)| {
            let place = report.place(found.primary.span);
            Issue {
                description: found.headline.clone(),
                check_name: found.rule,
                fingerprint,
                severity: match found.severity {
                    Severity::Error => "critical",
                    Severity::Warning => "major",
                    Severity::Note => "info",
                },
                location: Location {
                    path: place.path,
                    lines: Lines { begin: place.start.line, end: place.end.line },
                    positions: Positions { begin: place.start, end: place.end },
                },
            }
        })
        .collect();
    serde_json::to_string_pretty(&issues).unwrap_or_default() + "\n"
}
