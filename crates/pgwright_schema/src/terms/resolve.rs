//! Names and types: from what is written to what it means (`parser/parse_expr.c`).

use std::sync::Arc;

use super::constants::truth;
use super::simplify::{comparison, negate, truth_test};
use super::{Collation, Kind, Pattern, SubqueryUsage, Term};
use crate::catalog::{OperatorId, Type, Volatility, catalog, coerces_implicitly};
use crate::expr::Literal;
use crate::schema::Table;
use crate::sql::{Node, Select, TypeName};

/// What is known of a statement's parameter. `$n` takes the n-th; those beyond the end are unknown.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Unknown,
    Literal(Literal),
    /// A pattern of `LIKE`, of which only the shape is known.
    Pattern(Pattern),
}

/// Takes a subquery, with the scope it stands in, and gives its place in the statement.
pub type TakesSubquery<'a> = dyn Fn(&Select, &Scope<'_>) -> usize + 'a;

/// What names mean where an expression stands.
#[derive(Clone, Copy)]
pub struct Scope<'a> {
    pub relations: &'a [Visible<'a>],
    pub outer: Option<&'a Scope<'a>>,
    pub values: &'a [Value],
    /// Without it subqueries are not understood.
    pub subquery: Option<&'a TakesSubquery<'a>>,
}

/// A relation that columns may be named of.
#[derive(Debug, Clone)]
pub struct Visible<'a> {
    /// Its number in the statement.
    pub relation: usize,
    pub alias: String,
    pub columns: Columns<'a>,
}

#[derive(Debug, Clone)]
pub enum Columns<'a> {
    Table(&'a Table),
    /// What a subquery gives.
    Named(Vec<(String, Type, Collation)>),
    /// Any name may be one: the relation is not known.
    Any,
}

impl Visible<'_> {
    fn column(&self, name: &str) -> Option<Term> {
        match &self.columns {
            Columns::Table(table) => table.column(name).map(|column| {
                let mut term = Term::column(self.relation, name, Type::from(&column.type_));
                if let Some(collation) = &column.collation
                    && term.collation != Collation::None
                {
                    term.collation = Collation::Named(collation.as_str().into());
                }
                term
            }),
            Columns::Named(columns) => {
                let found = columns.iter().find(|(column, ..)| column == name);
                found.map(|(_, type_, collation)| {
                    let mut term = Term::column(self.relation, name, *type_);
                    term.collation = collation.clone();
                    term
                })
            }
            Columns::Any => None,
        }
    }
}

/// What an expression means. What cannot be told is [`Kind::Unknown`] with the reason, inside what can.
pub fn resolve(node: &Node, scope: &Scope<'_>) -> Term {
    match node {
        Node::Name(path) => name(path, scope),
        Node::Star(_) => Term::unknown("*"),
        Node::Literal(value) => literal(value),
        Node::Parameter(number) => parameter(*number, scope),
        Node::Call { name, args, .. } => {
            let args = args.iter().filter(|arg| !matches!(arg, Node::Star(_))).map(|arg| resolve(arg, scope)).collect();
            call(name, args)
        }
        Node::Prefix { operator, arg } => prefix(operator, resolve(arg, scope)),
        Node::Binary { operator, left, right } => {
            comparison(operation(operator, resolve(left, scope), resolve(right, scope)))
        }
        Node::Quantified { operator, left, all, array } => {
            let left = resolve(left, scope);
            match &**array {
                Node::Array(items) => {
                    listed(operator, left, *all, items.iter().map(|item| resolve(item, scope)).collect())
                }
                array => quantified(operator, left, *all, resolve(array, scope)),
            }
        }
        Node::And(items) => connected(items, scope, true),
        Node::Or(items) => connected(items, scope, false),
        Node::Not(arg) => negate(condition(resolve(arg, scope))),
        Node::IsNull { arg, negated } => {
            Term::boolean(Kind::IsNull { arg: Box::new(resolve(arg, scope)), negated: *negated })
        }
        Node::Is { arg, test, negated } => truth_test(resolve(arg, scope), *test, *negated),
        Node::IsDistinct { left, right, negated } => {
            let (left, right) = alike(resolve(left, scope), resolve(right, scope));
            Term::boolean(Kind::IsDistinct { left: Box::new(left), right: Box::new(right), negated: *negated })
        }
        Node::Cast { arg, to } => cast(resolve(arg, scope), to),
        Node::Collate { arg, collation } => {
            let mut term = resolve(arg, scope);
            if term.type_.is_unknown() {
                term = coerce(term, Type::named(Type::TEXT));
            }
            term.collation = Collation::Explicit(collation.as_str().into());
            term
        }
        Node::Array(items) => array(items.iter().map(|item| resolve(item, scope)).collect()),
        Node::Row(items) => {
            let items = items.iter().map(|item| resolve(item, scope)).collect();
            Term::new(Kind::Row(items), Type::named(Type::RECORD))
        }
        Node::Exists(select) => subquery(select, scope, SubqueryUsage::Exists, None),
        Node::Scalar(select) => subquery(select, scope, SubqueryUsage::Scalar, None),
        Node::QuantifiedSelect { operator, left, all, select } => {
            let usage = match (operator.as_str(), all) {
                ("=", false) => SubqueryUsage::In,
                ("<>", true) => SubqueryUsage::NotIn,
                _ => SubqueryUsage::Compared,
            };
            subquery(select, scope, usage, Some(Box::new(resolve(left, scope))))
        }
        Node::Unread(text) => Term::unknown(text.as_str()),
    }
}

