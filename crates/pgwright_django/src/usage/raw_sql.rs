//! SQL that the code writes itself, and the values it writes into the text.
//!
//! Only what stands where SQL has a value is told: names of tables and columns cannot be parameters, and pieces of SQL that are
//! put together are no values. Local names are followed to what the function gives them, whichever way it takes.

use pgwright_diagnostics::{FileId, Span};
use pgwright_python::ast::visitor::{self, Visitor};
use pgwright_python::ast::{self, Expr, Operator, Stmt};
use pgwright_python::text::{Ranged, TextRange};
use pgwright_python::value::span;
use rustc_hash::FxHashMap;

use super::{Hole, RawSql, Source};

/// Names that are followed from one to the next.
const DEPTH: u32 = 6;
/// What stands in a text for a value that is not known.
const UNKNOWN: char = '\u{0}';

/// Statements of one file into which values are written, in the order of the code.
pub(super) fn read(file: FileId, suite: &[Stmt]) -> Vec<RawSql> {
    let mut reader = Reader { file, around: vec![(suite, None)], names: Vec::new(), found: Vec::new() };
    reader.visit_body(suite);
    reader.found
}

type Names<'v> = FxHashMap<&'v str, Vec<Binding<'v>>>;

struct Reader<'v> {
    file: FileId,
    /// The module and the functions around, innermost last.
    around: Vec<(&'v [Stmt], Option<&'v ast::Parameters>)>,
    /// Their names, while a statement is looked at.
    names: Vec<Names<'v>>,
    found: Vec<RawSql>,
}

