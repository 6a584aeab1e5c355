//! The DDL of `inspect schema`, run on PostgreSQL and compared with what Django creates.

use std::path::Path;

use anyhow::Result;

use super::{Project, projects};
use crate::environment::{oracle_python, root};
use crate::pgwright;
use crate::shell::{command, output};

/// Projects whose migrations have built exactly what their models say: for the others, `history.txt` lists the rest.
const WITHOUT_HISTORY: &[&str] = &["misago", "pulpcore"];

pub(crate) fn run(names: &[&str], diff: bool) -> Result<bool> {
    let binary = pgwright::binary()?;
    let mut well = true;
    for project in projects(names)? {
        let ddl = pgwright::answer(&mut project.pgwright(
            &binary,
            &["inspect", "schema", "--format", "sql"],
            &project.fetch()?,
        ));
        let ddl = match ddl {
            Ok(ddl) => ddl,
            Err(error) => {
                println!("{:<14} {error:#}", project.name);
                well = false;
                continue;
            }
        };
        well &= compare_project(&project, &ddl, "schema.models.json.xz", diff)?;
        if WITHOUT_HISTORY.contains(&project.name.as_str()) {
            well &= compare_project(&project, &ddl, "schema.migrated.json.xz", diff)?;
        }
    }
    Ok(well)
}

fn compare_project(project: &Project, ddl: &str, truth: &str, diff: bool) -> Result<bool> {
    let title = format!("{} {}", project.name, truth.split('.').nth(1).unwrap_or_default());
    compare(&title, ddl, &project.directory().join(truth), &["--shared"], diff)
}

/// Build the DDL on an empty database, compare the catalogue with `truth`, and print a line about it.
pub(crate) fn compare(title: &str, ddl: &str, truth: &Path, options: &[&str], diff: bool) -> Result<bool> {
    let file = std::env::temp_dir().join(format!("pgwright-{}.sql", std::process::id()));
    std::fs::write(&file, ddl)?;
    let script = root().join("tests/oracle/schema.py");
    let mut python = command(oracle_python()?, ["-B"]);
    let result = output(python.arg(script).arg("compare").arg(&file).arg("--truth").arg(truth).args(options));
    std::fs::remove_file(&file)?;
    let result = result?;
    println!("{title:<24} {}", String::from_utf8_lossy(&result.stderr).trim());
    if diff {
        for line in String::from_utf8_lossy(&result.stdout).lines() {
            println!("  {line}");
        }
    }
    Ok(result.status.success())
}
