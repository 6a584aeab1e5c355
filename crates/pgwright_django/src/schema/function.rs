//! Expressions as SQL: `F`, `Value`, functions, arithmetic, `Case`, search vectors, as Django compiles them for PostgreSQL.
//!
//! Sources: `django/db/models/expressions.py`, `django/db/models/functions/`, `django/contrib/postgres/search.py`.

use pgwright_schema::{Expr, Literal, Operator};

use super::condition::{condition, is_condition, lookup_expression};
use super::context::{Context, Known, Typed, json_key};
use super::date::date_function;
use super::literal::{array_default, output_of, plain, prepared};
use super::output::{Output, of_call};
use super::text::{concat, search_vector};
use crate::model::{Call, Combined, Value};

/// Whether a value has `resolve_expression`: an ORM expression rather than plain data.
pub(super) fn is_expression(value: &Value) -> bool {
    match value {
        Value::Call(call) => {
            let data = ["decimal.", "datetime.", "uuid.", "ipaddress.", "zoneinfo."];
            !data.iter().any(|prefix| call.class.starts_with(prefix))
        }
        Value::Combined(_) => true,
        _ => false,
    }
}

/// An argument of a function: text names a field, other plain data is a `Value` (`BaseExpression._parse_expressions`).
pub(super) fn argument(context: &Context, value: &Value, resolved: bool) -> Known<Typed> {
    match value {
        Value::Str(path) => field_path(context, path),
        value if is_expression(value) => expression(context, value, resolved),
        value => Ok(Typed::value(plain(value)?, output_of(value))),
    }
}

fn field_path(context: &Context, path: &str) -> Known<Typed> {
    let (typed, rest) = context.path(path)?;
    match rest.as_slice() {
        [] => Ok(typed),
        // `F("data__contains")` and `F("period__startswith")` can only mean a key or transform.
        rest => match &typed.output {
            Output::Json | Output::JsonKey { .. } if rest.len() == 1 => {
                let (base, mut keys) = match &typed.output {
                    Output::JsonKey { base, path } => ((**base).clone(), path.clone()),
                    _ => (typed.expr.clone(), Vec::new()),
                };
                keys.extend(rest.iter().map(|key| (*key).to_owned()));
                let output = Output::JsonKey { base: Box::new(base.clone()), path: keys.clone() };
                Ok(typed.then(json_key(&base, &keys, false), output))
            }
            _ => Err(format!("`{path}` on {}", context.model.label())),
        },
    }
}

pub(super) fn expression(context: &Context, value: &Value, resolved: bool) -> Known<Typed> {
    if is_condition(value) && !matches!(value, Value::Call(call) if call.class.contains(".lookups.")) {
        return Ok(Typed::new(condition(context, value, resolved)?, Output::Boolean));
    }
    match value {
        Value::Call(call) => {
            if let Some(known) = lookup_expression(context, call) {
                return known;
            }
            call_expression(context, call, resolved)
        }
        Value::Combined(combined) => arithmetic(context, combined, resolved),
        Value::Unknown(reason) => Err(reason.clone()),
        other => Ok(Typed::value(plain(other)?, output_of(other))),
    }
}

/// The class's own name, when Django defines it.
fn django_name(call: &Call) -> Known<&str> {
    if call.class.starts_with("django.") {
        let name = call.class.rsplit('.').next().unwrap_or_default();
        // `KeyTextTransform.from_lookup`, which `KT` is.
        return Ok(if name == "from_lookup" { "KT" } else { name });
    }
    Err(format!("the SQL of {}", call.class))
}

pub(super) fn arg<'a>(call: &'a Call, position: usize, name: &str) -> Option<&'a Value> {
    call.args.get(position).or_else(|| call.kwarg(name))
}

