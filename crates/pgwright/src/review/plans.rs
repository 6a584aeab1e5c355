//! The queries that matter with their plans: PostgreSQL's own where a server can be started, else predicted.

use std::collections::{BTreeMap, HashMap};

use pgwright_postgres::Cluster;
use pgwright_rules::usual_server;
use pgwright_schema::parameters::PatternKind;
use pgwright_schema::plan::{Plan, count};
use pgwright_schema::predict::{Database, Prediction, Scan, predict};
use pgwright_schema::sql::{number_placeholders, parse_statement};
use pgwright_schema::statement::resolve_statement;
use serde::Serialize;

use super::folding::folded;
use super::growth::{self, Growth, Point};
use crate::cli::ReviewArgs;
use crate::explain::planning::{Explained, Planner, Query, Site, plan_all};
use crate::explain::text::{Style, tree};
use crate::failure::Failure;
use crate::ground::{Ground, Measured};
use crate::session::{Reading, Session};
use crate::shadow::Setup;

/// Queries that are shown; the report says how many there are.
const SHOWN: usize = 20;

/// Planner cost units below which a query is no concern: a few dozen pages.
pub(super) const CHEAP: f64 = 50.0;

/// Queries by model, the dearest first.
#[derive(Debug, Serialize)]
pub(super) struct Plans {
    /// PostgreSQL's version; none where nobody was asked and plans are predicted.
    pub(super) planner: Option<String>,
    /// Why no server could be asked.
    pub(super) reason: Option<String>,
    pub(super) statements: usize,
    pub(super) planned: usize,
    /// Those that cost enough to be shown, and are not.
    pub(super) more: usize,
    /// Why statements have no plan, the most frequent reason first.
    pub(super) unplanned: Vec<Unplanned>,
    /// What the planner's schema lacks.
    pub(super) left_out: Vec<LeftOut>,
    pub(super) models: Vec<OfModel>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Unplanned {
    pub(super) reason: String,
    pub(super) statements: usize,
}

/// A statement of the schema that the server refused, and why.
#[derive(Debug, Serialize)]
pub(super) struct LeftOut {
    pub(super) statement: String,
    pub(super) reason: String,
}

#[derive(Debug, Serialize)]
pub(super) struct OfModel {
    pub(super) model: String,
    pub(super) queries: Vec<Examined>,
}

#[derive(Debug, Serialize)]
pub(super) struct Examined {
    pub(super) sites: Vec<Sent>,
    /// As Django sends it, `%s` for each parameter.
    #[serde(skip)]
    pub(super) sent_as: String,
    /// Where values of patterns stand.
    #[serde(skip)]
    pub(super) pattern: PatternKind,
    /// With values in it where the planner was asked.
    pub(super) sql: String,
    /// What it mostly does.
    pub(super) sentence: String,
    /// Planner cost units.
    pub(super) cost: f64,
    /// Statements on the same model from places that this one names, which cost no more.
    pub(super) folded: usize,
    /// With the models as they should be.
    pub(super) after: Option<After>,
    /// The plan as text; empty where it is predicted.
    pub(super) plan: String,
    /// What the planner said; none where it is predicted.
    #[serde(skip)]
    pub(super) tree: Option<Plan>,
    /// What it costs at other sizes, where that was asked: only of the dearest.
    #[serde(skip)]
    pub(super) grown: Vec<Point>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Sent {
    pub(super) file: String,
    pub(super) line: u32,
    pub(super) function: String,
    pub(super) in_loop: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct After {
    pub(super) cost: f64,
    pub(super) sentence: String,
}

/// Who plans.
pub(super) enum Asking {
    Server(Box<Setup>, Cluster),
    /// Nobody, and why.
    Nobody(String),
}

/// Starts a server while the project is read, where there is one.
pub(super) fn planner(
    args: &ReviewArgs,
    session: &Session,
    measured: Option<&Measured>,
) -> Result<(Asking, Reading), Failure> {
    let started = Setup::new(args.postgres_bin.as_deref(), session, measured)
        .and_then(|setup| setup.start().map(|cluster| (setup, cluster)));
    match started {
        Ok((setup, cluster)) => Ok((Asking::Server(Box::new(setup), cluster), session.read())),
        Err(failure) if args.plan => Err(failure),
        Err(failure) => {
            let reason = match failure {
                Failure::Message { message, .. } | Failure::InFile { message, .. } => message,
                Failure::BrokenPipe => "it stopped".to_owned(),
            };
            Ok((Asking::Nobody(reason), session.read()))
        }
    }
}

/// Plans of these statements.
pub(super) fn plans(
    asking: Asking,
    session: &Session,
    queries: Vec<Query>,
    after: Option<&Reading>,
    ground: &Ground,
    follow: Growth,
) -> Result<Plans, Failure> {
    let statements = queries.len();
    let (planner, reason, setup, outcome) = match asking {
        Asking::Server(setup, cluster) => {
            let outcome = planned(&setup, cluster, queries, ground)?;
            (Some(setup.installation.version.to_string()), None, Some(setup), outcome)
        }
        Asking::Nobody(reason) => (None, Some(reason), None, predicted(queries, ground)),
    };
    let planned = outcome.examined.len();
    let mut shown = folded(outcome.examined.into_iter().filter(|(_, examined)| examined.cost >= CHEAP).collect());
    let more = shown.len().saturating_sub(SHOWN);
    shown.truncate(SHOWN);
    if let (Some(setup), Some(after)) = (&setup, after) {
        plan_again(&mut shown, setup, session, after, ground)?;
    }
    match &setup {
        _ if follow == Growth::Left => {}
        Some(setup) => growth::planned(&mut shown, setup, ground)?,
        None => growth::predicted(&mut shown, &usual_server(), ground),
    }
    let mut models: Vec<OfModel> = Vec::new();
    for (model, examined) in shown {
        match models.iter_mut().find(|of| of.model == model) {
            Some(of) => of.queries.push(examined),
            None => models.push(OfModel { model, queries: vec![examined] }),
        }
    }
    let unplanned = counted(outcome.unplanned);
    Ok(Plans { planner, reason, statements, planned, more, unplanned, left_out: outcome.left_out, models })
}

/// What became of the statements.
#[derive(Default)]
pub(super) struct Outcome {
    /// With the model each asks for, the dearest first.
    pub(super) examined: Vec<(String, Examined)>,
    /// A reason for each statement without a plan.
    unplanned: Vec<String>,
    left_out: Vec<LeftOut>,
}

impl Outcome {
    fn take(&mut self, explained: Explained) {
        match examined(explained) {
            Ok(examined) => self.examined.push(examined),
            Err(reason) => self.unplanned.push(reason),
        }
    }
}

fn counted(reasons: Vec<String>) -> Vec<Unplanned> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    reasons.into_iter().for_each(|reason| *counts.entry(reason).or_default() += 1);
    let mut counted: Vec<Unplanned> =
        counts.into_iter().map(|(reason, statements)| Unplanned { reason, statements }).collect();
    counted.sort_by_key(|unplanned| std::cmp::Reverse(unplanned.statements));
    counted
}

/// Statements on this schema alone, by a server of their own.
pub(super) fn examine(asking: &Asking, queries: Vec<Query>, ground: &Ground) -> Result<Outcome, Failure> {
    let Asking::Server(setup, _) = asking else { return Ok(predicted(queries, ground)) };
    planned(setup, setup.start()?, queries, ground)
}

/// By the planner, the dearest first.
fn planned(setup: &Setup, cluster: Cluster, queries: Vec<Query>, ground: &Ground) -> Result<Outcome, Failure> {
    let mut shadow = setup.build(cluster, &ground.schema, &ground.statistics)?;
    let mut outcome = Outcome::default();
    let refused = std::mem::take(&mut shadow.left_out);
    outcome.left_out =
        refused.into_iter().map(|refused| LeftOut { statement: refused.statement, reason: refused.reason }).collect();
    for explained in plan_all(&mut Planner::Shadow(Box::new(shadow)), queries, &ground.statistics)? {
        outcome.take(explained);
    }
    Ok(outcome)
}

/// A second time, with the models as they should be.
fn plan_again(
    shown: &mut [(String, Examined)],
    setup: &Setup,
    session: &Session,
    after: &Reading,
    ground: &Ground,
) -> Result<(), Failure> {
    let again = shown.iter().map(|(_, examined)| Query {
        sql: Ok(examined.sent_as.clone()),
        sites: Vec::new(),
        pattern: examined.pattern,
    });
    let schema = Ground::new(session, after, None).schema;
    let shadow = setup.build(setup.start()?, &schema, &ground.statistics)?;
    let mut then: HashMap<String, After> = HashMap::new();
    for explained in plan_all(&mut Planner::Shadow(Box::new(shadow)), again.collect(), &ground.statistics)? {
        let first = explained.plans.iter().flatten().next();
        if let (Some(planned), Ok(sql)) = (first, &explained.query.sql) {
            let after = After { cost: planned.plan.total_cost, sentence: planned.sentence.clone() };
            then.insert(sql.clone(), after);
        }
    }
    for (_, examined) in shown {
        examined.after = then.remove(&examined.sent_as);
    }
    Ok(())
}

fn examined(explained: Explained) -> Result<(String, Examined), String> {
    let planned = explained.plans?.into_iter().next().ok_or("the planner gave no plan")?;
    let mut plan = String::new();
    tree(&mut plan, &planned.plan, &Style { coloured: false, width: 110 });
    let examined = Examined {
        sites: sent(&explained.query.sites),
        sent_as: explained.query.sql?,
        pattern: explained.query.pattern,
        sql: planned.statement,
        sentence: planned.sentence,
        cost: planned.plan.total_cost,
        folded: 0,
        after: None,
        plan,
        tree: Some(planned.plan),
        grown: Vec::new(),
    };
    Ok((model_of(&explained.query.sites), examined))
}

/// As our own model of the planner has it.
fn predicted(queries: Vec<Query>, ground: &Ground) -> Outcome {
    let database = Database::new(&ground.schema, &ground.statistics, usual_server());
    let mut outcome = Outcome::default();
    for query in queries {
        let examined = query.sql.and_then(|sql| {
            let statement = parse_statement(&number_placeholders(&sql))
                .map_err(|_| "its SQL is not understood, so that no plan is predicted".to_owned())?;
            let prediction = predict(&resolve_statement(&statement, &ground.schema, &[]), &database);
            let examined = Examined {
                sites: sent(&query.sites),
                sentence: sentence(&prediction).ok_or("it reads no table")?,
                cost: prediction.cost,
                folded: 0,
                after: None,
                plan: String::new(),
                tree: None,
                grown: Vec::new(),
                sent_as: sql.clone(),
                pattern: query.pattern,
                sql,
            };
            Ok((model_of(&query.sites), examined))
        });
        match examined {
            Ok(examined) => outcome.examined.push(examined),
            Err(reason) => outcome.unplanned.push(reason),
        }
    }
    outcome.examined.sort_by(|(_, left), (_, right)| right.cost.total_cmp(&left.cost));
    outcome
}

/// How the largest of its tables is read.
fn sentence(prediction: &Prediction) -> Option<String> {
    let largest = prediction.accesses.iter().max_by(|left, right| {
        let whole = |scan: &Scan| *scan == Scan::Sequential;
        (whole(&left.scan), left.table_rows)
            .partial_cmp(&(whole(&right.scan), right.table_rows))
            .unwrap_or(std::cmp::Ordering::Equal)
    })?;
    let table = &largest.table;
    Some(match &largest.scan {
        Scan::Sequential => format!("reads all {} rows of {table} (predicted)", count(largest.table_rows)),
        Scan::Index { index, .. } | Scan::IndexOnly { index, .. } => {
            format!("finds rows of {table} by {index} (predicted)")
        }
        Scan::Bitmap(bitmap) => format!("finds rows of {table} by {} (predicted)", bitmap.indexes().join(" and ")),
        Scan::Nothing => "gives no rows (predicted)".to_owned(),
    })
}

fn sent(sites: &[Site]) -> Vec<Sent> {
    let mut once: BTreeMap<(&str, u32), &Site> = BTreeMap::new();
    for site in sites {
        once.entry((&site.file, site.line)).or_insert(site);
    }
    let sent = |site: &Site| Sent {
        file: site.file.clone(),
        line: site.line,
        function: site.function.clone(),
        in_loop: site.in_loop,
    };
    once.into_values().map(sent).collect()
}

fn model_of(sites: &[Site]) -> String {
    sites.iter().find_map(|site| site.model.clone()).unwrap_or_else(|| "no model".to_owned())
}
