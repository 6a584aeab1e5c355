//! Statements run on a private server, what they do is seen, and they can do nothing else.

#![cfg(unix)]
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests start servers and look at the machine")]

use std::path::PathBuf;

use pgwright_postgres::cluster::usual_locales;
use pgwright_postgres::trace::{Outcome, Tracer};
use pgwright_postgres::{Cluster, Search, installation};
use pgwright_schema::change::{Effect, LockMode};

fn tracer() -> Tracer {
    let search = Search { given: std::env::var_os("PGWRIGHT_POSTGRES_BIN").map(PathBuf::from), ..Search::default() };
    let installation = installation::find(&search).expect("a PostgreSQL server; `cargo xtask test` brings one");
    Tracer::new(Cluster::start(&installation, &usual_locales()).unwrap()).unwrap()
}

const TABLES: [&str; 2] = [
    "CREATE TABLE author (id bigint PRIMARY KEY)",
    "CREATE TABLE book (id bigint PRIMARY KEY, n int, author_id bigint REFERENCES author)",
];

fn effects(outcome: &Outcome) -> Vec<Effect> {
    match outcome {
        Outcome::Ran(observed) => {
            observed.effects().into_iter().filter(|effect| effect.lock > LockMode::AccessShare).collect()
        }
        other => panic!("{other:?}"),
    }
}

fn effect(table: &str, lock: LockMode, rewrite: bool, scan: bool) -> Effect {
    Effect { rewrite, scan, ..Effect::new(table, lock) }
}

#[test]
fn locks_rewrites_and_reads_are_seen() {
    let mut tracer = tracer();
    assert!(tracer.run(true, &TABLES).unwrap().is_empty());
    let seen = tracer
        .migrate(
            true,
            &[
                "CREATE INDEX book_n ON book (n)",
                "ALTER TABLE book ALTER COLUMN n TYPE text",
                "ALTER TABLE book RENAME TO volume",
                "ALTER TABLE volume ADD COLUMN other_id bigint REFERENCES author",
                "CREATE TABLE made (id int)",
                "ALTER TABLE made ADD COLUMN n int",
            ],
        )
        .unwrap();
    assert_eq!(effects(&seen[0]), [effect("book", LockMode::Share, false, true)]);
    assert_eq!(effects(&seen[1]), [effect("book", LockMode::AccessExclusive, true, true)]);
    assert_eq!(effects(&seen[2]), [], "the lock was there already");
    assert_eq!(effects(&seen[3]), [effect("author", LockMode::ShareRowExclusive, false, false)]);
    assert_eq!((effects(&seen[4]), effects(&seen[5])), (vec![], vec![]), "nobody else sees a new table");
}

#[test]
fn what_runs_in_no_transaction_is_seen_while_it_waits() {
    let mut tracer = tracer();
    tracer.run(true, &TABLES).unwrap();
    let sent = ["CREATE INDEX CONCURRENTLY book_n ON book (n)", "DROP INDEX CONCURRENTLY book_n", "VACUUM book"];
    let seen = tracer.migrate(false, &sent).unwrap();
    for outcome in &seen[..2] {
        assert_eq!(effects(outcome), [effect("book", LockMode::ShareUpdateExclusive, false, false)]);
    }
    assert!(matches!(seen[2], Outcome::Unseen(_)), "{:?}", seen[2]);
}

#[test]
fn a_refusal_ends_nothing_and_neither_does_an_authors_commit() {
    let mut tracer = tracer();
    tracer.run(true, &TABLES).unwrap();
    let sent = [
        "SELECT nothing FROM nowhere",
        "ALTER TABLE book ADD COLUMN a int",
        "BEGIN; ALTER TABLE book ADD COLUMN b int; COMMIT",
        "ALTER TABLE book DROP COLUMN b",
        "ALTER TABLE book ADD COLUMN c uuid DEFAULT %s NOT NULL",
    ];
    let seen = tracer.migrate(true, &sent).unwrap();
    assert!(matches!(&seen[0], Outcome::Refused(reason) if reason.contains("42P01")), "{:?}", seen[0]);
    assert_eq!(effects(&seen[1]), [effect("book", LockMode::AccessExclusive, false, false)]);
    assert!(matches!(seen[2], Outcome::Unseen(_)), "{:?}", seen[2]);
    assert!(effects(&seen[3]).iter().all(|effect| !effect.rewrite), "the column is there");
    assert!(matches!(seen[4], Outcome::Ran(_)), "a constant of its type stands for what is not known: {:?}", seen[4]);
}

/// The statements are a stranger's.
#[test]
fn nothing_outside_of_the_server_can_be_reached() {
    let mut tracer = tracer();
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    let file = folder.path().join("written");
    let file = file.display();
    let hostile = [
        format!("COPY (SELECT 1) TO PROGRAM 'touch {file}'"),
        format!("COPY (SELECT 1) TO '{file}'"),
        "COPY pg_temp.t FROM PROGRAM 'id'".to_owned(),
        "SELECT pg_read_file('/etc/passwd')".to_owned(),
        "SELECT pg_ls_dir('/')".to_owned(),
        "SELECT lo_import('/etc/passwd')".to_owned(),
        format!("SELECT lo_export(lo_from_bytea(0, 'x'), '{file}')"),
        "ALTER SYSTEM SET archive_command = 'id'".to_owned(),
        "SET SESSION AUTHORIZATION postgres".to_owned(),
        "SET ROLE postgres".to_owned(),
        "ALTER ROLE migrator SUPERUSER".to_owned(),
        "CREATE FUNCTION f(cstring) RETURNS int AS '/lib/x86_64-linux-gnu/libc.so.6', 'system' LANGUAGE c".to_owned(),
        "LOAD '/tmp/x.so'".to_owned(),
        "CREATE EXTENSION plpython3u".to_owned(),
        "CREATE EXTENSION file_fdw".to_owned(),
        "CREATE EXTENSION dblink".to_owned(),
    ];
    let hostile: Vec<&str> = hostile.iter().map(String::as_str).collect();
    for atomic in [true, false] {
        let seen = tracer.migrate(atomic, &hostile).unwrap();
        for (statement, outcome) in hostile.iter().zip(&seen) {
            assert!(matches!(outcome, Outcome::Refused(_)), "{statement}: {outcome:?}");
        }
        assert_eq!(tracer.run(atomic, &hostile).unwrap().len(), hostile.len());
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
