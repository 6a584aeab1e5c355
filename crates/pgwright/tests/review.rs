//! `pgwright review` as a user runs it, without a server: plans are predicted, so the same on every machine.

#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "tests make folders and run the command")]

mod common;

use std::path::Path;

use common::Project;
use serde_json::Value;

/// No server's programs are there.
const NOBODY: &[&str] = &["--postgres-bin", "no-such-folder"];

fn review(project: &Project, more: &[&str]) -> (i32, String, String) {
    project.run(&[&["review"], NOBODY, more].concat())
}

fn shop() -> Project {
    fn copy(project: &Project, folder: &Path, below: &Path) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                copy(project, &path, below);
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                project.write(path.strip_prefix(below).unwrap().to_str().unwrap(), &text);
            }
        }
    }
    let project = Project::of(&[]);
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/shop");
    copy(&project, &shop, &shop);
    project
}

/// `PGWRIGHT_GOLDEN=1` writes the reports anew; the difference is part of the review.
#[test]
fn the_reports_of_the_shop_are_those_in_the_documentation() {
    let shop = shop();
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    for (format, file) in [("markdown", "review-of-the-shop.md"), ("text", "review-of-the-shop.txt")] {
        let (_, out, err) = review(&shop, &["--django", "6.0", "--format", format]);
        assert!(!out.is_empty(), "{err}");
        let golden = docs.join(file);
        if std::env::var_os("PGWRIGHT_GOLDEN").is_some() {
            std::fs::create_dir_all(&docs).unwrap();
            std::fs::write(&golden, &out).unwrap();
        }
        assert_eq!(out, std::fs::read_to_string(&golden).unwrap(), "{file}");
    }
}

#[test]
fn the_json_is_as_described() {
    let (_, out, _) = review(&shop(), &["--format", "json"]);
    let schema: Value = serde_json::from_str(include_str!("../schemas/review.json")).unwrap();
    let document: Value = serde_json::from_str(&out).unwrap();
    let wrong: Vec<String> =
        jsonschema::validator_for(&schema).unwrap().iter_errors(&document).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    assert!(document["explain"]["planner"].is_null() && document["explain"]["reason"].is_string());
    let models = document["schema"].as_array().unwrap();
    let order = models.iter().find(|model| model["model"] == "orders.Order").unwrap();
    assert!(order["class"].as_str().unwrap().contains("models.Index(fields=[\"status\", \"placed_at\"])"), "{order}");
    assert!(order["changes"].as_array().unwrap().iter().any(|change| change["rule"] == "unindexed-filter"));
    let migrations = document["migrations"].as_array().unwrap();
    assert!(migrations.iter().any(|migration| migration["app"] == "orders" && migration["text"].is_string()));
}

#[test]
fn a_comment_stays_below_what_github_takes() {
    let models: String = (0..400)
        .map(|at| {
            format!("class Order{at}(models.Model):\n    a = models.FloatField()\n    total_price = models.FloatField()\n\n\n")
        })
        .collect();
    let project =
        Project::with_app("shop", &[("shop/models.py", &format!("from django.db import models\n\n\n{models}"))]);
    let (code, out, err) = review(&project, &["--format", "markdown"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.starts_with("<!-- pgwright -->\n") && out.len() <= 65_000, "{}", out.len());
    assert!(out.contains("more that do not fit here"));
    assert_eq!(out.matches("<details>").count(), out.matches("</details>").count());
}

#[test]
fn a_plan_that_was_asked_for_is_not_replaced_by_a_guess() {
    let project = Project::with_app("shop", &[("shop/models.py", "")]);
    let (code, out, err) = review(&project, &["--plan"]);
    assert!(code == 2 && out.is_empty() && err.contains("no-such-folder"), "{out}{err}");
    let (code, out, err) = review(&project, &["--statistics", "settings.py"]);
    assert!(code == 2 && out.is_empty() && err.contains("settings.py"), "{out}{err}");
}
