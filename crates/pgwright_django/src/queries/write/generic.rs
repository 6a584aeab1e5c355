//! Generic relations: content types, the manager of a `GenericRelation`, loading through a `GenericForeignKey`.

use super::super::compile::Terminal;
use super::super::context::{Context, FieldId};
use super::super::query::Query;
use super::delete::{Parents, delete, delete_rows};
use super::load::object_by_key;
use super::lookup::{GetOrCreate, get_or_create};
use super::save::{Force, Save, save};
use super::select::{any_list, any_value, filtered, read};
use super::text::{all, column, field_named};
use super::update::update;
use super::{Action, Relations, Rows, Statement, Values, When, all_when};
use crate::model::{ModelId, PrivateField, Value};

/// The objects on the far side of a generic relation.
#[derive(Debug, Clone)]
pub(super) struct Generic {
    pub(super) model: ModelId,
    content_type: FieldId,
    object_id: FieldId,
    names: (String, String),
}

/// Where a `GenericRelation` leads; none when the model or its fields are not known.
pub(super) fn objects_of(context: &Context<'_>, relation: &PrivateField) -> Option<Generic> {
    let model = context.models.by_label(relation.to_label.as_deref()?)?.id;
    let content_type = field_named(context, model, &relation.content_type_field)?;
    let object_id = field_named(context, model, &relation.object_id_field)?;
    let names = (relation.content_type_field.clone(), relation.object_id_field.clone());
    Some(Generic { model, content_type, object_id, names })
}

impl Generic {
    /// The conditions of the relation: `operator` is what stands after the object's id.
    pub(super) fn condition(&self, context: &Context<'_>, operator: &str) -> String {
        all(&self.conditions(context, operator))
    }

    fn conditions(&self, context: &Context<'_>, operator: &str) -> Vec<String> {
        let kind = format!("{} = %s", column(context, self.content_type));
        let key = format!("{} {operator}", column(context, self.object_id));
        // Keyword arguments of `filter()` are sorted by name.
        if self.names.1 < self.names.0 { vec![key, kind] } else { vec![kind, key] }
    }

    /// The same as a filter takes it; `key` is the object's id, or several.
    pub(super) fn lookups(&self, key: Value) -> Vec<(String, Value)> {
        let suffix = if matches!(key, Value::List(_)) { "__in" } else { "" };
        vec![(format!("{}__pk", self.names.0), any_value()), (format!("{}{suffix}", self.names.1), key)]
    }

    /// The objects of the relation among those of a queryset.
    fn queried(&self, context: &Context<'_>, base: &Query) -> Result<Query, String> {
        let lookups = self.lookups(any_value());
        let lookups: Vec<(&str, Value)> = lookups.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        filtered(context, base, &lookups)
    }
}

/// What is called on the manager of a generic relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call<'a> {
    Add,
    /// `bulk=False`: each object is saved.
    AddEach,
    Remove,
    RemoveEach,
    Clear,
    ClearEach,
    Set,
    /// `set(clear=True)`.
    SetClear,
    Create,
    /// By these names.
    GetOrCreate(&'a [&'a str]),
}

/// What a call on the manager of a `GenericRelation` of `model` sends; an error says why it is not known.
///
/// `base` is the queryset of the related model's default manager.
pub fn generic(
    context: &Context<'_>,
    relations: &Relations,
    model: ModelId,
    relation: &PrivateField,
    call: &Call<'_>,
    base: &Query,
) -> Result<Vec<Statement>, String> {
    let far = objects_of(context, relation).ok_or("a generic relation to a model that is not known")?;
    let own = far.queried(context, base)?;
    let add = || {
        let names = [relation.content_type_field.as_str(), relation.object_id_field.as_str()];
        update(context, far.model, &Rows::by_keys(context, far.model), &names, &Values::default())
    };
    let some = || filtered(context, &own, &[("pk__in", any_list())]);
    let remove = |rows: Query| delete_rows(context, relations, far.model, &Rows::Query(Box::new(rows)));
    let each = |rows: &Query| -> Result<Vec<Statement>, String> {
        let one = delete(context, relations, far.model, Parents::Deleted);
        let mut statements = vec![read(context, rows, &Terminal::Iterate)?];
        statements.extend(all_when(one, &When::Rows));
        Ok(statements)
    };
    let mut statements = vec![content_type(context, model).when(&[When::Uncached])];
    statements.extend(match call {
        Call::Add => add()?,
        Call::AddEach => save(context, &Save::loaded(far.model)),
        Call::Remove => remove(some()?)?,
        Call::RemoveEach => each(&some()?)?,
        Call::Clear => remove(own)?,
        Call::ClearEach => each(&own)?,
        Call::Set => {
            let mut set = vec![read(context, &own, &Terminal::Iterate)?];
            set.extend(all_when(remove(some()?)?, &When::Removed));
            set.extend(all_when(add()?, &When::Added));
            set
        }
        Call::SetClear => {
            let mut set = remove(own)?;
            set.extend(add()?);
            set
        }
        Call::Create => save(context, &Save { force: Force::Insert, ..Save::added(far.model) }),
        Call::GetOrCreate(by) => {
            let mut names: Vec<&str> = by.to_vec();
            names.extend([relation.content_type_field.as_str(), relation.object_id_field.as_str()]);
            get_or_create(context, &GetOrCreate::by_fields(context, &own, &names)?)?
        }
    });
    Ok(statements)
}

/// `ContentType.objects.get_for_model()` of a model it was not asked for before.
pub fn content_type(context: &Context<'_>, model: ModelId) -> Statement {
    let condition =
        r#"("django_content_type"."app_label" = %s AND "django_content_type"."model" = %s) LIMIT 21"#.to_owned();
    select_content_type(context, model, &condition)
}

/// `ContentType.objects.get_for_id()`.
pub fn content_type_by_id(context: &Context<'_>, model: ModelId) -> Statement {
    select_content_type(context, model, r#""django_content_type"."id" = %s LIMIT 21"#)
}

/// `ContentType.objects.get_for_models()` of several models of one app.
pub fn content_types(context: &Context<'_>, model: ModelId) -> Statement {
    let condition = r#"("django_content_type"."app_label" = %s AND "django_content_type"."model" IN (%s))"#;
    select_content_type(context, model, condition)
}

/// `model` is named where the project has no content types of its own.
fn select_content_type(context: &Context<'_>, model: ModelId, condition: &str) -> Statement {
    let columns = ["id", "app_label", "model"].map(|name| format!("\"django_content_type\".\"{name}\""));
    let model = context.models.by_label("contenttypes.ContentType").map_or(model, |found| found.id);
    let sql = format!("SELECT {} FROM \"django_content_type\" WHERE {condition}", columns.join(", "));
    Statement::new(Action::Select, model, sql)
}

/// `object.target` through a `GenericForeignKey` that holds an object of this model.
pub fn load_generic(context: &Context<'_>, target: ModelId) -> Result<Vec<Statement>, String> {
    Ok(vec![content_type_by_id(context, target).when(&[When::Uncached]), object_by_key(context, target)?])
}
