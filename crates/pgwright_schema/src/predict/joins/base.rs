//! The paths of one relation, and how many groups its rows make.

use std::rc::Rc;

use super::{Best, Path, Problem, Scans};
use crate::access::{KeyOrder, Provides};
use crate::predict::Scan;
use crate::predict::cost::Settings;
use crate::predict::scans::{self, Request, ScanPath};
use crate::predict::selectivity::{all_of, distinct};
use crate::statement::{Block, OrderTerm};
use crate::terms::{Kind, Term};

pub(super) fn request(problem: &Problem<'_>, place: usize) -> Request {
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

pub(super) fn as_path(problem: &Problem<'_>, place: usize, found: ScanPath, wanted: usize) -> Path {
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
pub(super) fn base(problem: &Problem<'_>, place: usize) -> Best {
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
pub(super) fn extreme(problem: &Problem<'_>, block: &Block) -> Option<ScanPath> {
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
    request.order = vec![OrderTerm { term, order: KeyOrder { descending, nulls_first: descending } }];
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
pub(super) fn groups(problem: &Problem<'_>, terms: &[Term], rows: f64) -> f64 {
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
