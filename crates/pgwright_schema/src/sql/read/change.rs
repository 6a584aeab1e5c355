//! Statements that change a schema.

use squawk_syntax::ast::{AstNode, SourceFile};
use squawk_syntax::{SyntaxKind, SyntaxNode};

use super::expression::{expression, is_expression};
use super::{child, create_index, has_token, name_of, statement};
use crate::expr::{Expr, Literal, Operator};
use crate::names::split_identifier;
use crate::schema::{
    Column, Constraint, ConstraintKind, Exclusion, ForeignKey, Generated, Identity, Index, IndexKey, IndexMethod,
    IndexOrigin, Placement,
};
use crate::sql::change::{Change, NewColumn, NewConstraint, NewTable, ReindexTarget, TableAction};
use crate::sql::tree::{IndexDefinition, Node, Statement};
use crate::sql::{between, number_placeholders};
use crate::types::PgType;

/// Reads every statement of a text, in order; one the parser does not know is [`Change::Unread`].
pub fn parse_changes(sql: &str) -> Vec<Change> {
    let numbered = number_placeholders(sql);
    let rewritten = between::rewrite(&numbered);
    let parse = SourceFile::parse(&rewritten);
    let error = parse.errors().into_iter().next();
    if let Some(error) = error {
        return vec![Change::Unread { text: sql.to_owned(), reason: error.message().to_owned() }];
    }
    parse.tree().syntax().children().map(|node| change(&node)).collect()
}

fn change(node: &SyntaxNode) -> Change {
    match node.kind() {
        SyntaxKind::CREATE_TABLE => create_table(node),
        SyntaxKind::DROP_TABLE => Change::DropTable { tables: relations(node) },
        SyntaxKind::ALTER_TABLE => alter_table(node),
        SyntaxKind::CREATE_INDEX => match create_index(node) {
            Statement::CreateIndex(definition) => Change::CreateIndex {
                index: Box::new(index(*definition, relation(node))),
                concurrently: has_token(node, SyntaxKind::CONCURRENTLY_KW),
            },
            _ => other(node),
        },
        SyntaxKind::DROP_INDEX => Change::DropIndex {
            indexes: parts(node, SyntaxKind::INDEX_REF).iter().map(table_name).collect(),
            concurrently: has_token(node, SyntaxKind::CONCURRENTLY_KW),
        },
        SyntaxKind::ALTER_INDEX => match (child(node, SyntaxKind::INDEX_REF), child(node, SyntaxKind::INDEX_RENAME_TO))
        {
            (Some(index), Some(to)) => Change::RenameIndex { index: table_name(&index), to: table_name(&to) },
            _ => other(node),
        },
        SyntaxKind::REINDEX => reindex(node),
        SyntaxKind::COMMENT_ON => comment(node),
        SyntaxKind::TRUNCATE => Change::Truncate { tables: relations(node) },
        SyntaxKind::LOCK => Change::Lock {
            tables: relations(node),
            mode: child(node, SyntaxKind::LOCK_MODE_CLAUSE)
                .and_then(|clause| clause.children().next())
                .map_or_else(|| "ACCESS EXCLUSIVE".to_owned(), |mode| words(&mode)),
        },
        SyntaxKind::CREATE_TRIGGER => Change::CreateTrigger { table: relation(node) },
        SyntaxKind::DROP_TRIGGER => Change::DropTrigger { table: relation(node) },
        SyntaxKind::REFRESH => Change::RefreshView {
            view: node
                .descendants()
                .find(|part| part.kind() == SyntaxKind::PATH_REF)
                .map(|name| table_name(&name))
                .unwrap_or_default(),
            concurrently: has_token(node, SyntaxKind::CONCURRENTLY_KW),
        },
        SyntaxKind::CREATE_EXTENSION => {
            let name = node.children().find(|part| !matches!(part.kind(), SyntaxKind::IF_NOT_EXISTS));
            Change::CreateExtension { name: name.map(|name| name_of(&name)).unwrap_or_default() }
        }
        SyntaxKind::CREATE_TABLE_AS => Change::CreateTable(Box::new(NewTable {
            name: relation(node),
            columns: Vec::new(),
            constraints: Vec::new(),
        })),
        _ => match statement(node) {
            Statement::Other(_) => other(node),
            rows => Change::Rows(Box::new(rows)),
        },
    }
}

