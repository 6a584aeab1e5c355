//! Joined tables: `setup_joins`, `trim_joins` and what keeps track of tables.
//!
//! Source: `django/db/models/sql/query.py`.

use std::sync::Arc;

pub(crate) use super::path::{Final, Many, Missing, NamesWithPath, PathError, Step, names_to_path, through_keys};
use super::{Known, Scope};
use crate::model::ModelId;
use crate::queries::context::{Context, FieldId, GenericId, Named};
use crate::queries::expression::{Column, Expression, Node};
use crate::queries::kind::Output;
use crate::queries::query::{Alias, FilteredRelation, Join, JoinField, JoinKind, Query, Source};

pub(crate) struct Joined {
    pub(crate) last: Final,
    pub(crate) target: FieldId,
    pub(crate) model: ModelId,
    pub(crate) aliases: Vec<Alias>,
    pub(crate) steps: Vec<Step>,
    /// Names after the last field: transforms.
    pub(crate) transforms: Vec<Arc<str>>,
}

/// `setup_joins`: a table for each step, an existing one where it may be used again.
pub(crate) fn setup_joins(
    context: &Context,
    query: &mut Query,
    names: &[&str],
    model: ModelId,
    alias: Alias,
    mut reuse: Option<&mut Vec<Alias>>,
    many: Many,
) -> Result<Joined, PathError> {
    let mut transforms: Vec<Arc<str>> = Vec::new();
    let mut pivot = names.len();
    let path = loop {
        match names_to_path(context, query, &names[..pivot], model, many, Missing::Fails) {
            Ok(path) => break path,
            Err(PathError::Reason(_)) if pivot > 1 => {
                pivot -= 1;
                transforms.insert(0, names[pivot].into());
            }
            Err(error) => return Err(error),
        }
    };
    let Some(target) = path.target else {
        return Err(PathError::Reason(format!("`{}` is an annotation", names.join("__"))));
    };
    let mut aliases = vec![alias];
    let mut model = path.model;
    for step in &path.steps {
        let parent = aliases[aliases.len() - 1].clone();
        model = step.to;
        let nullable = match step.join {
            JoinField::Forward(field) if step.direct => context.field(field).null,
            _ => true,
        };
        let join = Join { parent, kind: JoinKind::Inner, on: step.join, nullable, filtered: step.filtered.clone() };
        let table = context.meta(step.to).table.clone();
        let limit = if step.many { reuse.as_deref_mut() } else { None };
        let alias = join_table(context, query, table, join, limit.as_deref())?;
        aliases.push(alias.clone());
        if step.filtered.is_some()
            && let Some(reuse) = reuse.as_deref_mut()
            && !reuse.contains(&alias)
            && context.at_least(5, 0)
        {
            reuse.push(alias);
        }
    }
    Ok(Joined { last: path.last, target, model, aliases, steps: path.steps, transforms })
}

/// `trim_joins`: leaves out trailing tables whose wanted column is also on the table before.
pub(crate) fn trim_joins(
    context: &Context,
    query: &mut Query,
    mut target: FieldId,
    aliases: &[Alias],
    steps: &[Step],
) -> (FieldId, Alias, Vec<Alias>) {
    let mut aliases = aliases.to_vec();
    for step in steps.iter().rev() {
        if aliases.len() == 1 || !step.direct || step.filtered.is_some() {
            break;
        }
        let JoinField::Forward(key) = step.join else { break };
        let Some(referenced) = context.target(key) else { break };
        if context.field(referenced).column != context.field(target).column {
            break;
        }
        target = key;
        if let Some(last) = aliases.pop() {
            unreference(query, &last);
        }
    }
    (target, aliases[aliases.len() - 1].clone(), aliases)
}

pub(crate) fn reference(query: &mut Query, alias: &str) {
    if let Some(source) = query.sources.iter_mut().find(|source| &*source.alias == alias) {
        source.references += 1;
    }
}

pub(crate) fn unreference(query: &mut Query, alias: &str) {
    if let Some(source) = query.sources.iter_mut().find(|source| &*source.alias == alias) {
        source.references -= 1;
    }
}

/// `get_initial_alias`.
pub(crate) fn initial_alias(context: &Context, query: &mut Query) -> Alias {
    if let Some(source) = query.sources.first_mut() {
        source.references += 1;
        return source.alias.clone();
    }
    let table = context.meta(query.model).table.clone();
    query.sources.push(Source { alias: table.clone(), table: table.clone(), references: 1, join: None });
    table
}

