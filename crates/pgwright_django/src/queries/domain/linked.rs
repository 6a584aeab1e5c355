//! What related managers write: tying and untying objects, and making them for their owner.

use std::sync::Arc;

use pgwright_python::eval::{Eval, Evaluator, Kwargs};
use pgwright_python::value::Value;

use super::instance::Row;
use super::manager::Related;
use super::write::Sends;
use super::{Orm, QueryState};
use crate::model::ModelId;
use crate::queries::Query;
use crate::queries::context::Named;
use crate::queries::workload::Terminal;
use crate::queries::write::{Values, bulk, generic, many, reverse};

impl<'a> Orm<'a> {
    /// What a related manager writes by itself; none where it goes on as any queryset does.
    pub(super) fn write_related(
        &self,
        evaluator: &mut Evaluator<'a>,
        manager: &Value,
        related: &Related,
        what: &str,
        rest: &[Value],
        kwargs: &Kwargs,
    ) -> Eval<Option<Value>> {
        let terminal = match what {
            "add" => Terminal::Add,
            "remove" => Terminal::Remove,
            "clear" => Terminal::Clear,
            "set" => Terminal::Set,
            "create" if related.many => {
                let state = QueryState { guessed: related.guessed, ..QueryState::all_of(related.target) };
                let made = self.write_rows(evaluator, &state, "create", rest, kwargs)?;
                self.link(evaluator, related, Terminal::Create, "add");
                return Ok(Some(made));
            }
            "create" => {
                let state = QueryState { guessed: related.guessed, ..QueryState::all_of(related.target) };
                let mut kwargs = kwargs.clone();
                if let (Some(field), Value::Instance(id)) = (&related.lookup, manager)
                    && let Some(owner) = evaluator.heap.own(*id, "instance")
                {
                    kwargs.push((pgwright_python::value::Name::new(field), owner.clone()));
                }
                return self.write_rows(evaluator, &state, "create", rest, &kwargs).map(Some);
            }
            "get_or_create" | "update_or_create" if !related.many => {
                // The key is given once more, as a keyword.
                let queryset = self.method(evaluator, manager, "get_queryset", Vec::new(), Vec::new())?;
                let (Some(state), Some(field)) = (self.state_of(evaluator, &queryset), &related.lookup) else {
                    return Ok(None);
                };
                let owner = self.row(evaluator, Row::plain(related.owner));
                let mut kwargs = kwargs.clone();
                kwargs.push((pgwright_python::value::Name::new(field), owner));
                return self.found_or_created(evaluator, &state, what, rest, &kwargs).map(Some);
            }
            _ => return Ok(None),
        };
        self.link(evaluator, related, terminal, what);
        Ok(Some(Value::None))
    }

    /// The query of a model's default manager.
    pub(crate) fn base_query(&self, evaluator: &mut Evaluator<'a>, model: ModelId) -> Query {
        let manager = self
            .class_of(model)
            .and_then(|class| evaluator.attribute(&Value::Class(class), "_default_manager").ok().flatten());
        let queryset = manager
            .and_then(|manager| self.method(evaluator, &manager, "get_queryset", Vec::new(), Vec::new()).ok())
            .and_then(|queryset| self.state_of(evaluator, &queryset));
        match queryset.map(|state| state.query) {
            Some(Ok(query)) => (*query).clone(),
            _ => Query::new(model),
        }
    }

    /// Ties or unties objects.
    fn link(&self, evaluator: &mut Evaluator<'a>, related: &Related, terminal: Terminal, what: &str) {
        if !self.records(evaluator) {
            return;
        }
        let target = related.target;
        let base = self.base_query(evaluator, target);
        let sends: Sends = if related.many {
            let side = match self.context.models.get(related.owner).field(&related.accessor) {
                Some(_) => many::Side::Forward,
                None => many::Side::Reverse,
            };
            let (model, name) = match side {
                many::Side::Forward => (related.owner, Some(related.accessor.as_str())),
                many::Side::Reverse => (target, related.lookup.as_deref()),
            };
            match name.and_then(|name| many::Many::of(self.context, model, name, side)) {
                Some(ends) => {
                    let mut statements = Vec::new();
                    // One row is inserted with other words than several.
                    for count in [bulk::Count::Several, bulk::Count::One] {
                        let call = match what {
                            "add" => many::Call::Add(count),
                            "remove" => many::Call::Remove,
                            "clear" => many::Call::Clear,
                            _ => many::Call::Set(count),
                        };
                        let values = Values::default();
                        match many::many(self.context, self.relations(), &ends, &call, &base, &values) {
                            Ok(more) => statements.extend(more),
                            Err(reason) => {
                                return self.send_all(evaluator, target, terminal, Err(reason.into()), related.guessed);
                            }
                        }
                    }
                    Ok(statements)
                }
                None => Err("the through table is not known".into()),
            }
        } else if let Some(field) = &related.lookup {
            let call = match what {
                "add" => reverse::Call::Add,
                "remove" => reverse::Call::Remove,
                "clear" => reverse::Call::Clear,
                _ => reverse::Call::Set,
            };
            match self.context.meta(target).named(field) {
                Some(Named::Column(id)) => {
                    reverse::reverse(self.context, id, &call, &base, &Values::default()).map_err(Arc::from)
                }
                _ => Err("the key is not known".into()),
            }
        } else {
            let call = match what {
                "add" => generic::Call::Add,
                "remove" => generic::Call::Remove,
                "clear" => generic::Call::Clear,
                _ => generic::Call::Set,
            };
            let fields = &self.context.models.get(related.owner).private_fields;
            match fields.iter().find(|field| field.name == related.accessor) {
                Some(relation) => {
                    generic::generic(self.context, self.relations(), related.owner, relation, &call, &base)
                        .map_err(Arc::from)
                }
                None => Err("the generic relation is not known".into()),
            }
        };
        self.send_all(evaluator, target, terminal, sends, related.guessed);
    }
}
