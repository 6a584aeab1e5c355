//! Uniqueness per day, month or year that only forms keep.

use pgwright_diagnostics::{Applicability, Diagnostic, Fix, Severity};
use pgwright_django::model::{ConstraintKind, Field, KeywordSite, Model};

use crate::additions::{FUNCTIONS, constraint_name, import_name, takes_entries};
use crate::conditions::fields_of;
use crate::declared::{Declared, declarations};
use crate::edits::{add_meta_entry, string};
use crate::tables::is_of_tests;
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "unique-for-date",
    summary: "`unique_for_date`, `unique_for_month` or `unique_for_year` that the table does not know",
    docs: include_str!("unique_for_date.md"),
    group: Group::Constraints,
    severity: Severity::Warning,
    check: Check::Model(check),
};

/// Characters of a constraint that still goes on one line.
const SHORT: usize = 90;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Period {
    Date,
    Month,
    Year,
}

impl Period {
    const ALL: [Period; 3] = [Period::Date, Period::Month, Period::Year];

    fn keyword(self) -> &'static str {
        match self {
            Period::Date => "unique_for_date",
            Period::Month => "unique_for_month",
            Period::Year => "unique_for_year",
        }
    }

    fn word(self) -> &'static str {
        match self {
            Period::Date => "day",
            Period::Month => "month",
            Period::Year => "year",
        }
    }
}

fn check(facts: Facts, model: &Model, found: &mut Vec<Diagnostic>) {
    if is_of_tests(model) {
        return;
    }
    for declared in declarations(facts, model) {
        let field = declared.field;
        if field.unique || field.column.is_none() {
            continue;
        }
        for period in Period::ALL {
            let Some(keyword) = declared.site.keyword(period.keyword()) else { continue };
            // A keyword of a field class of the project may mean something else.
            let named = |name: &&String| facts.files.text(keyword.value).trim_matches(['"', '\'']) == name.as_str();
            let Some(date) = field.unique_for.iter().find(named).and_then(|name| model.field(name)) else { continue };
            if !is_said(facts, model, field, date) {
                found.push(finding(facts, model, &declared, date, period, keyword));
            }
        }
    }
}

/// Whether the table knows it, or every table that inherits the declaration does.
fn is_said(facts: Facts, model: &Model, field: &Field, date: &Field) -> bool {
    if says(model, field, date) {
        return true;
    }
    let path = format!("{}.{}", model.module, model.name);
    let children = || facts.project.models.own_tables().filter(|child| child.mro.contains(&path));
    model.abstract_ && children().next().is_some() && children().all(|child| says(child, field, date))
}

/// A constraint that names both fields is taken to say what was meant, in whatever words; one that could not be read too.
fn says(model: &Model, field: &Field, date: &Field) -> bool {
    let is_pair = |fields: &[String]| {
        let has = |field: &Field| fields.contains(&field.name);
        has(field) && (has(date) || fields.len() == 1)
    };
    model.unique_together.iter().any(|fields| is_pair(fields))
        || model.constraints.iter().any(|constraint| match constraint.kind {
            ConstraintKind::Check => false,
            ConstraintKind::Other => true,
            ConstraintKind::Unique | ConstraintKind::Exclusion => {
                let mut fields = constraint.fields.clone();
                for expression in &constraint.expressions {
                    fields.extend(expression.as_str().map(str::to_owned));
                    fields.extend(fields_of(expression));
                }
                is_pair(&fields) || constraint.expressions.iter().any(pgwright_django::model::Value::has_unknown)
            }
        })
}

fn finding(
    facts: Facts,
    model: &Model,
    declared: &Declared,
    date: &Field,
    period: Period,
    keyword: &KeywordSite,
) -> Diagnostic {
    let word = period.word();
    let why = if date.editable {
        format!(
            "Forms and the admin look for another row of that {word} before they save, and two requests both find none; \
             `save()`, `create()` and `bulk_create()` do not look at all"
        )
    } else {
        format!(
            "`{}` is in no form, and Django looks only where the form has both fields: nothing checks it",
            date.name
        )
    };
    let mut finding = RULE
        .at(keyword.whole, declared.headline(&format!("is unique per {word} of `{}` in forms only", date.name)))
        .why(why)
        .help(help(facts, declared.field, date, period));
    finding.fix = fix(facts, model, declared, date, period);
    finding
}

