//! Looks at the live object before it is changed or taken away: plans age.
//!
//! Only where AWS itself does not check. Moving an account names where it comes from, attaching twice and
//! creating a name twice are refused, an OU or policy in use cannot be deleted.

use std::collections::{BTreeMap, BTreeSet};

use crate::act::Outcome;
use crate::act::object;
use crate::act::resolve::Created;
use crate::cloud::{Cloud, CloudError, CloudErrorKind, Page};
use crate::org::{Mark, PolicyId, PolicyType, TargetId};
use crate::plan::{Action, Change, PolicyRef, PolicyText, TargetRef};

/// Pages of one listing that a precheck reads. A target holds at most 10 policies of a type and 50
/// tags, so 8 pages of 20 are more than any honest answer has, empty pages included.
const PAGES_MAX: usize = 8;

/// Finds out whether the live object is as the plan expects. `Err` is what to report instead of
/// acting.
pub(super) async fn precheck(
    cloud: &dyn Cloud,
    action: &Action,
    created: &Created,
) -> Result<(), Outcome> {
    match &action.change {
        Change::UpdatePolicy { id, before, after, .. } => {
            let live = read_policy(cloud, id).await.map_err(|error| Outcome::of_failure(&error))?;
            expect_text(&live, before, after)
        }
        Change::DeletePolicy { id, before, .. } => {
            let live = match read_policy(cloud, id).await {
                Ok(live) => live,
                Err(error) if error.kind == CloudErrorKind::NotFound => {
                    return Err(Outcome::AlreadyDone);
                }
                Err(error) => return Err(Outcome::of_failure(&error)),
            };
            if live != *before {
                return Err(changed_meanwhile(id.as_str()));
            }
            expect_mark(cloud, id.as_str(), action).await
        }
        Change::DeleteUnit { unit, .. } => expect_mark(cloud, unit.as_str(), action).await,
        Change::DetachPolicy { policy_type, policy, target, keeps, .. } => {
            expect_company(cloud, policy_type, policy, target, keeps, created).await
        }
        Change::Object(change) => object::precheck(cloud, action, change).await,
        Change::EnableTrustedService { .. }
        | Change::EnablePolicyType { .. }
        | Change::RegisterAdministrator { .. }
        | Change::DeregisterAdministrator { .. }
        | Change::CreateUnit { .. }
        | Change::MoveAccount { .. }
        | Change::CreatePolicy { .. }
        | Change::AttachPolicy { .. } => Ok(()),
    }
}

async fn read_policy(cloud: &dyn Cloud, id: &PolicyId) -> Result<PolicyText, CloudError> {
    let (summary, content) = cloud.policy(id.clone()).await?;
    Ok(PolicyText { name: summary.name, description: summary.description, content })
}

fn expect_text(live: &PolicyText, before: &PolicyText, after: &PolicyText) -> Result<(), Outcome> {
    if live == after {
        Err(Outcome::AlreadyDone)
    } else if live == before {
        Ok(())
    } else {
        Err(changed_meanwhile(&after.name))
    }
}

fn changed_meanwhile(object: &str) -> Outcome {
    Outcome::Superseded(format!("`{object}` has been changed since it was observed"))
}

/// What is deleted must carry the mark in its tags as well, for the document that the plan names.
async fn expect_mark(cloud: &dyn Cloud, id: &str, action: &Action) -> Result<(), Outcome> {
    let mut tags = BTreeMap::new();
    let mut page = None;
    for _ in 0..PAGES_MAX {
        let answer = cloud.tags(id.to_owned(), page).await;
        let Page { items, next } = match answer {
            Ok(answer) => answer,
            Err(error) if error.kind == CloudErrorKind::NotFound => {
                return Err(Outcome::AlreadyDone);
            }
            Err(error) => return Err(Outcome::of_failure(&error)),
        };
        tags.extend(items);
        page = next;
        if page.is_none() {
            break;
        }
    }
    match Mark::read_tags(&tags) {
        Some(mark) if mark.document == action.document && mark.prune => Ok(()),
        Some(_) | None => Err(Outcome::Refused(format!(
            "`{id}` is not deleted: its tags do not carry the mark of `{}`; delete it by hand, or tag it",
            action.document
        ))),
    }
}

/// What stays on a target when a policy goes must be there.
async fn expect_company(
    cloud: &dyn Cloud,
    policy_type: &PolicyType,
    policy: &PolicyId,
    target: &TargetRef,
    keeps: &BTreeSet<PolicyRef>,
    created: &Created,
) -> Result<(), Outcome> {
    let Some(target) = target.id() else {
        return Err(Outcome::Superseded(format!("`{target}` is not there yet")));
    };
    let live = attached(cloud, policy_type, target.clone())
        .await
        .map_err(|error| Outcome::of_failure(&error))?;
    if !live.contains(policy) {
        return Err(Outcome::AlreadyDone);
    }
    // What AWS attaches by itself has no id in a plan made before it did; it is not ours to count on.
    let missing = keeps
        .iter()
        .filter_map(|kept| created.policy(policy_type, kept).map(|id| (kept, id)))
        .find(|(_, id)| !live.contains(id));
    match missing {
        Some((kept, _)) => Err(Outcome::Superseded(format!(
            "`{}` should be on `{target}` before `{policy}` goes, and is not",
            kept.name
        ))),
        None => Ok(()),
    }
}

async fn attached(
    cloud: &dyn Cloud,
    policy_type: &PolicyType,
    target: TargetId,
) -> Result<BTreeSet<PolicyId>, CloudError> {
    let mut live = BTreeSet::new();
    let mut page = None;
    for _ in 0..PAGES_MAX {
        let answer = cloud.policies_on(target.clone(), policy_type.clone(), page).await?;
        live.extend(answer.items.into_iter().map(|policy| policy.id));
        page = answer.next;
        if page.is_none() {
            break;
        }
    }
    Ok(live)
}
