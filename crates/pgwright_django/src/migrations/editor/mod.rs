//! Django's schema editor for PostgreSQL, statement by statement (`django/db/backends/base/schema.py` and `…/postgresql/schema.py`).
//!
//! Where Django asks the database for the names of constraints, the catalogue is asked, which every statement sent so far has changed.

mod alter_field;
mod deferred;
mod fields;
mod lookup;
mod models;

use pgwright_schema::change::{Catalogue, Effect};
use pgwright_schema::names::quote_name;

use crate::model::{Model, Models};
use crate::project::Project;
pub(super) use alter_field::Pair;
use deferred::Deferred;
pub(super) use models::{is_automatic, through_of};

/// The reason why a statement cannot be known; the text is for the user.
pub(super) type Known<T> = Result<T, String>;

/// A statement in the order sent.
#[derive(Debug)]
pub(super) struct Emitted {
    /// The operation of the migration it belongs to.
    pub(super) operation: usize,
    pub(super) sql: String,
    pub(super) deferred: bool,
    pub(super) effects: Vec<Effect>,
    /// Why its effects are not known.
    pub(super) unread: Option<String>,
}

pub(super) struct Editor<'p> {
    pub(super) project: &'p Project,
    pub(super) catalogue: Catalogue,
    deferred: Vec<Deferred>,
    pub(super) sent: Vec<Emitted>,
    /// The operation at work.
    pub(super) operation: usize,
}

/// A model with those around it.
#[derive(Debug, Clone, Copy)]
pub(super) struct At<'m> {
    pub(super) models: &'m Models,
    pub(super) model: &'m Model,
}

impl<'p> Editor<'p> {
    pub(super) fn new(project: &'p Project, catalogue: Catalogue) -> Editor<'p> {
        Editor { project, catalogue, deferred: Vec::new(), sent: Vec::new(), operation: 0 }
    }

    fn at_least(&self, major: u8, minor: u8) -> bool {
        self.project.django.at_least(major, minor)
    }

    /// Sends a statement at once.
    pub(super) fn execute(&mut self, sql: String) {
        self.emit(sql, false, self.operation);
    }

    fn emit(&mut self, sql: String, deferred: bool, operation: usize) {
        let (effects, unread) = match self.catalogue.send(&sql) {
            Ok(effects) => (effects, None),
            Err(reason) => (Vec::new(), Some(reason)),
        };
        self.sent.push(Emitted { operation, sql, deferred, effects, unread });
    }

    /// `BaseDatabaseSchemaEditor.__exit__`: what was deferred is sent at the end of the migration.
    pub(super) fn finish(&mut self) {
        for deferred in std::mem::take(&mut self.deferred) {
            let sql = deferred.to_string();
            self.emit(sql, true, deferred.operation);
        }
    }

    fn alter_table(&mut self, table: &str, action: &str) {
        self.execute(format!("ALTER TABLE {} {action}", quote_name(table)));
    }
}
