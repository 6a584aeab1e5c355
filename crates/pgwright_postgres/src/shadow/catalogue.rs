//! What the shadow's own catalogue says about its tables and indexes.

use std::collections::HashMap;

use pgwright_schema::names::split_identifier;
use pgwright_schema::{IndexMethod, Statistics, TableStatistics};
use postgres::Client;

use crate::Error;

/// A table or index.
#[derive(Debug, Clone)]
pub(super) struct Relation {
    pub(super) oid: u32,
    pub(super) schema: String,
    pub(super) name: String,
    /// Of its file, relative to the data directory.
    pub(super) path: String,
    /// Columns by their number, from 1, without those that were dropped.
    pub(super) columns: HashMap<i16, Column>,
    pub(super) index: Option<Index>,
}

#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: String,
    /// Of the base type, where it is a domain's.
    pub(super) type_oid: u32,
    pub(super) collation: u32,
}

#[derive(Debug, Clone)]
pub(super) struct Index {
    pub(super) table: u32,
    pub(super) method: IndexMethod,
    pub(super) unique: bool,
    /// Numbers of the table's columns, keys first; 0 for expressions.
    pub(super) columns: Vec<i16>,
    /// How many of them are keys.
    pub(super) keys: usize,
    pub(super) predicate: Option<String>,
    /// Operator classes of the keys.
    pub(super) classes: Vec<String>,
    /// Whether equal values of the keys look alike, so that a B-tree may keep one of them.
    pub(super) look_alike: bool,
}

/// Tables and indexes that are not the system's, tables first, each in the order of its making.
pub(super) fn relations(client: &mut Client) -> Result<Vec<Relation>, Error> {
    let rows = client.query(
        "SELECT c.oid, n.nspname::text, c.relname::text, pg_relation_filepath(c.oid), am.amname::text, i.indrelid, i.indisunique, \
         i.indkey::int2[], i.indnkeyatts::int4, pg_get_expr(i.indpred, i.indrelid), \
         (SELECT array_agg(o.opcname::text ORDER BY k.n) FROM unnest(i.indclass) WITH ORDINALITY k(class, n) \
           JOIN pg_opclass o ON o.oid = k.class), \
         NOT EXISTS (SELECT FROM unnest(i.indclass) k(class) JOIN pg_opclass o ON o.oid = k.class WHERE NOT EXISTS \
           (SELECT FROM pg_amproc p WHERE p.amprocfamily = o.opcfamily AND p.amproclefttype = o.opcintype AND p.amprocnum = 4)) \
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_index i ON i.indexrelid = c.oid \
         LEFT JOIN pg_am am ON am.oid = c.relam \
         WHERE c.relkind IN ('r', 'i') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') \
         ORDER BY c.relkind = 'i', c.oid",
        &[],
    )?;
    let mut relations: Vec<Relation> = rows
        .iter()
        .map(|row| Relation {
            oid: row.get(0),
            schema: row.get(1),
            name: row.get(2),
            path: row.get(3),
            columns: HashMap::new(),
            index: row.get::<_, Option<u32>>(5).map(|table| Index {
                table,
                method: IndexMethod::parse(row.get(4)),
                unique: row.get(6),
                columns: row.get(7),
                keys: usize::try_from(row.get::<_, i32>(8)).unwrap_or_default(),
                predicate: row.get(9),
                classes: row.get::<_, Option<Vec<String>>>(10).unwrap_or_default(),
                look_alike: row.get(11),
            }),
        })
        .collect();
    let places: HashMap<u32, usize> = relations.iter().enumerate().map(|(at, relation)| (relation.oid, at)).collect();
    let rows = client.query(
        "SELECT a.attrelid, a.attnum, a.attname::text, COALESCE(NULLIF(t.typbasetype, 0), t.oid), a.attcollation \
         FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid \
         JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'i') AND a.attnum > 0 AND NOT a.attisdropped \
         AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')",
        &[],
    )?;
    for row in &rows {
        if let Some(at) = places.get(&row.get(0)) {
            let column = Column { name: row.get(2), type_oid: row.get(3), collation: row.get(4) };
            relations[*at].columns.insert(row.get(1), column);
        }
    }
    Ok(relations)
}

/// The statistics of a table by its name in the catalogue.
pub(super) fn of_table<'s>(statistics: &'s Statistics, table: &Relation) -> Option<&'s TableStatistics> {
    let qualified = || {
        let mut tables = statistics.tables.iter();
        tables.find(|(name, _)| split_identifier(name) == (&table.schema, &table.name)).map(|(_, found)| found)
    };
    match table.schema.as_str() {
        "public" => statistics.tables.get(&table.name),
        _ => qualified(),
    }
}
