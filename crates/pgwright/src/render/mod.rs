//! Reports in every format. All of them render the same [`Report`].

mod concise;
mod full;
mod github;
mod gitlab;
mod json;
mod junit;
mod sarif;
mod summary;
#[cfg(test)]
mod tests;

use pgwright_diagnostics::{Diagnostic, FileId, Files, LineColumn, Span};
use pgwright_django::project::Unresolved;
use serde::Serialize;

use crate::cli::Format;
pub(crate) use summary::paint;

/// What a check found, ready to be shown.
pub(crate) struct Report<'a> {
    pub(crate) files: &'a Files,
    pub(crate) diagnostics: &'a [Diagnostic],
    /// One per diagnostic, each different.
    pub(crate) fingerprints: Vec<String>,
    /// What could not be understood.
    pub(crate) unresolved: &'a [Unresolved],
    /// Whether the user asked for that list.
    pub(crate) show_unresolved: bool,
    pub(crate) summary: Summary,
    /// Version of the server whose planner was asked to confirm findings; none where nobody was.
    pub(crate) planner: Option<&'a str>,
    pub(crate) dropped: &'a [Dropped],
    /// Whether the user asked for that list.
    pub(crate) show_dropped: bool,
}

/// A finding that PostgreSQL's planner does not confirm.
#[derive(Debug)]
pub(crate) struct Dropped {
    pub(crate) found: Diagnostic,
    pub(crate) reason: String,
}

/// The figures of a report.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Summary {
    pub(crate) errors: usize,
    pub(crate) warnings: usize,
    pub(crate) notes: usize,
    /// Findings with a fix that keeps behaviour and data.
    pub(crate) fixable: usize,
    /// Findings with a fix that needs a look.
    pub(crate) fixable_unsafe: usize,
    /// Fixes made in this run.
    pub(crate) fixed: usize,
    /// Findings left out because the baseline knows them.
    pub(crate) known: usize,
    /// Python files read as the project's own.
    pub(crate) files: usize,
    /// The project's own models, those that could not be read included.
    pub(crate) models: usize,
    /// Those of them about which everything is known.
    pub(crate) models_understood: usize,
}

/// How text is to look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    pub(crate) styled: bool,
    pub(crate) width: usize,
}

/// A paragraph in lines that fit, each indented like that.
pub(crate) fn fill(text: &mut String, indent: &str, width: usize, paragraph: &str) {
    let mut line = String::new();
    for word in paragraph.split_whitespace() {
        if !line.is_empty() && indent.len() + line.chars().count() + 1 + word.chars().count() > width {
            text.push_str(&format!("{indent}{line}\n"));
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        text.push_str(&format!("{indent}{line}\n"));
    }
}

pub(crate) fn render(report: &Report, format: Format, look: Look) -> String {
    match format {
        Format::Full => full::render(report, look),
        Format::Concise => concise::render(report, look),
        Format::Json => json::render(report),
        Format::Sarif => sarif::render(report),
        Format::Github => github::render(report),
        Format::Gitlab => gitlab::render(report),
        Format::Junit => junit::render(report),
    }
}

/// What the JSON of a report holds, to be part of a larger document.
pub(crate) fn json_parts(report: &Report) -> serde_json::Value {
    json::parts(report)
}

/// A range of a file with everything a reader may need of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Place {
    /// With `/` between its parts.
    pub(crate) path: String,
    pub(crate) start: LineColumn,
    pub(crate) end: LineColumn,
}

impl Report<'_> {
    fn place(&self, span: Span) -> Place {
        Place { path: self.path(span.file), start: self.files.start(span), end: self.files.end(span) }
    }

    fn path(&self, file: FileId) -> String {
        self.files.path(file).as_str().replace('\\', "/")
    }

    fn found(&self) -> impl Iterator<Item = (&Diagnostic, &str)> {
        self.diagnostics.iter().zip(self.fingerprints.iter().map(String::as_str))
    }
}
