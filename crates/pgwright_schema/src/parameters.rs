//! Values for the parameters of a statement whose values are not known, so that it can be planned as Django sends it: with values in it.

use std::collections::{BTreeMap, HashMap};

use crate::catalog::Type;
use crate::expr::quote_text;
use crate::schema::Schema;
use crate::sql::{From, Node, Select, SelectBody, Source, Statement};
use crate::statistics::{ColumnStatistics, Statistics};

/// How one parameter is used.
#[derive(Debug, Clone, PartialEq)]
pub enum Usage {
    /// Compared with a column, or an expression of one.
    Compared {
        table: String,
        column: String,
        comparison: Comparison,
    },
    Limit,
    Offset,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    /// The column is less, or greater.
    Less,
    Greater,
    Pattern,
    Other,
}

/// Which values to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Choice {
    /// One of middling frequency; ranges that a tenth of the rows lie in.
    Typical,
    /// The most frequent one; ranges that most rows lie in.
    Frequent,
}

/// What a `LIKE` pattern leaves open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatternKind {
    /// `%x%`.
    Contains,
    /// `x%`.
    StartsWith,
}

/// A value, and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    /// As SQL, ready to stand in the statement.
    pub literal: String,
    pub origin: Origin,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Origin {
    /// One of the column's most common values, which this share of the rows has.
    MostCommon { share: f32 },
    /// A bound of the column's histogram.
    Histogram,
    /// Nothing is known of the column's values, and the planner makes no difference between those that are not known.
    MadeUp,
}

/// How each parameter (`$1` is 1) is used, as far as that can be told.
pub fn usages(statement: &Statement) -> BTreeMap<u32, Usage> {
    let mut found = Found::default();
    match statement {
        Statement::Select(select) => found.select(select, &HashMap::new()),
        Statement::Update(update) => {
            let mut scope = scope(&update.from, &HashMap::new());
            name_table(&mut scope, &update.table, update.alias.as_deref());
            update.set.iter().for_each(|assignment| found.node(&assignment.value, &scope));
            update.filter.iter().for_each(|filter| found.node(filter, &scope));
        }
        Statement::Delete(delete) => {
            let mut scope = scope(&delete.using, &HashMap::new());
            name_table(&mut scope, &delete.table, delete.alias.as_deref());
            delete.filter.iter().for_each(|filter| found.node(filter, &scope));
        }
        Statement::Insert { source, .. } => {
            source.iter().for_each(|select| found.select(select, &HashMap::new()));
        }
        Statement::CreateIndex(_) | Statement::Other(_) => {}
    }
    found.usages
}

/// Tables by the names they have in a query.
type Scope = HashMap<String, String>;

fn name_table(scope: &mut Scope, table: &str, alias: Option<&str>) {
    let own = table.rsplit('.').next().unwrap_or(table);
    scope.insert(alias.unwrap_or(own).to_owned(), table.to_owned());
}

fn scope(from: &[From], outer: &Scope) -> Scope {
    let mut scope = outer.clone();
    let mut open: Vec<&From> = from.iter().collect();
    while let Some(from) = open.pop() {
        if let Source::Table(table) = &from.source {
            name_table(&mut scope, table, from.alias.as_deref());
        }
        open.extend(from.joins.iter().map(|join| &join.from));
    }
    scope
}

#[derive(Default)]
struct Found {
    usages: BTreeMap<u32, Usage>,
}

impl Found {
    fn select(&mut self, select: &Select, outer: &Scope) {
        select.with.iter().for_each(|(_, part)| self.select(part, outer));
        if let Some(Node::Parameter(number)) = select.limit {
            self.usages.insert(number, Usage::Limit);
        }
        if let Some(Node::Parameter(number)) = select.offset {
            self.usages.insert(number, Usage::Offset);
        }
        match &select.body {
            SelectBody::Plain { targets, from, filter, group, having, .. } => {
                let scope = scope(from, outer);
                self.sources(from, &scope);
                let nodes = targets.iter().map(|target| &target.node).chain(filter).chain(group).chain(having);
                nodes.chain(select.order.iter().map(|key| &key.node)).for_each(|node| self.node(node, &scope));
            }
            SelectBody::Compound { parts, .. } => parts.iter().for_each(|part| self.select(part, outer)),
            SelectBody::Values(rows) => rows.iter().flatten().for_each(|node| self.node(node, outer)),
        }
    }

