//! Which files git says were changed.

use std::collections::BTreeSet;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};

use crate::failure::Failure;

/// Files below a folder that differ from where this branch left `revision`, and those that git does not know yet.
pub(super) fn changed(revision: &str, folder: &Utf8Path) -> Result<BTreeSet<Utf8PathBuf>, Failure> {
    let folder = if folder.is_file() { folder.parent().unwrap_or(Utf8Path::new(".")) } else { folder };
    let folder = if folder.as_str().is_empty() { Utf8Path::new(".") } else { folder };
    if revision.starts_with('-') {
        return Err(Failure::new(format!("`{revision}` is no revision")));
    }
    let differing =
        git(folder, &["diff", "--name-only", "--relative", "-z", "--diff-filter=d", "--merge-base", revision])?;
    let unknown = git(folder, &["ls-files", "--others", "--exclude-standard", "-z"])?;
    let names = differing.split('\0').chain(unknown.split('\0')).filter(|name| !name.is_empty());
    Ok(names.filter_map(|name| folder.join(name).canonicalize_utf8().ok()).collect())
}

fn git(folder: &Utf8Path, arguments: &[&str]) -> Result<String, Failure> {
    // A repository's own settings name no program that git would start.
    let run = Command::new("git").args(["-c", "core.fsmonitor=false", "-C"]).arg(folder).args(arguments).output();
    let output =
        run.map_err(|error| Failure::new(format!("git could not be run: {}", crate::failure::plain(&error))))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let first = said.lines().next().unwrap_or("no message").to_owned();
        return Err(Failure::new(format!("git does not know what was changed: {first}"))
            .hint("`--since` takes a revision, as in `--since origin/main`"));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
