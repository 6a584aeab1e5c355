//! What `makemigrations` would still write, as far as it changes the database: the models against the state that migrations lead to.
//!
//! Labels, help texts, choices, managers and the like are part of a migration too, but change no column: they are no drift.

use std::collections::BTreeSet;

use pgwright_diagnostics::Span;
use pgwright_schema::names::default_table;
use pgwright_schema::{Column, ddl};

use crate::model::{Field, Index, Model, Models, Origin, RelationKind};
use crate::project::Project;
use crate::schema::{column_of, constraint_of, index_of};

/// A model, field or option that migrations do not know as the code has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    pub app: String,
    /// The class's name.
    pub model: String,
    pub change: Change,
    /// Where the code says so; the last migration of the app for what the code has no more.
    pub site: Option<Span>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    CreateModel,
    DeleteModel,
    RenameTable {
        before: String,
        /// None where the model leaves the name to Django.
        after: Option<String>,
    },
    AddField(String),
    RemoveField(String),
    /// The field, and its column as migrations make it and as the model has it.
    AlterField {
        field: String,
        before: String,
        after: String,
    },
    AlterTogether {
        /// `unique_together` or `index_together`.
        option: &'static str,
        groups: usize,
    },
    AddIndex {
        name: String,
        /// As `fields=` has them; none for an index of expressions.
        fields: Vec<String>,
    },
    /// The same index under another name: one that Django makes up contains the table's.
    RenameIndex {
        before: String,
        after: String,
    },
    RemoveIndex(String),
    AddConstraint(String),
    RemoveConstraint(String),
}

impl Drift {
    /// As Django describes the operation, but for the expressions of an index.
    pub fn describe(&self) -> String {
        let model = self.model.to_lowercase();
        match &self.change {
            Change::CreateModel => format!("Create model {}", self.model),
            Change::DeleteModel => format!("Delete model {}", self.model),
            Change::RenameTable { after, .. } => {
                format!("Rename table for {model} to {}", after.as_deref().unwrap_or("(default)"))
            }
            Change::AddField(field) => format!("Add field {field} to {model}"),
            Change::RemoveField(field) => format!("Remove field {field} from {model}"),
            Change::AlterField { field, .. } => format!("Alter field {field} on {model}"),
            Change::AlterTogether { option, groups } => {
                format!("Alter {option} for {model} ({groups} constraint(s))")
            }
            Change::AddIndex { name, fields } if fields.is_empty() => format!("Create index {name} on model {model}"),
            Change::AddIndex { name, fields } => {
                format!("Create index {name} on field(s) {} of model {model}", fields.join(", "))
            }
            Change::RenameIndex { before, after } => format!("Rename index {before} on {model} to {after}"),
            Change::RemoveIndex(name) => format!("Remove index {name} from {model}"),
            Change::AddConstraint(name) => format!("Create constraint {name} on model {model}"),
            Change::RemoveConstraint(name) => format!("Remove constraint {name} from model {model}"),
        }
    }
}

/// What the project's own apps with migrations lack, by app and model. An app of which a migration is not understood is left out.
pub fn drift(project: &Project) -> Vec<Drift> {
    let history = &project.history;
    let own = |migration: &&super::Migration| migration.own;
    let mut apps: BTreeSet<&str> =
        history.migrations.iter().filter(own).map(|migration| migration.app.as_str()).collect();
    for migration in history.migrations.iter().filter(|migration| !migration.state_known()) {
        apps.remove(migration.app.as_str());
    }
    let mut found = Vec::new();
    for app in apps {
        of_app(project, app, &mut found);
    }
    found
}

