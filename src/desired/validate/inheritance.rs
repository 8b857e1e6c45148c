//! Attachments that do nothing because the policy is inherited already. They take slots for nothing.

use crate::desired::model::{DesiredOrg, DesiredPolicy, DesiredTarget};
use crate::desired::problem::{Finding, ProblemCode};
use crate::desired::validate::policy::ReadPolicy;
use crate::desired::validate::{Context, content};
use crate::org::OuPath;
use crate::policy::Language;

/// Warns of targets that lie below another target of the same policy.
///
/// Only of policies that do nothing but deny: what allows must be attached at every level to allow
/// anything, and what a management policy says twice may add up.
pub(crate) fn check(policies: &[ReadPolicy<'_>], org: &DesiredOrg, context: &mut Context<'_>) {
    for policy in policies.iter().filter(|policy| only_denies(&policy.desired)) {
        for (index, target) in policy.targets.iter().enumerate() {
            let Some(target) = target else { continue };
            let mut others = policy.targets.iter().flatten().filter(|other| *other != target);
            let Some(above) = others.find_map(|other| holds(other, target, org)) else { continue };
            let message = format!("the policy comes from `{above}` already");
            let finding = Finding::new(ProblemCode::InvalidValue, message)
                .help("take this target out: a deny is inherited by everything below");
            context.warning(policy.document, &format!("/spec/targets/{index}"), finding);
        }
    }
}

/// The path of `above`, if `target` lies in it.
pub(crate) fn holds<'a>(
    above: &'a DesiredTarget,
    target: &DesiredTarget,
    org: &DesiredOrg,
) -> Option<&'a OuPath> {
    let DesiredTarget::Unit(above) = above else { return None };
    let place = match target {
        DesiredTarget::Unit(path) => Some(path),
        // Nothing reaches it by inheritance either, and that is warned of.
        DesiredTarget::Account(id) if *id == org.management_account => return None,
        DesiredTarget::Account(id) => org.placements.get(id),
    };
    let is_below = place.is_some_and(|place| above.contains(place)) || above.depth() == 0;
    is_below.then_some(above)
}

fn only_denies(policy: &DesiredPolicy) -> bool {
    policy.policy_type.facts().language == Language::Iam
        && content::statements(&policy.content)
            .iter()
            .all(|statement| statement["Effect"] == "Deny")
}
