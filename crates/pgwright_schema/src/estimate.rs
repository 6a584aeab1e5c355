//! Sizes that nobody measured: of values, tables and indexes.

mod gin;
mod hash;

pub use gin::Elements;

use crate::schema::IndexMethod;
use crate::statistics::Size;
use crate::types::PgType;

/// Bytes of a page.
pub const PAGE: f64 = 8192.0;
/// Of a page, what its header leaves, and what a B-tree's page has for entries (`src/include/access/nbtree.h`).
const HEAP_SPACE: f64 = 8168.0;
const BTREE_SPACE: f64 = 8152.0;
/// B-trees are built with leaves nine tenths full (`BTREE_DEFAULT_FILLFACTOR`), and inner pages seven tenths
/// (`BTREE_NONLEAF_FILLFACTOR`).
const LEAF_FILL: f64 = 0.9;
const INNER_FILL: f64 = 0.7;
/// A line pointer in a page, and the header of a row on disk with its padding.
const LINE_POINTER: f64 = 4.0;
const ROW_HEADER: f64 = 24.0;
const INDEX_ROW_HEADER: f64 = 8.0;

/// Bytes a value of this type takes when nothing is known about the values. Fixed widths are PostgreSQL's; what varies is a guess.
pub fn usual_width(type_: &PgType) -> u32 {
    if type_.is_array() {
        return 40;
    }
    let first = type_.modifiers.first().copied();
    match type_.base.as_str() {
        "boolean" | "bool" | "\"char\"" => 1,
        "smallint" | "smallserial" | "int2" => 2,
        "integer" | "serial" | "int" | "int4" | "real" | "date" | "oid" => 4,
        "bigint" | "bigserial" | "int8" | "double precision" | "money" => 8,
        "timestamp with time zone" | "timestamp" | "timestamptz" | "time" | "timestamp without time zone" => 8,
        "numeric" => first.map_or(8, |digits| 4 + digits.div_ceil(4) * 2).min(24),
        "uuid" | "interval" | "point" => 16,
        "inet" | "cidr" | "macaddr" => 7,
        "char" => first.unwrap_or(1),
        "varchar" | "character varying" | "citext" => first.map_or(24, |longest| longest.min(32).div_ceil(2) + 1),
        "json" | "jsonb" | "hstore" | "tsvector" | "xml" => 200,
        _ => 32,
    }
}

fn aligned(bytes: f64) -> f64 {
    (bytes / 8.0).ceil() * 8.0
}

/// Pages of a table with so many rows, freshly written.
pub fn table_pages(rows: f64, widths: impl Iterator<Item = f64>) -> u64 {
    let row = aligned(ROW_HEADER + widths.sum::<f64>()) + LINE_POINTER;
    // Long rows are moved out of line until one of 2 KiB is left.
    (rows * row.min(2048.0) / HEAP_SPACE).ceil() as u64
}

/// Levels above the leaves of a B-tree with so many pages, whose keys take `key_width` bytes together.
///
/// Right for all 40 B-trees it was measured on (PostgreSQL 15 and 18, up to 1.2 million rows).
pub fn btree_levels(pages: u64, key_width: f64) -> u32 {
    let fan_out = BTREE_SPACE * INNER_FILL / (LINE_POINTER + aligned(INDEX_ROW_HEADER + key_width));
    let (mut levels, mut left) = (0, pages.saturating_sub(1).max(1) as f64);
    while left > 1.0 {
        left /= fan_out.max(2.0);
        levels += 1;
    }
    levels
}

/// What the size of an index depends on.
#[derive(Debug, Clone, PartialEq)]
pub struct IndexLayout {
    pub method: IndexMethod,
    /// Rows with an entry: those that satisfy the predicate.
    pub rows: f64,
    /// Pages of the table.
    pub table_pages: u64,
    /// Bytes of a value of each key and included column.
    pub widths: Vec<f64>,
    /// Different keys, where that is known.
    pub distinct: Option<f64>,
    /// Whether equal keys are kept once with a list of rows: not where they are unique, other columns are included, or equal values
    /// may look different.
    pub merges_equal: bool,
    /// Rows of each key that many have, as far as known.
    pub common: Vec<f64>,
    /// For GIN, where known.
    pub elements: Option<Elements>,
}

/// The size of an index, freshly built.
pub fn index_size(layout: &IndexLayout) -> Size {
    let rows = layout.rows.round();
    let width: f64 = layout.widths.iter().sum();
    let leaf = BTREE_SPACE * LEAF_FILL;
    let pages = match layout.method {
        IndexMethod::Btree => {
            let entry = aligned(INDEX_ROW_HEADER + width) + LINE_POINTER;
            // Since PostgreSQL 13 equal keys are kept once with a list of rows, of six bytes each, in entries up to a sixth of a page.
            let repeats = layout.distinct.map_or(1.0, |distinct| rows / distinct.max(1.0));
            let bytes = if layout.merges_equal && repeats > 2.0 {
                let per_list = ((BTREE_SPACE / 6.0 - width) / 6.0).max(1.0).min(repeats);
                rows / per_list * (entry + per_list * 6.0)
            } else {
                rows * entry
            };
            let leaves = (bytes / leaf).ceil();
            1.0 + leaves + (leaves / 200.0).ceil()
        }
        IndexMethod::Hash => hash::pages(rows, layout.common.iter().copied()),
        IndexMethod::Brin => 3.0 + (layout.table_pages as f64 / 128.0 * (16.0 + 2.0 * width) / HEAP_SPACE).ceil(),
        // A posting list holds a row in two to three bytes, compressed; a value has some width / 2 of them.
        IndexMethod::Gin => match &layout.elements {
            Some(elements) => gin::pages(elements, rows, layout.table_pages as f64),
            None => 2.0 + (rows * (width / 2.0).max(1.0) * 2.5 / PAGE).ceil(),
        },
        IndexMethod::Gist => 1.0 + (rows * (aligned(INDEX_ROW_HEADER + width) + 4.0) / BTREE_SPACE / 0.7).ceil(),
        // A leaf's entry begins with twelve bytes, and pages are split by prefixes, not by size.
        IndexMethod::Spgist => 1.0 + (rows * (aligned(aligned(12.0) + width) + 4.0) / BTREE_SPACE / 0.65).ceil(),
        // Eighty bits by default.
        IndexMethod::Bloom => 1.0 + (rows * 16.0 / HEAP_SPACE).ceil(),
        IndexMethod::Other(_) => 1.0 + (rows * (aligned(INDEX_ROW_HEADER + width) + 4.0) / leaf).ceil(),
    };
    Size { rows, pages: pages as u64, analyzed_pages: pages as u64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heights_grow_with_pages_and_keys() {
        assert_eq!(btree_levels(1, 8.0), 0);
        assert_eq!(btree_levels(2, 8.0), 0);
        assert_eq!(btree_levels(4, 8.0), 1);
        assert_eq!(btree_levels(2745, 8.0), 2);
        assert_eq!(btree_levels(200_000, 8.0), 3);
        assert!(btree_levels(20_000, 500.0) > btree_levels(20_000, 8.0));
    }

    #[test]
    fn a_million_rows_of_integers_take_what_they_take() {
        // Measured: CREATE TABLE t AS SELECT g::bigint AS id, g::bigint AS n FROM generate_series(1, 1000000) g.
        assert_eq!(table_pages(1e6, [8.0, 8.0].into_iter()), 5387);
    }
}
