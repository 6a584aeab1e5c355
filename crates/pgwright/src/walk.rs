//! Finding the Python files of a project.

use std::sync::{Mutex, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use globset::GlobMatcher;
use ignore::{DirEntry, WalkBuilder, WalkState};

use crate::disk::LARGEST_FILE;

/// What a walk found, in path order.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    pub(crate) files: Vec<Utf8PathBuf>,
    /// What looks like a Python file and cannot be read as one, with the reason.
    pub(crate) unreadable: Vec<(Utf8PathBuf, String)>,
}

/// Every Python file below `root`, without what `.gitignore` and `exclude` name, hidden folders, virtual environments,
/// `node_modules`, catalogues of translations and caches. Links to folders are not followed, so a loop of them cannot trap us.
pub(crate) fn python_files(root: &Utf8Path, exclude: &[GlobMatcher]) -> Walked {
    let filter = exclude.to_vec();
    let walk = WalkBuilder::new(root)
        .require_git(false)
        .follow_links(false)
        .threads(rayon::current_num_threads())
        .filter_entry(move |entry| entry.depth() == 0 || is_wanted(entry, &filter))
        .build_parallel();
    let walked = Mutex::new(Walked::default());
    walk.run(|| {
        Box::new(|entry| {
            let mut found = Walked::default();
            match entry {
                Ok(entry) => visit(&entry, &mut found),
                Err(error) => note_error(&error, &mut found),
            }
            if !found.files.is_empty() || !found.unreadable.is_empty() {
                let mut walked = walked.lock().unwrap_or_else(PoisonError::into_inner);
                walked.files.append(&mut found.files);
                walked.unreadable.append(&mut found.unreadable);
            }
            WalkState::Continue
        })
    });
    let mut walked = walked.into_inner().unwrap_or_else(PoisonError::into_inner);
    walked.files.sort_unstable_by(in_path_order);
    walked.unreadable.sort();
    walked
}

/// The order of paths, part by part, found without taking them apart: a folder's own files stand together.
fn in_path_order(a: &Utf8PathBuf, b: &Utf8PathBuf) -> std::cmp::Ordering {
    let byte = |byte: u8| if std::path::is_separator(byte.into()) { 0 } else { byte };
    a.as_str().bytes().map(byte).cmp(b.as_str().bytes().map(byte))
}

fn is_wanted(entry: &DirEntry, exclude: &[GlobMatcher]) -> bool {
    let path = entry.path();
    let shown = path.strip_prefix("./").unwrap_or(path);
    if exclude.iter().any(|glob| glob.is_match(shown)) {
        return false;
    }
    if !entry.file_type().is_some_and(|kind| kind.is_dir()) {
        return true;
    }
    !entry.file_name().to_str().is_some_and(is_others) && !path.join("pyvenv.cfg").is_file()
}

/// Folders of code that is not the project's, and of what is no code.
fn is_others(name: &str) -> bool {
    matches!(
        name,
        "node_modules" | "__pycache__" | "site-packages" | "dist-packages" | "__pypackages__" | "LC_MESSAGES"
    )
}

/// Whether a walk would find a file of this name, were it there and not left out by `.gitignore`.
pub(crate) fn is_own(path: &Utf8Path, exclude: &[GlobMatcher]) -> bool {
    let is_hidden = |name: &str| name.starts_with('.') && name != "." && name != "..";
    !path.components().any(|part| is_others(part.as_str()) || is_hidden(part.as_str()))
        && !path.ancestors().any(|path| exclude.iter().any(|glob| glob.is_match(path)))
}

