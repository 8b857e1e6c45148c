//! From what should be and what is to what to do, in which order. Pure, deterministic, cannot fail.
//!
//! Invariants, each held by a property in `tests/it/planning.rs`:
//!
//! - The plan of an organization that is as it should be is empty.
//! - An object that is not ours by mark or by name is never in an action.
//! - What is not known is in no action that takes something away.
//! - Every prefix of the order keeps every guardrail that is in force at the start and wanted at the end.
//! - No target falls below one SCP or above its slots, at any step.
//! - Deleting a policy, taking one over, and detaching an allow list always wait for approval; so does
//!   a shared policy that loses a guardrail. What only passes from one policy to another is no loss.
//! - No step, in any order that the edges allow, denies a call that must work and worked before.

mod action;
mod attachments;
mod concerned;
mod draft;
mod edges;
mod forecast;
mod gap;
mod guard;
mod lockout;
mod objects;
mod order;
mod organization;
mod outlook;
mod packs;
mod policies;
mod unmanaged;
mod view;

pub use crate::plan::action::{
    Action, Blocked, BlockedReason, Change, Check, Held, Hold, ObjectChange, Plan, PolicyRef,
    PolicyText, Reported, Reworded, TargetRef, UnitRef,
};
pub use crate::plan::forecast::{Foreseen, forecast};
pub use crate::plan::guard::Guards;
pub use crate::plan::lockout::{Lockout, LockoutState, ORGANIZATION_ACTIONS};
pub use crate::plan::objects::{is_as_wanted, object_steps};
pub use crate::plan::unmanaged::{Unmanaged, UnmanagedKind};

use crate::compile::Resources;
use crate::org::OrgSnapshot;
use crate::plan::draft::Draft;
use crate::plan::view::View;

/// Compares `resources` with `snapshot` and says what to do.
pub fn plan(resources: &Resources, snapshot: &OrgSnapshot, guards: &Guards) -> Plan {
    let mut draft = Draft::new(resources);
    let (mut actions, mut lockouts) = (Vec::new(), Vec::new());
    match View::of(resources, snapshot) {
        Ok(view) => {
            organization::compare(&view, &mut draft);
            policies::compare(&view, &mut draft);
            objects::compare(&view, &mut draft);
            let (ordered, tied) = order::order(&view, std::mem::take(&mut draft.proposals));
            let proved = lockout::prove(&view, ordered, tied);
            draft.blocked.extend(proved.blocked);
            (actions, lockouts) = (proved.actions, proved.lockouts);
        }
        Err((reason, message)) => {
            let document = &resources.organization_document;
            draft.block(document, reason, resources.organization_id.as_str(), message);
        }
    }
    let organization_id = resources.organization_id.clone();
    let held = guard::hold(&organization_id, &mut actions, guards, &resources.approved);
    let Draft { reported, mut blocked, mut reworded, mut unmanaged, checks, .. } = draft;
    reworded.sort();
    blocked.sort();
    blocked.dedup();
    unmanaged.sort();
    Plan {
        organization_id,
        actions,
        held,
        reported,
        blocked,
        lockouts,
        reworded,
        unmanaged,
        checks,
    }
}
