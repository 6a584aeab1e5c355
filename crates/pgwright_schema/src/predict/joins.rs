//! Which tables are joined in which order, and how (`joinrels.c`, `joinpath.c`).
//!
//! Nested loops, hash joins and merge joins are weighed, in parallel too; equalities are followed through; subqueries of
//! `EXISTS` and `IN` become joins. Left out: statistics on several columns, partitions, foreign tables, GEQO, joins of more
//! than eight relations in any but a greedy order.

use std::rc::Rc;
use std::sync::Arc;

use super::aggregate::{self, Ending};
use super::cost::Settings;
use super::scans::{self, Request, ScanPath, qualification};
use super::selectivity::{all_of, distinct, joined};
use super::{Access, Database, OrderBy, Prediction, Scan, TableFacts};
use crate::access::{Direction, Grouping, Provides, implies};
use crate::catalog::{OperatorId, catalog};
use crate::statement::{Block, Bound, Joined, OrderTerm, Query, RelationSource, Verb};
use crate::statistics::Source;
use crate::terms::{Kind, SubqueryUsage, Term, is_equality};

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

/// Collects the relations of a block and of the subqueries that become joins.
fn pose<'a>(query: &'a Query, block: &Block, database: &'a Database<'a>, planned: &mut Planned) -> Problem<'a> {
    let mut relations: Vec<usize> = block.joins.iter().map(|join| join.relation).collect();
    let mut conditions = block.conditions();
    let mut pulled: Vec<(Vec<usize>, JoinType, Vec<Term>)> = Vec::new();
    conditions.retain(|condition| match pull_up(query, condition) {
        Some((inner, kind, clauses)) => {
            let from = query.blocks[inner].joins.iter().map(|join| join.relation).collect::<Vec<_>>();
            planned.blocks[inner] = Some(Outcome { total: 0.0, rows: 0.0 });
            relations.extend(&from);
            pulled.push((from, kind, clauses));
            false
        }
        None => true,
    });
    let bit =
        |relation: usize| relations.iter().position(|own| *own == relation).map_or(0, |place| 1_u32 << place.min(31));
    let mask = |term: &Term| term.relations().into_iter().fold(0, |mask, relation| mask | bit(relation));
    let mut specials = Vec::new();
    for join in &block.joins {
        if join.kind == Joined::Inner {
            continue;
        }
        let own = bit(join.relation);
        // A condition that no row of nulls fulfils makes the join an inner one (`reduce_outer_joins`).
        let kept_out = conditions.iter().any(|condition| rejects_nulls(condition, join.relation));
        if kept_out && join.kind == Joined::Left {
            conditions.extend(join.on.iter().cloned());
            continue;
        }
        let missing =
            conditions.iter().position(|condition| asks_for_missing(condition, join.relation, query, database));
        let kind = match missing {
            Some(place) => {
                conditions.remove(place);
                JoinType::Anti
            }
            None => JoinType::Left,
        };
        let left = join.on.iter().map(&mask).fold(0, |all, each| all | each) & !own;
        specials.push(Special { left, right: own, kind, clauses: join.on.clone() });
    }
    for (from, kind, clauses) in pulled {
        let right = from.iter().fold(0, |all, relation| all | bit(*relation));
        let left = clauses.iter().map(&mask).fold(0, |all, each| all | each) & !right;
        if kind == JoinType::Semi {
            conditions.extend(clauses.iter().cloned());
            specials.push(Special { left, right, kind, clauses: Vec::new() });
        } else {
            specials.push(Special { left, right, kind, clauses });
        }
    }
    follow_equalities(&mut conditions, &relations);
    let mut items: Vec<Item<'a>> =
        relations.iter().map(|relation| item(query, block, *relation, database, planned)).collect();
    let mut clauses = Vec::new();
    for condition in conditions {
        let mask = mask(&condition);
        match mask.count_ones() {
            1 => items[mask.trailing_zeros() as usize].clauses.push(condition),
            0 => {
                // It concerns all rows alike; the first table shows it.
                if let Some(first) = items.first_mut() {
                    first.clauses.push(condition);
                }
            }
            _ => clauses.push((condition, mask)),
        }
    }
    // What `ON` says of the joined relation alone is checked while that is read.
    for special in &mut specials {
        let right = special.right;
        special.clauses.retain(|clause| {
            let mask = mask(clause);
            let own = mask != 0 && mask & !right == 0 && mask.count_ones() == 1;
            if own {
                items[mask.trailing_zeros() as usize].clauses.push(clause.clone());
            }
            !own
        });
    }
    let group = if !block.group.is_empty() {
        Some((block.group.clone(), Grouping::GroupBy))
    } else if !block.distinct_aggregates.is_empty() && database.server.version >= 16 {
        Some((block.distinct_aggregates.clone(), Grouping::Aggregate))
    } else if block.order.is_empty() {
        block.distinct.clone().map(|terms| (terms, Grouping::Distinct))
    } else {
        None
    };
    let order = if group.is_some() { Vec::new() } else { block.order.clone() };
    let parallel = query.verb == Verb::Select && !block.locks_rows && block.parent.is_none();
    Problem { query, items, clauses, specials, order, group, database, parallel }
}

