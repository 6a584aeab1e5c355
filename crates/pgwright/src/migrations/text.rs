//! Migrations for people: a table per migration, then what to object to.

use std::fmt::Write;

use pgwright_django::migrations::{Kind, Operation};
use pgwright_rules::{Lock, Moment, Size, Timeline, Until, seconds};
use pgwright_schema::change::{Difference, Effect, Pace};
use pgwright_schema::plan::count;

use super::Judgement;
use super::trace::{Agreement, Seen, Trace};
use crate::cli::Format;
use crate::ground::Basis;
use crate::render::{Look, render as render_report};

const HEADINGS: [&str; 7] = ["operation", "statement", "table", "rows", "lock", "held for", "waiting"];
/// The least that is shown of a statement, in characters.
const LEAST_STATEMENT: usize = 24;

pub(super) fn render(judgement: &Judgement, look: Look) -> String {
    let mut text = String::new();
    let mut harmless = Vec::new();
    for (at, timeline) in judgement.timelines.iter().enumerate() {
        let rows = rows(timeline);
        if rows.is_empty() {
            harmless.push(timeline.migration.label());
        } else {
            write_table(&mut text, judgement, timeline, &rows, look);
        }
        if let Some(seen) = judgement.trace.as_ref().and_then(|trace| trace.migrations.get(at)) {
            write_seen(&mut text, timeline, seen);
        }
    }
    if !harmless.is_empty() {
        let _ = writeln!(text, "nobody waits for {}\n", harmless.join(", "));
    }
    if let Some(trace) = &judgement.trace {
        write_trace(&mut text, trace);
    }
    text.push_str(&render_report(&judgement.report, Format::Full, look));
    text.push_str(&closing(judgement));
    text
}

type Row = [String; 7];

/// One per lock that matters; statements without one are left out, code never is.
fn rows(timeline: &Timeline) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut before: Option<&Operation> = None;
    for moment in &timeline.moments {
        let operation = match before {
            Some(same) if std::ptr::eq(same, moment.operation) => String::new(),
            _ => name(moment.operation),
        };
        let locks: Vec<&Lock> = moment.locks.iter().filter(|lock| lock.blocks() || lock.effect.scan).collect();
        let Some(sql) = moment.sql() else {
            let what = moment.operation.unknown.clone().unwrap_or_else(|| code(&moment.operation.kind));
            rows.push([
                operation,
                what,
                String::new(),
                String::new(),
                String::new(),
                "not known".into(),
                String::new(),
            ]);
            before = Some(moment.operation);
            continue;
        };
        for (index, lock) in locks.iter().enumerate() {
            let first = index == 0;
            rows.push([
                if first { operation.clone() } else { String::new() },
                if first { shown(sql) } else { String::new() },
                lock.effect.table.replace("\".\"", "."),
                size(lock),
                work(lock),
                held(lock),
                waiting(lock),
            ]);
            before = Some(moment.operation);
        }
    }
    rows
}

fn name(operation: &Operation) -> String {
    operation.class.rsplit('.').next().unwrap_or_default().to_owned()
}

fn code(kind: &Kind) -> String {
    match kind {
        Kind::Python(Some(path)) => path.rsplit('.').next().unwrap_or(path).to_owned() + "()",
        _ => "code".to_owned(),
    }
}

/// Without the table's name, which has a column of its own.
fn shown(sql: &str) -> String {
    let text = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    // Django checks deferred constraints before it drops them.
    let text = match text.strip_prefix("SET CONSTRAINTS ").and_then(|rest| rest.split_once("; ")) {
        Some((_, rest)) => rest,
        None => &text,
    };
    let parts: Vec<&str> = text.splitn(4, ' ').collect();
    match parts.as_slice() {
        ["ALTER", "TABLE", table, rest] if table.starts_with('"') => (*rest).to_owned(),
        _ => text.to_owned(),
    }
}

fn size(lock: &Lock) -> String {
    let hot = if lock.hot { ", hot" } else { "" };
    match lock.size {
        Size::Measured(rows) | Size::Stated(rows) => format!("{}{hot}", count(rows as f64)),
        Size::Assumed if lock.is_known() => format!("{} assumed{hot}", count(lock.size.rows() as f64)),
        Size::Assumed => "not known".to_owned(),
    }
}

/// The lock, and what is done to the table under it.
fn work(lock: &Lock) -> String {
    done(lock.effect)
}

fn done(effect: &Effect) -> String {
    let name = effect.lock.name().trim_end_matches("Lock");
    match (effect.rewrite, effect.scan) {
        (true, _) => format!("{name}, rewritten"),
        (false, true) => format!("{name}, read"),
        (false, false) => name.to_owned(),
    }
}

fn held(lock: &Lock) -> String {
    let range = format!("{} – {}", seconds(lock.held.least), seconds(lock.held.most));
    match lock.until {
        Until::Statement | Until::Commit => range,
        Until::CommitAfterCode => format!("{range} + code"),
    }
}

fn waiting(lock: &Lock) -> String {
    let who = lock.waiting().unwrap_or("nobody").to_owned();
    match lock.queued.filter(|queued| *queued >= 0.5) {
        Some(queued) if lock.blocks() => format!("{who}, {}/min", count(queued)),
        _ => who,
    }
}

