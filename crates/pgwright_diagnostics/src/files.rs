//! Source texts and positions in them.

use std::sync::{Arc, OnceLock};

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};

/// Index into [`Files`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FileId(pub u32);

/// A byte range of one file; `start <= end`, both on character boundaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    pub file: FileId,
    pub start: u32,
    pub end: u32,
}

impl Span {
    pub fn new(file: FileId, start: u32, end: u32) -> Self {
        Span { file, start, end }
    }

    /// The very start of a file: for what concerns the file as a whole.
    pub fn top(file: FileId) -> Self {
        Span { file, start: 0, end: 0 }
    }

    pub fn contains(&self, other: Span) -> bool {
        self.file == other.file && self.start <= other.start && other.end <= self.end
    }
}

/// Every text a run has read, in the order it was added. Append-only, so a [`FileId`] never goes stale.
#[derive(Debug, Default, Clone)]
pub struct Files {
    files: Vec<Arc<File>>,
}

#[derive(Debug)]
pub struct File {
    /// As shown to the user: relative to where the run was started when it lies below it.
    pub path: Utf8PathBuf,
    pub text: String,
    /// Counted when a position is first asked for: of most files nobody wants one.
    line_starts: OnceLock<Vec<u32>>,
}

/// One-based; columns count characters, not bytes. A byte order mark takes no column, as in Python and editors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct LineColumn {
    pub line: u32,
    pub column: u32,
}

impl Files {
    pub fn add(&mut self, path: Utf8PathBuf, text: String) -> FileId {
        self.share(Arc::new(File::new(path, text)))
    }

    /// Adds a file that others hold too, because they read its text while more files are added here.
    pub fn share(&mut self, file: Arc<File>) -> FileId {
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(file);
        id
    }

    /// The file an id stands for.
    ///
    /// # Panics
    /// When the id comes from another `Files`.
    pub fn get(&self, id: FileId) -> &File {
        &self.files[id.0 as usize]
    }

    /// The file an id stands for, if it is one of these.
    pub fn try_get(&self, id: FileId) -> Option<&File> {
        self.files.get(id.0 as usize).map(Arc::as_ref)
    }

    pub fn path(&self, id: FileId) -> &Utf8Path {
        &self.get(id).path
    }

    pub fn text(&self, span: Span) -> &str {
        self.get(span.file).text.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    pub fn start(&self, span: Span) -> LineColumn {
        self.get(span.file).position(span.start)
    }

    pub fn end(&self, span: Span) -> LineColumn {
        self.get(span.file).position(span.end)
    }

    pub fn len(&self) -> usize {
        self.files.len()
    }

    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = (FileId, &File)> {
        (0u32..).zip(&self.files).map(|(index, file)| (FileId(index), file.as_ref()))
    }
}

/// The folder that stands for pgwright's own descriptions of libraries, which are read as if their source.
pub const DESCRIPTIONS: &str = "<pgwright>";

impl File {
    /// Whether it is pgwright's own description of a library: there is nothing to open.
    pub fn is_description(&self) -> bool {
        self.path.starts_with(DESCRIPTIONS)
    }

    pub fn new(path: Utf8PathBuf, text: String) -> Self {
        File { path, text, line_starts: OnceLock::new() }
    }

    /// Byte offset of each line's first byte; `\n`, `\r\n` and lone `\r` end a line, as in Python.
    fn line_starts(&self) -> &[u32] {
        self.line_starts.get_or_init(|| {
            let bytes = self.text.as_bytes();
            let mut starts = vec![0];
            for (index, byte) in bytes.iter().enumerate() {
                let ends_line = *byte == b'\n' || (*byte == b'\r' && bytes.get(index + 1) != Some(&b'\n'));
                if ends_line {
                    starts.push(index as u32 + 1);
                }
            }
            starts
        })
    }

    /// Where a byte offset lies. An offset past the end is the end.
    pub fn position(&self, offset: u32) -> LineColumn {
        let mut offset = offset.min(self.text.len() as u32);
        while !self.text.is_char_boundary(offset as usize) {
            offset -= 1;
        }
        let starts = self.line_starts();
        let line = starts.partition_point(|start| *start <= offset).saturating_sub(1);
        let start = starts.get(line).copied().unwrap_or_default();
        let before = self.text.get(start as usize..offset as usize).unwrap_or_default();
        let before = if line == 0 { before.strip_prefix('\u{feff}').unwrap_or(before) } else { before };
        LineColumn { line: line as u32 + 1, column: before.chars().count() as u32 + 1 }
    }

    /// The text of a one-based line without its line ending; empty past the last.
    pub fn line(&self, line: u32) -> &str {
        let span = self.line_span(line);
        self.text.get(span.0 as usize..span.1 as usize).unwrap_or_default().trim_end_matches(['\n', '\r'])
    }

    /// Byte range of a one-based line, line ending included; empty past the last.
    pub fn line_span(&self, line: u32) -> (u32, u32) {
        let end = self.text.len() as u32;
        let index = line.saturating_sub(1) as usize;
        let starts = self.line_starts();
        let start = starts.get(index).copied().unwrap_or(end);
        (start, starts.get(index + 1).copied().unwrap_or(end))
    }

    /// How many lines there are; a text that ends with a line ending has an empty last one.
    pub fn line_count(&self) -> u32 {
        self.line_starts().len() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, needle: &str) -> (u32, u32) {
        let file = File::new("a.py".into(), text.to_owned());
        let offset = text.find(needle).expect("the needle is in the text") as u32;
        let position = file.position(offset);
        (position.line, position.column)
    }

    #[test]
    fn every_line_ending_of_python_ends_a_line() {
        assert_eq!(at("a\nb\nX", "X"), (3, 1));
        assert_eq!(at("a\r\nb\r\n  X", "X"), (3, 3));
        assert_eq!(at("a\rb\rX", "X"), (3, 1));
        assert_eq!(at("a\r\rX", "X"), (3, 1));
        assert_eq!(at("a\n\rX", "X"), (3, 1));
    }

    #[test]
    fn columns_count_characters() {
        assert_eq!(at("name = 'größe' X", "X"), (1, 16));
        assert_eq!(at("🐘🐘 X", "X"), (1, 4));
    }

    #[test]
    fn a_byte_order_mark_takes_no_column() {
        assert_eq!(at("\u{feff}X", "X"), (1, 1));
        assert_eq!(at("\u{feff}a\nX", "X"), (2, 1));
    }

    #[test]
    fn offsets_outside_are_clamped() {
        let file = File::new("a.py".into(), "é\n".to_owned());
        assert_eq!(file.position(99), LineColumn { line: 2, column: 1 });
        assert_eq!(file.position(1), LineColumn { line: 1, column: 1 }, "inside a character is its start");
        assert_eq!(File::new("b.py".into(), String::new()).position(0), LineColumn { line: 1, column: 1 });
    }

    #[test]
    fn lines_come_without_their_ending() {
        let file = File::new("a.py".into(), "a\r\nb\rc\n".to_owned());
        assert_eq!((1..=5).map(|line| file.line(line)).collect::<Vec<_>>(), ["a", "b", "c", "", ""]);
        assert_eq!(file.line_span(1), (0, 3));
        assert_eq!(file.line_count(), 4);
    }
}
