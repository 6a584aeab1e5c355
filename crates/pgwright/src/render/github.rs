//! Workflow commands, which GitHub Actions shows beside the code.

use std::fmt::Write;

use pgwright_diagnostics::Severity;

use super::Report;

pub(super) fn render(report: &Report) -> String {
    let mut text = String::new();
    for diagnostic in report.diagnostics {
        let place = report.place(diagnostic.primary.span);
        let command = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "notice",
        };
        let mut message = diagnostic.headline.clone();
        for more in diagnostic.why.iter().chain(&diagnostic.help) {
            let _ = write!(message, "\n{more}");
        }
        let _ = write!(text, "::{command} file={},line={}", property(&place.path), place.start.line);
        // Columns are only understood within one line.
        if place.start.line == place.end.line {
            let _ = write!(text, ",col={},endColumn={}", place.start.column, place.end.column);
        }
        let title = property(&format!("pgwright ({})", diagnostic.rule));
        let _ = writeln!(text, ",endLine={},title={title}::{}", place.end.line, data(&message));
    }
    text
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
