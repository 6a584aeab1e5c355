//! Conditions: `_add_q`, `build_filter`, join promotion, and subqueries for negated conditions over many rows.
//!
//! Source: `django/db/models/sql/query.py`.

use std::sync::Arc;

use super::joins::{
    Final, Joined, Many, Missing, NamesWithPath, PathError, column, demote, final_column, initial_alias, join_columns,
    names_to_path, promote, setup_joins, trim_joins, unreference,
};
use super::lookup::{build_lookup, exact};
use super::q::{Child, Q};
use super::resolve::{is_expression, resolve, resolve_in_list};
use super::{Known, Scope};
use crate::model::{Call, Value};
use crate::queries::context::{Context, FieldId};
use crate::queries::expression::{Connector, Expression, Lookup, Node, Right, Where};
use crate::queries::query::{Alias, JoinField, JoinKind, Query, Source};

/// `filter()` and `exclude()`.
pub(crate) fn add_q(context: &Context, query: &mut Query, q: &Q) -> Known<()> {
    let inner: Vec<Alias> = inner_joins(query);
    let mut reuse = std::mem::take(&mut query.used_aliases);
    let result = add_q_inner(context, query, q, Scope::default(), Some(&mut reuse));
    query.used_aliases = reuse;
    let (node, _) = result?;
    if !node.children.is_empty() {
        query.condition.add(Arc::new(Expression::Where(node)), Connector::And);
    }
    demote(query, inner);
    Ok(())
}

/// `add_q(reuse_all=True)`.
pub(crate) fn add_q_anew(context: &Context, query: &mut Query, q: &Q) -> Known<()> {
    query.used_aliases = query.sources.iter().map(|source| source.alias.clone()).collect();
    add_q(context, query, q)
}

fn inner_joins(query: &Query) -> Vec<Alias> {
    query
        .sources
        .iter()
        .filter(|source| source.join.as_ref().is_some_and(|join| join.kind == JoinKind::Inner))
        .map(|source| source.alias.clone())
        .collect()
}

/// `_add_q`: the condition and the tables it needs rows of.
pub(crate) fn add_q_inner(
    context: &Context,
    query: &mut Query,
    q: &Q,
    scope: Scope,
    mut reuse: Option<&mut Vec<Alias>>,
) -> Known<(Where, Vec<Alias>)> {
    let scope = Scope {
        current_negated: scope.current_negated ^ q.negated,
        branch_negated: scope.branch_negated || q.negated,
        ..scope
    };
    let mut node = Where { connector: q.connector, negated: q.negated, ..Where::default() };
    let mut promoter = Promoter::new(q.connector, q.children.len(), scope.current_negated);
    for child in &q.children {
        let (clause, needed) = match child {
            Child::Q(inner) => add_q_inner(context, query, inner, scope, reuse.as_deref_mut())?,
            Child::Expression(value) => (condition(context, query, value, scope, reuse.as_deref_mut())?, Vec::new()),
            Child::Pair(name, value) => build_filter(context, query, name, value, scope, reuse.as_deref_mut())?,
        };
        promoter.vote(needed);
        if !clause.children.is_empty() {
            node.add(Arc::new(Expression::Where(clause)), q.connector);
        }
    }
    let needed = if scope.update_joins { promoter.update(query) } else { Vec::new() };
    Ok((node, needed))
}

/// A conditional expression as a filter.
fn condition(
    context: &Context,
    query: &mut Query,
    value: &Value,
    scope: Scope,
    reuse: Option<&mut Vec<Alias>>,
) -> Known<Where> {
    let scope = Scope { joins: scope.joins, summarize: scope.summarize, ..Scope::default() };
    // Up to 4.2 an expression may use every join there is.
    let reuse = if context.at_least(5, 0) { reuse } else { None };
    let node = resolve(context, query, value, scope, reuse)?;
    if !node.is_conditional(context) {
        return Err("a filter by an expression that is no condition".to_owned());
    }
    let node = match &*node {
        Expression::Lookup(_) => node,
        _ => exact(node, Value::Bool(true)),
    };
    Ok(Where::of(vec![node]))
}

