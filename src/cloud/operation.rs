//! The API operations palisade uses, and how often AWS lets them be called.

use serde::{Deserialize, Serialize};

use crate::cloud::Call;
use crate::cloud::object;
use crate::org::AccountId;

macro_rules! operations {
    ($($variant:ident $(as $name:literal)?: $service:literal, $access:ident, $bucket:ident;)+) => {
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
            $(
                #[doc = concat!("`", $service, ":", stringify!($variant), "`.")]
                $(#[strum(serialize = $name)])?
                $variant,
            )+
        }

        impl Operation {
            /// The service, as IAM abbreviates it.
            pub fn service(self) -> &'static str {
                match self {
                    $(Self::$variant => $service,)+
                }
            }

            fn access(self) -> Access {
                match self {
                    $(Self::$variant => Access::$access,)+
                }
            }

            fn bucket(self) -> Bucket {
                match self {
                    $(Self::$variant => Bucket::$bucket,)+
                }
            }
        }
    };
}

/// Does an operation change anything?
#[derive(PartialEq, Eq)]
enum Access {
    Read,
    Write,
}

// A line an operation: its service, what it does, and the row of the rate table it draws on.
operations! {
    GetCallerIdentity: "sts", Read, Identity;
    AssumeRole: "sts", Read, Identity;
    DescribeOrganization: "organizations", Read, Organization;
    ListRoots: "organizations", Read, Roots;
    ListAccounts: "organizations", Read, Accounts;
    ListAccountsForParent: "organizations", Read, Children;
    ListOrganizationalUnitsForParent: "organizations", Read, Children;
    ListPolicies: "organizations", Read, PolicyListings;
    DescribePolicy: "organizations", Read, PolicyDocuments;
    ListTargetsForPolicy: "organizations", Read, PolicyListings;
    ListPoliciesForTarget: "organizations", Read, PolicyListings;
    ListTagsForResource: "organizations", Read, Tags;
    ListAwsServiceAccessForOrganization as "ListAWSServiceAccessForOrganization": "organizations", Read, ServiceAccess;
    ListDelegatedAdministrators: "organizations", Read, Administrators;
    EnablePolicyType: "organizations", Write, PolicyTypes;
    DisablePolicyType: "organizations", Write, PolicyTypes;
    CreatePolicy: "organizations", Write, PolicyWrites;
    UpdatePolicy: "organizations", Write, PolicyUpdates;
    DeletePolicy: "organizations", Write, PolicyWrites;
    AttachPolicy: "organizations", Write, PolicyWrites;
    DetachPolicy: "organizations", Write, PolicyWrites;
    CreateOrganizationalUnit: "organizations", Write, Organization;
    DeleteOrganizationalUnit: "organizations", Write, TreeWrites;
    MoveAccount: "organizations", Write, TreeWrites;
    TagResource: "organizations", Write, TagWrites;
    UntagResource: "organizations", Write, TagWrites;
    EnableAwsServiceAccess as "EnableAWSServiceAccess": "organizations", Write, ServiceWrites;
    RegisterDelegatedAdministrator: "organizations", Write, ServiceWrites;
    DeregisterDelegatedAdministrator: "organizations", Write, ServiceWrites;

    GetRole: "iam", Read, IamReads;
    ListAttachedRolePolicies: "iam", Read, IamReads;
    ListRolePolicies: "iam", Read, IamReads;
    GetRolePolicy: "iam", Read, IamReads;
    ListRoles: "iam", Read, IamReads;
    CreateRole: "iam", Write, IamWrites;
    TagRole: "iam", Write, IamWrites;
    UpdateAssumeRolePolicy: "iam", Write, IamWrites;
    UpdateRole: "iam", Write, IamWrites;
    PutRolePolicy: "iam", Write, IamWrites;
    DeleteRolePolicy: "iam", Write, IamWrites;
    AttachRolePolicy: "iam", Write, IamWrites;
    DetachRolePolicy: "iam", Write, IamWrites;
    DeleteRolePermissionsBoundary: "iam", Write, IamWrites;
    DeleteRole: "iam", Write, IamWrites;

    GetTrail: "cloudtrail", Read, TrailReads;
    GetTrailStatus: "cloudtrail", Read, TrailReads;
    GetEventSelectors: "cloudtrail", Read, TrailReads;
    GetInsightSelectors: "cloudtrail", Read, TrailReads;
    ListTags: "cloudtrail", Read, TrailReads;
    CreateTrail: "cloudtrail", Write, TrailWrites;
    AddTags: "cloudtrail", Write, TrailWrites;
    StartLogging: "cloudtrail", Write, TrailWrites;
    UpdateTrail: "cloudtrail", Write, TrailWrites;
    PutEventSelectors: "cloudtrail", Write, TrailWrites;
    PutInsightSelectors: "cloudtrail", Write, TrailWrites;
    DeleteTrail: "cloudtrail", Write, TrailWrites;

    DescribeStackSet: "cloudformation", Read, StackSetReads;
    ListStackInstances: "cloudformation", Read, StackSetReads;
    ListStackSetOperations: "cloudformation", Read, StackSetReads;
    ListStackSets: "cloudformation", Read, StackSetReads;
    ActivateOrganizationsAccess: "cloudformation", Write, StackSetWrites;
    CreateStackSet: "cloudformation", Write, StackSetWrites;
    UpdateStackSet: "cloudformation", Write, StackSetWrites;
    CreateStackInstances: "cloudformation", Write, StackSetWrites;
    UpdateStackInstances: "cloudformation", Write, StackSetWrites;
    DeleteStackInstances: "cloudformation", Write, StackSetWrites;
    DetectStackSetDrift: "cloudformation", Write, StackSetWrites;
    DeleteStackSet: "cloudformation", Write, StackSetWrites;

    ListOrganizationsFeatures: "iam", Read, IamReads;
    EnableOrganizationsRootCredentialsManagement: "iam", Write, IamWrites;
    DisableOrganizationsRootCredentialsManagement: "iam", Write, IamWrites;
    EnableOrganizationsRootSessions: "iam", Write, IamWrites;
    DisableOrganizationsRootSessions: "iam", Write, IamWrites;
    GetAccountSummary: "iam", Read, IamReads;

    ListRegions: "account", Read, RegionReads;
    GetRegionOptStatus: "account", Read, RegionReads;
    EnableRegion: "account", Write, RegionWrites;
    DisableRegion: "account", Write, RegionWrites;
    GetAlternateContact: "account", Read, ContactReads;
    PutAlternateContact: "account", Write, ContactWrites;
    GetUser: "iam", Read, IamReads;
    ListUserPolicies: "iam", Read, IamReads;
    GetUserPolicy: "iam", Read, IamReads;
    ListAttachedUserPolicies: "iam", Read, IamReads;
    ListGroupsForUser: "iam", Read, IamReads;
    ListAccessKeys: "iam", Read, IamReads;
    ListSshPublicKeys as "ListSSHPublicKeys": "iam", Read, IamReads;
    ListServiceSpecificCredentials: "iam", Read, IamReads;
    ListSigningCertificates: "iam", Read, IamReads;
    GetLoginProfile: "iam", Read, IamReads;
    ListMfaDevices as "ListMFADevices": "iam", Read, IamReads;
    ListUsers: "iam", Read, IamReads;
    CreateUser: "iam", Write, IamWrites;
    TagUser: "iam", Write, IamWrites;
    UpdateAccessKey: "iam", Write, IamWrites;
    DeleteAccessKey: "iam", Write, IamWrites;
    UpdateSshPublicKey as "UpdateSSHPublicKey": "iam", Write, IamWrites;
    DeleteSshPublicKey as "DeleteSSHPublicKey": "iam", Write, IamWrites;
    UpdateServiceSpecificCredential: "iam", Write, IamWrites;
    DeleteServiceSpecificCredential: "iam", Write, IamWrites;
    UpdateSigningCertificate: "iam", Write, IamWrites;
    DeleteSigningCertificate: "iam", Write, IamWrites;
    RemoveUserFromGroup: "iam", Write, IamWrites;
    DetachUserPolicy: "iam", Write, IamWrites;
    PutUserPolicy: "iam", Write, IamWrites;
    DeleteUserPolicy: "iam", Write, IamWrites;
    DeleteUserPermissionsBoundary: "iam", Write, IamWrites;
    DeleteLoginProfile: "iam", Write, IamWrites;
    DeactivateMfaDevice as "DeactivateMFADevice": "iam", Write, IamWrites;
    DeleteUser: "iam", Write, IamWrites;
    GetAccountPasswordPolicy: "iam", Read, IamReads;
    UpdateAccountPasswordPolicy: "iam", Write, IamWrites;
    DeleteAccountPasswordPolicy: "iam", Write, IamWrites;
    GetSamlProvider as "GetSAMLProvider": "iam", Read, IamReads;
    ListSamlProviders as "ListSAMLProviders": "iam", Read, IamReads;
    ListOidcProviders as "ListOpenIDConnectProviders": "iam", Read, IamReads;
    CreateSamlProvider as "CreateSAMLProvider": "iam", Write, IamWrites;
    UpdateSamlProvider as "UpdateSAMLProvider": "iam", Write, IamWrites;
    TagSamlProvider as "TagSAMLProvider": "iam", Write, IamWrites;
    DeleteSamlProvider as "DeleteSAMLProvider": "iam", Write, IamWrites;

    DescribeRule: "events", Read, EventReads;
    ListTargetsByRule: "events", Read, EventReads;
    ListRuleTags as "ListTagsForResource": "events", Read, EventReads;
    ListRules: "events", Read, EventReads;
    PutRule: "events", Write, EventWrites;
    TagRule as "TagResource": "events", Write, EventWrites;
    PutTargets: "events", Write, EventWrites;
    RemoveTargets: "events", Write, EventWrites;
    DeleteRule: "events", Write, EventWrites;
    GetBucketLocation: "s3", Read, BucketReads;
    GetPublicAccessBlock: "s3", Read, BucketReads;
    GetBucketPolicy: "s3", Read, BucketReads;
    GetBucketVersioning: "s3", Read, BucketReads;
    GetObjectLockConfiguration: "s3", Read, BucketReads;
    GetBucketEncryption: "s3", Read, BucketReads;
    GetBucketLifecycleConfiguration: "s3", Read, BucketReads;
    GetBucketTagging: "s3", Read, BucketReads;
    CreateBucket: "s3", Write, BucketWrites;
    PutPublicAccessBlock: "s3", Write, BucketWrites;
    PutBucketPolicy: "s3", Write, BucketWrites;
    PutBucketVersioning: "s3", Write, BucketWrites;
    PutObjectLockConfiguration: "s3", Write, BucketWrites;
    PutBucketEncryption: "s3", Write, BucketWrites;
    PutBucketLifecycleConfiguration: "s3", Write, BucketWrites;
    PutBucketTagging: "s3", Write, BucketWrites;

    DescribeKey: "kms", Read, KeyReads;
    GetKeyPolicy: "kms", Read, KeyReads;
    CancelKeyDeletion: "kms", Write, KeyWrites;
    EnableKey: "kms", Write, KeyWrites;
    PutKeyPolicy: "kms", Write, KeyWrites;
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
    /// `GetCallerIdentity`, `AssumeRole` (STS; not in the table of Organizations, far above what palisade
    /// needs).
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
    /// Every read of IAM.
    IamReads,
    /// Every change of IAM.
    IamWrites,
    /// Every read of `CloudTrail`.
    TrailReads,
    /// Every change of `CloudTrail`.
    TrailWrites,
    /// Every read of CloudFormation's StackSets.
    StackSetReads,
    /// Every change of them.
    StackSetWrites,
    /// `ListRegions`, `GetRegionOptStatus`.
    RegionReads,
    /// `EnableRegion`, `DisableRegion`.
    RegionWrites,
    /// `GetAlternateContact`.
    ContactReads,
    /// `PutAlternateContact`.
    ContactWrites,
    /// Every read of EventBridge.
    EventReads,
    /// Every change of EventBridge.
    EventWrites,
    /// Every read of a bucket of S3.
    BucketReads,
    /// Every change of a bucket of S3.
    BucketWrites,
    /// Every read of a KMS key.
    KeyReads,
    /// Every change of a KMS key.
    KeyWrites,
}

