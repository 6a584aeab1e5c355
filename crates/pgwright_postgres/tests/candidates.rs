//! The indexes that `pgwright_schema` proposes, held against the planner: each is built, and has to be used and to lower the cost.

#![cfg(unix)]
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests start servers and look at the machine")]
#![allow(clippy::print_stdout, reason = "the figures are the result")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use pgwright_postgres::cluster::usual_locales;
use pgwright_postgres::shadow::Definition;
use pgwright_postgres::{Cluster, Error, Search, Shadow, installation, measure};
use pgwright_schema::access::{DatabaseCollation, PreparedIndex, Server};
use pgwright_schema::candidates::{candidates, candidates_of_all};
use pgwright_schema::choice::{self, Budget, choose};
use pgwright_schema::predict::Database;
use pgwright_schema::sql::{parse_index, parse_statement};
use pgwright_schema::statement::{Query, RelationSource, resolve_statement};
use pgwright_schema::{Column, PgType, Schema, Statistics, Table};

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

/// A database with a tenth of the rows, measured.
struct Populated {
    cluster: Cluster,
    client: postgres::Client,
    schema: Schema,
    statistics: Statistics,
    version: u32,
}

fn cluster() -> Cluster {
    let search = Search { given: std::env::var_os("PGWRIGHT_POSTGRES_BIN").map(PathBuf::from), ..Search::default() };
    Cluster::start(&installation::find(&search).unwrap(), &usual_locales()).unwrap()
}

fn populated() -> Populated {
    let cluster = cluster();
    let mut client = cluster.connect().unwrap();
    let data = ROWS.iter().fold(DATA.to_owned(), |text, (name, rows)| text.replace(name, &(rows / 10).to_string()));
    for statement in SCHEMA.lines().chain(data.lines()).chain(["VACUUM ANALYZE", "SET jit = off"]) {
        client.batch_execute(statement).unwrap();
    }
    let schema = schema(&mut client);
    let statistics = measure::statistics(&mut client).unwrap();
    let version: i32 =
        client.query_one("SELECT current_setting('server_version_num')::int / 10000", &[]).unwrap().get(0);
    Populated { cluster, client, schema, statistics, version: version as u32 }
}

impl Populated {
    fn database<'s>(&mut self, schema: &'s Schema) -> Database<'s> {
        let server = Server { version: self.version, collation: DatabaseCollation::Linguistic("C.UTF-8".into()) };
        let mut database = Database::new(schema, &self.statistics, server);
        for (place, table) in schema.tables.iter().enumerate() {
            let rows = self
                .client
                .query("SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = $1::text::regclass ORDER BY indexrelid", &[&table.name])
                .unwrap();
            let definitions = rows.iter().map(|row| parse_index(row.get(0)).unwrap());
            let indexes = definitions.map(|definition| PreparedIndex::from_definition(&definition, table).unwrap());
            database.set_indexes(place, indexes.collect());
        }
        database
    }
}

