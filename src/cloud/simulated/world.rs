//! The simulated organization itself: what it holds and what it answers. No time, no faults, no callers:
//! those are laid over it by the cloud that owns it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::Instant;

use crate::cloud::simulated::ids::Ids;
use crate::cloud::simulated::objects::Regions;
use crate::cloud::simulated::pages::Pager;
use crate::cloud::simulated::refusal::{Code, Refusal};
use crate::cloud::simulated::stacks::Stacks;
use crate::cloud::{Call, Reply};
use crate::org::{
    AccountId, AccountState, ObjectKey, ObjectState, ObservedAccount, Organization, OuPath,
    ParentId, PolicyId, PolicyQuota, PolicyType, PolicyTypeStatus, Root, RootId, TargetId, Tree,
};

/// An AWS Organization in memory, at one moment.
///
/// [`World::read`] and [`World::change`] keep AWS's rules. What no `Call` can do, but a person at a
/// console can, has methods of its own.
#[derive(Debug, Clone)]
pub struct World {
    pub(super) organization: Organization,
    pub(super) tree: Tree,
    pub(super) types: BTreeMap<PolicyType, TypeState>,
    pub(super) policies: BTreeMap<PolicyId, StoredPolicy>,
    pub(super) tags: BTreeMap<String, BTreeMap<String, String>>,
    pub(super) trusted: BTreeSet<String>,
    pub(super) administrators: BTreeMap<String, BTreeSet<AccountId>>,
    pub(super) objects: BTreeMap<ObjectKey, ObjectState>,
    pub(super) oidc_providers: BTreeSet<ObjectKey>,
    pub(super) stacks: Stacks,
    pub(super) regions: Regions,
    pub(super) quotas: BTreeMap<PolicyType, PolicyQuota>,
    pub(super) enabling_takes: Duration,
    pub(super) account_paths: AccountPaths,
    pub(super) ids: Ids,
}

/// Does `ListAccounts` say where an account lies?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountPaths {
    /// As the commercial partition does (`Account.Paths`).
    Given,
    /// As other partitions and emulators do not: the tree has to be walked.
    Missing,
}

/// A policy as AWS keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPolicy {
    /// Its type.
    pub policy_type: PolicyType,
    /// Its name, unique within the type.
    pub name: String,
    /// Its description.
    pub description: String,
    /// Its document, as it was sent.
    pub content: String,
    /// Does AWS own it?
    pub aws_managed: bool,
    /// What it is attached to.
    pub targets: BTreeSet<TargetId>,
}

/// A policy type that is not off.
#[derive(Debug, Clone, Copy)]
pub(super) struct TypeState {
    pub(super) status: PolicyTypeStatus,
    /// When `PendingEnable` becomes `Enabled`.
    pub(super) ready_at: Instant,
}

impl World {
    /// An organization of one account, the management account, in which nothing is enabled.
    pub(super) fn bare(
        organization: Organization,
        root: RootId,
        management_name: &str,
        ids: Ids,
    ) -> Self {
        let account = ObservedAccount {
            name: management_name.to_owned(),
            parent: ParentId::Root(root.clone()),
            state: AccountState::Active,
        };
        let mut tree = Tree::bare(root);
        tree.accounts.insert(organization.management_account.clone(), account);
        let mut world = Self {
            organization,
            tree,
            types: BTreeMap::new(),
            policies: BTreeMap::new(),
            tags: BTreeMap::new(),
            trusted: BTreeSet::new(),
            administrators: BTreeMap::new(),
            objects: BTreeMap::new(),
            oidc_providers: BTreeSet::new(),
            stacks: Stacks::default(),
            regions: Regions::default(),
            quotas: BTreeMap::new(),
            enabling_takes: Duration::ZERO,
            account_paths: AccountPaths::Given,
            ids,
        };
        world.store_aws_managed_policies();
        world
    }

    /// Sets a quota of this organization.
    pub fn set_quota(&mut self, policy_type: PolicyType, quota: PolicyQuota) {
        self.quotas.insert(policy_type, quota);
    }

    /// The tree as it is.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The organization.
    pub fn organization(&self) -> &Organization {
        &self.organization
    }

    /// Every policy, AWS's own included.
    pub fn policies(&self) -> &BTreeMap<PolicyId, StoredPolicy> {
        &self.policies
    }

    /// The service principals with trusted access.
    pub fn trusted_services(&self) -> &BTreeSet<String> {
        &self.trusted
    }

    /// The delegated administrators of every service that has some.
    pub fn administrators(&self) -> &BTreeMap<String, BTreeSet<AccountId>> {
        &self.administrators
    }

    /// The tags of the object with this id.
    pub fn tags_of(&self, resource: &str) -> BTreeMap<String, String> {
        self.tags.get(resource).cloned().unwrap_or_default()
    }

    /// The policy with this name.
    pub fn policy_named(
        &self,
        policy_type: &PolicyType,
        name: &str,
    ) -> Option<(&PolicyId, &StoredPolicy)> {
        self.policies
            .iter()
            .find(|(_, policy)| policy.policy_type == *policy_type && policy.name == name)
    }

    /// The root or OU at `path`.
    pub fn unit_at(&self, path: &OuPath) -> Option<ParentId> {
        let mut at = ParentId::Root(self.tree.root.clone());
        for name in path.names() {
            at = self.unit_named(&at, name)?;
        }
        Some(at)
    }

