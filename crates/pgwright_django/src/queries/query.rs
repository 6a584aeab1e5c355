//! The query as a value.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::context::{FieldId, GenericId};
use super::expression::{Node, Where};
use crate::model::{ModelId, Value};

/// The name of a table in one query: the table's own or `T4`, `U0`….
pub type Alias = Arc<str>;

/// A queryset. Every change gives a new value; cloning shares whatever is big.
///
/// Fields follow `django.db.models.sql.query.Query`, with what `QuerySet` itself remembers at the end.
#[derive(Debug, Clone, PartialEq, Hash)]
pub struct Query {
    pub model: ModelId,
    /// Tables in the order they were met, those no longer referred to included.
    pub sources: Vec<Source>,
    pub alias_prefix: Alias,
    pub subquery_prefixes: Vec<Alias>,
    /// Aliases of queries around this one; true where the alias is not the table's name.
    pub external_aliases: Vec<(Alias, bool)>,
    pub used_aliases: Vec<Alias>,
    pub filter_is_sticky: bool,
    pub condition: Where,
    pub annotations: Vec<(Alias, Node)>,
    /// What annotations were given as: `order_by()` of the same expression means the annotation.
    pub origins: Vec<(Alias, Arc<Value>)>,
    pub annotation_mask: Option<Vec<Alias>>,
    pub extra: Vec<(Alias, Arc<RawSelect>)>,
    pub extra_mask: Option<Vec<Alias>>,
    pub extra_tables: Vec<Alias>,
    pub extra_order_by: Vec<Arc<str>>,
    pub filtered_relations: Vec<Arc<FilteredRelation>>,
    pub default_columns: bool,
    pub select: Vec<Node>,
    pub values_select: Vec<Alias>,
    /// `values()` from Django 5.2 on: columns in the order asked for.
    pub selected: Option<Vec<(Alias, Selected)>>,
    pub has_select_fields: bool,
    pub group_by: GroupBy,
    pub order_by: Vec<Ordering>,
    pub default_ordering: bool,
    pub standard_ordering: bool,
    pub low: Mark,
    pub high: Option<Mark>,
    pub distinct: bool,
    pub distinct_fields: Vec<Arc<str>>,
    pub lock: Option<Arc<Lock>>,
    pub select_related: SelectRelated,
    pub deferred: Deferred,
    pub combinator: Option<Combinator>,
    pub combined: Vec<Arc<Query>>,
    pub subquery: bool,
    pub rows: Rows,
    /// `values()` and `values_list()` were called: with these names.
    pub fields: Option<Vec<Alias>>,
    pub prefetch: Arc<Vec<Prefetch>>,
    /// `using()`; none for the default.
    pub using: Option<Arc<str>>,
    /// `raw()`: the SQL is given.
    pub raw: Option<Arc<RawSelect>>,
}

impl Query {
    pub fn new(model: ModelId) -> Query {
        let prefix: Alias = "T".into();
        Query {
            model,
            sources: Vec::new(),
            alias_prefix: prefix.clone(),
            subquery_prefixes: vec![prefix],
            external_aliases: Vec::new(),
            used_aliases: Vec::new(),
            filter_is_sticky: false,
            condition: Where::default(),
            annotations: Vec::new(),
            origins: Vec::new(),
            annotation_mask: None,
            extra: Vec::new(),
            extra_mask: None,
            extra_tables: Vec::new(),
            extra_order_by: Vec::new(),
            filtered_relations: Vec::new(),
            default_columns: true,
            select: Vec::new(),
            values_select: Vec::new(),
            selected: None,
            has_select_fields: false,
            group_by: GroupBy::None,
            order_by: Vec::new(),
            default_ordering: true,
            standard_ordering: true,
            low: Mark::Known(0),
            high: None,
            distinct: false,
            distinct_fields: Vec::new(),
            lock: None,
            select_related: SelectRelated::None,
            deferred: Deferred::default(),
            combinator: None,
            combined: Vec::new(),
            subquery: false,
            rows: Rows::Instances,
            fields: None,
            prefetch: Arc::default(),
            using: None,
            raw: None,
        }
    }

    pub fn is_sliced(&self) -> bool {
        self.low != Mark::Known(0) || self.high.is_some()
    }

    pub fn source(&self, alias: &str) -> Option<&Source> {
        self.sources.iter().find(|source| &*source.alias == alias)
    }

    pub fn annotation(&self, name: &str) -> Option<&Node> {
        self.annotations.iter().find(|(alias, _)| &**alias == name).map(|(_, node)| node)
    }

    /// `annotation_select`: annotations that are selected.
    pub fn is_annotation_selected(&self, name: &str) -> bool {
        self.annotations.iter().any(|(alias, _)| &**alias == name)
            && self.annotation_mask.as_ref().is_none_or(|mask| mask.iter().any(|alias| &**alias == name))
    }

