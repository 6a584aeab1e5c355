//! `pgwright explain`: the plan of a query, of a model's queries, or of all.

mod dot;
mod json;
pub(crate) mod planning;
pub(crate) mod request;
pub(crate) mod text;

use pgwright_django::Extent;
use pgwright_postgres::shadow::LeftOut;
use pgwright_schema::Schema;
use pgwright_schema::scale::{scale, steps};

use crate::Status;
use crate::cli::{ExplainArgs, PlanFormat};
use crate::explain::planning::{Explained, Planner, Query, plan_all};
use crate::explain::request::{Request, Wanted};
use crate::failure::Failure;
use crate::ground::{Basis, Ground, read_snapshot};
use crate::output::Output;
use crate::session::{Reading, Session};
use crate::shadow::Setup;

/// Everything a run found, as all forms of output show it.
struct Report {
    /// Version of the server whose planner was asked.
    server: String,
    ground: Ground,
    explained: Vec<Explained>,
    /// Statements of the schema that the server refused.
    left_out: Vec<LeftOut>,
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

/// Every query of the project, each text once.
pub(crate) fn all_queries(session: &Session, reading: &Reading) -> Vec<Query> {
    request::queries(session, reading, &|_| true)
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
    let measured = read_snapshot(args.statistics.as_deref(), session)?;
    let setup = Setup::new(args.postgres_bin.as_deref(), session, measured.as_ref())?;
    let (cluster, reading) = setup.start_and_read(session)?;
    let queries = request.queries(session, &reading)?;
    let mut ground = Ground::new(session, &reading, measured);
    let (from, to) = args.scale.unwrap_or((1.0, 1.0));
    let original = ground.statistics.clone();
    ground.statistics = scale(&original, &ground.schema, from);
    let mut shadow = setup.build(cluster, &ground.schema, &ground.statistics)?;
    let left_out = std::mem::take(&mut shadow.left_out);
    let mut explained = plan_all(&mut Planner::Shadow(Box::new(shadow)), queries, &ground.statistics)?;
    for factor in steps(from, to).into_iter().skip(1) {
        let grown = scale(&original, &ground.schema, factor);
        let mut shadow = setup.build(setup.start()?, &ground.schema, &grown)?;
        for explained in &mut explained {
            explained.grow(&mut shadow, factor, &grown);
        }
    }
    Ok(Report { server: setup.installation.version.to_string(), ground, explained, left_out })
}