fn item<'a>(
    query: &'a Query,
    block: &Block,
    relation: usize,
    database: &'a Database<'a>,
    planned: &mut Planned,
) -> Item<'a> {
    let mut columns: Vec<Arc<str>> = Vec::new();
    let whole = block.locks_rows || query.blocks.iter().any(|block| block.whole_rows.contains(&relation));
    let mut take = |term: &Term| {
        for column in term.columns(relation) {
            if !columns.contains(&column) {
                columns.push(column);
            }
        }
    };
    for block in &query.blocks {
        block.outputs().for_each(&mut take);
        // Conditions on it alone are looked at where it is read; those with others need its columns above.
        for condition in block.filter.iter().chain(block.joins.iter().flat_map(|join| &join.on)) {
            if condition.relations().len() > 1 || matches!(condition.kind, Kind::Subquery { .. }) {
                take(condition);
            }
        }
    }
    let source = query.relations.get(relation).map(|relation| &relation.source);
    match source {
        Some(RelationSource::Table(table)) => {
            let facts = database.tables.get(*table);
            let statistics = facts.map(|facts| &facts.statistics);
            let of = &database.schema.tables[*table];
            let width = |name: &str| statistics.map_or(8.0, |statistics| super::column_width(of, statistics, name));
            let width = if whole {
                of.columns.iter().map(|column| width(&column.name)).sum()
            } else {
                columns.iter().map(|column| width(column)).sum()
            };
            let columns = (!whole).then_some(columns);
            Item { relation, facts, clauses: Vec::new(), columns, width, outcome: Outcome { total: 0.0, rows: 0.0 } }
        }
        Some(RelationSource::Subquery(inner)) => {
            let outcome = self::block(query, *inner, database, planned);
            Item { relation, facts: None, clauses: Vec::new(), columns: None, width: 32.0, outcome }
        }
        _ => Item {
            relation,
            facts: None,
            clauses: Vec::new(),
            columns: None,
            width: 32.0,
            outcome: Outcome { total: 10.0, rows: 1000.0 },
        },
    }
}

/// A subquery of `EXISTS`, `NOT EXISTS` or `IN` whose relations can be joined (`pull_up_sublinks`).
fn pull_up(query: &Query, condition: &Term) -> Option<(usize, JoinType, Vec<Term>)> {
    let Kind::Subquery { block, usage, left } = &condition.kind else { return None };
    let inner = query.blocks.get(*block)?;
    let plain = inner.parts.is_empty()
        && inner.group.is_empty()
        && inner.having.is_empty()
        && !inner.aggregates
        && !inner.joins.is_empty()
        && inner.joins.iter().all(|join| join.kind == Joined::Inner)
        && inner.offset == Bound::None;
    if !plain {
        return None;
    }
    let mut clauses = inner.conditions();
    let kind = match usage {
        SubqueryUsage::Exists => JoinType::Semi,
        SubqueryUsage::NotExists => JoinType::Anti,
        SubqueryUsage::In if inner.limit == Bound::None => {
            let (left, target) = (left.as_ref()?, inner.targets.first()?);
            let (id, _, _) = catalog().resolve_operator("=", left.type_, target.type_)?;
            clauses.push(Term::boolean(Kind::Operator { id, args: vec![(**left).clone(), target.clone()] }));
            JoinType::Semi
        }
        _ => return None,
    };
    // Without anything that ties it to the outer rows it is a question asked once.
    let own: Vec<usize> = inner.joins.iter().map(|join| join.relation).collect();
    let tied = clauses.iter().any(|clause| clause.relations().iter().any(|relation| !own.contains(relation)));
    tied.then_some((*block, kind, clauses))
}

