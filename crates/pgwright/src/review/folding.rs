//! Statements that are one to a reader: sent from the same places, alike but for the columns they read.

use super::plans::Examined;

/// What stays of a statement when the columns it reads are left out; none where they are more than columns.
fn shape(sql: &str) -> Option<&str> {
    let columns = sql.strip_prefix("SELECT ").filter(|rest| !rest.starts_with("DISTINCT"))?;
    let mut quoted = false;
    for (at, char) in columns.char_indices() {
        match char {
            '"' => quoted = !quoted,
            // A function, an operator, a value: not a column alone, so it may cost by itself.
            '(' | '\'' | '%' | '*' | '+' | '-' | '/' | '|' | ':' if !quoted => return None,
            'F' if !quoted && columns[at..].starts_with("FROM ") => return Some(&columns[at..]),
            _ => {}
        }
    }
    None
}

/// The first of each kind with the number of the others. What is given is in order of cost, so the first is the dearest.
pub(super) fn folded(examined: Vec<(String, Examined)>) -> Vec<(String, Examined)> {
    let mut kept: Vec<(String, Examined)> = Vec::new();
    for (model, next) in examined {
        let same = |(of, first): &&mut (String, Examined)| {
            *of == model
                && shape(&first.sent_as).is_some_and(|shaped| shape(&next.sent_as) == Some(shaped))
                && first.sites == next.sites
        };
        match kept.iter_mut().find(same) {
            Some((_, first)) => first.folded += 1,
            None => kept.push((model, next)),
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::plans::Sent;

    fn examined(line: u32, sql: &str) -> (String, Examined) {
        let site = Sent { file: "views.py".to_owned(), line, function: "list".to_owned(), in_loop: false };
        let examined = Examined {
            sites: vec![site],
            sent_as: sql.to_owned(),
            sql: sql.to_owned(),
            sentence: String::new(),
            cost: 1.0,
            folded: 0,
            after: None,
            plan: String::new(),
        };
        ("shop.Order".to_owned(), examined)
    }

    #[test]
    fn only_the_columns_may_differ() {
        let statements = vec![
            examined(1, r#"SELECT "o"."id", "o"."FROM " AS "b" FROM "o" WHERE "o"."a" = %s"#),
            examined(1, r#"SELECT "o"."id" FROM "o" WHERE "o"."a" = %s"#),
            examined(1, r#"SELECT "o"."id" FROM "o" WHERE "o"."b" = %s"#),
            examined(2, r#"SELECT "o"."id" FROM "o" WHERE "o"."a" = %s"#),
            examined(1, r#"SELECT COUNT(*) AS "__count" FROM "o" WHERE "o"."a" = %s"#),
            examined(1, r#"SELECT DISTINCT "o"."id" FROM "o" WHERE "o"."a" = %s"#),
            examined(1, r#"UPDATE "o" SET "a" = %s"#),
            examined(1, r#"UPDATE "o" SET "a" = %s"#),
        ];
        let counts: Vec<usize> = folded(statements).iter().map(|(_, examined)| examined.folded).collect();
        assert_eq!(counts, [1, 0, 0, 0, 0, 0, 0]);
    }
}
