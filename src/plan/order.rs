//! The order of a plan: what must have succeeded before what.
//!
//! The edges keep every prefix of the plan safe. Guardrails arrive before accounts do and before the
//! guardrails they replace go:
//!
//! ```text
//! trusted service ─► policy type ─► OU ─► policy ─► strengthening update ─► attach ─► weakening update
//!                                                                             │              │
//!                                                                             ▼              ▼
//!                                                                       move account ─► detach ─► delete
//! ```

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use crate::compile::DesiredTarget;
use crate::org::{AccountId, OuPath, PolicyType};
use crate::plan::action::{Action, Change, Hold, TargetRef};
use crate::plan::draft::{Danger, Proposal, Role};
use crate::plan::view::View;

/// Puts proposals into order and says what each waits for.
pub(super) fn order(view: &View<'_>, proposals: Vec<Proposal>) -> Vec<Action> {
    let index = Index::of(view, &proposals);
    let waits: Vec<BTreeSet<usize>> = (0..proposals.len()).map(|at| index.waits(at)).collect();
    let sequence = sequence(&proposals, &waits);
    let mut position = vec![0; proposals.len()];
    for (new, old) in sequence.iter().enumerate() {
        position[*old] = new;
    }
    let mut proposals: Vec<Option<Proposal>> = proposals.into_iter().map(Some).collect();
    let take = |old: usize| proposals.get_mut(old).and_then(Option::take);
    sequence
        .iter()
        .copied()
        .map(take)
        .zip(&sequence)
        .filter_map(|(proposal, old)| {
            let Proposal { document, change, reason, weight } = proposal?;
            // In a cycle, which the edges below cannot make, only what comes earlier counts.
            let earlier = |other: &usize| *other < position[*old];
            let after = waits[*old].iter().map(|other| position[*other]).filter(earlier).collect();
            let hold = (weight.danger == Danger::Yes).then_some(Hold::Dangerous);
            Some(Action { document, change, reason, after, hold })
        })
        .collect()
}

/// A topological order; among what is ready, by kind and then as proposed.
fn sequence(proposals: &[Proposal], waits: &[BTreeSet<usize>]) -> Vec<usize> {
    let mut followers: Vec<Vec<usize>> = vec![Vec::new(); proposals.len()];
    let mut missing: Vec<usize> = waits.iter().map(BTreeSet::len).collect();
    for (at, waits) in waits.iter().enumerate() {
        for other in waits {
            followers[*other].push(at);
        }
    }
    let key = |at: usize| Reverse((rank(&proposals[at].change), at));
    let mut ready: BinaryHeap<_> =
        (0..proposals.len()).filter(|at| missing[*at] == 0).map(key).collect();
    let mut sequence = Vec::with_capacity(proposals.len());
    let mut placed = BTreeSet::new();
    while sequence.len() < proposals.len() {
        let next = match ready.pop() {
            Some(Reverse((_, at))) => at,
            None => match (0..proposals.len()).find(|at| !placed.contains(at)) {
                Some(at) => at,
                None => break,
            },
        };
        if !placed.insert(next) {
            continue;
        }
        sequence.push(next);
        for follower in &followers[next] {
            missing[*follower] = missing[*follower].saturating_sub(1);
            if missing[*follower] == 0 {
                ready.push(key(*follower));
            }
        }
    }
    sequence
}

fn rank(change: &Change) -> u8 {
    match change {
        Change::EnableTrustedService { .. } => 0,
        Change::EnablePolicyType { .. } => 1,
        Change::DeregisterAdministrator { .. } => 2,
        Change::RegisterAdministrator { .. } => 3,
        Change::CreateUnit { .. } => 4,
        Change::CreatePolicy { .. } => 5,
        Change::UpdatePolicy { .. } => 6,
        Change::AttachPolicy { .. } => 7,
        Change::MoveAccount { .. } => 8,
        Change::DetachPolicy { .. } => 9,
        Change::DeletePolicy { .. } => 10,
        Change::DeleteUnit { .. } => 11,
    }
}

type Indices = BTreeSet<usize>;

