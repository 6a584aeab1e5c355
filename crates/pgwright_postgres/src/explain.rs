//! Asking for plans, and reading the answer.

use pgwright_schema::Plan;
use postgres::GenericClient;
use serde_json::Value;

use crate::Error;

/// The plan of one statement, which is not executed.
///
/// # Errors
/// PostgreSQL refuses the statement.
pub fn plan(client: &mut impl GenericClient, statement: &str) -> Result<Plan, Error> {
    // The extended protocol takes one statement only: what follows a semicolon is an error, not a command.
    let rows = client.query_typed(&format!("EXPLAIN (FORMAT JSON) {statement}"), &[])?;
    let answer: Option<Value> = rows.first().and_then(|row| row.try_get(0).ok());
    let plan = answer.as_ref().and_then(|answer| answer.get(0)?.get("Plan"));
    plan.map(read).ok_or_else(|| Error::new("PostgreSQL answered `EXPLAIN` with something that is no plan"))
}

/// PostgreSQL's names of the types of a statement's parameters.
///
/// # Errors
/// PostgreSQL refuses the statement, or cannot tell a type.
pub(crate) fn parameter_types(client: &mut impl GenericClient, statement: &str) -> Result<Vec<String>, Error> {
    let prepared = client.prepare(statement)?;
    Ok(prepared.params().iter().map(|type_| type_.name().to_owned()).collect())
}

/// Fields that tell nodes of the same name apart, without the values that are usual.
const KINDS: &[(&str, &str)] = &[
    ("Join Type", "Inner"),
    ("Strategy", "Plain"),
    ("Partial Mode", "Simple"),
    ("Scan Direction", "Forward"),
    ("Operation", ""),
    ("Command", ""),
];

/// Fields with text of the statement.
const DETAILS: &[&str] = &[
    "Subplan Name",
    "CTE Name",
    "Function Name",
    "Index Cond",
    "Recheck Cond",
    "Order By",
    "TID Cond",
    "One-Time Filter",
    "Hash Cond",
    "Merge Cond",
    "Join Filter",
    "Filter",
    "Cache Key",
    "Sort Key",
    "Presorted Key",
    "Group Key",
    "Workers Planned",
];

/// A node of `EXPLAIN (FORMAT JSON)`.
pub(crate) fn read(node: &Value) -> Plan {
    let text = |name: &str| node.get(name).and_then(Value::as_str).map(str::to_owned);
    let number = |name: &str| node.get(name).and_then(Value::as_f64).unwrap_or_default();
    let mut kind: Vec<String> =
        KINDS.iter().filter_map(|(name, usual)| text(name).filter(|value| value != usual)).collect();
    if node.get("Parallel Aware").and_then(Value::as_bool) == Some(true) {
        kind.insert(0, "Parallel".to_owned());
    }
    let details = DETAILS.iter().filter_map(|name| Some(((*name).to_owned(), shown(node.get(name)?))));
    let children = node.get("Plans").and_then(Value::as_array);
    Plan {
        node: text("Node Type").unwrap_or_default(),
        kind,
        role: text("Parent Relationship"),
        table: text("Relation Name"),
        alias: text("Alias"),
        index: text("Index Name"),
        startup_cost: number("Startup Cost"),
        total_cost: number("Total Cost"),
        rows: number("Plan Rows"),
        width: number("Plan Width") as u32,
        details: details.collect(),
        children: children.into_iter().flatten().map(read).collect(),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
