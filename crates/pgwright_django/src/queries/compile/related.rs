//! `select_related`, deferred columns, `select_for_update(of=…)`.
//!
//! Source: `SQLCompiler.get_related_selections`, `get_select_for_update_of_arguments`, `Query.get_select_mask`.

use std::sync::Arc;

use super::Compiler;
use super::select::Related;
use super::statement::alias_of;
use super::text::{Stop, Written};
use crate::model::ModelId;
use crate::queries::build::joins::{Joined, Many, PathError, initial_alias, setup_joins};
use crate::queries::context::{FieldId, Named};
use crate::queries::expression::{Expression, Node};
use crate::queries::query::{Alias, JoinField, SelectRelated, Tree};

/// Which fields to load; empty for all.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Mask {
    entries: Vec<(Key, Mask)>,
}

#[derive(Debug, Clone, PartialEq)]
enum Key {
    Field(FieldId),
    Reverse(FieldId),
    Filtered(Arc<str>),
}

impl Mask {
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub(crate) fn has(&self, field: FieldId) -> bool {
        self.entries.iter().any(|(key, _)| *key == Key::Field(field))
    }

    fn get(&self, key: &Key) -> Mask {
        self.entries.iter().find(|(other, _)| other == key).map(|(_, mask)| mask.clone()).unwrap_or_default()
    }

    fn entry(&mut self, key: Key) -> &mut Mask {
        let position = match self.entries.iter().position(|(other, _)| *other == key) {
            Some(position) => position,
            None => {
                self.entries.push((key, Mask::default()));
                self.entries.len() - 1
            }
        };
        &mut self.entries[position].1
    }
}

/// A model whose rows are made from a part of each selected row (`klass_info`).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Loaded {
    pub(crate) model: ModelId,
    pub(crate) name: Arc<str>,
    pub(crate) fields: Vec<usize>,
    from_parent: bool,
    pub(crate) related: Vec<Loaded>,
}

impl Loaded {
    pub(crate) fn root(model: ModelId, fields: Vec<usize>) -> Loaded {
        Loaded { model, name: "".into(), fields, from_parent: false, related: Vec::new() }
    }

    pub(crate) fn inherit_fields(&mut self) {
        let fields = self.fields.clone();
        for related in &mut self.related {
            if related.from_parent {
                let mut all = fields.clone();
                all.append(&mut related.fields);
                related.fields = all;
            }
            related.inherit_fields();
        }
    }
}

const MAX_DEPTH: usize = 5;

impl Compiler<'_, '_> {
    /// `get_select_mask`.
    pub(crate) fn select_mask(&self) -> Written<Mask> {
        let deferred = &self.query.deferred;
        if deferred.names.is_empty() {
            return Ok(Mask::default());
        }
        let mut tree = Tree::default();
        for name in &deferred.names {
            tree.insert(name);
        }
        let mut mask = Mask::default();
        if deferred.only {
            self.only_mask(self.query.model, &tree, &mut mask)?;
        } else {
            self.defer_mask(self.query.model, &tree, &mut mask)?;
        }
        Ok(mask)
    }

    fn only_mask(&self, model: ModelId, tree: &Tree, mask: &mut Mask) -> Written<()> {
        let meta = self.context.meta(model);
        if let Some(key) = meta.primary_key {
            mask.entry(Key::Field(key));
        }
        for (name, inner) in &tree.children {
            let unknown =
                || Stop::Unknown(format!("only(): {} has no field `{name}`", self.context.models.get(model).label()));
            let (key, next) = match meta.named(name).ok_or_else(unknown)? {
                Named::Column(field) => {
                    let to = self.context.field(field).relation.as_ref().and_then(|relation| relation.to);
                    (Key::Field(field), to)
                }
                Named::Reverse(field) => (Key::Reverse(field), Some(field.model)),
                Named::ManyToMany(field) | Named::ReverseMany(field) => (Key::Reverse(field), None),
                _ => return Err(unknown()),
            };
            let entry = mask.entry(key);
            if !inner.is_empty() {
                let next = next.ok_or_else(unknown)?;
                self.only_mask(self.context.concrete(next), inner, entry)?;
            }
        }
        Ok(())
    }

