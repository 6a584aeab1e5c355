//! `bulk_create()` and `bulk_update()`.

use super::super::context::{Context, FieldId};
use super::insert::Insert;
pub use super::insert::{Conflicts, Count};
use super::text::{ancestors, bare, column, field_named, is_auto, key_fields, key_is, placeholder, table};
use super::update::update;
use super::values::returned;
use super::{Action, Given, Rows, Statement, Values};
use crate::model::{Field, ModelId};

/// Whether objects come with their keys; both kinds at once make two statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keys {
    Unset,
    Set,
    Mixed,
}

/// What `bulk_create()` sends for one batch: nothing for children of tables, which Django refuses.
pub fn bulk_create(
    context: &Context<'_>,
    model: ModelId,
    keys: Keys,
    count: Count,
    conflicts: &Conflicts,
    values: &Values,
) -> Vec<Statement> {
    let concrete = context.concrete(model);
    if !ancestors(context, concrete).is_empty() {
        return Vec::new();
    }
    let mut statements = Vec::new();
    statements.extend(next_orders(context, concrete));
    let with_key = || insert(context, concrete, Keys::Set, count, conflicts, values);
    let without = || insert(context, concrete, Keys::Unset, count, conflicts, values);
    let defaulted = key_fields(context, concrete).iter().all(|key| context.field(*key).default.is_some());
    match keys {
        Keys::Set => statements.push(with_key()),
        Keys::Unset if defaulted => statements.push(with_key()),
        Keys::Unset => statements.push(without()),
        Keys::Mixed => statements.extend([with_key(), without()]),
    }
    statements
}

fn insert(
    context: &Context<'_>,
    model: ModelId,
    keys: Keys,
    count: Count,
    conflicts: &Conflicts,
    values: &Values,
) -> Statement {
    let fields: Vec<FieldId> = context
        .meta(model)
        .columns
        .iter()
        .copied()
        .filter(|id| context.field(*id).generated.is_none())
        .filter(|id| keys == Keys::Set || !is_auto(context.field(*id)))
        .collect();
    let mut values = values.clone();
    if keys == Keys::Set {
        for key in key_fields(context, model) {
            values.given.entry(context.field(key).name.clone()).or_insert(Given::Parameter);
        }
    }
    let returning = match conflicts {
        Conflicts::Fail => returned(context, model),
        Conflicts::Update { .. } if context.at_least(5, 0) => returned(context, model),
        Conflicts::Ignore | Conflicts::Update { .. } => Vec::new(),
    };
    let conflicts = on_conflict(context, model, conflicts);
    let insert = Insert { model, fields, values: &values, count, returning, conflicts };
    Statement::new(Action::Insert, model, insert.sql(context))
}

fn on_conflict(context: &Context<'_>, model: ModelId, conflicts: &Conflicts) -> String {
    let columns = |names: &[String]| -> Vec<String> {
        names.iter().filter_map(|name| field_named(context, model, name)).map(|id| bare(context, id)).collect()
    };
    match conflicts {
        Conflicts::Fail => String::new(),
        Conflicts::Ignore => "ON CONFLICT DO NOTHING".to_owned(),
        Conflicts::Update { unique, fields } => {
            let set: Vec<String> =
                columns(fields).into_iter().map(|name| format!("{name} = EXCLUDED.{name}")).collect();
            format!("ON CONFLICT({}) DO UPDATE SET {}", columns(unique).join(", "), set.join(", "))
        }
    }
}

/// Since 6.0 the next numbers of `order_with_respect_to` are read before.
fn next_orders(context: &Context<'_>, model: ModelId) -> Option<Statement> {
    let name = context.models.get(model).order_with_respect_to.as_deref()?;
    let owner = field_named(context, model, name).filter(|_| context.at_least(6, 0))?;
    let key = column(context, owner);
    let sql = format!(
        "SELECT {key} AS \"{}\", (MAX({own}.\"_order\") + %s) AS \"_order__max\" FROM {own} WHERE {key} = %s GROUP BY 1",
        context.field(owner).name,
        own = table(context, model),
    );
    Some(Statement::new(Action::Select, model, sql))
}

/// What `bulk_update()` sends for one batch of so many objects. `rows` are those of the queryset that have their keys:
/// [`Rows::by_keys`] where it has no filter of its own.
pub fn bulk_update(
    context: &Context<'_>,
    model: ModelId,
    rows: &Rows,
    objects: usize,
    fields: &[&str],
    values: &Values,
) -> Result<Vec<Statement>, String> {
    let mut cases = Values::default();
    for id in fields.iter().filter_map(|name| field_named(context, model, name)) {
        let case = case(context, model, id, objects, values);
        cases.given.insert(context.field(id).name.clone(), Given::Expression(case));
    }
    update(context, model, rows, fields, &cases)
}

/// `(CASE WHEN (key = %s) THEN %s … ELSE NULL END)::type`.
fn case(context: &Context<'_>, model: ModelId, id: FieldId, objects: usize, values: &Values) -> String {
    let field = context.field(id);
    let is_inherited = id.model != context.concrete(model);
    // The expression is resolved once for a parent's table, twice for the model's own: only then it has parentheses.
    let condition = if is_inherited {
        key_is(context, id.model)
    } else {
        format!("({})", key_is(context, context.concrete(model)))
    };
    let value = match values.get(field) {
        Some(Given::Null) => "NULL".to_owned(),
        Some(Given::Expression(sql)) => sql.clone(),
        Some(Given::Parameter | Given::Default) | None => placeholder(field),
    };
    let branch = format!("WHEN {condition} THEN {value}");
    let case = format!("CASE {} ELSE NULL END", vec![branch; objects.max(1)].join(" "));
    let case = if is_unified(field) { format!("CAST({case} AS {})", plain_type(field)) } else { case };
    format!("({case})::{}", field.db_type.as_deref().unwrap_or_default())
}

/// Types that PostgreSQL does not cast from text by itself (`unification_cast_sql`).
fn is_unified(field: &Field) -> bool {
    matches!(field.internal_type.as_str(), "GenericIPAddressField" | "IPAddressField" | "TimeField" | "UUIDField")
}

fn plain_type(field: &Field) -> &str {
    field.db_type.as_deref().unwrap_or_default().split('(').next().unwrap_or_default()
}
