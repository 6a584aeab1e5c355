//! From tokens to nodes.

use std::sync::Arc;

use pgwright_diagnostics::File;
use rustc_hash::{FxHashMap, FxHashSet};

use super::expression::{Condition, Filtered, Operand};
use super::lexer::{Token, TokenKind, tokens, words};
use super::node::{Assignment, Body, Custom, For, Include, Names, Node, NodeKind, Template};

/// Tags inside tags that are read; deeper ones stand beside each other.
const DEEPEST: usize = 60;

/// Django's own tags whose body is rendered as it stands.
const PLAIN_BODIES: &[&str] = &["autoescape", "cache", "language", "localize", "localtime", "spaceless", "timezone"];
/// Django's own tags that neither send queries nor bind names.
const IDLE: &[&str] = &[
    "csrf_token",
    "debug",
    "get_available_languages",
    "get_current_language",
    "get_current_language_bidi",
    "get_current_timezone",
    "get_language_info",
    "get_language_info_list",
    "get_media_prefix",
    "get_static_prefix",
    "lorem",
    "now",
    "plural",
    "resetcycle",
    "static",
    "templatetag",
];
const BODIES: &[&str] =
    &["if", "for", "with", "block", "blocktrans", "blocktranslate", "ifchanged", "filter", "comment", "partialdef"];
const LEAVES: &[&str] = &[
    "extends",
    "include",
    "load",
    "regroup",
    "cycle",
    "firstof",
    "url",
    "trans",
    "translate",
    "widthratio",
    "querystring",
    "partial",
];

/// Reads a template. Of one with mistakes in it, what could be read is given.
pub(crate) fn parse(file: Arc<File>) -> Template {
    let mut template = {
        let tokens = tokens(&file.text);
        let ended = ended(&tokens);
        let mut parser = Parser {
            tokens,
            at: 0,
            ended,
            open: Vec::new(),
            blocks: Vec::new(),
            partials: Vec::new(),
            libraries: Vec::new(),
        };
        let (nodes, _) = parser.until(&[]);
        Template {
            file: file.clone(),
            nodes,
            blocks: parser.blocks,
            partials: parser.partials,
            libraries: parser.libraries,
        }
    };
    template.libraries.dedup();
    template
}

/// Tokens of tags that are not Django's own and that a tag further on ends: `{% x %}` with `{% endx %}`.
fn ended(tokens: &[Token<'_>]) -> FxHashSet<usize> {
    let mut open: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
    let mut ended = FxHashSet::default();
    for (at, token) in tokens.iter().enumerate().filter(|(_, token)| token.kind == TokenKind::Tag) {
        let name = token.name();
        if let Some(of) = name.strip_prefix("end")
            && let Some(begun) = open.get_mut(of.trim_start_matches('_')).and_then(Vec::pop)
        {
            ended.insert(begun);
        } else if !is_own(name) {
            open.entry(name).or_default().push(at);
        }
    }
    ended
}

/// Whether a tag is one of Django's.
fn is_own(name: &str) -> bool {
    [PLAIN_BODIES, IDLE, BODIES, LEAVES].iter().any(|names| names.contains(&name))
}

struct Parser<'t> {
    tokens: Vec<Token<'t>>,
    at: usize,
    ended: FxHashSet<usize>,
    /// Names that end the tags around, outermost first.
    open: Vec<String>,
    blocks: Vec<(Box<str>, Body)>,
    partials: Vec<(Box<str>, Body)>,
    libraries: Vec<Box<str>>,
}

impl<'t> Parser<'t> {
    /// Nodes up to a tag of one of these names, which is gone over and given; or to the end of the tag around.
    fn until(&mut self, ends: &[&str]) -> (Body, Option<Token<'t>>) {
        let mut nodes = Vec::new();
        while let Some(token) = self.tokens.get(self.at).copied() {
            let name = token.name();
            if token.kind == TokenKind::Tag {
                if ends.contains(&name) {
                    self.at += 1;
                    return (nodes.into(), Some(token));
                }
                if name.starts_with("end") && self.open.iter().any(|open| open == name) {
                    return (nodes.into(), None);
                }
            }
            let at = self.at;
            self.at += 1;
            let kind = match token.kind {
                TokenKind::Variable => Some(NodeKind::Output(Filtered::parse(token.contents))),
                TokenKind::Tag => self.tag(token, at),
            };
            if let Some(kind) = kind {
                nodes.push(Node { at: token.at, kind });
            }
        }
        (nodes.into(), None)
    }

    /// The body of a tag that one of these ends; the first of them ends it for good.
    fn body(&mut self, ends: &[&str]) -> (Body, Option<Token<'t>>) {
        if self.open.len() >= DEEPEST {
            return (Arc::from([]), None);
        }
        self.open.push(ends.first().copied().unwrap_or_default().to_owned());
        let found = self.until(ends);
        self.open.pop();
        found
    }

