//! A plan under construction: changes are collected, or only reported where their document says so.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::compile::{Enforcement, PolicyResource, Resources};
use crate::org::{DocumentRef, ObjectKey, ObjectStep, PolicyId};
use crate::plan::action::{Blocked, BlockedReason, Change, Check, Reported, Reworded};
use crate::plan::unmanaged::{Unmanaged, UnmanagedKind};
use crate::policy;

/// What has been found so far.
pub(super) struct Draft<'a> {
    resources: &'a Resources,
    /// Shared policies by the document that stands for them.
    shared: BTreeMap<&'a DocumentRef, &'a PolicyResource>,
    pub(super) proposals: Vec<Proposal>,
    pub(super) reported: Vec<Reported>,
    pub(super) blocked: Vec<Blocked>,
    pub(super) reworded: Vec<Reworded>,
    pub(super) unmanaged: Vec<Unmanaged>,
    pub(super) checks: Vec<Check>,
}

/// A change that will become an action.
pub(super) struct Proposal {
    pub(super) document: DocumentRef,
    pub(super) guardrails: BTreeSet<DocumentRef>,
    pub(super) change: Change,
    pub(super) reason: String,
    /// What the change means for safety and order.
    pub(super) weight: Weight,
}

/// What limits and order need to know of a change beyond the change itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Weight {
    pub(super) danger: Danger,
    pub(super) role: Role,
}

/// Does a change always need approval?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Danger {
    No,
    /// Yes, and this is why, for whoever approves it.
    Because(&'static str),
}

/// What a change is to the others on the same target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Nothing special.
    Plain,
    /// An update that takes statements away: it comes after what replaces them.
    Weakens,
    /// A detach that comes before an attach, because the slots are full.
    MakesRoom,
    /// An attach that waits for such a detach.
    NeedsRoom,
}

impl Weight {
    pub(super) const PLAIN: Self = Self { danger: Danger::No, role: Role::Plain };
    pub(super) const WEAKENING: Self = Self { danger: Danger::No, role: Role::Weakens };

    /// The weight of a change that always needs approval, and why it does.
    pub(super) const fn dangerous(because: &'static str) -> Self {
        Self { danger: Danger::Because(because), role: Role::Plain }
    }
}

impl<'a> Draft<'a> {
    pub(super) fn new(resources: &'a Resources) -> Self {
        Self {
            resources,
            shared: resources
                .policies
                .values()
                .filter(|policy| !policy.members.is_empty())
                .map(|policy| (&policy.document, policy))
                .collect(),
            proposals: Vec::new(),
            reported: Vec::new(),
            blocked: Vec::new(),
            reworded: Vec::new(),
            unmanaged: Vec::new(),
            checks: Vec::new(),
        }
    }

    /// Are the document's differences healed? One that is gone from git is: its objects go with it.
    pub(super) fn is_enforced(&self, document: &DocumentRef) -> bool {
        self.resources
            .documents
            .get(document)
            .is_none_or(|document| document.enforcement == Enforcement::Enforced)
    }

    /// A change: done if the document is enforced, reported if not.
    pub(super) fn propose(
        &mut self,
        document: &DocumentRef,
        change: Change,
        reason: &str,
        weight: Weight,
    ) {
        let guardrails = self.guardrails(document, Some(&change));
        let (document, reason) = (document.clone(), reason.to_owned());
        if self.is_enforced(&document) {
            self.proposals.push(Proposal { document, guardrails, change, reason, weight });
        } else {
            self.reported.push(Reported { document, guardrails, change, reason });
        }
    }

    /// The guardrails in a shared policy that `change` is about: of an update those that the policy does
    /// not say yet, or all of them when what it says beyond is what differs.
    fn guardrails(&self, document: &DocumentRef, change: Option<&Change>) -> BTreeSet<DocumentRef> {
        let Some(shared) = self.shared.get(document) else { return BTreeSet::new() };
        let before = match change {
            Some(Change::UpdatePolicy { policy_type, before, .. }) => {
                let document: Option<Value> = serde_json::from_str(&before.content).ok();
                document.map(|document| policy::canonical(policy_type.facts().language, &document))
            }
            Some(_) | None => None,
        };
        let all = || shared.members.iter().map(|member| member.document.clone());
        let Some(before) = before else { return all().collect() };
        let missing = shared.members.iter().filter(|member| !before.contains(&member.canonical));
        let missing: BTreeSet<DocumentRef> =
            missing.map(|member| member.document.clone()).collect();
        if missing.is_empty() { all().collect() } else { missing }
    }

    pub(super) fn block(
        &mut self,
        document: &DocumentRef,
        reason: BlockedReason,
        object: impl Into<String>,
        message: impl Into<String>,
    ) {
        let (object, message) = (object.into(), message.into());
        let guardrails = self.guardrails(document, None);
        let document = document.clone();
        self.blocked.push(Blocked { document, guardrails, reason, object, message });
    }

    /// A comparison that is due, of a document that is enforced.
    pub(super) fn check(&mut self, document: &DocumentRef, key: &ObjectKey, step: ObjectStep) {
        if self.is_enforced(document) {
            let (document, key) = (document.clone(), key.clone());
            self.checks.push(Check { document, key, step });
        }
    }

    /// Notes a policy that means what it should and is not written so.
    pub(super) fn reword(&mut self, document: &DocumentRef, policy: &PolicyId) {
        self.reworded.push(Reworded { document: document.clone(), policy: policy.clone() });
    }

    pub(super) fn leave(&mut self, kind: UnmanagedKind, id: &str, name: &str, note: &str) {
        let (id, name, note) = (id.to_owned(), name.to_owned(), note.to_owned());
        self.unmanaged.push(Unmanaged { kind, id, name, note });
    }
}
