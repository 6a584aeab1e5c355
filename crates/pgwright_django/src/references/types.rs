//! What an expression holds, as far as its text tells: enough for an editor, between two readings of the project.

use pgwright_diagnostics::FileId;
use pgwright_python::ast::visitor::{Visitor, walk_expr, walk_stmt};
use pgwright_python::ast::{Comprehension, Expr, Stmt, StmtClassDef, StmtImportFrom};
use pgwright_python::text::{Ranged, TextRange, TextSize};

use super::Place;
use crate::model::{Model, ModelId, RelationKind};

/// Assignments followed for one name: longer chains say nothing to a reader either.
const DEPTH: usize = 8;

/// Methods of querysets that give one row.
const ROW: &[&str] = &["get", "aget", "first", "afirst", "last", "alast", "latest", "earliest", "create", "acreate"];
/// Those that give neither rows nor a queryset.
const OTHER: &[&str] = &["count", "acount", "exists", "aexists", "aggregate", "delete", "update", "bulk_update"];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    Class(ModelId),
    Rows(ModelId),
    Row(ModelId),
}

pub(super) struct Types<'a> {
    pub(super) place: &'a Place<'a>,
    pub(super) suite: &'a [Stmt],
}

impl<'a> Types<'a> {
    /// The model of whose rows a receiver of `.filter(…)` is a queryset or a manager.
    pub(super) fn queried(&self, receiver: &Expr) -> Option<ModelId> {
        match self.of(receiver, DEPTH)? {
            Type::Rows(model) => Some(model),
            Type::Class(_) | Type::Row(_) => None,
        }
    }

    /// The model of the one kind of query that the project sends from an expression, where the text is still the one that was read.
    pub(super) fn sent_from(&self, call: TextRange) -> Option<ModelId> {
        let file = self.file()?;
        if self.place.files.get(file).text != self.place.text {
            return None;
        }
        let (start, end) = (call.start().to_u32(), call.end().to_u32());
        let queries = self.place.project.workload.queries.iter();
        let mut models = queries
            .filter(|issued| issued.span.file == file && issued.span.start <= start && end <= issued.span.end)
            .filter(|issued| issued.lazy.is_none())
            .map(|issued| issued.model);
        let first = models.next()??;
        models.all(|model| model == Some(first)).then_some(first)
    }

    fn file(&self) -> Option<FileId> {
        self.place.files.iter().find(|(_, file)| file.path == self.place.path).map(|(id, _)| id)
    }

    /// The model that a class statement of this text makes.
    pub(super) fn model_of(&self, class: &StmtClassDef) -> Option<ModelId> {
        let name = class.name.as_str();
        let is_it = |model: &&Model| model.name == name && self.is_here(model);
        self.place.project.models.all.iter().find(is_it).map(|model| model.id)
    }

    fn is_here(&self, model: &Model) -> bool {
        let file = model.site.as_ref().and_then(|site| self.place.files.try_get(site.name.file));
        file.is_some_and(|file| file.path == self.place.path)
    }

    /// The model whose fields the options of a class name: that of a model's `Meta`, of a form, serializer, view or admin.
    pub(super) fn of_options(&self, class: &StmtClassDef) -> Option<ModelId> {
        if let Some(model) = self.model_of(class) {
            return Some(model);
        }
        let stated = |class: &StmtClassDef| {
            class.body.iter().find_map(|stmt| {
                let Stmt::Assign(assign) = stmt else { return None };
                let [Expr::Name(name)] = assign.targets.as_slice() else { return None };
                match name.id.as_str() {
                    "model" | "queryset" => self.of(&assign.value, DEPTH).map(Type::model),
                    _ => None,
                }
            })
        };
        let meta = class.body.iter().find_map(|stmt| match stmt {
            Stmt::ClassDef(inner) if inner.name.as_str() == "Meta" => Some(inner),
            _ => None,
        });
        if let Some(model) = stated(class).or_else(|| meta.and_then(stated)) {
            return Some(model);
        }
        let registered = class.decorator_list.iter().find_map(|decorator| {
            let call = decorator.expression.as_call_expr()?;
            let is_register = match &*call.func {
                Expr::Attribute(attribute) => attribute.attr.as_str() == "register",
                Expr::Name(name) => name.id.as_str() == "register",
                _ => false,
            };
            is_register.then(|| self.of(call.arguments.args.first()?, DEPTH).map(Type::model))?
        });
        if registered.is_some() || class.name.as_str() != "Meta" {
            return registered;
        }
        // The options of `Meta` are about the class around it.
        let mut around = Enclosing { at: class.range(), found: None };
        around.visit_body(self.suite);
        self.of_options(around.found?)
    }

