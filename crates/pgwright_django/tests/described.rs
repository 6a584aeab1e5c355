//! Third-party packages by pgwright's descriptions alone, against Django's registry with the real packages installed.
//!
//! `tests/third_party` is a project with a model on every base and a column of every field that is described. It is read here
//! without site-packages; `tests/oracle/third_party.py` made the truth.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use common::{flag, list, rows, text, texts, unpack};
use pgwright_django::model::{Field, Model, Models, RelationKind, Value};
use pgwright_django::{Project, ReadRequest, read};
use pgwright_python::Host;
use serde_json::Value as Json;

/// What is not the same, with the reason: `label`, `label.field` or `label.field what`.
const EXCEPTIONS: &[(&str, &str)] = &[
    (
        "catalog.Branch indexes",
        "which django-mptt is in use is not known, and only since 0.17 it makes an index of its own",
    ),
    ("catalog.Animal.polymorphic_ctype on_delete", GUARD),
    ("catalog.Dog.animal_ptr on_delete", GUARD),
    ("catalog.Dog.polymorphic_ctype on_delete", GUARD),
    ("catalog.Puppy.animal_ptr on_delete", GUARD),
    ("catalog.Puppy.polymorphic_ctype on_delete", GUARD),
    ("catalog.Shown.polymorphic_ctype on_delete", GUARD),
    ("catalog.Square.polymorphic_ctype on_delete", GUARD),
];

const GUARD: &str = "django-polymorphic wraps `CASCADE`; rules ask for what is wrapped";

/// Files where they lie in the repository.
struct Disk;

