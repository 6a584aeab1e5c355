//! Foreign keys that nothing leads to.

use pgwright_diagnostics::{Applicability, Diagnostic, Fix, Severity};
use pgwright_django::model::{Field, Model, RelationKind};
use pgwright_schema::{Expr, IndexMethod, SortOrder, Table};

use crate::edits::remove_keyword;
use crate::headline::fitting;
use crate::proposal::{btree, implied};
use crate::tables::{Access, Tables, accesses, is_declared_here};
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "foreign-key-without-index",
    summary: "a foreign key that no index starts with",
    docs: include_str!("foreign_key_without_index.md"),
    group: Group::Indexes,
    severity: Severity::Warning,
    check: Check::Project(check),
};

fn check(facts: Facts, found: &mut Vec<Diagnostic>) {
    let tables = Tables::new(facts.project);
    for (model, table) in tables.models() {
        // An index that could not be read may be the one.
        if !tables.is_whole(model) {
            continue;
        }
        let mut all = None;
        for field in model.local_columns().filter(|field| is_bare(field)) {
            let all = all.get_or_insert_with(|| accesses(model, table));
            let Some(column) = field.column.as_deref() else { continue };
            if !all.iter().any(|access| serves(access, column)) {
                found.extend(finding(facts, model, table, field));
            }
        }
    }
}

fn is_bare(field: &Field) -> bool {
    let is_foreign_key = field.relation.as_ref().is_some_and(|relation| {
        relation.kind == RelationKind::ForeignKey
            // Nothing asks for the rows of a parent that goes: neither Django nor PostgreSQL.
            && (relation.db_constraint || !action(relation.on_delete.as_deref()).eq("DO_NOTHING"))
    });
    is_foreign_key && !field.db_index && !field.unique && !field.primary_key
}

fn action(on_delete: Option<&str>) -> &str {
    on_delete.and_then(|path| path.rsplit('.').next()).unwrap_or_default()
}

/// Whether the index finds the rows of one value of the column. A partial index without the NULLs does: the lookup is never
/// for NULL.
fn serves(access: &Access, column: &str) -> bool {
    let leads = access.keys.first().and_then(|key| key.as_column()) == Some(column);
    let method = matches!(access.method, IndexMethod::Btree | IndexMethod::Hash);
    let holds_all = match access.predicate.as_ref().map(Expr::bare) {
        None => true,
        Some(Expr::IsNull { expr, negated: true }) => expr.as_column() == Some(column),
        Some(_) => false,
    };
    leads && method && holds_all
}

fn finding(facts: Facts, model: &Model, table: &Table, field: &Field) -> Option<Diagnostic> {
    let site = field.site.as_ref()?;
    let relation = field.relation.as_ref()?;
    let parent = relation.to_label.rsplit('.').next().unwrap_or_default();
    let who = match action(relation.on_delete.as_deref()) {
        "CASCADE" | "DB_CASCADE" => "to delete its rows",
        "SET_NULL" | "SET_DEFAULT" | "SET" | "DB_SET_NULL" | "DB_SET_DEFAULT" => "to change its rows",
        "PROTECT" | "RESTRICT" => "to see that none is left",
        _ => "to find its rows",
    };
    let check =
        if relation.db_constraint { ", and PostgreSQL's own check reads it once more per deleted row" } else { "" };
    let place = site.keyword("db_index").map_or(site.name, |keyword| keyword.whole);
    let mut finding = RULE
        .at(
            place,
            fitting(&[
                format!("no index starts with the foreign key `{}.{}`", model.name, field.name),
                format!("no index starts with `{}.{}`", model.name, field.name),
            ]),
        )
        .why(format!("Deleting one {parent} reads all of `{}` {who}{check}; so does every reverse lookup", model.table))
        .help(
            "Remove `db_index=False`; on a large table run CREATE INDEX CONCURRENTLY in SeparateDatabaseAndState instead of \
             AlterField, which checks the foreign key anew under AccessExclusiveLock on both tables",
        )
        .evidence("column", field.column.clone().unwrap_or_default());
    if let Some(column) = field.column.as_deref() {
        finding.proposal = Some(implied(&btree(table, [(column, SortOrder::Ascending)]), &[column], None));
    }
    if is_declared_here(model, field)
        && let Some(edits) = remove_keyword(facts.files, site, "db_index")
    {
        let title = "Remove `db_index=False`".to_owned();
        finding = finding.fix(Fix { title, applicability: Applicability::Safe, edits });
    }
    Some(finding)
}
