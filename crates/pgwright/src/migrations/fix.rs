//! `pgwright migrations APP.NAME --fix`: the safe sequence, written once a replay shows that it ends in the same schema.

use std::io::Write;

use camino::{Utf8Path, Utf8PathBuf};
use pgwright_diagnostics::File;
use pgwright_django::Project;
use pgwright_django::migrations::drift::{Drift, drift};
use pgwright_django::migrations::{History, Migration};
use pgwright_rules::{Timeline, Written, follow, sequence};
use pgwright_schema::Schema;

use crate::Status;
use crate::disk;
use crate::failure::Failure;
use crate::output::Output;
use crate::session::{Reading, Session};

pub(super) fn run(
    session: Session,
    reading: &Reading,
    timelines: &[Timeline],
    output: &Output,
) -> Result<Status, Failure> {
    let [timeline] = timelines else {
        let labels: Vec<String> = timelines.iter().map(|timeline| timeline.migration.label()).collect();
        let hint = match labels.as_slice() {
            [] => "name it: `pgwright migrations APP.NAME --fix`".to_owned(),
            _ => format!(
                "name one in full: `pgwright migrations APP.NAME --fix`; asked about were {}",
                labels.join(", ")
            ),
        };
        return Err(Failure::new("`--fix` rewrites one migration").hint(hint));
    };
    let label = timeline.migration.label();
    let Some(file) = timeline.migration.file.and_then(|file| reading.files.try_get(file)) else {
        return Err(Failure::new(format!("the file of `{label}` was not read")));
    };
    let refuse = |reason: &str| Failure::new(format!("`{label}` was not rewritten: {reason}"));
    let sequence = sequence(timeline, file).map_err(|reason| refuse(&reason))?;
    for left in &sequence.left {
        output.warning(&format!("left as it is: {left}"));
    }
    for kept in &sequence.kept {
        output.warning(kept);
    }
    let Some((first, rest)) = sequence.migrations.split_first() else {
        output.remark(&format!("`{label}` needs no rewriting"));
        return Ok(if sequence.left.is_empty() { Status::Clean } else { Status::Findings });
    };
    let folder = file.path.parent().unwrap_or(Utf8Path::new(""));
    let paths: Vec<(Utf8PathBuf, &Written)> =
        rest.iter().map(|written| (folder.join(format!("{}.py", written.name)), written)).collect();
    if let Some((path, _)) = paths.iter().find(|(path, _)| path.exists()) {
        return Err(refuse(&format!("`{path}` is there already")));
    }
    let last = rest.last().map_or(first.name.as_str(), |written| written.name.as_str());
    let followers = followers(reading, timeline.migration, last).map_err(|reason| refuse(&reason))?;
    let new = paths.iter().map(|(path, written)| (path.clone(), written.text.clone()));
    let changed = followers.iter().map(|(file, text)| (file.path.clone(), text.clone()));
    let after = session.with_texts(new.chain([(file.path.clone(), first.text.clone())]).chain(changed)).read();
    if let Some(other) = left_behind(&reading.project.history, &after.project.history, timeline.migration, last) {
        return Err(refuse(&format!("`{other}` would not depend on its last part")));
    }
    if let Some(difference) = difference(&reading.project, &after.project) {
        return Err(refuse(&format!("the sequence would not end in the same schema: {difference}"))
            .hint("this is a mistake in pgwright: please report it with the migration"));
    }
    for (path, written) in &paths {
        let made = std::fs::OpenOptions::new().write(true).create_new(true).open(path);
        made.and_then(|mut file| file.write_all(written.text.as_bytes()))
            .map_err(|error| Failure::write("write", path, &error))?;
    }
    disk::replace(&file.path, &file.text, &first.text)?;
    for (file, text) in &followers {
        disk::replace(&file.path, &file.text, text)?;
    }
    let mut text = format!("{label} was rewritten as a sequence that ends in the same schema:\n");
    for path in [&file.path].into_iter().chain(paths.iter().map(|(path, _)| path)) {
        text.push_str(&format!("  {path}\n"));
    }
    for (file, _) in &followers {
        text.push_str(&format!("  {} (depends on `{last}` now)\n", file.path));
    }
    text.push_str("run them one after another; one that fails halfway is run again as it is\n");
    output.warning(&format!(
        "where `{label}` has run already, `migrate` would run the rest of the sequence too{}: rewrite only what has run nowhere that matters",
        if followers.is_empty() { "" } else { ", or refuse because what follows has run before it" }
    ));
    output.data(&text)?;
    Ok(if sequence.left.is_empty() { Status::Clean } else { Status::Findings })
}

