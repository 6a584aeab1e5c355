//! Documents kept as text.

use pgwright_diagnostics::{Applicability, Confidence, Diagnostic, Edit, Fix, Severity};
use pgwright_django::model::{Model, Value};
use pgwright_django::usage::{Use, UseKind};

use crate::declared::{Declared, class_name, declarations, default_text};
use crate::edits::{Sequence, remove_keyword};
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "json-in-text",
    summary: "JSON kept in a text column, which PostgreSQL can neither check, search nor index",
    docs: include_str!("json_in_text.md"),
    group: Group::Schema,
    severity: Severity::Warning,
    check: Check::Model(check),
};

/// Places shown; the others are counted.
const SHOWN: usize = 4;

fn check(facts: Facts, model: &Model, found: &mut Vec<Diagnostic>) {
    for declared in declarations(facts, model) {
        let field = declared.field;
        if !declared.is_text() || field.primary_key || field.has_choices {
            continue;
        }
        let evidence: Vec<&Use> = facts.project.usage.of(field).filter(|usage| is_evidence(usage)).collect();
        let finding =
            if evidence.is_empty() { of_class(facts, &declared) } else { Some(of_uses(facts, &declared, &evidence)) };
        found.extend(finding);
    }
}

/// Reading out of the field, or writing into it; the other direction is about something else.
fn is_evidence(usage: &Use) -> bool {
    match usage.kind {
        UseKind::PassedTo => is_reader(&usage.function),
        UseKind::AssignedFrom => is_writer(&usage.function),
        _ => false,
    }
}

fn is_reader(function: &str) -> bool {
    function == "ast.literal_eval" || ["loads", "load", "safe_load", "full_load"].contains(&class_name(function))
}

fn is_writer(function: &str) -> bool {
    ["dumps", "dump", "safe_dump"].contains(&class_name(function))
}

fn is_json(function: &str) -> bool {
    !function.starts_with("yaml") && !function.starts_with("ruamel") && function != "ast.literal_eval"
}

fn of_uses(facts: Facts, declared: &Declared, evidence: &[&Use]) -> Diagnostic {
    let json = evidence.iter().any(|usage| is_json(&usage.function));
    let yaml = evidence.iter().any(|usage| usage.function.starts_with("yaml") || usage.function.starts_with("ruamel"));
    let what = match (json, yaml) {
        (true, _) => "keeps JSON in a text column",
        (_, true) => "keeps YAML in a text column",
        _ => "keeps a Python literal in a text column",
    };
    let mut finding = base(declared, what);
    for usage in evidence.iter().take(SHOWN) {
        let text = match usage.kind {
            UseKind::AssignedFrom => format!("written by `{}`", usage.function),
            _ => format!("read by `{}`", usage.function),
        };
        finding = finding.related(usage.site, text);
    }
    if evidence.iter().all(|usage| usage.confidence == Confidence::Likely) {
        finding = finding.confidence(Confidence::Likely);
    }
    finding = finding.evidence("places", evidence.len().to_string());
    if json {
        finding.fix = fix(facts, declared);
    } else {
        // YAML may be there for people to edit, with their comments.
        finding.severity = Severity::Note;
    }
    finding
}

