//! Class statements, metaclasses, resolution order and enumerations.

use std::sync::Arc;

use ruff_python_ast as ast;
use rustc_hash::FxHashMap;

use super::calls::Kwargs;
use super::{Eval, Evaluator, Flow, Frame};
use crate::value::{Class, ClassId, Name, Names, Scope, ScopeId, Value};

/// What a class body gave, until the class is made.
#[derive(Debug)]
pub(crate) struct Body<'a> {
    pub(crate) scope: ScopeId,
    pub(crate) assignments: FxHashMap<Name, &'a ast::Stmt>,
    statement: Option<(pgwright_diagnostics::FileId, &'a ast::StmtClassDef)>,
    qualname: Arc<str>,
    module: crate::value::ModuleId,
    open: bool,
}

impl<'a> Evaluator<'a> {
    pub(crate) fn class_statement(&mut self, def: &'a ast::StmtClassDef, frame: &mut Frame) -> Eval {
        let mut bases = Vec::new();
        let mut keywords: Kwargs = Vec::new();
        let mut open = false;
        if let Some(arguments) = &def.arguments {
            let (args, kwargs) = self.arguments(arguments, frame)?;
            keywords = kwargs;
            for base in args {
                match self.force(base) {
                    Value::Class(class) => bases.push(class),
                    Value::Opaque(path) => {
                        open = true;
                        bases.push(self.opaque_class(&path));
                    }
                    // `typing.Generic[T]`, `object` made by a call…
                    _ => open = true,
                }
            }
        }
        let in_class = self.heap.scope(frame.scope).class_body;
        let qualname: Arc<str> = match &*frame.qualname {
            "" => def.name.as_str().into(),
            outer if in_class => format!("{outer}.{}", def.name).into(),
            outer => format!("{outer}.<locals>.{}", def.name).into(),
        };
        let mut names = Names::default();
        names.insert(Name::new("__module__"), Value::str(&*self.module(frame.module).name));
        names.insert(Name::new("__qualname__"), Value::Str(qualname.clone()));
        let parent = Some(frame.scope);
        let scope =
            self.heap.add_scope(Scope { names, parent, module: frame.module, globals: Vec::new(), class_body: true });
        self.pending.push(Body {
            scope,
            assignments: FxHashMap::default(),
            statement: Some((frame.file, def)),
            qualname: qualname.clone(),
            module: frame.module,
            open,
        });
        let mut inner = frame.inside(scope, qualname);
        let depth = self.pending.len();
        for statement in &def.body {
            // One statement that fails does not take the class with it.
            if let Err(Flow::Exhausted) = self.statement(statement, &mut inner) {
                self.pending.truncate(depth - 1);
                return Err(Flow::Exhausted);
            }
        }
        self.pending.truncate(depth);
        let mut attributes = self.heap.scope(scope).names.clone();
        attributes.shift_remove("__module__");
        attributes.shift_remove("__qualname__");
        let explicit = keywords.iter().position(|(name, _)| name == "metaclass").map(|index| keywords.remove(index).1);
        let metaclass = match explicit {
            Some(Value::Class(metaclass)) => Some(metaclass),
            _ => bases.iter().find_map(|base| self.heap.class(*base).metaclass),
        };
        self.make_class_with(metaclass, &def.name.id, bases, attributes, keywords)
    }

    /// Makes a class through its metaclass, where that has Python code of its own.
    fn make_class_with(
        &mut self,
        metaclass: Option<ClassId>,
        name: &Name,
        bases: Vec<ClassId>,
        attributes: Names,
        keywords: Kwargs,
    ) -> Eval {
        if let Some(metaclass) = metaclass {
            let maker = self.heap.find_in_class(metaclass, "__new__").map(|(_, value)| value.clone());
            if let Some(maker @ Value::Function(_)) = maker {
                let pending = self.pending.len();
                let items = attributes.iter().map(|(name, value)| (Value::str(name.as_str()), value.clone())).collect();
                let dict = self.make_dict(items);
                let tuple = Value::tuple(bases.iter().map(|base| Value::Class(*base)).collect());
                let args = vec![Value::Class(metaclass), Value::str(name.as_str()), tuple, dict];
                let made = self.call(&maker, args, keywords.clone(), None);
                if let Ok(made @ Value::Class(_)) = made {
                    self.pending.truncate(pending - 1);
                    return Ok(made);
                }
                // The metaclass was not understood: make the class as `type` would.
            }
        }
        let body = self.pending.pop();
        let class = self.make_class(name.clone(), bases, attributes, body, metaclass);
        self.call_init_subclass(class, keywords)?;
        Ok(Value::Class(class))
    }

