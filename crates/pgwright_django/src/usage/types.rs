//! What an expression is, as far as models go.

use pgwright_diagnostics::Confidence;
use pgwright_python::ast::{self, Expr};

use super::walk::Walk;
use crate::model::{Field, ModelId, RelationKind};

#[derive(Debug, Clone)]
pub(super) enum Type<'m> {
    Class(ModelId),
    Instance(ModelId),
    /// A manager or queryset.
    Rows(ModelId),
    /// What `get_or_create` gives.
    Pair(ModelId),
    /// The value of a field.
    Value(FieldValue<'m>),
    /// What a function gave.
    Result(String),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct FieldValue<'m> {
    pub(super) model: ModelId,
    pub(super) field: &'m Field,
    pub(super) confidence: Confidence,
}

const QUERYSET_METHODS: [&str; 21] = [
    "all",
    "filter",
    "exclude",
    "order_by",
    "select_related",
    "prefetch_related",
    "annotate",
    "alias",
    "distinct",
    "only",
    "defer",
    "using",
    "select_for_update",
    "iterator",
    "reverse",
    "none",
    "union",
    "intersection",
    "difference",
    "get_queryset",
    "aiterator",
];
const ROW_METHODS: [&str; 8] = ["get", "first", "last", "create", "latest", "earliest", "aget", "acreate"];
const PAIR_METHODS: [&str; 4] = ["get_or_create", "update_or_create", "aget_or_create", "aupdate_or_create"];
/// Methods of strings and digests that keep what a value is.
const PASSING: [&str; 14] = [
    "strip",
    "lstrip",
    "rstrip",
    "encode",
    "decode",
    "lower",
    "upper",
    "replace",
    "hexdigest",
    "digest",
    "hex",
    "removeprefix",
    "splitlines",
    "split",
];

