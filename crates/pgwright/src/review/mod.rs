//! `pgwright review`: hard stops, the Explain plan, the Schema and the Tuning in one report.
//!
//! Nothing is found out here: the report is put together of what `check`, `explain`, `schema` and `tune` give.

mod charts;
mod folding;
mod growth;
mod html;
mod json;
mod markdown;
mod plans;
mod since;
mod tables;
mod text;

use pgwright_diagnostics::{Diagnostic, Severity};
use pgwright_django::Extent;
use pgwright_django::migrations::write::AppMigrations;
use pgwright_django::model::Model;
use pgwright_rules::Judged;
use pgwright_schema::tune::{Hardware, Recommendation};
use serde::Serialize;

use self::growth::Growth;
use self::plans::Plans;
use self::since::{Change, Since};
use crate::Status;
use crate::check::{configured, judge_migrations, understood};
use crate::cli::{ReviewArgs, ReviewFormat};
use crate::explain::all_queries;
use crate::explain::text::basis;
use crate::failure::Failure;
use crate::ground::{Basis, Ground, read_snapshot, sizes};
use crate::output::Output;
use crate::render::Look;
use crate::schema::correct::{Corrected, Reason, Site, correct, is_about_models, reason};
use crate::session::{Session, relative};
use crate::tune::{Asked, advise};

/// The report, as all forms of output show it.
struct Review {
    /// What the change is that the report is on; none where it is on all.
    since: Option<Since>,
    hard_stops: Vec<Finding>,
    plans: Plans,
    /// Findings on the code that sends queries, and on migrations.
    code: Vec<Finding>,
    schema: Vec<Corrected>,
    migrations: Vec<AppMigrations>,
    tuning: Vec<Advice>,
    /// Where sizes and statistics come from.
    basis: String,
    /// That sizes are assumed, and how to get real ones.
    warning: Option<String>,
    understood: Understood,
}

/// A finding with its place.
#[derive(Debug, Serialize)]
struct Finding {
    file: String,
    line: u32,
    #[serde(flatten)]
    reason: Reason,
}

#[derive(Serialize)]
struct Advice {
    model: Option<String>,
    #[serde(flatten)]
    recommendation: Recommendation,
}

/// What share of the project the report rests on.
#[derive(Debug, Serialize)]
struct Understood {
    models: usize,
    models_understood: usize,
    /// Places that send queries, and those of them with a known text.
    sites: usize,
    sites_resolved: usize,
    open: Vec<Open>,
}

#[derive(Debug, Serialize)]
struct Open {
    subject: String,
    reason: String,
    place: Option<Site>,
}

/// Tables without statistics that are named.
const NAMED: usize = 5;

