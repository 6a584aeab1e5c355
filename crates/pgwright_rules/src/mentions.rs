//! What the code says of columns: in the statements it sends, and in its own words.

use std::sync::Arc;

use pgwright_django::usage::is_product_code;
use pgwright_schema::Schema;
use pgwright_schema::catalog::catalog;
use pgwright_schema::sql::parse_statement;
use pgwright_schema::statement::{Block, Query, RelationSource, resolve_statement};
use pgwright_schema::terms::{Kind, Pattern, Term};
use rayon::prelude::*;
use rustc_hash::FxHashSet;

use crate::Facts;

/// A table by its place in the schema, and a column.
type Column = (usize, Arc<str>);

/// What statements look for, sort, group or join by.
#[derive(Debug, Default)]
pub(crate) struct Mentions {
    columns: FxHashSet<Column>,
    /// Columns of whose text the beginning is looked for.
    prefixes: FxHashSet<Column>,
    /// Tables that a statement reads or changes.
    tables: FxHashSet<usize>,
    /// Names in quotes in statements that cannot be read: any of them may be a column that is looked for.
    unread: FxHashSet<Arc<str>>,
}

impl Mentions {
    /// Of every text that the workload knows, however likely.
    pub(crate) fn of(facts: Facts) -> Mentions {
        let schema = &facts.project.own_schema().schema;
        let queries = &facts.project.workload.queries;
        let texts: FxHashSet<&str> = queries.iter().filter_map(|issued| issued.sql.as_deref().ok()).collect();
        let each = texts.into_par_iter().map(|sql| mentions(sql, schema));
        each.reduce(Mentions::default, |mut all, one| {
            all.columns.extend(one.columns);
            all.prefixes.extend(one.prefixes);
            all.tables.extend(one.tables);
            all.unread.extend(one.unread);
            all
        })
    }

    pub(crate) fn has_table(&self, table: usize) -> bool {
        self.tables.contains(&table)
    }

    pub(crate) fn has(&self, table: usize, column: &str) -> bool {
        self.columns.contains(&(table, column.into())) || self.unread.contains(column)
    }

    pub(crate) fn has_prefix(&self, table: usize, column: &str) -> bool {
        self.prefixes.contains(&(table, column.into())) || self.unread.contains(column)
    }
}

fn mentions(sql: &str, schema: &Schema) -> Mentions {
    let mut found = Mentions::default();
    let Ok(statement) = parse_statement(sql) else {
        found.unread.extend(sql.split('"').skip(1).step_by(2).map(Arc::from));
        return found;
    };
    let query = resolve_statement(&statement, schema, &[]);
    let tables = query.relations.iter().filter_map(|relation| match relation.source {
        RelationSource::Table(table) => Some(table),
        _ => None,
    });
    found.tables.extend(tables);
    for block in &query.blocks {
        for term in asked(block) {
            note(&query, term, &mut found);
        }
    }
    found
}

/// What an index may help with: conditions, joins, groups, orders; targets where they are aggregated or told apart.
fn asked(block: &Block) -> impl Iterator<Item = &Term> {
    let joined = block.joins.iter().flat_map(|join| &join.on);
    let aggregated = if block.aggregates { block.targets.as_slice() } else { &[] };
    block
        .filter
        .iter()
        .chain(joined)
        .chain(&block.group)
        .chain(&block.having)
        .chain(block.order.iter().map(|order| &order.term))
        .chain(block.distinct.iter().flatten())
        .chain(&block.distinct_aggregates)
        .chain(aggregated)
}

fn note(query: &Query, term: &Term, found: &mut Mentions) {
    if let Some(column) = prefix(query, term) {
        found.prefixes.insert(column);
    }
    if let Some(column) = column(query, term) {
        found.columns.insert(column);
    }
    for part in term.parts() {
        note(query, part, found);
    }
}

fn column(query: &Query, term: &Term) -> Option<Column> {
    let (relation, name) = term.as_column()?;
    match query.relations.get(relation)?.source {
        RelationSource::Table(table) => Some((table, name.clone())),
        _ => None,
    }
}

/// The column whose beginning a condition looks for, or may.
fn prefix(query: &Query, term: &Term) -> Option<Column> {
    let (operator, left, right) = term.as_comparison()?;
    let is_unanchored =
        right.any(&|part| matches!(part.kind, Kind::Parameter { pattern: Some(Pattern::Unanchored), .. }));
    let may = matches!(catalog().operator(operator).name, "~~" | "~" | "^@") && !is_unanchored;
    match &left.kind {
        Kind::Cast { arg, .. } if may => column(query, arg),
        _ if may => column(query, left),
        _ => None,
    }
}

