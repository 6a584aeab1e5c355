//! What a statement asks of each table, as the indexes that would answer it.

use std::sync::Arc;

use crate::access::{DatabaseCollation, KeyOrder, is_fixed};
use crate::catalog::{OperatorClass, OperatorId, Purpose, Type, Volatility, catalog};
use crate::expr::Expr;
use crate::predict::Database;
use crate::schema::{IndexKey, IndexMethod, Nulls, SortOrder};
use crate::statement::{Block, Query, RelationSource};
use crate::terms::{Kind, Pattern, Term, conjuncts, is_equality, text_value, to_sql};
use crate::types::PgType;

/// An index to think about. Terms are about relation 0.
#[derive(Debug, Clone)]
pub(super) struct Proposal {
    pub table: usize,
    pub method: IndexMethod,
    pub keys: Vec<Key>,
    /// So many of the first keys may stand in any order: they are compared for equality.
    pub equalities: usize,
    pub include: Vec<Arc<str>>,
    pub predicate: Vec<Term>,
    pub reason: Arc<str>,
    pub statements: Vec<usize>,
}

#[derive(Debug, Clone)]
pub(super) struct Key {
    pub term: Term,
    pub opclass: Option<&'static str>,
    /// None where any order does.
    pub order: Option<KeyOrder>,
}

impl Key {
    fn plain(term: Term) -> Key {
        Key { term, opclass: None, order: None }
    }

    pub(super) fn order(&self) -> KeyOrder {
        self.order.unwrap_or(KeyOrder { descending: false, nulls_first: false })
    }

    pub(super) fn same(&self, other: &Key) -> bool {
        self.term.same(&other.term) && self.opclass == other.opclass && self.order() == other.order()
    }

    /// None for a term that cannot be written down.
    pub(super) fn as_index_key(&self) -> Option<IndexKey> {
        let expr = match self.term.as_column() {
            Some((_, name)) => Expr::Column(name.to_string()),
            None => Expr::Raw(to_sql(&self.term)?),
        };
        let order = self.order();
        let unusual = order.nulls_first != order.descending;
        Some(IndexKey {
            expr,
            collation: None,
            opclass: self.opclass.map(str::to_owned),
            order: order.descending.then_some(SortOrder::Descending),
            nulls: unusual.then_some(if order.nulls_first { Nulls::First } else { Nulls::Last }),
        })
    }
}

impl Proposal {
    /// The predicate as an expression; the outer None is one that cannot be written down.
    pub(super) fn predicate_expr(&self) -> Option<Option<Expr>> {
        let parts = self.predicate.iter().map(to_sql).collect::<Option<Vec<String>>>()?;
        Some((!parts.is_empty()).then(|| Expr::Raw(parts.join(" AND "))))
    }
}

