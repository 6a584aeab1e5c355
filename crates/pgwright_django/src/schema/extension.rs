//! Extensions a schema needs before it can be built: PostgreSQL's contrib modules, by type, operator class and method.

use pgwright_schema::{ConstraintKind, Expr, Index, IndexKey, IndexMethod, Schema, Table};

/// Sorted, each once.
pub(super) fn extensions(schema: &Schema) -> Vec<String> {
    let mut found: Vec<&str> = Vec::new();
    for table in &schema.tables {
        found.extend(table.columns.iter().filter_map(|column| column.type_.extension()));
        for index in &table.indexes {
            found.extend(of_index(table, index));
        }
        for constraint in &table.constraints {
            if let ConstraintKind::Exclusion(exclusion) = &constraint.kind {
                let keys = exclusion.elements.iter().map(|(key, _)| key);
                found.extend(keys.filter_map(|key| of_key(table, &exclusion.method, key)));
            }
        }
        found.extend(expressions(table).into_iter().flat_map(of_expression));
    }
    found.sort_unstable();
    found.dedup();
    found.into_iter().map(str::to_owned).collect()
}

/// What one index needs.
pub fn of_index<'a>(table: &'a Table, index: &'a Index) -> impl Iterator<Item = &'static str> + 'a {
    let bloom = (index.method == IndexMethod::Bloom).then_some("bloom");
    bloom.into_iter().chain(index.keys.iter().filter_map(|key| of_key(table, &index.method, key)))
}

/// Scalars have GIN and GiST operator classes only through `btree_gin` and `btree_gist`.
fn of_key(table: &Table, method: &IndexMethod, key: &IndexKey) -> Option<&'static str> {
    match key.opclass.as_deref() {
        Some("gin_trgm_ops" | "gist_trgm_ops") => return Some("pg_trgm"),
        Some(_) => return None,
        None => {}
    }
    let column = table.column(key.as_column()?)?;
    let scalar = !column.type_.is_array()
        && matches!(
            column.type_.base.as_str(),
            "smallint"
                | "integer"
                | "bigint"
                | "numeric"
                | "double precision"
                | "varchar"
                | "text"
                | "date"
                | "time"
                | "timestamp with time zone"
                | "interval"
                | "uuid"
                | "boolean"
                | "bytea"
        );
    match method {
        IndexMethod::Gin if scalar => Some("btree_gin"),
        IndexMethod::Gist if scalar => Some("btree_gist"),
        _ => None,
    }
}

fn expressions(table: &Table) -> Vec<&Expr> {
    let columns = table.columns.iter().flat_map(|column| {
        column.default.iter().chain(column.generated.as_ref().map(|generated| &generated.expression))
    });
    let keys =
        table.indexes.iter().flat_map(|index| index.keys.iter().map(|key| &key.expr).chain(index.predicate.as_ref()));
    let checks = table.constraints.iter().filter_map(|constraint| match &constraint.kind {
        ConstraintKind::Check { expression } => Some(expression),
        _ => None,
    });
    columns.chain(keys).chain(checks).collect()
}

fn of_expression(expr: &Expr) -> Vec<&'static str> {
    let own = match expr {
        Expr::Function { name, .. } => match name.as_str() {
            "DIGEST" => Some("pgcrypto"),
            "UNACCENT" => Some("unaccent"),
            "SIMILARITY" => Some("pg_trgm"),
            _ => None,
        },
        _ => None,
    };
    own.into_iter().chain(expr.parts().into_iter().flat_map(of_expression)).collect()
}