/// `build_filter` for a name and a value.
fn build_filter(
    context: &Context,
    query: &mut Query,
    name: &str,
    value: &Value,
    scope: Scope,
    mut reuse: Option<&mut Vec<Alias>>,
) -> Known<(Where, Vec<Alias>)> {
    let parts: Vec<&str> = name.split("__").collect();
    let solved = solve(context, query, &parts, scope)?;
    let before: Vec<(Alias, i32)> =
        query.sources.iter().map(|source| (source.alias.clone(), source.references)).collect();
    let right = lookup_value(context, query, value, scope, reuse.as_deref_mut())?;
    let mut used: Vec<Alias> = query
        .sources
        .iter()
        .filter(|source| {
            let old = before.iter().find(|(alias, _)| *alias == source.alias).map_or(0, |(_, count)| *count);
            source.references > old
        })
        .map(|source| source.alias.clone())
        .collect();
    let (field_parts, lookups) = match solved {
        Solved::Annotation(node, lookups) => {
            let lookup = build_lookup(context, query, lookups, node, right)?;
            return Ok((Where::of(vec![lookup]), Vec::new()));
        }
        Solved::Path(field_parts, lookups) => (field_parts, lookups),
    };
    if !scope.joins && field_parts.len() > 1 {
        return Err("a join where none is allowed".to_owned());
    }
    let alias = initial_alias(context, query);
    let many = if scope.branch_negated && scope.split { Many::Split } else { Many::Allowed };
    let model = query.model;
    let joined = match setup_joins(context, query, field_parts, model, alias, reuse.as_deref_mut(), many) {
        Ok(joined) => joined,
        Err(PathError::Many(names)) => return split_exclude(context, query, name, value, reuse, &names),
        Err(PathError::Reason(reason)) => return Err(reason),
    };
    for alias in &joined.aliases {
        if !used.contains(alias) {
            used.push(alias.clone());
        }
    }
    let (target, alias, aliases) = trim_joins(context, query, joined.target, &joined.aliases, &joined.steps);
    if let Some(reuse) = reuse {
        for alias in &aliases {
            if !reuse.contains(alias) {
                reuse.push(alias.clone());
            }
        }
    }
    let left = match &joined.last {
        Final::Field(field) if context.field(*field).relation.is_none() => column(context, &alias, target),
        last => final_column(context, &alias, target, last),
    };
    let mut rest: Vec<&str> = joined.transforms.iter().map(|name| &**name).collect();
    rest.extend(lookups);
    let is_column_right = match &right {
        Right::Node(node) => matches!(&**node, Expression::Column(_)).then(|| node.clone()),
        _ => None,
    };
    let had_none = matches!(&right, Right::Value(Value::List(items) | Value::Tuple(items) | Value::Set(items)) if items.contains(&Value::None));
    let lookup = build_lookup(context, query, &rest, left, right)?;
    let Expression::Lookup(built) = &*lookup else { return Ok((Where::of(vec![lookup]), used)) };
    let is_null_name = &*built.name == "isnull";
    let right_is = |wanted: bool| matches!(&built.right, Right::Value(Value::Bool(value)) if *value == wanted);
    let right_none = matches!(&built.right, Right::Value(Value::None));
    let mut clause = Where::of(vec![lookup.clone()]);
    let mut outer = is_null_name && right_is(true) && !scope.current_negated;
    if scope.current_negated && (!is_null_name || right_is(false)) && !right_none {
        outer = true;
        if !is_null_name {
            let last = aliases.last().and_then(|alias| query.source(alias));
            let is_outer =
                last.and_then(|source| source.join.as_ref()).is_some_and(|join| join.kind == JoinKind::LeftOuter);
            if context.field(target).null || is_outer {
                let col = column(context, &alias, target);
                if &*built.name == "in" && had_none && context.at_least(6, 1) {
                    clause.add(is_null(col, true), Connector::Or);
                } else {
                    clause.add(is_null(col, false), Connector::And);
                }
            }
            if let Some(node) = is_column_right
                && let Expression::Column(right) = &*node
                && context.field(right.field).null
            {
                clause.add(is_null(node.clone(), false), Connector::And);
            }
        }
    }
    Ok((clause, if outer { Vec::new() } else { used }))
}

