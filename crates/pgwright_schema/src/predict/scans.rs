//! The ways to read one table, and what each costs (`optimizer/path/indxpath.c`, `costsize.c`, `selfuncs.c`).

use std::sync::Arc;

use super::cost::Settings;
use super::selectivity::{all_of, known_distinct};
use super::{Database, IndexFacts, Scan, TableFacts, bitmaps};
use crate::access::{
    Direction, Grouping, Implied, KeyMatch, MatchKind, PreparedIndex, Provides, Searched, groups, implies, provides,
    search,
};
use crate::catalog::catalog;
use crate::schema::IndexMethod;
use crate::statement::OrderTerm;
use crate::terms::{Kind, Term};

/// What is asked of one relation. Terms are seen from it: it is relation 0.
#[derive(Debug, Clone, Default)]
pub(super) struct Request {
    /// Its own conditions.
    pub clauses: Vec<Term>,
    /// Comparisons with rows of other relations that are at hand.
    pub parameters: Vec<Term>,
    /// How often it is read with other values of those.
    pub loops: f64,
    /// Columns that are needed; None is all of them.
    pub columns: Option<Vec<Arc<str>>>,
    pub order: Vec<OrderTerm>,
    /// What has to stand together, when no order is asked for.
    pub group: Option<(Vec<Term>, Grouping)>,
}

/// One way to read a table.
#[derive(Debug, Clone)]
pub(super) struct ScanPath {
    pub scan: Scan,
    pub startup: f64,
    pub total: f64,
    pub rows: f64,
    /// How much of the order it gives.
    pub provides: Provides,
    /// The part of the cost that workers divide among them.
    pub divisible: f64,
    pub workers: Option<f64>,
}

/// What one use of an index costs and keeps.
#[derive(Debug, Clone, Copy)]
pub(super) struct IndexCost {
    pub startup: f64,
    pub total: f64,
    pub selectivity: f64,
    pub correlation: f64,
    /// Pages of the index that are read.
    pub pages: f64,
}

/// Every path worth looking at; the first is the sequential one.
pub(super) fn paths(request: &Request, facts: &TableFacts, database: &Database<'_>) -> Vec<ScanPath> {
    let all: Vec<Term> = request.clauses.iter().chain(&request.parameters).cloned().collect();
    let size = &facts.statistics.size;
    let table_rows = size.rows_today();
    let rows = (table_rows * all_of(&all, facts)).max(1.0);
    let mut found = Vec::new();
    if is_never_true(&request.clauses, facts, database) {
        let nothing = ScanPath {
            scan: Scan::Nothing,
            startup: 0.0,
            total: 0.0,
            rows: 1.0,
            provides: Provides::All(Direction::Forward),
            divisible: 0.0,
            workers: None,
        };
        return vec![nothing];
    }
    let settings = &database.settings;
    let pages = size.pages as f64;
    let divisible = (settings.cpu_tuple_cost + qualification(&all, settings)) * table_rows;
    found.push(ScanPath {
        scan: Scan::Sequential,
        startup: 0.0,
        total: settings.seq_page_cost * pages + divisible,
        rows,
        provides: if request.order.is_empty() && request.group.is_none() {
            Provides::All(Direction::Forward)
        } else {
            Provides::Nothing
        },
        divisible,
        workers: settings.workers(Some(pages), None),
    });
    // Of two that cost the same the planner takes the newer one (`get_relation_info` puts it first).
    for index in facts.indexes.iter().rev() {
        found.extend(index_paths(request, &all, rows, index, facts, database));
    }
    found.extend(bitmaps::best(&all, rows, request.loops, facts, database));
    found
}

/// Whether a condition is false for every row, as the planner sees it.
fn is_never_true(clauses: &[Term], facts: &TableFacts, database: &Database<'_>) -> bool {
    let not_null = facts.indexes.first().map(|facts| &facts.index.not_null);
    clauses.iter().any(|clause| match &clause.kind {
        Kind::Constant(value) => value.as_deref().is_none_or(|text| text.starts_with('f')),
        Kind::IsNull { arg, negated: false } if database.server.version >= 17 => {
            arg.as_column().is_some_and(|(_, name)| not_null.is_some_and(|columns| columns.contains(name)))
        }
        _ => false,
    })
}

