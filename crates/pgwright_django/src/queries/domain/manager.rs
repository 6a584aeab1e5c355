//! Managers: of a model's class, and of relations.

use std::sync::Arc;

use pgwright_python::eval::{Eval, Evaluator, Kwargs};
use pgwright_python::value::{ClassId, Foreign, Instance, Name, Object, Value};

use super::instance::Row;
use super::{Orm, QueryState, RELATED};
use crate::model::{self, ModelId};
use crate::queries::Query;
use crate::queries::write::many::{Many, Side};

/// What a related manager is related to.
#[derive(Debug, Clone, Hash)]
pub(crate) struct Related {
    /// The model of the object whose manager it is.
    pub(crate) owner: ModelId,
    /// The accessor on that object.
    pub(crate) accessor: String,
    /// The model of what it gives.
    pub(crate) target: ModelId,
    /// How the target is filtered by the owner.
    pub(crate) lookup: Option<String>,
    pub(crate) many: bool,
    /// Loaded beside the owner, by this query where one was given.
    pub(crate) prefetched: Option<Option<Arc<Query>>>,
    pub(crate) guessed: bool,
}

impl<'a> Orm<'a> {
    /// An attribute of a model's class: its managers.
    pub(crate) fn class_attribute(&self, evaluator: &mut Evaluator<'a>, class: ClassId, name: &str) -> Option<Value> {
        let model = self.model_of(class)?;
        if matches!(name, "_default_manager" | "_base_manager" | "objects") {
            return self.default_manager(evaluator, model, class, name);
        }
        let Some((_, found)) = evaluator.heap.find_in_class(class, name) else { return self.class_field(model, name) };
        let Value::Instance(id) = found else { return None };
        let manager = evaluator.heap.instance(*id)?;
        if !self.known.is_manager(evaluator, manager.class) {
            return self.class_field(model, name);
        }
        let bound = manager.clone();
        Some(self.bound_manager(evaluator, bound, class))
    }

    fn bound_manager(&self, evaluator: &mut Evaluator<'a>, mut manager: Instance<'a>, class: ClassId) -> Value {
        manager.attributes.insert(Name::new_static("model"), Value::Class(class));
        Value::Instance(evaluator.heap.add_object(Object::Instance(manager)))
    }

    fn default_manager(
        &self,
        evaluator: &mut Evaluator<'a>,
        model: ModelId,
        class: ClassId,
        name: &str,
    ) -> Option<Value> {
        let managers = &self.context.models.get(model).managers;
        let wanted = match name {
            "objects" => Some("objects"),
            "_base_manager" => None,
            _ => managers.iter().find(|manager| manager.is_default).map(|manager| manager.name.as_str()),
        };
        let found = wanted
            .and_then(|wanted| evaluator.heap.find_in_class(class, wanted))
            .and_then(|(_, value)| match value {
                Value::Instance(id) => evaluator.heap.instance(*id).cloned(),
                _ => None,
            })
            .filter(|manager| self.known.is_manager(evaluator, manager.class));
        let is_wide = self.known.wide.has(class);
        if found.is_none() && name == "objects" && !is_wide && !managers.iter().any(|manager| manager.name == "objects")
        {
            return None;
        }
        let manager = found.unwrap_or_else(|| Instance {
            class: self.known.plain_manager,
            attributes: Default::default(),
            args: Vec::new(),
            kwargs: Vec::new(),
            call: None,
        });
        Some(self.bound_manager(evaluator, manager, class))
    }

    /// A method of a manager's queryset class, on the queryset the manager gives.
    pub(crate) fn manager_attribute(
        &self,
        evaluator: &mut Evaluator<'a>,
        manager: &Value,
        class: ClassId,
        name: &str,
    ) -> Eval<Option<Value>> {
        let queryset_class = match evaluator.heap.find_in_class(class, "_queryset_class") {
            Some((_, Value::Class(class))) => *class,
            _ => self.known.queryset,
        };
        if evaluator.heap.find_in_class(queryset_class, name).is_none() || name == "model" {
            return Ok(None);
        }
        match evaluator.call_named(manager, "get_queryset", Vec::new())? {
            Some(queryset) => evaluator.attribute(&queryset, name),
            None => Ok(None),
        }
    }

