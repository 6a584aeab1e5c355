//! The schema after a statement.

use super::catalogue::Catalogue;
use crate::expr::Expr;
use crate::schema::{Constraint, ConstraintKind, ForeignKey, Index, IndexKey, Table};
use crate::sql::{Change, NewColumn, NewConstraint, TableAction};
use crate::types::PgType;

pub(super) fn apply(catalogue: &mut Catalogue, change: Change) {
    match change {
        Change::CreateTable(new) => {
            if catalogue.table(&new.name).is_some() {
                return;
            }
            catalogue.born.insert(new.name.clone());
            catalogue.unfilled.insert(new.name.clone());
            catalogue.schema.tables.push(Table {
                name: new.name.clone(),
                columns: Vec::new(),
                constraints: Vec::new(),
                indexes: Vec::new(),
                comment: None,
                tablespace: None,
            });
            for column in new.columns {
                add_column(catalogue, &new.name, column);
            }
            for constraint in new.constraints {
                add_constraint(catalogue, &new.name, constraint);
            }
        }
        Change::DropTable { tables } => {
            for name in tables {
                catalogue.schema.tables.retain(|table| table.name != name);
                catalogue.born.remove(&name);
                catalogue.unfilled.remove(&name);
                catalogue.unvalidated.retain(|(table, _)| *table != name);
                for table in &mut catalogue.schema.tables {
                    table.constraints.retain(|constraint| !refers_to(constraint, &name));
                }
            }
        }
        Change::AlterTable { table, actions } => {
            for one in actions {
                action(catalogue, &table, one);
            }
        }
        Change::CreateIndex { index, .. } => {
            if catalogue.index(&index.name).is_none()
                && let Some(table) = catalogue.table_mut(&index.table)
            {
                table.indexes.push(*index);
            }
        }
        Change::DropIndex { indexes, .. } => {
            for table in &mut catalogue.schema.tables {
                table.indexes.retain(|index| !indexes.contains(&index.name));
            }
        }
        Change::RenameIndex { index, to } => {
            for table in &mut catalogue.schema.tables {
                for known in table.indexes.iter_mut().filter(|known| known.name == index) {
                    known.name.clone_from(&to);
                }
                for known in table.constraints.iter_mut().filter(|known| known.name == index) {
                    known.name.clone_from(&to);
                }
            }
        }
        Change::CreateExtension { name } if !catalogue.schema.extensions.contains(&name) => {
            catalogue.schema.extensions.push(name);
            catalogue.schema.extensions.sort();
        }
        _ => {}
    }
}

fn refers_to(constraint: &Constraint, table: &str) -> bool {
    matches!(&constraint.kind, ConstraintKind::ForeignKey(key) if key.to_table == table)
}

fn add_column(catalogue: &mut Catalogue, table: &str, new: NewColumn) {
    if let Some(known) = catalogue.table_mut(table)
        && known.column(&new.column.name).is_none()
    {
        known.columns.push(new.column);
    }
    for constraint in new.constraints {
        add_constraint(catalogue, table, constraint);
    }
}

fn add_constraint(catalogue: &mut Catalogue, table: &str, new: NewConstraint) {
    let Some(known) = catalogue.table_mut(table) else { return };
    let mut constraint = new.constraint;
    // `USING INDEX`: the index becomes the constraint's, and its columns are the constraint's.
    if let Some(index) = &new.using_index
        && let Some(at) = known.indexes.iter().position(|other| other.name == *index)
    {
        let index = known.indexes.remove(at);
        let own: Vec<String> = index.keys.iter().filter_map(|key| key.as_column().map(str::to_owned)).collect();
        match &mut constraint.kind {
            ConstraintKind::PrimaryKey { columns } | ConstraintKind::Unique { columns, .. } => *columns = own,
            _ => {}
        }
    }
    // Two that nobody named get numbers.
    if !new.named {
        let base = constraint.name.clone();
        let mut number = 0;
        while known.constraints.iter().any(|other| other.name == constraint.name) {
            number += 1;
            constraint.name = format!("{base}{number}");
        }
    }
    if let ConstraintKind::PrimaryKey { columns } = &constraint.kind {
        for column in known.columns.iter_mut().filter(|column| columns.contains(&column.name)) {
            column.null = false;
        }
    }
    let name = constraint.name.clone();
    known.constraints.push(constraint);
    if !new.valid {
        catalogue.unvalidated.insert((table.to_owned(), name));
    }
}

