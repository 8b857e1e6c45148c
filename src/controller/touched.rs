//! Which parts of an observation a change makes old.

use std::collections::BTreeSet;

use crate::act::Outcome;
use crate::observe::Touched;
use crate::plan::{Change, Plan, PolicyRef};
use crate::status::Acted;

/// The parts that have to be observed anew after `plan` was carried out. Whether a change succeeded
/// does not matter: one that failed may have failed because what was observed is old.
pub(in crate::controller) fn touched(plan: &Plan, acted: &Acted) -> BTreeSet<Touched> {
    let outcomes = match acted {
        Acted::Tried(outcomes) => outcomes.as_slice(),
        Acted::Abstained(_) => &[],
    };
    let tried = plan.actions.iter().zip(outcomes).filter(|(_, outcome)| was_tried(outcome));
    let checked = match acted {
        Acted::Tried(_) => plan.checks.as_slice(),
        Acted::Abstained(_) => &[],
    };
    let checked = checked.iter().map(|check| Touched::Object(check.key.clone()));
    tried.flat_map(|(action, _)| parts(&action.change)).chain(checked).collect()
}

fn was_tried(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Done
        | Outcome::AlreadyDone
        | Outcome::Superseded(_)
        | Outcome::Postponed(_)
        | Outcome::Refused(_)
        | Outcome::Failed(_)
        | Outcome::Unclear(_) => true,
        Outcome::Skipped(_) | Outcome::Held | Outcome::Interrupted(_) => false,
    }
}

fn parts(change: &Change) -> Vec<Touched> {
    match change {
        Change::EnableTrustedService { .. } => vec![Touched::TrustedServices],
        // AWS attaches a policy of its own to everything when it switches a type on.
        Change::EnablePolicyType { policy_type, .. } => {
            vec![Touched::PolicyTypes, Touched::Policies(policy_type.clone())]
        }
        Change::RegisterAdministrator { service, .. }
        | Change::DeregisterAdministrator { service, .. } => {
            vec![Touched::Administrators(service.clone())]
        }
        Change::CreateUnit { .. } | Change::MoveAccount { .. } => vec![Touched::Tree],
        Change::DeleteUnit { unit, .. } => {
            vec![Touched::Tree, Touched::Tags(unit.as_str().to_owned())]
        }
        Change::CreatePolicy { policy_type, .. } => vec![Touched::Policies(policy_type.clone())],
        Change::UpdatePolicy { policy_type, id, .. } => {
            vec![Touched::Policies(policy_type.clone()), Touched::Document(id.clone())]
        }
        Change::DeletePolicy { policy_type, id, .. } => {
            vec![Touched::Policies(policy_type.clone()), Touched::Targets(id.clone())]
        }
        Change::AttachPolicy { policy_type, policy, .. } => match policy {
            PolicyRef { id: Some(id), .. } => vec![Touched::Targets(id.clone())],
            PolicyRef { id: None, .. } => vec![Touched::Policies(policy_type.clone())],
        },
        Change::DetachPolicy { policy, .. } => vec![Touched::Targets(policy.clone())],
        Change::Object(change) => vec![Touched::Object(change.key.clone())],
    }
}
