//! Whether PostgreSQL would use the indexes that findings propose, as far as that can be predicted.
//!
//! A condition that an index could serve is no reason for one yet: of a range about which nothing is known the planner expects a third of the
//! rows and reads the table, and to the first row that `=` finds under a `LIMIT` reading the table is near. So each proposal is tried in the
//! prediction of access paths, with the statistics that are known or assumed; what would not be used, or hardly make a statement cheaper, is no
//! finding. `check --plan` asks the planner itself about the rest.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use pgwright_diagnostics::{Diagnostic, Files, Proposal};
use pgwright_django::queries::workload::{Issued, Terminal, Workload};
use pgwright_django::schema::{Scope, schema_of};
use pgwright_schema::Statistics;
use pgwright_schema::access::PreparedIndex;
use pgwright_schema::choice;
use pgwright_schema::names::quote_name;
use pgwright_schema::parameters::{PatternKind, bind_typical};
use pgwright_schema::plan::{cost, count};
use pgwright_schema::predict::{Access, Database, Prediction, predict};
use pgwright_schema::sql::{number_placeholders, parse_index, parse_statement};
use pgwright_schema::statement::{Query, resolve_statement};
use rayon::prelude::*;

use crate::Facts;
use crate::asked::usual_server;
use crate::sizes::statistics;

/// What a line of a finding begins with that says how a statement is expected to run, without a planner having been asked.
pub const PREDICTED: &str = "predicted: ";

/// A prediction is this far off at the most, mostly: what comes so near to being worth it stays.
const TOLERANCE: f64 = 1.1;

/// Takes out findings whose index would not be used, and says in the others what is expected of it.
pub(crate) fn retain_worth(facts: Facts, found: &mut Vec<Diagnostic>) {
    let proposals: Vec<&Proposal> = found.iter().filter_map(|found| found.proposal.as_ref()).collect();
    if proposals.is_empty() {
        return;
    }
    let schema = schema_of(facts.project, Scope::All).schema;
    let measured = Statistics { tables: facts.sizes.measured.clone() };
    let statistics = statistics(&schema, &facts.project.models, &facts.sizes.stated, measured);
    let database = Database::new(&schema, &statistics, usual_server());
    let indexes: BTreeMap<&str, (usize, PreparedIndex)> = proposals
        .iter()
        .filter_map(|proposal| Some((proposal.statement.as_str(), prepared(proposal, &database)?)))
        .collect();
    let trial = Trial { facts, database, statistics, indexes };
    let verdicts: Vec<Verdict> = proposals
        .par_iter()
        .map(|proposal| {
            let beside = beside(proposal, &proposals);
            // The prediction is no reason to lose a finding.
            catch_unwind(AssertUnwindSafe(|| trial.of(proposal, &beside))).unwrap_or(Verdict::Unknown)
        })
        .collect();
    let mut verdicts = verdicts.into_iter();
    let judged = std::mem::take(found).into_iter().filter_map(|found| {
        if found.proposal.is_none() {
            return Some(found);
        }
        match verdicts.next() {
            Some(Verdict::Useless) => None,
            Some(Verdict::Worth { line, before, after }) => {
                let why = found.why.clone().map(|why| why + "\n").unwrap_or_default();
                let found = found
                    .why(format!("{why}{PREDICTED}{line}"))
                    .evidence("predicted_cost_before", format!("{before:.2}"))
                    .evidence("predicted_cost_after", format!("{after:.2}"));
                Some(found)
            }
            Some(Verdict::Unknown) | None => Some(found),
        }
    });
    *found = judged.collect();
}

enum Verdict {
    Worth {
        line: String,
        before: f64,
        after: f64,
    },
    Useless,
    /// Not all of what it is for can be predicted.
    Unknown,
}

/// Other proposals for the same table and one of the same places: a condition with `OR` needs an index for each of its sides.
fn beside<'p>(proposal: &Proposal, all: &[&'p Proposal]) -> Vec<&'p Proposal> {
    let is_beside = |other: &&Proposal| {
        other.table == proposal.table
            && other.statement != proposal.statement
            && other.asked_at.iter().any(|place| proposal.asked_at.contains(place))
    };
    all.iter().copied().filter(|other| is_beside(other)).collect()
}

fn prepared(proposal: &Proposal, database: &Database<'_>) -> Option<(usize, PreparedIndex)> {
    let table = database.schema.tables.iter().position(|table| table.name == proposal.table)?;
    let definition = parse_index(&proposal.statement).ok()?;
    Some((table, PreparedIndex::from_definition(&definition, &database.schema.tables[table]).ok()?))
}

