//! Instances of models: what following one of their attributes gives, and the query it may cost.

use std::sync::Arc;

use pgwright_python::eval::{Eval, Evaluator};
use pgwright_python::value::{ClassId, Foreign, Name, ObjectId, Value};

use super::record::Sent;
use super::{Orm, QueryState, ROW};
use crate::model::{Field, ModelId, RelationKind, Reverse};
use crate::queries::Query;
use crate::queries::context::Named;
use crate::queries::query::{SelectRelated, Tree};
use crate::queries::workload::{Lazy, Rows, Terminal};
use crate::queries::write::load;

/// What is known of an instance of a model.
#[derive(Debug, Clone, Hash)]
pub(crate) struct Row {
    pub(crate) model: ModelId,
    /// Relations loaded with it.
    pub(crate) loaded: Loaded,
    /// Relations loaded beside it, by the first part of their paths.
    pub(crate) prefetched: Vec<(Arc<str>, Option<Arc<Query>>)>,
    /// Columns left out.
    pub(crate) deferred: Deferred,
    /// That it is of this model was guessed.
    pub(crate) guessed: bool,
    pub(crate) saved: Saved,
    /// The wide class it is of, where its model is not known.
    pub(crate) wide: Option<ClassId>,
}

/// Whether an instance has a row in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Saved {
    Yes,
    /// Made by calling its class.
    No,
    /// Somebody else's, so either.
    Perhaps,
}

#[derive(Debug, Clone, Hash)]
pub(crate) enum Loaded {
    Nothing,
    /// Every foreign key that is not null.
    All,
    Tree(Arc<Tree>),
}

#[derive(Debug, Clone, Hash)]
pub(crate) enum Deferred {
    Nothing,
    These(Vec<Arc<str>>),
    AllBut(Vec<Arc<str>>),
}

impl Row {
    pub(crate) fn plain(model: ModelId) -> Row {
        Row {
            model,
            loaded: Loaded::Nothing,
            prefetched: Vec::new(),
            deferred: Deferred::Nothing,
            guessed: false,
            saved: Saved::Yes,
            wide: None,
        }
    }

    pub(crate) fn guessed(model: ModelId) -> Row {
        Row { guessed: true, saved: Saved::Perhaps, ..Row::plain(model) }
    }

    /// What a query loads of each of its rows.
    pub(crate) fn of(query: &Query, guessed: bool) -> Row {
        let loaded = match &query.select_related {
            SelectRelated::None => Loaded::Nothing,
            SelectRelated::All => Loaded::All,
            SelectRelated::Named(tree) => Loaded::Tree(tree.clone()),
        };
        let first = |path: &str| -> Arc<str> { path.split("__").next().unwrap_or(path).into() };
        let prefetched = query
            .prefetch
            .iter()
            .map(|prefetch| match &prefetch.to_attr {
                Some(attribute) => (attribute.clone(), prefetch.queryset.clone()),
                None if prefetch.path.contains("__") => (first(&prefetch.path), None),
                None => (prefetch.path.clone(), prefetch.queryset.clone()),
            })
            .collect();
        let names = &query.deferred.names;
        let deferred = match (names.is_empty(), query.deferred.only) {
            (true, _) => Deferred::Nothing,
            (false, true) => Deferred::AllBut(names.clone()),
            (false, false) => Deferred::These(names.clone()),
        };
        Row { model: query.model, loaded, prefetched, deferred, guessed, saved: Saved::Yes, wide: None }
    }

    fn defers(&self, field: &Field) -> bool {
        let named = |names: &[Arc<str>]| names.iter().any(|name| **name == *field.name || **name == *field.attname);
        match &self.deferred {
            Deferred::Nothing => false,
            Deferred::These(names) => named(names),
            Deferred::AllBut(names) => !field.primary_key && !named(names),
        }
    }

    fn loads(&self, name: &str, null: bool) -> Option<Loaded> {
        match &self.loaded {
            Loaded::Nothing => None,
            Loaded::All => (!null).then_some(Loaded::All),
            Loaded::Tree(tree) => tree.get(name).map(|tree| Loaded::Tree(Arc::new(tree.clone()))),
        }
    }
}

