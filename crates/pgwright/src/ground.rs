//! What plans and recommendations are based on: the schema, statistics, and where these come from.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use pgwright_django::schema::{Scope, schema_of};
use pgwright_postgres::{Snapshot, snapshot};
use pgwright_rules::Sizes;
use pgwright_schema::activity::Activity;
use pgwright_schema::statistics::Source;
use pgwright_schema::traffic::traffic;
use pgwright_schema::{Schema, Statistics};
use serde::Serialize;

use crate::failure::Failure;
use crate::session::{Reading, Session};

/// What a planner, or a rule of `tune`, is told.
pub(crate) struct Ground {
    pub(crate) schema: Schema,
    pub(crate) statistics: Statistics,
    pub(crate) basis: Basis,
}

/// Where statistics come from.
#[derive(Clone)]
pub(crate) enum Basis {
    /// No database was asked.
    Assumed,
    /// A file that `pgwright snapshot` wrote.
    Snapshot(Utf8PathBuf),
    /// The database itself.
    Live,
}

/// What was measured of a database, in a file or just now.
pub(crate) struct Measured {
    pub(crate) basis: Basis,
    pub(crate) snapshot: Snapshot,
}

/// The same for programs.
#[derive(Serialize)]
pub(crate) struct Origins<'a> {
    /// `snapshot`, `assumed` or `live`.
    source: &'static str,
    file: Option<&'a str>,
    /// Tables whose size is assumed.
    assumed_tables: Vec<&'a str>,
}

impl Ground {
    /// The measured statistics where there are some, otherwise what the configuration assumes, otherwise what is usual.
    pub(crate) fn new(session: &Session, reading: &Reading, measured: Option<Measured>) -> Ground {
        match measured {
            Some(measured) => Ground::on(session, reading, measured.basis, measured.snapshot.statistics),
            None => Ground::on(session, reading, Basis::Assumed, Statistics::default()),
        }
    }

    /// The same, of measurements that are needed again.
    pub(crate) fn of(session: &Session, reading: &Reading, measured: Option<&Measured>) -> Ground {
        match measured {
            Some(measured) => {
                Ground::on(session, reading, measured.basis.clone(), measured.snapshot.statistics.clone())
            }
            None => Ground::new(session, reading, None),
        }
    }

    fn on(session: &Session, reading: &Reading, basis: Basis, measured: Statistics) -> Ground {
        let schema = schema_of(&reading.project, Scope::All).schema;
        let stated = &session.config.assumed_rows;
        let statistics = pgwright_rules::statistics(&schema, &reading.project.models, stated, measured);
        Ground { schema, statistics, basis }
    }

    /// Tables that nobody measured.
    pub(crate) fn assumed_tables(&self) -> impl Iterator<Item = &str> {
        let tables = self.statistics.tables.iter();
        tables.filter(|(_, table)| table.source == Source::Assumed).map(|(name, _)| name.as_str())
    }

    pub(crate) fn origins(&self) -> Origins<'_> {
        let (source, file) = match &self.basis {
            Basis::Assumed => ("assumed", None),
            Basis::Snapshot(path) => ("snapshot", Some(path.as_str())),
            Basis::Live => ("live", None),
        };
        Origins { source, file, assumed_tables: self.assumed_tables().collect() }
    }
}

/// What rules are told of tables: a snapshot knows best, then the configuration.
pub(crate) fn sizes(session: &Session, reading: &Reading, measured: Option<&Measured>) -> Sizes {
    let snapshot = measured.map(|measured| &measured.snapshot);
    let calls = snapshot.filter(|snapshot| !snapshot.activity.statements.is_empty());
    Sizes {
        stated: session.config.assumed_rows.clone(),
        measured: snapshot.map(|snapshot| snapshot.statistics.tables.clone()).unwrap_or_default(),
        scans: snapshot.map(|snapshot| scans(&snapshot.activity)).unwrap_or_default(),
        calls: calls
            .map(|snapshot| traffic(&schema_of(&reading.project, Scope::All).schema, &snapshot.activity))
            .unwrap_or_default(),
        hot: session.config.hot.clone(),
        rates: session.config.rates,
    }
}

/// How often each index was used.
fn scans(activity: &Activity) -> BTreeMap<String, u64> {
    let indexes = activity.tables.values().flat_map(|table| &table.indexes);
    indexes.map(|(name, index)| (name.clone(), index.scans)).collect()
}

/// The snapshot given, or the project's own.
pub(crate) fn read_snapshot(given: Option<&Utf8Path>, session: &Session) -> Result<Option<Measured>, Failure> {
    let path = match given {
        Some(path) => path.to_owned(),
        None => {
            let folders = crate::session::upwards(&session.shown[0]).into_iter();
            match folders.map(|folder| folder.join(snapshot::FILE_NAME)).find(|path| path.is_file()) {
                Some(path) => path,
                None => return Ok(None),
            }
        }
    };
    let text = std::fs::read_to_string(&path).map_err(|error| Failure::write("read", &path, &error))?;
    let snapshot = Snapshot::parse(&text).map_err(|error| Failure::Message {
        message: format!("`{path}` cannot be used: {}", error.message),
        hints: error.hints,
    })?;
    Ok(Some(Measured { basis: Basis::Snapshot(path), snapshot }))
}
