//! Applying fixes until none is left, checking every text that comes out, and writing it.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;
use pgwright_diagnostics::{Applicability, Diagnostic, FileId, Files, Fix, apply};
use similar::TextDiff;

use crate::check::Audit;
use crate::disk;
use crate::failure::Failure;
use crate::session::{Session, texts};

/// Rounds after which fixes that make room for each other are left for the next run.
const MOST_ROUNDS: usize = 10;

/// Which fixes are made.
pub(crate) struct Fixing {
    pub(crate) unsafe_too: bool,
}

/// The project after fixing; nothing is on disk yet.
pub(crate) struct Outcome {
    pub(crate) audit: Audit,
    pub(crate) applied: usize,
    pub(crate) warnings: Vec<String>,
    /// Old and new text of each file that changes, by path.
    changes: BTreeMap<Utf8PathBuf, (String, String)>,
}

/// Applies what can be applied at once, reads the project again, and goes on while that gives new fixes.
pub(crate) fn run(fixing: &Fixing, session: &mut Session, first: Audit, audit: impl Fn(&Session) -> Audit) -> Outcome {
    let originals = texts(&first.reading.files);
    let mut outcome = Outcome { audit: first, applied: 0, warnings: Vec::new(), changes: BTreeMap::new() };
    let mut refused: BTreeSet<String> = BTreeSet::new();
    for _ in 0..MOST_ROUNDS {
        let files = &outcome.audit.reading.files;
        let wanted: Vec<&Diagnostic> = outcome
            .audit
            .found
            .iter()
            .filter(|found| fixing.wants(found) && !refused.contains(&pgwright_rules::fingerprint(files, found)))
            .collect();
        if wanted.is_empty() {
            break;
        }
        let made = apply_sound(files, &wanted);
        for index in &made.refused {
            let found = wanted[*index];
            refused.insert(pgwright_rules::fingerprint(files, found));
            outcome.warnings.push(format!(
                "the fix of `{}` in {} was not made: the result would not be Python; please report it",
                found.rule,
                files.path(found.primary.span.file)
            ));
        }
        let changed: Vec<(Utf8PathBuf, String)> =
            made.texts.into_iter().map(|(file, text)| (files.path(file).to_owned(), text)).collect();
        if changed.is_empty() && made.refused.is_empty() {
            break;
        }
        outcome.applied += made.applied;
        session.disk.changed.extend(changed);
        outcome.audit = audit(session);
    }
    for (path, new) in &session.disk.changed {
        let old = originals.get(path).cloned().unwrap_or_default();
        if old != *new {
            outcome.changes.insert(path.clone(), (old, new.clone()));
        }
    }
    outcome
}

impl Fixing {
    fn wants(&self, found: &Diagnostic) -> bool {
        found.fix.as_ref().is_some_and(|fix| self.unsafe_too || fix.applicability == Applicability::Safe)
    }
}

#[derive(Default)]
struct Made {
    texts: BTreeMap<FileId, String>,
    applied: usize,
    refused: Vec<usize>,
}

/// Applies fixes together. When that spoils a file, they are tried one by one to find out which one does it.
fn apply_sound(files: &Files, wanted: &[&Diagnostic]) -> Made {
    let fixes: Vec<(usize, &Fix)> =
        wanted.iter().enumerate().filter_map(|(index, found)| Some((index, found.fix.as_ref()?))).collect();
    let together = apply(files, &fixes.iter().map(|(_, fix)| *fix).collect::<Vec<_>>());
    let mut made = Made { refused: together.broken.iter().map(|at| fixes[*at].0).collect(), ..Made::default() };
    if together.texts.iter().all(|(file, text)| is_sound(files, *file, text)) {
        made.applied = together.applied.len();
        made.texts = together.texts;
        return made;
    }
    let mut accepted: Vec<&Fix> = Vec::new();
    for at in together.applied {
        let (index, fix) = fixes[at];
        accepted.push(fix);
        let tried = apply(files, &accepted);
        if tried.texts.iter().all(|(file, text)| is_sound(files, *file, text)) {
            made.texts = tried.texts;
        } else {
            accepted.pop();
            made.refused.push(index);
        }
    }
    made.applied = accepted.len();
    made
}

/// A fix may not make Python of what is none worse, and never break what is.
fn is_sound(files: &Files, file: FileId, text: &str) -> bool {
    let old = files.get(file);
    old.path.extension() != Some("py")
        || !pgwright_python::has_syntax_errors(text)
        || pgwright_python::has_syntax_errors(&old.text)
}

/// Writes every changed file, each in one step. A file that cannot be written does not keep the others from it.
pub(crate) fn write(outcome: &Outcome) -> Result<(), Failure> {
    let mut first = None;
    for (path, (old, new)) in &outcome.changes {
        if let Err(failure) = disk::replace(path, old, new) {
            first.get_or_insert(failure);
        }
    }
    first.map_or(Ok(()), Err)
}

/// The changes as one patch that `git apply` and `patch -p1` take, and whether there are any.
pub(crate) fn diff(outcome: &Outcome, styled: bool) -> (String, bool) {
    let mut text = String::new();
    for (path, (old, new)) in &outcome.changes {
        let path = path.as_str().trim_start_matches('/');
        let diff = TextDiff::from_lines(old, new);
        text.push_str(
            &diff.unified_diff().context_radius(3).header(&format!("a/{path}"), &format!("b/{path}")).to_string(),
        );
    }
    if styled {
        text = text.split_inclusive('\n').map(paint).collect();
    }
    (text, !outcome.changes.is_empty())
}

fn paint(line: &str) -> String {
    let code = match line.as_bytes() {
        [b'+', b'+', ..] | [b'-', b'-', ..] => "1",
        [b'+', ..] => "32",
        [b'-', ..] => "31",
        [b'@', ..] => "36",
        _ => return line.to_owned(),
    };
    let content = line.trim_end_matches('\n');
    format!("\u{1b}[{code}m{content}\u{1b}[0m{}", &line[content.len()..])
}
