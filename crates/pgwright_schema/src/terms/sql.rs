//! Terms as SQL that PostgreSQL reads back as the same term: for keys and predicates of indexes.

use super::{Kind, Term};
use crate::catalog::{Type, catalog};
use crate::expr::quote_text;
use crate::names::quote_name;
use crate::sql::TruthTest;

/// The term as SQL about one table, unqualified; None when it holds what no index may.
pub fn to_sql(term: &Term) -> Option<String> {
    let all = |items: &[Term]| items.iter().map(to_sql).collect::<Option<Vec<_>>>();
    Some(match &term.kind {
        Kind::Column { name, .. } => quote_name(name),
        Kind::Constant(None) => "NULL".to_owned(),
        Kind::Constant(Some(text)) => constant(text, term.type_),
        Kind::Function { name, args, .. } => {
            let written = all(args)?;
            match (name.as_ref(), written.as_slice()) {
                ("[]", [array, index]) => format!("({array})[{index}]"),
                ("timezone", [zone, value]) => format!("({value} AT TIME ZONE {zone})"),
                ("extract", [_, value]) => {
                    let Kind::Constant(Some(part)) = &args.first()?.kind else { return None };
                    format!("EXTRACT({part} FROM {value})")
                }
                ("case", parts) => {
                    let mut text = "CASE".to_owned();
                    for pair in parts.chunks(2) {
                        match pair {
                            [condition, result] => text.push_str(&format!(" WHEN {condition} THEN {result}")),
                            [default] => text.push_str(&format!(" ELSE {default}")),
                            _ => {}
                        }
                    }
                    text + " END"
                }
                ("[:]", _) => return None,
                (name, parts) => format!("{}({})", name.to_uppercase(), parts.join(", ")),
            }
        }
        Kind::Operator { id, args } => {
            let name = catalog().operator(*id).name;
            match all(args)?.as_slice() {
                [left, right] => format!("({left} {name} {right})"),
                [only] => format!("({name} {only})"),
                _ => return None,
            }
        }
        Kind::Quantified { id, left, array, all: every } => {
            let name = catalog().operator(*id).name;
            let left = to_sql(left)?;
            match (&array.kind, name, every) {
                (Kind::Array(items), "=", false) => format!("{left} IN ({})", all(items)?.join(", ")),
                (Kind::Array(items), "<>", true) => format!("{left} NOT IN ({})", all(items)?.join(", ")),
                _ => format!("{left} {name} {}({})", if *every { "ALL" } else { "ANY" }, to_sql(array)?),
            }
        }
        Kind::And(items) => format!("({})", all(items)?.join(" AND ")),
        Kind::Or(items) => format!("({})", all(items)?.join(" OR ")),
        Kind::Not(arg) => format!("NOT {}", to_sql(arg)?),
        Kind::IsNull { arg, negated } => format!("{} IS {}NULL", to_sql(arg)?, if *negated { "NOT " } else { "" }),
        Kind::Is { arg, test, negated } => {
            let test = match test {
                TruthTest::True => "TRUE",
                TruthTest::False => "FALSE",
                TruthTest::Unknown => "UNKNOWN",
            };
            format!("{} IS {}{test}", to_sql(arg)?, if *negated { "NOT " } else { "" })
        }
        Kind::Cast { arg, modifier, .. } => {
            format!("({})::{}", to_sql(arg)?, modifier.as_deref().unwrap_or(term.type_.name()))
        }
        Kind::Array(items) => format!("ARRAY[{}]", all(items)?.join(", ")),
        Kind::Parameter { .. } | Kind::IsDistinct { .. } | Kind::Row(_) | Kind::Subquery { .. } | Kind::Unknown(_) => {
            return None;
        }
    })
}

fn constant(text: &str, type_: Type) -> String {
    match type_.name() {
        Type::INT2 | Type::INT4 | Type::INT8 | Type::NUMERIC => text.to_owned(),
        Type::BOOL => text.to_owned(),
        Type::TEXT | Type::VARCHAR | Type::UNKNOWN => quote_text(text).trim_start().to_owned(),
        name => format!("{}::{name}", quote_text(text).trim_start()),
    }
}
