//! Unions, and conditions on windows, which are asked of a subquery.

use std::sync::Arc;

use super::text::{Stop, Text, Written};
use super::{ColumnAliases, Compiler, Limits};
use crate::queries::build::values::{Select, add_annotation, set_values};
use crate::queries::expression::{Expression, Node, Where};
use crate::queries::query::{Alias, Combinator, Query};

impl Compiler<'_, '_> {
    /// `get_combinator_sql`.
    pub(super) fn write_combinator(&mut self, combinator: Combinator, out: &mut Text) -> Written<()> {
        let union = matches!(combinator, Combinator::Union | Combinator::UnionAll);
        let mut parts: Vec<Text> = Vec::new();
        let mut empty: Option<Arc<Query>> = None;
        let keep_empty = self.query.is_sliced() && union && !self.context.at_least(5, 0);
        for query in self.query.combined.clone() {
            match self.combined_part(&query, !keep_empty) {
                Ok(text) => parts.push(text),
                Err(Stop::Empty) if union || (combinator == Combinator::Difference && !parts.is_empty()) => {
                    empty = Some(query);
                }
                Err(other) => return Err(other),
            }
        }
        if parts.is_empty() {
            return Err(Stop::Empty);
        }
        if let [_] = parts.as_slice()
            && union
            && self.query.is_sliced()
            && self.context.at_least(5, 0)
            && let Some(empty) = empty
        {
            parts.push(self.combined_part(&empty, false)?);
        }
        let operator = match combinator {
            Combinator::Union => " UNION ",
            Combinator::UnionAll => " UNION ALL ",
            Combinator::Intersection => " INTERSECT ",
            Combinator::Difference => " EXCEPT ",
        };
        for (index, text) in parts.iter().enumerate() {
            if index > 0 {
                out.push(operator);
            }
            if !self.query.subquery {
                out.push("(");
            }
            out.append(text);
            if !self.query.subquery {
                out.push(")");
            }
        }
        Ok(())
    }

    fn combined_part(&self, query: &Query, elide_empty: bool) -> Written<Text> {
        let mut query = query.clone();
        if self.context.at_least(5, 2) {
            if let Some(selected) = &self.query.selected
                && query.selected.is_none()
            {
                let names: Vec<Alias> = selected.iter().map(|(name, _)| name.clone()).collect();
                set_values(self.context, &mut query, &names)?;
            }
        } else if query.values_select.is_empty() && !self.query.values_select.is_empty() {
            let mut names: Vec<Alias> = self.query.selected_extra().map(|(name, _)| name.clone()).collect();
            names.extend(self.query.values_select.iter().cloned());
            names.extend(self.query.selected_annotations().map(|(name, _)| name.clone()));
            set_values(self.context, &mut query, &names)?;
        }
        let nested = query.combinator.is_some();
        let mut compiler = Compiler::new(self.context, query);
        compiler.elide_empty = elide_empty;
        let mut text = compiler.as_sql(Limits::Keep, ColumnAliases::All)?;
        let _ = nested;
        if self.query.subquery {
            text.sql.insert(0, '(');
            text.push(")");
        }
        Ok(text)
    }

    /// `get_qualify_sql`: conditions on windows are asked of a subquery.
    pub(super) fn write_qualify(&mut self, out: &mut Text) -> Written<()> {
        let mut parts: Vec<Node> = Vec::new();
        for node in [&self.condition, &self.having].into_iter().flatten() {
            parts.push(Arc::new(Expression::Where(node.clone())));
        }
        let mut inner = self.query.clone();
        inner.subquery = true;
        inner.condition = Where::of(parts);
        let mut probe = Compiler::new(self.context, self.query.clone());
        probe.setup(ColumnAliases::All)?;
        let select: Vec<(Node, Alias)> = probe
            .select
            .iter()
            .filter_map(|selection| Some((selection.node.clone(), selection.alias.clone()?)))
            .collect();
        let Some(qualify) = self.qualify.clone() else { return Err("no condition on a window".into()) };
        let mut replacements: Vec<(Node, Alias)> = Vec::new();
        let mut made = 0;
        let mut leaves = Vec::new();
        leaves_of(&qualify, &mut leaves);
        self.collect(leaves, &select, &mut replacements, &mut inner, &mut made);
        let mut orders = Vec::new();
        for ordered in self.order_by()? {
            let children: Vec<Node> = ordered.node.children().into_iter().cloned().collect();
            self.collect(children, &select, &mut replacements, &mut inner, &mut made);
            orders.push(ordered.node);
        }
        let by: Vec<(Node, Node)> = replacements
            .iter()
            .map(|(node, alias)| {
                let reference: Node = Arc::new(Expression::Ref { name: alias.clone(), source: node.clone() });
                (node.clone(), reference)
            })
            .collect();
        let mut compiler = Compiler::new(self.context, inner);
        compiler.elide_empty = self.elide_empty;
        let text = compiler.as_sql(Limits::Leave, ColumnAliases::All)?;
        let qualify = Arc::new(Expression::Where(qualify)).replace(&by);
        if made > 0 {
            out.push("SELECT ");
            for (index, (_, alias)) in select.iter().enumerate() {
                if index > 0 {
                    out.push(", ");
                }
                out.quoted(alias);
            }
            out.push(" FROM ( ");
        }
        out.push("SELECT * FROM ( ");
        out.append(&text);
        out.push(" ) \"qualify\" WHERE ");
        self.write(&qualify, out)?;
        if made > 0 {
            out.push(" ) \"qualify_mask\"");
        }
        for (index, node) in orders.iter().enumerate() {
            out.push(if index == 0 { " ORDER BY " } else { ", " });
            self.write(&node.replace(&by), out)?;
        }
        Ok(())
    }

    fn collect(
        &self,
        nodes: Vec<Node>,
        select: &[(Node, Alias)],
        replacements: &mut Vec<(Node, Alias)>,
        inner: &mut Query,
        made: &mut usize,
    ) {
        let mut stack = nodes;
        while let Some(node) = stack.pop() {
            if replacements.iter().any(|(known, _)| *known == node) {
                continue;
            }
            if let Some((_, alias)) = select.iter().rev().find(|(known, _)| *known == node) {
                replacements.push((node, alias.clone()));
                continue;
            }
            match &*node {
                Expression::Lookup(_) => stack.extend(node.children().into_iter().cloned()),
                Expression::Ref { name, .. } if select.iter().any(|(_, alias)| alias == name) => {}
                Expression::Position { name: Some(name), .. } if select.iter().any(|(_, alias)| alias == name) => {}
                Expression::Ref { .. } | Expression::Position { .. } => {
                    stack.extend(node.children().into_iter().cloned());
                }
                _ => {
                    let alias: Alias = format!("qual{made}").into();
                    *made += 1;
                    add_annotation(self.context, inner, &alias, node.clone(), Select::Yes);
                    replacements.push((node, alias));
                }
            }
        }
    }
}

fn leaves_of(node: &Where, into: &mut Vec<Node>) {
    for child in &node.children {
        match &**child {
            Expression::Where(inner) => leaves_of(inner, into),
            _ => into.push(child.clone()),
        }
    }
}
