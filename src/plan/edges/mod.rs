//! What must have succeeded before what: the edges between the changes of a plan.

mod emergency;
mod kept;

use std::collections::{BTreeMap, BTreeSet};

use crate::compile::DesiredTarget;
use crate::org::{AccountId, DocumentRef, ObjectKind, OuPath, PolicyType};
use crate::plan::action::{Change, ObjectChange, PolicyRef, TargetRef};
use crate::plan::draft::{Proposal, Role};
use crate::plan::gap::Meanings;
use crate::plan::view::View;

pub(super) type Indices = BTreeSet<usize>;

/// Proposals by what others look them up by.
pub(super) struct Index<'a> {
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
    detaches_at: BTreeMap<DesiredTarget, Indices>,
    room: BTreeMap<(&'a PolicyType, DesiredTarget), Indices>,
    updated: Placed,
    moves: Vec<(usize, &'a AccountId, &'a OuPath)>,
    unit_deletions: BTreeMap<&'a OuPath, usize>,
    /// New roles by every place at or above their account: they are there before a policy binds it.
    new_roles: BTreeMap<DesiredTarget, Indices>,
    /// Objects that are made or changed, by document: they are right before its policies protect them.
    kept_objects: BTreeMap<&'a DocumentRef, Indices>,
    /// Objects that go, by their document.
    removals: BTreeMap<&'a DocumentRef, Indices>,
    meanings: Meanings,
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
    pub(super) fn of(view: &View<'_>, proposals: &'a [Proposal]) -> Self {
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
            detaches_at: BTreeMap::new(),
            room: BTreeMap::new(),
            updated: Placed::default(),
            moves: Vec::new(),
            unit_deletions: BTreeMap::new(),
            new_roles: BTreeMap::new(),
            kept_objects: BTreeMap::new(),
            removals: BTreeMap::new(),
            meanings: Meanings::of(view, proposals),
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
            Change::Object(change) => {
                let account = DesiredTarget::Account(change.key.account.clone());
                let is_new_role = change.before.is_none() && change.key.kind == ObjectKind::Role;
                for place in self.lineage(view, destinations, &account) {
                    if is_new_role {
                        self.new_roles.entry(place).or_default().insert(at);
                    }
                }
                let by_document = match change.after {
                    Some(_) => &mut self.kept_objects,
                    None => &mut self.removals,
                };
                by_document.entry(&proposal.document).or_default().insert(at);
            }
            Change::AttachPolicy { policy_type, target, .. } => {
                let place = place_of(target);
                let lineage = self.lineage(view, destinations, &place);
                self.attaches.add(policy_type, &place, &lineage, at);
            }
            Change::DetachPolicy { policy_type, policy, target, .. } => {
                let place = place_of(target);
                self.lineage(view, destinations, &place);
                self.detaches_at.entry(place.clone()).or_default().insert(at);
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
    pub(super) fn waits(&self, at: usize) -> Indices {
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
                self.before_attach(at, policy_type, policy, target)
            }
            Change::MoveAccount { account, to, .. } => {
                let mut places: BTreeSet<DesiredTarget> = upwards(&to.path).collect();
                places.insert(DesiredTarget::Account(account.clone()));
                let mut waits = self.attaches.at_any(&places);
                waits.extend(
                    self.updated.at_any(&places).into_iter().filter(|at| self.meanings.gains(*at)),
                );
                waits.extend(self.units.get(&to.path));
                waits
            }
            Change::DetachPolicy { policy_type, target, .. } => {
                self.before_detach(at, policy_type, target)
            }
            Change::DeletePolicy { policy_type, id, .. } => {
                let detaches = self.detaches.get(&(policy_type, id.as_str()));
                let removals = self.removals_first(at);
                detaches.into_iter().flatten().copied().chain(removals).collect()
            }
            Change::DeleteUnit { path, .. } => {
                let moves = self
                    .moves
                    .iter()
                    .filter(|(_, _, from)| path.contains(from))
                    .map(|(at, ..)| *at);
                let children = self.unit_deletions.iter().filter(|(other, _)| path.contains(other));
                let detaches = self.detaches_at.get(&DesiredTarget::Unit(path.clone()));
                let detaches = detaches.into_iter().flatten().copied();
                moves.chain(children.map(|(_, at)| *at)).chain(detaches).collect()
            }
            Change::Object(change) => self.before_object(at, change),
        };
        waits.remove(&at);
        waits
    }

    /// An attach waits for what it attaches, for where to, and for room.
    fn before_attach(
        &self,
        at: usize,
        policy_type: &PolicyType,
        policy: &PolicyRef,
        target: &TargetRef,
    ) -> Indices {
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
            waits.extend(self.room.get(&(policy_type, place_of(target))).into_iter().flatten());
        }
        let place = place_of(target);
        waits.extend(self.new_roles.get(&place).into_iter().flatten());
        waits.extend(self.protecting_first(at, policy_type, &place));
        let Proposal { document, guardrails, .. } = &self.proposals[at];
        let documents = std::iter::once(document).chain(guardrails);
        waits.extend(documents.filter_map(|document| self.kept_objects.get(document)).flatten());
        waits
    }

    /// An object goes after the policies that counted on it have let go of its account.
    fn before_object(&self, at: usize, change: &ObjectChange) -> Indices {
        if change.after.is_some() {
            return self.before_kept(at, change);
        }
        let account = DesiredTarget::Account(change.key.account.clone());
        let places = self.lineages.get(&account).into_iter().flatten();
        places.filter_map(|place| self.detaches_at.get(place)).flatten().copied().collect()
    }

    /// An update that takes nothing away can go at once. One that does waits for what says it instead:
    /// attaches and updates around it, and the accounts that leave.
    fn before_update(&self, at: usize, policy_type: &PolicyType) -> Indices {
        self.replacements(at, policy_type)
            .into_iter()
            .filter(|other| !self.is_bound(*other))
            .collect()
    }

    /// Is there a moment in which what the update takes away is said nowhere? So it is if what says it
    /// instead must come after the update itself.
    pub(super) fn has_gap(&self, at: usize) -> bool {
        match &self.proposals[at].change {
            Change::UpdatePolicy { policy_type, .. } => {
                self.replacements(at, policy_type).into_iter().any(|other| self.is_bound(other))
            }
            Change::EnableTrustedService { .. }
            | Change::EnablePolicyType { .. }
            | Change::RegisterAdministrator { .. }
            | Change::DeregisterAdministrator { .. }
            | Change::CreateUnit { .. }
            | Change::DeleteUnit { .. }
            | Change::MoveAccount { .. }
            | Change::CreatePolicy { .. }
            | Change::DeletePolicy { .. }
            | Change::AttachPolicy { .. }
            | Change::DetachPolicy { .. }
            | Change::Object(_) => false,
        }
    }

    /// What must not be left out if the proposal at `at` is carried out, although it comes later:
    /// what replaces the policy that makes room, and what says again what an update takes away.
    pub(super) fn tied(&self, at: usize) -> Indices {
        match &self.proposals[at].change {
            Change::UpdatePolicy { policy_type, .. } => self
                .replacements(at, policy_type)
                .into_iter()
                .filter(|other| self.is_bound(*other))
                .collect(),
            Change::DetachPolicy { policy_type, target, .. }
                if self.proposals[at].weight.role == Role::MakesRoom =>
            {
                let place = (policy_type.clone(), place_of(target));
                self.attaches.at.get(&place).into_iter().flatten().copied().collect()
            }
            Change::EnableTrustedService { .. }
            | Change::EnablePolicyType { .. }
            | Change::RegisterAdministrator { .. }
            | Change::DeregisterAdministrator { .. }
            | Change::CreateUnit { .. }
            | Change::DeleteUnit { .. }
            | Change::MoveAccount { .. }
            | Change::CreatePolicy { .. }
            | Change::DeletePolicy { .. }
            | Change::AttachPolicy { .. }
            | Change::DetachPolicy { .. }
            | Change::Object(_) => Indices::new(),
        }
    }

    /// What says again what the update at `at` takes away from the places it is attached to.
    fn replacements(&self, at: usize, policy_type: &PolicyType) -> Indices {
        if self.proposals[at].weight.role != Role::Weakens {
            return Indices::new();
        }
        let places = self
            .updated
            .at
            .iter()
            .filter(|((of_type, _), updates)| of_type == policy_type && updates.contains(&at));
        let mut found = Indices::new();
        for ((_, place), _) in places {
            let lineage = &self.lineages[place];
            let attaches = self.attaches.around(policy_type, place, lineage);
            found.extend(attaches.into_iter().filter(|other| self.attach_replaces(at, *other)));
            let updates = self.updated.around(policy_type, place, lineage);
            found.extend(
                updates.into_iter().filter(|other| self.meanings.update_replaces(at, *other)),
            );
            let moves = self.moves_from(place);
            found.extend(moves.filter(|other| self.move_replaces(at, *other, policy_type)));
        }
        found.remove(&at);
        found
    }

    fn attach_replaces(&self, at: usize, other: usize) -> bool {
        if let Change::AttachPolicy { policy_type, policy, .. } = &self.proposals[other].change {
            self.meanings.attach_replaces(at, policy_type, policy)
        } else {
            false
        }
    }

    fn move_replaces(&self, at: usize, other: usize, policy_type: &PolicyType) -> bool {
        let Change::MoveAccount { to, .. } = &self.proposals[other].change else { return false };
        let places: BTreeSet<DesiredTarget> = upwards(&to.path).collect();
        let attaches = self.attaches.at_any(&places);
        self.meanings.is_said_on(at, policy_type, &places)
            || attaches.into_iter().any(|attach| self.attach_replaces(at, attach))
    }

    /// Does the proposal itself wait for an update that takes something away, or is it one?
    fn is_bound(&self, other: usize) -> bool {
        let weakens = |at: usize| self.proposals[at].weight.role == Role::Weakens;
        match &self.proposals[other].change {
            Change::AttachPolicy { policy_type, policy, .. } => {
                let id = policy.id.as_ref().map_or("", |id| id.as_str());
                self.updates.get(&(policy_type, id)).is_some_and(|update| weakens(*update))
            }
            Change::MoveAccount { .. } => {
                self.waits(other).into_iter().any(|before| self.is_bound(before))
            }
            Change::UpdatePolicy { .. }
            | Change::EnableTrustedService { .. }
            | Change::EnablePolicyType { .. }
            | Change::RegisterAdministrator { .. }
            | Change::DeregisterAdministrator { .. }
            | Change::CreateUnit { .. }
            | Change::DeleteUnit { .. }
            | Change::CreatePolicy { .. }
            | Change::DeletePolicy { .. }
            | Change::DetachPolicy { .. }
            | Change::Object(_) => weakens(other),
        }
    }

    /// Moves of accounts that are in or below `place` now.
    fn moves_from(&self, place: &DesiredTarget) -> impl Iterator<Item = usize> {
        let concerned = move |(_, account, from): &&(usize, &AccountId, &OuPath)| match place {
            DesiredTarget::Unit(path) => path.contains(from),
            DesiredTarget::Account(id) => id == *account,
        };
        self.moves.iter().filter(concerned).map(|(at, ..)| *at)
    }

    /// A detach waits for everything that may say instead what the policy said, and for the accounts
    /// that leave.
    fn before_detach(&self, at: usize, policy_type: &PolicyType, target: &TargetRef) -> Indices {
        let place = place_of(target);
        let lineage = &self.lineages[&place];
        if self.proposals[at].weight.role == Role::MakesRoom {
            // What makes room may count on updates that only add: they wait for nothing themselves.
            let updates = self.updated.around(policy_type, &place, lineage).into_iter();
            return updates
                .filter(|update| self.proposals[*update].weight.role != Role::Weakens)
                .collect();
        }
        let mut waits = self.attaches.around(policy_type, &place, lineage);
        waits.extend(self.updated.around(policy_type, &place, lineage));
        waits.extend(self.moves_from(&place));
        if self.protects(at) {
            waits.extend(self.restrictions_going(&place));
        }
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

/// What a target is in desired state's terms.
pub(super) fn place_of(target: &TargetRef) -> DesiredTarget {
    match target {
        TargetRef::Unit(unit) => DesiredTarget::Unit(unit.path.clone()),
        TargetRef::Account(id, _) => DesiredTarget::Account(id.clone()),
    }
}

/// A path and every path above it.
pub(super) fn upwards(path: &OuPath) -> impl Iterator<Item = DesiredTarget> + use<> {
    std::iter::successors(Some(path.clone()), OuPath::parent).map(DesiredTarget::Unit)
}
