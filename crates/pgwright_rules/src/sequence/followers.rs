//! What depends on a migration has to depend on the last of the sequence that it becomes.

/// The text of a migration that depends on `(app, from)`, with `to` in its place. `None` where its `dependencies` do not say so as a
/// plain pair of strings. Names are replaced where they stand; quotes, spaces and comments stay.
pub fn follow(text: &str, (app, from): (&str, &str), to: &str) -> Option<String> {
    let assigned = text.match_indices("dependencies").find_map(|(at, name)| {
        let line = text[..at].rfind('\n').map_or(0, |at| at + 1);
        let rest = text[at + name.len()..].trim_start();
        let is_assigned = text[line..at].trim().is_empty() && rest.starts_with(['=', ':']);
        is_assigned.then_some(at)
    })?;
    let end = text[assigned..].find(']').map_or(text.len(), |at| assigned + at);
    let mut from_here = assigned;
    loop {
        let (start, found) = literal(&text[from_here..end])?;
        let (start, after) = (from_here + start, from_here + start + found.len() + 2);
        from_here = after;
        if found != app || !text[after..].trim_start().starts_with(',') {
            continue;
        }
        let is_first = text[..start].trim_end().ends_with('(');
        let gap = &text[after..end];
        if let (true, Some((at, name))) = (is_first, literal(gap))
            && gap[..at].trim() == ","
            && name == from
        {
            let at = after + at + 1;
            return Some(format!("{}{to}{}", &text[..at], &text[at + name.len()..]));
        }
    }
}

/// The first string literal of a text: where it starts, and what is between its quotes.
fn literal(text: &str) -> Option<(usize, &str)> {
    let start = text.find(['"', '\''])?;
    let quote = if text[start..].starts_with('"') { '"' } else { '\'' };
    let length = text[start + 1..].find(quote)?;
    Some((start, &text[start + 1..start + 1 + length]))
}

#[cfg(test)]
mod tests {
    use super::follow;

    #[test]
    fn one_name_is_replaced_where_it_stands() {
        let text = "class Migration(M):\n    replaces = [('shop', '0002_b')]\n    dependencies = [\n        (\"auth\", \"0002_b\"),\n        \
                    ('shop', # here\n '0001_a'), ( 'shop',\n            '0002_b'),\n    ]\n    operations = [f('shop', '0002_b')]\n";
        let expected = text.replacen("            '0002_b'", "            '0002_b_1_rows'", 1);
        assert_eq!(follow(text, ("shop", "0002_b"), "0002_b_1_rows"), Some(expected));
    }

    #[test]
    fn what_is_not_written_as_a_pair_is_not_touched() {
        for text in [
            "dependencies = [swappable_dependency('shop.Order')]\n",
            "dependencies = [(APP, '0002_b')]\noperations = [('shop', '0002_b')]\n",
            "# dependencies\nrun_before = [('shop', '0002_b')]\n",
            "",
        ] {
            assert_eq!(follow(text, ("shop", "0002_b"), "0003_c"), None, "{text}");
        }
    }
}
