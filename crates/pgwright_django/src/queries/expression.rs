//! Resolved expressions: every name is a column of a known table.

use std::sync::Arc;

use super::context::{Context, FieldId};
use super::kind::{Kind, Output};
use super::query::{Alias, Query};
use super::relabel::renamed;
pub use super::relabel::{change_aliases, external_columns, relabeled};
use crate::model::Value;

pub type Node = Arc<Expression>;

#[derive(Debug, Clone, PartialEq, Hash)]
pub enum Expression {
    Column(Column),
    /// A value sent as a parameter.
    Value {
        value: Value,
        output: Option<Output>,
    },
    /// A selected expression by its name.
    Ref {
        name: Alias,
        source: Node,
    },
    /// A selected expression by its place.
    Position {
        ordinal: usize,
        name: Option<Alias>,
        source: Node,
    },
    Raw {
        sql: Arc<str>,
        parameters: Vec<Value>,
        output: Output,
    },
    Star,
    Function(Function),
    Combined(Combined),
    Case {
        branches: Vec<Node>,
        default: Node,
        output: Option<Output>,
    },
    When {
        condition: Node,
        result: Node,
    },
    /// `ExpressionWrapper`.
    Wrapper {
        inner: Node,
        output: Output,
    },
    Not(Node),
    Subquery {
        query: Arc<Query>,
        template: Option<Arc<str>>,
        output: Option<Output>,
    },
    Exists {
        query: Arc<Query>,
        template: Option<Arc<str>>,
    },
    OrderBy {
        inner: Node,
        descending: bool,
        nulls: Nulls,
    },
    Window(Window),
    List(Vec<Node>),
    Lookup(Lookup),
    Where(Where),
    /// `none()`: no row.
    Nothing,
    /// `extra(where=…)`.
    Extra {
        sqls: Vec<String>,
        parameters: Vec<Value>,
    },
    /// `OuterRef`: a column of the query around this one, or `level` further out.
    Outer {
        name: Arc<str>,
        level: u32,
    },
}

