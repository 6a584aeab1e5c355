//! `pgwright explain` and `pgwright snapshot` as a user runs them.

#![cfg(unix)]
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests make folders and run the command")]

mod common;

use common::Project;
use serde_json::Value;

const FILES: &[(&str, &str)] = &[
    (
        "shop/models.py",
        "from django.db import models\n\n\nclass Customer(models.Model):\n    name = models.CharField(max_length=100)\n\n\n\
         class Order(models.Model):\n    customer = models.ForeignKey(Customer, models.CASCADE)\n    number = models.CharField(max_length=20, unique=True)\n    \
         status = models.CharField(max_length=10)\n    placed_at = models.DateTimeField(db_index=True)\n",
    ),
    (
        "shop/views.py",
        "from .models import Customer, Order\n\n\ndef latest(request):\n    return list(Order.objects.filter(status=request.GET['status'])\
         .order_by('-placed_at')[:20])\n\n\ndef one(request, number):\n    return Order.objects.get(number=number)\n\n\n\
         def found(request):\n    return list(Customer.objects.filter(name__startswith=request.GET['q']))\n",
    ),
];

fn project() -> Project {
    Project::with_app("shop", FILES)
}

#[test]
fn every_query_has_the_plan_postgresql_makes() {
    let project = project();
    let (code, out, err) = project.run(&["explain", "--all", "--format", "json"]);
    assert_eq!(code, 0, "{err}");
    let document: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&document["version"], &document["statistics"]["source"]), (&1.into(), &"assumed".into()));
    let queries = document["queries"].as_array().unwrap();
    let of = |function: &str| {
        let query = queries.iter().find(|query| query["sites"][0]["function"] == function).unwrap();
        assert!(query["reason"].is_null(), "{query}");
        query["plans"][0].clone()
    };
    let one = of("one");
    // Two indexes find it, the unique one and the one for `LIKE`, at the same cost.
    let index = one["plan"]["children"][0]["index"].as_str().unwrap();
    assert!(index.starts_with("shop_order_number_"), "{one}");
    assert_eq!(one["sentence"], format!("finds 1 row of shop_order by index {index}"));
    let found = of("found");
    assert!(found["statement"].as_str().unwrap().contains("LIKE 'exam%'"), "{found}");
    assert_eq!(found["sentence"], "reads all ~1 M rows of shop_customer to return ~5,000");
    let latest = of("latest");
    assert!(latest["plan"].to_string().contains("placed_at"), "{latest}");
}

