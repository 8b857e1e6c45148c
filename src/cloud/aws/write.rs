//! Changes: a request and its answer, one function an operation. Sent once, never again.

use std::collections::{BTreeMap, BTreeSet};

use crate::cloud::aws::AwsCloud;
use crate::cloud::aws::failure::{failure, unreadable};
use crate::cloud::aws::translate;
use crate::cloud::{Answer, CloudError, Operation, Reply};
use crate::org::{AccountId, OuId, ParentId, PolicyId, PolicyType, RootId, TargetId};

/// A policy to create.
pub(super) struct NewPolicy<'a> {
    pub(super) policy_type: &'a PolicyType,
    pub(super) name: String,
    pub(super) description: String,
    pub(super) content: String,
    pub(super) tags: BTreeMap<String, String>,
}

impl AwsCloud {
    pub(super) async fn enable_policy_type(
        &self,
        root: RootId,
        policy_type: &PolicyType,
    ) -> Result<Answer, CloudError> {
        let request = self.writes.enable_policy_type().root_id(root);
        let sent = request.policy_type(translate::policy_type(policy_type)).send().await;
        let answer = sent.map_err(|error| failure(Operation::EnablePolicyType, &error))?;
        Ok(translate::answer(Reply::Done, &answer))
    }

    pub(super) async fn disable_policy_type(
        &self,
        root: RootId,
        policy_type: &PolicyType,
    ) -> Result<Answer, CloudError> {
        let request = self.writes.disable_policy_type().root_id(root);
        let sent = request.policy_type(translate::policy_type(policy_type)).send().await;
        let answer = sent.map_err(|error| failure(Operation::DisablePolicyType, &error))?;
        Ok(translate::answer(Reply::Done, &answer))
    }

    pub(super) async fn create_policy(&self, new: NewPolicy<'_>) -> Result<Answer, CloudError> {
        const OPERATION: Operation = Operation::CreatePolicy;
        let NewPolicy { policy_type, name, description, content, tags } = new;
        let request = self.writes.create_policy().name(name).description(description);
        let request = request.content(content).r#type(translate::policy_type(policy_type));
        let sent = request.set_tags(translate::tags(OPERATION, tags)?).send().await;
        let answer = sent.map_err(|error| failure(OPERATION, &error))?;
        let (created, _) = translate::policy(OPERATION, answer.policy())?;
        Ok(translate::answer(Reply::CreatedPolicy(created.id), &answer))
    }

    pub(super) async fn update_policy(
        &self,
        policy: PolicyId,
        name: Option<String>,
        description: Option<String>,
        content: Option<String>,
    ) -> Result<Answer, CloudError> {
        let request = self.writes.update_policy().policy_id(policy).set_name(name);
        let sent = request.set_description(description).set_content(content).send().await;
        let answer = sent.map_err(|error| failure(Operation::UpdatePolicy, &error))?;
        Ok(translate::answer(Reply::Done, &answer))
    }

    pub(super) async fn delete_policy(&self, policy: PolicyId) -> Result<Answer, CloudError> {
        let sent = self.writes.delete_policy().policy_id(policy).send().await;
        let answer = sent.map_err(|error| failure(Operation::DeletePolicy, &error))?;
        Ok(translate::answer(Reply::Done, &answer))
    }

    pub(super) async fn attach_policy(
        &self,
        policy: PolicyId,
        target: TargetId,
    ) -> Result<Answer, CloudError> {
        let sent = self.writes.attach_policy().policy_id(policy).target_id(target).send().await;
        let answer = sent.map_err(|error| failure(Operation::AttachPolicy, &error))?;
        Ok(translate::answer(Reply::Done, &answer))
    }

    pub(super) async fn detach_policy(
        &self,
        policy: PolicyId,
        target: TargetId,
    ) -> Result<Answer, CloudError> {
        let sent = self.writes.detach_policy().policy_id(policy).target_id(target).send().await;
        let answer = sent.map_err(|error| failure(Operation::DetachPolicy, &error))?;
        Ok(translate::answer(Reply::Done, &answer))
    }

