//! Indexes that would serve a statement, or a set of them, and do not exist.
//!
//! A candidate follows from what is asked: keys of equalities first, then one range or the order; a predicate for conditions on
//! constants; an expression where one is compared; the operator class that searches for the operator; further columns where that
//! saves reading the table. What the prediction of access paths does not use, or does not find cheaper, is no candidate.

mod gather;
mod merge;

use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;

use crate::access::PreparedIndex;
use crate::ddl;
use crate::names::names_digest;
use crate::predict::{Database, Prediction, predict};
use crate::schema::{Index, IndexMethod, Table};
use crate::statement::Query;

use gather::Proposal;

/// An index that does not exist and would serve.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// The table's place in the schema.
    pub table: usize,
    pub index: Index,
    pub prepared: PreparedIndex,
    /// What it serves, for a person.
    pub reason: Arc<str>,
    /// The statements that it makes cheaper, by their places, with their predicted costs before and after.
    pub serves: Vec<Served>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Served {
    pub statement: usize,
    /// Planner cost units.
    pub before: f64,
    pub after: f64,
}

impl Candidate {
    pub fn sql(&self) -> String {
        ddl::create_index(&self.index)
    }

    fn also_serves(&mut self, more: Vec<Served>) {
        for served in more {
            if self.serves.iter().all(|known| known.statement != served.statement) {
                self.serves.push(served);
            }
        }
        self.serves.sort_by_key(|served| served.statement);
    }

    /// Cost units it saves, each statement counted with its weight.
    pub fn saves(&self, weights: &[f64]) -> f64 {
        let weight = |served: &Served| weights.get(served.statement).copied().unwrap_or(1.0);
        self.serves.iter().map(|served| (served.before - served.after) * weight(served)).sum()
    }
}

/// The indexes that would make a statement cheaper, the most useful first.
pub fn candidates(query: &Query, database: &Database<'_>) -> Vec<Candidate> {
    candidates_of_all(&[(query, 1.0)], database)
}

/// The indexes that would make statements cheaper, merged where one can do for several; each statement comes with its weight
/// (how often it runs). The most useful first.
pub fn candidates_of_all(statements: &[(&Query, f64)], database: &Database<'_>) -> Vec<Candidate> {
    let weights: Vec<f64> = statements.iter().map(|(_, weight)| *weight).collect();
    let before: Vec<f64> = statements.par_iter().map(|(query, _)| predict(query, database).cost).collect();
    // What is wanted for one statement has to be of use to that one, before it is tried for others.
    let wanted = |place: usize| -> Vec<Proposal> {
        let query = statements[place].0;
        let proposals = gather::proposals(query, database).into_iter().filter(|one| !merge::exists(one, database));
        let proposals = proposals.filter(|one| {
            build(one, &database.schema.tables[one.table]).is_some_and(|(index, prepared)| {
                let with = predict(query, &database.with_index(one.table, prepared));
                helps(&with, &index, before[place])
            })
        });
        proposals.map(|proposal| Proposal { statements: vec![place], ..proposal }).collect()
    };
    let proposals: Vec<Proposal> = (0..statements.len()).into_par_iter().flat_map_iter(wanted).collect();
    let tried = |proposal: Proposal| -> Option<Candidate> {
        let table = &database.schema.tables[proposal.table];
        if merge::exists(&proposal, database) {
            return None;
        }
        let (index, prepared) = build(&proposal, table)?;
        let with = database.with_index(proposal.table, prepared.clone());
        let mut serves = Vec::new();
        for place in &proposal.statements {
            let prediction = predict(statements[*place].0, &with);
            if helps(&prediction, &index, before[*place]) {
                serves.push(Served { statement: *place, before: before[*place], after: prediction.cost });
            }
        }
        serves.sort_by_key(|served| served.statement);
        let Proposal { table, reason, .. } = proposal;
        (!serves.is_empty()).then_some(Candidate { table, index, prepared, reason, serves })
    };
    let tried: Vec<Candidate> = merge::merged(proposals).into_par_iter().filter_map(tried).collect();
    // Keys that were exchanged may have made the same index of two proposals.
    let mut found: Vec<Candidate> = Vec::with_capacity(tried.len());
    let mut places: HashMap<String, usize> = HashMap::new();
    for candidate in tried {
        match places.get(&candidate.index.name) {
            Some(place) => found[*place].also_serves(candidate.serves),
            None => {
                places.insert(candidate.index.name.clone(), found.len());
                found.push(candidate);
            }
        }
    }
    found.sort_by(|a, b| b.saves(&weights).total_cmp(&a.saves(&weights)).then_with(|| a.index.name.cmp(&b.index.name)));
    found
}

/// Whether a prediction uses the index, and is cheaper by it.
fn helps(with: &Prediction, index: &Index, before: f64) -> bool {
    // An improvement below this is noise.
    const LEAST_SAVED: f64 = 0.02;
    let uses = with.accesses.iter().any(|access| access.scan.indexes().contains(&index.name.as_str()));
    uses && with.cost < before * (1.0 - LEAST_SAVED)
}

fn build(proposal: &Proposal, table: &Table) -> Option<(Index, PreparedIndex)> {
    let keys: Option<Vec<_>> = proposal.keys.iter().map(gather::Key::as_index_key).collect();
    let mut index = Index {
        include: proposal.include.iter().map(|name| name.to_string()).collect(),
        predicate: proposal.predicate_expr()?,
        ..Index::over(&table.name, String::new(), proposal.method.clone(), keys?)
    };
    index.name = name(&index, table);
    let prepared = PreparedIndex::new(&index, table).ok()?;
    // What PostgreSQL would read back has to be what was meant.
    let same = prepared.keys.iter().zip(&proposal.keys).all(|(read, meant)| read.term.same(&meant.term));
    let searchable = prepared.keys.iter().all(|key| key.class.is_some());
    (same && searchable && prepared.keys.len() == proposal.keys.len()).then_some((index, prepared))
}

/// As Django names an index that has no name (`Index.set_name_with_model`).
fn name(index: &Index, table: &Table) -> String {
    let short = |text: &str, length: usize| text.chars().take(length).collect::<String>();
    let (_, table_name) = crate::names::split_identifier(&table.name);
    let first = index.keys.first().map(|key| key.expr.columns().first().map_or("expr", |column| column).to_owned());
    let definition = ddl::create_index(index);
    let digest = names_digest([table_name, definition.as_str(), "idx"], 6);
    let suffix = match index.method {
        IndexMethod::Btree => "idx",
        ref method => method.as_str(),
    };
    let name =
        format!("{}_{}_{digest}_{}", short(table_name, 11), short(&first.unwrap_or_default(), 7), short(suffix, 3));
    // Django refuses names that begin otherwise.
    match name.strip_prefix(|first: char| first == '_' || first.is_ascii_digit()) {
        Some(rest) => format!("D{rest}"),
        None => name,
    }
}
