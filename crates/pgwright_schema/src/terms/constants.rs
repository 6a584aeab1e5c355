//! What is known of constants without a server.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::{Kind, Term};
use crate::catalog::Type;

/// The text that a term without columns gives, computed with the functions Django writes around patterns.
pub fn text_value(term: &Term) -> Option<Cow<'_, str>> {
    match &term.kind {
        Kind::Constant(value) => value.as_deref().map(Cow::Borrowed),
        Kind::Cast { arg, modifier: None, .. } if term.type_.is_textual() => text_value(arg),
        Kind::Function { name, args, .. } => {
            let parts: Option<Vec<Cow<'_, str>>> = args.iter().map(text_value).collect();
            let parts = parts?;
            match (name.as_ref(), parts.as_slice()) {
                ("upper", [text]) => Some(Cow::Owned(text.to_uppercase())),
                ("lower", [text]) => Some(Cow::Owned(text.to_lowercase())),
                ("replace", [text, from, to]) => Some(Cow::Owned(text.replace(from.as_ref(), to))),
                ("concat", parts) => Some(Cow::Owned(parts.concat())),
                ("coalesce", [first, ..]) => Some(first.clone()),
                _ => None,
            }
        }
        Kind::Operator { id, args } => match (crate::catalog::catalog().operator(*id).name, args.as_slice()) {
            ("||", [left, right]) => {
                let (left, right) = (text_value(left)?, text_value(right)?);
                Some(Cow::Owned(format!("{left}{right}")))
            }
            _ => None,
        },
        _ => None,
    }
}

/// How two constants of a type compare; None when only a server could say, as for text that is not equal.
pub fn compare_constants(type_: Type, left: &str, right: &str) -> Option<Ordering> {
    if left == right {
        return Some(Ordering::Equal);
    }
    match type_.name() {
        Type::INT2 | Type::INT4 | Type::INT8 => {
            Some(left.trim().parse::<i128>().ok()?.cmp(&right.trim().parse().ok()?))
        }
        Type::NUMERIC | Type::FLOAT4 | Type::FLOAT8 => {
            left.trim().parse::<f64>().ok()?.partial_cmp(&right.trim().parse().ok()?)
        }
        Type::BOOL => Some(truth(left)?.cmp(&truth(right)?)),
        Type::DATE | Type::TIME => ordered_alike(left, right),
        Type::TIMESTAMP | Type::TIMESTAMPTZ => {
            let (left, left_zone) = split_zone(left);
            let (right, right_zone) = split_zone(right);
            if left_zone != right_zone {
                return None;
            }
            ordered_alike(&padded(left), &padded(right))
        }
        Type::UUID => Some(left.to_lowercase().cmp(&right.to_lowercase())),
        _ => None,
    }
}

pub(super) fn truth(text: &str) -> Option<bool> {
    match text.trim().to_lowercase().as_str() {
        "t" | "true" | "yes" | "on" | "1" => Some(true),
        "f" | "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// Dates and times in ISO form compare as text does.
fn ordered_alike(left: &str, right: &str) -> Option<Ordering> {
    let iso = |text: &str| {
        text.get(..4).is_some_and(|year| year.chars().all(|c| c.is_ascii_digit())) || text.get(2..3) == Some(":")
    };
    (iso(left) && iso(right)).then(|| left.cmp(right))
}

fn padded(text: &str) -> Cow<'_, str> {
    if text.len() == 10 { Cow::Owned(format!("{text} 00:00:00")) } else { Cow::Borrowed(text) }
}

fn split_zone(text: &str) -> (&str, &str) {
    let time = text.find(':').unwrap_or(text.len());
    let zone = text.get(time..).and_then(|rest| rest.find(['+', '-', 'Z'])).map(|at| time + at);
    let (value, zone) = text.split_at(zone.unwrap_or(text.len()));
    (value, if matches!(zone, "Z" | "+00") { "+00:00" } else { zone })
}
