//! Attributes that hold an expression of the database after they were saved, and are used as if they held its value.

use pgwright_diagnostics::FileId;
use pgwright_python::ast::visitor::{self, Visitor};
use pgwright_python::ast::{self, Expr, Stmt};
use pgwright_python::text::Ranged;
use pgwright_python::value::span;

use super::{Misuse, Stale};

/// Those of one file, in the order of the code.
pub(super) fn read(file: FileId, suite: &[Stmt]) -> Vec<Stale> {
    let mut reader = Reader { file, held: Vec::new(), found: Vec::new() };
    reader.visit_body(suite);
    reader.found
}

/// `object.field = F(…)`, in the block under way or one around.
#[derive(Debug, Clone)]
struct Held<'v> {
    object: String,
    field: &'v str,
    assigned: &'v Expr,
    saved: bool,
    told: bool,
}

struct Reader<'v> {
    file: FileId,
    held: Vec<Held<'v>>,
    found: Vec<Stale>,
}

impl<'v> Reader<'v> {
    fn forget(&mut self, object: &str) {
        self.held.retain(|held| held.object != object && !held.object.starts_with(&format!("{object}.")));
    }

    fn tell(&mut self, at: usize, place: &Expr, misuse: Misuse) {
        let Some(held) = self.held.get_mut(at).filter(|held| !held.told) else { return };
        held.told = true;
        let [site, assigned] = [place.range(), held.assigned.range()].map(|range| span(self.file, range));
        let (object, field) = (held.object.clone(), held.field.to_owned());
        self.found.push(Stale { object, field, assigned, site, misuse });
    }

    fn saved(&mut self, call: &'v ast::ExprCall, object: &str) {
        let fields = call.arguments.keywords.iter().find(|keyword| keyword.arg.as_deref() == Some("update_fields"));
        for at in 0..self.held.len() {
            let held = &self.held[at];
            let writes = held.object == object && fields.is_none_or(|fields| names(&fields.value, held.field));
            match (writes, held.saved) {
                (true, false) => self.held[at].saved = true,
                (true, true) => self.tell(at, &call.func, Misuse::SavedAgain),
                (false, _) => {}
            }
        }
    }
}

impl<'v> Visitor<'v> for Reader<'v> {
    /// What is assigned in a block is not known after it, which may not have run.
    fn visit_body(&mut self, body: &'v [Stmt]) {
        let before = self.held.len();
        body.iter().for_each(|statement| self.visit_stmt(statement));
        self.held.truncate(before);
    }

    fn visit_stmt(&mut self, statement: &'v Stmt) {
        match statement {
            Stmt::FunctionDef(def) => {
                let outer = std::mem::take(&mut self.held);
                self.visit_body(&def.body);
                self.held = outer;
            }
            Stmt::Assign(assign) => {
                self.visit_expr(&assign.value);
                for target in &assign.targets {
                    match target {
                        Expr::Attribute(attribute) => {
                            let Some(object) = dotted(&attribute.value) else { continue };
                            let field = attribute.attr.as_str();
                            self.held.retain(|held| held.object != object || held.field != field);
                            if makes_f(&assign.value) {
                                let assigned = &*assign.value;
                                self.held.push(Held { object, field, assigned, saved: false, told: false });
                            }
                        }
                        other => {
                            if let Some(name) = dotted(other) {
                                self.forget(&name);
                            }
                        }
                    }
                }
            }
            Stmt::For(each) => {
                self.visit_expr(&each.iter);
                if let Some(name) = dotted(&each.target) {
                    self.forget(&name);
                }
                self.visit_body(&each.body);
                self.visit_body(&each.orelse);
            }
            _ => visitor::walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, expression: &'v Expr) {
        match expression {
            Expr::Lambda(_) => return,
            Expr::Call(call) => {
                if let Expr::Attribute(attribute) = &*call.func
                    && let Some(object) = dotted(&attribute.value)
                {
                    call.arguments.args.iter().for_each(|argument| self.visit_expr(argument));
                    call.arguments.keywords.iter().for_each(|keyword| self.visit_expr(&keyword.value));
                    match attribute.attr.as_str() {
                        "save" | "asave" => self.saved(call, &object),
                        "refresh_from_db" | "arefresh_from_db" => self.forget(&object),
                        _ => self.visit_expr(&attribute.value),
                    }
                    return;
                }
            }
            Expr::Attribute(attribute) if attribute.ctx.is_load() => {
                if let Some(object) = dotted(&attribute.value) {
                    let field = attribute.attr.as_str();
                    let at =
                        self.held.iter().position(|held| held.saved && held.object == object && held.field == field);
                    if let Some(at) = at {
                        self.tell(at, expression, Misuse::Read);
                    }
                }
            }
            _ => {}
        }
        visitor::walk_expr(self, expression);
    }
}

/// Whether a list of names may hold one.
fn names(list: &Expr, name: &str) -> bool {
    let entries = match list {
        Expr::List(list) => &list.elts,
        Expr::Tuple(tuple) => &tuple.elts,
        Expr::Set(set) => &set.elts,
        _ => return false,
    };
    entries.iter().any(|entry| matches!(entry, Expr::StringLiteral(text) if text.value.to_str() == name))
}

/// `F("field")`, alone or with an operator.
fn makes_f(value: &Expr) -> bool {
    match value {
        Expr::Call(call) => dotted(&call.func).is_some_and(|path| path == "F" || path.ends_with("models.F")),
        Expr::BinOp(operation) => makes_f(&operation.left) || makes_f(&operation.right),
        _ => false,
    }
}

/// `a.b.c`, of names alone.
fn dotted(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Name(name) => Some(name.id.to_string()),
        Expr::Attribute(attribute) => Some(format!("{}.{}", dotted(&attribute.value)?, attribute.attr)),
        _ => None,
    }
}
