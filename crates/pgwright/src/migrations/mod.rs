//! `pgwright migrations`: what each migration locks, for how long and who waits, and what to object to.

mod choose;
mod fix;
mod json;
mod pending;
mod text;
mod trace;

use std::collections::BTreeSet;

use camino::Utf8PathBuf;
use pgwright_diagnostics::{Diagnostic, Severity};
use pgwright_django::Extent;
use pgwright_django::migrations::History;
use pgwright_postgres::trace::Tracer;
use pgwright_rules::{Check, Facts, Group, Judged, RULES, Selection, Sizes, Timeline};

use crate::Status;
use crate::cli::{Format, MigrationsArgs, ProjectArgs};
use crate::failure::Failure;
use crate::ground::{Basis, Measured, read_snapshot, sizes};
use crate::output::Output;
use crate::render::{Look, Report, Summary, render};
use crate::session::{Reading, Session};
use crate::shadow::Setup;
use choose::{Which, choose};
use pending::{Applied, pending};
use trace::{Trace, trace};

/// Everything a run found, as all forms of output show it.
struct Judgement<'a> {
    session: &'a Session,
    reading: &'a Reading,
    sizes: &'a Sizes,
    /// Where sizes are from, when they were measured.
    basis: Option<&'a Basis>,
    timelines: Vec<Timeline<'a>>,
    report: Report<'a>,
    /// What PostgreSQL did, in the order of `timelines`.
    trace: Option<Trace>,
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
    let database = Database::ask(args, &session, output)?;
    let measured = database.measured;
    let changed = args.since.as_deref().map(|since| crate::revision::changed(since, &session.shown[0])).transpose()?;
    let (cluster, reading) = if args.trace {
        let setup = Setup::new(args.postgres_bin.as_deref(), &session, measured.as_ref())?;
        let (cluster, reading) = setup.start_and_read(&session)?;
        (Some(cluster), reading)
    } else {
        (None, session.read())
    };
    let sizes = sizes(&session, &reading, measured.as_ref());
    let history = &reading.project.history;
    let which = match (changed, database.applied) {
        (_, Some(applied)) => {
            let pending = pending(history, &applied);
            pending.remarks.iter().for_each(|remark| output.warning(remark));
            Which::Pending(pending.places)
        }
        (Some(changed), None) => Which::Changed(changed),
        (None, None) if args.all => Which::All,
        (None, None) => Which::Last,
    };
    let chosen = choose(&which, wanted, &reading)?;
    if chosen.is_empty() && matches!(which, Which::Pending(_)) {
        output.remark("the database has applied all migrations");
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
    let trace = cluster.map(|cluster| trace(Tracer::new(cluster)?, history, &chosen)).transpose()?;
    let judgement = Judgement {
        session: &session,
        reading: &reading,
        sizes: &sizes,
        basis: measured.as_ref().map(|measured| &measured.basis),
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
        trace,
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

/// What is known of the database that the migrations are for.
struct Database {
    measured: Option<Measured>,
    /// Only where that is asked.
    applied: Option<Applied>,
}

impl Database {
    fn ask(args: &MigrationsArgs, session: &Session, output: &Output) -> Result<Database, Failure> {
        if args.database_url.is_none() && !args.unapplied {
            return Ok(Database { measured: read_snapshot(args.statistics.as_deref(), session)?, applied: None });
        }
        let mut live = crate::snapshot::connect(args.database_url.as_deref())?;
        let applied = match args.unapplied.then(|| live.applied_migrations()).transpose()? {
            Some(None) => {
                output.remark("the database has no table `django_migrations`: no migration has run there yet");
                Some(Applied::new())
            }
            Some(applied) => applied,
            None => None,
        };
        let measured = match &args.statistics {
            Some(path) => read_snapshot(Some(path), session)?,
            // A new database has nothing to measure.
            None if applied.as_ref().is_some_and(Applied::is_empty) => None,
            None => Some(Measured { basis: Basis::Live, snapshot: crate::snapshot::measure(&mut live, output)? }),
        };
        Ok(Database { measured, applied })
    }
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
