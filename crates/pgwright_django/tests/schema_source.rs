//! From source text to SQL: the declarations of `tests/oracle/expression_ddl.py` read by pgwright, against real Django.
//!
//! Nothing is installed here: Django itself comes from pgwright's own description of it.

mod common;

use std::collections::BTreeMap;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use common::{list, text, texts, unpack};
use pgwright_django::schema::schema;
use pgwright_django::{ReadRequest, read};
use pgwright_python::Host;
use pgwright_schema::{Schema, ddl};

/// Files in memory.
struct Memory(BTreeMap<Utf8PathBuf, String>);

impl Host for Memory {
    fn read(&self, path: &Utf8Path) -> io::Result<Vec<u8>> {
        self.0.get(path).map(|text| text.clone().into_bytes()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn is_file(&self, path: &Utf8Path) -> bool {
        self.0.contains_key(path)
    }

    fn is_dir(&self, path: &Utf8Path) -> bool {
        self.0.keys().any(|file| file.starts_with(path) && file != path)
    }

    fn list(&self, folder: &Utf8Path) -> Vec<Utf8PathBuf> {
        let mut found: Vec<Utf8PathBuf> = self
            .0
            .keys()
            .filter_map(|file| {
                file.strip_prefix(folder).ok()?.components().next().map(|part| folder.join(part.as_str()))
            })
            .collect();
        found.dedup();
        found
    }
}

const SETTINGS: &str = r#"
INSTALLED_APPS = ["django.contrib.postgres", "gt"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "gt"}}
"#;

const MANAGE: &str = r#"
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
"#;

#[test]
fn source_gives_djangos_statements() {
    let truth = unpack(include_bytes!("truth/expression_ddl.json.gz"));
    let mut differences = Vec::new();
    let (mut equal, mut lost, mut total) = (0, 0, 0);
    for (version, json) in truth.as_object().expect("an object per version") {
        let cases: Vec<_> = list(json, "cases").iter().filter(|case| case.get("sql").is_some()).collect();
        let mut source = text(json, "preamble").unwrap_or_default();
        for case in &cases {
            source.push_str(&text(case, "source").unwrap_or_default());
        }
        let files =
            [("manage.py", MANAGE), ("settings.py", SETTINGS), ("gt/__init__.py", ""), ("gt/models.py", &source)];
        let host = Memory(files.into_iter().map(|(path, text)| (Utf8PathBuf::from(path), text.to_owned())).collect());
        let number = |part: Option<&str>| part.and_then(|part| part.parse().ok()).unwrap_or_default();
        let mut parts = version.split('.');
        let request = ReadRequest {
            paths: host.0.keys().cloned().collect(),
            roots: vec![Utf8PathBuf::from("")],
            django: Some((number(parts.next()), number(parts.next()))),
            ..ReadRequest::default()
        };
        let (_, project) = read(&request, &host);
        let outcome = schema(&project);
        let (mut here, mut unresolved) = (0, 0);
        for case in &cases {
            let name = text(case, "name").unwrap_or_default();
            let class = text(case, "model").unwrap_or_default();
            let mut theirs = texts(case, "sql");
            if version == "4.2" {
                theirs
                    .iter_mut()
                    .filter(|line| line.starts_with("CREATE TABLE"))
                    .for_each(|line| *line = line.replace("%%", "%"));
            }
            let table =
                project.models.by_label(&format!("gt.{class}")).and_then(|model| outcome.schema.table(&model.table));
            let Some(table) = table else {
                differences.push(format!("{version} {name}: no such model"));
                continue;
            };
            let ours = ddl(&Schema { tables: vec![table.clone()], extensions: Vec::new() });
            let subject = format!("gt.{class}");
            let reasons: Vec<&str> = outcome
                .unresolved
                .iter()
                .filter(|lost| lost.subject == subject || lost.subject.starts_with(&format!("{subject}.")))
                .map(|lost| lost.reason.as_str())
                .collect();
            if ours == theirs {
                here += 1;
            } else if !reasons.is_empty() {
                unresolved += 1;
                println!("{version} {name}: {}", reasons.join("; "));
            } else {
                let extra = |from: &[String], other: &[String]| {
                    from.iter()
                        .filter(|line| !other.contains(line))
                        .map(|line| tail(line))
                        .collect::<Vec<_>>()
                        .join("\n          ")
                };
                differences.push(format!(
                    "{version} {name}\n  django  {}\n  ours    {}",
                    extra(&theirs, &ours),
                    extra(&ours, &theirs)
                ));
            }
        }
        println!("django {version}: {here} of {} equal, {unresolved} unresolved", cases.len());
        (equal, lost, total) = (equal + here, lost + unresolved, total + cases.len());
    }
    println!("all: {equal} of {total} equal, {lost} unresolved");
    assert!(lost <= 12, "{lost} declarations are not understood");
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}

/// The end of a long statement, where the cases differ.
fn tail(line: &str) -> &str {
    let mut start = line.len().saturating_sub(240);
    while !line.is_char_boundary(start) {
        start += 1;
    }
    &line[start..]
}
