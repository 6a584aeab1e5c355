//! One migration as a sequence of migrations that end in the same schema, while others go on reading and writing.
//!
//! An operation that reads or builds under a lock is taken apart into the statements that Django sends for it, each in the form that
//! PostgreSQL has for a database at work; the operation itself becomes their state. The oracle is `tests/oracle/safe_sequences.py`: real
//! Django applies both to the same start, and PostgreSQL's catalogue is the same after them.

mod followers;
mod safer;
mod write;

use pgwright_diagnostics::{File, Span};
use pgwright_django::migrations::{Kind, Operation};
use pgwright_schema::ConstraintKind;
use pgwright_schema::sql::{Change, TableAction};

use crate::timeline::{Moment, Timeline};
pub use followers::follow;
use safer::{Step, steps};

/// A migration of the sequence: its name and its module's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub name: String,
    pub text: String,
}

#[derive(Debug, Default)]
pub struct Sequence {
    /// The first replaces the migration under its name. Empty when there is nothing to mend.
    pub migrations: Vec<Written>,
    /// Operations that stay as they are although others wait for them, and why.
    pub left: Vec<String>,
    /// What the sequence cannot promise: an author's code that runs as it was.
    pub kept: Vec<String>,
}

/// A migration to be.
#[derive(Debug)]
struct Part {
    atomic: bool,
    /// Nothing may join it.
    closed: bool,
    /// What its name ends in.
    about: &'static str,
    /// Source of each operation, with the indentation of an entry of `operations`.
    operations: Vec<String>,
    /// It runs Python of the module.
    code: bool,
}

/// Rewrites a migration. The error is why that cannot be done at all.
pub fn sequence(timeline: &Timeline, file: &File) -> Result<Sequence, String> {
    let migration = timeline.migration;
    if !migration.own {
        return Err("it belongs to a library, and lies outside of the project".to_owned());
    }
    if !migration.replaces.is_empty() {
        return Err("it is squashed: where those it replaces have run, Django takes it as applied, but not the rest of a sequence".to_owned());
    }
    if migration.runs_before_others {
        return Err(
            "its `run_before` would hold for the first of the sequence alone: make it a dependency of those others"
                .to_owned(),
        );
    }
    let sites =
        sites(&migration.operations).ok_or("its operations are not all written one after another in its list")?;
    let mut parts: Vec<Part> = Vec::new();
    let mut left = Vec::new();
    let mut kept = Vec::new();
    let mut mended = false;
    for (operation, site) in migration.operations.iter().zip(&sites) {
        let source = &file.text[site.start as usize..site.end as usize];
        let moments: Vec<&Moment> =
            timeline.moments.iter().filter(|moment| std::ptr::eq(moment.operation, operation)).collect();
        let is_risky = moments.iter().any(|moment| waits(moment) || removes_index(moment));
        if !is_risky {
            let code = matches!(operation.kind, Kind::Python(_) | Kind::Unknown);
            // Rows are written when no lock of an earlier statement is held.
            let alone = code && migration.atomic && locks_before(timeline, operation);
            mended |= alone;
            if alone && let Kind::Python(function) = &operation.kind {
                let function = function.as_deref().map_or(String::new(), |name| format!(" `{name}`"));
                kept.push(format!(
                    "the code of `RunPython`{function} runs as it is, in one transaction of its own: what it does between its \
                     statements is not known, so it is not cut into batches. Where it writes many rows, others wait for those rows \
                     until it ends: write them by ranges of the primary key, with `atomic = False`"
                ));
            }
            let about = if alone { "rows" } else { "rest" };
            join(&mut parts, migration.atomic, about, source.to_owned(), code, alone);
            continue;
        }
        match safely(operation, &moments, source) {
            Ok(made) => {
                mended = true;
                for (part, source) in made {
                    match part {
                        Place::Shared => join(&mut parts, true, "rest", source, false, false),
                        Place::Alone { atomic, about } => {
                            parts.push(Part { atomic, closed: true, about, operations: vec![source], code: false });
                        }
                    }
                }
            }
            Err(reason) => {
                let class = operation.class.rsplit('.').next().unwrap_or_default();
                left.push(format!("{class}: {reason}"));
                join(&mut parts, migration.atomic, "rest", source.to_owned(), false, false);
            }
        }
    }
    if !mended {
        return Ok(Sequence { left, ..Sequence::default() });
    }
    Ok(Sequence { migrations: write::write(migration, file, &sites, &parts)?, left, kept })
}

/// Where the source of an operation goes.
enum Place {
    /// With what else takes its locks for a moment.
    Shared,
    Alone {
        atomic: bool,
        about: &'static str,
    },
}

