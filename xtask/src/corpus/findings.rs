//! How often each rule that reads models fires on each project. A change of a rule shows as a diff of `tests/corpus/findings.toml`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context, Result};

use super::projects;
use crate::environment::root;
use crate::pgwright;

type Counts = BTreeMap<String, usize>;

pub(crate) fn run(names: &[&str], update: bool) -> Result<bool> {
    let file = root().join("tests/corpus/findings.toml");
    let stored = std::fs::read_to_string(&file).unwrap_or_default();
    let mut stored: BTreeMap<String, Counts> = toml::from_str(&stored)?;
    let binary = pgwright::binary()?;
    let mut same = true;
    for project in projects(names)? {
        let report = pgwright::json(&mut project.pgwright(&binary, &pgwright::CHECK_MODELS, &project.fetch()?))
            .with_context(|| project.name.clone())?;
        let mut counts = Counts::new();
        for diagnostic in report["diagnostics"].as_array().context("the report has no diagnostics")? {
            let rule = diagnostic["rule"].as_str().context("a diagnostic names no rule")?;
            *counts.entry(rule.to_owned()).or_default() += 1;
        }
        let before = stored.get(&project.name).cloned().unwrap_or_default();
        let rules: std::collections::BTreeSet<&String> = before.keys().chain(counts.keys()).collect();
        for rule in rules {
            let (old, new) = (before.get(rule).unwrap_or(&0), counts.get(rule).unwrap_or(&0));
            if old != new {
                same = false;
                println!("{:<14} {rule}: {old} → {new}", project.name);
            }
        }
        let total: usize = counts.values().sum();
        println!("{:<14} {total} findings of {} rules", project.name, counts.len());
        stored.insert(project.name, counts);
    }
    if update {
        std::fs::write(&file, render(&stored)?)?;
    } else if !same {
        println!("counts differ from tests/corpus/findings.toml; `cargo xtask corpus check --update` stores them");
    }
    Ok(same || update)
}

fn render(findings: &BTreeMap<String, Counts>) -> Result<String> {
    let mut text = "# Findings per rule and project. Written by `cargo xtask corpus check --update`.\n".to_owned();
    for (project, counts) in findings {
        write!(text, "\n[{project}]\n")?;
        for (rule, count) in counts {
            writeln!(text, "{rule} = {count}")?;
        }
    }
    Ok(text)
}
