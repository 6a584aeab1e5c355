//! `Collector`: what has to be read before rows can go, and what is done to those that refer to them.
//!
//! Django collects objects; here a model stands for its objects, and each relation is followed once. A relation that leads
//! back to its own model (a tree) is read level by level until nothing is found: the statement is listed once.

use rustc_hash::FxHashMap;

use super::super::super::compile::Terminal;
use super::super::super::context::{Context, FieldId};
use super::super::super::query::Query;
use super::super::generic::{content_type, objects_of};
use super::super::relations::{Candidate, OnDelete, generic_relations};
use super::super::select::{any_list, any_value, filtered, filtered_any, only, read};
use super::super::text::{ancestors, any, column, key_in, table};
use super::super::{Action, Given, Relations, Statement, Values, When};
use super::order::Order;
use crate::model::{ModelId, Value};

/// Objects that are deleted.
#[derive(Debug)]
pub(super) struct Objects {
    pub(super) model: ModelId,
    pub(super) loaded: Loaded,
    /// When there are any.
    pub(super) when: Vec<When>,
}

#[derive(Debug)]
pub(super) enum Loaded {
    All,
    /// These columns and the key: what else is asked of the object is read.
    Only(Vec<FieldId>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    Nothing,
    Parents,
}

/// Why objects are collected.
#[derive(Debug, Clone, Copy)]
enum Source {
    /// They were asked for.
    Asked(Keep),
    /// They refer to objects of this model; `Some` field when it may not be NULL.
    Cascade { to: ModelId, required: bool, by: FieldId },
    /// A generic relation of this model gave them.
    Generic,
    /// They are the parents of objects of this model.
    Child(ModelId),
}

#[derive(Debug)]
struct Fast {
    model: ModelId,
    condition: String,
    /// The condition as a filter takes it, to be joined by `or`.
    lookups: Vec<(String, Value)>,
    when: Vec<When>,
}

#[derive(Debug)]
struct FieldUpdate {
    field: FieldId,
    given: Given,
    condition: String,
    by: By,
    /// Whose objects are deleted.
    of: ModelId,
    when: Vec<When>,
}

impl FieldUpdate {
    /// Updates of one field to one value that need no objects are made at once.
    fn is_combined_with(&self, other: &FieldUpdate) -> bool {
        self.field == other.field && self.given == other.given && self.by == other.by
    }
}

/// How the rows of an update are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Condition,
    Keys,
}

/// One UPDATE for any number of the conditions: those that come first may be all there are.
fn combined_updates(context: &Context<'_>, updates: &[&FieldUpdate]) -> Vec<Statement> {
    let mut statements = Vec::new();
    for (index, update) in updates.iter().enumerate() {
        let conditions: Vec<String> = updates[..=index].iter().map(|update| update.condition.clone()).collect();
        let condition = match update.by {
            By::Condition => any(&conditions),
            By::Keys => update.condition.clone(),
        };
        let values = Values::default().with(&context.field(update.field).name, update.given.clone());
        let assignment = values.assignment(context, update.field);
        let model = update.field.model;
        let sql = format!("UPDATE {} SET {assignment} WHERE {condition}", table(context, model));
        let mut statement = Statement::new(Action::Update, model, sql);
        if index == 0 || update.by == By::Keys {
            statement = statement.when(&update.when);
        } else {
            let more = updates[..=index].iter().filter(|update| !update.when.is_empty());
            statement = statement.when(&more.map(|update| When::Collected(update.of)).collect::<Vec<_>>());
        }
        if let (By::Condition, Some(next)) = (update.by, updates.get(index + 1)) {
            statement = statement.when(&[When::Uncollected(next.of)]);
        }
        statements.push(statement);
    }
    statements
}

