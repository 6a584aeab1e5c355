//! Names that PostgreSQL cuts off.

use std::collections::BTreeMap;

use pgwright_diagnostics::{Diagnostic, Severity, Span};
use pgwright_django::model::{Index, Model};
use pgwright_schema::names::{MAX_NAME_LENGTH, clip, split_identifier};
use pgwright_schema::{ConstraintKind, Placement, Table};

use crate::edits::meta_option;
use crate::headline::fitting;
use crate::tables::{Tables, field_of};
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "identifier-too-long",
    summary: "a name longer than PostgreSQL or Django keeps",
    docs: include_str!("identifier_too_long.md"),
    group: Group::Schema,
    severity: Severity::Warning,
    check: Check::Project(check),
};

/// The longest name of an entry of `Meta.indexes`: `Index.max_name_length`, and `PostgresIndex.max_name_length`, which adds
/// what the suffix has more than `idx`.
fn longest_index_name(index: &Index) -> usize {
    let suffix = if index.class.starts_with("django.contrib.postgres.") { index.method.len() } else { 3 };
    27 + suffix
}

/// A name in the catalogue with what owns it.
struct Name<'a> {
    text: &'a str,
    what: String,
    site: Option<Span>,
}

fn check(facts: Facts, found: &mut Vec<Diagnostic>) {
    let tables = Tables::new(facts.project);
    // Tables and indexes share one namespace per schema; constraints have one per table, columns too.
    let mut relations: BTreeMap<(String, String), Vec<Name>> = BTreeMap::new();
    for (model, table) in tables.models() {
        long_index_names(model, found);
        let namespace = split_identifier(&table.name).0.to_owned();
        for name in names_of_relations(model, table) {
            let key = (namespace.clone(), clip(name.text, MAX_NAME_LENGTH).to_owned());
            relations.entry(key).or_default().push(name);
        }
        let mut of_table: BTreeMap<(bool, &str), Vec<Name>> = BTreeMap::new();
        for column in &table.columns {
            let field = field_of(model, &column.name);
            let site = model.field(&field).and_then(|field| field.site.as_ref()).map(|site| site.name);
            let name = Name { text: &column.name, what: format!("the column of `{}.{field}`", model.name), site };
            of_table.entry((false, clip(&column.name, MAX_NAME_LENGTH))).or_default().push(name);
        }
        for constraint in table.constraints.iter().filter(|constraint| constraint.placement != Placement::Column) {
            if matches!(constraint.kind, ConstraintKind::Check { .. } | ConstraintKind::ForeignKey(_)) {
                let name = constraint_name(model, &constraint.name);
                of_table.entry((true, clip(&constraint.name, MAX_NAME_LENGTH))).or_default().push(name);
            }
        }
        of_table.into_values().for_each(|names| judge(&names, found));
    }
    relations.into_values().for_each(|names| judge(&names, found));
}

fn names_of_relations<'a>(model: &'a Model, table: &'a Table) -> Vec<Name<'a>> {
    let (_, text) = split_identifier(&table.name);
    let class = model.site.as_ref();
    let site = class.and_then(|class| meta_option(class, "db_table").map(|option| option.value).or(Some(class.name)));
    let mut names = vec![Name { text, what: format!("the table of `{}`", model.name), site }];
    for index in &table.indexes {
        let declared = model.indexes.iter().find(|declared| declared.name == index.name);
        let site = declared.and_then(|declared| declared.site);
        match site {
            Some(_) => names.push(Name { text: &index.name, what: format!("an index of `{}`", model.name), site }),
            None => names.push(constraint_name(model, &index.name)),
        }
    }
    for constraint in table.constraints.iter().filter(|constraint| constraint.placement != Placement::Column) {
        if matches!(constraint.kind, ConstraintKind::Unique { .. } | ConstraintKind::Exclusion(_)) {
            names.push(constraint_name(model, &constraint.name));
        }
    }
    names
}

fn constraint_name<'a>(model: &'a Model, name: &'a str) -> Name<'a> {
    let declared = model.constraints.iter().find(|declared| declared.name == name);
    let site = declared.and_then(|declared| declared.site).or(model.site.as_ref().map(|site| site.name));
    Name { text: name, what: format!("a constraint of `{}`", model.name), site }
}

/// Names that are one and the same to PostgreSQL.
fn judge(names: &[Name], found: &mut Vec<Diagnostic>) {
    let Some(first) = names.first() else { return };
    if names.iter().all(|name| name.text.len() <= MAX_NAME_LENGTH) {
        return;
    }
    let kept = clip(first.text, MAX_NAME_LENGTH);
    if let Some(second) = names.iter().find(|name| name.text != first.text) {
        let Some(site) = second.site.or(first.site) else { return };
        let mut finding = RULE
            .at(
                site,
                fitting(&[
                    format!("{} and {} get one name", first.what, second.what),
                    format!("{} shares its name in the database", second.what),
                    "two names are one in the database".to_owned(),
                ]),
            )
            .why(format!(
                "PostgreSQL keeps {MAX_NAME_LENGTH} bytes of a name, so both are `{kept}`: the migration fails"
            ))
            .help("Give one of them a shorter name");
        finding.severity = Severity::Error;
        if let Some(other) = first.site.filter(|other| *other != site) {
            finding = finding.related(other, "the other one");
        }
        found.push(finding);
        return;
    }
    let Some(site) = first.site else { return };
    let length = first.text.len();
    let finding = RULE
        .at(
            site,
            fitting(&[
                format!("the name of {} has {length} bytes, PostgreSQL keeps {MAX_NAME_LENGTH}", first.what),
                format!("{} has a name of {length} bytes", first.what),
                format!("a name of {length} bytes, of which PostgreSQL keeps {MAX_NAME_LENGTH}"),
            ]),
        )
        .why(format!(
            "It is cut to `{kept}` with nothing but a NOTICE: error messages, `pg_dump` and whoever looks for the name in the \
             catalogue know another one"
        ))
        .help("Shorten it; renaming takes AccessExclusiveLock for a moment and reads nothing");
    found.push(finding);
}

fn long_index_names(model: &Model, found: &mut Vec<Diagnostic>) {
    for index in &model.indexes {
        let length = index.name.chars().count();
        let longest = longest_index_name(index);
        let Some(site) = index.site.filter(|_| length > longest && length <= MAX_NAME_LENGTH) else { continue };
        // A class of the project's own may allow more.
        if !index.class.starts_with("django.") {
            continue;
        }
        let mut finding = RULE
            .at(site, format!("an index of `{}` has a name of {length} characters", model.name))
            .why(format!(
                "Django allows {longest}, because Oracle once did: `manage.py check` fails with models.E034, and with it \
                 `migrate`"
            ))
            .help("Shorten the name");
        finding.severity = Severity::Error;
        found.push(finding);
    }
}
