//! Defining and calling functions.

use std::sync::Arc;

use pgwright_diagnostics::FileId;
use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{self as ast, Expr};

use super::{Eval, Evaluator, Flow, Frame};
use crate::value::{Definition, Descriptor, Dict, Function, Instance, Name, Names, Object, Scope, SuperOf, Value};

/// The call expression a call comes from, for values that remember where they were made.
pub(crate) type CallSite<'a> = Option<(FileId, &'a ast::ExprCall)>;

/// Keyword arguments in the order given.
pub type Kwargs = Vec<(Name, Value)>;

impl<'a> Evaluator<'a> {
    pub(crate) fn define(
        &mut self,
        definition: Definition<'a>,
        parameters: &'a ast::Parameters,
        name: &Name,
        frame: &mut Frame,
    ) -> Eval {
        let mut defaults = Vec::new();
        for parameter in parameters.posonlyargs.iter().chain(&parameters.args).chain(&parameters.kwonlyargs) {
            if let Some(default) = &parameter.default {
                let value = self.expression(default, frame)?;
                defaults.push((parameter.parameter.name.id.clone(), value));
            }
        }
        let function = self.define_without_parameters(definition, name, frame)?;
        if let Value::Function(id) = function {
            self.heap.function_mut(id).defaults = defaults;
        }
        Ok(function)
    }

    pub(crate) fn define_without_parameters(
        &mut self,
        definition: Definition<'a>,
        name: &Name,
        frame: &mut Frame,
    ) -> Eval {
        let generator = match definition {
            Definition::Def(def) => {
                *self.generators.entry(std::ptr::from_ref(def).addr()).or_insert_with(|| has_yield(&def.body))
            }
            Definition::Lambda(_) => false,
        };
        let closure = self.visible(frame.scope).unwrap_or(self.module(frame.module).scope);
        let in_class = self.heap.scope(frame.scope).class_body;
        let qualname = match &*frame.qualname {
            "" => name.as_str().into(),
            outer if in_class => format!("{outer}.{name}").into(),
            outer => format!("{outer}.<locals>.{name}").into(),
        };
        let id = self.heap.add_function(Function {
            name: name.clone(),
            qualname,
            definition,
            module: frame.module,
            closure,
            // Methods get their class when it is made; see `make_class`.
            class: if in_class { None } else { frame.class },
            defaults: Vec::new(),
            attributes: Names::default(),
            generator,
        });
        Ok(Value::Function(id))
    }

    /// Applies decorators, innermost first. One that is not known is taken to give back what it decorates.
    pub(crate) fn decorate(&mut self, value: Value, decorators: &'a [ast::Decorator], frame: &mut Frame) -> Eval {
        let mut value = value;
        for decorator in decorators.iter().rev() {
            let site = match &decorator.expression {
                Expr::Call(call) => Some((frame.file, call)),
                _ => None,
            };
            let wrapper = match self.expression(&decorator.expression, frame) {
                Ok(wrapper) => wrapper,
                Err(Flow::Exhausted) => return Err(Flow::Exhausted),
                Err(_) => continue,
            };
            if wrapper.is_unknown() || matches!(wrapper, Value::None) {
                continue;
            }
            let decorated = match self.call(&wrapper, vec![value.clone()], Vec::new(), site) {
                Ok(decorated) => decorated,
                Err(Flow::Exhausted) => return Err(Flow::Exhausted),
                Err(_) => continue,
            };
            let lost = decorated.is_unknown()
                || matches!(decorated, Value::None)
                || (matches!(value, Value::Class(_)) && !matches!(decorated, Value::Class(_)));
            if !lost {
                value = decorated;
            }
        }
        Ok(value)
    }

    pub(crate) fn call_expression(&mut self, call: &'a ast::ExprCall, frame: &mut Frame) -> Eval {
        if let Expr::Name(name) = &*call.func
            && let Some(value) = self.call_with_frame(&name.id, call, frame)?
        {
            return Ok(value);
        }
        let function = match &*call.func {
            Expr::Attribute(attribute) => {
                let object = self.expression(&attribute.value, frame)?;
                if Self::is_builtin_object(&object) {
                    let (args, kwargs) = self.arguments(&call.arguments, frame)?;
                    self.at_call(call);
                    return self.call_method(&object, &attribute.attr.id, args, kwargs);
                }
                self.within(&call.func);
                self.attribute_or_unknown(&object, &attribute.attr.id)?
            }
            function => self.expression(function, frame)?,
        };
        let (args, kwargs) = self.arguments(&call.arguments, frame)?;
        self.at_call(call);
        self.call(&function, args, kwargs, Some((frame.file, call)))
    }

