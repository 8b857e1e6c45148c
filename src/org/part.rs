//! Known or unknown: what an observation could and could not see.

use serde::{Deserialize, Serialize};

/// A part of the organization as observed. What could not be read is never taken for empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Part<T> {
    /// Read completely.
    Known(T),
    /// Not read, or not completely.
    Unknown(Unknown),
}

/// Why a part is not known.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, thiserror::Error,
)]
#[serde(rename_all = "camelCase")]
#[error("{operation} failed: {reason}")]
pub struct Unknown {
    /// The AWS operation that did not answer as it should, such as `ListAccounts`.
    pub operation: String,
    /// What it said.
    pub reason: String,
}

impl<T> Part<T> {
    /// The value, if it is known.
    pub fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown(_) => None,
        }
    }

    /// Why it is not known, if it is not.
    pub fn unknown(&self) -> Option<&Unknown> {
        match self {
            Self::Known(_) => None,
            Self::Unknown(why) => Some(why),
        }
    }

    /// A part that nobody has tried to read.
    pub fn unread(operation: &str) -> Self {
        Self::Unknown(Unknown {
            operation: operation.to_owned(),
            reason: "not read yet".to_owned(),
        })
    }
}
