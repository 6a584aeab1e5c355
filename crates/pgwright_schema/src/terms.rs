//! Expressions with their types resolved and brought to one form, so that equal means alike.
//!
//! PostgreSQL compares expressions after parsing and simplifying them (`eval_const_expressions`,
//! `canonicalize_qual` in `optimizer/util/clauses.c` and `optimizer/prep/prepqual.c`); a [`Term`] is what is left then:
//! parentheses, casts that compute nothing and `COLLATE` are gone, `NOT` stands at the leaves, `BETWEEN` and `IN` are
//! comparisons, names are columns of relations.

mod constants;
mod print;
mod resolve;
mod simplify;
mod sql;

use std::sync::Arc;

pub use constants::{compare_constants, text_value};
pub use resolve::{Columns, Scope, TakesSubquery, Value, Visible, input_collation, is_equality, resolve};
pub use simplify::{conjuncts, negate};
pub use sql::to_sql;

use crate::catalog::{OperatorId, Type, Volatility, catalog};
use crate::sql::TruthTest;

/// A resolved expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    pub kind: Kind,
    /// `unknown` for literals whose place has not decided yet, and for what is not understood.
    pub type_: Type,
    pub collation: Collation,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Column {
        relation: usize,
        name: Arc<str>,
    },
    /// The value as text; None is null.
    Constant(Option<Arc<str>>),
    /// A value that is sent with the statement.
    Parameter {
        number: u32,
        pattern: Option<Pattern>,
    },
    Function {
        name: Arc<str>,
        args: Vec<Term>,
        volatility: Volatility,
    },
    /// One argument for a prefix operator, else two.
    Operator {
        id: OperatorId,
        args: Vec<Term>,
    },
    /// `left op ANY(array)`, or `ALL`; the operator compares with one element.
    Quantified {
        id: OperatorId,
        left: Box<Term>,
        array: Box<Term>,
        all: bool,
    },
    And(Vec<Term>),
    Or(Vec<Term>),
    Not(Box<Term>),
    IsNull {
        arg: Box<Term>,
        negated: bool,
    },
    Is {
        arg: Box<Term>,
        test: TruthTest,
        negated: bool,
    },
    IsDistinct {
        left: Box<Term>,
        right: Box<Term>,
        negated: bool,
    },
    /// A cast that computes something, to the term's type.
    Cast {
        arg: Box<Term>,
        /// The type as written, when it shortens or rounds.
        modifier: Option<Arc<str>>,
        volatility: Volatility,
    },
    Array(Vec<Term>),
    Row(Vec<Term>),
    /// A subquery, by its place in the statement.
    Subquery {
        block: usize,
        usage: SubqueryUsage,
        /// The left side of `IN`.
        left: Option<Box<Term>>,
    },
    /// What is not understood, and why.
    Unknown(Arc<str>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubqueryUsage {
    Exists,
    NotExists,
    /// One value.
    Scalar,
    In,
    NotIn,
    /// Another comparison with `ANY` or `ALL`.
    Compared,
}

/// What is known of a parameter that is a pattern of `LIKE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pattern {
    /// Begins with fixed text: `startswith`.
    Prefix,
    /// Begins with a wildcard: `contains`, `endswith`.
    Unanchored,
}

/// The collation an expression is compared by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Collation {
    /// The type has none.
    None,
    /// The database's.
    Default,
    Named(Arc<str>),
    /// Chosen by `COLLATE` in the expression.
    Explicit(Arc<str>),
    /// Two that disagree.
    Conflict,
}

impl Collation {
    /// Whether both are the same collation. A default collation and one of the same name are different ones.
    pub fn matches(&self, other: &Collation) -> bool {
        match (self, other) {
            (Collation::Named(a) | Collation::Explicit(a), Collation::Named(b) | Collation::Explicit(b)) => a == b,
            (Collation::Default, Collation::Default) | (Collation::None, Collation::None) => true,
            _ => false,
        }
    }

    /// What a function of two collated arguments has (`parser/parse_collate.c`).
    pub fn merge(&self, other: &Collation) -> Collation {
        match (self, other) {
            (Collation::None, any) | (any, Collation::None) => any.clone(),
            (Collation::Explicit(_), _) => self.clone(),
            (_, Collation::Explicit(_)) => other.clone(),
            (Collation::Conflict, _) | (_, Collation::Conflict) => Collation::Conflict,
            (Collation::Default, any) | (any, Collation::Default) => any.clone(),
            (a, b) if a == b => a.clone(),
            _ => Collation::Conflict,
        }
    }
}

impl Term {
    pub fn new(kind: Kind, type_: Type) -> Term {
        let collation =
            if type_.info().collatable || type_.is_unknown() { Collation::Default } else { Collation::None };
        Term { kind, type_, collation }
    }

