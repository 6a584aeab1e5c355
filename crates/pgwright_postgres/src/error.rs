//! Why PostgreSQL could not be asked.

use std::fmt;

/// What happened and where, and what to do about it. Never holds a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    pub message: String,
    pub hints: Vec<String>,
}

impl Error {
    pub fn new(message: impl Into<String>) -> Error {
        Error { message: message.into(), hints: Vec::new() }
    }

    #[must_use]
    pub fn hint(mut self, text: impl Into<String>) -> Error {
        self.hints.push(text.into());
        self
    }

    /// What the operating system refused.
    pub(crate) fn io(what: impl fmt::Display, error: &std::io::Error) -> Error {
        let found = Error::new(format!("could not {what}: {error}"));
        if error.kind() == std::io::ErrorKind::StorageFull {
            found.hint("free some space, or point TMPDIR to a disk that has some")
        } else {
            found
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.hints.iter().try_for_each(|hint| write!(f, "\nhint: {hint}"))
    }
}

impl std::error::Error for Error {}

impl From<postgres::Error> for Error {
    /// The server's own words where it said something.
    fn from(error: postgres::Error) -> Error {
        match error.as_db_error() {
            Some(said) => {
                let found =
                    Error::new(format!("PostgreSQL refused: {} (SQLSTATE {})", said.message(), said.code().code()));
                match said.hint() {
                    Some(hint) => found.hint(hint),
                    None => found,
                }
            }
            None => {
                let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
                Error::new(format!("the connection to PostgreSQL failed: {error}{cause}"))
            }
        }
    }
}
