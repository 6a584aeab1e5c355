//! Managers and their QuerySet classes.

use pgwright_python::Evaluator;
use pgwright_python::value::{ClassId, Name, ObjectId, Value as Evaluated};
use rustc_hash::FxHashSet;

use super::Context;
use crate::model::Manager;

/// Managers of a model as `Options.managers` lists them: by creation, names of nearer classes hiding those of farther ones.
pub(crate) fn managers(evaluator: &mut Evaluator<'_>, context: &Context<'_>, class: ClassId) -> Vec<Manager> {
    let mut found: Vec<(usize, ObjectId, Name)> = Vec::new();
    let mut seen: FxHashSet<&str> = FxHashSet::default();
    for (depth, ancestor) in evaluator.heap.class(class).mro.iter().enumerate() {
        for (name, value) in &evaluator.heap.class(*ancestor).attributes {
            if !seen.insert(name.as_str()) {
                continue;
            }
            if let Evaluated::Instance(object) = value
                && let Some(instance) = evaluator.heap.instance(*object)
                && evaluator.heap.is_subclass(instance.class, context.known.manager)
            {
                found.push((depth, *object, name.clone()));
            }
        }
    }
    // `_meta.managers` is sorted by depth of inheritance, then by creation.
    found.sort_by_key(|(depth, object, _)| (*depth, object.0));
    let mut managers: Vec<Manager> = Vec::new();
    for (_, object, name) in found {
        if let Some(manager) = describe(evaluator, object, &name, managers.is_empty()) {
            managers.push(manager);
        }
    }
    if managers.is_empty() {
        managers.push(Manager {
            name: "objects".to_owned(),
            class: "django.db.models.manager.Manager".to_owned(),
            queryset_class: Some("django.db.models.query.QuerySet".to_owned()),
            methods: Vec::new(),
            is_default: true,
        });
    }
    managers
}

fn describe(evaluator: &mut Evaluator<'_>, object: ObjectId, name: &Name, is_default: bool) -> Option<Manager> {
    let class = evaluator.heap.instance(object)?.class;
    let queryset = match evaluator.heap.find_in_class(class, "_queryset_class") {
        Some((_, Evaluated::Class(queryset))) => Some(*queryset),
        _ => None,
    };
    let mut methods: Vec<String> = Vec::new();
    for owner in [Some(class), queryset].into_iter().flatten() {
        for ancestor in &evaluator.heap.class(owner).mro {
            if evaluator.class_path(*ancestor).starts_with("django.db.models.") {
                continue;
            }
            for (name, value) in &evaluator.heap.class(*ancestor).attributes {
                if matches!(value, Evaluated::Function(_)) && !name.starts_with('_') {
                    methods.push(name.to_string());
                }
            }
        }
    }
    methods.sort();
    methods.dedup();
    Some(Manager {
        name: name.to_string(),
        class: evaluator.class_path(class),
        queryset_class: queryset.map(|queryset| evaluator.class_path(queryset)),
        methods,
        is_default,
    })
}
