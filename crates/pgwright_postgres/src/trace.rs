//! What PostgreSQL does while statements run: the locks they take, the tables they write anew, the tables they read.
//!
//! The statements are a project's migrations, and nobody here wrote them. They run on a private server that is thrown away, as a role
//! that owns its tables and is nothing else: it starts no program, reads no file, makes no function but in SQL and PL/pgSQL.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use pgwright_schema::change::{LockMode, Observed};
use pgwright_schema::names::quote_name;
use pgwright_schema::sql::{Change, TableAction, parse_changes};
use postgres::error::SqlState;
use postgres::{CancelToken, Client, NoTls};

use crate::measure::django_name;
use crate::{Cluster, Error};

/// How long a statement may take, which has no rows to work on.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often a statement that does not run in a transaction is looked at.
const GLANCE: Duration = Duration::from_millis(2);
const ROLE: &str = "migrator";

/// A server on which migrations run, one after another, from an empty database.
pub struct Tracer {
    /// Migrates.
    client: Client,
    /// Looks on.
    beside: Client,
    process: i32,
    cluster: Cluster,
}

/// What became of one statement.
#[derive(Debug)]
pub enum Outcome {
    Ran(Observed),
    /// PostgreSQL's words.
    Refused(String),
    /// It ran, and could not be looked at; the reason.
    Unseen(&'static str),
}

impl std::fmt::Debug for Tracer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tracer").field("cluster", &self.cluster).finish_non_exhaustive()
    }
}

/// Tables by their number, as a session sees them.
type Tables = HashMap<u32, Table>;

struct Table {
    name: String,
    file: u32,
    /// How often the transaction read it from end to end.
    scans: i64,
}

impl Tracer {
    /// # Errors
    /// The server has stopped.
    pub fn new(cluster: Cluster) -> Result<Tracer, Error> {
        let mut beside = cluster.connect()?;
        beside.batch_execute(&format!(
            "CREATE ROLE {ROLE} LOGIN; GRANT ALL ON DATABASE postgres TO {ROLE}; ALTER SCHEMA public OWNER TO {ROLE}"
        ))?;
        let mut client = cluster.connect_as(ROLE)?;
        let process = client.query_one("SELECT pg_backend_pid()", &[])?.get(0);
        Ok(Tracer { client, beside, process, cluster })
    }

    /// The server's version, as `18.1`.
    pub fn version(&self) -> String {
        self.cluster.installation.version.to_string()
    }

    /// Runs statements that nobody has to look at, each by itself, and gives back those that were refused.
    ///
    /// # Errors
    /// The server has stopped.
    pub fn prepare(&mut self, statements: Vec<String>) -> Result<Vec<String>, Error> {
        let mut refused = Vec::new();
        for statement in statements {
            if self.send(&statement).is_err() {
                self.alive()?;
                refused.push(statement);
            }
        }
        Ok(refused)
    }

    /// Runs one migration's statements without looking at them, and gives PostgreSQL's reasons for those it refused.
    ///
    /// # Errors
    /// The server has stopped.
    pub fn run(&mut self, atomic: bool, statements: &[&str]) -> Result<Vec<String>, Error> {
        let mut refused = Vec::new();
        if atomic && self.send(&format!("BEGIN;{};COMMIT", statements.join(";"))).is_ok() {
            return Ok(refused);
        }
        self.said("ROLLBACK")?;
        for statement in statements {
            if let Err(error) = self.send(statement) {
                self.alive()?;
                refused.push(error.message);
            }
        }
        Ok(refused)
    }

    /// Runs one migration's statements and looks at each. One that is refused is taken back, and the others run.
    ///
    /// # Errors
    /// The server has stopped.
    pub fn migrate(&mut self, atomic: bool, statements: &[&str]) -> Result<Vec<Outcome>, Error> {
        if !atomic {
            let filled: BTreeSet<String> = self.tables()?.into_values().map(|table| table.name).collect();
            let mut outcomes = Vec::with_capacity(statements.len());
            for statement in statements {
                let mut outcome = self.alone(statement)?;
                // To read what the migration itself has made is to read nothing.
                if let Outcome::Ran(Observed { read: Some(read), .. }) = &mut outcome {
                    read.retain(|table| filled.contains(table));
                }
                outcomes.push(outcome);
            }
            return Ok(outcomes);
        }
        self.client.batch_execute("BEGIN")?;
        let outcomes = self.in_transaction(statements)?;
        self.said("COMMIT")?;
        Ok(outcomes)
    }

