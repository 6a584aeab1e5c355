//! `pgwright check --plan` and `--statistics` as a user runs them.

#![cfg(unix)]
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests make folders and run the command")]

mod common;

use std::path::Path;

use common::Project;
use serde_json::{Value, json};

/// Of each parent there are ten, as far as anyone knows: the foreign key's own index finds them, and to sort ten costs nothing.
const ANSWER: &str = "

class Answer(models.Model):
    review = models.ForeignKey(Review, on_delete=models.CASCADE)

    class Meta:
        order_with_respect_to = \"review\"
";

/// A copy of the shop whose orders are many and whose promotions are few, with a proposal that no planner takes.
fn shop() -> Project {
    let project = Project::of(&[]);
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/shop");
    copy(&shop, project.path());
    let size = |rows: u64, pages: u64| json!({"rows": rows, "pages": pages, "analyzed_pages": pages});
    let snapshot = json!({
        "version": 1,
        "server": {"version": "18.1", "collation": "en_US.UTF-8"},
        "tables": {"orders_order": size(5_000_000, 80_000), "catalogue_promotion": size(40, 1)},
    });
    project.write("production.json", &snapshot.to_string());
    project.write("reviews/models.py", &(project.read("reviews/models.py") + ANSWER));
    project
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let (old, new) = (entry.path(), to.join(entry.file_name()));
        if old.is_dir() {
            std::fs::create_dir_all(&new).unwrap();
            copy(&old, &new);
        } else {
            std::fs::copy(&old, &new).unwrap();
        }
    }
}

fn check(project: &Project, arguments: &[&str]) -> Value {
    let (code, out, err) = project.run(&[&["check", "--format", "json"], arguments].concat());
    assert_eq!(code, 1, "{err}");
    serde_json::from_str(&out).unwrap()
}

/// The finding of a rule that names a model.
fn of<'d>(document: &'d Value, list: &str, rule: &str, model: &str) -> Option<&'d Value> {
    document[list].as_array().unwrap().iter().find(|found| {
        found["rule"] == rule && found["headline"].as_str().is_some_and(|headline| headline.contains(model))
    })
}

#[test]
fn a_snapshot_says_which_tables_are_large() {
    let project = shop();
    let assumed = check(&project, &[]);
    assert!(of(&assumed, "diagnostics", "unindexed-filter", "`Promotion`").is_some());
    assert_eq!(of(&assumed, "diagnostics", "unindexed-order", "`Order`").unwrap()["severity"], "note");
    let measured = check(&project, &["--statistics", "production.json"]);
    assert!(of(&measured, "diagnostics", "unindexed-filter", "`Promotion`").is_none(), "40 rows are read in no time");
    let order = of(&measured, "diagnostics", "unindexed-order", "`Order`").unwrap();
    assert_eq!(order["severity"], "error");
    assert!(order["why"].as_str().unwrap().contains("all 5000000 rows"), "{order}");
    // The project's own snapshot is found.
    project.write("pgwright.statistics.json", &project.read("production.json"));
    assert_eq!(check(&project, &[])["diagnostics"], measured["diagnostics"]);
    let (code, _, err) = project.run(&["check", "--statistics", "manage.py"]);
    assert!(code == 2 && err.contains("no snapshot"), "{err}");
}