fn name(path: &[String], scope: &Scope<'_>) -> Term {
    let (qualifier, column) = match path {
        [column] => (None, column),
        [.., qualifier, column] => (Some(qualifier), column),
        [] => return Term::unknown("no name"),
    };
    let mut at = Some(scope);
    while let Some(scope) = at {
        let mut any = None;
        for visible in scope.relations {
            if qualifier.is_some_and(|qualifier| *qualifier != visible.alias) {
                continue;
            }
            if let Some(term) = visible.column(column) {
                return term;
            }
            if matches!(visible.columns, Columns::Any) {
                any = Some(visible.relation);
            }
        }
        if let Some(relation) = any {
            return Term::column(relation, column, Type::named(Type::UNKNOWN));
        }
        at = scope.outer;
    }
    Term::unknown(format!("column {} does not exist", path.join(".")))
}

fn literal(value: &Literal) -> Term {
    let (text, type_): (Option<Arc<str>>, Type) = match value {
        Literal::Null => (None, Type::named(Type::UNKNOWN)),
        Literal::Bool(value) => (Some(if *value { "true" } else { "false" }.into()), Type::named(Type::BOOL)),
        Literal::Integer(value) => {
            let type_ = if i32::try_from(*value).is_ok() {
                Type::INT4
            } else if i64::try_from(*value).is_ok() {
                Type::INT8
            } else {
                Type::NUMERIC
            };
            (Some(value.to_string().into()), Type::named(type_))
        }
        Literal::Number(text) => (Some(text.as_str().into()), Type::named(Type::NUMERIC)),
        Literal::Text(text) => (Some(text.as_str().into()), Type::named(Type::UNKNOWN)),
        Literal::Typed { text, type_name } => (Some(text.as_str().into()), Type::parse(type_name)),
    };
    Term::new(Kind::Constant(text), type_)
}

fn parameter(number: u32, scope: &Scope<'_>) -> Term {
    let known = (number as usize).checked_sub(1).and_then(|position| scope.values.get(position));
    match known {
        Some(Value::Literal(value)) => literal(value),
        Some(Value::Pattern(pattern)) => {
            Term::new(Kind::Parameter { number, pattern: Some(*pattern) }, Type::named(Type::UNKNOWN))
        }
        _ => Term::new(Kind::Parameter { number, pattern: None }, Type::named(Type::UNKNOWN)),
    }
}

