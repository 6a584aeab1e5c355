//! Python's builtin types and functions, and the few that descriptions of libraries import from `_pgwright`.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::calls::Kwargs;
use super::operators::as_float;
use super::{Eval, Evaluator};
use crate::value::{Class, ClassId, Descriptor, Heap, ModuleId, Name, Names, Object, Value};

/// The builtin namespace.
#[derive(Debug, Clone)]
pub(crate) struct Builtins {
    names: FxHashMap<&'static str, Value>,
    pub(crate) object_class: ClassId,
    pub(crate) type_class: ClassId,
    pub(crate) str_class: ClassId,
    pub(crate) int_class: ClassId,
    exception_class: ClassId,
    /// `enum.Enum`, once the description of `enum` has run.
    pub(crate) enumeration: Option<ClassId>,
    count: u32,
}

const TYPES: &[(&str, &str)] = &[
    ("type", "object"),
    ("str", "object"),
    ("int", "object"),
    ("bool", "int"),
    ("float", "object"),
    ("complex", "object"),
    ("bytes", "object"),
    ("bytearray", "object"),
    ("list", "object"),
    ("tuple", "object"),
    ("dict", "object"),
    ("set", "object"),
    ("frozenset", "object"),
    ("property", "object"),
    ("classmethod", "object"),
    ("staticmethod", "object"),
    ("BaseException", "object"),
    ("Exception", "BaseException"),
    ("SystemExit", "BaseException"),
    ("KeyboardInterrupt", "BaseException"),
    ("ArithmeticError", "Exception"),
    ("ZeroDivisionError", "ArithmeticError"),
    ("AssertionError", "Exception"),
    ("AttributeError", "Exception"),
    ("ImportError", "Exception"),
    ("ModuleNotFoundError", "ImportError"),
    ("LookupError", "Exception"),
    ("IndexError", "LookupError"),
    ("KeyError", "LookupError"),
    ("NameError", "Exception"),
    ("NotImplementedError", "Exception"),
    ("OSError", "Exception"),
    ("FileNotFoundError", "OSError"),
    ("PermissionError", "OSError"),
    ("RuntimeError", "Exception"),
    ("StopIteration", "Exception"),
    ("SyntaxError", "Exception"),
    ("TypeError", "Exception"),
    ("ValueError", "Exception"),
    ("UnicodeDecodeError", "ValueError"),
    ("Warning", "Exception"),
    ("DeprecationWarning", "Warning"),
    ("PendingDeprecationWarning", "Warning"),
    ("UserWarning", "Warning"),
];

const FUNCTIONS: &[&str] = &[
    "abs",
    "all",
    "any",
    "callable",
    "dir",
    "enumerate",
    "filter",
    "getattr",
    "globals",
    "hasattr",
    "hash",
    "id",
    "isinstance",
    "issubclass",
    "iter",
    "len",
    "locals",
    "map",
    "max",
    "min",
    "next",
    "open",
    "print",
    "range",
    "repr",
    "reversed",
    "round",
    "setattr",
    "sorted",
    "sum",
    "super",
    "vars",
    "zip",
    "__import__",
    "delattr",
    "format",
    "ord",
    "chr",
    "input",
    "eval",
    "exec",
];

/// What `from _pgwright import name` gives.
const NATIVE: &[&str] = &[
    "identity",
    "import_module",
    "enum_root",
    "enum.auto",
    "unknown",
    "path_of",
    "attributes_with",
    "submodules",
    "entry_points",
    "cached_property",
    "is_class",
    "is_known",
    "module_exists",
    "version_of",
];

