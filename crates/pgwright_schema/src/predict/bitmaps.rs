//! Bitmaps of rows from one index or several (`choose_bitmap_and`, `generate_bitmap_or_paths`, `cost_bitmap_heap_scan`).

use super::scans::{ScanPath, index_cost, qualification};
use super::{Bitmap, Database, Scan, TableFacts};
use crate::access::{Implied, KeyMatch, Provides, search};
use crate::terms::{Kind, Term, conjuncts};

/// One bitmap.
#[derive(Debug, Clone)]
struct Piece {
    bitmap: Bitmap,
    /// What making it costs.
    cost: f64,
    selectivity: f64,
    index_pages: f64,
    /// Places of the conditions that it takes care of, and of those its indexes' predicates do.
    clauses: Vec<usize>,
}

/// The cheapest scan by bitmap, when there is any.
pub(super) fn best(
    all: &[Term],
    rows: f64,
    loops: f64,
    facts: &TableFacts,
    database: &Database<'_>,
) -> Option<ScanPath> {
    let mut pieces = indexes(all, loops, facts, database);
    for (place, clause) in all.iter().enumerate() {
        if let Kind::Or(arms) = &clause.kind {
            pieces.extend(either(all, place, arms, loops, facts, database));
        }
    }
    let chosen = choose(pieces, all, loops, facts, database)?;
    let (startup, total, divisible, pages) = heap_cost(&chosen, all, loops, facts, database);
    Some(ScanPath {
        scan: Scan::Bitmap(chosen.bitmap),
        startup,
        total,
        rows,
        provides: Provides::Nothing,
        divisible,
        workers: database.settings.workers(Some(pages), None),
    })
}

/// A bitmap of each index that searches for any of the conditions.
fn indexes(all: &[Term], loops: f64, facts: &TableFacts, database: &Database<'_>) -> Vec<Piece> {
    let mut found = Vec::new();
    for index in facts.indexes.iter().rev() {
        let served = search(&index.index, all, &database.server);
        if served.predicate != Implied::Yes {
            continue;
        }
        let matches: Vec<&KeyMatch> = served
            .matches
            .iter()
            .filter(|found| {
                found.condition.is_none() && !matches!(found.kind, crate::access::MatchKind::Alternatives(_))
            })
            .collect();
        if matches.is_empty() && index.index.predicate.is_empty() {
            continue;
        }
        let cost = index_cost(index, all, &matches, loops, facts, database);
        let tuples = cost.selectivity * facts.statistics.size.rows_today();
        let mut clauses: Vec<usize> = matches.iter().map(|found| found.clause).chain(served.implied).collect();
        clauses.sort_unstable();
        clauses.dedup();
        found.push(Piece {
            bitmap: Bitmap::Index(index.index.name.clone()),
            cost: cost.total + 0.1 * database.settings.cpu_operator_cost * tuples,
            selectivity: cost.selectivity,
            index_pages: index.pages,
            clauses,
        });
    }
    found
}

/// The union of a bitmap for each arm; None when one arm has none.
fn either(
    all: &[Term],
    place: usize,
    arms: &[Term],
    loops: f64,
    facts: &TableFacts,
    database: &Database<'_>,
) -> Option<Piece> {
    let mut parts = Vec::with_capacity(arms.len());
    let mut cost = 0.0;
    let mut selectivity: f64 = 0.0;
    let mut index_pages: f64 = 0.0;
    for arm in arms {
        // The arm's own conditions come first; the others may help it.
        let mut conditions = conjuncts(arm.clone());
        let own = conditions.len();
        conditions.extend(all.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, term)| term.clone()));
        let mut pieces = indexes(&conditions, loops, facts, database);
        for (inner, condition) in conditions.iter().take(own).enumerate() {
            if let Kind::Or(arms) = &condition.kind {
                pieces.extend(either(&conditions, inner, arms, loops, facts, database));
            }
        }
        pieces.retain(|piece| piece.clauses.iter().any(|clause| *clause < own));
        let piece = choose(pieces, &conditions, loops, facts, database)?;
        if !parts.is_empty() {
            cost += 100.0 * database.settings.cpu_operator_cost;
        }
        cost += piece.cost;
        selectivity = (selectivity + piece.selectivity).min(1.0);
        index_pages += piece.index_pages;
        parts.push(piece.bitmap);
    }
    Some(Piece { bitmap: Bitmap::Or(parts), cost, selectivity, index_pages, clauses: vec![place] })
}

