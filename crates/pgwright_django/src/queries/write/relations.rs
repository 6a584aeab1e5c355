//! Which keys point where, in the order Django finds them: deletion follows it (`Options._relation_tree`).

use rustc_hash::{FxHashMap, FxHashSet};

use super::super::context::{Context, FieldId};
use crate::model::{ModelId, Models, Origin, PrivateField, RelationKind};

/// What refers to each model, and who listens to changes.
#[derive(Debug, Default)]
pub struct Relations {
    /// `get_candidate_relations_to_delete` of each concrete model.
    candidates: FxHashMap<ModelId, Vec<Candidate>>,
    /// Concrete models whose rows must be known before they go, listeners and parents aside.
    referred: FxHashSet<ModelId>,
    /// Models whose `pre_delete` or `post_delete` is heard: their rows are read before they are deleted.
    pub listened: FxHashSet<ModelId>,
    /// Through models whose `m2m_changed` is heard: what is there is read before something is added.
    pub listened_many: FxHashSet<ModelId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) field: FieldId,
    /// The model named in the declaration: a proxy stays one.
    pub(super) to: ModelId,
}

impl Relations {
    /// `apps` are the labels in `INSTALLED_APPS` order. A receiver without a sender listens to every model.
    pub fn new(context: &Context<'_>, apps: &[&str]) -> Relations {
        let mut to: FxHashMap<ModelId, Vec<Candidate>> = FxHashMap::default();
        for model in registered(context.models, apps) {
            for (index, field) in (0..).zip(&context.models.get(model).fields) {
                let Some(relation) = field.relation.as_ref().filter(|_| field.local) else { continue };
                let (Some(target), true) = (relation.to, relation.kind != RelationKind::ManyToMany) else { continue };
                let candidate = Candidate { field: FieldId { model, index }, to: target };
                to.entry(context.concrete(target)).or_default().push(candidate);
            }
        }
        let mut relations = Relations::default();
        for model in context.models.all.iter().filter(|model| !model.abstract_ && !model.proxy) {
            let mut found = Vec::new();
            collect(context, &to, model.id, &mut FxHashSet::default(), &mut found);
            let followed = |candidate: &Candidate| OnDelete::of(context, candidate.field) != OnDelete::Nothing;
            if found.iter().any(followed) || !generic_relations(context, model.id).is_empty() {
                relations.referred.insert(model.id);
            }
            relations.candidates.insert(model.id, found);
        }
        relations
    }

    /// Those of parents come first, without their links to other children.
    pub(super) fn candidates(&self, context: &Context<'_>, model: ModelId) -> &[Candidate] {
        self.candidates.get(&context.concrete(model)).map_or(&[], Vec::as_slice)
    }

    /// `Collector.can_fast_delete`: nothing has to be known of the rows.
    pub(super) fn is_fast(&self, context: &Context<'_>, model: ModelId, from: Option<FieldId>) -> bool {
        let concrete = context.concrete(model);
        !self.listened.contains(&model)
            && !self.referred.contains(&concrete)
            && context.meta(concrete).parents.iter().all(|(_, link)| *link == from && link.is_some())
    }
}

fn collect(
    context: &Context<'_>,
    to: &FxHashMap<ModelId, Vec<Candidate>>,
    model: ModelId,
    seen: &mut FxHashSet<ModelId>,
    found: &mut Vec<Candidate>,
) {
    for (parent, _) in &context.meta(model).parents {
        if !seen.insert(*parent) {
            continue;
        }
        let mut inherited = Vec::new();
        collect(context, to, *parent, seen, &mut inherited);
        found.extend(inherited.into_iter().filter(|candidate| !is_parent_link(context, candidate.field)));
    }
    found.extend(to.get(&model).into_iter().flatten());
}

/// A one-to-one key that ties a child to its parent.
fn is_parent_link(context: &Context<'_>, field: FieldId) -> bool {
    let declared = context.field(field).relation.as_ref().is_some_and(|relation| relation.parent_link);
    declared || context.meta(field.model).parents.iter().any(|(_, link)| *link == Some(field))
}

/// Concrete models in the order of `apps.get_models(include_auto_created=True)`: an automatic through model is made, and so
/// registered, while the class that has the field is still being made.
fn registered(models: &Models, apps: &[&str]) -> Vec<ModelId> {
    let mut through: FxHashMap<ModelId, Vec<ModelId>> = FxHashMap::default();
    for model in &models.all {
        if let Origin::AutomaticThrough { of, .. } = &model.origin {
            through.entry(*of).or_default().push(model.id);
        }
    }
    let mut order = Vec::new();
    for model in &models.all {
        if matches!(model.origin, Origin::AutomaticThrough { .. }) {
            continue;
        }
        order.extend(through.remove(&model.id).unwrap_or_default());
        order.push(model.id);
    }
    let place = |id: &ModelId| apps.iter().position(|app| *app == models.get(*id).app_label).unwrap_or(apps.len());
    order.retain(|id| {
        let model = models.get(*id);
        !model.abstract_ && !model.proxy && model.swapped.is_none()
    });
    order.sort_by_key(place);
    order
}

/// `on_delete`, as far as it decides what is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OnDelete {
    Cascade,
    Protect,
    Restrict,
    SetNull,
    SetDefault,
    /// `SET(value)`.
    Set,
    /// `SET(function)`.
    SetByCall,
    /// `DO_NOTHING`, and what the database does by itself.
    Nothing,
    /// A function of the project's own.
    Other,
}

impl OnDelete {
    pub(super) fn of(context: &Context<'_>, field: FieldId) -> OnDelete {
        let relation = context.field(field).relation.as_ref();
        match relation.and_then(|relation| relation.on_delete.as_deref()) {
            Some("CASCADE") | None => OnDelete::Cascade,
            Some("PROTECT") => OnDelete::Protect,
            Some("RESTRICT") => OnDelete::Restrict,
            Some("SET_NULL") => OnDelete::SetNull,
            Some("SET_DEFAULT") => OnDelete::SetDefault,
            Some("set_on_delete") if relation.is_some_and(|relation| relation.set_called) => OnDelete::SetByCall,
            Some("set_on_delete") => OnDelete::Set,
            Some("DO_NOTHING" | "DB_CASCADE" | "DB_SET_NULL" | "DB_SET_DEFAULT") => OnDelete::Nothing,
            Some(_) => OnDelete::Other,
        }
    }
}

/// `GenericRelation`s of a model: its own, then those of its parents, nearest first.
pub(super) fn generic_relations<'m>(context: &Context<'m>, model: ModelId) -> Vec<&'m PrivateField> {
    let mut found: Vec<&PrivateField> = Vec::new();
    let parents = super::text::ancestors(context, model);
    for owner in std::iter::once(context.concrete(model)).chain(parents) {
        for field in &context.models.get(owner).private_fields {
            if field.to_label.is_some() && !found.iter().any(|known| known.name == field.name) {
                found.push(field);
            }
        }
    }
    found
}
