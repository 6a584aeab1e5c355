//! The project's models between two migrations (`ProjectState`), rendered as the model graph that schemas are made of.

use rustc_hash::FxHashMap;

use super::operation::{Key, Options};
use crate::model::{Field, Model, ModelId, Models, Origin, ParentLink, RelationKind};
use crate::models::{key_of, referenced, through_model};
use crate::project::Project;
use pgwright_schema::names::default_table;

/// A model as operations describe it: fields without what follows from other models.
#[derive(Debug, Clone)]
pub(super) struct ModelState {
    pub(super) app: String,
    pub(super) name: String,
    pub(super) fields: Vec<Field>,
    pub(super) options: Options,
    pub(super) bases: Vec<Key>,
}

impl ModelState {
    pub(super) fn field_mut(&mut self, name: &str) -> Option<&mut Field> {
        self.fields.iter_mut().find(|field| field.name == name)
    }
}

/// Every model at one point of the history. A model keeps its id as long as it exists, under whatever name.
#[derive(Debug)]
pub(super) struct State {
    pub(super) models: Models,
    /// None for models that are taken as they are today, for automatic through models, and for deleted ones.
    sources: Vec<Option<ModelState>>,
    keys: FxHashMap<Key, ModelId>,
    throughs: FxHashMap<(ModelId, String), ModelId>,
    /// Models rendered since they were last taken.
    touched: Vec<ModelId>,
    key_class: String,
}

/// A state to come back to.
pub(super) struct Saved {
    models: Vec<Model>,
    sources: Vec<Option<ModelState>>,
    keys: FxHashMap<Key, ModelId>,
    throughs: FxHashMap<(ModelId, String), ModelId>,
}

/// A field under another name; a column that was named after the field follows, one that was given does not.
fn rename(field: &mut Field, new: &str) {
    let follows = field.column.as_deref() == Some(field.attname.as_str());
    field.attname = if field.attname == field.name { new.to_owned() } else { format!("{new}_id") };
    new.clone_into(&mut field.name);
    if follows {
        let old = field.column.replace(field.attname.clone()).unwrap_or_default();
        if let Some(check) = &mut field.db_check {
            *check = check.replace(&format!("\"{old}\""), &format!("\"{}\"", field.attname));
        }
    }
}

impl State {
    /// The state before the first migration: models of apps whose migrations cannot be read, as they are today.
    pub(super) fn new(project: &Project, is_replayed: impl Fn(&str) -> bool) -> State {
        let mut state = State {
            models: Models::default(),
            sources: Vec::new(),
            keys: FxHashMap::default(),
            throughs: FxHashMap::default(),
            touched: Vec::new(),
            key_class: project.settings.default_auto_field.clone(),
        };
        let mut moved: FxHashMap<ModelId, ModelId> = FxHashMap::default();
        let kept = |model: &&Model| !model.abstract_ && !is_replayed(&model.app_label);
        for model in project.models.all.iter().filter(kept) {
            let id = state.slot();
            moved.insert(model.id, id);
            state.keys.insert((model.app_label.clone(), model.name.to_lowercase()), id);
            state.models.all[id.0 as usize] = Model { id, ..model.clone() };
        }
        for model in &mut state.models.all {
            model.proxy_for = model.proxy_for.and_then(|id| moved.get(&id).copied());
            model.parents.retain_mut(|link| match moved.get(&link.parent) {
                Some(parent) => {
                    link.parent = *parent;
                    true
                }
                None => false,
            });
            for relation in model.fields.iter_mut().filter_map(|field| field.relation.as_mut()) {
                relation.to = relation.to.and_then(|id| moved.get(&id).copied());
                relation.through = relation.through.and_then(|id| moved.get(&id).copied());
            }
        }
        state
    }

    fn slot(&mut self) -> ModelId {
        let id = ModelId(u32::try_from(self.models.all.len()).unwrap_or(u32::MAX));
        self.models.all.push(empty(id));
        self.sources.push(None);
        id
    }

    pub(super) fn find(&self, app: &str, name: &str) -> Option<ModelId> {
        self.keys.get(&(app.to_owned(), name.to_lowercase())).copied()
    }

    /// The models rendered since this was last asked.
    pub(super) fn take_touched(&mut self) -> Vec<ModelId> {
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable();
        touched.dedup();
        touched
    }

    pub(super) fn create(&mut self, source: ModelState) -> ModelId {
        let key = (source.app.clone(), source.name.to_lowercase());
        let id = match self.keys.get(&key) {
            Some(id) => *id,
            None => self.slot(),
        };
        self.keys.insert(key, id);
        self.sources[id.0 as usize] = Some(source);
        self.render(id);
        // Relations may have been declared before what they point to.
        let waiting: Vec<ModelId> = self
            .models
            .all
            .iter()
            .filter(|model| model.id != id && model.fields.iter().any(|field| self.waits_for(field, id)))
            .map(|model| model.id)
            .collect();
        for waiting in waiting {
            self.render(waiting);
        }
        id
    }

