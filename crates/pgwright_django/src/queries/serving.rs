//! What answering requests depends on, as settings have it: where templates are.

use camino::{Utf8Path, Utf8PathBuf};
use pgwright_python::Evaluator;
use pgwright_python::modules::ModuleOrigin;
use pgwright_python::value::Value;

use crate::project::App;
use crate::templates::Templates;

/// Modules that rendering needs: read before the first trial, which would have to start again for each.
const NEEDED: &[&str] =
    &["django.template.base", "django.template.context", "django.template.defaultfilters", "django.template.response"];

/// The part of settings that answering a request depends on.
pub(crate) struct Serving<'a> {
    pub(crate) templates: Templates<'a>,
}

impl<'a> Serving<'a> {
    /// No templates.
    pub(crate) fn nothing(evaluator: &Evaluator<'a>) -> Serving<'a> {
        Serving { templates: Templates::new(evaluator.host(), Vec::new(), Vec::new()) }
    }

    pub(crate) fn of(evaluator: &mut Evaluator<'a>, apps: &[App]) -> Serving<'a> {
        for module in NEEDED {
            if let Some(module) = evaluator.import(module) {
                evaluator.ensure(module);
            }
        }
        Serving { templates: templates(evaluator, apps) }
    }
}

fn setting(evaluator: &mut Evaluator<'_>, name: &str) -> Option<Value> {
    let module = evaluator.import("django.conf")?;
    let Some(Value::Instance(settings)) = evaluator.module_attribute(module, "settings") else { return None };
    evaluator.heap.instance(settings)?.attributes.get(name).cloned()
}

/// The texts of a list; what is not known is left out.
fn texts(evaluator: &mut Evaluator<'_>, list: Option<&Value>) -> Vec<String> {
    let items = list.and_then(|list| evaluator.iterate(list)).unwrap_or_default();
    items.iter().filter_map(|item| evaluator.text_of(item)).collect()
}

fn templates<'a>(evaluator: &mut Evaluator<'a>, apps: &[App]) -> Templates<'a> {
    let engines = setting(evaluator, "TEMPLATES").and_then(|value| evaluator.iterate(&value)).unwrap_or_default();
    let mut folders: Vec<Utf8PathBuf> = Vec::new();
    let mut builtins = Vec::new();
    let mut processors = Vec::new();
    let mut named = Vec::new();
    for engine in engines {
        let Value::Dict(engine) = engine else { continue };
        let entry = |name: &str, evaluator: &Evaluator<'a>| evaluator.heap.dict_get(engine, name).cloned();
        let is_jinja = |backend: &str| backend.to_ascii_lowercase().contains("jinja");
        if entry("BACKEND", evaluator).is_some_and(|backend| backend.as_str().is_some_and(is_jinja)) {
            continue;
        }
        let own = entry("DIRS", evaluator);
        folders.extend(texts(evaluator, own.as_ref()).into_iter().map(Utf8PathBuf::from));
        let Some(Value::Dict(options)) = entry("OPTIONS", evaluator) else { continue };
        let option = |name: &str, evaluator: &Evaluator<'a>| evaluator.heap.dict_get(options, name).cloned();
        let value = option("builtins", evaluator);
        builtins.extend(texts(evaluator, value.as_ref()).into_iter().map(Box::from));
        let value = option("context_processors", evaluator);
        processors.extend(texts(evaluator, value.as_ref()).into_iter().map(Box::from));
        if let Some(Value::Dict(libraries)) = option("libraries", evaluator)
            && let Some(libraries) = evaluator.heap.dict_of(libraries)
        {
            named.extend(
                libraries
                    .entries
                    .values()
                    .filter_map(|(name, module)| Some((Box::from(name.as_str()?), Box::from(module.as_str()?)))),
            );
        }
    }
    let site_packages = evaluator.paths.site_packages.clone();
    let mut places: Vec<(String, Utf8PathBuf)> = apps
        .iter()
        .flat_map(|app| {
            // Django's own are described, which says nothing of where their folders are.
            let name = app.name.as_str();
            let found: Vec<Utf8PathBuf> = match app.path.as_str() {
                "" => site_packages.iter().map(|root| root.join(name.replace('.', "/"))).collect(),
                _ => vec![app.path.clone()],
            };
            found.into_iter().map(move |path| (name.to_owned(), path))
        })
        .collect();
    // Without settings every package of the project is taken as installed.
    if setting(evaluator, "INSTALLED_APPS").is_none() {
        let own = evaluator.modules.iter().filter(|module| module.origin == ModuleOrigin::Project && module.is_package);
        let found = own.filter_map(|module| {
            Some((module.name.to_string(), module.path.as_deref().and_then(Utf8Path::parent)?.to_owned()))
        });
        places.extend(found);
    }
    folders.extend(places.iter().map(|(_, path)| path.join("templates")));
    folders.retain(|folder| evaluator.host().is_dir(folder));
    let mut templates = Templates::new(evaluator.host(), folders, site_packages);
    for (name, path) in places.iter().filter(|(name, _)| !name.starts_with("django.")) {
        templates.add_libraries(name, path);
    }
    templates.libraries.extend(named);
    templates.builtins = builtins;
    templates.context_processors = processors;
    templates
}
