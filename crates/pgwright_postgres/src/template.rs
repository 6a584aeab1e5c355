//! Empty data directories, made once per server and locale and copied for each cluster.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::installation::{Installation, program};
use crate::owner::Owner;
use crate::supervisor::as_owner;
use crate::{Error, cache};

/// Changes when a template is made otherwise than before.
const FORMAT: u32 = 1;

/// Where the data directory of a new cluster comes from.
pub(crate) enum Template {
    /// It is kept there, to be copied.
    Kept(PathBuf),
    /// There is no place to keep one: it was made where the cluster needs it.
    InPlace,
}

/// The template for the first of these locales that the machine has. `run` is the new cluster's folder.
pub(crate) fn template(
    installation: &Installation,
    owner: Option<Owner>,
    locales: &[String],
    run: &Path,
) -> Result<Template, Error> {
    let mut refused = Error::new("no locale was asked for");
    for locale in locales {
        let place = cache::folder().map(|folder| folder.join("templates").join(key(installation, locale)));
        if let Some(place) = place.as_deref().filter(|place| place.is_dir()) {
            return Ok(Template::Kept(place.to_owned()));
        }
        match initdb(installation, owner, locale, run) {
            Err(error) => refused = error,
            Ok(()) => {
                let data = run.join("data");
                let kept =
                    place.filter(|place| cache::keep(place, |folder| cache::copy(&data, folder, |_| false)).is_ok());
                return match kept {
                    None => Ok(Template::InPlace),
                    Some(place) => {
                        std::fs::remove_dir_all(&data).map_err(|error| Error::io("clean up", &error))?;
                        Ok(Template::Kept(place))
                    }
                };
            }
        }
    }
    Err(refused)
}

/// A name for what is kept of this installation: another one gets another.
pub(crate) fn key(installation: &Installation, locale: &str) -> String {
    let mut hasher = DefaultHasher::new();
    let postgres = program(&installation.bin, "postgres");
    let changed = postgres.metadata().ok().map(|metadata| (metadata.len(), metadata.modified().ok()));
    (FORMAT, &postgres, changed).hash(&mut hasher);
    let locale: String =
        locale.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' }).collect();
    format!("{}-{locale}-{:016x}", installation.version, hasher.finish())
}

fn initdb(installation: &Installation, owner: Option<Owner>, locale: &str, run: &Path) -> Result<(), Error> {
    let data = run.join("data");
    let mut command = Command::new(program(&installation.bin, "initdb"));
    command.arg("-D").arg(&data).args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]);
    // One megabyte of write-ahead log instead of sixteen: the copy is faster.
    command.args(["--wal-segsize=1", "--lc-messages=C"]).arg(format!("--locale={locale}"));
    if installation.version.major >= 15 {
        command.arg("--locale-provider=libc");
    }
    if installation.version.major >= 18 {
        // The heights of B-trees are written into pages without computing their checksums.
        command.arg("--no-data-checksums");
    }
    command.current_dir(run).stdin(Stdio::null());
    as_owner(&mut command, owner);
    let output = command.output().map_err(|error| Error::io("run `initdb`", &error))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.lines().find(|line| line.contains("error:")).unwrap_or(said.trim());
        return Err(Error::new(format!("`initdb` of PostgreSQL {} failed: {said}", installation.version)));
    }
    strip(&data).map_err(|error| Error::io("prepare a data directory", &error))
}

/// Removes the two template databases: two thirds of what would be copied. `postgres`, made last, is the one that is used.
fn strip(data: &Path) -> std::io::Result<()> {
    let mut databases: Vec<(u32, PathBuf)> = Vec::new();
    for entry in data.join("base").read_dir()? {
        let entry = entry?;
        databases.extend(entry.file_name().to_str().and_then(|name| name.parse().ok()).map(|oid| (oid, entry.path())));
    }
    databases.sort();
    databases.pop();
    databases.iter().try_for_each(|(_, path)| std::fs::remove_dir_all(path))
}
