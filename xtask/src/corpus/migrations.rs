//! How far `inspect migrations` agrees with what real Django sent and PostgreSQL locked when the projects were migrated.
//!
//! `tests/corpus/NAME/migrations.json.xz` holds the statements of each migration in order, with the operation each belongs to and
//! the tables it newly locked. Not asked for: rows that Python code of a migration reads and writes, and `CREATE EXTENSION` of
//! extensions the recorded database had. A value that only running gives (the clock, a random token, what a callable
//! returns) is `%s` and stands for any literal. The order of `unique_together` and `index_together` is that of a set.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use regex::{Captures, Regex};
use serde::Deserialize;
use serde_json::Value;

use super::{projects, read_xz};
use crate::pgwright;

/// Percent of the operations whose statements must be Django's, over all projects.
const LEAST_SQL: f64 = 99.5;
/// Percent of the migrations whose deferred statements must be Django's, in order.
const LEAST_DEFERRED: f64 = 99.0;
/// Percent of the statements after which the tables must be locked as they were.
const LEAST_LOCKS: f64 = 99.5;

#[derive(Debug, Deserialize)]
struct Recorded {
    migrations: Vec<RecordedMigration>,
}

#[derive(Debug, Deserialize)]
struct RecordedMigration {
    app: String,
    name: String,
    atomic: bool,
    operations: Vec<String>,
    statements: Vec<RecordedStatement>,
}

#[derive(Debug, Deserialize)]
struct RecordedStatement {
    sql: String,
    op: Option<usize>,
    deferred: bool,
    /// Table and mode.
    locks: Vec<(String, String)>,
}

#[derive(Debug, Deserialize)]
struct Answer {
    migrations: Vec<AnsweredMigration>,
}

#[derive(Debug, Deserialize)]
struct AnsweredMigration {
    app: String,
    name: String,
    operations: Vec<AnsweredOperation>,
}

#[derive(Debug, Deserialize)]
struct AnsweredOperation {
    statements: Vec<AnsweredStatement>,
    unknown: Option<String>,
}

#[derive(Debug, Deserialize)]
struct AnsweredStatement {
    sql: String,
    deferred: bool,
    order: u32,
    effects: Vec<AnsweredEffect>,
}

#[derive(Debug, Deserialize)]
struct AnsweredEffect {
    table: String,
    lock: String,
}

/// How many there are and how many of them are Django's.
#[derive(Debug, Default)]
pub(crate) struct Score {
    pub(crate) operations: usize,
    operations_equal: usize,
    /// With deferred statements.
    migrations: usize,
    migrations_equal: usize,
    pub(crate) statements: usize,
    statements_equal: usize,
    pub(crate) differences: Vec<String>,
}

impl Score {
    fn add(&mut self, other: &Score) {
        self.operations += other.operations;
        self.operations_equal += other.operations_equal;
        self.migrations += other.migrations;
        self.migrations_equal += other.migrations_equal;
        self.statements += other.statements;
        self.statements_equal += other.statements_equal;
    }

    fn meets(&self) -> bool {
        percent(self.operations_equal, self.operations) >= LEAST_SQL
            && percent(self.migrations_equal, self.migrations) >= LEAST_DEFERRED
            && percent(self.statements_equal, self.statements) >= LEAST_LOCKS
    }
}

#[expect(clippy::cast_precision_loss, reason = "some thousands at most")]
fn percent(part: usize, of: usize) -> f64 {
    if of == 0 { 0.0 } else { 100.0 * part as f64 / of as f64 }
}

pub(crate) fn run(names: &[&str], diff: bool) -> Result<bool> {
    let compare = Compare::new()?;
    let binary = pgwright::binary()?;
    let mut together = Score::default();
    println!("{:<14} {:>19} {:>19} {:>19}", "project", "operations", "deferred", "locks");
    for project in projects(names)? {
        let sources = project.fetch()?;
        let found = pgwright::json(&mut project.pgwright(&binary, &ARGUMENTS, &sources))
            .with_context(|| project.name.clone())?;
        let score = compare.score(read_xz(&project.directory().join("migrations.json.xz"))?, found)?;
        print_line(&project.name, &score);
        if diff {
            for line in &score.differences {
                println!("  {line}");
            }
        }
        together.add(&score);
    }
    print_line("together", &together);
    let met = !names.is_empty() || together.meets();
    if !met {
        println!("expected: operations {LEAST_SQL:.1}%, deferred {LEAST_DEFERRED:.1}%, locks {LEAST_LOCKS:.1}%");
    }
    Ok(met)
}