    fn waits_for(&self, field: &Field, id: ModelId) -> bool {
        let Some(relation) = &field.relation else { return false };
        relation.to.is_none() && self.keys.get(&label_key(&relation.to_label)) == Some(&id)
    }

    pub(super) fn delete(&mut self, id: ModelId) {
        let throughs: Vec<ModelId> =
            self.throughs.iter().filter(|((owner, _), _)| *owner == id).map(|(_, through)| *through).collect();
        self.throughs.retain(|(owner, _), _| *owner != id);
        for gone in throughs.into_iter().chain([id]) {
            self.keys.retain(|_, other| *other != gone);
            self.sources[gone.0 as usize] = None;
            self.models.all[gone.0 as usize] = empty(gone);
            self.touched.push(gone);
        }
    }

    /// Changes a model and renders it and all that follows from it.
    pub(super) fn change(&mut self, id: ModelId, change: impl FnOnce(&mut ModelState)) {
        if let Some(source) = &mut self.sources[id.0 as usize] {
            change(source);
            self.render(id);
        }
    }

    /// `ProjectState.rename_model`: the model, and every relation and base that names it.
    pub(super) fn rename_model(&mut self, app: &str, old: &str, new: &str) {
        let Some(id) = self.find(app, old) else { return };
        let (old_key, new_key) = ((app.to_owned(), old.to_lowercase()), (app.to_owned(), new.to_lowercase()));
        self.keys.remove(&old_key);
        self.keys.insert(new_key.clone(), id);
        if let Some(source) = &mut self.sources[id.0 as usize] {
            source.name = new.to_owned();
        }
        let label = format!("{app}.{new}");
        let mut changed = vec![id];
        for (at, source) in self.sources.iter_mut().enumerate() {
            let Some(source) = source else { continue };
            let mut hit = false;
            for base in source.bases.iter_mut().filter(|base| **base == old_key) {
                base.clone_from(&new_key);
                hit = true;
            }
            for relation in source.fields.iter_mut().filter_map(|field| field.relation.as_mut()) {
                if label_key(&relation.to_label) == old_key {
                    relation.to_label.clone_from(&label);
                    hit = true;
                }
                // The through model of a many-to-many field is kept there; see `models::relation`.
                if relation.kind == RelationKind::ManyToMany
                    && let Some(through) = &mut relation.to_field
                    && label_key(through) == old_key
                {
                    through.clone_from(&label);
                    hit = true;
                }
            }
            if hit {
                changed.push(ModelId(at as u32));
            }
        }
        for id in changed {
            self.render(id);
        }
    }

    /// `ProjectState.rename_field`: the field, options that name it, and keys that reference it by name.
    pub(super) fn rename_field(&mut self, id: ModelId, old: &str, new: &str) {
        let target = self.sources[id.0 as usize].as_ref().map(|model| (model.app.clone(), model.name.to_lowercase()));
        self.change(id, |model| {
            if let Some(field) = model.field_mut(old) {
                rename(field, new);
            }
            for group in model.options.unique_together.iter_mut().chain(&mut model.options.index_together) {
                for name in group.iter_mut().filter(|name| *name == old) {
                    new.clone_into(name);
                }
            }
            if let Some(name) = model.options.order_with_respect_to.as_mut().filter(|name| *name == old) {
                new.clone_into(name);
            }
        });
        let mut referring = Vec::new();
        for (at, source) in self.sources.iter_mut().enumerate() {
            for relation in
                source.iter_mut().flat_map(|source| &mut source.fields).filter_map(|field| field.relation.as_mut())
            {
                if relation.kind != RelationKind::ManyToMany
                    && relation.to_field.as_deref() == Some(old)
                    && target.as_ref() == Some(&label_key(&relation.to_label))
                {
                    relation.to_field = Some(new.to_owned());
                    referring.push(ModelId(at as u32));
                }
            }
        }
        for id in referring {
            self.render(id);
        }
    }

    /// Everything, to come back to.
    pub(super) fn save(&self) -> Saved {
        Saved {
            models: self.models.all.clone(),
            sources: self.sources.clone(),
            keys: self.keys.clone(),
            throughs: self.throughs.clone(),
        }
    }

    pub(super) fn restore(&mut self, saved: Saved) {
        let count = self.models.all.len();
        self.models.all = saved.models;
        self.sources = saved.sources;
        // Ids stay taken.
        for at in self.models.all.len()..count {
            self.models.all.push(empty(ModelId(at as u32)));
            self.sources.push(None);
        }
        self.keys = saved.keys;
        self.throughs = saved.throughs;
        self.touched.extend((0..count).map(|at| ModelId(at as u32)));
    }