    pub fn unknown(reason: impl Into<Arc<str>>) -> Term {
        Term::new(Kind::Unknown(reason.into()), Type::named(Type::UNKNOWN))
    }

    pub fn column(relation: usize, name: &str, type_: Type) -> Term {
        Term::new(Kind::Column { relation, name: name.into() }, type_)
    }

    pub fn boolean(kind: Kind) -> Term {
        Term::new(kind, Type::named(Type::BOOL))
    }

    /// The direct parts.
    pub fn parts(&self) -> Vec<&Term> {
        match &self.kind {
            Kind::Column { .. } | Kind::Constant(_) | Kind::Parameter { .. } | Kind::Unknown(_) => Vec::new(),
            Kind::Function { args, .. }
            | Kind::Operator { args, .. }
            | Kind::And(args)
            | Kind::Or(args)
            | Kind::Array(args)
            | Kind::Row(args) => args.iter().collect(),
            Kind::Quantified { left, array, .. } => vec![left, array],
            Kind::Not(arg) | Kind::IsNull { arg, .. } | Kind::Is { arg, .. } | Kind::Cast { arg, .. } => vec![arg],
            Kind::IsDistinct { left, right, .. } => vec![left, right],
            Kind::Subquery { left, .. } => left.iter().map(|left| &**left).collect(),
        }
    }

    /// Whether `test` holds for the term or anything in it.
    pub fn any(&self, test: &dyn Fn(&Term) -> bool) -> bool {
        test(self) || self.parts().into_iter().any(|part| part.any(test))
    }

    /// Whether a column of the relation is in it.
    pub fn uses(&self, relation: usize) -> bool {
        self.any(&|term| matches!(&term.kind, Kind::Column { relation: of, .. } if *of == relation))
    }

    /// The same with another numbering of relations.
    #[must_use]
    pub fn renumbered(&self, number: &dyn Fn(usize) -> usize) -> Term {
        let all = |items: &[Term]| items.iter().map(|item| item.renumbered(number)).collect::<Vec<_>>();
        let one = |item: &Term| Box::new(item.renumbered(number));
        let kind = match &self.kind {
            Kind::Column { relation, name } => Kind::Column { relation: number(*relation), name: name.clone() },
            Kind::Constant(_) | Kind::Parameter { .. } | Kind::Unknown(_) => self.kind.clone(),
            Kind::Function { name, args, volatility } => {
                Kind::Function { name: name.clone(), args: all(args), volatility: *volatility }
            }
            Kind::Operator { id, args } => Kind::Operator { id: *id, args: all(args) },
            Kind::Quantified { id, left, array, all } => {
                Kind::Quantified { id: *id, left: one(left), array: one(array), all: *all }
            }
            Kind::And(items) => Kind::And(all(items)),
            Kind::Or(items) => Kind::Or(all(items)),
            Kind::Array(items) => Kind::Array(all(items)),
            Kind::Row(items) => Kind::Row(all(items)),
            Kind::Not(arg) => Kind::Not(one(arg)),
            Kind::IsNull { arg, negated } => Kind::IsNull { arg: one(arg), negated: *negated },
            Kind::Is { arg, test, negated } => Kind::Is { arg: one(arg), test: *test, negated: *negated },
            Kind::IsDistinct { left, right, negated } => {
                Kind::IsDistinct { left: one(left), right: one(right), negated: *negated }
            }
            Kind::Cast { arg, modifier, volatility } => {
                Kind::Cast { arg: one(arg), modifier: modifier.clone(), volatility: *volatility }
            }
            Kind::Subquery { block, usage, left } => {
                Kind::Subquery { block: *block, usage: *usage, left: left.as_deref().map(one) }
            }
        };
        Term { kind, type_: self.type_, collation: self.collation.clone() }
    }

    /// The same seen from a relation: that one is 0, and the first one takes its number.
    #[must_use]
    pub fn seen_from(&self, relation: usize) -> Term {
        self.renumbered(&|number| match number {
            0 => relation,
            number if number == relation => 0,
            number => number,
        })
    }

    /// Whether no column and no subquery is in it.
    pub fn is_free_of_columns(&self) -> bool {
        !self.any(&|term| matches!(term.kind, Kind::Column { .. } | Kind::Subquery { .. } | Kind::Unknown(_)))
    }

    /// The relations whose columns are in it, each once, in order of number.
    pub fn relations(&self) -> Vec<usize> {
        let mut found = Vec::new();
        self.collect_relations(&mut found);
        found.sort_unstable();
        found.dedup();
        found
    }

    fn collect_relations(&self, found: &mut Vec<usize>) {
        if let Kind::Column { relation, .. } = &self.kind {
            found.push(*relation);
        }
        for part in self.parts() {
            part.collect_relations(found);
        }
    }

