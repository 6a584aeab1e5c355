//! Reading a project in memory and running rules over it.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8Path;
use pgwright_diagnostics::{Diagnostic, Files, Fix, apply};
use pgwright_django::Project;
use pgwright_django::{ReadRequest, read};
use pgwright_rules::{Facts, Judged, Rule, Selection, Sizes};
use serde::Deserialize;

use crate::Memory;

/// A project that was read, with what rules found in it.
#[derive(Debug)]
pub struct Checked {
    pub files: Files,
    pub project: Project,
    pub found: Vec<Diagnostic>,
}

/// Reads the project whose root is the root of `host`, and runs these rules.
pub fn check_project(host: &Memory, rules: &[&'static Rule]) -> Checked {
    let selection = Selection::of(rules);
    let request = ReadRequest {
        paths: host.python_files(),
        roots: vec![".".into()],
        extent: selection.extent(),
        history: selection.reads_history(),
        ..ReadRequest::default()
    };
    let (files, project) = read(&request, host);
    let sizes = sizes(host);
    let facts = Facts { project: &project, files: &files, sizes: &sizes, judged: Judged::Last };
    let found = pgwright_rules::run(facts, &selection, pgwright_python::comments);
    Checked { files, project, found }
}

/// What `pgwright.toml` says of tables, as far as pages need it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Config {
    assume: Assume,
    migrations: Migrations,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Assume {
    rows: BTreeMap<String, u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Migrations {
    hot: BTreeSet<String>,
}

fn sizes(host: &Memory) -> Sizes {
    let text = host.files.get(Utf8Path::new("pgwright.toml")).map_or("", String::as_str);
    let config: Config = toml::from_str(text).unwrap_or_default();
    Sizes { stated: config.assume.rows, hot: config.migrations.hot, ..Sizes::default() }
}

impl Checked {
    /// The project after fixes; those that have to wait for another round are left out.
    pub(crate) fn fixed(&self, host: &Memory, fixes: &[&Fix]) -> Memory {
        let mut host = host.clone();
        for (file, text) in apply(&self.files, fixes).texts {
            host.files.insert(self.files.path(file).to_owned(), text);
        }
        host
    }
}
