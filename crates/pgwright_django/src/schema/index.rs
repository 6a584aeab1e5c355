//! Indexes and table constraints: those fields bring, `index_together`, `Meta.indexes`, `Meta.constraints`.
//!
//! Sources: `_model_indexes_sql`, `_create_like_index_sql`, `django/db/models/indexes.py`, `constraints.py`,
//! `django/contrib/postgres/indexes.py`, `constraints.py`.

use pgwright_schema::{
    Column, Constraint, ConstraintKind, Deferrable, Exclusion, Expr, Index, IndexKey, IndexMethod, IndexOrigin, Nulls,
    Placement, SortOrder, Table, names,
};

use super::condition::condition;
use super::context::{Context, Known};
use super::function::{argument, has_parameters};
use super::{field_site, meta_site, unresolved};
use crate::model::{self, ConstraintKind as Declared, Field, Value};
use crate::project::Unresolved;

fn btree(table: &Table, name: String, keys: Vec<IndexKey>, origin: IndexOrigin) -> Index {
    Index { origin, ..Index::over(&table.name, name, IndexMethod::Btree, keys) }
}

/// `db_index` and the hidden index for `LIKE 'x%'`.
pub(super) fn field_indexes(context: &Context, table: &mut Table, lost: &mut Vec<Unresolved>) {
    for field in context.model.local_columns() {
        let Some(name) = field.column.as_deref() else { continue };
        let Some(column) = table.column(name).cloned() else { continue };
        if field.db_index && !field.unique {
            let index_name = names::index_name(&table.name, &[name], "");
            let origin = IndexOrigin::Field { field: field.name.clone() };
            let index = btree(table, index_name, vec![IndexKey::column(name)], origin);
            table.indexes.push(index);
        }
        if !(field.db_index || field.unique) {
            continue;
        }
        let Some(opclass) = like_opclass(&column) else { continue };
        match collation(context, field) {
            Some(collation) if !is_deterministic(&collation) => {
                if !is_catalogued(&collation) {
                    let reason =
                        format!("whether the collation {collation} is deterministic: no _like index is assumed");
                    lost.push(unresolved(context, &field.name, reason, field_site(field)));
                }
            }
            _ => {
                let key = IndexKey { opclass: Some(opclass.to_owned()), ..IndexKey::column(name) };
                let index_name = names::index_name(&table.name, &[name], "_like");
                let origin = IndexOrigin::Like { field: field.name.clone() };
                let index = btree(table, index_name, vec![key], origin);
                table.indexes.push(index);
            }
        }
    }
}

fn like_opclass(column: &Column) -> Option<&'static str> {
    if column.type_.is_array() {
        return None;
    }
    let base = column.type_.base.as_str();
    if base.starts_with("varchar") {
        Some("varchar_pattern_ops")
    } else if base.starts_with("text") {
        Some("text_pattern_ops")
    } else {
        None
    }
}

/// The column's collation; since Django 5.0 a foreign key counts that of the field it references.
fn collation(context: &Context, field: &Field) -> Option<String> {
    let own = field.db_collation.clone().filter(|collation| !collation.is_empty());
    let relation = field.relation.as_ref().filter(|_| context.at_least(5, 0));
    own.or_else(|| {
        let target = context.models.get(relation?.to?);
        let named = relation?.to_field.as_deref().and_then(|name| target.field(name));
        named.or_else(|| target.primary_key())?.db_collation.clone()
    })
}

/// Collations every PostgreSQL has; those of `CreateCollation` and of the operating system are not known from models.
fn is_catalogued(collation: &str) -> bool {
    matches!(collation, "C" | "POSIX" | "default" | "ucs_basic" | "unicode" | "pg_c_utf8" | "pg_unicode_fast")
        || collation.ends_with("-x-icu")
}

/// All collations PostgreSQL brings are deterministic; Django treats one it cannot find as if it were not.
fn is_deterministic(collation: &str) -> bool {
    let locale = collation.split(['.', '@']).next().unwrap_or_default();
    let system = matches!(locale.split_once('_'), Some((language, region))
        if (2..=3).contains(&language.len())
            && language.chars().all(|c| c.is_ascii_lowercase())
            && region.len() == 2
            && region.chars().all(|c| c.is_ascii_uppercase()));
    is_catalogued(collation) || system
}

pub(super) fn index_together(context: &Context, table: &mut Table, lost: &mut Vec<Unresolved>) {
    if context.at_least(5, 1) {
        return;
    }
    for fields in &context.model.index_together {
        match context.local_columns(fields) {
            Ok(columns) => {
                let listed: Vec<&str> = columns.iter().map(String::as_str).collect();
                let name = names::index_name(&table.name, &listed, "_idx");
                let keys = listed.iter().map(|column| IndexKey::column(*column)).collect();
                let index = btree(table, name, keys, IndexOrigin::Together);
                table.indexes.push(index);
            }
            Err(reason) => {
                lost.push(unresolved(context, "index_together", reason, meta_site(context, "index_together")))
            }
        }
    }
}

