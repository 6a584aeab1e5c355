//! What parameters and attributes hold when nobody says: from annotations, from the methods that set them, from the habit of names.

use std::borrow::Cow;
use std::sync::Arc;

use pgwright_python::ast::visitor::{self, Visitor};
use pgwright_python::ast::{self, Expr, Stmt};
use pgwright_python::eval::{Eval, Evaluator};
use pgwright_python::value::{ClassId, Definition, FunctionId, Name, Value};
use rustc_hash::FxHashMap;

use super::instance::Row;
use super::{Orm, Parameter, QueryState};
use crate::queries::domain::known::snake;

/// Steps that a method may take to set an attribute that is asked for.
const INFERENCE: u32 = 8_000;
/// Attributes of a model's class that are managers.
const MANAGERS: [&str; 3] = ["objects", "_default_manager", "_base_manager"];
/// Methods that only querysets and managers have, so that whatever has one is taken to be one.
const OF_QUERYSETS: [&str; 22] = [
    "aggregate",
    "annotate",
    "bulk_create",
    "bulk_update",
    "distinct",
    "exclude",
    "exists",
    "filter",
    "first",
    "get_or_create",
    "in_bulk",
    "iterator",
    "last",
    "latest",
    "only",
    "order_by",
    "prefetch_related",
    "select_for_update",
    "select_related",
    "update_or_create",
    "values",
    "values_list",
];

impl<'a> Orm<'a> {
    /// What a parameter holds: as annotated, or as its name has it.
    pub(crate) fn parameter(
        &self,
        evaluator: &mut Evaluator<'a>,
        function: FunctionId,
        parameter: &'a ast::Parameter,
    ) -> Option<Value> {
        let key = (function, parameter.name.id.clone());
        if let Some(handed) = self.handed(evaluator, &key) {
            return Some(handed);
        }
        self.want(key);
        if let Some(annotation) = &parameter.annotation
            && let Some(value) = self.annotated(evaluator, function, annotation, 0)
        {
            return Some(value);
        }
        let name = parameter.name.id.as_str();
        if name == "request" {
            return self.known.request.map(|class| evaluator.bare_instance(class));
        }
        if let Some(model) = self.known.by_snake.get(name) {
            return Some(self.row(evaluator, Row::guessed(*model)));
        }
        let model = *singulars(name).find_map(|singular| self.known.by_snake.get(singular.as_ref()))?;
        let row = self.row(evaluator, Row::guessed(model));
        Some(Value::each(row))
    }

    fn want(&self, parameter: Parameter) {
        self.state().wanted.push(parameter);
    }

    /// An attribute of something not known: of an object of the one model that has a relation, a method or a property of this name,
    /// or of a queryset.
    pub(crate) fn by_member(&self, evaluator: &mut Evaluator<'a>, name: &str) -> Option<Value> {
        let is_manager = MANAGERS.contains(&name);
        if is_manager || OF_QUERYSETS.contains(&name) {
            // Of which model is not known: the query is listed without its text.
            let queryset = evaluator.bare_instance(self.known.queryset);
            return if is_manager { Some(queryset) } else { evaluator.attribute(&queryset, name).ok().flatten() };
        }
        let model = *self.known.by_member.get(name)?;
        match self.row(evaluator, Row::guessed(model)) {
            row @ Value::Instance(_) => evaluator.attribute(&row, name).ok().flatten(),
            _ => None,
        }
    }