/// What a statement does to a name.
#[derive(Debug, Clone, Copy)]
enum Binding<'v> {
    Is(&'v Expr),
    Adds(&'v Expr),
    /// An item of this.
    Item(&'v Expr),
    Parameter(Option<&'v Expr>),
    Unknown,
}

/// A piece of a text.
#[derive(Debug, Clone)]
enum Part<'v> {
    Text(String),
    Value { expr: &'v Expr, slot: Option<TextRange> },
}

impl<'v> Visitor<'v> for Reader<'v> {
    fn visit_stmt(&mut self, statement: &'v Stmt) {
        if let Stmt::FunctionDef(def) = statement {
            self.around.push((&def.body, Some(&def.parameters)));
            visitor::walk_stmt(self, statement);
            self.around.pop();
        } else {
            visitor::walk_stmt(self, statement);
        }
    }

    fn visit_expr(&mut self, expression: &'v Expr) {
        if let Expr::Call(call) = expression {
            let texts = texts(call);
            if !texts.is_empty() {
                self.names = self.around.iter().map(|(body, parameters)| bindings(body, *parameters)).collect();
            }
            for (text, takes_parameters) in texts {
                self.statement(call, text, takes_parameters);
            }
        }
        visitor::walk_expr(self, expression);
    }
}

impl<'v> Reader<'v> {
    fn statement(&mut self, call: &'v ast::ExprCall, text: &'v Expr, takes_parameters: bool) {
        let parts = self.parts(text, DEPTH);
        let is_fragment = matches!(name_of(&call.func), Some("extra" | "RawSQL"));
        if !is_fragment && !parts.first().is_some_and(|part| matches!(part, Part::Text(text) if is_sql(text))) {
            return;
        }
        let mut holes = Vec::new();
        let mut others = 0;
        let mut before = String::new();
        for (at, part) in parts.iter().enumerate() {
            match part {
                Part::Text(text) => before.push_str(text),
                Part::Value { expr, slot } => {
                    let after = match parts.get(at + 1) {
                        Some(Part::Text(text)) => text.as_str(),
                        _ => "",
                    };
                    if is_value(&before, after) && !is_fragment_name(expr) && !self.is_harmless(expr, DEPTH) {
                        let source = if self.is_of_request(expr, DEPTH) { Source::Request } else { Source::Unknown };
                        let place = |range| span(self.file, range);
                        holes.push(Hole { value: place(expr.range()), slot: slot.map(place), source });
                    } else {
                        others += 1;
                    }
                    before.push(UNKNOWN);
                }
            }
        }
        if !holes.is_empty() {
            let is_alone = takes_parameters && call.arguments.len() == 1;
            let is_whole =
                others == 0 && is_alone && matches!(text, Expr::FString(text) if text.value.as_slice().len() == 1);
            let [text, site]: [Span; 2] = [text.range(), call.range()].map(|range| span(self.file, range));
            self.found.push(RawSql { site, text, holes, is_whole });
        }
    }

    /// The pieces that an expression puts together; a value where it is none that is followed.
    fn parts(&self, expr: &'v Expr, depth: u32) -> Vec<Part<'v>> {
        let alone = || vec![Part::Value { expr, slot: None }];
        let Some(depth) = depth.checked_sub(1) else { return alone() };
        match expr {
            Expr::StringLiteral(text) => vec![Part::Text(text.value.to_str().to_owned())],
            Expr::FString(text) => {
                let mut parts = Vec::new();
                for part in text.value.as_slice() {
                    match part {
                        ast::FStringPart::Literal(literal) => parts.push(Part::Text(literal.value.to_string())),
                        ast::FStringPart::FString(inner) => {
                            inner.elements.iter().for_each(|element| self.element(element, depth, &mut parts));
                        }
                    }
                }
                joined(parts)
            }
            Expr::BinOp(operation) => match operation.op {
                Operator::Add => {
                    let mut parts = self.parts(&operation.left, depth);
                    parts.append(&mut self.parts(&operation.right, depth));
                    joined(parts)
                }
                Operator::Mod => self.percent(&operation.left, &operation.right, depth).unwrap_or_else(alone),
                _ => alone(),
            },
            Expr::Call(call) => match name_of(&call.func) {
                Some("format") => self.format(call, depth).unwrap_or_else(alone),
                Some("dedent" | "strip" | "cleandoc") => match (&*call.func, call.arguments.args.first()) {
                    (_, Some(text)) => self.parts(text, depth),
                    (Expr::Attribute(attribute), None) => self.parts(&attribute.value, depth),
                    _ => alone(),
                },
                _ => alone(),
            },
            Expr::Name(name) => {
                let Some(bindings) = self.bindings(name.id.as_str()) else { return alone() };
                let mut parts = Vec::new();
                for (at, binding) in bindings.iter().enumerate() {
                    match binding {
                        Binding::Is(value) if at == 0 && !matches!(value, Expr::Name(_)) => {
                            parts = self.parts(value, depth);
                            if !parts.iter().any(|part| matches!(part, Part::Text(_))) {
                                return alone();
                            }
                        }
                        Binding::Adds(value) if at > 0 => parts.append(&mut self.parts(value, depth)),
                        _ => return alone(),
                    }
                }
                parts.iter_mut().for_each(|part| {
                    if let Part::Value { slot, .. } = part {
                        *slot = None;
                    }
                });
                joined(parts)
            }
            _ => alone(),
        }
    }

    fn element(&self, element: &'v ast::InterpolatedStringElement, depth: u32, parts: &mut Vec<Part<'v>>) {
        match element {
            ast::InterpolatedStringElement::Literal(literal) => parts.push(Part::Text(literal.value.to_string())),
            ast::InterpolatedStringElement::Interpolation(inner) => {
                let mut inside = self.parts(&inner.expression, depth);
                if let [Part::Value { slot, .. }] = inside.as_mut_slice()
                    && inner.conversion.is_none()
                    && inner.format_spec.is_none()
                {
                    *slot = Some(inner.range);
                }
                parts.append(&mut inside);
            }
        }
    }

    /// `"… %s …" % value`.
    fn percent(&self, text: &'v Expr, values: &'v Expr, depth: u32) -> Option<Vec<Part<'v>>> {
        let mut given = match values {
            Expr::Tuple(tuple) => tuple.elts.iter().collect::<Vec<_>>().into_iter(),
            other => vec![other].into_iter(),
        };
        let text = self.constant(text, depth)?;
        let mut parts = Vec::new();
        let mut rest = text.as_str();
        while let Some(at) = rest.find('%') {
            parts.push(Part::Text(rest[..at].to_owned()));
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix('%') {
                parts.push(Part::Text("%".to_owned()));
                rest = after;
                continue;
            }
            let value = if let Some(named) = rest.strip_prefix('(') {
                let (name, after) = named.split_once(')')?;
                rest = after;
                entry(values, name)
            } else {
                given.next()
            };
            let directive = rest.find(|c: char| c.is_ascii_alphabetic())?;
            let is_number = !rest[directive..].starts_with(['s', 'r', 'a']);
            rest = &rest[directive + 1..];
            match value {
                Some(_) if is_number => parts.push(Part::Text("0".to_owned())),
                Some(value) => parts.append(&mut self.parts(value, depth)),
                None => return None,
            }
        }
        parts.push(Part::Text(rest.to_owned()));
        Some(joined(parts))
    }

    /// `"… {} …".format(value)`.
    fn format(&self, call: &'v ast::ExprCall, depth: u32) -> Option<Vec<Part<'v>>> {
        let Expr::Attribute(attribute) = &*call.func else { return None };
        let text = self.constant(&attribute.value, depth)?;
        let mut parts = Vec::new();
        let mut rest = text.as_str();
        let mut next = 0;
        while let Some(at) = rest.find(['{', '}']) {
            parts.push(Part::Text(rest[..at].to_owned()));
            rest = &rest[at..];
            if let Some(after) = rest.strip_prefix("{{").or_else(|| rest.strip_prefix("}}")) {
                rest = after;
                continue;
            }
            let (field, after) = rest[1..].split_once('}')?;
            rest = after;
            let name = field.split(['!', ':', '.', '[']).next().unwrap_or_default();
            let value = if name.is_empty() {
                next += 1;
                call.arguments.args.get(next - 1)?
            } else if let Ok(position) = name.parse::<usize>() {
                call.arguments.args.get(position)?
            } else {
                &call.arguments.keywords.iter().find(|keyword| keyword.arg.as_deref() == Some(name))?.value
            };
            parts.append(&mut self.parts(value, depth));
        }
        parts.push(Part::Text(rest.to_owned()));
        Some(joined(parts))
    }

    fn constant(&self, expr: &'v Expr, depth: u32) -> Option<String> {
        match self.parts(expr, depth).as_slice() {
            [Part::Text(text)] => Some(text.clone()),
            _ => None,
        }
    }

    fn bindings(&self, name: &str) -> Option<&[Binding<'v>]> {
        self.names.iter().rev().find_map(|names| names.get(name)).map(Vec::as_slice)
    }

    /// Whether nothing but a number, a constant, a quoted name, a placeholder or a name of the model's own comes of an expression.
    fn is_harmless(&self, expr: &'v Expr, depth: u32) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        let harmless = |expr: &'v Expr| self.is_harmless(expr, depth);
        match expr {
            Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::BooleanLiteral(_) | Expr::NoneLiteral(_) => true,
            Expr::FString(_) => self.parts(expr, depth).iter().all(|part| match part {
                Part::Text(_) => true,
                Part::Value { expr, .. } => self.is_harmless(expr, depth),
            }),
            Expr::Name(name) if is_constant_name(name.id.as_str()) => true,
            Expr::Name(name) => self.bindings(name.id.as_str()).is_some_and(|bindings| {
                bindings.iter().all(|binding| match binding {
                    Binding::Is(value) | Binding::Adds(value) | Binding::Item(value) => self.is_harmless(value, depth),
                    Binding::Parameter(annotation) => annotation.is_some_and(is_plain_type),
                    Binding::Unknown => false,
                })
            }),
            Expr::Attribute(attribute) => {
                let name = attribute.attr.as_str();
                is_constant_name(name) || NAMES.contains(&name) || mentions(expr, &["_meta", "settings", "ops"])
            }
            Expr::Call(call) => {
                let name = name_of(&call.func).unwrap_or_default();
                let passes =
                    ["str", "list", "tuple", "sorted", "set", "join", "format", "range", "repeat"].contains(&name);
                GIVE_NO_TEXT.contains(&name)
                    || mentions(&call.func, &["_meta", "ops", "sql", "settings"])
                    || (passes && call.arguments.args.iter().all(harmless))
            }
            Expr::BinOp(operation) if operation.op == Operator::Mult => {
                harmless(&operation.left) || harmless(&operation.right)
            }
            Expr::BinOp(operation) => match operation.op {
                Operator::Mod | Operator::Add => harmless(&operation.left) && harmless(&operation.right),
                // Texts know no other.
                _ => true,
            },
            Expr::UnaryOp(_) | Expr::Compare(_) => true,
            Expr::If(choice) => harmless(&choice.body) && harmless(&choice.orelse),
            Expr::BoolOp(operation) => operation.values.iter().all(harmless),
            Expr::Subscript(subscript) => harmless(&subscript.value),
            Expr::List(list) => list.elts.iter().all(harmless),
            Expr::Tuple(tuple) => tuple.elts.iter().all(harmless),
            Expr::Set(set) => set.elts.iter().all(harmless),
            Expr::Dict(dict) => dict.items.iter().all(|item| harmless(&item.value)),
            Expr::ListComp(list) => harmless(&list.elt),
            Expr::Generator(generator) => harmless(&generator.elt),
            _ => false,
        }
    }

    /// Whether it is, or was made in this function of, something a request brings.
    fn is_of_request(&self, expr: &'v Expr, depth: u32) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        if mentions(expr, &["request", "query_params", "GET", "POST", "cleaned_data"]) {
            return true;
        }
        let Expr::Name(name) = expr else { return false };
        self.bindings(name.id.as_str()).is_some_and(|bindings| {
            bindings.iter().any(|binding| match binding {
                Binding::Is(value) | Binding::Adds(value) | Binding::Item(value) => self.is_of_request(value, depth),
                Binding::Parameter(_) | Binding::Unknown => false,
            })
        })
    }
}

/// The texts of SQL that a call takes, and whether its next argument is their parameters.
fn texts(call: &ast::ExprCall) -> Vec<(&Expr, bool)> {
    let first = || call.arguments.args.first();
    match (&*call.func, name_of(&call.func)) {
        (Expr::Attribute(_), Some("execute" | "executemany" | "raw")) => {
            first().into_iter().map(|text| (text, true)).collect()
        }
        (_, Some("RawSQL")) => first().into_iter().map(|text| (text, false)).collect(),
        (Expr::Attribute(_), Some("extra")) => {
            let mut found = Vec::new();
            for keyword in &call.arguments.keywords {
                match (keyword.arg.as_deref(), &keyword.value) {
                    (Some("where"), Expr::List(list)) => found.extend(list.elts.iter().map(|text| (text, false))),
                    (Some("where"), Expr::Tuple(tuple)) => found.extend(tuple.elts.iter().map(|text| (text, false))),
                    (Some("select"), Expr::Dict(dict)) => {
                        found.extend(dict.items.iter().map(|item| (&item.value, false)))
                    }
                    _ => {}
                }
            }
            found
        }
        _ => Vec::new(),
    }
}

/// Texts beside each other as one.
fn joined(parts: Vec<Part>) -> Vec<Part> {
    let mut found: Vec<Part> = Vec::new();
    for part in parts {
        match (found.last_mut(), part) {
            (Some(Part::Text(last)), Part::Text(text)) => last.push_str(&text),
            (_, part) => found.push(part),
        }
    }
    found
}

/// Whether SQL has a value here: in quotes, or after an operator, and not the beginning of a name.
fn is_value(before: &str, after: &str) -> bool {
    if before.matches('\'').count() % 2 == 1 {
        return true;
    }
    let goes_on = after.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '(' | '_' | '"'));
    if goes_on || before.matches('"').count() % 2 == 1 {
        return false;
    }
    let before = before.trim_end().to_ascii_uppercase();
    let opened = before.strip_suffix('(').map(str::trim_end);
    match opened {
        Some(opened) => opened.ends_with(" IN") || opened.ends_with("ANY") || opened.ends_with("VALUES"),
        None => {
            [" LIKE", " ILIKE", " LIMIT", " OFFSET", " BETWEEN"].iter().any(|word| before.ends_with(word))
                || before.ends_with(['=', '<', '>'])
        }
    }
}

