//! `BETWEEN` as a call, because squawk 2.68 takes `x BETWEEN 1 AND 2 OR y` for `x BETWEEN 1 AND (2 OR y)` and loses the
//! left side of `x::date BETWEEN …`.

use std::borrow::Cow;

/// The function that stands for the two bounds.
pub(super) const BOUNDS: &str = "pgwright_between";

/// Writes `x [NOT] BETWEEN a AND b` as `x [NOT] IN (pgwright_between(a , b))`, which binds alike.
pub(super) fn rewrite(sql: &str) -> Cow<'_, str> {
    if !contains_word(sql) {
        return Cow::Borrowed(sql);
    }
    let tokens = tokens(sql);
    let mut edits: Vec<(usize, usize, String)> = Vec::new();
    for (position, token) in tokens.iter().enumerate() {
        if token.is("BETWEEN") {
            edit_one(&tokens, position, &mut edits);
        }
    }
    edits.sort_by_key(|(start, ..)| *start);
    let mut rewritten = String::with_capacity(sql.len() + 32);
    let mut at = 0;
    for (start, end, text) in edits {
        rewritten.push_str(sql.get(at..start).unwrap_or_default());
        rewritten.push_str(&text);
        at = end;
    }
    rewritten.push_str(sql.get(at..).unwrap_or_default());
    Cow::Owned(rewritten)
}

fn contains_word(sql: &str) -> bool {
    sql.as_bytes().windows(7).any(|window| window.eq_ignore_ascii_case(b"BETWEEN"))
}

fn edit_one(tokens: &[Token<'_>], position: usize, edits: &mut Vec<(usize, usize, String)>) {
    let rest = &tokens[position + 1..];
    if rest.first().is_some_and(|next| next.is("SYMMETRIC")) {
        return;
    }
    // `ROWS BETWEEN …` of a window is none.
    if position > 0 && ["ROWS", "RANGE", "GROUPS"].iter().any(|frame| tokens[position - 1].is(frame)) {
        return;
    }
    let mut depth = 0_usize;
    let mut nested = 0_usize;
    let mut and = None;
    let mut end = rest.last().map_or(tokens[position].end, |last| last.end);
    for token in rest {
        match token.text {
            "(" | "[" => depth += 1,
            ")" | "]" if depth == 0 => {
                end = token.start;
                break;
            }
            ")" | "]" => depth -= 1,
            _ if token.is("CASE") => depth += 1,
            _ if token.is("END") && depth > 0 => depth -= 1,
            _ if depth > 0 => {}
            _ if and.is_none() && token.is("BETWEEN") => nested += 1,
            _ if and.is_none() && token.is("AND") && nested > 0 => nested -= 1,
            _ if and.is_none() && token.is("AND") => and = Some(token),
            "," | ";" => {
                end = token.start;
                break;
            }
            _ if and.is_some() && ENDS.iter().any(|word| token.is(word)) => {
                end = token.start;
                break;
            }
            _ => {}
        }
    }
    let Some(and) = and else { return };
    let between = &tokens[position];
    edits.push((between.start, between.end, format!("IN ({BOUNDS}(")));
    edits.push((and.start, and.end, ",".to_owned()));
    edits.push((end, end, ")) ".to_owned()));
}

/// Words that end the upper bound.
const ENDS: [&str; 40] = [
    "AND",
    "OR",
    "NOT",
    "IS",
    "ISNULL",
    "NOTNULL",
    "IN",
    "LIKE",
    "ILIKE",
    "SIMILAR",
    "THEN",
    "ELSE",
    "END",
    "WHEN",
    "ORDER",
    "GROUP",
    "LIMIT",
    "HAVING",
    "OFFSET",
    "FETCH",
    "RETURNING",
    "UNION",
    "INTERSECT",
    "EXCEPT",
    "FOR",
    "WINDOW",
    "AS",
    "FROM",
    "WHERE",
    "JOIN",
    "INNER",
    "LEFT",
    "RIGHT",
    "FULL",
    "CROSS",
    "NATURAL",
    "ASC",
    "DESC",
    "NULLS",
    "BETWEEN",
];

struct Token<'a> {
    text: &'a str,
    start: usize,
    end: usize,
}

impl Token<'_> {
    fn is(&self, word: &str) -> bool {
        self.text.eq_ignore_ascii_case(word)
    }
}

/// Words and single signs; quoted text and comments are one token each, and never a word.
fn tokens(sql: &str) -> Vec<Token<'_>> {
    let bytes = sql.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        match bytes[at] {
            b'\'' | b'"' => {
                let escapes = bytes[at] == b'\'' && at > 0 && matches!(bytes[at - 1], b'e' | b'E');
                at = quoted_end(bytes, at, escapes);
            }
            b'-' if bytes.get(at + 1) == Some(&b'-') => {
                at = sql.get(at..).and_then(|rest| rest.find('\n')).map_or(bytes.len(), |length| at + length);
                continue;
            }
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                at = sql.get(at + 2..).and_then(|rest| rest.find("*/")).map_or(bytes.len(), |length| at + length + 4);
                continue;
            }
            byte if byte.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            byte if is_word(byte) => {
                while bytes.get(at).is_some_and(|byte| is_word(*byte)) {
                    at += 1;
                }
            }
            _ => at += 1,
        }
        if let Some(text) = sql.get(start..at) {
            found.push(Token { text, start, end: at });
        }
    }
    found
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

fn quoted_end(bytes: &[u8], start: usize, escapes: bool) -> usize {
    let quote = bytes[start];
    let mut at = start + 1;
    while at < bytes.len() {
        if escapes && bytes[at] == b'\\' {
            at += 2;
            continue;
        }
        at += 1;
        if bytes[at - 1] == quote {
            break;
        }
    }
    at.min(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::rewrite;

    #[test]
    fn bounds_end_where_postgresql_ends_them() {
        let cases = [
            ("x BETWEEN 1 AND 2 OR y", "x IN (pgwright_between( 1 , 2 )) OR y"),
            ("(x::date NOT between a+1 AND f(2, 3))", "(x::date NOT IN (pgwright_between( a+1 , f(2, 3))) )"),
            ("a = 'BETWEEN' AND b", "a = 'BETWEEN' AND b"),
            (
                "x BETWEEN 1 AND 2 AND y BETWEEN 3 AND 4",
                "x IN (pgwright_between( 1 , 2 )) AND y IN (pgwright_between( 3 , 4)) ",
            ),
            (
                "x BETWEEN CASE WHEN a AND b THEN 1 END AND 2",
                "x IN (pgwright_between( CASE WHEN a AND b THEN 1 END , 2)) ",
            ),
        ];
        for (before, after) in cases {
            assert_eq!(rewrite(before), after);
        }
    }
}
