//! Sending a queryset's query: `run(queryset, how, …)`.

use std::cell::RefCell;
use std::sync::Arc;

use pgwright_python::eval::{Eval, Evaluator, Flow, Kwargs};
use pgwright_python::value::{Name, Value};

use super::instance::Row;
use super::plain::{Arguments, arguments};
use super::record::{Outcome, Sent};
use super::{Orm, QUERY, QueryState};
use crate::model::{self, ModelId};
use crate::queries::compile::{self, Through};
use crate::queries::query;
use crate::queries::workload::{Rows, Terminal};
use crate::queries::{Query, build};

/// Why a text is not known where nothing but the name of a method says that there is a query.
pub(crate) const NO_MODEL: &str = "the model is not known";

/// Why the value of a column is not known: it is in the database.
pub(crate) const COLUMN: &str = "the value of a column";

impl<'a> Orm<'a> {
    pub(crate) fn run(&self, evaluator: &mut Evaluator<'a>, args: &[Value], kwargs: &Kwargs) -> Eval {
        let [queryset, Value::Str(how), rest @ ..] = args else {
            return Ok(Value::unknown("a queryset that is not known"));
        };
        if let Value::Union(alternatives) = queryset {
            return evaluator.over(alternatives, |evaluator, one| match one {
                Value::None | Value::Absent => Err(Flow::Break),
                one => {
                    let mut args = args.to_vec();
                    args[0] = one.clone();
                    self.run(evaluator, &args, kwargs)
                }
            });
        }
        let Some(state) = self.state_of(evaluator, queryset) else {
            let terminal = match &**how {
                "get" => Terminal::Get,
                "first" => Terminal::First,
                "last" => Terminal::Last,
                "exists" => Terminal::Exists,
                "count" => Terminal::Count,
                "aggregate" => Terminal::Aggregate,
                "item" => Terminal::Item,
                _ => Terminal::Iterate,
            };
            let reason = match queryset {
                Value::Unknown(reason) => reason.clone(),
                _ => NO_MODEL.into(),
            };
            let sent = Sent {
                model: None,
                terminal,
                sql: Err(reason),
                rows: Rows::Unknown,
                lazy: None,
                guessed: true,
                origin: None,
            };
            self.record(evaluator, sent);
            return Ok(Value::unknown("a queryset of a model that is not known"));
        };
        Ok(match &**how {
            "iterate" => {
                self.fetch(evaluator, queryset, &state);
                Value::each(self.item_of(evaluator, queryset, &state, Rows::Many))
            }
            "truth" | "length" => {
                self.fetch(evaluator, queryset, &state);
                Value::unknown("what a query finds")
            }
            "item" => {
                if !state.fetched {
                    for sliced in self.sliced(&state, rest.first()) {
                        self.send(evaluator, queryset, &sliced, Terminal::Item, &compile::Terminal::Iterate, Rows::One);
                    }
                }
                self.item_of(evaluator, queryset, &state, Rows::One)
            }
            "get" => {
                self.send(evaluator, queryset, &state, Terminal::Get, &compile::Terminal::Get, Rows::One);
                self.item_of(evaluator, queryset, &state, Rows::One)
            }
            "first" | "last" => {
                let (terminal, compiled) = match &**how {
                    "first" => (Terminal::First, compile::Terminal::First),
                    _ => (Terminal::Last, compile::Terminal::Last),
                };
                self.send(evaluator, queryset, &state, terminal, &compiled, Rows::One);
                let item = self.item_of(evaluator, queryset, &state, Rows::One);
                evaluator.either(item, Value::None)
            }
            "earliest" | "latest" => {
                let names = rest.iter().filter_map(|value| value.as_str().map(Arc::from)).collect();
                let (terminal, compiled) = match &**how {
                    "earliest" => (Terminal::Earliest, compile::Terminal::Earliest(names)),
                    _ => (Terminal::Latest, compile::Terminal::Latest(names)),
                };
                self.send(evaluator, queryset, &state, terminal, &compiled, Rows::One);
                self.item_of(evaluator, queryset, &state, Rows::One)
            }
            "exists" => {
                if !state.fetched {
                    self.send(evaluator, queryset, &state, Terminal::Exists, &compile::Terminal::Exists, Rows::One);
                }
                Value::unknown("whether a query finds anything")
            }
            "count" => {
                if !state.fetched {
                    self.send(evaluator, queryset, &state, Terminal::Count, &compile::Terminal::Count, Rows::One);
                }
                Value::unknown("how many rows a query finds")
            }
            "aggregate" => {
                for variant in arguments(self, evaluator, rest, kwargs).unwrap_or_else(|| vec![Arguments::none()]) {
                    let compiled = compile::Terminal::Aggregate { args: variant.args, kwargs: variant.kwargs };
                    self.send(evaluator, queryset, &state, Terminal::Aggregate, &compiled, Rows::One);
                }
                let dict = evaluator.make_dict(Vec::new());
                evaluator.set_item(&dict, &Value::unknown("a name"), Value::unknown("an aggregate"));
                dict
            }
            "in_bulk" => {
                self.send(evaluator, queryset, &state, Terminal::InBulk, &compile::Terminal::Iterate, Rows::Many);
                let item = self.item_of(evaluator, queryset, &state, Rows::Many);
                let dict = evaluator.make_dict(Vec::new());
                evaluator.set_item(&dict, &Value::unknown("a key"), item);
                dict
            }
            "ordered" => match &state.query {
                Ok(query) => {
                    let by_default = query.default_ordering
                        && query.group_by == query::GroupBy::None
                        && !self.context.models.get(state.model).ordering.is_empty();
                    Value::Bool(!query.order_by.is_empty() || !query.extra_order_by.is_empty() || by_default)
                }
                Err(_) => Value::unknown("whether a queryset is ordered"),
            },
            "raw" => {
                let sql: Outcome = match rest.first() {
                    Some(Value::Str(sql)) => Ok(sql.clone()),
                    _ => Err("the text of the raw query is not known".into()),
                };
                let sent = Sent {
                    model: Some(state.model),
                    terminal: Terminal::Raw,
                    sql,
                    rows: Rows::Many,
                    lazy: None,
                    guessed: state.guessed,
                    origin: None,
                };
                self.record(evaluator, sent);
                Value::each(self.row(evaluator, Row::plain(state.model)))
            }
            other => Value::unknown(format!("what `{other}` gives")),
        })
    }

