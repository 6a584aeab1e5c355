//! `class Meta`: options, indexes and constraints.

use pgwright_python::Evaluator;
use pgwright_python::value::{ClassId, ObjectId, Value as Evaluated};
use pgwright_schema::names::{meta_index_name, truncate_name};

use super::draft::Draft;
use super::values::declaration;
use super::values::{attribute, attribute_bool, attribute_str, class_bool, class_str, class_value};
use super::{Context, site};
use crate::convert::{mro_paths, to_value};
use crate::model::{Constraint, ConstraintKind, Index, Model, Models, Value};
use crate::project::Unresolved;

#[derive(Debug, Default)]
pub(crate) struct Meta {
    pub(crate) managed: bool,
    pub(crate) swapped: Option<String>,
    pub(crate) unique_together: Vec<Vec<String>>,
    pub(crate) index_together: Vec<Vec<String>>,
    pub(crate) indexes: Vec<Index>,
    pub(crate) constraints: Vec<Constraint>,
    pub(crate) ordering: Vec<Value>,
    pub(crate) order_with_respect_to: Option<String>,
    pub(crate) default_related_name: Option<String>,
    pub(crate) db_table_comment: Option<String>,
}

pub(crate) fn read(
    evaluator: &mut Evaluator<'_>,
    context: &Context<'_>,
    draft: &Draft,
    unresolved: &mut Vec<Unresolved>,
) -> Meta {
    let mut result = Meta { managed: true, indexes: added_indexes(evaluator, draft), ..Meta::default() };
    let Some(meta) = draft.meta else { return result };
    result.managed = class_bool(evaluator, meta, "managed") != Some(false);
    result.swapped = class_str(evaluator, meta, "swappable")
        .and_then(|setting| context.settings.model_named_by(&setting))
        .filter(|chosen| !draft.is_abstract && !chosen.eq_ignore_ascii_case(&draft.label()));
    result.default_related_name = class_str(evaluator, meta, "default_related_name");
    result.db_table_comment = class_str(evaluator, meta, "db_table_comment");
    result.order_with_respect_to = class_str(evaluator, meta, "order_with_respect_to");
    for (name, target) in
        [("unique_together", &mut result.unique_together), ("index_together", &mut result.index_together)]
    {
        match class_value(evaluator, meta, name) {
            None => {}
            Some(value) => match together(evaluator, &value) {
                Some(groups) => *target = groups,
                None => unresolved.push(lost(evaluator, draft, meta, name)),
            },
        }
    }
    if result.order_with_respect_to.is_some() {
        result.ordering = vec![Value::Str("_order".to_owned())];
    } else if let Some(ordering) = class_value(evaluator, meta, "ordering") {
        match to_value(evaluator, &ordering, 0) {
            Value::List(items) | Value::Tuple(items) => result.ordering = items,
            Value::None => {}
            other => result.ordering = vec![other],
        }
    }
    for name in ["indexes", "constraints"] {
        let Some(value) = class_value(evaluator, meta, name) else { continue };
        let Some(items) = evaluator.iterate(&value) else {
            unresolved.push(lost(evaluator, draft, meta, name));
            continue;
        };
        for item in items {
            let Evaluated::Instance(object) = item else {
                unresolved.push(lost(evaluator, draft, meta, name));
                continue;
            };
            let Some(class) = evaluator.heap.instance(object).map(|instance| instance.class) else { continue };
            if evaluator.heap.is_subclass(class, context.known.index) {
                result.indexes.push(index(evaluator, object, class, draft));
            } else if evaluator.heap.is_subclass(class, context.known.constraint) {
                result.constraints.push(constraint(evaluator, object, class, draft));
            } else {
                unresolved.push(lost(evaluator, draft, meta, name));
            }
        }
    }
    result
}

/// Indexes that a library adds to `_meta` itself, under names it makes.
fn added_indexes(evaluator: &mut Evaluator<'_>, draft: &Draft) -> Vec<Index> {
    let Some(Evaluated::Instance(options)) = evaluator.heap.class(draft.class).attributes.get("_meta") else {
        return Vec::new();
    };
    let options = *options;
    let Some(added) = attribute(evaluator, options, "added_indexes") else { return Vec::new() };
    let mut indexes = Vec::new();
    for item in evaluator.iterate(&added).unwrap_or_default() {
        let Evaluated::Instance(object) = item else { continue };
        let Some(class) = evaluator.heap.instance(object).map(|instance| instance.class) else { continue };
        let mut added = index(evaluator, object, class, draft);
        if let Some(name) = attribute_str(evaluator, object, "untruncated_name") {
            added.name = truncate_name(&name, MAX_INDEX_NAME);
        }
        added.site = None;
        indexes.push(added);
    }
    indexes
}