fn is_sql(text: &str) -> bool {
    let first = text.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
    ["select", "insert", "update", "delete", "with", "merge", "call", "(select", "explain", "copy"]
        .contains(&first.as_str())
}

/// Whether a name says that what it holds is a piece of SQL, or the name of something.
fn is_fragment_name(expr: &Expr) -> bool {
    let name = name_of(expr).unwrap_or_default().to_ascii_lowercase();
    ["sql", "clause", "placeholder", "column", "col", "field", "table", "alias", "expr", "subquery", "schema", "where"]
        .iter()
        .any(|part| name.split('_').any(|word| word.trim_end_matches('s') == *part))
}

/// `DEFAULT_LIMIT`.
fn is_constant_name(name: &str) -> bool {
    name.chars().any(char::is_uppercase)
        && !name.chars().any(char::is_lowercase)
        && !matches!(name, "GET" | "POST" | "META")
}

/// Types whose values hold no SQL.
fn is_plain_type(annotation: &Expr) -> bool {
    match annotation {
        Expr::BinOp(operation) => is_plain_type(&operation.left) && is_plain_type(&operation.right),
        Expr::NoneLiteral(_) => true,
        _ => matches!(
            name_of(annotation),
            Some("int" | "float" | "bool" | "Decimal" | "date" | "datetime" | "timedelta" | "UUID")
        ),
    }
}

