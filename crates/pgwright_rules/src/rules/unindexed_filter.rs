//! Columns that the code filters by and no index finds.

use std::collections::BTreeMap;

use pgwright_diagnostics::{Applicability, Diagnostic, Fix, Severity};
use pgwright_django::model::{Field, Model};
use pgwright_django::queries::workload::Issued;
use pgwright_schema::SortOrder;
use pgwright_schema::access::Server;

use crate::additions::add_index;
use crate::asked::{Asked, Question, usual_server};
use crate::headline::fitting;
use crate::keys::{Keys, merged};
use crate::proposal::{self, btree};
use crate::queries::{by_place, severity, with_queries};
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "unindexed-filter",
    summary: "rows are looked for by columns that no index finds",
    docs: include_str!("unindexed_filter.md"),
    group: Group::Indexes,
    severity: Severity::Warning,
    check: Check::Table(check),
};

/// An index that would serve, with the queries it is for.
struct Proposal<'a> {
    columns: Vec<&'a str>,
    queries: Vec<&'a Issued>,
}

fn check(facts: Facts, asked: &Asked, found: &mut Vec<Diagnostic>) {
    let size = facts.sizes.of(asked.model);
    if !size.is_large() {
        return;
    }
    for proposal in proposals(asked) {
        let fields: Vec<&Field> = proposal
            .columns
            .iter()
            .filter_map(|column| asked.model.fields.iter().find(|field| field.column.as_deref() == Some(column)))
            .collect();
        let Some(first) = fields.first() else { continue };
        let names: Vec<&str> = fields.iter().map(|field| field.name.as_str()).collect();
        let listed = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ");
        let place = match (&fields[..], &asked.model.site) {
            ([only], _) if only.site.as_ref().is_some_and(|site| is_here(asked.model, site.name.file)) => {
                only.site.as_ref().map(|site| site.name)
            }
            (_, site) => site.as_ref().map(|site| site.name),
        };
        let Some(place) = place else { continue };
        let name = &asked.model.name;
        let wordings = [
            format!("`{name}` is filtered by {listed}, which no index finds"),
            format!("`{name}` is filtered by columns that no index finds"),
            "a model is filtered by columns that no index finds".to_owned(),
        ];
        let mut finding = RULE
            .at(place, fitting(&wordings))
            .why(format!("each such query reads {} of `{}` to find its own", size.phrase(), asked.model.table))
            .help(format!(
                "Add `models.Index(fields=[{}])` to `Meta.indexes`; on a large table create it with `AddIndexConcurrently`",
                names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
            ));
        finding = with_queries(finding, &proposal.queries, "asked here");
        finding.severity = severity(size);
        let index = btree(asked.table, proposal.columns.iter().map(|column| (*column, SortOrder::Ascending)));
        finding.proposal = Some(proposal::asked(&index, proposal.queries.iter().map(|issued| issued.span)));
        finding.fix = add_index(facts, asked.model, first, &names).map(|edits| Fix {
            title: format!("Add an index on {listed}"),
            applicability: Applicability::Unsafe,
            edits,
        });
        found.push(finding);
    }
}

fn is_here(model: &Model, file: pgwright_diagnostics::FileId) -> bool {
    model.site.as_ref().is_some_and(|site| site.name.file == file)
}

/// Indexes for the questions of a table.
fn proposals<'a>(asked: &'a Asked<'a>) -> Vec<Proposal<'a>> {
    let server = usual_server();
    let keys = Keys::of(asked.model, asked.table);
    let mut found: BTreeMap<Vec<&str>, Vec<&Issued>> = BTreeMap::new();
    for question in &asked.unserved {
        if let Some(columns) = columns_for(&keys, question, &server) {
            found.entry(columns).or_default().push(question.issued);
        }
    }
    merged(found).into_iter().map(|(columns, queries)| Proposal { columns, queries: by_place(queries) }).collect()
}

/// Columns for an index: those compared with one value, then one with a range. None where none of them tells rows apart.
fn columns_for<'a>(keys: &Keys<'a>, question: &Question<'_>, server: &Server) -> Option<Vec<&'a str>> {
    let found = keys.for_clauses(&question.clauses, server);
    let all: Vec<(&str, bool)> = found.equal.into_iter().chain(found.range).collect();
    all.iter().any(|(_, tells_apart)| *tells_apart).then(|| all.iter().map(|(name, _)| *name).collect())
}
