//! Terms as a person writes them: for reasons and reports, not for a server.

use std::fmt;

use super::{Kind, SubqueryUsage, Term};
use crate::catalog::{Type, catalog};
use crate::expr::quote_text;
use crate::sql::TruthTest;

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Column { name, .. } => f.write_str(name),
            Kind::Constant(None) => f.write_str("NULL"),
            Kind::Constant(Some(text)) => constant(f, text, self.type_),
            Kind::Parameter { .. } => f.write_str("%s"),
            Kind::Function { name, args, .. } => function(f, name, args),
            Kind::Operator { id, args } => {
                let name = match catalog().operator(*id).name {
                    "~~" => "LIKE",
                    "!~~" => "NOT LIKE",
                    "~~*" => "ILIKE",
                    "!~~*" => "NOT ILIKE",
                    other => other,
                };
                match args.as_slice() {
                    [left, right] => {
                        operand(f, left)?;
                        write!(f, " {name} ")?;
                        operand(f, right)
                    }
                    args => {
                        f.write_str(name)?;
                        list(f, args)
                    }
                }
            }
            Kind::Quantified { id, left, array, all } => {
                operand(f, left)?;
                let name = catalog().operator(*id).name;
                match (&array.kind, name, all) {
                    (Kind::Array(items), "=", false) => write!(f, " IN ").and_then(|()| in_parentheses(f, items)),
                    (Kind::Array(items), "<>", true) => write!(f, " NOT IN ").and_then(|()| in_parentheses(f, items)),
                    _ => write!(f, " {name} {}({array})", if *all { "ALL" } else { "ANY" }),
                }
            }
            Kind::And(items) => joined(f, items, " AND "),
            Kind::Or(items) => joined(f, items, " OR "),
            Kind::Not(arg) => {
                f.write_str("NOT ")?;
                operand(f, arg)
            }
            Kind::IsNull { arg, negated } => {
                operand(f, arg)?;
                f.write_str(if *negated { " IS NOT NULL" } else { " IS NULL" })
            }
            Kind::Is { arg, test, negated } => {
                let test = match test {
                    TruthTest::True => "TRUE",
                    TruthTest::False => "FALSE",
                    TruthTest::Unknown => "UNKNOWN",
                };
                operand(f, arg)?;
                write!(f, " IS {}{test}", if *negated { "NOT " } else { "" })
            }
            Kind::IsDistinct { left, right, negated } => {
                write!(f, "{left} IS {}DISTINCT FROM {right}", if *negated { "NOT " } else { "" })
            }
            Kind::Cast { arg, modifier, .. } => {
                operand(f, arg)?;
                write!(f, "::{}", modifier.as_deref().unwrap_or(self.type_.name()))
            }
            Kind::Array(items) => {
                f.write_str("ARRAY[")?;
                list(f, items)?;
                f.write_str("]")
            }
            Kind::Row(items) => in_parentheses(f, items),
            Kind::Subquery { usage, left, .. } => {
                if let Some(left) = left {
                    write!(f, "{left} ")?;
                }
                f.write_str(match usage {
                    SubqueryUsage::Exists => "EXISTS (SELECT …)",
                    SubqueryUsage::NotExists => "NOT EXISTS (SELECT …)",
                    SubqueryUsage::Scalar => "(SELECT …)",
                    SubqueryUsage::In => "IN (SELECT …)",
                    SubqueryUsage::NotIn => "NOT IN (SELECT …)",
                    SubqueryUsage::Compared => "… (SELECT …)",
                })
            }
            Kind::Unknown(reason) => f.write_str(reason),
        }
    }
}

fn constant(f: &mut fmt::Formatter<'_>, text: &str, type_: Type) -> fmt::Result {
    let plain = matches!(type_.info().category, 'N' | 'B') && !text.is_empty();
    if plain { f.write_str(text) } else { f.write_str(&quote_text(text)) }
}

fn function(f: &mut fmt::Formatter<'_>, name: &str, args: &[Term]) -> fmt::Result {
    match (name, args) {
        ("[]", [array, index]) => {
            operand(f, array)?;
            write!(f, "[{index}]")
        }
        ("extract", [part, value]) => {
            let part = match &part.kind {
                Kind::Constant(Some(part)) => part.to_string(),
                _ => part.to_string(),
            };
            write!(f, "EXTRACT({part} FROM {value})")
        }
        ("timezone", [zone, value]) => {
            operand(f, value)?;
            write!(f, " AT TIME ZONE {zone}")
        }
        ("case", args) => {
            f.write_str("CASE")?;
            for pair in args.chunks(2) {
                match pair {
                    [condition, result] => write!(f, " WHEN {condition} THEN {result}")?,
                    [default] => write!(f, " ELSE {default}")?,
                    _ => {}
                }
            }
            f.write_str(" END")
        }
        _ => {
            f.write_str(name)?;
            in_parentheses(f, args)
        }
    }
}

/// Puts parentheses around what would not read as one thing.
fn operand(f: &mut fmt::Formatter<'_>, term: &Term) -> fmt::Result {
    let needed = matches!(
        term.kind,
        Kind::Operator { .. }
            | Kind::Quantified { .. }
            | Kind::And(_)
            | Kind::Or(_)
            | Kind::Not(_)
            | Kind::IsNull { .. }
            | Kind::Is { .. }
            | Kind::IsDistinct { .. }
    ) || matches!(&term.kind, Kind::Function { name, .. } if matches!(name.as_ref(), "timezone" | "case"));
    if needed { write!(f, "({term})") } else { write!(f, "{term}") }
}

fn joined(f: &mut fmt::Formatter<'_>, items: &[Term], separator: &str) -> fmt::Result {
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            f.write_str(separator)?;
        }
        let nested = matches!(item.kind, Kind::And(_) | Kind::Or(_));
        if nested { write!(f, "({item})")? } else { write!(f, "{item}")? }
    }
    Ok(())
}

fn list(f: &mut fmt::Formatter<'_>, items: &[Term]) -> fmt::Result {
    const SHOWN: usize = 5;
    for (position, item) in items.iter().take(SHOWN).enumerate() {
        if position > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{item}")?;
    }
    if items.len() > SHOWN { write!(f, ", … {} more", items.len() - SHOWN) } else { Ok(()) }
}

fn in_parentheses(f: &mut fmt::Formatter<'_>, items: &[Term]) -> fmt::Result {
    f.write_str("(")?;
    list(f, items)?;
    f.write_str(")")
}
