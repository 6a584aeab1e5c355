use std::borrow::Cow;

/// Writes Django's placeholders (`%s`, `%(name)s`) as PostgreSQL's (`$1`), each one its own, and `%%` as `%`.
///
/// Text that holds none is given back as it is: `%` is an operator of PostgreSQL and may stand in literals. `%%` is
/// only undone where placeholders say that the text is a template. Quoted text and identifiers are not looked into,
/// except for `%%`.
pub fn number_placeholders(sql: &str) -> Cow<'_, str> {
    if !has_placeholder(sql) {
        return Cow::Borrowed(sql);
    }
    let mut numbered = String::with_capacity(sql.len() + 16);
    let mut count = 0_u32;
    let mut quote = None;
    let mut rest = sql;
    while let Some(character) = rest.chars().next() {
        let mut length = character.len_utf8();
        match (quote, character) {
            (_, '%') if rest.starts_with("%%") => {
                numbered.push('%');
                length = 2;
            }
            (None, '%') => match placeholder_length(rest) {
                Some(found) => {
                    count += 1;
                    numbered.push_str(&format!("${count}"));
                    length = found;
                }
                None => numbered.push('%'),
            },
            (None, '\'' | '"') => {
                quote = Some(character);
                numbered.push(character);
            }
            (Some(open), _) if open == character => {
                quote = None;
                numbered.push(character);
            }
            _ => numbered.push(character),
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    Cow::Owned(numbered)
}

fn has_placeholder(sql: &str) -> bool {
    sql.match_indices('%').any(|(at, _)| sql.get(at..).and_then(placeholder_length).is_some())
}

/// The length of the placeholder that the text starts with. `%s` followed by a letter is the operator `%` and a name.
fn placeholder_length(text: &str) -> Option<usize> {
    let after = text.strip_prefix('%')?;
    let length = match after.strip_prefix('(') {
        Some(named) => named.find(")s")? + 4,
        None => after.starts_with('s').then_some(2)?,
    };
    let next = text.get(length..)?.chars().next();
    (!next.is_some_and(|next| next.is_alphanumeric() || next == '_')).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::number_placeholders;

    #[test]
    fn placeholders_are_numbered_outside_quotes() {
        let cases = [
            ("a = %s AND b IN (%s, %s)", "a = $1 AND b IN ($2, $3)"),
            ("a LIKE '%%x%%' AND b = %(b)s", "a LIKE '%x%' AND b = $1"),
            ("a LIKE '%s' AND \"b%s\" = %s", "a LIKE '%s' AND \"b%s\" = $1"),
            ("a % 2 = $1", "a % 2 = $1"),
            ("a %some", "a %some"),
            ("é = %s", "é = $1"),
        ];
        for (before, after) in cases {
            assert_eq!(number_placeholders(before), after);
        }
    }
}
