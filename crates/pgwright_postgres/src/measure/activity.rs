//! Reading what a database does with its tables: the views of cumulative statistics, and the catalogue. No table is read.

use std::collections::{BTreeMap, HashMap};

use pgwright_schema::activity::{
    Activity, ColumnStorage, IndexActivity, Kind, Sequence, SequenceOwner, Setting, StatementActivity, TableActivity,
};
use postgres::GenericClient;

use super::{SYSTEM, django_name, unsigned};
use crate::Error;

/// The first version whose columns name how they are compressed.
const WITH_COMPRESSION: i32 = 140_000;

/// So many statements are kept, the dearest.
const STATEMENTS: usize = 2000;

/// Settings that advice depends on, beside those of autovacuum and of the planner.
const SETTINGS: &str = "'shared_buffers', 'work_mem', 'maintenance_work_mem', 'max_wal_size', 'max_connections', 'track_counts', \
    'hash_mem_multiplier', 'default_toast_compression', 'default_statistics_target', 'vacuum_cost_delay', 'vacuum_cost_limit', \
    'vacuum_freeze_min_age', 'vacuum_freeze_table_age', 'vacuum_failsafe_age', 'vacuum_multixact_failsafe_age', 'wal_compression', \
    'gin_pending_list_limit', 'max_parallel_maintenance_workers', 'fsync', 'full_page_writes'";

/// As SQL writes a moment in UTC.
fn moment(column: &str) -> String {
    format!("to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')")
}

/// Everything but statements: those are another view, which may not be there.
///
/// # Errors
/// As [`super::statistics`].
pub fn activity(client: &mut impl GenericClient) -> Result<Activity, Error> {
    let row = client.query_typed_one(
        "SELECT current_setting('server_version_num')::int, current_setting('TimeZone'), \
         (SELECT extract(epoch FROM now() - stats_reset)::int8 FROM pg_stat_database WHERE datname = current_database())",
        &[],
    )?;
    let version: i32 = row.get(0);
    let mut activity = Activity {
        time_zone: row.get(1),
        counted_seconds: row.get::<_, Option<i64>>(2).map(unsigned),
        settings: settings(client)?,
        ..Activity::default()
    };
    let names = tables(client, &mut activity)?;
    columns(client, version, &names, &mut activity)?;
    indexes(client, &names, &mut activity)?;
    extended_statistics(client, &names, &mut activity)?;
    sequences(client, &mut activity)?;
    Ok(activity)
}

fn settings(client: &mut impl GenericClient) -> Result<BTreeMap<String, Setting>, Error> {
    let rows = client.query_typed(
        &format!(
            "SELECT name, setting, unit, source, CASE WHEN name = 'default_toast_compression' THEN enumvals END FROM pg_settings WHERE name LIKE 'autovacuum%' OR name IN ({SETTINGS}) \
             OR category LIKE 'Query Tuning%' ORDER BY name"
        ),
        &[],
    )?;
    Ok(rows
        .iter()
        .map(|row| {
            (
                row.get(0),
                Setting {
                    value: row.get(1),
                    unit: row.get(2),
                    source: row.get(3),
                    choices: row.get::<_, Option<Vec<String>>>(4).unwrap_or_default(),
                },
            )
        })
        .collect())
}

/// Tables by the object identifier of the catalogue.
type Names = HashMap<u32, String>;

