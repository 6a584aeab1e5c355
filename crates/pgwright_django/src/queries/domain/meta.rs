//! `Model._meta` and its fields as objects: answered from the model graph, each field one object however it is reached.

use std::sync::Arc;

use pgwright_python::Evaluator;
use pgwright_python::value::{Class, ClassId, Foreign, Instance, Key, Name, Names, Object, ObjectId, Value};
use rustc_hash::FxHashMap;

use super::{Known, Orm};
use crate::model::{Field, ModelId, Origin, Relation, RelationKind};
use crate::queries::context::{Context, FieldId, GenericId, Named};

/// Attribute of a field's object that says which field it is.
pub(crate) const FIELD: &str = "<field>";

/// What an object among a model's fields stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum FieldOf {
    Field(FieldId),
    /// The other side of a relation (`ForeignObjectRel`).
    Other(FieldId),
    /// `GenericForeignKey`, `GenericRelation`.
    Private(GenericId),
}

/// The objects that stand for fields.
#[derive(Debug, Default)]
pub(crate) struct FieldObjects {
    fields: FxHashMap<FieldId, ObjectId>,
    others: FxHashMap<FieldId, ObjectId>,
    private: FxHashMap<GenericId, ObjectId>,
    /// By the objects that class bodies made, which several models may have inherited.
    declared: FxHashMap<ObjectId, FieldId>,
}

impl FieldObjects {
    /// One object for each field of each model that is not abstract, where the model has declared it: as it was made by the
    /// declaration where there is one.
    pub(crate) fn make(evaluator: &mut Evaluator<'_>, context: &Context<'_>, known: &Known) -> FieldObjects {
        let mut objects = FieldObjects::default();
        let mut rel = |name: &str| evaluator.class_at("django.db.models.fields.related", name);
        let (one, many, key) = (rel("OneToOneRel"), rel("ManyToManyRel"), rel("ManyToOneRel"));
        for model in context.models.all.iter().filter(|model| !model.abstract_ && !model.proxy) {
            let Some(class) = known.classes.get(model.id.0 as usize).copied() else { continue };
            for (index, field) in (0..).zip(&model.fields).filter(|(_, field)| field.local) {
                let id = FieldId { model: model.id, index };
                let made = declared(evaluator, class, &field.name).or_else(|| {
                    let (module, name) = field.class.rsplit_once('.')?;
                    Some(bare(evaluator.class_at(module, name)?))
                });
                let Some(made) = made else { continue };
                if let Some((_, Value::Instance(written))) = evaluator.heap.find_in_class(class, &field.name) {
                    objects.declared.entry(*written).or_insert(id);
                }
                let remote = made.attributes.get("remote_field").and_then(|remote| match remote {
                    Value::Instance(remote) => evaluator.heap.instance(*remote).cloned(),
                    _ => None,
                });
                objects.fields.insert(id, add(evaluator, made, FieldOf::Field(id)));
                let Some(relation) = &field.relation else { continue };
                let plain = match relation.kind {
                    RelationKind::OneToOne => one,
                    RelationKind::ManyToMany => many,
                    RelationKind::ForeignKey => key,
                };
                if let Some(other) = remote.or_else(|| plain.map(bare)) {
                    objects.others.insert(id, add(evaluator, other, FieldOf::Other(id)));
                }
            }
            for (index, field) in (0..).zip(&model.private_fields) {
                let id = GenericId { model: model.id, index };
                if let Some(made) = declared(evaluator, class, &field.name) {
                    objects.private.insert(id, add(evaluator, made, FieldOf::Private(id)));
                }
            }
        }
        objects
    }

    /// What is the same of a field for every model that inherits its declaration.
    pub(crate) fn declared(&self, id: ObjectId, attribute: &str) -> Option<FieldOf> {
        if !matches!(attribute, "related_model" | "name" | "attname" | "column") {
            return None;
        }
        self.declared.get(&id).map(|id| FieldOf::Field(*id))
    }

    pub(crate) fn of(&self, what: FieldOf) -> Option<Value> {
        let found = match what {
            FieldOf::Field(id) => self.fields.get(&id),
            FieldOf::Other(id) => self.others.get(&id),
            FieldOf::Private(id) => self.private.get(&id),
        };
        found.map(|id| Value::Instance(*id))
    }
}

