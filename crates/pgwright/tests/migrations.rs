//! `pgwright migrations` as a user runs it.

#![cfg(unix)]
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests make folders and run the command")]

mod common;

use std::process::Command;

use common::Project;
use serde_json::Value;

const MODELS: &str = "from django.db import models\n\n\nclass Customer(models.Model):\n    name = models.CharField(max_length=100)\n\n\n\
     class Order(models.Model):\n    reference = models.CharField(max_length=40)\n    status = models.CharField(max_length=10)\n\n    class Meta:\n        \
     indexes = [models.Index(fields=['reference'], name='order_reference')]\n";

const INITIAL: &str = "from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name='Customer',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=100)),
            ],
        ),
        migrations.CreateModel(
            name='Order',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('reference', models.CharField(max_length=40)),
                ('status', models.CharField(max_length=10)),
            ],
        ),
    ]
";

fn migration(before: &str, head: &str, operations: &str) -> String {
    format!(
        "from django.contrib.postgres.operations import AddIndexConcurrently\nfrom django.db import migrations, models\n\n\n\
         def fill(apps, schema_editor):\n    pass\n\n\n\
         class Migration(migrations.Migration):\n    {head}\n    dependencies = [('shop', '{before}')]\n    operations = [\n{operations}    ]\n"
    )
}

const ADD_INDEX: &str = "        migrations.AddIndex(\n            model_name='order', index=models.Index(fields=['reference'], name='order_reference')\n        ),\n";

fn project(second: &str, config: &str) -> Project {
    Project::with_app(
        "shop",
        &[
            ("shop/models.py", MODELS),
            ("shop/migrations/__init__.py", ""),
            ("shop/migrations/0001_initial.py", INITIAL),
            ("shop/migrations/0002_second.py", second),
            ("pgwright.toml", config),
        ],
    )
}

fn document(project: &Project, arguments: &[&str]) -> Value {
    let mut all = vec!["migrations"];
    all.extend(arguments);
    all.extend(["--format", "json", "--exit-zero"]);
    let (code, out, err) = project.run(&all);
    assert_eq!(code, 0, "{err}");
    let document: Value = serde_json::from_str(&out).unwrap();
    let schema: Value = serde_json::from_str(include_str!("../schemas/migrations.json")).unwrap();
    let wrong: Vec<String> =
        jsonschema::validator_for(&schema).unwrap().iter_errors(&document).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    document
}

#[test]
fn severity_follows_the_size_of_the_table() {
    let second = migration("0001_initial", "atomic = True", ADD_INDEX);
    for (rows, config, severity) in [
        (9_999, "", None),
        (10_000, "", Some("warning")),
        (999_999, "", Some("warning")),
        (1_000_000, "", Some("error")),
        (10_000, "[migrations]\nhot = [\"shop.Order\"]\n", Some("error")),
    ] {
        let project = project(&second, &format!("[assume.rows]\n\"shop.Order\" = {rows}\n{config}"));
        let (code, _, err) = project.run(&["migrations"]);
        assert_eq!(code, i32::from(severity.is_some()), "{err}");
        let document = document(&project, &[]);
        let found = document["diagnostics"].as_array().unwrap().first().map(|found| found["severity"].clone());
        assert_eq!(found, severity.map(Value::from), "{rows} rows");
    }
}