    /// The builtins that need to know where they are called: `super()`, `globals()`, `locals()`.
    fn call_with_frame(&mut self, name: &Name, call: &'a ast::ExprCall, frame: &mut Frame) -> Eval<Option<Value>> {
        if !matches!(name.as_str(), "super" | "globals" | "locals" | "vars") {
            return Ok(None);
        }
        let Value::Native(native) = self.name(name, frame)? else { return Ok(None) };
        let (args, _) = self.arguments(&call.arguments, frame)?;
        Ok(match (native, args.as_slice()) {
            ("super", []) => Some(match (frame.class, &frame.receiver) {
                (Some(class), Some(receiver)) => self.make_super(class, receiver.clone()),
                _ => Value::unknown("`super()` outside a method"),
            }),
            ("super", [Value::Class(class), receiver]) => Some(self.make_super(*class, receiver.clone())),
            ("globals", []) => Some(Value::Module(frame.module)),
            ("locals" | "vars", []) => {
                let names = self.heap.scope(frame.scope).names.clone();
                let items = names.into_iter().map(|(name, value)| (Value::str(name.as_str()), value)).collect();
                Some(self.make_dict(items))
            }
            _ => None,
        })
    }

    fn make_super(&self, after: crate::value::ClassId, receiver: Value) -> Value {
        if let Value::Union(receivers) = &receiver {
            let each = receivers.iter().map(|receiver| self.make_super(after, receiver.clone()));
            return each.reduce(|one, other| self.either(one, other)).unwrap_or(Value::None);
        }
        let of = match &receiver {
            Value::Instance(id) => self.heap.class_of(*id),
            // Inside a metaclass the receiver is a class whose own class is the metaclass.
            Value::Class(class) if self.heap.is_subclass(*class, after) => Some(*class),
            Value::Class(class) => self.heap.class(*class).metaclass,
            _ => None,
        };
        match of {
            Some(of) => Value::Super(Arc::new(SuperOf { after, of, receiver })),
            None => Value::unknown("`super()` of something not known"),
        }
    }

    pub(crate) fn arguments(&mut self, arguments: &'a ast::Arguments, frame: &mut Frame) -> Eval<(Vec<Value>, Kwargs)> {
        let mut args = Vec::with_capacity(arguments.args.len());
        for argument in &arguments.args {
            if let Expr::Starred(starred) = argument {
                let value = self.expression(&starred.value, frame)?;
                match self.iterate(&value) {
                    Some(items) => args.extend(items),
                    None if self.joins() => args.push(Value::Unpacked),
                    None => {}
                }
            } else {
                args.push(self.expression(argument, frame)?);
            }
        }
        let mut kwargs = Vec::with_capacity(arguments.keywords.len());
        for keyword in &arguments.keywords {
            let value = self.expression(&keyword.value, frame)?;
            match &keyword.arg {
                Some(name) => kwargs.push((name.id.clone(), value)),
                None => {
                    let is_open = value.alternatives().iter().any(|one| match one {
                        Value::Dict(id) => self.heap.dict_of(*id).is_some_and(|dict| dict.open),
                        Value::None | Value::Absent => false,
                        _ => true,
                    });
                    if is_open && self.joins() {
                        kwargs.push((Name::new_static("**"), Value::Unpacked));
                    }
                    let dicts: Vec<Dict> = value
                        .alternatives()
                        .iter()
                        .filter_map(|one| match one {
                            Value::Dict(id) => self.heap.dict_of(*id).cloned(),
                            _ => None,
                        })
                        .collect();
                    if let Some(dict) = dicts.into_iter().reduce(|one, other| self.join_dicts(one, other)) {
                        for (key, value) in dict.entries.values() {
                            if let Value::Str(name) = key {
                                kwargs.push((Name::new(name), value.clone()));
                            }
                        }
                    }
                }
            }
        }
        Ok((args, kwargs))
    }

