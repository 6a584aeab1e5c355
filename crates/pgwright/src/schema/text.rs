//! A corrected class for people.

use std::fmt::Write;

use pgwright_diagnostics::Confidence;
use pgwright_django::migrations::write::AppMigrations;

use super::Report;
use super::correct::{Corrected, Reason};
use crate::fixing;
use crate::render::{Look, fill, paint};

/// Places shown of a reason; the others are counted.
const SITES: usize = 4;

pub(super) fn render(report: &Report, look: Look) -> String {
    let bold = |text: &str| if look.styled { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_owned() };
    let Corrected { model, file, line, class, changes, open, .. } = report.corrected;
    let mut text = String::new();
    let _ = writeln!(text, "{}  {file}:{line}\n", bold(model));
    if changes.is_empty() {
        text.push_str(if open.is_empty() {
            "as it should be\n"
        } else {
            "nothing that can be changed without a decision\n"
        });
    } else {
        let _ = writeln!(text, "{}\n", bold(if report.written { "Changed" } else { "To change" }));
        changes.iter().for_each(|reason| write_reason(&mut text, reason, look));
        let (diff, _) = fixing::diff(&report.corrections.outcome, look.styled);
        let _ = writeln!(text, "{}\n\n{diff}", bold("Diff"));
        let _ = writeln!(text, "{}\n\n{class}", bold("The class"));
        report.corrections.migrations.iter().for_each(|app| write_migrations(&mut text, app, &bold));
    }
    if !open.is_empty() {
        let _ = writeln!(text, "\n{}\n", bold("To decide"));
        open.iter().for_each(|reason| write_reason(&mut text, reason, look));
    }
    text
}

pub(crate) fn write_reason(text: &mut String, reason: &Reason, look: Look) {
    let head = reason.change.as_deref().unwrap_or(&reason.headline);
    let mut remarks = vec![reason.rule];
    if reason.confidence == Confidence::Likely {
        remarks.push("likely");
    }
    if reason.needs_a_look {
        remarks.push("needs a look");
    }
    let mark = paint(reason.severity.as_str(), reason.severity, look);
    let _ = writeln!(text, "  {mark}: {head} ({})", remarks.join(", "));
    if reason.change.is_some() {
        wrapped(text, &reason.headline, look);
    }
    for line in reason.why.iter().flat_map(|why| why.lines()) {
        wrapped(text, line, look);
    }
    if let (None, Some(help)) = (&reason.change, &reason.help) {
        wrapped(text, help, look);
    }
    let sites: Vec<String> =
        reason.sites.iter().map(|site| format!("{}:{}", site.file, site.line)).take(SITES).collect();
    if !sites.is_empty() {
        let more = reason.sites.len() - sites.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        wrapped(text, &format!("see {}{more}", sites.join(", ")), look);
    }
    text.push('\n');
}

/// A paragraph below a heading, in lines that fit.
pub(crate) fn wrapped(text: &mut String, paragraph: &str, look: Look) {
    fill(text, "      ", look.width.min(110), paragraph);
}

pub(crate) fn write_migrations(text: &mut String, app: &AppMigrations, bold: &dyn Fn(&str) -> String) {
    match &app.written {
        Ok(written) => {
            for migration in written {
                let _ = writeln!(text, "{}  {}\n\n{}", bold("Migration"), migration.path, migration.text);
            }
        }
        Err(reason) => {
            let app = &app.app;
            let _ = writeln!(text, "no migration of `{app}`: {reason}; `manage.py makemigrations {app}` writes it\n");
        }
    }
}
