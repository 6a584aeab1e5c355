//! JUnit XML, for tools that show test results: a suite per file, a failed case per finding.

use std::fmt::Write;

use pgwright_diagnostics::Diagnostic;

use super::Report;

pub(super) fn render(report: &Report) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let total = report.diagnostics.len();
    if total == 0 {
        // Some tools take a report without a single case for a failure.
        text.push_str("<testsuites name=\"pgwright\" tests=\"1\" failures=\"0\" errors=\"0\">\n");
        text.push_str("  <testsuite name=\"pgwright\" tests=\"1\" failures=\"0\" errors=\"0\">\n");
        text.push_str("    <testcase name=\"no findings\" classname=\"pgwright\"/>\n  </testsuite>\n</testsuites>\n");
        return text;
    }
    let _ = writeln!(text, "<testsuites name=\"pgwright\" tests=\"{total}\" failures=\"{total}\" errors=\"0\">");
    let by_file = report.diagnostics.chunk_by(|a, b| a.primary.span.file == b.primary.span.file);
    for chunk in by_file {
        let Some(first) = chunk.first() else { continue };
        let path = escape(&report.path(first.primary.span.file));
        let count = chunk.len();
        let _ = writeln!(text, "  <testsuite name=\"{path}\" tests=\"{count}\" failures=\"{count}\" errors=\"0\">");
        for diagnostic in chunk {
            case(report, diagnostic, &path, &mut text);
        }
        text.push_str("  </testsuite>\n");
    }
    text + "</testsuites>\n"
}

fn case(report: &Report, diagnostic: &Diagnostic, path: &str, text: &mut String) {
    let at = report.place(diagnostic.primary.span).start;
    let _ = writeln!(
        text,
        "    <testcase name=\"{} ({}:{})\" classname=\"{path}\" file=\"{path}\" line=\"{}\">",
        escape(diagnostic.rule),
        at.line,
        at.column,
        at.line
    );
    let mut body = format!("{path}:{}:{}: {}", at.line, at.column, escape(&diagnostic.headline));
    for more in diagnostic.why.iter().chain(&diagnostic.help) {
        let _ = write!(body, "\n{}", escape(more));
    }
    let _ = writeln!(
        text,
        "      <failure type=\"{}\" message=\"{}\">{body}</failure>\n    </testcase>",
        diagnostic.severity,
        escape(&diagnostic.headline)
    );
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\t' | '\n' => escaped.push(c),
            // XML has no way to write the others.
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}
