//! Where the dependencies of a project are installed. Nothing is run to find out.

use camino::{Utf8Path, Utf8PathBuf};

use crate::failure::Failure;

/// The folders that hold packages: those `--python` means, or those of the active or nearest virtual environment. Empty
/// when there is none.
pub(crate) fn site_packages(given: Option<&Utf8Path>, root: &Utf8Path) -> Result<Vec<Utf8PathBuf>, Failure> {
    if let Some(given) = given {
        let found = of_given(given);
        if found.is_empty() {
            return Err(Failure::new(format!("no installed packages found for `--python {given}`"))
                .hint("give a site-packages folder, a virtual environment or a Python executable"));
        }
        return Ok(with_path_files(found));
    }
    for name in ["VIRTUAL_ENV", "CONDA_PREFIX"] {
        if let Ok(prefix) = std::env::var(name) {
            let found = of_prefix(Utf8Path::new(&prefix));
            if !found.is_empty() {
                return Ok(with_path_files(found));
            }
        }
    }
    for folder in crate::session::upwards(root) {
        for name in [".venv", "venv", "env", ".env"] {
            let prefix = folder.join(name);
            if prefix.join("pyvenv.cfg").is_file() {
                return Ok(with_path_files(of_prefix(&prefix)));
            }
        }
        if folder.join(".git").exists() {
            break;
        }
    }
    Ok(Vec::new())
}

fn of_given(given: &Utf8Path) -> Vec<Utf8PathBuf> {
    if given.is_dir() {
        let found = of_prefix(given);
        // A folder that is no environment is taken to hold the packages itself.
        return if found.is_empty() { vec![given.to_owned()] } else { found };
    }
    let executable = if given.is_file() {
        Some(given.to_owned())
    } else if given.components().count() == 1 {
        on_path(given.as_str())
    } else {
        None
    };
    let Some(executable) = executable else { return Vec::new() };
    // `bin/python` of a virtual environment is a link: the environment is where the link lies, not where it leads.
    let prefix = |path: &Utf8Path| path.parent().and_then(Utf8Path::parent).map(Utf8Path::to_owned);
    let beside = prefix(&executable).filter(|prefix| prefix.join("pyvenv.cfg").is_file());
    let real = || executable.canonicalize_utf8().ok().as_deref().and_then(prefix);
    beside.or_else(|| prefix(&executable).filter(|prefix| !of_prefix(prefix).is_empty())).or_else(real).map_or_else(
        Vec::new,
        |prefix| {
            let mut found = of_prefix(&prefix);
            if prefix == "/usr" {
                found.extend(of_prefix(Utf8Path::new("/usr/local")));
            }
            found
        },
    )
}

fn on_path(name: &str) -> Option<Utf8PathBuf> {
    let path = std::env::var("PATH").ok()?;
    std::env::split_paths(&path)
        .filter_map(|folder| Utf8PathBuf::from_path_buf(folder.join(name)).ok())
        .find(|path| path.is_file())
}

/// `lib/python3.12/site-packages` and its variants below an installation prefix, in a stable order.
fn of_prefix(prefix: &Utf8Path) -> Vec<Utf8PathBuf> {
    let mut found = Vec::new();
    for lib in ["lib", "lib64", "Lib"] {
        let lib = prefix.join(lib);
        let mut pythons: Vec<Utf8PathBuf> = lib
            .read_dir_utf8()
            .into_iter()
            .flatten()
            .flatten()
            .filter(|entry| entry.file_name().starts_with("python") || entry.file_name().starts_with("pypy"))
            .map(|entry| entry.path().to_owned())
            .collect();
        // The newest first, should an old version have been left behind.
        pythons.sort_by_key(|path| std::cmp::Reverse(version(path)));
        pythons.push(lib);
        for folder in pythons {
            for name in ["site-packages", "dist-packages"] {
                let packages = folder.join(name);
                let is_new = |found: &Vec<Utf8PathBuf>| {
                    let real = packages.canonicalize_utf8().ok();
                    !found.iter().any(|other| other.canonicalize_utf8().ok() == real)
                };
                if packages.is_dir() && is_new(&found) {
                    found.push(packages);
                }
            }
        }
    }
    found
}

fn version(path: &Utf8Path) -> Vec<u32> {
    let name = path.file_name().unwrap_or_default();
    name.trim_start_matches(|c: char| !c.is_ascii_digit()).split('.').filter_map(|part| part.parse().ok()).collect()
}

/// Adds the folders that `.pth` files name: that is how projects installed with `pip install -e` are found.
fn with_path_files(mut folders: Vec<Utf8PathBuf>) -> Vec<Utf8PathBuf> {
    let mut added = Vec::new();
    for folder in &folders {
        let mut files: Vec<Utf8PathBuf> = folder
            .read_dir_utf8()
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path().to_owned())
            .filter(|path| path.extension() == Some("pth"))
            .collect();
        files.sort();
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap_or_default();
            // A line that starts with `import` is code, which we do not run.
            for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
                let path = folder.join(line);
                if !line.starts_with("import") && path.is_dir() && !folders.contains(&path) && !added.contains(&path) {
                    added.push(path);
                }
            }
        }
    }
    folders.extend(added);
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    fn venv() -> (tempfile::TempDir, Utf8PathBuf) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = Utf8PathBuf::from_path_buf(folder.path().canonicalize().expect("there")).expect("UTF-8");
        for path in
            [".venv/lib/python3.9/site-packages", ".venv/lib/python3.12/site-packages", ".venv/bin", "src/other"]
        {
            std::fs::create_dir_all(root.join(path)).expect("made");
        }
        std::fs::create_dir_all(root.join("project/app")).expect("made");
        std::fs::write(root.join(".venv/pyvenv.cfg"), "").expect("written");
        std::fs::write(root.join(".venv/bin/python"), "").expect("written");
        let link = root.join(".venv/lib/python3.12/site-packages/editable.pth");
        std::fs::write(link, format!("import nothing\n{}\n/nowhere\n", root.join("src/other"))).expect("written");
        (folder, root)
    }

    #[test]
    fn a_virtual_environment_is_found_by_any_of_its_names() {
        let (_keep, root) = venv();
        let newest = root.join(".venv/lib/python3.12/site-packages");
        for given in [".venv", ".venv/bin/python", ".venv/lib/python3.12/site-packages"] {
            let found = site_packages(Some(&root.join(given)), &root).expect("found");
            assert_eq!(found.first(), Some(&newest), "{given}");
            assert_eq!(found.last(), Some(&root.join("src/other")), "{given}");
        }
        assert!(site_packages(Some(&root.join("nothing")), &root).is_err());
    }
}