    fn sources(&mut self, from: &[From], scope: &Scope) {
        for from in from {
            if let Source::Select { select, .. } = &from.source {
                self.select(select, scope);
            }
            for join in &from.joins {
                self.sources(std::slice::from_ref(&join.from), scope);
                join.on.iter().for_each(|on| self.node(on, scope));
            }
        }
    }

    fn node(&mut self, node: &Node, scope: &Scope) {
        match node {
            Node::Binary { operator, left, right } => {
                self.compare(operator, left, right, scope);
                self.compare(turned(operator), right, left, scope);
                self.node(left, scope);
                self.node(right, scope);
            }
            Node::Quantified { operator, left, array, .. } => {
                self.compare(operator, left, array, scope);
                self.node(left, scope);
                self.node(array, scope);
            }
            Node::Exists(select) | Node::Scalar(select) => self.select(select, scope),
            Node::QuantifiedSelect { left, select, .. } => {
                self.node(left, scope);
                self.select(select, scope);
            }
            Node::Call { args, aggregate, .. } => {
                args.iter().for_each(|arg| self.node(arg, scope));
                let filter = aggregate.as_ref().and_then(|aggregate| aggregate.filter.as_ref());
                filter.iter().for_each(|filter| self.node(filter, scope));
            }
            Node::And(parts) | Node::Or(parts) | Node::Array(parts) | Node::Row(parts) => {
                parts.iter().for_each(|part| self.node(part, scope));
            }
            Node::Not(arg)
            | Node::Prefix { arg, .. }
            | Node::IsNull { arg, .. }
            | Node::Is { arg, .. }
            | Node::Cast { arg, .. }
            | Node::Collate { arg, .. } => self.node(arg, scope),
            Node::IsDistinct { left, right, .. } => {
                self.node(left, scope);
                self.node(right, scope);
            }
            Node::Name(_) | Node::Star(_) | Node::Literal(_) | Node::Parameter(_) | Node::Unread(_) => {}
        }
    }

    /// Parameters of `value` are compared with the column in `column`, when there is one.
    fn compare(&mut self, operator: &str, column: &Node, value: &Node, scope: &Scope) {
        let Some(name) = column_of(column) else { return };
        let table = match name {
            [.., table, _] => scope.get(table).cloned(),
            // Not qualified, it belongs to the only table there is.
            _ => scope.values().next().filter(|_| scope.len() == 1).cloned(),
        };
        let (Some(table), Some(column)) = (table, name.last()) else { return };
        let comparison = match operator {
            "=" => Comparison::Equal,
            "<" | "<=" => Comparison::Less,
            ">" | ">=" => Comparison::Greater,
            "~~" | "~~*" | "!~~" | "!~~*" => Comparison::Pattern,
            _ => Comparison::Other,
        };
        for number in parameters_of(value) {
            let usage = Usage::Compared { table: table.clone(), column: column.clone(), comparison };
            self.usages.entry(number).or_insert(usage);
        }
    }
}

fn turned(operator: &str) -> &str {
    match operator {
        "<" => ">",
        "<=" => ">=",
        ">" => "<",
        ">=" => "<=",
        same => same,
    }
}

/// The column, when the expression is of one column and no parameter.
fn column_of(node: &Node) -> Option<&[String]> {
    match node {
        Node::Name(name) => Some(name),
        Node::Cast { arg, .. } | Node::Collate { arg, .. } => column_of(arg),
        Node::Call { args, .. } => args.iter().find_map(column_of),
        Node::Binary { left, .. } => column_of(left),
        _ => None,
    }
}

fn parameters_of(node: &Node) -> Vec<u32> {
    match node {
        Node::Parameter(number) => vec![*number],
        Node::Cast { arg, .. } | Node::Collate { arg, .. } | Node::Prefix { arg, .. } => parameters_of(arg),
        Node::Call { args, .. } | Node::Array(args) | Node::Row(args) => args.iter().flat_map(parameters_of).collect(),
        Node::Binary { left, right, .. } => [&**left, &**right].into_iter().flat_map(parameters_of).collect(),
        _ => Vec::new(),
    }
}

