//! Uniqueness over several columns that NULLs get around.

use pgwright_diagnostics::{Applicability, Confidence, Diagnostic, Fix, Severity, Span};
use pgwright_django::model::{Constraint, ConstraintKind, Field, Model, Value};

use crate::edits::{Sequence, meta_option};
use crate::headline::fitting;
use crate::tables::is_of_tests;
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "unique-nullable",
    summary: "a uniqueness over several columns that rows with NULL get around",
    docs: include_str!("unique_nullable.md"),
    group: Group::Constraints,
    severity: Severity::Warning,
    check: Check::Model(check),
};

fn check(facts: Facts, model: &Model, found: &mut Vec<Diagnostic>) {
    if is_of_tests(model) {
        return;
    }
    let Some(class) = &model.site else { return };
    for constraint in &model.constraints {
        let is_plain = constraint.kind == ConstraintKind::Unique
            && constraint.expressions.is_empty()
            && constraint.nulls_distinct != Some(false);
        // Said once, where it is written; a base class's is seen there.
        let Some(span) = constraint.site.filter(|span| class.statement.contains(*span)) else { continue };
        if is_plain && let Some(holes) = holes(model, &constraint.fields, constraint.condition.as_ref()) {
            found.push(on_constraint(facts, model, constraint, span, &holes));
        }
    }
    let Some(option) = meta_option(class, "unique_together") else { return };
    let entries = Sequence::of_value(facts.files, option.value).map(|sequence| sequence.entries);
    let entries = entries.filter(|entries| entries.len() == model.unique_together.len());
    for (position, fields) in model.unique_together.iter().enumerate() {
        let entry = entries.as_ref().and_then(|entries| entries.get(position).copied());
        if let Some(holes) = holes(model, fields, None) {
            let finding = finding(facts, model, fields, &holes, entry.unwrap_or(option.statement));
            found.push(finding);
        }
    }
}

/// The nullable members that rows get around the uniqueness by, where that looks like an oversight.
fn holes<'m>(model: &'m Model, fields: &[String], condition: Option<&Value>) -> Option<Vec<&'m Field>> {
    let members: Vec<&Field> = fields.iter().map(|name| model.field(name)).collect::<Option<_>>()?;
    let nullable: Vec<&Field> = members.iter().copied().filter(|field| field.null).collect();
    if nullable.is_empty() || nullable.len() == members.len() {
        return None;
    }
    // A nullable number, code or text is a value not yet given, and a nullable key emptied by SET_NULL a parent now gone:
    // several such rows are meant to be possible.
    if nullable.iter().any(|field| !is_scope(field)) {
        return None;
    }
    if has_alternatives(model, fields, &nullable) {
        return None;
    }
    let mut said = model.constraints.iter().filter_map(|other| other.condition.as_ref()).chain(condition);
    // Whoever writes about NULL in a condition has thought of it: partial constraints, exactly one of two.
    if said
        .any(|condition| condition.has_unknown() || nullable.iter().any(|field| mentions_null(condition, &field.name)))
    {
        return None;
    }
    let others: Vec<&Field> = members.iter().copied().filter(|field| !field.null).collect();
    // One more uniqueness without the nullable members holds for all rows anyway.
    let is_within =
        |names: &[String]| !names.is_empty() && names.iter().all(|name| others.iter().any(|field| field.name == *name));
    let is_closed = others.iter().any(|field| field.unique)
        || model.unique_together.iter().any(|names| is_within(names))
        || model
            .constraints
            .iter()
            .any(|other| other.kind == ConstraintKind::Unique && other.condition.is_none() && is_within(&other.fields));
    (!is_closed).then_some(nullable)
}

/// Whether NULL in the field would name one thing of its own ("no parent", "no warehouse") rather than a value not given.
fn is_scope(field: &Field) -> bool {
    field.relation.as_ref().is_some_and(|relation| {
        let action = relation.on_delete.as_deref().and_then(|path| path.rsplit('.').next()).unwrap_or_default();
        let is_emptied = matches!(action, "SET_NULL" | "DB_SET_NULL" | "SET" | "DO_NOTHING");
        // No user is somebody not logged in, or not invited yet: there are many of them.
        !is_emptied && relation.swappable.as_deref() != Some("AUTH_USER_MODEL")
    })
}

