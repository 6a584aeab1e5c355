//! From squawk's syntax tree to ours.

use squawk_syntax::ast::{AstNode, SourceFile};
use squawk_syntax::{SyntaxKind, SyntaxNode};

use super::between;
use super::tree::{
    Aggregate, Assignment, Delete, Distinct, From, IndexDefinition, IndexElement, Join, JoinKind, Node, Select,
    SelectBody, SortKey, Source, Statement, Target, TruthTest, TypeName, Update,
};
use crate::expr::Literal;
use crate::schema::{IndexMethod, Nulls, SortOrder};

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

fn is_expression(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        SyntaxKind::CALL_EXPR
            | SyntaxKind::CAST_EXPR
            | SyntaxKind::COLLATE
            | SyntaxKind::ARRAY_EXPR
            | SyntaxKind::LITERAL
            | SyntaxKind::NAME_REF
            | SyntaxKind::BIN_EXPR
            | SyntaxKind::CASE_EXPR
            | SyntaxKind::FIELD_EXPR
            | SyntaxKind::INDEX_EXPR
            | SyntaxKind::SLICE_EXPR
            | SyntaxKind::BETWEEN_EXPR
            | SyntaxKind::PAREN_EXPR
            | SyntaxKind::TUPLE_EXPR
            | SyntaxKind::PREFIX_EXPR
            | SyntaxKind::POSTFIX_EXPR
            | SyntaxKind::PAREN_SELECT
            | SyntaxKind::SELECT
    )
}

/// The expressions that are direct parts of a node.
fn expressions(node: &SyntaxNode) -> Vec<Node> {
    node.children().filter(|part| is_expression(part.kind())).map(|part| expression(&part)).collect()
}

fn unread(node: &SyntaxNode) -> Node {
    Node::Unread(node.text().to_string())
}

fn call(name: &str, args: Vec<Node>) -> Node {
    Node::Call { name: name.to_owned(), args, aggregate: None }
}

fn text(value: &str) -> Node {
    Node::Literal(Literal::Text(value.to_owned()))
}

fn expression(node: &SyntaxNode) -> Node {
    match node.kind() {
        SyntaxKind::PAREN_EXPR | SyntaxKind::PAREN_SELECT | SyntaxKind::SELECT => match select(node) {
            Some(select) => Node::Scalar(Box::new(select)),
            None => match node.children().find_map(|part| select(&part)) {
                Some(select) => Node::Scalar(Box::new(select)),
                None => expressions(node).pop().unwrap_or_else(|| unread(node)),
            },
        },
        SyntaxKind::LITERAL => literal(node),
        SyntaxKind::NAME_REF => name_reference(node),
        SyntaxKind::FIELD_EXPR => field(node),
        SyntaxKind::BIN_EXPR => binary(node),
        SyntaxKind::PREFIX_EXPR => prefix(node),
        SyntaxKind::POSTFIX_EXPR => {
            let Some(arg) = expressions(node).pop() else { return unread(node) };
            let negated = has_token(node, SyntaxKind::NOTNULL_KW);
            if negated || has_token(node, SyntaxKind::ISNULL_KW) {
                Node::IsNull { arg: Box::new(arg), negated }
            } else {
                unread(node)
            }
        }
        SyntaxKind::CALL_EXPR => call_expression(node),
        SyntaxKind::CAST_EXPR => cast(node),
        SyntaxKind::COLLATE => {
            let collation = child(node, SyntaxKind::COLLATION_REF).map(|collation| last_segment(&collation));
            match (expressions(node).pop(), collation) {
                (Some(arg), Some(collation)) => Node::Collate { arg: Box::new(arg), collation },
                _ => unread(node),
            }
        }
        SyntaxKind::ARRAY_EXPR => match node.children().find_map(|part| select(&part)) {
            Some(select) => Node::Scalar(Box::new(select)),
            None => Node::Array(expressions(node)),
        },
        SyntaxKind::TUPLE_EXPR => Node::Row(expressions(node)),
        SyntaxKind::INDEX_EXPR => call("[]", expressions(node)),
        SyntaxKind::SLICE_EXPR => call("[:]", expressions(node)),
        SyntaxKind::CASE_EXPR => case(node),
        _ => unread(node),
    }
}