/// `Index.max_name_length`.
const MAX_INDEX_NAME: usize = 30;

fn lost(evaluator: &Evaluator<'_>, draft: &Draft, meta: ClassId, name: &str) -> Unresolved {
    Unresolved {
        subject: draft.label(),
        reason: format!("`Meta.{name}` is not wholly known from source"),
        site: site::attribute_span(evaluator, meta, name),
    }
}

/// `unique_together` as Django normalises it: one group may stand without an outer sequence.
pub(crate) fn together(evaluator: &mut Evaluator<'_>, value: &Evaluated) -> Option<Vec<Vec<String>>> {
    if matches!(value, Evaluated::None) {
        return Some(Vec::new());
    }
    let items = evaluator.iterate(value)?;
    if items.is_empty() {
        return Some(Vec::new());
    }
    if items.iter().all(|item| matches!(item, Evaluated::Str(_))) {
        return Some(vec![items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()]);
    }
    let mut groups = Vec::new();
    for item in items {
        let names = evaluator.iterate(&item)?;
        groups.push(names.iter().map(|name| name.as_str().map(str::to_owned)).collect::<Option<_>>()?);
    }
    Some(groups)
}

fn names(evaluator: &mut Evaluator<'_>, object: ObjectId, name: &str) -> Vec<String> {
    let Some(value) = attribute(evaluator, object, name) else { return Vec::new() };
    evaluator.iterate(&value).unwrap_or_default().iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

fn expressions(evaluator: &mut Evaluator<'_>, object: ObjectId) -> Vec<Value> {
    let Some(value) = attribute(evaluator, object, "expressions") else { return Vec::new() };
    let items = evaluator.iterate(&value).unwrap_or_default();
    items.iter().map(|item| expression(evaluator, item)).collect()
}

/// A bare string among expressions stands for `F(string)`.
fn expression(evaluator: &mut Evaluator<'_>, item: &Evaluated) -> Value {
    match to_value(evaluator, item, 0) {
        Value::Str(name) => Value::Call(Box::new(crate::model::Call {
            class: F.to_owned(),
            mro: vec![F.to_owned(), "django.db.models.expressions.Combinable".to_owned()],
            args: vec![Value::Str(name)],
            kwargs: Vec::new(),
        })),
        other => other,
    }
}

const F: &str = "django.db.models.expressions.F";

fn optional(evaluator: &mut Evaluator<'_>, object: ObjectId, name: &str) -> Option<Value> {
    match attribute(evaluator, object, name)? {
        Evaluated::None => None,
        value => Some(to_value(evaluator, &value, 0)),
    }
}

/// `%(class)s` and `%(app_label)s` in names, which Django fills in for every concrete model.
fn named(evaluator: &Evaluator<'_>, object: ObjectId, draft: &Draft) -> String {
    let name = attribute_str(evaluator, object, "name").unwrap_or_default();
    if draft.is_abstract {
        return name;
    }
    name.replace("%(app_label)s", &draft.app_label.to_lowercase()).replace("%(class)s", &draft.name.to_lowercase())
}

pub(crate) fn index(evaluator: &mut Evaluator<'_>, object: ObjectId, class: ClassId, draft: &Draft) -> Index {
    let mro = mro_paths(evaluator, class);
    let method = mro
        .iter()
        .find_map(|path| {
            Some(match path.strip_prefix("django.contrib.postgres.indexes.")? {
                "GinIndex" => "gin",
                "GistIndex" => "gist",
                "BrinIndex" => "brin",
                "HashIndex" => "hash",
                "SpGistIndex" => "spgist",
                "BloomIndex" => "bloom",
                "BTreeIndex" => "btree",
                _ => return None,
            })
        })
        .unwrap_or("btree");
    let mut parameters = Vec::new();
    for name in [
        "fillfactor",
        "deduplicate_items",
        "fastupdate",
        "gin_pending_list_limit",
        "buffering",
        "autosummarize",
        "pages_per_range",
        "length",
        "columns",
    ] {
        if let Some(value) = optional(evaluator, object, name)
            && !matches!(&value, Value::Tuple(items) | Value::List(items) if items.is_empty())
        {
            parameters.push((name.to_owned(), value));
        }
    }
    Index {
        name: named(evaluator, object, draft),
        class: mro.first().cloned().unwrap_or_default(),
        method: method.to_owned(),
        fields: names(evaluator, object, "fields"),
        expressions: expressions(evaluator, object),
        opclasses: names(evaluator, object, "opclasses"),
        condition: optional(evaluator, object, "condition"),
        include: names(evaluator, object, "include"),
        db_tablespace: attribute_str(evaluator, object, "db_tablespace"),
        parameters,
        site: site::call_span(evaluator, object),
        declaration: declaration(evaluator, object),
    }
}

pub(crate) fn constraint(evaluator: &mut Evaluator<'_>, object: ObjectId, class: ClassId, draft: &Draft) -> Constraint {
    let mro = mro_paths(evaluator, class);
    let kind = mro
        .iter()
        .find_map(|path| {
            Some(match path.as_str() {
                "django.db.models.constraints.CheckConstraint" => ConstraintKind::Check,
                "django.db.models.constraints.UniqueConstraint" => ConstraintKind::Unique,
                "django.contrib.postgres.constraints.ExclusionConstraint" => ConstraintKind::Exclusion,
                _ => return None,
            })
        })
        .unwrap_or(ConstraintKind::Other);
    let deferrable = optional(evaluator, object, "deferrable").and_then(|value| match value {
        Value::Path(path) => path.rsplit('.').next().map(str::to_lowercase),
        _ => None,
    });
    Constraint {
        name: named(evaluator, object, draft),
        class: mro.first().cloned().unwrap_or_default(),
        kind,
        fields: names(evaluator, object, "fields"),
        expressions: expressions(evaluator, object),
        condition: optional(evaluator, object, "condition"),
        include: names(evaluator, object, "include"),
        opclasses: names(evaluator, object, "opclasses"),
        deferrable,
        nulls_distinct: attribute_bool(evaluator, object, "nulls_distinct")
            .filter(|_| !matches!(attribute(evaluator, object, "nulls_distinct"), None | Some(Evaluated::None))),
        index_type: attribute_str(evaluator, object, "index_type").map(|kind| kind.to_lowercase()),
        site: site::call_span(evaluator, object),
        condition_keyword: site::call_keyword(evaluator, object, &["check", "condition"]),
        declaration: declaration(evaluator, object),
    }
}

/// Names for indexes that have none (`Index.set_name_with_model`), once columns are known.
pub(crate) fn name_indexes(models: &mut Models) {
    for model in models.all.iter_mut().filter(|model| !model.abstract_) {
        let named: Vec<(usize, String)> = model
            .indexes
            .iter()
            .enumerate()
            .filter(|(_, index)| index.name.is_empty() && !index.fields.is_empty())
            .map(|(at, index)| (at, generated_name(model, index)))
            .collect();
        for (at, name) in named {
            model.indexes[at].name = name;
        }
    }
}

fn generated_name(model: &Model, index: &Index) -> String {
    let columns: Vec<String> = index
        .fields
        .iter()
        .map(|name| {
            let bare = name.trim_start_matches('-');
            let column = model.field(bare).and_then(|field| field.column.clone()).unwrap_or_else(|| bare.to_owned());
            if name.starts_with('-') { format!("-{column}") } else { column }
        })
        .collect();
    let suffix = match index.class.strip_prefix("django.contrib.postgres.indexes.") {
        Some(_) => index.method.as_str(),
        None if index.method == "btree" => "idx",
        None => index.method.as_str(),
    };
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    meta_index_name(&model.table, &columns, suffix)
}

/// Whether the class says anything of ordering itself, be it an empty list.
pub(crate) fn declares_ordering(model: &Model) -> bool {
    model.site.as_ref().is_some_and(|site| {
        site.meta_options.iter().any(|option| option.name == "ordering" || option.name == "order_with_respect_to")
    })
}
