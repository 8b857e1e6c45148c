//! Which documents a part of a plan concerns: one, or those that share a policy.

use std::collections::BTreeSet;

use crate::org::DocumentRef;
use crate::plan::action::{Action, Blocked, Reported};

impl Action {
    /// The documents it concerns.
    pub fn documents(&self) -> impl Iterator<Item = &DocumentRef> {
        concerned(&self.document, &self.guardrails)
    }
}

impl Reported {
    /// The documents it concerns.
    pub fn documents(&self) -> impl Iterator<Item = &DocumentRef> {
        concerned(&self.document, &self.guardrails)
    }
}

impl Blocked {
    /// The documents it concerns.
    pub fn documents(&self) -> impl Iterator<Item = &DocumentRef> {
        concerned(&self.document, &self.guardrails)
    }
}

/// The guardrails; where none is named, the document itself.
fn concerned<'a>(
    document: &'a DocumentRef,
    guardrails: &'a BTreeSet<DocumentRef>,
) -> impl Iterator<Item = &'a DocumentRef> {
    let alone = guardrails.is_empty().then_some(document);
    alone.into_iter().chain(guardrails)
}
