//! From an evaluated field instance to a [`Field`].

use pgwright_python::Evaluator;
use pgwright_python::modules::ModuleOrigin;
use pgwright_python::value::{ClassId, ObjectId, Value as Evaluated};
use rustc_hash::FxHashMap;

use super::column_type::{column_type, related_type};
use super::draft::{Draft, DraftField, DraftKind};
use super::target::{relation_of, target_label};
use super::values::{attribute, attribute_bool, attribute_str, attribute_u32, declaration};
use super::{Context, site};
use crate::convert::to_value;
use crate::model::{Field, Generated, ModelId, PrivateField, Relation, RelationKind, Value};
use crate::project::Unresolved;

/// All fields of a model in `_meta` order: those of concrete parents first, then its own columns, then many-to-many.
pub(crate) fn fields(
    evaluator: &mut Evaluator<'_>,
    context: &Context<'_>,
    draft: &Draft,
    drafts: &[Draft],
    by_class: &FxHashMap<ClassId, ModelId>,
    unresolved: &mut Vec<Unresolved>,
) -> Vec<Field> {
    let mut columns: Vec<(DraftField, bool)> = Vec::new();
    let mut many: Vec<(DraftField, bool)> = Vec::new();
    collect(draft, drafts, by_class, true, &mut columns, &mut many);
    let mut fields = Vec::new();
    for (field, local) in columns.into_iter().chain(many) {
        let mut converted = match &field.kind {
            DraftKind::AutomaticKey(class) => automatic_key(evaluator, class),
            DraftKind::ParentLink(parent) => parent_link(*parent, drafts, by_class, &field),
            DraftKind::OrderWithRespectTo => order_field(&field),
            DraftKind::Object(object) => match convert_once(evaluator, context, draft, &field, *object) {
                Ok(converted) => converted,
                Err(reason) => {
                    if local {
                        unresolved.push(Unresolved {
                            subject: format!("{}.{}", draft.label(), field.name),
                            reason,
                            site: site::attribute_span(evaluator, field.declared_in, &field.name),
                        });
                    }
                    continue;
                }
            },
        };
        converted.local = local;
        converted.declared_in = evaluator.class_path(field.declared_in);
        // The first parent link is the key of a child that declares none.
        let first_link = draft.parents.iter().find_map(|(_, link)| link.as_deref());
        if local && first_link == Some(converted.name.as_str()) && !draft.is_abstract {
            let other_key = draft.local.iter().any(|other| {
                other.name != converted.name
                    && matches!(other.kind, DraftKind::Object(object) if attribute_bool(evaluator, object, "primary_key") == Some(true))
            });
            if !other_key {
                converted.primary_key = true;
                converted.unique = true;
            }
        }
        fields.push(converted);
    }
    fields
}

/// Walks concrete parents first, as `Options._get_fields` does.
fn collect(
    draft: &Draft,
    drafts: &[Draft],
    by_class: &FxHashMap<ClassId, ModelId>,
    local: bool,
    columns: &mut Vec<(DraftField, bool)>,
    many: &mut Vec<(DraftField, bool)>,
) {
    let parents =
        draft.parents.iter().map(|(class, _)| *class).chain(draft.proxy_for.filter(|_| draft.parents.is_empty()));
    for parent in parents {
        if let Some(id) = by_class.get(&parent) {
            collect(&drafts[id.0 as usize], drafts, by_class, false, columns, many);
        }
    }
    for field in &draft.local {
        if !columns.iter().any(|(known, _)| known.name == field.name) {
            columns.push((field.clone(), local));
        }
    }
    for field in &draft.many_to_many {
        if !many.iter().any(|(known, _)| known.name == field.name) {
            many.push((field.clone(), local));
        }
    }
}

