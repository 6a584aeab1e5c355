//! From files to a [`Project`]: the order in which Django itself would come to know a project.

use pgwright_diagnostics::{Confidence, Diagnostic, Files, Label, Severity, Span};
use pgwright_python::modules::{ProjectFiles, SearchPaths};
use pgwright_python::value::Value;
use pgwright_python::{Arena, Evaluator, Host, decode, parse};
use rayon::prelude::*;

use crate::described::{CLOSED, DESCRIBED};
use crate::project::{DjangoVersion, Project, Unresolved, VersionSource};
use crate::request::ReadRequest;
use crate::{apps, discovery, extensions, models, settings, usage};

/// Stack for evaluation, in bytes of address space: import chains of real projects are hundreds of modules deep, and trees of
/// generated code as deep as their authors' patience.
const STACK: usize = 1 << 29;

/// Reads a project. Never fails: what is wrong with it is in [`Project::diagnostics`] and [`Project::unresolved`].
pub fn read(request: &ReadRequest, host: &dyn Host) -> (Files, Project) {
    let work = || {
        let mut files = Files::default();
        let mut diagnostics = Vec::new();
        let project_files = parse_all(request, host, &mut files, &mut diagnostics);
        let outcome = understand(request, host, files, &project_files, diagnostics);
        // Freeing a million tree nodes takes longer than some of the analysis: nobody has to wait for it.
        let _ = std::thread::Builder::new().stack_size(STACK).spawn(move || drop(project_files));
        outcome
    };
    std::thread::scope(|scope| {
        match std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work) {
            Ok(worker) => worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            // No thread to be had: the caller's own stack has to do.
            Err(_) => work(),
        }
    })
}

fn parse_all(
    request: &ReadRequest,
    host: &dyn Host,
    files: &mut Files,
    diagnostics: &mut Vec<Diagnostic>,
) -> ProjectFiles {
    let read: Vec<_> = request
        .paths
        .par_iter()
        .map(|path| {
            host.read(path).map(|bytes| {
                let decoded = decode(bytes);
                let parsed = parse(&decoded.text);
                (decoded, parsed)
            })
        })
        .collect();
    let mut project_files = ProjectFiles::default();
    for (path, outcome) in request.paths.iter().zip(read) {
        match outcome {
            Ok((decoded, parsed)) => {
                let file = files.add(path.clone(), decoded.text);
                if let Some(problem) = decoded.problem {
                    diagnostics.push(plain(
                        "invalid-encoding",
                        Span::new(file, 0, 0),
                        &problem,
                        "save the file as UTF-8",
                    ));
                }
                if let Some(error) = parsed.errors.first() {
                    let span = pgwright_python::value::span(file, error.range);
                    diagnostics.push(plain(
                        "syntax-error",
                        span,
                        &error.message,
                        "the rest of the file was read as far as it could be understood",
                    ));
                }
                project_files.by_path.insert(path.clone(), (file, parsed));
            }
            Err(error) => {
                let file = files.add(path.clone(), String::new());
                let message = format!("cannot be read: {error}");
                diagnostics.push(plain("unreadable-file", Span::new(file, 0, 0), &message, "check its permissions"));
            }
        }
    }
    project_files
}

fn plain(rule: &'static str, span: Span, headline: &str, help: &str) -> Diagnostic {
    let severity = if rule == "syntax-error" { Severity::Error } else { Severity::Warning };
    Diagnostic {
        rule,
        severity,
        confidence: Confidence::Certain,
        headline: headline.to_owned(),
        primary: Label { span, text: String::new() },
        related: Vec::new(),
        why: None,
        help: Some(help.to_owned()),
        evidence: Vec::new(),
        fix: None,
    }
}

fn understand(
    request: &ReadRequest,
    host: &dyn Host,
    files: Files,
    project_files: &ProjectFiles,
    diagnostics: Vec<Diagnostic>,
) -> (Files, Project) {
    let layout = discovery::layout(request, host);
    let django = version(request, host);
    let arena = Arena::new();
    let paths = SearchPaths {
        project: layout.import_roots.clone(),
        site_packages: request.site_packages.clone(),
        described: DESCRIBED,
        closed: CLOSED,
        marker: "django",
        eager: "django.db",
    };
    let mut evaluator = Evaluator::new(project_files, &arena, host, files, paths);
    state_version(&mut evaluator, &django);

    let mut project = Project {
        root: layout.root.clone(),
        django,
        diagnostics,
        file_count: project_files.by_path.len(),
        ..Project::default()
    };
    project.settings = settings::evaluate(&mut evaluator, request, &layout, &project.django, &mut project.unresolved);
    let apps = apps::load(&mut evaluator, &mut project, &layout, request);
    apps::import_models(&mut evaluator, &apps);
    project.models = models::build(&mut evaluator, &apps, &project.settings, &mut project.unresolved);
    if project.settings.modules.is_empty() && project.models.all.iter().any(|model| model.origin.is_own()) {
        project.unresolved.push(Unresolved {
            subject: "settings".to_owned(),
            reason: "no settings module was found (`--settings` names one); every app found is taken as installed"
                .to_owned(),
            site: None,
        });
    }
    project.apps = apps.into_iter().map(|app| app.app).collect();
    project.usage = usage::read(&mut evaluator, project_files, &project.models);
    project.extensions = extensions::created(&evaluator.files, project_files);
    (evaluator.files, project)
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
