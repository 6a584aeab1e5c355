//! From squawk's syntax tree to ours.

mod change;
mod expression;

use squawk_syntax::ast::{AstNode, SourceFile};
use squawk_syntax::{SyntaxKind, SyntaxNode};

use super::between;
use super::tree::{
    Assignment, Delete, Distinct, From, IndexDefinition, IndexElement, Join, JoinKind, Node, Select, SelectBody,
    SortKey, Source, Statement, Target, Update,
};
use crate::schema::{IndexMethod, Nulls, SortOrder};
pub use change::parse_changes;
use expression::{expression, expressions, is_expression};

/// Why a text is no statement or expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    pub message: String,
    /// Bytes from the start of the text as it was parsed: placeholders numbered, `BETWEEN` a call.
    pub offset: usize,
}

impl std::fmt::Display for ParseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at byte {}", self.message, self.offset)
    }
}

impl std::error::Error for ParseError {}

/// Reads the first statement of a text, whose placeholders may be Django's or PostgreSQL's.
pub fn parse_statement(sql: &str) -> Result<Statement, ParseError> {
    let numbered = super::number_placeholders(sql);
    let parse = SourceFile::parse(&between::rewrite(&numbered));
    if let Some(error) = parse.errors().into_iter().next() {
        return Err(ParseError { message: error.message().to_owned(), offset: error.range().start().into() });
    }
    let root = parse.tree();
    let first = root.syntax().children().next();
    let first = first.ok_or_else(|| ParseError { message: "no statement".to_owned(), offset: 0 })?;
    Ok(statement(&first))
}

/// Reads an expression, such as a condition.
pub fn parse_expression(sql: &str) -> Result<Node, ParseError> {
    match parse_statement(&format!("SELECT {sql}"))? {
        Statement::Select(select) => match select.body {
            SelectBody::Plain { targets, .. } if targets.len() == 1 => {
                targets.into_iter().next().map(|target| target.node)
            }
            _ => None,
        },
        _ => None,
    }
    .ok_or_else(|| ParseError { message: "not one expression".to_owned(), offset: 0 })
}

/// Reads `CREATE INDEX`, as Django or `pg_get_indexdef` writes it.
pub fn parse_index(sql: &str) -> Result<IndexDefinition, ParseError> {
    match parse_statement(sql)? {
        Statement::CreateIndex(index) => Ok(*index),
        _ => Err(ParseError { message: "not a CREATE INDEX".to_owned(), offset: 0 }),
    }
}

fn statement(node: &SyntaxNode) -> Statement {
    match node.kind() {
        SyntaxKind::UPDATE => update(node),
        SyntaxKind::DELETE => delete(node),
        SyntaxKind::INSERT => Statement::Insert {
            table: child(node, SyntaxKind::RELATION_NAME_REF).map(|name| path(&name)).unwrap_or_default(),
            source: node.children().find_map(|part| select(&part)).map(Box::new),
        },
        SyntaxKind::CREATE_INDEX => create_index(node),
        _ => match select(node) {
            Some(select) => Statement::Select(Box::new(select)),
            None => Statement::Other(node.text().to_string()),
        },
    }
}

fn child(node: &SyntaxNode, kind: SyntaxKind) -> Option<SyntaxNode> {
    node.children().find(|part| part.kind() == kind)
}

fn has_token(node: &SyntaxNode, kind: SyntaxKind) -> bool {
    node.children_with_tokens().any(|part| part.kind() == kind)
}

/// An identifier as PostgreSQL stores it.
fn identifier(text: &str) -> String {
    match text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(quoted) => quoted.replace("\"\"", "\""),
        None => text.to_lowercase(),
    }
}

fn name_of(node: &SyntaxNode) -> String {
    identifier(node.text().to_string().trim())
}

/// A qualified name, joined with dots.
fn path(node: &SyntaxNode) -> String {
    let mut segments = Vec::new();
    for part in node.descendants() {
        if matches!(part.kind(), SyntaxKind::PATH_SEGMENT_REF | SyntaxKind::PATH_SEGMENT) {
            segments.push(name_of(&part));
        }
    }
    segments.join(".")
}

fn last_segment(node: &SyntaxNode) -> String {
    let whole = path(node);
    whole.rsplit('.').next().map(str::to_owned).unwrap_or(whole)
}

