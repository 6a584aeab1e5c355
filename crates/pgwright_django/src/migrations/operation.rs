//! Operations as plain data, before anything is known of the models they act on.

use pgwright_diagnostics::Span;

use crate::model::{Constraint, Field, Index, Value};

/// `(app_label, model name in lower case)`: how the state names a model.
pub(crate) type Key = (String, String);

/// An operation, and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) class: String,
    pub(crate) site: Option<Span>,
    pub(crate) action: Action,
    /// Why what it does may be something else.
    pub(crate) doubt: Option<String>,
}

/// A field of an operation. The error is why it is not known.
pub(crate) type KnownField = Result<Box<Field>, String>;

#[derive(Debug, Clone)]
pub(crate) enum Action {
    CreateModel {
        name: String,
        fields: Vec<(String, KnownField)>,
        options: Box<Options>,
        bases: Vec<Key>,
    },
    DeleteModel {
        name: String,
    },
    RenameModel {
        old: String,
        new: String,
    },
    AlterModelTable {
        name: String,
        table: Option<String>,
    },
    AlterModelTableComment {
        name: String,
        comment: Option<String>,
    },
    AlterUniqueTogether {
        name: String,
        groups: Vec<Vec<String>>,
    },
    AlterIndexTogether {
        name: String,
        groups: Vec<Vec<String>>,
    },
    AlterOrderWithRespectTo {
        name: String,
        field: Option<String>,
    },
    AlterModelOptions {
        name: String,
        managed: bool,
    },
    AlterModelManagers,
    AddField {
        model: String,
        name: String,
        field: KnownField,
        preserve_default: bool,
    },
    RemoveField {
        model: String,
        name: String,
    },
    AlterField {
        model: String,
        name: String,
        field: KnownField,
        preserve_default: bool,
    },
    RenameField {
        model: String,
        old: String,
        new: String,
    },
    AddIndex {
        model: String,
        index: Box<Index>,
        concurrently: bool,
    },
    RemoveIndex {
        model: String,
        name: String,
        concurrently: bool,
    },
    RenameIndex {
        model: String,
        new: String,
        old: Option<String>,
        old_fields: Vec<String>,
    },
    AddConstraint {
        model: String,
        constraint: Box<Constraint>,
        valid: bool,
    },
    RemoveConstraint {
        model: String,
        name: String,
    },
    AlterConstraint {
        model: String,
        constraint: Box<Constraint>,
    },
    ValidateConstraint {
        model: String,
        name: String,
    },
    CreateExtension {
        name: String,
    },
    CreateCollation {
        name: String,
        locale: String,
        provider: String,
        deterministic: bool,
    },
    RemoveCollation {
        name: String,
    },
    RunSql {
        statements: Vec<String>,
        state: Vec<Step>,
        reversible: bool,
    },
    RunPython {
        code: Option<String>,
        reversible: bool,
    },
    Separate {
        database: Vec<Step>,
        state: Vec<Step>,
    },
    Nothing,
    /// Not understood, and why: the statements and the state from here on may lack something.
    Unknown(String),
}

/// Options of a model that its table depends on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    pub(crate) db_table: Option<String>,
    pub(crate) comment: Option<String>,
    pub(crate) unique_together: Vec<Vec<String>>,
    pub(crate) index_together: Vec<Vec<String>>,
    pub(crate) indexes: Vec<Index>,
    pub(crate) constraints: Vec<Constraint>,
    pub(crate) ordering: Vec<Value>,
    pub(crate) unmanaged: bool,
    pub(crate) proxy: bool,
    pub(crate) is_abstract: bool,
    /// The model that a setting puts in its place (`Meta.swappable`).
    pub(crate) swapped: Option<String>,
    pub(crate) order_with_respect_to: Option<String>,
}
