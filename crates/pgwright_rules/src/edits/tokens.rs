//! As much of Python's tokens as finding commas needs.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Comma,
    Open,
    Close,
    Comment,
    /// A word, a string or an operator.
    Other,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// As much of Python's tokens as finding commas needs. Gives `None` for a string that does not end.
pub(crate) struct Tokens<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Tokens<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Tokens { text, at: 0 }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }
}

impl Iterator for Tokens<'_> {
    type Item = Option<Token>;

    fn next(&mut self) -> Option<Self::Item> {
        let skipped =
            self.rest().len() - self.rest().trim_start_matches(|c: char| c.is_whitespace() || c == '\\').len();
        self.at += skipped;
        let start = self.at;
        let rest = self.rest();
        let first = rest.chars().next()?;
        let (kind, length) = match first {
            ',' => (Kind::Comma, 1),
            '(' | '[' | '{' => (Kind::Open, 1),
            ')' | ']' | '}' => (Kind::Close, 1),
            '#' => (Kind::Comment, rest.find(['\n', '\r']).unwrap_or(rest.len())),
            '"' | '\'' => match string_length(rest, first) {
                Some(length) => (Kind::Other, length),
                None => {
                    self.at = self.text.len();
                    return Some(None);
                }
            },
            _ if first.is_alphanumeric() || first == '_' => {
                (Kind::Other, rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len()))
            }
            _ => (Kind::Other, first.len_utf8()),
        };
        self.at += length;
        Some(Some(Token { kind, start, end: self.at }))
    }
}

/// Bytes of the string literal a text starts with, quotes included.
fn string_length(text: &str, quote: char) -> Option<usize> {
    let triple: String = [quote; 3].iter().collect();
    let fence = if text.starts_with(&triple) { triple } else { quote.to_string() };
    let mut at = fence.len();
    loop {
        let rest = text.get(at..)?;
        if rest.starts_with(&fence) {
            return Some(at + fence.len());
        }
        let next = rest.chars().next()?;
        at += next.len_utf8();
        if next == '\\' {
            at += text.get(at..)?.chars().next()?.len_utf8();
        }
    }
}
