//! Where which policy is attached, saying what, and from which action of a plan to which.
//!
//! Actions run in every order that their edges allow, some fail and some wait for a person. So a state
//! on the way is any set of actions that holds whatever its members wait for, and something is true in
//! some of these states exactly if what it needs, with all that this waits for, excludes nothing that
//! must not have been done. [`Steps::allow`] decides that; no order is ever tried.

use std::collections::{BTreeMap, BTreeSet};

use crate::compile::{DesiredTarget, PolicyKey};
use crate::effective::default_policy;
use crate::org::{AccountId, Mark, ObservedPolicy, OuPath, Part, PolicyId, PolicyType, TargetId};
use crate::plan::action::{Action, Change, PolicyRef};
use crate::plan::edges::place_of;
use crate::plan::lockout::judge::{Judge, Said};
use crate::plan::view::View;
use crate::policy::ControlType;

/// Actions that must have been done, and actions that must not, for something to be so.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct When {
    pub(super) done: BTreeSet<usize>,
    pub(super) undone: BTreeSet<usize>,
}

/// The order of a plan's actions.
pub(super) struct Steps {
    after: Vec<BTreeSet<usize>>,
}

/// A policy with everything it says on the way.
pub(super) struct Policy {
    pub(super) control: ControlType,
    /// Its id, or its name in desired state while it has none.
    pub(super) label: String,
    /// What desired state calls it, if it is desired state that says what it says.
    pub(super) key: Option<PolicyKey>,
    /// Does palisade answer for it?
    pub(super) is_ours: bool,
    pub(super) versions: Vec<Version>,
}

/// What a policy says for a while.
pub(super) struct Version {
    pub(super) said: Said,
    pub(super) when: When,
    /// Does desired state say so?
    pub(super) is_desired: bool,
}

/// That a policy is attached.
pub(super) struct Attachment {
    pub(super) policy: usize,
    pub(super) when: When,
}

/// The places that a plan touches, and those that accounts move to.
pub(super) struct Standing {
    pub(super) policies: Vec<Policy>,
    pub(super) attached: BTreeMap<DesiredTarget, Vec<Attachment>>,
    /// Where accounts move to, and by which action.
    pub(super) moves: BTreeMap<AccountId, (usize, OuPath, OuPath)>,
    /// Types about which an account that moves cannot be judged, and why.
    pub(super) unseen: Vec<(ControlType, String)>,
}

impl When {
    pub(super) const ALWAYS: Self = Self { done: BTreeSet::new(), undone: BTreeSet::new() };

    pub(super) fn since(action: usize) -> Self {
        Self { done: BTreeSet::from([action]), undone: BTreeSet::new() }
    }

    pub(super) fn until(action: usize) -> Self {
        Self { done: BTreeSet::new(), undone: BTreeSet::from([action]) }
    }

    /// When both are so.
    pub(super) fn and(&self, other: &Self) -> Self {
        let mut both = self.clone();
        both.done.extend(&other.done);
        both.undone.extend(&other.undone);
        both
    }
}

impl Steps {
    pub(super) fn of(actions: &[Action]) -> Self {
        Self { after: actions.iter().map(|action| action.after.clone()).collect() }
    }

    /// Is there a state on the way in which it is so?
    pub(super) fn allow(&self, when: &When) -> bool {
        when.undone.is_empty() || self.before(&when.done).is_disjoint(&when.undone)
    }

    /// Some actions and all that they wait for.
    fn before(&self, actions: &BTreeSet<usize>) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut open: Vec<usize> = actions.iter().copied().collect();
        while let Some(action) = open.pop() {
            if found.insert(action) {
                open.extend(self.after.get(action).into_iter().flatten());
            }
        }
        found
    }

    /// Some actions and all that waits for them, through edges or because one without the other
    /// would leave a gap.
    pub(super) fn with_followers(
        &self,
        actions: BTreeSet<usize>,
        tied: &[BTreeSet<usize>],
    ) -> BTreeSet<usize> {
        let mut found = actions;
        loop {
            let more: Vec<usize> = (0..self.after.len())
                .filter(|action| !found.contains(action))
                .filter(|action| {
                    !self.after[*action].is_disjoint(&found) || !tied[*action].is_disjoint(&found)
                })
                .collect();
            if more.is_empty() {
                return found;
            }
            found.extend(more);
        }
    }
}

