//! Expressions.

use ruff_python_ast::{self as ast, Expr};

use super::statements::position;
use super::{Eval, Evaluator, Frame, Items, ROUNDS};
use crate::value::{Definition, Dict, Key, Name, Object, Scope, ScopeId, Value};

impl<'a> Evaluator<'a> {
    pub(crate) fn expression(&mut self, expression: &'a Expr, frame: &mut Frame) -> Eval {
        self.step()?;
        Ok(match expression {
            Expr::NoneLiteral(_) => Value::None,
            Expr::EllipsisLiteral(_) => Value::Ellipsis,
            Expr::BooleanLiteral(literal) => Value::Bool(literal.value),
            Expr::NumberLiteral(literal) => match &literal.value {
                ast::Number::Int(int) => match int.as_u64() {
                    Some(int) => Value::Int(i128::from(int)),
                    None => int.to_string().parse().map_or_else(|_| Value::unknown("a very large number"), Value::Int),
                },
                ast::Number::Float(float) => Value::Float(*float),
                ast::Number::Complex { .. } => Value::unknown("a complex number"),
            },
            Expr::StringLiteral(literal) => Value::str(literal.value.to_str()),
            Expr::BytesLiteral(literal) => Value::Bytes(literal.value.bytes().collect::<Vec<_>>().into()),
            Expr::FString(string) => self.f_string(string, frame)?,
            Expr::Name(name) => self.name(&name.id, frame)?,
            Expr::Attribute(attribute) => {
                let object = self.expression(&attribute.value, frame)?;
                self.within(expression);
                self.attribute_or_unknown(&object, &attribute.attr.id)?
            }
            Expr::Call(call) => self.call_expression(call, frame)?,
            Expr::Tuple(tuple) => match self.elements(&tuple.elts, frame)? {
                Items::Known(items) => Value::tuple(items),
                Items::Each(item) => Value::each(item),
            },
            Expr::List(list) => match self.elements(&list.elts, frame)? {
                Items::Known(items) => self.heap.list(items),
                Items::Each(item) => Value::each(item),
            },
            Expr::Set(set) => match self.elements(&set.elts, frame)? {
                Items::Known(items) => self.make_set(items),
                Items::Each(item) => Value::each(item),
            },
            Expr::Dict(dict) => self.dict_display(dict, frame)?,
            Expr::BinOp(operation) => {
                let left = self.expression(&operation.left, frame)?;
                let right = self.expression(&operation.right, frame)?;
                self.at(expression);
                self.binary(&left, operation.op, &right)?
            }
            Expr::UnaryOp(operation) => {
                let operand = self.expression(&operation.operand, frame)?;
                self.at(&operation.operand);
                self.unary(operation.op, &operand)?
            }
            Expr::BoolOp(operation) => self.boolean(operation, frame)?,
            Expr::Compare(comparison) => self.comparison(comparison, frame)?,
            Expr::If(choice) => {
                let test = self.expression(&choice.test, frame)?;
                self.at(&choice.test);
                match self.truth_asked(&test)?.filter(|_| !self.doubts(frame)) {
                    Some(true) => self.expression(&choice.body, frame)?,
                    Some(false) => self.expression(&choice.orelse, frame)?,
                    None => {
                        let yes = self.expression(&choice.body, frame)?;
                        let no = self.expression(&choice.orelse, frame)?;
                        self.join(yes, no)
                    }
                }
            }
            Expr::Subscript(subscript) => {
                let object = self.expression(&subscript.value, frame)?;
                self.at(expression);
                if let Expr::Slice(slice) = &*subscript.slice {
                    self.slice(&object, slice, frame)?
                } else {
                    let index = self.expression(&subscript.slice, frame)?;
                    self.at(expression);
                    self.item(&object, &index)?
                }
            }
            Expr::Lambda(lambda) => self.define_lambda(lambda, frame)?,
            Expr::Named(named) => {
                let value = self.expression(&named.value, frame)?;
                self.assign(&named.target, value.clone(), frame)?;
                value
            }
            Expr::ListComp(comp) => {
                let items = self.comprehension(&comp.generators, frame, |this, inner| {
                    this.expression(&comp.elt, inner).map(|item| (Value::None, item))
                })?;
                match items {
                    Some(items) if self.joins() => self.some_of(items),
                    Some(items) => self.heap.list(items.into_iter().map(|(_, item)| item).collect()),
                    None => Value::unknown("a comprehension over something not known"),
                }
            }
            Expr::Generator(comp) => {
                let items = self.comprehension(&comp.generators, frame, |this, inner| {
                    this.expression(&comp.elt, inner).map(|item| (Value::None, item))
                })?;
                match items {
                    Some(items) if self.joins() => self.some_of(items),
                    Some(items) => self.heap.list(items.into_iter().map(|(_, item)| item).collect()),
                    None => Value::unknown("a generator over something not known"),
                }
            }
            Expr::SetComp(comp) => {
                let items = self.comprehension(&comp.generators, frame, |this, inner| {
                    this.expression(&comp.elt, inner).map(|item| (Value::None, item))
                })?;
                match items {
                    Some(items) if self.joins() => self.some_of(items),
                    Some(items) => self.make_set(items.into_iter().map(|(_, item)| item).collect()),
                    None => Value::unknown("a comprehension over something not known"),
                }
            }
            Expr::DictComp(comp) => {
                let items = self.comprehension(&comp.generators, frame, |this, inner| {
                    let key = match &comp.key {
                        Some(key) => this.expression(key, inner)?,
                        None => Value::unknown("an unpacked mapping"),
                    };
                    let value = this.expression(&comp.value, inner)?;
                    Ok((key, value))
                })?;
                match items {
                    Some(items) => self.make_dict(items),
                    None => Value::unknown("a comprehension over something not known"),
                }
            }
            Expr::Yield(each) => {
                let value = match &each.value {
                    Some(value) => self.expression(value, frame)?,
                    None => Value::None,
                };
                frame.yields.push(value);
                Value::unknown("what is sent to a generator")
            }
            Expr::YieldFrom(each) => {
                let value = self.expression(&each.value, frame)?;
                match self.iterate(&value) {
                    _ if self.joins() => match self.items(&value) {
                        Items::Known(items) => frame.yields.extend(items),
                        Items::Each(item) => frame.yields.push(item),
                    },
                    Some(items) => frame.yields.extend(items),
                    None => frame.yields.push(Value::unknown("yielded from something not known")),
                }
                Value::None
            }
            Expr::Starred(starred) => self.expression(&starred.value, frame)?,
            Expr::Await(awaited) if self.joins() => self.expression(&awaited.value, frame)?,
            Expr::Await(_) => Value::unknown("awaited"),
            Expr::TString(_) => Value::unknown("a template string"),
            Expr::Slice(_) => Value::unknown("a slice"),
            Expr::IpyEscapeCommand(_) => Value::unknown("a shell escape"),
        })
    }

