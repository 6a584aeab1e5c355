//! Projects made up by chance, read by pgwright and by real Django: `tests/oracle/generated` writes them and asks.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::environment::{DJANGO_VERSIONS, cache_directory, django, root, site_packages};
use crate::pgwright;
use crate::shell::{command, run as run_command};

pub(crate) mod migrations;
pub(crate) mod queries;

/// Apps in one project, each of which is independent enough to count as a project of its own.
const APPS: usize = 100;

/// Functions with a query, in each app.
const QUERIES: usize = 20;

/// Differences that are printed for each seed.
const SHOWN: usize = 20;

/// One project, and who reads it.
struct Project {
    seed: usize,
    folder: PathBuf,
    version: &'static str,
    python: PathBuf,
    pgwright: PathBuf,
}

/// Makes projects of so many apps together, a hundred to a seed, for the versions of Django in turns, and has each compared: that gives a
/// line of figures, and the differences. A project without any is removed. Whether none differs.
fn each(
    apps: &str,
    first_seed: &str,
    mut compare: impl FnMut(&Project) -> Result<(String, Vec<String>)>,
) -> Result<bool> {
    let apps: usize = apps.parse().context("how many apps is a number")?;
    let first_seed: usize = first_seed.parse().context("the seed is a number")?;
    let binary = pgwright::binary()?;
    let mut pythons = Vec::new();
    for (version, _) in DJANGO_VERSIONS {
        pythons.extend(django(version)?.map(|python| (*version, python)));
    }
    anyhow::ensure!(!pythons.is_empty(), "no Python for any Django was found");
    let mut well = true;
    for seed in (first_seed..).take(apps.div_ceil(APPS)) {
        let (version, python) = &pythons[seed % pythons.len()];
        let folder = cache_directory()?.join("generated").join(seed.to_string());
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir_all(&folder)?;
        let project = Project { seed, folder, version, python: python.clone(), pgwright: binary.clone() };
        project.write(&[])?;
        let (line, differences) = compare(&project)?;
        println!("{seed:>6} {version:<7} {line}");
        for difference in differences.iter().take(SHOWN) {
            println!("  {difference}");
        }
        if differences.is_empty() {
            std::fs::remove_dir_all(&project.folder)?;
        }
        well &= differences.is_empty();
    }
    Ok(well)
}

impl Project {
    fn write(&self, options: &[&str]) -> Result<()> {
        run_command(generate(&self.python, &self.folder, self.seed, APPS).args(options))?;
        Ok(())
    }

    /// A script of `tests/oracle` on the folder, by the project's Python.
    fn oracle(&self, script: &str) -> Command {
        let mut oracle = command(&self.python, ["-B", "-W", "ignore"]);
        oracle.arg(oracle_file(script)).arg(&self.folder);
        oracle
    }

    fn pgwright(&self, arguments: &[&str]) -> Result<Value> {
        let mut pgwright = command(&self.pgwright, arguments);
        pgwright.args(["--django", self.version, "--python"]).arg(site_packages(&self.python)?).arg(&self.folder);
        pgwright::json(&mut pgwright).with_context(|| format!("{}, Django {}", self.folder.display(), self.version))
    }
}

/// What writes the project of a seed into a folder.
pub(crate) fn generate(python: &Path, folder: &Path, seed: usize, apps: usize) -> Command {
    let mut generate = command(python, ["-B"]);
    generate.arg(oracle_file("generated/generate.py")).arg(folder);
    generate.args(["--seed", &seed.to_string(), "--apps", &apps.to_string(), "--queries", &QUERIES.to_string()]);
    generate
}

fn oracle_file(script: &str) -> PathBuf {
    root().join("tests/oracle").join(script)
}
