//! What each policy says before and after the plan: which update takes what away, and who says it instead.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::compile::DesiredTarget;
use crate::org::PolicyType;
use crate::plan::action::{Change, PolicyRef};
use crate::plan::draft::{Proposal, Role};
use crate::plan::view::View;
use crate::policy;

type Statements = BTreeSet<String>;

/// Statements by policy, where an update takes some away; empty where none does.
#[derive(Default)]
pub(super) struct Meanings {
    /// By type and the policy's name after the plan.
    after: BTreeMap<(PolicyType, String), Statements>,
    /// What an update adds and takes away, by its index.
    gained: BTreeMap<usize, Statements>,
    lost: BTreeMap<usize, Statements>,
    /// What is said on a place by what is attached there now.
    said_on: BTreeMap<(PolicyType, DesiredTarget), Statements>,
}

impl Meanings {
    /// Reads the policies of the types in which something is weakened.
    pub(super) fn of(view: &View<'_>, proposals: &[Proposal]) -> Self {
        let mut meanings = Self::default();
        let types: BTreeSet<&PolicyType> = proposals
            .iter()
            .filter(|proposal| proposal.weight.role == Role::Weakens)
            .filter_map(|proposal| policy_type_of(&proposal.change))
            .collect();
        for policy_type in types {
            meanings.read_observed(view, policy_type);
        }
        for (at, proposal) in proposals.iter().enumerate() {
            meanings.read_proposal(at, &proposal.change);
        }
        meanings
    }

    fn read_observed(&mut self, view: &View<'_>, policy_type: &PolicyType) {
        for observed in
            view.snapshot.policies_of(policy_type).into_iter().flat_map(BTreeMap::values)
        {
            let said = observed
                .document
                .known()
                .map(|text| statements(policy_type, text))
                .unwrap_or_default();
            let targets = observed.targets.known().into_iter().flatten();
            for place in targets.filter_map(|target| view.place(target)) {
                self.said_on.entry((policy_type.clone(), place)).or_default().extend(said.clone());
            }
            self.after.insert((policy_type.clone(), observed.name.clone()), said);
        }
    }

    fn read_proposal(&mut self, at: usize, change: &Change) {
        match change {
            Change::CreatePolicy { policy_type, policy, .. } => {
                let said = statements(policy_type, &policy.content);
                self.after.insert((policy_type.clone(), policy.name.clone()), said);
            }
            Change::UpdatePolicy { policy_type, before, after, .. } => {
                let (old, new) = (
                    statements(policy_type, &before.content),
                    statements(policy_type, &after.content),
                );
                self.gained.insert(at, new.difference(&old).cloned().collect());
                self.lost.insert(at, old.difference(&new).cloned().collect());
                self.after.insert((policy_type.clone(), after.name.clone()), new);
            }
            Change::EnableTrustedService { .. }
            | Change::EnablePolicyType { .. }
            | Change::RegisterAdministrator { .. }
            | Change::DeregisterAdministrator { .. }
            | Change::CreateUnit { .. }
            | Change::DeleteUnit { .. }
            | Change::MoveAccount { .. }
            | Change::DeletePolicy { .. }
            | Change::AttachPolicy { .. }
            | Change::DetachPolicy { .. }
            | Change::Object(_) => {}
        }
    }

    /// Does the attach of a policy say again what the update at `weakening` takes away?
    pub(super) fn attach_replaces(
        &self,
        weakening: usize,
        policy_type: &PolicyType,
        policy: &PolicyRef,
    ) -> bool {
        let said = self.after.get(&(policy_type.clone(), policy.name.clone()));
        self.overlaps(weakening, said)
    }

    /// Does another update say again what the update at `weakening` takes away?
    pub(super) fn update_replaces(&self, weakening: usize, other: usize) -> bool {
        self.overlaps(weakening, self.gained.get(&other))
    }

    /// Does an update say something new?
    pub(super) fn gains(&self, update: usize) -> bool {
        self.gained.get(&update).is_some_and(|gained| !gained.is_empty())
    }

    /// Is what the update at `weakening` takes away said now on one of `places`?
    pub(super) fn is_said_on(
        &self,
        weakening: usize,
        policy_type: &PolicyType,
        places: &BTreeSet<DesiredTarget>,
    ) -> bool {
        places.iter().any(|place| {
            self.overlaps(weakening, self.said_on.get(&(policy_type.clone(), place.clone())))
        })
    }

    fn overlaps(&self, weakening: usize, said: Option<&Statements>) -> bool {
        let lost = self.lost.get(&weakening);
        lost.zip(said).is_some_and(|(lost, said)| !lost.is_disjoint(said))
    }
}

fn policy_type_of(change: &Change) -> Option<&PolicyType> {
    if let Change::UpdatePolicy { policy_type, .. } = change { Some(policy_type) } else { None }
}

fn statements(policy_type: &PolicyType, text: &str) -> Statements {
    let document: Option<Value> = serde_json::from_str(text).ok();
    let language = policy_type.facts().language;
    document
        .map(|document| policy::canonical(language, &document).statements().clone())
        .unwrap_or_default()
}
