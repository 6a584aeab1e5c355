//! Recommendations for programs; the form is described in `schemas/tune.json`.

use pgwright_schema::tune::Recommendation;
use pgwright_schema::tune::migration::migration;
use serde::Serialize;

use super::{Advice, Report};
use crate::ground::Origins;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    statistics: Numbers<'a>,
    recommendations: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Numbers<'a> {
    #[serde(flatten)]
    origins: Origins<'a>,
    server: Option<&'a str>,
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
    let document = Document {
        version: 1,
        statistics: Numbers { origins: report.ground.origins(), server: report.server.as_deref() },
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
