//! What a rule is.

use crate::asked::Asked;
use crate::sizes::Sizes;
use crate::timeline::Timeline;
use pgwright_diagnostics::{Diagnostic, Files, Severity, Span};
use pgwright_django::migrations::{History, Migration};
use pgwright_django::model::Model;
use pgwright_django::queries::workload::Issued;
use pgwright_django::{Extent, Project};

/// Everything a rule may look at. A rule is a function of these and nothing else.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    pub project: &'a Project,
    pub files: &'a Files,
    pub sizes: &'a Sizes,
    pub judged: Judged<'a>,
}

/// The migrations that are judged.
#[derive(Debug, Clone, Copy, Default)]
pub enum Judged<'a> {
    /// The last ones of each of the project's apps: those before them have run. So have those that are much older than the
    /// project's newest.
    #[default]
    Last,
    /// Those at these places in the history.
    These(&'a [usize]),
}

/// Months after which the last migration of an app is taken to have run, where other apps have newer ones.
const MONTHS: u32 = 6;

impl<'a> Judged<'a> {
    pub fn of(self, history: &'a History) -> Vec<&'a Migration> {
        match self {
            Judged::Last => {
                let own = || history.migrations.iter().filter(|migration| migration.own);
                let newest = own().filter_map(|migration| migration.month).max().unwrap_or_default();
                let is_new = |migration: &&Migration| migration.month.is_none_or(|month| month + MONTHS >= newest);
                own().filter(|migration| migration.leaf).filter(is_new).collect()
            }
            Judged::These(places) => places.iter().filter_map(|place| history.migrations.get(*place)).collect(),
        }
    }
}

/// One rule. Identity is the name; there are no numeric codes.
#[derive(Debug)]
pub struct Rule {
    /// Kebab-case, reads as "allow NAME".
    pub name: &'static str,
    /// One line: what is detected.
    pub summary: &'static str,
    /// The page: documentation, `pgwright rules NAME` and test.
    pub docs: &'static str,
    pub group: Group,
    /// What findings have unless the rule says otherwise for one.
    pub severity: Severity,
    pub check: Check,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    Schema,
    Indexes,
    Constraints,
    Queries,
    Concurrency,
    Migrations,
    Security,
    Tuning,
}

impl Rule {
    /// A finding of this rule: certain, with its severity and nothing else said yet.
    pub fn at(&self, span: Span, headline: impl Into<String>) -> Diagnostic {
        Diagnostic::new(self.name, self.severity, span, headline)
    }
}

impl Group {
    pub const ALL: [Group; 8] = [
        Group::Schema,
        Group::Indexes,
        Group::Constraints,
        Group::Queries,
        Group::Concurrency,
        Group::Migrations,
        Group::Security,
        Group::Tuning,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Group::Schema => "schema",
            Group::Indexes => "indexes",
            Group::Constraints => "constraints",
            Group::Queries => "queries",
            Group::Concurrency => "concurrency",
            Group::Migrations => "migrations",
            Group::Security => "security",
            Group::Tuning => "tuning",
        }
    }
}

impl std::fmt::Display for Group {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a rule needs to see, and the function. Findings are pushed; nothing is returned, nothing can fail.
#[derive(Clone, Copy)]
pub enum Check {
    /// Called once per own model that has a table, and per own abstract model that declares fields.
    Model(fn(Facts, &Model, &mut Vec<Diagnostic>)),
    /// Called once per place that sends queries, with all it can send. Needs the workload.
    Place(fn(Facts, &[Issued], &mut Vec<Diagnostic>)),
    /// Called once per own table of which the workload asks something that no index serves. Needs the workload.
    Table(fn(Facts, &Asked, &mut Vec<Diagnostic>)),
    /// Called once per migration that is judged. Needs the history.
    Migration(fn(Facts, &Timeline, &mut Vec<Diagnostic>)),
    /// Called once per project. Needs the history.
    History(fn(Facts, &mut Vec<Diagnostic>)),
    /// Called once per project. Needs the workload.
    Workload(fn(Facts, &mut Vec<Diagnostic>)),
    /// Called once per project.
    Project(fn(Facts, &mut Vec<Diagnostic>)),
}

impl Check {
    /// How much of the project has to be understood for it.
    pub fn extent(self) -> Extent {
        match self {
            Check::Place(_) | Check::Table(_) | Check::Workload(_) => Extent::Workload,
            Check::Model(_) | Check::Migration(_) | Check::History(_) | Check::Project(_) => Extent::Models,
        }
    }

    /// Whether migrations have to be read for it.
    pub fn reads_history(self) -> bool {
        matches!(self, Check::Migration(_) | Check::History(_))
    }
}

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Check::Model(_) => "Check::Model",
            Check::History(_) => "Check::History",
            Check::Migration(_) => "Check::Migration",
            Check::Place(_) => "Check::Place",
            Check::Table(_) => "Check::Table",
            Check::Workload(_) => "Check::Workload",
            Check::Project(_) => "Check::Project",
        })
    }
}