/// Whether no row whose columns of the relation are all null fulfils the condition.
fn rejects_nulls(condition: &Term, relation: usize) -> bool {
    match &condition.kind {
        Kind::IsNull { negated: false, .. } => false,
        Kind::Or(arms) => arms.iter().all(|arm| rejects_nulls(arm, relation)),
        Kind::And(items) => items.iter().any(|item| rejects_nulls(item, relation)),
        _ => condition.columns(relation).iter().any(|column| {
            let column = Term::column(relation, column, condition.type_);
            let present = Term::boolean(Kind::IsNull { arg: Box::new(column), negated: true });
            implies(std::slice::from_ref(condition), &present) == crate::access::Implied::Yes
        }),
    }
}

/// `right.id IS NULL` after a left join, where `id` is never null: rows without a partner.
fn asks_for_missing(condition: &Term, relation: usize, query: &Query, database: &Database<'_>) -> bool {
    let Kind::IsNull { arg, negated: false } = &condition.kind else { return false };
    let Some((of, name)) = arg.as_column() else { return false };
    let Some(RelationSource::Table(table)) = query.relations.get(of).map(|relation| &relation.source) else {
        return false;
    };
    let column = database.schema.tables.get(*table).and_then(|table| table.column(name));
    of == relation && column.is_some_and(|column| !column.null)
}

