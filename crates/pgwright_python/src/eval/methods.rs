//! Methods of strings, lists, tuples, dictionaries and sets.

use super::calls::Kwargs;
use super::{Eval, Evaluator, SETTER};
use crate::value::{Descriptor, Dict, Key, Name, Object, Value};

const STRING: &[&str] = &[
    "capitalize",
    "count",
    "encode",
    "endswith",
    "find",
    "format",
    "index",
    "isdigit",
    "isidentifier",
    "islower",
    "isupper",
    "join",
    "lower",
    "lstrip",
    "partition",
    "removeprefix",
    "removesuffix",
    "replace",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "title",
    "upper",
    "casefold",
    "zfill",
];
const LIST: &[&str] =
    &["append", "copy", "count", "extend", "index", "insert", "pop", "remove", "reverse", "sort", "clear"];
const DICT: &[&str] =
    &["clear", "copy", "get", "items", "keys", "pop", "setdefault", "update", "values", "fromkeys", "popitem"];
const SET: &[&str] = &[
    "add",
    "clear",
    "copy",
    "difference",
    "discard",
    "intersection",
    "issubset",
    "issuperset",
    "remove",
    "union",
    "update",
];

impl<'a> Evaluator<'a> {
    pub(crate) fn is_builtin_object(value: &Value) -> bool {
        matches!(
            value,
            Value::Str(_) | Value::List(_) | Value::Tuple(_) | Value::Dict(_) | Value::Set(_) | Value::Bytes(_)
        )
    }

    pub(crate) fn has_method(object: &Value, name: &str) -> bool {
        match object {
            Value::Str(_) => STRING.contains(&name),
            Value::Bytes(_) => name == "decode",
            Value::List(_) => LIST.contains(&name),
            Value::Tuple(_) => matches!(name, "count" | "index"),
            Value::Dict(_) => DICT.contains(&name),
            Value::Set(_) => SET.contains(&name),
            _ => false,
        }
    }

    pub(crate) fn call_method(&mut self, object: &Value, name: &Name, args: Vec<Value>, kwargs: Kwargs) -> Eval {
        let args: Vec<Value> = args.iter().map(|arg| self.plain(arg)).collect();
        match object {
            Value::Str(text) => self.string_method(&text.clone(), name, &args, &kwargs),
            Value::List(id) => self.list_method(*id, name, args, kwargs),
            Value::Dict(id) => self.dict_method(*id, name, args, kwargs),
            Value::Set(id) => Ok(self.set_method(*id, name, &args)),
            Value::Tuple(items) => Ok(match (name.as_str(), args.as_slice()) {
                ("index", [item]) => items
                    .iter()
                    .position(|other| self.equal(item, other) == Some(true))
                    .map_or_else(|| Value::unknown("not in the tuple"), |at| Value::Int(at as i128)),
                _ => Value::unknown("a method of a tuple"),
            }),
            Value::Each(item) => Ok(self.each_method(item, name)),
            Value::Bytes(bytes) if name == "decode" => Ok(Value::str(String::from_utf8_lossy(bytes).into_owned())),
            // `property.setter(function)` gives the property back; its getter remembers the setter.
            Value::Descriptor(Descriptor::Property, getter) => {
                if let (Value::Function(getter), "setter", Some(setter)) = (&**getter, name.as_str(), args.first()) {
                    let attributes = &mut self.heap.function_mut(*getter).attributes;
                    if attributes.get(SETTER).is_none() {
                        attributes.insert(Name::new_static(SETTER), setter.clone());
                    }
                }
                Ok(object.clone())
            }
            Value::Descriptor(..) => Ok(object.clone()),
            _ => Ok(Value::unknown(format!("the method `{name}`"))),
        }
    }

