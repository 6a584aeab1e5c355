//! Projects made up by chance, read by pgwright and by real Django: `tests/oracle/generated` writes them and asks.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::corpus::models;
use crate::environment::{DJANGO_VERSIONS, cache_directory, django, root, site_packages};
use crate::pgwright;
use crate::shell::{command, run as run_command};

/// Apps in one project, each of which is independent enough to count as a project of its own.
const APPS: usize = 100;

/// Functions with a query, in each app.
const QUERIES: usize = 20;

/// Differences that are printed for each seed.
const SHOWN: usize = 20;

#[derive(Default)]
struct Tally {
    models: usize,
    asked: usize,
    same: usize,
    /// Texts that pgwright calls certain and Django does not send.
    wrong: usize,
    /// Texts that pgwright calls likely and Django does not send.
    unlike: usize,
    unknown: usize,
}

/// Compares so many apps, a hundred to a seed, the versions of Django in turns. Whether nothing differs.
pub(crate) fn run(apps: &str, first_seed: &str) -> Result<bool> {
    let apps: usize = apps.parse().context("how many apps is a number")?;
    let first_seed: usize = first_seed.parse().context("the seed is a number")?;
    let binary = pgwright::binary()?;
    let mut pythons = Vec::new();
    for (version, _) in DJANGO_VERSIONS {
        pythons.extend(django(version)?.map(|python| (*version, python)));
    }
    anyhow::ensure!(!pythons.is_empty(), "no Python for any Django was found");
    let mut well = true;
    println!(
        "{:>6} {:<7} {:>6} {:>7} {:>7} {:>6} {:>7} {:>8}",
        "seed", "Django", "models", "asked", "same", "wrong", "unlike", "unknown"
    );
    for round in 0..apps.div_ceil(APPS) {
        let seed = first_seed + round;
        let (version, python) = &pythons[seed % pythons.len()];
        let folder = written(seed, python)?;
        let mut differences = Vec::new();
        let tally = compare(&binary, &folder, version, python, &mut differences)?;
        let Tally { models, asked, same, wrong, unlike, unknown } = tally;
        println!("{seed:>6} {version:<7} {models:>6} {asked:>7} {same:>7} {wrong:>6} {unlike:>7} {unknown:>8}");
        for difference in differences.iter().take(SHOWN) {
            println!("  {difference}");
        }
        if differences.is_empty() {
            std::fs::remove_dir_all(&folder)?;
        }
        well &= differences.is_empty();
    }
    Ok(well)
}

/// The project of a seed. It stays where something differs.
fn written(seed: usize, python: &Path) -> Result<PathBuf> {
    let folder = cache_directory()?.join("generated").join(seed.to_string());
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    let mut generate = command(python, ["-B"]);
    generate.arg(root().join("tests/oracle/generated/generate.py")).arg(&folder);
    generate.args(["--seed", &seed.to_string(), "--apps", &APPS.to_string(), "--queries", &QUERIES.to_string()]);
    run_command(&mut generate)?;
    Ok(folder)
}

fn compare(binary: &Path, folder: &Path, version: &str, python: &Path, differences: &mut Vec<String>) -> Result<Tally> {
    let site = site_packages(python)?;
    let pgwright = |arguments: &[&str]| {
        let mut pgwright = command(binary, arguments);
        pgwright.args(["--format", "json", "--django", version, "--python"]).arg(&site).arg(folder);
        pgwright::json(&mut pgwright).with_context(|| format!("{}, Django {version}", folder.display()))
    };
    let registry = folder.join("registry.json");
    let mut dump = command(python, ["-B"]);
    dump.arg(root().join("tests/oracle/dump_registry.py")).args(["--settings", "settings", "--no-sql", "--root"]);
    run_command(dump.arg(folder).arg("--path").arg(folder).arg("--out").arg(&registry))?;
    let truth = serde_json::from_str(&std::fs::read_to_string(&registry)?)?;
    let found = pgwright(&["inspect", "models"])?;
    let agreement = models::compare(&truth, &found);
    differences.extend(agreement.wrong.iter().map(|line| format!("models: {line}")));
    if !agreement.is_complete() && agreement.wrong.is_empty() {
        differences.push(format!("models: {}", agreement.summary()));
    }

    let mut ask = command(python, ["-B"]);
    let answers = run_command(ask.arg(root().join("tests/oracle/generated/ask.py")).arg(folder))?;
    let answers: Value = serde_json::from_str(&answers)?;
    let workload = pgwright(&["inspect", "queries", "--no-cache"])?;
    let mut tally = Tally { models: found["models"].as_array().map_or(0, Vec::len), ..Tally::default() };
    compare_queries(&answers, &workload, &mut tally, differences);
    Ok(tally)
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
