//! Values on a line, for where they lie between the bounds of a histogram (`convert_to_scalar`).

use std::cmp::Ordering;

use crate::catalog::Type;
use crate::terms::compare_constants;

/// A value as a number; None for types whose values have no distance, text among them.
pub(super) fn scalar(type_: Type, text: &str) -> Option<f64> {
    match type_.name() {
        Type::INT2 | Type::INT4 | Type::INT8 | Type::NUMERIC | Type::FLOAT4 | Type::FLOAT8 => text.trim().parse().ok(),
        Type::BOOL => Some(if text.starts_with('t') { 1.0 } else { 0.0 }),
        Type::DATE | Type::TIMESTAMP | Type::TIMESTAMPTZ => moment(text),
        Type::TIME => time(text),
        Type::INTERVAL => None,
        Type::INET => inet(text),
        Type::UUID => {
            let digits: String = text.chars().filter(char::is_ascii_hexdigit).take(13).collect();
            u64::from_str_radix(&digits, 16).ok().map(|number| number as f64)
        }
        _ => None,
    }
}

fn moment(text: &str) -> Option<f64> {
    match text {
        "infinity" => return Some(f64::MAX),
        "-infinity" => return Some(f64::MIN),
        _ => {}
    }
    let mut parts = text.get(..10)?.splitn(3, '-');
    let (year, month, day): (i64, i64, i64) =
        (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    // Days since 1970 (Howard Hinnant, chrono-Compatible Low-Level Date Algorithms).
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    let rest = text.get(10..).unwrap_or_default().trim_start_matches([' ', 'T']);
    let zone = rest.find(['+', '-', 'Z']).unwrap_or(rest.len());
    let (clock, zone) = rest.split_at(zone);
    let seconds = if clock.is_empty() { 0.0 } else { time(clock)? };
    let offset = match zone.strip_prefix(['+', '-']) {
        Some(distance) => {
            let (hours, minutes) = distance.split_once(':').unwrap_or((distance, "0"));
            let seconds = hours.parse::<f64>().ok()? * 3600.0 + minutes.parse::<f64>().ok()? * 60.0;
            if zone.starts_with('-') { -seconds } else { seconds }
        }
        None => 0.0,
    };
    Some(days as f64 * 86_400.0 + seconds - offset)
}

fn time(text: &str) -> Option<f64> {
    let mut seconds = 0.0;
    let mut unit = 3600.0;
    for part in text.split(':') {
        seconds += part.trim().parse::<f64>().ok()? * unit;
        unit /= 60.0;
    }
    Some(seconds)
}

fn inet(text: &str) -> Option<f64> {
    let address = text.split('/').next()?;
    let mut value = 0.0;
    for part in address.split('.') {
        value = value * 256.0 + part.parse::<f64>().ok()?;
    }
    Some(value)
}

/// How two values of a type compare; text by its bytes.
pub(super) fn compare(type_: Type, left: &str, right: &str) -> Option<Ordering> {
    if let (Some(left), Some(right)) = (scalar(type_, left), scalar(type_, right)) {
        return left.partial_cmp(&right);
    }
    if type_.is_textual() || type_.is("bytea") {
        return Some(left.cmp(right));
    }
    compare_constants(type_, left, right)
}

/// Where `value` lies between two bounds, from 0 to 1.
pub(super) fn position_between(type_: Type, value: &str, low: &str, high: &str) -> Option<f64> {
    let (value, low, high) = match (scalar(type_, value), scalar(type_, low), scalar(type_, high)) {
        (Some(value), Some(low), Some(high)) => (value, low, high),
        _ if type_.is_textual() => {
            let shared = low.bytes().zip(high.bytes()).zip(value.bytes());
            let prefix = shared.take_while(|((low, high), value)| low == high && low == value).count();
            let number = |text: &str| text_scalar(text.as_bytes().get(prefix..).unwrap_or_default());
            (number(value), number(low), number(high))
        }
        _ => return None,
    };
    if high <= low { None } else { Some(((value - low) / (high - low)).clamp(0.0, 1.0)) }
}

fn text_scalar(bytes: &[u8]) -> f64 {
    let mut value = 0.0;
    let mut unit = 1.0 / 256.0;
    for byte in bytes.iter().take(12) {
        value += f64::from(*byte) * unit;
        unit /= 256.0;
    }
    value
}

/// Whether text matches a pattern of `LIKE`.
pub(super) fn is_like(text: &str, pattern: &str, ignoring_case: bool) -> bool {
    if ignoring_case {
        return is_like(&text.to_lowercase(), &pattern.to_lowercase(), false);
    }
    let text: Vec<char> = text.chars().collect();
    let pattern: Vec<char> = pattern.chars().collect();
    let (mut at, mut wanted) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while at < text.len() {
        match pattern.get(wanted) {
            Some('%') => {
                retry = Some((at, wanted + 1));
                wanted += 1;
                continue;
            }
            Some('_') => {
                at += 1;
                wanted += 1;
                continue;
            }
            Some('\\') if pattern.get(wanted + 1) == Some(&text[at]) => {
                at += 1;
                wanted += 2;
                continue;
            }
            Some(character) if *character != '\\' && *character == text[at] => {
                at += 1;
                wanted += 1;
                continue;
            }
            _ => {}
        }
        let Some((from, after)) = retry else { return false };
        at = from + 1;
        wanted = after;
        retry = Some((at, after));
    }
    pattern.get(wanted..).is_none_or(|rest| rest.iter().all(|character| *character == '%'))
}

#[cfg(test)]
mod tests {
    use super::{is_like, moment};

    #[test]
    fn moments_are_seconds() {
        assert_eq!(moment("1970-01-02 00:00:00+00"), Some(86_400.0));
        assert_eq!(moment("2024-03-01"), Some(1_709_251_200.0));
        assert_eq!(moment("2024-03-01 01:00:00+01:00"), Some(1_709_251_200.0));
    }

    #[test]
    fn patterns_match_as_postgresql_matches_them() {
        let cases = [
            ("abc", "a%", true),
            ("abc", "%c", true),
            ("abc", "a_c", true),
            ("abc", "a\\_c", false),
            ("a_c", "a\\_c", true),
            ("abcabd", "%ab_", true),
            ("abc", "abcd", false),
        ];
        for (text, pattern, expected) in cases {
            assert_eq!(is_like(text, pattern, false), expected, "{text} {pattern}");
        }
    }
}
