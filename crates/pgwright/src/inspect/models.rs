//! `inspect models`: what Django's registry would hold.

use std::fmt::Write;

use pgwright_diagnostics::Span;
use pgwright_django::model::{Constraint, ConstraintKind, Field, Index, Model, Models, Origin};
use serde::Serialize;
use serde_json::Value as Json;

use super::value::{to_json, to_text};
use super::{Open, json, unresolved};
use crate::cli::{FactFormat, InspectModelsArgs};
use crate::session::{Reading, Session};

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    models: Vec<ModelOut<'a>>,
    unresolved: Vec<Open<'a>>,
}

#[derive(Serialize)]
struct ModelOut<'a> {
    app: &'a str,
    name: &'a str,
    module: &'a str,
    /// None for models that no class statement defines.
    file: Option<&'a str>,
    /// Line of the first decorator, or of the class statement.
    line: Option<u32>,
    /// None for abstract models.
    table: Option<&'a str>,
    #[serde(rename = "abstract")]
    abstract_: bool,
    proxy: bool,
    managed: bool,
    bases: &'a [String],
    fields: Vec<FieldOut<'a>>,
    indexes: Vec<IndexOut<'a>>,
    constraints: Vec<ConstraintOut<'a>>,
    unique_together: &'a [Vec<String>],
    ordering: Vec<Json>,
}

#[derive(Serialize)]
struct FieldOut<'a> {
    name: &'a str,
    class: &'a str,
    column: Option<&'a str>,
    #[serde(rename = "type")]
    type_: Option<&'a str>,
    null: bool,
    unique: bool,
    index: bool,
    primary_key: bool,
    has_default: bool,
    max_length: Option<u32>,
    to: Option<String>,
    related_name: Option<&'a str>,
    on_delete: Option<&'a str>,
}

#[derive(Serialize)]
struct IndexOut<'a> {
    name: &'a str,
    fields: &'a [String],
    expressions: Vec<Json>,
    opclasses: &'a [String],
    condition: Option<Json>,
    include: &'a [String],
    method: &'a str,
}

#[derive(Serialize)]
struct ConstraintOut<'a> {
    name: &'a str,
    kind: ConstraintKind,
    fields: &'a [String],
    expressions: Vec<Json>,
    condition: Option<Json>,
    deferrable: Option<&'a str>,
}

pub(super) fn render(args: &InspectModelsArgs, session: &Session, reading: &Reading) -> String {
    let models = &reading.project.models;
    let chosen: Vec<&Model> = models
        .all
        .iter()
        .filter(|model| args.all || (model.origin.is_own() && is_shown(session, reading, model)))
        .collect();
    match args.format {
        FactFormat::Json => json(&Document {
            version: 1,
            models: chosen.iter().map(|model| model_out(session, reading, model)).collect(),
            unresolved: unresolved(session, &reading.files, &reading.project.unresolved),
        }),
        FactFormat::Text => {
            let mut text = chosen.iter().map(|model| to_lines(reading, model)).collect::<Vec<_>>().join("\n");
            for open in &reading.project.unresolved {
                let _ = writeln!(text, "\nnot understood: {}: {}", open.subject, open.reason);
            }
            text
        }
    }
}

/// A model made for a field (automatic through model) is where the model of that field is.
fn is_shown(session: &Session, reading: &Reading, model: &Model) -> bool {
    let of = match &model.origin {
        Origin::AutomaticThrough { of, .. } => reading.project.models.get(*of),
        _ => model,
    };
    of.site.as_ref().is_none_or(|site| session.shows(reading.files.path(site.name.file)))
}

fn model_out<'a>(session: &Session, reading: &'a Reading, model: &'a Model) -> ModelOut<'a> {
    let statement: Option<Span> = model.site.as_ref().map(|site| site.statement);
    ModelOut {
        app: &model.app_label,
        name: &model.name,
        module: &model.module,
        file: statement.map(|span| session.relative(reading.files.path(span.file)).as_str()),
        line: statement.map(|span| reading.files.start(span).line),
        table: (!model.abstract_).then_some(model.table.as_str()),
        abstract_: model.abstract_,
        proxy: model.proxy,
        managed: model.managed,
        bases: &model.bases,
        fields: model.fields.iter().map(|field| field_out(&reading.project.models, field)).collect(),
        indexes: model.indexes.iter().map(index_out).collect(),
        constraints: model.constraints.iter().map(constraint_out).collect(),
        unique_together: &model.unique_together,
        ordering: model.ordering.iter().map(to_json).collect(),
    }
}

