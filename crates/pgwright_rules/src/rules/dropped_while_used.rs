//! Tables and columns that go while the code still names them.

use pgwright_diagnostics::{Confidence, Diagnostic, FileId, Severity, Span};
use pgwright_django::usage::is_product_code;
use pgwright_schema::sql::{Change, TableAction};

use crate::headline::fitting;
use crate::timeline::Timeline;
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "dropped-while-used",
    summary: "a table or column is dropped or renamed, and code still names it",
    docs: include_str!("dropped_while_used.md"),
    group: Group::Migrations,
    severity: Severity::Warning,
    check: Check::Migration(check),
};

/// A table, or one of its columns, that is not there any more by this name.
struct Gone<'a> {
    table: &'a str,
    column: Option<&'a str>,
    verb: &'static str,
}

fn check(facts: Facts, timeline: &Timeline, found: &mut Vec<Diagnostic>) {
    for moment in &timeline.moments {
        let Some(site) = moment.operation.site.or(timeline.migration.site) else { continue };
        for gone in moment.changes().iter().flat_map(gone) {
            if timeline.makes(gone.table) || is_there(facts, &gone) {
                continue;
            }
            let places = places(facts, &gone);
            let Some(first) = places.first() else { continue };
            let name = match gone.column {
                Some(column) => format!("{}.{column}", gone.table),
                None => gone.table.to_owned(),
            };
            let mut finding = RULE
                .at(
                    site,
                    fitting(&[
                        format!("`{name}` is {}, and code still names it", gone.verb),
                        format!("something is {} that code still names", gone.verb),
                    ]),
                )
                .confidence(Confidence::Likely)
                .why(format!(
                    "{} of the code {} it, and fails once this migration has run; the release that still runs meanwhile names it in every \
                     query of the model",
                    if places.len() == 1 { "one place".to_owned() } else { format!("{} places", places.len()) },
                    if places.len() == 1 { "names" } else { "name" },
                ))
                .help("Change that code first, and drop or rename in a later release");
            for (place, text) in places.iter().take(MOST_SHOWN) {
                finding = finding.related(*place, *text);
            }
            found.push(finding.evidence("places", places.len().to_string()));
            let _ = first;
        }
    }
}

const MOST_SHOWN: usize = 3;

fn gone(change: &Change) -> Vec<Gone<'_>> {
    match change {
        Change::DropTable { tables } => {
            tables.iter().map(|table| Gone { table, column: None, verb: "dropped" }).collect()
        }
        Change::AlterTable { table, actions } => actions
            .iter()
            .filter_map(|action| match action {
                TableAction::DropColumn { column } => Some(Gone { table, column: Some(column), verb: "dropped" }),
                TableAction::RenameColumn { from, .. } => Some(Gone { table, column: Some(from), verb: "renamed" }),
                TableAction::RenameTable { .. } => Some(Gone { table, column: None, verb: "renamed" }),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// Whether today's models have it: it was made anew.
fn is_there(facts: Facts, gone: &Gone) -> bool {
    let model = facts.project.models.all.iter().find(|model| model.table == gone.table && model.has_table());
    model.is_some_and(|model| match gone.column {
        Some(column) => model.fields.iter().any(|field| field.column.as_deref() == Some(column)),
        None => true,
    })
}

/// Where code names it, with what to say there.
fn places(facts: Facts, gone: &Gone) -> Vec<(Span, &'static str)> {
    let mut found: Vec<(Span, &'static str)> = Vec::new();
    if let Some(column) = gone.column {
        let name = column.strip_suffix("_id").unwrap_or(column);
        for serializer in &facts.project.usage.serializers {
            let model = facts.project.models.get(serializer.model);
            // A method or property of that name has taken the column's place.
            let is_its = model.table == gone.table && !model.methods.iter().any(|method| method.name == name);
            let lists = serializer.fields.iter().flatten().any(|field| field == name || field == column);
            let handles = serializer.handled.iter().any(|field| field == name || field == column);
            if is_its && lists && !handles {
                found.push((serializer.site, "lists it in `fields`"));
            }
        }
    }
    for (id, file) in facts.files.iter() {
        if file.path.extension() == Some("py") && is_product_code(&file.path) && file.text.contains(gone.table) {
            found.extend(in_text(id, &file.text, gone).map(|span| (span, "names it in SQL")));
        }
    }
    found
}

/// Lines around a table's name that count as the statement it is in.
const REACH: usize = 8;

/// Where a text that looks like SQL names it: the table, and near it the column.
fn in_text<'t>(file: FileId, text: &'t str, gone: &'t Gone) -> impl Iterator<Item = Span> + 't {
    let lines: Vec<(usize, &str)> =
        text.split_inclusive('\n').map(|line| (line.as_ptr() as usize - text.as_ptr() as usize, line)).collect();
    let mut found = Vec::new();
    for (at, (start, line)) in lines.iter().enumerate() {
        let Some(column) = word(line, gone.table) else { continue };
        let code = line.trim_start();
        let around = lines[at.saturating_sub(REACH)..(at + REACH).min(lines.len())].iter().map(|(_, line)| *line);
        let around: Vec<&str> = around.filter(|line| !line.trim_start().starts_with('#')).collect();
        let named =
            gone.column.is_none_or(|column| around.iter().any(|line| is_sql(line) && word(line, column).is_some()));
        if !code.starts_with('#') && is_sql(line) && named {
            let start = (start + column) as u32;
            found.push(Span::new(file, start, start + gone.table.len() as u32));
        }
    }
    found.into_iter()
}

/// Capitals as SQL is written in, beside a table's name.
fn is_sql(line: &str) -> bool {
    ["SELECT ", "FROM ", "JOIN ", "UPDATE ", "INSERT INTO ", "DELETE ", "WHERE ", " SET ", "GROUP BY "]
        .iter()
        .any(|keyword| line.contains(keyword))
}

/// The place of a whole word.
fn word(line: &str, name: &str) -> Option<usize> {
    line.match_indices(name).map(|(at, _)| at).find(|at| {
        let is_part = |c: char| c.is_alphanumeric() || c == '_';
        !line[..*at].chars().next_back().is_some_and(is_part)
            && !line[at + name.len()..].chars().next().is_some_and(is_part)
    })
}
