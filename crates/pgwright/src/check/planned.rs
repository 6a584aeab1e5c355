//! `pgwright check --plan`: what PostgreSQL's planner says of the indexes that findings propose.
//!
//! Each index is made on a private server that plans as the database does, and shown to its planner alone, beside those that exist. What
//! the planner does not use, or finds hardly cheaper, is no finding.

use std::collections::{BTreeMap, BTreeSet};

use pgwright_diagnostics::{Diagnostic, Proposal};
use pgwright_postgres::{Cluster, Shadow};
use pgwright_rules::{PREDICTED, statements_of};
use pgwright_schema::choice::WORTH;
use pgwright_schema::parameters::PatternKind;
use pgwright_schema::plan::cost;
use pgwright_schema::{Plan, Statistics};

use super::Audit;
use crate::cli::CheckArgs;
use crate::explain::planning::{Explained, Planned, Planner, Query, plan_all};
use crate::failure::Failure;
use crate::ground::{Ground, Measured};
use crate::output::Output;
use crate::render::Dropped;
use crate::session::{Reading, Session};
use crate::shadow::Setup;

/// Who is to be asked.
pub(super) struct Asking {
    setup: Setup,
    cluster: Cluster,
}

/// What the planner said, by the findings' fingerprints.
pub(super) struct Verdicts {
    pub(super) server: String,
    said: BTreeMap<String, Verdict>,
}

#[derive(Clone)]
enum Verdict {
    Confirmed {
        line: String,
        before: f64,
        after: f64,
    },
    Dropped(String),
    /// It could not be tried, and why.
    Untried(String),
}

/// Starts a server while the project is read. Where there is none that is said, and findings stay as they are predicted.
pub(super) fn start(
    args: &CheckArgs,
    session: &Session,
    measured: Option<&Measured>,
    output: &Output,
) -> (Option<Asking>, Reading) {
    let (started, reading) = match Setup::new(args.postgres_bin.as_deref(), session, measured) {
        Ok(setup) => {
            let (cluster, reading) = setup.start_beside(session);
            (cluster.map(|cluster| Asking { setup, cluster }), reading)
        }
        Err(failure) => (Err(failure), session.read()),
    };
    match started {
        Ok(asking) => (Some(asking), reading),
        Err(failure) => {
            output.warning(&format!("findings are not confirmed by a planner, their plans are predicted: {failure}"));
            if let Failure::Message { hints, .. } = failure {
                hints.iter().for_each(|hint| output.remark(&format!("hint: {hint}")));
            }
            (None, reading)
        }
    }
}

/// Asks about every finding that proposes an index, and takes out those that are not confirmed.
pub(super) fn confirm(
    asking: Asking,
    session: &Session,
    audit: &mut Audit,
    measured: Option<&Measured>,
) -> Result<Verdicts, Failure> {
    let Asking { setup, cluster } = asking;
    let mut verdicts = Verdicts { server: setup.installation.version.to_string(), said: BTreeMap::new() };
    let proposals: Vec<(&Diagnostic, &Proposal)> =
        audit.found.iter().filter_map(|found| Some((found, found.proposal.as_ref()?))).collect();
    if proposals.is_empty() {
        return Ok(verdicts);
    }
    let ground = Ground::of(session, &audit.reading, measured);
    let statements: BTreeSet<&str> = proposals.iter().map(|(_, proposal)| proposal.statement.as_str()).collect();
    let statements: Vec<&str> = statements.into_iter().collect();
    let mut shadow = setup.build_with(cluster, &ground.schema, &ground.statistics, &statements)?;
    let refused: BTreeMap<String, String> =
        shadow.left_out.drain(..).map(|left_out| (left_out.statement, left_out.reason)).collect();
    shadow.hide_indexes(proposals.iter().map(|(_, proposal)| proposal.index.as_str()))?;

    let (workload, files) = (&audit.reading.project.workload, &audit.reading.files);
    let asked: Vec<Vec<(String, PatternKind)>> =
        proposals.iter().map(|(_, proposal)| statements_of(proposal, workload, files)).collect();
    let unique: BTreeMap<&str, PatternKind> =
        asked.iter().flatten().map(|(sql, pattern)| (sql.as_str(), *pattern)).collect();
    let queries =
        unique.into_iter().map(|(sql, pattern)| Query { sql: Ok(sql.to_owned()), pattern, sites: Vec::new() });
    let mut planner = Planner::Shadow(Box::new(shadow));
    let explained = plan_all(&mut planner, queries.collect(), &ground.statistics)?;
    let Planner::Shadow(shadow) = planner else { return Err(Failure::new("the private server was lost")) };
    let before: BTreeMap<&str, &Explained> =
        explained.iter().filter_map(|explained| Some((explained.query.sql.as_deref().ok()?, explained))).collect();

    let mut trial = Trial { shadow: *shadow, statistics: &ground.statistics, server: &verdicts.server };
    let mut said = BTreeMap::new();
    for ((found, proposal), asked) in proposals.iter().zip(&asked) {
        let verdict = match refused.get(&proposal.statement) {
            Some(reason) => Verdict::Untried(format!("the index could not be made: {reason}")),
            None => {
                let explained: Vec<&Explained> =
                    asked.iter().filter_map(|(sql, _)| before.get(sql.as_str()).copied()).collect();
                let alone = trial.with(&[&proposal.index], proposal, &explained)?;
                // A condition with `OR` needs an index for each of its sides.
                let beside = beside(proposal, &proposals);
                match alone {
                    Verdict::Dropped(_) if beside.len() > 1 => match trial.with(&beside, proposal, &explained)? {
                        Verdict::Dropped(_) => alone,
                        together => together,
                    },
                    alone => alone,
                }
            }
        };
        said.insert(pgwright_rules::fingerprint(&audit.reading.files, found), verdict);
    }
    verdicts.said = said;
    verdicts.apply(audit);
    Ok(verdicts)
}

