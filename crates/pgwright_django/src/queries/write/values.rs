//! What is known of the values that are written: enough for the text.

use rustc_hash::FxHashMap;

use super::super::build::resolve::is_expression;
use super::super::compile::{Joins, expression_text};
use super::super::context::{Context, FieldId};
use super::super::query::Query;
use super::text::{bare, is_auto, local, placeholder, wrapped};
use crate::model::{Field, ModelId, Value};

/// What a field is set to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// A value that becomes a parameter.
    Parameter,
    /// `None`. Up to Django 6.0 an UPDATE writes `NULL` for it.
    Null,
    /// An expression, compiled: columns with their table, as an UPDATE needs them.
    Expression(String),
    /// Left to the column's `db_default`.
    Default,
}

impl Given {
    /// What a value of the code comes to in a statement on the model's own table; an error says why its SQL is not known.
    pub fn of(context: &Context<'_>, model: ModelId, value: &Value) -> Result<Given, String> {
        match value {
            Value::None => Ok(Given::Null),
            value if is_expression(value) => {
                let mut query = Query::new(model);
                let (sql, _) = expression_text(context, &mut query, value, Joins::Refused)?;
                Ok(Given::Expression(sql))
            }
            _ => Ok(Given::Parameter),
        }
    }
}

/// By the field's name or attribute name. What is not listed is a parameter; when a row is added, a field with a
/// `db_default` that is not listed is left to the database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Values {
    pub given: FxHashMap<String, Given>,
}

impl Values {
    pub fn with(mut self, field: &str, given: Given) -> Values {
        self.given.insert(field.to_owned(), given);
        self
    }

    pub(super) fn get(&self, field: &Field) -> Option<&Given> {
        self.given.get(&field.name).or_else(|| self.given.get(&field.attname))
    }

    /// The value in an INSERT.
    pub(super) fn inserted(&self, context: &Context<'_>, field: &Field) -> Given {
        match self.get(field) {
            Some(given) => given.clone(),
            None if has_db_default(context, field) && field.default.is_none() => Given::Default,
            None => Given::Parameter,
        }
    }

    /// `"column" = value` of an UPDATE.
    pub(super) fn assignment(&self, context: &Context<'_>, id: FieldId) -> String {
        let field = context.field(id);
        let value = match self.get(field) {
            None | Some(Given::Parameter | Given::Default) => placeholder(field),
            Some(Given::Null) if context.at_least(6, 1) => placeholder(field),
            Some(Given::Null) => "NULL".to_owned(),
            Some(Given::Expression(sql)) => wrapped(field, sql),
        };
        format!("{} = {value}", bare(context, id))
    }
}

/// Whether the database fills the column when nothing is given; Django knows of it since 5.0.
pub(super) fn has_db_default(context: &Context<'_>, field: &Field) -> bool {
    context.at_least(5, 0) && field.db_default.is_some()
}

/// Columns that an INSERT asks back (`Options.db_returning_fields`).
pub(super) fn returned(context: &Context<'_>, model: ModelId) -> Vec<FieldId> {
    let is_returned = |id: &FieldId| {
        let field = context.field(*id);
        is_auto(field) || has_db_default(context, field) || field.generated.is_some()
    };
    local(context, model).into_iter().filter(is_returned).collect()
}
