//! The join problem that a block of a statement poses: its relations, the subqueries that become joins, and what equalities imply.

use std::sync::Arc;

use super::{Item, JoinType, Outcome, Planned, Problem, Special};
use crate::access::{Grouping, implies};
use crate::catalog::catalog;
use crate::predict::{Database, column_width};
use crate::statement::{Block, Bound, Joined, Query, RelationSource, Verb};
use crate::terms::{Kind, SubqueryUsage, Term, is_equality};

/// Collects the relations of a block and of the subqueries that become joins.
pub(super) fn pose<'a>(
    query: &'a Query,
    block: &Block,
    database: &'a Database<'a>,
    planned: &mut Planned,
) -> Problem<'a> {
    let mut relations: Vec<usize> = block.joins.iter().map(|join| join.relation).collect();
    let mut conditions = block.conditions();
    let mut pulled: Vec<(Vec<usize>, JoinType, Vec<Term>)> = Vec::new();
    conditions.retain(|condition| match pull_up(query, condition) {
        Some((inner, kind, clauses)) => {
            let from = query.blocks[inner].joins.iter().map(|join| join.relation).collect::<Vec<_>>();
            planned.blocks[inner] = Some(Outcome { total: 0.0, rows: 0.0 });
            relations.extend(&from);
            pulled.push((from, kind, clauses));
            false
        }
        None => true,
    });
    let bit =
        |relation: usize| relations.iter().position(|own| *own == relation).map_or(0, |place| 1_u32 << place.min(31));
    let mask = |term: &Term| term.relations().into_iter().fold(0, |mask, relation| mask | bit(relation));
    let mut specials = Vec::new();
    for join in &block.joins {
        if join.kind == Joined::Inner {
            continue;
        }
        let own = bit(join.relation);
        // A condition that no row of nulls fulfils makes the join an inner one (`reduce_outer_joins`).
        let kept_out = conditions.iter().any(|condition| rejects_nulls(condition, join.relation));
        if kept_out && join.kind == Joined::Left {
            conditions.extend(join.on.iter().cloned());
            continue;
        }
        let missing =
            conditions.iter().position(|condition| asks_for_missing(condition, join.relation, query, database));
        let kind = match missing {
            Some(place) => {
                conditions.remove(place);
                JoinType::Anti
            }
            None => JoinType::Left,
        };
        let left = join.on.iter().map(&mask).fold(0, |all, each| all | each) & !own;
        specials.push(Special { left, right: own, kind, clauses: join.on.clone() });
    }
    for (from, kind, clauses) in pulled {
        let right = from.iter().fold(0, |all, relation| all | bit(*relation));
        let left = clauses.iter().map(&mask).fold(0, |all, each| all | each) & !right;
        if kind == JoinType::Semi {
            conditions.extend(clauses.iter().cloned());
            specials.push(Special { left, right, kind, clauses: Vec::new() });
        } else {
            specials.push(Special { left, right, kind, clauses });
        }
    }
    follow_equalities(&mut conditions, &relations);
    let mut items: Vec<Item<'a>> =
        relations.iter().map(|relation| item(query, block, *relation, database, planned)).collect();
    let mut clauses = Vec::new();
    for condition in conditions {
        let mask = mask(&condition);
        match mask.count_ones() {
            1 => items[mask.trailing_zeros() as usize].clauses.push(condition),
            0 => {
                // It concerns all rows alike; the first table shows it.
                if let Some(first) = items.first_mut() {
                    first.clauses.push(condition);
                }
            }
            _ => clauses.push((condition, mask)),
        }
    }
    // What `ON` says of the joined relation alone is checked while that is read.
    for special in &mut specials {
        let right = special.right;
        special.clauses.retain(|clause| {
            let mask = mask(clause);
            let own = mask != 0 && mask & !right == 0 && mask.count_ones() == 1;
            if own {
                items[mask.trailing_zeros() as usize].clauses.push(clause.clone());
            }
            !own
        });
    }
    let group = if !block.group.is_empty() {
        Some((block.group.clone(), Grouping::GroupBy))
    } else if !block.distinct_aggregates.is_empty() && database.server.version >= 16 {
        Some((block.distinct_aggregates.clone(), Grouping::Aggregate))
    } else if block.order.is_empty() {
        block.distinct.clone().map(|terms| (terms, Grouping::Distinct))
    } else {
        None
    };
    let order = if group.is_some() { Vec::new() } else { block.order.clone() };
    let parallel = query.verb == Verb::Select && !block.locks_rows && block.parent.is_none();
    Problem { query, items, clauses, specials, order, group, database, parallel }
}

