//! Why an index does not search for a condition, so that a person can read it.

use std::fmt;

use crate::access::index::PreparedKey;
use crate::catalog::Volatility;
use crate::terms::{Kind, Term};

/// Why a key does not search for a condition.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Mismatch {
    /// The class of the key lacks the operator.
    Operator {
        operator: &'static str,
        class: Option<&'static str>,
        key: String,
        hint: Option<String>,
    },
    Collation {
        key: String,
        needed: String,
    },
    /// The key's columns are in the condition, but not the key.
    Expression {
        found: String,
        key: String,
    },
    /// The value is computed from the table's own columns, or anew for each row.
    Value(String),
    AlwaysKnown(String),
    /// Something else entirely.
    Unrelated(String),
}

impl Mismatch {
    /// The lower, the closer the key came.
    pub(super) fn rank(&self) -> u8 {
        match self {
            Mismatch::Collation { .. } => 0,
            Mismatch::Operator { .. } | Mismatch::AlwaysKnown(_) => 1,
            Mismatch::Value(_) => 2,
            Mismatch::Expression { .. } => 3,
            Mismatch::Unrelated(_) => 4,
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mismatch::Operator { operator, class, key, hint } => {
                match class {
                    Some(class) => write!(f, "`{key}` with {class} does not search for {operator}")?,
                    None => write!(f, "nothing is known of how `{key}` is searched")?,
                }
                if let Some(hint) = hint {
                    write!(f, "; {hint}")?;
                }
                Ok(())
            }
            Mismatch::Collation { key, needed } => write!(f, "`{key}`: {needed}"),
            Mismatch::Expression { found, key } => write!(f, "`{found}` is not the indexed expression `{key}`"),
            Mismatch::Value(text) | Mismatch::AlwaysKnown(text) | Mismatch::Unrelated(text) => f.write_str(text),
        }
    }
}

pub(super) fn lacks(key: &PreparedKey, operator: &'static str, hint: Option<String>) -> Mismatch {
    Mismatch::Operator { operator, class: key.class.map(|class| class.name), key: key.term.to_string(), hint }
}

/// The other side of a comparison: it may not depend on the row, and not change from row to row.
pub(super) fn value_is_usable(value: &Term) -> Result<(), Mismatch> {
    if value.uses(0) {
        return Err(Mismatch::Value(format!("{value} is computed from the same row")));
    }
    if value.volatility() == Volatility::Volatile {
        return Err(Mismatch::Value(format!("{value} may change from row to row")));
    }
    Ok(())
}

/// The part of the condition that stands where the key would have to.
pub(super) fn unrelated(key: &PreparedKey, clause: &Term) -> Mismatch {
    let columns = key.term.columns(0);
    let shared = columns
        .iter()
        .any(|name| clause.any(&|term| matches!(&term.kind, Kind::Column { relation: 0, name: of } if of == name)));
    if !shared {
        return Mismatch::Unrelated(format!("`{}` is not in the condition {clause}", key.term));
    }
    let side = match &clause.kind {
        Kind::Operator { args, .. } => args.iter().find(|arg| arg.uses(0)),
        Kind::Quantified { left, .. } => Some(&**left),
        Kind::IsNull { arg, .. } | Kind::Not(arg) => Some(&**arg),
        _ => None,
    };
    if side.is_some_and(|side| side.same(&key.term)) {
        return Mismatch::Unrelated(format!("{clause} is not searched for"));
    }
    Mismatch::Expression { found: side.unwrap_or(clause).to_string(), key: key.term.to_string() }
}
