//! The simulated organization as a snapshot, and back.

use std::collections::{BTreeMap, BTreeSet};

use tokio::time::Instant;

use crate::cloud::simulated::builder::BuildError;
use crate::cloud::simulated::ids::Ids;
use crate::cloud::simulated::world::{StoredPolicy, TypeState, World};
use crate::org::{
    Caller, ObjectKind, ObjectState, ObservedPolicy, OrgSnapshot, Part, PolicyId, PolicyType,
    PolicyTypeStatus, TargetId,
};

impl World {
    /// Everything there is, as a perfect observer with the identity `caller` would see it.
    pub(super) fn snapshot(&self, caller: Caller) -> OrgSnapshot {
        let policies = self.types.keys().map(|policy_type| (policy_type.clone(), BTreeMap::new()));
        let mut policies: BTreeMap<PolicyType, BTreeMap<PolicyId, ObservedPolicy>> =
            policies.collect();
        for (id, policy) in &self.policies {
            let of_type = policies.entry(policy.policy_type.clone()).or_default();
            of_type.insert(id.clone(), observed(id, policy));
        }
        let services: BTreeSet<&String> =
            self.trusted.iter().chain(self.administrators.keys()).collect();
        OrgSnapshot {
            caller: Part::Known(caller),
            organization: Part::Known(self.organization.clone()),
            root: Part::Known(self.root()),
            tree: Part::Known(self.tree.clone()),
            policies: policies.into_iter().map(|(key, part)| (key, Part::Known(part))).collect(),
            trusted_services: Part::Known(self.trusted.clone()),
            delegated_administrators: services
                .into_iter()
                .map(|service| {
                    let accounts = self.administrators.get(service).cloned().unwrap_or_default();
                    (service.clone(), Part::Known(accounts))
                })
                .collect(),
            tags: self
                .tags
                .iter()
                .map(|(id, tags)| (id.clone(), Part::Known(tags.clone())))
                .collect(),
            objects: self
                .objects
                .iter()
                .map(|(key, state)| (key.clone(), state.clone()))
                .chain(self.regions_of_accounts())
                .map(|(key, state)| (key, Part::Known(Some(state))))
                .collect(),
            listings: self.listings(),
        }
    }

    /// The organization that `snapshot` describes. What the snapshot did not ask for is not there.
    pub(super) fn from_snapshot(seed: u64, snapshot: &OrgSnapshot) -> Result<Self, BuildError> {
        let root = known("root", &snapshot.root)?;
        let organization = known("organization", &snapshot.organization)?;
        let mut world = Self::bare(organization, root.id, "management", Ids::seeded(seed));
        world.tree = known("tree", &snapshot.tree)?;
        for (policy_type, status) in root.policy_types {
            world.types.insert(policy_type, TypeState { status, ready_at: Instant::now() });
        }
        for (policy_type, part) in &snapshot.policies {
            for (id, policy) in known("policies", part)? {
                world.policies.insert(id, stored(policy_type, &policy)?);
            }
        }
        world.trusted = known("trusted services", &snapshot.trusted_services)?;
        for (service, part) in &snapshot.delegated_administrators {
            let accounts = known("delegated administrators", part)?;
            if !accounts.is_empty() {
                world.administrators.insert(service.clone(), accounts);
            }
        }
        for (id, part) in &snapshot.tags {
            world.set_tags(id, &known("tags", part)?);
        }
        for (key, part) in &snapshot.objects {
            if let Some(state) = known("objects", part)?
                && key.kind != ObjectKind::Region
            {
                world.objects.insert(key.clone(), state);
            }
        }
        for (query, part) in &snapshot.listings {
            if query.kind == ObjectKind::OidcProvider {
                let listed = known("OIDC providers", part)?;
                world.oidc_providers.extend(listed.into_iter().map(|listed| listed.key));
            }
            if query.kind != ObjectKind::Region {
                continue;
            }
            for listed in known("Regions", part)? {
                if let Some(ObjectState::Region(region)) = listed.state() {
                    world.set_region(&query.account, &listed.key.name, region.status);
                }
            }
        }
        world.guard_the_unguarded();
        Ok(world)
    }

    /// A type that is on has AWS's own policy wherever nothing of the type is attached: a snapshot
    /// that did not ask for the type would otherwise make an organization that cannot be.
    fn guard_the_unguarded(&mut self) {
        let enabled: Vec<PolicyType> = self
            .types
            .iter()
            .filter(|(_, state)| state.status == PolicyTypeStatus::Enabled)
            .map(|(policy_type, _)| policy_type.clone())
            .collect();
        for policy_type in enabled {
            let bare: Vec<TargetId> = self
                .all_targets()
                .filter(|target| self.attached(target, &policy_type).next().is_none())
                .collect();
            if let Some(policy) = self.default_policy(&policy_type) {
                policy.targets.extend(bare);
            }
        }
    }
}

fn observed(id: &PolicyId, policy: &StoredPolicy) -> ObservedPolicy {
    ObservedPolicy {
        id: id.clone(),
        name: policy.name.clone(),
        description: policy.description.clone(),
        aws_managed: policy.aws_managed,
        document: Part::Known(policy.content.clone()),
        targets: Part::Known(policy.targets.clone()),
    }
}

fn stored(policy_type: &PolicyType, policy: &ObservedPolicy) -> Result<StoredPolicy, BuildError> {
    Ok(StoredPolicy {
        policy_type: policy_type.clone(),
        name: policy.name.clone(),
        description: policy.description.clone(),
        content: known("a policy's document", &policy.document)?,
        aws_managed: policy.aws_managed,
        targets: known("a policy's targets", &policy.targets)?,
    })
}

fn known<T: Clone>(part: &'static str, value: &Part<T>) -> Result<T, BuildError> {
    match value {
        Part::Known(value) => Ok(value.clone()),
        Part::Unknown(why) => Err(BuildError::Unknown { part, why: why.clone() }),
    }
}
