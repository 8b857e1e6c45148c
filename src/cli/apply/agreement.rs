//! What a person agreed to: the changes that were shown, and no others.
//!
//! Ids that AWS gives while a plan is carried out are no news, and neither is what a policy said before
//! it is overwritten. Everything else is.

use std::collections::BTreeSet;

use crate::plan::{Action, Change, ObjectChange, Plan, PolicyText, TargetRef, UnitRef};

/// The changes that were shown.
#[derive(Debug, Clone, Default)]
pub(super) struct Agreement {
    shown: BTreeSet<String>,
    /// The ones among them that were shown as needing approval.
    approved: BTreeSet<String>,
}

/// How two plans differ.
#[derive(Debug, Default)]
pub(super) struct Moved<'a> {
    /// Actions that are no longer planned.
    pub(super) gone: Vec<&'a Action>,
    /// Actions that were not planned.
    pub(super) new: Vec<&'a Action>,
}

impl Agreement {
    /// Agrees to everything in `plan`.
    pub(super) fn extend(&mut self, plan: &Plan) {
        for action in &plan.actions {
            let intent = intent(action);
            if action.hold.is_some() {
                self.approved.insert(intent.clone());
            }
            self.shown.insert(intent);
        }
    }

    /// What `plan` holds that was not agreed to.
    pub(super) fn lacks<'a>(&self, plan: &'a Plan) -> Vec<&'a Action> {
        let lacks = |action: &&Action| {
            let agreed = if action.hold.is_some() { &self.approved } else { &self.shown };
            !agreed.contains(&intent(action))
        };
        plan.actions.iter().filter(lacks).collect()
    }
}

impl<'a> Moved<'a> {
    /// How `now` differs from `then`; nothing when it does not.
    ///
    /// Stricter than an agreement: what a policy said before counts, and so does what waits for what.
    pub(super) fn between(then: &'a Plan, now: &'a Plan) -> Option<Self> {
        let moved = Self { gone: without(then, now), new: without(now, then) };
        let is_same = moved.gone.is_empty()
            && moved.new.is_empty()
            && then.actions.len() == now.actions.len();
        (!is_same).then_some(moved)
    }
}

/// The actions of `one` that `other` does not have.
fn without<'a>(one: &'a Plan, other: &Plan) -> Vec<&'a Action> {
    let known: BTreeSet<String> = other.actions.iter().map(|action| exact(action, other)).collect();
    one.actions.iter().filter(|action| !known.contains(&exact(action, one))).collect()
}

/// An action with everything that it does, needs and waits for; places in the order do not matter.
fn exact(action: &Action, plan: &Plan) -> String {
    let after: BTreeSet<String> =
        action.after.iter().filter_map(|index| plan.actions.get(*index)).map(intent).collect();
    format!("{} {:?} {:?} after {after:?}", action.document, action.hold, action.change)
}

/// What an action is meant to do, whatever ids things have.
fn intent(action: &Action) -> String {
    let mut change = action.change.clone();
    match &mut change {
        Change::CreateUnit { path: _, parent, tags: _ } => forget_unit(parent),
        Change::MoveAccount { account: _, from: _, from_path: _, to } => forget_unit(to),
        Change::AttachPolicy { policy_type: _, policy, target } => {
            policy.id = None;
            forget_target(target);
        }
        Change::DetachPolicy { policy_type: _, policy: _, name: _, target, keeps } => {
            keeps.clear();
            forget_target(target);
        }
        Change::UpdatePolicy { policy_type: _, id: _, before, after: _, tags: _ } => {
            let nothing = String::new;
            *before = PolicyText { name: nothing(), description: nothing(), content: nothing() };
        }
        // One that was created and not finished is changed next, to the same end.
        Change::Object(change) => {
            let ObjectChange { key: _, before, after: _, steps } = change.as_mut();
            *before = None;
            steps.clear();
        }
        Change::EnableTrustedService { .. }
        | Change::EnablePolicyType { .. }
        | Change::RegisterAdministrator { .. }
        | Change::DeregisterAdministrator { .. }
        | Change::DeleteUnit { .. }
        | Change::CreatePolicy { .. }
        | Change::DeletePolicy { .. } => {}
    }
    format!("{} {change:?}", action.document)
}

fn forget_unit(unit: &mut UnitRef) {
    unit.id = None;
}

fn forget_target(target: &mut TargetRef) {
    match target {
        TargetRef::Unit(unit) => forget_unit(unit),
        TargetRef::Account(_, _) => {}
    }
}