/// A join of another query made in this one.
pub(crate) fn join_again(
    context: &Context,
    query: &mut Query,
    table: Alias,
    join: Join,
    reuse: &Vec<Alias>,
) -> Known<Alias> {
    join_table(context, query, table, join, Some(reuse))
}

fn join_table(
    context: &Context,
    query: &mut Query,
    table: Alias,
    mut join: Join,
    reuse: Option<&Vec<Alias>>,
) -> Known<Alias> {
    let same = |source: &Source| {
        source.table == table
            && source.join.as_ref().is_some_and(|other| {
                let filtered = match (&other.filtered, &join.filtered) {
                    (None, None) => true,
                    (Some(left), Some(right)) => left.alias == right.alias,
                    _ => false,
                };
                other.parent == join.parent && other.on == join.on && filtered
            })
    };
    let found = query
        .sources
        .iter()
        .rev()
        .find(|source| reuse.is_none_or(|reuse| reuse.contains(&source.alias)) && same(source))
        .map(|source| source.alias.clone());
    if let Some(alias) = found {
        // The one named as the relation asks for wins over the newest.
        let wanted = join.filtered.as_ref().map(|filtered| filtered.alias.clone());
        let alias = match wanted {
            Some(wanted)
                if query.sources.iter().any(|source| {
                    source.alias == wanted && reuse.is_none_or(|reuse| reuse.contains(&source.alias)) && same(source)
                }) =>
            {
                wanted
            }
            _ => alias,
        };
        reference(query, &alias);
        return Ok(alias);
    }
    let alias = new_alias(query, &table, join.filtered.as_deref());
    let parent_outer = query
        .source(&join.parent)
        .and_then(|parent| parent.join.as_ref())
        .is_some_and(|parent| parent.kind == JoinKind::LeftOuter);
    join.kind = if parent_outer || join.nullable { JoinKind::LeftOuter } else { JoinKind::Inner };
    let filtered = join.filtered.clone();
    query.sources.push(Source { alias: alias.clone(), table, references: 1, join: Some(join) });
    if let Some(filtered) = filtered {
        let before = query.sources.len();
        let resolved = resolve_filtered(context, query, &filtered, &alias, reuse)?;
        let position = query.sources.iter().position(|source| source.alias == alias);
        if let Some(position) = position {
            if let Some(join) = &mut query.sources[position].join {
                join.filtered = Some(Arc::new(FilteredRelation { resolved: Some(resolved), ..(*filtered).clone() }));
            }
            if query.sources.len() > before {
                let source = query.sources.remove(position);
                query.sources.push(source);
            }
        }
    }
    Ok(alias)
}

/// `FilteredRelation.resolve_expression`: its condition among the joins of the query.
fn resolve_filtered(
    context: &Context,
    query: &mut Query,
    filtered: &FilteredRelation,
    alias: &Alias,
    reuse: Option<&Vec<Alias>>,
) -> Known<Node> {
    let q = super::q::of_value(&filtered.condition)?;
    let mut reuse = reuse.map(|reuse| {
        let mut reuse = reuse.clone();
        reuse.push(alias.clone());
        reuse
    });
    let scope = Scope { split: false, filterable: true, update_joins: false, ..Scope::default() };
    let (node, _) = super::filter::add_q_inner(context, query, &q, scope, reuse.as_mut())?;
    Ok(Arc::new(Expression::Where(node)))
}

/// `table_alias(create=True)`.
fn new_alias(query: &Query, table: &Alias, filtered: Option<&FilteredRelation>) -> Alias {
    if query.sources.iter().any(|source| source.table == *table) {
        return format!("{}{}", query.alias_prefix, query.sources.len() + 1).into();
    }
    match filtered {
        Some(filtered) => filtered.alias.clone(),
        None => table.clone(),
    }
}

/// `promote_joins`.
pub(crate) fn promote(query: &mut Query, aliases: Vec<Alias>) {
    let mut queue = aliases;
    let mut at = 0;
    while at < queue.len() {
        let alias = queue[at].clone();
        at += 1;
        let Some(join) = query.source(&alias).and_then(|source| source.join.clone()) else { continue };
        let parent_outer = query
            .source(&join.parent)
            .and_then(|parent| parent.join.as_ref())
            .is_some_and(|parent| parent.kind == JoinKind::LeftOuter);
        if (join.nullable || parent_outer) && join.kind != JoinKind::LeftOuter {
            set_kind(query, &alias, JoinKind::LeftOuter);
            let children: Vec<Alias> = query
                .sources
                .iter()
                .filter(|source| source.join.as_ref().is_some_and(|join| join.parent == alias))
                .map(|source| source.alias.clone())
                .filter(|child| !queue[at..].contains(child))
                .collect();
            queue.extend(children);
        }
    }
}