/// A field class of the project or of a library that converts itself.
fn of_class(facts: Facts, declared: &Declared) -> Option<Diagnostic> {
    let path = &declared.field.class;
    if path.starts_with("django.") {
        return None;
    }
    let class = facts.project.usage.field_class(path);
    let calls = class.map(|class| class.calls.as_slice()).unwrap_or_default();
    if calls.iter().any(|(call, _)| ["crypt", "fernet", "sign"].iter().any(|part| call.to_lowercase().contains(part))) {
        return None;
    }
    let call = calls.iter().find(|(call, _)| {
        let is_module = ["json.", "simplejson.", "orjson.", "ujson."].iter().any(|module| call.starts_with(module));
        is_module && (is_reader(call) || is_writer(call))
    });
    let own_call = call.filter(|(_, site)| site.is_some_and(|site| (site.file.0 as usize) < facts.project.file_count));
    // A library's class that is not called after JSON (translated texts, for one) is that library's business.
    if own_call.is_none() && !class_name(path).to_ascii_lowercase().contains("json") {
        return None;
    }
    let mut finding = base(declared, "keeps JSON in a text column");
    finding.primary.text = format!("`{}` is stored as `{}`", class_name(path), declared.field.db_type.as_deref()?);
    match (own_call, call) {
        (Some((call, Some(site))), _) => finding = finding.related(*site, format!("its class converts with `{call}`")),
        (_, None) => finding = finding.confidence(Confidence::Likely),
        _ => {}
    }
    Some(finding)
}

fn base(declared: &Declared, what: &str) -> Diagnostic {
    let column = declared.field.column.as_deref().unwrap_or(&declared.field.name);
    let value = match declared.field.null {
        true => format!("NULLIF({column}, '')"),
        // An empty text must not become NULL here.
        false => format!("COALESCE(NULLIF({column}, ''), '{{}}')"),
    };
    RULE.at(declared.site.name, declared.headline(what))
        .why(
            "To PostgreSQL it is a string: it takes broken documents, no index finds a key in it, and to change one key \
             the whole document is read, parsed and written back",
        )
        .help(format!(
            "Make it a `JSONField`, drop the conversions, and write the data migration: `ALTER COLUMN {column} TYPE jsonb \
             USING {value}::jsonb`. It fails on the first text that is not JSON or that has a `\\u0000`, so look for \
             those beforehand, and it rewrites the table under AccessExclusiveLock",
        ))
}

fn fix(facts: Facts, declared: &Declared) -> Option<Fix> {
    let (field, site) = (declared.field, declared.site);
    let files = facts.files;
    let callee = site.callee?;
    let (prefix, name) = files.text(callee).rsplit_once('.')?;
    let is_plain = matches!(name, "TextField" | "CharField") && field.class.starts_with("django.db.models.");
    if !is_plain || field.unique || field.db_index {
        return None;
    }
    let sequence = Sequence::of_arguments(files, site.arguments?)?;
    // Beyond the verbose name positions mean different things.
    if sequence.entries.len() > site.keywords.len() + 1 {
        return None;
    }
    let mut edits = vec![Edit::replace(callee, format!("{prefix}.JSONField"))];
    let dropped: Vec<&str> =
        ["max_length", "db_collation"].into_iter().filter(|name| site.keyword(name).is_some()).collect();
    // Two entries side by side cannot be taken out by two independent edits.
    if dropped.len() > 1 {
        return None;
    }
    match (default_text(field), site.keyword("default")) {
        (Some("{}"), Some(keyword)) => edits.push(Edit::replace(keyword.value, "dict")),
        (Some("[]"), Some(keyword)) => edits.push(Edit::replace(keyword.value, "list")),
        (_, Some(_)) if field.default.as_ref().is_some_and(|default| *default != Value::None) => {
            return None;
        }
        // An empty text becomes NULL, as the migration makes it.
        (_, None) if field.blank && !field.null => {
            if !dropped.is_empty() {
                let keyword = site.keyword(dropped[0])?;
                edits.push(Edit::replace(keyword.whole, "null=True"));
                return Some(finished(edits));
            }
            match site.keyword("null") {
                Some(keyword) => edits.push(Edit::replace(keyword.value, "True")),
                None => edits.extend(sequence.with(files, "null=True")?),
            }
        }
        _ => {}
    }
    for name in dropped {
        edits.extend(remove_keyword(files, site, name)?);
    }
    Some(finished(edits))
}

fn finished(edits: Vec<Edit>) -> Fix {
    Fix { title: "Make it a `JSONField`".to_owned(), applicability: Applicability::Unsafe, edits }
}
