//! A CloudFormation StackSet: a template in many accounts and Regions, and the calls that change it.
//!
//! What a StackSet does it does in operations, which take minutes and may fail in part. A state therefore has
//! two halves beside its settings: what is wanted of its instances ([`Reach`]), and how they stand
//! ([`Deployed`]).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::org::object::key::Region;
use crate::org::{AccountId, OuPath, hex};

/// What the ids of palisade's own operations begin with. AWS's are UUIDs.
const OPERATION_PREFIX: &str = "palisade-";

/// Hex digits in the id of an operation: enough that two never meet by chance.
const OPERATION_DIGITS: usize = 24;

/// Hex digits in the stamp of a template.
const STAMP_DIGITS: usize = 16;

/// What the stamp of a template begins with, in a description before palisade's mark.
const STAMP_PREFIX: &str = "[template ";

/// A StackSet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StackSetState {
    /// Its description, with palisade's mark.
    pub description: String,
    /// The template, as it was written.
    pub template: String,
    /// Values of the template's parameters.
    pub parameters: BTreeMap<String, String>,
    /// What its author acknowledged, such as `CAPABILITY_NAMED_IAM`.
    pub capabilities: BTreeSet<String>,
    /// Its tags, which AWS hands on to every stack and what is in it.
    pub tags: BTreeMap<String, String>,
    /// Who gives AWS the right to work in the accounts.
    pub permissions: StackSetPermissions,
    /// Are accounts that come into its OUs given a stack by AWS, and what of those that leave?
    pub auto_deployment: AutoDeployment,
    /// Do operations that collide wait in a queue instead of failing?
    pub managed_execution: bool,
    /// Where it should be; nothing in what was observed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reach: Option<Box<Reach>>,
    /// Where it is; nothing in what is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployed: Option<Box<Deployed>>,
}

/// By which permissions a StackSet works in accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StackSetPermissions {
    /// Those that AWS Organizations gives: the only ones palisade works with.
    ServiceManaged,
    /// Roles that somebody made in every account.
    SelfManaged,
}

/// What AWS does by itself when accounts come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AutoDeployment {
    /// Nothing.
    Off,
    /// Accounts that come get a stack; those that leave keep theirs, and it is no longer looked after.
    OnRetaining,
    /// Accounts that come get a stack; those that leave lose theirs, and what is in it.
    OnDeleting,
}

/// Where a StackSet should have instances, and how it gets there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reach {
    /// The OUs, or the root, in and below which every account should have it.
    pub paths: BTreeSet<OuPath>,
    /// Accounts that should have it, where no OUs are named.
    pub only: BTreeSet<AccountId>,
    /// The Regions, in the order in which they are deployed to.
    pub regions: Vec<Region>,
    /// How operations proceed.
    pub rollout: Rollout,
    /// Is a StackSet of this name taken over that carries no mark?
    pub adopts: bool,
    /// Days between two comparisons with what is in the accounts; nothing for never.
    pub drift_check_days: Option<u32>,
    /// The ids of `paths`, as far as they are there.
    pub units: BTreeSet<String>,
    /// The ids of every OU, and the root, in or below which there is something of it.
    pub above: BTreeSet<String>,
    /// Every account that should have it, and the id of what it lies in.
    pub accounts: BTreeMap<AccountId, String>,
    /// Every other account in which there can be an instance, and the id of what it lies in. An account that
    /// is suspended or closed is in neither list: whatever stands there is left alone.
    pub others: BTreeMap<AccountId, String>,
}

/// How an operation proceeds (`StackSetOperationPreferences`, API reference).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rollout {
    /// In how many accounts of a Region it may fail before it stops there.
    pub failure_tolerance: Share,
    /// In how many accounts of a Region it works at once.
    pub max_concurrent: Share,
    /// Region by Region, or in all at once?
    pub region_concurrency: RegionConcurrency,
}

/// A number of accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Share {
    /// So many.
    Count(u32),
    /// So many of a hundred.
    Percent(u32),
}

/// How an operation goes through Regions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RegionConcurrency {
    /// One after the other: a mistake stops in the first.
    Sequential,
    /// All at once.
    Parallel,
}

/// How a StackSet stands in the accounts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Deployed {
    /// The OUs, or the root, to which it was deployed, by id.
    pub units: BTreeSet<String>,
    /// Its instances.
    pub instances: BTreeMap<AccountId, BTreeMap<Region, Instance>>,
    /// Its last operations, the newest first.
    pub operations: Vec<StackSetOperation>,
    /// When it was last compared with what is in the accounts.
    pub drift_checked: Option<Timestamp>,
}

