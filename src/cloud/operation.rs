//! The API operations palisade uses, and how often AWS lets them be called.

use serde::{Deserialize, Serialize};

use crate::cloud::Call;

/// An API operation, named as AWS names it.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    strum::Display,
    strum::EnumIter,
)]
pub enum Operation {
    /// `sts:GetCallerIdentity`.
    GetCallerIdentity,
    /// `organizations:DescribeOrganization`.
    DescribeOrganization,
    /// `organizations:ListRoots`.
    ListRoots,
    /// `organizations:ListAccounts`.
    ListAccounts,
    /// `organizations:ListAccountsForParent`.
    ListAccountsForParent,
    /// `organizations:ListOrganizationalUnitsForParent`.
    ListOrganizationalUnitsForParent,
    /// `organizations:ListPolicies`.
    ListPolicies,
    /// `organizations:DescribePolicy`.
    DescribePolicy,
    /// `organizations:ListTargetsForPolicy`.
    ListTargetsForPolicy,
    /// `organizations:ListPoliciesForTarget`.
    ListPoliciesForTarget,
    /// `organizations:ListTagsForResource`.
    ListTagsForResource,
    /// `organizations:ListAWSServiceAccessForOrganization`.
    #[strum(serialize = "ListAWSServiceAccessForOrganization")]
    ListAwsServiceAccessForOrganization,
    /// `organizations:ListDelegatedAdministrators`.
    ListDelegatedAdministrators,
    /// `organizations:EnablePolicyType`.
    EnablePolicyType,
    /// `organizations:DisablePolicyType`.
    DisablePolicyType,
    /// `organizations:CreatePolicy`.
    CreatePolicy,
    /// `organizations:UpdatePolicy`.
    UpdatePolicy,
    /// `organizations:DeletePolicy`.
    DeletePolicy,
    /// `organizations:AttachPolicy`.
    AttachPolicy,
    /// `organizations:DetachPolicy`.
    DetachPolicy,
    /// `organizations:CreateOrganizationalUnit`.
    CreateOrganizationalUnit,
    /// `organizations:DeleteOrganizationalUnit`.
    DeleteOrganizationalUnit,
    /// `organizations:MoveAccount`.
    MoveAccount,
    /// `organizations:TagResource`.
    TagResource,
    /// `organizations:UntagResource`.
    UntagResource,
    /// `organizations:EnableAWSServiceAccess`.
    #[strum(serialize = "EnableAWSServiceAccess")]
    EnableAwsServiceAccess,
    /// `organizations:RegisterDelegatedAdministrator`.
    RegisterDelegatedAdministrator,
    /// `organizations:DeregisterDelegatedAdministrator`.
    DeregisterDelegatedAdministrator,
}

/// How often AWS answers before it throttles: a token bucket per calling account.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// The operations that share the bucket. The table of AWS groups operations without saying
    /// whether a group has one bucket; palisade assumes it does.
    pub bucket: Bucket,
    /// Tokens that come back in a second.
    pub per_second: f64,
    /// Tokens in a full bucket.
    pub burst: f64,
}

/// A row of AWS's rate table.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, strum::IntoStaticStr, strum::EnumIter,
)]
pub enum Bucket {
    /// `GetCallerIdentity` (STS; not in the table of Organizations, far above what palisade needs).
    Identity,
    /// `DescribeOrganization`, `CreateOrganizationalUnit`.
    Organization,
    /// `ListRoots`.
    Roots,
    /// `ListAccounts`.
    Accounts,
    /// `ListAccountsForParent`, `ListOrganizationalUnitsForParent`.
    Children,
    /// `ListPolicies`, `ListPoliciesForTarget`, `ListTargetsForPolicy`.
    PolicyListings,
    /// `DescribePolicy`.
    PolicyDocuments,
    /// `ListTagsForResource`.
    Tags,
    /// `ListAWSServiceAccessForOrganization`.
    ServiceAccess,
    /// `ListDelegatedAdministrators`.
    Administrators,
    /// `EnablePolicyType`, `DisablePolicyType`.
    PolicyTypes,
    /// `CreatePolicy`, `DeletePolicy`, `AttachPolicy`, `DetachPolicy`.
    PolicyWrites,
    /// `UpdatePolicy`.
    PolicyUpdates,
    /// `MoveAccount`, `DeleteOrganizationalUnit`.
    TreeWrites,
    /// `TagResource`, `UntagResource`.
    TagWrites,
    /// `EnableAWSServiceAccess`, `RegisterDelegatedAdministrator`, `DeregisterDelegatedAdministrator`.
    ServiceWrites,
}

