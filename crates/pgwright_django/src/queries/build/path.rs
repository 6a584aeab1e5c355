//! From names to the relations they follow: `names_to_path`.
//!
//! Source: `django/db/models/sql/query.py`, `Options.get_path_to_parent`, `ManyToManyField._get_path_info`.

use std::sync::Arc;

use super::Known;
use crate::model::{ModelId, RelationKind};
use crate::queries::context::{Context, FieldId, GenericId, Named};
use crate::queries::query::{FilteredRelation, JoinField, Query};

/// One table further along a path.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) to: ModelId,
    pub(crate) target: FieldId,
    pub(crate) join: JoinField,
    pub(crate) many: bool,
    pub(crate) direct: bool,
    pub(crate) filtered: Option<Arc<FilteredRelation>>,
}

/// What a path ends in.
#[derive(Debug, Clone)]
pub(crate) enum Final {
    Field(FieldId),
    Reverse(FieldId),
    Generic,
    /// An annotation met as the first name: its output stands for a field.
    Annotation,
}

pub(crate) struct Path<'n> {
    pub(crate) steps: Vec<Step>,
    pub(crate) last: Final,
    pub(crate) target: Option<FieldId>,
    pub(crate) rest: &'n [&'n str],
    pub(crate) model: ModelId,
}

/// Names passed so far, each with its steps: what `split_exclude` needs.
pub(crate) type NamesWithPath = Vec<(Arc<str>, Vec<Step>)>;

pub(crate) enum PathError {
    /// A relation to many rows where one is wanted.
    Many(NamesWithPath),
    Reason(String),
}

impl From<String> for PathError {
    fn from(reason: String) -> PathError {
        PathError::Reason(reason)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Many {
    Allowed,
    Split,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    Fails,
    /// What is no field may be a transform or lookup.
    Rest,
}

pub(crate) fn names_to_path<'n>(
    context: &Context,
    query: &Query,
    names: &'n [&'n str],
    model: ModelId,
    many: Many,
    missing: Missing,
) -> Result<Path<'n>, PathError> {
    let mut path = Path { steps: Vec::new(), last: Final::Annotation, target: None, rest: names, model };
    let mut seen: NamesWithPath = Vec::new();
    for (position, name) in names.iter().enumerate() {
        let meta = context.meta(path.model);
        let mut filtered = None;
        let named = if *name == "pk" { meta.primary_key.map(Named::Column) } else { meta.named(name) };
        let named = match named {
            Some(named) => Some(named),
            None if query.is_annotation_selected(name) => {
                path.last = Final::Annotation;
                path.rest = &names[position + 1..];
                if missing == Missing::Fails && !path.rest.is_empty() {
                    return Err(PathError::Reason(format!("`{name}` cannot be joined")));
                }
                return Ok(path);
            }
            None if position == 0 => {
                let relation = query.filtered_relations.iter().find(|relation| &*relation.alias == *name);
                match relation {
                    Some(relation) => {
                        let parts: Vec<&str> = relation.relation.split("__").collect();
                        filtered = Some(relation.clone());
                        let (last, before) = parts.split_last().unwrap_or((&"", &[]));
                        let mut owner = path.model;
                        if !before.is_empty() {
                            let inner = names_to_path(context, query, before, path.model, many, missing)?;
                            owner = inner.model;
                            path.steps = inner.steps;
                        }
                        path.model = owner;
                        context.meta(owner).named(last)
                    }
                    None => None,
                }
            }
            None => None,
        };
        let Some(named) = named else {
            if position == 0 || missing == Missing::Fails {
                let label = context.models.get(path.model).label();
                return Err(PathError::Reason(format!("{label} has no field `{name}`")));
            }
            path.rest = &names[position..];
            return Ok(path);
        };
        let mut here = Vec::new();
        let owner = match named {
            Named::Column(field) | Named::ManyToMany(field) => field.model,
            Named::Reverse(field) | Named::ReverseMany(field) => {
                let to = context.field(field).relation.as_ref().and_then(|relation| relation.to);
                to.map_or(path.model, |to| context.concrete(to))
            }
            Named::Generic(generic) => generic.model,
            Named::GenericReverse(_) => path.model,
            Named::GenericKey => {
                return Err(PathError::Reason(format!("`{name}` is a generic foreign key, which cannot be joined")));
            }
        };
        let concrete = context.concrete(path.model);
        if owner != concrete {
            to_parent(context, concrete, owner, &mut here)?;
            if !here.is_empty() {
                path.model = owner;
            }
        }
        let before = here.len();
        match named {
            Named::Column(field) if context.field(field).relation.is_none() => {
                path.steps.extend(here);
                path.last = Final::Field(field);
                path.target = Some(field);
                path.rest = &names[position + 1..];
                if missing == Missing::Fails && !path.rest.is_empty() {
                    return Err(PathError::Reason(format!("`{name}` cannot be joined")));
                }
                return Ok(path);
            }
            Named::Column(field) => here.push(forward(context, field, filtered)?),
            Named::Reverse(field) => here.push(backward(context, field, filtered)?),
            Named::ManyToMany(field) => many_to_many(context, field, Side::Forward, filtered, &mut here)?,
            Named::ReverseMany(field) => many_to_many(context, field, Side::Reverse, filtered, &mut here)?,
            Named::Generic(generic) => {
                let step = generic_step(context, generic, filtered)?;
                if context.models.get(generic.model).private_fields[generic.index as usize].to_label.is_none() {
                    return Err(PathError::Reason(format!("`{name}` cannot be joined")));
                }
                here.push(step);
            }
            Named::GenericReverse(generic) => {
                let target = context.meta(generic.model).primary_key.ok_or("a model without primary key".to_owned())?;
                let join = JoinField::GenericReverse(generic);
                // Django takes the other side for one row.
                here.push(Step { to: generic.model, target, join, many: false, direct: false, filtered });
            }
            Named::GenericKey => {}
        }
        if many == Many::Split
            && let Some(at) = here[before..].iter().position(|step| step.many)
        {
            here.truncate(before + at + 1);
            seen.push(((*name).into(), here));
            return Err(PathError::Many(seen));
        }
        if let Some(last) = here.last() {
            path.model = last.to;
            path.target = Some(last.target);
            path.last = match last.join {
                JoinField::Forward(field) => Final::Field(field),
                JoinField::Reverse(field) => Final::Reverse(field),
                JoinField::Generic(_) | JoinField::GenericReverse(_) => Final::Generic,
            };
        }
        path.steps.extend(here.iter().cloned());
        seen.push(((*name).into(), here));
        path.rest = &names[position + 1..];
    }
    Ok(path)
}