fn other(node: &SyntaxNode) -> Change {
    Change::Other { text: node.text().to_string() }
}

fn words(node: &SyntaxNode) -> String {
    node.text().to_string().split_whitespace().collect::<Vec<_>>().join(" ").to_uppercase()
}

fn parts(node: &SyntaxNode, kind: SyntaxKind) -> Vec<SyntaxNode> {
    node.children().filter(|part| part.kind() == kind).collect()
}

/// A relation's name as the schema spells it: `order`, `shop"."order`; `public` is left out.
fn table_name(node: &SyntaxNode) -> String {
    let whole = super::path(node);
    match whole.split_once('.') {
        Some(("public", name)) => name.to_owned(),
        Some((namespace, name)) => format!("{namespace}\".\"{name}"),
        None => whole,
    }
}

const NAMES: [SyntaxKind; 5] = [
    SyntaxKind::TABLE_NAME,
    SyntaxKind::TABLE_NAME_REF,
    SyntaxKind::TABLE_RELATION_NAME,
    SyntaxKind::RELATION_NAME,
    SyntaxKind::RELATION_NAME_REF,
];

/// The relation a statement is about: the first that is named.
fn relation(node: &SyntaxNode) -> String {
    node.descendants().find(|part| NAMES.contains(&part.kind())).map(|name| table_name(&name)).unwrap_or_default()
}

/// Every relation a statement lists.
fn relations(node: &SyntaxNode) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for part in node.descendants().filter(|part| NAMES.contains(&part.kind())) {
        let name = table_name(&part);
        if !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

fn reindex(node: &SyntaxNode) -> Change {
    let concurrently = node.descendants().any(|part| has_token(&part, SyntaxKind::CONCURRENTLY_KW));
    let target = match node.children().next() {
        Some(target) if target.kind() == SyntaxKind::REINDEX_TARGET_TABLE => ReindexTarget::Table(relation(&target)),
        Some(target) if target.kind() == SyntaxKind::REINDEX_TARGET_INDEX => ReindexTarget::Index(
            child(&target, SyntaxKind::INDEX_REF).map(|name| table_name(&name)).unwrap_or_default(),
        ),
        _ => ReindexTarget::Other,
    };
    Change::Reindex { target, concurrently }
}

fn comment(node: &SyntaxNode) -> Change {
    if let Some(table) = child(node, SyntaxKind::OBJECT_TABLE) {
        return Change::Comment { table: relation(&table), column: None };
    }
    let Some(column) = child(node, SyntaxKind::OBJECT_COLUMN) else { return other(node) };
    let whole = super::path(&column);
    match whole.rsplit_once('.') {
        Some((table, column)) => {
            let table = table.strip_prefix("public.").unwrap_or(table).replace('.', "\".\"");
            Change::Comment { table, column: Some(column.to_owned()) }
        }
        None => other(node),
    }
}

fn create_table(node: &SyntaxNode) -> Change {
    let mut table = NewTable { name: relation(node), columns: Vec::new(), constraints: Vec::new() };
    let Some(list) = child(node, SyntaxKind::TABLE_ARG_LIST) else { return Change::CreateTable(Box::new(table)) };
    for part in list.children() {
        if part.kind() == SyntaxKind::COLUMN {
            table.columns.extend(column(&part, &table.name));
        } else {
            table.constraints.extend(constraint(&part, &table.name, None));
        }
    }
    Change::CreateTable(Box::new(table))
}

/// `"name" type …`, in `CREATE TABLE` or `ADD COLUMN`.
fn column(node: &SyntaxNode, table: &str) -> Option<NewColumn> {
    let name = name_of(&child(node, SyntaxKind::COLUMN_NAME)?);
    let mut column = Column {
        name: name.clone(),
        type_: PgType::parse(""),
        null: true,
        default: None,
        identity: None,
        collation: None,
        generated: None,
        comment: None,
    };
    let mut default = None;
    let mut constraints = Vec::new();
    for part in node.children() {
        match part.kind() {
            SyntaxKind::COLUMN_NAME => {}
            SyntaxKind::NOT_NULL_CONSTRAINT => column.null = false,
            SyntaxKind::DEFAULT_CONSTRAINT => {
                let value = part.children().find(|part| is_expression(part.kind()));
                column.default = value.as_ref().map(|value| Expr::Raw(value.text().to_string()));
                default = value.map(|value| expression(&value));
            }
            SyntaxKind::GENERATED_CONSTRAINT => generated(&part, &mut column),
            SyntaxKind::COLLATE => {
                column.collation = child(&part, SyntaxKind::COLLATION_REF).map(|name| super::last_segment(&name));
            }
            kind if is_type(kind) => column.type_ = PgType::parse(&type_text(&part)),
            _ => {
                if part.kind() == SyntaxKind::PRIMARY_KEY_CONSTRAINT {
                    column.null = false;
                }
                constraints.extend(constraint(&part, table, Some(&name)));
            }
        }
    }
    if matches!(column.type_.base.as_str(), "serial" | "bigserial" | "smallserial") {
        column.null = false;
    }
    Some(NewColumn { column, default, constraints })
}

fn is_type(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        SyntaxKind::PATH_TYPE
            | SyntaxKind::VARCHAR_TYPE
            | SyntaxKind::TIME_TYPE
            | SyntaxKind::DOUBLE_TYPE
            | SyntaxKind::ARRAY_TYPE
            | SyntaxKind::INTERVAL_TYPE
            | SyntaxKind::BIT_TYPE
            | SyntaxKind::BIT_VARYING_TYPE
            | SyntaxKind::CHARACTER_TYPE
            | SyntaxKind::TIMESTAMP_TYPE
            | SyntaxKind::PERCENT_TYPE
    )
}