    fn defer_mask(&self, model: ModelId, tree: &Tree, mask: &mut Mask) -> Written<()> {
        let meta = self.context.meta(model);
        if let Some(key) = meta.primary_key {
            mask.entry(Key::Field(key));
        }
        let mut left: Vec<&Arc<str>> = tree.children.iter().map(|(name, _)| name).collect();
        for field in &meta.columns {
            let declared = self.context.field(*field);
            let by_name = tree.get(&declared.name);
            let by_attname = if declared.attname == declared.name { None } else { tree.get(&declared.attname) };
            left.retain(|name| ***name != *declared.name && ***name != *declared.attname);
            match (by_name, by_attname) {
                (None, None) => {
                    mask.entry(Key::Field(*field));
                }
                (Some(inner), _) if !inner.is_empty() => {
                    let to = declared.relation.as_ref().and_then(|relation| relation.to);
                    let to = to.ok_or_else(|| Stop::Unknown(format!("defer() past `{}`", declared.name)))?;
                    let entry = mask.entry(Key::Field(*field));
                    self.defer_mask(self.context.concrete(to), inner, entry)?;
                }
                _ => {}
            }
        }
        for (name, field) in &meta.related {
            let inner = tree.get(name);
            left.retain(|other| *other != name);
            match inner {
                None => {
                    mask.entry(Key::Reverse(*field));
                }
                Some(inner) if !inner.is_empty() => {
                    let entry = mask.entry(Key::Reverse(*field));
                    self.defer_mask(field.model, inner, entry)?;
                }
                Some(_) => {}
            }
        }
        for name in left {
            let filtered = self.query.filtered_relations.iter().find(|relation| relation.alias == *name);
            match (filtered, meta.named(name)) {
                (Some(_), _) => {
                    mask.entry(Key::Filtered(name.clone()));
                }
                (None, Some(_)) => {}
                (None, None) => return Err(Stop::Unknown(format!("defer(): no field `{name}`"))),
            }
        }
        Ok(())
    }

    pub(crate) fn related_selections(
        &mut self,
        nodes: &mut Vec<(Option<Alias>, Node)>,
        mask: &Mask,
    ) -> Written<Vec<Loaded>> {
        let root = initial_alias(self.context, &mut self.query);
        let requested = match &self.query.select_related {
            SelectRelated::Named(tree) => Some((**tree).clone()),
            _ => None,
        };
        let model = self.query.model;
        self.related_level(nodes, mask, model, &root, 1, requested.as_ref())
    }

    fn related_level(
        &mut self,
        nodes: &mut Vec<(Option<Alias>, Node)>,
        mask: &Mask,
        model: ModelId,
        alias: &Alias,
        depth: usize,
        requested: Option<&Tree>,
    ) -> Written<Vec<Loaded>> {
        let mut all = Vec::new();
        if depth > MAX_DEPTH && requested.is_none() {
            return Ok(all);
        }
        let context = self.context;
        let meta = context.meta(model);
        let mut found: Vec<Arc<str>> = Vec::new();
        for id in &meta.columns {
            let field = context.field(*id);
            found.push(field.name.as_str().into());
            let next = requested.and_then(|tree| tree.get(&field.name));
            let Some(relation) = &field.relation else {
                if next.is_some() {
                    return Err(Stop::Unknown(format!("select_related(): `{}` is no relation", field.name)));
                }
                continue;
            };
            if relation.parent_link || (requested.is_some() && next.is_none()) || (requested.is_none() && field.null) {
                continue;
            }
            if requested.is_some() && !mask.is_empty() && !mask.has(*id) {
                return Err(Stop::Unknown(format!("`{}` is both deferred and followed", field.name)));
            }
            let to =
                relation.to.ok_or_else(|| Stop::Unknown(format!("what `{}` references is not known", field.name)))?;
            let inner_mask = mask.get(&Key::Field(*id));
            let joined = self.follow(&field.name, model, alias)?;
            let next_alias = joined.aliases[joined.aliases.len() - 1].clone();
            let columns =
                self.default_columns(&inner_mask, Some(Related { model: to, alias: &next_alias, from_parent: None }))?;
            let fields = push(nodes, columns);
            let empty = Tree::default();
            let next = requested.map(|_| next.unwrap_or(&empty));
            let related = self.related_level(nodes, &inner_mask, to, &next_alias, depth + 1, next)?;
            all.push(Loaded { model: to, name: field.name.as_str().into(), fields, from_parent: false, related });
        }
        let Some(requested) = requested else { return Ok(all) };
        for (name, key) in &meta.related {
            let field = context.field(*key);
            if !field.unique {
                continue;
            }
            let Some(next) = requested.get(name) else { continue };
            if !mask.is_empty()
                && !mask.entries.iter().any(|(other, _)| *other == Key::Reverse(*key))
                && context.at_least(5, 0)
            {
                return Err(Stop::Unknown(format!("`{name}` is both deferred and followed")));
            }
            let inner_mask = mask.get(&Key::Reverse(*key));
            found.push(name.clone());
            let joined = self.follow(name, model, alias)?;
            let next_alias = joined.aliases[joined.aliases.len() - 1].clone();
            let to = key.model;
            let concrete = context.concrete(model);
            let from_parent = to != concrete && context.is_subclass(to, concrete);
            let columns = self.default_columns(
                &inner_mask,
                Some(Related { model: to, alias: &next_alias, from_parent: Some(concrete) }),
            )?;
            let fields = push(nodes, columns);
            let related = self.related_level(nodes, &inner_mask, to, &next_alias, depth + 1, Some(next))?;
            all.push(Loaded { model: to, name: name.clone(), fields, from_parent, related });
        }
        for (name, next) in &requested.children {
            if depth > 1 {
                break;
            }
            if !self.query.filtered_relations.iter().any(|relation| relation.alias == *name) {
                continue;
            }
            found.push(name.clone());
            let joined = self.follow(name, model, alias)?;
            let next_alias = joined.aliases[joined.aliases.len() - 1].clone();
            let to = joined.model;
            let concrete = context.concrete(model);
            let inner_mask = mask.get(&Key::Filtered(name.clone()));
            let columns = self.default_columns(
                &inner_mask,
                Some(Related { model: to, alias: &next_alias, from_parent: Some(concrete) }),
            )?;
            let fields = push(nodes, columns);
            let related = self.related_level(nodes, &inner_mask, to, &next_alias, depth + 1, Some(next))?;
            let from_parent = to != concrete && context.is_subclass(to, concrete);
            all.push(Loaded { model: to, name: name.clone(), fields, from_parent, related });
        }
        if let Some((name, _)) = requested.children.iter().find(|(name, _)| !found.contains(name)) {
            return Err(Stop::Unknown(format!(
                "select_related(): {} has no relation `{name}` to one row",
                context.models.get(model).label()
            )));
        }
        Ok(all)
    }

