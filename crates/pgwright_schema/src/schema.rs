//! The data: what a database holds, in the order its source declares it.

use serde::Serialize;

use crate::expr::Expr;
use crate::types::PgType;

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Schema {
    pub tables: Vec<Table>,
    /// Extensions the types and operator classes need (`citext`, `hstore`, `pg_trgm`…), sorted.
    pub extensions: Vec<String>,
}

impl Schema {
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Table {
    /// As in `Meta.db_table`: may be schema-qualified in Django's spelling (`shop"."order`).
    pub name: String,
    pub columns: Vec<Column>,
    pub constraints: Vec<Constraint>,
    pub indexes: Vec<Index>,
    pub comment: Option<String>,
    pub tablespace: Option<String>,
}

impl Table {
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Column {
    pub name: String,
    #[serde(rename = "type")]
    pub type_: PgType,
    pub null: bool,
    pub default: Option<Expr>,
    pub identity: Option<Identity>,
    pub collation: Option<String>,
    pub generated: Option<Generated>,
    pub comment: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Identity {
    ByDefault,
    Always,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Generated {
    pub expression: Expr,
    /// Stored rather than virtual (virtual needs PostgreSQL 18).
    pub stored: bool,
}

/// A constraint with the name the database knows it by, also where the statement gives none
/// (`shop_order_pkey`, `shop_order_code_key`, `shop_order_stock_check`).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Constraint {
    pub name: String,
    #[serde(flatten)]
    pub kind: ConstraintKind,
    pub placement: Placement,
}

impl Constraint {
    /// The columns of its own table that it needs, each once.
    pub fn columns(&self) -> Vec<&str> {
        match &self.kind {
            ConstraintKind::PrimaryKey { columns } => columns.iter().map(String::as_str).collect(),
            ConstraintKind::Unique { columns, include, .. } => {
                columns.iter().chain(include).map(String::as_str).collect()
            }
            ConstraintKind::Check { expression } => expression.columns(),
            ConstraintKind::ForeignKey(key) => key.columns.iter().map(String::as_str).collect(),
            ConstraintKind::Exclusion(exclusion) => {
                let keys = exclusion.elements.iter().map(|(key, _)| &key.expr);
                used(keys, &exclusion.include, exclusion.predicate.as_ref())
            }
        }
    }
}

fn used<'a>(keys: impl Iterator<Item = &'a Expr>, include: &'a [String], predicate: Option<&'a Expr>) -> Vec<&'a str> {
    let mut found: Vec<&str> = Vec::new();
    let columns = keys.chain(predicate).flat_map(Expr::columns).chain(include.iter().map(String::as_str));
    for column in columns {
        if !found.contains(&column) {
            found.push(column);
        }
    }
    found
}

/// Where Django's schema editor writes a constraint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Placement {
    /// In the column's definition, without a name.
    Column,
    /// After the columns of `CREATE TABLE`.
    Table,
    /// By `ALTER TABLE … ADD CONSTRAINT`, after all tables exist.
    Alter,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ConstraintKind {
    PrimaryKey { columns: Vec<String> },
    Unique { columns: Vec<String>, deferrable: Option<Deferrable>, nulls_distinct: Option<bool>, include: Vec<String> },
    Check { expression: Expr },
    ForeignKey(ForeignKey),
    Exclusion(Exclusion),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ForeignKey {
    pub columns: Vec<String>,
    pub to_table: String,
    pub to_columns: Vec<String>,
    /// What the *database* does (`CASCADE`, `SET NULL`, `SET DEFAULT`); Django's own `on_delete` is not the database's.
    pub on_delete: Option<String>,
    pub deferrable: Option<Deferrable>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Exclusion {
    /// `gist`, `spgist` or `hash`; written in capitals, as Django does where the code says nothing.
    pub method: IndexMethod,
    /// Each key with the operator that must not hold between two rows.
    pub elements: Vec<(IndexKey, String)>,
    pub include: Vec<String>,
    pub predicate: Option<Expr>,
    pub deferrable: Option<Deferrable>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Deferrable {
    InitiallyDeferred,
    InitiallyImmediate,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Index {
    pub name: String,
    pub table: String,
    pub method: IndexMethod,
    /// Whether the statement names the method (`USING btree`): only its text depends on it.
    pub method_named: bool,
    pub unique: bool,
    pub keys: Vec<IndexKey>,
    pub include: Vec<String>,
    pub nulls_distinct: Option<bool>,
    pub predicate: Option<Expr>,
    /// Storage parameters, in the statement's order.
    pub with: Vec<(String, String)>,
    pub tablespace: Option<String>,
    pub origin: IndexOrigin,
}

impl Index {
    /// One of `Meta.indexes` over these keys: of all rows, not unique, nothing stored beside them, and the method named where it is no B-tree.
    pub fn over(table: &str, name: String, method: IndexMethod, keys: Vec<IndexKey>) -> Index {
        Index {
            name,
            table: table.to_owned(),
            method_named: method != IndexMethod::Btree,
            method,
            unique: false,
            keys,
            include: Vec::new(),
            nulls_distinct: None,
            predicate: None,
            with: Vec::new(),
            tablespace: None,
            origin: IndexOrigin::Meta,
        }
    }

    /// The columns it needs: of keys, `INCLUDE` and predicate, each once.
    pub fn columns(&self) -> Vec<&str> {
        used(self.keys.iter().map(|key| &key.expr), &self.include, self.predicate.as_ref())
    }
}

/// What declared an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum IndexOrigin {
    /// `db_index=True`, a foreign key or a slug.
    Field { field: String },
    /// The hidden second index on a text column, for `LIKE 'x%'`.
    Like { field: String },
    /// `Meta.indexes`.
    Meta,
    /// `Meta.index_together`.
    Together,
    /// A `UniqueConstraint` that only an index can express (condition, expressions, include, opclasses).
    UniqueConstraint,
    /// Read from a catalogue.
    Catalogue,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum IndexMethod {
    Btree,
    Gin,
    Gist,
    Brin,
    Hash,
    Spgist,
    Bloom,
    Other(String),
}

impl IndexMethod {
    pub fn parse(text: &str) -> IndexMethod {
        match text.to_ascii_lowercase().as_str() {
            "btree" => IndexMethod::Btree,
            "gin" => IndexMethod::Gin,
            "gist" => IndexMethod::Gist,
            "brin" => IndexMethod::Brin,
            "hash" => IndexMethod::Hash,
            "spgist" => IndexMethod::Spgist,
            "bloom" => IndexMethod::Bloom,
            _ => IndexMethod::Other(text.to_owned()),
        }
    }

    pub fn as_str(&self) -> &str {
        match self {
            IndexMethod::Btree => "btree",
            IndexMethod::Gin => "gin",
            IndexMethod::Gist => "gist",
            IndexMethod::Brin => "brin",
            IndexMethod::Hash => "hash",
            IndexMethod::Spgist => "spgist",
            IndexMethod::Bloom => "bloom",
            IndexMethod::Other(name) => name,
        }
    }
}

/// One key of an index: a column or an expression, and how it is ordered.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IndexKey {
    pub expr: Expr,
    pub collation: Option<String>,
    pub opclass: Option<String>,
    /// None where the statement says nothing (ascending).
    pub order: Option<SortOrder>,
    pub nulls: Option<Nulls>,
}

impl IndexKey {
    pub fn column(name: impl Into<String>) -> IndexKey {
        IndexKey { expr: Expr::Column(name.into()), collation: None, opclass: None, order: None, nulls: None }
    }

    /// The column's name, when the key is one.
    pub fn as_column(&self) -> Option<&str> {
        match &self.expr {
            Expr::Column(name) => Some(name),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SortOrder {
    Ascending,
    Descending,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Nulls {
    First,
    Last,
}
