//! Models as they should be: the fixes of rules on their classes made in memory, each change with its reason.

use camino::Utf8PathBuf;
use pgwright_diagnostics::{Applicability, Confidence, Diagnostic, Files, Label, Severity, Span};
use pgwright_django::Project;
use pgwright_django::migrations::write::{AppMigrations, Pace, extensions, write};
use pgwright_django::model::{Model, Origin};
use pgwright_rules::{Baseline, Check, Group, Rule, Selection};
use serde::Serialize;

use super::carry::carry;
use crate::check::{Audit, judge};
use crate::fixing::{self, Outcome};
use crate::ground::{Measured, sizes};
use crate::session::{Reading, Session, relative};

/// What is to be changed, and what stays to be decided.
pub(crate) struct Corrections {
    /// In the order of the code; only models with something to say.
    pub(crate) models: Vec<Corrected>,
    /// By app.
    pub(crate) migrations: Vec<AppMigrations>,
    /// The files as they will be.
    pub(crate) outcome: Outcome,
}

/// A model class before and after.
#[derive(Debug, Serialize)]
pub(crate) struct Corrected {
    pub(crate) model: String,
    pub(crate) app: String,
    pub(crate) file: String,
    pub(crate) line: u32,
    /// The whole class as it should be.
    pub(crate) class: String,
    /// From the class as it is to that; empty where nothing changes.
    pub(crate) diff: String,
    /// What was changed.
    pub(crate) changes: Vec<Reason>,
    /// What rules say of the class beyond that.
    pub(crate) open: Vec<Reason>,
}

/// Why something is changed, or should be.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Reason {
    pub(crate) rule: &'static str,
    pub(crate) severity: Severity,
    pub(crate) confidence: Confidence,
    /// What is wrong.
    pub(crate) headline: String,
    /// What the change is; none where no one change is right for every project.
    pub(crate) change: Option<String>,
    /// What it costs as it is.
    pub(crate) why: Option<String>,
    pub(crate) help: Option<String>,
    /// The change may alter behaviour, or needs the data to be looked at.
    pub(crate) needs_a_look: bool,
    /// Queries it serves, and other places that show it.
    pub(crate) sites: Vec<Site>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Site {
    pub(crate) file: String,
    pub(crate) line: u32,
    pub(crate) what: String,
}

/// Rules that look at models and tables, not at code.
pub(crate) fn is_about_models(rule: &Rule) -> bool {
    let looks = matches!(rule.check, Check::Model(_) | Check::Table(_) | Check::Project(_));
    looks && !matches!(rule.group, Group::Queries | Group::Concurrency | Group::Migrations)
}

/// Corrects the models that are wanted, but for what the baseline knows. `first` knows queries and migrations where they are to count.
pub(crate) fn correct(
    session: &mut Session,
    selection: &Selection,
    baseline: Option<&Baseline>,
    measured: Option<&Measured>,
    first: &Audit,
    is_wanted: &dyn Fn(&Model) -> bool,
) -> Corrections {
    let mut selection = selection.clone();
    selection.retain(is_about_models);
    let names: Vec<&str> = selection.rules().iter().map(|rule| rule.name).collect();
    let shown = session.shown.clone();
    let owned = |audit: &Audit, found: &Diagnostic| -> Option<Identity> {
        let edits = found.fix.as_ref()?.edits.iter().map(|edit| edit.span);
        let model = owner(&audit.reading, edits).filter(|_| names.contains(&found.rule))?;
        is_wanted(model).then(|| identity(model))
    };
    let mut made: Vec<(Identity, Reason)> = Vec::new();
    let outcome = fixing::run(
        &|audit, found| owned(audit, found).is_some(),
        session,
        first,
        |session, before| {
            let mut reading = session.read();
            carry(&before.reading, &mut reading);
            let created = extensions(&first.reading.project, &reading.project);
            reading.project.extensions.extend(created.into_iter().map(str::to_owned));
            judge(session, reading, &selection, baseline, measured)
        },
        |audit, found| made.extend(owned(audit, found).map(|model| (model, reason(&shown, audit, found)))),
    );
    let last = outcome.audit.as_ref().unwrap_or(first);
    let open: Vec<(Identity, Reason)> = last
        .found
        .iter()
        .filter(|found| names.contains(&found.rule))
        .filter_map(|found| {
            let model = owner(&last.reading, [found.primary.span]).filter(|model| is_wanted(model))?;
            Some((identity(model), reason(&shown, last, found)))
        })
        .collect();
    let before = &first.reading;
    let own = before.project.models.all.iter().filter(|model| model.origin == Origin::Project && is_wanted(model));
    let models = own.filter_map(|model| {
        let of_model = |reasons: &[(Identity, Reason)]| -> Vec<Reason> {
            let mine = reasons.iter().filter(|(identity, _)| identity.is_of(model));
            mine.map(|(_, reason)| reason.clone()).collect()
        };
        corrected(&shown, before, &last.reading, model, of_model(&made), of_model(&open))
    });
    let models = models.collect();
    let sizes = sizes(session, before, measured);
    let is_postgres = is_on_postgres(&before.project);
    let pace = |model: &Model| match is_postgres && sizes.may_be_large(model) {
        true => Pace::Concurrent,
        false => Pace::AtOnce,
    };
    let migrations = write(&before.project, &last.reading.project, &before.files, &pace);
    Corrections { models, migrations, outcome }
}

