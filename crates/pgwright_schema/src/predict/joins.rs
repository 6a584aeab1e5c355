//! Which tables are joined in which order, and how (`joinrels.c`, `joinpath.c`).
//!
//! Nested loops, hash joins and merge joins are weighed, in parallel too; equalities are followed through; subqueries of
//! `EXISTS` and `IN` become joins. Left out: statistics on several columns, partitions, foreign tables, GEQO, joins of more
//! than eight relations in any but a greedy order.

mod base;
mod methods;
mod pose;

use std::rc::Rc;
use std::sync::Arc;

use base::{base, extreme, groups};
use methods::join;
use pose::pose;

use super::aggregate::{self, Ending};
use super::{Access, Database, OrderBy, Prediction, Scan, TableFacts};
use crate::access::{Grouping, Provides};
use crate::statement::{Block, Bound, OrderTerm, Query, RelationSource};
use crate::statistics::Source;
use crate::terms::Term;

/// More relations than this are joined greedily.
const EXHAUSTIVE: usize = 8;

pub(super) fn predict(query: &Query, database: &Database<'_>) -> Prediction {
    if query.blocks.is_empty() {
        return Prediction { accesses: Vec::new(), cost: 0.0, rows: 0.0 };
    }
    let mut planned = Planned { accesses: Vec::new(), blocks: vec![None; query.blocks.len()] };
    let outcome = block(query, 0, database, &mut planned);
    planned.accesses.sort_by_key(|access| access.relation);
    planned.accesses.dedup_by_key(|access| access.relation);
    Prediction { accesses: planned.accesses, cost: outcome.total, rows: outcome.rows }
}

struct Planned {
    accesses: Vec<Access>,
    /// Blocks that were planned already: `WITH` is read once, and a joined subquery is no block of its own.
    blocks: Vec<Option<Outcome>>,
}

#[derive(Debug, Clone, Copy)]
struct Outcome {
    total: f64,
    rows: f64,
}

/// A relation of the join problem.
struct Item<'a> {
    relation: usize,
    facts: Option<&'a TableFacts>,
    /// Its own conditions, in the statement's numbering.
    clauses: Vec<Term>,
    columns: Option<Vec<Arc<str>>>,
    width: f64,
    /// Of what is no table.
    outcome: Outcome,
}

/// A join that is not an inner one: `right` as a whole is joined to what holds `left`.
struct Special {
    left: u32,
    right: u32,
    kind: JoinType,
    clauses: Vec<Term>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JoinType {
    Inner,
    Left,
    Semi,
    Anti,
}

/// A way to get the rows of some relations.
#[derive(Debug, Clone)]
pub(super) struct Path {
    pub startup: f64,
    pub total: f64,
    pub rows: f64,
    /// How many terms of the order it keeps.
    pub ordered: usize,
    pub grouped: Option<Provides>,
    /// Workers among whom the rows are divided.
    pub workers: Option<f64>,
    scans: Rc<Scans>,
}

/// The scans of a path, without copying those below it.
#[derive(Debug)]
enum Scans {
    One { item: usize, scan: Scan, rows: f64 },
    Two(Rc<Scans>, Rc<Scans>),
}

/// The best paths of some relations.
#[derive(Debug, Clone, Default)]
struct Best {
    rows: f64,
    width: f64,
    paths: Vec<Path>,
    partial: Option<Path>,
}

impl Best {
    fn cheapest(&self) -> Option<&Path> {
        self.paths.iter().min_by(|a, b| a.total.total_cmp(&b.total))
    }

    /// Keeps what is better than the others in some way.
    fn add(&mut self, path: Path) {
        if path.workers.is_some() {
            if self.partial.as_ref().is_none_or(|so_far| path.total < so_far.total) {
                self.partial = Some(path);
            }
            return;
        }
        let better = |a: &Path, b: &Path| {
            a.total <= b.total
                && a.startup <= b.startup
                && a.ordered >= b.ordered
                && a.grouped.is_some() >= b.grouped.is_some()
        };
        if self.paths.iter().any(|other| better(other, &path)) {
            return;
        }
        self.paths.retain(|other| !better(&path, other));
        self.paths.push(path);
    }
}

struct Problem<'a> {
    query: &'a Query,
    items: Vec<Item<'a>>,
    /// Conditions on several of the items.
    clauses: Vec<(Term, u32)>,
    specials: Vec<Special>,
    order: Vec<OrderTerm>,
    group: Option<(Vec<Term>, Grouping)>,
    database: &'a Database<'a>,
    parallel: bool,
}