fn literal(node: &SyntaxNode) -> Node {
    let Some(token) = node.first_token() else { return unread(node) };
    let written = token.text();
    Node::Literal(match token.kind() {
        SyntaxKind::NULL_KW => Literal::Null,
        SyntaxKind::TRUE_KW => Literal::Bool(true),
        SyntaxKind::FALSE_KW => Literal::Bool(false),
        SyntaxKind::INT_NUMBER => match written.replace('_', "").parse() {
            Ok(number) => Literal::Integer(number),
            Err(_) => Literal::Number(written.to_owned()),
        },
        SyntaxKind::NUMERIC_NUMBER => Literal::Number(written.to_owned()),
        SyntaxKind::STRING => Literal::Text(plain_string(written)),
        SyntaxKind::ESC_STRING => Literal::Text(escape_string(written)),
        SyntaxKind::DOLLAR_QUOTED_STRING => Literal::Text(dollar_string(written)),
        SyntaxKind::POSITIONAL_PARAM => {
            return match written.trim_start_matches('$').parse() {
                Ok(number) => Node::Parameter(number),
                Err(_) => unread(node),
            };
        }
        _ => return unread(node),
    })
}

fn plain_string(written: &str) -> String {
    let inside = written.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    inside.unwrap_or(written).replace("''", "'")
}

fn dollar_string(written: &str) -> String {
    let tag = written.get(1..).and_then(|rest| rest.find('$')).map_or(0, |at| at + 2);
    written.get(tag..written.len().saturating_sub(tag)).unwrap_or_default().to_owned()
}

fn escape_string(written: &str) -> String {
    let inside = written.trim_start_matches(['e', 'E']);
    let inside = inside.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap_or(inside);
    let mut value = String::with_capacity(inside.len());
    let mut characters = inside.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('n') => value.push('\n'),
                Some('t') => value.push('\t'),
                Some('r') => value.push('\r'),
                Some(other) => value.push(other),
                None => {}
            },
            '\'' if characters.peek() == Some(&'\'') => {
                characters.next();
                value.push('\'');
            }
            other => value.push(other),
        }
    }
    value
}

fn name_reference(node: &SyntaxNode) -> Node {
    match node.first_token().map(|token| token.kind()) {
        Some(SyntaxKind::CURRENT_TIMESTAMP_KW) => call("now", Vec::new()),
        Some(
            SyntaxKind::CURRENT_DATE_KW
            | SyntaxKind::CURRENT_TIME_KW
            | SyntaxKind::LOCALTIMESTAMP_KW
            | SyntaxKind::LOCALTIME_KW
            | SyntaxKind::CURRENT_USER_KW
            | SyntaxKind::SESSION_USER_KW,
        ) => call(&name_of(node), Vec::new()),
        _ => Node::Name(vec![name_of(node)]),
    }
}

fn field(node: &SyntaxNode) -> Node {
    let mut names = Vec::new();
    let mut star = has_token(node, SyntaxKind::STAR);
    for part in node.children() {
        match expression(&part) {
            Node::Name(found) => names.extend(found),
            Node::Star(found) => {
                names.extend(found);
                star = true;
            }
            _ => return unread(node),
        }
    }
    if star { Node::Star(names) } else { Node::Name(names) }
}

