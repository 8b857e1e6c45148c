//! AWS itself, through the AWS SDK: AWS Organizations, and objects in its accounts. Knows nothing of what palisade wants: one call in, one
//! request out, one answer or one [`CloudError`] back.
//!
//! Nothing here retries a change. Reads are retried by the SDK, but only when the network or the service
//! failed: waiting out a throttle belongs to the budget above this adapter, which knows all callers.

mod connect;
mod failure;
mod lease;
mod member;
#[cfg(test)]
mod member_tests;
mod object;
mod queue;
mod read;
#[cfg(test)]
mod tests;
mod topic;
mod translate;
mod write;

use std::sync::Arc;

use async_trait::async_trait;

use crate::cloud::aws::member::Members;
use crate::cloud::aws::write::NewPolicy;
use crate::cloud::{Answer, Call, Cloud, CloudError};

pub use crate::cloud::aws::connect::{AwsSettings, AwsTimeouts, Endpoint};
pub use crate::cloud::aws::lease::S3Lease;
pub use crate::cloud::aws::queue::SqsQueue;
pub use crate::cloud::aws::topic::SnsTopic;

/// An organization in AWS, or in anything that speaks its API.
///
/// Reads and changes have a client each, because they differ in what may be retried.
#[derive(Debug, Clone)]
pub struct AwsCloud {
    identity: aws_sdk_sts::Client,
    reads: aws_sdk_organizations::Client,
    writes: aws_sdk_organizations::Client,
    members: Arc<Members>,
}

#[async_trait]
impl Cloud for AwsCloud {
    async fn call(&self, call: Call) -> Result<Answer, CloudError> {
        match call {
            Call::GetCallerIdentity => self.caller().await,
            Call::DescribeOrganization => self.organization().await,
            Call::ListRoots { page } => self.roots(page).await,
            Call::ListAccounts { page } => self.accounts(page).await,
            Call::ListAccountsForParent { parent, page } => self.accounts_in(parent, page).await,
            Call::ListOrganizationalUnitsForParent { parent, page } => {
                self.units_in(parent, page).await
            }
            Call::ListPolicies { policy_type, page } => self.policies(&policy_type, page).await,
            Call::DescribePolicy { policy } => self.policy(policy).await,
            Call::ListTargetsForPolicy { policy, page } => self.targets(policy, page).await,
            Call::ListPoliciesForTarget { target, policy_type, page } => {
                self.policies_on(target, &policy_type, page).await
            }
            Call::ListTagsForResource { resource, page } => self.tags(resource, page).await,
            Call::ListAwsServiceAccessForOrganization { page } => self.services(page).await,
            Call::ListDelegatedAdministrators { service, page } => {
                self.administrators(service, page).await
            }
            Call::EnablePolicyType { root, policy_type } => {
                self.enable_policy_type(root, &policy_type).await
            }
            Call::DisablePolicyType { root, policy_type } => {
                self.disable_policy_type(root, &policy_type).await
            }
            Call::CreatePolicy { policy_type, name, description, content, tags } => {
                let policy_type = &policy_type;
                self.create_policy(NewPolicy { policy_type, name, description, content, tags })
                    .await
            }
            Call::UpdatePolicy { policy, name, description, content } => {
                self.update_policy(policy, name, description, content).await
            }
            Call::DeletePolicy { policy } => self.delete_policy(policy).await,
            Call::AttachPolicy { policy, target } => self.attach_policy(policy, target).await,
            Call::DetachPolicy { policy, target } => self.detach_policy(policy, target).await,
            Call::CreateOrganizationalUnit { parent, name, tags } => {
                self.create_unit(parent, name, tags).await
            }
            Call::DeleteOrganizationalUnit { unit } => self.delete_unit(unit).await,
            Call::MoveAccount { account, from, to } => self.move_account(account, from, to).await,
            Call::TagResource { resource, tags } => self.tag(resource, tags).await,
            Call::UntagResource { resource, keys } => self.untag(resource, keys).await,
            Call::EnableAwsServiceAccess { service } => self.enable_service(service).await,
            Call::RegisterDelegatedAdministrator { account, service } => {
                self.register_administrator(account, service).await
            }
            Call::DeregisterDelegatedAdministrator { account, service } => {
                self.deregister_administrator(account, service).await
            }
            Call::ReadObject { key, reading } => self.read_object(&key, *reading).await,
            Call::ListObjects { query, page } => self.list_objects(&query, page).await,
            Call::WriteObject { key, step } => self.write_object(&key, step).await,
        }
    }
}