/// Adds what equalities imply: `a = b AND b = 5` also says `a = 5`, and `a = b AND b = c` also `a = c`
/// (`optimizer/path/equivclass.c`).
fn follow_equalities(conditions: &mut Vec<Term>, relations: &[usize]) {
    let mut classes: Vec<(Vec<Term>, Option<Term>)> = Vec::new();
    let local = |term: &Term| term.as_column().is_some_and(|(relation, _)| relations.contains(&relation));
    for condition in conditions.iter() {
        let Some((id, left, right)) = condition.as_comparison() else { continue };
        if !is_equality(id) {
            continue;
        }
        let members: Vec<&Term> = [left, right].into_iter().filter(|term| local(term)).collect();
        let value = [left, right].into_iter().find(|term| !term.relations().iter().any(|of| relations.contains(of)));
        if members.is_empty() || (members.len() == 1 && value.is_none()) {
            continue;
        }
        let touched = |class: &(Vec<Term>, Option<Term>)| {
            class.0.iter().any(|known| members.iter().any(|member| member.same(known)))
        };
        let (mut merged, rest): (Vec<_>, Vec<_>) = classes.into_iter().partition(touched);
        classes = rest;
        let mut class = (Vec::new(), value.cloned());
        for (known, constant) in merged.drain(..) {
            class.0.extend(known);
            class.1 = class.1.or(constant);
        }
        for member in members {
            if !class.0.iter().any(|known: &Term| known.same(member)) {
                class.0.push(member.clone());
            }
        }
        classes.push(class);
    }
    let equal = |left: &Term, right: &Term| {
        let (id, _, _) = catalog().resolve_operator("=", left.type_, right.type_)?;
        Some(Term::boolean(Kind::Operator { id, args: vec![left.clone(), right.clone()] }))
    };
    for (members, constant) in classes {
        if members.len() < 2 {
            continue;
        }
        let mut derived = Vec::new();
        match &constant {
            Some(constant) => {
                derived.extend(members.iter().filter_map(|member| equal(member, constant)));
                // The members need not be compared with each other any more.
                conditions.retain(|condition| {
                    condition.as_comparison().is_none_or(|(id, left, right)| {
                        let member = |term: &Term| members.iter().any(|known| known.same(term));
                        !(is_equality(id) && member(left) && member(right))
                    })
                });
            }
            None if members.len() > 2 => {
                for (place, left) in members.iter().enumerate() {
                    derived.extend(members[place + 1..].iter().filter_map(|right| equal(left, right)));
                }
            }
            None => {}
        }
        for clause in derived {
            if !conditions.iter().any(|known| known.same(&clause)) {
                conditions.push(clause);
            }
        }
    }
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

fn request(problem: &Problem<'_>, place: usize) -> Request {
    let item = &problem.items[place];
    let relation = item.relation;
    let only = |term: &Term| term.relations().iter().all(|of| *of == relation);
    let order = problem.order.iter().take_while(|order| only(&order.term));
    let group = problem.group.as_ref().filter(|(terms, _)| terms.iter().all(only));
    Request {
        clauses: item.clauses.iter().map(|clause| clause.seen_from(relation)).collect(),
        parameters: Vec::new(),
        loops: 1.0,
        columns: item.columns.clone(),
        order: order.map(|order| OrderTerm { term: order.term.seen_from(relation), order: order.order }).collect(),
        group: group.map(|(terms, grouping)| (terms.iter().map(|term| term.seen_from(relation)).collect(), *grouping)),
    }
}

fn as_path(problem: &Problem<'_>, place: usize, found: ScanPath, wanted: usize) -> Path {
    let ordered = match found.provides {
        Provides::All(_) => wanted,
        Provides::First(count, _) => count,
        Provides::Nothing => 0,
    };
    let grouped = (problem.group.is_some() && found.provides != Provides::Nothing).then_some(found.provides);
    let scans = Scans::One { item: place, scan: found.scan, rows: found.rows };
    Path {
        startup: found.startup,
        total: found.total,
        rows: found.rows,
        ordered,
        grouped,
        workers: None,
        scans: Rc::new(scans),
    }
}

/// The paths of one relation.
fn base(problem: &Problem<'_>, place: usize) -> Best {
    let item = &problem.items[place];
    let mut best = Best { width: item.width, rows: item.outcome.rows.max(1.0), ..Best::default() };
    let Some(facts) = item.facts else {
        let scans = Scans::One { item: place, scan: Scan::Sequential, rows: best.rows };
        best.paths.push(Path {
            startup: 0.0,
            total: item.outcome.total,
            rows: best.rows,
            ordered: 0,
            grouped: None,
            workers: None,
            scans: Rc::new(scans),
        });
        return best;
    };
    let request = request(problem, place);
    let wanted = request.order.len();
    for found in scans::paths(&request, facts, problem.database) {
        best.rows = found.rows;
        if let Some(workers) = found.workers.filter(|_| problem.parallel) {
            let divisor = Settings::divisor(workers);
            let mut path = as_path(problem, place, found.clone(), wanted);
            path.total -= found.divisible * (1.0 - 1.0 / divisor);
            path.rows = (path.rows / divisor).max(1.0);
            path.workers = Some(workers);
            best.add(path);
        }
        best.add(as_path(problem, place, found, wanted));
    }
    best
}

/// `MIN` and `MAX` as the first row of an index (`planagg.c`).
fn extreme(problem: &Problem<'_>, block: &Block) -> Option<ScanPath> {
    if !block.group.is_empty() || !block.aggregates {
        return None;
    }
    let [only] = block.targets.as_slice() else { return None };
    let Kind::Function { name, args, .. } = &only.kind else { return None };
    let descending = match name.as_ref() {
        "max" => true,
        "min" => false,
        _ => return None,
    };
    let [arg] = args.as_slice() else { return None };
    let facts = problem.items[0].facts?;
    let mut request = request(problem, 0);
    let term = arg.seen_from(problem.items[0].relation);
    let present = Term::boolean(Kind::IsNull { arg: Box::new(term.clone()), negated: true });
    request.clauses.push(present);
    request.group = None;
    request.order = vec![OrderTerm { term, order: crate::access::KeyOrder { descending, nulls_first: descending } }];
    let mut found: Vec<ScanPath> = scans::paths(&request, facts, problem.database)
        .into_iter()
        .filter(|path| {
            matches!(path.provides, Provides::All(_)) && !matches!(path.scan, Scan::Sequential | Scan::Nothing)
        })
        .collect();
    for path in &mut found {
        path.total = path.startup + (path.total - path.startup) / path.rows.max(1.0);
    }
    found.into_iter().min_by(|a, b| a.total.total_cmp(&b.total))
}

/// How many groups the terms make (`estimate_num_groups`).
fn groups(problem: &Problem<'_>, terms: &[Term], rows: f64) -> f64 {
    let mut count = 1.0;
    for item in &problem.items {
        let Some(facts) = item.facts else { continue };
        let own: Vec<Term> =
            terms.iter().filter(|term| term.uses(item.relation)).map(|term| term.seen_from(item.relation)).collect();
        if own.is_empty() {
            continue;
        }
        let table_rows = facts.statistics.size.rows_today().max(1.0);
        let mut of_item: f64 = own.iter().map(|term| distinct(term, facts)).product();
        if own.len() > 1 {
            let most = own.iter().map(|term| distinct(term, facts)).fold(1.0, f64::max);
            of_item = of_item.min((table_rows * 0.1).max(most));
        }
        let clauses: Vec<Term> = item.clauses.iter().map(|clause| clause.seen_from(item.relation)).collect();
        let kept = (table_rows * all_of(&clauses, facts)).max(1.0);
        if of_item > 0.0 && kept < table_rows {
            of_item *= 1.0 - ((table_rows - kept) / table_rows).powf(table_rows / of_item);
        }
        count *= of_item.max(1.0);
    }
    count.min(rows).max(1.0).ceil()
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

/// Adds the ways to join two sets of relations, the first one outside.
fn join(problem: &Problem<'_>, outer: (u32, &Best), inner: (u32, &Best), sum: &mut Option<Best>) {
    let Some((kind, special)) = legal(problem, outer.0, inner.0) else { return };
    let both = outer.0 | inner.0;
    let mut clauses: Vec<&Term> = problem
        .clauses
        .iter()
        .filter(|(_, mask)| mask & !both == 0 && mask & outer.0 != 0 && mask & inner.0 != 0)
        .map(|(clause, _)| clause)
        .collect();
    clauses.extend(special.into_iter().flat_map(|special| &special.clauses));
    let share: f64 = clauses.iter().map(|clause| join_share(problem, clause)).product();
    let pairs = (outer.1.rows * inner.1.rows * share).max(1.0);
    let matched = (inner.1.rows * share).min(1.0);
    let rows = match kind {
        JoinType::Inner => pairs,
        JoinType::Left => pairs.max(outer.1.rows),
        JoinType::Semi => (outer.1.rows * semi_share(problem, &clauses, outer, inner, matched)).max(1.0),
        JoinType::Anti => (outer.1.rows * (1.0 - semi_share(problem, &clauses, outer, inner, matched))).max(1.0),
    }
    .round();
    let best = sum.get_or_insert_with(|| Best {
        rows,
        width: outer.1.width + if matches!(kind, JoinType::Inner | JoinType::Left) { inner.1.width } else { 0.0 },
        ..Best::default()
    });
    let rows = best.rows;
    let paired = Paired { problem, clauses: &clauses, kind, rows, pairs };
    for path in outer.1.paths.iter().chain(&outer.1.partial) {
        paired.nested_loops(path, inner, best);
        paired.hashed(path, outer.1, inner.1, best);
    }
    paired.merged(outer, inner, best);
    // The table of the hash may be made of the outer side: `Right`, `Right Anti`, `Right Semi`.
    let least = match kind {
        JoinType::Inner => u32::MAX,
        JoinType::Left => 0,
        JoinType::Anti => 16,
        JoinType::Semi => 18,
    };
    if problem.database.server.version >= least {
        for path in inner.1.paths.iter().chain(&inner.1.partial) {
            paired.hashed(path, inner.1, outer.1, best);
        }
    }
    if kind == JoinType::Semi
        && let Some(unique) = unique(problem, &clauses, inner)
    {
        let plain = Paired { problem, clauses: &clauses, kind: JoinType::Inner, rows, pairs: rows };
        let unique = (inner.0, &unique);
        for path in &outer.1.paths {
            plain.nested_loops(path, unique, best);
            plain.hashed(path, outer.1, unique.1, best);
        }
        for path in &unique.1.paths {
            plain.nested_loops(path, outer, best);
            plain.hashed(path, unique.1, outer.1, best);
        }
    }
}

/// The two sides of an equality between relations.
fn equality(clause: &Term) -> Option<(OperatorId, &Term, &Term)> {
    clause.as_comparison().filter(|(id, ..)| is_equality(*id))
}

fn side<'a>(problem: &'a Problem<'_>, term: &Term) -> Option<(usize, Term, &'a TableFacts)> {
    let [relation] = term.relations()[..] else { return None };
    let item = problem.items.iter().find(|item| item.relation == relation)?;
    Some((relation, term.seen_from(relation), item.facts?))
}

/// The share of pairs that a condition keeps.
fn join_share(problem: &Problem<'_>, clause: &Term) -> f64 {
    match equality(clause) {
        Some((_, left, right)) => match (side(problem, left), side(problem, right)) {
            (Some((_, left, left_facts)), Some((_, right, right_facts))) => {
                joined((&left, left_facts), (&right, right_facts))
            }
            (Some((_, one, facts)), None) | (None, Some((_, one, facts))) => 1.0 / distinct(&one, facts).max(1.0),
            (None, None) => 0.005,
        },
        None => match &clause.kind {
            Kind::Or(arms) => arms.iter().map(|arm| join_share(problem, arm)).sum::<f64>().min(1.0),
            Kind::And(items) => items.iter().map(|item| join_share(problem, item)).product(),
            _ => 1.0 / 3.0,
        },
    }
}

/// The share of outer rows with a partner (`eqjoinsel_semi`).
fn semi_share(
    problem: &Problem<'_>,
    clauses: &[&Term],
    outer: (u32, &Best),
    inner: (u32, &Best),
    otherwise: f64,
) -> f64 {
    let inside = |relation: usize| {
        problem.items.iter().position(|item| item.relation == relation).is_some_and(|place| inner.0 & (1 << place) != 0)
    };
    let mut share = 1.0;
    let mut known = false;
    for clause in clauses {
        let Some((_, left, right)) = equality(clause) else { continue };
        let (Some(a), Some(b)) = (side(problem, left), side(problem, right)) else { continue };
        let (own, other) = if inside(a.0) { (b, a) } else { (a, b) };
        let own_distinct = distinct(&own.1, own.2).min(outer.1.rows.max(1.0));
        let other_distinct = distinct(&other.1, other.2).min(inner.1.rows.max(1.0));
        share *= (other_distinct / own_distinct.max(1.0)).min(1.0);
        known = true;
    }
    if known { share.clamp(0.0, 1.0) } else { otherwise }
}

/// The inner side with each value once, so that it may stand outside (`create_unique_path`).
fn unique(problem: &Problem<'_>, clauses: &[&Term], inner: (u32, &Best)) -> Option<Best> {
    let settings = &problem.database.settings;
    let mut count = 1.0;
    let mut any = false;
    for clause in clauses {
        let (_, left, right) = equality(clause)?;
        let inside = |term: &Term| {
            side(problem, term).filter(|(relation, ..)| {
                let place = problem.items.iter().position(|item| item.relation == *relation);
                place.is_some_and(|place| inner.0 & (1 << place) != 0)
            })
        };
        let (_, term, facts) = inside(left).or_else(|| inside(right))?;
        count *= distinct(&term, facts);
        any = true;
    }
    if !any {
        return None;
    }
    let cheapest = inner.1.cheapest()?;
    let rows = count.min(inner.1.rows).max(1.0);
    let startup = cheapest.total + settings.cpu_operator_cost * inner.1.rows;
    let total = startup + settings.cpu_tuple_cost * rows;
    let path = Path { startup, total, rows, ordered: 0, grouped: None, workers: None, scans: cheapest.scans.clone() };
    Some(Best { rows, width: inner.1.width, paths: vec![path], partial: None })
}

/// Two sets of relations about to be joined.
struct Paired<'a, 'b> {
    problem: &'a Problem<'b>,
    clauses: &'a [&'a Term],
    kind: JoinType,
    rows: f64,
    /// Rows of an inner join.
    pairs: f64,
}

