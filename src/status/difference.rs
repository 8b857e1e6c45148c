//! Objects that are not as a document says: what is being done about them, and since when.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::act::Outcome;
use crate::org::DocumentRef;
use crate::plan::{Action, BlockedReason, Plan};
use crate::status::shape::parts;
use crate::status::{Acted, PartDifference, scrub};

/// One object that is not as its document says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// The object: an id, a path or a name from desired state.
    pub object: String,
    /// What would make it right, such as `AttachPolicy`; nothing if it is blocked.
    pub change: Option<String>,
    /// Where the difference comes from.
    pub cause: Cause,
    /// When it was first seen.
    pub since: Timestamp,
    /// What is being done about it.
    pub state: DifferenceState,
    /// More about that, for people.
    pub detail: String,
    /// Who caused it, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Attribution>,
    /// In which parts the object differs, without what they say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<PartDifference>,
}

/// Who changed an object in AWS, as CloudTrail has it. Free text in it must have been scrubbed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attribution {
    /// The principal's ARN, without what looks like an e-mail address.
    pub principal: String,
    /// The call, such as `organizations:DetachPolicy`.
    pub call: String,
    /// When it was made.
    pub at: Timestamp,
    /// The address or service it came from, if the event says so.
    pub from: Option<String>,
    /// The event's id in CloudTrail, by which it can be looked up there.
    #[serde(default)]
    pub event: String,
}

/// Where a difference comes from.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr, strum::Display,
)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "camelCase")]
pub enum Cause {
    /// It appeared in AWS while desired state stayed as it was.
    Drift,
    /// Desired state changed, or the difference was there when palisade first looked.
    Change,
}

/// What is being done about a difference. The later, the more it needs a person.
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
pub enum DifferenceState {
    /// It is only reported: its document is observed or suspended.
    Reported,
    /// It has not been acted upon.
    Pending,
    /// It was found right when it was about to be changed; the next pass confirms it.
    Confirming,
    /// The change was made; the next pass confirms it.
    Changed,
    /// AWS is at work on it, and nothing is to be done but to look again.
    InProgress,
    /// The change did not succeed, and is tried again.
    Retrying,
    /// The change waits for approval.
    AwaitingApproval,
    /// Something stands in the way.
    Blocked,
    /// AWS refused, and would refuse again.
    Refused,
}

/// A difference before it is known since when, by document and object.
pub(in crate::status) type Found<'a> = BTreeMap<&'a DocumentRef, BTreeMap<String, Sighting>>;

/// What one pass says about one object.
#[derive(Debug, Clone)]
pub(in crate::status) struct Sighting {
    pub(in crate::status) change: Option<&'static str>,
    pub(in crate::status) state: DifferenceState,
    pub(in crate::status) detail: String,
    pub(in crate::status) parts: Vec<PartDifference>,
}

impl DifferenceState {
    /// Has something been sent to AWS about it?
    pub fn is_acted_upon(self) -> bool {
        match self {
            Self::Changed | Self::InProgress | Self::Retrying => true,
            Self::Reported
            | Self::Pending
            | Self::Confirming
            | Self::AwaitingApproval
            | Self::Blocked
            | Self::Refused => false,
        }
    }

    /// Is it right, as far as is known, and only to be confirmed; or will it be without anybody's help?
    pub fn is_settling(self) -> bool {
        match self {
            Self::Confirming | Self::Changed | Self::InProgress => true,
            Self::Reported
            | Self::Pending
            | Self::Retrying
            | Self::AwaitingApproval
            | Self::Blocked
            | Self::Refused => false,
        }
    }

    /// Is it drift? What AWS has been told to do and has not finished is not.
    pub fn is_drift(self) -> bool {
        match self {
            Self::InProgress => false,
            Self::Reported
            | Self::Pending
            | Self::Confirming
            | Self::Changed
            | Self::Retrying
            | Self::AwaitingApproval
            | Self::Blocked
            | Self::Refused => true,
        }
    }

    /// Does it stay as it is until a person does something?
    pub fn needs_person(self) -> bool {
        match self {
            Self::AwaitingApproval | Self::Blocked | Self::Refused => true,
            Self::Reported
            | Self::Pending
            | Self::Confirming
            | Self::Changed
            | Self::InProgress
            | Self::Retrying => false,
        }
    }
}

