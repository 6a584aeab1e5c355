//! The shadow plans as the database with the rows does.

#![cfg(unix)]
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests start servers and look at the machine")]
#![allow(clippy::print_stdout, reason = "the figures are the result")]

use std::path::PathBuf;

use pgwright_postgres::cluster::usual_locales;
use pgwright_postgres::shadow::Definition;
use pgwright_postgres::{Cluster, Search, Shadow, installation, measure};
use pgwright_schema::Plan;

const SCHEMA: &str = include_str!("fidelity/schema.sql");
const DATA: &str = include_str!("fidelity/data.sql");
const INDEXES: &str = include_str!("fidelity/indexes.sql");
const QUERIES: &str = include_str!("fidelity/queries.sql");

/// The planner's settings, the same on both sides.
const SETTINGS: &[(&str, &str)] =
    &[("jit", "off"), ("effective_cache_size", "4GB"), ("work_mem", "4MB"), ("max_parallel_workers_per_gather", "2")];

fn cluster() -> Cluster {
    let search = Search { given: std::env::var_os("PGWRIGHT_POSTGRES_BIN").map(PathBuf::from), ..Search::default() };
    let installation = installation::find(&search).expect("a PostgreSQL server; `cargo xtask test` brings one");
    Cluster::start(&installation, &usual_locales()).unwrap()
}

struct Agreement {
    queries: usize,
    same_plan: usize,
    /// Cost of the same plan within one percent.
    same_cost: usize,
    differences: Vec<String>,
}

/// Plans every query in a database with so many percent of the rows, and in its shadow.
fn compare(percent: u32) -> Agreement {
    let populated = cluster();
    let mut client = populated.connect().unwrap();
    for statement in SCHEMA.lines().chain(data(percent).lines()).chain(INDEXES.lines()).chain(["VACUUM ANALYZE"]) {
        client.batch_execute(statement).unwrap();
    }
    let statistics = measure::statistics(&mut client).unwrap();
    let statements = SCHEMA.lines().chain(INDEXES.lines()).map(str::to_owned).collect();
    let definition = Definition { extensions: Vec::new(), statements };
    let settings: Vec<(String, String)> =
        SETTINGS.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let begun = std::time::Instant::now();
    let mut shadow = Shadow::build(cluster(), &definition, &statistics, &settings).unwrap();
    println!("shadow in {:?}", begun.elapsed());
    assert_eq!(shadow.left_out, []);
    for (name, value) in &settings {
        client.execute("SELECT set_config($1, $2, false)", &[name, value]).unwrap();
    }
    let mut agreement = Agreement { queries: 0, same_plan: 0, same_cost: 0, differences: Vec::new() };
    for query in QUERIES.lines() {
        agreement.queries += 1;
        let real = pgwright_postgres::plan(&mut client, query).unwrap();
        let ours = shadow.plan(query).unwrap();
        if real.shape() != ours.shape() {
            agreement.differences.push(format!("{query}\n    {:?}\n    {:?}", real.shape(), ours.shape()));
            continue;
        }
        agreement.same_plan += 1;
        let off = (real.total_cost - ours.total_cost).abs() / real.total_cost.max(0.01);
        if off <= 0.01 {
            agreement.same_cost += 1;
        } else {
            agreement.differences.push(format!("{query}\n    {}", costs(&real, &ours)));
        }
    }
    println!("same plan {} of {}, cost within 1 % {}", agreement.same_plan, agreement.queries, agreement.same_cost);
    println!("{}", agreement.differences.join("\n"));
    agreement
}

fn costs(real: &Plan, ours: &Plan) -> String {
    let pairs = real.nodes().into_iter().zip(ours.nodes());
    let shown = pairs.map(|(real, ours)| {
        format!(
            "{} {}: {} or {}, rows {} or {}",
            real.node,
            real.index.as_deref().unwrap_or_default(),
            real.total_cost,
            ours.total_cost,
            real.rows,
            ours.rows
        )
    });
    shown.collect::<Vec<_>>().join("\n    ")
}

/// The script that fills the tables, with so many percent of the rows.
fn data(percent: u32) -> String {
    let rows = [
        ("$customers", 200_000),
        ("$products", 20_000),
        ("$orders", 600_000),
        ("$items", 1_200_000),
        ("$memberships", 300_000),
        ("$visits", 400_000),
        ("$bookings", 50_000),
        ("$reviews", 100_000),
    ];
    rows.iter().fold(DATA.to_owned(), |text, (name, rows)| text.replace(name, &(rows / 100 * percent).to_string()))
}

#[test]
#[ignore = "fills two million rows: minutes"]
fn the_shadow_of_two_million_rows_plans_as_they_do() {
    let found = compare(100);
    assert!(found.same_plan * 100 >= found.queries * 99, "{}", found.differences.join("\n"));
    assert!(found.same_cost * 100 >= found.queries * 95, "{}", found.differences.join("\n"));
}

#[test]
fn the_shadow_of_a_small_database_plans_as_it_does() {
    let found = compare(2);
    assert!(found.same_plan * 100 >= found.queries * 99, "{}", found.differences.join("\n"));
}