/// What a class attribute holds, where that is an object.
fn declared<'a>(evaluator: &Evaluator<'a>, class: ClassId, name: &str) -> Option<Instance<'a>> {
    match evaluator.heap.find_in_class(class, name)?.1 {
        Value::Instance(id) => evaluator.heap.instance(*id).cloned(),
        _ => None,
    }
}

fn bare<'a>(class: ClassId) -> Instance<'a> {
    Instance { class, attributes: Names::default(), args: Vec::new(), kwargs: Vec::new(), call: None }
}

fn add<'a>(evaluator: &mut Evaluator<'a>, mut instance: Instance<'a>, what: FieldOf) -> ObjectId {
    instance.attributes.insert(Name::new_static(FIELD), Value::Foreign(Foreign::new(what)));
    evaluator.heap.add_object(Object::Instance(instance))
}

/// Classes for the through models that Django makes: they have none in the source.
pub(crate) fn through_classes(
    evaluator: &mut Evaluator<'_>,
    context: &Context<'_>,
    classes: &mut Vec<ClassId>,
    base: ClassId,
    plain_manager: ClassId,
    options: Option<ClassId>,
) {
    for model in context.models.all.iter().skip(classes.len()) {
        let Origin::AutomaticThrough { of, .. } = model.origin else { return };
        let Some(owner) = classes.get(of.0 as usize).map(|class| evaluator.heap.class(*class).module) else { return };
        let manager = evaluator.bare_instance(plain_manager);
        let root = evaluator.heap.class(base).clone();
        let id = evaluator.heap.add_class(Class {
            name: Name::new(&model.name),
            qualname: model.name.as_str().into(),
            module: owner,
            bases: vec![base],
            mro: Vec::new(),
            attributes: [(Name::new_static("objects"), manager)].into_iter().collect(),
            assignments: FxHashMap::default(),
            statement: None,
            members: Vec::new(),
            ..root
        });
        let mro = std::iter::once(id).chain(evaluator.heap.class(base).mro.clone()).collect();
        evaluator.heap.class_mut(id).mro = mro;
        if let Some(options) = options {
            let meta = evaluator.bare_instance(options);
            evaluator.put(&meta, "model", Value::Class(id));
            evaluator.put(&meta, "meta", Value::None);
            evaluator.heap.class_mut(id).attributes.insert(Name::new_static("_meta"), meta);
        }
        classes.push(id);
    }
}

impl<'a> Orm<'a> {
    fn class_value(&self, model: ModelId) -> Value {
        self.class_of(model).map_or_else(|| Value::unknown("the class of a model"), Value::Class)
    }

    fn object(&self, what: FieldOf) -> Value {
        self.known.field_objects.of(what).unwrap_or_else(|| Value::unknown("a field of a model"))
    }

    fn objects(&self, all: impl Iterator<Item = FieldOf>) -> Value {
        Value::tuple(all.map(|one| self.object(one)).collect())
    }

    /// The field an object stands for.
    pub(crate) fn field_of(evaluator: &Evaluator<'a>, id: ObjectId) -> Option<FieldOf> {
        evaluator.heap.own(id, FIELD)?.foreign::<FieldOf>().copied()
    }

