//! Source bytes to syntax trees. Parsing never fails: it gives a tree and the errors met.

use ruff_python_ast::{PySourceType, Suite};
use ruff_python_parser::parse_unchecked_source;
use ruff_text_size::{Ranged, TextRange};

/// A file's text after decoding.
#[derive(Debug, PartialEq, Eq)]
pub struct Decoded {
    pub text: String,
    /// Said once to the user when the bytes were not plain UTF-8.
    pub problem: Option<String>,
}

/// A syntax tree with its errors; the tree covers what could be understood.
#[derive(Debug)]
pub struct Parsed {
    pub suite: Suite,
    pub errors: Vec<SyntaxError>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    pub message: String,
    pub range: TextRange,
}

/// Decodes as Python would: UTF-8 (a byte order mark is dropped), or the encoding the file declares when it is
/// Latin-1 compatible. Anything else is read as UTF-8 with replacement characters, and said.
pub fn decode(bytes: Vec<u8>) -> Decoded {
    let bytes = match bytes.strip_prefix(b"\xef\xbb\xbf") {
        Some(rest) => rest.to_vec(),
        None => bytes,
    };
    match String::from_utf8(bytes) {
        Ok(text) => Decoded { text, problem: None },
        Err(error) => {
            let bytes = error.into_bytes();
            if declares_latin1(&bytes) {
                return Decoded { text: bytes.iter().map(|byte| char::from(*byte)).collect(), problem: None };
            }
            let text = String::from_utf8_lossy(&bytes).into_owned();
            Decoded { text, problem: Some("not valid UTF-8; unreadable bytes were replaced".to_owned()) }
        }
    }
}

/// PEP 263: a `coding` comment in the first two lines.
fn declares_latin1(bytes: &[u8]) -> bool {
    bytes.split(|byte| *byte == b'\n').take(2).any(|line| {
        let line = String::from_utf8_lossy(line).to_ascii_lowercase();
        line.trim_start().starts_with('#')
            && line.contains("coding")
            && ["latin-1", "latin1", "iso-8859-1", "iso-8859-15", "cp1252", "windows-1252"]
                .iter()
                .any(|name| line.contains(name))
    })
}

pub fn parse(text: &str) -> Parsed {
    let parsed = parse_unchecked_source(text, PySourceType::Python);
    let errors = parsed
        .errors()
        .iter()
        .map(|error| SyntaxError { message: error.error.to_string(), range: error.location })
        .collect();
    Parsed { suite: parsed.into_suite(), errors }
}

/// Whether a text is not valid Python; fixes are checked with it before they are written.
pub fn has_syntax_errors(text: &str) -> bool {
    parse_unchecked_source(text, PySourceType::Python).has_syntax_errors()
}

/// Byte ranges of the comments of a text, `#` included; a `#` inside a string is none.
pub fn comments(text: &str) -> Vec<(u32, u32)> {
    parse_unchecked_source(text, PySourceType::Python)
        .tokens()
        .iter()
        .filter(|token| token.kind().is_comment())
        .map(|token| (token.range().start().to_u32(), token.range().end().to_u32()))
        .collect()
}
