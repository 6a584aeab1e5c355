//! What `pgwright_schema`'s prediction of access paths is held against: tables, statistics and plans of a database with rows.

#![cfg(unix)]
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests start servers and look at the machine")]

use std::collections::BTreeMap;
use std::path::PathBuf;

use pgwright_postgres::cluster::usual_locales;
use pgwright_postgres::{Cluster, Search, installation, measure};
use pgwright_schema::Plan;
use serde_json::{Value, json};

const SCHEMA: &str = include_str!("fidelity/schema.sql");
const DATA: &str = include_str!("fidelity/data.sql");
const INDEXES: &str = include_str!("fidelity/indexes.sql");
const QUERIES: [&str; 2] =
    [include_str!("fidelity/queries.sql"), include_str!("../../pgwright_schema/tests/access/queries.sql")];

const ROWS: [(&str, u32); 8] = [
    ("$customers", 200_000),
    ("$products", 20_000),
    ("$orders", 600_000),
    ("$items", 1_200_000),
    ("$memberships", 300_000),
    ("$visits", 400_000),
    ("$bookings", 50_000),
    ("$reviews", 100_000),
];

/// What of a plan says how tables are read.
fn scans(plan: &Plan) -> Value {
    let children: Vec<Value> = plan.children.iter().map(scans).collect();
    json!({
        "node": plan.node, "alias": plan.alias, "index": plan.index, "rows": plan.rows, "total_cost": plan.total_cost,
        "children": children,
    })
}

#[test]
#[ignore = "fills two million rows, or PGWRIGHT_PERCENT of them, and writes the truth to the file PGWRIGHT_TRUTH names"]
fn write_what_the_planner_does() {
    let file = PathBuf::from(std::env::var_os("PGWRIGHT_TRUTH").expect("PGWRIGHT_TRUTH names the file to write"));
    let search = Search { given: std::env::var_os("PGWRIGHT_POSTGRES_BIN").map(PathBuf::from), ..Search::default() };
    let cluster = Cluster::start(&installation::find(&search).unwrap(), &usual_locales()).unwrap();
    let mut client = cluster.connect().unwrap();
    let percent: u32 = std::env::var("PGWRIGHT_PERCENT").map_or(100, |text| text.parse().unwrap());
    let data =
        ROWS.iter().fold(DATA.to_owned(), |text, (name, rows)| text.replace(name, &(rows / 100 * percent).to_string()));
    for statement in SCHEMA.lines().chain(data.lines()).chain(INDEXES.lines()).chain(["VACUUM ANALYZE"]) {
        client.batch_execute(statement).unwrap();
    }
    client.batch_execute("SET jit = off; SET effective_cache_size = '4GB'; SET work_mem = '4MB'").unwrap();
    let statistics = measure::statistics(&mut client).unwrap();
    let row = client
        .query_one("SELECT current_setting('server_version_num')::int / 10000, datcollate, datlocprovider::text FROM pg_database WHERE datname = current_database()", &[])
        .unwrap();
    let (version, collation, provider): (i32, String, String) = (row.get(0), row.get(1), row.get(2));
    let mut tables: BTreeMap<String, Value> = BTreeMap::new();
    for row in client
        .query("SELECT c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace ORDER BY c.oid, a.attnum", &[])
        .unwrap()
    {
        let (table, name, type_, not_null): (String, String, String, bool) =
            (row.get(0), row.get(1), row.get(2), row.get(3));
        let table = tables.entry(table).or_insert_with(|| json!({ "columns": [], "indexes": [] }));
        table["columns"].as_array_mut().unwrap().push(json!([name, type_, not_null]));
    }
    for row in client
        .query("SELECT i.indrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE c.relnamespace = 'public'::regnamespace ORDER BY i.indexrelid", &[])
        .unwrap()
    {
        let (table, definition): (String, String) = (row.get(0), row.get(1));
        if let Some(indexes) = tables.get_mut(&table).and_then(|table| table["indexes"].as_array_mut()) {
            indexes.push(json!(definition));
        }
    }
    let plans: Vec<Value> = QUERIES
        .iter()
        .flat_map(|queries| queries.lines())
        .map(|query| json!([query, scans(&pgwright_postgres::plan(&mut client, query).unwrap())]))
        .collect();
    let truth = json!({
        "what": "Tables, statistics and plans of the database of pgwright_postgres/tests/fidelity with all its rows, written by tests/access_paths.rs there",
        "environments": [{ "version": version, "collation": collation, "provider": provider }],
        "tables": tables, "statistics": statistics, "plans": plans,
    });
    std::fs::write(file, serde_json::to_vec(&truth).unwrap()).unwrap();
}
