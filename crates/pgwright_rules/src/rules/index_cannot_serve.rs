//! Indexes that cannot do what they were made for, whatever is asked.

use std::collections::BTreeSet;

use pgwright_diagnostics::{Applicability, Confidence, Diagnostic, Fix, Severity, Span};
use pgwright_django::model::{Field, Model};
use pgwright_django::schema::extensions_of_index;
use pgwright_schema::{Column, IndexMethod, Table};

use crate::edits::remove_keyword;
use crate::headline::fitting;
use crate::tables::{Access, Source, Tables, accesses, is_declared_here};
use crate::{Check, Facts, Group, Rule};

pub(crate) static RULE: Rule = Rule {
    name: "index-cannot-serve",
    summary: "an index that cannot be built, cannot hold every row or finds next to nothing",
    docs: include_str!("index_cannot_serve.md"),
    group: Group::Indexes,
    severity: Severity::Warning,
    check: Check::Project(check),
};

/// The largest entry of a B-tree, a third of a page (`BTMaxItemSize`); longer values make INSERT fail.
const BTREE_LIMIT: u32 = 2704;

fn check(facts: Facts, found: &mut Vec<Diagnostic>) {
    let tables = Tables::new(facts.project);
    let has_migrations =
        facts.files.iter().any(|(_, file)| file.path.components().any(|part| part.as_str() == "migrations"));
    // What an abstract base declares is said once, for the first table that has it.
    let mut said: BTreeSet<Span> = BTreeSet::new();
    for (model, table) in tables.models() {
        let all = accesses(model, table);
        for access in &all {
            let judged = cannot_be_built(table, access)
                .or_else(|| btree(model, table, access, &all))
                .or_else(|| has_migrations.then(|| without_extension(facts, table, access)).flatten());
            let judged = judged.and_then(|judged| finding(facts, model, access, judged));
            found.extend(judged.filter(|finding| said.insert(finding.primary.span)));
        }
    }
}

/// What is wrong with an index.
struct Judged {
    severity: Severity,
    confidence: Confidence,
    /// The headline, after the words for the index.
    what: String,
    why: String,
    help: String,
    /// Whether nothing is lost without the index.
    removable: bool,
}

impl Judged {
    fn new(severity: Severity, what: impl Into<String>, why: impl Into<String>, help: impl Into<String>) -> Self {
        let confidence = Confidence::Certain;
        Judged { severity, confidence, what: what.into(), why: why.into(), help: help.into(), removable: false }
    }
}

fn btree(model: &Model, table: &Table, access: &Access, all: &[Access]) -> Option<Judged> {
    let is_asked_for = matches!(access.source, Source::Field(_) | Source::Index(_) | Source::IndexTogether(_));
    // Where a longer index does the same, `redundant-index` says so.
    let is_covered = all.iter().any(|other| other.keys.len() > access.keys.len() && access.is_covered_by(other));
    if access.method != IndexMethod::Btree || !is_asked_for || access.predicate.is_some() || is_covered {
        return None;
    }
    let only = access.only_column().filter(|_| access.include.is_empty()).and_then(|name| table.column(name));
    if let Some(judged) = only.and_then(|column| single(column, access)) {
        return Some(judged);
    }
    // A uniqueness sets the same limit already, and is there for another purpose.
    let is_unique =
        |name: &str| all.iter().any(|other| other.unique && other.keys.iter().any(|key| key.as_column() == Some(name)));
    let columns = access.keys.iter().filter_map(|key| table.column(key.as_column().filter(|name| !is_unique(name))?));
    let long = columns.filter(|column| can_exceed(column)).find(|column| {
        let field = model.local_columns().find(|field| field.column.as_deref() == Some(column.name.as_str()));
        // The values of choices are known and short; a foreign key repeats what its target's own unique index holds.
        field.is_some_and(|field| !field.has_choices && field.relation.is_none() && !is_short_by_name(&field.name))
    })?;
    let mut judged = Judged::new(
        Severity::Warning,
        "is a B-tree over text without a limit",
        format!(
            "A B-tree entry holds {BTREE_LIMIT} bytes after compression; INSERT fails on a longer value of `{}` (\"index row \
             size … exceeds btree version 4 maximum {BTREE_LIMIT}\")",
            long.name
        ),
        "Use a CharField if the values are short (up to 676 characters always fit), a HashIndex for equality only, or a GIN \
         index with `gin_trgm_ops` to search in it",
    );
    judged.severity = if access.only_column().is_some() { Severity::Warning } else { Severity::Note };
    // How long the values get is not known.
    judged.confidence = Confidence::Likely;
    Some(judged)
}