    /// A many-to-many field by another name keeps its through model.
    pub(super) fn rename_through(&mut self, owner: ModelId, old: &str, new: &str) {
        if let Some(through) = self.throughs.remove(&(owner, old.to_owned())) {
            self.throughs.insert((owner, new.to_owned()), through);
        }
    }

    /// Makes the model graph's view of one model anew, then of those that take something from it.
    fn render(&mut self, id: ModelId) {
        let mut todo = vec![id];
        let mut seen: Vec<ModelId> = Vec::new();
        while let Some(id) = todo.pop() {
            if seen.contains(&id) {
                continue;
            }
            seen.push(id);
            let before = signature(&self.models.all[id.0 as usize]);
            self.render_one(id);
            let model = &self.models.all[id.0 as usize];
            let same = signature(model) == before;
            let dependent = |other: &&Model| {
                other.id != id
                    && (other.parents.iter().any(|link| link.parent == id)
                        || other.proxy_for == Some(id)
                        || (!same
                            && other
                                .fields
                                .iter()
                                .any(|field| matches!(&field.relation, Some(relation) if relation.to == Some(id)))))
            };
            todo.extend(self.models.all.iter().filter(dependent).map(|other| other.id));
        }
    }

    fn render_one(&mut self, id: ModelId) {
        self.touched.push(id);
        let Some(source) = self.sources[id.0 as usize].clone() else {
            self.resolve(id);
            return;
        };
        let bases: Vec<ModelId> = source.bases.iter().filter_map(|base| self.keys.get(base).copied()).collect();
        let mut fields: Vec<Field> = Vec::new();
        for base in &bases {
            let inherited = self.models.get(*base).fields.iter().filter(|field| !field.is_many_to_many());
            for field in inherited {
                if !fields.iter().any(|known| known.name == field.name) {
                    fields.push(Field { local: false, ..field.clone() });
                }
            }
        }
        let own_key =
            source.fields.iter().any(|field| field.primary_key || field.class.ends_with(".CompositePrimaryKey"));
        let link = |field: &&Field| matches!(&field.relation, Some(relation) if relation.parent_link);
        if !own_key && !source.options.proxy && !source.fields.iter().any(|field| link(&field)) {
            let internal = self.key_class.rsplit('.').next().unwrap_or("AutoField").to_owned();
            fields.push(key_of(&format!("django.db.models.fields.{internal}"), &internal));
        }
        let inherited = fields.len();
        let (many, columns): (Vec<&Field>, Vec<&Field>) =
            source.fields.iter().partition(|field| field.is_many_to_many());
        fields.extend(columns.into_iter().cloned());
        // Automatic keys come first, as their creation counter runs backwards.
        fields[inherited..].sort_by_key(|field| !field.auto_created);
        if source.options.order_with_respect_to.is_some() && !fields.iter().any(|field| field.name == "_order") {
            fields.push(order_field());
        }
        fields.extend(many.into_iter().cloned());
        let parents = bases
            .iter()
            .filter(|_| !source.options.proxy)
            .map(|base| {
                let field = source.fields.iter().find(|field| {
                    link(field)
                        && field.relation.as_ref().and_then(|relation| self.keys.get(&label_key(&relation.to_label)))
                            == Some(base)
                });
                ParentLink { parent: *base, field: field.map(|field| field.name.clone()) }
            })
            .collect();
        let proxy_for = if source.options.proxy { bases.first().copied() } else { None };
        let table = match (proxy_for, &source.options.db_table) {
            (Some(base), _) => self.models.get(base).table.clone(),
            (None, Some(table)) => table.clone(),
            _ => default_table(&source.app, &source.name),
        };
        let options = source.options;
        self.models.all[id.0 as usize] = Model {
            app_label: source.app,
            name: source.name,
            origin: Origin::Project,
            abstract_: options.is_abstract,
            proxy: options.proxy,
            managed: !options.unmanaged,
            swapped: options.swapped,
            parents,
            proxy_for,
            table,
            fields,
            unique_together: options.unique_together,
            index_together: options.index_together,
            indexes: options.indexes,
            constraints: options.constraints,
            ordering: options.ordering,
            order_with_respect_to: options.order_with_respect_to,
            db_table_comment: options.comment,
            ..empty(id)
        };
        self.resolve(id);
        self.render_throughs(id);
    }

