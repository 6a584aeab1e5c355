//! Ways through code: where a condition is not known each branch runs from the same names, and what they leave is joined.

use std::sync::Arc;

use ruff_python_ast::{self as ast, CmpOp, Expr, Stmt, UnaryOp};
use ruff_text_size::Ranged;

use super::{Eval, Evaluator, Flow, Frame};
use crate::value::{Dict, Name, Names, Object, ObjectId, Value};

/// Alternatives one union keeps; more are no longer told apart.
pub(crate) const ALTERNATIVES: usize = 8;
/// Items of one known sequence that a loop runs for.
const KNOWN_ROUNDS: usize = 24;

/// What iterating over a value gives.
#[derive(Debug, Clone)]
pub enum Items {
    Known(Vec<Value>),
    /// Any number of items like this one.
    Each(Value),
}

/// What is learnt where a condition holds, or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Holds,
    Fails,
}

impl Outcome {
    fn other(self) -> Outcome {
        match self {
            Outcome::Holds => Outcome::Fails,
            Outcome::Fails => Outcome::Holds,
        }
    }
}

/// Lists and dictionaries that a way changed, as it left them.
pub(super) type Containers<'a> = Vec<(ObjectId, Object<'a>)>;

/// How the ways through a statement ended so far.
#[derive(Debug, Default)]
struct Ends<'a> {
    /// Names where execution goes on, and what became of lists and dictionaries on the way there.
    alive: Vec<(Names, Containers<'a>)>,
    raised: Option<Value>,
    returned: bool,
    escaped: bool,
}

impl<'a> Evaluator<'a> {
    /// One value that may be either.
    pub fn either(&self, one: Value, other: Value) -> Value {
        if self.is_same(&one, &other) {
            return one;
        }
        let mut all: Vec<Value> = Vec::new();
        for value in one.alternatives().iter().chain(other.alternatives()) {
            let repeats =
                all.iter().any(|known| self.is_same(known, value) || known.is_unknown() && value.is_unknown());
            if !repeats && all.len() < ALTERNATIVES {
                all.push(value.clone());
            }
        }
        match <[Value; 1]>::try_from(all) {
            Ok([only]) => only,
            Err(all) => Value::Union(all.into()),
        }
    }

    /// Whether two values are one and the same, as far as that can be seen without looking into them.
    fn is_same(&self, one: &Value, other: &Value) -> bool {
        match (one, other) {
            (Value::Foreign(one), Value::Foreign(other)) => one.is_same(other),
            (Value::Each(one), Value::Each(other)) => self.is_same(one, other),
            (Value::Bound(one), Value::Bound(other)) => {
                Arc::ptr_eq(one, other) || self.is_same(&one.0, &other.0) && self.is_same(&one.1, &other.1)
            }
            (Value::Module(one), Value::Module(other)) => one == other,
            (Value::Class(one), Value::Class(other)) => one == other,
            (Value::Function(one), Value::Function(other)) => one == other,
            (Value::Str(one), Value::Str(other)) => one == other,
            (Value::List(one), Value::List(other))
            | (Value::Dict(one), Value::Dict(other))
            | (Value::Set(one), Value::Set(other))
            | (Value::Instance(one), Value::Instance(other)) => one == other,
            (Value::Union(one), Value::Union(other)) => {
                one.len() == other.len() && one.iter().zip(other.iter()).all(|(one, other)| self.is_same(one, other))
            }
            (Value::Tuple(one), Value::Tuple(other)) => {
                one.len() == other.len() && one.iter().zip(other.iter()).all(|(one, other)| self.is_same(one, other))
            }
            (Value::Union(_) | Value::Each(_) | Value::Foreign(_), _)
            | (_, Value::Union(_) | Value::Each(_) | Value::Foreign(_)) => false,
            (Value::Unknown(_), Value::Unknown(_)) => true,
            _ if std::mem::discriminant(one) != std::mem::discriminant(other) => false,
            _ => self.equal(one, other) == Some(true),
        }
    }

