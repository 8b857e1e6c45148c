//! Desired state that has been read and checked: every name resolves, every id has its form.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::desired::baseline::DesiredBaseline;
use crate::desired::break_glass::DesiredBreakGlass;
use crate::desired::cases::DesiredTest;
use crate::desired::contacts::ContactType;
use crate::desired::guardrail::GovernanceRoles;
use crate::desired::logging_trail::DesiredTrail;
use crate::desired::must_work::{AcceptedLockout, MustWork};
use crate::desired::regions::DesiredRegions;
use crate::org::{
    AccountId, Contact, DocumentRef, OrganizationId, OuPath, PolicyQuota, PolicyType,
};

/// What the organization should be.
#[derive(Debug, Clone, PartialEq)]
pub struct DesiredOrg {
    /// The `Organization` document; its name is the installation's, the owner in every mark.
    pub header: DocumentHeader,
    /// The one organization palisade may act on.
    pub organization_id: OrganizationId,
    /// Its management account.
    pub management_account: AccountId,
    /// The accounts desired state knows, by the name it gives them.
    pub accounts: BTreeMap<String, DesiredAccount>,
    /// Every OU there must be, the ones above it included; the root is not in it.
    pub units: BTreeMap<OuPath, DesiredUnit>,
    /// Where accounts must be. An account that is not in it stays where it is.
    pub placements: BTreeMap<AccountId, OuPath>,
    /// Policy types that must be enabled: the ones listed.
    pub policy_types: BTreeSet<PolicyType>,
    /// Service principals that must have trusted access.
    pub trusted_services: BTreeSet<String>,
    /// The delegated administrator of each service named.
    pub delegated_administrators: BTreeMap<String, AccountId>,
    /// Whom AWS tells of security, operations and billing, in every account.
    pub alternate_contacts: BTreeMap<ContactType, Contact>,
    /// Central management of the root users of member accounts.
    pub root_access: RootAccess,
    /// The roles that guardrails exempt and protect.
    pub roles: GovernanceRoles,
    /// Quotas that differ from the published ones.
    pub quotas: BTreeMap<PolicyType, PolicyQuota>,
    /// Slots on every target that are left to policies palisade does not manage.
    pub reserved: BTreeMap<PolicyType, usize>,
    /// Do guardrails share policies?
    pub packing: Packing,
    /// Policies of every kind, in the order of their documents' kinds and names.
    pub policies: Vec<DesiredPolicy>,
    /// Emergency access.
    pub break_glass: Vec<DesiredBreakGlass>,
    /// Regions; the policies of these documents are among the others.
    pub regions: Vec<DesiredRegions>,
    /// The organization's trails.
    pub logging_trails: Vec<DesiredTrail>,
    /// Templates in accounts, by name of the document.
    pub baselines: Vec<DesiredBaseline>,
    /// Guardrails that profiles leave out, with the reasons.
    pub exclusions: Vec<Exclusion>,
    /// What the guardrails must do, by name of the document.
    pub tests: Vec<DesiredTest>,
    /// Calls that no change may lock out, beside palisade's own.
    pub must_work: Vec<MustWork>,
    /// Lockouts that somebody accepts for a time.
    pub accepted_lockouts: Vec<AcceptedLockout>,
}

/// A guardrail that a profile has and this organization does not want.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exclusion {
    /// The profile's document.
    pub document: DocumentRef,
    /// The guardrail's id.
    pub guardrail: String,
    /// Why.
    pub reason: String,
    /// Where that is written.
    pub source: Source,
}

/// An account by name.
#[derive(Debug, Clone, PartialEq)]
pub struct DesiredAccount {
    /// Its id.
    pub id: AccountId,
    /// The team that answers for it.
    pub owner: Option<String>,
    /// What it is for.
    pub purpose: Option<String>,
}

/// An OU that must be there.
#[derive(Debug, Clone, PartialEq)]
pub struct DesiredUnit {
    /// What it is for.
    pub purpose: Option<String>,
    /// Where it is written down.
    pub source: Source,
}

/// What every document has.
#[derive(Debug, Clone, PartialEq)]
pub struct DocumentHeader {
    /// Kind and name.
    pub document: DocumentRef,
    /// `metadata.annotations`, for people and reports.
    pub annotations: BTreeMap<String, String>,
    /// Enforce or only report.
    pub mode: Mode,
    /// Not enforced until a date, if suspended.
    pub suspend: Option<Suspension>,
    /// Do its objects go when it goes?
    pub prune: bool,
    /// Where it starts.
    pub source: Source,
}

