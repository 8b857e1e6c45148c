//! What the daemon is told by its flags. Plain values: reading them is the business of `cli`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Changes in one plan that need no approval. A normal commit touches a handful of policies and
/// attachments; a hundred is a reorganization, and a reorganization deserves a second look.
pub const MAX_CHANGES: usize = 100;

/// Deletions in one plan that need no approval. Taking away is rarer than adding, and harder to undo.
pub const MAX_DELETES: usize = 10;

/// Time between two passes that nothing else asks for.
pub const INTERVAL: Duration = Duration::from_mins(5);

/// Everything the daemon has to know before it starts. No `Default`: every value is somebody's decision.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Where desired state is.
    pub directory: PathBuf,
    /// Time between two passes that nothing else asks for.
    pub interval: Duration,
    /// Heal drift, or only report it.
    pub mode: OperatingMode,
    /// Where the read-only HTTP endpoints are; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// Host names that the HTTP endpoints answer to, besides those that nobody can register.
    pub allowed_hosts: Vec<String>,
    /// Where mutations are recorded.
    pub journal: JournalTarget,
    /// Where held plans and approvals are exchanged with `palisade approve`, and where what the next process
    /// should know is left.
    pub data_directory: PathBuf,
    /// More changes than this in one plan are held.
    pub max_changes: usize,
    /// More deletions than this in one plan are held.
    pub max_deletes: usize,
    /// The git revision of desired state, where the directory itself does not tell.
    pub revision: Option<String>,
}

/// What the daemon does about drift.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperatingMode {
    /// Report it and heal it.
    Enforce,
    /// Report it and change nothing.
    Observe,
}

/// Where mutations are recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JournalTarget {
    /// Nowhere.
    Nowhere,
    /// On standard output, one JSON object a line.
    StandardOutput,
    /// At the end of a file, one JSON object a line.
    File(PathBuf),
}

impl Settings {
    /// How long what was observed may be used again. Less than an interval, so that every pass the
    /// timer asks for looks at AWS; the difference leaves room for the timer's jitter.
    pub fn fresh_for(&self) -> Duration {
        self.interval.mul_f64(0.8)
    }
}