    /// The manager that a relation gives an object.
    pub(crate) fn related_manager(
        &self,
        evaluator: &mut Evaluator<'a>,
        owner: &Value,
        target: ModelId,
        model: ModelId,
        accessor: &str,
        row: &Row,
    ) -> Value {
        let Some(target_class) = self.class_of(target) else { return Value::unknown("a related manager") };
        let default = self.default_manager(evaluator, target, target_class, "_default_manager");
        let Some(Value::Instance(default)) = default else { return Value::unknown("a related manager") };
        let Some(mut manager) = evaluator.heap.instance(default).cloned() else { return Value::None };
        if let Some(related) = self.known.related.get(&manager.class) {
            manager.class = *related;
        }
        let prefetched =
            row.prefetched.iter().find(|(prefetched, _)| **prefetched == *accessor).map(|(_, query)| query.clone());
        let (lookup, many) = self.back(model, target, accessor);
        let related = Related {
            owner: model,
            accessor: accessor.to_owned(),
            target,
            lookup,
            many,
            prefetched,
            guessed: row.guessed,
        };
        manager.attributes.insert(Name::new_static(RELATED), Value::Foreign(Foreign::new(related)));
        manager.attributes.insert(Name::new_static("instance"), owner.clone());
        self.bound_manager(evaluator, manager, target_class)
    }

    /// The look-up by which the target of a relation is filtered, and whether it goes over many rows.
    fn back(&self, model: ModelId, target: ModelId, accessor: &str) -> (Option<String>, bool) {
        let record = self.context.models.get(model);
        if let Some(field) = record.field(accessor) {
            let concrete = self.context.concrete(target);
            let reverse = self
                .context
                .models
                .get(concrete)
                .reverse
                .iter()
                .find(|reverse| reverse.field == field.name && self.context.is_subclass(model, reverse.from));
            return (reverse.map(|reverse| reverse.query_name.clone()), true);
        }
        let generic = record.private_fields.iter().any(|field| field.name == accessor);
        if generic {
            return (None, false);
        }
        match self.reverse_of(model, accessor) {
            Some(reverse) => (Some(reverse.field.clone()), reverse.kind == model::RelationKind::ManyToMany),
            None => (None, false),
        }
    }

    pub(crate) fn related_of(&self, evaluator: &Evaluator<'a>, manager: &Value) -> Option<Related> {
        let Value::Instance(id) = manager else { return None };
        evaluator.heap.own(*id, RELATED)?.foreign::<Related>().cloned()
    }

    /// `related(manager, queryset)`: the queryset filtered by the manager's object.
    pub(crate) fn related_queryset(&self, evaluator: &mut Evaluator<'a>, args: &[Value]) -> Value {
        let [manager, queryset] = args else { return Value::unknown("a related queryset") };
        if let Value::Union(alternatives) = queryset {
            let made: Vec<Value> = alternatives
                .iter()
                .filter(|one| matches!(one, Value::Instance(_)))
                .map(|one| self.related_queryset(evaluator, &[manager.clone(), one.clone()]))
                .collect();
            let made = made.into_iter().reduce(|one, other| evaluator.either(one, other));
            return made.unwrap_or_else(|| Value::unknown("a related queryset"));
        }
        let Some(related) = self.related_of(evaluator, manager) else { return queryset.clone() };
        let Value::Instance(id) = queryset else { return queryset.clone() };
        let Some(state) = self.state_of(evaluator, queryset) else { return queryset.clone() };
        let guessed = state.guessed || related.guessed;
        let state = QueryState { related: Self::known_related(evaluator, manager, &related), ..state };
        // What was prefetched is filtered by the object too, should another query be made of it.
        let (base, fetched) = match &related.prefetched {
            Some(prefetched) => (prefetched.clone().map_or(state.query, Ok), true),
            None => (state.query, state.fetched),
        };
        let query = match (&base, &related.lookup) {
            (Ok(query), Some(lookup)) => {
                let kwargs = vec![(lookup.clone(), model::Value::Instance(related.owner))];
                let mut query = (**query).clone();
                query.filter_is_sticky = related.many;
                self.applied(&query, "filter", Vec::new(), kwargs).map(Arc::new).map_err(Arc::from)
            }
            (Ok(query), None) => self.generic_filter(query, &related),
            (Err(reason), _) => Err(reason.clone()),
        };
        let held = self.with_state(evaluator, *id, QueryState { query, fetched, guessed, ..state });
        self.note_of_manager(evaluator, manager, &related, &held);
        held
    }

