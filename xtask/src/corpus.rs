//! The corpus: real projects from PyPI, read but never run.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::Value;

use crate::environment::{cached, find_python, root, uv};
use crate::shell::{command, run};

pub(crate) mod drift;
pub(crate) mod findings;
pub(crate) mod migrations;
pub(crate) mod models;
pub(crate) mod mutations;
pub(crate) mod n_plus_1;
pub(crate) mod queries;
pub(crate) mod repeated;
pub(crate) mod schema;
pub(crate) mod trace;

/// One project of `tests/corpus/corpus.toml`, which says what the keys mean.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Project {
    #[serde(skip)]
    pub(crate) name: String,
    version: String,
    sha256: String,
    python: String,
    pub(crate) settings: String,
    settings_file: Option<String>,
    /// The settings module queries were recorded with, where that is another one; see [`Project::recorded`].
    recorded_settings: Option<String>,
    /// The Django queries were recorded on, where that is another one.
    recorded_django: Option<String>,
    /// `--django`.
    #[serde(skip)]
    django: Option<String>,
    /// SQL of the project's migrations that its columns need and no model says.
    pub(crate) prepare: Option<String>,
}

/// A project's files on this machine.
pub(crate) struct Sources {
    pub(crate) source: PathBuf,
    pub(crate) site_packages: PathBuf,
}

impl Project {
    /// The directory of what is committed about the project.
    pub(crate) fn directory(&self) -> PathBuf {
        root().join("tests/corpus").join(&self.name)
    }

    /// Download what is not yet in the cache.
    pub(crate) fn fetch(&self) -> Result<Sources> {
        let requirements = self.directory().join("requirements.txt");
        let settings = self.settings_file.as_ref().map(|file| self.directory().join(file));
        let mut key = format!("{}{}{}", self.sha256, self.python, std::fs::read_to_string(&requirements)?);
        if let Some(settings) = &settings {
            key.push_str(&std::fs::read_to_string(settings)?);
        }
        let directory = cached("corpus", &format!("{}-{}", self.name, self.version), &key, |directory| {
            self.download(directory, &requirements)?;
            if let (Some(from), Some(name)) = (&settings, &self.settings_file) {
                std::fs::copy(from, directory.join("source").join(name))?;
            }
            Ok(())
        })
        .with_context(|| format!("could not fetch {}", self.name))?;
        Ok(Sources { source: directory.join("source"), site_packages: directory.join("site-packages") })
    }

    fn download(&self, directory: &Path, requirements: &Path) -> Result<()> {
        let Some(python) = find_python(&[&self.python, "3.13", "3.12", "3.11"]) else {
            bail!("no Python {} was found", self.python);
        };
        // In hash-checking mode the installer refuses a wheel with another hash.
        let wheel = directory.join("wheel.txt");
        std::fs::write(&wheel, format!("{}=={} --hash=sha256:{}\n", self.name, self.version, self.sha256))?;
        let install = |target: &str, options: &[&str], requirements: &Path| {
            let mut install = command(uv()?, ["pip", "install", "--quiet", "--no-deps", "--python"]);
            install.arg(&python).args(["--python-version", &self.python]).args(options);
            run(install.arg("--target").arg(directory.join(target)).arg("--requirement").arg(requirements))
        };
        install("source", &["--require-hashes", "--only-binary", ":all:"], &wheel)?;
        install("site-packages", &[], requirements)?;
        Ok(())
    }

    /// The project as it was when its queries were recorded: with what its test suite adds to the package, from `recorded/`.
    pub(crate) fn recorded(&self) -> Result<(Project, Sources)> {
        let sources = self.fetch()?;
        let project = Project { django: self.recorded_django.clone(), ..self.clone() };
        let Some(settings) = &self.recorded_settings else { return Ok((project, sources)) };
        let added = self.directory().join("recorded");
        let mut key = sources.source.display().to_string();
        for file in files_below(&added)? {
            key.push_str(&std::fs::read_to_string(&file)?);
        }
        let directory = cached("recorded", &format!("{}-{}", self.name, self.version), &key, |directory| {
            copy_below(&sources.source, &directory.join("source"))?;
            copy_below(&added, &directory.join("source"))
        })?;
        let project = Project { settings: settings.clone(), ..project };
        Ok((project, Sources { source: directory.join("source"), ..sources }))
    }

    /// `pgwright ARGUMENTS --settings … --python … SOURCE`
    pub(crate) fn pgwright(&self, binary: &Path, arguments: &[&str], sources: &Sources) -> Command {
        let mut pgwright = command(binary, arguments);
        let python: OsString = sources.site_packages.clone().into();
        pgwright.args(["--settings", &self.settings, "--python"]).arg(python).arg(&sources.source);
        if let Some(django) = &self.django {
            pgwright.args(["--django", django]);
        }
        pgwright
    }
}

/// The projects with these names; all when there is none.
pub(crate) fn projects(names: &[&str]) -> Result<Vec<Project>> {
    let manifest = std::fs::read_to_string(root().join("tests/corpus/corpus.toml"))?;
    let mut known: BTreeMap<String, Project> = toml::from_str(&manifest)?;
    for (name, project) in &mut known {
        project.name.clone_from(name);
    }
    if names.is_empty() {
        return Ok(known.into_values().collect());
    }
    let find = |name: &&str| known.get(*name).cloned().with_context(|| format!("the corpus has no project {name}"));
    names.iter().map(find).collect()
}

pub(crate) fn fetch(names: &[&str]) -> Result<bool> {
    for project in projects(names)? {
        let sources = project.fetch()?;
        println!("{:<14} {}", project.name, sources.source.display());
    }
    Ok(true)
}

/// Every file below a directory, sorted.
fn files_below(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![directory.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

fn copy_below(from: &Path, to: &Path) -> Result<()> {
    for file in files_below(from)? {
        let target = to.join(file.strip_prefix(from)?);
        if let Some(folder) = target.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::copy(&file, &target)?;
    }
    Ok(())
}

/// A JSON file compressed by xz.
pub(crate) fn read_xz(path: &Path) -> Result<Value> {
    let file = std::fs::File::open(path).with_context(|| path.display().to_string())?;
    let mut text = Vec::new();
    if let Err(error) = lzma_rs::xz_decompress(&mut BufReader::new(file), &mut text) {
        bail!("{}: {error}", path.display());
    }
    Ok(serde_json::from_slice(&text)?)
}
