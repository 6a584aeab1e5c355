//! `pgwright schema` as a user runs it. What real Django says of the result is asked by `cargo xtask shop`.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests make folders and run the command")]

mod common;

use common::Project;
use serde_json::Value;

const MODELS: &str = "from django.db import models\n\n\nclass Order(models.Model):\n    # How it is found again.\n    number = models.CharField(max_length=20)\n    customer = models.ForeignKey('Customer', on_delete=models.CASCADE, db_index=False)\n\n    def __str__(self):\n        return self.number\n\n\nclass Customer(models.Model):\n    name = models.CharField(max_length=100)\n";

const FILES: &[(&str, &str)] = &[
    ("shop/models.py", MODELS),
    (
        "shop/views.py",
        "from .models import Order\n\n\ndef order(request, number):\n    return Order.objects.get(number=number)\n",
    ),
    ("shop/migrations/__init__.py", ""),
    (
        "shop/migrations/0007_all.py",
        "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n    operations = []\n",
    ),
];

fn project() -> Project {
    let project = Project::with_app("shop", FILES);
    let settings = project.read("settings.py");
    project.write(
        "settings.py",
        &format!("{settings}DATABASES = {{'default': {{'ENGINE': 'django.db.backends.postgresql', 'NAME': 'x'}}}}\n"),
    );
    project
}

#[test]
fn a_class_is_shown_as_it_should_be_with_reasons_and_migrations() {
    let project = project();
    let (code, out, err) = project.run(&["schema", "Order"]);
    assert_eq!(code, 1, "{err}");
    assert!(out.contains("Add an index on `number` (unindexed-filter") && out.contains("see shop/views.py:5"), "{out}");
    assert!(out.contains("+            models.Index(fields=['number']),"), "the file's quotes: {out}");
    assert!(out.contains("Migration  shop/migrations/0008_order_shop_order_number_"), "{out}");
    assert!(out.contains("atomic = False") && out.contains("AddIndexConcurrently("), "{out}");
    assert!(out.contains("field=models.ForeignKey(on_delete=models.CASCADE, to=\"shop.customer\"),"), "{out}");
    assert_eq!(project.read("shop/models.py"), MODELS, "nothing is written unasked");
    let (_, out, _) = project.run(&["schema", "shop.Order", "--format", "json"]);
    let schema: Value = serde_json::from_str(include_str!("../schemas/schema.json")).unwrap();
    let document: Value = serde_json::from_str(&out).unwrap();
    let wrong: Vec<String> =
        jsonschema::validator_for(&schema).unwrap().iter_errors(&document).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    assert_eq!(document["changes"].as_array().unwrap().len(), 2);
}

#[test]
fn what_is_written_keeps_the_rest_and_is_stable() {
    let project = project();
    let (code, out, err) = project.run(&["schema", "order", "--fix"]);
    assert_eq!(code, 0, "{out}{err}");
    let expected = MODELS.replace(", db_index=False", "").replace(
        "\n    def __str__",
        "\n    class Meta:\n        indexes = [\n            models.Index(fields=['number']),\n        ]\n\n    def __str__",
    );
    assert_eq!(project.read("shop/models.py"), expected);
    let migrations = std::fs::read_dir(project.path().join("shop/migrations")).unwrap().count();
    assert_eq!(migrations, 4);
    let (code, out, _) = project.run(&["schema", "order", "--fix"]);
    assert!(code == 0 && out.contains("as it should be"), "{out}");
    assert_eq!(project.read("shop/models.py"), expected);
    assert_eq!(std::fs::read_dir(project.path().join("shop/migrations")).unwrap().count(), migrations);
}

#[test]
fn all_is_written_or_nothing() {
    let project = project();
    let (_, out, _) = project.run(&["schema", "Order", "--format", "json"]);
    let document: Value = serde_json::from_str(&out).unwrap();
    let last = document["migrations"].as_array().unwrap().last().unwrap()["file"].as_str().unwrap().to_owned();
    // A folder is where the second migration should go.
    std::fs::create_dir_all(project.path().join(&last)).unwrap();
    let (code, _, err) = project.run(&["schema", "Order", "--fix"]);
    assert!(code == 2 && err.contains(&last), "{err}");
    assert_eq!(project.read("shop/models.py"), MODELS);
    assert_eq!(std::fs::read_dir(project.path().join("shop/migrations")).unwrap().count(), 3, "only what was there");
}

#[test]
fn names_that_mean_nothing_or_too_much_are_said() {
    let project = project();
    let (code, _, err) = project.run(&["schema", "Ordr"]);
    assert!(code == 2 && err.contains("did you mean `Order`?"), "{err}");
    project.write("other/__init__.py", "");
    project.write("other/models.py", "from django.db import models\n\n\nclass Order(models.Model):\n    pass\n");
    let settings = project.read("settings.py").replace("['shop']", "['shop', 'other']");
    project.write("settings.py", &settings);
    let (code, _, err) = project.run(&["schema", "Order"]);
    assert!(code == 2 && err.contains("`shop.Order` or `other.Order`"), "{err}");
    let (code, out, _) = project.run(&["schema", "other.Order"]);
    assert!(code == 0 && out.contains("as it should be"), "{out}");
}

#[test]
fn an_app_without_migrations_is_told_so() {
    let project = Project::with_app("shop", &FILES[..2]);
    let (code, out, _) = project.run(&["schema", "Order"]);
    assert!(code == 1 && out.contains("no migration of `shop`: `shop` has no migrations"), "{out}");
}
