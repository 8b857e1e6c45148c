//! What became of an action.

use serde::Serialize;

use crate::cloud::{CloudError, CloudErrorKind};

/// What became of one action of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, strum::IntoStaticStr, strum::EnumIter)]
#[serde(rename_all = "camelCase", tag = "outcome", content = "detail")]
#[strum(serialize_all = "snake_case")]
pub enum Outcome {
    /// Changed.
    Done,
    /// It was already so.
    AlreadyDone,
    /// The live object is not what the plan expected; the next pass plans anew.
    Superseded(String),
    /// Not made, because AWS is still at work on an earlier change of the object; a later pass finds it done.
    Postponed(String),
    /// AWS refused for a reason that trying again will not change; a person has to act.
    Refused(String),
    /// AWS was busy, throttling or away; trying again may help.
    Failed(String),
    /// Sent, and no answer came; the next pass finds out.
    Unclear(String),
    /// Not tried, because something it waits for did not succeed.
    Skipped(String),
    /// Not tried: it waits for approval.
    Held,
    /// Not tried: the pass ended before.
    Interrupted(String),
}

impl Outcome {
    /// Is the object now as the action wants it?
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Done | Self::AlreadyDone)
    }

    /// The outcome as a closed word, fit for a metric label.
    pub fn word(&self) -> &'static str {
        self.into()
    }

    /// The outcome of a call that failed, where the failure says nothing about the object.
    pub(crate) fn of_failure(error: &CloudError) -> Self {
        let said = error.to_string();
        match error.kind {
            CloudErrorKind::Throttled { .. }
            | CloudErrorKind::Busy
            | CloudErrorKind::Unavailable => Self::Failed(said),
            CloudErrorKind::NotFound | CloudErrorKind::Exists => Self::Superseded(said),
            CloudErrorKind::Denied | CloudErrorKind::Invalid | CloudErrorKind::Limit => {
                Self::Refused(said)
            }
            CloudErrorKind::Unclear => Self::Unclear(said),
        }
    }
}
