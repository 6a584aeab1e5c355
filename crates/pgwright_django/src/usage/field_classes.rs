//! Field classes from outside Django, and what their conversion methods call.

use std::collections::BTreeSet;

use pgwright_diagnostics::{FileId, Span};
use pgwright_python::Evaluator;
use pgwright_python::ast::visitor::{Visitor, walk_expr};
use pgwright_python::ast::{Expr, Stmt};
use pgwright_python::text::Ranged;
use pgwright_python::value::span;

use super::FieldClass;
use crate::convert::mro_paths;
use crate::model::Models;

const CONVERSIONS: [&str; 9] = [
    "from_db_value",
    "to_python",
    "get_prep_value",
    "get_db_prep_value",
    "get_db_prep_save",
    "pre_save",
    "value_to_string",
    "contribute_to_class",
    "parse_json",
];

pub(super) fn read(evaluator: &mut Evaluator<'_>, models: &Models) -> Vec<FieldClass> {
    let paths: BTreeSet<&str> = models
        .all
        .iter()
        .flat_map(|model| &model.fields)
        .map(|field| field.class.as_str())
        .filter(|path| !path.starts_with("django."))
        .collect();
    paths.into_iter().filter_map(|path| class(evaluator, path)).collect()
}

fn class(evaluator: &mut Evaluator<'_>, path: &str) -> Option<FieldClass> {
    let (module, name) = path.rsplit_once('.')?;
    let class = evaluator.class_at(module, name)?;
    let mut calls = Calls { file: None, found: Vec::new() };
    for ancestor in evaluator.heap.class(class).mro.clone() {
        let ancestor_path = evaluator.class_path(ancestor);
        if ancestor_path.starts_with("django.") || ancestor_path == "object" {
            continue;
        }
        let record = evaluator.heap.class(ancestor);
        calls.file = record.statement.map(|(file, _)| file);
        for method in CONVERSIONS {
            if let Some(Stmt::FunctionDef(function)) =
                record.assignments.iter().find(|(name, _)| name.as_str() == method).map(|(_, statement)| *statement)
            {
                calls.visit_body(&function.body);
            }
        }
    }
    Some(FieldClass { path: path.to_owned(), mro: mro_paths(evaluator, class), calls: calls.found })
}

struct Calls {
    file: Option<FileId>,
    found: Vec<(String, Option<Span>)>,
}

impl Visitor<'_> for Calls {
    fn visit_expr(&mut self, expr: &Expr) {
        if let Expr::Call(call) = expr
            && let Some(path) = written(&call.func)
        {
            self.found.push((path, self.file.map(|file| span(file, call.range()))));
        }
        walk_expr(self, expr);
    }
}

/// The dotted name as the source has it.
fn written(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Name(name) => Some(name.id.to_string()),
        Expr::Attribute(attribute) => Some(match written(&attribute.value) {
            Some(base) => format!("{base}.{}", attribute.attr),
            None => attribute.attr.to_string(),
        }),
        Expr::Call(call) => written(&call.func),
        _ => None,
    }
}