fn of_app(project: &Project, app: &str, found: &mut Vec<Drift>) {
    let history = &project.history;
    let of = |models: &Models| -> Vec<Model> {
        let wanted = |model: &&Model| {
            model.app_label == app && model.has_table() && !matches!(model.origin, Origin::AutomaticThrough { .. })
        };
        models.all.iter().filter(wanted).cloned().collect()
    };
    let (before, after) = (of(&history.models), of(&project.models));
    let last = history.migrations.iter().rfind(|migration| migration.app == app && migration.leaf);
    let last = last.and_then(|migration| migration.site);
    let is_open = |label: &str| project.unresolved.iter().any(|open| is_about(&open.subject, label));
    let names =
        |models: &[Model]| -> BTreeSet<String> { models.iter().map(|model| model.name.to_lowercase()).collect() };
    let (names_before, names_after) = (names(&before), names(&after));
    for model in &before {
        // It may be there as something without a table: that is another change of the state.
        let stays = project
            .models
            .all
            .iter()
            .any(|other| other.app_label == app && other.name.eq_ignore_ascii_case(&model.name));
        if !names_after.contains(&model.name.to_lowercase()) && !stays && !is_open(&model.label()) {
            found.push(Drift {
                app: app.to_owned(),
                model: model.name.clone(),
                change: Change::DeleteModel,
                site: last,
            });
        }
    }
    for model in &after {
        let site = model.site.as_ref().map(|site| site.name);
        let Some(old) = before.iter().find(|old| old.name.eq_ignore_ascii_case(&model.name)) else {
            let known =
                history.models.all.iter().any(|old| old.app_label == app && old.name.eq_ignore_ascii_case(&model.name));
            if !known && !names_before.contains(&model.name.to_lowercase()) && !is_open(&model.label()) {
                found.push(Drift { app: app.to_owned(), model: model.name.clone(), change: Change::CreateModel, site });
            }
            continue;
        };
        let compare = Compare { project, old: (&history.models, old), new: (&project.models, model), last };
        compare.run(found);
    }
}

/// Whether what is not understood is a model or a part of it.
fn is_about(subject: &str, label: &str) -> bool {
    subject.strip_prefix(label).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

struct Compare<'p> {
    project: &'p Project,
    old: (&'p Models, &'p Model),
    new: (&'p Models, &'p Model),
    last: Option<Span>,
}

impl Compare<'_> {
    fn run(&self, found: &mut Vec<Drift>) {
        let (old, new) = (self.old.1, self.new.1);
        // Texts of indexes and constraints name the table, which is no difference of theirs.
        let old_by_new_name = Model { table: new.table.clone(), ..old.clone() };
        let renamed = (self.old.0, &old_by_new_name);
        let class = new.site.as_ref().map(|site| site.name);
        let mut add = |change: Change, site: Option<Span>| {
            found.push(Drift { app: new.app_label.clone(), model: new.name.clone(), change, site });
        };
        if old.table != new.table {
            let default = default_table(&new.app_label, &new.name);
            let after = Some(new.table.clone()).filter(|table| *table != default);
            add(Change::RenameTable { before: old.table.clone(), after }, class);
        }
        let label = new.label();
        let is_open = |name: &str| {
            self.project
                .unresolved
                .iter()
                .any(|open| open.subject == label || open.subject == format!("{label}.{name}"))
        };
        for field in own_fields(new).filter(|field| !is_open(&field.name)) {
            let site = field.site.as_ref().map(|site| site.name).or(class);
            match own_fields(old).find(|old| old.name == field.name) {
                None => add(Change::AddField(field.name.clone()), site),
                Some(old) => {
                    let (before, after) = (self.side(self.old, old), self.side(self.new, field));
                    if let (Some(before), Some(after)) = (before, after)
                        && before != after
                    {
                        add(Change::AlterField { field: field.name.clone(), before, after }, site);
                    }
                }
            }
        }
        for field in own_fields(old) {
            if !own_fields(new).any(|new| new.name == field.name) && !is_open(&field.name) {
                add(Change::RemoveField(field.name.clone()), self.last);
            }
        }
        for (option, before, after) in [
            ("unique_together", &old.unique_together, &new.unique_together),
            ("index_together", &old.index_together, &new.index_together),
        ] {
            let set = |groups: &[Vec<String>]| groups.iter().cloned().collect::<BTreeSet<_>>();
            if set(before) != set(after) {
                add(Change::AlterTogether { option, groups: set(after).len() }, class);
            }
        }
        let index = |(models, model): (&Models, &Model), index: &crate::model::Index| {
            index_of(self.project, models, model, index).map(|index| ddl::create_index(&index))
        };
        // `ModelState.from_model` looks at indexes only where `Meta` declares some: those that a metaclass adds stay unknown to migrations.
        let declares = new.indexes.iter().any(|index| index.site.is_some());
        let mut gone: Vec<&Index> =
            old.indexes.iter().filter(|old| !new.indexes.iter().any(|new| new.name == old.name)).collect();
        for declared in new.indexes.iter().filter(|_| declares) {
            let same = |before: &Index| match (index(renamed, before), index(self.new, declared)) {
                (Ok(before), Ok(after)) => Some(before == after),
                _ => None,
            };
            let site = declared.site.or(class);
            let added = || Change::AddIndex { name: declared.name.clone(), fields: declared.fields.clone() };
            match old.indexes.iter().find(|old| old.name == declared.name) {
                // What is not known may be the same.
                Some(before) if same(before).unwrap_or(true) => {}
                Some(_) => add(added(), site),
                None => {
                    let under_new_name =
                        |gone: &&Index| same(&Index { name: declared.name.clone(), ..(*gone).clone() }) == Some(true);
                    match gone.iter().position(under_new_name) {
                        Some(at) => {
                            let before = gone.remove(at).name.clone();
                            add(Change::RenameIndex { before, after: declared.name.clone() }, site);
                        }
                        None => add(added(), site),
                    }
                }
            }
        }
        for gone in gone {
            add(Change::RemoveIndex(gone.name.clone()), self.last);
        }
        let constraint = |(models, model): (&Models, &Model), declared: &crate::model::Constraint| {
            let table = constraint_of(self.project, models, model, declared)?;
            let constraints = table.constraints.iter().map(|one| ddl::add_constraint_to(&table.name, one));
            Ok::<Vec<String>, String>(constraints.chain(table.indexes.iter().map(ddl::create_index)).collect())
        };
        for declared in &new.constraints {
            let same = match old.constraints.iter().find(|old| old.name == declared.name) {
                Some(before) => match (constraint(renamed, before), constraint(self.new, declared)) {
                    (Ok(before), Ok(after)) => before == after,
                    _ => true,
                },
                None => false,
            };
            if !same {
                add(Change::AddConstraint(declared.name.clone()), declared.site.or(class));
            }
        }
        for gone in old.constraints.iter().filter(|old| !new.constraints.iter().any(|new| new.name == old.name)) {
            add(Change::RemoveConstraint(gone.name.clone()), self.last);
        }
    }

    /// What the database has of a field, in words that are equal where the database is; None when that is not known.
    fn side(&self, (models, model): (&Models, &Model), field: &Field) -> Option<String> {
        if field.is_many_to_many() {
            return many_to_many(models, field);
        }
        let table = column_of(self.project, models, model, field).ok()?;
        let column = table.columns.first()?;
        let mut words = vec![described(column)];
        if field.primary_key {
            words.push("PRIMARY KEY".to_owned());
        } else if field.unique {
            words.push("UNIQUE".to_owned());
        } else if field.db_index {
            words.push("indexed".to_owned());
        }
        words.extend(field.db_check.clone().map(|check| format!("CHECK ({check})")));
        if let Some(relation) = field.relation.as_ref().filter(|relation| relation.db_constraint) {
            let to = relation.to.map(|to| models.get(to));
            // The model, not its table: that one may have been renamed.
            let label = to.map_or_else(|| relation.to_label.clone(), Model::label);
            words.push(format!("REFERENCES {}", label.to_lowercase()));
        }
        Some(words.join(" "))
    }
}

