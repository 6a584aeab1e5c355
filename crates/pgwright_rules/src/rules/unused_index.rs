//! Indexes that no query of the code uses.

use pgwright_diagnostics::{Confidence, Diagnostic, Severity};
use pgwright_django::model::Model;

use super::redundant_index::needless;
use crate::headline::fitting;
use crate::mentions::{Mentions, Words};
use crate::tables::{Access, Source, Tables, accesses, is_declared_here};
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "unused-index",
    summary: "an index that no query of the code looks or sorts by",
    docs: include_str!("unused_index.md"),
    group: Group::Indexes,
    severity: Severity::Note,
    check: Check::Workload(check),
};

fn check(facts: Facts, found: &mut Vec<Diagnostic>) {
    let tables = Tables::new(facts.project);
    let schema = &facts.project.own_schema().schema;
    let (mentions, words) = (Mentions::of(facts), Words::of(facts));
    for (model, table) in tables.models().filter(|(model, _)| tables.is_whole(model)) {
        let Some(at) = schema.tables.iter().position(|other| other.name == table.name) else { continue };
        // A table that no known query names is one that was not understood.
        if !mentions.has_table(at) || is_asked_otherwise(facts, model, &words) {
            continue;
        }
        let all = accesses(model, table);
        for (position, access) in all.iter().enumerate() {
            let used = |column: &&str| match access.source {
                Source::Like(_) => mentions.has_prefix(at, column) || words.has_prefix(field_name(model, column)),
                _ => mentions.has(at, column) || words.has(field_name(model, column)),
            };
            let columns: Vec<&str> = access.keys.iter().flat_map(|key| key.expr.columns()).collect();
            let is_judged = matches!(access.source, Source::Field(_) | Source::Like(_) | Source::Index(_));
            if !is_judged
                || access.unique
                || columns.is_empty()
                || columns.iter().any(used)
                || is_of_keys(model, &columns)
                // `redundant-index` says more of it.
                || needless(model, table, &all, position).is_some()
            {
                continue;
            }
            found.extend(finding(facts, model, access));
        }
    }
}

/// Whether queries of the model are sent whose text is not known, or raw SQL may be one of them.
fn is_asked_otherwise(facts: Facts, model: &Model, words: &Words) -> bool {
    let queries = facts.project.workload.queries.iter().filter(|issued| issued.sql.is_err());
    words.in_sql(&model.table)
        || words.in_sql(&model.name)
        || queries.filter_map(|issued| issued.model).any(|other| other == model.id)
}

/// Foreign keys are looked up by deletions, and generic ones by those of what they name.
fn is_of_keys(model: &Model, columns: &[&str]) -> bool {
    let mut fields =
        model.fields.iter().filter(|field| field.column.as_deref().is_some_and(|name| columns.contains(&name)));
    let generic = |name: &str| {
        model.private_fields.iter().any(|key| key.object_id_field == name || key.content_type_field == name)
    };
    fields.any(|field| field.relation.is_some() || field.primary_key || generic(&field.name))
}

fn field_name<'a>(model: &'a Model, column: &'a str) -> &'a str {
    let field = model.fields.iter().find(|field| field.column.as_deref() == Some(column));
    field.map_or(column, |field| field.name.as_str())
}

fn finding(facts: Facts, model: &Model, access: &Access) -> Option<Diagnostic> {
    let site = access.site(facts.files, model)?;
    if let Source::Like(name) | Source::Field(name) = &access.source
        && !model.field(name).is_some_and(|field| is_declared_here(model, field))
    {
        return None;
    }
    let scans = facts.sizes.scans.get(&access.name).copied();
    if scans.is_some_and(|scans| scans > 0) {
        return None;
    }
    let columns: Vec<&str> = access.keys.iter().flat_map(|key| key.expr.columns()).collect();
    let names: Vec<&str> = columns.iter().map(|column| field_name(model, column)).collect();
    let listed = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let label = format!("{}.{}", model.name, names.first()?);
    let (wordings, why, help) = match &access.source {
        Source::Like(name) => (
            [
                format!("`{label}` has a second index for `startswith`, which nothing uses"),
                format!("`{name}` has a second index for `startswith`, which nothing uses"),
                "an index for `startswith` is used by nothing".to_owned(),
            ],
            format!(
                "Django adds `{}` to the index of every text field with `db_index` or `unique`: each INSERT writes both, and only `startswith` and \
                 `regex` need the second; no query of the code asks for them",
                access.name
            ),
            format!(
                "Declare the index in `Meta`, where Django adds none: `models.Index(fields=[\"{name}\"], name=…)` in place of `db_index=True`, or a \
                 `UniqueConstraint` in place of `unique=True`"
            ),
        ),
        _ => (
            [
                format!("no query of the code looks or sorts by {listed}, which is indexed"),
                format!("no query of the code uses the index of `{label}`"),
                "no query of the code uses an index".to_owned(),
            ],
            format!(
                "every INSERT writes an entry of `{}`, it takes memory and disk, and an UPDATE of its columns cannot be a heap-only one",
                access.name
            ),
            format!(
                "See in production whether anything else does (`SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = '{}'`, on replicas too), \
                 and remove it with `RemoveIndexConcurrently`",
                access.name
            ),
        ),
    };
    let mut finding = RULE.at(site, fitting(&wordings)).why(why).help(help).evidence("index", access.name.clone());
    match scans {
        Some(scans) => {
            finding.severity = Severity::Warning;
            finding = finding.evidence("scans", scans.to_string());
        }
        None => finding = finding.confidence(Confidence::Likely),
    }
    Some(finding)
}
