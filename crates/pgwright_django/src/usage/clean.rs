//! What a model's `clean()` refuses by comparing fields or looking for a duplicate.
//!
//! Only what a constraint says exactly is kept: a refusal that also depends on something else is left out.

use pgwright_python::ast::visitor::{Visitor, walk_stmt};
use pgwright_python::ast::{self, BoolOp, CmpOp, Expr, Stmt, UnaryOp};
use pgwright_python::text::Ranged;
use pgwright_python::value::span;

use super::types::Type;
use super::walk::Walk;
use super::{Comparison, Refusal, Refused};
use crate::model::Field;

impl<'m> Walk<'_, 'm> {
    /// Reads the body of `clean()`; `self` is bound already.
    pub(super) fn clean_method(&mut self, body: &[Stmt]) {
        let Some(class) = self.classes.last().filter(|class| class.model.is_some()) else { return };
        let path = class.path.clone();
        self.refusals_in(&path, body, &[]);
    }

    fn refusals_in(&mut self, path: &str, body: &[Stmt], guards: &[&'m Field]) {
        for statement in body {
            // `start = self.start` is followed.
            if let Stmt::Assign(_) | Stmt::Import(_) | Stmt::ImportFrom(_) = statement {
                self.visit_stmt(statement);
            }
            let Stmt::If(choice) = statement else {
                if matches!(statement, Stmt::Return(_)) {
                    return;
                }
                continue;
            };
            self.branch(path, &choice.test, &choice.body, guards);
            let mut earlier_raise = raises(&choice.body);
            for clause in &choice.elif_else_clauses {
                if let (true, Some(test)) = (earlier_raise, &clause.test) {
                    self.branch(path, test, &clause.body, guards);
                }
                earlier_raise = earlier_raise && raises(&clause.body);
            }
            // What follows an early return is not asked of every row.
            if leaves(statement) {
                return;
            }
        }
    }

    fn branch(&mut self, path: &str, test: &Expr, body: &[Stmt], guards: &[&'m Field]) {
        if raises(body) {
            for part in alternatives(test) {
                if let Some(refused) = self.refused(part, guards) {
                    let site = span(self.file, part.range());
                    self.found.refusals.push(Refusal { declared_in: path.to_owned(), refused, site });
                }
            }
        } else if let Some(mut inner) = self.guards(test) {
            inner.extend(guards);
            self.refusals_in(path, body, &inner);
        }
    }

    fn refused(&self, test: &Expr, outer: &[&'m Field]) -> Option<Refused> {
        if let Some(fields) = self.duplicate(test) {
            return outer.is_empty().then_some(Refused::Duplicate { fields });
        }
        let parts = conjunction(test);
        let mut compared = None;
        let mut guarded: Vec<&Field> = outer.to_vec();
        for part in parts {
            match self.comparison(part) {
                Some(found) if compared.is_none() => compared = Some(found),
                Some(_) => return None,
                None => guarded.extend(self.guards(part)?),
            }
        }
        let (left, operator, right) = compared?;
        // A guard that the comparison does not imply narrows what is refused.
        let is_implied = |field: &&Field| field.name == left.name || field.name == right.name;
        let are_columns = left.column.is_some() && right.column.is_some() && left.name != right.name;
        (are_columns && guarded.iter().all(is_implied)).then(|| Refused::Comparison {
            left: left.name.clone(),
            operator,
            right: right.name.clone(),
        })
    }

    fn comparison(&self, test: &Expr) -> Option<(&'m Field, Comparison, &'m Field)> {
        if let Expr::UnaryOp(negation) = test
            && negation.op == UnaryOp::Not
        {
            let (left, operator, right) = self.comparison(&negation.operand)?;
            return Some((left, operator.negated(), right));
        }
        let Expr::Compare(compare) = test else { return None };
        let ([operator], [right]) = (&*compare.ops, &*compare.comparators) else { return None };
        let operator = match operator {
            CmpOp::Lt => Comparison::Less,
            CmpOp::LtE => Comparison::LessOrEqual,
            CmpOp::Gt => Comparison::Greater,
            CmpOp::GtE => Comparison::GreaterOrEqual,
            _ => return None,
        };
        Some((self.own_field(&compare.left)?, operator, self.own_field(right)?))
    }

    /// The field of `self` that an expression is, itself and not something made of it.
    fn own_field(&self, expr: &Expr) -> Option<&'m Field> {
        let is_plain = match expr {
            Expr::Name(_) => true,
            Expr::Attribute(attribute) => is_self(&attribute.value),
            _ => false,
        };
        match self.type_of(expr)? {
            Type::Value(value) if is_plain && Some(value.model) == self.classes.last()?.model => Some(value.field),
            _ => None,
        }
    }

    /// Fields that a test requires to be set, when it requires nothing else. Zero is false too, so truth alone is no
    /// guard for numbers.
    fn guards(&self, test: &Expr) -> Option<Vec<&'m Field>> {
        let mut fields = Vec::new();
        for part in conjunction(test) {
            match part {
                Expr::Compare(compare) => {
                    let ([CmpOp::IsNot], [Expr::NoneLiteral(_)]) = (&*compare.ops, &*compare.comparators) else {
                        return None;
                    };
                    fields.push(self.own_field(&compare.left)?);
                }
                _ => {
                    let field = self.own_field(part)?;
                    let is_never_false =
                        matches!(field.internal_type.as_str(), "DateField" | "DateTimeField" | "TimeField");
                    fields.push(is_never_false.then_some(field)?);
                }
            }
        }
        Some(fields)
    }

    /// `Model.objects.filter(a=self.a, b=self.b).exclude(pk=self.pk).exists()`
    fn duplicate(&self, test: &Expr) -> Option<Vec<String>> {
        let (exists, called) = method(test)?;
        if called.attr.as_str() != "exists" || !exists.arguments.is_empty() {
            return None;
        }
        let mut fields = None;
        let mut leaves_itself_out = false;
        let mut expr: &Expr = &called.value;
        while let Some((call, attribute)) = method(expr) {
            match attribute.attr.as_str() {
                "exclude" => {
                    let [keyword] = &*call.arguments.keywords else { return None };
                    let is_key = keyword.arg.as_ref().is_some_and(|name| matches!(name.as_str(), "pk" | "id"));
                    if !is_key || !call.arguments.args.is_empty() {
                        return None;
                    }
                    leaves_itself_out = true;
                }
                "filter" if fields.is_none() && call.arguments.args.is_empty() => {
                    let names = call.arguments.keywords.iter().map(|keyword| {
                        let Expr::Attribute(value) = &keyword.value else { return None };
                        let name = keyword
                            .arg
                            .as_ref()
                            .filter(|name| is_self(&value.value) && name.as_str() == value.attr.as_str())?;
                        let model = self.lookup.model(self.classes.last()?.model?);
                        model.field(name.as_str()).filter(|field| field.local).map(|field| field.name.clone())
                    });
                    fields = Some(names.collect::<Option<Vec<String>>>()?);
                }
                "all" => {}
                _ => return None,
            }
            expr = &attribute.value;
        }
        let is_same_model = match self.type_of(expr)? {
            Type::Rows(model) => Some(model) == self.classes.last()?.model,
            _ => false,
        };
        fields.filter(|fields| leaves_itself_out && is_same_model && !fields.is_empty())
    }
}

