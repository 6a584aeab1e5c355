//! Values are written into the text of SQL.

use pgwright_diagnostics::{Applicability, Confidence, Diagnostic, Edit, Fix, Severity, Span};
use pgwright_django::usage::{RawSql, Source};

use crate::headline::fitting;
use crate::place::quoted;
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "raw-sql-interpolation",
    summary: "a value is written into the text of SQL, where whoever chooses it chooses the SQL",
    docs: include_str!("raw_sql_interpolation.md"),
    group: Group::Security,
    severity: Severity::Error,
    check: Check::Project(check),
};

fn check(facts: Facts, found: &mut Vec<Diagnostic>) {
    found.extend(facts.project.usage.raw_sql.iter().filter_map(|raw| finding(facts, raw)));
}

fn finding(facts: Facts, raw: &RawSql) -> Option<Diagnostic> {
    let first = raw.holes.iter().find(|hole| hole.source == Source::Request).or(raw.holes.first())?;
    let value = quoted(facts, first.value);
    let wordings =
        [format!("`{value}` is written into the text of SQL"), "a value is written into the text of SQL".to_owned()];
    let is_inside = raw.text.contains(first.value);
    let place = if is_inside { first.value } else { raw.text };
    let mut finding = RULE
        .at(place, fitting(&wordings))
        .why(
            "PostgreSQL reads it as part of the statement: a quote in it breaks the query, and whoever chooses the value can read \
             or change other rows",
        )
        .help(
            "Write `%s` without quotes in its place and give the value as a parameter: `execute(sql, [value])`, `raw(sql, [value])`, \
             `RawSQL(sql, [value])`, `extra(where=…, params=[value])`. Names of tables and columns go through \
             `connection.ops.quote_name()` or `psycopg.sql.Identifier`",
        );
    if first.source == Source::Unknown {
        finding = finding.confidence(Confidence::Likely);
        finding.severity = Severity::Warning;
    }
    if !is_inside {
        finding = finding.related(first.value, "the value");
    }
    for other in raw.holes.iter().filter(|hole| hole.value != first.value) {
        finding = finding.related(other.value, "so is this one");
    }
    finding.fix = fix(facts, raw);
    Some(finding)
}

/// Makes parameters of the values: of one f-string that holds nothing else.
fn fix(facts: Facts, raw: &RawSql) -> Option<Fix> {
    let text = facts.files.text(raw.text);
    let prefix = text.find(['"', '\'']).filter(|_| raw.is_whole && !text.contains(['%', '\\']))?;
    if !text[..prefix].eq_ignore_ascii_case("f") || text.contains("{{") || text.contains("}}") {
        return None;
    }
    let file = facts.files.try_get(raw.text.file)?;
    let start = raw.text.start;
    let mut edits = vec![Edit::delete(Span::new(raw.text.file, start, start + prefix as u32))];
    let mut values = Vec::new();
    for hole in &raw.holes {
        let slot = hole.slot?;
        let before = file.text.get(..slot.start as usize)?.ends_with('\'');
        let after = file.text.get(slot.end as usize..)?.starts_with('\'');
        let is_in_quotes =
            text[..(slot.start - start) as usize].matches('\'').count() % 2 == 1 && !text.starts_with("f'");
        let whole = match (before && after, is_in_quotes) {
            (true, true) => Span::new(slot.file, slot.start - 1, slot.end + 1),
            (false, false) => slot,
            _ => return None,
        };
        edits.push(Edit::replace(whole, "%s"));
        values.push(facts.files.text(hole.value));
    }
    edits.push(Edit::insert(raw.text.file, raw.text.end, format!(", [{}]", values.join(", "))));
    Some(Fix { title: "Give the values as parameters".to_owned(), applicability: Applicability::Unsafe, edits })
}