/// Proposals by what others look them up by.
struct Index<'a> {
    proposals: &'a [Proposal],
    /// Paths above and at every target that matters, the destination of a moving account included.
    lineages: BTreeMap<DesiredTarget, BTreeSet<DesiredTarget>>,
    services: BTreeMap<&'a str, usize>,
    types: BTreeMap<&'a PolicyType, usize>,
    deregistrations: BTreeMap<&'a str, Indices>,
    units: BTreeMap<&'a OuPath, usize>,
    policies: BTreeMap<(&'a PolicyType, &'a str), usize>,
    /// By type and id: the update, and where the policy is attached now.
    updates: BTreeMap<(&'a PolicyType, &'a str), usize>,
    attaches: Placed,
    detaches: BTreeMap<(&'a PolicyType, &'a str), Indices>,
    room: BTreeMap<(&'a PolicyType, DesiredTarget), Indices>,
    updated: Placed,
    moves: Vec<(usize, &'a AccountId, &'a OuPath)>,
    unit_deletions: BTreeMap<&'a OuPath, usize>,
}

/// Indices by type and place, and by every place above.
#[derive(Default)]
struct Placed {
    at: BTreeMap<(PolicyType, DesiredTarget), Indices>,
    below: BTreeMap<(PolicyType, DesiredTarget), Indices>,
}

impl Placed {
    fn add(
        &mut self,
        policy_type: &PolicyType,
        place: &DesiredTarget,
        lineage: &BTreeSet<DesiredTarget>,
        index: usize,
    ) {
        self.at.entry((policy_type.clone(), place.clone())).or_default().insert(index);
        for above in lineage {
            self.below.entry((policy_type.clone(), above.clone())).or_default().insert(index);
        }
    }

    /// Everything at, above or below a place.
    fn around(
        &self,
        policy_type: &PolicyType,
        place: &DesiredTarget,
        lineage: &BTreeSet<DesiredTarget>,
    ) -> Indices {
        let above =
            lineage.iter().filter_map(|above| self.at.get(&(policy_type.clone(), above.clone())));
        above
            .chain(self.below.get(&(policy_type.clone(), place.clone())))
            .flatten()
            .copied()
            .collect()
    }

    /// Everything of any type exactly at one of the places.
    fn at_any(&self, places: &BTreeSet<DesiredTarget>) -> Indices {
        let hits = self.at.iter().filter(|((_, place), _)| places.contains(place));
        hits.flat_map(|(_, indices)| indices).copied().collect()
    }
}

impl<'a> Index<'a> {
    fn of(view: &View<'_>, proposals: &'a [Proposal]) -> Self {
        let mut index = Self {
            proposals,
            lineages: BTreeMap::new(),
            services: BTreeMap::new(),
            types: BTreeMap::new(),
            deregistrations: BTreeMap::new(),
            units: BTreeMap::new(),
            policies: BTreeMap::new(),
            updates: BTreeMap::new(),
            attaches: Placed::default(),
            detaches: BTreeMap::new(),
            room: BTreeMap::new(),
            updated: Placed::default(),
            moves: Vec::new(),
            unit_deletions: BTreeMap::new(),
        };
        let destinations: BTreeMap<&AccountId, &OuPath> =
            proposals.iter().filter_map(|proposal| destination(&proposal.change)).collect();
        for (at, proposal) in proposals.iter().enumerate() {
            index.enter(view, &destinations, at, proposal);
        }
        index
    }

