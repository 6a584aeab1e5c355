//! Which code was executed, and the second look at what was not.
//!
//! A condition that is decided by what is known (a setting, an empty dictionary of a class) hides the code behind it. Where a run
//! over everything has left statements of a function out, that function can be run again with no condition decided:
//! [`Evaluator::doubted`].

use std::sync::Arc;

use pgwright_diagnostics::FileId;
use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, Stmt};
use ruff_text_size::Ranged;
use rustc_hash::FxHashSet;

use super::{Evaluator, Flow, Frame, Items};
use crate::journal::Kind;
use crate::modules::ModuleOrigin;
use crate::value::{ClassId, Definition, FunctionId, Name, Value};

/// Code that was executed.
#[derive(Debug, Default, Clone)]
pub struct Reached {
    /// Statements of the project: one bit per byte of their files.
    files: Vec<Vec<u64>>,
    /// Functions that other code called, each for any receiver and for the class of each receiver.
    calls: FxHashSet<(FunctionId, Option<ClassId>)>,
}

impl Reached {
    fn insert(&mut self, file: FileId, offset: u32) {
        let (file, word, bit) = (file.0 as usize, offset as usize / 64, offset % 64);
        if self.files.len() <= file {
            self.files.resize_with(file + 1, Vec::new);
        }
        let words = &mut self.files[file];
        if words.len() <= word {
            words.resize(word + 1, 0);
        }
        words[word] |= 1 << bit;
    }

    fn contains(&self, file: FileId, offset: u32) -> bool {
        let words = self.files.get(file.0 as usize);
        words.and_then(|words| words.get(offset as usize / 64)).is_some_and(|word| word >> (offset % 64) & 1 == 1)
    }

    /// Whether other code called a function, for a receiver of this class where one is given.
    pub fn was_called(&self, function: FunctionId, class: Option<ClassId>) -> bool {
        self.calls.contains(&(function, class))
    }

    /// What either has seen.
    pub fn merge(&mut self, other: &Reached) {
        self.calls.extend(&other.calls);
        if self.files.len() < other.files.len() {
            self.files.resize_with(other.files.len(), Vec::new);
        }
        for (words, more) in self.files.iter_mut().zip(&other.files) {
            if words.len() < more.len() {
                words.resize(more.len(), 0);
            }
            words.iter_mut().zip(more).for_each(|(word, more)| *word |= more);
        }
    }
}

/// Definitions with statements that were not executed.
struct Unreached<'r> {
    reached: &'r Reached,
    file: FileId,
    /// The addresses of the functions around the statement visited.
    around: Vec<usize>,
    found: &'r mut FxHashSet<usize>,
}

impl<'v> Visitor<'v> for Unreached<'_> {
    fn visit_stmt(&mut self, statement: &'v Stmt) {
        if !self.reached.contains(self.file, statement.start().to_u32()) {
            self.found.extend(&self.around);
        }
        match statement {
            Stmt::FunctionDef(def) => {
                self.around.push(std::ptr::from_ref(def).addr());
                self.visit_body(&def.body);
                self.around.pop();
            }
            other => visitor::walk_stmt(self, other),
        }
    }

    fn visit_expr(&mut self, _: &'v Expr) {}
}

/// Functions whose conditions are all taken to be open, by the address of their definition.
pub type Doubted = Arc<FxHashSet<usize>>;

impl<'a> Evaluator<'a> {
    /// Notes that a statement is executed.
    pub(crate) fn reach(&mut self, statement: &Stmt, frame: &Frame) {
        if self.joins() && self.module(frame.module).origin == ModuleOrigin::Project {
            self.reached.insert(frame.file, statement.start().to_u32());
        }
    }

    /// Notes that code calls a function: one that was there before the trial, so that it means the same in all of them.
    pub(crate) fn note_call(&mut self, function: FunctionId, receiver: Option<&Value>) {
        let is_watched = self.domain.as_ref().is_none_or(|domain| domain.is_watching());
        if self.stack.is_empty() || !is_watched || !self.heap.was_before_trial((Kind::Function, function.0)) {
            return;
        }
        self.reached.calls.insert((function, None));
        let class = match receiver {
            Some(Value::Instance(id)) => self.heap.class_of(*id),
            Some(Value::Class(class)) => Some(*class),
            _ => None,
        };
        if let Some(class) = class.filter(|class| self.heap.was_before_trial((Kind::Class, class.0))) {
            self.reached.calls.insert((function, Some(class)));
        }
    }

