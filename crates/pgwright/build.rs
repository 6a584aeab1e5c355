//! Puts the commit it is built from into the version of a released program.

#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "build scripts run git and talk with cargo")]

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let version = env!("CARGO_PKG_VERSION");
    // A development build would be made anew with each commit.
    let is_released = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let version = match is_released.then(commit).flatten() {
        Some(commit) => format!("{version} ({commit})"),
        None => version.to_owned(),
    };
    println!("cargo::rustc-env=PGWRIGHT_VERSION={version}");
}

/// Abbreviated hash and day; none outside the project's own repository, as in an unpacked source distribution.
fn commit() -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?.parent()?;
    if !root.join(".git").exists() {
        return None;
    }
    let head = git(&["rev-parse", "--path-format=absolute", "--git-path", "logs/HEAD"])?;
    println!("cargo::rerun-if-changed={head}");
    git(&["log", "-1", "--format=%h %cs"])
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !text.trim().is_empty()).then(|| text.trim().to_owned())
}
