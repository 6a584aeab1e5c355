//! An index with its expressions resolved.

use std::sync::Arc;

use crate::catalog::{OperatorClass, Type, catalog};
use crate::ddl;
use crate::schema::{ConstraintKind, Index, IndexMethod, Nulls, SortOrder, Table};
use crate::sql::{IndexDefinition, ParseError, parse_index};
use crate::terms::{Collation, Columns, Scope, Term, Visible, conjuncts, resolve};

/// An index ready to be asked. Its terms are about relation 0.
#[derive(Debug, Clone)]
pub struct PreparedIndex {
    pub name: Arc<str>,
    pub method: IndexMethod,
    pub unique: bool,
    pub keys: Vec<PreparedKey>,
    /// Columns that are stored but not searched.
    pub include: Vec<Arc<str>>,
    /// The conditions of its `WHERE`, all of which hold for what it contains.
    pub predicate: Vec<Term>,
    /// The table's columns that are `NOT NULL`.
    pub not_null: Arc<[Arc<str>]>,
}

#[derive(Debug, Clone)]
pub struct PreparedKey {
    pub term: Term,
    /// None when the catalogue holds no class for the type: nothing can be said of the key.
    pub class: Option<OperatorClass>,
    pub collation: Collation,
    pub order: KeyOrder,
}

/// Types of which GiST stores less than the value, in the classes of PostgreSQL and its extensions: no class of these has
/// a `fetch` function.
const GIST_SHORTENED: [&str; 14] = [
    "text", "varchar", "bpchar", "bytea", "numeric", "bit", "varbit", "hstore", "ltree", "_ltree", "tsvector",
    "tsquery", "polygon", "circle",
];

/// How a B-tree sorts a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyOrder {
    pub descending: bool,
    pub nulls_first: bool,
}

impl KeyOrder {
    /// As written, with PostgreSQL's defaults: nulls are larger than everything.
    pub fn written(order: Option<SortOrder>, nulls: Option<Nulls>) -> KeyOrder {
        let descending = order == Some(SortOrder::Descending);
        let nulls_first = match nulls {
            Some(nulls) => nulls == Nulls::First,
            None => descending,
        };
        KeyOrder { descending, nulls_first }
    }

    /// The order that reading backwards gives.
    pub fn reversed(self) -> KeyOrder {
        KeyOrder { descending: !self.descending, nulls_first: !self.nulls_first }
    }
}

impl PreparedIndex {
    /// Resolves an index of a table. Fails when its expressions are SQL that cannot be read.
    pub fn new(index: &Index, table: &Table) -> Result<PreparedIndex, ParseError> {
        PreparedIndex::from_definition(&parse_index(&ddl::create_index(index))?, table)
    }

    /// From what `CREATE INDEX` or `pg_get_indexdef` says.
    pub fn from_definition(definition: &IndexDefinition, table: &Table) -> Result<PreparedIndex, ParseError> {
        let visible = [Visible { relation: 0, alias: table.name.clone(), columns: Columns::Table(table) }];
        let scope = Scope { relations: &visible, outer: None, values: &[], subquery: None };
        let keys = definition.elements.iter().map(|element| {
            let term = resolve(&element.node, &scope);
            let class = catalog().operator_class(&definition.method, element.opclass.as_deref(), term.type_);
            let collation = match &element.collation {
                Some(name) => Collation::Named(name.as_str().into()),
                None => term.collation.clone(),
            };
            PreparedKey { term, class, collation, order: KeyOrder::written(element.order, element.nulls) }
        });
        Ok(PreparedIndex {
            name: definition.name.as_deref().unwrap_or_default().into(),
            method: definition.method.clone(),
            unique: definition.unique,
            keys: keys.collect(),
            include: definition.include.iter().map(|name| name.as_str().into()).collect(),
            predicate: definition.predicate.as_ref().map(|node| conjuncts(resolve(node, &scope))).unwrap_or_default(),
            not_null: not_null(table),
        })
    }