    fn of(&self, expr: &Expr, depth: usize) -> Option<Type> {
        let depth = depth.checked_sub(1)?;
        match expr {
            Expr::Name(name) if matches!(name.id.as_str(), "self" | "cls") => {
                let mut around = Enclosing { at: name.range(), found: None };
                around.visit_body(self.suite);
                let model = self.model_of(around.found?)?;
                Some(if name.id.as_str() == "self" { Type::Row(model) } else { Type::Class(model) })
            }
            Expr::Name(name) => {
                self.assigned(&name.id, name.start(), depth).or_else(|| self.class_named(&name.id).map(Type::Class))
            }
            Expr::Attribute(attribute) => {
                let name = attribute.attr.as_str();
                match self.of(&attribute.value, depth) {
                    Some(Type::Class(model)) => {
                        let model = self.place.project.models.get(model);
                        let is_manager = matches!(name, "objects" | "_default_manager" | "_base_manager")
                            || model.managers.iter().any(|manager| manager.name == name);
                        is_manager.then_some(Type::Rows(model.id))
                    }
                    Some(Type::Row(model)) => self.attribute(model, name),
                    Some(Type::Rows(_)) => None,
                    // `models.Author`: a module, perhaps.
                    None => match &*attribute.value {
                        Expr::Name(_) => self.only(name).map(Type::Class),
                        _ => None,
                    },
                }
            }
            Expr::Call(call) => match &*call.func {
                Expr::Attribute(attribute) => match self.of(&attribute.value, depth)? {
                    Type::Rows(model) if ROW.contains(&attribute.attr.as_str()) => Some(Type::Row(model)),
                    Type::Rows(_) if OTHER.contains(&attribute.attr.as_str()) => None,
                    Type::Rows(model) => Some(Type::Rows(model)),
                    Type::Class(_) | Type::Row(_) => None,
                },
                Expr::Name(name) => match (name.id.as_str(), call.arguments.args.first()) {
                    ("get_user_model", _) => self.user().map(Type::Class),
                    ("get_object_or_404" | "aget_object_or_404", Some(of)) => {
                        self.of(of, depth).map(|of| Type::Row(of.model()))
                    }
                    ("get_list_or_404", Some(of)) => self.of(of, depth).map(|of| Type::Rows(of.model())),
                    _ => match self.of(&call.func, depth)? {
                        Type::Class(model) => Some(Type::Row(model)),
                        Type::Rows(_) | Type::Row(_) => None,
                    },
                },
                _ => None,
            },
            Expr::Subscript(subscript) => match self.of(&subscript.value, depth)? {
                Type::Rows(model) if subscript.slice.is_slice_expr() => Some(Type::Rows(model)),
                Type::Rows(model) => Some(Type::Row(model)),
                Type::Class(_) | Type::Row(_) => None,
            },
            Expr::Await(of) => self.of(&of.value, depth),
            _ => None,
        }
    }

    fn user(&self) -> Option<ModelId> {
        let project = self.place.project;
        project.models.by_label(&project.settings.auth_user_model).map(|model| model.id)
    }

    /// What an attribute of a row holds.
    fn attribute(&self, model: ModelId, name: &str) -> Option<Type> {
        let model = self.place.project.models.get(model);
        if let Some(field) = model.fields.iter().find(|field| field.name == name) {
            let relation = field.relation.as_ref()?;
            return Some(match relation.kind {
                RelationKind::ManyToMany => Type::Rows(relation.to?),
                RelationKind::ForeignKey | RelationKind::OneToOne => Type::Row(relation.to?),
            });
        }
        let reverse = model.reverse.iter().find(|reverse| reverse.accessor.as_deref() == Some(name))?;
        Some(match reverse.kind {
            RelationKind::OneToOne => Type::Row(reverse.from),
            RelationKind::ForeignKey | RelationKind::ManyToMany => Type::Rows(reverse.from),
        })
    }

