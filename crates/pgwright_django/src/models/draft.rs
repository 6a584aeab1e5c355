//! Which fields each model class has: inheritance from abstract, concrete and plain bases.

use pgwright_python::Evaluator;
use pgwright_python::modules::ModuleOrigin;
use pgwright_python::value::{ClassId, Name, ObjectId, Value};
use pgwright_schema::names::default_table;
use rustc_hash::FxHashMap;

use super::Context;
use super::values::{class_bool, class_str};
use crate::apps::containing;
use crate::model::{ModelId, ParentLink};
use crate::project::Unresolved;

/// A model class before its fields are understood.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) class: ClassId,
    pub(crate) app_label: String,
    pub(crate) name: String,
    pub(crate) table: String,
    pub(crate) is_abstract: bool,
    pub(crate) proxy: bool,
    pub(crate) proxy_for: Option<ClassId>,
    /// `Meta` as this class sees it, its own or inherited from an abstract base.
    pub(crate) meta: Option<ClassId>,
    /// Columns in creation order.
    pub(crate) local: Vec<DraftField>,
    pub(crate) many_to_many: Vec<DraftField>,
    pub(crate) private: Vec<DraftField>,
    /// Concrete parents with the name of the field that links to each.
    pub(crate) parents: Vec<(ClassId, Option<String>)>,
    pub(crate) default_auto_field: String,
}

#[derive(Debug, Clone)]
pub(crate) struct DraftField {
    pub(crate) name: String,
    pub(crate) kind: DraftKind,
    /// The class whose body holds the declaration.
    pub(crate) declared_in: ClassId,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DraftKind {
    /// Declared in source.
    Object(ObjectId),
    /// The automatic primary key: dotted path of its class.
    AutomaticKey(String),
    /// The automatic link to a concrete parent.
    ParentLink(ClassId),
    /// `_order` of `order_with_respect_to`.
    OrderWithRespectTo,
}

impl Draft {
    pub(crate) fn parent_links(&self, by_class: &FxHashMap<ClassId, ModelId>) -> Vec<ParentLink> {
        self.parents
            .iter()
            .filter_map(|(class, field)| Some(ParentLink { parent: *by_class.get(class)?, field: field.clone() }))
            .collect()
    }

