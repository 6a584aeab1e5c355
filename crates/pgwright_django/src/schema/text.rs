//! Text joined and searched: `Concat` (`django/db/models/functions/text.py`) and `SearchVector`
//! (`django/contrib/postgres/search.py`).

use pgwright_schema::{Expr, Operator};

use super::context::{Context, Known, Typed};
use super::function::{argument, expression};
use super::output::Output;
use crate::model::{Call, Value};

fn is_text(typed: &Typed) -> bool {
    typed.output == Output::Text
}

/// `ConcatPair`, nested to the right: `(COALESCE(a, '') || COALESCE(b, ''))`; up to Django 4.2 `CONCAT(a::text, b::text)`.
pub(super) fn concat(context: &Context, args: &[Typed]) -> Typed {
    let right = match args {
        [_, last] => last.clone(),
        [_, rest @ ..] => concat(context, rest),
        [] => return Typed::new(Expr::text(""), Output::Text),
    };
    let sides = [args[0].clone(), right];
    if !context.at_least(5, 0) {
        let args = sides.map(|side| side.expr.paren().cast("text"));
        return Typed::new(Expr::function("CONCAT", args.to_vec()), Output::Text);
    }
    let [left, right] = sides.map(coalesced_text);
    Typed::new(Expr::binary(left, Operator::Concat, right).paren(), Output::Text)
}

fn coalesced_text(typed: Typed) -> Expr {
    let text = if is_text(&typed) { typed.expr } else { typed.expr.paren().cast("text") };
    Expr::function("COALESCE", vec![text, Expr::text("")])
}

/// `SearchVector.as_sql`: its columns as text, never NULL, joined by a space.
pub(super) fn search_vector(context: &Context, call: &Call, resolved: bool) -> Known<Typed> {
    let mut text: Option<Expr> = None;
    for value in &call.args {
        let column = coalesced_text(argument(context, value, resolved)?);
        text = Some(match text {
            None => column,
            Some(before) => {
                let spaced = Expr::binary(before, Operator::Concat, Expr::text(" "));
                Expr::binary(spaced, Operator::Concat, column)
            }
        });
    }
    let text = text.ok_or("a SearchVector of nothing")?;
    let config = match call.kwarg("config") {
        None | Some(Value::None) => None,
        Some(Value::Str(name)) => Some(Expr::text(name).cast("regconfig")),
        Some(value @ Value::Call(config)) => match config.args.first() {
            Some(Value::Str(name)) if config.class.ends_with("SearchConfig") => {
                Some(Expr::text(name).cast("regconfig"))
            }
            _ => Some(expression(context, value, resolved)?.expr.cast("regconfig")),
        },
        Some(_) => return Err("the config of a SearchVector".to_owned()),
    };
    let vector = Expr::function("to_tsvector", config.into_iter().chain([text]).collect());
    let weighted = match call.kwarg("weight") {
        None | Some(Value::None) => vector,
        Some(Value::Str(weight)) => Expr::function("setweight", vec![vector, Expr::text(weight)]),
        Some(value) => Expr::function("setweight", vec![vector, expression(context, value, resolved)?.expr]),
    };
    Ok(Typed::new(weighted, Output::SearchVector))
}
