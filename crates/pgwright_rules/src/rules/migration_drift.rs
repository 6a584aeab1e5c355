//! Models that the migrations do not know as they are.

use pgwright_diagnostics::{Diagnostic, Severity};
use pgwright_django::migrations::drift::{Change, Drift, drift};

use crate::headline::fitting;
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "migration-drift",
    summary: "the models need a migration that nobody has made",
    docs: include_str!("migration_drift.md"),
    group: Group::Migrations,
    severity: Severity::Warning,
    check: Check::History(check),
};

fn check(facts: Facts, found: &mut Vec<Diagnostic>) {
    for drift in drift(facts.project) {
        let Some(site) = drift.site else { continue };
        found.push(
            RULE.at(site, headline(&drift))
                .why(why(&drift))
                .help(format!("Run `python manage.py makemigrations {}` and commit what it writes", drift.app))
                .evidence("app", drift.app.clone())
                .evidence("operation", drift.describe()),
        );
    }
}

fn headline(drift: &Drift) -> String {
    let model = &drift.model;
    match &drift.change {
        Change::CreateModel => {
            fitting(&[format!("no migration creates `{model}`"), "no migration creates this model".into()])
        }
        Change::DeleteModel => {
            fitting(&[format!("no migration deletes `{model}`"), "no migration deletes a model that is gone".into()])
        }
        Change::RenameTable { .. } => {
            fitting(&[format!("no migration renames the table of `{model}`"), "no migration renames this table".into()])
        }
        Change::AddField(field) => {
            fitting(&[format!("no migration adds `{model}.{field}`"), "no migration adds this field".into()])
        }
        Change::RemoveField(field) => fitting(&[
            format!("no migration removes `{model}.{field}`"),
            "no migration removes a field that is gone".into(),
        ]),
        Change::AlterField { field, .. } => fitting(&[
            format!("no migration makes `{model}.{field}` what it is"),
            "no migration makes this field what it is".into(),
        ]),
        Change::AlterTogether { option, .. } => fitting(&[
            format!("no migration has the `{option}` of `{model}`"),
            format!("no migration has this `{option}`"),
        ]),
        Change::AddIndex { name, .. } => {
            fitting(&[format!("no migration creates the index `{name}`"), "no migration creates this index".into()])
        }
        Change::RenameIndex { after, .. } => {
            fitting(&[format!("no migration names the index `{after}` so"), "no migration renames this index".into()])
        }
        Change::RemoveIndex(name) => fitting(&[
            format!("no migration removes the index `{name}`"),
            "no migration removes an index that is gone".into(),
        ]),
        Change::AddConstraint(name) => fitting(&[
            format!("no migration creates the constraint `{name}`"),
            "no migration creates this constraint".into(),
        ]),
        Change::RemoveConstraint(name) => fitting(&[
            format!("no migration removes the constraint `{name}`"),
            "no migration removes a constraint that is gone".into(),
        ]),
    }
}

fn why(drift: &Drift) -> String {
    match &drift.change {
        Change::CreateModel | Change::AddField(_) => {
            "the table or column does not exist in databases that were migrated: the first query of it fails".to_owned()
        }
        Change::DeleteModel | Change::RemoveField(_) => {
            "migrated databases still have it: a NOT NULL column without a database default makes every INSERT fail, and the next \
             migration of the app drops what nobody meant to drop with it"
                .to_owned()
        }
        Change::RenameTable { before, .. } => {
            format!("migrated databases have it as `{before}`: every query of the model fails")
        }
        Change::AlterField { before, after, .. } => {
            format!("migrations make it `{before}`, the model says `{after}`: the database goes on as before")
        }
        _ => "migrated databases do not have what the model says: the next `makemigrations` will add it to whatever it is run for".to_owned(),
    }
}
