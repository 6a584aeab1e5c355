//! From migration modules to plain data.

use camino::{Utf8Path, Utf8PathBuf};
use pgwright_diagnostics::Span;
use pgwright_python::Evaluator;
use pgwright_python::modules::ModuleOrigin;
use pgwright_python::value::{ClassId, ModuleId, Value as Evaluated, span};
use rustc_hash::FxHashMap;

use super::operation::Step;
use super::{History, evaluate, graph, replay};
use crate::apps::LoadedApp;
use crate::model::Value;
use crate::models;
use crate::project::{Project, Unresolved};
use crate::request::ReadRequest;

/// A migration as its module says.
#[derive(Debug)]
pub(super) struct Declared {
    pub(super) app: String,
    pub(super) name: String,
    pub(super) site: Option<Span>,
    pub(super) own: bool,
    pub(super) atomic: bool,
    pub(super) dependencies: Vec<(String, String)>,
    pub(super) run_before: Vec<(String, String)>,
    pub(super) replaces: Vec<(String, String)>,
    pub(super) steps: Vec<Step>,
}

/// Reads and replays the migrations of every installed app. `classes` are those of the models, by their id.
pub(crate) fn read(
    evaluator: &mut Evaluator<'_>,
    request: &ReadRequest,
    apps: &[LoadedApp],
    project: &Project,
    classes: &[ClassId],
) -> History {
    let Some(context) = models::reading_context(evaluator, apps, &project.settings, &project.models, classes) else {
        return History::default();
    };
    let Some(base) = evaluator.class_at("django.db.migrations.migration", "Migration") else {
        return History::default();
    };
    let mut declared = Vec::new();
    let mut unresolved = Vec::new();
    for app in apps {
        for (name, module) in modules(evaluator, request, project, app) {
            let Some(id) = evaluator.import_and_run(&module) else { continue };
            evaluator.ensure(id);
            match migration_class(evaluator, id, base) {
                Some(class) => declared.push(declare(evaluator, &context, app, &name, class)),
                None => unresolved.push(Unresolved {
                    subject: format!("{}.{name}", app.app.label),
                    reason: "no class `Migration` was found in it".to_owned(),
                    site: None,
                }),
            }
        }
    }
    let graph = graph::order(declared);
    replay::replay(project, graph, unresolved)
}

/// The migration modules of an app: name and dotted path, sorted by name.
fn modules(
    evaluator: &mut Evaluator<'_>,
    request: &ReadRequest,
    project: &Project,
    app: &LoadedApp,
) -> Vec<(String, String)> {
    let stated = project.settings.values.iter().find(|(name, _)| name == "MIGRATION_MODULES");
    let package = match stated {
        Some((_, Value::Dict(entries))) => {
            match entries.iter().find(|(key, _)| key.as_str() == Some(&app.app.label)) {
                Some((_, Value::Str(module))) => module.clone(),
                // `None`: the app is to be treated as one without migrations.
                Some(_) => return Vec::new(),
                None => format!("{}.migrations", app.app.name),
            }
        }
        _ => format!("{}.migrations", app.app.name),
    };
    let Some(id) = evaluator.import(&package) else { return Vec::new() };
    if evaluator.module(id).origin == ModuleOrigin::Described {
        return Vec::new();
    }
    let folder = match &evaluator.module(id).path {
        Some(path) => path.parent().map(Utf8Path::to_owned).unwrap_or_default(),
        // Without `__init__.py` Django sees no migrations, but for an app that is given by name alone.
        None => return Vec::new(),
    };
    let own = evaluator.module(id).origin == ModuleOrigin::Project;
    let files: Vec<Utf8PathBuf> = if own {
        request.paths.iter().filter(|path| path.parent() == Some(&*folder)).cloned().collect()
    } else {
        evaluator.host().list(&folder)
    };
    let mut names: Vec<String> = files
        .iter()
        .filter(|path| path.extension() == Some("py"))
        .filter_map(|path| path.file_stem())
        .filter(|name| !name.starts_with(['_', '~']))
        .map(str::to_owned)
        .collect();
    names.sort();
    names.dedup();
    names.into_iter().map(|name| (name.clone(), format!("{package}.{name}"))).collect()
}

fn migration_class(evaluator: &mut Evaluator<'_>, module: ModuleId, base: ClassId) -> Option<ClassId> {
    match evaluator.module_attribute(module, "Migration")? {
        Evaluated::Class(class) if evaluator.heap.is_subclass(class, base) => Some(class),
        _ => None,
    }
}

fn declare(
    evaluator: &mut Evaluator<'_>,
    context: &models::Context<'_>,
    app: &LoadedApp,
    name: &str,
    class: ClassId,
) -> Declared {
    let site = evaluator.heap.class(class).statement.map(|(file, statement)| span(file, statement.name.range));
    let own = evaluator.module(evaluator.heap.class(class).module).origin == ModuleOrigin::Project;
    let atomic = models::class_bool(evaluator, class, "atomic") != Some(false);
    let label = app.app.label.clone();
    let dependencies = keys(evaluator, class, "dependencies");
    let run_before = keys(evaluator, class, "run_before");
    let replaces = keys(evaluator, class, "replaces");
    let steps = evaluate::steps(evaluator, context, &label, class);
    Declared { app: label, name: name.to_owned(), site, own, atomic, dependencies, run_before, replaces, steps }
}

/// Pairs of app label and migration name.
fn keys(evaluator: &mut Evaluator<'_>, class: ClassId, name: &str) -> Vec<(String, String)> {
    let Some(value) = models::class_value(evaluator, class, name) else { return Vec::new() };
    let items = evaluator.iterate(&value).unwrap_or_default();
    let pair = |evaluator: &mut Evaluator<'_>, item: &Evaluated| {
        let parts = evaluator.iterate(item)?;
        let [app, name] = parts.as_slice() else { return None };
        Some((app.as_str()?.to_owned(), name.as_str()?.to_owned()))
    };
    items.iter().filter_map(|item| pair(evaluator, item)).collect()
}

/// Label to declared migrations' positions: what the graph looks dependencies up by.
pub(super) fn by_key(declared: &[Declared]) -> FxHashMap<(&str, &str), usize> {
    declared.iter().enumerate().map(|(at, one)| ((one.app.as_str(), one.name.as_str()), at)).collect()
}
