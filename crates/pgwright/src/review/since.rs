//! What a change brings: the project as it is beside the project as it was where the branch left a revision.
//!
//! Both are read whole and judged alike. Findings are told apart by fingerprint and queries by their text, so that moved lines are no change.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use camino::Utf8PathBuf;
use pgwright_django::Extent;
use pgwright_rules::{Baseline, Lock, Selection, Sizes, Timeline};
use pgwright_schema::change::Time;
use pgwright_schema::names::quote_name;
use pgwright_schema::plan::Plan;
use pgwright_schema::tune::{Hardware, Recommendation};
use pgwright_schema::{Schema, Table};
use serde::Serialize;

use super::plans::{Asking, CHEAP, Examined, Outcome, Sent, examine};
use crate::check::judge;
use crate::cli::ProjectArgs;
use crate::explain::all_queries;
use crate::explain::planning::Query;
use crate::failure::Failure;
use crate::ground::{Ground, Measured};
use crate::revision::{self, Before};
use crate::session::{Reading, Session, relative};
use crate::tune::{Asked, advise};

/// The project as it was.
pub(super) struct Change {
    revision: String,
    before: Before,
    session: Session,
    reading: Reading,
    ground: Ground,
    /// What was found then already.
    pub(super) known: Baseline,
}

/// What a change brings, in words and numbers; its findings and plans are in the report.
#[derive(Debug, Serialize)]
pub(super) struct Since {
    pub(super) revision: String,
    /// The commit that is compared with: where this branch left the revision.
    pub(super) commit: String,
    pub(super) files: usize,
    pub(super) tables: Vec<ChangedTable>,
    pub(super) migrations: Vec<Brought>,
    pub(super) queries: Queries,
    /// Statements that were sent before, and that the database now answers in another way; the most that is lost first.
    pub(super) altered: Vec<Altered>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Added,
    Altered,
    Removed,
}

#[derive(Debug, Serialize)]
pub(super) struct ChangedTable {
    pub(super) table: String,
    /// None where the table is no model's of its own.
    pub(super) model: Option<String>,
    pub(super) kind: Kind,
    /// `index a_b_idx dropped`; nothing for a table that is new or gone.
    pub(super) what: Vec<String>,
}

/// A migration that is new or was changed.
#[derive(Debug, Serialize)]
pub(super) struct Brought {
    pub(super) app: String,
    pub(super) name: String,
    pub(super) file: Option<String>,
    pub(super) kind: Kind,
    /// Without code.
    pub(super) seconds: Time,
    pub(super) statements: Vec<String>,
    /// The strongest lock on each table that was there before.
    pub(super) locks: Vec<Held>,
}

#[derive(Debug, Serialize)]
pub(super) struct Held {
    pub(super) table: String,
    pub(super) lock: &'static str,
    /// Who waits for it: `writes`, `reads and writes`, nobody.
    pub(super) waiting: Option<&'static str>,
    pub(super) seconds: Time,
}

/// Statements, each text once.
#[derive(Debug, Serialize)]
pub(super) struct Queries {
    pub(super) new: usize,
    pub(super) gone: usize,
    pub(super) stayed: usize,
}

#[derive(Debug, Serialize)]
pub(super) struct Altered {
    pub(super) model: String,
    pub(super) sites: Vec<Sent>,
    pub(super) sql: String,
    pub(super) before: Priced,
    pub(super) now: Priced,
    /// What the planner says now; none where it is predicted.
    #[serde(skip)]
    pub(super) tree: Option<Plan>,
}

#[derive(Debug, Serialize)]
pub(super) struct Priced {
    /// Planner cost units.
    pub(super) cost: f64,
    pub(super) sentence: String,
    /// As text; empty where it is predicted.
    pub(super) plan: String,
}

/// The statements of today's workload.
pub(super) struct Parted {
    /// Those that nobody sent before.
    pub(super) new: Vec<Query>,
    /// Those that read tables which are others now, with the text they had.
    pub(super) affected: Vec<(String, Query)>,
    counts: Queries,
}

