//! The shape of `/status`: stable, documented, readable by `palisade status`.
//!
//! Fields are added, never renamed or removed. What reads it overlooks fields that it does not know, so
//! that an older `palisade status` understands a newer daemon.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::desired::Mode;
use crate::org::{AccountId, DocumentRef, ObjectKind, OrganizationId, PolicyType, Region};
use crate::plan::{BlockedReason, UnmanagedKind};
use crate::status::Reason;
use crate::status::{
    Attribution, Cause, Condition, Difference, EmergencyReport, Happening, PassSpan,
    PracticeReport, TrailReport, TreeReport, Turn,
};

/// Everything there is to say after a pass.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The one organization palisade acts on; nothing while there is no desired state.
    pub organization_id: Option<OrganizationId>,
    /// The mode of the daemon.
    pub mode: Mode,
    /// Is this replica the one that acts?
    pub leader: bool,
    /// Is AWS, in everything desired state names, as it says?
    pub in_sync: bool,
    /// Conditions of the whole.
    pub conditions: Vec<Condition>,
    /// The desired state in force, and what is wrong with the one in the directory.
    pub desired_state: DesiredStateReport,
    /// The pass this report was made after.
    pub last_pass: PassReport,
    /// When a pass last observed everything and did all it could.
    pub last_success: Option<Timestamp>,
    /// Changes that wait for approval.
    pub held: Option<HeldReport>,
    /// What should be done and is not.
    pub blocked: Vec<BlockedReport>,
    /// What could not be read.
    pub unknown: Vec<UnknownReport>,
    /// Objects that no document names.
    pub unmanaged: BTreeMap<UnmanagedKind, UnmanagedReport>,
    /// Attachments on the fullest target, as a share of what is allowed.
    pub policy_slots_used: BTreeMap<PolicyType, f64>,
    /// Is each policy type that desired state needs switched on? Only what is known.
    #[serde(default)]
    pub policy_types_enabled: BTreeMap<PolicyType, bool>,
    /// The list of services without a Region, if a document uses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region_list: Option<RegionListReport>,
    /// What is wrong with the daemon itself.
    pub troubles: Vec<Trouble>,
    /// Every document, and every document that is gone and has left something behind.
    pub documents: Vec<DocumentReport>,
    /// OUs and accounts with what lies on them; nothing while they are not known.
    #[serde(default)]
    pub tree: Option<TreeReport>,
    /// Passes, the last first; at most fifty entries.
    #[serde(default)]
    pub passes: Vec<PassSpan>,
    /// Drift of objects, the newest first; at most two hundred.
    #[serde(default)]
    pub happenings: Vec<Happening>,
    /// How the practices of the Security Pillar stand.
    #[serde(default)]
    pub practices: Vec<PracticeReport>,
}

/// The desired state in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DesiredStateReport {
    /// Its git revision, if that is known.
    pub revision: Option<String>,
    /// Its digest.
    pub digest: String,
    /// Is it what the directory holds?
    pub valid: bool,
    /// Why what the directory holds is not in force.
    pub problems: Vec<Problem>,
    /// What somebody should look at.
    pub warnings: Vec<Problem>,
}

/// One thing that is wrong with the desired state in the directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// Where: `file:line:column`, or the directory.
    pub at: String,
    /// What, and what to do.
    pub message: String,
}

/// One thing that is wrong with the daemon itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trouble {
    /// Which part of it.
    pub component: String,
    /// What, and what it means.
    pub message: String,
}

/// A pass.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PassReport {
    /// When it ended.
    pub at: Timestamp,
    /// What caused it.
    pub wake: WakeReason,
    /// How it ended.
    pub result: PassResult,
    /// How long each phase took.
    pub took: PhaseSeconds,
    /// Actions in its plan.
    pub actions: usize,
    /// What became of them, by outcome.
    pub outcomes: BTreeMap<String, usize>,
    /// Differences that are only reported.
    pub reported: usize,
    /// Differences that appeared since the pass before, without a change in git.
    pub detected: Vec<DriftReport>,
    /// Differences that palisade had acted on and that this pass found gone.
    pub repaired: Vec<DriftReport>,
}

