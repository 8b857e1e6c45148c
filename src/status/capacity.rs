//! How full policies and targets are, before AWS says `limit exceeded`.

use std::collections::BTreeMap;

use crate::compile::Resources;
use crate::org::{DocumentRef, OrgSnapshot, PolicyType, PolicyTypeStatus, TargetId};

/// The size of every document's policy, as a share of what its type allows; of one that shares a policy
/// the size of its own part, since a shared policy that is full is followed by another.
pub(in crate::status) fn sizes_used(resources: &Resources) -> BTreeMap<&DocumentRef, f64> {
    resources
        .policies
        .iter()
        .flat_map(|(key, policy)| {
            let allowed = resources
                .quotas
                .get(&key.policy_type)
                .copied()
                .unwrap_or_else(|| key.policy_type.facts().quota)
                .characters_max;
            let own = policy
                .members
                .is_empty()
                .then(|| (&policy.document, ratio(policy.content.chars().count(), allowed)));
            let members = policy.members.iter();
            own.into_iter()
                .chain(members.map(move |one| (&one.document, ratio(one.characters, allowed))))
        })
        .collect()
}

/// The policies on the fullest target of every type, as a share of what the type allows. A type whose
/// attachments are not all known is left out.
pub(in crate::status) fn slots_used(
    resources: &Resources,
    snapshot: &OrgSnapshot,
) -> BTreeMap<PolicyType, f64> {
    resources
        .quotas
        .iter()
        .filter_map(|(policy_type, quota)| {
            let mut attached: BTreeMap<&TargetId, usize> = BTreeMap::new();
            for policy in snapshot.policies_of(policy_type)?.values() {
                for target in policy.targets.known()? {
                    *attached.entry(target).or_default() += 1;
                }
            }
            let fullest = attached.values().max().copied().unwrap_or_default();
            Some((policy_type.clone(), ratio(fullest, quota.attached_max)))
        })
        .collect()
}

/// Is each policy type that desired state needs switched on? Disabling one detaches every policy of it
/// ("Disabling a policy type", AWS Organizations User Guide). Empty while the root is not known.
pub(in crate::status) fn types_enabled(
    resources: &Resources,
    snapshot: &OrgSnapshot,
) -> BTreeMap<PolicyType, bool> {
    let Some(root) = snapshot.root.known() else { return BTreeMap::new() };
    let needed = resources.quotas.keys().chain(&resources.policy_types);
    needed
        .map(|policy_type| {
            let status = root.policy_types.get(policy_type);
            (policy_type.clone(), status == Some(&PolicyTypeStatus::Enabled))
        })
        .collect()
}

fn ratio(used: usize, allowed: usize) -> f64 {
    let float = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    if allowed == 0 { 1.0 } else { float(used) / float(allowed) }
}
