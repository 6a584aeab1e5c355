//! The report as one page that needs no network: everything is in it, the viewer of plans too.
//!
//! All text is in the page before a script runs, so that it can be read, printed and searched without one. What comes from the project is
//! escaped by the template; plans are data in a block that is no script. The page's policy lets no script run but those that are named here
//! by their digest, and nothing be loaded.

use std::collections::{BTreeMap, HashMap, HashSet};

use askama::Template;
use base64::Engine;
use pgwright_django::Project;
use pgwright_django::model::{Model, Origin};
use pgwright_schema::plan::{Plan, count, grouped};
use pgwright_schema::{ConstraintKind, Table};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::markdown::html as ticked;
use super::plans::{Examined, Plans};
use super::since::{Altered, Since};
use super::text::{brought, changed_table, cost, folded, rests_on, said, sites, summary, without_plan};
use super::{Advice, Finding, Review};
use crate::ground::Ground;
use crate::schema::correct::{Corrected, Reason};

const PAGE_SCRIPT: &str = include_str!("../../templates/review.js");
const VIEWER_SCRIPT: &str = include_str!("../../templates/viewer.js");
const STORAGE: &str = include_str!("../../templates/storage.js");
const VUE: &str = include_str!("../../assets/pev2/vue.js");
const PEV2: &str = include_str!("../../assets/pev2/pev2.js");
const PEV2_STYLE: &str = include_str!("../../assets/pev2/pev2.css");
const BOOTSTRAP: &str = include_str!("../../assets/pev2/bootstrap.css");

/// A table as the page draws it.
pub(super) struct TableView {
    pub(super) name: String,
    pub(super) model: Option<String>,
    /// As statistics have it, or assumed.
    pub(super) rows: f64,
    pub(super) columns: Vec<ColumnView>,
    pub(super) indexes: Vec<String>,
    /// Tables whose foreign keys lead here.
    pub(super) from: Vec<String>,
}

pub(super) struct ColumnView {
    pub(super) name: String,
    pub(super) type_: String,
    pub(super) null: bool,
    /// Primary key, or the table that a foreign key leads to.
    pub(super) key: bool,
    pub(super) to: Option<String>,
}

impl TableView {
    fn rows(&self) -> String {
        count(self.rows)
    }
}

#[derive(Template)]
#[template(path = "review.html")]
struct Page<'a> {
    policy: String,
    review: &'a Review,
    tables: &'a [TableView],
    /// Whose plans these are.
    said: String,
    rests_on: String,
    chart: Vec<Bar>,
    plans: Vec<(&'a str, Vec<Shown>)>,
    altered: Vec<Shown>,
    without: Vec<String>,
    schema: Vec<&'a Corrected>,
    /// Plans by number, for the viewer.
    data: String,
    style: &'static str,
    script: &'static str,
    viewer: &'static str,
    storage: &'static str,
    vue: &'static str,
    pev2: &'static str,
    viewer_style: String,
}

/// A model in the chart; widths in percent of the dearest.
struct Bar {
    model: String,
    cost: String,
    after: String,
    width: f64,
    after_width: f64,
}

/// A statement with its plan.
struct Shown {
    model: String,
    sites: String,
    in_loop: bool,
    /// Escaped, with `code` marked.
    sentence: String,
    cost: String,
    /// What to compare with, in words: after the changes, or before the change.
    other: Option<String>,
    folded: Option<String>,
    sql: String,
    plan: String,
    /// The number of its plan in the data; none where it is predicted.
    number: Option<usize>,
}

/// The whole page.
pub(super) fn render(review: &Review, tables: &[TableView]) -> String {
    let mut data: Vec<Value> = Vec::new();
    let plans = review
        .plans
        .models
        .iter()
        .map(|of| (of.model.as_str(), of.queries.iter().map(|query| shown(&of.model, query, &mut data)).collect()))
        .collect();
    let altered =
        review.since.iter().flat_map(|since| &since.altered).map(|altered| changed(altered, &mut data)).collect();
    let scripts = [PAGE_SCRIPT, STORAGE, VIEWER_SCRIPT, VUE, PEV2].map(digest).join(" ");
    let page = Page {
        policy: format!(
            "default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; \
             form-action 'none'"
        ),
        review,
        tables,
        said: said(&review.plans),
        rests_on: rests_on(review),
        chart: chart(&review.plans),
        plans,
        altered,
        without: without_plan(&review.plans).iter().map(|line| ticked(line)).collect(),
        schema: review
            .schema
            .iter()
            .filter(|corrected| !corrected.changes.is_empty() || !corrected.open.is_empty())
            .collect(),
        data: json_in_html(&Value::Array(data)),
        style: include_str!("../../templates/review.css"),
        script: PAGE_SCRIPT,
        viewer: VIEWER_SCRIPT,
        storage: STORAGE,
        vue: VUE,
        pev2: PEV2,
        viewer_style: format!("{BOOTSTRAP}\n{PEV2_STYLE}"),
    };
    // Writing into a text cannot fail, and the template calls nothing that does.
    page.render().unwrap_or_default()
}

