//! `Q` trees as SQL: `django/db/models/query_utils.py`, `Query._add_q`/`build_filter`, `WhereNode.as_sql`.

use pgwright_schema::{Expr, Operator};

use super::context::{Context, Known, Typed};
use super::function::{declares_output, expression, is_expression};
use super::lookup::{Condition, Rhs, class_lookup, is_null, lookup};
use super::output::Output;
use crate::model::{Call, Combined, Value};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Connector {
    And,
    Or,
    Xor,
}

/// A `Q` object.
#[derive(Debug, Clone)]
struct Tree<'a> {
    connector: Connector,
    negated: bool,
    children: Vec<Child<'a>>,
}

#[derive(Debug, Clone)]
enum Child<'a> {
    Tree(Tree<'a>),
    Lookup(&'a str, &'a Value),
    Expression(&'a Value),
}

/// A `WhereNode`; its leaves are compiled already.
#[derive(Debug, Clone)]
struct Where {
    connector: Connector,
    negated: bool,
    children: Vec<Clause>,
}

#[derive(Debug, Clone)]
enum Clause {
    Where(Where),
    Leaf(Condition),
}

/// Whether a value is a condition: a `Q`, `Q`s combined, or a lookup used as an expression.
pub(super) fn is_condition(value: &Value) -> bool {
    match value {
        Value::Call(call) => is_q(call) || lookup_of(call).is_some(),
        Value::Combined(combined) => match combined.operator.as_str() {
            "~" => is_condition(&combined.left),
            "&" | "|" | "^" => is_condition(&combined.left) || is_condition(&combined.right),
            _ => false,
        },
        _ => false,
    }
}

fn is_q(call: &Call) -> bool {
    call.class == "django.db.models.query_utils.Q"
        || call.class == "django.db.models.Q"
        || call.is_a("django.db.models.query_utils.Q")
}

fn lookup_of(call: &Call) -> Option<&'static str> {
    let name = call.class.strip_prefix("django.db.models.lookups.")?;
    class_lookup(name)
}

/// The SQL of a condition as it stands in `WHERE` or `CHECK`; an error where it holds always or never.
///
/// `resolved` is Django's flag of the same name: a single condition then stands in parentheses too.
pub(super) fn condition(context: &Context, value: &Value, resolved: bool) -> Known<Expr> {
    match compile(context, value, resolved)? {
        Condition::Sql(expr) => Ok(expr),
        Condition::Always => Err("a condition that holds for every row".to_owned()),
        Condition::Never => Err("a condition that holds for no row".to_owned()),
    }
}

fn compile(context: &Context, value: &Value, resolved: bool) -> Known<Condition> {
    let node = match value {
        Value::Call(call) if is_q(call) => add_q(context, &tree(value)?, false)?,
        Value::Combined(_) => add_q(context, &tree(value)?, false)?,
        other => leaf_expression(context, other)?,
    };
    as_sql(context, &node, resolved)
}

fn tree(value: &Value) -> Known<Tree<'_>> {
    match value {
        Value::Call(call) if is_q(call) => q(call),
        Value::Combined(combined) => combine(combined),
        Value::Unknown(reason) => Err(reason.clone()),
        // `Combinable.__and__`: a conditional expression is wrapped in a Q.
        other => Ok(Tree { connector: Connector::And, negated: false, children: vec![Child::Expression(other)] }),
    }
}

fn q(call: &Call) -> Known<Tree<'_>> {
    let mut children = Vec::new();
    for arg in &call.args {
        children.push(match arg {
            Value::Tuple(pair) => match pair.as_slice() {
                [Value::Str(name), value] => Child::Lookup(name, value),
                _ => return Err("a Q of something that is not a lookup".to_owned()),
            },
            Value::Call(inner) if is_q(inner) => Child::Tree(q(inner)?),
            Value::Combined(inner) if is_condition(arg) => Child::Tree(combine(inner)?),
            Value::Unknown(reason) => return Err(reason.clone()),
            other => Child::Expression(other),
        });
    }
    let mut lookups: Vec<(&str, &Value)> = Vec::new();
    let (mut connector, mut negated) = (Connector::And, false);
    for (name, value) in &call.kwargs {
        match (name.as_str(), value) {
            ("_connector", Value::Str(text)) => connector = parse_connector(text)?,
            ("_connector", Value::None) => {}
            ("_negated", Value::Bool(flag)) => negated = *flag,
            ("**", Value::Unknown(reason)) => return Err(reason.clone()),
            _ => lookups.push((name, value)),
        }
    }
    lookups.sort_by_key(|(name, _)| *name);
    children.extend(lookups.into_iter().map(|(name, value)| Child::Lookup(name, value)));
    Ok(Tree { connector, negated, children })
}