/// Whether Django writes a time zone into expressions on this column: without one PostgreSQL takes no index on it, because the
/// day of a `timestamptz` is that of the session's zone.
fn is_zoned(facts: Facts, date: &Field) -> bool {
    let used = facts.project.settings.use_tz.unwrap_or_else(|| facts.project.django.at_least(5, 0));
    date.internal_type == "DateTimeField" && used
}

fn help(facts: Facts, field: &Field, date: &Field, period: Period) -> String {
    let (field, name) = (&field.name, &date.name);
    if date.internal_type == "DateTimeField" && !is_zoned(facts, date) {
        return format!(
            "Keep the {} in a column of its own with a UniqueConstraint: with `USE_TZ = False` an index on a part of `{name}` \
             is refused, as not immutable",
            period.word(),
        );
    }
    match period {
        Period::Date if date.internal_type == "DateField" => {
            format!(
                "Add `models.UniqueConstraint(fields=[\"{field}\", \"{name}\"], name=…)`; look for duplicates first"
            )
        }
        Period::Date => format!(
            "Add `models.UniqueConstraint(\"{field}\", TruncDate(\"{name}\"), name=…)`, a unique index in the zone of \
             `TIME_ZONE`; look for duplicates first"
        ),
        Period::Year => format!(
            "Add `models.UniqueConstraint(\"{field}\", ExtractYear(\"{name}\"), name=…)`; look for duplicates first"
        ),
        Period::Month => format!(
            "Add `models.UniqueConstraint(\"{field}\", ExtractYear(\"{name}\"), ExtractMonth(\"{name}\"), name=…)`; the form's \
             check compares the month of every year with it, which the same without ExtractYear does"
        ),
    }
}

fn fix(facts: Facts, model: &Model, declared: &Declared, date: &Field, period: Period) -> Option<Fix> {
    let field = declared.field;
    let is_own_column = field.local && date.local && field.relation.is_none();
    if !is_own_column || !takes_entries(facts, model) {
        return None;
    }
    let is_date = date.internal_type == "DateField";
    if !is_date && !is_zoned(facts, date) {
        return None;
    }
    let function = match period {
        Period::Date if is_date => None,
        Period::Date => Some("TruncDate"),
        Period::Year => Some("ExtractYear"),
        // Whether the month of one year or of all is meant only the author knows.
        Period::Month => return None,
    };
    let site = model.site.as_ref()?;
    let id = site.statement.file;
    let file = facts.files.try_get(id)?;
    let columns = format!("{}_{}", field.name, date.name);
    let end =
        if period == Period::Date { format!("{columns}_uniq") } else { format!("{columns}_{}_uniq", period.word()) };
    let name = constraint_name(model, &end)?;
    if model.constraints.iter().any(|constraint| constraint.name == name) {
        return None;
    }
    let quoted = |text: &str| string(file, text);
    let mut arguments = match function {
        None => vec![format!("fields=[{}, {}]", quoted(&field.name), quoted(&date.name))],
        Some(function) => vec![quoted(&field.name), format!("{function}({})", quoted(&date.name))],
    };
    arguments.push(format!("name={}", quoted(&name)));
    let line = format!("models.UniqueConstraint({})", arguments.join(", "));
    let entry = if line.len() <= SHORT {
        line
    } else {
        format!("models.UniqueConstraint(\n    {},\n)", arguments.join(",\n    "))
    };
    let mut edits = match function {
        Some(function) => import_name(file, id, FUNCTIONS, function)?,
        None => Vec::new(),
    };
    edits.extend(add_meta_entry(facts.files, site, "constraints", &entry)?);
    Some(Fix { title: "Add the constraint".to_owned(), applicability: Applicability::Unsafe, edits })
}
