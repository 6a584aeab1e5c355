use pgwright_diagnostics::{Applicability, Diagnostic, Edit, Files, Fix, Severity, Span};

use super::*;

const MODELS: &str = "class Order(models.Model):\n    größe = models.TextField()\n    other = 1\n";
const VIEWS: &str = "import json\n\ndef view(order):\n    return json.loads(order.größe)\n";

fn project() -> (Files, Vec<Diagnostic>) {
    let mut files = Files::default();
    let models = files.add("shop/my models.py".into(), MODELS.to_owned());
    let views = files.add("shop/views.py".into(), VIEWS.to_owned());
    let span = |file, text: &str, needle: &str| {
        let start = text.find(needle).expect("there") as u32;
        Span::new(file, start, start + needle.len() as u32)
    };
    let field = span(models, MODELS, "models.TextField");
    let found = vec![
        Diagnostic::new("json-in-text", Severity::Warning, field, "JSON is stored as text, 100% of it: <a & b>")
            .label("a `text` column")
            .related(span(views, VIEWS, "json.loads"), "parsed here")
            .why("every read parses it again\nin Python")
            .help("Make it a `JSONField`")
            .evidence("sites", "1")
            .fix(Fix {
                title: "Use `JSONField`".to_owned(),
                applicability: Applicability::Safe,
                edits: vec![Edit::replace(field, "models.JSONField")],
            }),
        Diagnostic::new("syntax-error", Severity::Error, Span::new(views, 0, 25), "invalid syntax"),
    ];
    (files, found)
}

fn rendered(format: Format) -> String {
    let (files, found) = project();
    let report = Report {
        files: &files,
        fingerprints: pgwright_rules::fingerprints(&files, &found),
        diagnostics: &found,
        unresolved: &[],
        show_unresolved: false,
        summary: Summary {
            errors: 1,
            warnings: 1,
            fixable: 1,
            models: 1_314,
            models_understood: 1_314,
            ..Summary::default()
        },
        planner: None,
        dropped: &[],
        show_dropped: false,
    };
    render(&report, format, Look { styled: false, width: 100 })
}

#[test]
fn full() {
    let expected = "\
warning[json-in-text]: JSON is stored as text, 100% of it: <a & b>
 --> shop/my models.py:2:13
  |
2 |     größe = models.TextField()
  |             ^^^^^^^^^^^^^^^^ a `text` column
  |
 ::: shop/views.py:4:12
  |
4 |     return json.loads(order.größe)
  |            ---------- parsed here
  |
  = note: every read parses it again
          in Python
  = help: Make it a `JSONField`
fix: Use `JSONField`
  |
2 -     größe = models.TextField()
2 +     größe = models.JSONField()
  |
";
    let text = rendered(Format::Full);
    assert!(text.starts_with(expected), "{text}");
    let ending = "1 error, 1 warning (1 fixable with `--fix`)\nunderstood 1,314 of 1,314 models\n";
    assert!(text.ends_with(ending), "{text}");
}

#[test]
fn concise() {
    let text = rendered(Format::Concise);
    let first = "shop/my models.py:2:13: warning[json-in-text] JSON is stored as text, 100% of it: <a & b> [fixable]\n";
    assert!(text.starts_with(first), "{text}");
}

#[test]
fn json() {
    let value: serde_json::Value = serde_json::from_str(&rendered(Format::Json)).expect("JSON");
    assert_eq!(value["version"], 1);
    let first = &value["diagnostics"][0];
    assert_eq!((&first["path"], &first["start"]["column"]), (&"shop/my models.py".into(), &13.into()));
    assert_eq!(first["fix"]["edits"][0]["text"], "models.JSONField");
    assert_eq!(first["related"][0]["path"], "shop/views.py");
    assert_eq!(value["summary"]["models_understood"], 1314);
}

#[test]
fn sarif_is_valid() {
    let schema = include_str!("../../tests/sarif-schema-2.1.0.json");
    // One pattern in the published schema is no regular expression: it ends in a stray `]`.
    let schema = schema.replace("[a-zA-Z]{2}]?$", "[a-zA-Z]{2}$");
    let schema: serde_json::Value = serde_json::from_str(&schema).expect("the schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is one");
    let log: serde_json::Value = serde_json::from_str(&rendered(Format::Sarif)).expect("JSON");
    let errors: Vec<String> = validator.iter_errors(&log).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let result = &log["runs"][0]["results"][0];
    assert_eq!(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "shop/my%20models.py");
    assert_eq!(
        result["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"],
        "models.JSONField"
    );
    assert_eq!(result["relatedLocations"][0]["message"]["text"], "parsed here");
}

#[test]
fn github() {
    let text = rendered(Format::Github);
    let mut lines = text.lines();
    assert_eq!(
        lines.next(),
        Some(
            "::warning file=shop/my models.py,line=2,col=13,endColumn=29,endLine=2,title=pgwright (json-in-text)::\
             JSON is stored as text, 100%25 of it: <a & b>%0Aevery read parses it again%0Ain Python%0AMake it a `JSONField`"
        )
    );
    assert!(lines.next().is_some_and(|line| line.starts_with("::error file=shop/views.py,line=1,endLine=3,")));
}

#[test]
fn gitlab() {
    let value: serde_json::Value = serde_json::from_str(&rendered(Format::Gitlab)).expect("JSON");
    assert_eq!(value[0]["location"]["lines"]["begin"], 2);
    assert_eq!(value[0]["fingerprint"].as_str().map(str::len), Some(32));
    assert_eq!(value[1]["severity"], "critical");
}

#[test]
fn junit() {
    let text = rendered(Format::Junit);
    assert!(text.contains("<testsuite name=\"shop/my models.py\" tests=\"1\" failures=\"1\""), "{text}");
    assert!(text.contains("100% of it: &lt;a &amp; b&gt;"), "{text}");
}

#[test]
fn odd_places_render_everywhere() {
    let mut files = Files::default();
    let empty = files.add("empty.py".into(), String::new());
    let odd = files.add("odd.py".into(), "a\rb\r\n\tc = '\u{1b}é🐘'".to_owned());
    let length = files.get(odd).text.len() as u32;
    let mut found = vec![Diagnostic::new("unreadable-file", Severity::Note, Span::top(empty), "h")];
    for start in (0..=length).filter(|offset| files.get(odd).text.is_char_boundary(*offset as usize)) {
        for end in [start, length] {
            found.push(Diagnostic::new("syntax-error", Severity::Error, Span::new(odd, start, end), "h").fix(Fix {
                title: "t".to_owned(),
                applicability: Applicability::Unsafe,
                edits: vec![Edit::replace(Span::new(odd, start, end), "x\ny")],
            }));
        }
    }
    let report = Report {
        files: &files,
        fingerprints: pgwright_rules::fingerprints(&files, &found),
        diagnostics: &found,
        unresolved: &[],
        show_unresolved: true,
        summary: Summary::default(),
        planner: None,
        dropped: &[],
        show_dropped: true,
    };
    for format in <Format as clap::ValueEnum>::value_variants() {
        assert!(!render(&report, *format, Look { styled: true, width: 80 }).is_empty());
    }
}
