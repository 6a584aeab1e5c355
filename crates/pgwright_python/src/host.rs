//! The only door to the outside: how source files are read.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};

/// Reads files and folders for the analysis, which does no I/O of its own. Tests and editors supply texts from memory.
pub trait Host: Sync {
    /// The bytes of a file.
    fn read(&self, path: &Utf8Path) -> io::Result<Vec<u8>>;
    fn is_file(&self, path: &Utf8Path) -> bool;
    fn is_dir(&self, path: &Utf8Path) -> bool;
    /// Full paths of what a folder holds, sorted; empty when it cannot be read.
    fn list(&self, folder: &Utf8Path) -> Vec<Utf8PathBuf>;
}
