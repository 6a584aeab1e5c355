//! Trials: executing code to see what it can do, and leaving no trace of it.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use pgwright_diagnostics::FileId;
use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::{Eval, Evaluator, FUEL, Flow, Frame};
use crate::value::{ClassId, Definition, FunctionId, ModuleId, Name, ObjectId, ScopeId, Value};

/// Attempts at one trial: each may find one more module that has to be read first.
const ATTEMPTS: u32 = 200;

/// Calls within calls that a trial follows.
pub(crate) const DEPTH: u32 = 28;
/// Activations of one function at a time: what recursion does is seen in the second.
const RECURSION: usize = 2;

/// A call under way.
#[derive(Debug, Clone)]
pub struct Activation {
    pub file: FileId,
    pub module: ModuleId,
    pub function: Option<FunctionId>,
    /// Where in the function execution stands.
    pub place: Place,
    /// Loops of the function around that place which may run any number of times, outermost first.
    pub loops: Vec<Loop>,
    /// How many of them a `try` stands in whose body is being executed: after what is raised there they go on.
    caught: usize,
}

/// A loop under way that may run any number of times.
#[derive(Debug, Clone)]
pub struct Loop {
    /// What it goes over, or asks before each round.
    pub range: TextRange,
    /// What one round is about; none in a `while` loop.
    pub item: Option<Value>,
    /// Objects from this one on are made in it, those before were there.
    pub since: ObjectId,
}

/// An expression about to do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    pub range: TextRange,
    /// Lies on the line Python gives for it in a traceback: the attribute's name where there is one.
    pub anchor: TextSize,
}

impl Place {
    /// Of an instruction that works on an expression's value.
    fn start(expression: &Expr) -> Place {
        Place { range: expression.range(), anchor: expression.range().start() }
    }

    /// Of the instruction that gives an expression's value.
    fn of(expression: &Expr) -> Place {
        match expression {
            Expr::Call(call) => Place::of_call(call),
            Expr::Attribute(attribute) => Place { range: attribute.range(), anchor: attribute.attr.range.start() },
            other => Place::start(other),
        }
    }

    fn of_call(call: &ast::ExprCall) -> Place {
        let anchor = match &*call.func {
            Expr::Attribute(attribute) => attribute.attr.range.start(),
            _ => call.range().start(),
        };
        Place { range: call.range(), anchor }
    }
}

