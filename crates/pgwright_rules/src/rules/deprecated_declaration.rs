//! Declarations that Django has replaced: `unique_together`, `index_together`, `CheckConstraint(check=)`, removed fields.

use std::collections::BTreeMap;

use pgwright_diagnostics::{Applicability, Diagnostic, Edit, Fix, Severity};
use pgwright_django::model::{ClassSite, Field, Model};
use pgwright_schema::names::{MAX_NAME_LENGTH, names_digest};

use crate::edits::{add_keyword, add_meta_entry, meta_option, remove_option, string};
use crate::headline::fitting;
use crate::tables::{is_declared_here, is_of_tests};
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "deprecated-declaration",
    summary: "a way to declare something that Django has replaced or removed",
    docs: include_str!("deprecated_declaration.md"),
    group: Group::Schema,
    severity: Severity::Warning,
    check: Check::Project(check),
};

fn check(facts: Facts, found: &mut Vec<Diagnostic>) {
    let models = &facts.project.models.all;
    let mut unique: BTreeMap<&str, Vec<(&Model, &ClassSite)>> = BTreeMap::new();
    for model in models.iter().filter(|model| model.origin.is_own() && (model.has_table() || model.abstract_)) {
        let Some(site) = &model.site else { continue };
        if !model.unique_together.is_empty() && meta_option(site, "unique_together").is_some() && !is_of_tests(model) {
            unique.entry(&model.app_label).or_default().push((model, site));
        }
        index_together(facts, model, site, found);
        check_keyword(facts, model, site, found);
        for field in model.fields.iter().filter(|field| is_declared_here(model, field)) {
            removed_field(facts, model, field, found);
        }
    }
    found.extend(unique.into_iter().filter_map(|(app, members)| unique_together(facts, app, &members)));
}

/// One note for an app: it is one decision, and one migration.
fn unique_together(facts: Facts, app: &str, members: &[(&Model, &ClassSite)]) -> Option<Diagnostic> {
    let place = |site: &ClassSite| meta_option(site, "unique_together").map(|option| option.statement);
    let (first, rest) = members.split_first()?;
    let headline = match rest.len() {
        0 => format!("`{}` uses `unique_together`", first.0.name),
        others => format!("{} models of the app `{app}` say `unique_together`", others + 1),
    };
    let mut finding = RULE
        .at(place(first.1)?, fitting(&[headline, format!("{} models say `unique_together`", members.len())]))
        .why(
            "A UniqueConstraint has a name, and can carry a condition, `nulls_distinct`, `deferrable` and an error message; \
             Django's documentation says that `unique_together` may be deprecated",
        )
        .help(
            "Say it as a `UniqueConstraint` in `Meta.constraints`; the migration drops the old constraint and builds the new \
             one under AccessExclusiveLock, so run it when the table may be locked that long",
        );
    finding.severity = Severity::Note;
    for (model, site) in rest {
        if let Some(place) = place(site) {
            finding = finding.related(place, format!("`{}`", model.name));
        }
    }
    let edits: Option<Vec<Vec<Edit>>> = members.iter().map(|(model, site)| unique_edits(facts, model, site)).collect();
    let edits = edits.map(Vec::into_iter).map(Iterator::flatten).map(Iterator::collect);
    finding.fix = edits.map(|edits| Fix {
        title: "Say it as a `UniqueConstraint`".to_owned(),
        applicability: Applicability::Unsafe,
        edits,
    });
    Some(finding)
}

fn index_together(facts: Facts, model: &Model, site: &ClassSite, found: &mut Vec<Diagnostic>) {
    let Some(option) = meta_option(site, "index_together").filter(|_| !model.index_together.is_empty()) else { return };
    let removed = facts.project.django.at_least(5, 1);
    let mut finding = RULE
        .at(option.statement, format!("`{}` says `index_together`", model.name))
        .why(if removed {
            "Django 5.1 removed it: importing the model raises TypeError"
        } else {
            "Django 5.1 removes it: importing the model will raise TypeError"
        })
        .help(
            "Say it as an `Index` in `Meta.indexes`; `makemigrations` then writes RenameIndex, which keeps the index as it is",
        );
    finding.severity = if removed { Severity::Error } else { Severity::Warning };
    finding.fix = index_edits(facts, model, site).map(|edits| Fix {
        title: "Say it as an `Index`".to_owned(),
        applicability: Applicability::Unsafe,
        edits,
    });
    found.push(finding);
}