/// Attributes that are numbers, or names that the project gives.
const NAMES: &[&str] = &["db_table", "column", "attname", "pk", "id", "vendor", "alias", "app_label", "model_name"];

/// Functions that give numbers, dates, quoted names.
const GIVE_NO_TEXT: &[&str] = &[
    "int",
    "float",
    "len",
    "bool",
    "abs",
    "round",
    "sum",
    "count",
    "hash",
    "Decimal",
    "UUID",
    "uuid4",
    "quote_name",
    "quote_ident",
    "quote_literal",
    "qn",
    "mogrify",
    "literal",
    "as_string",
    "now",
    "today",
    "date",
    "datetime",
    "timedelta",
    "total_seconds",
    "isoformat",
    "strftime",
    "timestamp",
    "time",
    "crc32",
    "hexdigest",
];

/// The last name of a dotted expression.
fn name_of(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Name(name) => Some(name.id.as_str()),
        Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
        _ => None,
    }
}

/// Whether one of these names is part of an expression.
fn mentions(expr: &Expr, names: &[&str]) -> bool {
    struct Mentions<'n> {
        names: &'n [&'n str],
        found: bool,
    }
    impl Visitor<'_> for Mentions<'_> {
        fn visit_expr(&mut self, expression: &Expr) {
            self.found |= name_of(expression).is_some_and(|name| self.names.contains(&name));
            visitor::walk_expr(self, expression);
        }
    }
    let mut mentions = Mentions { names, found: false };
    mentions.visit_expr(expr);
    mentions.found
}

