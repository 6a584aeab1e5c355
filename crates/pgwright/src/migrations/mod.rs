//! `pgwright migrations`: what each migration locks, for how long and who waits, and what to object to.

mod fix;
mod json;
mod text;

use std::collections::BTreeSet;

use camino::Utf8PathBuf;
use pgwright_diagnostics::{Diagnostic, Severity};
use pgwright_django::Extent;
use pgwright_django::migrations::{History, Migration};
use pgwright_rules::{Check, Facts, Group, Judged, RULES, Selection, Sizes, Timeline};

use crate::Status;
use crate::cli::{Format, MigrationsArgs, ProjectArgs};
use crate::failure::Failure;
use crate::ground::{read_snapshot, sizes};
use crate::inspect::is_named;
use crate::output::Output;
use crate::render::{Look, Report, Summary, render};
use crate::session::{Reading, Session};

/// Everything a run found, as all forms of output show it.
struct Judgement<'a> {
    session: &'a Session,
    reading: &'a Reading,
    sizes: &'a Sizes,
    /// The snapshot that sizes are from.
    snapshot: Option<&'a str>,
    timelines: Vec<Timeline<'a>>,
    report: Report<'a>,
}

pub(crate) fn run(args: &MigrationsArgs, output: &Output) -> Result<Status, Failure> {
    // The first argument is the project when there is such a folder.
    let (wanted, rest) = match args.targets.split_first() {
        Some((first, rest)) if !camino::Utf8Path::new(first).exists() => (Some(first.as_str()), rest),
        _ => (None, args.targets.as_slice()),
    };
    let paths: Vec<Utf8PathBuf> =
        if rest.is_empty() { vec![".".into()] } else { rest.iter().map(Into::into).collect() };
    let project = ProjectArgs { paths, options: args.options.clone() };
    let session = Session::open(&project)?.reading(Extent::Models).with_history();
    let measured = read_snapshot(args.statistics.as_deref(), &session)?;
    let changed = args.since.as_deref().map(|since| crate::revision::changed(since, &session.shown[0])).transpose()?;
    let reading = session.read();
    let sizes = sizes(&session, &reading, measured.as_ref());
    let history = &reading.project.history;
    // The whole name, before others that start with it.
    let is_whole = wanted.is_some_and(|wanted| history.migrations.iter().any(|migration| migration.label() == wanted));
    let is_wanted = |migration: &Migration, wanted: &str| match is_whole {
        true => migration.label() == wanted,
        false => is_named(migration, wanted),
    };
    let chosen: Vec<usize> = history
        .migrations
        .iter()
        .enumerate()
        .filter(|(_, migration)| {
            let named = wanted.map(|wanted| is_wanted(migration, wanted));
            let is_changed = changed.as_ref().map(|changed| is_among(changed, migration, &reading));
            let asked = named.unwrap_or(migration.own) && is_changed.unwrap_or(true);
            // One that is named, or changed, is judged wherever it stands.
            let is_exact = wanted.is_some_and(|wanted| wanted.contains('.'));
            asked && (args.all || is_exact || changed.is_some() || migration.leaf)
        })
        .map(|(place, _)| place)
        .collect();
    if let Some(wanted) = wanted
        && !history.migrations.iter().any(|migration| is_named(migration, wanted))
    {
        return Err(no_such(wanted, history));
    }
    if args.fix {
        let timelines: Vec<Timeline> =
            chosen.iter().map(|place| Timeline::new(&reading.project, &sizes, &history.migrations[*place])).collect();
        return fix::run(session, &reading, &timelines, output);
    }
    let mut selection = selection(&session)?;
    if wanted.is_some() {
        // What is missing from the history is no fault of the migrations that were asked about.
        selection.retain(|rule| !matches!(rule.check, Check::History(_)));
    }
    let facts =
        Facts { project: &reading.project, files: &reading.files, sizes: &sizes, judged: Judged::These(&chosen) };
    let mut found = pgwright_rules::run(facts, &selection, pgwright_python::comments);
    let own = migration_files(&chosen, history);
    // What reading found elsewhere is for `check`.
    found.retain(|found| RULES.iter().any(|rule| rule.name == found.rule) || own.contains(&found.primary.span.file));
    let timelines =
        chosen.iter().map(|place| Timeline::new(&reading.project, &sizes, &history.migrations[*place])).collect();
    let snapshot = measured.as_ref().and_then(|measured| match &measured.basis {
        crate::ground::Basis::Snapshot(path) => Some(path.as_str()),
        _ => None,
    });
    let judgement = Judgement {
        session: &session,
        reading: &reading,
        sizes: &sizes,
        snapshot,
        timelines,
        report: Report {
            files: &reading.files,
            fingerprints: pgwright_rules::fingerprints(&reading.files, &found),
            diagnostics: &found,
            unresolved: &history.unresolved,
            show_unresolved: args.unresolved,
            summary: summary(&reading, &found),
            planner: None,
            dropped: &[],
            show_dropped: false,
        },
    };
    let to_file = args.output_file.is_some();
    let look = Look { styled: output.styled() && !to_file, width: output.width() };
    let text = match args.format {
        Format::Full => text::render(&judgement, look),
        Format::Json => json::render(&judgement),
        other => render(&judgement.report, other, look),
    };
    output.data_to(args.output_file.as_deref(), &text)?;
    Ok(if found.is_empty() || args.exit_zero { Status::Clean } else { Status::Findings })
}

