//! Querysets as values: an instance of the queryset's class with its query beside it.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use pgwright_python::eval::{Eval, Evaluator, Kwargs};
use pgwright_python::value::{Foreign, Instance, Name, Object, ObjectId, Value};

use super::plain::{Arguments, arguments};
use super::wide::Queries;
use super::{Orm, QUERY};
use crate::model::{self, ModelId, RelationKind};
use crate::queries::Query;
use crate::queries::build::{self, Applied};
use crate::queries::context::Named;

/// What is known of a queryset.
#[derive(Debug, Clone)]
pub(crate) struct QueryState {
    pub(crate) model: ModelId,
    /// The query, or why it is not known.
    pub(crate) query: Result<Arc<Query>, Arc<str>>,
    /// Its rows were loaded before.
    pub(crate) fetched: bool,
    /// Something on the way here was guessed.
    pub(crate) guessed: bool,
    /// A relation of its rows that leads to an object at hand (`_known_related_objects`).
    pub(crate) related: Option<(Arc<str>, Value)>,
    /// Of which of several models it is not known.
    pub(crate) wide: Option<Queries>,
}

/// All but the object, which lies on the heap: see [`QueryState::stored`].
impl Hash for QueryState {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.model, &self.query, self.fetched, self.guessed, &self.wide).hash(state);
    }
}

/// Attribute of a queryset's instance that holds what [`QueryState::related`] says.
const OWNER: &str = "<owner>";

impl QueryState {
    /// As a queryset's instance holds it, without what has an attribute of its own.
    pub(crate) fn stored(self) -> Value {
        Value::Foreign(Foreign::new(QueryState { related: None, ..self }))
    }

    pub(crate) fn all_of(model: ModelId) -> QueryState {
        QueryState {
            model,
            query: Ok(Arc::new(Query::new(model))),
            fetched: false,
            guessed: false,
            related: None,
            wide: None,
        }
    }

    /// A queryset of these objects whose conditions are not known.
    pub(crate) fn some_of(model: ModelId, reason: &str) -> QueryState {
        QueryState { model, query: Err(reason.into()), fetched: false, guessed: true, related: None, wide: None }
    }
}

impl<'a> Orm<'a> {
    /// The state of a queryset.
    pub(crate) fn state_of(&self, evaluator: &mut Evaluator<'a>, queryset: &Value) -> Option<QueryState> {
        let Value::Instance(id) = queryset else { return None };
        if let Some(state) = evaluator.heap.own(*id, QUERY).and_then(|value| value.foreign::<QueryState>()) {
            let related = match evaluator.heap.own(*id, OWNER) {
                Some(Value::Tuple(pair)) => match &**pair {
                    [Value::Str(field), owner] => Some((field.clone(), owner.clone())),
                    _ => None,
                },
                _ => None,
            };
            return Some(QueryState { related, ..state.clone() });
        }
        match evaluator.heap.own(*id, "model") {
            Some(Value::Class(class)) => {
                let class = *class;
                self.all_of_class(evaluator, class)
            }
            _ => None,
        }
    }

    /// A copy of a queryset with another query.
    pub(crate) fn with_state(&self, evaluator: &mut Evaluator<'a>, queryset: ObjectId, state: QueryState) -> Value {
        let Some(instance) = evaluator.heap.instance(queryset) else { return Value::unknown("not a queryset") };
        let mut attributes = instance.attributes.clone();
        let class = instance.class;
        let of = state.wide.as_ref().map(|wide| wide.class).or_else(|| self.class_of(state.model));
        if let Some(model) = of {
            attributes.insert(Name::new_static("model"), Value::Class(model));
        }
        match &state.related {
            Some((field, owner)) => {
                let pair = Value::tuple(vec![Value::Str(field.clone()), owner.clone()]);
                attributes.insert(Name::new_static(OWNER), pair);
            }
            None => {
                attributes.shift_remove(OWNER);
            }
        }
        attributes.insert(Name::new_static(QUERY), state.stored());
        attributes.shift_remove("_result_cache");
        let instance = Instance { class, attributes, args: Vec::new(), kwargs: Vec::new(), call: None };
        Value::Instance(evaluator.heap.add_object(Object::Instance(instance)))
    }

    /// A queryset of Django's own class.
    pub(crate) fn plain_queryset(&self, evaluator: &mut Evaluator<'a>, state: QueryState) -> Value {
        let Value::Instance(bare) = evaluator.bare_instance(self.known.queryset) else { return Value::None };
        self.with_state(evaluator, bare, state)
    }

    /// `guessed(queryset)`: a queryset that may be another one.
    pub(crate) fn guessed(&self, evaluator: &mut Evaluator<'a>, queryset: Value) -> Value {
        match (&queryset, self.state_of(evaluator, &queryset)) {
            (Value::Instance(id), Some(state)) => {
                self.with_state(evaluator, *id, QueryState { guessed: true, ..state })
            }
            _ => queryset,
        }
    }

