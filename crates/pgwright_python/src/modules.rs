//! Finding modules: the project's own, those of site-packages, and pgwright's descriptions of libraries.

use camino::{Utf8Path, Utf8PathBuf};
use pgwright_diagnostics::FileId;

use crate::host::Host;
use crate::sources::ProjectFiles;
use crate::value::ScopeId;

/// Where modules are looked for, first match wins.
#[derive(Debug, Default, Clone)]
pub struct SearchPaths {
    /// Folders that are on `sys.path` for the project.
    pub project: Vec<Utf8PathBuf>,
    pub site_packages: Vec<Utf8PathBuf>,
    pub described: &'static [DescribedModule],
    /// Top-level packages never read from site-packages, because their description is all that is needed of them.
    pub closed: &'static [&'static str],
    /// A library package is read only when its top folder's own modules, or the module asked for, hold this word: the rest of
    /// site-packages cannot matter, and running it would only cost time. Empty: all are read.
    pub marker: &'static str,
    /// Modules of libraries that hold this run when they are imported, like the project's own, instead of when first needed:
    /// the order in which things are made can matter. Empty: none.
    pub eager: &'static str,
}

/// A module pgwright describes itself, as Python source.
#[derive(Debug, Clone, Copy)]
pub struct DescribedModule {
    pub name: &'static str,
    pub is_package: bool,
    pub source: &'static str,
    pub precedence: Precedence,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precedence {
    /// Used even where the real source is at hand: the real one needs more than static evaluation gives.
    First,
    /// Used when the package is not installed.
    Fallback,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModuleOrigin {
    Project,
    Library,
    Described,
}

/// What a dotted name resolves to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    File {
        path: Utf8PathBuf,
        is_package: bool,
        origin: ModuleOrigin,
    },
    /// A folder without `__init__.py`.
    Namespace(ModuleOrigin),
    Described(usize),
    Nothing,
}

#[derive(Debug, Clone)]
pub struct Module {
    pub name: Box<str>,
    pub file: Option<FileId>,
    pub path: Option<Utf8PathBuf>,
    pub is_package: bool,
    pub origin: ModuleOrigin,
    pub scope: ScopeId,
    pub state: ModuleState,
    /// Runs when imported rather than when a name in it is first needed.
    pub eager: bool,
    /// A star import or statement was not understood: names may exist that are not seen.
    pub open: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModuleState {
    NotStarted,
    Running,
    Done,
}

impl SearchPaths {
    /// Resolves `a.b.c`. Purely by names and files; nothing is evaluated.
    pub fn find(&self, name: &str, project: &ProjectFiles, host: &dyn Host) -> Found {
        let described = self.described.iter().position(|module| module.name == name);
        if let Some(index) = described
            && self.described[index].precedence == Precedence::First
        {
            return Found::Described(index);
        }
        let found = self.find_file(name, project, host);
        match (described, &found) {
            // A folder without `__init__.py` gives way to any package, as on Python's path; a package that is there is whole.
            (Some(index), Found::Nothing | Found::Namespace(_)) if !self.is_installed(name, project, host) => {
                Found::Described(index)
            }
            _ => found,
        }
    }

    /// Whether the top-level package of a dotted name is at hand as source.
    fn is_installed(&self, name: &str, project: &ProjectFiles, host: &dyn Host) -> bool {
        let top = name.split('.').next().unwrap_or(name);
        matches!(self.find_file(top, project, host), Found::File { .. })
    }

    fn find_file(&self, name: &str, project: &ProjectFiles, host: &dyn Host) -> Found {
        let relative = name.replace('.', "/");
        for root in &self.project {
            let known = |path: &Utf8Path| project.holds(path) || host.is_file(path);
            if let Some(found) = find_below(root, &relative, ModuleOrigin::Project, known, host) {
                return found;
            }
        }
        let top = name.split('.').next().unwrap_or(name);
        if !self.closed.contains(&top) {
            for root in &self.site_packages {
                let known = |path: &Utf8Path| host.is_file(path);
                if let Some(found) = find_below(root, &relative, ModuleOrigin::Library, known, host) {
                    return found;
                }
            }
        }
        Found::Nothing
    }
}

fn find_below(
    root: &Utf8Path,
    relative: &str,
    origin: ModuleOrigin,
    known: impl Fn(&Utf8Path) -> bool,
    host: &dyn Host,
) -> Option<Found> {
    let folder = root.join(relative);
    let package = folder.join("__init__.py");
    if known(&package) {
        return Some(Found::File { path: package, is_package: true, origin });
    }
    let file = root.join(format!("{relative}.py"));
    if known(&file) {
        return Some(Found::File { path: file, is_package: false, origin });
    }
    host.is_dir(&folder).then_some(Found::Namespace(origin))
}

/// The dotted name a file has when imported from `root`; none when it does not lie below it.
pub fn module_name(root: &Utf8Path, path: &Utf8Path) -> Option<String> {
    let relative = path.strip_prefix(root).ok()?;
    let mut parts: Vec<&str> = relative.components().map(|part| part.as_str()).collect();
    let last = parts.pop()?.strip_suffix(".py")?;
    if last != "__init__" {
        parts.push(last);
    }
    (!parts.is_empty()).then(|| parts.join("."))
}