    /// `type.__new__(metaclass, name, bases, namespace)`, reached from a metaclass or called by hand.
    pub(crate) fn class_from_call(&mut self, metaclass: ClassId, args: Vec<Value>, keywords: Kwargs) -> Eval {
        let [name, bases, namespace] = args.as_slice() else {
            return Ok(args.first().map_or(Value::None, |value| self.type_of(value)));
        };
        let (Value::Str(name), Value::Dict(namespace)) = (name, namespace) else {
            return Ok(Value::unknown("a class made from something not known"));
        };
        let mut open = false;
        let mut base_ids = Vec::new();
        for base in self.iterate(bases).unwrap_or_default() {
            match self.force(base) {
                Value::Class(class) => base_ids.push(class),
                Value::Opaque(path) => {
                    open = true;
                    base_ids.push(self.opaque_class(&path));
                }
                _ => open = true,
            }
        }
        let entries = self.heap.dict_of(*namespace).map(|dict| dict.entries.clone()).unwrap_or_default();
        let mut attributes = Names::default();
        for (key, value) in entries.into_values() {
            if let Value::Str(key) = key {
                attributes.insert(Name::new(&key), value);
            }
        }
        // The body of the class statement that led here, if this is the first class its metaclass makes.
        let ours =
            self.pending.last().is_some_and(|body| body.statement.is_some_and(|(_, def)| *def.name.id == **name));
        let mut body = if ours {
            self.pending.last_mut().map(|body| Body {
                scope: body.scope,
                assignments: std::mem::take(&mut body.assignments),
                statement: body.statement.take(),
                qualname: body.qualname.clone(),
                module: body.module,
                open: body.open,
            })
        } else {
            None
        };
        let module = match attributes.get("__module__") {
            Some(Value::Str(module)) => self.by_name.get(module).copied().flatten(),
            _ => None,
        };
        if body.is_none()
            && let Some(module) = module.or_else(|| base_ids.first().map(|base| self.heap.class(*base).module))
        {
            body = Some(Body {
                scope: self.module(module).scope,
                assignments: FxHashMap::default(),
                statement: None,
                qualname: name.clone(),
                module,
                open,
            });
        }
        attributes.shift_remove("__module__");
        let metaclass = (metaclass != self.builtins.type_class).then_some(metaclass);
        let inherited = base_ids.iter().find_map(|base| self.heap.class(*base).metaclass);
        if metaclass.is_none() && inherited.is_some() && !ours {
            // `type(name, bases, …)` takes the metaclass of the bases.
            let meta = inherited;
            if let Some(body) = body {
                self.pending.push(body);
            }
            return self.make_class_with(meta, &Name::new(name), base_ids, attributes, keywords);
        }
        let class = self.make_class(Name::new(name), base_ids, attributes, body, metaclass.or(inherited));
        self.call_init_subclass(class, keywords)?;
        Ok(Value::Class(class))
    }

    fn make_class(
        &mut self,
        name: Name,
        mut bases: Vec<ClassId>,
        attributes: Names,
        body: Option<Body<'a>>,
        metaclass: Option<ClassId>,
    ) -> ClassId {
        if bases.is_empty() {
            bases.push(self.builtins.object_class);
        }
        let open = body.as_ref().is_some_and(|body| body.open) || bases.iter().any(|base| self.heap.class(*base).open);
        let module = body.as_ref().map_or(crate::value::ModuleId(0), |body| body.module);
        let qualname = body.as_ref().map_or_else(|| name.as_str().into(), |body| body.qualname.clone());
        let (assignments, statement) = body.map_or_else(Default::default, |body| (body.assignments, body.statement));
        let id = self.heap.add_class(Class {
            name,
            qualname,
            module,
            bases: bases.clone(),
            mro: Vec::new(),
            attributes,
            assignments,
            statement,
            open,
            opaque: false,
            metaclass,
            members: Vec::new(),
        });
        let mro = linearize(&bases.iter().map(|base| self.heap.class(*base).mro.clone()).collect::<Vec<_>>(), &bases);
        let record = self.heap.class_mut(id);
        match mro {
            Some(rest) => {
                record.mro = std::iter::once(id).chain(rest).collect();
            }
            None => {
                // No consistent order: Python would refuse. Depth first keeps what can be kept.
                let mut order = vec![id];
                for base in &bases {
                    for class in self.heap.class(*base).mro.clone() {
                        if !order.contains(&class) {
                            order.push(class);
                        }
                    }
                }
                let record = self.heap.class_mut(id);
                record.mro = order;
                record.open = true;
            }
        }
        self.own_methods(id);
        self.make_members(id);
        id
    }

