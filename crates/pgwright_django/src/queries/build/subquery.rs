//! Queries inside queries: prefixes of aliases, references to the query outside.
//!
//! Source: `Query.resolve_expression`, `Query.bump_prefix`, `Query.clear_ordering`.

use std::sync::Arc;

use super::resolve::resolve_ref;
use super::{Known, Scope};
use crate::queries::context::Context;
use crate::queries::expression::{Column, Expression, Node, change_aliases};
use crate::queries::query::{Alias, Query};

type Reuse<'r> = Option<&'r mut Vec<Alias>>;

/// `Query.resolve_expression`: the inner query with its own aliases, its references to the outer one resolved.
pub(crate) fn resolve_query(
    context: &Context,
    outer: &mut Query,
    inner: &Query,
    scope: Scope,
    mut reuse: Reuse<'_>,
) -> Known<Query> {
    let mut inner = inner.clone();
    bump_prefix(&mut inner, outer, &[]);
    inner.subquery = true;
    for index in 0..inner.condition.children.len() {
        let child = inner.condition.children[index].clone();
        inner.condition.children[index] = resolve_subqueries(context, outer, &child, scope, reuse.as_deref_mut())?;
    }
    if inner.combinator.is_some() {
        for index in 0..inner.combined.len() {
            let part = inner.combined[index].clone();
            inner.combined[index] = Arc::new(resolve_query(context, outer, &part, scope, reuse.as_deref_mut())?);
        }
    }
    for index in 0..inner.annotations.len() {
        let node = inner.annotations[index].1.clone();
        let node = resolve_subqueries(context, outer, &node, scope, reuse.as_deref_mut())?;
        inner.annotations[index].1 = mark_resolved(&node);
    }
    for source in &outer.sources {
        let aliased = source.alias != source.table;
        match inner.external_aliases.iter_mut().find(|(alias, _)| *alias == source.alias) {
            Some((_, old)) => *old = aliased,
            None => inner.external_aliases.push((source.alias.clone(), aliased)),
        }
    }
    Ok(inner)
}

/// Resolves what refers to the query outside, here and in queries further inside.
pub(crate) fn resolve_subqueries(
    context: &Context,
    outer: &mut Query,
    node: &Node,
    scope: Scope,
    mut reuse: Reuse<'_>,
) -> Known<Node> {
    match &**node {
        Expression::Outer { name, level: 0 } => {
            let found = resolve_ref(context, outer, name, scope, reuse)?;
            if found.contains_over_clause() {
                return Err("a reference to a window of the outer query".to_owned());
            }
            if name.contains("__")
                && let Expression::Column(column) = &*found
            {
                return Ok(Arc::new(Expression::Column(Column { multivalued: true, ..column.clone() })));
            }
            Ok(found)
        }
        Expression::Outer { name, level } => Ok(Arc::new(Expression::Outer { name: name.clone(), level: level - 1 })),
        Expression::Column(_)
        | Expression::Value { .. }
        | Expression::Star
        | Expression::Raw { .. }
        | Expression::Ref { .. }
        | Expression::Position { .. }
        | Expression::Nothing
        | Expression::Extra { .. } => Ok(node.clone()),
        Expression::Subquery { query, template, output } => {
            let query = Arc::new(resolve_query(context, outer, query, scope, reuse)?);
            Ok(Arc::new(Expression::Subquery { query, template: template.clone(), output: output.clone() }))
        }
        Expression::Exists { query, template } => {
            let query = Arc::new(resolve_query(context, outer, query, scope, reuse)?);
            Ok(Arc::new(Expression::Exists { query, template: template.clone() }))
        }
        other => {
            let mapped =
                other.map(&mut |child| resolve_subqueries(context, outer, child, scope, reuse.as_deref_mut()))?;
            Ok(Arc::new(mapped))
        }
    }
}

/// `WhereNode.resolve_expression`: a condition inside an expression keeps its parentheses.
pub(crate) fn mark_resolved(node: &Node) -> Node {
    fn has_where(node: &Expression) -> bool {
        match node {
            Expression::Where(inner) => !inner.resolved || inner.children.iter().any(|child| has_where(child)),
            other => other.children().iter().any(|child| has_where(child)),
        }
    }
    if !has_where(node) {
        return node.clone();
    }
    let mapped = node.map(&mut |child| Ok::<_, ()>(mark_resolved(child)));
    let Ok(mapped) = mapped else { return node.clone() };
    Arc::new(match mapped {
        Expression::Where(mut inner) => {
            inner.resolved = true;
            Expression::Where(inner)
        }
        other => other,
    })
}

/// `Exists(query)` before it is resolved.
pub(crate) fn exists_node(context: &Context, query: &Query) -> Known<Node> {
    let mut query = query.clone();
    query.subquery = true;
    let query = super::combine::exists(context, &query)?;
    Ok(Arc::new(Expression::Exists { query: Arc::new(query), template: None }))
}

/// `Query.bump_prefix`: `U`, `V`, … `Z`, then `AA`, `AB`….
pub(crate) fn bump_prefix(inner: &mut Query, outer: &mut Query, exclude: &[Alias]) {
    if inner.alias_prefix != outer.alias_prefix {
        return;
    }
    let mut prefix = next_prefix(&inner.alias_prefix);
    // Bounded as Django bounds it, by the depth of recursion.
    for _ in 0..512 {
        if !inner.subquery_prefixes.iter().any(|used| **used == *prefix) {
            break;
        }
        prefix = next_prefix(&prefix);
    }
    let prefix: Alias = prefix.into();
    inner.alias_prefix = prefix.clone();
    if !inner.subquery_prefixes.contains(&prefix) {
        inner.subquery_prefixes.push(prefix.clone());
    }
    for prefix in &inner.subquery_prefixes {
        if !outer.subquery_prefixes.contains(prefix) {
            outer.subquery_prefixes.push(prefix.clone());
        }
    }
    let changes: Vec<(Alias, Alias)> = inner
        .sources
        .iter()
        .enumerate()
        .filter(|(_, source)| !exclude.contains(&source.alias))
        .map(|(position, source)| (source.alias.clone(), format!("{prefix}{position}").into()))
        .collect();
    change_aliases(inner, &changes);
}

fn next_prefix(prefix: &str) -> String {
    let mut letters: Vec<u8> = prefix.bytes().collect();
    let mut at = letters.len();
    while at > 0 {
        at -= 1;
        if letters[at] < b'Z' {
            letters[at] += 1;
            return String::from_utf8(letters).unwrap_or_default();
        }
        letters[at] = b'A';
    }
    letters.insert(0, b'A');
    String::from_utf8(letters).unwrap_or_default()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Force {
    Yes,
    /// Only where the order makes no difference.
    No,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Default {
    Clear,
    Keep,
}

/// `Query.clear_ordering`.
pub(crate) fn clear_ordering(context: &Context, query: &mut Query, force: Force, default: Default) {
    if force == Force::No && (query.is_sliced() || !query.distinct_fields.is_empty() || query.lock.is_some()) {
        return;
    }
    query.order_by.clear();
    query.extra_order_by.clear();
    if default == Default::Clear {
        query.default_ordering = false;
    }
    // Up to 6.0 the parts of a union keep their order.
    if !context.at_least(6, 1) {
        return;
    }
    for part in &mut query.combined {
        let mut changed = (**part).clone();
        clear_ordering(context, &mut changed, Force::No, default);
        *part = Arc::new(changed);
    }
}
