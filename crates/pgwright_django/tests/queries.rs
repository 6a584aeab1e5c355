//! The SQL of querysets, against what real Django sent for the same expressions (`tests/oracle/queries`).

mod queries_tree;

use std::collections::BTreeMap;
use std::io::Read;

use camino::{Utf8Path, Utf8PathBuf};
use pgwright_django::queries::compile::{Outcome, prefetches, select};
use pgwright_django::queries::context::Settings;
use pgwright_django::queries::{Context, Query};
use pgwright_django::{Extent, Project, ReadRequest, read};
use pgwright_python::Host;
use queries_tree::Trees;
use serde_json::Value as Json;

const TRUTH: &[u8] = include_bytes!("../../../tests/oracle/queries/truth.json.gz");
const FILES: &[(&str, &str)] = &[
    ("manage.py", include_str!("../../../tests/oracle/queries/project/manage.py")),
    ("settings.py", include_str!("../../../tests/oracle/queries/project/settings.py")),
    ("library/__init__.py", ""),
    ("library/models.py", include_str!("../../../tests/oracle/queries/project/library/models.py")),
];

/// Expressions that may differ on each version. Lower a number when it can be lowered.
const ALLOWED: &[(&str, usize)] = &[("4.2", 0), ("5.2", 0), ("6.0", 0), ("6.1", 0)];

/// The project, and where wanted a module with the expressions as code.
#[derive(Default)]
struct Files {
    lines: Option<String>,
}

const LINES: &str = "library/lines.py";

impl Files {
    fn text(&self, path: &Utf8Path) -> Option<&str> {
        let path: Utf8PathBuf = path.components().filter(|part| part.as_str() != ".").collect();
        if path == LINES {
            return self.lines.as_deref();
        }
        FILES.iter().find(|(name, _)| path == *name).map(|(_, text)| *text)
    }
}

impl Host for Files {
    fn read(&self, path: &Utf8Path) -> std::io::Result<Vec<u8>> {
        self.text(path).map(|text| text.as_bytes().to_vec()).ok_or_else(|| std::io::ErrorKind::NotFound.into())
    }

    fn is_file(&self, path: &Utf8Path) -> bool {
        self.text(path).is_some()
    }

    fn is_dir(&self, path: &Utf8Path) -> bool {
        matches!(path.as_str(), "" | "." | "library" | "./library")
    }

    fn list(&self, folder: &Utf8Path) -> Vec<Utf8PathBuf> {
        match folder.as_str() {
            "" | "." => ["library", "manage.py", "settings.py"].iter().map(|name| folder.join(name)).collect(),
            "library" | "./library" => {
                let lines = self.lines.iter().map(|_| "lines.py");
                ["__init__.py", "models.py"].into_iter().chain(lines).map(|name| folder.join(name)).collect()
            }
            _ => Vec::new(),
        }
    }
}

fn project(version: (u8, u8)) -> Project {
    let paths = FILES.iter().map(|(name, _)| Utf8PathBuf::from(*name)).collect();
    let request = ReadRequest { paths, roots: vec![".".into()], django: Some(version), ..ReadRequest::default() };
    read(&request, &Files::default()).1
}

fn truth() -> Json {
    let mut text = String::new();
    flate2::read::GzDecoder::new(TRUTH).read_to_string(&mut text).expect("the truth is gzip");
    serde_json::from_str(&text).expect("the truth is JSON")
}

/// What pgwright says of a line, in the words of the truth.
fn answer(trees: &Trees<'_>, line: &Json) -> String {
    let (query, terminal) = match trees.line(line) {
        Ok(known) => known,
        Err(reason) => return format!("unknown: {reason}"),
    };
    match select(trees.context, &query, &terminal) {
        Outcome::Sql(sql) => {
            // Every parameter is accounted for.
            let marks = sql.text.matches("%s").count();
            if marks == sql.parameters.len() {
                sql.text
            } else {
                format!("{marks} marks and {} parameters: {}", sql.parameters.len(), sql.text)
            }
        }
        Outcome::Empty => "empty".to_owned(),
        Outcome::Unknown(reason) => format!("unknown: {reason}"),
    }
}

