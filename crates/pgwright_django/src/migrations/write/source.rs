//! Values as the Python that a migration says them in (`MigrationWriter`, `serializer.py`).

use std::collections::BTreeSet;

use crate::model::{Call, Combined, Value};

/// Why something cannot be said in a migration.
pub(super) type Said<T> = Result<T, String>;

/// Modules whose names Django offers as `models.NAME`.
const OFFERED_BY_MODELS: [&str; 12] = [
    "django.db.models.aggregates",
    "django.db.models.constraints",
    "django.db.models.deletion",
    "django.db.models.enums",
    "django.db.models.expressions",
    "django.db.models.fields",
    "django.db.models.fields.files",
    "django.db.models.fields.generated",
    "django.db.models.fields.json",
    "django.db.models.fields.related",
    "django.db.models.indexes",
    "django.db.models.query_utils",
];

/// Writes values in one file: with its quotes, and noting what it has to import.
#[derive(Debug)]
pub(super) struct Source {
    quote: char,
    /// Whole lines.
    pub(super) imports: BTreeSet<String>,
}

impl Source {
    pub(super) fn new(quote: char) -> Source {
        Source { quote, imports: BTreeSet::new() }
    }

    /// A string literal: in the file's quotes, or in the others where that saves escapes, as `repr` does.
    pub(super) fn text(&self, text: &str) -> String {
        let other = if self.quote == '"' { '\'' } else { '"' };
        let quote = if text.contains(self.quote) && !text.contains(other) { other } else { self.quote };
        let mut literal = String::from(quote);
        for char in text.chars() {
            match char {
                '\\' => literal.push_str("\\\\"),
                '\n' => literal.push_str("\\n"),
                '\r' => literal.push_str("\\r"),
                '\t' => literal.push_str("\\t"),
                char if char == quote => literal.extend(['\\', char]),
                char if char.is_control() => literal.push_str(&format!("\\x{:02x}", u32::from(char))),
                char => literal.push(char),
            }
        }
        literal.push(quote);
        literal
    }

    pub(super) fn texts(&self, texts: &[String]) -> String {
        let texts: Vec<String> = texts.iter().map(|text| self.text(text)).collect();
        format!("[{}]", texts.join(", "))
    }

    pub(super) fn value(&mut self, value: &Value) -> Said<String> {
        Ok(match value {
            Value::None => "None".to_owned(),
            Value::Bool(true) => "True".to_owned(),
            Value::Bool(false) => "False".to_owned(),
            Value::Int(int) => int.to_string(),
            Value::Float(float) if float.is_finite() => format!("{float:?}"),
            Value::Float(float) => format!("float({})", self.text(&float.to_string().to_lowercase())),
            Value::Str(text) => self.text(text),
            Value::Bytes(bytes) => {
                let escaped: String = bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect();
                format!("b{0}{escaped}{0}", self.quote)
            }
            Value::List(items) => format!("[{}]", self.all(items)?.join(", ")),
            Value::Tuple(items) if items.len() == 1 => format!("({},)", self.value(&items[0])?),
            Value::Tuple(items) => format!("({})", self.all(items)?.join(", ")),
            Value::Set(items) if items.is_empty() => "set()".to_owned(),
            Value::Set(items) => format!("{{{}}}", self.all(items)?.join(", ")),
            Value::Dict(items) => {
                let pairs: Said<Vec<String>> = items
                    .iter()
                    .map(|(key, value)| Ok(format!("{}: {}", self.value(key)?, self.value(value)?)))
                    .collect();
                format!("{{{}}}", pairs?.join(", "))
            }
            Value::Path(path) => self.path(path),
            Value::Call(call) => self.call(call)?,
            Value::Combined(combined) => self.combined(combined)?,
            Value::Lambda => return Err("a lambda, which migrations cannot hold".to_owned()),
            Value::Query(_) | Value::Instance(_) => return Err("a query or a row".to_owned()),
            Value::Unknown(reason) => return Err(reason.clone()),
        })
    }

    fn all(&mut self, values: &[Value]) -> Said<Vec<String>> {
        values.iter().map(|value| self.value(value)).collect()
    }

