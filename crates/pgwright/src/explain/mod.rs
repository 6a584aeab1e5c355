//! `pgwright explain`: the plan of a query, of a model's queries, or of all.

mod dot;
mod json;
mod planning;
mod request;
mod text;

use camino::{Utf8Path, Utf8PathBuf};
use pgwright_django::Extent;
use pgwright_django::schema::{Scope, schema_of};
use pgwright_postgres::cluster::usual_locales;
use pgwright_postgres::{Cluster, Search, Shadow, Snapshot, installation, shadow::Definition, snapshot};
use pgwright_schema::assume::assume;
use pgwright_schema::scale::{scale, steps};
use pgwright_schema::{Schema, Statistics};

use crate::Status;
use crate::cli::{ExplainArgs, PlanFormat};
use crate::explain::planning::{Explained, Planner, Query, plan_all};
use crate::explain::request::{Request, Wanted};
use crate::failure::Failure;
use crate::output::Output;
use crate::session::{Reading, Session};

/// What plans are based on.
pub(crate) struct Ground {
    pub(crate) schema: Schema,
    pub(crate) statistics: Statistics,
    pub(crate) basis: Basis,
}

/// Where statistics come from.
pub(crate) enum Basis {
    /// No database was asked.
    Assumed,
    Snapshot(Utf8PathBuf, Box<Snapshot>),
    Live,
}

/// Everything a run found, as all forms of output show it.
struct Report {
    /// Version of the server whose planner was asked.
    server: String,
    ground: Ground,
    explained: Vec<Explained>,
    /// Statements of the schema that the server refused.
    left_out: Vec<pgwright_postgres::shadow::LeftOut>,
}

pub(crate) fn run(args: &ExplainArgs, output: &Output) -> Result<Status, Failure> {
    let request = Request::new(args)?;
    let session = Session::open(&request.project)?;
    let extent = if matches!(request.wanted, Wanted::Sql(_)) { Extent::Models } else { Extent::Workload };
    let session = session.reading(extent);
    let report = match &args.database_url {
        Some(url) => ask_live(url, &session, &request)?,
        None => ask_shadow(args, &session, &request)?,
    };
    for left_out in &report.left_out {
        output.warning(&format!("not in the planner's schema: {}: {}", left_out.statement, left_out.reason));
    }
    output.data(&match args.format {
        PlanFormat::Text => text::render(&report, &text::Style { coloured: output.styled(), width: output.width() }),
        PlanFormat::Json => json::render(&report),
        PlanFormat::Dot => dot::render(&report),
    })?;
    Ok(Status::Clean)
}

/// Plans of a database that is not ours.
fn ask_live(url: &str, session: &Session, request: &Request) -> Result<Report, Failure> {
    let mut live = crate::snapshot::connect(Some(url))?;
    let server = live.server()?.server;
    let statistics = live.statistics()?;
    let reading = session.read();
    let queries = request.queries(session, &reading)?;
    let explained = plan_all(&mut Planner::Live(Box::new(live)), queries, &statistics)?;
    let ground = Ground { schema: Schema::default(), statistics, basis: Basis::Live };
    Ok(Report { server: server.version, ground, explained, left_out: Vec::new() })
}

/// Plans of a private server without data.
fn ask_shadow(args: &ExplainArgs, session: &Session, request: &Request) -> Result<Report, Failure> {
    let snapshot = read_snapshot(args.statistics.as_deref(), session)?;
    let search = Search {
        given: args.postgres_bin.as_ref().map(|path| path.clone().into()),
        site_packages: session.site_packages().iter().map(|path| path.clone().into()).collect(),
        major: snapshot.as_ref().and_then(|(_, snapshot)| snapshot.server.major()),
    };
    let installation = installation::find(&search)?;
    let locales = locales(snapshot.as_ref().map(|(_, snapshot)| snapshot));
    // The server starts while the project is read.
    let (cluster, reading) = std::thread::scope(|scope| {
        let cluster = scope.spawn(|| Cluster::start(&installation, &locales));
        let reading = session.read();
        (cluster.join(), reading)
    });
    let cluster = cluster.map_err(|_| Failure::new("starting PostgreSQL failed"))??;
    let queries = request.queries(session, &reading)?;
    let ground = ground(session, &reading, snapshot);
    plan(args, cluster, ground, queries, &locales)
}

