//! Between pgwright's files and positions and those of the Language Server Protocol.

use camino::{Utf8Path, Utf8PathBuf};
use line_index::{LineCol, LineIndex, TextSize, WideEncoding, WideLineCol};
use lsp_types::{Position, PositionEncodingKind, Range, Uri};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use pgwright_diagnostics::Span;

/// What a path keeps as it is in a `file:` address.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The absolute path of a `file:` address; none for other addresses.
pub(super) fn path_of(uri: &Uri) -> Option<Utf8PathBuf> {
    let path = uri.as_str().strip_prefix("file://")?;
    // A host, which is this one, ends where the path begins.
    let path = &path[path.find('/')?..];
    Some(percent_decode_str(path).decode_utf8().ok()?.into_owned().into())
}

pub(super) fn uri_of(path: &Utf8Path) -> Option<Uri> {
    format!("file://{}", utf8_percent_encode(path.as_str(), IN_PATH)).parse().ok()
}

/// What the client counts columns in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Utf16,
}

impl Encoding {
    /// UTF-8 where the client offers it: then nothing has to be counted.
    pub(super) fn of(offered: Option<&[PositionEncodingKind]>) -> Encoding {
        match offered.is_some_and(|offered| offered.contains(&PositionEncodingKind::UTF8)) {
            true => Encoding::Utf8,
            false => Encoding::Utf16,
        }
    }

    pub(super) fn kind(self) -> PositionEncodingKind {
        match self {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
        }
    }
}

/// The lines of one text.
pub(super) struct Lines {
    index: LineIndex,
    encoding: Encoding,
}

impl Lines {
    pub(super) fn new(text: &str, encoding: Encoding) -> Lines {
        Lines { index: LineIndex::new(text), encoding }
    }

    /// An offset past the end is the end.
    pub(super) fn position(&self, offset: u32) -> Position {
        let offset = TextSize::from(offset).min(self.index.len());
        let at = self.index.try_line_col(offset).unwrap_or(LineCol { line: 0, col: 0 });
        let column = match self.encoding {
            Encoding::Utf8 => at.col,
            Encoding::Utf16 => self.index.to_wide(WideEncoding::Utf16, at).map_or(at.col, |wide| wide.col),
        };
        Position::new(at.line, column)
    }

    pub(super) fn range(&self, span: Span) -> Range {
        Range::new(self.position(span.start), self.position(span.end))
    }

    /// None for a position that the text does not have.
    pub(super) fn offset(&self, position: Position) -> Option<u32> {
        let at = match self.encoding {
            Encoding::Utf8 => LineCol { line: position.line, col: position.character },
            Encoding::Utf16 => {
                let wide = WideLineCol { line: position.line, col: position.character };
                self.index.to_utf8(WideEncoding::Utf16, wide)?
            }
        };
        self.index.offset(at).map(u32::from)
    }
}

#[cfg(test)]
mod tests {
    use super::{Encoding, Lines, path_of, uri_of};
    use camino::Utf8Path;
    use lsp_types::Position;

    #[test]
    fn paths_and_addresses_are_each_others() {
        for path in ["/a/b.py", "/with space/ü.py", "/odd/100%/#1?.py"] {
            let uri = uri_of(Utf8Path::new(path)).expect("an address");
            assert_eq!(path_of(&uri).as_deref(), Some(Utf8Path::new(path)), "{}", uri.as_str());
        }
        assert_eq!(path_of(&"untitled:Untitled-1".parse().expect("an address")), None);
        assert_eq!(path_of(&"file://localhost/a.py".parse().expect("an address")), Some("/a.py".into()));
    }

    #[test]
    fn columns_are_counted_as_the_client_counts() {
        let text = "x = '😀é'; y\nz\n";
        let offset = text.find('y').expect("there") as u32;
        for (encoding, column) in [(Encoding::Utf8, 14), (Encoding::Utf16, 11)] {
            let lines = Lines::new(text, encoding);
            assert_eq!(lines.position(offset), Position::new(0, column));
            assert_eq!(lines.offset(Position::new(0, column)), Some(offset));
            assert_eq!(lines.position(1000), Position::new(2, 0));
            assert_eq!(lines.offset(Position::new(9, 0)), None);
        }
    }
}
