//! Edits of Python source that rules share: entries of lists and calls, options of `class Meta`.
//!
//! Every function gives `None` where the source is not of the plain shape it knows; the finding then comes without a fix.

pub(crate) mod tokens;

use pgwright_diagnostics::{Edit, File, Files, Span};
use pgwright_django::model::{ClassSite, FieldSite, MetaOption};

use tokens::{Kind, Token, Tokens};

/// A list, tuple or argument list as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sequence {
    /// What lies between the brackets.
    pub(crate) inside: Span,
    pub(crate) entries: Vec<Span>,
    /// Byte offset of the comma after the last entry.
    trailing_comma: Option<u32>,
    is_tuple: bool,
}

impl Sequence {
    /// The list or tuple that a whole expression is; concatenations and comprehensions are none.
    pub(crate) fn of_value(files: &Files, value: Span) -> Option<Sequence> {
        let text = files.text(value);
        let is_tuple = text.starts_with('(');
        if !(is_tuple || text.starts_with('[')) || text.len() < 2 || closing(text)? != text.len() - 1 {
            return None;
        }
        let inside = Span::new(value.file, value.start + 1, value.end - 1);
        let sequence = Sequence::of_inside(files, inside, is_tuple)?;
        let is_plain = |entry: &Span| !has_word(files.text(*entry), "for");
        sequence.entries.iter().all(is_plain).then_some(sequence)
    }

    /// A call's arguments, given without their parentheses.
    pub(crate) fn of_arguments(files: &Files, inside: Span) -> Option<Sequence> {
        Sequence::of_inside(files, inside, false)
    }

    fn of_inside(files: &Files, inside: Span, is_tuple: bool) -> Option<Sequence> {
        let text = files.text(inside);
        let mut entries = Vec::new();
        let mut trailing_comma = None;
        let mut entry: Option<(usize, usize)> = None;
        let mut depth = 0_usize;
        for token in Tokens::new(text) {
            let Token { kind, start, end } = token?;
            match kind {
                Kind::Comment => continue,
                Kind::Open => depth += 1,
                Kind::Close => depth = depth.checked_sub(1)?,
                Kind::Comma if depth == 0 => {
                    let (from, to) = entry.take()?;
                    entries.push((from, to));
                    trailing_comma = Some(inside.start + start as u32);
                    continue;
                }
                Kind::Comma | Kind::Other => {}
            }
            trailing_comma = None;
            entry = Some((entry.map_or(start, |(from, _)| from), end));
        }
        entries.extend(entry);
        let place = |(from, to)| Span::new(inside.file, inside.start + from as u32, inside.start + to as u32);
        Some(Sequence { inside, entries: entries.into_iter().map(place).collect(), trailing_comma, is_tuple })
    }

    /// The entry that a span lies in.
    pub(crate) fn position(&self, span: Span) -> Option<usize> {
        self.entries.iter().position(|entry| *entry == span)
    }

    /// Takes one entry out, with the line it stands on when it has that for itself.
    pub(crate) fn without(&self, files: &Files, index: usize) -> Option<Vec<Edit>> {
        let entry = *self.entries.get(index)?;
        let file = files.try_get(entry.file)?;
        let mut edits = Vec::new();
        if self.is_tuple && self.entries.len() == 2 && (index == 0 || self.trailing_comma.is_none()) {
            // A tuple of one needs its comma; the last entry keeps its own.
            let other = self.entries.get(1 - index)?;
            if index == 1 {
                let comma = comma_after(file, other.end)?;
                edits.push(Edit::delete(Span::new(entry.file, comma + 1, entry.end)));
                return Some(edits);
            }
            if self.trailing_comma.is_none() {
                edits.push(Edit::insert(entry.file, other.end, ","));
            }
        }
        let after = comma_after(file, entry.end).filter(|comma| *comma < self.inside.end);
        let whole = Span::new(entry.file, entry.start, after.map_or(entry.end, |comma| comma + 1));
        match own_lines(file, whole) {
            Some(lines) => edits.push(Edit::delete(lines)),
            None if index + 1 < self.entries.len() => {
                let next = self.entries.get(index + 1)?;
                edits.push(Edit::delete(Span::new(entry.file, entry.start, next.start)));
            }
            None if index > 0 => {
                let previous = self.entries.get(index - 1)?;
                edits.push(Edit::delete(Span::new(entry.file, previous.end, entry.end)));
            }
            None => edits.push(Edit::delete(whole)),
        }
        Some(edits)
    }

