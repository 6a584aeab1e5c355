//! `pgwright advise`: the indexes that lower the cost of the whole workload most.
//!
//! Candidates follow from what the code asks (`pgwright_schema::candidates`). All of them are made on a private server that plans as the
//! database does, hidden from its planner, and shown one by one: what is proposed is what the planner uses and finds cheaper.

mod correct;
mod json;
mod text;
mod upkeep;

use std::collections::{BTreeMap, BTreeSet};

use pgwright_django::Extent;
use pgwright_django::model::Model;
use pgwright_postgres::Shadow;
use pgwright_rules::{Entry, evidence};
use pgwright_schema::IndexOrigin;
use pgwright_schema::access::{DatabaseCollation, PreparedIndex, Server};
use pgwright_schema::activity::Activity;
use pgwright_schema::candidates::{Candidate, Served, candidates_of_all};
use pgwright_schema::choice::{self, Budget, choose};
use pgwright_schema::predict::Database;
use pgwright_schema::scale::scale;
use pgwright_schema::sql::{number_placeholders, parse_statement};
use pgwright_schema::statement::resolve_statement;
use pgwright_schema::statistics::Source;
use rayon::prelude::*;

use crate::Status;
use crate::cli::{AdviseArgs, FactFormat};
use crate::explain::planning::{Explained, Planner, Query, plan_all};
use crate::explain::request::{pattern, site};
use crate::failure::Failure;
use crate::ground::{Ground, read_snapshot};
use crate::output::Output;
use crate::session::{Reading, Session};
use crate::shadow::Setup;
use upkeep::{Upkeep, Writes};

/// What a query in a loop counts for: as if the loop had so many rounds.
const ROUNDS: f64 = 10.0;

/// What a plan may really cost, of what was predicted.
const PREDICTED: f64 = 0.6;

const PAGE: u64 = 8192;

/// Everything a run found, as all forms of output show it.
struct Report<'r> {
    server: String,
    ground: &'r Ground,
    explained: &'r [Explained],
    /// What saves most comes first.
    proposals: Vec<Proposal>,
    /// Indexes that no plan of the workload uses, and the database has not used since it counts.
    unused: Vec<Unused>,
    /// Cost of the workload, each statement counted with its weight.
    before: f64,
    after: f64,
    /// The part of it that gets cheaper.
    improved: Improved,
    statements: usize,
    /// Whether weights are calls that the database counted.
    counted: bool,
}

/// Statements that get cheaper by what was chosen, and their cost, each counted with its weight.
struct Improved {
    statements: usize,
    before: f64,
    after: f64,
}

struct Proposal {
    candidate: Candidate,
    model: Named,
    /// As `Meta.indexes` has it, where Django has a form for it.
    django: Option<Entry>,
    bytes: u64,
    upkeep: Upkeep,
    /// What it makes cheaper, the most first.
    gains: Vec<Gain>,
}

/// A statement that gets cheaper, with all that was chosen.
struct Gain {
    query: usize,
    before: f64,
    after: f64,
    reading_before: String,
    reading_after: String,
}

struct Named {
    label: String,
    file: String,
    line: u32,
}

struct Unused {
    model: Named,
    index: String,
    bytes: u64,
    /// How often the database used it.
    scans: u64,
}

