//! One line per finding, as compilers and editors know it.

use std::fmt::Write;

use super::{Look, Report, summary};

pub(super) fn render(report: &Report, look: Look) -> String {
    let mut text = String::new();
    for diagnostic in report.diagnostics {
        let place = report.place(diagnostic.primary.span);
        let severity = summary::paint(diagnostic.severity.as_str(), diagnostic.severity, look);
        let fix = if diagnostic.has_safe_fix() { " [fixable]" } else { "" };
        let _ = writeln!(
            text,
            "{}:{}:{}: {severity}[{}] {}{fix}",
            place.path, place.start.line, place.start.column, diagnostic.rule, diagnostic.headline
        );
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text + &summary::render(report, look)
}
