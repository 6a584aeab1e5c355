//! Queries as SQL text, `%s` for every parameter.
//!
//! Source: `django/db/models/sql/compiler.py`. Nothing here changes a query: a compiler works on its own copy.

mod compound;
pub(crate) mod conditions;
pub mod facts;
mod function;
mod group;
mod lookup;
mod order;
mod prefetch;
mod related;
mod select;
mod statement;
pub(crate) mod text;
mod write;

use std::sync::Arc;

use self::related::Loaded;
use self::text::{Stop, Text, Written};
use super::build::aggregate::{Aggregation, aggregation, count_all};
use super::build::annotate::default_alias;
use super::build::combine::{exists, set_limits};
use super::context::Context;
use super::expression::{Node, Where};
use super::query::{Alias, Mark, Query};
use crate::model::Value;

pub use self::facts::{Facts, Predicate, Table};
pub use self::prefetch::{Prefetched, Through, prefetches};

/// What the caller asks the database for.
#[derive(Debug, Clone, PartialEq)]
pub enum Terminal {
    /// Iteration, `len()`, `list()`, `bool()`: the query as it is.
    Iterate,
    /// `get()` without arguments: at most 21 rows.
    Get,
    First,
    Last,
    /// `earliest()` and `latest()` by these fields; empty for `Meta.get_latest_by`, which must be given resolved.
    Earliest(Vec<Arc<str>>),
    Latest(Vec<Arc<str>>),
    Exists,
    Count,
    Aggregate {
        args: Vec<Value>,
        kwargs: Vec<(String, Value)>,
    },
    /// `contains(instance)`.
    Contains,
    /// `in_bulk()`: of these values where they are known, by this field.
    InBulk {
        ids: Option<Value>,
        field: Arc<str>,
    },
    /// `explain()`.
    Explain {
        format: Option<Arc<str>>,
        options: Vec<(Arc<str>, bool)>,
    },
}

/// A statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Sql {
    pub text: String,
    /// What is known of each parameter, in the order of `%s`.
    pub parameters: Vec<Value>,
    pub facts: Facts,
}

/// What a terminal comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Sql(Box<Sql>),
    /// Django knows that no row can match and sends nothing.
    Empty,
    Unknown(String),
}

/// The SQL of a query for a terminal.
pub fn select(context: &Context, query: &Query, terminal: &Terminal) -> Outcome {
    match compile(context, query, terminal) {
        Ok(sql) => Outcome::Sql(Box::new(sql)),
        Err(Stop::Empty) => Outcome::Empty,
        // A query is never full: that is a condition's.
        Err(Stop::Full) => Outcome::Unknown("a query without SQL".to_owned()),
        Err(Stop::Unknown(reason)) => Outcome::Unknown(reason),
    }
}

fn compile(context: &Context, query: &Query, terminal: &Terminal) -> Written<Sql> {
    if let Some(raw) = &query.raw {
        return Ok(Sql { text: raw.sql.clone(), parameters: raw.parameters.clone(), facts: Facts::default() });
    }
    let query = match terminal {
        Terminal::Count => return aggregate(context, query, &[("__count".into(), count_all())]),
        Terminal::Aggregate { args, kwargs } => {
            let mut wanted = Vec::new();
            for value in args {
                wanted.push((default_alias(value)?, value.clone()));
            }
            wanted.extend(kwargs.iter().map(|(name, value)| (name.as_str().into(), value.clone())));
            return aggregate(context, query, &wanted);
        }
        other => terminal_query(context, query, other)?,
    };
    let mut compiler = Compiler::new(context, query);
    let mut text = compiler.as_sql(Limits::Keep, ColumnAliases::AsNeeded)?;
    if let Terminal::Explain { format, options } = terminal {
        text.sql.insert_str(0, &explain(format.as_deref(), options));
    }
    let facts = facts::of(&compiler);
    Ok(Sql { text: text.sql, parameters: text.parameters, facts })
}

fn explain(format: Option<&str>, options: &[(Arc<str>, bool)]) -> String {
    let mut parts: Vec<String> =
        options.iter().map(|(name, value)| format!("{} {value}", name.to_uppercase())).collect();
    if let Some(format) = format {
        parts.push(format!("FORMAT {format}"));
    }
    if parts.is_empty() { "EXPLAIN ".to_owned() } else { format!("EXPLAIN ({}) ", parts.join(", ")) }
}

