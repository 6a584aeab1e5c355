//! The tables of a database while statements change them.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{Effect, apply, effects};
use crate::schema::{Constraint, ConstraintKind, Index, Schema, Table};
use crate::sql::{Change, parse_changes};

/// A schema, what of it is not validated, and which tables the transaction at hand has made.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    pub schema: Schema,
    /// Table and constraint: added `NOT VALID`.
    pub(super) unvalidated: FxHashSet<(String, String)>,
    pub(super) born: FxHashSet<String>,
    /// Tables that were made since the last `begin`, by whatever transaction of those since.
    pub(super) unfilled: FxHashSet<String>,
    /// Tables that the transaction at hand has renamed, with the names they had before it.
    pub(super) former: FxHashMap<String, String>,
}

impl Catalogue {
    pub fn new(schema: Schema) -> Catalogue {
        Catalogue { schema, ..Catalogue::default() }
    }

    /// A new transaction begins: every table there is may be in use, and have rows.
    pub fn begin(&mut self) {
        self.commit();
        self.unfilled.clear();
    }

    /// The transaction at hand ends: others see the tables that it made. Nobody has filled them yet.
    pub fn commit(&mut self) {
        self.born.clear();
        self.former.clear();
    }

    /// The name a table had before the transaction at hand.
    pub fn former_name<'n>(&'n self, table: &'n str) -> &'n str {
        self.former.get(table).map_or(table, String::as_str)
    }

    /// Whether the transaction at hand made the table, so that nobody else can see it.
    pub fn is_new(&self, table: &str) -> bool {
        self.born.contains(table)
    }

    /// Whether a table was just made, and has no rows yet.
    pub fn is_unfilled(&self, table: &str) -> bool {
        self.born.contains(table) || self.unfilled.contains(table)
    }

    /// Sends a text of one or more statements: what it does to the tables that were there before the transaction, one entry each,
    /// strongest lock first. The error is why the text is not understood; the statements before that took effect.
    pub fn send(&mut self, sql: &str) -> Result<Vec<Effect>, String> {
        let mut found: Vec<Effect> = Vec::new();
        let mut failure = None;
        for change in parse_changes(sql) {
            if let Change::Unread { reason, .. } = &change {
                failure = Some(reason.clone());
                break;
            }
            for effect in effects::of(self, &change) {
                if self.born.contains(&effect.table) {
                    continue;
                }
                match found.iter_mut().find(|known| known.table == effect.table) {
                    Some(known) => known.join(&effect),
                    None => found.push(effect),
                }
            }
            apply::apply(self, change);
        }
        found.sort_by(|left, right| right.lock.cmp(&left.lock).then_with(|| left.table.cmp(&right.table)));
        match failure {
            Some(reason) => Err(reason),
            None => Ok(found),
        }
    }

    pub fn table(&self, name: &str) -> Option<&Table> {
        self.schema.table(name)
    }

    pub(super) fn table_mut(&mut self, name: &str) -> Option<&mut Table> {
        self.schema.tables.iter_mut().find(|table| table.name == name)
    }

    pub fn is_valid(&self, table: &str, constraint: &str) -> bool {
        !self.unvalidated.contains(&(table.to_owned(), constraint.to_owned()))
    }

    /// The index of a name, which in one namespace is unique.
    pub fn index(&self, name: &str) -> Option<&Index> {
        self.schema.tables.iter().flat_map(|table| &table.indexes).find(|index| index.name == name)
    }

    /// The table that has an index, be it a constraint's.
    pub(super) fn table_of_index(&self, name: &str) -> Option<&Table> {
        let has = |table: &&Table| {
            table.indexes.iter().any(|index| index.name == name)
                || table.constraints.iter().any(|constraint| constraint.name == name && has_index(constraint))
        };
        self.schema.tables.iter().find(has)
    }

    /// Foreign keys of other tables to this one: the table and the constraint.
    pub fn references_to<'c>(&'c self, name: &'c str) -> impl Iterator<Item = (&'c Table, &'c Constraint)> {
        self.schema.tables.iter().flat_map(move |table| {
            let constraints = table.constraints.iter().filter(
                move |constraint| matches!(&constraint.kind, ConstraintKind::ForeignKey(key) if key.to_table == name),
            );
            constraints.map(move |constraint| (table, constraint))
        })
    }
}

pub(super) fn has_index(constraint: &Constraint) -> bool {
    matches!(
        constraint.kind,
        ConstraintKind::PrimaryKey { .. } | ConstraintKind::Unique { .. } | ConstraintKind::Exclusion(_)
    )
}
