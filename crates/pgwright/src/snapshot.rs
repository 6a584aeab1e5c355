//! `pgwright snapshot`: what planning needs to know of a database, into a file.

use std::collections::BTreeMap;

use camino::Utf8Path;
use pgwright_django::schema::{Scope, schema_of};
use pgwright_postgres::live::{Address, Limits};
use pgwright_postgres::snapshot::{FILE_NAME, Server, VERSION};
use pgwright_postgres::{Live, Snapshot, dump};
use pgwright_schema::PgType;
use pgwright_schema::activity::Activity;
use pgwright_schema::plan::{count, grouped};
use pgwright_schema::privacy;

use crate::Status;
use crate::cli::SnapshotArgs;
use crate::failure::Failure;
use crate::output::Output;
use crate::session::Session;

pub(crate) fn run(args: &SnapshotArgs, output: &Output) -> Result<Status, Failure> {
    let mut snapshot = match &args.from_pg_dump {
        Some(path) => of_dump(path, args)?,
        None => of_database(args.database_url.as_deref(), output)?,
    };
    let tables = snapshot.statistics.tables.iter();
    let never: Vec<&str> = tables.filter(|(_, table)| table.size.rows < 0.0).map(|(name, _)| name.as_str()).collect();
    if !never.is_empty() {
        output.warning(&format!("never analyzed, so without numbers: {}", never.join(", ")));
    }
    privacy::keep(&mut snapshot.statistics, args.values.into());
    privacy::keep_statements(&mut snapshot.activity, args.values.into());
    let rows: f64 = snapshot.statistics.tables.values().map(|table| table.size.rows_today()).sum();
    match args.output_file.as_deref() {
        Some(path) if path == "-" => output.data(&snapshot.to_text())?,
        path => {
            let path = path.unwrap_or(Utf8Path::new(FILE_NAME));
            output.data_to(Some(path), &snapshot.to_text())?;
            let (tables, version) = (snapshot.statistics.tables.len() as f64, &snapshot.server.version);
            output.remark(&format!(
                "wrote `{path}`: {} tables, {} rows, PostgreSQL {version}",
                grouped(tables),
                count(rows)
            ));
        }
    }
    Ok(Status::Clean)
}

pub(crate) fn of_database(url: Option<&str>, output: &Output) -> Result<Snapshot, Failure> {
    measure(&mut connect(url)?, output)
}

/// All that a snapshot holds, of a database that is at hand.
pub(crate) fn measure(live: &mut Live, output: &Output) -> Result<Snapshot, Failure> {
    let facts = live.server()?;
    let statistics = live.statistics()?;
    let activity = live.activity()?;
    if statistics.tables.is_empty() {
        return Err(Failure::new("this database has no tables that the role may see")
            .hint("is it the right database? `--database-url` and PGDATABASE name it"));
    }
    for table in &facts.hidden_tables {
        output.warning(&format!("the role may not see the statistics of `{table}`: only its size is in the snapshot"));
    }
    for hidden in &activity.not_seen {
        output.warning(&format!("not in the snapshot: {hidden}"));
    }
    let (server, settings, extensions) = (facts.server, facts.settings, facts.extensions);
    Ok(Snapshot { version: VERSION, server, settings, extensions, statistics, activity })
}

/// A dump has neither the planner's settings nor the sizes of today.
fn of_dump(path: &Utf8Path, args: &SnapshotArgs) -> Result<Snapshot, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::write("read", &path, &error))?;
    let session = Session::open(&args.project)?;
    let mut schema = schema_of(&session.read().project, Scope::All).schema;
    let dump = dump::read(&text, &schema)
        .map_err(|error| Failure::Message { message: format!("`{path}`: {}", error.message), hints: error.hints })?;
    let mut statistics = dump.statistics;
    // A dump does not tell types, and without them no value is known to be harmless.
    for table in schema.tables.drain(..) {
        let Some(found) = statistics.tables.get_mut(&table.name) else { continue };
        for (name, column) in &mut found.columns {
            column.type_ = table.column(name).map(|column| catalogue_name(&column.type_));
        }
    }
    let server = dump.server.unwrap_or(Server { version: String::new(), collation: String::new() });
    let (settings, extensions, activity) = (BTreeMap::new(), Vec::new(), Activity::default());
    Ok(Snapshot { version: VERSION, server, settings, extensions, statistics, activity })
}

/// The catalogue's name of a type.
fn catalogue_name(type_: &PgType) -> String {
    let base = match type_.base.as_str() {
        "bigint" | "bigserial" => "int8",
        "integer" | "serial" => "int4",
        "smallint" | "smallserial" => "int2",
        "boolean" => "bool",
        "double precision" => "float8",
        "real" => "float4",
        "timestamp with time zone" => "timestamptz",
        "time with time zone" => "timetz",
        "char" => "bpchar",
        other => other,
    };
    if type_.is_array() { format!("_{base}") } else { base.to_owned() }
}

/// A session with the database that the address, or libpq's variables and files, name.
pub(crate) fn connect(url: Option<&str>) -> Result<Live, Failure> {
    let address = Address::find(url, &|name| std::env::var(name).ok())?;
    Ok(Live::connect(&address, Limits::default())?)
}