fn block(query: &Query, place: usize, database: &Database<'_>, planned: &mut Planned) -> Outcome {
    if let Some(known) = planned.blocks[place] {
        return known;
    }
    let block = &query.blocks[place];
    if !block.parts.is_empty() {
        let parts: Vec<Outcome> = block.parts.iter().map(|part| self::block(query, *part, database, planned)).collect();
        let outcome = Outcome {
            total: parts.iter().map(|part| part.total).sum(),
            rows: parts.iter().map(|part| part.rows).sum(),
        };
        planned.blocks[place] = Some(outcome);
        return outcome;
    }
    let problem = pose(query, block, database, planned);
    let outcome = solve(&problem, block, planned);
    // What stands in terms and is no join is run for itself.
    let mut total = outcome.total;
    for inner in 0..query.blocks.len() {
        if query.blocks[inner].parent == Some(place) && planned.blocks[inner].is_none() {
            total += self::block(query, inner, database, planned).total;
        }
    }
    let outcome = Outcome { total, rows: outcome.rows };
    planned.blocks[place] = Some(outcome);
    outcome
}

fn solve(problem: &Problem<'_>, block: &Block, planned: &mut Planned) -> Outcome {
    let count = problem.items.len();
    if count == 0 {
        return Outcome { total: 0.01, rows: 1.0 };
    }
    let mut bases: Vec<Best> = (0..count).map(|place| base(problem, place)).collect();
    let never = bases.iter().enumerate().any(|(place, best)| {
        // A table of which nothing can be wanted leaves nothing of what is joined to it.
        let inner = !problem.specials.iter().any(|special| special.right & (1 << place) != 0);
        inner && best.paths.iter().any(|path| matches!(&*path.scans, Scans::One { scan: Scan::Nothing, .. }))
    });
    if never {
        for place in 0..count {
            record(problem, place, &Scan::Nothing, 0.0, OrderBy::NotAsked, planned);
        }
        return Outcome { total: 0.0, rows: 0.0 };
    }
    let best = if count == 1 {
        bases.swap_remove(0)
    } else if count <= EXHAUSTIVE {
        exhaustive(problem, bases)
    } else {
        greedy(problem, bases)
    };
    let grouped = problem.group.as_ref().map(|(terms, _)| groups(problem, terms, best.rows));
    let prefix = |count: usize| {
        let terms: Vec<Term> = problem.order.iter().take(count).map(|order| order.term.clone()).collect();
        groups(problem, &terms, best.rows)
    };
    let ending = Ending {
        block,
        order: problem.order.len(),
        groups: grouped,
        width: best.width,
        settings: &problem.database.settings,
        parallel: problem.parallel,
        server: &problem.database.server,
    };
    let mut chosen: Option<(f64, &Path, OrderBy)> = None;
    for path in best.paths.iter().chain(&best.partial) {
        let (cost, order) = aggregate::finish(path, &ending, &prefix);
        if chosen.as_ref().is_none_or(|(so_far, ..)| cost < *so_far) {
            chosen = Some((cost, path, order));
        }
    }
    let extreme = (count == 1).then(|| extreme(problem, block)).flatten();
    let Some((mut cost, path, mut order)) = chosen else { return Outcome { total: 0.0, rows: 0.0 } };
    let mut found = Vec::new();
    collect(&path.scans, &mut found);
    if let Some(extreme) = extreme
        && extreme.total < cost
    {
        cost = extreme.total;
        order = OrderBy::Provided;
        found = vec![(0, extreme.scan, 1.0)];
    }
    for (place, scan, rows) in found {
        record(problem, place, &scan, rows, order, planned);
    }
    let rows = match (&grouped, block.aggregates) {
        (Some(groups), _) if !block.group.is_empty() || block.distinct.is_some() => *groups,
        (_, true) => 1.0,
        _ => best.rows,
    };
    let rows = match block.limit {
        Bound::Rows(limit) => rows.min(limit as f64),
        _ => rows,
    };
    Outcome { total: cost, rows }
}

fn collect(scans: &Scans, found: &mut Vec<(usize, Scan, f64)>) {
    match scans {
        Scans::One { item, scan, rows, .. } => found.push((*item, scan.clone(), *rows)),
        Scans::Two(left, right) => {
            collect(left, found);
            collect(right, found);
        }
    }
}

