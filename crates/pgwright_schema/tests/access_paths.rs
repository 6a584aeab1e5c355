//! How each table of a statement is read, against PostgreSQL 18 with 2.9 million rows and PostgreSQL 15 with a tenth of them.

#![allow(clippy::print_stdout, reason = "the figures are the result")]

mod common;

use std::collections::BTreeMap;

use common::{list, servers, table, unpack};
use pgwright_schema::access::PreparedIndex;
use pgwright_schema::predict::{Database, OrderBy, Prediction, Scan, predict};
use pgwright_schema::sql::{parse_index, parse_statement};
use pgwright_schema::statement::{Query, resolve_statement};
use pgwright_schema::{Schema, Statistics};
use serde_json::Value as Json;

fn schema(truth: &Json) -> Schema {
    let mut tables = Vec::new();
    for (name, described) in truth["tables"].as_object().expect("tables") {
        let columns: Vec<(String, String)> = list(described, "columns")
            .iter()
            .map(|column| {
                let null = if column[2] == true { "" } else { " NULL" };
                let text = |place: usize| column[place].as_str().expect("text");
                (text(0).to_owned(), format!("{}{null}", text(1)))
            })
            .collect();
        let columns: Vec<(&str, &str)> = columns.iter().map(|(name, type_)| (name.as_str(), type_.as_str())).collect();
        tables.push(table(name, &columns));
    }
    Schema { tables, extensions: Vec::new() }
}

/// Every reading of a table in a plan: its alias, and how it is read.
fn planned(node: &Json, found: &mut Vec<(String, String)>) {
    let text = |key: &str| node[key].as_str().unwrap_or_default();
    let name = text("node");
    let alias = text("alias").to_owned();
    match name {
        "Seq Scan" => found.push((alias, "Seq Scan".to_owned())),
        "Index Scan" | "Index Only Scan" => found.push((alias, format!("{name} {}", text("index")))),
        "Bitmap Heap Scan" => {
            let mut indexes = Vec::new();
            bitmap_indexes(node, &mut indexes);
            found.push((alias, format!("Bitmap {}", indexes.join(" "))));
        }
        _ => {}
    }
    for child in list(node, "children") {
        planned(child, found);
    }
}

fn bitmap_indexes(node: &Json, found: &mut Vec<String>) {
    if node["node"] == "Bitmap Index Scan" {
        found.push(node["index"].as_str().unwrap_or_default().to_owned());
        found.sort();
    }
    list(node, "children").iter().for_each(|child| bitmap_indexes(child, found));
}

fn predicted(prediction: &Prediction) -> Vec<(String, String)> {
    prediction
        .accesses
        .iter()
        .filter_map(|access| {
            let scan = match &access.scan {
                Scan::Nothing => return None,
                Scan::Sequential => "Seq Scan".to_owned(),
                Scan::Index { index, .. } => format!("Index Scan {index}"),
                Scan::IndexOnly { index, .. } => format!("Index Only Scan {index}"),
                Scan::Bitmap(bitmap) => {
                    let mut indexes = bitmap.indexes();
                    indexes.sort_unstable();
                    format!("Bitmap {}", indexes.join(" "))
                }
            };
            Some((access.alias.to_string(), scan))
        })
        .collect()
}

/// How the order of one table's rows comes about in a plan.
fn order(node: &Json) -> OrderBy {
    match node["node"].as_str() {
        Some("Sort") => OrderBy::Sorted,
        Some("Incremental Sort") => OrderBy::SortedWithin,
        _ => list(node, "children").first().map_or(OrderBy::Provided, order),
    }
}

/// Whether nothing but the scan decides about the order.
fn is_plain(query: &Query) -> bool {
    let block = &query.blocks[0];
    query.relations.len() == 1 && !block.order.is_empty() && block.group.is_empty() && block.distinct.is_none()
}

#[test]
fn tables_are_read_as_postgresql_18_reads_them() {
    compare(include_bytes!("truth/access_paths.json.gz"), 312);
}

/// A tenth of the rows, and no rule was found by looking at this one.
#[test]
fn tables_are_read_as_postgresql_15_reads_them() {
    compare(include_bytes!("truth/access_paths_15.json.gz"), 306);
}

/// Predicts every statement; so many have to be as they are planned.
fn compare(truth: &[u8], least: usize) {
    let truth = unpack(truth);
    let schema = schema(&truth);
    let statistics: Statistics = serde_json::from_value(truth["statistics"].clone()).expect("statistics");
    let server = servers(&truth).swap_remove(0);
    let mut database = Database::new(&schema, &statistics, server);
    for (place, table) in schema.tables.iter().enumerate() {
        let definitions = list(&truth["tables"][&table.name], "indexes").iter().filter_map(Json::as_str);
        let indexes =
            definitions.map(|sql| PreparedIndex::from_definition(&parse_index(sql).expect(sql), table).expect(sql));
        database.set_indexes(place, indexes.collect());
    }
    let (mut agreed, mut orders, mut same_order) = (0_usize, 0_usize, 0_usize);
    let mut wrong = Vec::new();
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    let plans = list(&truth, "plans");
    for entry in plans {
        let sql = entry[0].as_str().expect("a statement");
        let query = resolve_statement(&parse_statement(sql).expect(sql), &schema, &[]);
        let prediction = predict(&query, &database);
        let mut real = Vec::new();
        planned(&entry[1], &mut real);
        let mut ours = predicted(&prediction);
        real.sort();
        ours.sort();
        if is_plain(&query) {
            orders += 1;
            same_order += usize::from(prediction.accesses.iter().all(|access| access.order == order(&entry[1])));
        }
        if real == ours {
            agreed += 1;
        } else {
            let differs = |a: &[(String, String)], b: &[(String, String)]| {
                let left = a.iter().filter(|each| !b.contains(each));
                left.map(|(alias, scan)| format!("{alias}: {scan}")).collect::<Vec<_>>().join(", ")
            };
            let cost = entry[1]["total_cost"].as_f64().unwrap_or_default();
            *kinds.entry(if query.relations.len() > 1 { "joins" } else { "one table" }.to_owned()).or_default() += 1;
            wrong.push(format!(
                "{sql}\n    planned {} ({cost:.0})\n    said    {} ({:.0})",
                differs(&real, &ours),
                differs(&ours, &real),
                prediction.cost
            ));
        }
    }
    println!("{}", wrong.join("\n"));
    println!(
        "{agreed} of {} statements read as planned ({:.1} %); wrong: {kinds:?}",
        plans.len(),
        agreed as f64 * 100.0 / plans.len() as f64
    );
    println!("{same_order} of {orders} orders of one table come about as planned");
    assert_eq!(same_order, orders, "orders that come about as planned");
    assert!(agreed >= least, "{agreed} of {} read as planned, {least} did before", plans.len());
}