impl Operation {
    /// The operation's name, as AWS writes it.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Can the operation change anything?
    pub fn is_mutating(self) -> bool {
        self.access() == Access::Write
    }

    /// How often it may be called, by one account or of one account.
    pub fn rate(self) -> Rate {
        let bucket = self.bucket();
        let (per_second, burst) = bucket.rate();
        Rate { bucket, per_second, burst }
    }
}

impl Bucket {
    /// Tokens a second and in a full bucket (AWS Organizations User Guide, "Quotas and service limits",
    /// throttling table, read 2026-11). IAM and CloudFormation document no rates: these are a small
    /// part of what they were seen to serve. Of `CloudTrail`: "Quotas in AWS `CloudTrail`", 10 a second for what gets and lists, 1 for
    /// the rest.
    /// Those of the Account API are in "Quotas for AWS Account Management". All read 2026-11.
    /// KMS serves 5 a second of the rarest ("Request quotas", KMS Developer Guide).
    /// `EventBridge` serves 50 a second of each in most Regions ("Amazon EventBridge quotas"), and fewer in small ones.
    fn rate(self) -> (f64, f64) {
        match self {
            Self::Identity => (100.0, 100.0),
            Self::Organization | Self::Roots | Self::ServiceWrites => (1.0, 2.0),
            Self::Accounts => (8.0, 12.0),
            Self::Children | Self::PolicyListings | Self::Administrators | Self::ContactWrites => {
                (5.0, 8.0)
            }
            Self::PolicyDocuments => (2.0, 2.0),
            Self::Tags | Self::ContactReads => (10.0, 15.0),
            Self::ServiceAccess | Self::StackSetWrites => (1.0, 3.0),
            Self::PolicyTypes | Self::TrailWrites | Self::RegionWrites => (1.0, 1.0),
            Self::PolicyWrites | Self::PolicyUpdates | Self::TreeWrites => (2.0, 3.0),
            Self::TagWrites => (4.0, 6.0),
            Self::IamReads | Self::EventReads | Self::BucketReads | Self::KeyReads => (10.0, 20.0),
            Self::TrailReads => (10.0, 10.0),
            Self::IamWrites | Self::BucketWrites | Self::KeyWrites => (2.0, 5.0),
            Self::StackSetReads | Self::EventWrites => (5.0, 10.0),
            Self::RegionReads => (5.0, 5.0),
        }
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
            Self::ReadObject { key, reading } => reading.operation(key.kind),
            Self::ListObjects { query, .. } => object::listing(query.kind),
            Self::WriteObject { step, .. } => object::operation(step),
        }
    }

    /// The account whose rates the call draws on, where it is not the caller's.
    pub fn account(&self) -> Option<&AccountId> {
        match self {
            Self::ReadObject { key, .. } | Self::WriteObject { key, .. } => {
                (!key.kind.is_reached_from_home()).then_some(&key.account)
            }
            Self::ListObjects { query, .. } => {
                (!query.kind.is_reached_from_home()).then_some(&query.account)
            }
            Self::GetCallerIdentity
            | Self::DescribeOrganization
            | Self::ListRoots { .. }
            | Self::ListAccounts { .. }
            | Self::ListAccountsForParent { .. }
            | Self::ListOrganizationalUnitsForParent { .. }
            | Self::ListPolicies { .. }
            | Self::DescribePolicy { .. }
            | Self::ListTargetsForPolicy { .. }
            | Self::ListPoliciesForTarget { .. }
            | Self::ListTagsForResource { .. }
            | Self::ListAwsServiceAccessForOrganization { .. }
            | Self::ListDelegatedAdministrators { .. }
            | Self::EnablePolicyType { .. }
            | Self::DisablePolicyType { .. }
            | Self::CreatePolicy { .. }
            | Self::UpdatePolicy { .. }
            | Self::DeletePolicy { .. }
            | Self::AttachPolicy { .. }
            | Self::DetachPolicy { .. }
            | Self::CreateOrganizationalUnit { .. }
            | Self::DeleteOrganizationalUnit { .. }
            | Self::MoveAccount { .. }
            | Self::TagResource { .. }
            | Self::UntagResource { .. }
            | Self::EnableAwsServiceAccess { .. }
            | Self::RegisterDelegatedAdministrator { .. }
            | Self::DeregisterDelegatedAdministrator { .. } => None,
        }
    }
}