pub(super) fn meta_indexes(context: &Context, table: &mut Table, lost: &mut Vec<Unresolved>) {
    for declared in &context.model.indexes {
        match meta_index(context, table, declared) {
            Ok(index) => table.indexes.push(index),
            Err(reason) => lost.push(unresolved(context, &declared.name, reason, declared.site)),
        }
    }
}

pub(super) fn meta_index(context: &Context, table: &Table, declared: &model::Index) -> Known<Index> {
    let keys = if declared.expressions.is_empty() {
        field_keys(context, &declared.fields, &declared.opclasses)?
    } else {
        declared.expressions.iter().map(|value| key(context, value)).collect::<Known<Vec<_>>>()?
    };
    let method = IndexMethod::parse(&declared.method);
    let named = method != IndexMethod::Btree || declared.class.contains("BTree");
    Ok(Index {
        method_named: named,
        method,
        include: context.local_columns(&declared.include)?,
        predicate: declared.condition.as_ref().map(|value| condition(context, value, false)).transpose()?,
        with: storage_parameters(&declared.method, &declared.parameters)?,
        tablespace: declared.db_tablespace.clone(),
        ..btree(table, declared.name.clone(), keys, IndexOrigin::Meta)
    })
}

fn field_keys(context: &Context, fields: &[String], opclasses: &[String]) -> Known<Vec<IndexKey>> {
    let one = |(position, name): (usize, &String)| {
        let (bare, order) = match name.strip_prefix('-') {
            Some(bare) => (bare, Some(SortOrder::Descending)),
            None => (name.as_str(), None),
        };
        let column = context.local_column(bare)?;
        Ok(IndexKey { opclass: opclasses.get(position).cloned(), order, ..IndexKey::column(column) })
    };
    fields.iter().enumerate().map(one).collect()
}

/// `get_with_params` of each class, in its order.
fn storage_parameters(method: &str, given: &[(String, Value)]) -> Known<Vec<(String, String)>> {
    let order: &[&str] = match method {
        "brin" => &["autosummarize", "pages_per_range"],
        "btree" => &["fillfactor", "deduplicate_items"],
        "gin" => &["gin_pending_list_limit", "fastupdate"],
        "gist" => &["buffering", "fillfactor"],
        "bloom" => &["length", "columns"],
        _ => &["fillfactor"],
    };
    let mut with = Vec::new();
    for name in order {
        match given.iter().find(|(key, _)| key == name).map(|(_, value)| value) {
            None | Some(Value::None) => {}
            Some(Value::Bool(flag)) => with.push(((*name).to_owned(), if *flag { "on" } else { "off" }.to_owned())),
            Some(Value::Int(number)) => with.push(((*name).to_owned(), number.to_string())),
            Some(Value::List(items) | Value::Tuple(items)) if *name == "columns" => {
                for (position, item) in items.iter().enumerate() {
                    let Value::Int(bits) = item else { return Err("the columns of a BloomIndex".to_owned()) };
                    with.push((format!("col{}", position + 1), bits.to_string()));
                }
            }
            Some(_) => return Err(format!("the storage parameter {name}")),
        }
    }
    Ok(with)
}

/// One expression of an index: order, operator class and collation stand outside (`IndexExpression`).
fn key(context: &Context, value: &Value) -> Known<IndexKey> {
    let mut found = IndexKey::column("");
    let mut at = value;
    loop {
        match at {
            Value::Combined(combined) if matches!(combined.operator.as_str(), "asc" | "desc") => {
                let descending = combined.operator == "desc";
                found.order = Some(if descending { SortOrder::Descending } else { SortOrder::Ascending });
                if let Value::Dict(options) = &combined.right {
                    let set = |name: &str| {
                        options.iter().any(|(key, value)| key.as_str() == Some(name) && *value == Value::Bool(true))
                    };
                    found.nulls = nulls(set("nulls_first"), set("nulls_last"));
                }
                at = &combined.left;
            }
            Value::Call(call) if call.class.starts_with("django.") => {
                let name = call.class.rsplit('.').next().unwrap_or_default();
                let text = |position: usize, name: &str| match call.args.get(position).or_else(|| call.kwarg(name)) {
                    Some(Value::Str(text)) => Ok(text.clone()),
                    _ => Err(format!("the {name} of an index expression")),
                };
                match name {
                    "OpClass" => found.opclass = Some(text(1, "name")?),
                    "Collate" => found.collation = Some(text(1, "collation")?),
                    "OrderBy" => {
                        let set = |name: &str| call.kwarg(name) == Some(&Value::Bool(true));
                        found.order =
                            Some(if set("descending") { SortOrder::Descending } else { SortOrder::Ascending });
                        found.nulls = nulls(set("nulls_first"), set("nulls_last"));
                    }
                    _ => break,
                }
                at = call.args.first().or_else(|| call.kwarg("expression")).ok_or("an index on nothing")?;
            }
            _ => break,
        }
    }
    found.expr = argument(context, at, false)?.expr;
    Ok(found)
}