fn type_text(node: &SyntaxNode) -> String {
    node.text().to_string().trim().to_owned()
}

fn generated(node: &SyntaxNode, column: &mut Column) {
    for part in node.children() {
        match part.kind() {
            SyntaxKind::GENERATED_IDENTITY => {
                let always = part.children().any(|part| part.kind() == SyntaxKind::GENERATED_ALWAYS);
                column.identity = Some(if always { Identity::Always } else { Identity::ByDefault });
                column.null = false;
            }
            _ => {
                let text = part.children().find(|part| is_expression(part.kind()));
                let stored = part.descendants().any(|part| part.kind() == SyntaxKind::STORED);
                let expression = text.map(|text| expr(expression(&text), &text.text().to_string()));
                column.generated =
                    Some(Generated { expression: expression.unwrap_or_else(|| Expr::Raw(String::new())), stored });
            }
        }
    }
}

fn column_names(node: &SyntaxNode) -> Vec<String> {
    parts(node, SyntaxKind::COLUMN_NAME_REF).iter().map(name_of).collect()
}

/// A constraint of a table, or beside `column`. Deferrability does not matter to locks and is not read.
fn constraint(node: &SyntaxNode, table: &str, column: Option<&str>) -> Option<NewConstraint> {
    let given = child(node, SyntaxKind::CONSTRAINT_NAME_CLAUSE)
        .and_then(|clause| child(&clause, SyntaxKind::CONSTRAINT_NAME))
        .map(|name| name_of(&name));
    let own = || column.map(|name| vec![name.to_owned()]).unwrap_or_default();
    let listed = || {
        let parameters = child(node, SyntaxKind::INDEX_PARAMETERS);
        let list = parameters.and_then(|list| child(&list, SyntaxKind::CONSTRAINT_COLUMN_REF_LIST));
        list.map_or_else(own, |list| column_names(&list))
    };
    let using_index = node
        .descendants()
        .find(|part| part.kind() == SyntaxKind::USING_INDEX_NAME)
        .and_then(|part| child(&part, SyntaxKind::INDEX_REF))
        .map(|name| table_name(&name));
    let (kind, label) = match node.kind() {
        SyntaxKind::PRIMARY_KEY_CONSTRAINT => (ConstraintKind::PrimaryKey { columns: listed() }, "pkey"),
        SyntaxKind::UNIQUE_CONSTRAINT => {
            let kind = ConstraintKind::Unique {
                columns: listed(),
                deferrable: None,
                nulls_distinct: None,
                include: Vec::new(),
            };
            (kind, "key")
        }
        SyntaxKind::CHECK_CONSTRAINT => {
            let condition = node.children().find(|part| is_expression(part.kind()))?;
            let text = condition.text().to_string();
            (ConstraintKind::Check { expression: expr(expression(&condition), &text) }, "check")
        }
        SyntaxKind::REFERENCES_CONSTRAINT => {
            let to = child(node, SyntaxKind::TABLE_NAME_REF)?;
            let key = ForeignKey {
                columns: own(),
                to_table: table_name(&to),
                to_columns: column_names(node),
                on_delete: None,
                deferrable: None,
            };
            (ConstraintKind::ForeignKey(key), "fkey")
        }
        SyntaxKind::FOREIGN_KEY_CONSTRAINT => {
            let lists = parts(node, SyntaxKind::FOREIGN_KEY_COLUMN_LIST);
            let key = ForeignKey {
                columns: lists.first().map(column_names).unwrap_or_default(),
                to_table: table_name(&child(node, SyntaxKind::TABLE_NAME_REF)?),
                to_columns: lists.get(1).map(column_names).unwrap_or_default(),
                on_delete: None,
                deferrable: None,
            };
            (ConstraintKind::ForeignKey(key), "fkey")
        }
        SyntaxKind::EXCLUDE_CONSTRAINT => (ConstraintKind::Exclusion(exclusion(node)), "excl"),
        _ => return None,
    };
    let named = given.is_some();
    let (_, bare) = split_identifier(table);
    let middle = match &kind {
        ConstraintKind::PrimaryKey { .. } => String::new(),
        ConstraintKind::Unique { columns, .. } => columns.join("_"),
        ConstraintKind::ForeignKey(key) => key.columns.join("_"),
        _ => column.unwrap_or_default().to_owned(),
    };
    let name = given.unwrap_or_else(|| crate::names::automatic_name(bare, &middle, label));
    let placement = if column.is_some() { Placement::Column } else { Placement::Table };
    let valid = child(node, SyntaxKind::NOT_VALID).is_none();
    Some(NewConstraint { named, constraint: Constraint { name, kind, placement }, valid, using_index })
}

