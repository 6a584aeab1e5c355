//! What the ORM writes, against what real Django sent for the same calls (`tests/oracle/writes`).

mod common;
mod writes_call;

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use pgwright_django::model::{Call, Combined, ModelId, Value as Known};
use pgwright_django::queries::context::{Context, Settings};
use pgwright_django::queries::write::{Given, Relations, Statement, When, delete, distinct};
use pgwright_django::{Project, ReadRequest, read};
use pgwright_python::Host;
use toml::Value;

const SNIPPETS: &str = include_str!("../../../tests/oracle/writes/snippets.toml");
const TRUTH: &[u8] = include_bytes!("../../../tests/oracle/writes/truth.json.gz");
const FILES: &[(&str, &str)] = &[
    ("manage.py", include_str!("../../../tests/oracle/writes/project/manage.py")),
    ("settings.py", include_str!("../../../tests/oracle/writes/project/settings.py")),
    ("lib/__init__.py", ""),
    ("lib/models.py", include_str!("../../../tests/oracle/writes/project/lib/models.py")),
];

/// Snippets on which each version must agree.
const EXPECTED: &[(&str, usize)] = &[("4.2", 464), ("5.2", 496), ("6.0", 496), ("6.1", 498)];

struct Files;

impl Files {
    fn text(path: &Utf8Path) -> Option<&'static str> {
        let path: Utf8PathBuf = path.components().filter(|part| part.as_str() != ".").collect();
        FILES.iter().find(|(name, _)| path == *name).map(|(_, text)| *text)
    }
}

impl Host for Files {
    fn read(&self, path: &Utf8Path) -> std::io::Result<Vec<u8>> {
        Files::text(path).map(|text| text.as_bytes().to_vec()).ok_or_else(|| std::io::ErrorKind::NotFound.into())
    }

    fn is_file(&self, path: &Utf8Path) -> bool {
        Files::text(path).is_some()
    }

    fn is_dir(&self, path: &Utf8Path) -> bool {
        matches!(path.as_str(), "" | "." | "lib" | "./lib")
    }

    fn list(&self, folder: &Utf8Path) -> Vec<Utf8PathBuf> {
        match folder.as_str() {
            "" | "." => ["lib", "manage.py", "settings.py"].iter().map(|name| folder.join(name)).collect(),
            "lib" | "./lib" => ["__init__.py", "models.py"].iter().map(|name| folder.join(name)).collect(),
            _ => Vec::new(),
        }
    }
}

fn project(version: (u8, u8)) -> Project {
    let paths = FILES.iter().map(|(name, _)| Utf8PathBuf::from(*name)).collect();
    let request = ReadRequest { paths, roots: vec![".".into()], django: Some(version), ..ReadRequest::default() };
    read(&request, &Files).1
}

