//! Rows are counted to learn whether there is one.

use pgwright_diagnostics::{Applicability, Confidence, Diagnostic, Edit, Fix, Severity};
use pgwright_django::queries::workload::{Certainty, Issued, Terminal};
use pgwright_django::usage::Reduced;

use crate::headline::fitting;
use crate::place::quoted;
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "count-for-existence",
    summary: "rows are counted to learn whether there is one",
    docs: include_str!("count_for_existence.md"),
    group: Group::Queries,
    severity: Severity::Warning,
    check: Check::Place(check),
};

fn check(facts: Facts, place: &[Issued], found: &mut Vec<Diagnostic>) {
    let counts = |issued: &&Issued| issued.terminal == Terminal::Count && issued.sql.is_ok();
    let Some(issued) = place.iter().filter(counts).min_by_key(|issued| issued.confidence) else { return };
    let Some(reduction) = facts.project.usage.reduction(issued.span) else { return };
    let is_wanted = match reduction.what {
        Reduced::Existence => true,
        Reduced::Absence => false,
        _ => return,
    };
    let code = quoted(facts, reduction.site);
    let wordings = [
        format!("`{code}` counts all rows to learn whether there is one"),
        "a query counts all rows to learn whether there is one".to_owned(),
    ];
    let mut finding = RULE
        .at(reduction.site, fitting(&wordings))
        .why("`count()` reads every row that fits; `exists()` stops at the first")
        .help("Use `exists()`");
    if let Ok(sql) = &issued.sql {
        finding = finding.evidence("sql", sql.clone());
    }
    if issued.confidence != Certainty::Certain {
        finding = finding.confidence(Confidence::Likely);
    }
    let count = facts.files.text(issued.span);
    let receiver = count.rfind(".count").map(|at| &count[..at]);
    finding.fix = receiver.filter(|_| place.iter().all(|issued| issued.terminal == Terminal::Count)).map(|receiver| {
        let asked = format!("{receiver}.exists()");
        let text = if is_wanted { asked } else { format!("not {asked}") };
        let edits = vec![Edit::replace(reduction.site, text)];
        Fix { title: "Ask whether there is one".to_owned(), applicability: Applicability::Safe, edits }
    });
    found.push(finding);
}