/// A class by its module and name: ids are those of one reading.
struct Identity {
    module: String,
    name: String,
}

impl Identity {
    fn is_of(&self, model: &Model) -> bool {
        self.module == model.module && self.name == model.name
    }
}

fn identity(model: &Model) -> Identity {
    Identity { module: model.module.clone(), name: model.name.clone() }
}

/// The project's class that one of the places lies in, or right after: that is where new lines are put.
fn owner(reading: &Reading, places: impl IntoIterator<Item = Span>) -> Option<&Model> {
    let own = || reading.project.models.all.iter().filter(|model| model.origin == Origin::Project);
    let holds = |class: Span, place: Span| {
        let file = reading.files.get(class.file);
        let end = file.line_span(file.position(class.end).line).1;
        Span { end, ..class }.contains(place)
    };
    let places = places.into_iter();
    let mut classes = places
        .filter_map(|place| own().find(|model| model.site.as_ref().is_some_and(|site| holds(site.statement, place))));
    classes.next()
}

fn corrected(
    shown: &[Utf8PathBuf],
    before: &Reading,
    after: &Reading,
    model: &Model,
    changes: Vec<Reason>,
    open: Vec<Reason>,
) -> Option<Corrected> {
    let site = model.site.as_ref()?;
    let new = after.project.models.all.iter().find(|other| identity(model).is_of(other))?;
    let old_text = whole_lines(&before.files, site.statement);
    let class = whole_lines(&after.files, new.site.as_ref()?.statement);
    let path = before.files.path(site.name.file);
    let file = relative(shown, path).to_string();
    let diff = if old_text == class { String::new() } else { fixing::unified(&file, &old_text, &class) };
    Some(Corrected {
        model: if model.abstract_ { model.name.clone() } else { model.label() },
        app: model.app_label.clone(),
        line: before.files.start(site.name).line,
        file,
        class,
        diff,
        changes,
        open,
    })
}

/// The text of a class, its first line indented like the others.
fn whole_lines(files: &Files, statement: Span) -> String {
    let file = files.get(statement.file);
    let start = file.line_span(file.position(statement.start).line).0;
    file.text.get(start as usize..statement.end as usize).unwrap_or_default().to_owned() + "\n"
}

pub(crate) fn reason(shown: &[Utf8PathBuf], audit: &Audit, found: &Diagnostic) -> Reason {
    let files = &audit.reading.files;
    let site = |label: &Label| Site {
        file: relative(shown, files.path(label.span.file)).to_string(),
        line: files.start(label.span).line,
        what: label.text.clone(),
    };
    Reason {
        rule: found.rule,
        severity: found.severity,
        confidence: found.confidence,
        headline: found.headline.clone(),
        change: found.fix.as_ref().map(|fix| fix.title.clone()),
        why: found.why.clone(),
        help: found.help.clone(),
        needs_a_look: found.fix.as_ref().is_some_and(|fix| fix.applicability == Applicability::Unsafe),
        sites: found.related.iter().map(site).collect(),
    }
}

/// Whether every database of the project is PostgreSQL: some operations are its alone.
fn is_on_postgres(project: &Project) -> bool {
    let engines: Vec<&str> =
        project.settings.databases.iter().filter_map(|database| database.engine.as_deref()).collect();
    !engines.is_empty() && engines.iter().all(|engine| engine.contains("postg"))
}