/// `id`, of the class `DEFAULT_AUTO_FIELD` names.
pub(crate) fn automatic_key(evaluator: &mut Evaluator<'_>, class: &str) -> Field {
    let (module, name) = class.rsplit_once('.').unwrap_or(("django.db.models", class));
    let found = evaluator.class_at(module, name);
    let path = found.map_or_else(|| class.to_owned(), |class| evaluator.class_path(class));
    let internal = found
        .map(|class| evaluator.bare_instance(class))
        .and_then(|instance| internal_type(evaluator, &instance))
        .unwrap_or_else(|| name.to_owned());
    key_of(&path, &internal)
}

/// A primary key `id` of an automatic field class.
pub(crate) fn key_of(path: &str, internal: &str) -> Field {
    let mut field = Field::new("id", path, internal);
    field.blank = true;
    field.primary_key = true;
    field.unique = true;
    field.auto_created = true;
    field.db_type = column_type(internal, &field);
    field.rel_db_type = related_type(internal, field.db_type.as_deref());
    field
}

fn order_field(draft: &DraftField) -> Field {
    let mut field = Field::new(&draft.name, "django.db.models.fields.proxy.OrderWrt", "OrderWrt");
    field.internal_type = "IntegerField".to_owned();
    field.editable = false;
    field.db_type = Some("integer".to_owned());
    field.rel_db_type = field.db_type.clone();
    field
}

fn parent_link(parent: ClassId, drafts: &[Draft], by_class: &FxHashMap<ClassId, ModelId>, draft: &DraftField) -> Field {
    let mut field = Field::new(&draft.name, "django.db.models.fields.related.OneToOneField", "OneToOneField");
    field.attname = format!("{}_id", draft.name);
    field.column = Some(field.attname.clone());
    field.unique = true;
    field.db_index = true;
    field.auto_created = true;
    let id = by_class.get(&parent).copied();
    let label = id.map_or_else(String::new, |id| drafts[id.0 as usize].label());
    field.relation = Some(relation(RelationKind::OneToOne, id, label));
    if let Some(relation) = &mut field.relation {
        relation.on_delete = Some("CASCADE".to_owned());
        relation.parent_link = true;
    }
    field
}

pub(super) fn relation(kind: RelationKind, to: Option<ModelId>, to_label: String) -> Relation {
    Relation {
        kind,
        to,
        to_label,
        on_delete: None,
        set_called: false,
        related_name: None,
        related_query_name: None,
        accessor: None,
        db_constraint: true,
        parent_link: false,
        symmetrical: false,
        to_field: None,
        through: None,
        through_automatic: false,
        through_fields: None,
        db_table: None,
        swappable: None,
    }
}

/// A foreign key as Django makes it for an automatic through model.
pub(super) fn through_key(name: &str, to: Option<ModelId>, to_label: String) -> Field {
    let mut field = Field::new(name, "django.db.models.fields.related.ForeignKey", "ForeignKey");
    field.attname = format!("{name}_id");
    field.column = Some(field.attname.clone());
    field.db_index = true;
    field.relation = Some(relation(RelationKind::ForeignKey, to, to_label));
    if let Some(relation) = &mut field.relation {
        relation.on_delete = Some("CASCADE".to_owned());
    }
    field
}

fn internal_type(evaluator: &mut Evaluator<'_>, instance: &Evaluated) -> Option<String> {
    evaluator.refuel();
    let method = evaluator.attribute(instance, "get_internal_type").ok()??;
    match evaluator.call(&method, Vec::new(), Vec::new(), None) {
        Ok(Evaluated::Str(text)) => Some(text.to_string()),
        _ => None,
    }
}

/// A field that is given to something else than a model class.
pub(crate) fn convert_object(
    evaluator: &mut Evaluator<'_>,
    context: &Context<'_>,
    draft: &Draft,
    name: &str,
    object: ObjectId,
) -> Result<Field, String> {
    let drafted = DraftField { name: name.to_owned(), kind: DraftKind::Object(object), declared_in: draft.class };
    convert(evaluator, context, draft, &drafted, object)
}

