//! What is wrong with a policy, and where. Data only.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One thing that is wrong with a policy document.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, thiserror::Error,
)]
#[error("{message}")]
pub struct PolicyProblem {
    /// A JSON pointer (RFC 6901) to the value that is wrong; empty for the whole document. With
    /// the text, [`locate`](crate::policy::locate) gives its line and column.
    pub pointer: String,
    /// What is wrong and what is allowed.
    pub message: String,
    /// The place in the text, when the text itself is not JSON.
    pub position: Option<Position>,
}

/// A place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl PolicyProblem {
    /// A problem of the value at `pointer`.
    pub(crate) fn at(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), message: message.into(), position: None }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.line, self.column)
    }
}

/// `pointer` extended by one key or index, escaped as RFC 6901 asks.
pub(crate) fn child(pointer: &str, segment: impl fmt::Display) -> String {
    let segment = segment.to_string().replace('~', "~0").replace('/', "~1");
    format!("{pointer}/{segment}")
}