    /// Targets of relations, and the column types that follow from them.
    fn resolve(&mut self, id: ModelId) {
        let at = id.0 as usize;
        for index in 0..self.models.all[at].fields.len() {
            let Some(relation) = &self.models.all[at].fields[index].relation else { continue };
            let to = self.keys.get(&label_key(&relation.to_label)).copied();
            let through = match (&relation.to_field, relation.kind, relation.through_automatic) {
                (Some(through), RelationKind::ManyToMany, false) => self.keys.get(&label_key(through)).copied(),
                _ => relation.through,
            };
            let is_many = relation.kind == RelationKind::ManyToMany;
            if let Some(relation) = &mut self.models.all[at].fields[index].relation {
                relation.to = to.or(relation.to);
                relation.through = through;
            }
            if !is_many {
                let (db_type, to_field) = referenced(&self.models, &self.models.all[at].fields[index], 0);
                let field = &mut self.models.all[at].fields[index];
                if db_type.is_some() || field.db_type.is_none() {
                    field.db_type.clone_from(&db_type);
                    field.rel_db_type = db_type;
                }
                if let Some(relation) = &mut field.relation {
                    relation.to_field = to_field.or(relation.to_field.take());
                }
            }
        }
    }

    /// Through models of many-to-many fields, each under an id that it keeps.
    fn render_throughs(&mut self, owner: ModelId) {
        let at = owner.0 as usize;
        let wanted: Vec<(usize, String)> = if self.models.all[at].proxy {
            Vec::new()
        } else {
            let is_automatic =
                |field: &Field| matches!(&field.relation, Some(relation) if field.local && relation.through_automatic);
            let fields = self.models.all[at].fields.iter().enumerate().filter(|(_, field)| is_automatic(field));
            fields.map(|(index, field)| (index, field.name.clone())).collect()
        };
        let gone: Vec<(ModelId, String)> = self
            .throughs
            .keys()
            .filter(|(of, name)| *of == owner && !wanted.iter().any(|(_, wanted)| wanted == name))
            .cloned()
            .collect();
        for key in gone {
            if let Some(through) = self.throughs.remove(&key) {
                self.keys.retain(|_, other| *other != through);
                self.models.all[through.0 as usize] = empty(through);
                self.touched.push(through);
            }
        }
        for (index, name) in wanted {
            let through = match self.throughs.get(&(owner, name.clone())) {
                Some(through) => *through,
                None => {
                    let through = self.slot();
                    self.throughs.insert((owner, name), through);
                    through
                }
            };
            let internal = self.key_class.rsplit('.').next().unwrap_or("AutoField").to_owned();
            let key = key_of(&format!("django.db.models.fields.{internal}"), &internal);
            let model = through_model(&self.models, key, at, index, through);
            self.keys.retain(|_, other| *other != through);
            self.keys.insert((model.app_label.clone(), model.name.to_lowercase()), through);
            self.models.all[through.0 as usize] = model;
            self.touched.push(through);
            self.resolve(through);
            if let Some(relation) = &mut self.models.all[at].fields[index].relation {
                relation.through = Some(through);
            }
        }
    }
}

/// `app.Model` as the state names it; the model's name compares without case.
fn label_key(label: &str) -> Key {
    match label.split_once('.') {
        Some((app, name)) => (app.to_owned(), name.to_lowercase()),
        None => (String::new(), label.to_lowercase()),
    }
}

/// What other models take from this one: its table, and names and types of columns that can be referenced.
fn signature(model: &Model) -> Vec<Option<String>> {
    let columns = model.fields.iter().filter(|field| field.unique || field.primary_key);
    let columns = columns.flat_map(|field| [Some(field.name.clone()), field.column.clone(), field.rel_db_type.clone()]);
    [Some(model.table.clone()), Some(model.name.clone())].into_iter().chain(columns).collect()
}

fn order_field() -> Field {
    let mut field = Field::new("_order", "django.db.models.fields.proxy.OrderWrt", "IntegerField");
    field.editable = false;
    field.db_type = Some("integer".to_owned());
    field.rel_db_type = field.db_type.clone();
    field
}

/// A place for a model that does not exist (any more): without a table.
fn empty(id: ModelId) -> Model {
    Model {
        id,
        app_label: String::new(),
        name: String::new(),
        module: String::new(),
        origin: Origin::Dependency,
        site: None,
        bases: Vec::new(),
        mro: Vec::new(),
        abstract_: true,
        proxy: false,
        managed: true,
        swapped: None,
        parents: Vec::new(),
        proxy_for: None,
        table: String::new(),
        fields: Vec::new(),
        private_fields: Vec::new(),
        unique_together: Vec::new(),
        index_together: Vec::new(),
        indexes: Vec::new(),
        constraints: Vec::new(),
        ordering: Vec::new(),
        order_with_respect_to: None,
        default_related_name: None,
        db_table_comment: None,
        managers: Vec::new(),
        reverse: Vec::new(),
        methods: Vec::new(),
    }
}
