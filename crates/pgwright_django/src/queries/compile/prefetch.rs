//! The queries that `prefetch_related()` runs after the first (`prefetch_related_objects`).
//!
//! Source: `get_prefetch_querysets` in `django/db/models/fields/related_descriptors.py` and `contenttypes/fields.py`.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{Outcome, Terminal, select};
use crate::model::{ModelId, Value};
use crate::queries::build::filter::add_q_anew;
use crate::queries::build::joins::{column, initial_alias, through_keys};
use crate::queries::build::q::{Child, Q};
use crate::queries::build::subquery::{Default, Force, clear_ordering};
use crate::queries::context::{Context, FieldId, Named};
use crate::queries::expression::{Connector, Expression, Lookup, Right};
use crate::queries::query::{Prefetch, Query, RawSelect, SelectRelated, Tree};

/// One query of a prefetch.
#[derive(Debug, Clone, PartialEq)]
pub struct Prefetched {
    /// From the instances of the first query, by attribute names.
    pub path: Arc<str>,
    /// Where the rows are put, when not on the relation itself.
    pub to_attr: Option<Arc<str>>,
    pub model: ModelId,
    pub query: Query,
    pub outcome: Outcome,
}

/// Which manager a relation is fetched through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Through {
    /// To one row.
    BaseManager,
    /// To many rows.
    DefaultManager,
}

/// What is known of the instances at a path.
struct Level {
    model: ModelId,
    /// Relations that are loaded already.
    loaded: Tree,
}

/// The queries in the order they are sent; `base` gives the queryset of a model's manager.
///
/// What cannot be said stands in its place with an [`Outcome::Unknown`].
pub fn prefetches(context: &Context, query: &Query, base: &impl Fn(ModelId, Through) -> Query) -> Vec<Prefetched> {
    let mut results: Vec<Prefetched> = Vec::new();
    let mut levels: Vec<(String, Level)> =
        vec![(String::new(), Level { model: query.model, loaded: loaded_of(query) })];
    let mut queue: VecDeque<Prefetch> = query.prefetch.iter().cloned().collect();
    let mut turns = 0;
    while let Some(wanted) = queue.pop_front() {
        turns += 1;
        // Django would notice a prefetch that leads to itself; here it merely ends.
        if turns > 256 {
            break;
        }
        let parts: Vec<&str> = wanted.path.split("__").collect();
        let mut at = String::new();
        for (index, part) in parts.iter().enumerate() {
            let last = index + 1 == parts.len();
            let name: &str = match &wanted.to_attr {
                Some(name) if last => name,
                _ => part,
            };
            let next = if at.is_empty() { name.to_owned() } else { format!("{at}__{name}") };
            if levels.iter().any(|(path, _)| *path == next) {
                at = next;
                continue;
            }
            let Some((_, level)) = levels.iter().find(|(path, _)| *path == at) else { break };
            let given = if last { wanted.queryset.as_deref() } else { None };
            let loaded = level.loaded.get(part).cloned();
            match step(context, level.model, part, given, base) {
                Ok(found) if loaded.is_some() => {
                    let level = Level { model: found.model, loaded: loaded.unwrap_or_default() };
                    levels.push((next.clone(), level));
                }
                Ok(found) => {
                    let mut found_query = found.query;
                    // The prefetches of its own queryset come next.
                    for inner in found_query.prefetch.iter().rev() {
                        let path = format!("{next}__{}", inner.path);
                        queue.push_front(Prefetch { path: path.as_str().into(), ..inner.clone() });
                    }
                    found_query.prefetch = Arc::default();
                    let mut loaded = loaded_of(&found_query);
                    if let Some(back) = found.back {
                        loaded.insert(&back);
                    }
                    let outcome = select(context, &found_query, &Terminal::Iterate);
                    levels.push((next.clone(), Level { model: found.model, loaded }));
                    results.push(Prefetched {
                        path: next.as_str().into(),
                        to_attr: wanted.to_attr.clone().filter(|_| last),
                        model: found.model,
                        query: found_query,
                        outcome,
                    });
                }
                Err(reason) => {
                    results.push(Prefetched {
                        path: next.as_str().into(),
                        to_attr: None,
                        model: level.model,
                        query: Query::new(level.model),
                        outcome: Outcome::Unknown(reason),
                    });
                    break;
                }
            }
            at = next;
        }
    }
    results
}

fn loaded_of(query: &Query) -> Tree {
    match &query.select_related {
        SelectRelated::Named(tree) => (**tree).clone(),
        _ => Tree::default(),
    }
}

struct Found {
    model: ModelId,
    query: Query,
    /// The relation back, which each row gets set.
    back: Option<String>,
}

/// The relation behind an attribute: forward by field name, backward by accessor.
fn attribute(context: &Context, model: ModelId, name: &str) -> Option<Named> {
    let forward = context.meta(model).named(name);
    if let Some(Named::Column(_) | Named::ManyToMany(_) | Named::Generic(_) | Named::GenericKey) = forward {
        return forward;
    }
    context.meta(model).reverse_by_accessor(context, name)
}

