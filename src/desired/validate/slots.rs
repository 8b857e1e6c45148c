//! How many policies a target can hold. What AWS attaches by itself takes a slot too, and guardrails
//! that share a policy take one together.

use std::collections::{BTreeMap, BTreeSet};

use crate::desired::model::{DesiredOrg, DesiredPolicy, DesiredTarget, Packing};
use crate::desired::packing::arrange;
use crate::desired::problem::{Finding, ProblemCode};
use crate::desired::validate::Context;
use crate::desired::validate::policy::ReadPolicy;
use crate::org::PolicyType;

/// Reports the policies that no longer fit on a target.
pub(crate) fn check(policies: &[ReadPolicy<'_>], org: &DesiredOrg, context: &mut Context<'_>) {
    let desired: Vec<&DesiredPolicy> = policies.iter().map(|policy| &policy.desired).collect();
    let packs = arrange(org, &desired, context.today);
    // Of a shared policy only the first member counts.
    let followers: BTreeSet<usize> =
        packs.iter().flat_map(|pack| &pack.members[1..]).copied().collect();
    let mut used: BTreeMap<(&PolicyType, &DesiredTarget), usize> = BTreeMap::new();
    for (at, policy) in policies.iter().enumerate() {
        if !policy.desired.takes_slots() || followers.contains(&at) {
            continue;
        }
        let policy_type = &policy.desired.policy_type;
        let free = org.free_slots(policy_type);
        for (index, target) in policy.targets.iter().enumerate() {
            let Some(target) = target else { continue };
            let count = used.entry((policy_type, target)).or_default();
            *count += 1;
            if *count <= free {
                continue;
            }
            let message = format!(
                "the target has room for {free} of these policies, and this is number {count}"
            );
            let finding =
                Finding::new(ProblemCode::OverQuota, message).help(advice(org, policy_type));
            let pointer = format!("/spec/targets/{index}");
            context.problem(policy.document, &pointer, finding);
        }
    }
}

fn advice(org: &DesiredOrg, policy_type: &PolicyType) -> String {
    let max = org.quota(policy_type).attached_max;
    let by_aws = policy_type.attached_by_aws();
    let by_aws = by_aws.map(|name| format!(", one of them taken by `{name}`")).unwrap_or_default();
    let reserved = match org.reserved.get(policy_type) {
        None | Some(0) => String::new(),
        Some(reserved) => format!(", {reserved} reserved by `quotas`"),
    };
    let packed = match org.packing {
        Packing::Never => "let guardrails share policies (`packing: needed`), ",
        Packing::Needed | Packing::Always => "",
    };
    format!(
        "AWS allows {max} attached `{policy_type}`{by_aws}{reserved}; {packed}merge policies, or \
         attach some to an OU above or below"
    )
}
