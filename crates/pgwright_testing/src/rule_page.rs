//! Checking the page of a rule, and what holds for all rules.

use std::collections::{BTreeMap, BTreeSet};

use pgwright_diagnostics::{Diagnostic, Fix};
use pgwright_rules::Rule;
use similar::{ChangeTag, TextDiff};

use crate::{Checked, Example, Memory, Page, check_project};

/// Rounds of fixing after which something must be wrong.
const MOST_ROUNDS: usize = 10;

/// Runs every example of a rule's page. `all` are the rules that fixes must not set off.
///
/// # Errors
/// Everything that is not as the page says, with lines of the page.
pub fn check_page(rule: &'static Rule, all: &[&'static Rule]) -> Result<(), Vec<String>> {
    let page = Page::parse(rule.docs);
    let examples = Example::all(&page);
    let mut wrong = headings(rule, &page);
    match examples.first() {
        None => wrong.push("the page has no example".to_owned()),
        Some(first) if first.expected.is_empty() => {
            wrong.push(format!("line {}: the first example must say what is reported", first.line));
        }
        Some(_) => {}
    }
    for example in &examples {
        let mut said = check_example(rule, all, example);
        said.iter_mut().for_each(|said| *said = format!("example at line {}: {said}", example.line));
        wrong.append(&mut said);
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

/// What must hold for the list as a whole.
///
/// # Errors
/// Everything that does not.
pub fn check_rules(rules: &[&'static Rule]) -> Result<(), Vec<String>> {
    let mut wrong = Vec::new();
    let mut names = BTreeSet::new();
    for rule in rules {
        let name = rule.name;
        if !names.insert(name) {
            wrong.push(format!("`{name}` is in the list twice"));
        }
        let is_kebab = !name.is_empty()
            && name
                .split('-')
                .all(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()));
        if !is_kebab {
            wrong.push(format!("`{name}` is not kebab-case"));
        }
        if rule.summary.is_empty() || rule.summary.ends_with('.') || rule.summary.contains('\n') {
            wrong.push(format!("`{name}`: the summary is one line without a full stop"));
        }
        if pgwright_rules::NOTICES.iter().any(|notice| notice.name == name) {
            wrong.push(format!("`{name}` is a notice already"));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

fn headings(rule: &Rule, page: &Page) -> Vec<String> {
    let mut wrong = Vec::new();
    if page.headings.first() != Some(&(1, rule.name.to_owned())) {
        wrong.push(format!("the page must start with `# {}`", rule.name));
    }
    for wanted in ["Why", "Not reported"] {
        if !page.headings.iter().any(|(level, text)| *level == 2 && text.starts_with(wanted)) {
            wrong.push(format!("the page has no heading `## {wanted}`"));
        }
    }
    wrong
}

fn check_example(rule: &'static Rule, all: &[&'static Rule], example: &Example) -> Vec<String> {
    let checked = check_project(&example.host, &[rule]);
    let mut wrong = compare(rule, example, &checked);
    for found in &checked.found {
        let length = found.headline.chars().count();
        if length > 80 || found.headline.ends_with('.') {
            wrong.push(format!("headline with {length} characters, or a full stop: {}", found.headline));
        }
    }
    let fixable = || checked.found.iter().filter(|found| found.rule == rule.name && found.fix.is_some());
    if fixable().next().is_some() {
        let before = count(&check_project(&example.host, all).found);
        for found in fixable() {
            if let Some(fix) = &found.fix {
                wrong.extend(check_fix(rule, all, example, &before, &checked, found, fix));
            }
        }
    }
    wrong.extend(check_all_fixes(rule, example));
    wrong
}

/// What was found against what the page says.
fn compare(rule: &Rule, example: &Example, checked: &Checked) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut expected: Vec<_> = example.expected.iter().collect();
    if example.is_silent() && !expected.is_empty() {
        wrong.push("it stands under \"Not reported\" and expects a finding".to_owned());
    }
    for found in &checked.found {
        let at = checked.files.start(found.primary.span);
        let path = checked.files.path(found.primary.span.file);
        let is_ours = found.rule == rule.name;
        let place = expected.iter().position(|expected| {
            is_ours
                && expected.path == path
                && expected.line == at.line
                && expected.severity == found.severity
                && found.headline.contains(&expected.text)
        });
        match place {
            Some(index) => {
                expected.remove(index);
            }
            None => {
                let why = found.why.as_deref().unwrap_or_default();
                let name = if is_ours { String::new() } else { format!("[{}] ", found.rule) };
                wrong.push(format!(
                    "not expected: {path}:{}: {name}{}: \"{}\" {why}",
                    at.line, found.severity, found.headline
                ));
            }
        }
    }
    for missing in expected {
        wrong.push(format!("missing: {}:{}: {}: \"{}\"", missing.path, missing.line, missing.severity, missing.text));
    }
    wrong
}

/// One fix by itself: the result parses, the finding is gone, and no rule finds more than before.
fn check_fix(
    rule: &'static Rule,
    all: &[&'static Rule],
    example: &Example,
    before: &BTreeMap<&'static str, usize>,
    checked: &Checked,
    found: &Diagnostic,
    fix: &Fix,
) -> Vec<String> {
    let mut wrong = Vec::new();
    let host = checked.fixed(&example.host, &[fix]);
    if host == example.host {
        return vec![format!("the fix \"{}\" changes nothing, or cannot be applied", fix.title)];
    }
    for (path, text) in &host.files {
        if path.extension() == Some("py") && pgwright_python::has_syntax_errors(text) {
            wrong.push(format!("the fix \"{}\" breaks {path}:\n{text}", fix.title));
        }
    }
    let after = count(&check_project(&host, all).found);
    for (name, count) in &after {
        let had = before.get(name).copied().unwrap_or_default();
        if name == &rule.name && *count >= had {
            wrong.push(format!("the fix \"{}\" does not remove the finding \"{}\"", fix.title, found.headline));
        } else if *count > had {
            wrong.push(format!("the fix \"{}\" sets off `{name}`", fix.title));
        }
    }
    wrong
}

fn count(found: &[Diagnostic]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for found in found {
        *counts.entry(found.rule).or_default() += 1;
    }
    counts
}

/// All fixes until none is left: that ends, and gives the diff on the page.
fn check_all_fixes(rule: &'static Rule, example: &Example) -> Vec<String> {
    let mut host = example.host.clone();
    let mut rounds = 0;
    loop {
        let checked = check_project(&host, &[rule]);
        let fixes: Vec<&Fix> = checked
            .found
            .iter()
            .filter(|found| found.rule == rule.name)
            .filter_map(|found| found.fix.as_ref())
            .collect();
        if fixes.is_empty() {
            break;
        }
        rounds += 1;
        let next = checked.fixed(&host, &fixes);
        if next == host || rounds > MOST_ROUNDS {
            return vec!["fixing does not come to an end".to_owned()];
        }
        host = next;
    }
    let changed = changes(&example.host, &host);
    match &example.diff {
        None if changed.is_empty() || example.is_silent() => Vec::new(),
        None => vec![format!("it is fixable and shows no `diff` block; fixing gives:\n{}", changed.join("\n"))],
        Some(expected) if *expected == changed => Vec::new(),
        Some(_) => vec![format!("the `diff` block is not what fixing gives:\n{}", changed.join("\n"))],
    }
}

fn changes(old: &Memory, new: &Memory) -> Vec<String> {
    let mut lines = Vec::new();
    for (path, new) in &new.files {
        let old = old.files.get(path).map(String::as_str).unwrap_or_default();
        for change in TextDiff::from_lines(old, new).iter_all_changes() {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => continue,
            };
            lines.push(format!("{sign}{}", change.value()).trim_end().to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use pgwright_diagnostics::{Applicability, Edit, Severity, Span};
    use pgwright_rules::{Check, Facts, Group};

    use super::*;

    const PAGE: &str = r#"# old-name

Something.

## Why

Because.

## Example

```python
x = old  # warning: "old is gone"
```

```diff
-x = old
+x = new
```

## Not reported

```python
x = new
```
"#;

    fn find_old(facts: Facts, found: &mut Vec<Diagnostic>) {
        for (file, source) in facts.files.iter().filter(|(_, file)| file.path.starts_with("app")) {
            for (at, _) in source.text.match_indices("old") {
                let span = Span::new(file, at as u32, at as u32 + 3);
                found.push(Diagnostic::new("old-name", Severity::Warning, span, "old is gone").fix(Fix {
                    title: "Say new".to_owned(),
                    applicability: Applicability::Safe,
                    edits: vec![Edit::replace(span, "new")],
                }));
            }
        }
    }

    static OLD: Rule = Rule {
        name: "old-name",
        summary: "an old name",
        docs: PAGE,
        group: Group::Schema,
        severity: Severity::Warning,
        check: Check::Project(find_old),
    };

    fn page(docs: &str) -> &'static Rule {
        let docs: &'static str = Box::leak(docs.to_owned().into_boxed_str());
        Box::leak(Box::new(Rule { docs, ..OLD }))
    }

    fn said(docs: &str) -> String {
        let rule = page(docs);
        check_page(rule, &[rule]).expect_err("something is wrong").join("\n")
    }

    #[test]
    fn a_true_page_passes() {
        assert_eq!(check_page(&OLD, &[&OLD]), Ok(()));
        assert_eq!(check_rules(&[&OLD]), Ok(()));
    }

    #[test]
    fn a_false_page_fails() {
        assert!(said(&PAGE.replace("# old-name", "# other")).contains("must start with"));
        assert!(said(&PAGE.replace("old is gone", "something else")).contains("missing: app/models.py:1"));
        assert!(said(&PAGE.replace("warning:", "error:")).contains("not expected"));
        assert!(said(&PAGE.replace("+x = new", "+x = newer")).contains("not what fixing gives"));
        assert!(said(&PAGE.replace("```python\nx = new", "```python\nx = old")).contains("not expected"));
        assert!(said(&PAGE.replace("## Not reported", "## Other")).contains("no heading"));
        assert!(check_rules(&[&OLD, &OLD]).is_err());
    }
}
