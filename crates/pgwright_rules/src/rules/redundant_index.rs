//! Indexes that another one makes superfluous.

use std::collections::BTreeMap;

use pgwright_diagnostics::{Applicability, Diagnostic, Edit, Files, Fix, Severity, Span};
use pgwright_django::model::{Field, Model, RelationKind};
use pgwright_schema::{Index, IndexOrigin, Table};

use crate::edits::{add_keyword, meta_option, remove_keyword, remove_meta_entry, remove_option};
use crate::headline::fitting;
use crate::tables::{Access, Source, Tables, accesses};
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "redundant-index",
    summary: "an index whose every use another index serves as well",
    docs: include_str!("redundant_index.md"),
    group: Group::Indexes,
    severity: Severity::Warning,
    check: Check::Project(check),
};

/// One declaration, seen through every model that has it.
#[derive(Default)]
struct Seen {
    tables: usize,
    redundant: usize,
    first: Option<Diagnostic>,
}

fn check(facts: Facts, found: &mut Vec<Diagnostic>) {
    let tables = Tables::new(facts.project);
    let mut seen: BTreeMap<Span, Seen> = BTreeMap::new();
    for (model, table) in tables.models() {
        let all = accesses(model, table);
        for (position, access) in all.iter().enumerate() {
            let Some(span) = access.site(facts.files, model) else { continue };
            // What the foreign key itself and its `_like` index bring is one declaration, judged by its first.
            if matches!(access.source, Source::Like(_) | Source::PrimaryKey | Source::UniqueField(_)) {
                continue;
            }
            let entry = seen.entry(span).or_default();
            entry.tables += 1;
            let Some(cover) = needless(model, table, &all, position) else { continue };
            entry.redundant += 1;
            if entry.first.is_none() {
                entry.first = Some(finding(facts.files, model, access, cover, span));
            }
        }
    }
    // A base class's index must be superfluous in every table that inherits it.
    found.extend(seen.into_values().filter(|seen| seen.tables == seen.redundant).filter_map(|seen| seen.first));
}

/// The index because of which this one can go.
pub(super) fn needless<'a>(model: &Model, table: &Table, all: &'a [Access], position: usize) -> Option<&'a Access> {
    cover(all, position).filter(|_| all.get(position).is_some_and(|access| !keeps_something(model, table, access)))
}

/// The index that makes this one superfluous: an equal one that is kept rather, or a longer one.
fn cover(all: &[Access], position: usize) -> Option<&Access> {
    let access = all.get(position)?;
    let others = || all.iter().enumerate().filter(|(other, _)| *other != position);
    if access.unique {
        // Two equal constraints: the later one goes. A unique index is never replaced by one that is not.
        let same = |(other, cover): &(usize, &Access)| {
            *other < position
                && cover.unique
                && is_plain(access)
                && is_plain(cover)
                && cover.keys == access.keys
                && cover.include == access.include
                && cover.nulls_distinct == access.nulls_distinct
                && cover.deferrable == access.deferrable
        };
        return others().find(same).map(|(_, cover)| cover);
    }
    let is_same = |(_, cover): &(usize, &Access)| access.keys.len() == cover.keys.len() && access.is_covered_by(cover);
    let equal = others().find(|(other, cover)| is_same(&(*other, *cover)) && (*other < position || cover.unique));
    let longer = || {
        let covers =
            |(_, cover): &(usize, &Access)| cover.keys.len() > access.keys.len() && access.is_covered_by(cover);
        others().filter(covers).min_by_key(|(_, cover)| cover.keys.len())
    };
    equal.or_else(longer).map(|(_, cover)| cover)
}

fn is_plain(access: &Access) -> bool {
    access.predicate.is_none() && access.keys.iter().all(|key| key.as_column().is_some() && key.opclass.is_none())
}

/// A text field's `db_index` also brings the index for `startswith`, which nothing else replaces.
fn keeps_something(model: &Model, table: &Table, access: &Access) -> bool {
    let Source::Field(name) = &access.source else { return false };
    let is_like = |index: &Index| matches!(&index.origin, IndexOrigin::Like { field } if field == name);
    table.indexes.iter().any(is_like) && model.field(name).is_none_or(|field| field.relation.is_none())
}

