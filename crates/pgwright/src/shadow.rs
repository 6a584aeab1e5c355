//! Servers that plan for a project without its data.

use camino::Utf8Path;
use pgwright_postgres::cluster::usual_locales;
use pgwright_postgres::shadow::Definition;
use pgwright_postgres::{Cluster, Installation, Search, Shadow, Snapshot, installation};
use pgwright_schema::{Schema, Statistics};

use crate::failure::Failure;
use crate::ground::Measured;
use crate::session::{Reading, Session};

/// How the shadows of a project are made.
pub(crate) struct Setup {
    pub(crate) installation: Installation,
    /// The database's own first, where this machine has it.
    locales: Vec<String>,
    /// The planner's, as measured.
    settings: Vec<(String, String)>,
    /// Those that plans depend on and models do not name.
    extensions: Vec<String>,
}

impl Setup {
    /// By the version, locale and settings of the database, where it was measured.
    pub(crate) fn new(
        postgres_bin: Option<&Utf8Path>,
        session: &Session,
        measured: Option<&Measured>,
    ) -> Result<Setup, Failure> {
        let snapshot = measured.map(|measured| &measured.snapshot);
        let search = Search {
            given: postgres_bin.map(Into::into),
            site_packages: session.site_packages().iter().map(|path| path.clone().into()).collect(),
            major: snapshot.and_then(|snapshot| snapshot.server.major()),
        };
        let extensions = snapshot.iter().flat_map(|snapshot| &snapshot.extensions).filter(|name| *name == "pg_trgm");
        let settings = snapshot.iter().flat_map(|snapshot| &snapshot.settings);
        Ok(Setup {
            installation: installation::find(&search)?,
            locales: locales(snapshot),
            settings: settings.map(|(name, value)| (name.clone(), value.clone())).collect(),
            extensions: extensions.cloned().collect(),
        })
    }

    /// Starts a server while the project is read.
    pub(crate) fn start_and_read(&self, session: &Session) -> Result<(Cluster, Reading), Failure> {
        let (cluster, reading) = self.start_beside(session);
        Ok((cluster?, reading))
    }

    /// The same, with the reading also where no server starts.
    pub(crate) fn start_beside(&self, session: &Session) -> (Result<Cluster, Failure>, Reading) {
        let (cluster, reading) = std::thread::scope(|scope| {
            let cluster = scope.spawn(|| self.start());
            let reading = session.read();
            (cluster.join(), reading)
        });
        (cluster.unwrap_or_else(|_| Err(Failure::new("starting PostgreSQL failed"))), reading)
    }

    pub(crate) fn start(&self) -> Result<Cluster, Failure> {
        Ok(Cluster::start(&self.installation, &self.locales)?)
    }

    pub(crate) fn build(&self, cluster: Cluster, schema: &Schema, statistics: &Statistics) -> Result<Shadow, Failure> {
        self.build_with(cluster, schema, statistics, &[])
    }

    /// The same with indexes that the schema lacks, made by these statements.
    pub(crate) fn build_with(
        &self,
        cluster: Cluster,
        schema: &Schema,
        statistics: &Statistics,
        indexes: &[&str],
    ) -> Result<Shadow, Failure> {
        let mut definition = Definition::of(schema, statistics);
        definition.statements.extend(indexes.iter().map(|statement| (*statement).to_owned()));
        definition.extensions.extend(self.extensions.iter().cloned());
        // Whoever makes such an index has to make the extension first.
        if indexes.iter().any(|statement| statement.contains("gin_trgm_ops")) {
            definition.extensions.push("pg_trgm".to_owned());
        }
        definition.extensions.sort();
        definition.extensions.dedup();
        Ok(Shadow::build(cluster, &definition, statistics, &self.settings)?)
    }
}

fn locales(snapshot: Option<&Snapshot>) -> Vec<String> {
    let mut locales: Vec<String> = snapshot.iter().map(|snapshot| snapshot.server.collation.clone()).collect();
    locales.extend(usual_locales());
    locales.retain(|locale| !locale.is_empty());
    locales.dedup();
    locales
}