    /// Adds an entry at the end, or where that would make the only line too long, gives each entry its own.
    fn with_lines(&self, files: &Files, text: &str) -> Option<Vec<Edit>> {
        let file = files.try_get(self.inside.file)?;
        let (start, end) = file.line_span(file.position(self.inside.start).line);
        let line = file.text.get(start as usize..end as usize)?.trim_end();
        let length = line.chars().count() + 2 + on_one_line(text).chars().count();
        let inside = files.text(self.inside);
        if self.entries.is_empty() || length <= longest_line(file) || inside.contains(['\n', '#']) {
            return self.with(files, text);
        }
        let (newline, outer) = (newline_of(file), indent(file, self.inside.start)?);
        let inner = format!("{newline}{outer}    ");
        let entries = self.entries.iter().map(|entry| files.text(*entry)).chain([text]);
        let lines: String = entries.map(|entry| format!("{inner}{},", entry.replace('\n', &inner))).collect();
        Some(vec![Edit::replace(self.inside, lines + newline + &outer)])
    }

    /// Adds an entry at the end: on a line of its own where the last one has one.
    pub(crate) fn with(&self, files: &Files, text: &str) -> Option<Vec<Edit>> {
        let file = files.try_get(self.inside.file)?;
        let id = self.inside.file;
        let Some(last) = self.entries.last() else {
            let comma = if self.is_tuple { "," } else { "" };
            return Some(vec![Edit::insert(id, self.inside.start, format!("{}{comma}", on_one_line(text)))]);
        };
        let line = file.position(last.start).line;
        let (line_start, _) = file.line_span(line);
        let before = file.text.get(line_start as usize..last.start as usize)?;
        let (_, end_of_line) = file.line_span(file.position(last.end).line);
        let has_own_line = before.trim().is_empty() && end_of_line <= self.inside.end;
        if !has_own_line {
            return Some(vec![Edit::insert(id, last.end, format!(", {}", on_one_line(text)))]);
        }
        let newline = newline_of(file);
        let body = text.replace('\n', &format!("{newline}{before}"));
        let mut edits = Vec::new();
        if self.trailing_comma.is_none() {
            edits.push(Edit::insert(id, last.end, ","));
        }
        edits.push(Edit::insert(id, end_of_line, format!("{before}{body},{newline}")));
        Some(edits)
    }
}

/// A call written over several lines, on one.
fn on_one_line(text: &str) -> String {
    let mut line = String::new();
    for part in text.lines().map(str::trim) {
        if part.starts_with([')', ']', '}']) {
            line.truncate(line.trim_end_matches(',').len());
        } else if line.ends_with(',') {
            line.push(' ');
        }
        line.push_str(part);
    }
    line
}

/// How long lines may be: as long as the file has them, within what formatters are usually told.
pub(crate) fn longest_line(file: &File) -> usize {
    file.text.lines().map(|line| line.chars().count()).max().unwrap_or_default().clamp(88, 120)
}

/// Takes a keyword argument out of a field's declaration.
pub(crate) fn remove_keyword(files: &Files, site: &FieldSite, name: &str) -> Option<Vec<Edit>> {
    let keyword = site.keyword(name)?;
    let sequence = Sequence::of_arguments(files, site.arguments?)?;
    sequence.without(files, sequence.position(keyword.whole)?)
}

/// Adds a keyword argument to a field's declaration.
pub(crate) fn add_keyword(files: &Files, site: &FieldSite, text: &str) -> Option<Vec<Edit>> {
    Sequence::of_arguments(files, site.arguments?)?.with(files, text)
}

/// The class's own `Meta` option.
pub(crate) fn meta_option<'a>(site: &'a ClassSite, name: &str) -> Option<&'a MetaOption> {
    site.meta_options.iter().rev().find(|option| option.name == name)
}

/// Takes the entry at `entry` out of a `Meta` option; the option goes with its last entry.
pub(crate) fn remove_meta_entry(files: &Files, site: &ClassSite, option: &str, entry: Span) -> Option<Vec<Edit>> {
    let option = meta_option(site, option)?;
    let sequence = Sequence::of_value(files, option.value)?;
    let index = sequence.position(entry)?;
    if sequence.entries.len() == 1 { remove_option(files, site, option) } else { sequence.without(files, index) }
}