/// `demote_joins`.
pub(crate) fn demote(query: &mut Query, aliases: Vec<Alias>) {
    let mut queue = aliases;
    let mut at = 0;
    while at < queue.len() {
        let alias = queue[at].clone();
        at += 1;
        let Some(join) = query.source(&alias).and_then(|source| source.join.clone()) else { continue };
        if join.kind == JoinKind::LeftOuter {
            set_kind(query, &alias, JoinKind::Inner);
            let parent = query.source(&join.parent).and_then(|parent| parent.join.as_ref());
            if parent.is_some_and(|parent| parent.kind == JoinKind::Inner) {
                queue.push(join.parent);
            }
        }
    }
}

fn set_kind(query: &mut Query, alias: &Alias, kind: JoinKind) {
    if let Some(join) =
        query.sources.iter_mut().find(|source| source.alias == *alias).and_then(|source| source.join.as_mut())
    {
        join.kind = kind;
    }
}

/// `join_parent_model`: the table that holds a field inherited from `model`.
pub(crate) fn join_parent_model(
    context: &Context,
    query: &mut Query,
    from: ModelId,
    model: ModelId,
    alias: &Alias,
    seen: &mut Vec<(ModelId, Alias)>,
) -> Known<Alias> {
    if let Some((_, found)) = seen.iter().find(|(id, _)| *id == model) {
        return Ok(found.clone());
    }
    let from = context.concrete(from);
    let Some(chain) = context.base_chain(from, model) else { return Ok(alias.clone()) };
    let mut current = from;
    let mut alias = alias.clone();
    for step in chain {
        if let Some((_, found)) = seen.iter().find(|(id, _)| *id == step) {
            current = step;
            alias = found.clone();
            continue;
        }
        let Some(link) = context.parent_link(current, step) else {
            current = step;
            continue;
        };
        let name = context.field(link).name.as_str();
        let joined = setup_joins(context, query, &[name], current, alias, None, Many::Allowed);
        let joined = joined.map_err(|_| "a parent that cannot be joined".to_owned())?;
        current = step;
        alias = joined.aliases[joined.aliases.len() - 1].clone();
        seen.push((step, alias.clone()));
    }
    Ok(alias)
}

/// `Field.get_col(alias)`: a key's column is seen as what it references.
pub(crate) fn column(context: &Context, alias: &Alias, field: FieldId) -> Node {
    let output = Output::Field(context.plain_target(field));
    Arc::new(Expression::Column(Column { alias: alias.clone(), field, output, multivalued: false }))
}

/// `Field.get_col(alias, final_field)`.
pub(crate) fn final_column(context: &Context, alias: &Alias, field: FieldId, last: &Final) -> Node {
    let output = match last {
        Final::Field(last) => Output::Field(*last),
        Final::Reverse(last) => Output::Reverse(*last),
        Final::Generic => Output::Reverse(field),
        Final::Annotation => Output::Field(field),
    };
    let _ = context;
    Arc::new(Expression::Column(Column { alias: alias.clone(), field, output, multivalued: false }))
}

/// The columns that a join compares: on the side nearer to the query's model, then further.
pub(crate) fn join_columns(context: &Context, on: JoinField) -> Option<(FieldId, FieldId)> {
    match on {
        JoinField::Forward(key) => Some((key, context.target(key)?)),
        JoinField::Reverse(key) => Some((context.target(key)?, key)),
        JoinField::Generic(generic) => {
            Some((context.meta(generic.model).primary_key?, generic_column(context, generic, GenericPart::ObjectId)?))
        }
        JoinField::GenericReverse(generic) => {
            Some((generic_column(context, generic, GenericPart::ObjectId)?, context.meta(generic.model).primary_key?))
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GenericPart {
    ObjectId,
    ContentType,
}

/// A column of the generic foreign key that a `GenericRelation` follows back.
pub(crate) fn generic_column(context: &Context, generic: GenericId, part: GenericPart) -> Option<FieldId> {
    let field = &context.models.get(generic.model).private_fields[generic.index as usize];
    let to = context.models.by_label(field.to_label.as_deref()?)?.id;
    let name = match part {
        GenericPart::ObjectId => &field.object_id_field,
        GenericPart::ContentType => &field.content_type_field,
    };
    match context.meta(to).named(name)? {
        Named::Column(column) => Some(column),
        _ => None,
    }
}
