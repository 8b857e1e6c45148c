//! The pass, without a daemon around it, against a simulated organization.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use palisade::act::{Entry, Journal, JournalError, Outcome, Unconditional, act};
use palisade::cloud::Cloud;
use palisade::cloud::simulated::SimulatedCloud;
use palisade::compile::{Resources, estate, remember};
use palisade::controller::survey;
use palisade::observe::Observer;
use palisade::org::{OrgSnapshot, Part};
use palisade::plan::{Guards, Plan, plan};

/// Counts what it is given.
#[derive(Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn entries(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Journal for Counter {
    fn check(&self) -> Result<(), JournalError> {
        Ok(())
    }

    fn record(&self, _entry: &Entry) -> Result<(), JournalError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// Who says yes to what a plan holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Approver {
    Nobody,
    Everybody,
}

/// Plans, with or without the approval that the plan itself asks for.
pub(super) fn plan_for(resources: &Resources, snapshot: &OrgSnapshot, approver: Approver) -> Plan {
    let mut guards =
        Guards { max_changes: usize::MAX, max_deletes: usize::MAX, approved: BTreeSet::new() };
    let first = plan(resources, snapshot, &guards);
    match (&first.held, approver) {
        (Some(held), Approver::Everybody) => {
            guards.approved.insert(held.hash.clone());
            plan(resources, snapshot, &guards)
        }
        (Some(_) | None, Approver::Nobody) | (None, Approver::Everybody) => first,
    }
}

/// Is there anything in the plan that would be carried out?
pub(super) fn has_work(plan: &Plan) -> bool {
    let approved = plan.held.as_ref().is_some_and(|held| held.approved);
    let runs = |index: &usize| approved || plan.actions[*index].hold.is_none();
    let mut possible = BTreeSet::new();
    for index in (0..plan.actions.len()).filter(runs) {
        if plan.actions[index].after.is_subset(&possible) {
            possible.insert(index);
        }
    }
    !possible.is_empty()
}

/// One pass that knows nothing from before.
pub(super) async fn pass(
    cloud: &dyn Cloud,
    resources: &Resources,
    approver: Approver,
    journal: &Counter,
) -> (Plan, Vec<Outcome>) {
    let snapshot = observe(cloud, resources).await;
    let plan = plan_for(resources, &snapshot, approver);
    let outcomes = act(cloud, &plan, &Unconditional, journal).await;
    (plan, outcomes)
}

pub(super) async fn observe(cloud: &dyn Cloud, resources: &Resources) -> OrgSnapshot {
    survey(cloud, &mut Observer::new(Duration::ZERO), resources).await
}

/// The organization as a perfect observer would see it: also which objects are not there.
pub(super) fn truth(cloud: &SimulatedCloud, resources: &Resources) -> OrgSnapshot {
    let mut truth = cloud.truth();
    let mut wanted = estate(resources, truth.tree.known().unwrap(), truth.partition());
    remember(&mut wanted, resources, &truth);
    for key in wanted.objects.into_keys() {
        truth.objects.entry(key).or_insert(Part::Known(None));
    }
    for query in wanted.queries {
        truth.listings.entry(query).or_insert(Part::Known(Vec::new()));
    }
    truth
}
