//! Keys that end at 2,147,483,647.

use std::collections::{BTreeMap, BTreeSet};

use pgwright_diagnostics::{Applicability, Diagnostic, Edit, Files, Fix, Severity, Span};
use pgwright_django::model::{Field, Model, Origin};
use pgwright_django::project::App;

use crate::edits::quote_of;
use crate::headline::fitting;
use crate::tables::is_of_tests;
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "integer-primary-key",
    summary: "tables whose automatic keys are 32-bit integers",
    docs: include_str!("integer_primary_key.md"),
    group: Group::Schema,
    severity: Severity::Note,
    check: Check::Project(check),
};

/// What one change would widen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Cause {
    Setting,
    App(String),
    /// `id = AutoField(primary_key=True)` in the models of an app.
    Declared(String),
}

fn check(facts: Facts, found: &mut Vec<Diagnostic>) {
    let project = facts.project;
    let mut groups: BTreeMap<Cause, Vec<(&Model, &Field)>> = BTreeMap::new();
    let is_set_narrow = is_narrow_class(&project.settings.default_auto_field);
    let configured: BTreeSet<&str> = project
        .apps
        .iter()
        .filter(|app| app.own && config_line(facts.files, app).is_some())
        .map(|app| app.label.as_str())
        .collect();
    for model in project.models.own_tables().filter(|model| !is_of_tests(model)) {
        let is_through = matches!(model.origin, Origin::AutomaticThrough { .. });
        let is_narrow = |key: &&Field| key.local && if is_through { is_set_narrow } else { is_narrow(key) };
        let Some(key) = model.primary_key().filter(is_narrow) else { continue };
        let Some(app) = project.apps.iter().find(|app| app.label == model.app_label && app.own) else { continue };
        // Migrations make these tables without looking at the AppConfig (`AppConfigStub` in django/db/migrations/state.py).
        let cause = if is_through { Cause::Setting } else { cause(facts, app, key, &configured) };
        groups.entry(cause).or_default().push((model, key));
    }
    for (cause, members) in groups {
        // Without settings it is the projects that use the app who choose.
        if cause == Cause::Setting && project.settings.modules.is_empty() {
            continue;
        }
        found.extend(finding(facts, &cause, &members));
    }
}

fn is_narrow(key: &Field) -> bool {
    key.relation.is_none() && matches!(key.internal_type.as_str(), "AutoField" | "SmallAutoField")
}

fn is_narrow_class(path: &str) -> bool {
    matches!(path.rsplit('.').next(), Some("AutoField" | "SmallAutoField"))
}

fn cause(facts: Facts, app: &App, key: &Field, configured: &BTreeSet<&str>) -> Cause {
    if !key.auto_created {
        Cause::Declared(app.label.clone())
    } else if app.default_auto_field != facts.project.settings.default_auto_field
        || configured.contains(app.label.as_str())
    {
        Cause::App(app.label.clone())
    } else {
        Cause::Setting
    }
}

fn finding(facts: Facts, cause: &Cause, members: &[(&Model, &Field)]) -> Option<Diagnostic> {
    let project = facts.project;
    let (owned, through): (Vec<_>, Vec<_>) =
        members.iter().partition(|(model, _)| !matches!(model.origin, Origin::AutomaticThrough { .. }));
    let count = counted(owned.len(), through.len());
    let line = match cause {
        Cause::Setting => setting_line(facts),
        Cause::App(label) => {
            project.apps.iter().find(|app| app.label == *label).and_then(|app| config_line(facts.files, app))
        }
        Cause::Declared(_) => None,
    };
    let place = match (cause, &line) {
        (_, Some(line)) => line.statement,
        (Cause::Declared(_), None) => owned.iter().find_map(|(_, key)| Some(key.site.as_ref()?.name))?,
        _ => owned.iter().chain(&through).find_map(|(model, _)| site_of(facts, model))?,
    };
    let headline = match cause {
        Cause::Setting => format!("DEFAULT_AUTO_FIELD gives 32-bit keys to {count}"),
        Cause::App(label) => format!("the app `{label}` has 32-bit keys in {count}"),
        Cause::Declared(label) => format!("the app `{label}` declares 32-bit keys in {count}"),
    };
    let headline = fitting(&[headline, format!("32-bit keys in {count}")]);
    let help = match cause {
        Cause::Setting if line.is_none() => {
            "Set `DEFAULT_AUTO_FIELD = \"django.db.models.BigAutoField\"`, and widen the tables that grow before they are large"
        }
        Cause::Setting | Cause::App(_) => {
            "Set it to `django.db.models.BigAutoField`, and widen the tables that grow before they are large; keep the others \
             by `id = models.AutoField(primary_key=True)`"
        }
        Cause::Declared(_) => "Declare `BigAutoField` where the table can grow",
    };
    let mut finding = RULE
        .at(place, headline)
        .why(
            "At row 2,147,483,647 (32,767 for SmallAutoField) every INSERT fails, also when most rows were deleted; widening to \
             bigint then rewrites the table and each table that references it under AccessExclusiveLock",
        )
        .help(help)
        .evidence("tables", members.iter().map(|(model, _)| model.table.as_str()).collect::<Vec<_>>().join(", "));
    for (model, key) in owned.iter().take(SHOWN) {
        let site = match cause {
            Cause::Declared(_) => key.site.as_ref().map(|site| site.name),
            _ => model.site.as_ref().map(|site| site.name),
        };
        if let Some(site) = site.filter(|site| *site != place) {
            finding = finding.related(site, format!("`{}`", model.table));
        }
    }
    finding.fix = line.map(|line| Fix {
        title: "Set `BigAutoField`".to_owned(),
        applicability: Applicability::Unsafe,
        edits: vec![Edit::replace(line.value, line.text)],
    });
    Some(finding)
}

