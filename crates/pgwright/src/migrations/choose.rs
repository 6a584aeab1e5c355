//! Which migrations are meant.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;
use pgwright_django::migrations::{History, Migration};

use crate::failure::Failure;
use crate::inspect::is_named;
use crate::session::Reading;

/// Of those that are named, if any are.
#[derive(Debug)]
pub(super) enum Which {
    /// The last ones of each app: what lies before them has run.
    Last,
    All,
    /// Those in files that git says have changed.
    Changed(BTreeSet<Utf8PathBuf>),
    /// Those that a database has not applied, by place in the history.
    Pending(BTreeSet<usize>),
}

/// Their places in the history. `wanted` is `APP` or `APP.NAME`.
pub(super) fn choose(which: &Which, wanted: Option<&str>, reading: &Reading) -> Result<Vec<usize>, Failure> {
    let history = &reading.project.history;
    if let Some(wanted) = wanted
        && !history.migrations.iter().any(|migration| is_named(migration, wanted))
    {
        return Err(no_such(wanted, history));
    }
    // The whole name, before others that start with it.
    let is_whole = wanted.is_some_and(|wanted| history.migrations.iter().any(|migration| migration.label() == wanted));
    let is_wanted = |migration: &Migration, wanted: &str| match is_whole {
        true => migration.label() == wanted,
        false => is_named(migration, wanted),
    };
    // One that is named is judged wherever it stands.
    let is_exact = wanted.is_some_and(|wanted| wanted.contains('.'));
    let is_chosen = |place: usize, migration: &Migration| {
        let named = wanted.map(|wanted| is_wanted(migration, wanted));
        let of_whom = named.unwrap_or(migration.own);
        match which {
            Which::Last => of_whom && (is_exact || migration.leaf),
            Which::All => of_whom,
            Which::Changed(files) => of_whom && is_among(files, migration, reading),
            // What `migrate` would run is whoever's.
            Which::Pending(places) => named.unwrap_or(true) && places.contains(&place),
        }
    };
    let chosen = history.migrations.iter().enumerate().filter(|(place, migration)| is_chosen(*place, migration));
    Ok(chosen.map(|(place, _)| place).collect())
}

fn is_among(changed: &BTreeSet<Utf8PathBuf>, migration: &Migration, reading: &Reading) -> bool {
    migration.file.is_some_and(|file| {
        let path = reading.files.path(file);
        path.canonicalize_utf8().is_ok_and(|path| changed.contains(&path))
    })
}

fn no_such(wanted: &str, history: &History) -> Failure {
    let failure = Failure::new(format!("there is no migration `{wanted}`"));
    let labels: Vec<String> = history.migrations.iter().map(Migration::label).collect();
    let apps: BTreeSet<&str> = history.migrations.iter().map(|migration| migration.app.as_str()).collect();
    match pgwright_diagnostics::closest(wanted, labels.iter().map(String::as_str).chain(apps)) {
        Some(meant) => failure.hint(format!("did you mean `{meant}`?")),
        None => failure.hint("`pgwright inspect migrations` lists them; a name is `APP` or `APP.NAME`"),
    }
}
