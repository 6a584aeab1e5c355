//! SQL expressions as a tree that prints exactly as Django writes it.
//!
//! Django's parentheses follow no single rule, so they are kept ([`Expr::Paren`]); [`Expr::bare`] looks through them.

use std::fmt;

use serde::Serialize;

use crate::names::quote_name;

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Expr {
    /// A column of the table at hand, unqualified.
    Column(String),
    Literal(Literal),
    /// `NAME(a, b)`.
    Function {
        name: String,
        args: Vec<Expr>,
    },
    /// `expr::type`.
    Cast {
        expr: Box<Expr>,
        type_name: String,
    },
    Binary {
        left: Box<Expr>,
        operator: Operator,
        right: Box<Expr>,
    },
    Not(Box<Expr>),
    /// Prints its own parentheses.
    And(Vec<Expr>),
    /// Prints its own parentheses.
    Or(Vec<Expr>),
    IsNull {
        expr: Box<Expr>,
        negated: bool,
    },
    In {
        expr: Box<Expr>,
        list: Vec<Expr>,
    },
    Between {
        expr: Box<Expr>,
        low: Box<Expr>,
        high: Box<Expr>,
    },
    Case {
        branches: Vec<(Expr, Expr)>,
        otherwise: Option<Box<Expr>>,
    },
    Collate {
        expr: Box<Expr>,
        collation: String,
    },
    AtTimeZone {
        expr: Box<Expr>,
        zone: Box<Expr>,
    },
    /// `EXTRACT(part FROM expr)`.
    Extract {
        part: String,
        expr: Box<Expr>,
    },
    /// `expr[1]`, or `expr[1:3]`.
    Subscript {
        expr: Box<Expr>,
        index: i64,
        end: Option<i64>,
    },
    /// `ARRAY[a, b]`.
    Array(Vec<Expr>),
    Paren(Box<Expr>),
    /// SQL text given as such (`RawSQL`), or a part whose structure nothing asks about.
    Raw(String),
    /// Parts written one after the other with nothing between them.
    Sequence(Vec<Expr>),
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Literal {
    Null,
    Bool(bool),
    Integer(i128),
    /// A number with a fraction or exponent, as written.
    Number(String),
    Text(String),
    /// `'text'::type`.
    Typed {
        text: String,
        type_name: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    Eq,
    NotEq,
    Lt,
    LtE,
    Gt,
    GtE,
    Like,
    Regex,
    IRegex,
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
    Concat,
    Contains,
    ContainedBy,
    Overlaps,
    HasKey,
    HasAnyKeys,
    HasKeys,
    Get,
    GetText,
    GetPath,
    GetPathText,
    Matches,
    Other(String),
}

impl Operator {
    pub fn as_str(&self) -> &str {
        match self {
            Operator::Eq => "=",
            Operator::NotEq => "<>",
            Operator::Lt => "<",
            Operator::LtE => "<=",
            Operator::Gt => ">",
            Operator::GtE => ">=",
            Operator::Like => "LIKE",
            Operator::Regex => "~",
            Operator::IRegex => "~*",
            Operator::Add => "+",
            Operator::Sub => "-",
            Operator::Mul => "*",
            Operator::Div => "/",
            Operator::Mod => "%",
            Operator::Pow => "^",
            Operator::Concat => "||",
            Operator::Contains => "@>",
            Operator::ContainedBy => "<@",
            Operator::Overlaps => "&&",
            Operator::HasKey => "?",
            Operator::HasAnyKeys => "?|",
            Operator::HasKeys => "?&",
            Operator::Get => "->",
            Operator::GetText => "->>",
            Operator::GetPath => "#>",
            Operator::GetPathText => "#>>",
            Operator::Matches => "@@",
            Operator::Other(text) => text,
        }
    }
}

impl Expr {
    pub fn function(name: &str, args: Vec<Expr>) -> Expr {
        Expr::Function { name: name.to_owned(), args }
    }

    pub fn binary(left: Expr, operator: Operator, right: Expr) -> Expr {
        Expr::Binary { left: Box::new(left), operator, right: Box::new(right) }
    }

    pub fn cast(self, type_name: &str) -> Expr {
        Expr::Cast { expr: Box::new(self), type_name: type_name.to_owned() }
    }

    pub fn paren(self) -> Expr {
        Expr::Paren(Box::new(self))
    }

    pub fn text(text: impl Into<String>) -> Expr {
        Expr::Literal(Literal::Text(text.into()))
    }

    pub fn integer(number: i128) -> Expr {
        Expr::Literal(Literal::Integer(number))
    }

    /// The expression without the parentheses around it.
    pub fn bare(&self) -> &Expr {
        let mut expr = self;
        while let Expr::Paren(inner) = expr {
            expr = inner;
        }
        expr
    }

    /// The column, when the expression is nothing but one.
    pub fn as_column(&self) -> Option<&str> {
        match self.bare() {
            Expr::Column(name) => Some(name),
            _ => None,
        }
    }

    /// The value of a cast.
    pub fn uncast(self) -> Expr {
        match self {
            Expr::Cast { expr, .. } => *expr,
            other => other,
        }
    }

    /// The direct parts of the expression.
    pub fn parts(&self) -> Vec<&Expr> {
        match self {
            Expr::Column(_) | Expr::Literal(_) | Expr::Raw(_) => Vec::new(),
            Expr::Function { args: items, .. }
            | Expr::And(items)
            | Expr::Or(items)
            | Expr::Array(items)
            | Expr::Sequence(items) => items.iter().collect(),
            Expr::Cast { expr, .. }
            | Expr::Not(expr)
            | Expr::IsNull { expr, .. }
            | Expr::Collate { expr, .. }
            | Expr::Extract { expr, .. }
            | Expr::Subscript { expr, .. }
            | Expr::Paren(expr) => vec![expr],
            Expr::Binary { left, right, .. } => vec![left, right],
            Expr::AtTimeZone { expr, zone } => vec![expr, zone],
            Expr::In { expr, list } => std::iter::once(&**expr).chain(list).collect(),
            Expr::Between { expr, low, high } => vec![expr, low, high],
            Expr::Case { branches, otherwise } => {
                let branches = branches.iter().flat_map(|(condition, result)| [condition, result]);
                branches.chain(otherwise.as_deref()).collect()
            }
        }
    }

    /// The same expression of a table whose column has another name now; [`Expr::Raw`] text is not looked into.
    pub fn rename_column(&mut self, from: &str, to: &str) {
        match self {
            Expr::Column(name) if name == from => to.clone_into(name),
            Expr::Column(_) | Expr::Literal(_) | Expr::Raw(_) => {}
            Expr::Function { args: items, .. }
            | Expr::And(items)
            | Expr::Or(items)
            | Expr::Array(items)
            | Expr::Sequence(items) => items.iter_mut().for_each(|item| item.rename_column(from, to)),
            Expr::Cast { expr, .. }
            | Expr::Not(expr)
            | Expr::IsNull { expr, .. }
            | Expr::Collate { expr, .. }
            | Expr::Extract { expr, .. }
            | Expr::Subscript { expr, .. }
            | Expr::Paren(expr) => expr.rename_column(from, to),
            Expr::Binary { left, right, .. } => {
                left.rename_column(from, to);
                right.rename_column(from, to);
            }
            Expr::AtTimeZone { expr, zone } => {
                expr.rename_column(from, to);
                zone.rename_column(from, to);
            }
            Expr::In { expr, list } => {
                expr.rename_column(from, to);
                list.iter_mut().for_each(|item| item.rename_column(from, to));
            }
            Expr::Between { expr, low, high } => {
                for part in [expr, low, high] {
                    part.rename_column(from, to);
                }
            }
            Expr::Case { branches, otherwise } => {
                for (condition, result) in branches {
                    condition.rename_column(from, to);
                    result.rename_column(from, to);
                }
                if let Some(otherwise) = otherwise {
                    otherwise.rename_column(from, to);
                }
            }
        }
    }

    /// Every column the expression reads, in order of appearance, each once. [`Expr::Raw`] text is not looked into.
    pub fn columns(&self) -> Vec<&str> {
        let mut found = Vec::new();
        let mut rest = vec![self];
        while let Some(expr) = rest.pop() {
            if let Expr::Column(name) = expr
                && !found.contains(&name.as_str())
            {
                found.push(name.as_str());
            }
            rest.extend(expr.parts().into_iter().rev());
        }
        found
    }
}

/// Quotes text as libpq's `PQescapeLiteral` does: with a backslash inside, as ` E'…'` with the space before it.
pub fn quote_text(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    if doubled.contains('\\') { format!(" E'{}'", doubled.replace('\\', "\\\\")) } else { format!("'{doubled}'") }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Literal::Null => f.write_str("NULL"),
            Literal::Bool(value) => write!(f, "{value}"),
            // psycopg writes a space before a minus, lest `--` begin a comment.
            Literal::Integer(value) if *value < 0 => write!(f, " {value}"),
            Literal::Integer(value) => write!(f, "{value}"),
            Literal::Number(text) if text.starts_with('-') => write!(f, " {text}"),
            Literal::Number(text) => f.write_str(text),
            Literal::Text(text) => f.write_str(&quote_text(text)),
            Literal::Typed { text, type_name } => write!(f, "{}::{type_name}", quote_text(text)),
        }
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expr::Column(name) => f.write_str(&quote_name(name)),
            Expr::Literal(literal) => literal.fmt(f),
            Expr::Function { name, args } => {
                write!(f, "{name}(")?;
                joined(f, args, ", ")?;
                f.write_str(")")
            }
            Expr::Cast { expr, type_name } => write!(f, "{expr}::{type_name}"),
            Expr::Binary { left, operator, right } => write!(f, "{left} {} {right}", operator.as_str()),
            Expr::Not(expr) => write!(f, "NOT {expr}"),
            Expr::And(items) => group(f, items, " AND "),
            Expr::Or(items) => group(f, items, " OR "),
            Expr::IsNull { expr, negated } => write!(f, "{expr} IS {}NULL", if *negated { "NOT " } else { "" }),
            Expr::In { expr, list } => {
                write!(f, "{expr} IN ")?;
                group(f, list, ", ")
            }
            Expr::Between { expr, low, high } => write!(f, "{expr} BETWEEN {low} AND {high}"),
            Expr::Case { branches, otherwise } => {
                f.write_str("CASE")?;
                for (condition, result) in branches {
                    write!(f, " WHEN {condition} THEN {result}")?;
                }
                if let Some(otherwise) = otherwise {
                    write!(f, " ELSE {otherwise}")?;
                }
                f.write_str(" END")
            }
            Expr::Collate { expr, collation } => write!(f, "{expr} COLLATE {}", quote_name(collation)),
            Expr::AtTimeZone { expr, zone } => write!(f, "{expr} AT TIME ZONE {zone}"),
            Expr::Extract { part, expr } => write!(f, "EXTRACT({part} FROM {expr})"),
            Expr::Subscript { expr, index, end: None } => write!(f, "{expr}[{index}]"),
            Expr::Subscript { expr, index, end: Some(end) } => write!(f, "{expr}[{index}:{end}]"),
            Expr::Array(items) => {
                f.write_str("ARRAY[")?;
                joined(f, items, ", ")?;
                f.write_str("]")
            }
            Expr::Paren(inner) => write!(f, "({inner})"),
            Expr::Raw(text) => f.write_str(text),
            Expr::Sequence(items) => joined(f, items, ""),
        }
    }
}

fn joined(f: &mut fmt::Formatter<'_>, items: &[Expr], separator: &str) -> fmt::Result {
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            f.write_str(separator)?;
        }
        write!(f, "{item}")?;
    }
    Ok(())
}

fn group(f: &mut fmt::Formatter<'_>, items: &[Expr], separator: &str) -> fmt::Result {
    f.write_str("(")?;
    joined(f, items, separator)?;
    f.write_str(")")
}