/// The configured rules, of these the ones about migrations.
fn selection(session: &Session) -> Result<Selection, Failure> {
    let config = &session.config;
    let mut selection = Selection::new(RULES, &config.select, &config.ignore)
        .map_err(|unknown| Failure::new(format!("there is no rule or group `{}`", unknown[0].name)))?;
    selection.retain(|rule| rule.group == Group::Migrations);
    selection.severity.clone_from(&config.severity);
    selection.per_file.clone_from(&config.per_file);
    selection.min_severity = config.min_severity.unwrap_or(Severity::Note);
    if let Some(confidence) = config.min_confidence {
        selection.min_confidence = confidence;
    }
    Ok(selection)
}

fn migration_files(chosen: &[usize], history: &History) -> BTreeSet<pgwright_diagnostics::FileId> {
    chosen.iter().filter_map(|place| history.migrations.get(*place)?.file).collect()
}

fn is_among(changed: &BTreeSet<Utf8PathBuf>, migration: &Migration, reading: &Reading) -> bool {
    migration.file.is_some_and(|file| {
        let path = reading.files.path(file);
        path.canonicalize_utf8().is_ok_and(|path| changed.contains(&path))
    })
}

fn no_such(wanted: &str, history: &History) -> Failure {
    let failure = Failure::new(format!("there is no migration `{wanted}`"));
    let labels: Vec<String> = history.migrations.iter().map(Migration::label).collect();
    let apps: BTreeSet<&str> = history.migrations.iter().map(|migration| migration.app.as_str()).collect();
    match pgwright_diagnostics::closest(wanted, labels.iter().map(String::as_str).chain(apps)) {
        Some(meant) => failure.hint(format!("did you mean `{meant}`?")),
        None => failure.hint("`pgwright inspect migrations` lists them; a name is `APP` or `APP.NAME`"),
    }
}

fn summary(reading: &Reading, found: &[Diagnostic]) -> Summary {
    let of = |severity| found.iter().filter(|found| found.severity == severity).count();
    let (models_understood, models) = crate::check::understood(&reading.project);
    Summary {
        errors: of(Severity::Error),
        warnings: of(Severity::Warning),
        notes: of(Severity::Note),
        files: reading.project.file_count,
        models,
        models_understood,
        ..Summary::default()
    }
}