fn call_expression(context: &Context, call: &Call, resolved: bool) -> Known<Typed> {
    let name = django_name(call)?;
    let operand = |position: usize, keyword: &str| match arg(call, position, keyword) {
        Some(value) => argument(context, value, resolved),
        None => Err(format!("{name} without its arguments")),
    };
    let all = || call.args.iter().map(|value| argument(context, value, resolved)).collect::<Known<Vec<_>>>();
    if let Some((function, output)) = plain_function(name) {
        let args = all()?;
        if args.is_empty() && !matches!(name, "Now" | "Pi" | "Random" | "RandomUUID") {
            return Err(format!("{name} without its arguments"));
        }
        let output = output.unwrap_or_else(|| args.first().map_or(Output::Other, |first| first.output.clone()));
        return Ok(Typed::new(Expr::function(function, args.into_iter().map(|arg| arg.expr).collect()), output));
    }
    match name {
        "F" => match arg(call, 0, "name") {
            Some(Value::Str(path)) => field_path(context, path),
            _ => Err("F of something that is not text".to_owned()),
        },
        "Value" => value_expression(call),
        "KT" => match call.args.first() {
            Some(Value::Str(path)) => text_key(&field_path(context, path)?),
            _ => Err("KT of something that is not text".to_owned()),
        },
        "KeyTransform" | "KeyTextTransform" => key_transform(context, call, name == "KeyTextTransform", resolved),
        "Cast" => {
            let inner = operand(0, "expression")?;
            let field = arg(call, 1, "output_field").ok_or("Cast without its type")?;
            let (output, column) = of_call(field)?;
            Ok(Typed::new(inner.expr.paren().cast(&column), output))
        }
        "ExpressionWrapper" => {
            let inner = operand(0, "expression")?;
            let output = output_field(call)?.map_or(inner.output.clone(), |(output, _)| output);
            Ok(Typed::new(inner.expr, output))
        }
        "Collate" => match arg(call, 1, "collation") {
            Some(Value::Str(collation)) => {
                let inner = operand(0, "expression")?;
                Ok(Typed::new(Expr::Collate { expr: Box::new(inner.expr), collation: collation.clone() }, inner.output))
            }
            _ => Err("Collate without its collation".to_owned()),
        },
        "Func" => func(context, call, resolved),
        "RawSQL" => raw(call),
        "TransactionNow" => Ok(Typed::new(Expr::Raw("CURRENT_TIMESTAMP".to_owned()), Output::DateTime)),
        "Round" => {
            let places = match arg(call, 1, "precision") {
                Some(value) => argument(context, value, resolved)?.expr,
                None => Expr::integer(0),
            };
            let inner = operand(0, "expression")?;
            Ok(Typed::new(Expr::function("ROUND", vec![inner.expr, places]), inner.output))
        }
        "Mod" | "Log" => {
            let args = all()?.into_iter().map(|arg| match arg.output {
                // `FixDecimalInputMixin`: PostgreSQL has these for numeric only.
                Output::Float => arg.expr.paren().cast("numeric(1000, 15)"),
                _ => arg.expr,
            });
            Ok(Typed::new(Expr::function(if name == "Mod" { "MOD" } else { "LOG" }, args.collect()), Output::Decimal))
        }
        "Replace" | "LPad" | "RPad" => {
            let mut args: Vec<Expr> = all()?.into_iter().map(|arg| arg.expr).collect();
            if args.len() == 2 {
                args.push(Expr::text(if name == "Replace" { "" } else { " " }));
            }
            Ok(Typed::new(Expr::function(&name.to_ascii_uppercase(), args), Output::Text))
        }
        "SHA1" | "SHA224" | "SHA256" | "SHA384" | "SHA512" => {
            let digest =
                Expr::function("DIGEST", vec![operand(0, "expression")?.expr, Expr::text(name.to_ascii_lowercase())]);
            Ok(Typed::new(Expr::function("ENCODE", vec![digest, Expr::text("hex")]), Output::Text))
        }
        "Concat" => {
            let args = all()?;
            if args.len() < 2 {
                return Err("Concat of fewer than two".to_owned());
            }
            Ok(concat(context, &args))
        }
        "Case" => case(context, call, resolved),
        "SearchVector" => search_vector(context, call, resolved),
        "RangeBoundary" => range_boundary(call),
        _ if name.starts_with("Extract") || name.starts_with("Trunc") => date_function(context, call, name, resolved),
        other => Err(format!("the SQL of {other}")),
    }
}