    /// A value of the annotated type.
    fn annotated(
        &self,
        evaluator: &mut Evaluator<'a>,
        function: FunctionId,
        annotation: &'a Expr,
        depth: u32,
    ) -> Option<Value> {
        if depth > 6 {
            return None;
        }
        match annotation {
            Expr::Name(_) | Expr::Attribute(_) => {
                let path = dotted(annotation)?;
                self.instance_named(evaluator, function, &path)
            }
            Expr::StringLiteral(text) => {
                let text = text.value.to_str();
                let plain = text.chars().all(|char| char.is_alphanumeric() || char == '_' || char == '.');
                if plain { self.instance_named(evaluator, function, text) } else { None }
            }
            Expr::BinOp(union) => {
                let sides = [&*union.left, &*union.right].map(|side| match side {
                    Expr::NoneLiteral(_) => Some(Value::None),
                    side => self.annotated(evaluator, function, side, depth + 1),
                });
                match sides {
                    [Some(left), Some(right)] => Some(evaluator.either(left, right)),
                    [left, right] => left.or(right).filter(|value| !matches!(value, Value::None)),
                }
            }
            Expr::Subscript(generic) => {
                let head = dotted(&generic.value)?;
                let argument = match &*generic.slice {
                    Expr::Tuple(arguments) => arguments.elts.first()?,
                    one => one,
                };
                match head.rsplit('.').next().unwrap_or(&head) {
                    "Optional" | "Annotated" | "Awaitable" | "Coroutine" | "ClassVar" | "Final" => {
                        self.annotated(evaluator, function, argument, depth + 1)
                    }
                    "list" | "List" | "set" | "Set" | "frozenset" | "Iterable" | "Iterator" | "Sequence"
                    | "Collection" | "Generator" | "tuple" | "Tuple" => {
                        self.annotated(evaluator, function, argument, depth + 1).map(Value::each)
                    }
                    "QuerySet" | "QuerySetAny" | "ValuesQuerySet" | "BaseManager" | "Manager" => {
                        let item = self.annotated(evaluator, function, argument, depth + 1)?;
                        let model = self.model_of(Self::instance_class(evaluator, &item)?)?;
                        let state = QueryState::some_of(model, "which queryset is passed is not known");
                        Some(self.plain_queryset(evaluator, state))
                    }
                    "type" | "Type" => {
                        let item = self.annotated(evaluator, function, argument, depth + 1)?;
                        Some(Value::Class(Self::instance_class(evaluator, &item)?))
                    }
                    _ => self.annotated(evaluator, function, &generic.value, depth + 1),
                }
            }
            _ => None,
        }
    }

    fn instance_named(&self, evaluator: &mut Evaluator<'a>, function: FunctionId, path: &str) -> Option<Value> {
        let module = evaluator.heap.function(function).module;
        let mut parts = path.split('.');
        let mut value = evaluator.module_attribute(module, parts.next()?);
        for part in parts {
            value = evaluator.attribute(&value?, part).ok()?;
        }
        let Value::Class(class) = value? else {
            // `if TYPE_CHECKING` imports and names in quotes: a model of the project by its name.
            let last = path.rsplit('.').next().unwrap_or(path);
            let model = self.known.by_snake.get(&snake(last))?;
            return Some(self.row(evaluator, Row::guessed(*model)));
        };
        if evaluator.is_builtin_class(class) {
            return None;
        }
        Some(self.summon(evaluator, class))
    }

