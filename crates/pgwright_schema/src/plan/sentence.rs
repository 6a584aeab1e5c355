//! The sentence a person needs of a plan: what it mostly does, and for how many rows.

use super::Plan;
use crate::statistics::Statistics;

/// A scan that has this share of the cost is what the plan is about.
const TELLING: f64 = 0.3;

impl Plan {
    /// Cost of each node itself with all its repetitions, in the order of [`Plan::nodes`].
    pub fn own_costs(&self) -> Vec<f64> {
        fn visit(plan: &Plan, times: f64, costs: &mut Vec<f64>) {
            let at = costs.len();
            costs.push(0.0);
            let mut inputs = 0.0;
            for child in &plan.children {
                let repeats = plan.repeats(child);
                // What it says it costs counts an inner side's rounds; caches may make them cheaper than their sum.
                inputs += if child.is_run_apart() { 0.0 } else { child.total_cost * repeats };
                visit(child, times * repeats, costs);
            }
            costs[at] = (plan.total_cost - inputs).max(0.0) * times;
        }
        let mut costs = Vec::new();
        visit(self, 1.0, &mut costs);
        costs
    }

    /// How many times a child runs while this node runs once.
    fn repeats(&self, child: &Plan) -> f64 {
        if self.node == "Nested Loop" && child.role.as_deref() == Some("Inner") {
            self.children
                .iter()
                .find(|other| other.role.as_deref() == Some("Outer"))
                .map_or(1.0, |outer| outer.rows.max(1.0))
        } else {
            1.0
        }
    }

    /// The node that costs most itself, by its place in [`Plan::nodes`].
    pub fn dearest(&self) -> usize {
        let costs = self.own_costs();
        (0..costs.len())
            .max_by(|left, right| costs[*left].total_cmp(&costs[*right]).then(right.cmp(left)))
            .unwrap_or_default()
    }

    /// What the plan mostly does, as a sentence without its full stop.
    pub fn sentence(&self, statistics: &Statistics) -> String {
        let (nodes, costs) = (self.nodes(), self.own_costs());
        let total: f64 = costs.iter().sum();
        let dearest = |tells: &dyn Fn(&Plan) -> bool| {
            let told = (0..nodes.len()).filter(|at| tells(nodes[*at]));
            told.max_by(|left, right| costs[*left].total_cmp(&costs[*right]).then(right.cmp(left)))
        };
        let scan = dearest(&|node| node.node == "Seq Scan").filter(|at| costs[*at] >= TELLING * total);
        // Bringing the rows of workers together, and stopping early, is not what a plan is about.
        let other =
            || dearest(&|node| !matches!(node.node.as_str(), "Gather" | "Gather Merge" | "Limit" | "ModifyTable"));
        let Some(told) = scan.or_else(other).map(|at| nodes[at]) else {
            return format!("inserts {} into {}", rows(self.inserted().max(1.0)), self.table_name());
        };
        let own = told.sentence_of_node(self, self.processes_of(told), statistics);
        match self.kind.first().map(String::as_str).filter(|_| self.node == "ModifyTable") {
            Some("Insert") if nodes[1..].iter().all(|node| node.table.is_none()) => {
                format!("inserts {} into {}", rows(self.inserted()), self.table_name())
            }
            Some("Update" | "Delete") if told.node != "Seq Scan" => format!("{own} to {}", verb(self)),
            _ => own,
        }
    }

    /// What it does by an index, as a sentence without its full stop; none where it does not use it.
    pub fn sentence_of_index(&self, index: &str, statistics: &Statistics) -> Option<String> {
        let nodes = self.nodes();
        let reads = |plan: &Plan| plan.nodes().iter().any(|node| node.index.as_deref() == Some(index));
        // A bitmap's index is named below the node that reads the table.
        let told = nodes.iter().rev().find(|node| node.table.is_some() && reads(node))?;
        Some(told.sentence_of_node(self, self.processes_of(told), statistics))
    }

