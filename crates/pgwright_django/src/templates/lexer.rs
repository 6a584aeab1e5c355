//! Tokens of a template: text is left out, since it does nothing.

/// What stands between braces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// `{{ … }}`
    Variable,
    /// `{% … %}`
    Tag,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token<'t> {
    pub(crate) kind: TokenKind,
    /// What is inside, without white space around it.
    pub(crate) contents: &'t str,
    /// Where the token begins, in bytes.
    pub(crate) at: u32,
}

impl<'t> Token<'t> {
    /// The first word: a tag's name.
    pub(crate) fn name(&self) -> &'t str {
        self.contents.split_whitespace().next().unwrap_or_default()
    }
}

/// The tokens of a template. A brace that is not closed on its line is text; nothing inside `{% verbatim %}` is a token.
pub(crate) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    // The contents of the tag that ends the `{% verbatim %}` under way.
    let mut verbatim: Option<String> = None;
    while let Some(open) = memchr::memchr(b'{', text.as_bytes().get(at..).unwrap_or_default()) {
        let start = at + open;
        let rest = &text[start..];
        let (close, kind) = match rest.as_bytes().get(1) {
            Some(b'%') => ("%}", Some(TokenKind::Tag)),
            Some(b'{') => ("}}", Some(TokenKind::Variable)),
            Some(b'#') => ("#}", None),
            _ => {
                at = start + 1;
                continue;
            }
        };
        let line = &rest[2..memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len()).max(2)];
        let Some(length) = line.find(close) else {
            at = start + 1;
            continue;
        };
        at = start + 2 + length + 2;
        let contents = line[..length].trim();
        if let Some(end) = &verbatim {
            if kind == Some(TokenKind::Tag) && contents == end {
                verbatim = None;
            }
            continue;
        }
        let Some(kind) = kind else { continue };
        if kind == TokenKind::Tag && (contents == "verbatim" || contents.starts_with("verbatim ")) {
            verbatim = Some(format!("end{contents}"));
            continue;
        }
        found.push(Token { kind, contents, at: u32::try_from(start).unwrap_or(u32::MAX) });
    }
    found
}

/// Where the token that begins there ends.
pub(crate) fn token_end(text: &str, at: u32) -> u32 {
    let rest = text.get(at as usize..).unwrap_or_default();
    let length = ["%}", "}}"].iter().filter_map(|close| rest.find(close)).min().map_or(0, |found| found + 2);
    at + u32::try_from(length).unwrap_or_default()
}

/// The words of a tag, as `smart_split` cuts them: white space inside quotes does not divide.
pub(crate) fn words(contents: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = None;
    let mut quote: Option<char> = None;
    let mut escaped = false;
    for (at, char) in contents.char_indices() {
        if escaped {
            escaped = false;
            continue;
        }
        match quote {
            Some(_) if char == '\\' => escaped = true,
            Some(open) if char == open => quote = None,
            Some(_) => {}
            None if char.is_whitespace() => {
                if let Some(start) = start.take() {
                    words.push(&contents[start..at]);
                }
            }
            None => {
                start.get_or_insert(at);
                // A quote that is never closed is a character like any other.
                if matches!(char, '"' | '\'') && contents[at + 1..].contains(char) {
                    quote = Some(char);
                }
            }
        }
    }
    words.extend(start.map(|start| &contents[start..]));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(TokenKind, &str)> {
        tokens(text).into_iter().map(|token| (token.kind, token.contents)).collect()
    }

    #[test]
    fn variables_tags_and_comments() {
        let text = "a {{ x|length }} {# {{ no }} #} {%  if y %}b{%endif%}";
        let expected = [(TokenKind::Variable, "x|length"), (TokenKind::Tag, "if y"), (TokenKind::Tag, "endif")];
        assert_eq!(read(text), expected);
        assert_eq!(tokens(text)[1].at, 32);
    }

    #[test]
    fn what_is_not_closed_on_its_line_is_text() {
        assert_eq!(read("{{ a\n}} {% b {{ c }} { {"), [(TokenKind::Variable, "c")]);
        assert_eq!(read("{{"), []);
        assert_eq!(read("{%}"), []);
        assert_eq!(read("é{{ ü }}"), [(TokenKind::Variable, "ü")]);
    }

    #[test]
    fn verbatim_hides_what_is_inside() {
        let text = "{% verbatim %}{{ a }}{% if %}{% endverbatim %}{{ b }}";
        assert_eq!(read(text), [(TokenKind::Variable, "b")]);
        let named = "{% verbatim x %}{% endverbatim %}{{ a }}{% endverbatim x %}{{ b }}";
        assert_eq!(read(named), [(TokenKind::Variable, "b")]);
    }

    #[test]
    fn quotes_hold_words_together() {
        assert_eq!(words("with a=\"b c\" d|e:'f g' _(\"h i\")"), ["with", "a=\"b c\"", "d|e:'f g'", "_(\"h i\")"]);
        assert_eq!(words("it's fine"), ["it's", "fine"]);
        assert_eq!(words("  "), Vec::<&str>::new());
    }
}
