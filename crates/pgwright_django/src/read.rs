//! From files to a [`Project`]: the order in which Django itself would come to know a project.

use std::sync::{Arc, OnceLock};

use pgwright_diagnostics::{Diagnostic, File, Files, Severity, Span};
use pgwright_python::modules::SearchPaths;
use pgwright_python::value::Value;
use pgwright_python::{Evaluator, Host, ProjectFiles, Trees, decode};
use rayon::prelude::*;

use crate::described::{CLOSED, DESCRIBED};
use crate::project::{DjangoVersion, Project, Unresolved, VersionSource};
use crate::request::{Extent, ReadRequest};
use crate::{apps, discovery, extensions, migrations, models, queries, settings, usage};

/// Stack for evaluation, in bytes of address space: import chains of real projects are hundreds of modules deep, and trees of
/// generated code as deep as their authors' patience.
const STACK: usize = 1 << 29;

/// Reads a project. Never fails: what is wrong with it is in [`Project::diagnostics`] and [`Project::unresolved`].
pub fn read(request: &ReadRequest, host: &dyn Host) -> (Files, Project) {
    let mut files = Files::default();
    let mut diagnostics = Vec::new();
    let project_files = open_all(request, host, &mut files, &mut diagnostics);
    let (files, mut project) = std::thread::scope(|scope| {
        let thread = || std::thread::Builder::new().stack_size(STACK);
        // Evaluation runs on one thread. It begins at once; what it has not asked for yet is parsed beside it.
        for _ in 1..rayon::current_num_threads() {
            let _ = thread().spawn_scoped(scope, || project_files.parse_ahead());
        }
        let work = || understand(request, host, files.clone(), &project_files);
        match thread().spawn_scoped(scope, work) {
            Ok(worker) => worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            // No thread to be had: the caller's own stack has to do.
            Err(_) => work(),
        }
    });
    for source in project_files.all() {
        if let Some(error) = source.error() {
            diagnostics.push(plain(
                "syntax-error",
                pgwright_python::value::span(source.id, error.range),
                &error.message,
                "the rest of the file was read as far as it could be understood",
            ));
        }
    }
    diagnostics.sort_by_key(|diagnostic| diagnostic.primary.span.file);
    diagnostics.append(&mut project.diagnostics);
    project.diagnostics = diagnostics;
    // Freeing a million tree nodes takes longer than some of the analysis: nobody has to wait for it.
    let _ = std::thread::Builder::new().stack_size(STACK).spawn(move || drop(project_files));
    (files, project)
}

/// Reads every file of the project.
fn open_all(
    request: &ReadRequest,
    host: &dyn Host,
    files: &mut Files,
    diagnostics: &mut Vec<Diagnostic>,
) -> ProjectFiles {
    let read: Vec<_> = request.paths.par_iter().map(|path| host.read(path).map(decode)).collect();
    let mut project_files = ProjectFiles::default();
    for (path, outcome) in request.paths.iter().zip(read) {
        match outcome {
            Ok(decoded) => {
                let file = Arc::new(File::new(path.clone(), decoded.text));
                let id = files.share(file.clone());
                if let Some(problem) = decoded.problem {
                    let span = Span::top(id);
                    diagnostics.push(plain("invalid-encoding", span, &problem, "save the file as UTF-8"));
                }
                project_files.add(id, file, usage::is_product_code(path));
            }
            Err(error) => {
                let file = files.add(path.clone(), String::new());
                let message = format!("cannot be read: {error}");
                diagnostics.push(plain("unreadable-file", Span::top(file), &message, "check its permissions"));
            }
        }
    }
    project_files
}

fn plain(rule: &'static str, span: Span, headline: &str, help: &str) -> Diagnostic {
    let severity = if rule == "syntax-error" { Severity::Error } else { Severity::Warning };
    Diagnostic { help: Some(help.to_owned()), ..Diagnostic::new(rule, severity, span, headline) }
}

fn understand(request: &ReadRequest, host: &dyn Host, files: Files, project_files: &ProjectFiles) -> (Files, Project) {
    let layout = discovery::layout(request, host);
    let django = version(request, host);
    let trees = Trees::new();
    let facts = queries::Facts::default();
    let context = OnceLock::new();
    let paths = SearchPaths {
        project: layout.import_roots.clone(),
        site_packages: request.site_packages.clone(),
        described: DESCRIBED,
        closed: CLOSED,
        marker: "django",
        eager: "django.db",
    };
    let mut evaluator = Evaluator::new(project_files, &trees, host, files, paths);
    state_version(&mut evaluator, &django);

    let mut project =
        Project { root: layout.root.clone(), django, file_count: project_files.all().len(), ..Project::default() };
    project.settings = settings::evaluate(&mut evaluator, request, &layout, &project.django, &mut project.unresolved);
    let apps = apps::load(&mut evaluator, &mut project, &layout, request);
    apps::import_models(&mut evaluator, &apps);
    let built = models::build(&mut evaluator, &apps, &project.settings, &mut project.unresolved);
    project.models = built.models;
    if project.settings.modules.is_empty() && project.models.all.iter().any(|model| model.origin.is_own()) {
        project.unresolved.push(Unresolved {
            subject: "settings".to_owned(),
            reason: "no settings module was found (`--settings` names one); every app found is taken as installed"
                .to_owned(),
            site: None,
        });
    }
    if request.history {
        project.history = migrations::read(&mut evaluator, request, &apps, &project, &built.classes);
    }
    project.apps = apps.into_iter().map(|app| app.app).collect();
    project_files.parse_ahead();
    project.usage = usage::read(&mut evaluator, project_files, &project.models);
    project.extensions = extensions::created(project_files);
    if request.extent == Extent::Workload {
        let workload = queries::read(&mut evaluator, &mut project, built.classes, &facts, &context);
        project.set_workload(workload);
    }
    let files = std::mem::take(&mut evaluator.files);
    drop(evaluator);
    drop(context);
    if let Some(models) = facts.into_models() {
        project.models = models;
    }
    (files, project)
}

fn state_version(evaluator: &mut Evaluator<'_>, version: &DjangoVersion) {
    let Some(module) = evaluator.import("django") else { return };
    evaluator.ensure(module);
    let value = Value::tuple(vec![
        Value::Int(version.major.into()),
        Value::Int(version.minor.into()),
        Value::Int(0),
        Value::str("final"),
        Value::Int(0),
    ]);
    evaluator.set_module_name(module, "VERSION", value);
}

/// Django's version: given, installed, or declared by the project.
fn version(request: &ReadRequest, host: &dyn Host) -> DjangoVersion {
    if let Some((major, minor)) = request.django {
        return DjangoVersion { major, minor, source: VersionSource::Given };
    }
    for root in &request.site_packages {
        for entry in host.list(root) {
            let Some(name) = entry.file_name() else { continue };
            let lower = name.to_ascii_lowercase();
            if let Some(rest) = lower.strip_prefix("django-")
                && rest.ends_with(".dist-info")
                && let Some((major, minor)) = discovery::version_number(rest)
            {
                return DjangoVersion { major, minor, source: VersionSource::Installed };
            }
        }
    }
    discovery::declared_version(request, host).unwrap_or_default()
}