    /// Calls a value. What cannot be called statically gives [`Value::Unknown`].
    pub fn call(&mut self, function: &Value, args: Vec<Value>, kwargs: Kwargs, site: CallSite<'a>) -> Eval {
        self.step()?;
        match function {
            Value::Function(id) if self.joins() && self.is_too_deep(*id) => Ok(Value::unknown("calls go too deep")),
            Value::Function(id) => {
                self.enter()?;
                let result = self.call_remembered(*id, args, kwargs);
                self.depth -= 1;
                result
            }
            Value::Bound(bound) => {
                let (receiver, function) = &**bound;
                let mut all = Vec::with_capacity(args.len() + 1);
                all.push(receiver.clone());
                all.extend(args);
                self.call(&function.clone(), all, kwargs, site)
            }
            Value::Class(_) if self.joins() && self.depth >= super::trial::DEPTH => {
                self.not_followed(None);
                Ok(Value::unknown("calls go too deep"))
            }
            Value::Class(class) => {
                self.enter()?;
                let result = self.instantiate(*class, args, kwargs, site);
                self.depth -= 1;
                result
            }
            Value::Native(name) => self.call_native(name, args, kwargs),
            Value::Asked(name) => self.ask(name, args, kwargs),
            Value::Union(alternatives) => self.over(alternatives, |this, alternative| {
                if matches!(alternative, Value::None | Value::Absent) {
                    return Err(Flow::Break);
                }
                this.call(alternative, args.clone(), kwargs.clone(), site)
            }),
            Value::NativeMethod(method) => {
                let (receiver, name) = (method.0.clone(), method.1.clone());
                self.call_method(&receiver, &name, args, kwargs)
            }
            Value::Opaque(path) => self.call_opaque(path, args, kwargs, site),
            Value::Instance(_) => match self.attribute(function, "__call__")? {
                Some(callable) if !callable.is_unknown() => self.call(&callable, args, kwargs, site),
                _ => Ok(Value::unknown("what calling an object gives")),
            },
            Value::Descriptor(Descriptor::StaticMethod | Descriptor::ClassMethod, inner) => {
                self.call(&inner.clone(), args, kwargs, site)
            }
            Value::Unknown(reason) => Ok(Value::Unknown(reason.clone())),
            _ => Ok(Value::unknown("what a call gives")),
        }
    }

    /// Calling something known only by its path: a class by the habit of names gives an instance, a function is not known.
    fn call_opaque(&mut self, path: &Arc<str>, args: Vec<Value>, kwargs: Kwargs, site: CallSite<'a>) -> Eval {
        let last = path.rsplit('.').next().unwrap_or(path);
        if last.starts_with(|char: char| char.is_ascii_uppercase()) {
            let class = self.opaque_class(path);
            return Ok(self.new_instance(class, args, kwargs, site));
        }
        Ok(Value::unknown(format!("what `{path}()` gives")))
    }

    pub(crate) fn new_instance(
        &mut self,
        class: crate::value::ClassId,
        args: Vec<Value>,
        kwargs: Kwargs,
        call: CallSite<'a>,
    ) -> Value {
        let instance = Instance { class, attributes: Names::default(), args, kwargs, call };
        Value::Instance(self.heap.add_object(Object::Instance(instance)))
    }

