//! The project's own files: read beforehand, parsed when a tree is first asked for or when a thread has nothing better to do.

use std::cmp::Reverse;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use camino::{Utf8Path, Utf8PathBuf};
use pgwright_diagnostics::{File, FileId};
use rustc_hash::FxHashMap;

use crate::parse::{Parsed, SyntaxError, parse};

#[derive(Debug, Default)]
pub struct ProjectFiles {
    sources: Vec<Source>,
    by_path: FxHashMap<Utf8PathBuf, usize>,
    /// In which order [`ProjectFiles::parse_ahead`] goes through `sources`, and how far it is.
    order: OnceLock<Vec<usize>>,
    next: AtomicUsize,
}

/// One file of the project.
#[derive(Debug)]
pub struct Source {
    pub id: FileId,
    pub file: Arc<File>,
    /// Whether its tree is read after evaluation too.
    pub kept: bool,
    parsed: OnceLock<Parsed>,
    /// The first mistake in a file whose tree was not kept.
    error: OnceLock<Option<SyntaxError>>,
}

impl Source {
    /// The tree, made now if it has not been.
    pub fn parsed(&self) -> &Parsed {
        self.parsed.get_or_init(|| parse(&self.file.text))
    }

    /// The first mistake in it.
    pub fn error(&self) -> Option<&SyntaxError> {
        match self.parsed.get() {
            Some(parsed) => parsed.errors.first(),
            None if self.kept => self.parsed().errors.first(),
            // A tree nobody asked for takes twenty times the room of its text.
            None => self.error.get_or_init(|| parse(&self.file.text).errors.into_iter().next()).as_ref(),
        }
    }
}

impl ProjectFiles {
    /// `kept`: its tree is read after evaluation too. Of other files the tree is made for its mistakes alone and dropped, and made
    /// again should one be imported later.
    pub fn add(&mut self, id: FileId, file: Arc<File>, kept: bool) {
        self.by_path.insert(file.path.clone(), self.sources.len());
        self.sources.push(Source { id, file, kept, parsed: OnceLock::new(), error: OnceLock::new() });
    }

    pub fn holds(&self, path: &Utf8Path) -> bool {
        self.by_path.contains_key(path)
    }

    pub fn at(&self, path: &Utf8Path) -> Option<&Source> {
        self.by_path.get(path).map(|index| &self.sources[*index])
    }

    /// In the order they were added.
    pub fn all(&self) -> &[Source] {
        &self.sources
    }

    /// Parses what nobody has parsed until nothing is left. Any number of threads may do so at once, while others ask for trees.
    pub fn parse_ahead(&self) {
        // What is kept comes first, because evaluation asks for it. Large files come early, so that no thread waits for one at
        // the end.
        let order = self.order.get_or_init(|| {
            let mut order: Vec<usize> = (0..self.sources.len()).collect();
            order.sort_by_key(|index| {
                let source = &self.sources[*index];
                (!source.kept, Reverse(source.file.text.len()))
            });
            order
        });
        while let Some(index) = order.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            self.sources[*index].error();
        }
    }
}