#[derive(Debug)]
pub(super) struct Collector<'c, 'm> {
    context: &'c Context<'m>,
    relations: &'c Relations,
    /// Statements that read.
    read: Vec<Statement>,
    fast: Vec<Fast>,
    updates: Vec<FieldUpdate>,
    order: Order,
    /// When objects of each model are collected: each way there once, unless it takes another one.
    when: Vec<(ModelId, Vec<When>)>,
    restricted: Vec<ModelId>,
    /// Something may forbid the deletion.
    protected: bool,
    /// What was followed, and what it waited for.
    followed: FxHashMap<(ModelId, Option<FieldId>), usize>,
}

impl<'c, 'm> Collector<'c, 'm> {
    pub(super) fn new(context: &'c Context<'m>, relations: &'c Relations) -> Self {
        Collector {
            context,
            relations,
            read: Vec::new(),
            fast: Vec::new(),
            updates: Vec::new(),
            order: Order::default(),
            when: Vec::new(),
            restricted: Vec::new(),
            protected: false,
            followed: FxHashMap::default(),
        }
    }

    /// The objects `delete()` was called for.
    pub(super) fn collect(&mut self, objects: &Objects, keep: Keep) {
        self.add(objects, Source::Asked(keep));
        self.check_restricted();
    }

    fn add(&mut self, objects: &Objects, source: Source) {
        let context = self.context;
        let concrete = context.concrete(objects.model);
        self.order.add(objects.model);
        let implied = |known: &(ModelId, Vec<When>)| {
            known.0 == objects.model && known.1.iter().all(|condition| objects.when.contains(condition))
        };
        if !self.when.iter().any(implied) {
            self.when.push((objects.model, objects.when.clone()));
        }
        match source {
            Source::Cascade { to, required: true, .. } => self.depend(context.concrete(to), concrete),
            Source::Child(child) => self.depend(concrete, context.concrete(child)),
            Source::Cascade { .. } | Source::Asked(_) | Source::Generic => {}
        }
        let by = match source {
            Source::Cascade { by, .. } => Some(by),
            Source::Child(_) => {
                self.add_parents(objects);
                return;
            }
            Source::Asked(_) | Source::Generic => None,
        };
        // Followed again only where less has to be found for it: that ends.
        let known = self.followed.entry((objects.model, by)).or_insert(usize::MAX);
        if *known <= objects.when.len() {
            return;
        }
        *known = objects.when.len();
        let keep = match source {
            Source::Asked(keep) => keep,
            _ => Keep::Nothing,
        };
        if keep == Keep::Nothing {
            self.add_parents(objects);
        }
        self.follow(objects, keep);
        self.follow_generic(objects);
    }

    fn depend(&mut self, model: ModelId, first: ModelId) {
        self.order.depend(model, first);
        self.order.add(first);
    }

    /// Rows of parents go after their child's; a parent that was not loaded as a whole is read object by object.
    fn add_parents(&mut self, objects: &Objects) {
        let context = self.context;
        let concrete = context.concrete(objects.model);
        for (parent, link) in &context.meta(concrete).parents {
            if link.is_none() {
                continue;
            }
            let columns = &context.meta(*parent).columns;
            let is_loaded = match &objects.loaded {
                Loaded::All => true,
                Loaded::Only(loaded) => columns.iter().all(|id| loaded.contains(id)),
            };
            if !is_loaded {
                let one = filtered(context, &Query::new(*parent), &[("pk", any_value())]);
                self.read(one, &Terminal::Get, &objects.when);
            }
            let above = Objects { model: *parent, loaded: Loaded::All, when: objects.when.clone() };
            self.add(&above, Source::Child(concrete));
        }
    }