fn texts(snippet: &Value, key: &str) -> Vec<String> {
    let items = snippet.get(key).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

/// Whether what the statement waits for is so in the snippet.
fn holds(context: &Context<'_>, snippet: &Value, when: &When) -> bool {
    let facts = texts(snippet, "holds");
    let has = |fact: &str| facts.iter().any(|known| known == fact);
    let gone = |model| has("no_row") || has(&format!("no_row:{}", context.models.get(model).name));
    match when {
        When::NoRow(model) => gone(*model),
        When::Row(model) => !gone(*model),
        When::Found => has("found"),
        When::Missing => has("missing"),
        When::Rows => has("rows"),
        When::Related { model, field } => {
            let model = &context.models.get(*model).name;
            let related = texts(snippet, "related");
            has("related") || related.contains(model) || related.contains(&format!("{model}.{field}"))
        }
        When::Collected(model) => is_collected(context, snippet, *model),
        When::Uncollected(model) => !is_collected(context, snippet, *model),
        When::Unprotected => !has("protected"),
        When::Uncached => has("uncached"),
        When::Removed => has("removed"),
        When::Added => has("added"),
    }
}

fn is_collected(context: &Context<'_>, snippet: &Value, model: ModelId) -> bool {
    let name = &context.models.get(model).name;
    let named = |related: &String| related.split('.').next() == Some(name);
    texts(snippet, "holds").iter().any(|fact| fact == "related") || texts(snippet, "related").iter().any(named)
}

/// Each text once: what runs again for more rows says nothing new.
fn once(statements: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut seen = Vec::new();
    for statement in statements {
        if !seen.contains(&statement) {
            seen.push(statement);
        }
    }
    seen
}

#[test]
fn writes_are_those_of_django() {
    let truth = common::unpack(TRUTH);
    let snippets: Value = toml::from_str(SNIPPETS).expect("the snippets are TOML");
    let snippets = snippets.get("snippet").and_then(Value::as_array).expect("a list of snippets");
    let mut agreement: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (version, _) in EXPECTED {
        let (major, minor) = version.split_once('.').expect("two numbers");
        let number = (major.parse().expect("a number"), minor.parse().expect("a number"));
        let project = project(number);
        let settings = Settings { version: (number.0.into(), number.1.into()), ..Settings::default() };
        let context = Context::new(&project.models, settings);
        let apps: Vec<&str> = project.apps.iter().map(|app| app.label.as_str()).collect();
        for snippet in snippets {
            let name = snippet.get("name").and_then(Value::as_str).unwrap_or_default();
            let Some(recorded) = truth[version][name].as_array() else { continue };
            let mut relations = Relations::new(&context, &apps);
            let ours = writes_call::call(&context, &mut relations, snippet);
            let before = texts(snippet, "before");
            let sent = |statement: &&Statement| statement.when.iter().all(|when| holds(&context, snippet, when));
            let ours = once(before.into_iter().chain(ours.iter().filter(sent).map(|one| one.sql.clone())));
            let recorded = once(recorded.iter().filter_map(|sql| sql.as_str().map(str::to_owned)));
            let entry = agreement.entry(version).or_default();
            entry.1 += 1;
            if ours == recorded {
                entry.0 += 1;
            } else {
                println!("\n{version}: {name}");
                recorded.iter().filter(|sql| !ours.contains(sql)).for_each(|sql| println!("  - {sql}"));
                ours.iter().filter(|sql| !recorded.contains(sql)).for_each(|sql| println!("  + {sql}"));
                if ours.iter().all(|sql| recorded.contains(sql)) && ours.len() == recorded.len() {
                    println!("  another order: {ours:#?}");
                }
            }
        }
    }
    for (version, (agree, all)) in &agreement {
        println!("{version}: {agree} of {all}");
    }
    for (version, least) in EXPECTED {
        let agree = agreement.get(version).map_or(0, |(agree, _)| *agree);
        assert!(agree >= *least, "{version}: {agree} agree, {least} did before");
    }
}

/// An expression of Django by its dotted path.
fn expression(path: &str, args: Vec<Known>) -> Known {
    let mro = vec![path.to_owned(), "django.db.models.expressions.Expression".to_owned()];
    Known::Call(Box::new(Call { class: path.to_owned(), mro, args, kwargs: Vec::new() }))
}

#[test]
fn values_come_to_text() {
    let project = project((6, 1));
    let context = Context::new(&project.models, Settings { version: (6, 1), ..Settings::default() });
    let plain = project.models.by_label("lib.Plain").expect("a model").id;
    let size = expression("django.db.models.expressions.F", vec![Known::Str("size".to_owned())]);
    let sum = Combined { operator: "+".to_owned(), left: size, right: Known::Int(1) };
    let one = expression("django.db.models.expressions.Value", vec![Known::Str("a".to_owned())]);
    let upper = expression("django.db.models.functions.text.Upper", vec![one]);
    let given = |value: &Known| Given::of(&context, plain, value);
    let text = |sql: &str| Ok(Given::Expression(sql.to_owned()));
    assert_eq!(given(&Known::None), Ok(Given::Null));
    assert_eq!(given(&Known::Str("F".to_owned())), Ok(Given::Parameter));
    assert_eq!(given(&Known::Combined(Box::new(sum))), text(r#"("lib_plain"."size" + %s)"#));
    assert_eq!(given(&upper), text("UPPER(%s)"));
}

#[test]
fn a_text_is_told_once_with_the_least_it_waits_for() {
    let project = project((5, 2));
    let context = Context::new(&project.models, Settings::default());
    let relations = Relations::new(&context, &["lib"]);
    let place = project.models.by_label("lib.Place").expect("a model").id;
    let all = delete::delete(&context, &relations, place, delete::Parents::Deleted);
    let told = distinct(all.clone());
    assert!(told.len() < all.len());
    let link = told.iter().find(|statement| statement.sql.starts_with(r#"DELETE FROM "lib_proxylink""#));
    assert_eq!(link.map(|statement| statement.when.len()), Some(0));
}