/// Names that the project's own code writes in texts, where a query may be made of them: `"-created"`, `"author__name"`, `'^title'`.
#[derive(Debug, Default)]
pub(crate) struct Words<'a> {
    names: FxHashSet<&'a str>,
    /// Names with a lookup of the beginning of a text: `title__startswith`; empty where the name is not in the text.
    prefixes: FxHashSet<&'a str>,
    /// Every word of the files that send SQL of their own.
    in_sql: FxHashSet<&'a str>,
}

/// What sends SQL of the code's own, or makes it part of a query.
const SENDS_SQL: [&str; 4] = [".execute(", ".raw(", "RawSQL(", ".extra("];

impl<'a> Words<'a> {
    /// Of files outside tests and migrations; what stands in the classes of models (their indexes, their constraints) does not count.
    pub(crate) fn of(facts: Facts<'a>) -> Words<'a> {
        let own: Vec<_> = facts.project.apps.iter().filter(|app| app.own).map(|app| &app.path).collect();
        let models = || facts.project.models.all.iter().filter_map(|model| Some(model.site.as_ref()?.statement));
        let mut found = Words::default();
        for (id, file) in facts.files.iter() {
            if !own.iter().any(|path| file.path.starts_with(path)) || !is_product_code(&file.path) {
                continue;
            }
            if SENDS_SQL.iter().any(|sends| file.text.contains(sends)) {
                found.in_sql.extend(file.text.split(|c: char| !is_part(c)));
            }
            let classes: Vec<_> = models().filter(|statement| statement.file == id).collect();
            for (at, text) in texts(&file.text) {
                if !classes.iter().any(|class| (class.start as usize..class.end as usize).contains(&at)) {
                    found.add(text);
                }
            }
        }
        found
    }

    fn add(&mut self, text: &'a str) {
        let mut before = "";
        for part in text.trim_start_matches(['-', '+', '^', '=', '@', '$', '?']).split("__") {
            if matches!(part, "startswith" | "regex") {
                self.prefixes.insert(before);
            }
            self.names.insert(part);
            before = part;
        }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Whether a file that sends SQL of its own names something.
    pub(crate) fn in_sql(&self, name: &str) -> bool {
        self.in_sql.contains(name)
    }

    /// Whether a text may ask for the beginning of a field's text.
    pub(crate) fn has_prefix(&self, name: &str) -> bool {
        self.prefixes.contains(name) || self.prefixes.contains("")
    }
}

/// Words that stand in quotes or are followed by `=`, with their places.
fn texts(source: &str) -> impl Iterator<Item = (usize, &str)> {
    let starts = source.match_indices(['"', '\'']).filter_map(move |(at, _)| {
        let rest = &source[at + 1..];
        let signs = rest.len() - rest.trim_start_matches(['-', '+', '^', '=', '@', '$', '?']).len();
        let word = &rest[signs..];
        let end = word.find(|c| !is_part(c)).unwrap_or(word.len());
        (end > 0).then(|| (at, &word[..end]))
    });
    // Keywords with a lookup in them: `title__startswith=`.
    let keywords = source.match_indices("__").map(move |(at, _)| {
        let start = source[..at].rfind(|c| !is_part(c)).map_or(0, |before| before + 1);
        let start = (start..=at).find(|place| source.is_char_boundary(*place)).unwrap_or(at);
        let end = source[at..].find(|c| !is_part(c)).map_or(source.len(), |length| at + length);
        // `"%s__startswith" % name`: any name.
        let start = if source[..start].ends_with('%') { at } else { start };
        (start, &source[start..end])
    });
    starts.chain(keywords)
}

/// Of a name.
fn is_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use pgwright_schema::Schema;

    use super::{Words, mentions, texts};

    #[test]
    fn names_in_what_cannot_be_read_are_mentioned() {
        let found = mentions("SELECT ((( FROM \"visit\" WHERE \"day\" = %s", &Schema::default());
        assert!(found.has(0, "day") && found.has_prefix(0, "day") && !found.has(0, "week"), "{found:?}");
    }

    #[test]
    fn words_are_those_that_queries_may_be_made_of() {
        let source =
            "order_by('-created', \"author__name\").filter(title__startswith=x, ready=True) + f\"{field}__regex\"";
        let mut words = Words::default();
        texts(source).for_each(|(_, text)| words.add(text));
        for name in ["created", "author", "name", "title"] {
            assert!(words.has(name), "{name}");
        }
        assert!(!words.has("ready") && !words.has("field"));
        assert!(words.has_prefix("title") && words.has_prefix("anything"), "{words:?}");
        let mut words = Words::default();
        texts("x.filter(title__startswith=y)").for_each(|(_, text)| words.add(text));
        assert!(words.has_prefix("title") && !words.has_prefix("name"));
        let mut words = Words::default();
        texts("{'%s__startswith' % name: text}").for_each(|(_, text)| words.add(text));
        assert!(words.has_prefix("name"));
    }
}
