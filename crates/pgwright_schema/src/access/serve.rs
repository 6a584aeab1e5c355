//! Which conditions an index can search for.
//!
//! Source: `match_clause_to_indexcol` and what it calls (`optimizer/path/indxpath.c`).

mod matching;
mod mismatch;

use std::fmt;
use std::sync::Arc;

use super::Server;
use super::implication::{Implied, implies};
use super::index::PreparedIndex;
use crate::schema::IndexMethod;
use crate::terms::Term;
use matching::match_clause;
use mismatch::Mismatch;

/// What an index does for a set of conditions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Serves {
    /// It finds exactly the rows that fulfil all of them.
    Fully,
    /// It finds rows that still have to be checked, and why.
    Partly(Arc<str>),
    /// It serves when a value that is not known is such a one.
    Conditionally(Arc<str>),
    No(Arc<str>),
}

impl fmt::Display for Serves {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Serves::Fully => f.write_str("fully"),
            Serves::Partly(reason) => write!(f, "partly: {reason}"),
            Serves::Conditionally(reason) => write!(f, "on a condition: {reason}"),
            Serves::No(reason) => write!(f, "no: {reason}"),
        }
    }
}

/// The answer with its parts.
#[derive(Debug, Clone, PartialEq)]
pub struct Served {
    pub serves: Serves,
    pub matches: Vec<KeyMatch>,
    /// Whether the conditions prove the index's predicate.
    pub predicate: Implied,
    /// Places of conditions that say nothing an index scan would not give anyway: the index's predicate implies them.
    pub implied: Vec<usize>,
}

/// One condition that one key of an index searches for.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyMatch {
    pub key: usize,
    /// The place of the condition among those asked about.
    pub clause: usize,
    pub kind: MatchKind,
    /// The index gives more rows than fulfil the condition.
    pub lossy: bool,
    /// Only a bitmap scan can do it.
    pub by_bitmap: bool,
    /// What an unknown value has to be like.
    pub condition: Option<Arc<str>>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum MatchKind {
    Equality,
    /// One of this many values, None when that is not known.
    OneOf(Option<usize>),
    /// A bound from below (`>`, `>=`), or from above.
    Bound {
        lower: bool,
    },
    /// Both bounds, from the prefix of a pattern or the network of an address.
    Prefix,
    IsNull,
    IsNotNull,
    /// Any other operator of the class, by its name.
    Operator(&'static str),
    /// An `OR`, each arm of which the index searches for.
    Alternatives(Vec<Vec<KeyMatch>>),
}

impl MatchKind {
    /// Whether it leaves one value of the key, so that the order of the following keys is kept.
    pub fn fixes_value(&self) -> bool {
        matches!(self, MatchKind::Equality | MatchKind::IsNull)
    }
}

/// What an index searches for, without words.
pub(crate) struct Searched<'a> {
    pub matches: Vec<KeyMatch>,
    pub predicate: Implied,
    pub implied: Vec<usize>,
    mismatches: Vec<Mismatch<'a>>,
}

/// Matches the keys of an index with conditions about relation 0.
pub(crate) fn search<'a>(index: &'a PreparedIndex, clauses: &'a [Term], server: &Server) -> Searched<'a> {
    let mut searched =
        Searched { matches: Vec::new(), predicate: Implied::Yes, implied: Vec::new(), mismatches: Vec::new() };
    for condition in &index.predicate {
        match implies(clauses, condition) {
            Implied::Yes => {}
            Implied::Depends(reason) => searched.predicate = Implied::Depends(reason),
            Implied::No => {
                searched.predicate = Implied::No;
                return searched;
            }
        }
    }
    for (position, clause) in clauses.iter().enumerate() {
        if !index.predicate.is_empty() && implies(&index.predicate, clause) == Implied::Yes {
            searched.implied.push(position);
            continue;
        }
        match match_clause(index, clause, position, server) {
            Ok(found) => searched.matches.extend(found),
            Err(mismatch) => searched.mismatches.push(mismatch),
        }
    }
    if !index.first_key_optional() && !searched.matches.iter().any(|found| found.key == 0) {
        searched.matches.clear();
    }
    searched
}

/// What `index` does for rows that fulfil all of `clauses`, which are about relation 0.
pub fn serve(index: &PreparedIndex, clauses: &[Term], server: &Server) -> Served {
    let Searched { matches, predicate, implied, mismatches } = search(index, clauses, server);
    let serves = match &predicate {
        Implied::No => {
            let condition = print_conditions(&index.predicate);
            Serves::No(format!("the index holds only rows where {condition}, and the conditions do not say so").into())
        }
        // A predicate that the conditions prove is a search of its own.
        Implied::Depends(reason) => Serves::Conditionally(reason.clone()),
        Implied::Yes if matches.is_empty() && !index.predicate.is_empty() => {
            if implied.len() == clauses.len() {
                Serves::Fully
            } else {
                Serves::Partly("by its predicate; its keys are read whole".into())
            }
        }
        Implied::Yes if matches.is_empty() => {
            let closest = mismatches.iter().min_by_key(|mismatch| mismatch.rank());
            Serves::No(closest.map_or_else(|| "there is no condition".into(), |mismatch| mismatch.to_string().into()))
        }
        Implied::Yes => judge(index, clauses, &matches, &implied, server),
    };
    Served { serves, matches, predicate, implied }
}

fn print_conditions(conditions: &[Term]) -> String {
    conditions.iter().map(Term::to_string).collect::<Vec<_>>().join(" AND ")
}

fn judge(index: &PreparedIndex, clauses: &[Term], matches: &[KeyMatch], implied: &[usize], server: &Server) -> Serves {
    if matches.iter().all(|found| found.condition.is_some())
        && let Some(reason) = matches.iter().find_map(|found| found.condition.clone())
    {
        return Serves::Conditionally(reason);
    }
    if index.method == IndexMethod::Brin {
        return Serves::Partly("it skips ranges of blocks, if values lie in the order of the table".into());
    }
    let leading = !index.is_btree() || matches.iter().any(|found| found.key == 0);
    if !leading {
        let first = index.keys.first().map(|key| key.term.to_string()).unwrap_or_default();
        return Serves::Partly(
            if server.version >= 18 {
                format!("nothing is said of its first key `{first}`: it is skipped through, which pays only when that has few values")
            } else {
                format!("nothing is said of its first key `{first}`: the whole index is read")
            }
            .into(),
        );
    }
    let covered = |position: usize| implied.contains(&position) || matches.iter().any(|found| found.clause == position);
    if let Some(rest) = (0..clauses.len()).find(|position| !covered(*position)) {
        return Serves::Partly(format!("rows are filtered by {}", clauses[rest]).into());
    }
    match matches.iter().find(|found| found.lossy) {
        Some(lossy) => Serves::Partly(format!("rows are checked again for {}", clauses[lossy.clause]).into()),
        None => Serves::Fully,
    }
}
