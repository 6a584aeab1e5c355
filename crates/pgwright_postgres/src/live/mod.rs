//! Sessions with databases that are not ours. They read, and cannot do anything else: there is no way to send them a statement of one's
//! own but through `EXPLAIN`, every transaction is read-only, and each has time limits.

mod address;
mod tls;

use std::collections::BTreeSet;
use std::time::Duration;

use pgwright_schema::activity::Activity;
use pgwright_schema::{Plan, Statistics};
use postgres::{Client, Config, Transaction};

use crate::{Error, explain, measure};

pub use address::Address;

/// How long anything may take, and how long it may wait for a lock.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub statement: Duration,
    pub lock: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { statement: Duration::from_secs(30), lock: Duration::from_secs(2) }
    }
}

/// A session that reads.
pub struct Live {
    client: Client,
    limits: Limits,
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Live")
    }
}

impl Live {
    /// # Errors
    /// The server cannot be reached, or does not let us in.
    pub fn connect(address: &Address, limits: Limits) -> Result<Live, Error> {
        let client = tls::connect(address, &config(address)?).map_err(|error| not_connected(address, error))?;
        Ok(Live { client, limits })
    }

    /// Statistics of all tables that the role may see.
    ///
    /// # Errors
    /// The connection is lost, or a time limit is over.
    pub fn statistics(&mut self) -> Result<Statistics, Error> {
        self.read(|transaction| measure::statistics(transaction))
    }

    /// What the database does with its tables, and which statements it executes most where it counts them.
    ///
    /// # Errors
    /// As [`Live::statistics`].
    pub fn activity(&mut self) -> Result<Activity, Error> {
        let mut activity = self.read(|transaction| measure::activity::activity(transaction))?;
        match self.read(|transaction| measure::activity::statements(transaction)) {
            Ok(statements) => {
                activity.statements = statements.seen;
                if statements.hidden_calls > 0 {
                    activity.not_seen.push(format!(
                        "the texts of {} calls in `pg_stat_statements`: they are other roles' (`GRANT pg_read_all_stats`)",
                        statements.hidden_calls
                    ));
                }
            }
            Err(error) => activity.not_seen.push(format!("`pg_stat_statements`: {}", error.message)),
        }
        Ok(activity)
    }

    /// What the snapshot says of the server.
    ///
    /// # Errors
    /// As [`Live::statistics`].
    pub fn server(&mut self) -> Result<measure::ServerFacts, Error> {
        self.read(|transaction| measure::server(transaction))
    }

    /// The migrations that Django has applied, as app and name; none where it has no table of them (`django_migrations`).
    ///
    /// # Errors
    /// As [`Live::statistics`].
    pub fn applied_migrations(&mut self) -> Result<Option<BTreeSet<(String, String)>>, Error> {
        self.read(|transaction| {
            let is_there = transaction.query_typed_one("SELECT to_regclass('django_migrations') IS NOT NULL", &[])?;
            if !is_there.get::<_, bool>(0) {
                return Ok(None);
            }
            let rows = transaction.query_typed("SELECT app::text, name::text FROM django_migrations", &[])?;
            Ok(Some(rows.iter().map(|row| (row.get(0), row.get(1))).collect()))
        })
    }

    /// The plan of one statement, which is not executed.
    ///
    /// # Errors
    /// As [`Live::statistics`], or PostgreSQL refuses the statement.
    pub fn plan(&mut self, statement: &str) -> Result<Plan, Error> {
        self.read(|transaction| explain::plan(transaction, statement))
    }

    /// PostgreSQL's names of the types of a statement's parameters.
    ///
    /// # Errors
    /// As [`Live::plan`].
    pub fn parameter_types(&mut self, statement: &str) -> Result<Vec<String>, Error> {
        self.read(|transaction| explain::parameter_types(transaction, statement))
    }

    /// Everything happens in a transaction of its own that cannot write and is rolled back. Limits are set for it alone, so this also
    /// holds behind a pool that gives each transaction another connection.
    fn read<T>(&mut self, work: impl FnOnce(&mut Transaction<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let limits = self.limits;
        let mut transaction =
            self.client.build_transaction().read_only(true).start().map_err(|error| lost(error.into()))?;
        transaction.batch_execute(&format!(
            "SET LOCAL statement_timeout = {}; SET LOCAL lock_timeout = {}",
            limits.statement.as_millis(),
            limits.lock.as_millis()
        ))?;
        let outcome = work(&mut transaction).map_err(lost);
        let _ = transaction.rollback();
        outcome
    }
}

fn config(address: &Address) -> Result<Config, Error> {
    let mut config = Config::new();
    let of = |name| address.get(name);
    for host in of("host").into_iter().flat_map(|hosts| hosts.split(',')) {
        config.host(host);
    }
    for port in of("port").into_iter().flat_map(|ports| ports.split(',')) {
        config.port(port.trim().parse().map_err(|_| Error::new("the port of the database's address is no number"))?);
    }
    of("user").map(|user| config.user(user));
    of("password").map(|password| config.password(password));
    of("dbname").map(|name| config.dbname(name));
    let seconds = of("connect_timeout").and_then(|seconds| seconds.parse().ok()).unwrap_or(10);
    config.connect_timeout(Duration::from_secs(seconds));
    config.application_name("pgwright");
    Ok(config)
}

fn not_connected(address: &Address, error: Error) -> Error {
    let message = format!("could not connect to {address}: {}", error.message);
    let text = error.message.to_lowercase();
    let hint = if text.contains("password") || text.contains("authentication") {
        "the password comes from the address, PGPASSWORD or the password file (~/.pgpass, for you alone: chmod 600)"
    } else if text.contains("certificate") || text.contains("tls") {
        "`sslmode=require` encrypts without checking the certificate; `sslrootcert=FILE` names the authority to trust"
    } else if text.contains("refused") || text.contains("timed out") || text.contains("lookup") {
        "is the server running there, and may this machine reach it?"
    } else {
        return Error { message, hints: error.hints };
    };
    Error { message, hints: error.hints }.hint(hint)
}

/// What ended it, when something ended it.
fn lost(error: Error) -> Error {
    if error.message.contains("57014") {
        error.hint("production comes first: what takes long is given up; try when it is less busy, or ask a replica")
    } else if error.message.contains("42501") {
        error.hint("the role needs `pg_read_all_stats` (or `pg_monitor`) to see the statistics of other roles' tables")
    } else {
        error
    }
}
