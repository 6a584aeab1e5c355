//! `pgwright check`: the audit.

mod planned;

use std::collections::BTreeSet;

use camino::Utf8Path;
use pgwright_diagnostics::{Applicability, Diagnostic, Files, Severity};
use pgwright_django::Project;
use pgwright_rules::{Baseline, Facts, Judged, RULES, Selection};

use crate::Status;
use crate::cli::{CheckArgs, Format};
use crate::config::Config;
use crate::failure::Failure;
use crate::fixing;
use crate::ground::{Measured, read_snapshot, sizes};
use crate::output::Output;
use crate::render::{Dropped, Look, Report, Summary, render};
use crate::session::{Reading, Session};

pub(crate) fn run(args: &CheckArgs, output: &Output) -> Result<Status, Failure> {
    let session = Session::open(&args.project)?;
    let selection = selection(args, &session)?;
    let session = session.reading(selection.extent());
    let mut session = if selection.reads_history() { session.with_history() } else { session };
    let baseline_path = args.baseline.as_deref().or(session.config.baseline.as_deref()).map(Utf8Path::to_owned);
    let measured = read_snapshot(args.statistics.as_deref(), &session)?;
    if args.update_baseline {
        let Some(path) = baseline_path else {
            return Err(Failure::new("no baseline file to update").hint("name it: `--baseline FILE --update-baseline`"));
        };
        return update_baseline(&session, &selection, measured.as_ref(), &path, output);
    }
    let baseline = baseline_path.as_deref().map(read_baseline).transpose()?;
    let judged =
        |session: &Session, reading: Reading| judge(session, reading, &selection, baseline.as_ref(), measured.as_ref());
    let (asking, reading) = match args.plan {
        true => planned::start(args, &session, measured.as_ref(), output),
        false => (None, session.read()),
    };
    let mut round = judged(&session, reading);
    let planned = asking.map(|asking| planned::confirm(asking, &session, &mut round, measured.as_ref())).transpose()?;
    let audit = |session: &Session| {
        let mut audit = judged(session, session.read());
        if let Some(planned) = &planned {
            planned.apply(&mut audit);
        }
        audit
    };
    let mut fixed = 0;
    if args.fix || args.diff {
        let wanted = |_: &Audit, found: &Diagnostic| args.unsafe_fixes || found.has_safe_fix();
        let outcome = fixing::run(&wanted, &mut session, &round, |session, _| audit(session), |_, _| ());
        for warning in &outcome.warnings {
            output.warning(warning);
        }
        if args.diff {
            let (diff, any) = fixing::diff(&outcome, output.styled() && args.output_file.is_none());
            output.data_to(args.output_file.as_deref(), &diff)?;
            output.remark(&format!("{} would be made; nothing was changed", plural(outcome.applied, "fix", "fixes")));
            let findings = any || !outcome.audit.as_ref().unwrap_or(&round).found.is_empty();
            return Ok(if findings && !args.exit_zero { Status::Findings } else { Status::Clean });
        }
        fixing::write(&outcome)?;
        fixed = outcome.applied;
        round = outcome.audit.unwrap_or(round);
    }

    let Audit { reading: Reading { files, project, .. }, found, known, dropped } = &round;
    let report = Report {
        files,
        fingerprints: pgwright_rules::fingerprints(files, found),
        diagnostics: found,
        unresolved: &project.unresolved,
        show_unresolved: args.unresolved,
        summary: Summary { fixed, known: *known, ..summary(project, found) },
        planner: planned.as_ref().map(|planned| planned.server.as_str()),
        dropped,
        show_dropped: args.show_dropped,
    };
    let to_file = args.output_file.is_some();
    let look = Look { styled: output.styled() && !to_file, width: output.width() };
    output.data_to(args.output_file.as_deref(), &render(&report, args.format, look))?;
    if to_file && matches!(args.format, Format::Full | Format::Concise) {
        output.remark(&plural(found.len(), "finding", "findings"));
    }
    let status = if found.is_empty() || args.exit_zero { Status::Clean } else { Status::Findings };
    // The process ends: its memory goes back as a whole, quicker than piece by piece.
    std::mem::forget(round);
    Ok(status)
}

/// One reading of the project with what the rules found in it.
pub(crate) struct Audit {
    pub(crate) reading: Reading,
    pub(crate) found: Vec<Diagnostic>,
    /// How many findings the baseline knows.
    pub(crate) known: usize,
    /// Findings that PostgreSQL's planner does not confirm, where it was asked.
    pub(crate) dropped: Vec<Dropped>,
}

pub(crate) fn audit(session: &Session, selection: &Selection, measured: Option<&Measured>) -> Audit {
    judge(session, session.read(), selection, None, measured)
}

/// What the rules find in a reading, for tables as large as they were measured, if they were.
pub(crate) fn judge(
    session: &Session,
    reading: Reading,
    selection: &Selection,
    baseline: Option<&Baseline>,
    measured: Option<&Measured>,
) -> Audit {
    judge_migrations(session, reading, selection, baseline, measured, Judged::Last)
}

