//! Reading statistics out of a database: two queries on the catalogue, none on any table.

pub mod activity;

use std::collections::{BTreeMap, HashMap};

use pgwright_schema::statistics::{Common, Ranges, Source, array};
use pgwright_schema::{ColumnStatistics, IndexStatistics, Size, Statistics, TableStatistics};
use postgres::{GenericClient, Row};

use crate::Error;
use crate::snapshot::Server;

/// The first version whose `pg_stats` shows statistics of ranges.
const WITH_RANGES: i32 = 170_000;

/// Schemas that are the system's.
const SYSTEM: &str = "('pg_catalog', 'information_schema', 'pg_toast')";

/// The statistics of every table whose statistics this role may see.
///
/// # Errors
/// The session has ended, or a time limit is over.
pub fn statistics(client: &mut impl GenericClient) -> Result<Statistics, Error> {
    let version: i32 = client.query_typed_one("SELECT current_setting('server_version_num')::int", &[])?.get(0);
    let mut tables = HashMap::new();
    let mut indexes = HashMap::new();
    let mut statistics = Statistics::default();
    let rows = client.query_typed(
        &format!(
            "SELECT c.oid, n.nspname::text, c.relname::text, c.relpages, c.reltuples::float8, c.relallvisible, \
             pg_relation_size(c.oid) / current_setting('block_size')::int, i.indrelid \
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_index i ON i.indexrelid = c.oid \
             WHERE c.relkind IN ('r', 'm', 'i') AND c.relpersistence <> 't' AND n.nspname NOT IN {SYSTEM} \
             AND n.nspname NOT LIKE 'pg\\_t%' AND COALESCE(i.indisvalid, true) ORDER BY c.relkind = 'i', c.oid"
        ),
        &[],
    )?;
    for row in &rows {
        let size = Size {
            rows: row.get(4),
            pages: unsigned(row.get(6)),
            analyzed_pages: unsigned(row.get::<_, i32>(3).into()),
        };
        match row.get::<_, Option<u32>>(7) {
            None => {
                let name = django_name(row.get(1), row.get(2));
                let all_visible_pages = unsigned(row.get::<_, i32>(5).into());
                let table =
                    TableStatistics { source: Source::Measured, size, all_visible_pages, ..TableStatistics::default() };
                tables.insert(row.get::<_, u32>(0), name.clone());
                statistics.tables.insert(name, table);
            }
            Some(table) => {
                let Some(name) = tables.get(&table) else { continue };
                let Some(found) = statistics.tables.get_mut(name) else { continue };
                indexes.insert(row.get::<_, u32>(0), (name.clone(), found.indexes.len()));
                found.indexes.push(IndexStatistics { name: row.get(2), size, ..IndexStatistics::default() });
            }
        }
    }
    let ranges = if version >= WITH_RANGES {
        "s.range_empty_frac, s.range_length_histogram::text, s.range_bounds_histogram::text"
    } else {
        "NULL::float4, NULL::text, NULL::text"
    };
    let rows = client.query_typed(
        &format!(
            "SELECT c.oid, a.attname::text, a.attnum, s.null_frac, s.avg_width, s.n_distinct, s.most_common_vals::text, \
             s.most_common_freqs, s.histogram_bounds::text, s.correlation, s.most_common_elems::text, s.most_common_elem_freqs, \
             s.elem_count_histogram, {ranges}, y.typname::text \
             FROM pg_stats s JOIN pg_namespace n ON n.nspname = s.schemaname \
             JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = s.tablename \
             JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = s.attname JOIN pg_type y ON y.oid = a.atttypid \
             WHERE NOT s.inherited AND s.schemaname NOT IN {SYSTEM} ORDER BY c.oid, a.attnum"
        ),
        &[],
    )?;
    for row in &rows {
        let oid: u32 = row.get(0);
        if let Some(table) = tables.get(&oid).and_then(|name| statistics.tables.get_mut(name)) {
            table.columns.insert(row.get(1), column(row)?);
        } else if let Some((name, at)) = indexes.get(&oid)
            && let Some(index) = statistics.tables.get_mut(name).and_then(|table| table.indexes.get_mut(*at))
        {
            index.expressions.insert(u16::try_from(row.get::<_, i16>(2)).unwrap_or_default(), column(row)?);
        }
    }
    if version < WITH_RANGES && may_read_all(client)? {
        for row in client.query_typed(&ranges_of_old(), &[])? {
            let table = tables.get(&row.get(0)).and_then(|name| statistics.tables.get_mut(name));
            let Some(column) = table.and_then(|table| table.columns.get_mut(row.get::<_, &str>(1))) else { continue };
            let read = |at: usize| row.get::<_, Option<&str>>(at).and_then(array::read);
            if let Some(bounds) = read(4) {
                let empty_fraction = row.get::<_, Option<f32>>(2).unwrap_or_default();
                column.ranges = Some(Ranges { empty_fraction, lengths: read(3).unwrap_or_default(), bounds });
            }
        }
    }
    Ok(statistics)
}

