//! One pass over a file: what local variables hold, in the order of the statements.
//!
//! Branches are not joined: the last assignment read wins. A name bound to something unknown is forgotten.

use pgwright_diagnostics::{FileId, Span};
use pgwright_python::ast::visitor::{Visitor, walk_expr, walk_stmt};
use pgwright_python::ast::{self, Expr, Stmt};
use pgwright_python::text::{Ranged, TextRange};
use rustc_hash::FxHashMap;

use super::names::{Imports, Lookup};
use super::types::Type;
use super::updates::Updates;
use super::{Change, Creation, HiddenJoin, Paged, Refusal, RowSave, Serializer, SerializerHeir, Use};
use crate::model::ModelId;

/// What one file gave.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) uses: Vec<Use>,
    pub(super) refusals: Vec<Refusal>,
    pub(super) serializers: Vec<Serializer>,
    pub(super) serializer_heirs: Vec<SerializerHeir>,
    pub(super) changes: Vec<Change>,
    pub(super) creations: Vec<Creation>,
    pub(super) paged: Vec<Paged>,
    pub(super) saves: Vec<RowSave>,
    pub(super) hidden_joins: Vec<HiddenJoin>,
    /// Paths of serializer classes that take input, with the place.
    pub(super) written: Vec<(String, Span)>,
}

pub(super) struct Walk<'l, 'm> {
    pub(super) lookup: &'l Lookup<'m>,
    pub(super) file: FileId,
    pub(super) imports: Imports,
    pub(super) module: String,
    pub(super) classes: Vec<ClassFrame>,
    /// Innermost last; `None` is a name that is bound to something unknown.
    scopes: Vec<FxHashMap<String, Option<Type<'m>>>>,
    /// Of the functions around, innermost last.
    pub(super) updates: Vec<Updates>,
    /// Calls of `distinct()` whose rows become others.
    pub(super) reshaped: Vec<TextRange>,
    pub(super) found: Found,
}

#[derive(Debug)]
pub(super) struct ClassFrame {
    pub(super) path: String,
    /// The class as a model, or the first model that derives from it.
    pub(super) model: Option<ModelId>,
    /// `model = X` or `queryset = X.objects…` of a view.
    pub(super) view_model: Option<ModelId>,
}

pub(super) fn walk(lookup: &Lookup<'_>, file: FileId, module: &str, is_package: bool, suite: &[Stmt]) -> Found {
    let mut walk = Walk {
        lookup,
        file,
        imports: Imports::new(module, is_package),
        module: module.to_owned(),
        classes: Vec::new(),
        scopes: vec![FxHashMap::default()],
        updates: Vec::new(),
        reshaped: Vec::new(),
        found: Found::default(),
    };
    for statement in suite {
        if let Stmt::ClassDef(class) = statement {
            walk.imports.define(class.name.as_str());
        }
    }
    walk.visit_body(suite);
    walk.found
}

impl<'m> Walk<'_, 'm> {
    /// What a local name holds, if it is bound in a function around.
    pub(super) fn local(&self, name: &str) -> Option<&Option<Type<'m>>> {
        self.scopes.iter().rev().find_map(|scope| scope.get(name))
    }

    fn bind(&mut self, name: &str, what: Option<Type<'m>>) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(name.to_owned(), what);
        }
    }

    fn bind_target(&mut self, target: &Expr, what: Option<Type<'m>>) {
        match target {
            Expr::Name(name) => self.bind(name.id.as_str(), what),
            Expr::Tuple(tuple) => {
                let first = match what {
                    Some(Type::Pair(model)) => Some(Type::Instance(model)),
                    _ => None,
                };
                for (index, element) in tuple.elts.iter().enumerate() {
                    self.bind_target(element, if index == 0 { first.clone() } else { None });
                }
            }
            Expr::List(list) => list.elts.iter().for_each(|element| self.bind_target(element, None)),
            Expr::Starred(starred) => self.bind_target(&starred.value, None),
            _ => {}
        }
    }

    fn element_of(&self, iterable: &Expr) -> Option<Type<'m>> {
        match self.type_of(iterable)? {
            Type::Rows(model) => Some(Type::Instance(model)),
            _ => None,
        }
    }

    fn function(&mut self, function: &ast::StmtFunctionDef) {
        let mut scope = FxHashMap::default();
        for (index, parameter) in function.parameters.iter_non_variadic_params().enumerate() {
            let name = parameter.name().as_str();
            let mut what = parameter.parameter.annotation.as_deref().and_then(|annotation| self.annotated(annotation));
            if index == 0 && matches!(name, "self" | "cls") {
                let model = self.classes.last().and_then(|class| class.model);
                what = match name {
                    "self" => model.map(Type::Instance),
                    _ => model.map(Type::Class),
                };
            }
            scope.insert(name.to_owned(), what);
        }
        self.scopes.push(scope);
        self.updates.push(Updates::default());
        self.note_own_row(function);
        if function.name.as_str() == "clean" && self.scopes.len() == 2 {
            self.clean_method(&function.body);
        }
        self.visit_body(&function.body);
        self.end_updates();
        self.scopes.pop();
    }

    fn class(&mut self, class: &ast::StmtClassDef) {
        let path = match self.classes.last() {
            Some(outer) => format!("{}.{}", outer.path, class.name),
            None => format!("{}.{}", self.module, class.name),
        };
        let model = self.lookup.model_of_class(&path);
        let view_model = class.body.iter().find_map(|statement| self.view_model(statement));
        self.serializer(&path, class);
        self.paged_view(class);
        self.classes.push(ClassFrame { path, model, view_model });
        let outer = std::mem::replace(&mut self.scopes, vec![FxHashMap::default()]);
        self.visit_body(&class.body);
        self.scopes = outer;
        self.classes.pop();
    }

    fn view_model(&self, statement: &Stmt) -> Option<ModelId> {
        let Stmt::Assign(assign) = statement else { return None };
        let [Expr::Name(name)] = assign.targets.as_slice() else { return None };
        match (name.id.as_str(), self.type_of(&assign.value)?) {
            ("model", Type::Class(model)) | ("queryset", Type::Rows(model)) => Some(model),
            _ => None,
        }
    }

    fn comprehension(&mut self, generators: &[ast::Comprehension], elements: &[&Expr]) {
        self.scopes.push(FxHashMap::default());
        for generator in generators {
            self.visit_expr(&generator.iter);
            let element = self.element_of(&generator.iter);
            self.bind_target(&generator.target, element);
            generator.ifs.iter().for_each(|test| self.visit_expr(test));
        }
        elements.iter().for_each(|element| self.visit_expr(element));
        self.scopes.pop();
    }
}