fn to_parent(context: &Context, model: ModelId, parent: ModelId, steps: &mut Vec<Step>) -> Known<()> {
    let Some(chain) = context.base_chain(model, parent) else { return Ok(()) };
    let mut at = model;
    for next in chain {
        if let Some(link) = context.parent_link(at, next) {
            steps.push(forward(context, link, None)?);
        }
        at = next;
    }
    Ok(())
}

fn forward(context: &Context, key: FieldId, filtered: Option<Arc<FilteredRelation>>) -> Known<Step> {
    let field = context.field(key);
    let to = field.relation.as_ref().and_then(|relation| relation.to);
    let (Some(to), Some(target)) = (to, context.target(key)) else {
        return Err(format!("the model that `{}` references is not known", field.name));
    };
    Ok(Step { to, target, join: JoinField::Forward(key), many: false, direct: true, filtered })
}

fn backward(context: &Context, key: FieldId, filtered: Option<Arc<FilteredRelation>>) -> Known<Step> {
    let to = key.model;
    let target = context.meta(to).primary_key.ok_or("a model without primary key")?;
    let unique = context.field(key).unique;
    Ok(Step { to, target, join: JoinField::Reverse(key), many: !unique, direct: false, filtered })
}

fn generic_step(context: &Context, generic: GenericId, filtered: Option<Arc<FilteredRelation>>) -> Known<Step> {
    let field = &context.models.get(generic.model).private_fields[generic.index as usize];
    let label = field.to_label.as_deref().unwrap_or_default();
    let to = context.models.by_label(label).ok_or_else(|| format!("the model `{label}` is not known"))?.id;
    let target = context.meta(to).primary_key.ok_or("a model without primary key")?;
    Ok(Step { to, target, join: JoinField::Generic(generic), many: true, direct: false, filtered })
}

/// The keys of the through model: to the model that has the field, and to its target.
pub(crate) fn through_keys(context: &Context, field: FieldId) -> Known<(FieldId, FieldId)> {
    let declared = context.field(field);
    let relation = declared.relation.as_ref().ok_or("not a relation")?;
    let unknown = || format!("the through model of `{}` is not known", declared.name);
    let through = relation.through.ok_or_else(unknown)?;
    let target = relation.to.ok_or_else(unknown)?;
    let source = context.concrete(field.model);
    let target = context.concrete(target);
    let meta = context.meta(through);
    let keys: Vec<FieldId> = meta
        .columns
        .iter()
        .copied()
        .filter(|id| {
            context
                .field(*id)
                .relation
                .as_ref()
                .is_some_and(|relation| relation.kind != RelationKind::ManyToMany && !relation.parent_link)
        })
        .collect();
    let points = |key: &FieldId, model: ModelId| {
        let to = context.field(*key).relation.as_ref().and_then(|relation| relation.to);
        to.is_some_and(|to| context.concrete(to) == model)
    };
    if let Some((first, second)) = &relation.through_fields {
        let key = |name: &String| keys.iter().copied().find(|key| context.field(*key).name == *name);
        return key(first).zip(key(second)).ok_or_else(unknown);
    }
    let first = keys.iter().copied().find(|key| points(key, source)).ok_or_else(unknown)?;
    let second = if source == target {
        keys.iter().copied().filter(|key| points(key, target)).nth(1)
    } else {
        keys.iter().copied().find(|key| points(key, target))
    };
    Ok((first, second.ok_or_else(unknown)?))
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Forward,
    Reverse,
}

fn many_to_many(
    context: &Context,
    field: FieldId,
    side: Side,
    filtered: Option<Arc<FilteredRelation>>,
    steps: &mut Vec<Step>,
) -> Known<()> {
    let (first, second) = through_keys(context, field)?;
    let (near, far) = if side == Side::Forward { (first, second) } else { (second, first) };
    let into = backward(context, near, None)?;
    let out = forward(context, far, filtered)?;
    steps.push(into);
    steps.push(out);
    Ok(())
}