#[test]
#[ignore = "fills three hundred thousand rows and builds hundreds of indexes"]
fn the_planner_uses_what_is_proposed() {
    let mut populated = populated();
    let schema = populated.schema.clone();
    let database = populated.database(&schema);
    let client = &mut populated.client;
    let (mut proposed, mut used, mut cheaper, mut none) = (0_usize, 0_usize, 0_usize, 0_usize);
    let mut wrong = Vec::new();
    for sql in QUERIES.iter().flat_map(|queries| queries.lines()) {
        let query = resolve_statement(&parse_statement(sql).unwrap(), &schema, &[]);
        let before = pgwright_postgres::plan(client, sql).unwrap().total_cost;
        let Some(best) = candidates(&query, &database).into_iter().next() else {
            none += 1;
            continue;
        };
        proposed += 1;
        let name = &best.index.name;
        client.batch_execute(&best.sql()).unwrap();
        client.batch_execute(&format!("ANALYZE \"{}\"", best.index.table)).unwrap();
        let plan = pgwright_postgres::plan(client, sql).unwrap();
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

/// An index to be tried: its name, how it is made, and the statements it may serve.
struct Tried {
    name: String,
    sql: String,
    statements: Vec<usize>,
}

/// As dexter makes them (`lib/dexter/indexer.rb`): a B-tree on each column that a statement filters, joins or sorts by, and on each pair of
/// those of a table, in both orders.
fn singles_and_pairs(queries: &[Query], schema: &Schema) -> Vec<Tried> {
    let mut wanted: BTreeMap<(usize, Vec<String>), BTreeSet<usize>> = BTreeMap::new();
    for (place, query) in queries.iter().enumerate() {
        for (number, relation) in query.relations.iter().enumerate() {
            let RelationSource::Table(table) = relation.source else { continue };
            let asked = query.blocks.iter().flat_map(|block| {
                let orders = block.order.iter().map(|order| order.term.clone());
                block.conditions().into_iter().chain(orders).collect::<Vec<_>>()
            });
            let columns: BTreeSet<String> =
                asked.flat_map(|term| term.columns(number)).map(|column| column.to_string()).collect();
            for first in &columns {
                wanted.entry((table, vec![first.clone()])).or_default().insert(place);
                for second in columns.iter().filter(|second| *second != first) {
                    wanted.entry((table, vec![first.clone(), second.clone()])).or_default().insert(place);
                }
            }
        }
    }
    let mut tried = Vec::new();
    for ((table, columns), statements) in wanted {
        let name = format!("tried_{}", tried.len());
        let columns: Vec<String> = columns.iter().map(|column| format!("\"{column}\"")).collect();
        let sql = format!("CREATE INDEX \"{name}\" ON \"{}\" ({})", schema.tables[table].name, columns.join(", "));
        tried.push(Tried { name, sql, statements: statements.into_iter().collect() });
    }
    tried
}

/// What each statement costs with these indexes alone.
fn costs(indexes: Vec<String>, statistics: &Statistics) -> Vec<f64> {
    let statements = SCHEMA.lines().map(str::to_owned).chain(indexes).collect();
    let settings = [("jit".to_owned(), "off".to_owned())];
    let definition = Definition { extensions: Vec::new(), statements };
    let mut shadow = Shadow::build(cluster(), &definition, statistics, &settings).unwrap();
    let workload = QUERIES.iter().flat_map(|queries| queries.lines());
    workload.map(|sql| shadow.plan(sql).unwrap().total_cost).collect()
}

/// What the workload costs with the indexes chosen of these, how many they are, and their pages.
fn chosen(tried: Vec<Tried>, statistics: &Statistics, pages: u64) -> (Vec<f64>, usize, u64) {
    let statements: Vec<String> =
        SCHEMA.lines().map(str::to_owned).chain(tried.iter().map(|tried| tried.sql.clone())).collect();
    let definition = Definition { extensions: Vec::new(), statements };
    let settings = [("jit".to_owned(), "off".to_owned())];
    let mut shadow = Shadow::build(cluster(), &definition, statistics, &settings).unwrap();
    let refused: Vec<String> = shadow.left_out.iter().map(|left_out| left_out.statement.clone()).collect();
    let tried: Vec<Tried> = tried.into_iter().filter(|tried| !refused.contains(&tried.sql)).collect();
    let names = |these: &[usize]| these.iter().map(|at| tried[*at].name.clone()).collect::<Vec<_>>();
    shadow.hide_indexes(tried.iter().map(|tried| tried.name.as_str())).unwrap();
    let workload: Vec<&str> = QUERIES.iter().flat_map(|queries| queries.lines()).collect();
    let before: Vec<f64> = workload.iter().map(|sql| shadow.plan(sql).unwrap().total_cost).collect();
    // What is hidden is as if it were not there.
    let without: f64 = costs(Vec::new(), statistics).iter().sum();
    assert!((before.iter().sum::<f64>() / without - 1.0).abs() < 0.001, "{before:?}");
    let offered: Vec<choice::Candidate> = tried
        .iter()
        .map(|tried| choice::Candidate {
            pages: shadow.index_pages(&tried.name).unwrap().unwrap_or_default(),
            statements: tried.statements.clone(),
            upkeep: 0.0,
        })
        .collect();
    let weights = vec![1.0; before.len()];
    let budget = Budget { indexes: usize::MAX, pages };
    let choice = choose(&offered, &before, &weights, budget, |with, place| -> Result<f64, Error> {
        let with = names(with);
        shadow.show_indexes(with.iter().map(String::as_str))?;
        let cost = shadow.plan(workload[place])?.total_cost;
        shadow.hide_indexes(with.iter().map(String::as_str))?;
        Ok(cost)
    })
    .unwrap();
    let spent = choice.chosen.iter().map(|at| offered[*at].pages).sum();
    println!(
        "{} tried: {:.0} before, {:.0} after",
        tried.len(),
        before.iter().sum::<f64>(),
        choice.after.iter().sum::<f64>()
    );
    // Together they may serve what none of them serves alone; and nothing else is there then.
    let made = choice.chosen.iter().map(|at| tried[*at].sql.clone());
    let after = costs(made.collect(), statistics);
    (after, choice.chosen.len(), spent)
}

#[test]
#[ignore = "fills three hundred thousand rows and plans ten thousand times"]
fn the_set_saves_more_than_single_and_two_column_indexes() {
    let mut populated = populated();
    let schema = populated.schema.clone();
    let database = populated.database(&schema);
    let resolve = |sql: &str| resolve_statement(&parse_statement(sql).unwrap(), &schema, &[]);
    let queries: Vec<Query> = QUERIES.iter().flat_map(|queries| queries.lines()).map(resolve).collect();
    let weighted: Vec<(&Query, f64)> = queries.iter().map(|query| (query, 1.0)).collect();
    let ours: Vec<Tried> = candidates_of_all(&weighted, &database)
        .into_iter()
        .map(|candidate| Tried {
            name: candidate.index.name.clone(),
            sql: candidate.sql(),
            statements: candidate.serves.iter().map(|served| served.statement).collect(),
        })
        .collect();
    drop(populated.cluster);
    let (theirs, their_indexes, pages) = chosen(singles_and_pairs(&queries, &schema), &populated.statistics, u64::MAX);
    let (ours, our_indexes, our_pages) = chosen(ours, &populated.statistics, pages);
    let (ours, theirs): (f64, f64) = (ours.iter().sum(), theirs.iter().sum());
    println!("nothing: cost {:.0}", costs(Vec::new(), &populated.statistics).iter().sum::<f64>());
    println!("singles and pairs: {their_indexes} indexes, {pages} pages, cost {theirs:.0}");
    println!("candidates: {our_indexes} indexes, {our_pages} pages, cost {ours:.0}");
    assert!(ours < theirs && our_pages <= pages, "{ours} of {our_pages} pages, {theirs} of {pages}");
}