/// The migrations that depend on one, and their texts when they depend on `last` instead.
fn followers<'a>(reading: &'a Reading, migration: &Migration, last: &str) -> Result<Vec<(&'a File, String)>, String> {
    let (app, name) = (migration.app.as_str(), migration.name.as_str());
    let is_first = !migration.dependencies.iter().any(|(other, _)| other == app);
    let depends = |other: &Migration, on: &str| other.dependencies.iter().any(|(one, two)| one == app && two == on);
    let mut found = Vec::new();
    for other in &reading.project.history.migrations {
        let label = other.label();
        if is_first && depends(other, "__first__") && other.app != app {
            return Err(format!(
                "`{label}` depends on the first migration of `{app}`, whichever that is: name the one it needs there"
            ));
        }
        if !depends(other, name) {
            continue;
        }
        if !other.own {
            return Err(format!("`{label}` depends on it, and lies outside of the project"));
        }
        let file = other.file.and_then(|file| reading.files.try_get(file));
        let followed = file.and_then(|file| Some((file, follow(&file.text, (app, name), last)?)));
        found.push(followed.ok_or_else(|| {
            format!("`{label}` depends on it, but not by a plain `(\"{app}\", \"{name}\")` in its `dependencies`")
        })?);
    }
    Ok(found)
}

/// A migration whose dependencies are not those it had, with `last` in place of the rewritten one.
fn left_behind(before: &History, after: &History, migration: &Migration, last: &str) -> Option<String> {
    let moved = |(app, name): &(String, String)| {
        let is_rewritten = *app == migration.app && *name == migration.name;
        (app.clone(), if is_rewritten { last.to_owned() } else { name.clone() })
    };
    let kept = |old: &Migration| {
        let expected: Vec<(String, String)> = old.dependencies.iter().map(moved).collect();
        after.migrations.iter().any(|new| new.app == old.app && new.name == old.name && new.dependencies == expected)
    };
    before.migrations.iter().find(|old| !kept(old)).map(Migration::label)
}

/// In what the tables and the models' state after all migrations differ.
fn difference(before: &Project, after: &Project) -> Option<String> {
    let opened: Vec<&str> = after.history.unresolved.iter().map(|open| open.reason.as_str()).collect();
    if opened.len() > before.history.unresolved.len() {
        return opened.last().map(|reason| format!("it is not understood: {reason}"));
    }
    let (old, new) = (sorted(&before.history.catalogue), sorted(&after.history.catalogue));
    for table in &old.tables {
        match new.table(&table.name) {
            None => return Some(format!("`{}` is missing", table.name)),
            Some(other) if other != table => return Some(format!("`{}` differs", table.name)),
            Some(_) => {}
        }
    }
    if old.tables.len() != new.tables.len() {
        return Some("there are other tables".to_owned());
    }
    let described = |project: &Project| drift(project).iter().map(Drift::describe).collect::<Vec<_>>();
    (described(before) != described(after)).then(|| "the models' state differs".to_owned())
}

/// Names in order: the order in which indexes and constraints were made is not part of a schema.
fn sorted(schema: &Schema) -> Schema {
    let mut schema = schema.clone();
    for table in &mut schema.tables {
        table.indexes.sort_by(|one, other| one.name.cmp(&other.name));
        table.constraints.sort_by(|one, other| one.name.cmp(&other.name));
        for constraint in &mut table.constraints {
            constraint.placement = pgwright_schema::Placement::Alter;
        }
    }
    schema
}