/// Functions that are nothing but a name; the output is the first argument's where none is given.
fn plain_function(name: &str) -> Option<(&'static str, Option<Output>)> {
    Some(match name {
        "Lower" => ("LOWER", None),
        "Upper" => ("UPPER", None),
        "Trim" => ("TRIM", None),
        "LTrim" => ("LTRIM", None),
        "RTrim" => ("RTRIM", None),
        "Length" => ("LENGTH", Some(Output::Integer)),
        "MD5" => ("MD5", Some(Output::Text)),
        "Reverse" => ("REVERSE", None),
        "Left" => ("LEFT", Some(Output::Text)),
        "Right" => ("RIGHT", Some(Output::Text)),
        "Substr" => ("SUBSTRING", Some(Output::Text)),
        "Repeat" => ("REPEAT", Some(Output::Text)),
        "StrIndex" => ("STRPOS", Some(Output::Integer)),
        "Chr" => ("CHR", Some(Output::Text)),
        "Ord" => ("ASCII", Some(Output::Integer)),
        "Abs" => ("ABS", None),
        "Ceil" => ("CEILING", None),
        "Floor" => ("FLOOR", None),
        "Sqrt" => ("SQRT", None),
        "Sign" => ("SIGN", None),
        "Exp" => ("EXP", None),
        "Ln" => ("LN", None),
        "Power" => ("POWER", None),
        "Greatest" => ("GREATEST", None),
        "Least" => ("LEAST", None),
        "NullIf" => ("NULLIF", None),
        "Coalesce" => ("COALESCE", None),
        "Now" => ("STATEMENT_TIMESTAMP", Some(Output::DateTime)),

        "Pi" => ("PI", Some(Output::Float)),
        "Random" => ("RANDOM", Some(Output::Float)),
        "RandomUUID" => ("GEN_RANDOM_UUID", Some(Output::Uuid)),
        "TrigramSimilarity" => ("SIMILARITY", Some(Output::Float)),
        _ => return None,
    })
}

/// Whether an expression knows its output before its fields are resolved (`hasattr(lhs, "output_field")`).
pub(super) fn declares_output(value: &Value) -> bool {
    let Value::Call(call) = value else { return false };
    let name = call.class.rsplit('.').next().unwrap_or_default();
    let fixed = plain_function(name).is_some_and(|(_, output)| output.is_some());
    fixed
        || matches!(name, "Cast" | "ExpressionWrapper" | "RawSQL" | "SearchVector" | "KeyTextTransform" | "KT")
        || name.starts_with("Extract")
        || call.kwarg("output_field").is_some()
}

fn output_field(call: &Call) -> Known<Option<(Output, String)>> {
    let given = match arg(call, usize::MAX, "output_field") {
        Some(Value::None) | None => None,
        Some(value) => Some(value),
    };
    let given = given.or_else(|| {
        let position = call.class.ends_with(".Value") || call.class.ends_with(".ExpressionWrapper");
        call.args.get(1).filter(|_| position)
    });
    given.map(of_call).transpose()
}

fn value_expression(call: &Call) -> Known<Typed> {
    let value = arg(call, 0, "value").ok_or("Value of nothing")?;
    match output_field(call)? {
        Some((Output::Array { db_type, .. }, _)) => Ok(Typed::value(array_default(value, &db_type)?, Output::Other)),
        Some((output, _)) => Ok(Typed::value(prepared(value, &output)?, output)),
        None => Ok(Typed::value(plain(value)?, output_of(value))),
    }
}

fn text_key(typed: &Typed) -> Known<Typed> {
    match &typed.output {
        Output::JsonKey { base, path } => Ok(typed.then(json_key(base, path, true), Output::Text)),
        _ => Err("KT of something that is not a key of a JSON field".to_owned()),
    }
}

fn key_transform(context: &Context, call: &Call, as_text: bool, resolved: bool) -> Known<Typed> {
    let (inner, base, path) = key_path(context, call, resolved)?;
    let expr = json_key(&base, &path, as_text);
    let output = if as_text { Output::Text } else { Output::JsonKey { base: Box::new(base), path } };
    Ok(inner.then(expr, output))
}

/// `KeyTransform.preprocess_lhs`: transforms of transforms are one path, whichever of them give text.
fn key_path(context: &Context, call: &Call, resolved: bool) -> Known<(Typed, Expr, Vec<String>)> {
    let key = match arg(call, 0, "key_name") {
        Some(Value::Str(key)) => key.clone(),
        Some(Value::Int(key)) => key.to_string(),
        _ => return Err("a key that is not known".to_owned()),
    };
    let of = call.args.get(1).ok_or("a key of nothing")?;
    let (inner, base, mut path) = match of {
        Value::Call(inner) if inner.class.ends_with(".KeyTransform") || inner.class.ends_with(".KeyTextTransform") => {
            key_path(context, inner, resolved)?
        }
        other => {
            let inner = argument(context, other, resolved)?;
            match inner.output.clone() {
                Output::JsonKey { base, path } => (inner, *base, path),
                _ => (inner.clone(), inner.expr, Vec::new()),
            }
        }
    };
    path.push(key);
    Ok((inner, base, path))
}