pub(crate) fn run(args: &AdviseArgs, output: &Output) -> Result<Status, Failure> {
    let session = Session::open(&args.project)?.reading(Extent::Workload);
    let is_to_write = args.fix || args.diff;
    let session = if is_to_write { session.with_history() } else { session };
    let measured = read_snapshot(args.statistics.as_deref(), &session)?;
    let activity = measured.as_ref().map(|measured| measured.snapshot.activity.clone()).unwrap_or_default();
    let setup = Setup::new(args.postgres_bin.as_deref(), &session, measured.as_ref())?;
    let (cluster, reading) = setup.start_and_read(&session)?;
    let mut ground = Ground::new(&session, &reading, measured);
    ground.statistics = scale(&ground.statistics, &ground.schema, args.scale);

    let queries = queries(&session, &reading);
    if queries.is_empty() {
        return Err(Failure::new("no query is known to be sent from this project")
            .hint("`pgwright inspect queries --unresolved` says what was not understood"));
    }
    let candidates = candidates(&queries, &activity, &ground, &reading, setup.installation.version.major);
    let mut schema = ground.schema.clone();
    for candidate in &candidates {
        schema.tables[candidate.table].indexes.push(candidate.index.clone());
    }
    let mut shadow = setup.build(cluster, &schema, &ground.statistics)?;
    // What this server refuses (the operator class of an extension it lacks) is no candidate.
    let refused: BTreeSet<&str> = shadow.left_out.iter().map(|left_out| left_out.statement.as_str()).collect();
    let candidates: Vec<Candidate> =
        candidates.into_iter().filter(|candidate| !refused.contains(candidate.sql().as_str())).collect();
    let texts: Vec<String> = queries.iter().map(|query| query.sql.clone().unwrap_or_default()).collect();
    shadow.hide_indexes(candidates.iter().map(|candidate| candidate.index.name.as_str()))?;
    let mut planner = Planner::Shadow(Box::new(shadow));
    let explained = plan_all(&mut planner, queries, &ground.statistics)?;
    let Planner::Shadow(shadow) = planner else { return Err(Failure::new("the private server was lost")) };
    let by_text: BTreeMap<&str, usize> = explained
        .iter()
        .enumerate()
        .filter_map(|(at, explained)| Some((explained.query.sql.as_deref().ok()?, at)))
        .collect();
    let places = texts.iter().map(|text| by_text.get(text.as_str()).copied()).collect();
    let (weights, counted) = weights(explained.iter().map(|explained| &explained.query), &activity);
    let mut trial = Trial {
        shadow: *shadow,
        explained: &explained,
        writes: Writes::new(&ground.schema, &ground.statistics, &activity, &explained),
        counted,
        weights,
        candidates,
        places,
        shown: Vec::new(),
    };

    let budget = Budget {
        indexes: args.max_indexes.unwrap_or(usize::MAX),
        pages: args.max_size.map_or(u64::MAX, |bytes| bytes / PAGE),
    };
    let choice = trial.choose(budget)?;
    let report = Report {
        server: setup.installation.version.to_string(),
        proposals: trial.proposals(&choice, &session, &reading, &ground)?,
        unused: trial.unused(&ground, &activity, &session, &reading)?,
        before: trial.total(&trial.before()),
        after: trial.total(&choice.after),
        improved: trial.improved(&choice.after),
        statements: explained.iter().filter(|explained| explained.plans.is_ok()).count(),
        counted,
        explained: &explained,
        ground: &ground,
    };
    let correction = is_to_write.then(|| correct::correct(session, reading, &report.proposals));
    for reason in correction.iter().flat_map(correct::Correction::reasons) {
        output.warning(&reason);
    }
    if let Some(correction) = correction.as_ref().filter(|_| args.diff) {
        output.data(&correction.patch(output.styled()))?;
        output.remark("nothing was changed: `--fix` writes this");
        return Ok(Status::Clean);
    }
    if let Some(correction) = &correction {
        correction.write()?;
    }
    output.data(&match args.format {
        FactFormat::Text => text::render(&report, output.styled()),
        FactFormat::Json => json::render(&report, correction.as_ref()),
    })?;
    for path in correction.iter().flat_map(correct::Correction::paths) {
        output.remark(&format!("wrote `{path}`"));
    }
    Ok(Status::Clean)
}

/// The queries that may be taken for asked, each text once with all places that send it.
fn queries(session: &Session, reading: &Reading) -> Vec<Query> {
    let mut queries: Vec<Query> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for (issued, sql) in evidence(&reading.project.workload) {
        if !session.shows(reading.files.path(issued.span.file)) {
            continue;
        }
        let place = *places.entry(sql).or_insert_with(|| {
            queries.push(Query { sql: Ok(sql.to_owned()), pattern: pattern(issued, reading), sites: Vec::new() });
            queries.len() - 1
        });
        let site = site(issued, session, reading);
        // One line may send it for several models, or be come to in several ways.
        match queries[place].sites.iter_mut().find(|known| known.file == site.file && known.line == site.line) {
            Some(known) => known.in_loop |= site.in_loop,
            None => queries[place].sites.push(site),
        }
    }
    queries
}

/// How often each query runs: as the database has counted, otherwise once per place, and more in a loop. Whether any was counted.
fn weights<'q>(queries: impl Iterator<Item = &'q Query>, activity: &Activity) -> (Vec<f64>, bool) {
    let mut calls: BTreeMap<String, u64> = BTreeMap::new();
    for statement in &activity.statements {
        *calls.entry(skeleton(&statement.text)).or_default() += statement.calls;
    }
    let weight = |query: &Query| {
        let counted = query.sql.as_deref().ok().and_then(|sql| calls.get(&skeleton(sql)));
        let places = || query.sites.iter().map(|site| if site.in_loop { ROUNDS } else { 1.0 }).sum();
        match counted {
            Some(calls) => *calls as f64,
            // The database has counted others, and not this one.
            None if !calls.is_empty() => 0.0,
            None => places(),
        }
    };
    (queries.map(weight).collect(), !calls.is_empty())
}