    /// Every index of a table: those of its constraints first, as PostgreSQL makes them, then its own. An index that
    /// cannot be read is left out.
    pub fn of_table(table: &Table) -> Vec<PreparedIndex> {
        let mut found = Vec::new();
        for constraint in &table.constraints {
            let (columns, include) = match &constraint.kind {
                ConstraintKind::PrimaryKey { columns } => (columns, &Vec::new()),
                ConstraintKind::Unique { columns, include, .. } => (columns, include),
                _ => continue,
            };
            found.push(PreparedIndex::on_columns(&constraint.name, table, columns, include));
        }
        found.extend(table.indexes.iter().filter_map(|index| PreparedIndex::new(index, table).ok()));
        found
    }

    /// The B-tree that a unique constraint stands on.
    fn on_columns(name: &str, table: &Table, columns: &[String], include: &[String]) -> PreparedIndex {
        let visible = Visible { relation: 0, alias: table.name.clone(), columns: Columns::Table(table) };
        let scope = Scope { relations: &[visible], outer: None, values: &[], subquery: None };
        let keys = columns.iter().map(|column| {
            let term = resolve(&crate::sql::Node::Name(vec![column.clone()]), &scope);
            PreparedKey {
                class: catalog().operator_class(&IndexMethod::Btree, None, term.type_),
                collation: term.collation.clone(),
                order: KeyOrder::written(None, None),
                term,
            }
        });
        PreparedIndex {
            name: name.into(),
            method: IndexMethod::Btree,
            unique: true,
            keys: keys.collect(),
            include: include.iter().map(|name| name.as_str().into()).collect(),
            predicate: Vec::new(),
            not_null: not_null(table),
        }
    }

    pub fn is_btree(&self) -> bool {
        self.method == IndexMethod::Btree
    }

    /// Whether a scan can give rows in order of its keys.
    pub fn is_ordered(&self) -> bool {
        self.is_btree()
    }

    /// Whether a column's value can be read from the index (`amcanreturn`).
    pub fn returns(&self, column: &str) -> bool {
        let stored = || self.include.iter().any(|name| name.as_ref() == column);
        let key = || {
            self.keys.iter().any(|key| {
                key.term.as_column().is_some_and(|(_, name)| name.as_ref() == column) && self.returns_key(key)
            })
        };
        stored() || key()
    }

    fn returns_key(&self, key: &PreparedKey) -> bool {
        match self.method {
            IndexMethod::Btree => true,
            IndexMethod::Gist => key
                .class
                .is_some_and(|class| class.default && !GIST_SHORTENED.iter().any(|type_| class.type_.is(type_))),
            IndexMethod::Spgist => key.class.is_some_and(|class| !matches!(class.name, "poly_ops")),
            _ => false,
        }
    }

    /// Whether `IS NULL` can be searched for (`amsearchnulls`).
    pub(super) fn searches_nulls(&self) -> bool {
        matches!(self.method, IndexMethod::Btree | IndexMethod::Gist | IndexMethod::Spgist | IndexMethod::Brin)
    }

    /// Whether a list is searched in one scan (`amsearcharray`); otherwise each element is a scan of a bitmap.
    pub(crate) fn searches_arrays(&self) -> bool {
        matches!(self.method, IndexMethod::Btree)
    }

    /// Whether the first key may be missing among the conditions (`amoptionalkey`).
    pub(crate) fn first_key_optional(&self) -> bool {
        !matches!(self.method, IndexMethod::Hash)
    }

    /// Whether a plain scan exists, not only one for bitmaps (`amgettuple`).
    pub fn gives_rows(&self) -> bool {
        !matches!(self.method, IndexMethod::Gin | IndexMethod::Brin | IndexMethod::Bloom)
    }

    pub fn is_of(&self, method: &IndexMethod, class: &str) -> bool {
        self.method == *method && self.keys.iter().any(|key| key.class.is_some_and(|of| of.name == class))
    }

    /// The type of a key's operators: what the class is declared for.
    pub(super) fn key_type(key: &PreparedKey) -> Type {
        key.class.map_or(key.term.type_, |class| class.type_)
    }
}

fn not_null(table: &Table) -> Arc<[Arc<str>]> {
    table.columns.iter().filter(|column| !column.null).map(|column| column.name.as_str().into()).collect()
}
