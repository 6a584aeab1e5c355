//! The form of a statement that keeps nobody waiting.

use pgwright_schema::names::{automatic_name, quote_name};
use pgwright_schema::sql::{Change, TableAction};
use pgwright_schema::{ConstraintKind, ddl};

use crate::timeline::{Moment, Work};

/// A statement with the one that takes it back, where there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sql {
    /// Sent before it: what makes a second try pass after a first one failed halfway.
    pub(super) before: Option<String>,
    pub(super) forth: String,
    /// Empty: there is nothing to take back.
    pub(super) back: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Holds its lock for a moment.
    Brief(Sql),
    /// Takes as long as the table is large, outside a transaction.
    Long(Sql),
    /// Reads the table, while others read and write it.
    Validate(String),
}

impl Sql {
    pub(super) fn new(forth: String, back: Option<String>) -> Sql {
        Sql { before: None, forth, back }
    }

    /// An index built beside the work on its table. A build that fails leaves an invalid one, whose name is then taken.
    fn build(forth: String, index: &str) -> Sql {
        Sql { before: Some(drop_index(index)), forth, back: Some(drop_index(index)) }
    }
}

/// What a statement becomes; the error is why it cannot be done otherwise.
pub(super) fn steps(moment: &Moment) -> Result<Vec<Step>, String> {
    let Work::Statement { sent, changes } = &moment.work else {
        return Err("it runs code".to_owned());
    };
    if sent.sql.contains("%s") {
        return Err("a value in its SQL is not known".to_owned());
    }
    // `SET CONSTRAINTS … IMMEDIATE` lets what follows in the transaction change the table.
    let changes: Vec<&Change> = changes.iter().filter(|change| !matches!(change, Change::Other { .. })).collect();
    let [change] = changes.as_slice() else { return Err("it sends several statements at once".to_owned()) };
    if matches!(change, Change::Rows(_)) {
        return Ok(vec![Step::Long(Sql::new(plain(&sent.sql), Some(String::new())))]);
    }
    if !super::waits(moment) {
        let forth = plain(&sent.sql);
        return Ok(vec![Step::Brief(Sql::new(forth, back(change)))]);
    }
    match change {
        Change::CreateIndex { index, .. } => {
            let forth = plain(&sent.sql).replacen("INDEX ", "INDEX CONCURRENTLY ", 1);
            Ok(vec![Step::Long(Sql::build(forth, &index.name))])
        }
        Change::AlterTable { table, actions } => match actions.as_slice() {
            [action] => of_action(table, action, &plain(&sent.sql)),
            _ => Err("one statement changes several things".to_owned()),
        },
        _ => Err("there is no form of it that keeps nobody waiting".to_owned()),
    }
}

/// One statement without what Django sends around it.
fn plain(sql: &str) -> String {
    let parts = sql.split("; ").map(|part| part.trim().trim_end_matches(';'));
    let own: Vec<&str> = parts.filter(|part| !part.is_empty() && !part.starts_with("SET CONSTRAINTS ")).collect();
    own.join("; ")
}