/// Values for all parameters, whose types are given in their order by PostgreSQL's names (`int8`, `_text`).
pub fn values(
    usages: &BTreeMap<u32, Usage>,
    types: &[String],
    statistics: &Statistics,
    choice: Choice,
    pattern: PatternKind,
) -> Vec<Value> {
    // Several values for one column are different ones: `IN (1, 1, 1)` is planned as `= 1`.
    let mut taken: HashMap<(&str, &str), usize> = HashMap::new();
    let value = |(at, type_): (usize, &String)| {
        let usage = u32::try_from(at + 1).ok().and_then(|number| usages.get(&number));
        let (text, origin) = match usage {
            Some(Usage::Limit) => ("20".to_owned(), Origin::MadeUp),
            Some(Usage::Offset) => ("0".to_owned(), Origin::MadeUp),
            Some(Usage::Compared { table, column, comparison }) => {
                let nth = taken.entry((table, column)).or_default();
                let found = statistics.tables.get(table).and_then(|table| table.columns.get(column));
                let known = found.and_then(|found| known_value(found, *comparison, choice, *nth));
                *nth += 1;
                let (text, origin) = known.unwrap_or_else(|| (made_up(type_, at), Origin::MadeUp));
                match comparison {
                    Comparison::Pattern => (as_pattern(&text, pattern), origin),
                    _ => (text, origin),
                }
            }
            None => (made_up(type_, at), Origin::MadeUp),
        };
        Value { literal: literal(&text, type_), origin }
    };
    types.iter().enumerate().map(value).collect()
}

/// The statement with values where they change what a planner expects: patterns, and comparisons with columns of whose values something is
/// known. Other parameters stay as they are. `numbered` is the text of `statement`.
pub fn bind_typical(
    numbered: &str,
    statement: &Statement,
    schema: &Schema,
    statistics: &Statistics,
    pattern: PatternKind,
) -> String {
    let usages = usages(statement);
    let last = usages.keys().last().copied().unwrap_or_default();
    let type_of = |table: &str, column: &str| {
        let table = schema.tables.iter().find(|known| known.name == table)?;
        Some(Type::from(&table.column(column)?.type_).name().to_owned())
    };
    let has_values = |table: &str, column: &str| {
        let known = statistics.tables.get(table).and_then(|table| table.columns.get(column));
        known.is_some_and(|known| known.most_common.is_some() || known.histogram.is_some())
    };
    let type_at = |number: u32| match usages.get(&number) {
        Some(Usage::Compared { comparison: Comparison::Pattern, .. }) => Some("text".to_owned()),
        Some(Usage::Compared { table, column, .. }) if has_values(table, column) => type_of(table, column),
        _ => None,
    };
    let types: Vec<Option<String>> = (1..=last).map(type_at).collect();
    let named: Vec<String> = types.iter().map(|type_| type_.clone().unwrap_or_default()).collect();
    let mut values = values(&usages, &named, statistics, Choice::Typical, pattern);
    for (at, value) in values.iter_mut().enumerate().filter(|(at, _)| types[*at].is_none()) {
        value.literal = format!("${}", at + 1);
    }
    bind(numbered, &values)
}

fn known_value(
    column: &ColumnStatistics,
    comparison: Comparison,
    choice: Choice,
    nth: usize,
) -> Option<(String, Origin)> {
    let common = column.most_common.as_ref().filter(|common| !common.values.is_empty());
    let histogram = column.histogram.as_deref().filter(|bounds| bounds.len() > 1);
    let of_common = |at: usize| {
        let common = common?;
        let at = at.min(common.values.len() - 1);
        Some((
            common.values[at].clone(),
            Origin::MostCommon { share: common.frequencies.get(at).copied().unwrap_or_default() },
        ))
    };
    let of_histogram = |share: f64| {
        let bounds = histogram?;
        let at = ((bounds.len() - 1) as f64 * share).round() as usize;
        Some((bounds[at.min(bounds.len() - 1)].clone(), Origin::Histogram))
    };
    match (comparison, choice) {
        (Comparison::Less | Comparison::Greater, _) => {
            // A second bound on the same column closes the range.
            let share = match (comparison, choice) {
                (Comparison::Greater, Choice::Typical) => 0.9,
                (Comparison::Greater, Choice::Frequent) => 0.1,
                (_, Choice::Typical) if nth == 0 => 0.1,
                (_, Choice::Typical) => 1.0,
                (_, Choice::Frequent) => 0.9,
            };
            of_histogram(share).or_else(|| of_common(0))
        }
        (_, Choice::Frequent) => of_common(nth).or_else(|| of_histogram(0.5)),
        (_, Choice::Typical) => {
            let covered: f32 = common.map_or(0.0, |common| common.frequencies.iter().sum());
            let middle = common.map_or(0, |common| common.values.len() / 2);
            let spread = 0.5 + nth as f64 * 0.01;
            if covered >= 0.5 {
                of_common(middle + nth)
            } else {
                of_histogram(spread).or_else(|| of_common(middle + nth))
            }
        }
    }
}