    fn string_method(&mut self, text: &str, name: &Name, args: &[Value], kwargs: &Kwargs) -> Eval {
        let unknown = || Value::unknown(format!("`str.{name}` of something not known"));
        let list = |this: &mut Self, parts: Vec<String>| {
            let items = parts.into_iter().map(Value::str).collect();
            this.heap.list(items)
        };
        Ok(match (name.as_str(), args) {
            ("lower" | "casefold", []) => Value::str(text.to_lowercase()),
            ("upper", []) => Value::str(text.to_uppercase()),
            ("title", []) => Value::str(super::classes::title(text)),
            ("capitalize", []) => {
                let mut chars = text.chars();
                let first: String = chars.next().map(|char| char.to_uppercase().collect()).unwrap_or_default();
                Value::str(first + &chars.as_str().to_lowercase())
            }
            ("strip", []) => Value::str(text.trim()),
            ("lstrip", []) => Value::str(text.trim_start()),
            ("rstrip", []) => Value::str(text.trim_end()),
            ("strip", [Value::Str(set)]) => Value::str(text.trim_matches(|char| set.contains(char))),
            ("lstrip", [Value::Str(set)]) => Value::str(text.trim_start_matches(|char| set.contains(char))),
            ("rstrip", [Value::Str(set)]) => Value::str(text.trim_end_matches(|char| set.contains(char))),
            ("replace", [Value::Str(from), Value::Str(to), ..]) => Value::str(text.replace(&**from, to)),
            ("startswith", [Value::Str(prefix)]) => Value::Bool(text.starts_with(&**prefix)),
            ("endswith", [Value::Str(suffix)]) => Value::Bool(text.ends_with(&**suffix)),
            ("startswith" | "endswith", [Value::Tuple(options)]) => {
                let mut any = false;
                for option in options.iter() {
                    let Value::Str(option) = option else { return Ok(unknown()) };
                    any |= if name == "startswith" { text.starts_with(&**option) } else { text.ends_with(&**option) };
                }
                Value::Bool(any)
            }
            ("removeprefix", [Value::Str(prefix)]) => Value::str(text.strip_prefix(&**prefix).unwrap_or(text)),
            ("removesuffix", [Value::Str(suffix)]) => Value::str(text.strip_suffix(&**suffix).unwrap_or(text)),
            ("split", []) => list(self, text.split_whitespace().map(str::to_owned).collect()),
            ("split", [Value::Str(by)]) if !by.is_empty() => list(self, text.split(&**by).map(str::to_owned).collect()),
            ("split", [Value::Str(by), Value::Int(most)]) if !by.is_empty() && *most >= 0 => {
                list(self, text.splitn(*most as usize + 1, &**by).map(str::to_owned).collect())
            }
            ("rsplit", [Value::Str(by), Value::Int(most)]) if !by.is_empty() && *most >= 0 => {
                let mut parts: Vec<String> = text.rsplitn(*most as usize + 1, &**by).map(str::to_owned).collect();
                parts.reverse();
                list(self, parts)
            }
            ("rsplit", [Value::Str(by)]) if !by.is_empty() => {
                list(self, text.split(&**by).map(str::to_owned).collect())
            }
            ("splitlines", _) => list(self, text.lines().map(str::to_owned).collect()),
            ("partition", [Value::Str(by)]) => match text.split_once(&**by) {
                Some((before, after)) => {
                    Value::tuple(vec![Value::str(before), Value::Str(by.clone()), Value::str(after)])
                }
                None => Value::tuple(vec![Value::str(text), Value::str(""), Value::str("")]),
            },
            ("rpartition", [Value::Str(by)]) => match text.rsplit_once(&**by) {
                Some((before, after)) => {
                    Value::tuple(vec![Value::str(before), Value::Str(by.clone()), Value::str(after)])
                }
                None => Value::tuple(vec![Value::str(""), Value::str(""), Value::str(text)]),
            },
            ("join", [items]) => {
                let Some(items) = self.iterate(items) else { return Ok(unknown()) };
                let mut parts = Vec::new();
                for item in &items {
                    match self.plain(item) {
                        Value::Str(part) => parts.push(part.to_string()),
                        _ => return Ok(unknown()),
                    }
                }
                Value::str(parts.join(text))
            }
            ("format", _) => self.format(text, args, kwargs).unwrap_or_else(unknown),
            ("encode", _) => Value::Bytes(text.as_bytes().into()),
            ("isdigit", []) => Value::Bool(!text.is_empty() && text.chars().all(|char| char.is_ascii_digit())),
            ("isupper", []) => {
                Value::Bool(text.chars().any(char::is_uppercase) && !text.chars().any(char::is_lowercase))
            }
            ("islower", []) => {
                Value::Bool(text.chars().any(char::is_lowercase) && !text.chars().any(char::is_uppercase))
            }
            ("isidentifier", []) => Value::Bool(
                !text.is_empty()
                    && !text.starts_with(|char: char| char.is_ascii_digit())
                    && text.chars().all(|char| char.is_alphanumeric() || char == '_'),
            ),
            ("count", [Value::Str(part)]) if !part.is_empty() => Value::Int(text.matches(&**part).count() as i128),
            ("find", [Value::Str(part)]) => {
                Value::Int(text.find(&**part).map_or(-1, |at| text[..at].chars().count() as i128))
            }
            _ => unknown(),
        })
    }