fn exclusion(node: &SyntaxNode) -> Exclusion {
    let method = node.descendants().find(|part| part.kind() == SyntaxKind::ACCESS_METHOD_REF);
    let elements = node.descendants().filter(|part| part.kind() == SyntaxKind::CONSTRAINT_EXCLUSION);
    let element = |part: SyntaxNode| {
        let key = part.children().find(|part| is_expression(part.kind()));
        let operator = child(&part, SyntaxKind::OP).map(|operator| operator.text().to_string()).unwrap_or_default();
        let expr = key.map(|key| expr(expression(&key), &key.text().to_string()));
        let key = IndexKey { expr: expr.unwrap_or_else(|| Expr::Raw(String::new())), ..IndexKey::column("") };
        (key, operator)
    };
    Exclusion {
        method: IndexMethod::parse(&method.map(|method| name_of(&method)).unwrap_or_default()),
        elements: elements.map(element).collect(),
        include: Vec::new(),
        predicate: None,
        deferrable: None,
    }
}

fn alter_table(node: &SyntaxNode) -> Change {
    let table = relation(node);
    let mut actions = Vec::new();
    for part in node.children() {
        if NAMES.contains(&part.kind()) || matches!(part.kind(), SyntaxKind::IF_EXISTS) {
            continue;
        }
        actions.push(action(&part, &table));
    }
    Change::AlterTable { table, actions }
}