    /// Tells the functions of a class body which class is theirs, for `super()`.
    fn own_methods(&mut self, id: ClassId) {
        let functions: Vec<_> = self.heap.class(id).attributes.values().filter_map(innermost_function).collect();
        for function in functions {
            let function = self.heap.function_mut(function);
            if function.class.is_none() {
                function.class = Some(id);
            }
        }
    }

    fn call_init_subclass(&mut self, class: ClassId, keywords: Kwargs) -> Eval<()> {
        let hook = self.heap.class(class).mro[1..]
            .iter()
            .find_map(|base| self.heap.class(*base).attributes.get("__init_subclass__").cloned());
        let Some(hook) = hook else { return Ok(()) };
        let hook = match hook {
            Value::Descriptor(_, inner) => (*inner).clone(),
            other => other,
        };
        match self.call(&hook, vec![Value::Class(class)], keywords, None) {
            Err(Flow::Exhausted) => Err(Flow::Exhausted),
            _ => Ok(()),
        }
    }

    /// Turns the plain values of an enumeration's body into members.
    fn make_members(&mut self, id: ClassId) {
        let Some(root) = self.builtins.enumeration else { return };
        if !self.heap.is_subclass(id, root) || id == root {
            return;
        }
        let names: Vec<Name> = self
            .heap
            .class(id)
            .attributes
            .iter()
            .filter(|(name, value)| {
                !name.starts_with('_')
                    && !matches!(value, Value::Function(_) | Value::Descriptor(..) | Value::Class(_))
                    && self.heap.class(id).assignments.contains_key(*name)
            })
            .map(|(name, _)| name.clone())
            .collect();
        let labelled = self.heap.class(id).mro.iter().any(|class| &*self.heap.class(*class).qualname == "Choices");
        let is_text = self.heap.class(id).mro.contains(&self.builtins.str_class);
        for (ordinal, name) in (1i128..).zip(&names) {
            let raw = self.heap.class(id).attributes.get(name).cloned().unwrap_or(Value::None);
            let default_label = || Value::str(title(&name.replace('_', " ")));
            let (mut value, label) = match &raw {
                Value::Tuple(items) if labelled && items.len() >= 2 => {
                    let (label, values) = (items[items.len() - 1].clone(), &items[..items.len() - 1]);
                    (if values.len() == 1 { values[0].clone() } else { Value::tuple(values.to_vec()) }, label)
                }
                _ => (raw.clone(), default_label()),
            };
            if matches!(value, Value::Native("enum.auto")) {
                value = if is_text && labelled {
                    Value::str(name.as_str())
                } else if is_text {
                    Value::str(name.to_lowercase())
                } else {
                    Value::Int(ordinal)
                };
            }
            let member = self.bare_instance(id);
            if let Value::Instance(object) = &member
                && let Some(instance) = self.heap.instance_mut(*object)
            {
                for (key, value) in [
                    ("value", value.clone()),
                    ("_value_", value),
                    ("name", Value::str(name.as_str())),
                    ("_name_", Value::str(name.as_str())),
                    ("label", label),
                ] {
                    instance.attributes.insert(Name::new_static(key), value);
                }
            }
            self.heap.class_mut(id).attributes.insert(name.clone(), member);
        }
        self.heap.class_mut(id).members = names;
    }

