//! The report for people at a terminal.

use std::fmt::Write;

use pgwright_rules::seconds;
use pgwright_schema::plan::grouped;

use super::plans::{Examined, LeftOut, Plans, Sent, Unplanned};
use super::since::{Brought, ChangedTable, Kind, Since};
use super::{Finding, Review};
use crate::explain::text::brief;
use crate::fixing::coloured;
use crate::render::Look;
use crate::schema::text::{wrapped, write_migrations, write_reason};

/// Findings on the code that are shown; `check` lists all.
const CODE: usize = 30;

/// Old statements with another plan that are shown.
const ALTERED: usize = 20;

/// Reasons for what is left out that are shown.
const REASONS: usize = 5;

pub(super) fn render(review: &Review, look: Look) -> String {
    let mut text = String::new();
    if let Some(warning) = &review.warning {
        let _ = writeln!(text, "{}\n", bold("WARNING", look));
        wrapped(&mut text, warning, look);
        text.push('\n');
    }
    if let Some(since) = &review.since {
        write_since(&mut text, since, look);
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
    if review.schema.iter().all(|corrected| corrected.changes.is_empty() && corrected.open.is_empty()) {
        text.push_str("  nothing to correct\n\n");
    }
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

fn write_since(text: &mut String, since: &Since, look: Look) {
    heading(text, "What has changed", look);
    wrapped(text, &summary(since), look);
    text.push('\n');
    for table in &since.tables {
        wrapped(text, &changed_table(table), look);
    }
    for migration in &since.migrations {
        wrapped(text, &brought(migration), look);
    }
    if !since.tables.is_empty() || !since.migrations.is_empty() {
        text.push('\n');
    }
    if since.altered.is_empty() {
        return;
    }
    heading(text, "Plans that are others now", look);
    for altered in since.altered.iter().take(ALTERED) {
        let _ = writeln!(text, "    {}  {}", bold(&altered.model, look), sites(&altered.sites, 3));
        let _ = writeln!(text, "      cost {}: {}", cost(altered.now.cost), bold(&altered.now.sentence, look));
        let _ = writeln!(text, "      before, cost {}: {}", cost(altered.before.cost), altered.before.sentence);
        wrapped(text, &brief(&altered.sql), look);
        for line in altered.now.plan.lines() {
            let _ = writeln!(text, "  {line}");
        }
        text.push('\n');
    }
    let more = since.altered.len().saturating_sub(ALTERED);
    if more > 0 {
        let _ = writeln!(text, "  and {more} more: `--format json` has all\n");
    }
}

/// What the change is, in one sentence.
pub(super) fn summary(since: &Since) -> String {
    let many = |count: usize, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
    format!(
        "since this branch left {} at {}: {}, {}, {}, {} that nobody sent before and {} that nobody sends any more; {} planned \
         in another way. What was found before is left out",
        since.revision,
        since.commit,
        many(since.files, "file differs", "files differ"),
        many(since.tables.len(), "table", "tables"),
        many(since.migrations.len(), "migration", "migrations"),
        many(since.queries.new, "statement", "statements"),
        since.queries.gone,
        many(since.altered.len(), "old one is", "old ones are"),
    )
}

pub(super) fn changed_table(changed: &ChangedTable) -> String {
    let name = changed.table.replace("\".\"", ".");
    let name = changed.model.as_ref().map_or_else(|| format!("table {name}"), |model| format!("{model} ({name})"));
    match changed.kind {
        Kind::Added => format!("{name} is new"),
        Kind::Removed => format!("{name} is gone"),
        Kind::Altered => format!("{name}: {}", changed.what.join(", ")),
    }
}

pub(super) fn brought(migration: &Brought) -> String {
    let Brought { app, name, kind, statements, locks, .. } = migration;
    let kind = if *kind == Kind::Altered { "changed" } else { "new" };
    let locks: Vec<String> = locks
        .iter()
        .map(|held| {
            let waiting = held.waiting.map_or("nobody waits".to_owned(), |who| {
                format!("{who} wait for {} to {}", seconds(held.seconds.least), seconds(held.seconds.most))
            });
            format!("{} on {}, {waiting}", held.lock.trim_end_matches("Lock"), held.table.replace("\".\"", "."))
        })
        .collect();
    let locks = if locks.is_empty() { "no lock on a table in use".to_owned() } else { locks.join("; ") };
    let statements =
        if statements.len() == 1 { "1 statement".to_owned() } else { format!("{} statements", statements.len()) };
    format!("{kind} migration {app}.{name}: {statements}, {locks}")
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
    sites(&examined.sites, most)
}

pub(super) fn sites(all: &[Sent], most: usize) -> String {
    let shown: Vec<String> = all.iter().take(most).map(|site| format!("{}:{}", site.file, site.line)).collect();
    let more = all.len() - shown.len();
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