    fn enter(
        &mut self,
        view: &View<'_>,
        destinations: &BTreeMap<&AccountId, &OuPath>,
        at: usize,
        proposal: &'a Proposal,
    ) {
        match &proposal.change {
            Change::EnableTrustedService { service } => {
                self.services.insert(service, at);
            }
            Change::EnablePolicyType { policy_type, .. } => {
                self.types.insert(policy_type, at);
            }
            Change::DeregisterAdministrator { service, .. } => {
                self.deregistrations.entry(service).or_default().insert(at);
            }
            Change::CreateUnit { path, .. } => {
                self.units.insert(path, at);
            }
            Change::DeleteUnit { path, .. } => {
                self.unit_deletions.insert(path, at);
            }
            Change::MoveAccount { account, from_path, .. } => {
                self.moves.push((at, account, from_path));
            }
            Change::CreatePolicy { policy_type, policy, .. } => {
                self.policies.insert((policy_type, &policy.name), at);
            }
            Change::UpdatePolicy { policy_type, id, .. } => {
                self.updates.insert((policy_type, id.as_str()), at);
                let policy =
                    view.snapshot.policies_of(policy_type).and_then(|policies| policies.get(id));
                let targets =
                    policy.and_then(|policy| policy.targets.known()).into_iter().flatten();
                for place in targets.filter_map(|target| view.place(target)) {
                    let lineage = self.lineage(view, destinations, &place);
                    self.updated.add(policy_type, &place, &lineage, at);
                }
            }
            Change::RegisterAdministrator { .. } | Change::DeletePolicy { .. } => {}
            Change::AttachPolicy { policy_type, target, .. } => {
                let place = place_of(target);
                let lineage = self.lineage(view, destinations, &place);
                self.attaches.add(policy_type, &place, &lineage, at);
            }
            Change::DetachPolicy { policy_type, policy, target, .. } => {
                let place = place_of(target);
                self.lineage(view, destinations, &place);
                self.detaches.entry((policy_type, policy.as_str())).or_default().insert(at);
                if proposal.weight.role == Role::MakesRoom {
                    self.room.entry((policy_type, place)).or_default().insert(at);
                }
            }
        }
    }

    /// A place and everything above it, now and after the plan.
    fn lineage(
        &mut self,
        view: &View<'_>,
        destinations: &BTreeMap<&AccountId, &OuPath>,
        place: &DesiredTarget,
    ) -> BTreeSet<DesiredTarget> {
        let lineage = self.lineages.entry(place.clone()).or_insert_with(|| {
            let paths: Vec<&OuPath> = match place {
                DesiredTarget::Unit(path) => vec![path],
                DesiredTarget::Account(id) => {
                    view.account_path(id).into_iter().chain(destinations.get(id).copied()).collect()
                }
            };
            std::iter::once(place.clone()).chain(paths.into_iter().flat_map(upwards)).collect()
        });
        lineage.clone()
    }

    /// What the proposal at `at` waits for.
    fn waits(&self, at: usize) -> Indices {
        let mut waits = match &self.proposals[at].change {
            Change::EnableTrustedService { .. } | Change::DeregisterAdministrator { .. } => {
                Indices::new()
            }
            Change::EnablePolicyType { .. } => self.services.values().copied().collect(),
            Change::RegisterAdministrator { service, .. } => {
                let others = self.deregistrations.get(service.as_str()).into_iter().flatten();
                others.chain(self.services.get(service.as_str())).copied().collect()
            }
            Change::CreateUnit { path, .. } => path
                .parent()
                .and_then(|parent| self.units.get(&parent))
                .into_iter()
                .copied()
                .collect(),
            Change::CreatePolicy { policy_type, .. } => {
                self.types.get(policy_type).into_iter().copied().collect()
            }
            Change::UpdatePolicy { policy_type, .. } => self.before_update(at, policy_type),
            Change::AttachPolicy { policy_type, policy, target } => {
                let id = policy.id.as_ref().map_or("", |id| id.as_str());
                let mut waits: Indices = [
                    self.types.get(policy_type),
                    self.policies.get(&(policy_type, policy.name.as_str())),
                    self.updates.get(&(policy_type, id)),
                    self.unit_of(target),
                ]
                .into_iter()
                .flatten()
                .copied()
                .collect();
                if self.proposals[at].weight.role == Role::NeedsRoom {
                    waits.extend(
                        self.room.get(&(policy_type, place_of(target))).into_iter().flatten(),
                    );
                }
                waits
            }
            Change::MoveAccount { account, to, .. } => {
                let mut places: BTreeSet<DesiredTarget> = upwards(&to.path).collect();
                places.insert(DesiredTarget::Account(account.clone()));
                let mut waits = self.attaches.at_any(&places);
                waits.extend(self.units.get(&to.path));
                waits
            }
            Change::DetachPolicy { policy_type, target, .. } => {
                self.before_detach(at, policy_type, target)
            }
            Change::DeletePolicy { policy_type, id, .. } => self
                .detaches
                .get(&(policy_type, id.as_str()))
                .into_iter()
                .flatten()
                .copied()
                .collect(),
            Change::DeleteUnit { path, .. } => {
                let moves = self
                    .moves
                    .iter()
                    .filter(|(_, _, from)| path.contains(from))
                    .map(|(at, ..)| *at);
                let children = self.unit_deletions.iter().filter(|(other, _)| path.contains(other));
                moves.chain(children.map(|(_, at)| *at)).collect()
            }
        };
        waits.remove(&at);
        waits
    }

