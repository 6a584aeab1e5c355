//! Where a project's import roots and settings are, found from its files alone.

use camino::{Utf8Path, Utf8PathBuf};
use pgwright_python::Host;

use crate::project::{DjangoVersion, VersionSource};
use crate::request::ReadRequest;

/// How a project lies on disk.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) root: Utf8PathBuf,
    /// What is on `sys.path` when Django runs.
    pub(crate) import_roots: Vec<Utf8PathBuf>,
    /// Settings modules, best first: what `manage.py` names, then what looks like settings.
    pub(crate) settings: Vec<String>,
    /// How many of them a `manage.py` names: more than one when the repository holds several projects.
    pub(crate) named: usize,
}

pub(crate) fn layout(request: &ReadRequest, host: &dyn Host) -> Layout {
    let manage: Vec<&Utf8PathBuf> = {
        let mut found: Vec<_> = request.paths.iter().filter(|path| path.file_name() == Some("manage.py")).collect();
        found.sort_by_key(|path| (path.components().count(), path.as_str()));
        found
    };
    // Paths below the current folder are written without a leading dot.
    let roots: Vec<Utf8PathBuf> =
        request.roots.iter().map(|root| if root == "." { Utf8PathBuf::new() } else { root.clone() }).collect();
    let base = roots.first().cloned().unwrap_or_default();
    let mut import_roots: Vec<Utf8PathBuf> = Vec::new();
    let mut add = |folder: Utf8PathBuf| {
        if !import_roots.contains(&folder) {
            import_roots.push(folder);
        }
    };
    let mut settings = Vec::new();
    for path in &manage {
        let folder = path.parent().map(Utf8Path::to_owned).unwrap_or_default();
        add(folder);
        settings.extend(settings_named_in(path, host));
    }
    for root in &roots {
        let folder = if root.as_str().is_empty() || host.is_dir(root) {
            root.clone()
        } else {
            root.parent().map(Utf8Path::to_owned).unwrap_or_default()
        };
        let source = folder.join("src");
        if request.paths.iter().any(|path| path.starts_with(&source)) {
            add(source);
        }
        add(package_root(&folder, host));
        add(folder);
    }
    let root = manage.first().and_then(|path| path.parent()).map_or(base, Utf8Path::to_owned);
    settings.dedup();
    let named = settings.len();
    for name in settings_like(&request.paths, &import_roots) {
        if !settings.contains(&name) {
            settings.push(name);
        }
    }
    Layout { root, import_roots, settings, named }
}

/// The folder to import from when the user named a package or something inside one.
fn package_root(folder: &Utf8Path, host: &dyn Host) -> Utf8PathBuf {
    let mut folder = folder.to_owned();
    while host.is_file(&folder.join("__init__.py")) {
        match folder.parent() {
            Some(parent) if !parent.as_str().is_empty() => folder = parent.to_owned(),
            _ => break,
        }
    }
    folder
}

/// `os.environ.setdefault("DJANGO_SETTINGS_MODULE", "x.settings")`.
fn settings_named_in(path: &Utf8Path, host: &dyn Host) -> Option<String> {
    let text = String::from_utf8_lossy(&host.read(path).ok()?).into_owned();
    let after = &text[text.find("DJANGO_SETTINGS_MODULE")? + "DJANGO_SETTINGS_MODULE".len()..];
    let after = after.trim_start_matches(['"', '\'']);
    let start = after.find(['"', '\''])?;
    let quote = after[start..].chars().next()?;
    let rest = &after[start + 1..];
    let name = &rest[..rest.find(quote)?];
    let valid = !name.is_empty() && name.chars().all(|char| char.is_alphanumeric() || char == '_' || char == '.');
    valid.then(|| name.to_owned())
}

/// Modules named `settings` (or in a package of that name), the least nested first.
fn settings_like(paths: &[Utf8PathBuf], roots: &[Utf8PathBuf]) -> Vec<String> {
    let mut found: Vec<(usize, String)> = Vec::new();
    for path in paths {
        let is_test = path.components().any(|part| matches!(part.as_str(), "migrations" | "node_modules"));
        let stem = path.file_stem().unwrap_or_default();
        let parent = path.parent().and_then(Utf8Path::file_name).unwrap_or_default();
        let looks = stem == "settings"
            || (parent == "settings" && matches!(stem, "base" | "production" | "prod" | "__init__" | "local" | "dev"));
        if !looks || is_test {
            continue;
        }
        let name =
            roots.iter().filter_map(|root| pgwright_python::modules::module_name(root, path)).min_by_key(String::len);
        if let Some(name) = name {
            let rank = match stem {
                "production" | "prod" => 0,
                "settings" | "__init__" => 1,
                "base" => 2,
                _ => 3,
            };
            found.push((path.components().count() * 4 + rank, name));
        }
    }
    found.sort();
    found.into_iter().map(|(_, name)| name).collect()
}