/// A statement with `?` for each parameter and number, and one for each list of them: what the text of Django and that of
/// `pg_stat_statements` have in common.
fn skeleton(sql: &str) -> String {
    let mut text = String::with_capacity(sql.len());
    let mut chars = sql.chars().peekable();
    let mut quoted = false;
    while let Some(char) = chars.next() {
        let in_word = text.chars().next_back().is_some_and(|before| before.is_alphanumeric() || before == '_');
        let is_parameter = match char {
            '%' => chars.next_if_eq(&'s').is_some(),
            '$' => chars.peek().is_some_and(char::is_ascii_digit),
            _ => char.is_ascii_digit() && !in_word,
        };
        quoted ^= char == '"';
        if quoted || !is_parameter {
            if !(char.is_whitespace() && text.ends_with(char::is_whitespace)) {
                text.push(char);
            }
            continue;
        }
        while chars.next_if(|next| next.is_ascii_digit() || *next == '.').is_some() {}
        let listed =
            text.trim_end().strip_suffix(',').map(str::trim_end).filter(|before| before.ends_with('?')).map(str::len);
        match listed {
            Some(length) => text.truncate(length),
            None => text.push('?'),
        }
    }
    text.trim().to_owned()
}

/// What may serve, on tables of the project's own models. `serves` names statements by their places among the queries.
fn candidates(
    queries: &[Query],
    activity: &Activity,
    ground: &Ground,
    reading: &Reading,
    major: u32,
) -> Vec<Candidate> {
    let server = Server { version: major, collation: DatabaseCollation::Linguistic("en_US.UTF-8".into()) };
    let database = Database::new(&ground.schema, &ground.statistics, server);
    let (weights, _) = weights(queries.iter(), activity);
    let resolved: Vec<_> = queries
        .par_iter()
        .enumerate()
        .filter_map(|(place, query)| {
            let statement = parse_statement(&number_placeholders(query.sql.as_deref().ok()?)).ok()?;
            Some((place, resolve_statement(&statement, &ground.schema, &[])))
        })
        .collect();
    let statements: Vec<_> = resolved.iter().map(|(place, query)| (query, weights[*place])).collect();
    let mut found = candidates_of_all(&statements, &database);
    let existing: Vec<Vec<PreparedIndex>> = ground.schema.tables.iter().map(PreparedIndex::of_table).collect();
    found.retain(|candidate| {
        let table = &ground.schema.tables[candidate.table];
        // The same keys with more beside them are no second index, but another form of the first.
        let repeats = PreparedIndex::new(&candidate.index, table)
            .is_ok_and(|prepared| existing[candidate.table].iter().any(|index| is_form_of(&prepared, index)));
        // What the prediction does not come near to finding worth it is not worth the server's time.
        let served = |served: &Served| choice::is_worth_it(served.before, served.after * PREDICTED);
        // Whether the table has to be read beside the index depends on which of its pages were vacuumed: only a database knows.
        let is_measured =
            ground.statistics.tables.get(&table.name).is_some_and(|table| table.source == Source::Measured);
        let is_sure = candidate.index.include.is_empty() || is_measured;
        // The statement has a parameter where a partial index has a constant: that index may be the one it uses.
        let first = candidate.index.keys.first().and_then(|key| key.as_column());
        let is_held = |index: &PreparedIndex| {
            index.predicate.iter().flat_map(|condition| condition.columns(0)).any(|column| first == Some(&*column))
        };
        let may_be_there = candidate.index.predicate.is_none() && database.indexes(candidate.table).any(is_held);
        !repeats
            && is_sure
            && !may_be_there
            && candidate.serves.iter().any(served)
            && own_model(&table.name, reading).is_some()
    });
    for served in found.iter_mut().flat_map(|candidate| &mut candidate.serves) {
        served.statement = resolved[served.statement].0;
    }
    found
}

/// Whether an index has the keys of one that exists and holds all rows: method, expressions and operator classes.
fn is_form_of(candidate: &PreparedIndex, existing: &PreparedIndex) -> bool {
    let keys = |index: &PreparedIndex| -> Vec<_> {
        index.keys.iter().map(|key| (key.term.clone(), key.class.map(|class| class.name))).collect()
    };
    candidate.method == existing.method && existing.predicate.is_empty() && keys(candidate) == keys(existing)
}

fn own_model<'r>(table: &str, reading: &'r Reading) -> Option<&'r Model> {
    reading.project.models.own_tables().find(|model| model.table == table && model.site.is_some())
}

