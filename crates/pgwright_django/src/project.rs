//! A Django project as read from source: what everything downstream starts from.

use std::sync::OnceLock;

use camino::Utf8PathBuf;
use pgwright_diagnostics::{Diagnostic, Span};
use serde::Serialize;

use crate::migrations::History;
use crate::model::{Models, Value};
use crate::queries::workload::Workload;
use crate::schema::{SchemaOutcome, Scope, schema_of};
use crate::usage::Usage;

/// One Django project (or reusable app) and all that was understood of it.
#[derive(Debug, Default)]
pub struct Project {
    /// The folder that is on `sys.path` for it (where `manage.py` lies), relative to where the run was started.
    pub root: Utf8PathBuf,
    pub settings: Settings,
    /// In `INSTALLED_APPS` order.
    pub apps: Vec<App>,
    pub models: Models,
    pub django: DjangoVersion,
    /// PostgreSQL extensions that migrations or other code of the project create, sorted.
    pub extensions: Vec<String>,
    /// How text fields are used in the code: evidence for rules that need flows.
    pub usage: Usage,
    /// Every query the code can send; empty unless it was asked for.
    pub workload: Workload,
    /// The migrations and where they lead; empty unless asked for.
    pub history: History,
    /// What could not be understood, with the reason; never silently dropped.
    pub unresolved: Vec<Unresolved>,
    /// Syntax errors, unreadable files, cyclic imports that matter: reported by every command that reads the project.
    pub diagnostics: Vec<Diagnostic>,
    /// Number of Python files read as the project's own.
    pub file_count: usize,
    /// See [`Project::own_schema`]; leave it empty.
    pub schema: OnceLock<SchemaOutcome>,
}

impl Project {
    /// Adds the queries, of this reading or of an earlier one of the same code.
    pub fn set_workload(&mut self, workload: Workload) {
        self.unresolved.extend(workload.unresolved.iter().map(|unfollowed| Unresolved {
            subject: unfollowed.function.clone(),
            reason: unfollowed.reason.clone(),
            site: Some(unfollowed.span),
        }));
        self.workload = workload;
    }

    /// The tables of the project's own models, made when first asked for.
    pub fn own_schema(&self) -> &SchemaOutcome {
        self.schema.get_or_init(|| schema_of(self, Scope::Own))
    }
}

#[derive(Debug, Default, Clone, Serialize)]
pub struct Settings {
    /// Dotted settings module(s) read; empty when there are none (a reusable app).
    pub modules: Vec<String>,
    pub installed_apps: Vec<String>,
    pub auth_user_model: String,
    pub default_auto_field: String,
    pub use_tz: Option<bool>,
    pub time_zone: Option<String>,
    pub databases: Vec<Database>,
    /// Every other upper-case name that was evaluated.
    pub values: Vec<(String, Value)>,
}

impl Settings {
    /// The model a setting chooses, as `Meta.swappable` asks: `AUTH_USER_MODEL` always does, others where they are set.
    pub fn model_named_by(&self, setting: &str) -> Option<String> {
        if setting == "AUTH_USER_MODEL" {
            return Some(self.auth_user_model.clone());
        }
        self.values.iter().find(|(name, _)| name == setting).and_then(|(_, value)| match value {
            Value::Str(model) => Some(model.clone()),
            _ => None,
        })
    }
}

#[derive(Debug, Default, Clone, Serialize)]
pub struct Database {
    pub alias: String,
    pub engine: Option<String>,
    pub atomic_requests: Option<bool>,
    /// `OPTIONS["options"]`: what the server is told when a connection begins (`-c lock_timeout=3s`).
    pub server_options: Option<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct App {
    pub label: String,
    /// Dotted package (`shop.catalogue`).
    pub name: String,
    pub path: Utf8PathBuf,
    pub own: bool,
    /// `AppConfig.default_auto_field`, or the setting's.
    pub default_auto_field: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct Unresolved {
    /// What it is about: `app.Model`, `app.Model.field`, `settings`, a module.
    pub subject: String,
    pub reason: String,
    pub site: Option<Span>,
}

/// Major and minor version of Django, with where it was learnt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DjangoVersion {
    pub major: u8,
    pub minor: u8,
    pub source: VersionSource,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum VersionSource {
    /// `--django`.
    Given,
    /// The Django found in site-packages.
    Installed,
    /// A lock file, requirements file or `pyproject.toml`: its path.
    Declared(String),
    /// Nothing said; the newest LTS release is assumed.
    Assumed,
}

impl Default for DjangoVersion {
    fn default() -> Self {
        DjangoVersion { major: 5, minor: 2, source: VersionSource::Assumed }
    }
}

impl DjangoVersion {
    pub fn at_least(&self, major: u8, minor: u8) -> bool {
        (self.major, self.minor) >= (major, minor)
    }
}
