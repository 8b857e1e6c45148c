//! Operation → what it is for, and the IAM actions that allow it. The one table: the policies that
//! `palisade permissions` prints and those in `deploy/` are held to it.

use crate::cloud::Operation;
use crate::org::ObjectKind;

/// What an operation is for, and so which desired state needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// To know who asks: always.
    Identity,
    /// To see the organization: always.
    Observation,
    /// To keep policies, and to switch their types on.
    Policies,
    /// To keep OUs, and accounts where they belong.
    Tree,
    /// To let AWS services work in the organization.
    TrustedServices,
    /// To keep delegated administrators.
    Administrators,
    /// To enter another account.
    Entry,
    /// To keep objects of a kind in accounts.
    Object(ObjectKind),
    /// palisade knows the operation and never sends it.
    Never,
}

/// What `operation` is for. An operation that is added has to be decided upon here.
#[expect(clippy::too_many_lines, reason = "a line an operation, and none may be forgotten")]
pub fn purpose(operation: Operation) -> Purpose {
    match operation {
        Operation::GetCallerIdentity => Purpose::Identity,
        Operation::AssumeRole => Purpose::Entry,
        Operation::DescribeOrganization
        | Operation::ListRoots
        | Operation::ListAccounts
        | Operation::ListAccountsForParent
        | Operation::ListOrganizationalUnitsForParent
        | Operation::ListPolicies
        | Operation::DescribePolicy
        | Operation::ListTargetsForPolicy
        | Operation::ListPoliciesForTarget
        | Operation::ListTagsForResource
        | Operation::ListAwsServiceAccessForOrganization
        | Operation::ListDelegatedAdministrators => Purpose::Observation,
        Operation::EnablePolicyType
        | Operation::CreatePolicy
        | Operation::UpdatePolicy
        | Operation::DeletePolicy
        | Operation::AttachPolicy
        | Operation::DetachPolicy
        | Operation::TagResource => Purpose::Policies,
        Operation::CreateOrganizationalUnit
        | Operation::DeleteOrganizationalUnit
        | Operation::MoveAccount => Purpose::Tree,
        Operation::EnableAwsServiceAccess => Purpose::TrustedServices,
        Operation::RegisterDelegatedAdministrator | Operation::DeregisterDelegatedAdministrator => {
            Purpose::Administrators
        }
        Operation::DisablePolicyType | Operation::UntagResource => Purpose::Never,
        Operation::GetRole
        | Operation::ListAttachedRolePolicies
        | Operation::ListRolePolicies
        | Operation::GetRolePolicy
        | Operation::ListRoles
        | Operation::CreateRole
        | Operation::TagRole
        | Operation::UpdateAssumeRolePolicy
        | Operation::UpdateRole
        | Operation::PutRolePolicy
        | Operation::DeleteRolePolicy
        | Operation::AttachRolePolicy
        | Operation::DetachRolePolicy
        | Operation::DeleteRolePermissionsBoundary
        | Operation::DeleteRole => Purpose::Object(ObjectKind::Role),
        Operation::GetTrail
        | Operation::GetTrailStatus
        | Operation::GetEventSelectors
        | Operation::GetInsightSelectors
        | Operation::ListTags
        | Operation::CreateTrail
        | Operation::AddTags
        | Operation::StartLogging
        | Operation::UpdateTrail
        | Operation::PutEventSelectors
        | Operation::PutInsightSelectors
        | Operation::DeleteTrail => Purpose::Object(ObjectKind::Trail),
        Operation::DescribeStackSet
        | Operation::ListStackInstances
        | Operation::ListStackSetOperations
        | Operation::ListStackSets
        | Operation::ActivateOrganizationsAccess
        | Operation::CreateStackSet
        | Operation::UpdateStackSet
        | Operation::CreateStackInstances
        | Operation::UpdateStackInstances
        | Operation::DeleteStackInstances
        | Operation::DetectStackSetDrift
        | Operation::DeleteStackSet => Purpose::Object(ObjectKind::StackSet),
        Operation::GetUser
        | Operation::ListUserPolicies
        | Operation::GetUserPolicy
        | Operation::ListAttachedUserPolicies
        | Operation::ListGroupsForUser
        | Operation::ListAccessKeys
        | Operation::ListSshPublicKeys
        | Operation::ListServiceSpecificCredentials
        | Operation::ListSigningCertificates
        | Operation::GetLoginProfile
        | Operation::ListMfaDevices
        | Operation::ListUsers
        | Operation::CreateUser
        | Operation::TagUser
        | Operation::UpdateAccessKey
        | Operation::DeleteAccessKey
        | Operation::UpdateSshPublicKey
        | Operation::DeleteSshPublicKey
        | Operation::UpdateServiceSpecificCredential
        | Operation::DeleteServiceSpecificCredential
        | Operation::UpdateSigningCertificate
        | Operation::DeleteSigningCertificate
        | Operation::RemoveUserFromGroup
        | Operation::DetachUserPolicy
        | Operation::PutUserPolicy
        | Operation::DeleteUserPolicy
        | Operation::DeleteUserPermissionsBoundary
        | Operation::DeleteLoginProfile
        | Operation::DeactivateMfaDevice
        | Operation::DeleteUser => Purpose::Object(ObjectKind::User),
        Operation::GetAccountPasswordPolicy
        | Operation::UpdateAccountPasswordPolicy
        | Operation::DeleteAccountPasswordPolicy => Purpose::Object(ObjectKind::PasswordPolicy),
        Operation::GetSamlProvider
        | Operation::ListSamlProviders
        | Operation::CreateSamlProvider
        | Operation::UpdateSamlProvider
        | Operation::TagSamlProvider
        | Operation::DeleteSamlProvider => Purpose::Object(ObjectKind::SamlProvider),
        Operation::ListOidcProviders => Purpose::Object(ObjectKind::OidcProvider),
        Operation::DescribeRule
        | Operation::ListTargetsByRule
        | Operation::ListRuleTags
        | Operation::ListRules
        | Operation::PutRule
        | Operation::TagRule
        | Operation::PutTargets
        | Operation::RemoveTargets
        | Operation::DeleteRule => Purpose::Object(ObjectKind::EventRule),
        Operation::GetBucketLocation
        | Operation::GetPublicAccessBlock
        | Operation::GetBucketPolicy
        | Operation::GetBucketVersioning
        | Operation::GetObjectLockConfiguration
        | Operation::GetBucketEncryption
        | Operation::GetBucketLifecycleConfiguration
        | Operation::GetBucketTagging
        | Operation::CreateBucket
        | Operation::PutPublicAccessBlock
        | Operation::PutBucketPolicy
        | Operation::PutBucketVersioning
        | Operation::PutObjectLockConfiguration
        | Operation::PutBucketEncryption
        | Operation::PutBucketLifecycleConfiguration
        | Operation::PutBucketTagging => Purpose::Object(ObjectKind::Bucket),
        Operation::DescribeKey
        | Operation::GetKeyPolicy
        | Operation::CancelKeyDeletion
        | Operation::EnableKey
        | Operation::PutKeyPolicy => Purpose::Object(ObjectKind::KmsKey),
        Operation::ListRegions
        | Operation::GetRegionOptStatus
        | Operation::EnableRegion
        | Operation::DisableRegion => Purpose::Object(ObjectKind::Region),
        Operation::GetAlternateContact | Operation::PutAlternateContact => {
            Purpose::Object(ObjectKind::AlternateContact)
        }
        Operation::ListOrganizationsFeatures
        | Operation::EnableOrganizationsRootCredentialsManagement
        | Operation::DisableOrganizationsRootCredentialsManagement
        | Operation::EnableOrganizationsRootSessions
        | Operation::DisableOrganizationsRootSessions => Purpose::Object(ObjectKind::RootFeature),
        Operation::GetAccountSummary => Purpose::Object(ObjectKind::RootCredentials),
    }
}

