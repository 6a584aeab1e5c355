//! From arguments to a project that was read: what every command starts with.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use pgwright_diagnostics::{Diagnostic, Files, Severity, Span};
use pgwright_django::{Extent, Project, ReadRequest};

use crate::cli::ProjectArgs;
use crate::config::{Config, parse_django};
use crate::disk::Disk;
use crate::failure::Failure;
use crate::kept::{Keeping, read_kept};
use crate::walk::{Walked, clean, is_own, python_files};

/// Everything decided before the analysis starts.
pub(crate) struct Session {
    pub(crate) config: Config,
    /// What the user asked about; findings elsewhere are not shown.
    pub(crate) shown: Vec<Utf8PathBuf>,
    pub(crate) disk: Disk,
    request: ReadRequest,
    keeping: Keeping,
    unreadable: Vec<(Utf8PathBuf, String)>,
}

/// One reading of the project.
pub(crate) struct Reading {
    pub(crate) files: Files,
    pub(crate) project: Project,
    /// Where the workload is from.
    pub(crate) workload: Keeping,
}

impl Session {
    pub(crate) fn open(args: &ProjectArgs) -> Result<Self, Failure> {
        let given: Vec<Utf8PathBuf> = if args.paths.is_empty() { vec![".".into()] } else { args.paths.clone() };
        let mut shown = Vec::new();
        for path in &given {
            if !path.exists() {
                return Err(Failure::new(format!("there is no `{path}`")));
            }
            shown.push(below_here(path));
        }
        let config = Config::find(args.options.config.as_deref(), &shown[0])?;
        let django = match &args.options.django {
            Some(text) => Some(parse_django(text).ok_or_else(|| {
                Failure::new(format!("`{text}` is no Django version")).hint("write it as in `--django 5.2`")
            })?),
            None => config.django,
        };
        let mut roots: Vec<Utf8PathBuf> = Vec::new();
        for path in &shown {
            let root = project_root(path);
            if !roots.iter().any(|other| is_below(&root, other)) {
                roots.retain(|other| !is_below(other, &root));
                roots.push(root);
            }
        }
        let mut walked = Walked::default();
        for root in &roots {
            let more = python_files(root, &config.exclude);
            walked.files.extend(more.files);
            walked.unreadable.extend(more.unreadable);
        }
        // A file named outright is read even where a `.gitignore` leaves it out.
        walked.files.extend(shown.iter().filter(|path| path.is_file()).cloned());
        walked.files.sort();
        walked.files.dedup();
        let python = args.options.python.as_deref().or(config.python.as_deref());
        let request = ReadRequest {
            site_packages: crate::environment::site_packages(python, &roots[0])?,
            paths: walked.files,
            settings: args.options.settings.clone().or_else(|| config.settings.clone()),
            roots,
            django,
            extent: Extent::Models,
            history: false,
        };
        let keeping = if args.options.no_cache { Keeping::Fresh } else { Keeping::Kept };
        Ok(Session { config, shown, disk: Disk::default(), request, keeping, unreadable: walked.unreadable })
    }

    /// The same, reading so much.
    pub(crate) fn reading(mut self, extent: Extent) -> Session {
        self.request.extent = extent;
        self
    }

    /// The same, reading migrations too.
    pub(crate) fn with_history(mut self) -> Session {
        self.request.history = true;
        self
    }

    /// The same, reading neither queries nor migrations: for readings that have them from an earlier one.
    pub(crate) fn models_alone(mut self) -> Session {
        self.request.extent = Extent::Models;
        self.request.history = false;
        self
    }

    /// Reads the project, with the texts in `disk.changed` instead of those on disk.
    pub(crate) fn read(&self) -> Reading {
        let (mut files, mut project, workload) = read_kept(&self.request, &self.disk, self.keeping);
        for (path, reason) in &self.unreadable {
            let file = files.add(path.clone(), String::new());
            let headline = format!("this file was not read: {reason}");
            project.diagnostics.push(Diagnostic::new("unreadable-file", Severity::Warning, Span::top(file), headline));
        }
        Reading { files, project, workload }
    }

    /// The same with these texts, of files that may not be on disk.
    pub(crate) fn with_texts(mut self, texts: impl Iterator<Item = (Utf8PathBuf, String)>) -> Session {
        self.disk.changed.extend(texts);
        self.request.paths.extend(self.disk.changed.keys().cloned());
        self.request.paths.sort();
        self.request.paths.dedup();
        self
    }

    /// Folders that are read.
    pub(crate) fn roots(&self) -> &[Utf8PathBuf] {
        &self.request.roots
    }

    /// The same as these files were; none is one that was not there.
    pub(crate) fn at_revision(mut self, texts: &BTreeMap<Utf8PathBuf, Option<String>>) -> Session {
        for (path, text) in texts {
            match text {
                Some(text) => {
                    // Files that are still there were walked, or left out.
                    if path.extension() == Some("py") && !path.exists() && is_own(path, &self.config.exclude) {
                        self.request.paths.push(path.clone());
                    }
                    self.disk.changed.insert(path.clone(), text.clone());
                }
                None => {
                    self.disk.removed.insert(path.clone());
                }
            }
        }
        self.request.paths.retain(|path| !self.disk.removed.contains(path));
        self.request.paths.sort();
        self.request.paths.dedup();
        self
    }

