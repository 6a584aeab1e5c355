//! Searches in text that no trigram index serves.

use std::collections::BTreeMap;

use pgwright_diagnostics::{Applicability, Diagnostic, Edit, Fix, Severity};
use pgwright_django::model::{Field, Model};
use pgwright_django::queries::workload::Issued;
use pgwright_schema::catalog::catalog;
use pgwright_schema::terms::{Kind, Term};

use crate::additions::{FUNCTIONS, POSTGRES_INDEXES, import_name, index_name, takes_entries};
use crate::asked::Asked;
use crate::edits::{add_meta_entry, string};
use crate::headline::fitting;
use crate::queries::{by_place, with_queries};
use crate::tables::is_declared_here;
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "unindexed-text-search",
    summary: "text is searched in every row, because no index is made for the expression Django sends",
    docs: include_str!("unindexed_text_search.md"),
    group: Group::Indexes,
    severity: Severity::Warning,
    check: Check::Table(check),
};

/// What Django's lookups ask of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Search {
    /// `contains`, `startswith`, `endswith`.
    Like,
    /// `icontains`, `istartswith`, `iendswith`.
    UpperLike,
    /// `iexact`.
    UpperEqual,
    /// `regex`, `iregex`.
    Regex,
}

fn check(facts: Facts, asked: &Asked, found: &mut Vec<Diagnostic>) {
    let size = facts.sizes.of(asked.model);
    if !size.is_large() {
        return;
    }
    let mut searches: BTreeMap<(String, Search), Vec<&Issued>> = BTreeMap::new();
    for question in &asked.unserved {
        for clause in question.clauses.iter().flat_map(arms) {
            if let Some((column, search)) = search_of(clause) {
                searches.entry((column, search)).or_default().push(question.issued);
            }
        }
    }
    for ((column, search), queries) in searches {
        let Some(field) = asked.model.fields.iter().find(|field| field.column.as_deref() == Some(&column)) else {
            continue;
        };
        let Some(place) = field.site.as_ref().map(|site| site.name) else { continue };
        let queries = by_place(queries);
        let label = format!("{}.{}", asked.model.name, field.name);
        let wordings = [
            format!("`{label}` is searched by {}, which no index serves", search.lookup()),
            format!("`{label}` is searched in every row"),
            "a text is searched in every row".to_owned(),
        ];
        let severity = if size.is_huge() { Severity::Error } else { Severity::Warning };
        let mut finding = RULE
            .at(place, fitting(&wordings))
            .why(format!(
                "Django sends `{}`; PostgreSQL reads {} of `{}` and compares each",
                search.sql(&column),
                size.phrase(),
                asked.model.table
            ))
            .help(search.help(&field.name));
        finding = with_queries(finding, &queries, "searched here");
        finding.severity = severity;
        finding.fix = fix(facts, asked.model, field, search);
        found.push(finding);
    }
}

/// Adds the index that serves the search.
fn fix(facts: Facts, model: &Model, field: &Field, search: Search) -> Option<Fix> {
    let site = model.site.as_ref().filter(|_| takes_entries(facts, model))?;
    if !is_declared_here(model, field) {
        return None;
    }
    let id = site.statement.file;
    let file = facts.files.try_get(id)?;
    let column = string(file, &field.name);
    let trigrams = string(file, "gin_trgm_ops");
    let suffix = if search == Search::UpperEqual { "upper" } else { "trgm" };
    let name = string(file, &index_name(facts, model, field, suffix));
    let (entry, imports): (String, &[(&str, &str)]) = match search {
        Search::Like | Search::Regex => (
            format!("GinIndex(fields=[{column}], name={name}, opclasses=[{trigrams}])"),
            &[(POSTGRES_INDEXES, "GinIndex")],
        ),
        // An operator class of an expression is only known to Django where its app is installed.
        Search::UpperLike if !facts.project.apps.iter().any(|app| app.name == "django.contrib.postgres") => {
            return None;
        }
        Search::UpperLike => (
            format!("GinIndex(OpClass(Upper({column}), name={trigrams}), name={name})"),
            &[(POSTGRES_INDEXES, "GinIndex"), (POSTGRES_INDEXES, "OpClass"), (FUNCTIONS, "Upper")],
        ),
        Search::UpperEqual => (format!("models.Index(Upper({column}), name={name})"), &[(FUNCTIONS, "Upper")]),
    };
    let mut edits = add_meta_entry(facts.files, site, "indexes", &entry)?;
    for (module, name) in imports {
        join(&mut edits, import_name(file, id, module, name)?);
    }
    let title = format!("Add an index for {} on `{}`", search.lookup(), field.name);
    Some(Fix { title, applicability: Applicability::Unsafe, edits })
}