    /// What a display holds; any number of like items where what is unpacked into it has any number.
    fn elements(&mut self, elements: &'a [Expr], frame: &mut Frame) -> Eval<Items> {
        let mut items = Vec::with_capacity(elements.len());
        let mut is_open = false;
        for element in elements {
            let Expr::Starred(starred) = element else {
                items.push(self.expression(element, frame)?);
                continue;
            };
            let value = self.expression(&starred.value, frame)?;
            if self.joins() {
                self.at(&starred.value);
                match self.items(&value) {
                    Items::Known(more) => items.extend(more),
                    Items::Each(item) => {
                        is_open = true;
                        items.push(item);
                    }
                }
                continue;
            }
            match self.iterate(&value) {
                Some(more) => items.extend(more),
                None => items.push(Value::unknown("unpacked from something not known")),
            }
        }
        if !is_open {
            return Ok(Items::Known(items));
        }
        let joined = items.into_iter().reduce(|one, other| self.either(one, other));
        Ok(Items::Each(joined.unwrap_or(Value::None)))
    }

    fn dict_display(&mut self, display: &'a ast::ExprDict, frame: &mut Frame) -> Eval {
        let result = self.heap.dict(Dict::default());
        for item in &display.items {
            let value = self.expression(&item.value, frame)?;
            match &item.key {
                Some(key) => {
                    let key = self.expression(key, frame)?;
                    self.set_item(&result, &key, value);
                }
                None => self.update_dict(&result, &value),
            }
        }
        Ok(result)
    }

    /// A dictionary with these entries.
    pub fn make_dict(&mut self, items: Vec<(Value, Value)>) -> Value {
        let result = self.heap.dict(Dict::default());
        for (key, value) in items {
            self.set_item(&result, &key, value);
        }
        result
    }

    pub(crate) fn make_set(&mut self, items: Vec<Value>) -> Value {
        let mut set = indexmap::IndexMap::default();
        for item in items {
            if let Some(key) = self.key(&item) {
                set.insert(key, item);
            }
        }
        self.heap.set(set)
    }

