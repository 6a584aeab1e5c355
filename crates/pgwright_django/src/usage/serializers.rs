//! `ModelSerializer` classes, and where input goes through them.

use pgwright_python::ast::visitor::{self, Visitor};
use pgwright_python::ast::{self, Expr, Stmt};
use pgwright_python::text::Ranged;
use pgwright_python::value::span;

use super::types::{Type, literal_text};
use super::walk::Walk;
use super::{Serializer, SerializerHeir};

impl Walk<'_, '_> {
    pub(super) fn serializer(&mut self, path: &str, class: &ast::StmtClassDef) {
        let bases: Vec<&str> = class.bases().iter().filter_map(last_name).collect();
        self.view(class, &bases);
        let meta = class.body.iter().find_map(|statement| match statement {
            Stmt::ClassDef(inner) if inner.name.as_str() == "Meta" => Some(inner),
            _ => None,
        });
        let Some(meta) = meta else { return };
        let options: Vec<(&str, &Expr)> = meta.body.iter().filter_map(assignment).collect();
        let option = |name: &str| options.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        let model = option("model").and_then(|model| self.type_of(model));
        if !bases.iter().any(|base| base.ends_with("ModelSerializer")) {
            if bases.iter().any(|base| base.ends_with("Serializer")) {
                let mut texts = Texts::default();
                texts.visit_body(&meta.body);
                let bases = bases.iter().map(|base| (*base).to_owned()).collect();
                let model = match model {
                    Some(Type::Class(model)) => Some(model),
                    _ => None,
                };
                let name = class.name.to_string();
                self.found.serializer_heirs.push(SerializerHeir { name, bases, model, mentions: texts.found });
            }
            return;
        }
        let Some(Type::Class(model)) = model else { return };
        let fields = option("fields");
        let mut handled: Vec<String> = option("read_only_fields").and_then(texts).unwrap_or_default();
        if let Some(Expr::Dict(extra)) = option("extra_kwargs") {
            handled.extend(
                extra.items.iter().filter_map(|item| item.key.as_ref().and_then(literal_text).map(str::to_owned)),
            );
        }
        let mut validates = option("validators").is_some();
        for statement in &class.body {
            if let Some((name, _)) = assignment(statement) {
                handled.push(name.to_owned());
            }
            if let Stmt::FunctionDef(function) = statement {
                match function.name.as_str() {
                    "validate" | "to_internal_value" | "create" => validates = true,
                    name => handled.extend(name.strip_prefix("validate_").map(str::to_owned)),
                }
            }
        }
        self.found.serializers.push(Serializer {
            path: path.to_owned(),
            model,
            all_fields: fields.and_then(literal_text) == Some("__all__"),
            fields: fields.and_then(texts),
            handled,
            validates,
            written_at: None,
            site: span(self.file, class.name.range()),
        });
    }

    /// A writable view with a `serializer_class`.
    fn view(&mut self, class: &ast::StmtClassDef, bases: &[&str]) {
        let writes = bases.iter().any(|base| {
            *base == "ModelViewSet"
                || ["Create", "Update"].iter().any(|verb| base.contains(verb) && base.ends_with("View"))
                || (base.ends_with("Mixin") && (base.starts_with("Create") || base.starts_with("Update")))
        });
        if !writes {
            return;
        }
        for (name, value) in class.body.iter().filter_map(assignment) {
            if name == "serializer_class"
                && let Some(path) = self.imports.path(value)
            {
                self.found.written.push((path, span(self.file, value.range())));
            }
        }
    }

    /// `OrderSerializer(data=…)`.
    pub(super) fn record_input(&mut self, call: &ast::ExprCall, path: &str) {
        let takes_data = call.arguments.keywords.iter().any(|keyword| keyword.arg.as_deref() == Some("data"));
        if takes_data && path.ends_with("Serializer") {
            self.found.written.push((path.to_owned(), span(self.file, call.range())));
        }
    }
}

/// Literal texts.
#[derive(Default)]
struct Texts {
    found: Vec<String>,
}

impl<'v> Visitor<'v> for Texts {
    fn visit_expr(&mut self, expression: &'v Expr) {
        self.found.extend(literal_text(expression).map(str::to_owned));
        visitor::walk_expr(self, expression);
    }
}

fn last_name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Name(name) => Some(name.id.as_str()),
        Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
        _ => None,
    }
}

fn assignment(statement: &Stmt) -> Option<(&str, &Expr)> {
    let Stmt::Assign(assign) = statement else { return None };
    match assign.targets.as_slice() {
        [Expr::Name(name)] => Some((name.id.as_str(), &assign.value)),
        _ => None,
    }
}

fn texts(expr: &Expr) -> Option<Vec<String>> {
    let elements = match expr {
        Expr::List(list) => &list.elts,
        Expr::Tuple(tuple) => &tuple.elts,
        _ => return None,
    };
    elements.iter().map(|element| literal_text(element).map(str::to_owned)).collect()
}