/// A field without a relation is the same in every model that inherits it.
fn convert_once(
    evaluator: &mut Evaluator<'_>,
    context: &Context<'_>,
    draft: &Draft,
    drafted: &DraftField,
    object: ObjectId,
) -> Result<Field, String> {
    let key = (object, drafted.declared_in);
    let known = context.converted.borrow().get(&key).filter(|known| known.name == drafted.name).cloned();
    if let Some(known) = known {
        return Ok(known);
    }
    let field = convert(evaluator, context, draft, drafted, object)?;
    if field.relation.is_none() {
        context.converted.borrow_mut().insert(key, field.clone());
    }
    Ok(field)
}

/// Builds the field of an instance. The error is the reason it cannot be known.
fn convert(
    evaluator: &mut Evaluator<'_>,
    context: &Context<'_>,
    draft: &Draft,
    drafted: &DraftField,
    object: ObjectId,
) -> Result<Field, String> {
    let Some(class) = evaluator.heap.instance(object).map(|instance| instance.class) else {
        return Err("not a field".to_owned());
    };
    let instance = Evaluated::Instance(object);
    let path = evaluator.class_path(class);
    let Some(internal) = internal_type(evaluator, &instance) else {
        return Err(format!("`get_internal_type` of `{path}` is not known"));
    };
    let mut field = Field::new(&drafted.name, &path, &internal);
    for name in ["null", "_unique", "primary_key", "db_index"] {
        if let Some(Evaluated::Unknown(reason)) = attribute(evaluator, object, name) {
            return Err(format!("its `{}` is not known: {reason}", name.trim_start_matches('_')));
        }
    }
    if attribute(evaluator, object, "null").is_none() {
        return Err(format!("the constructor of `{path}` was not understood"));
    }
    let is = |name: &str| attribute_bool(evaluator, object, name) == Some(true);
    field.null = is("null");
    field.blank = is("blank");
    field.primary_key = is("primary_key");
    field.unique = is("_unique") || field.primary_key;
    field.db_index = is("db_index");
    field.auto_created = is("auto_created");
    field.editable = attribute_bool(evaluator, object, "editable") != Some(false);
    field.auto_now = is("auto_now");
    field.auto_now_add = is("auto_now_add");
    field.max_length = attribute_u32(evaluator, object, "max_length");
    field.max_digits = attribute_u32(evaluator, object, "max_digits");
    field.decimal_places = attribute_u32(evaluator, object, "decimal_places");
    field.db_collation = attribute_str(evaluator, object, "db_collation");
    field.db_comment = attribute_str(evaluator, object, "db_comment");
    field.help_text = attribute_str(evaluator, object, "help_text").filter(|text| !text.is_empty());
    for name in ["unique_for_date", "unique_for_month", "unique_for_year"] {
        field.unique_for.extend(attribute_str(evaluator, object, name));
    }
    field.default = given(evaluator, object, "default");
    field.db_default = given(evaluator, object, "db_default");
    choices(evaluator, object, &mut field);
    if let Some(Evaluated::List(list)) = attribute(evaluator, object, "_validators") {
        let validators = evaluator.heap.list_items(list).to_vec();
        field.validators = validators.iter().map(|validator| to_value(evaluator, validator, 0)).collect();
    }
    field.site = site::field_site(evaluator, drafted.declared_in, &drafted.name);
    // Thousands of fields are the libraries', and nobody writes migrations for those.
    if evaluator.module(evaluator.heap.class(drafted.declared_in).module).origin == ModuleOrigin::Project {
        field.declaration = declaration(evaluator, object);
    }

    let column = attribute_str(evaluator, object, "db_column");
    let is_foreign_key = evaluator.heap.is_subclass(class, context.known.foreign_key);
    let is_many = attribute_bool(evaluator, object, "many_to_many") == Some(true);
    if is_many {
        field.column = None;
        field.relation = Some(relation_of(evaluator, context, draft, object, RelationKind::ManyToMany)?);
        return Ok(field);
    }
    if is_foreign_key {
        let one = evaluator.heap.is_subclass(class, context.known.one_to_one);
        let kind = if one { RelationKind::OneToOne } else { RelationKind::ForeignKey };
        field.attname = format!("{}_id", drafted.name);
        field.column = Some(column.unwrap_or_else(|| field.attname.clone()));
        field.relation = Some(relation_of(evaluator, context, draft, object, kind)?);
        return Ok(field);
    }
    if evaluator.heap.is_subclass(class, context.known.composite) {
        field.column = None;
        field.default = composite_names(evaluator, object);
        return Ok(field);
    }
    field.column = Some(column.unwrap_or_else(|| drafted.name.clone()));
    element(evaluator, context, draft, object, &mut field)?;
    generated(evaluator, context, draft, object, &mut field)?;
    field.db_check =
        internal.starts_with("Positive").then(|| format!("\"{}\" >= 0", field.column.clone().unwrap_or_default()));
    field.db_type = match own_method(evaluator, class, "db_type") {
        Some(method) => called_type(evaluator, &instance, &method, &path)?,
        None => column_type(&internal, &field),
    };
    field.rel_db_type = related_type(&internal, field.db_type.as_deref());
    Ok(field)
}

