//! Locks, rewrites and scans of one statement.

use super::catalogue::{Catalogue, has_index};
use super::retype::{Retype, retype};
use super::{Effect, LockMode};
use crate::catalog::{Volatility, catalog};
use crate::expr::Expr;
use crate::schema::{ConstraintKind, ForeignKey, Table};
use crate::sql::{
    Change, NewColumn, NewConstraint, Node, ReindexTarget, Select, SelectBody, Source, Statement, TableAction,
};

/// What a statement does to each table, in no particular order; a table may come more than once.
pub(super) fn of(catalogue: &Catalogue, change: &Change) -> Vec<Effect> {
    let mut found = Found { catalogue, effects: Vec::new() };
    found.change(change);
    found.effects
}

struct Found<'c> {
    catalogue: &'c Catalogue,
    effects: Vec<Effect>,
}

/// What is done to a table besides locking it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Work {
    None,
    Scan,
    Rewrite,
}

impl Found<'_> {
    fn add(&mut self, table: &str, lock: LockMode, work: Work) {
        let mut effect = Effect::new(table, lock);
        effect.rewrite = work == Work::Rewrite;
        effect.scan = work != Work::None;
        self.effects.push(effect);
    }

    fn change(&mut self, change: &Change) {
        use LockMode::{AccessExclusive, RowExclusive, Share, ShareRowExclusive, ShareUpdateExclusive};
        match change {
            Change::CreateTable(table) => {
                let beside = table.columns.iter().flat_map(|column| &column.constraints);
                for constraint in beside.chain(&table.constraints) {
                    if let ConstraintKind::ForeignKey(key) = &constraint.constraint.kind
                        && key.to_table != table.name
                    {
                        self.add(&key.to_table, ShareRowExclusive, Work::None);
                    }
                }
            }
            Change::DropTable { tables } => tables.iter().for_each(|table| self.drop_table(table)),
            Change::AlterTable { table, actions } => {
                let mut added: Vec<&NewColumn> = Vec::new();
                for action in actions {
                    self.action(table, action, &added);
                    if let TableAction::AddColumn(column) = action {
                        added.push(column);
                    }
                }
            }
            Change::CreateIndex { index, concurrently } => {
                let lock = if *concurrently { ShareUpdateExclusive } else { Share };
                self.add(&index.table, lock, Work::Scan);
            }
            Change::DropIndex { indexes, concurrently } => {
                let lock = if *concurrently { ShareUpdateExclusive } else { AccessExclusive };
                for index in indexes {
                    if let Some(table) = self.catalogue.table_of_index(index) {
                        let name = table.name.clone();
                        self.add(&name, lock, Work::None);
                    }
                }
            }
            Change::Reindex { target, concurrently } => {
                let table = match target {
                    ReindexTarget::Table(table) => Some(table.clone()),
                    ReindexTarget::Index(index) => self.catalogue.table_of_index(index).map(|table| table.name.clone()),
                    ReindexTarget::Other => None,
                };
                let lock = if *concurrently { ShareUpdateExclusive } else { Share };
                if let Some(table) = table {
                    self.add(&table, lock, Work::Scan);
                }
            }
            Change::Comment { table, .. } => self.add(table, ShareUpdateExclusive, Work::None),
            Change::Truncate { tables } => {
                for table in tables {
                    self.add(table, AccessExclusive, Work::Rewrite);
                }
            }
            Change::Lock { tables, mode } => {
                let lock = LockMode::parse(mode).unwrap_or(AccessExclusive);
                for table in tables {
                    self.add(table, lock, Work::None);
                }
            }
            Change::CreateTrigger { table } => self.add(table, ShareRowExclusive, Work::None),
            Change::DropTrigger { table } => self.add(table, AccessExclusive, Work::None),
            Change::RefreshView { view, concurrently } => {
                self.add(view, if *concurrently { LockMode::Exclusive } else { AccessExclusive }, Work::Rewrite);
            }
            Change::Rows(statement) => self.rows(statement, RowExclusive),
            Change::RenameIndex { .. }
            | Change::CreateExtension { .. }
            | Change::Other { .. }
            | Change::Unread { .. } => {}
        }
    }

    /// A table goes with the foreign keys from it and to it: the triggers of the other side are dropped too.
    fn drop_table(&mut self, name: &str) {
        let Some(table) = self.catalogue.table(name) else { return };
        self.add(name, LockMode::AccessExclusive, Work::None);
        for constraint in &table.constraints {
            if let ConstraintKind::ForeignKey(key) = &constraint.kind {
                self.add(&key.to_table, LockMode::AccessExclusive, Work::None);
            }
        }
        let referring: Vec<String> = self.catalogue.references_to(name).map(|(table, _)| table.name.clone()).collect();
        for table in referring {
            self.add(&table, LockMode::AccessExclusive, Work::None);
        }
    }

    fn action(&mut self, table: &str, action: &TableAction, added: &[&NewColumn]) {
        use LockMode::{AccessExclusive, ShareRowExclusive, ShareUpdateExclusive};
        let known = self.catalogue.table(table);
        match action {
            TableAction::AddColumn(column) => self.add_column(table, column),
            TableAction::DropColumn { column } => {
                self.add(table, AccessExclusive, Work::None);
                let keys = known.into_iter().flat_map(foreign_keys).filter(|(_, key)| key.columns.contains(column));
                for (_, key) in keys {
                    self.add(&key.to_table, AccessExclusive, Work::None);
                }
            }
            TableAction::SetType { column, type_name, collation, using } => {
                let work =
                    match known.map(|table| retype(table, column, type_name, collation.as_deref(), using.as_ref())) {
                        Some(Retype::Nothing) => Work::None,
                        Some(Retype::Indexes) => Work::Scan,
                        Some(Retype::Rewrite) | None => Work::Rewrite,
                    };
                self.add(table, AccessExclusive, work);
            }
            TableAction::SetNotNull { column } => {
                let proved = known.is_some_and(|known| self.is_never_null(known, column));
                self.add(table, AccessExclusive, if proved { Work::None } else { Work::Scan });
            }
            TableAction::AddConstraint(constraint) => self.add_constraint(table, constraint, added),
            TableAction::AddNotNull { valid, .. } => {
                self.add(table, AccessExclusive, if *valid { Work::Scan } else { Work::None });
            }
            TableAction::DropConstraint { name } => {
                self.add(table, AccessExclusive, Work::None);
                let key = known.into_iter().flat_map(foreign_keys).find(|(known, _)| *known == name);
                if let Some((_, key)) = key {
                    self.add(&key.to_table, AccessExclusive, Work::None);
                }
            }
            TableAction::ValidateConstraint { name } => {
                self.add(table, ShareUpdateExclusive, Work::Scan);
                let key = known.into_iter().flat_map(foreign_keys).find(|(known, _)| *known == name);
                if let Some((_, key)) = key {
                    self.add(&key.to_table, LockMode::RowShare, Work::Scan);
                }
            }
            TableAction::SetParameters => self.add(table, ShareUpdateExclusive, Work::None),
            TableAction::AttachPartition { partition } => {
                self.add(table, ShareUpdateExclusive, Work::None);
                self.add(partition, AccessExclusive, Work::Scan);
            }
            TableAction::DetachPartition { partition, concurrently } => {
                let lock = if *concurrently { ShareUpdateExclusive } else { AccessExclusive };
                self.add(table, lock, Work::None);
                self.add(partition, AccessExclusive, Work::None);
            }
            TableAction::Trigger => self.add(table, ShareRowExclusive, Work::None),
            TableAction::SetTablespace | TableAction::SetLogged => self.add(table, AccessExclusive, Work::Rewrite),
            TableAction::SetDefault { .. }
            | TableAction::DropDefault { .. }
            | TableAction::DropNotNull { .. }
            | TableAction::AddIdentity { .. }
            | TableAction::DropIdentity { .. }
            | TableAction::RenameColumn { .. }
            | TableAction::RenameConstraint { .. }
            | TableAction::RenameTable { .. }
            | TableAction::Other { .. } => self.add(table, AccessExclusive, Work::None),
        }
    }

    /// Since PostgreSQL 11 a default is remembered instead of written to every row, unless it has to be computed for each.
    fn add_column(&mut self, table: &str, column: &NewColumn) {
        let stored = column.column.generated.as_ref().is_some_and(|generated| generated.stored);
        let volatile = column.default.as_ref().is_some_and(is_volatile);
        let serial = column.column.type_.base.ends_with("serial");
        let rewrite = stored || volatile || serial || column.column.identity.is_some();
        let mut work = if rewrite { Work::Rewrite } else { Work::None };
        let filled = column.default.as_ref().is_some_and(|default| !is_null(default)) || rewrite;
        // Whether there is a row, which would have a null there, is looked at.
        if !filled && !column.column.null {
            work = Work::Scan;
        }
        for constraint in &column.constraints {
            match &constraint.constraint.kind {
                ConstraintKind::ForeignKey(key) => {
                    // New rows of it are all null: nothing is to be looked up.
                    let other = if filled { Work::Scan } else { Work::None };
                    if key.to_table != table {
                        self.add(&key.to_table, LockMode::ShareRowExclusive, other);
                    }
                    if filled && work == Work::None {
                        work = Work::Scan;
                    }
                }
                _ if work == Work::None => work = Work::Scan,
                _ => {}
            }
        }
        self.add(table, LockMode::AccessExclusive, work);
    }

    fn add_constraint(&mut self, table: &str, constraint: &NewConstraint, added: &[&NewColumn]) {
        let known = self.catalogue.table(table);
        match &constraint.constraint.kind {
            ConstraintKind::ForeignKey(key) => {
                let empty = key
                    .columns
                    .iter()
                    .all(|name| added.iter().any(|column| column.column.name == *name && column.default.is_none()));
                // A table that was just made has no rows to look up.
                let checked = constraint.valid && !empty && !self.catalogue.is_unfilled(table);
                let work = if checked { Work::Scan } else { Work::None };
                self.add(table, LockMode::ShareRowExclusive, work);
                if key.to_table != table {
                    self.add(&key.to_table, LockMode::ShareRowExclusive, work);
                }
            }
            _ if constraint.using_index.is_some() => {
                // A primary key needs its columns to be NOT NULL, and checks where they are not known to be.
                let columns = constraint.constraint.columns();
                let is_key = matches!(constraint.constraint.kind, ConstraintKind::PrimaryKey { .. });
                let checked = is_key
                    && !known.is_some_and(|table| columns.iter().all(|column| self.is_never_null(table, column)));
                self.add(table, LockMode::AccessExclusive, if checked { Work::Scan } else { Work::None });
            }
            _ => {
                let work = if constraint.valid { Work::Scan } else { Work::None };
                self.add(table, LockMode::AccessExclusive, work);
            }
        }
    }

    /// `NotNullImpliedByRelConstraints`: declared so, or proved by a valid CHECK.
    fn is_never_null(&self, table: &Table, column: &str) -> bool {
        if table.column(column).is_some_and(|column| !column.null) {
            return true;
        }
        table.constraints.iter().any(|constraint| match &constraint.kind {
            ConstraintKind::Check { expression } => {
                self.catalogue.is_valid(&table.name, &constraint.name) && says_not_null(expression, column)
            }
            ConstraintKind::PrimaryKey { columns } => columns.iter().any(|name| name == column),
            _ => false,
        })
    }

    fn rows(&mut self, statement: &Statement, write: LockMode) {
        match statement {
            Statement::Select(select) => self.reads(select),
            Statement::Insert { table, source } => {
                self.add(&plain(table), write, Work::None);
                self.referenced(&plain(table));
                if let Some(source) = source {
                    self.reads(source);
                }
            }
            Statement::Update(update) => {
                let table = plain(&update.table);
                self.add(&table, write, Work::Scan);
                let set: Vec<&str> = update.set.iter().map(|assignment| assignment.column.as_str()).collect();
                let keys: Vec<String> = self
                    .catalogue
                    .table(&table)
                    .into_iter()
                    .flat_map(foreign_keys)
                    .filter(|(_, key)| key.columns.iter().any(|column| set.contains(&column.as_str())))
                    .map(|(_, key)| key.to_table.clone())
                    .collect();
                for table in keys {
                    self.add(&table, LockMode::RowShare, Work::None);
                }
                for from in &update.from {
                    self.source(&from.source);
                    for join in &from.joins {
                        self.source(&join.from.source);
                    }
                }
            }
            Statement::Delete(delete) => {
                self.add(&plain(&delete.table), write, Work::Scan);
                for from in &delete.using {
                    self.source(&from.source);
                }
            }
            Statement::CreateIndex(_) | Statement::Other(_) => {}
        }
    }

    /// Rows of referenced tables are locked for share, one by one.
    fn referenced(&mut self, table: &str) {
        let keys: Vec<String> = self
            .catalogue
            .table(table)
            .into_iter()
            .flat_map(foreign_keys)
            .map(|(_, key)| key.to_table.clone())
            .filter(|to| to != table)
            .collect();
        for to in keys {
            self.add(&to, LockMode::RowShare, Work::None);
        }
    }

    fn reads(&mut self, select: &Select) {
        for (_, inner) in &select.with {
            self.reads(inner);
        }
        match &select.body {
            SelectBody::Plain { from, .. } => {
                for from in from {
                    self.source(&from.source);
                    for join in &from.joins {
                        self.source(&join.from.source);
                    }
                }
            }
            SelectBody::Compound { parts, .. } => parts.iter().for_each(|part| self.reads(part)),
            SelectBody::Values(_) => {}
        }
    }

    fn source(&mut self, source: &Source) {
        match source {
            Source::Table(name) if self.catalogue.table(&plain(name)).is_some() => {
                self.add(&plain(name), LockMode::AccessShare, Work::None);
            }
            Source::Select { select, .. } => self.reads(select),
            Source::Table(_) | Source::Other(_) => {}
        }
    }
}