impl<'a> Evaluator<'a> {
    /// Runs `work` and takes back everything it changed. Where it turns out to need a module that has not run, that module runs, for
    /// good, and `work` starts again: it must not keep anything from an attempt before the last. A panic in `work` goes on once its
    /// changes are taken back, so that whoever catches it can go on with this evaluator.
    pub fn trial<T>(&mut self, fuel: u32, mut work: impl FnMut(&mut Self) -> T) -> T {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let (depth, tries, pending) = (self.depth, self.tries, self.pending.len());
            self.fuel = fuel;
            self.heap.begin_trial();
            let result = catch_unwind(AssertUnwindSafe(|| work(self)));
            self.heap.end_trial();
            self.stack.clear();
            self.forget_calls_under_way();
            self.undecided = 0;
            self.forcing = 0;
            (self.depth, self.tries) = (depth, tries);
            self.pending.truncate(pending);
            for path in std::mem::take(&mut self.passing) {
                self.opaque_classes.remove(&path);
            }
            self.fuel = FUEL;
            let needed = self.needed.take();
            let result = result.unwrap_or_else(|panic| resume_unwind(panic));
            match needed {
                Some(name) if attempt < ATTEMPTS => {
                    if let Some(id) = self.import(&name) {
                        self.ensure(id);
                    }
                }
                _ => return result,
            }
        }
    }

    /// Runs `work` for good, outside any trial, with so many steps.
    pub fn lasting(&mut self, fuel: u32, work: impl FnOnce(&mut Self)) {
        let (depth, tries) = (std::mem::take(&mut self.depth), std::mem::take(&mut self.tries));
        self.fuel = fuel;
        work(self);
        self.stack.clear();
        self.undecided = 0;
        self.forcing = 0;
        (self.depth, self.tries) = (depth, tries);
        self.fuel = FUEL;
    }

    /// A class attribute that was not known while modules ran, when it can be known now.
    pub(crate) fn class_value_again(&mut self, owner: ClassId, name: &str, value: Value) -> Value {
        if !self.joins() || !matches!(value, Value::Unknown(_)) {
            return value;
        }
        let class = self.heap.class(owner);
        let (module, statement) = (class.module, class.assignments.get(name).copied());
        match statement {
            Some(ast::Stmt::Assign(assign)) => self.called_again(module, &assign.value, value),
            _ => value,
        }
    }

    /// The same of a name bound at the top of a module.
    pub(crate) fn module_value_again(&mut self, module: ModuleId, name: &str, value: Value) -> Value {
        if !self.joins() || !matches!(value, Value::Unknown(_)) {
            return value;
        }
        let Some(parsed) = self.suites.get(&module).copied() else { return value };
        let assigned = parsed.suite.iter().rev().find_map(|statement| match statement {
            ast::Stmt::Assign(assign) => {
                let is_it = assign.targets.iter().any(|target| matches!(target, Expr::Name(one) if one.id == name));
                is_it.then_some(&*assign.value)
            }
            _ => None,
        });
        match assigned {
            Some(expression) => self.called_again(module, expression, value),
            None => value,
        }
    }

    /// Whether a call is not followed any more.
    pub(crate) fn is_too_deep(&mut self, function: FunctionId) -> bool {
        if self.stack.iter().filter(|activation| activation.function == Some(function)).count() >= RECURSION {
            self.not_followed(Some(function));
            return true;
        }
        if self.depth >= DEPTH {
            self.not_followed(None);
            return true;
        }
        false
    }

    /// Ends the trial under way, to start again when this module has run.
    pub(crate) fn need(&mut self, name: &str) {
        if self.needed.is_none() {
            self.needed = Some(name.into());
        }
        self.fuel = 0;
    }

    /// Steps left of the trial's allowance.
    pub fn fuel(&self) -> u32 {
        self.fuel
    }

    /// Something that is asked for so often that whoever asks does not pay for it; it may take so many steps of its own.
    pub fn uncharged<T>(&mut self, steps: u32, work: impl FnOnce(&mut Self) -> T) -> T {
        let left = std::mem::replace(&mut self.fuel, steps);
        let outcome = work(self);
        if self.needed.is_none() {
            self.fuel = left;
        }
        outcome
    }

    /// [`Evaluator::force_in`] where what is bound may have to be taken back.
    pub(crate) fn force_in_trial(&mut self, scope: ScopeId, name: &str, value: Value) -> Value {
        // Modules that import one name from each other would go round for ever.
        if self.forcing > 16 {
            return Value::unknown(format!("`{name}` is imported in a circle"));
        }
        self.forcing += 1;
        let fuel = self.fuel;
        let forced = self.force(value);
        self.forcing -= 1;
        if self.needed.is_none() {
            self.heap.settle(scope, name, &forced);
            // Once it is settled nobody pays for it: the first who asks does not either, or what is left would depend on who that is.
            self.fuel = fuel;
        }
        forced
    }

    /// Notes where the running function stands: about to do something with this expression's value.
    pub(crate) fn at(&mut self, expression: &Expr) {
        if let Some(top) = self.stack.last_mut() {
            top.place = Place::start(expression);
        }
    }

    /// Notes that the function is about to evaluate the last step of this expression.
    pub(crate) fn within(&mut self, expression: &Expr) {
        if let Some(top) = self.stack.last_mut() {
            top.place = Place::of(expression);
        }
    }

    /// Notes that the function is about to ask for something by the right side of an expression, on whose first line Python says it stands.
    pub(crate) fn at_side(&mut self, side: &Expr, whole: &ast::ExprCompare) {
        if let Some(top) = self.stack.last_mut() {
            top.place = Place { range: side.range(), anchor: whole.range().start() };
        }
    }

    pub(crate) fn at_call(&mut self, call: &ast::ExprCall) {
        if let Some(top) = self.stack.last_mut() {
            top.place = Place::of_call(call);
        }
    }

    /// Runs a function's body, every way through it.
    pub(crate) fn call_joined(
        &mut self,
        definition: Definition<'a>,
        generator: bool,
        function: FunctionId,
        frame: &mut Frame,
    ) -> Eval {
        let range = match definition {
            Definition::Def(def) => def.name.range(),
            Definition::Lambda(lambda) => lambda.range(),
        };
        self.note_call(function, frame.receiver.as_ref());
        self.activate(frame.file, frame.module, Some(function), range);
        let outcome = match definition {
            Definition::Lambda(lambda) => self.expression(&lambda.body, frame),
            Definition::Def(def) => match self.block(&def.body, frame) {
                Ok(()) | Err(Flow::Break | Flow::Continue) => Ok(Value::None),
                Err(Flow::Return(value)) => Ok(value),
                Err(Flow::Raise(exception)) => match frame.maybe.pop() {
                    Some(value) => Ok(value),
                    None => Err(Flow::Raise(exception)),
                },
                Err(Flow::Exhausted) => Err(Flow::Exhausted),
            },
        };
        if self.doubts(frame) && !matches!(outcome, Err(Flow::Exhausted)) {
            self.call_defined(frame)?;
        }
        self.stack.pop();
        let mut result = outcome?;
        if generator {
            let items = std::mem::take(&mut frame.yields);
            let item = items.into_iter().reduce(|one, other| self.either(one, other));
            return Ok(match item {
                Some(item) => Value::each(item),
                None => self.heap.list(Vec::new()),
            });
        }
        for other in std::mem::take(&mut frame.maybe) {
            result = self.either(other, result);
        }
        Ok(result)
    }

    /// Says that what follows, up to [`Evaluator::leave_loop`], may run any number of times.
    pub(crate) fn enter_loop(&mut self, range: Option<TextRange>, item: Option<&Value>) {
        let since = self.heap.next_object();
        if let Some(top) = self.stack.last_mut() {
            let range = range.unwrap_or(top.place.range);
            top.loops.push(Loop { range, item: item.cloned(), since });
        }
    }

    pub(crate) fn leave_loop(&mut self) {
        if let Some(top) = self.stack.last_mut() {
            top.loops.pop();
        }
    }

    /// Whether what is executed can leave loops of its function.
    pub(crate) fn is_in_loop(&self) -> bool {
        self.stack.last().is_some_and(|top| top.loops.len() > top.caught)
    }

    /// Says that what follows, up to [`Evaluator::enter_again`] with what this gives, ends the loops around it and so runs once in them.
    pub(crate) fn leave_loops(&mut self) -> Vec<Loop> {
        self.stack.last_mut().map(|top| top.loops.split_off(top.caught.min(top.loops.len()))).unwrap_or_default()
    }

    pub(crate) fn enter_again(&mut self, left: Vec<Loop>) {
        if let Some(top) = self.stack.last_mut() {
            top.loops.extend(left);
        }
    }

    /// Begins the body of a `try` that catches; the end of it gives back what this gives.
    pub(crate) fn begin_catching(&mut self) -> usize {
        self.stack.last_mut().map_or(0, |top| std::mem::replace(&mut top.caught, top.loops.len()))
    }

    pub(crate) fn end_catching(&mut self, around: usize) {
        if let Some(top) = self.stack.last_mut() {
            top.caught = around;
        }
    }

    pub(crate) fn activate(&mut self, file: FileId, module: ModuleId, function: Option<FunctionId>, range: TextRange) {
        let place = Place { range, anchor: range.start() };
        self.stack.push(Activation { file, module, function, place, loops: Vec::new(), caught: 0 });
    }

    /// A function of the domain's.
    pub(crate) fn ask(&mut self, name: &Arc<str>, args: Vec<Value>, kwargs: super::Kwargs) -> Eval {
        match self.domain.clone() {
            Some(domain) if self.joins() => domain.call(self, name, args, kwargs),
            _ => Ok(Value::unknown("only known when code is executed")),
        }
    }

    /// What a parameter holds, when the caller does not say or does not know.
    pub(crate) fn argument(&mut self, function: FunctionId, parameter: &'a ast::Parameter, value: Value) -> Value {
        if !self.joins() {
            return value;
        }
        let Some(domain) = self.domain.clone() else { return value };
        if !matches!(value, Value::Unknown(_)) {
            domain.passed(self, function, parameter, &value);
            return value;
        }
        domain.argument(self, function, parameter).unwrap_or(value)
    }

    /// What calling something, or an attribute of something, gives now; the value known before where that is not known either.
    fn called_again(&mut self, module: ModuleId, expression: &'a Expr, value: Value) -> Value {
        if !matches!(expression, Expr::Call(_) | Expr::Attribute(_)) {
            return value;
        }
        self.read_again(module, expression).unwrap_or(value)
    }

    /// Evaluates an expression of a module's top level, or of a class body there, again: what could not be known while modules ran.
    fn read_again(&mut self, module: ModuleId, expression: &'a Expr) -> Option<Value> {
        // What is made of itself would go round for ever.
        if self.forcing > 4 {
            return None;
        }
        let file = self.module(module).file?;
        let scope = self.module(module).scope;
        let mut frame = Frame::top(scope, module, file);
        self.forcing += 1;
        let depth = self.stack.len();
        // The expression is not where the running function stands.
        self.activate(file, module, None, expression.range());
        let value = self.expression(expression, &mut frame).ok();
        self.stack.truncate(depth);
        self.forcing -= 1;
        value.filter(|value| !value.is_unknown())
    }

    /// An argument of the call that made an object, evaluated again.
    pub fn made_with(&mut self, object: &Value, name: &str) -> Option<Value> {
        let Value::Instance(id) = object else { return None };
        let (file, call) = self.heap.instance(*id)?.call?;
        let keyword =
            call.arguments.keywords.iter().find(|keyword| keyword.arg.as_ref().is_some_and(|arg| arg.id == name));
        let expression = keyword.map(|keyword| &keyword.value).or_else(|| call.arguments.args.first())?;
        let module = self.modules.iter().position(|module| module.file == Some(file))?;
        self.read_again(ModuleId(u32::try_from(module).ok()?), expression)
    }

    /// Calls a method by name, when there is one.
    pub fn call_named(&mut self, object: &Value, name: &str, args: Vec<Value>) -> Eval<Option<Value>> {
        match self.attribute(object, name)? {
            Some(method) => self.call(&method, args, Vec::new(), None).map(Some),
            None => Ok(None),
        }
    }

    /// Whether a class is one of Python's builtin types.
    pub fn is_builtin_class(&self, class: crate::value::ClassId) -> bool {
        self.builtins.owns(class)
    }

    /// Sets an attribute from outside.
    pub fn put(&mut self, object: &Value, name: &str, value: Value) {
        self.set_attribute(object, &Name::new(name), value);
    }
}
