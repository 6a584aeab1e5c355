//! `examples/shop` on real Django: it runs, and pgwright reads it as each Django does.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::corpus::{models, schema};
use crate::environment::{DJANGO_VERSIONS, cache_directory, django, root, site_packages};
use crate::pgwright;
use crate::shell::{command, run as run_command};

/// Compare on every Django release that a Python is installed for.
pub(crate) fn run() -> Result<bool> {
    let mut well = true;
    for (version, _) in DJANGO_VERSIONS {
        match django(version)? {
            None => println!("Django {version}: skipped, no Python for it was found"),
            Some(python) => {
                well &= compare(version, &python)?;
                corrected(version, &python)?;
                advised(version, &python)?;
            }
        }
    }
    Ok(well)
}

/// The shop's own tests: migrations match the models, system checks pass, every page answers.
pub(crate) fn tests(version: &str) -> Result<bool> {
    let python = django(version)?.with_context(|| format!("no Python for Django {version} was found"))?;
    let server = root().join("tests/oracle/server.py");
    for arguments in [&["makemigrations", "--check", "--dry-run"][..], &["test"]] {
        let mut command = command(&python, ["-B"]);
        command.arg(&server).arg(&python).args(["-B", "manage.py"]).args(arguments);
        run_command(command.current_dir(shop()))?;
    }
    Ok(true)
}

/// Every model as `pgwright schema --fix` writes it, in a copy of the shop: a second run changes nothing, Django finds nothing left to
/// migrate, and its migrations and tests run.
pub(crate) fn corrected(version: &str, python: &Path) -> Result<()> {
    let copy = copy_of_shop(&format!("{version}-corrected"))?;
    let site = site_packages(python)?;
    let binary = pgwright::binary()?;
    let pgwright = |arguments: &[&str]| in_copy(&binary, &copy, &site, version, arguments);
    let models = pgwright::json(&mut pgwright(&["inspect", "models", "--format", "json"]))?;
    let models = models["models"].as_array().context("no list of models")?;
    let written = models.iter().filter(|model| model["file"].is_string() && model["abstract"] == false);
    let mut changed = 0;
    for model in written {
        let label =
            format!("{}.{}", model["app"].as_str().unwrap_or_default(), model["name"].as_str().unwrap_or_default());
        let first = pgwright::json(&mut pgwright(&["schema", &label, "--fix", "--format", "json"]))?;
        changed += first["changes"].as_array().map_or(0, Vec::len);
        let second = pgwright::json(&mut pgwright(&["schema", &label, "--format", "json"]))?;
        anyhow::ensure!(second["changes"] == serde_json::json!([]), "`schema {label}` has changes after `--fix`");
    }
    anyhow::ensure!(changed > 0, "nothing was corrected");
    runs(python, &copy)?;
    println!("Django {version}: {changed} corrections, `makemigrations --check` finds nothing left, tests pass");
    Ok(())
}

/// The indexes that `pgwright advise --fix` writes, in a copy of the shop: a second run proposes nothing, Django finds nothing left to
/// migrate, and its migrations and tests run.
pub(crate) fn advised(version: &str, python: &Path) -> Result<()> {
    let copy = copy_of_shop(&format!("{version}-advised"))?;
    let site = site_packages(python)?;
    let binary = pgwright::binary()?;
    let advise = |arguments: &[&str]| {
        pgwright::json(&mut in_copy(
            &binary,
            &copy,
            &site,
            version,
            &[&["advise", "--format", "json"], arguments].concat(),
        ))
    };
    let first = advise(&["--fix"])?;
    let proposed = first["indexes"].as_array().map_or(0, Vec::len);
    anyhow::ensure!(proposed > 0, "nothing was advised");
    anyhow::ensure!(
        first["written"]["left"] == serde_json::json!([]),
        "not all was written: {}",
        first["written"]["left"]
    );
    let second = advise(&[])?;
    anyhow::ensure!(
        second["indexes"] == serde_json::json!([]),
        "`advise` proposes more after `--fix`: {}",
        second["indexes"]
    );
    runs(python, &copy)?;
    println!("Django {version}: {proposed} indexes advised, `makemigrations --check` finds nothing left, tests pass");
    Ok(())
}

fn copy_of_shop(name: &str) -> Result<PathBuf> {
    let copy = cache_directory()?.join("truth").join(format!("shop-{name}"));
    if copy.exists() {
        std::fs::remove_dir_all(&copy)?;
    }
    std::fs::create_dir_all(cache_directory()?.join("truth"))?;
    run_command(command("cp", ["-r"]).arg(shop()).arg(&copy))?;
    Ok(copy)
}

fn in_copy(binary: &Path, copy: &Path, site: &Path, version: &str, arguments: &[&str]) -> Command {
    let mut pgwright = command(binary, arguments);
    pgwright.args(["--django", version, "--python"]).arg(site).current_dir(copy);
    pgwright
}

/// Whether migrations match the models of a copy, and run with its tests.
fn runs(python: &Path, copy: &Path) -> Result<()> {
    let server = root().join("tests/oracle/server.py");
    for arguments in [&["makemigrations", "--check", "--dry-run"][..], &["test"]] {
        let mut command = command(python, ["-B"]);
        command.arg(&server).arg(python).args(["-B", "manage.py"]).args(arguments);
        run_command(command.current_dir(copy))?;
    }
    Ok(())
}

/// Models against the registry, and the schema against the catalogue after `migrate`.
pub(crate) fn compare(version: &str, python: &Path) -> Result<bool> {
    let directory = cache_directory()?.join("truth");
    std::fs::create_dir_all(&directory)?;
    let binary = pgwright::binary()?;
    let site = site_packages(python)?;
    let pgwright = |arguments: &[&str]| {
        let mut pgwright = command(&binary, arguments);
        pgwright.args(["--django", version, "--python"]).arg(&site).arg(shop());
        pgwright
    };
    let oracle = |script: &str, arguments: &[&str]| {
        let mut oracle = command(python, ["-B"]);
        oracle.arg(root().join("tests/oracle").join(script)).args(arguments);
        oracle
    };

    let registry = directory.join(format!("shop-{version}-registry.json"));
    let truth = models::registry(python, &shop(), "shop.settings", &registry)?;
    let found = pgwright::json(&mut pgwright(&["inspect", "models", "--format", "json"]))
        .with_context(|| format!("examples/shop, Django {version}"))?;
    let agreement = models::compare(&truth, &found);
    println!("Django {version}: models {}", agreement.summary());
    for line in &agreement.wrong {
        println!("  {line}");
    }

    let catalogue = directory.join(format!("shop-{version}-schema.json"));
    let mut migrate = oracle("schema.py", &["migrate", "--settings", "shop.settings", "--out"]);
    run_command(migrate.arg(&catalogue).arg(shop()))?;
    let ddl = pgwright::answer(&mut pgwright(&["inspect", "schema", "--all", "--format", "sql"]))?;
    let truth = schema::Truth { catalogue, also: None, prepare: None };
    let same = schema::compare(&format!("Django {version}: schema"), &ddl, &truth, true)?;
    Ok(agreement.is_complete() && same)
}

fn shop() -> PathBuf {
    root().join("examples/shop")
}
