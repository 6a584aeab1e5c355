//! Tables of a query under other names, and columns of the queries around it.

use std::sync::Arc;

use super::expression::{Expression, Node};
use super::query::{Alias, GroupBy, Query};

pub(crate) fn renamed(changes: &[(Alias, Alias)], alias: &Alias) -> Option<Alias> {
    changes.iter().find(|(old, _)| old == alias).map(|(_, new)| new.clone())
}

/// Columns of outer queries that a subquery refers to (`Query.get_external_cols`).
pub fn external_columns(query: &Query) -> Vec<Node> {
    let mut columns = Vec::new();
    for node in query.annotations.iter().map(|(_, node)| node).chain(&query.condition.children) {
        all_columns(node, &mut columns);
    }
    columns.retain(|column| match &**column {
        Expression::Column(column) => query.external_aliases.iter().any(|(alias, _)| *alias == column.alias),
        _ => false,
    });
    columns
}

pub(crate) fn all_columns(node: &Node, into: &mut Vec<Node>) {
    match &**node {
        Expression::Column(_) => into.push(node.clone()),
        Expression::Subquery { query, .. } | Expression::Exists { query, .. } => into.extend(external_columns(query)),
        other => {
            for child in other.children() {
                all_columns(child, into);
            }
        }
    }
}

/// `Query.relabeled_clone`.
pub fn relabeled(query: &Query, changes: &[(Alias, Alias)]) -> Query {
    let mut query = query.clone();
    change_aliases(&mut query, changes);
    query
}

/// `Query.change_aliases`.
pub fn change_aliases(query: &mut Query, changes: &[(Alias, Alias)]) {
    if changes.is_empty() {
        return;
    }
    for child in &mut query.condition.children {
        *child = child.relabel(changes);
    }
    if let GroupBy::By(nodes) = &mut query.group_by {
        for node in nodes {
            *node = node.relabel(changes);
        }
    }
    for node in &mut query.select {
        *node = node.relabel(changes);
    }
    for (_, node) in &mut query.annotations {
        *node = node.relabel(changes);
    }
    for (old, new) in changes {
        let Some(position) = query.sources.iter().position(|source| source.alias == *old) else { continue };
        let mut source = query.sources.remove(position);
        source.alias = new.clone();
        if let Some(join) = &mut source.join {
            if let Some(parent) = renamed(changes, &join.parent) {
                join.parent = parent;
            }
            if let Some(filtered) = &join.filtered
                && let Some(resolved) = &filtered.resolved
            {
                let mut changed = (**filtered).clone();
                changed.resolved = Some(resolved.relabel(changes));
                join.filtered = Some(Arc::new(changed));
            }
        }
        query.sources.push(source);
    }
    for (alias, aliased) in &mut query.external_aliases {
        if let Some(new) = renamed(changes, alias) {
            *alias = new;
            *aliased = true;
        }
    }
    for combined in &mut query.combined {
        let external: Vec<(Alias, Alias)> = changes
            .iter()
            .filter(|(old, _)| combined.external_aliases.iter().any(|(alias, _)| alias == old))
            .cloned()
            .collect();
        if !external.is_empty() {
            *combined = Arc::new(relabeled(combined, &external));
        }
    }
}
