//! How far `inspect queries` agrees with the queries that real Django sent.
//!
//! `tests/corpus/NAME/queries.json.xz` holds what was recorded while the project's own tests ran: for each place of the
//! project's code that sent a query, the texts sent there. A project without a recording shows its coverage alone.
//! A test run does not reach all code, so a query that was not recorded is no mistake; a place whose certain texts
//! were all not among those recorded there is one.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use anyhow::{Context, Result};
use regex::{Captures, Regex};
use serde::Deserialize;

use super::{projects, read_xz};
use crate::pgwright;

/// Percent of the recorded places that must be found, over all projects.
const LEAST_SITES: f64 = 85.0;
/// Percent of the recorded texts that must be found at their places, over all projects.
const LEAST_SQL: f64 = 58.0;
/// Percent of the places with certain texts that may have none of those recorded, over all projects.
const MOST_WRONG: f64 = 3.0;
/// Texts shown of either side of a difference.
const SHOWN: usize = 3;

/// A query that was sent while the project's tests ran.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Recorded {
    file: String,
    /// The line of the innermost frame in the project's code, as Python's traceback gives it.
    line: u32,
    /// First and last line of the expression.
    span: Option<(u32, u32)>,
    sql: String,
    /// The function that the line called and that led to the query.
    via: Option<String>,
}

impl Recorded {
    /// First and last line, where iteration over an expression of several lines sent the query.
    fn iterated(&self) -> Option<(u32, u32)> {
        let via = self.via.as_deref()?;
        self.span.filter(|(first, last)| last > first && via.starts_with("QuerySet."))
    }
}

/// What pgwright says; the keys that are compared.
#[derive(Debug, Deserialize)]
struct Answer {
    queries: Vec<Answered>,
    coverage: Coverage,
}

#[derive(Debug, Deserialize)]
struct Answered {
    file: String,
    line: u32,
    end_line: u32,
    sql: Option<String>,
    confidence: String,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
struct Coverage {
    sites: usize,
    resolved: usize,
}

/// File and line.
type Site<'a> = (&'a str, u32);

#[derive(Debug, Default)]
struct Score {
    /// Places that sent queries, and those of them that are listed.
    sites: usize,
    sites_found: usize,
    /// Pairs of a place and a text sent there, and those of them that are listed.
    sql: usize,
    sql_found: usize,
    /// Places recorded and listed with a text said to be certain, and those where no such text was sent.
    certain: usize,
    wrong: usize,
    differences: Vec<String>,
}

impl Score {
    fn add(&mut self, other: &Score) {
        self.sites += other.sites;
        self.sites_found += other.sites_found;
        self.sql += other.sql;
        self.sql_found += other.sql_found;
        self.certain += other.certain;
        self.wrong += other.wrong;
    }

    fn meets(&self) -> bool {
        percent(self.sites_found, self.sites) >= LEAST_SITES
            && percent(self.sql_found, self.sql) >= LEAST_SQL
            && percent(self.wrong, self.certain) <= MOST_WRONG
    }
}

#[expect(clippy::cast_precision_loss, reason = "some ten thousand at most")]
fn percent(part: usize, of: usize) -> f64 {
    if of == 0 { 0.0 } else { 100.0 * part as f64 / of as f64 }
}

pub(crate) fn run(names: &[&str], diff: bool) -> Result<bool> {
    let normal = Normal::new()?;
    let binary = pgwright::binary()?;
    let mut together = Score::default();
    let mut covered = Coverage::default();
    println!("{:<14} {:>19} {:>19} {:>19} {:>21}", "project", "sites", "SQL", "wrong of certain", "coverage");
    for project in projects(names)? {
        let arguments = ["inspect", "queries", "--format", "json"];
        let (recorded, sources) = project.recorded()?;
        let found = pgwright::json(&mut recorded.pgwright(&binary, &arguments, &sources))
            .with_context(|| project.name.clone())?;
        let answer: Answer = serde_json::from_value(found)?;
        covered.sites += answer.coverage.sites;
        covered.resolved += answer.coverage.resolved;
        let truth = project.directory().join("queries.json.xz");
        if !truth.is_file() {
            print_line(&project.name, None, answer.coverage);
            continue;
        }
        let truth: Vec<Recorded> = serde_json::from_value(read_xz(&truth)?)?;
        let score = compare(&normal, &truth, &answer.queries);
        print_line(&project.name, Some(&score), answer.coverage);
        if diff {
            for line in &score.differences {
                println!("  {line}");
            }
        }
        together.add(&score);
    }
    print_line("together", (together.sites > 0).then_some(&together), covered);
    // The limits are for all projects together: one alone may lie below.
    let met = !names.is_empty() || together.meets();
    if !met {
        println!("expected: sites {LEAST_SITES:.0}%, SQL {LEAST_SQL:.0}%, wrong at most {MOST_WRONG:.0}%");
    }
    Ok(met)
}