fn connected(items: &[Node], scope: &Scope<'_>, and: bool) -> Term {
    let mut parts = Vec::with_capacity(items.len());
    for item in items {
        let term = condition(resolve(item, scope));
        let value = match &term.kind {
            Kind::Constant(Some(text)) => truth(text),
            _ => None,
        };
        match (value, term.kind) {
            // `true AND x` is x; `false OR x` is x.
            (Some(value), _) if value == and => {}
            (_, Kind::And(inner)) if and => parts.extend(inner),
            (_, Kind::Or(inner)) if !and => parts.extend(inner),
            (_, kind) => parts.push(Term { kind, type_: term.type_, collation: term.collation }),
        }
    }
    match parts.len() {
        0 => literal(&Literal::Bool(and)),
        1 => parts.swap_remove(0),
        _ => Term::boolean(if and { Kind::And(parts) } else { Kind::Or(parts) }),
    }
}

/// A term that stands as a condition.
fn condition(term: Term) -> Term {
    if term.type_.is_unknown() { coerce(term, Type::named(Type::BOOL)) } else { term }
}

fn subquery(select: &Select, scope: &Scope<'_>, usage: SubqueryUsage, left: Option<Box<Term>>) -> Term {
    let Some(register) = scope.subquery else { return Term::unknown("a subquery") };
    let block = register(select, scope);
    let type_ = Type::named(if usage == SubqueryUsage::Scalar { Type::UNKNOWN } else { Type::BOOL });
    Term::new(Kind::Subquery { block, usage, left }, type_)
}

/// The term as a value of a type, with a cast where one computes something.
pub(super) fn coerce(term: Term, target: Type) -> Term {
    if term.type_ == target || target.is_unknown() || target.is(Type::ANY) {
        return term;
    }
    let collation = match (&term.collation, target.info().collatable) {
        (_, false) => Collation::None,
        (Collation::None, true) => Collation::Default,
        (collation, true) => collation.clone(),
    };
    let retyped = |kind: Kind, collation: Collation| Term { kind, type_: target, collation };
    if let Kind::Array(items) = term.kind {
        return match target.info().element {
            Some(element) => {
                let items = items.into_iter().map(|item| coerce(item, element)).collect();
                retyped(Kind::Array(items), collation)
            }
            None => retyped(Kind::Array(items), collation),
        };
    }
    match &term.kind {
        Kind::Parameter { .. } => return retyped(term.kind, collation),
        Kind::Constant(_) if term.type_.is_unknown() || is_number(term.type_) && is_number(target) => {
            return retyped(term.kind, collation);
        }
        _ => {}
    }
    match catalog().cast(term.type_, target) {
        Some(cast) if cast.relabels => retyped(term.kind, collation),
        Some(cast) => {
            let kind = Kind::Cast { arg: Box::new(term), modifier: None, volatility: cast.volatility };
            retyped(kind, collation)
        }
        // A type that is not in the catalogue.
        None => {
            retyped(Kind::Cast { arg: Box::new(term), modifier: None, volatility: Volatility::Immutable }, collation)
        }
    }
}

fn is_number(type_: Type) -> bool {
    matches!(type_.name(), Type::INT2 | Type::INT4 | Type::INT8 | Type::NUMERIC | Type::FLOAT4 | Type::FLOAT8)
}

fn cast(term: Term, to: &TypeName) -> Term {
    let target = Type::parse(&to.0);
    let shortens = Type::has_modifier(&to.0) && !matches!(term.kind, Kind::Constant(_) | Kind::Parameter { .. });
    if target.is_unknown() {
        let modifier = Some(to.0.as_str().into());
        return Term::new(Kind::Cast { arg: Box::new(term), modifier, volatility: Volatility::Stable }, target);
    }
    if let (Kind::Constant(_), false) = (&term.kind, term.type_.is_unknown())
        && catalog().cast(term.type_, target).is_some_and(|cast| cast.volatility == Volatility::Immutable)
    {
        return Term { kind: term.kind, ..Term::new(Kind::Constant(None), target) };
    }
    let coerced = coerce(term, target);
    if shortens {
        let collation = coerced.collation.clone();
        let kind = Kind::Cast {
            arg: Box::new(coerced),
            modifier: Some(to.0.as_str().into()),
            volatility: Volatility::Immutable,
        };
        return Term { kind, type_: target, collation };
    }
    coerced
}

