//! Iterables that Python makes one value of: `sum(line.price for line in lines)`, `len(orders)`, a loop that adds up.

use pgwright_diagnostics::FileId;
use pgwright_python::ast::visitor::{self, Visitor};
use pgwright_python::ast::{self, Expr, Operator, Stmt};
use pgwright_python::text::{Ranged, TextRange};
use pgwright_python::value::span;

use super::{Reduced, Reduction};

/// Those of one file, in the order of the code.
pub(super) fn read(file: FileId, suite: &[Stmt]) -> Vec<Reduction> {
    let mut reader = Reader { file, around: vec![suite], found: Vec::new() };
    reader.visit_body(suite);
    reader.found
}

struct Reader<'v> {
    file: FileId,
    /// Bodies of the module and of the functions under way.
    around: Vec<&'v [Stmt]>,
    found: Vec<Reduction>,
}

impl<'v> Visitor<'v> for Reader<'v> {
    fn visit_stmt(&mut self, statement: &'v Stmt) {
        match statement {
            Stmt::FunctionDef(def) => {
                self.around.push(&def.body);
                visitor::walk_stmt(self, statement);
                self.around.pop();
            }
            Stmt::For(each) => {
                if let Some((what, attribute)) = added_up(each) {
                    self.note(what, attribute, &each.iter, each.iter.range(), each.range());
                }
                visitor::walk_stmt(self, statement);
            }
            Stmt::If(test) => {
                self.condition(&test.test);
                test.elif_else_clauses
                    .iter()
                    .filter_map(|clause| clause.test.as_ref())
                    .for_each(|test| self.condition(test));
                visitor::walk_stmt(self, statement);
            }
            _ => visitor::walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, expression: &'v Expr) {
        if let Expr::Call(call) = expression
            && let Some((what, attribute, over)) = reduced(call)
        {
            let is_argument = call.arguments.args.first().is_some_and(|argument| argument.range() == over.range());
            let asked = if what == Reduced::Length && is_argument { call.range() } else { over.range() };
            self.note(what, attribute, over, asked, call.range());
        }
        match expression {
            Expr::If(choice) => self.condition(&choice.test),
            Expr::Compare(compare) => {
                if let Some((what, count)) = compared_with_nought(compare) {
                    self.note(what, None, count, count.range(), compare.range());
                }
            }
            _ => {}
        }
        visitor::walk_expr(self, expression);
    }
}

impl Reader<'_> {
    /// `if rows.count():`
    fn condition(&mut self, test: &Expr) {
        match test {
            Expr::BoolOp(operation) => operation.values.iter().for_each(|value| self.condition(value)),
            Expr::UnaryOp(operation) => self.condition(&operation.operand),
            Expr::Call(_) if is_count(test) => self.note(Reduced::Existence, None, test, test.range(), test.range()),
            _ => {}
        }
    }

    fn note(&mut self, what: Reduced, attribute: Option<String>, over: &Expr, asked: TextRange, range: TextRange) {
        // Rows that are kept may be wanted for something else as well.
        let is_kept = match over {
            Expr::Name(name) => self.around.last().is_some_and(|body| loads(body, name.id.as_str()) > 1),
            Expr::Attribute(_) | Expr::Subscript(_) => true,
            _ => false,
        };
        if is_kept {
            return;
        }
        let [over, asked, site] = [over.range(), asked, range].map(|range| span(self.file, range));
        self.found.push(Reduction { what, attribute, over, asked, site });
    }
}

/// `sum(row.x for row in rows)`, `max(rows, key=…)`, `len(rows)`: what is made, of which attribute, and the iterable.
fn reduced(call: &ast::ExprCall) -> Option<(Reduced, Option<String>, &Expr)> {
    let Expr::Name(function) = &*call.func else { return None };
    let what = match function.id.as_str() {
        "sum" => Reduced::Sum,
        "max" => Reduced::Greatest,
        "min" => Reduced::Least,
        "len" => Reduced::Length,
        _ => return None,
    };
    let [over] = &*call.arguments.args else { return None };
    let key = call.arguments.keywords.iter().find(|keyword| keyword.arg.as_deref() == Some("key"));
    let (element, generators) = match over {
        Expr::Generator(generator) => (&generator.elt, &generator.generators),
        Expr::ListComp(list) => (&list.elt, &list.generators),
        _ => {
            let attribute = match key.map(|key| &key.value) {
                Some(Expr::Lambda(lambda)) => {
                    let [parameter] = &*lambda.parameters.as_ref()?.args else { return None };
                    Some(attribute_of(&lambda.body, parameter.parameter.name.as_str())?)
                }
                Some(_) => return None,
                None => None,
            };
            return Some((what, attribute, over));
        }
    };
    let [generator] = generators.as_slice() else { return None };
    let Expr::Name(row) = &generator.target else { return None };
    if key.is_some() || generator.is_async || !generator.ifs.iter().all(|test| is_plain(test, row.id.as_str())) {
        return None;
    }
    match what {
        Reduced::Length => Some((what, None, &generator.iter)),
        _ => Some((what, Some(attribute_of(element, row.id.as_str())?), &generator.iter)),
    }
}

