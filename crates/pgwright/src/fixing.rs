//! Applying fixes until none is left, checking every text that comes out, and writing it.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;
use pgwright_diagnostics::{Diagnostic, FileId, Files, Fix, apply};
use similar::TextDiff;

use crate::check::Audit;
use crate::disk;
use crate::failure::Failure;
use crate::session::{Session, texts};

/// Rounds after which fixes that make room for each other are left for the next run.
const MOST_ROUNDS: usize = 10;

/// Which fixes are made: asked of each finding with the reading that it comes from.
pub(crate) type Wanted<'w> = &'w dyn Fn(&Audit, &Diagnostic) -> bool;

/// The project after fixing; nothing is on disk yet.
#[derive(Default)]
pub(crate) struct Outcome {
    /// The last reading; none where nothing was changed.
    pub(crate) audit: Option<Audit>,
    pub(crate) applied: usize,
    pub(crate) warnings: Vec<String>,
    /// Old and new text of each file that changes, by path.
    pub(crate) changes: BTreeMap<Utf8PathBuf, (String, String)>,
}

/// Applies what can be applied at once, reads the project again (`audit`, given the reading before), and goes on while that gives
/// new fixes. `made` hears of each that was made.
pub(crate) fn run(
    wanted: Wanted<'_>,
    session: &mut Session,
    first: &Audit,
    audit: impl Fn(&Session, &Audit) -> Audit,
    mut made: impl FnMut(&Audit, &Diagnostic),
) -> Outcome {
    let originals = texts(&first.reading.files);
    let mut outcome = Outcome::default();
    let mut refused: BTreeSet<String> = BTreeSet::new();
    for _ in 0..MOST_ROUNDS {
        let current = outcome.audit.as_ref().unwrap_or(first);
        let files = &current.reading.files;
        let found: Vec<&Diagnostic> = current
            .found
            .iter()
            .filter(|found| found.fix.is_some() && wanted(current, found))
            .filter(|found| !refused.contains(&pgwright_rules::fingerprint(files, found)))
            .collect();
        if found.is_empty() {
            break;
        }
        let fixed = apply_sound(files, &found);
        for index in &fixed.refused {
            let found = found[*index];
            refused.insert(pgwright_rules::fingerprint(files, found));
            outcome.warnings.push(format!(
                "the fix of `{}` in {} was not made: the result would not be Python; please report it",
                found.rule,
                files.path(found.primary.span.file)
            ));
        }
        let changed: Vec<(Utf8PathBuf, String)> =
            fixed.texts.into_iter().map(|(file, text)| (files.path(file).to_owned(), text)).collect();
        if changed.is_empty() && fixed.refused.is_empty() {
            break;
        }
        outcome.applied += fixed.applied.len();
        fixed.applied.iter().for_each(|index| made(current, found[*index]));
        session.disk.changed.extend(changed);
        outcome.audit = Some(audit(session, current));
    }
    for (path, new) in &session.disk.changed {
        let old = originals.get(path).cloned().unwrap_or_default();
        if old != *new {
            outcome.changes.insert(path.clone(), (old, new.clone()));
        }
    }
    outcome
}

#[derive(Default)]
struct Made {
    texts: BTreeMap<FileId, String>,
    /// Places in the list given.
    applied: Vec<usize>,
    refused: Vec<usize>,
}

/// Applies fixes together. When that spoils a file, they are tried one by one to find out which one does it.
fn apply_sound(files: &Files, wanted: &[&Diagnostic]) -> Made {
    let fixes: Vec<(usize, &Fix)> =
        wanted.iter().enumerate().filter_map(|(index, found)| Some((index, found.fix.as_ref()?))).collect();
    let together = apply(files, &fixes.iter().map(|(_, fix)| *fix).collect::<Vec<_>>());
    let mut made = Made { refused: together.broken.iter().map(|at| fixes[*at].0).collect(), ..Made::default() };
    if together.texts.iter().all(|(file, text)| is_sound(files, *file, text)) {
        made.applied = together.applied.iter().map(|at| fixes[*at].0).collect();
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
            made.applied.push(index);
        } else {
            accepted.pop();
            made.refused.push(index);
        }
    }
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

/// Writes every changed file and these new ones (path and text), or leaves all as they were.
pub(crate) fn write_with(outcome: &Outcome, new: &[(Utf8PathBuf, &str)]) -> Result<(), Failure> {
    let mut created: Vec<&Utf8PathBuf> = Vec::new();
    let mut replaced: Vec<&Utf8PathBuf> = Vec::new();
    let mut all = || -> Result<(), Failure> {
        for (path, text) in new {
            disk::create(path, text)?;
            created.push(path);
        }
        for (path, (old, new)) in &outcome.changes {
            disk::replace(path, old, new)?;
            replaced.push(path);
        }
        Ok(())
    };
    let written = all();
    if written.is_err() {
        for path in replaced {
            let (old, new) = &outcome.changes[path];
            let _ = disk::replace(path, new, old);
        }
        for path in created {
            let _ = std::fs::remove_file(path);
        }
    }
    written
}

/// The changes as one patch that `git apply` and `patch -p1` take, and whether there are any.
pub(crate) fn diff(outcome: &Outcome, styled: bool) -> (String, bool) {
    let mut text = String::new();
    for (path, (old, new)) in &outcome.changes {
        text.push_str(&unified(path.as_str(), old, new));
    }
    if styled {
        text = coloured(&text);
    }
    (text, !outcome.changes.is_empty())
}

/// A patch of one file.
pub(crate) fn unified(path: &str, old: &str, new: &str) -> String {
    let path = path.trim_start_matches('/');
    let diff = TextDiff::from_lines(old, new);
    diff.unified_diff().context_radius(3).header(&format!("a/{path}"), &format!("b/{path}")).to_string()
}

/// A patch in the colours of git.
pub(crate) fn coloured(patch: &str) -> String {
    patch.split_inclusive('\n').map(paint).collect()
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
