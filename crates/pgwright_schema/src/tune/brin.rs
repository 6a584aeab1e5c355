//! Columns in whose order rows lie on disk: an index of ranges of pages is a thousandth of a B-tree.

use crate::activity::IndexActivity;
use crate::estimate::{IndexLayout, index_size};
use crate::names::{index_name, quote_name};
use crate::plan::count;
use crate::schema::IndexMethod;
use crate::sql::{Node, parse_index};
use crate::tune::recommendation::{SHARE_UPDATE_EXCLUSIVE, docs};
use crate::tune::{Basis, Django, Facts, Recommendation, TableFacts, When};

/// Pages (1 GiB) from which on a B-tree is a burden.
const LARGE: u64 = 131_072;
const IN_ORDER: f32 = 0.99;
/// Updated or deleted rows, of those inserted, that leave the order as it is.
const CHURN: f64 = 0.01;

pub fn brin(facts: &Facts<'_>, table: &TableFacts<'_>) -> Vec<Recommendation> {
    let Some(activity) = table.activity else { return Vec::new() };
    let changed = (activity.updates + activity.deletes) as f64;
    let total = (activity.inserts as f64).max(activity.live_rows as f64);
    if table.statistics.size.pages < LARGE || changed > total * CHURN {
        return Vec::new();
    }
    let in_order = table.statistics.columns.iter().filter(|(_, column)| {
        let ordered = column.correlation.is_some_and(|correlation| correlation.abs() >= IN_ORDER);
        ordered && matches!(column.type_.as_deref(), Some("date" | "timestamp" | "timestamptz" | "int4" | "int8"))
    });
    in_order
        .filter_map(|(column, found)| {
            let on_it: Vec<(&String, &IndexActivity, IndexMethod)> = activity
                .indexes
                .iter()
                .filter_map(|(name, index)| {
                    let definition = parse_index(&index.definition).ok()?;
                    let [element] = definition.elements.as_slice() else { return None };
                    let own = matches!(&element.node, Node::Name(path) if path.last() == Some(column));
                    own.then_some((name, index, definition.method))
                })
                .collect();
            // A key is looked up row by row, which ranges of pages do not help.
            let unique = on_it.iter().any(|(_, index, _)| index.unique);
            let has = on_it.iter().any(|(_, _, method)| *method == IndexMethod::Brin);
            let tree = on_it.iter().find(|(_, _, method)| *method == IndexMethod::Btree);
            let usage = facts.usage.column(table.name, column);
            if unique || has || (tree.is_none() && !usage.range) {
                return None;
            }
            let layout = IndexLayout {
                method: IndexMethod::Brin,
                rows: table.rows(),
                table_pages: table.statistics.size.pages,
                widths: vec![f64::from(found.average_width)],
                distinct: None,
                merges_equal: false,
                common: Vec::new(),
                elements: None,
            };
            let pages = index_size(&layout).pages as f64;
            let name = quote_name(&index_name(table.name, &[column.as_str()], "_brin"));
            let instead = tree.map_or(String::new(), |(name, index, _)| {
                format!(
                    "; the B-tree `{name}` on it has {} MiB and can go where nothing sorts by the column or looks up single values",
                    count(index.bytes as f64 / 1_048_576.0)
                )
            });
            Some(Recommendation {
                rule: "brin-index",
                table: Some(table.name.to_owned()),
                title: format!("index `{column}` by ranges of pages"),
                because: format!(
                    "rows lie in its order (correlation {:.3}), {} of {} were ever changed, and the table has {} pages: BRIN takes {} \
                     pages{instead}",
                    found.correlation.unwrap_or_default(),
                    count(changed),
                    count(total),
                    count(table.statistics.size.pages as f64),
                    count(pages)
                ),
                source: docs::BRIN,
                statements: vec![format!(
                    "CREATE INDEX CONCURRENTLY {name} ON {} USING brin ({})",
                    quote_name(table.name),
                    quote_name(column)
                )],
                reverse: vec![format!("DROP INDEX CONCURRENTLY {}", super::unused::index_name(table.name, name.trim_matches('"')))],
                when: When::Now { lock: SHARE_UPDATE_EXCLUSIVE },
                django: Django::Model {
                    change: "`BrinIndex` in `Meta.indexes`, added with `AddIndexConcurrently` in a migration with `atomic = False`".to_owned(),
                },
                basis: Basis::Measured,
            })
        })
        .collect()
}
