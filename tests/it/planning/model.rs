//! An organization that only obeys: applies changes to a snapshot the way AWS would, and refuses what
//! AWS would refuse.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use palisade::compile::Resources;
use palisade::org::{
    AccountId, ListedObject, Mark, ObjectKey, ObjectQuery, ObjectState, ObservedPolicy,
    ObservedUnit, OrgSnapshot, OuId, OuPath, ParentId, Part, PolicyId, PolicyType,
    PolicyTypeStatus, TargetId, Tree,
};
use palisade::plan::{Change, ObjectChange, PolicyRef, TargetRef, UnitRef};
use palisade::policy::{Language, canonical};

pub(super) struct Model {
    pub(super) snapshot: OrgSnapshot,
    created: u32,
    /// Statements by document: reading each once makes a thousand organizations a matter of seconds.
    read: RefCell<BTreeMap<String, BTreeSet<String>>>,
}

impl Model {
    pub(super) fn of(snapshot: OrgSnapshot) -> Self {
        Self { snapshot, created: 0, read: RefCell::default() }
    }

    pub(super) fn tree(&self) -> &Tree {
        self.snapshot.tree.known().unwrap()
    }

    fn tree_mut(&mut self) -> &mut Tree {
        match &mut self.snapshot.tree {
            Part::Known(tree) => tree,
            Part::Unknown(_) => panic!("the model knows its tree"),
        }
    }

    pub(super) fn policies(&self, policy_type: &PolicyType) -> &BTreeMap<PolicyId, ObservedPolicy> {
        self.snapshot.policies_of(policy_type).unwrap()
    }

    fn policies_mut(
        &mut self,
        policy_type: &PolicyType,
    ) -> &mut BTreeMap<PolicyId, ObservedPolicy> {
        match self.snapshot.policies.get_mut(policy_type) {
            Some(Part::Known(policies)) => policies,
            _ => panic!("the model knows its policies"),
        }
    }

    pub(super) fn attached(
        &self,
        policy_type: &PolicyType,
        target: &TargetId,
    ) -> BTreeSet<PolicyId> {
        let on = |policy: &&ObservedPolicy| policy.targets.known().unwrap().contains(target);
        self.policies(policy_type).values().filter(on).map(|policy| policy.id.clone()).collect()
    }

    fn unit(&self, unit: &UnitRef) -> Result<ParentId, String> {
        let found = self.tree().by_path().get(&unit.path).cloned();
        match (&unit.id, found) {
            (Some(id), _) => Ok(id.clone()),
            (None, Some(found)) => Ok(found),
            (None, None) => Err(format!("no OU {}", unit.path)),
        }
    }

    fn target(&self, target: &TargetRef) -> Result<TargetId, String> {
        match target {
            TargetRef::Unit(unit) => self.unit(unit).map(TargetId::from),
            TargetRef::Account(id, _) => Ok(TargetId::Account(id.clone())),
        }
    }

    fn policy(&self, policy_type: &PolicyType, policy: &PolicyRef) -> Result<PolicyId, String> {
        let named = || self.policies(policy_type).values().find(|other| other.name == policy.name);
        let id = policy.id.clone().or_else(|| named().map(|policy| policy.id.clone()));
        id.ok_or_else(|| format!("no policy {}", policy.name))
    }

    fn next(&mut self) -> u32 {
        self.created += 1;
        self.created
    }

    fn change_object(&mut self, change: &ObjectChange) -> Result<(), String> {
        let found = self.snapshot.objects.get(&change.key).and_then(Part::known);
        if found != Some(&change.before) {
            return Err(format!("{} is not as expected", change.key));
        }
        let ObjectKey { account, region, kind, name: _ } = change.key.clone();
        let query = ObjectQuery { account, region, kind };
        if let Some(Part::Known(listed)) = self.snapshot.listings.get_mut(&query) {
            listed.retain(|listed| listed.key != change.key);
            let description = match &change.after {
                Some(ObjectState::Role(role)) => Some(role.description.clone()),
                Some(ObjectState::EventRule(rule)) => Some(rule.description.clone()),
                Some(_) => Some(String::new()),
                None => None,
            };
            let listing = |description| ListedObject { key: change.key.clone(), description };
            listed.extend(description.map(listing));
        }
        self.snapshot.objects.insert(change.key.clone(), Part::Known(change.after.clone()));
        Ok(())
    }

