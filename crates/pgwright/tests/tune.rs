//! `pgwright tune` as a user runs it.

#![cfg(unix)]
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests make folders and run the command")]

mod common;

use common::Project;
use serde_json::Value;

const FILES: &[(&str, &str)] = &[
    (
        "shop/models.py",
        "from django.db import models\n\n\nclass Customer(models.Model):\n    name = models.CharField(max_length=100)\n\n\n\
         class Order(models.Model):\n    status = models.CharField(max_length=10)\n",
    ),
    (
        "shop/views.py",
        "from .models import Order\n\n\ndef ship(request, pk):\n    Order.objects.filter(pk=pk).update(status='shipped')\n",
    ),
    ("pgwright.toml", "[assume.rows]\n\"shop.Order\" = 50000000\n\"shop.Customer\" = 50000000\n"),
];

fn project() -> Project {
    Project::with_app("shop", FILES)
}

#[test]
fn without_a_database_thresholds_follow_from_assumed_rows_and_the_codes_writes() {
    let project = project();
    let (code, out, err) = project.run(&["tune"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("shop.Order  shop_order, ~50 M rows  shop/models.py:8"), "{out}");
    assert!(out.contains("let ~10 M dead rows gather before a vacuum") && out.contains("(rows are assumed)"), "{out}");
    assert!(out.contains("ALTER TABLE \"shop_order\" SET (autovacuum_vacuum_scale_factor = 0.01);"), "{out}");
    assert!(
        out.contains("no database was asked") && !out.contains("shop_customer"),
        "nothing writes to customers: {out}"
    );
    let (code, out, _) = project.run(&["tune", "order", "--format", "json"]);
    let schema: Value = serde_json::from_str(include_str!("../schemas/tune.json")).unwrap();
    let document: Value = serde_json::from_str(&out).unwrap();
    let wrong: Vec<String> =
        jsonschema::validator_for(&schema).unwrap().iter_errors(&document).map(|error| error.to_string()).collect();
    assert!(code == 0 && wrong.is_empty(), "{wrong:?}");
    let migration = document["recommendations"][0]["migration"].as_str().unwrap();
    assert!(migration.contains("reverse_sql=\"ALTER TABLE \\\"shop_order\\\" RESET"), "{migration}");
    let (code, _, err) = project.run(&["tune", "Ordr"]);
    assert!(code == 2 && err.contains("did you mean `Order`?"), "{err}");
    let (code, _, err) = project.run(&["tune", "--memory", "much"]);
    assert!(code == 2 && err.contains("as in `64GB`"), "{err}");
}
