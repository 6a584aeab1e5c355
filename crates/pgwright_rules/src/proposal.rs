//! Indexes that findings propose, as the database would be told to make them.

use pgwright_diagnostics::{Proposal, Span};
use pgwright_schema::ddl::create_index;
use pgwright_schema::names::{meta_index_name, quote_name};
use pgwright_schema::{Index, IndexKey, IndexMethod, SortOrder, Table};

/// A B-tree on columns, as `Index(fields=[…])` makes it.
pub(crate) fn btree<'c>(table: &Table, columns: impl IntoIterator<Item = (&'c str, SortOrder)>) -> Index {
    let columns: Vec<(&str, SortOrder)> = columns.into_iter().collect();
    let named: Vec<String> = columns
        .iter()
        .map(|(column, order)| match order {
            SortOrder::Ascending => (*column).to_owned(),
            SortOrder::Descending => format!("-{column}"),
        })
        .collect();
    let name = meta_index_name(&table.name, &named.iter().map(String::as_str).collect::<Vec<_>>(), "idx");
    let keys = columns.into_iter().map(|(column, order)| IndexKey {
        order: (order == SortOrder::Descending).then_some(order),
        ..IndexKey::column(column)
    });
    index(table, name, IndexMethod::Btree, keys.collect())
}

pub(crate) fn index(table: &Table, name: String, method: IndexMethod, keys: Vec<IndexKey>) -> Index {
    Index::over(&table.name, name, method, keys)
}

/// For statements of the code.
pub(crate) fn asked(index: &Index, asked_at: impl Iterator<Item = Span>) -> Proposal {
    Proposal { asked_at: asked_at.collect(), ..proposal(index) }
}

/// For the rows of one value of each column, which nothing in the code may ask for.
pub(crate) fn implied(index: &Index, columns: &[&str], order: Option<&str>) -> Proposal {
    let conditions: Vec<String> = columns.iter().map(|column| format!("{} = %s", quote_name(column))).collect();
    let order = order.map(|column| format!(" ORDER BY {}", quote_name(column))).unwrap_or_default();
    let sql = format!("SELECT * FROM {} WHERE {}{order}", quote_name(&index.table), conditions.join(" AND "));
    Proposal { implied: vec![sql], ..proposal(index) }
}

fn proposal(index: &Index) -> Proposal {
    Proposal {
        table: index.table.clone(),
        index: index.name.clone(),
        statement: create_index(index),
        ..Proposal::default()
    }
}
