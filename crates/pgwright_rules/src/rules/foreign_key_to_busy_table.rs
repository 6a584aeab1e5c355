//! New tables that point to one that is always in use.

use pgwright_diagnostics::{Diagnostic, Severity};
use pgwright_schema::ConstraintKind;
use pgwright_schema::sql::{Change, TableAction};

use crate::headline::fitting;
use crate::timeline::{Lock, Moment, Timeline};
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "foreign-key-to-busy-table",
    summary: "a new table's foreign key locks a table that is always in use",
    docs: include_str!("foreign_key_to_busy_table.md"),
    group: Group::Migrations,
    severity: Severity::Warning,
    check: Check::Migration(check),
};

/// Writes per minute from which on a table is always in use: ten a second.
const BUSY: f64 = 600.0;

fn check(_: Facts, timeline: &Timeline, found: &mut Vec<Diagnostic>) {
    let mut said: Vec<&str> = Vec::new();
    for moment in &timeline.moments {
        for lock in moment.locks.iter().filter(|lock| is_busy(lock) && points_to(timeline, moment, lock)) {
            let table = lock.effect.table.as_str();
            let Some(site) = moment.operation.site.or(timeline.migration.site) else { continue };
            if said.contains(&table) {
                continue;
            }
            said.push(table);
            let mut finding = RULE
                .at(
                    site,
                    fitting(&[
                        format!("writes of `{table}` wait while a foreign key to it is made"),
                        "writes of a busy table wait while a foreign key to it is made".to_owned(),
                    ]),
                )
                .help(
                    "Create the table with `db_constraint=False`; add the constraint in a migration of its own, with a `lock_timeout`, when \
                     little is going on",
                );
            if lock.hot {
                finding.severity = Severity::Error;
            }
            let calls = match lock.queued.filter(|calls| *calls >= 1.0) {
                Some(calls) => format!("; {calls:.0} come in each minute"),
                None => String::new(),
            };
            found.push(finding.why(format!(
                "the key puts triggers on `{table}`, under {}: it waits for all that write there, everybody after it waits too, and then until the \
                 migration commits, {}{calls}",
                lock.effect.lock.name(),
                lock.held_for(),
            )));
        }
    }
}

fn is_busy(lock: &Lock) -> bool {
    lock.blocks() && (lock.hot || lock.queued.is_some_and(|calls| calls >= BUSY))
}

/// Whether the statement gives a table that the migration makes a foreign key to the locked one.
fn points_to(timeline: &Timeline, moment: &Moment, lock: &Lock) -> bool {
    let is_key =
        |kind: &ConstraintKind| matches!(kind, ConstraintKind::ForeignKey(key) if key.to_table == lock.effect.table);
    moment.changes().iter().any(|change| match change {
        Change::CreateTable(table) => {
            let beside = table.columns.iter().flat_map(|column| &column.constraints);
            beside.chain(&table.constraints).any(|new| is_key(&new.constraint.kind))
        }
        Change::AlterTable { table, actions } if timeline.makes(table) => actions.iter().any(|action| match action {
            TableAction::AddConstraint(new) => is_key(&new.constraint.kind),
            TableAction::AddColumn(column) => column.constraints.iter().any(|new| is_key(&new.constraint.kind)),
            _ => false,
        }),
        _ => false,
    })
}
