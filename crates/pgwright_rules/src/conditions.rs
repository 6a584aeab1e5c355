//! Which columns a condition of `Q` objects speaks of.

use pgwright_django::model::{Field, Model, Value};

/// Names of the fields in a condition, sorted: the first part of each lookup, and what `F()` names.
pub(crate) fn fields_of(condition: &Value) -> Vec<String> {
    let mut fields = Vec::new();
    collect(condition, &mut fields);
    fields.sort();
    fields.dedup();
    fields
}

fn collect(value: &Value, fields: &mut Vec<String>) {
    match value {
        Value::Call(call) => {
            let is_q = call.is_a("django.db.models.query_utils.Q");
            for argument in &call.args {
                match argument {
                    Value::Tuple(pair) if is_q => {
                        if let (Some(name), Some(value)) = (pair.first().and_then(Value::as_str), pair.get(1)) {
                            fields.push(first_part(name));
                            collect(value, fields);
                        }
                    }
                    Value::Str(name) if !is_q => fields.push(first_part(name)),
                    other => collect(other, fields),
                }
            }
            for (name, value) in &call.kwargs {
                if is_q {
                    fields.push(first_part(name));
                }
                collect(value, fields);
            }
        }
        Value::Combined(combined) => {
            collect(&combined.left, fields);
            collect(&combined.right, fields);
        }
        Value::List(items) | Value::Tuple(items) => items.iter().for_each(|item| collect(item, fields)),
        _ => {}
    }
}

fn first_part(lookup: &str) -> String {
    lookup.split("__").next().unwrap_or(lookup).to_owned()
}

/// Whether some constraint of the model speaks of the field already; what it says is taken to be what was meant.
pub(crate) fn is_checked(model: &Model, field: &Field) -> bool {
    field.db_check.is_some() && !field.internal_type.starts_with("Positive")
        || model.constraints.iter().any(|constraint| match &constraint.condition {
            Some(condition) if constraint.kind == pgwright_django::model::ConstraintKind::Check => {
                condition.has_unknown() || fields_of(condition).contains(&field.name)
            }
            None => constraint.kind == pgwright_django::model::ConstraintKind::Other,
            _ => false,
        })
}