fn single(column: &Column, access: &Access) -> Option<Judged> {
    let base = column.type_.base.as_str();
    if column.type_.is_array() || matches!(base, "jsonb" | "hstore") {
        let (kind, help) = match base {
            _ if column.type_.is_array() => ("an array", "Use `GinIndex`, which serves `contains` and `overlap`"),
            "jsonb" => (
                "a JSON document",
                "Use `GinIndex` (with `opclasses=[\"jsonb_path_ops\"]` for `contains` alone), or an index on the key that is \
                 asked for: `Index(KeyTransform(\"key\", \"field\"))`",
            ),
            _ => ("an hstore", "Use `GinIndex`, which serves `contains` and `has_key`"),
        };
        let mut judged = Judged::new(
            Severity::Warning,
            format!("is a B-tree over {kind}"),
            format!(
                "It serves equality of the whole value and nothing inside it, and a value of more than {BTREE_LIMIT} bytes \
                 makes INSERT fail"
            ),
            help,
        );
        judged.removable = matches!(access.source, Source::Field(_));
        return Some(judged);
    }
    // Where most rows are NULL the index finds the few that are not.
    (base == "boolean" && !column.null).then(|| {
        Judged::new(
            Severity::Note,
            "is over a boolean alone",
            "PostgreSQL uses it for the value that few rows have, and reads the table for the other; yet it holds, and every \
             INSERT writes, an entry for each row",
            "Remove it, or hold the few rows only: `Index(fields=[…], condition=Q(flag=True))` on the column they are sorted \
             or found by",
        )
    })
}

/// Words that name what is short, however it is declared.
const SHORT: [&str; 20] = [
    "type", "kind", "state", "status", "code", "slug", "uuid", "guid", "hash", "digest", "checksum", "md5", "sha1",
    "sha256", "sha512", "language", "locale", "currency", "country", "version",
];

fn is_short_by_name(name: &str) -> bool {
    name.rsplit('_').next().is_some_and(|word| SHORT.contains(&word.to_lowercase().as_str()))
}

/// Whether even ASCII text can be longer than a B-tree entry.
fn can_exceed(column: &Column) -> bool {
    let limit = column.type_.modifiers.first().copied();
    column.type_.is_text() && limit.is_none_or(|limit| limit > BTREE_LIMIT)
}

/// Methods that have no operator class for the type: `CREATE INDEX` fails.
fn cannot_be_built(table: &Table, access: &Access) -> Option<Judged> {
    if access.method == IndexMethod::Hash && access.keys.len() > 1 {
        return Some(Judged::new(
            Severity::Error,
            "is a hash index over several columns",
            "PostgreSQL builds hash indexes over one column only: the migration fails",
            "Use a B-tree, or one hash index per column",
        ));
    }
    let keys = access.keys.iter().filter(|key| key.opclass.is_none());
    let column = keys.filter_map(|key| table.column(key.as_column()?)).find(|column| !fits(&access.method, column))?;
    let method = access.method.as_str();
    Some(Judged::new(
        Severity::Error,
        format!("is {method} over {}", column.type_),
        format!(
            "The migration fails: \"data type {} has no default operator class for access method \\\"{method}\\\"\"",
            column.type_
        )
        .replace("\\\"", "'"),
        match access.method {
            IndexMethod::Gin if is_range(column) => "Use `GistIndex` or `SpGistIndex`",
            IndexMethod::Gist => "Use `GinIndex`, or name the operator class of an extension",
            IndexMethod::Brin => "Use a B-tree, with a condition where one value is rare",
            _ => "Use a B-tree, or name an operator class",
        },
    ))
}

