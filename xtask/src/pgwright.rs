//! The program under test.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::environment::root;
use crate::shell::{command, output, printed, run};

/// Arguments of `check` for the rules that read models alone. The others execute the project, which takes its time and is judged by
/// `corpus queries`.
pub(crate) const CHECK_MODELS: [&str; 5] = [
    "check",
    "--format",
    "json",
    "--ignore",
    "count-for-existence,generic-foreign-key-without-index,jsonfield-without-usable-index,mismatched-text-index,python-aggregation,\
     query-in-loop,race-in-get-or-create,random-order,related-access-in-loop,unindexable-lookup,unindexed-filter,unindexed-order,unindexed-text-search,unused-index,write-in-loop",
];

/// Build the release binary and return its path. `PGWRIGHT` names another one to use as it is.
pub(crate) fn binary() -> Result<PathBuf> {
    if let Some(given) = std::env::var_os("PGWRIGHT") {
        return Ok(PathBuf::from(given));
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    run(command(&cargo, ["build", "--quiet", "--release", "--package", "pgwright"]).current_dir(root()))?;
    Ok(target_directory()?.join("release").join(format!("pgwright{}", std::env::consts::EXE_SUFFIX)))
}

/// Where cargo builds.
pub(crate) fn target_directory() -> Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let metadata = run(command(&cargo, ["metadata", "--format-version", "1", "--no-deps"]).current_dir(root()))?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    Ok(PathBuf::from(metadata["target_directory"].as_str().context("cargo metadata names no target directory")?))
}

/// Run and return standard output. 0 (clean) and 1 (findings) are both answers.
pub(crate) fn answer(command: &mut Command) -> Result<String> {
    let output = output(command)?;
    match output.status.code() {
        Some(0 | 1) => Ok(String::from_utf8(output.stdout)?),
        _ => bail!("pgwright failed ({})\n{}", output.status, printed(&output)),
    }
}

pub(crate) fn json(command: &mut Command) -> Result<Value> {
    let text = answer(command)?;
    serde_json::from_str(&text).context("pgwright printed no JSON")
}