    /// The columns of a relation that are in it, each once.
    pub fn columns(&self, relation: usize) -> Vec<Arc<str>> {
        let mut found = Vec::new();
        self.collect_columns(relation, &mut found);
        found
    }

    fn collect_columns(&self, relation: usize, found: &mut Vec<Arc<str>>) {
        if let Kind::Column { relation: of, name } = &self.kind
            && *of == relation
            && !found.contains(name)
        {
            found.push(name.clone());
        }
        for part in self.parts() {
            part.collect_columns(relation, found);
        }
    }

    /// The most volatile thing in it.
    pub fn volatility(&self) -> Volatility {
        let own = match &self.kind {
            Kind::Function { volatility, .. } | Kind::Cast { volatility, .. } => *volatility,
            Kind::Operator { id, .. } | Kind::Quantified { id, .. } => catalog().operator(*id).volatility,
            Kind::Unknown(_) => Volatility::Volatile,
            _ => Volatility::Immutable,
        };
        self.parts().into_iter().map(Term::volatility).fold(own, Volatility::max)
    }

    /// Whether the planner knows its value: nothing in it but constants and immutable functions of them.
    /// Parameters count: Django writes their values into the statement.
    pub fn is_plan_constant(&self) -> bool {
        self.is_free_of_columns() && self.volatility() == Volatility::Immutable
    }

    pub fn is_null_constant(&self) -> bool {
        matches!(self.kind, Kind::Constant(None))
    }

    /// Whether both compute the same, whatever their literals were taken for.
    pub fn same(&self, other: &Term) -> bool {
        let all = |a: &[Term], b: &[Term]| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b));
        match (&self.kind, &other.kind) {
            (Kind::Column { relation: r1, name: n1 }, Kind::Column { relation: r2, name: n2 }) => r1 == r2 && n1 == n2,
            (Kind::Constant(a), Kind::Constant(b)) => {
                a == b && (self.type_ == other.type_ || loosely_typed(self.type_) || loosely_typed(other.type_))
            }
            (Kind::Parameter { number: a, .. }, Kind::Parameter { number: b, .. }) => a == b,
            (Kind::Function { name: n1, args: a, .. }, Kind::Function { name: n2, args: b, .. }) => {
                n1 == n2 && all(a, b)
            }
            (Kind::Operator { id: i1, args: a }, Kind::Operator { id: i2, args: b }) => {
                let swapped = || match (a.as_slice(), b.as_slice()) {
                    ([a1, a2], [b1, b2]) => catalog().commutator(*i1) == Some(*i2) && a1.same(b2) && a2.same(b1),
                    _ => false,
                };
                (i1 == i2 && all(a, b)) || swapped()
            }
            (
                Kind::Quantified { id: i1, left: l1, array: a1, all: all1 },
                Kind::Quantified { id: i2, left: l2, array: a2, all: all2 },
            ) => i1 == i2 && all1 == all2 && l1.same(l2) && a1.same(a2),
            (Kind::And(a), Kind::And(b)) | (Kind::Or(a), Kind::Or(b)) => {
                a.len() == b.len() && a.iter().all(|each| b.iter().any(|other| each.same(other)))
            }
            (Kind::Array(a), Kind::Array(b)) | (Kind::Row(a), Kind::Row(b)) => all(a, b),
            (Kind::Not(a), Kind::Not(b)) => a.same(b),
            (Kind::IsNull { arg: a, negated: n1 }, Kind::IsNull { arg: b, negated: n2 }) => n1 == n2 && a.same(b),
            (Kind::Is { arg: a, test: t1, negated: n1 }, Kind::Is { arg: b, test: t2, negated: n2 }) => {
                t1 == t2 && n1 == n2 && a.same(b)
            }
            (
                Kind::IsDistinct { left: l1, right: r1, negated: n1 },
                Kind::IsDistinct { left: l2, right: r2, negated: n2 },
            ) => n1 == n2 && l1.same(l2) && r1.same(r2),
            (Kind::Cast { arg: a, modifier: m1, .. }, Kind::Cast { arg: b, modifier: m2, .. }) => {
                self.type_ == other.type_ && m1 == m2 && a.same(b)
            }
            _ => false,
        }
    }

    /// The two sides of a comparison, and its operator.
    pub fn as_comparison(&self) -> Option<(OperatorId, &Term, &Term)> {
        match &self.kind {
            Kind::Operator { id, args } => match args.as_slice() {
                [left, right] => Some((*id, left, right)),
                _ => None,
            },
            _ => None,
        }
    }

    pub fn as_column(&self) -> Option<(usize, &Arc<str>)> {
        match &self.kind {
            Kind::Column { relation, name } => Some((*relation, name)),
            _ => None,
        }
    }
}

/// Text and literals of no type are written alike.
fn loosely_typed(type_: Type) -> bool {
    type_.is_unknown() || type_.is_textual()
}