fn select(node: &SyntaxNode) -> Option<Select> {
    let mut select = match node.kind() {
        SyntaxKind::PAREN_SELECT => return node.children().find_map(|part| self::select(&part)),
        SyntaxKind::SELECT => plain_select(node),
        SyntaxKind::COMPOUND_SELECT => compound_select(node),
        SyntaxKind::VALUES => Select { body: SelectBody::Values(value_rows(node)), ..Select::default() },
        _ => return None,
    };
    for part in node.children() {
        match part.kind() {
            SyntaxKind::WITH_CLAUSE => {
                for table in part.children().filter(|part| part.kind() == SyntaxKind::WITH_TABLE) {
                    let name = child(&table, SyntaxKind::CTE_NAME).map(|name| name_of(&name)).unwrap_or_default();
                    if let Some(inner) = table.children().find_map(|part| self::select(&part)) {
                        select.with.push((name, inner));
                    }
                }
            }
            SyntaxKind::ORDER_BY_CLAUSE => select.order = sort_keys(&part),
            SyntaxKind::LIMIT_CLAUSE | SyntaxKind::FETCH_CLAUSE => {
                let bound = part.children().find(|part| is_expression(part.kind()));
                select.limit = bound.map(|bound| expression(&bound));
            }
            SyntaxKind::OFFSET_CLAUSE => {
                let bound = part.children().find(|part| is_expression(part.kind()));
                select.offset = bound.map(|bound| expression(&bound));
            }
            SyntaxKind::LOCKING_CLAUSE => select.locks_rows = true,
            _ => {}
        }
    }
    Some(select)
}

fn plain_select(node: &SyntaxNode) -> Select {
    let mut distinct = Distinct::No;
    let mut targets = Vec::new();
    let mut from = Vec::new();
    let mut filter = None;
    let mut group = Vec::new();
    let mut having = None;
    for part in node.children() {
        match part.kind() {
            SyntaxKind::SELECT_CLAUSE => {
                for inner in part.children() {
                    match inner.kind() {
                        SyntaxKind::DISTINCT_CLAUSE => {
                            distinct = match child(&inner, SyntaxKind::DISTINCT_ON) {
                                Some(on) => Distinct::On(expressions(&on)),
                                None => Distinct::Rows,
                            };
                        }
                        SyntaxKind::TARGET_LIST => {
                            targets.extend(inner.children().map(|each| target(&each)));
                        }
                        _ => {}
                    }
                }
            }
            SyntaxKind::FROM_CLAUSE => from = from_items(&part),
            SyntaxKind::WHERE_CLAUSE => filter = expressions(&part).into_iter().next(),
            SyntaxKind::GROUP_BY_CLAUSE => {
                let lists = part.children().filter(|part| part.kind() == SyntaxKind::GROUP_BY_LIST);
                group =
                    lists.flat_map(|list| list.children().collect::<Vec<_>>()).flat_map(|e| expressions(&e)).collect();
            }
            SyntaxKind::HAVING_CLAUSE => having = expressions(&part).into_iter().next(),
            _ => {}
        }
    }
    Select { body: SelectBody::Plain { distinct, targets, from, filter, group, having }, ..Select::default() }
}

fn target(node: &SyntaxNode) -> Target {
    let alias = child(node, SyntaxKind::AS_NAME).and_then(|name| child(&name, SyntaxKind::COLUMN_NAME));
    let node = match node.children().find(|part| is_expression(part.kind())) {
        Some(part) => expression(&part),
        None if has_token(node, SyntaxKind::STAR) => Node::Star(Vec::new()),
        None => Node::Unread(node.text().to_string()),
    };
    Target { node, alias: alias.map(|name| name_of(&name)) }
}

fn compound_select(node: &SyntaxNode) -> Select {
    let mut parts = Vec::new();
    let mut operator = String::new();
    let mut all = false;
    for part in node.children() {
        match part.kind() {
            SyntaxKind::UNION | SyntaxKind::INTERSECT | SyntaxKind::EXCEPT => {
                operator = part.first_token().map(|token| token.text().to_lowercase()).unwrap_or_default();
                all = child(&part, SyntaxKind::ALL).is_some();
            }
            _ => parts.extend(select(&part)),
        }
    }
    Select { body: SelectBody::Compound { operator, all, parts }, ..Select::default() }
}