impl Paired<'_, '_> {
    fn settings(&self) -> &Settings {
        &self.problem.database.settings
    }

    /// Rows that come out of it; of a path that workers share, what each of them gives.
    fn rows_of(&self, outer: &Path) -> f64 {
        match outer.workers {
            Some(workers) => (self.rows / Settings::divisor(workers)).max(1.0),
            None => self.rows,
        }
    }

    fn add(&self, best: &mut Best, outer: &Path, inner: &Path, startup: f64, total: f64, ordered: bool) {
        best.add(Path {
            startup,
            total,
            rows: self.rows_of(outer),
            ordered: if ordered { outer.ordered } else { 0 },
            grouped: if ordered { outer.grouped } else { None },
            workers: outer.workers,
            scans: Rc::new(Scans::Two(outer.scans.clone(), inner.scans.clone())),
        });
    }

    /// For each row of the one the rows of the other are looked up, or gone through.
    fn nested_loops(&self, outer: &Path, inner_of: (u32, &Best), best: &mut Best) {
        let settings = self.settings();
        let check = qualification(&self.clauses.iter().map(|clause| (*clause).clone()).collect::<Vec<_>>(), settings);
        let first_only = matches!(self.kind, JoinType::Semi | JoinType::Anti);
        if let Some(inner) = inner_of.1.cheapest() {
            let kept = 2.0 * settings.cpu_operator_cost * inner.rows;
            let again = settings.cpu_operator_cost * inner.rows;
            let pairs = outer.rows * inner.rows * if first_only { 0.5 } else { 1.0 };
            let total = outer.total
                + inner.total
                + kept
                + (outer.rows - 1.0).max(0.0) * again
                + (settings.cpu_tuple_cost + check) * pairs;
            self.add(best, outer, inner, outer.startup + inner.startup, total, true);
        }
        if inner_of.0.count_ones() != 1 {
            return;
        }
        let place = inner_of.0.trailing_zeros() as usize;
        let item = &self.problem.items[place];
        let Some(facts) = item.facts else { return };
        let mut request = request(self.problem, place);
        request.order.clear();
        request.group = None;
        request.parameters = self
            .clauses
            .iter()
            .filter(|clause| clause.uses(item.relation))
            .map(|clause| clause.seen_from(item.relation))
            .collect();
        request.loops = outer.rows.max(1.0);
        if let Some(workers) = outer.workers {
            request.loops = (outer.rows * Settings::divisor(workers)).max(1.0);
        }
        let found = scans::paths(&request, facts, self.problem.database)
            .into_iter()
            .filter(|path| !matches!(path.scan, Scan::Sequential | Scan::Nothing))
            .min_by(|a, b| a.total.total_cmp(&b.total));
        let Some(found) = found else { return };
        let each = found.rows.max(1.0);
        let share = if first_only { 2.0 / (each + 1.0) } else { 1.0 };
        let run = found.total * share;
        let inner = as_path(self.problem, place, found.clone(), 0);
        let tuples = outer.rows * each * share;
        let total = outer.total + outer.rows * run + settings.cpu_tuple_cost * tuples;
        self.add(best, outer, &inner, outer.startup + found.startup, total, true);
        if let Some(hits) = self.remembered(outer, each, item) {
            let looked_up = found.total * (1.0 - hits) + settings.cpu_operator_cost;
            let each_time = looked_up + settings.cpu_tuple_cost + settings.cpu_operator_cost * each;
            let total = outer.total + outer.rows * each_time * share + settings.cpu_tuple_cost * tuples;
            self.add(best, outer, &inner, outer.startup + found.startup, total, true);
        }
    }

