//! Indexes that were made for a search in text, and are not over what Django sends for it.

use pgwright_diagnostics::{Diagnostic, Severity};
use pgwright_schema::IndexMethod;

use crate::asked::Asked;
use crate::headline::fitting;
use crate::tables::Access;
use crate::text_search::{TextSearch, judged, searches};
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "mismatched-text-index",
    summary: "an index is there for a text, but not over the expression that Django's lookup sends",
    docs: include_str!("mismatched_text_index.md"),
    group: Group::Indexes,
    severity: Severity::Warning,
    check: Check::Table(check),
};

fn check(facts: Facts, asked: &Asked, found: &mut Vec<Diagnostic>) {
    let size = facts.sizes.of(asked.model);
    if !size.is_large() {
        return;
    }
    for search in searches(asked) {
        let Some(index) = &search.mismatched else { continue };
        let place = index.site(facts.files, asked.model);
        let Some(place) = place.or_else(|| search.field.site.as_ref().map(|site| site.name)) else { continue };
        let lookup = search.search.lookup();
        let label = format!("{}.{}", asked.model.name, search.field.name);
        let wordings = [
            format!("the index of `{label}` does not serve {lookup}"),
            format!("the index of `{}` does not serve {lookup}", search.field.name),
            format!("an index does not serve {lookup}"),
        ];
        let finding = RULE
            .at(place, fitting(&wordings))
            .why(format!(
                "Django sends `{}`, and `{}` is {}: PostgreSQL reads {} of `{}` and compares each",
                search.search.sql(&search.column),
                index.name,
                over(index),
                size.phrase(),
                asked.model.table
            ))
            .help(help(index, &search))
            .evidence("index", index.name.clone());
        let mut finding = judged(facts, asked, &search, finding, size);
        if index.unique && index.only_column().is_none() {
            finding.fix = None;
        }
        found.push(finding);
    }
}

fn help(index: &Access, search: &TextSearch) -> String {
    let add = search.search.help(&search.field.name);
    match (index.only_column(), index.unique) {
        (None, true) => format!(
            "Make it a constraint over `Upper(\"{}\")`: that allows the same rows, and serves {}",
            search.field.name,
            search.search.lookup()
        ),
        (Some(_), true) => add,
        (_, false) => format!("{add}. If no query needs `{}` besides, drop it", index.name),
    }
}

/// What an index is over, as its definition says.
fn over(index: &Access) -> String {
    let keys: Vec<String> = index
        .keys
        .iter()
        .map(|key| match &key.opclass {
            Some(class) => format!("{} with {class}", key.expr),
            None => key.expr.to_string(),
        })
        .collect();
    let kind = match index.method {
        IndexMethod::Btree => "a B-tree",
        IndexMethod::Hash => "a hash index",
        IndexMethod::Gin => "a GIN index",
        IndexMethod::Gist => "a GiST index",
        _ => "an index",
    };
    format!("{kind} over {}", keys.join(", "))
}
