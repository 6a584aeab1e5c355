//! `pgwright advise` as a user runs it.

#![cfg(unix)]
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests make folders and run the command")]

mod common;

use common::Project;
use serde_json::Value;

const MODELS: &str = "\
from django.db import models


class Order(models.Model):
    number = models.CharField(max_length=20, unique=True)
    status = models.CharField(max_length=10)
    placed_at = models.DateTimeField()
    note = models.IntegerField(db_index=True)
";
const VIEWS: &str = "\
from .models import Order


def latest(request):
    return list(Order.objects.filter(status=request.GET['status']).order_by('-placed_at')[:20])


def one(request, number):
    return Order.objects.get(number=number)
";

fn project() -> Project {
    Project::with_app("shop", &[("shop/models.py", MODELS), ("shop/views.py", VIEWS)])
}

fn advice(project: &Project, arguments: &[&str]) -> Value {
    let (code, out, err) = project.run(&[&["advise", "--format", "json"], arguments].concat());
    assert_eq!(code, 0, "{err}");
    let schema: Value = serde_json::from_str(include_str!("../schemas/advise.json")).unwrap();
    let document: Value = serde_json::from_str(&out).unwrap();
    let wrong: Vec<String> =
        jsonschema::validator_for(&schema).unwrap().iter_errors(&document).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    document
}

#[test]
fn the_index_that_the_planner_uses_is_proposed() {
    let project = project();
    let document = advice(&project, &[]);
    let indexes = document["indexes"].as_array().unwrap();
    assert_eq!(indexes.len(), 1, "{document}");
    let index = &indexes[0];
    assert_eq!((&index["model"], &index["line"]), (&"shop.Order".into(), &4.into()));
    let declaration = index["django"].as_str().unwrap();
    assert!(declaration.starts_with("models.Index(fields=[\"status\", \""), "{declaration}");
    assert!(declaration.contains("placed_at"), "{declaration}");
    let gain = &index["gains"][0];
    assert_eq!(gain["sites"][0]["function"], "latest");
    let after = gain["after"].as_str().unwrap();
    assert!(after.contains("shop_order by index") || after.contains("of shop_order until"), "{gain}");
    let cost = |name: &str| gain[name].as_f64().unwrap();
    assert!(cost("cost_after") < cost("cost_before") / 100.0, "{gain}");
    assert!(document["cost_after"].as_f64() < document["cost_before"].as_f64());
    // No plan uses the index on `note`, but nobody asked a database.
    assert_eq!(document["unused"], Value::Array(Vec::new()));

    let (_, out, _) = project.run(&["advise"]);
    assert!(out.contains("shop.Order  shop/models.py:4  ~1 M rows\n"), "{out}");
    let words = out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("For shop/views.py:5: now reads all ~1 M rows of shop_order"), "{out}");
    assert!(words.contains("cost units for each INSERT") && words.contains("sizes are assumed"), "{out}");
    assert!(out.lines().all(|line| line.chars().count() <= 80), "{out}");
}

const TASKS: &str = "\
from .models import Order


def settle(number):
    Order.objects.filter(number=number).update(status='paid')


def annotate(number):
    Order.objects.filter(number=number).update(note=1)


def place(number, now):
    return Order.objects.create(number=number, status='open', placed_at=now, note=0)
";

/// Counters of one hour, and how often the view's statement and those of the tasks ran.
fn counted(views: u64) -> String {
    let order = "SELECT \"shop_order\".\"id\", \"shop_order\".\"number\", \"shop_order\".\"status\", \
                 \"shop_order\".\"placed_at\", \"shop_order\".\"note\" FROM \"shop_order\" WHERE \
                 \"shop_order\".\"status\" = $1 ORDER BY \"shop_order\".\"placed_at\" DESC LIMIT $2";
    let update =
        |column: &str| format!("UPDATE \"shop_order\" SET \"{column}\" = $1 WHERE \"shop_order\".\"number\" = $2");
    let statement = |text: &str, calls: u64| serde_json::json!({"text": text, "calls": calls, "total_ms": 1.0, "mean_ms": 1.0, "rows": calls});
    let table = serde_json::json!({
        "live_rows": 1_000_000, "dead_rows": 0, "inserts": 1_000_000, "updates": 500_000, "hot_updates": 400_000, "deletes": 0,
        "changed_since_analyze": 0, "inserted_since_vacuum": 0, "sequential_scans": 0, "index_scans": 0,
        "transaction_age": 0, "multixact_age": 0, "toast_bytes": 0,
    });
    serde_json::json!({
        "version": 1,
        "server": {"version": "17.5", "collation": "en_US.UTF-8"},
        "tables": {"shop_order": {"rows": 1_000_000, "pages": 12_000, "analyzed_pages": 12_000}},
        "activity": {
            "counted_seconds": 3600,
            "tables": {"shop_order": table},
            "statements": [statement(order, views), statement(&update("status"), 3), statement(&update("note"), 1)],
        },
    })
    .to_string()
}