impl<'a> Orm<'a> {
    /// An instance of a model; of an abstract one, an instance of a model made from it.
    pub(crate) fn row(&self, evaluator: &mut Evaluator<'a>, row: Row) -> Value {
        let row = match self.known.concrete.get(&row.model).map(Vec::as_slice) {
            _ if row.wide.is_some() => row,
            Some([only]) => Row { model: *only, ..row },
            Some([first, ..]) => Row { model: *first, guessed: true, ..row },
            _ => row,
        };
        let Some(class) = row.wide.or_else(|| self.class_of(row.model)) else {
            return Value::unknown("an instance of something not known");
        };
        let instance = evaluator.bare_instance(class);
        evaluator.put(&instance, ROW, Value::Foreign(Foreign::new(row)));
        instance
    }

    pub(crate) fn row_of(&self, evaluator: &Evaluator<'a>, id: ObjectId, model: ModelId) -> Row {
        evaluator
            .heap
            .own(id, ROW)
            .and_then(|value| value.foreign::<Row>())
            .cloned()
            // Made by calling its class.
            .unwrap_or_else(|| Row { saved: Saved::No, ..Row::plain(model) })
    }

    /// An attribute of a model's instance that the model graph knows.
    pub(crate) fn row_attribute(
        &self,
        evaluator: &mut Evaluator<'a>,
        object: &Value,
        id: ObjectId,
        model: ModelId,
        name: &str,
    ) -> Eval<Option<Value>> {
        let set = evaluator.heap.own(id, name);
        if set.is_some() || name.starts_with("__") {
            return Ok(None);
        }
        let class = self.class_of(model);
        let declared =
            class.and_then(|class| evaluator.heap.find_in_class(class, name)).map(|(_, value)| value.clone());
        let is_field = match &declared {
            None => true,
            Some(Value::Instance(object)) => {
                evaluator.heap.class_of(*object).is_some_and(|class| !self.known.is_manager(evaluator, class))
            }
            Some(_) => false,
        };
        if !is_field {
            return Ok(None);
        }
        let record = self.context.models.get(model);
        if name == "_state" {
            return Ok(self.state_object(evaluator, id, model));
        }
        if name == "pk" || record.primary_key().is_some_and(|key| key.name == name && key.relation.is_none()) {
            let row = self.row_of(evaluator, id, model);
            let is_set = row.saved != Saved::No || self.has_key(evaluator, id, model);
            return Ok(Some(if is_set { Value::unknown("a primary key") } else { Value::None }));
        }
        if let Some(field) = record.field(name) {
            return Ok(Some(self.field_value(evaluator, object, id, model, field, name)));
        }
        let reverse = self.reverse_of(model, name);
        if let Some(reverse) = reverse {
            return Ok(Some(self.reverse_value(evaluator, object, id, model, reverse)));
        }
        if let Some(private) = record.private_fields.iter().find(|field| field.name == name) {
            let row = self.row_of(evaluator, id, model);
            if let Some(target) = private.to_label.as_deref().and_then(|label| self.context.models.by_label(label)) {
                return Ok(Some(self.related_manager(evaluator, object, target.id, model, name, &row)));
            }
            let loads = row.saved != Saved::No && !row.prefetched.iter().any(|(prefetched, _)| **prefetched == *name);
            let origin = Self::origin_of_load(evaluator, id, name);
            if let Some(value) = self.generic_object(evaluator, model, name, loads.then(|| origin.clone())) {
                self.note_followed(evaluator, id, name, &value);
                self.keep(evaluator, object, name, &value);
                return Ok(Some(value));
            }
            if loads {
                self.record(
                    evaluator,
                    Sent {
                        model: None,
                        terminal: Terminal::Load,
                        sql: Err("what a generic foreign key leads to is not known".into()),
                        rows: Rows::One,
                        lazy: Some(Lazy::GenericForeignKey),
                        guessed: row.guessed,
                        origin,
                    },
                );
            }
            return Ok(Some(Value::unknown("what a generic foreign key leads to")));
        }
        let row = self.row_of(evaluator, id, model);
        if let Some((_, queryset)) = row.prefetched.iter().find(|(prefetched, _)| **prefetched == *name)
            && let Some(query) = queryset
        {
            let item = self.row(evaluator, Row::of(query, row.guessed));
            self.note_followed(evaluator, id, name, &item);
            return Ok(Some(Value::each(item)));
        }
        Ok(None)
    }

