//! What the workload asks of each table, and whether an index serves it.

use pgwright_django::model::Model;
use pgwright_django::queries::workload::{Certainty, Issued, Workload};
use pgwright_schema::access::{DatabaseCollation, PreparedIndex, Provides, Server, Serves, provides, serve};
use pgwright_schema::sql::parse_statement;
use pgwright_schema::statement::{Block, Bound, Joined, OrderTerm, Query, RelationSource, resolve_statement};
use pgwright_schema::terms::Term;
use pgwright_schema::{Schema, Table};
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::Facts;
use crate::keys::Keys;
use crate::tables::Tables;

/// A table with the statements that have to read all of it to find their rows.
#[derive(Debug)]
pub struct Asked<'a> {
    pub model: &'a Model,
    pub table: &'a Table,
    pub unserved: Vec<Question<'a>>,
    pub unsorted: Vec<Sorted<'a>>,
}

/// Conditions on one table that no index serves, in a statement that no other table's index serves either.
#[derive(Debug, Clone)]
pub struct Question<'a> {
    pub issued: &'a Issued,
    /// About relation 0, all of which hold.
    pub clauses: Vec<Term>,
}

/// The first rows of a table in an order that no index provides, in a statement that reads all of it to find them.
#[derive(Debug, Clone)]
pub struct Sorted<'a> {
    pub issued: &'a Issued,
    /// Of relation 0.
    pub order: Vec<OrderTerm>,
    /// About relation 0, all of which hold.
    pub clauses: Vec<Term>,
}

/// What a text asks of tables, by their place in the schema.
#[derive(Debug, Default)]
struct Needs {
    unserved: Vec<(usize, Vec<Term>)>,
    unsorted: Vec<(usize, Vec<OrderTerm>, Vec<Term>)>,
}

impl Asked<'_> {
    /// Whether an index is over an expression of the column. A text has a parameter (a key, a zone) where the index has a constant, so
    /// that one may be the index that serves.
    pub(crate) fn has_expression_of(&self, column: &str) -> bool {
        let keys = self.table.indexes.iter().flat_map(|index| &index.keys);
        keys.filter(|key| key.as_column().is_none()).any(|key| key.expr.columns().contains(&column))
    }

    /// The statements that an index on columns would not help either: nothing in them is compared that tells rows apart.
    pub(crate) fn unserved_by_columns(&self) -> Vec<&Question<'_>> {
        let keys = Keys::of(self.model, self.table);
        let server = usual_server();
        self.unserved.iter().filter(|question| !keys.tell_apart(&question.clauses, &server)).collect()
    }
}

/// Rows from which on a limit is no question for the first few.
const MANY: u64 = 1_000;

/// Models that a place may well have queries of, by what it is called with.
const MODELS: usize = 6;

/// What rules and predictions go by where nothing is known of the server.
pub fn usual_server() -> Server {
    Server { version: 17, collation: DatabaseCollation::Linguistic("en_US.UTF-8".into()) }
}

/// Own tables of which something is asked that no index serves, in the order of the models. Each text is read once.
pub(crate) fn ask<'a>(facts: Facts<'a>) -> Vec<Asked<'a>> {
    let schema = &facts.project.own_schema().schema;
    let indexes: Vec<Vec<PreparedIndex>> = schema.tables.iter().map(PreparedIndex::of_table).collect();
    let server = usual_server();
    let known: Vec<(&Issued, &str)> = evidence(&facts.project.workload).collect();
    let texts: Vec<&str> = known.iter().map(|(_, sql)| *sql).collect::<FxHashSet<_>>().into_iter().collect();
    let by_text: FxHashMap<&str, Needs> =
        texts.into_par_iter().map(|sql| (sql, needs(sql, schema, &indexes, &server))).collect();
    let mut by_table: Vec<(Vec<Question<'a>>, Vec<Sorted<'a>>)> = vec![Default::default(); schema.tables.len()];
    for (issued, sql) in known {
        let Some(needs) = by_text.get(sql) else { continue };
        for (table, clauses) in &needs.unserved {
            by_table[*table].0.push(Question { issued, clauses: clauses.clone() });
        }
        for (table, order, clauses) in &needs.unsorted {
            by_table[*table].1.push(Sorted { issued, order: order.clone(), clauses: clauses.clone() });
        }
    }
    let tables = Tables::new(facts.project);
    // An index that could not be read may be the one.
    let whole = tables.models().filter(|(model, _)| tables.is_whole(model));
    whole
        .filter_map(|(model, _)| {
            let at = schema.tables.iter().position(|table| table.name == model.table)?;
            let (unserved, unsorted) = std::mem::take(&mut by_table[at]);
            let is_asked = !unserved.is_empty() || !unsorted.is_empty();
            is_asked.then(|| Asked { model, table: &schema.tables[at], unserved, unsorted })
        })
        .collect()
}

