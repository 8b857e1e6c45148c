//! How full policies and targets are, before AWS says `limit exceeded`.

use std::collections::BTreeMap;

use crate::compile::Resources;
use crate::org::{DocumentRef, OrgSnapshot, PolicyType, PolicyTypeStatus, TargetId};
use crate::status::{Pass, Report};

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

/// The policies on the fullest target of every type, as a share of what the type allows; of a type whose
/// attachments are not all known, as it last was.
pub(in crate::status) fn slots_used(
    pass: &Pass<'_>,
    previous: Option<&Report>,
) -> BTreeMap<PolicyType, f64> {
    let quotas = pass.resources.quotas.iter();
    quotas
        .filter_map(|(policy_type, quota)| {
            let used = fullest(pass.snapshot, policy_type)
                .map(|fullest| ratio(fullest, quota.attached_max))
                .or_else(|| previous?.policy_slots_used.get(policy_type).copied());
            Some((policy_type.clone(), used?))
        })
        .collect()
}

/// How many policies are on the target with most of this type.
fn fullest(snapshot: &OrgSnapshot, policy_type: &PolicyType) -> Option<usize> {
    let mut attached: BTreeMap<&TargetId, usize> = BTreeMap::new();
    for policy in snapshot.policies_of(policy_type)?.values() {
        for target in policy.targets.known()? {
            *attached.entry(target).or_default() += 1;
        }
    }
    Some(attached.values().max().copied().unwrap_or_default())
}

/// Is each policy type that desired state needs switched on? Disabling one detaches every policy of it
/// ("Disabling a policy type", AWS Organizations User Guide). As it last was while the root is not known.
pub(in crate::status) fn types_enabled(
    pass: &Pass<'_>,
    previous: Option<&Report>,
) -> BTreeMap<PolicyType, bool> {
    let root = pass.snapshot.root.known();
    let needed = pass.resources.quotas.keys().chain(&pass.resources.policy_types);
    needed
        .filter_map(|policy_type| {
            let enabled = match root {
                Some(root) => {
                    let status = root.policy_types.get(policy_type);
                    Some(status == Some(&PolicyTypeStatus::Enabled))
                }
                None => previous?.policy_types_enabled.get(policy_type).copied(),
            };
            Some((policy_type.clone(), enabled?))
        })
        .collect()
}

fn ratio(used: usize, allowed: usize) -> f64 {
    let float = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    if allowed == 0 { 1.0 } else { float(used) / float(allowed) }
}
