//! The migrations that lead from one reading of a project to another, as Python.
//!
//! Compared are the project's own models by their declarations: indexes, constraints, and options and fields that stay. The oracle is
//! real Django: with what is written here `makemigrations --check` finds nothing left to do (`cargo xtask shop`).

mod changes;
mod source;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use camino::Utf8PathBuf;
use pgwright_diagnostics::Files;

use self::changes::{Change, changes};
use self::source::{Said, Source};
use super::Migration;
use crate::model::{Call, Constraint, ConstraintKind, Field, Index, Model, Models, Relation, Value};
use crate::project::Project;

/// How indexes and checks of a table are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// In the migration's transaction: the table waits meanwhile.
    AtOnce,
    /// While others read and write: `AddIndexConcurrently`, and checks that are validated in a migration of their own.
    Concurrent,
}

/// A migration that is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub app: String,
    pub name: String,
    pub path: Utf8PathBuf,
    pub text: String,
}

/// The migrations of one app, in their order; or why they cannot be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppMigrations {
    pub app: String,
    pub written: Result<Vec<Written>, String>,
}

/// The migrations that make of the models before those after. `before` has its history; `pace` says how a table is changed.
pub fn write(before: &Project, after: &Project, files: &Files, pace: &dyn Fn(&Model) -> Pace) -> Vec<AppMigrations> {
    let mut by_app: BTreeMap<&str, Result<Vec<Op<'_>>, String>> = BTreeMap::new();
    for new in after.models.own_tables().filter(|model| model.site.is_some()) {
        let Some(old) = before.models.by_label(&new.label()) else { continue };
        let made = changes(old, new);
        if matches!(&made, Ok(made) if made.is_empty()) {
            continue;
        }
        let of_app = by_app.entry(&new.app_label).or_insert_with(|| Ok(Vec::new()));
        match (of_app.as_mut(), made) {
            (Ok(all), Ok(made)) => {
                let pace = pace(new);
                all.extend(made.into_iter().map(|change| Op { model: new, change, pace }));
            }
            (Ok(_), Err(reason)) => *of_app = Err(reason),
            (Err(_), _) => {}
        }
    }
    let app = |(app, operations): (&str, Result<Vec<Op<'_>>, String>)| AppMigrations {
        app: app.to_owned(),
        written: operations.and_then(|operations| migrations_of(app, &operations, before, after, files)),
    };
    by_app.into_iter().map(app).collect()
}

/// Extensions that the migrations of [`write`] create.
pub fn extensions(before: &Project, after: &Project) -> Vec<&'static str> {
    let pairs = after.models.own_tables().filter_map(|new| Some((before.models.by_label(&new.label())?, new)));
    let changes = pairs.flat_map(|(old, new)| changes(old, new).unwrap_or_default());
    missing_extensions(changes, before)
}

/// An operation to be.
#[derive(Debug, Clone)]
struct Op<'m> {
    model: &'m Model,
    change: Change<'m>,
    pace: Pace,
}

/// One migration of several that are needed: what runs together.
struct Part<'o, 'm> {
    atomic: bool,
    operations: Vec<&'o Op<'m>>,
    /// Names of checks that an earlier part has added and this one validates.
    validated: Vec<(&'m Model, &'m Constraint)>,
}

/// Indexes that are built while others write come first and without a transaction, so that an index another one takes the place
/// of is there until then; unless they are over a column whose type changes. Checks are validated last.
fn parts<'o, 'm>(operations: &'o [Op<'m>]) -> Vec<Part<'o, 'm>> {
    let is_concurrent = |op: &&Op<'m>| op.pace == Pace::Concurrent && matches!(op.change, Change::AddIndex(_));
    let (concurrent, rest): (Vec<&Op<'m>>, Vec<&Op<'m>>) = operations.iter().partition(is_concurrent);
    let validated: Vec<(&Model, &Constraint)> = rest
        .iter()
        .filter_map(|op| match op.change {
            Change::AddConstraint(constraint) if is_validated_later(op, constraint) => Some((op.model, constraint)),
            _ => None,
        })
        .collect();
    let alters = |op: &Op<'m>, index: &Index| {
        let altered = rest.iter().filter(|other| other.model.id == op.model.id);
        let altered: Vec<&str> = altered
            .filter_map(|other| match other.change {
                Change::AlterField(field) if !field.is_many_to_many() && field.relation.is_none() => {
                    Some(field.name.as_str())
                }
                _ => None,
            })
            .collect();
        let expressions = format!("{:?}", index.expressions);
        index.fields.iter().any(|name| altered.contains(&name.trim_start_matches('-')))
            || altered.iter().any(|name| expressions.contains(&format!("\"{name}\"")))
    };
    let is_late = concurrent.iter().any(|op| matches!(op.change, Change::AddIndex(index) if alters(op, index)));
    let rest = Part { atomic: true, operations: rest, validated: Vec::new() };
    let concurrent = Part { atomic: false, operations: concurrent, validated: Vec::new() };
    let ordered = if is_late { [rest, concurrent] } else { [concurrent, rest] };
    let last = Part { atomic: true, operations: Vec::new(), validated };
    ordered.into_iter().chain([last]).filter(|part| !part.operations.is_empty() || !part.validated.is_empty()).collect()
}