/// The IAM actions that allow `operation`: the one of its name, where AWS names both alike, and those that
/// AWS asks for besides (Service Authorization Reference, "Actions, resources, and condition keys").
pub fn actions(operation: Operation) -> Vec<String> {
    let (service, name) = (operation.service(), operation.name());
    let own = if service == "s3" { bucket_action(name) } else { name };
    let besides: &[&str] = match (service, name) {
        // Tags that are given on creation need the permission to tag.
        ("iam", "CreateUser") => &["iam:TagUser"],
        ("events", "PutRule") => &["events:TagResource"],
        ("cloudtrail", "CreateTrail") => &["cloudtrail:AddTags"],
        ("kms", "CreateKey") => &["kms:TagResource"],
        (_, _) => &[],
    };
    let besides = besides.iter().map(|action| (*action).to_owned());
    std::iter::once(format!("{service}:{own}")).chain(besides).collect()
}

/// S3 names some actions otherwise than the operations that they allow (Amazon S3, "Required permissions
/// for Amazon S3 API operations").
fn bucket_action(name: &'static str) -> &'static str {
    match name {
        "HeadBucket" | "ListObjectsV2" => "ListBucket",
        "ListBuckets" => "ListAllMyBuckets",
        "HeadObject" => "GetObject",
        "GetBucketEncryption" => "GetEncryptionConfiguration",
        "PutBucketEncryption" => "PutEncryptionConfiguration",
        "GetPublicAccessBlock" => "GetBucketPublicAccessBlock",
        "PutPublicAccessBlock" => "PutBucketPublicAccessBlock",
        "GetBucketLifecycleConfiguration" => "GetLifecycleConfiguration",
        "PutBucketLifecycleConfiguration" => "PutLifecycleConfiguration",
        "GetObjectLockConfiguration" => "GetBucketObjectLockConfiguration",
        "PutObjectLockConfiguration" => "PutBucketObjectLockConfiguration",
        "GetBucketReplication" => "GetReplicationConfiguration",
        "PutBucketReplication" => "PutReplicationConfiguration",
        name => name,
    }
}