    /// Loads a queryset's rows, once.
    fn fetch(&self, evaluator: &mut Evaluator<'a>, queryset: &Value, state: &QueryState) {
        if state.fetched {
            return;
        }
        let around = self.keeping(queryset);
        self.send(evaluator, queryset, state, Terminal::Iterate, &compile::Terminal::Iterate, Rows::Many);
        self.keep_on(around);
        if let Value::Instance(id) = queryset {
            let fetched = QueryState { fetched: true, ..state.clone() };
            evaluator.heap.set_own(*id, Name::new_static(QUERY), fetched.stored());
        }
    }

    /// `queryset[index]`: of an index that is not known, the first row and one after it.
    fn sliced(&self, state: &QueryState, index: Option<&Value>) -> Vec<QueryState> {
        let (at, later) = match index {
            Some(Value::Int(at)) => (*at, false),
            _ => (0, true),
        };
        let ends = vec![model::Value::Int(at), model::Value::Int(at + 1)];
        let known = state.clone().with_queries(|query| self.applied(query, "slice", ends.clone(), Vec::new()));
        let later = later.then(|| state.clone().with_queries(|query| Ok(build::item(query))));
        [Some(known), later].into_iter().flatten().collect()
    }

    /// Compiles a query and records it, with those that load relations beside it.
    pub(crate) fn send(
        &self,
        evaluator: &mut Evaluator<'a>,
        queryset: &Value,
        state: &QueryState,
        terminal: Terminal,
        compiled: &compile::Terminal,
        rows: Rows,
    ) {
        if !self.records(evaluator) {
            return;
        }
        if state.wide.is_some() {
            return state.each().iter().for_each(|one| self.send(evaluator, queryset, one, terminal, compiled, rows));
        }
        let sql = match &state.query {
            Ok(query) => match compile::select(self.context, query, compiled) {
                compile::Outcome::Sql(sql) => Ok(sql.text.into()),
                // Django sees that nothing can be found and sends nothing.
                compile::Outcome::Empty => return,
                compile::Outcome::Unknown(reason) => Err(reason.into()),
            },
            Err(reason) => Err(reason.clone()),
        };
        let origin = Self::origin_of_related(evaluator, queryset);
        let sent = Sent { model: Some(state.model), terminal, sql, rows, lazy: None, guessed: state.guessed, origin };
        self.record(evaluator, sent);
        let loads_instances = matches!(
            terminal,
            Terminal::Iterate
                | Terminal::Get
                | Terminal::First
                | Terminal::Last
                | Terminal::Item
                | Terminal::InBulk
                | Terminal::Earliest
                | Terminal::Latest
        );
        if let (true, Ok(query)) = (loads_instances, &state.query)
            && !query.prefetch.is_empty()
        {
            let query = query.clone();
            let evaluator = RefCell::new(evaluator);
            let base = |model: ModelId, through: Through| match through {
                Through::DefaultManager => self.base_query(&mut evaluator.borrow_mut(), model),
                Through::BaseManager => Query::new(model),
            };
            let prefetches = compile::prefetches(self.context, &query, &base);
            let evaluator = evaluator.into_inner();
            for prefetch in prefetches {
                let sql = match prefetch.outcome {
                    compile::Outcome::Sql(sql) => Ok(sql.text.into()),
                    compile::Outcome::Empty => continue,
                    compile::Outcome::Unknown(reason) => Err(reason.into()),
                };
                let sent = Sent {
                    model: Some(prefetch.model),
                    terminal: Terminal::Prefetch,
                    sql,
                    rows: Rows::Many,
                    lazy: None,
                    guessed: state.guessed,
                    origin: None,
                };
                self.record(evaluator, sent);
            }
        }
    }

