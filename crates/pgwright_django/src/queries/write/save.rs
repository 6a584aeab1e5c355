//! `Model.save()`: `Model.save_base` and `Model._save_table` table by table, parents first.

use super::super::context::{Context, FieldId};
use super::insert::{Count, Insert};
use super::select::exists;
use super::text::{bare, column, is_auto, is_named, key_fields, key_is, local, table};
use super::values::{has_db_default, returned};
use super::{Action, Given, Statement, Values, When};
use crate::model::{Field, ModelId, Value};

/// One call of `save()`.
#[derive(Debug, Clone)]
pub struct Save {
    /// The object's class; a proxy is written as what it stands for.
    pub model: ModelId,
    pub state: State,
    pub key: Key,
    pub force: Force,
    pub fields: Fields,
    pub parents: Parents,
    pub values: Values,
    /// `Meta.select_on_save`.
    pub check: Check,
}

impl Save {
    /// `Model(…).save()`.
    pub fn added(model: ModelId) -> Save {
        Save {
            model,
            state: State::Adding,
            key: Key::Unset,
            force: Force::No,
            fields: Fields::All,
            parents: Parents::Saved,
            values: Values::default(),
            check: Check::ByUpdate,
        }
    }

    /// `object.save()` of an object read from the database, or saved before.
    pub fn loaded(model: ModelId) -> Save {
        Save { state: State::Loaded, key: Key::Set, ..Save::added(model) }
    }
}

/// `_state.adding`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Adding,
    Loaded,
}

/// Whether the primary key was given a value; a default (`uuid4`) need not be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    Unset,
    Set,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Force {
    No,
    /// `force_insert=True`.
    Insert,
    /// `force_insert=(Base, …)`, since 5.0.
    InsertBases(Vec<ModelId>),
    /// `force_update=True`.
    Update,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fields {
    All,
    /// `update_fields=`, or what was loaded of an object with deferred fields.
    Only(Vec<String>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parents {
    Saved,
    /// `save_base(raw=True)`, as fixtures are loaded.
    Raw,
}

/// How it is found out whether the row is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    ByUpdate,
    BySelect,
}

/// What became of a table's row.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Outcome {
    Updated,
    Inserted,
    /// Inserted when the row was not there.
    Either,
}

/// What `save()` sends.
pub fn save(context: &Context<'_>, save: &Save) -> Vec<Statement> {
    let concrete = context.concrete(save.model);
    let mut statements = Vec::new();
    if matches!(&save.fields, Fields::Only(names) if names.is_empty()) {
        return statements;
    }
    let mut seen = Vec::new();
    let inserted = match save.parents {
        Parents::Saved => save_parents(context, save, concrete, &mut seen, &mut statements),
        Parents::Raw => None,
    };
    let own = match &save.force {
        Force::Insert => true,
        Force::InsertBases(bases) => !bases.is_empty(),
        Force::No | Force::Update => false,
    };
    save_table(context, save, concrete, Forced::of(own, inserted), &mut statements);
    statements
}

/// Whether an INSERT is made without trying an UPDATE.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Forced {
    No,
    Yes,
    /// When this parent's row was inserted.
    With(ModelId),
}

impl Forced {
    fn of(own: bool, parent: Option<Forced>) -> Forced {
        if own { Forced::Yes } else { parent.unwrap_or(Forced::No) }
    }
}