    pub fn selected_annotations(&self) -> impl Iterator<Item = &(Alias, Node)> {
        self.annotations.iter().filter(|(name, _)| self.annotation_mask.as_ref().is_none_or(|mask| mask.contains(name)))
    }

    pub fn selected_extra(&self) -> impl Iterator<Item = &(Alias, Arc<RawSelect>)> {
        self.extra.iter().filter(|(name, _)| self.extra_mask.as_ref().is_none_or(|mask| mask.contains(name)))
    }
}

impl Serialize for Query {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("query")
    }
}

/// A table in FROM.
#[derive(Debug, Clone, PartialEq, Hash)]
pub struct Source {
    pub alias: Alias,
    pub table: Alias,
    /// How often it is referred to; a table nobody refers to is not joined.
    pub references: i32,
    pub join: Option<Join>,
}

#[derive(Debug, Clone, PartialEq, Hash)]
pub struct Join {
    pub parent: Alias,
    pub kind: JoinKind,
    pub on: JoinField,
    pub nullable: bool,
    pub filtered: Option<Arc<FilteredRelation>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JoinKind {
    Inner,
    LeftOuter,
}

/// The relation that a join follows, and which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JoinField {
    Forward(FieldId),
    Reverse(FieldId),
    /// From the model with the `GenericRelation` to its target.
    Generic(GenericId),
    GenericReverse(GenericId),
}

/// `FilteredRelation`; the condition is resolved once the relation is joined.
#[derive(Debug, Clone, PartialEq, Hash)]
pub struct FilteredRelation {
    pub alias: Alias,
    pub relation: Arc<str>,
    pub condition: Value,
    pub resolved: Option<Node>,
}

/// SQL text with its parameters: `extra(select=…)`, `raw()`.
#[derive(Debug, Clone, PartialEq, Hash)]
pub struct RawSelect {
    pub sql: String,
    pub parameters: Vec<Value>,
}

#[derive(Debug, Clone, PartialEq, Hash)]
pub enum Selected {
    Column(usize),
    Annotation,
    Extra(Arc<RawSelect>),
}

#[derive(Debug, Clone, PartialEq, Hash)]
pub enum GroupBy {
    None,
    /// Every column of the model.
    Model,
    By(Vec<Node>),
}

/// An entry of `order_by()`.
#[derive(Debug, Clone, PartialEq, Hash)]
pub enum Ordering {
    /// A field name with its sign, `?` for random.
    Name(Arc<str>),
    Expression(Arc<Value>),
}

/// An end of a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mark {
    Known(u64),
    Unknown,
    /// One row after the beginning, wherever that is: only as an end.
    Next,
}

/// `select_for_update()`.
#[derive(Debug, Clone, PartialEq, Hash, Default)]
pub struct Lock {
    pub nowait: bool,
    pub skip_locked: bool,
    pub of: Vec<Arc<str>>,
    pub no_key: bool,
}

#[derive(Debug, Clone, PartialEq, Hash)]
pub enum SelectRelated {
    None,
    All,
    Named(Arc<Tree>),
}

/// Paths folded by their first parts.
#[derive(Debug, Clone, PartialEq, Hash, Default)]
pub struct Tree {
    pub children: Vec<(Arc<str>, Tree)>,
}

impl Tree {
    pub fn get(&self, name: &str) -> Option<&Tree> {
        self.children.iter().find(|(key, _)| &**key == name).map(|(_, tree)| tree)
    }

    pub fn insert(&mut self, path: &str) {
        let mut at = self;
        for part in path.split("__") {
            let position = match at.children.iter().position(|(key, _)| &**key == part) {
                Some(position) => position,
                None => {
                    at.children.push((part.into(), Tree::default()));
                    at.children.len() - 1
                }
            };
            at = &mut at.children[position].1;
        }
    }

    pub fn is_empty(&self) -> bool {
        self.children.is_empty()
    }
}

/// `defer()` and `only()`.
#[derive(Debug, Clone, PartialEq, Hash, Default)]
pub struct Deferred {
    pub names: Vec<Arc<str>>,
    /// The names are those to load, not those to leave.
    pub only: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Combinator {
    Union,
    UnionAll,
    Intersection,
    Difference,
}

/// What iterating gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rows {
    Instances,
    Dicts,
    Tuples,
    Named,
    /// `values_list(flat=True)`.
    Flat,
}

/// An entry of `prefetch_related()`.
#[derive(Debug, Clone, PartialEq, Hash)]
pub struct Prefetch {
    pub path: Arc<str>,
    pub queryset: Option<Arc<Query>>,
    pub to_attr: Option<Arc<str>>,
}