/// Whether another uniqueness differs in the nullable member alone: of several owners each row has one.
fn has_alternatives(model: &Model, fields: &[String], nullable: &[&Field]) -> bool {
    let rest = |names: &[String]| -> Option<Vec<String>> {
        let mut rest = Vec::new();
        let mut has_null = false;
        for name in names {
            let field = model.field(name)?;
            if field.null { has_null = true } else { rest.push(field.name.clone()) }
        }
        rest.sort_unstable();
        has_null.then_some(rest)
    };
    let is_here = |name: &String| nullable.iter().any(|field| field.name == *name);
    let own = rest(fields);
    let groups = model.unique_together.iter().map(Vec::as_slice);
    let declared = model
        .constraints
        .iter()
        .filter(|other| other.kind == ConstraintKind::Unique && other.nulls_distinct != Some(false));
    groups
        .chain(declared.map(|other| other.fields.as_slice()))
        .any(|names| names != fields && own.is_some() && rest(names) == own && !names.iter().any(is_here))
}

/// Whether a condition asks if the field is NULL, whatever the answer.
fn mentions_null(value: &Value, field: &str) -> bool {
    let is_asked = |key: &str, value: &Value| match key.strip_prefix(field) {
        Some("__isnull") => true,
        Some("") => *value == Value::None,
        _ => false,
    };
    match value {
        Value::Call(call) => {
            call.kwargs.iter().any(|(key, value)| is_asked(key, value) || mentions_null(value, field))
                || call.args.iter().any(|value| mentions_null(value, field))
        }
        Value::Combined(combined) => mentions_null(&combined.left, field) || mentions_null(&combined.right, field),
        Value::Tuple(items) | Value::List(items) => match items.as_slice() {
            [Value::Str(key), value] => is_asked(key, value),
            items => items.iter().any(|value| mentions_null(value, field)),
        },
        _ => false,
    }
}

fn on_constraint(facts: Facts, model: &Model, constraint: &Constraint, span: Span, holes: &[&Field]) -> Diagnostic {
    let mut finding = finding(facts, model, &constraint.fields, holes, span);
    if facts.project.django.at_least(5, 0) {
        finding.fix = nulls_distinct(facts, span);
    }
    finding
}

/// Adds `nulls_distinct=False` to the call.
fn nulls_distinct(facts: Facts, span: Span) -> Option<Fix> {
    let text = facts.files.text(span);
    let open = text.find('(')?;
    if !text.ends_with(')') {
        return None;
    }
    let inside = Span::new(span.file, span.start + open as u32 + 1, span.end - 1);
    let edits = Sequence::of_arguments(facts.files, inside)?.with(facts.files, "nulls_distinct=False")?;
    Some(Fix { title: "Let NULL equal NULL".to_owned(), applicability: Applicability::Unsafe, edits })
}

fn finding(facts: Facts, model: &Model, fields: &[String], holes: &[&Field], span: Span) -> Diagnostic {
    let names: Vec<&str> = holes.iter().map(|field| field.name.as_str()).collect();
    let without: Vec<&str> = fields.iter().map(String::as_str).filter(|name| !names.contains(name)).collect();
    let listed = |names: &[&str]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let one = names.first().copied().unwrap_or_default();
    let partial = format!("a second `UniqueConstraint` on {} with `condition=Q({one}__isnull=True)`", listed(&without));
    let help = if facts.project.django.at_least(5, 0) {
        format!(
            "Add `nulls_distinct=False` to the `UniqueConstraint` (PostgreSQL 15 and later), or {partial}; remove duplicates \
             first, or the migration fails"
        )
    } else {
        format!("Add {partial}; remove duplicates first, or the migration fails")
    };
    let mut finding = RULE
        .at(span, fitting(&[
            format!("rows of `{}` without `{one}` are not unique", model.name),
            format!("`{}` is not unique without `{one}`", model.name),
            format!("rows of `{}` with a NULL are not unique", model.name),
        ]))
        .why(format!(
            "NULL equals nothing, so rows that share {} repeat at will where {} is NULL: `get_or_create` under load makes \
             duplicates, and `get()` then fails with MultipleObjectsReturned",
            listed(&without),
            listed(&names),
        ))
        .help(help)
        .confidence(Confidence::Likely);
    for field in holes {
        if let Some(site) = &field.site {
            finding = finding.related(site.name, "nullable");
        }
    }
    finding
}
