//! Waits for the next pass: for time, files, a signal, or the lease.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use crate::controller::backoff::Due;
use crate::controller::events::Inbox;
use crate::controller::lease::Claim;
use crate::controller::shutdown::{Stop, Urgency};
use crate::status::{Publisher, WakeReason};

/// How often a loop that waits says that it is alive. Far below what `/livez` tolerates.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// Everything that can cause a pass before its time.
pub(in crate::controller) struct Wakes {
    pub(in crate::controller) files: Arc<Notify>,
    pub(in crate::controller) events: Arc<Inbox>,
    pub(in crate::controller) hangup: Arc<Notify>,
    pub(in crate::controller) claim: watch::Receiver<Claim>,
    pub(in crate::controller) stop: Stop,
}

impl Wakes {
    /// What causes the next pass; nothing when there is to be none.
    pub(in crate::controller) async fn next(
        &mut self,
        due: Due,
        publisher: &Publisher,
    ) -> Option<WakeReason> {
        let at = Instant::now() + due.after;
        loop {
            publisher.move_on();
            let beat = (Instant::now() + HEARTBEAT).min(at);
            tokio::select! {
                biased;
                () = self.stop.asked(Urgency::Leave) => return None,
                () = self.hangup.notified() => return Some(WakeReason::Hangup),
                () = changed(&mut self.claim) => return Some(WakeReason::Leadership),
                () = self.files.notified() => return Some(WakeReason::Files),
                () = self.events.woken() => return Some(WakeReason::Event),
                () = tokio::time::sleep_until(beat) => {
                    if beat == at {
                        return Some(due.because);
                    }
                }
            }
        }
    }
}

async fn changed(claim: &mut watch::Receiver<Claim>) {
    if claim.changed().await.is_err() {
        // Nobody is left to change it.
        std::future::pending::<()>().await;
    }
}
