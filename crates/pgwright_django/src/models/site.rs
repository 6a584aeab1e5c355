//! Places in source: where classes, fields and Meta options are written.

use pgwright_diagnostics::{FileId, Span};
use pgwright_python::Evaluator;
use pgwright_python::ast::{self, Expr, Stmt};
use pgwright_python::text::{Ranged, TextRange, TextSize};
use pgwright_python::value::{ClassId, ObjectId, Value as Evaluated, span};

use crate::model::{ClassSite, FieldSite, KeywordSite, MetaOption, Method};

pub(crate) fn class_site(evaluator: &Evaluator<'_>, class: ClassId) -> Option<ClassSite> {
    let (file, statement) = evaluator.heap.class(class).statement?;
    let meta = statement.body.iter().rev().find_map(|inner| match inner {
        Stmt::ClassDef(meta) if meta.name.as_str() == "Meta" => Some(meta),
        _ => None,
    });
    let meta_options = meta
        .map(|meta| {
            meta.body
                .iter()
                .filter_map(|inner| {
                    let (name, value) = assignment(inner)?;
                    Some(MetaOption {
                        name: name.to_owned(),
                        statement: span(file, inner.range()),
                        value: span(file, value.range()),
                    })
                })
                .collect()
        })
        .unwrap_or_default();
    Some(ClassSite {
        name: span(file, statement.name.range()),
        statement: span(file, statement.range()),
        meta: meta.map(|meta| span(file, meta.range())),
        meta_options,
        before_methods: before_methods(statement).map(|range| span(file, range)),
    })
}

fn before_methods(class: &ast::StmtClassDef) -> Option<TextRange> {
    let first = class.body.iter().position(|inner| matches!(inner, Stmt::FunctionDef(_)))?;
    let only_methods = class.body[first..].iter().all(|inner| matches!(inner, Stmt::FunctionDef(_)));
    only_methods.then(|| class.body[..first].last()).flatten().map(Ranged::range)
}

/// `name = value`, annotated or not.
fn assignment(statement: &Stmt) -> Option<(&str, &Expr)> {
    match statement {
        Stmt::Assign(assign) => match assign.targets.as_slice() {
            [Expr::Name(name)] => Some((name.id.as_str(), &assign.value)),
            _ => None,
        },
        Stmt::AnnAssign(assign) => match (&*assign.target, &assign.value) {
            (Expr::Name(name), Some(value)) => Some((name.id.as_str(), value)),
            _ => None,
        },
        _ => None,
    }
}

/// The statement that binds an attribute in a class body.
pub(crate) fn attribute_span(evaluator: &Evaluator<'_>, class: ClassId, name: &str) -> Option<Span> {
    let record = evaluator.heap.class(class);
    let (file, _) = record.statement?;
    record.assignments.get(name).map(|statement| span(file, statement.range()))
}

pub(crate) fn field_site(evaluator: &Evaluator<'_>, class: ClassId, name: &str) -> Option<FieldSite> {
    let record = evaluator.heap.class(class);
    let (file, _) = record.statement?;
    let statement = record.assignments.get(name)?;
    let (_, value) = assignment(statement)?;
    let target = match statement {
        Stmt::Assign(assign) => assign.targets.first()?.range(),
        Stmt::AnnAssign(assign) => assign.target.range(),
        _ => return None,
    };
    let call = match value {
        Expr::Call(call) => Some(call),
        _ => None,
    };
    Some(FieldSite {
        name: span(file, target),
        statement: span(file, statement.range()),
        callee: call.map(|call| span(file, call.func.range())),
        arguments: call.map(|call| span(file, inside(call.arguments.range()))),
        keywords: call.map(|call| keywords(file, call)).unwrap_or_default(),
    })
}

/// A call's arguments without the parentheses.
fn inside(range: TextRange) -> TextRange {
    let one = TextSize::from(1);
    if range.len() < TextSize::from(2) { range } else { TextRange::new(range.start() + one, range.end() - one) }
}

fn keywords(file: FileId, call: &ast::ExprCall) -> Vec<KeywordSite> {
    call.arguments
        .keywords
        .iter()
        .filter_map(|keyword| {
            Some(KeywordSite {
                name: keyword.arg.as_ref()?.to_string(),
                whole: span(file, keyword.range()),
                value: span(file, keyword.value.range()),
            })
        })
        .collect()
}

/// The call that made an instance.
pub(crate) fn call_span(evaluator: &Evaluator<'_>, object: ObjectId) -> Option<Span> {
    let (file, call) = evaluator.heap.instance(object)?.call?;
    Some(span(file, call.range()))
}

pub(crate) fn call_keyword(evaluator: &Evaluator<'_>, object: ObjectId, names: &[&str]) -> Option<KeywordSite> {
    let (file, call) = evaluator.heap.instance(object)?.call?;
    keywords(file, call).into_iter().find(|keyword| names.contains(&keyword.name.as_str()))
}

/// Methods and properties of a class and of its bases outside Django, nearest first.
pub(crate) fn methods(evaluator: &Evaluator<'_>, class: ClassId) -> Vec<Method> {
    let mut methods: Vec<Method> = Vec::new();
    for ancestor in &evaluator.heap.class(class).mro {
        let path = evaluator.class_path(*ancestor);
        if path.starts_with("django.") || path == "object" {
            continue;
        }
        let record = evaluator.heap.class(*ancestor);
        let Some((file, _)) = record.statement else { continue };
        for (name, value) in &record.attributes {
            let is_method = matches!(value, Evaluated::Function(_) | Evaluated::Descriptor(..));
            if !is_method || methods.iter().any(|known| known.name == name.as_str()) {
                continue;
            }
            if let Some(statement @ Stmt::FunctionDef(_)) = record.assignments.get(name) {
                methods.push(Method {
                    name: name.to_string(),
                    declared_in: path.clone(),
                    site: span(file, statement.range()),
                });
            }
        }
    }
    methods
}