    fn note_of_manager(&self, evaluator: &mut Evaluator<'a>, manager: &Value, related: &Related, queryset: &Value) {
        if let Value::Instance(id) = manager
            && let Some(owner) = evaluator.heap.own(*id, "instance").cloned()
        {
            self.note_related(evaluator, &owner, &related.accessor, queryset);
        }
    }

    /// The key that leads back to the manager's object, and that object.
    fn known_related(evaluator: &Evaluator<'a>, manager: &Value, related: &Related) -> Option<(Arc<str>, Value)> {
        let Value::Instance(id) = manager else { return None };
        let field = related.lookup.as_deref().filter(|_| !related.many)?;
        let owner = evaluator.heap.own(*id, "instance")?;
        Some((field.into(), owner.clone()))
    }

    /// `constrained(manager)`: rows of the through table where those say how many objects there are, otherwise the objects.
    pub(crate) fn constrained_queryset(&self, evaluator: &mut Evaluator<'a>, manager: &Value) -> Eval {
        if let Some(state) = self.through_rows(evaluator, manager) {
            return Ok(self.plain_queryset(evaluator, state));
        }
        self.method(evaluator, manager, "get_queryset", Vec::new(), Vec::new())
    }

    fn through_rows(&self, evaluator: &Evaluator<'a>, manager: &Value) -> Option<QueryState> {
        let related = self.related_of(evaluator, manager)?;
        let class = Self::instance_class(evaluator, manager)?;
        // Only where the default manager is of Django's own class can it not filter.
        let plain = self.known.related.get(&self.known.plain_manager) == Some(&class);
        if !related.many || related.prefetched.is_some() || !plain {
            return None;
        }
        let forward = self.context.models.get(related.owner).field(&related.accessor);
        let (declarer, field) = match forward {
            Some(field) => (related.owner, field),
            None => {
                let name = related.lookup.as_deref()?;
                (related.target, self.context.models.get(related.target).field(name)?)
            }
        };
        let side = if forward.is_some() { Side::Forward } else { Side::Reverse };
        let ends = Many::of(self.context, declarer, &field.name, side)?;
        let target = self.context.field(ends.target());
        if target.null || !target.relation.as_ref()?.db_constraint {
            return None;
        }
        let source = self.context.field(ends.source());
        let kwargs = vec![(source.name.clone(), model::Value::Instance(related.owner))];
        let query = self.applied(&Query::new(ends.through), "filter", Vec::new(), kwargs).ok()?;
        let state = QueryState::all_of(ends.through);
        Some(QueryState { query: Ok(Arc::new(query)), guessed: related.guessed, ..state })
    }

    /// The objects of a `GenericRelation`: by content type and key.
    fn generic_filter(&self, query: &Query, related: &Related) -> Result<Arc<Query>, Arc<str>> {
        let owner = self.context.models.get(related.owner);
        let Some(field) = owner.private_fields.iter().find(|field| field.name == related.accessor) else {
            return Err("how the relation is filtered is not known".into());
        };
        let kwargs = vec![
            (format!("{}__id", field.content_type_field), model::Value::Unknown("a content type".to_owned())),
            (field.object_id_field.clone(), model::Value::Unknown("a key".to_owned())),
        ];
        self.applied(query, "filter", Vec::new(), kwargs).map(Arc::new).map_err(Arc::from)
    }

    /// Calls a manager's or queryset's method from inside.
    pub(crate) fn method(
        &self,
        evaluator: &mut Evaluator<'a>,
        object: &Value,
        name: &str,
        args: Vec<Value>,
        kwargs: Kwargs,
    ) -> Eval {
        match evaluator.attribute(object, name)? {
            Some(method) => evaluator.call(&method, args, kwargs, None),
            None => Ok(Value::unknown(format!("`{name}` is not known"))),
        }
    }
}