pub(crate) fn is_null(left: Node, null: bool) -> Node {
    Arc::new(Expression::Lookup(Lookup { name: "isnull".into(), left, right: Right::Value(Value::Bool(null)) }))
}

enum Solved<'n> {
    Annotation(Node, &'n [&'n str]),
    Path(&'n [&'n str], &'n [&'n str]),
}

/// `solve_lookup_type`.
fn solve<'n>(context: &Context, query: &Query, parts: &'n [&'n str], scope: Scope) -> Known<Solved<'n>> {
    if !query.annotations.is_empty() {
        for length in (1..=parts.len()).rev() {
            let name = parts[..length].join("__");
            if let Some(node) = query.annotation(&name) {
                let node = if scope.summarize {
                    Arc::new(Expression::Ref { name: name.as_str().into(), source: node.clone() })
                } else {
                    node.clone()
                };
                if scope.filterable && !is_filterable(&node, context) {
                    return Err("a filter by what cannot be filtered by".to_owned());
                }
                return Ok(Solved::Annotation(node, &parts[length..]));
            }
        }
    }
    let path = names_to_path(context, query, parts, query.model, Many::Allowed, Missing::Rest);
    let path = match path {
        Ok(path) => path,
        Err(PathError::Reason(reason)) => return Err(reason),
        Err(PathError::Many(_)) => return Err("a relation to many rows".to_owned()),
    };
    let split = parts.len() - path.rest.len();
    Ok(Solved::Path(&parts[..split], &parts[split..]))
}

/// Up to Django 4.1 windows could not be filtered by; everything else can.
fn is_filterable(_node: &Node, _context: &Context) -> bool {
    true
}

/// `resolve_lookup_value`.
fn lookup_value(
    context: &Context,
    query: &mut Query,
    value: &Value,
    scope: Scope,
    reuse: Option<&mut Vec<Alias>>,
) -> Known<Right> {
    let scope = Scope { joins: scope.joins, summarize: scope.summarize, ..Scope::default() };
    if is_expression(value) {
        return Ok(Right::Node(resolve(context, query, value, scope, reuse)?));
    }
    match value {
        Value::List(items) | Value::Tuple(items) | Value::Set(items) if items.iter().any(is_expression) => {
            Ok(Right::Nodes(resolve_in_list(context, query, items, scope, reuse)?))
        }
        other => Ok(Right::Value(other.clone())),
    }
}

/// `split_exclude`: `NOT (EXISTS (…))` over the rows that match.
fn split_exclude(
    context: &Context,
    query: &mut Query,
    name: &str,
    value: &Value,
    reuse: Option<&mut Vec<Alias>>,
    names: &NamesWithPath,
) -> Known<(Where, Vec<Alias>)> {
    let mut inner = Query::new(query.model);
    inner.filtered_relations.clone_from(&query.filtered_relations);
    let value = outer_reference(value);
    let q = Q::all(vec![Child::Pair(name.to_owned(), value)]);
    add_q(context, &mut inner, &q)?;
    inner.order_by.clear();
    inner.extra_order_by.clear();
    inner.default_ordering = false;
    let lookup_joins = lookup_joins(context, &inner, name);
    let (prefix, contains_outer) = trim_start(context, &mut inner, names, &lookup_joins)?;
    let Some(col) = inner.select.first().cloned() else { return Err("a subquery without column".to_owned()) };
    let Expression::Column(selected) = &*col else { return Err("a subquery without column".to_owned()) };
    let reused = reuse.as_deref().is_some_and(|reuse| reuse.contains(&selected.alias));
    if reused {
        let key = context.meta(selected.field.model).primary_key.ok_or("a model without primary key")?;
        let outer = selected.alias.clone();
        super::subquery::bump_prefix(&mut inner, query, &[]);
        let alias = match inner.select.first().map(|node| &**node) {
            Some(Expression::Column(column)) => column.alias.clone(),
            _ => outer.clone(),
        };
        let lookup = Arc::new(Expression::Lookup(Lookup {
            name: "exact".into(),
            left: column(context, &alias, key),
            right: Right::Node(column(context, &outer, key)),
        }));
        inner.condition.add(lookup, Connector::And);
        inner.external_aliases.push((outer, true));
    }
    if !reused || !context.at_least(5, 0) {
        let right = Right::Node(Arc::new(Expression::Outer { name: prefix.as_str().into(), level: 0 }));
        let lookup = Arc::new(Expression::Lookup(Lookup { name: "exact".into(), left: col, right }));
        inner.condition.add(lookup, Connector::And);
    }
    let exists = super::subquery::exists_node(context, &inner)?;
    let exists = super::subquery::resolve_subqueries(context, query, &exists, Scope::default(), None)?;
    let mut clause = Where::of(vec![exact(exists, Value::Bool(true))]);
    if contains_outer {
        let scope = Scope { current_negated: true, branch_negated: true, ..Scope::default() };
        let (or_null, _) =
            build_filter(context, query, &format!("{prefix}__isnull"), &Value::Bool(true), scope, reuse)?;
        clause.add(Arc::new(Expression::Where(or_null)), Connector::Or);
    }
    Ok((clause, Vec::new()))
}

/// The value as the inner query sees it: names refer to the query outside.
fn outer_reference(value: &Value) -> Value {
    match value {
        Value::Call(call) if call.class == "django.db.models.expressions.OuterRef" => {
            Value::Call(Box::new(Call { args: vec![value.clone()], kwargs: Vec::new(), ..(**call).clone() }))
        }
        Value::Call(call) if call.class == "django.db.models.expressions.F" => {
            let class = "django.db.models.expressions.OuterRef".to_owned();
            let mut mro = vec![class.clone()];
            mro.extend(call.mro.iter().cloned());
            Value::Call(Box::new(Call { class, mro, args: call.args.clone(), kwargs: call.kwargs.clone() }))
        }
        other => other.clone(),
    }
}

/// `_lookup_joins` of the query that was just filtered: every table on the way to the field.
fn lookup_joins(context: &Context, inner: &Query, name: &str) -> Vec<Alias> {
    let mut probe = inner.clone();
    let parts: Vec<&str> = name.split("__").collect();
    let path = names_to_path(context, &probe, &parts, probe.model, Many::Allowed, Missing::Rest);
    let Ok(path) = path else { return Vec::new() };
    let length = parts.len() - path.rest.len();
    let alias = initial_alias(context, &mut probe);
    let model = probe.model;
    let joined: Result<Joined, PathError> =
        setup_joins(context, &mut probe, &parts[..length], model, alias, None, Many::Allowed);
    joined.map(|joined| joined.aliases).unwrap_or_default()
}

/// `trim_start`: the subquery begins at the first table with many rows.
fn trim_start(
    context: &Context,
    query: &mut Query,
    names: &NamesWithPath,
    lookup_joins: &[Alias],
) -> Known<(String, bool)> {
    let all: Vec<&super::joins::Step> = names.iter().flat_map(|(_, steps)| steps).collect();
    let base = query.sources.first().map(|source| source.alias.clone());
    let tables: Vec<Alias> = query
        .sources
        .iter()
        .map(|source| source.alias.clone())
        .filter(|alias| lookup_joins.contains(alias) || Some(alias) == base.as_ref())
        .collect();
    let mut contains_outer = false;
    let mut trimmed = 0;
    let mut step = None;
    for (index, candidate) in all.iter().enumerate() {
        trimmed = index;
        step = Some(*candidate);
        if candidate.many {
            break;
        }
        let next = tables.get(index + 1).and_then(|alias| query.source(alias));
        if next.and_then(|source| source.join.as_ref()).is_some_and(|join| join.kind == JoinKind::LeftOuter) {
            contains_outer = true;
        }
        if let Some(alias) = tables.get(index).cloned() {
            unreference(query, &alias);
        }
    }
    let step = step.ok_or("a path without relations")?;
    // `path.join_field.field`: the key itself, whichever way the join goes.
    let (near, far) = match step.join {
        JoinField::Forward(key) | JoinField::Reverse(key) => (key, context.target(key).ok_or("an unknown relation")?),
        JoinField::Generic(_) | JoinField::GenericReverse(_) => {
            let (near, far) = join_columns(context, step.join).ok_or("an unknown relation")?;
            match step.join {
                JoinField::Generic(_) => (far, near),
                _ => (near, far),
            }
        }
    };
    let mut left = trimmed as i64;
    let mut prefix: Vec<Arc<str>> = Vec::new();
    for (name, steps) in names {
        if left - (steps.len() as i64) < 0 {
            break;
        }
        prefix.push(name.clone());
        left -= steps.len() as i64;
    }
    prefix.push(context.field(far).name.as_str().into());
    let first = tables.get(trimmed + 1).cloned().ok_or("a subquery without table")?;
    let before = tables.get(trimmed).cloned().ok_or("a subquery without table")?;
    let join = query.source(&first).and_then(|source| source.join.clone());
    let keeps = join.is_some_and(|join| join.kind != JoinKind::LeftOuter && join.filtered.is_none());
    let (field, alias): (FieldId, Alias) = if keeps {
        unreference(query, &before);
        if let JoinField::Generic(_) = step.join
            && let Some(restriction) = super::lookup::content_type_condition(context, step.join, &first)
        {
            query.condition.add(restriction, Connector::And);
        }
        (near, first)
    } else {
        (far, before)
    };
    if let Some(source) = query.sources.iter_mut().find(|source| source.references > 0) {
        *source = Source { join: None, ..source.clone() };
    }
    query.default_columns = false;
    query.select = vec![column(context, &alias, field)];
    Ok((prefix.join("__"), contains_outer))
}

/// `JoinPromoter`: inner joins where a condition needs a row, outer joins where it may do without.
struct Promoter {
    effective: Connector,
    children: usize,
    votes: Vec<(Alias, usize)>,
}

impl Promoter {
    fn new(connector: Connector, children: usize, negated: bool) -> Promoter {
        let effective = match (negated, connector) {
            (true, Connector::And) => Connector::Or,
            (true, _) => Connector::And,
            (false, connector) => connector,
        };
        Promoter { effective, children, votes: Vec::new() }
    }

    fn vote(&mut self, aliases: Vec<Alias>) {
        for alias in aliases {
            match self.votes.iter_mut().find(|(other, _)| *other == alias) {
                Some((_, count)) => *count += 1,
                None => self.votes.push((alias, 1)),
            }
        }
    }

    fn update(self, query: &mut Query) -> Vec<Alias> {
        let mut up = Vec::new();
        let mut down = Vec::new();
        for (alias, votes) in self.votes {
            if self.effective == Connector::Or && votes < self.children {
                up.push(alias.clone());
            }
            if self.effective == Connector::And || (self.effective == Connector::Or && votes == self.children) {
                down.push(alias);
            }
        }
        promote(query, up);
        demote(query, down.clone());
        down
    }
}
