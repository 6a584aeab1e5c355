//! The indexes that `pgwright_schema` proposes, held against the planner: each is built, and has to be used and to lower the cost.

#![cfg(unix)]
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests start servers and look at the machine")]
#![allow(clippy::print_stdout, reason = "the figures are the result")]

use std::path::PathBuf;

use pgwright_postgres::cluster::usual_locales;
use pgwright_postgres::{Cluster, Search, installation, measure};
use pgwright_schema::access::{DatabaseCollation, PreparedIndex, Server};
use pgwright_schema::candidates::candidates;
use pgwright_schema::predict::Database;
use pgwright_schema::sql::{parse_index, parse_statement};
use pgwright_schema::statement::resolve_statement;
use pgwright_schema::{Column, PgType, Schema, Table};

const SCHEMA: &str = include_str!("fidelity/schema.sql");
const DATA: &str = include_str!("fidelity/data.sql");
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

fn schema(client: &mut postgres::Client) -> Schema {
    let mut tables: Vec<Table> = Vec::new();
    for row in client
        .query("SELECT c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace ORDER BY c.oid, a.attnum", &[])
        .unwrap()
    {
        let (table, name, type_, not_null): (String, String, String, bool) =
            (row.get(0), row.get(1), row.get(2), row.get(3));
        if tables.last().is_none_or(|last| last.name != table) {
            tables.push(Table {
                name: table,
                columns: Vec::new(),
                constraints: Vec::new(),
                indexes: Vec::new(),
                comment: None,
                tablespace: None,
            });
        }
        tables.last_mut().unwrap().columns.push(Column {
            name,
            type_: PgType::parse(&type_),
            null: !not_null,
            default: None,
            identity: None,
            collation: None,
            generated: None,
            comment: None,
        });
    }
    Schema { tables, extensions: Vec::new() }
}

#[test]
#[ignore = "fills three hundred thousand rows and builds hundreds of indexes"]
fn the_planner_uses_what_is_proposed() {
    let search = Search { given: std::env::var_os("PGWRIGHT_POSTGRES_BIN").map(PathBuf::from), ..Search::default() };
    let cluster = Cluster::start(&installation::find(&search).unwrap(), &usual_locales()).unwrap();
    let mut client = cluster.connect().unwrap();
    let data = ROWS.iter().fold(DATA.to_owned(), |text, (name, rows)| text.replace(name, &(rows / 10).to_string()));
    for statement in SCHEMA.lines().chain(data.lines()).chain(["VACUUM ANALYZE", "SET jit = off"]) {
        client.batch_execute(statement).unwrap();
    }
    let schema = schema(&mut client);
    let statistics = measure::statistics(&mut client).unwrap();
    let version: i32 =
        client.query_one("SELECT current_setting('server_version_num')::int / 10000", &[]).unwrap().get(0);
    let server = Server { version: version as u32, collation: DatabaseCollation::Linguistic("C.UTF-8".into()) };
    let mut database = Database::new(&schema, &statistics, server);
    for (place, table) in schema.tables.iter().enumerate() {
        let rows = client
            .query("SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = $1::text::regclass ORDER BY indexrelid", &[&table.name])
            .unwrap();
        let definitions = rows.iter().map(|row| parse_index(row.get(0)).unwrap());
        let indexes = definitions.map(|definition| PreparedIndex::from_definition(&definition, table).unwrap());
        database.set_indexes(place, indexes.collect());
    }
    let (mut proposed, mut used, mut cheaper, mut none) = (0_usize, 0_usize, 0_usize, 0_usize);
    let mut wrong = Vec::new();
    for sql in QUERIES.iter().flat_map(|queries| queries.lines()) {
        let query = resolve_statement(&parse_statement(sql).unwrap(), &schema, &[]);
        let before = pgwright_postgres::plan(&mut client, sql).unwrap().total_cost;
        let Some(best) = candidates(&query, &database).into_iter().next() else {
            none += 1;
            continue;
        };
        proposed += 1;
        let name = &best.index.name;
        client.batch_execute(&best.sql()).unwrap();
        client.batch_execute(&format!("ANALYZE \"{}\"", best.index.table)).unwrap();
        let plan = pgwright_postgres::plan(&mut client, sql).unwrap();
        client.batch_execute(&format!("DROP INDEX \"{name}\"")).unwrap();
        let is_used = plan.nodes().iter().any(|node| node.index.as_ref() == Some(name));
        used += usize::from(is_used);
        cheaper += usize::from(is_used && plan.total_cost < before);
        if !is_used || plan.total_cost >= before {
            wrong.push(format!("{sql}\n    {}: {before:.0}, then {:.0}", best.sql(), plan.total_cost));
        }
    }
    println!("{}", wrong.join("\n"));
    println!("{proposed} indexes proposed, {used} used, {cheaper} cheaper; none for {none} statements");
    assert!(cheaper * 100 >= proposed * 95, "{cheaper} of {proposed} lower the cost");
}
