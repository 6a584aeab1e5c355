//! The workload of one reading, placed in the next: finding out what the code sends takes long, and changed models do not change it.

use std::collections::HashMap;

use camino::Utf8Path;
use pgwright_diagnostics::{FileId, Files, Span};
use pgwright_django::queries::workload::{Issued, Workload};
use similar::{DiffOp, TextDiff};

use crate::session::Reading;

/// Gives a reading the queries of an earlier one of the same project, at the places where they stand now.
pub(super) fn carry(before: &Reading, after: &mut Reading) {
    let mut places = Places { old: &before.files, new: &mut after.files, known: HashMap::new() };
    let queries: Vec<Issued> = before
        .project
        .workload
        .queries
        .iter()
        .map(|issued| {
            let span = places.moved(issued.span);
            Issued {
                span,
                anchor: span.start + (issued.anchor - issued.span.start.min(issued.anchor)),
                ..issued.clone()
            }
        })
        .collect();
    after.project.workload = Workload { queries, unresolved: Vec::new(), coverage: before.project.workload.coverage };
}

struct Places<'f> {
    old: &'f Files,
    new: &'f mut Files,
    /// Each file of the old reading in the new one, and by how much its lines have moved.
    known: HashMap<FileId, (FileId, Vec<Moved>)>,
}

/// Bytes from `start` on have moved by so much.
#[derive(Debug, Clone, Copy)]
struct Moved {
    start: u32,
    by: i64,
}

impl Places<'_> {
    fn moved(&mut self, span: Span) -> Span {
        if !self.known.contains_key(&span.file) {
            let found = self.find(span.file);
            self.known.insert(span.file, found);
        }
        let (file, moves) = &self.known[&span.file];
        let by = moves.iter().rev().find(|moved| moved.start <= span.start).map_or(0, |moved| moved.by);
        let place = |offset: u32| u32::try_from(i64::from(offset) + by).unwrap_or(offset);
        Span::new(*file, place(span.start), place(span.end))
    }

    fn find(&mut self, old: FileId) -> (FileId, Vec<Moved>) {
        let file = self.old.get(old);
        let path: &Utf8Path = &file.path;
        let at = self.new.try_get(old).filter(|new| new.path == path).map(|_| old);
        match at.or_else(|| self.new.iter().find(|(_, new)| new.path == path).map(|(id, _)| id)) {
            Some(id) if self.new.get(id).text == file.text => (id, Vec::new()),
            Some(id) => (id, moves(&file.text, &self.new.get(id).text)),
            // Only looking for queries reads templates.
            None => (self.new.add(path.to_owned(), file.text.clone()), Vec::new()),
        }
    }
}

/// By how much the lines that two texts share have moved.
fn moves(old: &str, new: &str) -> Vec<Moved> {
    let starts = |text: &str| -> Vec<usize> {
        let mut at = 0;
        let ends = text.split_inclusive('\n').map(|line| {
            at += line.len();
            at
        });
        std::iter::once(0).chain(ends).collect()
    };
    let (old_starts, new_starts) = (starts(old), starts(new));
    let diff = TextDiff::configure().newline_terminated(true).diff_lines(old, new);
    let equal = diff.ops().iter().filter_map(|op| match op {
        DiffOp::Equal { old_index, new_index, .. } => {
            let (from, to) = (*old_starts.get(*old_index)?, *new_starts.get(*new_index)?);
            Some(Moved { start: u32::try_from(from).ok()?, by: to as i64 - from as i64 })
        }
        _ => None,
    });
    equal.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_moves_with_its_line() {
        let (old_text, new_text) =
            ("import a\nclass B:\n    x\n\n    y\n", "import a\nimport b\nclass B:\n    x\n    z\n\n    y\n");
        let (mut old, mut new) = (Files::default(), Files::default());
        let file = old.add("m.py".into(), old_text.to_owned());
        let template = old.add("t.html".into(), "{{ y }}".to_owned());
        new.add("other.py".into(), String::new());
        new.add("m.py".into(), new_text.to_owned());
        let mut places = Places { old: &old, new: &mut new, known: HashMap::new() };
        for word in ["x", "y", "import a"] {
            let at = |text: &str| text.find(word).map(|at| at as u32).unwrap_or_default();
            let span = places.moved(Span::new(file, at(old_text), at(old_text) + 1));
            assert_eq!((span.start, span.file), (at(new_text), FileId(1)), "{word}");
        }
        let span = places.moved(Span::new(template, 3, 4));
        assert_eq!(places.new.text(span), "y");
    }
}