impl Standing {
    /// Everything about the places that `actions` touch.
    pub(super) fn of(
        view: &View<'_>,
        actions: &[Action],
        also: &BTreeSet<DesiredTarget>,
        judge: &mut Judge<'_>,
    ) -> Self {
        let mut places = touched(view, actions);
        places.extend(also.iter().cloned());
        let mut reader = Reader {
            view,
            judge,
            standing: Self {
                policies: Vec::new(),
                attached: BTreeMap::new(),
                moves: BTreeMap::new(),
                unseen: Vec::new(),
            },
            by_id: BTreeMap::new(),
            created: BTreeMap::new(),
            places,
        };
        for (at, action) in actions.iter().enumerate() {
            if let Change::MoveAccount { account, from_path, to, .. } = &action.change {
                let path = (at, from_path.clone(), to.path.clone());
                reader.standing.moves.insert(account.clone(), path);
            }
        }
        let changed = changed(actions);
        for (name, control) in CONTROL_TYPES {
            reader.observed(&PolicyType::named(name), *control, &changed);
        }
        for (at, action) in actions.iter().enumerate() {
            reader.planned(at, &action.change);
        }
        reader.standing
    }
}

/// The policy types that decide requests.
const CONTROL_TYPES: &[(&str, ControlType)] = &[
    ("SERVICE_CONTROL_POLICY", ControlType::ServiceControl),
    ("RESOURCE_CONTROL_POLICY", ControlType::ResourceControl),
];

fn control_type(policy_type: &PolicyType) -> Option<ControlType> {
    let found = CONTROL_TYPES.iter().find(|(name, _)| *name == policy_type.as_str());
    found.map(|(_, control)| *control)
}

/// The places that an action changes something on, and everything above them.
fn touched(view: &View<'_>, actions: &[Action]) -> BTreeSet<DesiredTarget> {
    let mut places = BTreeSet::new();
    for action in actions {
        match &action.change {
            Change::AttachPolicy { target, .. } | Change::DetachPolicy { target, .. } => {
                places.insert(place_of(target));
            }
            Change::UpdatePolicy { policy_type, id, .. } => {
                let policies = view.snapshot.policies_of(policy_type);
                let policy = policies.and_then(|policies| policies.get(id));
                let targets = policy.and_then(|policy| policy.targets.known());
                places
                    .extend(targets.into_iter().flatten().filter_map(|target| view.place(target)));
            }
            Change::MoveAccount { to, .. } => {
                places.extend(upwards(&to.path).map(DesiredTarget::Unit));
            }
            Change::EnableTrustedService { .. }
            | Change::EnablePolicyType { .. }
            | Change::RegisterAdministrator { .. }
            | Change::DeregisterAdministrator { .. }
            | Change::CreateUnit { .. }
            | Change::DeleteUnit { .. }
            | Change::CreatePolicy { .. }
            | Change::DeletePolicy { .. }
            | Change::Object(_) => {}
        }
    }
    let above = places.iter().flat_map(|place| match place {
        DesiredTarget::Unit(path) => upwards(path).collect(),
        DesiredTarget::Account(account) => lineage(view, account),
    });
    let above: Vec<OuPath> = above.collect();
    places.extend(above.into_iter().map(DesiredTarget::Unit));
    places
}

/// The OUs that an account lies in, and the root.
pub(super) fn lineage(view: &View<'_>, account: &AccountId) -> Vec<OuPath> {
    view.account_path(account).into_iter().flat_map(upwards).collect()
}

struct Reader<'a, 'j> {
    view: &'a View<'a>,
    judge: &'a mut Judge<'j>,
    standing: Standing,
    by_id: BTreeMap<PolicyId, usize>,
    created: BTreeMap<(PolicyType, String), usize>,
    places: BTreeSet<DesiredTarget>,
}