fn tables(client: &mut impl GenericClient, activity: &mut Activity) -> Result<Names, Error> {
    let rows = client.query_typed(
        &format!(
            "SELECT c.oid, n.nspname::text, c.relname::text, c.relkind::text, p.oid, pn.nspname::text, p.relname::text, \
             CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END, \
             s.n_live_tup, s.n_dead_tup, s.n_tup_ins, s.n_tup_upd, s.n_tup_hot_upd, s.n_tup_del, s.n_mod_since_analyze, \
             s.n_ins_since_vacuum, s.seq_scan, COALESCE(s.idx_scan, 0), {}, {}, {}, {}, c.reloptions, t.reloptions, \
             greatest(CASE WHEN c.relfrozenxid::text = '0' THEN 0 ELSE age(c.relfrozenxid) END, \
               CASE WHEN t.relfrozenxid::text = '0' THEN 0 ELSE age(t.relfrozenxid) END)::int8, \
             greatest(CASE WHEN c.relminmxid::text = '0' THEN 0 ELSE mxid_age(c.relminmxid) END, \
               CASE WHEN t.relminmxid::text = '0' THEN 0 ELSE mxid_age(t.relminmxid) END)::int8, \
             COALESCE(pg_total_relation_size(t.oid), 0) \
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
             LEFT JOIN pg_class t ON t.oid = c.reltoastrelid LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid \
             LEFT JOIN pg_inherits i ON i.inhrelid = c.oid AND c.relispartition \
             LEFT JOIN pg_class p ON p.oid = i.inhparent LEFT JOIN pg_namespace pn ON pn.oid = p.relnamespace \
             WHERE c.relkind IN ('r', 'm', 'p', 'f') AND c.relpersistence <> 't' AND n.nspname NOT IN {SYSTEM} \
             AND n.nspname NOT LIKE 'pg\\_t%' ORDER BY c.oid",
            moment("s.last_vacuum"),
            moment("s.last_autovacuum"),
            moment("s.last_analyze"),
            moment("s.last_autoanalyze"),
        ),
        &[],
    )?;
    let mut names = Names::new();
    for row in &rows {
        let count = |at: usize| row.get::<_, Option<i64>>(at).map(unsigned).unwrap_or_default();
        let mut options = BTreeMap::new();
        for (at, prefix) in [(22, ""), (23, "toast.")] {
            for option in row.get::<_, Option<Vec<String>>>(at).into_iter().flatten() {
                if let Some((name, value)) = option.split_once('=') {
                    options.insert(format!("{prefix}{name}"), value.to_owned());
                }
            }
        }
        let table = TableActivity {
            kind: match row.get::<_, &str>(3) {
                "p" => Kind::Partitioned,
                "m" => Kind::MaterializedView,
                "f" => Kind::Foreign,
                _ => Kind::Table,
            },
            partition_of: row
                .get::<_, Option<u32>>(4)
                .and_then(|_| Some(django_name(row.get::<_, Option<&str>>(5)?, row.get::<_, Option<&str>>(6)?))),
            partition_key: row.get(7),
            live_rows: count(8),
            dead_rows: count(9),
            inserts: count(10),
            updates: count(11),
            hot_updates: count(12),
            deletes: count(13),
            changed_since_analyze: count(14),
            inserted_since_vacuum: count(15),
            sequential_scans: count(16),
            index_scans: count(17),
            last_vacuum: row.get(18),
            last_autovacuum: row.get(19),
            last_analyze: row.get(20),
            last_autoanalyze: row.get(21),
            options,
            transaction_age: count(24),
            multixact_age: count(25),
            toast_bytes: count(26),
            ..TableActivity::default()
        };
        let name = django_name(row.get(1), row.get(2));
        names.insert(row.get(0), name.clone());
        activity.tables.insert(name, table);
    }
    Ok(names)
}

fn columns(client: &mut impl GenericClient, version: i32, names: &Names, activity: &mut Activity) -> Result<(), Error> {
    let compression = if version >= WITH_COMPRESSION { "a.attcompression::text" } else { "''" };
    let rows = client.query_typed(
        &format!(
            "SELECT a.attrelid, a.attname::text, a.attstorage::text, {compression}, a.attstattarget::int4 FROM pg_attribute a \
             JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
             WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'm', 'p') AND n.nspname NOT IN {SYSTEM} \
             AND (a.attlen = -1 OR COALESCE(a.attstattarget, -1) >= 0) ORDER BY a.attrelid, a.attnum"
        ),
        &[],
    )?;
    for row in &rows {
        let table = names.get(&row.get(0)).and_then(|name| activity.tables.get_mut(name));
        let Some(table) = table else { continue };
        let storage = match row.get::<_, &str>(2) {
            "p" => "plain",
            "e" => "external",
            "m" => "main",
            _ => "extended",
        };
        let compression = match row.get::<_, &str>(3) {
            "p" => Some("pglz".to_owned()),
            "l" => Some("lz4".to_owned()),
            _ => None,
        };
        let statistics_target = row.get::<_, Option<i32>>(4).and_then(|target| u32::try_from(target).ok());
        table.columns.insert(row.get(1), ColumnStorage { storage: storage.to_owned(), compression, statistics_target });
    }
    Ok(())
}

fn indexes(client: &mut impl GenericClient, names: &Names, activity: &mut Activity) -> Result<(), Error> {
    let rows = client.query_typed(
        &format!(
            "SELECT i.indrelid, c.relname::text, pg_get_indexdef(c.oid), m.amname::text, COALESCE(s.idx_scan, 0), \
             COALESCE(s.idx_tup_read, 0), COALESCE(s.idx_tup_fetch, 0), pg_relation_size(c.oid), i.indisvalid, i.indisunique, \
             EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid AND k.contype IN ('p', 'u', 'x')), c.relispartition \
             FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
             JOIN pg_am m ON m.oid = c.relam LEFT JOIN pg_stat_all_indexes s ON s.indexrelid = c.oid \
             WHERE n.nspname NOT IN {SYSTEM} ORDER BY c.oid"
        ),
        &[],
    )?;
    for row in &rows {
        let table = names.get(&row.get(0)).and_then(|name| activity.tables.get_mut(name));
        let Some(table) = table else { continue };
        let index = IndexActivity {
            definition: row.get(2),
            method: row.get(3),
            scans: unsigned(row.get(4)),
            entries_read: unsigned(row.get(5)),
            rows_fetched: unsigned(row.get(6)),
            bytes: unsigned(row.get(7)),
            valid: row.get(8),
            unique: row.get(9),
            of_constraint: row.get(10),
            of_partition: row.get(11),
        };
        table.indexes.insert(row.get(1), index);
    }
    Ok(())
}