fn unique_edits(facts: Facts, model: &Model, site: &ClassSite) -> Option<Vec<Edit>> {
    let taken: Vec<&str> = model.constraints.iter().map(|constraint| constraint.name.as_str()).collect();
    let file = facts.files.try_get(site.statement.file)?;
    let mut entries = Vec::new();
    for fields in &model.unique_together {
        let name = constraint_name(model, fields);
        if taken.contains(&name.as_str()) {
            return None;
        }
        let listed: Vec<String> = fields.iter().map(|field| string(file, field)).collect();
        let name = string(file, &name);
        let fields = listed.join(", ");
        let short = format!("models.UniqueConstraint(fields=[{fields}], name={name})");
        let long = format!("models.UniqueConstraint(\n    fields=[{fields}],\n    name={name},\n)");
        // Where it will stand: two levels below `Meta`, with a comma.
        let indent = site.meta.map_or(0, |meta| file.position(meta.start).column as usize - 1) + 9;
        entries.push(if indent + short.chars().count() <= LINE { short } else { long });
    }
    replace_option(facts, site, "unique_together", "constraints", &entries)
}

fn index_edits(facts: Facts, model: &Model, site: &ClassSite) -> Option<Vec<Edit>> {
    let file = facts.files.try_get(site.statement.file)?;
    let entry = |fields: &Vec<String>| {
        let listed: Vec<String> = fields.iter().map(|field| string(file, field)).collect();
        format!("models.Index(fields=[{}])", listed.join(", "))
    };
    let entries: Vec<String> = model.index_together.iter().map(entry).collect();
    replace_option(facts, site, "index_together", "indexes", &entries)
}

/// Rewrites one option as entries of another, in its place when the class has no such option yet.
fn replace_option(facts: Facts, site: &ClassSite, old: &str, new: &str, entries: &[String]) -> Option<Vec<Edit>> {
    let option = meta_option(site, old)?;
    let file = facts.files.try_get(site.statement.file)?;
    let is_known = file.text.lines().any(|line| {
        line.strip_prefix("from django.db import ").is_some_and(|names| {
            names.split(',').any(|name| name.trim().trim_matches(['(', ')']).split('#').next() == Some("models"))
        })
    });
    // Comments in the old value would be lost.
    if !is_known || entries.is_empty() || facts.files.text(option.value).contains('#') {
        return None;
    }
    let mut edits = Vec::new();
    if meta_option(site, new).is_some() {
        let [entry] = entries else { return None };
        edits.extend(add_meta_entry(facts.files, site, new, entry)?);
        edits.extend(remove_option(facts.files, site, option)?);
    } else {
        if facts.files.text(site.meta?).lines().next()?.contains('(') {
            // The base may have entries of the new option, which a new list would hide.
            return None;
        }
        let inner = crate::edits::indent(file, option.statement.start)?;
        let newline = crate::edits::newline_of(file);
        let one_line = format!("{new} = [{}]", entries.join(", "));
        let text = if entries.len() == 1 && !one_line.contains('\n') && inner.len() + one_line.len() <= LINE {
            one_line
        } else {
            let indented = |entry: &String| entry.replace('\n', &format!("{newline}{inner}    "));
            let lines: String =
                entries.iter().map(|entry| format!("{inner}    {},{newline}", indented(entry))).collect();
            format!("{new} = [{newline}{lines}{inner}]")
        };
        edits.push(Edit::replace(option.statement, text));
    }
    Some(edits)
}

/// Longer lines are broken.
const LINE: usize = 100;