impl Reader<'_, '_> {
    /// What is attached before the plan.
    fn observed(
        &mut self,
        policy_type: &PolicyType,
        control: ControlType,
        changed: &BTreeSet<&PolicyId>,
    ) {
        let view = self.view;
        let is_enabled = view.root.policy_types.contains_key(policy_type);
        if control == ControlType::ServiceControl {
            self.allow_where_nothing_is(policy_type, is_enabled);
        }
        let policies = match view.snapshot.policies.get(policy_type) {
            Some(Part::Known(policies)) => policies,
            Some(Part::Unknown(why)) if is_enabled => {
                self.standing.unseen.push((control, why.to_string()));
                return;
            }
            // Nothing in desired state is about the type, so nobody looked.
            Some(Part::Unknown(_)) | None => return,
        };
        let ids: Vec<(TargetId, DesiredTarget)> = self
            .places
            .iter()
            .filter_map(|place| Some((view.target_ref(place).id()?, place.clone())))
            .collect();
        for policy in policies.values() {
            let places: Vec<&DesiredTarget> = match &policy.targets {
                // Switching a type off detached everything.
                Part::Known(_) | Part::Unknown(_) if !is_enabled => Vec::new(),
                Part::Known(targets) => ids
                    .iter()
                    .filter(|(id, _)| targets.contains(id))
                    .map(|(_, place)| place)
                    .collect(),
                // It may be attached wherever an account moves to.
                Part::Unknown(_) => ids.iter().map(|(_, place)| place).collect(),
            };
            if places.is_empty() && !changed.contains(&policy.id) {
                continue;
            }
            let index = self.policy(policy_type, control, policy);
            for place in places {
                let attachment = Attachment { policy: index, when: When::ALWAYS };
                self.standing.attached.entry(place.clone()).or_default().push(attachment);
            }
        }
    }

    fn policy(
        &mut self,
        policy_type: &PolicyType,
        control: ControlType,
        policy: &ObservedPolicy,
    ) -> usize {
        let key = PolicyKey { policy_type: policy_type.clone(), name: policy.name.clone() };
        let resource = self.view.resources.policies.get(&key);
        let is_ours = match Mark::read_description(&policy.description).1 {
            Some(mark) => mark.owner == self.view.resources.installation,
            None => resource.is_some(),
        };
        let is_desired =
            resource.is_some_and(|resource| policy.document.known() == Some(&resource.content));
        let text = match &policy.document {
            Part::Known(text) => Ok(text.clone()),
            Part::Unknown(why) => Err(why.to_string()),
        };
        let said = self.judge.read(control, text);
        self.standing.policies.push(Policy {
            control,
            label: policy.id.to_string(),
            key: resource.is_some().then_some(key),
            is_ours: is_ours && !policy.aws_managed,
            versions: vec![Version { said, when: When::ALWAYS, is_desired }],
        });
        let index = self.standing.policies.len() - 1;
        self.by_id.insert(policy.id.clone(), index);
        index
    }

    /// AWS attaches `FullAWSAccess` to every new OU, and to everything when SCPs are switched on.
    fn allow_where_nothing_is(&mut self, policy_type: &PolicyType, is_enabled: bool) {
        let view = self.view;
        let is_new = |place: &&DesiredTarget| !is_enabled || view.target_ref(place).id().is_none();
        let on: Vec<DesiredTarget> = self.places.iter().filter(is_new).cloned().collect();
        if on.is_empty() {
            return;
        }
        let allows_all = default_policy(ControlType::ServiceControl).content.to_owned();
        let said = self.judge.read(ControlType::ServiceControl, Ok(allows_all));
        self.standing.policies.push(Policy {
            control: ControlType::ServiceControl,
            label: format!("FullAWSAccess ({policy_type})"),
            key: None,
            is_ours: false,
            versions: vec![Version { said, when: When::ALWAYS, is_desired: false }],
        });
        let policy = self.standing.policies.len() - 1;
        for place in on {
            let attachment = Attachment { policy, when: When::ALWAYS };
            self.standing.attached.entry(place).or_default().push(attachment);
        }
    }

