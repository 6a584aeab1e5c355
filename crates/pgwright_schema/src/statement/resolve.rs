use std::cell::RefCell;

use super::{Block, Bound, Joined, JoinedRelation, OrderTerm, Query, Relation, RelationSource, Verb};
use crate::access::KeyOrder;
use crate::catalog::{Type, catalog};
use crate::expr::Literal;
use crate::names::split_identifier;
use crate::schema::{Schema, Table};
use crate::sql::{
    Delete, Distinct, From, JoinKind, Node, Select, SelectBody, SortKey, Source, Statement, Target, Update,
};
use crate::terms::{Collation, Columns, Kind, Scope, Term, Value, Visible, conjuncts, resolve};

/// Resolves a statement against a schema. Tables that the schema does not hold are [`RelationSource::Unknown`]; the rest
/// is resolved all the same.
pub fn resolve_statement(statement: &Statement, schema: &Schema, values: &[Value]) -> Query {
    let state = State { schema, values, relations: RefCell::new(Vec::new()), blocks: RefCell::new(Vec::new()) };
    let verb = match statement {
        Statement::Select(select) => {
            block(&state, select, None, None, &[]);
            Verb::Select
        }
        Statement::Update(update) => self::update(&state, update),
        Statement::Delete(delete) => self::delete(&state, delete),
        Statement::Insert { source, .. } => {
            if let Some(select) = source {
                block(&state, select, None, None, &[]);
            }
            Verb::Insert
        }
        Statement::CreateIndex(_) | Statement::Other(_) => Verb::Other,
    };
    Query { verb, relations: state.relations.into_inner(), blocks: state.blocks.into_inner() }
}

/// What grows while the statement is read, inside subqueries too.
struct State<'a> {
    schema: &'a Schema,
    values: &'a [Value],
    relations: RefCell<Vec<Relation>>,
    blocks: RefCell<Vec<Block>>,
}

/// A name of `WITH`, its block and columns.
#[derive(Clone)]
struct Common {
    name: String,
    block: usize,
    columns: Vec<(String, Type, Collation)>,
}

fn find_table<'a>(schema: &'a Schema, written: &str) -> Option<(usize, &'a Table)> {
    let (namespace, name) = written.rsplit_once('.').unwrap_or(("", written));
    schema.tables.iter().enumerate().find(|(_, table)| {
        let (own_namespace, own_name) = split_identifier(&table.name);
        own_name == name
            && (own_namespace == namespace || matches!((own_namespace, namespace), ("public", "") | ("", "public")))
    })
}

