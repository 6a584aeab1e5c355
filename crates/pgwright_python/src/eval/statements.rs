//! Statements.

use ruff_python_ast::{self as ast, Expr, Stmt};

use super::{Eval, Evaluator, Flow, Frame, ROUNDS, SETTER};
use crate::value::{Definition, Descriptor, Key, Name, Object, ObjectId, Value};

impl<'a> Evaluator<'a> {
    pub(crate) fn block(&mut self, body: &'a [Stmt], frame: &mut Frame) -> Eval<()> {
        let (rounds, once) = body.split_at(if self.is_in_loop() { last_round(body) } else { body.len() });
        self.statements(rounds, frame)?;
        if once.is_empty() {
            return Ok(());
        }
        let left = self.leave_loops();
        let outcome = self.statements(once, frame);
        self.enter_again(left);
        outcome
    }

    fn statements(&mut self, body: &'a [Stmt], frame: &mut Frame) -> Eval<()> {
        let doubts = self.doubts(frame);
        for statement in body {
            match doubts {
                true => self.statement_doubted(statement, frame)?,
                false => self.statement(statement, frame)?,
            }
        }
        Ok(())
    }

    pub(crate) fn statement(&mut self, statement: &'a Stmt, frame: &mut Frame) -> Eval<()> {
        self.step()?;
        self.reach(statement, frame);
        match statement {
            Stmt::Expr(expression) => {
                self.expression(&expression.value, frame)?;
            }
            Stmt::Assign(assign) => {
                let value = self.expression(&assign.value, frame)?;
                for target in &assign.targets {
                    self.note_assignment(target, statement, frame);
                    self.assign(target, value.clone(), frame)?;
                }
            }
            Stmt::AnnAssign(assign) => {
                if let Some(value) = &assign.value {
                    let value = self.expression(value, frame)?;
                    self.note_assignment(&assign.target, statement, frame);
                    self.assign(&assign.target, value, frame)?;
                }
            }
            Stmt::AugAssign(assign) => self.augmented(assign, frame)?,
            Stmt::Return(result) => {
                let value = match &result.value {
                    Some(value) => self.expression(value, frame)?,
                    None => Value::None,
                };
                return Err(Flow::Return(value));
            }
            Stmt::If(branch) if self.joins() => self.branch_joined(branch, frame)?,
            Stmt::For(each) if self.joins() => self.for_joined(each, frame)?,
            Stmt::While(each) if self.joins() => self.while_joined(each, frame)?,
            Stmt::Try(attempt) if self.joins() => self.attempt_joined(attempt, frame)?,
            Stmt::With(with) if self.joins() => self.with_joined(with, frame)?,
            Stmt::Match(choice) if self.joins() => self.match_joined(choice, frame)?,
            Stmt::If(branch) => self.branch(branch, frame)?,
            Stmt::For(each) => self.for_loop(each, frame)?,
            Stmt::While(each) => self.while_loop(each, frame)?,
            Stmt::Try(attempt) => self.attempt(attempt, frame)?,
            Stmt::With(with) => {
                for item in &with.items {
                    self.expression(&item.context_expr, frame)?;
                    if let Some(target) = &item.optional_vars {
                        let entered = Value::unknown("what a `with` statement gives");
                        self.assign(target, entered, frame)?;
                    }
                }
                self.block(&with.body, frame)?;
            }
            Stmt::FunctionDef(def) => {
                let function = self.define(Definition::Def(def), &def.parameters, &def.name.id, frame)?;
                let value = self.decorate(function, &def.decorator_list, frame)?;
                self.note_definition(&def.name.id, statement, frame);
                self.bind(frame, &def.name.id, value);
            }
            Stmt::ClassDef(def) => {
                let class = self.class_statement(def, frame)?;
                let value = self.decorate(class, &def.decorator_list, frame)?;
                self.note_definition(&def.name.id, statement, frame);
                self.bind(frame, &def.name.id, value);
            }
            Stmt::Import(import) => self.import_statement(import, frame)?,
            Stmt::ImportFrom(import) => self.import_from_statement(import, frame)?,
            Stmt::Global(global) => {
                let names = global.names.iter().map(|name| name.id.clone());
                self.heap.scope_mut(frame.scope).globals.extend(names);
            }
            Stmt::Delete(delete) => {
                for target in &delete.targets {
                    self.delete(target, frame)?;
                }
            }
            Stmt::Raise(raise) => {
                let value = match &raise.exc {
                    Some(exception) => self.expression(exception, frame)?,
                    None => Value::unknown("re-raised"),
                };
                return Err(Flow::Raise(value));
            }
            Stmt::Match(choice) => {
                self.expression(&choice.subject, frame)?;
                for case in &choice.cases {
                    self.maybe_block(&case.body, frame)?;
                }
            }
            Stmt::Break(_) => return Err(Flow::Break),
            Stmt::Continue(_) => return Err(Flow::Continue),
            Stmt::TypeAlias(alias) => {
                if let Expr::Name(name) = &*alias.name {
                    self.bind(frame, &name.id, Value::unknown("a type alias"));
                }
            }
            Stmt::Assert(_) | Stmt::Nonlocal(_) | Stmt::Pass(_) | Stmt::IpyEscapeCommand(_) => {}
        }
        Ok(())
    }