    pub(crate) fn update_dict(&mut self, target: &Value, source: &Value) {
        let Value::Dict(target) = target else { return };
        let (entries, open) = match source {
            Value::Union(alternatives) => {
                let dicts = alternatives.iter().filter(|one| !matches!(one, Value::None | Value::Absent));
                let dicts: Vec<Option<Dict>> = dicts
                    .map(|one| match one {
                        Value::Dict(id) => self.heap.dict_of(*id).cloned(),
                        _ => None,
                    })
                    .collect();
                let open = dicts.iter().any(Option::is_none);
                let joined = dicts.into_iter().flatten().reduce(|one, other| self.join_dicts(one, other));
                joined.map_or_else(|| (Default::default(), true), |dict| (dict.entries, dict.open || open))
            }
            Value::Dict(id) => match self.heap.dict_of(*id) {
                Some(dict) => (dict.entries.clone(), dict.open),
                None => return,
            },
            other => match self.pairs_of(other) {
                Some(pairs) => {
                    return pairs
                        .into_iter()
                        .for_each(|(key, value)| self.set_item(&Value::Dict(*target), &key, value));
                }
                None => (Default::default(), true),
            },
        };
        if let Object::Dict(dict) = self.heap.object_mut(*target) {
            dict.open |= open;
            for (key, entry) in entries {
                dict.entries.insert(key, entry);
            }
        }
    }

    /// The items of a list or tuple of pairs.
    fn pairs_of(&mut self, value: &Value) -> Option<Vec<(Value, Value)>> {
        if !matches!(value, Value::List(_) | Value::Tuple(_)) {
            return None;
        }
        let pair = |item: Value| match item {
            Value::Tuple(items) => <[Value; 2]>::try_from(items.to_vec()).ok().map(|[key, value]| (key, value)),
            _ => None,
        };
        self.iterate(value)?.into_iter().map(pair).collect()
    }

    fn comprehension(
        &mut self,
        generators: &'a [ast::Comprehension],
        frame: &mut Frame,
        mut body: impl FnMut(&mut Self, &mut Frame) -> Eval<(Value, Value)>,
    ) -> Eval<Option<Vec<(Value, Value)>>> {
        let parent = self.visible(frame.scope);
        let scope = self.heap.add_scope(Scope {
            names: Default::default(),
            parent,
            module: frame.module,
            globals: Vec::new(),
            class_body: false,
        });
        let mut inner = frame.inside(scope, frame.qualname.clone());
        let mut results = Vec::new();
        let known = self.generate(generators, true, frame, &mut inner, &mut results, &mut body)?;
        Ok(known.then_some(results))
    }