fn join(parts: &mut Vec<Part>, atomic: bool, about: &'static str, source: String, code: bool, alone: bool) {
    match parts.last_mut() {
        Some(last) if !last.closed && last.atomic == atomic && !alone => {
            last.operations.push(source);
            last.code |= code;
        }
        _ => parts.push(Part { atomic, closed: alone, about, operations: vec![source], code }),
    }
}

/// Whether others wait for a statement as long as a table is large.
fn waits(moment: &Moment) -> bool {
    moment.locks.iter().any(|lock| lock.effect.scan && lock.blocks() && lock.is_known() && lock.size.is_large())
}

/// Whether it drops an index of a large table as `RemoveIndex` does: it waits for every query on the table, and all later ones wait for it.
fn removes_index(moment: &Moment) -> bool {
    moment.operation.class.ends_with(".RemoveIndex")
        && moment.locks.iter().any(|lock| lock.blocks() && lock.is_known() && lock.size.is_large())
}

fn locks_before(timeline: &Timeline, operation: &Operation) -> bool {
    timeline
        .moments
        .iter()
        .take_while(|moment| !std::ptr::eq(moment.operation, operation))
        .any(|moment| moment.locks.iter().any(|lock| lock.blocks() && lock.is_known() && lock.size.is_large()))
}

/// The operations' calls, where they are written in the order they run.
fn sites(operations: &[Operation]) -> Option<Vec<Span>> {
    let sites: Option<Vec<Span>> = operations.iter().map(|operation| operation.site).collect();
    sites.filter(|sites| {
        sites.windows(2).all(|pair| pair[0].file == pair[1].file && pair[0].end <= pair[1].start) && !sites.is_empty()
    })
}

/// What an operation becomes.
fn safely(operation: &Operation, moments: &[&Moment], source: &str) -> Result<Vec<(Place, String)>, String> {
    let class = operation.class.rsplit('.').next().unwrap_or_default();
    let arguments = source.find('(').map(|at| &source[at..]).ok_or("its call is not plain")?;
    let model = moments.iter().flat_map(|moment| &moment.locks).find_map(|lock| lock.model);
    let checks = moments.iter().flat_map(|moment| moment.changes()).find_map(|change| match change {
        Change::AlterTable { actions, .. } => actions.iter().find_map(|action| match action {
            TableAction::AddConstraint(new) if matches!(new.constraint.kind, ConstraintKind::Check { .. }) => {
                Some(new.constraint.name.as_str())
            }
            _ => None,
        }),
        _ => None,
    });
    match (class, checks, model) {
        ("AddIndex", ..) => {
            let index = moments.iter().flat_map(|moment| moment.changes()).find_map(|change| match change {
                Change::CreateIndex { index, .. } => Some(safer::drop_index(&index.name)),
                _ => None,
            });
            let forth = index.ok_or("the name of its index is not known")?;
            let cleared = write::run_sql(&safer::Sql::new(forth, Some(String::new())));
            let place = Place::Alone { atomic: false, about: "index" };
            return Ok(vec![(place, format!("{cleared},\n        AddIndexConcurrently{arguments}"))]);
        }
        ("RemoveIndex", ..) => {
            let place = Place::Alone { atomic: false, about: "index" };
            return Ok(vec![(place, format!("RemoveIndexConcurrently{arguments}"))]);
        }
        ("AddConstraint", Some(name), Some(model)) => {
            let validate = format!("ValidateConstraint(model_name=\"{}\", name=\"{name}\")", model.name.to_lowercase());
            return Ok(vec![
                (Place::Shared, format!("AddConstraintNotValid{arguments}")),
                (Place::Alone { atomic: true, about: "validate" }, validate),
            ]);
        }
        _ => {}
    }
    if matches!(operation.kind, Kind::Sql | Kind::Unknown) || operation.unknown.is_some() {
        return Err("what it sends is the author's own".to_owned());
    }
    let mut all: Vec<Step> = Vec::new();
    for moment in moments {
        all.extend(steps(moment)?);
    }
    Ok(as_operations(&all, source))
}

/// The statements as `RunSQL`; the last of them carries the operation as its state.
fn as_operations(steps: &[Step], source: &str) -> Vec<(Place, String)> {
    let last = steps.len().saturating_sub(1);
    let one = |(at, step): (usize, &Step)| {
        let (place, sql) = match step {
            Step::Brief(sql) => (Place::Shared, sql.clone()),
            Step::Long(sql) => (Place::Alone { atomic: false, about: "build" }, sql.clone()),
            Step::Validate(forth) => {
                let sql = safer::Sql::new(forth.clone(), Some(String::new()));
                (Place::Alone { atomic: true, about: "validate" }, sql)
            }
        };
        let run = write::run_sql(&sql);
        let text = if at == last { write::with_state(&run, source) } else { run };
        (place, text)
    };
    steps.iter().enumerate().map(one).collect()
}