    pub(super) fn call_function(&mut self, id: crate::value::FunctionId, args: Vec<Value>, kwargs: Kwargs) -> Eval {
        let function = self.heap.function(id);
        let (definition, module, closure, class, generator) =
            (function.definition, function.module, function.closure, function.class, function.generator);
        let qualname = function.qualname.clone();
        let Some(file) = self.module(module).file else { return Ok(Value::unknown("a function without a file")) };
        let receiver = args.first().cloned();
        let names = self.bind_parameters(id, args, kwargs);
        let scope =
            self.heap.add_scope(Scope { names, parent: Some(closure), module, globals: Vec::new(), class_body: false });
        let mut frame = Frame { function: Some(id), class, receiver, qualname, ..Frame::top(scope, module, file) };
        if self.joins() {
            return self.call_joined(definition, generator, id, &mut frame);
        }
        let result = match definition {
            Definition::Lambda(lambda) => return self.expression(&lambda.body, &mut frame),
            Definition::Def(def) if def.is_async => return Ok(Value::unknown("an async function")),
            Definition::Def(def) => match self.block(&def.body, &mut frame) {
                Ok(()) => Value::None,
                Err(Flow::Return(value)) => value,
                Err(Flow::Raise(exception)) if frame.maybe.is_empty() => return Err(Flow::Raise(exception)),
                Err(Flow::Raise(_)) => frame.maybe.pop().unwrap_or(Value::None),
                Err(Flow::Exhausted) => return Err(Flow::Exhausted),
                Err(Flow::Break | Flow::Continue) => Value::None,
            },
        };
        if generator {
            return Ok(self.heap.list(frame.yields));
        }
        let mut result = result;
        for other in frame.maybe {
            result = self.join(result, other);
        }
        Ok(result)
    }

    /// One value standing for either of two.
    pub(crate) fn join(&mut self, one: Value, other: Value) -> Value {
        if self.joins() {
            return self.either(one, other);
        }
        if self.equal(&one, &other) == Some(true) {
            return one;
        }
        Value::unknown("depends on a condition that is not known")
    }

