//! Names of constraints and indexes as introspection finds them (`_constraint_names`).

use pgwright_schema::{ConstraintKind, IndexMethod};

use super::Editor;
use crate::model::Model;

/// What is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    ForeignKey,
    /// Constraints and unique indexes, but for primary keys.
    Unique,
    Check,
    /// B-tree indexes that are no constraint's.
    Index,
}

impl Editor<'_> {
    /// Names on just these columns, oldest first; what `Meta` itself names is left out as Django does.
    pub(super) fn names(&self, model: &Model, columns: &[String], wanted: Wanted) -> Vec<String> {
        let Some(table) = self.catalogue.table(&model.table) else { return Vec::new() };
        let excluded = |name: &str| match wanted {
            Wanted::ForeignKey => false,
            Wanted::Unique | Wanted::Check => model.constraints.iter().any(|constraint| constraint.name == name),
            Wanted::Index => model.indexes.iter().any(|index| index.name == name),
        };
        let mut found: Vec<String> = Vec::new();
        for constraint in &table.constraints {
            let fits = match (&constraint.kind, wanted) {
                (ConstraintKind::ForeignKey(key), Wanted::ForeignKey) => key.columns == columns,
                (ConstraintKind::Unique { columns: own, .. }, Wanted::Unique) => own == columns,
                (ConstraintKind::Check { expression }, Wanted::Check) => expression.columns() == columns,
                _ => false,
            };
            if fits && !excluded(&constraint.name) {
                found.push(constraint.name.clone());
            }
        }
        if matches!(wanted, Wanted::Unique | Wanted::Index) {
            for index in &table.indexes {
                let own: Option<Vec<&str>> = index.keys.iter().map(|key| key.as_column()).collect();
                let fits = own.is_some_and(|own| own == columns)
                    && (wanted == Wanted::Index || index.unique)
                    && (wanted == Wanted::Unique || index.method == IndexMethod::Btree);
                if fits && !excluded(&index.name) {
                    found.push(index.name.clone());
                }
            }
        }
        found
    }
}
