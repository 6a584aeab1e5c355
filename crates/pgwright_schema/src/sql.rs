//! SQL text as a tree: Django's statements with their `%s`, raw SQL, texts of `pg_stat_statements` with `$1`, and
//! definitions of indexes.
//!
//! The parser is squawk's; its syntax tree is read once into the few shapes that plans and indexes ask about.
//! Nothing here knows tables or types. What is not read becomes [`Node::Unread`] with its text.

mod between;
mod change;
mod placeholders;
mod read;
mod tree;

pub use change::{Change, NewColumn, NewConstraint, NewTable, ReindexTarget, TableAction};
pub use placeholders::number_placeholders;
pub use read::{ParseError, parse_changes, parse_expression, parse_index, parse_statement};
pub use tree::{
    Aggregate, Assignment, Delete, Distinct, From, IndexDefinition, IndexElement, Join, JoinKind, Node, Select,
    SelectBody, SortKey, Source, Statement, Target, TruthTest, TypeName, Update,
};