    fn follow(&mut self, objects: &Objects, keep: Keep) {
        let context = self.context;
        let kept = if keep == Keep::Parents { ancestors(context, objects.model) } else { Vec::new() };
        let mut fast: Vec<(ModelId, Vec<FieldId>)> = Vec::new();
        for candidate in self.relations.candidates(context, objects.model).iter().copied() {
            // Up to 5.2 a key to a proxy of a parent was not taken for one to the parent.
            let to = if context.at_least(6, 0) { context.concrete(candidate.to) } else { candidate.to };
            if kept.contains(&to) {
                continue;
            }
            let on_delete = OnDelete::of(context, candidate.field);
            if on_delete == OnDelete::Nothing {
                continue;
            }
            let related = candidate.field.model;
            if on_delete == OnDelete::Cascade && self.relations.is_fast(context, related, Some(candidate.field)) {
                match fast.iter_mut().find(|(model, _)| *model == related) {
                    Some((_, fields)) => fields.push(candidate.field),
                    None => fast.push((related, vec![candidate.field])),
                }
                continue;
            }
            self.follow_one(objects, candidate, on_delete);
        }
        for (model, fields) in fast {
            let conditions: Vec<String> = fields.iter().map(|field| self.refers(*field)).collect();
            let lookups = fields.iter().map(|field| (self.lookup(*field), any_list())).collect();
            self.fast.push(Fast { model, condition: any(&conditions), lookups, when: objects.when.clone() });
        }
    }

    fn refers(&self, field: FieldId) -> String {
        format!("{} IN (%s)", column(self.context, field))
    }

    fn lookup(&self, field: FieldId) -> String {
        format!("{}__in", self.context.field(field).name)
    }

    fn follow_one(&mut self, objects: &Objects, candidate: Candidate, on_delete: OnDelete) {
        let context = self.context;
        let (field, related) = (candidate.field, candidate.field.model);
        let condition = self.refers(field);
        let given = match on_delete {
            OnDelete::SetNull => Some(Given::Null),
            OnDelete::SetDefault => Some(default_of(context, field)),
            OnDelete::Set | OnDelete::SetByCall => Some(Given::Parameter),
            _ => None,
        };
        // Not read: updated by the condition itself. Since 5.0 only where the new value is known without a call.
        let is_lazy = match on_delete {
            OnDelete::SetNull | OnDelete::Set => true,
            OnDelete::SetDefault | OnDelete::SetByCall => !context.at_least(5, 0),
            _ => false,
        };
        if let (Some(given), true) = (&given, is_lazy) {
            let when = objects.when.clone();
            self.updates.push(FieldUpdate {
                field,
                given: given.clone(),
                condition,
                by: By::Condition,
                of: objects.model,
                when,
            });
            return;
        }
        let referenced = self.referenced(related);
        let loaded = if referenced.is_empty() || self.relations.listened.contains(&related) {
            Loaded::All
        } else {
            Loaded::Only(referenced)
        };
        let lookup = self.lookup(field);
        let query = filtered(context, &Query::new(related), &[(&lookup, any_list())]).and_then(|query| match &loaded {
            Loaded::All => Ok(query),
            Loaded::Only(columns) => only(context, &query, columns),
        });
        self.read(query, &Terminal::Iterate, &objects.when);
        let mut when = objects.when.clone();
        when.push(When::Related { model: related, field: context.field(field).name.clone() });
        match on_delete {
            OnDelete::Cascade => {
                let required = !context.field(field).null;
                let source = Source::Cascade { to: candidate.to, required, by: field };
                self.add(&Objects { model: related, loaded, when }, source);
            }
            OnDelete::Protect => self.protected = true,
            // Rows that are found mostly forbid the deletion: they decide no order.
            OnDelete::Restrict => self.restricted.push(related),
            _ => {
                if let Some(given) = given {
                    let condition = key_in(context, related);
                    self.updates.push(FieldUpdate { field, given, condition, by: By::Keys, of: objects.model, when });
                }
            }
        }
    }

    /// Columns that others refer to: all that is needed of rows that nobody listens to.
    fn referenced(&self, model: ModelId) -> Vec<FieldId> {
        let candidates = self.relations.candidates(self.context, model);
        candidates.iter().filter_map(|candidate| self.context.target(candidate.field)).collect()
    }