    /// An attribute that some method of the class sets on `self`.
    pub(crate) fn inferred_attribute(
        &self,
        evaluator: &mut Evaluator<'a>,
        object: &Value,
        class: ClassId,
        name: &str,
    ) -> Eval<Option<Value>> {
        if name.starts_with("__") || name.starts_with('<') {
            return Ok(None);
        }
        let name = Name::new(name);
        let setters = match self.setters(evaluator, class).get(&name) {
            Some(setters) => setters.clone(),
            // What middleware of the project puts on a request is most often called as its model is.
            None if Some(class) == self.known.request => {
                let model = self.known.by_snake.get(name.as_str()).copied();
                return Ok(model.map(|model| {
                    let row = self.row(evaluator, Row::guessed(model));
                    evaluator.put(object, &name, row.clone());
                    row
                }));
            }
            None => return Ok(None),
        };
        {
            let mut state = self.state();
            state.consulted += 1;
            if state.inferring.len() > 3 || state.inferring.contains(&(class, name.clone())) {
                return Ok(None);
            }
            state.inferring.push((class, name.clone()));
            state.muted += 1;
        }
        let mut found = None;
        for setter in setters.into_iter().take(3) {
            let open = vec![(Name::new_static("**"), Value::Unpacked)];
            let call = |evaluator: &mut Evaluator<'a>| {
                evaluator.call(&Value::Function(setter), vec![object.clone()], open, None)
            };
            let outcome = evaluator.at_most(INFERENCE, call);
            if let Err(pgwright_python::eval::Flow::Exhausted) = outcome {
                self.end_inference();
                return Err(pgwright_python::eval::Flow::Exhausted);
            }
            if let Value::Instance(id) = object {
                found = evaluator.heap.own(*id, &name).cloned();
            }
            if found.is_some() {
                break;
            }
        }
        self.end_inference();
        Ok(found)
    }

    fn end_inference(&self) {
        let mut state = self.state();
        state.muted = state.muted.saturating_sub(1);
        state.inferring.pop();
    }

    /// Methods of a class by the names they set on `self`, the nearest class first.
    fn setters(&self, evaluator: &Evaluator<'a>, class: ClassId) -> Arc<FxHashMap<Name, Vec<FunctionId>>> {
        if let Some(known) = self.state().set_names.get(&class) {
            return known.clone();
        }
        let mut setters: FxHashMap<Name, Vec<FunctionId>> = FxHashMap::default();
        for ancestor in &evaluator.heap.class(class).mro {
            for value in evaluator.heap.namespace(*ancestor).values() {
                let Value::Function(id) = value else { continue };
                let Definition::Def(def) = evaluator.heap.function(*id).definition else { continue };
                let Some(receiver) = def.parameters.posonlyargs.iter().chain(&def.parameters.args).next() else {
                    continue;
                };
                let mut finder = SetNames { receiver: &receiver.parameter.name.id, found: Vec::new() };
                finder.visit_body(&def.body);
                for name in finder.found {
                    let known = setters.entry(name).or_default();
                    if !known.contains(id) {
                        known.push(*id);
                    }
                }
            }
        }
        let setters = Arc::new(setters);
        // Another trial gives the number of a class made in this one to another class.
        if evaluator.heap.outlasts_trial(class) {
            self.state().set_names.insert(class, setters.clone());
        }
        setters
    }
}

struct SetNames<'n> {
    receiver: &'n Name,
    found: Vec<Name>,
}

impl SetNames<'_> {
    fn target(&mut self, target: &Expr) {
        match target {
            Expr::Attribute(attribute) => {
                if let Expr::Name(name) = &*attribute.value
                    && name.id == *self.receiver
                    && !self.found.contains(&attribute.attr.id)
                {
                    self.found.push(attribute.attr.id.clone());
                }
            }
            Expr::Tuple(tuple) => tuple.elts.iter().for_each(|target| self.target(target)),
            _ => {}
        }
    }
}

impl<'v> Visitor<'v> for SetNames<'_> {
    fn visit_stmt(&mut self, statement: &'v Stmt) {
        match statement {
            Stmt::Assign(assign) => assign.targets.iter().for_each(|target| self.target(target)),
            Stmt::AnnAssign(assign) => self.target(&assign.target),
            Stmt::With(with) => {
                with.items
                    .iter()
                    .filter_map(|item| item.optional_vars.as_deref())
                    .for_each(|target| self.target(target));
            }
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => return,
            _ => {}
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, _: &'v Expr) {}
}

fn dotted(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Name(name) => Some(name.id.to_string()),
        Expr::Attribute(attribute) => Some(format!("{}.{}", dotted(&attribute.value)?, attribute.attr.id)),
        _ => None,
    }
}

/// What a plural may be of: `categories` of `category`, `boxes` of `box`, `books` of `book`.
fn singulars(plural: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let of_y = plural.strip_suffix("ies").map(|stem| Cow::Owned(format!("{stem}y")));
    let of_hiss = plural.strip_suffix("es").map(Cow::Borrowed);
    let of_others = plural.strip_suffix('s').map(Cow::Borrowed);
    of_y.into_iter().chain(of_hiss).chain(of_others)
}