fn print_line(name: &str, score: Option<&Score>, coverage: Coverage) {
    let share = |part: usize, of: usize| format!("{part}/{of} {:>5.1}%", percent(part, of));
    let (sites, sql, wrong) = match score {
        Some(score) => (
            share(score.sites_found, score.sites),
            share(score.sql_found, score.sql),
            share(score.wrong, score.certain),
        ),
        None => ("-".to_owned(), "-".to_owned(), "-".to_owned()),
    };
    println!("{name:<14} {sites:>19} {sql:>19} {wrong:>19} {:>21}", share(coverage.resolved, coverage.sites));
}

fn compare(normal: &Normal, truth: &[Recorded], answered: &[Answered]) -> Score {
    let mut sent: BTreeMap<Site<'_>, BTreeSet<String>> = BTreeMap::new();
    let mut via: BTreeMap<Site<'_>, &str> = BTreeMap::new();
    for recorded in truth {
        let site = (recorded.file.as_str(), recorded.line);
        sent.entry(site).or_default().insert(normal.text(&recorded.sql));
        via.entry(site).or_insert(recorded.via.as_deref().unwrap_or("the line itself"));
    }
    let listed = listed(truth, answered);
    let mut score = Score::default();
    for (site, sent) in &sent {
        score.sites += 1;
        score.sql += sent.len();
        let (file, line) = site;
        let Some(listed) = listed.get(site) else {
            let text = sent.first().map_or("", String::as_str);
            score.differences.push(format!("{file}:{line}: missing, via {}\n      {text}", via[site]));
            continue;
        };
        score.sites_found += 1;
        let texts = |certain: bool| -> BTreeSet<String> {
            let listed = listed.iter().filter(|listed| !certain || listed.confidence == "certain");
            listed.filter_map(|listed| listed.sql.as_deref()).map(|sql| normal.text(sql)).collect()
        };
        score.sql_found += texts(false).intersection(sent).count();
        let certain = texts(true);
        if certain.is_empty() {
            continue;
        }
        score.certain += 1;
        if certain.is_disjoint(sent) {
            score.wrong += 1;
            let show =
                |texts: &BTreeSet<String>| texts.iter().take(SHOWN).cloned().collect::<Vec<_>>().join("\n      ");
            score.differences.push(format!(
                "{file}:{line}: wrong\n    pgwright\n      {}\n    Django\n      {}",
                show(&certain),
                show(sent)
            ));
        }
    }
    score
}

/// What pgwright lists by place. Up to Python 3.12 the line of a comprehension's first iterable is the comprehension's,
/// and iteration over an expression of several lines is recorded on the first of them; so there the whole span is one place.
fn listed<'a>(truth: &'a [Recorded], answered: &'a [Answered]) -> BTreeMap<Site<'a>, Vec<&'a Answered>> {
    let mut listed: BTreeMap<Site<'_>, Vec<&Answered>> = BTreeMap::new();
    let mut by_file: BTreeMap<&str, Vec<&Answered>> = BTreeMap::new();
    for answered in answered {
        listed.entry((&answered.file, answered.line)).or_default().push(answered);
        by_file.entry(&answered.file).or_default().push(answered);
    }
    let mut spans: BTreeSet<(&str, u32, (u32, u32))> = BTreeSet::new();
    for recorded in truth {
        if let Some(span) = recorded.iterated() {
            spans.insert((&recorded.file, recorded.line, span));
        }
    }
    for (file, line, (first, last)) in spans {
        let inside = by_file.get(file).into_iter().flatten().copied().filter(|answered| {
            answered.line != line && (first..=last).contains(&answered.line) && answered.end_line <= last
        });
        let inside: Vec<&Answered> = inside.collect();
        match listed.entry((file, line)) {
            _ if inside.is_empty() => {}
            Entry::Occupied(mut known) => known.get_mut().extend(inside),
            Entry::Vacant(none) => {
                none.insert(inside);
            }
        }
    }
    listed
}

/// Makes texts equal that differ only in what source code cannot know: how many rows there are, and which numbers.
struct Normal {
    lists: Regex,
    rows: Regex,
    cases: Regex,
    spaces: Regex,
    more_in_list: Regex,
    more_rows: Regex,
    nulls: Regex,
    numbers: Regex,
}