fn aggregate(context: &Context, query: &Query, wanted: &[(Alias, Value)]) -> Written<Sql> {
    match aggregation(context, query, wanted)? {
        Aggregation::Direct(query) => {
            let mut compiler = Compiler::new(context, *query);
            let text = compiler.as_sql(Limits::Keep, ColumnAliases::AsNeeded)?;
            Ok(Sql { text: text.sql, parameters: text.parameters, facts: facts::of(&compiler) })
        }
        Aggregation::Over { inner, aggregates } => {
            let mut compiler = Compiler::new(context, *inner);
            let mut text = Text::default();
            text.push("SELECT ");
            for (index, (_, node)) in aggregates.iter().enumerate() {
                if index > 0 {
                    text.push(", ");
                }
                compiler.write(node, &mut text)?;
            }
            let inner = compiler.as_sql(Limits::Keep, ColumnAliases::All)?;
            text.push(" FROM (");
            text.append(&inner);
            text.push(") subquery");
            Ok(Sql { text: text.sql, parameters: text.parameters, facts: facts::of(&compiler) })
        }
    }
}

/// The query that a terminal runs.
fn terminal_query(context: &Context, query: &Query, terminal: &Terminal) -> Written<Query> {
    use super::build::methods::{Applied, apply};
    let applied = |applied: Applied| match applied {
        Applied::Query(query) => Ok(*query),
        Applied::Unknown(reason) => Err(Stop::Unknown(reason)),
    };
    let call = |query: &Query, method: &str, args: &[Value], kwargs: &[(String, Value)]| {
        applied(apply(context, query, method, args, kwargs))
    };
    let text = |name: &str| Value::Str(name.to_owned());
    Ok(match terminal {
        Terminal::Iterate | Terminal::Explain { .. } | Terminal::Count | Terminal::Aggregate { .. } => query.clone(),
        Terminal::Get => {
            let mut query = if query.distinct_fields.is_empty() {
                super::build::ordering::unordered(context, query)
            } else {
                query.clone()
            };
            set_limits(&mut query, Mark::Known(0), Some(Mark::Known(21)));
            query
        }
        Terminal::First | Terminal::Last => {
            let mut query = query.clone();
            // From 6.1 on an order given up stays given up.
            let ordered = super::build::ordering::is_ordered(context, &query)
                || (context.at_least(6, 1) && *terminal == Terminal::First && !query.default_ordering);
            query = match (ordered, terminal) {
                (true, Terminal::First) => query,
                (true, _) => call(&query, "reverse", &[], &[])?,
                (false, Terminal::First) => {
                    super::build::ordering::check_ordering_first_last(context, &query)?;
                    call(&query, "order_by", &[text("pk")], &[])?
                }
                (false, _) => {
                    super::build::ordering::check_ordering_first_last(context, &query)?;
                    call(&query, "order_by", &[text("-pk")], &[])?
                }
            };
            set_limits(&mut query, Mark::Known(0), Some(Mark::Known(1)));
            query
        }
        Terminal::Earliest(fields) | Terminal::Latest(fields) => {
            if query.is_sliced() {
                return Err("earliest() or latest() of a slice".into());
            }
            if fields.is_empty() {
                return Err("earliest() or latest() by what is not known".into());
            }
            let mut query = query.clone();
            if matches!(terminal, Terminal::Latest(_)) {
                query = call(&query, "reverse", &[], &[])?;
            }
            set_limits(&mut query, Mark::Known(0), Some(Mark::Known(1)));
            super::build::subquery::clear_ordering(
                context,
                &mut query,
                super::build::subquery::Force::Yes,
                super::build::subquery::Default::Keep,
            );
            let names: Vec<Value> = fields.iter().map(|name| text(name)).collect();
            super::build::ordering::add_ordering(context, &mut query, &names)?;
            query
        }
        Terminal::Exists => exists(context, query)?,
        Terminal::Contains => {
            let value = Value::Unknown("the instance's key".to_owned());
            let query = call(query, "filter", &[], &[("pk".to_owned(), value)])?;
            exists(context, &query)?
        }
        Terminal::InBulk { ids, field } => {
            if query.is_sliced() {
                return Err("in_bulk() of a slice".into());
            }
            match ids {
                Some(ids) => {
                    let found = call(query, "filter", &[], &[(format!("{field}__in"), ids.clone())])?;
                    if context.at_least(5, 0) { found } else { call(&found, "order_by", &[], &[])? }
                }
                None => query.clone(),
            }
        }
    })
}