impl Change {
    /// Reads and judges the project as it was.
    pub(super) fn read(
        revision: &str,
        args: &ProjectArgs,
        selection: &Selection,
        measured: Option<&Measured>,
    ) -> Result<Change, Failure> {
        let session = Session::open(args)?.reading(Extent::Workload).with_history();
        let before = revision::before(revision, session.roots())?;
        let session = session.at_revision(&before.texts);
        let was = judge(&session, session.read(), selection, None, measured);
        let known = Baseline::of_moved(&was.reading.files, &was.found, &before.moved);
        let ground = Ground::of(&session, &was.reading, measured);
        Ok(Change { revision: revision.to_owned(), before, session, reading: was.reading, ground, known })
    }

    /// Places in the history of migrations that are new or were changed.
    pub(super) fn migrations(&self, reading: &Reading) -> Vec<usize> {
        let all = reading.project.history.migrations.iter().enumerate();
        let is_changed = |file| self.before.texts.contains_key(reading.files.path(file));
        all.filter(|(_, migration)| migration.own && migration.file.is_some_and(is_changed)).map(|(at, _)| at).collect()
    }

    /// The workload of today, in parts.
    pub(super) fn part(&self, queries: Vec<Query>, schema: &Schema) -> Parted {
        let old = all_queries(&self.session, &self.reading);
        let altered = names(&self.ground.schema, schema, |old, new| old != new);
        let recolumned = names(&self.ground.schema, schema, |old, new| old.columns != new.columns);
        let texts: HashSet<&str> = old.iter().filter_map(|query| query.sql.as_deref().ok()).collect();
        let reasons: HashSet<&str> =
            old.iter().filter_map(|query| query.sql.as_ref().err()).map(String::as_str).collect();
        let mut loose: HashMap<String, &str> = HashMap::new();
        for sql in texts.iter().filter(|sql| mentions(sql, &recolumned)) {
            loose.insert(without_columns(sql), sql);
        }
        let (mut new, mut affected, mut matched) = (Vec::new(), Vec::new(), HashSet::new());
        let mut added = 0;
        for query in queries {
            let sql = match &query.sql {
                Ok(sql) => sql,
                Err(reason) if reasons.contains(reason.as_str()) => continue,
                Err(_) => {
                    new.push(query);
                    continue;
                }
            };
            // A field more is no other query, although every text that reads the model has it.
            let had = texts
                .get(sql.as_str())
                .copied()
                .or_else(|| mentions(sql, &recolumned).then(|| loose.get(&without_columns(sql)).copied()).flatten());
            match had {
                Some(had) => {
                    matched.insert(had);
                    if mentions(sql, &altered) {
                        affected.push((had.to_owned(), query));
                    }
                }
                None => {
                    added += 1;
                    new.push(query);
                }
            }
        }
        let counts = Queries { new: added, gone: texts.len() - matched.len(), stayed: matched.len() };
        Parted { new, affected, counts }
    }

    /// Whether that was recommended before.
    pub(super) fn recommended(&self, measured: &Asked) -> impl Fn(&Recommendation) -> bool + use<> {
        let key = |of: &Recommendation| (of.rule, of.table.clone(), of.title.clone());
        let before = advise(&self.session, &self.reading, &self.ground, measured, Hardware::default());
        let before: BTreeSet<_> = before.iter().map(|advice| key(&advice.recommendation)).collect();
        move |recommendation| before.contains(&key(recommendation))
    }

    /// The report on it.
    pub(super) fn since(
        &self,
        shown: &[Utf8PathBuf],
        reading: &Reading,
        sizes: &Sizes,
        ground: &Ground,
        parted: Parted,
        asking: &Asking,
    ) -> Result<Since, Failure> {
        let altered = self.altered(parted.affected, ground, asking)?;
        let was: BTreeSet<String> =
            self.reading.project.history.migrations.iter().map(|migration| migration.label()).collect();
        let migrations = self.migrations(reading).into_iter().filter_map(|at| {
            let migration = reading.project.history.migrations.get(at)?;
            let timeline = Timeline::new(&reading.project, sizes, migration);
            Some(Brought {
                app: migration.app.clone(),
                name: migration.name.clone(),
                file: migration.file.map(|file| relative(shown, reading.files.path(file)).to_string()),
                kind: if was.contains(&migration.label()) { Kind::Altered } else { Kind::Added },
                seconds: timeline.time(),
                statements: timeline.moments.iter().filter_map(|moment| moment.sql()).map(str::to_owned).collect(),
                locks: locks(&timeline),
            })
        });
        Ok(Since {
            revision: self.revision.clone(),
            commit: self.before.commit.clone(),
            // One that was moved differs in two places.
            files: self.before.texts.len() - self.before.moved.len(),
            tables: self.tables(reading, &ground.schema),
            migrations: migrations.collect(),
            queries: parted.counts,
            altered,
        })
    }

