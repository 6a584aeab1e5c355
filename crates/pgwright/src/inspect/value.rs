//! Static values as JSON and as text.

use pgwright_django::model::Value;
use serde_json::{Map, Value as Json, json};

/// Plain values as themselves; ORM expressions as `{"class", "args", "kwargs"}`; operators as `{"operator", "left",
/// "right"}`; classes and functions as `{"path"}`; what is not known as `{"unknown": reason}`.
pub(super) fn to_json(value: &Value) -> Json {
    match value {
        Value::Query(_) => json!({"unknown": "a queryset"}),
        Value::Instance(_) => json!({"unknown": "an instance"}),
        Value::None => Json::Null,
        Value::Bool(value) => json!(value),
        // Beyond 64 bits JSON readers lose digits.
        Value::Int(value) => i64::try_from(*value).map_or_else(|_| json!(value.to_string()), |value| json!(value)),
        Value::Float(value) => json!(value),
        Value::Str(value) => json!(value),
        Value::Bytes(value) => json!({ "bytes": String::from_utf8_lossy(value) }),
        Value::List(items) | Value::Tuple(items) | Value::Set(items) => items.iter().map(to_json).collect(),
        Value::Dict(items) => pairs(items),
        Value::Path(path) => json!({ "path": path }),
        Value::Lambda => json!({ "path": "lambda" }),
        Value::Call(call) => {
            let kwargs: Map<String, Json> =
                call.kwargs.iter().map(|(name, value)| (name.clone(), to_json(value))).collect();
            json!({ "class": call.class, "args": call.args.iter().map(to_json).collect::<Vec<_>>(), "kwargs": kwargs })
        }
        Value::Combined(combined) => json!({
            "operator": combined.operator,
            "left": to_json(&combined.left),
            "right": to_json(&combined.right),
        }),
        Value::Unknown(reason) => json!({ "unknown": reason }),
    }
}

/// An object when every key is a string, otherwise a list of pairs.
fn pairs(items: &[(Value, Value)]) -> Json {
    let named: Option<Map<String, Json>> =
        items.iter().map(|(key, value)| Some((key.as_str()?.to_owned(), to_json(value)))).collect();
    match named {
        Some(map) => Json::Object(map),
        None => items.iter().map(|(key, value)| json!([to_json(key), to_json(value)])).collect(),
    }
}

/// As it would be written in Python, with class names without their module.
pub(super) fn to_text(value: &Value) -> String {
    let list = |items: &[Value]| items.iter().map(to_text).collect::<Vec<_>>().join(", ");
    let last = |path: &str| path.rsplit('.').next().unwrap_or(path).to_owned();
    match value {
        Value::Query(_) => "<queryset>".to_owned(),
        Value::Instance(_) => "<instance>".to_owned(),
        Value::None => "None".to_owned(),
        Value::Bool(value) => if *value { "True" } else { "False" }.to_owned(),
        Value::Int(value) => value.to_string(),
        Value::Float(value) => value.to_string(),
        Value::Str(value) => format!("{value:?}"),
        Value::Bytes(_) => "b\"…\"".to_owned(),
        Value::List(items) => format!("[{}]", list(items)),
        Value::Tuple(items) => format!("({})", list(items)),
        Value::Set(items) => format!("{{{}}}", list(items)),
        Value::Dict(items) => {
            let items: Vec<String> =
                items.iter().map(|(key, value)| format!("{}: {}", to_text(key), to_text(value))).collect();
            format!("{{{}}}", items.join(", "))
        }
        Value::Path(path) => last(path),
        Value::Lambda => "lambda".to_owned(),
        Value::Call(call) => {
            let args = call.args.iter().map(to_text);
            let kwargs = call.kwargs.iter().map(|(name, value)| format!("{name}={}", to_text(value)));
            format!("{}({})", last(&call.class), args.chain(kwargs).collect::<Vec<_>>().join(", "))
        }
        Value::Combined(combined) if combined.operator == "~" => format!("~{}", to_text(&combined.left)),
        Value::Combined(combined) if matches!(combined.operator.as_str(), "asc" | "desc") => {
            format!("{}.{}()", to_text(&combined.left), combined.operator)
        }
        Value::Combined(combined) => {
            format!("({} {} {})", to_text(&combined.left), combined.operator, to_text(&combined.right))
        }
        Value::Unknown(_) => "?".to_owned(),
    }
}
