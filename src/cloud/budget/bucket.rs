//! A token bucket that a queue of callers draws from and that shrinks when AWS says it is too much.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::cloud::Rate;
use crate::cloud::budget::share::BudgetShare;

/// What [`TokenBucket::used_ratio`] looks back on.
const WINDOW: Duration = Duration::from_mins(1);
/// A rate that was halved is whole again after half of this; slow, because whoever drew the tokens AWS
/// missed is probably at it for minutes.
const RECOVERY: Duration = Duration::from_mins(1);
/// Halved at most this often: calls in flight are throttled together, for one and the same reason.
const HALVING_PAUSE: Duration = Duration::from_secs(1);
/// The least the rate falls to, so that palisade never stops asking.
const PACE_MIN: f64 = 1.0 / 16.0;
/// The shortest sleep of tokio's timer.
const TICK: Duration = Duration::from_millis(1);

/// The calls of one row of the rate table.
pub(super) struct TokenBucket {
    rate: Rate,
    /// Where callers wait: tokio's lock lets them in as they came.
    queue: tokio::sync::Mutex<()>,
    /// What we may take; nothing when unlimited.
    allowance: Option<Mutex<Allowance>>,
    /// The calls of the last [`WINDOW`].
    recent: Mutex<VecDeque<Instant>>,
}

struct Allowance {
    per_second: f64,
    burst: f64,
    tokens: f64,
    /// Part of `per_second` that is taken now, at most 1.
    pace: f64,
    at: Instant,
    halved_at: Option<Instant>,
    closed_until: Option<Instant>,
}

impl TokenBucket {
    /// A full bucket.
    pub(super) fn new(rate: Rate, share: BudgetShare) -> Self {
        let allowance = share.fraction().map(|fraction| {
            // A bucket that holds less than one token never gives one.
            let burst = (rate.burst * fraction).max(1.0);
            Mutex::new(Allowance {
                per_second: rate.per_second * fraction,
                burst,
                tokens: burst,
                pace: 1.0,
                at: Instant::now(),
                halved_at: None,
                closed_until: None,
            })
        });
        let queue = tokio::sync::Mutex::new(());
        Self { rate, queue, allowance, recent: Mutex::new(VecDeque::new()) }
    }

    /// Waits for a token and takes it. Whoever asks first is served first; who gives up waiting takes
    /// nothing.
    pub(super) async fn take(&self) {
        if let Some(allowance) = &self.allowance {
            let _turn = self.queue.lock().await;
            loop {
                let pause = locked(allowance).take(Instant::now());
                let Some(pause) = pause else { break };
                tokio::time::sleep(pause).await;
            }
        }
        self.recent().push_back(Instant::now());
    }

    /// AWS has throttled: the bucket is empty, stays so until `after` if AWS said so, and fills at half
    /// its pace from now on.
    pub(super) fn throttled(&self, after: Option<Duration>) {
        if let Some(allowance) = &self.allowance {
            locked(allowance).shrink(Instant::now(), after);
        }
    }

    /// The calls of the last minute by what AWS documents for a minute.
    #[expect(clippy::cast_precision_loss, reason = "far fewer calls than 2^52")]
    pub(super) fn used_ratio(&self) -> f64 {
        let documented = self.rate.per_second.mul_add(WINDOW.as_secs_f64(), self.rate.burst);
        self.recent().len() as f64 / documented
    }

    fn recent(&self) -> MutexGuard<'_, VecDeque<Instant>> {
        let now = Instant::now();
        let mut recent = locked(&self.recent);
        while recent.front().is_some_and(|at| now.duration_since(*at) > WINDOW) {
            recent.pop_front();
        }
        recent
    }
}

impl Allowance {
    /// Takes a token, or says how long to wait before asking again.
    fn take(&mut self, now: Instant) -> Option<Duration> {
        self.refill(now);
        let closed = self.closed_until.map(|until| until.saturating_duration_since(now));
        if let Some(left) = closed.filter(|left| !left.is_zero()) {
            return Some(left.max(TICK));
        }
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return None;
        }
        let seconds = (1.0 - self.tokens) / (self.per_second * self.pace);
        Some(Duration::from_secs_f64(seconds).max(TICK))
    }

    /// Adds what has come back since the last time, never more than was due: the pace only grows between
    /// two refills, in a straight line and then not at all, so that the mean of its ends is at most its
    /// mean.
    fn refill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        let pace = (self.pace + passed / RECOVERY.as_secs_f64()).min(1.0);
        let regained = passed * self.per_second * (self.pace + pace) / 2.0;
        self.tokens = (self.tokens + regained).min(self.burst);
        self.pace = pace;
        self.at = now;
    }

    fn shrink(&mut self, now: Instant, after: Option<Duration>) {
        self.refill(now);
        self.tokens = 0.0;
        self.closed_until = self.closed_until.max(after.map(|after| now + after));
        let rested = |at| now.saturating_duration_since(at) >= HALVING_PAUSE;
        if self.halved_at.is_none_or(rested) {
            self.pace = (self.pace / 2.0).max(PACE_MIN);
            self.halved_at = Some(now);
        }
    }
}

/// A panic cannot leave these half changed, so a poisoned lock is as good as any.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
