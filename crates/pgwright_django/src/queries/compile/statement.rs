//! The statement put together (`SQLCompiler.as_sql`).

use super::text::{Stop, Text, Written};
use super::{ColumnAliases, Compiler, Limits, Selection, conditions};
use crate::queries::build::joins::{Many, PathError, column};
use crate::queries::build::joins::{initial_alias, join_columns, setup_joins, trim_joins};
use crate::queries::build::lookup::{content_type_condition, transform};
use crate::queries::expression::{Column, Expression, Node};
use crate::queries::query::{Alias, GroupBy, JoinKind, Mark, Source};

impl Compiler<'_, '_> {
    pub(crate) fn as_sql(&mut self, limits: Limits, aliases: ColumnAliases) -> Written<Text> {
        let combinator = self.query.combinator;
        let aliases = if combinator.is_some() { ColumnAliases::All } else { aliases };
        self.setup(aliases)?;
        let order = self.order_by()?;
        let grouped = self.query.group_by != GroupBy::None;
        let (condition, having, qualify) = conditions::split(&self.query.condition, grouped)?;
        self.condition = condition;
        self.having = having;
        self.qualify = qualify;
        let extra_select = self.extra_select(&order);
        let group_by = self.group_by(&order, &extra_select)?;
        let mut order = order;
        let mut out = Text::default();
        let mut lock = String::new();
        if let Some(combinator) = combinator {
            self.write_combinator(combinator, &mut out)?;
        } else if self.qualify.is_some() {
            self.write_qualify(&mut out)?;
            order = Vec::new();
        } else {
            let distinct = self.distinct_columns()?;
            let from = self.tables_clause()?;
            let mut condition = Text::default();
            if let Some(node) = &self.condition {
                match self.write_where(node, &mut condition) {
                    Ok(()) => {}
                    Err(Stop::Full) => condition = Text::default(),
                    Err(Stop::Empty) if !self.elide_empty => {
                        condition = Text { sql: "0 = 1".to_owned(), parameters: Vec::new() };
                    }
                    Err(other) => return Err(other),
                }
            }
            let mut having = Text::default();
            if let Some(node) = &self.having {
                match self.write_where(node, &mut having) {
                    Ok(()) => {}
                    Err(Stop::Full) => having = Text::default(),
                    Err(other) => return Err(other),
                }
            }
            out.push("SELECT");
            if self.query.distinct {
                out.push(" DISTINCT");
                if !distinct.is_empty() {
                    out.push(" ON (");
                    for (index, text) in distinct.iter().enumerate() {
                        if index > 0 {
                            out.push(", ");
                        }
                        out.append(text);
                    }
                    out.push(")");
                }
            }
            out.push(" ");
            self.write_selections(&extra_select, &mut out);
            if !from.sql.is_empty() {
                out.push(" FROM ");
                out.append(&from);
            }
            if !condition.sql.is_empty() {
                out.push(" WHERE ");
                out.append(&condition);
            }
            if !group_by.is_empty() {
                if !distinct.is_empty() {
                    return Err("annotate() with distinct(fields)".into());
                }
                out.push(" GROUP BY ");
                for (index, text) in group_by.iter().enumerate() {
                    if index > 0 {
                        out.push(", ");
                    }
                    out.append(text);
                }
                if self.meta_ordering {
                    order = Vec::new();
                }
            }
            if !having.sql.is_empty() {
                out.push(" HAVING ");
                out.append(&having);
            }
            lock = self.lock_clause()?;
        }
        for (index, ordered) in order.iter().enumerate() {
            out.push(if index == 0 { " ORDER BY " } else { ", " });
            out.append(&ordered.text);
        }
        if limits == Limits::Keep {
            self.write_limits(&mut out);
        }
        out.push(&lock);
        self.order = order;
        if self.query.subquery && !extra_select.is_empty() {
            return self.without_extra(out);
        }
        Ok(out)
    }

    fn write_selections(&self, extra: &[Selection], out: &mut Text) {
        let mut first = true;
        for Selection { text, alias, .. } in self.select.iter().chain(extra) {
            if !first {
                out.push(", ");
            }
            first = false;
            out.append(text);
            if let Some(alias) = alias {
                out.push(" AS ");
                out.quoted(alias);
            }
        }
    }

    fn write_limits(&self, out: &mut Text) {
        match (self.query.low, self.query.high) {
            (Mark::Known(low), Some(Mark::Known(high))) => {
                out.push(" LIMIT ");
                out.push(&high.saturating_sub(low).to_string());
            }
            (_, Some(Mark::Next)) => out.push(" LIMIT 1"),
            (_, Some(_)) => {
                out.push(" LIMIT ");
                out.parameter(crate::model::Value::Unknown("a limit".to_owned()));
            }
            (_, None) => {}
        }
        match self.query.low {
            Mark::Known(0) => {}
            Mark::Known(low) => {
                out.push(" OFFSET ");
                out.push(&low.to_string());
            }
            Mark::Unknown | Mark::Next => {
                out.push(" OFFSET ");
                out.parameter(crate::model::Value::Unknown("an offset".to_owned()));
            }
        }
    }

    /// A subquery whose DISTINCT needs columns that are not wanted outside.
    fn without_extra(&self, inner: Text) -> Written<Text> {
        let mut out = Text::default();
        out.push("SELECT ");
        for (index, selection) in self.select.iter().enumerate() {
            if index > 0 {
                out.push(", ");
            }
            match (&selection.alias, &*selection.node) {
                (Some(alias), _) => {
                    out.push("\"subquery\".");
                    out.quoted(alias);
                }
                (None, Expression::Column(column)) => {
                    out.push("\"subquery\".");
                    out.quoted(self.context.field(column.field).column.as_deref().unwrap_or_default());
                }
                (None, _) => return Err("a subquery ordered by what it does not select".into()),
            }
        }
        out.push(" FROM (");
        out.append(&inner);
        out.push(") subquery");
        Ok(out)
    }

