//! Comparisons of what is computed from a column, which no index on the column finds.

use std::collections::BTreeMap;

use pgwright_diagnostics::{Diagnostic, Severity};
use pgwright_django::queries::workload::Issued;
use pgwright_schema::catalog::{Volatility, catalog};
use pgwright_schema::terms::{Kind, Term};

use crate::asked::Asked;
use crate::headline::fitting;
use crate::queries::{by_place, severity, with_queries};
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "unindexable-lookup",
    summary: "rows are looked for by what is computed from a column, which no index on the column finds",
    docs: include_str!("unindexable_lookup.md"),
    group: Group::Indexes,
    severity: Severity::Warning,
    check: Check::Table(check),
};

/// What is computed from a column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Computed {
    /// `__date`.
    Date,
    /// `__time`.
    Time,
    /// `__month`, `__day`, `__week_day`, `__hour`, `__year__in`…
    Part,
    /// `TruncMonth` and the like.
    Truncated,
    /// `TrigramSimilarity`.
    Similarity,
    /// `SearchRank`.
    Rank,
    /// `F("ends") - timedelta(days=1)`.
    Sum,
    /// Another function of PostgreSQL's.
    Function(String),
}

fn check(facts: Facts, asked: &Asked, found: &mut Vec<Diagnostic>) {
    let size = facts.sizes.of(asked.model);
    if !size.is_large() {
        return;
    }
    let mut lookups: BTreeMap<(String, Computed), Vec<&Issued>> = BTreeMap::new();
    for question in asked.unserved_by_columns() {
        for lookup in question.clauses.iter().filter_map(lookup) {
            lookups.entry(lookup).or_default().push(question.issued);
        }
    }
    for ((column, computed), queries) in lookups {
        let field = asked.model.fields.iter().find(|field| field.column.as_deref() == Some(&column));
        let Some((field, place)) = field.and_then(|field| Some((field, field.site.as_ref()?.name))) else { continue };
        if asked.has_expression_of(&column) {
            continue;
        }
        let name = &field.name;
        let label = format!("{}.{name}", asked.model.name);
        let queries = by_place(queries);
        let what = computed.what();
        let wordings = [
            format!("`{label}` is compared by {what}, which no index serves"),
            format!("`{name}` is compared by {what}, which no index serves"),
            format!("a column is compared by {what}, which no index serves"),
        ];
        let mut finding = RULE
            .at(place, fitting(&wordings))
            .why(format!(
                "the condition is on an expression of the column, so PostgreSQL computes it for {} of `{}`",
                size.phrase(),
                asked.model.table
            ))
            .help(computed.help(name));
        finding = with_queries(finding, &queries, "asked here");
        finding.severity = severity(size);
        found.push(finding);
    }
}

/// The column from which a condition compares something computed, and what.
fn lookup(clause: &Term) -> Option<(String, Computed)> {
    let left = match &clause.kind {
        Kind::Quantified { left, .. } => left,
        _ => {
            let (operator, left, right) = clause.as_comparison()?;
            let is_compared = ["=", "<", "<=", ">", ">="].contains(&catalog().operator(operator).name);
            if !is_compared || !right.is_free_of_columns() {
                return None;
            }
            left
        }
    };
    let [column] = left.columns(0).try_into().ok()?;
    Some((column.to_string(), computed(left)?))
}

