//! Pages of querysets that have no order.

use pgwright_python::ast::{self, Expr, Stmt};
use pgwright_python::text::Ranged;
use pgwright_python::value::span;

use super::types::Type;
use super::walk::Walk;
use super::{Paged, Pager};
use crate::model::ModelId;

/// Methods of querysets that leave the order as it is.
const KEEP: [&str; 12] = [
    "all",
    "filter",
    "exclude",
    "select_related",
    "prefetch_related",
    "annotate",
    "alias",
    "distinct",
    "only",
    "defer",
    "using",
    "get_queryset",
];

impl Walk<'_, '_> {
    /// The model of a queryset that is certain to have no order: of Django's own manager, and a model without one.
    fn unordered(&self, expr: &Expr) -> Option<ModelId> {
        match expr {
            Expr::Name(name) => self.updates.last()?.unordered.get(name.id.as_str()).copied(),
            Expr::Call(call) => {
                let Expr::Attribute(attribute) = &*call.func else { return None };
                KEEP.contains(&attribute.attr.as_str()).then(|| self.unordered(&attribute.value))?
            }
            Expr::Attribute(attribute) => {
                let Type::Rows(model) = self.type_of(expr)? else { return None };
                let is_class = matches!(self.type_of(&attribute.value)?, Type::Class(_));
                let name = attribute.attr.as_str();
                let managers = &self.lookup.model(model).managers;
                let manager = if is_class && name != "_default_manager" {
                    managers.iter().find(|manager| manager.name == name)
                } else {
                    managers.iter().find(|manager| manager.is_default)
                };
                (manager?.class == "django.db.models.manager.Manager").then_some(())?;
                self.has_no_order(model).then_some(model)
            }
            _ => None,
        }
    }

    fn has_no_order(&self, id: ModelId) -> bool {
        let model = self.lookup.model(id);
        model.ordering.is_empty() && model.order_with_respect_to.is_none()
    }

    /// `rows = Model.objects.filter(…)`.
    pub(super) fn note_order(&mut self, target: &Expr, value: &Expr) {
        let Expr::Name(name) = target else { return };
        let unordered = self.unordered(value);
        if let Some(updates) = self.updates.last_mut() {
            match unordered {
                Some(model) => updates.unordered.insert(name.id.to_string(), model),
                None => updates.unordered.remove(name.id.as_str()),
            };
        }
    }

    /// `Paginator(rows, 20)`.
    pub(super) fn pages(&mut self, call: &ast::ExprCall) {
        let is_paginator = self.imports.path(&call.func).is_some_and(|path| path == "django.core.paginator.Paginator");
        if is_paginator
            && let Some(rows) = call.arguments.args.first()
            && let Some(model) = self.unordered(rows)
        {
            let chain = rows.is_call_expr().then(|| span(self.file, rows.range()));
            let site = span(self.file, rows.range());
            self.found.paged.push(Paged { model, site, chain, pager: Pager::Paginator });
        }
    }

    /// Views whose list is paged, of bases that are Django's or REST framework's alone.
    pub(super) fn paged_view(&mut self, class: &ast::StmtClassDef) {
        let bases: Vec<String> = class.bases().iter().filter_map(|base| self.imports.path(base)).collect();
        let is_known = bases.len() == class.bases().len()
            && bases.iter().all(|base| base.starts_with("django.") || base.starts_with("rest_framework."));
        let ends =
            |names: &[&str]| bases.iter().any(|base| names.contains(&base.rsplit('.').next().unwrap_or_default()));
        if !is_known || class.body.iter().any(is_ordered_by_itself) {
            return;
        }
        let option = |name: &str| {
            class.body.iter().find_map(|statement| match statement {
                Stmt::Assign(assign) => match assign.targets.as_slice() {
                    [Expr::Name(known)] if known.id.as_str() == name => Some(&*assign.value),
                    _ => None,
                },
                _ => None,
            })
        };
        let pager = if ends(&["ListView"]) && option("paginate_by").is_some_and(|by| !by.is_none_literal_expr()) {
            Pager::ListView
        } else if ends(&["ModelViewSet", "ReadOnlyModelViewSet", "ListAPIView", "ListCreateAPIView", "ListModelMixin"])
        {
            match option("pagination_class") {
                None => Pager::Setting,
                Some(class) => match self.imports.path(class) {
                    Some(path) if is_plain_pagination(&path) => Pager::RestFramework,
                    _ => return,
                },
            }
        } else {
            return;
        };
        let rows = option("queryset");
        let model = match rows {
            Some(rows) => self.unordered(rows),
            None if pager == Pager::ListView => option("model").and_then(|model| match self.type_of(model)? {
                Type::Class(model) => {
                    let managers = &self.lookup.model(model).managers;
                    let is_plain = managers
                        .iter()
                        .any(|manager| manager.is_default && manager.class == "django.db.models.manager.Manager");
                    (is_plain && self.has_no_order(model)).then_some(model)
                }
                _ => None,
            }),
            None => None,
        };
        let Some(model) = model else { return };
        let place = rows.or_else(|| option("model"));
        let Some(place) = place else { return };
        let site = span(self.file, place.range());
        let chain = rows.filter(|rows| rows.is_call_expr()).map(|rows| span(self.file, rows.range()));
        self.found.paged.push(Paged { model, site, chain, pager });
    }
}

/// Whether a class of REST framework, by its dotted path, makes pages by number or offset; a cursor has an order of its own.
pub fn is_plain_pagination(path: &str) -> bool {
    matches!(path, "rest_framework.pagination.PageNumberPagination" | "rest_framework.pagination.LimitOffsetPagination")
}

/// A statement of a class body that may order its rows.
fn is_ordered_by_itself(statement: &Stmt) -> bool {
    match statement {
        Stmt::FunctionDef(def) => {
            matches!(
                def.name.as_str(),
                "get_queryset" | "get_ordering" | "filter_queryset" | "list" | "get" | "paginate_queryset"
            )
        }
        Stmt::Assign(assign) => {
            matches!(assign.targets.as_slice(), [Expr::Name(name)] if name.id.as_str() == "ordering")
        }
        _ => false,
    }
}