/// A name as written in a query, as the schema spells it.
fn plain(name: &str) -> String {
    match name.split_once('.') {
        Some(("public", name)) => name.to_owned(),
        Some((namespace, name)) => format!("{namespace}\".\"{name}"),
        None => name.to_owned(),
    }
}

fn foreign_keys(table: &Table) -> impl Iterator<Item = (&String, &ForeignKey)> {
    table.constraints.iter().filter_map(|constraint| match &constraint.kind {
        ConstraintKind::ForeignKey(key) => Some((&constraint.name, key)),
        _ => None,
    })
}

fn says_not_null(check: &Expr, column: &str) -> bool {
    match check.bare() {
        Expr::IsNull { expr, negated: true } => expr.as_column() == Some(column),
        Expr::And(parts) => parts.iter().any(|part| says_not_null(part, column)),
        _ => false,
    }
}

fn is_null(value: &Node) -> bool {
    match value {
        Node::Literal(crate::expr::Literal::Null) => true,
        Node::Cast { arg, .. } => is_null(arg),
        _ => false,
    }
}

/// Whether a default has to be computed for each row. A function that is not PostgreSQL's own is taken as volatile, as
/// `CREATE FUNCTION` does.
fn is_volatile(value: &Node) -> bool {
    match value {
        Node::Call { name, args, .. } => {
            let stable_syntax = matches!(
                name.as_str(),
                "current_timestamp"
                    | "current_date"
                    | "current_time"
                    | "localtime"
                    | "localtimestamp"
                    | "now"
                    | "statement_timestamp"
                    | "transaction_timestamp"
                    | "coalesce"
                    | "greatest"
                    | "least"
                    | "nullif"
                    | "case"
                    | "extract"
                    | "[]"
                    | "timezone"
            );
            let own = catalog().has_function(name);
            let volatile = !stable_syntax && (!own || catalog().volatility(name) == Volatility::Volatile);
            volatile || args.iter().any(is_volatile)
        }
        Node::Cast { arg, .. } | Node::Collate { arg, .. } | Node::Prefix { arg, .. } | Node::Not(arg) => {
            is_volatile(arg)
        }
        Node::Binary { left, right, .. } => is_volatile(left) || is_volatile(right),
        Node::And(parts) | Node::Or(parts) | Node::Array(parts) | Node::Row(parts) => parts.iter().any(is_volatile),
        _ => false,
    }
}

/// Whether an index of the table reads a column.
pub(super) fn is_indexed(table: &Table, column: &str) -> bool {
    table.indexes.iter().any(|index| index.columns().contains(&column))
        || table.constraints.iter().any(|constraint| has_index(constraint) && constraint.columns().contains(&column))
}