/// The WHERE of a query over its own table alone: what `UPDATE` and `DELETE` send.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// Text and parameters.
    Sql {
        text: String,
        parameters: Vec<Value>,
    },
    /// Every row.
    All,
    /// No row: nothing is sent.
    None,
    /// More than one table: the rows are found by a subquery first.
    Joined,
    Unknown(String),
}

/// The condition of a query as `UPDATE` and `DELETE` use it. `Joined` where other tables take part.
pub fn where_clause(context: &Context, query: &Query) -> Condition {
    let mut query = query.clone();
    super::build::joins::initial_alias(context, &mut query);
    if query.sources.iter().filter(|source| source.references > 0).count() > 1 {
        return Condition::Joined;
    }
    condition_text(context, &query)
}

/// The condition without looking at joins: the caller knows which tables there are.
pub fn condition_text(context: &Context, query: &Query) -> Condition {
    let compiler = Compiler::new(context, query.clone());
    let mut text = Text::default();
    match compiler.write_where(&query.condition, &mut text) {
        Ok(()) => Condition::Sql { text: text.sql, parameters: text.parameters },
        Err(Stop::Full) => Condition::All,
        Err(Stop::Empty) => Condition::None,
        Err(Stop::Unknown(reason)) => Condition::Unknown(reason),
    }
}

/// An expression written against the tables of a query (`SET x = …`); the query gains the joins it needs.
pub fn expression_text(
    context: &Context,
    query: &mut Query,
    value: &Value,
    joins: Joins,
) -> Result<(String, Vec<Value>), String> {
    let scope = super::build::Scope { joins: joins == Joins::Allowed, ..super::build::Scope::default() };
    let node = super::build::resolve::resolve(context, query, value, scope, None)?;
    let compiler = Compiler::new(context, query.clone());
    let mut text = Text::default();
    match compiler.write(&node, &mut text) {
        Ok(()) => Ok((text.sql, text.parameters)),
        Err(Stop::Unknown(reason)) => Err(reason),
        Err(_) => Err("an expression that is no value".to_owned()),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joins {
    Allowed,
    Refused,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limits {
    Keep,
    Leave,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColumnAliases {
    AsNeeded,
    /// `col1`, `col2`… for columns without a name.
    All,
}

/// One selected expression.
#[derive(Debug, Clone)]
pub(crate) struct Selection {
    pub(crate) node: Node,
    pub(crate) text: Text,
    pub(crate) alias: Option<Alias>,
}

/// Compiles one query; subqueries get compilers of their own.
pub(crate) struct Compiler<'c, 'm> {
    pub(crate) context: &'c Context<'m>,
    pub(crate) query: Query,
    /// What can have no row is said so; otherwise it is written as `0 = 1`.
    pub(crate) elide_empty: bool,
    pub(crate) select: Vec<Selection>,
    pub(crate) loaded: Option<Loaded>,
    pub(crate) meta_ordering: bool,
    pub(crate) condition: Option<Where>,
    pub(crate) having: Option<Where>,
    pub(crate) qualify: Option<Where>,
    pub(crate) order: Vec<order::Ordered>,
}

impl<'c, 'm> Compiler<'c, 'm> {
    pub(crate) fn new(context: &'c Context<'m>, query: Query) -> Compiler<'c, 'm> {
        Compiler {
            context,
            query,
            elide_empty: true,
            select: Vec::new(),
            loaded: None,
            meta_ordering: false,
            condition: None,
            having: None,
            qualify: None,
            order: Vec::new(),
        }
    }

    /// `Query.as_sql`: a query inside this one.
    pub(crate) fn subquery(&self, query: &Query) -> Written<Text> {
        let mut compiler = Compiler::new(self.context, query.clone());
        let mut text = compiler.as_sql(Limits::Keep, ColumnAliases::AsNeeded)?;
        if query.subquery {
            text.sql.insert(0, '(');
            text.push(")");
        }
        Ok(text)
    }
}
