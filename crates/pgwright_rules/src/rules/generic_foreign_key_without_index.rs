//! Generic foreign keys whose pair of columns no index starts with.

use pgwright_diagnostics::{Applicability, Diagnostic, Fix, Severity};
use pgwright_django::model::{Field, Model, PrivateField};
use pgwright_django::queries::workload::Issued;
use pgwright_schema::names::quote_name;
use pgwright_schema::{Expr, IndexMethod, SortOrder, Table};

use crate::additions::add_index;
use crate::asked::evidence;
use crate::declared::class_name;
use crate::headline::fitting;
use crate::proposal::{btree, implied};
use crate::queries::{by_place, with_queries};
use crate::tables::{Access, Tables, accesses};
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "generic-foreign-key-without-index",
    summary: "a generic foreign key whose content type and object id no index starts with",
    docs: include_str!("generic_foreign_key_without_index.md"),
    group: Group::Indexes,
    severity: Severity::Warning,
    check: Check::Workload(check),
};

fn check(facts: Facts, found: &mut Vec<Diagnostic>) {
    let tables = Tables::new(facts.project);
    for (model, table) in tables.models() {
        // An index that could not be read may be the one.
        if model.private_fields.is_empty() || !tables.is_whole(model) {
            continue;
        }
        let all = accesses(model, table);
        for key in model.private_fields.iter().filter(|key| is_generic_key(key)) {
            let local = |name: &str| model.field(name).filter(|field| field.local);
            let (Some(kind), Some(id)) = (local(&key.content_type_field), local(&key.object_id_field)) else {
                continue;
            };
            let (Some(kind_column), Some(id_column)) = (kind.column.as_deref(), id.column.as_deref()) else { continue };
            if all.iter().any(|access| serves(access, kind_column, id_column)) {
                continue;
            }
            let reader = reader(facts, model, key);
            let asked = by_place(asked(facts, &model.table, id_column));
            // Following the key forward needs no index here.
            if reader.is_some() || !asked.is_empty() {
                let first =
                    match reader.is_some() || asked.iter().any(|issued| names(issued, &model.table, kind_column)) {
                        true => First::Kind,
                        false => First::Id,
                    };
                found.extend(finding(facts, (model, table), key, (kind, id, first), reader, &asked));
            }
        }
    }
}

fn is_generic_key(key: &PrivateField) -> bool {
    key.to_label.is_none() && !class_name(&key.class).contains("Relation")
}

/// Whether the index finds the rows of one object. One that starts with the object's id does: few types have a row for the
/// same id.
fn serves(access: &Access, kind: &str, id: &str) -> bool {
    let key = |position: usize| access.keys.get(position).and_then(|key| key.as_column());
    let leads = key(0) == Some(id) || (key(0) == Some(kind) && key(1) == Some(id));
    let method = matches!(access.method, IndexMethod::Btree | IndexMethod::Hash);
    let holds_all = match access.predicate.as_ref().map(Expr::bare) {
        None => true,
        Some(Expr::IsNull { expr, negated: true }) => {
            expr.as_column().is_some_and(|column| column == kind || column == id)
        }
        Some(_) => false,
    };
    leads && method && holds_all
}

/// Which of the pair an index is to start with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum First {
    Kind,
    /// Rows are looked up by the object's id alone, or by it and more.
    Id,
}

/// Queries that compare a column of a table with values.
fn asked<'a>(facts: Facts<'a>, table: &str, column: &str) -> impl Iterator<Item = &'a Issued> {
    evidence(&facts.project.workload).map(|(issued, _)| issued).filter(move |issued| names(issued, table, column))
}

/// Whether a statement's conditions compare a column of a table with a value, as Django writes them.
fn names(issued: &Issued, table: &str, column: &str) -> bool {
    let Some((_, conditions)) = issued.sql.as_ref().ok().and_then(|sql| sql.split_once(" WHERE ")) else {
        return false;
    };
    let column = format!("{}.{}", quote_name(table), quote_name(column));
    conditions.match_indices(&column).any(|(at, _)| {
        let rest = &conditions[at + column.len()..];
        rest.starts_with(" = %s") || rest.starts_with(" IN (")
    })
}

fn finding(
    facts: Facts,
    (model, table): (&Model, &Table),
    key: &PrivateField,
    (kind, id, first): (&Field, &Field, First),
    reader: Option<String>,
    asked: &[&Issued],
) -> Option<Diagnostic> {
    let pair = match first {
        First::Kind => [kind, id],
        First::Id => [id, kind],
    };
    let class = model.site.as_ref()?;
    let inside = key.site.as_ref().map(|site| site.name).filter(|site| class.statement.contains(*site));
    let reads = if first == First::Kind && (kind.db_index || kind.unique) {
        format!("every row of its type: `{}` alone has an index, with one value per model", kind.name)
    } else {
        "the whole table".to_owned()
    };
    let mut finding = RULE
        .at(
            inside.unwrap_or(class.name),
            fitting(&[
                match first {
                    First::Kind => format!("no index starts with `{}` and `{}` of `{}`", kind.name, id.name, model.name),
                    First::Id => format!("no index starts with `{}` of `{}`", id.name, model.name),
                },
                format!("no index starts with the pair behind `{}.{}`", model.name, key.name),
                format!("no index starts with the pair behind `{}`", key.name),
            ]),
        )
        .why(format!(
            "Finding the rows of `{}` for one object reads {reads}{}",
            model.table,
            reader.as_deref().unwrap_or_default(),
        ))
        .help(match first {
            First::Kind => format!(
                "Add `models.Index(fields=[\"{}\", \"{}\"])`, with AddIndexConcurrently on a large table. It makes the index of \
                 `{0}` superfluous: `db_index=False` then saves one write per row, but AlterField checks the foreign key anew \
                 under AccessExclusiveLock on both tables",
                kind.name, id.name,
            ),
            First::Id => format!(
                "Add `models.Index(fields=[\"{}\", \"{}\"])`, with AddIndexConcurrently on a large table: it serves lookups by the id \
                 alone and those by both",
                id.name, kind.name,
            ),
        })
        .evidence("table", model.table.clone());
    if !asked.is_empty() {
        finding = with_queries(finding, asked, "asked here");
    }
    if let [Some(one), Some(other)] = pair.map(|field| field.column.as_deref()) {
        let index = btree(table, [(one, SortOrder::Ascending), (other, SortOrder::Ascending)]);
        let compared: &[&str] = if first == First::Kind { &[one, other] } else { &[one] };
        finding.proposal = Some(implied(&index, compared, None));
    }
    finding.fix = add_index(facts, model, pair[0], &pair.map(|field| field.name.as_str())).map(|edits| Fix {
        title: if pair[0].db_index { "Add the index in place of the key's own" } else { "Add the index" }.to_owned(),
        applicability: Applicability::Unsafe,
        edits,
    });
    Some(finding)
}

/// Which `GenericRelation` reads the rows of an object, as the end of a sentence.
fn reader(facts: Facts, model: &Model, key: &PrivateField) -> Option<String> {
    let models = &facts.project.models;
    let points_here = |relation: &&PrivateField| {
        let target = relation.to_label.as_deref().and_then(|label| models.by_label(label));
        relation.content_type_field == key.content_type_field
            && relation.object_id_field == key.object_id_field
            && target.is_some_and(|target| target.id == model.id || target.proxy_for == Some(model.id))
    };
    models.all.iter().filter(|owner| !owner.abstract_).find_map(|owner| {
        let relation = owner.private_fields.iter().find(points_here)?;
        Some(format!("; `{}.{}` does, and so does deleting a {0}", owner.name, relation.name))
    })
}
