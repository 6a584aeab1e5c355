//! Objects of which only an ancestor of their model is known: what is sent for one of them is sent for each model it may be of.
//!
//! A wide class stands below that ancestor like any heir, so that code runs once for all of them, over the ancestor's methods.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use pgwright_python::Evaluator;
use pgwright_python::value::{Class, ClassId, Names, ObjectId, Value};
use rustc_hash::{FxHashMap, FxHasher};

use super::record::{Outcome, Sent};
use super::{Known, Origin, Orm, QueryState, Row};
use crate::model::{self, Model, ModelId, RelationKind};
use crate::queries::compile;
use crate::queries::context::Context;
use crate::queries::query::Query;
use crate::queries::workload::{Lazy, Rows, Terminal};
use crate::queries::write::{self, Statement};

/// Attribute of a content type that holds the class it is the type of.
const TYPE: &str = "<type>";

/// The wide classes of a project.
#[derive(Debug, Default)]
pub(crate) struct Wide {
    /// Models that a wide class stands for.
    models: FxHashMap<ClassId, Arc<[ModelId]>>,
    /// The wide class of a model's heirs, by the class of the model.
    heirs: FxHashMap<ClassId, ClassId>,
    /// What a generic foreign key may lead to: by its model and name.
    generic: FxHashMap<(ModelId, String), ClassId>,
    /// Any model at all.
    any: Option<ClassId>,
    content_type: Option<ModelId>,
    /// What names one of the models a class stands for.
    names: FxHashMap<ClassId, ObjectId>,
}

impl Wide {
    /// Makes the wide classes; those of models are not yet among the known ones.
    pub(super) fn make(evaluator: &mut Evaluator<'_>, context: &Context<'_>, known: &Known) -> Wide {
        let models = context.models;
        let content_type = models.by_label("contenttypes.ContentType").map(|model| model.id);
        let mut wide = Wide { content_type, ..Wide::default() };
        let is_real =
            |model: &&Model| !model.abstract_ && !model.proxy && model.origin.is_own() && model.site.is_some();
        let real: Vec<ModelId> = models.all.iter().filter(is_real).map(|model| model.id).collect();
        let class_of = |model: ModelId| known.classes.get(model.0 as usize).copied();
        for model in &models.all {
            let Some(class) = class_of(model.id) else { continue };
            let heirs: Vec<ModelId> = models
                .all
                .iter()
                .filter(|heir| !heir.abstract_ && !heir.proxy)
                .filter(|heir| class_of(heir.id).is_some_and(|heir| evaluator.heap.is_subclass(heir, class)))
                .map(|heir| heir.id)
                .collect();
            if heirs.len() > 1 {
                let made = wide.add(evaluator, class, heirs);
                wide.heirs.insert(class, made);
            }
        }
        wide.any = (real.len() > 1).then(|| wide.add(evaluator, known.model, real));
        for model in &models.all {
            for key in model.private_fields.iter().filter(|field| field.to_label.is_none()) {
                let leads_back = |heir: &&Model| {
                    let mut ancestors = heir.parents.iter().map(|link| models.get(link.parent)).collect::<Vec<_>>();
                    ancestors.push(heir);
                    let mut relations = ancestors.iter().flat_map(|model| &model.private_fields);
                    !heir.abstract_
                        && !heir.proxy
                        && relations.any(|relation| {
                            relation.content_type_field == key.content_type_field
                                && relation.to_label.as_deref() == Some(&*model.label())
                        })
                };
                let heirs: Vec<ModelId> = models.all.iter().filter(leads_back).map(|model| model.id).collect();
                let made = match heirs.first().and_then(|first| class_of(*first)) {
                    Some(first) => {
                        let classes: Vec<ClassId> = heirs.iter().filter_map(|heir| class_of(*heir)).collect();
                        let shared = |ancestor: &&ClassId| {
                            evaluator.heap.is_subclass(**ancestor, known.model)
                                && classes.iter().all(|class| evaluator.heap.is_subclass(*class, **ancestor))
                        };
                        let ancestor = evaluator.heap.class(first).mro.iter().find(shared).copied();
                        Some(wide.add(evaluator, ancestor.unwrap_or(known.model), heirs))
                    }
                    None => wide.any,
                };
                if let Some(made) = made {
                    wide.generic.insert((model.id, key.name.clone()), made);
                }
            }
        }
        if let Some(key) = known.type_key {
            let classes: Vec<ClassId> = known.classes.iter().copied().chain(wide.models.keys().copied()).collect();
            for class in classes {
                if let made @ Value::Instance(id) = evaluator.bare_instance(key) {
                    evaluator.put(&made, TYPE, Value::Class(class));
                    wide.names.insert(class, id);
                }
            }
        }
        wide
    }

