//! From the references of a plan to the calls of the API, with the ids that earlier actions created.

use std::collections::BTreeMap;

use crate::act::Outcome;
use crate::cloud::{Call, Reply};
use crate::org::{OuId, OuPath, ParentId, PolicyId, PolicyType, TargetId};
use crate::plan::{Change, PolicyRef, TargetRef, UnitRef};

/// Ids of what this pass has created.
#[derive(Debug, Clone, Default)]
pub(super) struct Created {
    units: BTreeMap<OuPath, OuId>,
    policies: BTreeMap<(PolicyType, String), PolicyId>,
}

impl Created {
    /// Remembers what a change created.
    pub(super) fn note(&mut self, change: &Change, reply: &Reply) {
        if let (Change::CreateUnit { path, .. }, Reply::CreatedUnit(id)) = (change, reply) {
            self.units.insert(path.clone(), id.clone());
        }
        if let (Change::CreatePolicy { policy_type, policy, .. }, Reply::CreatedPolicy(id)) =
            (change, reply)
        {
            self.policies.insert((policy_type.clone(), policy.name.clone()), id.clone());
        }
    }

    /// The id behind a reference to a policy, if there is one by now.
    pub(super) fn policy(&self, policy_type: &PolicyType, policy: &PolicyRef) -> Option<PolicyId> {
        let key = || (policy_type.clone(), policy.name.clone());
        policy.id.clone().or_else(|| self.policies.get(&key()).cloned())
    }

    fn unit(&self, unit: &UnitRef) -> Option<ParentId> {
        let new = || self.units.get(&unit.path).cloned().map(ParentId::Ou);
        unit.id.clone().or_else(new)
    }

    fn target(&self, target: &TargetRef) -> Option<TargetId> {
        match target {
            TargetRef::Unit(unit) => self.unit(unit).map(TargetId::from),
            TargetRef::Account(id, _) => Some(TargetId::Account(id.clone())),
        }
    }

    /// The calls that make a change, in order. The last one is the change itself; tags go first,
    /// so that what carries the mark in its description also carries it in its tags.
    pub(super) fn calls(&self, change: &Change) -> Result<Vec<Call>, Outcome> {
        let missing = |what: &dyn std::fmt::Display| {
            Outcome::Superseded(format!(
                "`{what}` is not there, and nothing in this pass created it"
            ))
        };
        let call = match change {
            Change::EnableTrustedService { service } => {
                Call::EnableAwsServiceAccess { service: service.clone() }
            }
            Change::EnablePolicyType { root, policy_type } => {
                Call::EnablePolicyType { root: root.clone(), policy_type: policy_type.clone() }
            }
            Change::RegisterAdministrator { service, account } => {
                Call::RegisterDelegatedAdministrator {
                    account: account.clone(),
                    service: service.clone(),
                }
            }
            Change::DeregisterAdministrator { service, account } => {
                Call::DeregisterDelegatedAdministrator {
                    account: account.clone(),
                    service: service.clone(),
                }
            }
            Change::CreateUnit { path, parent, tags } => Call::CreateOrganizationalUnit {
                parent: self.unit(parent).ok_or_else(|| missing(&parent.path))?,
                name: path.name().unwrap_or_default().to_owned(),
                tags: tags.clone(),
            },
            Change::DeleteUnit { unit, .. } => {
                Call::DeleteOrganizationalUnit { unit: unit.clone() }
            }
            Change::MoveAccount { account, from, to, .. } => Call::MoveAccount {
                account: account.clone(),
                from: from.clone(),
                to: self.unit(to).ok_or_else(|| missing(&to.path))?,
            },
            Change::CreatePolicy { policy_type, policy, tags } => Call::CreatePolicy {
                policy_type: policy_type.clone(),
                name: policy.name.clone(),
                description: policy.description.clone(),
                content: policy.content.clone(),
                tags: tags.clone(),
            },
            Change::UpdatePolicy { id, before, after, tags, .. } => {
                let changed =
                    |before: &String, after: &String| (before != after).then(|| after.clone());
                let tag = Call::TagResource { resource: id.to_string(), tags: tags.clone() };
                let update = Call::UpdatePolicy {
                    policy: id.clone(),
                    name: changed(&before.name, &after.name),
                    description: changed(&before.description, &after.description),
                    content: changed(&before.content, &after.content),
                };
                return Ok(vec![tag, update]);
            }
            Change::DeletePolicy { id, .. } => Call::DeletePolicy { policy: id.clone() },
            Change::AttachPolicy { policy_type, policy, target } => Call::AttachPolicy {
                policy: self.policy(policy_type, policy).ok_or_else(|| missing(&policy.name))?,
                target: self.target(target).ok_or_else(|| missing(target))?,
            },
            Change::DetachPolicy { policy, target, .. } => Call::DetachPolicy {
                policy: policy.clone(),
                target: self.target(target).ok_or_else(|| missing(target))?,
            },
            // Each of its steps is carried out and written down by itself.
            Change::Object(_) => return Ok(Vec::new()),
        };
        Ok(vec![call])
    }
}
