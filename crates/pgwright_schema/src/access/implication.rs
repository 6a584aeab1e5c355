//! Whether conditions prove another one (`optimizer/util/predtest.c`).

use std::cmp::Ordering;
use std::sync::Arc;

use crate::catalog::{OperatorId, catalog};
use crate::sql::TruthTest;
use crate::terms::{Kind, SubqueryUsage, Term, compare_constants, text_value};

/// Whether something follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Implied {
    Yes,
    /// It depends on a value that is not known.
    Depends(Arc<str>),
    No,
}

impl Implied {
    fn or(self, other: impl FnOnce() -> Implied) -> Implied {
        match self {
            Implied::Yes => Implied::Yes,
            Implied::Depends(reason) => match other() {
                Implied::Yes => Implied::Yes,
                _ => Implied::Depends(reason),
            },
            Implied::No => other(),
        }
    }

    fn and(self, other: impl FnOnce() -> Implied) -> Implied {
        match self {
            Implied::Yes => other(),
            Implied::Depends(reason) => match other() {
                Implied::No => Implied::No,
                _ => Implied::Depends(reason),
            },
            Implied::No => Implied::No,
        }
    }
}

/// Lists longer than this are not looked into (`MAX_SAOP_ARRAY_SIZE`).
const LONGEST_LIST: usize = 100;

/// Whether `predicate` holds wherever all of `clauses` do.
pub fn implies(clauses: &[Term], predicate: &Term) -> Implied {
    match &predicate.kind {
        Kind::And(items) => items.iter().fold(Implied::Yes, |so_far, item| so_far.and(|| implies(clauses, item))),
        Kind::Or(items) => {
            let arms = items.iter().fold(Implied::No, |so_far, item| so_far.or(|| implies(clauses, item)));
            arms.or(|| any_clause(clauses, predicate))
        }
        _ => any_clause(clauses, predicate),
    }
}

fn any_clause(clauses: &[Term], predicate: &Term) -> Implied {
    clauses.iter().fold(Implied::No, |so_far, clause| so_far.or(|| clause_implies(clause, predicate)))
}

fn clause_implies(clause: &Term, predicate: &Term) -> Implied {
    if let Some(listed) = list_as_alternatives(predicate) {
        let same = clause.same(predicate);
        let arms = listed.iter().fold(Implied::No, |so_far, arm| so_far.or(|| clause_implies(clause, arm)));
        if same || arms == Implied::Yes {
            return Implied::Yes;
        }
        // The arms of the clause may each meet another arm of the predicate.
        return match alternatives(clause) {
            Some(own) => own.iter().fold(Implied::Yes, |so_far, arm| so_far.and(|| clause_implies(arm, predicate))),
            None => arms,
        };
    }
    match &clause.kind {
        Kind::And(items) => return implies(items, predicate),
        Kind::Or(items) => {
            if clause.same(predicate) {
                return Implied::Yes;
            }
            return items
                .iter()
                .fold(Implied::Yes, |so_far, arm| so_far.and(|| implies(std::slice::from_ref(arm), predicate)));
        }
        _ => {}
    }
    let simple = simple_implies(clause, predicate);
    if simple == Implied::Yes {
        return simple;
    }
    match alternatives(clause) {
        Some(own) => own.iter().fold(Implied::Yes, |so_far, arm| so_far.and(|| simple_implies(arm, predicate))),
        None => simple,
    }
}

/// `x IN (1, 2)` as `x = 1` and `x = 2`, one of which holds.
fn alternatives(term: &Term) -> Option<Vec<Term>> {
    list_as_alternatives(term)
}

fn list_as_alternatives(term: &Term) -> Option<Vec<Term>> {
    let Kind::Quantified { id, left, array, all: false } = &term.kind else { return None };
    let Kind::Array(items) = &array.kind else { return None };
    (items.len() <= LONGEST_LIST).then(|| {
        items
            .iter()
            .map(|item| Term::boolean(Kind::Operator { id: *id, args: vec![(**left).clone(), item.clone()] }))
            .collect()
    })
}

fn simple_implies(clause: &Term, predicate: &Term) -> Implied {
    if clause.same(predicate) {
        return Implied::Yes;
    }
    match &predicate.kind {
        // Anything that is null with its argument proves that it is not null.
        Kind::IsNull { arg, negated: true } if is_strict_for(clause, arg) => return Implied::Yes,
        Kind::Is { arg, test: TruthTest::True, negated: false } if clause.same(arg) => return Implied::Yes,
        Kind::Is { arg, test: TruthTest::False, negated: false } => {
            if matches!(&clause.kind, Kind::Not(inner) if inner.same(arg)) {
                return Implied::Yes;
            }
        }
        _ => {}
    }
    if let Kind::Is { arg, test: TruthTest::True, negated: false } = &clause.kind
        && arg.same(predicate)
    {
        return Implied::Yes;
    }
    comparison_implies(clause, predicate)
}