/// A `db_type` the project or a library defines itself.
fn own_method(evaluator: &Evaluator<'_>, class: ClassId, name: &str) -> Option<Evaluated> {
    let (found_in, method) = evaluator.heap.find_in_class(class, name)?;
    (!evaluator.class_path(found_in).starts_with("django.")).then(|| method.clone())
}

fn called_type(
    evaluator: &mut Evaluator<'_>,
    instance: &Evaluated,
    method: &Evaluated,
    path: &str,
) -> Result<Option<String>, String> {
    let unknown = || format!("`db_type` of `{path}` is not known");
    let connection = evaluator
        .import("django.db")
        .and_then(|module| evaluator.module_attribute(module, "connection"))
        .ok_or_else(unknown)?;
    evaluator.refuel();
    match evaluator.call(method, vec![instance.clone(), connection], Vec::new(), None) {
        Ok(Evaluated::Str(text)) => Ok(Some(text.to_string())),
        Ok(Evaluated::None) => Ok(None),
        _ => Err(unknown()),
    }
}

/// An argument that Django tells apart from "not given" by `NOT_PROVIDED`.
fn given(evaluator: &mut Evaluator<'_>, object: ObjectId, name: &str) -> Option<Value> {
    let value = attribute(evaluator, object, name)?;
    if let Evaluated::Class(class) = &value
        && evaluator.class_path(*class) == "django.db.models.fields.NOT_PROVIDED"
    {
        return None;
    }
    Some(to_value(evaluator, &value, 0))
}

fn choices(evaluator: &mut Evaluator<'_>, object: ObjectId, field: &mut Field) {
    let Some(choices) = attribute(evaluator, object, "choices") else { return };
    field.has_choices = match &choices {
        Evaluated::None => false,
        known => evaluator.truth(known) != Some(false),
    };
    let choices = match &choices {
        // `choices=Colour` stands for `Colour.choices` since Django 5.0.
        Evaluated::Class(_) => match evaluator.attribute(&choices, "choices") {
            Ok(Some(choices)) => choices,
            _ => return,
        },
        _ => choices,
    };
    field.choices = flat_choices(evaluator, &choices);
}

/// Stored values of `choices`, groups flattened; empty when any part is not known.
fn flat_choices(evaluator: &mut Evaluator<'_>, choices: &Evaluated) -> Vec<Value> {
    let pairs: Vec<Evaluated> = match choices {
        Evaluated::Dict(id) => {
            let entries = evaluator.heap.dict_of(*id).map(|dict| dict.entries.clone()).unwrap_or_default();
            entries.into_values().map(|(key, value)| Evaluated::tuple(vec![key, value])).collect()
        }
        other => match evaluator.iterate(other) {
            Some(items) => items,
            None => return Vec::new(),
        },
    };
    let mut flat = Vec::new();
    for pair in pairs {
        let Some(parts) = evaluator.iterate(&pair) else { return Vec::new() };
        let [value, label] = parts.as_slice() else { return Vec::new() };
        let group = match label {
            Evaluated::List(_) | Evaluated::Tuple(_) | Evaluated::Dict(_) => flat_choices(evaluator, label),
            _ => Vec::new(),
        };
        if group.is_empty() {
            flat.push(to_value(evaluator, value, 0));
        } else {
            flat.extend(group);
        }
    }
    if flat.iter().any(Value::has_unknown) { Vec::new() } else { flat }
}