/// Saves the parents; gives whether one of them was inserted.
fn save_parents(
    context: &Context<'_>,
    save: &Save,
    model: ModelId,
    seen: &mut Vec<(ModelId, Outcome)>,
    statements: &mut Vec<Statement>,
) -> Option<Forced> {
    let mut inserted = None;
    for (parent, _) in &context.meta(model).parents {
        let known = seen.iter().find(|(seen, _)| seen == parent).map(|(_, outcome)| outcome.clone());
        let outcome = match known {
            Some(outcome) => outcome,
            None => {
                let above = save_parents(context, save, *parent, seen, statements);
                let own = matches!(&save.force, Force::InsertBases(bases)
                    if bases.iter().any(|base| context.is_subclass(*parent, *base)));
                let outcome = save_table(context, save, *parent, Forced::of(own, above), statements);
                seen.push((*parent, outcome.clone()));
                outcome
            }
        };
        match outcome {
            Outcome::Inserted => inserted = Some(Forced::Yes),
            Outcome::Either if inserted != Some(Forced::Yes) => inserted = Some(Forced::With(*parent)),
            Outcome::Either | Outcome::Updated => {}
        }
    }
    inserted
}

fn save_table(
    context: &Context<'_>,
    save: &Save,
    model: ModelId,
    forced: Forced,
    statements: &mut Vec<Statement>,
) -> Outcome {
    let is_own = model == context.concrete(save.model);
    let keys = key_fields(context, model);
    let force_update = is_own && save.force == Force::Update;
    let has_default = !keys.is_empty()
        && keys.iter().all(|key| {
            let key = context.field(*key);
            key.default.is_some() || has_db_default(context, key)
        });
    let links: Vec<FieldId> = context.meta(model).parents.iter().filter_map(|(_, link)| *link).collect();
    let key_set = save.key == Key::Set
        || save.state == State::Loaded
        || keys.iter().all(|key| context.field(*key).default.is_some() || links.contains(key));
    // An object made here with a key that is a default is new.
    let defaulted = save.state == State::Adding
        && has_default
        && save.parents == Parents::Saved
        && !(force_update && context.at_least(5, 0));
    if !key_set || forced == Forced::Yes || defaulted {
        insert(context, save, model, key_set, &[], statements);
        return Outcome::Inserted;
    }
    let must_update = save.fields != Fields::All || force_update;
    let mut when: Vec<When> = match forced {
        Forced::With(parent) => vec![When::Row(parent)],
        _ => Vec::new(),
    };
    let updated = update(context, save, model, must_update, &mut when, statements);
    if must_update || updated == Outcome::Updated {
        return Outcome::Updated;
    }
    insert(context, save, model, true, &[When::NoRow(model)], statements);
    Outcome::Either
}

/// The UPDATE of one table, or what stands for it. `when` is what the first statement waits for.
fn update(
    context: &Context<'_>,
    save: &Save,
    model: ModelId,
    must_update: bool,
    when: &mut Vec<When>,
    statements: &mut Vec<Statement>,
) -> Outcome {
    let keys = key_fields(context, model);
    let written: Vec<FieldId> = local(context, model)
        .into_iter()
        .filter(|id| !keys.contains(id) && context.field(*id).generated.is_none())
        .filter(|id| is_saved(&save.fields, context.field(*id)))
        .collect();
    if written.is_empty() {
        if save.fields != Fields::All {
            return Outcome::Updated;
        }
        statements.push(exists(context, model, &key_is(context, model)).when(when));
        return Outcome::Either;
    }
    if save.check == Check::BySelect && !must_update {
        statements.push(exists(context, model, &key_is(context, model)).when(when));
        when.push(When::Row(model));
    }
    let assignments: Vec<String> = written.iter().map(|id| save.values.assignment(context, *id)).collect();
    let mut sql =
        format!("UPDATE {} SET {} WHERE {}", table(context, model), assignments.join(", "), key_is(context, model));
    let returning = changed(context, save, model, &written);
    if !returning.is_empty() {
        let columns: Vec<String> = returning.into_iter().map(|id| column(context, id)).collect();
        sql.push_str(&format!(" RETURNING {}", columns.join(", ")));
    }
    statements.push(Statement::new(Action::Update, model, sql).when(when));
    Outcome::Either
}