/// What palisade does about drift.
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
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum Mode {
    /// Report it and heal it.
    Enforce,
    /// Report it and change nothing.
    Observe,
}

/// Central management of the root users of member accounts; what is nothing is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RootAccess {
    /// May the management account remove root credentials of members?
    pub credentials_management: Option<bool>,
    /// May it act as root in members?
    pub sessions: Option<bool>,
}

/// When guardrails share policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Every guardrail has a policy of its own.
    Never,
    /// Where a target has too few slots for that.
    Needed,
    /// Wherever they can.
    Always,
}

/// A guardrail that is switched off for a time. It still reports drift.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Suspension {
    /// The first day on which it is enforced again (UTC).
    pub until: Date,
    /// Why.
    pub reason: String,
}

/// One policy document.
#[derive(Debug, Clone, PartialEq)]
pub struct DesiredPolicy {
    /// Kind, name, mode and so on.
    pub header: DocumentHeader,
    /// Its type in AWS.
    pub policy_type: PolicyType,
    /// Its name in AWS: `spec.policyName`, or the document's name.
    pub policy_name: String,
    /// Its description in AWS, before the mark.
    pub description: String,
    /// What it is attached to.
    pub targets: BTreeSet<DesiredTarget>,
    /// Who is exempt.
    pub except: Exceptions,
    /// The policy document as written, before exceptions.
    pub content: serde_json::Value,
    /// Where the policy document is written: in the YAML, or in the file it names; of a ready-made
    /// guardrail, where it is used.
    pub content_source: Source,
    /// Where each of its statements is written, in their order; empty for policies that have none.
    pub statement_sources: Vec<Source>,
    /// The ready-made guardrail it uses, if any.
    pub guardrail: Option<String>,
}

/// Who a policy's denies leave alone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exceptions {
    /// Patterns of principal ARNs.
    pub principals: Vec<String>,
}

/// What a policy is attached to, in names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum DesiredTarget {
    /// The root or an OU.
    Unit(OuPath),
    /// An account, whose name desired state resolved.
    Account(AccountId),
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Source {
    /// The file, relative to the desired-state directory.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
}

impl std::fmt::Display for Source {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl DocumentHeader {
    /// Is it enforced on the day `today` (UTC)?
    pub fn is_enforced(&self, today: Date) -> bool {
        let is_suspended = self.suspend.as_ref().is_some_and(|suspension| today < suspension.until);
        self.mode == Mode::Enforce && !is_suspended
    }
}

impl DesiredOrg {
    /// The installation's name: the owner in every mark.
    pub fn installation(&self) -> &str {
        &self.header.document.name
    }

    /// The quota of a policy type: the one declared, or the published one.
    pub fn quota(&self, policy_type: &PolicyType) -> PolicyQuota {
        self.quotas.get(policy_type).copied().unwrap_or_else(|| policy_type.facts().quota)
    }

    /// The slots of a target that palisade's policies of a type can take.
    pub fn free_slots(&self, policy_type: &PolicyType) -> usize {
        let by_aws = usize::from(policy_type.attached_by_aws().is_some());
        let reserved = self.reserved.get(policy_type).copied().unwrap_or_default();
        self.quota(policy_type).attached_max.saturating_sub(by_aws + reserved)
    }

    /// How many documents there are.
    pub fn document_count(&self) -> usize {
        let documents: BTreeSet<&DocumentRef> =
            self.headers().map(|header| &header.document).collect();
        documents.len() + self.tests.len()
    }

    /// The header of every document that palisade enforces.
    pub fn headers(&self) -> impl Iterator<Item = &DocumentHeader> {
        let policies = self.policies.iter().map(|policy| &policy.header);
        let break_glass = self.break_glass.iter().map(|document| &document.header);
        let trails = self.logging_trails.iter().map(|document| &document.header);
        let baselines = self.baselines.iter().map(|document| &document.header);
        std::iter::once(&self.header)
            .chain(policies)
            .chain(break_glass)
            .chain(trails)
            .chain(baselines)
    }
}
