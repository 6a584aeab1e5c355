//! Which rules run, and which of their findings are shown.

use std::collections::BTreeMap;

use globset::GlobMatcher;
use pgwright_diagnostics::{Confidence, Diagnostic, Files, Severity, closest};
use pgwright_django::Extent;

use crate::{Group, NOTICES, RULES, Rule};

/// What the user asked for. [`Selection::default`] is every rule, everything shown.
#[derive(Debug, Clone)]
pub struct Selection {
    rules: Vec<&'static Rule>,
    ignored_notices: Vec<&'static str>,
    /// Overrides by rule name.
    pub severity: BTreeMap<String, Severity>,
    pub min_severity: Severity,
    pub min_confidence: Confidence,
    pub per_file: Vec<PerFile>,
}

/// Rules that say nothing in files whose path matches.
#[derive(Debug, Clone)]
pub struct PerFile {
    pub glob: GlobMatcher,
    /// Rule, notice or group names; `all` for every one.
    pub rules: Vec<String>,
}

/// A name given that is no rule, notice or group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    pub name: String,
    pub suggestion: Option<&'static str>,
}

impl Default for Selection {
    fn default() -> Self {
        Selection::of(RULES)
    }
}

impl Selection {
    /// Exactly these rules.
    pub fn of(rules: &[&'static Rule]) -> Self {
        Selection {
            rules: rules.to_vec(),
            ignored_notices: Vec::new(),
            severity: BTreeMap::new(),
            min_severity: Severity::Note,
            min_confidence: Confidence::Likely,
            per_file: Vec::new(),
        }
    }

    /// Chooses among `all`. Names are rules, groups or `all`; an empty `select` means `all`. The more exact name wins, so
    /// `ignore = ["schema"]` with `select = ["json-in-text"]` runs that rule; of equally exact ones `ignore` wins.
    ///
    /// # Errors
    /// Every name that is not known.
    pub fn new(all: &[&'static Rule], select: &[String], ignore: &[String]) -> Result<Self, Vec<Unknown>> {
        let unknown: Vec<Unknown> =
            select.iter().chain(ignore).filter_map(|name| Selection::check_name(all, name).err()).collect();
        if !unknown.is_empty() {
            return Err(unknown);
        }
        let exactness = |names: &[String], name: &str, group: Option<Group>| {
            names.iter().filter_map(|given| matches(given, name, group)).max().unwrap_or(0)
        };
        let chosen = |name: &str, group: Option<Group>| {
            // Notices are about the run itself: selecting rules does not turn them off.
            let selected =
                if select.is_empty() || group.is_none() { EVERYTHING } else { exactness(select, name, group) };
            let selected = selected.max(exactness(select, name, group));
            selected > 0 && selected > exactness(ignore, name, group)
        };
        let mut selection = Selection::of(all);
        selection.rules.retain(|rule| chosen(rule.name, Some(rule.group)));
        selection.ignored_notices =
            NOTICES.iter().map(|notice| notice.name).filter(|name| !chosen(name, None)).collect();
        Ok(selection)
    }

    /// Whether a name is a rule, a notice, a group or `all`.
    ///
    /// # Errors
    /// The name with what was probably meant.
    pub fn check_name(all: &[&'static Rule], name: &str) -> Result<(), Unknown> {
        let known = || {
            let rules = all.iter().map(|rule| rule.name);
            let notices = NOTICES.iter().map(|notice| notice.name);
            rules.chain(notices).chain(Group::ALL.map(Group::as_str)).chain(["all"])
        };
        if known().any(|candidate| candidate == name) {
            return Ok(());
        }
        Err(Unknown { name: name.to_owned(), suggestion: closest(name, known()) })
    }

    /// Leaves only rules of which that is so.
    pub fn retain(&mut self, keep: impl Fn(&Rule) -> bool) {
        self.rules.retain(|rule| keep(rule));
    }

    /// The rules to run, in the order of the documentation.
    pub fn rules(&self) -> &[&'static Rule] {
        &self.rules
    }

    /// The same without rules that need more of a project than this.
    #[must_use]
    pub fn within(mut self, extent: Extent) -> Self {
        self.rules.retain(|rule| rule.check.extent() <= extent);
        self
    }

    /// How much of a project these rules need to be understood.
    pub fn extent(&self) -> Extent {
        self.rules.iter().map(|rule| rule.check.extent()).max().unwrap_or_default()
    }

    /// Whether migrations have to be read.
    pub fn reads_history(&self) -> bool {
        self.rules.iter().any(|rule| rule.check.reads_history())
    }

    /// Whether findings of that name are wanted at all.
    pub fn is_selected(&self, name: &str) -> bool {
        self.rules.iter().any(|rule| rule.name == name)
            || (NOTICES.iter().any(|notice| notice.name == name) && !self.ignored_notices.contains(&name))
    }

    /// Applies severity overrides, and drops what is below the thresholds, not selected, or ignored in its file.
    pub(crate) fn filter(&self, files: &Files, diagnostics: &mut Vec<Diagnostic>) {
        diagnostics.retain_mut(|diagnostic| {
            if let Some(severity) = self.severity.get(diagnostic.rule) {
                diagnostic.severity = *severity;
            }
            !self.ignored_notices.contains(&diagnostic.rule)
                && diagnostic.severity >= self.min_severity
                && diagnostic.confidence >= self.min_confidence
                && !self.ignored_in_file(files, diagnostic)
        });
    }

    fn ignored_in_file(&self, files: &Files, diagnostic: &Diagnostic) -> bool {
        let Some(file) = files.try_get(diagnostic.primary.span.file) else { return false };
        let group = self.rules.iter().find(|rule| rule.name == diagnostic.rule).map(|rule| rule.group);
        self.per_file.iter().any(|per_file| {
            per_file.glob.is_match(&file.path)
                && per_file.rules.iter().any(|given| matches(given, diagnostic.rule, group).is_some())
        })
    }
}

const EVERYTHING: u8 = 1;
const GROUP: u8 = 2;
const NAME: u8 = 3;

/// How exactly a given name means a rule, if it does.
fn matches(given: &str, name: &str, group: Option<Group>) -> Option<u8> {
    if given == name {
        Some(NAME)
    } else if group.is_some_and(|group| group.as_str() == given) {
        Some(GROUP)
    } else {
        (given == "all").then_some(EVERYTHING)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Check;

    static TEXT: Rule = Rule {
        name: "json-in-text",
        summary: "",
        docs: "",
        group: Group::Schema,
        severity: Severity::Warning,
        check: Check::Project(|_, _| {}),
    };
    static FLOAT: Rule = Rule { name: "float-for-money", ..TEXT };
    static INDEX: Rule = Rule { name: "redundant-index", group: Group::Indexes, ..TEXT };
    static ALL: &[&Rule] = &[&TEXT, &FLOAT, &INDEX];

    fn chosen(select: &[&str], ignore: &[&str]) -> Vec<&'static str> {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let selection = Selection::new(ALL, &owned(select), &owned(ignore)).expect("all names are known");
        selection.rules().iter().map(|rule| rule.name).collect()
    }

    #[test]
    fn rules_are_chosen_by_name_and_by_group() {
        assert_eq!(chosen(&[], &[]), ["json-in-text", "float-for-money", "redundant-index"]);
        assert_eq!(chosen(&["schema"], &[]), ["json-in-text", "float-for-money"]);
        assert_eq!(chosen(&["schema", "redundant-index"], &["float-for-money"]), ["json-in-text", "redundant-index"]);
        assert_eq!(chosen(&["all"], &["indexes"]), ["json-in-text", "float-for-money"]);
    }

    #[test]
    fn the_more_exact_name_wins_and_ignore_breaks_ties() {
        assert_eq!(chosen(&["json-in-text"], &["schema"]), ["json-in-text"]);
        assert_eq!(chosen(&["schema"], &["schema"]), Vec::<&str>::new());
        assert_eq!(chosen(&[], &["all"]), Vec::<&str>::new());
    }

    #[test]
    fn notices_stay_on_unless_ignored() {
        let selection = Selection::new(ALL, &["schema".to_owned()], &[]).expect("known");
        assert!(selection.is_selected("syntax-error"));
        let selection = Selection::new(ALL, &[], &["unused-ignore".to_owned()]).expect("known");
        assert!(!selection.is_selected("unused-ignore") && selection.is_selected("syntax-error"));
    }

    #[test]
    fn unknown_names_say_what_was_meant() {
        let unknown = Selection::new(ALL, &["json-in-txt".to_owned()], &["xyz".to_owned()]).expect_err("unknown");
        assert_eq!(unknown[0].suggestion, Some("json-in-text"));
        assert_eq!(unknown[1], Unknown { name: "xyz".to_owned(), suggestion: None });
    }
}
