//! All rows are sorted by chance to give a few.

use pgwright_diagnostics::{Confidence, Diagnostic, Severity};
use pgwright_django::queries::workload::{Certainty, Issued, Situation};

use crate::headline::fitting;
use crate::queries::severity;
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "random-order",
    summary: "rows are asked for in random order, for which all of them are read and sorted",
    docs: include_str!("random_order.md"),
    group: Group::Queries,
    severity: Severity::Warning,
    check: Check::Place(check),
};

fn check(facts: Facts, place: &[Issued], found: &mut Vec<Diagnostic>) {
    let is_random = |issued: &&Issued| {
        issued.sql.as_ref().is_ok_and(|sql| sql.contains("ORDER BY RANDOM()"))
            && !matches!(issued.situation, Situation::Command | Situation::Test | Situation::Migration)
    };
    let Some(issued) = place.iter().filter(is_random).min_by_key(|issued| issued.confidence) else { return };
    let Some(model) = issued.model.map(|model| facts.project.models.get(model)) else { return };
    let size = facts.sizes.of(model);
    if !size.is_large() {
        return;
    }
    let wordings =
        [format!("`{}` is asked for in random order", model.name), "rows are asked for in random order".to_owned()];
    let mut finding = RULE
        .at(issued.span, fitting(&wordings))
        .why(format!(
            "each such query reads {} of `{}` that fit, gives each a random number and sorts them; no index can help",
            size.phrase(),
            model.table
        ))
        .help(
            "Choose random keys in Python and look for them (`filter(pk__in=…)` from a list of keys that is kept), or start at a random key: \
             `filter(pk__gte=chosen).order_by(\"pk\")`",
        );
    finding.severity = severity(size);
    if issued.confidence != Certainty::Certain {
        finding = finding.confidence(Confidence::Likely);
    }
    if let Ok(sql) = &issued.sql {
        finding = finding.evidence("sql", sql.clone());
    }
    found.push(finding);
}
