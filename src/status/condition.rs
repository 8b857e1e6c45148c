//! Conditions in the manner of Kubernetes: Ready, Reconciling, Stalled.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One aspect of a document, or of the whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// Which aspect.
    #[serde(rename = "type")]
    pub condition_type: ConditionType,
    /// Does it hold?
    pub status: ConditionStatus,
    /// Why, as a closed word.
    pub reason: Reason,
    /// Why, for people.
    pub message: String,
    /// The digest of the desired state it is about.
    pub observed_generation: String,
    /// Since when the status is what it is.
    pub last_transition_time: Timestamp,
}

/// The aspects.
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
pub enum ConditionType {
    /// AWS is as the document says.
    Ready,
    /// palisade is about to make it so, and expects to succeed without help.
    Reconciling,
    /// It stays as it is until a person does something.
    Stalled,
}

/// Does a condition hold?
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr, strum::Display,
)]
pub enum ConditionStatus {
    /// Yes.
    True,
    /// No.
    False,
    /// It could not be observed.
    Unknown,
}

/// Why a condition is what it is.
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
pub enum Reason {
    /// Nothing differs.
    InSync,
    /// Nothing is under way.
    Idle,
    /// Nothing needs a person.
    NotStalled,
    /// Nothing differs, and yet it would not work: a person has to do their part.
    NotReady,
    /// Something differs and has not been acted upon.
    Drifted,
    /// Something differs, and the document or the daemon is told to observe.
    ObserveOnly,
    /// Something differs while the document is suspended.
    Suspended,
    /// Not everything that decides could be read.
    ObservationIncomplete,
    /// Changes were made; the next pass confirms them.
    Progressing,
    /// Changes did not succeed and are tried again.
    ProgressingWithRetry,
    /// Changes wait for `palisade approve`.
    AwaitingApproval,
    /// AWS refused, and would refuse again.
    Refused,
    /// Something stands in the way.
    Blocked,
    /// The desired state in the directory does not load; an older one is in force, or none.
    InvalidDesiredState,
    /// There is no desired state to work with.
    NoDesiredState,
}

/// A condition before it is known since when.
#[derive(Debug)]
pub(in crate::status) struct Finding {
    pub(in crate::status) condition_type: ConditionType,
    pub(in crate::status) status: ConditionStatus,
    pub(in crate::status) reason: Reason,
    pub(in crate::status) message: String,
}

impl Finding {
    pub(in crate::status) fn new(
        condition_type: ConditionType,
        status: ConditionStatus,
        reason: Reason,
        message: impl Into<String>,
    ) -> Self {
        Self { condition_type, status, reason, message: message.into() }
    }

    /// Dates the finding: the transition time of `before` stays while the status stays.
    pub(in crate::status) fn since(
        self,
        before: &[Condition],
        generation: &str,
        now: Timestamp,
    ) -> Condition {
        let same = before.iter().find(|condition| {
            condition.condition_type == self.condition_type && condition.status == self.status
        });
        Condition {
            condition_type: self.condition_type,
            status: self.status,
            reason: self.reason,
            message: self.message,
            observed_generation: generation.to_owned(),
            last_transition_time: same.map_or(now, |condition| condition.last_transition_time),
        }
    }
}
