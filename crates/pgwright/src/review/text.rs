//! The report for people at a terminal.

use std::fmt::Write;

use pgwright_schema::plan::grouped;

use super::plans::{Examined, LeftOut, Plans, Unplanned};
use super::{Finding, Review};
use crate::explain::text::brief;
use crate::fixing::coloured;
use crate::render::Look;
use crate::schema::text::{wrapped, write_migrations, write_reason};

/// Findings on the code that are shown; `check` lists all.
const CODE: usize = 30;

/// Reasons for what is left out that are shown.
const REASONS: usize = 5;

pub(super) fn render(review: &Review, look: Look) -> String {
    let mut text = String::new();
    if let Some(warning) = &review.warning {
        let _ = writeln!(text, "{}\n", bold("WARNING", look));
        wrapped(&mut text, warning, look);
        text.push('\n');
    }
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
    let without = without_plan(&review.plans);
    if !without.is_empty() {
        text.push_str("  Left out\n\n");
        without.iter().for_each(|line| wrapped(&mut text, line, look));
        text.push('\n');
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

/// What the plans leave out, in words.
pub(super) fn without_plan(plans: &Plans) -> Vec<String> {
    let mut lines: Vec<String> = plans
        .unplanned
        .iter()
        .take(REASONS)
        .map(|Unplanned { reason, statements }| match statements {
            1 => format!("1 statement has no plan: {reason}"),
            many => format!("{} statements have no plan: {reason}", grouped(*many as f64)),
        })
        .collect();
    let rest = plans.unplanned.iter().skip(REASONS).map(|unplanned| unplanned.statements).sum::<usize>();
    if rest > 0 {
        lines.push(format!("{} more without a plan, for other reasons: `--format json` has all", grouped(rest as f64)));
    }
    let refused =
        |LeftOut { statement, reason }: &LeftOut| format!("not in the planner's schema: {statement}: {reason}");
    lines.extend(plans.left_out.iter().take(REASONS).map(refused));
    let rest = plans.left_out.len().saturating_sub(REASONS);
    if rest > 0 {
        lines.push(format!("{rest} more not in the planner's schema: `--format json` has all"));
    }
    lines
}

/// How many others the shown statement stands for.
pub(super) fn folded(examined: &Examined) -> Option<String> {
    match examined.folded {
        0 => None,
        1 => Some("and 1 more statement on this model from there, which costs no more".to_owned()),
        many => Some(format!("and {many} more statements on this model from there, which cost no more")),
    }
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
    if let Some(folded) = folded(examined) {
        let _ = writeln!(text, "      {folded}");
    }
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