/// What checking the conditions costs for one row.
pub(super) fn qualification(clauses: &[Term], settings: &Settings) -> f64 {
    clauses.iter().map(|clause| operations(clause) * settings.cpu_operator_cost).sum()
}

/// Operators and functions that one row goes through (`cost_qual_eval`).
fn operations(term: &Term) -> f64 {
    let own = match &term.kind {
        Kind::Operator { .. } | Kind::Function { .. } => 1.0,
        Kind::Cast { .. } => 1.0,
        Kind::Quantified { array, .. } => match &array.kind {
            // Long lists are hashed.
            Kind::Array(items) if items.len() >= 9 => 1.0,
            Kind::Array(items) => items.len() as f64 * 0.5,
            _ => 5.0,
        },
        _ => 0.0,
    };
    if term.is_plan_constant() {
        return 0.0;
    }
    own + term.parts().into_iter().map(operations).sum::<f64>()
}

fn index_paths(
    request: &Request,
    all: &[Term],
    rows: f64,
    index: &IndexFacts,
    facts: &TableFacts,
    database: &Database<'_>,
) -> Vec<ScanPath> {
    let of = &index.index;
    if !of.gives_rows() {
        return Vec::new();
    }
    let served = search(of, all, &database.server);
    if served.predicate != Implied::Yes {
        return Vec::new();
    }
    let matches: Vec<&KeyMatch> =
        served.matches.iter().filter(|found| !found.by_bitmap && found.condition.is_none()).collect();
    let given = if !request.order.is_empty() {
        provides(of, all, &request.order)
    } else if let Some((terms, grouping)) = &request.group {
        groups(of, all, terms, *grouping, &database.server)
    } else {
        Provides::All(Direction::Forward)
    };
    let ordered = !(request.order.is_empty() && request.group.is_none()) && given != Provides::Nothing;
    let index_only = is_index_only(request, all, of, &served);
    if matches.is_empty() && (!of.first_key_optional() || !(ordered || index_only || !of.predicate.is_empty())) {
        return Vec::new();
    }
    let cost = index_cost(index, all, &matches, request.loops, facts, database);
    let (startup, total, divisible) =
        scan_cost(&cost, index, all, &matches, &served, index_only, request.loops, facts, database);
    let direction = given.direction().unwrap_or(Direction::Forward);
    let scan = if index_only {
        Scan::IndexOnly { index: of.name.clone(), direction }
    } else {
        Scan::Index { index: of.name.clone(), direction }
    };
    // A parallel scan of an index needs a B-tree.
    let workers = if of.is_btree() {
        let heap = (facts.statistics.size.pages as f64 * cost.selectivity).max(1.0);
        database.settings.workers(if index_only { None } else { Some(heap) }, Some(cost.pages))
    } else {
        None
    };
    vec![ScanPath { scan, startup, total, rows, provides: given, divisible, workers }]
}

/// Whether the table need not be read: every needed column, and every column of conditions that are left, is in the index.
fn is_index_only(request: &Request, all: &[Term], index: &PreparedIndex, served: &Searched<'_>) -> bool {
    let Some(columns) = &request.columns else { return false };
    let left = all.iter().enumerate().filter(|(position, _)| !served.implied.contains(position));
    columns.iter().all(|column| index.returns(column))
        && left.flat_map(|(_, clause)| clause.columns(0)).all(|column| index.returns(&column))
        && matches!(index.method, IndexMethod::Btree | IndexMethod::Gist | IndexMethod::Spgist)
}

