//! A whole statement with its names and types resolved: which relations it reads, how they are joined, what is asked of
//! them, in which order and how many.

mod resolve;

use std::sync::Arc;

use crate::access::KeyOrder;
use crate::terms::{Term, conjuncts};

pub use resolve::resolve_statement;

/// A resolved statement. Blocks are its `SELECT`s, the outermost first; relations are numbered across all of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    pub verb: Verb,
    pub relations: Vec<Relation>,
    pub blocks: Vec<Block>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verb {
    Select,
    /// The columns that are set.
    Update(Vec<Arc<str>>),
    Delete,
    Insert,
    Other,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Relation {
    pub alias: String,
    pub source: RelationSource,
    /// The block whose `FROM` it stands in.
    pub block: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RelationSource {
    /// A table, by its place in the schema.
    Table(usize),
    /// A subquery in `FROM` or `WITH`, by its block.
    Subquery(usize),
    /// A table that the schema does not hold, a function, …
    Unknown(String),
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Block {
    /// The block it stands in.
    pub parent: Option<usize>,
    pub joins: Vec<JoinedRelation>,
    /// The conditions of `WHERE`, all of which hold.
    pub filter: Vec<Term>,
    pub targets: Vec<Term>,
    /// Relations of which every column is asked for.
    pub whole_rows: Vec<usize>,
    pub group: Vec<Term>,
    pub having: Vec<Term>,
    /// None: not `DISTINCT`. The terms of `DISTINCT ON`, or all targets.
    pub distinct: Option<Vec<Term>>,
    pub order: Vec<OrderTerm>,
    pub limit: Bound,
    pub offset: Bound,
    pub locks_rows: bool,
    /// Whether there is an aggregate in it: without `GROUP BY` it gives one row.
    pub aggregates: bool,
    /// What stands in `COUNT(DISTINCT …)` and the like.
    pub distinct_aggregates: Vec<Term>,
    /// The blocks of a `UNION`, `INTERSECT` or `EXCEPT`.
    pub parts: Vec<usize>,
}

/// `LIMIT` or `OFFSET`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Bound {
    #[default]
    None,
    Rows(u64),
    /// It is there, but the number is not known.
    Unknown,
}

/// One relation of `FROM`.
#[derive(Debug, Clone, PartialEq)]
pub struct JoinedRelation {
    pub relation: usize,
    pub kind: Joined,
    /// What `ON` says, all of which holds for joined rows.
    pub on: Vec<Term>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joined {
    /// Rows must have a partner; also the first relation, and those after commas.
    Inner,
    /// Rows of what stands before are kept without a partner.
    Left,
    /// `RIGHT` and `FULL`.
    Outer,
}

#[derive(Debug, Clone, PartialEq)]
pub struct OrderTerm {
    pub term: Term,
    pub order: KeyOrder,
}

impl Block {
    /// Every condition on rows of inner joins: `WHERE`, and `ON` of inner joins.
    pub fn conditions(&self) -> Vec<Term> {
        let inner = self.joins.iter().filter(|join| join.kind == Joined::Inner).flat_map(|join| &join.on);
        self.filter.iter().chain(inner).cloned().flat_map(conjuncts).collect()
    }

    /// Every term whose columns have to be read for the result.
    pub fn outputs(&self) -> impl Iterator<Item = &Term> {
        self.targets
            .iter()
            .chain(&self.group)
            .chain(&self.having)
            .chain(self.distinct.iter().flatten())
            .chain(self.order.iter().map(|order| &order.term))
    }
}
