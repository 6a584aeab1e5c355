//! What `EXPLAIN` answers, as plain data.

mod sentence;

use serde::Serialize;

pub use sentence::{cost, count, grouped};

/// A node of a plan with those below it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Plan {
    /// PostgreSQL's name for it: `Seq Scan`, `Index Only Scan`, `Hash Join`, `Sort`…
    pub node: String,
    /// What distinguishes nodes of that name, in PostgreSQL's words (`Left`, `Anti`, `Hashed`, `Backward`, `Partial`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kind: Vec<String>,
    /// What it is to the node above: `Outer`, `Inner`, `SubPlan`, `InitPlan`…
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<String>,
    /// Planner cost units (one is the reading of a page in order, by default): to the first row, and to the last.
    pub startup_cost: f64,
    pub total_cost: f64,
    /// Rows that come out of it, each time it runs.
    pub rows: f64,
    /// Bytes of a row.
    pub width: u32,
    /// `Index Cond`, `Filter`, `Sort Key`… with their text, in the order in which they are shown.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<(String, String)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Plan>,
}

impl Plan {
    /// The node and all below it, parents first.
    pub fn nodes(&self) -> Vec<&Plan> {
        let mut nodes = vec![self];
        let mut at = 0;
        while at < nodes.len() {
            let children = &nodes[at].children;
            nodes.splice(at + 1..at + 1, children);
            at += 1;
        }
        nodes
    }

    pub fn detail(&self, name: &str) -> Option<&str> {
        self.details.iter().find(|(found, _)| found == name).map(|(_, text)| text.as_str())
    }

    /// Whether it runs beside the node above and not as its input.
    pub fn is_run_apart(&self) -> bool {
        matches!(self.role.as_deref(), Some("InitPlan" | "SubPlan"))
    }

    /// What two plans must have in common to be the same plan: nodes with their tables and indexes, but no numbers.
    pub fn shape(&self) -> Vec<String> {
        let shape = |plan: &&Plan| {
            let of = |name: &Option<String>| name.clone().unwrap_or_default();
            format!("{} {} {} {}", plan.node, plan.kind.join(" "), of(&plan.table), of(&plan.index))
                .trim_end()
                .to_owned()
        };
        self.nodes().iter().map(shape).collect()
    }
}
