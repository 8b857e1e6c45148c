//! Tags, trusted access and delegated administrators of the simulated organization.

use std::collections::{BTreeMap, BTreeSet};

use crate::cloud::Reply;
use crate::cloud::simulated::refusal::{Code, Refusal, constraint, invalid};
use crate::cloud::simulated::tree::target_not_found;
use crate::cloud::simulated::world::World;
use crate::org::{AccountId, AccountState, PolicyId, TargetId};

/// Tags on one policy, OU, account or root ("Quotas and service limits").
pub const TAGS_MAX: usize = 50;

impl World {
    pub(super) fn tag(
        &mut self,
        resource: &str,
        tags: &BTreeMap<String, String>,
    ) -> Result<Reply, Refusal> {
        self.require_resource(resource)?;
        World::require_tags(&self.tags_of(resource), tags)?;
        self.set_tags(resource, tags);
        Ok(Reply::Done)
    }

    pub(super) fn untag(
        &mut self,
        resource: &str,
        keys: &BTreeSet<String>,
    ) -> Result<Reply, Refusal> {
        self.require_resource(resource)?;
        if let Some(tags) = self.tags.get_mut(resource) {
            tags.retain(|key, _| !keys.contains(key));
            if tags.is_empty() {
                self.tags.remove(resource);
            }
        }
        Ok(Reply::Done)
    }

    pub(super) fn trust(&mut self, service: &str) -> Result<Reply, Refusal> {
        if !service.contains('.') {
            return Err(invalid(
                "UNRECOGNIZED_SERVICE_PRINCIPAL",
                "You specified a service principal that isn't recognized.",
            ));
        }
        self.trusted.insert(service.to_owned());
        Ok(Reply::Done)
    }

    pub(super) fn register(
        &mut self,
        account: &AccountId,
        service: &str,
    ) -> Result<Reply, Refusal> {
        let state = self.require_account(account)?.state;
        if *account == self.organization.management_account {
            return Err(constraint(
                "CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR",
                "You can designate only a member account as a delegated administrator.",
            ));
        }
        if !self.trusted.contains(service) {
            return Err(constraint(
                "SERVICE_ACCESS_NOT_ENABLED",
                "You attempted to register a delegated administrator before you enabled service access. \
                 Call the EnableAWSServiceAccess API first.",
            ));
        }
        if state != AccountState::Active {
            return Err(constraint(
                "CANNOT_REGISTER_SUSPENDED_ACCOUNT_AS_DELEGATED_ADMINISTRATOR",
                "You cannot register a suspended account as a delegated administrator.",
            ));
        }
        if !self.administrators.entry(service.to_owned()).or_default().insert(account.clone()) {
            return Err(Code::AccountAlreadyRegisteredException.because(
                "The specified account is already a delegated administrator for this AWS service.",
            ));
        }
        Ok(Reply::Done)
    }

    pub(super) fn deregister(
        &mut self,
        account: &AccountId,
        service: &str,
    ) -> Result<Reply, Refusal> {
        self.require_account(account)?;
        let registered = self.administrators.get_mut(service);
        if !registered.is_some_and(|accounts| accounts.remove(account)) {
            return Err(Code::AccountNotRegisteredException.because(
                "The specified account is not a delegated administrator for this AWS service.",
            ));
        }
        self.administrators.retain(|_, accounts| !accounts.is_empty());
        Ok(Reply::Done)
    }

    /// Trusted access goes, as `DisableAWSServiceAccess` takes it away, and the service's delegated
    /// administrators with it. Was it there?
    pub fn remove_trusted_service(&mut self, service: &str) -> bool {
        self.administrators.remove(service);
        self.trusted.remove(service)
    }

    /// Is the account a delegated administrator of any service?
    pub(super) fn is_administrator(&self, account: &AccountId) -> bool {
        self.administrators.values().any(|accounts| accounts.contains(account))
    }

    /// Policies, OUs, accounts and the root can carry tags.
    pub(super) fn require_resource(&self, resource: &str) -> Result<(), Refusal> {
        let is_policy =
            resource.parse::<PolicyId>().is_ok_and(|id| self.policies.contains_key(&id));
        let is_target = || resource.parse::<TargetId>().is_ok_and(|id| self.tree.holds(&id));
        if is_policy || is_target() { Ok(()) } else { Err(target_not_found(resource)) }
    }

    /// May `added` be put on what already carries `present`?
    pub(super) fn require_tags(
        present: &BTreeMap<String, String>,
        added: &BTreeMap<String, String>,
    ) -> Result<(), Refusal> {
        if added.keys().any(|key| key.to_lowercase().starts_with("aws:")) {
            return Err(invalid(
                "INVALID_SYSTEM_TAGS_PARAMETER",
                "You specified a tag key that is a system tag.",
            ));
        }
        let keys: BTreeSet<&String> = present.keys().chain(added.keys()).collect();
        if keys.len() > TAGS_MAX {
            return Err(constraint(
                "MAX_TAG_LIMIT_EXCEEDED",
                "You have exceeded the number of tags allowed on this resource.",
            ));
        }
        Ok(())
    }

    pub(super) fn set_tags(&mut self, resource: &str, tags: &BTreeMap<String, String>) {
        if !tags.is_empty() {
            self.tags.entry(resource.to_owned()).or_default().extend(tags.clone());
        }
    }
}
