//! Settings, by evaluating the settings module as far as source allows.

use std::sync::Arc;

use pgwright_python::Evaluator;
use pgwright_python::value::{Name, Value};

use crate::convert::to_value;
use crate::discovery::Layout;
use crate::project::{Database, DjangoVersion, Settings, Unresolved};
use crate::request::ReadRequest;

pub(crate) fn evaluate(
    evaluator: &mut Evaluator<'_>,
    request: &ReadRequest,
    layout: &Layout,
    django: &DjangoVersion,
    unresolved: &mut Vec<Unresolved>,
) -> Settings {
    let candidates: Vec<String> = match &request.settings {
        Some(name) => vec![name.clone()],
        None => layout.settings.clone(),
    };
    let mut settings = Settings {
        auth_user_model: "auth.User".to_owned(),
        default_auto_field: if django.at_least(6, 0) {
            "django.db.models.BigAutoField".to_owned()
        } else {
            "django.db.models.AutoField".to_owned()
        },
        ..Settings::default()
    };
    let mut names: Vec<(Name, Value)> = Vec::new();
    for candidate in candidates {
        let Some(module) = evaluator.import(&candidate) else {
            if request.settings.is_some() {
                unresolved.push(Unresolved {
                    subject: "settings".to_owned(),
                    reason: format!("the settings module `{candidate}` is not found on the project's path"),
                    site: None,
                });
            }
            continue;
        };
        evaluator.import_and_run(&candidate);
        evaluator.ensure(module);
        let found: Vec<(Name, Value)> = evaluator
            .module_names(module)
            .into_iter()
            .filter(|(name, _)| name.chars().next().is_some_and(char::is_uppercase))
            .collect();
        if found.iter().any(|(name, _)| name == "INSTALLED_APPS") || request.settings.is_some() {
            names = found;
            if request.settings.is_none() {
                unresolved.extend(others(layout, &candidate));
            }
            settings.modules = vec![candidate];
            break;
        }
    }
    let mut published = names.clone();
    for (name, value) in
        [("AUTH_USER_MODEL", &settings.auth_user_model), ("DEFAULT_AUTO_FIELD", &settings.default_auto_field)]
    {
        if !names.iter().any(|(known, _)| known == name) {
            published.push((Name::new_static(name), Value::str(value.as_str())));
        }
    }
    let complete =
        settings.modules.iter().all(|name| evaluator.import(name).is_none_or(|module| !evaluator.module(module).open));
    publish(evaluator, &published, complete);
    // Django's own abstract bases exist before any project's: columns are ordered by when fields were made.
    for module in ["django.contrib.contenttypes.models", "django.contrib.auth.models"] {
        if let Some(module) = evaluator.import(module) {
            evaluator.ensure(module);
        }
    }
    for (name, value) in &names {
        match (name.as_str(), value) {
            ("INSTALLED_APPS", _) => settings.installed_apps = installed(evaluator, value, unresolved),
            ("AUTH_USER_MODEL", Value::Str(model)) => settings.auth_user_model = model.to_string(),
            ("DEFAULT_AUTO_FIELD", Value::Str(path)) => settings.default_auto_field = path.to_string(),
            ("USE_TZ", Value::Bool(use_tz)) => settings.use_tz = Some(*use_tz),
            ("TIME_ZONE", Value::Str(zone)) => settings.time_zone = Some(zone.to_string()),
            ("DATABASES", _) => settings.databases = databases(evaluator, value),
            // Values of secrets have no place in output.
            _ if is_secret(name) => {}
            _ => settings.values.push((name.to_string(), to_value(evaluator, value, 0))),
        }
    }
    settings
}

/// Said when the choice was not the project's own: several projects in one repository, or several settings that no
/// `manage.py` names.
fn others(layout: &Layout, chosen: &str) -> Option<Unresolved> {
    let rivals = if layout.named == 0 { layout.settings.len() } else { layout.named };
    let others: Vec<&str> =
        layout.settings.iter().take(rivals).map(String::as_str).filter(|name| *name != chosen).collect();
    (!others.is_empty()).then(|| Unresolved {
        subject: "settings".to_owned(),
        reason: format!("`{chosen}` is read, not {} (`--settings` names another)", others.join(", ")),
        site: None,
    })
}

/// Makes the settings seen as `django.conf.settings`.
fn publish(evaluator: &mut Evaluator<'_>, names: &[(Name, Value)], complete: bool) {
    let Some(module) = evaluator.import("django.conf") else { return };
    let Some(Value::Instance(object)) = evaluator.module_attribute(module, "settings") else { return };
    evaluator.set_module_name(module, "_complete", Value::Bool(complete));
    for (name, value) in names {
        if let Some(instance) = evaluator.heap.instance_mut(object) {
            instance.attributes.insert(name.clone(), value.clone());
        }
    }
}

fn installed(evaluator: &mut Evaluator<'_>, value: &Value, unresolved: &mut Vec<Unresolved>) -> Vec<String> {
    let Some(items) = evaluator.iterate(value) else {
        unresolved.push(Unresolved {
            subject: "settings".to_owned(),
            reason: "INSTALLED_APPS is not known from source".to_owned(),
            site: None,
        });
        return Vec::new();
    };
    let mut apps: Vec<String> = Vec::new();
    let mut reasons: Vec<Arc<str>> = Vec::new();
    for item in items {
        match item {
            Value::Str(app) if !apps.iter().any(|known| **known == *app) => apps.push(app.to_string()),
            Value::Unknown(reason) if !reasons.contains(&reason) => reasons.push(reason),
            _ => {}
        }
    }
    for reason in reasons {
        unresolved.push(Unresolved {
            subject: "settings".to_owned(),
            reason: format!("an entry of INSTALLED_APPS is not known: {reason}"),
            site: None,
        });
    }
    apps
}

fn databases(evaluator: &mut Evaluator<'_>, value: &Value) -> Vec<Database> {
    let Value::Dict(id) = value else { return Vec::new() };
    let entries = evaluator.heap.dict_of(*id).map(|dict| dict.entries.clone()).unwrap_or_default();
    let mut databases = Vec::new();
    for (key, value) in entries.into_values() {
        let (Value::Str(alias), Value::Dict(options)) = (&key, &value) else { continue };
        let engine = match evaluator.heap.dict_get(*options, "ENGINE") {
            Some(Value::Str(engine)) => Some(engine.to_string()),
            _ => None,
        };
        let atomic_requests = match evaluator.heap.dict_get(*options, "ATOMIC_REQUESTS") {
            Some(Value::Bool(atomic)) => Some(*atomic),
            _ => None,
        };
        let server_options = match evaluator.heap.dict_get(*options, "OPTIONS") {
            Some(Value::Dict(options)) => match evaluator.heap.dict_get(*options, "options") {
                Some(Value::Str(text)) => Some(text.to_string()),
                _ => None,
            },
            _ => None,
        };
        databases.push(Database { alias: alias.to_string(), engine, atomic_requests, server_options });
    }
    databases
}

fn is_secret(name: &str) -> bool {
    ["SECRET", "PASSWORD", "TOKEN", "KEY", "CREDENTIAL", "DSN"].iter().any(|part| name.contains(part))
}
