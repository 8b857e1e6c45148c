//! The organization as observed: what `observe` returns, `observe --out` writes and `plan` reads.
//!
//! Holds no e-mail address and no phone number: what is not kept cannot leak.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::org::{
    AccountId, ListedObject, ObjectKey, ObjectQuery, ObjectState, OrganizationId, Part, PolicyId,
    PolicyType, RootId, TargetId, Tree, Unknown,
};

/// Everything observed in one pass. Every part is known, or unknown with the reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OrgSnapshot {
    /// Who observed it.
    pub caller: Part<Caller>,
    /// Which organization it is.
    pub organization: Part<Organization>,
    /// Its root and the policy types enabled there.
    pub root: Part<Root>,
    /// OUs and accounts.
    pub tree: Part<Tree>,
    /// The policies of every type that was asked for. A type that is missing was not asked for.
    pub policies: BTreeMap<PolicyType, Part<BTreeMap<PolicyId, ObservedPolicy>>>,
    /// Service principals with trusted access.
    pub trusted_services: Part<BTreeSet<String>>,
    /// Delegated administrators of the service principals that were asked for.
    pub delegated_administrators: BTreeMap<String, Part<BTreeSet<AccountId>>>,
    /// Tags of the few objects whose marks matter and no listing shows: OUs that desired state does
    /// not name. Keyed by the object's id.
    pub tags: BTreeMap<String, Part<BTreeMap<String, String>>>,
    /// The objects in accounts that were asked for; nothing where there is none of that name. One that is
    /// missing was not asked for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub objects: BTreeMap<ObjectKey, Part<Option<ObjectState>>>,
    /// The listings of objects that were asked for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub listings: BTreeMap<ObjectQuery, Part<Vec<ListedObject>>>,
}

/// The identity AWS sees.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Caller {
    /// The account the credentials belong to.
    pub account: AccountId,
    /// The principal, for example `arn:aws:sts::111111111111:assumed-role/palisade/…`.
    pub arn: String,
    /// The role that it assumes in other accounts, with its path if it has one; nothing in files that older
    /// versions wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member_role: Option<String>,
}

/// The organization itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// The account that owns it.
    pub management_account: AccountId,
    /// Are all features on? Without them there are no policies (`DescribeOrganization`, `FeatureSet`).
    pub all_features: bool,
}

/// The root of the organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Root {
    /// Its id.
    pub id: RootId,
    /// Policy types that are enabled, or on the way. A type that is missing is disabled.
    pub policy_types: BTreeMap<PolicyType, PolicyTypeStatus>,
}

/// Where a policy type is between off and on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PolicyTypeStatus {
    /// In force.
    Enabled,
    /// AWS is switching it on.
    PendingEnable,
    /// AWS is switching it off.
    PendingDisable,
}

/// One policy as observed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObservedPolicy {
    /// Its id.
    pub id: PolicyId,
    /// Its name, unique within its type.
    pub name: String,
    /// Its description, with palisade's mark if it is ours.
    pub description: String,
    /// Does AWS own it, like `FullAWSAccess`?
    pub aws_managed: bool,
    /// The document, exactly as stored.
    pub document: Part<String>,
    /// What it is attached to.
    pub targets: Part<BTreeSet<TargetId>>,
}

impl OrgSnapshot {
    /// A snapshot in which nothing has been read.
    pub fn unread() -> Self {
        Self {
            caller: Part::unread("GetCallerIdentity"),
            organization: Part::unread("DescribeOrganization"),
            root: Part::unread("ListRoots"),
            tree: Part::unread("ListAccounts"),
            policies: BTreeMap::new(),
            trusted_services: Part::unread("ListAWSServiceAccessForOrganization"),
            delegated_administrators: BTreeMap::new(),
            tags: BTreeMap::new(),
            objects: BTreeMap::new(),
            listings: BTreeMap::new(),
        }
    }

    /// The policies of `policy_type`, if they are known.
    pub fn policies_of(
        &self,
        policy_type: &PolicyType,
    ) -> Option<&BTreeMap<PolicyId, ObservedPolicy>> {
        self.policies.get(policy_type)?.known()
    }

    /// The partition of the organization, such as `aws`, which the caller's ARN tells.
    pub fn partition(&self) -> &str {
        let caller = self.caller.known();
        caller.and_then(|caller| caller.arn.split(':').nth(1)).unwrap_or("aws")
    }

    /// Every part that is not known, as `(part, why)`, for people.
    pub fn unknown_parts(&self) -> Vec<(String, Unknown)> {
        let mut unknown = Vec::new();
        let mut note = |part: String, why: Option<&Unknown>| {
            unknown.extend(why.map(|why| (part, why.clone())));
        };
        note("caller".to_owned(), self.caller.unknown());
        note("organization".to_owned(), self.organization.unknown());
        note("root".to_owned(), self.root.unknown());
        note("tree".to_owned(), self.tree.unknown());
        note("trusted services".to_owned(), self.trusted_services.unknown());
        for (service, part) in &self.delegated_administrators {
            note(format!("delegated administrators of {service}"), part.unknown());
        }
        for (id, part) in &self.tags {
            note(format!("tags of {id}"), part.unknown());
        }
        // An account that cannot be entered hides all its objects for one reason: it is told once.
        let mut told = BTreeSet::new();
        let objects = self.objects.iter().map(|(key, part)| (&key.account, part.unknown()));
        let listings = self.listings.iter().map(|(query, part)| (&query.account, part.unknown()));
        for (account, why) in objects.chain(listings) {
            if why.is_some_and(|why| told.insert((account, why))) {
                note(format!("objects in account {account}"), why);
            }
        }
        for (policy_type, part) in &self.policies {
            note(format!("policies of type {policy_type}"), part.unknown());
            for policy in part.known().into_iter().flat_map(BTreeMap::values) {
                note(format!("document of {}", policy.id), policy.document.unknown());
                note(format!("targets of {}", policy.id), policy.targets.unknown());
            }
        }
        unknown
    }

    /// The same, gathered: the parts, and the first one's why. A permission that is missing for one
    /// policy is missing for all of them, and says so for each with its id.
    pub fn unknown_by_reason(&self) -> Vec<(Vec<String>, Unknown)> {
        let mut groups: Vec<(Vec<String>, Unknown)> = Vec::new();
        let mut at: BTreeMap<(String, String), usize> = BTreeMap::new();
        for (part, why) in self.unknown_parts() {
            let id = part.rsplit(' ').next().unwrap_or_default();
            let key = (why.operation.clone(), why.reason.replace(id, "…"));
            let index = *at.entry(key).or_insert(groups.len());
            match groups.get_mut(index) {
                Some((parts, _)) => parts.push(part),
                None => groups.push((vec![part], why)),
            }
        }
        groups
    }
}