fn visit(entry: &DirEntry, walked: &mut Walked) {
    if entry.path().extension().is_none_or(|extension| extension != "py") {
        return;
    }
    let Some(path) = Utf8Path::from_path(entry.path()) else {
        let shown = Utf8PathBuf::from(entry.path().to_string_lossy().into_owned());
        walked.unreadable.push((clean(&shown), "its name is not valid Unicode".to_owned()));
        return;
    };
    if entry.file_type().is_some_and(|kind| kind.is_dir()) {
        return;
    }
    match std::fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => {}
        Ok(metadata) if !metadata.is_file() => {
            walked.unreadable.push((clean(path), "it is not a regular file".to_owned()));
        }
        Ok(metadata) if metadata.len() > LARGEST_FILE => {
            let size = metadata.len() >> 20;
            walked.unreadable.push((clean(path), format!("it has {size} MB; files above 10 MB are left out")));
        }
        Ok(_) => walked.files.push(clean(path)),
        Err(_) if entry.path_is_symlink() => {
            walked.unreadable.push((clean(path), "it is a link to nothing".to_owned()));
        }
        Err(error) => walked.unreadable.push((clean(path), crate::failure::plain(&error))),
    }
}

fn note_error(error: &ignore::Error, walked: &mut Walked) {
    if let ignore::Error::WithDepth { err, .. } = error {
        return note_error(err, walked);
    }
    // Mistakes in a .gitignore are not ours to report.
    if let ignore::Error::WithPath { path, err } = error
        && let Some(io) = err.io_error()
    {
        let path = Utf8PathBuf::from(path.to_string_lossy().into_owned());
        walked.unreadable.push((clean(&path), crate::failure::plain(io)));
    }
}

/// Without a leading `./`.
pub(crate) fn clean(path: &Utf8Path) -> Utf8PathBuf {
    match path.strip_prefix("./") {
        Ok(rest) if !rest.as_str().is_empty() => rest.to_owned(),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(files: &[&str]) -> (tempfile::TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).expect("UTF-8");
        for file in files {
            let file = path.join(file);
            std::fs::create_dir_all(file.parent().expect("a folder")).expect("made");
            std::fs::write(file, "x = 1\n").expect("written");
        }
        (folder, path)
    }

    fn names(root: &Utf8Path, walked: &Walked) -> Vec<String> {
        walked.files.iter().map(|path| path.strip_prefix(root).unwrap_or(path).to_string()).collect()
    }

    #[test]
    fn the_order_is_that_of_paths() {
        let mut paths: Vec<Utf8PathBuf> =
            ["a-b/c.py", "a/b.py", "a.py", "a/b/c.py", "/a", "b", "a", "a b"].map(Into::into).into();
        let mut sorted = paths.clone();
        sorted.sort();
        paths.sort_unstable_by(in_path_order);
        assert_eq!(paths, sorted);
    }

    #[test]
    fn only_the_projects_own_files_are_found() {
        let (_keep, root) = project(&[
            "manage.py",
            "shop/models.py",
            "shop/data.json",
            ".git/hooks/a.py",
            ".tox/lib/a.py",
            "node_modules/x/a.py",
            "env/pyvenv.cfg",
            "env/lib/a.py",
            "built/a.py",
            "shop/legacy/a.py",
        ]);
        std::fs::write(root.join(".gitignore"), "/built\n").expect("written");
        let exclude = [globset::Glob::new("**/legacy").expect("a pattern").compile_matcher()];
        let walked = python_files(&root, &exclude);
        assert_eq!(names(&root, &walked), ["manage.py", "shop/models.py"]);
    }

    #[cfg(unix)]
    #[test]
    fn odd_files_are_named_and_the_rest_is_read() {
        let (_keep, root) = project(&["a.py", "sub/b.py"]);
        std::os::unix::fs::symlink(&root, root.join("sub/loop")).expect("linked");
        std::os::unix::fs::symlink("nowhere", root.join("gone.py")).expect("linked");
        std::os::unix::fs::symlink("a.py", root.join("alias.py")).expect("linked");
        let made = std::process::Command::new("mkfifo").arg(root.join("pipe.py")).status();
        let file = std::fs::File::create(root.join("huge.py")).expect("made");
        file.set_len(LARGEST_FILE + 1).expect("sized");
        let walked = python_files(&root, &[]);
        assert_eq!(names(&root, &walked), ["a.py", "alias.py", "sub/b.py"]);
        let pipes = usize::from(made.is_ok_and(|status| status.success()));
        assert_eq!(walked.unreadable.len(), 2 + pipes, "{:?}", walked.unreadable);
    }
}