fn is_validated_later(op: &Op<'_>, constraint: &Constraint) -> bool {
    op.pace == Pace::Concurrent && constraint.kind == ConstraintKind::Check
}

fn migrations_of(
    app: &str,
    operations: &[Op<'_>],
    before: &Project,
    after: &Project,
    files: &Files,
) -> Said<Vec<Written>> {
    let last = last(before, app)?;
    let file = last.file.and_then(|file| files.try_get(file)).ok_or("its last migration has no file")?;
    let folder = file.path.parent().ok_or("its last migration has no folder")?;
    let count = |quote: char| file.text.matches(quote).count();
    let quote = if count('\'') > count('"') { '\'' } else { '"' };
    let mut number = number(&last.name);
    let mut dependency = last.name.clone();
    let mut written = Vec::new();
    for part in parts(operations) {
        number += 1;
        let mut writer = Writer {
            source: Source::new(quote),
            models: &after.models,
            before_condition: !after.django.at_least(5, 1),
        };
        let extensions = match written.is_empty() {
            true => missing_extensions(operations.iter().map(|op| op.change.clone()), before),
            false => Vec::new(),
        };
        let name = format!("{number:04}_{}", suggested(&part, &extensions));
        let text = writer.migration(app, &dependency, &part, &extensions)?;
        written.push(Written {
            app: app.to_owned(),
            path: folder.join(format!("{name}.py")),
            name: name.clone(),
            text,
        });
        dependency = name;
    }
    Ok(written)
}

/// The one migration of an app that nothing follows.
fn last<'p>(project: &'p Project, app: &str) -> Said<&'p Migration> {
    let own = || project.history.migrations.iter().filter(|migration| migration.app == app && migration.own);
    let mut leaves = own().filter(|migration| migration.leaf);
    match (leaves.next(), leaves.next()) {
        (Some(last), None) => Ok(last),
        (Some(one), Some(other)) => {
            Err(format!("`{}` and `{}` both come last: merge them", one.label(), other.label()))
        }
        (None, _) => Err(format!("`{app}` has no migrations")),
    }
}

/// `MigrationAutodetector.parse_number`.
fn number(name: &str) -> u32 {
    let digits = |text: &str| -> Option<u32> {
        let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        text[..end].parse().ok()
    };
    let squashed = name.rsplit_once("_squashed_").and_then(|(_, last)| digits(last));
    squashed.or_else(|| digits(name)).unwrap_or(0)
}

const TRIGRAMS: &str = "pg_trgm";

/// Extensions that new indexes need and nothing in the project creates.
fn missing_extensions<'m>(changes: impl IntoIterator<Item = Change<'m>>, project: &Project) -> Vec<&'static str> {
    let needs = changes.into_iter().any(|change| match change {
        Change::AddIndex(index) => format!("{:?} {:?}", index.opclasses, index.expressions).contains("_trgm_ops"),
        _ => false,
    });
    let has = project.extensions.iter().any(|extension| extension == TRIGRAMS);
    if needs && !has { vec![TRIGRAMS] } else { Vec::new() }
}

/// `Migration.suggest_name`.
fn suggested(part: &Part<'_, '_>, extensions: &[&str]) -> String {
    let mut fragments: Vec<String> = extensions.iter().map(|name| format!("create_extension_{name}")).collect();
    fragments.extend(part.operations.iter().map(|op| fragment(op)));
    fragments.extend(part.validated.iter().map(|(model, constraint)| {
        format!("{}_validate_{}", model.name.to_lowercase(), constraint.name.to_lowercase())
    }));
    let mut name = String::new();
    for fragment in fragments {
        let fragment: String = fragment.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
        if name.is_empty() {
            name = fragment;
        } else if name.len() + 1 + fragment.len() > 52 {
            return name + "_and_more";
        } else {
            let _ = write!(name, "_{fragment}");
        }
    }
    name
}

