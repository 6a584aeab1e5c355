//! Columns whose values go together: the planner multiplies their selectivities.

use std::collections::BTreeSet;

use crate::names::{index_name, quote_name};
use crate::plan::count;
use crate::sql::{Node, Select, SelectBody, Statement, parse_statement};
use crate::statistics::ColumnStatistics;
use crate::tune::recommendation::{SHARE_UPDATE_EXCLUSIVE, docs};
use crate::tune::usage::{named, table_of};
use crate::tune::{Basis, Django, Facts, Recommendation, TableFacts, When};

/// Fewer calls tell nothing.
const CALLS: u64 = 100;
/// So many times the rows that even the most frequent values would give, were the columns independent.
const BEYOND: f64 = 2.0;

/// Measured rows of statements against the most that independent columns allow.
pub fn correlated(facts: &Facts<'_>, table: &TableFacts<'_>) -> Vec<Recommendation> {
    let Some(activity) = table.activity else { return Vec::new() };
    let rows = table.rows();
    let known: Vec<BTreeSet<&str>> =
        activity.extended_statistics.values().map(|columns| columns.iter().map(String::as_str).collect()).collect();
    let mut said: BTreeSet<BTreeSet<String>> = BTreeSet::new();
    let mut found = Vec::new();
    for statement in facts.activity.statements.iter().filter(|statement| statement.calls >= CALLS) {
        let Ok(Statement::Select(select)) = parse_statement(&statement.text) else { continue };
        let Some((of, columns)) = equalities(&select) else { continue };
        let has = known.iter().any(|known| columns.iter().all(|column| known.contains(column.as_str())));
        if named(of) != table.name || columns.len() < 2 || has || said.contains(&columns) {
            continue;
        }
        let most = |column: &String| highest(table.statistics.columns.get(column)?, rows);
        let Some(shares) = columns.iter().map(most).collect::<Option<Vec<f64>>>() else { continue };
        let independent = (rows * shares.iter().product::<f64>()).max(1.0);
        let mean = statement.rows as f64 / statement.calls as f64;
        if mean < independent * BEYOND {
            continue;
        }
        let names: Vec<&str> = columns.iter().map(String::as_str).collect();
        let name = quote_name(&index_name(table.name, &names, "_stat"));
        let list = names.iter().map(|column| quote_name(column)).collect::<Vec<_>>().join(", ");
        found.push(Recommendation {
            rule: "correlated-columns",
            table: Some(table.name.to_owned()),
            title: format!("tell the planner that {} go together", names.join(" and ")),
            because: format!(
                "conditions on them gave {} rows on average of {} calls, where independent columns give at most {}",
                count(mean),
                count(statement.calls as f64),
                count(independent)
            ),
            source: docs::PLANNER_STATS,
            statements: vec![
                format!(
                    "CREATE STATISTICS {name} (dependencies, ndistinct, mcv) ON {list} FROM {}",
                    quote_name(table.name)
                ),
                format!("ANALYZE {}", quote_name(table.name)),
            ],
            reverse: vec![format!("DROP STATISTICS {name}")],
            when: When::Now { lock: SHARE_UPDATE_EXCLUSIVE },
            django: Django::RunSql,
            basis: Basis::Measured,
        });
        said.insert(columns);
    }
    found
}

/// The share of rows that the most frequent value has.
fn highest(column: &ColumnStatistics, rows: f64) -> Option<f64> {
    match column.most_common.as_ref().and_then(|common| common.frequencies.first()) {
        Some(frequency) => Some(f64::from(*frequency)),
        None => column.distinct_of(rows).map(|distinct| 1.0 / distinct),
    }
}

/// The table and columns of a statement that gives all rows of one table with certain values.
fn equalities(select: &Select) -> Option<(&str, BTreeSet<String>)> {
    let SelectBody::Plain { from, filter, group, targets, .. } = &select.body else { return None };
    let counts = targets.iter().any(|target| matches!(&target.node, Node::Call { aggregate: Some(_), .. }));
    // PostgreSQL's own aggregates are calls like any other until names are resolved.
    let calls = targets.iter().any(|target| matches!(&target.node, Node::Call { .. }));
    if select.limit.is_some() || select.offset.is_some() || !group.is_empty() || counts || calls || from.len() != 1 {
        return None;
    }
    let table = table_of(from, None)?;
    let conditions = match filter.as_ref()? {
        Node::And(conditions) => conditions.iter().collect(),
        one => vec![one],
    };
    let mut columns = BTreeSet::new();
    for condition in conditions {
        match condition {
            Node::Binary { operator, left, right } if operator == "=" => match (&**left, &**right) {
                (Node::Name(path), Node::Parameter(_)) => columns.insert(path.last()?.clone()),
                _ => return None,
            },
            _ => return None,
        };
    }
    Some((table, columns))
}
