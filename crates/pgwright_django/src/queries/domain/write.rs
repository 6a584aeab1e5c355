//! Writing: `write(object, what, …)` for querysets, managers and instances.

use std::sync::Arc;

use pgwright_python::eval::{Eval, Evaluator, Kwargs};
use pgwright_python::value::{ObjectId, Value};

use super::instance::{Row, Saved};
use super::plain::plain;
use super::record::Sent;
use super::{Orm, QueryState};
use crate::model::ModelId;
use crate::queries::workload::{Rows, Terminal};
use crate::queries::write::save::{self, Fields, Force, Key, Save};
use crate::queries::write::{self, Given, Statement, Values, When, bulk, delete, load, lookup, update};

/// Statements that a write sends, or why they are not known.
pub(super) type Sends = Result<Vec<Statement>, Arc<str>>;

impl<'a> Orm<'a> {
    pub(crate) fn write(&self, evaluator: &mut Evaluator<'a>, args: &[Value], kwargs: &Kwargs) -> Eval {
        let [object, Value::Str(what), rest @ ..] = args else {
            return Ok(Value::unknown("a write to something not known"));
        };
        let Some(class) = Self::instance_class(evaluator, object) else {
            return Ok(Value::unknown("a write to something not known"));
        };
        if let Some(model) = self.model_of(class) {
            return self.write_row(evaluator, object, model, what, rest, kwargs);
        }
        if let Some(related) = self.related_of(evaluator, object)
            && let Some(value) = self.write_related(evaluator, object, &related, what, rest, kwargs)?
        {
            return Ok(value);
        }
        let queryset = if self.known.is_manager(evaluator, class) {
            self.method(evaluator, object, "get_queryset", Vec::new(), Vec::new())?
        } else {
            object.clone()
        };
        let Some(state) = self.state_of(evaluator, &queryset) else {
            return Ok(Value::unknown("a write to a model that is not known"));
        };
        self.write_rows(evaluator, &state, what, rest, kwargs)
    }

    pub(super) fn send_all(
        &self,
        evaluator: &Evaluator<'a>,
        model: ModelId,
        terminal: Terminal,
        sends: Sends,
        guessed: bool,
    ) {
        if !self.records(evaluator) {
            return;
        }
        let record = |model, sql| {
            self.record(
                evaluator,
                Sent { model: Some(model), terminal, sql, rows: Rows::None, lazy: None, guessed, origin: None },
            );
        };
        match sends {
            Ok(statements) => {
                write::distinct(statements).into_iter().for_each(|one| record(one.model, Ok(one.sql.into())))
            }
            Err(reason) => record(model, Err(reason)),
        }
    }

    /// What an instance's own methods write.
    fn write_row(
        &self,
        evaluator: &mut Evaluator<'a>,
        object: &Value,
        model: ModelId,
        what: &str,
        rest: &[Value],
        kwargs: &Kwargs,
    ) -> Eval {
        let Value::Instance(id) = object else { return Ok(Value::None) };
        let row = self.row_of(evaluator, *id, model);
        let models = self.models_of(evaluator, *id, model);
        let guessed = row.guessed || models.len() > 1;
        Ok(match what {
            "save" => {
                let fields = option(kwargs, "update_fields").unwrap_or(Value::None);
                let force = match option(kwargs, "force_insert") {
                    Some(Value::Bool(true)) => Force::Insert,
                    _ => Force::No,
                };
                let is_new = if self.is_copied(evaluator, *id, model) { Saved::No } else { row.saved };
                let values = self.set_expressions(evaluator, *id, model);
                for alternative in fields.alternatives().to_vec() {
                    let only = match &alternative {
                        Value::None | Value::Absent => Ok(Fields::All),
                        names => match evaluator.iterate(names) {
                            Some(names) => {
                                let known: Option<Vec<String>> =
                                    names.iter().map(|name| name.as_str().map(str::to_owned)).collect();
                                known.map(Fields::Only).ok_or("the fields that are saved are not known")
                            }
                            None => Err("the fields that are saved are not known"),
                        },
                    };
                    let sends = match only {
                        // Nothing to save: Django sends nothing.
                        Ok(Fields::Only(names)) if names.is_empty() => continue,
                        Ok(fields) => {
                            let mut statements = Vec::new();
                            let each =
                                models.iter().flat_map(|model| values.iter().map(move |values| (*model, values)));
                            for (model, values) in each {
                                if is_new != Saved::Yes && fields == Fields::All {
                                    let values = values.clone();
                                    let added = Save { force: force.clone(), values, ..Save::added(model) };
                                    statements.extend(save::save(self.context, &added));
                                }
                                if is_new != Saved::No && force == Force::No {
                                    let loaded = Save { fields: fields.clone(), ..Save::loaded(model) };
                                    let loaded = Save { values: values.clone(), ..loaded };
                                    // Of an object that was read, its row is there.
                                    let there = |one: &Statement| !one.when.contains(&When::NoRow(one.model));
                                    statements.extend(save::save(self.context, &loaded).into_iter().filter(there));
                                }
                            }
                            Ok(statements)
                        }
                        Err(reason) => Err(reason.into()),
                    };
                    self.send_all(evaluator, model, Terminal::Save, sends, guessed);
                }
                self.keep(evaluator, object, super::ROW, &saved(&row));
                Value::None
            }
            "delete" => {
                let statements =
                    |model: &ModelId| delete::delete(self.context, self.relations(), *model, delete::Parents::Deleted);
                let gone = Self::deleted(&statements(&model));
                let statements = match evaluator.heap.class_of(*id).filter(|_| models.len() > 1) {
                    Some(class) => self.deleted_widely(class, || models.iter().flat_map(statements).collect()),
                    None => statements(&model),
                };
                self.send_all(evaluator, model, Terminal::Delete, Ok(statements), guessed);
                self.tell_deleted(evaluator, &gone, Some((model, object)))?;
                Value::unknown("how much was deleted")
            }
            "refresh" => {
                let fields: Option<Vec<String>> = match rest.first() {
                    None | Some(Value::None) => None,
                    Some(names) => names_in(evaluator, names),
                };
                for model in models.iter() {
                    let statement = match &fields {
                        None => load::refresh(self.context, *model, load::Refresh::All),
                        Some(names) => {
                            let names: Vec<&str> = names.iter().map(String::as_str).collect();
                            load::refresh(self.context, *model, load::Refresh::Only(&names))
                        }
                    };
                    let sends = statement.map(|one| vec![one]).map_err(Arc::from);
                    self.send_all(evaluator, *model, Terminal::Refresh, sends, guessed);
                }
                Value::None
            }
            _ => Value::None,
        })
    }