    /// Applies a change, or says why AWS would not.
    #[expect(clippy::too_many_lines, reason = "one short arm a change")]
    pub(super) fn apply(&mut self, resources: &Resources, change: &Change) -> Result<(), String> {
        match change {
            Change::EnableTrustedService { service } => match &mut self.snapshot.trusted_services {
                Part::Known(services) => {
                    services.insert(service.clone());
                    Ok(())
                }
                Part::Unknown(_) => Err("services unknown".into()),
            },
            Change::EnablePolicyType { policy_type, .. } => {
                let Part::Known(root) = &mut self.snapshot.root else {
                    return Err("no root".into());
                };
                root.policy_types.insert(policy_type.clone(), PolicyTypeStatus::Enabled);
                self.attach_default_everywhere(policy_type);
                Ok(())
            }
            Change::RegisterAdministrator { service, account }
            | Change::DeregisterAdministrator { service, account } => {
                let is_register = matches!(change, Change::RegisterAdministrator { .. });
                match self.snapshot.delegated_administrators.get_mut(service) {
                    Some(Part::Known(accounts)) if is_register => accounts.insert(account.clone()),
                    Some(Part::Known(accounts)) => accounts.remove(account),
                    _ => return Err("administrators unknown".into()),
                };
                Ok(())
            }
            Change::Object(change) => self.change_object(change),
            Change::CreateUnit { path, parent, tags } => self.create_unit(path, parent, tags),
            Change::DeleteUnit { unit, .. } => self.delete_unit(unit),
            Change::MoveAccount { account, from, to, .. } => self.move_account(account, from, to),
            Change::CreatePolicy { policy_type, policy, .. } => {
                if self.policies(policy_type).values().any(|other| other.name == policy.name) {
                    return Err(format!("duplicate policy {}", policy.name));
                }
                let id: PolicyId = format!("p-created{:04}", self.next()).parse().unwrap();
                let created = ObservedPolicy {
                    id: id.clone(),
                    name: policy.name.clone(),
                    description: policy.description.clone(),
                    aws_managed: false,
                    document: Part::Known(policy.content.clone()),
                    targets: Part::Known(BTreeSet::new()),
                };
                self.policies_mut(policy_type).insert(id, created);
                Ok(())
            }
            Change::UpdatePolicy { policy_type, id, after, .. } => {
                let taken = |other: &&ObservedPolicy| other.name == after.name && other.id != *id;
                if self.policies(policy_type).values().any(|other| taken(&other)) {
                    return Err(format!("duplicate policy {}", after.name));
                }
                let policy = self.policies_mut(policy_type).get_mut(id).ok_or("no such policy")?;
                policy.name.clone_from(&after.name);
                policy.description.clone_from(&after.description);
                policy.document = Part::Known(after.content.clone());
                Ok(())
            }
            Change::DeletePolicy { policy_type, id, .. } => {
                let policy = self.policies_mut(policy_type).remove(id).ok_or("no such policy")?;
                if policy.targets.known().is_some_and(BTreeSet::is_empty) {
                    Ok(())
                } else {
                    Err(format!("{id} in use"))
                }
            }
            Change::AttachPolicy { policy_type, policy, target } => {
                let (id, target) = (self.policy(policy_type, policy)?, self.target(target)?);
                let slots = resources.quotas[policy_type].attached_max;
                if self.attached(policy_type, &target).len() >= slots {
                    return Err(format!("no slot on {target} for {id}"));
                }
                let is_new = targets_mut(self.policies_mut(policy_type), &id).insert(target);
                if is_new { Ok(()) } else { Err("attached twice".into()) }
            }
            Change::DetachPolicy { policy_type, policy, target, keeps, .. } => {
                let target = self.target(target)?;
                let there = self.attached(policy_type, &target);
                for kept in keeps {
                    let known = self.policy(policy_type, kept);
                    if kept.id.is_some() && !known.as_ref().is_ok_and(|id| there.contains(id)) {
                        return Err(format!("{} should be on {target}", kept.name));
                    }
                }
                if policy_type.needs_one_attached() && there.len() < 2 {
                    return Err(format!("{policy} is the last on {target}"));
                }
                let was = targets_mut(self.policies_mut(policy_type), policy).remove(&target);
                if was { Ok(()) } else { Err("not attached".into()) }
            }
        }
    }

