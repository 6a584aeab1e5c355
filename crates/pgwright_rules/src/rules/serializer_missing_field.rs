//! A field that the newest migration adds, and that no serializer of its model knows.

use pgwright_diagnostics::{Diagnostic, Severity};
use pgwright_django::model::{Field, Model};
use pgwright_django::usage::{Serializer, SerializerHeir};
use pgwright_schema::sql::{Change, TableAction};

use crate::headline::fitting;
use crate::secret_names::kind_of;
use crate::tables::is_declared_here;
use crate::timeline::{Moment, Timeline};
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "serializer-missing-field",
    summary: "a field was added to a model, and no serializer of the model has it",
    docs: include_str!("serializer_missing_field.md"),
    group: Group::Schema,
    severity: Severity::Note,
    check: Check::Migration(check),
};

fn check(facts: Facts, timeline: &Timeline, found: &mut Vec<Diagnostic>) {
    for moment in &timeline.moments {
        if let Some((model, field)) = added(facts, moment) {
            check_field(facts, moment, model, field, found);
        }
    }
}

fn check_field(facts: Facts, moment: &Moment, model: &Model, field: &Field, found: &mut Vec<Diagnostic>) {
    let Some(site) = &field.site else { return };
    let serializers: Vec<&Serializer> =
        facts.project.usage.serializers.iter().filter(|serializer| serializer.model == model.id).collect();
    // Where a list is not literal the field may well be in it.
    let lists: Option<Vec<(&Serializer, &Vec<String>)>> =
        serializers.iter().map(|serializer| Some((*serializer, serializer.fields.as_ref()?))).collect();
    let Some(lists) = lists.filter(|lists| !lists.is_empty()) else { return };
    let knows = |(serializer, fields): &(&Serializer, &Vec<String>)| {
        let names = [field.name.as_str(), field.attname.as_str()];
        fields.iter().chain(&serializer.handled).any(|known| names.contains(&known.as_str()))
    };
    // What is secret stays out.
    if lists.iter().any(knows)
        || heirs(facts, model, &serializers)
            .any(|heir| [field.name.as_str(), "__all__"].iter().any(|name| heir.mentions.iter().any(|one| one == name)))
        || kind_of(&field.name, &model.name).is_some()
    {
        return;
    }
    // A field of an abstract model is one finding, however many inherit it.
    let wordings = if is_declared_here(model, field) {
        [
            format!("`{0}.{1}` is new, and no serializer of `{0}` has it", model.name, field.name),
            format!("`{}` is new, and no serializer has it", field.name),
        ]
    } else {
        [
            format!("`{}` is new, and no serializer has it", field.name),
            "a field is new, and no serializer has it".to_owned(),
        ]
    };
    let named: Vec<String> = lists.iter().map(|(serializer, _)| format!("`{}`", last(&serializer.path))).collect();
    let mut finding = RULE
        .at(site.name, fitting(&wordings))
        .why(format!(
            "{} {} the fields one by one, so the API neither shows `{}` nor takes it, and nothing fails",
            named.join(", "),
            if named.len() == 1 { "lists" } else { "list" },
            field.name
        ))
        .help(format!(
            "Add `\"{}\"` to `Meta.fields` where clients may see it, or silence this where it stays inside",
            field.name
        ));
    for (serializer, _) in &lists {
        finding = finding.related(serializer.site, "has a list of its own");
    }
    if let Some(added) = moment.operation.site {
        finding = finding.related(added, "added here");
    }
    found.push(finding);
}

/// Classes that say they are of this model or inherit, at any distance, from these serializers or one that says so; told apart by name alone.
fn heirs<'a>(facts: Facts<'a>, model: &Model, serializers: &[&Serializer]) -> impl Iterator<Item = &'a SerializerHeir> {
    let mut names: Vec<&str> = serializers.iter().map(|serializer| last(&serializer.path)).collect();
    let mut found: Vec<&SerializerHeir> = Vec::new();
    loop {
        let more: Vec<&SerializerHeir> = facts
            .project
            .usage
            .serializer_heirs
            .iter()
            .filter(|heir| heir.model == Some(model.id) || heir.bases.iter().any(|base| names.contains(&base.as_str())))
            .filter(|heir| !found.contains(heir))
            .collect();
        if more.is_empty() {
            return found.into_iter();
        }
        names.extend(more.iter().map(|heir| heir.name.as_str()));
        found.extend(more);
    }
}

/// The field whose column an `AddField` adds.
fn added<'a>(facts: Facts<'a>, moment: &Moment) -> Option<(&'a Model, &'a Field)> {
    if moment.operation.class.rsplit('.').next() != Some("AddField") {
        return None;
    }
    moment.changes().iter().find_map(|change| {
        let Change::AlterTable { table, actions } = change else { return None };
        let column = actions.iter().find_map(|action| match action {
            TableAction::AddColumn(new) => Some(new.column.name.as_str()),
            _ => None,
        })?;
        let model = facts.project.models.own_tables().find(|model| model.table == *table)?;
        let field = model.fields.iter().find(|field| field.column.as_deref() == Some(column))?;
        Some((model, field))
    })
}

fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}
