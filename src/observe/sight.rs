//! What the caller can see at all, and what follows for what it was told.

use std::collections::{BTreeMap, BTreeSet};

use crate::observe::Wanted;
use crate::observe::tree::Expected;
use crate::org::{
    Caller, ObservedPolicy, OrgSnapshot, Organization, Part, PolicyType, Root, TargetId, Tree,
    Unknown,
};

/// Who asks whom.
pub(super) struct Sight {
    pub(super) caller: Caller,
    pub(super) organization: Organization,
    pub(super) root: Root,
}

impl Sight {
    /// What the next tree is expected to hold: what the one `before` held, and `more`.
    pub(super) fn expected(
        &self,
        before: Option<&Tree>,
        more: &BTreeSet<TargetId>,
    ) -> Expected<'_> {
        let before = before.into_iter().flat_map(|tree| tree.accounts.keys());
        let more = more.iter().filter_map(|target| match target {
            TargetId::Account(account) => Some(account),
            TargetId::Ou(_) | TargetId::Root(_) => None,
        });
        Expected {
            root: &self.root.id,
            caller: &self.caller.account,
            management_account: &self.organization.management_account,
            accounts: before.chain(more).cloned().collect(),
        }
    }

    /// Turns what was told to a caller that may not see it from empty into unknown.
    ///
    /// The management account sees everything. Another account may be a delegated administrator, which
    /// sees the tree and policies; one that is not gets refusals from AWS and empty lists from some
    /// emulators. So without the tree nothing empty is believed, and a list of SCPs or RCPs must hold
    /// the policies that AWS manages.
    pub(super) fn doubt(&self, snapshot: &mut OrgSnapshot) {
        if self.caller.account == self.organization.management_account {
            return;
        }
        let OrgSnapshot {
            caller: _,
            organization: _,
            root: _,
            tree,
            policies,
            trusted_services,
            delegated_administrators,
            tags: _,
            objects: _,
            listings: _,
        } = snapshot;
        for (policy_type, part) in &mut *policies {
            if part.known().is_some_and(|listed| self.lacks_managed(policy_type, listed.values())) {
                *part = Part::Unknown(self.unbelievable(policy_type));
            }
        }
        let Some(why) = tree.unknown() else { return };
        for part in policies.values_mut() {
            doubt_if(part, BTreeMap::is_empty, why);
        }
        doubt_if(trusted_services, BTreeSet::is_empty, why);
        for part in delegated_administrators.values_mut() {
            doubt_if(part, BTreeSet::is_empty, why);
        }
    }

    /// Does a list lack the policies that AWS keeps in every list of its type?
    fn lacks_managed<'a>(
        &self,
        policy_type: &PolicyType,
        mut listed: impl Iterator<Item = &'a ObservedPolicy>,
    ) -> bool {
        let has_managed = [PolicyType::service_control(), PolicyType::resource_control()];
        has_managed.contains(policy_type)
            && self.root.policy_types.contains_key(policy_type)
            && !listed.any(|policy| policy.aws_managed)
    }

    fn unbelievable(&self, policy_type: &PolicyType) -> Unknown {
        Unknown {
            operation: "ListPolicies".to_owned(),
            reason: format!(
                "the listing of `{policy_type}` lacks the policies that AWS manages: account `{}` \
                 does not see the organization's policies; use credentials of the management account \
                 or of a delegated administrator",
                self.caller.account
            ),
        }
    }
}

/// Without knowing who asks whom, nothing is known.
pub(super) fn blind(snapshot: &mut OrgSnapshot, wanted: &Wanted, why: &Unknown) {
    let OrgSnapshot {
        caller: _,
        organization,
        root,
        tree,
        policies,
        trusted_services,
        delegated_administrators,
        tags: _,
        objects: _,
        listings: _,
    } = snapshot;
    *tree = Part::Unknown(why.clone());
    *trusted_services = Part::Unknown(why.clone());
    if organization.known().is_none() {
        *organization = Part::Unknown(why.clone());
    }
    *root = Part::Unknown(why.clone());
    for policy_type in &wanted.policy_types {
        policies.insert(policy_type.clone(), Part::Unknown(why.clone()));
    }
    for service in &wanted.services {
        delegated_administrators.insert(service.clone(), Part::Unknown(why.clone()));
    }
}

fn doubt_if<T>(part: &mut Part<T>, is_doubtful: impl Fn(&T) -> bool, why: &Unknown) {
    if part.known().is_some_and(is_doubtful) {
        *part = Part::Unknown(why.clone());
    }
}