/// What an index is for: the statements on its table that the code sends from those places, and those that nothing in the code sends.
pub fn statements_of(proposal: &Proposal, workload: &Workload, files: &Files) -> Vec<(String, PatternKind)> {
    let table = quote_name(&proposal.table);
    let mut found: Vec<(String, PatternKind)> =
        proposal.implied.iter().map(|sql| (sql.clone(), PatternKind::Contains)).collect();
    for issued in workload.queries.iter().filter(|issued| proposal.asked_at.contains(&issued.span)) {
        if let Ok(sql) = &issued.sql
            && sql.contains(&table)
        {
            let sql = unlimited(issued, sql);
            if found.iter().all(|(known, _)| known != sql) {
                found.push((sql.to_owned(), pattern(issued, files)));
            }
        }
    }
    found
}

/// The statement of a `get()` without its limit (`MAX_GET_RESULTS` of `django/db/models/query.py`): as there is one such row at the most, or it
/// raises, no limit ends the search early, which is what a planner that does not know this expects.
fn unlimited<'s>(issued: &Issued, sql: &'s str) -> &'s str {
    match issued.terminal {
        Terminal::Get | Terminal::GetOrCreate | Terminal::UpdateOrCreate => {
            sql.strip_suffix(" LIMIT 21").unwrap_or(sql)
        }
        _ => sql,
    }
}

/// Whether the code that makes the query asks for beginnings of texts or for parts of them. The statement has `%s` for both.
pub fn pattern(issued: &Issued, files: &Files) -> PatternKind {
    let text = files.try_get(issued.span.file).map_or("", |file| &file.text);
    let written = text.get(issued.span.start as usize..issued.span.end as usize).unwrap_or_default();
    if written.contains("startswith") { PatternKind::StartsWith } else { PatternKind::Contains }
}

struct Trial<'t> {
    facts: Facts<'t>,
    database: Database<'t>,
    statistics: Statistics,
    /// By the statements that make them.
    indexes: BTreeMap<&'t str, (usize, PreparedIndex)>,
}

impl Trial<'_> {
    fn of(&self, proposal: &Proposal, beside: &[&Proposal]) -> Verdict {
        let statements = statements_of(proposal, &self.facts.project.workload, self.facts.files);
        let read = |(sql, pattern): &(String, PatternKind)| self.read(sql, *pattern);
        let Some(queries) = statements.iter().map(read).collect::<Option<Vec<Query>>>() else {
            return Verdict::Unknown;
        };
        if queries.is_empty() || !self.indexes.contains_key(proposal.statement.as_str()) {
            return Verdict::Unknown;
        }
        let before: Vec<Prediction> = queries.iter().map(|query| predict(query, &self.database)).collect();
        match self.with(&[proposal], proposal, &queries, &before) {
            // What is asked of a declaration, and not of a query, depends on more than the rows that are usual.
            Verdict::Useless if proposal.asked_at.is_empty() => Verdict::Unknown,
            Verdict::Useless if !beside.is_empty() => {
                let together: Vec<&Proposal> = beside.iter().copied().chain([proposal]).collect();
                self.with(&together, proposal, &queries, &before)
            }
            verdict => verdict,
        }
    }

    fn read(&self, sql: &str, pattern: PatternKind) -> Option<Query> {
        let numbered = number_placeholders(sql);
        let statement = parse_statement(&numbered).ok()?;
        let bound = bind_typical(&numbered, &statement, self.database.schema, &self.statistics, pattern);
        let statement = parse_statement(&bound).unwrap_or(statement);
        Some(resolve_statement(&statement, self.database.schema, &[]))
    }

    /// What the index does for the statement that it helps most, where these are there.
    fn with(&self, shown: &[&Proposal], proposal: &Proposal, queries: &[Query], before: &[Prediction]) -> Verdict {
        let mut database = self.database.clone();
        for (table, index) in shown.iter().filter_map(|shown| self.indexes.get(shown.statement.as_str())) {
            database = database.with_index(*table, index.clone());
        }
        let uses = |access: &Access| access.scan.indexes().contains(&proposal.index.as_str());
        let share = |(before, after): &(&Prediction, Prediction)| after.cost / before.cost.max(f64::MIN_POSITIVE);
        let best = queries
            .iter()
            .zip(before)
            .map(|(query, before)| (before, predict(query, &database)))
            .filter(|(_, after)| after.accesses.iter().any(uses))
            .min_by(|one, other| share(one).total_cmp(&share(other)));
        let is_worth_it =
            |(before, after): &(&Prediction, Prediction)| choice::is_worth_it(before.cost * TOLERANCE, after.cost);
        let Some((before, after)) = best.filter(is_worth_it) else { return Verdict::Useless };
        let Some(then) = after.accesses.iter().find(|access| uses(access)) else { return Verdict::Useless };
        let now = before.accesses.iter().find(|access| access.relation == then.relation).unwrap_or(then);
        let line = format!(
            "{now}; with the index: {then}, {} rows; cost {} → {}",
            count(then.rows.max(1.0)),
            cost(before.cost),
            cost(after.cost)
        );
        Verdict::Worth { line, before: before.cost, after: after.cost }
    }
}
