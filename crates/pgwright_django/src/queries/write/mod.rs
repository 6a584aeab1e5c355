//! What the ORM sends when it writes, and the small reads that belong to writing and loading one object.
//!
//! Each function takes what a call says as plain data and gives the statements Django sends for it, in order. What depends
//! on rows is given with the conditions under which it is sent ([`When`]), so that all that can happen is listed once.
//! `tests/oracle/writes` records the same calls on real Django.

pub mod bulk;
pub mod delete;
pub mod generic;
mod insert;
pub mod load;
pub mod lookup;
pub mod many;
pub mod relations;
pub mod reverse;
mod rows;
pub mod save;
mod select;
pub mod session;
mod text;
pub mod update;
mod values;

use indexmap::IndexMap;
pub use relations::Relations;
pub use rows::Rows;
use rustc_hash::FxBuildHasher;
use serde::Serialize;
pub use values::{Given, Values};

use crate::model::ModelId;

/// One statement: text with `%s` for each parameter, one `%s` for the list of an `IN`, one row for any number of `VALUES`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statement {
    pub sql: String,
    pub action: Action,
    /// The model whose table is read or written.
    pub model: ModelId,
    /// It is sent when all of these hold; always when there are none.
    pub when: Vec<When>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Select,
    Insert,
    Update,
    Delete,
}

/// What a statement waits for: facts about rows and caches that source code does not tell.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// The table has a row with the object's key.
    Row(ModelId),
    /// It has none: an UPDATE matched nothing.
    NoRow(ModelId),
    /// `get_or_create` and its like found the object.
    Found,
    /// They did not.
    Missing,
    /// The queryset gave rows.
    Rows,
    /// Objects of this model refer to what is deleted through this field.
    Related { model: ModelId, field: String },
    /// Objects of this model are deleted too.
    Collected(ModelId),
    /// None are.
    Uncollected(ModelId),
    /// No object stops the deletion (`PROTECT`, `RESTRICT`).
    Unprotected,
    /// The content type was not asked for before in this process.
    Uncached,
    /// `set()` takes something away.
    Removed,
    /// `set()` adds something.
    Added,
}

impl When {
    /// For people.
    pub fn note(&self) -> &'static str {
        match self {
            When::Row(_) => "only when the row is there",
            When::NoRow(_) => "only when the UPDATE matched no row",
            When::Found => "only when the object was found",
            When::Missing => "only when the object was not found",
            When::Rows => "only when the queryset has rows",
            When::Related { .. } => "only when related objects were found",
            When::Collected(_) => "only when related objects are deleted too",
            When::Uncollected(_) => "only when no related objects are deleted",
            When::Unprotected => "only when no protected object was found",
            When::Uncached => "only when the content type is not cached",
            When::Removed => "only when something is taken away",
            When::Added => "only when something is added",
        }
    }
}

impl Statement {
    fn new(action: Action, model: ModelId, sql: String) -> Statement {
        Statement { sql, action, model, when: Vec::new() }
    }

    fn when(mut self, when: &[When]) -> Statement {
        for condition in when {
            if !self.when.contains(condition) {
                self.when.push(condition.clone());
            }
        }
        self
    }
}

/// Each text once, waiting for the least that any of its statements waits for; in the order they come first.
///
/// A deletion reaches the same rows by many ways, so that its list is long; what can run at all is told by this.
pub fn distinct(statements: Vec<Statement>) -> Vec<Statement> {
    let mut found: IndexMap<String, Statement, FxBuildHasher> = IndexMap::default();
    for statement in statements {
        match found.get_mut(&statement.sql) {
            Some(known) if known.when.len() > statement.when.len() => *known = statement,
            Some(_) => {}
            None => {
                found.insert(statement.sql.clone(), statement);
            }
        }
    }
    found.into_values().collect()
}

/// The same statements, each waiting for one thing more.
fn all_when(statements: Vec<Statement>, when: &When) -> Vec<Statement> {
    statements.into_iter().map(|statement| statement.when(std::slice::from_ref(when))).collect()
}