fn field_out<'a>(models: &Models, field: &'a Field) -> FieldOut<'a> {
    let relation = field.relation.as_ref();
    FieldOut {
        name: &field.name,
        class: &field.class,
        column: field.column.as_deref(),
        type_: field.db_type.as_deref().filter(|_| !field.is_many_to_many()),
        null: field.null,
        unique: field.unique,
        index: field.db_index,
        primary_key: field.primary_key,
        has_default: field.default.is_some(),
        max_length: field.max_length,
        to: relation.map(|relation| match relation.to {
            Some(to) => models.get(to).label(),
            None => relation.to_label.clone(),
        }),
        related_name: relation.and_then(|relation| relation.related_name.as_deref()),
        on_delete: relation.and_then(|relation| relation.on_delete.as_deref()),
    }
}

fn index_out(index: &Index) -> IndexOut<'_> {
    IndexOut {
        name: &index.name,
        fields: &index.fields,
        expressions: index.expressions.iter().map(to_json).collect(),
        opclasses: &index.opclasses,
        condition: index.condition.as_ref().map(to_json),
        include: &index.include,
        method: &index.method,
    }
}

fn constraint_out(constraint: &Constraint) -> ConstraintOut<'_> {
    ConstraintOut {
        name: &constraint.name,
        kind: constraint.kind,
        fields: &constraint.fields,
        expressions: constraint.expressions.iter().map(to_json).collect(),
        condition: constraint.condition.as_ref().map(to_json),
        deferrable: constraint.deferrable.as_deref(),
    }
}

fn to_lines(reading: &Reading, model: &Model) -> String {
    let mut text = model.label();
    for (flag, word) in [(model.abstract_, "abstract"), (model.proxy, "proxy"), (!model.managed, "unmanaged")] {
        if flag {
            let _ = write!(text, " ({word})");
        }
    }
    if !model.abstract_ {
        let _ = write!(text, " → {}", model.table);
    }
    if let Some(site) = &model.site {
        let _ = write!(text, "  {}:{}", reading.files.path(site.name.file), reading.files.start(site.statement).line);
    }
    text.push('\n');
    let width = model.fields.iter().map(|field| field.name.chars().count()).max().unwrap_or_default();
    for field in &model.fields {
        let _ = writeln!(text, "  {:width$}  {}", field.name, facts(&reading.project.models, field).join(" · "));
    }
    for fields in &model.unique_together {
        let _ = writeln!(text, "  unique together ({})", fields.join(", "));
    }
    for index in &model.indexes {
        let keys: Vec<String> = index.fields.iter().cloned().chain(index.expressions.iter().map(to_text)).collect();
        let condition = index.condition.as_ref().map(|condition| format!(" where {}", to_text(condition)));
        let (method, keys) = (&index.method, keys.join(", "));
        let _ = writeln!(text, "  index {} {method} ({keys}){}", index.name, condition.unwrap_or_default());
    }
    for constraint in &model.constraints {
        let keys: Vec<String> =
            constraint.fields.iter().cloned().chain(constraint.expressions.iter().map(to_text)).collect();
        let kind = match constraint.kind {
            ConstraintKind::Check => "check",
            ConstraintKind::Unique => "unique",
            ConstraintKind::Exclusion => "exclusion",
            ConstraintKind::Other => "constraint",
        };
        let _ = write!(text, "  {kind} {}", constraint.name);
        if !keys.is_empty() {
            let _ = write!(text, " ({})", keys.join(", "));
        }
        if let Some(condition) = &constraint.condition {
            let _ = write!(text, " {}", to_text(condition));
        }
        text.push('\n');
    }
    text
}

fn facts(models: &Models, field: &Field) -> Vec<String> {
    let class = field.class.rsplit('.').next().unwrap_or(&field.class).to_owned();
    let mut facts = vec![class];
    facts.extend(field.db_type.clone());
    if let Some(to) = field_out(models, field).to {
        facts.push(format!("to {to}"));
    }
    for (flag, word) in [
        (field.primary_key, "primary key"),
        (field.unique && !field.primary_key, "unique"),
        (field.db_index && !field.unique, "indexed"),
        (field.null, "null"),
        (field.default.is_some(), "default"),
    ] {
        if flag {
            facts.push(word.to_owned());
        }
    }
    facts
}