/// Takes a whole option out; what is left of a `Meta` with nothing else is `pass`.
pub(crate) fn remove_option(files: &Files, site: &ClassSite, option: &MetaOption) -> Option<Vec<Edit>> {
    let file = files.try_get(option.statement.file)?;
    let head = files.text(site.meta?).lines().next()?;
    if head.contains('(') {
        // Without its own the option would be that of the base.
        return Some(vec![Edit::replace(option.value, "[]")]);
    }
    match own_lines(file, option.statement) {
        Some(lines) if site.meta_options.len() > 1 => Some(vec![Edit::delete(lines)]),
        _ => Some(vec![Edit::replace(option.statement, "pass")]),
    }
}

/// Adds an entry to a `Meta` option; makes the option, and the `Meta` itself, where the class has none.
/// `text` may have several lines, indented relative to its first.
pub(crate) fn add_meta_entry(files: &Files, site: &ClassSite, option: &str, text: &str) -> Option<Vec<Edit>> {
    if let Some(option) = meta_option(site, option) {
        return Sequence::of_value(files, option.value)?.with_lines(files, text);
    }
    let file = files.try_get(site.statement.file)?;
    let newline = newline_of(file);
    let class_indent = indent(file, site.name.start)?;
    let step = "    ";
    match (site.meta, site.meta_options.last()) {
        (Some(meta), Some(last)) => {
            let inner = indent(file, last.statement.start)?;
            if files.text(meta).lines().next()?.contains('(') {
                // The base's entries would be lost.
                return None;
            }
            let body = new_option(option, text, &inner, newline);
            Some(vec![insert_line_after(file, last.statement, &body, newline)?])
        }
        (Some(_), None) => None,
        (None, _) => {
            let inner = format!("{class_indent}{step}");
            let inner_meta = format!("{inner}{step}");
            let body = new_option(option, text, &inner_meta, newline);
            let body = format!("{newline}{inner}class Meta:{newline}{body}");
            Some(vec![insert_line_after(file, site.before_methods.unwrap_or(site.statement), &body, newline)?])
        }
    }
}

fn new_option(option: &str, text: &str, indent: &str, newline: &str) -> String {
    let text = text.replace('\n', &format!("{newline}{indent}    "));
    format!("{indent}{option} = [{newline}{indent}    {text},{newline}{indent}]{newline}")
}

/// Inserts whole lines after the line on which a statement ends.
fn insert_line_after(file: &File, statement: Span, body: &str, newline: &str) -> Option<Edit> {
    let (_, end) = file.line_span(file.position(statement.end).line);
    let rest = file.text.get(statement.end as usize..end as usize)?.trim();
    if !(rest.is_empty() || rest.starts_with('#')) {
        return None;
    }
    let ended = file.text.get(..end as usize)?.ends_with(['\n', '\r']);
    let body = if ended { body.to_owned() } else { format!("{newline}{}", body.trim_end_matches(['\n', '\r'])) };
    Some(Edit::insert(statement.file, end, body))
}

/// The lines a span fills, when nothing but white space and a comment is beside it.
fn own_lines(file: &File, span: Span) -> Option<Span> {
    let (start, _) = file.line_span(file.position(span.start).line);
    let (_, end) = file.line_span(file.position(span.end).line);
    let before = file.text.get(start as usize..span.start as usize)?.trim();
    let after = file.text.get(span.end as usize..end as usize)?.trim();
    (before.is_empty() && (after.is_empty() || after.starts_with('#'))).then(|| Span::new(span.file, start, end))
}

/// The white space that the line of an offset starts with.
pub(crate) fn indent(file: &File, offset: u32) -> Option<String> {
    let (start, end) = file.line_span(file.position(offset).line);
    let line = file.text.get(start as usize..end as usize)?;
    Some(line.chars().take_while(|c| matches!(c, ' ' | '\t')).collect())
}

/// How the file ends its lines.
pub(crate) fn newline_of(file: &File) -> &'static str {
    if file.text.contains("\r\n") { "\r\n" } else { "\n" }
}

/// The quote character most used in the file.
pub(crate) fn quote_of(file: &File) -> char {
    let count = |quote| file.text.bytes().filter(|byte| *byte == quote).count();
    if count(b'\'') > count(b'"') { '\'' } else { '"' }
}