/// The same, of migrations these.
pub(crate) fn judge_migrations(
    session: &Session,
    reading: Reading,
    selection: &Selection,
    baseline: Option<&Baseline>,
    measured: Option<&Measured>,
    judged: Judged,
) -> Audit {
    let sizes = sizes(session, &reading, measured);
    let facts = Facts { project: &reading.project, files: &reading.files, sizes: &sizes, judged };
    let mut found = pgwright_rules::run(facts, selection, pgwright_python::comments);
    found.retain(|found| is_shown(session, &reading.files, found));
    let known = baseline.map_or(0, |baseline| baseline.subtract(&reading.files, &mut found));
    Audit { reading, found, known, dropped: Vec::new() }
}

fn is_shown(session: &Session, files: &Files, found: &Diagnostic) -> bool {
    files.try_get(found.primary.span.file).is_some_and(|file| session.shows(&file.path))
}

fn selection(args: &CheckArgs, session: &Session) -> Result<Selection, Failure> {
    let config = &session.config;
    let select = if args.select.is_empty() { &config.select } else { &args.select };
    let mut selection = chosen(config, select, &[&config.ignore[..], &args.ignore].concat())?;
    if let Some(severity) = args.min_severity {
        selection.min_severity = severity.into();
    }
    if let Some(confidence) = args.min_confidence {
        selection.min_confidence = confidence.into();
    }
    Ok(selection)
}

/// What the configuration selects.
pub(crate) fn configured(config: &Config) -> Result<Selection, Failure> {
    chosen(config, &config.select, &config.ignore)
}

fn chosen(config: &Config, select: &[String], ignore: &[String]) -> Result<Selection, Failure> {
    let mut selection = Selection::new(RULES, select, ignore).map_err(|unknown| {
        let names: Vec<String> = unknown.iter().map(|unknown| format!("`{}`", unknown.name)).collect();
        let mut failure = Failure::new(format!("there is no rule or group {}", names.join(", ")));
        for meant in unknown.iter().filter_map(|unknown| unknown.suggestion) {
            failure = failure.hint(format!("did you mean `{meant}`?"));
        }
        failure.hint("`pgwright rules` lists the names")
    })?;
    selection.severity.clone_from(&config.severity);
    selection.per_file.clone_from(&config.per_file);
    if let Some(severity) = config.min_severity {
        selection.min_severity = severity;
    }
    if let Some(confidence) = config.min_confidence {
        selection.min_confidence = confidence;
    }
    Ok(selection)
}

fn read_baseline(path: &Utf8Path) -> Result<Baseline, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        let failure = Failure::write("read", &path, &error);
        if error.kind() == std::io::ErrorKind::NotFound {
            failure.hint("write it with `--update-baseline`")
        } else {
            failure
        }
    })?;
    Baseline::parse(&text).map_err(|error| {
        Failure::new(format!("`{path}` is no baseline: {error}")).hint("write it with `--update-baseline`")
    })
}

fn update_baseline(
    session: &Session,
    selection: &Selection,
    measured: Option<&Measured>,
    path: &Utf8Path,
    output: &Output,
) -> Result<Status, Failure> {
    let Audit { reading, found, .. } = audit(session, selection, measured);
    let baseline = Baseline::of(&reading.files, &found);
    output.data_to(Some(path), &baseline.to_json())?;
    output.remark(&format!("{} written to `{path}`", plural(found.len(), "finding", "findings")));
    Ok(Status::Clean)
}

fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn summary(project: &Project, found: &[Diagnostic]) -> Summary {
    let of = |severity| found.iter().filter(|found| found.severity == severity).count();
    let fixes = |applicability: Applicability| {
        found.iter().filter(|found| found.fix.as_ref().is_some_and(|fix| fix.applicability == applicability)).count()
    };
    let (models_understood, models) = understood(project);
    Summary {
        errors: of(Severity::Error),
        warnings: of(Severity::Warning),
        notes: of(Severity::Note),
        fixable: fixes(Applicability::Safe),
        fixable_unsafe: fixes(Applicability::Unsafe),
        fixed: 0,
        known: 0,
        files: project.file_count,
        models,
        models_understood,
    }
}

/// Of the project's own models (automatic through models not counted), how many have no open question; and how many there
/// are, with those that are only known as an open question.
pub(crate) fn understood(project: &Project) -> (usize, usize) {
    let own: BTreeSet<String> = project
        .models
        .all
        .iter()
        .filter(|model| model.origin == pgwright_django::model::Origin::Project)
        .map(|model| model.label())
        .collect();
    // `app.Model`, `app.Model.field`
    let about: BTreeSet<String> = project
        .unresolved
        .iter()
        .filter_map(|open| {
            let mut parts = open.subject.splitn(3, '.');
            let (app, name) = (parts.next()?, parts.next()?);
            let is_class =
                name.chars().next().is_some_and(char::is_uppercase) && !name.chars().all(|c| !c.is_lowercase());
            let is_app = project.apps.iter().any(|known| known.own && known.label == app);
            (is_class && is_app).then(|| format!("{app}.{name}"))
        })
        .collect();
    let open = own.intersection(&about).count();
    let missing = about.difference(&own).filter(|label| project.models.by_label(label).is_none()).count();
    (own.len() - open, own.len() + missing)
}
