//! The mark of ownership that palisade leaves on AWS objects.
//!
//! On every object as tags; on policies also at the end of the description, which a listing returns,
//! so that knowing what is ours costs no call per policy.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Longest description of a policy (`CreatePolicy`, API reference).
pub const DESCRIPTION_CHARACTERS_MAX: usize = 512;

/// The tag that names the installation.
pub const OWNER_TAG: &str = "palisade:owner";
/// The tag that names the document, as `kind/name`.
pub const DOCUMENT_TAG: &str = "palisade:document";
/// The tag that says the object outlives its document.
pub const PRUNE_TAG: &str = "palisade:prune";

/// A document in desired state, by kind and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DocumentRef {
    /// Its kind, such as `ServiceControlPolicy`.
    pub kind: String,
    /// Its `metadata.name`.
    pub name: String,
}

/// Whose an object is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The installation: `metadata.name` of the `Organization` document.
    pub owner: String,
    /// The document that the object was made for.
    pub document: DocumentRef,
    /// May the object go when its document goes?
    pub prune: bool,
}

impl fmt::Display for DocumentRef {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.kind, self.name)
    }
}

impl Mark {
    /// `text` with the mark behind it.
    pub fn describe(&self, text: &str) -> String {
        let keep = if self.prune { "" } else { " keep" };
        let mark = format!("[palisade {} {}{keep}]", self.owner, self.document);
        if text.is_empty() { mark } else { format!("{text} {mark}") }
    }

    /// Takes a description apart: the text, and the mark if there is one.
    pub fn read_description(description: &str) -> (&str, Option<Self>) {
        let parsed = description.rfind("[palisade ").and_then(|at| {
            let inside = description[at..].strip_prefix("[palisade ")?.strip_suffix(']')?;
            let mut words = inside.split(' ');
            let (owner, document) = (words.next()?, words.next()?);
            let prune = match (words.next(), words.next()) {
                (None, _) => true,
                (Some("keep"), None) => false,
                _ => return None,
            };
            Some((description[..at].trim_end(), Self::read(owner, document, prune)?))
        });
        match parsed {
            Some((text, mark)) => (text, Some(mark)),
            None => (description, None),
        }
    }

    /// The tags that carry the mark.
    pub fn tags(&self) -> BTreeMap<String, String> {
        let mut tags = BTreeMap::from([
            (OWNER_TAG.to_owned(), self.owner.clone()),
            (DOCUMENT_TAG.to_owned(), self.document.to_string()),
        ]);
        if !self.prune {
            tags.insert(PRUNE_TAG.to_owned(), "false".to_owned());
        }
        tags
    }

    /// The mark that tags carry.
    pub fn read_tags(tags: &BTreeMap<String, String>) -> Option<Self> {
        let prune = tags.get(PRUNE_TAG).is_none_or(|value| value != "false");
        Self::read(tags.get(OWNER_TAG)?, tags.get(DOCUMENT_TAG)?, prune)
    }

    fn read(owner: &str, document: &str, prune: bool) -> Option<Self> {
        let (kind, name) = document.split_once('/')?;
        let document = DocumentRef { kind: kind.to_owned(), name: name.to_owned() };
        Some(Self { owner: owner.to_owned(), document, prune })
    }
}

#[cfg(test)]
mod tests {
    use super::{DocumentRef, Mark};

    fn mark(prune: bool) -> Mark {
        let document =
            DocumentRef { kind: "ServiceControlPolicy".into(), name: "deny-leave".into() };
        Mark { owner: "acme".into(), document, prune }
    }

    #[test]
    fn a_mark_reads_back_from_description_and_tags() {
        for prune in [true, false] {
            let mark = mark(prune);
            let description = mark.describe("Nobody leaves [really].");
            assert_eq!(
                Mark::read_description(&description),
                ("Nobody leaves [really].", Some(mark.clone()))
            );
            assert_eq!(Mark::read_tags(&mark.tags()), Some(mark));
        }
    }

    #[test]
    fn what_only_resembles_a_mark_is_text() {
        for text in
            ["", "plain", "[palisade acme]", "[palisade acme a/b drop]", "[palisade acme a/b] more"]
        {
            assert_eq!(Mark::read_description(text), (text, None));
        }
    }
}
