//! Targets, column types that follow them, automatic through models, reverse accessors.

use pgwright_python::Evaluator;
use pgwright_schema::names::truncate_name;
use rustc_hash::FxHashMap;

use super::{Context, field};
use crate::model::{Field, Model, ModelId, Models, Origin, RelationKind, Reverse};
use crate::project::Unresolved;

pub(crate) fn resolve(
    evaluator: &mut Evaluator<'_>,
    context: &Context<'_>,
    models: &mut Models,
    unresolved: &mut Vec<Unresolved>,
) {
    find_targets(models);
    add_through_models(evaluator, context, models);
    column_types(models, unresolved);
    related_names(models);
    inherited_fields(models);
}

/// Labels compare without case in the model's name, as `apps.get_model` does.
fn index(models: &Models) -> FxHashMap<String, ModelId> {
    models.all.iter().filter(|model| !model.abstract_).map(|model| (key(&model.label()), model.id)).collect()
}

fn key(label: &str) -> String {
    match label.split_once('.') {
        Some((app, name)) => format!("{app}.{}", name.to_lowercase()),
        None => label.to_lowercase(),
    }
}

fn find_targets(models: &mut Models) {
    let by_label = index(models);
    let labels: Vec<String> = models.all.iter().map(Model::label).collect();
    for model in &mut models.all {
        for field in &mut model.fields {
            let Some(relation) = &mut field.relation else { continue };
            if let Some(id) = by_label.get(&key(&relation.to_label)) {
                relation.to = Some(*id);
                relation.to_label.clone_from(&labels[id.0 as usize]);
            }
            if relation.kind == RelationKind::ManyToMany
                && !relation.through_automatic
                && let Some(through) = relation.to_field.take()
            {
                relation.through = by_label.get(&key(&through)).copied();
            }
        }
    }
    for at in 0..models.all.len() {
        for index in 0..models.all[at].fields.len() {
            let Some(relation) = &models.all[at].fields[index].relation else { continue };
            let (Some(through), true) = (relation.through, relation.to_label.is_empty()) else { continue };
            // A tag manager says only which model ties tags to objects; the tag is what that model's `tag` points to.
            let tag = models.get(through).field("tag").and_then(|field| field.relation.clone());
            if let (Some(tag), Some(relation)) = (tag, &mut models.all[at].fields[index].relation) {
                relation.to = tag.to;
                relation.to_label = tag.to_label;
            }
        }
    }
}

/// The through models Django makes (`create_many_to_many_intermediary_model`).
fn add_through_models(evaluator: &mut Evaluator<'_>, context: &Context<'_>, models: &mut Models) {
    let mut made: Vec<Model> = Vec::new();
    for at in 0..models.all.len() {
        let model = &models.all[at];
        if model.abstract_ || model.proxy {
            continue;
        }
        let automatic: Vec<usize> = (0..model.fields.len())
            .filter(|index| {
                let field = &model.fields[*index];
                field.local && matches!(&field.relation, Some(relation) if relation.through_automatic)
            })
            .collect();
        for index in automatic {
            let id = ModelId(u32::try_from(models.all.len() + made.len()).unwrap_or(u32::MAX));
            let auto_field = context
                .apps
                .iter()
                .find(|app| app.app.label == models.all[at].app_label)
                .map_or(&context.settings.default_auto_field, |app| &app.app.default_auto_field);
            let key = field::automatic_key(evaluator, auto_field);
            made.push(through_model(models, key, at, index, id));
            if let Some(relation) = &mut models.all[at].fields[index].relation {
                relation.through = Some(id);
            }
        }
    }
    models.all.extend(made);
    // Children and proxies see the through model their parent made.
    let by_owner: FxHashMap<(String, String), ModelId> = models
        .all
        .iter()
        .filter_map(|model| match &model.origin {
            Origin::AutomaticThrough { of, field, .. } => Some(((models.get(*of).label(), field.clone()), model.id)),
            _ => None,
        })
        .collect();
    for at in 0..models.all.len() {
        let owners = ancestors(models, ModelId(at as u32));
        for index in 0..models.all[at].fields.len() {
            let field = &models.all[at].fields[index];
            let Some(relation) = &field.relation else { continue };
            if relation.through.is_some() || !relation.through_automatic {
                continue;
            }
            let found = owners.iter().find_map(|owner| by_owner.get(&(models.get(*owner).label(), field.name.clone())));
            if let (Some(found), Some(relation)) = (found.copied(), &mut models.all[at].fields[index].relation) {
                relation.through = Some(found);
            }
        }
    }
}