    /// Whether the key of an object was taken away: saving makes another row.
    fn is_copied(&self, evaluator: &Evaluator<'a>, id: ObjectId, model: ModelId) -> bool {
        let key = self.context.models.get(model).primary_key();
        let is_none = |name: &str| {
            let value = evaluator.heap.own(id, name);
            matches!(value, Some(Value::None))
        };
        is_none("pk") || key.is_some_and(|key| is_none(&key.name))
    }

    /// Expressions that columns of an object were set to; without them as well where they may not be.
    fn set_expressions(&self, evaluator: &mut Evaluator<'a>, id: ObjectId, model: ModelId) -> Vec<Values> {
        let record = self.context.models.get(model);
        let Some(instance) = evaluator.heap.instance(id) else { return vec![Values::default()] };
        let set: Vec<(String, Value)> = instance
            .attributes
            .iter()
            .filter_map(|(name, value)| Some((record.field(name)?, value)))
            .filter(|(field, _)| field.column.is_some() && field.relation.is_none())
            .filter(|(_, value)| value.alternatives().iter().any(|one| matches!(one, Value::Instance(_))))
            .map(|(field, value)| (field.name.clone(), value.clone()))
            .collect();
        let mut values = Values::default();
        let mut open = false;
        for (name, value) in set {
            for alternative in value.alternatives() {
                match self.given(evaluator, model, alternative) {
                    Ok(given @ Given::Expression(_)) => values = values.with(&name, given),
                    _ => open = true,
                }
            }
        }
        match (values.given.is_empty(), open) {
            (true, _) => vec![values],
            (false, true) => vec![Values::default(), values],
            (false, false) => vec![values],
        }
    }

