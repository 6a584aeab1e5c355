//! When autovacuum comes, and how fast it works.

use crate::names::quote_name;
use crate::plan::{count, grouped};
use crate::tune::recommendation::{SHARE_UPDATE_EXCLUSIVE, docs};
use crate::tune::{Basis, Django, Facts, Recommendation, TableFacts, When};

/// More dead, inserted or changed rows than these should not gather: a vacuum of them takes minutes, not hours.
const GATHERED: f64 = 500_000.0;
/// Twice as many are allowed before we say anything.
const TOO_MANY: f64 = 1_000_000.0;
/// A vacuum should not take longer than this. Seconds.
const LONG: f64 = 3600.0;

/// The least number `wanted / rows` in one digit: `0.02`, `0.0005`.
fn share(wanted: f64, rows: f64) -> f64 {
    let exact = (wanted / rows.max(1.0)).clamp(1e-5, 0.05);
    let digit = 10_f64.powf(exact.log10().floor());
    (exact / digit + 1e-9).floor() * digit
}

fn set(table: &TableFacts<'_>, parameter: &str, value: &str) -> (Vec<String>, Vec<String>) {
    let name = quote_name(table.name);
    let before = table.activity.and_then(|activity| activity.options.get(parameter));
    let reverse = match before {
        Some(before) => format!("ALTER TABLE {name} SET ({parameter} = {before})"),
        None => format!("ALTER TABLE {name} RESET ({parameter})"),
    };
    (vec![format!("ALTER TABLE {name} SET ({parameter} = {value})")], vec![reverse])
}