fn expected(result: &Json) -> String {
    match (result["sql"][0].as_str(), result["error"].as_str()) {
        (Some(sql), _) => sql.to_owned(),
        (None, Some(_)) => "unknown".to_owned(),
        (None, None) => "empty".to_owned(),
    }
}

/// `SHOW=5.2` or `SHOW=all` prints what differs.
#[expect(clippy::disallowed_methods, reason = "asked for by whoever runs the test")]
fn shown(version: &str) -> bool {
    std::env::var_os("SHOW").is_some_and(|shown| shown == version || shown == "all")
}

#[test]
fn querysets_compile_as_django_compiles_them() {
    let truth = truth();
    let mut worse = Vec::new();
    for (version, allowed) in ALLOWED {
        let (major, minor) = version.split_once('.').expect("a version");
        let version_pair: (u8, u8) = (major.parse().expect("a number"), minor.parse().expect("a number"));
        let project = project(version_pair);
        let settings = Settings {
            version: (version_pair.0.into(), version_pair.1.into()),
            use_tz: true,
            time_zone: Some("Europe/Berlin".to_owned()),
        };
        let context = Context::new(&project.models, settings);
        let trees = Trees { context: &context, classes: &truth["classes"] };
        let results = truth["results"][version].as_object().expect("results");
        let mut differences: BTreeMap<&str, (String, String)> = BTreeMap::new();
        let mut unclear = 0;
        let mut compared = 0;
        for (line, result) in results {
            // A name that this release does not have.
            let absent = result["error"].as_str().is_some_and(|error| error.starts_with("NameError"));
            // Functions of the project are more than calls of classes: `expressions_in_code_send_the_same` has them.
            if absent || line.contains("Own") {
                continue;
            }
            compared += 1;
            let ours = answer(&trees, &truth["trees"][line]);
            let theirs = expected(result);
            let same = if theirs == "unknown" { ours.starts_with("unknown") } else { ours == theirs };
            if !same {
                unclear += usize::from(ours.starts_with("unknown"));
                differences.insert(line, (ours, theirs));
            }
        }
        let wrong = differences.len();
        println!("Django {version}: {} of {compared} agree, {unclear} not known", compared - wrong);
        if shown(version) {
            for (line, (ours, theirs)) in &differences {
                println!("{line}\n  pgwright {ours}\n  Django   {theirs}");
            }
        }
        if wrong > *allowed {
            worse.push(format!("Django {version}: {wrong} differ, {allowed} are allowed"));
        }
    }
    assert!(worse.is_empty(), "{}; run with SHOW=all to see them", worse.join("; "));
}

/// `IN` lists made one long: how many rows there are is not known from source.
fn one_long(sql: &str) -> String {
    let mut text = sql.to_owned();
    for (many, one) in [("(%s), (%s)", "(%s)"), ("IN (%s, %s", "IN (%s")] {
        while text.contains(many) {
            text = text.replace(many, one);
        }
    }
    text
}

