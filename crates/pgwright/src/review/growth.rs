//! What the dearest statements cost when tables are smaller or larger than today.

use pgwright_schema::access::Server;
use pgwright_schema::predict::{Database, predict};
use pgwright_schema::scale::scale;
use pgwright_schema::sql::{number_placeholders, parse_statement};
use pgwright_schema::statement::resolve_statement;

use super::plans::Examined;
use crate::failure::Failure;
use crate::ground::Ground;
use crate::shadow::Setup;

/// Statements that are followed: each size is a database of its own.
const FOLLOWED: usize = 5;

/// Sizes beside today's, as factors of it.
const FACTORS: [f64; 3] = [0.1, 10.0, 100.0];

/// A statement's cost where every table is `factor` times as large as today.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    pub(super) factor: f64,
    /// Planner cost units.
    pub(super) cost: f64,
}

/// Whether anything shows how costs grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Growth {
    Followed,
    Left,
}

/// By the planner: the same statement, with the same values, at each size.
pub(super) fn planned(shown: &mut [(String, Examined)], setup: &Setup, ground: &Ground) -> Result<(), Failure> {
    if shown.is_empty() {
        return Ok(());
    }
    for factor in FACTORS {
        let statistics = scale(&ground.statistics, &ground.schema, factor);
        let mut shadow = setup.build(setup.start()?, &ground.schema, &statistics)?;
        for (_, examined) in shown.iter_mut().take(FOLLOWED) {
            if let Ok(plan) = shadow.plan(&examined.sql) {
                examined.grown.push(Point { factor, cost: plan.total_cost });
            }
        }
    }
    with_today(shown);
    Ok(())
}

/// By our own model of the planner.
pub(super) fn predicted(shown: &mut [(String, Examined)], server: &Server, ground: &Ground) {
    for factor in FACTORS {
        let statistics = scale(&ground.statistics, &ground.schema, factor);
        let database = Database::new(&ground.schema, &statistics, server.clone());
        for (_, examined) in shown.iter_mut().take(FOLLOWED) {
            let Ok(statement) = parse_statement(&number_placeholders(&examined.sql)) else { continue };
            let prediction = predict(&resolve_statement(&statement, &ground.schema, &[]), &database);
            examined.grown.push(Point { factor, cost: prediction.cost });
        }
    }
    with_today(shown);
}

fn with_today(shown: &mut [(String, Examined)]) {
    for (_, examined) in shown.iter_mut().take(FOLLOWED) {
        examined.grown.push(Point { factor: 1.0, cost: examined.cost });
        examined.grown.sort_by(|left, right| left.factor.total_cmp(&right.factor));
    }
}