impl Host for Disk {
    #[expect(clippy::disallowed_methods, reason = "the project under test")]
    fn read(&self, path: &Utf8Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    fn is_file(&self, path: &Utf8Path) -> bool {
        path.is_file()
    }

    fn is_dir(&self, path: &Utf8Path) -> bool {
        path.is_dir()
    }

    fn list(&self, folder: &Utf8Path) -> Vec<Utf8PathBuf> {
        let mut found: Vec<Utf8PathBuf> =
            folder.read_dir_utf8().into_iter().flatten().flatten().map(|entry| entry.into_path()).collect();
        found.sort();
        found
    }
}

/// Files in memory.
struct Texts(BTreeMap<Utf8PathBuf, &'static str>);

impl Host for Texts {
    fn read(&self, path: &Utf8Path) -> io::Result<Vec<u8>> {
        self.0.get(path).map(|text| text.as_bytes().to_vec()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn is_file(&self, path: &Utf8Path) -> bool {
        self.0.contains_key(path)
    }

    fn is_dir(&self, path: &Utf8Path) -> bool {
        self.0.keys().any(|file| file.starts_with(path) && file != path)
    }

    fn list(&self, folder: &Utf8Path) -> Vec<Utf8PathBuf> {
        self.0.keys().filter(|file| file.parent() == Some(folder)).cloned().collect()
    }
}

fn python_files(folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    let mut files = Vec::new();
    for path in Disk.list(folder) {
        if path.is_dir() {
            files.extend(python_files(&path));
        } else if path.extension() == Some("py") {
            files.push(path);
        }
    }
    files
}

fn third_party() -> Project {
    let root = Utf8PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/third_party"));
    let request = ReadRequest {
        paths: python_files(&root),
        roots: vec![root],
        settings: Some("project.settings".to_owned()),
        django: Some((5, 2)),
        ..ReadRequest::default()
    };
    read(&request, &Disk).1
}

/// Facts of a model or field by name: the same keys on both sides, or the comparison says so.
type Facts = BTreeMap<String, String>;

fn put(facts: &mut Facts, subject: &str, what: &str, value: impl std::fmt::Debug) {
    facts.insert(format!("{subject} {what}"), format!("{value:?}"));
}

fn truth_facts(json: &Json) -> Facts {
    let mut facts = Facts::new();
    let label = text(json, "label").unwrap_or_default();
    put(&mut facts, &label, "table", text(json, "db_table"));
    put(&mut facts, &label, "managed", flag(json, "managed"));
    put(&mut facts, &label, "proxy", flag(json, "proxy"));
    put(&mut facts, &label, "swapped", text(json, "swapped"));
    put(&mut facts, &label, "key", text(json, "pk"));
    put(&mut facts, &label, "unique_together", rows(json, "unique_together").into_iter().collect::<BTreeSet<_>>());
    put(&mut facts, &label, "ordering", texts(json, "ordering"));
    put(&mut facts, &label, "private", texts(json, "private").into_iter().collect::<BTreeSet<_>>());
    let of = |key: &str| -> Vec<(Option<String>, Vec<String>)> {
        list(json, key).iter().map(|item| (text(item, "name"), texts(item, "fields"))).collect()
    };
    put(&mut facts, &label, "indexes", of("indexes"));
    put(&mut facts, &label, "constraints", of("constraints"));
    let names: Vec<_> = list(json, "fields").iter().filter_map(|field| text(field, "name")).collect();
    put(&mut facts, &label, "fields", names);
    for field in list(json, "fields") {
        let subject = format!("{label}.{}", text(field, "name").unwrap_or_default());
        put(&mut facts, &subject, "class", text(field, "class"));
        put(&mut facts, &subject, "db_type", text(field, "db_type"));
        if field.get("relation").is_none() {
            put(&mut facts, &subject, "internal_type", text(field, "internal_type"));
        }
        if text(&field["relation"], "kind").as_deref() != Some("m2m") {
            put(&mut facts, &subject, "column", text(field, "column"));
        }
        for what in
            ["null", "unique", "db_index", "primary_key", "blank", "editable", "auto_now", "auto_now_add", "local"]
        {
            put(&mut facts, &subject, what, flag(field, what));
        }
        put(&mut facts, &subject, "default", flag(field, "default"));
        put(&mut facts, &subject, "max_length", field["max_length"].as_u64());
        let Some(relation) = field.get("relation") else { continue };
        let kind = text(relation, "kind").unwrap_or_default();
        put(&mut facts, &subject, "kind", &kind);
        put(&mut facts, &subject, "target", text(relation, "to"));
        if kind == "m2m" {
            put(&mut facts, &subject, "through", text(relation, "through"));
        } else {
            put(&mut facts, &subject, "on_delete", text(relation, "on_delete"));
            put(&mut facts, &subject, "db_constraint", flag(relation, "db_constraint"));
            put(&mut facts, &subject, "to_field", texts(relation, "to_fields").first());
        }
    }
    facts
}

fn own_facts(model: &Model, models: &Models) -> Facts {
    let mut facts = Facts::new();
    let label = model.label();
    put(&mut facts, &label, "table", Some(&model.table));
    put(&mut facts, &label, "managed", model.managed);
    put(&mut facts, &label, "proxy", model.proxy);
    put(&mut facts, &label, "swapped", &model.swapped);
    let holder = model.proxy_for.map_or(model, |concrete| models.get(concrete));
    let local_key = holder.fields.iter().find(|field| field.primary_key && field.local);
    put(&mut facts, &label, "key", local_key.or(holder.primary_key()).map(|key| &key.name));
    put(&mut facts, &label, "unique_together", model.unique_together.iter().cloned().collect::<BTreeSet<_>>());
    let ordering = model.ordering.iter().filter_map(|item| if let Value::Str(name) = item { Some(name) } else { None });
    put(&mut facts, &label, "ordering", ordering.collect::<Vec<_>>());
    put(&mut facts, &label, "private", model.private_fields.iter().map(|field| &field.name).collect::<BTreeSet<_>>());
    let indexes = model.indexes.iter().map(|index| (Some(&index.name), &index.fields));
    put(&mut facts, &label, "indexes", indexes.collect::<Vec<_>>());
    let constraints = model.constraints.iter().map(|constraint| (Some(&constraint.name), &constraint.fields));
    put(&mut facts, &label, "constraints", constraints.collect::<Vec<_>>());
    put(&mut facts, &label, "fields", model.fields.iter().map(|field| &field.name).collect::<Vec<_>>());
    for field in &model.fields {
        field_facts(&mut facts, &format!("{label}.{}", field.name), field, models);
    }
    facts
}

fn field_facts(facts: &mut Facts, subject: &str, field: &Field, models: &Models) {
    if !field.is_many_to_many() {
        put(facts, subject, "column", &field.column);
    }
    put(facts, subject, "class", Some(&field.class));
    if field.relation.is_none() {
        put(facts, subject, "internal_type", Some(&field.internal_type));
    }
    put(facts, subject, "db_type", &field.db_type);
    for (what, holds) in [
        ("null", field.null),
        ("unique", field.unique),
        ("db_index", field.db_index),
        ("primary_key", field.primary_key),
        ("blank", field.blank),
        ("editable", field.editable),
        ("auto_now", field.auto_now),
        ("auto_now_add", field.auto_now_add),
        ("local", field.local),
        ("default", field.default.is_some()),
    ] {
        put(facts, subject, what, holds);
    }
    put(facts, subject, "max_length", field.max_length);
    let Some(relation) = &field.relation else { return };
    let kind = match relation.kind {
        RelationKind::ManyToMany => "m2m",
        RelationKind::OneToOne => "o2o",
        RelationKind::ForeignKey => "fk",
    };
    put(facts, subject, "kind", kind);
    put(facts, subject, "target", Some(&relation.to_label));
    if kind == "m2m" {
        put(facts, subject, "through", relation.through.map(|through| models.get(through).label()));
    } else {
        put(facts, subject, "on_delete", &relation.on_delete);
        put(facts, subject, "db_constraint", relation.db_constraint);
        put(facts, subject, "to_field", relation.to_field.as_ref());
    }
}

#[test]
fn descriptions_say_what_the_packages_do() {
    let truth = unpack(include_bytes!("truth/third_party.json.gz"));
    let project = third_party();
    let mut differences: BTreeMap<String, String> = BTreeMap::new();
    let (mut equal, mut total) = (0_usize, 0_usize);
    for json in list(&truth, "models") {
        let label = text(json, "label").unwrap_or_default();
        let expected = truth_facts(json);
        total += expected.len();
        let Some(model) = project.models.by_label(&label) else {
            differences.insert(label, "is missing".to_owned());
            continue;
        };
        let found = own_facts(model, &project.models);
        for key in expected.keys().chain(found.keys()).collect::<BTreeSet<_>>() {
            if expected.get(key) == found.get(key) {
                equal += 1;
            } else {
                let say = |side: Option<&String>| side.cloned().unwrap_or_else(|| "nothing".to_owned());
                let said = format!("is {}, Django says {}", say(found.get(key)), say(expected.get(key)));
                differences.insert(key.clone(), said);
            }
        }
    }
    let known: BTreeSet<String> = list(&truth, "models")
        .iter()
        .filter_map(|json| text(json, "label"))
        .map(|label| label.to_lowercase())
        .collect();
    for model in project.models.all.iter().filter(|model| !model.abstract_) {
        if !known.contains(&model.label().to_lowercase()) {
            differences.insert(model.label(), "does not exist".to_owned());
        }
    }
    println!("{equal} of {total} facts agree, {} models", list(&truth, "models").len());
    let excepted = |key: &str| EXCEPTIONS.iter().any(|(subject, _)| *subject == key);
    let said: Vec<String> =
        differences.iter().filter(|(key, _)| !excepted(key)).map(|(key, said)| format!("{key} {said}")).collect();
    assert!(said.is_empty(), "{equal} of {total} facts agree; {} differ:\n{}", said.len(), said.join("\n"));
    for (subject, reason) in EXCEPTIONS {
        assert!(differences.contains_key(*subject), "`{subject}` agrees now ({reason})");
    }
    assert!(equal * 100 >= total * 99, "{equal} of {total} facts agree");
}

/// A project of one app, `own`.
fn in_memory(settings: &'static str, models: &'static str) -> Project {
    let host = Texts(BTreeMap::from([
        (Utf8PathBuf::from("settings.py"), settings),
        (Utf8PathBuf::from("own/__init__.py"), ""),
        (Utf8PathBuf::from("own/models.py"), models),
    ]));
    let request = ReadRequest {
        paths: host.0.keys().cloned().collect(),
        roots: vec![Utf8PathBuf::new()],
        settings: Some("settings".to_owned()),
        django: Some((5, 2)),
        ..ReadRequest::default()
    };
    read(&request, &host).1
}

#[test]
fn a_swappable_model_gives_way_to_the_one_its_setting_names() {
    let settings = "INSTALLED_APPS = ['django.contrib.auth', 'django.contrib.contenttypes', 'waffle', 'own']\n\
                    WAFFLE_FLAG_MODEL = 'own.Flag'\n";
    let models = "from waffle.models import AbstractUserFlag\nclass Flag(AbstractUserFlag):\n    pass\n";
    let project = in_memory(settings, models);
    let swapped = |label: &str| project.models.by_label(label).map(|model| model.swapped.clone());
    assert_eq!(swapped("waffle.Flag"), Some(Some("own.Flag".to_owned())));
    assert_eq!(swapped("waffle.Switch"), Some(None));
    assert_eq!(swapped("own.Flag"), Some(None));
}

#[test]
fn history_that_cannot_be_known_is_left_out() {
    let settings = "INSTALLED_APPS = ['django.contrib.auth', 'django.contrib.contenttypes', 'own']\n";
    let models = "from django.db import models\n\
                  from djmoney.models.fields import MoneyField\n\
                  from nowhere.fields import OddField\n\
                  from simple_history.models import HistoricalRecords\n\
                  class Odd(models.Model):\n    odd = OddField()\n    history = HistoricalRecords()\n\
                  class Priced(models.Model):\n    price = MoneyField(max_digits=9)\n    history = HistoricalRecords()\n";
    let project = in_memory(settings, models);
    assert!(project.models.by_label("own.Odd").is_some());
    assert!(project.models.by_label("own.HistoricalOdd").is_none());
    let history = project.models.by_label("own.HistoricalPriced").expect("it is known");
    let names: Vec<_> = history.fields.iter().map(|field| field.name.as_str()).take(4).collect();
    assert_eq!(names, ["id", "price_currency", "price", "history_id"]);
}
