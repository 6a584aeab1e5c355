//! Plans as graphs for Graphviz: arrows go the way rows do.

use std::fmt::Write;

use pgwright_schema::Plan;
use pgwright_schema::plan::{count, grouped};

use super::Report;
use super::text::{brief, title};

pub(super) fn render(report: &Report) -> String {
    let mut text = String::from("digraph plans {\n  rankdir=BT;\n  node [shape=box, fontname=\"sans-serif\"];\n");
    for (number, explained) in report.explained.iter().enumerate() {
        for (choice, planned) in explained.plans.iter().flatten().enumerate() {
            let name = format!("q{number}_{choice}");
            let site =
                explained.query.sites.first().map(|site| format!("{}:{} ", site.file, site.line)).unwrap_or_default();
            let label = format!("{site}{}\n{}", brief(&planned.statement), planned.sentence);
            let _ = writeln!(text, "  subgraph \"cluster_{name}\" {{\n    label={};", quoted(&label));
            nodes(&mut text, &planned.plan, &name);
            text.push_str("  }\n");
        }
    }
    text + "}\n"
}

fn nodes(text: &mut String, plan: &Plan, name: &str) {
    let costs = plan.own_costs();
    let total: f64 = costs.iter().sum::<f64>().max(f64::MIN_POSITIVE);
    let mut at = 0;
    node(text, plan, name, None, &mut at, &|at| costs.get(at).copied().unwrap_or_default() / total);
}

fn node(
    text: &mut String,
    plan: &Plan,
    name: &str,
    parent: Option<usize>,
    at: &mut usize,
    share: &dyn Fn(usize) -> f64,
) {
    let own = *at;
    *at += 1;
    let label = format!("{}\nrows {}  cost {}", title(plan), count(plan.rows), grouped(plan.total_cost));
    // The redder, the dearer.
    let colour = format!("0.0 {:.2} 1.0", share(own).clamp(0.0, 1.0) * 0.6);
    let _ = writeln!(text, "    {name}_{own} [label={}, style=filled, fillcolor=\"{colour}\"];", quoted(&label));
    if let Some(parent) = parent {
        let _ = writeln!(text, "    {name}_{own} -> {name}_{parent} [label={}];", quoted(&count(plan.rows)));
    }
    plan.children.iter().for_each(|child| node(text, child, name, Some(own), at, share));
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
