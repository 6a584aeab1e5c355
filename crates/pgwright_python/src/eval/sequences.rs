//! Sequences whose length is not known, while ways are kept apart: comprehensions over them, their items and slices, and what builtins
//! make of them.

use ruff_python_ast as ast;
use ruff_text_size::Ranged;

use super::calls::Kwargs;
use super::statements::any_key;
use super::ways::{ALTERNATIVES, is_range_in_steps};
use super::{Eval, Evaluator, Flow, Frame, Items};
use crate::value::{Key, Value};

/// Rounds of a comprehension over a known sequence.
const KNOWN_ROUNDS: usize = 96;

/// What marks a comprehension's results as any number of such items.
const MANY: &str = "any number of items";

impl<'a> Evaluator<'a> {
    /// The results of a comprehension: a list where all are known, any number of such items otherwise.
    pub(crate) fn some_of(&mut self, results: Vec<(Value, Value)>) -> Value {
        let is_mark = |value: &Value| matches!(value, Value::Unknown(reason) if &**reason == MANY);
        let many = results.iter().any(|(_, item)| is_mark(item));
        let items: Vec<Value> = results.into_iter().map(|(_, item)| item).filter(|item| !is_mark(item)).collect();
        if !many {
            return self.heap.list(items);
        }
        let item = items.into_iter().reduce(|one, other| self.either(one, other));
        Value::each(item.unwrap_or_else(|| Value::unknown("an item of something not known")))
    }

