//! `pgwright tune`: how the database should keep its tables.

mod json;
mod text;

use camino::Utf8PathBuf;
use pgwright_django::Extent;
use pgwright_schema::activity::Activity;
use pgwright_schema::tune::{Disk, Facts, Hardware, Recommendation, Usage, tune};

use crate::Status;
use crate::cli::{DiskArg, FactFormat, ProjectArgs, TuneArgs};
use crate::failure::Failure;
use crate::ground::{Basis, Ground, Measured, read_snapshot};
use crate::output::Output;
use crate::place::{model_named, names};
use crate::session::{Reading, Session};

/// What is assumed of a server that nobody asked: the newest.
const MAJOR: u32 = 18;

/// Everything a run found, as all forms of output show it.
struct Report {
    ground: Ground,
    /// The server's version, where one was asked.
    server: Option<String>,
    advice: Vec<Advice>,
}

/// A recommendation with the model it is about.
pub(crate) struct Advice {
    pub(crate) recommendation: Recommendation,
    pub(crate) model: Option<Model>,
}

pub(crate) struct Model {
    pub(crate) label: String,
    /// Where the class is written; None for those that Django or a library makes.
    pub(crate) place: Option<(String, u32)>,
}

pub(crate) fn run(args: &TuneArgs, output: &Output) -> Result<Status, Failure> {
    // The first argument is the project when there is such a folder.
    let (wanted, rest) = match args.targets.split_first() {
        Some((first, rest)) if !camino::Utf8Path::new(first).exists() => (Some(first.as_str()), rest),
        _ => (None, args.targets.as_slice()),
    };
    let paths: Vec<Utf8PathBuf> =
        if rest.is_empty() { vec![".".into()] } else { rest.iter().map(Into::into).collect() };
    let session = Session::open(&ProjectArgs { paths, options: args.options.clone() })?.reading(Extent::Workload);
    let measured = match &args.database_url {
        Some(url) => Some(Measured { basis: Basis::Live, snapshot: crate::snapshot::of_database(Some(url), output)? }),
        None => read_snapshot(args.statistics.as_deref(), &session)?,
    };
    let reading = session.read();
    if let Some(wanted) = wanted {
        model_named(wanted, &reading.project.models)?;
    }
    let hardware = Hardware {
        memory: args.memory,
        disk: args.disk.map(|disk| match disk {
            DiskArg::Ssd => Disk::Solid,
            DiskArg::Hdd => Disk::Spinning,
        }),
    };
    let database = Asked::of(measured.as_ref());
    let ground = Ground::new(&session, &reading, measured);
    let advice = advise(&session, &reading, &ground, &database, hardware).into_iter();
    let of_wanted = |advice: &Advice| {
        wanted.is_none_or(|wanted| advice.model.as_ref().is_some_and(|model| names(&model.label, wanted)))
    };
    let advice = advice.filter(of_wanted).collect();
    if database.activity.is_empty() && matches!(ground.basis, Basis::Snapshot(_)) {
        output.warning(
            "the snapshot has statistics alone, so most rules have nothing to go by: take it again with this pgwright, from the database",
        );
    }
    let report = Report { ground, server: database.server, advice };
    output.data(&match args.format {
        FactFormat::Text => text::render(&report, output.styled()),
        FactFormat::Json => json::render(&report),
    })?;
    Ok(Status::Clean)
}

/// What was asked of a database beside its statistics.
pub(crate) struct Asked {
    server: Option<String>,
    activity: Activity,
    major: u32,
}

impl Asked {
    pub(crate) fn of(measured: Option<&Measured>) -> Asked {
        match measured {
            Some(Measured { snapshot, .. }) => Asked {
                server: Some(snapshot.server.version.clone()),
                activity: snapshot.activity.clone(),
                major: snapshot.server.major().unwrap_or(MAJOR),
            },
            None => Asked { server: None, activity: Activity::default(), major: MAJOR },
        }
    }
}

/// What is recommended for the tables of a project.
pub(crate) fn advise(
    session: &Session,
    reading: &Reading,
    ground: &Ground,
    database: &Asked,
    hardware: Hardware,
) -> Vec<Advice> {
    let sent = reading.project.workload.queries.iter().filter_map(|issued| issued.sql.as_deref().ok());
    let usage = Usage::of(sent.chain(database.activity.statements.iter().map(|statement| statement.text.as_str())));
    let facts = Facts {
        schema: &ground.schema,
        statistics: &ground.statistics,
        activity: &database.activity,
        major: database.major,
        usage: &usage,
        hardware,
    };
    let advice = tune(&facts).into_iter().map(|recommendation| {
        let model = recommendation.table.as_deref().and_then(|table| model(table, session, reading));
        Advice { recommendation, model }
    });
    advice.collect()
}

fn model(table: &str, session: &Session, reading: &Reading) -> Option<Model> {
    let model = reading.project.models.all.iter().find(|model| model.table == table && model.has_table())?;
    let place = model.site.as_ref().map(|site| {
        let file = reading.files.get(site.name.file);
        (session.relative(reading.files.path(site.name.file)).to_string(), file.position(site.name.start).line)
    });
    Some(Model { label: model.label(), place })
}