    /// One of the rows that a queryset gives.
    pub(crate) fn item_of(
        &self,
        evaluator: &mut Evaluator<'a>,
        queryset: &Value,
        state: &QueryState,
        rows: Rows,
    ) -> Value {
        let wide = state.wide.as_ref().map(|wide| wide.class);
        let Ok(query) = &state.query else {
            let row = self.row(evaluator, Row { guessed: state.guessed, wide, ..Row::plain(state.model) });
            self.note_row(evaluator, queryset, state, rows, &row);
            return row;
        };
        match query.rows {
            query::Rows::Instances => {
                let row = self.row(evaluator, Row { wide, ..Row::of(query, state.guessed) });
                self.note_row(evaluator, queryset, state, rows, &row);
                if let Some((field, owner)) = &state.related {
                    evaluator.put(&row, field, owner.clone());
                }
                row
            }
            query::Rows::Dicts => {
                let dict = evaluator.make_dict(Vec::new());
                let names = query.fields.as_deref().unwrap_or_default();
                for name in names {
                    let field = self.context.models.get(query.model).field(name);
                    let key = field.and_then(|field| self.type_key(evaluator, None, query.model, field));
                    let value = key.unwrap_or_else(|| Value::unknown(COLUMN));
                    evaluator.set_item(&dict, &Value::str(&**name), value);
                }
                if names.is_empty() || !query.annotations.is_empty() {
                    evaluator.set_item(&dict, &Value::unknown("a name"), Value::unknown(COLUMN));
                }
                dict
            }
            query::Rows::Flat => Value::unknown(COLUMN),
            query::Rows::Tuples | query::Rows::Named => Value::each(Value::unknown(COLUMN)),
        }
    }
}

impl Arguments {
    pub(crate) fn none() -> Arguments {
        Arguments { args: Vec::new(), kwargs: Vec::new() }
    }
}