fn is_range(column: &Column) -> bool {
    column.type_.base.ends_with("range") && !column.type_.is_array()
}

/// Whether there is an operator class by default, be it in an extension (`btree_gin`, `btree_gist`).
fn fits(method: &IndexMethod, column: &Column) -> bool {
    let base = column.type_.base.as_str();
    let is_document = column.type_.is_array() || matches!(base, "jsonb" | "hstore" | "tsvector");
    match method {
        IndexMethod::Gin => !is_range(column),
        IndexMethod::Gist => !column.type_.is_array() && base != "jsonb",
        IndexMethod::Brin => !is_document && base != "boolean",
        IndexMethod::Spgist => {
            let is_scalar = matches!(
                base,
                "boolean" | "smallint" | "integer" | "bigint" | "numeric" | "double precision" | "date" | "uuid"
            );
            !is_document && !is_scalar
        }
        _ => true,
    }
}

fn without_extension(facts: Facts, table: &Table, access: &Access) -> Option<Judged> {
    let index = table.indexes.iter().find(|index| index.name == access.name)?;
    let missing =
        extensions_of_index(table, index).find(|name| !facts.project.extensions.iter().any(|known| known == name))?;
    let operation = match missing {
        "pg_trgm" => "TrigramExtension()".to_owned(),
        "btree_gin" => "BtreeGinExtension()".to_owned(),
        "btree_gist" => "BtreeGistExtension()".to_owned(),
        "bloom" => "BloomExtension()".to_owned(),
        other => format!("CreateExtension(\"{other}\")"),
    };
    let mut judged = Judged::new(
        Severity::Warning,
        format!("needs the extension {missing}"),
        "No migration creates it, so `migrate` fails on a new database, the one for tests included, unless someone made it \
         in template1",
        format!("Put `{operation}` before the operation that adds the index"),
    );
    judged.confidence = Confidence::Likely;
    Some(judged)
}

fn finding(facts: Facts, model: &Model, access: &Access, judged: Judged) -> Option<Diagnostic> {
    let field = match &access.source {
        Source::Field(name) | Source::UniqueField(name) => model.field(name),
        _ => None,
    };
    let subject = match field {
        Some(field) => format!("the index of `{}.{}`", model.name, field.name),
        None => match access
            .only_column()
            .and_then(|column| model.local_columns().find(|field| field.column.as_deref() == Some(column)))
        {
            Some(field) => format!("the index on `{}.{}`", model.name, field.name),
            None => format!("an index of `{}`", model.name),
        },
    };
    let span = match field.and_then(|field| field.site.as_ref()) {
        Some(site) => site.keyword("db_index").map_or(site.name, |keyword| keyword.whole),
        None => access.site(facts.files, model)?,
    };
    let mut finding = RULE
        .at(
            span,
            fitting(&[
                format!("{subject} {}", judged.what),
                format!("{} {}", subject.trim_start_matches("the "), judged.what),
                format!("an index of `{}` {}", model.name, judged.what),
                format!("an index {}", judged.what),
            ]),
        )
        .why(judged.why)
        .help(judged.help)
        .confidence(judged.confidence)
        .evidence("index", access.name.clone());
    finding.severity = judged.severity;
    if judged.removable {
        finding.fix = field.and_then(|field| removal(facts, model, field));
    }
    Some(finding)
}

fn removal(facts: Facts, model: &Model, field: &Field) -> Option<Fix> {
    let site = field.site.as_ref().filter(|_| is_declared_here(model, field))?;
    let edits = remove_keyword(facts.files, site, "db_index")?;
    Some(Fix { title: "Remove `db_index=True`".to_owned(), applicability: Applicability::Unsafe, edits })
}
