//! The form of the documents, and nothing but the form. This is the one place that says it.
//!
//! `schema` makes the JSON Schema of these types, `check` reads documents by that schema, and
//! what passes is deserialized into these types. Descriptions here are what editors show.

mod baseline;
mod break_glass;
mod contacts;
mod guardrail_test;
mod logging_trail;
mod must_work;
mod profile;
mod regions;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

pub(crate) use crate::desired::raw::baseline::{
    RawBaseline, RawDeployment, RawParameter, RawRegionConcurrency, RawShare,
};
pub(crate) use crate::desired::raw::break_glass::{
    RawBreakGlassRole, RawEmergencyAlerts, RawEmergencyRole, RawEmergencySaml, RawFailing,
    RawFailureMode, RawIncident, RawOperator, RawOthers, RawThrough, TimeText,
};
pub(crate) use crate::desired::raw::contacts::{RawContact, RawContacts};
pub(crate) use crate::desired::raw::guardrail_test::{
    ConditionKey, RawCase, RawContextValue, RawExpectation, RawGuardrailTest, RawOneOrMore,
};
pub(crate) use crate::desired::raw::logging_trail::{
    DaysText, RawAdoption, RawArchive, RawDataEvents, RawExcludedSource, RawFieldSelector,
    RawLockMode, RawLoggingTrail, RawManagementEvents,
};
pub(crate) use crate::desired::raw::profile::RawGuardrailProfile;
pub(crate) use crate::desired::raw::regions::{
    RawGlobalServices, RawOptIn, RawRegionExcept, RawRegionRestriction, RegionText,
};

pub(crate) use crate::desired::raw::must_work::{RawAcceptedLockout, RawMustWork, RawOnUnknown};

/// The only `apiVersion` there is.
pub(crate) const API_VERSION: &str = "palisade/v1";

/// A document of desired state.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RawDocument<S> {
    /// The version of the format.
    #[serde(rename = "apiVersion")]
    pub(crate) _api_version: String,
    /// What the document describes.
    #[serde(rename = "kind")]
    pub(crate) _kind: String,
    /// The document's name and notes.
    pub(crate) metadata: RawMetadata,
    /// What should be.
    pub(crate) spec: S,
}

/// The document's name and notes.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Metadata")]
pub(crate) struct RawMetadata {
    /// The name, unique within the kind. Of an `Organization` it is the name of the installation:
    /// the owner in the marks that palisade leaves on AWS objects.
    pub(crate) name: DocumentName,
    /// Notes for people and reports, such as `palisade/controls`, `palisade/runbook`,
    /// `palisade/owner`.
    #[serde(default)]
    pub(crate) annotations: BTreeMap<String, String>,
}

/// Lower-case letters, digits and `-`; at most 63 characters.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(extend(
    "pattern" = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$",
    "patternErrorMessage" = "must be 1 to 63 lower-case letters, digits or `-`, and begin and end with a letter or digit"
))]
pub(crate) struct DocumentName(pub(crate) String);

/// An AWS account id: 12 digits, in quotes.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(extend(
    "pattern" = "^[0-9]{12}$",
    "patternErrorMessage" = "must be an account id of 12 digits, in quotes"
))]
pub(crate) struct AccountIdText(pub(crate) String);

