//! Search, trigrams and keys of documents (`django/contrib/postgres/search.py`, `django/db/models/fields/json.py`).

use super::{Arguments, Resolver, is_expression, truth};
use crate::model::{Call as Constructor, Value};
use crate::queries::build::{Known, functions};
use crate::queries::expression::{Call, Expression, Node};

impl Resolver<'_, '_, '_, '_, '_> {
    /// `KT("data__a__b")`.
    pub(super) fn key_text_path(&mut self, value: Option<&Value>) -> Known<Node> {
        let Some(Value::Str(path)) = value else { return Err("a KT of a path that is not known".to_owned()) };
        let mut parts = path.split("__");
        let mut node = self.reference(parts.next().unwrap_or_default())?;
        for key in parts {
            node = self.function(Call::JsonKey { key: key.into(), text: true }, vec![node], None);
        }
        Ok(node)
    }

    pub(super) fn config(&mut self, value: Option<&Value>) -> Known<Option<Node>> {
        let Some(value) = value else { return Ok(None) };
        if let Value::Call(call) = value
            && call.class.ends_with(".SearchConfig")
        {
            return Ok(Some(self.node(value)?));
        }
        let inner = self.node(value)?;
        Ok(Some(self.function(Call::SearchConfig, vec![inner], None)))
    }

    pub(super) fn search_vector(&mut self, call: &Constructor) -> Known<Node> {
        let arguments = Arguments { call };
        let config = self.config(arguments.keyword("config"))?;
        let weight = arguments.keyword("weight").map(|weight| self.node(weight)).transpose()?;
        let (configured, weighted) = (config.is_some(), weight.is_some());
        let mut parts: Vec<Node> = config.into_iter().chain(weight).collect();
        parts.extend(self.arguments(&call.args)?);
        Ok(self.function(Call::SearchVector { weighted, configured }, parts, None))
    }

    pub(super) fn search_query(&mut self, call: &Constructor) -> Known<Node> {
        let arguments = Arguments { call };
        let function = match arguments.keyword("search_type") {
            None => "plainto_tsquery",
            Some(Value::Str(kind)) => match kind.as_str() {
                "plain" => "plainto_tsquery",
                "phrase" => "phraseto_tsquery",
                "raw" => "to_tsquery",
                "websearch" => "websearch_to_tsquery",
                _ => return Err("a search_type that does not exist".to_owned()),
            },
            Some(_) => return Err("a search_type that is not known".to_owned()),
        };
        let value = arguments.get(0, "value").ok_or("a SearchQuery of nothing")?;
        let function = match value {
            Value::Call(lexeme) if lexeme.class.ends_with("Lexeme") => "to_tsquery",
            _ => function,
        };
        let value = match value {
            Value::Call(lexeme) if lexeme.class.ends_with("Lexeme") => Expression::value(value.clone()),
            other => self.node(other)?,
        };
        let config = self.config(arguments.keyword("config"))?;
        let invert = truth(arguments.keyword("invert"))?;
        let parts = config.into_iter().chain([value]).collect();
        Ok(self.function(Call::SearchQuery { function, invert }, parts, None))
    }

    pub(super) fn search_rank(&mut self, call: &Constructor) -> Known<Node> {
        let arguments = Arguments { call };
        let vector = arguments.get(0, "vector").ok_or("a SearchRank of nothing")?;
        let vector = match vector {
            Value::Str(_) => {
                let inner = self.argument(vector)?;
                self.function(Call::SearchVector { weighted: false, configured: false }, vec![inner], None)
            }
            other => self.node(other)?,
        };
        let query = arguments.get(1, "query").ok_or("a SearchRank of nothing")?;
        let query = self.as_search_query(query)?;
        let mut parts = Vec::new();
        if let Some(weights) = arguments.given(2, "weights") {
            let weights = self.node(weights)?;
            parts.push(self.function(Call::Cast("float4[]".into()), vec![weights], None));
        }
        parts.extend([vector, query]);
        if let Some(normalization) = arguments.given(3, "normalization") {
            parts.push(self.node(normalization)?);
        }
        let class = if truth(arguments.get(4, "cover_density"))? { "SearchRankDensity" } else { "SearchRank" };
        let named = functions::named(class).ok_or("SearchRank")?;
        Ok(self.function(Call::Named(named), parts, None))
    }

    pub(super) fn as_search_query(&mut self, value: &Value) -> Known<Node> {
        if is_expression(value) {
            return self.node(value);
        }
        let value = Expression::value(value.clone());
        Ok(self.function(Call::SearchQuery { function: "plainto_tsquery", invert: false }, vec![value], None))
    }

    pub(super) fn search_headline(&mut self, call: &Constructor) -> Known<Node> {
        let arguments = Arguments { call };
        let inner = self.argument(arguments.get(0, "expression").ok_or("a SearchHeadline of nothing")?)?;
        let query = self.as_search_query(arguments.get(1, "query").ok_or("a SearchHeadline of nothing")?)?;
        let config = self.config(arguments.keyword("config"))?;
        let names = [
            "start_sel",
            "stop_sel",
            "max_words",
            "min_words",
            "short_word",
            "highlight_all",
            "max_fragments",
            "fragment_delimiter",
        ];
        let options = names.iter().any(|name| arguments.keyword(name).is_some());
        let parts = config.into_iter().chain([inner, query]).collect();
        Ok(self.function(Call::SearchHeadline { options }, parts, None))
    }

    pub(super) fn trigram(&mut self, call: &Constructor, class: &str) -> Known<Node> {
        let named = functions::named(class).ok_or_else(|| format!("the expression {class}"))?;
        let word = class.contains("Word");
        let names = if word { ["string", "expression"] } else { ["expression", "string"] };
        let mut parts = Vec::new();
        for (position, name) in names.into_iter().enumerate() {
            let value = call.args.get(position).or_else(|| call.kwarg(name)).ok_or("a missing argument")?;
            parts.push(if name == "string" { self.node(value)? } else { self.argument(value)? });
        }
        Ok(self.function(Call::Named(named), parts, None))
    }
}