/// What is asked of one table.
#[derive(Default)]
struct Asked {
    /// Compared with one value.
    equal: Vec<Term>,
    /// Compared with several.
    listed: Vec<Term>,
    /// Bounded.
    ranges: Vec<Term>,
    /// Compared with a pattern that begins with fixed text.
    prefixes: Vec<Term>,
    /// Conditions on constants, which may stand in a predicate.
    constant: Vec<Term>,
    /// Searched for by an operator that no B-tree has.
    searched: Vec<(Term, IndexMethod, &'static str)>,
}

/// Every index that might serve the statement.
pub(super) fn proposals(query: &Query, database: &Database<'_>) -> Vec<Proposal> {
    let mut found = Vec::new();
    for (relation, described) in query.relations.iter().enumerate() {
        let RelationSource::Table(table) = described.source else { continue };
        let block = &query.blocks[described.block];
        let clauses = clauses_of(query, relation);
        let asked = sort_out(&clauses);
        let order = order_of(block, relation, &clauses);
        let columns = needed_columns(query, block, relation, &clauses);
        found.extend(of_table(table, &asked, &order, columns.as_deref(), database));
        for clause in &clauses {
            if let Kind::Or(arms) = &clause.kind {
                for arm in arms {
                    let asked = sort_out(&conjuncts(arm.clone()));
                    found.extend(of_table(table, &asked, &[], None, database));
                }
            }
        }
    }
    found
}

/// Every condition that may help to find rows of the relation, seen from it: those of its own block, and those elsewhere that
/// compare it with other relations.
fn clauses_of(query: &Query, relation: usize) -> Vec<Term> {
    let block = query.relations[relation].block;
    let mut found = Vec::new();
    for (place, other) in query.blocks.iter().enumerate() {
        let ons = other.joins.iter().flat_map(|join| &join.on);
        for clause in other.filter.iter().chain(ons) {
            if clause.uses(relation) && (place == block || clause.relations().len() > 1) {
                found.extend(conjuncts(clause.seen_from(relation)));
            }
            // `x IN (SELECT y …)` looks up `y`, or `x`.
            if let Kind::Subquery { block: inner, left: Some(left), .. } = &clause.kind
                && let Some(target) = query.blocks.get(*inner).and_then(|inner| inner.targets.first())
                && (left.uses(relation) || target.uses(relation))
                && let Some((id, ..)) = catalog().resolve_operator("=", left.type_, target.type_)
            {
                let equal = Term::boolean(Kind::Operator { id, args: vec![(**left).clone(), target.clone()] });
                found.push(equal.seen_from(relation));
            }
        }
    }
    found
}

fn of_table(
    table: usize,
    asked: &Asked,
    order: &[Key],
    columns: Option<&[Arc<str>]>,
    database: &Database<'_>,
) -> Vec<Proposal> {
    let mut trees = Vec::new();
    // Without a predicate, then with the constant conditions as one.
    trees_for(table, asked, asked.equal.clone(), &[], order, database, &mut trees);
    let constant: Vec<Term> =
        asked.constant.iter().filter(|clause| is_of_few(clause, table, database)).cloned().collect();
    if !constant.is_empty() {
        let said = |term: &Term| constant.iter().any(|condition| condition.any(&|part| part.same(term)));
        let rest = asked.equal.iter().filter(|term| !said(term)).cloned().collect();
        trees_for(table, asked, rest, &constant, order, database, &mut trees);
    }
    // With what else is read of the table, when that is little.
    const MOST_INCLUDED: usize = 4;
    let covering: Vec<Proposal> = trees
        .iter()
        .filter_map(|tree| {
            let is_key =
                |name: &Arc<str>| tree.keys.iter().any(|key| key.term.as_column().is_some_and(|(_, of)| of == name));
            let include: Vec<Arc<str>> = columns?.iter().filter(|name| !is_key(name)).cloned().collect();
            let columns = &database.schema.tables[table];
            // An entry of a B-tree holds 2,704 bytes at the most: a longer value makes INSERT fail.
            let is_short = |name: &Arc<str>| columns.column(name).is_some_and(|column| is_short(&column.type_));
            let fits = !include.is_empty() && include.len() <= MOST_INCLUDED && include.iter().all(is_short);
            fits.then(|| Proposal {
                include,
                reason: format!("{}, without reading the table", tree.reason).into(),
                ..tree.clone()
            })
        })
        .collect();
    trees.extend(covering);
    for (term, method, opclass) in &asked.searched {
        let default = catalog().operator_class(method, None, term.type_);
        let opclass = default.is_none_or(|default| default.name != *opclass).then_some(*opclass);
        let reason = format!("searches {term}");
        let keys = vec![Key { term: term.clone(), opclass, order: None }];
        trees.push(Proposal { method: method.clone(), ..tree(table, keys, 0, &[], reason) });
    }
    trees
}

/// Whether a condition on a constant is one of few that are asked: one of many values is asked for today, and another tomorrow.
fn is_of_few(clause: &Term, table: usize, database: &Database<'_>) -> bool {
    const FEW: f64 = 20.0;
    match clause.as_comparison() {
        Some((_, term, _)) => match database.distinct_values(table, term) {
            Some(values) => values <= FEW,
            None => term.as_column().is_some(),
        },
        None => true,
    }
}

/// Whether values of the type stay far below what an entry of a B-tree holds, four of them together too.
fn is_short(type_: &PgType) -> bool {
    const LONGEST: u32 = 255;
    match type_.base.as_str() {
        "varchar" | "character varying" | "char" | "character" => {
            !type_.is_array() && type_.modifiers.first().is_some_and(|longest| *longest <= LONGEST)
        }
        "text" | "citext" | "json" | "jsonb" | "hstore" | "tsvector" | "xml" | "bytea" | "geometry" | "geography" => {
            false
        }
        _ => !type_.is_array(),
    }
}

fn tree(table: usize, keys: Vec<Key>, equalities: usize, predicate: &[Term], reason: String) -> Proposal {
    Proposal {
        table,
        method: IndexMethod::Btree,
        keys,
        equalities,
        include: Vec::new(),
        predicate: predicate.to_vec(),
        reason: reason.into(),
        statements: Vec::new(),
    }
}

/// B-trees: what is equal first, then the order, or one range, or one prefix.
fn trees_for(
    table: usize,
    asked: &Asked,
    equal: Vec<Term>,
    predicate: &[Term],
    order: &[Key],
    database: &Database<'_>,
    trees: &mut Vec<Proposal>,
) {
    let leading: Vec<Key> = equal.into_iter().map(Key::plain).collect();
    let count = leading.len();
    let followed_by = |rest: &[Key]| leading.iter().chain(rest).cloned().collect::<Vec<_>>();
    let named = describe(&leading);
    if !order.is_empty() {
        trees.push(tree(table, followed_by(order), count, predicate, format!("finds {named}, in the order asked for")));
    }
    let mut listed: Vec<Key> = asked.listed.iter().cloned().map(Key::plain).collect();
    for range in &asked.ranges {
        let mut rest = listed.clone();
        rest.push(Key::plain(range.clone()));
        let keys = followed_by(&rest);
        let equalities = keys.len() - 1;
        trees.push(tree(table, keys, equalities, predicate, format!("finds {named}, then a range of {range}")));
    }
    for term in &asked.prefixes {
        let by_bytes = database.server.collation == DatabaseCollation::Bytes;
        let key = Key { term: term.clone(), opclass: (!by_bytes).then_some("text_pattern_ops"), order: None };
        trees.push(tree(table, followed_by(&[key]), count, predicate, format!("finds {term} by how it begins")));
    }
    let mut all = leading.clone();
    all.append(&mut listed);
    if !all.is_empty() {
        let equalities = all.len();
        trees.push(tree(table, all.clone(), equalities, predicate, format!("finds {}", describe(&all))));
        if all.len() > 1 && predicate.is_empty() {
            // One of them may do, and be of use elsewhere.
            let alone = |key: Key| {
                let reason = format!("finds {}", key.term);
                tree(table, vec![key], 1, &[], reason)
            };
            trees.extend(all.into_iter().map(alone));
        }
    } else if !predicate.is_empty()
        && let Some(key) = database.indexes(table).find(|index| index.unique).and_then(|index| index.keys.first())
    {
        let keys = vec![Key::plain(key.term.clone())];
        trees.push(tree(table, keys, 0, predicate, "holds only the rows asked for".to_owned()));
    }
}

fn describe(keys: &[Key]) -> String {
    let names: Vec<String> = keys.iter().map(|key| key.term.to_string()).collect();
    if names.is_empty() { "every row".to_owned() } else { names.join(", ") }
}

/// Whether an index may be made on the term: of this table alone, and always the same for the same row.
fn is_indexable(term: &Term) -> bool {
    let foreign = |part: &Term| matches!(part.kind, Kind::Parameter { .. } | Kind::Subquery { .. } | Kind::Unknown(_));
    term.relations() == [0] && term.volatility() == Volatility::Immutable && !term.any(&foreign)
}

fn add(to: &mut Vec<Term>, term: &Term) {
    if is_indexable(term) && !to.iter().any(|known| known.same(term)) {
        to.push(term.clone());
    }
}

fn sort_out(clauses: &[Term]) -> Asked {
    let mut asked = Asked::default();
    for clause in clauses {
        match &clause.kind {
            Kind::Operator { id, args } => {
                let [left, right] = args.as_slice() else { continue };
                let (term, value) = match (left.uses(0), right.uses(0)) {
                    (true, false) => (left, right),
                    (false, true) => (right, left),
                    _ => continue,
                };
                match catalog().btree_strategy(*id) {
                    _ if is_equality(*id) => {
                        add(&mut asked.equal, term);
                        if matches!(value.kind, Kind::Constant(_)) {
                            add(&mut asked.constant, clause);
                        }
                    }
                    Some(1 | 2 | 4 | 5) => add(&mut asked.ranges, term),
                    _ if left.uses(0) && is_indexable(term) => search(*id, term, value, &mut asked),
                    _ => {}
                }
            }
            Kind::Quantified { left, all: false, id, .. } if is_equality(*id) => add(&mut asked.listed, left),
            Kind::IsNull { .. } | Kind::Column { .. } | Kind::Not(_) => add(&mut asked.constant, clause),
            _ => {}
        }
    }
    asked
}

/// A condition that needs another kind of index: `LIKE`, containment, text search, overlaps.
fn search(id: OperatorId, term: &Term, value: &Term, asked: &mut Asked) {
    let operator = catalog().operator(id).name;
    if matches!(operator, "~~" | "^@") {
        let begins = match &value.kind {
            Kind::Parameter { pattern, .. } => *pattern == Some(Pattern::Prefix),
            _ => text_value(value).is_some_and(|text| !text.starts_with(['%', '_'])),
        };
        if begins {
            asked.prefixes.push(term.clone());
            return;
        }
    }
    let has = |class: &OperatorClass| catalog().member(class.family, id, Purpose::Search).is_some();
    let preferred = match (term.type_.name(), operator) {
        // Containment alone needs the smaller class.
        (Type::JSONB, "@>" | "@?" | "@@") => "jsonb_path_ops",
        (Type::TEXT | Type::VARCHAR, _) => "gin_trgm_ops",
        _ => "",
    };
    for method in [IndexMethod::Gin, IndexMethod::Gist, IndexMethod::Spgist] {
        let named = catalog().operator_classes(&method).iter().find(|class| class.name == preferred).copied();
        let default = catalog().operator_class(&method, None, term.type_);
        if let Some(class) = named.into_iter().chain(default).find(has) {
            asked.searched.push((term.clone(), method, class.name));
            return;
        }
    }
}

/// The keys that give the order asked for, as far as it is of this relation: of `ORDER BY`, or of what has to stand together,
/// or of the least and greatest that are wanted.
fn order_of(block: &Block, relation: usize, clauses: &[Term]) -> Vec<Key> {
    let plain = KeyOrder { descending: false, nulls_first: false };
    let wanted: Vec<(Term, KeyOrder)> = if !block.order.is_empty() {
        block.order.iter().map(|order| (order.term.seen_from(relation), order.order)).collect()
    } else {
        let extremes = block.targets.iter().filter_map(|target| match &target.kind {
            Kind::Function { name, args, .. } if matches!(name.as_ref(), "min" | "max") => args.first(),
            _ => None,
        });
        let together = block.distinct.iter().flatten().chain(&block.group).chain(&block.distinct_aggregates);
        together.chain(extremes).map(|term| (term.seen_from(relation), plain)).collect()
    };
    let mut keys: Vec<Key> = Vec::new();
    for (term, order) in wanted {
        let repeated = keys.iter().any(|key| key.term.same(&term));
        if repeated || is_fixed(&term, clauses) {
            continue;
        }
        if !is_indexable(&term) {
            break;
        }
        keys.push(Key { term, opclass: None, order: Some(order) });
    }
    // All of them descending is the same read backwards.
    if keys.iter().all(|key| key.order().reversed() == plain) {
        keys.iter_mut().for_each(|key| key.order = None);
    }
    keys
}

/// The columns that are read at all; None when all are.
fn needed_columns(query: &Query, block: &Block, relation: usize, clauses: &[Term]) -> Option<Vec<Arc<str>>> {
    let whole = block.locks_rows || query.blocks.iter().any(|block| block.whole_rows.contains(&relation));
    if whole {
        return None;
    }
    let mut columns = Vec::new();
    let outputs = block.outputs().flat_map(|term| term.columns(relation));
    for column in outputs.chain(clauses.iter().flat_map(|clause| clause.columns(0))) {
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    Some(columns)
}