/// The tables of the project's own models, and those that these refer to.
pub(super) fn tables(project: &Project, ground: &Ground) -> Vec<TableView> {
    let mut models: HashMap<&str, &Model> = HashMap::new();
    for model in project.models.all.iter().filter(|model| model.has_table()) {
        models.entry(&model.table).or_insert(model);
    }
    let is_own = |table: &&Table| models.get(table.name.as_str()).is_some_and(|model| model.origin == Origin::Project);
    let own: Vec<&Table> = ground.schema.tables.iter().filter(is_own).collect();
    let mut from: HashMap<&str, Vec<String>> = HashMap::new();
    for table in &own {
        for (_, to) in leads(table) {
            let from = from.entry(to).or_default();
            if from.last() != Some(&table.name) {
                from.push(table.name.clone());
            }
        }
    }
    let view = |table: &&Table| {
        let to: HashMap<&str, &str> = leads(table).collect();
        let keys: HashSet<&str> = table
            .constraints
            .iter()
            .flat_map(|constraint| match &constraint.kind {
                ConstraintKind::PrimaryKey { columns, .. } => columns.as_slice(),
                _ => &[],
            })
            .map(String::as_str)
            .collect();
        TableView {
            name: table.name.clone(),
            model: models.get(table.name.as_str()).map(|model| model.label()),
            rows: ground.statistics.tables.get(&table.name).map_or(0.0, |table| table.size.rows_today()),
            columns: table
                .columns
                .iter()
                .map(|column| ColumnView {
                    type_: column.type_.to_string(),
                    null: column.null,
                    key: keys.contains(column.name.as_str()),
                    to: to.get(column.name.as_str()).map(|to| (*to).to_owned()),
                    name: column.name.clone(),
                })
                .collect(),
            indexes: table.indexes.iter().map(|index| index.name.clone()).collect(),
            from: from.get(table.name.as_str()).cloned().unwrap_or_default(),
        }
    };
    own.iter().map(view).collect()
}

/// A table's foreign keys: the column, and the table it leads to.
fn leads(table: &Table) -> impl Iterator<Item = (&str, &str)> {
    table.constraints.iter().filter_map(|constraint| match &constraint.kind {
        ConstraintKind::ForeignKey(key) => Some((key.columns.first()?.as_str(), key.to_table.as_str())),
        _ => None,
    })
}

/// The source that a security policy lets run.
fn digest(script: &str) -> String {
    format!("'sha256-{}'", base64::engine::general_purpose::STANDARD.encode(Sha256::digest(script)))
}

