//! Candidate indexes of a shadow, hidden and shown one by one, held against the same indexes built in the database with the rows.

#![cfg(unix)]
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests start servers and look at the machine")]
#![allow(clippy::print_stdout, reason = "the figures are the result")]

use std::path::PathBuf;

use pgwright_postgres::cluster::usual_locales;
use pgwright_postgres::shadow::Definition;
use pgwright_postgres::{Cluster, Search, Shadow, installation, measure};

const SCHEMA: &str = include_str!("fidelity/schema.sql");
const DATA: &str = include_str!("fidelity/data.sql");
/// Statements below an index are planned with it.
const CANDIDATES: &str = include_str!("what_if/candidates.sql");

/// Indexes that Django makes for the foreign keys.
const KEYS: &str = "CREATE INDEX product_cat ON product(category_id);\
CREATE INDEX orders_customer ON orders(customer_id);\
CREATE INDEX item_order ON item(order_id);\
CREATE INDEX item_product ON item(product_id);\
CREATE INDEX visit_customer ON visit(customer_id);\
CREATE INDEX booking_product ON booking(product_id);\
CREATE INDEX review_product ON review(product_id)";

const ROWS: [(&str, u32); 8] = [
    ("$customers", 20_000),
    ("$products", 4_000),
    ("$orders", 60_000),
    ("$items", 120_000),
    ("$memberships", 30_000),
    ("$visits", 40_000),
    ("$bookings", 10_000),
    ("$reviews", 10_000),
];

fn cluster() -> Cluster {
    let search = Search { given: std::env::var_os("PGWRIGHT_POSTGRES_BIN").map(PathBuf::from), ..Search::default() };
    let installation = installation::find(&search).expect("a PostgreSQL server; `cargo xtask test` brings one");
    Cluster::start(&installation, &usual_locales()).unwrap()
}

#[test]
fn indexes_that_are_tried_do_what_they_do_when_built() {
    let populated = cluster();
    println!("PostgreSQL {}", populated.installation.version);
    let mut client = populated.connect().unwrap();
    let data = ROWS.iter().fold(DATA.to_owned(), |text, (name, rows)| text.replace(name, &rows.to_string()));
    for statement in
        SCHEMA.lines().chain(data.lines()).chain(KEYS.split(';')).chain(["VACUUM ANALYZE", "SET jit = off"])
    {
        client.batch_execute(statement).unwrap();
    }
    let statistics = measure::statistics(&mut client).unwrap();
    let blocks: Vec<(String, String, Vec<&str>)> = CANDIDATES
        .split("CREATE INDEX tried")
        .skip(1)
        .enumerate()
        .map(|(at, block)| {
            let mut lines = block.trim().lines();
            let name = format!("tried_{at}");
            (format!("CREATE INDEX {name} {}", lines.next().unwrap()), name, lines.collect())
        })
        .collect();
    let tried = blocks.iter().map(|(statement, ..)| statement.as_str());
    let statements = SCHEMA.lines().chain(KEYS.split(';')).chain(tried).map(str::to_owned).collect();
    let definition = Definition { extensions: Vec::new(), statements };
    let settings = [("jit".to_owned(), "off".to_owned())];
    let mut shadow = Shadow::build(cluster(), &definition, &statistics, &settings).unwrap();
    let (mut indexes, mut sizes, mut plans, mut same) = (0_usize, 0_usize, 0_usize, 0_usize);
    let mut differences = Vec::new();
    assert_eq!(shadow.left_out, []);
    shadow.hide_indexes(blocks.iter().map(|(_, name, _)| name.as_str())).unwrap();
    for (statement, name, queries) in &blocks {
        indexes += 1;
        client.batch_execute(statement).unwrap();
        let row = client
            .query_one("SELECT indrelid::regclass::text, 0 = ANY(indkey::int2[]), pg_relation_size(indexrelid) / 8192 FROM pg_index WHERE indexrelid = $1::text::regclass", &[name])
            .unwrap();
        let (table, has_expression, pages): (String, bool, i64) = (row.get(0), row.get(1), row.get(2));
        if has_expression {
            client.batch_execute(&format!("ANALYZE {table}")).unwrap();
        }
        shadow.show_indexes([name.as_str()]).unwrap();
        let expected = shadow.index_pages(name).unwrap().unwrap();
        // Two pages more or less are within what no plan notices.
        let off = (expected as f64 - pages as f64).abs();
        if off <= 2.0 || off <= pages as f64 * 0.25 {
            sizes += 1;
        } else {
            differences.push(format!("{statement}\n    {pages} pages, estimated {}", expected));
        }
        for query in queries {
            plans += 1;
            let real = pgwright_postgres::plan(&mut client, query).unwrap();
            let ours = shadow.plan(query).unwrap();
            if real.shape() == ours.shape() {
                same += 1;
            } else {
                let of =
                    |plan: &pgwright_schema::Plan| format!("{} rows {} {:?}", plan.total_cost, plan.rows, plan.shape());
                differences.push(format!("{statement}\n  {query}\n    {}\n    {}", of(&real), of(&ours)));
            }
        }
        client.batch_execute(&format!("DROP INDEX {name}")).unwrap();
        shadow.hide_indexes([name.as_str()]).unwrap();
    }
    println!("{indexes} indexes, size within a quarter {sizes}; {plans} plans, the same {same}");
    println!("{}", differences.join("\n"));
    assert!(sizes * 10 >= indexes * 9, "{sizes} of {indexes} sizes");
    assert!(same * 100 >= plans * 95, "{same} of {plans} plans");
}