/// A value of the type. Numbers grow with the place: different parameters get different ones.
fn made_up(type_: &str, at: usize) -> String {
    let text = match type_ {
        "bool" => "true",
        "int2" | "int4" | "int8" | "float4" | "float8" | "numeric" | "oid" => return (1000 + at).to_string(),
        "date" => "2024-06-01",
        "timestamp" | "timestamptz" => "2024-06-01 12:00:00",
        "time" | "timetz" => "12:00",
        "interval" => "1 day",
        "uuid" => return format!("8a3f2c1e-5b7d-4e9a-9c6b-{at:012x}"),
        "json" | "jsonb" => "{\"key\": \"value\"}",
        "inet" | "cidr" => "192.0.2.1",
        "macaddr" => "08:00:2b:01:02:03",
        "bytea" => "\\x00",
        "hstore" => "key=>value",
        "tsquery" | "tsvector" => "word",
        "int4range" | "int8range" | "numrange" => "[1,10)",
        "tsrange" | "tstzrange" | "daterange" => "[2024-06-01,2024-06-02)",
        "point" => "(0,0)",
        array if array.starts_with('_') => return format!("{{\"{}\"}}", made_up(&array[1..], at).replace('"', "\\\"")),
        _ => return format!("example{at}"),
    };
    text.to_owned()
}

/// A pattern that finds the value: its beginning, or a part from the middle.
fn as_pattern(value: &str, kind: PatternKind) -> String {
    let escaped = |part: String| part.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    let letters: Vec<char> = value.chars().collect();
    match kind {
        PatternKind::StartsWith => format!("{}%", escaped(letters.iter().take(4).collect())),
        PatternKind::Contains => {
            let middle = letters.len().saturating_sub(5) / 2;
            format!("%{}%", escaped(letters.iter().skip(middle).take(5).collect()))
        }
    }
}

/// A value as psycopg writes it: numbers and texts plainly, the rest with its type.
fn literal(text: &str, type_: &str) -> String {
    let is_number = || {
        let digits = text.strip_prefix('-').unwrap_or(text);
        digits.starts_with(|first: char| first.is_ascii_digit())
            && digits.chars().all(|c| c.is_ascii_digit() || c == '.')
    };
    match type_ {
        "int2" | "int4" | "int8" | "float4" | "float8" | "numeric" | "oid" if is_number() => {
            if text.starts_with('-') {
                format!("({text})")
            } else {
                text.to_owned()
            }
        }
        "bool" => if matches!(text, "t" | "true") { "true" } else { "false" }.to_owned(),
        "text" | "varchar" | "bpchar" | "name" | "citext" | "unknown" | "json" | "jsonb" => quote_text(text),
        _ => format!("{}::{}", quote_text(text), quoted_type(type_)),
    }
}

fn quoted_type(type_: &str) -> String {
    match type_.strip_prefix('_') {
        Some(element) => format!("{}[]", quoted_type(element)),
        None if type_.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') => type_.to_owned(),
        None => crate::names::quote_name(type_),
    }
}