/// `for row in rows: total += row.x`, with nothing else in the loop.
fn added_up(each: &ast::StmtFor) -> Option<(Reduced, Option<String>)> {
    let Expr::Name(row) = &*each.target else { return None };
    let row = row.id.as_str();
    let mut body = each.body.as_slice();
    if let [Stmt::If(test)] = body
        && test.elif_else_clauses.is_empty()
        && is_plain(&test.test, row)
    {
        body = &test.body;
    }
    let [Stmt::AugAssign(assign)] = body else { return None };
    if assign.op != Operator::Add || each.is_async || !matches!(&*assign.target, Expr::Name(_)) {
        return None;
    }
    match &*assign.value {
        Expr::NumberLiteral(_) => Some((Reduced::Length, None)),
        value => Some((Reduced::Sum, Some(attribute_of(value, row)?))),
    }
}

/// `rows.count()`: counting in a list or text takes an argument.
fn is_count(expression: &Expr) -> bool {
    let Expr::Call(call) = expression else { return false };
    let is_method = matches!(&*call.func, Expr::Attribute(attribute) if attribute.attr.as_str() == "count");
    is_method && call.arguments.is_empty()
}

/// `rows.count() > 0` and what means the same, or the opposite.
fn compared_with_nought(compare: &ast::ExprCompare) -> Option<(Reduced, &Expr)> {
    let ([operator], [right]) = (&*compare.ops, &*compare.comparators) else { return None };
    let Expr::NumberLiteral(ast::ExprNumberLiteral { value: ast::Number::Int(number), .. }) = right else {
        return None;
    };
    let what = match (operator, number.as_u8()?) {
        (ast::CmpOp::Gt | ast::CmpOp::NotEq, 0) | (ast::CmpOp::GtE, 1) => Reduced::Existence,
        (ast::CmpOp::Eq | ast::CmpOp::LtE, 0) | (ast::CmpOp::Lt, 1) => Reduced::Absence,
        _ => return None,
    };
    is_count(&compare.left).then_some((what, &*compare.left))
}

/// The name of `row.NAME`.
fn attribute_of(expression: &Expr, row: &str) -> Option<String> {
    match expression {
        Expr::Attribute(attribute) => match &*attribute.value {
            Expr::Name(name) if name.id.as_str() == row => Some(attribute.attr.to_string()),
            _ => None,
        },
        _ => None,
    }
}

/// A condition that a `WHERE` can say: the row's own attributes, compared with what does not depend on it.
fn is_plain(test: &Expr, row: &str) -> bool {
    let operand = |side: &Expr| attribute_of(side, row).is_some() || !mentions(side, row);
    match test {
        Expr::Compare(compare) => operand(&compare.left) && compare.comparators.iter().all(operand),
        Expr::BoolOp(operation) => operation.values.iter().all(|value| is_plain(value, row)),
        Expr::UnaryOp(operation) => is_plain(&operation.operand, row),
        other => operand(other),
    }
}

/// Counts how often a name is read.
struct Loads<'n> {
    name: &'n str,
    count: usize,
}

impl<'v> Visitor<'v> for Loads<'_> {
    fn visit_expr(&mut self, expression: &'v Expr) {
        if let Expr::Name(name) = expression
            && name.id.as_str() == self.name
            && name.ctx.is_load()
        {
            self.count += 1;
        }
        visitor::walk_expr(self, expression);
    }
}

fn loads(body: &[Stmt], name: &str) -> usize {
    let mut loads = Loads { name, count: 0 };
    loads.visit_body(body);
    loads.count
}

fn mentions(expression: &Expr, name: &str) -> bool {
    let mut loads = Loads { name, count: 0 };
    loads.visit_expr(expression);
    loads.count > 0
}
