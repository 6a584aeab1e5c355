//! What comes after joining: grouping, sorting, `LIMIT`, and gathering from workers.

use super::OrderBy;
use super::cost::Settings;
use super::joins::Path;
use crate::access::{Provides, Server};
use crate::statement::{Block, Bound};

/// What has to happen to joined rows.
pub(super) struct Ending<'a> {
    pub block: &'a Block,
    /// Terms of the order.
    pub order: usize,
    /// Groups, when rows are grouped.
    pub groups: Option<f64>,
    pub width: f64,
    pub settings: &'a Settings,
    pub parallel: bool,
    pub server: &'a Server,
}

/// What the whole costs by a path, and how the order comes about. `groups` says how many values the first terms of the order
/// have.
pub(super) fn finish(path: &Path, ending: &Ending<'_>, groups: &dyn Fn(usize) -> f64) -> (f64, OrderBy) {
    let settings = ending.settings;
    let block = ending.block;
    let mut startup = path.startup;
    let mut total = path.total;
    let mut rows = path.rows;
    let divisor = path.workers.map_or(1.0, Settings::divisor);
    let gather = |startup: &mut f64, total: &mut f64, rows: f64| {
        *startup += settings.parallel_setup_cost;
        *total += settings.parallel_setup_cost + settings.parallel_tuple_cost * rows;
    };
    let limit = fetched(block);
    if let Some(count) = ending.groups.filter(|_| !block.group.is_empty() || block.distinct.is_some()) {
        let keys = block.group.len().max(block.distinct.as_ref().map_or(0, Vec::len)).max(1) as f64;
        let work = settings.cpu_operator_cost * (keys + 1.0) * rows;
        let count_here = count.min(rows);
        let mut hashed = (total + work, total + work + settings.cpu_tuple_cost * count_here);
        let bytes = count_here * (ending.width + 56.0);
        let memory = settings.work_mem * settings.hash_mem_multiplier;
        if bytes > memory {
            let pages = rows * (ending.width + 24.0) / 8192.0;
            hashed.0 += pages * settings.random_page_cost * 2.0;
            hashed.1 += pages * (settings.random_page_cost + settings.seq_page_cost) * 2.0;
        }
        let sorted = match path.grouped {
            Some(Provides::All(_)) => (startup, total + work + settings.cpu_tuple_cost * count_here),
            _ => {
                let (first, whole) = settings.sort(rows, ending.width, None);
                (total + first, total + whole + work + settings.cpu_tuple_cost * count_here)
            }
        };
        let provided = matches!(path.grouped, Some(Provides::All(_)));
        let with_limit = |(first, whole): (f64, f64)| match limit.filter(|_| block.order.is_empty()) {
            Some(limit) => first + (whole - first) * (limit / count_here.max(1.0)).min(1.0),
            None => whole,
        };
        let by_hash = with_limit(hashed);
        let by_order = with_limit(sorted);
        let mut cost = by_hash.min(by_order);
        if path.workers.is_some() {
            // Each worker's groups are brought together.
            let sent = count_here * divisor.ceil();
            gather(&mut startup, &mut cost, sent);
            cost += (settings.cpu_operator_cost * keys + settings.cpu_tuple_cost) * sent;
        }
        let order = if provided && by_order <= by_hash { OrderBy::Provided } else { OrderBy::NotAsked };
        return (cost, order);
    }
    if block.aggregates {
        let each = settings.cpu_operator_cost * block.targets.len().max(1) as f64;
        total += each * rows;
        if !block.distinct_aggregates.is_empty() && !matches!(path.grouped, Some(Provides::All(_))) {
            let (_, whole) = settings.sort(rows, ending.width, None);
            total += whole;
            if path.workers.is_some() {
                return (f64::MAX, OrderBy::NotAsked);
            }
        }
        if path.workers.is_some() {
            gather(&mut startup, &mut total, divisor.ceil());
        }
        return (total, OrderBy::NotAsked);
    }
    let mut order = OrderBy::NotAsked;
    if ending.order > 0 {
        if path.ordered >= ending.order {
            order = OrderBy::Provided;
        } else {
            let (first, whole) = settings.sort(rows, ending.width, limit);
            let mut sorted = (total + first, total + whole);
            order = OrderBy::Sorted;
            let incremental = path.ordered > 0 && (block.distinct.is_none() || ending.server.version >= 16);
            if incremental {
                let input = (startup, total);
                let within = settings.incremental_sort(input, rows, ending.width, groups(path.ordered), limit);
                let reach = |(first, whole): (f64, f64)| match limit {
                    Some(limit) => first + (whole - first) * (limit / rows.max(1.0)).min(1.0),
                    None => whole,
                };
                if reach(within) < reach(sorted) {
                    sorted = within;
                    order = OrderBy::SortedWithin;
                }
            }
            (startup, total) = sorted;
        }
    }
    if path.workers.is_some() {
        if !ending.parallel {
            return (f64::MAX, order);
        }
        let all = rows * divisor;
        startup += settings.parallel_setup_cost;
        total += settings.parallel_setup_cost + settings.parallel_tuple_cost * all;
        if ending.order > 0 {
            // Merging what workers have sorted.
            total += 2.0 * settings.cpu_operator_cost * all * (divisor.ceil() + 1.0).log2()
                + 0.05 * settings.parallel_tuple_cost * all;
        }
        rows = all;
    }
    let cost = match limit {
        Some(limit) => startup + (total - startup) * (limit / rows.max(1.0)).min(1.0),
        None => total,
    };
    (cost, order)
}

/// Rows that are fetched until `LIMIT` is reached; a tenth is taken where the number is not known.
fn fetched(block: &Block) -> Option<f64> {
    let rows = |bound: Bound| match bound {
        Bound::None => Some(0.0),
        Bound::Rows(rows) => Some(rows as f64),
        Bound::Unknown => None,
    };
    match block.limit {
        Bound::None => None,
        limit => Some(rows(limit).unwrap_or(20.0) + rows(block.offset).unwrap_or(0.0)),
    }
}
