//! The examples of a page: small projects, what must be reported in them, and what the fixes must change.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use pgwright_diagnostics::Severity;

use crate::{Block, Memory, Page};

/// One project of a page.
#[derive(Debug, Default, Clone)]
pub struct Example {
    /// Line of the page on which its first block starts.
    pub line: usize,
    /// The heading it stands under.
    pub heading: String,
    pub host: Memory,
    pub expected: Vec<Expected>,
    /// The `-` and `+` lines that fixing gives.
    pub diff: Option<Vec<String>>,
}

/// A finding that must be reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    pub path: Utf8PathBuf,
    pub line: u32,
    pub severity: Severity,
    /// Part of the headline.
    pub text: String,
}

impl Example {
    pub fn all(page: &Page) -> Vec<Example> {
        let mut examples: Vec<Example> = Vec::new();
        let mut open = false;
        for block in &page.blocks {
            match block.language.as_str() {
                "python" => {
                    let path = block.path().unwrap_or("app/models.py");
                    let continues = open
                        && block.path().is_some()
                        && examples.last().is_some_and(|example| {
                            example.heading == block.heading
                                && !example.host.files.contains_key(camino::Utf8Path::new(path))
                        });
                    if !continues {
                        examples.push(Example {
                            line: block.line,
                            heading: block.heading.clone(),
                            ..Example::default()
                        });
                    }
                    open = true;
                    if let Some(example) = examples.last_mut() {
                        example.add(path.into(), block);
                    }
                }
                "toml" => {
                    if let (Some(example), Some(path)) = (examples.last_mut(), block.path()) {
                        example.host.files.insert(path.into(), block.text.clone());
                    }
                }
                "diff" => {
                    if let Some(example) = examples.last_mut() {
                        example.diff = Some(changed_lines(&block.text));
                    }
                    open = false;
                }
                _ => {}
            }
        }
        for example in &mut examples {
            example.imply();
        }
        examples
    }

    /// Whether nothing may be reported in it.
    pub fn is_silent(&self) -> bool {
        self.heading.to_lowercase().starts_with("not reported")
    }

    fn add(&mut self, path: Utf8PathBuf, block: &Block) {
        let mut code = String::new();
        let mut line = 0;
        let mut for_next = Vec::new();
        for text in block.text.lines() {
            let (kept, mut found) = split_expectations(text);
            if kept.trim().is_empty() && !found.is_empty() {
                for_next.append(&mut found);
                continue;
            }
            line += 1;
            for (severity, text) in for_next.drain(..).chain(found) {
                self.expected.push(Expected { path: path.clone(), line, severity, text });
            }
            code.push_str(kept);
            code.push('\n');
        }
        self.host.files.insert(path, code);
    }

    /// Adds what every project has and no example should have to say.
    fn imply(&mut self) {
        let files = &mut self.host.files;
        let mut packages: BTreeMap<Utf8PathBuf, bool> = BTreeMap::new();
        for path in files.keys() {
            for folder in path.ancestors().skip(1).filter(|folder| !folder.as_str().is_empty()) {
                packages.insert(folder.to_owned(), folder.components().count() == 1);
            }
        }
        let apps: String =
            packages.iter().filter(|(_, is_top)| **is_top).map(|(name, _)| format!("    \"{name}\",\n")).collect();
        for folder in packages.keys() {
            files.entry(folder.join("__init__.py")).or_default();
        }
        files.entry("manage.py".into()).or_insert_with(|| {
            "import os\n\nos.environ.setdefault(\"DJANGO_SETTINGS_MODULE\", \"settings\")\n".to_owned()
        });
        files.entry("settings.py".into()).or_insert_with(|| {
            format!(
                "INSTALLED_APPS = [\n    \"django.contrib.contenttypes\",\n    \"django.contrib.auth\",\n{apps}]\n\
                 DATABASES = {{\"default\": {{\"ENGINE\": \"django.db.backends.postgresql\", \"NAME\": \"app\"}}}}\n\
                 DEFAULT_AUTO_FIELD = \"django.db.models.BigAutoField\"\nUSE_TZ = True\n"
            )
        });
    }
}

/// The code of a line, and the `# error: "…"` comments after it.
fn split_expectations(line: &str) -> (&str, Vec<(Severity, String)>) {
    let mut rest = line;
    let mut found = Vec::new();
    while let Some(at) = rest.rfind('#') {
        let comment = rest[at + 1..].trim();
        let severity = match comment.split_once(':') {
            Some(("error", _)) => Severity::Error,
            Some(("warning", _)) => Severity::Warning,
            Some(("note", _)) => Severity::Note,
            _ => break,
        };
        let text = comment.split_once(':').map(|(_, text)| text.trim()).unwrap_or_default();
        let Some(text) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) else { break };
        found.insert(0, (severity, text.to_owned()));
        rest = rest[..at].trim_end();
    }
    (rest, found)
}

/// The lines of a diff that say what changes, without headers, context and what surrounds it.
pub(crate) fn changed_lines(diff: &str) -> Vec<String> {
    diff.lines()
        .filter(|line| line.starts_with(['-', '+']) && !line.starts_with("---") && !line.starts_with("+++"))
        .map(|line| line.trim_end().to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"# a-rule

## Example

```python
x = 1  # error: "first" # note: "second"
# warning: "below"
y = 2  # more
```

```python path=app/views.py
z = 3
```

```diff
--- a
-x = 1
+x = 2
```

## Not reported

```python path=shop/models.py
x = 1
```
"#;

    #[test]
    fn a_page_becomes_projects() {
        let examples = Example::all(&Page::parse(PAGE));
        assert_eq!(examples.len(), 2);
        let first = &examples[0];
        assert_eq!(first.host.files[camino::Utf8Path::new("app/models.py")], "x = 1\ny = 2  # more\n");
        let said: Vec<_> =
            first.expected.iter().map(|found| (found.line, found.severity, found.text.as_str())).collect();
        assert_eq!(
            said,
            [(1, Severity::Error, "first"), (1, Severity::Note, "second"), (2, Severity::Warning, "below")]
        );
        assert_eq!(first.diff.as_deref(), Some(&["-x = 1".to_owned(), "+x = 2".to_owned()][..]));
        assert!(first.host.files.contains_key(camino::Utf8Path::new("app/views.py")));
        assert!(examples[1].is_silent());
        assert!(examples[1].host.files[camino::Utf8Path::new("settings.py")].contains("\"shop\""));
    }

    #[test]
    fn an_example_is_a_project_whose_models_are_read() {
        let page = "```python\nfrom django.db import models\n\n\nclass Order(models.Model):\n    note = models.TextField()\n```\n\
                    ```python path=shop/models.py\nfrom django.db import models\n\n\nclass Item(models.Model):\n    \
                    order = models.ForeignKey(\"app.Order\", models.CASCADE)\n```\n";
        let examples = Example::all(&Page::parse(page));
        assert_eq!(examples.len(), 1);
        let checked = crate::check_project(&examples[0].host, &[]);
        let own: Vec<String> = checked.project.models.own_tables().map(|model| model.label()).collect();
        assert_eq!(own, ["app.Order", "shop.Item"]);
        assert!(checked.project.unresolved.is_empty(), "{:?}", checked.project.unresolved);
        assert!(checked.found.is_empty(), "{:?}", checked.found);
    }
}