fn step(
    context: &Context,
    model: ModelId,
    name: &str,
    given: Option<&Query>,
    base: &impl Fn(ModelId, Through) -> Query,
) -> Result<Found, String> {
    let unknown = || format!("{} has no relation `{name}` to prefetch", context.models.get(model).label());
    let rows = || Value::Unknown("the instances".to_owned());
    let start = |model: ModelId, through: Through| given.cloned().unwrap_or_else(|| base(model, through));
    let pair = |name: String| Q::all(vec![Child::Pair(name, rows())]);
    match attribute(context, model, name).ok_or_else(unknown)? {
        Named::Column(key) => {
            let to = context.field(key).relation.as_ref().and_then(|relation| relation.to).ok_or_else(unknown)?;
            let target = context.target(key).ok_or_else(unknown)?;
            let mut query = start(to, Through::BaseManager);
            if context.at_least(5, 2) {
                let alias = initial_alias(context, &mut query);
                let left = column(context, &alias, target);
                let lookup = Lookup { name: "tuple_in".into(), left, right: Right::Value(rows()) };
                query.condition.add(Arc::new(Expression::Lookup(lookup)), Connector::And);
            } else {
                query = anew(query);
                let q = pair(format!("{}__in", context.field(target).name));
                crate::queries::build::filter::add_q(context, &mut query, &q)?;
            }
            if context.at_least(5, 0) {
                clear_ordering(context, &mut query, Force::No, Default::Clear);
            }
            let back = context.field(key).unique.then(|| reverse_name(context, key)).flatten();
            Ok(Found { model: to, query, back })
        }
        Named::Reverse(key) => {
            let unique = context.field(key).unique;
            let through = if unique { Through::BaseManager } else { Through::DefaultManager };
            let query = start(key.model, through);
            if query.is_sliced() {
                return Err("a prefetch of a slice".to_owned());
            }
            let q = pair(format!("{}__in", context.field(key).name));
            let mut query = filtered(context, query, &q, unique)?;
            if unique && context.at_least(5, 0) {
                clear_ordering(context, &mut query, Force::No, Default::Clear);
            }
            Ok(Found { model: key.model, query, back: Some(context.field(key).name.clone()) })
        }
        named @ (Named::ManyToMany(field) | Named::ReverseMany(field)) => {
            let (source, target) = through_keys(context, field)?;
            let forward = matches!(named, Named::ManyToMany(_));
            let to = context.field(field).relation.as_ref().and_then(|relation| relation.to).ok_or_else(unknown)?;
            let (model, name, key) = if forward {
                (to, reverse_name(context, field).ok_or_else(unknown)?, source)
            } else {
                (field.model, context.field(field).name.clone(), target)
            };
            let query = start(model, Through::DefaultManager);
            if query.is_sliced() {
                return Err("a prefetch of a slice".to_owned());
            }
            let mut query = filtered(context, query, &pair(format!("{name}__in")), false)?;
            let key_field = context.field(key);
            let table = &context.meta(key.model).table;
            let sql = format!("\"{table}\".\"{}\"", key_field.column.as_deref().unwrap_or_default());
            let alias = format!("_prefetch_related_val_{}", key_field.attname);
            query.extra.push((alias.as_str().into(), Arc::new(RawSelect { sql, parameters: Vec::new() })));
            Ok(Found { model, query, back: None })
        }
        Named::Generic(generic) => {
            let field = &context.models.get(generic.model).private_fields[generic.index as usize];
            let to = field.to_label.as_deref().and_then(|label| context.models.by_label(label)).ok_or_else(unknown)?;
            let query = start(to.id, Through::DefaultManager);
            let q = Q::all(vec![
                Child::Pair(format!("{}__pk", field.content_type_field), Value::Unknown("the content type".to_owned())),
                Child::Pair(format!("{}__in", field.object_id_field), rows()),
            ]);
            let mut query = anew(query);
            crate::queries::build::filter::add_q(context, &mut query, &q)?;
            Ok(Found { model: to.id, query, back: None })
        }
        Named::GenericKey => Err(format!("what `{name}` points to depends on the rows")),
        Named::GenericReverse(_) => Err(unknown()),
    }
}

fn anew(mut query: Query) -> Query {
    query.used_aliases.clear();
    query
}

/// `_filter_prefetch_queryset`: from 5.0 on every join may be used again.
fn filtered(context: &Context, query: Query, q: &Q, unique: bool) -> Result<Query, String> {
    let mut query = anew(query);
    if context.at_least(5, 0) && !unique {
        add_q_anew(context, &mut query, q)?;
    } else {
        crate::queries::build::filter::add_q(context, &mut query, q)?;
    }
    Ok(query)
}

/// `related_query_name()` of a field.
fn reverse_name(context: &Context, field: FieldId) -> Option<String> {
    let to = context.field(field).relation.as_ref().and_then(|relation| relation.to)?;
    context.meta(to).reverse_name(field)
}