    fn add(&mut self, evaluator: &mut Evaluator<'_>, ancestor: ClassId, models: Vec<ModelId>) -> ClassId {
        let base = evaluator.heap.class(ancestor).clone();
        let made = evaluator.heap.add_class(Class {
            bases: vec![ancestor],
            mro: Vec::new(),
            attributes: Names::default(),
            assignments: FxHashMap::default(),
            statement: None,
            members: Vec::new(),
            ..base
        });
        evaluator.heap.class_mut(made).mro = [made].into_iter().chain(base.mro).collect();
        self.models.insert(made, models.into());
        made
    }

    /// Wide classes with the model whose fields they have: the ancestor's own, or of an abstract one the first of its heirs.
    pub(super) fn of_models<'w>(
        &'w self,
        evaluator: &'w Evaluator<'_>,
        models: &'w FxHashMap<ClassId, ModelId>,
        context: &'w Context<'_>,
    ) -> impl Iterator<Item = (ClassId, ModelId)> + 'w {
        self.models.iter().filter_map(|(class, heirs)| {
            let ancestor = evaluator.heap.class(*class).bases.first()?;
            let own = models.get(ancestor).copied().filter(|model| !context.models.get(*model).abstract_);
            Some((*class, own.or_else(|| heirs.first().copied())?))
        })
    }

    pub(crate) fn has(&self, class: ClassId) -> bool {
        self.models.contains_key(&class)
    }

    /// The wide class of a class and those that inherit from it.
    pub(crate) fn heirs(&self, class: ClassId) -> Option<ClassId> {
        if self.has(class) { Some(class) } else { self.heirs.get(&class).copied() }
    }
}

/// One query for each of several models.
#[derive(Debug, Clone)]
pub(crate) struct Queries {
    pub(crate) class: ClassId,
    pub(crate) queries: Arc<[Arc<Query>]>,
}

impl Hash for Queries {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.class.hash(state);
        self.queries.hash(state);
    }
}

impl QueryState {
    /// With every query changed in the same way; those that cannot be are left out.
    pub(crate) fn with_queries(self, change: impl Fn(&Query) -> Result<Query, String>) -> QueryState {
        let query = self.query.and_then(|query| change(&query).map(Arc::new).map_err(Arc::from));
        let wide = self.wide.map(|wide| Queries {
            queries: wide.queries.iter().filter_map(|query| change(query).ok().map(Arc::new)).collect(),
            ..wide
        });
        QueryState { query, wide, ..self }
    }

    /// One queryset for each model.
    pub(crate) fn each(&self) -> Vec<QueryState> {
        match &self.wide {
            None => vec![self.clone()],
            Some(wide) => wide
                .queries
                .iter()
                .map(|query| QueryState {
                    model: query.model,
                    query: Ok(query.clone()),
                    wide: None,
                    guessed: true,
                    ..self.clone()
                })
                .collect(),
        }
    }
}

/// Steps that a model's default manager may take to say what it starts from.
const BASE: u32 = 20_000;

impl<'a> Orm<'a> {
    /// All objects of a class.
    pub(crate) fn all_of_class(&self, evaluator: &mut Evaluator<'a>, class: ClassId) -> Option<QueryState> {
        let model = self.model_of(class)?;
        let state = QueryState::all_of(model);
        let Some(models) = self.known.wide.models.get(&class) else { return Some(state) };
        // A manager of the ancestor's starts from the model's own; where there is none, heirs have theirs.
        let is_any = evaluator.heap.class(class).bases.first() == Some(&self.known.model);
        let queries = match is_any {
            // Asked anew each time: a manager may go by what is set around it (`django_scopes`).
            true => {
                let mut base =
                    |model: &ModelId| evaluator.uncharged(BASE, |evaluator| self.base_query(evaluator, *model));
                models.iter().map(|model| Arc::new(base(model))).collect()
            }
            false => models.iter().map(|model| Arc::new(Query::new(*model))).collect(),
        };
        Some(QueryState { wide: Some(Queries { class, queries }), guessed: true, ..state })
    }

    /// The models an instance may be of.
    pub(crate) fn models_of(&self, evaluator: &Evaluator<'a>, object: ObjectId, model: ModelId) -> Arc<[ModelId]> {
        let class = evaluator.heap.class_of(object);
        let known = class.and_then(|class| self.known.wide.models.get(&class));
        known.map_or_else(|| [model].into(), Arc::clone)
    }

    /// What a generic foreign key leads to: loaded here, where it is said from where.
    pub(crate) fn generic_object(
        &self,
        evaluator: &mut Evaluator<'a>,
        model: ModelId,
        name: &str,
        loads: Option<Option<Arc<Origin>>>,
    ) -> Option<Value> {
        let class = *self.known.wide.generic.get(&(model, name.to_owned()))?;
        if let Some(origin) = loads.filter(|_| self.records(evaluator)) {
            for (target, sql) in self.lookups(class).iter() {
                let sent = Sent {
                    model: Some(*target),
                    terminal: Terminal::Load,
                    sql: sql.clone(),
                    rows: Rows::One,
                    lazy: Some(Lazy::GenericForeignKey),
                    guessed: true,
                    origin: origin.clone(),
                };
                self.record(evaluator, sent);
            }
        }
        Some(self.wide_row(evaluator, class))
    }

