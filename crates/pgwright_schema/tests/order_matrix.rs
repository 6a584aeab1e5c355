//! Which index provides which order, against PostgreSQL 15 and 18 under three collations.

mod common;

use std::collections::BTreeMap;

use common::{list, schema, servers, texts, unpack};
use pgwright_schema::access::{
    Direction, Grouping, Implied, PreparedIndex, Provides, Server, covers, groups, provides, serve,
};
use pgwright_schema::sql::{parse_index, parse_statement};
use pgwright_schema::statement::{OrderTerm, Query, RelationSource, resolve_statement};
use pgwright_schema::terms::Term;

/// How many rows have to agree.
const AGREEMENT: usize = 7_818;

/// What the logic says of a statement's order: y, p, n.
fn said(query: &Query, index: &PreparedIndex, primary_key: &PreparedIndex, table: usize, server: &Server) -> char {
    let Some(relation) = query.relations.iter().position(|relation| relation.source == RelationSource::Table(table))
    else {
        return 'n';
    };
    let block = &query.blocks[query.relations[relation].block];
    let own = |terms: &[Term]| terms.iter().map(|term| term.seen_from(relation)).collect::<Vec<_>>();
    let clauses = own(&block.conditions());
    let served = serve(index, &clauses, server);
    if served.predicate == Implied::No {
        return 'n';
    }
    let order: Vec<OrderTerm> = block
        .order
        .iter()
        .map(|order| OrderTerm { term: order.term.seen_from(relation), order: order.order })
        .collect();
    // Hashing needs no order, and before 16 aggregates sort unseen; either reads the index where that is all it needs.
    let outputs: Vec<Term> = block.outputs().map(|term| term.seen_from(relation)).collect();
    let or_hashed = |provided: Provides| match provided {
        Provides::Nothing if covers(index, &outputs) => Provides::All(Direction::Forward),
        provided => provided,
    };
    let asked = |index: &PreparedIndex| {
        if !order.is_empty() {
            let provided = provides(index, &clauses, &order);
            let unique = block.distinct.is_some() && matches!(provided, Provides::First(..));
            if unique && server.version < 16 { Provides::Nothing } else { provided }
        } else if let Some(distinct) = &block.distinct {
            or_hashed(groups(index, &clauses, &own(distinct), Grouping::Distinct, server))
        } else if !block.group.is_empty() {
            or_hashed(groups(index, &clauses, &own(&block.group), Grouping::GroupBy, server))
        } else if !block.distinct_aggregates.is_empty() {
            let aggregates = own(&block.distinct_aggregates);
            match groups(index, &clauses, &aggregates, Grouping::Aggregate, server) {
                _ if server.version < 16 => or_hashed(Provides::Nothing),
                provided => provided,
            }
        } else {
            Provides::Nothing
        }
    };
    match asked(index) {
        Provides::All(_) => 'y',
        // The primary key leaves the least to sort, where it begins the order too.
        Provides::First(..) if !index.unique && matches!(asked(primary_key), Provides::First(..)) => 'n',
        Provides::First(..) => 'p',
        Provides::Nothing => 'n',
    }
}

#[test]
fn indexes_provide_the_orders_postgresql_takes_from_them() {
    let truth = unpack(include_bytes!("truth/order_matrix.json.gz"));
    let schema = schema();
    let servers = servers(&truth);
    let statements: Vec<_> = texts(&truth, "statements")
        .into_iter()
        .map(|sql| (sql, resolve_statement(&parse_statement(sql).expect(sql), &schema, &[])))
        .collect();
    let definitions = texts(&truth, "indexes");
    let indexes: Vec<_> = definitions
        .iter()
        .map(|sql| {
            let definition = parse_index(sql).expect(sql);
            let place = schema.tables.iter().position(|table| table.name == definition.table).expect(sql);
            (place, PreparedIndex::from_definition(&definition, &schema.tables[place]).expect(sql))
        })
        .collect();
    let primary_keys: Vec<_> =
        schema.tables.iter().map(|table| PreparedIndex::of_table(table).swap_remove(0)).collect();
    let (mut rows, mut agreed) = (0_usize, 0_usize);
    let mut wrong: BTreeMap<String, usize> = BTreeMap::new();
    for row in list(&truth, "rows") {
        let (sql, query) = &statements[row[1].as_u64().expect("a statement") as usize];
        let place = row[2].as_u64().expect("an index") as usize;
        let (table, index) = &indexes[place];
        let letters: Vec<&str> = row[3].as_str().expect("letters").split(' ').collect();
        for (position, server) in servers.iter().enumerate() {
            let Some(measured) = letters[position].chars().nth(1).filter(|letter| "ypn".contains(*letter)) else {
                continue;
            };
            rows += 1;
            let said = said(query, index, &primary_keys[*table], *table, server);
            if said == measured {
                agreed += 1;
            } else {
                let plan = row[4][position].as_str().unwrap_or_default();
                let line = format!("{sql}\n    {}\n    measured {measured} ({plan}), said {said}", definitions[place]);
                *wrong.entry(line).or_default() += 1;
            }
        }
    }
    println!("{agreed} of {rows} rows agree ({:.2} %)", agreed as f64 * 100.0 / rows as f64);
    for (line, count) in &wrong {
        println!("{count} × {line}");
    }
    assert!(agreed >= AGREEMENT, "{agreed} of {rows} rows agree, {AGREEMENT} did before");
}