/// The organization: its accounts, where they are placed, and what is switched on.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RawOrganization {
    /// The one organization that palisade may act on; checked before every write.
    #[schemars(extend(
        "pattern" = "^o-[a-z0-9]{10,32}$",
        "patternErrorMessage" = "must be an organization id such as `o-a1b2c3d4e5`"
    ))]
    pub(crate) organization_id: String,
    /// The organization's management account.
    pub(crate) management_account_id: AccountIdText,
    /// Accounts by the name that documents use for them.
    #[serde(default)]
    #[schemars(extend("propertyNames" = {
        "pattern": "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$",
        "patternErrorMessage": "must be an account name of 1 to 63 letters, digits, `.`, `_` or `-` that begins with a letter or digit"
    }))]
    pub(crate) accounts: BTreeMap<String, RawAccount>,
    /// The OUs below the root, by name. An OU that is not named here stays as it is.
    #[serde(default)]
    #[schemars(extend("propertyNames" = {
        "pattern": "^[^ \\t\\r\\n]([^\\t\\r\\n]*[^ \\t\\r\\n])?$",
        "maxLength": 128,
        "patternErrorMessage": "must be an OU name: one line, with no space at either end"
    }))]
    pub(crate) organizational_units: BTreeMap<String, Option<RawUnit>>,
    /// Policy types that must be enabled, such as `SERVICE_CONTROL_POLICY`.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    pub(crate) policy_types: Vec<PolicyTypeName>,
    /// Service principals that must have trusted access.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    pub(crate) trusted_services: Vec<ServicePrincipal>,
    /// The account that administers a service for the organization, by service principal.
    #[serde(default)]
    #[schemars(extend("propertyNames" = {
        "pattern": "^[a-z0-9-]+(\\.[a-z0-9-]+)*\\.amazonaws\\.com(\\.cn)?$",
        "patternErrorMessage": "must be a service principal such as `guardduty.amazonaws.com`"
    }))]
    pub(crate) delegated_administrators: BTreeMap<String, String>,
    /// Whom AWS tells of security, operations and billing, in every account.
    pub(crate) alternate_contacts: Option<RawContacts>,
    /// Central management of the root users of member accounts.
    pub(crate) root_access: Option<RawRootAccess>,
    /// Quotas of this organization that differ from the published ones, by policy type.
    #[serde(default)]
    #[schemars(extend("propertyNames" = {
        "pattern": "^[A-Z][A-Z0-9_]{2,63}$",
        "patternErrorMessage": "must be a policy type such as `SERVICE_CONTROL_POLICY`"
    }))]
    pub(crate) quotas: BTreeMap<String, RawQuota>,
    /// Do guardrails share policies of AWS? `needed`, unless said otherwise: only where a target has
    /// too few slots for a policy each. `never`: a policy each, always. `always`: wherever they can.
    pub(crate) packing: Option<RawPacking>,
    /// The roles that ready-made guardrails exempt and protect, where they have other names than AWS
    /// gives them.
    pub(crate) governance_roles: Option<RawGovernanceRoles>,
    /// Calls that must go on working, beside those that palisade looks after by itself.
    #[serde(default)]
    pub(crate) must_work: Vec<RawMustWork>,
    /// Calls that must work and may be locked out for a time.
    #[serde(default)]
    pub(crate) accept_lockouts: Vec<RawAcceptedLockout>,
    /// Does palisade heal drift, or only report it?
    pub(crate) mode: Option<RawMode>,
    /// Not enforced until a date; drift is still reported.
    pub(crate) suspend: Option<RawSuspension>,
    /// Do the OUs palisade made go when they leave this file? True unless said otherwise.
    pub(crate) prune: Option<bool>,
}

/// An account: its id, or its id and what people should know of it.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "Account")]
pub(crate) enum RawAccount {
    /// The id alone.
    Id(AccountIdText),
    /// The id and notes.
    Described(RawDescribedAccount),
}

/// An account with notes.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "DescribedAccount")]
pub(crate) struct RawDescribedAccount {
    /// Its id.
    pub(crate) id: AccountIdText,
    /// The team that answers for it.
    pub(crate) owner: Option<String>,
    /// What it is for.
    pub(crate) purpose: Option<String>,
}

/// An OU.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Unit")]
pub(crate) struct RawUnit {
    /// What it is for.
    pub(crate) purpose: Option<String>,
    /// The accounts directly in it, by name.
    #[serde(default)]
    pub(crate) accounts: Vec<String>,
    /// The OUs directly in it, by name.
    #[serde(default)]
    #[schemars(extend("propertyNames" = {
        "pattern": "^[^ \\t\\r\\n]([^\\t\\r\\n]*[^ \\t\\r\\n])?$",
        "maxLength": 128,
        "patternErrorMessage": "must be an OU name: one line, with no space at either end"
    }))]
    pub(crate) organizational_units: BTreeMap<String, Option<RawUnit>>,
}

