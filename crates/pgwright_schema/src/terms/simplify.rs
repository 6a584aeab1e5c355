//! Conditions in the form the planner works on.

use super::constants::truth;
use super::{Kind, SubqueryUsage, Term};
use crate::catalog::{Type, catalog};
use crate::sql::TruthTest;

/// The conditions that all have to hold.
pub fn conjuncts(term: Term) -> Vec<Term> {
    match term.kind {
        Kind::And(items) => items.into_iter().flat_map(conjuncts).collect(),
        _ => vec![term],
    }
}

/// What is true where the condition is false, with `NOT` as far inside as it goes (`negate_clause`).
pub fn negate(term: Term) -> Term {
    let type_ = term.type_;
    match term.kind {
        Kind::Not(arg) => *arg,
        Kind::And(items) => Term::boolean(Kind::Or(items.into_iter().map(negate).collect())),
        Kind::Or(items) => Term::boolean(Kind::And(items.into_iter().map(negate).collect())),
        Kind::IsNull { arg, negated } => Term::boolean(Kind::IsNull { arg, negated: !negated }),
        Kind::Is { arg, test, negated } => Term::boolean(Kind::Is { arg, test, negated: !negated }),
        Kind::IsDistinct { left, right, negated } => Term::boolean(Kind::IsDistinct { left, right, negated: !negated }),
        Kind::Operator { id, args } => match catalog().negator(id) {
            Some(id) => Term::boolean(Kind::Operator { id, args }),
            None => Term::boolean(Kind::Not(Box::new(Term::new(Kind::Operator { id, args }, type_)))),
        },
        Kind::Quantified { id, left, array, all } => match catalog().negator(id) {
            Some(id) => Term::boolean(Kind::Quantified { id, left, array, all: !all }),
            None => Term::boolean(Kind::Not(Box::new(Term::boolean(Kind::Quantified { id, left, array, all })))),
        },
        Kind::Subquery { block, usage, left } => {
            let opposite = match usage {
                SubqueryUsage::Exists => Some(SubqueryUsage::NotExists),
                SubqueryUsage::NotExists => Some(SubqueryUsage::Exists),
                SubqueryUsage::In => Some(SubqueryUsage::NotIn),
                SubqueryUsage::NotIn => Some(SubqueryUsage::In),
                _ => None,
            };
            match opposite {
                Some(usage) => Term::boolean(Kind::Subquery { block, usage, left }),
                None => Term::boolean(Kind::Not(Box::new(Term::new(Kind::Subquery { block, usage, left }, type_)))),
            }
        }
        Kind::Constant(Some(text)) if truth(&text).is_some() => {
            Term::boolean(Kind::Constant(Some(if truth(&text) == Some(true) { "false" } else { "true" }.into())))
        }
        kind => Term::boolean(Kind::Not(Box::new(Term { kind, type_, collation: term.collation }))),
    }
}

/// `flag = true` is `flag`, `flag = false` is `NOT flag` (`simplify_boolean_equality`); comparisons of a constant with a
/// column are written the other way round.
pub(super) fn comparison(term: Term) -> Term {
    let Some((id, left, right)) = term.as_comparison() else { return term };
    let operator = catalog().operator(id);
    if operator.left.is_some_and(|type_| type_.is(Type::BOOL)) && matches!(operator.name, "=" | "<>") {
        let value = |side: &Term| match &side.kind {
            Kind::Constant(Some(text)) => truth(text),
            _ => None,
        };
        let (other, constant) = match (value(left), value(right)) {
            (_, Some(constant)) => (left, constant),
            (Some(constant), None) => (right, constant),
            _ => return term,
        };
        let other = other.clone();
        return if constant == (operator.name == "=") { other } else { negate(other) };
    }
    if left.is_free_of_columns()
        && !right.is_free_of_columns()
        && let Some(commuted) = catalog().commutator(id)
    {
        let args = vec![right.clone(), left.clone()];
        return Term { kind: Kind::Operator { id: commuted, args }, ..term };
    }
    term
}

/// `flag IS TRUE` in a condition is `flag`.
pub(super) fn truth_test(arg: Term, test: TruthTest, negated: bool) -> Term {
    Term::boolean(Kind::Is { arg: Box::new(arg), test, negated })
}
