//! `# pgwright: ignore[rule] reason` comments: what they silence, and which of them silence nothing.

mod directive;
mod scope;

use std::collections::BTreeMap;

use directive::{Directive, Kind};
use pgwright_diagnostics::{Applicability, Diagnostic, Edit, File, FileId, Files, Fix, Span, closest};
use scope::Scopes;

use crate::notice::{INVALID_IGNORE, UNUSED_IGNORE};
use crate::{RULES, Selection};

/// Finds the comments of a Python text: byte ranges in order, from the `#` to the end of the line. It is a tokenizer's job,
/// so that what looks like a comment in a string stays a string.
pub type Comments = fn(&str) -> Vec<(u32, u32)>;

/// The outcome of [`suppress`].
#[derive(Debug, Default)]
pub struct Suppressed {
    /// Findings that stay, and what is to be said about the comments themselves.
    pub diagnostics: Vec<Diagnostic>,
    /// How many findings a comment silenced.
    pub silenced: usize,
}

/// Drops the findings that a comment silences: one on the line of the finding, on any line of the statement (or list entry)
/// it lies in, alone on the line above, or for the whole file. Comments that silence nothing although their rule ran, and
/// comments that name no known rule, are reported.
pub fn suppress(files: &Files, found: Vec<Diagnostic>, comments: Comments, selection: &Selection) -> Suppressed {
    let mut ignores: BTreeMap<FileId, FileIgnores> = files
        .iter()
        .filter(|(_, file)| is_own_python(file))
        .filter_map(|(id, file)| Some((id, FileIgnores::read(file, comments)?)))
        .collect();
    let mut outcome = Suppressed::default();
    for diagnostic in found {
        let span = diagnostic.primary.span;
        let silenced = ignores
            .get_mut(&span.file)
            .is_some_and(|ignores| ignores.silences(files.get(span.file), diagnostic.rule, span));
        if silenced {
            outcome.silenced += 1;
        } else {
            outcome.diagnostics.push(diagnostic);
        }
    }
    for (id, file) in &ignores {
        for directive in &file.directives {
            outcome.diagnostics.extend(invalid(*id, directive, selection));
            outcome.diagnostics.extend(unused(*id, files.get(*id), directive, selection));
        }
    }
    outcome
}

/// The cheap test comes first: nearly no file has such a comment.
fn is_own_python(file: &File) -> bool {
    file.text.contains("pgwright:")
        && file.path.extension() == Some("py")
        && !file.is_description()
        && !file.path.components().any(|part| matches!(part.as_str(), "site-packages" | "dist-packages"))
}

struct FileIgnores {
    directives: Vec<Directive>,
    scopes: Scopes,
}

impl FileIgnores {
    fn read(file: &File, comments: Comments) -> Option<Self> {
        let comments = comments(&file.text);
        let directives = directive::read(file, &comments);
        (!directives.is_empty()).then(|| FileIgnores { directives, scopes: Scopes::read(file, &comments) })
    }

    fn silences(&mut self, file: &File, rule: &str, span: Span) -> bool {
        let lines = (file.position(span.start).line, file.position(span.end).line);
        let covers = |directive: &Directive| match directive.kind {
            Kind::File => true,
            Kind::Line { line } => (lines.0..=lines.1).contains(&line) || self.scopes.covers(span.start, line),
        };
        for directive in &mut self.directives {
            if covers(directive)
                && let Some(name) = directive.names.iter_mut().find(|name| name.name == rule)
            {
                name.used = true;
                return true;
            }
        }
        false
    }
}

const SPELLING: &str = "Write `# pgwright: ignore[rule-name] reason`";

fn invalid(file: FileId, directive: &Directive, selection: &Selection) -> Vec<Diagnostic> {
    let report = |start, end, headline: String| {
        Diagnostic::new(INVALID_IGNORE.name, INVALID_IGNORE.severity, Span::new(file, start, end), headline)
    };
    if let Some(mistake) = &directive.mistake {
        return vec![report(directive.start, directive.end, mistake.clone()).help(SPELLING)];
    }
    let known = || {
        let rules = RULES.iter().chain(selection.rules()).map(|rule| rule.name);
        rules.chain(crate::NOTICES.iter().map(|notice| notice.name))
    };
    directive
        .names
        .iter()
        .filter(|name| !known().any(|rule| rule == name.name))
        .map(|name| {
            let report = report(name.start, name.end, format!("there is no rule `{}` to ignore", name.name));
            match closest(&name.name, known()) {
                Some(meant) => report.help(format!("Write `{meant}`")).fix(Fix {
                    title: format!("Write `{meant}`"),
                    applicability: Applicability::Unsafe,
                    edits: vec![Edit::replace(Span::new(file, name.start, name.end), meant)],
                }),
                None => report.help("`pgwright rules` lists the names"),
            }
        })
        .collect()
}

fn unused(id: FileId, file: &File, directive: &Directive, selection: &Selection) -> Option<Diagnostic> {
    let is_unused = |name: &&directive::Name| !name.used && selection.is_selected(&name.name);
    let unused: Vec<&str> = directive.names.iter().filter(is_unused).map(|name| name.name.as_str()).collect();
    if unused.is_empty() {
        return None;
    }
    let kept: Vec<&str> =
        directive.names.iter().filter(|name| !is_unused(name)).map(|name| name.name.as_str()).collect();
    let edit = match (kept.is_empty(), directive.list) {
        (false, Some((start, end))) => Edit::replace(Span::new(id, start, end), kept.join(", ")),
        _ => Edit::delete(whole_comment(id, file, directive)),
    };
    let names = unused.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let span = Span::new(id, directive.start, directive.end);
    Some(
        Diagnostic::new(UNUSED_IGNORE.name, UNUSED_IGNORE.severity, span, format!("nothing to ignore here: {names}"))
            .why("a suppression that is not needed hides the next finding in this place")
            .help("Remove it")
            .fix(Fix {
                title: "Remove the unused suppression".to_owned(),
                applicability: Applicability::Safe,
                edits: vec![edit],
            }),
    )
}

/// What to delete so that no trace of the comment stays: the whole line when nothing else is on it.
fn whole_comment(id: FileId, file: &File, directive: &Directive) -> Span {
    let (line_start, line_end) = file.line_span(file.position(directive.start).line);
    let before = file.text.get(line_start as usize..directive.start as usize).unwrap_or_default();
    let after = file.text.get(directive.end as usize..line_end as usize).unwrap_or_default();
    if before.trim_matches([' ', '\t', '\u{c}']).is_empty() && after.trim().is_empty() {
        return Span::new(id, line_start, line_end);
    }
    Span::new(id, line_start + before.trim_end().len() as u32, directive.end)
}

#[cfg(test)]
mod tests;