/// A policy type as the API of AWS Organizations calls it, known to palisade or not.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(extend(
    "pattern" = "^[A-Z][A-Z0-9_]{2,63}$",
    "patternErrorMessage" = "must be a policy type such as `SERVICE_CONTROL_POLICY`"
))]
pub(crate) struct PolicyTypeName(pub(crate) String);

/// The service principal of an AWS service, such as `cloudtrail.amazonaws.com`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(extend(
    "pattern" = "^[a-z0-9-]+(\\.[a-z0-9-]+)*\\.amazonaws\\.com(\\.cn)?$",
    "patternErrorMessage" = "must be a service principal such as `guardduty.amazonaws.com`"
))]
pub(crate) struct ServicePrincipal(pub(crate) String);

/// The quotas of one policy type.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Quota")]
pub(crate) struct RawQuota {
    /// How many policies can be attached directly to one root, OU or account.
    #[schemars(range(min = 1, max = 1000))]
    pub(crate) attached: Option<u32>,
    /// How many characters one policy can have.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub(crate) characters: Option<u32>,
    /// How many of the slots on every target are left to policies that palisade does not manage, such
    /// as Control Tower's.
    #[schemars(range(max = 1000))]
    pub(crate) reserved: Option<u32>,
}

/// Central management of the root users of member accounts. Needs `iam.amazonaws.com` among
/// `trustedServices`. What is left out is left alone.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "RootAccess")]
pub(crate) struct RawRootAccess {
    /// May the management account remove root credentials of members, and are new members without? With
    /// `true` palisade also reports the credentials that root users still have; it removes none.
    pub(crate) credentials_management: Option<bool>,
    /// May the management account act as root in members, for minutes, where only root can do something?
    pub(crate) sessions: Option<bool>,
}

/// When guardrails share policies: `never`, only where slots are `needed`, or `always`.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Packing")]
pub(crate) enum RawPacking {
    // No `///` here either.
    Never,
    Needed,
    Always,
}

/// What palisade does about drift: `enforce` reports it and heals it, `observe` reports it and changes
/// nothing.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Mode")]
pub(crate) enum RawMode {
    // No `///` here: with descriptions of their own these would no longer be an `enum` in the schema.
    Enforce,
    Observe,
}

/// A guardrail that is not enforced until a date; drift is still reported.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Suspension")]
pub(crate) struct RawSuspension {
    /// The first day on which it is enforced again, in UTC: `2027-01-31`, or a time of RFC 3339.
    pub(crate) until: EndText,
    /// Why.
    #[schemars(length(min = 1))]
    pub(crate) reason: String,
}

/// A policy of AWS Organizations.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    {"required": ["document"]}, {"required": ["documentFile"]}, {"required": ["use"]}
]))]
pub(crate) struct RawPolicy {
    /// The type as the API of AWS Organizations calls it.
    pub(crate) r#type: Option<PolicyTypeName>,
    /// The policy's name in AWS, if it is not the document's name.
    #[schemars(length(min = 1, max = 128))]
    pub(crate) policy_name: Option<String>,
    /// What the policy achieves, in a sentence; shown in the AWS console too.
    pub(crate) description: Option<String>,
    /// What it is attached to: `/` for the root, OU paths such as `/Workloads/Prod`, accounts such
    /// as `account:shop-prod`.
    #[schemars(extend("uniqueItems" = true))]
    pub(crate) targets: Vec<TargetText>,
    /// Who is exempt.
    pub(crate) except: Option<RawExcept>,
    /// The policy document.
    pub(crate) document: Option<Map<String, Value>>,
    /// A JSON file with the policy document, relative to this file and inside the desired-state
    /// directory.
    #[schemars(length(min = 1))]
    pub(crate) document_file: Option<String>,
    /// A ready-made guardrail of the catalogue; `palisade catalog list` shows which there are.
    pub(crate) r#use: Option<RawUse>,
    /// Does palisade heal drift, or only report it?
    pub(crate) mode: Option<RawMode>,
    /// Not enforced until a date; drift is still reported.
    pub(crate) suspend: Option<RawSuspension>,
    /// Does the policy go when this document goes? True unless said otherwise.
    pub(crate) prune: Option<bool>,
}