/// One stack of a StackSet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Instance {
    /// How it stands.
    pub status: InstanceStatus,
    /// Has what is in it been changed from outside, as far as the last comparison saw?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub drifted: bool,
    /// Why it is not current, in AWS's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How an instance stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum InstanceStatus {
    /// As the template says.
    Current,
    /// Not yet, or no longer, and the last operation did not come to it.
    Outdated,
    /// Not yet, or no longer: the last operation failed there.
    Failed,
    /// An operation has yet to come to it, or is at work on it.
    Pending,
    /// Left out, because the account is suspended.
    Suspended,
    /// A deletion failed and left it so that operations pass it by.
    Inoperable,
}

/// Something that a StackSet does or did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StackSetOperation {
    /// Its id, chosen by whoever began it.
    pub id: String,
    /// What it does, such as `CREATE` or `DETECT_DRIFT`.
    pub action: String,
    /// How far it is.
    pub status: OperationStatus,
    /// When it was begun.
    pub begun: Option<Timestamp>,
}

/// How far an operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OperationStatus {
    /// It waits in the queue, is at work, or is being stopped.
    Running,
    /// It ended well.
    Succeeded,
    /// It failed in more accounts than it may.
    Failed,
    /// Somebody stopped it.
    Stopped,
}

/// One change of a StackSet.
#[expect(missing_docs, reason = "the fields are the parameters of the API, or named above")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum StackSetStep {
    /// `ActivateOrganizationsAccess`: once for an organization, and no matter how often.
    ActivateAccess,
    /// `CreateStackSet`.
    Create { settings: Box<Settings> },
    /// `UpdateStackSet`, which brings every instance up to date.
    Update { settings: Box<Settings>, rollout: Rollout, regions: Vec<Region>, operation: String },
    /// `CreateStackInstances`.
    CreateInstances(Box<Piece>),
    /// `UpdateStackInstances`.
    UpdateInstances(Box<Piece>),
    /// `DeleteStackInstances`; the stacks stay where they are.
    ForgetInstances(Box<Piece>),
    /// `DetectStackSetDrift`.
    DetectDrift { operation: String },
    /// `DeleteStackSet`.
    Delete,
}

/// What a StackSet is, without its instances.
#[expect(missing_docs, reason = "as in `StackSetState`")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    pub description: String,
    pub template: String,
    pub parameters: BTreeMap<String, String>,
    pub capabilities: BTreeSet<String>,
    pub tags: BTreeMap<String, String>,
    pub auto_deployment: AutoDeployment,
    pub managed_execution: bool,
}

/// The instances that one operation is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Piece {
    /// The OUs or the root.
    pub units: BTreeSet<String>,
    /// The accounts in them; empty for all.
    pub accounts: BTreeSet<AccountId>,
    /// The Regions, in order.
    pub regions: Vec<Region>,
    /// How it proceeds.
    pub rollout: Rollout,
    /// Its id. The same request has the same id until another operation was begun, and AWS takes an id once:
    /// a change whose answer was lost is not made twice.
    pub operation: String,
}

// === impl Reach ===

impl Reach {
    /// No account at all.
    pub fn of_nothing() -> Self {
        let share = Share::Percent(10);
        Self {
            paths: BTreeSet::new(),
            only: BTreeSet::new(),
            regions: Vec::new(),
            rollout: Rollout {
                failure_tolerance: share,
                max_concurrent: share,
                region_concurrency: RegionConcurrency::Sequential,
            },
            adopts: false,
            drift_check_days: None,
            units: BTreeSet::new(),
            above: BTreeSet::new(),
            accounts: BTreeMap::new(),
            others: BTreeMap::new(),
        }
    }
}

// === impl StackSetState ===

impl StackSetState {
    /// The operation that is not over, if there is one; of several the one begun first.
    pub fn running(&self) -> Option<&StackSetOperation> {
        let operations = &self.deployed.as_ref()?.operations;
        operations.iter().rev().find(|operation| operation.status == OperationStatus::Running)
    }

    /// Is it on its way to something else?
    pub fn is_in_transition(&self) -> bool {
        let pending = |instance: &Instance| instance.status == InstanceStatus::Pending;
        self.running().is_some()
            || self.deployed.as_ref().is_some_and(|deployed| {
                deployed.instances.values().flat_map(BTreeMap::values).any(pending)
            })
    }

    /// The settings, as they are sent.
    pub fn settings(&self) -> Settings {
        let Self {
            description,
            template,
            parameters,
            capabilities,
            tags,
            permissions: _,
            auto_deployment,
            managed_execution,
            reach: _,
            deployed: _,
        } = self.clone();
        Settings {
            description,
            template,
            parameters,
            capabilities,
            tags,
            auto_deployment,
            managed_execution,
        }
    }
}

/// The id of an operation that does `what`, the next one after `last`.
pub fn operation_id(what: &str, last: Option<&str>) -> String {
    let digits = hex(&Sha256::digest(format!("{what}\0{}", last.unwrap_or_default())));
    format!("{OPERATION_PREFIX}{}", &digits[..OPERATION_DIGITS])
}

