//! Advice for people: each index below its model, with what gets cheaper by it and what it costs.

use std::fmt::Write;

use pgwright_schema::plan::{count, grouped};

use super::upkeep::Upkeep;
use super::{Gain, Proposal, Report};
use crate::explain::planning::Site;
use crate::ground::Basis;
use crate::render::fill;

/// Places shown of those that an index serves.
const SHOWN: usize = 3;

/// As wide as a usual terminal: paragraphs are read, not scanned.
const WIDTH: usize = 80;

type Paint<'p> = &'p dyn Fn(&str, &str) -> String;

pub(super) fn render(report: &Report<'_>, coloured: bool) -> String {
    let paint = |code: &str, text: &str| {
        if coloured { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    };
    let mut text = String::new();
    for proposal in &report.proposals {
        one(&mut text, report, proposal, &paint);
    }
    if !report.unused.is_empty() {
        let _ = writeln!(text, "{}", paint("1;4", "No plan uses these, nor has the database since it counts"));
        for unused in &report.unused {
            let place = format!("{}:{}", unused.model.file, unused.model.line);
            let _ = writeln!(text, "  {}  {}  {}", unused.model.label, unused.index, size(unused.bytes));
            let _ = writeln!(text, "      {}", paint("2", &place));
        }
        text.push('\n');
    }
    if report.proposals.is_empty() {
        text.push_str("no index that was tried lowers the cost of a statement by half\n");
    }
    fill(&mut text, "", WIDTH, &closing(report));
    text
}

fn one(text: &mut String, report: &Report<'_>, proposal: &Proposal, paint: Paint<'_>) {
    let model = &proposal.model;
    let rows = report.ground.statistics.tables.get(&proposal.candidate.index.table);
    let rows = count(rows.map_or(0.0, |table| table.size.rows_today()));
    let place = format!("{}:{}", model.file, model.line);
    let is_short = [&*model.label, &*place, &*rows].map(|part| part.chars().count()).iter().sum::<usize>() + 9 <= WIDTH;
    let between = if is_short { "  " } else { "\n" };
    let _ = writeln!(text, "{}{between}{place}  {rows} rows", paint("1", &model.label));
    match &proposal.django {
        Some(entry) => {
            let declaration = entry.text();
            let fits = declaration.chars().count() + 2 <= WIDTH;
            let declaration = if fits { declaration } else { entry.lines() };
            declaration.lines().for_each(|line| {
                let _ = writeln!(text, "  {}", paint("36", line));
            });
        }
        None => {
            fill(text, "  ", WIDTH, &proposal.candidate.sql());
            let _ = writeln!(text, "  {}", paint("2", "of no form that `Meta.indexes` has: `RunSQL`"));
        }
    }
    let paragraph = [served(report, proposal), format!("About {}.", size(proposal.bytes)), writes(&proposal.upkeep)];
    fill(text, "  ", WIDTH, &paragraph.join(" "));
    text.push('\n');
}

/// Where it is of use, what the plan does there now and then, and what that saves.
fn served(report: &Report<'_>, proposal: &Proposal) -> String {
    let index = &proposal.candidate.index;
    let Some(best) = proposal.gains.first() else { return String::new() };
    let sites = proposal.gains.iter().flat_map(|gain| &report.explained[gain.query].query.sites);
    let after = best.reading_after.replace(&format!("by index {}", index.name), "by it");
    let after = after.replace(&format!("follows index {} of {}", index.name, index.table), "follows it");
    let mut said = format!(
        "For {}: now {}, then {after}; cost {} → {}, {}.",
        places(sites),
        best.reading_before,
        decimal(best.before),
        decimal(best.after),
        less(best.before, best.after)
    );
    if proposal.gains.len() > 1 {
        let sum = |cost: fn(&Gain) -> f64| proposal.gains.iter().map(cost).sum::<f64>();
        let (before, after) = (sum(|gain| gain.before), sum(|gain| gain.after));
        let statements = proposal.gains.len();
        let _ = write!(said, " {statements} statements get cheaper: {} → {}.", decimal(before), decimal(after));
    }
    said
}

/// The first few places, each once, and how many more there are.
fn places<'s>(sites: impl Iterator<Item = &'s Site>) -> String {
    let mut named: Vec<(String, bool)> = Vec::new();
    for site in sites {
        let place = format!("{}:{}", site.file, site.line);
        match named.iter_mut().find(|(known, _)| *known == place) {
            Some((_, in_loop)) => *in_loop |= site.in_loop,
            None => named.push((place, site.in_loop)),
        }
    }
    let shown = named.iter().take(SHOWN).map(|(place, in_loop)| match in_loop {
        true => format!("{place} (in a loop)"),
        false => place.clone(),
    });
    let shown = shown.collect::<Vec<_>>().join(", ");
    match named.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// What it costs writes: as the database has counted, otherwise as the code says.
fn writes(upkeep: &Upkeep) -> String {
    let each = format!("{:.1} cost units", upkeep.entry_cost);
    if let Some(entries) = upkeep.entries {
        let rate = match entries.per_hour() {
            Some(rate) => format!("{} entries an hour", count(rate)),
            None => format!("{} entries since the counters began", count(entries.total())),
        };
        let hot = match entries.no_longer_hot {
            lost if lost >= 1.0 => format!(", {} UPDATEs that are HOT without it", count(lost)),
            _ => String::new(),
        };
        let (inserts, updates) = (count(entries.inserts), count(entries.updates));
        return format!("It takes {rate} ({inserts} INSERTs, {updates} UPDATEs{hot}), {each} each.");
    }
    let inserts = match upkeep.inserts {
        0 => "each INSERT".to_owned(),
        1 => "each INSERT (1 place)".to_owned(),
        places => format!("each INSERT ({places} places)"),
    };
    let updates = upkeep.no_longer_hot.iter().map(|(columns, sites)| {
        let columns = columns.iter().map(|column| format!("`{column}`")).collect::<Vec<_>>().join(" and ");
        format!("each UPDATE of {columns} ({})", places(sites.iter()))
    });
    let updates = updates.collect::<Vec<_>>().join(" and ");
    match updates.is_empty() {
        true => format!("It takes an entry of {each} for {inserts}."),
        false => format!("It takes an entry of {each} for {inserts} and for {updates}, which is HOT no more."),
    }
}

/// `62 times less`, `24 % less`.
fn less(before: f64, after: f64) -> String {
    match before / after.max(0.01) {
        times if times >= 2.0 => format!("{} times less", grouped(times)),
        times => format!("{:.0} % less", (1.0 - 1.0 / times) * 100.0),
    }
}

/// Two decimals where they matter.
fn decimal(cost: f64) -> String {
    if cost < 100.0 { format!("{cost:.2}") } else { grouped(cost) }
}

fn size(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "it is shown with one decimal")]
    let kib = bytes as f64 / 1024.0;
    match kib {
        kib if kib < 1024.0 => format!("{kib:.0} kB"),
        kib if kib < 1024.0 * 1024.0 => format!("{:.1} MB", kib / 1024.0),
        kib => format!("{:.1} GB", kib / 1024.0 / 1024.0),
    }
}

fn closing(report: &Report<'_>) -> String {
    let weighed = match report.counted {
        true => "weighted by the calls that the database counted",
        false => "each place counted once, ten times in a loop",
    };
    let sizes = match &report.ground.basis {
        Basis::Assumed => {
            "sizes are assumed (`pgwright snapshot` measures, `assume.rows` in the configuration sets them)".to_owned()
        }
        Basis::Snapshot(path) => format!("sizes are those of `{path}`"),
        Basis::Live => "sizes are the database's".to_owned(),
    };
    let improved = match report.improved.statements {
        0 => String::new(),
        1 => format!(
            "; the one that gets cheaper costs {} and would cost {}",
            decimal(report.improved.before),
            decimal(report.improved.after)
        ),
        statements => format!(
            "; those {} that get cheaper cost {} and would cost {}",
            grouped(statements as f64),
            decimal(report.improved.before),
            decimal(report.improved.after)
        ),
    };
    format!(
        "{} statements cost {} together and would cost {}{improved}, {weighed}. Plans are those of PostgreSQL {}, for typical values; \
         {sizes}.",
        grouped(report.statements as f64),
        decimal(report.before),
        decimal(report.after),
        report.server
    )
}
