//! Migrations during which others wait while PostgreSQL reads or rewrites a table.

use pgwright_diagnostics::{Confidence, Diagnostic, Severity};
use pgwright_schema::ConstraintKind;
use pgwright_schema::sql::{Change, TableAction};

use crate::headline::fitting;
use crate::sizes::Size;
use crate::timeline::{Lock, Moment, Timeline, Until};
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "blocking-migration",
    summary: "a migration keeps others waiting while PostgreSQL reads or rewrites a table",
    docs: include_str!("blocking_migration.md"),
    group: Group::Migrations,
    severity: Severity::Warning,
    check: Check::Migration(check),
};

/// A table that is read or rewritten while others wait.
struct Wait<'t, 'a> {
    worked_on: &'t Lock<'a>,
    at: &'t Moment<'a>,
    /// The strongest lock on it, or on another table, that the transaction holds meanwhile.
    waited_for: &'t Lock<'a>,
    taken_at: &'t Moment<'a>,
}

fn check(_: Facts, timeline: &Timeline, found: &mut Vec<Diagnostic>) {
    let mut waits: Vec<Wait> = Vec::new();
    for (at, moment) in timeline.moments.iter().enumerate() {
        // Rows that are written beside a change of the schema are another rule's.
        if moment.changes().iter().any(|change| matches!(change, Change::Rows(_))) {
            continue;
        }
        for lock in moment.locks.iter().filter(|lock| lock.effect.scan && lock.is_known() && lock.size.is_large()) {
            let Some((waited_for, taken_at)) = held_meanwhile(timeline, at, lock) else { continue };
            let wait = Wait { worked_on: lock, at: moment, waited_for, taken_at };
            // Of one operation the statement that costs most stands for all.
            let same = |known: &&mut Wait| {
                std::ptr::eq(known.at.operation, moment.operation) && known.worked_on.effect.table == lock.effect.table
            };
            match waits.iter_mut().find(same) {
                Some(known) if wait.cost() > known.cost() => *known = wait,
                Some(_) => {}
                None => waits.push(wait),
            }
        }
    }
    found.extend(waits.iter().filter_map(|wait| wait.diagnostic(timeline)));
}

/// The lock that others wait for while the table is worked on: its own if it blocks, otherwise one of a large table that an earlier
/// statement of the transaction took.
fn held_meanwhile<'t, 'a>(
    timeline: &'t Timeline<'a>,
    at: usize,
    worked_on: &'t Lock<'a>,
) -> Option<(&'t Lock<'a>, &'t Moment<'a>)> {
    let all = timeline
        .locks()
        .filter(|(taken, lock)| lock.blocks() && (*taken == at || (*taken < at && lock.until != Until::Statement)));
    let counted = all.filter(|(_, lock)| lock.is_known() && lock.size.is_large());
    let rank = |lock: &Lock| (lock.effect.table == worked_on.effect.table, lock.hot, lock.effect.lock);
    let strongest = counted.reduce(|best, next| if rank(next.1) > rank(best.1) { next } else { best });
    strongest.map(|(taken, lock)| (lock, &timeline.moments[taken]))
}

impl Wait<'_, '_> {
    fn cost(&self) -> (bool, bool, pgwright_schema::change::LockMode) {
        let effect = self.worked_on.effect;
        (self.waited_for.effect.table == effect.table, effect.rewrite, self.waited_for.effect.lock)
    }

