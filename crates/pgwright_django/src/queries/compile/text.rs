//! SQL being written.

use crate::model::Value;

/// Why there is no SQL.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Stop {
    /// No row can match: Django sends nothing (`EmptyResultSet`).
    Empty,
    /// Every row matches: the condition falls away (`FullResultSet`).
    Full,
    Unknown(String),
}

impl From<String> for Stop {
    fn from(reason: String) -> Stop {
        Stop::Unknown(reason)
    }
}

impl From<&str> for Stop {
    fn from(reason: &str) -> Stop {
        Stop::Unknown(reason.to_owned())
    }
}

pub(crate) type Written<T> = Result<T, Stop>;

/// Text and its parameters in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Text {
    pub(crate) sql: String,
    pub(crate) parameters: Vec<Value>,
}

impl Text {
    pub(crate) fn push(&mut self, text: &str) {
        self.sql.push_str(text);
    }

    pub(crate) fn parameter(&mut self, value: Value) {
        self.sql.push_str("%s");
        self.parameters.push(value);
    }

    pub(crate) fn quoted(&mut self, name: &str) {
        if name.len() > 1 && name.starts_with('"') && name.ends_with('"') {
            self.sql.push_str(name);
        } else {
            self.sql.push('"');
            self.sql.push_str(name);
            self.sql.push('"');
        }
    }

    pub(crate) fn append(&mut self, other: &Text) {
        self.sql.push_str(&other.sql);
        self.parameters.extend(other.parameters.iter().cloned());
    }

    pub(crate) fn mark(&self) -> (usize, usize) {
        (self.sql.len(), self.parameters.len())
    }

    /// Forgets what was written since the mark.
    pub(crate) fn reset(&mut self, mark: (usize, usize)) {
        self.sql.truncate(mark.0);
        self.parameters.truncate(mark.1);
    }

    pub(crate) fn is_empty_since(&self, mark: (usize, usize)) -> bool {
        self.sql.len() == mark.0
    }
}
