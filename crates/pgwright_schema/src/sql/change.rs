//! Statements that change a schema, as far as locks and the schema afterwards depend on them.

use crate::schema::{Column, Constraint, Index};

use super::tree::{Node, Statement};

/// One statement of a migration.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    CreateTable(Box<NewTable>),
    DropTable {
        tables: Vec<String>,
    },
    AlterTable {
        table: String,
        actions: Vec<TableAction>,
    },
    CreateIndex {
        index: Box<Index>,
        concurrently: bool,
    },
    DropIndex {
        indexes: Vec<String>,
        concurrently: bool,
    },
    RenameIndex {
        index: String,
        to: String,
    },
    Reindex {
        target: ReindexTarget,
        concurrently: bool,
    },
    Comment {
        table: String,
        column: Option<String>,
    },
    Truncate {
        tables: Vec<String>,
    },
    /// `LOCK TABLE`, with the mode in capitals (`SHARE ROW EXCLUSIVE`).
    Lock {
        tables: Vec<String>,
        mode: String,
    },
    /// `CREATE TRIGGER`.
    CreateTrigger {
        table: String,
    },
    DropTrigger {
        table: String,
    },
    RefreshView {
        view: String,
        concurrently: bool,
    },
    CreateExtension {
        name: String,
    },
    /// Reads or writes rows.
    Rows(Box<Statement>),
    /// Locks no table that exists: `SET`, `CREATE FUNCTION`, `CREATE SEQUENCE`…
    Other {
        text: String,
    },
    /// The parser does not know it.
    Unread {
        text: String,
        reason: String,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub struct NewTable {
    pub name: String,
    pub columns: Vec<NewColumn>,
    pub constraints: Vec<NewConstraint>,
}

/// A column with what stands beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct NewColumn {
    pub column: Column,
    pub default: Option<Node>,
    pub constraints: Vec<NewConstraint>,
}

/// A constraint; one without a name gets PostgreSQL's when it is added.
#[derive(Debug, Clone, PartialEq)]
pub struct NewConstraint {
    pub named: bool,
    pub constraint: Constraint,
    /// `NOT VALID` is absent.
    pub valid: bool,
    /// `USING INDEX`.
    pub using_index: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReindexTarget {
    Table(String),
    Index(String),
    Other,
}

#[derive(Debug, Clone, PartialEq)]
pub enum TableAction {
    AddColumn(Box<NewColumn>),
    DropColumn {
        column: String,
    },
    SetType {
        column: String,
        type_name: String,
        collation: Option<String>,
        using: Option<Node>,
    },
    SetDefault {
        column: String,
    },
    DropDefault {
        column: String,
    },
    SetNotNull {
        column: String,
    },
    DropNotNull {
        column: String,
    },
    AddIdentity {
        column: String,
    },
    DropIdentity {
        column: String,
    },
    /// `ALTER COLUMN … SET STATISTICS`, `SET (n_distinct = …)`, `SET (fillfactor = …)`.
    SetParameters,
    AddConstraint(Box<NewConstraint>),
    /// `ADD CONSTRAINT n NOT NULL c` of PostgreSQL 18.
    AddNotNull {
        name: String,
        column: String,
        valid: bool,
    },
    DropConstraint {
        name: String,
    },
    ValidateConstraint {
        name: String,
    },
    RenameColumn {
        from: String,
        to: String,
    },
    RenameConstraint {
        from: String,
        to: String,
    },
    RenameTable {
        to: String,
    },
    AttachPartition {
        partition: String,
    },
    DetachPartition {
        partition: String,
        concurrently: bool,
    },
    Trigger,
    SetTablespace,
    SetLogged,
    Other {
        text: String,
    },
}