    #[expect(clippy::too_many_arguments, reason = "the state of one comprehension under way")]
    pub(crate) fn generate_joined(
        &mut self,
        generator: &'a ast::Comprehension,
        iterable: &Value,
        rest: &'a [ast::Comprehension],
        outer: &mut Frame,
        inner: &mut Frame,
        results: &mut Vec<(Value, Value)>,
        body: &mut impl FnMut(&mut Self, &mut Frame) -> Eval<(Value, Value)>,
    ) -> Eval<bool> {
        self.at(&generator.iter);
        let (items, many) = match self.items_doubted(iterable, outer) {
            Items::Known(items) => (items, false),
            Items::Each(item) => (vec![item], true),
        };
        self.undecided += 1;
        if let (true, [item]) = (many, items.as_slice()) {
            self.enter_loop(Some(generator.iter.range()), Some(item).filter(|_| !is_range_in_steps(&generator.iter)));
        }
        let mut outcome = Ok(true);
        let mut filtered = many;
        let doubts = self.doubts(outer);
        // What lasts has to be complete.
        let rounds = if self.heap.in_trial() { KNOWN_ROUNDS } else { super::ROUNDS };
        'items: for item in items.into_iter().take(rounds) {
            outcome = self.assign(&generator.target, item, inner).map(|()| true);
            for condition in &generator.ifs {
                let truth = match outcome {
                    Ok(_) => self.expression(condition, inner).and_then(|value| {
                        self.at(condition);
                        self.truth_asked(&value).map(|truth| truth.filter(|_| !doubts))
                    }),
                    Err(_) => break 'items,
                };
                match truth {
                    Ok(Some(true)) => {}
                    Ok(Some(false)) => continue 'items,
                    Ok(None) => filtered = true,
                    Err(flow) => {
                        outcome = Err(flow);
                        break 'items;
                    }
                }
            }
            outcome = self.generate(rest, false, outer, inner, results, body);
            if outcome.is_err() {
                break;
            }
        }
        self.undecided -= 1;
        if many {
            self.leave_loop();
        }
        if filtered {
            results.push((Value::unknown(MANY), Value::unknown(MANY)));
        }
        outcome
    }

    /// `object[index]` where more than plain look-up is needed.
    pub(crate) fn item_joined(&mut self, object: &Value, index: &Value) -> Eval<Option<Value>> {
        Ok(match object {
            Value::Union(alternatives) => Some(self.over(alternatives, |this, one| match one {
                Value::None | Value::Absent => Err(Flow::Break),
                one => this.item(one, index),
            })?),
            Value::Each(item) => Some((**item).clone()),
            Value::Dict(id) => {
                let key = self.key(index);
                let Some(dict) = self.heap.dict_of(*id) else { return Ok(None) };
                if key.as_ref().is_some_and(|key| dict.entries.contains_key(key)) {
                    return Ok(None);
                }
                let other = match key {
                    Some(_) => dict.entries.get(&any_key()).map(|(_, value)| value.clone()),
                    None => self.any_entry(*id),
                };
                Some(other.unwrap_or_else(|| Value::unknown("a key that is not known")))
            }
            Value::List(_) | Value::Tuple(_) if !matches!(index, Value::Int(_)) => {
                let items = self.iterate(object).unwrap_or_default();
                self.any_of(items.into_iter())
            }
            _ => None,
        })
    }

    /// Any of a dictionary's values.
    pub(crate) fn any_entry(&self, id: crate::value::ObjectId) -> Option<Value> {
        let dict = self.heap.dict_of(id)?;
        self.any_of(dict.entries.values().map(|(_, value)| value.clone()))
    }

    /// Any one of these values; not known where there are more of them than a union keeps apart.
    fn any_of(&self, values: impl ExactSizeIterator<Item = Value>) -> Option<Value> {
        if values.len() > ALTERNATIVES {
            return Some(Value::unknown("one of many values"));
        }
        values.reduce(|one, other| self.either(one, other))
    }

    /// `object[lower:upper]` of what is not a plain sequence. A bound is the number written, nothing, or not known.
    pub(crate) fn slice_joined(
        &mut self,
        object: &Value,
        lower: Option<Option<i128>>,
        upper: Option<Option<i128>>,
    ) -> Eval<Option<Value>> {
        Ok(match object {
            Value::Each(_) => Some(object.clone()),
            Value::Union(alternatives) => {
                Some(self.over(alternatives, |this, one| match this.slice_joined(one, lower, upper)? {
                    Some(sliced) => Ok(sliced),
                    None => Err(Flow::Break),
                })?)
            }
            Value::Instance(_) => {
                let bound = |bound: Option<Option<i128>>| match bound {
                    Some(Some(int)) => Value::Int(int),
                    Some(None) => Value::None,
                    None => Value::unknown("a bound that is not known"),
                };
                let args = vec![bound(lower), bound(upper)];
                self.call_named(object, "__slice__", args)?
            }
            Value::List(_) | Value::Tuple(_) if lower.is_none() || upper.is_none() => Some(object.clone()),
            _ => None,
        })
    }

    /// Methods of a sequence of any length.
    pub(crate) fn each_method(&mut self, item: &Value, name: &str) -> Value {
        match name {
            "copy" | "values" | "keys" | "union" | "intersection" | "difference" | "__iter__" => {
                Value::each(item.clone())
            }
            "pop" | "get" | "popleft" => item.clone(),
            "items" => Value::each(Value::tuple(vec![Value::unknown("a key"), item.clone()])),
            "append" | "extend" | "sort" | "reverse" | "clear" | "add" | "update" | "remove" | "discard" => Value::None,
            _ => Value::unknown(format!("the method `{name}` of a sequence that is not known")),
        }
    }

    /// What a builtin makes of a sequence whose items are not all known; none where it is like any other value to it.
    pub(crate) fn builtin_joined(&mut self, name: &str, args: &[Value], kwargs: &Kwargs) -> Eval<Option<Value>> {
        let Some(first) = args.first() else { return Ok(None) };
        // A plain sequence is left to the builtin itself, unless another argument is not one.
        let plain = |value: &Value| {
            matches!(value, Value::List(_) | Value::Tuple(_) | Value::Str(_) | Value::Dict(_) | Value::Set(_))
        };
        Ok(match (name, args) {
            ("list" | "tuple" | "set" | "frozenset" | "iter" | "reversed" | "sorted" | "deque", _) if !plain(first) => {
                if name == "sorted"
                    && let Some((_, key)) = kwargs.iter().find(|(name, _)| name == "key")
                {
                    let (key, item) = (key.clone(), self.any_item(first));
                    self.in_loop(&item, |this| this.call(&key, vec![item.clone()], Vec::new(), None))?;
                }
                match self.items(first) {
                    Items::Known(items) => Some(self.heap.list(items)),
                    Items::Each(item) => Some(Value::each(item)),
                }
            }
            ("enumerate", _) if !plain(first) => {
                let item = self.any_item(first);
                Some(Value::each(Value::tuple(vec![Value::unknown("an index"), item])))
            }
            ("zip", sides) if !sides.iter().all(plain) => {
                let items = sides.iter().map(|side| self.any_item(side)).collect();
                Some(Value::each(Value::tuple(items)))
            }
            ("map", [function, sides @ ..]) if !sides.iter().all(plain) => {
                let items: Vec<Value> = sides.iter().map(|side| self.any_item(side)).collect();
                let function = function.clone();
                let mapped =
                    self.in_loop(&Value::tuple(items.clone()), |this| this.call(&function, items, Vec::new(), None))?;
                Some(Value::each(mapped))
            }
            ("filter", [function, side]) if !plain(side) => {
                let item = self.any_item(side);
                let (function, asked) = (function.clone(), item.clone());
                if !matches!(function, Value::None) {
                    self.in_loop(&item, |this| this.call(&function, vec![asked], Vec::new(), None))?;
                }
                Some(Value::each(item))
            }
            ("next", _) if !plain(first) => {
                let item = self.any_item(first);
                Some(match args.get(1) {
                    Some(default) => self.either(item, default.clone()),
                    None => item,
                })
            }
            ("max" | "min", [one]) if !plain(one) => Some(self.any_item(one)),
            ("any" | "all" | "sum", _) if !plain(first) => {
                self.any_item(first);
                Some(Value::unknown(format!("`{name}()` of something not known")))
            }
            ("len" | "bool", _) => match first {
                Value::Instance(_) => {
                    let method = if name == "len" { "__len__" } else { "__bool__" };
                    self.call_named(first, method, Vec::new())?
                }
                Value::Each(_) | Value::Union(_) => Some(Value::unknown("the length of something not known")),
                _ => None,
            },
            ("str" | "repr" | "format", _) => match first {
                Value::Instance(_) => {
                    self.call_named(first, "__str__", Vec::new())?.filter(|text| text.as_str().is_none())
                }
                _ => None,
            },
            ("dict" | "OrderedDict", _) if matches!(first, Value::Each(_) | Value::Instance(_)) => {
                let item = self.any_item(first);
                let value = match self.iterate(&item).as_deref() {
                    Some([_, value]) => value.clone(),
                    _ => Value::unknown("a value of a dictionary that is not known"),
                };
                let dict = self.make_dict(Vec::new());
                self.set_item(&dict, &Value::unknown("a key"), value);
                Some(dict)
            }
            _ => None,
        })
    }

    fn any_item(&mut self, value: &Value) -> Value {
        match self.items(value) {
            Items::Known(items) => items
                .into_iter()
                .take(KNOWN_ROUNDS)
                .reduce(|one, other| self.either(one, other))
                .unwrap_or_else(|| Value::unknown("an item of nothing")),
            Items::Each(item) => item,
        }
    }

    /// Runs something as the body of a loop that may run any number of times.
    fn in_loop<T>(&mut self, item: &Value, work: impl FnOnce(&mut Self) -> Eval<T>) -> Eval<T> {
        let depth = self.stack.len();
        self.enter_loop(None, Some(item));
        self.undecided += 1;
        let outcome = work(self);
        self.undecided -= 1;
        self.stack.truncate(depth);
        self.leave_loop();
        outcome
    }

    /// The entry a dictionary method finds under a key, where the key or the entry is not sure.
    pub(crate) fn entry_joined(&mut self, id: crate::value::ObjectId, key: Option<Key>) -> Option<Value> {
        let dict = self.heap.dict_of(id)?;
        match key {
            Some(key) => {
                dict.entries.get(&key).or_else(|| dict.entries.get(&any_key())).map(|(_, value)| value.clone())
            }
            None => self.any_entry(id),
        }
    }
}
