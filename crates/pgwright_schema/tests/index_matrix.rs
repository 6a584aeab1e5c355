//! Which index serves which condition, against PostgreSQL 15 and 18 under three collations.

mod common;

use std::collections::BTreeMap;

use common::{list, schema, servers, texts, unpack};
use pgwright_schema::access::{PreparedIndex, Serves, serve};
use pgwright_schema::sql::{parse_expression, parse_index};
use pgwright_schema::terms::{Columns, Scope, Visible, conjuncts, resolve};

/// How many rows have to agree: all that were measured.
const AGREEMENT: usize = 39_607;

#[test]
fn indexes_serve_what_postgresql_uses_them_for() {
    let truth = unpack(include_bytes!("truth/index_matrix.json.gz"));
    let schema = schema();
    let table = schema.table("gt_thing").expect("the table");
    let servers = servers(&truth);
    let author = schema.table("gt_author").expect("the table");
    let visible = [
        Visible { relation: 0, alias: "gt_thing".to_owned(), columns: Columns::Table(table) },
        Visible { relation: 1, alias: "gt_author".to_owned(), columns: Columns::Table(author) },
    ];
    let scope = Scope { relations: &visible, outer: None, values: &[], subquery: Some(&|_, _| 0) };
    let conditions: Vec<_> = texts(&truth, "conditions")
        .into_iter()
        .map(|sql| (sql, parse_expression(sql).map(|node| conjuncts(resolve(&node, &scope)))))
        .collect();
    let indexes: Vec<_> = texts(&truth, "indexes")
        .into_iter()
        .map(|sql| {
            let definition = parse_index(sql).expect(sql);
            PreparedIndex::from_definition(&definition, table).expect(sql)
        })
        .collect();
    let definitions = texts(&truth, "indexes");
    let (mut rows, mut agreed) = (0_usize, 0_usize);
    let mut wrong: BTreeMap<String, usize> = BTreeMap::new();
    for row in list(&truth, "rows") {
        let label = row[0].as_str().expect("a label");
        let (sql, clauses) = &conditions[row[1].as_u64().expect("a condition") as usize];
        let place = row[2].as_u64().expect("an index") as usize;
        let measured = row[3].as_str().expect("letters");
        for (server, letter) in servers.iter().zip(measured.chars()) {
            if letter == '-' {
                continue;
            }
            rows += 1;
            let (serves, reason) = match clauses {
                Ok(clauses) => {
                    let served = serve(&indexes[place], clauses, server).serves;
                    (!matches!(served, Serves::No(_)), served.to_string())
                }
                Err(error) => (false, error.to_string()),
            };
            if serves == (letter != 'n') {
                agreed += 1;
            } else {
                let line = format!("{label}: {sql}\n    {}\n    measured {letter}, said {reason}", definitions[place]);
                *wrong.entry(line).or_default() += 1;
            }
        }
    }
    println!("{agreed} of {rows} rows agree ({:.2} %)", agreed as f64 * 100.0 / rows as f64);
    for (line, count) in &wrong {
        println!("{count} × {line}");
    }
    assert!(agreed >= AGREEMENT, "{agreed} of {rows} rows agree, {AGREEMENT} did before");
}