/// The operator's text: everything between the two operands.
fn operator_text(node: &SyntaxNode) -> String {
    let mut text = String::new();
    let mut operands = 0;
    for part in node.children_with_tokens() {
        match part.kind() {
            SyntaxKind::WHITESPACE | SyntaxKind::COMMENT => {}
            kind if is_expression(kind) => operands += 1,
            _ if operands < 2 => {
                let written = match (part.as_node(), part.as_token()) {
                    (Some(node), _) => node.text().to_string(),
                    (_, Some(token)) => token.text().to_owned(),
                    _ => String::new(),
                };
                if !text.is_empty() && written.starts_with(char::is_alphabetic) {
                    text.push(' ');
                }
                text.push_str(&written);
            }
            _ => {}
        }
    }
    let lowered = text.to_lowercase();
    let words: Vec<&str> = lowered.split_whitespace().collect();
    words.join(" ")
}

fn binary(node: &SyntaxNode) -> Node {
    let operator = operator_text(node);
    if operator == "and" || operator == "or" {
        return connected(node, &operator);
    }
    let sides: Vec<SyntaxNode> = node.children().filter(|part| is_expression(part.kind())).collect();
    let [left_node, right_node] = sides.as_slice() else { return unread(node) };
    let left = Box::new(expression(left_node));
    match operator.as_str() {
        "is" | "is not" => {
            let negated = operator == "is not";
            return match right_node.first_token().map(|token| token.kind()) {
                Some(SyntaxKind::NULL_KW) => Node::IsNull { arg: left, negated },
                Some(SyntaxKind::TRUE_KW) => Node::Is { arg: left, test: TruthTest::True, negated },
                Some(SyntaxKind::FALSE_KW) => Node::Is { arg: left, test: TruthTest::False, negated },
                _ if right_node.text().to_string().eq_ignore_ascii_case("unknown") => {
                    Node::Is { arg: left, test: TruthTest::Unknown, negated }
                }
                _ => unread(node),
            };
        }
        "in" | "not in" => return membership(left, right_node, operator == "not in"),
        _ => {}
    }
    if let Some(quantified) = quantified(&operator, &left, right_node) {
        return quantified;
    }
    let right = expression(right_node);
    match operator.as_str() {
        "is distinct from" => Node::IsDistinct { left, right: Box::new(right), negated: false },
        "is not distinct from" => Node::IsDistinct { left, right: Box::new(right), negated: true },
        "at time zone" => call("timezone", vec![right, *left]),
        "escape" => call("like_escape", vec![*left, right]),
        _ => Node::Binary { operator: operator_name(&operator), left, right: Box::new(right) },
    }
}

fn operator_name(written: &str) -> String {
    match written {
        "like" => "~~".to_owned(),
        "not like" => "!~~".to_owned(),
        "ilike" => "~~*".to_owned(),
        "not ilike" => "!~~*".to_owned(),
        "!=" => "<>".to_owned(),
        // operator(pg_catalog.=)
        call if call.starts_with("operator") => call
            .trim_start_matches("operator")
            .trim_matches(['(', ')', ' '])
            .rsplit('.')
            .next()
            .unwrap_or(call)
            .to_owned(),
        other => other.to_owned(),
    }
}

/// `a AND b AND c`, however long, without going down its left side by recursion.
fn connected(node: &SyntaxNode, operator: &str) -> Node {
    let mut parts = Vec::new();
    let mut at = node.clone();
    loop {
        let sides: Vec<SyntaxNode> = at.children().filter(|part| is_expression(part.kind())).collect();
        let [left, right] = sides.as_slice() else { return unread(node) };
        parts.push(expression(right));
        if left.kind() == SyntaxKind::BIN_EXPR && operator_text(left) == operator {
            at = left.clone();
        } else {
            parts.push(expression(left));
            break;
        }
    }
    parts.reverse();
    let mut flat = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Node::And(inner) if operator == "and" => flat.extend(inner),
            Node::Or(inner) if operator == "or" => flat.extend(inner),
            other => flat.push(other),
        }
    }
    if operator == "and" { Node::And(flat) } else { Node::Or(flat) }
}

