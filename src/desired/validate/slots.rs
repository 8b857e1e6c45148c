//! How many policies a target can hold. What AWS attaches by itself takes a slot too.

use std::collections::BTreeMap;

use crate::desired::model::{DesiredOrg, DesiredTarget, Mode};
use crate::desired::problem::{Finding, ProblemCode};
use crate::desired::validate::Context;
use crate::desired::validate::policy::ReadPolicy;
use crate::org::PolicyType;

/// Reports the policies that no longer fit on a target.
pub(crate) fn check(policies: &[ReadPolicy<'_>], org: &DesiredOrg, context: &mut Context<'_>) {
    let mut used: BTreeMap<(&PolicyType, &DesiredTarget), usize> = BTreeMap::new();
    for policy in policies {
        if policy.desired.header.mode == Mode::Observe {
            continue;
        }
        let policy_type = &policy.desired.policy_type;
        let (max, by_aws) = (org.quota(policy_type).attached_max, attached_by_aws(policy_type));
        let free = max.saturating_sub(usize::from(by_aws.is_some()));
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
            let beside = by_aws.map(|name| format!(", one of them taken by `{name}`"));
            let finding = Finding::new(ProblemCode::OverQuota, message).help(format!(
                "AWS allows {max} attached `{policy_type}`{}; merge policies, or attach some to an \
                 OU above or below",
                beside.unwrap_or_default()
            ));
            let pointer = format!("/spec/targets/{index}");
            context.problem(policy.document, &pointer, finding);
        }
    }
}

/// The policy that AWS attaches to every target of its own accord.
fn attached_by_aws(policy_type: &PolicyType) -> Option<&'static str> {
    if *policy_type == PolicyType::service_control() {
        return Some("FullAWSAccess");
    }
    (*policy_type == PolicyType::resource_control()).then_some("RCPFullAWSAccess")
}
