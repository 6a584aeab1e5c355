//! Locks that a migration waits for as long as it takes, with everybody behind it.

use pgwright_diagnostics::{Diagnostic, Severity};
use pgwright_django::project::Database;
use pgwright_schema::sql::Change;

use crate::headline::fitting;
use crate::sizes::Size;
use crate::timeline::{Lock, Timeline};
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "missing-lock-timeout",
    summary: "nothing limits how long a migration waits for a lock, with everybody behind it",
    docs: include_str!("missing_lock_timeout.md"),
    group: Group::Migrations,
    severity: Severity::Note,
    check: Check::Migration(check),
};

fn check(facts: Facts, timeline: &Timeline, found: &mut Vec<Diagnostic>) {
    let databases = &facts.project.settings.databases;
    if databases.is_empty() || databases.iter().any(limits) {
        return;
    }
    for moment in &timeline.moments {
        if moment.changes().iter().any(|change| matches!(change, Change::Other { text } if sets_timeout(text))) {
            return;
        }
        let minds = |lock: &&Lock| lock.blocks() && (lock.hot || (lock.size != Size::Assumed && lock.size.is_large()));
        let Some(lock) = moment.locks.iter().filter(minds).max_by_key(|lock| (lock.hot, lock.size.rows())) else {
            continue;
        };
        let Some(site) = moment.operation.site.or(timeline.migration.site) else { continue };
        let table = &lock.effect.table;
        let mut finding = RULE.at(
            site,
            fitting(&[
                format!("nothing limits how long this waits for the lock on `{table}`"),
                "nothing limits how long this waits for its lock".to_owned(),
            ]),
        );
        if lock.hot {
            finding.severity = Severity::Warning;
        }
        found.push(
            finding
                .why(format!(
                    "{} is given once all who use `{table}` have ended their transactions, and everybody who comes later waits behind it",
                    lock.effect.lock.name()
                ))
                .help(
                    "Begin the migration with `migrations.RunSQL(\"SET LOCAL lock_timeout = '3s'\", migrations.RunSQL.noop)`, or set it for the \
                     role that migrates, and run the migration again when it gives up",
                ),
        );
        // One per migration: what is to be done is the same for all.
        return;
    }
}

/// Whether connections to a database have a timeout, or may have one that is not to be seen here.
fn limits(database: &Database) -> bool {
    let own = ["django.db.backends.postgresql", "django.contrib.gis.db.backends.postgis"];
    !database.engine.as_deref().is_some_and(|engine| own.contains(&engine))
        || database.server_options.as_deref().is_some_and(|options| options.contains("lock_timeout"))
}

fn sets_timeout(statement: &str) -> bool {
    let text = statement.trim_start().to_ascii_lowercase();
    text.starts_with("set ") && text.contains("lock_timeout")
}