fn finding(files: &Files, model: &Model, access: &Access, cover: &Access, span: Span) -> Diagnostic {
    let is_equal = access.keys.len() == cover.keys.len();
    let by = cover.phrase(model);
    let headline = match &access.source {
        Source::Field(name) if is_foreign_key(model.field(name)) => {
            let short = format!("`{}.{name}` is indexed twice", model.name);
            fitting(&[format!("the foreign key {short}"), short])
        }
        Source::Field(name) => format!("`{}.{name}` is indexed twice", model.name),
        Source::UniqueTogether(_) | Source::Constraint(_) => {
            format!("`{}` declares one uniqueness twice", model.name)
        }
        _ if is_equal => format!("`{}` has an index twice", model.name),
        _ => format!("an index of `{}` is the beginning of another", model.name),
    };
    let why = if is_equal {
        format!(
            "`{}` holds what {by} holds: every INSERT and most UPDATEs write both, and both take disk and cache",
            access.name
        )
    } else {
        format!(
            "{} starts with the same {}: it serves the same lookups, joins and cascades, and every INSERT writes both",
            capital(&by),
            if access.keys.len() == 1 { "column" } else { "columns" },
        )
    };
    let mut finding = RULE.at(span, headline).why(why).help(help(model, access)).evidence("index", access.name.clone());
    finding = finding.evidence("covered_by", cover.name.clone());
    if let Some(other) = cover.site(files, model).filter(|other| *other != span) {
        finding = finding.related(other, format!("{by} is kept"));
    }
    let is_implicit = matches!(&access.source, Source::Field(name) if is_foreign_key(model.field(name)));
    finding.severity = if is_implicit { Severity::Note } else { Severity::Warning };
    let applicability = if is_equal && !access.unique { Applicability::Safe } else { Applicability::Unsafe };
    finding.fix =
        edits(files, model, access).map(|(title, edits)| Fix { title: title.to_owned(), applicability, edits });
    finding
}

fn is_foreign_key(field: Option<&Field>) -> bool {
    field.and_then(|field| field.relation.as_ref()).is_some_and(|relation| relation.kind == RelationKind::ForeignKey)
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

fn help(model: &Model, access: &Access) -> String {
    let how = match &access.source {
        Source::Field(name) if !is_foreign_key(model.field(name)) => {
            "Remove `db_index=True`; on a busy table run DROP INDEX CONCURRENTLY in SeparateDatabaseAndState, because AlterField \
             waits for and takes AccessExclusiveLock, which blocks reads and writes"
        }
        Source::Field(_) => {
            "Set `db_index=False`; on a large table run DROP INDEX CONCURRENTLY in SeparateDatabaseAndState instead of \
             AlterField, which checks the foreign key anew under AccessExclusiveLock on both tables"
        }
        Source::UniqueTogether(_) | Source::Constraint(_) => "Keep one of the two",
        _ => {
            "Remove it; on a busy table use RemoveIndexConcurrently, because RemoveIndex waits for and takes \
             AccessExclusiveLock, which blocks reads and writes"
        }
    };
    how.to_owned()
}

fn edits(files: &Files, model: &Model, access: &Access) -> Option<(&'static str, Vec<Edit>)> {
    let class = model.site.as_ref()?;
    match &access.source {
        Source::Index(position) => {
            let entry = model.indexes.get(*position)?.site?;
            Some(("Remove the index", remove_meta_entry(files, class, "indexes", entry)?))
        }
        Source::Constraint(position) => {
            let entry = model.constraints.get(*position)?.site?;
            Some(("Remove the constraint", remove_meta_entry(files, class, "constraints", entry)?))
        }
        Source::UniqueTogether(_) | Source::IndexTogether(_) => {
            let (name, groups) = match &access.source {
                Source::UniqueTogether(_) => ("unique_together", model.unique_together.len()),
                _ => ("index_together", model.index_together.len()),
            };
            let option = meta_option(class, name)?;
            let title = "Remove the group of fields";
            if groups == 1 {
                return Some((title, remove_option(files, class, option)?));
            }
            let entry = access.site(files, model).filter(|entry| *entry != option.value)?;
            Some((title, remove_meta_entry(files, class, name, entry)?))
        }
        Source::Field(name) => {
            let site = model.field(name)?.site.as_ref()?;
            if is_foreign_key(model.field(name)) && site.keyword("db_index").is_none() {
                return Some(("Set `db_index=False`", add_keyword(files, site, "db_index=False")?));
            }
            let keyword = site.keyword("db_index").filter(|keyword| files.text(keyword.value) == "True")?;
            if is_foreign_key(model.field(name)) {
                return Some(("Set `db_index=False`", vec![Edit::replace(keyword.value, "False")]));
            }
            Some(("Remove `db_index=True`", remove_keyword(files, site, "db_index")?))
        }
        Source::PrimaryKey | Source::UniqueField(_) | Source::Like(_) => None,
    }
}