fn item<'a>(
    query: &'a Query,
    block: &Block,
    relation: usize,
    database: &'a Database<'a>,
    planned: &mut Planned,
) -> Item<'a> {
    let mut columns: Vec<Arc<str>> = Vec::new();
    let whole = block.locks_rows || query.blocks.iter().any(|block| block.whole_rows.contains(&relation));
    let mut take = |term: &Term| {
        for column in term.columns(relation) {
            if !columns.contains(&column) {
                columns.push(column);
            }
        }
    };
    for block in &query.blocks {
        block.outputs().for_each(&mut take);
        // Conditions on it alone are looked at where it is read; those with others need its columns above.
        for condition in block.filter.iter().chain(block.joins.iter().flat_map(|join| &join.on)) {
            if condition.relations().len() > 1 || matches!(condition.kind, Kind::Subquery { .. }) {
                take(condition);
            }
        }
    }
    let source = query.relations.get(relation).map(|relation| &relation.source);
    match source {
        Some(RelationSource::Table(table)) => {
            let facts = database.tables.get(*table);
            let statistics = facts.map(|facts| &facts.statistics);
            let of = &database.schema.tables[*table];
            let width = |name: &str| statistics.map_or(8.0, |statistics| column_width(of, statistics, name));
            let width = if whole {
                of.columns.iter().map(|column| width(&column.name)).sum()
            } else {
                columns.iter().map(|column| width(column)).sum()
            };
            let columns = (!whole).then_some(columns);
            Item { relation, facts, clauses: Vec::new(), columns, width, outcome: Outcome { total: 0.0, rows: 0.0 } }
        }
        Some(RelationSource::Subquery(inner)) => {
            let outcome = super::block(query, *inner, database, planned);
            Item { relation, facts: None, clauses: Vec::new(), columns: None, width: 32.0, outcome }
        }
        _ => Item {
            relation,
            facts: None,
            clauses: Vec::new(),
            columns: None,
            width: 32.0,
            outcome: Outcome { total: 10.0, rows: 1000.0 },
        },
    }
}

/// A subquery of `EXISTS`, `NOT EXISTS` or `IN` whose relations can be joined (`pull_up_sublinks`).
fn pull_up(query: &Query, condition: &Term) -> Option<(usize, JoinType, Vec<Term>)> {
    let Kind::Subquery { block, usage, left } = &condition.kind else { return None };
    let inner = query.blocks.get(*block)?;
    let plain = inner.parts.is_empty()
        && inner.group.is_empty()
        && inner.having.is_empty()
        && !inner.aggregates
        && !inner.joins.is_empty()
        && inner.joins.iter().all(|join| join.kind == Joined::Inner)
        && inner.offset == Bound::None;
    if !plain {
        return None;
    }
    let mut clauses = inner.conditions();
    let kind = match usage {
        SubqueryUsage::Exists => JoinType::Semi,
        SubqueryUsage::NotExists => JoinType::Anti,
        SubqueryUsage::In if inner.limit == Bound::None => {
            let (left, target) = (left.as_ref()?, inner.targets.first()?);
            let (id, _, _) = catalog().resolve_operator("=", left.type_, target.type_)?;
            clauses.push(Term::boolean(Kind::Operator { id, args: vec![(**left).clone(), target.clone()] }));
            JoinType::Semi
        }
        _ => return None,
    };
    // Without anything that ties it to the outer rows it is a question asked once.
    let own: Vec<usize> = inner.joins.iter().map(|join| join.relation).collect();
    let tied = clauses.iter().any(|clause| clause.relations().iter().any(|relation| !own.contains(relation)));
    tied.then_some((*block, kind, clauses))
}