fn action(node: &SyntaxNode, table: &str) -> TableAction {
    let unread = || TableAction::Other { text: node.text().to_string() };
    let column_ref = || child(node, SyntaxKind::COLUMN_NAME_REF).map(|name| name_of(&name)).unwrap_or_default();
    let constraint_ref =
        || child(node, SyntaxKind::CONSTRAINT_NAME_REF).map(|name| super::last_segment(&name)).unwrap_or_default();
    match node.kind() {
        SyntaxKind::ADD_COLUMN => match column(node, table) {
            Some(column) => TableAction::AddColumn(Box::new(column)),
            None => unread(),
        },
        SyntaxKind::DROP_COLUMN => TableAction::DropColumn { column: column_ref() },
        SyntaxKind::ADD_CONSTRAINT => {
            let Some(inner) = node.children().next() else { return unread() };
            if inner.kind() == SyntaxKind::NOT_NULL_CONSTRAINT {
                let name = inner.descendants().find(|part| part.kind() == SyntaxKind::CONSTRAINT_NAME);
                let column = child(&inner, SyntaxKind::COLUMN_NAME_REF).map(|name| name_of(&name)).unwrap_or_default();
                return TableAction::AddNotNull {
                    name: name.map(|name| name_of(&name)).unwrap_or_default(),
                    valid: child(&inner, SyntaxKind::NOT_VALID).is_none(),
                    column,
                };
            }
            match constraint(&inner, table, None) {
                Some(constraint) => TableAction::AddConstraint(Box::new(constraint)),
                None => unread(),
            }
        }
        SyntaxKind::DROP_CONSTRAINT => TableAction::DropConstraint { name: constraint_ref() },
        SyntaxKind::VALIDATE_CONSTRAINT => TableAction::ValidateConstraint { name: constraint_ref() },
        SyntaxKind::RENAME_COLUMN => {
            let to = child(node, SyntaxKind::COLUMN_NAME).map(|name| name_of(&name)).unwrap_or_default();
            TableAction::RenameColumn { from: column_ref(), to }
        }
        SyntaxKind::RENAME_CONSTRAINT => {
            let to = child(node, SyntaxKind::CONSTRAINT_NAME).map(|name| name_of(&name)).unwrap_or_default();
            TableAction::RenameConstraint { from: constraint_ref(), to }
        }
        SyntaxKind::TABLE_RENAME_TO => TableAction::RenameTable { to: relation(node) },
        SyntaxKind::ALTER_COLUMN => alter_column(node, column_ref()),
        SyntaxKind::SET_OPTIONS | SyntaxKind::RESET_OPTIONS => TableAction::SetParameters,
        SyntaxKind::ATTACH_PARTITION => TableAction::AttachPartition { partition: relation(node) },
        SyntaxKind::DETACH_PARTITION | SyntaxKind::DETACH_CONCURRENTLY => TableAction::DetachPartition {
            partition: relation(node),
            concurrently: node.text().to_string().to_uppercase().contains("CONCURRENTLY"),
        },
        SyntaxKind::SET_TABLESPACE => TableAction::SetTablespace,
        SyntaxKind::SET_LOGGED | SyntaxKind::SET_UNLOGGED => TableAction::SetLogged,
        _ if words(node).contains("TRIGGER") => TableAction::Trigger,
        _ => unread(),
    }
}

fn alter_column(node: &SyntaxNode, column: String) -> TableAction {
    let inner = node.children().find(|part| part.kind() != SyntaxKind::COLUMN_NAME_REF);
    let Some(inner) = inner else { return TableAction::Other { text: node.text().to_string() } };
    match inner.kind() {
        SyntaxKind::SET_TYPE => {
            let mut type_name = String::new();
            let mut collation = None;
            let mut using = None;
            for part in inner.children() {
                match part.kind() {
                    SyntaxKind::COLLATE => {
                        collation = child(&part, SyntaxKind::COLLATION_REF).map(|name| super::last_segment(&name));
                    }
                    SyntaxKind::USING_EXPR => {
                        using = part.children().find(|part| is_expression(part.kind())).map(|part| expression(&part));
                    }
                    kind if is_type(kind) => type_name = type_text(&part),
                    _ => {}
                }
            }
            TableAction::SetType { column, type_name, collation, using }
        }
        SyntaxKind::SET_DEFAULT => TableAction::SetDefault { column },
        SyntaxKind::DROP_DEFAULT => TableAction::DropDefault { column },
        SyntaxKind::SET_NOT_NULL => TableAction::SetNotNull { column },
        SyntaxKind::DROP_NOT_NULL => TableAction::DropNotNull { column },
        SyntaxKind::ADD_GENERATED => TableAction::AddIdentity { column },
        SyntaxKind::DROP_IDENTITY => TableAction::DropIdentity { column },
        SyntaxKind::SET_STATISTICS | SyntaxKind::SET_OPTIONS | SyntaxKind::RESET_OPTIONS => TableAction::SetParameters,
        _ => TableAction::Other { text: node.text().to_string() },
    }
}