    /// `_state`: whether the object has a row yet.
    fn state_object(&self, evaluator: &mut Evaluator<'a>, id: ObjectId, model: ModelId) -> Option<Value> {
        let adding = match self.row_of(evaluator, id, model).saved {
            Saved::Yes => Value::Bool(false),
            Saved::No => Value::Bool(true),
            Saved::Perhaps => Value::unknown("whether an object has a row"),
        };
        let state = evaluator.bare_instance(self.known.model_state?);
        evaluator.put(&state, "adding", adding);
        evaluator.put(&state, "db", Value::str("default"));
        Some(state)
    }

    /// Whether an object that is not saved may have a key: given, by a default, or in a way that is not seen.
    pub(super) fn has_key(&self, evaluator: &Evaluator<'a>, id: ObjectId, model: ModelId) -> bool {
        let Some(key) = self.context.models.get(model).primary_key() else { return true };
        let Some(instance) = evaluator.heap.instance(id) else { return true };
        let is_key = |name: &Name| *name == "pk" || *name == *key.name || *name == *key.attname || *name == "**";
        key.relation.is_some()
            || key.default.is_some()
            || key.db_default.is_some()
            || !instance.args.is_empty()
            || instance.kwargs.iter().any(|(name, _)| is_key(name))
            || instance.attributes.keys().any(is_key)
    }