    /// An attribute of `_meta` that the model graph knows.
    pub(crate) fn options_attribute(&self, evaluator: &mut Evaluator<'a>, id: ObjectId, name: &str) -> Option<Value> {
        let class = match evaluator.heap.own(id, "model")? {
            Value::Class(class) => *class,
            _ => return None,
        };
        let model = self.model_of(class)?;
        let record = self.context.models.get(model);
        if record.abstract_ {
            return None;
        }
        let meta = self.context.meta(model);
        let own = |field: &FieldId| field.model == model;
        let columns = || meta.columns.iter().copied();
        Some(match name {
            "fields" | "concrete_fields" => self.objects(columns().map(FieldOf::Field)),
            "local_fields" | "local_concrete_fields" => self.objects(columns().filter(own).map(FieldOf::Field)),
            "many_to_many" => self.objects(self.many_fields(model).map(FieldOf::Field)),
            "local_many_to_many" => self.objects(self.many_fields(model).filter(own).map(FieldOf::Field)),
            "related_objects" => self.objects(self.related_fields(model).into_iter().map(FieldOf::Other)),
            "private_fields" => self.objects(self.private_fields(model).into_iter().map(FieldOf::Private)),
            "pk" => match meta.primary_key {
                Some(key) => self.object(FieldOf::Field(key)),
                None => Value::None,
            },
            // Of which model an object is, its names do not tell.
            "model_name" | "object_name" | "label" | "label_lower" | "app_label" if self.known.wide.has(class) => {
                self.name_of(class)?
            }
            "model_name" => Value::str(record.name.to_lowercase()),
            "object_name" => Value::str(record.name.as_str()),
            "app_label" => Value::str(record.app_label.as_str()),
            "label" => Value::str(record.label()),
            "label_lower" => Value::str(format!("{}.{}", record.app_label, record.name.to_lowercase())),
            "db_table" => Value::str(&*meta.table),
            "abstract" => Value::Bool(false),
            "proxy" => Value::Bool(record.proxy),
            "proxy_for_model" if !record.proxy => Value::None,
            "managed" => Value::Bool(record.managed),
            "concrete_model" => self.class_value(self.context.concrete(model)),
            "auto_created" => match &record.origin {
                Origin::AutomaticThrough { of, .. } => self.class_value(*of),
                _ => Value::Bool(false),
            },
            "parents" => {
                let parents = meta.parents.clone();
                let entries = parents.into_iter().filter_map(|(parent, link)| {
                    let link = link.map_or(Value::None, |link| self.object(FieldOf::Field(link)));
                    let class = self.class_of(parent)?;
                    Some((Key::Class(class), (Value::Class(class), link)))
                });
                let dict = pgwright_python::value::Dict { entries: entries.collect(), open: false };
                evaluator.heap.dict(dict)
            }
            "default_manager" | "base_manager" => {
                let name = if name == "base_manager" { "_base_manager" } else { "_default_manager" };
                self.class_attribute(evaluator, class, name)?
            }
            _ => return None,
        })
    }

    fn many_fields(&self, model: ModelId) -> impl Iterator<Item = FieldId> {
        let meta = self.context.meta(model);
        self.context.models.get(model).fields.iter().filter(|field| field.is_many_to_many()).filter_map(|field| {
            match meta.named(&field.name) {
                Some(Named::ManyToMany(id)) => Some(id),
                _ => None,
            }
        })
    }

    /// Relations of other models that point here, as `_meta.related_objects` lists them.
    fn related_fields(&self, model: ModelId) -> Vec<FieldId> {
        let meta = self.context.meta(model);
        let mut found: Vec<FieldId> = meta.related.iter().map(|(_, field)| *field).collect();
        let mut lineage = vec![self.context.concrete(model)];
        let mut at = 0;
        while let Some(current) = lineage.get(at).copied() {
            at += 1;
            lineage.extend(self.context.meta(current).parents.iter().map(|(parent, _)| *parent));
            for reverse in &self.context.models.get(current).reverse {
                if let Some(Named::ReverseMany(field)) = meta.named(&reverse.query_name)
                    && !found.contains(&field)
                {
                    found.push(field);
                }
            }
        }
        found
    }

    fn private_fields(&self, model: ModelId) -> Vec<GenericId> {
        let mut found = Vec::new();
        let mut lineage = vec![self.context.concrete(model)];
        while let Some(current) = lineage.pop() {
            let fields = &self.context.models.get(current).private_fields;
            found.extend((0..).zip(fields).map(|(index, _)| GenericId { model: current, index }));
            lineage.extend(self.context.meta(current).parents.iter().map(|(parent, _)| *parent));
        }
        found
    }

