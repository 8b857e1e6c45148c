//! One pass: observe, plan, act. The same for a dry run, `apply`, the daemon, and after a crash.

use tokio::time::Instant;

use crate::act::{Journal, Permit, act};
use crate::cloud::Cloud;
use crate::compile::{Resources, estate, remember};
use crate::controller::touched::touched;
use crate::observe::{Observer, Wanted, WantedObjects};
use crate::org::OrgSnapshot;
use crate::plan::{Guards, Plan, plan};
use crate::status::{Abstention, Acted, Pass, PhaseSeconds};

/// What a pass may do about its plan.
#[derive(Clone, Copy)]
pub enum Hands<'a> {
    /// Nothing, for this reason.
    Tied(Abstention),
    /// Carry it out, as long as the permit holds, and write down every change.
    Free {
        /// Asked before every change.
        permit: &'a dyn Permit,
        /// Told of every change.
        journal: &'a dyn Journal,
    },
}

/// The first half of a pass: what is, and what would be done about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Looked {
    /// What was observed.
    pub snapshot: OrgSnapshot,
    /// What to do.
    pub plan: Plan,
    /// How long it took so far.
    pub took: PhaseSeconds,
}

/// A whole pass.
#[derive(Debug, Clone, PartialEq)]
pub struct Passed {
    /// What was observed.
    pub snapshot: OrgSnapshot,
    /// What was to be done.
    pub plan: Plan,
    /// What became of it.
    pub acted: Acted,
    /// How long each phase took.
    pub took: PhaseSeconds,
}

/// One pass.
pub async fn pass(
    cloud: &dyn Cloud,
    observer: &mut Observer,
    resources: &Resources,
    guards: &Guards,
    hands: Hands<'_>,
) -> Passed {
    let looked = look(cloud, observer, resources, guards).await;
    carry_out(cloud, observer, looked, hands).await
}

/// Observes and plans; changes nothing. May be dropped at any time.
pub async fn look(
    cloud: &dyn Cloud,
    observer: &mut Observer,
    resources: &Resources,
    guards: &Guards,
) -> Looked {
    let start = Instant::now();
    let mut looked = planned(survey(cloud, observer, resources).await, resources, guards);
    if !looked.plan.is_empty() && observer.forget_older() {
        looked = planned(survey(cloud, observer, resources).await, resources, guards);
    }
    looked.took.observe = (start.elapsed().as_secs_f64() - looked.took.plan).max(0.0);
    looked
}

fn planned(snapshot: OrgSnapshot, resources: &Resources, guards: &Guards) -> Looked {
    let start = Instant::now();
    let plan = plan(resources, &snapshot, guards);
    let took = PhaseSeconds { observe: 0.0, plan: start.elapsed().as_secs_f64(), act: 0.0 };
    Looked { snapshot, plan, took }
}

/// Observes all that `resources` speak of: the organization, and then the objects in the accounts that it
/// turns out to have.
pub async fn survey(
    cloud: &dyn Cloud,
    observer: &mut Observer,
    resources: &Resources,
) -> OrgSnapshot {
    // Boxed: a look is long, and whoever waits for it need not be as large.
    let mut snapshot = Box::pin(observer.observe(cloud, &wanted(resources))).await;
    survey_objects(cloud, observer, resources, &mut snapshot).await;
    snapshot
}

/// Adds to `snapshot` the objects in its accounts that `resources` speak of.
pub async fn survey_objects(
    cloud: &dyn Cloud,
    observer: &mut Observer,
    resources: &Resources,
    snapshot: &mut OrgSnapshot,
) {
    if let Some(objects) = wanted_objects(resources, snapshot) {
        observer.observe_objects(cloud, &objects, snapshot).await;
    }
}

/// Does what `looked` says is to be done. What was touched is observed anew the next time.
pub async fn carry_out(
    cloud: &dyn Cloud,
    observer: &mut Observer,
    looked: Looked,
    hands: Hands<'_>,
) -> Passed {
    let Looked { snapshot, plan, took } = looked;
    let start = Instant::now();
    let acted = match hands {
        Hands::Tied(why) => Acted::Abstained(why),
        // `act` asks again, live. This only keeps a pass that saw nothing from starting to.
        Hands::Free { .. } if !is_confirmed(&snapshot, &plan) => {
            Acted::Abstained(Abstention::Unconfirmed)
        }
        Hands::Free { permit, journal } => Acted::Tried(act(cloud, &plan, permit, journal).await),
    };
    for part in touched(&plan, &acted) {
        observer.touch(&part);
    }
    let took = PhaseSeconds { act: start.elapsed().as_secs_f64(), ..took };
    Passed { snapshot, plan, acted, took }
}

impl Looked {
    /// Plans anew on what was observed, within other limits.
    pub(in crate::controller) fn replan(&mut self, resources: &Resources, guards: &Guards) {
        self.plan = plan(resources, &self.snapshot, guards);
    }
}

impl Passed {
    /// The pass as status sees it.
    pub fn of<'a>(&'a self, resources: &'a Resources) -> Pass<'a> {
        Pass {
            resources,
            snapshot: &self.snapshot,
            plan: &self.plan,
            acted: &self.acted,
            took: self.took,
        }
    }
}

/// What has to be observed for `resources`.
pub fn wanted(resources: &Resources) -> Wanted {
    Wanted {
        policy_types: resources.quotas.keys().chain(&resources.policy_types).cloned().collect(),
        services: resources.delegated_administrators.keys().cloned().collect(),
        units: resources.units.clone(),
    }
}

/// The objects that have to be observed for `resources` in the accounts of `snapshot`. Nothing while its
/// accounts, or whether it is the right organization, are not known: what was seen before is then kept.
fn wanted_objects(resources: &Resources, snapshot: &OrgSnapshot) -> Option<WantedObjects> {
    let organization = snapshot.organization.known()?;
    let is_right = organization.id == resources.organization_id;
    let tree = snapshot.tree.known().filter(|_| is_right)?;
    let mut estate = estate(resources, tree, snapshot.partition());
    remember(&mut estate, resources, snapshot);
    Some(WantedObjects {
        installation: resources.installation.clone(),
        keys: estate.objects.into_keys().collect(),
        closed: estate.closed.into_iter().map(|place| place.query).collect(),
        queries: estate.queries,
    })
}

fn is_confirmed(snapshot: &OrgSnapshot, plan: &Plan) -> bool {
    let organization = snapshot.organization.known();
    organization.is_some_and(|organization| organization.id == plan.organization_id)
}