/// Reads a `SELECT`; gives its place and what columns it gives.
fn block(
    state: &State<'_>,
    select: &Select,
    parent: Option<usize>,
    outer: Option<&Scope<'_>>,
    inherited: &[Common],
) -> (usize, Vec<(String, Type, Collation)>) {
    let place = {
        let mut blocks = state.blocks.borrow_mut();
        blocks.push(Block { parent, ..Block::default() });
        blocks.len() - 1
    };
    let mut common = inherited.to_vec();
    for (name, inner) in &select.with {
        let (block, columns) = block(state, inner, Some(place), outer, &common);
        common.push(Common { name: name.clone(), block, columns });
    }
    let mut built = Block { parent, locks_rows: select.locks_rows, ..Block::default() };
    let columns = match &select.body {
        SelectBody::Plain { distinct, targets, from, filter, group, having } => {
            let mut visible = Vec::new();
            let mut pending = Vec::new();
            for item in from {
                from_item(state, item, Joined::Inner, place, outer, &common, &mut visible, &mut pending);
            }
            with_scope(state, &visible, outer, place, &common, |scope| {
                for (relation, kind, on) in &pending {
                    let on = on.as_ref().map(|on| conjuncts(condition(on, scope))).unwrap_or_default();
                    built.joins.push(JoinedRelation { relation: *relation, kind: *kind, on });
                }
                if let Some(filter) = filter {
                    built.filter = conjuncts(condition(filter, scope));
                }
                let mut outputs = Vec::new();
                let mut resolved = Vec::new();
                for target in targets {
                    resolved.push((target, self::target(target, &visible, scope, &mut built, &mut outputs)));
                }
                built.group = group.iter().map(|node| output_reference(node, &resolved, scope)).collect();
                if let Some(having) = having {
                    built.having = conjuncts(condition(having, scope));
                    built.aggregates |= is_aggregate(having);
                }
                built.distinct = match distinct {
                    Distinct::No => None,
                    Distinct::Rows => Some(built.targets.clone()),
                    Distinct::On(nodes) => {
                        Some(nodes.iter().map(|node| output_reference(node, &resolved, scope)).collect())
                    }
                };
                built.order = select
                    .order
                    .iter()
                    .map(|key| order_term(key, |node| output_reference(node, &resolved, scope)))
                    .collect();
                outputs
            })
        }
        SelectBody::Compound { parts, .. } => {
            let mut columns = Vec::new();
            for part in parts {
                let (part, outputs) = block(state, part, Some(place), outer, &common);
                built.parts.push(part);
                if columns.is_empty() {
                    columns = outputs;
                }
            }
            built.order =
                select.order.iter().map(|key| order_term(key, |_| Term::unknown("an order of a compound"))).collect();
            columns
        }
        SelectBody::Values(_) => Vec::new(),
    };
    built.limit = bound(select.limit.as_ref(), state.values);
    built.offset = bound(select.offset.as_ref(), state.values);
    state.blocks.borrow_mut()[place] = built;
    (place, columns)
}

