//! Installed apps: `AppConfig`s as Django makes them, and the import of their models.

use camino::{Utf8Path, Utf8PathBuf};
use pgwright_python::Evaluator;
use pgwright_python::modules::ModuleOrigin;
use pgwright_python::value::{ClassId, ModuleId, Name, Value};

use crate::discovery::Layout;
use crate::project::{App, Project, Unresolved};
use crate::request::ReadRequest;

/// An app with what evaluation knows of it.
#[derive(Debug)]
pub(crate) struct LoadedApp {
    pub(crate) app: App,
    /// The app's package, when its source is known.
    pub(crate) package: Option<ModuleId>,
    /// Its `AppConfig` class when the app declares one.
    pub(crate) config: Option<ClassId>,
}

pub(crate) fn load(
    evaluator: &mut Evaluator<'_>,
    project: &mut Project,
    layout: &Layout,
    request: &ReadRequest,
) -> Vec<LoadedApp> {
    let entries: Vec<String> = if project.settings.installed_apps.is_empty() {
        let mut entries: Vec<String> =
            ["django.contrib.contenttypes", "django.contrib.auth"].map(str::to_owned).to_vec();
        entries.extend(packages_with_models(request, layout));
        entries
    } else {
        project.settings.installed_apps.clone()
    };
    let mut apps: Vec<LoadedApp> = Vec::new();
    for entry in &entries {
        let Some(loaded) = load_one(evaluator, entry, &project.settings.default_auto_field) else {
            project.unresolved.push(Unresolved {
                subject: entry.clone(),
                reason: "an installed app whose source was not found (`--python` names site-packages)".to_owned(),
                site: None,
            });
            continue;
        };
        if apps.iter().any(|app| app.app.label == loaded.app.label) {
            continue;
        }
        register(evaluator, &loaded);
        apps.push(loaded);
    }
    apps
}

/// Without settings: every package that has models of its own.
fn packages_with_models(request: &ReadRequest, layout: &Layout) -> Vec<String> {
    let mut found = Vec::new();
    for path in &request.paths {
        let parent = path.parent();
        let package = match (path.file_name(), parent) {
            (Some("models.py"), Some(parent)) => parent,
            (Some("__init__.py"), Some(parent)) if parent.file_name() == Some("models") => match parent.parent() {
                Some(package) => package,
                None => continue,
            },
            _ => continue,
        };
        let init: Utf8PathBuf = package.join("__init__.py");
        let name = layout
            .import_roots
            .iter()
            .filter_map(|root| pgwright_python::modules::module_name(root, &init))
            .min_by_key(String::len);
        if let Some(name) = name
            && !found.contains(&name)
        {
            found.push(name);
        }
    }
    found.sort();
    found
}

fn load_one(evaluator: &mut Evaluator<'_>, entry: &str, default_auto_field: &str) -> Option<LoadedApp> {
    if let Some(package) = evaluator.import(entry) {
        let config = evaluator.import(&format!("{entry}.apps")).and_then(|module| config_class(evaluator, module));
        return Some(make(evaluator, entry, Some(package), config, default_auto_field));
    }
    // Apps of Django that have no models are not described.
    if entry.starts_with("django.") && !entry.contains(".apps.") {
        return Some(make(evaluator, entry, None, None, default_auto_field));
    }
    let (module, class) = entry.rsplit_once('.')?;
    let module = evaluator.import(module)?;
    let Some(Value::Class(config)) = evaluator.module_attribute(module, class) else { return None };
    let name = class_text(evaluator, config, "name")?;
    let package = evaluator.import(&name);
    Some(make(evaluator, &name, package, Some(config), default_auto_field))
}