fn computed(term: &Term) -> Option<Computed> {
    match &term.kind {
        Kind::Cast { arg, .. } if is_moment(arg) => match term.type_.name() {
            "date" => Some(Computed::Date),
            "time" => Some(Computed::Time),
            _ => None,
        },
        Kind::Function { name, args, volatility } => match (&**name, args.as_slice()) {
            ("extract" | "date_part", _) => Some(Computed::Part),
            ("date_trunc", _) => Some(Computed::Truncated),
            ("similarity" | "word_similarity" | "strict_word_similarity", _) => Some(Computed::Similarity),
            ("ts_rank" | "ts_rank_cd", _) => Some(Computed::Rank),
            // What stands alone in UPPER is a search in text.
            ("upper", _) => None,
            // Of a range it is the lower bound.
            ("lower", [only]) if !only.type_.is_textual() => None,
            (name, [only]) if *volatility == Volatility::Immutable => {
                only.as_column().map(|_| Computed::Function(name.to_owned()))
            }
            _ => None,
        },
        Kind::Operator { id, args } => match (catalog().operator(*id).name, args.as_slice()) {
            // `__week_day` is `EXTRACT(DOW FROM …) + 1`.
            ("+", [part, _]) if computed(part) == Some(Computed::Part) => Some(Computed::Part),
            ("+" | "-", [left, right]) => match (left.as_column(), right.as_column()) {
                (Some(_), None) if right.is_free_of_columns() => Some(Computed::Sum),
                (None, Some(_)) if left.is_free_of_columns() => Some(Computed::Sum),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

/// A column of dates with their time, in whatever zone.
fn is_moment(term: &Term) -> bool {
    match &term.kind {
        Kind::Column { .. } => true,
        Kind::Function { name, args, .. } if &**name == "timezone" => args.last().is_some_and(is_moment),
        _ => false,
    }
}

impl Computed {
    fn what(&self) -> String {
        match self {
            Computed::Date => "its date".to_owned(),
            Computed::Time => "its time of day".to_owned(),
            Computed::Part => "a part of it".to_owned(),
            Computed::Truncated => "what it is truncated to".to_owned(),
            Computed::Similarity => "its similarity".to_owned(),
            Computed::Rank => "its rank".to_owned(),
            Computed::Sum => "a sum with it".to_owned(),
            Computed::Function(name) => format!("its `{name}`"),
        }
    }

    fn help(&self, field: &str) -> String {
        match self {
            Computed::Date => format!(
                "Ask for a range, which an index on `{field}` finds: `{field}__gte=start, {field}__lt=start + timedelta(days=1)`, with \
                 `start` an aware midnight of that day"
            ),
            Computed::Time => format!(
                "Add `models.Index(TruncTime(\"{field}\", tzinfo=…), name=…)` with the zone that the query uses, or keep the time in a column"
            ),
            Computed::Part => format!(
                "Ask for ranges where they say the same (`{field}__range`, one per year), or add \
                 `models.Index(Extract…(\"{field}\", tzinfo=…), name=…)` with the zone that the query uses"
            ),
            Computed::Truncated => {
                format!("Ask for a range, which an index on `{field}` finds: `{field}__gte=start, {field}__lt=end`")
            }
            Computed::Similarity => format!(
                "Filter by `{field}__trigram_similar=…` first (its limit is `pg_trgm.similarity_threshold`), which \
                 `GinIndex(fields=[\"{field}\"], opclasses=[\"gin_trgm_ops\"], name=…)` serves, and order by the similarity"
            ),
            Computed::Rank => format!(
                "Filter by `{field}=SearchQuery(…)` first, which `GinIndex(fields=[\"{field}\"], name=…)` serves, and order by the rank"
            ),
            Computed::Sum => format!(
                "Compute on the other side, so that `{field}` stands alone and an index on it is used: `{field}__lt=value - …`"
            ),
            Computed::Function(name) => {
                format!("Add an index on the same expression, `models.Index({}(\"{field}\"), name=…)`", class_of(name))
            }
        }
    }
}

/// The class of `django.db.models.functions` that sends a function of PostgreSQL's.
fn class_of(function: &str) -> String {
    match function {
        "btrim" => "Trim".to_owned(),
        "ltrim" => "LTrim".to_owned(),
        "rtrim" => "RTrim".to_owned(),
        "md5" | "sha256" => function.to_uppercase(),
        _ => {
            let mut letters = function.chars();
            letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
        }
    }
}