/// Seconds a pass spent in each phase.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PhaseSeconds {
    /// Reading AWS.
    pub observe: f64,
    /// Comparing.
    pub plan: f64,
    /// Changing AWS.
    pub act: f64,
}

/// A difference that appeared or went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DriftReport {
    /// The document it concerns.
    pub document: DocumentRef,
    /// The object.
    pub object: String,
    /// What the change was, such as `AttachPolicy`; nothing if none was possible.
    pub change: Option<String>,
    /// Where it came from.
    pub cause: Cause,
    /// When it was first seen.
    pub since: Timestamp,
    /// Who caused it, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Attribution>,
}

/// What caused a pass.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr, strum::Display,
)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum WakeReason {
    /// The daemon started.
    Start,
    /// The interval was over.
    Timer,
    /// A file changed.
    Files,
    /// AWS told of a change.
    Event,
    /// SIGHUP.
    Hangup,
    /// A pass that did not succeed is tried again.
    Retry,
    /// A pass that changed something is checked.
    FollowUp,
    /// This replica became the one that acts, or ceased to be.
    Leadership,
    /// A person asked, on the command line.
    Command,
}

/// How a pass ended.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    strum::Display,
    strum::EnumIter,
)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "snake_case")]
pub enum PassResult {
    /// Nothing differs.
    InSync,
    /// Everything the pass may change, it changed.
    Changed,
    /// Something differs that the pass may not change: observed, suspended, held, blocked.
    Drifted,
    /// A change did not succeed.
    Failed,
    /// AWS could be read in part only.
    Incomplete,
    /// AWS could not be read at all.
    Unobserved,
    /// There is no desired state to work with.
    NoDesiredState,
}

/// Changes that wait for approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HeldReport {
    /// Names exactly these changes.
    pub hash: String,
    /// How many there are.
    pub actions: usize,
    /// Has the approval been given?
    pub approved: bool,
    /// How to give it.
    pub approve: String,
    /// Why they wait, for people, and how many for each reason.
    pub reasons: BTreeMap<String, usize>,
}

/// Something that should be done and is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockedReport {
    /// The document that wants it.
    pub document: DocumentRef,
    /// The kind of obstacle.
    pub reason: BlockedReason,
    /// The object concerned.
    pub object: String,
    /// What stands in the way, and what to do about it.
    pub message: String,
}

/// What could not be read for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UnknownReport {
    /// How many parts.
    pub count: usize,
    /// At most the first ten of them.
    pub parts: Vec<String>,
    /// Why, in the words of the first.
    pub reason: String,
}

/// Objects of one kind that no document names: how many, and the ids of the first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UnmanagedReport {
    /// How many there are.
    pub count: usize,
    /// The ids of at most a hundred of them.
    pub ids: Vec<String>,
}

/// How old the list of services without a Region is that allow lists of Regions are made with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegionListReport {
    /// Counts the changes of the list.
    pub version: u32,
    /// The day (UTC) on which it was looked through.
    pub date: Date,
    /// Its age in days.
    pub age_days: u32,
    /// The least age in days that a document allows it to have.
    pub age_days_max: u32,
}

