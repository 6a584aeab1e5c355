//! The file system as the analysis sees it.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Write};

use camino::{Utf8Path, Utf8PathBuf};
use pgwright_python::Host;

use crate::failure::{Failure, plain};

/// No hand-written module is this large; reading one would only cost time and memory.
pub(crate) const LARGEST_FILE: u64 = 10 << 20;

/// Reads from disk, with some texts replaced: those that fixes have changed and not yet written.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    pub(crate) changed: BTreeMap<Utf8PathBuf, String>,
}

impl Host for Disk {
    fn read(&self, path: &Utf8Path) -> io::Result<Vec<u8>> {
        if let Some(text) = self.changed.get(path) {
            return Ok(text.clone().into_bytes());
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
        self.changed.contains_key(path) || path.is_file()
    }

    fn is_dir(&self, path: &Utf8Path) -> bool {
        path.is_dir()
    }

    fn list(&self, folder: &Utf8Path) -> Vec<Utf8PathBuf> {
        let entries = folder.read_dir_utf8().into_iter().flatten();
        let mut paths: Vec<Utf8PathBuf> = entries.flatten().map(|entry| entry.path().to_owned()).collect();
        paths.sort();
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

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("UTF-8");
        (folder, path)
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
