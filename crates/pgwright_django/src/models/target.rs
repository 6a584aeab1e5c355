//! What the code says of a relation: target, through model, names. Looked up once all models are known, see `relation`.

use pgwright_python::Evaluator;
use pgwright_python::value::{ObjectId, Value as Evaluated};

use super::Context;
use super::draft::Draft;
use super::field::relation;
use super::values::{attribute, attribute_bool, attribute_str};
use crate::convert::to_value;
use crate::model::{Relation, RelationKind, Value};

/// What the code says of a relation; the target is looked up once all models are known.
pub(super) fn relation_of(
    evaluator: &mut Evaluator<'_>,
    context: &Context<'_>,
    draft: &Draft,
    object: ObjectId,
    kind: RelationKind,
) -> Result<Relation, String> {
    // Libraries that make fields of their own keep the target where Django does, on `remote_field.model`.
    let mut to = attribute(evaluator, object, "to");
    if matches!(to, None | Some(Evaluated::Unknown(_) | Evaluated::None))
        && let Some(Evaluated::Instance(remote)) = attribute(evaluator, object, "remote_field")
    {
        to = attribute(evaluator, remote, "model");
    }
    let named = target_label(evaluator, context, draft, to.as_ref());
    let has_through = kind == RelationKind::ManyToMany && through_of(evaluator, object).is_some();
    let to_label = match named {
        Some(label) => label,
        None if has_through => String::new(),
        None => {
            return Err(match to {
                Some(Evaluated::Unknown(reason)) => format!("its target is not known: {reason}"),
                _ => "its target is not known".to_owned(),
            });
        }
    };
    let mut relation = relation(kind, None, to_label);
    if to_label_is_user_setting(context, &relation.to_label, to.as_ref()) {
        relation.swappable = Some("AUTH_USER_MODEL".to_owned());
    }
    relation.through_fields = through_fields(evaluator, object);
    relation.set_called = sets_by_call(evaluator, object);
    relation.on_delete = match attribute(evaluator, object, "on_delete") {
        Some(Evaluated::Function(function)) => {
            let name = evaluator.heap.function(function).name.to_string();
            Some(if name == "set_on_delete" { "set_on_delete".to_owned() } else { name })
        }
        Some(Evaluated::Instance(object)) => attribute_str(evaluator, object, "__name__"),
        Some(Evaluated::Opaque(path)) => path.rsplit('.').next().map(str::to_owned),
        _ => None,
    };
    relation.related_name =
        attribute_str(evaluator, object, "_related_name").or_else(|| remote_str(evaluator, object, "related_name"));
    relation.related_query_name = attribute_str(evaluator, object, "_related_query_name")
        .or_else(|| remote_str(evaluator, object, "related_query_name"));
    relation.db_constraint = attribute_bool(evaluator, object, "db_constraint") != Some(false);
    relation.parent_link = attribute_bool(evaluator, object, "parent_link") == Some(true);
    relation.to_field = match attribute(evaluator, object, "to_field") {
        Some(Evaluated::Str(name)) => Some(name.to_string()),
        _ => None,
    };
    if kind == RelationKind::ManyToMany {
        let recursive = matches!(&to, Some(Evaluated::Str(text)) if &**text == "self");
        relation.symmetrical = match attribute(evaluator, object, "symmetrical") {
            Some(Evaluated::Bool(symmetrical)) => symmetrical,
            _ => recursive,
        };
        match through_of(evaluator, object) {
            None => {
                relation.through_automatic = true;
                relation.db_table = attribute_str(evaluator, object, "db_table");
            }
            Some(through) => {
                // Kept as text until the models are known; see `relation::resolve`.
                relation.to_field = target_label(evaluator, context, draft, Some(&through));
            }
        }
    }
    Ok(relation)
}

/// `through` of a many-to-many field, also where a library keeps it on `remote_field`.
fn through_of(evaluator: &Evaluator<'_>, object: ObjectId) -> Option<Evaluated> {
    // An object stands for the model that Django makes by itself.
    let given =
        |value: Option<Evaluated>| value.filter(|value| !matches!(value, Evaluated::None | Evaluated::Instance(_)));
    given(attribute(evaluator, object, "through")).or_else(|| match attribute(evaluator, object, "remote_field")? {
        Evaluated::Instance(remote) => given(attribute(evaluator, remote, "through")),
        _ => None,
    })
}

fn remote_str(evaluator: &Evaluator<'_>, object: ObjectId, name: &str) -> Option<String> {
    match attribute(evaluator, object, "remote_field")? {
        Evaluated::Instance(remote) => attribute_str(evaluator, remote, name),
        _ => None,
    }
}

fn to_label_is_user_setting(context: &Context<'_>, label: &str, to: Option<&Evaluated>) -> bool {
    matches!(to, Some(Evaluated::Str(_))) && label.eq_ignore_ascii_case(&context.settings.auth_user_model)
}

/// `app_label.ModelName` of a target given as a class, a string or `"self"`.
pub(super) fn target_label(
    evaluator: &Evaluator<'_>,
    context: &Context<'_>,
    draft: &Draft,
    to: Option<&Evaluated>,
) -> Option<String> {
    match to? {
        Evaluated::Str(text) if &**text == "self" => Some(draft.label()),
        Evaluated::Str(text) if text.contains('.') => Some(text.to_string()),
        Evaluated::Str(text) => Some(format!("{}.{text}", draft.app_label)),
        Evaluated::Class(class) if evaluator.heap.class(*class).opaque => {
            opaque_label(&evaluator.heap.class(*class).qualname)
        }
        Evaluated::Class(class) => context.labels.get(class).cloned(),
        // A class of a package that is not installed, known by its path: `taggit.models.Tag`.
        Evaluated::Opaque(path) => opaque_label(path),
        _ => None,
    }
}

fn opaque_label(path: &str) -> Option<String> {
    let mut parts: Vec<&str> = path.split('.').collect();
    let name = parts.pop()?;
    let app = parts.into_iter().rev().find(|part| *part != "models")?;
    Some(format!("{app}.{name}"))
}

/// Whether `on_delete=SET(value)` was given something to call: it lies in the closure of the function that `SET` returns.
fn sets_by_call(evaluator: &mut Evaluator<'_>, object: ObjectId) -> bool {
    let Some(Evaluated::Function(function)) = attribute(evaluator, object, "on_delete") else { return false };
    let function = evaluator.heap.function(function);
    if &*function.name != "set_on_delete" {
        return false;
    }
    let value = evaluator.heap.scope(function.closure).names.get("value");
    matches!(value, Some(Evaluated::Function(_) | Evaluated::Class(_) | Evaluated::Bound(_)))
}

fn through_fields(evaluator: &mut Evaluator<'_>, object: ObjectId) -> Option<(String, String)> {
    let value = attribute(evaluator, object, "through_fields")?;
    let (Value::Tuple(names) | Value::List(names)) = to_value(evaluator, &value, 0) else { return None };
    match names.as_slice() {
        [Value::Str(source), Value::Str(target)] => Some((source.clone(), target.clone())),
        _ => None,
    }
}
