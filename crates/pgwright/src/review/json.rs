//! The report for programs; the form is described in `schemas/review.json`.

use serde::Serialize;

use super::{Advice, Finding, Review, Understood};
use crate::review::plans::Plans;
use crate::review::since::Since;
use crate::schema::correct::Corrected;
use crate::schema::json::{Migration, migrations};

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    since: Option<&'a Since>,
    hard_stops: &'a [Finding],
    explain: &'a Plans,
    code: &'a [Finding],
    schema: &'a [Corrected],
    migrations: Vec<Migration<'a>>,
    tuning: &'a [Advice],
    basis: &'a str,
    warning: Option<&'a str>,
    understood: &'a Understood,
}

pub(super) fn render(review: &Review) -> String {
    let document = Document {
        version: 1,
        since: review.since.as_ref(),
        hard_stops: &review.hard_stops,
        explain: &review.plans,
        code: &review.code,
        schema: &review.schema,
        migrations: migrations(&review.migrations),
        tuning: &review.tuning,
        basis: &review.basis,
        warning: review.warning.as_deref(),
        understood: &review.understood,
    };
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}
