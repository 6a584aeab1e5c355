//! Nothing that may be written makes the index logic panic, and whole workloads are answered fast.

#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "the figures and times are the result")]

mod common;

use std::time::Instant;

use common::{list, schema, texts, unpack};
use pgwright_schema::Statistics;
use pgwright_schema::access::{DatabaseCollation, PreparedIndex, Server, serve};
use pgwright_schema::candidates::candidates;
use pgwright_schema::predict::{Database, predict};
use pgwright_schema::sql::{parse_index, parse_statement};
use pgwright_schema::statement::resolve_statement;

fn statements() -> Vec<String> {
    let orders = unpack(include_bytes!("truth/order_matrix.json.gz"));
    let conditions = unpack(include_bytes!("truth/index_matrix.json.gz"));
    let whole = texts(&orders, "statements").into_iter().map(str::to_owned);
    let made = texts(&conditions, "conditions")
        .into_iter()
        .map(|condition| format!("SELECT * FROM gt_thing, gt_author WHERE {condition} ORDER BY dt LIMIT 5"));
    whole.chain(made).collect()
}

fn server() -> Server {
    Server { version: 18, collation: DatabaseCollation::Linguistic("en_US.UTF-8".into()) }
}

/// Statements with tokens taken out, doubled, exchanged: whatever parses is resolved, predicted and searched for candidates.
#[test]
fn broken_statements_are_no_trouble() {
    let schema = schema();
    let database = Database::new(&schema, &Statistics::default(), server());
    let mut seed = 42_u64;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below.max(1)
    };
    let mut read = 0_usize;
    for statement in statements() {
        for _ in 0..3 {
            let mut words: Vec<&str> = statement.split(' ').collect();
            for _ in 0..=random(2) {
                let (one, other) = (random(words.len()), random(words.len()));
                match random(3) {
                    0 => drop(words.remove(one)),
                    1 => words.swap(one, other),
                    _ => words.insert(one, words[other]),
                }
                if words.is_empty() {
                    break;
                }
            }
            let Ok(parsed) = parse_statement(&words.join(" ")) else { continue };
            read += 1;
            let query = resolve_statement(&parsed, &schema, &[]);
            predict(&query, &database);
            if read.is_multiple_of(10) {
                candidates(&query, &database);
            }
        }
    }
    println!("{read} mutated statements read");
    assert!(read > 100, "{read} of the mutated statements could be read");
    for text in [
        "",
        "(",
        "SELECT",
        "SELECT FROM WHERE",
        "WITH x AS (SELECT 1",
        "$1",
        "'",
        "\"",
        "E'\\",
        "é BETWEEN é AND",
        "SELECT %(é",
    ] {
        let _ = parse_statement(text);
    }
}

/// Questions of every index about every statement, each statement read once.
#[test]
fn a_workload_is_answered_fast() {
    let truth = unpack(include_bytes!("truth/index_matrix.json.gz"));
    let schema = schema();
    let table = schema.table("gt_thing").expect("the table");
    let statements = statements();
    let begun = Instant::now();
    let queries: Vec<_> = statements
        .iter()
        .filter_map(|sql| parse_statement(sql).ok())
        .map(|statement| resolve_statement(&statement, &schema, &[]))
        .collect();
    let read = begun.elapsed();
    let indexes: Vec<_> = texts(&truth, "indexes")
        .into_iter()
        .filter_map(|sql| PreparedIndex::from_definition(&parse_index(sql).ok()?, table).ok())
        .collect();
    let begun = Instant::now();
    let server = server();
    let mut questions = 0_usize;
    for query in &queries {
        let clauses = query.blocks[0].conditions();
        for index in &indexes {
            serve(index, &clauses, &server);
            questions += 1;
        }
    }
    let asked = begun.elapsed();
    println!("{} statements read in {read:?}; {questions} questions in {asked:?}", queries.len());
    assert!(!list(&truth, "rows").is_empty());
}