fn value_rows(node: &SyntaxNode) -> Vec<Vec<Node>> {
    let list = child(node, SyntaxKind::ROW_LIST);
    list.map(|list| list.children().map(|row| expressions(&row)).collect()).unwrap_or_default()
}

fn sort_keys(node: &SyntaxNode) -> Vec<SortKey> {
    let keys = node.descendants().filter(|part| part.kind() == SyntaxKind::SORT_BY);
    keys.filter(|key| key.parent().and_then(|list| list.parent()).is_some_and(|clause| clause == *node))
        .map(|key| {
            let (order, nulls) = ordering(&key);
            let node = expressions(&key).into_iter().next();
            SortKey {
                node: node.unwrap_or_else(|| Node::Unread(key.text().to_string())),
                order: order.unwrap_or(SortOrder::Ascending),
                nulls,
            }
        })
        .collect()
}

fn ordering(node: &SyntaxNode) -> (Option<SortOrder>, Option<Nulls>) {
    let mut order = None;
    let mut nulls = None;
    for part in node.children() {
        match part.kind() {
            SyntaxKind::SORT_ASC => order = Some(SortOrder::Ascending),
            SyntaxKind::SORT_DESC => order = Some(SortOrder::Descending),
            SyntaxKind::NULLS_FIRST => nulls = Some(Nulls::First),
            SyntaxKind::NULLS_LAST => nulls = Some(Nulls::Last),
            _ => {}
        }
    }
    (order, nulls)
}

fn from_items(clause: &SyntaxNode) -> Vec<From> {
    clause.children().filter_map(|item| from_item(&item)).collect()
}

fn from_item(node: &SyntaxNode) -> Option<From> {
    let alias = child(node, SyntaxKind::FROM_ALIAS).and_then(|alias| child(&alias, SyntaxKind::TABLE_ALIAS));
    let alias = alias.map(|alias| name_of(&alias));
    let source = match node.kind() {
        SyntaxKind::RELATION_FROM_ITEM => {
            Source::Table(child(node, SyntaxKind::RELATION_NAME_REF).map(|name| path(&name))?)
        }
        SyntaxKind::JOIN_EXPR => return join_expression(node),
        SyntaxKind::PAREN_FROM_ITEM => match node.children().find_map(|part| select(&part)) {
            Some(select) => {
                Source::Select { select: Box::new(select), lateral: has_token(node, SyntaxKind::LATERAL_KW) }
            }
            // Parentheses around joins, without a name of their own.
            None => return node.children().find_map(|part| from_item(&part)),
        },
        SyntaxKind::FUNCTION_FROM_ITEM | SyntaxKind::ROWS_FROM_ITEM => Source::Other(node.text().to_string()),
        kind if is_clause(kind) => return None,
        _ => Source::Other(node.text().to_string()),
    };
    Some(From { source, alias, joins: Vec::new() })
}

fn is_clause(kind: SyntaxKind) -> bool {
    matches!(kind, SyntaxKind::FROM_ALIAS | SyntaxKind::JOIN | SyntaxKind::ON_CLAUSE | SyntaxKind::JOIN_USING_CLAUSE)
}

fn join_expression(node: &SyntaxNode) -> Option<From> {
    let mut first = node.children().find_map(|part| from_item(&part))?;
    for join in node.children().filter(|part| part.kind() == SyntaxKind::JOIN) {
        let mut kind = JoinKind::Inner;
        let mut on = None;
        let mut using = Vec::new();
        let mut from = None;
        for part in join.children() {
            match part.kind() {
                SyntaxKind::JOIN_LEFT => kind = JoinKind::Left,
                SyntaxKind::JOIN_RIGHT => kind = JoinKind::Right,
                SyntaxKind::JOIN_FULL => kind = JoinKind::Full,
                SyntaxKind::JOIN_INNER | SyntaxKind::JOIN_CROSS => kind = JoinKind::Inner,
                SyntaxKind::ON_CLAUSE => on = expressions(&part).into_iter().next(),
                SyntaxKind::JOIN_USING_CLAUSE => {
                    let columns = part.descendants().filter(|part| part.kind() == SyntaxKind::COLUMN_NAME_REF);
                    using.extend(columns.map(|column| name_of(&column)));
                }
                _ => from = from.or_else(|| from_item(&part)),
            }
        }
        first.joins.push(Join { kind, from: from?, on, using });
    }
    Some(first)
}

