//! What is selected (`SQLCompiler.get_select`, `get_default_columns`).

use std::sync::Arc;

use super::related::Mask;
use super::text::{Stop, Text, Written};
use super::write::empty_value;
use super::{ColumnAliases, Compiler, Selection};
use crate::model::{ModelId, Value};
use crate::queries::build::joins::{column, initial_alias, join_parent_model};
use crate::queries::expression::{Expression, Node};
use crate::queries::kind::{Kind, Output};
use crate::queries::query::{Alias, SelectRelated, Selected};

impl Compiler<'_, '_> {
    /// `setup_query`.
    pub(crate) fn setup(&mut self, aliases: ColumnAliases) -> Written<()> {
        if self.query.sources.iter().all(|source| source.references == 0) {
            initial_alias(self.context, &mut self.query);
        }
        let mask = self.select_mask()?;
        let columns: Vec<Node> =
            if self.query.default_columns { self.default_columns(&mask, None)? } else { self.query.select.clone() };
        let raw = |sql: &crate::queries::query::RawSelect| -> Node {
            Arc::new(Expression::Raw {
                sql: sql.sql.as_str().into(),
                parameters: sql.parameters.clone(),
                output: Output::Kind(Kind::Other),
            })
        };
        let mut nodes: Vec<(Option<Alias>, Node)> = Vec::new();
        let mut fields: Vec<usize> = Vec::new();
        match &self.query.selected {
            None => {
                for (name, sql) in self.query.selected_extra() {
                    nodes.push((Some(name.clone()), raw(sql)));
                }
                for node in columns {
                    fields.push(nodes.len());
                    nodes.push((None, node));
                }
                for (name, node) in self.query.selected_annotations() {
                    nodes.push((Some(name.clone()), node.clone()));
                }
            }
            Some(selected) => {
                for (index, (name, what)) in selected.iter().enumerate() {
                    let node = match what {
                        Selected::Column(position) => {
                            fields.push(index);
                            columns.get(*position).cloned()
                        }
                        Selected::Annotation => self.query.annotation(name).cloned(),
                        Selected::Extra(sql) => Some(raw(sql)),
                    };
                    let node = node.ok_or_else(|| Stop::Unknown(format!("`{name}` is not selected")))?;
                    nodes.push((Some(name.clone()), node));
                }
            }
        }
        self.loaded = None;
        if !fields.is_empty() {
            self.loaded = Some(super::related::Loaded::root(self.query.model, fields));
        }
        if self.query.select_related != SelectRelated::None {
            let related = self.related_selections(&mut nodes, &mask)?;
            if let Some(loaded) = &mut self.loaded {
                loaded.related = related;
                loaded.inherit_fields();
            }
        }
        let mut select = Vec::with_capacity(nodes.len());
        let mut number = 1;
        for (alias, node) in nodes {
            let text = self.selected_text(&node)?;
            let alias = match (alias, aliases) {
                (None, ColumnAliases::All) => {
                    let name: Alias = format!("col{number}").into();
                    number += 1;
                    Some(name)
                }
                (alias, _) => alias,
            };
            select.push(Selection { node, text, alias });
        }
        self.select = select;
        Ok(())
    }

    fn selected_text(&self, node: &Node) -> Written<Text> {
        let mut text = Text::default();
        match self.write(node, &mut text) {
            Ok(()) => Ok(text),
            Err(Stop::Empty) => {
                let mut text = Text::default();
                match empty_value(node) {
                    None => text.push("0"),
                    Some(Value::None) => text.push("NULL"),
                    Some(value) => text.parameter(value),
                }
                Ok(text)
            }
            Err(Stop::Full) => {
                let mut text = Text::default();
                text.parameter(Value::Bool(true));
                Ok(text)
            }
            Err(other) => Err(other),
        }
    }

    /// `get_default_columns` for the query's own model or a related one.
    pub(crate) fn default_columns(&mut self, mask: &Mask, related: Option<Related<'_>>) -> Written<Vec<Node>> {
        let (model, start, from_parent) = match related {
            Some(related) => (related.model, related.alias.clone(), related.from_parent),
            None => (self.query.model, initial_alias(self.context, &mut self.query), None),
        };
        if let Some(field) = self.context.meta(model).unread.as_ref().filter(|_| mask.is_empty()) {
            let label = self.context.models.get(model).label();
            return Err(Stop::Unknown(format!("the field `{field}` of {label} is not known")));
        }
        let concrete = self.context.concrete(model);
        let mut seen: Vec<(ModelId, Alias)> = Vec::new();
        let mut columns = Vec::new();
        let context = self.context;
        for field in &context.meta(model).columns {
            let owner = field.model;
            if let Some(parent) = from_parent
                && owner != concrete
                && context.is_subclass(parent, owner)
            {
                continue;
            }
            if !mask.is_empty() && !mask.has(*field) {
                continue;
            }
            let alias = if owner == concrete {
                start.clone()
            } else {
                join_parent_model(context, &mut self.query, concrete, owner, &start, &mut seen)?
            };
            columns.push(column(context, &alias, *field));
        }
        Ok(columns)
    }
}

/// A related model whose columns are selected too.
pub(crate) struct Related<'a> {
    pub(crate) model: ModelId,
    pub(crate) alias: &'a Alias,
    /// The parent whose columns are selected already.
    pub(crate) from_parent: Option<ModelId>,
}
