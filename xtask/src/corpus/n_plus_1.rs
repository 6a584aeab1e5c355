//! How many of the N+1 places that were seen at run time `check` finds.
//!
//! `tests/corpus/NAME/n_plus_1.json.xz` holds places of the project's own code that sent a query of one shape again and again, with other
//! parameters each time, in a loop of the project's or of a template's, while the project's own tests ran. A test run does not reach all
//! loops, so a finding that was not recorded is no mistake.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use super::{projects, read_xz};
use crate::pgwright;

/// Percent of the recorded places that must be found, over all projects.
const LEAST_FOUND: f64 = 58.0;

/// The rules that judge what is sent per round of a loop.
const RULES: &str = "related-access-in-loop,query-in-loop,write-in-loop";

/// How a finding in a template names the Python code that sends its query.
const SENDER: &str = "sent from here";

/// A place that sent one query per round.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Recorded {
    file: String,
    line: u32,
    function: String,
    /// How many times it was sent in one test at the most.
    rounds: u32,
    sql: String,
}

/// What pgwright says; the keys that are compared.
#[derive(Debug, Deserialize)]
struct Answer {
    diagnostics: Vec<Finding>,
}

#[derive(Debug, Deserialize)]
struct Finding {
    #[serde(flatten)]
    place: Place,
    related: Vec<Related>,
}

#[derive(Debug, Deserialize)]
struct Related {
    #[serde(flatten)]
    place: Place,
    label: String,
}

#[derive(Debug, Deserialize)]
struct Place {
    path: String,
    start: Position,
    end: Position,
}

#[derive(Debug, Deserialize)]
struct Position {
    line: u32,
}

pub(crate) fn run(names: &[&str], diff: bool) -> Result<bool> {
    let binary = pgwright::binary()?;
    let (mut found, mut of) = (0, 0);
    for project in projects(names)? {
        let truth = project.directory().join("n_plus_1.json.xz");
        if !truth.is_file() {
            continue;
        }
        let truth: Vec<Recorded> = serde_json::from_value(read_xz(&truth)?)?;
        let (recorded, sources) = project.recorded()?;
        let arguments = ["check", "--format", "json", "--select", RULES];
        let answer = pgwright::json(&mut recorded.pgwright(&binary, &arguments, &sources))
            .with_context(|| project.name.clone())?;
        let answer: Answer = serde_json::from_value(answer)?;
        let missing = missing(&truth, &answer.diagnostics, &sources.source);
        print_line(&project.name, truth.len() - missing.len(), truth.len(), answer.diagnostics.len());
        if diff {
            for Recorded { file, line, function, rounds, sql } in &missing {
                println!("  {file}:{line}: missing in {function}, {rounds} times\n      {sql}");
            }
        }
        found += truth.len() - missing.len();
        of += truth.len();
    }
    println!("{:<14} {found}/{of} {:>5.1}%", "together", percent(found, of));
    // The limit is for all projects together: one alone may lie below.
    let met = !names.is_empty() || percent(found, of) >= LEAST_FOUND;
    if !met {
        println!("expected: {LEAST_FOUND:.0}%");
    }
    Ok(met)
}

fn print_line(name: &str, found: usize, of: usize, findings: usize) {
    println!("{name:<14} {found}/{of} {:>5.1}%  {findings} findings", percent(found, of));
}

#[expect(clippy::cast_precision_loss, reason = "some hundred at most")]
fn percent(part: usize, of: usize) -> f64 {
    if of == 0 { 0.0 } else { 100.0 * part as f64 / of as f64 }
}

/// Those of the recorded places, named from the project's directory, at which there is no finding.
fn missing<'a>(truth: &'a [Recorded], findings: &[Finding], directory: &Path) -> Vec<&'a Recorded> {
    let mut lines: BTreeSet<(PathBuf, u32)> = BTreeSet::new();
    for finding in findings {
        let senders = finding.related.iter().filter(|related| related.label == SENDER).map(|related| &related.place);
        for place in senders.chain([&finding.place]) {
            lines.extend((place.start.line..=place.end.line).map(|line| (PathBuf::from(&place.path), line)));
        }
    }
    truth.iter().filter(|recorded| !lines.contains(&(directory.join(&recorded.file), recorded.line))).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Finding, Place, Position, Recorded, Related, SENDER, missing};

    fn place(path: &str, start: u32, end: u32) -> Place {
        Place { path: format!("/project/{path}"), start: Position { line: start }, end: Position { line: end } }
    }

    fn recorded(line: u32) -> Recorded {
        Recorded { file: "a.py".into(), line, function: "f".into(), rounds: 9, sql: "SELECT".into() }
    }

    #[test]
    fn a_place_is_found_by_its_lines_and_by_the_sender_of_a_template() {
        let truth = [recorded(3), recorded(7), recorded(9), recorded(12)];
        let related = |label: &str, line| Related { place: place("a.py", line, line), label: label.into() };
        let findings = [
            Finding { place: place("a.py", 2, 4), related: vec![related("the loop", 9)] },
            Finding { place: place("a.html", 1, 1), related: vec![related(SENDER, 7)] },
            Finding { place: place("b.py", 12, 12), related: vec![] },
        ];
        let lines: Vec<u32> =
            missing(&truth, &findings, Path::new("/project")).iter().map(|recorded| recorded.line).collect();
        assert_eq!(lines, [9, 12]);
    }
}
