//! What a plan holds: actions in order, and what is not done and why.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use strum::VariantNames as _;

use crate::org::{
    AccountId, DocumentRef, ObjectKey, ObjectState, ObjectStep, OrganizationId, OuId, OuPath,
    ParentId, PolicyId, PolicyType, RootId, TargetId,
};
use crate::plan::lockout::Lockout;
use crate::plan::unmanaged::Unmanaged;

/// What would change and in which order; what would not, and why.
///
/// Deterministic: the same desired state and the same snapshot give the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Plan {
    /// The only organization the plan may be carried out on.
    pub organization_id: OrganizationId,
    /// Actions; each comes after everything it waits for.
    pub actions: Vec<Action>,
    /// The hash under which the actions that need approval can be approved; nothing when none does.
    pub held: Option<Held>,
    /// Differences that nothing is done about, because their document says so.
    pub reported: Vec<Reported>,
    /// What should be done and cannot or must not be.
    pub blocked: Vec<Blocked>,
    /// Calls that must work and are denied already, or would be and somebody accepts it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lockouts: Vec<Lockout>,
    /// Policies that say in other words what they should: nothing is written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reworded: Vec<Reworded>,
    /// Objects in AWS that no document names.
    pub unmanaged: Vec<Unmanaged>,
    /// Comparisons that AWS is to make, where one is due. A plan with nothing else in it is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
}

/// A comparison that is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Check {
    /// The document that wants it.
    pub document: DocumentRef,
    /// The object that is compared with what it made.
    pub key: ObjectKey,
    /// The call.
    pub step: ObjectStep,
}

/// One change, ready to be made: nothing is left to decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Action {
    /// The document it serves, or the shared policy, by its name, that `guardrails` have.
    pub document: DocumentRef,
    /// The documents whose guardrails differ, where several share the policy; else empty.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub guardrails: BTreeSet<DocumentRef>,
    /// What to do.
    pub change: Change,
    /// Why, for people; never read by the program.
    pub reason: String,
    /// Indices of the actions that must have succeeded before.
    pub after: BTreeSet<usize>,
    /// Whether it needs approval, and by which rule.
    pub hold: Option<Hold>,
    /// Why it needs approval, for the person who gives it; never read by the program.
    #[serde(default)]
    pub hold_reason: Option<String>,
}

/// A change of one object.
#[derive(
    Debug, Clone, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr, strum::VariantNames,
)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Change {
    /// Lets an AWS service work in the organization.
    EnableTrustedService {
        /// Its service principal.
        service: String,
    },
    /// Switches a policy type on.
    EnablePolicyType {
        /// The root.
        root: RootId,
        /// The type.
        policy_type: PolicyType,
    },
    /// Makes an account the administrator of a service.
    RegisterAdministrator {
        /// Its service principal.
        service: String,
        /// The account.
        account: AccountId,
    },
    /// Ends an account's administration of a service.
    DeregisterAdministrator {
        /// Its service principal.
        service: String,
        /// The account.
        account: AccountId,
    },
    /// Creates an OU.
    CreateUnit {
        /// Where.
        path: OuPath,
        /// What it lies in.
        parent: UnitRef,
        /// The mark.
        tags: BTreeMap<String, String>,
    },
    /// Deletes an empty OU.
    DeleteUnit {
        /// Which.
        unit: OuId,
        /// Where it was.
        path: OuPath,
    },
    /// Moves an account.
    MoveAccount {
        /// Which.
        account: AccountId,
        /// What it lies in now.
        from: ParentId,
        /// The same, for people.
        from_path: OuPath,
        /// Where it goes.
        to: UnitRef,
    },
    /// Creates a policy.
    CreatePolicy {
        /// Its type.
        policy_type: PolicyType,
        /// Name, description and document.
        policy: PolicyText,
        /// The mark.
        tags: BTreeMap<String, String>,
    },
    /// Changes a policy where it is: its attachments stay.
    UpdatePolicy {
        /// Its type.
        policy_type: PolicyType,
        /// Which.
        id: PolicyId,
        /// What it is now.
        before: PolicyText,
        /// What it becomes.
        after: PolicyText,
        /// The mark, written with the change.
        tags: BTreeMap<String, String>,
    },
    /// Deletes a policy that is attached to nothing.
    DeletePolicy {
        /// Its type.
        policy_type: PolicyType,
        /// Which.
        id: PolicyId,
        /// What it is now.
        before: PolicyText,
    },
    /// Attaches a policy.
    AttachPolicy {
        /// Its type.
        policy_type: PolicyType,
        /// Which.
        policy: PolicyRef,
        /// To what.
        target: TargetRef,
    },
    /// Detaches a policy.
    DetachPolicy {
        /// Its type.
        policy_type: PolicyType,
        /// Which.
        policy: PolicyId,
        /// Its name, for people.
        name: String,
        /// From what.
        target: TargetRef,
        /// Policies that must be on the target when it goes. If one is missing, somebody else has
        /// been there and the plan is out of date.
        keeps: BTreeSet<PolicyRef>,
    },
    /// Creates, changes or removes an object in an account.
    Object(Box<ObjectChange>),
}

