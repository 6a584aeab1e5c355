//! The modules of a sequence.

use std::fmt::Write;

use pgwright_diagnostics::{File, Span};
use pgwright_django::migrations::Migration;

use super::safer::Sql;
use super::{Part, Written};

/// Operations of PostgreSQL's own that a part may use.
const OPERATIONS: [&str; 4] =
    ["AddConstraintNotValid", "AddIndexConcurrently", "RemoveIndexConcurrently", "ValidateConstraint"];

pub(super) fn write(
    migration: &Migration,
    file: &File,
    sites: &[Span],
    parts: &[Part],
) -> Result<Vec<Written>, String> {
    let class = migration.site.ok_or("its class was not found")?;
    let class_line = file.text[..class.start as usize].rfind('\n').map_or(0, |at| at + 1);
    let preamble = &file.text[..class_line];
    let mut written: Vec<Written> = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let name = if index == 0 { migration.name.clone() } else { name(migration, index, part.about) };
        let text = match written.last() {
            None => first(file, sites, class, part)?,
            Some(before) => {
                let dependency = (migration.app.as_str(), before.name.as_str());
                later(preamble, dependency, part)
            }
        };
        written.push(Written { name, text });
    }
    Ok(written)
}

/// `0004_order_total_rows`, the second of `0003_order_total`: its number and what it is about. Where others follow, the numbers
/// are theirs: `0003_order_total_1_rows` is named, and sorted, after the migration it is a part of.
fn name(migration: &Migration, index: usize, about: &str) -> String {
    let of = &migration.name;
    let digits = of.chars().take_while(char::is_ascii_digit).count();
    let stem = of[digits..].trim_start_matches('_');
    match of[..digits].parse::<usize>() {
        Ok(number) if migration.leaf => format!("{:0digits$}_{stem}_{about}", number + index),
        _ => format!("{of}_{index}_{about}"),
    }
}

/// The migration itself, with other operations.
fn first(file: &File, sites: &[Span], class: Span, part: &Part) -> Result<String, String> {
    let (Some(start), Some(end)) = (sites.first(), sites.last()) else { return Err("it has no operations".to_owned()) };
    let text = &file.text;
    let mut made = String::new();
    made.push_str(&text[..start.start as usize]);
    made.push_str(&part.operations.join(",\n        "));
    made.push_str(&text[end.end as usize..]);
    if !part.atomic && !text.contains("atomic = False") {
        let line = text[class.end as usize..].find('\n').ok_or("its class has no body")?;
        made.insert_str(class.end as usize + line + 1, "    atomic = False\n");
    }
    let class_line = text[..class.start as usize].rfind('\n').map_or(0, |at| at + 1);
    if let Some(import) = import(&part.operations, &text[..class_line]) {
        let at = after_imports(&made[..class_line]);
        made.insert_str(at, &import);
    }
    Ok(made)
}

fn later(preamble: &str, (app, before): (&str, &str), part: &Part) -> String {
    let mut text = String::new();
    if part.code {
        text.push_str(preamble.trim_end());
        text.push('\n');
    } else {
        let known = statements(preamble).filter(|statement| is_needed(statement, &part.operations));
        let known: Vec<&str> = known.collect();
        if !known.iter().any(|statement| statement.contains("migrations")) {
            text.push_str("from django.db import migrations\n");
        }
        for statement in known {
            text.push_str(statement.trim_end());
            text.push('\n');
        }
    }
    if let Some(import) = import(&part.operations, &text) {
        let at = after_imports(&text);
        text.insert_str(at, &import);
    }
    let _ = write!(
        text,
        "\n\nclass Migration(migrations.Migration):\n{}    dependencies = [\n        (\"{app}\", \"{before}\"),\n    ]\n\n    operations = [\n        {},\n    ]\n",
        if part.atomic { "" } else { "    atomic = False\n\n" },
        part.operations.join(",\n        "),
    );
    text
}

/// The import of PostgreSQL's operations that are not imported yet.
fn import(operations: &[String], text: &str) -> Option<String> {
    let uses = |name: &str| {
        operations.iter().flat_map(|source| source.lines()).any(|line| line.trim_start().starts_with(name))
    };
    let needed = OPERATIONS.iter().filter(|name| uses(name) && !text.contains(**name));
    let needed: Vec<&str> = needed.copied().collect();
    (!needed.is_empty()).then(|| format!("from django.contrib.postgres.operations import {}\n", needed.join(", ")))
}

/// Where another import may stand: before the first of Django's database, which every migration has.
fn after_imports(text: &str) -> usize {
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        if line.starts_with("from django.db import") {
            return offset;
        }
        offset += line.len();
    }
    0
}

/// The import statements at the top of a module, each with all its lines.
fn statements(preamble: &str) -> impl Iterator<Item = &str> {
    let mut found = Vec::new();
    let mut rest = preamble;
    while !rest.is_empty() {
        let line = rest.split_inclusive('\n').next().unwrap_or(rest);
        let mut length = line.len();
        if line.starts_with("from ") || line.starts_with("import ") {
            if line.contains('(') && !line.contains(')') {
                length = rest.find(")\n").map_or(rest.len(), |at| at + 2);
            }
            found.push(&rest[..length]);
        }
        rest = &rest[length..];
    }
    found.into_iter()
}

/// Whether an import binds a name that the operations use.
fn is_needed(statement: &str, operations: &[String]) -> bool {
    let listed = match statement.split_once(" import ") {
        Some((_, names)) => names,
        None => statement.trim_start_matches("import "),
    };
    let names =
        listed.split([',', '(', ')', '\n']).map(str::trim).filter(|name| !name.is_empty() && !name.starts_with('#'));
    let bound = names.map(|name| name.rsplit(" as ").next().unwrap_or(name));
    bound.map(|name| name.split('.').next().unwrap_or(name)).any(|name| {
        operations.iter().any(|source| {
            source.match_indices(name).any(|(at, _)| {
                let is_part = |c: char| c.is_alphanumeric() || c == '_';
                !source[..at].chars().next_back().is_some_and(|c| is_part(c) || c == '.')
                    && !source[at + name.len()..].chars().next().is_some_and(is_part)
            })
        })
    })
}

pub(super) fn run_sql(sql: &Sql) -> String {
    let forth = match &sql.before {
        // A list: each is sent by itself, because several at once are one transaction.
        Some(before) => {
            format!("[\n                {},\n                {},\n            ]", string(before), string(&sql.forth))
        }
        None => string(&sql.forth),
    };
    match &sql.back {
        None => format!("migrations.RunSQL({forth})"),
        Some(back) => {
            let back = if back.is_empty() { "migrations.RunSQL.noop".to_owned() } else { string(back) };
            format!("migrations.RunSQL(\n            sql={forth},\n            reverse_sql={back},\n        )")
        }
    }
}

/// The statement, with the operation it is a part of as its state.
pub(super) fn with_state(run: &str, operation: &str) -> String {
    let deeper = |text: &str| text.replace('\n', "\n        ");
    format!(
        "migrations.SeparateDatabaseAndState(\n            database_operations=[\n                {},\n            ],\n            \
         state_operations=[\n                {},\n            ],\n        )",
        deeper(run),
        deeper(operation)
    )
}

fn string(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n"))
}
