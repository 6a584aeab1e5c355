//! The last lines of text output.

use std::fmt::Write;

use super::{Look, Report, Summary};
use pgwright_diagnostics::Severity;
use pgwright_schema::plan::grouped;

/// Counts, what can be fixed, and what share was understood; before that, if asked for, what was not.
pub(super) fn render(report: &Report, look: Look) -> String {
    let mut text = String::new();
    if report.show_dropped {
        for dropped in report.dropped {
            let place = report.place(dropped.found.primary.span);
            let _ = writeln!(
                text,
                "{}:{}:{}: dropped[{}] {}: {}",
                place.path,
                place.start.line,
                place.start.column,
                dropped.found.rule,
                dropped.found.headline,
                dropped.reason
            );
        }
        if !report.dropped.is_empty() {
            text.push('\n');
        }
    }
    if report.show_unresolved {
        for unresolved in report.unresolved {
            if let Some(site) = unresolved.site {
                let place = report.place(site);
                let _ = write!(text, "{}:{}:{}: ", place.path, place.start.line, place.start.column);
            }
            let _ = writeln!(text, "not understood: {}: {}", unresolved.subject, unresolved.reason);
        }
        if !report.unresolved.is_empty() {
            text.push('\n');
        }
    }
    let _ = writeln!(text, "{}", counts(&report.summary, look));
    if let Some(line) = planned(report) {
        let _ = writeln!(text, "{line}");
    }
    let _ = writeln!(text, "{}", understood(report));
    text
}

/// What the planner said of the findings, where it was asked.
fn planned(report: &Report) -> Option<String> {
    let server = report.planner?;
    let confirmed = report.diagnostics.iter().filter(|found| found.is_confirmed()).count();
    let hint = if report.dropped.is_empty() || report.show_dropped { "" } else { "; `--show-dropped` says why" };
    Some(format!(
        "PostgreSQL {server} was asked about proposed indexes: {confirmed} confirmed, {} dropped{hint}",
        report.dropped.len()
    ))
}

fn counts(summary: &Summary, look: Look) -> String {
    let total = summary.errors + summary.warnings + summary.notes;
    let mut parts = Vec::new();
    for (count, word, severity) in [
        (summary.errors, "error", Severity::Error),
        (summary.warnings, "warning", Severity::Warning),
        (summary.notes, "note", Severity::Note),
    ] {
        if count > 0 {
            parts.push(paint(&plural(count, word), severity, look));
        }
    }
    let mut line = if total == 0 { "no findings".to_owned() } else { parts.join(", ") };
    let mut remarks = Vec::new();
    if summary.fixed > 0 {
        remarks.push(format!("{} fixed", summary.fixed));
    }
    if summary.fixable > 0 {
        remarks.push(format!("{} fixable with `--fix`", summary.fixable));
    }
    if summary.fixable_unsafe > 0 {
        remarks.push(format!("{} with `--fix --unsafe-fixes`", summary.fixable_unsafe));
    }
    if summary.known > 0 {
        remarks.push(format!("{} known in the baseline", summary.known));
    }
    if !remarks.is_empty() {
        let _ = write!(line, " ({})", remarks.join(", "));
    }
    line
}

fn understood(report: &Report) -> String {
    let Summary { models, models_understood, files, .. } = report.summary;
    let share = if models == 0 {
        format!("no Django models in {}", plural(files, "Python file"))
    } else {
        format!("understood {} of {}", grouped(models_understood as f64), plural(models, "model"))
    };
    let rest = report.unresolved.len();
    match (report.show_unresolved, rest) {
        (_, 0) | (true, _) => share,
        (false, _) => format!("{share}; `--unresolved` lists {}", plural(rest, "open question")),
    }
}

pub(super) fn plural(count: usize, word: &str) -> String {
    format!("{} {word}{}", grouped(count as f64), if count == 1 { "" } else { "s" })
}

pub(crate) fn paint(text: &str, severity: Severity, look: Look) -> String {
    if !look.styled {
        return text.to_owned();
    }
    let color = match severity {
        Severity::Error => "91",
        Severity::Warning => "33",
        Severity::Note => "92",
    };
    format!("\u{1b}[1m\u{1b}[{color}m{text}\u{1b}[0m")
}
