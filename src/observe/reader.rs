//! Whole answers: every page of a listing, bounded, and failures in words. Knows nothing of what the
//! answers are for.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::time::Duration;

use strum::IntoEnumIterator as _;
use tokio::sync::Semaphore;

use crate::cloud::{
    Account, Bucket, Cloud, CloudError, CloudErrorKind, Operation, Page, PageToken, PolicySummary,
    Unit,
};
use crate::org::{AccountId, Caller, Organization, ParentId, PolicyId, PolicyType, Root, TargetId};
use crate::org::{OrganizationId, Unknown};

/// Calls of one rate bucket that may be under way at once.
///
/// At AWS's highest rate for a listing (10 a second) and half a second for an answer, five calls use
/// the rate up; half the rate is palisade's share. The bound is per bucket and not over all of them,
/// so that sixty documents, which AWS hands out at two a second, do not hold up the tree.
const IN_FLIGHT_MAX: usize = 4;

/// Pages of one listing, at most: twice what the targets of `FullAWSAccess` need in an organization
/// of 100,000 accounts, twice AWS's maximum. More is a listing without an end.
const PAGES_MAX: usize = 10_000;

/// Reads a cloud, a few calls at a time.
pub(super) struct Reader<'a> {
    /// How old an answer may be to be used again.
    pub(super) fresh_for: Duration,
    cloud: &'a dyn Cloud,
    permits: BTreeMap<Bucket, Semaphore>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(cloud: &'a dyn Cloud, fresh_for: Duration) -> Self {
        let permits = Bucket::iter().map(|bucket| (bucket, Semaphore::new(IN_FLIGHT_MAX)));
        Self { fresh_for, cloud, permits: permits.collect() }
    }

    pub(super) async fn caller(&self) -> Result<Caller, CloudError> {
        self.once(Operation::GetCallerIdentity, self.cloud.caller()).await
    }

    pub(super) async fn organization(&self) -> Result<Organization, CloudError> {
        self.once(Operation::DescribeOrganization, self.cloud.organization()).await
    }

    /// The root. An organization has one; a caller who may not see it can get an empty list.
    pub(super) async fn root(&self, organization: &OrganizationId) -> Result<Root, CloudError> {
        let operation = Operation::ListRoots;
        let mut roots = self.listed(operation, |page| self.cloud.roots(page)).await?;
        match (roots.pop(), roots.pop()) {
            (Some(root), None) => Ok(root),
            (None, _) => Err(CloudError::new(
                CloudErrorKind::Unavailable,
                operation,
                "NoRoot",
                &format!("the listing is empty: these credentials do not see `{organization}`"),
            )),
            (Some(_), Some(_)) => Err(CloudError::new(
                CloudErrorKind::Unavailable,
                operation,
                "ManyRoots",
                &format!("`{organization}` has more than one root, which palisade cannot read"),
            )),
        }
    }

    /// All accounts, as long as they say what they lie in; of a listing that does not, only as much
    /// as shows it.
    pub(super) async fn accounts_while_placed(&self) -> Result<Vec<Account>, CloudError> {
        let are_placed = |accounts: &[Account]| accounts.iter().all(|it| it.parent.is_some());
        let next = |page| self.cloud.accounts(page);
        self.listed_while(Operation::ListAccounts, next, are_placed).await
    }

    pub(super) async fn accounts(&self) -> Result<Vec<Account>, CloudError> {
        self.listed(Operation::ListAccounts, |page| self.cloud.accounts(page)).await
    }

    pub(super) async fn accounts_in(&self, parent: &ParentId) -> Result<Vec<Account>, CloudError> {
        let next = |page| self.cloud.accounts_in(parent.clone(), page);
        self.listed(Operation::ListAccountsForParent, next).await
    }

    pub(super) async fn units_in(&self, parent: &ParentId) -> Result<Vec<Unit>, CloudError> {
        let next = |page| self.cloud.units_in(parent.clone(), page);
        self.listed(Operation::ListOrganizationalUnitsForParent, next).await
    }

    pub(super) async fn policies(
        &self,
        policy_type: &PolicyType,
    ) -> Result<BTreeMap<PolicyId, PolicySummary>, CloudError> {
        let next = |page| self.cloud.policies(policy_type.clone(), page);
        let listed = self.listed(Operation::ListPolicies, next).await?;
        Ok(listed.into_iter().map(|policy| (policy.id.clone(), policy)).collect())
    }

    pub(super) async fn document(&self, policy: &PolicyId) -> Result<String, CloudError> {
        let answer = self.cloud.policy(policy.clone());
        let (_, document) = self.once(Operation::DescribePolicy, answer).await?;
        Ok(document)
    }

    pub(super) async fn targets(
        &self,
        policy: &PolicyId,
    ) -> Result<BTreeSet<TargetId>, CloudError> {
        let next = |page| self.cloud.targets(policy.clone(), page);
        let listed = self.listed(Operation::ListTargetsForPolicy, next).await?;
        Ok(listed.into_iter().collect())
    }

    pub(super) async fn tags(
        &self,
        resource: &str,
    ) -> Result<BTreeMap<String, String>, CloudError> {
        let next = |page| self.cloud.tags(resource.to_owned(), page);
        let listed = self.listed(Operation::ListTagsForResource, next).await?;
        Ok(listed.into_iter().collect())
    }

    pub(super) async fn trusted_services(&self) -> Result<BTreeSet<String>, CloudError> {
        let next = |page| self.cloud.trusted_services(page);
        let listed = self.listed(Operation::ListAwsServiceAccessForOrganization, next).await?;
        Ok(listed.into_iter().collect())
    }

    pub(super) async fn administrators(
        &self,
        service: &str,
    ) -> Result<BTreeSet<AccountId>, CloudError> {
        let next = |page| self.cloud.delegated_administrators(service.to_owned(), page);
        let listed = self.listed(Operation::ListDelegatedAdministrators, next).await?;
        Ok(listed.into_iter().collect())
    }

    async fn listed<T, Asked>(
        &self,
        operation: Operation,
        next: impl FnMut(PageToken) -> Asked,
    ) -> Result<Vec<T>, CloudError>
    where
        Asked: Future<Output = Result<Page<T>, CloudError>>,
    {
        self.listed_while(operation, next, |_| true).await
    }

    /// Follows a listing to its last page, or to the first page that `goes_on` refuses. A page may be
    /// empty and not the last.
    async fn listed_while<T, Asked>(
        &self,
        operation: Operation,
        mut next: impl FnMut(PageToken) -> Asked,
        goes_on: impl Fn(&[T]) -> bool,
    ) -> Result<Vec<T>, CloudError>
    where
        Asked: Future<Output = Result<Page<T>, CloudError>>,
    {
        let mut items = Vec::new();
        let mut seen = BTreeSet::new();
        let mut token: PageToken = None;
        for _ in 0..PAGES_MAX {
            let page = self.once(operation, next(token)).await?;
            let stop = !goes_on(&page.items);
            items.extend(page.items);
            let Some(follows) = page.next else { return Ok(items) };
            if stop {
                return Ok(items);
            }
            if !seen.insert(follows.clone()) {
                return Err(endless(operation, "a page leads back to one before it"));
            }
            token = Some(follows);
        }
        Err(endless(operation, &format!("it goes on after {PAGES_MAX} pages")))
    }

    async fn once<T>(
        &self,
        operation: Operation,
        answer: impl Future<Output = Result<T, CloudError>>,
    ) -> Result<T, CloudError> {
        let permits = self.permits.get(&operation.rate().bucket);
        // A semaphore that nobody closes always gives a permit; it is held until the answer is there.
        let _permit = match permits {
            Some(permits) => permits.acquire().await.ok(),
            None => None,
        };
        answer.await
    }
}

fn endless(operation: Operation, what: &str) -> CloudError {
    let message = format!("the listing has no end: {what}");
    CloudError::new(CloudErrorKind::Unavailable, operation, "EndlessListing", &message)
}

/// Why a part is not known, and what would make it known where palisade can tell. The request id is
/// left out: the same failure must read the same in the next pass.
pub(super) fn unknown(error: &CloudError) -> Unknown {
    // Whoever has no valid credentials, or those of no organization, lacks no permission.
    let is_refusal = ["AccessDenied", "NotAuthorized", "UnauthorizedOperation"]
        .iter()
        .any(|code| error.code.starts_with(code));
    let advice = if error.kind == CloudErrorKind::Denied && is_refusal {
        let (service, operation) = (error.operation.service(), error.operation.name());
        format!("; the caller needs the permission `{service}:{operation}`")
    } else {
        String::new()
    };
    Unknown {
        operation: error.operation.name().to_owned(),
        reason: format!("{}: {}{advice}", error.code, error.message),
    }
}
