//! Charts of the page: cost by model, and cost over the size of tables. Each has its numbers in a table.

use std::collections::BTreeMap;

use super::growth::Point;
use super::plans::{Examined, Plans};
use super::text::{cost, sites};

/// A model in the chart; widths in percent of the dearest.
pub(super) struct Bar {
    pub(super) model: String,
    pub(super) cost: String,
    pub(super) after: String,
    pub(super) width: f64,
    pub(super) after_width: f64,
}

/// The cost of each model's statements, the dearest first.
pub(super) fn by_model(plans: &Plans) -> Vec<Bar> {
    let mut sums: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for of in &plans.models {
        let sum = sums.entry(&of.model).or_default();
        for query in &of.queries {
            sum.0 += query.cost;
            sum.1 += query.after.as_ref().map_or(query.cost, |after| after.cost.min(query.cost));
        }
    }
    let mut sums: Vec<(&str, (f64, f64))> = sums.into_iter().collect();
    sums.sort_by(|(_, (left, _)), (_, (right, _))| right.total_cmp(left));
    let most = sums.first().map_or(1.0, |(_, (cost, _))| cost.max(f64::MIN_POSITIVE));
    let bar = |(model, (before, after)): (&str, (f64, f64))| Bar {
        model: model.to_owned(),
        cost: cost(before),
        after: cost(after),
        width: before / most * 100.0,
        after_width: after / most * 100.0,
    };
    sums.into_iter().map(bar).collect()
}

/// Costs over sizes, both axes in powers of ten.
pub(super) struct Curves {
    pub(super) sizes: Vec<Tick>,
    pub(super) costs: Vec<Tick>,
    pub(super) lines: Vec<Line>,
    pub(super) width: f64,
    pub(super) height: f64,
}

pub(super) struct Tick {
    pub(super) at: f64,
    pub(super) label: String,
}

pub(super) struct Line {
    pub(super) number: usize,
    pub(super) model: String,
    pub(super) sites: String,
    /// The points of a `polyline`.
    pub(super) points: String,
    pub(super) dots: Vec<(f64, f64)>,
    /// Where its number stands: beside the last point, below what stands there.
    pub(super) end: (f64, f64),
    /// For each size, as people read it.
    pub(super) costs: Vec<String>,
}

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 78.0;
const RIGHT: f64 = 34.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 40.0;

/// Between two numbers at the ends of lines.
const APART: f64 = 15.0;

/// None where no statement was followed.
pub(super) fn over_size(plans: &Plans) -> Option<Curves> {
    let queries = plans.models.iter().flat_map(|of| of.queries.iter().map(|query| (of.model.clone(), query)));
    let mut followed: Vec<(String, &Examined)> = queries.filter(|(_, query)| query.grown.len() > 1).collect();
    followed.sort_by(|(_, left), (_, right)| right.cost.total_cmp(&left.cost));
    let all = || followed.iter().flat_map(|(_, query)| &query.grown);
    let mut factors: Vec<f64> = all().map(|point| point.factor).collect();
    factors.sort_by(f64::total_cmp);
    factors.dedup();
    let (first, last) = (factors.first()?.log10(), factors.last()?.log10());
    let low = all().map(|point| point.cost.max(1.0)).reduce(f64::min)?.log10().floor();
    let high = all().map(|point| point.cost.max(1.0)).reduce(f64::max)?.log10().ceil().max(low + 1.0);
    let x = |factor: f64| LEFT + (factor.log10() - first) / (last - first).max(1.0) * (WIDTH - LEFT - RIGHT);
    let y = |cost: f64| HEIGHT - BOTTOM - (cost.max(1.0).log10() - low) / (high - low) * (HEIGHT - TOP - BOTTOM);
    let place = |point: &Point| ((x(point.factor) * 10.0).round() / 10.0, (y(point.cost) * 10.0).round() / 10.0);
    let mut lines: Vec<Line> = followed
        .iter()
        .enumerate()
        .map(|(at, (model, query))| {
            let dots: Vec<(f64, f64)> = query.grown.iter().map(place).collect();
            let at_size = |factor: &f64| {
                let point = query.grown.iter().find(|point| point.factor == *factor);
                point.map_or_else(|| "no plan".to_owned(), |point| cost(point.cost))
            };
            Line {
                number: at + 1,
                model: model.clone(),
                sites: sites(&query.sites, 2),
                points: dots.iter().map(|(x, y)| format!("{x},{y}")).collect::<Vec<_>>().join(" "),
                end: dots.last().map_or((0.0, 0.0), |(x, y)| (x + 10.0, y + 4.0)),
                dots,
                costs: factors.iter().map(at_size).collect(),
            }
        })
        .collect();
    let mut by_height: Vec<&mut Line> = lines.iter_mut().collect();
    by_height.sort_by(|left, right| left.end.1.total_cmp(&right.end.1));
    let mut free = f64::MIN;
    for line in by_height {
        line.end.1 = line.end.1.max(free);
        free = line.end.1 + APART;
    }
    let steps = (low as i32)..=(high as i32);
    Some(Curves {
        sizes: factors.iter().map(|factor| Tick { at: x(*factor), label: size(*factor) }).collect(),
        costs: steps
            .map(|power| 10_f64.powi(power))
            .map(|at| Tick { at: y(at), label: pgwright_schema::plan::grouped(at) })
            .collect(),
        lines,
        width: WIDTH,
        height: HEIGHT,
    })
}

fn size(factor: f64) -> String {
    if factor == 1.0 {
        "today".to_owned()
    } else if factor < 1.0 {
        format!("a {}th", (1.0 / factor).round())
    } else {
        format!("{factor} times")
    }
}
