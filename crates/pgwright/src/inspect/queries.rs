//! `inspect queries`: every query the project's code can send, where, and as what SQL.

use std::fmt::Write;

use pgwright_django::model::Models;
use pgwright_django::queries::workload::{Certainty, Issued, Lazy, Rows, Situation, Terminal};
use serde::Serialize;

use super::json;
use crate::cli::{FactFormat, InspectQueriesArgs};
use crate::place::{Place, names};
use crate::session::{Reading, Session};

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    queries: Vec<Row<'a>>,
    coverage: Coverage,
}

#[derive(Serialize)]
struct Coverage {
    /// Places that send queries or look as if they did.
    sites: usize,
    /// Those of them whose SQL is known.
    resolved: usize,
}

#[derive(Serialize)]
struct Row<'a> {
    file: &'a str,
    line: u32,
    end_line: u32,
    function: &'a str,
    model: Option<String>,
    terminal: Terminal,
    sql: Option<&'a str>,
    tables: Vec<String>,
    rows: Rows,
    in_loop: bool,
    lazy: Option<Lazy>,
    context: Situation,
    confidence: Certainty,
    reason: Option<&'a str>,
    /// Where in a template it is sent from, if it is.
    template: Option<TemplatePlace<'a>>,
}

impl Row<'_> {
    fn is_at(&self, place: &Place) -> bool {
        place.holds(self.file, self.line..=self.end_line)
            || self.template.as_ref().is_some_and(|template| place.holds(template.file, template.line..=template.line))
    }
}

#[derive(Serialize)]
struct TemplatePlace<'a> {
    file: &'a str,
    line: u32,
}

pub(super) fn render(args: &InspectQueriesArgs, session: &Session, reading: &Reading) -> String {
    let workload = &reading.project.workload;
    let models = &reading.project.models;
    let places: Vec<Place> = args.at.iter().map(|text| Place::parse(text)).collect();
    let wanted = |row: &Row<'_>, issued: &Issued| {
        session.shows(reading.files.path(issued.span.file))
            && args.model.as_deref().is_none_or(|model| row.model.as_deref().is_some_and(|label| names(label, model)))
            && args.context.is_none_or(|context| context.situation() == issued.situation)
            && (places.is_empty() || places.iter().any(|place| row.is_at(place)))
            && (!args.unresolved || issued.sql.is_err())
    };
    let rows: Vec<Row<'_>> = workload
        .queries
        .iter()
        .map(|issued| (row(issued, session, reading, models), issued))
        .filter(|(row, issued)| wanted(row, issued))
        .map(|(row, _)| row)
        .collect();
    let coverage = Coverage { sites: workload.coverage.sites, resolved: workload.coverage.resolved };
    match args.format {
        FactFormat::Json => json(&Document { version: 1, queries: rows, coverage }),
        FactFormat::Text => text(&rows, &coverage),
    }
}

fn row<'r>(issued: &'r Issued, session: &Session, reading: &'r Reading, models: &Models) -> Row<'r> {
    let file = reading.files.get(issued.span.file);
    let model = issued.model.map(|model| models.get(model));
    Row {
        file: session.relative(reading.files.path(issued.span.file)).as_str(),
        line: file.position(issued.anchor).line,
        end_line: file.position(issued.span.end).line,
        function: &issued.function,
        model: model.map(pgwright_django::model::Model::label),
        terminal: issued.terminal,
        sql: issued.sql.as_deref().ok(),
        tables: model.map(|model| model.table.clone()).into_iter().collect(),
        rows: issued.rows,
        in_loop: issued.in_loop.is_some(),
        lazy: issued.lazy,
        context: issued.situation,
        confidence: issued.confidence,
        reason: issued.sql.as_ref().err().map(String::as_str),
        template: issued.template.map(|span| TemplatePlace {
            file: session.relative(reading.files.path(span.file)).as_str(),
            line: reading.files.start(span).line,
        }),
    }
}

fn text(rows: &[Row<'_>], coverage: &Coverage) -> String {
    let mut text = String::new();
    let mut file = "";
    for row in rows {
        if row.file != file {
            file = row.file;
            let gap = if text.is_empty() { "" } else { "\n" };
            let _ = writeln!(text, "{gap}{file}");
        }
        let model = row.model.as_deref().unwrap_or("?");
        let often = if row.in_loop { ", once per round of a loop" } else { "" };
        let lazily = if row.lazy.is_some() { ", on access" } else { "" };
        let _ = writeln!(text, "  {}  {}  {model}{lazily}{often}", row.line, row.function);
        if let Some(place) = row.template.as_ref().filter(|place| place.file != row.file) {
            let _ = writeln!(text, "      in {}:{}", place.file, place.line);
        }
        match (row.sql, row.reason) {
            (Some(sql), _) => {
                let _ = writeln!(text, "      {sql}");
            }
            (None, reason) => {
                let _ = writeln!(text, "      not known: {}", reason.unwrap_or_default());
            }
        }
    }
    let _ = writeln!(text, "\nunderstood {} of {} places that send queries", coverage.resolved, coverage.sites);
    text
}