/// A Python string in the file's quotes, for names that need no escapes.
pub(crate) fn string(file: &File, text: &str) -> String {
    let quote = quote_of(file);
    format!("{quote}{text}{quote}")
}

fn comma_after(file: &File, offset: u32) -> Option<u32> {
    for token in Tokens::new(file.text.get(offset as usize..)?) {
        match token? {
            Token { kind: Kind::Comment, .. } => {}
            Token { kind: Kind::Comma, start, .. } => return Some(offset + start as u32),
            _ => return None,
        }
    }
    None
}

/// Where the bracket that a text starts with is closed.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for token in Tokens::new(text) {
        let token = token?;
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(token.start);
                }
            }
            _ => {}
        }
    }
    None
}

fn has_word(text: &str, word: &str) -> bool {
    let mut depth = 0_usize;
    for token in Tokens::new(text).flatten() {
        match token.kind {
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            Kind::Other if depth == 0 && text.get(token.start..token.end) == Some(word) => return true,
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use pgwright_diagnostics::{Applicability, FileId, Fix, apply};

    use super::*;

    fn file(text: &str) -> Files {
        let mut files = Files::default();
        files.add("a.py".into(), text.to_owned());
        files
    }

    fn value(text: &str) -> Span {
        Span::new(FileId(0), text.find('=').map_or(0, |at| at as u32 + 2), text.trim_end().len() as u32)
    }

    fn edited(files: &Files, edits: Vec<Edit>) -> String {
        let fix = Fix { title: String::new(), applicability: Applicability::Safe, edits };
        let fixed = apply(files, &[&fix]);
        fixed.texts.get(&FileId(0)).cloned().unwrap_or_default()
    }

    fn without(text: &str, index: usize) -> String {
        let files = file(text);
        let sequence = Sequence::of_value(&files, value(text)).expect("a sequence");
        edited(&files, sequence.without(&files, index).expect("edits"))
    }

    fn with(text: &str, entry: &str) -> String {
        let files = file(text);
        let sequence = Sequence::of_value(&files, value(text)).expect("a sequence");
        edited(&files, sequence.with(&files, entry).expect("edits"))
    }

    #[test]
    fn an_entry_goes_with_its_comma() {
        assert_eq!(without("x = [a, b(1, 2), c]\n", 0), "x = [b(1, 2), c]\n");
        assert_eq!(without("x = [a, b(1, 2), c]\n", 1), "x = [a, c]\n");
        assert_eq!(without("x = [a, b(1, 2), c]\n", 2), "x = [a, b(1, 2)]\n");
        assert_eq!(without("x = [a, b,]\n", 1), "x = [a,]\n");
        assert_eq!(without("x = [\n    a,  # one\n    b,\n]\n", 0), "x = [\n    b,\n]\n");
        assert_eq!(without("x = [\n    a,\n    b('),')  # two\n]\n", 1), "x = [\n    a,\n]\n");
        assert_eq!(without("x = [\n    a(\n        1,\n    ),\n    b,\n]\n", 0), "x = [\n    b,\n]\n");
    }

    #[test]
    fn a_tuple_of_one_keeps_a_comma() {
        assert_eq!(without("x = (a, b)\n", 0), "x = (b,)\n");
        assert_eq!(without("x = (a, b)\n", 1), "x = (a,)\n");
        assert_eq!(without("x = (a, b,)\n", 0), "x = (b,)\n");
        assert_eq!(without("x = (\n    a,\n    b,\n)\n", 1), "x = (\n    a,\n)\n");
        assert_eq!(without("x = (a, b, c)\n", 1), "x = (a, c)\n");
    }

    #[test]
    fn an_entry_is_added_in_the_style_of_the_others() {
        assert_eq!(with("x = []\n", "a"), "x = [a]\n");
        assert_eq!(with("x = ()\n", "a"), "x = (a,)\n");
        assert_eq!(with("x = [a]\n", "b"), "x = [a, b]\n");
        assert_eq!(with("x = [\n    a,\n]\n", "b"), "x = [\n    a,\n    b,\n]\n");
        assert_eq!(with("x = [\n    a  # one\n]\n", "b"), "x = [\n    a,  # one\n    b,\n]\n");
        assert_eq!(with("x = [a]\n", "f(\n    1,\n    [2, 3],\n)"), "x = [a, f(1, [2, 3])]\n");
    }

    /// The site of the only class of a text, its `Meta` and the options of that.
    fn class(text: &str) -> ClassSite {
        let at = |start: usize, end: usize| Span::new(FileId(0), start as u32, end as u32);
        let end = text.trim_end().len();
        let meta = text.find("class Meta");
        let option = |line: &str| {
            let start = line.as_ptr() as usize - text.as_ptr() as usize + line.len() - line.trim_start().len();
            let equals = line.find(" = ")? + 3;
            let value = line.as_ptr() as usize - text.as_ptr() as usize + equals;
            let stop = value + line.find("  #").unwrap_or(line.len()) - equals;
            let name = line.split('=').next()?.trim().to_owned();
            Some(MetaOption { name, statement: at(start, stop), value: at(value, stop) })
        };
        let options = meta.map(|meta| text[meta..].lines().skip(1).filter_map(option).collect());
        ClassSite {
            name: at(text.find("Order").unwrap_or_default(), text.find(':').unwrap_or_default()),
            statement: at(0, end),
            meta: meta.map(|meta| at(meta, end)),
            meta_options: options.unwrap_or_default(),
            before_methods: None,
        }
    }

    fn added(text: &str, entry: &str) -> Option<String> {
        let files = file(text);
        Some(edited(&files, add_meta_entry(&files, &class(text), "constraints", entry)?))
    }

    fn removed(text: &str, entry: &str) -> Option<String> {
        let files = file(text);
        let start = text.find(entry)? as u32;
        let entry = Span::new(FileId(0), start, start + entry.len() as u32);
        Some(edited(&files, remove_meta_entry(&files, &class(text), "indexes", entry)?))
    }

    #[test]
    fn an_option_is_made_where_there_is_none() {
        let made =
            "class Order(M):\n    a = 1\n\n    class Meta:\n        constraints = [\n            c,\n        ]\n";
        assert_eq!(added("class Order(M):\n    a = 1\n", "c").as_deref(), Some(made));
        assert_eq!(added("class Order(M):\n    a = 1", "c").as_deref(), Some(made.trim_end()), "no line ending");
        let beside = "class Order(M):\n  class Meta:\n    x = 1\n";
        let expected = format!("{beside}    constraints = [\n        c(\n            1,\n        ),\n    ]\n");
        assert_eq!(added(beside, "c(\n    1,\n)"), Some(expected));
        assert_eq!(added("class Order(M):\n  class Meta(Base.Meta):\n    x = 1\n", "c"), None, "hides the base's");
        let there = "class Order(M):\n  class Meta:\n    constraints = [a]\n";
        assert_eq!(added(there, "c"), Some(there.replace("[a]", "[a, c]")));
    }

    #[test]
    fn a_line_that_would_be_too_long_is_broken() {
        let there = "class Order(M):\n    class Meta:\n        constraints = [a]\n";
        let long = "y".repeat(80);
        let broken = format!("[\n            a,\n            f(\n                {long},\n            ),\n        ]");
        assert_eq!(added(there, &format!("f(\n    {long},\n)")), Some(there.replace("[a]", &broken)));
    }

    #[test]
    fn an_option_goes_with_its_last_entry() {
        let alone = "class Order(M):\n  class Meta:\n    indexes = [a]\n";
        assert_eq!(removed(alone, "a]").as_deref(), None, "no entry");
        let entry = "xyz";
        let with = |text: &str| text.replace("[a]", "[xyz]");
        assert_eq!(removed(&with(alone), entry), Some(alone.replace("indexes = [a]", "pass")));
        let two = "class Order(M):\n  class Meta:\n    indexes = [a]  # why\n    x = 1\n";
        assert_eq!(removed(&with(two), entry), Some(two.replace("    indexes = [a]  # why\n", "")));
        let base = "class Order(M):\n  class Meta(Base.Meta):\n    indexes = [a]\n";
        assert_eq!(removed(&with(base), entry), Some(base.replace("[a]", "[]")), "else the base's hold");
    }

    #[test]
    fn what_is_not_plain_is_left_alone() {
        for text in ["x = [a] + [b]\n", "x = [a for a in b]\n", "x = base.indexes\n", "x = ['a]\n"] {
            assert_eq!(Sequence::of_value(&file(text), value(text)), None, "{text}");
        }
    }
}
