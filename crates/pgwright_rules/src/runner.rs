//! Running the rules over the facts.

use std::panic::{AssertUnwindSafe, catch_unwind};

use pgwright_diagnostics::{Diagnostic, FileId, Files, Span};
use pgwright_django::model::Model;
use rayon::prelude::*;

use crate::asked::{Asked, ask};
use crate::notice::INTERNAL_ERROR;
use crate::worth::retain_worth;
use crate::{Check, Comments, Facts, Rule, Selection, Timeline, suppress};

/// Runs the selected rules, adds what reading the project reported, and drops what comments, thresholds and per-file
/// settings silence. Sorted by file, place and rule; the same facts give the same findings in the same order.
pub fn run(facts: Facts, selection: &Selection, comments: Comments) -> Vec<Diagnostic> {
    let asks = selection.rules().iter().any(|rule| matches!(rule.check, Check::Table(_)));
    let asked = if asks { ask(facts) } else { Vec::new() };
    let reads_history = selection.rules().iter().any(|rule| matches!(rule.check, Check::Migration(_)));
    let judged = if reads_history { facts.judged.of(&facts.project.history) } else { Vec::new() };
    let timelines: Vec<Timeline> =
        judged.par_iter().map(|migration| Timeline::new(facts.project, facts.sizes, migration)).collect();
    let run_rule = |rule: &&'static Rule| run_rule(facts, &asked, &timelines, rule);
    let mut found: Vec<Diagnostic> = selection.rules().par_iter().flat_map(run_rule).collect();
    found.extend(facts.project.diagnostics.iter().cloned());
    for finding in &mut found {
        finding.related.retain(|label| !facts.files.get(label.span.file).is_description());
    }
    // A field of an abstract model is seen once through each model that inherits it.
    sort(facts.files, &mut found);
    found.dedup_by(|a, b| a.rule == b.rule && a.primary.span == b.primary.span && a.headline == b.headline);
    retain_worth(facts, &mut found);
    let mut found = suppress(facts.files, found, comments, selection).diagnostics;
    selection.filter(facts.files, &mut found);
    sort(facts.files, &mut found);
    found
}

fn run_rule(facts: Facts, asked: &[Asked<'_>], timelines: &[Timeline<'_>], rule: &Rule) -> Vec<Diagnostic> {
    match rule.check {
        Check::Project(check) | Check::History(check) | Check::Workload(check) => {
            guard(facts, rule, None, |found| check(facts, found))
        }
        Check::Table(check) => asked
            .iter()
            .flat_map(|table| guard(facts, rule, Some(table.model), |found| check(facts, table, found)))
            .collect(),
        Check::Migration(check) => timelines
            .iter()
            .flat_map(|timeline| guard(facts, rule, None, |found| check(facts, timeline, found)))
            .collect(),
        Check::Place(check) => {
            let places = facts.project.workload.queries.chunk_by(|one, other| one.span == other.span);
            places.flat_map(|place| guard(facts, rule, None, |found| check(facts, place, found))).collect()
        }
        Check::Model(check) => {
            let models: Vec<&Model> = facts.project.models.all.iter().filter(|model| is_checked(model)).collect();
            models
                .par_iter()
                .flat_map_iter(|model| guard(facts, rule, Some(model), |found| check(facts, model, found)))
                .collect()
        }
    }
}

/// Own models with a table, and own abstract models that declare fields.
fn is_checked(model: &Model) -> bool {
    model.origin.is_own() && (model.has_table() || (model.abstract_ && !model.fields.is_empty()))
}

/// A rule that panics loses its own findings for one model and nothing else.
fn guard(
    facts: Facts,
    rule: &Rule,
    model: Option<&Model>,
    check: impl FnOnce(&mut Vec<Diagnostic>),
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    match catch_unwind(AssertUnwindSafe(|| check(&mut found))) {
        Ok(()) => found,
        Err(panic) => internal_error(facts.files, rule, model, &message(panic.as_ref())).into_iter().collect(),
    }
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no message").lines().next().unwrap_or_default().to_owned()
}