    /// The share of look-ups that `Memoize` answers (`cost_memoize_rescan`); None where it is not used.
    fn remembered(&self, outer: &Path, each: f64, item: &Item<'_>) -> Option<f64> {
        if self.problem.database.server.version < 14
            || outer.rows < 2.0
            || self.kind == JoinType::Semi
            || self.kind == JoinType::Anti
        {
            return None;
        }
        let mut values = 1.0;
        for clause in self.clauses {
            let (_, left, right) = equality(clause)?;
            let outside = if left.uses(item.relation) { right } else { left };
            let (_, term, facts) = side(self.problem, outside)?;
            values *= distinct(&term, facts);
        }
        let calls = outer.rows;
        let values = values.min(calls).max(1.0);
        let settings = self.settings();
        let memory = settings.work_mem * settings.hash_mem_multiplier;
        let entries = (memory / ((item.width + 24.0) * each + 100.0)).floor().max(1.0);
        let kept = entries.min(values);
        let hits = ((calls - values) / calls) * (kept / values.max(kept));
        Some(hits.clamp(0.0, 1.0))
    }

    /// The one is put into a hash table, the other goes through it.
    fn hashed(&self, outer: &Path, outer_of: &Best, inner_of: &Best, best: &mut Best) {
        let keys: Vec<&Term> = self.clauses.iter().copied().filter(|clause| equality(clause).is_some()).collect();
        if keys.is_empty() {
            return;
        }
        let Some(inner) = inner_of.cheapest() else { return };
        self.hash(outer, outer_of, inner, inner_of, inner.rows, keys.len() as f64, best);
        // Workers fill one table together.
        if let (Some(workers), Some(shared)) = (outer.workers, &inner_of.partial) {
            let rows = shared.rows * Settings::divisor(workers);
            self.hash(outer, outer_of, shared, inner_of, rows, keys.len() as f64, best);
        }
    }

