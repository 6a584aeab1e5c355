//! What the workload asks of each table, and whether an index serves it.

use pgwright_django::model::Model;
use pgwright_django::queries::workload::{Certainty, Issued};
use pgwright_schema::Table;
use pgwright_schema::access::{DatabaseCollation, PreparedIndex, Server, Serves, serve};
use pgwright_schema::sql::parse_statement;
use pgwright_schema::statement::{Block, Joined, Query, RelationSource, resolve_statement};
use pgwright_schema::terms::Term;
use rustc_hash::FxHashMap;

use crate::Facts;
use crate::tables::Tables;

/// A table with the statements that have to read all of it to find their rows.
#[derive(Debug)]
pub struct Asked<'a> {
    pub model: &'a Model,
    pub table: &'a Table,
    pub unserved: Vec<Question<'a>>,
}

/// Conditions on one table that no index serves, in a statement that no other table's index serves either.
#[derive(Debug, Clone)]
pub struct Question<'a> {
    pub issued: &'a Issued,
    /// About relation 0, all of which hold.
    pub clauses: Vec<Term>,
}

/// What rules compare with where nothing is known of the server.
pub(crate) fn usual_server() -> Server {
    Server { version: 17, collation: DatabaseCollation::Linguistic("en_US.UTF-8".into()) }
}

/// Own tables of which something is asked that no index serves, in the order of the models. Each text is read once.
pub(crate) fn ask<'a>(facts: Facts<'a>) -> Vec<Asked<'a>> {
    let schema = &facts.project.own_schema().schema;
    let indexes: Vec<Vec<PreparedIndex>> = schema.tables.iter().map(PreparedIndex::of_table).collect();
    let server = usual_server();
    let mut by_text: FxHashMap<&str, Vec<(usize, Vec<Term>)>> = FxHashMap::default();
    let mut by_table: Vec<Vec<Question<'a>>> = vec![Vec::new(); schema.tables.len()];
    for issued in facts.project.workload.queries.iter().filter(|issued| issued.confidence != Certainty::Unknown) {
        let Ok(sql) = &issued.sql else { continue };
        let unserved = by_text.entry(sql).or_insert_with(|| match parse_statement(sql) {
            Ok(statement) => unserved(&resolve_statement(&statement, schema, &[]), &indexes, &server),
            Err(_) => Vec::new(),
        });
        for (table, clauses) in unserved.iter() {
            by_table[*table].push(Question { issued, clauses: clauses.clone() });
        }
    }
    let tables = Tables::new(facts.project);
    // An index that could not be read may be the one.
    let whole = tables.models().filter(|(model, _)| tables.is_whole(model));
    whole
        .filter_map(|(model, _)| {
            let at = schema.tables.iter().position(|table| table.name == model.table)?;
            let unserved = std::mem::take(&mut by_table[at]);
            (!unserved.is_empty()).then(|| Asked { model, table: &schema.tables[at], unserved })
        })
        .collect()
}

/// The tables of a statement that have to be read whole, by their place in the schema, with what is asked of each.
fn unserved(query: &Query, indexes: &[Vec<PreparedIndex>], server: &Server) -> Vec<(usize, Vec<Term>)> {
    let mut found = Vec::new();
    for block in &query.blocks {
        let asked = conditions(query, block);
        let is_served = asked.iter().any(|(source, clauses)| match source {
            RelationSource::Table(table) => is_served(&indexes[*table], clauses, server),
            // What is not known may be found quickly.
            RelationSource::Subquery(_) | RelationSource::Unknown(_) => true,
        });
        if !is_served {
            found.extend(asked.into_iter().filter_map(|(source, clauses)| match source {
                RelationSource::Table(table) if !clauses.is_empty() => Some((*table, clauses)),
                _ => None,
            }));
        }
    }
    found
}

/// The relations that a block's rows must have, each with what is asked of it alone. A relation that another block's row leads to is
/// found by that.
fn conditions<'q>(query: &'q Query, block: &Block) -> Vec<(&'q RelationSource, Vec<Term>)> {
    let all = block.conditions();
    let inside: Vec<usize> = block.joins.iter().map(|join| join.relation).collect();
    let is_correlated = all.iter().any(|clause| clause.relations().iter().any(|relation| !inside.contains(relation)));
    if is_correlated {
        return Vec::new();
    }
    let first = block.joins.first().map(|join| join.relation);
    let needed = block.joins.iter().filter(|join| join.kind == Joined::Inner || Some(join.relation) == first);
    needed
        .map(|join| {
            let own = all.iter().filter(|clause| clause.relations() == [join.relation]);
            (&query.relations[join.relation].source, own.map(|clause| clause.seen_from(join.relation)).collect())
        })
        .collect()
}

pub(crate) fn is_served(indexes: &[PreparedIndex], clauses: &[Term], server: &Server) -> bool {
    !clauses.is_empty() && indexes.iter().any(|index| !matches!(serve(index, clauses, server).serves, Serves::No(_)))
}
