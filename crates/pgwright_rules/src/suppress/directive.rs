//! Reading `# pgwright: …` comments.

use pgwright_diagnostics::File;

/// One `# pgwright: …` comment, or the part of a comment that is one.
#[derive(Debug)]
pub(super) struct Directive {
    /// From its `#`.
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) kind: Kind,
    pub(super) names: Vec<Name>,
    /// What stands between the brackets.
    pub(super) list: Option<(u32, u32)>,
    /// Why it says nothing, if it does not.
    pub(super) mistake: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// For the statement that holds this line: its own, or, alone on its line, the next line with code.
    Line {
        line: u32,
    },
    File,
}

#[derive(Debug)]
pub(super) struct Name {
    pub(super) name: String,
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) used: bool,
}

pub(super) fn read(file: &File, comments: &[(u32, u32)]) -> Vec<Directive> {
    let mut found = Vec::new();
    for (start, end) in comments {
        let text = file.text.get(*start as usize..*end as usize).unwrap_or_default();
        // Several may share a line: `# noqa: E501  # pgwright: ignore[x]`.
        let starts: Vec<usize> = text.match_indices('#').map(|(at, _)| at).collect();
        for (index, at) in starts.iter().enumerate() {
            let part_end = starts.get(index + 1).copied().unwrap_or(text.len());
            let part = text.get(*at..part_end).unwrap_or_default().trim_end();
            if let Some(rest) = part.trim_start_matches('#').trim_start().strip_prefix("pgwright:") {
                let body_start = *start + (*at + part.len() - rest.len()) as u32;
                found.push(parse(file, *start + *at as u32, rest, body_start));
            }
        }
    }
    found
}

fn parse(file: &File, start: u32, rest: &str, rest_start: u32) -> Directive {
    let end = rest_start + rest.len() as u32;
    let mut directive = Directive {
        start,
        end,
        kind: Kind::Line { line: code_line(file, start) },
        names: Vec::new(),
        list: None,
        mistake: None,
    };
    let word_start = rest.len() - rest.trim_start().len();
    let word_end = rest[word_start..]
        .find(|c: char| !(c.is_alphanumeric() || c == '-' || c == '_'))
        .map_or(rest.len(), |at| word_start + at);
    match &rest[word_start..word_end] {
        "ignore" => {}
        "ignore-file" => directive.kind = Kind::File,
        other => {
            directive.mistake = Some(if other.is_empty() {
                "this `# pgwright:` comment says nothing".to_owned()
            } else {
                format!("`{other}` is nothing that a `# pgwright:` comment can ask for")
            });
            return directive;
        }
    }
    let list = rest[word_end..].trim_start();
    let Some((inner, _)) = list.strip_prefix('[').and_then(|inner| inner.split_once(']')) else {
        directive.mistake = Some("this comment names no rule to ignore".to_owned());
        return directive;
    };
    let inner_start = rest_start + (rest.len() - list.len()) as u32 + 1;
    directive.list = Some((inner_start, inner_start + inner.len() as u32));
    let mut at = inner_start;
    for item in inner.split(',') {
        let name = item.trim();
        if !name.is_empty() {
            let name_start = at + (item.len() - item.trim_start().len()) as u32;
            directive.names.push(Name {
                name: name.to_owned(),
                start: name_start,
                end: name_start + name.len() as u32,
                used: false,
            });
        }
        at += item.len() as u32 + 1;
    }
    if directive.names.is_empty() {
        directive.mistake = Some("this comment names no rule to ignore".to_owned());
    }
    directive
}

/// The line a comment speaks of.
fn code_line(file: &File, start: u32) -> u32 {
    let own = file.position(start).line;
    let (line_start, _) = file.line_span(own);
    let alone = file.text.get(line_start as usize..start as usize).is_some_and(|before| {
        let before = before.trim_start_matches('\u{feff}').trim_start();
        before.is_empty() || before.starts_with('#')
    });
    if !alone {
        return own;
    }
    let is_code = |line: &u32| {
        let text = file.line(*line).trim_start();
        !text.is_empty() && !text.starts_with('#')
    };
    (own + 1..=file.line_count()).find(is_code).unwrap_or(own)
}
