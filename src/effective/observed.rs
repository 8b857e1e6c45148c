//! The organization as it was observed. What was not seen is never taken for absent.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::compile::{DesiredTarget, Resources};
use crate::effective::change::{control_type, read};
use crate::effective::{
    CONTROL_TYPES, Effective, EffectivePolicy, NewPolicy, Outsiders, Places, Policies, Unseen,
    Writing,
};
use crate::org::{
    AccountId, Mark, ObservedPolicy, OrgSnapshot, OuPath, ParentId, Part, PolicyType,
    PolicyTypeStatus, TargetId, Tree,
};
use crate::policy::ControlType;

impl Effective {
    /// The policies that were in force when `snapshot` was taken. Policies that `desired` has too
    /// are traced to the files they come from, and accounts have the names it gives them.
    pub fn observed(snapshot: &OrgSnapshot, desired: Option<&Resources>) -> Self {
        let organization = snapshot.organization.known();
        let management_account = organization
            .map(|organization| organization.management_account.clone())
            .or_else(|| desired.map(|desired| desired.management_account.clone()));
        let names = desired.map(|desired| desired.account_names.clone()).unwrap_or_default();
        let mut observed = Observed {
            effective: Self {
                organization_id: organization.map(|organization| organization.id.clone()),
                management_account,
                places: Arc::new(places(snapshot.tree.known(), names)),
                policies: Arc::new(Policies::default()),
                attached: Arc::new(BTreeMap::new()),
                enabled: BTreeSet::new(),
                unseen: Arc::new(Vec::new()),
            },
            unseen: Vec::new(),
            paths: paths(snapshot.tree.known()),
            desired,
        };
        let lost = lost(snapshot.tree.known());
        for policy_type in CONTROL_TYPES {
            if observed.effective.management_account.is_none() {
                let reason = "which account is exempt, as the management account is, is not known";
                observed.note(policy_type, reason.to_owned());
            } else {
                observed.read_type(snapshot, policy_type);
            }
            if lost > 0 {
                let reason = format!("{lost} accounts lie in what is not in the tree");
                observed.note(policy_type, reason);
            }
        }
        observed.effective.unseen = Arc::new(observed.unseen);
        observed.effective
    }
}

struct Observed<'a> {
    effective: Effective,
    unseen: Vec<Unseen>,
    paths: BTreeMap<ParentId, OuPath>,
    desired: Option<&'a Resources>,
}

impl Observed<'_> {
    fn note(&mut self, policy_type: ControlType, reason: String) {
        self.unseen.push(Unseen { policy_type, key: None, reason });
    }

    fn read_type(&mut self, snapshot: &OrgSnapshot, policy_type: ControlType) {
        let key = PolicyType::named(policy_type.into());
        match &snapshot.root {
            Part::Known(root) => match root.policy_types.get(&key) {
                Some(PolicyTypeStatus::Enabled) => {}
                Some(PolicyTypeStatus::PendingEnable | PolicyTypeStatus::PendingDisable) => {
                    let reason = format!("AWS is switching {policy_type} on or off");
                    return self.note(policy_type, reason);
                }
                None => return self.read_disabled(snapshot, policy_type),
            },
            Part::Unknown(why) => {
                let reason = format!("whether {policy_type} is enabled is not known: {why}");
                return self.note(policy_type, reason);
            }
        }
        self.effective.enabled.insert(policy_type);
        if let Some(why) = snapshot.tree.unknown() {
            self.note(policy_type, format!("where accounts lie is not known: {why}"));
        }
        match snapshot.policies.get(&key) {
            None => self.note(policy_type, format!("no {policy_type} was asked for")),
            Some(Part::Unknown(why)) => {
                self.note(policy_type, format!("the policies are not known: {why}"));
            }
            Some(Part::Known(policies)) => {
                for policy in policies.values() {
                    self.read_policy(policy_type, policy);
                }
            }
        }
    }

    /// Policies of a type that is off bind nobody, but they are there to be attached when it is on.
    fn read_disabled(&mut self, snapshot: &OrgSnapshot, policy_type: ControlType) {
        let policies = snapshot.policies_of(&PolicyType::named(policy_type.into()));
        for policy in policies.into_iter().flat_map(BTreeMap::values) {
            self.read_policy(policy_type, policy);
        }
    }

    fn read_policy(&mut self, policy_type: ControlType, policy: &ObservedPolicy) {
        let (content, document) = match &policy.document {
            Part::Known(content) => (content.as_str(), read(content)),
            Part::Unknown(why) => ("", Err(why.to_string())),
        };
        let writing = self.writing(policy_type, policy, content);
        let new = NewPolicy { policy_type, name: &policy.name, content, writing: &writing };
        let policies = Arc::make_mut(&mut self.effective.policies);
        let index = policies.insert(EffectivePolicy::new(new, document));
        policies.by_id.insert(policy.id.clone(), index);
        match &policy.targets {
            Part::Known(targets) => {
                let places: Vec<DesiredTarget> =
                    targets.iter().filter_map(|target| self.place(target)).collect();
                for target in &places {
                    self.effective.attach(index, target);
                }
            }
            Part::Unknown(why) => {
                let reason = format!("what `{}` is attached to is not known: {why}", policy.name);
                self.note(policy_type, reason);
            }
        }
    }

    fn writing(&self, policy_type: ControlType, policy: &ObservedPolicy, content: &str) -> Writing {
        if policy.aws_managed {
            return Writing::Aws;
        }
        let wanted = self.desired.and_then(|desired| {
            let mut policies = desired.policies.iter();
            policies.find(|(key, _)| {
                control_type(&key.policy_type) == Some(policy_type) && key.name == policy.name
            })
        });
        match (wanted, Mark::read_description(&policy.description).1) {
            (Some((_, wanted)), _) => Writing::of_observed(wanted, content),
            (None, Some(mark)) => Writing::Marked(mark.document),
            (None, None) => Writing::Foreign,
        }
    }

    /// A target by its path. What is not in the tree concerns no account of it.
    fn place(&self, target: &TargetId) -> Option<DesiredTarget> {
        let unit = |id: ParentId| self.paths.get(&id).cloned().map(DesiredTarget::Unit);
        match target {
            TargetId::Root(id) => unit(ParentId::Root(id.clone())),
            TargetId::Ou(id) => unit(ParentId::Ou(id.clone())),
            TargetId::Account(id) => Some(DesiredTarget::Account(id.clone())),
        }
    }
}

/// How many accounts lie in what the tree does not hold: they would look foreign.
fn lost(tree: Option<&Tree>) -> usize {
    let paths = paths(tree);
    let accounts = tree.into_iter().flat_map(|tree| tree.accounts.values());
    accounts.filter(|account| !paths.contains_key(&account.parent)).count()
}

fn paths(tree: Option<&Tree>) -> BTreeMap<ParentId, OuPath> {
    let by_path = tree.map(Tree::by_path).unwrap_or_default();
    by_path.into_iter().map(|(path, id)| (id, path)).collect()
}

fn places(tree: Option<&Tree>, names: BTreeMap<AccountId, String>) -> Places {
    let paths = paths(tree);
    let accounts = tree.into_iter().flat_map(|tree| &tree.accounts);
    Places {
        accounts: accounts
            .filter_map(|(id, account)| Some((id.clone(), paths.get(&account.parent)?.clone())))
            .collect(),
        names,
        units: paths.into_values().filter(|path| path.depth() > 0).collect(),
        outsiders: Outsiders::Foreign,
    }
}
