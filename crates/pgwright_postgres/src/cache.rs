//! What is made once per server and kept: deleting the folder is always safe.

use std::path::{Path, PathBuf};

/// The folder for what is kept: `$XDG_CACHE_HOME/pgwright` or `~/.cache/pgwright`, for root `/var/cache/pgwright`, which other users
/// can read. None where there is no such place.
pub fn folder() -> Option<PathBuf> {
    let given = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    #[cfg(unix)]
    if crate::owner::unprivileged().is_some() {
        let shared = given.filter(|path| crate::owner::is_readable_by_all(path));
        return Some(shared.unwrap_or_else(|| PathBuf::from("/var/cache")).join("pgwright"));
    }
    let local = || std::env::var_os("LOCALAPPDATA").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
    given.or_else(local).or_else(home).map(|folder| folder.join("pgwright"))
}

/// Copies a folder with what is in it, but for what `leaves_out` names; everyone may read the copy.
#[cfg(unix)]
pub(crate) fn copy(from: &Path, to: &Path, leaves_out: fn(&Path) -> bool) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    create_for_all(to)?;
    for entry in from.read_dir()? {
        let entry = entry?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if leaves_out(&from) {
            continue;
        }
        let kind = entry.file_type()?;
        if kind.is_dir() {
            copy(&from, &to, leaves_out)?;
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(std::fs::read_link(&from)?, &to)?;
        } else {
            std::fs::copy(&from, &to)?;
            let mode = from.metadata()?.permissions().mode();
            std::fs::set_permissions(&to, std::fs::Permissions::from_mode(mode | 0o044))?;
        }
    }
    Ok(())
}

/// Puts a finished folder where it is kept. Several processes may do so at once: one wins, all get the same.
#[cfg(unix)]
pub(crate) fn keep(place: &Path, fill: impl FnOnce(&Path) -> std::io::Result<()>) -> std::io::Result<()> {
    let parent = place.parent().unwrap_or(Path::new("/"));
    create_for_all(parent)?;
    let unfinished = tempfile::Builder::new().prefix(".unfinished-").tempdir_in(parent)?;
    let inside = unfinished.path().join("content");
    create_for_all(&inside)?;
    fill(&inside)?;
    match std::fs::rename(&inside, place) {
        Err(error) if !place.is_dir() => Err(error),
        _ => Ok(()),
    }
}

#[cfg(unix)]
fn create_for_all(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    if folder.is_dir() {
        return Ok(());
    }
    create_for_all(folder.parent().unwrap_or(Path::new("/")))?;
    match std::fs::create_dir(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)),
    }
}
