//! Expressions.

use squawk_syntax::{SyntaxKind, SyntaxNode};

use super::{child, has_token, last_segment, name_of, select, sort_keys};
use crate::expr::Literal;
use crate::sql::between;
use crate::sql::tree::{Aggregate, Node, TruthTest, TypeName};

pub(super) fn is_expression(kind: SyntaxKind) -> bool {
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
pub(super) fn expressions(node: &SyntaxNode) -> Vec<Node> {
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

pub(super) fn expression(node: &SyntaxNode) -> Node {
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