/// `RawSQL.as_sql`: always in parentheses, `%s` filled in.
fn raw(call: &Call) -> Known<Typed> {
    let Some(Value::Str(text)) = arg(call, 0, "sql") else { return Err("RawSQL that is not text".to_owned()) };
    let params = match arg(call, 1, "params") {
        None => &[][..],
        Some(value) => super::literal::items(value).ok_or("parameters of RawSQL that are not a list")?,
    };
    let mut pieces = Vec::new();
    let mut parts = text.split("%s");
    pieces.push(Expr::Raw(parts.next().unwrap_or_default().replace("%%", "%")));
    let rest: Vec<&str> = parts.collect();
    if rest.len() != params.len() {
        return Err("RawSQL with another number of parameters than it names".to_owned());
    }
    for (param, text) in params.iter().zip(rest) {
        pieces.push(plain(param)?);
        pieces.push(Expr::Raw(text.replace("%%", "%")));
    }
    let inner = match pieces.as_slice() {
        [Expr::Raw(whole)] => Expr::Raw(whole.clone()),
        _ => Expr::Sequence(pieces),
    };
    let output = output_field(call)?.map_or(Output::Other, |(output, _)| output);
    Ok(Typed::new(inner.paren(), output))
}

fn func(context: &Context, call: &Call, resolved: bool) -> Known<Typed> {
    let args = call.args.iter().map(|value| argument(context, value, resolved)).collect::<Known<Vec<_>>>()?;
    let text = |name: &str| match call.kwarg(name) {
        Some(Value::Str(text)) => Ok(Some(text.as_str())),
        None => Ok(None),
        Some(_) => Err(format!("the {name} of a Func")),
    };
    let (function, template, joiner) = (text("function")?, text("template")?, text("arg_joiner")?);
    let output = match output_field(call)? {
        Some((output, _)) => output,
        None => args.first().map_or(Output::Other, |first| first.output.clone()),
    };
    let args: Vec<Expr> = args.into_iter().map(|arg| arg.expr).collect();
    if template.is_none() && joiner.is_none() {
        let function = function.ok_or("a Func without its function")?;
        return Ok(Typed::new(Expr::function(function, args), output));
    }
    let template =
        template.unwrap_or("%(function)s(%(expressions)s)").replace("%(function)s", function.unwrap_or_default());
    let mut listed = Vec::new();
    for (position, arg) in args.into_iter().enumerate() {
        if position > 0 {
            listed.push(Expr::Raw(joiner.unwrap_or(", ").to_owned()));
        }
        listed.push(arg);
    }
    let mut pieces = Vec::new();
    for (position, text) in template.split("%(expressions)s").enumerate() {
        if position > 0 {
            pieces.extend(listed.iter().cloned());
        }
        let text = text.replace("%%", "%");
        if text.contains("%(") {
            return Err("a Func template with parameters of its own".to_owned());
        }
        if !text.is_empty() {
            pieces.push(Expr::Raw(text));
        }
    }
    Ok(Typed::new(Expr::Sequence(pieces), output))
}

/// `CombinedExpression.as_sql`: always in parentheses.
fn arithmetic(context: &Context, combined: &Combined, resolved: bool) -> Known<Typed> {
    let operator = match combined.operator.as_str() {
        "+" => Operator::Add,
        "-" => Operator::Sub,
        "*" => Operator::Mul,
        "/" => Operator::Div,
        "%" | "%%" => Operator::Mod,
        "**" | "^" => Operator::Pow,
        "bitand" => Operator::Other("&".to_owned()),
        "bitor" => Operator::Other("|".to_owned()),
        "bitxor" => Operator::Other("#".to_owned()),
        "bitleftshift" => Operator::Other("<<".to_owned()),
        "bitrightshift" => Operator::Other(">>".to_owned()),
        other => return Err(format!("the operator {other} within an expression")),
    };
    // Text in arithmetic is a value, not a field's name.
    let side = |value: &Value| match value {
        value if is_expression(value) => expression(context, value, resolved),
        value => Ok(Typed::value(plain(value)?, output_of(value))),
    };
    let (left, right) = (side(&combined.left)?, side(&combined.right)?);
    if matches!(left.output, Output::SearchVector) && operator == Operator::Add {
        return Ok(Typed::new(Expr::binary(left.expr, Operator::Concat, right.expr).paren(), Output::SearchVector));
    }
    if operator == Operator::Sub && left.output == right.output {
        match left.output {
            // `subtract_temporals`: the difference of two dates is a number of days.
            Output::Date => {
                let days = Expr::binary(left.expr, Operator::Sub, right.expr).paren();
                let day = Expr::Raw("interval '1 day'".to_owned());
                return Ok(Typed::new(Expr::binary(day, Operator::Mul, days).paren(), Output::Duration));
            }
            Output::DateTime | Output::Time => {
                return Ok(Typed::new(Expr::binary(left.expr, Operator::Sub, right.expr).paren(), Output::Duration));
            }
            _ => {}
        }
    }
    let output = match (&left.output, &right.output) {
        (Output::Date | Output::DateTime | Output::Time, Output::Duration) => {
            if left.output == Output::Time {
                Output::Time
            } else {
                Output::DateTime
            }
        }
        (Output::Decimal, _) | (_, Output::Decimal) => Output::Decimal,
        (Output::Float, _) | (_, Output::Float) => Output::Float,
        (left, _) => left.clone(),
    };
    Ok(Typed::new(Expr::binary(left.expr, operator, right.expr).paren(), output))
}