fn nulls(first: bool, last: bool) -> Option<Nulls> {
    match (first, last) {
        (true, _) => Some(Nulls::First),
        (_, true) => Some(Nulls::Last),
        _ => None,
    }
}

pub(super) fn constraints(context: &Context, table: &mut Table, lost: &mut Vec<Unresolved>) {
    // `table_sql`: with parameters in a column's definition the constraints come by ALTER TABLE.
    let deferred = table.columns.iter().any(|column| {
        let generated = column.generated.as_ref().map(|generated| &generated.expression);
        column.default.iter().chain(generated).any(has_parameters)
    });
    let placement = if deferred { Placement::Alter } else { Placement::Table };
    for declared in &context.model.constraints {
        if let Err(reason) = constraint(context, table, declared, placement) {
            lost.push(unresolved(context, &declared.name, reason, declared.site));
        }
    }
}

/// Adds what a declared constraint makes to the table.
pub(super) fn constraint(
    context: &Context,
    table: &mut Table,
    declared: &model::Constraint,
    placement: Placement,
) -> Known<()> {
    match declared.kind {
        Declared::Check => check(context, declared).map(|kind| put(table, declared, kind, placement)),
        Declared::Unique => unique(context, table, declared, placement),
        Declared::Exclusion => exclusion(context, declared).map(|kind| put(table, declared, kind, placement)),
        Declared::Other => Err(format!("the constraint class {}", declared.class)),
    }
}

fn put(table: &mut Table, declared: &model::Constraint, kind: ConstraintKind, placement: Placement) {
    table.constraints.push(Constraint { name: declared.name.clone(), kind, placement });
}

fn check(context: &Context, declared: &model::Constraint) -> Known<ConstraintKind> {
    let value = declared.condition.as_ref().ok_or("a check without its condition")?;
    Ok(ConstraintKind::Check { expression: condition(context, value, false)? })
}

/// `BaseDatabaseSchemaEditor._unique_sql`: a constraint, or an index for what only an index can say.
fn unique(context: &Context, table: &mut Table, declared: &model::Constraint, placement: Placement) -> Known<()> {
    let columns = context.local_columns(&declared.fields)?;
    let include = context.local_columns(&declared.include)?;
    let by_index = declared.condition.is_some()
        || !include.is_empty()
        || !declared.opclasses.is_empty()
        || !declared.expressions.is_empty();
    if !by_index {
        let nulls_distinct = declared.nulls_distinct;
        // `NULLS [NOT] DISTINCT` is never written inside CREATE TABLE.
        let placement = if nulls_distinct.is_some() { Placement::Alter } else { placement };
        let deferrable = deferrable(declared)?;
        put(table, declared, ConstraintKind::Unique { columns, deferrable, nulls_distinct, include }, placement);
        return Ok(());
    }
    let keys = if declared.expressions.is_empty() {
        field_keys(context, &declared.fields, &declared.opclasses)?
    } else {
        declared.expressions.iter().map(|value| key(context, value)).collect::<Known<Vec<_>>>()?
    };
    let predicate = declared.condition.as_ref().map(|value| condition(context, value, false)).transpose()?;
    let index = Index {
        unique: true,
        include,
        predicate,
        nulls_distinct: declared.nulls_distinct,
        ..btree(table, declared.name.clone(), keys, IndexOrigin::UniqueConstraint)
    };
    table.indexes.push(index);
    Ok(())
}

fn deferrable(declared: &model::Constraint) -> Known<Option<Deferrable>> {
    match declared.deferrable.as_deref() {
        None => Ok(None),
        Some("deferred") => Ok(Some(Deferrable::InitiallyDeferred)),
        Some("immediate") => Ok(Some(Deferrable::InitiallyImmediate)),
        Some(other) => Err(format!("deferrable={other}")),
    }
}

fn exclusion(context: &Context, declared: &model::Constraint) -> Known<ConstraintKind> {
    let mut elements = Vec::new();
    for element in &declared.expressions {
        let (Value::Tuple(pair) | Value::List(pair)) = element else {
            return Err("an exclusion element that is not a pair".to_owned());
        };
        let [value, Value::Str(operator)] = pair.as_slice() else {
            return Err("the operator of an exclusion".to_owned());
        };
        elements.push((key(context, value)?, operator.clone()));
    }
    if elements.is_empty() {
        return Err("the expressions of an exclusion".to_owned());
    }
    let predicate: Option<Expr> =
        declared.condition.as_ref().map(|value| condition(context, value, false)).transpose()?;
    Ok(ConstraintKind::Exclusion(Exclusion {
        method: declared.index_type.as_deref().map_or(IndexMethod::Gist, IndexMethod::parse),
        elements,
        include: context.local_columns(&declared.include)?,
        predicate,
        deferrable: deferrable(declared)?,
    }))
}
