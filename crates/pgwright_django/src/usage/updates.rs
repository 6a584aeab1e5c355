//! Columns that are read from a row, changed in Python and saved: what another process wrote meanwhile is lost.

use pgwright_diagnostics::Confidence;
use pgwright_python::ast::visitor::{Visitor, walk_expr};
use pgwright_python::ast::{self, Expr, Operator};
use pgwright_python::text::{Ranged, TextRange};
use pgwright_python::value::span;
use rustc_hash::FxHashMap;

use super::saves::Row;
use super::types::Type;
use super::walk::Walk;
use super::{Change, Creation, Holder, RowSave};
use crate::model::ModelId;

/// What one function does with rows.
#[derive(Debug, Default)]
pub(super) struct Updates {
    changes: Vec<Pending>,
    /// Rows that are made because there are none.
    pub(super) creations: Vec<Creation>,
    /// Querysets without an order, by what they are called here.
    pub(super) unordered: FxHashMap<String, ModelId>,
    /// Names of objects that were made here, and have no row that another could change.
    fresh: Vec<String>,
    /// Rows that were read here.
    pub(super) rows: Vec<Row>,
    /// Where rows are saved.
    pub(super) saves: Vec<RowSave>,
    /// Models of which rows are copied here.
    pub(super) copied: Vec<ModelId>,
    /// Rows are locked somewhere in the function.
    locks: bool,
}

#[derive(Debug)]
struct Pending {
    change: Change,
    saved: bool,
}

impl Walk<'_, '_> {
    /// `row.column += …`.
    pub(super) fn change_by_operator(&mut self, assign: &ast::StmtAugAssign) {
        let is_sum = matches!(assign.op, Operator::Add | Operator::Sub | Operator::Mult);
        if is_sum && !is_in_the_database(&assign.value) {
            self.change(&assign.target, assign.range());
        }
    }

    /// `row.column = row.column + …`.
    pub(super) fn change_by_assignment(&mut self, target: &Expr, value: &Expr, range: TextRange) {
        let Some(written) = dotted(target).filter(|path| path.contains('.')) else { return };
        let mut reads = Reads { path: &written, found: false };
        if let Expr::BinOp(_) = value {
            reads.visit_expr(value);
        }
        if reads.found && !is_in_the_database(value) {
            self.change(target, range);
        }
    }

    fn change(&mut self, target: &Expr, range: TextRange) {
        let Expr::Attribute(attribute) = target else { return };
        let Some(object) = dotted(&attribute.value) else { return };
        let Some(Type::Value(value)) = self.type_of(target) else { return };
        // A version is changed to notice just that.
        let is_number = NUMBERS.contains(&value.field.internal_type.as_str()) && !value.field.name.contains("version");
        if !is_number || value.confidence != Confidence::Certain {
            return;
        }
        let (model, field, site) = (value.model, value.field.name.clone(), span(self.file, range));
        let holder = if object == "self" { Holder::Itself } else { Holder::Local };
        if let Some(updates) = self.updates.last_mut()
            && !updates.fresh.contains(&object)
        {
            let change = Change { model, field, object, holder, site };
            updates.changes.push(Pending { change, saved: false });
        }
    }

    /// `name = Model(…)`.
    pub(super) fn note_fresh(&mut self, target: &Expr, value: &Expr) {
        let (Expr::Name(name), Expr::Call(call)) = (target, value) else { return };
        let makes = match &*call.func {
            Expr::Attribute(attribute) if attribute.attr.as_str() == "create" => true,
            function => matches!(self.type_of(function), Some(Type::Class(_))),
        };
        if let Some(updates) = self.updates.last_mut() {
            updates.fresh.retain(|known| *known != *name.id);
            if makes {
                updates.fresh.push(name.id.to_string());
            }
        }
    }

    /// `row.save(…)`, and what locks rows.
    pub(super) fn note_saved(&mut self, call: &ast::ExprCall) {
        let Expr::Attribute(attribute) = &*call.func else { return };
        let Some(updates) = self.updates.last_mut() else { return };
        match attribute.attr.as_str() {
            "save" | "asave" => {
                let Some(object) = dotted(&attribute.value) else { return };
                let saved = updates.changes.iter_mut().filter(|pending| pending.change.object == object);
                saved.for_each(|pending| pending.saved = true);
            }
            "select_for_update" => updates.locks = true,
            _ => {}
        }
    }

    /// Takes what a function that ends has changed and saved, unless it holds locks.
    pub(super) fn end_updates(&mut self) {
        let Some(updates) = self.updates.pop() else { return };
        let locks = updates.locks;
        // Who holds a lock since it read overwrites nothing, but may be overwritten.
        let may_overwrite = |save: &RowSave| save.is_narrow && !locks && !updates.copied.contains(&save.model);
        let saves = updates.saves.into_iter().map(|save| RowSave { is_narrow: may_overwrite(&save), ..save });
        self.found.saves.extend(saves);
        if !locks {
            let saved = updates.changes.into_iter().filter(|pending| pending.saved);
            self.found.changes.extend(saved.map(|pending| pending.change));
            self.found.creations.extend(updates.creations);
        }
    }
}

/// Columns that are counted with.
const NUMBERS: [&str; 9] = [
    "IntegerField",
    "BigIntegerField",
    "SmallIntegerField",
    "PositiveIntegerField",
    "PositiveBigIntegerField",
    "PositiveSmallIntegerField",
    "DecimalField",
    "FloatField",
    "DurationField",
];

/// `a.b.c`, of names alone.
fn dotted(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Name(name) => Some(name.id.to_string()),
        Expr::Attribute(attribute) => Some(format!("{}.{}", dotted(&attribute.value)?, attribute.attr)),
        _ => None,
    }
}

/// Whether an expression is one that PostgreSQL evaluates: `F("column") + 1`.
fn is_in_the_database(expression: &Expr) -> bool {
    let mut calls = CallsF { found: false };
    calls.visit_expr(expression);
    calls.found
}

struct CallsF {
    found: bool,
}

impl Visitor<'_> for CallsF {
    fn visit_expr(&mut self, expression: &Expr) {
        if let Expr::Call(call) = expression {
            self.found |= dotted(&call.func).is_some_and(|path| path == "F" || path.ends_with(".F"));
        }
        walk_expr(self, expression);
    }
}

struct Reads<'p> {
    path: &'p str,
    found: bool,
}

impl Visitor<'_> for Reads<'_> {
    fn visit_expr(&mut self, expression: &Expr) {
        self.found |= dotted(expression).is_some_and(|path| path == self.path);
        walk_expr(self, expression);
    }
}
