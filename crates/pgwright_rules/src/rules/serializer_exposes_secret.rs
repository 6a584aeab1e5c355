//! Serializers that show what must stay secret.

use pgwright_diagnostics::{Confidence, Diagnostic, Severity};
use pgwright_django::model::Field;
use pgwright_django::usage::Serializer;

use crate::headline::fitting;
use crate::secret_names::{Kind, kind_of};
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "serializer-exposes-secret",
    summary: "a serializer gives a password, key or credential to whoever may read the object",
    docs: include_str!("serializer_exposes_secret.md"),
    group: Group::Security,
    severity: Severity::Warning,
    check: Check::Project(check),
};

fn check(facts: Facts, found: &mut Vec<Diagnostic>) {
    found.extend(facts.project.usage.serializers.iter().filter_map(|serializer| finding(facts, serializer)));
}

fn finding(facts: Facts, serializer: &Serializer) -> Option<Diagnostic> {
    let model = facts.project.models.get(serializer.model);
    let secret = |field: &&Field| {
        // A key of the API's own, listed by name, is handed to whom it belongs to.
        let kind = kind_of(&field.name, &model.name)
            .filter(|kind| *kind != Kind::Token && (*kind != Kind::ApiKey || serializer.all_fields));
        let is_text = matches!(field.internal_type.as_str(), "CharField" | "TextField" | "JSONField");
        let is_shown = match &serializer.fields {
            Some(listed) => listed.contains(&field.name),
            None => serializer.all_fields,
        };
        kind.is_some() && is_text && is_shown && !serializer.handled.contains(&field.name)
    };
    let field = model.fields.iter().find(secret)?;
    let what = kind_of(&field.name, &model.name)?.what();
    let class = serializer.path.rsplit('.').next()?;
    let wordings = [
        format!("`{class}` shows `{}.{}`, which is {what}", model.name, field.name),
        format!("`{class}` shows `{}`, which is {what}", field.name),
        format!("a serializer shows {what}"),
    ];
    let how = if serializer.all_fields {
        "`fields = \"__all__\"` takes every column, those of tomorrow too"
    } else {
        "it is listed in `Meta.fields`"
    };
    let mut finding = RULE
        .at(serializer.site, fitting(&wordings))
        .confidence(Confidence::Likely)
        .why(format!("{how}: everyone who may read the object reads the secret, and so do logs, caches and browsers on the way"))
        .help(format!(
            "List the fields without `{0}`, or let it be written only: `extra_kwargs = {{\"{0}\": {{\"write_only\": True}}}}`",
            field.name
        ));
    if let Some(site) = &field.site {
        finding = finding.related(site.name, "the secret");
    }
    Some(finding)
}
