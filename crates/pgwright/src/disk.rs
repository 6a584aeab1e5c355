//! The file system as the analysis sees it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::{self, ErrorKind, Write};
use std::sync::{Arc, Mutex, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use pgwright_python::Host;

use crate::failure::{Failure, plain};
use crate::walk::clean;

/// No hand-written module is this large; reading one would only cost time and memory.
pub(crate) const LARGEST_FILE: u64 = 10 << 20;

/// Reads from disk, with some texts replaced: those that fixes have changed and not yet written, or those of an earlier commit.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    pub(crate) changed: BTreeMap<Utf8PathBuf, String>,
    /// Files that are passed over: an earlier commit does not have them.
    pub(crate) removed: BTreeSet<Utf8PathBuf>,
    /// Looking for modules asks for thousands of files that are not there: each folder is listed once instead.
    folders: Mutex<HashMap<Utf8PathBuf, Arc<Folder>>>,
}

#[derive(Debug)]
enum Folder {
    Listed(HashMap<String, Kind>),
    Missing,
    /// There, perhaps, but not to be listed.
    Closed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
    /// A link, or something rarer: the system has to be asked.
    Other,
}

impl Disk {
    /// Whether all answers are those of the file system.
    pub(crate) fn is_plain(&self) -> bool {
        self.changed.is_empty() && self.removed.is_empty()
    }

    fn replaced(&self, path: &Utf8Path) -> Option<&String> {
        if self.changed.is_empty() {
            return None;
        }
        self.changed.get(path).or_else(|| self.changed.get(&clean(path)))
    }

    fn is_removed(&self, path: &Utf8Path) -> bool {
        !self.removed.is_empty() && self.removed.contains(&clean(path))
    }

    /// What a path is, none when nothing is there.
    fn kind(&self, path: &Utf8Path) -> Option<Kind> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return Some(Kind::Other) };
        match &*self.folder(parent) {
            Folder::Listed(entries) => entries.get(name).copied(),
            Folder::Missing => None,
            Folder::Closed => Some(Kind::Other),
        }
    }

    /// What lies right in a folder of the replaced texts, or of folders with them.
    fn below<'a>(&'a self, folder: &Utf8Path) -> impl Iterator<Item = &'a str> {
        // Asked of every folder that a module might lie in, mostly of a disk without replaced texts.
        let folder = if self.changed.is_empty() { Utf8PathBuf::new() } else { clean(folder) };
        let here = folder == "." || folder.as_str().is_empty();
        self.changed.keys().filter_map(move |path| {
            let rest = if here { path.as_path() } else { path.strip_prefix(&folder).ok()? };
            rest.components().next().map(|first| first.as_str()).filter(|name| *name != ".." && *name != "/")
        })
    }

    fn folder(&self, path: &Utf8Path) -> Arc<Folder> {
        let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(folder) = folders.get(path) {
            return folder.clone();
        }
        let is_lost = |above: &Utf8Path, below: &Utf8Path| match folders.get(above).map(Arc::as_ref) {
            Some(Folder::Missing) => true,
            Some(Folder::Listed(entries)) => below.file_name().is_some_and(|name| !entries.contains_key(name)),
            _ => false,
        };
        let folder = Arc::new(
            match path.ancestors().zip(path.ancestors().skip(1)).any(|(below, above)| is_lost(above, below)) {
                true => Folder::Missing,
                false => list(path),
            },
        );
        folders.insert(path.to_owned(), folder.clone());
        folder
    }
}

fn list(path: &Utf8Path) -> Folder {
    let path = if path.as_str().is_empty() { Utf8Path::new(".") } else { path };
    let entries = match path.read_dir_utf8() {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Folder::Missing,
        Err(_) => return Folder::Closed,
    };
    let entry = |entry: io::Result<camino::Utf8DirEntry>| {
        let entry = entry.ok()?;
        let kind = match entry.file_type() {
            Ok(kind) if kind.is_file() => Kind::File,
            Ok(kind) if kind.is_dir() => Kind::Folder,
            _ => Kind::Other,
        };
        Some((entry.file_name().to_owned(), kind))
    };
    Folder::Listed(entries.filter_map(entry).collect())
}

impl Host for Disk {
    fn read(&self, path: &Utf8Path) -> io::Result<Vec<u8>> {
        if let Some(text) = self.replaced(path) {
            return Ok(text.clone().into_bytes());
        }
        if self.is_removed(path) {
            return Err(ErrorKind::NotFound.into());
        }
        // Opening a pipe would wait for its writer for ever.
        let metadata = std::fs::metadata(path)?;
        if !metadata.is_file() {
            return Err(io::Error::new(ErrorKind::InvalidInput, "not a regular file"));
        }
        if metadata.len() > LARGEST_FILE {
            return Err(io::Error::new(ErrorKind::FileTooLarge, "larger than 10 MB"));
        }
        std::fs::read(path)
    }

    fn is_file(&self, path: &Utf8Path) -> bool {
        self.replaced(path).is_some()
            || !self.is_removed(path)
                && match self.kind(path) {
                    Some(Kind::Other) => path.is_file(),
                    kind => kind == Some(Kind::File),
                }
    }

