//! What statements do to columns, as far as rules ask.

use std::collections::{BTreeMap, BTreeSet};

use crate::parameters::{self, Comparison};
use crate::sql::{Assignment, From, Node, Select, SelectBody, Source, Statement, number_placeholders, parse_statement};

/// Of all statements that are known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usage {
    tables: BTreeMap<String, TableUsage>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableUsage {
    /// The columns that each `UPDATE` sets.
    pub updates: BTreeSet<BTreeSet<String>>,
    pub inserted: bool,
    pub deleted: bool,
    pub columns: BTreeMap<String, ColumnUsage>,
}

/// How conditions and orders use a column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ColumnUsage {
    pub equal: bool,
    pub range: bool,
    /// Sorted by, searched in as text, or anything else that needs more than equality.
    pub otherwise: bool,
}

impl Usage {
    /// Statements as Django sends them (`%s`) or as `pg_stat_statements` shows them (`$1`). What cannot be read is left out.
    pub fn of<'s>(statements: impl Iterator<Item = &'s str>) -> Usage {
        let mut usage = Usage::default();
        for text in statements {
            if let Ok(statement) = parse_statement(&number_placeholders(text)) {
                usage.add(&statement);
            }
        }
        usage
    }

    pub fn table(&self, name: &str) -> Option<&TableUsage> {
        self.tables.get(name)
    }

    pub fn column(&self, table: &str, column: &str) -> ColumnUsage {
        self.tables.get(table).and_then(|table| table.columns.get(column)).copied().unwrap_or_default()
    }

    pub fn updates(&self, table: &str) -> bool {
        self.table(table).is_some_and(|table| !table.updates.is_empty())
    }

    pub fn deletes(&self, table: &str) -> bool {
        self.table(table).is_some_and(|table| table.deleted)
    }

    pub fn writes(&self, table: &str) -> bool {
        self.table(table).is_some_and(|table| table.inserted || table.deleted || !table.updates.is_empty())
    }

    fn entry(&mut self, table: &str) -> &mut TableUsage {
        self.tables.entry(named(table)).or_default()
    }

    fn add(&mut self, statement: &Statement) {
        for usage in parameters::usages(statement).into_values() {
            let parameters::Usage::Compared { table, column, comparison } = usage else { continue };
            let column = self.entry(&table).columns.entry(column).or_default();
            match comparison {
                Comparison::Equal => column.equal = true,
                Comparison::Less | Comparison::Greater => column.range = true,
                Comparison::Pattern | Comparison::Other => column.otherwise = true,
            }
        }
        match statement {
            Statement::Select(select) => self.order(select),
            Statement::Update(update) => {
                let columns = update.set.iter().map(|Assignment { column, .. }| column.clone()).collect();
                self.entry(&update.table).updates.insert(columns);
            }
            Statement::Delete(delete) => self.entry(&delete.table).deleted = true,
            Statement::Insert { table, .. } => self.entry(table).inserted = true,
            Statement::CreateIndex(_) | Statement::Other(_) => {}
        }
    }

    fn order(&mut self, select: &Select) {
        let SelectBody::Plain { from, .. } = &select.body else { return };
        for key in &select.order {
            let Node::Name(path) = &key.node else { continue };
            let Some((column, qualifier)) = path.split_last() else { continue };
            if let Some(table) = table_of(from, qualifier.last().map(String::as_str)) {
                self.entry(table).columns.entry(column.clone()).or_default().otherwise = true;
            }
        }
    }
}

/// The table with this name in a query; without a name the only one there is.
pub(super) fn table_of<'f>(from: &'f [From], name: Option<&str>) -> Option<&'f str> {
    let mut open: Vec<&From> = from.iter().collect();
    let mut tables = Vec::new();
    while let Some(from) = open.pop() {
        if let Source::Table(table) = &from.source {
            tables.push((from.alias.as_deref().unwrap_or_else(|| table.rsplit('.').next().unwrap_or(table)), table));
        }
        open.extend(from.joins.iter().map(|join| &join.from));
    }
    match (name, tables.as_slice()) {
        (Some(name), tables) => tables.iter().find(|(alias, _)| *alias == name).map(|(_, table)| table.as_str()),
        (None, [(_, table)]) => Some(table),
        (None, _) => None,
    }
}

/// As [`crate::Table::name`] spells it.
pub(super) fn named(table: &str) -> String {
    table.strip_prefix("public.").unwrap_or(table).replacen('.', "\".\"", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_say_what_they_do_to_columns() {
        let usage = Usage::of(
            [
                "SELECT \"o\".\"id\" FROM \"o\" WHERE (\"o\".\"a\" = %s AND \"o\".\"b\" > %s) ORDER BY \"o\".\"c\" DESC",
                "UPDATE \"o\" SET \"a\" = %s, \"d\" = %s WHERE \"o\".\"id\" = %s",
                "DELETE FROM \"x\".\"p\" WHERE \"id\" IN (%s)",
                "this is no SQL",
            ]
            .into_iter(),
        );
        assert!(usage.column("o", "a").equal && !usage.column("o", "a").otherwise);
        assert!(usage.column("o", "b").range && usage.column("o", "c").otherwise);
        assert!(usage.updates("o") && !usage.deletes("o") && usage.deletes("x\".\"p"));
        assert!(usage.table("o").is_some_and(|table| table.updates.iter().any(|set| set.contains("d"))));
    }
}