    /// An update that takes nothing away can go at once. One that does waits for what may say it
    /// instead: attaches around it, and updates that only add.
    fn before_update(&self, at: usize, policy_type: &PolicyType) -> Indices {
        if self.proposals[at].weight.role != Role::Weakens {
            return Indices::new();
        }
        let places = self
            .updated
            .at
            .iter()
            .filter(|((of_type, _), updates)| of_type == policy_type && updates.contains(&at));
        let around: Indices = places
            .flat_map(|((_, place), _)| {
                let lineage = &self.lineages[place];
                let mut around = self.attaches.around(policy_type, place, lineage);
                around.extend(self.updated.around(policy_type, place, lineage));
                around
            })
            .collect();
        around.into_iter().filter(|other| !self.is_weakened(*other)).collect()
    }

    /// Is the proposal a weakening update, or the attach of a policy that is being weakened? Such an
    /// attach itself waits for the update.
    fn is_weakened(&self, other: usize) -> bool {
        let weakens = |at: usize| self.proposals[at].weight.role == Role::Weakens;
        match &self.proposals[other].change {
            Change::AttachPolicy { policy_type, policy, .. } => {
                let id = policy.id.as_ref().map_or("", |id| id.as_str());
                self.updates.get(&(policy_type, id)).is_some_and(|update| weakens(*update))
            }
            Change::UpdatePolicy { .. }
            | Change::EnableTrustedService { .. }
            | Change::EnablePolicyType { .. }
            | Change::RegisterAdministrator { .. }
            | Change::DeregisterAdministrator { .. }
            | Change::CreateUnit { .. }
            | Change::DeleteUnit { .. }
            | Change::MoveAccount { .. }
            | Change::CreatePolicy { .. }
            | Change::DeletePolicy { .. }
            | Change::DetachPolicy { .. } => weakens(other),
        }
    }

    /// A detach waits for everything that may say instead what the policy said, and for the accounts
    /// that leave.
    fn before_detach(&self, at: usize, policy_type: &PolicyType, target: &TargetRef) -> Indices {
        if self.proposals[at].weight.role == Role::MakesRoom {
            return Indices::new();
        }
        let place = place_of(target);
        let lineage = &self.lineages[&place];
        let mut waits = self.attaches.around(policy_type, &place, lineage);
        waits.extend(self.updated.around(policy_type, &place, lineage));
        waits.extend(
            self.moves
                .iter()
                .filter(|(_, account, from)| match &place {
                    DesiredTarget::Unit(path) => path.contains(from),
                    DesiredTarget::Account(id) => id == *account,
                })
                .map(|(at, ..)| *at),
        );
        waits
    }

    fn unit_of(&self, target: &TargetRef) -> Option<&usize> {
        match target {
            TargetRef::Unit(unit) => self.units.get(&unit.path),
            TargetRef::Account(..) => None,
        }
    }
}

fn destination(change: &Change) -> Option<(&AccountId, &OuPath)> {
    if let Change::MoveAccount { account, to, .. } = change {
        Some((account, &to.path))
    } else {
        None
    }
}

fn place_of(target: &TargetRef) -> DesiredTarget {
    match target {
        TargetRef::Unit(unit) => DesiredTarget::Unit(unit.path.clone()),
        TargetRef::Account(id, _) => DesiredTarget::Account(id.clone()),
    }
}

/// A path and every path above it.
fn upwards(path: &OuPath) -> impl Iterator<Item = DesiredTarget> + use<> {
    std::iter::successors(Some(path.clone()), OuPath::parent).map(DesiredTarget::Unit)
}
