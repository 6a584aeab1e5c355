//! Statements that are one to a reader: on one model, sent from places that the first of them names already.

use super::plans::Examined;

/// The first of each kind with the number of the others. What is given is in order of cost, so the first is the dearest.
pub(super) fn folded(examined: Vec<(String, Examined)>) -> Vec<(String, Examined)> {
    let mut kept: Vec<(String, Examined)> = Vec::new();
    for (model, next) in examined {
        let same = |(of, first): &&mut (String, Examined)| {
            *of == model && !next.sites.is_empty() && next.sites.iter().all(|site| first.sites.contains(site))
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
    use pgwright_schema::parameters::PatternKind;

    use super::*;
    use crate::review::plans::Sent;

    fn examined(model: &str, lines: &[u32]) -> (String, Examined) {
        let site =
            |line: &u32| Sent { file: "views.py".to_owned(), line: *line, function: "list".to_owned(), in_loop: false };
        let examined = Examined {
            sites: lines.iter().map(site).collect(),
            sent_as: String::new(),
            pattern: PatternKind::Contains,
            sql: String::new(),
            sentence: String::new(),
            cost: 1.0,
            folded: 0,
            after: None,
            plan: String::new(),
            tree: None,
            grown: Vec::new(),
        };
        (model.to_owned(), examined)
    }

    #[test]
    fn statements_of_places_that_are_named_are_counted() {
        let statements = vec![
            examined("shop.Order", &[1, 2]),
            examined("shop.Order", &[2]),
            examined("shop.Order", &[1, 2]),
            examined("shop.Order", &[2, 3]),
            examined("shop.Line", &[1]),
            examined("shop.Order", &[]),
            examined("shop.Order", &[]),
        ];
        let counts: Vec<usize> = folded(statements).iter().map(|(_, examined)| examined.folded).collect();
        assert_eq!(counts, [2, 0, 0, 0, 0]);
    }
}
