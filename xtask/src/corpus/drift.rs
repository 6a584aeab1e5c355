//! How far `migration-drift` agrees with what real `makemigrations` would still write.
//!
//! `tests/corpus/NAME/drift.json.xz` holds Django's descriptions of the operations. Those that alter a field or options may change no column
//! (labels, choices): they need not be found, but whatever is found must be among them. All others must be found, except parts of models that
//! come or go with them.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;

use super::{projects, read_xz};
use crate::pgwright;

#[derive(Debug, Deserialize)]
struct Truth {
    changes: BTreeMap<String, Vec<Change>>,
}

#[derive(Debug, Deserialize)]
struct Change {
    operations: Vec<String>,
}

/// App and description.
type Operations = BTreeSet<(String, String)>;

/// What makes `pgwright` print what [`compare`] reads.
pub(crate) const ARGUMENTS: [&str; 6] = ["check", "--select", "migration-drift", "--exit-zero", "--format", "json"];

pub(crate) struct Difference {
    /// Operations that pgwright names.
    pub(crate) told: usize,
    pub(crate) wrong: Operations,
    pub(crate) missing: Operations,
    /// Those of Django that change no column, and that pgwright keeps to itself.
    quiet: usize,
}

pub(crate) fn run(names: &[&str], diff: bool) -> Result<bool> {
    let binary = pgwright::binary()?;
    let mut sound = true;
    println!("{:<14} {:>8} {:>8} {:>8} {:>11}", "project", "found", "wrong", "missing", "no drift");
    for project in projects(names)? {
        let report = pgwright::json(&mut project.pgwright(&binary, &ARGUMENTS, &project.fetch()?))
            .with_context(|| project.name.clone())?;
        let truth = read_xz(&project.directory().join("drift.json.xz"))?;
        let Difference { told, wrong, missing, quiet } = compare(&report, truth)?;
        sound &= wrong.is_empty() && missing.is_empty();
        println!("{:<14} {told:>8} {:>8} {:>8} {quiet:>11}", project.name, wrong.len(), missing.len());
        if diff {
            wrong.iter().for_each(|(app, operation)| println!("  wrong    {app}: {operation}"));
            missing.iter().for_each(|(app, operation)| println!("  missing  {app}: {operation}"));
        }
    }
    Ok(sound)
}

/// Findings beside the operations that Django would write, by app.
pub(crate) fn compare(report: &Value, truth: Value) -> Result<Difference> {
    let truth: Truth = serde_json::from_value(truth)?;
    let mut told = Operations::new();
    for diagnostic in report["diagnostics"].as_array().context("the report has no diagnostics")? {
        let value = |name: &str| {
            let evidence = diagnostic["evidence"].as_array().into_iter().flatten();
            evidence.filter(|one| one["name"] == name).find_map(|one| one["value"].as_str()).map(str::to_owned)
        };
        if let (Some(app), Some(operation)) = (value("app"), value("operation")) {
            told.insert((app, operation));
        }
    }
    let all: Operations = truth
        .changes
        .iter()
        .flat_map(|(app, changes)| {
            let operations = changes.iter().flat_map(|change| &change.operations);
            operations.map(move |operation| (app.clone(), operation.clone()))
        })
        .collect();
    let (optional, needed): (Operations, Operations) = all.iter().cloned().partition(|one| is_optional(one, &all));
    Ok(Difference {
        wrong: told.difference(&all).cloned().collect(),
        missing: needed.difference(&told).cloned().collect(),
        quiet: optional.difference(&told).count(),
        told: told.len(),
    })
}

fn is_optional((app, operation): &(String, String), all: &Operations) -> bool {
    let comes_or_goes = |model: &str| {
        ["Create", "Delete"].iter().any(|verb| {
            all.iter().any(|(other, text)| {
                other == app
                    && text.strip_prefix(&format!("{verb} model ")).is_some_and(|name| name.eq_ignore_ascii_case(model))
            })
        })
    };
    let verbs = ["Add ", "Remove ", "Create index", "Create constraint", "Alter "];
    let is_part = verbs.iter().any(|verb| operation.starts_with(verb)) && operation.split(' ').any(comes_or_goes);
    operation.starts_with("Alter field")
        || operation.starts_with("Change ")
        || operation.contains("proxy model")
        || is_part
}
