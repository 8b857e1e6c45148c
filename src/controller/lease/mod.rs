//! Who may act. Everybody observes and plans; one replica acts.
//!
//! ```text
//!             record is new, free, or has not moved for its whole duration
//!   Follower ────────────────────────────────────────────────────────────► Leader
//!      ▲                                                                      │
//!      └── somebody else wrote it, or no renewal succeeded for two thirds ◄───┘
//! ```
//!
//! Times are measured on this machine's monotonic clock from before a request was sent, so that clocks that
//! differ or jump do no harm. A lease cannot keep a paused process from finishing a request that is on
//! its way: what makes two actors safe are the prechecks of `act`.

mod candidate;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::cloud::LeaseStore;
use crate::controller::lease::candidate::Candidate;

/// Looks at the lease in its duration. A leader that cannot renew tries three times and then stops
/// acting, after two thirds of the duration; nobody else starts before all of it is over.
const LOOKS_PER_DURATION: u32 = 6;

/// Of these, how many a leader relies on without a renewal.
const LOOKS_RELIED_ON: u32 = 4;

/// How long a clean stop waits for the lease to be given back. Others wait out the duration if it is not.
const RELEASE_PATIENCE: Duration = Duration::from_secs(5);

/// Does this replica act?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// Yes, until it is told otherwise.
    Leader,
    /// No; it is ready to take over.
    Follower,
}

/// What a replica knows of its claim.
#[derive(Debug, Clone)]
pub struct Leadership {
    claim: watch::Receiver<Claim>,
    /// When the claim ends unless it is renewed; nothing if it never does.
    until: watch::Receiver<Option<Instant>>,
}

/// A replica's part in an election that goes on.
#[derive(Debug)]
pub struct Election {
    leadership: Leadership,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

/// The claim of the only replica there is: it leads, always.
pub fn alone() -> Leadership {
    Leadership { claim: watch::channel(Claim::Leader).1, until: watch::channel(None).1 }
}

/// The claim of a replica that never acts.
pub fn aside() -> Leadership {
    Leadership::given(watch::channel(Claim::Follower).1)
}

/// Stands for election as `identity`, which no other replica may have, and goes on until it is released.
pub fn stand(store: Arc<dyn LeaseStore>, identity: String, duration: Duration) -> Election {
    let (claim, claimed) = watch::channel(Claim::Follower);
    let (until, ends) = watch::channel(None);
    let (stop, stopped) = oneshot::channel();
    let candidate = Candidate::new(store, identity, duration, claim, until);
    let task = tokio::spawn(candidate.run(stopped));
    Election { leadership: Leadership { claim: claimed, until: ends }, stop, task }
}

// === impl Leadership ===

impl Leadership {
    /// The claim, for whoever waits for it to change.
    pub(in crate::controller) fn changes(&self) -> watch::Receiver<Claim> {
        self.claim.clone()
    }

    /// May this replica act now? A claim that has run out counts as none, even if nobody has noticed yet:
    /// a process that was paused must not go on where it was.
    pub(in crate::controller) fn leads(&self) -> bool {
        let is_current = self.until.borrow().is_none_or(|until| Instant::now() < until);
        *self.claim.borrow() == Claim::Leader && is_current
    }

    /// A claim that somebody else gives and takes.
    pub fn given(claim: watch::Receiver<Claim>) -> Self {
        Self { claim, until: watch::channel(None).1 }
    }
}

// === impl Election ===

impl Election {
    /// What this replica may do, as it changes.
    pub fn leadership(&self) -> Leadership {
        self.leadership.clone()
    }

    /// Returns when the election has broken down, which only a defect can make it do. Nobody would renew the
    /// lease any more: the process should end.
    pub async fn broken(&mut self) {
        let _joined = (&mut self.task).await;
    }

    /// Gives the lease back, so that another replica need not wait for it to run out.
    pub async fn release(self) {
        let _ended = self.stop.send(());
        if tokio::time::timeout(RELEASE_PATIENCE, self.task).await.is_err() {
            tracing::warn!("the lease could not be given back; it runs out by itself");
        }
    }
}
