//! Known findings that a team has decided to live with for now: stored in a file, and not reported again.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use pgwright_diagnostics::{Diagnostic, Files};
use serde::{Deserialize, Serialize};

use crate::fingerprint::{fingerprint, fingerprint_at};

/// The content of a baseline file. Entries are sorted, so that the file's own diff shows what was added and what is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    pub version: u32,
    pub findings: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub path: String,
    pub rule: String,
    /// For the reader; the fingerprint decides.
    pub headline: String,
    pub fingerprint: String,
    /// How many findings share the fingerprint.
    pub count: usize,
}

impl Default for Baseline {
    fn default() -> Self {
        Baseline { version: 1, findings: Vec::new() }
    }
}

impl Baseline {
    /// The baseline under which exactly these findings are known.
    pub fn of(files: &Files, diagnostics: &[Diagnostic]) -> Self {
        Self::of_moved(files, diagnostics, &BTreeMap::new())
    }

    /// The same where files have moved since, from the first path to the second: their findings are known where they are now.
    pub fn of_moved(files: &Files, diagnostics: &[Diagnostic], moved: &BTreeMap<Utf8PathBuf, Utf8PathBuf>) -> Self {
        let mut counted: BTreeMap<(String, String, String, String), usize> = BTreeMap::new();
        for diagnostic in diagnostics {
            let was = files.try_get(diagnostic.primary.span.file).map(|file| file.path.as_path());
            let path = was.map(|was| moved.get(was).map_or(was, |now| now).as_str()).unwrap_or_default();
            let key = (
                path.replace('\\', "/"),
                diagnostic.rule.to_owned(),
                diagnostic.headline.clone(),
                fingerprint_at(path, files, diagnostic),
            );
            *counted.entry(key).or_default() += 1;
        }
        let findings = counted
            .into_iter()
            .map(|((path, rule, headline, fingerprint), count)| Entry { path, rule, headline, fingerprint, count })
            .collect();
        Baseline { version: 1, findings }
    }

    /// Reads the JSON of a baseline file.
    ///
    /// # Errors
    /// What is wrong with it, with line and column.
    pub fn parse(text: &str) -> Result<Self, String> {
        let baseline: Baseline = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if baseline.version != 1 {
            return Err(format!("version {} is not known; this pgwright writes version 1", baseline.version));
        }
        Ok(baseline)
    }

    /// The text of the file, ending in a newline.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// Splits findings into new ones (kept in `diagnostics`) and known ones (counted). Of several that share a
    /// fingerprint the first are the known ones.
    pub fn subtract(&self, files: &Files, diagnostics: &mut Vec<Diagnostic>) -> usize {
        let mut left: BTreeMap<&str, usize> = BTreeMap::new();
        for entry in &self.findings {
            *left.entry(entry.fingerprint.as_str()).or_default() += entry.count;
        }
        let before = diagnostics.len();
        diagnostics.retain(|diagnostic| match left.get_mut(fingerprint(files, diagnostic).as_str()) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        });
        before - diagnostics.len()
    }
}

#[cfg(test)]
mod tests {
    use pgwright_diagnostics::{Severity, Span};

    use super::*;

    fn project(text: &str) -> (Files, Vec<Diagnostic>) {
        let mut files = Files::default();
        let file = files.add("app/models.py".into(), text.to_owned());
        let found = text
            .match_indices("TextField")
            .map(|(at, found)| {
                let span = Span::new(file, at as u32, (at + found.len()) as u32);
                Diagnostic::new("json-in-text", Severity::Warning, span, "JSON is stored as text")
            })
            .collect();
        (files, found)
    }

    #[test]
    fn known_findings_stay_known_when_their_line_moves() {
        let (files, found) = project("a = TextField()\nb = TextField()\n");
        let baseline = Baseline::parse(&Baseline::of(&files, &found).to_json()).expect("what we write we read");
        let (files, mut found) = project("# new\n\n  b =  TextField()\nc = TextField()\na = TextField()\n");
        assert_eq!(baseline.subtract(&files, &mut found), 2);
        assert_eq!(found.len(), 1);
        assert_eq!(files.start(found[0].primary.span).line, 4);
    }

    #[test]
    fn equal_lines_are_counted() {
        let (files, found) = project("a = TextField()\n");
        let baseline = Baseline::of(&files, &found);
        let (files, mut found) = project("a = TextField()\na = TextField()\n");
        assert_eq!(baseline.subtract(&files, &mut found), 1);
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn a_wrong_file_is_refused() {
        assert!(Baseline::parse("[]").is_err());
        assert!(Baseline::parse(r#"{"version":2,"findings":[]}"#).is_err_and(|error| error.contains("version 2")));
        assert!(Baseline::parse(r#"{"version":1,"findings":[],"more":1}"#).is_err());
    }
}
