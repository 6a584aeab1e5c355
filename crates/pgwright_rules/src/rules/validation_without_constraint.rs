//! Rules about values that only forms enforce.

use std::collections::BTreeMap;

use pgwright_diagnostics::{Applicability, Diagnostic, Fix, Severity, Span};
use pgwright_django::model::{Field, Model, Value};
use pgwright_django::usage::{Comparison, Refused};

use crate::additions::{constraint_name, takes_entries};
use crate::conditions::{fields_of, is_checked};
use crate::declared::{Declared, class_name, declarations};
use crate::edits::{add_meta_entry, string};
use crate::headline::fitting;
use crate::tables::is_of_tests;
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "validation-without-constraint",
    summary: "values that validators, `choices` or `clean()` refuse and the table takes",
    docs: include_str!("validation_without_constraint.md"),
    group: Group::Constraints,
    severity: Severity::Warning,
    check: Check::Project(check),
};

/// Longer lists are data (countries, languages) and change with the libraries they come from.
const MOST_CHOICES: usize = 12;
/// Characters of a constraint that still goes on one line.
const SHORT: usize = 90;

/// One rule that the table does not know.
struct Missing {
    span: Span,
    text: String,
    /// What the constraint says, in the source's own imports.
    entry: Entry,
    is_choices: bool,
}

enum Entry {
    /// Keyword arguments of a `Q`, with what to call it.
    Check {
        condition: Vec<(String, Operand)>,
        name: String,
    },
    Unique {
        fields: Vec<String>,
    },
}

enum Operand {
    Literal(String),
    Field(String),
}

fn check(facts: Facts, found: &mut Vec<Diagnostic>) {
    // Choices alone are often left to the application on purpose: they are said once per app.
    let mut only_choices: BTreeMap<&str, Vec<(&Model, Vec<Missing>)>> = BTreeMap::new();
    for model in facts.project.models.all.iter().filter(|model| is_looked_at(model)) {
        let missing = missing(facts, model);
        if missing.is_empty() {
            continue;
        }
        if missing.iter().all(|one| one.is_choices) {
            only_choices.entry(&model.app_label).or_default().push((model, missing));
        } else {
            found.extend(finding(facts, model, &missing));
        }
    }
    for (app, models) in only_choices {
        found.extend(choices_of_app(facts, app, &models));
    }
}

fn is_looked_at(model: &Model) -> bool {
    model.origin.is_own() && (model.has_table() || model.abstract_) && !is_of_tests(model)
}

fn missing(facts: Facts, model: &Model) -> Vec<Missing> {
    let mut missing = Vec::new();
    for declared in declarations(facts, model) {
        let field = declared.field;
        if field.column.is_none() || field.generated.is_some() || field.relation.is_some() || is_checked(model, field) {
            continue;
        }
        missing.extend(range(field, declared.site.name));
        missing.extend(choices(facts, &declared));
    }
    for refusal in facts.project.usage.refusals.iter().filter(|refusal| is_of(facts, model, &refusal.declared_in)) {
        missing.extend(refused(model, &refusal.refused, refusal.site));
    }
    // The same condition twice is one constraint.
    missing.dedup_by(|a, b| a.text == b.text);
    missing
}

/// Whether a `clean()` is the model's own, or of a base that is no model and no other model brings.
fn is_of(facts: Facts, model: &Model, class: &str) -> bool {
    let is_named =
        |model: &Model, path: &str| path.rsplit_once('.') == Some((model.module.as_str(), model.name.as_str()));
    if is_named(model, class) {
        return true;
    }
    let is_mixin = model.mro.iter().any(|path| path == class);
    is_mixin
        && !facts.project.models.all.iter().any(|base| {
            base.id != model.id
                && base.mro.iter().any(|path| path == class)
                && model.mro.iter().any(|path| is_named(base, path))
        })
}

/// Minimum and maximum of a number.
fn range(field: &Field, place: Span) -> Option<Missing> {
    let mut condition = Vec::new();
    for validator in &field.validators {
        let Value::Call(call) = validator else { continue };
        let lookup = match class_name(&call.class) {
            "MinValueValidator" => "gte",
            "MaxValueValidator" => "lte",
            _ => continue,
        };
        let limit = call.kwarg("limit_value").or(call.args.first())?;
        let Some(limit) = number(limit) else { continue };
        // Django's own CHECK says this already.
        if lookup == "gte" && limit == "0" && field.internal_type.starts_with("Positive") {
            continue;
        }
        condition.push((format!("{}__{lookup}", field.name), Operand::Literal(limit)));
    }
    let is_number = ["Integer", "Decimal", "Float"].iter().any(|part| field.internal_type.contains(part));
    if condition.is_empty() || !is_number {
        return None;
    }
    let text = match condition.as_slice() {
        [(lookup, Operand::Literal(limit))] if lookup.ends_with("gte") => format!("`{}` at least {limit}", field.name),
        [(_, Operand::Literal(limit))] => format!("`{}` at most {limit}", field.name),
        _ => format!("`{}` within its validators' range", field.name),
    };
    let entry = Entry::Check { condition, name: format!("{}_range", field.name) };
    Some(Missing { span: place, text, entry, is_choices: false })
}