    fn plain_body(&mut self, end: &str) -> Body {
        self.body(&[end]).0
    }

    fn tag(&mut self, token: Token<'t>, at: usize) -> Option<NodeKind> {
        let words = words(token.contents);
        let (name, rest) = words.split_first()?;
        Some(match *name {
            "comment" => {
                let ends = |token: &Token<'_>| token.kind == TokenKind::Tag && token.name() == "endcomment";
                let length = self.tokens[self.at..].iter().position(ends);
                self.at = length.map_or(self.tokens.len(), |length| self.at + length + 1);
                return None;
            }
            "if" => self.condition(rest),
            "for" => self.each(rest),
            "with" => {
                let (assignments, _) = assignments(rest);
                NodeKind::With { assignments, body: self.plain_body("endwith") }
            }
            "blocktrans" | "blocktranslate" => {
                let given = rest.iter().filter(|word| !matches!(**word, "with" | "count" | "trimmed" | "and")).copied();
                let (assignments, _) = assignments(&given.collect::<Vec<_>>());
                NodeKind::With { assignments, body: self.plain_body(&format!("end{name}")) }
            }
            "include" => NodeKind::Include(Box::new(include(rest))),
            "extends" => NodeKind::Extends(Filtered::parse(rest.first()?)),
            "block" => {
                let name: Box<str> = (*rest.first()?).into();
                let body = self.plain_body("endblock");
                self.blocks.push((name.clone(), body.clone()));
                NodeKind::Block { name, body }
            }
            "partialdef" => {
                let name: Box<str> = (*rest.first()?).into();
                let body = self.plain_body("endpartialdef");
                self.partials.push((name, body.clone()));
                if rest.get(1) != Some(&"inline") {
                    return None;
                }
                NodeKind::Inline(body)
            }
            "partial" => NodeKind::Partial((*rest.first()?).into()),
            "load" => {
                match rest {
                    [.., "from", library] => self.libraries.push((*library).into()),
                    libraries => self.libraries.extend(libraries.iter().map(|library| Box::from(*library))),
                }
                return None;
            }
            "regroup" => match rest {
                [items, "by", by, "as", name] => {
                    NodeKind::Regroup { items: Filtered::parse(items), by: (*by).into(), name: (*name).into() }
                }
                _ => return None,
            },
            "firstof" => {
                let (values, name) = values(rest);
                NodeKind::FirstOf { values, name }
            }
            "cycle" | "widthratio" | "querystring" => {
                let (values, name) = values(rest);
                NodeKind::Values { values, name }
            }
            "url" => {
                let (values, name) = values(rest.get(1..).unwrap_or_default());
                NodeKind::Values { values, name }
            }
            "trans" | "translate" => {
                let (mut values, name) = values(rest);
                values.truncate(1);
                NodeKind::Values { values, name }
            }
            "ifchanged" => {
                let values = rest.iter().map(|word| Filtered::parse(word)).collect();
                let (body, end) = self.body(&["endifchanged", "else"]);
                let otherwise = match end {
                    Some(end) if end.name() == "else" => self.plain_body("endifchanged"),
                    _ => Arc::from([]),
                };
                NodeKind::IfChanged { values, body, otherwise }
            }
            "filter" => {
                // As if the filters stood behind a text.
                let filters = Filtered::parse(&format!("''|{}", rest.first().copied().unwrap_or_default()));
                NodeKind::Filter { filters, body: self.plain_body("endfilter") }
            }
            name if PLAIN_BODIES.contains(&name) => NodeKind::Inline(self.plain_body(&format!("end{name}"))),
            name if IDLE.contains(&name) => {
                let [.., "as", bound] = rest else { return None };
                let values = vec![Filtered { operand: Operand::variable(""), filters: Vec::new() }];
                NodeKind::Values { values, name: Some((*bound).into()) }
            }
            // The end of something that never began, or a clause of a tag that is not known.
            name if name.starts_with("end") || matches!(name, "else" | "elif" | "empty") => return None,
            name => {
                let body = self.ended.contains(&at).then(|| {
                    let (end, other) = (format!("end{name}"), format!("end_{name}"));
                    self.body(&[&end, &other]).0
                });
                NodeKind::Custom(Box::new(Custom { name: name.into(), contents: token.contents.into(), body }))
            }
        })
    }

    fn condition(&mut self, words: &[&str]) -> NodeKind {
        let mut clauses = Vec::new();
        let mut condition = Some(Condition::parse(words));
        loop {
            let (body, end) = self.body(&["endif", "elif", "else"]);
            clauses.push((condition.take(), body));
            match end {
                Some(end) if end.name() == "elif" => {
                    let words = super::lexer::words(end.contents);
                    condition = Some(Condition::parse(words.get(1..).unwrap_or_default()));
                }
                Some(end) if end.name() == "else" => {}
                _ => return NodeKind::If(clauses),
            }
        }
    }

