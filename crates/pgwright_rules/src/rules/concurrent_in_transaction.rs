//! Statements that PostgreSQL refuses inside a transaction, in a migration that is one.

use pgwright_diagnostics::{Diagnostic, Severity};
use pgwright_schema::sql::{Change, TableAction};

use crate::timeline::Timeline;
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "concurrent-in-transaction",
    summary: "a concurrent operation in a migration that runs in a transaction always fails",
    docs: include_str!("concurrent_in_transaction.md"),
    group: Group::Migrations,
    severity: Severity::Error,
    check: Check::Migration(check),
};

fn check(_: Facts, timeline: &Timeline, found: &mut Vec<Diagnostic>) {
    if !timeline.migration.atomic {
        return;
    }
    for moment in &timeline.moments {
        let Some(what) = moment.changes().iter().find_map(refused) else { continue };
        let Some(site) = moment.operation.site.or(timeline.migration.site) else { continue };
        let mut finding = RULE
            .at(site, format!("`{what}` fails inside a transaction"))
            .why("migrations run in a transaction unless they say otherwise, and PostgreSQL refuses this statement in one: `migrate` stops here")
            .help("Set `atomic = False` on the migration, and move every other operation to a migration of its own");
        if let Some(class) = timeline.migration.site.filter(|class| *class != site) {
            finding = finding.related(class, "runs in one transaction");
        }
        found.push(finding);
    }
}

fn refused(change: &Change) -> Option<&'static str> {
    Some(match change {
        Change::CreateIndex { concurrently: true, .. } => "CREATE INDEX CONCURRENTLY",
        Change::DropIndex { concurrently: true, .. } => "DROP INDEX CONCURRENTLY",
        Change::Reindex { concurrently: true, .. } => "REINDEX CONCURRENTLY",
        Change::AlterTable { actions, .. } => actions.iter().find_map(|action| match action {
            TableAction::DetachPartition { concurrently: true, .. } => Some("DETACH PARTITION CONCURRENTLY"),
            _ => None,
        })?,
        _ => return None,
    })
}