fn number(value: &Value) -> Option<String> {
    match value {
        Value::Int(int) => Some(int.to_string()),
        Value::Float(float) if float.fract() == 0.0 => Some(format!("{float:.0}")),
        Value::Float(float) => Some(float.to_string()),
        // `Decimal` would have to be imported; Django rounds a float to the digits of the column.
        Value::Call(call) if call.class == "decimal.Decimal" => match call.args.first()? {
            Value::Int(int) => Some(int.to_string()),
            Value::Str(text) => match text.parse::<f64>().ok().filter(|number| number.is_finite())? {
                whole if whole.fract() == 0.0 => Some(format!("{whole:.0}")),
                _ => Some(text.clone()),
            },
            _ => None,
        },
        _ => None,
    }
}

fn choices(facts: Facts, declared: &Declared) -> Option<Missing> {
    let (field, site) = (declared.field, declared.site);
    let file = facts.files.try_get(site.name.file)?;
    let quote = |text: &str| string(file, text);
    let is_plain = matches!(
        field.internal_type.as_str(),
        "CharField"
            | "TextField"
            | "IntegerField"
            | "SmallIntegerField"
            | "PositiveSmallIntegerField"
            | "PositiveIntegerField"
    );
    // `choices` of Django's own classes only: others (languages, countries) bring theirs.
    if !is_plain || !field.class.starts_with("django.") || !(1..=MOST_CHOICES).contains(&field.choices.len()) {
        return None;
    }
    let written = site.keyword("choices").map(|keyword| facts.files.text(keyword.value)).unwrap_or_default();
    let is_default_among = match &field.default {
        Some(default @ (Value::Str(_) | Value::Int(_))) => field.choices.contains(default),
        _ => true,
    };
    if is_computed(written) || !is_default_among {
        return None;
    }
    let mut values = Vec::new();
    for choice in &field.choices {
        let value = match choice {
            Value::Str(text) if text.chars().all(|c| c.is_alphanumeric() || " _-.:/+".contains(c)) => quote(text),
            Value::Int(int) => int.to_string(),
            Value::None => continue,
            _ => return None,
        };
        if !values.contains(&value) {
            values.push(value);
        }
    }
    let takes_empty = field.blank && matches!(field.internal_type.as_str(), "CharField" | "TextField");
    if takes_empty && !values.contains(&quote("")) {
        values.push(quote(""));
    }
    if values.is_empty() {
        return None;
    }
    let list = Operand::Literal(format!("[{}]", values.join(", ")));
    let entry =
        Entry::Check { condition: vec![(format!("{}__in", field.name), list)], name: format!("{}_valid", field.name) };
    Some(Missing { span: site.name, text: format!("`{}` one of its choices", field.name), entry, is_choices: true })
}

/// `sorted(TYPES)`, `[… for name in REGISTRY]`: what a plugin or a library may add to.
fn is_computed(written: &str) -> bool {
    written.contains(" for ") || (!written.starts_with(['[', '(']) && written.contains('('))
}

fn refused(model: &Model, refused: &Refused, span: Span) -> Option<Missing> {
    match refused {
        Refused::Comparison { left, operator, right } => {
            let (left, right) = (model.field(left)?, model.field(right)?);
            let is_said = model.constraints.iter().any(|constraint| {
                let fields = constraint.condition.as_ref().map(fields_of).unwrap_or_default();
                fields.contains(&left.name) && fields.contains(&right.name)
            });
            // The columns of a parent lie in another table; a CHECK sees one row of one.
            if is_said || !left.local || !right.local {
                return None;
            }
            let holds = operator.negated();
            let words = match holds {
                Comparison::Less => "less than",
                Comparison::LessOrEqual => "at most",
                Comparison::Greater => "greater than",
                Comparison::GreaterOrEqual => "at least",
            };
            let condition = vec![(format!("{}__{}", left.name, holds.lookup()), Operand::Field(right.name.clone()))];
            let name = format!("{}_{}_{}", left.name, holds.lookup(), right.name);
            let text = format!("`{}` {words} `{}`", left.name, right.name);
            Some(Missing { span, text, entry: Entry::Check { condition, name }, is_choices: false })
        }
        Refused::Duplicate { fields } => {
            let same =
                |others: &[String]| others.len() == fields.len() && fields.iter().all(|field| others.contains(field));
            let single = fields.len() == 1 && model.field(&fields[0]).is_some_and(|field| field.unique);
            let is_said = single
                || model.unique_together.iter().any(|others| same(others))
                || model.constraints.iter().any(|constraint| same(&constraint.fields));
            let listed: Vec<String> = fields.iter().map(|field| format!("`{field}`")).collect();
            let text = format!("one row per {}", listed.join(" and "));
            (!is_said).then(|| Missing {
                span,
                text,
                entry: Entry::Unique { fields: fields.clone() },
                is_choices: false,
            })
        }
    }
}

