//! Migrations: what `makemigrations` would write, what is sent and which tables it locks.

use std::collections::BTreeSet;

use anyhow::Result;
use serde_json::{Value, json};

use super::{Project, each, oracle_file};
use crate::corpus::{drift, migrations};
use crate::shell::{command, run as run_command};

/// Compares so many apps before and after somebody changed their models. Whether nothing differs.
pub(crate) fn run(apps: &str, first_seed: &str) -> Result<bool> {
    let comparison = migrations::Compare::new()?;
    println!("{:>6} {:<7} {:>6} {:>11} {:>11}", "seed", "Django", "drift", "operations", "statements");
    each(apps, first_seed, |project| compare(project, &comparison))
}

fn compare(project: &Project, comparison: &migrations::Compare) -> Result<(String, Vec<String>)> {
    let mut differences = Vec::new();
    let none = json!({"changes": {}});
    migrate(project, "write")?;
    differ("the first migrations", &drifted(project, none.clone())?, &mut differences);
    project.write(&["--changed"])?;
    let plan = serde_json::from_str(&run_command(project.oracle("generated/migrate.py").arg("plan"))?)?;
    let drift = drifted(project, plan)?;
    differ("changed models", &drift, &mut differences);
    migrate(project, "write")?;
    differ("the second migrations", &drifted(project, none)?, &mut differences);
    let sent = serde_json::from_str(&migrate(project, "run")?)?;
    let score = comparison.score(sent, project.pgwright(&migrations::ARGUMENTS)?)?;
    differences.extend(score.differences);
    Ok((format!("{:>6} {:>11} {:>11}", drift.told, score.operations, score.statements), differences))
}

fn drifted(project: &Project, truth: Value) -> Result<drift::Difference> {
    drift::compare(&project.pgwright(&drift::ARGUMENTS)?, truth)
}

fn differ(after: &str, drift: &drift::Difference, differences: &mut Vec<String>) {
    let lines = |what: &str, operations: &BTreeSet<(String, String)>| -> Vec<String> {
        operations.iter().map(|(app, operation)| format!("{after}: {what} {app}: {operation}")).collect()
    };
    differences.extend(lines("wrong", &drift.wrong));
    differences.extend(lines("missing", &drift.missing));
}

/// With a server that is gone afterwards.
fn migrate(project: &Project, task: &str) -> Result<String> {
    let mut server = command(&project.python, ["-B"]);
    server.arg(oracle_file("server.py")).arg(&project.python).args(["-B", "-W", "ignore"]);
    run_command(server.arg(oracle_file("generated/migrate.py")).arg(&project.folder).arg(task))
}