    /// What holds for any of a union's alternatives.
    pub fn over(&mut self, alternatives: &[Value], mut each: impl FnMut(&mut Self, &Value) -> Eval) -> Eval {
        let mut result: Option<Value> = None;
        self.undecided += 1;
        for alternative in alternatives {
            let value = match each(self, alternative) {
                Ok(value) => value,
                Err(Flow::Exhausted) => {
                    self.undecided -= 1;
                    return Err(Flow::Exhausted);
                }
                Err(_) => continue,
            };
            result = Some(match result {
                Some(known) => self.either(known, value),
                None => value,
            });
        }
        self.undecided -= 1;
        Ok(result.unwrap_or_else(|| Value::unknown("no alternative gives a value")))
    }

    fn names(&self, frame: &Frame) -> Names {
        self.heap.scope(frame.scope).names.clone()
    }

    fn set_names(&mut self, frame: &Frame, names: Names) {
        self.heap.scope_mut(frame.scope).names = names;
    }

    fn join_names(&self, mut one: Names, other: Names) -> Names {
        for (name, value) in other {
            match one.get_mut(&name) {
                Some(known) => {
                    let taken = std::mem::replace(known, Value::None);
                    *known = self.either(taken, value);
                }
                None => {
                    one.insert(name, value);
                }
            }
        }
        one
    }

    /// Takes one way: the block's end is noted, and names are as it left them.
    fn take_way(&mut self, body: &'a [Stmt], frame: &mut Frame, ends: &mut Ends<'a>) -> Eval<()> {
        self.heap.begin_way();
        let outcome = self.block(body, frame);
        let containers = self.heap.end_way();
        match outcome {
            Ok(()) => ends.alive.push((self.names(frame), containers)),
            Err(Flow::Return(value)) => {
                // What is returned may be one of them.
                self.put_containers(vec![containers]);
                frame.maybe.push(value);
                ends.returned = true;
            }
            Err(Flow::Raise(value)) => ends.raised = Some(value),
            Err(Flow::Break | Flow::Continue) => {
                self.put_containers(vec![containers]);
                frame.escaped.push(self.names(frame));
                ends.escaped = true;
            }
            Err(Flow::Exhausted) => return Err(Flow::Exhausted),
        }
        Ok(())
    }

    /// Joins what several ways made of lists and dictionaries; a way that did not touch one left it as it is.
    pub(super) fn put_containers(&mut self, ways: Vec<Containers<'a>>) {
        let mut ids: Vec<ObjectId> = ways.iter().flatten().map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids.dedup();
        for id in ids {
            let mut states: Vec<Object<'a>> = Vec::new();
            for way in &ways {
                let state = match way.iter().find(|(other, _)| *other == id) {
                    Some((_, state)) => state.clone(),
                    None => self.heap.object(id).clone(),
                };
                states.push(state);
            }
            let joined = states.into_iter().reduce(|one, other| self.join_containers(one, other));
            if let Some(joined) = joined {
                *self.heap.object_mut(id) = joined;
            }
        }
    }