fn index(definition: IndexDefinition, table: String) -> Index {
    let key = |element: crate::sql::tree::IndexElement| IndexKey {
        expr: expr(element.node, ""),
        collation: element.collation,
        opclass: element.opclass,
        order: element.order,
        nulls: element.nulls,
    };
    Index {
        name: definition.name.unwrap_or_default(),
        table,
        method_named: definition.method != IndexMethod::Btree,
        method: definition.method,
        unique: definition.unique,
        keys: definition.elements.into_iter().map(key).collect(),
        include: definition.include,
        nulls_distinct: None,
        predicate: definition.predicate.map(|predicate| expr(predicate, "")),
        with: Vec::new(),
        tablespace: None,
        origin: IndexOrigin::Catalogue,
    }
}

/// The schema's form of an expression, so that its columns are known; `text` where a part has none.
fn expr(node: Node, text: &str) -> Expr {
    let inner = |node: Node| Box::new(expr(node, ""));
    match node {
        Node::Name(mut path) => Expr::Column(path.pop().unwrap_or_default()),
        Node::Literal(literal) => Expr::Literal(literal),
        Node::Call { name, args, .. } => Expr::function(&name, args.into_iter().map(|arg| expr(arg, "")).collect()),
        Node::Binary { operator, left, right } => {
            let operator = match operator.as_str() {
                "=" => Operator::Eq,
                "<>" => Operator::NotEq,
                "<" => Operator::Lt,
                "<=" => Operator::LtE,
                ">" => Operator::Gt,
                ">=" => Operator::GtE,
                _ => Operator::Other(operator),
            };
            Expr::binary(expr(*left, ""), operator, expr(*right, ""))
        }
        Node::And(parts) => Expr::And(parts.into_iter().map(|part| expr(part, "")).collect()),
        Node::Or(parts) => Expr::Or(parts.into_iter().map(|part| expr(part, "")).collect()),
        Node::Not(part) => Expr::Not(inner(*part)),
        Node::IsNull { arg, negated } => Expr::IsNull { expr: inner(*arg), negated },
        Node::Cast { arg, to } => Expr::Cast { expr: inner(*arg), type_name: to.0 },
        Node::Collate { arg, collation } => Expr::Collate { expr: inner(*arg), collation },
        Node::Prefix { arg, operator } => Expr::Sequence(vec![Expr::Raw(operator), expr(*arg, "")]),
        Node::Quantified { operator, left, array, all } => {
            let word = if all { "ALL" } else { "ANY" };
            let right = Expr::function(word, vec![expr(*array, "")]);
            Expr::binary(expr(*left, ""), Operator::Other(operator), right)
        }
        Node::Array(items) | Node::Row(items) => Expr::Array(items.into_iter().map(|item| expr(item, "")).collect()),
        Node::Is { arg, .. } => expr(*arg, text),
        Node::IsDistinct { left, right, .. } => {
            Expr::binary(expr(*left, ""), Operator::Other("IS DISTINCT FROM".to_owned()), expr(*right, ""))
        }
        Node::Parameter(_) => Expr::Literal(Literal::Null),
        other => Expr::Raw(if text.is_empty() { format!("{other:?}") } else { text.to_owned() }),
    }
}