    fn tables(&self, reading: &Reading, schema: &Schema) -> Vec<ChangedTable> {
        let model = |reading: &Reading, table: &str| {
            let mut models = reading.project.models.all.iter();
            models.find(|model| model.table == table && model.has_table()).map(|model| model.label())
        };
        let old = &self.ground.schema;
        let gone = old.tables.iter().filter(|table| schema.table(&table.name).is_none()).map(|table| ChangedTable {
            table: table.name.clone(),
            model: model(&self.reading, &table.name),
            kind: Kind::Removed,
            what: Vec::new(),
        });
        let now = schema.tables.iter().filter_map(|table| {
            let (kind, what) = match old.table(&table.name) {
                None => (Kind::Added, Vec::new()),
                Some(was) if was == table => return None,
                Some(was) => (Kind::Altered, differences(was, table)),
            };
            Some(ChangedTable { table: table.name.clone(), model: model(reading, &table.name), kind, what })
        });
        now.chain(gone).collect()
    }

    /// Plans of what is still sent, on the tables as they were and as they are.
    fn altered(
        &self,
        affected: Vec<(String, Query)>,
        ground: &Ground,
        asking: &Asking,
    ) -> Result<Vec<Altered>, Failure> {
        if affected.is_empty() {
            return Ok(Vec::new());
        }
        let before = affected.iter().map(|(had, query)| Query {
            sql: Ok(had.clone()),
            sites: Vec::new(),
            pattern: query.pattern,
        });
        let before = by_text(examine(asking, before.collect(), &self.ground)?);
        let had: HashMap<String, String> =
            affected.iter().filter_map(|(had, query)| Some((query.sql.clone().ok()?, had.clone()))).collect();
        let now = examine(asking, affected.into_iter().map(|(_, query)| query).collect(), ground)?;
        let mut altered: Vec<Altered> = now
            .examined
            .into_iter()
            .filter_map(|(model, now)| {
                let before = before.get(had.get(&now.sent_as)?)?;
                is_another(before, &now).then(|| Altered {
                    model,
                    before: Priced { cost: before.cost, sentence: before.sentence.clone(), plan: before.plan.clone() },
                    sites: now.sites,
                    sql: now.sql,
                    now: Priced { cost: now.cost, sentence: now.sentence, plan: now.plan },
                    tree: now.tree,
                })
            })
            .collect();
        let lost = |altered: &Altered| altered.now.cost - altered.before.cost;
        altered.sort_by(|left, right| lost(right).total_cmp(&lost(left)));
        Ok(altered)
    }
}

fn by_text(outcome: Outcome) -> HashMap<String, Examined> {
    outcome.examined.into_iter().map(|(_, examined)| (examined.sent_as.clone(), examined)).collect()
}

/// Whether the difference is worth a word: it costs half as much again (or less), or a tenth where it is done in another way.
fn is_another(before: &Examined, now: &Examined) -> bool {
    let (least, most) = (before.cost.min(now.cost), before.cost.max(now.cost));
    let factor = most / least.max(f64::MIN_POSITIVE);
    most >= CHEAP && (factor >= 1.5 || factor >= 1.1 && before.sentence != now.sentence)
}

/// Tables that both have, and that differ.
fn names(old: &Schema, new: &Schema, differ: impl Fn(&Table, &Table) -> bool) -> Vec<String> {
    let both = new.tables.iter().filter(|table| old.table(&table.name).is_some_and(|was| differ(was, table)));
    both.map(|table| quote_name(&table.name)).collect()
}

