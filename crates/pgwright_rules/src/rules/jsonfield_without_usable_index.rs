//! Lookups in documents that no index of theirs serves.

use std::collections::BTreeMap;

use pgwright_diagnostics::{Diagnostic, Severity};
use pgwright_django::queries::workload::Issued;
use pgwright_schema::IndexMethod;
use pgwright_schema::catalog::catalog;
use pgwright_schema::terms::{Kind, Term};

use crate::asked::Asked;
use crate::headline::fitting;
use crate::queries::{by_place, severity, with_queries};
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "jsonfield-without-usable-index",
    summary: "rows are looked for by what is in their JSON, and no index serves that",
    docs: include_str!("jsonfield_without_usable_index.md"),
    group: Group::Indexes,
    severity: Severity::Warning,
    check: Check::Table(check),
};

/// How a document is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Asks {
    /// `field__key=value`, `field__key__gt=value`, `field__key__in=[…]`.
    Key,
    /// `field__contains={…}`.
    Contains,
    /// `field__has_key="key"`.
    HasKey,
}

fn check(facts: Facts, asked: &Asked, found: &mut Vec<Diagnostic>) {
    let size = facts.sizes.of(asked.model);
    if !size.is_large() {
        return;
    }
    let mut lookups: BTreeMap<String, Vec<(Asks, &Issued)>> = BTreeMap::new();
    for question in asked.unserved_by_columns() {
        for (column, asks) in question.clauses.iter().filter_map(lookup) {
            lookups.entry(column).or_default().push((asks, question.issued));
        }
    }
    for (column, lookups) in lookups {
        let field = asked.model.fields.iter().find(|field| field.column.as_deref() == Some(&column));
        let Some((field, place)) = field
            .filter(|field| field.internal_type == "JSONField")
            .and_then(|field| Some((field, field.site.as_ref()?.name)))
        else {
            continue;
        };
        let lookups: Vec<(Asks, &Issued)> = match asked.has_expression_of(&column) {
            true => lookups.into_iter().filter(|(asks, _)| *asks != Asks::Key).collect(),
            false => lookups,
        };
        if lookups.is_empty() {
            continue;
        }
        let asks = |wanted: Asks| lookups.iter().any(|(asks, _)| *asks == wanted);
        let has_gin = asked.table.indexes.iter().any(|index| {
            index.method == IndexMethod::Gin && index.keys.iter().any(|key| key.as_column() == Some(&column))
        });
        let name = &field.name;
        let opclass = if asks(Asks::HasKey) { "jsonb_ops" } else { "jsonb_path_ops" };
        let gin = format!("`GinIndex(fields=[\"{name}\"], opclasses=[\"{opclass}\"], name=…)`");
        let help = match (asks(Asks::Key), has_gin) {
            (true, true) => format!(
                "Ask by containment, `filter({name}__contains={{\"key\": value}})`, which the GIN index serves; a key's own lookup (`{name}__key=value`) \
                 it does not"
            ),
            (true, false) => format!(
                "Ask by containment, `filter({name}__contains={{\"key\": value}})`, and add {gin} to `Meta.indexes`; for one key that is always asked for, \
                 `models.Index(F(\"{name}__key\"), name=…)` serves its lookup as it is"
            ),
            (false, true) => {
                format!("Give the GIN index the class `{opclass}`: `jsonb_path_ops` does not serve `has_key`")
            }
            (false, false) => format!("Add {gin} to `Meta.indexes`"),
        };
        let label = format!("{}.{name}", asked.model.name);
        let wordings = [
            format!("`{label}` is searched for what is in it, and no index serves that"),
            format!("`{name}` is searched for what is in it, and no index serves that"),
            "documents are searched, and no index serves that".to_owned(),
        ];
        let queries = by_place(lookups.iter().map(|(_, issued)| *issued));
        let mut finding = RULE
            .at(place, fitting(&wordings))
            .why(format!(
                "PostgreSQL reads {} of `{}` and takes each document apart, those that are stored outside the row (TOAST) too",
                size.phrase(),
                asked.model.table
            ))
            .help(help);
        finding = with_queries(finding, &queries, "asked here");
        finding.severity = severity(size);
        found.push(finding);
    }
}

/// The column of documents that a condition asks, and how.
fn lookup(clause: &Term) -> Option<(String, Asks)> {
    if let Kind::Quantified { left, all: false, .. } = &clause.kind {
        return Some((extracted(left)?, Asks::Key));
    }
    let (operator, left, right) = clause.as_comparison()?;
    if right.any(&|term| matches!(term.kind, Kind::Column { .. })) {
        return None;
    }
    let name = |term: &Term| term.as_column().map(|(_, name)| name.to_string());
    match catalog().operator(operator).name {
        "@>" => Some((name(left)?, Asks::Contains)),
        "?" | "?|" | "?&" => Some((name(left)?, Asks::HasKey)),
        "=" | "<" | "<=" | ">" | ">=" => Some((extracted(left)?, Asks::Key)),
        _ => None,
    }
}

/// The column out of which a value is taken.
fn extracted(term: &Term) -> Option<String> {
    match &term.kind {
        Kind::Cast { arg, .. } => extracted(arg),
        _ => {
            let (operator, left, _) = term.as_comparison()?;
            let takes = ["->", "->>", "#>", "#>>"].contains(&catalog().operator(operator).name);
            let (_, name) = left.as_column().filter(|_| takes)?;
            Some(name.to_string())
        }
    }
}
