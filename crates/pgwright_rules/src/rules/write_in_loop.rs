//! A write that is sent for each row or item of something.

use pgwright_diagnostics::{Diagnostic, Severity};
use pgwright_django::queries::workload::{Issued, Terminal};

use crate::headline::fitting;
use crate::place::{is_a_write, is_per_item, is_per_row, quoted, span, with_loop};
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "write-in-loop",
    summary: "rows are written one by one in a loop",
    docs: include_str!("write_in_loop.md"),
    group: Group::Queries,
    severity: Severity::Note,
    check: Check::Place(check),
};

fn check(facts: Facts, place: &[Issued], found: &mut Vec<Diagnostic>) {
    let writes = |issued: &&Issued| is_per_item(issued) && how(issued.terminal).is_some() && is_a_write(facts, issued);
    let Some(first) = place.iter().filter(writes).min_by_key(|issued| (!is_per_row(issued), issued.confidence)) else {
        return;
    };
    let Some(help) = how(first.terminal) else { return };
    let mut texts: Vec<&str> = place.iter().filter_map(|issued| issued.sql.as_deref().ok()).collect();
    texts.sort_unstable();
    texts.dedup();
    let code = quoted(facts, span(first));
    let per = if is_per_row(first) { "row" } else { "item" };
    let of = first.model.map(|model| format!(" of `{}`", facts.project.models.get(model).name)).unwrap_or_default();
    let wordings = match first.terminal {
        // Of a queryset: any number of rows.
        Terminal::Update => [
            format!("`{code}` sends one UPDATE{of} per round of a loop"),
            format!("`{code}` sends one UPDATE per round of a loop"),
            "one UPDATE is sent per round of a loop".to_owned(),
        ],
        _ => [
            format!("`{code}` writes one row{of} per round of a loop"),
            format!("`{code}` writes one row per round of a loop"),
            "rows are written one per round of a loop".to_owned(),
        ],
    };
    let why = match texts.len() {
        0 | 1 => format!(
            "each {per} sends its own statement and waits for it; a thousand in one statement take about as long as ten"
        ),
        several => format!(
            "each {per} sends its own statements (up to {several} here) and waits for each; a thousand rows in one statement take \
             about as long as ten"
        ),
    };
    found.push(with_loop(RULE.at(span(first), fitting(&wordings)), first).why(why).help(help));
}

/// What writes many rows at once instead.
fn how(terminal: Terminal) -> Option<&'static str> {
    Some(match terminal {
        Terminal::Create => {
            "Collect the objects and write them with `bulk_create(objects, batch_size=…)`; it sends no signals and calls no `save()`"
        }
        Terminal::Save => {
            "Where all rows get the same value, or one computed from their columns, let one `update(…)` with `F()` do it; otherwise \
             collect the objects for `bulk_update(objects, fields, batch_size=…)` (or `bulk_create`, where they are new). Neither \
             sends signals nor calls `save()`"
        }
        Terminal::Delete => {
            "Delete them with one `filter(…).delete()`: Django collects what hangs on them once for all. It does not call `delete()` \
             of the instances"
        }
        Terminal::Update => {
            "Let one `filter(pk__in=…).update(…)` do it, with `Case`/`When` or `bulk_update` where the values differ"
        }
        Terminal::GetOrCreate | Terminal::UpdateOrCreate => {
            "Load what is there once before the loop, collect what is missing, and write it with `bulk_create(…, \
             update_conflicts=True)` or `ignore_conflicts=True`, which need a unique constraint"
        }
        Terminal::Set | Terminal::Clear => {
            "`set()` reads what is there and writes the difference: for many objects read the through model once (`filter(…__in=…)`), and \
             write it with `bulk_create(…, ignore_conflicts=True)` and one `delete()`"
        }
        Terminal::Add | Terminal::Remove => {
            "Pass all objects in one call, or write rows of the through model with `bulk_create`"
        }
        _ => return None,
    })
}