fn extended_statistics(client: &mut impl GenericClient, names: &Names, activity: &mut Activity) -> Result<(), Error> {
    let rows = client.query_typed(
        "SELECT s.stxrelid, s.stxname::text, array_agg(a.attname::text ORDER BY a.attname) FROM pg_statistic_ext s \
         JOIN pg_attribute a ON a.attrelid = s.stxrelid AND a.attnum = ANY (s.stxkeys) GROUP BY s.oid, 1, 2 ORDER BY s.oid",
        &[],
    )?;
    for row in &rows {
        if let Some(table) = names.get(&row.get(0)).and_then(|name| activity.tables.get_mut(name)) {
            table.extended_statistics.insert(row.get(1), row.get(2));
        }
    }
    Ok(())
}

fn sequences(client: &mut impl GenericClient, activity: &mut Activity) -> Result<(), Error> {
    // A sequence's value is for those to see who may use it.
    let rows = client.query_typed(
        &format!(
            "SELECT n.nspname::text, c.relname::text, y.typname::text, v.last_value, q.seqmax, q.seqincrement, q.seqcycle, \
             tn.nspname::text, t.relname::text, a.attname::text, ay.typname::text, d.deptype::text, \
             has_sequence_privilege(c.oid, 'USAGE,SELECT') \
             FROM pg_sequence q JOIN pg_class c ON c.oid = q.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
             JOIN pg_type y ON y.oid = q.seqtypid \
             LEFT JOIN pg_sequences v ON v.schemaname = n.nspname AND v.sequencename = c.relname \
             LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass \
               AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0 \
             LEFT JOIN pg_class t ON t.oid = d.refobjid LEFT JOIN pg_namespace tn ON tn.oid = t.relnamespace \
             LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid LEFT JOIN pg_type ay ON ay.oid = a.atttypid \
             WHERE c.relpersistence <> 't' AND n.nspname NOT IN {SYSTEM} ORDER BY 1, 2"
        ),
        &[],
    )?;
    let mut hidden = 0;
    for row in &rows {
        hidden += usize::from(!row.get::<_, bool>(12));
        let text = |at: usize| row.get::<_, Option<String>>(at);
        let owner =
            text(7).zip(text(8)).zip(text(9)).zip(text(10)).map(|(((schema, table), column), type_)| SequenceOwner {
                table: django_name(&schema, &table),
                column,
                type_,
                identity: text(11).as_deref() == Some("i"),
            });
        activity.sequences.push(Sequence {
            name: django_name(row.get(0), row.get(1)),
            type_: row.get(2),
            last_value: row.get(3),
            max_value: row.get(4),
            increment: row.get(5),
            cycles: row.get(6),
            owner,
        });
    }
    if hidden > 0 {
        activity.not_seen.push(format!(
            "how far {hidden} sequences have come: the role may not use them (`GRANT SELECT ON ALL SEQUENCES`)"
        ));
    }
    Ok(())
}

/// The dearest statements of this database; empty where `pg_stat_statements` is not installed.
///
/// # Errors
/// As [`super::statistics`], or the extension's library is not loaded.
pub fn statements(client: &mut impl GenericClient) -> Result<Statements, Error> {
    let found = client.query_typed(
        "SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace \
         JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = 'pg_stat_statements' \
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'total_exec_time' WHERE e.extname = 'pg_stat_statements'",
        &[],
    )?;
    let Some(schema) = found.first().map(|row| row.get::<_, String>(0)) else { return Ok(Statements::default()) };
    let rows = client.query_typed(
        &format!(
            "SELECT query, sum(calls)::int8, sum(total_exec_time)::float8, sum(rows)::int8 FROM {schema}.pg_stat_statements s \
             JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = current_database() AND query ~* \
             '^\\s*(select|insert|update|delete|with|merge|<insufficient privilege>)' \
             GROUP BY query ORDER BY 3 DESC, 1 LIMIT {STATEMENTS}"
        ),
        &[],
    )?;
    let mut statements = Statements::default();
    for row in &rows {
        let text = row.get::<_, String>(0);
        let calls = unsigned(row.get(1));
        if text.starts_with('<') {
            statements.hidden_calls += calls;
            continue;
        }
        let total_ms: f64 = row.get(2);
        let mean_ms = total_ms / (calls.max(1) as f64);
        statements.seen.push(StatementActivity { text, calls, total_ms, mean_ms, rows: unsigned(row.get(3)) });
    }
    Ok(statements)
}

/// What `pg_stat_statements` shows a role.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Statements {
    pub seen: Vec<StatementActivity>,
    /// Calls of statements of other roles, whose texts are hidden.
    pub hidden_calls: u64,
}