/// What is done to an object in an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObjectChange {
    /// Which.
    pub key: ObjectKey,
    /// What it is now; nothing if it is not there.
    pub before: Option<ObjectState>,
    /// What it becomes; nothing if it goes.
    pub after: Option<ObjectState>,
    /// The calls that lead there, in order.
    pub steps: Vec<ObjectStep>,
}

/// What a policy says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicyText {
    /// Its name in AWS.
    pub name: String,
    /// Its description, mark included.
    pub description: String,
    /// Its document, as stored or as it will be sent.
    pub content: String,
}

/// The root or an OU, there or to be created by an earlier action.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UnitRef {
    /// Where it is.
    pub path: OuPath,
    /// Its id; nothing while an earlier action has still to create it.
    pub id: Option<ParentId>,
}

/// A policy, there or to be created by an earlier action.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicyRef {
    /// Its name within its type.
    pub name: String,
    /// Its id; nothing while an earlier action has still to create it.
    pub id: Option<PolicyId>,
}

/// What a policy is attached to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum TargetRef {
    /// The root or an OU.
    Unit(UnitRef),
    /// An account: its id, and its name in desired state or nothing.
    Account(AccountId, Option<String>),
}

/// Why an action waits for a person.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    strum::Display,
)]
pub enum Hold {
    /// It belongs to the dangerous kinds: see [`crate::plan`].
    Dangerous,
    /// The plan has more changes than `--max-changes`.
    TooManyChanges,
    /// The plan has more deletions than `--max-deletes`.
    TooManyDeletes,
}

/// What waits for approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Held {
    /// Names exactly the held actions. `palisade approve` takes it.
    pub hash: String,
    /// How many actions wait.
    pub actions: usize,
    /// Has it been approved? Then the actions are carried out.
    pub approved: bool,
}

/// A policy whose text differs from its document's in white space, order, spelling or Sids alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reworded {
    /// The document.
    pub document: DocumentRef,
    /// The policy.
    pub policy: PolicyId,
}

/// A difference that is only reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reported {
    /// The document.
    pub document: DocumentRef,
    /// As in [`Action`].
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub guardrails: BTreeSet<DocumentRef>,
    /// What would be done.
    pub change: Change,
    /// Why it would, for people.
    pub reason: String,
}

/// Something that should be done and is not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Blocked {
    /// The document that wants it.
    pub document: DocumentRef,
    /// As in [`Action`].
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub guardrails: BTreeSet<DocumentRef>,
    /// The kind of obstacle.
    pub reason: BlockedReason,
    /// The object concerned: an id, a path or a name from desired state.
    pub object: String,
    /// What stands in the way, and what to do about it.
    pub message: String,
}

/// Why something is not done.
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
pub enum BlockedReason {
    /// A part that decides was not observed.
    Unknown,
    /// These credentials see another organization, or none.
    WrongOrganization,
    /// All features are not enabled: there are no policies.
    FeaturesMissing,
    /// An account that desired state names is not in the organization, or is closed.
    UnknownAccount,
    /// A policy would be over its size.
    TooLarge,
    /// A target has no free slot for another policy.
    SlotsFull,
    /// The last SCP of a target cannot be detached.
    LastPolicy,
    /// AWS or Control Tower owns the object, and it stays as it is.
    Protected,
    /// Another installation of palisade owns the object.
    ForeignOwner,
    /// An OU cannot be deleted while something is in it.
    NotEmpty,
    /// AWS is still working on an earlier change.
    InProgress,
    /// Something it depends on is blocked.
    Dependency,
    /// It would deny a call that must work.
    Lockout,
    /// An operation of AWS's has not ended for more than a day.
    Hanging,
    /// AWS failed in it again and again.
    Failing,
    /// What AWS made was changed from outside, and neither AWS nor palisade puts it back.
    ChangedOutside,
    /// AWS has opened a Region, and no document says whether accounts may have it.
    UnclassifiedRegion,
    /// It is dangerous, and the document does not ask for it.
    NotAsked,
    /// It is in a place that is for declared objects alone, and palisade did not make it.
    Undeclared,
    /// Logs would be kept for less time.
    Retention,
}