    /// `change(queryset, method, …)`: the queryset a method gives.
    pub(crate) fn change(&self, evaluator: &mut Evaluator<'a>, args: Vec<Value>, kwargs: Kwargs) -> Eval {
        let [queryset, Value::Str(method), rest @ ..] = args.as_slice() else {
            return Ok(Value::unknown("a queryset that is not known"));
        };
        let (Value::Instance(id), Some(state)) = (queryset, self.state_of(evaluator, queryset)) else {
            // Still a queryset, whatever its model is.
            return Ok(queryset.clone());
        };
        if state.query.is_err() {
            return Ok(self.with_state(evaluator, *id, QueryState { fetched: false, ..state }));
        }
        if &**method == "all" {
            return Ok(self.with_state(evaluator, *id, QueryState { fetched: false, ..state }));
        }
        // Whatever else is loaded beside the rows, the rows' own query stays the same.
        let known: Vec<Value>;
        let rest = if &**method == "prefetch_related" {
            known =
                rest.iter().filter(|value| !matches!(value, Value::Unpacked) && !value.is_unknown()).cloned().collect();
            &known
        } else {
            rest
        };
        let Some(mut variants) = arguments(self, evaluator, rest, &kwargs) else {
            let reason = format!("the arguments of `{method}()` are not known");
            let state = QueryState { query: Err(reason.into()), fetched: false, wide: None, ..state };
            return Ok(self.with_state(evaluator, *id, state));
        };
        if &**method == "slice"
            && let [only] = variants.as_slice()
            && matches!(only.args.first(), Some(model::Value::Unknown(_)))
        {
            // Where it begins is not known: a first page has no OFFSET.
            let mut first = only.clone();
            first.args[0] = model::Value::None;
            variants.push(first);
        }
        let mut made: Option<Value> = None;
        for variant in variants {
            let guessed = state.guessed || variant.may_be_queries();
            let changed = state.clone().with_queries(|query| self.next(query, method, &variant));
            let value = self.with_state(evaluator, *id, QueryState { fetched: false, guessed, ..changed });
            self.note_made(evaluator, &value, state.model);
            made = Some(match made {
                Some(known) => evaluator.either(known, value),
                None => value,
            });
        }
        Ok(made.unwrap_or(Value::None))
    }

    /// `annotations(queryset)`: what annotations select, by name.
    pub(crate) fn annotations(&self, evaluator: &mut Evaluator<'a>, args: &[Value]) -> Value {
        let state = args.first().and_then(|queryset| self.state_of(evaluator, queryset));
        let Some(Ok(query)) = state.map(|state| state.query) else { return Value::unknown("annotations of a query") };
        let names = query.selected_annotations().map(|(name, _)| Value::Str(name.clone()));
        evaluator.make_dict(names.map(|name| (name, Value::unknown("an annotation"))).collect())
    }

    /// `multiplies(queryset, path)`: whether following the path may give a row several times.
    pub(crate) fn multiplies(&self, evaluator: &mut Evaluator<'a>, args: &[Value]) -> Value {
        let [queryset, Value::Str(path)] = args else { return Value::unknown("whether a path multiplies rows") };
        let Some(state) = self.state_of(evaluator, queryset) else {
            return Value::unknown("whether a path multiplies rows");
        };
        let mut model = state.model;
        for part in path.split("__") {
            match self.context.meta(model).named(part) {
                Some(Named::Column(id)) => {
                    let relation = self.context.field(id).relation.as_ref();
                    let Some(target) = relation.and_then(|relation| relation.to) else { break };
                    model = target;
                }
                Some(Named::Reverse(id)) => {
                    let relation = self.context.field(id).relation.as_ref();
                    if relation.is_none_or(|relation| relation.kind != RelationKind::OneToOne) {
                        return Value::Bool(true);
                    }
                    model = id.model;
                }
                Some(Named::GenericKey) | None => break,
                Some(_) => return Value::Bool(true),
            }
        }
        Value::Bool(false)
    }

    fn next(&self, query: &Query, method: &str, arguments: &Arguments) -> Result<Query, String> {
        let applied = if method == "slice" {
            build::slice(query, arguments.args.first(), arguments.args.get(1))
        } else {
            build::apply(self.context, query, method, &arguments.args, &arguments.kwargs)
        };
        match applied {
            Applied::Query(query) => Ok(*query),
            Applied::Unknown(reason) => Err(reason),
        }
    }

    /// The query after a method with plain arguments.
    pub(crate) fn applied(
        &self,
        query: &Query,
        method: &str,
        args: Vec<model::Value>,
        kwargs: Vec<(String, model::Value)>,
    ) -> Result<Query, String> {
        self.next(query, method, &Arguments { args, kwargs })
    }
}