/// A ready-made guardrail of the catalogue.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Use")]
pub(crate) struct RawUse {
    /// Its id, such as `deny-root-user`.
    pub(crate) guardrail: String,
    /// Its parameters; `palisade catalog show` explains them.
    #[serde(default)]
    pub(crate) with: Map<String, Value>,
}

/// Names, or patterns of names, of the roles that hold the organization together. Guardrails exempt
/// them, and protect them from being changed or imitated.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "GovernanceRoles")]
pub(crate) struct RawGovernanceRoles {
    /// The roles palisade acts with in member accounts; `OrganizationAccountAccessRole` unless said
    /// otherwise.
    pub(crate) palisade: Option<Vec<RoleName>>,
    /// The roles with which service-managed `StackSets` deploy; `stacksets-exec-*` unless said
    /// otherwise.
    pub(crate) stack_sets: Option<Vec<RoleName>>,
    /// The roles of AWS Control Tower; `AWSControlTowerExecution` unless said otherwise.
    pub(crate) control_tower: Option<Vec<RoleName>>,
    /// The roles for emergencies; `BREAK-GLASS-*` unless said otherwise.
    pub(crate) break_glass: Option<Vec<RoleName>>,
}

/// The name of a role, with its path if it has one; `*` and `?` stand for anything.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(extend(
    "pattern" = "^[A-Za-z0-9_+=,.@/-][A-Za-z0-9_+=,.@/*?-]{2,127}$",
    "patternErrorMessage" = "must be a role's name or a pattern of one that begins with at least one letter, such as `BREAK-GLASS-*`"
))]
pub(crate) struct RoleName(pub(crate) String);

/// The first day, in UTC, on which something is over: `2027-01-31`, or a time of RFC 3339.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(extend(
    "pattern" = "^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9:.]{5,18}([Zz]|[+-][0-9:]{4,6}))?$",
    "patternErrorMessage" = "must be a date such as `2027-01-31` or a time such as `2027-01-31T18:00:00Z`"
))]
pub(crate) struct EndText(pub(crate) String);

/// `/`, an OU path such as `/Workloads/Prod`, or an account such as `account:shop-prod`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(extend(
    "pattern" = "^(/|(/[^/]+)+|account:[A-Za-z0-9][A-Za-z0-9._-]{0,62})$",
    "patternErrorMessage" = "must be `/`, an OU path from the root such as `/Workloads/Prod`, or an account such as `account:shop-prod`"
))]
pub(crate) struct TargetText(pub(crate) String);

/// Who a policy leaves alone: becomes a condition on every Deny.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Except")]
pub(crate) struct RawExcept {
    /// Patterns of principal ARNs, such as `arn:aws:iam::*:role/OrgAdmin`.
    #[serde(default)]
    #[schemars(extend("uniqueItems" = true))]
    pub(crate) principals: Vec<PrincipalPattern>,
}

/// The ARN of an IAM principal; `*` and `?` stand for anything.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[schemars(extend(
    "pattern" = "^arn:[a-z*?-]+:(iam|sts)::([0-9*?]{1,12}):[^ ]+$",
    "patternErrorMessage" = "must be a principal's ARN or a pattern of one, such as `arn:aws:iam::*:role/OrgAdmin`"
))]
pub(crate) struct PrincipalPattern(pub(crate) String);
