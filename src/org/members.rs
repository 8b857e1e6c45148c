//! Which guardrails a shared policy holds, written into its description.
//!
//! A policy that several guardrails share says so itself, since there is no state file: without it
//! nobody could tell a guardrail that is gone from git from one that was edited. A description has no
//! room for names, so each guardrail is there as six letters of a hash.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use crate::org::DocumentRef;

const OPENING: &str = "[members ";

/// Letters a guardrail takes: 30 bits, so that two of a thousand guardrails are taken for each other
/// once in two thousand organizations. All that would do is not to ask before one of them goes.
const LETTERS: usize = 6;

const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// The guardrails in a shared policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Members(BTreeSet<String>);

impl Members {
    /// Guardrails one policy can hold: their letters fill 288 of a description's 512 characters.
    pub const MAX: usize = 48;

    /// The list of `documents`.
    pub fn of<'a>(documents: impl IntoIterator<Item = &'a DocumentRef>) -> Self {
        Self(documents.into_iter().map(letters).collect())
    }

    /// Is the document's guardrail in it?
    pub fn contains(&self, document: &DocumentRef) -> bool {
        self.0.contains(&letters(document))
    }

    /// Is every guardrail in it one of `documents`?
    pub fn are_all_in<'a>(&self, documents: impl IntoIterator<Item = &'a DocumentRef>) -> bool {
        self.0.is_subset(&Self::of(documents).0)
    }

    /// `text` with the list behind it.
    pub fn describe(&self, text: &str) -> String {
        let list: String = self.0.iter().map(String::as_str).collect();
        format!("{text} {OPENING}{list}]")
    }

    /// Takes a description without its mark apart: the text, and the list if there is one.
    pub fn read(description: &str) -> (&str, Option<Self>) {
        let parsed = description.rfind(OPENING).and_then(|at| {
            let list = description[at..].strip_prefix(OPENING)?.strip_suffix(']')?;
            let is_list = !list.is_empty()
                && list.len().is_multiple_of(LETTERS)
                && list.bytes().all(|letter| ALPHABET.contains(&letter));
            let members =
                || (0..list.len()).step_by(LETTERS).map(|at| list[at..at + LETTERS].to_owned());
            is_list.then(|| (description[..at].trim_end(), Self(members().collect())))
        });
        parsed.map_or((description, None), |(text, members)| (text, Some(members)))
    }
}

fn letters(document: &DocumentRef) -> String {
    let hash = Sha256::digest(document.to_string());
    hash.iter().take(LETTERS).map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect()
}

#[cfg(test)]
mod tests {
    use super::Members;
    use crate::org::DocumentRef;

    fn document(name: &str) -> DocumentRef {
        DocumentRef { kind: "ServiceControlPolicy".into(), name: name.into() }
    }

    #[test]
    fn a_list_reads_back_from_a_description() {
        let (one, two, other) = (document("one"), document("two"), document("other"));
        let members = Members::of([&two, &one]);
        let description = members.describe("Two [really].");
        assert_eq!(Members::read(&description), ("Two [really].", Some(members.clone())));
        assert!(members.contains(&one) && members.contains(&two) && !members.contains(&other));
        assert!(members.are_all_in([&one, &two, &other]) && !members.are_all_in([&one, &other]));
    }

    #[test]
    fn what_only_resembles_a_list_is_text() {
        for text in
            ["", "plain", "[members ]", "[members abc]", "[members ABCDEF]", "[members abcdef] x"]
        {
            assert_eq!(Members::read(text), (text, None));
        }
    }
}