    /// Where packages of the project are installed.
    pub(crate) fn site_packages(&self) -> &[Utf8PathBuf] {
        &self.request.site_packages
    }

    /// Whether the user asked about that file.
    pub(crate) fn shows(&self, path: &Utf8Path) -> bool {
        self.shown.iter().any(|shown| is_below(path, shown))
    }

    /// A path as machines see it in results: below the (only) path given, otherwise below the current folder.
    pub(crate) fn relative<'a>(&self, path: &'a Utf8Path) -> &'a Utf8Path {
        relative(&self.shown, path)
    }
}

/// See [`Session::relative`].
pub(crate) fn relative<'a>(shown: &[Utf8PathBuf], path: &'a Utf8Path) -> &'a Utf8Path {
    match shown {
        [only] if only.is_dir() => path.strip_prefix(only).unwrap_or(path),
        _ => path,
    }
}

/// Texts as they were first read, by path: what fixes are compared with.
pub(crate) fn texts(files: &Files) -> BTreeMap<Utf8PathBuf, String> {
    files.iter().map(|(_, file)| (file.path.clone(), file.text.clone())).collect()
}

/// The path relative to the current folder if it lies below, as it is shown everywhere.
fn below_here(path: &Utf8Path) -> Utf8PathBuf {
    let here = std::env::current_dir().ok().and_then(|here| Utf8PathBuf::from_path_buf(here).ok());
    // One file must have one name: configured patterns and `--baseline` entries are compared with it.
    let real = path.components().any(|part| part.as_str() == "..").then(|| path.canonicalize_utf8().ok()).flatten();
    let path = real.as_deref().unwrap_or(path);
    let below = here.as_deref().and_then(|here| path.strip_prefix(here).ok());
    let path = match below {
        Some(rest) if rest.as_str().is_empty() => Utf8Path::new("."),
        Some(rest) => rest,
        None => path,
    };
    clean(path)
}

fn is_below(path: &Utf8Path, folder: &Utf8Path) -> bool {
    // Started inside a package, what lies above the current folder is named absolutely.
    if path.is_absolute() && folder.is_relative() {
        let here = std::env::current_dir().ok().and_then(|here| Utf8PathBuf::from_path_buf(here).ok());
        return here.is_some_and(|here| path.starts_with(clean(&here.join(folder))));
    }
    folder == "." && path.is_relative() && !path.starts_with("..") || path.starts_with(folder)
}

/// A path and the folders above it, the nearest first. Relative paths go on above the current folder.
pub(crate) fn upwards(start: &Utf8Path) -> Vec<Utf8PathBuf> {
    let absolute = start.canonicalize_utf8().unwrap_or_else(|_| start.to_owned());
    let absolute =
        if absolute.is_file() { absolute.parent().unwrap_or(Utf8Path::new("/")).to_owned() } else { absolute };
    let here = std::env::current_dir().ok().and_then(|here| Utf8PathBuf::from_path_buf(here).ok());
    absolute
        .ancestors()
        .map(|folder| match here.as_deref().and_then(|here| folder.strip_prefix(here).ok()) {
            // Shown paths, and patterns matched against them, stay relative.
            Some(rest) if start.is_relative() => rest.to_owned(),
            _ => folder.to_owned(),
        })
        .collect()
}

/// The folder to read for a path: the path itself when it is a whole project or holds one, otherwise the nearest folder
/// above with a `manage.py`, because an app cannot be understood without its project.
fn project_root(path: &Utf8Path) -> Utf8PathBuf {
    let is_project = |folder: &Utf8Path| {
        ["manage.py", "pyproject.toml", "setup.py", "setup.cfg", "pgwright.toml", ".git"]
            .iter()
            .any(|name| folder.join(name).exists())
    };
    let own = if path.is_file() { path.parent().unwrap_or(Utf8Path::new("")) } else { path };
    let own = if own.as_str().is_empty() { Utf8Path::new(".") } else { own };
    if path.is_dir() && is_project(own) {
        return own.to_owned();
    }
    for folder in upwards(own) {
        let folder = if folder.as_str().is_empty() { Utf8PathBuf::from(".") } else { folder };
        if folder.join("manage.py").is_file() {
            return folder;
        }
        if folder.join(".git").exists() {
            break;
        }
    }
    // Inside a package: modules import each other from above its outermost folder.
    upwards(own)
        .into_iter()
        .map(|folder| if folder.as_str().is_empty() { Utf8PathBuf::from(".") } else { folder })
        .find(|folder| !folder.join("__init__.py").is_file())
        .unwrap_or_else(|| own.to_owned())
}