fn parse_connector(text: &str) -> Known<Connector> {
    match text {
        "AND" | "&" => Ok(Connector::And),
        "OR" | "|" => Ok(Connector::Or),
        "XOR" | "^" => Ok(Connector::Xor),
        other => Err(format!("the connector {other}")),
    }
}

/// `Q._combine` and `Q.__invert__`.
fn combine(combined: &Combined) -> Known<Tree<'_>> {
    let left = tree(&combined.left)?;
    if combined.operator == "~" {
        return if is_condition(&combined.left) {
            Ok(Tree { negated: !left.negated, ..left })
        } else {
            Err("the negation of an expression".to_owned())
        };
    }
    let connector = parse_connector(&combined.operator)?;
    let right = tree(&combined.right)?;
    if left.children.is_empty() {
        return Ok(right);
    }
    if right.children.is_empty() {
        return Ok(left);
    }
    let mut joined = Tree { connector, negated: false, children: Vec::new() };
    for side in [left, right] {
        // `Node.add` takes the children of a node that says the same.
        if !side.negated && (side.connector == connector || side.children.len() == 1) {
            joined.children.extend(side.children);
        } else {
            joined.children.push(Child::Tree(side));
        }
    }
    Ok(joined)
}

fn add_q(context: &Context, tree: &Tree, negated_above: bool) -> Known<Where> {
    let negated = negated_above ^ tree.negated;
    let mut node = Where { connector: tree.connector, negated: tree.negated, children: Vec::new() };
    for child in &tree.children {
        let clause = match child {
            Child::Tree(inner) => add_q(context, inner, negated)?,
            Child::Lookup(path, value) => filter(context, path, value, negated)?,
            Child::Expression(value) => leaf_expression(context, value)?,
        };
        if !clause.children.is_empty() {
            add(&mut node, clause);
        }
    }
    Ok(node)
}

fn add(node: &mut Where, clause: Where) {
    if !clause.negated && (clause.connector == node.connector || clause.children.len() == 1) {
        node.children.extend(clause.children);
    } else {
        node.children.push(Clause::Where(clause));
    }
}

fn leaves(conditions: Vec<Condition>) -> Where {
    Where { connector: Connector::And, negated: false, children: conditions.into_iter().map(Clause::Leaf).collect() }
}

/// One `path=value` (`Query.build_filter` without joins).
fn filter(context: &Context, path: &str, value: &Value, negated: bool) -> Known<Where> {
    let (lhs, rest) = context.path(path)?;
    let name = match rest.as_slice() {
        [] => "exact",
        [name] => name,
        more => return Err(format!("`{}` after a field of {}", more.join("__"), context.model.label())),
    };
    let rhs = if is_expression(value) { Rhs::Expr(expression(context, value, false)?) } else { Rhs::Value(value) };
    let name = match rhs {
        Rhs::Value(Value::None) if name == "exact" && !matches!(lhs.output, Output::Json | Output::JsonKey { .. }) => {
            "isnull"
        }
        _ => name,
    };
    const TRUE: Value = Value::Bool(true);
    let rhs = if name == "isnull" && matches!(value, Value::None) { Rhs::Value(&TRUE) } else { rhs };
    let mut clause = leaves(vec![lookup(context, &lhs, name, &rhs)?]);
    let none = matches!(rhs, Rhs::Value(Value::None));
    if !negated || name == "isnull" || none {
        return Ok(clause);
    }
    // NOT (a = 1) is unknown where `a` is NULL; Python's `!=` is true there.
    if let Some(column) = lhs.column.as_ref().filter(|column| column.null) {
        let typed = Typed::new(Expr::Column(column.name.clone()), Output::Other);
        let with_none = name == "in"
            && context.at_least(6, 1)
            && matches!(value, Value::List(items) | Value::Tuple(items) if items.contains(&Value::None));
        if with_none {
            let inner = Clause::Where(clause);
            let null = Clause::Leaf(Condition::Sql(is_null(&typed, true)));
            clause = Where { connector: Connector::Or, negated: false, children: vec![inner, null] };
        } else {
            clause.children.push(Clause::Leaf(Condition::Sql(is_null(&typed, false))));
        }
    }
    if let Rhs::Expr(typed) = &rhs
        && typed.is_column
        && typed.column.as_ref().is_some_and(|column| column.null)
    {
        clause.children.push(Clause::Leaf(Condition::Sql(is_null(typed, false))));
    }
    Ok(clause)
}