    pub(super) async fn create_unit(
        &self,
        parent: ParentId,
        name: String,
        tags: BTreeMap<String, String>,
    ) -> Result<Answer, CloudError> {
        const OPERATION: Operation = Operation::CreateOrganizationalUnit;
        let request = self.writes.create_organizational_unit().parent_id(parent).name(name);
        let sent = request.set_tags(translate::tags(OPERATION, tags)?).send().await;
        let answer = sent.map_err(|error| failure(OPERATION, &error))?;
        let unit = answer
            .organizational_unit()
            .ok_or_else(|| unreadable(OPERATION, "no `OrganizationalUnit` in the answer"))?;
        let id = translate::id(OPERATION, "Id", unit.id())?;
        Ok(translate::answer(Reply::CreatedUnit(id), &answer))
    }

    pub(super) async fn delete_unit(&self, unit: OuId) -> Result<Answer, CloudError> {
        let request = self.writes.delete_organizational_unit();
        let sent = request.organizational_unit_id(unit).send().await;
        let answer = sent.map_err(|error| failure(Operation::DeleteOrganizationalUnit, &error))?;
        Ok(translate::answer(Reply::Done, &answer))
    }

    pub(super) async fn move_account(
        &self,
        account: AccountId,
        from: ParentId,
        to: ParentId,
    ) -> Result<Answer, CloudError> {
        let request = self.writes.move_account().account_id(account).source_parent_id(from);
        let sent = request.destination_parent_id(to).send().await;
        let answer = sent.map_err(|error| failure(Operation::MoveAccount, &error))?;
        Ok(translate::answer(Reply::Done, &answer))
    }

    pub(super) async fn tag(
        &self,
        resource: String,
        tags: BTreeMap<String, String>,
    ) -> Result<Answer, CloudError> {
        const OPERATION: Operation = Operation::TagResource;
        let request = self.writes.tag_resource().resource_id(resource);
        let tags = translate::tags(OPERATION, tags)?.unwrap_or_default();
        let sent = request.set_tags(Some(tags)).send().await;
        let answer = sent.map_err(|error| failure(OPERATION, &error))?;
        Ok(translate::answer(Reply::Done, &answer))
    }

    pub(super) async fn untag(
        &self,
        resource: String,
        keys: BTreeSet<String>,
    ) -> Result<Answer, CloudError> {
        let request = self.writes.untag_resource().resource_id(resource);
        let sent = request.set_tag_keys(Some(keys.into_iter().collect())).send().await;
        let answer = sent.map_err(|error| failure(Operation::UntagResource, &error))?;
        Ok(translate::answer(Reply::Done, &answer))
    }

    pub(super) async fn enable_service(&self, service: String) -> Result<Answer, CloudError> {
        let sent = self.writes.enable_aws_service_access().service_principal(service).send().await;
        let answer = sent.map_err(|error| failure(Operation::EnableAwsServiceAccess, &error))?;
        Ok(translate::answer(Reply::Done, &answer))
    }

    pub(super) async fn register_administrator(
        &self,
        account: AccountId,
        service: String,
    ) -> Result<Answer, CloudError> {
        let request = self.writes.register_delegated_administrator().account_id(account);
        let sent = request.service_principal(service).send().await;
        let answer =
            sent.map_err(|error| failure(Operation::RegisterDelegatedAdministrator, &error))?;
        Ok(translate::answer(Reply::Done, &answer))
    }

    pub(super) async fn deregister_administrator(
        &self,
        account: AccountId,
        service: String,
    ) -> Result<Answer, CloudError> {
        let request = self.writes.deregister_delegated_administrator().account_id(account);
        let sent = request.service_principal(service).send().await;
        let answer =
            sent.map_err(|error| failure(Operation::DeregisterDelegatedAdministrator, &error))?;
        Ok(translate::answer(Reply::Done, &answer))
    }
}
