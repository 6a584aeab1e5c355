//! What rules read of a statement without parsing it.

use std::sync::Arc;

use serde::Serialize;

use super::Compiler;
use super::related::{Loaded, key_of};
use crate::model::Value;
use crate::queries::context::FieldId;
use crate::queries::expression::{Connector, Expression, Node, Nulls, Right, Where};
use crate::queries::query::{JoinKind, Mark};

/// A statement's parts.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facts {
    /// Tables in FROM, in order.
    pub tables: Vec<Table>,
    pub condition: Option<Predicate>,
    pub order: Vec<OrderTerm>,
    pub low: Option<Mark>,
    pub high: Option<Mark>,
    pub distinct: bool,
    pub grouped: bool,
    pub locks: bool,
    /// Paths that `select_related` loads.
    pub related: Vec<Arc<str>>,
    /// Columns of the query's own model that are selected; none where it is not instances that are.
    pub columns: Option<Vec<FieldId>>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    pub table: Arc<str>,
    pub alias: Arc<str>,
    /// How it is joined; none for the first.
    pub join: Option<JoinKind>,
    /// The key that the join follows.
    pub key: Option<FieldId>,
    pub parent: Option<Arc<str>>,
}

/// A condition as a tree.
#[derive(Debug, Clone, PartialEq)]
pub enum Predicate {
    All(Vec<Predicate>),
    Any(Vec<Predicate>),
    One(Vec<Predicate>),
    Not(Box<Predicate>),
    Lookup {
        left: Operand,
        lookup: Arc<str>,
        right: Operand,
    },
    Exists,
    /// `none()`.
    Never,
    /// `extra(where=…)`, an expression.
    Other,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    Column {
        alias: Arc<str>,
        field: FieldId,
    },
    Value(Value),
    Subquery,
    /// An expression, with the columns in it.
    Expression(Vec<(Arc<str>, FieldId)>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct OrderTerm {
    pub operand: Operand,
    pub descending: bool,
    pub nulls: Option<NullsOrder>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum NullsOrder {
    First,
    Last,
}

pub(crate) fn of(compiler: &Compiler<'_, '_>) -> Facts {
    let query = &compiler.query;
    let tables = query
        .sources
        .iter()
        .filter(|source| source.references > 0)
        .map(|source| Table {
            table: source.table.clone(),
            alias: source.alias.clone(),
            join: source.join.as_ref().map(|join| join.kind),
            key: source.join.as_ref().and_then(|join| key_of(join.on)),
            parent: source.join.as_ref().map(|join| join.parent.clone()),
        })
        .collect();
    let condition = compiler.condition.as_ref().filter(|node| !node.children.is_empty()).map(predicate);
    let order = compiler.order.iter().filter_map(|ordered| match &*ordered.node {
        Expression::OrderBy { inner, descending, nulls } => Some(OrderTerm {
            operand: operand(inner),
            descending: *descending,
            nulls: match nulls {
                Nulls::Default => None,
                Nulls::First => Some(NullsOrder::First),
                Nulls::Last => Some(NullsOrder::Last),
            },
        }),
        _ => None,
    });
    let mut related = Vec::new();
    let mut columns = None;
    if let Some(loaded) = &compiler.loaded {
        paths(loaded, "", &mut related);
        if query.fields.is_none() {
            let own = loaded.fields.iter().filter_map(|index| match &*compiler.select.get(*index)?.node {
                Expression::Column(column) => Some(column.field),
                _ => None,
            });
            columns = Some(own.collect());
        }
    }
    Facts {
        tables,
        condition,
        order: order.collect(),
        low: (query.low != Mark::Known(0)).then_some(query.low),
        high: query.high,
        distinct: query.distinct,
        grouped: query.group_by != crate::queries::query::GroupBy::None,
        locks: query.lock.is_some(),
        related,
        columns,
    }
}

fn paths(loaded: &Loaded, prefix: &str, into: &mut Vec<Arc<str>>) {
    for related in &loaded.related {
        let path = if prefix.is_empty() { related.name.to_string() } else { format!("{prefix}__{}", related.name) };
        into.push(path.as_str().into());
        paths(related, &path, into);
    }
}

fn predicate(node: &Where) -> Predicate {
    let children: Vec<Predicate> = node.children.iter().map(of_node).collect();
    let made = match (node.connector, children.len()) {
        (_, 1) => children.into_iter().next().unwrap_or(Predicate::Other),
        (Connector::And, _) => Predicate::All(children),
        (Connector::Or, _) => Predicate::Any(children),
        (Connector::Xor, _) => Predicate::One(children),
    };
    if node.negated { Predicate::Not(Box::new(made)) } else { made }
}

fn of_node(node: &Node) -> Predicate {
    match &**node {
        Expression::Where(inner) => predicate(inner),
        Expression::Nothing => Predicate::Never,
        Expression::Lookup(lookup) => {
            if let (Expression::Exists { .. }, Right::Value(Value::Bool(value))) = (&*lookup.left, &lookup.right) {
                return if *value { Predicate::Exists } else { Predicate::Not(Box::new(Predicate::Exists)) };
            }
            Predicate::Lookup {
                left: operand(&lookup.left),
                lookup: lookup.name.clone(),
                right: match &lookup.right {
                    Right::Value(value) => Operand::Value(value.clone()),
                    Right::Node(node) => operand(node),
                    Right::Nodes(nodes) => {
                        let mut columns = Vec::new();
                        for node in nodes {
                            collect(node, &mut columns);
                        }
                        Operand::Expression(columns)
                    }
                },
            }
        }
        _ => Predicate::Other,
    }
}

fn operand(node: &Node) -> Operand {
    match &**node {
        Expression::Column(column) => Operand::Column { alias: column.alias.clone(), field: column.field },
        Expression::Value { value, .. } => Operand::Value(value.clone()),
        Expression::Subquery { .. } => Operand::Subquery,
        Expression::Position { source, .. } | Expression::Ref { source, .. } => operand(source),
        _ => {
            let mut columns = Vec::new();
            collect(node, &mut columns);
            Operand::Expression(columns)
        }
    }
}

fn collect(node: &Node, into: &mut Vec<(Arc<str>, FieldId)>) {
    let mut columns = Vec::new();
    node.columns(&mut columns, true);
    for column in columns {
        if let Expression::Column(column) = &*column {
            into.push((column.alias.clone(), column.field));
        }
    }
}
