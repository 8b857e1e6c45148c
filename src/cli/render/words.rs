//! What a plan is in words: shared by every way to print one.

use std::collections::{BTreeMap, BTreeSet};

use crate::org::{AccountId, DocumentRef, ObjectKey};
use crate::plan::{
    Action, Blocked, BlockedReason, Change, Plan, PolicyRef, Reported, Reworded, TargetRef,
    Unmanaged, UnmanagedKind,
};

/// How things are called in a sentence.
#[derive(Clone, Copy)]
pub(crate) struct Namer<'a> {
    /// Sets a name off from the words around it, foreign text made harmless.
    pub(crate) quote: fn(&str) -> String,
    /// Accounts' names in desired state.
    pub(crate) accounts: &'a BTreeMap<AccountId, String>,
}

/// What a change does to its object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Something is there that was not.
    Create,
    /// Something is different.
    Change,
    /// Something is gone.
    Delete,
}

/// One document's share of a plan.
#[derive(Debug)]
pub(crate) struct Share<'a> {
    /// The document.
    pub(crate) document: &'a DocumentRef,
    /// Its actions, each with its place in the order, from 1.
    pub(crate) actions: Vec<(usize, &'a Action)>,
    /// Differences that are only reported.
    pub(crate) reported: Vec<&'a Reported>,
    /// What is blocked.
    pub(crate) blocked: Vec<&'a Blocked>,
}

/// Documents that are named when many are blocked by one and the same thing.
const ALIKE_NAMED_MAX: usize = 5;

/// As many documents blocked by one and the same thing are told together. Two are soon read.
const ALIKE_MIN: usize = 3;

/// What is blocked by one and the same thing, and the number that is not named.
#[derive(Debug)]
pub(crate) struct Alike<'a> {
    /// The first of them: it speaks for all.
    pub(crate) first: &'a Blocked,
    /// All of them.
    pub(crate) all: Vec<&'a Blocked>,
}

impl Alike<'_> {
    /// Which documents want something of it, the first few by name.
    pub(crate) fn documents(&self) -> String {
        let documents: BTreeSet<String> =
            self.all.iter().map(|blocked| blocked.document.to_string()).collect();
        let named: Vec<&str> = documents.iter().take(ALIKE_NAMED_MAX).map(String::as_str).collect();
        let more = match documents.len() - named.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("{}{more}", named.join(", "))
    }

    /// Is `blocked` one of them?
    pub(crate) fn holds(&self, blocked: &Blocked) -> bool {
        self.all.iter().any(|each| std::ptr::eq(*each, blocked))
    }
}

/// Obstacles that stand in the way of many documents at once, such as a permission that is missing.
/// AWS names the object in its answer, so that no two answers are quite the same.
pub(crate) fn alike<'a>(blocked: impl IntoIterator<Item = &'a Blocked>) -> Vec<Alike<'a>> {
    let mut found: BTreeMap<(BlockedReason, String), Vec<&Blocked>> = BTreeMap::new();
    for each in blocked {
        let what = each.message.replace(&each.object, "…");
        found.entry((each.reason, what)).or_default().push(each);
    }
    let many = found.into_values().filter(|all| all.len() >= ALIKE_MIN);
    many.filter_map(|all| Some(Alike { first: all.first()?, all })).collect()
}

impl Effect {
    /// What `change` does.
    pub(crate) fn of(change: &Change) -> Self {
        match change {
            Change::EnableTrustedService { .. }
            | Change::EnablePolicyType { .. }
            | Change::RegisterAdministrator { .. }
            | Change::CreateUnit { .. }
            | Change::CreatePolicy { .. }
            | Change::AttachPolicy { .. } => Self::Create,
            Change::Object(change) if change.before.is_none() => Self::Create,
            Change::Object(change) if change.after.is_none() => Self::Delete,
            Change::MoveAccount { .. } | Change::UpdatePolicy { .. } | Change::Object(_) => {
                Self::Change
            }
            Change::DeregisterAdministrator { .. }
            | Change::DeleteUnit { .. }
            | Change::DeletePolicy { .. }
            | Change::DetachPolicy { .. } => Self::Delete,
        }
    }

    /// The sign in front of a change.
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::Create => "+",
            Self::Change => "~",
            Self::Delete => "-",
        }
    }
}

/// The plan by document, in the order of kinds and names.
pub(crate) fn shares(plan: &Plan) -> Vec<Share<'_>> {
    let mut shares = BTreeMap::new();
    for (index, action) in plan.actions.iter().enumerate() {
        share_of(&mut shares, &action.document).actions.push((index + 1, action));
    }
    for reported in &plan.reported {
        share_of(&mut shares, &reported.document).reported.push(reported);
    }
    for blocked in &plan.blocked {
        share_of(&mut shares, &blocked.document).blocked.push(blocked);
    }
    shares.into_values().collect()
}

