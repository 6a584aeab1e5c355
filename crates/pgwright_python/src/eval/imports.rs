//! Importing: creating modules, running their bodies once, looking names up in them.
//!
//! The project's own modules run when they are imported, as in Python, because running them registers models. Modules of libraries
//! run when a name in them is first needed.

use pgwright_diagnostics::{DESCRIPTIONS, FileId};
use std::sync::Arc;

use camino::Utf8Path;
use ruff_python_ast as ast;

use super::{Eval, Evaluator, Flow, Frame};
use crate::modules::{Found, Module, ModuleOrigin, ModuleState};
use crate::parse::{decode, parse};
use crate::value::{ModuleId, Name, Names, Scope, Value};

impl<'a> Evaluator<'a> {
    /// The trees of the modules that were run, with their files.
    pub fn suites(&self) -> impl Iterator<Item = (FileId, &'a [ast::Stmt])> {
        self.suites.iter().filter_map(|(id, parsed)| Some((self.module(*id).file?, parsed.suite.as_slice())))
    }

    /// The module of a dotted name, not yet run. None when it is found nowhere.
    pub fn import(&mut self, name: &str) -> Option<ModuleId> {
        if let Some(known) = self.by_name.get(name) {
            return *known;
        }
        if self.heap.in_trial() {
            self.need(name);
            return None;
        }
        let found = self.paths.find(name, self.project, self.host);
        let id = self.create(name, found);
        self.by_name.insert(name.into(), id);
        id
    }

    /// Dotted names of the project's own files.
    pub fn project_modules(&self) -> Vec<String> {
        let roots = &self.paths.project;
        let named = |path: &Utf8Path| {
            roots.iter().filter_map(|root| crate::modules::module_name(root, path)).min_by_key(String::len)
        };
        let mut names: Vec<String> = self.project.all().iter().filter_map(|source| named(&source.file.path)).collect();
        names.sort();
        names.dedup();
        names
    }

    fn create(&mut self, name: &str, found: Found) -> Option<ModuleId> {
        let project = self.project;
        let mut eager = matches!(&found, Found::File { origin: ModuleOrigin::Project, .. });
        let (parsed, file, path, is_package, origin) = match found {
            Found::Nothing => return None,
            Found::Namespace(origin) => (None, None, None, true, origin),
            Found::Described(index) => {
                let described = self.paths.described[index];
                let parsed: &'a _ = self.trees.push_get(Box::new(parse(described.source)));
                let path = format!("{DESCRIPTIONS}/{}.py", name.replace('.', "/")).into();
                let file = self.files.add(path, described.source.to_owned());
                (Some(parsed), Some(file), None, described.is_package, ModuleOrigin::Described)
            }
            Found::File { path, is_package, origin } => {
                if let Some(source) = project.at(&path) {
                    (Some(source.parsed()), Some(source.id), Some(path), is_package, origin)
                } else {
                    let bytes = self.host.read(&path).ok()?;
                    if origin == ModuleOrigin::Library && !self.is_relevant(name, &path, is_package, &bytes) {
                        return None;
                    }
                    eager = !self.paths.eager.is_empty() && holds(&bytes, self.paths.eager);
                    let text = decode(bytes).text;
                    let parsed: &'a _ = self.trees.push_get(Box::new(parse(&text)));
                    let file = self.files.add(path.clone(), text);
                    // Found on the project's path but left out of the walk (ignored by git): not the project's own.
                    (Some(parsed), Some(file), Some(path), is_package, ModuleOrigin::Library)
                }
            }
        };
        let id = ModuleId(u32::try_from(self.modules.len()).unwrap_or(u32::MAX));
        let mut names = Names::default();
        names.insert(Name::new("__name__"), Value::str(name));
        let package = if is_package { name } else { name.rsplit_once('.').map_or("", |(package, _)| package) };
        names.insert(Name::new("__package__"), Value::str(package));
        if let Some(path) = &path {
            names.insert(Name::new("__file__"), Value::str(path.as_str()));
        }
        let scope =
            self.heap.add_scope(Scope { names, parent: None, module: id, globals: Vec::new(), class_body: false });
        self.modules.push(Module {
            name: name.into(),
            file,
            path,
            is_package,
            origin,
            scope,
            state: ModuleState::NotStarted,
            eager,
            open: false,
        });
        if let Some(parsed) = parsed {
            self.suites.insert(id, parsed);
        }
        Some(id)
    }