    #[allow(clippy::too_many_arguments, reason = "one formula, with everything it depends on")]
    fn hash(
        &self,
        outer: &Path,
        outer_of: &Best,
        inner: &Path,
        inner_of: &Best,
        table_rows: f64,
        keys: f64,
        best: &mut Best,
    ) {
        let settings = self.settings();
        let mut startup =
            outer.startup + inner.total + (settings.cpu_operator_cost * keys + settings.cpu_tuple_cost) * inner.rows;
        let mut run = outer.total - outer.startup + settings.cpu_operator_cost * keys * outer.rows;
        let memory = settings.work_mem * settings.hash_mem_multiplier;
        let bytes = |rows: f64, width: f64| rows * (width + 24.0);
        let shared = outer.workers.filter(|_| inner.workers.is_some()).map_or(1.0, |workers| workers + 1.0);
        if bytes(table_rows, inner_of.width) > memory * shared {
            let inner_pages = (bytes(inner.rows, inner_of.width) / 8192.0).ceil();
            let outer_pages = (bytes(outer.rows, outer_of.width) / 8192.0).ceil();
            startup += settings.seq_page_cost * inner_pages;
            run += settings.seq_page_cost * (inner_pages + 2.0 * outer_pages);
        }
        let bucket =
            (self.pairs / (outer_of.rows.max(1.0) * table_rows.max(1.0))).clamp(1.0 / table_rows.max(1.0), 1.0);
        let in_bucket = (table_rows * bucket).max(1.0);
        run += settings.cpu_operator_cost * keys * outer.rows * in_bucket * 0.5;
        let out = match self.kind {
            JoinType::Inner | JoinType::Left => self.pairs.max(self.rows),
            _ => self.rows,
        };
        let out = outer.workers.map_or(out, |workers| out / Settings::divisor(workers));
        run += settings.cpu_tuple_cost * out;
        self.add(best, outer, inner, startup, startup + run, false);
    }