    pub(crate) fn generate(
        &mut self,
        generators: &'a [ast::Comprehension],
        outermost: bool,
        outer: &mut Frame,
        inner: &mut Frame,
        results: &mut Vec<(Value, Value)>,
        body: &mut impl FnMut(&mut Self, &mut Frame) -> Eval<(Value, Value)>,
    ) -> Eval<bool> {
        let Some((generator, rest)) = generators.split_first() else {
            results.push(body(self, inner)?);
            return Ok(true);
        };
        // The first iterable is evaluated in the surrounding scope, so a class body's names are seen.
        let iterable =
            if outermost { self.expression(&generator.iter, outer)? } else { self.expression(&generator.iter, inner)? };
        if self.joins() {
            return self.generate_joined(generator, &iterable, rest, outer, inner, results, body);
        }
        let Some(items) = self.iterate(&iterable) else { return Ok(false) };
        let mut unsure = false;
        'items: for item in items.into_iter().take(ROUNDS) {
            self.assign(&generator.target, item, inner)?;
            for condition in &generator.ifs {
                let value = self.expression(condition, inner)?;
                match self.truth(&value) {
                    Some(true) => {}
                    Some(false) => continue 'items,
                    // Kept, with a mark after the items that not all of them are sure.
                    None => unsure = true,
                }
            }
            if !self.generate(rest, false, outer, inner, results, body)? {
                return Ok(false);
            }
        }
        if unsure {
            let mark = Value::unknown("filtered by something not known");
            results.push((mark.clone(), mark));
        }
        Ok(true)
    }

    /// The scope that functions and comprehensions defined here see: class bodies are passed over.
    pub(crate) fn visible(&self, scope: ScopeId) -> Option<ScopeId> {
        let mut scope = Some(scope);
        while let Some(id) = scope {
            if !self.heap.scope(id).class_body {
                return Some(id);
            }
            scope = self.heap.scope(id).parent;
        }
        None
    }

    pub(crate) fn name(&mut self, name: &Name, frame: &Frame) -> Eval {
        let mut scope = Some(frame.scope);
        let mut first = true;
        while let Some(id) = scope {
            let current = self.heap.scope(id);
            if (first || !current.class_body)
                && let Some(value) = self.heap.bound(id, name).cloned()
            {
                let is_module = current.parent.is_none();
                let value = self.force_in(id, name, value);
                return Ok(if is_module { self.module_value_again(frame.module, name, value) } else { value });
            }
            scope = current.parent;
            first = false;
        }
        let module_scope = self.module(frame.module).scope;
        if let Some(value) = self.heap.bound(module_scope, name).cloned() {
            let value = self.force_in(module_scope, name, value);
            return Ok(self.module_value_again(frame.module, name, value));
        }
        if let Some(value) = self.builtins.get(name) {
            return Ok(value);
        }
        if self.tries > 0 && !self.module(frame.module).open {
            return Err(self.raise("NameError", name));
        }
        Ok(Value::unknown(format!("the name `{name}` is not known")))
    }

    pub(crate) fn item(&mut self, object: &Value, index: &Value) -> Eval {
        let index = &self.plain(index);
        if self.joins()
            && let Some(item) = self.item_joined(object, index)?
        {
            return Ok(item);
        }
        Ok(match object {
            Value::Dict(id) => {
                let Some(key) = self.key(index) else { return Ok(Value::unknown("looked up by something not known")) };
                match self.heap.dict_of(*id) {
                    Some(dict) => match dict.entries.get(&key) {
                        Some((_, value)) => value.clone(),
                        None if dict.open => Value::unknown("a key that is not known"),
                        None => return Err(self.raise("KeyError", "no such key")),
                    },
                    None => Value::unknown("not a dictionary"),
                }
            }
            Value::List(_) | Value::Tuple(_) | Value::Str(_) => {
                let Value::Int(at) = index else { return Ok(Value::unknown("an index that is not known")) };
                if let Value::Str(text) = object {
                    let chars: Vec<char> = text.chars().collect();
                    return Ok(match position(*at, chars.len()).and_then(|at| chars.get(at)) {
                        Some(char) => Value::str(char.to_string()),
                        None => return Err(self.raise("IndexError", "out of range")),
                    });
                }
                let items = self.iterate(object).unwrap_or_default();
                match position(*at, items.len()).and_then(|at| items.get(at).cloned()) {
                    Some(item) => item,
                    None if items.iter().any(Value::is_unknown) => Value::unknown("an item that is not known"),
                    None => return Err(self.raise("IndexError", "out of range")),
                }
            }
            Value::Class(class) => match index {
                // `Colour["RED"]` of an enumeration; otherwise a generic alias (`Model[int]`), which is the class itself.
                Value::Str(name) if !self.heap.class(*class).members.is_empty() => self
                    .heap
                    .class(*class)
                    .attributes
                    .get(&**name)
                    .cloned()
                    .unwrap_or_else(|| Value::unknown("no such member")),
                _ => object.clone(),
            },
            Value::Instance(_) => match self.attribute(object, "__getitem__")? {
                Some(getter) => self.call(&getter, vec![index.clone()], Vec::new(), None)?,
                None => Value::unknown("an item of an object"),
            },
            Value::Opaque(_) => object.clone(),
            _ => Value::unknown("an item of something not known"),
        })
    }

    fn slice(&mut self, object: &Value, slice: &'a ast::ExprSlice, frame: &mut Frame) -> Eval {
        let mut bound = |this: &mut Self, expression: &'a Option<Box<Expr>>| -> Eval<Option<Option<i128>>> {
            match expression {
                None => Ok(Some(None)),
                Some(expression) => Ok(match this.expression(expression, frame)? {
                    Value::Int(int) => Some(Some(int)),
                    Value::None => Some(None),
                    _ => None,
                }),
            }
        };
        let (lower, upper, step) = (bound(self, &slice.lower)?, bound(self, &slice.upper)?, bound(self, &slice.step)?);
        if self.joins()
            && let Some(sliced) = self.slice_joined(object, lower, upper)?
        {
            return Ok(sliced);
        }
        let (Some(lower), Some(upper), Some(step)) = (lower, upper, step) else {
            return Ok(Value::unknown("a slice that is not known"));
        };
        let pick = |len: usize| -> Vec<usize> {
            let len = len as i128;
            let clamp = |at: i128| (if at < 0 { at + len } else { at }).clamp(0, len);
            match step.unwrap_or(1) {
                0 => Vec::new(),
                step if step > 0 => {
                    let (from, to) = (clamp(lower.unwrap_or(0)), clamp(upper.unwrap_or(len)));
                    (from..to).step_by(step as usize).map(|at| at as usize).collect()
                }
                step => {
                    let from = lower.map_or(len - 1, |at| clamp(at).min(len - 1));
                    let to = upper.map_or(-1, clamp);
                    let mut picked = Vec::new();
                    let mut at = from;
                    while at > to && at >= 0 {
                        picked.push(at as usize);
                        at += step;
                    }
                    picked
                }
            }
        };
        Ok(match object {
            Value::Str(text) => {
                let chars: Vec<char> = text.chars().collect();
                Value::str(pick(chars.len()).into_iter().filter_map(|at| chars.get(at)).collect::<String>())
            }
            Value::Tuple(items) => Value::tuple(pick(items.len()).into_iter().map(|at| items[at].clone()).collect()),
            Value::List(id) => {
                let items = self.heap.list_items(*id);
                let picked = pick(items.len()).into_iter().map(|at| items[at].clone()).collect();
                self.heap.list(picked)
            }
            _ => Value::unknown("a slice of something not known"),
        })
    }

    /// The items of an iterable, when they are known.
    pub fn iterate(&mut self, value: &Value) -> Option<Vec<Value>> {
        match value {
            Value::List(id) => Some(self.heap.list_items(*id).to_vec()),
            Value::Tuple(items) => Some(items.to_vec()),
            Value::Set(id) => match self.heap.object(*id) {
                Object::Set(items) => Some(items.values().cloned().collect()),
                _ => None,
            },
            Value::Dict(id) => {
                self.heap.dict_of(*id).map(|dict| dict.entries.values().map(|(key, _)| key.clone()).collect())
            }
            Value::Str(text) => Some(text.chars().map(|char| Value::str(char.to_string())).collect()),
            Value::Class(class) if !self.heap.class(*class).members.is_empty() => {
                let record = self.heap.class(*class);
                Some(record.members.iter().filter_map(|name| record.attributes.get(name).cloned()).collect())
            }
            Value::Instance(_) => {
                let iterator = self.attribute(value, "__iter__").ok()??;
                let items = self.call(&iterator, Vec::new(), Vec::new(), None).ok()?;
                if matches!(items, Value::Instance(_)) { None } else { self.iterate(&items) }
            }
            _ => None,
        }
    }

    /// What a value is compared by as a dictionary key.
    pub fn key(&self, value: &Value) -> Option<Key> {
        Some(match self.plain(value) {
            Value::None => Key::None,
            Value::Bool(bool) => Key::Int(i128::from(bool)),
            Value::Int(int) => Key::Int(int),
            Value::Float(float) => Key::Float(float.to_bits()),
            Value::Str(text) => Key::Str(text),
            Value::Bytes(bytes) => Key::Bytes(bytes),
            Value::Tuple(items) => Key::Tuple(items.iter().map(|item| self.key(item)).collect::<Option<_>>()?),
            Value::Instance(id) => Key::Object(id),
            Value::Class(id) => Key::Class(id),
            Value::Function(id) => Key::Function(id),
            Value::Opaque(path) => Key::Other(path),
            Value::Native(name) => Key::Other(name.into()),
            _ => return None,
        })
    }

    fn f_string(&mut self, string: &'a ast::ExprFString, frame: &mut Frame) -> Eval {
        let mut text = String::new();
        for part in string.value.as_slice() {
            match part {
                ast::FStringPart::Literal(literal) => text.push_str(literal.as_str()),
                ast::FStringPart::FString(part) => {
                    for element in &part.elements {
                        match element {
                            ast::InterpolatedStringElement::Literal(literal) => text.push_str(literal),
                            ast::InterpolatedStringElement::Interpolation(inner) => {
                                let value = self.expression(&inner.expression, frame)?;
                                self.at(&inner.expression);
                                let spec_known = inner.format_spec.is_none();
                                match self.text_of(&value) {
                                    Some(shown) if spec_known => text.push_str(&shown),
                                    _ => return Ok(Value::unknown("text built from something not known")),
                                }
                            }
                        }
                    }
                }
            }
        }
        Ok(Value::str(text))
    }

    fn define_lambda(&mut self, lambda: &'a ast::ExprLambda, frame: &mut Frame) -> Eval {
        let name = Name::new("<lambda>");
        match &lambda.parameters {
            Some(parameters) => self.define(Definition::Lambda(lambda), parameters, &name, frame),
            None => self.define_without_parameters(Definition::Lambda(lambda), &name, frame),
        }
    }
}