impl Normal {
    fn new() -> Result<Normal> {
        let row = r"\([^()]*(?:\([^()]*\)[^()]*)*\)";
        Ok(Normal {
            lists: Regex::new(r"\bIN \(\s*%s(?:, ?%s)*\)")?,
            rows: Regex::new(&format!(r"VALUES ({row})(?:, {row})*"))?,
            cases: Regex::new(r"(?: WHEN \([^()]*\) THEN %s)+")?,
            spaces: Regex::new(r"\s+")?,
            more_in_list: Regex::new(r"IN \(%s, \.\.\.\)")?,
            more_rows: Regex::new(r"(VALUES \(.*?\)), \.\.\.")?,
            nulls: Regex::new(r"= NULL\b")?,
            numbers: Regex::new(r"\b(LIMIT|OFFSET) (?:\d+|%s)")?,
        })
    }

    fn text(&self, sql: &str) -> String {
        let sql = self.spaces.replace_all(sql, " ");
        let sql = self.lists.replace_all(&sql, "IN (%s)");
        let sql = self.cases.replace_all(&sql, " WHEN");
        let sql = self.rows.replace_all(&sql, "VALUES $1");
        let sql = self.more_in_list.replace_all(&sql, "IN (%s)");
        let mut sql = self.more_rows.replace_all(&sql, "$1").into_owned();
        if sql.starts_with("UPDATE") {
            sql = self.nulls.replace_all(&sql, "= %s").into_owned();
        }
        // `LIMIT 1` is what `first` and `exists` say, not a number of the project's.
        let number = |found: &Captures<'_>| match &found[0] {
            "LIMIT 1" => "LIMIT 1".to_owned(),
            _ => format!("{} n", &found[1]),
        };
        self.numbers.replace_all(&sql, number).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::{Answered, Normal, Recorded, compare};

    fn normal() -> Normal {
        Normal::new().expect("the patterns are patterns")
    }

    #[test]
    fn what_source_cannot_know_is_made_equal() {
        let normal = normal();
        for (one, other) in [
            ("a IN (%s, %s,%s) AND b", "a IN (%s) AND b"),
            ("a IN (%s, ...)", "a IN (%s)"),
            ("VALUES (%s, lower(%s)), (%s, lower(%s)) RETURNING a", "VALUES (%s, lower(%s)) RETURNING a"),
            ("VALUES (%s), ... RETURNING a", "VALUES (%s) RETURNING a"),
            ("CASE WHEN (a = %s) THEN %s WHEN (a = %s) THEN %s ELSE", "CASE WHEN (a = %s) THEN %s ELSE"),
            ("raw\n  text", "raw text"),
            ("UPDATE a SET b = NULL WHERE c", "UPDATE a SET b = %s WHERE c"),
            ("a LIMIT 21 OFFSET 7", "a LIMIT n OFFSET n"),
        ] {
            assert_eq!(normal.text(one), normal.text(other));
        }
        for same in ["a LIMIT 1", "SELECT a = NULL", "a IN (%s, 1)"] {
            assert_eq!(normal.text(same), same);
        }
    }

    fn recorded(line: u32, span: (u32, u32), sql: &str, via: Option<&str>) -> Recorded {
        Recorded { file: "a.py".into(), line, span: Some(span), sql: sql.into(), via: via.map(str::to_owned) }
    }

    fn answered(line: u32, sql: Option<&str>, confidence: &str) -> Answered {
        Answered {
            file: "a.py".into(),
            line,
            end_line: line,
            sql: sql.map(str::to_owned),
            confidence: confidence.into(),
        }
    }

    #[test]
    fn places_texts_and_mistakes_are_counted() {
        let truth = [
            recorded(1, (1, 1), "A", None),
            recorded(1, (1, 1), "B", None),
            // Several lines: found on the third of them, as it is iterated …
            recorded(3, (3, 6), "C", Some("QuerySet.__iter__")),
            // … and not where something else led to the query.
            recorded(13, (13, 16), "C", Some("Model.save")),
            recorded(20, (20, 20), "D", None),
            recorded(30, (30, 30), "E", None),
        ];
        let answers = [
            answered(1, Some("A"), "certain"),
            answered(5, Some("C"), "certain"),
            answered(15, Some("C"), "certain"),
            answered(20, Some("X"), "certain"),
            answered(30, Some("Y"), "likely"),
            answered(40, None, "unknown"),
        ];
        let score = compare(&normal(), &truth, &answers);
        assert_eq!((score.sites_found, score.sites), (4, 5));
        assert_eq!((score.sql_found, score.sql), (2, 6));
        assert_eq!((score.wrong, score.certain), (1, 3));
        assert_eq!(
            score.differences,
            ["a.py:13: missing, via Model.save\n      C", "a.py:20: wrong\n    pgwright\n      X\n    Django\n      D"]
        );
    }
}
