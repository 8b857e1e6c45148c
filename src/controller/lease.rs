//! Who may act. Everybody observes and plans; one replica acts.

use tokio::sync::watch;

/// Does this replica act?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// Yes, until it is told otherwise.
    Leader,
    /// No; it is ready to take over.
    Follower,
}

/// The claim of the only replica there is: it leads, always.
pub fn alone() -> watch::Receiver<Claim> {
    watch::channel(Claim::Leader).1
}