    /// Both in the order of what they are joined by.
    fn merged(&self, outer: (u32, &Best), inner: (u32, &Best), best: &mut Best) {
        let Some((_, left, right)) = self.clauses.iter().find_map(|clause| equality(clause)) else { return };
        let in_mask = |term: &Term, mask: u32| {
            let places = term
                .relations()
                .into_iter()
                .map(|relation| self.problem.items.iter().position(|item| item.relation == relation));
            places.into_iter().all(|place| place.is_some_and(|place| mask & (1 << place) != 0))
        };
        let (own, other) = if in_mask(left, outer.0) { (left, right) } else { (right, left) };
        let Some(first) = self.sorted(outer, own) else { return };
        let Some(second) = self.sorted(inner, other) else { return };
        let settings = self.settings();
        let compared = settings.cpu_operator_cost * (first.rows + second.rows);
        let total = first.total + second.total + compared + settings.cpu_tuple_cost * self.pairs.max(self.rows)
            // Equal rows of the inner side are gone through again.
            + settings.cpu_operator_cost * (self.pairs - second.rows).max(0.0);
        self.add(best, &first, &second, first.startup + second.startup, total, false);
    }

    /// The cheapest path in the order of a term, sorted if need be.
    fn sorted(&self, of: (u32, &Best), by: &Term) -> Option<Path> {
        let settings = self.settings();
        let cheapest = of.1.cheapest()?;
        let (startup, total) = settings.sort(cheapest.rows, of.1.width, None);
        let mut best = Path {
            startup: cheapest.total + startup,
            total: cheapest.total + total,
            ordered: 0,
            grouped: None,
            ..cheapest.clone()
        };
        if of.0.count_ones() == 1 {
            let place = of.0.trailing_zeros() as usize;
            let item = &self.problem.items[place];
            let mut request = request(self.problem, place);
            request.group = None;
            let order = crate::access::KeyOrder { descending: false, nulls_first: false };
            request.order = vec![OrderTerm { term: by.seen_from(item.relation), order }];
            let facts = item.facts?;
            for found in scans::paths(&request, facts, self.problem.database) {
                if matches!(found.provides, Provides::All(Direction::Forward)) && found.total < best.total {
                    best = Path { ordered: 0, grouped: None, ..as_path(self.problem, place, found, 0) };
                }
            }
        }
        Some(best)
    }
}
