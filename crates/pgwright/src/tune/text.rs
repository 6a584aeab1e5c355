//! Recommendations for people: what can be done now, then what needs a window; each table with its model.

use std::fmt::Write;

use pgwright_schema::plan::{count, grouped};
use pgwright_schema::tune::migration::operations;
use pgwright_schema::tune::{Basis as Numbers, Django, Recommendation, When};

use super::{Advice, Report};
use crate::ground::Basis;

pub(super) fn render(report: &Report, coloured: bool) -> String {
    let mut text = String::new();
    let paint = |code: &str, text: &str| {
        if coloured { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    };
    let (now, window): (Vec<&Advice>, Vec<&Advice>) =
        report.advice.iter().partition(|advice| matches!(advice.recommendation.when, When::Now { .. }));
    for (headline, advice) in [("Safe now", now), ("Needs a window", window)] {
        if advice.is_empty() {
            continue;
        }
        let _ = writeln!(text, "{}\n", paint("1;4", headline));
        let mut before: Option<Option<&str>> = None;
        for advice in advice {
            let table = advice.recommendation.table.as_deref();
            if before != Some(table) {
                let _ = writeln!(text, "{}", paint("1", &heading(report, advice)));
                before = Some(table);
            }
            write_one(&mut text, &advice.recommendation, &paint);
        }
    }
    if report.advice.is_empty() {
        text.push_str("nothing to recommend\n");
    }
    let _ = writeln!(text, "{}", paint("2", &closing(report)));
    text
}

fn heading(report: &Report, advice: &Advice) -> String {
    let Some(table) = advice.recommendation.table.as_deref() else { return "the server".to_owned() };
    let rows = report.ground.statistics.tables.get(table).map_or(0.0, |table| table.size.rows_today());
    let shown = table.replace("\".\"", ".");
    match &advice.model {
        Some(model) => {
            let place = model.place.as_ref().map(|(file, line)| format!("  {file}:{line}")).unwrap_or_default();
            format!("{}  {shown}, {} rows{place}", model.label, count(rows))
        }
        None => format!("{shown}, {} rows, of no model", count(rows)),
    }
}

fn write_one(text: &mut String, recommendation: &Recommendation, paint: &dyn Fn(&str, &str) -> String) {
    let _ = writeln!(text, "  {}: {}", paint("36", recommendation.rule), recommendation.title);
    let numbers = if recommendation.basis == Numbers::Assumed { " (rows are assumed)" } else { "" };
    let _ = writeln!(text, "    {}{numbers}", recommendation.because);
    for statement in &recommendation.statements {
        let _ = writeln!(text, "      {statement};");
    }
    if !recommendation.reverse.is_empty() {
        let _ = writeln!(text, "    {} {};", paint("2", "back:"), recommendation.reverse.join("; "));
    }
    let lock = match &recommendation.when {
        When::Now { lock } => (*lock).to_owned(),
        When::Window { lock, why } => format!("{lock}; {why}"),
    };
    let _ = writeln!(text, "    {} {lock}", paint("2", "lock:"));
    let django = match &recommendation.django {
        Django::RunSql => operations(recommendation).unwrap_or_default().join(",\n            "),
        Django::Model { change } => change.clone(),
        Django::Server => "not the project's: a setting of the server".to_owned(),
        Django::Once => "done once, by hand: nothing for a migration".to_owned(),
    };
    let _ = writeln!(text, "    {} {django}", paint("2", "Django:"));
    let _ = writeln!(text, "    {} {}\n", paint("2", "why:"), recommendation.source);
}

fn closing(report: &Report) -> String {
    let assumed = grouped(report.ground.assumed_tables().count() as f64);
    match &report.ground.basis {
        Basis::Assumed => format!(
            "no database was asked: sizes of {assumed} tables are assumed and only thresholds that follow from them are judged \
             (`pgwright snapshot` measures, `assume.rows` in the configuration sets them)"
        ),
        Basis::Snapshot(path) if assumed == "0" => format!("numbers are those of `{path}`"),
        Basis::Snapshot(path) => {
            format!("numbers are those of `{path}`, and assumed for {assumed} tables that it does not have")
        }
        Basis::Live => "the database was asked".to_owned(),
    }
}