    /// What a queryset's methods write.
    pub(super) fn write_rows(
        &self,
        evaluator: &mut Evaluator<'a>,
        state: &QueryState,
        what: &str,
        rest: &[Value],
        kwargs: &Kwargs,
    ) -> Eval {
        let model = state.model;
        match what {
            "create" => {
                let new = Save { force: Force::Insert, key: self.key(model, kwargs), ..Save::added(model) };
                let new = Save { values: Self::values(kwargs), ..new };
                // A `save()` of the project's own is what `create()` runs.
                let instance = self.created(evaluator, model, kwargs, state.guessed);
                if self.has_own_save(evaluator, model) {
                    let force = vec![(pgwright_python::value::Name::new_static("force_insert"), Value::Bool(true))];
                    self.method(evaluator, &instance, "save", Vec::new(), force)?;
                } else {
                    self.send_all(
                        evaluator,
                        model,
                        Terminal::Create,
                        Ok(save::save(self.context, &new)),
                        state.guessed,
                    );
                }
                let row = saved(&Row { guessed: state.guessed, ..Row::plain(model) });
                self.keep(evaluator, &instance, super::ROW, &row);
                Ok(instance)
            }
            "get_or_create" | "update_or_create" => self.found_or_created(evaluator, state, what, rest, kwargs),
            "bulk_create" => {
                let ignores = matches!(option(kwargs, "ignore_conflicts"), Some(Value::Bool(true)));
                let updates = matches!(option(kwargs, "update_conflicts"), Some(Value::Bool(true)));
                let names = |evaluator: &mut Evaluator<'a>, name: &str| -> Vec<String> {
                    option(kwargs, name).and_then(|names| names_in(evaluator, &names)).unwrap_or_default()
                };
                let conflicts = if ignores {
                    bulk::Conflicts::Ignore
                } else if updates {
                    bulk::Conflicts::Update {
                        fields: names(evaluator, "update_fields"),
                        unique: names(evaluator, "unique_fields"),
                    }
                } else {
                    bulk::Conflicts::Fail
                };
                let mut statements = Vec::new();
                for count in [bulk::Count::Several, bulk::Count::One] {
                    let values = Values::default();
                    let more = bulk::bulk_create(self.context, model, bulk::Keys::Unset, count, &conflicts, &values);
                    statements.extend(more);
                }
                self.send_all(evaluator, model, Terminal::BulkCreate, Ok(statements), state.guessed);
                Ok(rest.first().cloned().unwrap_or(Value::None))
            }
            "bulk_update" => {
                let fields = rest.get(1).and_then(|names| names_in(evaluator, names));
                let sends = match fields {
                    Some(fields) => {
                        let fields: Vec<&str> = fields.iter().map(String::as_str).collect();
                        {
                            let rows = write::Rows::by_keys(self.context, model);
                            bulk::bulk_update(self.context, model, &rows, 1, &fields, &Values::default())
                                .map_err(Arc::from)
                        }
                    }
                    None => Err("the fields that are updated are not known".into()),
                };
                self.send_all(evaluator, model, Terminal::BulkUpdate, sends, state.guessed);
                Ok(Value::unknown("how many rows were updated"))
            }
            "update" => {
                for state in state.each() {
                    let sends = self.update_statements(evaluator, &state, kwargs);
                    self.send_all(evaluator, state.model, Terminal::Update, sends, state.guessed);
                }
                Ok(Value::unknown("how many rows were updated"))
            }
            "delete" => {
                let sends = |state: &QueryState| -> Sends {
                    let rows = self.rows(state)?;
                    delete::delete_rows(self.context, self.relations(), state.model, &rows).map_err(Arc::from)
                };
                let own = sends(state);
                let gone = own.as_deref().map(Self::deleted).unwrap_or_default();
                let sends = match &state.wide {
                    Some(wide) => Ok(self.deleted_widely(wide, || {
                        state.each().iter().flat_map(|one| sends(one).unwrap_or_default()).collect()
                    })),
                    None => own,
                };
                self.send_all(evaluator, model, Terminal::Delete, sends, state.guessed);
                self.tell_deleted(evaluator, &gone, None)?;
                Ok(Value::unknown("how much was deleted"))
            }
            _ => Ok(Value::unknown(format!("what `{what}` gives"))),
        }
    }

    /// Models whose rows a deletion takes away.
    fn deleted(statements: &[Statement]) -> Vec<ModelId> {
        let mut gone = Vec::new();
        for statement in statements.iter().filter(|statement| statement.action == write::Action::Delete) {
            if !gone.contains(&statement.model) {
                gone.push(statement.model);
            }
        }
        gone
    }

    /// Receivers of libraries hear of each object that goes.
    fn tell_deleted(
        &self,
        evaluator: &mut Evaluator<'a>,
        gone: &[ModelId],
        object: Option<(ModelId, &Value)>,
    ) -> Eval<()> {
        for model in gone.iter().filter(|model| self.relations().listened.contains(model)) {
            let instance = match object {
                Some((own, object)) if own == *model => object.clone(),
                _ => self.row(evaluator, Row::plain(*model)),
            };
            for signal in ["pre_delete", "post_delete"] {
                self.tell(evaluator, signal, *model, &instance, &Vec::new())?;
            }
        }
        Ok(())
    }

    /// The rows of a queryset.
    fn rows(&self, state: &QueryState) -> Result<write::Rows, Arc<str>> {
        let query = state.query.as_ref().map_err(Clone::clone)?;
        Ok(write::Rows::Query(Box::new((**query).clone())))
    }

    fn update_statements(&self, evaluator: &mut Evaluator<'a>, state: &QueryState, kwargs: &Kwargs) -> Sends {
        if kwargs.iter().any(|(_, value)| matches!(value, Value::Unpacked)) {
            return Err("the fields that are updated are not known".into());
        }
        let rows = self.rows(state)?;
        let mut values = Values::default();
        for (name, value) in kwargs {
            let given = self.given(evaluator, state.model, value)?;
            values = values.with(name, given);
        }
        let names: Vec<&str> = kwargs.iter().map(|(name, _)| name.as_str()).collect();
        update::update(self.context, state.model, &rows, &names, &values).map_err(Arc::from)
    }

    /// What a column is set to.
    fn given(&self, evaluator: &mut Evaluator<'a>, model: ModelId, value: &Value) -> Result<Given, Arc<str>> {
        Given::of(self.context, model, &plain(self, evaluator, value)).map_err(Arc::from)
    }

    fn values(kwargs: &Kwargs) -> Values {
        let mut values = Values::default();
        for (name, value) in kwargs {
            if matches!(value, Value::None) {
                values = values.with(name, Given::Null);
            }
        }
        values
    }

    fn key(&self, model: ModelId, kwargs: &Kwargs) -> Key {
        let record = self.context.models.get(model);
        let given = record.primary_key().is_some_and(|key| {
            kwargs.iter().any(|(name, _)| *name == key.name || *name == key.attname || name == "pk")
        });
        if given { Key::Set } else { Key::Unset }
    }

    /// A new instance with what it was made of.
    fn created(&self, evaluator: &mut Evaluator<'a>, model: ModelId, kwargs: &Kwargs, guessed: bool) -> Value {
        let instance = self.row(evaluator, Row { guessed, saved: Saved::No, ..Row::plain(model) });
        if let Value::Instance(id) = &instance
            && let Some(made) = evaluator.heap.instance_mut(*id)
        {
            made.kwargs.clone_from(kwargs);
        }
        let record = self.context.models.get(model);
        for (name, value) in kwargs {
            let is_relation = record.field(name).is_some_and(|field| field.relation.is_some() && *field.name == **name);
            if is_relation {
                evaluator.put(&instance, name, value.clone());
            }
        }
        instance
    }

    /// Whether `save()` of the model is not Django's.
    fn has_own_save(&self, evaluator: &Evaluator<'a>, model: ModelId) -> bool {
        let found = self.class_of(model).and_then(|class| evaluator.heap.find_in_class(class, "save"));
        found.is_some_and(|(class, _)| class != self.known.model)
    }

    pub(super) fn found_or_created(
        &self,
        evaluator: &mut Evaluator<'a>,
        state: &QueryState,
        what: &str,
        rest: &[Value],
        kwargs: &Kwargs,
    ) -> Eval {
        let model = state.model;
        let terminal = if what == "get_or_create" { Terminal::GetOrCreate } else { Terminal::UpdateOrCreate };
        let unpacked = kwargs.iter().any(|(_, value)| matches!(value, Value::Unpacked));
        let filtered: Result<_, Arc<str>> = match &state.query {
            Ok(_) if unpacked => Err("the arguments are not known".into()),
            Ok(query) => {
                let named =
                    kwargs.iter().map(|(name, value)| (name.to_string(), plain(self, evaluator, value))).collect();
                self.applied(query, "filter", Vec::new(), named).map_err(Arc::from)
            }
            Err(reason) => Err(reason.clone()),
        };
        let sends = filtered.and_then(|query| {
            let call = lookup::GetOrCreate { key: self.key(model, kwargs), ..lookup::GetOrCreate::new(query) };
            if terminal == Terminal::GetOrCreate {
                return lookup::get_or_create(self.context, &call).map_err(Arc::from);
            }
            let defaults: Vec<String> = match rest.first() {
                Some(Value::Dict(id)) => evaluator
                    .heap
                    .dict_of(*id)
                    .map(|dict| dict.entries.values().filter_map(|(key, _)| key.as_str().map(str::to_owned)).collect())
                    .unwrap_or_default(),
                _ => Vec::new(),
            };
            let defaults: Vec<&str> = defaults.iter().map(String::as_str).collect();
            lookup::update_or_create(self.context, &call, &defaults, &Values::default()).map_err(Arc::from)
        });
        self.send_all(evaluator, model, terminal, sends, state.guessed);
        let instance = self.row(evaluator, Row { guessed: state.guessed, ..Row::plain(model) });
        Ok(Value::tuple(vec![instance, Value::unknown("whether it was created")]))
    }
}

/// The names in a sequence, where that is known; what is no text is passed over.
fn names_in(evaluator: &mut Evaluator<'_>, names: &Value) -> Option<Vec<String>> {
    let names = evaluator.iterate(names)?;
    Some(names.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect())
}

/// A keyword argument.
fn option(kwargs: &Kwargs, name: &str) -> Option<Value> {
    kwargs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
}

fn saved(row: &Row) -> Value {
    Value::Foreign(pgwright_python::value::Foreign::new(Row { saved: Saved::Yes, ..row.clone() }))
}
