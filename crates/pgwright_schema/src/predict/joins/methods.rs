//! Ways to join two sets of relations, and what they cost (`joinpath.c`, `costsize.c`).

use std::rc::Rc;

use super::base::{as_path, request};
use super::{Best, Item, JoinType, Path, Problem, Scans, legal};
use crate::access::{Direction, KeyOrder, Provides};
use crate::catalog::OperatorId;
use crate::predict::cost::Settings;
use crate::predict::scans::{self, qualification};
use crate::predict::selectivity::{distinct, joined};
use crate::predict::{Scan, TableFacts};
use crate::statement::OrderTerm;
use crate::terms::{Kind, Term, is_equality};

/// Adds the ways to join two sets of relations, the first one outside.
pub(super) fn join(problem: &Problem<'_>, outer: (u32, &Best), inner: (u32, &Best), sum: &mut Option<Best>) {
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
            let order = KeyOrder { descending: false, nulls_first: false };
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
