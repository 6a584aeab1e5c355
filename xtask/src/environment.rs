//! Python environments with pinned packages, in the user's cache directory.
//!
//! A directory is keyed by the hash of what it is made from, so a changed pin makes a new one and nothing is ever updated.
//! It is written under another name first and renamed when complete: what exists can be trusted.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::shell::{command, find_on_path, run};

/// Django releases the oracles run on, with the Pythons each supports, best first.
pub(crate) const DJANGO_VERSIONS: &[(&str, &[&str])] = &[
    ("4.2", &["3.12", "3.11", "3.10"]),
    ("5.2", &["3.12", "3.13", "3.11", "3.14", "3.10"]),
    ("6.0", &["3.12", "3.13", "3.14"]),
    ("6.1", &["3.12", "3.13", "3.14"]),
];

/// The release the shop is written for.
pub(crate) const DEFAULT_DJANGO: &str = "5.2";

/// The workspace's root.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

pub(crate) fn cache_directory() -> Result<PathBuf> {
    let base = match std::env::var_os("XDG_CACHE_HOME") {
        Some(directory) if !directory.is_empty() => PathBuf::from(directory),
        _ => {
            let home = std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE"));
            PathBuf::from(home.context("neither XDG_CACHE_HOME nor HOME is set")?).join(".cache")
        }
    };
    Ok(base.join("pgwright"))
}

/// Make `NAME-HASH` in the cache unless it is there. `make` fills an empty directory.
pub(crate) fn cached(kind: &str, name: &str, key: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let directory = cache_directory()?.join(kind).join(format!("{name}-{:016x}", fnv1a(key)));
    if !directory.is_dir() {
        let unfinished = directory.with_extension(format!("{}.unfinished", std::process::id()));
        std::fs::create_dir_all(&unfinished)?;
        let made = make(&unfinished).and_then(|()| Ok(std::fs::rename(&unfinished, &directory)?));
        if let Err(error) = made {
            std::fs::remove_dir_all(&unfinished)?;
            // Another process may have been faster.
            if !directory.is_dir() {
                return Err(error);
            }
        }
    }
    Ok(directory)
}

/// A hash that stays the same from one Rust release to the next.
fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// An interpreter of the first of these versions that is installed.
pub(crate) fn find_python(versions: &[&str]) -> Option<PathBuf> {
    versions.iter().find_map(|version| {
        let named = find_on_path(&format!("python{version}"));
        let default = find_on_path("python3");
        let mut candidates: Vec<PathBuf> = named.into_iter().chain(pyenv_python(version)).chain(default).collect();
        // A pyenv shim exists for versions that are not enabled, so being there is not enough.
        candidates.retain(|python| reports_version(python, version));
        candidates.into_iter().next()
    })
}

fn pyenv_python(version: &str) -> Option<PathBuf> {
    let home = PathBuf::from(std::env::var_os("HOME")?);
    let installed = std::fs::read_dir(home.join(".pyenv/versions")).ok()?;
    installed
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(&format!("{version}.")))
        .map(|entry| entry.path().join("bin/python3"))
        .find(|python| python.is_file())
}

fn reports_version(python: &Path, version: &str) -> bool {
    let code = "import sys, venv; print('%d.%d' % sys.version_info[:2])";
    run(Command::new(python).args(["-c", code])).is_ok_and(|printed| printed.trim() == version)
}

/// uv, ruff and whatever else the tasks call.
pub(crate) fn tools() -> Result<PathBuf> {
    let requirements = std::fs::read_to_string(root().join("tests/oracle/environments/tools.txt"))?;
    cached("environments", "tools", &requirements, |directory| {
        let python =
            find_python(&["3.12", "3.13", "3.11", "3.14", "3.10"]).context("no Python from 3.10 to 3.14 was found")?;
        run(command(&python, ["-m", "venv"]).arg(directory))?;
        let packages: Vec<&str> = requirements.split_whitespace().collect();
        let quiet = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
        run(command(directory.join("bin/python"), quiet).args(packages))?;
        Ok(())
    })
}

pub(crate) fn uv() -> Result<PathBuf> {
    Ok(tools()?.join("bin/uv"))
}

/// The interpreter of an environment with this Django, or `None` where no Python for it is installed.
pub(crate) fn django(version: &str) -> Result<Option<PathBuf>> {
    let Some((_, pythons)) = DJANGO_VERSIONS.iter().find(|(known, _)| *known == version) else {
        bail!("Django {version} is not one of those the tests run on");
    };
    let Some(python) = find_python(pythons) else {
        return Ok(None);
    };
    let requirements = root().join(format!("tests/oracle/environments/django-{version}.txt"));
    let key = format!("{}{}", std::fs::read_to_string(&requirements)?, python.display());
    let directory = cached("environments", &format!("django-{version}"), &key, |directory| {
        install(&python, &requirements, directory)
    })?;
    Ok(Some(directory.join("bin/python")))
}

/// Makes an environment of this interpreter with what a file of requirements lists.
pub(crate) fn install(python: &Path, requirements: &Path, directory: &Path) -> Result<()> {
    run(command(uv()?, ["venv", "--quiet", "--allow-existing", "--python"]).arg(python).arg(directory))?;
    let install = ["pip", "install", "--quiet", "--python"];
    run(command(uv()?, install).arg(directory.join("bin/python")).arg("--requirement").arg(requirements))?;
    Ok(())
}

/// The interpreter the oracle scripts run with.
pub(crate) fn oracle_python() -> Result<PathBuf> {
    django(DEFAULT_DJANGO)?.context("no Python for Django 5.2 was found (3.10 to 3.14)")
}

/// Where packages of the environment of this interpreter lie.
pub(crate) fn site_packages(python: &Path) -> Result<PathBuf> {
    let code = "import sysconfig; print(sysconfig.get_path('purelib'))";
    Ok(PathBuf::from(run(Command::new(python).args(["-c", code]))?.trim()))
}