    /// `Colour(value)`: the member with that value.
    pub(crate) fn member_of_value(&mut self, class: ClassId, value: Option<&Value>) -> Value {
        let Some(value) = value else { return Value::unknown("a member that is not known") };
        for name in self.heap.class(class).members.clone() {
            let Some(member) = self.heap.class(class).attributes.get(&name).cloned() else { continue };
            let (member_value, value) = (self.member_field(&member, "value"), self.plain(value));
            if self.equal(&member_value, &value) == Some(true) {
                return member;
            }
        }
        Value::unknown("a member that is not known")
    }

    pub(crate) fn member_field(&self, member: &Value, field: &str) -> Value {
        match member {
            Value::Instance(id) => self.heap.own(*id, field).cloned().unwrap_or(Value::None),
            _ => Value::None,
        }
    }

    /// `choices`, `values`, `labels`, `names` of Django's `Choices`, and `__members__` of any enumeration.
    pub(crate) fn enumeration_attribute(&mut self, class: ClassId, name: &str) -> Option<Value> {
        let root = self.builtins.enumeration?;
        if !self.heap.is_subclass(class, root) {
            return None;
        }
        let members: Vec<(Name, Value)> = {
            let record = self.heap.class(class);
            record
                .members
                .iter()
                .filter_map(|name| Some((name.clone(), record.attributes.get(name)?.clone())))
                .collect()
        };
        let empty = self.heap.class(class).attributes.get("__empty__").cloned();
        let field = |this: &Self, field: &str| -> Vec<Value> {
            members.iter().map(|(_, member)| this.member_field(member, field)).collect()
        };
        let items = match name {
            "choices" => {
                let mut pairs: Vec<Value> =
                    empty.into_iter().map(|label| Value::tuple(vec![Value::None, label])).collect();
                pairs.extend(
                    field(self, "value")
                        .into_iter()
                        .zip(field(self, "label"))
                        .map(|(value, label)| Value::tuple(vec![value, label])),
                );
                pairs
            }
            "values" => empty.map(|_| Value::None).into_iter().chain(field(self, "value")).collect(),
            "labels" => empty.into_iter().chain(field(self, "label")).collect(),
            "names" => field(self, "name"),
            "__members__" => {
                let items = members.iter().map(|(name, member)| (Value::str(name.as_str()), member.clone())).collect();
                return Some(self.make_dict(items));
            }
            _ => return None,
        };
        Some(self.heap.list(items))
    }
}

/// The function under descriptors.
fn innermost_function(value: &Value) -> Option<crate::value::FunctionId> {
    match value {
        Value::Function(id) => Some(*id),
        Value::Descriptor(_, inner) => innermost_function(inner),
        _ => None,
    }
}

/// `str.title`, which enumerations use for labels.
pub(crate) fn title(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut inside = false;
    for char in text.chars() {
        if inside {
            result.extend(char.to_lowercase());
        } else {
            result.extend(char.to_uppercase());
        }
        inside = char.is_alphabetic();
    }
    result
}

/// C3: merges the bases' orders with the bases themselves. None when they contradict each other.
fn linearize(orders: &[Vec<ClassId>], bases: &[ClassId]) -> Option<Vec<ClassId>> {
    let mut sequences: Vec<Vec<ClassId>> = orders.to_vec();
    sequences.push(bases.to_vec());
    let mut merged = Vec::new();
    loop {
        sequences.retain(|sequence| !sequence.is_empty());
        if sequences.is_empty() {
            return Some(merged);
        }
        let head = sequences
            .iter()
            .map(|sequence| sequence[0])
            .find(|head| !sequences.iter().any(|sequence| sequence[1..].contains(head)))?;
        merged.push(head);
        for sequence in &mut sequences {
            if sequence[0] == head {
                sequence.remove(0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{linearize, title};
    use crate::value::ClassId;

    #[test]
    fn contradicting_bases_have_no_order() {
        let [a, b] = [ClassId(0), ClassId(1)];
        assert_eq!(linearize(&[vec![a, b], vec![b, a]], &[a, b]), None);
    }

    #[test]
    fn a_diamond_visits_the_root_last() {
        let [root, left, right] = [ClassId(0), ClassId(1), ClassId(2)];
        let order = linearize(&[vec![left, root], vec![right, root]], &[left, right]);
        assert_eq!(order, Some(vec![left, right, root]));
    }

    #[test]
    fn labels_are_title_case() {
        assert_eq!(title("IN PROGRESS 2nd"), "In Progress 2Nd");
    }
}
