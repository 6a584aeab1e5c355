//! Migrations during which others wait while PostgreSQL reads or rewrites a table.

use pgwright_diagnostics::{Confidence, Diagnostic, Severity};
use pgwright_django::migrations::{Migration, Operation};
use pgwright_schema::ConstraintKind;
use pgwright_schema::change::Effect;
use pgwright_schema::sql::{Change, TableAction, parse_changes};

use crate::headline::fitting;
use crate::sizes::Size;
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "blocking-migration",
    summary: "a migration keeps others waiting while PostgreSQL reads or rewrites a table",
    docs: include_str!("blocking_migration.md"),
    group: Group::Migrations,
    severity: Severity::Warning,
    check: Check::Operation(check),
};

fn check(facts: Facts, migration: &Migration, operation: &Operation, found: &mut Vec<Diagnostic>) {
    let Some(site) = operation.site.or(migration.site) else { return };
    let mut tables: Vec<(Effect, &str)> = Vec::new();
    for sent in &operation.statements {
        for effect in sent.effects.iter().filter(|effect| effect.scan && effect.blocks_writes) {
            if is_made_by(migration, &effect.table) {
                continue;
            }
            match tables.iter_mut().find(|(known, _)| known.table == effect.table) {
                Some((known, sql)) => {
                    if (effect.rewrite, effect.lock) > (known.rewrite, known.lock) {
                        *sql = &sent.sql;
                    }
                    known.join(effect);
                }
                None => tables.push((effect.clone(), &sent.sql)),
            }
        }
    }
    for (effect, sql) in tables {
        let history = &facts.project.history.models;
        let Some(model) = history.all.iter().find(|model| model.table == effect.table && model.has_table()) else {
            continue;
        };
        let size = facts.sizes.of(model);
        if !size.is_large() {
            continue;
        }
        let work = if effect.rewrite { "rewritten" } else { "read" };
        let waiting = if effect.blocks_reads { "reads and writes wait" } else { "writes wait" };
        let mut diagnostic = RULE.at(
            site,
            fitting(&[
                format!("all of `{}` is {work} while its {waiting}", effect.table),
                format!("all of a table is {work} while its {waiting}"),
            ]),
        );
        if size.is_huge() {
            diagnostic.severity = Severity::Error;
        }
        if size == Size::Assumed {
            diagnostic.confidence = Confidence::Likely;
        }
        let work = if effect.rewrite { "writes anew, with their indexes," } else { "reads" };
        let until = if migration.atomic { "until the whole migration commits" } else { "until the statement is done" };
        found.push(
            diagnostic
                .why(format!(
                    "the statement `{}` {work} {} of `{}` under {}: its {waiting} {until}",
                    shortened(sql),
                    size.phrase(),
                    effect.table,
                    effect.lock.name(),
                ))
                .help(advice(sql)),
        );
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

/// Whether an operation of the migration creates the table: nobody can be waiting for it.
fn is_made_by(migration: &Migration, table: &str) -> bool {
    let start = format!("CREATE TABLE \"{table}\"");
    migration.operations.iter().flat_map(|operation| &operation.statements).any(|sent| sent.sql.starts_with(&start))
}

/// What does the same without the wait.
fn advice(sql: &str) -> &'static str {
    parse_changes(sql).iter().find_map(advice_for).unwrap_or(
        "Run it when nobody uses the table, with a `lock_timeout`, or split it into steps that each hold their lock briefly",
    )
}

fn advice_for(change: &Change) -> Option<&'static str> {
    Some(match change {
        Change::CreateIndex { .. } => {
            "Build the index with `AddIndexConcurrently` in a migration of its own with `atomic = False`, from an entry of \
             `Meta.indexes` instead of `db_index=True`"
        }
        Change::Rows(_) => {
            "Write the rows in batches, in a migration of its own with `atomic = False`, before the column is changed"
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
