use pgwright_diagnostics::{Severity, apply};

use super::*;
use crate::{Check, Group, Rule};

static JSON: Rule = Rule {
    name: "json-in-text",
    summary: "",
    docs: "",
    group: Group::Schema,
    severity: Severity::Warning,
    check: Check::Project(|_, _| {}),
};
static INDEX: Rule = Rule { name: "redundant-index", ..JSON };

/// Good enough for tests: no test has a `#` in a string, but for the one that says so with `'#'`.
fn comments(text: &str) -> Vec<(u32, u32)> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let quoted = line.contains("'#");
        if let Some(at) = line.find('#')
            && !quoted
        {
            found.push(((start + at) as u32, (start + line.trim_end().len()) as u32));
        }
        start += line.len();
    }
    found
}

/// Reports `json-in-text` at every `TextField` and `redundant-index` at every `Index`.
fn run(text: &str) -> (Files, Suppressed) {
    let mut files = Files::default();
    let file = files.add("app/models.py".into(), text.to_owned());
    let found = [(&JSON, "TextField"), (&INDEX, "Index(")]
        .into_iter()
        .flat_map(|(rule, needle)| {
            text.match_indices(needle)
                .map(move |(at, _)| rule.at(Span::new(file, at as u32, (at + needle.len()) as u32), "found"))
        })
        .collect();
    let suppressed = suppress(&files, found, comments, &Selection::of(&[&JSON, &INDEX]));
    (files, suppressed)
}

fn shown(text: &str) -> Vec<String> {
    let (files, outcome) = run(text);
    let line = |diagnostic: &Diagnostic| files.start(diagnostic.primary.span).line;
    outcome.diagnostics.iter().map(|found| format!("{}:{}", line(found), found.rule)).collect()
}

#[test]
fn on_the_line() {
    assert!(shown("a = TextField()  # pgwright: ignore[json-in-text] legacy\n").is_empty());
    assert!(shown("a = TextField()  # noqa: X1  # pgwright: ignore[json-in-text]\n").is_empty());
    assert!(
        shown("a = TextField()  #pgwright:ignore [ json-in-text ,redundant-index ]\nb = 1 # pgwright: ignore[x]\n")
            .len()
            == 2
    );
}

#[test]
fn on_any_line_of_the_statement() {
    assert!(shown("a = TextField(\n    null=True,  # pgwright: ignore[json-in-text]\n)\n").is_empty());
    assert!(shown("a = TextField(\n    null=True,\n)  # pgwright: ignore[json-in-text]\n").is_empty());
    assert!(shown("a = (\n    # pgwright: ignore[json-in-text]\n    TextField()\n)\n").is_empty());
    assert!(shown("a = \\\n  TextField()  # pgwright: ignore[json-in-text]\n").is_empty());
}

#[test]
fn alone_on_the_line_above() {
    assert!(shown("# pgwright: ignore[json-in-text]\na = TextField()\n").is_empty());
    assert!(shown("# pgwright: ignore[json-in-text]\n\n# more\na = TextField()\n").is_empty());
    assert_eq!(
        shown("# pgwright: ignore[json-in-text]\nb = 1\na = TextField()\n"),
        ["3:json-in-text", "1:unused-ignore"]
    );
    assert!(shown("# pgwright: ignore[json-in-text]\n@decorated\n@again(1)\nclass TextField:\n  pass\n").is_empty());
}

#[test]
fn one_entry_of_a_list_is_not_its_neighbour() {
    let list = |first: &str, second: &str, third: &str| {
        format!("indexes = [{first}\n    Index(\n        'a'),{second}\n    Index('b'),{third}\n]\n")
    };
    let ignore = "  # pgwright: ignore[redundant-index]";
    assert_eq!(shown(&list("", ignore, "")), ["4:redundant-index"]);
    assert_eq!(shown(&list("", "", ignore)), ["2:redundant-index"]);
    assert_eq!(shown(&list("", "\n    # pgwright: ignore[redundant-index]", "")), ["2:redundant-index"]);
    assert!(shown(&list(ignore, "", "")).is_empty(), "on the first line it speaks of the statement");
}

#[test]
fn for_the_file() {
    assert!(shown("a = TextField()\nb = TextField()\n# pgwright: ignore-file[json-in-text] generated\n").is_empty());
}

#[test]
fn strings_are_not_comments() {
    assert_eq!(shown("a = TextField('# pgwright: ignore[json-in-text]')\n"), ["1:json-in-text"]);
}

#[test]
fn only_the_named_rule() {
    assert_eq!(shown("a = TextField()  # pgwright: ignore[redundant-index]\n"), ["1:json-in-text", "1:unused-ignore"]);
}

#[test]
fn mistakes_are_reported() {
    for text in ["ignore", "ignore[]", "ignore[ , ]", "ingore[json-in-text]", "", "ignore[json-in-text"] {
        assert_eq!(shown(&format!("a = 1  # pgwright: {text}\n")), ["1:invalid-ignore"], "{text}");
    }
    let (_, outcome) = run("a = 1  # pgwright: ignore[json-in-txt]\n");
    assert_eq!(outcome.diagnostics[0].help.as_deref(), Some("Write `json-in-text`"));
}

#[test]
fn the_fix_removes_exactly_the_unused() {
    let fixed = |text: &str| {
        let (files, outcome) = run(text);
        let fixes: Vec<&Fix> = outcome.diagnostics.iter().filter_map(|found| found.fix.as_ref()).collect();
        apply(&files, &fixes).texts.into_values().next().expect("one file changes")
    };
    assert_eq!(fixed("a = 1  # pgwright: ignore[json-in-text] why\nb = 2\n"), "a = 1\nb = 2\n");
    assert_eq!(fixed("  # pgwright: ignore[json-in-text]\r\nb = 2\n"), "b = 2\n");
    assert_eq!(
        fixed("a = TextField()  # pgwright: ignore[redundant-index, json-in-text] why\n"),
        "a = TextField()  # pgwright: ignore[json-in-text] why\n"
    );
    assert_eq!(fixed("a = 1  # noqa  # pgwright: ignore[json-in-text]  # more\n"), "a = 1  # noqa  # more\n");
}

#[test]
fn rules_that_did_not_run_are_not_called_unused() {
    let mut files = Files::default();
    files.add("app/models.py".into(), "a = 1  # pgwright: ignore[json-in-text]\n".to_owned());
    let selection = Selection::new(&[&JSON, &INDEX], &["redundant-index".to_owned()], &[]).expect("known");
    let outcome = suppress(&files, Vec::new(), comments, &selection);
    assert!(outcome.diagnostics.iter().all(|found| found.rule != "unused-ignore"));
}

#[test]
fn odd_texts_do_no_harm() {
    for text in
        ["(", "\\", "'", "\"\"\"", "a = [\n# pgwright: ignore[", "\u{feff}# pgwright: ignore[é]", ")]}", "@a\n@b"]
    {
        run(text);
    }
}
