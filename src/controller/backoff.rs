//! When the next pass is due, if nothing else asks for one earlier.

use std::time::Duration;

use crate::status::{DifferenceState, PassResult, Report, WakeReason};

/// The first wait after a pass that did not succeed: most throttles and busy answers are over by then.
const RETRY_MIN: Duration = Duration::from_millis(750);

/// The longest: an outage that lasts should cost a dozen calls an hour, not more, and its end be
/// noticed before people start to ask.
const RETRY_MAX: Duration = Duration::from_mins(5);

/// Doublings after which the longest wait is reached: 750 ms × 2⁹ is more than 5 minutes.
const DOUBLINGS_MAX: u32 = 9;

/// How long after a pass that changed something it is checked. AWS shows its own writes within a
/// second or so; looking earlier would often find the old state and write again.
const FOLLOW_UP: Duration = Duration::from_secs(1);

/// Share of the interval by which the timer varies in either direction, so that daemons that were
/// started together do not ask AWS together for ever. With 5 % of 5 minutes, 30 seconds apart after a
/// few passes.
const JITTER: f64 = 0.05;

/// Counts passes without success. One organization, one key.
#[derive(Debug)]
pub(in crate::controller) struct Backoff {
    interval: Duration,
    failures: u32,
}

/// When a pass is due and what it will be said to be caused by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::controller) struct Due {
    pub(in crate::controller) after: Duration,
    pub(in crate::controller) because: WakeReason,
}

/// What the end of a pass asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    /// To be confirmed soon.
    FollowUp,
    /// To be tried again, later each time.
    Retry,
    /// Nothing: time, git or a person will bring the next change.
    Interval,
}

impl Backoff {
    pub(in crate::controller) fn new(interval: Duration) -> Self {
        Self { interval, failures: 0 }
    }

    /// When the pass after the one with this report is due. `moved` says whether its plan was another
    /// than the plan of the pass before: doing the same again and again is no progress.
    pub(in crate::controller) fn next(&mut self, report: &Report, progress: Progress) -> Due {
        match need(report, progress) {
            Need::FollowUp => Due { after: FOLLOW_UP, because: WakeReason::FollowUp },
            Need::Retry => {
                let after = self.retry();
                Due { after, because: WakeReason::Retry }
            }
            Need::Interval => {
                self.failures = 0;
                let factor = 1.0 - JITTER + 2.0 * JITTER * fastrand::f64();
                Due { after: self.interval.mul_f64(factor), because: WakeReason::Timer }
            }
        }
    }

    /// Half of the wait is certain, half is chance.
    fn retry(&mut self) -> Duration {
        let doubled = RETRY_MIN * 2_u32.pow(self.failures.min(DOUBLINGS_MAX));
        self.failures = self.failures.saturating_add(1);
        doubled.min(RETRY_MAX).mul_f64(0.5 + 0.5 * fastrand::f64())
    }
}

/// Has a pass brought anything?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::controller) enum Progress {
    /// Its plan was another than the one before.
    Moved,
    /// Its plan was the one before.
    Stuck,
}

/// The one place that decides whether trying again soon makes sense.
fn need(report: &Report, progress: Progress) -> Need {
    match report.last_pass.result {
        PassResult::Incomplete | PassResult::Unobserved => return Need::Retry,
        PassResult::InSync | PassResult::NoDesiredState => return Need::Interval,
        PassResult::Changed | PassResult::Drifted | PassResult::Failed => {}
    }
    let states = report.documents.iter().flat_map(|document| &document.differences);
    let needs = states.map(|difference| match difference.state {
        DifferenceState::Changed => match progress {
            Progress::Moved => Need::FollowUp,
            Progress::Stuck => Need::Retry,
        },
        DifferenceState::Retrying => Need::Retry,
        // AWS would refuse again, and who reads the status can change that.
        DifferenceState::Refused
        | DifferenceState::Blocked
        | DifferenceState::AwaitingApproval
        | DifferenceState::Reported
        | DifferenceState::Pending => Need::Interval,
    });
    // What failed waits for its turn even if something else succeeded: there is no retry storm.
    needs
        .reduce(|one, other| match (one, other) {
            (Need::Retry, _) | (_, Need::Retry) => Need::Retry,
            (Need::FollowUp, _) | (_, Need::FollowUp) => Need::FollowUp,
            (Need::Interval, Need::Interval) => Need::Interval,
        })
        .unwrap_or(Need::Interval)
}
