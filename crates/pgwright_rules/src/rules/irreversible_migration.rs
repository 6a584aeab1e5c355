//! Operations without a way back.

use pgwright_diagnostics::{Diagnostic, Severity};
use pgwright_django::migrations::Kind;

use crate::timeline::Timeline;
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "irreversible-migration",
    summary: "`RunPython` or `RunSQL` without a way back",
    docs: include_str!("irreversible_migration.md"),
    group: Group::Migrations,
    severity: Severity::Note,
    check: Check::Migration(check),
};

fn check(_: Facts, timeline: &Timeline, found: &mut Vec<Diagnostic>) {
    for operation in timeline.migration.operations.iter().filter(|operation| !operation.reversible) {
        let Some(site) = operation.site.or(timeline.migration.site) else { continue };
        let (class, argument) = match operation.kind {
            Kind::Python(_) => ("RunPython", "reverse_code"),
            _ => ("RunSQL", "reverse_sql"),
        };
        found.push(
            RULE.at(site, format!("this migration cannot be undone: `{class}` has no `{argument}`"))
                .why("`migrate` refuses to go back past it, and whoever wants to take back the release it came with is stopped there")
                .help(format!("Give it a `{argument}`; `migrations.{class}.noop` where there is nothing to undo")),
        );
    }
}
