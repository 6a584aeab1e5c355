//! `distinct()` after a filter through a relation of which one row may have several.

use pgwright_python::ast::{self, Expr};
use pgwright_python::text::Ranged;
use pgwright_python::value::span;

use super::HiddenJoin;
use super::types::Type;
use super::walk::Walk;
use crate::model::{ModelId, RelationKind};

/// Methods that leave rows what they are.
const PLAIN: [&str; 12] = [
    "all",
    "filter",
    "exclude",
    "select_related",
    "prefetch_related",
    "order_by",
    "only",
    "defer",
    "using",
    "distinct",
    "get_queryset",
    "select_for_update",
];

/// Methods after which rows are others: telling those apart is what `distinct()` may be for.
const RESHAPE: [&str; 5] = ["values", "values_list", "annotate", "aggregate", "dates"];

impl Walk<'_, '_> {
    /// `Model.objects.filter(tags__name=name).distinct()`.
    pub(super) fn distinct(&mut self, call: &ast::ExprCall) {
        let Expr::Attribute(attribute) = &*call.func else { return };
        let method = attribute.attr.as_str();
        if RESHAPE.contains(&method) {
            self.reshaped.extend(distinct_below(&attribute.value));
        }
        let is_plain = call.arguments.args.is_empty() && call.arguments.keywords.is_empty();
        if method != "distinct" || !is_plain || self.reshaped.contains(&call.range()) {
            return;
        }
        let mut filters: Vec<&ast::ExprCall> = Vec::new();
        let mut below = &*attribute.value;
        while let Expr::Call(inner) = below
            && let Expr::Attribute(attribute) = &*inner.func
        {
            match attribute.attr.as_str() {
                "filter" => filters.push(inner),
                "order_by" if sorts_by_relation(inner) => return,
                method if PLAIN.contains(&method) => {}
                _ => break,
            }
            below = &attribute.value;
        }
        let Some(Type::Rows(model)) = self.type_of(below) else { return };
        let mut joined = filters.iter().flat_map(|filter| paths(filter)).filter_map(|path| self.several(model, path));
        let Some((path, to)) = joined.next() else { return };
        let start = span(self.file, attribute.attr.range()).start;
        let site = pgwright_diagnostics::Span::new(self.file, start, span(self.file, call.range()).end);
        self.found.hidden_joins.push(HiddenJoin { model, path, to, site });
    }

    /// The path to the first relation of a lookup of which one row may have several, and the model it leads to. None where the lookup is for one
    /// row of a many-to-many relation, which another row cannot be in twice.
    fn several(&self, model: ModelId, lookup: &str) -> Option<(String, ModelId)> {
        let mut model = model;
        let mut path: Vec<&str> = Vec::new();
        let mut parts = lookup.split("__");
        while let Some(part) = parts.next() {
            let here = self.lookup.model(model);
            path.push(part);
            let (kind, to, is_reverse) = match here.field(part) {
                Some(field) => {
                    let relation = field.relation.as_ref()?;
                    (relation.kind, relation.to?, false)
                }
                None => {
                    let reverse = here.reverse.iter().find(|reverse| reverse.query_name == part)?;
                    (reverse.kind, reverse.from, true)
                }
            };
            let has_several = match kind {
                RelationKind::ManyToMany => {
                    !matches!(parts.clone().collect::<Vec<_>>()[..], [] | ["exact" | "pk" | "id"])
                }
                RelationKind::ForeignKey => {
                    is_reverse && parts.clone().next().is_some_and(|next| next != "pk" && next != "id")
                }
                RelationKind::OneToOne => false,
            };
            if has_several {
                return Some((path.join("__"), to));
            }
            model = to;
        }
        None
    }
}

/// The place of the `distinct()` in a chain of calls.
fn distinct_below(chain: &Expr) -> Option<pgwright_python::text::TextRange> {
    let Expr::Call(call) = chain else { return None };
    let Expr::Attribute(attribute) = &*call.func else { return None };
    if attribute.attr.as_str() == "distinct" { Some(call.range()) } else { distinct_below(&attribute.value) }
}

fn sorts_by_relation(call: &ast::ExprCall) -> bool {
    !call
        .arguments
        .args
        .iter()
        .all(|name| matches!(name, Expr::StringLiteral(text) if !text.value.to_str().contains("__")))
}

/// The lookups of a `filter()`, those in its `Q()`s too.
fn paths(call: &ast::ExprCall) -> Vec<&str> {
    let mut found: Vec<&str> = call.arguments.keywords.iter().filter_map(|keyword| keyword.arg.as_deref()).collect();
    for argument in &call.arguments.args {
        paths_of(argument, &mut found);
    }
    found
}

fn paths_of<'a>(condition: &'a Expr, found: &mut Vec<&'a str>) {
    match condition {
        Expr::BinOp(operation) => {
            paths_of(&operation.left, found);
            paths_of(&operation.right, found);
        }
        Expr::Call(call) => {
            let is_q = match &*call.func {
                Expr::Name(name) => name.id.as_str() == "Q",
                Expr::Attribute(attribute) => attribute.attr.as_str() == "Q",
                _ => false,
            };
            if is_q {
                found.extend(paths(call));
            }
        }
        _ => {}
    }
}
