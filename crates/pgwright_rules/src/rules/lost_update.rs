//! Read, changed in Python, saved: one of two processes at once loses its change.

use pgwright_diagnostics::{Confidence, Diagnostic, Severity};
use pgwright_django::usage::{Change, Holder};

use crate::headline::fitting;
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "lost-update",
    summary: "a number is read, changed in Python and saved, so that concurrent changes are lost",
    docs: include_str!("lost_update.md"),
    group: Group::Concurrency,
    severity: Severity::Warning,
    check: Check::Project(check),
};

fn check(facts: Facts, found: &mut Vec<Diagnostic>) {
    found.extend(facts.project.usage.changes.iter().map(|change| finding(facts, change)));
}

fn finding(facts: Facts, change: &Change) -> Diagnostic {
    let Change { field, object, .. } = change;
    let model = &facts.project.models.get(change.model).name;
    let wordings = [
        format!("`{object}.{field}` is changed in Python and saved: concurrent changes are lost"),
        format!("`{field}` is changed in Python and saved: concurrent changes are lost"),
        "a number is changed in Python and saved: concurrent changes are lost".to_owned(),
    ];
    let finding = RULE
        .at(change.site, fitting(&wordings))
        .why(format!(
            "two processes that read the same row of `{model}` both write what they computed from it, and the second overwrites the \
             first; no constraint notices"
        ))
        .help(format!(
            "Let PostgreSQL compute it: `{object}.{field} = F(\"{field}\") + …` with `save(update_fields=[\"{field}\"])`, or \
             `filter(pk={object}.pk).update({field}=F(\"{field}\") + …)`. Where the new value depends on a check, read the row with \
             `select_for_update()` in `transaction.atomic()`"
        ));
    match change.holder {
        Holder::Local => finding,
        Holder::Itself => finding.confidence(Confidence::Likely),
    }
}