/// `x = 5` proves `x < 10`: both compare the same thing with constants (`operator_predicate_proof`).
fn comparison_implies(clause: &Term, predicate: &Term) -> Implied {
    let Some((clause_id, clause_left, clause_right)) = clause.as_comparison() else { return Implied::No };
    let Some((predicate_id, predicate_left, predicate_right)) = predicate.as_comparison() else { return Implied::No };
    if !clause_left.same(predicate_left) {
        return Implied::No;
    }
    let (Some(given), Some(wanted)) = (strategy(clause_id), strategy(predicate_id)) else { return Implied::No };
    if clause_right.same(predicate_right) {
        return if follows(given, wanted, Ordering::Equal) { Implied::Yes } else { Implied::No };
    }
    let possible = |ordering| follows(given, wanted, ordering);
    if !(possible(Ordering::Less) || possible(Ordering::Equal) || possible(Ordering::Greater)) {
        return Implied::No;
    }
    if !predicate_right.is_plan_constant() || !clause_right.is_plan_constant() {
        return Implied::No;
    }
    let (left, right) = (text_value(clause_right), text_value(predicate_right));
    let (Some(left), Some(right)) = (left, right) else {
        return Implied::Depends(format!("only when {clause} lies within {predicate}").into());
    };
    let type_ = predicate_right.type_;
    match compare_constants(type_, &left, &right) {
        Some(ordering) if possible(ordering) => Implied::Yes,
        Some(_) => Implied::No,
        // Unequal text: no order is known, but equality is ruled out.
        None if type_.is_textual() => {
            let either = possible(Ordering::Less) && possible(Ordering::Greater);
            if either {
                Implied::Yes
            } else if possible(Ordering::Less) || possible(Ordering::Greater) {
                Implied::Depends(format!("only when {clause} lies within {predicate}").into())
            } else {
                Implied::No
            }
        }
        None => Implied::Depends(format!("only when {clause} lies within {predicate}").into()),
    }
}

/// The strategy of an operator, 6 for `<>`.
fn strategy(id: OperatorId) -> Option<u16> {
    match catalog().operator(id).name {
        "<>" => Some(6),
        _ => catalog().btree_strategy(id),
    }
}

/// Whether `x given c` proves `x wanted p` when c is `ordering` than p. 1 `<`, 2 `<=`, 3 `=`, 4 `>=`, 5 `>`, 6 `<>`.
fn follows(given: u16, wanted: u16, ordering: Ordering) -> bool {
    use Ordering::{Equal, Greater, Less};
    matches!(
        (given, wanted, ordering),
        (3, 1, Less)
            | (3, 2, Less | Equal)
            | (3, 3, Equal)
            | (3, 4, Equal | Greater)
            | (3, 5, Greater)
            | (3, 6, Less | Greater)
            | (1, 1 | 2 | 6, Less | Equal)
            | (2, 2, Less | Equal)
            | (2, 1 | 6, Less)
            | (5, 4..=6, Greater | Equal)
            | (4, 4, Greater | Equal)
            | (4, 5 | 6, Greater)
            | (6, 6, Equal)
    )
}

/// Whether the clause cannot be true when `part` is null (`clause_is_strict_for`).
pub(super) fn is_strict_for(clause: &Term, part: &Term) -> bool {
    if clause.same(part) {
        return true;
    }
    match &clause.kind {
        Kind::Operator { id, args } => {
            catalog().operator(*id).strict && args.iter().any(|arg| is_strict_for(arg, part))
        }
        Kind::Function { name, args, .. } => {
            let types: Vec<_> = args.iter().map(|arg| arg.type_).collect();
            let strict = name.as_ref() == "[]"
                || catalog().resolve_function(name, &types).is_some_and(|resolved| resolved.function.strict);
            strict && args.iter().any(|arg| is_strict_for(arg, part))
        }
        Kind::Cast { arg, .. } | Kind::Not(arg) => is_strict_for(arg, part),
        Kind::Quantified { id, left, array, all } => {
            let empty = matches!(&array.kind, Kind::Array(items) if items.is_empty());
            catalog().operator(*id).strict && !(*all && empty) && is_strict_for(left, part)
        }
        Kind::IsNull { arg, negated: true } => is_strict_for(arg, part),
        Kind::Is { arg, test: TruthTest::True | TruthTest::False, negated: false } => is_strict_for(arg, part),
        Kind::Subquery { usage: SubqueryUsage::In, left: Some(left), .. } => is_strict_for(left, part),
        _ => false,
    }
}
