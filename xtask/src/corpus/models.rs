//! How far `inspect models` agrees with Django's own registry.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{projects, read_xz};
use crate::environment::root;
use crate::pgwright;
use crate::shell::{command, run as run_command};

/// Django's own registry of a project that this interpreter can run, which is written to a file.
pub(crate) fn registry(python: &Path, project: &Path, settings: &str, out: &Path) -> Result<Value> {
    let mut dump = command(python, ["-B"]);
    dump.arg(root().join("tests/oracle/dump_registry.py")).args(["--settings", settings, "--no-sql", "--root"]);
    run_command(dump.arg(project).arg("--path").arg(project).arg("--out").arg(out))?;
    Ok(serde_json::from_str(&std::fs::read_to_string(out)?)?)
}

/// What is least expected, in percent; see `tests/corpus/expected.toml`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    models: f64,
    fields: f64,
    meta: f64,
    wrong: f64,
}

/// Of so many things, how many are equal.
#[derive(Debug, Default, Clone, Copy)]
struct Share {
    equal: usize,
    of: usize,
}

impl Share {
    fn count(&mut self, equal: bool) {
        self.of += 1;
        self.equal += usize::from(equal);
    }

    #[expect(clippy::cast_precision_loss, reason = "a few thousand at most")]
    fn percent(self) -> f64 {
        if self.of == 0 { 100.0 } else { 100.0 * self.equal as f64 / self.of as f64 }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Agreement {
    models: Share,
    fields: Share,
    meta: Share,
    /// Differences that pgwright lists as not understood itself.
    unresolved: usize,
    /// Every other difference.
    pub(crate) wrong: Vec<String>,
}

impl Agreement {
    fn wrong_percent(&self) -> f64 {
        let of = self.models.of + self.fields.of + self.meta.of;
        Share { equal: self.wrong.len(), of }.percent()
    }

    /// Nothing differs and nothing is left open.
    pub(crate) fn is_complete(&self) -> bool {
        self.wrong.is_empty() && self.unresolved == 0
    }

    pub(crate) fn summary(&self) -> String {
        let Self { models, fields, meta, unresolved, wrong } = self;
        format!(
            "{}/{}, fields {}/{}, meta {}/{}, {} wrong, {unresolved} unresolved",
            models.equal,
            models.of,
            fields.equal,
            fields.of,
            meta.equal,
            meta.of,
            wrong.len()
        )
    }

    fn meets(&self, expected: Expected) -> bool {
        self.models.percent() >= expected.models
            && self.fields.percent() >= expected.fields
            && self.meta.percent() >= expected.meta
            && self.wrong_percent() <= expected.wrong
    }
}

pub(crate) fn run(names: &[&str], diff: bool) -> Result<bool> {
    let expected: BTreeMap<String, Expected> =
        toml::from_str(&std::fs::read_to_string(root().join("tests/corpus/expected.toml"))?)?;
    let default = *expected.get("default").context("expected.toml has no [default]")?;
    let binary = pgwright::binary()?;
    let mut well = true;
    println!("{:<14} {:>8} {:>8} {:>8} {:>8} {:>10}", "project", "models", "fields", "meta", "wrong", "unresolved");
    for project in projects(names)? {
        let truth = read_xz(&project.directory().join("registry.json.xz"))?;
        let arguments = ["inspect", "models", "--format", "json"];
        let found = pgwright::json(&mut project.pgwright(&binary, &arguments, &project.fetch()?))
            .with_context(|| project.name.clone())?;
        let agreement = compare(&truth, &found);
        let met = agreement.meets(*expected.get(&project.name).unwrap_or(&default));
        println!(
            "{:<14} {:>7.2}% {:>7.2}% {:>7.2}% {:>7.2}% {:>10}{}",
            project.name,
            agreement.models.percent(),
            agreement.fields.percent(),
            agreement.meta.percent(),
            agreement.wrong_percent(),
            agreement.unresolved,
            if met { "" } else { "  below what is expected" },
        );
        if diff {
            for line in &agreement.wrong {
                println!("  {line}");
            }
        }
        well &= met;
    }
    Ok(well)
}

/// Compare a registry dump with the answer of `inspect models`. Models of third-party apps are left out.
pub(crate) fn compare(truth: &Value, found: &Value) -> Agreement {
    let expected: BTreeMap<&str, &Value> = items(truth, "models")
        .filter(|model| model["own"] == true)
        .map(|model| (text(model, "label"), model))
        .collect();
    let apps: BTreeSet<&str> =
        items(truth, "apps").filter(|app| app["own"] == true).map(|app| text(app, "label")).collect();
    let answered: BTreeMap<String, &Value> = items(found, "models")
        .filter(|model| model["abstract"] != true)
        .map(|model| (format!("{}.{}", text(model, "app"), text(model, "name")), model))
        .collect();
    let unresolved: BTreeSet<&str> =
        items(found, "unresolved").filter_map(|entry| entry.as_str().or_else(|| entry["subject"].as_str())).collect();

    let mut agreement = Agreement::default();
    for (label, model) in &expected {
        let known_gap = unresolved.contains(label);
        let answer = answered.get(*label);
        agreement.models.count(answer.is_some());
        if let Some(answer) = answer {
            agreement.compare_fields(label, model, answer, known_gap, &unresolved);
            agreement.compare_meta(label, model, answer, known_gap);
        } else {
            agreement.differ(known_gap, || format!("{label}: missing"));
            // What a missing model would have held is missing too, but is one mistake.
            let held = |kinds: &[&str]| kinds.iter().map(|kind| items(model, kind).count()).sum::<usize>();
            agreement.fields.of += held(&["fields", "m2m"]);
            agreement.meta.of += held(&["indexes", "constraints", "unique_together"]);
        }
    }
    for (label, model) in &answered {
        if apps.contains(text(model, "app")) && !expected.contains_key(label.as_str()) {
            agreement.differ(unresolved.contains(label.as_str()), || format!("{label}: not in Django's registry"));
        }
    }
    agreement
}

impl Agreement {
    fn differ(&mut self, known_gap: bool, line: impl FnOnce() -> String) {
        if known_gap {
            self.unresolved += 1;
        } else {
            self.wrong.push(line());
        }
    }

    fn compare_fields(
        &mut self,
        label: &str,
        model: &Value,
        answer: &Value,
        known_gap: bool,
        unresolved: &BTreeSet<&str>,
    ) {
        let expected = items(model, "fields").chain(items(model, "m2m"));
        let expected: BTreeMap<&str, Value> =
            expected.map(|field| (text(field, "name"), expected_field(field))).collect();
        let answered: BTreeMap<&str, &Value> =
            items(answer, "fields").map(|field| (text(field, "name"), field)).collect();
        for (name, field) in &expected {
            let subject = format!("{label}.{name}");
            let known_gap = known_gap || unresolved.contains(subject.as_str());
            let differences = match answered.get(name) {
                None => vec!["missing".to_owned()],
                Some(answer) => attribute_differences(field, answer),
            };
            self.fields.count(differences.is_empty());
            if !differences.is_empty() {
                self.differ(known_gap, || format!("{subject}: {}", differences.join(", ")));
            }
        }
        // Generic relations have no column; whether they are listed is of no matter here.
        let private: BTreeSet<&str> = items(model, "private_fields").map(|field| text(field, "name")).collect();
        for name in answered.keys().filter(|name| !expected.contains_key(*name) && !private.contains(*name)) {
            let subject = format!("{label}.{name}");
            self.differ(known_gap || unresolved.contains(subject.as_str()), || format!("{subject}: no such field"));
        }
    }

    fn compare_meta(&mut self, label: &str, model: &Value, answer: &Value, known_gap: bool) {
        let index = (expected_index as fn(&Value) -> Value, answered_index as fn(&Value) -> Value);
        let constraint = (expected_constraint as fn(&Value) -> Value, answered_constraint as fn(&Value) -> Value);
        for (kind, (expect, answered)) in [("indexes", index), ("constraints", constraint)] {
            let found: BTreeMap<&str, Value> =
                items(answer, kind).map(|entry| (text(entry, "name"), answered(entry))).collect();
            let mut names = BTreeSet::new();
            for entry in items(model, kind) {
                let name = text(entry, "name");
                names.insert(name);
                let differences = match found.get(name) {
                    None => vec!["missing".to_owned()],
                    Some(found) => attribute_differences(&expect(entry), found),
                };
                self.meta.count(differences.is_empty());
                if !differences.is_empty() {
                    self.differ(known_gap, || format!("{label} {kind} {name}: {}", differences.join(", ")));
                }
            }
            for name in found.keys().filter(|name| !names.contains(*name)) {
                self.differ(known_gap, || format!("{label} {kind} {name}: not on Django's model"));
            }
        }
        let sets = |model: &Value| items(model, "unique_together").map(Value::to_string).collect::<BTreeSet<_>>();
        let (expected, found) = (sets(model), sets(answer));
        for set in &expected {
            self.meta.count(found.contains(set));
            if !found.contains(set) {
                self.differ(known_gap, || format!("{label} unique_together {set}: missing"));
            }
        }
        for set in found.difference(&expected) {
            self.differ(known_gap, || format!("{label} unique_together {set}: not on Django's model"));
        }
    }
}

/// A field of the registry dump in the words of `inspect models`.
fn expected_field(field: &Value) -> Value {
    // Before Django 6.0 a many-to-many field names a column that does not exist.
    let column = if field["relation"]["kind"] == "m2m" { &Value::Null } else { &field["column"] };
    json!({
        "column": column,
        "class": field["class"],
        "type": field["db_type"],
        "null": field["null"],
        "unique": field["unique"],
        "index": field["db_index"],
        "primary_key": field["primary_key"],
        "to": field["relation"]["to"],
        "on_delete": field["relation"]["on_delete"],
    })
}

fn expected_index(index: &Value) -> Value {
    let class = text(index, "class").rsplit('.').next().unwrap_or_default();
    let method = match class {
        "Index" | "BTreeIndex" => "btree",
        "GinIndex" => "gin",
        "GistIndex" => "gist",
        "SpGistIndex" => "spgist",
        "BrinIndex" => "brin",
        "HashIndex" => "hash",
        "BloomIndex" => "bloom",
        // A project's own class: the statement says what it makes.
        _ => {
            text(index, "create_sql").split(" USING ").nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or("btree")
        }
    };
    json!({
        "fields": index["fields"],
        "expressions": items(index, "expressions").count(),
        "opclasses": index["opclasses"],
        "include": index["include"],
        "condition": !index["condition"].is_null(),
        "method": method,
    })
}

fn answered_index(index: &Value) -> Value {
    json!({
        "fields": index["fields"],
        "expressions": items(index, "expressions").count(),
        "opclasses": index["opclasses"],
        "include": index["include"],
        "condition": !index["condition"].is_null(),
        "method": index["method"],
    })
}

fn expected_constraint(constraint: &Value) -> Value {
    json!({
        "kind": text(constraint, "kind").trim_end_matches("Constraint").to_lowercase(),
        "fields": constraint["fields"],
        "expressions": items(constraint, "expressions").count(),
        "condition": !constraint["condition"].is_null(),
        "deferrable": !constraint["deferrable"].is_null(),
    })
}

fn answered_constraint(constraint: &Value) -> Value {
    json!({
        "kind": text(constraint, "kind").to_lowercase().trim_end_matches("constraint"),
        "fields": constraint["fields"],
        "expressions": items(constraint, "expressions").count(),
        "condition": !constraint["condition"].is_null(),
        "deferrable": !constraint["deferrable"].is_null() && constraint["deferrable"] != false,
    })
}

fn attribute_differences(expected: &Value, found: &Value) -> Vec<String> {
    let attributes = expected.as_object().into_iter().flatten();
    attributes
        .filter(|(name, value)| **value != found[name.as_str()])
        .map(|(name, value)| format!("{name} is {value}, not {}", found[name.as_str()]))
        .collect()
}

fn items<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    value[key].as_array().into_iter().flatten()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::compare;

    #[test]
    fn differences_are_counted_once_and_known_gaps_apart() {
        let field = |name: &str, kind: &str| {
            json!({"name": name, "column": name, "class": "C", "db_type": kind, "null": false,
            "unique": false, "db_index": false, "primary_key": false})
        };
        let answer = |name: &str, kind: &str| {
            json!({"name": name, "column": name, "class": "C", "type": kind, "null": false,
            "unique": false, "index": false, "primary_key": false, "to": null, "on_delete": null})
        };
        let truth = json!({
            "apps": [{"label": "a", "own": true}],
            "models": [
                {"label": "a.M", "own": true, "fields": [field("x", "text"), field("y", "text"), field("z", "text")], "m2m": [],
                 "indexes": [{"name": "i", "class": "d.GinIndex", "fields": ["x"], "expressions": [], "opclasses": [], "include": []}],
                 "constraints": [], "unique_together": [["x", "y"]]},
                {"label": "a.N", "own": true, "fields": [field("x", "text")], "m2m": []},
                {"label": "b.O", "own": false, "fields": []},
            ],
        });
        let found = json!({
            "models": [
                {"app": "a", "name": "M", "fields": [answer("x", "text"), answer("y", "integer"), answer("z", "integer")],
                 "indexes": [{"name": "i", "fields": ["x"], "expressions": [], "opclasses": [], "include": [], "condition": null, "method": "gin"}],
                 "constraints": [], "unique_together": [["x", "y"]]},
                {"app": "a", "name": "P", "fields": []},
                {"app": "a", "name": "Q", "abstract": true, "fields": []},
                {"app": "c", "name": "R", "fields": []},
            ],
            "unresolved": [{"subject": "a.M.z", "reason": "computed"}],
        });
        let agreement = compare(&truth, &found);
        assert_eq!(
            agreement.wrong,
            ["a.M.y: type is \"text\", not \"integer\"", "a.N: missing", "a.P: not in Django's registry"]
        );
        assert_eq!(agreement.unresolved, 1);
        assert_eq!((agreement.models.equal, agreement.models.of), (1, 2));
        assert_eq!((agreement.fields.equal, agreement.fields.of), (1, 4));
        assert_eq!((agreement.meta.equal, agreement.meta.of), (2, 2));
    }
}