/// The class; of a many-to-many table the field.
fn site_of(facts: Facts, model: &Model) -> Option<Span> {
    match &model.origin {
        Origin::AutomaticThrough { of, field, .. } => {
            let field = facts.project.models.get(*of).field(field)?;
            Some(field.site.as_ref()?.name)
        }
        _ => Some(model.site.as_ref()?.name),
    }
}

/// Related places shown; all tables are in the evidence.
const SHOWN: usize = 5;

fn counted(models: usize, through: usize) -> String {
    let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    match (models, through) {
        (_, 0) => plural(models, "table"),
        (0, _) => plural(through, "many-to-many table"),
        _ => format!("{} and {}", plural(models, "table"), plural(through, "many-to-many table")),
    }
}

/// Where the default is written.
struct Line {
    statement: Span,
    value: Span,
    /// The value that the fix writes.
    text: String,
}

fn config_line(files: &Files, app: &App) -> Option<Line> {
    // Texts are compared first because that is quick, and there are many files.
    let inside = |path: &camino::Utf8Path| {
        path.as_str().starts_with(app.path.as_str()) && path.parent() == Some(app.path.as_path())
    };
    assignment(files, inside, "default_auto_field")
}

fn setting_line(facts: Facts) -> Option<Line> {
    facts.project.settings.modules.iter().find_map(|module| {
        let path = module.replace('.', "/");
        let (file, package) = (format!("{path}.py"), format!("{path}/__init__.py"));
        let last = file.rsplit('/').next().unwrap_or_default();
        let may_be = |path: &str| path.ends_with(last) || path.ends_with("__init__.py");
        let wanted =
            |path: &camino::Utf8Path| may_be(path.as_str()) && (path.ends_with(&file) || path.ends_with(&package));
        assignment(facts.files, wanted, "DEFAULT_AUTO_FIELD")
    })
}

/// The line `name = "….AutoField"` of the first such file.
fn assignment(files: &Files, wanted: impl Fn(&camino::Utf8Path) -> bool, name: &str) -> Option<Line> {
    for (id, file) in files.iter().filter(|(_, file)| wanted(&file.path)) {
        for number in 1..=file.line_count() {
            let line = file.line(number);
            let body = line.trim_start();
            let Some(value) = body.strip_prefix(name).and_then(|rest| rest.trim_start().strip_prefix('=')) else {
                continue;
            };
            let value = value.trim_start();
            let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
            let Some(end) = quote.and_then(|quote| value.get(1..)?.find(quote)) else { continue };
            let text = value.get(1..=end).unwrap_or_default();
            if !text.ends_with(".AutoField") && !text.ends_with(".SmallAutoField") {
                continue;
            }
            let start = file.line_span(number).0;
            let from = start + (line.len() - value.len()) as u32;
            let to = from + end as u32 + 2;
            let quote = quote.unwrap_or_else(|| quote_of(file));
            return Some(Line {
                statement: Span::new(id, start + (line.len() - body.len()) as u32, to),
                value: Span::new(id, from, to),
                text: format!("{quote}django.db.models.BigAutoField{quote}"),
            });
        }
    }
    None
}
