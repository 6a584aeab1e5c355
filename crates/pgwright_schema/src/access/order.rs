//! In which order an index gives its rows (`optimizer/path/pathkeys.c`).

use super::Server;
use super::index::{KeyOrder, PreparedIndex, PreparedKey};
use crate::catalog::catalog;
use crate::schema::IndexMethod;
use crate::statement::OrderTerm;
use crate::terms::{Kind, Term, is_equality};

/// What of an order an index provides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provides {
    /// All of it: nothing is sorted, and a `LIMIT` stops early.
    All(Direction),
    /// The first so many terms; the rest is sorted within each of their values (`Incremental Sort`).
    First(usize, Direction),
    Nothing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Forward,
    Backward,
}

impl Provides {
    pub fn direction(self) -> Option<Direction> {
        match self {
            Provides::All(direction) | Provides::First(_, direction) => Some(direction),
            Provides::Nothing => None,
        }
    }
}

/// How much of `order` the index provides for rows that fulfil all of `clauses`, which are about relation 0. Whether
/// the index holds those rows is [`super::serve`]'s question.
pub fn provides(index: &PreparedIndex, clauses: &[Term], order: &[OrderTerm]) -> Provides {
    let wanted = needed(clauses, order);
    if wanted.is_empty() {
        return Provides::All(Direction::Forward);
    }
    if let Some(by_distance) = by_distance(index, &wanted) {
        return by_distance;
    }
    if !index.is_ordered() {
        return Provides::Nothing;
    }
    let keys: Vec<&PreparedKey> = index.keys.iter().filter(|key| !is_fixed(&key.term, clauses)).collect();
    let forward = common(&keys, &wanted, |order| order);
    let backward = common(&keys, &wanted, KeyOrder::reversed);
    let (length, direction) =
        if backward > forward { (backward, Direction::Backward) } else { (forward, Direction::Forward) };
    match length {
        0 => Provides::Nothing,
        length if length == wanted.len() => Provides::All(direction),
        length => Provides::First(length, direction),
    }
}

/// What asks for equal rows to stand together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grouping {
    GroupBy,
    Distinct,
    /// `COUNT(DISTINCT …)` and the like.
    Aggregate,
}

impl Grouping {
    /// Whether the planner tries the terms in the order of an index rather than as written
    /// (`enable_group_by_reordering`, `enable_distinct_reordering`).
    fn is_reordered(self, server: &Server) -> bool {
        match self {
            Grouping::GroupBy => server.version >= 17,
            Grouping::Distinct => server.version >= 18,
            Grouping::Aggregate => false,
        }
    }

    /// Whether a prefix of the order is of use: before 16 `Unique` sorted whole, and aggregates always.
    fn sorts_incrementally(self, server: &Server) -> bool {
        self == Grouping::GroupBy || server.version >= 16
    }
}

/// How many of the terms the index groups together: what `GROUP BY` and `DISTINCT` need of it.
pub fn groups(
    index: &PreparedIndex,
    clauses: &[Term],
    terms: &[Term],
    grouping: Grouping,
    server: &Server,
) -> Provides {
    if !index.is_ordered() {
        return Provides::Nothing;
    }
    let mut wanted: Vec<&Term> = Vec::new();
    for term in terms {
        if !is_fixed(term, clauses) && !wanted.iter().any(|seen| seen.same(term)) {
            wanted.push(term);
        }
    }
    let keys = index.keys.iter().filter(|key| !is_fixed(&key.term, clauses)).enumerate();
    let reordered = grouping.is_reordered(server);
    let fits = |position: usize, key: &PreparedKey| {
        let found = wanted.iter().position(|term| term.same(&key.term) && term.collation.matches(&key.collation));
        is_sorted_by_default(key) && found.is_some_and(|found| reordered || found == position)
    };
    let length = keys.take_while(|(position, key)| fits(*position, key)).count();
    match length {
        _ if wanted.is_empty() => Provides::All(Direction::Forward),
        0 => Provides::Nothing,
        length if length >= wanted.len() => Provides::All(Direction::Forward),
        length if grouping.sorts_incrementally(server) => Provides::First(length, Direction::Forward),
        _ => Provides::Nothing,
    }
}

/// Whether everything the terms need of relation 0 is in the index, so that the table need not be read.
///
/// Source: `check_index_only`: columns of keys count, expressions do not, and the access method has to give values back.
pub fn covers(index: &PreparedIndex, terms: &[Term]) -> bool {
    terms.iter().all(|term| term.columns(0).iter().all(|column| index.returns(column)))
}

/// The order without terms that are the same in every row, or were named before.
fn needed<'a>(clauses: &[Term], order: &'a [OrderTerm]) -> Vec<&'a OrderTerm> {
    let mut wanted: Vec<&OrderTerm> = Vec::new();
    for term in order {
        let repeated = wanted.iter().any(|seen| seen.term.same(&term.term));
        if !repeated && !is_fixed(&term.term, clauses) {
            wanted.push(term);
        }
    }
    wanted
}

/// Whether the conditions leave one value of the term.
pub fn is_fixed(term: &Term, clauses: &[Term]) -> bool {
    if term.is_free_of_columns() {
        return term.volatility() < crate::catalog::Volatility::Volatile;
    }
    clauses.iter().any(|clause| match &clause.kind {
        Kind::Operator { id, args } => match args.as_slice() {
            [left, right] if is_equality(*id) => {
                (left.same(term) && !right.uses(0)) || (right.same(term) && !left.uses(0))
            }
            _ => false,
        },
        // A boolean that is a condition.
        Kind::Not(arg) => arg.same(term),
        _ => clause.same(term),
    })
}

fn common(keys: &[&PreparedKey], wanted: &[&OrderTerm], read: impl Fn(KeyOrder) -> KeyOrder) -> usize {
    let fits = |key: &PreparedKey, wanted: &OrderTerm| {
        key.term.same(&wanted.term)
            && is_sorted_by_default(key)
            && key.collation.matches(&wanted.term.collation)
            && read(key.order) == wanted.order
    };
    keys.iter().zip(wanted).take_while(|(key, wanted)| fits(key, wanted)).count()
}

/// Whether the key's class sorts as `ORDER BY` does: `text_pattern_ops` does not.
fn is_sorted_by_default(key: &PreparedKey) -> bool {
    let default = catalog().operator_class(&IndexMethod::Btree, None, key.term.type_);
    match (key.class, default) {
        (Some(class), Some(default)) => class.family == default.family,
        _ => false,
    }
}

/// GiST and SP-GiST give rows by distance: `ORDER BY point <-> '(0,0)'` (`match_pathkeys_to_index`).
fn by_distance(index: &PreparedIndex, wanted: &[&OrderTerm]) -> Option<Provides> {
    let [only] = wanted else { return None };
    let (id, left, right) = only.term.as_comparison()?;
    if only.order.descending || only.order.nulls_first {
        return None;
    }
    let orders = index.keys.iter().any(|key| {
        let Some(class) = key.class else { return false };
        let operator = if left.same(&key.term) && !right.uses(0) {
            Some(id)
        } else if right.same(&key.term) && !left.uses(0) {
            catalog().commutator(id)
        } else {
            None
        };
        operator.is_some_and(|id| catalog().member(class.family, id, crate::catalog::Purpose::Order).is_some())
    });
    orders.then_some(Provides::All(Direction::Forward))
}