/// Concrete parents, nearest first, the proxied model included.
fn ancestors(models: &Models, id: ModelId) -> Vec<ModelId> {
    let mut found = Vec::new();
    let mut todo = vec![id];
    while let Some(id) = todo.pop() {
        let model = models.get(id);
        for parent in model.parents.iter().map(|link| link.parent).chain(model.proxy_for) {
            if !found.contains(&parent) {
                found.push(parent);
                todo.push(parent);
            }
        }
    }
    found
}

/// The through model of a many-to-many field, with this primary key.
pub(crate) fn through_model(models: &Models, mut key_field: Field, owner: usize, index: usize, id: ModelId) -> Model {
    let model = &models.all[owner];
    let field = &model.fields[index];
    let relation = field.relation.as_ref();
    let target = relation.and_then(|relation| relation.to).map(|to| models.get(to));
    let to_label = relation.map(|relation| relation.to_label.clone()).unwrap_or_default();
    let to_name = target.map_or_else(
        || to_label.rsplit('.').next().unwrap_or_default().to_lowercase(),
        |target| target.name.to_lowercase(),
    );
    let from_name = model.name.to_lowercase();
    let (from, to) = if to_name == from_name {
        (format!("from_{from_name}"), format!("to_{to_name}"))
    } else {
        (from_name, to_name)
    };
    let db_table = relation.and_then(|relation| relation.db_table.clone());
    let table =
        db_table.unwrap_or_else(|| truncate_name(&format!("{}_{}", model.table.trim_matches('"'), field.name), 63));
    let name = format!("{}_{}", model.name, field.name);
    let hidden = Some(format!("{name}+"));
    let db_constraint = relation.is_none_or(|relation| relation.db_constraint);
    key_field.declared_in = format!("{}.{name}", model.module);
    let mut columns = vec![
        key_field,
        field::through_key(&from, Some(model.id), model.label()),
        field::through_key(&to, target.map(|target| target.id), to_label),
    ];
    for column in &mut columns[1..] {
        column.declared_in = format!("{}.{name}", model.module);
        if let Some(relation) = &mut column.relation {
            relation.related_name.clone_from(&hidden);
            relation.db_constraint = db_constraint;
        }
    }
    Model {
        id,
        app_label: model.app_label.clone(),
        name,
        module: model.module.clone(),
        origin: Origin::AutomaticThrough { of: model.id, field: field.name.clone(), own: model.origin.is_own() },
        site: None,
        bases: vec!["django.db.models.base.Model".to_owned()],
        mro: vec!["django.db.models.base.Model".to_owned()],
        abstract_: false,
        proxy: false,
        managed: model.managed || target.is_some_and(|target| target.managed),
        swapped: model.swapped.clone(),
        parents: Vec::new(),
        proxy_for: None,
        table,
        fields: columns,
        private_fields: Vec::new(),
        unique_together: vec![vec![from, to]],
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

/// Foreign keys take the type of what they reference, which may itself be a foreign key.
fn column_types(models: &mut Models, unresolved: &mut Vec<Unresolved>) {
    for at in 0..models.all.len() {
        for index in 0..models.all[at].fields.len() {
            let field = &models.all[at].fields[index];
            if field.column.is_none() || field.relation.is_none() {
                continue;
            }
            let (db_type, to_field) = referenced(models, field, 0);
            let model = &models.all[at];
            if db_type.is_none() && !model.abstract_ && model.origin.is_own() && model.fields[index].local {
                let field = &model.fields[index];
                unresolved.push(Unresolved {
                    subject: format!("{}.{}", model.label(), field.name),
                    reason: format!(
                        "its target `{}` is not known, so neither is its column's type",
                        field.relation.as_ref().map(|relation| relation.to_label.as_str()).unwrap_or_default()
                    ),
                    site: field.site.as_ref().map(|site| site.statement),
                });
            }
            let field = &mut models.all[at].fields[index];
            field.db_type.clone_from(&db_type);
            field.rel_db_type = db_type;
            if let Some(relation) = &mut field.relation {
                relation.to_field = to_field;
            }
        }
    }
}

/// Type and name of the field a foreign key references.
pub(crate) fn referenced(models: &Models, field: &Field, depth: u32) -> (Option<String>, Option<String>) {
    let Some(relation) = &field.relation else { return (field.rel_db_type.clone(), None) };
    let Some(target) = relation.to.map(|to| models.get(to)) else { return (None, relation.to_field.clone()) };
    let found = match &relation.to_field {
        Some(name) => target.field(name),
        None => target.primary_key().filter(|key| key.local).or_else(|| target.primary_key()),
    };
    // A child of a concrete model: its own key is the local parent link.
    let found = match (&relation.to_field, found) {
        (None, _) => target.fields.iter().find(|key| key.primary_key && key.local).or(found),
        _ => found,
    };
    let Some(found) = found else { return (None, relation.to_field.clone()) };
    if depth > 8 {
        return (None, Some(found.name.clone()));
    }
    let db_type =
        if found.relation.is_some() { referenced(models, found, depth + 1).0 } else { found.rel_db_type.clone() };
    (db_type, Some(found.name.clone()))
}

/// `related_name` filled in, accessors, and the reverse side.
fn related_names(models: &mut Models) {
    let mut reverse: Vec<(ModelId, Reverse)> = Vec::new();
    for at in 0..models.all.len() {
        let (app, name, is_abstract, default) = {
            let model = &models.all[at];
            (model.app_label.clone(), model.name.clone(), model.abstract_, model.default_related_name.clone())
        };
        let id = models.all[at].id;
        for field in &mut models.all[at].fields {
            let (field_name, local) = (field.name.clone(), field.local);
            let Some(relation) = &mut field.relation else { continue };
            if is_abstract {
                continue;
            }
            let given = relation.related_name.clone().or_else(|| default.clone());
            let filled = given.map(|text| fill(&text, &app, &name));
            relation.related_name = match (relation.kind, relation.symmetrical, filled) {
                (RelationKind::ManyToMany, true, _) if relation.to == Some(id) => Some(format!("{field_name}_rel_+")),
                (RelationKind::ManyToMany, _, Some(text)) if text.ends_with('+') => {
                    Some(format!("_{app}_{}_{field_name}_+", name.to_lowercase()))
                }
                (_, _, filled) => filled,
            };
            relation.related_query_name = relation.related_query_name.as_ref().map(|text| fill(text, &app, &name));
            let lower = name.to_lowercase();
            relation.accessor = match (&relation.related_name, relation.kind) {
                (Some(text), _) if text.ends_with('+') => None,
                (Some(text), _) => Some(text.clone()),
                (None, RelationKind::OneToOne) => Some(lower.clone()),
                (None, RelationKind::ManyToMany) if relation.symmetrical && relation.to == Some(id) => None,
                (None, _) => Some(format!("{lower}_set")),
            };
            let query_name =
                relation.related_query_name.clone().or_else(|| relation.related_name.clone()).unwrap_or(lower);
            if let Some(to) = relation.to
                && local
            {
                let entry = Reverse {
                    accessor: relation.accessor.clone(),
                    query_name,
                    from: id,
                    field: field_name,
                    kind: relation.kind,
                };
                reverse.push((to, entry));
            }
        }
    }
    for (to, entry) in reverse {
        models.all[to.0 as usize].reverse.push(entry);
    }
}

/// A column of a concrete parent is the parent's field, whatever the child's own names would make of it.
fn inherited_fields(models: &mut Models) {
    for at in 0..models.all.len() {
        let owners = ancestors(models, ModelId(at as u32));
        for index in 0..models.all[at].fields.len() {
            let field = &models.all[at].fields[index];
            if field.local {
                continue;
            }
            let own = owners.iter().find_map(|owner| {
                models.get(*owner).fields.iter().find(|other| other.local && other.name == field.name)
            });
            if let Some(own) = own {
                let inherited = Field { local: false, ..own.clone() };
                models.all[at].fields[index] = inherited;
            }
        }
    }
}

fn fill(text: &str, app: &str, name: &str) -> String {
    let lower = name.to_lowercase();
    text.replace("%(class)s", &lower).replace("%(model_name)s", &lower).replace("%(app_label)s", &app.to_lowercase())
}
