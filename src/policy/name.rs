//! Names that are compared without regard to case: condition keys, services, actions.

use std::hash::{DefaultHasher, Hasher};

/// A name in lower case with its hash before it, so that two names compare in one step nearly
/// always. Sorting by it is good for searching only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name {
    hash: u64,
    folded: Box<str>,
}

impl Name {
    pub(crate) fn new(text: &str) -> Self {
        let folded = text.to_ascii_lowercase().into_boxed_str();
        // Fixed keys: the same name has the same hash in every run.
        let mut hasher = DefaultHasher::new();
        hasher.write(folded.as_bytes());
        Self { hash: hasher.finish(), folded }
    }

    /// The name in lower case.
    pub(crate) fn as_str(&self) -> &str {
        &self.folded
    }
}