    /// How it reads a table, as a sentence without its full stop; none where it does not. Of several readings the dearest.
    pub fn sentence_of_table(&self, table: &str, statistics: &Statistics) -> Option<String> {
        let (nodes, costs) = (self.nodes(), self.own_costs());
        let scans = (0..nodes.len()).filter(|at| nodes[*at].table.as_deref() == Some(table));
        let read = scans.filter(|at| nodes[*at].node != "ModifyTable");
        let told = nodes[read.max_by(|left, right| costs[*left].total_cmp(&costs[*right]).then(right.cmp(left)))?];
        Some(told.sentence_of_node(self, self.processes_of(told), statistics))
    }

    /// How many processes share the work of a node: its numbers are those of one.
    fn processes_of(&self, wanted: &Plan) -> f64 {
        let nodes = self.nodes();
        let mut gathers = nodes.iter().filter(|node| node.node.starts_with("Gather"));
        let of = gathers.find_map(|gather| {
            let below = gather.children.first()?;
            below.nodes().iter().any(|node| std::ptr::eq(*node, wanted)).then(|| gather.rows / below.rows.max(1.0))
        });
        of.unwrap_or(1.0).max(1.0)
    }

    fn inserted(&self) -> f64 {
        self.children.first().map_or(0.0, |child| child.rows)
    }

    fn table_name(&self) -> &str {
        self.table.as_deref().unwrap_or("a table")
    }

    fn sentence_of_node(&self, top: &Plan, processes: f64, statistics: &Statistics) -> String {
        let table = self.table_name();
        let index = self.index.as_deref().unwrap_or("an index");
        let input = || self.children.iter().map(|child| child.rows).fold(0.0, f64::max) * processes;
        let returned = if top.node == "ModifyTable" { top.inserted() } else { top.rows };
        match self.node.as_str() {
            "Seq Scan" => {
                let all = statistics.tables.get(table).map_or(self.rows * processes, |table| table.size.rows_today());
                if returned * 2.0 >= all {
                    format!("reads all {} of {table}", rows(all))
                } else {
                    format!("reads all {} of {table} to {} {}", rows(all), verb(top), count(returned))
                }
            }
            "Index Scan" | "Index Only Scan" => match self.detail("Index Cond").or_else(|| self.detail("Order By")) {
                Some(_) => format!("finds {} of {table} by index {index}", rows(self.rows)),
                None if top.node == "Limit" => {
                    format!("follows index {index} of {table} until {} are found", rows(top.rows))
                }
                None => format!("walks all of index {index} of {table}, {}", rows(self.rows)),
            },
            "Bitmap Heap Scan" => {
                let indexes: Vec<&str> = self.nodes().into_iter().filter_map(|node| node.index.as_deref()).collect();
                format!("finds {} of {table} by index {}", rows(self.rows), indexes.join(" and "))
            }
            "Bitmap Index Scan" => format!("finds {} by index {index}", rows(self.rows)),
            "Sort" | "Incremental Sort" => format!("sorts {} to {} {}", rows(input()), verb(top), count(returned)),
            "Aggregate" | "GroupAggregate" | "HashAggregate" => format!("brings together {}", rows(input())),
            "Hash Join" | "Merge Join" | "Nested Loop" => {
                let sides: Vec<String> = self.children.iter().take(2).map(|child| rows(child.rows)).collect();
                format!("joins {}", sides.join(" with "))
            }
            "Result" | "ProjectSet" | "Values Scan" | "Function Scan" => "reads no table".to_owned(),
            other => format!("spends most on {other}, {}", rows(self.rows)),
        }
    }
}

fn verb(top: &Plan) -> &'static str {
    match top.kind.first().map(String::as_str).filter(|_| top.node == "ModifyTable") {
        Some("Update") => "update",
        Some("Delete") => "delete",
        _ => "return",
    }
}

fn rows(number: f64) -> String {
    format!("{} row{}", count(number), if number.round() == 1.0 { "" } else { "s" })
}

/// `20`, `~4,500`, `~12.4 M`: an estimate, in three digits where there are more.
pub fn count(number: f64) -> String {
    let number = number.round();
    match number {
        number if number < 100.0 => format!("{number}"),
        number if number < 1e6 => format!("~{}", grouped(number)),
        number if number < 1e9 => format!("~{} M", three_digits(number / 1e6)),
        number => format!("~{} G", three_digits(number / 1e9)),
    }
}