/// The bitmap, or the bitmaps together, that make the whole scan cheapest.
fn choose(
    mut pieces: Vec<Piece>,
    all: &[Term],
    loops: f64,
    facts: &TableFacts,
    database: &Database<'_>,
) -> Option<Piece> {
    // Of those that take care of the same conditions only the cheapest is kept.
    pieces.sort_by(|a, b| a.cost.total_cmp(&b.cost).then(a.selectivity.total_cmp(&b.selectivity)));
    let mut kept: Vec<Piece> = Vec::new();
    for piece in pieces {
        if !kept.iter().any(|other| other.clauses == piece.clauses) {
            kept.push(piece);
        }
    }
    let total = |piece: &Piece| heap_cost(piece, all, loops, facts, database).1;
    let mut best: Option<(Piece, f64)> = None;
    for first in 0..kept.len() {
        let mut together = kept[first].clone();
        let mut cost = total(&together);
        let mut parts = vec![together.bitmap.clone()];
        for other in kept.iter().skip(first + 1) {
            if other.clauses.iter().any(|clause| together.clauses.contains(clause)) {
                continue;
            }
            let mut more = together.clone();
            more.cost += other.cost + 100.0 * database.settings.cpu_operator_cost;
            more.selectivity *= other.selectivity;
            more.index_pages += other.index_pages;
            more.clauses.extend(&other.clauses);
            let with = total(&more);
            if with < cost {
                parts.push(other.bitmap.clone());
                together = more;
                cost = with;
            }
        }
        if parts.len() > 1 {
            together.bitmap = Bitmap::And(parts);
        }
        if best.as_ref().is_none_or(|(_, so_far)| cost < *so_far) {
            best = Some((together, cost));
        }
    }
    best.map(|(piece, _)| piece)
}

/// Up to the first row, in all, what of it workers divide, and the pages read.
fn heap_cost(
    piece: &Piece,
    all: &[Term],
    loops: f64,
    facts: &TableFacts,
    database: &Database<'_>,
) -> (f64, f64, f64, f64) {
    let settings = &database.settings;
    let size = &facts.statistics.size;
    let pages = (size.pages as f64).max(1.0);
    let mut tuples = (piece.selectivity * size.rows_today()).round().max(1.0);
    let mut fetched = if loops > 1.0 {
        settings.pages_fetched(tuples * loops, pages, piece.index_pages) / loops
    } else {
        (2.0 * pages * tuples / (2.0 * pages + tuples)).min(pages)
    };
    // A bitmap that outgrows work_mem forgets rows and keeps only their pages (`tbm_calculate_entries`).
    let entries = (settings.work_mem / 48.0).max(16.0);
    let heap_pages = fetched.min(pages);
    if entries < heap_pages {
        let lossy = (heap_pages - entries / 2.0).max(0.0);
        let exact = heap_pages - lossy;
        if lossy > 0.0 {
            let share = lossy / heap_pages;
            tuples = piece.selectivity * (exact / heap_pages) * size.rows_today()
                + share * piece.selectivity.max(heap_pages / pages) * size.rows_today();
            tuples = tuples.round().max(1.0);
        }
    }
    fetched = if fetched >= pages { pages } else { fetched.ceil() };
    let per_page = if fetched >= 2.0 {
        settings.random_page_cost - (settings.random_page_cost - settings.seq_page_cost) * (fetched / pages).sqrt()
    } else {
        settings.random_page_cost
    };
    let divisible = (settings.cpu_tuple_cost + qualification(all, settings)) * tuples;
    (piece.cost, piece.cost + fetched * per_page + divisible, divisible, fetched)
}