impl Builtins {
    pub(crate) fn install(heap: &mut Heap<'_>) -> Builtins {
        let mut names: FxHashMap<&'static str, Value> = FxHashMap::default();
        let object_class = add_type(heap, "object", None);
        names.insert("object", Value::Class(object_class));
        let mut by_name = FxHashMap::default();
        by_name.insert("object", object_class);
        for (name, base) in TYPES {
            let class = add_type(heap, name, by_name.get(base).copied());
            by_name.insert(name, class);
            names.insert(name, Value::Class(class));
        }
        for name in FUNCTIONS {
            names.insert(name, Value::Native(name));
        }
        names.insert("NotImplemented", Value::NotImplemented);
        names.insert("__debug__", Value::Bool(true));
        names.insert("IOError", Value::Class(by_name["OSError"]));
        names.insert("EnvironmentError", Value::Class(by_name["OSError"]));
        let type_class = by_name["type"];
        heap.class_mut(type_class).attributes.insert(Name::new_static("__new__"), Value::Native("type.__new__"));
        heap.class_mut(object_class).attributes.insert(Name::new_static("__init__"), Value::Native("object.__init__"));
        heap.class_mut(object_class).attributes.insert(Name::new_static("__new__"), Value::Native("object.__new__"));
        heap.class_mut(object_class)
            .attributes
            .insert(Name::new_static("__init_subclass__"), Value::Native("object.__init__"));
        heap.class_mut(object_class).attributes.insert(Name::new_static("__setattr__"), Value::Native("setattr"));
        Builtins {
            names,
            object_class,
            type_class,
            str_class: by_name["str"],
            int_class: by_name["int"],
            exception_class: by_name["BaseException"],
            enumeration: None,
            count: u32::try_from(heap.classes.len()).unwrap_or(u32::MAX),
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<Value> {
        self.names.get(name).cloned()
    }

    /// Whether a class is one of Python's builtin types.
    pub(crate) fn owns(&self, class: ClassId) -> bool {
        class.0 < self.count
    }

    pub(crate) fn is_exception(&self, heap: &Heap<'_>, class: ClassId) -> bool {
        heap.is_subclass(class, self.exception_class)
    }

    pub(crate) fn exception(&self, name: &str) -> ClassId {
        match self.names.get(name) {
            Some(Value::Class(class)) => *class,
            _ => self.exception_class,
        }
    }

    pub(crate) fn opaque(&self, heap: &mut Heap<'_>, path: &Arc<str>) -> ClassId {
        let name = Name::new(path.rsplit('.').next().unwrap_or(path));
        let id = heap.add_class(Class {
            name,
            qualname: path.clone(),
            module: ModuleId(0),
            bases: vec![self.object_class],
            mro: Vec::new(),
            attributes: Names::default(),
            assignments: FxHashMap::default(),
            statement: None,
            open: true,
            opaque: true,
            metaclass: None,
            members: Vec::new(),
        });
        heap.class_mut(id).mro = vec![id, self.object_class];
        id
    }
}

fn add_type(heap: &mut Heap<'_>, name: &'static str, base: Option<ClassId>) -> ClassId {
    let mut mro: Vec<ClassId> = base.map(|base| heap.class(base).mro.clone()).unwrap_or_default();
    let id = heap.add_class(Class {
        name: Name::new_static(name),
        qualname: name.into(),
        module: ModuleId(0),
        bases: base.into_iter().collect(),
        mro: Vec::new(),
        attributes: Names::default(),
        assignments: FxHashMap::default(),
        statement: None,
        open: false,
        opaque: false,
        metaclass: None,
        members: Vec::new(),
    });
    mro.insert(0, id);
    heap.class_mut(id).mro = mro;
    id
}

impl<'a> Evaluator<'a> {
    /// A name imported from `_pgwright`.
    pub(crate) fn native(name: &str) -> Option<Value> {
        NATIVE.iter().find(|native| **native == name).map(|native| Value::Native(native))
    }

    pub(crate) fn type_of(&self, value: &Value) -> Value {
        let name = match value {
            Value::Instance(id) => {
                return self.heap.class_of(*id).map_or_else(|| Value::unknown("a type"), Value::Class);
            }
            Value::Class(class) => {
                return Value::Class(self.heap.class(*class).metaclass.unwrap_or(self.builtins.type_class));
            }
            Value::Str(_) => "str",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Float(_) => "float",
            Value::Bytes(_) => "bytes",
            Value::Tuple(_) => "tuple",
            Value::List(_) => "list",
            Value::Dict(_) => "dict",
            Value::Set(_) => "set",
            _ => return Value::unknown("the type of something not known"),
        };
        self.builtins.get(name).unwrap_or(Value::None)
    }

    /// Calls a builtin type: `list(x)`, `dict(a=1)`, `str(x)`…
    pub(crate) fn construct(&mut self, name: &str, args: Vec<Value>, kwargs: Kwargs) -> Eval {
        if self.joins()
            && let Some(made) = self.builtin_joined(name, &args, &kwargs)?
        {
            return Ok(made);
        }
        let unknown = || Value::unknown(format!("`{name}()` of something not known"));
        let first = args.first().map(|value| self.plain(value));
        Ok(match (name, first) {
            ("object", _) => self.bare_instance(self.builtins.object_class),
            ("type", _) => return self.class_from_call(self.builtins.type_class, args, kwargs),
            ("str", None) => Value::str(""),
            ("str", Some(value)) => self.text_of(&value).map_or_else(unknown, Value::str),
            ("int", None) => Value::Int(0),
            ("int", Some(Value::Int(int))) => Value::Int(int),
            ("int", Some(Value::Bool(bool))) => Value::Int(bool.into()),
            ("int", Some(Value::Float(float))) => Value::Int(float as i128),
            ("int", Some(Value::Str(text))) => text.trim().parse().map_or_else(|_| unknown(), Value::Int),
            ("float", Some(value)) => match &value {
                Value::Str(text) => text.trim().parse().map_or_else(|_| unknown(), Value::Float),
                other => as_float(other).map_or_else(unknown, Value::Float),
            },
            ("bool", Some(value)) => self.truth(&value).map_or_else(unknown, Value::Bool),
            ("bool", None) => Value::Bool(false),
            ("list", None) => self.heap.list(Vec::new()),
            ("tuple", None) => Value::tuple(Vec::new()),
            ("set" | "frozenset", None) => self.make_set(Vec::new()),
            ("list", Some(value)) => match self.iterate(&value) {
                Some(items) => self.heap.list(items),
                None => unknown(),
            },
            ("tuple", Some(value)) => self.iterate(&value).map_or_else(unknown, Value::tuple),
            ("set" | "frozenset", Some(value)) => match self.iterate(&value) {
                Some(items) => self.make_set(items),
                None => unknown(),
            },
            ("dict", first) => {
                let dict = self.make_dict(Vec::new());
                let mut all = Vec::new();
                all.extend(first);
                self.call_method(&dict, &Name::new_static("update"), all, kwargs)?;
                dict
            }
            ("property", Some(getter)) => Value::Descriptor(Descriptor::Property, Arc::new(getter)),
            ("classmethod", Some(function)) => Value::Descriptor(Descriptor::ClassMethod, Arc::new(function)),
            ("staticmethod", Some(function)) => Value::Descriptor(Descriptor::StaticMethod, Arc::new(function)),
            ("bytes", None) => Value::Bytes(Arc::from([])),
            _ => unknown(),
        })
    }

    pub(crate) fn call_native(&mut self, name: &'static str, args: Vec<Value>, kwargs: Kwargs) -> Eval {
        if self.joins()
            && let Some(made) = self.builtin_joined(name, &args, &kwargs)?
        {
            return Ok(made);
        }
        let unknown = || Value::unknown(format!("`{name}()` of something not known"));
        let option = |key: &str| kwargs.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone());
        Ok(match (name, args.as_slice()) {
            ("len", [value]) => match self.plain(value) {
                Value::Str(text) => Value::Int(text.chars().count() as i128),
                Value::Dict(id) => self
                    .heap
                    .dict_of(id)
                    .filter(|dict| !dict.open)
                    .map_or_else(unknown, |dict| Value::Int(dict.entries.len() as i128)),
                other => self.iterate(&other).map_or_else(unknown, |items| Value::Int(items.len() as i128)),
            },
            ("range", bounds) => {
                let ints: Option<Vec<i128>> =
                    bounds.iter().map(|bound| if let Value::Int(int) = bound { Some(*int) } else { None }).collect();
                let (from, to, step) = match ints.as_deref() {
                    Some([to]) => (0, *to, 1),
                    Some([from, to]) => (*from, *to, 1),
                    Some([from, to, step]) if *step != 0 => (*from, *to, *step),
                    _ => return Ok(unknown()),
                };
                let mut items = Vec::new();
                let mut at = from;
                while (step > 0 && at < to || step < 0 && at > to) && items.len() < super::ROUNDS {
                    items.push(Value::Int(at));
                    at += step;
                }
                self.heap.list(items)
            }
            ("enumerate", [value, rest @ ..]) => {
                let start = match rest.first().cloned().or_else(|| option("start")) {
                    Some(Value::Int(start)) => start,
                    _ => 0,
                };
                match self.iterate(value) {
                    Some(items) => {
                        let items =
                            (start..).zip(items).map(|(at, item)| Value::tuple(vec![Value::Int(at), item])).collect();
                        self.heap.list(items)
                    }
                    None => unknown(),
                }
            }
            ("zip", values) => {
                let mut columns = Vec::new();
                for value in values {
                    let Some(items) = self.iterate(value) else { return Ok(unknown()) };
                    columns.push(items);
                }
                let rows = columns.iter().map(Vec::len).min().unwrap_or(0);
                let items = (0..rows)
                    .map(|row| Value::tuple(columns.iter().map(|column| column[row].clone()).collect()))
                    .collect();
                self.heap.list(items)
            }
            ("map", [function, value]) => {
                let Some(items) = self.iterate(value) else { return Ok(unknown()) };
                let mut results = Vec::new();
                for item in items {
                    results.push(self.call(function, vec![item], Vec::new(), None)?);
                }
                self.heap.list(results)
            }
            ("filter", [function, value]) => {
                let Some(items) = self.iterate(value) else { return Ok(unknown()) };
                let mut kept = Vec::new();
                for item in items {
                    let verdict = match function {
                        Value::None => item.clone(),
                        _ => self.call(function, vec![item.clone()], Vec::new(), None)?,
                    };
                    match self.truth(&verdict) {
                        Some(true) => kept.push(item),
                        Some(false) => {}
                        None => return Ok(unknown()),
                    }
                }
                self.heap.list(kept)
            }
            ("sorted", [value]) => {
                let Some(items) = self.iterate(value) else { return Ok(unknown()) };
                let key = option("key");
                let mut keyed = Vec::new();
                for item in items {
                    let by = match &key {
                        Some(key) => self.call(key, vec![item.clone()], Vec::new(), None)?,
                        None => item.clone(),
                    };
                    keyed.push((self.plain(&by), item));
                }
                // Where two cannot be compared there is no order to sort by: they stay as they are.
                let comparable = keyed.iter().all(|(a, _)| keyed.iter().all(|(b, _)| self.order(a, b).is_some()));
                if comparable {
                    keyed.sort_by(|(a, _), (b, _)| self.order(a, b).unwrap_or(std::cmp::Ordering::Equal));
                }
                if option("reverse").is_some_and(|reverse| self.truth(&reverse) == Some(true)) {
                    keyed.reverse();
                }
                self.heap.list(keyed.into_iter().map(|(_, item)| item).collect())
            }
            ("reversed", [value]) => match self.iterate(value) {
                Some(mut items) => {
                    items.reverse();
                    self.heap.list(items)
                }
                None => unknown(),
            },
            ("iter", [value]) => value.clone(),
            ("next", [value, rest @ ..]) => match (self.iterate(value).map(|items| items.into_iter().next()), rest) {
                (Some(Some(item)), _) => item,
                (Some(None), [default, ..]) => default.clone(),
                (Some(None), []) => return Err(self.raise("StopIteration", "")),
                _ => unknown(),
            },
            ("any" | "all", [value]) => {
                let Some(items) = self.iterate(value) else { return Ok(unknown()) };
                let decisive = name == "any";
                let mut result = Value::Bool(!decisive);
                for item in &items {
                    match self.truth(item) {
                        Some(truth) if truth == decisive => return Ok(Value::Bool(decisive)),
                        Some(_) => {}
                        None => result = unknown(),
                    }
                }
                result
            }
            ("sum", [value, ..]) => {
                let Some(items) = self.iterate(value) else { return Ok(unknown()) };
                let mut total = args.get(1).cloned().unwrap_or(Value::Int(0));
                for item in items {
                    total = self.binary(&total, ruff_python_ast::Operator::Add, &item)?;
                }
                total
            }
            ("max" | "min", values) => {
                let items = match values {
                    [one] => self.iterate(one),
                    many => Some(many.to_vec()),
                };
                let Some(items) = items else { return Ok(unknown()) };
                let mut best: Option<Value> = None;
                for item in items {
                    let better = match &best {
                        None => true,
                        Some(best) => match self.order(&item, best) {
                            Some(ordering) => {
                                if name == "max" {
                                    ordering.is_gt()
                                } else {
                                    ordering.is_lt()
                                }
                            }
                            None => return Ok(unknown()),
                        },
                    };
                    if better {
                        best = Some(item);
                    }
                }
                best.unwrap_or_else(unknown)
            }
            ("abs", [Value::Int(int)]) => Value::Int(int.abs()),
            ("round", [Value::Int(int), ..]) => Value::Int(*int),
            ("repr", [Value::Str(text)]) => Value::str(format!("'{text}'")),
            ("repr", [value]) => self.text_of(value).map_or_else(unknown, Value::str),
            ("getattr", [object, Value::Str(attribute), rest @ ..]) => {
                self.tries += 1;
                let found = self.attribute(object, attribute);
                self.tries -= 1;
                match (found, rest) {
                    (Ok(Some(value)), _) => value,
                    (Ok(None) | Err(super::Flow::Raise(_)), [default, ..]) if self.is_closed(object) => default.clone(),
                    (Ok(None), []) if self.tries > 0 && self.is_closed(object) => {
                        return Err(self.raise("AttributeError", attribute));
                    }
                    (Err(other @ super::Flow::Exhausted), _) => return Err(other),
                    _ => unknown(),
                }
            }
            ("hasattr", [object, Value::Str(attribute)]) => {
                self.tries += 1;
                let found = self.attribute(object, attribute);
                self.tries -= 1;
                match found {
                    Ok(Some(value)) if !matches!(value, Value::Unknown(_)) => Value::Bool(true),
                    Ok(None) | Err(super::Flow::Raise(_)) if self.is_closed(object) => Value::Bool(false),
                    Err(other @ super::Flow::Exhausted) => return Err(other),
                    _ => unknown(),
                }
            }
            ("setattr", [object, Value::Str(attribute), value]) => {
                self.set_attribute(object, &Name::new(attribute), value.clone());
                Value::None
            }
            ("isinstance", [object, class]) => match self.type_of(&self.plain(object)) {
                Value::Class(actual) => self.subclass_of(actual, class).map_or_else(unknown, Value::Bool),
                _ => match object {
                    Value::None | Value::Function(_) | Value::Bound(_) | Value::Module(_) => Value::Bool(false),
                    _ => unknown(),
                },
            },
            ("issubclass", [Value::Class(actual), class]) => {
                self.subclass_of(*actual, class).map_or_else(unknown, Value::Bool)
            }
            ("callable", [value]) => match value {
                Value::Function(_) | Value::Class(_) | Value::Bound(_) | Value::Native(_) => Value::Bool(true),
                Value::Instance(_) => Value::Bool(matches!(self.attribute(value, "__call__"), Ok(Some(_)))),
                value if value.is_unknown() => unknown(),
                _ => Value::Bool(false),
            },
            ("dir", [Value::Module(module)]) => {
                self.ensure(*module);
                let scope = self.module(*module).scope;
                let items = self.heap.scope(scope).names.keys().map(|name| Value::str(name.as_str())).collect();
                self.heap.list(items)
            }
            ("vars", [object]) => self.attribute(object, "__dict__")?.unwrap_or_else(unknown),
            ("id" | "hash", _) => unknown(),
            ("print", _) => Value::None,
            ("ord", [Value::Str(text)]) => {
                text.chars().next().map_or_else(unknown, |char| Value::Int(u32::from(char).into()))
            }
            ("chr", [Value::Int(int)]) => u32::try_from(*int)
                .ok()
                .and_then(char::from_u32)
                .map_or_else(unknown, |char| Value::str(char.to_string())),
            ("object.__init__", _) => Value::None,
            ("object.__new__", [Value::Class(class), ..]) => self.bare_instance(*class),
            ("type.__new__", [Value::Class(metaclass), rest @ ..]) => {
                return self.class_from_call(*metaclass, rest.to_vec(), kwargs);
            }
            ("identity", [value, ..]) => value.clone(),
            ("cached_property", [function]) => {
                Value::Descriptor(Descriptor::CachedProperty, Arc::new(function.clone()))
            }
            ("import_module" | "__import__", [Value::Str(module), ..]) => match self.import_and_run(module) {
                Some(id) => Value::Module(id),
                None if self.tries > 0 => return Err(self.raise("ModuleNotFoundError", module)),
                None => Value::Opaque(module.clone()),
            },
            ("module_exists", [Value::Str(module)]) => Value::Bool(self.import(module).is_some()),
            ("enum_root", [Value::Class(class)]) => {
                self.builtins.enumeration = Some(*class);
                Value::Class(*class)
            }
            ("unknown", [Value::Str(reason)]) => Value::Unknown(reason.clone()),
            ("is_class", [value]) => {
                let classes = value.alternatives().iter().filter(|one| matches!(one, Value::Class(_))).count();
                match value.alternatives().len() {
                    all if all == classes => Value::Bool(true),
                    _ if classes == 0 => Value::Bool(false),
                    _ => Value::unknown("whether it is a class"),
                }
            }
            ("is_known", [value]) => Value::Bool(!value.is_unknown()),
            ("path_of", [Value::Class(class)]) => Value::str(self.class_path(*class)),
            ("path_of", [Value::Function(function)]) => Value::str(self.function_path(*function)),
            ("attributes_with", [Value::Class(class), Value::Str(method), plain]) => {
                self.attributes_with(*class, method, plain)
            }
            ("entry_points", [Value::Str(group)]) => self.entry_points(group),
            ("version_of", [Value::Str(package)]) => self.installed_version(package),
            _ => unknown(),
        })
    }

    pub(crate) fn subclass_of(&self, actual: ClassId, class: &Value) -> Option<bool> {
        match class {
            Value::Class(class) => {
                if self.heap.is_subclass(actual, *class) {
                    Some(true)
                } else if self.heap.class(actual).open {
                    None
                } else {
                    Some(false)
                }
            }
            Value::Tuple(classes) => {
                let mut result = Some(false);
                for class in classes.iter() {
                    match self.subclass_of(actual, class) {
                        Some(true) => return Some(true),
                        Some(false) => {}
                        None => result = None,
                    }
                }
                result
            }
            _ => None,
        }
    }

    /// Attributes in a class's own body whose value's class has a method of this name other than the plain one:
    /// `[(name, value), …]`.
    fn attributes_with(&mut self, class: ClassId, method: &str, plain: &Value) -> Value {
        let plain = match plain {
            Value::Function(id) => Some(*id),
            _ => None,
        };
        let mut pairs = Vec::new();
        for (name, value) in self.heap.namespace(class) {
            let Value::Instance(id) = value else { continue };
            let Some(class) = self.heap.class_of(*id) else { continue };
            if let Some((_, Value::Function(found))) = self.heap.find_in_class(class, method)
                && Some(*found) != plain
            {
                pairs.push(Value::tuple(vec![Value::str(name.as_str()), value.clone()]));
            }
        }
        self.heap.list(pairs)
    }

    /// `importlib.metadata.entry_points(group=…)`: read from the `entry_points.txt` of what is installed.
    fn entry_points(&mut self, group: &str) -> Value {
        let roots: Vec<_> = self.paths.project.iter().chain(&self.paths.site_packages).cloned().collect();
        let mut found = Vec::new();
        for root in roots {
            for folder in self.host.list(&root) {
                if folder.extension() != Some("dist-info") {
                    continue;
                }
                let Ok(bytes) = self.host.read(&folder.join("entry_points.txt")) else { continue };
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let mut inside = false;
                for line in text.lines().map(str::trim) {
                    if let Some(section) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                        inside = section == group;
                    } else if inside && let Some((name, target)) = line.split_once('=') {
                        found.push((name.trim().to_owned(), target.trim().to_owned()));
                    }
                }
            }
        }
        let Some(class) = self.class_at("importlib.metadata", "EntryPoint") else {
            return Value::unknown("the entry points");
        };
        let mut items = Vec::new();
        for (name, target) in found {
            let args = vec![Value::str(name), Value::str(target), Value::str(group)];
            if let Ok(point) = self.call(&Value::Class(class), args, Vec::new(), None) {
                items.push(point);
            }
        }
        self.heap.list(items)
    }

    /// The installed version of a distribution as a tuple of numbers, `None` when it is not installed.
    fn installed_version(&self, package: &str) -> Value {
        let plain = |name: &str| name.to_ascii_lowercase().replace(['-', '.'], "_");
        for root in &self.paths.site_packages {
            for folder in self.host.list(root) {
                let Some(name) = folder.file_name().and_then(|name| name.strip_suffix(".dist-info")) else { continue };
                if let Some((name, version)) = name.rsplit_once('-')
                    && plain(name) == plain(package)
                {
                    let numbers = version.split('.').map_while(|part| part.parse().ok().map(Value::Int)).collect();
                    return Value::tuple(numbers);
                }
            }
        }
        Value::None
    }

    /// Values of a set, for callers outside.
    pub fn set_items(&self, value: &Value) -> Vec<Value> {
        match value {
            Value::Set(id) => match self.heap.object(*id) {
                Object::Set(items) => items.values().cloned().collect::<Vec<Value>>(),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }
}