fn three_digits(number: f64) -> String {
    let text = if number < 10.0 {
        format!("{number:.2}")
    } else if number < 100.0 {
        format!("{number:.1}")
    } else {
        format!("{number:.0}")
    };
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A cost, in the planner's units, as a person reads it.
pub fn cost(cost: f64) -> String {
    if cost < 100.0 { format!("{cost:.2}") } else { grouped(cost) }
}

/// With commas between thousands.
pub fn grouped(number: f64) -> String {
    let digits = format!("{:.0}", number.abs());
    let mut text = if number < 0.0 { "-".to_owned() } else { String::new() };
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::{Size, TableStatistics};

    fn node(node: &str, table: Option<&str>, cost: f64, rows: f64, children: Vec<Plan>) -> Plan {
        Plan {
            node: node.to_owned(),
            table: table.map(str::to_owned),
            total_cost: cost,
            rows,
            children,
            ..Plan::default()
        }
    }

    #[test]
    fn numbers_are_short() {
        let shown: Vec<String> =
            [1.0, 99.0, 4500.0, 999_999.0, 12_440_000.0, 1e6, 6e9].into_iter().map(count).collect();
        assert_eq!(shown, ["1", "99", "~4,500", "~999,999", "~12.4 M", "~1 M", "~6 G"]);
    }

    #[test]
    fn a_scan_says_what_it_reads_and_returns() {
        let size = Size { rows: 12.4e6, pages: 100_000, analyzed_pages: 100_000 };
        let table = TableStatistics { size, ..TableStatistics::default() };
        let statistics = Statistics { tables: [("shop_order".to_owned(), table)].into_iter().collect() };
        let scan = node("Seq Scan", Some("shop_order"), 1000.0, 5000.0, Vec::new());
        let plan = node("Limit", None, 1010.0, 20.0, vec![node("Sort", None, 1010.0, 5000.0, vec![scan])]);
        assert_eq!(plan.sentence(&statistics), "reads all ~12.4 M rows of shop_order to return 20");
        assert_eq!(plan.dearest(), 2);
    }

    #[test]
    fn what_an_index_does_is_said_of_its_own_table() {
        let index = |node: Plan, name: &str| Plan { index: Some(name.to_owned()), ..node };
        let bitmap = index(node("Bitmap Index Scan", None, 10.0, 50.0, Vec::new()), "a_x_idx");
        let heap = node("Bitmap Heap Scan", Some("a"), 60.0, 50.0, vec![bitmap]);
        let whole = node("Seq Scan", Some("b"), 9000.0, 1e6, Vec::new());
        let plan = node("Hash Join", None, 9500.0, 50.0, vec![whole, heap]);
        let statistics = Statistics::default();
        assert_eq!(plan.sentence(&statistics), "reads all ~1 M rows of b to return 50");
        assert_eq!(
            plan.sentence_of_index("a_x_idx", &statistics).as_deref(),
            Some("finds 50 rows of a by index a_x_idx")
        );
        assert_eq!(plan.sentence_of_index("a_y_idx", &statistics), None);
        assert_eq!(plan.sentence_of_table("b", &statistics).as_deref(), Some("reads all ~1 M rows of b to return 50"));
        assert_eq!(plan.sentence_of_table("c", &statistics), None);
    }

    #[test]
    fn the_inner_side_of_a_loop_is_counted_as_often_as_it_runs() {
        let mut outer = node("Index Scan", Some("a"), 10.0, 100.0, Vec::new());
        let mut inner = node("Index Scan", Some("b"), 5.0, 1.0, Vec::new());
        (outer.role, inner.role) = (Some("Outer".to_owned()), Some("Inner".to_owned()));
        let plan = node("Nested Loop", None, 515.0, 100.0, vec![outer, inner]);
        assert_eq!(plan.own_costs(), [5.0, 10.0, 500.0]);
        assert_eq!(plan.dearest(), 2);
    }
}