#[test]
fn prefetches_are_those_django_sends() {
    let truth = truth();
    let mut wrong = Vec::new();
    for (version, _) in ALLOWED {
        let (major, minor) = version.split_once('.').expect("a version");
        let pair: (u8, u8) = (major.parse().expect("a number"), minor.parse().expect("a number"));
        let project = project(pair);
        let settings = Settings { version: (pair.0.into(), pair.1.into()), ..Settings::default() };
        let context = Context::new(&project.models, settings);
        let trees = Trees { context: &context, classes: &truth["classes"] };
        let lines = truth["prefetches"][version].as_object().expect("prefetches");
        let mut agree = 0;
        for (line, result) in lines {
            let ours: Vec<String> = match trees.line(&truth["trees"][line]) {
                Ok((query, _)) => prefetches(&context, &query, &|model, _| Query::new(model))
                    .into_iter()
                    .map(|fetched| match fetched.outcome {
                        Outcome::Sql(sql) => sql.text,
                        Outcome::Empty => "empty".to_owned(),
                        Outcome::Unknown(reason) => format!("unknown: {reason}"),
                    })
                    .collect(),
                Err(reason) => vec![format!("unknown: {reason}")],
            };
            let theirs = result["sql"].as_array().expect("statements");
            let theirs: Vec<String> = theirs.iter().filter_map(|sql| sql.as_str().map(one_long)).collect();
            if ours == theirs {
                agree += 1;
            } else {
                let (ours, theirs) = (ours.join("\n  "), theirs.join("\n  "));
                wrong.push(format!("{version} {line}\n  pgwright\n  {ours}\n  Django\n  {theirs}"));
            }
        }
        println!("Django {version}: {agree} of {} prefetches agree", lines.len());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Names that `tests/oracle/queries/record.py` gives to what the expressions use.
const NAMES: &str = "\
import datetime
import decimal
import uuid
from django.contrib.postgres import aggregates, search
from django.contrib.postgres.aggregates import ArrayAgg, BoolAnd, BoolOr, JSONBAgg
from django.contrib.postgres.aggregates import BitAnd as PgBitAnd, Corr as PgCorr, RegrCount as PgRegrCount
from django.contrib.postgres.aggregates import StringAgg as PgStringAgg
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.functions import RandomUUID, TransactionNow
from django.contrib.postgres.search import *
from django.db import models
from django.db.models import *
from django.db.models import lookups
from django.db.models.expressions import OrderBy, RawSQL
from django.db.models.fields.json import KT, KeyTextTransform, KeyTransform
from django.db.models.functions import *
from psycopg.types.range import DateRange, Range as NumericRange, TimestamptzRange as DateTimeTZRange
from library.models import *

Friend = Author.friends.through

def instance(model):
    return model.objects.get(pk=1)

";

/// Expressions that may be lost or changed on the way from Python to a query.
const LOST: usize = 8;

/// The expressions as code: read by the evaluator, executed, and what they send compared.
#[test]
fn expressions_in_code_send_the_same() {
    let truth = truth();
    let results = truth["results"]["5.2"].as_object().expect("results");
    let mut module = NAMES.to_owned();
    let mut by_line = BTreeMap::new();
    for (index, (line, result)) in results.iter().enumerate() {
        if result["error"].as_str().is_some_and(|error| error.starts_with("NameError")) {
            continue;
        }
        let (text, terminal) = line.split_once(" => ").unwrap_or((line, ""));
        by_line.insert(format!("line_{index}"), line);
        let body = match terminal {
            "" => format!("list({text})"),
            _ if terminal.starts_with("iterator") => format!("list(({text}).{terminal})"),
            _ if terminal.ends_with(')') => format!("({text}).{terminal}"),
            _ => format!("({text}).{terminal}()"),
        };
        module.push_str(&format!("def line_{index}():\n    {body}\n\n"));
    }
    let files = Files { lines: Some(module) };
    let paths = FILES.iter().map(|(name, _)| Utf8PathBuf::from(*name)).chain([LINES.into()]).collect();
    let request = ReadRequest {
        paths,
        roots: vec![".".into()],
        django: Some((5, 2)),
        extent: Extent::Workload,
        ..ReadRequest::default()
    };
    let project = read(&request, &files).1;
    let mut sent: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for issued in &project.workload.queries {
        let name = issued.function.rsplit('.').next().unwrap_or_default();
        let text = issued.sql.clone().unwrap_or_else(|reason| format!("unknown: {reason}"));
        sent.entry(name).or_default().push(text);
    }
    let mut lost = Vec::new();
    for (name, line) in &by_line {
        let theirs = expected(&results[*line]);
        let ours = sent.get(name.as_str()).map_or(&[] as &[String], Vec::as_slice);
        let same = match theirs.as_str() {
            "empty" | "unknown" => ours.iter().all(|text| text.starts_with("unknown")),
            sql => ours.iter().any(|text| text == sql),
        };
        if !same {
            lost.push(format!("{line}\n  pgwright {ours:?}\n  Django   {theirs}"));
        }
    }
    println!("Django 5.2: {} of {} expressions in code agree", by_line.len() - lost.len(), by_line.len());
    if shown("code") {
        println!("{}", lost.join("\n"));
    }
    assert!(lost.len() <= LOST, "{} expressions in code differ, {LOST} are allowed; run with SHOW=code", lost.len());
}
