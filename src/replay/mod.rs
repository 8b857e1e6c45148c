//! What CloudTrail recorded, asked of the guardrails of tomorrow.
//!
//! ```text
//!  files ─► records ─► event ─► call ─► requests ─┬─► before ─┐
//!  (gzip, folders)     (serde)  (who, what, keys) └─► after  ─┴─► tally ─► Replayed
//! ```
//!
//! Streams: memory grows with the number of different callers and actions, never with the number of
//! events. An event tells less than AWS knew when it decided: what it does not tell stays unknown,
//! and a call whose verdict hangs on it is undetermined and never counted as fine. It knows nothing
//! of plans, files of desired state or output.

mod action;
mod call;
mod event;
mod files;
mod records;
mod replayer;
mod resource;
mod tally;
#[cfg(test)]
mod tests;

pub use crate::replay::call::{Call, Skipped, calls_in};
pub use crate::replay::files::{EventFiles, ReplayError};
pub use crate::replay::replayer::Replayer;
pub use crate::replay::tally::{Cause, Example, Group, Replayed};
