//! The classes the ORM's values are made of, found once per run.

use pgwright_python::Evaluator;
use pgwright_python::modules::ModuleOrigin;
use pgwright_python::value::{Class, ClassId, Name, Names, Value};
use rustc_hash::{FxHashMap, FxHashSet};

use super::meta::{FieldObjects, through_classes};
use super::wide::Wide;
use crate::model::ModelId;
use crate::queries::context::Context;
use crate::queries::write::Relations;

/// Which classes are models, managers and querysets.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) models: FxHashMap<ClassId, ModelId>,
    /// By [`ModelId`].
    pub(crate) classes: Vec<ClassId>,
    pub(crate) model: ClassId,
    pub(crate) manager: ClassId,
    pub(crate) plain_manager: ClassId,
    pub(crate) queryset: ClassId,
    /// For each class of default managers, the class of related managers made from it.
    pub(crate) related: FxHashMap<ClassId, ClassId>,
    /// For classes of managers and querysets, the models that use them.
    pub(crate) users: FxHashMap<ClassId, Vec<ModelId>>,
    /// Own models by their name in snake case, where only one has it.
    pub(crate) by_snake: FxHashMap<String, ModelId>,
    /// Own models by the names of relations, methods and properties that no other model has.
    pub(crate) by_member: FxHashMap<Name, ModelId>,
    /// Of abstract models, the own models with tables that are made from them, those that inherit from others of these left out.
    pub(crate) concrete: FxHashMap<ModelId, Vec<ModelId>>,
    pub(crate) request: Option<ClassId>,
    /// `Options`, the class of `_meta`.
    pub(crate) options: Option<ClassId>,
    /// The class of `_state`.
    pub(crate) model_state: Option<ClassId>,
    pub(crate) user: Option<ModelId>,
    /// Without who listens to changes.
    pub(crate) relations: Relations,
    pub(crate) field_objects: FieldObjects,
    pub(crate) wide: Wide,
    /// The class of keys of content types.
    pub(crate) type_key: Option<ClassId>,
}

impl Known {
    /// Makes what has to be made on the heap, for good.
    pub(crate) fn find(
        evaluator: &mut Evaluator<'_>,
        context: &Context<'_>,
        classes: Vec<ClassId>,
        user: &str,
        apps: &[&str],
    ) -> Option<Known> {
        let models = context.models;
        let mut class = |module: &str, name: &str| evaluator.class_at(module, name);
        let model = class("django.db.models.base", "Model")?;
        let manager = class("django.db.models.manager", "BaseManager")?;
        let plain_manager = class("django.db.models.manager", "Manager")?;
        let related_manager = class("django.db.models.manager", "RelatedManager")?;
        let queryset = class("django.db.models.query", "QuerySet")?;
        let options = class("django.db.models.options", "Options");
        let model_state = class("django.db.models.base", "ModelState");
        let request = class("django.http.request", "HttpRequest");
        let type_key = class("django.contrib.contenttypes.models", "ContentTypeKey");
        let mut classes = classes;
        through_classes(evaluator, context, &mut classes, model, plain_manager, options);
        let mut known = Known {
            models: FxHashMap::default(),
            classes,
            model,
            manager,
            plain_manager,
            queryset,
            related: FxHashMap::default(),
            users: FxHashMap::default(),
            by_snake: FxHashMap::default(),
            by_member: FxHashMap::default(),
            concrete: FxHashMap::default(),
            request,
            options,
            model_state,
            user: models.by_label(user).map(|model| model.id),
            relations: Relations::new(context, apps),
            field_objects: FieldObjects::default(),
            wide: Wide::default(),
            type_key,
        };
        known.models = known.classes.iter().zip(&models.all).map(|(class, model)| (*class, model.id)).collect();
        let mut managers = vec![plain_manager];
        for model in &models.all {
            let Some(class) = known.classes.get(model.id.0 as usize).copied() else { continue };
            for found in managers_of(evaluator, &known, class) {
                if !managers.contains(&found) {
                    managers.push(found);
                }
                let queryset = match evaluator.heap.find_in_class(found, "_queryset_class") {
                    Some((_, Value::Class(queryset))) => Some(*queryset),
                    _ => None,
                };
                if !model.abstract_ {
                    for user in [Some(found), queryset].into_iter().flatten() {
                        let users = known.users.entry(user).or_default();
                        if !users.contains(&model.id) {
                            users.push(model.id);
                        }
                    }
                }
            }
        }
        for manager in managers {
            let made = related_class(evaluator, related_manager, manager);
            known.related.insert(manager, made);
        }
        let mut twice = Vec::new();
        for model in models.all.iter().filter(|model| !model.abstract_ && model.origin.is_own() && model.site.is_some())
        {
            let name = snake(&model.name);
            if known.by_snake.insert(name.clone(), model.id).is_some() {
                twice.push(name);
            }
        }
        known.field_objects = FieldObjects::make(evaluator, context, &known);
        twice.iter().for_each(|name| {
            known.by_snake.remove(name);
        });
        known.concrete = concrete(evaluator, context, &known);
        known.by_member = members(evaluator, context, &known.classes);
        if let Some(user) = known.user {
            known.by_snake.insert("user".to_owned(), user);
        }
        known.wide = Wide::make(evaluator, context, &known);
        let wide: Vec<_> = known.wide.of_models(evaluator, &known.models, context).collect();
        known.models.extend(wide);
        Some(known)
    }

    pub(crate) fn is_manager(&self, evaluator: &Evaluator<'_>, class: ClassId) -> bool {
        evaluator.heap.is_subclass(class, self.manager)
    }
}

