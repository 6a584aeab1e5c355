//! What leaves the process inside a transaction: tasks, mails, HTTP requests.
//!
//! Only what one function shows: `with transaction.atomic():`, `@transaction.atomic`. What is made there to be called later (functions,
//! lambdas) is not inside.

use pgwright_diagnostics::{FileId, Span};
use pgwright_python::ast::visitor::{self, Visitor};
use pgwright_python::ast::{self, Expr, Stmt};
use pgwright_python::text::Ranged;
use pgwright_python::value::span;

use super::names::Imports;
use super::{Departure, Leaves};

/// What one file says of tasks, and what it sends inside transactions.
#[derive(Debug, Default)]
pub(super) struct Transactions {
    /// With the dotted path of the task, for those.
    departures: Vec<(Departure, String)>,
    tasks: Vec<Task>,
    classes: Vec<Class>,
}

/// A function that is made a task by its decorator.
#[derive(Debug)]
struct Task {
    path: String,
    base: Option<String>,
}

#[derive(Debug)]
struct Class {
    path: String,
    bases: Vec<String>,
    /// It says itself how its tasks are sent.
    sends: bool,
}

pub(super) fn read(file: FileId, module: &str, is_package: bool, suite: &[Stmt]) -> Transactions {
    let imports = Imports::new(module, is_package);
    let mut reader =
        Reader { file, module, imports, inside: None, rounds: 0, statement: None, found: Transactions::default() };
    for statement in suite {
        match statement {
            Stmt::ClassDef(class) => reader.imports.define(class.name.as_str()),
            Stmt::FunctionDef(def) => reader.imports.define(def.name.as_str()),
            _ => {}
        }
    }
    reader.visit_body(suite);
    reader.found
}

/// Departures of all files: tasks that are known, and that no class of the project sends in its own way.
pub(super) fn departures(files: Vec<Transactions>) -> Vec<Departure> {
    let (mut all, mut tasks, mut classes) = (Vec::new(), Vec::new(), Vec::new());
    for file in files {
        all.extend(file.departures);
        tasks.extend(file.tasks);
        classes.extend(file.classes);
    }
    let is_plain = |path: &str| {
        let task = tasks.iter().find(|task: &&Task| task.path == path);
        task.is_some_and(|task| task.base.as_deref().is_none_or(|base| is_sent_at_once(&classes, base, 8)))
    };
    all.retain(|(departure, path)| departure.leaves != Leaves::Task || is_plain(path));
    all.into_iter().map(|(departure, _)| departure).collect()
}

/// Whether tasks of a class go to the broker when they are called: not where it, or what it inherits from, may wait for the commit.
fn is_sent_at_once(classes: &[Class], path: &str, depth: u32) -> bool {
    if path.starts_with("celery.") || path == "object" {
        return !path.contains("django");
    }
    let Some(depth) = depth.checked_sub(1) else { return false };
    let Some(class) = classes.iter().find(|class| class.path == path) else { return false };
    !class.sends && class.bases.iter().all(|base| is_sent_at_once(classes, base, depth))
}

struct Reader<'f> {
    file: FileId,
    module: &'f str,
    imports: Imports,
    /// The transaction around.
    inside: Option<Span>,
    /// Loops around, in this function.
    rounds: u32,
    /// The call that a statement is.
    statement: Option<Span>,
    found: Transactions,
}

impl Visitor<'_> for Reader<'_> {
    fn visit_stmt(&mut self, statement: &Stmt) {
        match statement {
            Stmt::Import(import) => self.imports.import(import),
            Stmt::ImportFrom(import) => self.imports.import_from(import),
            Stmt::FunctionDef(def) => {
                let decorators = def.decorator_list.iter().map(|decorator| &decorator.expression);
                let transaction = decorators.clone().find(|decorator| self.is_atomic(decorator));
                let inside = transaction.map(|decorator| span(self.file, decorator.range()));
                for decorator in decorators {
                    self.task(def, decorator);
                }
                let outer = (std::mem::replace(&mut self.inside, inside), std::mem::take(&mut self.rounds));
                self.visit_body(&def.body);
                (self.inside, self.rounds) = outer;
            }
            Stmt::ClassDef(class) => {
                let bases = class.bases().iter().filter_map(|base| self.imports.path(base)).collect();
                let sends = class.body.iter().any(|statement| {
                    matches!(statement, Stmt::FunctionDef(def) if matches!(def.name.as_str(), "apply_async" | "delay"))
                });
                let path = format!("{}.{}", self.module, class.name);
                self.found.classes.push(Class { path, bases, sends });
                visitor::walk_stmt(self, statement);
            }
            Stmt::With(with) => {
                with.items.iter().for_each(|item| self.visit_expr(&item.context_expr));
                let transaction = with.items.iter().find(|item| self.is_atomic(&item.context_expr));
                let outer = self.inside;
                if let Some(item) = transaction {
                    self.inside = Some(span(self.file, item.context_expr.range()));
                }
                self.visit_body(&with.body);
                self.inside = outer;
            }
            Stmt::For(_) | Stmt::While(_) => {
                self.rounds += 1;
                visitor::walk_stmt(self, statement);
                self.rounds -= 1;
            }
            Stmt::Expr(expression) => {
                self.statement = Some(span(self.file, expression.value.range()));
                visitor::walk_stmt(self, statement);
                self.statement = None;
            }
            _ => visitor::walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, expression: &Expr) {
        match expression {
            Expr::Lambda(_) => return,
            Expr::Call(call) => self.departure(call),
            _ => {}
        }
        visitor::walk_expr(self, expression);
    }
}

impl Reader<'_> {
    /// `transaction.atomic`, `transaction.atomic()`.
    fn is_atomic(&self, expression: &Expr) -> bool {
        self.imports.path(expression).is_some_and(|path| path == "django.db.transaction.atomic")
    }

    fn task(&mut self, def: &ast::StmtFunctionDef, decorator: &Expr) {
        let Some(made_by) = self.imports.path(decorator) else { return };
        if !matches!(made_by.rsplit('.').next(), Some("task" | "shared_task")) {
            return;
        }
        let base = match decorator {
            Expr::Call(call) => call.arguments.keywords.iter().find(|keyword| keyword.arg.as_deref() == Some("base")),
            _ => None,
        };
        let base = base.map(|keyword| self.imports.path(&keyword.value).unwrap_or_default());
        self.found.tasks.push(Task { path: format!("{}.{}", self.module, def.name), base });
    }

    fn departure(&mut self, call: &ast::ExprCall) {
        let Some(transaction) = self.inside else { return };
        let Some(path) = self.imports.path(&call.func) else { return };
        let (leaves, task) = match path.rsplit_once('.') {
            Some((task, "delay" | "apply_async")) => (Leaves::Task, task.to_owned()),
            Some(("django.core.mail", "send_mail" | "send_mass_mail" | "mail_admins" | "mail_managers")) => {
                (Leaves::Mail, String::new())
            }
            Some(("requests" | "httpx", "get" | "post" | "put" | "patch" | "delete" | "request" | "head"))
            | Some(("urllib.request", "urlopen")) => (Leaves::Request, String::new()),
            _ => return,
        };
        let site = span(self.file, call.range());
        let is_statement = self.statement == Some(site) && self.rounds == 0;
        self.found.departures.push((Departure { leaves, site, transaction, is_statement }, task));
    }
}
