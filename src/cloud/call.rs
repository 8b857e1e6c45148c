//! The questions and orders palisade sends to AWS, one variant an API operation, and the answers.
//!
//! One enum instead of one trait method an operation: budgets, counting, fault injection and recording
//! are then written once, for every operation there is or will be.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::cloud::object::Reading;
use crate::org::{
    AccountId, AccountState, Caller, ListedObject, ObjectKey, ObjectQuery, ObjectStep,
    Organization, OuId, ParentId, PolicyId, PolicyType, Root, RootId, TargetId,
};

/// Where the next page starts; nothing for the first.
pub type PageToken = Option<String>;

/// One request to AWS.
#[expect(
    missing_docs,
    reason = "the fields are the parameters of the API, named as the API names them"
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Call {
    /// `sts:GetCallerIdentity` → [`Reply::Caller`].
    GetCallerIdentity,
    /// → [`Reply::Organization`].
    DescribeOrganization,
    /// → [`Reply::Roots`].
    ListRoots { page: PageToken },
    /// → [`Reply::Accounts`].
    ListAccounts { page: PageToken },
    /// → [`Reply::Accounts`], whose `parent` is the one asked for.
    ListAccountsForParent { parent: ParentId, page: PageToken },
    /// → [`Reply::Units`].
    ListOrganizationalUnitsForParent { parent: ParentId, page: PageToken },
    /// → [`Reply::Policies`].
    ListPolicies { policy_type: PolicyType, page: PageToken },
    /// → [`Reply::Policy`].
    DescribePolicy { policy: PolicyId },
    /// → [`Reply::Targets`].
    ListTargetsForPolicy { policy: PolicyId, page: PageToken },
    /// → [`Reply::Policies`]: the policies attached directly to `target`.
    ListPoliciesForTarget { target: TargetId, policy_type: PolicyType, page: PageToken },
    /// → [`Reply::Tags`]. `resource` is the id of a policy, OU, account or root.
    ListTagsForResource { resource: String, page: PageToken },
    /// → [`Reply::Services`].
    ListAwsServiceAccessForOrganization { page: PageToken },
    /// → [`Reply::Administrators`].
    ListDelegatedAdministrators { service: String, page: PageToken },

    /// → [`Reply::Done`].
    EnablePolicyType { root: RootId, policy_type: PolicyType },
    /// → [`Reply::Done`]. Never sent by palisade itself: it detaches every policy of the type.
    DisablePolicyType { root: RootId, policy_type: PolicyType },
    /// → [`Reply::CreatedPolicy`].
    CreatePolicy {
        policy_type: PolicyType,
        name: String,
        description: String,
        content: String,
        tags: BTreeMap<String, String>,
    },
    /// → [`Reply::Done`]. A field left out stays as it is.
    UpdatePolicy {
        policy: PolicyId,
        name: Option<String>,
        description: Option<String>,
        content: Option<String>,
    },
    /// → [`Reply::Done`].
    DeletePolicy { policy: PolicyId },
    /// → [`Reply::Done`].
    AttachPolicy { policy: PolicyId, target: TargetId },
    /// → [`Reply::Done`].
    DetachPolicy { policy: PolicyId, target: TargetId },
    /// → [`Reply::CreatedUnit`].
    CreateOrganizationalUnit { parent: ParentId, name: String, tags: BTreeMap<String, String> },
    /// → [`Reply::Done`].
    DeleteOrganizationalUnit { unit: OuId },
    /// → [`Reply::Done`]. Fails with `NotFound` when the account is not in `from`.
    MoveAccount { account: AccountId, from: ParentId, to: ParentId },
    /// → [`Reply::Done`].
    TagResource { resource: String, tags: BTreeMap<String, String> },
    /// → [`Reply::Done`].
    UntagResource { resource: String, keys: BTreeSet<String> },
    /// → [`Reply::Done`].
    EnableAwsServiceAccess { service: String },
    /// → [`Reply::Done`].
    RegisterDelegatedAdministrator { account: AccountId, service: String },
    /// → [`Reply::Done`].
    DeregisterDelegatedAdministrator { account: AccountId, service: String },

    /// The next request of reading an object in an account → [`Reply::Reading`].
    ReadObject { key: ObjectKey, reading: Box<Reading> },
    /// → [`Reply::Objects`].
    ListObjects { query: ObjectQuery, page: PageToken },
    /// One change of an object in an account → [`Reply::Done`].
    WriteObject { key: ObjectKey, step: ObjectStep },
}

/// An answer and the id AWS gave the request, for the journal and for support cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What was asked for.
    pub reply: Reply,
    /// AWS's request id, where there is one.
    pub request_id: Option<String>,
}

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Self {
        Self { reply, request_id: None }
    }
}

/// What AWS answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// Who is calling.
    Caller(Caller),
    /// The organization of the caller.
    Organization(Organization),
    /// Roots; there is one.
    Roots(Page<Root>),
    /// Accounts.
    Accounts(Page<Account>),
    /// OUs.
    Units(Page<Unit>),
    /// Policies without their documents.
    Policies(Page<PolicySummary>),
    /// One policy with its document.
    Policy(PolicySummary, String),
    /// What a policy is attached to.
    Targets(Page<TargetId>),
    /// Tags of one object.
    Tags(Page<(String, String)>),
    /// Service principals with trusted access.
    Services(Page<String>),
    /// Delegated administrators.
    Administrators(Page<AccountId>),
    /// The policy that was created.
    CreatedPolicy(PolicyId),
    /// The OU that was created.
    CreatedUnit(OuId),
    /// How far the reading of an object has come.
    Reading(Box<Reading>),
    /// Objects of one kind in one place.
    Objects(Page<ListedObject>),
    /// Done, nothing to say.
    Done,
}

/// One page of a listing. It may be empty and still not be the last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Where the next page starts; nothing after the last.
    pub next: PageToken,
}

/// An account as a listing returns it, without its e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Its name in AWS.
    pub name: String,
    /// Where it is in its life.
    pub state: AccountState,
    /// What it lies in, where the listing says so (`Account.Paths`, or because the parent was asked for).
    pub parent: Option<ParentId>,
}

/// An OU as a listing returns it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// Its id.
    pub id: OuId,
    /// Its name.
    pub name: String,
}

/// A policy as a listing returns it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicySummary {
    /// Its id.
    pub id: PolicyId,
    /// Its type.
    pub policy_type: PolicyType,
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: String,
    /// Does AWS own it?
    pub aws_managed: bool,
}