    pub(crate) fn label(&self) -> String {
        format!("{}.{}", self.app_label, self.name)
    }
}

/// Every model class in creation order, so that parents come before children.
pub(crate) fn drafts(
    evaluator: &mut Evaluator<'_>,
    context: &Context<'_>,
    unresolved: &mut Vec<Unresolved>,
) -> Vec<Draft> {
    let mut drafts: Vec<Draft> = Vec::new();
    let mut index: FxHashMap<ClassId, usize> = FxHashMap::default();
    let mut labels: FxHashMap<String, usize> = FxHashMap::default();
    let count = u32::try_from(evaluator.heap.classes.len()).unwrap_or(u32::MAX);
    for class in (0..count).map(ClassId) {
        if class == context.known.model {
            continue;
        }
        if !evaluator.heap.is_subclass(class, context.known.model) {
            unresolved.extend(perhaps_a_model(evaluator, context, class));
            continue;
        }
        let Some(draft) = draft(evaluator, context, class, &drafts, &index, unresolved) else { continue };
        if !draft.is_abstract {
            let label = draft.label().to_ascii_lowercase();
            if labels.contains_key(&label) {
                continue;
            }
            labels.insert(label, drafts.len());
        }
        index.insert(class, drafts.len());
        drafts.push(draft);
    }
    drafts
}

/// A class of the project with model fields whose base is not installed: most likely a model, and said rather than dropped.
fn perhaps_a_model(evaluator: &Evaluator<'_>, context: &Context<'_>, class: ClassId) -> Option<Unresolved> {
    let record = evaluator.heap.class(class);
    if !record.open || record.opaque || evaluator.module(record.module).origin != ModuleOrigin::Project {
        return None;
    }
    let base = record.mro.iter().find(|base| evaluator.heap.class(**base).opaque)?;
    let has_fields = record.attributes.values().any(|value| match value {
        Value::Instance(object) => evaluator
            .heap
            .instance(*object)
            .is_some_and(|instance| evaluator.heap.is_subclass(instance.class, context.known.field)),
        _ => false,
    });
    let module = &evaluator.module(record.module).name;
    let app = containing(context.apps, module)?;
    has_fields.then(|| Unresolved {
        subject: format!("{}.{}", app.app.label, record.name),
        reason: format!(
            "its base `{}` is not installed, so whether it is a model is not known",
            evaluator.class_path(*base)
        ),
        site: record.statement.map(|(file, statement)| pgwright_python::value::span(file, statement.name.range)),
    })
}

fn draft(
    evaluator: &mut Evaluator<'_>,
    context: &Context<'_>,
    class: ClassId,
    drafts: &[Draft],
    index: &FxHashMap<ClassId, usize>,
    unresolved: &mut Vec<Unresolved>,
) -> Option<Draft> {
    let name = evaluator.heap.class(class).name.to_string();
    let own_meta = match evaluator.heap.class(class).attributes.get("Meta") {
        Some(Value::Class(meta)) => Some(*meta),
        _ => None,
    };
    let is_abstract = own_meta.is_some_and(|meta| declares_abstract(evaluator, meta, drafts));
    let meta = own_meta.or_else(|| inherited_meta(evaluator, class, context.known.model, drafts, index));
    let proxy = !is_abstract && own_meta.is_some_and(|meta| class_bool(evaluator, meta, "proxy") == Some(true));
    let module = evaluator.module(evaluator.heap.class(class).module).name.to_string();
    let app = containing(context.apps, &module);
    let app_label = match meta.and_then(|meta| class_str(evaluator, meta, "app_label")) {
        Some(label) => label,
        None => match app {
            Some(app) => app.app.label.clone(),
            None if is_abstract => String::new(),
            // Django refuses a model outside every installed app.
            None => return None,
        },
    };
    if !is_abstract && !context.apps.iter().any(|app| app.app.label == app_label) {
        return None;
    }
    let default_auto_field = context
        .apps
        .iter()
        .find(|app| app.app.label == app_label)
        .map_or_else(|| context.settings.default_auto_field.clone(), |app| app.app.default_auto_field.clone());

    let mut draft = Draft {
        class,
        table: String::new(),
        app_label,
        name,
        is_abstract,
        proxy,
        proxy_for: None,
        meta,
        local: Vec::new(),
        many_to_many: Vec::new(),
        private: Vec::new(),
        parents: Vec::new(),
        default_auto_field,
    };
    own_fields(evaluator, context, class, &mut draft, unresolved);
    inherit(evaluator, context, &mut draft, drafts, index);
    if proxy {
        let base = draft.parents.first().map(|(class, _)| *class);
        draft.proxy_for = base;
        draft.parents.iter_mut().for_each(|(_, field)| *field = None);
    }
    prepare(evaluator, context, &mut draft);
    sort_by_creation(evaluator, &mut draft);
    draft.table = match (proxy, draft.proxy_for.and_then(|base| index.get(&base))) {
        (true, Some(base)) => drafts[*base].table.clone(),
        _ => match meta.and_then(|meta| class_str(evaluator, meta, "db_table")) {
            Some(table) if !table.is_empty() => table,
            _ => default_table(&draft.app_label, &draft.name),
        },
    };
    Some(draft)
}

/// `abstract` of a `Meta`: Django resets it on the `Meta` of an abstract model once that is made, so a `Meta` that derives from
/// one is not abstract by inheritance.
fn declares_abstract(evaluator: &Evaluator<'_>, meta: ClassId, drafts: &[Draft]) -> bool {
    for ancestor in &evaluator.heap.class(meta).mro {
        if let Some(value) = evaluator.heap.class(*ancestor).attributes.get("abstract") {
            let was_reset = *ancestor != meta
                && drafts.iter().any(|draft| {
                    draft.is_abstract
                        && matches!(evaluator.heap.class(draft.class).attributes.get("Meta"), Some(Value::Class(own)) if own == ancestor)
                });
            return !was_reset && evaluator.truth(value) == Some(true);
        }
    }
    false
}

/// The `Meta` an abstract base or plain mixin leaves on the class; a concrete model leaves none.
fn inherited_meta(
    evaluator: &Evaluator<'_>,
    class: ClassId,
    model: ClassId,
    drafts: &[Draft],
    index: &FxHashMap<ClassId, usize>,
) -> Option<ClassId> {
    for ancestor in &evaluator.heap.class(class).mro[1..] {
        let is_model = evaluator.heap.is_subclass(*ancestor, model);
        let leaves = !is_model || index.get(ancestor).is_some_and(|at| drafts[*at].is_abstract);
        if leaves && let Some(Value::Class(meta)) = evaluator.heap.class(*ancestor).attributes.get("Meta") {
            return Some(*meta);
        }
    }
    None
}

/// Fields among the attributes of the class itself.
fn own_fields(
    evaluator: &mut Evaluator<'_>,
    context: &Context<'_>,
    class: ClassId,
    draft: &mut Draft,
    unresolved: &mut Vec<Unresolved>,
) {
    let mut attributes: Vec<(Name, Value)> =
        evaluator.heap.class(class).attributes.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    let added = added_fields(evaluator, class);
    attributes.retain(|(name, _)| !added.iter().any(|(other, _)| other == name));
    attributes.extend(added);
    let own = evaluator.module(evaluator.heap.class(class).module).origin == ModuleOrigin::Project;
    for (name, value) in attributes {
        let Value::Instance(object) = value else { continue };
        let Some(instance) = evaluator.heap.instance(object) else { continue };
        let field_class = instance.class;
        let field = DraftField { name: name.to_string(), kind: DraftKind::Object(object), declared_in: class };
        if evaluator.heap.is_subclass(field_class, context.known.generic_foreign_key)
            || evaluator.heap.is_subclass(field_class, context.known.generic_relation)
        {
            draft.private.push(field);
        } else if evaluator.heap.is_subclass(field_class, context.known.field) {
            // An attribute that only holds a field of another name (`_meta` tricks, aliases) is not one of its own.
            if super::values::attribute_bool(evaluator, object, "many_to_many") == Some(true) {
                draft.many_to_many.push(field);
            } else {
                draft.local.push(field);
            }
        } else if own && evaluator.heap.class(field_class).open && evaluator.heap.class(field_class).opaque {
            let path = evaluator.class_path(field_class);
            let last = path.rsplit('.').next().unwrap_or_default();
            if last.ends_with("Field") || last.ends_with("Key") {
                unresolved.push(Unresolved {
                    subject: format!("{}.{name}", draft.label()),
                    reason: format!("its class `{path}` is not installed"),
                    site: super::site::attribute_span(evaluator, class, &name),
                });
            }
        }
    }
}

/// Fields that `contribute_to_class` added to `_meta`, whatever then took the attribute's place.
fn added_fields(evaluator: &Evaluator<'_>, class: ClassId) -> Vec<(Name, Value)> {
    let added = match evaluator.heap.class(class).attributes.get("_meta") {
        Some(Value::Instance(meta)) => super::values::attribute(evaluator, *meta, "added"),
        _ => None,
    };
    let Some(Value::Dict(added)) = added else { return Vec::new() };
    let entries = evaluator.heap.dict_of(added).map(|dict| dict.entries.clone()).unwrap_or_default();
    entries
        .into_values()
        .filter_map(|(name, value)| match name {
            Value::Str(name) => Some((Name::new(&name), value)),
            _ => None,
        })
        .collect()
}

/// What `ModelBase.__new__` takes from the bases.
fn inherit(
    evaluator: &Evaluator<'_>,
    context: &Context<'_>,
    draft: &mut Draft,
    drafts: &[Draft],
    index: &FxHashMap<ClassId, usize>,
) {
    let record = evaluator.heap.class(draft.class);
    let own_names: Vec<String> = record.attributes.keys().map(|name| name.to_string()).collect();
    let mut field_names: Vec<String> =
        draft.local.iter().chain(&draft.many_to_many).chain(&draft.private).map(|field| field.name.clone()).collect();
    let declared = field_names.clone();
    let mut inherited: Vec<Name> = Vec::new();
    for base in &record.mro[1..] {
        let direct = record.bases.contains(base);
        let model_draft = index.get(base).map(|at| &drafts[*at]);
        let Some(base_draft) = model_draft.filter(|_| direct) else {
            // Django's own base class brings nothing that could stand in a field's way.
            if *base != context.known.model {
                inherited.extend(evaluator.heap.class(*base).attributes.keys().cloned());
            }
            continue;
        };
        if base_draft.is_abstract {
            for field in base_draft.local.iter().chain(&base_draft.many_to_many) {
                if declared.contains(&field.name)
                    || own_names.contains(&field.name)
                    || field_names.contains(&field.name)
                    || inherited.iter().any(|name| *name == *field.name)
                {
                    continue;
                }
                field_names.push(field.name.clone());
                if base_draft.many_to_many.iter().any(|other| other.name == field.name) {
                    draft.many_to_many.push(field.clone());
                } else {
                    draft.local.push(field.clone());
                }
            }
            for parent in &base_draft.parents {
                if !draft.parents.iter().any(|(known, _)| *known == parent.0) {
                    draft.parents.push(parent.clone());
                }
            }
        } else {
            inherited
                .extend(base_draft.local.iter().chain(&base_draft.many_to_many).map(|field| Name::new(&field.name)));
            let concrete = base_draft.proxy_for.unwrap_or(*base);
            let concrete_draft = index.get(&concrete).map_or(base_draft, |at| &drafts[*at]);
            let link = explicit_parent_link(evaluator, context, draft, concrete_draft).or_else(|| {
                if draft.proxy {
                    return None;
                }
                let name = format!("{}_ptr", concrete_draft.name.to_lowercase());
                if !draft.local.iter().any(|field| field.name == name) {
                    // The counter of automatic fields runs backwards: the link made last stands first.
                    let link = DraftField {
                        name: name.clone(),
                        kind: DraftKind::ParentLink(concrete),
                        declared_in: draft.class,
                    };
                    draft.local.insert(0, link);
                }
                Some(name)
            });
            if !draft.parents.iter().any(|(known, _)| *known == concrete) {
                draft.parents.push((concrete, link));
            }
        }
        for field in &base_draft.private {
            if !field_names.contains(&field.name) && !own_names.contains(&field.name) {
                field_names.push(field.name.clone());
                draft.private.push(field.clone());
            }
        }
    }
}

/// A declared one-to-one field with `parent_link=True` to this parent.
fn explicit_parent_link(
    evaluator: &Evaluator<'_>,
    context: &Context<'_>,
    draft: &Draft,
    parent: &Draft,
) -> Option<String> {
    draft.local.iter().find_map(|field| {
        let DraftKind::Object(object) = field.kind else { return None };
        let instance = evaluator.heap.instance(object)?;
        let links = evaluator.heap.is_subclass(instance.class, context.known.one_to_one)
            && matches!(instance.attributes.get("parent_link"), Some(Value::Bool(true)));
        let to_parent = match instance.attributes.get("to") {
            Some(Value::Class(class)) => *class == parent.class,
            Some(Value::Str(text)) => {
                let wanted = text.rsplit('.').next().unwrap_or(text);
                wanted.eq_ignore_ascii_case(&parent.name)
            }
            _ => false,
        };
        (links && to_parent).then(|| field.name.clone())
    })
}

/// `Options._prepare`: `_order` and the automatic primary key.
fn prepare(evaluator: &mut Evaluator<'_>, context: &Context<'_>, draft: &mut Draft) {
    if draft.is_abstract {
        return;
    }
    let respects = draft.meta.and_then(|meta| class_str(evaluator, meta, "order_with_respect_to")).is_some();
    if respects && !draft.local.iter().any(|field| field.name == "_order") {
        draft.local.push(DraftField {
            name: "_order".to_owned(),
            kind: DraftKind::OrderWithRespectTo,
            declared_in: draft.class,
        });
    }
    let has_key = draft.local.iter().any(|field| match field.kind {
        DraftKind::Object(object) => {
            super::values::attribute_bool(evaluator, object, "primary_key") == Some(true)
                || evaluator
                    .heap
                    .instance(object)
                    .is_some_and(|instance| evaluator.heap.is_subclass(instance.class, context.known.composite))
        }
        _ => false,
    });
    // Children of a concrete model use the first parent link as their key.
    if !has_key && !draft.proxy && !draft.parents.iter().any(|(_, link)| link.is_some()) {
        draft.local.push(DraftField {
            name: "id".to_owned(),
            kind: DraftKind::AutomaticKey(draft.default_auto_field.clone()),
            declared_in: draft.class,
        });
    }
}

/// Automatic fields count down from before everything declared; declared ones keep the order in which they were made.
fn sort_by_creation(evaluator: &Evaluator<'_>, draft: &mut Draft) {
    let rank = |field: &DraftField| match &field.kind {
        DraftKind::AutomaticKey(_) | DraftKind::ParentLink(_) => (0, 0, 0),
        // Like Django's, of fields that are made for a model the last one stands first.
        DraftKind::Object(object)
            if super::values::attribute_bool(evaluator, *object, "auto_created") == Some(true) =>
        {
            (0, u32::MAX - object.0, 0)
        }
        DraftKind::Object(object) => {
            placed(evaluator, *object).map_or((1, object.0, 0), |(other, side)| (1, other, side))
        }
        DraftKind::OrderWithRespectTo => (2, 0, 0),
    };
    draft.local.sort_by_key(rank);
    draft.many_to_many.sort_by_key(rank);
}

/// A field that a library puts beside another, as `creation_counter` does: the other, and on which side of it.
fn placed(evaluator: &Evaluator<'_>, object: ObjectId) -> Option<(u32, i64)> {
    let Some(Value::Tuple(place)) = super::values::attribute(evaluator, object, "_place") else { return None };
    match place.as_ref() {
        [Value::Instance(other), Value::Int(side)] => Some((other.0, i64::try_from(*side).ok()?)),
        _ => None,
    }
}
