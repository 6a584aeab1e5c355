//! Conditions apart by the clause they belong in, and written (`django/db/models/sql/where.py`).

use std::sync::Arc;

use super::Compiler;
use super::text::{Stop, Text, Written};
use crate::model::Value;
use crate::queries::build::functions::named;
use crate::queries::expression::{
    Call, Combined, Connector, Expression, Function, Lookup, Node, Right, Temporal, Where,
};

/// What belongs in WHERE, in HAVING, and what is a condition on a window.
type Parts = (Option<Where>, Option<Where>, Option<Where>);

/// `WhereNode.split_having_qualify`.
pub(crate) fn split(node: &Where, grouped: bool) -> Result<Parts, String> {
    split_within(node, false, grouped)
}

fn split_within(node: &Where, negated: bool, grouped: bool) -> Result<Parts, String> {
    let aggregate = node.children.iter().any(|child| child.contains_aggregate());
    let window = node.children.iter().any(|child| child.contains_over_clause());
    if !aggregate && !window {
        return Ok((Some(node.clone()), None, None));
    }
    let in_negated = negated ^ node.negated;
    let connected = (in_negated && node.connector == Connector::And)
        || (!in_negated && node.connector == Connector::Or)
        || node.connector == Connector::Xor;
    if connected && aggregate && !window {
        return Ok((None, Some(node.clone()), None));
    }
    let (mut wheres, mut havings, mut qualifies): (Vec<Node>, Vec<Node>, Vec<Node>) = Default::default();
    for child in &node.children {
        match &**child {
            Expression::Where(inner) => {
                let (a, b, c) = split_within(inner, in_negated, grouped)?;
                wheres.extend(a.map(|node| Arc::new(Expression::Where(node))));
                havings.extend(b.map(|node| Arc::new(Expression::Where(node))));
                qualifies.extend(c.map(|node| Arc::new(Expression::Where(node))));
            }
            _ if child.contains_over_clause() => qualifies.push(child.clone()),
            _ if child.contains_aggregate() => havings.push(child.clone()),
            _ => wheres.push(child.clone()),
        }
    }
    if connected && !qualifies.is_empty() {
        if wheres.is_empty() || !grouped {
            return Ok((None, None, Some(node.clone())));
        }
        return Err("a window or another condition while grouping".to_owned());
    }
    let made = |children: Vec<Node>| {
        (!children.is_empty()).then_some(Where {
            connector: node.connector,
            negated: node.negated,
            resolved: false,
            children,
        })
    };
    Ok((made(wheres), made(havings), made(qualifies)))
}

impl Compiler<'_, '_> {
    /// `WhereNode.as_sql`.
    pub(crate) fn write_where(&self, node: &Where, out: &mut Text) -> Written<()> {
        let count = node.children.len();
        let (mut full_needed, mut empty_needed) =
            if node.connector == Connector::And { (count, 1) } else { (1, count) };
        if node.connector == Connector::Xor {
            return self.write_xor(node, out);
        }
        let start = out.mark();
        let connector = match node.connector {
            Connector::And => " AND ",
            _ => " OR ",
        };
        // The opening is written once it is known whether there is more than one condition.
        let mut written = 0;
        for child in &node.children {
            let before = out.mark();
            if written > 0 {
                out.push(connector);
            }
            let begun = out.mark();
            match self.write(child, out) {
                Ok(()) if out.is_empty_since(begun) => {
                    out.reset(before);
                    full_needed -= 1;
                }
                Ok(()) => written += 1,
                Err(Stop::Empty) => {
                    out.reset(before);
                    empty_needed -= 1;
                }
                Err(Stop::Full) => {
                    out.reset(before);
                    full_needed -= 1;
                }
                Err(other) => return Err(other),
            }
            if empty_needed == 0 {
                out.reset(start);
                return Err(if node.negated { Stop::Full } else { Stop::Empty });
            }
            if full_needed == 0 {
                out.reset(start);
                return Err(if node.negated { Stop::Empty } else { Stop::Full });
            }
        }
        if written == 0 {
            return Err(Stop::Full);
        }
        if node.negated {
            out.sql.insert_str(start.0, "NOT (");
            out.push(")");
        } else if written > 1 || node.resolved {
            out.sql.insert(start.0, '(');
            out.push(")");
        }
        Ok(())
    }

    /// PostgreSQL has no XOR: one of them, and an odd number of them.
    fn write_xor(&self, node: &Where, out: &mut Text) -> Written<()> {
        let any = Where { connector: Connector::Or, children: node.children.clone(), ..Where::default() };
        let number = |value: i128| Expression::value(Value::Int(value));
        let mut sum: Option<Node> = None;
        for child in &node.children {
            let branch = Arc::new(Expression::When { condition: child.clone(), result: number(1) });
            let case = Arc::new(Expression::Case { branches: vec![branch], default: number(0), output: None });
            sum = Some(match sum {
                None => case,
                Some(left) => Arc::new(Expression::Combined(Combined {
                    operator: "+",
                    left,
                    right: case,
                    output: None,
                    temporal: Temporal::No,
                })),
            });
        }
        let Some(mut sum) = sum else { return Err(Stop::Full) };
        if node.children.len() > 2 && self.context.at_least(5, 0) {
            let modulo = named("Mod").ok_or("Mod")?;
            sum = Arc::new(Expression::Function(Function {
                call: Call::Named(modulo),
                arguments: vec![sum, number(2)],
                output: None,
            }));
        }
        let one =
            Arc::new(Expression::Lookup(Lookup { name: "exact".into(), left: number(1), right: Right::Node(sum) }));
        let both = Where {
            connector: Connector::And,
            negated: node.negated,
            resolved: false,
            children: vec![Arc::new(Expression::Where(any)), one],
        };
        self.write_where(&both, out)
    }
}