fn action(catalogue: &mut Catalogue, table: &str, action: TableAction) {
    match action {
        TableAction::AddColumn(column) => return add_column(catalogue, table, *column),
        TableAction::AddConstraint(constraint) => return add_constraint(catalogue, table, *constraint),
        TableAction::RenameTable { to } => return rename_table(catalogue, table, &to),
        TableAction::RenameColumn { from, to } => return rename_column(catalogue, table, &from, &to),
        TableAction::ValidateConstraint { name } => {
            catalogue.unvalidated.remove(&(table.to_owned(), name));
            return;
        }
        _ => {}
    }
    let Some(known) = catalogue.table_mut(table) else { return };
    let mut column = |name: &str, change: &mut dyn FnMut(&mut crate::schema::Column)| {
        if let Some(column) = known.columns.iter_mut().find(|column| column.name == name) {
            change(column);
        }
    };
    match action {
        TableAction::SetType { column: name, type_name, collation, .. } => column(&name, &mut |column| {
            column.type_ = PgType::parse(&type_name);
            column.collation.clone_from(&collation);
        }),
        TableAction::SetDefault { column: name } => {
            column(&name, &mut |column| column.default = Some(Expr::Raw(String::new())));
        }
        TableAction::DropDefault { column: name } => column(&name, &mut |column| column.default = None),
        TableAction::SetNotNull { column: name } => column(&name, &mut |column| column.null = false),
        TableAction::AddNotNull { column: name, valid: true, .. } => column(&name, &mut |column| column.null = false),
        TableAction::DropNotNull { column: name } => column(&name, &mut |column| column.null = true),
        TableAction::AddIdentity { column: name } => {
            column(&name, &mut |column| column.identity = Some(crate::schema::Identity::ByDefault));
        }
        TableAction::DropIdentity { column: name } => column(&name, &mut |column| column.identity = None),
        TableAction::DropColumn { column: name } => {
            known.columns.retain(|column| column.name != name);
            known.constraints.retain(|constraint| !constraint.columns().contains(&name.as_str()));
            known.indexes.retain(|index| !index.columns().contains(&name.as_str()));
            for other in &mut catalogue.schema.tables {
                other.constraints.retain(|constraint| {
                    !matches!(&constraint.kind, ConstraintKind::ForeignKey(key)
                        if key.to_table == table && key.to_columns.contains(&name))
                });
            }
        }
        TableAction::DropConstraint { name } => {
            known.constraints.retain(|constraint| constraint.name != name);
            catalogue.unvalidated.remove(&(table.to_owned(), name));
        }
        TableAction::RenameConstraint { from, to } => {
            for constraint in known.constraints.iter_mut().filter(|constraint| constraint.name == from) {
                constraint.name.clone_from(&to);
            }
        }
        _ => {}
    }
}

fn rename_table(catalogue: &mut Catalogue, from: &str, to: &str) {
    for table in &mut catalogue.schema.tables {
        if table.name == from {
            to.clone_into(&mut table.name);
            for index in &mut table.indexes {
                to.clone_into(&mut index.table);
            }
        }
        for constraint in &mut table.constraints {
            if let ConstraintKind::ForeignKey(key) = &mut constraint.kind
                && key.to_table == from
            {
                to.clone_into(&mut key.to_table);
            }
        }
    }
    if catalogue.unfilled.remove(from) {
        catalogue.unfilled.insert(to.to_owned());
    }
    if catalogue.born.remove(from) {
        catalogue.born.insert(to.to_owned());
    } else {
        let former = catalogue.former.remove(from).unwrap_or_else(|| from.to_owned());
        catalogue.former.insert(to.to_owned(), former);
    }
    let moved: Vec<String> =
        catalogue.unvalidated.iter().filter(|(table, _)| table == from).map(|(_, name)| name.clone()).collect();
    for name in moved {
        catalogue.unvalidated.remove(&(from.to_owned(), name.clone()));
        catalogue.unvalidated.insert((to.to_owned(), name));
    }
}

fn rename_column(catalogue: &mut Catalogue, table: &str, from: &str, to: &str) {
    let renamed = |columns: &mut Vec<String>| {
        for column in columns.iter_mut().filter(|column| *column == from) {
            to.clone_into(column);
        }
    };
    for known in &mut catalogue.schema.tables {
        let own = known.name == table;
        if own {
            for column in known.columns.iter_mut().filter(|column| column.name == from) {
                to.clone_into(&mut column.name);
            }
            for index in &mut known.indexes {
                rename_in_index(index, from, to);
            }
        }
        for constraint in &mut known.constraints {
            match &mut constraint.kind {
                ConstraintKind::ForeignKey(ForeignKey { columns, to_table, to_columns, .. }) => {
                    if own {
                        renamed(columns);
                    }
                    if to_table == table {
                        renamed(to_columns);
                    }
                }
                _ if !own => {}
                ConstraintKind::PrimaryKey { columns } => renamed(columns),
                ConstraintKind::Unique { columns, include, .. } => {
                    renamed(columns);
                    renamed(include);
                }
                ConstraintKind::Check { expression } => expression.rename_column(from, to),
                ConstraintKind::Exclusion(exclusion) => {
                    exclusion.elements.iter_mut().for_each(|(key, _)| key.expr.rename_column(from, to));
                }
            }
        }
    }
}

fn rename_in_index(index: &mut Index, from: &str, to: &str) {
    index.keys.iter_mut().for_each(|key: &mut IndexKey| key.expr.rename_column(from, to));
    for column in index.include.iter_mut().filter(|column| *column == from) {
        to.clone_into(column);
    }
    if let Some(predicate) = &mut index.predicate {
        predicate.rename_column(from, to);
    }
}
