//! Rows that are made because a look found none: two processes that look at once both make one.

use pgwright_python::ast::comparable::ComparableExpr;
use pgwright_python::ast::visitor::{self, Visitor};
use pgwright_python::ast::{self, Expr, Stmt, UnaryOp};
use pgwright_python::text::Ranged;
use pgwright_python::value::span;

use super::Creation;
use super::types::Type;
use super::walk::Walk;
use crate::model::ModelId;

/// What rows of a model are looked for by: columns and the values they must have.
#[derive(Debug, Clone)]
struct Look<'e> {
    model: ModelId,
    /// Columns that the manager of a relation fixes.
    fixed: Vec<String>,
    given: Vec<(&'e str, &'e Expr)>,
}

impl Walk<'_, '_> {
    /// `if not Model.objects.filter(…).exists(): Model.objects.create(…)`.
    pub(super) fn creation_after_if(&mut self, test: &ast::StmtIf) {
        if let Some(asked) = absent(&test.test)
            && let Some(look) = self.look(asked)
        {
            self.creation_in(&look, asked, &test.body);
        }
    }

    /// `try: Model.objects.get(…)`, `except Model.DoesNotExist: Model.objects.create(…)`.
    pub(super) fn creation_after_try(&mut self, attempt: &ast::StmtTry) {
        let [only] = attempt.body.as_slice() else { return };
        let asked = match only {
            Stmt::Assign(assign) => &*assign.value,
            Stmt::Return(ast::StmtReturn { value: Some(value), .. }) => &**value,
            Stmt::Expr(expression) => &*expression.value,
            _ => return,
        };
        let Expr::Call(call) = asked else { return };
        if method(call).is_none_or(|(_, name)| name != "get") {
            return;
        }
        let Some(look) = self.look(asked) else { return };
        for handler in &attempt.handlers {
            let ast::ExceptHandler::ExceptHandler(handler) = handler;
            let catches = matches!(handler.type_.as_deref(), Some(Expr::Attribute(attribute)) if attribute.attr.as_str() == "DoesNotExist");
            if catches {
                self.creation_in(&look, asked, &handler.body);
            }
        }
    }

    /// `row = Model.objects.filter(…).first()`, then `if not row: row = Model.objects.create(…)`.
    pub(super) fn creation_after_first(&mut self, last: &Stmt, next: &Stmt) {
        let (Stmt::Assign(assign), Stmt::If(test)) = (last, next) else { return };
        let ([Expr::Name(name)], Expr::Call(call)) = (assign.targets.as_slice(), &*assign.value) else { return };
        let is_first = method(call).is_some_and(|(_, name)| matches!(name, "first" | "last"));
        if is_first
            && is_none(&test.test, name.id.as_str())
            && let Some(look) = self.look(&assign.value)
        {
            self.creation_in(&look, &assign.value, &test.body);
        }
    }

    /// What a chain that starts at a manager looks for. None where anything in it is not a plain comparison with one value.
    fn look<'e>(&self, asked: &'e Expr) -> Option<Look<'e>> {
        let mut given = Vec::new();
        let mut at = asked;
        while let Expr::Call(call) = at {
            let (receiver, name) = method(call)?;
            match name {
                "filter" | "get" => {
                    if !call.arguments.args.is_empty() {
                        return None;
                    }
                    for keyword in &call.arguments.keywords {
                        let name = keyword.arg.as_ref()?.as_str();
                        let name = name.strip_suffix("__exact").unwrap_or(name);
                        if name.contains("__") {
                            return None;
                        }
                        given.push((name, &keyword.value));
                    }
                }
                "exists" | "first" | "last" | "all" | "order_by" | "select_related" | "only" | "using" => {}
                _ => return None,
            }
            at = receiver;
        }
        let Type::Rows(model) = self.type_of(at)? else { return None };
        let Expr::Attribute(attribute) = at else { return None };
        let fixed = match self.type_of(&attribute.value)? {
            Type::Class(_) => Vec::new(),
            Type::Instance(owner) => {
                let mut reverse = self.lookup.model(owner).reverse.iter();
                let reverse = reverse.find(|reverse| reverse.accessor.as_deref() == Some(attribute.attr.as_str()))?;
                vec![reverse.field.clone()]
            }
            _ => return None,
        };
        let fields = self.lookup.model(model);
        let known = given.iter().all(|(name, _)| *name == "pk" || fields.field(name).is_some());
        (known && !given.is_empty()).then_some(Look { model, fixed, given })
    }

    fn creation_in(&mut self, look: &Look, asked: &Expr, body: &[Stmt]) {
        let mut calls = Calls::default();
        calls.visit_body(body);
        for call in calls.found {
            let model = match method(call) {
                Some((receiver, "create")) => match self.type_of(receiver) {
                    Some(Type::Rows(model)) => model,
                    _ => continue,
                },
                _ => match self.type_of(&call.func) {
                    Some(Type::Class(model)) => model,
                    _ => continue,
                },
            };
            let gives = |name: &str, value: &Expr| {
                call.arguments.keywords.iter().any(|keyword| {
                    keyword.arg.as_deref() == Some(name)
                        && ComparableExpr::from(&keyword.value) == ComparableExpr::from(value)
                })
            };
            if model == look.model && look.given.iter().all(|(name, value)| gives(name, value)) {
                let mut fields = look.fixed.clone();
                fields.extend(look.given.iter().map(|(name, _)| (*name).to_owned()));
                let site = span(self.file, asked.range());
                let created = span(self.file, call.range());
                if let Some(updates) = self.updates.last_mut() {
                    updates.creations.push(Creation { model, fields, site, created });
                }
                return;
            }
        }
    }
}

/// The queryset of which a condition says that it has no row.
fn absent(test: &Expr) -> Option<&Expr> {
    let Expr::UnaryOp(ast::ExprUnaryOp { op: UnaryOp::Not, operand, .. }) = test else { return None };
    let Expr::Call(call) = &**operand else { return None };
    method(call).filter(|(_, name)| *name == "exists").map(|_| &**operand)
}

/// `not name`, `name is None`.
fn is_none(test: &Expr, name: &str) -> bool {
    let is_it = |expr: &Expr| matches!(expr, Expr::Name(known) if known.id.as_str() == name);
    match test {
        Expr::UnaryOp(ast::ExprUnaryOp { op: UnaryOp::Not, operand, .. }) => is_it(operand),
        Expr::Compare(compare) => {
            is_it(&compare.left)
                && *compare.ops == [ast::CmpOp::Is]
                && matches!(&*compare.comparators, [Expr::NoneLiteral(_)])
        }
        _ => false,
    }
}

fn method(call: &ast::ExprCall) -> Option<(&Expr, &str)> {
    match &*call.func {
        Expr::Attribute(attribute) => Some((&attribute.value, attribute.attr.as_str())),
        _ => None,
    }
}

/// Calls of a body, but not of functions made in it.
#[derive(Default)]
struct Calls<'v> {
    found: Vec<&'v ast::ExprCall>,
}

impl<'v> Visitor<'v> for Calls<'v> {
    fn visit_stmt(&mut self, statement: &'v Stmt) {
        if !matches!(statement, Stmt::FunctionDef(_) | Stmt::ClassDef(_)) {
            visitor::walk_stmt(self, statement);
        }
    }

    fn visit_expr(&mut self, expression: &'v Expr) {
        if let Expr::Call(call) = expression {
            self.found.push(call);
        }
        visitor::walk_expr(self, expression);
    }
}
