//! Sessions with other databases read, keep their limits, and say what is wrong.

#![cfg(unix)]
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests start servers and look at the machine")]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use pgwright_postgres::cluster::usual_locales;
use pgwright_postgres::live::{Address, Limits, Live};
use pgwright_postgres::{Cluster, Search, installation};
use pgwright_schema::privacy::{Values, keep};

fn cluster() -> Cluster {
    let search = Search { given: std::env::var_os("PGWRIGHT_POSTGRES_BIN").map(PathBuf::from), ..Search::default() };
    let installation = installation::find(&search).expect("a PostgreSQL server; `cargo xtask test` brings one");
    Cluster::start(&installation, &usual_locales()).unwrap()
}

fn address(cluster: &Cluster, user: &str) -> Address {
    let given = format!("host={} user={user} dbname=postgres", cluster.folder().display());
    Address::find(Some(&given), &|_| None).unwrap()
}

fn live(cluster: &Cluster) -> Live {
    Live::connect(&address(cluster, "postgres"), Limits::default()).unwrap()
}

#[test]
fn an_owner_cannot_write_by_any_statement() {
    let cluster = cluster();
    let mut owner = cluster.connect().unwrap();
    owner
        .batch_execute(
            "CREATE TABLE t (id int PRIMARY KEY, n int); INSERT INTO t SELECT i, i FROM generate_series(1, 100) i; ANALYZE t;
             CREATE SEQUENCE s; CREATE FUNCTION worse() RETURNS int LANGUAGE plpgsql AS
             $$ BEGIN DELETE FROM t; RETURN 1; END $$;
             CREATE FUNCTION evil() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM worse(); RETURN 1; END $$;",
        )
        .unwrap();
    let mut state = || -> String {
        let rows = "SELECT (SELECT sum(id) + sum(n) FROM t)::text || (SELECT last_value FROM s) || (SELECT count(*) FROM pg_class) || \
                    (SELECT count(*) FROM pg_roles) || current_setting('work_mem')";
        owner.query_one(rows, &[]).unwrap().get(0)
    };
    let before = state();
    let mut live = live(&cluster);
    let statements = [
        "INSERT INTO t VALUES (1000, 1)",
        "UPDATE t SET n = 0",
        "DELETE FROM t",
        "MERGE INTO t USING t u ON t.id = u.id WHEN MATCHED THEN DELETE",
        "WITH gone AS (DELETE FROM t RETURNING *) SELECT * FROM gone",
        "SELECT * INTO u FROM t",
        "SELECT evil()",
        "SELECT nextval('s')",
        "SELECT 1 FROM t FOR UPDATE",
        "CREATE TABLE u AS SELECT * FROM t",
        "CREATE MATERIALIZED VIEW u AS SELECT * FROM t",
        "SELECT 1; DELETE FROM t",
        "SELECT 1; COMMIT; DELETE FROM t",
        "ANALYZE DELETE FROM t",
        "(ANALYZE) DELETE FROM t",
        "TRUNCATE t",
        "DROP TABLE t",
        "ALTER TABLE t DROP COLUMN n",
        "CREATE INDEX ON t (n)",
        "CREATE ROLE someone",
        "GRANT ALL ON t TO public",
        "VACUUM t",
        "COPY t FROM PROGRAM 'echo 1'",
        "DO $$ BEGIN DELETE FROM t; END $$",
        "CALL evil()",
        "SET work_mem = '1GB'",
        "SET TRANSACTION READ WRITE",
        "ROLLBACK",
        "EXECUTE x",
        "LOCK TABLE t",
        "REFRESH MATERIALIZED VIEW u",
        "COMMENT ON TABLE t IS 'x'",
    ];
    for statement in statements {
        let _ = live.plan(statement);
        let _ = live.parameter_types(statement);
        assert_eq!(state(), before, "{statement}");
    }
    // The planner itself calls functions that say they are immutable.
    let error = live.plan("SELECT evil()").unwrap_err();
    assert!(error.message.contains("read-only transaction"), "{error}");
    assert!(live.plan("DELETE FROM t").is_ok(), "what is only planned is planned");
    assert!(live.statistics().unwrap().tables["t"].columns.contains_key("n"), "and the session goes on");
}

