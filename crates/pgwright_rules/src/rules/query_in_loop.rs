//! A query that is sent for each row of another.

use pgwright_diagnostics::{Applicability, Confidence, Diagnostic, Fix, Severity};
use pgwright_django::queries::workload::{Issued, Rows, Terminal};

use crate::eager::Eager;
use crate::headline::fitting;
use crate::place::{at, is_a_write, is_by_common_name, is_per_item, is_per_row, quoted, span, together, with_loop};
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "query-in-loop",
    summary: "a query is sent for each row of another",
    docs: include_str!("query_in_loop.md"),
    group: Group::Queries,
    severity: Severity::Warning,
    check: Check::Place(check),
};

fn check(facts: Facts, place: &[Issued], found: &mut Vec<Diagnostic>) {
    together(place).for_each(|place| check_together(facts, &place, found));
}

fn check_together(facts: Facts, place: &[&Issued], found: &mut Vec<Diagnostic>) {
    let asks = |issued: &&Issued| {
        let asks = issued.terminal.reads() || issued.terminal == Terminal::Refresh;
        issued.lazy.is_none()
            && asks
            && is_per_item(issued)
            && !is_a_write(facts, issued)
            && !is_by_common_name(facts, issued)
            && !is_kept_by_django(facts, issued)
            && !locks_a_row(issued)
    };
    let Some(first) = place.iter().copied().filter(asks).min_by_key(|issued| (!is_per_row(issued), issued.confidence))
    else {
        return;
    };
    let model = first.model.map(|model| facts.project.models.get(model).name.as_str());
    let code = quoted(facts, span(first));
    let of = model.map(|model| format!(" of `{model}`")).unwrap_or_default();
    let per = if is_per_row(first) { "row" } else { "item" };
    let wordings = [
        format!("`{code}` sends one query{of} per {per}"),
        format!("`{code}` sends one query per {per}"),
        format!("one query{of} is sent per {per}"),
    ];
    let mut finding = with_loop(RULE.at(span(first), fitting(&wordings)), first)
        .why("a thousand rows send a thousand and one queries, each with its round trip")
        .help(help(first.terminal));
    let origin = first.origins.iter().find(|origin| origin.rows == Rows::Many);
    if let Some(origin) = origin {
        finding = finding.related(origin.made, "the rows come from here");
        if first.terminal == Terminal::Iterate
            && let Some(eager) = Eager::of(&facts.project.models, origin)
        {
            finding = finding.help(format!(
                "Add `{}` to the queryset at {}: one more query for all rows",
                eager.shown(),
                at(facts, origin.made)
            ));
            if finding.confidence == Confidence::Certain
                && first.origins.len() == 1
                && let Some(edit) = eager.chained(facts.files, origin)
            {
                let title = format!("Load them with the rows: `{}`", eager.shown());
                finding.fix = Some(Fix { title, applicability: Applicability::Safe, edits: vec![edit] });
            }
        }
    }
    found.push(finding);
}

fn help(terminal: Terminal) -> &'static str {
    match terminal {
        Terminal::Count | Terminal::Aggregate => {
            "Let the query of the rows say it: `annotate(…=Count(…))`, or a `Subquery` where the condition is its own"
        }
        Terminal::Exists => "Let the query of the rows say it: `annotate(…=Exists(…))`",
        Terminal::Refresh => {
            "Load the rows again in one query (`in_bulk(keys)`), or leave it where only a column that the code has just changed with \
             `F()` is wanted"
        }
        Terminal::Get | Terminal::InBulk => {
            "Collect the keys, load the objects once before the loop (`in_bulk(keys)`), and look them up in the dictionary"
        }
        Terminal::First | Terminal::Last | Terminal::Earliest | Terminal::Latest | Terminal::Item => {
            "Load what the rows need once before the loop (`filter(…__in=rows)`, or `prefetch_related` with a `Prefetch`), or let \
             the query of the rows say it with a `Subquery`"
        }
        _ => {
            "Load what the rows need once before the loop: `prefetch_related` where it is a relation (with a `Prefetch` where \
             it is filtered), `filter(…__in=rows)` otherwise"
        }
    }
}

/// `ContentType.objects.get_for_model(…)` and the like: Django asks once per model and process.
fn is_kept_by_django(facts: Facts, issued: &Issued) -> bool {
    let is_type =
        issued.model.is_some_and(|model| facts.project.models.get(model).label() == "contenttypes.ContentType");
    is_type && facts.files.text(issued.span).contains(".get_for_")
}

/// A row that is read to be locked is read one at a time on purpose: in an order, or as long as the lock is needed.
fn locks_a_row(issued: &Issued) -> bool {
    issued.terminal != Terminal::Iterate
        && issued.sql.as_deref().is_ok_and(|sql| sql.contains(" FOR UPDATE") || sql.contains(" FOR NO KEY UPDATE"))
}
