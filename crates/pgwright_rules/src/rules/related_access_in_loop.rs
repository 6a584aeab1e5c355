//! N+1: a relation that was not loaded with its rows is followed for each of them.

use pgwright_diagnostics::{Applicability, Confidence, Diagnostic, Edit, Fix, Severity};
use pgwright_django::queries::workload::{Issued, Lazy, Origin, Rows};

use crate::eager::{Eager, Method};
use crate::headline::fitting;
use crate::place::{at, is_a_write, is_per_row, quoted, span, together, with_loop};
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "related-access-in-loop",
    summary: "a related object is loaded by one query per row",
    docs: include_str!("related_access_in_loop.md"),
    group: Group::Queries,
    severity: Severity::Warning,
    check: Check::Place(check),
};

/// Querysets shown; the others are counted.
const SHOWN: usize = 4;

fn check(facts: Facts, place: &[Issued], found: &mut Vec<Diagnostic>) {
    together(place).for_each(|place| check_together(facts, &place, found));
}

fn check_together(facts: Facts, place: &[&Issued], found: &mut Vec<Diagnostic>) {
    let loads: Vec<&Issued> = place
        .iter()
        .copied()
        .filter(|issued| {
            matches!(issued.lazy, Some(Lazy::ForeignKey | Lazy::ReverseOneToOne | Lazy::GenericForeignKey))
        })
        .filter(|issued| is_per_row(issued) && !is_a_write(facts, issued))
        .filter(|issued| issued.origins.iter().any(|origin| origin.rows == Rows::Many))
        .collect();
    let Some(first) = loads.iter().min_by_key(|issued| issued.confidence) else { return };
    let mut origins: Vec<&Origin> = Vec::new();
    for origin in loads.iter().flat_map(|issued| &issued.origins).filter(|origin| origin.rows == Rows::Many) {
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    let code = quoted(facts, span(first));
    let relation = origins[0].path.rsplit("__").next().unwrap_or_default();
    let wordings = [
        format!("`{code}` loads `{relation}` by one query per row"),
        format!("`{relation}` is loaded by one query per row"),
    ];
    let mut finding = with_loop(RULE.at(span(first), fitting(&wordings)), first)
        .why("a thousand rows send a thousand and one queries, each with its round trip; loaded with the rows it is one or two");
    let mut shown = Vec::new();
    for origin in &origins {
        if shown.len() < SHOWN && !shown.contains(&origin.made) {
            shown.push(origin.made);
            finding = finding.related(origin.made, "the rows come from here");
        }
    }
    let loads: Option<Vec<Eager>> = origins.iter().map(|origin| Eager::of(&facts.project.models, origin)).collect();
    if let Some(loads) = loads {
        finding = finding.help(help(facts, &origins, &loads));
        if finding.confidence == Confidence::Certain {
            finding.fix = fix(facts, &origins, &loads);
        }
    }
    found.push(finding);
}

fn help(facts: Facts, origins: &[&Origin], loads: &[Eager]) -> String {
    let shown: Vec<String> = origins
        .iter()
        .zip(loads)
        .take(SHOWN)
        .map(|(origin, eager)| format!("`{}` to the queryset at {}", eager.shown(), at(facts, origin.made)))
        .collect();
    let more = match origins.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(", and to {more} more"),
    };
    let cost = match loads.first().map(|eager| eager.method) {
        Some(Method::SelectRelated) => "a join",
        _ => "one more query for all rows",
    };
    format!("Add {}{more}: {cost}", shown.join(", "))
}

/// The calls at every queryset; at none if one of them cannot take it.
fn fix(facts: Facts, origins: &[&Origin], loads: &[Eager]) -> Option<Fix> {
    let mut edits: Vec<Edit> = Vec::new();
    for (origin, eager) in origins.iter().zip(loads) {
        let edit = eager.chained(facts.files, origin)?;
        if !edits.contains(&edit) {
            edits.push(edit);
        }
    }
    let title = format!("Load it with the rows: `{}`", loads.first()?.shown());
    Some(Fix { title, applicability: Applicability::Safe, edits })
}