/// Everything in `plan` that differs. What was blocked because it is not known is no difference.
pub(in crate::status) fn find<'a>(plan: &'a Plan, acted: &Acted) -> Found<'a> {
    let mut found = Found::new();
    let mut note = |document: &'a DocumentRef, object: String, sighting: Sighting| {
        let objects = found.entry(document).or_default();
        match objects.get(&object) {
            Some(worse) if worse.state >= sighting.state => {}
            Some(_) | None => {
                objects.insert(object, sighting);
            }
        }
    };
    for (action, (state, detail)) in plan.actions.iter().zip(states(plan, acted)) {
        let parts = parts(&action.change);
        let sighting = Sighting { change: Some(action.change.kind()), state, detail, parts };
        for document in action.documents() {
            note(document, action.change.object(), sighting.clone());
        }
    }
    for reported in &plan.reported {
        let change = Some(reported.change.kind());
        let state = DifferenceState::Reported;
        let (detail, parts) = (scrub(&reported.reason), parts(&reported.change));
        let sighting = Sighting { change, state, detail, parts };
        for document in reported.documents() {
            note(document, reported.change.object(), sighting.clone());
        }
    }
    for blocked in &plan.blocked {
        let Some(state) = blocked_state(blocked.reason) else { continue };
        let (detail, parts) = (scrub(&blocked.message), Vec::new());
        let sighting = Sighting { change: None, state, detail, parts };
        for document in blocked.documents() {
            note(document, scrub(&blocked.object), sighting.clone());
        }
    }
    found
}

fn blocked_state(reason: BlockedReason) -> Option<DifferenceState> {
    match reason {
        BlockedReason::Unknown => None,
        BlockedReason::InProgress => Some(DifferenceState::InProgress),
        BlockedReason::WrongOrganization
        | BlockedReason::FeaturesMissing
        | BlockedReason::UnknownAccount
        | BlockedReason::TooLarge
        | BlockedReason::SlotsFull
        | BlockedReason::LastPolicy
        | BlockedReason::Protected
        | BlockedReason::ForeignOwner
        | BlockedReason::NotEmpty
        | BlockedReason::Dependency
        | BlockedReason::Lockout
        | BlockedReason::Hanging
        | BlockedReason::Failing
        | BlockedReason::ChangedOutside
        | BlockedReason::UnclassifiedRegion
        | BlockedReason::NotAsked
        | BlockedReason::Undeclared
        | BlockedReason::Retention => Some(DifferenceState::Blocked),
    }
}

/// The state of every action. What was skipped shares the fate of what it waits for.
fn states(plan: &Plan, acted: &Acted) -> Vec<(DifferenceState, String)> {
    let outcomes = match acted {
        Acted::Tried(outcomes) => outcomes.as_slice(),
        Acted::Abstained(why) => {
            let detail = format!("not tried: {why}");
            return vec![(DifferenceState::Pending, detail); plan.actions.len()];
        }
    };
    let mut states: Vec<(DifferenceState, String)> = Vec::with_capacity(plan.actions.len());
    for (index, action) in plan.actions.iter().enumerate() {
        let state = match outcomes.get(index) {
            Some(Outcome::Skipped(why)) => {
                let waits_for = action.after.iter().filter_map(|before| states.get(*before));
                let fate = waits_for.map(|(state, _)| *state).max();
                let fate = fate.filter(|state| *state > DifferenceState::Changed);
                (fate.unwrap_or(DifferenceState::Retrying), scrub(why))
            }
            Some(outcome) => state(outcome, action),
            None => (DifferenceState::Pending, "not tried".to_owned()),
        };
        states.push(state);
    }
    states
}

fn state(outcome: &Outcome, action: &Action) -> (DifferenceState, String) {
    match outcome {
        Outcome::Done => (DifferenceState::Changed, "changed, to be confirmed".to_owned()),
        Outcome::AlreadyDone => {
            (DifferenceState::Confirming, "found right, to be confirmed".to_owned())
        }
        Outcome::Postponed(why) => (DifferenceState::InProgress, scrub(why)),
        Outcome::Superseded(why) | Outcome::Failed(why) | Outcome::Unclear(why) => {
            (DifferenceState::Retrying, scrub(why))
        }
        Outcome::Skipped(why) => (DifferenceState::Retrying, scrub(why)),
        Outcome::Refused(why) => (DifferenceState::Refused, scrub(why)),
        Outcome::Held => {
            let why = action.hold_reason.as_deref().unwrap_or_default();
            (DifferenceState::AwaitingApproval, scrub(why))
        }
        Outcome::Interrupted(why) => (DifferenceState::Pending, scrub(why)),
    }
}