#[test]
fn a_table_says_what_is_locked_how_long_and_who_waits() {
    let second = migration("0001_initial", "atomic = True", ADD_INDEX);
    let project = project(&second, "[assume.rows]\n\"shop.Order\" = 3000000\n");
    let (code, out, err) = project.run(&["migrations", "shop.0002"]);
    assert_eq!(code, 1, "{err}");
    let row = out.lines().find(|line| line.contains("AddIndex ")).unwrap();
    assert!(row.contains("shop_order") && row.contains("~3 M") && row.contains("Share, read"), "{row}");
    assert!(row.trim_end().ends_with("writes") && row.contains("1.6 s – 17 s"), "{row}");
    assert!(out.contains("error[blocking-migration]") && out.contains("one transaction"), "{out}");
    let slower = "[assume.rows]\n\"shop.Order\" = 3000000\n[migrations.rates]\nindex-rows = [1000, 1000]\n";
    project.write("pgwright.toml", slower);
    let lock = &document(&project, &[])["migrations"][0]["steps"][0]["locks"][0];
    assert!(lock["held_seconds"]["least"].as_f64().unwrap() > 3000.0, "{lock}");
    let (code, out, _) = project.run(&["migrations", "shop.0001"]);
    assert!(code == 0 && out.starts_with("nobody waits for shop.0001_initial\n"), "{out}");
    let (code, out, _) = project.run(&["migrations", "--format", "github"]);
    assert!(code == 1 && out.starts_with("::error file=shop/migrations/0002_second.py,line=13"), "{out}");
    let (code, out, _) = project.run(&["migrations", "--format", "sarif"]);
    assert!(code == 1 && out.contains("\"ruleId\": \"blocking-migration\""), "{out}");
    let (code, _, err) = project.run(&["migrations", "shp"]);
    assert!(code == 2 && err.contains("did you mean `shop`?"), "{err}");
}

#[test]
fn a_lock_is_held_while_the_rest_of_the_transaction_runs() {
    let add_field =
        "        migrations.AddField(model_name='customer', name='note', field=models.TextField(null=True)),\n";
    let together = format!("{add_field}{ADD_INDEX}");
    let project =
        project(&migration("0001_initial", "atomic = True", &together), "[assume.rows]\n\"shop.Order\" = 3000000\n");
    let locks = |project: &Project| -> Vec<(String, String, f64)> {
        let document = document(project, &[]);
        let steps = document["migrations"][0]["steps"].as_array().unwrap().clone();
        let locks = steps.iter().flat_map(|step| step["locks"].as_array().unwrap().clone());
        locks
            .map(|lock| {
                let text = |key: &str| lock[key].as_str().unwrap().to_owned();
                (text("table"), text("until"), lock["held_seconds"]["least"].as_f64().unwrap())
            })
            .collect()
    };
    let held = locks(&project);
    assert_eq!((held[0].0.as_str(), held[0].1.as_str()), ("shop_customer", "commit"));
    assert!(held[0].2 > 1.5, "the customers wait for the orders' index: {held:?}");
    project.write("shop/migrations/0002_second.py", &migration("0001_initial", "atomic = False", &together));
    let held = locks(&project);
    assert!(held[0].1 == "statement" && held[0].2 < 0.1, "{held:?}");
    let code = "        migrations.RunPython(fill),\n";
    project.write(
        "shop/migrations/0002_second.py",
        &migration("0001_initial", "atomic = True", &format!("{add_field}{code}")),
    );
    assert_eq!(locks(&project)[0].1, "commit_after_code");
}

#[test]
fn a_snapshot_says_how_large_tables_are_and_who_queues() {
    let second = migration("0001_initial", "atomic = True", ADD_INDEX);
    let project = project(&second, "[assume.rows]\n\"shop.Order\" = 10\n");
    project.write(
        "pgwright.statistics.json",
        r#"{"version": 1, "server": {"version": "17.5", "collation": "C"}, "tables": {"shop_order": {"rows": 2000000, "pages": 40000, "analyzed_pages": 40000}},
            "activity": {"counted_seconds": 600, "statements": [
              {"text": "INSERT INTO \"shop_order\" (\"reference\", \"status\") VALUES ($1, $2)", "calls": 5000, "total_ms": 1, "mean_ms": 1, "rows": 1},
              {"text": "SELECT \"shop_order\".\"id\" FROM \"shop_order\"", "calls": 70000, "total_ms": 1, "mean_ms": 1, "rows": 1}]}}"#,
    );
    let document = document(&project, &[]);
    let lock = &document["migrations"][0]["steps"][0]["locks"][0];
    assert_eq!((&lock["rows"], &lock["rows_from"]), (&Value::from(2_000_000), &Value::from("snapshot")));
    assert_eq!(lock["calls_per_minute"], Value::from(500.0), "writes alone wait for an index: {lock}");
    assert_eq!(document["diagnostics"][0]["severity"], "error");
}