    fn create_unit(
        &mut self,
        path: &OuPath,
        parent: &UnitRef,
        tags: &BTreeMap<String, String>,
    ) -> Result<(), String> {
        if self.tree().by_path().contains_key(path) {
            return Err(format!("duplicate OU {path}"));
        }
        let parent = self.unit(parent)?;
        let id: OuId = format!("ou-root-created{:04}", self.next()).parse().unwrap();
        let name = path.name().unwrap().to_owned();
        self.tree_mut().units.insert(id.clone(), ObservedUnit { name, parent });
        self.snapshot.tags.insert(id.to_string(), Part::Known(tags.clone()));
        assert!(Mark::read_tags(tags).is_some());
        let types: Vec<PolicyType> = self.snapshot.policies.keys().cloned().collect();
        for policy_type in types {
            self.attach_default(&policy_type, &TargetId::Ou(id.clone()));
        }
        Ok(())
    }

    fn delete_unit(&mut self, unit: &OuId) -> Result<(), String> {
        let parent = ParentId::Ou(unit.clone());
        let tree = self.tree();
        let is_empty = tree.units.values().all(|other| other.parent != parent)
            && tree.accounts.values().all(|account| account.parent != parent);
        if !is_empty {
            return Err(format!("{unit} is not empty"));
        }
        self.tree_mut().units.remove(unit);
        let target = TargetId::Ou(unit.clone());
        for policies in self.snapshot.policies.values_mut() {
            let Part::Known(policies) = policies else { continue };
            for policy in policies.values_mut() {
                if let Part::Known(targets) = &mut policy.targets {
                    targets.remove(&target);
                }
            }
        }
        Ok(())
    }

    fn move_account(
        &mut self,
        account: &AccountId,
        from: &ParentId,
        to: &UnitRef,
    ) -> Result<(), String> {
        let to = self.unit(to)?;
        let account = self.tree_mut().accounts.get_mut(account).ok_or("no such account")?;
        if account.parent != *from {
            return Err("not in the source".into());
        }
        account.parent = to;
        Ok(())
    }

    fn attach_default_everywhere(&mut self, policy_type: &PolicyType) {
        let tree = self.tree();
        let root = TargetId::Root(tree.root.clone());
        let units = tree.units.keys().cloned().map(TargetId::Ou);
        let accounts = tree.accounts.keys().cloned().map(TargetId::Account);
        let targets: Vec<TargetId> = std::iter::once(root).chain(units).chain(accounts).collect();
        for target in targets {
            self.attach_default(policy_type, &target);
        }
    }

    fn attach_default(&mut self, policy_type: &PolicyType, target: &TargetId) {
        let enabled = self.snapshot.root.known().unwrap().policy_types.contains_key(policy_type);
        let defaults =
            self.policies_mut(policy_type).values_mut().filter(|policy| policy.aws_managed);
        for policy in defaults.filter(|_| enabled) {
            if let Part::Known(targets) = &mut policy.targets {
                targets.insert(target.clone());
            }
        }
    }

    /// Every statement of every SCP that binds the account.
    pub(super) fn statements_on(&self, account: &AccountId) -> BTreeSet<String> {
        let lineage = self.tree().lineage(&TargetId::Account(account.clone()));
        let scps = self.policies(&PolicyType::service_control()).values();
        let binding = scps.filter(|policy| {
            let targets = policy.targets.known().unwrap();
            lineage.iter().any(|target| targets.contains(target))
        });
        binding.flat_map(|policy| self.statements(policy.document.known().unwrap())).collect()
    }

    fn statements(&self, text: &str) -> BTreeSet<String> {
        let read = || {
            let document = serde_json::from_str(text).unwrap();
            canonical(Language::Iam, &document).statements().clone()
        };
        self.read.borrow_mut().entry(text.to_owned()).or_insert_with(read).clone()
    }
}

fn targets_mut<'a>(
    policies: &'a mut BTreeMap<PolicyId, ObservedPolicy>,
    id: &PolicyId,
) -> &'a mut BTreeSet<TargetId> {
    match &mut policies.get_mut(id).unwrap().targets {
        Part::Known(targets) => targets,
        Part::Unknown(_) => panic!("the model knows its targets"),
    }
}
