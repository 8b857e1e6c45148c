//! Reads: a request and its answer, one function an operation.

use aws_sdk_organizations::types::Tag;

use crate::cloud::aws::AwsCloud;
use crate::cloud::aws::failure::{failure, unreadable, without_addresses};
use crate::cloud::aws::translate;
use crate::cloud::{Answer, CloudError, Operation, PageToken, Reply};
use crate::org::{Caller, ParentId, PolicyId, PolicyType, TargetId};

impl AwsCloud {
    pub(super) async fn caller(&self) -> Result<Answer, CloudError> {
        let (caller, request_id) = self.identify().await?;
        Ok(Answer { reply: Reply::Caller(caller), request_id })
    }

    /// Who calls, and the id of the request that told.
    pub(super) async fn identify(&self) -> Result<(Caller, Option<String>), CloudError> {
        const OPERATION: Operation = Operation::GetCallerIdentity;
        let sent = self.identity.get_caller_identity().send().await;
        let answer = sent.map_err(|error| failure(OPERATION, &error))?;
        let arn = answer.arn().ok_or_else(|| unreadable(OPERATION, "no `Arn` in the answer"))?;
        let account = translate::id(OPERATION, "Account", answer.account())?;
        // Session names are often e-mail addresses, and the ARN goes to status and journal.
        let member_role = Some(self.members.role().to_owned());
        let caller = Caller { account, arn: without_addresses(arn), member_role };
        Ok((caller, translate::request_id(&answer)))
    }

    pub(super) async fn organization(&self) -> Result<Answer, CloudError> {
        const OPERATION: Operation = Operation::DescribeOrganization;
        let sent = self.reads.describe_organization().send().await;
        let answer = sent.map_err(|error| failure(OPERATION, &error))?;
        let organization = translate::organization(OPERATION, answer.organization())?;
        Ok(translate::answer(Reply::Organization(organization), &answer))
    }

    pub(super) async fn roots(&self, page: PageToken) -> Result<Answer, CloudError> {
        const OPERATION: Operation = Operation::ListRoots;
        let sent = self.reads.list_roots().set_next_token(page).send().await;
        let answer = sent.map_err(|error| failure(OPERATION, &error))?;
        let id = translate::request_id(&answer);
        let page = translate::page(answer.roots, answer.next_token, |root| {
            translate::root(OPERATION, &root)
        })?;
        Ok(Answer { reply: Reply::Roots(page), request_id: id })
    }

    pub(super) async fn accounts(&self, page: PageToken) -> Result<Answer, CloudError> {
        const OPERATION: Operation = Operation::ListAccounts;
        let sent = self.reads.list_accounts().set_next_token(page).send().await;
        let answer = sent.map_err(|error| failure(OPERATION, &error))?;
        let id = translate::request_id(&answer);
        let page = translate::page(answer.accounts, answer.next_token, |account| {
            translate::account(OPERATION, &account, None)
        })?;
        Ok(Answer { reply: Reply::Accounts(page), request_id: id })
    }

    pub(super) async fn accounts_in(
        &self,
        parent: ParentId,
        page: PageToken,
    ) -> Result<Answer, CloudError> {
        const OPERATION: Operation = Operation::ListAccountsForParent;
        let request = self.reads.list_accounts_for_parent().parent_id(parent.as_str());
        let sent = request.set_next_token(page).send().await;
        let answer = sent.map_err(|error| failure(OPERATION, &error))?;
        let id = translate::request_id(&answer);
        let page = translate::page(answer.accounts, answer.next_token, |account| {
            translate::account(OPERATION, &account, Some(&parent))
        })?;
        Ok(Answer { reply: Reply::Accounts(page), request_id: id })
    }

    pub(super) async fn units_in(
        &self,
        parent: ParentId,
        page: PageToken,
    ) -> Result<Answer, CloudError> {
        const OPERATION: Operation = Operation::ListOrganizationalUnitsForParent;
        let request = self.reads.list_organizational_units_for_parent().parent_id(parent);
        let sent = request.set_next_token(page).send().await;
        let answer = sent.map_err(|error| failure(OPERATION, &error))?;
        let id = translate::request_id(&answer);
        let page = translate::page(answer.organizational_units, answer.next_token, |unit| {
            translate::unit(OPERATION, &unit)
        })?;
        Ok(Answer { reply: Reply::Units(page), request_id: id })
    }

