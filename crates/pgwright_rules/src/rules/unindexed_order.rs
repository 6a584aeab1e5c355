//! The first rows of a table are asked for in an order that no index provides.

use std::collections::BTreeMap;

use pgwright_diagnostics::{Applicability, Diagnostic, Fix, Severity};
use pgwright_django::model::Field;
use pgwright_schema::SortOrder;
use pgwright_schema::access::KeyOrder;
use pgwright_schema::statement::OrderTerm;
use pgwright_schema::terms::Kind;

use crate::additions::add_index;
use crate::asked::{Asked, Sorted, usual_server};
use crate::headline::fitting;
use crate::keys::{Keys, merged};
use crate::proposal::{self, btree};
use crate::queries::{by_place, severity, with_queries};
use crate::sizes::Size;
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "unindexed-order",
    summary: "the first rows are asked for in an order that no index provides",
    docs: include_str!("unindexed_order.md"),
    group: Group::Indexes,
    severity: Severity::Warning,
    check: Check::Table(check),
};

/// Columns of an order that an index is proposed for; those after them decide between equal rows only.
const MOST_KEYS: usize = 2;

/// A key of an index, as `Index(fields=[…])` has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    column: &'a str,
    descending: bool,
}

fn check(facts: Facts, asked: &Asked, found: &mut Vec<Diagnostic>) {
    let size = facts.sizes.of(asked.model);
    if !size.is_large() {
        return;
    }
    let keys = Keys::of(asked.model, asked.table);
    let mut wanted: BTreeMap<Vec<Key>, Vec<&Sorted>> = BTreeMap::new();
    for sorted in &asked.unsorted {
        if let Some(index) = index_for(&keys, asked, sorted) {
            wanted.entry(index).or_default().push(sorted);
        }
    }
    for (index, queries) in merged(wanted) {
        found.extend(finding(facts, asked, size, &index, &queries));
    }
}

/// The columns compared with one value, then those of the order. None where an order is not of plain columns with nulls where
/// PostgreSQL has them by itself.
fn index_for<'a>(keys: &Keys<'a>, asked: &Asked<'a>, sorted: &Sorted) -> Option<Vec<Key<'a>>> {
    let equal = keys.for_clauses(&sorted.clauses, &usual_server()).equal;
    let mut index: Vec<Key> = equal.iter().map(|(column, _)| Key { column, descending: false }).collect();
    // Read backwards an index gives the opposite of its order.
    let first = sorted.order.first()?.order.descending;
    for OrderTerm { term, order } in sorted.order.iter().take(MOST_KEYS) {
        let Kind::Column { name, .. } = &term.kind else { return None };
        let column = asked.table.columns.iter().find(|column| *column.name == **name)?;
        let is_moved =
            column.null && *order != (KeyOrder { descending: order.descending, nulls_first: order.descending });
        if is_moved {
            return None;
        }
        if index.iter().all(|key| key.column != column.name) {
            index.push(Key { column: &column.name, descending: order.descending != first });
        }
    }
    Some(index)
}

fn finding(facts: Facts, asked: &Asked, size: Size, index: &[Key], queries: &[&Sorted]) -> Option<Diagnostic> {
    let field_of = |column: &str| asked.model.fields.iter().find(|field| field.column.as_deref() == Some(column));
    let fields: Vec<&Field> = index.iter().map(|key| field_of(key.column)).collect::<Option<_>>()?;
    let names: Vec<String> = index
        .iter()
        .zip(&fields)
        .map(|(key, field)| format!("{}{}", if key.descending { "-" } else { "" }, field.name))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let example = queries.iter().min_by_key(|sorted| (sorted.issued.confidence, sorted.issued.span))?;
    let ordered: Vec<&Field> = example
        .order
        .iter()
        .filter_map(|order| match &order.term.kind {
            Kind::Column { name, .. } => field_of(name),
            _ => None,
        })
        .take(MOST_KEYS)
        .collect();
    let listed = ordered.iter().map(|field| format!("`{}`", field.name)).collect::<Vec<_>>().join(" and ");
    let place = asked.model.site.as_ref()?.name;
    let name = &asked.model.name;
    let wordings = [
        format!("`{name}` is sorted by {listed} for its first rows, without an index"),
        format!("`{name}` is sorted for its first rows, without an index"),
        "a table is sorted for its first rows, without an index".to_owned(),
    ];
    let issued = by_place(queries.iter().map(|sorted| sorted.issued));
    let mut finding = RULE
        .at(place, fitting(&wordings))
        .why(format!(
            "each such query reads {} of `{}` and sorts what fits, to give the first few; an index in that order ends after them",
            size.phrase(),
            asked.model.table
        ))
        .help(format!(
            "Add `models.Index(fields=[{}])` to `Meta.indexes`; on a large table create it with `AddIndexConcurrently`",
            names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
        ));
    finding = with_queries(finding, &issued, "asked here");
    finding.severity = severity(size);
    let order = |key: &Key| if key.descending { SortOrder::Descending } else { SortOrder::Ascending };
    let proposed = btree(asked.table, index.iter().map(|key| (key.column, order(key))));
    finding.proposal = Some(proposal::asked(&proposed, issued.iter().map(|issued| issued.span)));
    finding.fix = add_index(facts, asked.model, fields.first()?, &names).map(|edits| Fix {
        title: format!("Add an index in the order of {listed}"),
        applicability: Applicability::Unsafe,
        edits,
    });
    Some(finding)
}
