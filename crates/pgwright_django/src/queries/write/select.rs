//! SELECTs of objects by conditions on their own table: what writing and loading one object needs.

use pgwright_schema::names::quote_name;

use super::super::context::{Context, FieldId};
use super::text::{column, field_named, table};
use super::{Action, Statement};
use crate::model::{ModelId, Value};

#[derive(Debug)]
pub(super) struct Select<'a> {
    pub(super) model: ModelId,
    pub(super) columns: Columns<'a>,
    pub(super) condition: &'a str,
    pub(super) order: Order,
    /// What follows: `LIMIT 21`, `FOR UPDATE`.
    pub(super) tail: &'static str,
}

#[derive(Debug)]
pub(super) enum Columns<'a> {
    All,
    /// These and the key, in the model's order.
    Only(&'a [FieldId]),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    None,
    /// `Meta.ordering`.
    Meta,
}

impl Select<'_> {
    pub(super) fn statement(self, context: &Context<'_>) -> Statement {
        Statement::new(Action::Select, self.model, self.sql(context))
    }

    fn sql(&self, context: &Context<'_>) -> String {
        let keys = super::text::key_fields(context, self.model);
        let columns: Vec<FieldId> = context
            .meta(self.model)
            .columns
            .iter()
            .copied()
            .filter(|id| match self.columns {
                Columns::All => true,
                Columns::Only(only) => only.contains(id) || keys.contains(id),
            })
            .collect();
        let order = match self.order {
            Order::Meta => ordering(context, self.model),
            Order::None => Vec::new(),
        };
        let mut joins = Joins::default();
        for id in columns.iter().chain(order.iter().map(|(id, _)| id)) {
            joins.reach(context, context.concrete(self.model), id.model);
        }
        let selected: Vec<String> = columns.into_iter().map(|id| column(context, id)).collect();
        let mut sql = format!("SELECT {} FROM {}{}", selected.join(", "), table(context, self.model), joins.sql);
        if !self.condition.is_empty() {
            sql.push_str(&format!(" WHERE {}", self.condition));
        }
        if !order.is_empty() {
            let keys: Vec<String> =
                order.into_iter().map(|(id, direction)| format!("{} {direction}", column(context, id))).collect();
            sql.push_str(&format!(" ORDER BY {}", keys.join(", ")));
        }
        sql.push_str(self.tail);
        sql
    }
}

/// Joins from a model to its parents, in the order they were needed.
#[derive(Debug, Default)]
struct Joins {
    sql: String,
    joined: Vec<ModelId>,
}

impl Joins {
    fn reach(&mut self, context: &Context<'_>, model: ModelId, ancestor: ModelId) {
        if model == ancestor {
            return;
        }
        for (child, parent) in path(context, model, ancestor, 16).unwrap_or_default() {
            if self.joined.contains(&parent) {
                continue;
            }
            self.joined.push(parent);
            let Some(link) = context.parent_link(child, parent) else { continue };
            let Some(target) = context.target(link) else { continue };
            self.sql.push_str(&format!(
                " INNER JOIN {} ON ({} = {})",
                table(context, parent),
                column(context, link),
                column(context, target)
            ));
        }
    }
}

/// Steps from a model to one of its ancestors.
fn path(context: &Context<'_>, model: ModelId, ancestor: ModelId, depth: u32) -> Option<Vec<(ModelId, ModelId)>> {
    if depth == 0 {
        return None;
    }
    context.meta(model).parents.iter().find_map(|(parent, _)| {
        if *parent == ancestor {
            return Some(vec![(model, *parent)]);
        }
        let mut rest = path(context, *parent, ancestor, depth - 1)?;
        rest.insert(0, (model, *parent));
        Some(rest)
    })
}

/// `Meta.ordering` as far as it names the model's own columns; anything else needs the compiler of queries.
fn ordering(context: &Context<'_>, model: ModelId) -> Vec<(FieldId, &'static str)> {
    let model_ordering = &context.models.get(model).ordering;
    model_ordering
        .iter()
        .filter_map(|value| {
            let Value::Str(name) = value else { return None };
            let (name, direction) = match name.strip_prefix('-') {
                Some(name) => (name, "DESC"),
                None => (name.strip_prefix('+').unwrap_or(name), "ASC"),
            };
            Some((field_named(context, model, name)?, direction))
        })
        .collect()
}

/// `queryset.exists()` by a condition on the table itself.
pub(super) fn exists(context: &Context<'_>, model: ModelId, condition: &str) -> Statement {
    let sql = format!("SELECT %s AS {} FROM {} WHERE {condition} LIMIT 1", quote_name("a"), table(context, model));
    Statement::new(Action::Select, model, sql)
}