/// A conditional expression among lookups: a lookup object as it is, anything else compared with True.
fn leaf_expression(context: &Context, value: &Value) -> Known<Where> {
    if let Value::Call(call) = value
        && let Some(name) = lookup_of(call)
    {
        return Ok(leaves(vec![lookup_call(context, call, name)?]));
    }
    let typed = expression(context, value, true)?;
    // Django accepts only expressions that are boolean; those it would reject never reach a database.
    Ok(leaves(vec![Condition::Sql(typed.expr)]))
}

/// `GreaterThan(Length("name"), 3)`.
fn lookup_call(context: &Context, call: &Call, name: &str) -> Known<Condition> {
    let [left, right] = call.args.as_slice() else { return Err(format!("the arguments of {}", call.class)) };
    if !is_expression(left) {
        return Err("a lookup whose left side is not an expression".to_owned());
    }
    let lhs = expression(context, left, true)?;
    let untyped = !declares_output(left);
    let rhs = match right {
        value if is_expression(value) => Rhs::Expr(expression(context, value, false)?),
        // Without a type yet when the lookup is made (`F`, `Lower`), the value is wrapped as it is.
        value if untyped && matches!(name, "exact" | "gt" | "gte" | "lt" | "lte") => {
            Rhs::Expr(Typed::value(super::literal::plain(value)?, Output::Other))
        }
        value => Rhs::Value(value),
    };
    lookup(context, &lhs, name, &rhs)
}

/// A lookup object where an expression stands.
pub(super) fn lookup_expression(context: &Context, call: &Call) -> Option<Known<Typed>> {
    let name = lookup_of(call)?;
    Some(lookup_call(context, call, name).and_then(|condition| match condition {
        Condition::Sql(expr) => Ok(Typed::new(expr, Output::Boolean)),
        _ => Err("a condition that does not depend on the row".to_owned()),
    }))
}

/// `WhereNode.as_sql`.
fn as_sql(context: &Context, node: &Where, resolved: bool) -> Known<Condition> {
    let total = node.children.len();
    let (mut full, mut empty) = if node.connector == Connector::And { (total, 1) } else { (1, total) };
    if node.connector == Connector::Xor {
        return xor(context, node, resolved);
    }
    let mut parts = Vec::new();
    for child in &node.children {
        let part = match child {
            Clause::Where(inner) => as_sql(context, inner, resolved)?,
            Clause::Leaf(condition) => condition.clone(),
        };
        match part {
            Condition::Sql(expr) => parts.push(expr),
            Condition::Never => empty -= 1,
            Condition::Always => full -= 1,
        }
        if empty == 0 || full == 0 {
            let always = (full == 0) ^ node.negated;
            return Ok(if always { Condition::Always } else { Condition::Never });
        }
    }
    let several = parts.len() > 1;
    let Some(first) = parts.first().cloned() else { return Ok(Condition::Always) };
    let joined = match node.connector {
        _ if !several => first,
        Connector::Or => Expr::Or(parts),
        _ => Expr::And(parts),
    };
    Ok(Condition::Sql(match (node.negated, several) {
        (true, true) => Expr::Not(Box::new(joined)),
        (true, false) => Expr::Not(Box::new(joined.paren())),
        (false, false) if resolved => joined.paren(),
        _ => joined,
    }))
}

/// PostgreSQL has no XOR: `(a OR b) AND 1 = (number of those that hold) % 2`.
fn xor(context: &Context, node: &Where, resolved: bool) -> Known<Condition> {
    let mut parts = Vec::new();
    for child in &node.children {
        match child {
            Clause::Where(inner) => match as_sql(context, inner, resolved)? {
                Condition::Sql(expr) => parts.push(expr),
                _ => return Err("an XOR with a constant".to_owned()),
            },
            Clause::Leaf(Condition::Sql(expr)) => parts.push(expr.clone()),
            Clause::Leaf(_) => return Err("an XOR with a constant".to_owned()),
        }
    }
    let one = |part: &Expr| Expr::Case {
        branches: vec![(part.clone(), Expr::integer(1))],
        otherwise: Some(Box::new(Expr::integer(0))),
    };
    let mut sum = None;
    for part in &parts {
        sum = Some(match sum {
            None => one(part),
            Some(sum) => Expr::binary(sum, Operator::Add, one(part)).paren(),
        });
    }
    let Some(mut sum) = sum else { return Ok(Condition::Always) };
    // Up to 4.2 Django forgot the remainder, so that exactly one must hold.
    let modulo = parts.len() > 2 && context.at_least(5, 0);
    if modulo {
        sum = Expr::function("MOD", vec![sum, Expr::integer(2)]).paren();
    }
    let odd = Expr::binary(Expr::integer(1), Operator::Eq, sum);
    let both = Expr::And(vec![Expr::Or(parts), odd]);
    Ok(Condition::Sql(if node.negated { Expr::Not(Box::new(both)) } else { both }))
}
