//! What queries are resolved against: the models with every name looked up once, the release of Django, settings.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::kind::Kind;
use crate::model::{Field, ModelId, Models, RelationKind};

/// A field where it is declared: the concrete model that owns it and its place among that model's fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldId {
    pub model: ModelId,
    pub index: u32,
}

/// A `GenericRelation`: the model that has it and its place among that model's private fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GenericId {
    pub model: ModelId,
    pub index: u32,
}

/// What a name in a path stands for (`Options.get_field`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Named {
    Column(FieldId),
    ManyToMany(FieldId),
    /// The other side of a foreign key or one-to-one field.
    Reverse(FieldId),
    /// The other side of a many-to-many field.
    ReverseMany(FieldId),
    Generic(GenericId),
    /// The other side of a `GenericRelation` with a `related_query_name`.
    GenericReverse(GenericId),
    /// `GenericForeignKey`: cannot be joined.
    GenericKey,
}

/// What `Model._meta` answers about one model.
#[derive(Debug, Default)]
pub struct Meta {
    pub table: Arc<str>,
    pub concrete: Option<ModelId>,
    pub primary_key: Option<FieldId>,
    /// `concrete_fields`, inherited ones included.
    pub columns: Vec<FieldId>,
    /// Parents of multi-table inheritance with the link to each.
    pub parents: Vec<(ModelId, Option<FieldId>)>,
    /// `related_objects`: foreign and one-to-one keys of other models that point here, by query name.
    pub related: Vec<(Arc<str>, FieldId)>,
    names: FxHashMap<Box<str>, Named>,
    /// A field that could not be read: what selecting every column would send is not known.
    pub unread: Option<String>,
}

impl Meta {
    pub fn named(&self, name: &str) -> Option<Named> {
        self.names.get(name).copied()
    }

    /// The name by which this model is filtered over another model's relation to it.
    pub fn reverse_name(&self, field: FieldId) -> Option<String> {
        let found = self.names.iter().find(|(_, named)| match named {
            Named::Reverse(other) | Named::ReverseMany(other) => *other == field,
            _ => false,
        });
        found.map(|(name, _)| name.to_string())
    }

    /// The other side of a relation by the attribute it adds to instances.
    pub fn reverse_by_accessor(&self, context: &Context, accessor: &str) -> Option<Named> {
        self.names.values().copied().find(|named| match named {
            Named::Reverse(field) | Named::ReverseMany(field) => {
                let relation = context.field(*field).relation.as_ref();
                relation.and_then(|relation| relation.accessor.as_deref()) == Some(accessor)
            }
            _ => false,
        })
    }
}

/// Settings that change SQL.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Django's major and minor version.
    pub version: (u32, u32),
    pub use_tz: bool,
    pub time_zone: Option<String>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { version: (5, 2), use_tz: true, time_zone: None }
    }
}

/// Everything a query needs to know about the project, computed once.
#[derive(Debug)]
pub struct Context<'a> {
    pub models: &'a Models,
    pub settings: Settings,
    metas: Vec<Meta>,
    kinds: Vec<Vec<Kind>>,
}

