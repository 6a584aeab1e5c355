//! Space that holds no rows.

use crate::activity::IndexActivity;
use crate::estimate::{IndexLayout, PAGE, index_size, table_pages};
use crate::names::quote_name;
use crate::plan::count;
use crate::schema::IndexMethod;
use crate::sql::{Node, parse_index};
use crate::tune::recommendation::{ACCESS_EXCLUSIVE, SHARE_UPDATE_EXCLUSIVE, docs};
use crate::tune::{Basis, Django, Facts, Recommendation, TableFacts, When};

/// Below these pages (100 MiB) there is nothing to win.
const WORTH: u64 = 12_800;
/// So many times as large as it need be: estimates err by less.
const BLOATED: f64 = 2.0;
/// Bytes a column may take beside its value, for alignment.
const PADDING: f64 = 3.0;

/// The table against the pages its rows would take when freshly written.
pub fn table(_: &Facts<'_>, table: &TableFacts<'_>) -> Vec<Recommendation> {
    let Some(activity) = table.activity else { return Vec::new() };
    let statistics = table.statistics;
    // A column without statistics may be as wide as it likes.
    let known = table
        .schema
        .is_none_or(|schema| schema.columns.iter().all(|column| statistics.columns.contains_key(&column.name)));
    if !known || statistics.columns.is_empty() || statistics.size.rows < 0.0 || statistics.size.pages < WORTH {
        return Vec::new();
    }
    let fill: f64 = activity.options.get("fillfactor").and_then(|fill| fill.parse().ok()).unwrap_or(100.0);
    let widths = statistics.columns.values();
    let widths =
        widths.map(|column| f64::from(column.average_width) * (1.0 - f64::from(column.null_fraction)) + PADDING);
    let expected = table_pages(activity.live_rows.max(1) as f64, widths) as f64 * 100.0 / fill.max(10.0);
    let pages = statistics.size.pages as f64;
    if pages < expected * BLOATED {
        return Vec::new();
    }
    let because = format!(
        "{} rows of its width fill {} pages, it has {}: {:.0} % or {} MiB hold nothing",
        count(activity.live_rows as f64),
        count(expected),
        count(pages),
        (1.0 - expected / pages) * 100.0,
        count((pages - expected) * PAGE / 1_048_576.0)
    );
    vec![Recommendation {
        rule: "table-bloat",
        table: Some(table.name.to_owned()),
        title: "write the table again".to_owned(),
        because,
        source: docs::VACUUM_SPACE,
        statements: vec![format!("VACUUM (FULL, ANALYZE) {}", quote_name(table.name))],
        reverse: Vec::new(),
        when: When::Window {
            lock: ACCESS_EXCLUSIVE,
            why: format!(
                "it copies {} MiB, and nobody reads or writes meanwhile; the extension pg_repack needs the lock for a moment only",
                count(expected * PAGE / 1_048_576.0)
            ),
        },
        django: Django::Once,
        basis: Basis::Measured,
    }]
}

/// B-trees against the pages they would take when freshly built.
pub fn indexes(_: &Facts<'_>, table: &TableFacts<'_>) -> Vec<Recommendation> {
    let Some(activity) = table.activity else { return Vec::new() };
    let valid = activity.indexes.iter().filter(|(_, index)| index.valid && index.method == "btree");
    valid
        .filter_map(|(name, index)| {
            let pages = (index.bytes as f64 / PAGE) as u64;
            let expected = expected(table, name, index)? as f64;
            let bloated = pages >= WORTH && pages as f64 >= expected * BLOATED;
            bloated.then(|| Recommendation {
                rule: "index-bloat",
                table: Some(table.name.to_owned()),
                title: format!("build `{name}` again"),
                because: format!(
                    "freshly built it would take {} pages, it has {}: {} MiB hold nothing",
                    count(expected),
                    count(pages as f64),
                    count((pages as f64 - expected) * PAGE / 1_048_576.0)
                ),
                source: docs::REINDEX,
                statements: vec![format!("REINDEX INDEX CONCURRENTLY {}", super::unused::index_name(table.name, name))],
                reverse: Vec::new(),
                when: When::Now { lock: SHARE_UPDATE_EXCLUSIVE },
                django: Django::Once,
                basis: Basis::Measured,
            })
        })
        .collect()
}

/// Pages of a fresh build; None when a key is no column or its width is not known.
fn expected(table: &TableFacts<'_>, name: &str, index: &IndexActivity) -> Option<u64> {
    let definition = parse_index(&index.definition).ok()?;
    let rows = table.statistics.index(name).map(|index| index.size.rows).filter(|rows| *rows >= 0.0)?;
    let columns = definition.elements.iter().map(|element| match &element.node {
        Node::Name(path) => path.last(),
        _ => None,
    });
    let columns: Vec<&String> = columns.chain(definition.include.iter().map(Some)).collect::<Option<_>>()?;
    let of = |column: &&String| table.statistics.columns.get(*column);
    let widths =
        columns.iter().map(|column| of(column).map(|found| f64::from(found.average_width))).collect::<Option<_>>()?;
    let distinct = match columns.as_slice() {
        [one] => of(one).and_then(|found| found.distinct_of(rows)),
        // Of several columns the product is the most, and so is the size.
        _ => None,
    };
    let merges_equal = !index.unique && definition.include.is_empty();
    let layout = IndexLayout {
        method: IndexMethod::Btree,
        rows,
        table_pages: table.statistics.size.pages,
        widths,
        distinct,
        merges_equal,
        common: Vec::new(),
        elements: None,
    };
    Some(index_size(&layout).pages)
}