#[test]
fn targets_are_places_models_and_statements() {
    let project = project();
    let (code, out, err) = project.run(&["explain", "shop/views.py:9"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("shop/views.py:9  one  shop.Order") && !out.contains("latest"), "{out}");
    assert!(out.contains("sizes are assumed"), "{out}");
    let (code, out, _) = project.run(&["explain", "customer"]);
    assert!(code == 0 && out.contains("reads all ~1 M rows of shop_customer"), "{out}");
    let (code, out, _) = project.run(&["explain", "SELECT count(*) FROM shop_order WHERE status = %s"]);
    assert!(code == 0 && out.contains("Seq Scan on shop_order"), "{out}");
    let (code, out, _) = project.run(&["explain", "SELECT * FROM nothing"]);
    assert!(code == 0 && out.contains("no plan: PostgreSQL refused: relation \"nothing\" does not exist"), "{out}");
    let (code, _, err) = project.run(&["explain", "Custmer"]);
    assert!(code == 2 && err.contains("did you mean `Customer`?"), "{err}");
    let (code, _, err) = project.run(&["explain", "shop/nothing.py:3"]);
    assert!(code == 2 && err.contains("there is no `shop/nothing.py`"), "{err}");
    let (code, out, _) = project.run(&["explain", "Order", "--format", "dot"]);
    assert!(code == 0 && out.starts_with("digraph plans {") && out.ends_with("}\n"), "{out}");
}

#[test]
fn growth_shows_where_plans_change() {
    let project = project();
    std::fs::write(project.path().join("pgwright.toml"), "[assume.rows]\n\"shop.Customer\" = 40\n").unwrap();
    let statement = "SELECT * FROM shop_customer WHERE id = 7";
    let (code, out, err) = project.run(&["explain", statement, "--scale", "1..10000"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("reads all 40 rows of shop_customer"), "{out}");
    assert!(out.contains("times that size on") && out.contains("by index shop_customer_pkey"), "{out}");
    let (code, _, err) = project.run(&["explain", statement, "--scale", "5..1"]);
    assert!(code == 2 && err.contains("must not be the smaller one"), "{err}");
}

#[test]
fn a_wrong_folder_or_snapshot_is_said() {
    let project = project();
    let (code, _, err) = project.run(&["explain", "--all", "--postgres-bin", "shop"]);
    assert!(code == 2 && err.contains("there is no PostgreSQL server in `shop`"), "{err}");
    std::fs::write(project.path().join("pgwright.statistics.json"), "{\"version\": 9}").unwrap();
    let (code, _, err) = project.run(&["explain", "--all"]);
    assert!(code == 2 && err.contains("version 9") && err.contains("newer pgwright"), "{err}");
}

/// A database with the project's tables, filled; with the address to reach it.
fn database(project: &Project) -> (pgwright_postgres::Cluster, String) {
    let (_, ddl, _) = project.run(&["inspect", "schema", "--format", "sql", "--all"]);
    let installation = pgwright_postgres::installation::find(&pgwright_postgres::Search::default()).unwrap();
    let cluster =
        pgwright_postgres::Cluster::start(&installation, &pgwright_postgres::cluster::usual_locales()).unwrap();
    let rows = "INSERT INTO shop_customer (name) SELECT 'Secret Name ' || i FROM generate_series(1, 5000) i;
        INSERT INTO shop_order (customer_id, number, status, placed_at) SELECT 1 + i % 5000, 'N' || i, CASE WHEN i % 5000 = 0 THEN 'open' ELSE 'done' END,
        timestamptz '2024-01-01' + i * interval '1 minute' FROM generate_series(1, 50000) i;";
    let mut client = cluster.connect().unwrap();
    client.batch_execute(&format!("{ddl}; {rows}")).unwrap();
    client.batch_execute("ANALYZE").unwrap();
    let address = format!("host={} user=postgres dbname=postgres", cluster.folder().display());
    (cluster, address)
}

#[test]
fn a_snapshot_is_what_is_planned_with() {
    let project = project();
    let (_cluster, address) = database(&project);
    let (code, out, err) = project.run(&["snapshot", "--database-url", &address, "-o", "-"]);
    assert_eq!(code, 0, "{err}");
    assert!(!out.contains("Secret"), "texts stay where they are");
    let schema: Value = serde_json::from_str(include_str!("../../pgwright_postgres/schemas/snapshot.json")).unwrap();
    let snapshot: Value = serde_json::from_str(&out).unwrap();
    let wrong: Vec<String> =
        jsonschema::validator_for(&schema).unwrap().iter_errors(&snapshot).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    let (code, _, err) = project.run(&["snapshot", "--database-url", &address, "--values", "all"]);
    assert!(code == 0 && err.contains("wrote `pgwright.statistics.json`") && err.contains("~55,000 rows"), "{err}");
    let planned = |arguments: &[&str]| -> Value {
        let (code, out, err) = project.run(arguments);
        assert_eq!(code, 0, "{err}");
        serde_json::from_str::<Value>(&out).unwrap()
    };
    let shadow = planned(&["explain", "--all", "--format", "json"]);
    let live = planned(&["explain", "--all", "--format", "json", "--database-url", &address]);
    assert_eq!((&shadow["statistics"]["source"], &live["statistics"]["source"]), (&"snapshot".into(), &"live".into()));
    assert_eq!(shadow["queries"], live["queries"], "the same plans at the same costs");
    let status = shadow["queries"].to_string();
    assert!(status.contains("\"'open'\"") && status.contains("most_frequent"), "{status}");
}
