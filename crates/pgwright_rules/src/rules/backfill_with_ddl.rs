//! Rows written in the transaction that has locked a table.

use pgwright_diagnostics::{Confidence, Diagnostic, Severity};
use pgwright_django::migrations::Kind;
use pgwright_schema::sql::{Change, Statement};

use crate::headline::fitting;
use crate::sizes::Size;
use crate::timeline::{Lock, Moment, Timeline};
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "backfill-with-ddl",
    summary: "rows are written in the transaction that has locked a table",
    docs: include_str!("backfill_with_ddl.md"),
    group: Group::Migrations,
    severity: Severity::Warning,
    check: Check::Migration(check),
};

fn check(_: Facts, timeline: &Timeline, found: &mut Vec<Diagnostic>) {
    if !timeline.migration.atomic {
        return;
    }
    for (at, moment) in timeline.moments.iter().enumerate() {
        let Some(work) = work(timeline, moment) else { continue };
        let Some(site) = moment.operation.site.or(timeline.migration.site) else { continue };
        // The lock that hurts most of those taken before.
        let taken = timeline
            .locks()
            .filter(|(taken, lock)| *taken < at && lock.blocks() && lock.is_known() && lock.size.is_large());
        let rank = |lock: &Lock| (lock.severity(), lock.effect.lock);
        let Some((taken_at, lock)) = taken.reduce(|best, next| if rank(next.1) > rank(best.1) { next } else { best })
        else {
            continue;
        };
        let Some(waiting) = lock.waiting() else { continue };
        let table = &lock.effect.table;
        let mut finding = RULE.at(
            site,
            fitting(&[
                format!("`{table}` stays locked while {}", work.long()),
                format!("`{table}` stays locked while {}", work.short()),
                format!("a table stays locked while {}", work.short()),
            ]),
        );
        finding.severity = lock.severity().max(finding.severity);
        if lock.size == Size::Assumed {
            finding.confidence = Confidence::Likely;
        }
        let until = match &work {
            Work::Code(_) => String::new(),
            Work::Rows(_) => format!(", {}", lock.held_for()),
        };
        finding = finding
            .why(format!(
                "the transaction holds {} on `{table}` until the last row is written: its {waiting} wait{until}",
                lock.effect.lock.name()
            ))
            .help("Write the rows in a migration of its own, after this one, with `atomic = False` and in batches");
        if let Some(taken) = timeline.moments[taken_at].operation.site {
            finding = finding.related(taken, format!("locks `{table}`"));
        }
        found.push(finding);
        // One is enough: what is to be done is the same for all.
        return;
    }
}

enum Work<'a> {
    /// The function's name.
    Code(&'a str),
    /// The table.
    Rows(String),
}

impl Work<'_> {
    fn long(&self) -> String {
        match self {
            Work::Code(name) => format!("`{name}` runs"),
            Work::Rows(table) => format!("rows of `{table}` are written"),
        }
    }

    fn short(&self) -> &'static str {
        match self {
            Work::Code(_) => "Python code runs",
            Work::Rows(_) => "rows are written",
        }
    }
}

/// What of a migration may take as long as a table is large.
fn work<'a>(timeline: &Timeline, moment: &Moment<'a>) -> Option<Work<'a>> {
    if let Kind::Python(path) = &moment.operation.kind {
        let name = path.as_deref()?.rsplit('.').next()?;
        return (name != "noop").then_some(Work::Code(name));
    }
    let wrote = moment.changes().iter().any(|change| {
        matches!(change, Change::Rows(statement) if matches!(**statement, Statement::Update(_) | Statement::Delete(_)))
    });
    let lock = moment.locks.iter().find(|lock| lock.effect.scan && lock.size.is_large());
    let table = lock.map(|lock| lock.effect.table.clone()).filter(|table| !timeline.makes(table));
    table.filter(|_| wrote).map(Work::Rows)
}