    fn bind_parameters(&mut self, id: crate::value::FunctionId, args: Vec<Value>, kwargs: Kwargs) -> Names {
        let function = self.heap.function(id);
        let defaults = function.defaults.clone();
        let parameters: Option<&'a ast::Parameters> = match function.definition {
            Definition::Def(def) => Some(&def.parameters),
            Definition::Lambda(lambda) => lambda.parameters.as_deref(),
        };
        let mut names = Names::default();
        let Some(parameters) = parameters else { return names };
        let mut args = args.into_iter();
        let mut kwargs = kwargs;
        // The caller may give more than is seen here.
        let open = kwargs.iter().any(|(_, value)| matches!(value, Value::Unpacked));
        let take = |name: &Name, kwargs: &mut Kwargs| {
            let index = kwargs.iter().position(|(key, _)| key == name)?;
            Some(kwargs.remove(index).1)
        };
        let default = |name: &Name| {
            defaults.iter().find(|(key, _)| key == name).map_or_else(
                || Value::unknown(format!("the argument `{name}` is not given")),
                |(_, value)| value.clone(),
            )
        };
        for parameter in parameters.posonlyargs.iter().chain(&parameters.args) {
            let name = &parameter.parameter.name.id;
            let given = args.next().or_else(|| take(name, &mut kwargs));
            let value = self.parameter_value(id, parameter, given, &default, open);
            names.insert(name.clone(), value);
        }
        if let Some(rest) = &parameters.vararg {
            let rest_args: Vec<Value> = args.collect();
            let open = open || rest_args.iter().any(|value| matches!(value, Value::Unpacked));
            let value = if open { Value::each(Value::unknown("an argument")) } else { Value::tuple(rest_args) };
            names.insert(rest.name.id.clone(), value);
        }
        for parameter in &parameters.kwonlyargs {
            let name = &parameter.parameter.name.id;
            let given = take(name, &mut kwargs);
            let value = self.parameter_value(id, parameter, given, &default, open);
            names.insert(name.clone(), value);
        }
        if let Some(rest) = &parameters.kwarg {
            let dict = self.heap.dict(Dict::default());
            for (name, value) in kwargs {
                if let (Value::Unpacked, Value::Dict(dict)) = (&value, &dict) {
                    if let Object::Dict(dict) = self.heap.object_mut(*dict) {
                        dict.open = true;
                    }
                    continue;
                }
                self.set_item(&dict, &Value::str(name.as_str()), value);
            }
            names.insert(rest.name.id.clone(), dict);
        }
        names
    }

    /// What one parameter holds.
    fn parameter_value(
        &mut self,
        function: crate::value::FunctionId,
        parameter: &'a ast::ParameterWithDefault,
        given: Option<Value>,
        default: &impl Fn(&Name) -> Value,
        open: bool,
    ) -> Value {
        match given {
            Some(Value::Unpacked) => self.argument(function, &parameter.parameter, Value::unknown("an argument")),
            Some(value) => self.argument(function, &parameter.parameter, value),
            None if open && parameter.default.is_some() => {
                let passed = self.argument(function, &parameter.parameter, Value::unknown("an argument"));
                let default = default(&parameter.parameter.name.id);
                self.either(passed, default)
            }
            None => {
                let value = default(&parameter.parameter.name.id);
                self.argument(function, &parameter.parameter, value)
            }
        }
    }

    /// Calls a class: `__new__` and `__init__` of Python source, or a builtin type's own way.
    fn instantiate(
        &mut self,
        class: crate::value::ClassId,
        args: Vec<Value>,
        kwargs: Kwargs,
        site: CallSite<'a>,
    ) -> Eval {
        if self.builtins.owns(class) && !self.builtins.is_exception(&self.heap, class) {
            let name = self.heap.class(class).qualname.clone();
            return self.construct(&name, args, kwargs);
        }
        if !self.heap.class(class).members.is_empty() {
            return Ok(self.member_of_value(class, args.first()));
        }
        if let Some(metaclass) = self.heap.class(class).metaclass
            && let Some((_, maker)) = self.heap.find_in_class(metaclass, "__call__")
            && let Value::Function(maker) = maker
        {
            let maker = Value::Function(*maker);
            let mut all = vec![Value::Class(class)];
            all.extend(args);
            return self.call(&maker, all, kwargs, site);
        }
        if self.heap.class(class).mro.contains(&self.builtins.type_class) {
            // A metaclass called by hand: `ModelBase(name, bases, attributes)`.
            return self.class_from_call(class, args, kwargs);
        }
        let maker = self.heap.find_in_class(class, "__new__").map(|(_, value)| value.clone());
        let instance = match maker {
            Some(maker @ Value::Function(_)) => {
                let mut all = vec![Value::Class(class)];
                all.extend(args.iter().cloned());
                let made = self.call(&maker, all, kwargs.clone(), site)?;
                match made {
                    Value::Instance(id) if self.heap.class_of(id) == Some(class) => {
                        if let Some(made) = self.heap.instance_mut(id) {
                            made.args = args.clone();
                            made.kwargs = kwargs.clone();
                            made.call = site;
                        }
                        Value::Instance(id)
                    }
                    // `__new__` that is not understood gives an instance of the class all the same.
                    Value::Unknown(_) | Value::None => self.new_instance(class, args.clone(), kwargs.clone(), site),
                    other => return Ok(other),
                }
            }
            _ => self.new_instance(class, args.clone(), kwargs.clone(), site),
        };
        if let Some((_, init)) = self.heap.find_in_class(class, "__init__") {
            let init = init.clone();
            let mut all = vec![instance.clone()];
            all.extend(args);
            match self.call(&init, all, kwargs, None) {
                // What `__init__` raises may be our own lack of knowledge: the object stands as far as it got.
                Err(Flow::Raise(exception)) if self.tries > 0 => return Err(Flow::Raise(exception)),
                Err(Flow::Exhausted) => return Err(Flow::Exhausted),
                _ => {}
            }
        } else if self.builtins.is_exception(&self.heap, class)
            && let Value::Instance(id) = &instance
        {
            self.heap.set_own(*id, Name::new("args"), Value::tuple(args));
        }
        Ok(instance)
    }
}

fn has_yield(body: &[ast::Stmt]) -> bool {
    struct Finder(bool);
    impl<'b> Visitor<'b> for Finder {
        fn visit_stmt(&mut self, statement: &'b ast::Stmt) {
            // A function or class inside has yields of its own.
            if !matches!(statement, ast::Stmt::FunctionDef(_) | ast::Stmt::ClassDef(_)) {
                visitor::walk_stmt(self, statement);
            }
        }
        fn visit_expr(&mut self, expression: &'b Expr) {
            match expression {
                Expr::Yield(_) | Expr::YieldFrom(_) => self.0 = true,
                Expr::Lambda(_) => {}
                _ => visitor::walk_expr(self, expression),
            }
        }
    }
    let mut finder = Finder(false);
    finder.visit_body(body);
    finder.0
}