/// One finding for the choices of all models of an app; with a fix where it is about one model.
fn choices_of_app(facts: Facts, app: &str, models: &[(&Model, Vec<Missing>)]) -> Option<Diagnostic> {
    let (first, missing) = models.first()?;
    let mut finding = finding(facts, first, missing)?;
    finding.severity = Severity::Note;
    if models.len() > 1 {
        finding.headline = fitting(&[
            format!("{} models of `{app}` have choices that their tables do not know", models.len()),
            format!("{} models have choices that their tables do not know", models.len()),
        ]);
        finding.fix = None;
        finding.related.clear();
        for (model, missing) in models {
            for one in missing {
                finding = finding.related(one.span, format!("`{}`: {}", model.name, one.text));
            }
        }
    }
    Some(finding)
}

fn finding(facts: Facts, model: &Model, missing: &[Missing]) -> Option<Diagnostic> {
    let at = model.site.as_ref()?.name;
    let headline = match missing {
        [one] => format!("Nothing in the table of `{}` keeps {}", model.name, one.text),
        several => format!("`{}` has {} rules that its table does not know", model.name, several.len()),
    };
    let headline = fitting(&[headline, format!("`{}` has a rule that its table does not know", model.name)]);
    let races = missing.iter().any(|one| matches!(one.entry, Entry::Unique { .. }));
    let mut finding = RULE.at(at, headline);
    finding = if races {
        finding.why(
            "`clean()` looks for a duplicate and another transaction writes one in between; `save()`, `create()` and \
             `bulk_create()` do not call it at all",
        )
    } else {
        finding.why(
            "Only forms and serializers run validators: `save()`, `update()`, `bulk_create()`, migrations and SQL write \
             what they like, and code that trusts the rule meets the row later",
        )
    };
    finding = finding.help(
        "Say it in `Meta.constraints` too. A CHECK lets NULL pass. Adding one reads the whole table under \
         AccessExclusiveLock; `AddConstraintNotValid` and `ValidateConstraint` split that for a large table",
    );
    for one in missing {
        finding = finding.related(one.span, one.text.clone());
    }
    finding.fix = fix(facts, model, missing);
    Some(finding)
}

fn fix(facts: Facts, model: &Model, missing: &[Missing]) -> Option<Fix> {
    let site = model.site.as_ref()?;
    let file = facts.files.try_get(site.statement.file)?;
    if !takes_entries(facts, model) {
        return None;
    }
    let condition_keyword = if facts.project.django.at_least(5, 1) { "condition" } else { "check" };
    let mut lines = Vec::new();
    for one in missing {
        let ((class, argument), name) = match &one.entry {
            Entry::Check { condition, name } => {
                let condition: Vec<String> = condition
                    .iter()
                    .map(|(lookup, operand)| match operand {
                        Operand::Literal(text) => format!("{lookup}={text}"),
                        Operand::Field(field) => format!("{lookup}=models.F({})", string(file, field)),
                    })
                    .collect();
                let condition = format!("{condition_keyword}=models.Q({})", condition.join(", "));
                (("CheckConstraint", condition), name.clone())
            }
            Entry::Unique { fields } => {
                let listed: Vec<String> = fields.iter().map(|field| string(file, field)).collect();
                (("UniqueConstraint", format!("fields=[{}]", listed.join(", "))), format!("{}_uniq", fields.join("_")))
            }
        };
        let name = constraint_name(model, &name)?;
        if model.constraints.iter().any(|constraint| constraint.name == name) {
            return None;
        }
        let name = string(file, &name);
        let line = format!("models.{class}({argument}, name={name})");
        let is_short = line.len() <= SHORT;
        lines.push(if is_short { line } else { format!("models.{class}(\n    {argument},\n    name={name},\n)") });
    }
    let edits = add_meta_entry(facts.files, site, "constraints", &lines.join(",\n"))?;
    let title = if missing.len() == 1 { "Add the constraint" } else { "Add the constraints" };
    Some(Fix { title: title.to_owned(), applicability: Applicability::Unsafe, edits })
}
