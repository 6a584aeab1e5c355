//! Models of today in migrations of then.

use pgwright_diagnostics::{Diagnostic, Severity, Span};
use pgwright_django::model::Model;

use crate::headline::fitting;
use crate::timeline::Timeline;
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "model-imported-in-migration",
    summary: "a migration uses a model class of today",
    docs: include_str!("model_imported_in_migration.md"),
    group: Group::Migrations,
    severity: Severity::Warning,
    check: Check::Migration(check),
};

fn check(facts: Facts, timeline: &Timeline, found: &mut Vec<Diagnostic>) {
    let Some(file) = timeline.migration.file else { return };
    let text = facts.files.get(file).text.as_str();
    for (module, names, start, end) in imports(text) {
        for (name, bound) in names {
            let is_it = |model: &&Model| {
                !model.abstract_ && model.name == name && is_defined_in(model, module, &timeline.migration.app)
            };
            let Some(model) = facts.project.models.all.iter().find(is_it) else { continue };
            if !is_used(text, &bound, (start, end)) {
                continue;
            }
            found.push(
                RULE.at(
                    Span::new(file, start as u32, end as u32),
                    fitting(&[
                        format!("`{name}` is the model of today, not that of this migration"),
                        "this is the model of today, not that of this migration".to_owned(),
                    ]),
                )
                .why(
                    "its queries name every column that the model has by then: on a database that is not yet so far, as each new one is, \
                     they fail",
                )
                .help(format!(
                    "Take `apps.get_model(\"{}\", \"{}\")` inside the function that uses it",
                    model.app_label, model.name
                )),
            );
        }
    }
}

type Import<'t> = (&'t str, Vec<(String, String)>, usize, usize);

/// Each `from MODULE import NAMES`: what is imported and the name it has here, and the statement's range.
fn imports(text: &str) -> Vec<Import<'_>> {
    let mut found = Vec::new();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let start = offset + (line.len() - line.trim_start().len());
        offset += line.len();
        let Some((module, rest)) = line.trim_start().strip_prefix("from ").and_then(|rest| rest.split_once(" import "))
        else {
            continue;
        };
        let opened = rest.trim_start().starts_with('(');
        let rest_at = offset - line.len() + line.len() - rest.len();
        let end = match opened {
            true => text[rest_at..].find(')').map_or(text.len(), |at| rest_at + at + 1),
            false => rest_at + rest.split('#').next().unwrap_or(rest).trim_end().len(),
        };
        let listed = text[rest_at..end].trim_matches(['(', ')', ' ']);
        let lines = listed.lines().map(|line| line.split('#').next().unwrap_or_default());
        let names = lines.flat_map(|line| line.split(',')).map(str::trim).filter(|name| !name.is_empty());
        let names = names.map(|name| match name.split_once(" as ") {
            Some((name, bound)) => (name.trim().to_owned(), bound.trim().to_owned()),
            None => (name.to_owned(), name.to_owned()),
        });
        found.push((module.trim(), names.collect(), start, end));
    }
    found
}

/// Whether a module that is imported from is the model's, or a package that hands it on. Relative ones are the migration's own app's.
fn is_defined_in(model: &Model, module: &str, app: &str) -> bool {
    let relative = module.trim_start_matches('.');
    if relative.len() < module.len() {
        return model.app_label == app && (model.module == relative || model.module.ends_with(&format!(".{relative}")));
    }
    model.module == module || model.module.strip_prefix(module).is_some_and(|rest| rest.starts_with('.'))
}

/// Whether something is asked of the class: a declaration may name it without.
fn is_used(text: &str, name: &str, (start, end): (usize, usize)) -> bool {
    let rest = [&text[..start], &text[end..]];
    rest.iter().any(|part| {
        part.match_indices(name).any(|(at, _)| {
            let before = part[..at].chars().next_back();
            let after = &part[at + name.len()..];
            let alone = !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '"' | '\''));
            let asked = [".objects", "._default_manager", "._base_manager", "(", "._meta", ".all_objects"];
            alone && asked.iter().any(|asked| after.starts_with(asked))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::{imports, is_used};

    #[test]
    fn imports_are_read_with_their_names() {
        let text = "from a.models import B, C as D\ndef f():\n    from .models import (\n        E,  # why\n        F,\n    )\n";
        let found = imports(text);
        assert_eq!(found[0].1, [("B".into(), "B".into()), ("C".into(), "D".into())]);
        assert_eq!((found[1].0, &found[1].1[1].0), (".models", &"F".to_owned()));
        assert_eq!(&text[found[0].2..found[0].3], "from a.models import B, C as D");
        assert!(text[found[1].2..found[1].3].ends_with(')'));
    }

    #[test]
    fn a_class_that_is_only_named_is_not_used() {
        assert!(is_used("import\nB.objects.all()", "B", (0, 6)));
        assert!(!is_used("import\nget_model('a', 'B').objects, AB.objects, bases=(B, C)", "B", (0, 6)));
    }
}