fn print_line(name: &str, score: &Score) {
    let share = |part: usize, of: usize| format!("{part}/{of} {:>5.1}%", percent(part, of));
    println!(
        "{name:<14} {:>19} {:>19} {:>19}",
        share(score.operations_equal, score.operations),
        share(score.migrations_equal, score.migrations),
        share(score.statements_equal, score.statements),
    );
}

/// What makes `pgwright` print what [`Compare::score`] reads.
pub(crate) const ARGUMENTS: [&str; 5] = ["inspect", "migrations", "--all", "--format", "json"];

pub(crate) struct Compare {
    rename: Regex,
    drop: Regex,
    create: Regex,
}

/// What any literal looks like to psycopg.
const LITERAL: &str = r"(?: ?E?'(?:[^']|'')*'(?:::[\w ]+(?:\[\])?)?| ?-?\d+(?:\.\d+)?|true|false)";

impl Compare {
    pub(crate) fn new() -> Result<Compare> {
        Ok(Compare {
            rename: Regex::new(r#"(?i)^ALTER TABLE (?:"([^"]+)"|([^" ]+)) RENAME TO (?:"([^"]+)"|([^" ;]+))"#)?,
            drop: Regex::new(r#"(?i)^DROP TABLE (?:"([^"]+)"|([^" ;]+))"#)?,
            create: Regex::new(r#"^CREATE TABLE "([^"]+)""#)?,
        })
    }

    /// What was sent beside what pgwright says.
    pub(crate) fn score(&self, recorded: Value, found: Value) -> Result<Score> {
        Ok(self.project(&serde_json::from_value(recorded)?, &serde_json::from_value(found)?))
    }

    fn project(&self, truth: &Recorded, answer: &Answer) -> Score {
        let known: BTreeMap<(&str, &str), &AnsweredMigration> =
            answer.migrations.iter().map(|one| ((one.app.as_str(), one.name.as_str()), one)).collect();
        let mut score = Score::default();
        for recorded in &truth.migrations {
            let answered = known.get(&(recorded.app.as_str(), recorded.name.as_str())).copied();
            self.operations(recorded, answered, &mut score);
            self.deferred(recorded, answered, &mut score);
            if recorded.atomic
                && let Some(answered) = answered
            {
                self.locks(recorded, answered, &mut score);
            }
        }
        score
    }

    fn operations(&self, recorded: &RecordedMigration, answered: Option<&AnsweredMigration>, score: &mut Score) {
        for (at, class) in recorded.operations.iter().enumerate() {
            let class = class.rsplit('.').next().unwrap_or_default();
            let sent: Vec<String> = recorded
                .statements
                .iter()
                .filter(|statement| statement.op == Some(at) && !statement.deferred && !is_of_rows(&statement.sql))
                .map(|statement| normal(&statement.sql))
                .collect();
            if class.contains("RunPython") || (class.ends_with("Extension") && sent.is_empty()) {
                continue;
            }
            let operation = answered.and_then(|answered| answered.operations.get(at));
            let told: Vec<String> = operation
                .into_iter()
                .flat_map(|operation| &operation.statements)
                .filter(|statement| !statement.deferred)
                .map(|statement| normal(&statement.sql))
                .collect();
            score.operations += 1;
            if equal(&told, &sent, class.ends_with("Together")) {
                score.operations_equal += 1;
                continue;
            }
            let reason = operation.and_then(|operation| operation.unknown.as_deref()).unwrap_or("differs");
            let label = format!("{}.{} operation {at} {class}: {reason}", recorded.app, recorded.name);
            score.differences.push(difference(&label, &told, &sent));
        }
    }

    fn deferred(&self, recorded: &RecordedMigration, answered: Option<&AnsweredMigration>, score: &mut Score) {
        let sent: Vec<String> =
            recorded.statements.iter().filter(|one| one.deferred).map(|one| normal(&one.sql)).collect();
        let mut told: Vec<(u32, String)> = answered
            .into_iter()
            .flat_map(|answered| &answered.operations)
            .flat_map(|operation| &operation.statements)
            .filter(|statement| statement.deferred)
            .map(|statement| (statement.order, normal(&statement.sql)))
            .collect();
        told.sort();
        let told: Vec<String> = told.into_iter().map(|(_, sql)| sql).collect();
        if told.is_empty() && sent.is_empty() {
            return;
        }
        score.migrations += 1;
        if equal(&told, &sent, false) {
            score.migrations_equal += 1;
        } else {
            let label = format!("{}.{} deferred", recorded.app, recorded.name);
            score.differences.push(difference(&label, &told, &sent));
        }
    }

    /// After each statement the strongest lock of each table that the migration did not make must be the one recorded.
    fn locks(&self, recorded: &RecordedMigration, answered: &AnsweredMigration, score: &mut Score) {
        let mut told: Vec<&AnsweredStatement> =
            answered.operations.iter().flat_map(|operation| &operation.statements).collect();
        told.sort_by_key(|statement| statement.order);
        let mut told = told.into_iter().peekable();
        let mut held: BTreeMap<String, usize> = BTreeMap::new();
        let mut made: BTreeSet<String> = BTreeSet::new();
        for statement in &recorded.statements {
            let before = held.clone();
            for (table, mode) in &statement.locks {
                let held = held.entry(table.clone()).or_default();
                *held = (*held).max(strength(mode));
            }
            if let Some(found) = self.create.captures(&statement.sql) {
                made.insert(found[1].to_owned());
            }
            let renamed = self.rename.captures(&statement.sql).map(|found| (name(&found, 1), name(&found, 3)));
            if let Some((from, to)) = &renamed {
                if made.remove(from) {
                    made.insert(to.clone());
                }
                let old = held.remove(from).unwrap_or_default();
                let entry = held.entry(to.clone()).or_default();
                *entry = (*entry).max(old);
            }
            // Rows written by Python are between ours.
            let same = told.peek().is_some_and(|next| alike(&normal(&next.sql), &normal(&statement.sql)));
            if !same {
                continue;
            }
            let Some(answered) = told.next() else { continue };
            let mut expected = before;
            if let Some((from, to)) = &renamed {
                let old = expected.remove(from).unwrap_or_default();
                expected.insert(to.clone(), old);
            }
            for effect in &answered.effects {
                let name = match &renamed {
                    Some((from, to)) if *from == effect.table => to.clone(),
                    _ => effect.table.clone(),
                };
                let entry = expected.entry(name).or_default();
                *entry = (*entry).max(strength(&effect.lock));
            }
            // A table that is gone has no name any more by which its lock was recorded.
            if let Some(found) = self.drop.captures(&statement.sql) {
                held.remove(&name(&found, 1));
                expected.remove(&name(&found, 1));
            }
            let visible = |locks: &BTreeMap<String, usize>| -> BTreeMap<String, usize> {
                let seen = locks.iter().filter(|(table, mode)| !made.contains(*table) && **mode > 1);
                seen.map(|(table, mode)| (table.clone(), *mode)).collect()
            };
            score.statements += 1;
            let (told, sent) = (visible(&expected), visible(&held));
            if told == sent {
                score.statements_equal += 1;
            } else {
                score.differences.push(format!(
                    "{}.{} locks of {}\n      pgwright   {told:?}\n      PostgreSQL {sent:?}",
                    recorded.app, recorded.name, statement.sql
                ));
            }
        }
    }
}

/// A name that is matched quoted by one group, or bare by the next.
fn name(found: &Captures<'_>, group: usize) -> String {
    found.get(group).or_else(|| found.get(group + 1)).map(|name| name.as_str().to_owned()).unwrap_or_default()
}

fn difference(label: &str, told: &[String], sent: &[String]) -> String {
    format!("{label}\n    pgwright\n      {}\n    Django\n      {}", told.join("\n      "), sent.join("\n      "))
}

/// What Python code of an operation reads and writes through the ORM.
fn is_of_rows(sql: &str) -> bool {
    let first = sql.split_whitespace().next().unwrap_or_default().to_uppercase();
    first == "SELECT" || (matches!(first.as_str(), "INSERT" | "UPDATE" | "DELETE") && sql.contains("%s"))
}

fn normal(sql: &str) -> String {
    sql.trim().trim_end_matches(';').split_whitespace().collect::<Vec<_>>().join(" ")
}

fn equal(told: &[String], sent: &[String], any_order: bool) -> bool {
    let (mut told, mut sent) = (told.to_vec(), sent.to_vec());
    if any_order {
        told.sort();
        sent.sort();
    }
    told.len() == sent.len() && told.iter().zip(&sent).all(|(told, sent)| alike(told, sent))
}

fn alike(told: &str, sent: &str) -> bool {
    if !told.contains("%s") {
        return told == sent;
    }
    let parts: Vec<String> = told.split("%s").map(regex::escape).collect();
    Regex::new(&format!("^{}$", parts.join(LITERAL))).is_ok_and(|pattern| pattern.is_match(sent))
}

/// Modes by strength, as `pg_locks` names them; `AccessShareLock` is 1.
fn strength(mode: &str) -> usize {
    const MODES: [&str; 8] = [
        "AccessShareLock",
        "RowShareLock",
        "RowExclusiveLock",
        "ShareUpdateExclusiveLock",
        "ShareLock",
        "ShareRowExclusiveLock",
        "ExclusiveLock",
        "AccessExclusiveLock",
    ];
    MODES.iter().position(|known| *known == mode).map_or(0, |at| at + 1)
}
