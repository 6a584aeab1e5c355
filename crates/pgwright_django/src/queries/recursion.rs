//! Functions that call themselves in a loop, as those that walk a tree do: what one sends is sent once per round of that loop, by all of
//! its calls but the outermost. Execution follows recursion no further than its second call, and often not that far; the shape of the
//! code says it too.

use pgwright_python::ast::visitor::{self, Visitor};
use pgwright_python::ast::{Comprehension, Expr, Stmt, StmtFunctionDef};
use pgwright_python::text::{Ranged, TextRange};

/// A function that calls itself once per item of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Recursion {
    pub(super) function: TextRange,
    /// What the loop goes over.
    pub(super) over: TextRange,
}

/// Those of one file, in the order of the code.
pub(super) fn recursions(suite: &[Stmt]) -> Vec<Recursion> {
    let mut functions = Functions::default();
    functions.visit_body(suite);
    functions.found
}

#[derive(Default)]
struct Functions {
    found: Vec<Recursion>,
}

impl<'v> Visitor<'v> for Functions {
    fn visit_stmt(&mut self, statement: &'v Stmt) {
        if let Stmt::FunctionDef(def) = statement {
            let mut calls = Calls { def, around: Vec::new(), found: None };
            calls.visit_body(&def.body);
            self.found.extend(calls.found.map(|over| Recursion { function: def.range(), over }));
        }
        visitor::walk_stmt(self, statement);
    }
}

/// Looks for a function's calls of itself.
struct Calls<'v> {
    def: &'v StmtFunctionDef,
    /// What the loops around go over, outermost first.
    around: Vec<TextRange>,
    found: Option<TextRange>,
}

impl<'v> Calls<'v> {
    fn is_itself(&self, called: &Expr) -> bool {
        let name = self.def.name.as_str();
        match called {
            Expr::Name(called) => called.id.as_str() == name,
            Expr::Attribute(called) => {
                let of = self.def.parameters.args.first().map(|first| first.parameter.name.as_str());
                let is_own = matches!(&*called.value, Expr::Name(object) if of == Some(object.id.as_str()));
                is_own && called.attr.as_str() == name
            }
            _ => false,
        }
    }

    fn each(&mut self, generators: &'v [Comprehension], elements: &[&'v Expr]) {
        let depth = self.around.len();
        for generator in generators {
            self.visit_expr(&generator.iter);
            self.around.push(generator.iter.range());
            generator.ifs.iter().for_each(|test| self.visit_expr(test));
        }
        elements.iter().for_each(|element| self.visit_expr(element));
        self.around.truncate(depth);
    }
}

impl<'v> Visitor<'v> for Calls<'v> {
    fn visit_stmt(&mut self, statement: &'v Stmt) {
        match statement {
            Stmt::For(each) => {
                self.visit_expr(&each.iter);
                self.around.push(each.iter.range());
                self.visit_body(&each.body);
                self.around.pop();
                self.visit_body(&each.orelse);
            }
            // What is defined here is not called here.
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
            _ => visitor::walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, expression: &'v Expr) {
        match expression {
            Expr::ListComp(list) => return self.each(&list.generators, &[&list.elt]),
            Expr::SetComp(set) => return self.each(&set.generators, &[&set.elt]),
            Expr::Generator(generator) => return self.each(&generator.generators, &[&generator.elt]),
            Expr::DictComp(dict) => {
                let elements: Vec<&Expr> = dict.key.iter().chain([&dict.value]).map(|element| &**element).collect();
                return self.each(&dict.generators, &elements);
            }
            Expr::Call(call) if self.is_itself(&call.func) => self.found = self.found.or(self.around.last().copied()),
            _ => {}
        }
        visitor::walk_expr(self, expression);
    }
}

#[cfg(test)]
mod tests {
    use super::recursions;

    #[track_caller]
    fn check(code: &str, expected: &[&str]) {
        let parsed = pgwright_python::parse(code);
        let found: Vec<&str> = recursions(&parsed.suite).iter().map(|found| &code[found.over]).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn loops_in_which_a_function_calls_itself() {
        check("def walk(node):\n    for child in node.children():\n        walk(child)\n", &["node.children()"]);
        check("def walk(node):\n    return [walk(child) for child in node]\n", &["node"]);
        check(
            "class A:\n    def walk(self, node):\n        for child in node:\n            self.walk(child)\n",
            &["node"],
        );
    }

    #[test]
    fn other_calls() {
        check("def walk(node):\n    walk(node.next)\n", &[]);
        check("class A:\n    def save(self):\n        for child in self.all():\n            child.save()\n", &[]);
        check("def walk(node):\n    for child in node:\n        def walk():\n            walk()\n", &[]);
    }
}
