//! Python values as SQL literals: what a field's `get_db_prep_value` makes of them and how psycopg 3 writes that.

use pgwright_schema::{Expr, Literal};

use super::context::Known;
use super::output::Output;
use crate::model::{Call, Value};

/// A value compared with, or stored in, something of the given output.
pub(super) fn prepared(value: &Value, output: &Output) -> Known<Expr> {
    if matches!(value, Value::None) && !matches!(output, Output::Json | Output::JsonKey { .. }) {
        return Ok(Expr::Literal(Literal::Null));
    }
    match output {
        Output::Json | Output::JsonKey { .. } => Ok(typed(json(value)?, "jsonb")),
        Output::Array { base, db_type } => array(value, base, db_type),
        Output::Boolean => match value {
            Value::Int(0) => Ok(Expr::Literal(Literal::Bool(false))),
            Value::Int(1) => Ok(Expr::Literal(Literal::Bool(true))),
            other => plain(other),
        },
        Output::Integer => match value {
            Value::Bool(flag) => Ok(Expr::integer(i128::from(*flag))),
            Value::Float(number) if number.is_finite() => Ok(Expr::integer(number.trunc() as i128)),
            Value::Str(text) => {
                text.trim().parse().map(Expr::integer).map_err(|_| format!("`{text}` is not an integer"))
            }
            other => plain(other),
        },
        Output::Float => match value {
            Value::Int(number) => Ok(Expr::Literal(Literal::Number(float(*number as f64)))),
            other => plain(other),
        },
        Output::Decimal => match value {
            Value::Str(text) => Ok(number(text)),
            // `DecimalField.to_python` rounds a float to the field's digits: not followed here.
            Value::Float(_) => Err("a float given to a decimal field".to_owned()),
            other => plain(other),
        },
        Output::Text => match value {
            Value::Int(number) => Ok(Expr::text(number.to_string())),
            Value::Bool(flag) => Ok(Expr::text(if *flag { "True" } else { "False" })),
            Value::Float(number) => Ok(Expr::text(float(*number))),
            // `str()` of it, as old migrations have it from Python 2.
            Value::Bytes(bytes) => Ok(Expr::text(format!("b'{}'", bytes.escape_ascii()))),
            other => plain(other),
        },
        Output::Uuid => match value {
            Value::Str(text) => uuid(text),
            other => plain(other),
        },
        Output::Ip => match value {
            Value::Str(text) => Ok(typed(text.clone(), "inet")),
            other => plain(other),
        },
        Output::Date => match value {
            Value::Str(text) if is_iso_date(text) => Ok(typed(text.clone(), "date")),
            Value::Str(text) => Err(format!("`{text}` as a date")),
            other => plain(other),
        },
        Output::DateTime | Output::Time | Output::Duration if matches!(value, Value::Str(_)) => {
            Err("a date or time given as text".to_owned())
        }
        _ => plain(value),
    }
}

/// A value written by its Python type alone.
pub(super) fn plain(value: &Value) -> Known<Expr> {
    Ok(match value {
        Value::None => Expr::Literal(Literal::Null),
        Value::Bool(flag) => Expr::Literal(Literal::Bool(*flag)),
        Value::Int(number) => Expr::integer(*number),
        Value::Float(value) if value.is_finite() => Expr::Literal(Literal::Number(float(*value))),
        Value::Str(text) => Expr::text(text),
        Value::Call(call) => object(call)?,
        Value::Unknown(reason) => return Err(reason.clone()),
        _ => return Err("a value of a kind pgwright cannot write as SQL".to_owned()),
    })
}

/// What comes out of a bare Python value (`Value._resolve_output_field`).
pub(super) fn output_of(value: &Value) -> Output {
    match value {
        Value::Bool(_) => Output::Boolean,
        Value::Int(_) => Output::Integer,
        Value::Float(_) => Output::Float,
        Value::Str(_) => Output::Text,
        Value::Call(call) => match call.class.as_str() {
            "decimal.Decimal" => Output::Decimal,
            "datetime.date" => Output::Date,
            "datetime.datetime" => Output::DateTime,
            "datetime.time" => Output::Time,
            "datetime.timedelta" => Output::Duration,
            "uuid.UUID" => Output::Uuid,
            _ => Output::Other,
        },
        _ => Output::Other,
    }
}

