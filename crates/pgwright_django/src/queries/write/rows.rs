//! The rows a queryset stands for, as the statements that write them say it.

use std::sync::Arc;

use super::super::compile::{Condition, condition_text, where_clause};
use super::super::context::Context;
use super::super::expression::{Expression, Node};
use super::super::query::Query;
use super::Statement;
use super::select::{columns, filtered, key_names, objects};
use super::text::key_in;
use crate::model::{ModelId, Value};

/// What is written.
#[derive(Debug, Clone, PartialEq)]
pub enum Rows {
    All,
    /// What stands after WHERE: conditions on the table itself.
    Where(String),
    Query(Box<Query>),
}

/// How a statement finds its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Suffix {
    /// ` WHERE …`, or nothing for every row.
    Text(String),
    /// No row can match: Django sends nothing.
    Empty,
}

impl Rows {
    /// `pk__in=[…]`.
    pub fn by_keys(context: &Context<'_>, model: ModelId) -> Rows {
        Rows::Where(key_in(context, model))
    }

    /// Whether a condition asks the same table in a subquery (`SQLDeleteCompiler.contains_self_reference_subquery`).
    pub(super) fn refers_to_itself(&self, model: ModelId) -> bool {
        fn refers(node: &Node, model: ModelId) -> bool {
            match &**node {
                Expression::Subquery { query, .. } | Expression::Exists { query, .. } => query.model == model,
                other => other.children().into_iter().any(|child| refers(child, model)),
            }
        }
        match self {
            Rows::Query(query) => {
                let annotations = query.annotations.iter().map(|(_, node)| node);
                annotations.chain(&query.condition.children).any(|node| refers(node, model))
            }
            Rows::All | Rows::Where(_) => false,
        }
    }

    /// The same rows, named by their keys.
    pub(super) fn by_key_in_subquery(&self, context: &Context<'_>, model: ModelId) -> Result<Rows, String> {
        match self {
            Rows::Query(query) => by_subquery(context, model, query).map(|query| Rows::Query(Box::new(query))),
            Rows::All | Rows::Where(_) => Ok(self.clone()),
        }
    }

    pub(super) fn suffix(&self, context: &Context<'_>, model: ModelId) -> Result<Suffix, String> {
        let condition = match self {
            Rows::All => return Ok(Suffix::Text(String::new())),
            Rows::Where(condition) => return Ok(Suffix::Text(format!(" WHERE {condition}"))),
            Rows::Query(query) => match where_clause(context, query) {
                // With other tables the rows are named by a subquery of keys.
                Condition::Joined => condition_text(context, &by_subquery(context, model, query)?),
                condition => condition,
            },
        };
        match condition {
            Condition::Sql { text, .. } => Ok(Suffix::Text(format!(" WHERE {text}"))),
            Condition::All => Ok(Suffix::Text(String::new())),
            Condition::None => Ok(Suffix::Empty),
            Condition::Joined => Err("a subquery that joins".to_owned()),
            Condition::Unknown(reason) => Err(reason),
        }
    }

    /// The SELECT of the objects, when there is one to be sent.
    pub(super) fn select_objects(&self, context: &Context<'_>, model: ModelId) -> Result<Statement, String> {
        match self {
            Rows::Query(query) => objects(context, query),
            Rows::All => objects(context, &Query::new(model)),
            Rows::Where(condition) => {
                objects(context, &Query::new(model)).map(|statement| restricted(statement, condition))
            }
        }
    }

    /// The SELECT of the model's own key and of further columns, by name.
    pub(super) fn select_keys(
        &self,
        context: &Context<'_>,
        model: ModelId,
        more: &[String],
    ) -> Result<Statement, String> {
        let mut names = key_names(context, model);
        names.extend(more.iter().cloned());
        match self {
            Rows::Query(query) => columns(context, query, &names),
            Rows::All => columns(context, &Query::new(model), &names),
            Rows::Where(condition) => {
                columns(context, &Query::new(model), &names).map(|statement| restricted(statement, condition))
            }
        }
    }
}

fn restricted(mut statement: Statement, condition: &str) -> Statement {
    statement.sql.push_str(&format!(" WHERE {condition}"));
    statement
}

fn by_subquery(context: &Context<'_>, model: ModelId, query: &Query) -> Result<Query, String> {
    let mut inner = super::super::build::ordering::unordered_all(query);
    inner.lock = None;
    super::super::build::values::clear_select_clause(&mut inner);
    inner.default_columns = true;
    filtered(context, &Query::new(model), &[("pk__in", Value::Query(Arc::new(inner)))])
}
