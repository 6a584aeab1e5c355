//! Apps with several last migrations.

use pgwright_diagnostics::{Diagnostic, Severity};

use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "conflicting-migrations",
    summary: "an app has several last migrations, and `migrate` refuses to run",
    docs: include_str!("conflicting_migrations.md"),
    group: Group::Migrations,
    severity: Severity::Error,
    check: Check::History(check),
};

fn check(facts: Facts, found: &mut Vec<Diagnostic>) {
    let history = &facts.project.history;
    for conflict in &history.conflicts {
        let leaves: Vec<_> = conflict
            .leaves
            .iter()
            .filter_map(|name| history.migrations.iter().find(|one| one.app == conflict.app && one.name == *name))
            .filter(|migration| migration.own)
            .collect();
        let Some((last, others)) = leaves.split_last() else { continue };
        let Some(site) = last.site else { continue };
        let mut finding = RULE
            .at(
                site,
                format!("`{}` has {} last migrations: `migrate` refuses to run", conflict.app, conflict.leaves.len()),
            )
            .why(format!("nothing follows {}, and Django cannot know which comes first", listed(&conflict.leaves)))
            .help(format!(
                "Run `python manage.py makemigrations --merge {}`, or make the later one depend on the other",
                conflict.app
            ));
        for other in others.iter().filter_map(|other| other.site) {
            finding = finding.related(other, "nothing follows this one either");
        }
        found.push(finding);
    }
}

fn listed(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" and ")
}