    /// The texts by which one object of each model is found by its key.
    fn lookups(&self, class: ClassId) -> Arc<[(ModelId, Outcome)]> {
        if let Some(known) = self.state().lookups.get(&class) {
            return known.clone();
        }
        let models = self.known.wide.models.get(&class).cloned().unwrap_or_default();
        let key = || vec![("pk".to_owned(), model::Value::Unknown("a key".to_owned()))];
        let found: Arc<[(ModelId, Outcome)]> = models
            .iter()
            .filter_map(|model| {
                let query = self.applied(&Query::new(*model), "filter", Vec::new(), key()).ok()?;
                match compile::select(self.context, &query, &compile::Terminal::Get) {
                    compile::Outcome::Sql(sql) => Some((*model, Ok(sql.text.into()))),
                    _ => None,
                }
            })
            .collect();
        self.state().lookups.insert(class, found.clone());
        found
    }

    /// What deleting sends for each of many models; told the same way, it is the same.
    pub(crate) fn deleted_widely(&self, what: impl Hash, make: impl FnOnce() -> Vec<Statement>) -> Vec<Statement> {
        let mut hasher = FxHasher::default();
        what.hash(&mut hasher);
        let key = hasher.finish();
        if let Some(known) = self.state().deletions.get(&key) {
            return known.to_vec();
        }
        let made: Arc<[Statement]> = write::distinct(make()).into();
        self.state().deletions.insert(key, made.clone());
        made.to_vec()
    }

    fn wide_row(&self, evaluator: &mut Evaluator<'a>, class: ClassId) -> Value {
        match self.model_of(class) {
            Some(model) => self.row(evaluator, Row { wide: Some(class), guessed: true, ..Row::plain(model) }),
            None => Value::unknown("an object of a model that is not known"),
        }
    }

    /// The class whose objects a key to content types says the type of.
    fn typed_by(&self, class: Option<ClassId>, model: ModelId, field: &str) -> Option<ClassId> {
        let record = self.context.models.get(model);
        let generic =
            record.private_fields.iter().find(|key| key.to_label.is_none() && key.content_type_field == field);
        if let Some(key) = generic {
            return self.known.wide.generic.get(&(model, key.name.clone())).copied();
        }
        // A key beside which there is no other says of which of its heirs an object is.
        let class = class.or_else(|| self.class_of(model))?;
        Some(self.known.wide.heirs(class).unwrap_or(class))
    }

    /// A column that holds the key of a content type, or the content type itself.
    pub(crate) fn type_key(
        &self,
        evaluator: &Evaluator<'a>,
        object: Option<ObjectId>,
        model: ModelId,
        field: &model::Field,
    ) -> Option<Value> {
        let relation = field.relation.as_ref().filter(|relation| relation.kind == RelationKind::ForeignKey)?;
        if relation.to.is_none() || relation.to != self.known.wide.content_type {
            return None;
        }
        let class = object.and_then(|object| evaluator.heap.class_of(object));
        self.name_of(self.typed_by(class, model, &field.name)?)
    }

    /// Something that names one of the models a class stands for.
    pub(crate) fn name_of(&self, class: ClassId) -> Option<Value> {
        self.known.wide.names.get(&class).copied().map(Value::Instance)
    }

    /// `typed(content_type, what)`: the content type of a class, of an instance's class, or of what a key is the key of.
    pub(crate) fn typed(&self, evaluator: &mut Evaluator<'a>, args: &[Value]) -> Value {
        let [content_type, what] = args else { return Value::unknown("a content type") };
        let class = match what {
            Value::Class(class) => Some(*class),
            Value::Instance(id) => match evaluator.heap.own(*id, TYPE) {
                Some(Value::Class(class)) => Some(*class),
                _ => evaluator.heap.class_of(*id).filter(|class| self.model_of(*class).is_some()),
            },
            _ => None,
        };
        if let Some(class) = class {
            self.keep(evaluator, content_type, TYPE, &Value::Class(class));
        }
        content_type.clone()
    }

    /// `model_class(content_type)`: the class it is the type of; any where that is not known.
    pub(crate) fn model_class(&self, evaluator: &mut Evaluator<'a>, args: &[Value]) -> Value {
        let known = match args.first() {
            Some(Value::Instance(id)) => evaluator.heap.own(*id, TYPE).cloned(),
            _ => None,
        };
        known
            .or_else(|| self.known.wide.any.map(Value::Class))
            .unwrap_or_else(|| Value::unknown("the model of a content type"))
    }
}
