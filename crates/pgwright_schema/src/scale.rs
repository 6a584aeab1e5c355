//! Statistics of the same database, grown.

use crate::schema::{ConstraintKind, Schema};
use crate::statistics::{Size, Statistics};

/// Every table `factor` times as large. Values stay spread as they are, but foreign keys have as many times more rows to point to.
pub fn scale(statistics: &Statistics, schema: &Schema, factor: f64) -> Statistics {
    let mut scaled = statistics.clone();
    for (name, table) in &mut scaled.tables {
        grow(&mut table.size, factor);
        table.all_visible_pages = pages(table.all_visible_pages, factor);
        for index in &mut table.indexes {
            grow(&mut index.size, factor);
            // A larger tree may be higher: that is estimated.
            index.levels = None;
        }
        for constraint in schema.table(name).iter().flat_map(|table| &table.constraints) {
            let ConstraintKind::ForeignKey(key) = &constraint.kind else { continue };
            for column in &key.columns {
                if let Some(column) = table.columns.get_mut(column).filter(|column| column.distinct > 0.0) {
                    column.distinct = (f64::from(column.distinct) * factor) as f32;
                }
            }
        }
    }
    scaled
}

fn grow(size: &mut Size, factor: f64) {
    if size.rows > 0.0 {
        size.rows = (size.rows * factor).round();
    }
    size.pages = pages(size.pages, factor);
    size.analyzed_pages = pages(size.analyzed_pages, factor);
}

fn pages(pages: u64, factor: f64) -> u64 {
    (pages as f64 * factor).ceil() as u64
}

/// The sizes to try between two: 1, 2, 5, 10, 20, 50… and both ends.
pub fn steps(from: f64, to: f64) -> Vec<f64> {
    let mut steps = vec![from];
    let mut decade = 10_f64.powf(from.max(1e-6).log10().floor());
    while decade <= to {
        steps.extend([1.0, 2.0, 5.0].map(|digit| digit * decade).into_iter().filter(|step| *step > from && *step < to));
        decade *= 10.0;
    }
    if to > from {
        steps.push(to);
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_reach_from_end_to_end() {
        assert_eq!(steps(1.0, 100.0), [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0]);
        assert_eq!(steps(1.0, 30.0), [1.0, 2.0, 5.0, 10.0, 20.0, 30.0]);
        assert_eq!(steps(3.0, 3.0), [3.0]);
    }
}
