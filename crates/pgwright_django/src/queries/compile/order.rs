//! ORDER BY (`SQLCompiler.get_order_by`, `find_ordering_name`).

use std::sync::Arc;

use super::text::{Stop, Text, Written};
use super::{Compiler, Selection};
use crate::model::{ModelId, Value};
use crate::queries::build::joins::{Final, Many, PathError, column, initial_alias, setup_joins, trim_joins};
use crate::queries::build::lookup::transform;
use crate::queries::build::resolve::{is_expression, resolve, resolve_prefixed, resolve_ref};
use crate::queries::build::subquery::mark_resolved;
use crate::queries::build::values::{Select, add_annotation};
use crate::queries::build::{Scope, output};
use crate::queries::expression::{Call, Expression, Function, Node, Nulls};
use crate::queries::kind::{Kind, Output};
use crate::queries::query::{Alias, Ordering, Selected};

/// An entry of ORDER BY.
#[derive(Debug, Clone)]
pub(crate) struct Ordered {
    pub(crate) node: Node,
    pub(crate) text: Text,
    /// Refers to a selected expression.
    pub(crate) reference: bool,
}

fn ordered(inner: Node, descending: bool) -> Node {
    Arc::new(Expression::OrderBy { inner, descending, nulls: Nulls::Default })
}

impl Compiler<'_, '_> {
    pub(crate) fn order_by(&mut self) -> Written<Vec<Ordered>> {
        let pairs = self.pairs()?;
        let mut result: Vec<Ordered> = Vec::new();
        let mut seen: Vec<Text> = Vec::new();
        for (node, reference) in pairs {
            let node = if !reference && self.query.combinator.is_some() && !self.select.is_empty() {
                self.of_combined(&node)?
            } else {
                node
            };
            let mut text = Text::default();
            self.write(&node, &mut text)?;
            let bare = Text { sql: without_direction(&text.sql).to_owned(), parameters: text.parameters.clone() };
            if seen.contains(&bare) {
                continue;
            }
            seen.push(bare);
            result.push(Ordered { node, text, reference });
        }
        Ok(result)
    }

    /// DISTINCT needs what it is ordered by among what is selected.
    pub(crate) fn extra_select(&self, order: &[Ordered]) -> Vec<Selection> {
        if !self.query.distinct || !self.query.distinct_fields.is_empty() {
            return Vec::new();
        }
        order
            .iter()
            .filter(|ordered| !ordered.reference)
            .map(|ordered| Selection {
                node: ordered.node.clone(),
                text: Text {
                    sql: without_direction(&ordered.text.sql).to_owned(),
                    parameters: ordered.text.parameters.clone(),
                },
                alias: None,
            })
            .filter(|extra| !self.select.iter().any(|selection| selection.text == extra.text))
            .collect()
    }

    fn position_of(&self, matches: impl Fn(&Selection) -> bool) -> Option<Node> {
        let found = self.select.iter().enumerate().filter(|(_, selection)| matches(selection));
        let (mut index, selection) = found.last()?;
        // A DISTINCT ON refers to the first place an expression is selected at.
        if self.context.at_least(6, 1)
            && !self.query.distinct_fields.is_empty()
            && !matches!(&*selection.node, Expression::Raw { .. })
            && !selection.alias.as_ref().is_some_and(|alias| self.query.is_annotation_selected(alias))
            && let Some(first) = self.select.iter().position(|other| other.node == selection.node)
        {
            index = first;
        }
        Some(Arc::new(Expression::Position {
            ordinal: index + 1,
            name: selection.alias.clone(),
            source: selection.node.clone(),
        }))
    }

    fn named_position(&self, name: &str) -> Option<Node> {
        self.position_of(|selection| selection.alias.as_deref() == Some(name))
    }