    pub(super) fn call(&mut self, call: &Call) -> Said<String> {
        let mut arguments = self.all(&call.args)?;
        for (name, value) in &call.kwargs {
            arguments.push(format!("{name}={}", self.value(value)?));
        }
        Ok(format!("{}({})", self.path(&call.class), arguments.join(", ")))
    }

    fn combined(&mut self, combined: &Combined) -> Said<String> {
        let left = self.value(&combined.left)?;
        Ok(match combined.operator.as_str() {
            "~" => format!("~{left}"),
            method @ ("asc" | "desc") => {
                let Value::Dict(items) = &combined.right else { return Ok(format!("{left}.{method}()")) };
                let arguments: Said<Vec<String>> = items
                    .iter()
                    .map(|(name, value)| Ok(format!("{}={}", name.as_str().unwrap_or_default(), self.value(value)?)))
                    .collect();
                format!("{left}.{method}({})", arguments?.join(", "))
            }
            operator => format!("({left} {operator} {})", self.value(&combined.right)?),
        })
    }

    /// A class or function by its name, imported by its module.
    pub(super) fn path(&mut self, path: &str) -> String {
        let Some((module, name)) = split(path) else { return path.to_owned() };
        if OFFERED_BY_MODELS.contains(&module) {
            return format!("models.{name}");
        }
        // What `django.db.models.functions` offers is kept in modules below it.
        let module =
            if module.starts_with("django.db.models.functions.") { "django.db.models.functions" } else { module };
        if module != "builtins" {
            self.imports.insert(format!("import {module}"));
        }
        if module == "builtins" { name.to_owned() } else { format!("{module}.{name}") }
    }
}

/// The module of a dotted path and what is named in it: classes start with a capital letter, and what follows lies in them.
fn split(path: &str) -> Option<(&str, &str)> {
    let is_class = |part: &str| part.trim_start_matches('_').starts_with(char::is_uppercase);
    let mut at = 0;
    for part in path.split('.') {
        if is_class(part) && at > 0 {
            return Some((&path[..at - 1], &path[at..]));
        }
        at += part.len() + 1;
    }
    path.rsplit_once('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(class: &str, args: Vec<Value>) -> Value {
        Value::Call(Box::new(Call { class: class.to_owned(), mro: Vec::new(), args, kwargs: Vec::new() }))
    }

    fn written(value: &Value) -> String {
        Source::new('"').value(value).expect("plain")
    }

    #[test]
    fn strings_are_quoted_as_repr_does() {
        let source = Source::new('"');
        assert_eq!(source.text("a"), "\"a\"");
        assert_eq!(source.text("say \"a\""), "'say \"a\"'");
        assert_eq!(source.text("it's \"a\"\\\n"), "\"it's \\\"a\\\"\\\\\\n\"");
        assert_eq!(Source::new('\'').text("it's"), "\"it's\"");
    }

    #[test]
    fn names_are_those_that_django_offers() {
        let mut source = Source::new('"');
        let upper = call("django.db.models.functions.text.Upper", vec![Value::Str("name".to_owned())]);
        assert_eq!(source.value(&upper).as_deref(), Ok("django.db.models.functions.Upper(\"name\")"));
        assert_eq!(source.path("django.db.models.fields.related.ForeignKey"), "models.ForeignKey");
        assert_eq!(source.path("shop.models.Order.Status"), "shop.models.Order.Status");
        assert_eq!(source.path("uuid.uuid4"), "uuid.uuid4");
        assert_eq!(source.path("builtins.dict"), "dict");
        let imports: Vec<&str> = source.imports.iter().map(String::as_str).collect();
        assert_eq!(imports, ["import django.db.models.functions", "import shop.models", "import uuid"]);
    }

    #[test]
    fn containers_and_what_cannot_be_said() {
        let one = Value::Tuple(vec![Value::Int(1)]);
        assert_eq!(written(&one), "(1,)");
        assert_eq!(written(&Value::Dict(vec![(Value::Str("a".to_owned()), Value::Float(1.0))])), "{\"a\": 1.0}");
        assert_eq!(written(&Value::Set(Vec::new())), "set()");
        assert!(Source::new('"').value(&Value::List(vec![Value::Lambda])).is_err());
    }
}
