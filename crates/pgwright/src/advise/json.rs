//! Advice for programs; the form is described in `schemas/advise.json`.

use pgwright_schema::upkeep::Entries;
use serde::Serialize;

use super::correct::Correction;
use super::upkeep::Upkeep;
use super::{Gain, Named, Proposal, Report, Unused};
use crate::ground::Origins;
use crate::schema::json::{Migration, migrations};

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    server: &'a str,
    statistics: Origins<'a>,
    /// `calls` that the database counted, or `places` in the code.
    weights: &'static str,
    statements: usize,
    /// Planner cost units of all statements, each counted with its weight.
    cost_before: f64,
    cost_after: f64,
    /// The part of it that gets cheaper.
    improved: Improved,
    indexes: Vec<Entry<'a>>,
    unused: Vec<Dropped<'a>>,
    /// What `--fix` wrote; null without.
    written: Option<Written<'a>>,
}

#[derive(Serialize)]
struct Written<'a> {
    /// Of all files, migrations among them.
    patch: String,
    migrations: Vec<Migration<'a>>,
    left: Vec<Left<'a>>,
}

/// An index that was not written.
#[derive(Serialize)]
struct Left<'a> {
    name: &'a str,
    reason: &'a str,
}

#[derive(Serialize)]
struct Improved {
    statements: usize,
    cost_before: f64,
    cost_after: f64,
}

#[derive(Serialize)]
struct Entry<'a> {
    model: &'a str,
    file: &'a str,
    line: u32,
    table: &'a str,
    name: &'a str,
    /// An entry of `Meta.indexes`; null where it has no form for it.
    django: Option<String>,
    sql: String,
    bytes: u64,
    writes: Writes,
    reason: &'a str,
    gains: Vec<Gained<'a>>,
}

/// What the index costs writes.
#[derive(Serialize)]
struct Writes {
    /// Places in the code that insert rows.
    inserts: usize,
    /// Places in the code with updates that are HOT without it alone.
    no_longer_hot: usize,
    /// Planner cost units of one entry.
    entry_cost: f64,
    /// Entries that it would have been given while the database counted.
    entries: Option<Counted>,
}

#[derive(Serialize)]
struct Counted {
    inserts: f64,
    updates: f64,
    no_longer_hot: f64,
    /// For how long.
    seconds: Option<u64>,
}

#[derive(Serialize)]
struct Gained<'a> {
    sql: Option<&'a str>,
    sites: Vec<Place<'a>>,
    cost_before: f64,
    cost_after: f64,
    before: &'a str,
    after: &'a str,
}

#[derive(Serialize)]
struct Place<'a> {
    file: &'a str,
    line: u32,
    function: &'a str,
    in_loop: bool,
}

#[derive(Serialize)]
struct Dropped<'a> {
    model: &'a str,
    file: &'a str,
    line: u32,
    name: &'a str,
    bytes: u64,
    /// How often the database used it.
    scans: u64,
}

pub(super) fn render(report: &Report<'_>, correction: Option<&Correction>) -> String {
    let document = Document {
        version: 1,
        server: &report.server,
        statistics: report.ground.origins(),
        weights: if report.counted { "calls" } else { "places" },
        statements: report.statements,
        cost_before: report.before,
        cost_after: report.after,
        improved: Improved {
            statements: report.improved.statements,
            cost_before: report.improved.before,
            cost_after: report.improved.after,
        },
        indexes: report.proposals.iter().map(|proposal| entry(report, proposal)).collect(),
        unused: report.unused.iter().map(dropped).collect(),
        written: correction.map(written),
    };
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

fn written(correction: &Correction) -> Written<'_> {
    Written {
        patch: correction.patch(false),
        migrations: migrations(&correction.migrations),
        left: correction.left.iter().map(|(name, reason)| Left { name, reason }).collect(),
    }
}

fn entry<'a>(report: &'a Report<'_>, proposal: &'a Proposal) -> Entry<'a> {
    let Named { label, file, line } = &proposal.model;
    let index = &proposal.candidate.index;
    Entry {
        model: label,
        file,
        line: *line,
        table: &index.table,
        name: &index.name,
        django: proposal.django.as_ref().map(pgwright_rules::Entry::text),
        sql: proposal.candidate.sql(),
        bytes: proposal.bytes,
        writes: writes(&proposal.upkeep),
        reason: &proposal.candidate.reason,
        gains: proposal.gains.iter().map(|gain| gained(report, gain)).collect(),
    }
}

fn writes(upkeep: &Upkeep) -> Writes {
    let counted = |entries: Entries| Counted {
        inserts: entries.inserts,
        updates: entries.updates,
        no_longer_hot: entries.no_longer_hot,
        seconds: entries.seconds,
    };
    Writes {
        inserts: upkeep.inserts,
        no_longer_hot: upkeep.no_longer_hot.iter().map(|(_, sites)| sites.len()).sum(),
        entry_cost: upkeep.entry_cost,
        entries: upkeep.entries.map(counted),
    }
}

fn gained<'a>(report: &'a Report<'_>, gain: &'a Gain) -> Gained<'a> {
    let query = &report.explained[gain.query].query;
    let place = |site: &'a crate::explain::planning::Site| Place {
        file: &site.file,
        line: site.line,
        function: &site.function,
        in_loop: site.in_loop,
    };
    Gained {
        sql: query.sql.as_deref().ok(),
        sites: query.sites.iter().map(place).collect(),
        cost_before: gain.before,
        cost_after: gain.after,
        before: &gain.reading_before,
        after: &gain.reading_after,
    }
}

fn dropped(unused: &Unused) -> Dropped<'_> {
    let Named { label, file, line } = &unused.model;
    Dropped { model: label, file, line: *line, name: &unused.index, bytes: unused.bytes, scans: unused.scans }
}
