//! Queryset expressions as `tests/oracle/queries/record.py` stores them: trees of calls, evaluated to queries.

use std::sync::Arc;

use pgwright_django::model::{Call, Combined, Value};
use pgwright_django::queries::build::{Applied, apply, slice};
use pgwright_django::queries::compile::Terminal;
use pgwright_django::queries::{Context, Query};
use serde_json::Value as Json;

pub(crate) struct Trees<'t> {
    pub(crate) context: &'t Context<'t>,
    pub(crate) classes: &'t Json,
}

type Known<T> = Result<T, String>;

impl Trees<'_> {
    fn all(&self, json: &Json) -> Known<Vec<Value>> {
        json.as_array().into_iter().flatten().map(|item| self.value(item)).collect()
    }

    fn named(&self, json: &Json) -> Known<Vec<(String, Value)>> {
        let entries = json.as_object().into_iter().flatten();
        entries.map(|(name, item)| Ok((name.clone(), self.value(item)?))).collect()
    }

    fn mro(&self, path: &str) -> Vec<String> {
        let bases = self.classes[path].as_array().into_iter().flatten();
        let mro: Vec<String> = bases.filter_map(|base| base.as_str().map(str::to_owned)).collect();
        if mro.is_empty() { vec![path.to_owned(), "django.db.models.expressions.Expression".to_owned()] } else { mro }
    }

    pub(crate) fn value(&self, json: &Json) -> Known<Value> {
        Ok(match json {
            Json::Null => Value::None,
            Json::Bool(value) => Value::Bool(*value),
            Json::Number(number) => match number.as_i64() {
                Some(number) => Value::Int(number.into()),
                None => Value::Float(number.as_f64().unwrap_or_default()),
            },
            Json::String(text) => Value::Str(text.clone()),
            Json::Array(_) => Value::List(self.all(json)?),
            Json::Object(entries) => {
                if entries.contains_key("method") || entries.contains_key("model") || entries.contains_key("slice") {
                    return Ok(Value::Query(Arc::new(self.query(json)?)));
                }
                if let Some(path) = json["call"].as_str() {
                    return Ok(Value::Call(Box::new(Call {
                        class: path.to_owned(),
                        mro: self.mro(path),
                        args: self.all(&json["args"])?,
                        kwargs: self.named(&json["kwargs"])?,
                    })));
                }
                if let Some(operator) = json["op"].as_str() {
                    let left = self.value(&json["left"])?;
                    let right = self.value(&json["right"])?;
                    return Ok(Value::Combined(Box::new(Combined { operator: operator.to_owned(), left, right })));
                }
                if entries.contains_key("tuple") {
                    return Ok(Value::Tuple(self.all(&json["tuple"])?));
                }
                if entries.contains_key("set") {
                    return Ok(Value::Set(self.all(&json["set"])?));
                }
                if let Some(pairs) = json["dict"].as_array() {
                    let pairs = pairs.iter().map(|pair| Ok((self.value(&pair[0])?, self.value(&pair[1])?)));
                    return Ok(Value::Dict(pairs.collect::<Known<_>>()?));
                }
                if let Some(label) = json["instance"].as_str() {
                    let model = self.context.models.by_label(label).ok_or("a model")?;
                    return Ok(Value::Instance(model.id));
                }
                match json["path"].as_str() {
                    Some(path) => Value::Path(path.to_owned()),
                    None => Value::Unknown("an object".to_owned()),
                }
            }
        })
    }

    pub(crate) fn query(&self, json: &Json) -> Known<Query> {
        if let Some(label) = json["model"].as_str() {
            let model = self.context.models.by_label(label).or_else(|| through(self.context, label));
            return Ok(Query::new(model.ok_or_else(|| format!("no model {label}"))?.id));
        }
        let applied = if json["slice"].is_object() {
            let end = |json: &Json| if json.is_null() { Ok(None) } else { self.value(json).map(Some) };
            let (low, high) = (end(&json["low"])?, end(&json["high"])?);
            slice(&self.query(&json["slice"])?, low.as_ref(), high.as_ref())
        } else {
            let query = self.query(&json["of"])?;
            let method = json["method"].as_str().unwrap_or_default();
            apply(self.context, &query, method, &self.all(&json["args"])?, &self.named(&json["kwargs"])?)
        };
        match applied {
            Applied::Query(query) => Ok(*query),
            Applied::Unknown(reason) => Err(reason),
        }
    }

    /// The query and terminal of a line; `get(…)` filters first.
    pub(crate) fn line(&self, json: &Json) -> Known<(Query, Terminal)> {
        let mut query = self.query(&json["query"])?;
        let terminal = &json["terminal"];
        let (args, kwargs) = (self.all(&terminal["args"])?, self.named(&terminal["kwargs"])?);
        let names = || args.iter().filter_map(|name| name.as_str().map(Into::into)).collect();
        let terminal = match terminal["name"].as_str() {
            None | Some("iterator") => Terminal::Iterate,
            Some("get") => {
                if !args.is_empty() || !kwargs.is_empty() {
                    match apply(self.context, &query, "filter", &args, &kwargs) {
                        Applied::Query(filtered) => query = *filtered,
                        Applied::Unknown(reason) => return Err(reason),
                    }
                }
                Terminal::Get
            }
            Some("first") => Terminal::First,
            Some("last") => Terminal::Last,
            Some("earliest") => Terminal::Earliest(names()),
            Some("latest") => Terminal::Latest(names()),
            Some("exists") => Terminal::Exists,
            Some("count") => Terminal::Count,
            Some("contains") => Terminal::Contains,
            Some("aggregate") => Terminal::Aggregate { args, kwargs },
            Some("in_bulk") => {
                let field = kwargs.iter().find(|(name, _)| name == "field_name").and_then(|(_, value)| value.as_str());
                Terminal::InBulk { ids: args.first().cloned(), field: field.unwrap_or("pk").into() }
            }
            Some("explain") => {
                let format = kwargs.iter().find(|(name, _)| name == "format").and_then(|(_, value)| value.as_str());
                let options = kwargs.iter().filter(|(name, _)| name != "format");
                Terminal::Explain {
                    format: format.map(Into::into),
                    options: options.map(|(name, value)| (name.as_str().into(), *value == Value::Bool(true))).collect(),
                }
            }
            Some(other) => return Err(format!("the terminal {other}")),
        };
        Ok((query, terminal))
    }
}

/// Automatic through models are registered under a name of Django's making.
fn through<'m>(context: &Context<'m>, label: &str) -> Option<&'m pgwright_django::model::Model> {
    let (_, name) = label.split_once('.')?;
    context.models.all.iter().find(|model| model.name == name)
}