fn plan(
    args: &ExplainArgs,
    cluster: Cluster,
    mut ground: Ground,
    queries: Vec<Query>,
    locales: &[String],
) -> Result<Report, Failure> {
    let (from, to) = args.scale.unwrap_or((1.0, 1.0));
    let installation = cluster.installation.clone();
    let original = ground.statistics.clone();
    ground.statistics = scale(&original, &ground.schema, from);
    let mut shadow = build(cluster, &ground, &ground.statistics)?;
    let left_out = std::mem::take(&mut shadow.left_out);
    let mut explained = plan_all(&mut Planner::Shadow(Box::new(shadow)), queries, &ground.statistics)?;
    for factor in steps(from, to).into_iter().skip(1) {
        let grown = scale(&original, &ground.schema, factor);
        let mut shadow = build(Cluster::start(&installation, locales)?, &ground, &grown)?;
        for explained in &mut explained {
            explained.grow(&mut shadow, factor, &grown);
        }
    }
    Ok(Report { server: installation.version.to_string(), ground, explained, left_out })
}

fn build(cluster: Cluster, ground: &Ground, statistics: &Statistics) -> Result<Shadow, Failure> {
    let mut definition = Definition::of(&ground.schema, statistics);
    let mut settings = Vec::new();
    if let Basis::Snapshot(_, snapshot) = &ground.basis {
        settings.extend(snapshot.settings.clone());
        definition.extensions.extend(snapshot.extensions.iter().filter(|name| *name == "pg_trgm").cloned());
        definition.extensions.sort();
        definition.extensions.dedup();
    }
    Ok(Shadow::build(cluster, &definition, statistics, &settings)?)
}

/// Schema and statistics: the snapshot's where there is one, otherwise what the configuration assumes, otherwise what is usual.
pub(crate) fn ground(session: &Session, reading: &Reading, snapshot: Option<(Utf8PathBuf, Snapshot)>) -> Ground {
    let schema = schema_of(&reading.project, Scope::All).schema;
    let measured = snapshot.as_ref().map(|(_, snapshot)| snapshot.statistics.clone()).unwrap_or_default();
    let models = &reading.project.models;
    let configured = |table: &str| {
        let mut assumed = session.config.assumed_rows.iter();
        assumed
            .find(|(label, _)| models.all.iter().any(|model| model.table == table && model.label() == **label))
            .map(|(_, rows)| *rows)
    };
    let mut statistics = assume(&schema, &measured, &configured);
    statistics.tables.extend(measured.tables);
    let basis = match snapshot {
        Some((path, snapshot)) => Basis::Snapshot(path, Box::new(snapshot)),
        None => Basis::Assumed,
    };
    Ground { schema, statistics, basis }
}

/// The snapshot given, or the project's own.
pub(crate) fn read_snapshot(
    given: Option<&Utf8Path>,
    session: &Session,
) -> Result<Option<(Utf8PathBuf, Snapshot)>, Failure> {
    let path = match given {
        Some(path) => path.to_owned(),
        None => {
            let folders = crate::session::upwards(&session.shown[0]).into_iter();
            match folders.map(|folder| folder.join(snapshot::FILE_NAME)).find(|path| path.is_file()) {
                Some(path) => path,
                None => return Ok(None),
            }
        }
    };
    let text = std::fs::read_to_string(&path).map_err(|error| Failure::write("read", &path, &error))?;
    let snapshot = Snapshot::parse(&text).map_err(|error| Failure::Message {
        message: format!("`{path}` cannot be used: {}", error.message),
        hints: error.hints,
    })?;
    Ok(Some((path, snapshot)))
}

/// The database's own locale first, where this machine has it.
pub(crate) fn locales(snapshot: Option<&Snapshot>) -> Vec<String> {
    let mut locales: Vec<String> = snapshot.iter().map(|snapshot| snapshot.server.collation.clone()).collect();
    locales.extend(usual_locales());
    locales.retain(|locale| !locale.is_empty());
    locales.dedup();
    locales
}