#[test]
fn limits_hold_and_say_so() {
    let cluster = cluster();
    let mut owner = cluster.connect().unwrap();
    owner
        .batch_execute("CREATE FUNCTION slow() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN PERFORM pg_sleep(30); RETURN 1; END $$")
        .unwrap();
    let limits = Limits { statement: Duration::from_millis(200), lock: Duration::from_millis(100) };
    let mut live = Live::connect(&address(&cluster, "postgres"), limits).unwrap();
    let begun = Instant::now();
    let error = live.plan("SELECT slow()").unwrap_err();
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert!(error.message.contains("statement timeout") && !error.hints.is_empty(), "{error}");
    owner.batch_execute("CREATE TABLE t (id int)").unwrap();
    owner.batch_execute("BEGIN; LOCK TABLE t").unwrap();
    let error = live.plan("SELECT * FROM t").unwrap_err();
    assert!(error.message.contains("lock timeout"), "{error}");
    owner.batch_execute("ROLLBACK").unwrap();
    assert!(live.plan("SELECT * FROM t").is_ok());
}

#[test]
fn a_server_that_is_not_there_or_goes_away_is_said() {
    let absent = Address::find(Some("postgresql://me:hunter2@127.0.0.1:1/shop"), &|_| None).unwrap();
    let error = Live::connect(&absent, Limits::default()).unwrap_err();
    assert!(error.message.starts_with("could not connect to me@127.0.0.1:1/shop"), "{error}");
    assert!(!error.to_string().contains("hunter2") && !error.hints.is_empty(), "{error}");
    let cluster = cluster();
    let mut live = live(&cluster);
    drop(cluster);
    let error = live.plan("SELECT 1").unwrap_err();
    assert!(error.message.contains("connection"), "{error}");
    let error = Live::connect(&address(&self::cluster(), "nobody"), Limits::default()).unwrap_err();
    assert!(error.message.contains("nobody"), "{error}");
}

#[test]
fn a_role_without_rights_is_told_what_it_cannot_see() {
    let cluster = cluster();
    let mut owner = cluster.connect().unwrap();
    owner
        .batch_execute(
            "CREATE TABLE seen (id int); CREATE TABLE hidden (secret text); INSERT INTO seen VALUES (1), (2);
             INSERT INTO hidden VALUES ('a'), ('b'); ANALYZE; CREATE ROLE reader LOGIN; GRANT SELECT ON seen TO reader",
        )
        .unwrap();
    let mut live = Live::connect(&address(&cluster, "reader"), Limits::default()).unwrap();
    assert_eq!(live.server().unwrap().hidden_tables, ["hidden"]);
    let statistics = live.statistics().unwrap();
    assert!(statistics.tables["seen"].columns.contains_key("id"));
    assert_eq!(statistics.tables["hidden"].size.rows, 2.0, "sizes are for everyone to see");
    assert!(statistics.tables["hidden"].columns.is_empty());
    let error = live.plan("SELECT * FROM hidden").unwrap_err();
    assert!(error.message.contains("permission denied"), "{error}");
}

/// Every type a column may have, each row with a secret in it.
const SECRETS: &str = "
    CREATE EXTENSION hstore; CREATE EXTENSION citext; CREATE EXTENSION pg_trgm;
    CREATE TABLE people (id int, name text, code varchar(40), fixed char(20), nick citext, data jsonb, plain json, tags text[], extra hstore,
      body tsvector, place inet, network cidr, mac macaddr, key uuid, blob bytea, doc xml, bits bit varying, title name);
    INSERT INTO people SELECT i, 'hunter' || i % 9, 'hunter' || i % 7, 'hunter' || i, 'hunter' || i % 5, jsonb_build_object('a', 'hunter' || i % 3),
      '{\"a\": \"hunter\"}', ARRAY['hunter' || i % 4, 'hunter' || i], hstore('a', 'hunter' || i % 3), to_tsvector('simple', 'hunter' || i % 6),
      ('203.0.113.' || i % 200)::inet, '203.0.113.0/24', '08:00:2b:01:02:03', md5('hunter' || i % 9)::uuid, ('hunter' || i % 2)::bytea, NULL,
      B'101', 'hunter' || i % 2 FROM generate_series(1, 2000) i;
    CREATE INDEX ON people (upper(name)); CREATE INDEX ON people USING gin (upper(name) gin_trgm_ops); CREATE INDEX ON people ((data ->> 'a'));
    ANALYZE people";

#[test]
fn no_secret_is_in_a_snapshot_that_is_safe() {
    let cluster = cluster();
    cluster.connect().unwrap().batch_execute(SECRETS).unwrap();
    let mut live = live(&cluster);
    let statistics = live.statistics().unwrap();
    let secrets = |values| {
        let mut kept = statistics.clone();
        keep(&mut kept, values);
        let text = format!("{kept:?}").to_lowercase();
        ["hunter", "203.0.113", "68756e746572", "08:00:2b"].iter().filter(|secret| text.contains(**secret)).count()
    };
    assert!(secrets(Values::All) >= 3, "the test plants what can be found");
    assert_eq!(secrets(Values::Safe), 0);
    assert_eq!(secrets(Values::None), 0);
}