fn fragment(op: &Op<'_>) -> String {
    let model = op.model.name.to_lowercase();
    match op.change {
        Change::RemoveConstraint(name) | Change::RemoveIndex(name) => format!("remove_{model}_{}", name.to_lowercase()),
        Change::RenameIndex { fields, new } => {
            format!("rename_{}_{}", fields.join("_").to_lowercase(), new.to_lowercase())
        }
        Change::AlterUniqueTogether(_) => format!("alter_{model}_unique_together"),
        Change::AlterIndexTogether(_) => format!("alter_{model}_index_together"),
        Change::AlterField(field) => format!("alter_{model}_{}", field.name.to_lowercase()),
        Change::AddIndex(index) => format!("{model}_{}", index.name.to_lowercase()),
        Change::AddConstraint(constraint) => format!("{model}_{}", constraint.name.to_lowercase()),
    }
}

/// Writes one migration.
struct Writer<'m> {
    source: Source,
    models: &'m Models,
    /// Django older than 5.1: `CheckConstraint` takes `check=`.
    before_condition: bool,
}

impl Writer<'_> {
    fn migration(&mut self, app: &str, dependency: &str, part: &Part<'_, '_>, extensions: &[&str]) -> Said<String> {
        let mut body = String::new();
        for name in extensions {
            let _ = writeln!(
                body,
                "        {}(),",
                match *name {
                    TRIGRAMS => self.postgres("TrigramExtension"),
                    other => format!("{}({})", self.postgres("CreateExtension"), self.source.text(other)),
                }
            );
        }
        for op in &part.operations {
            let (class, arguments) = self.operation(op)?;
            let _ = writeln!(body, "        {class}(");
            for (name, value) in arguments {
                let _ = writeln!(body, "            {name}={value},");
            }
            body.push_str("        ),\n");
        }
        for (model, constraint) in &part.validated {
            let class = self.postgres("ValidateConstraint");
            let (model, name) = (self.source.text(&model.name.to_lowercase()), self.source.text(&constraint.name));
            let _ = writeln!(
                body,
                "        {class}(\n            model_name={model},\n            name={name},\n        ),"
            );
        }
        let uses_models = body.contains("models.");
        let mut text = String::new();
        let mut imports: Vec<String> = self.source.imports.iter().cloned().collect();
        imports.push(format!("from django.db import migrations{}", if uses_models { ", models" } else { "" }));
        imports.sort_by_key(|line| (line.starts_with("from "), line.clone()));
        for line in imports {
            let _ = writeln!(text, "{line}");
        }
        text.push_str("\n\nclass Migration(migrations.Migration):\n");
        if !part.atomic {
            text.push_str("    atomic = False\n\n");
        }
        let _ = writeln!(
            text,
            "    dependencies = [\n        ({}, {}),\n    ]\n\n    operations = [\n{body}    ]",
            self.source.text(app),
            self.source.text(dependency)
        );
        Ok(text)
    }

    /// An operation of `django.contrib.postgres`.
    fn postgres(&mut self, class: &str) -> String {
        self.source.imports.insert(format!("from django.contrib.postgres.operations import {class}"));
        class.to_owned()
    }

    /// The class of an operation and its arguments.
    fn operation(&mut self, op: &Op<'_>) -> Said<(String, Vec<(&'static str, String)>)> {
        let model = self.source.text(&op.model.name.to_lowercase());
        let django = |class: &str| format!("migrations.{class}");
        Ok(match op.change {
            Change::RemoveConstraint(name) => {
                (django("RemoveConstraint"), vec![("model_name", model), ("name", self.source.text(name))])
            }
            Change::RemoveIndex(name) => {
                (django("RemoveIndex"), vec![("model_name", model), ("name", self.source.text(name))])
            }
            Change::RenameIndex { fields, new } => (
                django("RenameIndex"),
                vec![
                    ("model_name", model),
                    ("new_name", self.source.text(new)),
                    ("old_fields", self.source.texts(fields)),
                ],
            ),
            Change::AlterUniqueTogether(groups) => {
                (django("AlterUniqueTogether"), vec![("name", model), ("unique_together", self.groups(groups))])
            }
            Change::AlterIndexTogether(groups) => {
                (django("AlterIndexTogether"), vec![("name", model), ("index_together", self.groups(groups))])
            }
            Change::AlterField(field) => (
                django("AlterField"),
                vec![
                    ("model_name", model),
                    ("name", self.source.text(&field.name)),
                    ("field", self.field(op.model, field)?),
                ],
            ),
            Change::AddIndex(index) => {
                let class = match op.pace {
                    Pace::AtOnce => django("AddIndex"),
                    Pace::Concurrent => self.postgres("AddIndexConcurrently"),
                };
                let said = self.named(index.declaration.as_deref(), &index.name)?;
                (class, vec![("model_name", model), ("index", said)])
            }
            Change::AddConstraint(constraint) => {
                let class = match is_validated_later(op, constraint) {
                    false => django("AddConstraint"),
                    true => self.postgres("AddConstraintNotValid"),
                };
                let said = self.named(constraint.declaration.as_deref(), &constraint.name)?;
                (class, vec![("model_name", model), ("constraint", said)])
            }
        })
    }

    fn groups(&self, groups: &[Vec<String>]) -> String {
        if groups.is_empty() {
            return "set()".to_owned();
        }
        let group = |names: &Vec<String>| {
            let names: Vec<String> = names.iter().map(|name| self.source.text(name)).collect();
            format!("({}{})", names.join(", "), if names.len() == 1 { "," } else { "" })
        };
        format!("{{{}}}", groups.iter().map(group).collect::<Vec<_>>().join(", "))
    }

    /// An index or constraint with its name, as Django has made or filled it in.
    fn named(&mut self, declaration: Option<&Call>, name: &str) -> Said<String> {
        let mut call = declaration.ok_or("what it is called with is not known")?.clone();
        let is_check = call.is_a("django.db.models.constraints.CheckConstraint");
        call.kwargs.retain(|(key, _)| key != "name");
        for (key, _) in &mut call.kwargs {
            if is_check && (key == "check" || key == "condition") {
                *key = if self.before_condition { "check" } else { "condition" }.to_owned();
            }
        }
        call.kwargs.push(("name".to_owned(), Value::Str(name.to_owned())));
        self.source.call(&call)
    }

    fn field(&mut self, model: &Model, field: &Field) -> Said<String> {
        let declaration = field.declaration.as_deref();
        let mut call = declaration.ok_or_else(|| format!("`{}` is not declared in the project", field.name))?.clone();
        if let Some(relation) = &field.relation {
            // `to` and `on_delete` may stand without their names.
            for name in ["to", "on_delete"] {
                if !call.args.is_empty() {
                    call.kwargs.retain(|(key, _)| key != name);
                    call.kwargs.push((name.to_owned(), call.args.remove(0)));
                }
            }
            call.kwargs.retain(|(key, _)| key != "to");
            self.arguments_with_models(&mut call);
            let target = self.target(relation);
            let said =
                self.source.call(&call).map_err(|reason| format!("`{}.{}`: {reason}", model.name, field.name))?;
            let closing = if said.ends_with("()") { "" } else { ", " };
            let said = said.strip_suffix(')').unwrap_or(&said);
            return Ok(format!("{said}{closing}to={target})"));
        }
        self.source.call(&call).map_err(|reason| format!("`{}.{}`: {reason}", model.name, field.name))
    }

    fn target(&mut self, relation: &Relation) -> String {
        if let Some(setting) = &relation.swappable {
            self.source.imports.insert("from django.conf import settings".to_owned());
            return format!("settings.{setting}");
        }
        self.source.text(&lowered(&relation.to_label))
    }

    /// Models given as classes are named, so that the migration does not import them.
    fn arguments_with_models(&self, call: &mut Call) {
        for (_, value) in &mut call.kwargs {
            if let Value::Path(path) = value {
                let named = self.models.all.iter().find(|model| {
                    path.rsplit_once('.') == Some((model.module.as_str(), model.name.as_str())) && !model.abstract_
                });
                if let Some(model) = named {
                    *value = Value::Str(lowered(&model.label()));
                }
            }
        }
    }
}

/// `label_lower`.
fn lowered(label: &str) -> String {
    match label.split_once('.') {
        Some((app, model)) => format!("{app}.{}", model.to_lowercase()),
        None => label.to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn migrations_are_numbered_as_django_does() {
        assert_eq!(number("0012_auto"), 12);
        assert_eq!(number("0001_squashed_0007_more"), 7);
        assert_eq!(number("initial"), 0);
    }
}
