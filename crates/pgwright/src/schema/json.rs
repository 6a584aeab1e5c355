//! A corrected class for programs; the form is described in `schemas/schema.json`.

use serde::Serialize;

use super::Report;
use super::correct::Corrected;
use pgwright_django::migrations::write::AppMigrations;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    #[serde(flatten)]
    corrected: &'a Corrected,
    migrations: Vec<Migration<'a>>,
    /// The changed files, imports included, as one patch.
    patch: String,
    /// Whether the files were changed.
    written: bool,
}

/// A migration, or why an app has none.
#[derive(Serialize)]
pub(crate) struct Migration<'a> {
    app: &'a str,
    name: Option<&'a str>,
    file: Option<&'a str>,
    text: Option<&'a str>,
    reason: Option<&'a str>,
}

pub(super) fn render(report: &Report) -> String {
    let document = Document {
        version: 1,
        corrected: report.corrected,
        migrations: migrations(&report.corrections.migrations),
        patch: crate::fixing::diff(&report.corrections.outcome, false).0,
        written: report.written,
    };
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

pub(crate) fn migrations(apps: &[AppMigrations]) -> Vec<Migration<'_>> {
    let mut all = Vec::new();
    for AppMigrations { app, written } in apps {
        match written {
            Ok(written) => all.extend(written.iter().map(|migration| Migration {
                app,
                name: Some(&migration.name),
                file: Some(migration.path.as_str()),
                text: Some(&migration.text),
                reason: None,
            })),
            Err(reason) => all.push(Migration { app, name: None, file: None, text: None, reason: Some(reason) }),
        }
    }
    all
}
