//! Long keys that are only compared for equality: an index of hashes has four bytes for each.

use crate::estimate::{IndexLayout, PAGE, index_size};
use crate::names::{index_name, quote_name};
use crate::plan::count;
use crate::schema::IndexMethod;
use crate::sql::{Node, parse_index};
use crate::tune::recommendation::{SHARE_UPDATE_EXCLUSIVE, docs};
use crate::tune::{Basis, Django, Facts, Recommendation, TableFacts, When};

/// Bytes of a B-tree from which on it matters, and of a key that is long.
const LARGE: u64 = 100 << 20;
const LONG: u32 = 40;
/// It should save at least a third.
const SAVES: f64 = 0.67;

pub fn hash(facts: &Facts<'_>, table: &TableFacts<'_>) -> Vec<Recommendation> {
    let Some(activity) = table.activity else { return Vec::new() };
    let trees = activity.indexes.iter().filter(|(_, index)| {
        index.method == "btree" && index.valid && !index.unique && !index.of_partition && index.bytes >= LARGE
    });
    trees
        .filter_map(|(tree, index)| {
            let definition = parse_index(&index.definition).ok()?;
            let [element] = definition.elements.as_slice() else { return None };
            let Node::Name(path) = &element.node else { return None };
            let column = path.last()?;
            let plain = element.opclass.is_none() && definition.include.is_empty() && definition.predicate.is_none();
            let found = table.statistics.columns.get(column)?;
            let usage = facts.usage.column(table.name, column);
            // Only where the code shows equality and nothing else.
            if !plain || !usage.equal || usage.range || usage.otherwise || found.average_width < LONG {
                return None;
            }
            let rows = table.rows();
            let repeats = rows / found.distinct_of(rows)?;
            let layout = IndexLayout {
                method: IndexMethod::Hash,
                rows,
                table_pages: table.statistics.size.pages,
                widths: vec![f64::from(found.average_width)],
                distinct: None,
                merges_equal: false,
                common: Vec::new(),
                elements: None,
            };
            let bytes = index_size(&layout).pages as f64 * PAGE;
            // Values that many rows share make long chains in one bucket.
            if repeats > 10.0 || bytes > index.bytes as f64 * SAVES {
                return None;
            }
            let name = quote_name(&index_name(table.name, &[column.as_str()], "_hash"));
            let (old, new) = (super::unused::index_name(table.name, tree), super::unused::index_name(table.name, name.trim_matches('"')));
            Some(Recommendation {
                rule: "hash-index",
                table: Some(table.name.to_owned()),
                title: format!("index hashes of `{column}` instead of its values"),
                because: format!(
                    "its values have {} bytes and the code only compares them for equality: `{tree}` has {} MiB, hashes take about {}",
                    found.average_width,
                    count(index.bytes as f64 / 1_048_576.0),
                    count(bytes / 1_048_576.0)
                ),
                source: docs::HASH,
                statements: vec![
                    format!("CREATE INDEX CONCURRENTLY {name} ON {} USING hash ({})", quote_name(table.name), quote_name(column)),
                    format!("DROP INDEX CONCURRENTLY {old}"),
                ],
                reverse: vec![format!("DROP INDEX CONCURRENTLY {new}"), concurrently(&index.definition)],
                when: When::Now { lock: SHARE_UPDATE_EXCLUSIVE },
                django: Django::Model {
                    change: "`HashIndex` in `Meta.indexes` instead of `db_index=True` or the B-tree, with `AddIndexConcurrently`".to_owned(),
                },
                basis: Basis::Measured,
            })
        })
        .collect()
}

/// The definition of an index, built while the table is written to.
pub(super) fn concurrently(definition: &str) -> String {
    definition.replacen(" INDEX ", " INDEX CONCURRENTLY ", 1)
}