/// The index with those that are proposed for the same table and one of the same places.
fn beside<'p>(proposal: &Proposal, proposals: &[(&'p Diagnostic, &'p Proposal)]) -> Vec<&'p str> {
    let is_beside = |other: &Proposal| {
        other.table == proposal.table && other.asked_at.iter().any(|place| proposal.asked_at.contains(place))
    };
    let mut names: Vec<&str> =
        proposals.iter().filter(|(_, other)| is_beside(other)).map(|(_, other)| other.index.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// A server with all indexes that are proposed, hidden from its planner.
struct Trial<'t> {
    shadow: Shadow,
    statistics: &'t Statistics,
    server: &'t str,
}

impl Trial<'_> {
    /// What an index does for the statements it is for where the planner sees these.
    fn with(&mut self, shown: &[&str], proposal: &Proposal, asked: &[&Explained]) -> Result<Verdict, Failure> {
        self.shadow.show_indexes(shown.iter().copied())?;
        let verdict = self.judge(proposal, asked);
        self.shadow.hide_indexes(shown.iter().copied())?;
        verdict
    }

    fn judge(&mut self, proposal: &Proposal, asked: &[&Explained]) -> Result<Verdict, Failure> {
        let Trial { shadow, statistics, server } = self;
        let mut plans = 0;
        // The statement that it helps most.
        let mut best: Option<(&Planned, Plan)> = None;
        for planned in asked.iter().flat_map(|explained| explained.plans.iter().flatten()) {
            let plan = shadow.plan(&planned.statement)?;
            plans += 1;
            if plan.nodes().iter().all(|node| node.index.as_deref() != Some(proposal.index.as_str())) {
                continue;
            }
            let share = |planned: &Planned, plan: &Plan| plan.total_cost / planned.plan.total_cost;
            if best.as_ref().is_none_or(|(other, with)| share(planned, &plan) < share(other, with)) {
                best = Some((planned, plan));
            }
        }
        let Some((planned, plan)) = best else {
            let refused = asked.iter().find_map(|explained| explained.plans.as_ref().err());
            return Ok(match (plans, refused) {
                (0, None) => Verdict::Untried("no statement it is for is known".to_owned()),
                (0, Some(error)) => Verdict::Untried(format!("no statement it is for could be planned: {error}")),
                _ => Verdict::Dropped(format!("PostgreSQL {server} would not use the index")),
            });
        };
        let (before, after) = (planned.plan.total_cost, plan.total_cost);
        let costs = format!("cost {} → {}", cost(before), cost(after));
        if after > before * WORTH {
            let reason = format!("PostgreSQL {server} would save less than half by the index: {costs}");
            return Ok(Verdict::Dropped(reason));
        }
        let whole = planned.plan.sentence_of_table(&proposal.table, statistics);
        let whole = whole.unwrap_or_else(|| planned.sentence.clone());
        let then = plan.sentence_of_index(&proposal.index, statistics).unwrap_or_else(|| plan.sentence(statistics));
        let line = format!("planned by PostgreSQL {server}: {whole}; with the index: {then}; {costs}");
        Ok(Verdict::Confirmed { line, before, after })
    }
}

impl Verdicts {
    /// Says it in the findings of an audit, and takes out those that were dropped.
    pub(super) fn apply(&self, audit: &mut Audit) {
        let files = &audit.reading.files;
        for mut found in std::mem::take(&mut audit.found) {
            let print = pgwright_rules::fingerprint(files, &found);
            match self.said.get(&print).filter(|_| found.proposal.is_some()) {
                Some(Verdict::Dropped(reason)) => audit.dropped.push(Dropped { found, reason: reason.clone() }),
                Some(Verdict::Confirmed { line, before, after }) => {
                    // What was predicted is known now.
                    found.why = found.why.map(|why| without_prediction(&why));
                    add(&mut found, line);
                    found = found
                        .evidence("planner", self.server.clone())
                        .evidence("cost_before", format!("{before:.2}"))
                        .evidence("cost_after", format!("{after:.2}"));
                    if let Some(proposal) = &mut found.proposal {
                        proposal.confirmed = true;
                    }
                    audit.found.push(found);
                }
                Some(Verdict::Untried(reason)) => {
                    add(&mut found, &format!("not confirmed by PostgreSQL {}: {reason}", self.server));
                    audit.found.push(found);
                }
                None => audit.found.push(found),
            }
        }
    }
}

fn without_prediction(why: &str) -> String {
    why.lines().filter(|line| !line.starts_with(PREDICTED)).collect::<Vec<_>>().join("\n")
}

/// Adds a line to what a finding says of its cost.
fn add(found: &mut Diagnostic, line: &str) {
    found.why = Some(match found.why.take() {
        Some(why) => format!("{why}\n{line}"),
        None => line.to_owned(),
    });
}
