//! What is selected: `values()`, `add_fields`, GROUP BY of annotations, `only()` and `defer()`.

use std::sync::Arc;

use super::Known;
use super::joins::{Many, Missing, PathError, column, initial_alias, names_to_path, setup_joins, trim_joins};
use super::lookup::transform;
use crate::queries::context::Context;
use crate::queries::expression::{Expression, Node};
use crate::queries::query::{Alias, Deferred, GroupBy, Query, SelectRelated, Selected};

/// `clear_select_clause`.
pub(crate) fn clear_select_clause(query: &mut Query) {
    query.select.clear();
    query.default_columns = false;
    query.select_related = SelectRelated::None;
    query.extra_mask = Some(Vec::new());
    set_annotation_mask(query, Some(Vec::new()));
    query.selected = None;
}

/// `set_annotation_mask`.
pub(crate) fn set_annotation_mask(query: &mut Query, mask: Option<Vec<Alias>>) {
    if let (Some(mask), Some(selected)) = (&mask, &mut query.selected)
        && !selected.is_empty()
    {
        selected.retain(|(name, what)| *what != Selected::Annotation || mask.contains(name));
        for name in mask {
            if !selected.iter().any(|(other, _)| other == name) {
                selected.push((name.clone(), Selected::Annotation));
            }
        }
    }
    query.annotation_mask = mask;
}

/// `append_annotation_mask`.
pub(crate) fn append_annotation_mask(query: &mut Query, names: &[Alias]) {
    if let Some(mask) = &query.annotation_mask {
        let mut mask = mask.clone();
        for name in names {
            if !mask.contains(name) {
                mask.push(name.clone());
            }
        }
        set_annotation_mask(query, Some(mask));
    }
}