#[test]
fn what_writes_cost_is_said_and_counts() {
    let project = project();
    project.write("shop/tasks.py", TASKS);
    let document = advice(&project, &[]);
    let writes = &document["indexes"][0]["writes"];
    // `note` has an index of its own, so that its updates write to each index anyway.
    assert_eq!((&writes["inserts"], &writes["no_longer_hot"]), (&1.into(), &1.into()), "{writes}");
    assert_eq!(writes["entries"], Value::Null, "nobody counted");
    let (_, out, _) = project.run(&["advise"]);
    let words = out.split_whitespace().collect::<Vec<_>>().join(" ");
    let said =
        "cost units for each INSERT (1 place) and for each UPDATE of `status` (shop/tasks.py:5), which is HOT no more.";
    assert!(words.contains(said), "{out}");

    project.write("counted.json", &counted(1_000_000));
    let document = advice(&project, &["--statistics", "counted.json"]);
    let entries = &document["indexes"][0]["writes"]["entries"];
    let number = |name: &str| entries[name].as_f64().unwrap();
    // All of the updates that could be HOT set `status`.
    assert_eq!((number("inserts"), number("updates"), number("no_longer_hot")), (1e6, 1e5, 4e5), "{entries}");
    let (_, out, _) = project.run(&["advise", "--statistics", "counted.json"]);
    let words = out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains("It takes ~1.5 M entries an hour (~1 M INSERTs, ~100,000 UPDATEs, ~400,000 UPDATEs"),
        "{out}"
    );

    project.write("counted.json", &counted(2));
    let document = advice(&project, &["--statistics", "counted.json"]);
    assert_eq!(document["indexes"], Value::Array(Vec::new()), "two views in an hour are not worth 1.5 M entries");
}

/// A report over everything that no index helps, and costs more than all else together.
const REPORT: &str = "\
from .models import Order


def report(request):
    return [Order.objects.filter(note=a.note).count() for a in Order.objects.all() for b in Order.objects.all()]


def pairs(request):
    return list(Order.objects.raw('SELECT a.id FROM shop_order a, shop_order b WHERE a.note + b.note > 7'))
";

#[test]
fn what_nothing_helps_hides_nothing() {
    let project = project();
    project.write("shop/report.py", REPORT);
    let document = advice(&project, &[]);
    assert!(document["cost_before"].as_f64().unwrap() > 1e9, "{document}");
    let indexes = document["indexes"].as_array().unwrap();
    assert!(indexes.iter().any(|index| index["django"].as_str().is_some_and(|django| django.contains("placed_at"))));
    let improved = &document["improved"];
    assert!(improved["cost_after"].as_f64() < improved["cost_before"].as_f64(), "{improved}");
}

#[test]
fn the_budget_is_kept_and_what_is_there_is_enough() {
    let project = project();
    assert_eq!(advice(&project, &["--max-size", "1MB"])["indexes"], Value::Array(Vec::new()));
    assert_eq!(advice(&project, &["--max-indexes", "0"])["indexes"], Value::Array(Vec::new()));
    let document = advice(&project, &[]);
    let declaration = document["indexes"][0]["django"].as_str().unwrap();
    project.write("shop/models.py", &format!("{MODELS}\n    class Meta:\n        indexes = [{declaration}]\n"));
    assert_eq!(advice(&project, &[])["indexes"], Value::Array(Vec::new()), "nothing is left to propose");
}

#[test]
fn a_project_without_queries_is_said_to_have_none() {
    let project = Project::with_app("shop", &[("shop/models.py", MODELS)]);
    let (code, _, err) = project.run(&["advise"]);
    assert!(code == 2 && err.contains("no query is known to be sent"), "{err}");
}

const MIGRATION: &str = "\
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name='Order',
            fields=[
                ('id', models.BigAutoField(primary_key=True)),
                ('number', models.CharField(max_length=20, unique=True)),
                ('status', models.CharField(max_length=10)),
                ('placed_at', models.DateTimeField()),
                ('note', models.IntegerField(db_index=True)),
            ],
        ),
    ]
";

#[test]
fn what_is_advised_is_written_once() {
    let project = project();
    project.write("shop/migrations/__init__.py", "");
    project.write("shop/migrations/0001_initial.py", MIGRATION);
    let before = project.read("shop/models.py");
    let (code, patch, err) = project.run(&["advise", "--diff"]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(project.read("shop/models.py"), before, "`--diff` writes nothing");
    assert!(
        patch.contains("--- a/shop/models.py") && patch.contains("--- /dev/null\n+++ b/shop/migrations/0002_"),
        "{patch}"
    );

    let document = advice(&project, &["--fix"]);
    let name = document["indexes"][0]["name"].as_str().unwrap();
    let [migration] = document["written"]["migrations"].as_array().unwrap().as_slice() else { panic!("{document}") };
    assert_eq!(document["written"]["patch"], patch, "{document}");
    assert_eq!(document["written"]["left"], Value::Array(Vec::new()));
    let models = project.read("shop/models.py");
    assert!(models.starts_with(&before) && models.contains(name), "{models}");
    let text = project.read(migration["file"].as_str().unwrap());
    for part in ["AddIndexConcurrently(", "atomic = False", "('shop', '0001_initial')", name] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let again = advice(&project, &["--fix"]);
    assert_eq!((&again["indexes"], &again["written"]["patch"]), (&Value::Array(Vec::new()), &"".into()), "{again}");
    assert_eq!(project.read("shop/models.py"), models);
}

#[test]
fn what_cannot_be_written_is_said() {
    let project = project();
    project.write("shop/models.py", &format!("{MODELS}\n    class Meta:\n        indexes = [] + list(())\n"));
    let (code, out, err) = project.run(&["advise", "--fix", "--format", "json"]);
    assert_eq!(code, 0, "{err}");
    let document: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(document["written"]["left"].as_array().unwrap().len(), 1, "{document}");
    assert!(err.contains("is not written: its `Meta` is of no shape"), "{err}");
}