fn case(context: &Context, call: &Call, resolved: bool) -> Known<Typed> {
    let mut branches = Vec::new();
    let mut output = Output::Other;
    for value in &call.args {
        let Value::Call(when) = value else { return Err("a Case of something that is not a When".to_owned()) };
        let then = arg(when, 1, "then").ok_or("a When without its result")?;
        let test = when_condition(context, when, resolved)?;
        let then = argument(context, then, resolved)?;
        if matches!(then.output, Output::Uuid | Output::Ip | Output::Time) {
            return Err("a Case over a type Django casts".to_owned());
        }
        if branches.is_empty() {
            output = then.output.clone();
        }
        branches.push((test, then.expr));
    }
    let otherwise = match call.kwarg("default") {
        Some(value) if !matches!(value, Value::None) => argument(context, value, resolved)?.expr,
        _ => Expr::Raw("NULL".to_owned()),
    };
    if let Some((given, _)) = output_field(call)? {
        output = given;
    }
    if branches.is_empty() {
        return Ok(Typed::new(otherwise, output));
    }
    Ok(Typed::new(Expr::Case { branches, otherwise: Some(Box::new(otherwise)) }, output))
}

/// `When.__init__`: lookups given as keywords join the condition in one `Q`.
fn when_condition(context: &Context, when: &Call, resolved: bool) -> Known<Expr> {
    let given = arg(when, 0, "condition").filter(|value| !matches!(value, Value::None));
    let lookups: Vec<(String, Value)> =
        when.kwargs.iter().filter(|(name, _)| !matches!(name.as_str(), "condition" | "then")).cloned().collect();
    let value = match (given, lookups.is_empty()) {
        (Some(value), true) => value.clone(),
        (None, true) => return Err("a When without a condition".to_owned()),
        (given, false) => Value::Call(Box::new(Call {
            class: "django.db.models.query_utils.Q".to_owned(),
            mro: Vec::new(),
            args: given.cloned().into_iter().collect(),
            kwargs: lookups,
        })),
    };
    if is_condition(&value) {
        return match &value {
            Value::Call(call) if call.class.contains(".lookups.") => Ok(expression(context, &value, resolved)?.expr),
            _ => condition(context, &value, resolved),
        };
    }
    Ok(expression(context, &value, resolved)?.expr)
}

/// `RangeBoundary` (`django/contrib/postgres/fields/ranges.py`).
fn range_boundary(call: &Call) -> Known<Typed> {
    let flag = |position: usize, name: &str, default: bool| match arg(call, position, name) {
        None => Ok(default),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(_) => Err("the bounds of a RangeBoundary".to_owned()),
    };
    let lower = if flag(0, "inclusive_lower", true)? { '[' } else { '(' };
    let upper = if flag(1, "inclusive_upper", false)? { ']' } else { ')' };
    Ok(Typed::new(Expr::text(format!("{lower}{upper}")), Output::Text))
}

/// Whether Django sends the expression with parameters: `CREATE TABLE` then leaves table constraints to `ALTER TABLE`.
pub(super) fn has_parameters(expr: &Expr) -> bool {
    match expr {
        Expr::Literal(literal) => !matches!(literal, Literal::Null),
        other => other.parts().into_iter().any(has_parameters),
    }
}