    /// Whether a library module can matter: it, or a module beside the top of its package, holds the marker.
    fn is_relevant(&mut self, name: &str, path: &Utf8Path, is_package: bool, bytes: &[u8]) -> bool {
        let marker = self.paths.marker;
        if holds(bytes, marker) {
            return true;
        }
        let top = name.split('.').next().unwrap_or(name);
        if let Some(known) = self.relevant.get(top) {
            return *known;
        }
        let depth = name.matches('.').count() + usize::from(is_package);
        let folder = path.ancestors().nth(depth).filter(|_| depth > 0);
        let relevant = folder.is_some_and(|folder| {
            self.host
                .list(folder)
                .iter()
                .filter(|file| file.extension() == Some("py"))
                .any(|file| self.host.read(file).is_ok_and(|bytes| holds(&bytes, marker)))
        });
        self.relevant.insert(top.into(), relevant);
        relevant
    }

    /// Runs a module's body if it has not been.
    pub fn ensure(&mut self, id: ModuleId) {
        if self.module(id).state != ModuleState::NotStarted {
            return;
        }
        if self.heap.in_trial() {
            let name: Arc<str> = (&*self.module(id).name).into();
            self.need(&name);
            return;
        }
        let (Some(parsed), Some(file)) = (self.suites.get(&id).copied(), self.module(id).file) else {
            self.modules[id.0 as usize].state = ModuleState::Done;
            return;
        };
        self.modules[id.0 as usize].state = ModuleState::Running;
        let mut frame = Frame::top(self.module(id).scope, id, file);
        // Each module starts with its own allowance, outside any `try` or call of whoever imports it.
        let (fuel, depth, tries) = (self.fuel, self.depth, self.tries);
        self.refuel();
        self.depth = 0;
        self.tries = 0;
        let branches = std::mem::replace(&mut self.branches, super::Branches::FirstKnown);
        self.run_top(&parsed.suite, &mut frame);
        self.branches = branches;
        (self.fuel, self.depth, self.tries) = (fuel, depth, tries);
        self.modules[id.0 as usize].state = ModuleState::Done;
    }

    /// Runs statements one by one: what one of them raises does not stop the next.
    pub(crate) fn run_top(&mut self, body: &'a [ast::Stmt], frame: &mut Frame) {
        for statement in body {
            match self.statement(statement, frame) {
                Ok(()) => {}
                Err(Flow::Exhausted) => {
                    self.modules[frame.module.0 as usize].open = true;
                    self.refuel();
                }
                Err(_) => {}
            }
        }
    }

    /// An attribute of a module: a name bound in it, or a submodule.
    pub fn module_attribute(&mut self, id: ModuleId, name: &str) -> Option<Value> {
        self.ensure(id);
        let scope = self.module(id).scope;
        match self.heap.bound(scope, name).cloned() {
            // `from package import submodule` inside the package itself.
            Some(Value::Lazy(module, wanted)) if module == id && wanted == name => {}
            Some(value) => return Some(self.force_in(scope, name, value)),
            None => {}
        }
        if self.module(id).is_package
            && let Some(submodule) = self.import(&format!("{}.{name}", self.module(id).name))
        {
            return Some(Value::Module(submodule));
        }
        if let Some(getter) = self.heap.bound(scope, "__getattr__").cloned() {
            return self.call(&getter, vec![Value::str(name)], Vec::new(), None).ok();
        }
        let module = self.module(id);
        if module.open || module.state == ModuleState::Running {
            return Some(Value::unknown(format!("`{name}` of `{}` is not known", module.name)));
        }
        None
    }

    /// Looks a deferred import up and remembers the answer where it was bound.
    pub(crate) fn force_in(&mut self, scope: crate::value::ScopeId, name: &str, value: Value) -> Value {
        if !matches!(value, Value::Lazy(..)) {
            return value;
        }
        if self.heap.in_trial() {
            return self.force_in_trial(scope, name, value);
        }
        // Modules that import one name from each other would go round for ever.
        if let Some(slot) = self.heap.scope_mut(scope).names.get_mut(name) {
            *slot = Value::unknown(format!("`{name}` is imported in a circle"));
        }
        let forced = self.force(value);
        if let Some(slot) = self.heap.scope_mut(scope).names.get_mut(name) {
            *slot = forced.clone();
        }
        forced
    }

    pub(crate) fn force(&mut self, value: Value) -> Value {
        let Value::Lazy(module, name) = &value else { return value };
        let path = format!("{}.{name}", self.module(*module).name);
        self.module_attribute(*module, name).unwrap_or_else(|| Value::Opaque(path.into()))
    }

    /// The absolute name an import statement means.
    pub(crate) fn absolute(&self, frame: &Frame, level: u32, name: &str) -> String {
        if level == 0 {
            return name.to_owned();
        }
        let module = self.module(frame.module);
        let mut parts: Vec<&str> = module.name.split('.').collect();
        let drop = if module.is_package { level - 1 } else { level };
        for _ in 0..drop {
            parts.pop();
        }
        if !name.is_empty() {
            parts.push(name);
        }
        parts.join(".")
    }

