//! Ordered children that are sorted whenever they are read.

use pgwright_diagnostics::{Applicability, Diagnostic, Fix, Severity};
use pgwright_django::model::{Field, Model};
use pgwright_schema::{Expr, IndexMethod, SortOrder, Table};

use crate::additions::add_index;
use crate::edits::meta_option;
use crate::headline::fitting;
use crate::proposal::{btree, implied};
use crate::tables::{Access, Tables, accesses};
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "order-with-respect-to-without-index",
    summary: "`order_with_respect_to` without an index on the parent and `_order`",
    docs: include_str!("order_with_respect_to_without_index.md"),
    group: Group::Indexes,
    severity: Severity::Note,
    check: Check::Project(check),
};

/// The column that Django adds.
const ORDER: &str = "_order";

fn check(facts: Facts, found: &mut Vec<Diagnostic>) {
    let tables = Tables::new(facts.project);
    for (model, table) in tables.models() {
        let Some(parent) = model.order_with_respect_to.as_deref() else { continue };
        // An index that could not be read may be the one.
        if !tables.is_whole(model) {
            continue;
        }
        // With one row per parent there is nothing to sort; a generic foreign key has a rule of its own.
        let is_many = |field: &&Field| field.local && field.relation.is_some() && !field.unique;
        let Some(key) = model.field(parent).filter(is_many) else { continue };
        let Some(column) = key.column.as_deref() else { continue };
        if model.field(ORDER).is_some_and(|order| order.local)
            && !accesses(model, table).iter().any(|access| serves(access, column))
        {
            found.extend(finding(facts, model, table, key));
        }
    }
}

/// Whether the index gives one parent's rows in order, read from either end.
fn serves(access: &Access, column: &str) -> bool {
    let key = |position: usize| access.keys.get(position).and_then(|key| key.as_column());
    let holds_all = match access.predicate.as_ref().map(Expr::bare) {
        None => true,
        Some(Expr::IsNull { expr, negated: true }) => expr.as_column() == Some(column),
        Some(_) => false,
    };
    access.method == IndexMethod::Btree && key(0) == Some(column) && key(1) == Some(ORDER) && holds_all
}

fn finding(facts: Facts, model: &Model, table: &Table, key: &Field) -> Option<Diagnostic> {
    let class = model.site.as_ref()?;
    let option = meta_option(class, "order_with_respect_to");
    let parent = key.relation.as_ref()?.to_label.rsplit('.').next()?.to_owned();
    let reads = if key.db_index { "finds its rows and sorts them" } else { "reads the whole table and sorts it" };
    let mut finding = RULE
        .at(
            option.map_or(class.name, |option| option.statement),
            fitting(&[
                format!("`{}` is ordered within `{}` and no index has that order", model.name, key.name),
                format!("no index has the order of `{}` within `{}`", model.name, key.name),
                format!("no index has the order of `{}`", model.name),
            ]),
        )
        .why(format!(
            "For each {parent} PostgreSQL {reads}; `get_next_in_order()`, and every INSERT, which asks for the highest \
             `{ORDER}`, read all of them for one"
        ))
        .help(format!(
            "Add `models.Index(fields=[\"{}\", \"{ORDER}\"])`, with AddIndexConcurrently on a large table. It makes the \
             index of `{0}` superfluous",
            key.name,
        ))
        .evidence("table", model.table.clone());
    if let Some(column) = key.column.as_deref() {
        let index = btree(table, [(column, SortOrder::Ascending), (ORDER, SortOrder::Ascending)]);
        finding.proposal = Some(implied(&index, &[column], Some(ORDER)));
    }
    finding.fix = add_index(facts, model, key, &[&key.name, ORDER]).map(|edits| Fix {
        title: if key.db_index { "Add the index in place of the key's own" } else { "Add the index" }.to_owned(),
        applicability: Applicability::Unsafe,
        edits,
    });
    Some(finding)
}