const CREATE_OBJECT: &str = "CreateObject";
const UPDATE_OBJECT: &str = "UpdateObject";
const DELETE_OBJECT: &str = "DeleteObject";

impl Change {
    /// The kind of change, such as `AttachPolicy`: a closed set, fit for a metric label.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Object(change) if change.before.is_none() => CREATE_OBJECT,
            Self::Object(change) if change.after.is_none() => DELETE_OBJECT,
            Self::Object(_) => UPDATE_OBJECT,
            Self::EnableTrustedService { .. }
            | Self::EnablePolicyType { .. }
            | Self::RegisterAdministrator { .. }
            | Self::DeregisterAdministrator { .. }
            | Self::CreateUnit { .. }
            | Self::DeleteUnit { .. }
            | Self::MoveAccount { .. }
            | Self::CreatePolicy { .. }
            | Self::UpdatePolicy { .. }
            | Self::DeletePolicy { .. }
            | Self::AttachPolicy { .. }
            | Self::DetachPolicy { .. } => self.into(),
        }
    }

    /// Every kind there is.
    pub fn kinds() -> impl Iterator<Item = &'static str> {
        let named = Self::VARIANTS.iter().copied().filter(|name| *name != "Object");
        named.chain([CREATE_OBJECT, UPDATE_OBJECT, DELETE_OBJECT])
    }

    /// Does it take something away? Counted against `--max-deletes`.
    pub fn is_deletion(&self) -> bool {
        match self {
            Self::DeregisterAdministrator { .. }
            | Self::DeleteUnit { .. }
            | Self::DeletePolicy { .. }
            | Self::DetachPolicy { .. } => true,
            Self::Object(change) => change.after.is_none(),
            Self::EnableTrustedService { .. }
            | Self::EnablePolicyType { .. }
            | Self::RegisterAdministrator { .. }
            | Self::CreateUnit { .. }
            | Self::MoveAccount { .. }
            | Self::CreatePolicy { .. }
            | Self::UpdatePolicy { .. }
            | Self::AttachPolicy { .. } => false,
        }
    }

    /// The object changed: its id, or its name in desired state. Free of text that AWS users control.
    pub fn object(&self) -> String {
        match self {
            Self::EnableTrustedService { service } => format!("service {service}"),
            Self::EnablePolicyType { policy_type, .. } => format!("policy type {policy_type}"),
            Self::RegisterAdministrator { service, account }
            | Self::DeregisterAdministrator { service, account } => {
                format!("administrator {account} of {service}")
            }
            Self::CreateUnit { path, .. } | Self::DeleteUnit { path, .. } => format!("OU {path}"),
            Self::MoveAccount { account, .. } => format!("account {account}"),
            Self::CreatePolicy { policy_type, policy, .. } => {
                format!("{policy_type} {}", policy.name)
            }
            Self::UpdatePolicy { policy_type, id, .. }
            | Self::DeletePolicy { policy_type, id, .. } => format!("{policy_type} {id}"),
            Self::AttachPolicy { policy_type, policy, target } => match &policy.id {
                Some(id) => format!("{policy_type} {id} on {target}"),
                None => format!("{policy_type} {} on {target}", policy.name),
            },
            Self::DetachPolicy { policy_type, policy, target, .. } => {
                format!("{policy_type} {policy} on {target}")
            }
            Self::Object(change) => change.key.to_string(),
        }
    }
}

impl std::fmt::Display for TargetRef {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unit(unit) => write!(formatter, "{}", unit.path),
            Self::Account(id, Some(name)) => write!(formatter, "account {name} ({id})"),
            Self::Account(id, None) => write!(formatter, "account {id}"),
        }
    }
}

impl TargetRef {
    /// The id in AWS; nothing while an earlier action has still to create the OU.
    pub fn id(&self) -> Option<TargetId> {
        match self {
            Self::Unit(unit) => unit.id.clone().map(TargetId::from),
            Self::Account(id, _) => Some(TargetId::Account(id.clone())),
        }
    }
}

impl Plan {
    /// Why actions need approval, in words, and how many for each reason.
    pub fn hold_reasons(&self) -> BTreeMap<String, usize> {
        let mut reasons = BTreeMap::new();
        for reason in self.actions.iter().filter_map(|action| action.hold_reason.clone()) {
            *reasons.entry(reason).or_default() += 1;
        }
        reasons
    }

    /// Is there nothing to change, report or unblock?
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty() && self.reported.is_empty() && self.blocked.is_empty()
    }
}