/// What costs rest on where nobody measured the tables.
fn warning(ground: &Ground) -> Option<String> {
    let assumed: Vec<&str> = ground.assumed_tables().collect();
    let what = match &ground.basis {
        Basis::Live => return None,
        Basis::Snapshot(_) if assumed.is_empty() => return None,
        Basis::Snapshot(path) => {
            let few = assumed.iter().take(NAMED).map(|table| format!("`{table}`")).collect::<Vec<_>>().join(", ");
            let more = assumed.len().saturating_sub(NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            format!("Sizes of {} tables are assumed, because `{path}` does not have them: {few}{more}", assumed.len())
        }
        Basis::Assumed => "Sizes are assumed, nobody measured them".to_owned(),
    };
    Some(format!(
        "{what}: costs and their order may be others in your database. `pgwright snapshot --database-url …` reads \
         the real ones, without data, into a file that the next review goes by"
    ))
}

pub(crate) fn run(args: &ReviewArgs, output: &Output) -> Result<Status, Failure> {
    let session = Session::open(&args.project)?.reading(Extent::Workload).with_history();
    let selection = configured(&session.config)?;
    let measured = read_snapshot(args.statistics.as_deref(), &session)?;
    let change = args
        .since
        .as_deref()
        .map(|revision| Change::read(revision, &args.project, &selection, measured.as_ref()))
        .transpose()?;
    let (planner, reading) = plans::planner(args, &session, measured.as_ref())?;
    let mut session = session;
    let known = change.as_ref().map(|change| &change.known);
    let migrations = change.as_ref().map(|change| change.migrations(&reading));
    let judged = migrations.as_deref().map_or(Judged::Last, Judged::These);
    let first = judge_migrations(&session, reading, &selection, known, measured.as_ref(), judged);
    let sizes = sizes(&session, &first.reading, measured.as_ref());
    let shown = session.shown.clone();

    session = session.models_alone();
    let in_shown: Vec<bool> = {
        let shows = |model: &Model| {
            model.site.as_ref().is_some_and(|site| session.shows(first.reading.files.path(site.name.file)))
        };
        first.reading.project.models.all.iter().map(shows).collect()
    };
    let is_wanted = |model: &Model| in_shown.get(model.id.0 as usize).copied().unwrap_or_default();
    let corrections = correct(&mut session, &selection, known, measured.as_ref(), &first, &is_wanted);
    let after = corrections.outcome.audit.as_ref().map(|audit| &audit.reading);

    let database = Asked::of(measured.as_ref());
    let ground = Ground::new(&session, &first.reading, measured);
    let mut queries = all_queries(&session, &first.reading);
    let mut tuning = advise(&session, &first.reading, &ground, &database, Hardware::default());
    let mut since = None;
    if let Some(change) = &change {
        let mut parted = change.part(queries, &ground.schema);
        queries = std::mem::take(&mut parted.new);
        since = Some(change.since(&shown, &first.reading, &sizes, &ground, parted, &planner)?);
        let recommended = change.recommended(&database);
        tuning.retain(|advice| !recommended(&advice.recommendation));
    }
    let follow = if args.format == ReviewFormat::Html { Growth::Followed } else { Growth::Left };
    let plans = plans::plans(planner, &session, queries, after, &ground, follow)?;

    let files = &first.reading.files;
    let finding = |found: &Diagnostic| Finding {
        file: relative(&shown, files.path(found.primary.span.file)).to_string(),
        line: files.start(found.primary.span).line,
        reason: reason(&shown, &first, found),
    };
    let is_stop = |found: &&Diagnostic| found.severity == Severity::Error;
    let about_models: Vec<&str> =
        selection.rules().iter().filter(|rule| is_about_models(rule)).map(|rule| rule.name).collect();
    let (models_understood, models) = understood(&first.reading.project);
    let coverage = first.reading.project.workload.coverage;
    let mut code: Vec<Finding> = first
        .found
        .iter()
        .filter(|found| !is_stop(found) && !about_models.contains(&found.rule))
        .map(finding)
        .collect();
    code.sort_by_key(|found| std::cmp::Reverse((found.reason.severity, found.reason.confidence)));
    let mut classes = corrections.models;
    if let Some(since) = &since {
        classes.retain(|corrected| {
            let is_changed = || since.tables.iter().any(|table| table.model.as_ref() == Some(&corrected.model));
            !corrected.changes.is_empty() || !corrected.open.is_empty() || is_changed()
        });
    }
    let review = Review {
        since,
        hard_stops: first.found.iter().filter(is_stop).map(finding).collect(),
        plans,
        code,
        schema: classes,
        migrations: corrections.migrations,
        tuning: tuning
            .into_iter()
            .map(|advice| Advice {
                model: advice.model.map(|model| model.label),
                recommendation: advice.recommendation,
            })
            .collect(),
        basis: basis(&ground),
        warning: warning(&ground),
        understood: Understood {
            models,
            models_understood,
            sites: coverage.sites,
            sites_resolved: coverage.resolved,
            open: first
                .reading
                .project
                .unresolved
                .iter()
                .map(|open| Open {
                    subject: open.subject.clone(),
                    reason: open.reason.clone(),
                    place: open.site.map(|site| Site {
                        file: relative(&shown, first.reading.files.path(site.file)).to_string(),
                        line: first.reading.files.start(site).line,
                        what: String::new(),
                    }),
                })
                .collect(),
        },
    };
    let look = Look { styled: output.styled() && args.output_file.is_none(), width: output.width() };
    let text = match args.format {
        ReviewFormat::Text => text::render(&review, look),
        ReviewFormat::Json => json::render(&review),
        ReviewFormat::Html => html::render(&review, &tables::tables(&first.reading.project, &ground)),
        ReviewFormat::Markdown => markdown::render(&review),
    };
    output.data_to(args.output_file.as_deref(), &text)?;
    Ok(if review.hard_stops.is_empty() { Status::Clean } else { Status::Findings })
}