/// What plans depend on besides statistics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerFacts {
    pub server: Server,
    pub settings: BTreeMap<String, String>,
    pub extensions: Vec<String>,
    /// Tables whose statistics this role may not see, though there may be some.
    pub hidden_tables: Vec<String>,
}

/// Version, locale, the planner's settings that are not the usual ones, and extensions.
///
/// # Errors
/// As [`statistics`].
pub fn server(client: &mut impl GenericClient) -> Result<ServerFacts, Error> {
    let row = client.query_typed_one(
        "SELECT split_part(current_setting('server_version'), ' ', 1), datcollate::text FROM pg_database \
         WHERE datname = current_database()",
        &[],
    )?;
    let server = Server { version: row.get(0), collation: row.get(1) };
    let rows = client.query_typed(
        "SELECT name, current_setting(name) FROM pg_settings WHERE setting IS DISTINCT FROM boot_val AND \
         (category LIKE 'Query Tuning%' OR name IN ('work_mem', 'hash_mem_multiplier', 'max_parallel_workers_per_gather')) \
         AND name <> 'plan_cache_mode' ORDER BY name",
        &[],
    )?;
    let settings = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let rows = client
        .query_typed("SELECT extname::text FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY extname", &[])?;
    let extensions = rows.iter().map(|row| row.get(0)).collect();
    let rows = client.query_typed(
        &format!(
            "SELECT n.nspname::text, c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE c.relkind = 'r' AND n.nspname NOT IN {SYSTEM} AND n.nspname NOT LIKE 'pg\\_t%' AND c.reltuples > 0 \
             AND NOT has_any_column_privilege(c.oid, 'SELECT') ORDER BY 1, 2"
        ),
        &[],
    )?;
    let hidden_tables = rows.iter().map(|row| django_name(row.get(0), row.get(1))).collect();
    Ok(ServerFacts { server, settings, extensions, hidden_tables })
}

/// Whether the role may read what `pg_stats` is made of.
fn may_read_all(client: &mut impl GenericClient) -> Result<bool, Error> {
    Ok(client.query_typed_one("SELECT has_table_privilege('pg_catalog.pg_statistic', 'SELECT')", &[])?.get(0))
}

/// Statistics of ranges where `pg_stats` does not show them: kinds 6 (lengths, and the share of empty ones) and 7 (bounds).
fn ranges_of_old() -> String {
    let of = |kind: u32, what: &str| {
        let slots: String =
            (1..=5).map(|slot| format!(" WHEN s.stakind{slot} = {kind} THEN s.{what}{slot}::text")).collect();
        format!("CASE{slots} END")
    };
    let numbers = of(6, "stanumbers");
    format!(
        "SELECT s.starelid, a.attname::text, ({numbers}::real[])[1], {}, {} \
         FROM pg_statistic s JOIN pg_attribute a ON a.attrelid = s.starelid AND a.attnum = s.staattnum \
         WHERE NOT s.stainherit AND 7 IN (s.stakind1, s.stakind2, s.stakind3, s.stakind4, s.stakind5)",
        of(6, "stavalues"),
        of(7, "stavalues")
    )
}

/// As `Meta.db_table` has to spell a table outside the schema `public`.
pub(crate) fn django_name(schema: &str, name: &str) -> String {
    if schema == "public" { name.to_owned() } else { format!("{schema}\".\"{name}") }
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

fn column(row: &Row) -> Result<ColumnStatistics, Error> {
    let values = |at: usize| -> Result<Option<Vec<String>>, Error> {
        let Some(text) = row.get::<_, Option<&str>>(at) else { return Ok(None) };
        let unreadable = || Error::new(format!("the statistics of column `{}` cannot be read", row.get::<_, &str>(1)));
        array::read(text).map(Some).ok_or_else(unreadable)
    };
    let common = |values: Option<Vec<String>>, at: usize| {
        values.zip(row.get(at)).map(|(values, frequencies)| Common { values, frequencies })
    };
    let ranges = match (row.get::<_, Option<f32>>(13), values(14)?, values(15)?) {
        (Some(empty_fraction), lengths, Some(bounds)) => {
            Some(Ranges { empty_fraction, lengths: lengths.unwrap_or_default(), bounds })
        }
        _ => None,
    };
    Ok(ColumnStatistics {
        type_: Some(row.get(16)),
        null_fraction: row.get(3),
        average_width: u32::try_from(row.get::<_, i32>(4)).unwrap_or_default(),
        distinct: row.get(5),
        most_common: common(values(6)?, 7),
        histogram: values(8)?,
        correlation: row.get(9),
        most_common_elements: common(values(10)?, 11),
        element_counts: row.get(12),
        ranges,
    })
}
