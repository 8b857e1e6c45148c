//! How the daemon is asked to leave: first politely, then at once.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::act::{Interruption, Permit};
use crate::controller::lease::Leadership;

/// How urgently the daemon is asked to leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Not at all.
    Stay,
    /// Finish the action in hand, say how things stand, leave.
    Leave,
    /// Leave at once.
    LeaveNow,
}

/// The asking end of a [`Stop`].
#[derive(Debug)]
pub struct Stopper(watch::Sender<Urgency>);

/// The listening end: knows how urgently the daemon is asked to leave.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<Urgency>);

/// Both ends. A stopper that is dropped asks for nothing any more.
pub fn channel() -> (Stopper, Stop) {
    let (sender, receiver) = watch::channel(Urgency::Stay);
    (Stopper(sender), Stop(receiver))
}

/// Listens to SIGTERM and SIGINT: the first asks to leave, the second to leave at once.
pub fn on_signals() -> std::io::Result<Stop> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (stopper, stop) = channel();
    tokio::spawn(async move {
        for urgency in [Urgency::Leave, Urgency::LeaveNow] {
            let name = tokio::select! {
                _ = terminate.recv() => "SIGTERM",
                _ = interrupt.recv() => "SIGINT",
            };
            tracing::info!(signal = name, "asked to stop");
            stopper.ask(urgency);
        }
    });
    Ok(stop)
}

impl Stopper {
    /// Asks to leave; never takes back what was asked before.
    pub fn ask(&self, urgency: Urgency) {
        self.0.send_modify(|asked| *asked = urgency.max(*asked));
    }
}

impl Stop {
    /// Has the daemon been asked to leave?
    pub fn is_asked(&self) -> bool {
        *self.0.borrow() >= Urgency::Leave
    }

    /// Returns when the daemon is asked to leave with at least this urgency.
    pub async fn asked(&self, urgency: Urgency) {
        let mut receiver = self.0.clone();
        if receiver.wait_for(|asked| *asked >= urgency).await.is_err() {
            // Nobody is left to ask.
            std::future::pending::<()>().await;
        }
    }
}

/// Allows actions while the daemon stays and leads.
#[derive(Debug)]
pub(in crate::controller) struct WhileLeading<'a> {
    pub(in crate::controller) stop: &'a Stop,
    pub(in crate::controller) leadership: &'a Leadership,
}

impl Permit for WhileLeading<'_> {
    fn refusal(&self) -> Option<Interruption> {
        if self.stop.is_asked() {
            return Some(Interruption::Stopping);
        }
        (!self.leadership.leads()).then_some(Interruption::NotLeader)
    }
}
