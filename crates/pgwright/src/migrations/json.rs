//! Migrations for programs; the form is described in `schemas/migrations.json`.

use pgwright_django::migrations::Conflict;
use pgwright_rules::{Lock, Moment, Size, Timeline, Until};
use pgwright_schema::change::{Effect, Rates, Time};
use serde::Serialize;
use serde_json::Value;

use super::Judgement;
use super::trace::{Agreement, Seen};
use crate::ground::Basis;
use crate::render;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    /// The snapshot that sizes are from.
    statistics: Option<&'a str>,
    /// `snapshot`, `assumed` or `live`.
    sizes_from: &'static str,
    /// What came of running the migrations, where that was asked.
    trace: Option<TraceOut<'a>>,
    rates: &'a Rates,
    migrations: Vec<MigrationOut<'a>>,
    conflicts: &'a [Conflict],
    /// Findings, summary and what could not be understood, as `check` has them.
    #[serde(flatten)]
    report: Value,
}

#[derive(Serialize)]
struct MigrationOut<'a> {
    app: &'a str,
    name: &'a str,
    file: Option<&'a str>,
    line: Option<u32>,
    atomic: bool,
    /// Without code.
    seconds: Time,
    steps: Vec<Step<'a>>,
}

/// A statement, or code of which it is not known what it sends.
#[derive(Serialize)]
struct Step<'a> {
    operation: &'a str,
    line: Option<u32>,
    sql: Option<&'a str>,
    seconds: Time,
    locks: Vec<LockOut<'a>>,
    /// Why what the operation sends is not wholly known.
    unknown: Option<&'a str>,
    /// What PostgreSQL did, where the statement was run.
    seen: Option<SeenOut<'a>>,
}

#[derive(Serialize)]
struct TraceOut<'a> {
    /// Its version.
    server: &'a str,
    #[serde(flatten)]
    agreement: Agreement,
    /// Statements of migrations before those shown.
    refused_before: &'a [String],
}

#[derive(Serialize)]
struct SeenOut<'a> {
    /// `agrees`, `differs`, `refused` or `unseen`.
    outcome: &'static str,
    /// Why it was refused or could not be looked at.
    reason: Option<&'a str>,
    effects: &'a [Effect],
}

#[derive(Serialize)]
struct LockOut<'a> {
    table: &'a str,
    model: Option<String>,
    rows: Option<u64>,
    /// `snapshot`, `configuration` or `assumed`.
    rows_from: &'static str,
    hot: bool,
    lock: &'static str,
    rewrite: bool,
    scan: bool,
    blocks_reads: bool,
    blocks_writes: bool,
    held_seconds: Time,
    /// `statement`, `commit`, or `commit_after_code`, which takes longer by what nobody knows.
    until: &'static str,
    /// Calls that would wait, where the snapshot counted them.
    calls_per_minute: Option<f64>,
}

pub(super) fn render(judgement: &Judgement) -> String {
    let (sizes_from, statistics) = match judgement.basis {
        Some(Basis::Snapshot(path)) => ("snapshot", Some(path.as_str())),
        Some(Basis::Live) => ("live", None),
        Some(Basis::Assumed) | None => ("assumed", None),
    };
    let seen = |at: usize| judgement.trace.as_ref().and_then(|trace| trace.migrations.get(at));
    let timelines = judgement.timelines.iter().enumerate();
    let document = Document {
        version: 1,
        statistics,
        sizes_from,
        trace: judgement.trace.as_ref().map(|trace| TraceOut {
            server: &trace.server,
            agreement: Agreement::of(trace.migrations.iter().flatten()),
            refused_before: &trace.refused_before,
        }),
        rates: &judgement.sizes.rates,
        migrations: timelines.map(|(at, timeline)| migration(judgement, timeline, seen(at))).collect(),
        conflicts: &judgement.reading.project.history.conflicts,
        report: render::json_parts(&judgement.report),
    };
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

fn migration<'a>(judgement: &'a Judgement, timeline: &'a Timeline, seen: Option<&'a Vec<Seen>>) -> MigrationOut<'a> {
    let mut seen = seen.into_iter().flatten();
    let mut step = |moment| step(judgement, moment, &mut seen);
    let files = &judgement.reading.files;
    let migration = timeline.migration;
    MigrationOut {
        app: &migration.app,
        name: &migration.name,
        file: migration.file.map(|file| judgement.session.relative(files.path(file)).as_str()),
        line: migration.site.map(|site| files.start(site).line),
        atomic: migration.atomic,
        seconds: timeline.time(),
        steps: timeline.moments.iter().map(&mut step).collect(),
    }
}

fn step<'a>(judgement: &Judgement, moment: &'a Moment, seen: &mut impl Iterator<Item = &'a Seen>) -> Step<'a> {
    Step {
        operation: &moment.operation.class,
        line: moment.operation.site.map(|site| judgement.reading.files.start(site).line),
        sql: moment.sql(),
        seconds: moment.time,
        locks: moment.locks.iter().map(lock).collect(),
        unknown: moment.operation.unknown.as_deref(),
        seen: moment.sql().and_then(|_| seen.next()).map(of_server),
    }
}

fn of_server(seen: &Seen) -> SeenOut<'_> {
    let (outcome, reason, effects): (_, _, &[Effect]) = match seen {
        Seen::Agrees(effects) => ("agrees", None, effects),
        Seen::Differs { seen, .. } => ("differs", None, seen),
        Seen::Refused(reason) => ("refused", Some(reason.as_str()), &[]),
        Seen::Unseen(reason) => ("unseen", Some(*reason), &[]),
    };
    SeenOut { outcome, reason, effects }
}

fn lock<'a>(lock: &'a Lock) -> LockOut<'a> {
    let (rows, rows_from) = match lock.size {
        Size::Measured(rows) => (Some(rows), "snapshot"),
        Size::Stated(rows) => (Some(rows), "configuration"),
        Size::Assumed => (None, "assumed"),
    };
    LockOut {
        table: &lock.effect.table,
        model: lock.model.map(pgwright_django::model::Model::label),
        rows,
        rows_from,
        hot: lock.hot,
        lock: lock.effect.lock.name(),
        rewrite: lock.effect.rewrite,
        scan: lock.effect.scan,
        blocks_reads: lock.effect.blocks_reads,
        blocks_writes: lock.effect.blocks_writes,
        held_seconds: lock.held,
        until: match lock.until {
            Until::Statement => "statement",
            Until::Commit => "commit",
            Until::CommitAfterCode => "commit_after_code",
        },
        calls_per_minute: lock.queued.map(|queued| (queued * 100.0).round() / 100.0),
    }
}
