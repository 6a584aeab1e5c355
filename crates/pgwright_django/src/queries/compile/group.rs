//! GROUP BY (`SQLCompiler.get_group_by`, `collapse_group_by`).

use std::sync::Arc;

use super::order::Ordered;
use super::statement::alias_of;
use super::text::{Stop, Text, Written};
use super::{Compiler, Selection};
use crate::queries::expression::{Expression, Node};
use crate::queries::query::{Alias, GroupBy};

impl Compiler<'_, '_> {
    pub(crate) fn group_by(&self, order: &[Ordered], extra: &[Selection]) -> Written<Vec<Text>> {
        let mut expressions: Vec<Node> = Vec::new();
        let mut references: Vec<Alias> = Vec::new();
        match &self.query.group_by {
            GroupBy::None => return Ok(Vec::new()),
            GroupBy::Model => {}
            GroupBy::By(nodes) => {
                for node in nodes {
                    match &**node {
                        Expression::Ref { name, source } => {
                            if !references.contains(name) {
                                references.push(name.clone());
                                expressions.push(source.clone());
                            }
                        }
                        _ => expressions.push(node.clone()),
                    }
                }
            }
        }
        let mut positions: Vec<(&Node, usize)> = Vec::new();
        for (index, selection) in self.select.iter().enumerate() {
            if let Some(alias) = &selection.alias {
                positions.push((&selection.node, index + 1));
                if references.contains(alias) {
                    continue;
                }
            }
            expressions.extend(selection.node.group_by_columns(self.context));
        }
        for selection in extra {
            expressions.extend(selection.node.group_by_columns(self.context));
        }
        if !self.meta_ordering {
            for ordered in order.iter().filter(|ordered| !ordered.reference) {
                expressions.extend(ordered.node.group_by_columns(self.context));
            }
        }
        let having: Vec<Node> = match &self.having {
            Some(having) => Arc::new(Expression::Where(having.clone())).group_by_columns(self.context),
            None => Vec::new(),
        };
        expressions.extend(having.iter().cloned());
        let mut result: Vec<Text> = Vec::new();
        for node in self.collapsed(expressions, &having) {
            let mut text = Text::default();
            if let Some((_, position)) = positions.iter().rev().find(|(known, _)| **known == node) {
                match self.write(&node, &mut text) {
                    Ok(()) => {}
                    Err(Stop::Empty | Stop::Full) => continue,
                    Err(other) => return Err(other),
                }
                text = Text { sql: position.to_string(), parameters: Vec::new() };
            } else {
                match self.write(&node, &mut text) {
                    Ok(()) => {}
                    Err(Stop::Empty | Stop::Full) => continue,
                    Err(other) => return Err(other),
                }
            }
            if !result.contains(&text) {
                result.push(text);
            }
        }
        Ok(result)
    }

    /// A primary key stands for the columns of its table.
    fn collapsed(&self, expressions: Vec<Node>, having: &[Node]) -> Vec<Node> {
        let is_key = |node: &Node| match &**node {
            Expression::Column(column) => {
                self.context.field(column.field).primary_key && self.context.models.get(column.field.model).managed
            }
            _ => false,
        };
        let aliases: Vec<Alias> =
            expressions.iter().filter(|node| is_key(node)).filter_map(alias_of).cloned().collect();
        expressions
            .into_iter()
            .filter(|node| {
                is_key(node) || having.contains(node) || alias_of(node).is_none_or(|alias| !aliases.contains(alias))
            })
            .collect()
    }
}