/// `add_annotation` of a resolved expression.
pub(crate) fn add_annotation(context: &Context, query: &mut Query, name: &Alias, node: Node, select: Select) {
    match select {
        Select::Yes => append_annotation_mask(query, std::slice::from_ref(name)),
        Select::No => {
            let mask = query.selected_annotations().map(|(alias, _)| alias.clone()).filter(|alias| alias != name);
            let mask = mask.collect();
            set_annotation_mask(query, Some(mask));
        }
    }
    match query.annotations.iter_mut().find(|(alias, _)| alias == name) {
        Some((_, old)) => *old = node,
        None => query.annotations.push((name.clone(), node)),
    }
    if select == Select::Yes
        && context.at_least(5, 2)
        && let Some(selected) = &mut query.selected
        && !selected.is_empty()
    {
        match selected.iter_mut().find(|(alias, _)| alias == name) {
            Some((_, what)) => *what = Selected::Annotation,
            None => selected.push((name.clone(), Selected::Annotation)),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Select {
    Yes,
    /// `alias()`.
    No,
}

/// `add_fields`.
pub(crate) fn add_fields(context: &Context, query: &mut Query, names: &[Alias], many: Many) -> Known<()> {
    let alias = initial_alias(context, query);
    let model = query.model;
    let mut columns = Vec::new();
    for name in names {
        let parts: Vec<&str> = name.split("__").collect();
        let joined = setup_joins(context, query, &parts, model, alias.clone(), None, many);
        let joined = match joined {
            Ok(joined) => joined,
            Err(PathError::Reason(reason)) => return Err(reason),
            Err(PathError::Many(_)) => return Err(format!("`{name}` leads to many rows")),
        };
        let (target, last, _) = trim_joins(context, query, joined.target, &joined.aliases, &joined.steps);
        let mut node = column(context, &last, target);
        for part in &joined.transforms {
            node = transform(context, &node, part)?.ok_or_else(|| format!("`{part}` in `{name}`"))?;
        }
        columns.push(node);
    }
    if !columns.is_empty() {
        query.default_columns = false;
        query.select = columns;
    }
    Ok(())
}

/// `set_values`.
pub(crate) fn set_values(context: &Context, query: &mut Query, names: &[Alias]) -> Known<()> {
    query.select_related = SelectRelated::None;
    query.deferred = Deferred::default();
    clear_select_fields(query);
    let modern = context.at_least(5, 2);
    query.has_select_fields = if modern { !names.is_empty() } else { true };
    let mut selected: Vec<(Alias, Selected)> = Vec::new();
    let mut select = |name: &Alias, what: Selected| match selected.iter_mut().find(|(other, _)| other == name) {
        Some((_, old)) => *old = what,
        None => selected.push((name.clone(), what)),
    };
    let mut fields: Vec<Alias> = Vec::new();
    if names.is_empty() {
        let columns = &context.meta(query.model).columns;
        fields = columns.iter().map(|id| context.field(*id).attname.as_str().into()).collect();
    } else if query.extra.is_empty() && query.annotations.is_empty() {
        fields = names.to_vec();
        for (index, name) in names.iter().enumerate() {
            select(name, Selected::Column(index));
        }
    } else {
        query.default_columns = false;
        let (mut extras, mut annotations) = (Vec::new(), Vec::new());
        for name in names {
            let extra = query.selected_extra().find(|(alias, _)| alias == name).map(|(_, raw)| raw.clone());
            if let Some(raw) = extra {
                extras.push(name.clone());
                select(name, Selected::Extra(raw));
            } else if query.is_annotation_selected(name) {
                annotations.push(name.clone());
                select(name, Selected::Annotation);
            } else if query.annotation(name).is_some() {
                return Err(format!("`{name}` is an alias, which cannot be selected"));
            } else {
                if query.selected_annotations().next().is_some() && modern {
                    let parts: Vec<&str> = name.split("__").collect();
                    check_path(context, query, &parts)?;
                }
                select(name, Selected::Column(fields.len()));
                fields.push(name.clone());
            }
        }
        query.extra_mask = Some(extras);
        set_annotation_mask(query, Some(annotations));
    }
    match query.group_by.clone() {
        GroupBy::Model => {
            group_by_model(context, query)?;
            clear_select_fields(query);
            if !modern {
                query.has_select_fields = true;
            }
        }
        GroupBy::By(nodes) if !nodes.is_empty() => {
            let nodes = nodes
                .into_iter()
                .map(|node| match &*node {
                    Expression::Ref { name, source } if !names.is_empty() && !names.contains(name) => {
                        query.annotation(name).cloned().unwrap_or_else(|| source.clone())
                    }
                    _ => node,
                })
                .collect();
            query.group_by = GroupBy::By(nodes);
        }
        _ => {}
    }
    query.values_select = fields.clone();
    add_fields(context, query, &fields, Many::Allowed)?;
    query.selected = (modern && !names.is_empty()).then_some(selected);
    if modern {
        query.has_select_fields = query.selected.is_some();
    }
    Ok(())
}

fn check_path(context: &Context, query: &Query, parts: &[&str]) -> Known<()> {
    match names_to_path(context, query, parts, query.model, Many::Allowed, Missing::Rest) {
        Ok(_) => Ok(()),
        Err(PathError::Reason(reason)) => Err(reason),
        Err(PathError::Many(_)) => Err("a path to many rows".to_owned()),
    }
}

fn clear_select_fields(query: &mut Query) {
    query.select.clear();
    query.values_select.clear();
    query.selected = None;
}

/// `group_by is True` written out: every column of the model.
pub(crate) fn group_by_model(context: &Context, query: &mut Query) -> Known<()> {
    let columns = &context.meta(query.model).columns;
    let names: Vec<Alias> = columns.iter().map(|id| context.field(*id).attname.as_str().into()).collect();
    add_fields(context, query, &names, Many::Split)?;
    set_group_by(context, query, Aliases::No);
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aliases {
    Allowed,
    No,
}

/// `set_group_by`.
pub(crate) fn set_group_by(context: &Context, query: &mut Query, aliases: Aliases) {
    if aliases == Aliases::Allowed && !query.values_select.is_empty() {
        let mut grouped: Vec<(Alias, Node)> = Vec::new();
        let mut kept: Vec<(Alias, Node)> = Vec::new();
        for (name, node) in query.values_select.iter().zip(&query.select) {
            let place = if matches!(&**node, Expression::Column(_)) { &mut kept } else { &mut grouped };
            match place.iter_mut().find(|(other, _)| other == name) {
                Some((_, old)) => *old = node.clone(),
                None => place.push((name.clone(), node.clone())),
            }
        }
        let names: Vec<Alias> = grouped.iter().map(|(name, _)| name.clone()).collect();
        grouped.retain(|(name, _)| query.annotation(name).is_none());
        grouped.append(&mut query.annotations);
        query.annotations = grouped;
        append_annotation_mask(query, &names);
        query.select = kept.iter().map(|(_, node)| node.clone()).collect();
        query.values_select = kept.into_iter().map(|(name, _)| name).collect();
        if let Some(selected) = &mut query.selected {
            for (index, name) in query.values_select.iter().enumerate() {
                if let Some((_, what)) = selected.iter_mut().find(|(other, _)| other == name) {
                    *what = Selected::Column(index);
                }
            }
            if query.annotation_mask.is_none() {
                for name in &names {
                    if let Some((_, what)) = selected.iter_mut().find(|(other, _)| other == name) {
                        *what = Selected::Annotation;
                    }
                }
            }
        }
    }
    let mut group_by: Vec<Node> = query.select.clone();
    for (name, node) in query.selected_annotations() {
        let columns = node.group_by_columns(context);
        if columns.is_empty() {
            continue;
        }
        if aliases == Aliases::Allowed && !node.contains_aggregate() {
            group_by.push(Arc::new(Expression::Ref { name: name.clone(), source: node.clone() }));
        } else {
            group_by.extend(columns);
        }
    }
    query.group_by = GroupBy::By(group_by);
}

/// `add_deferred_loading`.
pub(crate) fn defer(query: &mut Query, names: &[Arc<str>]) {
    let existing = &query.deferred;
    if !existing.only {
        let mut all = existing.names.clone();
        for name in names {
            if !all.contains(name) {
                all.push(name.clone());
            }
        }
        query.deferred = Deferred { names: all, only: false };
        return;
    }
    let left: Vec<Arc<str>> = existing.names.iter().filter(|name| !names.contains(name)).cloned().collect();
    if !left.is_empty() {
        query.deferred = Deferred { names: left, only: true };
        return;
    }
    let more: Vec<Arc<str>> = names.iter().filter(|name| !existing.names.contains(name)).cloned().collect();
    query.deferred = Deferred { names: more, only: false };
}

/// `add_immediate_loading`.
pub(crate) fn only(context: &Context, query: &mut Query, names: &[Arc<str>]) {
    let key = context.meta(query.model).primary_key.map(|id| context.field(id).name.as_str());
    let mut wanted: Vec<Arc<str>> = Vec::new();
    for name in names {
        let name = match (&**name, key) {
            ("pk", Some(key)) => key.into(),
            _ => name.clone(),
        };
        if !wanted.contains(&name) {
            wanted.push(name);
        }
    }
    if !query.deferred.only {
        let deferred = &query.deferred.names;
        wanted.retain(|name| !deferred.contains(name));
    }
    query.deferred = Deferred { names: wanted, only: true };
}
