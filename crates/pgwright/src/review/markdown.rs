//! The report as a comment on a pull request: short, details to open, found again by its first line.

use std::fmt::Write;

use super::plans::{Examined, OfModel, Plans};
use super::since::Altered;
use super::text::{brought, changed_table, cost, folded, places, rests_on, said, sites, summary, without_plan};
use super::{Advice, Finding, Review};
use crate::schema::correct::{Corrected, Reason};

/// What a bot looks for to update its comment instead of writing another.
const MARKER: &str = "<!-- pgwright -->";

/// GitHub takes 65,536 characters; bytes are counted, which are never fewer.
const MOST: usize = 65_000;

/// Changed tables and migrations that are listed.
const LINES: usize = 40;

/// A heading with its items, the most important first, and what share of the room they may take.
struct Section {
    heading: &'static str,
    intro: String,
    items: Vec<String>,
    share: f64,
}

pub(super) fn render(review: &Review) -> String {
    let changed =
        || review.schema.iter().filter(|corrected| !corrected.changes.is_empty() || !corrected.open.is_empty());
    let mut text = format!("{MARKER}\n## pgwright\n\n");
    if let Some(warning) = &review.warning {
        let _ = writeln!(text, "> **Warning:** {}\n", inline(warning));
    }
    if let Some(since) = &review.since {
        let _ = writeln!(text, "Only what has changed: {}.\n", inline(&summary(since)));
        let lines: Vec<String> =
            since.migrations.iter().map(brought).chain(since.tables.iter().map(changed_table)).collect();
        lines.iter().take(LINES).for_each(|line| text.push_str(&format!("- {}\n", inline(line))));
        let more = lines.len().saturating_sub(LINES);
        if more > 0 {
            let _ = writeln!(text, "- …and {more} more tables and migrations");
        }
        text.push('\n');
    }
    let count = |count: usize, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
    let _ = writeln!(
        text,
        "**{}**, {} that cost most, {} on the code, {} to correct, {}.\n",
        count(review.hard_stops.len(), "hard stop", "hard stops"),
        count(review.plans.models.iter().map(|of| of.queries.len()).sum(), "query", "queries"),
        count(review.code.len(), "finding", "findings"),
        count(changed().filter(|corrected| !corrected.changes.is_empty()).count(), "model", "models"),
        count(review.tuning.len(), "recommendation", "recommendations"),
    );
    let mut schema: Vec<String> = changed().map(model).collect();
    schema.extend(review.migrations.iter().flat_map(|app| {
        match &app.written {
            Ok(written) => written
                .iter()
                .map(|migration| {
                    details(
                        &format!("Migration <code>{}</code>", escaped(&migration.name)),
                        &fenced("python", &migration.text),
                    )
                })
                .collect(),
            Err(reason) => vec![format!("- no migration of `{}`: {}\n", app.app, inline(reason))],
        }
    }));
    let sections = [
        Section {
            heading: "Hard stops",
            intro: String::new(),
            items: review.hard_stops.iter().map(finding).collect(),
            share: 0.9,
        },
        Section {
            heading: "Plans that are others now",
            intro: String::new(),
            items: review.since.iter().flat_map(|since| &since.altered).map(altered).collect(),
            share: 0.5,
        },
        Section {
            heading: "Explain plan",
            intro: format!("{}; {}\n\n", inline(&said(&review.plans)), inline(&review.basis)),
            items: plans(&review.plans),
            share: 0.45,
        },
        Section { heading: "Schema", intro: String::new(), items: schema, share: 0.6 },
        Section {
            heading: "Tuning",
            intro: String::new(),
            items: review.tuning.iter().map(advice).collect(),
            share: 0.5,
        },
        Section {
            heading: "The code",
            intro: String::new(),
            items: review.code.iter().map(finding).collect(),
            share: 0.9,
        },
    ];
    let closing = format!("\n<sub>{}</sub>\n", inline(&rests_on(review)));
    let mut left = MOST - text.len() - closing.len();
    for section in sections.iter().filter(|section| !section.items.is_empty()) {
        let written = fitted(section, (left as f64 * section.share) as usize);
        left -= written.len();
        text.push_str(&written);
    }
    text + &closing
}

fn plans(plans: &Plans) -> Vec<String> {
    let shown = |of: &OfModel| -> Vec<String> { of.queries.iter().map(|examined| plan(&of.model, examined)).collect() };
    let mut items: Vec<String> = plans.models.iter().flat_map(shown).collect();
    let without = without_plan(plans);
    if !without.is_empty() {
        let lines: String = without.iter().map(|line| format!("- {}\n", inline(line))).collect();
        items.push(details("Left out", &lines));
    }
    items
}

/// As many items as there is room for; the others are counted.
fn fitted(section: &Section, room: usize) -> String {
    let mut text = format!("### {}\n\n{}", section.heading, section.intro);
    const REST: usize = 60;
    let mut written = 0;
    for item in &section.items {
        if text.len() + item.len() + REST > room {
            break;
        }
        text.push_str(item);
        written += 1;
    }
    let rest = section.items.len() - written;
    if rest > 0 {
        let _ = writeln!(text, "\n…and {rest} more that do not fit here");
    }
    text.push('\n');
    if text.len() > room { String::new() } else { text }
}

fn finding(found: &Finding) -> String {
    let Finding { file, line, reason } = found;
    let why: Vec<String> = reason.why.iter().chain(&reason.help).map(|text| inline(text)).collect();
    let summary = format!("<code>{}:{line}</code> {}: {}", escaped(file), reason.severity, html(&reason.headline));
    details(&summary, &format!("{}\n\n`{}`\n", why.join("\n\n"), reason.rule))
}