    /// `model_field(model, name)`: what `get_field` gives; `None` where the model has no such field.
    pub(crate) fn model_field(&self, args: &[Value]) -> Value {
        let [Value::Class(class), Value::Str(name)] = args else { return Value::unknown("a field of a model") };
        let Some(model) = self.model_of(*class) else { return Value::unknown("a field of a model") };
        match self.context.meta(model).named(name) {
            Some(Named::Column(id) | Named::ManyToMany(id)) => self.object(FieldOf::Field(id)),
            Some(Named::Reverse(id) | Named::ReverseMany(id)) => self.object(FieldOf::Other(id)),
            Some(Named::Generic(id)) => self.object(FieldOf::Private(id)),
            Some(Named::GenericKey | Named::GenericReverse(_)) | None => {
                let fields = self.private_fields(model).into_iter();
                let name = &**name;
                let found = fields
                    .filter(|id| self.context.models.get(id.model).private_fields[id.index as usize].name == name)
                    .map(FieldOf::Private)
                    .next();
                found.map_or(Value::None, |found| self.object(found))
            }
        }
    }

    /// `model_columns(model)`: names and fields of relations and of what is unique.
    pub(crate) fn model_columns(&self, model: Option<&Value>) -> Value {
        let Some(Value::Class(class)) = model else { return Value::unknown("the fields of a model") };
        let found = self.model_of(*class).filter(|model| !self.context.models.get(*model).abstract_);
        let Some(model) = found else { return Value::unknown("the fields of a model") };
        let matters = |id: &FieldId| {
            let field = self.context.field(*id);
            field.relation.is_some() || field.unique && !field.primary_key
        };
        let columns = self.context.meta(model).columns.iter().copied().chain(self.many_fields(model));
        let pair = |id| {
            let name = Value::str(self.context.field(id).name.as_str());
            Value::tuple(vec![name, self.object(FieldOf::Field(id))])
        };
        Value::tuple(columns.filter(matters).map(pair).collect())
    }

    /// What a model's class has under the name of a field: in Django a descriptor that leads to the field.
    pub(crate) fn class_field(&self, model: ModelId, name: &str) -> Option<Value> {
        if self.context.models.get(model).abstract_ {
            return None;
        }
        let meta = self.context.meta(model);
        match meta.named(name) {
            Some(Named::Column(id)) if self.context.field(id).name == name => {
                self.known.field_objects.of(FieldOf::Field(id))
            }
            Some(Named::ManyToMany(id)) => self.known.field_objects.of(FieldOf::Field(id)),
            _ => match meta.reverse_by_accessor(self.context, name)? {
                Named::Reverse(id) | Named::ReverseMany(id) => self.known.field_objects.of(FieldOf::Other(id)),
                _ => None,
            },
        }
    }

    /// An attribute of a field's object that the model graph knows.
    pub(crate) fn field_attribute(
        &self,
        evaluator: &Evaluator<'a>,
        object: &Value,
        what: FieldOf,
        name: &str,
    ) -> Option<Value> {
        match what {
            FieldOf::Field(id) => self.own_attribute(evaluator, object, id, name),
            FieldOf::Other(id) => self.other_attribute(id, name),
            FieldOf::Private(id) => self.private_attribute(id, name),
        }
    }

    fn own_attribute(&self, evaluator: &Evaluator<'a>, object: &Value, id: FieldId, name: &str) -> Option<Value> {
        let field = self.context.field(id);
        let relation = field.relation.as_ref();
        Some(match name {
            "name" => Value::str(field.name.as_str()),
            "attname" => Value::str(field.attname.as_str()),
            "column" => field.column.as_deref().map_or(Value::None, Value::str),
            "model" => self.class_value(id.model),
            "primary_key" => Value::Bool(field.primary_key),
            "null" => Value::Bool(field.null),
            "blank" => Value::Bool(field.blank),
            "unique" => Value::Bool(field.unique),
            "_unique" => Value::Bool(field.unique && !field.primary_key),
            "db_index" => Value::Bool(field.db_index),
            "editable" => Value::Bool(field.editable),
            "auto_created" => Value::Bool(field.auto_created),
            "max_length" => field.max_length.map_or(Value::None, |length| Value::Int(length.into())),
            "concrete" => Value::Bool(field.column.is_some()),
            "hidden" => Value::Bool(false),
            "is_relation" => Value::Bool(relation.is_some()),
            "many_to_many" | "one_to_many" | "many_to_one" | "one_to_one" => cardinality(relation, name),
            "related_model" => match relation {
                Some(relation) => self.target_class(relation),
                None => Value::None,
            },
            "remote_field" | "rel" => match relation {
                Some(_) => self.object(FieldOf::Other(id)),
                None => Value::None,
            },
            // What a class has under the field's name leads to the field.
            "field" => object.clone(),
            "through" => self.class_value(relation?.through?),
            "target_field" => self.object(FieldOf::Field(self.context.target(id)?)),
            "verbose_name" => {
                let given = match object {
                    Value::Instance(id) => evaluator.heap.own(*id, "verbose_name").cloned(),
                    _ => None,
                };
                match given {
                    None | Some(Value::None) => Value::str(field.name.replace('_', " ")),
                    Some(given) => given,
                }
            }
            _ => return None,
        })
    }