fn entry<'v>(values: &'v Expr, name: &str) -> Option<&'v Expr> {
    let Expr::Dict(dict) = values else { return None };
    let is_it = |key: &Expr| matches!(key, Expr::StringLiteral(key) if key.value.to_str() == name);
    dict.items.iter().find(|item| item.key.as_ref().is_some_and(is_it)).map(|item| &item.value)
}

/// What a body does to its names; bodies of functions in it are left to themselves.
fn bindings<'v>(body: &'v [Stmt], parameters: Option<&'v ast::Parameters>) -> Names<'v> {
    let mut binder = Binder { found: FxHashMap::default() };
    for parameter in parameters.into_iter().flat_map(|parameters| parameters.iter()) {
        let annotation = parameter.annotation();
        binder.bind(parameter.name().as_str(), Binding::Parameter(annotation));
    }
    binder.visit_body(body);
    binder.found
}

struct Binder<'v> {
    found: Names<'v>,
}

impl<'v> Binder<'v> {
    fn bind(&mut self, name: &'v str, binding: Binding<'v>) {
        self.found.entry(name).or_default().push(binding);
    }

    fn target(&mut self, target: &'v Expr, binding: Binding<'v>) {
        match target {
            Expr::Name(name) => self.bind(name.id.as_str(), binding),
            Expr::Tuple(tuple) => tuple.elts.iter().for_each(|target| self.target(target, Binding::Unknown)),
            Expr::List(list) => list.elts.iter().for_each(|target| self.target(target, Binding::Unknown)),
            _ => {}
        }
    }
}

impl<'v> Visitor<'v> for Binder<'v> {
    fn visit_stmt(&mut self, statement: &'v Stmt) {
        match statement {
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => return,
            Stmt::Assign(assign) => {
                assign.targets.iter().for_each(|target| self.target(target, Binding::Is(&assign.value)));
            }
            Stmt::AnnAssign(assign) => {
                let value = assign.value.as_deref();
                self.target(&assign.target, value.map_or(Binding::Unknown, Binding::Is));
            }
            Stmt::AugAssign(assign) => {
                let binding = if assign.op == Operator::Add { Binding::Adds(&assign.value) } else { Binding::Unknown };
                self.target(&assign.target, binding);
            }
            Stmt::For(each) => self.target(&each.target, Binding::Item(&each.iter)),
            Stmt::With(with) => {
                let targets = with.items.iter().filter_map(|item| item.optional_vars.as_deref());
                targets.for_each(|target| self.target(target, Binding::Unknown));
            }
            _ => {}
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'v Expr) {
        match expression {
            Expr::Named(named) => self.target(&named.target, Binding::Is(&named.value)),
            Expr::ListComp(comp) => {
                comp.generators.iter().for_each(|each| self.target(&each.target, Binding::Item(&each.iter)))
            }
            Expr::Generator(comp) => {
                comp.generators.iter().for_each(|each| self.target(&each.target, Binding::Item(&each.iter)));
            }
            _ => {}
        }
        visitor::walk_expr(self, expression);
    }
}