fn membership(left: Box<Node>, right: &SyntaxNode, negated: bool) -> Node {
    let operator = if negated { "<>" } else { "=" }.to_owned();
    if let Some(select) = right.children().find_map(|part| select(&part)).or_else(|| select(right)) {
        return Node::QuantifiedSelect { operator, left, all: negated, select: Box::new(select) };
    }
    let mut items = expressions(right);
    if let [Node::Call { name, args, .. }] = items.as_mut_slice()
        && name == between::BOUNDS
        && args.len() == 2
        && let (Some(high), Some(low)) = (args.pop(), args.pop())
    {
        return bounds(&left, low, high, negated);
    }
    Node::Quantified { operator, left, all: negated, array: Box::new(Node::Array(items)) }
}

/// `op ANY (…)`, `op ALL (…)`.
fn quantified(operator: &str, left: &Node, right: &SyntaxNode) -> Option<Node> {
    if right.kind() != SyntaxKind::CALL_EXPR {
        return None;
    }
    let inner = right
        .children()
        .find(|part| matches!(part.kind(), SyntaxKind::ANY_FN | SyntaxKind::ALL_FN | SyntaxKind::SOME_FN))?;
    let all = inner.kind() == SyntaxKind::ALL_FN;
    let operator = operator_name(operator);
    let left = Box::new(left.clone());
    match inner.children().find_map(|part| select(&part)) {
        Some(select) => Some(Node::QuantifiedSelect { operator, left, all, select: Box::new(select) }),
        None => Some(Node::Quantified { operator, left, all, array: Box::new(expressions(&inner).pop()?) }),
    }
}

fn prefix(node: &SyntaxNode) -> Node {
    let Some(arg) = expressions(node).pop() else { return unread(node) };
    let first = node.children_with_tokens().next();
    let operator = match first.as_ref().map(|first| (first.as_node(), first.as_token())) {
        Some((Some(node), _)) => node.text().to_string(),
        Some((_, Some(token))) => token.text().to_lowercase(),
        _ => return unread(node),
    };
    match (operator.as_str(), arg) {
        ("not", arg) => Node::Not(Box::new(arg)),
        ("-", Node::Literal(Literal::Integer(number))) => Node::Literal(Literal::Integer(-number)),
        ("-", Node::Literal(Literal::Number(number))) => Node::Literal(Literal::Number(format!("-{number}"))),
        ("+", arg @ Node::Literal(_)) => arg,
        (_, arg) => Node::Prefix { operator, arg: Box::new(arg) },
    }
}

/// `x >= low AND x <= high`.
fn bounds(arg: &Node, low: Node, high: Node, negated: bool) -> Node {
    let compare = |operator: &str, right: Node| Node::Binary {
        operator: operator.to_owned(),
        left: Box::new(arg.clone()),
        right: Box::new(right),
    };
    if negated {
        Node::Or(vec![compare("<", low), compare(">", high)])
    } else {
        Node::And(vec![compare(">=", low), compare("<=", high)])
    }
}

fn call_expression(node: &SyntaxNode) -> Node {
    let Some(first) = node.children().next() else { return unread(node) };
    match first.kind() {
        SyntaxKind::EXTRACT_FN => {
            let part = first
                .children()
                .find(|part| matches!(part.kind(), SyntaxKind::EXTRACT_FIELD_NAME | SyntaxKind::EXTRACT_FIELD_LITERAL));
            let part = part.map(|part| part.text().to_string().trim_matches('\'').to_lowercase());
            match (part, expressions(&first).pop()) {
                (Some(part), Some(arg)) => call("extract", vec![text(&part), arg]),
                _ => unread(node),
            }
        }
        SyntaxKind::EXISTS_FN => match first.children().find_map(|part| select(&part)) {
            Some(select) => Node::Exists(Box::new(select)),
            None => unread(node),
        },
        SyntaxKind::SUBSTRING_FN | SyntaxKind::POSITION_FN | SyntaxKind::OVERLAY_FN => {
            let name = first.first_token().map(|token| token.text().to_lowercase()).unwrap_or_default();
            let inside = first.children().next();
            let mut args = expressions(&first);
            if let Some(inside) = inside.filter(|inside| !is_expression(inside.kind())) {
                args = expressions(&inside);
            }
            call(&name, args)
        }
        SyntaxKind::TRIM_FN => {
            let side = if child(&first, SyntaxKind::TRIM_LEADING).is_some() {
                "ltrim"
            } else if child(&first, SyntaxKind::TRIM_TRAILING).is_some() {
                "rtrim"
            } else {
                "btrim"
            };
            let mut args: Vec<Node> = first.children().flat_map(|part| expressions(&part)).collect();
            let from = child(&first, SyntaxKind::TRIM_FROM).is_some_and(|from| expressions(&from).len() > 1);
            if from {
                args.reverse();
            }
            call(side, args)
        }
        kind if is_expression(kind) => named_call(node, &first),
        _ => unread(node),
    }
}

