//! An attribute still holds `F("column") + 1` after `save()`, and is used as if it held the number.

use pgwright_diagnostics::{Diagnostic, Severity};
use pgwright_django::usage::{Misuse, Stale};

use crate::headline::fitting;
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "stale-f-expression",
    summary: "an attribute that was saved as an `F()` expression is used without being read again",
    docs: include_str!("stale_f_expression.md"),
    group: Group::Concurrency,
    severity: Severity::Warning,
    check: Check::Project(check),
};

fn check(facts: Facts, found: &mut Vec<Diagnostic>) {
    // From 6.0 on `save()` reads the new value with RETURNING.
    if !facts.project.django.at_least(6, 0) {
        found.extend(facts.project.usage.stale.iter().map(finding));
    }
}

fn finding(stale: &Stale) -> Diagnostic {
    let Stale { object, field, .. } = stale;
    let (what, why, severity) = match stale.misuse {
        Misuse::Read => (
            "is still the `F()` expression here, not its value",
            "before Django 6.0 `save()` leaves the expression in the attribute: comparing, formatting or serializing it fails or shows \
             `CombinedExpression`",
            Severity::Warning,
        ),
        Misuse::SavedAgain => (
            "is computed once more by this `save()`",
            "before Django 6.0 the attribute is still the expression after the first `save()`, and every further one sends it again: the number \
             is changed twice",
            Severity::Error,
        ),
    };
    let wordings = [format!("`{object}.{field}` {what}"), format!("`{field}` {what}"), format!("a column {what}")];
    let mut finding = RULE
        .at(stale.site, fitting(&wordings))
        .related(stale.assigned, "the expression is assigned here")
        .why(why)
        .help(format!("Call `{object}.refresh_from_db(fields=[\"{field}\"])` after `save()`, or write it with `filter(pk=…).update(…)`"));
    finding.severity = severity;
    finding
}
