//! Places worth a [`Use`].

use pgwright_diagnostics::Confidence;
use pgwright_python::ast::{self, CmpOp, Expr};
use pgwright_python::text::{Ranged, TextRange};
use pgwright_python::value::span;

use super::telling::{is_credential, is_header, is_telling};
use super::types::{FieldValue, Type, literal_text};
use super::walk::Walk;
use super::{Use, UseKind};
use crate::model::ModelId;

const WRITING: [&str; 8] = [
    "create",
    "update",
    "get_or_create",
    "update_or_create",
    "acreate",
    "aupdate",
    "aget_or_create",
    "aupdate_or_create",
];
const SEEKING: [&str; 6] = ["filter", "get", "aget", "exclude", "get_or_create", "update_or_create"];

impl<'m> Walk<'_, 'm> {
    fn record(&mut self, value: FieldValue<'m>, kind: UseKind, function: &str, range: TextRange) {
        self.found.uses.push(Use {
            model: value.model,
            field: value.field.name.clone(),
            declared_in: value.field.declared_in.clone(),
            kind,
            function: function.to_owned(),
            site: span(self.file, range),
            confidence: value.confidence,
        });
    }

    fn field_value(&self, expr: &Expr) -> Option<FieldValue<'m>> {
        match self.type_of(expr)? {
            Type::Value(value) => Some(value),
            _ => None,
        }
    }

    /// `x.field = make(…)`, `headers["Authorization"] = …`.
    pub(super) fn record_assignment(&mut self, target: &Expr, value: &Expr, what: Option<&Type<'m>>) {
        match target {
            Expr::Attribute(_) => {
                if let (Some(Type::Result(function)), Some(field)) = (what, self.field_value(target))
                    && is_telling(function)
                {
                    let range = TextRange::new(target.range().start(), value.range().end());
                    self.record(field, UseKind::AssignedFrom, function, range);
                }
            }
            Expr::Subscript(subscript) if literal_text(&subscript.slice).is_some_and(is_header) => {
                self.record_sent(value, "a request header");
            }
            _ => {}
        }
    }

    pub(super) fn record_call(&mut self, call: &ast::ExprCall) {
        let path = self.imports.path(&call.func).unwrap_or_default();
        let target = self.writes_to(call);
        self.record_input(call, &path);
        if is_telling(&path) {
            let values = call.arguments.args.iter().chain(call.arguments.keywords.iter().map(|keyword| &keyword.value));
            let given: Vec<_> = values.filter_map(|value| self.field_value(value)).collect();
            given.into_iter().for_each(|value| self.record(value, UseKind::PassedTo, &path, call.range()));
        }
        match target {
            Some(model) => self.record_writes(model, call),
            None => {
                for keyword in &call.arguments.keywords {
                    if keyword.arg.as_ref().is_some_and(|name| is_credential(name)) && !is_internal(&path) {
                        self.record_sent(&keyword.value, &path);
                    }
                }
            }
        }
        if let Some(model) = self.seeks_in(call) {
            self.record_lookups(model, call);
        }
    }

    /// The model whose rows a call writes: `Model(…)`, `Model.objects.create(…)`.
    fn writes_to(&self, call: &ast::ExprCall) -> Option<ModelId> {
        if let Some(Type::Class(model)) = self.type_of(&call.func) {
            return Some(model);
        }
        match &*call.func {
            Expr::Attribute(attribute) if WRITING.contains(&attribute.attr.as_str()) => {
                match self.type_of(&attribute.value)? {
                    Type::Rows(model) => Some(model),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn record_writes(&mut self, model: ModelId, call: &ast::ExprCall) {
        for keyword in &call.arguments.keywords {
            match (&keyword.arg, &keyword.value) {
                (Some(name), Expr::Dict(defaults)) if name.as_str() == "defaults" => {
                    for item in &defaults.items {
                        if let Some(name) = item.key.as_ref().and_then(literal_text) {
                            self.record_write(model, name, &item.value, item.value.range());
                        }
                    }
                }
                (Some(name), value) => self.record_write(model, name.as_str(), value, keyword.range),
                _ => {}
            }
        }
    }

    fn record_write(&mut self, model: ModelId, name: &str, value: &Expr, range: TextRange) {
        if let (Some(Type::Result(function)), Some(field)) = (self.type_of(value), self.lookup.model(model).field(name))
            && is_telling(&function)
        {
            let value = FieldValue { model, field, confidence: Confidence::Certain };
            self.record(value, UseKind::AssignedFrom, &function, range);
        }
    }

    /// The model a call looks rows up in: `Model.objects.filter(…)`, `get_object_or_404(Model, …)`.
    fn seeks_in(&self, call: &ast::ExprCall) -> Option<ModelId> {
        let function = match &*call.func {
            Expr::Attribute(attribute) => {
                if let Some(Type::Rows(model)) = self.type_of(&attribute.value) {
                    return SEEKING.contains(&attribute.attr.as_str()).then_some(model);
                }
                attribute.attr.as_str()
            }
            Expr::Name(name) => name.id.as_str(),
            _ => return None,
        };
        if !matches!(function, "get_object_or_404" | "aget_object_or_404") {
            return None;
        }
        match self.type_of(call.arguments.args.first()?)? {
            Type::Class(model) | Type::Rows(model) => Some(model),
            _ => None,
        }
    }

    fn record_lookups(&mut self, model: ModelId, call: &ast::ExprCall) {
        for keyword in &call.arguments.keywords {
            let Some(name) = &keyword.arg else { continue };
            // A literal, or the value of the same field of another row, is not something a caller presents.
            if keyword.value.is_literal_expr() || self.field_value(&keyword.value).is_some() {
                continue;
            }
            if let Some((model, field)) = self.lookup.field_of_lookup(model, name.as_str()) {
                let value = FieldValue { model, field, confidence: Confidence::Certain };
                self.record(value, UseKind::LookedUp, name.as_str(), keyword.range);
            }
        }
        for argument in &call.arguments.args {
            if let Expr::Call(inner) = argument
                && self.imports.path(&inner.func).is_some_and(|path| path == "Q" || path.ends_with(".Q"))
            {
                self.record_lookups(model, inner);
            }
        }
    }

    pub(super) fn record_comparison(&mut self, compare: &ast::ExprCompare) {
        let ([CmpOp::Eq | CmpOp::NotEq], [right]) = (&*compare.ops, &*compare.comparators) else { return };
        let sides = (self.field_value(&compare.left), self.field_value(right));
        let (value, other) = match sides {
            (Some(value), None) => (value, right),
            (None, Some(value)) => (value, &*compare.left),
            _ => return,
        };
        if other.is_literal_expr() || is_constant(other) {
            return;
        }
        self.record(value, UseKind::Compared, "==", compare.range);
    }

    pub(super) fn record_headers(&mut self, dict: &ast::ExprDict) {
        for item in &dict.items {
            if item.key.as_ref().and_then(literal_text).is_some_and(is_header) {
                self.record_sent(&item.value, "a request header");
            }
        }
    }

    /// Every field whose value is somewhere in what is sent.
    fn record_sent(&mut self, expr: &Expr, to: &str) {
        if let Some(value) = self.field_value(expr) {
            return self.record(value, UseKind::Sent, to, expr.range());
        }
        match expr {
            Expr::FString(text) => {
                for element in text.value.elements() {
                    if let Some(part) = element.as_interpolation() {
                        self.record_sent(&part.expression, to);
                    }
                }
            }
            Expr::BinOp(operation) => {
                self.record_sent(&operation.left, to);
                self.record_sent(&operation.right, to);
            }
            Expr::Tuple(tuple) => tuple.elts.iter().for_each(|element| self.record_sent(element, to)),
            Expr::Call(call) => {
                // `"Bearer {}".format(…)`, `b64encode(…)`, `HTTPBasicAuth(…)`; a digest or a ciphertext gives nothing away.
                let path = self.imports.path(&call.func).unwrap_or_default();
                if !is_telling(&path) {
                    call.arguments.args.iter().for_each(|argument| self.record_sent(argument, to));
                }
            }
            _ => {}
        }
    }
}

/// Calls that stay inside the program: forms, templates, serializers, copies of rows.
fn is_internal(path: &str) -> bool {
    let last = path.rsplit('.').next().unwrap_or_default();
    let lower = last.to_ascii_lowercase();
    ["form", "serializer", "render", "context", "reverse", "log", "field"].iter().any(|part| lower.contains(part))
        || matches!(lower.as_str(), "dict" | "update" | "create" | "filter" | "exclude" | "defaultdict" | "namedtuple")
        || lower.starts_with("set")
        || lower.starts_with("test")
}

/// `Status.PAID`, `DEFAULT`.
fn is_constant(expr: &Expr) -> bool {
    let name = match expr {
        Expr::Attribute(attribute) => attribute.attr.as_str(),
        Expr::Name(name) => name.id.as_str(),
        _ => return false,
    };
    name.chars().any(char::is_uppercase) && !name.chars().any(char::is_lowercase)
}