    /// `_order_by_pairs`: resolved entries, and whether each refers to a selected expression.
    fn pairs(&mut self) -> Written<Vec<(Node, bool)>> {
        let context = self.context;
        let meta: Vec<Ordering>;
        let ordering: Vec<Ordering> = if !self.query.extra_order_by.is_empty() {
            self.query.extra_order_by.iter().cloned().map(Ordering::Name).collect()
        } else if !self.query.default_ordering || !self.query.order_by.is_empty() {
            self.query.order_by.clone()
        } else {
            meta = meta_ordering(&context.models.get(self.query.model).ordering)?;
            self.meta_ordering = !meta.is_empty();
            meta
        };
        let descends = !self.query.standard_ordering;
        let mut pairs = Vec::new();
        for item in &ordering {
            match item {
                Ordering::Expression(value) => pairs.push(self.expression_pair(value, descends)?),
                Ordering::Name(name) if &**name == "?" => {
                    let random = crate::queries::build::functions::named("Random").ok_or("Random")?;
                    let node = Arc::new(Expression::Function(Function {
                        call: Call::Named(random),
                        arguments: Vec::new(),
                        output: None,
                    }));
                    pairs.push((ordered(node, false), false));
                }
                Ordering::Name(name) => self.name_pairs(name, descends, &mut pairs)?,
            }
        }
        Ok(pairs)
    }

    fn expression_pair(&mut self, value: &Value, descends: bool) -> Written<(Node, bool)> {
        let (inner_value, direction) = match value {
            Value::Combined(combined) if matches!(combined.operator.as_str(), "asc" | "desc") => {
                (&combined.left, Some(value))
            }
            Value::Call(call) if call.class.ends_with("expressions.OrderBy") => {
                let inner = call.args.first().or_else(|| call.kwarg("expression"));
                (inner.ok_or("an OrderBy of nothing")?, Some(value))
            }
            other => (other, None),
        };
        let name = match inner_value {
            Value::Call(call) if call.class.ends_with("expressions.F") => call.args.first().and_then(Value::as_str),
            _ => None,
        };
        let origin = self.query.origins.iter().rev().find(|(_, origin)| **origin == *inner_value);
        let origin = origin.map(|(name, _)| name.clone());
        let position = match (&origin, name) {
            (Some(name), _) => self.named_position(name),
            (None, Some(name)) => self.named_position(name),
            _ => None,
        };
        let resolved = resolve(self.context, &mut self.query, value, Scope::default(), None)?;
        let (inner, mut descending, mut nulls) = match &*resolved {
            Expression::OrderBy { inner, descending, nulls } => (inner.clone(), *descending, *nulls),
            _ => (resolved.clone(), false, Nulls::Default),
        };
        // Only a constant that is the whole entry: neither `Value(1).asc()` nor an `F()` that names one.
        let inner = match &*inner {
            Expression::Value { .. } if direction.is_none() && name.is_none() => self.cast_value(&inner)?,
            _ => inner,
        };
        if descends {
            descending = !descending;
            nulls = match nulls {
                Nulls::First => Nulls::Last,
                Nulls::Last => Nulls::First,
                Nulls::Default => Nulls::Default,
            };
        }
        let reference = position.is_some();
        let inner = position.unwrap_or(inner);
        Ok((Arc::new(Expression::OrderBy { inner, descending, nulls }), reference))
    }

