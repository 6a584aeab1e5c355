//! Finding templates, as Django's loaders do: folders of `TEMPLATES[…]["DIRS"]` first, then those of installed apps.

use std::sync::{Arc, Mutex, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use pgwright_diagnostics::File;
use pgwright_python::{Host, decode};
use rustc_hash::FxHashMap;

use super::node::Template;
use super::parser::parse;

/// Templates of larger files are data.
const LARGEST: usize = 2 << 20;

/// The project's templates by name, each read when first asked for.
pub(crate) struct Templates<'h> {
    host: &'h dyn Host,
    folders: Vec<Utf8PathBuf>,
    site_packages: Vec<Utf8PathBuf>,
    /// Modules of libraries of tags and filters, by what `{% load %}` calls them.
    pub(crate) libraries: FxHashMap<Box<str>, Box<str>>,
    /// Modules whose tags and filters need no `{% load %}`.
    pub(crate) builtins: Vec<Box<str>>,
    /// Dotted paths of functions that give names to every template rendered for a request.
    pub(crate) context_processors: Vec<Box<str>>,
    cache: Mutex<FxHashMap<Box<str>, Option<Arc<Template>>>>,
}

impl<'h> Templates<'h> {
    /// `folders` in the order they are searched.
    pub(crate) fn new(host: &'h dyn Host, folders: Vec<Utf8PathBuf>, site_packages: Vec<Utf8PathBuf>) -> Templates<'h> {
        Templates {
            host,
            folders,
            site_packages,
            libraries: FxHashMap::default(),
            builtins: Vec::new(),
            context_processors: Vec::new(),
            cache: Mutex::default(),
        }
    }

    /// The template of this name; none when no folder has it.
    pub(crate) fn get(&self, name: &str) -> Option<Arc<Template>> {
        if let Some(known) = self.cache.lock().unwrap_or_else(PoisonError::into_inner).get(name) {
            return known.clone();
        }
        let found = self.read(name);
        // Another thread may have read it meanwhile: all keep the first.
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.entry(name.into()).or_insert(found).clone()
    }

    /// Whether a template is the project's own.
    pub(crate) fn is_own(&self, file: &File) -> bool {
        !self.site_packages.iter().any(|root| file.path.starts_with(root))
    }

    fn read(&self, name: &str) -> Option<Arc<Template>> {
        // Names that lead out of the folder are refused by Django too.
        if name.is_empty()
            || Utf8Path::new(name).components().any(|part| part.as_str() == "..")
            || name.starts_with('/')
        {
            return None;
        }
        let path = self.folders.iter().map(|folder| folder.join(name)).find(|path| self.host.is_file(path))?;
        let bytes = self.host.read(&path).ok().filter(|bytes| bytes.len() <= LARGEST)?;
        Some(Arc::new(parse(Arc::new(File::new(path, decode(bytes).text)))))
    }

    /// Modules in `templatetags` of an app's folder, by the names that `{% load %}` has for them.
    pub(crate) fn add_libraries(&mut self, package: &str, folder: &Utf8Path) {
        for path in self.host.list(&folder.join("templatetags")) {
            if let Some(name) = path.file_name().and_then(|name| name.strip_suffix(".py"))
                && name != "__init__"
            {
                self.libraries.insert(name.into(), format!("{package}.templatetags.{name}").into());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use pgwright_testing::Memory;

    use super::*;

    #[test]
    fn the_first_folder_that_has_a_template_gives_it() {
        let host = Memory::new([("one/a.html", "{{ one }}"), ("two/a.html", "{{ two }}"), ("two/b/c.html", "{{ c }}")]);
        let templates = Templates::new(&host, vec!["one".into(), "two".into()], Vec::new());
        let path = |name: &str| templates.get(name).map(|template| template.file.path.clone());
        assert_eq!(path("a.html"), Some("one/a.html".into()));
        assert_eq!(path("b/c.html"), Some("two/b/c.html".into()));
        assert_eq!(path("c.html"), None);
        assert_eq!(path("../one/a.html"), None);
        assert_eq!(path(""), None);
    }

    #[test]
    fn libraries_are_modules_of_apps() {
        let host = Memory::new([("shop/templatetags/__init__.py", ""), ("shop/templatetags/money.py", "")]);
        let mut templates = Templates::new(&host, Vec::new(), Vec::new());
        templates.add_libraries("shop", Utf8Path::new("shop"));
        assert_eq!(templates.libraries.get("money").map(|module| &**module), Some("shop.templatetags.money"));
        assert_eq!(templates.libraries.len(), 1);
    }
}