fn mentions(sql: &str, tables: &[String]) -> bool {
    tables.iter().any(|table| sql.contains(table.as_str()))
}

/// A statement's text without the columns that it reads or writes of whole rows.
fn without_columns(sql: &str) -> String {
    let cut = |from: &str, to: &str| {
        let start = sql.find(from)? + from.len();
        let end = start + sql.get(start..)?.find(to)?;
        Some(format!("{} … {}", sql.get(..start)?, sql.get(end..)?))
    };
    let shortened = match sql.split(' ').next() {
        // With a function among them they are more than columns.
        Some("SELECT") => cut("SELECT ", " FROM ").filter(|_| !sql.split(" FROM ").next().unwrap_or(sql).contains('(')),
        Some("UPDATE") => cut(" SET ", " WHERE "),
        Some("INSERT") => sql.split(" (").next().map(str::to_owned),
        _ => None,
    };
    shortened.unwrap_or_else(|| sql.to_owned())
}

/// What was done to a table, part by part.
fn differences(was: &Table, now: &Table) -> Vec<String> {
    fn compared<T: PartialEq>(what: &str, was: &[T], now: &[T], name: &dyn Fn(&T) -> &str, into: &mut Vec<String>) {
        let by_name = |all: &[T]| -> BTreeMap<String, usize> {
            all.iter().enumerate().map(|(at, item)| (name(item).to_owned(), at)).collect()
        };
        let (old, new) = (by_name(was), by_name(now));
        for (name, at) in &new {
            match old.get(name) {
                None => into.push(format!("{what} {name} added")),
                Some(before) if was.get(*before) != now.get(*at) => into.push(format!("{what} {name} altered")),
                Some(_) => {}
            }
        }
        into.extend(old.keys().filter(|name| !new.contains_key(*name)).map(|name| format!("{what} {name} dropped")));
    }
    let mut all = Vec::new();
    compared("column", &was.columns, &now.columns, &|column| &column.name, &mut all);
    compared("index", &was.indexes, &now.indexes, &|index| &index.name, &mut all);
    compared("constraint", &was.constraints, &now.constraints, &|constraint| &constraint.name, &mut all);
    all
}

/// The lock on each table that keeps most waiting.
fn locks(timeline: &Timeline) -> Vec<Held> {
    let mut strongest: BTreeMap<&str, &Lock> = BTreeMap::new();
    let weight = |lock: &Lock| (lock.effect.blocks_reads, lock.effect.blocks_writes);
    for (_, lock) in timeline.locks() {
        let held = strongest.entry(&lock.effect.table).or_insert(lock);
        if weight(lock) > weight(held) {
            *held = lock;
        }
    }
    let held = |(table, lock): (&str, &Lock)| Held {
        table: table.to_owned(),
        lock: lock.effect.lock.name(),
        waiting: lock.waiting(),
        seconds: lock.held,
    };
    strongest.into_iter().map(held).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_more_is_the_same_statement() {
        let same = |left: &str, right: &str| without_columns(left) == without_columns(right);
        assert!(same(
            r#"SELECT "o"."id" FROM "o" WHERE "o"."a" = %s"#,
            r#"SELECT "o"."id", "o"."b" FROM "o" WHERE "o"."a" = %s"#
        ));
        assert!(same(
            r#"UPDATE "o" SET "a" = %s WHERE "o"."id" = %s"#,
            r#"UPDATE "o" SET "a" = %s, "b" = %s WHERE "o"."id" = %s"#
        ));
        assert!(same(r#"INSERT INTO "o" ("a") VALUES (%s)"#, r#"INSERT INTO "o" ("a", "b") VALUES (%s, %s)"#));
        assert!(!same(
            r#"SELECT "o"."id" FROM "o" WHERE "o"."a" = %s"#,
            r#"SELECT "o"."id" FROM "o" WHERE "o"."b" = %s"#
        ));
        assert!(!same(r#"SELECT COUNT(*) AS "c" FROM "o""#, r#"SELECT "o"."id" FROM "o""#));
        assert!(!same(r#"DELETE FROM "o" WHERE "o"."id" = %s"#, r#"DELETE FROM "o" WHERE "o"."a" = %s"#));
    }
}
