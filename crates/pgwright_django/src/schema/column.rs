//! Columns: type, nullability, default, identity, and the constraints written beside them.

use pgwright_schema::{
    Column, Constraint, ConstraintKind, Expr, Generated, Identity, Operator, PgType, Placement, Table, names,
};

use super::context::{Context, Known};
use super::function::{expression, is_expression};
use super::literal::{array_default, prepared};
use super::output::{Output, of_field};
use super::{field_site, unresolved};
use crate::model::{Field, Origin, Value};
use crate::models::key_of;
use crate::project::Unresolved;

pub(super) fn columns(context: &Context, table: &mut Table, lost: &mut Vec<Unresolved>) {
    for field in context.model.local_columns() {
        let migrated = migrated_key(context, field);
        let field = migrated.as_ref().unwrap_or(field);
        match column(context, field) {
            Ok(column) => {
                beside(context, field, &column, table);
                table.columns.push(column);
            }
            Err(reason) => lost.push(unresolved(context, &field.name, reason, field_site(field))),
        }
    }
    if let Some(key) = composite_key(context) {
        match key {
            Ok(columns) => table.constraints.push(Constraint {
                name: names::automatic_name(&table.name, "", "pkey"),
                kind: ConstraintKind::PrimaryKey { columns },
                placement: Placement::Table,
            }),
            Err(reason) => lost.push(unresolved(context, "pk", reason, None)),
        }
    }
}

/// A table of nothing but the field's column.
pub(super) fn alone(context: &Context, field: &Field) -> Known<Table> {
    let mut table = Table {
        name: context.model.table.clone(),
        columns: Vec::new(),
        constraints: Vec::new(),
        indexes: Vec::new(),
        comment: None,
        tablespace: None,
    };
    let column = column(context, field)?;
    beside(context, field, &column, &mut table);
    table.columns.push(column);
    Ok(table)
}

/// The key of an automatic through model as migrations make it: the app configuration they see
/// (`AppConfigStub` of `django/db/migrations/state.py`) has no `default_auto_field`, so the setting's class is taken.
fn migrated_key(context: &Context, field: &Field) -> Option<Field> {
    let automatic = matches!(context.model.origin, Origin::AutomaticThrough { .. });
    if !automatic || !field.primary_key || !field.auto_created {
        return None;
    }
    let class = context.project.settings.default_auto_field.as_str();
    let internal =
        class.rsplit('.').next().filter(|name| matches!(*name, "AutoField" | "BigAutoField" | "SmallAutoField"))?;
    Some(key_of(&format!("django.db.models.fields.{internal}"), internal))
}

/// `BaseDatabaseSchemaEditor._iter_column_sql`.
fn column(context: &Context, field: &Field) -> Known<Column> {
    let name = field.column.clone().ok_or("no column")?;
    let type_text = field.db_type.clone().ok_or_else(|| format!("the column type of {}", field.class))?;
    let generated = match &field.generated {
        None => None,
        Some(generated) => {
            let compiled = expression(context, &generated.expression, false)?;
            Some(Generated { expression: compiled.expr, stored: generated.stored })
        }
    };
    Ok(Column {
        name,
        type_: PgType::parse(&type_text),
        null: field.null,
        default: field.db_default.as_ref().map(|value| default(context, field, value)).transpose()?,
        identity: is_auto(field).then_some(Identity::ByDefault),
        collation: field.db_collation.clone().filter(|collation| !collation.is_empty()),
        generated,
        comment: field.db_comment.clone().filter(|comment| !comment.is_empty()),
    })
}

/// `db_type_suffix`: identity columns since Django 4.1.
fn is_auto(field: &Field) -> bool {
    field.relation.is_none() && matches!(field.internal_type.as_str(), "AutoField" | "BigAutoField" | "SmallAutoField")
}

/// `db_default_sql`: a plain value as it is, an expression in parentheses.
pub(super) fn default(context: &Context, field: &Field, value: &Value) -> Known<Expr> {
    let output = of_field(context.models, field);
    if let Value::Call(call) = value
        && call.class.ends_with(".Value")
        && call.class.starts_with("django.")
    {
        return Ok(expression(context, value, false)?.expr);
    }
    if is_expression(value) {
        let expr = expression(context, value, false)?.expr;
        return Ok(expr.paren());
    }
    match &output {
        Output::Array { db_type, .. } if !matches!(value, Value::None) => array_default(value, db_type),
        _ if matches!(value, Value::None) => prepared(value, &Output::Other),
        output => prepared(value, output),
    }
}

/// The constraints of a column's own definition, with the names PostgreSQL gives them.
fn beside(context: &Context, field: &Field, column: &Column, table: &mut Table) {
    let columns = vec![column.name.clone()];
    let table_name = table.name.clone();
    let mut put = |kind, name| table.constraints.push(Constraint { name, kind, placement: Placement::Column });
    if field.primary_key && composite_key(context).is_none() {
        put(ConstraintKind::PrimaryKey { columns }, names::automatic_name(&table_name, "", "pkey"));
    } else if field.unique {
        let kind = ConstraintKind::Unique { columns, deferrable: None, nulls_distinct: None, include: Vec::new() };
        put(kind, names::automatic_name(&table_name, &column.name, "key"));
    }
    if let Some(check) = &field.db_check {
        let kind = ConstraintKind::Check { expression: parse_check(check, &column.name) };
        put(kind, names::automatic_name(&table_name, &column.name, "check"));
    }
}

/// `"stock" >= 0`, the only check a Django field of its own has on PostgreSQL; others stay text.
fn parse_check(text: &str, column: &str) -> Expr {
    let positive = Expr::binary(Expr::Column(column.to_owned()), Operator::GtE, Expr::integer(0));
    if positive.to_string() == text { positive } else { Expr::Raw(text.to_owned()) }
}

/// The columns of a `CompositePrimaryKey("a", "b")`: the model graph holds the names as that field's default.
fn composite_key(context: &Context) -> Option<Known<Vec<String>>> {
    let field = context.model.fields.iter().find(|field| field.class.ends_with(".CompositePrimaryKey"))?;
    let names: Option<Vec<String>> = match &field.default {
        Some(Value::Tuple(items) | Value::List(items)) => {
            items.iter().map(|item| item.as_str().map(str::to_owned)).collect()
        }
        _ => None,
    };
    Some(match names {
        Some(names) => context.local_columns(&names),
        None => Err("the fields of a composite primary key".to_owned()),
    })
}