    fn each(&mut self, words: &[&str]) -> NodeKind {
        // `for a, b in items`, `for a,b in items reversed`
        let middle = words.iter().position(|word| *word == "in").unwrap_or(words.len());
        let (targets, items) = words.split_at(middle);
        let names = targets.iter().flat_map(|word| word.split(',')).filter(|name| !name.is_empty()).map(Box::from);
        let names = names.collect();
        let items = Filtered::parse(items.get(1).copied().unwrap_or("None"));
        let (body, end) = self.body(&["endfor", "empty"]);
        let empty = match end {
            Some(end) if end.name() == "empty" => self.plain_body("endfor"),
            _ => Arc::from([]),
        };
        NodeKind::For(Box::new(For { names, items, body, empty }))
    }
}

/// `a=b c=d`, or `b as a and d as c`, with the words that are neither.
fn assignments<'w>(words: &[&'w str]) -> (Vec<Assignment>, Vec<&'w str>) {
    let mut found = Vec::new();
    let mut left = Vec::new();
    let mut at = 0;
    while let Some(word) = words.get(at).copied() {
        if let Some((name, value)) = keyword(word) {
            found.push(Assignment { name: name.into(), value: Filtered::parse(value) });
        } else if let (Some(&"as"), Some(name)) = (words.get(at + 1), words.get(at + 2)) {
            found.push(Assignment { name: (*name).into(), value: Filtered::parse(word) });
            at += 2;
        } else {
            left.push(word);
        }
        at += 1;
    }
    (found, left)
}

/// `name=value`
pub(crate) fn keyword(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    let is_name = !name.is_empty() && name.chars().all(|char| char.is_alphanumeric() || char == '_');
    is_name.then_some((name, value))
}

/// Values one after the other, keywords among them, and the name behind `as`.
fn values(words: &[&str]) -> (Vec<Filtered>, Option<Box<str>>) {
    let (words, name) = match words {
        [words @ .., "as", name] => (words, Some(Box::from(*name))),
        [words @ .., "as", name, "silent"] => (words, Some(Box::from(*name))),
        words => (words, None),
    };
    let value = |word: &&str| Filtered::parse(keyword(word).map_or(*word, |(_, value)| value));
    (words.iter().map(value).collect(), name)
}