    /// Binds a name where an assignment at this place would.
    pub(crate) fn bind(&mut self, frame: &Frame, name: &Name, value: Value) {
        let scope = self.heap.scope(frame.scope);
        let target = if scope.globals.contains(name) { self.module(frame.module).scope } else { frame.scope };
        self.heap.bind(target, name.clone(), value);
    }

    /// Remembers which statement of a class body bound a name: findings and fixes point there.
    fn note_assignment(&mut self, target: &Expr, statement: &'a Stmt, frame: &Frame) {
        if let Expr::Name(name) = target {
            self.note_definition(&name.id, statement, frame);
        }
    }

    fn note_definition(&mut self, name: &Name, statement: &'a Stmt, frame: &Frame) {
        if self.heap.scope(frame.scope).class_body
            && let Some(body) = self.pending.last_mut()
            && body.scope == frame.scope
        {
            body.assignments.insert(name.clone(), statement);
        }
    }

    pub(crate) fn assign(&mut self, target: &'a Expr, value: Value, frame: &mut Frame) -> Eval<()> {
        match target {
            Expr::Name(name) => self.bind(frame, &name.id, value),
            Expr::Attribute(attribute) => {
                let object = self.expression(&attribute.value, frame)?;
                self.set_attribute(&object, &attribute.attr.id, value);
            }
            Expr::Subscript(subscript) => {
                let object = self.expression(&subscript.value, frame)?;
                let index = self.expression(&subscript.slice, frame)?;
                self.set_item(&object, &index, value);
            }
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                self.unpack(elts, value, frame)?;
            }
            Expr::Starred(starred) => self.assign(&starred.value, value, frame)?,
            _ => {}
        }
        Ok(())
    }

    fn unpack(&mut self, targets: &'a [Expr], value: Value, frame: &mut Frame) -> Eval<()> {
        if let (true, Value::Each(item)) = (self.joins(), &value) {
            for target in targets {
                let item = if matches!(target, Expr::Starred(_)) { value.clone() } else { (**item).clone() };
                self.assign(target, item, frame)?;
            }
            return Ok(());
        }
        let value = match &value {
            // The alternative that has as many items as are asked for.
            Value::Union(alternatives) => alternatives
                .iter()
                .find(|one| matches!(one, Value::Tuple(items) if items.len() == targets.len()))
                .cloned()
                .unwrap_or(value),
            _ => value,
        };
        let items = self.iterate(&value);
        let starred = targets.iter().position(|target| matches!(target, Expr::Starred(_)));
        let item_at = |items: &Option<Vec<Value>>, index: usize| {
            items
                .as_ref()
                .and_then(|items| items.get(index).cloned())
                .unwrap_or_else(|| Value::unknown("unpacked from something not known"))
        };
        for (index, target) in targets.iter().enumerate() {
            let item = match (starred, &items) {
                (Some(star), Some(all)) if index == star => {
                    let after = targets.len() - star - 1;
                    let rest = all.get(star..all.len().saturating_sub(after)).unwrap_or_default().to_vec();
                    self.heap.list(rest)
                }
                (Some(star), Some(all)) if index > star => {
                    item_at(&items, (all.len() + index).saturating_sub(targets.len()))
                }
                _ => item_at(&items, index),
            };
            self.assign(target, item, frame)?;
        }
        Ok(())
    }

    fn augmented(&mut self, assign: &'a ast::StmtAugAssign, frame: &mut Frame) -> Eval<()> {
        let old = self.expression(&assign.target, frame)?;
        let new = self.expression(&assign.value, frame)?;
        // `+=` changes lists, dictionaries and sets in place.
        if let (Value::List(id), ast::Operator::Add) = (&old, assign.op) {
            match self.iterate(&new) {
                Some(items) => {
                    if let Object::List(list) = self.heap.object_mut(*id) {
                        list.extend(items);
                    }
                }
                None => {
                    if let Object::List(list) = self.heap.object_mut(*id) {
                        list.push(Value::unknown("extended by something not known"));
                    }
                }
            }
            return Ok(());
        }
        if let (Value::Dict(_), ast::Operator::BitOr) = (&old, assign.op) {
            self.update_dict(&old, &new);
            return Ok(());
        }
        let value = self.binary(&old, assign.op, &new)?;
        self.assign(&assign.target, value, frame)
    }

    fn delete(&mut self, target: &'a Expr, frame: &mut Frame) -> Eval<()> {
        match target {
            Expr::Name(name) => {
                self.heap.scope_mut(frame.scope).names.shift_remove(&name.id);
            }
            Expr::Attribute(attribute) => {
                let object = self.expression(&attribute.value, frame)?;
                match object {
                    Value::Class(class) => {
                        self.heap.class_mut(class).attributes.shift_remove(&attribute.attr.id);
                    }
                    Value::Instance(id) => {
                        if let Some(instance) = self.heap.instance_mut(id) {
                            instance.attributes.shift_remove(&attribute.attr.id);
                        }
                    }
                    _ => {}
                }
            }
            Expr::Subscript(subscript) => {
                let object = self.expression(&subscript.value, frame)?;
                let index = self.expression(&subscript.slice, frame)?;
                if let (Value::Dict(id), Some(key)) = (&object, self.key(&index))
                    && let Object::Dict(dict) = self.heap.object_mut(*id)
                {
                    dict.entries.shift_remove(&key);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// A block that may or may not run: what it returns is kept as a possibility, what it raises is not believed.
    fn maybe_block(&mut self, body: &'a [Stmt], frame: &mut Frame) -> Eval<()> {
        match self.block(body, frame) {
            Err(Flow::Return(value)) => frame.maybe.push(value),
            Err(Flow::Raise(_)) => {}
            other => return other,
        }
        Ok(())
    }

    fn branch(&mut self, branch: &'a ast::StmtIf, frame: &mut Frame) -> Eval<()> {
        let test = self.expression(&branch.test, frame)?;
        match self.truth(&test) {
            Some(true) => return self.block(&branch.body, frame),
            Some(false) => {}
            None => self.maybe_block(&branch.body, frame)?,
        }
        let mut uncertain = self.truth(&test).is_none();
        for clause in &branch.elif_else_clauses {
            let taken = match &clause.test {
                Some(test) => {
                    let test = self.expression(test, frame)?;
                    self.truth(&test)
                }
                None => Some(true),
            };
            match (taken, uncertain) {
                (Some(true), false) => return self.block(&clause.body, frame),
                (Some(true), true) => return self.alternative(&clause.body, frame),
                (Some(false), _) => {}
                (None, _) => {
                    self.alternative(&clause.body, frame)?;
                    uncertain = true;
                }
            }
        }
        Ok(())
    }

    /// A branch beside one that may have run: it binds what is not bound to something known.
    fn alternative(&mut self, body: &'a [Stmt], frame: &mut Frame) -> Eval<()> {
        let before = self.heap.scope(frame.scope).names.clone();
        let outcome = self.maybe_block(body, frame);
        for (name, value) in before {
            if !value.is_unknown() && !matches!(value, Value::None) {
                self.heap.scope_mut(frame.scope).names.insert(name, value);
            }
        }
        outcome
    }

    fn for_loop(&mut self, each: &'a ast::StmtFor, frame: &mut Frame) -> Eval<()> {
        let iterable = self.expression(&each.iter, frame)?;
        let Some(items) = self.iterate(&iterable) else {
            // Not known what it loops over: the body runs once with an unknown item.
            self.assign(&each.target, Value::unknown("an item of something not known"), frame)?;
            return match self.maybe_block(&each.body, frame) {
                Err(Flow::Break | Flow::Continue) => Ok(()),
                other => other,
            };
        };
        for item in items.into_iter().take(ROUNDS) {
            self.assign(&each.target, item, frame)?;
            match self.block(&each.body, frame) {
                Err(Flow::Break) => return Ok(()),
                Ok(()) | Err(Flow::Continue) => {}
                other => return other,
            }
        }
        self.block(&each.orelse, frame)
    }

    fn while_loop(&mut self, each: &'a ast::StmtWhile, frame: &mut Frame) -> Eval<()> {
        for _ in 0..ROUNDS {
            let test = self.expression(&each.test, frame)?;
            match self.truth(&test) {
                Some(true) => {}
                Some(false) => return self.block(&each.orelse, frame),
                None => {
                    return match self.maybe_block(&each.body, frame) {
                        Err(Flow::Break | Flow::Continue) => Ok(()),
                        other => other,
                    };
                }
            }
            match self.block(&each.body, frame) {
                Err(Flow::Break) => return Ok(()),
                Ok(()) | Err(Flow::Continue) => {}
                other => return other,
            }
        }
        Ok(())
    }

    fn attempt(&mut self, attempt: &'a ast::StmtTry, frame: &mut Frame) -> Eval<()> {
        self.tries += 1;
        let mut outcome = self.block(&attempt.body, frame);
        self.tries -= 1;
        match outcome {
            Err(Flow::Raise(exception)) => {
                outcome = self.handle(attempt, exception, frame);
            }
            Ok(()) => outcome = self.block(&attempt.orelse, frame),
            _ => {}
        }
        self.block(&attempt.finalbody, frame)?;
        outcome
    }

    fn handle(&mut self, attempt: &'a ast::StmtTry, exception: Value, frame: &mut Frame) -> Eval<()> {
        for handler in &attempt.handlers {
            let ast::ExceptHandler::ExceptHandler(handler) = handler;
            let catches = match &handler.type_ {
                None => true,
                Some(class) => {
                    let class = self.expression(class, frame)?;
                    self.catches(&exception, &class)
                }
            };
            if catches {
                if let Some(name) = &handler.name {
                    self.bind(frame, &name.id, exception);
                }
                return self.block(&handler.body, frame);
            }
        }
        Err(Flow::Raise(exception))
    }

    /// Whether `except class` catches the exception; what is not known is taken to.
    fn catches(&self, exception: &Value, class: &Value) -> bool {
        let raised = match exception {
            Value::Class(class) => *class,
            Value::Instance(id) => match self.heap.class_of(*id) {
                Some(class) => class,
                None => return true,
            },
            _ => return true,
        };
        match class {
            Value::Class(class) => self.heap.is_subclass(raised, *class) || self.heap.class(raised).open,
            Value::Tuple(classes) => classes.iter().any(|class| self.catches(exception, class)),
            _ => true,
        }
    }

    pub(crate) fn set_attribute(&mut self, object: &Value, name: &Name, value: Value) {
        match object {
            Value::Instance(id) => {
                if let Some(setter) = self.setter_of(*id, name) {
                    // What it raises ends the statement that assigns, which has nothing more to do.
                    let _ = self.call(&setter, vec![object.clone(), value], Vec::new(), None);
                    return;
                }
                let mut value = value;
                // Whether this assignment runs is not decided: what was there may stay.
                if self.undecided > 0
                    && self.joins()
                    && let Some(known) = self.heap.own(*id, name)
                {
                    value = self.either(known.clone(), value);
                }
                self.heap.set_own(*id, name.clone(), value);
            }
            Value::Union(alternatives) => {
                for alternative in alternatives.clone().iter() {
                    self.set_attribute(alternative, name, value.clone());
                }
            }
            Value::Class(class) => {
                self.heap.set_own_of_class(*class, name.clone(), value);
            }
            Value::Function(function) => {
                self.heap.set_own_of_function(*function, name.clone(), value);
            }
            Value::Module(module) => {
                let scope = self.module(*module).scope;
                self.heap.bind(scope, name.clone(), value);
            }
            _ => {}
        }
    }

    /// What runs when code assigns to a property.
    fn setter_of(&self, object: ObjectId, name: &str) -> Option<Value> {
        if !self.joins() {
            return None;
        }
        let class = self.heap.class_of(object)?;
        let (_, Value::Descriptor(Descriptor::Property, getter)) = self.heap.find_in_class(class, name)? else {
            return None;
        };
        let Value::Function(getter) = &**getter else { return None };
        self.heap.own_of_function(*getter, SETTER).cloned()
    }

    /// `object[index] = value`.
    pub fn set_item(&mut self, object: &Value, index: &Value, value: Value) {
        match object {
            Value::Dict(id) => {
                let key = self.key(index);
                let key = if self.joins() { key.or_else(|| Some(any_key())) } else { key };
                let mut value = value;
                if self.joins()
                    && key == Some(any_key())
                    && let Some((_, known)) = self.heap.dict_of(*id).and_then(|dict| dict.entries.get(&any_key()))
                {
                    value = self.either(known.clone(), value);
                }
                if let Object::Dict(dict) = self.heap.object_mut(*id) {
                    dict.open |= key.is_none() || key == Some(any_key());
                    if let Some(key) = key {
                        dict.entries.insert(key, (index.clone(), value));
                    }
                }
            }
            Value::List(id) => {
                if let (Value::Int(at), Object::List(items)) = (index, self.heap.object_mut(*id))
                    && let Some(slot) = position(*at, items.len()).and_then(|at| items.get_mut(at))
                {
                    *slot = value;
                }
            }
            _ => {}
        }
    }
}

/// The key under which a dictionary keeps what was put there under keys that are not known.
pub(crate) fn any_key() -> Key {
    Key::Other("*".into())
}

/// Python's index into a sequence: negative counts from the end.
pub(crate) fn position(index: i128, len: usize) -> Option<usize> {
    let len = i128::try_from(len).ok()?;
    let index = if index < 0 { index + len } else { index };
    (0..len).contains(&index).then(|| usize::try_from(index).ok()).flatten()
}

/// From which statement on a block of a loop's body runs once: it ends by leaving the function, and nothing goes on to the next round.
fn last_round(body: &[Stmt]) -> usize {
    match body.last() {
        Some(Stmt::Return(_) | Stmt::Raise(_)) => body.iter().rposition(goes_on).map_or(0, |at| at + 1),
        _ => body.len(),
    }
}

/// Whether a `continue` of the loop around is in a statement.
fn goes_on(statement: &Stmt) -> bool {
    let any = |body: &[Stmt]| body.iter().any(goes_on);
    match statement {
        Stmt::Continue(_) => true,
        Stmt::If(branch) => any(&branch.body) || branch.elif_else_clauses.iter().any(|clause| any(&clause.body)),
        Stmt::With(with) => any(&with.body),
        Stmt::Match(choice) => choice.cases.iter().any(|case| any(&case.body)),
        Stmt::For(each) => any(&each.orelse),
        Stmt::While(each) => any(&each.orelse),
        Stmt::Try(attempt) => {
            // What it raises may be caught by it.
            !attempt.handlers.is_empty() || any(&attempt.body) || any(&attempt.orelse) || any(&attempt.finalbody)
        }
        _ => false,
    }
}