#[test]
fn what_changed_since_a_revision_is_judged() {
    let second = migration("0001_initial", "atomic = True", ADD_INDEX);
    let project = project(&second, "");
    let git = |arguments: &[&str]| {
        let name = ["-c", "user.name=n", "-c", "user.email=e@example.org"];
        let run = Command::new("git").current_dir(project.path()).args(name).args(arguments).output();
        run.is_ok_and(|output| output.status.success())
    };
    if !(git(&["init", "-q"]) && git(&["add", "."]) && git(&["commit", "-qm", "first"])) {
        return;
    }
    let names = |arguments: &[&str]| -> Vec<String> {
        let document = document(&project, arguments);
        let all = document["migrations"].as_array().unwrap().clone();
        all.iter().map(|migration| migration["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&["--since", "HEAD"]), Vec::<String>::new());
    project.write(
        "shop/migrations/0003_third.py",
        &migration("0002_second", "atomic = True", "        migrations.RunSQL('SELECT 1'),\n"),
    );
    assert_eq!(names(&["--since", "HEAD"]), ["0003_third"]);
    assert_eq!(names(&[]), ["0003_third"]);
    assert_eq!(names(&["--all"]), ["0001_initial", "0002_second", "0003_third"]);
    let (code, _, err) = project.run(&["migrations", "--since", "nowhere"]);
    assert!(code == 2 && err.contains("--since origin/main"), "{err}");
}

#[test]
fn a_migration_is_rewritten_as_a_sequence_that_keeps_nobody_waiting() {
    let operations = format!(
        "        migrations.AddField('order', 'extra', models.TextField(null=True)),\n        \
         migrations.RunPython(fill, migrations.RunPython.noop),\n{ADD_INDEX}        \
         migrations.AddConstraint('order', models.UniqueConstraint(fields=['reference'], name='one')),\n        \
         migrations.AddField('order', 'customer', models.ForeignKey('shop.customer', models.CASCADE, null=True)),\n"
    );
    let second = migration("0001_initial", "atomic = True", &operations).replace("    atomic = True\n", "");
    let project = project(&second, "[assume.rows]\n\"shop.Order\" = 3000000\n");
    let blocking = |project: &Project| -> Vec<String> {
        let found = document(project, &["shop", "--all"])["diagnostics"].as_array().unwrap().clone();
        let rules = found.iter().map(|found| found["rule"].as_str().unwrap().to_owned());
        rules
            .filter(|rule| rule.ends_with("migration") || rule.contains("ddl") || rule.contains("concurrent"))
            .collect()
    };
    assert!(blocking(&project).len() >= 3);
    let (code, out, err) = project.run(&["migrations", "shop.0002", "--fix"]);
    assert_eq!(code, 0, "{out}{err}");
    assert!(err.contains("runs as it is") && err.contains("ranges of the primary key"), "{err}");
    assert_eq!(blocking(&project), Vec::<String>::new());
    let first = project.read("shop/migrations/0002_second.py");
    assert!(first.contains("'extra'") && !first.contains("RunPython("), "{first}");
    let rows = project.read("shop/migrations/0003_second_rows.py");
    assert!(rows.contains("def fill(") && rows.contains("(\"shop\", \"0002_second\")"), "{rows}");
    let index = project.read("shop/migrations/0004_second_index.py");
    assert!(index.contains("    atomic = False\n") && index.contains("import AddIndexConcurrently\n"), "{index}");
    let unique = project.read("shop/migrations/0005_second_build.py");
    assert!(unique.contains("CREATE UNIQUE INDEX CONCURRENTLY \"one\" ON \"shop_order\" (\"reference\")"), "{unique}");
    let constraint = project.read("shop/migrations/0006_second_rest.py");
    assert!(
        constraint.contains("UNIQUE USING INDEX \"one\"") && constraint.contains("state_operations"),
        "{constraint}"
    );
    let left = "DROP INDEX CONCURRENTLY IF EXISTS";
    assert!(index.contains(left) && unique.contains(left), "what a failed build leaves is dropped first: {unique}");
    let (code, _, err) = project.run(&["migrations", "shop.0002", "--fix"]);
    assert!(code == 0 && err.contains("needs no rewriting"), "{err}");
    let (code, _, err) = project.run(&["migrations", "--fix"]);
    assert!(code == 0 || err.contains("name it"), "{err}");
}

#[test]
fn what_follows_a_rewritten_migration_depends_on_its_last_part() {
    let options = "        migrations.AlterModelOptions('customer', {}),\n";
    let second = migration("0001_initial", "atomic = True", &format!("{options}{ADD_INDEX}"));
    let second = second.replace("    atomic = True\n", "");
    let project = project(&second, "[assume.rows]\n\"shop.Order\" = 3000000\n");
    let third = migration(
        "0002_second",
        "initial = False",
        "        migrations.AlterModelOptions('order', {}),\n        migrations.RemoveIndex('order', 'order_reference'),\n",
    );
    project.write("shop/migrations/0003_third.py", &third);
    let models = project
        .read("shop/models.py")
        .replace("indexes = [models.Index(fields=['reference'], name='order_reference')]", "pass");
    project.write("shop/models.py", &models);
    let (code, out, err) = project.run(&["migrations", "shop.0002", "--fix"]);
    assert!(code == 0 && err.contains("where `shop.0002_second` has run already"), "{out}{err}");
    let found = |name: &str| project.read(&format!("shop/migrations/{name}.py"));
    let after = found("0002_second_1_index");
    assert!(after.contains("(\"shop\", \"0002_second\")") && after.contains("    atomic = False\n"), "{after}");
    assert_eq!(found("0003_third"), third.replace("'0002_second'", "'0002_second_1_index'"));
    let (code, _, err) = project.run(&["migrations", "shop.0002_second", "--fix"]);
    assert!(code == 0 && err.contains("needs no rewriting"), "{err}");
    let (code, _, err) = project.run(&["migrations", "shop.0002", "--fix"]);
    assert!(code == 2 && err.contains("shop.0002_second, shop.0002_second_1_index"), "{err}");
    // The last one drops an index: beside the work on its table.
    let (code, out, err) = project.run(&["migrations", "shop.0003", "--fix"]);
    assert_eq!(code, 0, "{out}{err}");
    let dropped = found("0004_third_index");
    assert!(dropped.contains("        RemoveIndexConcurrently('order', 'order_reference'),\n"), "{dropped}");
    assert!(dropped.contains("import RemoveIndexConcurrently\n") && !found("0003_third").contains("RemoveIndex("));
    assert_eq!(document(&project, &["shop", "--all"])["diagnostics"], Value::Array(Vec::new()));
}

#[test]
fn a_migration_that_others_hold_fast_is_refused() {
    let second = migration("0001_initial", "atomic = True", ADD_INDEX);
    let project = project(&second, "[assume.rows]\n\"shop.Order\" = 3000000\n");
    let refusals =
        [("dependencies = [('shop', THIRD)]", "not by a plain"), ("dependencies = [('shop', '0002_second')]", "")];
    for (dependencies, reason) in refusals {
        let third = migration("0002_second", "atomic = True", "")
            .replace("dependencies = [('shop', '0002_second')]", dependencies);
        project.write("shop/migrations/0003_third.py", &format!("THIRD = '0002_second'\n{third}"));
        let (code, _, err) = project.run(&["migrations", "shop.0002", "--fix"]);
        let expected = if reason.is_empty() { 0 } else { 2 };
        assert!(code == expected && err.contains(reason), "{err}");
    }
    for (head, reason) in [
        ("run_before = [('other', '0001_initial')]", "`run_before`"),
        ("replaces = [('shop', '0001_old')]", "squashed"),
    ] {
        project.write("shop/migrations/0002_second.py", &migration("0001_initial", head, ADD_INDEX));
        let (code, _, err) = project.run(&["migrations", "shop.0002_second", "--fix"]);
        assert!(code == 2 && err.contains(reason), "{err}");
    }
}

#[test]
fn what_has_no_safe_form_is_left_and_named() {
    let operation = "        migrations.AlterField('order', 'reference', models.IntegerField()),\n";
    let second = migration("0001_initial", "atomic = True", operation);
    let project = project(&second, "[assume.rows]\n\"shop.Order\" = 3000000\n");
    let (code, _, err) = project.run(&["migrations", "shop.0002", "--fix"]);
    assert!(code == 1 && err.contains("AlterField: a change of type writes every row anew"), "{err}");
    assert_eq!(project.read("shop/migrations/0002_second.py"), second);
}
