//! Filter expressions (`book.title|upper`) and the conditions of `{% if %}`.

use std::sync::Arc;

/// A value with the filters it goes through.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Filtered {
    pub(crate) operand: Operand,
    pub(crate) filters: Vec<FilterCall>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FilterCall {
    pub(crate) name: Box<str>,
    pub(crate) argument: Option<Operand>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Operand {
    Text(Arc<str>),
    Int(i128),
    Float(f64),
    /// The parts of `book.author.name`.
    Variable(Box<[Box<str>]>),
}

/// `{% if %}` tells these apart.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Condition {
    Value(Filtered),
    Not(Box<Condition>),
    And(Box<Condition>, Box<Condition>),
    Or(Box<Condition>, Box<Condition>),
    Compare(Operator, Box<Condition>, Box<Condition>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    /// `<`, `>`, `<=` and `>=`.
    Order,
    In,
    NotIn,
    Is,
    IsNot,
}

impl Filtered {
    /// Reads a filter expression; what follows a mistake is left out.
    pub(crate) fn parse(text: &str) -> Filtered {
        let mut reader = Reader { rest: text.trim() };
        let operand = reader.operand();
        let mut filters = Vec::new();
        while reader.skip('|') {
            let name = reader.word();
            let argument = reader.skip(':').then(|| reader.operand());
            if name.is_empty() {
                break;
            }
            filters.push(FilterCall { name: name.into(), argument });
        }
        Filtered { operand, filters }
    }

    /// The path of a plain variable.
    pub(crate) fn path(&self) -> Option<Vec<&str>> {
        match &self.operand {
            Operand::Variable(path) if self.filters.is_empty() => Some(path.iter().map(|part| &**part).collect()),
            _ => None,
        }
    }
}

impl Operand {
    pub(crate) fn variable(path: &str) -> Operand {
        Operand::Variable(path.split('.').map(Box::from).collect())
    }
}

struct Reader<'t> {
    rest: &'t str,
}

impl<'t> Reader<'t> {
    /// Goes over a character, if it comes next, and white space around it.
    fn skip(&mut self, char: char) -> bool {
        match self.rest.trim_start().strip_prefix(char) {
            Some(rest) => {
                self.rest = rest.trim_start();
                true
            }
            None => false,
        }
    }

    fn word(&mut self) -> &'t str {
        let end = self
            .rest
            .find(|char: char| !(char.is_alphanumeric() || matches!(char, '_' | '.' | '+' | '-')))
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn operand(&mut self) -> Operand {
        if let Some(rest) = self.rest.strip_prefix("_(") {
            self.rest = rest;
            let text = self.quoted().unwrap_or_default();
            self.skip(')');
            return Operand::Text(text);
        }
        if let Some(text) = self.quoted() {
            return Operand::Text(text);
        }
        let word = self.word();
        if let Ok(int) = word.parse() {
            return Operand::Int(int);
        }
        match word.parse() {
            Ok(float) if word.starts_with(|char: char| char.is_ascii_digit() || matches!(char, '-' | '+' | '.')) => {
                Operand::Float(float)
            }
            _ => Operand::variable(word),
        }
    }

    fn quoted(&mut self) -> Option<Arc<str>> {
        let quote = self.rest.chars().next().filter(|char| matches!(char, '"' | '\''))?;
        let mut text = String::new();
        let mut chars = self.rest[1..].char_indices();
        while let Some((at, char)) = chars.next() {
            match char {
                '\\' => text.extend(chars.next().map(|(_, char)| char)),
                char if char == quote => {
                    self.rest = &self.rest[1 + at + 1..];
                    return Some(text.into());
                }
                char => text.push(char),
            }
        }
        self.rest = "";
        Some(text.into())
    }
}

/// How tightly an infix operator binds, as in `django.template.smartif`.
fn precedence(word: &str) -> Option<u8> {
    Some(match word {
        "or" => 6,
        "and" => 7,
        "in" | "not in" => 9,
        "is" | "is not" | "==" | "!=" | "<" | ">" | "<=" | ">=" => 10,
        _ => return None,
    })
}

/// The precedence of `not`.
const NOT: u8 = 8;
/// Operators that one condition may have.
const DEEPEST: u32 = 200;