    /// A statement in a transaction of its own, or in none where it allows none.
    fn alone(&mut self, statement: &str) -> Result<Outcome, Error> {
        if parse_changes(statement).iter().any(is_concurrent) {
            return self.concurrently(statement);
        }
        self.client.batch_execute("BEGIN")?;
        let outcome = self.in_transaction(&[statement])?.pop();
        self.said("COMMIT")?;
        match outcome {
            Some(Outcome::Refused(reason)) if reason.contains(SqlState::ACTIVE_SQL_TRANSACTION.code()) => {
                Ok(match self.send(statement) {
                    Ok(()) => Outcome::Unseen("it does not run in a transaction"),
                    Err(error) => Outcome::Refused(error.message),
                })
            }
            Some(outcome) => Ok(outcome),
            None => Ok(Outcome::Unseen("there is no statement")),
        }
    }

    /// Whether PostgreSQL did as it was told. A constraint that is checked at the end may fail then: what the migration did is lost, as
    /// it is in production.
    fn said(&mut self, what: &str) -> Result<bool, Error> {
        match self.client.batch_execute(what) {
            Ok(()) => Ok(true),
            Err(error) if error.as_db_error().is_some() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Sends a statement within a transaction, which a refusal does not end. Also whether the transaction goes on.
    fn attempt(&mut self, statement: &str) -> Result<(Result<(), Error>, bool), Error> {
        let mut first = None;
        for text in filled(statement) {
            self.client.batch_execute("SAVEPOINT statement")?;
            let sent = send(&mut self.client, &text);
            let back = if sent.is_ok() { "RELEASE SAVEPOINT statement" } else { "ROLLBACK TO SAVEPOINT statement" };
            let is_open = self.said(back)?;
            match sent {
                Err(error) if is_open => {
                    first.get_or_insert(error);
                }
                sent => return Ok((sent, is_open)),
            }
        }
        Ok((first.map_or(Ok(()), Err), true))
    }

    fn alive(&mut self) -> Result<(), Error> {
        Ok(self.client.batch_execute("")?)
    }

    fn in_transaction(&mut self, statements: &[&str]) -> Result<Vec<Outcome>, Error> {
        let mut outcomes = Vec::with_capacity(statements.len());
        let mut before = self.tables()?;
        let old: BTreeSet<u32> = before.keys().copied().collect();
        let mut held = self.locks(&before, &old)?;
        for statement in statements {
            let (sent, is_open) = self.attempt(statement)?;
            if !is_open {
                // The author's own BEGIN or COMMIT has ended the transaction.
                self.said("ROLLBACK")?;
                self.client.batch_execute("BEGIN")?;
            }
            let outcome = match sent {
                Err(error) => Some(Outcome::Refused(error.message)),
                Ok(()) if !is_open => Some(Outcome::Unseen("it ends the transaction")),
                Ok(()) => None,
            };
            if let Some(outcome) = outcome {
                outcomes.push(outcome);
                if !is_open {
                    before = self.tables()?;
                    held = self.locks(&before, &old)?;
                }
                continue;
            }
            let after = self.tables()?;
            let holds = self.locks(&before, &old)?;
            let changed = |differs: fn(&Table, &Table) -> bool| -> BTreeSet<String> {
                let both = old.iter().filter_map(|oid| before.get(oid).zip(after.get(oid)));
                both.filter(|(before, after)| differs(before, after)).map(|(before, _)| before.name.clone()).collect()
            };
            outcomes.push(Outcome::Ran(Observed {
                before: held,
                after: holds,
                rewritten: changed(|before, after| before.file != after.file),
                read: Some(changed(|before, after| before.scans < after.scans)),
            }));
            held = self.locks(&after, &old)?;
            before = after;
        }
        Ok(outcomes)
    }

    /// Such a statement waits until whoever writes to the table has finished, and is looked at while it waits for us.
    fn concurrently(&mut self, statement: &str) -> Result<Outcome, Error> {
        let before = self.tables()?;
        let old: BTreeSet<u32> = before.keys().copied().collect();
        let mut writer = self.cluster.connect()?;
        let names: Vec<String> = before.values().map(|table| quote_name(&table.name)).collect();
        if names.is_empty() {
            return Ok(match self.send(statement) {
                Ok(()) => Outcome::Unseen("there is no table"),
                Err(error) => Outcome::Refused(error.message),
            });
        }
        writer.batch_execute(&format!("BEGIN; LOCK TABLE {} IN ROW EXCLUSIVE MODE", names.join(", ")))?;
        let (client, beside, process) = (&mut self.client, &mut self.beside, self.process);
        let (sent, seen) = std::thread::scope(|scope| {
            let running = scope.spawn(move || send(client, statement));
            let begun = Instant::now();
            let mut seen = Ok(None);
            while !running.is_finished() && begun.elapsed() < PATIENCE {
                seen = locks_of(beside, process, true);
                if !matches!(seen, Ok(None)) {
                    break;
                }
                std::thread::sleep(GLANCE);
            }
            // Lets it go on.
            let released = writer.batch_execute("COMMIT");
            let sent = running.join().unwrap_or_else(|_| Err(Error::new("the session ended")));
            (sent, released.map_err(Error::from).and(seen))
        });
        if let Err(error) = sent {
            return Ok(Outcome::Refused(error.message));
        }
        let Some(locks) = seen? else { return Ok(Outcome::Unseen("it waited for nobody")) };
        let after = self.tables()?;
        let rewritten = old.iter().filter_map(|oid| before.get(oid).zip(after.get(oid)));
        let rewritten = rewritten.filter(|(before, after)| before.file != after.file);
        Ok(Outcome::Ran(Observed {
            before: BTreeMap::new(),
            after: strongest(&locks, &before, &old),
            rewritten: rewritten.map(|(before, _)| before.name.clone()).collect(),
            read: None,
        }))
    }

    /// Sends a statement outside of any transaction.
    fn send(&mut self, statement: &str) -> Result<(), Error> {
        let mut first = None;
        for text in filled(statement) {
            match send(&mut self.client, &text) {
                Ok(()) => return Ok(()),
                Err(error) => first.get_or_insert(error),
            };
        }
        first.map_or(Ok(()), Err)
    }

    /// Tables of everybody but the system, as the transaction sees them.
    fn tables(&mut self) -> Result<Tables, Error> {
        let rows = self.client.query(
            "SELECT c.oid, n.nspname::text, c.relname::text, c.relfilenode, pg_stat_get_xact_numscans(c.oid) \
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'm') \
             AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')",
            &[],
        )?;
        let table = |row: &postgres::Row| Table {
            name: django_name(row.get(1), row.get(2)),
            file: row.get(3),
            scans: row.get(4),
        };
        Ok(rows.iter().map(|row| (row.get(0), table(row))).collect())
    }

    fn locks(&mut self, tables: &Tables, old: &BTreeSet<u32>) -> Result<BTreeMap<String, LockMode>, Error> {
        let locks = locks_of(&mut self.client, self.process, false)?.unwrap_or_default();
        Ok(strongest(&locks, tables, old))
    }
}

/// Constants, of which every type that Django has takes one.
const CONSTANTS: [&str; 5] =
    ["'0'", "'2000-01-01 00:00:00+00'", "'00000000-0000-0000-0000-000000000000'", "'{}'", "'0.0.0.0'"];

/// The statement, or what may stand for it where values are placeholders: they are constants that only running the project gives.
fn filled(statement: &str) -> Vec<Cow<'_, str>> {
    if !statement.contains("%s") {
        return vec![statement.into()];
    }
    CONSTANTS.iter().map(|constant| statement.replace("%s", constant).into()).collect()
}

/// Sends a text of one or more statements, and ends it when it takes too long.
fn send(client: &mut Client, statement: &str) -> Result<(), Error> {
    let (done, over) = mpsc::channel::<()>();
    let cancel: CancelToken = client.cancel_token();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            if over.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
                let _ = cancel.cancel_query(NoTls);
            }
        });
        let sent = client.batch_execute(statement);
        drop(done);
        sent.map_err(|error| match error.code() {
            Some(&SqlState::QUERY_CANCELED) => Error::new("it takes longer than 20 s, without any rows"),
            _ => error.into(),
        })
    })
}