    pub(super) async fn policies(
        &self,
        policy_type: &PolicyType,
        page: PageToken,
    ) -> Result<Answer, CloudError> {
        const OPERATION: Operation = Operation::ListPolicies;
        let request = self.reads.list_policies().filter(translate::policy_type(policy_type));
        let sent = request.set_next_token(page).send().await;
        let answer = sent.map_err(|error| failure(OPERATION, &error))?;
        let id = translate::request_id(&answer);
        let page = translate::page(answer.policies, answer.next_token, |policy| {
            translate::policy_summary(OPERATION, &policy)
        })?;
        Ok(Answer { reply: Reply::Policies(page), request_id: id })
    }

    pub(super) async fn policy(&self, policy: PolicyId) -> Result<Answer, CloudError> {
        const OPERATION: Operation = Operation::DescribePolicy;
        let sent = self.reads.describe_policy().policy_id(policy).send().await;
        let answer = sent.map_err(|error| failure(OPERATION, &error))?;
        let (summary, content) = translate::policy(OPERATION, answer.policy())?;
        let content =
            content.ok_or_else(|| unreadable(OPERATION, "a policy without its `Content`"))?;
        Ok(translate::answer(Reply::Policy(summary, content.to_owned()), &answer))
    }

    pub(super) async fn targets(
        &self,
        policy: PolicyId,
        page: PageToken,
    ) -> Result<Answer, CloudError> {
        const OPERATION: Operation = Operation::ListTargetsForPolicy;
        let request = self.reads.list_targets_for_policy().policy_id(policy);
        let sent = request.set_next_token(page).send().await;
        let answer = sent.map_err(|error| failure(OPERATION, &error))?;
        let id = translate::request_id(&answer);
        let page = translate::page(answer.targets, answer.next_token, |target| {
            translate::id::<TargetId>(OPERATION, "TargetId", target.target_id())
        })?;
        Ok(Answer { reply: Reply::Targets(page), request_id: id })
    }

    pub(super) async fn policies_on(
        &self,
        target: TargetId,
        policy_type: &PolicyType,
        page: PageToken,
    ) -> Result<Answer, CloudError> {
        const OPERATION: Operation = Operation::ListPoliciesForTarget;
        let request = self.reads.list_policies_for_target().target_id(target);
        let request = request.filter(translate::policy_type(policy_type));
        let sent = request.set_next_token(page).send().await;
        let answer = sent.map_err(|error| failure(OPERATION, &error))?;
        let id = translate::request_id(&answer);
        let page = translate::page(answer.policies, answer.next_token, |policy| {
            translate::policy_summary(OPERATION, &policy)
        })?;
        Ok(Answer { reply: Reply::Policies(page), request_id: id })
    }

    pub(super) async fn tags(
        &self,
        resource: String,
        page: PageToken,
    ) -> Result<Answer, CloudError> {
        const OPERATION: Operation = Operation::ListTagsForResource;
        let request = self.reads.list_tags_for_resource().resource_id(resource);
        let sent = request.set_next_token(page).send().await;
        let answer = sent.map_err(|error| failure(OPERATION, &error))?;
        let id = translate::request_id(&answer);
        let page =
            translate::page(answer.tags, answer.next_token, |Tag { key, value, .. }| {
                Ok((key, value))
            })?;
        Ok(Answer { reply: Reply::Tags(page), request_id: id })
    }

    pub(super) async fn services(&self, page: PageToken) -> Result<Answer, CloudError> {
        const OPERATION: Operation = Operation::ListAwsServiceAccessForOrganization;
        let request = self.reads.list_aws_service_access_for_organization();
        let sent = request.set_next_token(page).send().await;
        let answer = sent.map_err(|error| failure(OPERATION, &error))?;
        let id = translate::request_id(&answer);
        let page =
            translate::page(answer.enabled_service_principals, answer.next_token, |service| {
                service.service_principal.ok_or_else(|| {
                    unreadable(OPERATION, "an enabled service without a `ServicePrincipal`")
                })
            })?;
        Ok(Answer { reply: Reply::Services(page), request_id: id })
    }

    pub(super) async fn administrators(
        &self,
        service: String,
        page: PageToken,
    ) -> Result<Answer, CloudError> {
        const OPERATION: Operation = Operation::ListDelegatedAdministrators;
        let request = self.reads.list_delegated_administrators().service_principal(service);
        let sent = request.set_next_token(page).send().await;
        let answer = sent.map_err(|error| failure(OPERATION, &error))?;
        let id = translate::request_id(&answer);
        let page =
            translate::page(answer.delegated_administrators, answer.next_token, |administrator| {
                translate::id(OPERATION, "Id", administrator.id())
            })?;
        Ok(Answer { reply: Reply::Administrators(page), request_id: id })
    }
}
