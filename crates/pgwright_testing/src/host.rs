//! A file system in memory.

use std::collections::BTreeMap;
use std::io::{Error, ErrorKind, Result};

use camino::{Utf8Path, Utf8PathBuf};
use pgwright_python::Host;

/// Files by path; folders are implied.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Memory {
    pub files: BTreeMap<Utf8PathBuf, String>,
}

impl Memory {
    pub fn new<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Memory { files: files.into_iter().map(|(path, text)| (path.into(), text.to_owned())).collect() }
    }

    /// Paths of the Python files, sorted.
    pub fn python_files(&self) -> Vec<Utf8PathBuf> {
        self.files.keys().filter(|path| path.extension() == Some("py")).cloned().collect()
    }
}

/// `./a` and `a` are one file; the folder everything lies in is `` or `.`.
fn normal(path: &Utf8Path) -> Utf8PathBuf {
    path.components().filter(|part| part.as_str() != ".").collect()
}

impl Host for Memory {
    fn read(&self, path: &Utf8Path) -> Result<Vec<u8>> {
        let found = self.files.get(&normal(path)).map(|text| text.clone().into_bytes());
        found.ok_or_else(|| Error::new(ErrorKind::NotFound, "no such file"))
    }

    fn is_file(&self, path: &Utf8Path) -> bool {
        self.files.contains_key(&normal(path))
    }

    fn is_dir(&self, path: &Utf8Path) -> bool {
        let path = normal(path);
        path.as_str().is_empty() || self.files.keys().any(|file| *file != path && file.starts_with(&path))
    }

    fn list(&self, folder: &Utf8Path) -> Vec<Utf8PathBuf> {
        let inside = normal(folder);
        let mut entries: Vec<Utf8PathBuf> = self
            .files
            .keys()
            .filter_map(|file| {
                let rest = if inside.as_str().is_empty() { file } else { file.strip_prefix(&inside).ok()? };
                Some(folder.join(rest.components().next()?))
            })
            .collect();
        entries.sort();
        entries.dedup();
        entries
    }
}
