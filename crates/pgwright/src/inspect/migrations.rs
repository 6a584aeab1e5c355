//! `inspect migrations`: the statements of each operation, in the order Django sends them, with their effects.

use std::fmt::Write;

use pgwright_diagnostics::Files;
use pgwright_django::migrations::{Migration, Operation, Sent};
use pgwright_schema::change::Effect;
use serde::Serialize;

use super::{Open, json, unresolved};
use crate::cli::{FactFormat, InspectMigrationsArgs};
use crate::session::{Reading, Session};

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    migrations: Vec<Row<'a>>,
    /// Apps with several last migrations.
    conflicts: &'a [pgwright_django::migrations::Conflict],
    unresolved: Vec<Open<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    app: &'a str,
    name: &'a str,
    file: Option<&'a str>,
    atomic: bool,
    operations: Vec<OperationRow<'a>>,
}

#[derive(Serialize)]
struct OperationRow<'a> {
    class: &'a str,
    line: Option<u32>,
    statements: Vec<StatementRow<'a>>,
    /// Why its statements are not wholly known.
    unknown: Option<&'a str>,
}

#[derive(Serialize)]
struct StatementRow<'a> {
    sql: &'a str,
    deferred: bool,
    /// Place among all statements of the migration.
    order: u32,
    effects: &'a [Effect],
}

pub(super) fn render(args: &InspectMigrationsArgs, session: &Session, reading: &Reading) -> String {
    let history = &reading.project.history;
    let wanted = |migration: &&Migration| {
        (args.all || migration.own)
            && args.migration.as_deref().is_none_or(|wanted| is_named(migration, wanted))
            && migration.file.is_none_or(|file| args.all || session.shows(reading.files.path(file)))
    };
    let chosen: Vec<&Migration> = history.migrations.iter().filter(wanted).collect();
    match args.format {
        FactFormat::Json => json(&Document {
            version: 1,
            migrations: chosen.iter().map(|migration| row(migration, session, &reading.files)).collect(),
            conflicts: &history.conflicts,
            unresolved: unresolved(session, &reading.files, &history.unresolved),
        }),
        FactFormat::Text => chosen.iter().fold(String::new(), |mut text, migration| {
            write_text(&mut text, migration);
            text
        }),
    }
}

/// Whether `APP`, `APP.NAME` or `APP.BEGINNING` means the migration.
pub(crate) fn is_named(migration: &Migration, wanted: &str) -> bool {
    match wanted.split_once('.') {
        Some((app, name)) => migration.app == app && migration.name.starts_with(name),
        None => migration.app == wanted,
    }
}

fn row<'a>(migration: &'a Migration, session: &Session, files: &'a Files) -> Row<'a> {
    let line = |operation: &Operation| operation.site.map(|site| files.start(site).line);
    Row {
        app: &migration.app,
        name: &migration.name,
        file: migration.file.map(|file| session.relative(files.path(file)).as_str()),
        atomic: migration.atomic,
        operations: migration
            .operations
            .iter()
            .map(|operation| OperationRow {
                class: &operation.class,
                line: line(operation),
                statements: operation.statements.iter().map(statement).collect(),
                unknown: operation.unknown.as_deref(),
            })
            .collect(),
    }
}

fn statement(sent: &Sent) -> StatementRow<'_> {
    StatementRow { sql: &sent.sql, deferred: sent.deferred, order: sent.order, effects: &sent.effects }
}

fn write_text(text: &mut String, migration: &Migration) {
    let atomic = if migration.atomic { "" } else { " (atomic = False)" };
    let _ = writeln!(text, "{}{atomic}", migration.label());
    let mut sent: Vec<(&Operation, &Sent)> = migration
        .operations
        .iter()
        .flat_map(|operation| operation.statements.iter().map(move |sent| (operation, sent)))
        .collect();
    sent.sort_by_key(|(_, sent)| sent.order);
    for (_, sent) in sent {
        let _ = writeln!(text, "  {};", sent.sql.trim_end().trim_end_matches(';'));
        for effect in &sent.effects {
            let _ = writeln!(text, "    -- {}", describe(effect));
        }
    }
    for operation in &migration.operations {
        if let Some(reason) = &operation.unknown {
            let class = operation.class.rsplit('.').next().unwrap_or_default();
            let _ = writeln!(text, "  -- {class}: not understood: {reason}");
        }
    }
}

/// `shop_order: AccessExclusiveLock, rewritten, blocks reads and writes`.
fn describe(effect: &Effect) -> String {
    let mut text = format!("{}: {}", effect.table, effect.lock.name());
    if effect.rewrite {
        text.push_str(", rewritten");
    } else if effect.scan {
        text.push_str(", read whole");
    }
    match (effect.blocks_reads, effect.blocks_writes) {
        (true, _) => text.push_str(", blocks reads and writes"),
        (false, true) => text.push_str(", blocks writes"),
        (false, false) => {}
    }
    text
}