    fn join_containers(&self, one: Object<'a>, other: Object<'a>) -> Object<'a> {
        match (one, other) {
            (Object::Dict(one), Object::Dict(other)) => Object::Dict(self.join_dicts(one, other)),
            (Object::List(one), Object::List(other)) => {
                let (mut long, short) = if one.len() >= other.len() { (one, other) } else { (other, one) };
                let mut rest = short.into_iter();
                for item in &mut long {
                    let known = std::mem::replace(item, Value::Absent);
                    *item = self.either(known, rest.next().unwrap_or(Value::Absent));
                }
                Object::List(long)
            }
            (one, _) => one,
        }
    }

    pub(crate) fn join_dicts(&self, mut one: Dict, other: Dict) -> Dict {
        one.open |= other.open;
        for (key, (_, value)) in &mut one.entries {
            match other.entries.get(key) {
                Some((_, also)) if self.is_same(value, also) => {}
                also => {
                    let known = std::mem::replace(value, Value::Absent);
                    *value = self.either(known, also.map_or(Value::Absent, |(_, also)| also.clone()));
                }
            }
        }
        for (key, (written, value)) in other.entries {
            if !one.entries.contains_key(&key) {
                let value = self.either(value, Value::Absent);
                one.entries.insert(key, (written, value));
            }
        }
        one
    }

    /// Goes on from where ways meet, or ends as they all did.
    fn meet(&mut self, frame: &mut Frame, ends: Ends<'a>) -> Eval<()> {
        let (names, containers): (Vec<Names>, Vec<Containers<'a>>) = ends.alive.into_iter().unzip();
        if let Some(joined) = names.into_iter().reduce(|one, other| self.join_names(one, other)) {
            self.put_containers(containers);
            self.set_names(frame, joined);
            return Ok(());
        }
        if ends.escaped
            && let Some(names) = frame.escaped.pop()
        {
            self.set_names(frame, names);
            return Err(Flow::Continue);
        }
        if ends.returned
            && let Some(value) = frame.maybe.pop()
        {
            return Err(Flow::Return(value));
        }
        Err(Flow::Raise(ends.raised.unwrap_or_else(|| Value::unknown("raised"))))
    }

    pub(crate) fn branch_joined(&mut self, branch: &'a ast::StmtIf, frame: &mut Frame) -> Eval<()> {
        let clauses = std::iter::once((Some(&*branch.test), &branch.body))
            .chain(branch.elif_else_clauses.iter().map(|clause| (clause.test.as_ref(), &clause.body)));
        let mut ends = Ends::default();
        let mut open = 0;
        let mut decided = false;
        let doubts = self.doubts(frame);
        for (test, body) in clauses {
            let truth = match test {
                Some(test) => {
                    let value = self.expression(test, frame)?;
                    self.at(test);
                    self.truth_asked(&value)?.filter(|_| !doubts)
                }
                None => Some(true),
            };
            match truth {
                Some(false) => continue,
                Some(true) if open == 0 => return self.block(body, frame),
                Some(true) => {
                    self.take_way(body, frame, &mut ends)?;
                    decided = true;
                    break;
                }
                None => {}
            }
            open += 1;
            self.undecided += 1;
            let before = self.names(frame);
            if let Some(test) = test {
                self.narrow(test, Outcome::Holds, frame);
            }
            let outcome = self.take_way(body, frame, &mut ends);
            self.set_names(frame, before);
            if let Some(test) = test {
                self.narrow(test, Outcome::Fails, frame);
            }
            outcome.inspect_err(|_| self.undecided -= open)?;
        }
        self.undecided -= open;
        if open == 0 {
            return Ok(());
        }
        if !decided {
            ends.alive.push((self.names(frame), Vec::new()));
        }
        self.meet(frame, ends)
    }

    /// Takes from a name's alternatives those that a condition rules out.
    fn narrow(&mut self, test: &'a Expr, outcome: Outcome, frame: &Frame) {
        match test {
            Expr::UnaryOp(operation) if operation.op == UnaryOp::Not => {
                self.narrow(&operation.operand, outcome.other(), frame);
            }
            Expr::BoolOp(operation) => {
                let all_known = matches!(
                    (operation.op, outcome),
                    (ast::BoolOp::And, Outcome::Holds) | (ast::BoolOp::Or, Outcome::Fails)
                );
                if all_known {
                    for value in &operation.values {
                        self.narrow(value, outcome, frame);
                    }
                }
            }
            Expr::Name(name) => self.narrow_name(&name.id, frame, |this, value| match this.truth(value) {
                Some(truth) => truth == (outcome == Outcome::Holds),
                None => true,
            }),
            Expr::Named(named) => self.narrow(&named.target, outcome, frame),
            Expr::Compare(comparison) => {
                let (Expr::Name(name), [operator], [Expr::NoneLiteral(_)]) =
                    (&*comparison.left, &*comparison.ops, &*comparison.comparators)
                else {
                    return;
                };
                let is_none = match operator {
                    CmpOp::Is | CmpOp::Eq => outcome == Outcome::Holds,
                    CmpOp::IsNot | CmpOp::NotEq => outcome == Outcome::Fails,
                    _ => return,
                };
                self.narrow_name(&name.id, frame, |_, value| {
                    matches!(value, Value::Unknown(_)) || matches!(value, Value::None) == is_none
                });
            }
            Expr::Call(call) => {
                let (Expr::Name(function), [Expr::Name(name), class]) = (&*call.func, &*call.arguments.args) else {
                    return;
                };
                if function.id != "isinstance" || !matches!(class, Expr::Name(_) | Expr::Attribute(_) | Expr::Tuple(_))
                {
                    return;
                }
                let mut inner = frame.inside(frame.scope, frame.qualname.clone());
                let Ok(class) = self.expression(class, &mut inner) else { return };
                self.narrow_name(&name.id, frame, |this, value| match this.type_of(&this.plain(value)) {
                    Value::Class(actual) => match this.subclass_of(actual, &class) {
                        Some(is) => is == (outcome == Outcome::Holds),
                        None => true,
                    },
                    _ => !matches!(value, Value::None | Value::Absent) || outcome == Outcome::Fails,
                });
            }
            _ => {}
        }
    }

    fn narrow_name(&mut self, name: &Name, frame: &Frame, keep: impl Fn(&Self, &Value) -> bool) {
        let Some(Value::Union(alternatives)) = self.heap.scope(frame.scope).names.get(name) else { return };
        let alternatives = alternatives.clone();
        let kept: Vec<Value> = alternatives.iter().filter(|value| keep(self, value)).cloned().collect();
        if kept.is_empty() || kept.len() == alternatives.len() {
            return;
        }
        let value = match <[Value; 1]>::try_from(kept) {
            Ok([only]) => only,
            Err(kept) => Value::Union(kept.into()),
        };
        self.heap.scope_mut(frame.scope).names.insert(name.clone(), value);
    }

    /// What is left of a value where it counts as true.
    fn truthy(&self, value: Value) -> Option<Value> {
        let kept: Vec<Value> =
            value.alternatives().iter().filter(|value| self.truth(value) != Some(false)).cloned().collect();
        kept.into_iter().reduce(|one, other| self.either(one, other))
    }

    /// `a or b`, `a and b` where `a` may be either.
    pub(crate) fn boolean_joined(&mut self, operation: &'a ast::ExprBoolOp, frame: &mut Frame) -> Eval {
        let mut result: Option<Value> = None;
        let mut entered = 0;
        let doubts = self.doubts(frame);
        let before = self.names(frame);
        for (index, expression) in operation.values.iter().enumerate() {
            let value = match self.expression(expression, frame) {
                Ok(value) => value,
                Err(flow) => {
                    self.undecided -= entered;
                    return Err(flow);
                }
            };
            if index + 1 == operation.values.len() {
                result = Some(match result {
                    Some(known) => self.either(known, value),
                    None => value,
                });
                break;
            }
            self.at(expression);
            let truth = self.truth_asked(&value).inspect_err(|_| self.undecided -= entered)?.filter(|_| !doubts);
            let decides = match (operation.op, truth) {
                (ast::BoolOp::And, Some(truth)) => !truth,
                (ast::BoolOp::Or, Some(truth)) => truth,
                (_, None) => {
                    let stays = match operation.op {
                        ast::BoolOp::Or => self.truthy(value.clone()),
                        // What counts as false is of no use to anyone but for being false.
                        ast::BoolOp::And => Some(Value::unknown("a value that counts as false")),
                    };
                    result = match (result, stays) {
                        (Some(known), Some(stays)) => Some(self.either(known, stays)),
                        (known, stays) => known.or(stays),
                    };
                    let outcome = if operation.op == ast::BoolOp::And { Outcome::Holds } else { Outcome::Fails };
                    self.narrow(expression, outcome, frame);
                    self.undecided += 1;
                    entered += 1;
                    false
                }
            };
            if decides {
                result = Some(match result {
                    Some(known) => self.either(known, value),
                    None => value,
                });
                break;
            }
        }
        self.undecided -= entered;
        if entered > 0 {
            // Names bound by `:=` stay; what was narrowed is as before.
            let mut names = self.names(frame);
            for (name, value) in before {
                names.insert(name, value);
            }
            self.set_names(frame, names);
        }
        Ok(result.unwrap_or(Value::None))
    }

    /// Items of an iterable, telling a known sequence from any number of like items.
    pub fn items(&mut self, value: &Value) -> Items {
        match value {
            Value::Each(item) => Items::Each((**item).clone()),
            Value::Union(alternatives) => {
                let mut joined: Option<Value> = None;
                for alternative in alternatives.iter() {
                    if matches!(alternative, Value::None | Value::Absent) {
                        continue;
                    }
                    let items = match self.items(alternative) {
                        Items::Known(items) => items,
                        Items::Each(item) => vec![item],
                    };
                    for item in items.into_iter().take(KNOWN_ROUNDS) {
                        joined = Some(match joined {
                            Some(known) => self.either(known, item),
                            None => item,
                        });
                    }
                }
                Items::Each(joined.unwrap_or_else(|| Value::unknown("an item of something not known")))
            }
            Value::Instance(_) if self.joins() => {
                if let Ok(Some(iterator)) = self.attribute(value, "__iter__")
                    && let Ok(iterated) = self.call(&iterator, Vec::new(), Vec::new(), None)
                    && !matches!(iterated, Value::Instance(_))
                {
                    return self.items(&iterated);
                }
                Items::Each(Value::unknown("an item of something not known"))
            }
            Value::Opaque(_) | Value::Unknown(_) => Items::Each(Value::unknown("an item of something not known")),
            other => match self.iterate(other) {
                Some(items) => Items::Known(items),
                None => Items::Each(Value::unknown("an item of something not known")),
            },
        }
    }

    /// A sequence of the items of both, any number of each.
    pub(crate) fn joined_items(&mut self, one: &Value, other: &Value) -> Value {
        let mut joined: Option<Value> = None;
        for side in [one, other] {
            let items = match self.items(side) {
                Items::Known(items) => items,
                Items::Each(item) => vec![item],
            };
            for item in items.into_iter().take(KNOWN_ROUNDS) {
                joined = Some(match joined {
                    Some(known) => self.either(known, item),
                    None => item,
                });
            }
        }
        Value::each(joined.unwrap_or_else(|| Value::unknown("an item of something not known")))
    }

    pub(crate) fn for_joined(&mut self, each: &'a ast::StmtFor, frame: &mut Frame) -> Eval<()> {
        let iterable = self.expression(&each.iter, frame)?;
        self.at(&each.iter);
        let items = self.items_doubted(&iterable, frame);
        let outer = std::mem::take(&mut frame.escaped);
        let outcome = match items {
            Items::Known(items) => self.known_rounds(items, each, frame),
            Items::Each(item) => self.any_rounds(&each.iter, Some((&each.target, item)), &each.body, frame),
        };
        frame.escaped = outer;
        outcome?;
        self.block(&each.orelse, frame)
    }

    fn known_rounds(&mut self, items: Vec<Value>, each: &'a ast::StmtFor, frame: &mut Frame) -> Eval<()> {
        // What lasts has to be complete.
        let rounds = if self.heap.in_trial() { KNOWN_ROUNDS } else { super::ROUNDS };
        for item in items.into_iter().take(rounds) {
            self.assign(&each.target, item, frame)?;
            let outcome = self.block(&each.body, frame);
            let escaped = std::mem::take(&mut frame.escaped);
            let names = self.names(frame);
            let joined = escaped.into_iter().fold(names, |one, other| self.join_names(one, other));
            self.set_names(frame, joined);
            match outcome {
                Err(Flow::Break) => return Ok(()),
                Ok(()) | Err(Flow::Continue) => {}
                other => return other,
            }
        }
        Ok(())
    }

    /// A body that runs any number of times, none included.
    fn any_rounds(
        &mut self,
        over: &Expr,
        item: Option<(&'a Expr, Value)>,
        body: &'a [Stmt],
        frame: &mut Frame,
    ) -> Eval<()> {
        let before = self.names(frame);
        self.undecided += 1;
        // What is taken in steps is taken in batches: a round of them is no round per item.
        let item_of = item.as_ref().map(|(_, item)| item).filter(|_| !is_range_in_steps(over));
        self.enter_loop(Some(over.range()), item_of);
        let mut ends = Ends { alive: vec![(before, Vec::new())], ..Ends::default() };
        let outcome = match item {
            Some((target, item)) => self.assign(target, item, frame),
            None => Ok(()),
        }
        .and_then(|()| self.take_way(body, frame, &mut ends));
        self.leave_loop();
        self.undecided -= 1;
        outcome?;
        ends.alive.extend(std::mem::take(&mut frame.escaped).into_iter().map(|names| (names, Vec::new())));
        if let [(before, _), after @ ..] = ends.alive.as_mut_slice() {
            for (after, _) in after {
                self.mark_accumulated(before, after);
            }
        }
        self.meet(frame, ends)
    }

    /// A name that held an object before a loop and another of its kind after one round may hold one that any number of rounds made.
    fn mark_accumulated(&self, before: &Names, after: &mut Names) {
        let class = |value: &Value| match value {
            Value::Instance(id) => self.heap.class_of(*id),
            _ => None,
        };
        for (name, value) in after.iter_mut() {
            let Some(was) = before.get(name) else { continue };
            if let (Some(one), Some(other)) = (class(was), class(value))
                && one == other
                && !self.is_same(was, value)
            {
                *value = self.either(value.clone(), Value::unknown("made in any number of rounds"));
            }
        }
    }

    pub(crate) fn while_joined(&mut self, each: &'a ast::StmtWhile, frame: &mut Frame) -> Eval<()> {
        let test = self.expression(&each.test, frame)?;
        self.at(&each.test);
        if self.truth_asked(&test)? == Some(false) && !self.doubts(frame) {
            return self.block(&each.orelse, frame);
        }
        let outer = std::mem::take(&mut frame.escaped);
        let outcome = self.any_rounds(&each.test, None, &each.body, frame);
        frame.escaped = outer;
        outcome?;
        self.block(&each.orelse, frame)
    }

    pub(crate) fn match_joined(&mut self, choice: &'a ast::StmtMatch, frame: &mut Frame) -> Eval<()> {
        self.expression(&choice.subject, frame)?;
        let before = self.names(frame);
        let mut ends = Ends { alive: vec![(before.clone(), Vec::new())], ..Ends::default() };
        self.undecided += 1;
        for case in &choice.cases {
            self.set_names(frame, before.clone());
            let outcome = self.take_way(&case.body, frame, &mut ends);
            outcome.inspect_err(|_| self.undecided -= 1)?;
        }
        self.undecided -= 1;
        self.meet(frame, ends)
    }

    pub(crate) fn attempt_joined(&mut self, attempt: &'a ast::StmtTry, frame: &mut Frame) -> Eval<()> {
        let before = self.names(frame);
        let mut ends = Ends::default();
        let undecided = u32::from(!attempt.handlers.is_empty());
        self.undecided += undecided;
        let around = (!attempt.handlers.is_empty()).then(|| self.begin_catching());
        let tried = self.take_way(&attempt.body, frame, &mut ends);
        if let Some(around) = around {
            self.end_catching(around);
        }
        let outcome = match tried {
            Ok(()) => self.handlers_joined(attempt, before, frame, ends),
            other => other,
        };
        self.undecided -= undecided;
        match outcome {
            Err(Flow::Exhausted) => Err(Flow::Exhausted),
            outcome => {
                self.block(&attempt.finalbody, frame)?;
                outcome
            }
        }
    }

    fn handlers_joined(
        &mut self,
        attempt: &'a ast::StmtTry,
        before: Names,
        frame: &mut Frame,
        mut ends: Ends<'a>,
    ) -> Eval<()> {
        let mut start = before;
        if let Some((names, containers)) = ends.alive.pop() {
            self.put_containers(vec![containers]);
            start = self.join_names(start, names);
            self.take_way(&attempt.orelse, frame, &mut ends)?;
        }
        if !attempt.handlers.is_empty() {
            ends.raised = None;
        }
        for handler in &attempt.handlers {
            let ast::ExceptHandler::ExceptHandler(handler) = handler;
            self.set_names(frame, start.clone());
            if let Some(name) = &handler.name {
                self.bind(frame, &name.id, Value::unknown("an exception"));
            }
            self.take_way(&handler.body, frame, &mut ends)?;
        }
        self.meet(frame, ends)
    }

    pub(crate) fn with_joined(&mut self, with: &'a ast::StmtWith, frame: &mut Frame) -> Eval<()> {
        let mut managers = Vec::new();
        for item in &with.items {
            let manager = self.expression(&item.context_expr, frame)?;
            self.at(&item.context_expr);
            let entered = match &manager {
                Value::Instance(_) => self.call_named(&manager, "__enter__", Vec::new())?,
                _ => None,
            };
            if let Some(target) = &item.optional_vars {
                self.assign(target, entered.unwrap_or_else(|| Value::unknown("what a `with` statement gives")), frame)?;
            }
            managers.push((manager, &item.context_expr));
        }
        let outcome = self.block(&with.body, frame);
        for (manager, expression) in managers.into_iter().rev() {
            if matches!(manager, Value::Instance(_)) && !matches!(outcome, Err(Flow::Exhausted)) {
                self.at(expression);
                // Whether it hides what was raised is not followed.
                if let Err(Flow::Exhausted) = self.call_named(&manager, "__exit__", vec![Value::None; 3]) {
                    return Err(Flow::Exhausted);
                }
            }
        }
        outcome
    }

    /// Whether a value counts as true, for values that do something when they are asked.
    pub(crate) fn truth_asked(&mut self, value: &Value) -> Eval<Option<bool>> {
        if !self.joins() {
            return Ok(self.truth(value));
        }
        match value {
            Value::Instance(_) if !matches!(self.plain(value), Value::Instance(_)) => Ok(self.truth(value)),
            Value::Instance(_) => match self.call_named(value, "__bool__", Vec::new())? {
                Some(answer) => Ok(self.truth(&answer)),
                None => Ok(self.truth(value)),
            },
            Value::Union(alternatives) => {
                let mut agreed: Option<Option<bool>> = None;
                for alternative in alternatives.clone().iter() {
                    let truth = self.truth_asked(alternative)?;
                    match agreed {
                        None => agreed = Some(truth),
                        Some(known) if known == truth => {}
                        Some(_) => agreed = Some(None),
                    }
                }
                Ok(agreed.flatten())
            }
            other => Ok(self.truth(other)),
        }
    }
}

/// `range(start, stop, step)`
pub(super) fn is_range_in_steps(over: &Expr) -> bool {
    let Expr::Call(call) = over else { return false };
    matches!(&*call.func, Expr::Name(name) if name.id.as_str() == "range") && call.arguments.args.len() == 3
}
