//! Reading `pg_dump --statistics-only` (PostgreSQL 18's, which also reads older servers): calls of `pg_restore_relation_stats` and
//! `pg_restore_attribute_stats`.

use std::collections::HashMap;

use pgwright_schema::names::split_identifier;
use pgwright_schema::statistics::{Common, Ranges, array};
use pgwright_schema::{ColumnStatistics, ConstraintKind, IndexStatistics, Schema, Size, Statistics, TableStatistics};

use crate::Error;
use crate::snapshot::Server;

/// What a dump tells. Sizes are those of the last `ANALYZE` or `VACUUM`: a dump does not have today's.
#[derive(Debug, Clone, PartialEq)]
pub struct Dump {
    pub server: Option<Server>,
    pub statistics: Statistics,
}

/// Reads a dump. It does not say which relations are indexes: `schema` does.
///
/// # Errors
/// The text holds no statistics.
pub fn read(text: &str, schema: &Schema) -> Result<Dump, Error> {
    let owners = owners(schema);
    let mut statistics = Statistics::default();
    let calls: Vec<(Call, HashMap<String, String>)> = calls(text);
    if calls.is_empty() {
        return Err(Error::new("the file holds no statistics")
            .hint("`pg_dump --statistics-only DATABASE` of PostgreSQL 18 writes them, also those of older servers"));
    }
    // Indexes after tables, which they belong to.
    let of = |call: &HashMap<String, String>, name: &str| call.get(name).cloned().unwrap_or_default();
    for (kind, call) in &calls {
        let relation = (of(call, "schemaname"), of(call, "relname"));
        let number = |name: &str| call.get(name).and_then(|text| text.parse::<f64>().ok());
        let owner = owners.get(&relation);
        let table_name = owner.cloned().unwrap_or_else(|| crate::measure::django_name(&relation.0, &relation.1));
        let table = statistics.tables.entry(table_name).or_insert_with(TableStatistics::default);
        match kind {
            Call::Relation => {
                let pages = number("relpages").unwrap_or_default() as u64;
                let size = Size { rows: number("reltuples").unwrap_or(-1.0), pages, analyzed_pages: pages };
                if owner.is_some() {
                    index(table, &relation.1).size = size;
                } else {
                    table.size = size;
                    table.all_visible_pages = number("relallvisible").unwrap_or_default() as u64;
                }
            }
            Call::Attribute if call.get("inherited").is_some_and(|inherited| inherited.starts_with('t')) => {}
            Call::Attribute => {
                let column = column(call);
                match (owner, call.get("attname"), number("attnum")) {
                    (Some(_), _, Some(place)) => {
                        index(table, &relation.1).expressions.insert(place as u16, column);
                    }
                    (None, Some(name), _) => {
                        table.columns.insert(name.clone(), column);
                    }
                    // Of an index by the name PostgreSQL made up, or of a table by number: which it is cannot be told.
                    (Some(_), _, None) | (None, None, _) => {}
                }
            }
        }
    }
    Ok(Dump { server: server(text), statistics })
}

/// Tables by schema and name of their indexes.
fn owners(schema: &Schema) -> HashMap<(String, String), String> {
    let mut owners = HashMap::new();
    for table in &schema.tables {
        let (own, _) = split_identifier(&table.name);
        let own = if own.is_empty() { "public" } else { own };
        let of_constraints = table.constraints.iter().filter(|constraint| {
            matches!(
                constraint.kind,
                ConstraintKind::PrimaryKey { .. } | ConstraintKind::Unique { .. } | ConstraintKind::Exclusion(_)
            )
        });
        let names =
            table.indexes.iter().map(|index| &index.name).chain(of_constraints.map(|constraint| &constraint.name));
        owners.extend(names.map(|name| ((own.to_owned(), name.clone()), table.name.clone())));
    }
    owners
}

fn index<'t>(table: &'t mut TableStatistics, name: &str) -> &'t mut IndexStatistics {
    let at = table.indexes.iter().position(|index| index.name == name).unwrap_or_else(|| {
        table.indexes.push(IndexStatistics { name: name.to_owned(), ..IndexStatistics::default() });
        table.indexes.len() - 1
    });
    &mut table.indexes[at]
}