impl Condition {
    /// Reads the words of an `{% if %}`; what follows a mistake is left out.
    pub(crate) fn parse(words: &[&str]) -> Condition {
        let mut joined: Vec<&str> = Vec::new();
        let mut words = words.iter().copied().peekable();
        while let Some(word) = words.next() {
            match (word, words.peek()) {
                ("not", Some(&"in")) => {
                    words.next();
                    joined.push("not in");
                }
                ("is", Some(&"not")) => {
                    words.next();
                    joined.push("is not");
                }
                _ => joined.push(word),
            }
        }
        Conditions { words: joined, at: 0, operators: 0 }.expression(0)
    }
}

struct Conditions<'t> {
    words: Vec<&'t str>,
    at: usize,
    operators: u32,
}

impl Conditions<'_> {
    fn expression(&mut self, least: u8) -> Condition {
        let mut left = self.prefix();
        while let Some(word) = self.words.get(self.at).copied() {
            let Some(binds) = precedence(word).filter(|binds| *binds > least && self.operators < DEEPEST) else {
                break;
            };
            self.at += 1;
            self.operators += 1;
            let right = Box::new(self.expression(binds));
            let one = Box::new(left);
            left = match word {
                "or" => Condition::Or(one, right),
                "and" => Condition::And(one, right),
                "in" => Condition::Compare(Operator::In, one, right),
                "not in" => Condition::Compare(Operator::NotIn, one, right),
                "is" => Condition::Compare(Operator::Is, one, right),
                "is not" => Condition::Compare(Operator::IsNot, one, right),
                "==" => Condition::Compare(Operator::Equal, one, right),
                "!=" => Condition::Compare(Operator::NotEqual, one, right),
                _ => Condition::Compare(Operator::Order, one, right),
            };
        }
        left
    }

    fn prefix(&mut self) -> Condition {
        let Some(word) = self.words.get(self.at).copied() else { return Condition::Value(Filtered::parse("None")) };
        self.at += 1;
        match word {
            "not" if self.operators < DEEPEST => {
                self.operators += 1;
                Condition::Not(Box::new(self.expression(NOT)))
            }
            word => Condition::Value(Filtered::parse(word)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variable(path: &str) -> Operand {
        Operand::variable(path)
    }

    #[test]
    fn filters_with_and_without_arguments() {
        let read = Filtered::parse("book.title|default:\"a | b\"|slice:other.end|length");
        let call = |name: &str, argument| FilterCall { name: name.into(), argument };
        assert_eq!(read.operand, variable("book.title"));
        let expected = [
            call("default", Some(Operand::Text("a | b".into()))),
            call("slice", Some(variable("other.end"))),
            call("length", None),
        ];
        assert_eq!(read.filters, expected);
    }

    #[test]
    fn literals() {
        assert_eq!(Filtered::parse("-3").operand, Operand::Int(-3));
        assert_eq!(Filtered::parse("2.5").operand, Operand::Float(2.5));
        assert_eq!(Filtered::parse("'it\\'s'").operand, Operand::Text("it's".into()));
        assert_eq!(Filtered::parse("_(\"x y\")|upper").operand, Operand::Text("x y".into()));
        assert_eq!(Filtered::parse("nan").operand, variable("nan"));
    }

    #[test]
    fn mistakes_end_the_expression() {
        for text in ["", "|", "a|", "a|b:", "a||b", "\"open", "_(", "a.b c", "{", "é|ü:'"] {
            Filtered::parse(text);
        }
        assert_eq!(Filtered::parse("a | upper").filters.len(), 1);
    }

    fn shown(condition: &Condition) -> String {
        match condition {
            Condition::Value(value) => value.path().unwrap_or_default().join("."),
            Condition::Not(one) => format!("not({})", shown(one)),
            Condition::And(one, other) => format!("({} and {})", shown(one), shown(other)),
            Condition::Or(one, other) => format!("({} or {})", shown(one), shown(other)),
            Condition::Compare(operator, one, other) => format!("({} {operator:?} {})", shown(one), shown(other)),
        }
    }

    #[test]
    fn precedence_of_operators() {
        let read = |text: &str| shown(&Condition::parse(&text.split(' ').collect::<Vec<_>>()));
        assert_eq!(read("a or b and not c in d"), "(a or (b and not((c In d))))");
        assert_eq!(read("a not in b and c is not d"), "((a NotIn b) and (c IsNot d))");
        assert_eq!(read("a == b or c > d or e"), "(((a Equal b) or (c Order d)) or e)");
        assert_eq!(read("not not a"), "not(not(a))");
        read("and or ==");
        read(&"not ".repeat(5000));
        read(&"a or ".repeat(5000));
    }
}
