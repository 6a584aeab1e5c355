//! What differs between a model before and after, as operations of migrations (`MigrationAutodetector`, for what a class may
//! change without rows being moved).

use crate::model::{Call, Constraint, Field, Index, Model};

/// One operation on a model.
#[derive(Debug, Clone)]
pub(super) enum Change<'m> {
    RemoveConstraint(&'m str),
    RemoveIndex(&'m str),
    /// `index_together` becomes an index without being built anew.
    RenameIndex {
        fields: &'m [String],
        new: &'m str,
    },
    AlterUniqueTogether(&'m [Vec<String>]),
    AlterIndexTogether(&'m [Vec<String>]),
    AlterField(&'m Field),
    AddIndex(&'m Index),
    AddConstraint(&'m Constraint),
}

/// The changes of a model in the order in which Django makes them; the error says what cannot be told by comparing.
pub(super) fn changes<'m>(before: &'m Model, after: &'m Model) -> Result<Vec<Change<'m>>, String> {
    let names = |model: &'m Model| -> Vec<&'m str> { local(model).map(|field| field.name.as_str()).collect() };
    if names(before) != names(after) {
        return Err(format!("`{}` has other fields than before", after.label()));
    }
    let mut found = Vec::new();
    for constraint in &before.constraints {
        if !after.constraints.iter().any(|other| is_same_constraint(constraint, other)) {
            found.push(Change::RemoveConstraint(&constraint.name));
        }
    }
    let mut new: Vec<&Index> =
        after.indexes.iter().filter(|index| !before.indexes.iter().any(|other| is_same_index(other, index))).collect();
    for index in &before.indexes {
        if !after.indexes.iter().any(|other| is_same_index(index, other)) {
            found.push(Change::RemoveIndex(&index.name));
        }
    }
    let mut gone: Vec<&Vec<String>> =
        before.index_together.iter().filter(|group| !after.index_together.contains(group)).collect();
    new.retain(|index| {
        let is_plain = index.expressions.is_empty() && index.condition.is_none() && index.include.is_empty();
        match gone.iter().position(|group| is_plain && index.opclasses.is_empty() && index.fields == **group) {
            Some(at) => {
                found.push(Change::RenameIndex { fields: gone.remove(at), new: &index.name });
                false
            }
            None => true,
        }
    });
    if before.unique_together != after.unique_together {
        found.push(Change::AlterUniqueTogether(&after.unique_together));
    }
    if !gone.is_empty() || after.index_together.iter().any(|group| !before.index_together.contains(group)) {
        found.push(Change::AlterIndexTogether(&after.index_together));
    }
    for field in local(after) {
        if before.field(&field.name).is_some_and(|old| !is_same_field(old, field)) {
            found.push(Change::AlterField(field));
        }
    }
    found.extend(new.into_iter().map(Change::AddIndex));
    for constraint in &after.constraints {
        if !before.constraints.iter().any(|other| is_same_constraint(other, constraint)) {
            found.push(Change::AddConstraint(constraint));
        }
    }
    Ok(found)
}

/// Fields that migrations of this model hold.
fn local(model: &Model) -> impl Iterator<Item = &Field> {
    model.fields.iter().filter(|field| field.local)
}

fn is_same_field(before: &Field, after: &Field) -> bool {
    before.class == after.class && is_same_call(before.declaration.as_deref(), after.declaration.as_deref())
}

fn is_same_index(before: &Index, after: &Index) -> bool {
    before.name == after.name && is_same_call(before.declaration.as_deref(), after.declaration.as_deref())
}

fn is_same_constraint(before: &Constraint, after: &Constraint) -> bool {
    before.name == after.name && is_same_call(before.declaration.as_deref(), after.declaration.as_deref())
}

/// Whether two calls say the same: `check=` and `condition=` are one, and keywords have no order.
fn is_same_call(before: Option<&Call>, after: Option<&Call>) -> bool {
    let keywords = |call: &Call| {
        let mut named: Vec<(String, String)> = call
            .kwargs
            .iter()
            .map(|(name, value)| (if name == "check" { "condition" } else { name }.to_owned(), format!("{value:?}")))
            .collect();
        named.sort();
        named
    };
    match (before, after) {
        (Some(before), Some(after)) => {
            before.class == after.class && before.args == after.args && keywords(before) == keywords(after)
        }
        (None, None) => true,
        _ => false,
    }
}
