//! New columns that the code which still runs does not fill.

use pgwright_diagnostics::{Diagnostic, Severity};
use pgwright_schema::sql::{Change, NewColumn, TableAction};

use crate::headline::fitting;
use crate::timeline::Timeline;
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "required-column-without-default",
    summary: "a NOT NULL column is added that code which still runs does not fill",
    docs: include_str!("required_column_without_default.md"),
    group: Group::Migrations,
    severity: Severity::Note,
    check: Check::Migration(check),
};

fn check(facts: Facts, timeline: &Timeline, found: &mut Vec<Diagnostic>) {
    let actions = || {
        timeline.moments.iter().flat_map(|moment| {
            let changes = moment.changes().iter().filter_map(|change| match change {
                Change::AlterTable { table, actions } => Some((table, actions)),
                _ => None,
            });
            changes.flat_map(move |(table, actions)| actions.iter().map(move |action| (moment, table, action)))
        })
    };
    for (moment, table, action) in actions() {
        let TableAction::AddColumn(new) = action else { continue };
        // Whoever drops NOT NULL or sets a default later in the migration has thought of it.
        let is_later = |wanted: fn(&TableAction) -> Option<&String>| {
            actions().any(|(_, other, action)| other == table && wanted(action) == Some(&new.column.name))
        };
        let dropped = is_later(|action| match action {
            TableAction::DropDefault { column } => Some(column),
            _ => None,
        });
        let mended = is_later(|action| match action {
            TableAction::SetDefault { column } | TableAction::DropNotNull { column } => Some(column),
            _ => None,
        });
        if !is_required(new, dropped) || mended || timeline.makes(table) {
            continue;
        }
        let Some(model) = facts.project.models.own_tables().find(|model| model.table == *table) else { continue };
        let Some(site) = moment.operation.site.or(timeline.migration.site) else { continue };
        let column = &new.column.name;
        let mut finding = RULE.at(
            site,
            fitting(&[
                format!("old code cannot insert into `{table}`: `{column}` is NOT NULL"),
                format!("old code cannot insert: `{column}` is NOT NULL"),
                "old code cannot insert: a new column is NOT NULL".to_owned(),
            ]),
        );
        if facts.sizes.is_hot(model) {
            finding.severity = Severity::Warning;
        }
        let default = if dropped { "Django drops its default again" } else { "it has no default" };
        let django = &facts.project.django;
        let help = if (django.major, django.minor) >= (5, 0) {
            "Give the field a `db_default`, which the database keeps; or add it with `null=True`, fill it, and make it required in a later release"
        } else {
            "Add it with `null=True`, fill it, and make it required in a later release (Django 5.0 has `db_default` for this)"
        };
        found.push(
            finding
                .why(format!(
                    "`{column}` is NOT NULL and {default}, so an INSERT that does not name it, as the release before this one sends them, fails \
                     until that has stopped everywhere"
                ))
                .help(help),
        );
    }
}

fn is_required(new: &NewColumn, dropped: bool) -> bool {
    let column = &new.column;
    let fills_itself =
        column.generated.is_some() || column.identity.is_some() || column.type_.base.to_lowercase().ends_with("serial");
    !column.null && !fills_itself && (new.default.is_none() || dropped)
}
