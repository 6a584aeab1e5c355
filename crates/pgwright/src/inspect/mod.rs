//! `pgwright inspect`: the facts.

mod migrations;
mod models;
mod project;
mod queries;
mod schema;
mod value;

use pgwright_diagnostics::Files;
use pgwright_django::Extent;
use pgwright_django::project::Unresolved;
use serde::Serialize;

use crate::Status;
use crate::cli::{Inspect, InspectArgs, ProjectArgs};
use crate::failure::Failure;
use crate::output::Output;
use crate::session::{Reading, Session};
pub(crate) use migrations::is_named;

pub(crate) fn run(args: &InspectArgs, output: &Output) -> Result<Status, Failure> {
    let text = match &args.what {
        Inspect::Models(args) => {
            let (session, reading) = open(&args.project, output)?;
            models::render(args, &session, &reading)
        }
        Inspect::Schema(args) => {
            let (session, reading) = open(&args.project, output)?;
            schema::render(args, &session, &reading)
        }
        Inspect::Queries(args) => {
            let (session, reading) = open_to(&args.project, Extent::Workload, output)?;
            queries::render(args, &session, &reading)
        }
        Inspect::Migrations(args) => {
            let (session, reading) = opened(Session::open(&args.project)?.with_history(), output);
            migrations::render(args, &session, &reading)
        }
        Inspect::Project(args) => {
            let (session, reading) = open(&args.project, output)?;
            project::render(args, &session, &reading)
        }
    };
    output.data(&text)?;
    Ok(Status::Clean)
}

fn open(args: &ProjectArgs, output: &Output) -> Result<(Session, Reading), Failure> {
    open_to(args, Extent::Models, output)
}

fn open_to(args: &ProjectArgs, extent: Extent, output: &Output) -> Result<(Session, Reading), Failure> {
    Ok(opened(Session::open(args)?.reading(extent), output))
}

fn opened(session: Session, output: &Output) -> (Session, Reading) {
    let reading = session.read();
    // What reading reported is no fact about the project; it is said, once, where it does not disturb.
    for diagnostic in &reading.project.diagnostics {
        let (path, at) =
            (reading.files.path(diagnostic.primary.span.file), reading.files.start(diagnostic.primary.span));
        let why = diagnostic.why.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
        output.warning(&format!("{path}:{}:{}: {}{why}", at.line, at.column, diagnostic.headline));
    }
    (session, reading)
}

/// Something that could not be understood.
#[derive(Serialize)]
struct Open<'a> {
    subject: &'a str,
    reason: &'a str,
    file: Option<&'a str>,
    line: Option<u32>,
}

fn unresolved<'a>(session: &Session, files: &'a Files, unresolved: &'a [Unresolved]) -> Vec<Open<'a>> {
    let open = |open: &'a Unresolved| Open {
        subject: &open.subject,
        reason: &open.reason,
        file: open.site.map(|site| session.relative(files.path(site.file)).as_str()),
        line: open.site.map(|site| files.start(site).line),
    };
    unresolved.iter().map(open).collect()
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default() + "\n"
}
