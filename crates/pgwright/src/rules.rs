//! `pgwright rules`: the list, and one page.

use std::fmt::Write;

use pgwright_diagnostics::closest;
use pgwright_rules::{NOTICES, RULES};
use serde::Serialize;

use crate::Status;
use crate::cli::{FactFormat, RulesArgs};
use crate::failure::Failure;
use crate::output::Output;

#[derive(Serialize)]
struct List<'a> {
    version: u32,
    rules: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    /// None for what pgwright reports about a run itself.
    group: Option<&'a str>,
    severity: &'a str,
    fixable: bool,
    summary: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    docs: Option<&'a str>,
}

pub(crate) fn run(args: &RulesArgs, output: &Output) -> Result<Status, Failure> {
    let entries = entries();
    let chosen: Vec<Entry> = match &args.name {
        None => entries,
        Some(name) => {
            let names: Vec<&str> = entries.iter().map(|entry| entry.name).collect();
            let chosen: Vec<Entry> = entries.into_iter().filter(|entry| entry.name == name).collect();
            if chosen.is_empty() {
                let failure = Failure::new(format!("there is no rule `{name}`"));
                return Err(match closest(name, names) {
                    Some(meant) => failure.hint(format!("did you mean `{meant}`?")),
                    None => failure.hint("`pgwright rules` lists the names"),
                });
            }
            chosen
        }
    };
    let text = match (args.format, &args.name) {
        (FactFormat::Json, name) => {
            let rules = chosen
                .into_iter()
                .map(|entry| Entry { docs: entry.docs.filter(|_| name.is_some()), ..entry })
                .collect();
            serde_json::to_string_pretty(&List { version: 1, rules }).unwrap_or_default() + "\n"
        }
        (FactFormat::Text, None) => list(&chosen),
        (FactFormat::Text, Some(_)) => chosen.iter().map(page).collect(),
    };
    output.data(&text)?;
    Ok(Status::Clean)
}

fn entries() -> Vec<Entry<'static>> {
    let rules = RULES.iter().map(|rule| Entry {
        name: rule.name,
        group: Some(rule.group.as_str()),
        severity: rule.severity.as_str(),
        fixable: is_fixable(rule.docs),
        summary: rule.summary,
        docs: Some(rule.docs),
    });
    let notices = NOTICES.iter().map(|notice| Entry {
        name: notice.name,
        group: None,
        severity: notice.severity.as_str(),
        fixable: notice.name == "unused-ignore",
        summary: notice.summary,
        docs: None,
    });
    rules.chain(notices).collect()
}

/// A rule offers fixes when its page shows one; the pages are tested, so that is the truth.
fn is_fixable(docs: &str) -> bool {
    docs.lines().any(|line| line.trim_start().starts_with("```diff"))
}

fn list(entries: &[Entry]) -> String {
    let width = entries.iter().map(|entry| entry.name.len()).max().unwrap_or_default();
    let mut text = String::new();
    for entry in entries {
        let group = entry.group.unwrap_or("pgwright");
        let fix = if entry.fixable { "fix" } else { "" };
        let _ = writeln!(text, "{:width$}  {group:11}  {:7}  {fix:3}  {}", entry.name, entry.severity, entry.summary);
    }
    text
}

fn page(entry: &Entry) -> String {
    match entry.docs {
        Some(docs) => format!("{}\n", docs.trim_end()),
        None => format!("# {}\n\n{} ({}).\n", entry.name, entry.summary, entry.severity),
    }
}