    fn list_method(&mut self, id: crate::value::ObjectId, name: &Name, args: Vec<Value>, kwargs: Kwargs) -> Eval {
        let extension = match (name.as_str(), args.as_slice()) {
            ("extend", [more]) if self.joins() => Some(match self.items(more) {
                super::Items::Known(items) => items,
                super::Items::Each(item) => vec![item],
            }),
            ("extend", [more]) => {
                Some(self.iterate(more).unwrap_or_else(|| vec![Value::unknown("extended by something not known")]))
            }
            _ => None,
        };
        let found = match (name.as_str(), args.as_slice()) {
            ("index" | "remove" | "count", [item]) => {
                let items = self.heap.list_items(id).to_vec();
                items.iter().position(|other| self.equal(item, other) == Some(true))
            }
            _ => None,
        };
        if name == "sort" {
            let list = Value::List(id);
            let sorted = self.call_native("sorted", vec![list], kwargs)?;
            let items = self.iterate(&sorted);
            if let (Some(items), Object::List(list)) = (items, self.heap.object_mut(id)) {
                *list = items;
            }
            return Ok(Value::None);
        }
        let missing = || Value::unknown("not in the list");
        if name == "index" && found.is_none() && self.tries > 0 {
            return Err(self.raise("ValueError", "not in the list"));
        }
        let copied = (name == "copy").then(|| self.heap.list_items(id).to_vec());
        if let Some(items) = copied {
            return Ok(self.heap.list(items));
        }
        let Object::List(items) = self.heap.object_mut(id) else { return Ok(missing()) };
        Ok(match (name.as_str(), args.as_slice()) {
            ("append", [item]) => {
                items.push(item.clone());
                Value::None
            }
            ("extend", _) => {
                items.extend(extension.unwrap_or_default());
                Value::None
            }
            ("insert", [Value::Int(at), item]) => {
                let len = items.len() as i128;
                let at = if *at < 0 { (at + len).max(0) } else { (*at).min(len) };
                items.insert(at as usize, item.clone());
                Value::None
            }
            ("insert", [_, item]) => {
                items.push(item.clone());
                Value::None
            }
            ("remove", [_]) => {
                if let Some(at) = found {
                    items.remove(at);
                }
                Value::None
            }
            ("pop", []) => items.pop().unwrap_or_else(missing),
            ("pop", [Value::Int(at)]) => match super::statements::position(*at, items.len()) {
                Some(at) => items.remove(at),
                None => missing(),
            },
            ("index", _) => found.map_or_else(missing, |at| Value::Int(at as i128)),
            ("count", _) => Value::Int(found.is_some().into()),
            ("reverse", []) => {
                items.reverse();
                Value::None
            }
            ("clear", []) => {
                items.clear();
                Value::None
            }
            _ => Value::unknown(format!("`list.{name}`")),
        })
    }