/// Classes of the managers that a model's class has.
fn managers_of(evaluator: &Evaluator<'_>, known: &Known, class: ClassId) -> Vec<ClassId> {
    let mut found = Vec::new();
    for ancestor in &evaluator.heap.class(class).mro {
        for value in evaluator.heap.class(*ancestor).attributes.values() {
            if let Value::Instance(object) = value
                && let Some(instance) = evaluator.heap.instance(*object)
                && known.is_manager(evaluator, instance.class)
                && !found.contains(&instance.class)
            {
                found.push(instance.class);
            }
        }
    }
    found
}

fn concrete(evaluator: &Evaluator<'_>, context: &Context<'_>, known: &Known) -> FxHashMap<ModelId, Vec<ModelId>> {
    let models = context.models;
    let mut found: FxHashMap<ModelId, Vec<ModelId>> = FxHashMap::default();
    let ancestors = |model: ModelId| {
        let class = known.classes.get(model.0 as usize);
        class.into_iter().flat_map(|class| &evaluator.heap.class(*class).mro)
    };
    for model in models.all.iter().filter(|model| !model.abstract_ && !model.proxy) {
        for ancestor in ancestors(model.id).filter_map(|class| known.models.get(class)) {
            let has_it = model
                .parents
                .iter()
                .any(|link| ancestors(link.parent).any(|class| known.models.get(class) == Some(ancestor)));
            if models.get(*ancestor).abstract_ && !has_it {
                found.entry(*ancestor).or_default().push(model.id);
            }
        }
    }
    found
}

/// Methods of Python's own types and of files that a model's may share a name with.
const OF_BUILTINS: [&str; 30] = [
    "add", "append", "clear", "close", "copy", "count", "decode", "encode", "extend", "format", "get", "index",
    "insert", "items", "join", "keys", "lower", "open", "pop", "read", "remove", "replace", "sort", "split", "strip",
    "title", "update", "upper", "values", "write",
];

/// Names of relations, methods and properties that only one own model has, or one and those that inherit from it; the first of those
/// made from one abstract model stands for all.
fn members(evaluator: &Evaluator<'_>, context: &Context<'_>, classes: &[ClassId]) -> FxHashMap<Name, ModelId> {
    let models = context.models;
    // By the class that gives the name: models made from one abstract model share it.
    let mut owners: FxHashMap<Name, Option<(ClassId, ModelId)>> = FxHashMap::default();
    let mut add = |name: &str, class: ClassId, model: ModelId| {
        if name.starts_with('_') {
            return;
        }
        let owner = owners.entry(Name::new(name)).or_insert(Some((class, model)));
        if owner.is_none_or(|(known, _)| known != class) {
            *owner = None;
        }
    };
    for model in models.all.iter().filter(|model| !model.abstract_ && model.origin.is_own() && !model.proxy) {
        let Some(class) = classes.get(model.id.0 as usize) else { continue };
        let is_inherited = |name: &str| model.parents.iter().any(|link| models.get(link.parent).field(name).is_some());
        for field in model.fields.iter().filter(|field| field.relation.is_some() && !is_inherited(&field.name)) {
            add(&field.name, *class, model.id);
        }
        for accessor in model.reverse.iter().filter_map(|reverse| reverse.accessor.as_deref()) {
            add(accessor, *class, model.id);
        }
        let inherited: Vec<ClassId> = model
            .parents
            .iter()
            .filter_map(|link| classes.get(link.parent.0 as usize))
            .flat_map(|parent| evaluator.heap.class(*parent).mro.clone())
            .collect();
        for ancestor in &evaluator.heap.class(*class).mro {
            let record = evaluator.heap.class(*ancestor);
            let is_own = evaluator.module(record.module).origin == ModuleOrigin::Project;
            if !is_own || inherited.contains(ancestor) {
                continue;
            }
            for (name, value) in &record.attributes {
                if matches!(value, Value::Function(_) | Value::Descriptor(..)) {
                    add(name, *ancestor, model.id);
                }
            }
        }
    }
    // What other classes have is no sign of a model.
    let of_models: FxHashSet<ClassId> =
        classes.iter().flat_map(|class| evaluator.heap.class(*class).mro.iter().copied()).collect();
    for (at, class) in (0u32..).map(ClassId).zip(evaluator.heap.classes.iter()) {
        if !of_models.contains(&at) && evaluator.module(class.module).origin == ModuleOrigin::Project {
            class.attributes.keys().for_each(|name| {
                owners.remove(name);
            });
        }
    }
    OF_BUILTINS.iter().for_each(|name| {
        owners.remove(*name);
    });
    owners.into_iter().filter_map(|(name, owner)| Some((name, owner?.1))).collect()
}

/// `class RelatedManager(RelatedManager, Manager)`.
fn related_class(evaluator: &mut Evaluator<'_>, related: ClassId, manager: ClassId) -> ClassId {
    let base = evaluator.heap.class(manager).clone();
    let id = evaluator.heap.add_class(Class {
        name: Name::new_static("RelatedManager"),
        qualname: "RelatedManager".into(),
        bases: vec![related, manager],
        mro: Vec::new(),
        attributes: Names::default(),
        assignments: FxHashMap::default(),
        statement: None,
        opaque: false,
        members: Vec::new(),
        ..base
    });
    let mro = [id, related].into_iter().chain(evaluator.heap.class(manager).mro.clone()).collect();
    evaluator.heap.class_mut(id).mro = mro;
    id
}

/// `TalkSlot` → `talk_slot`.
pub(crate) fn snake(name: &str) -> String {
    let mut text = String::with_capacity(name.len() + 4);
    let mut previous_lower = false;
    for char in name.chars() {
        if char.is_uppercase() && previous_lower {
            text.push('_');
        }
        previous_lower = char.is_lowercase() || char.is_ascii_digit();
        text.extend(char.to_lowercase());
    }
    text
}
