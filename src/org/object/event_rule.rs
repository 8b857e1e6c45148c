//! A rule of EventBridge on the default bus of an account and Region: which events go where.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

/// A rule and its targets. Everything in it is exactly so, but for `tags`, among which other people's may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EventRuleState {
    /// Its description, with palisade's mark.
    pub description: String,
    /// Which events: JSON.
    pub pattern: String,
    /// `ENABLED`, `DISABLED` or `ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS`.
    pub state: String,
    /// Where the events go, by the target's id.
    pub targets: BTreeMap<String, EventTarget>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// Where events go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EventTarget {
    /// The ARN of the topic, bus, queue, …
    pub arn: String,
    /// The role with which EventBridge delivers, where one is needed.
    pub role: Option<String>,
    /// Does the target get something else than the event? Then nobody knows what it is told.
    pub is_rewritten: bool,
}

/// One change of a rule.
#[expect(
    missing_docs,
    reason = "the fields are the parameters of the API, named as `EventRuleState` names them"
)]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum EventRuleStep {
    /// `PutRule` of a rule that does not exist; tags count only then.
    Create { description: String, pattern: String, state: String, tags: BTreeMap<String, String> },
    /// `PutRule`.
    Update { description: String, pattern: String, state: String },
    /// `TagResource`.
    Tag { tags: BTreeMap<String, String> },
    /// `PutTargets`.
    PutTargets { targets: BTreeMap<String, EventTarget> },
    /// `RemoveTargets`.
    RemoveTargets { ids: BTreeSet<String> },
    /// `DeleteRule`.
    Delete,
}

impl EventRuleStep {
    /// Does it take something away?
    pub fn is_removal(&self) -> bool {
        match self {
            Self::RemoveTargets { .. } | Self::Delete => true,
            Self::Create { .. }
            | Self::Update { .. }
            | Self::Tag { .. }
            | Self::PutTargets { .. } => false,
        }
    }
}

impl fmt::Display for EventRuleStep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create { .. } => formatter.write_str("create"),
            Self::Update { .. } => formatter.write_str("write description, pattern and state"),
            Self::Tag { .. } => formatter.write_str("tag"),
            Self::PutTargets { targets } => {
                let ids: Vec<&str> = targets.keys().map(String::as_str).collect();
                write!(formatter, "put targets {}", ids.join(", "))
            }
            Self::RemoveTargets { ids } => {
                let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
                write!(formatter, "remove targets {}", ids.join(", "))
            }
            Self::Delete => formatter.write_str("delete"),
        }
    }
}