    /// What an action changes.
    fn planned(&mut self, at: usize, change: &Change) {
        match change {
            Change::CreatePolicy { policy_type, policy, .. } => {
                let Some(control) = control_type(policy_type) else { return };
                let key = PolicyKey { policy_type: policy_type.clone(), name: policy.name.clone() };
                let said = self.judge.read(control, Ok(policy.content.clone()));
                self.standing.policies.push(Policy {
                    control,
                    label: policy.name.clone(),
                    key: Some(key),
                    is_ours: true,
                    versions: vec![Version { said, when: When::ALWAYS, is_desired: true }],
                });
                let index = self.standing.policies.len() - 1;
                self.created.insert((policy_type.clone(), policy.name.clone()), index);
            }
            Change::UpdatePolicy { policy_type, id, after, .. } => {
                let Some(policy) = self.by_id.get(id) else { return };
                let policy = &mut self.standing.policies[*policy];
                let said = self.judge.read(policy.control, Ok(after.content.clone()));
                for version in &mut policy.versions {
                    version.when = When::until(at);
                }
                policy.is_ours = true;
                policy.key =
                    Some(PolicyKey { policy_type: policy_type.clone(), name: after.name.clone() });
                policy.versions.push(Version { said, when: When::since(at), is_desired: true });
            }
            Change::AttachPolicy { policy_type, policy, target } => {
                let Some(policy) = self.find(policy_type, policy) else { return };
                let attachment = Attachment { policy, when: When::since(at) };
                self.standing.attached.entry(place_of(target)).or_default().push(attachment);
            }
            Change::DetachPolicy { policy, target, .. } => {
                let Some(policy) = self.by_id.get(policy) else { return };
                let attached = self.standing.attached.get_mut(&place_of(target));
                let mut attached = attached.into_iter().flatten();
                if let Some(found) = attached.find(|attached| attached.policy == *policy) {
                    found.when = When::until(at);
                }
            }
            Change::EnableTrustedService { .. }
            | Change::EnablePolicyType { .. }
            | Change::RegisterAdministrator { .. }
            | Change::DeregisterAdministrator { .. }
            | Change::CreateUnit { .. }
            | Change::DeleteUnit { .. }
            | Change::MoveAccount { .. }
            | Change::DeletePolicy { .. }
            | Change::Object(_) => {}
        }
    }

    fn find(&self, policy_type: &PolicyType, policy: &PolicyRef) -> Option<usize> {
        let by_id = policy.id.as_ref().and_then(|id| self.by_id.get(id));
        by_id.or_else(|| self.created.get(&(policy_type.clone(), policy.name.clone()))).copied()
    }
}

/// Policies that an action changes or attaches, wherever they are now.
fn changed(actions: &[Action]) -> BTreeSet<&PolicyId> {
    fn id(action: &Action) -> Option<&PolicyId> {
        match &action.change {
            Change::UpdatePolicy { id, .. } => Some(id),
            Change::AttachPolicy { policy, .. } => policy.id.as_ref(),
            Change::EnableTrustedService { .. }
            | Change::EnablePolicyType { .. }
            | Change::RegisterAdministrator { .. }
            | Change::DeregisterAdministrator { .. }
            | Change::CreateUnit { .. }
            | Change::DeleteUnit { .. }
            | Change::MoveAccount { .. }
            | Change::CreatePolicy { .. }
            | Change::DeletePolicy { .. }
            | Change::DetachPolicy { .. }
            | Change::Object(_) => None,
        }
    }
    actions.iter().filter_map(id).collect()
}

/// A path and every path above it.
pub(super) fn upwards(path: &OuPath) -> impl Iterator<Item = OuPath> + use<> {
    std::iter::successors(Some(path.clone()), OuPath::parent)
}