    /// The model class a name stands for in this text: defined here, or imported.
    fn class_named(&self, name: &str) -> Option<ModelId> {
        let models = &self.place.project.models.all;
        if let Some(model) = models.iter().find(|model| model.name == name && self.is_here(model)) {
            return Some(model.id);
        }
        let mut imports = Imports { name, found: None };
        imports.visit_body(self.suite);
        let (import, original) = imports.found?;
        let module = import.module.as_ref().map_or("", |module| module.as_str());
        let named = || models.iter().filter(|model| model.name == original);
        let exact = named().find(|model| import.level == 0 && model.module == module);
        // A relative import, and a package that passes on what its modules define.
        let folder = self.place.path.ancestors().nth(import.level as usize);
        let is_near = |model: &&Model| {
            let file = model.site.as_ref().and_then(|site| self.place.files.try_get(site.name.file));
            match import.level {
                0 => model.module.starts_with(module),
                _ => file.zip(folder).is_some_and(|(file, folder)| file.path.starts_with(folder)),
            }
        };
        let only = |mut models: Box<dyn Iterator<Item = &'a Model> + '_>| {
            let first = models.next()?;
            models.next().is_none().then_some(first)
        };
        let model = exact.or_else(|| only(Box::new(named().filter(is_near)))).or_else(|| only(Box::new(named())))?;
        Some(model.id)
    }

    /// The one model of this name, whatever module it is in.
    fn only(&self, name: &str) -> Option<ModelId> {
        let mut named = self.place.project.models.all.iter().filter(|model| model.name == name);
        let first = named.next()?;
        named.next().is_none().then_some(first.id)
    }

    /// What a variable holds: the last thing before this place that it was bound to, in the function around.
    fn assigned(&self, name: &str, before: TextSize, depth: usize) -> Option<Type> {
        let mut bindings = Bindings { name, before, found: None };
        bindings.visit_body(self.suite);
        match bindings.found? {
            Binding::Value(value) => self.of(value, depth),
            Binding::EachOf(rows) => match self.of(rows, depth)? {
                Type::Rows(model) => Some(Type::Row(model)),
                Type::Class(_) | Type::Row(_) => None,
            },
        }
    }
}

impl Type {
    fn model(self) -> ModelId {
        match self {
            Type::Class(model) | Type::Rows(model) | Type::Row(model) => model,
        }
    }
}

/// The innermost class around a range.
struct Enclosing<'a> {
    at: TextRange,
    found: Option<&'a StmtClassDef>,
}

impl<'a> Visitor<'a> for Enclosing<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        if !stmt.range().contains_range(self.at) || stmt.range() == self.at {
            return;
        }
        if let Stmt::ClassDef(class) = stmt {
            self.found = Some(class);
        }
        walk_stmt(self, stmt);
    }
}

/// `from … import name`, and what the name is called there.
struct Imports<'a, 'n> {
    name: &'n str,
    found: Option<(&'a StmtImportFrom, &'a str)>,
}

impl<'a> Visitor<'a> for Imports<'a, '_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        if let Stmt::ImportFrom(import) = stmt {
            for alias in &import.names {
                if alias.asname.as_ref().unwrap_or(&alias.name).as_str() == self.name {
                    self.found = Some((import, alias.name.as_str()));
                }
            }
        }
        walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, _: &'a Expr) {}
}

enum Binding<'a> {
    Value(&'a Expr),
    EachOf(&'a Expr),
}

/// The last binding of a name before a place; those of functions that the place is not in do not count.
struct Bindings<'a, 'n> {
    name: &'n str,
    before: TextSize,
    found: Option<Binding<'a>>,
}

impl<'a> Bindings<'a, '_> {
    fn is_it(&self, target: &Expr) -> bool {
        matches!(target, Expr::Name(name) if name.id.as_str() == self.name)
    }
}

impl<'a> Visitor<'a> for Bindings<'a, '_> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            // Other functions' names, and those after the place, are not seen from it.
            Stmt::FunctionDef(function) if !function.range().contains_inclusive(self.before) => return,
            Stmt::ClassDef(class) if !class.range().contains_inclusive(self.before) => return,
            _ if stmt.start() > self.before => return,
            Stmt::Assign(assign) if assign.end() < self.before && assign.targets.iter().any(|to| self.is_it(to)) => {
                self.found = Some(Binding::Value(&assign.value));
            }
            Stmt::AnnAssign(assign) if assign.end() < self.before && self.is_it(&assign.target) => {
                self.found = assign.value.as_deref().map(Binding::Value);
            }
            Stmt::For(each) if self.is_it(&each.target) && each.iter.end() < self.before => {
                self.found = Some(Binding::EachOf(&each.iter));
            }
            _ => {}
        }
        walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        if expr.range().contains_inclusive(self.before) {
            walk_expr(self, expr);
        }
    }

    fn visit_comprehension(&mut self, each: &'a Comprehension) {
        if self.is_it(&each.target) && !each.iter.range().contains_inclusive(self.before) {
            self.found = Some(Binding::EachOf(&each.iter));
        }
    }
}
