//! Rows are loaded for one number that PostgreSQL could have computed.

use pgwright_diagnostics::{Confidence, Diagnostic, Severity};
use pgwright_django::queries::workload::{Certainty, Issued, Rows, Terminal};
use pgwright_django::usage::{Reduced, Reduction};

use crate::headline::fitting;
use crate::place::{is_per_item, quoted};
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "python-aggregation",
    summary: "rows are loaded for a number that PostgreSQL can compute",
    docs: include_str!("python_aggregation.md"),
    group: Group::Queries,
    severity: Severity::Warning,
    check: Check::Place(check),
};

fn check(facts: Facts, place: &[Issued], found: &mut Vec<Diagnostic>) {
    let sends = |issued: &&Issued| {
        let whole = issued.sql.as_ref().is_ok_and(|sql| !sql.contains(" LIMIT "));
        issued.terminal == Terminal::Iterate && issued.rows == Rows::Many && whole && !is_per_item(issued)
    };
    let Some(issued) = place.iter().filter(sends).min_by_key(|issued| issued.confidence) else { return };
    let all_load = place.iter().all(|issued| issued.terminal == Terminal::Iterate);
    let Some(reduction) = facts.project.usage.reduction(issued.span).filter(|_| all_load) else { return };
    let Some(column) = column(facts, issued, reduction) else { return };
    let code = quoted(facts, reduction.over);
    let (made, wanted) = match reduction.what {
        Reduced::Sum => ("added up", format!("aggregate(Sum(\"{column}\"))")),
        Reduced::Greatest => ("searched for the greatest", format!("aggregate(Max(\"{column}\"))")),
        Reduced::Least => ("searched for the least", format!("aggregate(Min(\"{column}\"))")),
        Reduced::Length => ("counted", "count()".to_owned()),
        Reduced::Existence | Reduced::Absence => return,
    };
    let wordings = [
        format!("the rows of `{code}` are loaded and {made} in Python"),
        format!("rows are loaded and {made} in Python"),
    ];
    let mut finding = RULE
        .at(reduction.site, fitting(&wordings))
        .why("every row is read, sent and made an object, for one value; PostgreSQL sends that value alone, often from an index")
        .help(help(reduction.what, &wanted));
    if let Ok(sql) = &issued.sql {
        finding = finding.evidence("sql", sql.clone());
    }
    if issued.confidence != Certainty::Certain {
        finding = finding.confidence(Confidence::Likely);
    }
    found.push(finding);
}

/// What the value is made of, as an aggregate names it: none where that is no column of the rows.
fn column(facts: Facts, issued: &Issued, reduction: &Reduction) -> Option<String> {
    let Some(attribute) = &reduction.attribute else {
        // What `values_list(flat=True)` gives is not named at this place.
        return Some("…".to_owned());
    };
    let model = facts.project.models.get(issued.model?);
    let field = model
        .fields
        .iter()
        .find(|field| (field.name == *attribute || field.attname == *attribute) && field.column.is_some())?;
    Some(field.name.clone())
}

fn help(what: Reduced, wanted: &str) -> String {
    match what {
        Reduced::Length => {
            format!(
                "Use `{wanted}` where the rows themselves are not needed, or `exists()` where any will do; conditions go to `filter()`"
            )
        }
        Reduced::Sum => format!(
            "Use `{wanted}` on the queryset, with conditions in `filter()`; it gives None where there is no row (`default=0`). For a sum \
             per row of something, `annotate()` there"
        ),
        _ => format!(
            "Use `{wanted}` on the queryset, with conditions in `filter()`, or `order_by()` with `first()` where the row itself is wanted"
        ),
    }
}
