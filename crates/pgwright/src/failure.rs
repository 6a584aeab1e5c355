//! Why a command could not do what it was asked.

use std::fmt;
use std::ops::Range;

use camino::Utf8PathBuf;

/// What is shown on stderr before exiting with 2.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The reader of our output has gone: not an error.
    BrokenPipe,
    Message {
        message: String,
        hints: Vec<String>,
    },
    /// A mistake in a file that the user wrote.
    InFile {
        path: Utf8PathBuf,
        text: String,
        message: String,
        span: Option<Range<usize>>,
        hints: Vec<String>,
    },
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Failure::Message { message: message.into(), hints: Vec::new() }
    }

    #[must_use]
    pub(crate) fn hint(mut self, text: impl Into<String>) -> Self {
        match &mut self {
            Failure::Message { hints, .. } | Failure::InFile { hints, .. } => hints.push(text.into()),
            Failure::BrokenPipe => {}
        }
        self
    }

    pub(crate) fn write(what: &str, path: &impl fmt::Display, error: &std::io::Error) -> Self {
        Failure::new(format!("could not {what} `{path}`: {}", plain(error)))
    }
}

/// An I/O error without the number of the operating system.
pub(crate) fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => String::new(),
    }
}

impl From<pgwright_postgres::Error> for Failure {
    fn from(error: pgwright_postgres::Error) -> Self {
        Failure::Message { message: error.message, hints: error.hints }
    }
}

impl fmt::Display for Failure {
    /// In one line and without hints, for where there is no terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::BrokenPipe => f.write_str("nobody reads the output"),
            Failure::Message { message, .. } => f.write_str(message),
            Failure::InFile { path, message, .. } => write!(f, "{path}: {message}"),
        }
    }
}