    fn other_attribute(&self, id: FieldId, name: &str) -> Option<Value> {
        let field = self.context.field(id);
        let relation = field.relation.as_ref()?;
        let to = relation.to;
        Some(match name {
            "field" | "remote_field" => self.object(FieldOf::Field(id)),
            "model" => self.target_class(relation),
            "related_model" => self.class_value(id.model),
            "name" => Value::Str(self.query_name(id, field, to)),
            "accessor_name" => relation.accessor.as_deref().map_or(Value::None, Value::str),
            "related_name" => relation.related_name.as_deref().map_or(Value::None, Value::str),
            "related_query_name" => relation.related_query_name.as_deref().map_or(Value::None, Value::str),
            "many_to_many" | "one_to_one" => cardinality(Some(relation), name),
            "one_to_many" => cardinality(Some(relation), "many_to_one"),
            "many_to_one" => cardinality(Some(relation), "one_to_many"),
            "is_relation" | "auto_created" | "null" => Value::Bool(true),
            "concrete" | "editable" | "primary_key" => Value::Bool(false),
            "multiple" => Value::Bool(relation.kind != RelationKind::OneToOne),
            "hidden" => Value::Bool(relation.accessor.is_none()),
            "parent_link" => Value::Bool(relation.parent_link),
            "through" => match relation.through {
                Some(through) => self.class_value(through),
                None => return None,
            },
            "rel" => self.object(FieldOf::Other(id)),
            _ => return None,
        })
    }

    fn query_name(&self, id: FieldId, field: &Field, to: Option<ModelId>) -> Arc<str> {
        let models = self.context.models;
        let entries = to.map(|to| models.get(self.context.concrete(to)).reverse.iter()).into_iter().flatten();
        let mut own = entries.filter(|entry| entry.from == id.model && entry.field == field.name);
        own.next()
            .map_or_else(|| models.get(id.model).name.to_lowercase().into(), |entry| entry.query_name.as_str().into())
    }

    fn private_attribute(&self, id: GenericId, name: &str) -> Option<Value> {
        let field = self.context.models.get(id.model).private_fields.get(id.index as usize)?;
        let target = field.to_label.as_deref().and_then(|label| self.context.models.by_label(label));
        Some(match name {
            "name" | "attname" => Value::str(field.name.as_str()),
            "column" => Value::None,
            "model" => self.class_value(id.model),
            "is_relation" => Value::Bool(true),
            "concrete" | "auto_created" | "hidden" | "editable" | "many_to_many" | "one_to_one" => Value::Bool(false),
            "one_to_many" => Value::Bool(field.to_label.is_some()),
            "many_to_one" => Value::Bool(field.to_label.is_none()),
            "related_model" => target.map_or(Value::None, |target| self.class_value(target.id)),
            _ => return None,
        })
    }

    fn target_class(&self, relation: &Relation) -> Value {
        relation.to.map_or_else(|| Value::unknown("a model that is not known"), |to| self.class_value(to))
    }
}

/// `many_to_many`, `many_to_one`…: none for fields that are no relations.
fn cardinality(relation: Option<&Relation>, name: &str) -> Value {
    let Some(relation) = relation else { return Value::None };
    Value::Bool(match relation.kind {
        RelationKind::ManyToMany => name == "many_to_many",
        RelationKind::OneToOne => name == "one_to_one",
        RelationKind::ForeignKey => name == "many_to_one",
    })
}