fn include(words: &[&str]) -> Include {
    let (template, rest) = words.split_first().map_or(("None", words), |(template, rest)| (*template, rest));
    let names = if rest.contains(&"only") { Names::Given } else { Names::Inherited };
    let given: Vec<&str> = rest.iter().filter(|word| !matches!(**word, "only" | "with")).copied().collect();
    let (assignments, _) = assignments(&given);
    Include { template: Filtered::parse(template), assignments, names }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    fn read(text: &str) -> Template {
        parse(Arc::new(File::new("a.html".into(), text.to_owned())))
    }

    fn value(value: &Filtered) -> String {
        let mut text = match &value.operand {
            Operand::Variable(path) => path.join("."),
            Operand::Text(text) => format!("{text:?}"),
            Operand::Int(int) => int.to_string(),
            Operand::Float(float) => float.to_string(),
        };
        for filter in &value.filters {
            let _ = write!(text, "|{}", filter.name);
        }
        text
    }

    fn list(body: &[Node]) -> String {
        body.iter().map(node).collect::<Vec<_>>().join(" ")
    }

    fn node(node: &Node) -> String {
        let given = |all: &[Assignment]| {
            all.iter().map(|one| format!("{}={}", one.name, value(&one.value))).collect::<Vec<_>>().join(",")
        };
        let all = |all: &[Filtered]| all.iter().map(value).collect::<Vec<_>>().join(",");
        match &node.kind {
            NodeKind::Output(one) => value(one),
            NodeKind::If(clauses) => {
                let shown = clauses.iter().map(|(condition, body)| {
                    let word = if condition.is_some() { "?" } else { "else " };
                    format!("{word}[{}]", list(body))
                });
                shown.collect()
            }
            NodeKind::For(each) => {
                format!(
                    "for {} in {}[{}][{}]",
                    each.names.join(","),
                    value(&each.items),
                    list(&each.body),
                    list(&each.empty)
                )
            }
            NodeKind::With { assignments, body } => format!("with {}[{}]", given(assignments), list(body)),
            NodeKind::Include(include) => {
                format!("include {} {} {:?}", value(&include.template), given(&include.assignments), include.names)
            }
            NodeKind::Extends(one) => format!("extends {}", value(one)),
            NodeKind::Block { name, body } => format!("block {name}[{}]", list(body)),
            NodeKind::Inline(body) => format!("[{}]", list(body)),
            NodeKind::Partial(name) => format!("partial {name}"),
            NodeKind::Regroup { items, by, name } => format!("regroup {} by {by} as {name}", value(items)),
            NodeKind::Values { values, name } => format!("values {} {name:?}", all(values)),
            NodeKind::FirstOf { values, name } => format!("first {} {name:?}", all(values)),
            NodeKind::IfChanged { values, body, otherwise } => {
                format!("changed {}[{}][{}]", all(values), list(body), list(otherwise))
            }
            NodeKind::Filter { filters, body } => format!("filter {}[{}]", value(filters), list(body)),
            NodeKind::Custom(custom) => match &custom.body {
                Some(body) => format!("<{}>[{}]", custom.contents, list(body)),
                None => format!("<{}>", custom.contents),
            },
        }
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(list(&read(text).nodes), expected);
    }

    #[test]
    fn conditions_and_loops() {
        check("{% if a %}{{ b }}{% elif c %}{{ d }}{% else %}{{ e }}{% endif %}{{ f }}", "?[b]?[d]else [e] f");
        check("{% for a, b in c.d %}{{ a }}{% empty %}{{ e }}{% endfor %}", "for a,b in c.d[a][e]");
        check("{% for x in y|dictsort:'z' reversed %}{% endfor %}", "for x in y|dictsort[][]");
    }

    #[test]
    fn names_and_values() {
        check("{% with a=b c=d.e|first %}{{ a }}{% endwith %}", "with a=b,c=d.e|first[a]");
        check("{% with b.c as a %}{% endwith %}", "with a=b.c[]");
        check(
            "{% include 'x.html' with a=b only %}{% include y %}",
            "include \"x.html\" a=b Given include y  Inherited",
        );
        check(
            "{% blocktrans trimmed count n=a.count with b=c %}{{ n }}{% plural %}{{ b }}{% endblocktrans %}",
            "with n=a.count,b=c[n b]",
        );
        check(
            "{% url 'name' a.pk key=b as link %}{% cycle 'x' y %}",
            "values a.pk,b Some(\"link\") values \"x\",y None",
        );
        check("{% trans 'x' as y %}{% regroup a by b.c as d %}", "values \"x\" Some(\"y\") regroup a by b.c as d");
        check("{% firstof a b as c %}{% get_current_language as L %}", "first a,b Some(\"c\") values  Some(\"L\")");
    }

    #[test]
    fn inheritance() {
        let template =
            read("{% extends 'base.html' %}{% block a %}{% block b %}{{ block.super }}{% endblock b %}{% endblock %}");
        assert_eq!(list(&template.nodes), "extends \"base.html\" block a[block b[block.super]]");
        let names: Vec<&str> = template.blocks.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, ["b", "a"]);
    }

    #[test]
    fn tags_of_libraries_with_and_without_an_end() {
        let template = read("{% load a b %}{% load x from c %}{% tag 1 %}{% box k=v %}{{ d }}{% tag 2 %}{% endbox %}");
        assert_eq!(list(&template.nodes), "<tag 1> <box k=v>[d <tag 2>]");
        assert_eq!(template.libraries, ["a", "b", "c"].map(Box::from));
        check("{% if a %}{% x %}{{ b }}{% else %}{{ c }}{% endx %}{% endif %}", "?[<x>[b c]]");
    }

    #[test]
    fn bodies_that_do_nothing_themselves() {
        check("{% spaceless %}{% autoescape off %}{{ a }}{% endautoescape %}{% endspaceless %}", "[[a]]");
        check("{% comment %}{{ a }}{% if %}{% endcomment %}{{ b }}{% csrf_token %}", "b");
        check("{% filter upper|lower %}{{ a }}{% endfilter %}", "filter \"\"|upper|lower[a]");
        check("{% ifchanged a %}{{ b }}{% else %}{{ c }}{% endifchanged %}", "changed a[b][c]");
        check("{% partialdef p inline %}{{ a }}{% endpartialdef %}{% partial p %}", "[a] partial p");
    }

    #[test]
    fn mistakes_leave_what_could_be_read() {
        check("{% if a %}{{ b }}{% for x in y %}{{ x }}{% endif %}{{ c }}", "?[b for x in y[x][]] c");
        check("{{ a }}{% endif %}{% else %}{% endfor %}{{ b }}", "a b");
        check("{% for %}{{ a }}", "for  in None[a][]");
        check("{% %}{% block %}{% include %}{% regroup a %}{{ b }}", "include None  Inherited b");
        let deep = "{% if a %}".repeat(5000);
        read(&deep);
        read(&"{% x %}".repeat(3000));
        read(&format!("{}{}", "{% x %}".repeat(3000), "{% endx %}".repeat(3000)));
    }
}
