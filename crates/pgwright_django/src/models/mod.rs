//! The model graph, built from evaluated classes the way `ModelBase.__new__` and `Options` build it.
//!
//! Three passes: *drafts* (which fields each class has, with inheritance), *fields* (what each is, once all models are known),
//! *relations* (targets, automatic through models, reverse accessors).

mod column_type;
mod draft;
mod field;
mod managers;
mod meta;
mod relation;
mod site;
mod target;
mod values;

use std::cell::RefCell;

pub(crate) use column_type::column_type;
pub(crate) use draft::Draft;
pub(crate) use field::{convert_object, key_of};
pub(crate) use meta::{constraint, index, together};
use pgwright_python::Evaluator;
use pgwright_python::modules::ModuleOrigin;
use pgwright_python::value::{ClassId, ObjectId};
pub(crate) use relation::{referenced, through_model};
use rustc_hash::FxHashMap;
pub(crate) use site::call_span;
pub(crate) use values::{attribute, attribute_bool, attribute_str, class_bool, class_value};

use crate::apps::LoadedApp;
use crate::model::{Field, Model, ModelId, Models, Origin};
use crate::project::{Settings, Unresolved};

/// What building needs to look at besides the classes.
pub(crate) struct Context<'c> {
    pub(crate) apps: &'c [LoadedApp],
    pub(crate) settings: &'c Settings,
    pub(crate) known: Known,
    /// `app_label.ModelName` of each model class; filled once the drafts are made.
    pub(crate) labels: FxHashMap<ClassId, String>,
    /// Fields without relations, by their object and the class that declares them.
    pub(crate) converted: RefCell<FxHashMap<(ObjectId, ClassId), Field>>,
}

/// Classes of Django that decide what an attribute is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    pub(crate) model: ClassId,
    pub(crate) field: ClassId,
    pub(crate) foreign_key: ClassId,
    pub(crate) one_to_one: ClassId,
    pub(crate) generic_foreign_key: ClassId,
    pub(crate) generic_relation: ClassId,
    pub(crate) manager: ClassId,
    pub(crate) index: ClassId,
    pub(crate) constraint: ClassId,
    pub(crate) composite: ClassId,
}

impl Known {
    fn find(evaluator: &mut Evaluator<'_>) -> Option<Known> {
        let mut class = |module: &str, name: &str| evaluator.class_at(module, name);
        Some(Known {
            model: class("django.db.models.base", "Model")?,
            field: class("django.db.models.fields", "Field")?,
            foreign_key: class("django.db.models.fields.related", "ForeignKey")?,
            one_to_one: class("django.db.models.fields.related", "OneToOneField")?,
            generic_foreign_key: class("django.contrib.contenttypes.fields", "GenericForeignKey")?,
            generic_relation: class("django.contrib.contenttypes.fields", "GenericRelation")?,
            manager: class("django.db.models.manager", "BaseManager")?,
            index: class("django.db.models.indexes", "Index")?,
            constraint: class("django.db.models.constraints", "BaseConstraint")?,
            composite: class("django.db.models.fields.composite", "CompositePrimaryKey")?,
        })
    }
}

/// The model graph, and the class each model was made from, by [`ModelId`]; through models that Django makes have none.
#[derive(Debug, Default)]
pub(crate) struct Built {
    pub(crate) models: Models,
    pub(crate) classes: Vec<ClassId>,
}

pub(crate) fn build(
    evaluator: &mut Evaluator<'_>,
    apps: &[LoadedApp],
    settings: &Settings,
    unresolved: &mut Vec<Unresolved>,
) -> Built {
    let Some(known) = Known::find(evaluator) else { return Built::default() };
    let mut context = Context { apps, settings, known, labels: FxHashMap::default(), converted: RefCell::default() };
    let drafts = draft::drafts(evaluator, &context, unresolved);
    context.labels = drafts.iter().map(|draft| (draft.class, draft.label())).collect();
    let by_class: FxHashMap<ClassId, ModelId> =
        (0u32..).zip(&drafts).map(|(index, draft)| (draft.class, ModelId(index))).collect();
    let mut models = Models::default();
    for (index, draft) in (0u32..).zip(&drafts) {
        let id = ModelId(index);
        let mut open = Vec::new();
        let fields = field::fields(evaluator, &context, draft, &drafts, &by_class, &mut open);
        let private_fields = field::private_fields(evaluator, &context, draft);
        let meta = meta::read(evaluator, &context, draft, &mut open);
        // What is not known of a library's models is nothing the project's authors could mend.
        if origin(evaluator, draft.class) == Origin::Project {
            unresolved.append(&mut open);
        }
        let managers = managers::managers(evaluator, &context, draft.class);
        models.all.push(Model {
            id,
            app_label: draft.app_label.clone(),
            name: draft.name.clone(),
            module: evaluator.module(evaluator.heap.class(draft.class).module).name.to_string(),
            origin: origin(evaluator, draft.class),
            site: site::class_site(evaluator, draft.class),
            bases: evaluator.heap.class(draft.class).bases.iter().map(|base| evaluator.class_path(*base)).collect(),
            mro: crate::convert::mro_paths(evaluator, draft.class),
            abstract_: draft.is_abstract,
            proxy: draft.proxy,
            managed: meta.managed,
            swapped: meta.swapped,
            parents: draft.parent_links(&by_class),
            proxy_for: draft.proxy_for.and_then(|class| by_class.get(&class).copied()),
            table: draft.table.clone(),
            fields,
            private_fields,
            unique_together: meta.unique_together,
            index_together: meta.index_together,
            indexes: meta.indexes,
            constraints: meta.constraints,
            ordering: meta.ordering,
            order_with_respect_to: meta.order_with_respect_to,
            default_related_name: meta.default_related_name,
            db_table_comment: meta.db_table_comment,
            managers,
            reverse: Vec::new(),
            methods: site::methods(evaluator, draft.class),
        });
    }
    inherit_ordering(&mut models);
    relation::resolve(evaluator, &context, &mut models, unresolved);
    meta::name_indexes(&mut models);
    Built { models, classes: drafts.into_iter().map(|draft| draft.class).collect() }
}

/// What reading a field, an index or a constraint outside a model class needs: `classes` are those of the models, by their id.
pub(crate) fn reading_context<'c>(
    evaluator: &mut Evaluator<'_>,
    apps: &'c [LoadedApp],
    settings: &'c Settings,
    models: &Models,
    classes: &[ClassId],
) -> Option<Context<'c>> {
    let known = Known::find(evaluator)?;
    let labels = classes.iter().zip(&models.all).map(|(class, model)| (*class, model.label())).collect();
    Some(Context { apps, settings, known, labels, converted: RefCell::default() })
}

/// A child of a concrete model without an ordering of its own takes the parent's.
fn inherit_ordering(models: &mut Models) {
    for index in 0..models.all.len() {
        let model = &models.all[index];
        if !model.ordering.is_empty() || model.abstract_ {
            continue;
        }
        let from = model.proxy_for.or_else(|| model.parents.first().map(|link| link.parent));
        if let Some(from) = from
            && !meta::declares_ordering(model)
        {
            let ordering = models.get(from).ordering.clone();
            models.all[index].ordering = ordering;
        }
    }
}

fn origin(evaluator: &Evaluator<'_>, class: ClassId) -> Origin {
    match evaluator.module(evaluator.heap.class(class).module).origin {
        ModuleOrigin::Project => Origin::Project,
        ModuleOrigin::Library => Origin::Dependency,
        ModuleOrigin::Described => Origin::Described,
    }
}