    /// A relation of another model that adds this accessor, to the model or to one it inherits from.
    pub(crate) fn reverse_of(&self, model: ModelId, name: &str) -> Option<&'a Reverse> {
        let mut at = Some(self.context.concrete(model));
        let mut depth = 0;
        let mut queue = vec![];
        while let Some(current) = at {
            let record = self.context.models.get(current);
            if let Some(reverse) = record.reverse.iter().find(|reverse| reverse.accessor.as_deref() == Some(name)) {
                return Some(reverse);
            }
            queue.extend(record.parents.iter().map(|link| link.parent));
            depth += 1;
            at = if depth < 16 { queue.pop() } else { None };
        }
        None
    }

    /// Sets an attribute in any case: what is read further on this way through the code is what was set here, decided or not.
    pub(super) fn keep(&self, evaluator: &mut Evaluator<'a>, object: &Value, name: &str, value: &Value) {
        if let Value::Instance(id) = object {
            evaluator.heap.set_own(*id, Name::new(name), value.clone());
        }
    }

    fn field_value(
        &self,
        evaluator: &mut Evaluator<'a>,
        object: &Value,
        id: ObjectId,
        model: ModelId,
        field: &'a Field,
        name: &str,
    ) -> Value {
        let row = self.row_of(evaluator, id, model);
        let relation = field.relation.as_ref().filter(|_| field.name == name);
        let Some(relation) = relation else {
            if row.defers(field) {
                let origin = Self::origin_of_load(evaluator, id, name);
                let statement = load::refresh(self.context, model, load::Refresh::Only(&[&field.name]));
                self.record(
                    evaluator,
                    Sent {
                        model: Some(model),
                        terminal: Terminal::Load,
                        sql: statement.map(|statement| statement.sql.into()).map_err(Into::into),
                        rows: Rows::One,
                        lazy: Some(Lazy::Deferred),
                        guessed: row.guessed,
                        origin,
                    },
                );
            }
            let key = self.type_key(evaluator, Some(id), model, field);
            return key.unwrap_or_else(|| Value::unknown("the value of a column"));
        };
        let Some(target) = relation.to else { return Value::unknown("a relation to a model that is not known") };
        if relation.kind == RelationKind::ManyToMany {
            return self.related_manager(evaluator, object, target, model, name, &row);
        }
        let loaded = row.loads(name, field.null);
        let is_prefetched = row.prefetched.iter().any(|(prefetched, _)| **prefetched == *name);
        if loaded.is_none() && !is_prefetched && row.saved != Saved::No {
            let sql = match self.context.meta(model).named(name) {
                Some(Named::Column(id)) => {
                    load::forward(self.context, id).map(|statement| statement.sql.into()).map_err(Into::into)
                }
                _ => Err("the key it follows is not known".into()),
            };
            self.record(
                evaluator,
                Sent {
                    model: Some(target),
                    terminal: Terminal::Load,
                    sql,
                    rows: Rows::One,
                    lazy: Some(Lazy::ForeignKey),
                    guessed: row.guessed,
                    origin: Self::origin_of_load(evaluator, id, name),
                },
            );
        }
        let next = Row { loaded: loaded.unwrap_or(Loaded::Nothing), guessed: row.guessed, ..Row::plain(target) };
        let mut value = self.row(evaluator, next);
        self.note_followed(evaluator, id, name, &value);
        if let Some(key) = self.type_key(evaluator, Some(id), model, field) {
            self.typed(evaluator, &[value.clone(), key]);
        }
        if relation.kind == RelationKind::OneToOne
            && let Some(accessor) = &relation.accessor
        {
            self.keep(evaluator, &value, accessor, object);
        }
        if field.null {
            value = evaluator.either(value, Value::None);
        }
        self.keep(evaluator, object, name, &value);
        value
    }

    fn reverse_value(
        &self,
        evaluator: &mut Evaluator<'a>,
        object: &Value,
        id: ObjectId,
        model: ModelId,
        reverse: &'a Reverse,
    ) -> Value {
        let row = self.row_of(evaluator, id, model);
        let accessor = reverse.accessor.as_deref().unwrap_or_default();
        if reverse.kind != RelationKind::OneToOne {
            return self.related_manager(evaluator, object, reverse.from, model, accessor, &row);
        }
        let loaded = row.loads(&reverse.query_name, false);
        let is_prefetched = row.prefetched.iter().any(|(prefetched, _)| **prefetched == *accessor);
        if loaded.is_none() && !is_prefetched && row.saved != Saved::No {
            let sql = match self.context.meta(reverse.from).named(&reverse.field) {
                Some(Named::Column(field)) => {
                    load::backward(self.context, field).map(|statement| statement.sql.into()).map_err(Into::into)
                }
                _ => Err("the key it follows is not known".into()),
            };
            self.record(
                evaluator,
                Sent {
                    model: Some(reverse.from),
                    terminal: Terminal::Load,
                    sql,
                    rows: Rows::One,
                    lazy: Some(Lazy::ReverseOneToOne),
                    guessed: row.guessed,
                    origin: Self::origin_of_load(evaluator, id, accessor),
                },
            );
        }
        let next = Row { loaded: loaded.unwrap_or(Loaded::Nothing), guessed: row.guessed, ..Row::plain(reverse.from) };
        let value = self.row(evaluator, next);
        self.note_followed(evaluator, id, accessor, &value);
        // Either knows the other.
        self.keep(evaluator, &value, &reverse.field, object);
        self.keep(evaluator, object, accessor, &value);
        value
    }

    /// The logged-in user of a request.
    pub(crate) fn current_user(&self, evaluator: &mut Evaluator<'a>) -> Value {
        match self.known.user {
            Some(user) => self.row(evaluator, Row::plain(user)),
            None => Value::unknown("the user of a request"),
        }
    }

    /// `model_instance("app.Model")`.
    pub(crate) fn named_instance(&self, evaluator: &mut Evaluator<'a>, args: &[Value]) -> Value {
        let model = match args.first() {
            Some(Value::Str(label)) => self.context.models.by_label(label).map(|model| model.id),
            Some(Value::Class(class)) => self.model_of(*class),
            _ => None,
        };
        match model {
            Some(model) => self.row(evaluator, Row::plain(model)),
            None => Value::unknown("an instance of a model that is not known"),
        }
    }

    /// An instance of a class that somebody else made.
    pub(crate) fn summon(&self, evaluator: &mut Evaluator<'a>, class: ClassId) -> Value {
        if let Some(model) = self.model_of(class) {
            let wide = self.known.wide.has(class).then_some(class);
            let row = Row { saved: Saved::Perhaps, guessed: wide.is_some(), wide, ..Row::plain(model) };
            return self.row(evaluator, row);
        }
        let users = self.known.users.get(&class).cloned().unwrap_or_default();
        let is_manager = self.known.is_manager(evaluator, class);
        if is_manager || evaluator.heap.is_subclass(class, self.known.queryset) {
            let instance = evaluator.bare_instance(class);
            // Of several users the first stands for all.
            if let Some(model) = users.first()
                && let Some(model_class) = self.class_of(*model)
            {
                evaluator.put(&instance, "model", Value::Class(model_class));
                if !is_manager && let Value::Instance(id) = instance {
                    let state = QueryState::some_of(*model, "what the queryset was before is not known");
                    return self.with_state(evaluator, id, state);
                }
            }
            return instance;
        }
        evaluator.bare_instance(class)
    }
}
