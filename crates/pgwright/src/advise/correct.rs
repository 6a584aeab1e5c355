//! What was advised, written: entries of `Meta.indexes` and a migration for each app.

use camino::Utf8PathBuf;
use pgwright_diagnostics::{Applicability, Diagnostic, Fix, Severity};
use pgwright_django::migrations::write::{AppMigrations, Pace, write};
use pgwright_django::model::Model;
use pgwright_rules::{Facts, Judged, Sizes, add_entry};

use super::{Proposal, own_model};
use crate::check::Audit;
use crate::failure::Failure;
use crate::fixing::{self, Outcome, unified};
use crate::session::{Reading, Session};

/// The files as they will be.
pub(super) struct Correction {
    pub(super) outcome: Outcome,
    /// By app.
    pub(super) migrations: Vec<AppMigrations>,
    /// Indexes that are not written, by name, and why.
    pub(super) left: Vec<(String, String)>,
}

/// Adds what was advised to the models. `first` has its history.
pub(super) fn correct(session: Session, first: Reading, proposals: &[Proposal]) -> Correction {
    let mut left = Vec::new();
    let found = findings(&first, proposals, &mut left);
    let first = Audit { reading: first, found, known: 0, dropped: Vec::new() };
    let mut session = session.models_alone();
    let outcome = fixing::run(
        &|_, _| true,
        &mut session,
        &first,
        |session, _| {
            let reading = session.read();
            let found = findings(&reading, proposals, &mut Vec::new());
            Audit { reading, found, known: 0, dropped: Vec::new() }
        },
        |_, _| (),
    );
    let before = &first.reading;
    let last = outcome.audit.as_ref().map_or(before, |audit| &audit.reading);
    for proposal in proposals.iter().filter(|proposal| is_missing(proposal, last)) {
        let name = &proposal.candidate.index.name;
        if left.iter().all(|(known, _)| known != name) {
            left.push((name.clone(), "its class could not be changed".to_owned()));
        }
    }
    // Other databases know no `CONCURRENTLY`; where the settings do not say, advice on PostgreSQL is for PostgreSQL.
    let mut engines = before.project.settings.databases.iter().filter_map(|database| database.engine.as_deref());
    let pace = match engines.all(|engine| engine.contains("postg")) {
        true => Pace::Concurrent,
        false => Pace::AtOnce,
    };
    let migrations = write(&before.project, &last.project, &before.files, &|_: &Model| pace);
    Correction { outcome, migrations, left }
}

fn is_missing(proposal: &Proposal, reading: &Reading) -> bool {
    let index = &proposal.candidate.index;
    own_model(&index.table, reading)
        .is_none_or(|model| model.indexes.iter().all(|declared| declared.name != index.name))
}

/// What is not there yet, as findings with their fixes; what cannot be written goes to `left`.
fn findings(reading: &Reading, proposals: &[Proposal], left: &mut Vec<(String, String)>) -> Vec<Diagnostic> {
    let sizes = Sizes::default();
    let facts = Facts { project: &reading.project, files: &reading.files, sizes: &sizes, judged: Judged::Last };
    let mut found = Vec::new();
    for proposal in proposals.iter().filter(|proposal| is_missing(proposal, reading)) {
        let index = &proposal.candidate.index;
        let Some(model) = own_model(&index.table, reading) else { continue };
        let Some(site) = &model.site else { continue };
        match add_entry(facts, model, index) {
            Ok(edits) => {
                let title = format!("Add the index `{}`", index.name);
                let fix = Fix { title: title.clone(), applicability: Applicability::Unsafe, edits };
                found.push(Diagnostic::new("advise", Severity::Note, site.name, title).fix(fix));
            }
            Err(reason) => left.push((index.name.clone(), reason.to_owned())),
        }
    }
    found
}

impl Correction {
    /// Writes all of it or nothing.
    pub(super) fn write(&self) -> Result<(), Failure> {
        let new: Vec<(Utf8PathBuf, &str)> =
            self.written().map(|written| (written.path.clone(), written.text.as_str())).collect();
        fixing::write_with(&self.outcome, &new)
    }

    fn written(&self) -> impl Iterator<Item = &pgwright_django::migrations::write::Written> {
        self.migrations.iter().flat_map(|app| app.written.iter().flatten())
    }

    /// Why something of it is missing, in words.
    pub(super) fn reasons(&self) -> Vec<String> {
        let left = self.left.iter().map(|(name, reason)| format!("`{name}` is not written: {reason}"));
        let unwritten = self.migrations.iter().filter_map(|AppMigrations { app, written }| {
            let reason = written.as_ref().err()?;
            Some(format!("no migration of `{app}`: {reason}; `manage.py makemigrations {app}` writes it"))
        });
        self.outcome.warnings.iter().cloned().chain(left).chain(unwritten).collect()
    }

    /// Paths of the files that change and of those that are new.
    pub(super) fn paths(&self) -> Vec<&str> {
        let changed = self.outcome.changes.keys().map(|path| path.as_str());
        changed.chain(self.written().map(|written| written.path.as_str())).collect()
    }

    /// All of it as one patch that `git apply` and `patch -p1` take.
    pub(super) fn patch(&self, styled: bool) -> String {
        let mut text = fixing::diff(&self.outcome, false).0;
        for written in self.written() {
            let path = written.path.as_str();
            let new = unified(path, "", &written.text);
            let head = format!("--- a/{}", path.trim_start_matches('/'));
            text.push_str(&new.replacen(&head, "--- /dev/null", 1));
        }
        if styled { fixing::coloured(&text) } else { text }
    }
}
