//! Incidents with migrations that teams have had in production, each as the smallest project that has it. What they are named after are
//! the threads in which they were told.

#![cfg(unix)]
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests make folders and run the command")]

mod common;

use common::Project;
use serde_json::Value;

const HEAD: &str = "from django.contrib.postgres.operations import AddIndexConcurrently\nfrom django.db import migrations, models\n\n\n\
                    def fill(apps, schema_editor):\n    apps.get_model('shop', 'Order').objects.update(note='x')\n\n\n";

/// A project whose table `shop_order` has `rows`, and whose second migration has these operations. Drift is not asked about.
fn project(rows: u64, config: &str, class: &str, operations: &str) -> Project {
    let migration = |before: &str, class: &str, operations: &str| {
        format!(
            "{HEAD}class Migration(migrations.Migration):\n    {class}\n    dependencies = [{before}]\n    operations = [\n{operations}\n    ]\n"
        )
    };
    let initial = "        migrations.CreateModel('Customer', [('id', models.BigAutoField(primary_key=True))]),\n        \
                   migrations.CreateModel('Order', [\n            ('id', models.BigAutoField(primary_key=True)),\n            \
                   ('reference', models.CharField(max_length=40, db_index=True)),\n            \
                   ('plain', models.CharField(max_length=40)),\n            ('note', models.TextField(null=True)),\n        ]),";
    Project::with_app(
        "shop",
        &[
            (
                "settings.py",
                "INSTALLED_APPS = ['shop']\nDEFAULT_AUTO_FIELD = 'django.db.models.BigAutoField'\nSECRET_KEY = 'x'\n\
                 DATABASES = {'default': {'ENGINE': 'django.db.backends.postgresql'}}\n",
            ),
            ("shop/models.py", ""),
            ("shop/migrations/__init__.py", ""),
            ("shop/migrations/0001_initial.py", &migration("", "initial = True", initial)),
            ("shop/migrations/0002_second.py", &migration("('shop', '0001_initial')", class, operations)),
            ("pgwright.toml", &format!("[assume.rows]\n\"shop.Order\" = {rows}\n{config}")),
        ],
    )
}

/// Rules with their severities, of the second migration.
fn found(project: &Project) -> Vec<(String, String)> {
    let arguments = ["migrations", "shop.0002", "--format", "json", "--exit-zero"];
    let (code, out, err) = project.run(&arguments);
    assert_eq!(code, 0, "{err}");
    let document: Value = serde_json::from_str(&out).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let all = document["diagnostics"].as_array().unwrap().iter();
    all.map(|found| (text(&found["rule"]), text(&found["severity"]))).collect()
}

fn rules(project: &Project) -> Vec<String> {
    found(project).into_iter().map(|(rule, _)| rule).filter(|rule| rule != "missing-lock-timeout").collect()
}

const HOT: &str = "[migrations]\nhot = [\"shop.Order\"]\n";
const ITEM: &str = "        migrations.CreateModel('Item', [\n            ('id', models.BigAutoField(primary_key=True)),\n            \
                    ('order', models.ForeignKey('shop.order', models.CASCADE)),\n        ]),";

/// A new table's foreign key stalled the table it points to.
#[test]
fn a_foreign_key_in_create_model_locks_the_hot_table() {
    let all = found(&project(50_000_000, HOT, "atomic = True", ITEM));
    assert!(all.contains(&("foreign-key-to-busy-table".into(), "error".into())), "{all:?}");
    assert!(rules(&project(50_000, "", "atomic = True", ITEM)).is_empty(), "nobody said that the table is busy");
    // Without a transaction too the new table has no rows yet that would have to be looked up.
    assert!(rules(&project(50_000_000, "", "atomic = False", ITEM)).iter().all(|rule| rule != "blocking-migration"));
    let filled =
        format!("{ITEM}\n        migrations.RunSQL('INSERT INTO shop_item (order_id) SELECT id FROM shop_order', ''),");
    assert!(rules(&project(50_000_000, "", "atomic = False", &filled)).contains(&"blocking-migration".to_owned()));
}

/// "No locks" was said of an `ALTER TABLE` that changed the catalogue alone; it queued behind a long transaction, and production behind it.
#[test]
fn a_change_of_the_catalogue_alone_waits_in_the_queue() {
    let add = "        migrations.AddField('order', 'extra', models.TextField(null=True)),";
    let all = found(&project(50_000_000, HOT, "atomic = True", add));
    assert_eq!(all, [("missing-lock-timeout".to_owned(), "warning".to_owned())]);
    let limited = format!("        migrations.RunSQL(\"SET lock_timeout = '2s'\", migrations.RunSQL.noop),\n{add}");
    assert_eq!(found(&project(50_000_000, HOT, "atomic = True", &limited)), []);
}

const CONCURRENT: &str = "        AddIndexConcurrently('order', models.Index(fields=['plain'], name='order_plain')),";

