//! `output_field=` as given in code.

use std::sync::Arc;

use super::Known;
use crate::model::{Call, Value};
use crate::queries::kind::{Kind, Output, Typed};

/// A field given as `output_field=models.CharField(max_length=5)`.
pub(crate) fn output_field(value: &Value) -> Known<Output> {
    let call = match value {
        Value::Call(call) => (**call).clone(),
        Value::Path(class) => Call { class: class.clone(), mro: Vec::new(), args: Vec::new(), kwargs: Vec::new() },
        Value::Unknown(reason) => return Err(format!("an output_field that is not known: {reason}")),
        _ => return Err("an output_field that is not a field".to_owned()),
    };
    let found = std::iter::once(&call.class).chain(&call.mro).find_map(|path| {
        let name = path.rsplit('.').next().unwrap_or_default();
        path.starts_with("django.").then(|| of_name(name, &call)).flatten()
    });
    found.ok_or_else(|| format!("the column type of {}", call.class))
}

fn number(call: &Call, name: &str) -> Option<i128> {
    match call.kwarg(name) {
        Some(Value::Int(number)) => Some(*number),
        _ => None,
    }
}

fn of_name(name: &str, call: &Call) -> Option<Output> {
    let typed = |kind: Kind, db_type: String| Some(Output::Typed(Arc::new(Typed { kind, db_type, base: None })));
    match name {
        "CharField" | "SlugField" | "EmailField" | "URLField" | "FileField" | "ImageField" | "FilePathField" => {
            let (kind, default) = match name {
                "CharField" => (Kind::Char, None),
                "SlugField" => (Kind::Char, Some(50)),
                "EmailField" => (Kind::Char, Some(254)),
                "URLField" => (Kind::Char, Some(200)),
                _ => (Kind::File, Some(100)),
            };
            match number(call, "max_length").or(default) {
                Some(length) => typed(kind, format!("varchar({length})")),
                None => Some(Output::Kind(Kind::Char)),
            }
        }
        "DecimalField" => match (number(call, "max_digits"), number(call, "decimal_places")) {
            (Some(digits), Some(places)) => typed(Kind::Decimal, format!("numeric({digits}, {places})")),
            _ => Some(Output::Kind(Kind::Decimal)),
        },
        "ArrayField" => {
            let base = output_field(call.args.first().or_else(|| call.kwarg("base_field"))?).ok()?;
            let inner = match &base {
                Output::Typed(typed) => typed.db_type.clone(),
                Output::Kind(kind) => kind.cast_type().to_owned(),
                _ => return None,
            };
            let size = number(call, "size").map(|size| size.to_string()).unwrap_or_default();
            let db_type = format!("{inner}[{size}]");
            Some(Output::Typed(Arc::new(Typed { kind: Kind::Array, db_type, base: Some(base) })))
        }
        "_Float4Field" => typed(Kind::Other, "float4".to_owned()),
        "Field" => Some(Output::Kind(Kind::Other)),
        _ => match Kind::of(name) {
            Kind::Other | Kind::Relation => None,
            kind => Some(Output::Kind(kind)),
        },
    }
}