/// The app's configuration as `AppConfig.create` chooses it: the only one, or the one marked as default.
fn config_class(evaluator: &mut Evaluator<'_>, module: ModuleId) -> Option<ClassId> {
    let base = evaluator.class_at("django.apps.config", "AppConfig")?;
    evaluator.ensure(module);
    let mut candidates: Vec<(ClassId, Option<bool>)> = Vec::new();
    for (_, value) in evaluator.module_names(module) {
        if let Value::Class(class) = value
            && class != base
            && evaluator.heap.is_subclass(class, base)
            && !candidates.iter().any(|(known, _)| *known == class)
        {
            let default = match evaluator.heap.find_in_class(class, "default") {
                Some((_, Value::Bool(default))) => Some(*default),
                _ => None,
            };
            candidates.push((class, default));
        }
    }
    let eligible: Vec<ClassId> =
        candidates.iter().filter(|(_, default)| *default != Some(false)).map(|(class, _)| *class).collect();
    if let [only] = eligible.as_slice() {
        return Some(*only);
    }
    let marked: Vec<ClassId> =
        candidates.iter().filter(|(_, default)| *default == Some(true)).map(|(class, _)| *class).collect();
    match marked.as_slice() {
        [only] => Some(*only),
        _ => None,
    }
}

fn class_text(evaluator: &mut Evaluator<'_>, class: ClassId, name: &str) -> Option<String> {
    match evaluator.attribute(&Value::Class(class), name) {
        Ok(Some(Value::Str(text))) => Some(text.to_string()),
        _ => None,
    }
}

fn make(
    evaluator: &mut Evaluator<'_>,
    name: &str,
    package: Option<ModuleId>,
    config: Option<ClassId>,
    default_auto_field: &str,
) -> LoadedApp {
    let name = config.and_then(|config| class_text(evaluator, config, "name")).unwrap_or_else(|| name.to_owned());
    let label = config
        .and_then(|config| class_text(evaluator, config, "label"))
        .unwrap_or_else(|| name.rsplit('.').next().unwrap_or(&name).to_owned());
    let auto_field = config
        .and_then(|config| class_text(evaluator, config, "default_auto_field"))
        .unwrap_or_else(|| default_auto_field.to_owned());
    let package = evaluator.import(&name).or(package);
    let own = package.is_some_and(|package| evaluator.module(package).origin == ModuleOrigin::Project);
    let path = package
        .and_then(|package| {
            evaluator.module(package).path.as_deref().and_then(Utf8Path::parent).map(Utf8Path::to_owned)
        })
        .unwrap_or_default();
    LoadedApp { app: App { label, name, path, own, default_auto_field: auto_field }, package, config }
}

/// Makes the app seen in `django.apps.apps`.
fn register(evaluator: &mut Evaluator<'_>, loaded: &LoadedApp) {
    let Some(base) = evaluator.class_at("django.apps.config", "AppConfig") else { return };
    let class = loaded.config.unwrap_or(base);
    let module = loaded.package.map_or(Value::None, Value::Module);
    let name = Value::str(loaded.app.name.as_str());
    evaluator.refuel();
    let Ok(instance @ Value::Instance(id)) = evaluator.call(&Value::Class(class), vec![name, module], Vec::new(), None)
    else {
        return;
    };
    if let Some(object) = evaluator.heap.instance_mut(id) {
        for (key, value) in [("label", &loaded.app.label), ("name", &loaded.app.name)] {
            object.attributes.insert(Name::new(key), Value::str(value.as_str()));
        }
    }
    let Some(registry) = evaluator.import("django.apps.registry") else { return };
    let Some(apps) = evaluator.module_attribute(registry, "apps") else { return };
    if let Ok(Some(configs)) = evaluator.attribute(&apps, "app_configs") {
        evaluator.set_item(&configs, &Value::str(loaded.app.label.as_str()), instance);
    }
}

/// Imports `models` of every app in order, as `Apps.populate` does, then what `ready()` imports.
pub(crate) fn import_models(evaluator: &mut Evaluator<'_>, apps: &[LoadedApp]) {
    for app in apps {
        evaluator.import_and_run(&format!("{}.models", app.app.name));
        if let Some(module) = evaluator.import(&format!("{}.models", app.app.name)) {
            evaluator.ensure(module);
        }
    }
    for app in apps.iter().filter(|app| app.app.own) {
        if let Some(config) = app.config {
            evaluator.run_imports_of(config, "ready");
        }
    }
}

/// The app a module belongs to: the one with the longest name that contains it.
pub(crate) fn containing<'l>(apps: &'l [LoadedApp], module: &str) -> Option<&'l LoadedApp> {
    apps.iter()
        .filter(|app| {
            module == app.app.name
                || module.strip_prefix(app.app.name.as_str()).is_some_and(|rest| rest.starts_with('.'))
        })
        .max_by_key(|app| app.app.name.len())
}
