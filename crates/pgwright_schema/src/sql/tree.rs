use std::fmt;

use crate::expr::Literal;
use crate::schema::{IndexMethod, Nulls, SortOrder};

/// An expression as written, without parentheses.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// A column, as qualified as it is written; names without quotes in lower case.
    Name(Vec<String>),
    /// `*`, or `t.*`.
    Star(Vec<String>),
    Literal(Literal),
    /// `$n`.
    Parameter(u32),
    /// A function in lower case, without `pg_catalog`. Syntax that is a call is one: `EXTRACT(year FROM x)` is
    /// `extract('year', x)`, `x AT TIME ZONE z` is `timezone(z, x)`, `x[1]` is `[](x, 1)`, `CASE` is `case(…)` with
    /// the conditions and results in order, and the default last.
    Call {
        name: String,
        args: Vec<Node>,
        aggregate: Option<Box<Aggregate>>,
    },
    Prefix {
        operator: String,
        arg: Box<Node>,
    },
    /// `LIKE` is `~~`, `ILIKE` is `~~*`, with their negations `!~~` and `!~~*`; `!=` is `<>`.
    Binary {
        operator: String,
        left: Box<Node>,
        right: Box<Node>,
    },
    /// `left op ANY(array)`, or `ALL`. `IN (…)` is `= ANY`, `NOT IN (…)` is `<> ALL`, of an [`Node::Array`].
    Quantified {
        operator: String,
        left: Box<Node>,
        all: bool,
        array: Box<Node>,
    },
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    IsNull {
        arg: Box<Node>,
        negated: bool,
    },
    Is {
        arg: Box<Node>,
        test: TruthTest,
        negated: bool,
    },
    IsDistinct {
        left: Box<Node>,
        right: Box<Node>,
        negated: bool,
    },
    Cast {
        arg: Box<Node>,
        to: TypeName,
    },
    Collate {
        arg: Box<Node>,
        collation: String,
    },
    Array(Vec<Node>),
    Row(Vec<Node>),
    Exists(Box<Select>),
    /// A subquery that gives one value.
    Scalar(Box<Select>),
    /// `left op ANY (SELECT …)`; `IN` and `NOT IN` as above.
    QuantifiedSelect {
        operator: String,
        left: Box<Node>,
        all: bool,
        select: Box<Select>,
    },
    Unread(String),
}

/// What only calls of aggregates and window functions have.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Aggregate {
    pub distinct: bool,
    pub order: Vec<SortKey>,
    pub filter: Option<Node>,
    pub window: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TruthTest {
    True,
    False,
    Unknown,
}

/// A type as written, in lower case: `character varying(20)[]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeName(pub String);

impl fmt::Display for TypeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum Statement {
    Select(Box<Select>),
    Update(Box<Update>),
    Delete(Box<Delete>),
    /// Rows come from `source`, when they are not given.
    Insert {
        table: String,
        source: Option<Box<Select>>,
    },
    CreateIndex(Box<IndexDefinition>),
    Other(String),
}

/// A `SELECT`, with what stands after it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Select {
    pub with: Vec<(String, Select)>,
    pub body: SelectBody,
    pub order: Vec<SortKey>,
    pub limit: Option<Node>,
    pub offset: Option<Node>,
    /// `FOR UPDATE` and its kind.
    pub locks_rows: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub enum SelectBody {
    Plain {
        distinct: Distinct,
        targets: Vec<Target>,
        from: Vec<From>,
        filter: Option<Node>,
        group: Vec<Node>,
        having: Option<Node>,
    },
    /// `UNION`, `INTERSECT`, `EXCEPT`.
    Compound {
        operator: String,
        all: bool,
        parts: Vec<Select>,
    },
    Values(Vec<Vec<Node>>),
}

impl Default for SelectBody {
    fn default() -> SelectBody {
        SelectBody::Values(Vec::new())
    }
}

#[derive(Debug, Clone, Default, PartialEq)]
pub enum Distinct {
    #[default]
    No,
    Rows,
    On(Vec<Node>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    pub node: Node,
    pub alias: Option<String>,
}

/// One entry of `FROM`, with what is joined to it.
#[derive(Debug, Clone, PartialEq)]
pub struct From {
    pub source: Source,
    pub alias: Option<String>,
    pub joins: Vec<Join>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// As written, qualified with a dot when it is.
    Table(String),
    Select {
        select: Box<Select>,
        lateral: bool,
    },
    /// A function, or anything else whose rows no index serves.
    Other(String),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Join {
    pub kind: JoinKind,
    pub from: From,
    pub on: Option<Node>,
    pub using: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinKind {
    Inner,
    Left,
    Right,
    Full,
}

#[derive(Debug, Clone, PartialEq)]
pub struct SortKey {
    pub node: Node,
    pub order: SortOrder,
    /// None where the text says nothing: last when ascending, first when descending.
    pub nulls: Option<Nulls>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    pub table: String,
    pub alias: Option<String>,
    pub set: Vec<Assignment>,
    pub from: Vec<From>,
    pub filter: Option<Node>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    pub column: String,
    pub value: Node,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Delete {
    pub table: String,
    pub alias: Option<String>,
    pub using: Vec<From>,
    pub filter: Option<Node>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct IndexDefinition {
    pub name: Option<String>,
    pub table: String,
    pub unique: bool,
    pub method: IndexMethod,
    pub elements: Vec<IndexElement>,
    pub include: Vec<String>,
    pub predicate: Option<Node>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct IndexElement {
    /// Without the collation around it.
    pub node: Node,
    pub collation: Option<String>,
    pub opclass: Option<String>,
    pub order: Option<SortOrder>,
    pub nulls: Option<Nulls>,
}
