//! Migrations: what each is, in which order Django applies them, which statements each operation sends, and the state they lead to.
//!
//! Nothing is executed: modules are evaluated statically (`read`), put in order (`graph`), and replayed (`replay`) over two things
//! at once: the *state* (models as `ProjectState` holds them, `state`) and the *catalogue* (tables as the statements sent so far
//! leave them, a [`Schema`]). Django's schema editor asks the database for names of constraints; `editor` asks the catalogue.
//! Oracle: what real Django sent when the migrations of eight projects ran (`cargo xtask corpus migrations`).

pub mod drift;
mod editor;
mod evaluate;
mod graph;
mod operation;
mod read;
mod replay;
mod state;
pub mod write;

use pgwright_diagnostics::{FileId, Span};
use pgwright_schema::Schema;
use pgwright_schema::change::Effect;
use serde::Serialize;

use crate::model::Models;
use crate::project::Unresolved;
pub(crate) use read::read;

/// The migrations of every installed app, and where they lead.
#[derive(Debug, Default)]
pub struct History {
    /// In the order in which `migrate` applies them to an empty database.
    pub migrations: Vec<Migration>,
    /// The tables that are there before any of them runs: of apps whose migrations cannot be read.
    pub given: Schema,
    /// The models as the last migrations leave them.
    pub models: Models,
    /// The tables as the statements of all migrations leave them.
    pub catalogue: Schema,
    /// Apps of the project with more than one last migration: `migrate` refuses to run.
    pub conflicts: Vec<Conflict>,
    pub unresolved: Vec<Unresolved>,
}

/// Several migrations of one app that nothing follows.
#[derive(Debug, Clone, Serialize)]
pub struct Conflict {
    pub app: String,
    pub leaves: Vec<String>,
}

/// One migration.
#[derive(Debug)]
pub struct Migration {
    pub app: String,
    pub name: String,
    pub file: Option<FileId>,
    /// The class statement's name.
    pub site: Option<Span>,
    /// Belongs to the project rather than to a library.
    pub own: bool,
    /// Runs in one transaction.
    pub atomic: bool,
    /// Migrations it takes the place of (squashed).
    pub replaces: Vec<(String, String)>,
    pub dependencies: Vec<(String, String)>,
    /// It has a `run_before`.
    pub runs_before_others: bool,
    /// Nothing of its app depends on it.
    pub leaf: bool,
    /// Month in which its header says it was generated, counted from the year 0; none without such a header.
    pub month: Option<u32>,
    pub operations: Vec<Operation>,
}

impl Migration {
    pub fn label(&self) -> String {
        format!("{}.{}", self.app, self.name)
    }

    /// Statements with their operations as Django sends them: deferred ones at the end. Operations that send none are there where what
    /// they do is not known.
    pub fn in_order(&self) -> Vec<(&Operation, Option<&Sent>)> {
        let mut found = Vec::new();
        let mut deferred = Vec::new();
        for operation in &self.operations {
            let is_code = matches!(operation.kind, Kind::Python(_) | Kind::Unknown);
            if is_code && operation.statements.is_empty() {
                found.push((operation, None));
            }
            for sent in &operation.statements {
                let list = if sent.deferred { &mut deferred } else { &mut found };
                list.push((operation, Some(sent)));
            }
        }
        deferred.sort_by_key(|(_, sent)| sent.map(|sent| sent.order));
        found.append(&mut deferred);
        found
    }

    /// Whether what it does to the models is known.
    pub fn state_known(&self) -> bool {
        self.operations.iter().all(|operation| operation.state_known)
    }
}

/// One operation of a migration with what it sends.
#[derive(Debug)]
pub struct Operation {
    /// Dotted path of its class.
    pub class: String,
    /// The call that makes it.
    pub site: Option<Span>,
    pub kind: Kind,
    /// In the order sent; deferred ones are sent at the end of the migration.
    pub statements: Vec<Sent>,
    /// Why its statements are not, or not wholly, known.
    pub unknown: Option<String>,
    /// Whether what it does to the models is known.
    pub state_known: bool,
    /// False for `RunPython` and `RunSQL` that say nothing about the way back.
    pub reversible: bool,
}

/// What an operation is to those who judge it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    Schema,
    /// `RunSQL`: the text is the author's.
    Sql,
    /// `RunPython`: the function, where it is known by name.
    Python(Option<String>),
    /// Changes the state alone.
    State,
    Unknown,
}

/// A statement sent to PostgreSQL.
#[derive(Debug)]
pub struct Sent {
    pub sql: String,
    /// Sent at the end of the migration.
    pub deferred: bool,
    /// Its place among all statements of the migration.
    pub order: u32,
    pub effects: Vec<Effect>,
}