/// One document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentReport {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Where it is written; nothing for a document that is gone and has left something behind.
    pub source: Option<String>,
    /// Its mode.
    pub mode: Mode,
    /// The first day on which it is enforced again, while it is suspended.
    pub suspended_until: Option<Date>,
    /// Why it is suspended.
    pub suspended_because: Option<String>,
    /// Its annotations: controls, runbook, owner.
    pub annotations: BTreeMap<String, String>,
    /// Is AWS as it says, as last known?
    pub in_sync: bool,
    /// Objects that are not as it says.
    pub differences: Vec<Difference>,
    /// Size of its policy, as a share of what is allowed.
    pub size_used: Option<f64>,
    /// The policies in AWS that say what it says, as far as they were seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<PolicyReport>,
    /// The objects in accounts that are there for it, as far as they were seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<ObjectReport>,
    /// Of emergency access: would it work?
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub emergency: Option<EmergencyReport>,
    /// Of a trail: does it record, and does that arrive?
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trail: Option<TrailReport>,
    /// Ready, Reconciling, Stalled.
    pub conditions: Vec<Condition>,
    /// What it lies on: paths of OUs, and accounts.
    #[serde(default)]
    pub targets: BTreeSet<String>,
    /// How it stood, the newest first; at most twenty entries.
    #[serde(default)]
    pub history: Vec<Turn>,
}

/// A policy in AWS that says what a document says, alone or together with others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyReport {
    /// Its type.
    pub policy_type: String,
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: String,
    /// SHA-256 of what it says, minified, in hexadecimal; nothing while that is not known.
    pub sha256: Option<String>,
}

/// Objects in accounts that are there for a document: one, or those of one name that are the same in many accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectReport {
    /// What it is.
    pub kind: ObjectKind,
    /// Its name.
    pub name: String,
    /// Its Region; nothing for what is global.
    pub region: Option<Region>,
    /// The account it is in, if that is one.
    pub account: Option<AccountId>,
    /// How many accounts it is in.
    pub accounts: usize,
    /// SHA-256, in hexadecimal, of what `palisade observe` writes of it, minified; without `delivery` of a trail and
    /// `deployed` of a StackSet, which change by themselves.
    pub sha256: String,
}

impl Report {
    /// The report on a document.
    pub fn document(&self, document: &DocumentRef) -> Option<&DocumentReport> {
        self.documents
            .iter()
            .find(|report| report.kind == document.kind && report.name == document.name)
    }
}

impl RegionListReport {
    /// Is it older than a document allows?
    pub fn is_stale(&self) -> bool {
        self.age_days > self.age_days_max
    }
}

impl UnknownReport {
    /// The parts in a few words.
    pub fn subject(&self) -> String {
        match (self.parts.first(), self.count) {
            (Some(first), 0 | 1) => first.clone(),
            (Some(first), count) => format!("{first} and {} more", count - 1),
            (None, count) => format!("{count} parts"),
        }
    }
}

impl DocumentReport {
    /// Kind and name.
    pub fn document(&self) -> DocumentRef {
        DocumentRef { kind: self.kind.clone(), name: self.name.clone() }
    }

    /// Why what it is for would not work, although every object is as it says.
    pub fn unready(&self) -> Option<&str> {
        let unready = self.conditions.iter().find(|condition| condition.reason == Reason::NotReady);
        unready.map(|condition| condition.message.as_str())
    }

    /// What has drifted: everything that differs but what AWS is at work on.
    pub fn drifted(&self) -> impl Iterator<Item = &Difference> {
        self.differences.iter().filter(|difference| difference.state.is_drift())
    }

    /// When the oldest of them was first seen.
    pub fn oldest(&self) -> Option<Timestamp> {
        self.drifted().map(|difference| difference.since).min()
    }
}

impl PassResult {
    /// Did the pass observe everything and do all it could?
    pub fn is_success(self) -> bool {
        match self {
            Self::InSync | Self::Changed | Self::Drifted => true,
            Self::Failed | Self::Incomplete | Self::Unobserved | Self::NoDesiredState => false,
        }
    }

    /// Did the pass observe everything?
    pub fn is_observed(self) -> bool {
        match self {
            Self::InSync | Self::Changed | Self::Drifted | Self::Failed => true,
            Self::Incomplete | Self::Unobserved | Self::NoDesiredState => false,
        }
    }
}
