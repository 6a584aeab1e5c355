//! The shadow of a database: its schema, the sizes and statistics of its tables, and none of its rows.
//!
//! The planner decides by what `ANALYZE` found and by the sizes of files. Both are put in place here, the files as holes that take no
//! room, and its plans are then those of the database that has the rows.

mod catalogue;
mod create;
mod elements;
mod expressions;
mod files;
mod restore;
mod what_if;

use pgwright_schema::{Plan, Statistics};
use postgres::Client;

use crate::{Cluster, Error, explain};

pub use create::{Definition, LeftOut};

/// A cluster that plans as another database does.
#[derive(Debug)]
pub struct Shadow {
    cluster: Cluster,
    client: Session,
    /// Statements of the schema, and settings, that this server refused.
    pub left_out: Vec<LeftOut>,
}

/// A client, which has nothing to show.
struct Session(Client);

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Session")
    }
}

impl Shadow {
    /// Makes the shadow in a cluster that was just started. Tables without statistics stay empty. `settings` are the planner's, by
    /// name.
    ///
    /// # Errors
    /// The server has stopped, or refuses statistics.
    pub fn build(
        cluster: Cluster,
        definition: &Definition,
        statistics: &Statistics,
        settings: &[(String, String)],
    ) -> Result<Shadow, Error> {
        let mut client = cluster.connect()?;
        let left_out = create::create(&mut client, definition)?;
        let relations = catalogue::relations(&mut client)?;
        let major = cluster.installation.version.major;
        restore::statistics(&mut client, major, &relations, statistics)?;
        // Sizes of partial indexes are asked of the planner, which needs the tables' sizes and statistics first.
        files::size_tables(&cluster, &relations, statistics)?;
        drop(client);
        let mut client = cluster.connect()?;
        let expressions = expressions::missing(&mut client, &relations, statistics)?;
        restore::expressions(&mut client, major, &relations, &expressions)?;
        files::size_indexes(&cluster, &mut client, &relations, statistics, &expressions)?;
        drop(client);
        // A session remembers sizes and heights it has seen.
        let mut shadow = Shadow { client: Session(cluster.connect()?), cluster, left_out };
        for (name, value) in settings {
            if let Err(error) = shadow.set(name, value) {
                shadow.left_out.push(LeftOut { statement: format!("SET {name} = '{value}'"), reason: error.message });
            }
        }
        Ok(shadow)
    }

    /// Sets one of the planner's settings for the plans that follow.
    ///
    /// # Errors
    /// There is no such setting in this version, or no such value.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), Error> {
        self.client.0.execute("SELECT set_config($1, $2, false)", &[&name, &value])?;
        Ok(())
    }

    /// The plan of one statement. Nothing is executed.
    ///
    /// # Errors
    /// PostgreSQL refuses the statement: its table is not there, or it is no statement that has a plan.
    pub fn plan(&mut self, statement: &str) -> Result<Plan, Error> {
        explain::plan(&mut self.client.0, statement)
    }

    /// PostgreSQL's names of the types of a statement's parameters (`$1`…).
    ///
    /// # Errors
    /// PostgreSQL refuses the statement, or cannot tell a type.
    pub fn parameter_types(&mut self, statement: &str) -> Result<Vec<String>, Error> {
        explain::parameter_types(&mut self.client.0, statement)
    }

    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }
}