fn method(expr: &Expr) -> Option<(&ast::ExprCall, &ast::ExprAttribute)> {
    let Expr::Call(call) = expr else { return None };
    let Expr::Attribute(attribute) = &*call.func else { return None };
    Some((call, attribute))
}

fn is_self(expr: &Expr) -> bool {
    matches!(expr, Expr::Name(name) if name.id.as_str() == "self")
}

fn conjunction(test: &Expr) -> Vec<&Expr> {
    match test {
        Expr::BoolOp(operation) if operation.op == BoolOp::And => {
            operation.values.iter().flat_map(conjunction).collect()
        }
        _ => vec![test],
    }
}

fn alternatives(test: &Expr) -> Vec<&Expr> {
    match test {
        Expr::BoolOp(operation) if operation.op == BoolOp::Or => {
            operation.values.iter().flat_map(alternatives).collect()
        }
        _ => vec![test],
    }
}

/// Whether a block raises `ValidationError` whatever happens in it.
fn raises(body: &[Stmt]) -> bool {
    body.iter().any(|statement| {
        let Stmt::Raise(raise) = statement else { return false };
        let Some(Expr::Call(call)) = raise.exc.as_deref() else { return false };
        match &*call.func {
            Expr::Name(name) => name.id.as_str() == "ValidationError",
            Expr::Attribute(attribute) => attribute.attr.as_str() == "ValidationError",
            _ => false,
        }
    })
}

fn leaves(statement: &Stmt) -> bool {
    struct Returns(bool);
    impl Visitor<'_> for Returns {
        fn visit_stmt(&mut self, statement: &Stmt) {
            self.0 |= matches!(statement, Stmt::Return(_));
            walk_stmt(self, statement);
        }
    }
    let mut returns = Returns(false);
    returns.visit_stmt(statement);
    returns.0
}
