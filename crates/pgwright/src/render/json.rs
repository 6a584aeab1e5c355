//! pgwright's own JSON, version 1.

use pgwright_diagnostics::{Confidence, Diagnostic, Evidence, Fix, Label, Severity};
use serde::Serialize;

use super::{Dropped, Place, Report, Summary};

/// The document.
#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    #[serde(flatten)]
    parts: Parts<'a>,
    /// Version of the server whose planner was asked to confirm findings; null where nobody was.
    planner: Option<&'a str>,
    /// What it did not confirm, always complete.
    dropped: Vec<DroppedOut<'a>>,
}

/// What a report found, also as a part of documents that say more.
#[derive(Serialize)]
struct Parts<'a> {
    diagnostics: Vec<Finding<'a>>,
    summary: &'a Summary,
    /// What could not be understood, always complete.
    unresolved: Vec<Open<'a>>,
}

/// A finding that the planner does not confirm.
#[derive(Serialize)]
struct DroppedOut<'a> {
    rule: &'a str,
    headline: &'a str,
    #[serde(flatten)]
    place: Place,
    /// Why not.
    reason: &'a str,
}

/// One finding. Lines and columns count from 1; columns count characters.
#[derive(Serialize)]
struct Finding<'a> {
    rule: &'a str,
    severity: Severity,
    confidence: Confidence,
    headline: &'a str,
    #[serde(flatten)]
    place: Place,
    /// What stands beside the place; may be empty.
    label: &'a str,
    related: Vec<Related<'a>>,
    /// What it costs.
    why: Option<&'a str>,
    /// What to do.
    help: Option<&'a str>,
    evidence: &'a [Evidence],
    fix: Option<FixOut<'a>>,
    /// Stays the same when the code moves.
    fingerprint: &'a str,
}

#[derive(Serialize)]
struct Related<'a> {
    #[serde(flatten)]
    place: Place,
    label: &'a str,
}

#[derive(Serialize)]
struct FixOut<'a> {
    title: &'a str,
    applicability: pgwright_diagnostics::Applicability,
    edits: Vec<EditOut<'a>>,
}

/// Replaces the place by the text; an empty place inserts.
#[derive(Serialize)]
struct EditOut<'a> {
    #[serde(flatten)]
    place: Place,
    /// Byte offsets in the UTF-8 text, a byte order mark not counted.
    start_byte: u32,
    end_byte: u32,
    text: &'a str,
}

#[derive(Serialize)]
struct Open<'a> {
    subject: &'a str,
    reason: &'a str,
    path: Option<String>,
    line: Option<u32>,
}

pub(super) fn render(report: &Report) -> String {
    let document = Document {
        version: 1,
        parts: Parts::of(report),
        planner: report.planner,
        dropped: report.dropped.iter().map(|dropped| dropped_out(report, dropped)).collect(),
    };
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

pub(super) fn parts(report: &Report) -> serde_json::Value {
    serde_json::to_value(Parts::of(report)).unwrap_or_default()
}

impl<'a> Parts<'a> {
    fn of(report: &'a Report) -> Parts<'a> {
        let open = report.unresolved.iter().map(|open| {
            let place = open.site.map(|site| report.place(site));
            Open {
                subject: &open.subject,
                reason: &open.reason,
                line: place.as_ref().map(|place| place.start.line),
                path: place.map(|place| place.path),
            }
        });
        Parts {
            diagnostics: report.found().map(|(found, print)| finding(report, found, print)).collect(),
            summary: &report.summary,
            unresolved: open.collect(),
        }
    }
}

fn dropped_out<'a>(report: &Report, dropped: &'a Dropped) -> DroppedOut<'a> {
    DroppedOut {
        rule: dropped.found.rule,
        headline: &dropped.found.headline,
        place: report.place(dropped.found.primary.span),
        reason: &dropped.reason,
    }
}

fn finding<'a>(report: &Report, found: &'a Diagnostic, fingerprint: &'a str) -> Finding<'a> {
    let related = |label: &'a Label| Related { place: report.place(label.span), label: &label.text };
    Finding {
        rule: found.rule,
        severity: found.severity,
        confidence: found.confidence,
        headline: &found.headline,
        place: report.place(found.primary.span),
        label: &found.primary.text,
        related: found.related.iter().map(related).collect(),
        why: found.why.as_deref(),
        help: found.help.as_deref(),
        evidence: &found.evidence,
        fix: found.fix.as_ref().map(|fix| fix_out(report, fix)),
        fingerprint,
    }
}

fn fix_out<'a>(report: &Report, fix: &'a Fix) -> FixOut<'a> {
    FixOut {
        title: &fix.title,
        applicability: fix.applicability,
        edits: fix
            .edits
            .iter()
            .map(|edit| EditOut {
                place: report.place(edit.span),
                start_byte: edit.span.start,
                end_byte: edit.span.end,
                text: &edit.text,
            })
            .collect(),
    }
}
