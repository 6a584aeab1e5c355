//! SELECTs that belong to writing and loading: built as the ORM builds them, so that aliases, joins and ordering are its own.

use pgwright_schema::names::quote_name;

use super::super::build::filter::add_q;
use super::super::build::joins::Many;
use super::super::build::methods::{Applied, apply};
use super::super::build::ordering::unordered_all;
use super::super::build::q::{Child, Q};
use super::super::build::values::{add_fields, clear_select_clause};
use super::super::compile::{Outcome, Terminal, select};
use super::super::context::{Context, FieldId};
use super::super::expression::Connector;
use super::super::query::{Alias, Query};
use super::text::{key_fields, table};
use super::{Action, Statement};
use crate::model::{ModelId, Value};

/// A value that is not known, as a filter takes it.
pub(super) fn any_value() -> Value {
    Value::Unknown("a value".to_owned())
}

/// A list of them.
pub(super) fn any_list() -> Value {
    Value::List(vec![any_value()])
}

/// `filter(**lookups)`.
pub(super) fn filtered(context: &Context<'_>, query: &Query, lookups: &[(&str, Value)]) -> Result<Query, String> {
    let is_key = |name: &str| name == "pk" || name.starts_with("pk__");
    if lookups.iter().any(|(name, _)| is_key(name)) && key_fields(context, query.model).len() != 1 {
        return Err("a look-up by a composite key".to_owned());
    }
    let lookups: Vec<(String, Value)> =
        lookups.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    called(context, query, "filter", &[], &lookups)
}

/// `filter(Q(…) | Q(…))`.
pub(super) fn filtered_any(context: &Context<'_>, query: &Query, lookups: &[(String, Value)]) -> Result<Query, String> {
    let mut query = query.clone();
    let children = lookups.iter().map(|(name, value)| Child::Pair(name.clone(), value.clone())).collect();
    let any = Q { connector: Connector::Or, negated: false, children };
    add_q(context, &mut query, &Q::all(vec![Child::Q(any)]))?;
    Ok(query)
}

/// A method of `QuerySet`.
pub(super) fn called(
    context: &Context<'_>,
    query: &Query,
    method: &str,
    args: &[Value],
    kwargs: &[(String, Value)],
) -> Result<Query, String> {
    match apply(context, query, method, args, kwargs) {
        Applied::Query(query) => Ok(*query),
        Applied::Unknown(reason) => Err(reason),
    }
}

/// `only(*names)`; without names everything is loaded.
pub(super) fn only(context: &Context<'_>, query: &Query, fields: &[FieldId]) -> Result<Query, String> {
    if fields.is_empty() {
        return Ok(query.clone());
    }
    let mut names: Vec<Value> = Vec::new();
    for id in fields {
        let name = Value::Str(context.field(*id).attname.clone());
        if !names.contains(&name) {
            names.push(name);
        }
    }
    called(context, query, "only", &names, &[])
}

/// The statement of a query, or why there is none.
pub(super) fn read(context: &Context<'_>, query: &Query, terminal: &Terminal) -> Result<Statement, String> {
    match select(context, query, terminal) {
        Outcome::Sql(sql) => Ok(Statement::new(Action::Select, query.model, sql.text)),
        Outcome::Empty => Err("no row can match".to_owned()),
        Outcome::Unknown(reason) => Err(reason),
    }
}

/// The objects of a queryset as `delete()` reads them: no order, no related objects, no lock.
pub(super) fn objects(context: &Context<'_>, query: &Query) -> Result<Statement, String> {
    let mut query = unordered_all(query);
    query.select_related = super::super::query::SelectRelated::None;
    query.lock = None;
    read(context, &query, &Terminal::Iterate)
}

/// Columns of a queryset's rows without names of their own (`Query.add_fields`), no order.
pub(super) fn columns(context: &Context<'_>, query: &Query, names: &[String]) -> Result<Statement, String> {
    let mut query = unordered_all(query);
    query.lock = None;
    clear_select_clause(&mut query);
    let names: Vec<Alias> = names.iter().map(|name| name.as_str().into()).collect();
    add_fields(context, &mut query, &names, Many::Allowed)?;
    read(context, &query, &Terminal::Iterate)
}

/// `queryset.exists()` by a condition on the table itself.
pub(super) fn exists(context: &Context<'_>, model: ModelId, condition: &str) -> Statement {
    let sql = format!("SELECT %s AS {} FROM {} WHERE {condition} LIMIT 1", quote_name("a"), table(context, model));
    Statement::new(Action::Select, model, sql)
}

/// Columns of the model's own key, by name.
pub(super) fn key_names(context: &Context<'_>, model: ModelId) -> Vec<String> {
    key_fields(context, model).into_iter().map(|key| context.field(key).name.clone()).collect()
}
