//! The report for people at a terminal.

use std::fmt::Write;

use pgwright_schema::plan::grouped;

use super::plans::{Examined, Plans};
use super::{Finding, Review};
use crate::explain::text::brief;
use crate::fixing::coloured;
use crate::render::Look;
use crate::schema::text::{wrapped, write_migrations, write_reason};

/// Findings on the code that are shown; `check` lists all.
const CODE: usize = 30;

pub(super) fn render(review: &Review, look: Look) -> String {
    let mut text = String::new();
    heading(&mut text, "Hard stops", look);
    if review.hard_stops.is_empty() {
        text.push_str("  none\n\n");
    }
    review.hard_stops.iter().for_each(|found| write_finding(&mut text, found, look));
    heading(&mut text, "Explain plan", look);
    wrapped(&mut text, &format!("{}; {}", said(&review.plans), review.basis), look);
    text.push('\n');
    for of in &review.plans.models {
        let _ = writeln!(text, "  {}\n", bold(&of.model, look));
        of.queries.iter().for_each(|examined| write_plan(&mut text, examined, look));
    }
    if !review.code.is_empty() {
        heading(&mut text, "The code that sends them", look);
        review.code.iter().take(CODE).for_each(|found| write_finding(&mut text, found, look));
        let more = review.code.len().saturating_sub(CODE);
        if more > 0 {
            let _ = writeln!(text, "  and {more} more: `pgwright check` lists them\n");
        }
    }
    heading(&mut text, "Schema", look);
    for corrected in &review.schema {
        if corrected.changes.is_empty() && corrected.open.is_empty() {
            continue;
        }
        let _ = writeln!(text, "  {}  {}:{}\n", bold(&corrected.model, look), corrected.file, corrected.line);
        corrected.changes.iter().for_each(|reason| write_reason(&mut text, reason, look));
        if !corrected.diff.is_empty() {
            let diff = if look.styled { coloured(&corrected.diff) } else { corrected.diff.clone() };
            let _ = writeln!(text, "{diff}");
        }
        if !corrected.open.is_empty() {
            text.push_str("  to decide\n");
            corrected.open.iter().for_each(|reason| write_reason(&mut text, reason, look));
        }
    }
    review.migrations.iter().for_each(|app| write_migrations(&mut text, app, &|text| bold(text, look)));
    heading(&mut text, "Tuning", look);
    if review.tuning.is_empty() {
        text.push_str("  nothing to recommend\n\n");
    }
    for advice in &review.tuning {
        let about = advice.model.as_deref().or(advice.recommendation.table.as_deref()).unwrap_or("the server");
        let _ = writeln!(text, "  {about}: {} ({})", advice.recommendation.title, advice.recommendation.rule);
        wrapped(&mut text, &advice.recommendation.because, look);
        for statement in &advice.recommendation.statements {
            let _ = writeln!(text, "        {statement};");
        }
        text.push('\n');
    }
    heading(&mut text, "What this rests on", look);
    let _ = writeln!(text, "  {}", rests_on(review));
    text
}

/// Whose plans these are, and of how many statements.
pub(super) fn said(plans: &Plans) -> String {
    let Plans { planner, reason, statements, planned, more, .. } = plans;
    let who = match planner {
        Some(version) => format!("plans are those of PostgreSQL {version}'s planner"),
        None => format!("plans are predicted, no server was asked: {}", reason.as_deref().unwrap_or("none was found")),
    };
    let more = if *more > 0 { format!("; {more} more cost enough to be listed") } else { String::new() };
    format!("{who}, for {planned} of {statements} statements, the dearest first{more}")
}

pub(super) fn rests_on(review: &Review) -> String {
    let understood = &review.understood;
    format!(
        "understood {} of {} models, and {} of {} places that send queries; {} open questions (`pgwright check --unresolved`)",
        understood.models_understood,
        understood.models,
        grouped(understood.sites_resolved as f64),
        grouped(understood.sites as f64),
        grouped(understood.open.len() as f64),
    )
}

/// Planner cost units as people read them.
pub(super) fn cost(cost: f64) -> String {
    if cost < 1000.0 { format!("{cost:.1}") } else { grouped(cost) }
}

pub(super) fn places(examined: &Examined, most: usize) -> String {
    let shown: Vec<String> =
        examined.sites.iter().take(most).map(|site| format!("{}:{}", site.file, site.line)).collect();
    let more = examined.sites.len() - shown.len();
    shown.join(", ") + &if more > 0 { format!(" and {more} more") } else { String::new() }
}

fn write_plan(text: &mut String, examined: &Examined, look: Look) {
    let often = if examined.sites.iter().any(|site| site.in_loop) { ", once per round of a loop" } else { "" };
    let _ = writeln!(text, "    {}{often}", places(examined, 3));
    let _ = writeln!(text, "      cost {}: {}", cost(examined.cost), bold(&examined.sentence, look));
    if let Some(after) = examined.after.as_ref().filter(|after| after.cost < examined.cost * 0.9) {
        let _ = writeln!(text, "      after the changes below, cost {}: {}", cost(after.cost), after.sentence);
    }
    wrapped(text, &brief(&examined.sql), look);
    for line in examined.plan.lines() {
        let _ = writeln!(text, "  {line}");
    }
    text.push('\n');
}

fn write_finding(text: &mut String, found: &Finding, look: Look) {
    let _ = writeln!(text, "  {}:{}", found.file, found.line);
    let mut reason = found.reason.clone();
    // A fix of code is made by `check --fix`; here what is wrong is the headline.
    reason.change = None;
    write_reason(text, &reason, look);
}

fn heading(text: &mut String, heading: &str, look: Look) {
    let _ = writeln!(
        text,
        "{}\n",
        if look.styled { format!("\u{1b}[1;4m{heading}\u{1b}[0m") } else { format!("== {heading}") }
    );
}

fn bold(text: &str, look: Look) -> String {
    if look.styled { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_owned() }
}