/// `text` with the stamp of `template` behind it. By it a template that palisade wrote can be told from one
/// that somebody else put in its place.
pub fn stamp_template(text: &str, template: &str) -> String {
    let stamp = format!("{STAMP_PREFIX}{}]", template_stamp(template));
    if text.is_empty() { stamp } else { format!("{text} {stamp}") }
}

/// Takes a text that may carry a stamp apart.
pub fn read_stamp(text: &str) -> (&str, Option<&str>) {
    let stamped = text.trim_end();
    let found = stamped.rfind(STAMP_PREFIX).and_then(|at| {
        let stamp = stamped[at..].strip_prefix(STAMP_PREFIX)?.strip_suffix(']')?;
        let is_stamp = stamp.len() == STAMP_DIGITS && stamp.chars().all(|c| c.is_ascii_hexdigit());
        is_stamp.then(|| (stamped[..at].trim_end(), Some(stamp)))
    });
    found.unwrap_or((text, None))
}

/// The stamp of a template, which the ends of its lines do not change.
pub fn template_stamp(template: &str) -> String {
    hex(&Sha256::digest(even_lines(template))[..STAMP_DIGITS / 2])
}

/// A template without what may stand at the ends of its lines: AWS and editors do not keep it.
pub fn even_lines(template: &str) -> String {
    let lines: Vec<&str> = template.trim_end().lines().map(str::trim_end).collect();
    lines.join("\n")
}

// === impl StackSetStep ===

impl StackSetStep {
    /// Does it take something away?
    pub fn is_removal(&self) -> bool {
        match self {
            Self::ForgetInstances(_) | Self::Delete => true,
            Self::ActivateAccess
            | Self::Create { .. }
            | Self::Update { .. }
            | Self::CreateInstances(_)
            | Self::UpdateInstances(_)
            | Self::DetectDrift { .. } => false,
        }
    }

    /// Does a failure with this code say that the step was made before?
    pub fn is_so_already(&self, code: &str) -> bool {
        match self {
            // Whether access is active, creating the StackSet tells at once.
            Self::ActivateAccess => code == "InvalidOperationException",
            Self::Update { .. }
            | Self::CreateInstances(_)
            | Self::UpdateInstances(_)
            | Self::ForgetInstances(_)
            | Self::DetectDrift { .. } => code == "OperationIdAlreadyExistsException",
            Self::Create { .. } | Self::Delete => false,
        }
    }
}

/// Without template and parameters, which are desired state's to show.
impl fmt::Display for StackSetStep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ActivateAccess => formatter.write_str("activate access to the organization"),
            Self::Create { .. } => formatter.write_str("create"),
            Self::Update { .. } => formatter.write_str("write settings, and update all instances"),
            Self::CreateInstances(piece) => write!(formatter, "create instances {piece}"),
            Self::UpdateInstances(piece) => write!(formatter, "update instances {piece}"),
            Self::ForgetInstances(piece) => {
                write!(formatter, "give up instances {piece}, whose stacks stay")
            }
            Self::DetectDrift { .. } => formatter.write_str("compare with what is in the accounts"),
            Self::Delete => formatter.write_str("delete"),
        }
    }
}

/// Accounts that a step names before it only counts them.
const NAMED_MAX: usize = 3;

impl fmt::Display for Piece {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let regions: Vec<&str> = self.regions.iter().map(Region::as_str).collect();
        let places: Vec<&str> = if self.accounts.is_empty() {
            self.units.iter().map(String::as_str).collect()
        } else {
            self.accounts.iter().map(AccountId::as_str).collect()
        };
        let named = places[..places.len().min(NAMED_MAX)].join(", ");
        let more = places.len().saturating_sub(NAMED_MAX);
        write!(formatter, "in {named}")?;
        if more > 0 {
            write!(formatter, " and {more} more")?;
        }
        write!(formatter, ": {}", regions.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::{operation_id, read_stamp, stamp_template, template_stamp};

    #[test]
    fn a_stamp_is_read_as_it_was_written() {
        for text in ["", "A topic.", "[template x] of ours"] {
            let stamped = stamp_template(text, "Resources: {}  \r\n");
            let stamp = template_stamp("Resources: {}");
            assert_eq!(read_stamp(&stamped), (text, Some(stamp.as_str())), "{stamped}");
        }
        for text in ["", "A topic.", "[template 1]", "[template 0123456789abcdef] of ours"] {
            assert_eq!(read_stamp(text), (text, None));
        }
    }

    #[test]
    fn an_operation_has_the_id_of_its_request_until_another_was_begun() {
        assert_eq!(operation_id("a", Some("x")), operation_id("a", Some("x")));
        assert_ne!(operation_id("a", Some("x")), operation_id("b", Some("x")));
        assert_ne!(operation_id("a", Some("x")), operation_id("a", Some("y")));
        assert_ne!(operation_id("a", None), operation_id("a", Some("x")));
        assert!(operation_id("a", None).starts_with("palisade-"));
    }
}