    /// The policies of a type that are attached directly to `target`.
    pub fn attached(
        &self,
        target: &TargetId,
        policy_type: &PolicyType,
    ) -> impl Iterator<Item = (&PolicyId, &StoredPolicy)> {
        self.policies.iter().filter(move |(_, policy)| {
            policy.policy_type == *policy_type && policy.targets.contains(target)
        })
    }

    /// The root with its policy types.
    pub fn root(&self) -> Root {
        Root {
            id: self.tree.root.clone(),
            policy_types: self
                .types
                .iter()
                .map(|(policy_type, state)| (policy_type.clone(), state.status))
                .collect(),
        }
    }

    /// Answers a question. A change is answered as AWS answers one that does not exist.
    pub fn read(&self, call: &Call, pager: Pager) -> Result<Reply, Refusal> {
        match call {
            Call::DescribeOrganization => Ok(Reply::Organization(self.organization.clone())),
            Call::ListRoots { page } => self.list_roots(page, pager),
            Call::ListAccounts { page } => self.list_accounts(page, pager),
            Call::ListAccountsForParent { parent, page } => {
                self.list_accounts_in(parent, page, pager)
            }
            Call::ListOrganizationalUnitsForParent { parent, page } => {
                self.list_units_in(parent, page, pager)
            }
            Call::ListPolicies { policy_type, page } => {
                self.list_policies(policy_type, page, pager)
            }
            Call::DescribePolicy { policy } => self.describe_policy(policy),
            Call::ListTargetsForPolicy { policy, page } => self.list_targets(policy, page, pager),
            Call::ListPoliciesForTarget { target, policy_type, page } => {
                self.list_policies_on(target, policy_type, page, pager)
            }
            Call::ListTagsForResource { resource, page } => self.list_tags(resource, page, pager),
            Call::ListAwsServiceAccessForOrganization { page } => {
                self.list_trusted_services(page, pager)
            }
            Call::ListDelegatedAdministrators { service, page } => {
                self.list_administrators(service, page, pager)
            }
            Call::ReadObject { key, reading: _ } => self.read_object(key),
            Call::ListObjects { query, page } => self.list_objects(query, page, pager),
            Call::GetCallerIdentity
            | Call::EnablePolicyType { .. }
            | Call::DisablePolicyType { .. }
            | Call::CreatePolicy { .. }
            | Call::UpdatePolicy { .. }
            | Call::DeletePolicy { .. }
            | Call::AttachPolicy { .. }
            | Call::DetachPolicy { .. }
            | Call::CreateOrganizationalUnit { .. }
            | Call::DeleteOrganizationalUnit { .. }
            | Call::MoveAccount { .. }
            | Call::TagResource { .. }
            | Call::UntagResource { .. }
            | Call::EnableAwsServiceAccess { .. }
            | Call::RegisterDelegatedAdministrator { .. }
            | Call::DeregisterDelegatedAdministrator { .. }
            | Call::WriteObject { .. } => {
                Err(Code::InvalidInputException.because("not a question to the organization"))
            }
        }
    }

    /// Carries out a change, or refuses and leaves everything as it was.
    pub fn change(&mut self, call: &Call) -> Result<Reply, Refusal> {
        match call {
            Call::EnablePolicyType { root, policy_type } => {
                self.enable_policy_type(root, policy_type)
            }
            Call::DisablePolicyType { root, policy_type } => {
                self.disable_policy_type(root, policy_type)
            }
            Call::CreatePolicy { policy_type, name, description, content, tags } => {
                self.create_policy(policy_type, name, description, content, tags)
            }
            Call::UpdatePolicy { policy, name, description, content } => {
                self.update_policy(policy, name.as_ref(), description.as_ref(), content.as_ref())
            }
            Call::DeletePolicy { policy } => self.delete_policy(policy),
            Call::AttachPolicy { policy, target } => self.attach_policy(policy, target),
            Call::DetachPolicy { policy, target } => self.detach_policy(policy, target),
            Call::CreateOrganizationalUnit { parent, name, tags } => {
                self.create_unit(parent, name, tags)
            }
            Call::DeleteOrganizationalUnit { unit } => self.delete_unit(unit),
            Call::MoveAccount { account, from, to } => self.move_account(account, from, to),
            Call::TagResource { resource, tags } => self.tag(resource, tags),
            Call::UntagResource { resource, keys } => self.untag(resource, keys),
            Call::EnableAwsServiceAccess { service } => self.trust(service),
            Call::RegisterDelegatedAdministrator { account, service } => {
                self.register(account, service)
            }
            Call::DeregisterDelegatedAdministrator { account, service } => {
                self.deregister(account, service)
            }
            Call::WriteObject { key, step } => self.write_object(key, step),
            Call::GetCallerIdentity
            | Call::DescribeOrganization
            | Call::ListRoots { .. }
            | Call::ListAccounts { .. }
            | Call::ListAccountsForParent { .. }
            | Call::ListOrganizationalUnitsForParent { .. }
            | Call::ListPolicies { .. }
            | Call::DescribePolicy { .. }
            | Call::ListTargetsForPolicy { .. }
            | Call::ListPoliciesForTarget { .. }
            | Call::ListTagsForResource { .. }
            | Call::ListAwsServiceAccessForOrganization { .. }
            | Call::ListDelegatedAdministrators { .. }
            | Call::ReadObject { .. }
            | Call::ListObjects { .. } => {
                Err(Code::InvalidInputException.because("not a change of the organization"))
            }
        }
    }
}