/// JSON that no text in it can end the block of.
fn json_in_html(value: &Value) -> String {
    value.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

fn shown(model: &str, examined: &Examined, data: &mut Vec<Value>) -> Shown {
    let after = examined.after.as_ref().filter(|after| after.cost < examined.cost * 0.9);
    Shown {
        model: model.to_owned(),
        sites: sites(&examined.sites, 4),
        in_loop: examined.sites.iter().any(|site| site.in_loop),
        sentence: ticked(&examined.sentence),
        cost: cost(examined.cost),
        other: after.map(|after| format!("After the changes below, cost {}: {}", cost(after.cost), after.sentence)),
        folded: folded(examined),
        sql: examined.sql.clone(),
        plan: examined.plan.clone(),
        number: examined.tree.as_ref().map(|plan| numbered(plan, &examined.sql, data)),
    }
}

fn changed(altered: &Altered, data: &mut Vec<Value>) -> Shown {
    let Altered { model, sites: sent, sql, before, now, tree } = altered;
    Shown {
        model: model.clone(),
        sites: sites(sent, 4),
        in_loop: sent.iter().any(|site| site.in_loop),
        sentence: ticked(&now.sentence),
        cost: cost(now.cost),
        other: Some(format!("Before, cost {}: {}", cost(before.cost), before.sentence)),
        folded: None,
        sql: sql.clone(),
        plan: now.plan.clone(),
        number: tree.as_ref().map(|plan| numbered(plan, sql, data)),
    }
}

fn numbered(plan: &Plan, sql: &str, data: &mut Vec<Value>) -> usize {
    data.push(json!({ "sql": sql, "plan": [{ "Plan": explained(plan) }] }));
    data.len() - 1
}

/// The plan as `EXPLAIN (FORMAT JSON)` gave it.
fn explained(plan: &Plan) -> Value {
    let mut node = Map::new();
    node.insert("Node Type".to_owned(), plan.node.clone().into());
    let names = [
        ("Parent Relationship", &plan.role),
        ("Relation Name", &plan.table),
        ("Alias", &plan.alias),
        ("Index Name", &plan.index),
    ];
    for (name, value) in names {
        if let Some(value) = value {
            node.insert(name.to_owned(), value.clone().into());
        }
    }
    for kind in &plan.kind {
        let name = match kind.as_str() {
            "Left" | "Right" | "Full" | "Semi" | "Anti" | "Right Semi" | "Right Anti" => "Join Type",
            "Partial" | "Finalize" => "Partial Mode",
            "Backward" | "NoMovement" => "Scan Direction",
            "Insert" | "Update" | "Delete" | "Merge" => "Operation",
            "Intersect" | "Intersect All" | "Except" | "Except All" => "Command",
            _ => "Strategy",
        };
        node.insert(name.to_owned(), kind.clone().into());
    }
    for (name, value) in [
        ("Startup Cost", plan.startup_cost),
        ("Total Cost", plan.total_cost),
        ("Plan Rows", plan.rows),
        ("Plan Width", f64::from(plan.width)),
    ] {
        node.insert(name.to_owned(), value.into());
    }
    for (name, text) in &plan.details {
        // PostgreSQL lists keys one by one; the plan has them as one text.
        let value = if name.ends_with("Key") { json!([text]) } else { text.clone().into() };
        node.insert(name.clone(), value);
    }
    if !plan.children.is_empty() {
        node.insert("Plans".to_owned(), plan.children.iter().map(explained).collect());
    }
    Value::Object(node)
}

/// The cost of each model's statements, the dearest first.
fn chart(plans: &Plans) -> Vec<Bar> {
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

impl Page<'_> {
    fn since(&self) -> Option<&Since> {
        self.review.since.as_ref()
    }

    fn changes(&self) -> Vec<String> {
        let since = self.since().into_iter();
        since
            .flat_map(|since| {
                let lines = since.tables.iter().map(changed_table).chain(since.migrations.iter().map(brought));
                std::iter::once(summary(since)).chain(lines).collect::<Vec<_>>()
            })
            .collect()
    }

    fn stops(&self) -> [(&'static str, &'static str, &[Finding]); 1] {
        [("stops", "Hard stops", &self.review.hard_stops)]
    }

    fn code(&self) -> [(&'static str, &'static str, &[Finding]); 1] {
        [("code", "The code", &self.review.code)]
    }

    /// Numbers with their words, and where on the page they lead.
    fn tiles(&self) -> [(&'static str, &'static str, usize, &'static str); 5] {
        let queries = self.review.plans.models.iter().map(|of| of.queries.len()).sum();
        let word = |count, one, many| if count == 1 { one } else { many };
        let (stops, code) = (self.review.hard_stops.len(), self.review.code.len());
        let (models, tuning) = (self.schema.len(), self.review.tuning.len());
        [
            ("stops", if stops > 0 { "bad" } else { "good" }, stops, word(stops, "hard stop", "hard stops")),
            ("explain", "", queries, word(queries, "query that costs most", "queries that cost most")),
            ("code", "", code, word(code, "finding on the code", "findings on the code")),
            ("schema", "", models, word(models, "model to look at", "models to look at")),
            ("tuning", "", tuning, word(tuning, "recommendation", "recommendations")),
        ]
    }

    fn migrations(&self) -> Vec<(String, String)> {
        let written = |app: &pgwright_django::migrations::write::AppMigrations| match &app.written {
            Ok(written) => written.iter().map(|one| (one.path.to_string(), one.text.clone())).collect::<Vec<_>>(),
            Err(reason) => vec![(format!("no migration of {}", app.app), reason.clone())],
        };
        self.review.migrations.iter().flat_map(written).collect()
    }

    fn tick(&self, text: &str) -> String {
        ticked(text)
    }

    fn grouped(&self, number: &usize) -> String {
        grouped(*number as f64)
    }

    fn about<'b>(&self, advice: &'b Advice) -> &'b str {
        advice.model.as_deref().or(advice.recommendation.table.as_deref()).unwrap_or("the server")
    }

    /// Lines of a diff with what they are.
    fn lines<'b>(&self, diff: &'b str) -> Vec<(&'static str, &'b str)> {
        let class = |line: &str| match line.as_bytes().first() {
            Some(b'+') => "plus",
            Some(b'-') => "minus",
            Some(b'@') => "at",
            _ => "same",
        };
        diff.lines().map(|line| (class(line), line)).collect()
    }

    fn reasons<'b>(&self, corrected: &'b Corrected) -> [(&'static str, &'b [Reason]); 2] {
        [("Changes", &corrected.changes), ("To decide", &corrected.open)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_a_block_of_data() {
        let text = json_in_html(&json!({ "sql": "</script><!--&" }));
        assert_eq!(text, r#"{"sql":"\u003c/script\u003e\u003c!--\u0026"}"#);
        assert_eq!(serde_json::from_str::<Value>(&text).ok(), Some(json!({ "sql": "</script><!--&" })));
    }

    #[test]
    fn scripts_can_stand_in_a_page() {
        for script in [PAGE_SCRIPT, STORAGE, VIEWER_SCRIPT, VUE, PEV2] {
            assert!(
                !script.to_ascii_lowercase().contains("</script") && !script.contains("<!--") && !script.contains('\r')
            );
        }
    }
}