impl Visitor<'_> for Walk<'_, '_> {
    fn visit_stmt(&mut self, statement: &Stmt) {
        match statement {
            Stmt::Import(import) => self.imports.import(import),
            Stmt::ImportFrom(import) => self.imports.import_from(import),
            Stmt::FunctionDef(function) => {
                function.decorator_list.iter().for_each(|decorator| self.visit_expr(&decorator.expression));
                self.function(function);
            }
            Stmt::ClassDef(class) => self.class(class),
            Stmt::Assign(assign) => {
                self.visit_expr(&assign.value);
                let what = self.type_of(&assign.value);
                for target in &assign.targets {
                    self.record_assignment(target, &assign.value, what.as_ref());
                    self.change_by_assignment(target, &assign.value, assign.range());
                    self.note_fresh(target, &assign.value);
                    self.note_order(target, &assign.value);
                    self.note_row(target, &assign.value);
                    self.assign_to_row(target);
                    self.bind_target(target, what.clone());
                }
            }
            Stmt::AugAssign(assign) => {
                self.change_by_operator(assign);
                self.assign_to_row(&assign.target);
                walk_stmt(self, statement);
            }
            Stmt::AnnAssign(assign) => {
                let annotated = self.annotated(&assign.annotation);
                let value = assign.value.as_deref();
                let what = value.and_then(|value| self.type_of(value));
                if let Some(value) = value {
                    self.visit_expr(value);
                    self.record_assignment(&assign.target, value, what.as_ref());
                }
                self.bind_target(&assign.target, annotated.or(what));
            }
            Stmt::For(each) => {
                self.visit_expr(&each.iter);
                let element = self.element_of(&each.iter);
                self.note_each_row(&each.target, &each.iter);
                self.bind_target(&each.target, element);
                self.visit_body(&each.body);
                self.visit_body(&each.orelse);
            }
            Stmt::With(with) => {
                for item in &with.items {
                    self.visit_expr(&item.context_expr);
                    if let Some(target) = &item.optional_vars {
                        self.bind_target(target, None);
                    }
                }
                self.visit_body(&with.body);
            }
            Stmt::If(test) => {
                self.creation_after_if(test);
                walk_stmt(self, statement);
            }
            Stmt::Try(attempt) => {
                self.creation_after_try(attempt);
                walk_stmt(self, statement);
            }
            _ => walk_stmt(self, statement),
        }
    }

    fn visit_body(&mut self, body: &[Stmt]) {
        let mut last = None;
        for statement in body {
            if let Some(last) = last {
                self.creation_after_first(last, statement);
            }
            self.visit_stmt(statement);
            last = Some(statement);
        }
    }

    fn visit_expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Call(call) => {
                self.record_call(call);
                self.note_saved(call);
                self.call_on_row(call);
                self.distinct(call);
                self.pages(call);
            }
            Expr::Compare(compare) => self.record_comparison(compare),
            Expr::Dict(dict) => self.record_headers(dict),
            // Reading an attribute hands nothing on.
            Expr::Attribute(attribute) if attribute.value.is_name_expr() => return,
            Expr::Name(name) if name.ctx.is_load() => self.share_row(name.id.as_str()),
            Expr::Named(named) => {
                self.visit_expr(&named.value);
                let what = self.type_of(&named.value);
                self.bind_target(&named.target, what);
                return;
            }
            Expr::ListComp(comp) => return self.comprehension(&comp.generators, &[&comp.elt]),
            Expr::SetComp(comp) => return self.comprehension(&comp.generators, &[&comp.elt]),
            Expr::Generator(comp) => return self.comprehension(&comp.generators, &[&comp.elt]),
            _ => {}
        }
        walk_expr(self, expr);
    }
}