/// Calls `use_scope` with a scope in which subqueries are registered as blocks of `place`.
fn with_scope<R>(
    state: &State<'_>,
    visible: &[Visible<'_>],
    outer: Option<&Scope<'_>>,
    place: usize,
    common: &[Common],
    use_scope: impl FnOnce(&Scope<'_>) -> R,
) -> R {
    let register = |select: &Select, scope: &Scope<'_>| block(state, select, Some(place), Some(scope), common).0;
    use_scope(&Scope { relations: visible, outer, values: state.values, subquery: Some(&register) })
}

fn condition(node: &Node, scope: &Scope<'_>) -> Term {
    resolve(&Node::And(vec![node.clone()]), scope)
}

#[allow(clippy::too_many_arguments, reason = "one recursion over FROM, whose parts share all of it")]
fn from_item<'a>(
    state: &State<'a>,
    item: &From,
    kind: Joined,
    place: usize,
    outer: Option<&Scope<'_>>,
    common: &[Common],
    visible: &mut Vec<Visible<'a>>,
    pending: &mut Vec<(usize, Joined, Option<Node>)>,
) {
    let (source, columns, name) = match &item.source {
        Source::Table(name) => match common.iter().rev().find(|common| common.name == *name) {
            Some(common) => {
                (RelationSource::Subquery(common.block), Columns::Named(common.columns.clone()), name.clone())
            }
            None => match find_table(state.schema, name) {
                Some((place, table)) => {
                    let short = name.rsplit('.').next().unwrap_or(name).to_owned();
                    (RelationSource::Table(place), Columns::Table(table), short)
                }
                None => (RelationSource::Unknown(name.clone()), Columns::Any, name.clone()),
            },
        },
        Source::Select { select, .. } => {
            // A lateral subquery sees what stands before it.
            let before = visible.clone();
            let register =
                |select: &Select, scope: &Scope<'_>| block(state, select, Some(place), Some(scope), common).0;
            let scope = Scope { relations: &before, outer, values: state.values, subquery: Some(&register) };
            let (block, columns) = block(state, select, Some(place), Some(&scope), common);
            (RelationSource::Subquery(block), Columns::Named(columns), String::new())
        }
        Source::Other(text) => (RelationSource::Unknown(text.clone()), Columns::Any, text.clone()),
    };
    let alias = item.alias.clone().unwrap_or(name);
    let relation = {
        let mut relations = state.relations.borrow_mut();
        relations.push(Relation { alias: alias.clone(), source, block: place });
        relations.len() - 1
    };
    visible.push(Visible { relation, alias, columns });
    pending.push((relation, kind, None));
    for join in &item.joins {
        let kind = match join.kind {
            JoinKind::Inner => Joined::Inner,
            JoinKind::Left => Joined::Left,
            JoinKind::Right | JoinKind::Full => Joined::Outer,
        };
        let first = pending.len();
        from_item(state, &join.from, kind, place, outer, common, visible, pending);
        let mut on = join.on.clone();
        if !join.using.is_empty() {
            let right = visible.last().map(|visible| visible.alias.clone()).unwrap_or_default();
            let left = visible.first().map(|visible| visible.alias.clone()).unwrap_or_default();
            let equal = join.using.iter().map(|column| Node::Binary {
                operator: "=".to_owned(),
                left: Box::new(Node::Name(vec![left.clone(), column.clone()])),
                right: Box::new(Node::Name(vec![right.clone(), column.clone()])),
            });
            on = Some(Node::And(equal.collect()));
        }
        if let Some(entry) = pending.get_mut(first) {
            entry.2 = on;
        }
    }
}

fn target(
    target: &Target,
    visible: &[Visible<'_>],
    scope: &Scope<'_>,
    built: &mut Block,
    outputs: &mut Vec<(String, Type, Collation)>,
) -> Term {
    if let Node::Star(qualifier) = &target.node {
        let chosen = visible.iter().filter(|visible| qualifier.last().is_none_or(|alias| *alias == visible.alias));
        for visible in chosen {
            built.whole_rows.push(visible.relation);
            match &visible.columns {
                Columns::Table(table) => {
                    for column in &table.columns {
                        let node = Node::Name(vec![visible.alias.clone(), column.name.clone()]);
                        let term = resolve(&node, scope);
                        outputs.push((column.name.clone(), term.type_, term.collation.clone()));
                        built.targets.push(term);
                    }
                }
                Columns::Named(columns) => {
                    outputs.extend(columns.iter().cloned());
                    built
                        .targets
                        .extend(columns.iter().map(|(name, type_, _)| Term::column(visible.relation, name, *type_)));
                }
                Columns::Any => {}
            }
        }
        return Term::unknown("*");
    }
    let term = output(&target.node, scope);
    if let (Node::Call { aggregate: Some(aggregate), .. }, Kind::Function { args, .. }) = (&target.node, &term.kind)
        && aggregate.distinct
    {
        built.distinct_aggregates.extend(args.first().cloned());
    }
    built.aggregates |= is_aggregate(&target.node);
    let name = target.alias.clone().or_else(|| match &target.node {
        Node::Name(path) => path.last().cloned(),
        Node::Call { name, .. } => Some(name.clone()),
        _ => None,
    });
    outputs.push((name.unwrap_or_default(), term.type_, term.collation.clone()));
    built.targets.push(term.clone());
    term
}

/// A target; what stands beside an aggregate's arguments (`FILTER`, `ORDER BY`) is read too.
fn output(node: &Node, scope: &Scope<'_>) -> Term {
    let mut term = resolve(node, scope);
    let Node::Call { aggregate: Some(aggregate), .. } = node else { return term };
    if let Kind::Function { name, args, .. } = &mut term.kind {
        *name = format!("{name} …").into();
        args.extend(aggregate.filter.iter().map(|filter| resolve(filter, scope)));
        args.extend(aggregate.order.iter().map(|key| resolve(&key.node, scope)));
    }
    term
}

/// Whether an aggregate, not a window function, is in it outside of subqueries.
fn is_aggregate(node: &Node) -> bool {
    match node {
        Node::Call { name, args, aggregate } => {
            let window = aggregate.as_ref().is_some_and(|aggregate| aggregate.window);
            (!window && catalog().is_aggregate(name)) || args.iter().any(is_aggregate)
        }
        Node::Binary { left, right, .. } | Node::IsDistinct { left, right, .. } => {
            is_aggregate(left) || is_aggregate(right)
        }
        Node::And(items) | Node::Or(items) | Node::Array(items) | Node::Row(items) => items.iter().any(is_aggregate),
        Node::Not(arg) | Node::Prefix { arg, .. } | Node::Cast { arg, .. } | Node::Collate { arg, .. } => {
            is_aggregate(arg)
        }
        Node::IsNull { arg, .. } | Node::Is { arg, .. } => is_aggregate(arg),
        Node::Quantified { left, array, .. } => is_aggregate(left) || is_aggregate(array),
        _ => false,
    }
}

/// `ORDER BY 2` and `ORDER BY name` mean targets.
fn output_reference(node: &Node, targets: &[(&Target, Term)], scope: &Scope<'_>) -> Term {
    let meant = match node {
        Node::Literal(Literal::Integer(position)) => {
            usize::try_from(*position - 1).ok().and_then(|position| targets.get(position))
        }
        Node::Name(path) => match path.as_slice() {
            [name] => targets.iter().find(|(target, _)| target.alias.as_ref() == Some(name)),
            _ => None,
        },
        _ => None,
    };
    match meant {
        Some((_, term)) => term.clone(),
        None => output(node, scope),
    }
}

fn order_term(key: &SortKey, resolve: impl Fn(&Node) -> Term) -> OrderTerm {
    OrderTerm { term: resolve(&key.node), order: KeyOrder::written(Some(key.order), key.nulls) }
}

fn bound(node: Option<&Node>, values: &[Value]) -> Bound {
    match node {
        None => Bound::None,
        Some(Node::Literal(Literal::Integer(rows))) => u64::try_from(*rows).map_or(Bound::Unknown, Bound::Rows),
        Some(Node::Literal(Literal::Null)) => Bound::None,
        Some(Node::Parameter(number)) => {
            let value = (*number as usize).checked_sub(1).and_then(|position| values.get(position));
            match value {
                Some(Value::Literal(Literal::Integer(rows))) => {
                    u64::try_from(*rows).map_or(Bound::Unknown, Bound::Rows)
                }
                _ => Bound::Unknown,
            }
        }
        Some(_) => Bound::Unknown,
    }
}

fn update(state: &State<'_>, update: &Update) -> Verb {
    let set = update.set.iter().map(|assignment| assignment.column.as_str().into()).collect();
    let values = update.set.iter().map(|assignment| Target { node: assignment.value.clone(), alias: None });
    let select = written(&update.table, update.alias.as_ref(), &update.from, values.collect(), update.filter.clone());
    block(state, &select, None, None, &[]);
    mark_target(state);
    Verb::Update(set)
}

fn delete(state: &State<'_>, delete: &Delete) -> Verb {
    let select = written(&delete.table, delete.alias.as_ref(), &delete.using, Vec::new(), delete.filter.clone());
    block(state, &select, None, None, &[]);
    mark_target(state);
    Verb::Delete
}

/// The rows that a statement writes are found as a `SELECT` finds them.
fn written(table: &str, alias: Option<&String>, others: &[From], targets: Vec<Target>, filter: Option<Node>) -> Select {
    let own = From { source: Source::Table(table.to_owned()), alias: alias.cloned(), joins: Vec::new() };
    let from = std::iter::once(own).chain(others.iter().cloned()).collect();
    let body = SelectBody::Plain { distinct: Distinct::No, targets, from, filter, group: Vec::new(), having: None };
    Select { body, ..Select::default() }
}

/// A row that is written is read whole: the first relation is never read from an index alone.
fn mark_target(state: &State<'_>) {
    if let Some(first) = state.blocks.borrow_mut().first_mut()
        && let Some(join) = first.joins.first()
    {
        first.whole_rows.push(join.relation);
    }
}
