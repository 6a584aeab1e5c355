//! Expressions, conditions, defaults and generated columns against the SQL of real Django, version by version.
//!
//! `truth/expression_ddl.json.gz` is made by `tests/oracle/expression_ddl.py`: some 290 models for each of four versions,
//! with what every index and constraint was called with, and the statements of `create_model`.

mod common;

use std::collections::HashMap;

use common::{empty_project, list, model, text, texts, unpack};
use pgwright_django::model::ModelId;
use pgwright_django::schema::schema;
use pgwright_schema::ddl;
use serde_json::Value as Json;

/// Fields all cases share are given by name; the first case has them in full.
fn with_shared_fields(case: &Json, shared: &[Json]) -> Json {
    let mut case = case.clone();
    if let Some(fields) = case["fields"].as_array_mut() {
        for field in fields {
            if let Some(name) = field.as_str()
                && let Some(full) = shared.iter().find(|full| full["name"].as_str() == Some(name))
            {
                *field = full.clone();
            }
        }
    }
    case
}

#[test]
fn statements_are_djangos_for_every_declaration() {
    let truth = unpack(include_bytes!("truth/expression_ddl.json.gz"));
    let mut differences = Vec::new();
    for (version, json) in truth.as_object().expect("an object per version") {
        let cases = list(json, "cases");
        let shared = list(&cases[0]["described"], "fields");
        let (mut equal, mut lost, mut all) = (0, 0, 0);
        for case in cases.iter().filter(|case| case.get("sql").is_some()) {
            let described = with_shared_fields(&case["described"], shared);
            let name = text(case, "name").unwrap_or_default();
            let mut project = empty_project(json["django"].as_str().unwrap_or_default());
            project.settings.use_tz = Some(true);
            project.settings.time_zone = Some("UTC".to_owned());
            let labels = [text(&json["owner"], "label"), text(&described, "label")];
            let ids: HashMap<String, ModelId> =
                labels.into_iter().flatten().zip(0..).map(|(label, id)| (label, ModelId(id))).collect();
            project.models.all = vec![model(&json["owner"], ModelId(0), &ids), model(&described, ModelId(1), &ids)];
            let mut outcome = schema(&project);
            outcome.schema.tables.remove(0);
            let ours = ddl(&outcome.schema);
            serde_json::to_string(&outcome.schema).expect("every schema can be written as JSON");
            let mut theirs = texts(case, "sql");
            if version == "4.2" {
                // 4.2 doubles `%` in checks written inside CREATE TABLE; its migrations add them by ALTER TABLE, with one.
                theirs
                    .iter_mut()
                    .filter(|line| line.starts_with("CREATE TABLE"))
                    .for_each(|line| *line = line.replace("%%", "%"));
            }
            all += 1;
            if ours == theirs {
                equal += 1;
            } else if !outcome.unresolved.is_empty() {
                lost += 1;
                for lost in &outcome.unresolved {
                    println!("{version} {name}: unresolved {}", lost.reason);
                }
                let extra: Vec<_> = ours
                    .iter()
                    .filter(|ours| !theirs.contains(ours))
                    .filter(|ours| !ours.starts_with("CREATE TABLE"))
                    .collect();
                if !extra.is_empty() {
                    differences.push(format!("{version} {name}\n  besides {extra:?}"));
                }
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
        println!("django {version}: {equal} of {all} equal, {lost} unresolved");
    }
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
