//! The rows a queryset stands for, as the statements that write them say it.

use super::super::context::Context;
use super::select::{Columns, Order, Select};
use super::text::{column, key_fields, key_in, table};
use super::{Action, Statement};
use crate::model::ModelId;

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Filter {
    /// Every row.
    #[default]
    None,
    /// Conditions on the table itself: what stands after WHERE.
    Where(String),
    /// The queryset joins other tables: the SELECT of its keys, aliased as a subquery is (`SELECT U0."id" FROM …`).
    Keys(String),
}

/// A queryset, compiled in the forms a write can need.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rows {
    pub filter: Filter,
    /// The SELECT of its objects without ordering; made from the filter when it is one on the table itself.
    pub objects: Option<String>,
    /// The SELECT of its keys without ordering, as a statement of its own.
    pub keys: Option<String>,
}

impl Rows {
    pub fn all() -> Rows {
        Rows::default()
    }

    pub fn with(condition: &str) -> Rows {
        Rows { filter: Filter::Where(condition.to_owned()), ..Rows::default() }
    }

    /// `pk__in=[…]`.
    pub fn by_keys(context: &Context<'_>, model: ModelId) -> Rows {
        Rows::with(&key_in(context, model))
    }

    fn condition(&self, context: &Context<'_>, model: ModelId) -> String {
        match &self.filter {
            Filter::None => String::new(),
            Filter::Where(condition) => condition.clone(),
            Filter::Keys(select) => {
                let keys: Vec<String> =
                    key_fields(context, model).into_iter().map(|key| column(context, key)).collect();
                match keys.as_slice() {
                    [key] => format!("{key} IN ({select})"),
                    keys => format!("({}) IN ({select})", keys.join(", ")),
                }
            }
        }
    }

    /// ` WHERE …`, or nothing.
    pub(super) fn suffix(&self, context: &Context<'_>, model: ModelId) -> String {
        match self.condition(context, model) {
            condition if condition.is_empty() => condition,
            condition => format!(" WHERE {condition}"),
        }
    }

    pub(super) fn select_objects(&self, context: &Context<'_>, model: ModelId) -> Statement {
        match &self.objects {
            Some(sql) => Statement::new(Action::Select, model, sql.clone()),
            None => {
                let condition = self.condition(context, model);
                Select { model, columns: Columns::All, condition: &condition, order: Order::None, tail: "" }
                    .statement(context)
            }
        }
    }

    /// The SELECT of the model's own key and of these further columns of its table.
    pub(super) fn select_keys(&self, context: &Context<'_>, model: ModelId, more: &[String]) -> Statement {
        let sql = match &self.keys {
            Some(sql) => sql.clone(),
            None => {
                let keys = key_fields(context, model).into_iter().map(|key| column(context, key));
                let columns: Vec<String> = keys.chain(more.iter().cloned()).collect();
                format!("SELECT {} FROM {}{}", columns.join(", "), table(context, model), self.suffix(context, model))
            }
        };
        Statement::new(Action::Select, model, sql)
    }
}