/// Locks that a process has on relations; with `waiting`, none until it waits for another.
fn locks_of(client: &mut Client, process: i32, waiting: bool) -> Result<Option<Vec<(u32, LockMode)>>, Error> {
    let rows = client.query("SELECT relation, mode, granted FROM pg_locks WHERE pid = $1", &[&process])?;
    if waiting && rows.iter().all(|row| row.get(2)) {
        return Ok(None);
    }
    let locks = rows.iter().filter(|row| row.get(2));
    Ok(Some(locks.filter_map(|row| Some((row.get::<_, Option<u32>>(0)?, LockMode::named(row.get(1))?))).collect()))
}

fn strongest(locks: &[(u32, LockMode)], tables: &Tables, old: &BTreeSet<u32>) -> BTreeMap<String, LockMode> {
    let mut found: BTreeMap<String, LockMode> = BTreeMap::new();
    for (oid, mode) in locks.iter().filter(|(oid, _)| old.contains(oid)) {
        if let Some(table) = tables.get(oid) {
            let entry = found.entry(table.name.clone()).or_insert(*mode);
            *entry = (*entry).max(*mode);
        }
    }
    found
}

fn is_concurrent(change: &Change) -> bool {
    match change {
        Change::CreateIndex { concurrently, .. }
        | Change::DropIndex { concurrently, .. }
        | Change::Reindex { concurrently, .. } => *concurrently,
        Change::AlterTable { actions, .. } => {
            actions.iter().any(|action| matches!(action, TableAction::DetachPartition { concurrently: true, .. }))
        }
        _ => false,
    }
}