/// What searching the index costs (`genericcostestimate` and each method's own).
pub(super) fn index_cost(
    index: &IndexFacts,
    all: &[Term],
    matches: &[&KeyMatch],
    loops: f64,
    facts: &TableFacts,
    database: &Database<'_>,
) -> IndexCost {
    let settings = &database.settings;
    let table_rows = facts.statistics.size.rows_today().max(1.0);
    let mut places: Vec<usize> = matches.iter().map(|found| found.clause).collect();
    places.dedup();
    let mut conditions: Vec<Term> = places.iter().map(|place| all[*place].clone()).collect();
    let searched = conditions.len() as f64;
    for condition in &index.index.predicate {
        if implies(&conditions, condition) != Implied::Yes {
            conditions.push(condition.clone());
        }
    }
    let selectivity = all_of(&conditions, facts);
    let index_rows = index.rows.max(1.0);
    let correlation = index.index.keys.first().map_or(0.0, |key| {
        let own = facts.statistics_of(&key.term).and_then(|found| found.correlation).map_or(0.0, f64::from);
        if index.index.keys.len() > 1 { own * 0.75 } else { own }
    });
    match index.index.method {
        IndexMethod::Gin => return gin_cost(index, all, matches, selectivity, loops, facts, settings),
        IndexMethod::Brin => return brin_cost(index, selectivity, correlation, facts, settings),
        _ => {}
    }
    let mut scans = 1.0;
    let mut tuples = None;
    if index.index.is_btree() {
        let (bounds, searches, unique) = btree_bounds(index, all, matches, facts, database);
        scans = searches;
        tuples = Some(if unique {
            1.0
        } else {
            let mut conditions: Vec<Term> = bounds;
            for condition in &index.index.predicate {
                if implies(&conditions, condition) != Implied::Yes {
                    conditions.push(condition.clone());
                }
            }
            (all_of(&conditions, facts) * table_rows / scans).round()
        });
    } else if !index.index.searches_arrays() {
        for found in matches {
            if let MatchKind::OneOf(count) = &found.kind {
                scans *= count.unwrap_or(10) as f64;
            }
        }
    }
    let tuples = tuples.unwrap_or((selectivity * table_rows / scans).round()).min(index_rows).max(1.0);
    let pages = if index.pages > 1.0 && index_rows > 1.0 { (tuples * index.pages / index_rows).ceil() } else { 1.0 };
    let repeated = scans * loops.max(1.0);
    let mut total = if repeated > 1.0 {
        settings.pages_fetched(pages * repeated, index.pages, index.pages) * settings.random_page_cost / loops.max(1.0)
    } else {
        pages * settings.random_page_cost
    };
    total += tuples * scans * (settings.cpu_index_tuple_cost + settings.cpu_operator_cost * searched);
    let mut startup = 0.0;
    let levels = match index.index.method {
        IndexMethod::Btree => Some(index.levels),
        IndexMethod::Gist | IndexMethod::Spgist => Some((index.pages.max(1.0).ln() / 100_f64.ln()).trunc()),
        _ => None,
    };
    if let Some(levels) = levels {
        let descent = index_rows.log2().ceil().max(0.0) * settings.cpu_operator_cost
            + (levels + 1.0) * 50.0 * settings.cpu_operator_cost;
        startup += descent;
        total += scans * descent;
    }
    IndexCost { startup, total, selectivity, correlation, pages }
}