    fn follow(&mut self, name: &str, model: ModelId, alias: &Alias) -> Written<Joined> {
        let joined = setup_joins(self.context, &mut self.query, &[name], model, alias.clone(), None, Many::Allowed);
        match joined {
            Ok(joined) => Ok(joined),
            Err(PathError::Reason(reason)) => Err(Stop::Unknown(reason)),
            Err(PathError::Many(_)) => Err("select_related() to many rows".into()),
        }
    }

    /// The tables that `select_for_update(of=…)` names.
    pub(crate) fn lock_tables(&self) -> Written<Vec<Alias>> {
        let Some(lock) = &self.query.lock else { return Ok(Vec::new()) };
        let Some(root) = &self.loaded else { return Ok(Vec::new()) };
        let mut tables = Vec::new();
        for name in &lock.of {
            let mut at = root.clone();
            if &**name != "self" {
                for part in name.split("__") {
                    let parents = self.parents_of(&at);
                    let next = at.related.iter().chain(&parents).find(|related| &*related.name == part).cloned();
                    at = next.ok_or_else(|| Stop::Unknown(format!("select_for_update(of={name:?})")))?;
                }
            }
            if let Some(alias) = self.first_table(&at) {
                tables.push(alias);
            }
        }
        Ok(tables)
    }

    fn parents_of(&self, loaded: &Loaded) -> Vec<Loaded> {
        let concrete = self.context.concrete(loaded.model);
        let mut parents = Vec::new();
        for (parent, link) in &self.context.meta(concrete).parents {
            let Some(link) = link else { continue };
            let fields =
                loaded.fields.iter().copied().filter(|index| {
                    self.owner_of(*index).is_some_and(|owner| self.context.is_subclass(*parent, owner))
                });
            parents.push(Loaded {
                model: *parent,
                name: self.context.field(*link).name.as_str().into(),
                fields: fields.collect(),
                from_parent: false,
                related: Vec::new(),
            });
        }
        parents
    }

    fn owner_of(&self, index: usize) -> Option<ModelId> {
        match &*self.select.get(index)?.node {
            Expression::Column(column) => Some(column.field.model),
            _ => None,
        }
    }

    fn first_table(&self, loaded: &Loaded) -> Option<Alias> {
        let concrete = self.context.concrete(loaded.model);
        let index = loaded.fields.iter().find(|index| self.owner_of(**index) == Some(concrete))?;
        alias_of(&self.select.get(*index)?.node).cloned()
    }
}

fn push(nodes: &mut Vec<(Option<Alias>, Node)>, columns: Vec<Node>) -> Vec<usize> {
    columns
        .into_iter()
        .map(|node| {
            nodes.push((None, node));
            nodes.len() - 1
        })
        .collect()
}

/// The key a join goes along.
pub(crate) fn key_of(on: JoinField) -> Option<FieldId> {
    match on {
        JoinField::Forward(field) | JoinField::Reverse(field) => Some(field),
        _ => None,
    }
}
