//! Making the schema.

use pgwright_schema::ddl::{add_constraint, create_index, create_table};
use pgwright_schema::names::{quote_name, split_identifier};
use pgwright_schema::{ConstraintKind, Placement, Schema, Statistics, Table};
use postgres::Client;

use crate::Error;

/// A statement of the schema that was refused, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    pub statement: String,
    pub reason: String,
}

/// What makes a schema.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Definition {
    pub extensions: Vec<String>,
    pub statements: Vec<String>,
}

impl Definition {
    /// The statements for this schema, with indexes in the order in which the database that was measured has them.
    pub fn of(schema: &Schema, statistics: &Statistics) -> Definition {
        Definition { extensions: schema.extensions.clone(), statements: statements(schema, statistics) }
    }
}

/// Creates what there is to create, leaving out what this server refuses.
pub(super) fn create(client: &mut Client, definition: &Definition) -> Result<Vec<LeftOut>, Error> {
    client.batch_execute("SET allow_system_table_mods = on; SET client_min_messages = error")?;
    let mut left_out = Vec::new();
    for extension in &definition.extensions {
        // With CASCADE comes what it needs.
        run(client, &format!("CREATE EXTENSION IF NOT EXISTS {} CASCADE", quote_name(extension)), &mut left_out)?;
    }
    // All in one go, which is one transaction; one by one only where something is refused.
    if client.batch_execute(&definition.statements.join(";\n")).is_err() {
        for statement in &definition.statements {
            run(client, statement, &mut left_out)?;
        }
    }
    // The planner knows how foreign keys join. There are no rows to validate, and validating would read the indexes that are sized
    // later.
    client.batch_execute("UPDATE pg_constraint SET convalidated = true WHERE contype = 'f'")?;
    Ok(left_out)
}

fn run(client: &mut Client, statement: &str, left_out: &mut Vec<LeftOut>) -> Result<(), Error> {
    match client.batch_execute(statement) {
        Err(error) if error.is_closed() => Err(error.into()),
        Err(error) => {
            left_out.push(LeftOut { statement: statement.to_owned(), reason: Error::from(error).message });
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

fn statements(schema: &Schema, statistics: &Statistics) -> Vec<String> {
    let mut schemas: Vec<&str> = schema.tables.iter().map(|table| split_identifier(&table.name).0).collect();
    schemas.sort_unstable();
    schemas.dedup();
    schemas.retain(|name| !matches!(*name, "" | "public"));
    let mut statements: Vec<String> =
        schemas.iter().map(|name| format!("CREATE SCHEMA IF NOT EXISTS {}", quote_name(name))).collect();
    // There are no tablespaces here.
    let plain = |table: &Table| Table { tablespace: None, ..table.clone() };
    statements.extend(schema.tables.iter().map(|table| create_table(&plain(table))));
    for table in &schema.tables {
        statements.extend(indexes(table, statistics));
    }
    for table in &schema.tables {
        let keys =
            table.constraints.iter().filter(|constraint| matches!(constraint.kind, ConstraintKind::ForeignKey(_)));
        statements.extend(keys.map(|constraint| format!("{} NOT VALID", add_constraint(table, constraint))));
    }
    statements
}

/// What makes the table's indexes, in the order in which the database made them: of two that cost the same the planner takes the older.
fn indexes(table: &Table, statistics: &Statistics) -> Vec<String> {
    let added = table.constraints.iter().filter(|constraint| {
        constraint.placement == Placement::Alter && !matches!(constraint.kind, ConstraintKind::ForeignKey(_))
    });
    let mut statements: Vec<(&str, String)> =
        added.map(|constraint| (constraint.name.as_str(), add_constraint(table, constraint))).collect();
    statements.extend(table.indexes.iter().map(|index| {
        let plain = pgwright_schema::Index { tablespace: None, ..index.clone() };
        (index.name.as_str(), create_index(&plain))
    }));
    if let Some(measured) = statistics.tables.get(&table.name) {
        let age = |name: &str| measured.indexes.iter().position(|index| index.name == name).unwrap_or(usize::MAX);
        statements.sort_by_key(|(name, _)| age(name));
    }
    statements.into_iter().map(|(_, statement)| statement).collect()
}
