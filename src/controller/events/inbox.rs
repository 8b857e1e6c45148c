//! Events that wait for a pass, and when it is due.
//!
//! Changes come in bursts, so that the first event waits a moment for more. Events that lead to passes that
//! find nothing earn less and less: whoever can write into the queue must not keep the daemon busy.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::controller::events::Found;
use crate::event::Event;

/// A burst is over when nothing has come for so long, ...
pub(super) const QUIET: Duration = Duration::from_millis(200);

/// ... and is not waited for longer than this.
pub(super) const GATHER_MAX: Duration = Duration::from_secs(1);

/// After a pass that found nothing, events wait so long; twice as long after each further one, ...
pub(super) const GAP_MIN: Duration = Duration::from_millis(500);

/// ... up to this. What is true is then seen half a minute late, still long before the sweep.
pub(super) const GAP_MAX: Duration = Duration::from_secs(30);

/// Events that wait for a pass. When there is no room the rest stays in the queue.
pub(super) const WAITING_MAX: usize = 1000;

/// An event, and what deletes its message.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) event: Box<Event>,
    pub(super) receipt: String,
}

/// Where the listener leaves events for the pass.
#[derive(Debug, Default)]
pub(in crate::controller) struct Inbox {
    state: Mutex<State>,
    filled: Notify,
    emptied: Notify,
}

#[derive(Debug, Default)]
struct State {
    waiting: Vec<Taken>,
    /// When the first and the last of them came.
    came: Option<(Instant, Instant)>,
    /// When the last pass that events woke ended.
    passed: Option<Instant>,
    /// How long events wait from then on.
    gap: Duration,
    problem: Option<String>,
}

impl State {
    fn due(&self) -> Option<Instant> {
        let (first, last) = self.came?;
        let gathered = (last + QUIET).min(first + GATHER_MAX);
        Some(self.passed.map_or(gathered, |passed| gathered.max(passed + self.gap)))
    }
}

impl Inbox {
    /// Returns when a pass is due. May be dropped at any time.
    pub(in crate::controller) async fn woken(&self) {
        loop {
            let due = self.lock().due();
            match due {
                None => self.filled.notified().await,
                Some(at) if at <= Instant::now() => return,
                Some(at) => tokio::select! {
                    () = tokio::time::sleep_until(at) => {}
                    () = self.filled.notified() => {}
                },
            }
        }
    }

    /// Leaves an event for the next pass.
    pub(super) fn push(&self, taken: Taken) {
        let now = Instant::now();
        let mut state = self.lock();
        // Long after the last pass that was in vain, all events are worth a pass again.
        if state.passed.is_some_and(|passed| passed.elapsed() > GAP_MAX * 2) {
            state.gap = Duration::ZERO;
        }
        state.waiting.push(taken);
        let first = state.came.map_or(now, |(first, _)| first);
        state.came = Some((first, now));
        drop(state);
        self.filled.notify_one();
    }

    /// Everything that waits.
    pub(super) fn take(&self) -> Vec<Taken> {
        let mut state = self.lock();
        state.came = None;
        let taken = std::mem::take(&mut state.waiting);
        drop(state);
        self.emptied.notify_one();
        taken
    }

    /// A pass that took events is over.
    pub(super) fn rest(&self, found: Found) {
        let mut state = self.lock();
        state.passed = Some(Instant::now());
        state.gap = match found {
            Found::Drift => Duration::ZERO,
            Found::Nothing => (state.gap * 2).clamp(GAP_MIN, GAP_MAX),
        };
    }

    /// Returns when there is room.
    pub(super) async fn has_room(&self) {
        while self.lock().waiting.len() >= WAITING_MAX {
            self.emptied.notified().await;
        }
    }

    /// What keeps messages from coming; says if that is news.
    pub(super) fn set_problem(&self, problem: Option<&str>) -> bool {
        let mut state = self.lock();
        let is_news = state.problem.as_deref() != problem;
        state.problem = problem.map(str::to_owned);
        is_news
    }

    pub(super) fn problem(&self) -> Option<String> {
        self.lock().problem.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{Instant, advance, timeout};

    use super::{GAP_MAX, GATHER_MAX, Inbox, QUIET, Taken};
    use crate::controller::events::Found;
    use crate::event::{Event, Principal};

    fn taken() -> Taken {
        let event = Event {
            id: "a".into(),
            shared_id: None,
            request_id: None,
            call: "organizations:DetachPolicy".into(),
            at: jiff::Timestamp::UNIX_EPOCH,
            principal: Principal::default(),
            from: None,
            account: "111111111111".parse().unwrap(),
            subjects: [].into(),
            entered: None,
        };
        Taken { event: Box::new(event), receipt: "r".into() }
    }

    /// How long until a pass is due.
    async fn waited(inbox: &Inbox) -> Duration {
        let start = Instant::now();
        inbox.woken().await;
        start.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_wakes_nobody() {
        let inbox = Inbox::default();
        assert!(timeout(Duration::from_hours(1), inbox.woken()).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn one_event_waits_for_a_moment_of_quiet() {
        let inbox = Inbox::default();
        inbox.push(taken());
        assert!(waited(&inbox).await <= QUIET + Duration::from_millis(5));
        assert_eq!(inbox.take().len(), 1);
        assert!(timeout(Duration::from_hours(1), inbox.woken()).await.is_err(), "once is enough");
    }

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_gathered_and_an_endless_one_not_waited_for() {
        let inbox = Inbox::default();
        let start = Instant::now();
        for _ in 0..100 {
            inbox.push(taken());
            if timeout(QUIET / 4, inbox.woken()).await.is_ok() {
                break;
            }
        }
        let waited = start.elapsed();
        assert!(waited >= GATHER_MAX && waited <= GATHER_MAX + QUIET, "{waited:?}");
        assert!(inbox.take().len() > 10);
    }

    #[tokio::test(start_paused = true)]
    async fn events_that_lead_to_nothing_wake_less_and_less_until_something_is_found() {
        let inbox = Inbox::default();
        let mut passes = 0;
        let start = Instant::now();
        while start.elapsed() < Duration::from_mins(10) {
            inbox.push(taken());
            waited(&inbox).await;
            inbox.take();
            inbox.rest(Found::Nothing);
            passes += 1;
        }
        assert!(passes < 30, "{passes} passes");
        inbox.push(taken());
        let longest = waited(&inbox).await;
        assert!(longest <= GAP_MAX, "{longest:?}");
        inbox.rest(Found::Drift);
        inbox.take();
        inbox.push(taken());
        assert!(waited(&inbox).await < GATHER_MAX);
        inbox.take();
        inbox.rest(Found::Nothing);
        advance(GAP_MAX * 3).await;
        inbox.push(taken());
        assert!(waited(&inbox).await < GATHER_MAX, "long after, an event is worth a pass again");
    }
}
