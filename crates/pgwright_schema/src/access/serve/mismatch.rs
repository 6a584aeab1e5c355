//! Why an index does not search for a condition, so that a person can read it. Written only when somebody asks.

use std::fmt;

use crate::access::index::PreparedKey;
use crate::catalog::Volatility;
use crate::terms::{Kind, Term};

/// Why a key does not search for a condition.
#[derive(Debug, Clone)]
pub(super) enum Mismatch<'a> {
    /// The class of the key lacks the operator.
    Operator {
        operator: &'static str,
        key: &'a PreparedKey,
        hint: Option<String>,
    },
    Collation {
        key: &'a PreparedKey,
        needed: String,
    },
    /// The key's columns are in the condition, but not the key.
    Expression {
        found: &'a Term,
        key: &'a PreparedKey,
    },
    /// The value is computed from the table's own columns.
    OfSameRow(&'a Term),
    /// The value is computed anew for each row.
    Volatile(&'a Term),
    /// The pattern is computed when the statement runs.
    LatePattern(&'a Term),
    /// A column is `NOT NULL`, and the planner knows.
    AlwaysKnown {
        column: &'a Term,
        clause: &'a Term,
    },
    /// One arm of an `OR` is not searched for.
    Arm {
        arm: &'a Term,
        reason: Option<Box<Mismatch<'a>>>,
    },
    /// Something else entirely.
    Unrelated {
        key: &'a PreparedKey,
        clause: &'a Term,
    },
    NoKeys,
}

impl Mismatch<'_> {
    /// The lower, the closer the key came.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Mismatch::Collation { .. } => 0,
            Mismatch::Operator { .. } | Mismatch::AlwaysKnown { .. } => 1,
            Mismatch::OfSameRow(_) | Mismatch::Volatile(_) | Mismatch::LatePattern(_) => 2,
            Mismatch::Expression { .. } => 3,
            Mismatch::Arm { .. } | Mismatch::Unrelated { .. } | Mismatch::NoKeys => 4,
        }
    }
}

impl fmt::Display for Mismatch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mismatch::Operator { operator, key, hint } => {
                let term = &key.term;
                match key.class {
                    Some(class) => write!(f, "`{term}` with {} does not search for {operator}", class.name)?,
                    None => write!(f, "nothing is known of how `{term}` is searched")?,
                }
                if let Some(hint) = hint {
                    write!(f, "; {hint}")?;
                }
                Ok(())
            }
            Mismatch::Collation { key, needed } => write!(f, "`{}`: {needed}", key.term),
            Mismatch::Expression { found, key } => write!(f, "`{found}` is not the indexed expression `{}`", key.term),
            Mismatch::OfSameRow(value) => write!(f, "{value} is computed from the same row"),
            Mismatch::Volatile(value) => write!(f, "{value} may change from row to row"),
            Mismatch::LatePattern(pattern) => write!(f, "the pattern {pattern} is computed when the statement runs"),
            Mismatch::AlwaysKnown { column, clause } => {
                write!(f, "`{column}` is NOT NULL: the planner answers {clause} without looking")
            }
            Mismatch::Arm { arm, reason } => {
                write!(f, "{arm}, one arm of OR, is not searched for")?;
                match reason {
                    Some(reason) => write!(f, ": {reason}"),
                    None => Ok(()),
                }
            }
            Mismatch::Unrelated { key, clause } => write!(f, "`{}` is not searched for by {clause}", key.term),
            Mismatch::NoKeys => f.write_str("the index has no keys"),
        }
    }
}

pub(super) fn lacks<'a>(key: &'a PreparedKey, operator: &'static str, hint: Option<String>) -> Mismatch<'a> {
    Mismatch::Operator { operator, key, hint }
}

/// The other side of a comparison: it may not depend on the row, and not change from row to row.
pub(super) fn value_is_usable(value: &Term) -> Result<(), Mismatch<'_>> {
    if value.uses(0) {
        return Err(Mismatch::OfSameRow(value));
    }
    if value.volatility() == Volatility::Volatile {
        return Err(Mismatch::Volatile(value));
    }
    Ok(())
}

/// The part of the condition that stands where the key would have to.
pub(super) fn unrelated<'a>(key: &'a PreparedKey, clause: &'a Term) -> Mismatch<'a> {
    let shared = key.term.any(&|of_key| {
        matches!(&of_key.kind, Kind::Column { relation: 0, .. }) && clause.any(&|part| part.same(of_key))
    });
    if !shared {
        return Mismatch::Unrelated { key, clause };
    }
    let side = match &clause.kind {
        Kind::Operator { args, .. } => args.iter().find(|arg| arg.uses(0)),
        Kind::Quantified { left, .. } => Some(&**left),
        Kind::IsNull { arg, .. } | Kind::Not(arg) => Some(&**arg),
        _ => None,
    };
    if side.is_some_and(|side| side.same(&key.term)) {
        return Mismatch::Unrelated { key, clause };
    }
    Mismatch::Expression { found: side.unwrap_or(clause), key }
}
