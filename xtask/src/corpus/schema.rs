//! The DDL of `inspect schema`, run on PostgreSQL and compared with what Django creates.

use std::path::PathBuf;

use anyhow::Result;

use super::projects;
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
            &["inspect", "schema", "--all", "--format", "sql"],
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
        let models = project.directory().join("schema.models.json.xz");
        let migrated = project.directory().join("schema.migrated.json.xz");
        let (title, truth) = if WITHOUT_HISTORY.contains(&project.name.as_str()) {
            ("migrated", Truth { catalogue: migrated, also: None, prepare: project.prepare.clone() })
        } else {
            ("models", Truth { catalogue: models, also: Some(migrated), prepare: project.prepare.clone() })
        };
        well &= compare(&format!("{} {title}", project.name), &ddl, &truth, diff)?;
    }
    Ok(well)
}

/// Build the DDL on an empty database, compare the catalogue with `truth`, and print a line about it.
pub(crate) fn compare(title: &str, ddl: &str, truth: &Truth, diff: bool) -> Result<bool> {
    let file = std::env::temp_dir().join(format!("pgwright-{}.sql", std::process::id()));
    std::fs::write(&file, ddl)?;
    let mut python = command(oracle_python()?, ["-B"]);
    python.arg(root().join("tests/oracle/schema.py")).arg("compare").arg(&file).arg("--truth").arg(&truth.catalogue);
    if let Some(also) = &truth.also {
        python.arg("--also").arg(also);
    }
    if let Some(prepare) = &truth.prepare {
        python.arg("--prepare").arg(prepare);
    }
    let result = output(&mut python);
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

/// What a catalogue is compared with.
pub(crate) struct Truth {
    pub(crate) catalogue: PathBuf,
    /// A second catalogue, right where it differs from the first: Django itself builds a few things differently in
    /// migrations, such as the keys of automatic many-to-many tables.
    pub(crate) also: Option<PathBuf>,
    pub(crate) prepare: Option<String>,
}
