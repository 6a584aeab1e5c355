//! Tables, indexes and constraints.

use std::fmt::Write as _;

use pgwright_schema::ddl;
use pgwright_schema::expr::quote_text;
use pgwright_schema::names::{index_name, quote_name};
use pgwright_schema::{Constraint, ConstraintKind, IndexOrigin, Placement};

use super::deferred::{Suffix, What};
use super::lookup::Wanted;
use super::{At, Editor, Known};
use crate::model::{Field, Model, ModelId};
use crate::schema;

impl Editor<'_> {
    pub(in super::super) fn create_model(&mut self, at: At<'_>) -> Known<()> {
        let mut lost = Vec::new();
        let table = schema::table_of(self.project, at.models, at.model, &mut lost);
        self.execute(ddl::create_table(&table));
        for comment in ddl::comments(&table) {
            self.execute(comment);
        }
        for constraint in table.constraints.iter().filter(|constraint| constraint.placement == Placement::Alter) {
            let given = at.model.constraints.iter().any(|declared| declared.name == constraint.name);
            let suffix = match &constraint.kind {
                _ if given => None,
                ConstraintKind::ForeignKey(_) => Some(Suffix::ForeignKey),
                ConstraintKind::Unique { .. } => Some(Suffix::Unique),
                _ => None,
            };
            self.defer(What::Constraint { table: table.name.clone(), constraint: constraint.clone() }, suffix);
        }
        for index in &table.indexes {
            let suffix = match index.origin {
                IndexOrigin::Field { .. } => Some(Suffix::Plain),
                IndexOrigin::Like { .. } => Some(Suffix::Like),
                IndexOrigin::Together => Some(Suffix::Together),
                _ => None,
            };
            self.defer(What::Index(index.clone()), suffix);
        }
        for through in throughs(at) {
            self.create_model(through)?;
        }
        match lost.into_iter().next() {
            Some(lost) => Err(format!("{}: {}", lost.subject, lost.reason)),
            None => Ok(()),
        }
    }

    pub(in super::super) fn delete_model(&mut self, at: At<'_>) {
        for through in throughs(at) {
            self.delete_model(through);
        }
        self.execute(format!("DROP TABLE {} CASCADE", quote_name(&at.model.table)));
        self.forget_table(&at.model.table);
    }

    pub(in super::super) fn alter_db_table(&mut self, from: &str, to: &str) {
        if from == to {
            return;
        }
        self.execute(format!("ALTER TABLE {} RENAME TO {}", quote_name(from), quote_name(to)));
        self.rename_deferred_table(from, to);
    }

    pub(in super::super) fn alter_db_table_comment(&mut self, model: &Model) {
        let comment = model.db_table_comment.as_deref().unwrap_or_default();
        self.execute(format!("COMMENT ON TABLE {} IS {}", quote_name(&model.table), quote_text(comment)));
    }

    pub(in super::super) fn alter_unique_together(&mut self, at: At<'_>, olds: &[Vec<String>]) -> Known<()> {
        let news = &at.model.unique_together;
        for group in missing(olds, news) {
            let columns = self.columns(at, group)?;
            if self.at_least(5, 0) && self.forget_unique(&at.model.table, &columns) {
                continue;
            }
            let mut names = self.names(at.model, &columns, Wanted::Unique);
            let listed: Vec<&str> = columns.iter().map(String::as_str).collect();
            let own = index_name(&at.model.table, &listed, "_uniq");
            if names.contains(&own) {
                names = vec![own];
            }
            let [name] = names.as_slice() else {
                return Err(format!("Django finds {} unique constraints on {}", names.len(), columns.join(", ")));
            };
            self.alter_table(&at.model.table, &format!("DROP CONSTRAINT {}", quote_name(name)));
        }
        for group in missing(news, olds) {
            let columns = self.columns(at, group)?;
            self.create_unique(at.model, columns);
        }
        Ok(())
    }

    pub(in super::super) fn alter_index_together(&mut self, at: At<'_>, olds: &[Vec<String>]) -> Known<()> {
        let news = &at.model.index_together;
        for group in missing(olds, news) {
            let columns = self.columns(at, group)?;
            let names = self.names(at.model, &columns, Wanted::Index);
            let [name] = names.as_slice() else {
                return Err(format!("Django finds {} indexes on {}", names.len(), columns.join(", ")));
            };
            self.execute(format!("DROP INDEX IF EXISTS {}", quote_name(name)));
        }
        for group in missing(news, olds) {
            let columns = self.columns(at, group)?;
            let listed: Vec<&str> = columns.iter().map(String::as_str).collect();
            let name = index_name(&at.model.table, &listed, "_idx");
            let keys: Vec<String> = columns.iter().map(|column| quote_name(column)).collect();
            self.execute(format!(
                "CREATE INDEX {} ON {} ({})",
                quote_name(&name),
                quote_name(&at.model.table),
                keys.join(", ")
            ));
        }
        Ok(())
    }

    fn columns(&self, at: At<'_>, fields: &[String]) -> Known<Vec<String>> {
        let column = |name: &String| {
            let field = at.model.field(name).ok_or_else(|| format!("{} has no field `{name}`", at.model.label()))?;
            field.column.clone().ok_or_else(|| format!("field `{name}` has no column"))
        };
        fields.iter().map(column).collect()
    }

    /// `_create_unique_sql` of columns.
    pub(super) fn create_unique(&mut self, model: &Model, columns: Vec<String>) {
        let listed: Vec<&str> = columns.iter().map(String::as_str).collect();
        let name = index_name(&model.table, &listed, "_uniq");
        let kind = ConstraintKind::Unique { columns, deferrable: None, nulls_distinct: None, include: Vec::new() };
        let constraint = Constraint { name, kind, placement: Placement::Alter };
        self.execute(ddl::add_constraint_to(&model.table, &constraint));
    }

    pub(in super::super) fn add_index(
        &mut self,
        at: At<'_>,
        index: &crate::model::Index,
        concurrently: bool,
    ) -> Known<()> {
        let made = schema::index_of(self.project, at.models, at.model, index)?;
        let sql = ddl::create_index(&made);
        self.execute(if concurrently { sql.replacen("INDEX", "INDEX CONCURRENTLY", 1) } else { sql });
        Ok(())
    }

    pub(in super::super) fn remove_index(&mut self, model: &Model, name: &str, concurrently: bool) {
        let word = if concurrently { "CONCURRENTLY " } else { "" };
        self.execute(format!("DROP INDEX {word}IF EXISTS {}", quote_name(name)));
        if self.at_least(5, 2) {
            self.forget_index(&model.table, name);
        }
    }

    pub(in super::super) fn rename_index(&mut self, old: &str, new: &str) {
        self.execute(format!("ALTER INDEX {} RENAME TO {}", quote_name(old), quote_name(new)));
    }

    /// The index on these fields that nobody named (`RenameIndex(old_fields=…)`).
    pub(in super::super) fn unnamed_index(&self, at: At<'_>, fields: &[String]) -> Known<String> {
        let columns = self.columns(at, fields)?;
        let names = self.names(at.model, &columns, Wanted::Index);
        match names.as_slice() {
            [name] => Ok(name.clone()),
            names => Err(format!("Django finds {} indexes on {}", names.len(), columns.join(", "))),
        }
    }

    pub(in super::super) fn add_constraint(
        &mut self,
        at: At<'_>,
        constraint: &crate::model::Constraint,
        valid: bool,
    ) -> Known<()> {
        let made = schema::constraint_of(self.project, at.models, at.model, constraint)?;
        for constraint in &made.constraints {
            let mut sql = ddl::add_constraint_to(&at.model.table, constraint);
            if !valid {
                let _ = write!(sql, " NOT VALID");
            }
            self.execute(sql);
        }
        for index in &made.indexes {
            self.execute(ddl::create_index(index));
        }
        Ok(())
    }

    pub(in super::super) fn remove_constraint(
        &mut self,
        at: At<'_>,
        constraint: &crate::model::Constraint,
    ) -> Known<()> {
        let made = schema::constraint_of(self.project, at.models, at.model, constraint)?;
        if made.indexes.is_empty() {
            self.alter_table(&at.model.table, &format!("DROP CONSTRAINT {}", quote_name(&constraint.name)));
        } else {
            self.execute(format!("DROP INDEX IF EXISTS {}", quote_name(&constraint.name)));
        }
        Ok(())
    }

    pub(in super::super) fn validate_constraint(&mut self, model: &Model, name: &str) {
        self.alter_table(&model.table, &format!("VALIDATE CONSTRAINT {}", quote_name(name)));
    }
}

/// The automatic through models of a model's own many-to-many fields.
fn throughs(at: At<'_>) -> Vec<At<'_>> {
    let own = at.model.fields.iter().filter(|field| field.local && is_automatic(field));
    own.filter_map(through_of).map(|id| At { models: at.models, model: at.models.get(id) }).collect()
}

pub(in super::super) fn is_automatic(field: &Field) -> bool {
    matches!(&field.relation, Some(relation) if relation.through_automatic)
}

pub(in super::super) fn through_of(field: &Field) -> Option<ModelId> {
    field.relation.as_ref()?.through
}

/// What is in `these` and not in `those`, in the order declared. (Django's order is that of a set.)
fn missing<'g>(these: &'g [Vec<String>], those: &[Vec<String>]) -> Vec<&'g Vec<String>> {
    these.iter().filter(|group| !those.contains(group)).collect()
}
