//! Statements kept for the end of the migration, as `ddl_references.Statement` keeps them: tables and columns may be renamed or dropped
//! before they are sent, and names that Django makes follow.

use std::fmt;

use pgwright_schema::ddl::{add_constraint_to, create_index};
use pgwright_schema::{Constraint, ConstraintKind, Index, names};

use super::Editor;

#[derive(Debug)]
pub(super) struct Deferred {
    pub(super) operation: usize,
    pub(super) what: What,
    /// The suffix of a name that Django makes of table and columns; none where the name is given.
    pub(super) suffix: Option<Suffix>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Suffix {
    Plain,
    Like,
    Together,
    Unique,
    ForeignKey,
}

#[derive(Debug)]
pub(super) enum What {
    Constraint { table: String, constraint: Constraint },
    Index(Index),
}

impl fmt::Display for Deferred {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Constraint { table, constraint } => f.write_str(&add_constraint_to(table, constraint)),
            What::Index(index) => f.write_str(&create_index(index)),
        }
    }
}

impl Deferred {
    pub(super) fn columns(&self) -> Vec<&str> {
        match &self.what {
            What::Constraint { constraint, .. } => constraint.columns(),
            What::Index(index) => index.columns(),
        }
    }

    pub(super) fn table(&self) -> &str {
        match &self.what {
            What::Constraint { table, .. } => table,
            What::Index(index) => &index.table,
        }
    }

    fn references_table(&self, name: &str) -> bool {
        self.table() == name
            || matches!(&self.what, What::Constraint { constraint, .. }
                if matches!(&constraint.kind, ConstraintKind::ForeignKey(key) if key.to_table == name))
    }

    fn references_column(&self, table: &str, column: &str) -> bool {
        (self.table() == table && self.columns().contains(&column))
            || matches!(&self.what, What::Constraint { constraint, .. }
                if matches!(&constraint.kind, ConstraintKind::ForeignKey(key)
                    if key.to_table == table && key.to_columns.iter().any(|name| name == column)))
    }

    fn rename_table(&mut self, from: &str, to: &str) {
        match &mut self.what {
            What::Constraint { table, constraint } => {
                if table == from {
                    to.clone_into(table);
                }
                if let ConstraintKind::ForeignKey(key) = &mut constraint.kind
                    && key.to_table == from
                {
                    to.clone_into(&mut key.to_table);
                }
            }
            What::Index(index) if index.table == from => to.clone_into(&mut index.table),
            What::Index(_) => {}
        }
        self.name_again();
    }

    fn rename_column(&mut self, table: &str, from: &str, to: &str) {
        let renamed = |columns: &mut Vec<String>| {
            for column in columns.iter_mut().filter(|column| *column == from) {
                to.clone_into(column);
            }
        };
        let own = self.table() == table;
        match &mut self.what {
            What::Constraint { constraint, .. } => match &mut constraint.kind {
                ConstraintKind::ForeignKey(key) => {
                    if own {
                        renamed(&mut key.columns);
                    }
                    if key.to_table == table {
                        renamed(&mut key.to_columns);
                    }
                }
                ConstraintKind::Unique { columns, .. } if own => renamed(columns),
                _ => {}
            },
            What::Index(index) if own => index.keys.iter_mut().for_each(|key| key.expr.rename_column(from, to)),
            What::Index(_) => {}
        }
        self.name_again();
    }

    fn name_again(&mut self) {
        let Some(suffix) = self.suffix else { return };
        let ending = match suffix {
            Suffix::Plain => "",
            Suffix::Like => "_like",
            Suffix::Together => "_idx",
            Suffix::Unique => "_uniq",
            Suffix::ForeignKey => {
                if let What::Constraint { table, constraint } = &mut self.what
                    && let ConstraintKind::ForeignKey(key) = &constraint.kind
                    && let (Some(column), Some(to)) = (key.columns.first(), key.to_columns.first())
                {
                    constraint.name = names::foreign_key_name(table, column, &key.to_table, to);
                }
                return;
            }
        };
        let columns: Vec<String> = self.columns().into_iter().map(str::to_owned).collect();
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        let name = names::index_name(self.table(), &columns, ending);
        match &mut self.what {
            What::Constraint { constraint, .. } => constraint.name = name,
            What::Index(index) => index.name = name,
        }
    }
}

impl Editor<'_> {
    pub(super) fn defer(&mut self, what: What, suffix: Option<Suffix>) {
        self.deferred.push(Deferred { operation: self.operation, what, suffix });
    }

    pub(super) fn forget_table(&mut self, table: &str) {
        self.deferred.retain(|deferred| !deferred.references_table(table));
    }

    pub(super) fn forget_column(&mut self, table: &str, column: &str) {
        self.deferred.retain(|deferred| !deferred.references_column(table, column));
    }

    /// `_delete_index_sql` since Django 5.2 also takes back an index that was not made yet.
    pub(super) fn forget_index(&mut self, table: &str, name: &str) {
        self.deferred.retain(
            |deferred| !matches!(&deferred.what, What::Index(index) if index.table == table && index.name == name),
        );
    }

    /// Takes back a unique constraint of just these columns that was not made yet.
    pub(super) fn forget_unique(&mut self, table: &str, columns: &[String]) -> bool {
        let found = self.deferred.iter().position(|deferred| {
            deferred.table() == table
                && matches!(&deferred.what, What::Constraint { constraint, .. }
                    if matches!(&constraint.kind, ConstraintKind::Unique { columns: own, .. } if own == columns))
        });
        found.map(|at| self.deferred.remove(at)).is_some()
    }

    pub(super) fn rename_deferred_table(&mut self, from: &str, to: &str) {
        self.deferred.iter_mut().for_each(|deferred| deferred.rename_table(from, to));
    }

    pub(super) fn rename_deferred_column(&mut self, table: &str, from: &str, to: &str) {
        self.deferred.iter_mut().for_each(|deferred| deferred.rename_column(table, from, to));
    }
}
