//! The audit journal's entries: one for every change that was sent.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::act::Outcome;
use crate::org::DocumentRef;

/// One change that was sent to AWS and what became of it.
///
/// Time and git revision are added by whoever writes it down. Holds policy bodies in `before` and
/// `after`, so a journal is as confidential as the desired state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// The kind of change, such as `AttachPolicy`.
    pub action: &'static str,
    /// The object, by ids and names from desired state.
    pub object: String,
    /// What was done to it, where an action takes several changes and each is written down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// The document that wanted it.
    pub document: DocumentRef,
    /// The documents whose guardrails it is about, where several share the policy.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub guardrails: BTreeSet<DocumentRef>,
    /// Why, for people.
    pub reason: String,
    /// What it was before, where the change replaces or removes something.
    pub before: Option<serde_json::Value>,
    /// What it is after, where the change writes something.
    pub after: Option<serde_json::Value>,
    /// The id AWS gave the request.
    pub request_id: Option<String>,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// A journal that cannot be written. Changes that leave no trace are not made.
#[derive(Debug, thiserror::Error)]
#[error("the audit journal cannot be written")]
pub struct JournalError(#[source] pub std::io::Error);

/// Where entries go.
pub trait Journal: Send + Sync {
    /// Can an entry be written? Asked before every change.
    fn check(&self) -> Result<(), JournalError>;

    /// Writes one entry and hands it to the operating system.
    fn record(&self, entry: &Entry) -> Result<(), JournalError>;
}

/// May the next change be sent? Asked before every one.
pub trait Permit: Send + Sync {
    /// Nothing if it may, or why not.
    fn refusal(&self) -> Option<Interruption>;
}

/// Why a pass ends before its plan does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::Display)]
pub enum Interruption {
    /// The process was asked to stop.
    #[strum(serialize = "the process is stopping")]
    Stopping,
    /// Another replica leads now.
    #[strum(serialize = "another replica holds the lease")]
    NotLeader,
}

/// Always allows: for commands that a person is watching.
#[derive(Debug, Clone, Copy)]
pub struct Unconditional;

impl Permit for Unconditional {
    fn refusal(&self) -> Option<Interruption> {
        None
    }
}