    fn dict_method(&mut self, id: crate::value::ObjectId, name: &Name, args: Vec<Value>, kwargs: Kwargs) -> Eval {
        let entries = |this: &Self| this.heap.dict_of(id).map(|dict| dict.entries.clone()).unwrap_or_default();
        let open = self.heap.dict_of(id).is_none_or(|dict| dict.open);
        let key: Option<Key> = args.first().and_then(|key| self.key(key));
        Ok(match name.as_str() {
            "get" | "setdefault" | "pop" if self.joins() => {
                let sure = key.as_ref().is_some_and(|key| entries(self).contains_key(key));
                let default = args.get(1).cloned().unwrap_or(Value::None);
                match self.entry_joined(id, key) {
                    Some(found) if sure => found,
                    found => {
                        if name == "setdefault"
                            && let Some(key) = args.first()
                        {
                            self.set_item(&Value::Dict(id), key, default.clone());
                        }
                        let found = found.or_else(|| open.then(|| Value::unknown("a key that is not known")));
                        match found {
                            Some(found) => self.either(found, default),
                            None => default,
                        }
                    }
                }
            }
            "get" | "setdefault" | "pop" => {
                let Some(key) = key else { return Ok(Value::unknown("looked up by something not known")) };
                let found = entries(self).get(&key).map(|(_, value)| value.clone());
                let default = args.get(1).cloned();
                match (name.as_str(), found) {
                    ("pop", Some(found)) => {
                        if let Object::Dict(dict) = self.heap.object_mut(id) {
                            dict.entries.shift_remove(&key);
                        }
                        found
                    }
                    (_, Some(found)) => found,
                    (_, None) if open => Value::unknown("a key that is not known"),
                    ("pop", None) if default.is_none() => return Err(self.raise("KeyError", "no such key")),
                    ("setdefault", None) => {
                        let value = default.unwrap_or(Value::None);
                        self.set_item(&Value::Dict(id), &args[0], value.clone());
                        value
                    }
                    (_, None) => default.unwrap_or(Value::None),
                }
            }
            "keys" => {
                let items = entries(self).into_values().map(|(key, _)| key).collect();
                self.heap.list(items)
            }
            "values" => {
                let items = entries(self).into_values().map(|(_, value)| value).collect();
                self.heap.list(items)
            }
            "items" => {
                let items = entries(self).into_values().map(|(key, value)| Value::tuple(vec![key, value])).collect();
                self.heap.list(items)
            }
            "update" => {
                let target = Value::Dict(id);
                if let Some(source) = args.first() {
                    if let Value::List(_) = source {
                        for pair in self.iterate(source).unwrap_or_default() {
                            if let Value::Tuple(pair) = pair
                                && let [key, value] = &*pair
                            {
                                self.set_item(&target, key, value.clone());
                            }
                        }
                    } else {
                        self.update_dict(&target, source);
                    }
                }
                for (name, value) in kwargs {
                    self.set_item(&target, &Value::str(name.as_str()), value);
                }
                Value::None
            }
            "copy" => {
                let entries = entries(self);
                self.heap.dict(Dict { entries, open })
            }
            "clear" => {
                if let Object::Dict(dict) = self.heap.object_mut(id) {
                    dict.entries.clear();
                }
                Value::None
            }
            _ => Value::unknown(format!("`dict.{name}`")),
        })
    }

    fn set_method(&mut self, id: crate::value::ObjectId, name: &Name, args: &[Value]) -> Value {
        let more = args.first().map(|arg| self.iterate(arg).unwrap_or_default()).unwrap_or_default();
        let keyed: Vec<(Key, Value)> = more.into_iter().filter_map(|item| Some((self.key(&item)?, item))).collect();
        let single = args.first().and_then(|item| self.key(item));
        let Object::Set(items) = self.heap.object_mut(id) else { return Value::unknown("not a set") };
        match name.as_str() {
            "add" => {
                if let (Some(key), Some(item)) = (single, args.first()) {
                    items.insert(key, item.clone());
                }
                Value::None
            }
            "discard" | "remove" => {
                if let Some(key) = single {
                    items.shift_remove(&key);
                }
                Value::None
            }
            "update" => {
                items.extend(keyed);
                Value::None
            }
            "clear" => {
                items.clear();
                Value::None
            }
            "issubset" => Value::Bool(items.keys().all(|key| keyed.iter().any(|(other, _)| other == key))),
            "issuperset" => Value::Bool(keyed.iter().all(|(key, _)| items.contains_key(key))),
            "union" | "copy" | "difference" | "intersection" => {
                let mut result = items.clone();
                match name.as_str() {
                    "union" => result.extend(keyed),
                    "difference" => result.retain(|key, _| !keyed.iter().any(|(other, _)| other == key)),
                    "intersection" => result.retain(|key, _| keyed.iter().any(|(other, _)| other == key)),
                    _ => {}
                }
                self.heap.set(result)
            }
            _ => Value::unknown(format!("`set.{name}`")),
        }
    }
}