/// The first `major.minor` in a text such as `5.2.19.dist-info` or `>=5.2,<6`.
pub(crate) fn version_number(text: &str) -> Option<(u8, u8)> {
    let start = text.find(|char: char| char.is_ascii_digit())?;
    let mut parts = text[start..].split(|char: char| !char.is_ascii_digit());
    let major: u8 = parts.next()?.parse().ok()?;
    let minor = parts.next().and_then(|minor| minor.parse().ok()).unwrap_or(0);
    (1..20).contains(&major).then_some((major, minor))
}

/// Reads lock files, requirements and `pyproject.toml` near the roots, the most exact first.
pub(crate) fn declared_version(request: &ReadRequest, host: &dyn Host) -> Option<DjangoVersion> {
    let mut folders: Vec<Utf8PathBuf> = Vec::new();
    for root in &request.roots {
        let mut folder = Some(root.as_path());
        while let Some(current) = folder {
            folders.push(current.to_owned());
            folder = current.parent().filter(|parent| !parent.as_str().is_empty());
            if host.is_dir(&current.join(".git")) || folders.len() > 4 {
                break;
            }
        }
    }
    const EXACT: &[&str] = &["uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock"];
    const LOOSE: &[&str] = &[
        "requirements.txt",
        "requirements/base.txt",
        "requirements/production.txt",
        "requirements.in",
        "pyproject.toml",
        "setup.cfg",
        "setup.py",
        "Pipfile",
    ];
    for folder in &folders {
        for name in EXACT {
            let Ok(bytes) = host.read(&folder.join(name)) else { continue };
            if let Some((major, minor)) = locked_version(&String::from_utf8_lossy(&bytes)) {
                return Some(DjangoVersion { major, minor, source: VersionSource::Declared((*name).to_owned()) });
            }
        }
        for name in LOOSE {
            let Ok(bytes) = host.read(&folder.join(name)) else { continue };
            if let Some((major, minor)) = required_version(&String::from_utf8_lossy(&bytes)) {
                return Some(DjangoVersion { major, minor, source: VersionSource::Declared((*name).to_owned()) });
            }
        }
        // A wheel unpacked beside its sources says what it needs.
        for entry in host.list(folder) {
            if entry.extension() == Some("dist-info")
                && let Ok(bytes) = host.read(&entry.join("METADATA"))
            {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let needs: String =
                    text.lines().filter_map(|line| line.strip_prefix("Requires-Dist: ")).collect::<Vec<_>>().join("\n");
                if let Some((major, minor)) = required_version(&needs) {
                    return Some(DjangoVersion {
                        major,
                        minor,
                        source: VersionSource::Declared("METADATA".to_owned()),
                    });
                }
            }
        }
    }
    None
}

/// `name = "django"` followed by `version = "5.2.1"`, in any of the lock formats.
fn locked_version(text: &str) -> Option<(u8, u8)> {
    let lower = text.to_ascii_lowercase();
    let at = lower.find("name = \"django\"").or_else(|| lower.find("\"django\": {"))?;
    let rest = &lower[at..];
    version_number(&rest[rest.find("version")?..])
}

/// A requirement on Django in requirement syntax or a quoted dependency; the highest bound named with `==`, `~=` or `>=`.
fn required_version(text: &str) -> Option<(u8, u8)> {
    let mut best = None;
    for line in text.lines() {
        let line = line.trim().trim_start_matches(['"', '\'', '-', ' ', '[']);
        let lower = line.to_ascii_lowercase();
        let Some(rest) = lower.strip_prefix("django") else { continue };
        let rest = rest.split(['#', ';']).next().unwrap_or_default().trim_start();
        let rest = match rest.strip_prefix('[') {
            Some(extras) => extras.split_once(']').map_or(extras, |(_, rest)| rest).trim_start(),
            None => rest,
        };
        let pinned = ["==", "~=", ">=", "="].iter().find_map(|operator| {
            rest.find(operator).and_then(|at| {
                version_number(rest[at + operator.len()..].trim_start_matches(['=', ' ', '"', '^', '~']))
            })
        });
        if rest.starts_with(['=', '~', '>', '<', '!', ' ', '(', '^']) || rest.is_empty() {
            best = best.max(pinned);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::{locked_version, required_version, version_number};

    #[test]
    fn versions_are_read_from_every_form() {
        assert_eq!(version_number("5.2.19.dist-info"), Some((5, 2)));
        assert_eq!(required_version("Django>=4.2,<5.0\n"), Some((4, 2)));
        assert_eq!(required_version("    \"django[argon2]==5.2.*\",\n"), Some((5, 2)));
        assert_eq!(required_version("django-filter==2.4\n"), None);
        assert_eq!(locked_version("[[package]]\nname = \"django\"\nversion = \"6.0.1\"\n"), Some((6, 0)));
    }
}
