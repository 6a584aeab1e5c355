//! Advice for people: each index below its model, with what gets cheaper by it.

use std::fmt::Write;

use pgwright_schema::plan::{count, grouped};

use super::{Gain, Proposal, Report};
use crate::explain::planning::Query;
use crate::ground::Basis;

/// Statements shown below an index.
const SHOWN: usize = 4;

pub(super) fn render(report: &Report<'_>, coloured: bool) -> String {
    let paint = |code: &str, text: &str| {
        if coloured { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    };
    let mut text = String::new();
    for proposal in &report.proposals {
        one(&mut text, report, proposal, &paint);
    }
    if !report.unused.is_empty() {
        let _ =
            writeln!(text, "{}", paint("1;4", "No plan of the workload uses, nor has the database since it counts"));
        for unused in &report.unused {
            let place = format!("{}:{}", unused.model.file, unused.model.line);
            let _ = writeln!(text, "  {}  {}  {place}  {}", unused.model.label, unused.index, size(unused.bytes));
        }
        text.push('\n');
    }
    if report.proposals.is_empty() {
        text.push_str("no index that was tried lowers the cost of a statement by half\n");
    }
    let _ = writeln!(text, "{}", paint("2", &closing(report)));
    text
}

fn one(text: &mut String, report: &Report<'_>, proposal: &Proposal, paint: &dyn Fn(&str, &str) -> String) {
    let index = &proposal.candidate.index;
    let rows = report.ground.statistics.tables.get(&index.table).map_or(0.0, |table| table.size.rows_today());
    let model = &proposal.model;
    let headline = format!("{}  {}, {} rows  {}:{}", model.label, index.table, count(rows), model.file, model.line);
    let _ = writeln!(text, "{}", paint("1", &headline));
    match &proposal.django {
        Some(declaration) => {
            let _ = writeln!(text, "  {}", paint("36", declaration));
        }
        None => {
            let _ = writeln!(text, "  {}", paint("2", "of no form that `Meta.indexes` has: `RunSQL`"));
        }
    }
    let _ = writeln!(text, "  {}", proposal.candidate.sql());
    let _ = writeln!(text, "  {}; about {}", proposal.candidate.reason, size(proposal.bytes));
    for gain in proposal.gains.iter().take(SHOWN) {
        let _ = writeln!(text, "    {}", paint("2", &sites(&report.explained[gain.query].query)));
        let _ = writeln!(text, "      {}", costs(gain));
        let _ = writeln!(text, "      {}  {}", paint("2", "before:"), gain.reading_before);
        let _ = writeln!(text, "      {}   {}", paint("2", "after:"), gain.reading_after);
    }
    if proposal.gains.len() > SHOWN {
        let _ = writeln!(text, "    and {} more statements", proposal.gains.len() - SHOWN);
    }
    text.push('\n');
}

fn sites(query: &Query) -> String {
    let Some(first) = query.sites.first() else { return String::new() };
    let often = if first.in_loop { ", once per round of a loop" } else { "" };
    let more = match query.sites.len() {
        1 => String::new(),
        2 => " and one more place".to_owned(),
        places => format!(" and {} more places", places - 1),
    };
    format!("{}:{}  {}{often}{more}", first.file, first.line, first.function)
}

fn costs(gain: &Gain) -> String {
    let times = gain.before / gain.after.max(0.01);
    let by = match times {
        times if times >= 2.0 => format!("{} times less", grouped(times)),
        times => format!("{:.0} % less", (1.0 - 1.0 / times) * 100.0),
    };
    format!("cost {} → {}, {by}", decimal(gain.before), decimal(gain.after))
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
        statements => format!(
            "; those {} that get cheaper cost {} and would cost {}",
            grouped(statements as f64),
            decimal(report.improved.before),
            decimal(report.improved.after)
        ),
    };
    format!(
        "{} statements cost {} together and would cost {}{improved}, {weighed}. Plans are those of PostgreSQL {}, for typical values; \
         {sizes}. Each index also costs every write of its columns.",
        grouped(report.statements as f64),
        decimal(report.before),
        decimal(report.after),
        report.server
    )
}
