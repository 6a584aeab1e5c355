//! `pgwright migrations --trace` and `--unapplied` as a user runs them.

#![cfg(unix)]
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests make folders and run the command")]

mod common;

use std::path::PathBuf;

use common::Project;
use pgwright_postgres::cluster::usual_locales;
use pgwright_postgres::{Cluster, Search, installation};
use serde_json::Value;

const MODELS: &str = "from django.db import models\n\n\nclass Order(models.Model):\n    reference = models.CharField(max_length=40, db_index=True)\n\n\n\
     class Line(models.Model):\n    order = models.ForeignKey(Order, models.CASCADE)\n";
const INITIAL: &str = "from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = []
    operations = [
        migrations.CreateModel(
            name='Order',
            fields=[('id', models.BigAutoField(primary_key=True)), ('reference', models.CharField(max_length=40))],
        ),
        migrations.CreateModel(name='Line', fields=[('id', models.BigAutoField(primary_key=True))]),
    ]
";
const SECOND: &str = "from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [('shop', '0001_initial')]
    operations = [
        migrations.AlterField('order', 'reference', models.CharField(max_length=40, db_index=True)),
        migrations.AddField('line', 'order', models.ForeignKey('shop.Order', models.CASCADE, null=True)),
        migrations.RunSQL(\"CREATE TABLE IF NOT EXISTS shop_order (id int); ALTER TABLE nowhere ADD COLUMN a int\"),
    ]
";

fn project() -> Project {
    Project::with_app(
        "shop",
        &[
            ("shop/models.py", MODELS),
            ("shop/migrations/__init__.py", ""),
            ("shop/migrations/0001_initial.py", INITIAL),
            ("shop/migrations/0002_second.py", SECOND),
        ],
    )
}

fn cluster() -> Cluster {
    let search = Search { given: std::env::var_os("PGWRIGHT_POSTGRES_BIN").map(PathBuf::from), ..Search::default() };
    let installation = installation::find(&search).expect("a PostgreSQL server; `cargo xtask test` brings one");
    Cluster::start(&installation, &usual_locales()).unwrap()
}

/// The test's own environment names the server.
fn run(project: &Project, arguments: &[&str]) -> (i32, String, String) {
    let mut command = project.command(arguments);
    if let Some(environment) = std::env::var_os("VIRTUAL_ENV") {
        command.env("VIRTUAL_ENV", environment);
    }
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn what_postgresql_does_is_laid_beside_what_is_predicted() {
    let project = project();
    let (_, out, err) = run(&project, &["migrations", "shop", "--trace", "--all"]);
    // Both tables, the column with its index and its LIKE index, the foreign key with its index; the author's SQL is refused.
    assert!(out.contains("of 7 statements locked, rewrote and read what is predicted, 1 were refused"), "{out}\n{err}");
    assert!(out.contains("shop.0002_second when it was run:\n  CREATE TABLE IF NOT EXISTS shop_order"), "{out}");
    let (_, out, err) = run(&project, &["migrations", "shop.0002", "--trace", "--format", "json"]);
    let document: Value = serde_json::from_str(&out).expect(&err);
    let schema: Value = serde_json::from_str(include_str!("../schemas/migrations.json")).unwrap();
    let wrong: Vec<String> =
        jsonschema::validator_for(&schema).unwrap().iter_errors(&document).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    assert_eq!((&document["trace"]["differing"], &document["trace"]["refused"]), (&0.into(), &1.into()), "{out}");
    let steps = document["migrations"][0]["steps"].as_array().unwrap();
    let seen = &steps[0]["seen"];
    assert_eq!((&seen["outcome"], &seen["effects"][0]["lock"]), (&"agrees".into(), &"ShareLock".into()), "{seen}");
}

#[test]
fn a_database_is_asked_what_it_has_still_to_apply() {
    let project = project();
    let cluster = cluster();
    let url = format!("host={} user=postgres dbname=postgres", cluster.folder().display());
    let pending = || {
        let (code, out, err) =
            run(&project, &["migrations", "--unapplied", "--database-url", &url, "--exit-zero", "--format", "json"]);
        assert_eq!(code, 0, "{err}");
        let document: Value = serde_json::from_str(&out).unwrap();
        let names = document["migrations"].as_array().unwrap().iter();
        let names: Vec<String> = names.map(|one| one["name"].as_str().unwrap().to_owned()).collect();
        (names, document["sizes_from"].as_str().unwrap().to_owned(), err)
    };
    let (names, sizes, err) = pending();
    assert_eq!(
        (names.as_slice(), sizes.as_str()),
        (["0001_initial", "0002_second"].map(str::to_owned).as_slice(), "assumed")
    );
    assert!(err.contains("no table `django_migrations`"), "{err}");
    let mut client = cluster.connect().unwrap();
    client
        .batch_execute(
            "CREATE TABLE django_migrations (id bigserial, app text, name text, applied timestamptz);
             INSERT INTO django_migrations (app, name) VALUES ('shop', '0001_initial'), ('shop', '0002_gone'), ('auth', '0001_initial');
             CREATE TABLE shop_order AS SELECT i AS id FROM generate_series(1, 20000) i; ANALYZE",
        )
        .unwrap();
    let (names, sizes, err) = pending();
    assert_eq!((names.as_slice(), sizes.as_str()), (["0002_second".to_owned()].as_slice(), "live"));
    assert!(err.contains("it has applied what is not in this code") && err.contains("`shop.0002_gone`"), "{err}");
    client.batch_execute("INSERT INTO django_migrations (app, name) VALUES ('shop', '0002_second')").unwrap();
    let (names, _, err) = pending();
    assert!(names.is_empty() && err.contains("the database has applied all migrations"), "{err}");
}
