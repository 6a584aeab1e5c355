//! Constraints that API input reaches unchecked, so that the answer is a server error.

use pgwright_diagnostics::{Confidence, Diagnostic, Severity};
use pgwright_django::model::{Constraint, ConstraintKind, Field, Model, Value};
use pgwright_django::usage::Serializer;

use crate::conditions::fields_of;
use crate::headline::fitting;
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "constraint-without-validation",
    summary: "a CheckConstraint that the input of a REST serializer meets unchecked",
    docs: include_str!("constraint_without_validation.md"),
    group: Group::Constraints,
    severity: Severity::Warning,
    check: Check::Model(check),
};

fn check(facts: Facts, model: &Model, found: &mut Vec<Diagnostic>) {
    if model.abstract_ || ["save", "full_clean"].iter().any(|name| validates_itself(model, name)) {
        return;
    }
    for constraint in &model.constraints {
        if constraint.kind != ConstraintKind::Check {
            continue;
        }
        let Some(field) = only_field(model, constraint) else { continue };
        if is_validated(field) {
            continue;
        }
        let writers = facts.project.usage.serializers.iter().filter(|serializer| {
            serializer.model == model.id && serializer.written_at.is_some() && passes(serializer, field)
        });
        let writers: Vec<&Serializer> = writers.collect();
        let (Some(first), Some(site)) = (writers.first(), constraint.site) else { continue };
        let name = crate::declared::class_name(&first.path);
        let headline = fitting(&[
            format!("`{name}` takes a `{}` that this constraint refuses", field.name),
            format!("A serializer takes a `{}` that this constraint refuses", field.name),
        ]);
        let mut finding = RULE
            .at(site, headline)
            .confidence(Confidence::Likely)
            .why(
                "Forms and the admin validate constraints since Django 4.1; REST framework's serializers run field \
                 validators only, so the INSERT fails with IntegrityError and the client gets a 500 instead of a 400",
            )
            .help(format!(
                "Give `{}.{}` a validator that says the same; forms and serializers both run it",
                model.name, field.name
            ));
        for writer in writers.iter().take(3) {
            finding = finding.related(writer.site, format!("takes `{}` as it comes", field.name));
        }
        if let Some(place) = &field.site {
            finding = finding.related(place.name, "has no validator");
        }
        found.push(finding);
    }
}

/// A `save` of the project's own may call `full_clean()`.
fn validates_itself(model: &Model, name: &str) -> bool {
    model.methods.iter().any(|method| method.name == name)
}

/// The one column that the check is about, when a validator could say the same.
fn only_field<'a>(model: &'a Model, constraint: &Constraint) -> Option<&'a Field> {
    let condition = constraint.condition.as_ref().filter(|condition| !condition.has_unknown())?;
    let fields = fields_of(condition);
    let [name] = fields.as_slice() else { return None };
    let field = model.field(name)?;
    let is_input = field.editable && !field.primary_key && field.relation.is_none() && field.generated.is_none();
    // Fields with choices are checked by the serializer's ChoiceField.
    (is_input && !field.has_choices && is_range(condition)).then_some(field)
}

/// Only comparisons with constants: what `MinValueValidator` and its like can say.
fn is_range(condition: &Value) -> bool {
    match condition {
        Value::Call(call) => {
            let lookups = call.kwargs.iter().map(|(name, value)| (name.as_str(), value));
            let mut pairs = call.args.iter().filter_map(|argument| match argument {
                Value::Tuple(pair) => Some((pair.first()?.as_str()?, pair.get(1)?)),
                _ => None,
            });
            let is_bound = |(name, value): (&str, &Value)| {
                let lookup = name.rsplit("__").next().unwrap_or_default();
                matches!(lookup, "gt" | "gte" | "lt" | "lte" | "range") && !matches!(value, Value::Call(_))
            };
            call.is_a("django.db.models.query_utils.Q")
                && !(call.kwargs.is_empty() && call.args.is_empty())
                && lookups.into_iter().all(is_bound)
                && pairs.all(is_bound)
        }
        Value::Combined(combined) => combined.operator == "&" && is_range(&combined.left) && is_range(&combined.right),
        _ => false,
    }
}

/// A validator beyond those of the type, or a type that brings the range itself.
fn is_validated(field: &Field) -> bool {
    !field.validators.is_empty() || field.internal_type.starts_with("Positive")
}

/// Whether the serializer takes the field from input with nothing of its own to say about it.
fn passes(serializer: &Serializer, field: &Field) -> bool {
    let listed = serializer.all_fields || serializer.fields.as_ref().is_some_and(|fields| fields.contains(&field.name));
    listed && !serializer.validates && !serializer.handled.contains(&field.name)
}