#[derive(Debug, Clone, PartialEq, Hash)]
pub struct Column {
    pub alias: Alias,
    pub field: FieldId,
    pub output: Output,
    /// Reached from a subquery through a relation, perhaps to many rows.
    pub multivalued: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Nulls {
    Default,
    First,
    Last,
}

#[derive(Debug, Clone, PartialEq, Hash)]
pub struct Function {
    pub call: Call,
    pub arguments: Vec<Node>,
    /// `output_field=`, where given.
    pub output: Option<Output>,
}

/// Which function, and what it has beyond its arguments.
#[derive(Debug, Clone, PartialEq, Hash)]
pub enum Call {
    /// A function of Django written as `name(arguments)`.
    Named(&'static super::build::functions::Named),
    /// A `Func` of the project or with a template.
    Custom(Arc<Custom>),
    Aggregate(Aggregate),
    Cast(Arc<str>),
    Collate(Arc<str>),
    Extract {
        part: Arc<str>,
        zone: Zone,
    },
    Truncate {
        part: Arc<str>,
        zone: Zone,
    },
    TruncateDate(Zone),
    TruncateTime(Zone),
    /// `ConcatPair`.
    Concat,
    JsonKey {
        key: Arc<str>,
        text: bool,
    },
    HStoreKey(Arc<str>),
    ArrayIndex,
    ArraySlice {
        open: bool,
    },
    ArrayLength,
    /// `ARRAY[…]`.
    Array,
    ArraySubquery,
    JsonObject,
    JsonArray,
    SearchVector {
        weighted: bool,
        configured: bool,
    },
    SearchQuery {
        function: &'static str,
        invert: bool,
    },
    SearchHeadline {
        options: bool,
    },
    SearchConfig,
    Round,
}

#[derive(Debug, Clone, PartialEq, Hash)]
pub struct Custom {
    pub class: String,
    pub function: Option<String>,
    pub template: Option<String>,
    pub joiner: Option<String>,
    pub extra: Vec<(String, Value)>,
    /// Its arguments are aggregated (`Aggregate` subclass of the project).
    pub aggregate: bool,
}

#[derive(Debug, Clone, PartialEq, Hash)]
pub struct Aggregate {
    pub function: &'static super::build::functions::Aggregate,
    /// Written instead of the function's own name (`STDDEV_SAMP`, or the project's own).
    pub name: Arc<str>,
    pub distinct: bool,
    pub filter: Option<Node>,
    pub order_by: Vec<Node>,
    pub template: Option<Arc<str>>,
    /// Resolved for `aggregate()`.
    pub summary: bool,
}

/// The time zone that a date is taken in.
#[derive(Debug, Clone, PartialEq, Hash)]
pub enum Zone {
    /// The current one.
    Current,
    Given(Value),
}

#[derive(Debug, Clone, PartialEq, Hash)]
pub struct Combined {
    pub operator: &'static str,
    pub left: Node,
    pub right: Node,
    pub output: Option<Output>,
    pub temporal: Temporal,
}

/// Arithmetic with dates has rules of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Temporal {
    No,
    /// With a duration on one side.
    Duration,
    /// One moment minus another.
    Subtraction,
}

#[derive(Debug, Clone, PartialEq, Hash)]
pub struct Window {
    pub source: Node,
    pub partition_by: Vec<Node>,
    pub order_by: Vec<Node>,
    pub frame: Option<Arc<str>>,
    pub output: Option<Output>,
}

#[derive(Debug, Clone, PartialEq, Hash)]
pub struct Lookup {
    pub name: Arc<str>,
    pub left: Node,
    pub right: Right,
}

/// The right side of a lookup.
#[derive(Debug, Clone, PartialEq, Hash)]
pub enum Right {
    Value(Value),
    Node(Node),
    /// A list that has expressions in it.
    Nodes(Vec<Node>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Connector {
    And,
    Or,
    Xor,
}

/// `WhereNode`.
#[derive(Debug, Clone, PartialEq, Hash)]
pub struct Where {
    pub connector: Connector,
    pub negated: bool,
    /// Part of an expression: parenthesised even when it has one child.
    pub resolved: bool,
    pub children: Vec<Node>,
}

impl Default for Where {
    fn default() -> Where {
        Where { connector: Connector::And, negated: false, resolved: false, children: Vec::new() }
    }
}

impl Where {
    pub fn of(children: Vec<Node>) -> Where {
        Where { children, ..Where::default() }
    }

    /// `Node.add`: joins, flattening what needs no parentheses.
    pub fn add(&mut self, data: Node, connector: Connector) {
        if self.connector != connector {
            let copy = self.clone();
            self.connector = connector;
            self.children = vec![Arc::new(Expression::Where(copy)), data];
            return;
        }
        if let Expression::Where(inner) = &*data
            && !inner.negated
            && (inner.connector == connector || inner.children.len() == 1)
        {
            self.children.extend(inner.children.iter().cloned());
            return;
        }
        self.children.push(data);
    }
}

impl Expression {
    pub fn value(value: Value) -> Node {
        Arc::new(Expression::Value { value, output: None })
    }

    /// `get_source_expressions`.
    pub fn children(&self) -> Vec<&Node> {
        match self {
            Expression::Ref { source, .. } | Expression::Position { source, .. } => vec![source],
            Expression::Function(function) => {
                let mut all: Vec<&Node> = function.arguments.iter().collect();
                if let Call::Aggregate(aggregate) = &function.call {
                    all.extend(aggregate.filter.iter());
                    all.extend(aggregate.order_by.iter());
                }
                all
            }
            Expression::Combined(combined) => vec![&combined.left, &combined.right],
            Expression::Case { branches, default, .. } => branches.iter().chain([default]).collect(),
            Expression::When { condition, result } => vec![condition, result],
            Expression::Wrapper { inner, .. } | Expression::Not(inner) | Expression::OrderBy { inner, .. } => {
                vec![inner]
            }
            Expression::Window(window) => {
                [&window.source].into_iter().chain(&window.partition_by).chain(&window.order_by).collect()
            }
            Expression::List(items) => items.iter().collect(),
            Expression::Lookup(lookup) => match &lookup.right {
                Right::Value(_) => vec![&lookup.left],
                Right::Node(right) => vec![&lookup.left, right],
                Right::Nodes(items) => [&lookup.left].into_iter().chain(items).collect(),
            },
            Expression::Where(node) => node.children.iter().collect(),
            _ => Vec::new(),
        }
    }

    /// The same expression with every direct part replaced.
    pub fn map<E>(&self, f: &mut impl FnMut(&Node) -> Result<Node, E>) -> Result<Expression, E> {
        let all = |nodes: &[Node], f: &mut dyn FnMut(&Node) -> Result<Node, E>| -> Result<Vec<Node>, E> {
            nodes.iter().map(f).collect()
        };
        Ok(match self {
            Expression::Ref { name, source } => Expression::Ref { name: name.clone(), source: f(source)? },
            Expression::Position { ordinal, name, source } => {
                Expression::Position { ordinal: *ordinal, name: name.clone(), source: f(source)? }
            }
            Expression::Function(function) => {
                let arguments = all(&function.arguments, f)?;
                let call = match &function.call {
                    Call::Aggregate(aggregate) => Call::Aggregate(Aggregate {
                        filter: aggregate.filter.as_ref().map(&mut *f).transpose()?,
                        order_by: all(&aggregate.order_by, f)?,
                        ..aggregate.clone()
                    }),
                    other => other.clone(),
                };
                Expression::Function(Function { call, arguments, output: function.output.clone() })
            }
            Expression::Combined(combined) => Expression::Combined(Combined {
                left: f(&combined.left)?,
                right: f(&combined.right)?,
                ..combined.clone()
            }),
            Expression::Case { branches, default, output } => {
                Expression::Case { branches: all(branches, f)?, default: f(default)?, output: output.clone() }
            }
            Expression::When { condition, result } => Expression::When { condition: f(condition)?, result: f(result)? },
            Expression::Wrapper { inner, output } => Expression::Wrapper { inner: f(inner)?, output: output.clone() },
            Expression::Not(inner) => Expression::Not(f(inner)?),
            Expression::OrderBy { inner, descending, nulls } => {
                Expression::OrderBy { inner: f(inner)?, descending: *descending, nulls: *nulls }
            }
            Expression::Window(window) => Expression::Window(Window {
                source: f(&window.source)?,
                partition_by: all(&window.partition_by, f)?,
                order_by: all(&window.order_by, f)?,
                ..window.clone()
            }),
            Expression::List(items) => Expression::List(all(items, f)?),
            Expression::Lookup(lookup) => Expression::Lookup(Lookup {
                name: lookup.name.clone(),
                left: f(&lookup.left)?,
                right: match &lookup.right {
                    Right::Value(value) => Right::Value(value.clone()),
                    Right::Node(right) => Right::Node(f(right)?),
                    Right::Nodes(items) => Right::Nodes(all(items, f)?),
                },
            }),
            Expression::Where(node) => Expression::Where(Where { children: all(&node.children, f)?, ..node.clone() }),
            other => other.clone(),
        })
    }

    pub fn contains_aggregate(&self) -> bool {
        match self {
            Expression::Function(function) if function.is_aggregate() => true,
            Expression::Subquery { .. } | Expression::Exists { .. } | Expression::Window(_) => false,
            other => other.children().iter().any(|child| child.contains_aggregate()),
        }
    }

    pub fn contains_over_clause(&self) -> bool {
        match self {
            Expression::Window(_) => true,
            Expression::Subquery { .. } | Expression::Exists { .. } => false,
            other => other.children().iter().any(|child| child.contains_over_clause()),
        }
    }

    pub fn contains_subquery(&self) -> bool {
        matches!(self, Expression::Subquery { .. } | Expression::Exists { .. })
            || self.children().iter().any(|child| child.contains_subquery())
    }

    /// Names of selected expressions that this refers to.
    pub fn references(&self, into: &mut Vec<Alias>) {
        if let Expression::Ref { name, .. } | Expression::Position { name: Some(name), .. } = self {
            if !into.contains(name) {
                into.push(name.clone());
            }
            return;
        }
        for child in self.children() {
            child.references(into);
        }
    }

    /// The same expression over renamed tables (`relabeled_clone`).
    pub fn relabel(self: &Arc<Self>, changes: &[(Alias, Alias)]) -> Node {
        if changes.is_empty() {
            return self.clone();
        }
        match &**self {
            Expression::Column(column) => match renamed(changes, &column.alias) {
                Some(alias) => Arc::new(Expression::Column(Column { alias, ..column.clone() })),
                None => self.clone(),
            },
            Expression::Value { .. } | Expression::Star | Expression::Nothing | Expression::Outer { .. } => {
                self.clone()
            }
            Expression::Subquery { query, template, output } => Arc::new(Expression::Subquery {
                query: Arc::new(relabeled(query, changes)),
                template: template.clone(),
                output: output.clone(),
            }),
            Expression::Exists { query, template } => {
                Arc::new(Expression::Exists { query: Arc::new(relabeled(query, changes)), template: template.clone() })
            }
            other => {
                let mapped = other.map(&mut |child| Ok::<_, ()>(child.relabel(changes)));
                mapped.map_or_else(|()| self.clone(), Arc::new)
            }
        }
    }

    /// The same expression with some parts replaced as a whole.
    pub fn replace(self: &Arc<Self>, replacements: &[(Node, Node)]) -> Node {
        if replacements.is_empty() {
            return self.clone();
        }
        if let Some((_, by)) = replacements.iter().find(|(what, _)| what == self) {
            return by.clone();
        }
        let mapped = self.map(&mut |child| Ok::<_, ()>(child.replace(replacements)));
        mapped.map_or_else(|()| self.clone(), Arc::new)
    }

    /// Columns anywhere inside, those of subqueries not.
    pub fn columns(self: &Arc<Self>, into: &mut Vec<Node>, through_references: bool) {
        match &**self {
            Expression::Column(_) => into.push(self.clone()),
            Expression::Ref { .. } | Expression::Position { .. } if !through_references => {}
            other => {
                for child in other.children() {
                    child.columns(into, through_references);
                }
            }
        }
    }

    /// `get_group_by_cols`.
    pub fn group_by_columns(self: &Arc<Self>, context: &Context) -> Vec<Node> {
        match &**self {
            Expression::Value { .. } | Expression::Outer { .. } | Expression::Nothing | Expression::Extra { .. } => {
                Vec::new()
            }
            Expression::Column(_) | Expression::Ref { .. } | Expression::Position { .. } | Expression::Raw { .. } => {
                vec![self.clone()]
            }
            Expression::Function(function) => match &function.call {
                Call::Aggregate(_) => Vec::new(),
                Call::Named(named) if named.function == "RANDOM" => Vec::new(),
                Call::Custom(custom) if custom.aggregate => Vec::new(),
                _ => self.grouped(context),
            },
            Expression::OrderBy { .. }
            | Expression::When { .. }
            | Expression::Lookup(_)
            | Expression::Where(_)
            | Expression::List(_) => self.children().iter().flat_map(|child| child.group_by_columns(context)).collect(),
            Expression::Case { branches, default, .. } if branches.is_empty() => default.group_by_columns(context),
            Expression::Window(window) => window
                .partition_by
                .iter()
                .chain(&window.order_by)
                .flat_map(|child| child.group_by_columns(context))
                .collect(),
            Expression::Wrapper { inner, .. } => match &**inner {
                Expression::Where(_) | Expression::Lookup(_) => self.grouped(context),
                _ => inner.group_by_columns(context),
            },
            Expression::Subquery { query, .. } | Expression::Exists { query, .. } => {
                let external = external_columns(query);
                if external.iter().any(|column| matches!(&**column, Expression::Column(column) if column.multivalued)) {
                    return vec![self.clone()];
                }
                external
            }
            _ => self.grouped(context),
        }
    }

    fn grouped(self: &Arc<Self>, context: &Context) -> Vec<Node> {
        if !self.contains_aggregate() {
            return vec![self.clone()];
        }
        self.children().iter().flat_map(|child| child.group_by_columns(context)).collect()
    }

    pub fn is_conditional(&self, context: &Context) -> bool {
        match self {
            Expression::Lookup(_) | Expression::Where(_) | Expression::Exists { .. } | Expression::Not(_) => true,
            Expression::OrderBy { .. } | Expression::When { .. } => false,
            other => {
                matches!(super::build::output::of(context, other), Ok(Some(output)) if output.kind(context) == Kind::Boolean)
            }
        }
    }
}

impl Function {
    pub fn is_aggregate(&self) -> bool {
        match &self.call {
            Call::Aggregate(_) => true,
            Call::Custom(custom) => custom.aggregate,
            _ => false,
        }
    }
}
