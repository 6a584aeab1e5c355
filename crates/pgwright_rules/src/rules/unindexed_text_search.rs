//! Searches in text that no trigram index serves.

use pgwright_diagnostics::{Diagnostic, Severity};

use crate::asked::Asked;
use crate::headline::fitting;
use crate::text_search::{judged, searches};
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "unindexed-text-search",
    summary: "text is searched in every row, because no index is made for the expression Django sends",
    docs: include_str!("unindexed_text_search.md"),
    group: Group::Indexes,
    severity: Severity::Warning,
    check: Check::Table(check),
};

fn check(facts: Facts, asked: &Asked, found: &mut Vec<Diagnostic>) {
    let size = facts.sizes.of(asked.model);
    if !size.is_large() {
        return;
    }
    // Where an index was made for it, `mismatched-text-index` says why it does not serve.
    for search in searches(asked).into_iter().filter(|search| search.mismatched.is_none()) {
        let Some(place) = search.field.site.as_ref().map(|site| site.name) else { continue };
        let label = format!("{}.{}", asked.model.name, search.field.name);
        let wordings = [
            format!("`{label}` is searched by {}, which no index serves", search.search.lookup()),
            format!("`{label}` is searched in every row"),
            "a text is searched in every row".to_owned(),
        ];
        let finding = RULE
            .at(place, fitting(&wordings))
            .why(format!(
                "Django sends `{}`; PostgreSQL reads {} of `{}` and compares each",
                search.search.sql(&search.column),
                size.phrase(),
                asked.model.table
            ))
            .help(search.search.help(&search.field.name));
        found.push(judged(facts, asked, &search, finding, size));
    }
}