fn prefix(operator: &str, arg: Term) -> Term {
    let resolved = catalog().resolve_prefix_operator(operator, arg.type_);
    match resolved {
        Some((id, type_)) => Term::new(Kind::Operator { id, args: vec![arg] }, type_),
        None => Term::unknown(format!("operator {operator}")),
    }
}

/// A number that Django sends for a column of integers is written without a type, so it is an `int4`.
fn as_sent(term: Term, beside: Type) -> Term {
    let integer = matches!(beside.name(), Type::INT2 | Type::INT8);
    if integer && matches!(term.kind, Kind::Parameter { .. }) && term.type_.is_unknown() {
        return coerce(term, Type::named(Type::INT4));
    }
    term
}

fn operation(operator: &str, left: Term, right: Term) -> Term {
    if let (Kind::Row(a), Kind::Row(b)) = (&left.kind, &right.kind)
        && operator == "="
        && a.len() == b.len()
    {
        let pairs = a.iter().zip(b).map(|(a, b)| comparison(operation("=", a.clone(), b.clone())));
        return Term::boolean(Kind::And(pairs.collect()));
    }
    let (left, right) = (as_sent(left.clone(), right.type_), as_sent(right, left.type_));
    let Some((id, [left_type, right_type], result)) = catalog().resolve_operator(operator, left.type_, right.type_)
    else {
        return Term::unknown(format!("{left} {operator} {right}"));
    };
    let (left, right) = (coerce(left, left_type), coerce(right, right_type));
    let merged = left.collation.merge(&right.collation);
    let mut term = Term::new(Kind::Operator { id, args: vec![left, right] }, result);
    if term.collation != Collation::None {
        term.collation = merged;
    }
    term
}

/// The collation that a comparison compares by.
pub fn input_collation(args: &[&Term]) -> Collation {
    args.iter().fold(Collation::None, |merged, arg| merged.merge(&arg.collation))
}

/// A comparison with each of a list: the elements and the left side get one type (`transformAExprIn`).
fn listed(operator: &str, left: Term, all: bool, mut items: Vec<Term>) -> Term {
    if let Kind::Row(_) = left.kind {
        return Term::unknown("IN over rows");
    }
    if items.len() == 1
        && let Some(only) = items.pop()
    {
        return comparison(operation(operator, left, only));
    }
    // With columns among them it is OR.
    if items.iter().any(|item| !item.is_free_of_columns()) {
        let arms = items.into_iter().map(|item| comparison(operation(operator, left.clone(), item))).collect();
        return Term::boolean(if all { Kind::And(arms) } else { Kind::Or(arms) });
    }
    let sent: Vec<Term> = items.into_iter().map(|item| as_sent(item, left.type_)).collect();
    let element = common_type(std::iter::once(left.type_).chain(sent.iter().map(|item| item.type_)));
    let Some((id, [left_type, right_type], _)) = catalog().resolve_operator(operator, left.type_, element) else {
        return Term::unknown(format!("{left} {operator} …"));
    };
    let sent = sent.into_iter().map(|item| coerce(item, right_type)).collect();
    let array_type = right_type.array().unwrap_or(Type::named(Type::UNKNOWN));
    let array = Term::new(Kind::Array(sent), array_type);
    Term::boolean(Kind::Quantified { id, left: Box::new(coerce(left, left_type)), array: Box::new(array), all })
}

fn quantified(operator: &str, left: Term, all: bool, array: Term) -> Term {
    let element = array.type_.info().element.unwrap_or(left.type_);
    let Some((id, [left_type, right_type], _)) = catalog().resolve_operator(operator, left.type_, element) else {
        return Term::unknown(format!("{left} {operator} ANY(…)"));
    };
    let array_type = right_type.array().unwrap_or(array.type_);
    let array = Box::new(coerce(array, array_type));
    Term::boolean(Kind::Quantified { id, left: Box::new(coerce(left, left_type)), array, all })
}