fn plan(model: &str, examined: &Examined) -> String {
    let after = examined.after.as_ref().filter(|after| after.cost < examined.cost * 0.9);
    let then = after.map(|after| format!(" → <b>{}</b>", cost(after.cost))).unwrap_or_default();
    let summary = format!("<b>{}</b> cost {}{then}: {}", escaped(model), cost(examined.cost), html(&examined.sentence));
    let mut body = format!("Sent from `{}`\n\n{}", places(examined, 4).replace('`', ""), fenced("sql", &examined.sql));
    if let Some(folded) = folded(examined) {
        let _ = writeln!(body, "\n{folded}\n");
    }
    if let Some(after) = after {
        let _ = writeln!(body, "\nAfter the changes below: {}\n", inline(&after.sentence));
    }
    if !examined.plan.is_empty() {
        body.push_str(&fenced("", &examined.plan));
    }
    details(&summary, &body)
}

fn altered(altered: &Altered) -> String {
    let Altered { model, sites: sent, sql, before, now, .. } = altered;
    let summary = format!(
        "<b>{}</b> cost {} → <b>{}</b>: {}",
        escaped(model),
        cost(before.cost),
        cost(now.cost),
        html(&now.sentence)
    );
    let mut body = format!(
        "Sent from `{}`\n\nBefore: {}\n\n{}",
        sites(sent, 4).replace('`', ""),
        inline(&before.sentence),
        fenced("sql", sql)
    );
    for plan in [&before.plan, &now.plan].into_iter().filter(|plan| !plan.is_empty()) {
        body.push_str(&fenced("", plan));
    }
    details(&summary, &body)
}

fn model(corrected: &Corrected) -> String {
    let Corrected { model, file, line, changes, open, diff, .. } = corrected;
    let many = |count: usize, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
    let mut parts = Vec::new();
    if !changes.is_empty() {
        parts.push(many(changes.len(), "change"));
    }
    if !open.is_empty() {
        parts.push(format!("{} to decide", open.len()));
    }
    let summary = format!("<b>{}</b> <code>{}:{line}</code> {}", escaped(model), escaped(file), parts.join(", "));
    let mut body = String::new();
    changes.iter().for_each(|reason| body.push_str(&bullet(reason)));
    if !diff.is_empty() {
        body.push('\n');
        body.push_str(&fenced("diff", diff));
    }
    if !open.is_empty() {
        body.push_str("\nTo decide:\n\n");
        open.iter().for_each(|reason| body.push_str(&bullet(reason)));
    }
    details(&summary, &body)
}

fn bullet(reason: &Reason) -> String {
    let head = reason.change.as_ref().map(|change| format!("**{}**: ", inline(change))).unwrap_or_default();
    let sites: Vec<String> = reason.sites.iter().take(3).map(|site| format!("`{}:{}`", site.file, site.line)).collect();
    let sites = if sites.is_empty() { String::new() } else { format!(" ({})", sites.join(", ")) };
    format!("- {head}{}{sites} `{}`\n", inline(&reason.headline), reason.rule)
}

fn advice(advice: &Advice) -> String {
    let about = advice.model.as_deref().or(advice.recommendation.table.as_deref()).unwrap_or("the server");
    let statements: Vec<String> =
        advice.recommendation.statements.iter().map(|statement| format!("{statement};")).collect();
    let summary = format!("<b>{}</b> {}", escaped(about), html(&advice.recommendation.title));
    details(
        &summary,
        &format!("{}\n\n{}", inline(&advice.recommendation.because), fenced("sql", &statements.join("\n"))),
    )
}

fn details(summary: &str, body: &str) -> String {
    format!("<details><summary>{summary}</summary>\n\n{body}\n</details>\n\n")
}

/// A block whose fence is longer than any run of backticks inside.
fn fenced(language: &str, text: &str) -> String {
    let mut longest = 2;
    let mut run = 0;
    for char in text.chars() {
        run = if char == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    format!("{fence}{language}\n{}\n{fence}\n", text.trim_end())
}

/// Text of ours for Markdown: what is between backticks stays, the rest may not be markup.
fn inline(text: &str) -> String {
    text.split('`')
        .enumerate()
        .map(|(at, part)| if at % 2 == 0 { escaped(part) } else { format!("`{part}`") })
        .collect()
}

/// The same for a place where Markdown is not read.
pub(super) fn html(text: &str) -> String {
    let part =
        |(at, part): (usize, &str)| if at % 2 == 0 { escaped(part) } else { format!("<code>{}</code>", escaped(part)) };
    text.split('`').enumerate().map(part).collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn source_cannot_become_markup() {
        assert_eq!(inline("`a<b>` <img> & `c"), "`a<b>` &lt;img&gt; &amp; `c`");
        assert_eq!(html("`<b>` x"), "<code>&lt;b&gt;</code> x");
        assert_eq!(fenced("", "```\n</details>\n```"), "````\n```\n</details>\n```\n````\n");
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        let item = "x".repeat(500);
        let section = Section { heading: "A", intro: String::new(), items: vec![item; 10], share: 1.0 };
        let text = fitted(&section, 2_000);
        assert!(text.len() <= 2_000 && text.contains("…and 7 more"), "{text}");
        assert_eq!(fitted(&section, 20), "");
    }
}