    /// Imports `a.b.c` and runs what Python would run, as far as it is the project's own.
    pub fn import_and_run(&mut self, name: &str) -> Option<ModuleId> {
        let mut end = 0;
        while let Some(dot) = name[end..].find('.') {
            let package = &name[..end + dot];
            if let Some(id) = self.import(package)
                && self.module(id).eager
            {
                self.ensure(id);
            }
            end += dot + 1;
        }
        let id = self.import(name)?;
        if self.module(id).eager {
            self.ensure(id);
        }
        Some(id)
    }

    /// A module that is not found: an `ImportError` where one would be caught and its absence is sure, opaque otherwise.
    fn absent(&mut self, name: &str, frame: &Frame, level: u32) -> Eval<Value> {
        let sure = level > 0
            || self.in_project_package(name)
            || (!self.paths.site_packages.is_empty() && !self.is_left_unread(name));
        if sure && !is_standard(name) && self.tries > 0 {
            return Err(self.raise("ImportError", &format!("no module named {name}")));
        }
        if !is_standard(name) && !self.missing.iter().any(|(known, _)| &**known == name) {
            self.missing.push((name.into(), frame.module));
        }
        Ok(Value::Opaque(name.into()))
    }

    /// Whether a package is there all the same, only not read.
    fn is_left_unread(&self, name: &str) -> bool {
        let top = name.split('.').next().unwrap_or(name);
        self.paths.closed.contains(&top) || self.relevant.get(top) == Some(&false)
    }

    /// Whether the top package of a name is the project's, so that absence of the rest is sure.
    fn in_project_package(&mut self, name: &str) -> bool {
        let top = name.split('.').next().unwrap_or(name);
        self.import(top).is_some_and(|id| self.module(id).origin == ModuleOrigin::Project)
    }

    pub(crate) fn import_statement(&mut self, statement: &ast::StmtImport, frame: &mut Frame) -> Eval<()> {
        for alias in &statement.names {
            let name = alias.name.as_str();
            let whole = match self.import_and_run(name) {
                Some(id) => Value::Module(id),
                None => self.absent(name, frame, 0)?,
            };
            match &alias.asname {
                Some(asname) => self.bind(frame, &asname.id, whole),
                None => {
                    let top = name.split('.').next().unwrap_or(name);
                    let value = match self.import(top) {
                        Some(id) => Value::Module(id),
                        None => Value::Opaque(top.into()),
                    };
                    self.bind(frame, &Name::new(top), value);
                }
            }
        }
        Ok(())
    }

    pub(crate) fn import_from_statement(&mut self, statement: &ast::StmtImportFrom, frame: &mut Frame) -> Eval<()> {
        let written = statement.module.as_ref().map_or("", |name| name.as_str());
        if written == "__future__" {
            return Ok(());
        }
        if written == "_pgwright" && self.module(frame.module).origin == ModuleOrigin::Described {
            for alias in &statement.names {
                let value = Self::native(&alias.name).unwrap_or_else(|| Value::Asked(alias.name.as_str().into()));
                let bound = alias.asname.as_ref().unwrap_or(&alias.name);
                self.bind(frame, &bound.id, value);
            }
            return Ok(());
        }
        let name = self.absolute(frame, statement.level, written);
        let Some(module) = self.import_and_run(&name) else {
            let absent = self.absent(&name, frame, statement.level)?;
            for alias in &statement.names {
                if alias.name.as_str() == "*" {
                    self.modules[frame.module.0 as usize].open = true;
                    continue;
                }
                let value = match &absent {
                    Value::Opaque(path) => Value::Opaque(format!("{path}.{}", alias.name).into()),
                    other => other.clone(),
                };
                let bound = alias.asname.as_ref().unwrap_or(&alias.name);
                self.bind(frame, &bound.id, value);
            }
            return Ok(());
        };
        for alias in &statement.names {
            if alias.name.as_str() == "*" {
                self.star_import(module, frame);
                continue;
            }
            let value = self.imported_name(module, &alias.name.id)?;
            let bound = alias.asname.as_ref().unwrap_or(&alias.name);
            self.bind(frame, &bound.id, value);
        }
        Ok(())
    }

    fn imported_name(&mut self, module: ModuleId, name: &Name) -> Eval<Value> {
        let origin = self.module(module).origin;
        if origin != ModuleOrigin::Project {
            return Ok(Value::Lazy(module, name.clone()));
        }
        let scope = self.module(module).scope;
        if let Some(value) = self.heap.bound(scope, name).cloned() {
            return Ok(self.force_in(scope, name, value));
        }
        let full = format!("{}.{name}", self.module(module).name);
        if let Some(submodule) = self.import_and_run(&full) {
            return Ok(Value::Module(submodule));
        }
        let is_open = self.module(module).open || self.heap.bound(scope, "__getattr__").is_some();
        if self.module(module).state == ModuleState::Running || is_open {
            return Ok(Value::Lazy(module, name.clone()));
        }
        if self.tries > 0 {
            return Err(self.raise("ImportError", &format!("cannot import name {name}")));
        }
        Ok(Value::Opaque(full.into()))
    }