/// The conditions that bound the part of a B-tree that is read, how many separate searches that takes, and whether it
/// is one row.
fn btree_bounds(
    index: &IndexFacts,
    all: &[Term],
    matches: &[&KeyMatch],
    facts: &TableFacts,
    database: &Database<'_>,
) -> (Vec<Term>, f64, bool) {
    let mut bounds = Vec::new();
    let mut scans: f64 = 1.0;
    let mut equal = 0;
    let mut several = false;
    let mut position = 0;
    while let Some(next) = matches.iter().map(|found| found.key).filter(|key| *key >= position).min() {
        // Keys before it that are not fixed are skipped through, one search for each of their values, while that is fewer
        // searches than the index has pages.
        let gap = &index.index.keys[position..next];
        if !gap.is_empty() {
            let values = gap.iter().map(|key| known_distinct(&key.term, facts).map(|count| count + 1.0));
            let values: Option<f64> = values.product();
            match values {
                Some(values) if database.server.version >= 18 && scans * values <= index.pages => {
                    scans *= values;
                    several = true;
                }
                _ => break,
            }
        }
        let mut fixed = false;
        for found in matches.iter().filter(|found| found.key == next) {
            bounds.push(all[found.clause].clone());
            fixed |= matches!(found.kind, MatchKind::Equality | MatchKind::OneOf(_) | MatchKind::IsNull);
            if let MatchKind::OneOf(count) = &found.kind {
                scans *= count.unwrap_or(10) as f64;
                several = true;
            }
        }
        if fixed {
            equal += 1;
            position = next + 1;
        } else if next > position || next + 1 >= index.index.keys.len() {
            break;
        } else {
            // A range of values is skipped through as well.
            let later = matches.iter().any(|found| found.key > next);
            let within = all_of(&bounds, facts);
            let values = known_distinct(&index.index.keys[next].term, facts).map(|count| (count * within).max(1.0));
            match values {
                Some(values) if later && database.server.version >= 18 && scans * values <= index.pages => {
                    scans *= values;
                    several = true;
                    position = next + 1;
                }
                _ => break,
            }
        }
    }
    if scans > 1.0 {
        scans = scans.min((index.pages / 3.0).ceil().max(1.0));
    }
    let unique = index.index.unique && equal == index.index.keys.len() && !several;
    (bounds, scans, unique)
}

/// `gincostestimate`, with the shape of the index as it takes it where nothing is known.
fn gin_cost(
    index: &IndexFacts,
    all: &[Term],
    matches: &[&KeyMatch],
    selectivity: f64,
    loops: f64,
    facts: &TableFacts,
    settings: &Settings,
) -> IndexCost {
    let pages = index.pages.max(10.0);
    let entry_pages = (pages * 0.9).floor();
    let data_pages = pages - entry_pages;
    let entries = (entry_pages * 100.0).max(1.0);
    let mut searched = 0.0;
    let mut scans = 1.0;
    for found in matches {
        if let MatchKind::OneOf(count) = &found.kind {
            scans *= count.unwrap_or(10) as f64;
        }
        searched += entries_searched(&all[found.clause]);
    }
    let repeated = (scans * loops.max(1.0)).max(1.0);
    let rows = facts.statistics.size.rows_today();
    let entry_reads = (searched * entry_pages.powf(0.15).round()).ceil().min(entry_pages * searched.max(1.0));
    let fetched = |reads: f64, of: f64| {
        if repeated > 1.0 { settings.pages_fetched(reads * repeated, of, of) / loops.max(1.0) } else { reads }
    };
    let descent = entries.log2().ceil().max(0.0) * settings.cpu_operator_cost * searched * scans;
    let startup = fetched(entry_reads, entry_pages) * settings.random_page_cost
        + descent
        + 50.0 * settings.cpu_operator_cost * (entry_reads + searched);
    let by_entries = (data_pages * searched / entries).ceil();
    let by_rows = (selectivity * (rows / (8192.0 / 3.0))).ceil();
    let data_reads = by_entries.max(by_rows);
    let total = startup
        + fetched(data_reads, data_pages.max(1.0)) * settings.random_page_cost
        + rows * selectivity * (settings.cpu_index_tuple_cost + settings.cpu_operator_cost * matches.len() as f64);
    IndexCost { startup, total, selectivity, correlation: 0.0, pages: entry_reads + data_reads }
}