    /// Adds the address of a function's definition where parts of its body were not executed, and those of functions defined in it.
    /// Gives whether there was any.
    pub fn unreached(&self, function: FunctionId, reached: &Reached, found: &mut FxHashSet<usize>) -> bool {
        let function = self.heap.function(function);
        let (Definition::Def(def), Some(file)) = (function.definition, self.module(function.module).file) else {
            return false;
        };
        let own = std::ptr::from_ref(def).addr();
        let mut finder = Unreached { reached, file, around: vec![own], found };
        finder.visit_body(&def.body);
        found.contains(&own)
    }

    /// Calls what a doubted function has defined and nothing has called: functions, and methods of classes.
    pub(crate) fn call_defined(&mut self, frame: &Frame) -> super::Eval<()> {
        let names: Vec<Value> = self.heap.scope(frame.scope).names.values().cloned().collect();
        for value in names {
            match value {
                Value::Function(function) => self.call_if_doubted(function, None, frame)?,
                Value::Class(class) if self.heap.class(class).module == frame.module => {
                    let methods: Vec<Value> = self.heap.class(class).attributes.values().cloned().collect();
                    for method in methods {
                        let function = match &method {
                            Value::Descriptor(_, inner) => (**inner).clone(),
                            other => other.clone(),
                        };
                        if let Value::Function(function) = function {
                            self.call_if_doubted(function, Some(class), frame)?;
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn call_if_doubted(&mut self, function: FunctionId, class: Option<ClassId>, frame: &Frame) -> super::Eval<()> {
        let record = self.heap.function(function);
        let Definition::Def(def) = record.definition else { return Ok(()) };
        if record.closure != frame.scope || !self.doubted.contains(&std::ptr::from_ref(def).addr()) {
            return Ok(());
        }
        let args = class.map(|class| self.bare_instance(class)).into_iter().collect();
        match self.call(&Value::Function(function), args, vec![(Name::new_static("**"), Value::Unpacked)], None) {
            Err(Flow::Exhausted) => Err(Flow::Exhausted),
            _ => Ok(()),
        }
    }

    /// Whether the running function's conditions are all taken to be open.
    pub(crate) fn doubts(&self, frame: &Frame) -> bool {
        if self.doubted.is_empty() {
            return false;
        }
        let Some(function) = frame.function else { return false };
        match self.heap.function(function).definition {
            Definition::Def(def) => self.doubted.contains(&std::ptr::from_ref(def).addr()),
            Definition::Lambda(_) => false,
        }
    }

    /// [`Evaluator::items`], where what was seen to be empty may not be.
    pub(crate) fn items_doubted(&mut self, value: &Value, frame: &Frame) -> Items {
        match self.items(value) {
            Items::Known(items) if items.is_empty() && self.doubts(frame) => {
                Items::Each(Value::unknown("an item of what was seen to be empty"))
            }
            items => items,
        }
    }

    /// Executes a statement of a doubted function: what it raises does not end the function, and it may not use up everything.
    pub(crate) fn statement_doubted(&mut self, statement: &'a Stmt, frame: &mut Frame) -> super::Eval<()> {
        let before = self.fuel;
        let outermost = self.stack.len() == 1;
        if outermost {
            self.fuel = before / 2;
        }
        let outcome = self.statement(statement, frame);
        if outermost && self.needed.is_none() {
            self.fuel += before - before / 2;
        }
        match outcome {
            Err(Flow::Raise(_)) if !matches!(statement, Stmt::Raise(_)) => {}
            Err(Flow::Exhausted) if outermost && self.needed.is_none() => {}
            outcome => return outcome,
        }
        if let Stmt::Assign(assign) = statement {
            for target in &assign.targets {
                self.assign(target, Value::unknown("what could not be evaluated"), frame)?;
            }
        }
        Ok(())
    }
}