impl<'a> Context<'a> {
    pub fn new(models: &'a Models, settings: Settings) -> Context<'a> {
        let kinds = models.all.iter().map(|model| model.fields.iter().map(kind_of).collect()).collect();
        let mut context = Context { models, settings, metas: Vec::new(), kinds };
        context.metas = models.all.iter().map(|model| meta(models, model.id)).collect();
        add_related(models, &mut context.metas);
        context
    }

    /// Notes the fields that could not be read, by `app.Model.field`.
    pub fn with_unread<'s>(mut self, subjects: impl Iterator<Item = &'s str>) -> Context<'a> {
        for subject in subjects {
            let Some((label, field)) = subject.rsplit_once('.') else { continue };
            let Some(model) = self.models.by_label(label) else { continue };
            if model.field(field).is_none() && !model.private_fields.iter().any(|private| private.name == field) {
                // Children in tables and proxies select the same columns.
                for other in &self.models.all {
                    if self.is_subclass(other.id, model.id) {
                        self.metas[other.id.0 as usize].unread = Some(field.to_owned());
                    }
                }
            }
        }
        self
    }

    pub fn at_least(&self, major: u32, minor: u32) -> bool {
        self.settings.version >= (major, minor)
    }

    pub fn meta(&self, model: ModelId) -> &Meta {
        &self.metas[model.0 as usize]
    }

    pub fn field(&self, id: FieldId) -> &'a Field {
        &self.models.all[id.model.0 as usize].fields[id.index as usize]
    }

    pub fn kind(&self, id: FieldId) -> Kind {
        self.kinds[id.model.0 as usize][id.index as usize]
    }

    /// The proxied model, or the model itself.
    pub fn concrete(&self, model: ModelId) -> ModelId {
        self.meta(model).concrete.unwrap_or(model)
    }

    /// The field that a foreign key references.
    pub fn target(&self, key: FieldId) -> Option<FieldId> {
        let relation = self.field(key).relation.as_ref()?;
        let meta = self.meta(relation.to?);
        match relation.to_field.as_deref().and_then(|name| meta.named(name)) {
            // A proxy's key may be called by the name its parent's has.
            Some(Named::Column(id)) if !self.field(id).primary_key => Some(id),
            _ => meta.primary_key,
        }
    }

    /// The field at the end of a chain of foreign keys, the field itself otherwise.
    pub fn plain_target(&self, field: FieldId) -> FieldId {
        let mut at = field;
        // Bounded: a key may reference a key that references a key.
        for _ in 0..8 {
            if self.field(at).relation.is_none() {
                break;
            }
            match self.target(at) {
                Some(next) => at = next,
                None => break,
            }
        }
        at
    }

    /// Whether `model` is `ancestor` or inherits from it in tables or as a proxy.
    pub fn is_subclass(&self, model: ModelId, ancestor: ModelId) -> bool {
        let (model, ancestor) = (self.concrete(model), self.concrete(ancestor));
        model == ancestor || self.base_chain(model, ancestor).is_some()
    }

    /// Models from just above `model` up to `ancestor` (`Options.get_base_chain`).
    pub fn base_chain(&self, model: ModelId, ancestor: ModelId) -> Option<Vec<ModelId>> {
        self.base_chain_bounded(model, ancestor, 16)
    }

    fn base_chain_bounded(&self, model: ModelId, ancestor: ModelId, depth: u32) -> Option<Vec<ModelId>> {
        let parents = &self.meta(model).parents;
        if parents.iter().any(|(parent, _)| *parent == ancestor) {
            return Some(vec![ancestor]);
        }
        if depth == 0 {
            return None;
        }
        parents.iter().find_map(|(parent, _)| {
            let mut chain = self.base_chain_bounded(*parent, ancestor, depth - 1)?;
            chain.insert(0, *parent);
            Some(chain)
        })
    }

    /// The link from `model` to its parent.
    pub fn parent_link(&self, model: ModelId, parent: ModelId) -> Option<FieldId> {
        self.meta(model).parents.iter().find(|(id, _)| *id == parent).and_then(|(_, link)| *link)
    }

    /// `Options.get_ancestor_link`.
    pub fn ancestor_link(&self, model: ModelId, ancestor: ModelId) -> Option<FieldId> {
        if let Some((_, link)) = self.meta(model).parents.iter().find(|(id, _)| *id == ancestor) {
            return *link;
        }
        self.meta(model).parents.iter().find_map(|(parent, link)| {
            self.ancestor_link(*parent, ancestor)?;
            *link
        })
    }
}

fn kind_of(field: &Field) -> Kind {
    if field.relation.is_some() {
        return Kind::Relation;
    }
    match Kind::of(&field.internal_type) {
        // A class of its own over a known column keeps that column's type only where Django would look at the class.
        Kind::Other if field.class.ends_with("SearchVectorField") => Kind::SearchVector,
        kind => kind,
    }
}

fn concrete_of(models: &Models, model: ModelId) -> ModelId {
    let mut at = model;
    for _ in 0..16 {
        match models.get(at).proxy_for {
            Some(next) => at = next,
            None => break,
        }
    }
    at
}

/// Where an inherited field is declared.
fn owner(models: &Models, model: ModelId, name: &str, depth: u32) -> Option<FieldId> {
    let model = models.get(concrete_of(models, model));
    if let Some(index) = model.fields.iter().position(|field| field.local && field.name == name) {
        return Some(FieldId { model: model.id, index: index as u32 });
    }
    if depth == 0 {
        return None;
    }
    model.parents.iter().find_map(|link| owner(models, link.parent, name, depth - 1))
}