    fn name_pairs(&mut self, given: &str, descends: bool, pairs: &mut Vec<(Node, bool)>) -> Written<()> {
        let context = self.context;
        let (name, minus) = match given.strip_prefix('-') {
            Some(name) => (name, true),
            None => (given, false),
        };
        let descending = minus ^ descends;
        if let Some(position) = self.named_position(name) {
            pairs.push((ordered(position, descending), true));
            return Ok(());
        }
        let mut parts = name.split("__");
        let first = parts.next().unwrap_or_default();
        let (found, reference, transforms): (Option<Node>, &str, Vec<&str>) = match self.query.annotation(name) {
            Some(node) => (Some(node.clone()), name, Vec::new()),
            // The model's own name comes first where something is looked up in it.
            None if context.meta(self.query.model).named(first).is_some() => (None, first, Vec::new()),
            None => (self.query.annotation(first).cloned(), first, parts.collect()),
        };
        if let Some(mut node) = found {
            if self.query.combinator.is_some() && !self.select.is_empty() {
                node = resolve_ref(context, &mut self.query, reference, Scope::default(), None)?;
            }
            for part in transforms {
                node = transform(context, &node, part)?.ok_or_else(|| Stop::Unknown(format!("`{part}`")))?;
            }
            if matches!(&*node, Expression::Value { .. }) {
                node = self.cast_value(&node)?;
            }
            pairs.push((ordered(mark_resolved(&node), descending), false));
            return Ok(());
        }
        if name.contains('.') && self.query.extra_order_by.iter().any(|other| &**other == given) {
            let (table, col) = name.split_once('.').unwrap_or((name, ""));
            let mut text = Text::default();
            self.write_alias(table, &mut text);
            let sql = format!("{}.{col}", text.sql);
            let node = Arc::new(Expression::Raw {
                sql: sql.into(),
                parameters: Vec::new(),
                output: Output::Kind(Kind::Other),
            });
            pairs.push((ordered(node, descending), false));
            return Ok(());
        }
        let extra = self.query.extra.iter().find(|(alias, _)| **alias == *name).cloned();
        if let Some((alias, raw)) = extra {
            let node: Node = Arc::new(Expression::Raw {
                sql: raw.sql.as_str().into(),
                parameters: raw.parameters.clone(),
                output: Output::Kind(Kind::Other),
            });
            let selected = self.query.selected_extra().any(|(name, _)| *name == alias);
            if selected {
                let node = Arc::new(Expression::Ref { name: alias, source: node });
                pairs.push((ordered(node, descending), true));
            } else {
                pairs.push((ordered(node, descending), false));
            }
            return Ok(());
        }
        if self.query.combinator.is_some() && !self.select.is_empty() {
            let node = resolve_ref(context, &mut self.query, name, Scope::default(), None)?;
            pairs.push((ordered(node, descending), false));
            return Ok(());
        }
        let model = self.query.model;
        let mut found = Vec::new();
        self.find_name(given, model, None, descends, 0, "", &mut found)?;
        pairs.extend(found.into_iter().map(|node| (node, false)));
        Ok(())
    }

    /// `Cast(value, value.output_field)`: a constant alone would mean a place.
    fn cast_value(&self, node: &Node) -> Written<Node> {
        let output = output::of(self.context, node)?.ok_or("an order by a value of unknown type")?;
        let db_type = output.cast_type(self.context);
        Ok(Arc::new(Expression::Function(Function {
            call: Call::Cast(db_type.into()),
            arguments: vec![node.clone()],
            output: Some(output),
        })))
    }

    /// `find_ordering_name`: a relation is ordered as its model is.
    #[allow(clippy::too_many_arguments)]
    fn find_name(
        &mut self,
        given: &str,
        model: ModelId,
        alias: Option<Alias>,
        descends: bool,
        depth: u32,
        prefix: &str,
        into: &mut Vec<Node>,
    ) -> Written<()> {
        if depth > 16 {
            return Err("an order that leads back to itself".into());
        }
        let context = self.context;
        let (name, minus) = match given.strip_prefix('-') {
            Some(name) => (name, true),
            None => (given, false),
        };
        let descending = minus ^ descends;
        let parts: Vec<&str> = name.split("__").collect();
        let start = match alias {
            Some(alias) => alias,
            None => initial_alias(context, &mut self.query),
        };
        let joined = setup_joins(context, &mut self.query, &parts, model, start, None, Many::Allowed);
        let joined = match joined {
            Ok(joined) => joined,
            Err(PathError::Reason(reason)) => return Err(Stop::Unknown(reason)),
            Err(PathError::Many(_)) => return Err("an order by many rows".into()),
        };
        let relation = match &joined.last {
            Final::Field(field) => {
                let field = context.field(*field);
                field.relation.is_some() && Some(&field.attname.as_str()) != parts.last()
            }
            Final::Reverse(_) | Final::Generic => true,
            Final::Annotation => false,
        };
        let ordering = meta_ordering(&context.models.get(joined.model).ordering)?;
        if relation && !ordering.is_empty() && name != "pk" && joined.transforms.is_empty() {
            let alias = joined.aliases[joined.aliases.len() - 1].clone();
            let inner_prefix = format!("{prefix}{name}__");
            for item in &ordering {
                match item {
                    Ordering::Name(inner) if &**inner == "?" => {
                        return Err("a random order of a relation".into());
                    }
                    Ordering::Name(inner) => {
                        self.find_name(
                            inner,
                            joined.model,
                            Some(alias.clone()),
                            descending,
                            depth + 1,
                            &inner_prefix,
                            into,
                        )?;
                    }
                    Ordering::Expression(value) => {
                        let node = resolve_prefixed(context, &mut self.query, value, &inner_prefix)?;
                        into.push(match &*node {
                            Expression::OrderBy { .. } => node,
                            _ => ordered(node, descending),
                        });
                    }
                }
            }
            return Ok(());
        }
        let (target, alias, _) = trim_joins(context, &mut self.query, joined.target, &joined.aliases, &joined.steps);
        let mut node = column(context, &alias, target);
        for part in &joined.transforms {
            node = transform(context, &node, part)?.ok_or_else(|| Stop::Unknown(format!("`{part}`")))?;
        }
        into.push(ordered(node, descending));
        Ok(())
    }

