//! `inspect project`: settings, apps, versions, and what could not be understood.

use std::collections::BTreeMap;
use std::fmt::Write;

use pgwright_django::project::{App, Database, VersionSource};
use serde::Serialize;
use serde_json::Value as Json;

use super::value::to_json;
use super::{Open, json, unresolved};
use crate::cli::{FactFormat, InspectProjectArgs};
use crate::session::{Reading, Session};

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    root: &'a str,
    /// The configuration file in force.
    config: Option<&'a str>,
    django: Django<'a>,
    settings: Settings<'a>,
    apps: &'a [App],
    /// Python files read as the project's own.
    files: usize,
    /// The project's own models.
    models: usize,
    models_understood: usize,
    /// Rows to assume per model, from the configuration.
    assumed_rows: &'a BTreeMap<String, u64>,
    unresolved: Vec<Open<'a>>,
}

#[derive(Serialize)]
struct Django<'a> {
    version: String,
    source: &'a VersionSource,
}

#[derive(Serialize)]
struct Settings<'a> {
    modules: &'a [String],
    installed_apps: &'a [String],
    auth_user_model: &'a str,
    default_auto_field: &'a str,
    use_tz: Option<bool>,
    time_zone: Option<&'a str>,
    databases: &'a [Database],
    values: BTreeMap<&'a str, Json>,
}

pub(super) fn render(args: &InspectProjectArgs, session: &Session, reading: &Reading) -> String {
    let project = &reading.project;
    let (models_understood, models) = crate::check::understood(project);
    let settings = &project.settings;
    let document = Document {
        version: 1,
        root: project.root.as_str(),
        config: session.config.path.as_ref().map(|path| path.as_str()),
        django: Django {
            version: format!("{}.{}", project.django.major, project.django.minor),
            source: &project.django.source,
        },
        settings: Settings {
            modules: &settings.modules,
            installed_apps: &settings.installed_apps,
            auth_user_model: &settings.auth_user_model,
            default_auto_field: &settings.default_auto_field,
            use_tz: settings.use_tz,
            time_zone: settings.time_zone.as_deref(),
            databases: &settings.databases,
            values: settings.values.iter().map(|(name, value)| (name.as_str(), shown(name, to_json(value)))).collect(),
        },
        apps: &project.apps,
        files: project.file_count,
        models,
        models_understood,
        assumed_rows: &session.config.assumed_rows,
        unresolved: unresolved(session, &reading.files, &project.unresolved),
    };
    match args.format {
        FactFormat::Json => json(&document),
        FactFormat::Text => to_text(&document),
    }
}

/// Output ends up in logs: what is named like a secret is not repeated.
fn shown(name: &str, value: Json) -> Json {
    let is_secret = ["SECRET", "PASSWORD", "TOKEN", "API_KEY", "PRIVATE_KEY", "CREDENTIAL"]
        .iter()
        .any(|word| name.to_ascii_uppercase().contains(word));
    match value {
        Json::String(_) if is_secret => Json::String("…".to_owned()),
        Json::Object(items) => {
            Json::Object(items.into_iter().map(|(key, value)| (key.clone(), shown(&key, value))).collect())
        }
        Json::Array(items) => Json::Array(items.into_iter().map(|item| shown(name, item)).collect()),
        value => value,
    }
}

fn to_text(document: &Document) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        if !value.is_empty() {
            let _ = writeln!(text, "{name:20} {value}");
        }
    };
    let source = match document.django.source {
        VersionSource::Given => "given".to_owned(),
        VersionSource::Installed => "installed".to_owned(),
        VersionSource::Declared(path) => format!("declared in {path}"),
        VersionSource::Assumed => "assumed".to_owned(),
    };
    line("root", document.root.to_owned());
    line("configuration", document.config.unwrap_or_default().to_owned());
    line("Django", format!("{} ({source})", document.django.version));
    line("settings", document.settings.modules.join(", "));
    line("user model", document.settings.auth_user_model.to_owned());
    line("automatic field", document.settings.default_auto_field.to_owned());
    for database in document.settings.databases {
        line("database", format!("{} {}", database.alias, database.engine.as_deref().unwrap_or("?")));
    }
    let own: Vec<&str> = document.apps.iter().filter(|app| app.own).map(|app| app.label.as_str()).collect();
    line("own apps", own.join(", "));
    let others: Vec<&str> = document.apps.iter().filter(|app| !app.own).map(|app| app.label.as_str()).collect();
    line("other apps", others.join(", "));
    line("Python files", document.files.to_string());
    line("models", format!("{} ({} understood)", document.models, document.models_understood));
    for open in &document.unresolved {
        line("not understood", format!("{}: {}", open.subject, open.reason));
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn secrets_are_not_repeated() {
        assert_eq!(super::shown("SECRET_KEY", json!("abc")), json!("…"));
        let databases = json!({ "default": { "NAME": "shop", "PASSWORD": "abc" } });
        let expected = json!({ "default": { "NAME": "shop", "PASSWORD": "…" } });
        assert_eq!(super::shown("DATABASES", databases), expected);
    }
}