fn share_of<'a, 'b>(
    shares: &'b mut BTreeMap<&'a DocumentRef, Share<'a>>,
    document: &'a DocumentRef,
) -> &'b mut Share<'a> {
    shares.entry(document).or_insert_with(|| Share {
        document,
        actions: Vec::new(),
        reported: Vec::new(),
        blocked: Vec::new(),
    })
}

impl Share<'_> {
    /// Is there nothing to tell?
    pub(crate) fn is_empty(&self) -> bool {
        self.actions.is_empty() && self.reported.is_empty() && self.blocked.is_empty()
    }
}

impl Namer<'_> {
    /// What `change` does to what, where.
    pub(crate) fn sentence(self, change: &Change) -> String {
        let quote = self.quote;
        match change {
            Change::EnableTrustedService { service } => {
                format!("enable trusted access for {}", quote(service))
            }
            Change::EnablePolicyType { root: _, policy_type } => {
                format!("enable policy type {}", quote(policy_type.as_str()))
            }
            Change::RegisterAdministrator { service, account } => {
                format!("make {} administrator of {}", self.account(account), quote(service))
            }
            Change::DeregisterAdministrator { service, account } => {
                format!("end the administration of {} by {}", quote(service), self.account(account))
            }
            Change::CreateUnit { path, parent: _, tags: _ } => {
                format!("create OU {}", quote(&path.to_string()))
            }
            Change::DeleteUnit { unit, path } => {
                format!("delete OU {} ({unit})", quote(&path.to_string()))
            }
            Change::MoveAccount { account, from: _, from_path, to } => {
                let (from, to) = (quote(&from_path.to_string()), quote(&to.path.to_string()));
                format!("move {} from {from} to {to}", self.account(account))
            }
            Change::CreatePolicy { policy_type, policy, tags: _ } => {
                format!("create {policy_type} {}", quote(&policy.name))
            }
            Change::UpdatePolicy { policy_type, id, before, after, tags: _ } => {
                let renamed = if before.name == after.name {
                    String::new()
                } else {
                    format!(" and call it {}", quote(&after.name))
                };
                format!("change {policy_type} {} ({id}){renamed}", quote(&before.name))
            }
            Change::DeletePolicy { policy_type, id, before } => {
                format!("delete {policy_type} {} ({id})", quote(&before.name))
            }
            Change::AttachPolicy { policy_type, policy, target } => {
                let PolicyRef { name, id: _ } = policy;
                format!("attach {policy_type} {} to {}", quote(name), self.place(target))
            }
            Change::DetachPolicy { policy_type, policy, name, target, keeps: _ } => {
                let place = self.place(target);
                format!("detach {policy_type} {} ({policy}) from {place}", quote(name))
            }
            Change::Object(object) => {
                let verb = match Effect::of(change) {
                    Effect::Create => "create",
                    Effect::Change => "change",
                    Effect::Delete => "delete",
                };
                let ObjectKey { account, region, kind, name } = &object.key;
                let region = region.as_ref().map(|region| format!(", {region}"));
                let (kind, region) = (kind.words(), region.unwrap_or_default());
                format!("{verb} {kind} {} in {}{region}", quote(name), self.account(account))
            }
        }
    }

    fn place(self, target: &TargetRef) -> String {
        match target {
            TargetRef::Unit(unit) => (self.quote)(&unit.path.to_string()),
            TargetRef::Account(id, _) => self.account(id),
        }
    }

    fn account(self, id: &AccountId) -> String {
        match self.accounts.get(id) {
            Some(name) => format!("account {} ({id})", (self.quote)(name)),
            None => format!("account {id}"),
        }
    }
}

/// What is said of policies that are not written as they should be and mean the same.
pub(crate) fn reworded_line(reworded: &[Reworded]) -> String {
    let count = reworded.len();
    let who = if count == 1 { "policy differs" } else { "policies differ" };
    format!(
        "{count} {who} in white space, order or Sids alone: no change in meaning, nothing to write"
    )
}

/// How many of each kind of unmanaged object, in the order of kinds.
pub(crate) fn tally(unmanaged: &[Unmanaged]) -> String {
    let mut counts: BTreeMap<UnmanagedKind, usize> = BTreeMap::new();
    for object in unmanaged {
        *counts.entry(object.kind).or_default() += 1;
    }
    let counts = counts.into_iter().map(|(kind, count)| {
        let (one, many) = match kind {
            UnmanagedKind::Policy => ("policy", "policies"),
            UnmanagedKind::Unit => ("OU", "OUs"),
            UnmanagedKind::Account => ("account", "accounts"),
            UnmanagedKind::TrustedService => ("trusted service", "trusted services"),
            UnmanagedKind::PolicyType => ("policy type", "policy types"),
            UnmanagedKind::Object => ("object in an account", "objects in accounts"),
        };
        format!("{count} {}", if count == 1 { one } else { many })
    });
    counts.collect::<Vec<_>>().join(", ")
}