fn element(
    evaluator: &mut Evaluator<'_>,
    context: &Context<'_>,
    draft: &Draft,
    object: ObjectId,
    field: &mut Field,
) -> Result<(), String> {
    let Some(Evaluated::Instance(base)) = attribute(evaluator, object, "base_field") else { return Ok(()) };
    let drafted = DraftField { name: field.name.clone(), kind: DraftKind::Object(base), declared_in: draft.class };
    let mut inner = convert(evaluator, context, draft, &drafted, base)?;
    inner.site = None;
    field.max_length = field.max_length.or(attribute_u32(evaluator, object, "size"));
    field.base_field = Some(Box::new(inner));
    Ok(())
}

fn generated(
    evaluator: &mut Evaluator<'_>,
    context: &Context<'_>,
    draft: &Draft,
    object: ObjectId,
    field: &mut Field,
) -> Result<(), String> {
    if attribute_bool(evaluator, object, "generated") != Some(true) {
        return Ok(());
    }
    let expression = attribute(evaluator, object, "expression").unwrap_or(Evaluated::None);
    field.generated = Some(Generated {
        expression: to_value(evaluator, &expression, 0),
        stored: attribute_bool(evaluator, object, "db_persist") == Some(true),
    });
    if let Some(Evaluated::Instance(output)) = attribute(evaluator, object, "output_field") {
        let drafted =
            DraftField { name: field.name.clone(), kind: DraftKind::Object(output), declared_in: draft.class };
        let output = convert(evaluator, context, draft, &drafted, output)?;
        field.internal_type = output.internal_type;
        field.max_length = output.max_length;
        field.max_digits = output.max_digits;
        field.decimal_places = output.decimal_places;
        field.db_collation = output.db_collation;
        field.base_field = output.base_field;
        // Kept for the column type, which follows the output field's class.
        field.db_type = output.db_type;
    }
    Ok(())
}

fn composite_names(evaluator: &mut Evaluator<'_>, object: ObjectId) -> Option<Value> {
    let names = attribute(evaluator, object, "field_names")?;
    Some(to_value(evaluator, &names, 0))
}

pub(crate) fn private_fields(evaluator: &mut Evaluator<'_>, context: &Context<'_>, draft: &Draft) -> Vec<PrivateField> {
    let mut fields = Vec::new();
    for drafted in &draft.private {
        let DraftKind::Object(object) = drafted.kind else { continue };
        let Some(class) = evaluator.heap.instance(object).map(|instance| instance.class) else { continue };
        let is_key = evaluator.heap.is_subclass(class, context.known.generic_foreign_key);
        let (content_type, object_id) =
            if is_key { ("ct_field", "fk_field") } else { ("content_type_field_name", "object_id_field_name") };
        let to = attribute(evaluator, object, "to");
        fields.push(PrivateField {
            name: drafted.name.clone(),
            class: evaluator.class_path(class),
            content_type_field: attribute_str(evaluator, object, content_type)
                .unwrap_or_else(|| "content_type".to_owned()),
            object_id_field: attribute_str(evaluator, object, object_id).unwrap_or_else(|| "object_id".to_owned()),
            to_label: if is_key { None } else { target_label(evaluator, context, draft, to.as_ref()) },
            related_query_name: attribute_str(evaluator, object, "related_query_name_given"),
            site: site::field_site(evaluator, drafted.declared_in, &drafted.name),
        });
    }
    fields
}
