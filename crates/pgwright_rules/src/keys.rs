//! Which columns of a table an index for some conditions would have.

use std::collections::BTreeMap;

use pgwright_django::model::Model;
use pgwright_schema::Table;
use pgwright_schema::access::{MatchKind, PreparedIndex, Server, serve};
use pgwright_schema::names::quote_name;
use pgwright_schema::sql::parse_index;
use pgwright_schema::terms::Term;

/// Columns of a composite index that are compared with one value: more rarely find fewer rows.
const MOST: usize = 3;

/// An index per column that could be a key, and whether its values tell rows apart.
pub(crate) struct Keys<'a> {
    columns: Vec<(&'a str, PreparedIndex, bool)>,
}

/// Columns by what conditions ask of them.
#[derive(Debug, Default)]
pub(crate) struct Found<'a> {
    /// Compared with one value, what tells more rows apart first.
    pub(crate) equal: Vec<(&'a str, bool)>,
    pub(crate) range: Option<(&'a str, bool)>,
}

impl<'a> Keys<'a> {
    pub(crate) fn of(model: &'a Model, table: &'a Table) -> Keys<'a> {
        let columns = table.columns.iter().filter_map(|column| {
            let (table_name, name) = (quote_name(&table.name), quote_name(&column.name));
            let definition = parse_index(&format!("CREATE INDEX ON {table_name} ({name})")).ok()?;
            let index = PreparedIndex::from_definition(&definition, table).ok()?;
            let field = model.fields.iter().find(|field| field.column.as_deref() == Some(column.name.as_str()));
            let tells_apart = field.is_none_or(|field| !field.has_choices && !field.internal_type.contains("Boolean"));
            Some((column.name.as_str(), index, tells_apart))
        });
        Keys { columns: columns.collect() }
    }

    /// Whether an index on columns would find the rows: one that tells rows apart is compared.
    pub(crate) fn tell_apart(&self, clauses: &[Term], server: &Server) -> bool {
        let found = self.for_clauses(clauses, server);
        found.equal.iter().chain(&found.range).any(|(_, tells_apart)| *tells_apart)
    }

    pub(crate) fn for_clauses(&self, clauses: &[Term], server: &Server) -> Found<'a> {
        let mut found = Found::default();
        for (name, index, tells_apart) in &self.columns {
            match kind(index, clauses, server) {
                Some(MatchKind::Equality | MatchKind::OneOf(_)) => found.equal.push((name, *tells_apart)),
                Some(MatchKind::Bound { .. } | MatchKind::Prefix) if found.range.is_none() => {
                    found.range = Some((name, *tells_apart));
                }
                _ => {}
            }
        }
        found.equal.sort_by_key(|(_, tells_apart)| !tells_apart);
        found.equal.truncate(MOST);
        found
    }
}

/// What each index is wanted for, where one that another begins with is part of that one.
pub(crate) fn merged<Key: Ord + Clone, Query>(
    wanted: BTreeMap<Vec<Key>, Vec<Query>>,
) -> BTreeMap<Vec<Key>, Vec<Query>> {
    let all: Vec<Vec<Key>> = wanted.keys().cloned().collect();
    let mut merged: BTreeMap<Vec<Key>, Vec<Query>> = BTreeMap::new();
    for (index, queries) in wanted {
        let longest = all.iter().filter(|other| other.starts_with(&index)).max_by_key(|other| other.len());
        merged.entry(longest.unwrap_or(&index).clone()).or_default().extend(queries);
    }
    merged
}

fn kind(index: &PreparedIndex, clauses: &[Term], server: &Server) -> Option<MatchKind> {
    let served = serve(index, clauses, server);
    let order = |kind: &MatchKind| match kind {
        MatchKind::Equality => 0,
        MatchKind::OneOf(_) => 1,
        MatchKind::Bound { .. } | MatchKind::Prefix => 2,
        _ => 3,
    };
    served.matches.into_iter().filter(|found| found.condition.is_none()).map(|found| found.kind).min_by_key(order)
}