/// `'"a"=>"1"'::hstore`.
pub(super) fn hstore(value: &Value) -> Known<Expr> {
    let Value::Dict(entries) = value else { return plain(value) };
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let entry = |(key, value): &(Value, Value)| match (key, value) {
        (Value::Str(key), Value::Str(value)) => Ok(format!("{}=>{}", quoted(key), quoted(value))),
        (Value::Str(key), Value::None) => Ok(format!("{}=>NULL", quoted(key))),
        _ => Err("an hstore of other than text".to_owned()),
    };
    Ok(typed(entries.iter().map(entry).collect::<Known<Vec<_>>>()?.join(","), "hstore"))
}

fn typed(text: String, type_name: &str) -> Expr {
    Expr::Literal(Literal::Typed { text, type_name: type_name.to_owned() })
}

fn number(text: &str) -> Expr {
    match text.parse() {
        Ok(integer) => Expr::integer(integer),
        Err(_) => Expr::Literal(Literal::Number(text.to_owned())),
    }
}

/// Python's `repr` of a float.
fn float(value: f64) -> String {
    let text = format!("{value:?}");
    match text.split_once('e') {
        Some((digits, exponent)) if !exponent.starts_with('-') => {
            format!("{digits}e+{exponent:0>2}")
        }
        Some((digits, exponent)) => format!("{digits}e-{:0>2}", exponent.trim_start_matches('-')),
        None => text,
    }
}

fn is_iso_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 10
        && bytes
            .iter()
            .enumerate()
            .all(|(at, byte)| if at == 4 || at == 7 { *byte == b'-' } else { byte.is_ascii_digit() })
}

/// An object of the standard library given by its constructor.
fn object(call: &Call) -> Known<Expr> {
    match call.class.as_str() {
        "decimal.Decimal" => match call.args.first() {
            Some(Value::Str(text)) => Ok(number(text)),
            Some(Value::Int(value)) => Ok(Expr::integer(*value)),
            _ => Err("a Decimal not made from text or an integer".to_owned()),
        },
        "uuid.UUID" => match call.args.first().or_else(|| call.kwarg("hex")) {
            Some(Value::Str(text)) => uuid(text),
            _ => Err("a UUID not made from text".to_owned()),
        },
        "datetime.date" => {
            let [year, month, day] = parts(call, ["year", "month", "day"])?;
            Ok(typed(format!("{year:04}-{month:02}-{day:02}"), "date"))
        }
        "datetime.time" => {
            let [hour, minute, second, micro] = parts(call, ["hour", "minute", "second", "microsecond"])?;
            Ok(typed(clock(hour, minute, second, micro), "time"))
        }
        "datetime.datetime" => datetime(call),
        "datetime.timedelta" => duration(call),
        other => Err(format!("a {other} object in SQL")),
    }
}

fn datetime(call: &Call) -> Known<Expr> {
    let names = ["year", "month", "day", "hour", "minute", "second", "microsecond"];
    let [year, month, day, hour, minute, second, micro] = parts(call, names)?;
    let zone = call.kwarg("tzinfo").or_else(|| call.args.get(7));
    let path = match zone {
        Some(Value::Path(path)) => path.as_str(),
        Some(Value::Call(zone)) => match zone.args.first() {
            Some(Value::Str(name)) => name,
            _ => zone.class.as_str(),
        },
        _ => "",
    };
    if !path.to_ascii_lowercase().ends_with("utc") {
        return Err("a datetime that is not given in UTC".to_owned());
    }
    let time = clock(hour, minute, second, micro);
    Ok(typed(format!("{year:04}-{month:02}-{day:02} {time}+00:00"), "timestamptz"))
}

fn clock(hour: i128, minute: i128, second: i128, micro: i128) -> String {
    let fraction = if micro == 0 { String::new() } else { format!(".{micro:06}") };
    format!("{hour:02}:{minute:02}:{second:02}{fraction}")
}

/// The integers a constructor was called with, by position or name; missing ones are 0.
fn parts<const N: usize>(call: &Call, names: [&str; N]) -> Known<[i128; N]> {
    let mut found = [0; N];
    for (position, name) in names.iter().enumerate() {
        found[position] = match call.args.get(position).or_else(|| call.kwarg(name)) {
            Some(Value::Int(number)) => *number,
            None => 0,
            Some(_) => return Err(format!("the {name} of a {}", call.class)),
        };
    }
    Ok(found)
}