impl Operation {
    /// The service, as IAM abbreviates it.
    pub fn service(self) -> &'static str {
        if self == Self::GetCallerIdentity { "sts" } else { "organizations" }
    }

    /// The operation's name, as AWS writes it.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Can the operation change anything?
    pub fn is_mutating(self) -> bool {
        match self {
            Self::GetCallerIdentity
            | Self::DescribeOrganization
            | Self::ListRoots
            | Self::ListAccounts
            | Self::ListAccountsForParent
            | Self::ListOrganizationalUnitsForParent
            | Self::ListPolicies
            | Self::DescribePolicy
            | Self::ListTargetsForPolicy
            | Self::ListPoliciesForTarget
            | Self::ListTagsForResource
            | Self::ListAwsServiceAccessForOrganization
            | Self::ListDelegatedAdministrators => false,
            Self::EnablePolicyType
            | Self::DisablePolicyType
            | Self::CreatePolicy
            | Self::UpdatePolicy
            | Self::DeletePolicy
            | Self::AttachPolicy
            | Self::DetachPolicy
            | Self::CreateOrganizationalUnit
            | Self::DeleteOrganizationalUnit
            | Self::MoveAccount
            | Self::TagResource
            | Self::UntagResource
            | Self::EnableAwsServiceAccess
            | Self::RegisterDelegatedAdministrator
            | Self::DeregisterDelegatedAdministrator => true,
        }
    }

    /// The documented rate per calling account (AWS Organizations User Guide, "Quotas and service
    /// limits", throttling table, read 2026-11).
    pub fn rate(self) -> Rate {
        let (bucket, per_second, burst) = match self {
            Self::GetCallerIdentity => (Bucket::Identity, 100.0, 100.0),
            Self::DescribeOrganization | Self::CreateOrganizationalUnit => {
                (Bucket::Organization, 1.0, 2.0)
            }
            Self::ListRoots => (Bucket::Roots, 1.0, 2.0),
            Self::ListAccounts => (Bucket::Accounts, 8.0, 12.0),
            Self::ListAccountsForParent | Self::ListOrganizationalUnitsForParent => {
                (Bucket::Children, 5.0, 8.0)
            }
            Self::ListPolicies | Self::ListPoliciesForTarget | Self::ListTargetsForPolicy => {
                (Bucket::PolicyListings, 5.0, 8.0)
            }
            Self::DescribePolicy => (Bucket::PolicyDocuments, 2.0, 2.0),
            Self::ListTagsForResource => (Bucket::Tags, 10.0, 15.0),
            Self::ListAwsServiceAccessForOrganization => (Bucket::ServiceAccess, 1.0, 3.0),
            Self::ListDelegatedAdministrators => (Bucket::Administrators, 5.0, 8.0),
            Self::EnablePolicyType | Self::DisablePolicyType => (Bucket::PolicyTypes, 1.0, 1.0),
            Self::CreatePolicy | Self::DeletePolicy | Self::AttachPolicy | Self::DetachPolicy => {
                (Bucket::PolicyWrites, 2.0, 3.0)
            }
            Self::UpdatePolicy => (Bucket::PolicyUpdates, 2.0, 3.0),
            Self::MoveAccount | Self::DeleteOrganizationalUnit => (Bucket::TreeWrites, 2.0, 3.0),
            Self::TagResource | Self::UntagResource => (Bucket::TagWrites, 4.0, 6.0),
            Self::EnableAwsServiceAccess
            | Self::RegisterDelegatedAdministrator
            | Self::DeregisterDelegatedAdministrator => (Bucket::ServiceWrites, 1.0, 2.0),
        };
        Rate { bucket, per_second, burst }
    }
}

impl Call {
    /// Which operation this is.
    pub fn operation(&self) -> Operation {
        match self {
            Self::GetCallerIdentity => Operation::GetCallerIdentity,
            Self::DescribeOrganization => Operation::DescribeOrganization,
            Self::ListRoots { .. } => Operation::ListRoots,
            Self::ListAccounts { .. } => Operation::ListAccounts,
            Self::ListAccountsForParent { .. } => Operation::ListAccountsForParent,
            Self::ListOrganizationalUnitsForParent { .. } => {
                Operation::ListOrganizationalUnitsForParent
            }
            Self::ListPolicies { .. } => Operation::ListPolicies,
            Self::DescribePolicy { .. } => Operation::DescribePolicy,
            Self::ListTargetsForPolicy { .. } => Operation::ListTargetsForPolicy,
            Self::ListPoliciesForTarget { .. } => Operation::ListPoliciesForTarget,
            Self::ListTagsForResource { .. } => Operation::ListTagsForResource,
            Self::ListAwsServiceAccessForOrganization { .. } => {
                Operation::ListAwsServiceAccessForOrganization
            }
            Self::ListDelegatedAdministrators { .. } => Operation::ListDelegatedAdministrators,
            Self::EnablePolicyType { .. } => Operation::EnablePolicyType,
            Self::DisablePolicyType { .. } => Operation::DisablePolicyType,
            Self::CreatePolicy { .. } => Operation::CreatePolicy,
            Self::UpdatePolicy { .. } => Operation::UpdatePolicy,
            Self::DeletePolicy { .. } => Operation::DeletePolicy,
            Self::AttachPolicy { .. } => Operation::AttachPolicy,
            Self::DetachPolicy { .. } => Operation::DetachPolicy,
            Self::CreateOrganizationalUnit { .. } => Operation::CreateOrganizationalUnit,
            Self::DeleteOrganizationalUnit { .. } => Operation::DeleteOrganizationalUnit,
            Self::MoveAccount { .. } => Operation::MoveAccount,
            Self::TagResource { .. } => Operation::TagResource,
            Self::UntagResource { .. } => Operation::UntagResource,
            Self::EnableAwsServiceAccess { .. } => Operation::EnableAwsServiceAccess,
            Self::RegisterDelegatedAdministrator { .. } => {
                Operation::RegisterDelegatedAdministrator
            }
            Self::DeregisterDelegatedAdministrator { .. } => {
                Operation::DeregisterDelegatedAdministrator
            }
        }
    }
}
