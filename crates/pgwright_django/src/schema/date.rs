//! Parts of dates and times: `django/db/models/functions/datetime.py` and the PostgreSQL operations they call.

use pgwright_schema::{Expr, Operator};

use super::context::{Context, Known, Typed};
use super::function::{arg, argument};
use super::output::Output;
use crate::model::{Call, Value};

/// The parts a date or time has as transforms (`F("at__year")`).
pub(super) fn date_part(context: &Context, at: &Typed, name: &str) -> Known<Option<Typed>> {
    match (name, &at.output) {
        ("date", Output::DateTime) => Ok(Some(truncated(context, at, "date", Output::Date))),
        ("time", Output::DateTime) => Ok(Some(truncated(context, at, "time", Output::Time))),
        (
            "year" | "iso_year" | "month" | "day" | "week" | "week_day" | "iso_week_day" | "quarter" | "hour"
            | "minute" | "second",
            _,
        ) => Ok(Some(extract(context, at, name))),
        _ => Ok(None),
    }
}

/// The value in the project's time zone, where it has one.
fn zoned(context: &Context, typed: &Typed) -> Expr {
    match context.time_zone() {
        Some(zone) => Expr::AtTimeZone { expr: Box::new(typed.expr.clone()), zone: Box::new(Expr::text(zone)) },
        None => typed.expr.clone(),
    }
}

fn truncated(context: &Context, at: &Typed, type_name: &str, output: Output) -> Typed {
    at.then(zoned(context, at).paren().cast(type_name), output)
}

fn extract(context: &Context, at: &Typed, part: &str) -> Typed {
    let source = if at.output == Output::DateTime { zoned(context, at) } else { at.expr.clone() };
    let from = |part: &str, expr: Expr| Expr::Extract { part: part.to_owned(), expr: Box::new(expr) };
    let expr = match part {
        "week_day" => Expr::binary(from("DOW", source), Operator::Add, Expr::integer(1)),
        "iso_week_day" => from("ISODOW", source),
        "iso_year" => from("ISOYEAR", source),
        "second" if at.output != Output::Date => {
            from("SECOND", Expr::function("DATE_TRUNC", vec![Expr::text("second"), source]))
        }
        part => from(&part.to_ascii_uppercase(), source),
    };
    at.then(expr, Output::Integer)
}

pub(super) fn date_function(context: &Context, call: &Call, name: &str, resolved: bool) -> Known<Typed> {
    if !matches!(call.kwarg("tzinfo"), None | Some(Value::None)) {
        return Err(format!("the time zone of {name}"));
    }
    let at = argument(context, arg(call, 0, "expression").ok_or("a date function of nothing")?, resolved)?;
    let (kind, part) =
        if let Some(part) = name.strip_prefix("Extract") { (true, part) } else { (false, &name["Trunc".len()..]) };
    let part = match part {
        "" => match call.args.get(1).or_else(|| call.kwarg(if kind { "lookup_name" } else { "kind" })) {
            Some(Value::Str(part)) => part.clone(),
            _ => return Err(format!("the part {name} takes")),
        },
        "IsoYear" => "iso_year".to_owned(),
        "WeekDay" => "week_day".to_owned(),
        "IsoWeekDay" => "iso_week_day".to_owned(),
        part => part.to_ascii_lowercase(),
    };
    if !matches!(at.output, Output::Date | Output::DateTime | Output::Time) {
        return Err(format!("{name} of something that is not known to be a date"));
    }
    if kind {
        return Ok(extract(context, &at, &part));
    }
    match part.as_str() {
        "date" => return Ok(truncated(context, &at, "date", Output::Date)),
        "time" => return Ok(truncated(context, &at, "time", Output::Time)),
        _ => {}
    }
    let source = if at.output == Output::DateTime { zoned(context, &at) } else { at.expr.clone() };
    let cut = Expr::function("DATE_TRUNC", vec![Expr::text(part), source]);
    Ok(match at.output {
        Output::Time => at.then(cut.cast("time"), Output::Time),
        _ => at.then(cut, at.output.clone()),
    })
}
