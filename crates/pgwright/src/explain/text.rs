//! Plans for people.

use std::fmt::Write;

use pgwright_schema::Plan;
use pgwright_schema::parameters::{Choice, Origin, Usage};
use pgwright_schema::plan::{count, grouped};

use super::Report;
use super::planning::{Explained, Planned};
use crate::ground::{Basis, Ground};

/// Details that are shown below a node.
const SHOWN: &[&str] = &[
    "Index Cond",
    "Recheck Cond",
    "Order By",
    "Hash Cond",
    "Merge Cond",
    "Join Filter",
    "Filter",
    "Sort Key",
    "Group Key",
    "Subplan Name",
];

/// A node that has this share of the cost stands out.
const DEAR: f64 = 0.2;

pub(crate) struct Style {
    pub(crate) coloured: bool,
    pub(crate) width: usize,
}

impl Style {
    fn paint(&self, code: &str, text: &str) -> String {
        if self.coloured { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn bold(&self, text: &str) -> String {
        self.paint("1", text)
    }

    fn dim(&self, text: &str) -> String {
        self.paint("2", text)
    }

    fn dear(&self, text: &str) -> String {
        self.paint("1;31", text)
    }

    /// As much of a line as fits.
    fn fit(&self, text: &str, taken: usize) -> String {
        let room = self.width.saturating_sub(taken).max(20);
        if text.chars().count() <= room {
            text.to_owned()
        } else {
            text.chars().take(room - 1).chain(['…']).collect()
        }
    }
}

pub(super) fn render(report: &Report, style: &Style) -> String {
    let mut text = String::new();
    for explained in &report.explained {
        one(&mut text, explained, style);
    }
    let _ = writeln!(text, "{}", summary(report));
    text
}

fn one(text: &mut String, explained: &Explained, style: &Style) {
    for site in &explained.query.sites {
        let place = format!("{}:{}", site.file, site.line);
        let model = site.model.as_deref().map(|model| format!("  {model}")).unwrap_or_default();
        let often = if site.in_loop { ", once per round of a loop" } else { "" };
        let _ = writeln!(text, "{}  {}{model}{often}", style.bold(&place), site.function);
    }
    match &explained.plans {
        Err(reason) => {
            if let Ok(sql) = &explained.query.sql {
                let _ = writeln!(text, "  {}", style.dim(&style.fit(&brief(sql), 2)));
            }
            let _ = writeln!(text, "  no plan: {reason}");
        }
        Ok(plans) => {
            for planned in plans {
                planned_text(text, planned, style);
            }
            for (factor, planned) in &explained.grown {
                let _ = writeln!(
                    text,
                    "  from {} times that size on, cost {}: {}",
                    grouped(*factor),
                    cost(&planned.plan),
                    planned.sentence
                );
                tree(text, &planned.plan, style);
            }
        }
    }
    text.push('\n');
}

fn planned_text(text: &mut String, planned: &Planned, style: &Style) {
    if planned.choice == Choice::Frequent {
        let _ = writeln!(text, "  with the most frequent values:");
    }
    let _ = writeln!(text, "  {}", style.dim(&style.fit(&brief(&planned.statement), 2)));
    let _ = writeln!(text, "  cost {}: {}", cost(&planned.plan), style.bold(&planned.sentence));
    tree(text, &planned.plan, style);
    let values = values(planned);
    if !values.is_empty() {
        let _ = writeln!(text, "    {}", style.dim(&style.fit(&format!("values: {values}"), 4)));
    }
}

/// Which values stand for parameters, and where they come from.
fn values(planned: &Planned) -> String {
    let mut shown = Vec::new();
    for (usage, value) in &planned.values {
        let Some(Usage::Compared { column, .. }) = usage else { continue };
        let origin = match value.origin {
            Origin::MostCommon { share } => format!("in {:.0} % of rows", share * 100.0),
            Origin::Histogram => "from the histogram".to_owned(),
            Origin::MadeUp => "made up".to_owned(),
        };
        shown.push(format!("{column} {} ({origin})", value.literal));
    }
    shown.dedup();
    shown.join(", ")
}

pub(crate) fn cost(plan: &Plan) -> String {
    if plan.total_cost < 1000.0 { format!("{:.2}", plan.total_cost) } else { grouped(plan.total_cost) }
}

pub(crate) fn tree(text: &mut String, plan: &Plan, style: &Style) {
    let costs = plan.own_costs();
    let total: f64 = costs.iter().sum();
    let mut lines = Vec::new();
    collect(plan, 0, &mut lines);
    let widest =
        lines.iter().map(|(depth, node)| depth * 3 + title(node).chars().count()).max().unwrap_or_default().min(72);
    for ((depth, node), own) in lines.into_iter().zip(costs) {
        let share = if total > 0.0 { own / total } else { 0.0 };
        let indent = if depth == 0 { String::new() } else { format!("{}└─ ", "   ".repeat(depth - 1)) };
        let title = title(node);
        let gap = " ".repeat(widest.saturating_sub(depth * 3 + title.chars().count()));
        let numbers = format!(
            "rows {:>9}  cost {:>12}  width {:>4}",
            count(node.rows).trim_start_matches('~'),
            cost(node),
            node.width
        );
        let is_dear = share >= DEAR;
        let share = if is_dear { format!("  ← {:.0} %", share * 100.0) } else { String::new() };
        let line = format!("{indent}{title}{gap}  {numbers}{share}");
        let _ = writeln!(text, "    {}", if is_dear { style.dear(&line) } else { line });
        for (name, detail) in node.details.iter().filter(|(name, _)| SHOWN.contains(&name.as_str())) {
            let inside = "   ".repeat(depth) + "  ";
            let _ = writeln!(text, "    {inside}{}", style.fit(&format!("{name}: {detail}"), 4 + inside.len()));
        }
    }
}

fn collect<'p>(plan: &'p Plan, depth: usize, lines: &mut Vec<(usize, &'p Plan)>) {
    lines.push((depth, plan));
    plan.children.iter().for_each(|child| collect(child, depth + 1, lines));
}

/// `Parallel Seq Scan on shop_order o`, `Index Scan Backward using x on y`, `Hash Left Join`.
pub(super) fn title(plan: &Plan) -> String {
    let (before, after): (Vec<&str>, Vec<&str>) = plan
        .kind
        .iter()
        .map(String::as_str)
        .filter(|kind| *kind != "NoMovement")
        .partition(|kind| matches!(*kind, "Parallel" | "Partial" | "Finalize" | "Hashed" | "Sorted" | "Mixed"));
    let mut title = before.iter().map(|kind| format!("{kind} ")).collect::<String>() + &plan.node;
    match title.strip_suffix(" Join").or_else(|| title.strip_suffix(" Loop").filter(|_| !after.is_empty())) {
        Some(head) if !after.is_empty() => {
            title = format!("{head}{} {} Join", if plan.node == "Nested Loop" { " Loop" } else { "" }, after.join(" "));
        }
        _ => after.iter().for_each(|kind| title.push_str(&format!(" {kind}"))),
    }
    if let Some(index) = &plan.index {
        title.push_str(&format!(" {} {index}", if plan.table.is_some() { "using" } else { "on" }));
    }
    if let Some(table) = &plan.table {
        title.push_str(&format!(" on {table}"));
        if let Some(alias) = plan.alias.as_deref().filter(|alias| alias != table) {
            title.push_str(&format!(" {alias}"));
        }
    }
    title
}

/// The statement without its list of columns, when that is long.
pub(crate) fn brief(sql: &str) -> String {
    let (Some(rest), Some(from)) = (sql.strip_prefix("SELECT "), sql.find(" FROM ")) else { return sql.to_owned() };
    if from > 60 && !rest[..from - 7].contains('(') { format!("SELECT …{}", &sql[from..]) } else { sql.to_owned() }
}

fn summary(report: &Report) -> String {
    let planned = report.explained.iter().filter(|explained| explained.plans.is_ok()).count();
    let all = report.explained.len();
    let noun = if all == 1 { "statement" } else { "statements" };
    format!("planned {planned} of {all} {noun} with PostgreSQL {}; {}", report.server, basis(&report.ground))
}

/// Where the sizes come from, always said.
pub(crate) fn basis(ground: &Ground) -> String {
    let assumed = ground.assumed_tables().count();
    match &ground.basis {
        Basis::Live => "statistics are the database's own".to_owned(),
        Basis::Assumed => {
            "sizes are assumed (`assume.rows` in the configuration sets them, a snapshot of production replaces them)"
                .to_owned()
        }
        Basis::Snapshot(path) if assumed == 0 => format!("statistics are those of `{path}`"),
        Basis::Snapshot(path) => {
            format!("statistics are those of `{path}`, and assumed for {assumed} tables that it does not have")
        }
    }
}