fn column(call: &HashMap<String, String>) -> ColumnStatistics {
    let number = |name: &str| call.get(name).and_then(|text| text.parse::<f32>().ok());
    let values = |name: &str| call.get(name).and_then(|text| array::read(text));
    let numbers = |name: &str| Some(values(name)?.iter().filter_map(|text| text.parse().ok()).collect::<Vec<f32>>());
    let common = |of: &str, with: &str| Some(Common { values: values(of)?, frequencies: numbers(with)? });
    ColumnStatistics {
        type_: None,
        null_fraction: number("null_frac").unwrap_or_default(),
        average_width: number("avg_width").unwrap_or_default() as u32,
        distinct: number("n_distinct").unwrap_or_default(),
        most_common: common("most_common_vals", "most_common_freqs"),
        histogram: values("histogram_bounds"),
        correlation: number("correlation"),
        most_common_elements: common("most_common_elems", "most_common_elem_freqs"),
        element_counts: numbers("elem_count_histogram"),
        ranges: values("range_bounds_histogram").map(|bounds| Ranges {
            empty_fraction: number("range_empty_frac").unwrap_or_default(),
            lengths: values("range_length_histogram").unwrap_or_default(),
            bounds,
        }),
    }
}

/// `-- Dumped from database version 15.18 (Debian …)`.
fn server(text: &str) -> Option<Server> {
    let after = text.split_once("-- Dumped from database version ")?.1;
    let version = after.split_whitespace().next()?.to_owned();
    Some(Server { version, collation: String::new() })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Relation,
    Attribute,
}

/// The calls with their arguments by name.
fn calls(text: &str) -> Vec<(Call, HashMap<String, String>)> {
    let mut calls = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("pg_restore_") {
        rest = &rest[at + "pg_restore_".len()..];
        let kind = match rest {
            rest if rest.starts_with("relation_stats(") => Call::Relation,
            rest if rest.starts_with("attribute_stats(") => Call::Attribute,
            _ => continue,
        };
        let (literals, after) = literals(rest);
        let pairs = literals.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone()));
        calls.push((kind, pairs.collect()));
        rest = after;
    }
    calls
}

/// The quoted texts up to the parenthesis that closes a call, and what follows.
fn literals(text: &str) -> (Vec<String>, &str) {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        let Some(at) = rest.find(['\'', ')']) else { return (found, "") };
        if rest[at..].starts_with(')') {
            return (found, &rest[at + 1..]);
        }
        let mut value = String::new();
        rest = &rest[at + 1..];
        loop {
            let Some(end) = rest.find('\'') else { return (found, "") };
            value.push_str(&rest[..end]);
            rest = &rest[end + 1..];
            match rest.strip_prefix('\'') {
                Some(after) => {
                    value.push('\'');
                    rest = after;
                }
                None => break,
            }
        }
        found.push(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pgwright_schema::{Constraint, Placement, Table};

    const DUMP: &str = "-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
SELECT * FROM pg_catalog.pg_restore_relation_stats(
\t'version', '180006'::integer,
\t'schemaname', 'public',
\t'relname', 'shop_order',
\t'relpages', '3847'::integer,
\t'reltuples', '200000'::real,
\t'relallvisible', '3840'::integer
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
\t'version', '180006'::integer,
\t'schemaname', 'public',
\t'relname', 'shop_order',
\t'attname', 'status',
\t'inherited', 'f'::boolean,
\t'null_frac', '0.5'::real,
\t'avg_width', '5'::integer,
\t'n_distinct', '3'::real,
\t'most_common_vals', '{done,\"it''s (so)\"}'::text,
\t'most_common_freqs', '{0.7,0.2}'::real[]
);
SELECT * FROM pg_catalog.pg_restore_relation_stats('schemaname', 'public', 'relname', 'shop_order_pkey', 'relpages', '550'::integer,
 'reltuples', '200000'::real);
";

    #[test]
    fn tables_columns_and_indexes_are_read() {
        let key = Constraint {
            name: "shop_order_pkey".to_owned(),
            kind: ConstraintKind::PrimaryKey { columns: vec!["id".to_owned()] },
            placement: Placement::Column,
        };
        let table = Table {
            name: "shop_order".to_owned(),
            columns: Vec::new(),
            constraints: vec![key],
            indexes: Vec::new(),
            comment: None,
            tablespace: None,
        };
        let schema = Schema { tables: vec![table], extensions: Vec::new() };
        let dump = read(DUMP, &schema).expect("a dump");
        assert_eq!(dump.server.as_ref().and_then(Server::major), Some(15));
        let table = &dump.statistics.tables["shop_order"];
        assert_eq!((table.size.rows, table.size.pages, table.all_visible_pages), (200_000.0, 3847, 3840));
        assert_eq!(table.index("shop_order_pkey").map(|index| index.size.pages), Some(550));
        let status = &table.columns["status"];
        let common = status.most_common.clone().unwrap_or_default();
        assert_eq!(
            (common.values, common.frequencies),
            (vec!["done".to_owned(), "it's (so)".to_owned()], vec![0.7, 0.2])
        );
        assert!(read("CREATE TABLE x ();", &schema).is_err());
    }
}
