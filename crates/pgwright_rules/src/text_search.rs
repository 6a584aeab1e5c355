//! Searches in text, as Django's lookups send them, and the indexes for them.

use std::collections::BTreeMap;

use pgwright_diagnostics::{Applicability, Diagnostic, Fix, Severity};
use pgwright_django::model::{Field, Model};
use pgwright_django::queries::workload::Issued;
use pgwright_schema::catalog::catalog;
use pgwright_schema::names::{meta_index_name, quote_name};
use pgwright_schema::terms::{Kind, Term};
use pgwright_schema::{Expr, Index, IndexKey, IndexMethod, Table};

use crate::Facts;
use crate::additions::{FUNCTIONS, POSTGRES_INDEXES, import_name, index_name, takes_entries};
use crate::asked::Asked;
use crate::edits::{add_meta_entry, string};
use crate::entry::join;
use crate::proposal;
use crate::queries::{by_place, with_queries};
use crate::sizes::Size;
use crate::tables::{Access, accesses, is_declared_here};

/// Searches in one column that no index serves.
pub(crate) struct TextSearch<'a> {
    pub(crate) field: &'a Field,
    pub(crate) column: String,
    pub(crate) search: Search,
    pub(crate) queries: Vec<&'a Issued>,
    /// An index that is there for the column's text, but over another expression or of a class that does not serve.
    pub(crate) mismatched: Option<Access>,
}

/// What Django's lookups ask of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Search {
    /// `contains`, `startswith`, `endswith`.
    Like,
    /// `icontains`, `istartswith`, `iendswith`.
    UpperLike,
    /// `iexact`.
    UpperEqual,
    /// `regex`, `iregex`.
    Regex,
}

/// The searches in a table's texts that no index serves, by column.
pub(crate) fn searches<'a>(asked: &'a Asked<'a>) -> Vec<TextSearch<'a>> {
    let mut found: BTreeMap<(String, Search), Vec<&Issued>> = BTreeMap::new();
    for question in &asked.unserved {
        for clause in question.clauses.iter().flat_map(arms) {
            if let Some((column, search)) = search_of(clause) {
                found.entry((column, search)).or_default().push(question.issued);
            }
        }
    }
    let all = accesses(asked.model, asked.table);
    let searches = found.into_iter().filter_map(|((column, search), queries)| {
        let field = asked.model.fields.iter().find(|field| field.column.as_deref() == Some(&column))?;
        let meant = all.iter().filter(|access| search.is_meant_by(access, &column));
        // One over an expression says most of what its author meant.
        let mismatched = meant.min_by_key(|access| access.keys.iter().any(|key| key.as_column().is_some())).cloned();
        Some(TextSearch { field, column, search, queries: by_place(queries), mismatched })
    });
    searches.collect()
}

/// What is said of a search beside the headline.
pub(crate) fn judged(facts: Facts, asked: &Asked, found: &TextSearch, finding: Diagnostic, size: Size) -> Diagnostic {
    let mut finding = with_queries(finding, &found.queries, "searched here");
    finding.severity = if size.is_huge() { Severity::Error } else { Severity::Warning };
    let index = found.search.index(asked.table, &found.column);
    finding.proposal = Some(proposal::asked(&index, found.queries.iter().map(|issued| issued.span)));
    finding.fix = fix(facts, asked.model, found.field, found.search);
    finding
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
    /// Whether an index was made with such a search in mind: of trigrams, or for equality where that is asked.
    fn is_meant_by(self, access: &Access, column: &str) -> bool {
        let [key] = access.keys.as_slice() else { return false };
        if key.expr.columns() != [column] {
            return false;
        }
        let is_of_trigrams = key.opclass.as_deref().is_some_and(|class| class.contains("trgm"));
        match self {
            Search::Like | Search::Regex => is_of_trigrams,
            Search::UpperLike => is_of_trigrams,
            Search::UpperEqual => true,
        }
    }

    /// As its declaration makes it.
    fn index(self, table: &Table, column: &str) -> Index {
        let upper = || Expr::Raw(format!("UPPER({})", quote_name(column)));
        let (expr, is_of_trigrams) = match self {
            Search::Like | Search::Regex => (Expr::Column(column.to_owned()), true),
            Search::UpperLike => (upper(), true),
            Search::UpperEqual => (upper(), false),
        };
        let opclass = is_of_trigrams.then(|| "gin_trgm_ops".to_owned());
        let (method, suffix) = if is_of_trigrams { (IndexMethod::Gin, "gin") } else { (IndexMethod::Btree, "idx") };
        let name = meta_index_name(&table.name, &[&format!("{column}_{self:?}")], suffix);
        proposal::index(table, name, method, vec![IndexKey { expr, opclass, ..IndexKey::column(column) }])
    }

    /// The most common of the lookups that are sent like this.
    pub(crate) fn lookup(self) -> &'static str {
        match self {
            Search::Like => "`contains`",
            Search::UpperLike => "`icontains`",
            Search::UpperEqual => "`iexact`",
            Search::Regex => "`regex`",
        }
    }

    pub(crate) fn sql(self, column: &str) -> String {
        match self {
            Search::Like => format!("\"{column}\"::text LIKE …"),
            Search::UpperLike => format!("UPPER(\"{column}\"::text) LIKE UPPER(…)"),
            Search::UpperEqual => format!("UPPER(\"{column}\"::text) = UPPER(…)"),
            Search::Regex => format!("\"{column}\"::text ~ …"),
        }
    }

    pub(crate) fn help(self, field: &str) -> String {
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