fn named_call(node: &SyntaxNode, function: &SyntaxNode) -> Node {
    let Node::Name(path) = expression(function) else { return unread(node) };
    let Some(name) = path.last().cloned() else { return unread(node) };
    let Some(list) = child(node, SyntaxKind::ARG_LIST) else { return unread(node) };
    let args = list.children().filter(|part| part.kind() == SyntaxKind::ARG);
    let mut values = Vec::new();
    let mut order = Vec::new();
    for arg in args {
        values.extend(expressions(&arg));
        for clause in arg.children().filter(|part| part.kind() == SyntaxKind::ORDER_BY_CLAUSE) {
            order.extend(sort_keys(&clause));
        }
    }
    if has_token(&list, SyntaxKind::STAR) {
        values.push(Node::Star(Vec::new()));
    }
    let filter = child(node, SyntaxKind::FILTER_CLAUSE).and_then(|clause| expressions(&clause).pop());
    let window = child(node, SyntaxKind::OVER_CLAUSE).is_some();
    let distinct = child(&list, SyntaxKind::DISTINCT).is_some();
    let plain = filter.is_none() && !window && !distinct && order.is_empty();
    let aggregate = (!plain).then(|| Box::new(Aggregate { distinct, order, filter, window }));
    Node::Call { name, args: values, aggregate }
}

fn cast(node: &SyntaxNode) -> Node {
    let to = node.children().find(|part| !is_expression(part.kind()) && part.kind() != SyntaxKind::COLON_COLON);
    match (expressions(node).pop(), to) {
        (Some(arg), Some(to)) => {
            let written = to.text().to_string().to_lowercase().replace("pg_catalog.", "");
            let words: Vec<&str> = written.split_whitespace().collect();
            Node::Cast { arg: Box::new(arg), to: TypeName(words.join(" ")) }
        }
        _ => unread(node),
    }
}

/// `case(operand?, condition, result, …, default)`; an operand is compared with each condition.
fn case(node: &SyntaxNode) -> Node {
    let operand = node.children().find(|part| is_expression(part.kind())).map(|operand| expression(&operand));
    let mut args = Vec::new();
    for when in node.descendants().filter(|part| part.kind() == SyntaxKind::WHEN_CLAUSE) {
        // Not those of a CASE inside this one.
        if when.parent().and_then(|list| list.parent()).as_ref() != Some(node) {
            continue;
        }
        let mut parts = expressions(&when).into_iter();
        let (Some(condition), Some(result)) = (parts.next(), parts.next()) else { return unread(node) };
        args.push(match &operand {
            Some(operand) => {
                Node::Binary { operator: "=".to_owned(), left: Box::new(operand.clone()), right: Box::new(condition) }
            }
            None => condition,
        });
        args.push(result);
    }
    let default = child(node, SyntaxKind::ELSE_CLAUSE).and_then(|clause| expressions(&clause).pop());
    args.push(default.unwrap_or(Node::Literal(Literal::Null)));
    call("case", args)
}