/// `str(timedelta)` without its comma, as psycopg sends it: `1 day 2:00:00`.
fn duration(call: &Call) -> Known<Expr> {
    const UNITS: [(&str, f64); 7] = [
        ("days", 86_400e6),
        ("seconds", 1e6),
        ("microseconds", 1.0),
        ("milliseconds", 1e3),
        ("minutes", 60e6),
        ("hours", 3_600e6),
        ("weeks", 604_800e6),
    ];
    let mut total: i128 = 0;
    for (position, (name, micros)) in UNITS.iter().enumerate() {
        total += match call.args.get(position).or_else(|| call.kwarg(name)) {
            Some(Value::Int(number)) => number * (*micros as i128),
            Some(Value::Float(number)) => (number * micros).round() as i128,
            None => 0,
            Some(_) => return Err(format!("the {name} of a timedelta")),
        };
    }
    let (days, rest) = (total.div_euclid(86_400_000_000), total.rem_euclid(86_400_000_000));
    let (seconds, micro) = (rest / 1_000_000, rest % 1_000_000);
    let fraction = if micro == 0 { String::new() } else { format!(".{micro:06}") };
    let time = format!("{}:{:02}:{:02}{fraction}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    let text = match days {
        0 => time,
        1 | -1 => format!("{days} day {time}"),
        _ => format!("{days} days {time}"),
    };
    Ok(typed(text, "interval"))
}

fn uuid(text: &str) -> Known<Expr> {
    let hex: String = text.chars().filter(char::is_ascii_hexdigit).collect::<String>().to_ascii_lowercase();
    if hex.len() == 32 { Ok(typed(hex, "uuid")) } else { Err(format!("`{text}` is not a UUID")) }
}

/// Items of a list, tuple or set.
pub(super) fn items(value: &Value) -> Option<&[Value]> {
    match value {
        Value::List(items) | Value::Tuple(items) | Value::Set(items) => Some(items),
        _ => None,
    }
}

/// `(ARRAY['a'])::varchar(20)[]`, or `'{}'::varchar(20)[]` (`ArrayRHSMixin`, `django/contrib/postgres/fields/array.py`).
fn array(value: &Value, base: &Output, db_type: &str) -> Known<Expr> {
    let items = items(value).ok_or("an array compared with something that is not a list")?;
    if items.is_empty() {
        return Ok(Expr::text("{}").cast(db_type));
    }
    let items = items.iter().map(|item| prepared(item, base)).collect::<Known<Vec<_>>>()?;
    Ok(Expr::Array(items).paren().cast(db_type))
}

/// A default of an array column: `'{a,b}'::varchar(5)[]`.
pub(super) fn array_default(value: &Value, db_type: &str) -> Known<Expr> {
    let items = items(value).ok_or("an array default that is not a list")?;
    let texts = items
        .iter()
        .map(|item| match item {
            Value::Str(text) => Ok(text.clone()),
            Value::Int(number) => Ok(number.to_string()),
            _ => Err("an array default of other than text and integers".to_owned()),
        })
        .collect::<Known<Vec<_>>>()?;
    Ok(Expr::text(array_text(&texts)).cast(db_type))
}

/// `{a,b}`: items in PostgreSQL's array syntax, quoted where needed.
pub(super) fn array_text(items: &[String]) -> String {
    let item = |text: &String| {
        let special = |c: char| matches!(c, '{' | '}' | ',' | '"' | '\\') || c.is_whitespace();
        if text.is_empty() || text.contains(special) || text.eq_ignore_ascii_case("null") {
            format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
        } else {
            text.clone()
        }
    };
    format!("{{{}}}", items.iter().map(item).collect::<Vec<_>>().join(","))
}

/// `json.dumps`.
fn json(value: &Value) -> Known<String> {
    Ok(match value {
        Value::None => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Int(number) => number.to_string(),
        Value::Float(number) => float(*number),
        Value::Str(text) => json_text(text),
        Value::List(items) | Value::Tuple(items) => {
            format!("[{}]", items.iter().map(json).collect::<Known<Vec<_>>>()?.join(", "))
        }
        Value::Dict(entries) => {
            let entry = |(key, value): &(Value, Value)| {
                let key = match key {
                    Value::Str(text) => json_text(text),
                    Value::Int(number) => format!("\"{number}\""),
                    _ => return Err("a JSON key that is not text".to_owned()),
                };
                Ok(format!("{key}: {}", json(value)?))
            };
            format!("{{{}}}", entries.iter().map(entry).collect::<Known<Vec<_>>>()?.join(", "))
        }
        Value::Unknown(reason) => return Err(reason.clone()),
        _ => return Err("a value JSON does not have".to_owned()),
    })
}

fn json_text(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(character),
            other => {
                let mut units = [0; 2];
                for unit in other.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    out.push('"');
    out
}