impl<'m> Walk<'_, 'm> {
    pub(super) fn type_of(&self, expr: &Expr) -> Option<Type<'m>> {
        match expr {
            Expr::Name(name) => self.name_type(name.id.as_str()),
            Expr::Attribute(attribute) => self.attribute_type(attribute),
            Expr::Call(call) => self.call_type(call),
            Expr::Subscript(subscript) => match self.type_of(&subscript.value)? {
                Type::Rows(model) if subscript.slice.is_slice_expr() => Some(Type::Rows(model)),
                Type::Rows(model) | Type::Pair(model) => Some(Type::Instance(model)),
                _ => None,
            },
            Expr::BoolOp(operation) => operation.values.iter().find_map(|value| self.type_of(value)),
            Expr::If(choice) => self.type_of(&choice.body).or_else(|| self.type_of(&choice.orelse)),
            Expr::Await(awaited) => self.type_of(&awaited.value),
            Expr::Named(named) => self.type_of(&named.value),
            _ => None,
        }
    }

    fn name_type(&self, name: &str) -> Option<Type<'m>> {
        if let Some(known) = self.local(name) {
            return known.clone();
        }
        let path = self.imports.get(name)?;
        self.lookup.model_at(path).map(Type::Class)
    }

    fn attribute_type(&self, attribute: &ast::ExprAttribute) -> Option<Type<'m>> {
        let name = attribute.attr.as_str();
        match self.type_of(&attribute.value) {
            Some(Type::Class(model)) => {
                let is_manager = matches!(name, "objects" | "_default_manager" | "_base_manager")
                    || self.lookup.model(model).managers.iter().any(|manager| manager.name == name);
                is_manager.then_some(Type::Rows(model))
            }
            Some(Type::Instance(model)) => self.member_type(model, name),
            Some(_) => None,
            None => self.unknown_attribute(attribute),
        }
    }

    fn member_type(&self, id: ModelId, name: &str) -> Option<Type<'m>> {
        let model = self.lookup.model(id);
        if let Some(field) = model.field(name) {
            return match &field.relation {
                Some(relation) if relation.kind == RelationKind::ManyToMany => relation.to.map(Type::Rows),
                Some(relation) if field.name == name => relation.to.map(Type::Instance),
                _ => Some(Type::Value(FieldValue { model: id, field, confidence: Confidence::Certain })),
            };
        }
        let reverse = model.reverse.iter().find(|reverse| reverse.accessor.as_deref() == Some(name))?;
        Some(match reverse.kind {
            RelationKind::OneToOne => Type::Instance(reverse.from),
            _ => Type::Rows(reverse.from),
        })
    }

    /// An attribute of something that is not known: a model behind a module, the object of a view, or a field by its name.
    fn unknown_attribute(&self, attribute: &ast::ExprAttribute) -> Option<Type<'m>> {
        let name = attribute.attr.as_str();
        if self.imports.is_imported(&attribute.value) {
            let path = format!("{}.{name}", self.imports.path(&attribute.value)?);
            return self.lookup.model_at(&path).map(Type::Class);
        }
        if let Expr::Name(base) = &*attribute.value
            && matches!(base.id.as_str(), "self" | "cls")
        {
            let model = self.classes.last()?.view_model?;
            return matches!(name, "object" | "instance").then_some(Type::Instance(model));
        }
        let is_plain = match &*attribute.value {
            // What these hold is not a model's, whatever it is called.
            Expr::Name(base) => !matches!(
                base.id.as_str(),
                "request" | "response" | "settings" | "form" | "serializer" | "args" | "options" | "module" | "conf"
            ),
            Expr::Attribute(inner) => !matches!(inner.attr.as_str(), "request" | "settings" | "form" | "serializer"),
            _ => false,
        };
        let (model, field) = if is_plain { self.lookup.only_model_with(name)? } else { return None };
        Some(Type::Value(FieldValue { model, field, confidence: Confidence::Likely }))
    }

    fn call_type(&self, call: &ast::ExprCall) -> Option<Type<'m>> {
        if let Expr::Attribute(attribute) = &*call.func {
            let method = attribute.attr.as_str();
            match self.type_of(&attribute.value) {
                Some(Type::Rows(model)) => {
                    return if QUERYSET_METHODS.contains(&method) || self.is_own_queryset_method(model, method) {
                        Some(Type::Rows(model))
                    } else if ROW_METHODS.contains(&method) {
                        Some(Type::Instance(model))
                    } else {
                        PAIR_METHODS.contains(&method).then_some(Type::Pair(model))
                    };
                }
                Some(Type::Value(value)) => return PASSING.contains(&method).then_some(Type::Value(value)),
                Some(Type::Result(path)) => return PASSING.contains(&method).then_some(Type::Result(path)),
                Some(Type::Instance(_) | Type::Pair(_)) => return None,
                Some(Type::Class(model)) if method == "get_queryset" => return Some(Type::Rows(model)),
                _ => {}
            }
            if let Expr::Name(base) = &*attribute.value
                && base.id.as_str() == "self"
                && method == "get_object"
            {
                return self.classes.last()?.view_model.map(Type::Instance);
            }
        }
        if let Some(Type::Class(model)) = self.type_of(&call.func) {
            return Some(Type::Instance(model));
        }
        let path = self.imports.path(&call.func)?;
        let first = call.arguments.args.first();
        match path.rsplit('.').next().unwrap_or_default() {
            "get_object_or_404" | "aget_object_or_404" => match self.type_of(first?)? {
                Type::Class(model) | Type::Rows(model) => Some(Type::Instance(model)),
                _ => None,
            },
            "get_list_or_404" => match self.type_of(first?)? {
                Type::Class(model) | Type::Rows(model) => Some(Type::Rows(model)),
                _ => None,
            },
            "get_user_model" => self.lookup.user.map(Type::Class),
            "get_model" => {
                let label: Vec<&str> = call.arguments.args.iter().filter_map(literal_text).collect();
                self.lookup.models.by_label(&label.join(".")).map(|model| Type::Class(model.id))
            }
            "str" | "bytes" | "force_str" | "force_bytes" | "smart_str" | "list" | "sorted" | "reversed" | "iter" => {
                self.type_of(first?)
            }
            _ => Some(Type::Result(path)),
        }
    }

    /// A method of the model's own manager that is named like a selection (`active`, `for_user`), not like a question or an act.
    fn is_own_queryset_method(&self, model: ModelId, method: &str) -> bool {
        let is_selection = !["get", "create", "is_", "has_", "make", "delete", "update", "count", "save", "add"]
            .iter()
            .any(|start| method.starts_with(start));
        is_selection
            && self.lookup.model(model).managers.iter().any(|manager| manager.methods.iter().any(|name| name == method))
    }

    /// What an annotation says: `Order`, `"Order"`, `Order | None`, `Optional[Order]`, `QuerySet[Order]`, `list[Order]`.
    pub(super) fn annotated(&self, annotation: &Expr) -> Option<Type<'m>> {
        match annotation {
            Expr::BinOp(operation) => self.annotated(&operation.left).or_else(|| self.annotated(&operation.right)),
            Expr::StringLiteral(text) => {
                let path = self.imports.get(text.value.to_str())?;
                self.lookup.model_at(path).map(Type::Instance)
            }
            Expr::Subscript(subscript) => {
                let inner = self.annotated(&subscript.slice)?;
                let (Expr::Name(_) | Expr::Attribute(_), Type::Instance(model)) = (&*subscript.value, inner) else {
                    return None;
                };
                let container = self.imports.path(&subscript.value)?;
                match container.rsplit('.').next().unwrap_or_default() {
                    "Optional" | "Annotated" => Some(Type::Instance(model)),
                    "type" | "Type" => Some(Type::Class(model)),
                    _ => Some(Type::Rows(model)),
                }
            }
            Expr::Name(_) | Expr::Attribute(_) => match self.type_of(annotation)? {
                Type::Class(model) => Some(Type::Instance(model)),
                _ => None,
            },
            _ => None,
        }
    }
}

pub(super) fn literal_text(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::StringLiteral(text) => Some(text.value.to_str()),
        _ => None,
    }
}