/// The statement with values in place of `$1`, `$2`…; quoted text stays as it is.
pub fn bind(statement: &str, values: &[Value]) -> String {
    let mut bound = String::with_capacity(statement.len() + values.len() * 8);
    let mut chars = statement.char_indices().peekable();
    let mut quote = None;
    while let Some((at, c)) = chars.next() {
        match quote {
            Some(open) => {
                quote = (c != open).then_some(open);
                bound.push(c);
            }
            None if c == '\'' || c == '"' => {
                quote = Some(c);
                bound.push(c);
            }
            None if c == '$' => {
                let digits = statement[at + 1..].bytes().take_while(u8::is_ascii_digit).count();
                let number: Option<usize> = statement[at + 1..at + 1 + digits].parse().ok();
                match number.and_then(|number| values.get(number.checked_sub(1)?)) {
                    Some(value) => {
                        bound.push_str(&value.literal);
                        for _ in 0..digits {
                            chars.next();
                        }
                    }
                    None => bound.push(c),
                }
            }
            None => bound.push(c),
        }
    }
    bound
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::{number_placeholders, parse_statement};
    use crate::statistics::{Common, TableStatistics};

    fn of(sql: &str) -> Vec<(u32, String, Comparison)> {
        let statement = parse_statement(&number_placeholders(sql)).expect("SQL");
        let usages = usages(&statement).into_iter();
        let shown = |(number, usage)| match usage {
            Usage::Compared { table, column, comparison } => (number, format!("{table}.{column}"), comparison),
            Usage::Limit => (number, "limit".to_owned(), Comparison::Other),
            Usage::Offset => (number, "offset".to_owned(), Comparison::Other),
        };
        usages.map(shown).collect()
    }

    #[test]
    fn what_parameters_are_compared_with_is_found() {
        use Comparison::{Equal, Greater, Less, Other, Pattern};
        let owned = |found: &[(u32, &str, Comparison)]| {
            found
                .iter()
                .map(|(number, name, comparison)| (*number, (*name).to_owned(), *comparison))
                .collect::<Vec<_>>()
        };
        let sql = r#"SELECT "o"."id" FROM "shop_order" "o" INNER JOIN "shop_line" T3 ON ("o"."id" = T3."order_id")
            WHERE ("o"."status" IN (%s, %s) AND T3."price" BETWEEN %s AND %s AND UPPER("o"."note"::text) LIKE UPPER(%s)
            AND EXISTS(SELECT 1 AS "a" FROM "shop_tag" U0 WHERE (U0."order_id" = ("o"."id") AND U0."name" = %s)))
            ORDER BY "o"."id" ASC LIMIT %s"#;
        let expected = [
            (1, "shop_order.status", Equal),
            (2, "shop_order.status", Equal),
            (3, "shop_line.price", Greater),
            (4, "shop_line.price", Less),
            (5, "shop_order.note", Pattern),
            (6, "shop_tag.name", Equal),
            (7, "limit", Other),
        ];
        assert_eq!(of(sql), owned(&expected));
        let update = r#"UPDATE "p" SET "stock" = ("p"."stock" - %s) WHERE ("p"."id" = %s AND "p"."stock" >= %s)"#;
        let found = of(update);
        assert_eq!(found[1..], owned(&[(2, "p.id", Equal), (3, "p.stock", Greater)]));
        assert_eq!(of("DELETE FROM a WHERE %s > b"), owned(&[(1, "a.b", Less)]));
    }

    #[test]
    fn values_come_from_statistics_and_are_written_as_their_types_need() {
        let statement = parse_statement("SELECT 1 FROM t WHERE status = $1 AND n > $2 AND u = $3").expect("SQL");
        let usages = usages(&statement);
        let status = ColumnStatistics {
            most_common: Some(Common {
                values: ["done", "open", "it's"].map(str::to_owned).to_vec(),
                frequencies: vec![0.8, 0.15, 0.05],
            }),
            ..ColumnStatistics::default()
        };
        let n = ColumnStatistics {
            histogram: Some((0..=100).map(|bound| (bound * 10 - 500).to_string()).collect()),
            ..ColumnStatistics::default()
        };
        let columns = [("status".to_owned(), status), ("n".to_owned(), n)].into_iter().collect();
        let table = TableStatistics { columns, ..TableStatistics::default() };
        let statistics = Statistics { tables: [("t".to_owned(), table)].into_iter().collect() };
        let types = ["varchar", "int4", "uuid"].map(str::to_owned);
        let chosen = |choice| values(&usages, &types, &statistics, choice, PatternKind::Contains);
        let typical = chosen(Choice::Typical);
        let sql = "SELECT '$1' FROM t WHERE status = $1 AND n > $2 AND u = $3";
        assert_eq!(
            bind(sql, &typical),
            "SELECT '$1' FROM t WHERE status = 'open' AND n > 400 AND u = '8a3f2c1e-5b7d-4e9a-9c6b-000000000002'::uuid"
        );
        let frequent = chosen(Choice::Frequent);
        assert_eq!(frequent[0], Value { literal: "'done'".to_owned(), origin: Origin::MostCommon { share: 0.8 } });
        assert_eq!(frequent[1].literal, "(-400)");
        assert_eq!(literal("{a}", "_text"), "'{a}'::text[]");
        assert_eq!(as_pattern("50% of_it", PatternKind::StartsWith), "50\\% %");
    }
}