    fn diagnostic(&self, timeline: &Timeline) -> Option<Diagnostic> {
        let Wait { worked_on, at, waited_for, taken_at } = self;
        let site = at.operation.site.or(timeline.migration.site)?;
        let (table, sql) = (&worked_on.effect.table, at.sql()?);
        let work = if worked_on.effect.rewrite { "rewritten" } else { "read" };
        let waiting = waited_for.waiting()?;
        let wait = if waiting == "writes" { "writes wait" } else { "reads and writes wait" };
        let is_own = waited_for.effect.table == *table;
        let headline = if is_own {
            fitting(&[
                format!("all of `{table}` is {work} while its {wait}"),
                format!("all of `{table}` is {work} while others wait"),
                format!("all of a table is {work} while its {wait}"),
            ])
        } else {
            fitting(&[
                format!("`{}` stays locked while all of `{table}` is {work}", waited_for.effect.table),
                format!("a table stays locked while all of another is {work}"),
            ])
        };
        let mut diagnostic = RULE.at(site, headline);
        diagnostic.severity = waited_for.severity().max(diagnostic.severity);
        if worked_on.size == Size::Assumed || waited_for.size == Size::Assumed {
            diagnostic.confidence = Confidence::Likely;
        }
        let verb = if worked_on.effect.rewrite { "writes anew, with their indexes," } else { "reads" };
        let until = match waited_for.until {
            Until::Statement => "until the statement is done",
            Until::Commit => "until the whole migration commits",
            Until::CommitAfterCode => "until the whole migration commits, its Python code included",
        };
        let whose = if is_own { "its".to_owned() } else { format!("of `{}`", waited_for.effect.table) };
        let who = if is_own {
            format!("{whose} {wait}")
        } else {
            format!("{} {whose} {}", waiting, &wait[waiting.len() + 1..])
        };
        let mut why = format!(
            "the statement `{}` {verb} {} of `{table}` under {}: {who} {until}, {}",
            shortened(sql),
            worked_on.size.phrase(),
            waited_for.effect.lock.name(),
            waited_for.held_for(),
        );
        if let Some(queued) = waited_for.queued.filter(|queued| *queued >= 1.0) {
            why.push_str(&format!(", and of the calls that the snapshot counted {queued:.0} come in each minute"));
        }
        diagnostic = diagnostic.why(why).help(advice(at.changes()));
        if !std::ptr::eq(taken_at.operation, at.operation)
            && let Some(taken) = taken_at.operation.site
        {
            diagnostic = diagnostic.related(taken, format!("locks `{}`", waited_for.effect.table));
        }
        Some(diagnostic.evidence("sql", sql).evidence("lock", waited_for.effect.lock.name()))
    }
}

/// Characters of a statement in a sentence.
const SHOWN: usize = 120;

fn shortened(sql: &str) -> String {
    let text = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// What does the same without the wait.
fn advice(changes: &[Change]) -> &'static str {
    changes.iter().find_map(advice_for).unwrap_or(
        "Run it when nobody uses the table, with a `lock_timeout`, or split it into steps that each hold their lock briefly",
    )
}

fn advice_for(change: &Change) -> Option<&'static str> {
    Some(match change {
        Change::CreateIndex { .. } => {
            "Build the index with `AddIndexConcurrently` in a migration of its own with `atomic = False`, from an entry of \
             `Meta.indexes` instead of `db_index=True`"
        }
        Change::AlterTable { actions, .. } => actions.iter().find_map(advice_for_action)?,
        _ => return None,
    })
}

fn advice_for_action(action: &TableAction) -> Option<&'static str> {
    Some(match action {
        TableAction::SetNotNull { .. } => {
            "First add a check that the column is not null with `AddConstraintNotValid`, validate it with `ValidateConstraint` in \
             a migration of its own, and only then set NOT NULL: PostgreSQL then reads nothing"
        }
        TableAction::SetType { .. } => {
            "Add a column of the new type, write both, fill it in batches, switch the code over, and drop the old column later"
        }
        TableAction::AddColumn(_) => {
            "Add the column nullable and without what has to be computed or checked for each row, fill it in batches, and add \
             indexes and constraints in later migrations (concurrently, or as NOT VALID)"
        }
        TableAction::AddConstraint(new) => match &new.constraint.kind {
            ConstraintKind::ForeignKey(_) => {
                "Add the constraint as NOT VALID (`RunSQL` with `state_operations`), and validate it in a migration of its own"
            }
            ConstraintKind::Check { .. } => {
                "Use `AddConstraintNotValid`, and `ValidateConstraint` in a migration of its own"
            }
            ConstraintKind::Unique { .. } | ConstraintKind::PrimaryKey { .. } => {
                "Build a unique index concurrently, then let the constraint take it over: `ADD CONSTRAINT … UNIQUE USING INDEX` in \
                 `RunSQL` with `state_operations`"
            }
            ConstraintKind::Exclusion(_) => return None,
        },
        _ => return None,
    })
}
