//! Rows that a join gives several times, and `distinct()` to take the others away.

use pgwright_diagnostics::{Diagnostic, Severity};
use pgwright_django::usage::{HiddenJoin, is_product_code};

use crate::headline::fitting;
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "distinct-hides-join",
    summary: "a filter joins a relation with several rows, and distinct() takes the duplicates away",
    docs: include_str!("distinct_hides_join.md"),
    group: Group::Queries,
    severity: Severity::Note,
    check: Check::Project(check),
};

fn check(facts: Facts, found: &mut Vec<Diagnostic>) {
    let joins = facts.project.usage.hidden_joins.iter();
    let is_product =
        |join: &&HiddenJoin| facts.files.try_get(join.site.file).is_some_and(|file| is_product_code(&file.path));
    found.extend(joins.filter(is_product).filter(|join| matters(facts, join)).map(|join| finding(facts, join)));
}

/// Telling the rows of a small table apart costs nothing.
fn matters(facts: Facts, join: &HiddenJoin) -> bool {
    facts.sizes.may_be_large(facts.project.models.get(join.model))
}

fn finding(facts: Facts, join: &HiddenJoin) -> Diagnostic {
    let models = &facts.project.models;
    let (model, to) = (models.get(join.model), models.get(join.to));
    let columns = model.fields.iter().filter(|field| field.column.is_some()).count();
    let wordings = [
        format!("distinct() takes away the duplicates that the join with `{}` makes", join.path),
        format!("distinct() takes away the duplicates of a join with `{}`", to.name),
        "distinct() takes away the duplicates that a join makes".to_owned(),
    ];
    RULE.at(join.site, fitting(&wordings))
        .why(format!(
            "PostgreSQL makes a row of `{}` for each row of `{}` that fits, and sorts or hashes them by all {columns} columns to keep one of each; no index \
             helps with that, and a `LIMIT` does not shorten it",
            model.table, to.table
        ))
        .help(format!(
            "Ask whether there is one: `filter(Exists({}.objects.filter(…=OuterRef(\"pk\"), …)))`, or `filter(pk__in=…)` with the keys of a subquery; both \
             stop at the first that fits, and need no distinct()",
            to.name
        ))
}