fn write_table(text: &mut String, judgement: &Judgement, timeline: &Timeline, rows: &[Row], look: Look) {
    let migration = timeline.migration;
    let file = migration.file.map(|file| judgement.session.relative(judgement.reading.files.path(file)));
    let time = timeline.time();
    let open = timeline.moments.iter().any(Moment::is_open);
    let _ = writeln!(
        text,
        "{}  {}\n{}, {} – {}{}\n",
        bold(&migration.label(), look),
        file.map(|file| file.to_string()).unwrap_or_default(),
        if migration.atomic { "one transaction" } else { "no transaction (atomic = False)" },
        seconds(time.least),
        seconds(time.most),
        if open { " and code of which nobody knows" } else { "" },
    );
    let headings = HEADINGS.map(str::to_owned);
    let widths: Vec<usize> = (0..HEADINGS.len())
        .map(|column| rows.iter().chain([&headings]).map(|row| row[column].chars().count()).max().unwrap_or(0))
        .collect();
    let others: usize = widths.iter().sum::<usize>() - widths[1] + 2 * HEADINGS.len();
    let statement = widths[1].min(look.width.saturating_sub(others).max(LEAST_STATEMENT));
    for (index, row) in [&headings].into_iter().chain(rows).enumerate() {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let width = if column == 1 { statement } else { widths[column] };
            let _ = write!(line, "  {:<width$}", cut(cell, width));
        }
        let line = line.trim_end();
        let _ = writeln!(text, "{}", if index == 0 { dim(line, look) } else { line.to_owned() });
    }
    text.push('\n');
}

/// Statements of a migration that did not do what is said of them.
fn write_seen(text: &mut String, timeline: &Timeline, seen: &[Seen]) {
    let statements = timeline.moments.iter().filter_map(Moment::sql);
    let mut is_first = true;
    for (sql, seen) in statements.zip(seen) {
        let lines = match seen {
            Seen::Agrees(_) => continue,
            Seen::Differs { differences, .. } => differences.iter().map(difference).collect(),
            Seen::Refused(reason) => vec![reason.clone()],
            Seen::Unseen(reason) => vec![format!("not looked at: {reason}")],
        };
        if is_first {
            let _ = writeln!(text, "{} when it was run:", timeline.migration.label());
            is_first = false;
        }
        let _ = writeln!(text, "  {}", cut(&sql.split_whitespace().collect::<Vec<_>>().join(" "), 120));
        for line in lines {
            let _ = writeln!(text, "    {line}");
        }
    }
    if !is_first {
        text.push('\n');
    }
}

fn difference(difference: &Difference) -> String {
    let of = |effect: &Option<Effect>| effect.as_ref().map_or("nothing".to_owned(), done);
    let table = difference.table.replace("\".\"", ".");
    format!("{table}: {}, and {} was predicted", of(&difference.seen), of(&difference.said))
}

fn write_trace(text: &mut String, trace: &Trace) {
    let agreement = Agreement::of(trace.migrations.iter().flatten());
    let _ = write!(
        text,
        "run on PostgreSQL {}: {} of {} statements locked, rewrote and read what is predicted",
        trace.server,
        agreement.agreeing,
        agreement.statements()
    );
    let others = [
        (agreement.differing, "did not"),
        (agreement.refused, "were refused"),
        (agreement.unseen, "were not looked at"),
    ];
    for (number, what) in others.into_iter().filter(|(number, _)| *number > 0) {
        let _ = write!(text, ", {number} {what}");
    }
    text.push('\n');
    if agreement.refused > 0 {
        text.push_str("(Python code of migrations is not run, so that what it makes or drops is not)\n");
    }
    if let Some((first, others)) = trace.refused_before.split_first() {
        let _ = write!(text, "refused before these, so that the schema may be another: {first}");
        if !others.is_empty() {
            let _ = write!(text, " (and {} more)", others.len());
        }
        text.push('\n');
    }
    text.push('\n');
}

fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

fn bold(text: &str, look: Look) -> String {
    if look.styled { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_owned() }
}

fn dim(text: &str, look: Look) -> String {
    if look.styled { format!("\u{1b}[2m{text}\u{1b}[0m") } else { text.to_owned() }
}

/// Where sizes come from, and what times are reckoned with.
fn closing(judgement: &Judgement) -> String {
    let from = match judgement.basis {
        Some(Basis::Snapshot(path)) => format!("sizes are those of `{path}`"),
        Some(Basis::Live) => "sizes are those of the database, now".to_owned(),
        Some(Basis::Assumed) | None => {
            "no snapshot was found: sizes are those of `assume.rows`, or assumed (`pgwright snapshot` measures them)"
                .to_owned()
        }
    };
    let rates = &judgement.sizes.rates;
    let plain = |number: f64| count(number).trim_start_matches('~').to_owned();
    let range = |pace: Pace, unit: &str| format!("{}–{} {unit}", plain(pace.slow), plain(pace.fast));
    format!(
        "{from}\ntimes are for {} read, {} rewritten, {} indexed, {} looked up and {} written per second (`migrations.rates` sets them)\n",
        range(rates.read_mb, "MB"),
        range(rates.rewrite_mb, "MB"),
        range(rates.index_rows, "rows"),
        range(rates.lookup_rows, "rows"),
        range(rates.write_rows, "rows"),
    )
}