/// Adds edits; two insertions at one place become one, and two imports of one module one line.
fn join(edits: &mut Vec<Edit>, more: Vec<Edit>) {
    for edit in more {
        match edits.iter_mut().find(|other| other.span == edit.span) {
            Some(other) => match (other.text.split_once(" import "), edit.text.split_once(" import ")) {
                (Some((module, _)), Some((same, name))) if module == same => {
                    let ending = other.text.len() - other.text.trim_end().len();
                    other.text.truncate(other.text.len() - ending);
                    other.text.push_str(&format!(", {name}"));
                }
                _ => other.text.push_str(&edit.text),
            },
            None => edits.push(edit),
        }
    }
}

/// A condition, and where it is one of several alternatives each of them.
fn arms(clause: &Term) -> Vec<&Term> {
    match &clause.kind {
        Kind::Or(arms) | Kind::And(arms) => arms.iter().flat_map(arms_of).collect(),
        _ => vec![clause],
    }
}

fn arms_of(clause: &Term) -> Vec<&Term> {
    arms(clause)
}

/// The column that a condition searches in, and how.
fn search_of(clause: &Term) -> Option<(String, Search)> {
    let (operator, left, right) = clause.as_comparison()?;
    let operator = catalog().operator(operator).name;
    let (is_upper, left) = upper(left);
    let (_, right) = upper(right);
    // A pattern made of another column is no search for something.
    if right.any(&|term| matches!(term.kind, Kind::Column { .. })) {
        return None;
    }
    let search = match (operator, is_upper) {
        ("~~", false) => Search::Like,
        ("~~", true) => Search::UpperLike,
        ("=", true) => Search::UpperEqual,
        ("~" | "~*", _) => Search::Regex,
        _ => return None,
    };
    Some((bare(left).as_column()?.1.to_string(), search))
}

/// What stands in `UPPER(…)`.
fn upper(term: &Term) -> (bool, &Term) {
    match &bare(term).kind {
        Kind::Function { name, args, .. } if &**name == "upper" => match args.as_slice() {
            [only] => (true, only),
            _ => (false, term),
        },
        _ => (false, term),
    }
}

/// Without casts.
fn bare(term: &Term) -> &Term {
    match &term.kind {
        Kind::Cast { arg, .. } => bare(arg),
        _ => term,
    }
}

impl Search {
    /// The most common of the lookups that are sent like this.
    fn lookup(self) -> &'static str {
        match self {
            Search::Like => "`contains`",
            Search::UpperLike => "`icontains`",
            Search::UpperEqual => "`iexact`",
            Search::Regex => "`regex`",
        }
    }

    fn sql(self, column: &str) -> String {
        match self {
            Search::Like => format!("\"{column}\"::text LIKE …"),
            Search::UpperLike => format!("UPPER(\"{column}\"::text) LIKE UPPER(…)"),
            Search::UpperEqual => format!("UPPER(\"{column}\"::text) = UPPER(…)"),
            Search::Regex => format!("\"{column}\"::text ~ …"),
        }
    }

    fn help(self, field: &str) -> String {
        let trigram = |expression: &str| {
            format!(
                "Add `GinIndex({expression}, name=…)` to `Meta.indexes` and `TrigramExtension()` to its migration; an index on the \
                 bare column would not serve"
            )
        };
        match self {
            Search::Like | Search::Regex => format!(
                "Add `GinIndex(fields=[\"{field}\"], opclasses=[\"gin_trgm_ops\"], name=…)` to `Meta.indexes` and \
                 `TrigramExtension()` to its migration"
            ),
            Search::UpperLike => format!(
                "{}. Where whole words of prose are looked for, full-text search finds them better: a `SearchVectorField` with a \
                 `GinIndex`, and `SearchQuery`",
                trigram(&format!("OpClass(Upper(\"{field}\"), name=\"gin_trgm_ops\")"))
            ),
            Search::UpperEqual => format!(
                "Add `models.Index(Upper(\"{field}\"), name=…)` to `Meta.indexes`: an index on the column itself does not serve \
                 `iexact`"
            ),
        }
    }
}
