//! Rows that are read, changed in a few columns and saved whole, and other places that save rows.

use pgwright_python::ast::{self, Expr};
use pgwright_python::text::Ranged;
use pgwright_python::value::span;

use super::types::{Type, literal_text};
use super::walk::Walk;
use super::{Holder, RowSave, Written};
use crate::model::ModelId;
use pgwright_diagnostics::Span;

/// A row by what it is called in a function, and what has happened to it there.
#[derive(Debug)]
pub(super) struct Row {
    name: String,
    model: ModelId,
    holder: Holder,
    /// Where it was read.
    read: Span,
    /// Columns that are assigned.
    fields: Vec<String>,
    /// It was handed on: other columns may be changed by whoever got it.
    is_shared: bool,
}

/// Methods of querysets that read one row.
const READS: [&str; 7] = ["get", "first", "last", "latest", "earliest", "aget", "afirst"];

impl Walk<'_, '_> {
    /// `name = Model.objects.get(…)`.
    pub(super) fn note_row(&mut self, target: &Expr, value: &Expr) {
        let Expr::Name(name) = target else { return };
        let row = match self.type_of(value) {
            Some(Type::Instance(model)) if reads_row(value) => Some((model, span(self.file, value.range()))),
            _ => None,
        };
        self.hold(name.id.as_str(), row, Holder::Local);
    }

    /// `for name in Model.objects.filter(…)`.
    pub(super) fn note_each_row(&mut self, target: &Expr, iterable: &Expr) {
        let Expr::Name(name) = target else { return };
        let row = match self.type_of(iterable) {
            Some(Type::Rows(model)) => Some((model, span(self.file, iterable.range()))),
            _ => None,
        };
        self.hold(name.id.as_str(), row, Holder::Local);
    }

    /// The row whose method begins.
    pub(super) fn note_own_row(&mut self, function: &ast::StmtFunctionDef) {
        let model = self.classes.last().and_then(|class| class.model);
        self.hold("self", model.map(|model| (model, span(self.file, function.name.range()))), Holder::Itself);
    }

    fn hold(&mut self, name: &str, row: Option<(ModelId, Span)>, holder: Holder) {
        let Some(updates) = self.updates.last_mut() else { return };
        updates.rows.retain(|row| row.name != name);
        if let Some((model, read)) = row {
            let row = Row { name: name.to_owned(), model, holder, read, fields: Vec::new(), is_shared: false };
            updates.rows.push(row);
        }
    }

    fn row(&mut self, name: &str) -> Option<&mut Row> {
        self.updates.last_mut()?.rows.iter_mut().find(|row| row.name == name)
    }

    /// `row.column = …`, `row.document["key"] = …`.
    pub(super) fn assign_to_row(&mut self, target: &Expr) {
        let attribute = match target {
            Expr::Attribute(attribute) => attribute,
            Expr::Subscript(subscript) => return self.assign_to_row(&subscript.value),
            _ => return,
        };
        let Expr::Name(name) = &*attribute.value else { return };
        let Some(model) = self.row(name.id.as_str()).map(|row| row.model) else { return };
        let written = attribute.attr.as_str();
        let mut columns = self.lookup.model(model).local_columns();
        let column = columns.find(|field| field.name == written || field.attname == written);
        let column = column.map(|field| field.name.clone()).or_else(|| (written == "pk").then(|| written.to_owned()));
        let Some(row) = self.row(name.id.as_str()) else { return };
        match column {
            Some(column) if !row.fields.contains(&column) => row.fields.push(column),
            Some(_) => {}
            // A property may set anything.
            None => row.is_shared = true,
        }
    }

    /// A row stands somewhere by itself: an argument, a value, an element.
    pub(super) fn share_row(&mut self, name: &str) {
        if let Some(row) = self.row(name) {
            row.is_shared = true;
        }
    }

    /// `row.save()`; another method may change anything.
    pub(super) fn call_on_row(&mut self, call: &ast::ExprCall) {
        let Expr::Attribute(attribute) = &*call.func else { return };
        let Expr::Name(name) = &*attribute.value else { return };
        let site = span(self.file, call.range());
        let Some(model) = self.row(name.id.as_str()).map(|row| row.model) else { return };
        let primary_key = self.lookup.model(model).primary_key().map(|field| field.name.clone());
        let Some(row) = self.row(name.id.as_str()) else { return };
        match attribute.attr.as_str() {
            "save" | "asave" => {}
            "refresh_from_db" | "arefresh_from_db" => return row.fields.clear(),
            method if method.starts_with("get_") => return,
            _ => return row.is_shared = true,
        }
        let named = call.arguments.find_keyword("update_fields").map(|keyword| named(&keyword.value));
        let is_plain = call.arguments.args.is_empty() && call.arguments.keywords.is_empty();
        let written = match named {
            Some(Some(fields)) => Written::Fields(fields),
            None if is_plain && !row.fields.is_empty() => Written::Row(row.fields.clone()),
            _ => return,
        };
        // `row.pk = None; row.save()` makes a copy: nobody else knows the rows that are made here.
        if row.fields.iter().any(|field| field == "pk" || Some(field) == primary_key.as_ref()) {
            if let Some(updates) = self.updates.last_mut() {
                updates.copied.push(model);
            }
            return;
        }
        // What others have done to it is not known; for what a place writes at least, it is.
        let is_narrow = !row.is_shared && row.holder == Holder::Local;
        let save = RowSave { model: row.model, object: row.name.clone(), written, is_narrow, read: row.read, site };
        row.fields.clear();
        if let Some(updates) = self.updates.last_mut() {
            updates.saves.push(save);
        }
    }
}

/// Whether an expression reads one row from the database.
fn reads_row(value: &Expr) -> bool {
    let Expr::Call(call) = value else { return false };
    match &*call.func {
        Expr::Attribute(attribute) => {
            READS.contains(&attribute.attr.as_str()) || attribute.attr.as_str() == "get_object"
        }
        Expr::Name(name) => matches!(name.id.as_str(), "get_object_or_404" | "aget_object_or_404"),
        _ => false,
    }
}

/// The names in a literal list.
fn named(list: &Expr) -> Option<Vec<String>> {
    let entries = match list {
        Expr::List(list) => &list.elts,
        Expr::Tuple(tuple) => &tuple.elts,
        Expr::Set(set) => &set.elts,
        _ => return None,
    };
    entries.iter().map(|entry| literal_text(entry).map(str::to_owned)).collect()
}