/// A name that says what it is, or Django's way to shorten one.
fn constraint_name(model: &Model, fields: &[String]) -> String {
    let owner = if model.abstract_ {
        "%(app_label)s_%(class)s".to_owned()
    } else {
        format!("{}_{}", model.app_label, model.name.to_lowercase())
    };
    let name = format!("{owner}_{}_uniq", fields.join("_"));
    // An abstract model's name grows when Django fills it in.
    let limit = if model.abstract_ { 40 } else { MAX_NAME_LENGTH };
    if name.len() <= limit {
        return name;
    }
    let digest = names_digest(fields.iter().map(String::as_str), 8);
    format!("{}_{digest}_uniq", pgwright_schema::names::clip(&owner, MAX_NAME_LENGTH - 14))
}

fn check_keyword(facts: Facts, model: &Model, site: &ClassSite, found: &mut Vec<Diagnostic>) {
    let django = &facts.project.django;
    if !django.at_least(5, 1) {
        return;
    }
    for constraint in &model.constraints {
        let Some(keyword) = constraint.condition_keyword.as_ref().filter(|keyword| keyword.name == "check") else {
            continue;
        };
        if !site.statement.contains(keyword.whole) {
            continue;
        }
        let removed = django.at_least(6, 0);
        let mut finding = RULE
            .at(keyword.whole, format!("`{}` has a CheckConstraint with `check=`", model.name))
            .why(if removed {
                "Django 6.0 removed it: importing the model raises TypeError"
            } else {
                "Deprecated in Django 5.1; Django 6.0 removes it, and importing the model will raise TypeError"
            })
            .help("Write `condition=`; no migration comes of it");
        finding.severity = if removed { Severity::Error } else { Severity::Warning };
        let name = pgwright_diagnostics::Span { end: keyword.whole.start + "check".len() as u32, ..keyword.whole };
        finding.fix = (facts.files.text(name) == "check").then(|| Fix {
            title: "Write `condition=`".to_owned(),
            applicability: Applicability::Safe,
            edits: vec![Edit::replace(name, "condition")],
        });
        found.push(finding);
    }
}

fn removed_field(facts: Facts, model: &Model, field: &Field, found: &mut Vec<Diagnostic>) {
    let Some(site) = &field.site else { return };
    let django = &facts.project.django;
    let class = field.class.rsplit('.').next().unwrap_or_default();
    let (severity, why, help) = match field.class.as_str() {
        "django.db.models.fields.NullBooleanField" => (
            Severity::Error,
            "Django 4.0 removed it except for old migrations: `manage.py check` fails with fields.E903",
            "Use `BooleanField(null=True)`; the column stays as it is",
        ),
        "django.contrib.postgres.fields.jsonb.JSONField" => (
            Severity::Error,
            "Django 4.0 removed it except for old migrations: `manage.py check` fails with fields.E904",
            "Use `django.db.models.JSONField`; the column stays as it is",
        ),
        path if path.starts_with("django.contrib.postgres.fields.citext.CI") => {
            let help = "Use the plain field with `db_collation` naming a nondeterministic collation made by \
                        CreateCollation, or a UniqueConstraint on `Lower()`";
            if django.at_least(5, 1) {
                let why = "Django 5.1 removed it except for old migrations: `manage.py check` fails with fields.E905 to \
                           E907, and a new column is plain text that tells `A` from `a`";
                (Severity::Error, why, help)
            } else if django.at_least(4, 2) {
                (Severity::Warning, "Deprecated in Django 4.2 and removed in 5.1, where `manage.py check` fails", help)
            } else {
                return;
            }
        }
        _ => return,
    };
    let mut finding = RULE.at(site.name, format!("`{}.{}` is a {class}", model.name, field.name)).why(why).help(help);
    finding.severity = severity;
    if class == "NullBooleanField" {
        finding.fix = null_boolean_fix(facts, site);
    }
    found.push(finding);
}

fn null_boolean_fix(facts: Facts, site: &pgwright_django::model::FieldSite) -> Option<Fix> {
    let callee = site.callee?;
    // A bare name would need another import.
    let module = facts.files.text(callee).strip_suffix(".NullBooleanField")?;
    let mut edits = vec![Edit::replace(callee, format!("{module}.BooleanField"))];
    if site.keyword("null").is_none() {
        edits.extend(add_keyword(facts.files, site, "null=True")?);
    }
    Some(Fix { title: "Use `BooleanField(null=True)`".to_owned(), applicability: Applicability::Safe, edits })
}
