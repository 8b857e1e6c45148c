//! The daemon: passes without end, each from the whole state, whatever woke it.
//!
//! - What caused a pass is recorded and steers nothing.
//! - Desired state that does not load leaves the last good one in force; none at all changes nothing.
//! - Nothing is changed after the first signal, without the lease, without a journal that can be
//!   written, or on another organization.
//! - Nothing of what it knows has to survive it for AWS to be as git says. What it has told nobody yet, and how
//!   things stood, wait in the data directory for the next process.

mod approvals;
mod backoff;
mod daemon;
mod disk;
mod drills;
mod events;
mod files;
mod journal;
mod lease;
mod lock;
mod measure;
mod measured;
mod notify;
mod pass;
mod past;
mod pulse;
mod revision;
mod round;
mod shutdown;
mod standing;
mod touched;
mod trouble;
mod wake;

pub use crate::controller::approvals::{ApprovalError, HeldChange, HeldPlan, approve, held};
pub use crate::controller::daemon::{Daemon, StartError, Stopped};
pub use crate::controller::drills::{DrillError, drills, record_drills};
pub use crate::controller::files::{FileWatch, Sight};
pub use crate::controller::journal::LineJournal;
pub use crate::controller::lease::{Claim, Election, Leadership, alone, aside, stand};
pub use crate::controller::measure::metrics;
pub use crate::controller::measured::measured;
pub use crate::controller::notify::{Channel, Form};
pub use crate::controller::pass::{
    Hands, Looked, Passed, carry_out, look, pass, survey, survey_objects, wanted,
};
pub use crate::controller::revision::revision;
pub use crate::controller::shutdown::{Stop, Stopper, Urgency, channel, on_signals};
