//! Plans for programs.

use pgwright_schema::Plan;
use pgwright_schema::parameters::{Choice, Origin};
use serde::Serialize;

use super::Report;
use super::planning::{Explained, Planned, Site};
use crate::ground::Origins;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    server: String,
    statistics: Origins<'a>,
    queries: Vec<Entry<'a>>,
    /// Statements of the schema that the server refused.
    left_out: Vec<LeftOut<'a>>,
}

#[derive(Serialize)]
struct LeftOut<'a> {
    statement: &'a str,
    reason: &'a str,
}

#[derive(Serialize)]
struct Entry<'a> {
    sites: Vec<Place<'a>>,
    sql: Option<&'a str>,
    plans: Vec<Choosing<'a>>,
    /// What the first plan becomes when tables grow.
    grown: Vec<Grown<'a>>,
    /// Why there is no plan.
    reason: Option<&'a str>,
}

#[derive(Serialize)]
struct Place<'a> {
    file: &'a str,
    line: u32,
    function: &'a str,
    model: Option<&'a str>,
    in_loop: bool,
}

#[derive(Serialize)]
struct Grown<'a> {
    factor: f64,
    #[serde(flatten)]
    planned: Choosing<'a>,
}

#[derive(Serialize)]
struct Choosing<'a> {
    /// `typical` or `most_frequent`.
    choice: &'static str,
    values: Vec<Bound<'a>>,
    statement: &'a str,
    sentence: &'a str,
    plan: &'a Plan,
}

#[derive(Serialize)]
struct Bound<'a> {
    literal: &'a str,
    /// `most_common`, `histogram` or `made_up`.
    origin: &'static str,
}

pub(super) fn render(report: &Report) -> String {
    let document = Document {
        version: 1,
        server: report.server.to_string(),
        statistics: report.ground.origins(),
        queries: report.explained.iter().map(entry).collect(),
        left_out: report
            .left_out
            .iter()
            .map(|left| LeftOut { statement: &left.statement, reason: &left.reason })
            .collect(),
    };
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

fn entry(explained: &Explained) -> Entry<'_> {
    Entry {
        sites: explained.query.sites.iter().map(place).collect(),
        sql: explained.query.sql.as_deref().ok(),
        plans: explained.plans.iter().flatten().map(choosing).collect(),
        grown: explained
            .grown
            .iter()
            .map(|(factor, planned)| Grown { factor: *factor, planned: choosing(planned) })
            .collect(),
        reason: explained.plans.as_ref().err().map(String::as_str),
    }
}

fn place(site: &Site) -> Place<'_> {
    let Site { file, line, function, model, in_loop, .. } = site;
    Place { file, line: *line, function, model: model.as_deref(), in_loop: *in_loop }
}

fn choosing(planned: &Planned) -> Choosing<'_> {
    let origin = |origin: &Origin| match origin {
        Origin::MostCommon { .. } => "most_common",
        Origin::Histogram => "histogram",
        Origin::MadeUp => "made_up",
    };
    Choosing {
        choice: match planned.choice {
            Choice::Typical => "typical",
            Choice::Frequent => "most_frequent",
        },
        values: planned
            .values
            .iter()
            .map(|(_, value)| Bound { literal: &value.literal, origin: origin(&value.origin) })
            .collect(),
        statement: &planned.statement,
        sentence: &planned.sentence,
        plan: &planned.plan,
    }
}