/// Whether no row whose columns of the relation are all null fulfils the condition.
fn rejects_nulls(condition: &Term, relation: usize) -> bool {
    match &condition.kind {
        Kind::IsNull { negated: false, .. } => false,
        Kind::Or(arms) => arms.iter().all(|arm| rejects_nulls(arm, relation)),
        Kind::And(items) => items.iter().any(|item| rejects_nulls(item, relation)),
        _ => condition.columns(relation).iter().any(|column| {
            let column = Term::column(relation, column, condition.type_);
            let present = Term::boolean(Kind::IsNull { arg: Box::new(column), negated: true });
            implies(std::slice::from_ref(condition), &present) == crate::access::Implied::Yes
        }),
    }
}

/// `right.id IS NULL` after a left join, where `id` is never null: rows without a partner.
fn asks_for_missing(condition: &Term, relation: usize, query: &Query, database: &Database<'_>) -> bool {
    let Kind::IsNull { arg, negated: false } = &condition.kind else { return false };
    let Some((of, name)) = arg.as_column() else { return false };
    let Some(RelationSource::Table(table)) = query.relations.get(of).map(|relation| &relation.source) else {
        return false;
    };
    let column = database.schema.tables.get(*table).and_then(|table| table.column(name));
    of == relation && column.is_some_and(|column| !column.null)
}

/// Adds what equalities imply: `a = b AND b = 5` also says `a = 5`, and `a = b AND b = c` also `a = c`
/// (`optimizer/path/equivclass.c`).
fn follow_equalities(conditions: &mut Vec<Term>, relations: &[usize]) {
    let mut classes: Vec<(Vec<Term>, Option<Term>)> = Vec::new();
    let local = |term: &Term| term.as_column().is_some_and(|(relation, _)| relations.contains(&relation));
    for condition in conditions.iter() {
        let Some((id, left, right)) = condition.as_comparison() else { continue };
        if !is_equality(id) {
            continue;
        }
        let members: Vec<&Term> = [left, right].into_iter().filter(|term| local(term)).collect();
        let value = [left, right].into_iter().find(|term| !term.relations().iter().any(|of| relations.contains(of)));
        if members.is_empty() || (members.len() == 1 && value.is_none()) {
            continue;
        }
        let touched = |class: &(Vec<Term>, Option<Term>)| {
            class.0.iter().any(|known| members.iter().any(|member| member.same(known)))
        };
        let (mut merged, rest): (Vec<_>, Vec<_>) = classes.into_iter().partition(touched);
        classes = rest;
        let mut class = (Vec::new(), value.cloned());
        for (known, constant) in merged.drain(..) {
            class.0.extend(known);
            class.1 = class.1.or(constant);
        }
        for member in members {
            if !class.0.iter().any(|known: &Term| known.same(member)) {
                class.0.push(member.clone());
            }
        }
        classes.push(class);
    }
    let equal = |left: &Term, right: &Term| {
        let (id, _, _) = catalog().resolve_operator("=", left.type_, right.type_)?;
        Some(Term::boolean(Kind::Operator { id, args: vec![left.clone(), right.clone()] }))
    };
    for (members, constant) in classes {
        if members.len() < 2 {
            continue;
        }
        let mut derived = Vec::new();
        match &constant {
            Some(constant) => {
                derived.extend(members.iter().filter_map(|member| equal(member, constant)));
                // The members need not be compared with each other any more.
                conditions.retain(|condition| {
                    condition.as_comparison().is_none_or(|(id, left, right)| {
                        let member = |term: &Term| members.iter().any(|known| known.same(term));
                        !(is_equality(id) && member(left) && member(right))
                    })
                });
            }
            None if members.len() > 2 => {
                for (place, left) in members.iter().enumerate() {
                    derived.extend(members[place + 1..].iter().filter_map(|right| equal(left, right)));
                }
            }
            None => {}
        }
        for clause in derived {
            if !conditions.iter().any(|known| known.same(&clause)) {
                conditions.push(clause);
            }
        }
    }
}
