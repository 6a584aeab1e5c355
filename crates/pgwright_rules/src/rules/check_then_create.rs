//! A look that finds nothing, and then a row made: two processes at once make two.

use pgwright_diagnostics::{Diagnostic, Severity};
use pgwright_django::model::{Field, RelationKind};
use pgwright_django::usage::Creation;

use crate::headline::fitting;
use crate::unique::{add_unique, is_unique_over, wanted};
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "check-then-create",
    summary: "a row is created because a query found none like it, and no constraint keeps a second one out",
    docs: include_str!("check_then_create.md"),
    group: Group::Concurrency,
    severity: Severity::Warning,
    check: Check::Project(check),
};

fn check(facts: Facts, found: &mut Vec<Diagnostic>) {
    found.extend(facts.project.usage.creations.iter().filter_map(|creation| finding(facts, creation)));
}

fn finding(facts: Facts, creation: &Creation) -> Option<Diagnostic> {
    let model = facts.project.models.get(creation.model);
    let field_of = |name: &String| match name.as_str() {
        "pk" => model.primary_key(),
        name => model.field(name),
    };
    let fields: Vec<&Field> = creation.fields.iter().map(field_of).collect::<Option<_>>()?;
    let columns: Vec<&str> = fields.iter().map(|field| field.column.as_deref()).collect::<Option<_>>()?;
    // "The first of this owner's, or a default one" is no look for the same row.
    if matches!(fields.as_slice(), [field] if field.relation.as_ref().is_some_and(|to| to.kind == RelationKind::ForeignKey))
    {
        return None;
    }
    // Commands run one at a time.
    let is_command = facts.files.path(creation.site.file).as_str().contains("management/commands/");
    if is_command || !model.origin.is_own() || is_unique_over(facts, model, &columns) {
        return None;
    }
    let listed = fields.iter().map(|field| format!("`{}`", field.name)).collect::<Vec<_>>().join(", ");
    let name = &model.name;
    let wordings = [
        format!("a `{name}` is created after a look for its {listed} found none"),
        format!("a `{name}` is created after a look for one found none"),
        "a row is created after a look for one found none".to_owned(),
    ];
    let mut finding = RULE
        .at(creation.site, fitting(&wordings))
        .related(creation.created, "created here")
        .why("two processes that look at once both find none and both create one: nothing in the table keeps the second out")
        .help(format!("{}, and use `get_or_create()`, which then reads the row of whoever was first", wanted(model, &fields)));
    finding.fix = add_unique(facts, model, &fields);
    Some(finding)
}