    /// An order of a UNION names a column of it, which is added where it is not selected.
    fn of_combined(&mut self, node: &Node) -> Written<Node> {
        let Expression::OrderBy { inner, descending, nulls } = &**node else { return Ok(node.clone()) };
        for selection in &self.select {
            if selection.node != *inner {
                continue;
            }
            if self.query.has_select_fields
                && let Some(alias) = &selection.alias
                && self.query.is_annotation_selected(alias)
                && !self.query.annotation(alias).is_some_and(|annotation| annotation == inner)
            {
                continue;
            }
            let name: Alias = match (&selection.alias, &**inner) {
                (Some(alias), _) => alias.clone(),
                (None, Expression::Column(column)) => {
                    self.context.field(column.field).column.as_deref().unwrap_or_default().into()
                }
                _ => return Err("an order of a union by what it does not select".into()),
            };
            let inner = Arc::new(Expression::Ref { name, source: inner.clone() });
            return Ok(Arc::new(Expression::OrderBy { inner, descending: *descending, nulls: *nulls }));
        }
        let name: Alias = format!("__orderbycol{}", self.query.select.len() + 1).into();
        let combined = self.query.combined.clone();
        let mut changed = Vec::new();
        for part in combined {
            if part.has_select_fields {
                return Err("an order of a union by what it does not select".into());
            }
            let mut part = (*part).clone();
            let inner = match &**inner {
                // The same column of the same table there.
                Expression::Column(col) => {
                    let field = self.context.field(col.field).name.clone();
                    resolve_ref(self.context, &mut part, &field, Scope::default(), None)?
                }
                _ => inner.clone(),
            };
            add_annotation(self.context, &mut part, &name, inner, Select::Yes);
            changed.push(Arc::new(part));
        }
        self.query.combined = changed;
        self.query.select.push(inner.clone());
        self.query.values_select.push(name.clone());
        if let Some(selected) = &mut self.query.selected {
            selected.push((name.clone(), Selected::Column(self.query.select.len() - 1)));
        }
        let inner = Arc::new(Expression::Ref { name, source: inner.clone() });
        Ok(Arc::new(Expression::OrderBy { inner, descending: *descending, nulls: *nulls }))
    }
}

/// `Meta.ordering` as entries.
pub(crate) fn meta_ordering(values: &[Value]) -> Written<Vec<Ordering>> {
    values
        .iter()
        .map(|value| match value {
            Value::Str(name) => Ok(Ordering::Name(name.as_str().into())),
            value if is_expression(value) => Ok(Ordering::Expression(Arc::new(value.clone()))),
            _ => Err("an ordering that is not known".into()),
        })
        .collect()
}

/// Text without its last ` ASC` or ` DESC` and what follows.
fn without_direction(sql: &str) -> &str {
    let ascending = sql.rfind(" ASC");
    let descending = sql.rfind(" DESC");
    match ascending.max(descending) {
        Some(position) => &sql[..position],
        None => sql,
    }
}