fn meta(models: &Models, id: ModelId) -> Meta {
    let concrete = concrete_of(models, id);
    let base = models.get(concrete);
    let mut meta = Meta { table: base.table.as_str().into(), concrete: Some(concrete), ..Meta::default() };
    let mut local_key = None;
    for (index, field) in base.fields.iter().enumerate() {
        let here = FieldId { model: concrete, index: index as u32 };
        let field_id = if field.local { here } else { owner(models, concrete, &field.name, 16).unwrap_or(here) };
        let named = if field.is_many_to_many() { Named::ManyToMany(field_id) } else { Named::Column(field_id) };
        meta.names.entry(field.name.as_str().into()).or_insert(named);
        if field.column.is_some() {
            meta.names.entry(field.attname.as_str().into()).or_insert(named);
            meta.columns.push(field_id);
        }
        if field.primary_key && (meta.primary_key.is_none() || (field.local && local_key.is_none())) {
            meta.primary_key = Some(field_id);
            local_key = field.local.then_some(field_id);
        }
    }
    let mut at = Some(concrete);
    let mut depth = 0;
    // A GenericRelation is inherited by children in tables too.
    while let Some(owner) = at {
        for (index, field) in models.get(owner).private_fields.iter().enumerate() {
            let generic = GenericId { model: owner, index: index as u32 };
            let named = if field.to_label.is_some() { Named::Generic(generic) } else { Named::GenericKey };
            meta.names.entry(field.name.as_str().into()).or_insert(named);
        }
        depth += 1;
        at = models.get(owner).parents.first().map(|link| link.parent).filter(|_| depth < 16);
    }
    for link in &base.parents {
        let field = link.field.as_deref().and_then(|name| {
            let index = base.fields.iter().position(|field| field.name == name)?;
            Some(FieldId { model: concrete, index: index as u32 })
        });
        meta.parents.push((concrete_of(models, link.parent), field));
    }
    meta
}

/// The other side of relations: those to a model, to its proxies and to its parents.
fn add_related(models: &Models, metas: &mut [Meta]) {
    let mut own: Vec<Vec<(Arc<str>, Named)>> = vec![Vec::new(); models.all.len()];
    for model in &models.all {
        let concrete = concrete_of(models, model.id);
        // A model that another replaces points nowhere (`apps.get_models` leaves it out).
        for reverse in model.reverse.iter().filter(|reverse| models.get(reverse.from).swapped.is_none()) {
            let Some(field) = owner(models, reverse.from, &reverse.field, 16) else { continue };
            let named = match reverse.kind {
                RelationKind::ManyToMany => Named::ReverseMany(field),
                _ => Named::Reverse(field),
            };
            own[concrete.0 as usize].push((reverse.query_name.as_str().into(), named));
        }
    }
    for model in models.all.iter().filter(|model| !model.abstract_ && model.proxy_for.is_none()) {
        for (index, field) in model.private_fields.iter().enumerate() {
            let (Some(label), Some(name)) = (&field.to_label, &field.related_query_name) else { continue };
            let Some(to) = models.by_label(label) else { continue };
            let generic = GenericId { model: model.id, index: index as u32 };
            own[concrete_of(models, to.id).0 as usize].push((name.as_str().into(), Named::GenericReverse(generic)));
        }
    }
    for index in 0..models.all.len() {
        let concrete = concrete_of(models, ModelId(index as u32));
        let mut lines = Vec::new();
        lineage(metas, concrete, 16, &mut lines);
        // Relations of parents come first; names of the model itself win.
        for owner in lines.iter().rev().copied() {
            for (name, named) in &own[owner.0 as usize] {
                if !inherits(models, *named, owner == concrete) {
                    continue;
                }
                metas[index].names.entry((**name).into()).or_insert(*named);
            }
        }
        for owner in lines {
            for (name, named) in &own[owner.0 as usize] {
                if let Named::Reverse(field) = named
                    && inherits(models, *named, owner == concrete)
                    && !name.ends_with('+')
                {
                    metas[index].related.push((name.clone(), *field));
                }
            }
        }
    }
}

/// The link of a child to its parent is a relation of that parent, not of its other children.
fn inherits(models: &Models, named: Named, own: bool) -> bool {
    match named {
        Named::Reverse(field) => {
            let field = &models.get(field.model).fields[field.index as usize];
            own || !field.relation.as_ref().is_some_and(|relation| relation.parent_link)
        }
        _ => true,
    }
}

/// Ancestors, furthest first, then the model itself.
fn lineage(metas: &[Meta], model: ModelId, depth: u32, lines: &mut Vec<ModelId>) {
    if depth > 0 {
        for (parent, _) in &metas[model.0 as usize].parents {
            lineage(metas, *parent, depth - 1, lines);
        }
    }
    if !lines.contains(&model) {
        lines.push(model);
    }
}
