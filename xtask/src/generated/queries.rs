//! Models and queries: the registry, and the first statement of each function.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use serde_json::Value;

use super::{Project, each};
use crate::corpus::models;
use crate::shell::run as run_command;

#[derive(Default)]
struct Tally {
    asked: usize,
    same: usize,
    /// Texts that pgwright calls certain and Django does not send.
    wrong: usize,
    /// Texts that pgwright calls likely and Django does not send.
    unlike: usize,
    unknown: usize,
}

/// Compares so many apps. Whether nothing differs.
pub(crate) fn run(apps: &str, first_seed: &str) -> Result<bool> {
    println!(
        "{:>6} {:<7} {:>6} {:>7} {:>7} {:>6} {:>7} {:>8}",
        "seed", "Django", "models", "asked", "same", "wrong", "unlike", "unknown"
    );
    each(apps, first_seed, compare)
}

fn compare(project: &Project) -> Result<(String, Vec<String>)> {
    let mut differences = Vec::new();
    let registry = project.folder.join("registry.json");
    let truth = models::registry(&project.python, &project.folder, "settings", &registry)?;
    let found = project.pgwright(&["inspect", "models", "--format", "json"])?;
    let agreement = models::compare(&truth, &found);
    differences.extend(agreement.wrong.iter().map(|line| format!("models: {line}")));
    if !agreement.is_complete() && agreement.wrong.is_empty() {
        differences.push(format!("models: {}", agreement.summary()));
    }
    let answers: Value = serde_json::from_str(&run_command(&mut project.oracle("generated/ask.py"))?)?;
    let workload = project.pgwright(&["inspect", "queries", "--no-cache", "--format", "json"])?;
    let mut tally = Tally::default();
    compare_queries(&answers, &workload, &mut tally, &mut differences);
    let models = found["models"].as_array().map_or(0, Vec::len);
    let Tally { asked, same, wrong, unlike, unknown } = tally;
    Ok((format!("{models:>6} {asked:>7} {same:>7} {wrong:>6} {unlike:>7} {unknown:>8}"), differences))
}

/// Texts of one function, those that are certain apart.
#[derive(Default)]
struct Listed<'v> {
    certain: BTreeSet<&'v str>,
    all: BTreeSet<&'v str>,
}

fn compare_queries(answers: &Value, workload: &Value, tally: &mut Tally, differences: &mut Vec<String>) {
    let mut listed: BTreeMap<String, Listed<'_>> = BTreeMap::new();
    for query in workload["queries"].as_array().into_iter().flatten() {
        let (Some(file), Some(function)) = (query["file"].as_str(), query["function"].as_str()) else { continue };
        let app = file.rsplit('/').nth(1).unwrap_or_default();
        let entry = listed.entry(format!("{app}.{function}")).or_default();
        if let Some(sql) = query["sql"].as_str() {
            entry.all.insert(sql);
            if query["confidence"] == "certain" {
                entry.certain.insert(sql);
            }
        }
    }
    let nothing = Listed::default();
    for (name, answer) in answers["asked"].as_object().into_iter().flatten() {
        let Some(sent) = answer["sql"].as_str() else { continue };
        tally.asked += 1;
        let listed = listed.get(name).unwrap_or(&nothing);
        if listed.all.contains(sent) {
            tally.same += 1;
        } else if let Some(ours) = listed.certain.first() {
            tally.wrong += 1;
            differences.push(format!("{name}: certain\n    ours   {ours}\n    Django {sent}"));
        } else if let Some(ours) = listed.all.first() {
            tally.unlike += 1;
            differences.push(format!("{name}: likely\n    ours   {ours}\n    Django {sent}"));
        } else {
            tally.unknown += 1;
            differences.push(format!("{name}: no text\n    Django {sent}"));
        }
    }
}