    fn is_dir(&self, path: &Utf8Path) -> bool {
        let is_there = match self.kind(path) {
            Some(Kind::Other) => path.is_dir(),
            kind => kind == Some(Kind::Folder),
        };
        // A folder may be gone by now with all its files.
        is_there || self.below(path).next().is_some()
    }

    fn list(&self, folder: &Utf8Path) -> Vec<Utf8PathBuf> {
        let entries = folder.read_dir_utf8().into_iter().flatten();
        let mut paths: Vec<Utf8PathBuf> = entries.flatten().map(|entry| entry.path().to_owned()).collect();
        paths.retain(|path| !self.is_removed(path));
        paths.extend(self.below(folder).map(|rest| folder.join(rest)));
        paths.sort();
        paths.dedup();
        paths
    }
}

const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Replaces a file's text in one step: readers see the old text or the new one, never half. Refuses when the file is not
/// what was read (edited meanwhile, or not UTF-8).
pub(crate) fn replace(path: &Utf8Path, read: &str, new: &str) -> Result<(), Failure> {
    let fail = |error: io::Error| Failure::write("write", &path, &error);
    // A symbolic link stays one: what it points to is replaced.
    let target = path.canonicalize_utf8().map_err(fail)?;
    let on_disk = std::fs::read(&target).map_err(fail)?;
    let mark = if on_disk == read.as_bytes() {
        ""
    } else if on_disk.strip_prefix(BYTE_ORDER_MARK.as_bytes()) == Some(read.as_bytes()) {
        BYTE_ORDER_MARK
    } else {
        return Err(Failure::new(format!("`{path}` was not fixed: it is not what was read"))
            .hint("it changed meanwhile, or is not UTF-8; run again"));
    };
    let folder = target.parent().unwrap_or(Utf8Path::new("."));
    let name = target.file_name().unwrap_or_default();
    let temporary = folder.join(format!(".{name}.pgwright-{}", std::process::id()));
    let written = (|| {
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).open(&temporary)?;
        file.write_all(mark.as_bytes())?;
        file.write_all(new.as_bytes())?;
        file.sync_all()?;
        std::fs::set_permissions(&temporary, std::fs::metadata(&target)?.permissions())?;
        std::fs::rename(&temporary, &target)
    })();
    written.map_err(|error| {
        let _ = std::fs::remove_file(&temporary);
        Failure::new(format!("could not write `{path}`: {}", plain(&error)))
    })
}

/// Makes a file that is not there yet.
pub(crate) fn create(path: &Utf8Path, text: &str) -> Result<(), Failure> {
    let written = std::fs::OpenOptions::new().write(true).create_new(true).open(path).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| Failure::write("write", &path, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("UTF-8");
        (folder, path)
    }

    #[test]
    fn what_a_path_is_comes_from_its_folder() {
        let (_keep, folder) = folder();
        std::fs::create_dir(folder.join("package")).expect("made");
        std::fs::write(folder.join("package/a.py"), "").expect("written");
        let disk = Disk::default();
        assert!(disk.is_dir(&folder) && disk.is_dir(&folder.join("package")) && !disk.is_dir(&folder.join("none")));
        assert!(disk.is_file(&folder.join("package/a.py")) && !disk.is_file(&folder.join("package/b.py")));
        assert!(!disk.is_file(&folder.join("package")) && !disk.is_file(&folder.join("none/deeper/a.py")));
        assert!(!disk.is_file(&folder.join("package/a.py/b.py")), "below a file is nothing");
        assert!(
            disk.is_dir(Utf8Path::new(".")) && disk.is_dir(Utf8Path::new("/")) && disk.is_dir(Utf8Path::new("src"))
        );
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("package", folder.join("link")).expect("linked");
            let disk = Disk::default();
            assert!(disk.is_dir(&folder.join("link")) && disk.is_file(&folder.join("link/a.py")));
        }
    }

    #[test]
    fn a_file_is_replaced_only_when_it_is_what_was_read() {
        let (_keep, folder) = folder();
        let path = folder.join("a.py");
        std::fs::write(&path, "old").expect("written");
        assert!(replace(&path, "other", "new").is_err());
        assert!(replace(&path, "old", "new").is_ok());
        assert_eq!(std::fs::read_to_string(&path).expect("read"), "new");
        assert_eq!(Disk::default().list(&folder), [path], "no temporary file stays");
    }

    #[test]
    fn a_byte_order_mark_and_permissions_stay() {
        let (_keep, folder) = folder();
        let path = folder.join("a.py");
        std::fs::write(&path, "\u{feff}old").expect("written");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o754)).expect("set");
            replace(&path, "old", "new").expect("replaced");
            assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o754);
            assert_eq!(std::fs::read_to_string(&path).expect("read"), "\u{feff}new");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link() {
        let (_keep, folder) = folder();
        std::fs::write(folder.join("real.py"), "old").expect("written");
        std::os::unix::fs::symlink("real.py", folder.join("link.py")).expect("linked");
        replace(&folder.join("link.py"), "old", "new").expect("replaced");
        assert!(folder.join("link.py").is_symlink());
        assert_eq!(std::fs::read_to_string(folder.join("real.py")).expect("read"), "new");
    }
}