    /// `get_from_clause`.
    fn tables_clause(&mut self) -> Written<Text> {
        let mut out = Text::default();
        for source in &self.query.sources {
            if source.references == 0 {
                continue;
            }
            if !out.sql.is_empty() {
                out.push(" ");
            }
            self.write_source(source, &mut out)?;
        }
        for table in &self.query.extra_tables {
            let existing = self.query.sources.iter().find(|source| source.table == *table);
            let alias: Alias = existing.map_or_else(|| table.clone(), |source| source.alias.clone());
            let mut references = 0;
            if let Some(source) = self.query.sources.iter_mut().find(|source| source.alias == alias) {
                source.references += 1;
                references = source.references;
            }
            if references <= 1 {
                out.push(" , ");
                self.write_alias(&alias, &mut out);
            }
        }
        Ok(out)
    }

    fn write_source(&self, source: &Source, out: &mut Text) -> Written<()> {
        let Some(join) = &source.join else {
            self.write_alias(&source.table, out);
            if source.alias != source.table {
                out.push(" ");
                self.write_source_alias(&source.alias, out);
            }
            return Ok(());
        };
        out.push(match join.kind {
            JoinKind::Inner => "INNER JOIN ",
            JoinKind::LeftOuter => "LEFT OUTER JOIN ",
        });
        self.write_alias(&source.table, out);
        if source.alias != source.table {
            out.push(" ");
            self.write_source_alias(&source.alias, out);
        }
        out.push(" ON (");
        let (near, far) = join_columns(self.context, join.on).ok_or("a join whose columns are not known")?;
        let node = |alias: &Alias, field| -> Node { column(self.context, alias, field) };
        self.write(&node(&join.parent, near), out)?;
        out.push(" = ");
        let (near_type, far_type) = (&self.context.field(near).db_type, &self.context.field(far).db_type);
        if near_type != far_type && near_type.is_some() && far_type.is_some() && self.context.at_least(5, 0) {
            out.push("(");
            self.write(&node(&source.alias, far), out)?;
            out.push(")::");
            out.push(near_type.as_deref().unwrap_or_default());
        } else {
            self.write(&node(&source.alias, far), out)?;
        }
        let restricted = match join.on {
            crate::queries::query::JoinField::GenericReverse(_) => &join.parent,
            _ => &source.alias,
        };
        if let Some(condition) = content_type_condition(self.context, join.on, restricted) {
            out.push(" AND (");
            self.write(&condition, out)?;
            out.push(")");
        }
        if let Some(resolved) = join.filtered.as_ref().and_then(|filtered| filtered.resolved.as_ref()) {
            let mut text = Text::default();
            match self.write(resolved, &mut text) {
                Ok(()) => {
                    out.push(" AND (");
                    out.append(&text);
                    out.push(")");
                }
                Err(Stop::Full) => {}
                Err(other) => return Err(other),
            }
        }
        out.push(")");
        Ok(())
    }

    /// Aliases in FROM are bare up to 6.0.
    fn write_source_alias(&self, alias: &str, out: &mut Text) {
        if self.context.at_least(6, 1) {
            out.quoted(alias);
        } else {
            out.push(alias);
        }
    }

    /// `get_distinct`.
    fn distinct_columns(&mut self) -> Written<Vec<Text>> {
        let mut all = Vec::new();
        for name in self.query.distinct_fields.clone() {
            let mut text = Text::default();
            if self.query.is_annotation_selected(&name) {
                text.quoted(&name);
                all.push(text);
                continue;
            }
            let parts: Vec<&str> = name.split("__").collect();
            let alias = initial_alias(self.context, &mut self.query);
            let model = self.query.model;
            let joined = setup_joins(self.context, &mut self.query, &parts, model, alias, None, Many::Allowed);
            let joined = match joined {
                Ok(joined) => joined,
                Err(PathError::Reason(reason)) => return Err(Stop::Unknown(reason)),
                Err(PathError::Many(_)) => return Err("distinct() on many rows".into()),
            };
            let (target, alias, _) =
                trim_joins(self.context, &mut self.query, joined.target, &joined.aliases, &joined.steps);
            let mut node = column(self.context, &alias, target);
            for part in &joined.transforms {
                node = transform(self.context, &node, part)?.ok_or_else(|| Stop::Unknown(format!("`{part}`")))?;
            }
            self.write(&node, &mut text)?;
            all.push(text);
        }
        Ok(all)
    }

    fn lock_clause(&self) -> Written<String> {
        let Some(lock) = &self.query.lock else { return Ok(String::new()) };
        let mut text = " FOR".to_owned();
        text.push_str(if lock.no_key { " NO KEY UPDATE" } else { " UPDATE" });
        let of = self.lock_tables()?;
        if !of.is_empty() {
            text.push_str(" OF ");
            let names: Vec<String> = of
                .iter()
                .map(|alias| {
                    let mut out = Text::default();
                    self.write_alias(alias, &mut out);
                    out.sql
                })
                .collect();
            text.push_str(&names.join(", "));
        }
        if lock.nowait {
            text.push_str(" NOWAIT");
        } else if lock.skip_locked {
            text.push_str(" SKIP LOCKED");
        }
        Ok(text)
    }
}

/// The alias a column belongs to.
pub(crate) fn alias_of(node: &Node) -> Option<&Alias> {
    match &**node {
        Expression::Column(Column { alias, .. }) => Some(alias),
        _ => None,
    }
}
