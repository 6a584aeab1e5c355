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

/// What `index` does for rows that fulfil all of `clauses`, which are about relation 0.
pub fn serve(index: &PreparedIndex, clauses: &[Term], server: &Server) -> Served {
    let predicate =
        index.predicate.iter().fold(Implied::Yes, |so_far, condition| match (so_far, implies(clauses, condition)) {
            (Implied::No, _) | (_, Implied::No) => Implied::No,
            (Implied::Depends(reason), _) | (_, Implied::Depends(reason)) => Implied::Depends(reason),
            (Implied::Yes, Implied::Yes) => Implied::Yes,
        });
    let no = |reason: String| Served {
        serves: Serves::No(reason.into()),
        matches: Vec::new(),
        predicate: predicate.clone(),
        implied: Vec::new(),
    };
    if predicate == Implied::No {
        let condition = print_conditions(&index.predicate);
        return no(format!("the index holds only rows where {condition}, and the conditions do not say so"));
    }
    let mut matches = Vec::new();
    let mut reasons = Vec::new();
    let mut implied = Vec::new();
    for (position, clause) in clauses.iter().enumerate() {
        if !index.predicate.is_empty() && implies(&index.predicate, clause) == Implied::Yes {
            implied.push(position);
            continue;
        }
        match match_clause(index, clauses, position, server) {
            Ok(found) => matches.extend(found),
            Err(reason) => reasons.push((clause, reason)),
        }
    }
    if !index.first_key_optional() && !matches.iter().any(|found: &KeyMatch| found.key == 0) {
        matches.clear();
    }
    if matches.is_empty() {
        // A predicate that the conditions prove is a search of its own.
        if !index.predicate.is_empty() && !implied.is_empty() {
            let serves = match &predicate {
                Implied::Depends(reason) => Serves::Conditionally(reason.clone()),
                _ if implied.len() == clauses.len() => Serves::Fully,
                _ => Serves::Partly("by its predicate; its keys are read whole".into()),
            };
            return Served { serves, matches, predicate, implied };
        }
        if let (false, Implied::Yes | Implied::Depends(_)) = (index.predicate.is_empty(), &predicate) {
            let serves = match &predicate {
                Implied::Depends(reason) => Serves::Conditionally(reason.clone()),
                _ => Serves::Partly("by its predicate; its keys are read whole".into()),
            };
            return Served { serves, matches, predicate, implied };
        }
        let best = reasons.into_iter().min_by_key(|(_, reason)| reason.rank());
        let reason = best.map_or_else(|| "there is no condition".to_owned(), |(_, reason)| reason.to_string());
        return no(reason);
    }
    let serves = judge(index, clauses, &matches, &implied, &predicate, server);
    Served { serves, matches, predicate, implied }
}

fn print_conditions(conditions: &[Term]) -> String {
    conditions.iter().map(Term::to_string).collect::<Vec<_>>().join(" AND ")
}

fn judge(
    index: &PreparedIndex,
    clauses: &[Term],
    matches: &[KeyMatch],
    implied: &[usize],
    predicate: &Implied,
    server: &Server,
) -> Serves {
    if let Implied::Depends(reason) = predicate {
        return Serves::Conditionally(reason.clone());
    }
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