#[test]
fn findings_are_confirmed_or_dropped_by_the_planner() {
    let project = shop();
    let document = check(&project, &["--plan", "--statistics", "production.json"]);
    let server = document["planner"].as_str().unwrap();
    let order = of(&document, "diagnostics", "unindexed-order", "`Order`").unwrap();
    let said = order["why"].as_str().unwrap().lines().last().unwrap();
    assert!(
        said.starts_with(&format!("planned by PostgreSQL {server}: reads all ~5 M rows of orders_order")),
        "{said}"
    );
    assert!(said.contains("with the index: follows index orders_orde_placed_"), "{said}");
    let evidence = |name: &str| -> f64 {
        let all = order["evidence"].as_array().unwrap();
        all.iter().find(|one| one["name"] == name).unwrap()["value"].as_str().unwrap().parse().unwrap()
    };
    assert!(evidence("cost_after") < evidence("cost_before") / 100.0, "{order}");
    assert!(!order["why"].as_str().unwrap().contains("predicted: "), "{order}");
    let answer = of(&document, "dropped", "order-with-respect-to-without-index", "`Answer`").unwrap();
    assert!(answer["reason"].as_str().unwrap().contains("would save less than half by the index"), "{answer}");
    assert!(of(&document, "diagnostics", "order-with-respect-to-without-index", "`Answer`").is_none());
    let dropped = document["dropped"].as_array().unwrap().len();
    // Findings that propose no index are those they were.
    let others = |document: &Value| -> Vec<Value> {
        let found = document["diagnostics"].as_array().unwrap().iter();
        found.filter(|found| !found["rule"].as_str().unwrap().contains("index")).cloned().collect()
    };
    assert_eq!(others(&document), others(&check(&project, &["--statistics", "production.json"])));

    let arguments = ["check", "--plan", "--statistics", "production.json", "--format", "concise"];
    let (_, out, _) = project.run(&arguments);
    let line = format!("PostgreSQL {server} was asked about proposed indexes: ");
    assert!(out.contains(&line) && out.contains(&format!("{dropped} dropped; `--show-dropped` says why")), "{out}");
    assert!(!out.contains("dropped["), "{out}");
    let (_, out, _) = project.run(&[&arguments[..], &["--show-dropped"]].concat());
    assert!(out.contains("dropped[order-with-respect-to-without-index] `Answer` is ordered within `review`"), "{out}");
}

#[test]
fn what_would_not_be_used_is_not_proposed() {
    let project = shop();
    let document = check(&project, &[]);
    let order = of(&document, "diagnostics", "unindexed-order", "`Order`").unwrap();
    let said = order["why"].as_str().unwrap().lines().last().unwrap();
    assert!(
        said.starts_with("predicted: Seq Scan on orders_order (~1,000,000 rows assumed); with the index: Index Scan"),
        "{said}"
    );
    // A third of all products are dearer than some price, as far as anyone knows: reading them all is cheaper.
    assert!(of(&document, "diagnostics", "unindexed-filter", "`price`").is_none());
    // There is one supplier of a name at the most, says `get()`: its limit ends no search.
    assert!(of(&document, "diagnostics", "unindexed-filter", "`Supplier`").is_some());
}

#[test]
fn what_was_dropped_is_not_fixed() {
    let project = shop();
    let changed = |arguments: &[&str]| project.run(&[&["check", "--diff", "--unsafe-fixes"], arguments].concat()).1;
    let answer = "models.Index(fields=[\"review\", \"_order\"])";
    assert!(changed(&[]).contains(answer));
    let diff = changed(&["--plan"]);
    assert!(!diff.contains(answer) && diff.contains("models.Index(fields=[\"placed_at\"])"), "{diff}");
}

#[test]
fn the_sides_of_an_or_are_tried_together() {
    let models = "from django.db import models\n\n\nclass Review(models.Model):\n    title = models.CharField(max_length=200)\n    \
                  body = models.TextField()\n";
    let views = "from django.db.models import Q\nfrom .models import Review\n\n\ndef search(request, text):\n    \
                 return list(Review.objects.filter(Q(title__icontains=text) | Q(body__icontains=text)))\n";
    let project = Project::with_app("shop", &[("shop/models.py", models), ("shop/views.py", views)]);
    let document = check(&project, &["--plan", "--select", "unindexed-text-search"]);
    let found = document["diagnostics"].as_array().unwrap();
    assert_eq!((found.len(), document["dropped"].as_array().unwrap().len()), (2, 0), "{document}");
    for one in found {
        assert!(one["why"].as_str().unwrap().contains("planned by"), "{one}");
    }
}

#[test]
fn without_a_server_findings_stay_and_it_is_said_once() {
    let project = shop();
    let (code, out, err) = project.run(&["check", "--plan", "--postgres-bin", "no-such-folder", "--format", "json"]);
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("findings are not confirmed by a planner"), "{err}");
    assert!(err.contains("there is no PostgreSQL server in `no-such-folder`") && err.contains("hint: "), "{err}");
    let document: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&document["planner"], &document["dropped"]), (&Value::Null, &json!([])));
    assert_eq!(document["diagnostics"], check(&project, &[])["diagnostics"]);
}