fn record(problem: &Problem<'_>, place: usize, scan: &Scan, rows: f64, order: OrderBy, planned: &mut Planned) {
    let item = &problem.items[place];
    let relation = &problem.query.relations[item.relation];
    let RelationSource::Table(table) = relation.source else { return };
    let statistics = item.facts.map(|facts| &facts.statistics);
    planned.accesses.push(Access {
        relation: item.relation,
        table: problem.database.schema.tables[table].name.as_str().into(),
        alias: relation.alias.as_str().into(),
        scan: scan.clone(),
        rows,
        table_rows: statistics.map_or(0.0, |statistics| statistics.size.rows_today()),
        source: statistics.map_or(Source::Assumed, |statistics| statistics.source),
        order,
    });
}

fn exhaustive(problem: &Problem<'_>, bases: Vec<Best>) -> Best {
    let count = bases.len();
    let all: u32 = (1 << count) - 1;
    let mut best: Vec<Option<Best>> = vec![None; 1 << count];
    for (place, base) in bases.into_iter().enumerate() {
        best[1 << place] = Some(base);
    }
    // First only where conditions join, then, if nothing came of it, everything with everything.
    for connected in [true, false] {
        for mask in 1..=all {
            if mask.count_ones() < 2 || best[mask as usize].is_some() {
                continue;
            }
            let mut sum: Option<Best> = None;
            let mut left = (mask - 1) & mask;
            while left > 0 {
                let right = mask & !left;
                if let (Some(outer), Some(inner)) = (&best[left as usize], &best[right as usize])
                    && (!connected || is_connected(problem, left, right))
                {
                    join(problem, (left, outer), (right, inner), &mut sum);
                }
                left = (left - 1) & mask;
            }
            best[mask as usize] = sum;
        }
        if best[all as usize].is_some() {
            break;
        }
    }
    best[all as usize].take().unwrap_or_default()
}

/// Joins the two that give the fewest rows, again and again.
fn greedy(problem: &Problem<'_>, bases: Vec<Best>) -> Best {
    let mut left: Vec<(u32, Best)> =
        bases.into_iter().enumerate().map(|(place, base)| (1_u32 << place.min(31), base)).collect();
    while left.len() > 1 {
        let mut chosen: Option<(usize, usize, Best)> = None;
        for connected in [true, false] {
            for a in 0..left.len() {
                for b in 0..left.len() {
                    if a == b || (connected && !is_connected(problem, left[a].0, left[b].0)) {
                        continue;
                    }
                    let mut sum = None;
                    join(problem, (left[a].0, &left[a].1), (left[b].0, &left[b].1), &mut sum);
                    if let Some(sum) = sum
                        && chosen.as_ref().is_none_or(|(_, _, so_far)| sum.rows < so_far.rows)
                    {
                        chosen = Some((a, b, sum));
                    }
                }
            }
            if chosen.is_some() {
                break;
            }
        }
        let Some((a, b, sum)) = chosen else { break };
        let mask = left[a].0 | left[b].0;
        left = left.into_iter().enumerate().filter(|(place, _)| *place != a && *place != b).map(|(_, of)| of).collect();
        left.push((mask, sum));
    }
    left.pop().map(|(_, best)| best).unwrap_or_default()
}

fn is_connected(problem: &Problem<'_>, left: u32, right: u32) -> bool {
    let of = |mask: u32| mask & left != 0 && mask & right != 0;
    problem.clauses.iter().any(|(_, mask)| of(*mask))
        || problem.specials.iter().any(|special| of(special.left | special.right))
}

/// Which kind of join brings the two together; None when they may not be joined yet (`join_is_legal`).
fn legal<'a>(problem: &'a Problem<'_>, left: u32, right: u32) -> Option<(JoinType, Option<&'a Special>)> {
    let both = left | right;
    let mut kind = (JoinType::Inner, None);
    for special in &problem.specials {
        let whole = special.right;
        if both & whole == 0 || both & !whole == 0 {
            continue;
        }
        let done = |side: u32| side & whole == whole && side & special.left == special.left;
        if done(left) || done(right) {
            continue;
        }
        if right == whole && left & special.left == special.left {
            kind = (special.kind, Some(special));
        } else {
            return None;
        }
    }
    Some(kind)
}