/// The type that all the others become (`select_common_type`).
fn common_type(types: impl Iterator<Item = Type>) -> Type {
    let mut common: Option<Type> = None;
    for type_ in types.filter(|type_| !type_.is_unknown()) {
        common = Some(match common {
            None => type_,
            Some(so_far) => {
                let (a, b) = (so_far.info(), type_.info());
                let better = a.category == b.category
                    && !a.preferred
                    && coerces_implicitly(so_far, type_)
                    && !coerces_implicitly(type_, so_far);
                if better { type_ } else { so_far }
            }
        });
    }
    common.unwrap_or(Type::named(Type::TEXT))
}

fn alike(left: Term, right: Term) -> (Term, Term) {
    match (left.type_.is_unknown(), right.type_.is_unknown()) {
        (true, false) => (coerce(left, right.type_), right),
        (false, true) => {
            let target = left.type_;
            (left, coerce(right, target))
        }
        _ => (left, right),
    }
}

fn array(items: Vec<Term>) -> Term {
    let element = common_type(items.iter().map(|item| item.type_));
    let known = items.iter().any(|item| !item.type_.is_unknown());
    let items: Vec<Term> = items.into_iter().map(|item| coerce(item, element)).collect();
    // Without any typed element the place decides, as for a literal.
    let type_ = if known || !items.is_empty() { element.array() } else { None };
    Term::new(Kind::Array(items), type_.unwrap_or(Type::named(Type::UNKNOWN)))
}

fn call(name: &str, args: Vec<Term>) -> Term {
    let function = |args: Vec<Term>, type_: Type, volatility: Volatility| {
        let collation = input_collation(&args.iter().collect::<Vec<_>>());
        let mut term = Term::new(Kind::Function { name: name.into(), args, volatility }, type_);
        if term.collation != Collation::None {
            term.collation = if collation == Collation::None { Collation::Default } else { collation };
        }
        term
    };
    match name {
        "coalesce" | "greatest" | "least" => {
            let common = common_type(args.iter().map(|arg| arg.type_));
            let args = args.into_iter().map(|arg| coerce(arg, common)).collect();
            return function(args, common, Volatility::Immutable);
        }
        "nullif" => {
            let type_ = args.first().map_or(Type::named(Type::UNKNOWN), |arg| arg.type_);
            return function(args, type_, Volatility::Immutable);
        }
        "case" => {
            let last = args.len().saturating_sub(1);
            let results = args.iter().enumerate().filter(|(position, _)| position % 2 == 1 || *position == last);
            let common = common_type(results.map(|(_, arg)| arg.type_));
            let args = args.into_iter().enumerate().map(|(position, arg)| {
                if position % 2 == 1 || position == last { coerce(arg, common) } else { condition(arg) }
            });
            return function(args.collect(), common, Volatility::Immutable);
        }
        "[]" => {
            let element = args.first().map(|arg| arg.type_.info());
            let type_ = element.and_then(|info| info.element).unwrap_or(Type::named(Type::UNKNOWN));
            return function(args, type_, Volatility::Immutable);
        }
        "[:]" => {
            let type_ = args.first().map_or(Type::named(Type::UNKNOWN), |arg| arg.type_);
            return function(args, type_, Volatility::Immutable);
        }
        "current_date" | "localtimestamp" | "current_time" | "localtime" | "current_user" | "session_user" => {
            let type_ = match name {
                "current_date" => Type::DATE,
                "localtimestamp" => Type::TIMESTAMP,
                "current_user" | "session_user" => Type::NAME,
                _ => Type::TIME,
            };
            return function(args, Type::named(type_), Volatility::Stable);
        }
        _ => {}
    }
    let types: Vec<Type> = args.iter().map(|arg| arg.type_).collect();
    match catalog().resolve_function(name, &types) {
        Some(resolved) => {
            let args = args.into_iter().zip(&resolved.args).map(|(arg, type_)| coerce(arg, *type_)).collect();
            function(args, resolved.result, resolved.function.volatility)
        }
        // A function that the catalogue does not hold may be anything, but an index on the same call needs it immutable.
        None => function(args, Type::named(Type::UNKNOWN), catalog().volatility(name)),
    }
}

/// Whether the operator is the `=` of its types.
pub fn is_equality(id: OperatorId) -> bool {
    catalog().operator(id).name == "=" && catalog().btree_strategy(id) == Some(3)
}
