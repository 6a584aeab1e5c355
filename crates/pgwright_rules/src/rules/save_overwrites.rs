//! A row is read, changed in a column or two and saved whole: what others changed meanwhile is undone.

use pgwright_diagnostics::{Applicability, Diagnostic, Edit, Fix, Severity, Span};
use pgwright_django::model::Model;
use pgwright_django::usage::{RowSave, Written, is_product_code};

use crate::edits::string;
use crate::headline::fitting;
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "save-overwrites",
    summary: "a row is saved whole after a change of a few columns, over what another place writes in others",
    docs: include_str!("save_overwrites.md"),
    group: Group::Concurrency,
    severity: Severity::Note,
    check: Check::Project(check),
};

/// Columns of a narrow change.
const FEW: usize = 3;

/// Other places that are shown.
const SHOWN: usize = 3;

fn check(facts: Facts, found: &mut Vec<Diagnostic>) {
    let saves = &facts.project.usage.saves;
    let is_product = |span: Span| facts.files.try_get(span.file).is_some_and(|file| is_product_code(&file.path));
    let narrow = saves.iter().filter(|save| save.is_narrow && is_product(save.site));
    for save in narrow {
        let Written::Row(fields) = &save.written else { continue };
        let others: Vec<(&RowSave, &str)> = saves
            .iter()
            .filter(|other| other.model == save.model && other.site != save.site && is_product(other.site))
            .filter_map(|other| Some((other, other_field(other, fields)?)))
            .collect();
        if fields.len() <= FEW && !others.is_empty() {
            found.push(finding(facts, save, fields, &others));
        }
    }
}

/// A column that a place writes on purpose, and that is none of these.
fn other_field<'a>(save: &'a RowSave, fields: &[String]) -> Option<&'a str> {
    let (Written::Row(written) | Written::Fields(written)) = &save.written;
    written.iter().map(String::as_str).find(|field| !fields.iter().any(|known| known == field))
}

fn finding(facts: Facts, save: &RowSave, fields: &[String], others: &[(&RowSave, &str)]) -> Diagnostic {
    let model = facts.project.models.get(save.model);
    let object = &save.object;
    let listed = fields.iter().map(|field| format!("`{field}`")).collect::<Vec<_>>().join(", ");
    let wordings = [
        format!("`{object}.save()` writes every column, and only {listed} was changed"),
        format!("`{object}.save()` writes every column, and few were changed"),
        "a row is saved whole, and few of its columns were changed".to_owned(),
    ];
    let other = others.first().map(|(_, field)| *field).unwrap_or_default();
    let listing = listing(model, fields).iter().map(|field| format!("\"{field}\"")).collect::<Vec<_>>().join(", ");
    let has_own_save = has_own_save(facts, model);
    let mut help = format!("Write what was changed: `{object}.save(update_fields=[{listing}])`");
    if has_own_save {
        help.push_str(&format!(", with what `{}.save()` sets itself", model.name));
    }
    let mut finding = RULE
        .at(save.site, fitting(&wordings))
        .related(save.read, "the row is read here")
        .why(format!(
            "the row of `{}` is written as it was read: where `{other}` is changed in between, that change is undone, and no error says so",
            model.table
        ))
        .help(help)
        .evidence("other_places", others.len().to_string());
    for (other, field) in others.iter().take(SHOWN) {
        finding = finding.related(other.site, format!("`{field}` is written here"));
    }
    if facts.sizes.is_hot(model) {
        finding.severity = Severity::Warning;
    }
    if !has_own_save {
        finding.fix = fix(facts, save, model, fields);
    }
    finding
}

/// The columns for `update_fields`: also those that Django sets at each save.
fn listing<'a>(model: &'a Model, fields: &'a [String]) -> Vec<&'a str> {
    let stamped = model.local_columns().filter(|field| field.auto_now && !fields.contains(&field.name));
    fields.iter().map(String::as_str).chain(stamped.map(|field| field.name.as_str())).collect()
}

/// Whether the project's code has a `save()` for the model, which may set more.
fn has_own_save(facts: Facts, model: &Model) -> bool {
    let own = |module: &str| facts.project.apps.iter().any(|app| app.own && module.starts_with(&app.name));
    model.methods.iter().any(|method| method.name == "save" && own(&method.declared_in))
}

fn fix(facts: Facts, save: &RowSave, model: &Model, fields: &[String]) -> Option<Fix> {
    let file = facts.files.try_get(save.site.file)?;
    let call = file.text.get(save.site.start as usize..save.site.end as usize)?;
    if !call.ends_with("()") {
        return None;
    }
    let names: Vec<String> = listing(model, fields).iter().map(|field| string(file, field)).collect();
    let text = format!("update_fields=[{}]", names.join(", "));
    Some(Fix {
        title: "Save the changed columns only".to_owned(),
        applicability: Applicability::Unsafe,
        edits: vec![Edit::insert(save.site.file, save.site.end - 1, text)],
    })
}
