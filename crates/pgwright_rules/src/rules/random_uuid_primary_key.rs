//! Keys that are written all over their index.

use pgwright_diagnostics::{Confidence, Diagnostic, Severity, Span};
use pgwright_django::model::{Field, Model, Origin, Value};

use crate::declared::class_name;
use crate::tables::{is_declared_here, is_of_tests};
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "random-uuid-primary-key",
    summary: "primary keys that are random UUIDs",
    docs: include_str!("random_uuid_primary_key.md"),
    group: Group::Indexes,
    severity: Severity::Note,
    check: Check::Project(check),
};

/// Related places shown; all tables are in the evidence.
const SHOWN: usize = 5;

fn check(facts: Facts, found: &mut Vec<Diagnostic>) {
    let models = facts.project.models.own_tables().filter(|model| !is_of_tests(model));
    let members: Vec<(&Model, Span)> = models
        .filter(|model| !matches!(model.origin, Origin::AutomaticThrough { .. }))
        .filter_map(|model| Some((model, place(facts, model, model.primary_key().filter(|key| is_random(key))?)?)))
        .collect();
    found.extend(finding(facts, &members));
}

fn is_random(key: &Field) -> bool {
    let python = matches!(&key.default, Some(Value::Path(path)) if path == "uuid.uuid4");
    let database = matches!(&key.db_default, Some(Value::Call(call))
        if call.class.starts_with("django.") && matches!(class_name(&call.class), "RandomUUID" | "UUID4"));
    key.local && key.internal_type == "UUIDField" && (python || database)
}

/// The declaration, where the project has it; else the class that inherits it.
fn place(facts: Facts, model: &Model, key: &Field) -> Option<Span> {
    let class = model.site.as_ref()?.name;
    let Some(site) = key.site.as_ref() else { return Some(class) };
    // The project's own files are read before any other.
    let is_own = is_declared_here(model, key) || (site.name.file.0 as usize) < facts.project.file_count;
    Some(if is_own { site.name } else { class })
}

fn finding(facts: Facts, members: &[(&Model, Span)]) -> Option<Diagnostic> {
    let (_, first) = members.first()?;
    let headline = match members {
        [(model, _)] => format!("`{}` has random UUIDs as primary keys", model.name),
        several => format!("{} tables have random UUIDs as primary keys", several.len()),
    };
    let headline = crate::headline::fitting(&[headline, "a table has random UUIDs as primary keys".to_owned()]);
    let help = if facts.project.django.at_least(6, 1) {
        "For tables that grow use UUIDs of version 7, which rise with time: `db_default=UUID7()` on PostgreSQL 18, or \
         `default=uuid.uuid7` on Python 3.14. Rows that are there keep their keys"
    } else {
        "For tables that grow use UUIDs of version 7, which rise with time: `default=uuid.uuid7` on Python 3.14, or a \
         library's. Rows that are there keep their keys"
    };
    let mut finding = RULE
        .at(*first, headline)
        .confidence(Confidence::Likely)
        .why(
            "Each new key lands on another page of the index: once that is larger than the cache every INSERT reads a page, \
             and after each checkpoint writes it whole (8 KiB) to the WAL; foreign keys to the table repeat it",
        )
        .help(help)
        .evidence("tables", members.iter().map(|(model, _)| model.table.as_str()).collect::<Vec<_>>().join(", "));
    let mut shown = vec![*first];
    for (model, place) in members {
        if shown.len() <= SHOWN && !shown.contains(place) {
            shown.push(*place);
            finding = finding.related(*place, format!("`{}`", model.table));
        }
    }
    Some(finding)
}