fn described(column: &Column) -> String {
    let mut text = format!("{} {}", column.name, column.type_);
    text.push_str(if column.null { " NULL" } else { " NOT NULL" });
    for (word, value) in [
        ("DEFAULT", column.default.as_ref().map(ToString::to_string)),
        ("COLLATE", column.collation.clone()),
        ("COMMENT", column.comment.clone().filter(|comment| !comment.is_empty())),
    ] {
        text.extend(value.map(|value| format!(" {word} {value}")));
    }
    if let Some(generated) = &column.generated {
        text.push_str(&format!(" AS ({}){}", generated.expression, if generated.stored { " STORED" } else { "" }));
    }
    text
}

fn many_to_many(models: &Models, field: &Field) -> Option<String> {
    let relation = field.relation.as_ref()?;
    let through = relation.through.map(|through| models.get(through))?;
    let to = relation.to.map(|to| models.get(to).label().to_lowercase())?;
    let through = match (&through.origin, &relation.db_table) {
        (Origin::AutomaticThrough { .. }, Some(table)) => format!(" through the table {table}"),
        (Origin::AutomaticThrough { .. }, None) => String::new(),
        _ => format!(" through {}", through.label().to_lowercase()),
    };
    Some(format!("many-to-many {to}{through}"))
}

/// Fields of the model's own table, and its own many-to-many fields.
fn own_fields(model: &Model) -> impl Iterator<Item = &Field> {
    model.fields.iter().filter(|field| {
        let is_many = matches!(&field.relation, Some(relation) if relation.kind == RelationKind::ManyToMany);
        field.local && (field.column.is_some() || is_many)
    })
}