/// Shares as they are written in statements: no more digits than needed.
fn written(number: f64) -> String {
    let text = format!("{number:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn basis(table: &TableFacts<'_>) -> Basis {
    if table.is_assumed() { Basis::Assumed } else { Basis::Measured }
}

fn recommend(
    table: &TableFacts<'_>,
    rule: &'static str,
    title: String,
    because: String,
    (statements, reverse): (Vec<String>, Vec<String>),
) -> Recommendation {
    Recommendation {
        rule,
        table: Some(table.name.to_owned()),
        title,
        because,
        source: docs::AUTOVACUUM,
        statements,
        reverse,
        when: When::Now { lock: SHARE_UPDATE_EXCLUSIVE },
        django: Django::RunSql,
        basis: basis(table),
    }
}

/// Rows that die or change: as counted, else as the code can send such statements.
fn dies(facts: &Facts<'_>, table: &TableFacts<'_>) -> bool {
    match table.activity {
        Some(activity) => activity.updates + activity.deletes > 0,
        None => facts.usage.updates(table.name) || facts.usage.deletes(table.name),
    }
}

/// Nobody vacuums the table.
pub fn switched_off(_: &Facts<'_>, table: &TableFacts<'_>) -> Vec<Recommendation> {
    let Some(activity) = table.activity else { return Vec::new() };
    let off = |name: &str| matches!(activity.options.get(name).map(String::as_str), Some("false" | "off" | "0" | "no"));
    if !off("autovacuum_enabled") {
        return Vec::new();
    }
    let name = quote_name(table.name);
    let because = format!(
        "autovacuum is switched off for it; {} of {} rows are dead, {} changed since the last ANALYZE",
        grouped(activity.dead_rows as f64),
        count(table.rows() + activity.dead_rows as f64),
        grouped(activity.changed_since_analyze as f64)
    );
    let statements = vec![format!("ALTER TABLE {name} RESET (autovacuum_enabled)")];
    let reverse = vec![format!("ALTER TABLE {name} SET (autovacuum_enabled = false)")];
    vec![recommend(table, "autovacuum-off", "switch autovacuum on again".to_owned(), because, (statements, reverse))]
}

/// `threshold + scale factor * rows` dead rows start a vacuum; from PostgreSQL 18 on no more than a maximum.
pub fn dead_rows(facts: &Facts<'_>, table: &TableFacts<'_>) -> Vec<Recommendation> {
    let rows = table.rows();
    let scale = facts.parameter(table, "autovacuum_vacuum_scale_factor", 0.2);
    let base = facts.parameter(table, "autovacuum_vacuum_threshold", 50.0);
    let most = match facts.parameter(table, "autovacuum_vacuum_max_threshold", 100e6) {
        most if facts.major >= 18 && most >= 0.0 => most,
        _ => f64::INFINITY,
    };
    let threshold = (base + scale * rows).min(most);
    if threshold < TOO_MANY || !dies(facts, table) {
        return Vec::new();
    }
    let better = share(GATHERED, rows);
    if better >= scale {
        return Vec::new();
    }
    let because = format!(
        "{} of {} rows and a threshold of {} let {} dead rows gather before a vacuum; {} of them would be {}",
        written(scale),
        count(rows),
        grouped(base),
        count(threshold),
        written(better),
        count(base + better * rows)
    );
    let title = format!("vacuum after {} dead rows", count(base + better * rows));
    let change = set(table, "autovacuum_vacuum_scale_factor", &written(better));
    vec![recommend(table, "autovacuum-threshold", title, because, change)]
}

/// Tables that only grow are vacuumed for what was inserted: otherwise index-only scans visit the table, and one day all is frozen at once.
pub fn inserted_rows(facts: &Facts<'_>, table: &TableFacts<'_>) -> Vec<Recommendation> {
    let Some(activity) = table.activity else { return Vec::new() };
    let rows = table.rows();
    let scale = facts.parameter(table, "autovacuum_vacuum_insert_scale_factor", 0.2);
    let base = facts.parameter(table, "autovacuum_vacuum_insert_threshold", 1000.0);
    let threshold = base + scale * rows;
    let grows = activity.inserts > 10 * (activity.updates + activity.deletes) && activity.inserts > 0;
    let better = share(GATHERED, rows);
    if !grows || threshold < TOO_MANY || base < 0.0 || better >= scale {
        return Vec::new();
    }
    let pages = table.statistics.size.pages.max(1);
    let visible = table.statistics.all_visible_pages.min(pages) as f64 / pages as f64 * 100.0;
    let because = format!(
        "{} rows were inserted for {} updated or deleted, so only inserts bring a vacuum: each {} rows, {} now; \
         {visible:.0} % of its pages are all-visible",
        count(activity.inserts as f64),
        count((activity.updates + activity.deletes) as f64),
        count(threshold),
        count(base + better * rows)
    );
    let title = format!("vacuum after {} inserted rows", count(base + better * rows));
    let change = set(table, "autovacuum_vacuum_insert_scale_factor", &written(better));
    vec![recommend(table, "autovacuum-insert-threshold", title, because, change)]
}

/// Statistics of a large table grow old: the newest values are those queries ask for.
pub fn analyze(facts: &Facts<'_>, table: &TableFacts<'_>) -> Vec<Recommendation> {
    let rows = table.rows();
    let scale = facts.parameter(table, "autovacuum_analyze_scale_factor", 0.1);
    let base = facts.parameter(table, "autovacuum_analyze_threshold", 50.0);
    let threshold = base + scale * rows;
    let changes = match table.activity {
        Some(activity) => activity.inserts + activity.updates + activity.deletes > 0,
        None => facts.usage.writes(table.name),
    };
    let better = share(GATHERED, rows);
    if threshold < TOO_MANY || !changes || better >= scale {
        return Vec::new();
    }
    let since = table.activity.map_or(String::new(), |activity| {
        format!("; {} have changed since the last", grouped(activity.changed_since_analyze as f64))
    });
    let because = format!(
        "{} of {} rows let {} rows change before an ANALYZE{since}",
        written(scale),
        count(rows),
        count(threshold)
    );
    let title = format!("analyze after {} changed rows", count(base + better * rows));
    let change = set(table, "autovacuum_analyze_scale_factor", &written(better));
    vec![recommend(table, "autoanalyze-threshold", title, because, change)]
}

/// Autovacuum rests after each `cost_limit`; on a table of this size the rests add up.
pub fn pace(facts: &Facts<'_>, table: &TableFacts<'_>) -> Vec<Recommendation> {
    let delay = match facts.parameter(table, "autovacuum_vacuum_cost_delay", 2.0) {
        delay if delay < 0.0 => facts.activity.number("vacuum_cost_delay").unwrap_or(0.0),
        delay => delay,
    };
    let limit = match facts.parameter(table, "autovacuum_vacuum_cost_limit", -1.0) {
        limit if limit <= 0.0 => facts.activity.number("vacuum_cost_limit").unwrap_or(200.0),
        limit => limit,
    };
    if delay <= 0.0 || !dies(facts, table) {
        return Vec::new();
    }
    // Every page is read (`vacuum_cost_page_miss`: 2 since PostgreSQL 14, 10 before) and in the worst case written (20).
    let miss = if facts.major >= 14 { 2.0 } else { 10.0 };
    let seconds = table.statistics.size.pages as f64 * (miss + 20.0) / limit * delay / 1000.0;
    if seconds < LONG {
        return Vec::new();
    }
    let better = (limit * (seconds / LONG).ceil()).min(10_000.0);
    if better <= limit {
        return Vec::new();
    }
    let because = format!(
        "vacuum rests {} ms for each {} of cost: {} pages to read ({miss}) and write (20) take {:.1} h in rests alone",
        written(delay),
        grouped(limit),
        grouped(table.statistics.size.pages as f64),
        seconds / 3600.0
    );
    let title = format!("let vacuum work {} times as fast on it", (better / limit).round());
    let change = set(table, "autovacuum_vacuum_cost_limit", &written(better));
    vec![Recommendation { source: docs::VACUUM_COST, ..recommend(table, "autovacuum-pace", title, because, change) }]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_have_one_digit() {
        assert_eq!(written(share(500_000.0, 50e6)), "0.01");
        assert_eq!(written(share(500_000.0, 12e6)), "0.04");
        assert_eq!(written(share(500_000.0, 1e6)), "0.05");
        assert_eq!(written(share(500_000.0, 6e9)), "0.00008");
    }
}