/// How many entries a condition looks up: the trigrams of a pattern, the elements of an array, the words of a query.
fn entries_searched(clause: &Term) -> f64 {
    let Some((id, _, right)) = clause.as_comparison() else { return 1.0 };
    if let Kind::Array(items) = &right.kind {
        return (items.len() as f64).max(1.0);
    }
    let Some(text) = crate::terms::text_value(right) else {
        return match &right.kind {
            Kind::Function { args, .. } => {
                let words = args.last().and_then(crate::terms::text_value);
                words.map_or(1.0, |words| words.split_whitespace().count().max(1) as f64)
            }
            _ => 1.0,
        };
    };
    match catalog().operator(id).name {
        "~~" | "~~*" | "~" | "~*" | "=" | "%" => {
            let letters = text.chars().filter(|character| character.is_alphanumeric()).count();
            (letters.saturating_sub(2)).max(1) as f64
        }
        "@>" if text.starts_with('{') => (text.matches([',', ':']).count().max(1)) as f64,
        _ => 1.0,
    }
}

/// `brincostestimate`.
fn brin_cost(
    index: &IndexFacts,
    selectivity: f64,
    correlation: f64,
    facts: &TableFacts,
    settings: &Settings,
) -> IndexCost {
    const PAGES_PER_RANGE: f64 = 128.0;
    let ranges = (facts.statistics.size.pages as f64 / PAGES_PER_RANGE).ceil().max(1.0);
    let least = (ranges * selectivity).ceil();
    let read = if correlation.abs() < 1e-10 { ranges } else { (least / correlation.abs()).min(ranges) };
    let map_pages = (ranges / 1360.0).ceil();
    let startup = settings.seq_page_cost * map_pages;
    let total = startup
        + settings.random_page_cost * (index.pages - map_pages).max(0.0)
        + 0.1 * settings.cpu_operator_cost * read * PAGES_PER_RANGE;
    IndexCost { startup, total, selectivity: (read / ranges).min(1.0), correlation, pages: index.pages }
}

/// Reading rows by an index in its order (`cost_index`): up to the first row, in all, and what of it workers divide.
#[allow(clippy::too_many_arguments, reason = "one formula, with everything it depends on")]
fn scan_cost(
    cost: &IndexCost,
    index: &IndexFacts,
    all: &[Term],
    matches: &[&KeyMatch],
    served: &Searched<'_>,
    index_only: bool,
    loops: f64,
    facts: &TableFacts,
    database: &Database<'_>,
) -> (f64, f64, f64) {
    let settings = &database.settings;
    let size = &facts.statistics.size;
    let pages = size.pages as f64;
    let tuples = (cost.selectivity * size.rows_today()).round().max(1.0);
    let visible = if size.analyzed_pages == 0 {
        0.0
    } else {
        (facts.statistics.all_visible_pages as f64 / size.analyzed_pages as f64).min(1.0)
    };
    let hidden = |fetched: f64| if index_only { (fetched * (1.0 - visible)).ceil() } else { fetched };
    let (worst, best) = if loops > 1.0 {
        let worst =
            hidden(settings.pages_fetched(tuples * loops, pages, index.pages)) * settings.random_page_cost / loops;
        let touched = (cost.selectivity * pages).ceil();
        let best =
            hidden(settings.pages_fetched(touched * loops, pages, index.pages)) * settings.random_page_cost / loops;
        (worst, best)
    } else {
        let worst = hidden(settings.pages_fetched(tuples, pages, index.pages)) * settings.random_page_cost;
        let touched = hidden((cost.selectivity * pages).ceil());
        let best =
            if touched > 0.0 { settings.random_page_cost + (touched - 1.0) * settings.seq_page_cost } else { 0.0 };
        (worst, best)
    };
    let squared = cost.correlation * cost.correlation;
    let reading = worst + squared * (best - worst);
    let left: Vec<Term> = all
        .iter()
        .enumerate()
        .filter(|(place, _)| {
            !served.implied.contains(place) && !matches.iter().any(|found| found.clause == *place && !found.lossy)
        })
        .map(|(_, clause)| clause.clone())
        .collect();
    let divisible = (settings.cpu_tuple_cost + qualification(&left, settings)) * tuples;
    (cost.startup, cost.total + reading + divisible, divisible)
}
