//! What people and alerts are told about the organization: computed once, at the end of a pass.
//!
//! Pure but for `publish`. Says ids and names from desired state only: no e-mail address, no phone
//! number, no text that AWS users write, no policy body.

mod capacity;
mod condition;
mod difference;
mod document;
mod emergency;
mod history;
mod notice;
mod objects;
mod plan_view;
mod policies;
mod practice;
mod publish;
mod report;
mod scrub;
mod shape;
mod trail;
mod tree;
mod whole;

pub use crate::status::condition::{Condition, ConditionStatus, ConditionType, Reason};
pub use crate::status::difference::{Attribution, Cause, Difference, DifferenceState};
pub use crate::status::emergency::{EmergencyReport, FailureModeReport, LAST_DRILL_ANNOTATION};
pub use crate::status::history::{Happening, PassSpan, Turn};
pub use crate::status::notice::{Notice, NoticeKind, notices};
pub use crate::status::plan_view::plan_view;
pub use crate::status::practice::{PracticeReport, PracticeState, ServedPractice};
pub use crate::status::publish::{Published, Publisher};
pub use crate::status::report::{
    BlockedReport, DesiredStateReport, DocumentReport, DriftReport, HeldReport, ObjectReport,
    PassReport, PassResult, PhaseSeconds, PolicyReport, Problem, RegionListReport, Report, Trouble,
    UnknownReport, UnmanagedReport, WakeReason,
};
pub use crate::status::scrub::scrub;
pub use crate::status::shape::PartDifference;
pub use crate::status::trail::TrailReport;
pub use crate::status::tree::{AccountReport, Force, GuardrailHere, Here, TreeReport, UnitReport};

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::act::Outcome;
use crate::compile::Resources;
use crate::desired::Mode;
use crate::org::{DocumentRef, OrgSnapshot};
use crate::plan::Plan;

/// What a pass worked with and what came of it.
#[derive(Debug, Clone, Copy)]
pub struct Pass<'a> {
    /// What should be.
    pub resources: &'a Resources,
    /// What is, as far as it is known.
    pub snapshot: &'a OrgSnapshot,
    /// What to do about the difference.
    pub plan: &'a Plan,
    /// What became of it.
    pub acted: &'a Acted,
    /// How long each phase took.
    pub took: PhaseSeconds,
}

/// Was the plan carried out?
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acted {
    /// It was tried: one outcome for every action, in the order of the plan.
    Tried(Vec<Outcome>),
    /// Nothing was tried.
    Abstained(Abstention),
}

/// Why nothing of a plan was tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr, strum::Display)]
pub enum Abstention {
    /// Somebody only wants to know what would be done.
    #[strum(serialize = "a plan was asked for, and nothing else")]
    PlanOnly,
    /// `--mode observe`.
    #[strum(serialize = "the daemon runs with `--mode observe`")]
    ObserveMode,
    /// Another replica acts.
    #[strum(serialize = "another replica holds the lease")]
    Follower,
    /// The organization is another one, or it is not known which.
    #[strum(serialize = "the organization could not be confirmed to be the one in desired state")]
    Unconfirmed,
    /// The daemon is leaving.
    #[strum(serialize = "the daemon is stopping")]
    Stopping,
}

/// What surrounds a pass.
#[derive(Debug, Clone, PartialEq)]
pub struct Circumstances {
    /// The time.
    pub now: Timestamp,
    /// What caused the pass. Recorded, never a reason to do anything differently.
    pub wake: WakeReason,
    /// The git revision of the desired state in force.
    pub revision: Option<String>,
    /// The digest of the desired state in force.
    pub digest: String,
    /// The mode of the daemon.
    pub mode: Mode,
    /// Is this replica the one that acts?
    pub leader: bool,
    /// What is wrong with the desired state in the directory; the one in force is then an older one.
    pub problems: Vec<Problem>,
    /// What somebody should look at in the desired state in the directory.
    pub warnings: Vec<Problem>,
    /// What else is wrong, with the daemon itself.
    pub troubles: Vec<Trouble>,
    /// The practices there are, and the documents that serve them.
    pub practices: Vec<ServedPractice>,
    /// Who changed what, by object as [`Difference`] calls it, as far as somebody heard. Told once: what was
    /// attributed stays so while the difference is there.
    pub attributions: BTreeMap<String, Attribution>,
    /// When emergency access was last shown to work, as recorded on this machine.
    pub drills: BTreeMap<DocumentRef, Timestamp>,
}

/// What a pass means, given what was said before it.
pub fn summarize(
    pass: &Pass<'_>,
    circumstances: &Circumstances,
    previous: Option<&Report>,
) -> Report {
    whole::summarize(pass, circumstances, previous)
}

/// What is to be said while there is no desired state to work with, and never was.
pub fn without_desired_state(circumstances: &Circumstances, previous: Option<&Report>) -> Report {
    whole::without_desired_state(circumstances, previous)
}

#[cfg(test)]
mod tests;
