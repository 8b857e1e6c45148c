//! Typed questions over the one-method port: the answer to a call has the type the call promises.

use crate::cloud::{
    Account, Call, Cloud, CloudError, CloudErrorKind, Operation, Page, PolicySummary, Reading,
    Reply, Unit,
};
use crate::org::{
    AccountId, Caller, ListedObject, ObjectKey, ObjectQuery, ObjectState, ObjectStep, Organization,
    ParentId, PolicyId, PolicyType, Root, TargetId,
};

/// Requests that one object may take to read. A StackSet has at most 100,000 instances, a hundred a request
/// ("Quotas", CloudFormation User Guide), and a role some dozens of policies, each a request; more is a reading
/// without an end.
const READING_REQUESTS_MAX: usize = 1_100;

macro_rules! answer {
    ($cloud:expr, $call:expr, $variant:path) => {{
        let call = $call;
        let operation = call.operation();
        match $cloud.call(call).await?.reply {
            $variant(answer) => Ok(answer),
            other => Err(unexpected(operation, &other)),
        }
    }};
}

impl dyn Cloud + '_ {
    /// Who are we?
    pub async fn caller(&self) -> Result<Caller, CloudError> {
        answer!(self, Call::GetCallerIdentity, Reply::Caller)
    }

    /// Which organization is this?
    pub async fn organization(&self) -> Result<Organization, CloudError> {
        answer!(self, Call::DescribeOrganization, Reply::Organization)
    }

    /// A page of roots.
    pub async fn roots(&self, page: Option<String>) -> Result<Page<Root>, CloudError> {
        answer!(self, Call::ListRoots { page }, Reply::Roots)
    }

    /// A page of all accounts.
    pub async fn accounts(&self, page: Option<String>) -> Result<Page<Account>, CloudError> {
        answer!(self, Call::ListAccounts { page }, Reply::Accounts)
    }

    /// A page of the accounts directly in `parent`.
    pub async fn accounts_in(
        &self,
        parent: ParentId,
        page: Option<String>,
    ) -> Result<Page<Account>, CloudError> {
        answer!(self, Call::ListAccountsForParent { parent, page }, Reply::Accounts)
    }

    /// A page of the OUs directly in `parent`.
    pub async fn units_in(
        &self,
        parent: ParentId,
        page: Option<String>,
    ) -> Result<Page<Unit>, CloudError> {
        answer!(self, Call::ListOrganizationalUnitsForParent { parent, page }, Reply::Units)
    }

    /// A page of the policies of a type.
    pub async fn policies(
        &self,
        policy_type: PolicyType,
        page: Option<String>,
    ) -> Result<Page<PolicySummary>, CloudError> {
        answer!(self, Call::ListPolicies { policy_type, page }, Reply::Policies)
    }

    /// One policy and its document.
    #[expect(clippy::wildcard_enum_match_arm, reason = "every other reply is the same defect")]
    pub async fn policy(&self, policy: PolicyId) -> Result<(PolicySummary, String), CloudError> {
        match self.call(Call::DescribePolicy { policy }).await?.reply {
            Reply::Policy(summary, document) => Ok((summary, document)),
            other => Err(unexpected(Operation::DescribePolicy, &other)),
        }
    }

    /// A page of what a policy is attached to.
    pub async fn targets(
        &self,
        policy: PolicyId,
        page: Option<String>,
    ) -> Result<Page<TargetId>, CloudError> {
        answer!(self, Call::ListTargetsForPolicy { policy, page }, Reply::Targets)
    }

    /// A page of the policies attached directly to `target`.
    pub async fn policies_on(
        &self,
        target: TargetId,
        policy_type: PolicyType,
        page: Option<String>,
    ) -> Result<Page<PolicySummary>, CloudError> {
        answer!(self, Call::ListPoliciesForTarget { target, policy_type, page }, Reply::Policies)
    }

    /// A page of the tags of an object.
    pub async fn tags(
        &self,
        resource: String,
        page: Option<String>,
    ) -> Result<Page<(String, String)>, CloudError> {
        answer!(self, Call::ListTagsForResource { resource, page }, Reply::Tags)
    }

    /// A page of the service principals with trusted access.
    pub async fn trusted_services(&self, page: Option<String>) -> Result<Page<String>, CloudError> {
        answer!(self, Call::ListAwsServiceAccessForOrganization { page }, Reply::Services)
    }

    /// A page of the delegated administrators of a service.
    pub async fn delegated_administrators(
        &self,
        service: String,
        page: Option<String>,
    ) -> Result<Page<AccountId>, CloudError> {
        answer!(self, Call::ListDelegatedAdministrators { service, page }, Reply::Administrators)
    }

    /// An object in an account, read to its end; nothing if there is none.
    pub async fn object(&self, key: &ObjectKey) -> Result<Option<ObjectState>, CloudError> {
        let mut reading = Box::new(Reading::default());
        for _ in 0..READING_REQUESTS_MAX {
            let call = Call::ReadObject { key: key.clone(), reading };
            reading = answer!(self, call, Reply::Reading)?;
            if reading.is_complete() {
                return Ok(reading.found);
            }
        }
        let operation = reading.operation(key.kind);
        let message = format!("`{key}` is not read after {READING_REQUESTS_MAX} requests");
        Err(CloudError::new(CloudErrorKind::Unavailable, operation, "EndlessReading", &message))
    }

    /// A page of the objects of a kind in one place.
    pub async fn objects(
        &self,
        query: ObjectQuery,
        page: Option<String>,
    ) -> Result<Page<ListedObject>, CloudError> {
        answer!(self, Call::ListObjects { query, page }, Reply::Objects)
    }

    /// Changes an object; what AWS calls the request.
    pub async fn write_object(
        &self,
        key: &ObjectKey,
        step: &ObjectStep,
    ) -> Result<Option<String>, CloudError> {
        let call = Call::WriteObject { key: key.clone(), step: step.clone() };
        Ok(self.call(call).await?.request_id)
    }
}

/// An adapter answered with the wrong kind of reply: a defect, reported like any other failure.
fn unexpected(operation: Operation, reply: &Reply) -> CloudError {
    let kind =
        if operation.is_mutating() { CloudErrorKind::Unclear } else { CloudErrorKind::Unavailable };
    let variant = format!("{reply:?}");
    let variant = variant.split(['(', '{', ' ']).next().unwrap_or_default();
    CloudError::new(kind, operation, "UnexpectedReply", &format!("answered with `{variant}`"))
}