fn of_action(table: &str, action: &TableAction, sql: &str) -> Result<Vec<Step>, String> {
    let quoted = quote_name(table);
    match action {
        TableAction::AddConstraint(new) => match &new.constraint.kind {
            ConstraintKind::ForeignKey(_) | ConstraintKind::Check { .. } => {
                Ok(not_valid(table, &new.constraint.name, format!("{sql} NOT VALID")))
            }
            ConstraintKind::Unique { .. } => Ok(unique(table, &new.constraint.name, sql)),
            _ => Err("PostgreSQL has no way to add this constraint while the table is written".to_owned()),
        },
        TableAction::SetNotNull { column } => {
            // Not the name that PostgreSQL 18 gives to the NOT NULL constraint itself.
            let name = automatic_name(table, column, "is_not_null");
            let check = quote_name(&name);
            let column = quote_name(column);
            let mut steps = not_valid(
                table,
                &name,
                format!("ALTER TABLE {quoted} ADD CONSTRAINT {check} CHECK ({column} IS NOT NULL) NOT VALID"),
            );
            let set = format!("ALTER TABLE {quoted} ALTER COLUMN {column} SET NOT NULL");
            let unset = format!("ALTER TABLE {quoted} ALTER COLUMN {column} DROP NOT NULL");
            steps.push(Step::Brief(Sql::new(set, Some(unset))));
            let dropped = format!("ALTER TABLE {quoted} DROP CONSTRAINT {check}");
            let again = format!("ALTER TABLE {quoted} ADD CONSTRAINT {check} CHECK ({column} IS NOT NULL) NOT VALID");
            steps.push(Step::Brief(Sql::new(dropped, Some(again))));
            Ok(steps)
        }
        TableAction::AddColumn(new) => {
            let [constraint] = new.constraints.as_slice() else {
                return Err("the column has to be computed for each row".to_owned());
            };
            let column = &new.column.name;
            match &constraint.constraint.kind {
                ConstraintKind::Unique { .. } if sql.ends_with(" UNIQUE") => {
                    let name = automatic_name(table, column, "key");
                    let forth = sql.trim_end_matches(" UNIQUE").to_owned();
                    let mut steps = vec![Step::Brief(Sql::new(forth, Some(drop_column(table, column))))];
                    let written = ddl::add_constraint_to(table, &constraint.constraint);
                    steps.extend(unique(table, &name, &written));
                    Ok(steps)
                }
                _ => Err("the column is checked as it is added: add it without, and the check later".to_owned()),
            }
        }
        TableAction::SetType { .. } => Err(
            "a change of type writes every row anew: add a column, fill it in batches, switch over, drop the old one"
                .to_owned(),
        ),
        _ => Err("there is no form of it that keeps nobody waiting".to_owned()),
    }
}

fn not_valid(table: &str, name: &str, forth: String) -> Vec<Step> {
    let (table, name) = (quote_name(table), quote_name(name));
    vec![
        Step::Brief(Sql::new(forth, Some(format!("ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}")))),
        Step::Validate(format!("ALTER TABLE {table} VALIDATE CONSTRAINT {name}")),
    ]
}

/// The index first, which the constraint then takes over. `written` is the statement that adds the constraint at once.
fn unique(table: &str, name: &str, written: &str) -> Vec<Step> {
    let rest = written.split_once(" UNIQUE ").map_or("", |(_, rest)| rest);
    let (rest, nulls) = match rest.strip_prefix("NULLS NOT DISTINCT ") {
        Some(rest) => (rest, " NULLS NOT DISTINCT"),
        None => (rest, ""),
    };
    let (rest, deferrable) = match rest.find(" DEFERRABLE") {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let (table, index) = (quote_name(table), quote_name(name));
    vec![
        Step::Long(Sql::build(format!("CREATE UNIQUE INDEX CONCURRENTLY {index} ON {table} {rest}{nulls}"), name)),
        Step::Brief(Sql::new(
            format!("ALTER TABLE {table} ADD CONSTRAINT {index} UNIQUE USING INDEX {index}{deferrable}"),
            Some(format!("ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {index}")),
        )),
    ]
}

pub(super) fn drop_index(name: &str) -> String {
    format!("DROP INDEX CONCURRENTLY IF EXISTS {}", quote_name(name))
}

fn drop_column(table: &str, column: &str) -> String {
    format!("ALTER TABLE {} DROP COLUMN IF EXISTS {}", quote_name(table), quote_name(column))
}

/// What takes back a statement that nobody waits for.
fn back(change: &Change) -> Option<String> {
    let Change::AlterTable { table, actions } = change else { return None };
    let [action] = actions.as_slice() else { return None };
    let quoted = quote_name(table);
    match action {
        TableAction::AddColumn(new) => Some(drop_column(table, &new.column.name)),
        TableAction::AddConstraint(new) => {
            Some(format!("ALTER TABLE {quoted} DROP CONSTRAINT IF EXISTS {}", quote_name(&new.constraint.name)))
        }
        // The default with which Django fills a column lasts for that alone.
        TableAction::DropDefault { .. } => Some(String::new()),
        TableAction::SetDefault { column } => {
            Some(format!("ALTER TABLE {quoted} ALTER COLUMN {} DROP DEFAULT", quote_name(column)))
        }
        _ => None,
    }
}