fn internal_error(files: &Files, rule: &Rule, model: Option<&Model>, message: &str) -> Option<Diagnostic> {
    let place = model.and_then(|model| model.site.as_ref()).map(|site| site.name);
    let anywhere = || (!files.is_empty()).then_some(Span::top(FileId(0)));
    let about = model.map(|model| format!(" on `{}`", model.label())).unwrap_or_default();
    Some(
        Diagnostic::new(
            INTERNAL_ERROR.name,
            INTERNAL_ERROR.severity,
            place.or_else(anywhere)?,
            format!("the rule `{}` stopped{about}", rule.name),
        )
        .why(message)
        .help(format!("This is a mistake in pgwright: please report it, and go on with `--ignore {}`", rule.name)),
    )
}

fn sort(files: &Files, diagnostics: &mut [Diagnostic]) {
    let path = |file| files.try_get(file).map(|file| file.path.as_path());
    diagnostics.sort_by(|a, b| {
        let (x, y) = (a.primary.span, b.primary.span);
        path(x.file)
            .cmp(&path(y.file))
            .then_with(|| (x.file, x.start, x.end).cmp(&(y.file, y.start, y.end)))
            .then_with(|| a.rule.cmp(b.rule))
            .then_with(|| a.headline.cmp(&b.headline))
    });
}

#[cfg(test)]
mod tests {
    use pgwright_diagnostics::Severity;
    use pgwright_django::Project;

    use super::*;
    use crate::{Group, Judged, Sizes};

    static FINE: Rule = Rule {
        name: "fine",
        summary: "",
        docs: "",
        group: Group::Schema,
        severity: Severity::Warning,
        check: Check::Project(|facts, found| {
            for (file, _) in facts.files.iter() {
                found.push(FINE.at(Span::new(file, 2, 3), "second"));
                found.push(FINE.at(Span::new(file, 0, 1), "first"));
                found.push(FINE.at(Span::new(file, 0, 1), "first"));
            }
        }),
    };
    static BROKEN: Rule = Rule { name: "broken", check: Check::Project(|_, _| panic!("out of cheese")), ..FINE };

    fn none(_: &str) -> Vec<(u32, u32)> {
        Vec::new()
    }

    fn two_files() -> Files {
        let mut files = Files::default();
        files.add("z.py".into(), "abc".to_owned());
        files.add("a.py".into(), "abc".to_owned());
        files
    }

    #[test]
    fn a_rule_that_panics_is_reported_and_the_rest_goes_on() {
        let (files, project) = (two_files(), Project::default());
        let found = run(
            Facts { project: &project, files: &files, sizes: &Sizes::default(), judged: Judged::Last },
            &Selection::of(&[&BROKEN, &FINE]),
            none,
        );
        let broken: Vec<_> = found.iter().filter(|found| found.rule == "internal-error").collect();
        assert_eq!(broken.len(), 1);
        assert_eq!(broken[0].why.as_deref(), Some("out of cheese"));
        assert_eq!(found.len(), 5);
    }

    #[test]
    fn findings_are_sorted_by_path_and_place_and_said_once() {
        let (files, project) = (two_files(), Project::default());
        let found = run(
            Facts { project: &project, files: &files, sizes: &Sizes::default(), judged: Judged::Last },
            &Selection::of(&[&FINE]),
            none,
        );
        let said: Vec<_> =
            found.iter().map(|found| (files.path(found.primary.span.file).as_str(), found.headline.as_str())).collect();
        assert_eq!(said, [("a.py", "first"), ("a.py", "second"), ("z.py", "first"), ("z.py", "second")]);
    }

    #[test]
    fn thresholds_and_overrides_apply() {
        let (files, project) = (two_files(), Project::default());
        let sizes = Sizes::default();
        let facts = Facts { project: &project, files: &files, sizes: &sizes, judged: Judged::Last };
        let mut selection = Selection::of(&[&FINE]);
        selection.min_severity = Severity::Error;
        assert!(run(facts, &selection, none).is_empty());
        selection.severity.insert("fine".to_owned(), Severity::Error);
        assert_eq!(run(facts, &selection, none).len(), 4);
    }
}