    fn follow_generic(&mut self, objects: &Objects) {
        let context = self.context;
        for relation in generic_relations(context, objects.model) {
            let Some(generic) = objects_of(context, relation) else { continue };
            push(&mut self.read, content_type(context, objects.model).when(&objects.when).when(&[When::Uncached]));
            let lookups = generic.lookups(any_list());
            if self.relations.is_fast(context, generic.model, None) {
                let condition = generic.condition(context, "IN (%s)");
                let when = objects.when.clone();
                self.fast.push(Fast { model: generic.model, condition, lookups: Vec::new(), when });
                continue;
            }
            let lookups: Vec<(&str, Value)> =
                lookups.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
            let query = filtered(context, &Query::new(generic.model), &lookups);
            self.read(query, &Terminal::Iterate, &objects.when);
            let mut when = objects.when.clone();
            when.push(When::Related { model: generic.model, field: relation.object_id_field.clone() });
            self.add(&Objects { model: generic.model, loaded: Loaded::All, when }, Source::Generic);
        }
    }

    /// Restricted rows that are deleted in the same go do not count: those that are deleted unread are looked for.
    fn check_restricted(&mut self) {
        let mut looked = Vec::new();
        for fast in &self.fast {
            if self.restricted.contains(&fast.model) {
                let query = filtered_any(self.context, &Query::new(fast.model), &fast.lookups)
                    .and_then(|query| filtered(self.context, &query, &[("pk__in", any_list())]));
                let field = self.context.meta(fast.model).primary_key;
                let name = field.map(|field| self.context.field(field).name.clone()).unwrap_or_default();
                let when = When::Related { model: fast.model, field: name };
                looked.push((query, [fast.when.clone(), vec![when]].concat()));
            }
        }
        self.protected |= !self.restricted.is_empty();
        for (query, when) in looked {
            self.read(query, &Terminal::Iterate, &when);
        }
    }

    /// What cannot be compiled is left out: an ordering or manager that is not known.
    fn read(&mut self, query: Result<Query, String>, terminal: &Terminal, when: &[When]) {
        if let Ok(statement) = query.and_then(|query| read(self.context, &query, terminal)) {
            push(&mut self.read, statement.when(when));
        }
    }

    /// What was read, then deletions by condition, updates, and deletions by key.
    pub(super) fn finish(self) -> Vec<Statement> {
        let context = self.context;
        let mut statements = self.read;
        let mut write = Vec::new();
        for fast in self.fast {
            let sql = format!("DELETE FROM {} WHERE {}", table(context, fast.model), fast.condition);
            write.push(Statement::new(Action::Delete, fast.model, sql).when(&fast.when));
        }
        for (at, update) in self.updates.iter().enumerate() {
            if self.updates[..at].iter().any(|before| before.is_combined_with(update)) {
                continue;
            }
            let mut combined: Vec<&FieldUpdate> = Vec::new();
            // The condition is the same for each: only how many there are shows.
            let mut others: Vec<&FieldUpdate> =
                self.updates[at..].iter().filter(|other| other.is_combined_with(update)).collect();
            others.sort_by_key(|other| other.when.len());
            for other in others {
                // Objects met again by another way are not deleted twice.
                if !combined.iter().any(|known| known.of == other.of) {
                    combined.push(other);
                }
            }
            write.extend(combined_updates(context, &combined));
        }
        for model in self.order.sorted(|model| context.concrete(model)) {
            let sql = format!("DELETE FROM {} WHERE {}", table(context, model), key_in(context, model));
            for (_, when) in self.when.iter().filter(|(known, _)| *known == model) {
                write.push(Statement::new(Action::Delete, model, sql.clone()).when(when));
            }
        }
        let guard: &[When] = if self.protected { &[When::Unprotected] } else { &[] };
        for statement in write {
            push(&mut statements, statement.when(guard));
        }
        statements
    }
}

/// The same text again says something only where it waits for less.
fn push(statements: &mut Vec<Statement>, statement: Statement) {
    let is_implied = |known: &Statement| {
        known.sql == statement.sql && known.when.iter().all(|condition| statement.when.contains(condition))
    };
    if !statements.iter().any(is_implied) {
        statements.push(statement);
    }
}

/// The value `SET_DEFAULT` sets.
fn default_of(context: &Context<'_>, field: FieldId) -> Given {
    match &context.field(field).default {
        None | Some(Value::None) => Given::Null,
        Some(_) => Given::Parameter,
    }
}
