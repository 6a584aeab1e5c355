//! What `ALTER COLUMN … TYPE` costs: nothing, its indexes built anew, or the whole table written anew.

use super::effects::is_indexed;
use crate::catalog::{Type, catalog};
use crate::schema::Table;
use crate::sql::Node;
use crate::types::PgType;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Retype {
    Nothing,
    /// Only indexes on the column (`CheckIndexCompatible` says no).
    Indexes,
    Rewrite,
}

/// Follows `ATColumnChangeRequiresRewrite`: values stay as they are when the cast only relabels them, and the length coercion can be
/// left out (`varchar_support`, `numeric_support`, `timestamp_support`).
pub(super) fn retype(table: &Table, column: &str, to: &str, collation: Option<&str>, using: Option<&Node>) -> Retype {
    let Some(known) = table.column(column) else { return Retype::Rewrite };
    let to = PgType::parse(to);
    // An expression computes every value anew, but for a cast of the column itself.
    if !using.is_none_or(|using| is_cast_of(using, column)) {
        return Retype::Rewrite;
    }
    if !keeps_values(&known.type_, &to) {
        return Retype::Rewrite;
    }
    let collated = |collation: Option<&str>| collation.filter(|name| !name.is_empty()).map(str::to_owned);
    if collated(collation) != collated(known.collation.as_deref()) && is_indexed(table, column) {
        return Retype::Indexes;
    }
    Retype::Nothing
}

fn is_cast_of(using: &Node, column: &str) -> bool {
    match using {
        Node::Name(path) => path.last().is_some_and(|name| name == column),
        Node::Cast { arg, .. } => is_cast_of(arg, column),
        _ => false,
    }
}

fn keeps_values(from: &PgType, to: &PgType) -> bool {
    let (source, target) = (Type::named(&canonical(from)), Type::named(&canonical(to)));
    let same = canonical(from) == canonical(to) && from.is_array() == to.is_array();
    if !same {
        if from.is_array() != to.is_array() || source.is_unknown() || target.is_unknown() {
            return extension_relabels(from, to) && to.modifiers.is_empty();
        }
        if !catalog().cast(source, target).is_some_and(|cast| cast.relabels) {
            return false;
        }
        // text to varchar(n): each value's length is checked.
        return to.modifiers.is_empty();
    }
    if from.modifiers == to.modifiers || to.modifiers.is_empty() {
        return true;
    }
    match canonical(to).as_str() {
        "varchar" | "varbit" | "timestamp" | "timestamptz" | "time" | "timetz" | "interval" => {
            from.modifiers.first().is_some_and(|old| to.modifiers.first().is_some_and(|new| new >= old))
        }
        "numeric" => match (from.modifiers.as_slice(), to.modifiers.as_slice()) {
            ([old, old_scale], [new, new_scale]) => old_scale == new_scale && new >= old,
            _ => false,
        },
        _ => false,
    }
}

/// `citext` is text to the disk (`CREATE CAST (citext AS text) WITHOUT FUNCTION`).
fn extension_relabels(from: &PgType, to: &PgType) -> bool {
    let textual = |type_: &PgType| matches!(canonical(type_).as_str(), "citext" | "text" | "varchar");
    textual(from) && textual(to) && !from.is_array() && !to.is_array()
}

fn canonical(type_: &PgType) -> String {
    match type_.base.as_str() {
        "character varying" => "varchar".to_owned(),
        "timestamp with time zone" => "timestamptz".to_owned(),
        "timestamp without time zone" => "timestamp".to_owned(),
        "decimal" => "numeric".to_owned(),
        "integer" | "int" | "serial" => "int4".to_owned(),
        "bigint" | "bigserial" => "int8".to_owned(),
        "smallint" | "smallserial" => "int2".to_owned(),
        "double precision" => "float8".to_owned(),
        "boolean" => "bool".to_owned(),
        other => other.to_lowercase(),
    }
}
