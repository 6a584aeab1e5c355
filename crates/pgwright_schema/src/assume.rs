//! Statistics for a schema of which nothing was measured.

use crate::catalog::Type;
use crate::estimate::{table_pages, usual_width};
use crate::schema::{Column, ConstraintKind, Schema, Table};
use crate::statistics::{ColumnStatistics, Size, Source, Statistics, TableStatistics};

/// Rows of a table that nobody said anything about.
pub const USUAL_ROWS: u64 = 1_000_000;

/// Rows that share one value of a foreign key, where tables are large.
const ROWS_PER_PARENT: f64 = 10.0;

/// Of a column that may be NULL, so much is.
const NULL_FRACTION: f32 = 0.1;

/// Rows of tables that are small everywhere: what Django keeps about the code itself.
pub fn known_rows(table: &str) -> Option<u64> {
    match table {
        "django_site" => Some(1),
        "auth_group" => Some(10),
        "django_content_type" => Some(100),
        "django_migrations" => Some(200),
        "auth_permission" => Some(400),
        _ => None,
    }
}

/// Statistics of tables that `measured` does not have. `rows` says what the configuration assumes for a table.
pub fn assume(schema: &Schema, measured: &Statistics, rows: &dyn Fn(&str) -> Option<u64>) -> Statistics {
    let count = |name: &str| match measured.tables.get(name) {
        Some(table) => table.size.rows_today(),
        None => rows(name).or_else(|| known_rows(name)).unwrap_or(USUAL_ROWS) as f64,
    };
    let missing = schema.tables.iter().filter(|table| !measured.tables.contains_key(&table.name));
    let tables = missing.map(|table| (table.name.clone(), table_statistics(table, &count))).collect();
    Statistics { tables }
}

fn table_statistics(table: &Table, count: &dyn Fn(&str) -> f64) -> TableStatistics {
    let rows = count(&table.name);
    let columns = table
        .columns
        .iter()
        .map(|column| (column.name.clone(), column_statistics(table, column, rows, count)))
        .collect();
    let pages = table_pages(rows, table.columns.iter().map(|column| f64::from(usual_width(&column.type_))));
    TableStatistics {
        source: Source::Assumed,
        size: Size { rows, pages, analyzed_pages: pages },
        all_visible_pages: pages,
        columns,
        indexes: Vec::new(),
    }
}

fn column_statistics(table: &Table, column: &Column, rows: f64, count: &dyn Fn(&str) -> f64) -> ColumnStatistics {
    let parent = table.constraints.iter().find_map(|constraint| match &constraint.kind {
        ConstraintKind::ForeignKey(key) if key.columns == [column.name.as_str()] => Some(count(&key.to_table)),
        _ => None,
    });
    // How many values other columns have stays open: the planner then takes what it takes without statistics. Of a boolean it knows
    // that there are two only where it has no statistics at all (`get_variable_numdistinct`), and here it has the share of NULLs.
    let distinct = match parent {
        Some(parent) => parent.min(rows / ROWS_PER_PARENT).max(1.0),
        None if Type::from(&column.type_).is(Type::BOOL) => 2.0,
        None => 0.0,
    };
    ColumnStatistics {
        null_fraction: if column.null { NULL_FRACTION } else { 0.0 },
        average_width: usual_width(&column.type_),
        distinct: distinct as f32,
        ..ColumnStatistics::default()
    }
}
