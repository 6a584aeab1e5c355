//! Recommendations for programs; the form is described in `schemas/tune.json`.

use pgwright_schema::statistics::Source;
use pgwright_schema::tune::Recommendation;
use pgwright_schema::tune::migration::migration;
use serde::Serialize;

use super::{Advice, Report};
use crate::explain::Basis;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    statistics: Origins<'a>,
    recommendations: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Origins<'a> {
    /// `snapshot`, `assumed` or `live`.
    source: &'static str,
    file: Option<&'a str>,
    server: Option<&'a str>,
    /// Tables whose size is assumed.
    assumed_tables: Vec<&'a str>,
}

#[derive(Serialize)]
struct Entry<'a> {
    #[serde(flatten)]
    recommendation: &'a Recommendation,
    model: Option<&'a str>,
    file: Option<&'a str>,
    line: Option<u32>,
    /// A migration with `RunSQL`, where Django has nothing of its own for it.
    migration: Option<String>,
}

pub(super) fn render(report: &Report) -> String {
    let (source, file) = match &report.ground.basis {
        Basis::Snapshot(path, _) if path.as_str().is_empty() => ("live", None),
        Basis::Snapshot(path, _) => ("snapshot", Some(path.as_str())),
        Basis::Assumed => ("assumed", None),
        Basis::Live => ("live", None),
    };
    let tables = report.ground.statistics.tables.iter();
    let assumed = tables.filter(|(_, table)| table.source == Source::Assumed).map(|(name, _)| name.as_str());
    let document = Document {
        version: 1,
        statistics: Origins { source, file, server: report.server.as_deref(), assumed_tables: assumed.collect() },
        recommendations: report.advice.iter().map(entry).collect(),
    };
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

fn entry(advice: &Advice) -> Entry<'_> {
    let place = advice.model.as_ref().and_then(|model| model.place.as_ref());
    Entry {
        recommendation: &advice.recommendation,
        model: advice.model.as_ref().map(|model| model.label.as_str()),
        file: place.map(|(file, _)| file.as_str()),
        line: place.map(|(_, line)| *line),
        migration: migration(&advice.recommendation),
    }
}