fn relation(node: &SyntaxNode) -> (String, Option<String>) {
    let name = child(node, SyntaxKind::RELATION_NAME);
    let table = name.as_ref().map(path).unwrap_or_default();
    let alias = node.children().find(|part| matches!(part.kind(), SyntaxKind::FROM_ALIAS | SyntaxKind::TABLE_ALIAS));
    let alias = alias.and_then(|alias| match alias.kind() {
        SyntaxKind::FROM_ALIAS => child(&alias, SyntaxKind::TABLE_ALIAS),
        _ => Some(alias),
    });
    (table, alias.map(|alias| name_of(&alias)))
}

fn update(node: &SyntaxNode) -> Statement {
    let (table, alias) = relation(node);
    let mut update = Update { table, alias, set: Vec::new(), from: Vec::new(), filter: None };
    for part in node.children() {
        match part.kind() {
            SyntaxKind::SET_CLAUSE => {
                for single in part.descendants().filter(|part| part.kind() == SyntaxKind::SET_SINGLE_COLUMN) {
                    let column = child(&single, SyntaxKind::COLUMN_TARGET);
                    let value = child(&single, SyntaxKind::SET_EXPR).and_then(|value| expressions(&value).pop());
                    if let (Some(column), Some(value)) = (column, value) {
                        update.set.push(Assignment { column: name_of(&column), value });
                    }
                }
            }
            SyntaxKind::FROM_CLAUSE => update.from = from_items(&part),
            SyntaxKind::WHERE_CLAUSE => update.filter = expressions(&part).into_iter().next(),
            _ => {}
        }
    }
    Statement::Update(Box::new(update))
}

fn delete(node: &SyntaxNode) -> Statement {
    let (table, alias) = relation(node);
    let mut delete = Delete { table, alias, using: Vec::new(), filter: None };
    for part in node.children() {
        match part.kind() {
            SyntaxKind::USING_CLAUSE => delete.using = from_items(&part),
            SyntaxKind::WHERE_CLAUSE => delete.filter = expressions(&part).into_iter().next(),
            _ => {}
        }
    }
    Statement::Delete(Box::new(delete))
}

fn create_index(node: &SyntaxNode) -> Statement {
    let mut index = IndexDefinition {
        name: None,
        table: String::new(),
        unique: has_token(node, SyntaxKind::UNIQUE_KW),
        method: IndexMethod::Btree,
        elements: Vec::new(),
        include: Vec::new(),
        predicate: None,
    };
    for part in node.children() {
        match part.kind() {
            SyntaxKind::INDEX => index.name = Some(path(&part)),
            SyntaxKind::TABLE_RELATION_NAME | SyntaxKind::TABLE_NAME_REF | SyntaxKind::RELATION_NAME => {
                index.table = path(&part);
            }
            SyntaxKind::USING_METHOD => {
                let method = child(&part, SyntaxKind::ACCESS_METHOD_REF).map(|method| name_of(&method));
                index.method = IndexMethod::parse(&method.unwrap_or_default());
            }
            SyntaxKind::PARTITION_ITEM_LIST => {
                index.elements = part.children().map(|item| index_element(&item)).collect();
            }
            SyntaxKind::INDEX_INCLUDE_CLAUSE => {
                let names = part.descendants().filter(|part| part.kind() == SyntaxKind::NAME_REF);
                index.include = names.map(|name| name_of(&name)).collect();
            }
            SyntaxKind::WHERE_CLAUSE => index.predicate = expressions(&part).into_iter().next(),
            _ => {}
        }
    }
    Statement::CreateIndex(Box::new(index))
}

fn index_element(item: &SyntaxNode) -> IndexElement {
    let (order, nulls) = ordering(item);
    let opclass = child(item, SyntaxKind::OP_CLASS_REF).map(|class| last_segment(&class));
    let own = item.children().find(|part| is_expression(part.kind())).map(|part| expression(&part));
    let own = own.unwrap_or_else(|| Node::Unread(item.text().to_string()));
    let beside = child(item, SyntaxKind::COLLATION_REF).map(|collation| last_segment(&collation));
    match own {
        Node::Collate { arg, collation } => {
            IndexElement { node: *arg, collation: Some(collation), opclass, order, nulls }
        }
        node => IndexElement { node, collation: beside, opclass, order, nulls },
    }
}