fn named(model: &Model, session: &Session, reading: &Reading) -> Option<Named> {
    let site = model.site.as_ref()?;
    let file = reading.files.get(site.name.file);
    Some(Named {
        label: model.label(),
        file: session.relative(&file.path).to_string(),
        line: file.position(site.name.start).line,
    })
}

/// A server with all candidates, of which the planner sees those that are shown.
struct Trial<'e> {
    shadow: Shadow,
    explained: &'e [Explained],
    writes: Writes<'e>,
    /// Whether weights are calls that the database counted: then what writes cost can be set against what is saved.
    counted: bool,
    weights: Vec<f64>,
    candidates: Vec<Candidate>,
    /// Where the statements that candidates name stand among the explained.
    places: Vec<Option<usize>>,
    shown: Vec<usize>,
}

impl Trial<'_> {
    /// What each statement costs with typical values and no candidate; nothing, where it has no plan.
    fn before(&self) -> Vec<f64> {
        let cost =
            |explained: &Explained| explained.plans.iter().flatten().next().map_or(0.0, |plan| plan.plan.total_cost);
        self.explained.iter().map(cost).collect()
    }

    fn total(&self, costs: &[f64]) -> f64 {
        costs.iter().zip(&self.weights).map(|(cost, weight)| cost * weight).sum()
    }

    fn improved(&self, after: &[f64]) -> Improved {
        let before = self.before();
        let places: Vec<usize> = (0..before.len()).filter(|place| after[*place] < before[*place]).collect();
        let sum = |costs: &[f64]| places.iter().map(|place| costs[*place] * self.weights[*place]).sum();
        Improved { statements: places.len(), before: sum(&before), after: sum(after) }
    }

    fn served(&self, candidate: usize) -> Vec<usize> {
        let places = self.candidates[candidate].serves.iter().filter_map(|served| self.places[served.statement]);
        let mut places: Vec<usize> = places.filter(|place| self.explained[*place].plans.is_ok()).collect();
        places.sort_unstable();
        places.dedup();
        places
    }

    fn choose(&mut self, budget: Budget) -> Result<choice::Choice, Failure> {
        let mut offered = Vec::new();
        for at in 0..self.candidates.len() {
            let pages = self.shadow.index_pages(&self.candidates[at].index.name)?.unwrap_or_default();
            let upkeep = if self.counted { self.writes.of(&self.candidates[at], pages).cost() } else { 0.0 };
            offered.push(choice::Candidate { pages, statements: self.served(at), upkeep });
        }
        let (before, weights) = (self.before(), self.weights.clone());
        let choice = choose(&offered, &before, &weights, budget, |with, place| -> Result<f64, Failure> {
            self.show(with)?;
            Ok(self.plan(place)?.map_or(before[place], |plan| plan.total_cost))
        })?;
        self.show(&choice.chosen)?;
        Ok(choice)
    }

    /// Lets the planner see exactly these.
    fn show(&mut self, wanted: &[usize]) -> Result<(), Failure> {
        let name = |at: &usize| self.candidates[*at].index.name.as_str();
        let hide: Vec<&str> = self.shown.iter().filter(|at| !wanted.contains(at)).map(name).collect();
        let show: Vec<&str> = wanted.iter().filter(|at| !self.shown.contains(at)).map(name).collect();
        if !hide.is_empty() {
            self.shadow.hide_indexes(hide)?;
        }
        if !show.is_empty() {
            self.shadow.show_indexes(show)?;
        }
        self.shown = wanted.to_vec();
        Ok(())
    }

    /// The plan of a statement with its typical values.
    fn plan(&mut self, place: usize) -> Result<Option<pgwright_schema::Plan>, Failure> {
        let planned = self.explained[place].plans.iter().flatten().next();
        Ok(planned.map(|planned| self.shadow.plan(&planned.statement)).transpose()?)
    }

    fn proposals(
        &mut self,
        choice: &choice::Choice,
        session: &Session,
        reading: &Reading,
        ground: &Ground,
    ) -> Result<Vec<Proposal>, Failure> {
        let before = self.before();
        let mut proposals = Vec::new();
        for at in &choice.chosen {
            let candidate = self.candidates[*at].clone();
            let Some(model) = own_model(&candidate.index.table, reading) else { continue };
            let Some(named) = named(model, session, reading) else { continue };
            let mut gains = Vec::new();
            for place in self.served(*at) {
                let Some(plan) = self.plan(place)? else { continue };
                let uses = plan.nodes().iter().any(|node| node.index.as_deref() == Some(candidate.index.name.as_str()));
                let Some(planned) = self.explained[place].plans.iter().flatten().next() else { continue };
                if uses && plan.total_cost < before[place] {
                    gains.push(Gain {
                        query: place,
                        before: before[place],
                        after: plan.total_cost,
                        reading_before: planned
                            .plan
                            .sentence_of_table(&candidate.index.table, &ground.statistics)
                            .unwrap_or_else(|| planned.sentence.clone()),
                        reading_after: plan
                            .sentence_of_index(&candidate.index.name, &ground.statistics)
                            .unwrap_or_else(|| plan.sentence(&ground.statistics)),
                    });
                }
            }
            gains.sort_by(|one, other| {
                let saved = |gain: &Gain| (gain.before - gain.after) * self.weights[gain.query];
                saved(other).total_cmp(&saved(one)).then(one.query.cmp(&other.query))
            });
            let pages = self.shadow.index_pages(&candidate.index.name)?.unwrap_or_default();
            let django = Entry::of(&candidate.index, model, '"');
            let upkeep = self.writes.of(&candidate, pages);
            proposals.push(Proposal { candidate, model: named, django, bytes: pages * PAGE, upkeep, gains });
        }
        let saved = |proposal: &Proposal| -> f64 {
            proposal.gains.iter().map(|gain| (gain.before - gain.after) * self.weights[gain.query]).sum()
        };
        proposals.sort_by(|one, other| saved(other).total_cmp(&saved(one)));
        Ok(proposals)
    }

    /// Indexes of `Meta.indexes` and `db_index` that no plan uses, with what was chosen. Foreign keys keep theirs: deleting what they
    /// point to looks for rows by them.
    fn unused(
        &mut self,
        ground: &Ground,
        activity: &Activity,
        session: &Session,
        reading: &Reading,
    ) -> Result<Vec<Unused>, Failure> {
        let mut used: BTreeSet<String> = BTreeSet::new();
        let mut asked: BTreeSet<String> = BTreeSet::new();
        for place in 0..self.explained.len() {
            let with = self.plan(place)?;
            let plans = self.explained[place].plans.iter().flatten().map(|planned| &planned.plan).chain(&with);
            for node in plans.flat_map(|plan| plan.nodes()) {
                used.extend(node.index.clone());
                asked.extend(node.table.clone());
            }
        }
        let mut found = Vec::new();
        for table in &ground.schema.tables {
            let Some(model) = own_model(&table.name, reading) else { continue };
            // Of a table that no known query reads, nothing is known.
            if !asked.contains(&table.name) {
                continue;
            }
            for index in &table.indexes {
                let is_key = |column: &str| {
                    model.fields.iter().any(|field| field.column.as_deref() == Some(column) && field.relation.is_some())
                };
                let first = index.keys.first().and_then(|key| key.as_column());
                let is_droppable = matches!(index.origin, IndexOrigin::Meta | IndexOrigin::Field { .. });
                if index.unique || !is_droppable || used.contains(&index.name) || first.is_some_and(is_key) {
                    continue;
                }
                let Some(model) = named(model, session, reading) else { continue };
                let bytes = self.shadow.index_pages(&index.name)?.unwrap_or_default() * PAGE;
                let Some(scans) = scans(activity, &table.name, &index.name) else { continue };
                found.push(Unused { model, index: index.name.clone(), bytes, scans });
            }
        }
        // What is not known to send queries may: only what the database has never used either is named.
        found.retain(|unused| unused.scans == 0);
        Ok(found)
    }
}

/// How often an index was used, by the database's counters.
fn scans(activity: &Activity, table: &str, index: &str) -> Option<u64> {
    activity.tables.get(table)?.indexes.get(index).map(|index| index.scans)
}

#[cfg(test)]
mod tests {
    use super::skeleton;

    #[test]
    fn texts_of_django_and_of_the_database_meet() {
        let django =
            "SELECT \"shop_t1\".\"id\" FROM \"shop_t1\" WHERE (\"shop_t1\".\"a\" IN (%s, %s) AND \"b\" = %s)  LIMIT 21";
        let counted = "SELECT \"shop_t1\".\"id\" FROM \"shop_t1\" WHERE (\"shop_t1\".\"a\" IN ($1, $2, $3) AND \"b\" = $4) LIMIT $5";
        assert_eq!(skeleton(django), skeleton(counted));
        assert_eq!(
            skeleton(django),
            "SELECT \"shop_t1\".\"id\" FROM \"shop_t1\" WHERE (\"shop_t1\".\"a\" IN (?) AND \"b\" = ?) LIMIT ?"
        );
        assert_ne!(skeleton("SELECT a1 FROM b"), skeleton("SELECT a2 FROM b"));
    }
}