/// Queries whose text is known, where the code says of which model they are: what may be taken for asked.
pub fn evidence(workload: &Workload) -> impl Iterator<Item = (&Issued, &str)> {
    let places = workload.queries.chunk_by(|one, other| one.span == other.span);
    let told = places.filter(|place| !is_of_any_model(place)).flatten();
    let known = told.filter(|issued| issued.confidence != Certainty::Unknown);
    known.filter_map(|issued| Some((issued, issued.sql.as_deref().ok()?)))
}

/// Whether the code at a place does not say of which model its query is: most of those listed are never sent.
fn is_of_any_model(place: &[Issued]) -> bool {
    let likely = place.iter().filter(|issued| issued.confidence == Certainty::Likely);
    likely.filter_map(|issued| issued.model).collect::<FxHashSet<_>>().len() > MODELS
}

/// The tables of a statement that have to be read whole, with what is asked of each.
fn needs(sql: &str, schema: &Schema, indexes: &[Vec<PreparedIndex>], server: &Server) -> Needs {
    let mut found = Needs::default();
    let Ok(statement) = parse_statement(sql) else { return found };
    let query = resolve_statement(&statement, schema, &[]);
    for block in &query.blocks {
        let asked = conditions(&query, block);
        let is_served = asked.iter().any(|(source, clauses)| match source {
            RelationSource::Table(table) => is_served(&indexes[*table], clauses, server),
            // What is not known may be found quickly.
            RelationSource::Subquery(_) | RelationSource::Unknown(_) => true,
        });
        if is_served {
            continue;
        }
        if let Some((table, order)) = sorted(&query, block) {
            let mine = asked.iter().find(|(source, _)| **source == RelationSource::Table(table));
            let clauses = mine.map(|(_, clauses)| clauses.clone()).unwrap_or_default();
            if indexes[table].iter().all(|index| provides(index, &clauses, &order) == Provides::Nothing) {
                found.unsorted.push((table, order, clauses));
            }
        }
        found.unserved.extend(asked.into_iter().filter_map(|(source, clauses)| match source {
            RelationSource::Table(table) if !clauses.is_empty() => Some((*table, clauses)),
            _ => None,
        }));
    }
    found
}

/// The table whose first rows a block asks for, and their order: none where its rows are grouped or come from several tables.
fn sorted(query: &Query, block: &Block) -> Option<(usize, Vec<OrderTerm>)> {
    let is_limited = match block.limit {
        Bound::Rows(rows) => rows <= MANY,
        Bound::Unknown => true,
        Bound::None => false,
    };
    let is_plain = block.group.is_empty() && block.distinct.is_none() && !block.aggregates && block.parent.is_none();
    let first = block.joins.first()?.relation;
    let RelationSource::Table(table) = query.relations[first].source else { return None };
    let of_first = block.order.iter().all(|order| order.term.relations() == [first]);
    (is_limited && is_plain && of_first && !block.order.is_empty()).then(|| {
        let seen = |order: &OrderTerm| OrderTerm { term: order.term.seen_from(first), ..order.clone() };
        (table, block.order.iter().map(seen).collect())
    })
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