/// What the database computes in an UPDATE, asked back since 6.0: generated columns and values of expressions.
fn changed(context: &Context<'_>, save: &Save, model: ModelId, written: &[FieldId]) -> Vec<FieldId> {
    if !context.at_least(6, 0) {
        return Vec::new();
    }
    let is_recomputed = |id: &FieldId| {
        context.field(*id).generated.as_ref().is_some_and(|generated| {
            let mut names = Vec::new();
            referenced(&generated.expression, &mut names);
            written.iter().any(|id| names.iter().any(|name| is_named(context.field(*id), name)))
        })
    };
    let mut returning: Vec<FieldId> = local(context, model).into_iter().filter(is_recomputed).collect();
    returning.extend(written.iter().copied().filter(|id| {
        let field = context.field(*id);
        let named = match &save.fields {
            Fields::All => true,
            Fields::Only(names) => names.contains(&field.name),
        };
        named && matches!(save.values.get(field), Some(Given::Expression(_)))
    }));
    returning
}

/// Names of fields in an expression: `F("a")`, lookups of `Q`, and plain texts, which most functions take as names.
fn referenced(expression: &Value, names: &mut Vec<String>) {
    match expression {
        Value::Str(text) => names.push(text.split("__").next().unwrap_or_default().to_owned()),
        Value::Call(call) if !call.is_a("django.db.models.expressions.Value") => {
            for value in &call.args {
                referenced(value, names);
            }
            for (key, value) in &call.kwargs {
                names.push(key.split("__").next().unwrap_or_default().to_owned());
                referenced(value, names);
            }
        }
        Value::Combined(combined) => {
            referenced(&combined.left, names);
            referenced(&combined.right, names);
        }
        Value::List(items) | Value::Tuple(items) | Value::Set(items) => {
            items.iter().for_each(|item| referenced(item, names));
        }
        _ => {}
    }
}

fn is_saved(fields: &Fields, field: &Field) -> bool {
    match fields {
        Fields::All => true,
        Fields::Only(names) => names.iter().any(|name| is_named(field, name)),
    }
}

fn insert(
    context: &Context<'_>,
    save: &Save,
    model: ModelId,
    key_set: bool,
    when: &[When],
    statements: &mut Vec<Statement>,
) {
    if let Some(owner) = context.models.get(model).order_with_respect_to.as_deref()
        && let Some(statement) = next_order(context, model, owner)
    {
        statements.push(statement.when(when));
    }
    let keys = key_fields(context, model);
    let fields: Vec<FieldId> = local(context, model)
        .into_iter()
        .filter(|id| context.field(*id).generated.is_none())
        .filter(|id| key_set || !is_auto(context.field(*id)))
        .collect();
    let mut values = save.values.clone();
    if save.key == Key::Set || save.state == State::Loaded {
        for key in keys {
            let name = &context.field(key).name;
            values.given.entry(name.clone()).or_insert(Given::Parameter);
        }
    }
    if save.state == State::Loaded {
        // What was read has a value.
        for id in &fields {
            values.given.entry(context.field(*id).name.clone()).or_insert(Given::Parameter);
        }
    }
    let mut returning = returned(context, model);
    if context.at_least(6, 0) {
        for id in &fields {
            if matches!(values.get(context.field(*id)), Some(Given::Expression(_))) && !returning.contains(id) {
                returning.push(*id);
            }
        }
    }
    let insert = Insert { model, fields, values: &values, count: Count::One, returning, conflicts: String::new() };
    statements.push(Statement::new(Action::Insert, model, insert.sql(context)).when(when));
}

/// The next number in `order_with_respect_to`.
fn next_order(context: &Context<'_>, model: ModelId, owner: &str) -> Option<Statement> {
    let owner = super::text::field_named(context, model, owner)?;
    let own = table(context, model);
    let sql = format!(
        "SELECT COALESCE((MAX({own}.\"_order\") + %s), %s) AS \"_order__max\" FROM {own} WHERE {own}.{} = %s",
        bare(context, owner)
    );
    Some(Statement::new(Action::Select, model, sql))
}