/// Run again after a timeout, the build found the name taken by the invalid index it had left.
#[test]
fn a_concurrent_build_is_alone_in_its_migration() {
    assert!(rules(&project(50_000_000, "", "atomic = False", CONCURRENT)).is_empty());
    let page = project(1, "", "atomic = False", CONCURRENT).run(&["rules", "concurrent-in-transaction"]).1;
    assert!(page.contains("drop the invalid index") && page.contains("`IF NOT EXISTS`"), "{page}");
}

/// A checker saw `CREATE EXTENSION`, called it harmless, and read no further.
#[test]
fn create_extension_does_not_hide_the_rest_of_the_sql() {
    let sql = "        migrations.RunSQL('CREATE EXTENSION IF NOT EXISTS pg_trgm; CREATE INDEX x ON shop_order (plain)', migrations.RunSQL.noop),";
    assert_eq!(rules(&project(50_000_000, "", "atomic = True", sql)), ["blocking-migration"]);
}

/// Findings on every `AlterField`, because what the field was before was not looked at.
#[test]
fn what_alter_field_costs_depends_on_what_the_field_was() {
    let alter = |field: &str| {
        let operation = format!("        migrations.AlterField('order', 'plain', {field}),");
        rules(&project(50_000_000, "", "atomic = True", &operation))
    };
    assert!(alter("models.CharField(max_length=40, help_text='Ours.')").is_empty(), "nothing is sent");
    assert!(alter("models.CharField(max_length=80)").is_empty(), "longer needs no look at the rows");
    assert_eq!(alter("models.CharField(max_length=20)"), ["blocking-migration"]);
    assert_eq!(alter("models.IntegerField()"), ["blocking-migration"]);
}

/// With `atomic = False` a lock ends with its statement: the backfill after it holds none.
#[test]
fn without_a_transaction_locks_end_with_their_statements() {
    let both = "        migrations.AddField('order', 'extra', models.TextField(null=True)),\n        \
                migrations.RunPython(fill, migrations.RunPython.noop),";
    assert_eq!(rules(&project(50_000_000, "", "atomic = True", both)), ["backfill-with-ddl"]);
    assert!(rules(&project(50_000_000, "", "atomic = False", both)).is_empty());
    assert_eq!(rules(&project(50_000_000, "", "atomic = True", CONCURRENT)), ["concurrent-in-transaction"]);
}

/// Dozens of findings in migrations of packages that nobody of the team can change.
#[test]
fn packages_are_not_judged() {
    let index = "        migrations.AddIndex('order', models.Index(fields=['plain'], name='order_plain')),";
    let project = project(50_000_000, "", "atomic = True", index);
    std::fs::create_dir_all(project.path().join("site")).unwrap();
    std::fs::rename(project.path().join("shop"), project.path().join("site/shop")).unwrap();
    let (code, out, err) = project.run(&["migrations", "--python", "site"]);
    assert_eq!(code, 0, "{out}{err}");
    let (code, out, _) = project.run(&["migrations", "shop.0002", "--python", "site"]);
    assert!(code == 1 && out.contains("blocking-migration"), "asked for by name it is: {out}");
}

/// A table was locked for as long as its rows were written: a column added, and filled in the same migration.
#[test]
fn a_column_is_not_filled_in_the_transaction_that_adds_it() {
    let both = "        migrations.AddField('order', 'extra', models.TextField(null=True)),\n        \
                migrations.RunSQL('UPDATE shop_order SET extra = plain', migrations.RunSQL.noop),";
    let all = found(&project(50_000_000, "", "atomic = True", both));
    assert!(all.contains(&("backfill-with-ddl".into(), "error".into())), "{all:?}");
    assert!(rules(&project(9_000, "", "atomic = True", both)).is_empty(), "of a small table nobody minds");
}

/// `varchar` to `text` rewrites nothing; with `db_index` Django drops the index for patterns and builds another.
#[test]
fn varchar_to_text_builds_the_pattern_index_anew() {
    let alter = |name: &str, field: &str| {
        rules(&project(
            50_000_000,
            "",
            "atomic = True",
            &format!("        migrations.AlterField('order', '{name}', {field}),"),
        ))
    };
    assert!(alter("plain", "models.TextField()").is_empty());
    assert_eq!(alter("reference", "models.TextField(db_index=True)"), ["blocking-migration"]);
}

/// After `DEFAULT_AUTO_FIELD` changed, the tables between models kept keys of four bytes, and ran out of them.
#[test]
fn keys_of_many_to_many_tables_stay_small() {
    let project = Project::with_app(
        "shop",
        &[
            (
                "settings.py",
                "INSTALLED_APPS = ['shop']\nDEFAULT_AUTO_FIELD = 'django.db.models.AutoField'\nSECRET_KEY = 'x'\n",
            ),
            (
                "shop/models.py",
                "from django.db import models\n\n\nclass Tag(models.Model):\n    name = models.CharField(max_length=9)\n\n\n\
                 class Order(models.Model):\n    tags = models.ManyToManyField(Tag)\n",
            ),
        ],
    );
    let (code, out, err) = project.run(&["check", "--select", "integer-primary-key", "--format", "concise"]);
    assert!(code == 1 && out.contains("integer-primary-key"), "{out}{err}");
}