    fn star_import(&mut self, module: ModuleId, frame: &mut Frame) {
        self.ensure(module);
        let scope = self.module(module).scope;
        let listed = self.heap.scope(scope).names.get("__all__").cloned().and_then(|all| self.strings(&all));
        let names: Vec<Name> = match listed {
            Some(names) => names.iter().map(Name::new).collect(),
            None => self.heap.scope(scope).names.keys().filter(|name| !name.starts_with('_')).cloned().collect(),
        };
        for name in names {
            if let Some(value) = self.module_attribute(module, &name) {
                self.bind(frame, &name, value);
            }
        }
        if self.module(module).open {
            self.modules[frame.module.0 as usize].open = true;
        }
    }

    /// A list or tuple of strings, when all of it is known.
    pub fn strings(&self, value: &Value) -> Option<Vec<Arc<str>>> {
        let items = match value {
            Value::List(id) => self.heap.list_items(*id),
            Value::Tuple(items) => items,
            _ => return None,
        };
        items
            .iter()
            .map(|item| match item {
                Value::Str(text) => Some(text.clone()),
                _ => None,
            })
            .collect()
    }
}

fn holds(bytes: &[u8], marker: &str) -> bool {
    memchr::memmem::find(bytes, marker.as_bytes()).is_some()
}

/// Whether the top package belongs to Python itself, whose modules are never missing.
fn is_standard(name: &str) -> bool {
    let top = name.split('.').next().unwrap_or(name);
    standard_modules().binary_search(&top).is_ok()
}

/// Python's standard library (3.10 to 3.14), sorted.
fn standard_modules() -> &'static [&'static str] {
    &[
        "__future__",
        "_pgwright",
        "_thread",
        "abc",
        "argparse",
        "array",
        "ast",
        "asyncio",
        "atexit",
        "base64",
        "binascii",
        "bisect",
        "builtins",
        "bz2",
        "calendar",
        "cmath",
        "codecs",
        "collections",
        "colorsys",
        "concurrent",
        "configparser",
        "contextlib",
        "contextvars",
        "copy",
        "copyreg",
        "csv",
        "ctypes",
        "curses",
        "dataclasses",
        "datetime",
        "dbm",
        "decimal",
        "difflib",
        "dis",
        "doctest",
        "email",
        "encodings",
        "enum",
        "errno",
        "faulthandler",
        "fcntl",
        "filecmp",
        "fileinput",
        "fnmatch",
        "fractions",
        "ftplib",
        "functools",
        "gc",
        "getopt",
        "getpass",
        "gettext",
        "glob",
        "graphlib",
        "grp",
        "gzip",
        "hashlib",
        "heapq",
        "hmac",
        "html",
        "http",
        "imaplib",
        "imghdr",
        "importlib",
        "inspect",
        "io",
        "ipaddress",
        "itertools",
        "json",
        "keyword",
        "linecache",
        "locale",
        "logging",
        "lzma",
        "mailbox",
        "marshal",
        "math",
        "mimetypes",
        "mmap",
        "multiprocessing",
        "netrc",
        "numbers",
        "operator",
        "optparse",
        "os",
        "pathlib",
        "pdb",
        "pickle",
        "pkgutil",
        "platform",
        "plistlib",
        "poplib",
        "posixpath",
        "pprint",
        "profile",
        "pwd",
        "queue",
        "quopri",
        "random",
        "re",
        "readline",
        "reprlib",
        "resource",
        "sched",
        "secrets",
        "select",
        "selectors",
        "shelve",
        "shlex",
        "shutil",
        "signal",
        "site",
        "smtplib",
        "socket",
        "socketserver",
        "sqlite3",
        "ssl",
        "stat",
        "statistics",
        "string",
        "stringprep",
        "struct",
        "subprocess",
        "symtable",
        "sys",
        "sysconfig",
        "syslog",
        "tarfile",
        "tempfile",
        "textwrap",
        "threading",
        "time",
        "timeit",
        "tkinter",
        "token",
        "tokenize",
        "tomllib",
        "trace",
        "traceback",
        "tracemalloc",
        "types",
        "typing",
        "unicodedata",
        "unittest",
        "urllib",
        "uuid",
        "venv",
        "warnings",
        "wave",
        "weakref",
        "webbrowser",
        "xml",
        "xmlrpc",
        "zipapp",
        "zipfile",
        "zipimport",
        "zlib",
        "zoneinfo",
    ]
}
