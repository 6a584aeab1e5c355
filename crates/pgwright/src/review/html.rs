//! The report as one page that needs no network: everything is in it, the viewer of plans too.
//!
//! All text is in the page before a script runs, so that it can be read, printed and searched without one. What comes from the project is
//! escaped by the template; plans are data in a block that is no script. The page's policy lets no script run but those that are named here
//! by their digest, and nothing be loaded.

use askama::Template;
use base64::Engine;
use pgwright_schema::plan::{Plan, grouped};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::charts::{Bar, Curves, by_model, over_size};
use super::markdown::html as ticked;
use super::plans::Examined;
use super::since::{Altered, Since};
use super::tables::TableView;
use super::text::{brought, changed_table, cost, folded, rests_on, said, sites, summary, without_plan};
use super::{Advice, Finding, Review};
use crate::schema::correct::{Corrected, Reason};

const PAGE_SCRIPT: &str = include_str!("../../templates/review.js");
const DIAGRAM_SCRIPT: &str = include_str!("../../templates/diagram.js");
const VIEWER_SCRIPT: &str = include_str!("../../templates/viewer.js");
const STORAGE: &str = include_str!("../../templates/storage.js");
const VUE: &str = include_str!("../../assets/pev2/vue.js");
const PEV2: &str = include_str!("../../assets/pev2/pev2.js");
const PEV2_STYLE: &str = include_str!("../../assets/pev2/pev2.css");
const BOOTSTRAP: &str = include_str!("../../assets/pev2/bootstrap.css");

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
    curves: Option<Curves>,
    plans: Vec<(&'a str, Vec<Shown>)>,
    altered: Vec<Shown>,
    without: Vec<String>,
    schema: Vec<&'a Corrected>,
    /// Plans by number, for the viewer.
    data: String,
    /// The tables, for the diagram.
    diagram: String,
    style: &'static str,
    script: &'static str,
    draw: &'static str,
    viewer: &'static str,
    storage: &'static str,
    vue: &'static str,
    pev2: &'static str,
    viewer_style: String,
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
    let scripts = [PAGE_SCRIPT, DIAGRAM_SCRIPT, STORAGE, VIEWER_SCRIPT, VUE, PEV2].map(digest).join(" ");
    let page = Page {
        policy: format!(
            "default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; \
             form-action 'none'"
        ),
        review,
        tables,
        said: said(&review.plans),
        rests_on: rests_on(review),
        chart: by_model(&review.plans),
        curves: over_size(&review.plans),
        plans,
        altered,
        without: without_plan(&review.plans).iter().map(|line| ticked(line)).collect(),
        schema: review
            .schema
            .iter()
            .filter(|corrected| !corrected.changes.is_empty() || !corrected.open.is_empty())
            .collect(),
        data: json_in_html(&Value::Array(data)),
        diagram: json_in_html(&super::tables::drawn(tables)),
        style: include_str!("../../templates/review.css"),
        script: PAGE_SCRIPT,
        draw: DIAGRAM_SCRIPT,
        viewer: VIEWER_SCRIPT,
        storage: STORAGE,
        vue: VUE,
        pev2: PEV2,
        viewer_style: format!("{BOOTSTRAP}\n{PEV2_STYLE}"),
    };
    // Writing into a text cannot fail, and the template calls nothing that does.
    page.render().unwrap_or_default()
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
        for script in [PAGE_SCRIPT, DIAGRAM_SCRIPT, STORAGE, VIEWER_SCRIPT, VUE, PEV2] {
            assert!(
                !script.to_ascii_lowercase().contains("</script") && !script.contains("<!--") && !script.contains('\r')
            );
        }
    }
}
